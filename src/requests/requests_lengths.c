// How long prompts and outputs are. docs/model/serving/requests.md, "Lengths".
#include <math.h>

#include "requests/requests_draw.h"

// sigma of a log-normal distribution by its mean and 90th percentile: ln(p90 / mean) = z sigma - sigma^2 / 2, the smaller root.
static bool sigma_of_p90(double ratio, double *sigma) {
  const double z = clx_normal_quantile(0.9), rest = z * z - 2 * log(ratio);
  if (!(ratio >= 1) || rest < 0) return false;
  *sigma = z - sqrt(rest);
  return true;
}

static clx_status make_lognormal(const clx_length_spec *s, const char *of, clx_length_law *law, clx_error *error) {
  law->kind = CLX_LENGTH_LOGNORMAL;
  law->sigma = sqrt(log1p(s->variation * s->variation));
  if (s->variation >= 0 && s->p90 >= 0)
    return clx_fail(error, CLX_INPUT, s->place, "lengths.%s: both `variation` and `p90`, expected one of them", of);
  if (s->p90 >= 0 && !sigma_of_p90(s->p90 / s->tokens, &law->sigma))
    return clx_fail(error, CLX_INPUT, s->place,
                    "lengths.%s.p90 is %.6g times the mean, expected 1 to 2.27, as of a log-normal distribution", of,
                    s->p90 / s->tokens);
  law->mu = log(s->tokens) - law->sigma * law->sigma / 2;
  return CLX_OK;
}

clx_status clx_length_law_make(const clx_length_spec *spec, const char *of, clx_length_law *law, clx_error *error) {
  const bool uniform = spec->low >= 0 || spec->high >= 0, lognormal = spec->variation >= 0 || spec->p90 >= 0;
  const double low = spec->low >= 0 ? spec->low : 1, high = spec->high >= 0 ? spec->high : 1;
  *law = (clx_length_law){.least = (int64_t)ceil(spec->least), .most = (int64_t)spec->most};
  if (spec->tokens < 0) return clx_fail(error, CLX_INPUT, spec->place, "lengths.%s.tokens is missing", of);
  if (uniform && lognormal)
    return clx_fail(error, CLX_INPUT, spec->place,
                    "lengths.%s: `low` or `high` beside `variation` or `p90`, expected one distribution", of);
  if (law->least > law->most)
    return clx_fail(error, CLX_INPUT, spec->place, "lengths.%s: least %lld is above most %lld", of,
                    (long long)law->least, (long long)law->most);
  if (lognormal) return make_lognormal(spec, of, law, error);
  law->kind = uniform ? CLX_LENGTH_UNIFORM : CLX_LENGTH_FIXED;
  law->first = uniform ? (int64_t)ceil(low * spec->tokens - 1e-9) : (int64_t)floor(spec->tokens + 0.5);
  law->last = uniform ? (int64_t)floor(high * spec->tokens + 1e-9) : law->first;
  if (law->last >= law->first) return CLX_OK;
  return clx_fail(error, CLX_INPUT, spec->place, "lengths.%s: no whole number from %.6g to %.6g tokens", of,
                  low * spec->tokens, high * spec->tokens);
}

int64_t clx_length_draw(const clx_length_law *law, clx_stream *stream) {
  int64_t tokens = law->first;
  if (law->kind == CLX_LENGTH_UNIFORM)
    tokens += (int64_t)clx_stream_below(stream, (uint64_t)(law->last - law->first) + 1);
  if (law->kind == CLX_LENGTH_LOGNORMAL) {
    const double drawn = exp(law->mu + law->sigma * clx_stream_normal(stream));
    tokens = drawn < CLX_REQUEST_TOKENS_MAX ? (int64_t)floor(drawn + 0.5) : CLX_REQUEST_TOKENS_MAX;
  }
  if (tokens < law->least) return law->least;
  return tokens > law->most ? law->most : tokens;
}
