// Real options on a GPU: paths of rents and hardware prices, modes, and what each freedom is worth.
#include <math.h>
#include <string.h>

#include "cost/cost_decide.h"

const char *const clx_real_mode_name[CLX_REAL_MODES + 1] = {"wait", "rent", "own", "both", "sublet", "gone", NULL};
const char *const clx_real_option_name[CLX_OPTIONS + 1] = {"wait", "rent", "expand", "sublet", "abandon", NULL};

enum { DOMAIN = 0x7265616c };
#define Z95 1.6448536269514722

typedef struct field {
  const clx_real *real;
  clx_switch_paths paths;
  double *state, *flow, *enter, *end;
} field;

static clx_status make_field(const clx_real *r, int32_t paths, clx_arena *arena, field *f, clx_error *error) {
  const size_t n = (size_t)paths, dates = (size_t)r->dates, modes = CLX_REAL_MODES;
  *f = (field){.real = r,
               .state = CLX_NEW_ARRAY(arena, double, dates * 2 * n),
               .flow = CLX_NEW_ARRAY(arena, double, dates *modes *n),
               .enter = CLX_NEW_ARRAY(arena, double, dates *modes *n),
               .end = CLX_NEW_ARRAY(arena, double, modes *n)};
  if (f->state == NULL || f->flow == NULL || f->enter == NULL || f->end == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for %d paths", paths);
  f->paths = (clx_switch_paths){paths, r->dates, 2, CLX_REAL_MODES, f->state, f->flow, f->enter, f->end};
  return CLX_OK;
}

// Price of the same performance at each date: a log-normal about its decay, and one fall when the next product is there.
static void hardware_path(const clx_real *r, clx_stream *s, double *price) {
  const double years = r->step / 12.0;
  const double spread = r->next > 0 && r->next_high > r->next ? log(r->next_high / r->next) / Z95 : 0;
  const double arrival = r->next > 0 ? r->next * exp(spread * clx_stream_normal(s)) : INFINITY;
  double log_price = 0;
  for (int32_t d = 0; d <= r->dates; d++) {
    const bool there = d * r->step * CLX_MONTH >= arrival;
    price[d] = r->hardware * exp(log_price) * (there ? r->next_price : 1);
    log_price += -r->decay * years * log(10) - r->volatility * r->volatility * years / 2 +
                 r->volatility * sqrt(years) * clx_stream_normal(s);
  }
}

static void fill_date(const field *f, int32_t d, int32_t k, double market, double price) {
  const clx_real *r = f->real;
  const size_t n = (size_t)f->paths.paths, at = (size_t)d * CLX_REAL_MODES;
  const double span = r->step * CLX_MONTH, work = r->value * r->use * span,
               rented = market * (1 - r->rent_off) * r->use * span;
  const double run = r->operation * span, lost = r->build > 0 ? r->value * r->use * r->build : 0;
  const double flow[CLX_REAL_MODES] = {
      0, work - rented, work - run, work * (1 + r->expansion) - run - rented, market * (1 - r->sublet_off) * span - run,
      0};
  const double enter[CLX_REAL_MODES] = {0, 0, price + lost, 0, 0, -price * (1 - r->resale_off)};
  f->state[((size_t)d * 2) * n + (size_t)k] = log(market);
  f->state[((size_t)d * 2 + 1) * n + (size_t)k] = log(price);
  for (size_t m = 0; m < CLX_REAL_MODES; m++) {
    f->flow[(at + m) * n + (size_t)k] = flow[m];
    f->enter[(at + m) * n + (size_t)k] = enter[m];
  }
}

static void fill_field(const field *f, uint64_t seed, uint64_t first) {
  const clx_real *r = f->real;
  const size_t n = (size_t)f->paths.paths;
  double market[CLX_MONTHS_MAX + 1], price[CLX_MONTHS_MAX + 1];
  for (int32_t k = 0; k < f->paths.paths; k++) {
    clx_stream s = clx_stream_make(seed, DOMAIN, first + (uint64_t)k, 0);
    clx_rent_path(r->process, r->year, r->dates * r->step, seed, first + (uint64_t)k, market);
    hardware_path(r, &s, price);
    for (int32_t d = 0; d < r->dates; d++) fill_date(f, d, k, market[d * r->step], price[d]);
    for (size_t m = 0; m < CLX_REAL_MODES; m++) {
      const bool owns = m == CLX_REAL_OWN || m == CLX_REAL_BOTH || m == CLX_REAL_SUBLET;
      f->end[m * n + (size_t)k] = owns ? price[r->dates] * (1 - r->resale_off) : 0;
    }
  }
}

// What a set of options allows. Owned is owned: between OWN, BOTH and SUBLET nothing is bought again.
static clx_switching allow(const clx_real *r, const bool option[CLX_OPTIONS]) {
  static const int32_t owned[] = {CLX_REAL_OWN, CLX_REAL_BOTH, CLX_REAL_SUBLET};
  clx_switching of = {.first = CLX_REAL_WAIT, .discount = clx_discount(r->discount, r->step)};
  of.allowed[CLX_REAL_WAIT][CLX_REAL_OWN] = true;
  of.once[CLX_REAL_WAIT][CLX_REAL_OWN] = !option[CLX_OPTION_WAIT];
  if (option[CLX_OPTION_RENT]) {
    of.allowed[CLX_REAL_WAIT][CLX_REAL_RENT] = of.allowed[CLX_REAL_RENT][CLX_REAL_WAIT] = true;
    of.allowed[CLX_REAL_RENT][CLX_REAL_OWN] = true;
    of.once[CLX_REAL_WAIT][CLX_REAL_RENT] = !option[CLX_OPTION_WAIT];
  }
  for (int32_t i = 0; i < CLX_COUNT(owned); i++) {
    for (int32_t j = 0; j < CLX_COUNT(owned); j++) {
      of.free[owned[i]][owned[j]] = true;
      of.allowed[owned[i]][owned[j]] = (owned[j] != CLX_REAL_BOTH || option[CLX_OPTION_EXPAND]) &&
                                       (owned[j] != CLX_REAL_SUBLET || option[CLX_OPTION_SUBLET]);
    }
    of.allowed[owned[i]][CLX_REAL_GONE] = option[CLX_OPTION_ABANDON];
  }
  return of;
}

// A set of options with its policy, and what that brings on paths that took no part in the fit.
typedef struct choice {
  bool option[CLX_OPTIONS];
  clx_switching of;
  clx_switch_policy policy;
  double in_sample;
  double *chosen;  // paths: worth on those by which sets are compared
  double mean;     // of chosen
} choice;

typedef struct search {
  const field *fit, *compare, *fresh;
  int32_t paths;
  clx_arena *arena;
  clx_error *error;
} search;

// `from` without option `without`; < 0: as it is.
static clx_status try_set(const search *x, const bool from[CLX_OPTIONS], int32_t without, choice *out) {
  clx_cost_band band;
  memcpy(out->option, from, sizeof out->option);
  if (without >= 0) out->option[without] = false;
  out->of = allow(x->fit->real, out->option);
  out->chosen = CLX_NEW_ARRAY(x->arena, double, x->paths);
  if (out->chosen == NULL) return clx_fail_plain(x->error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_switch_fit(&out->of, &x->fit->paths, x->arena, &out->policy, &out->in_sample, x->error));
  CLX_TRY(clx_switch_follow(&out->of, &out->policy, &x->compare->paths, x->arena, &band, out->chosen, NULL, x->error));
  out->mean = band.mean;
  return CLX_OK;
}

static clx_status follow_fresh(const search *x, const choice *c, clx_cost_band *band, double *worth, int32_t *mode) {
  return clx_switch_follow(&c->of, &c->policy, &x->fresh->paths, x->arena, band, worth, mode, x->error);
}

// What the first brings more than the second: mean and its standard error, path by path.
static clx_status compare_paths(const search *x, const double *with, const double *without, double *mean,
                                double *deviation) {
  double *more = CLX_NEW_ARRAY(x->arena, double, x->paths);
  if (more == NULL) return clx_fail_plain(x->error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < x->paths; k++) more[k] = with[k] - without[k];
  const clx_cost_band band = clx_cost_band_of(more, x->paths);
  *mean = band.mean;
  *deviation = band.deviation / sqrt(x->paths);
  return CLX_OK;
}

// Whoever has an option may leave it: options with which the fitted policy does worse than without are given up one by one, the worst first. What is
// left is `best`, and less[o] the same without option o.
static clx_status give_up(const search *x, choice *best, choice less[CLX_OPTIONS], clx_real_out *out) {
  static const bool all[CLX_OPTIONS] = {true, true, true, true, true};
  CLX_TRY(try_set(x, all, -1, best));
  for (;;) {
    int32_t worst = -1;
    for (int32_t o = 0; o < CLX_OPTIONS; o++) {
      if (!best->option[o]) continue;
      CLX_TRY(try_set(x, best->option, o, &less[o]));
      if (less[o].mean > (worst < 0 ? best->mean : less[worst].mean)) worst = o;
    }
    if (worst < 0) return CLX_OK;
    out->given_up[worst] = true;
    CLX_TRY(compare_paths(x, less[worst].chosen, best->chosen, &out->misfit[worst], &out->worth_error[worst]));
    *best = less[worst];
  }
}

static clx_status worth_of(const search *x, const choice *less, const double *with, int32_t option, clx_real_out *out) {
  double *without = CLX_NEW_ARRAY(x->arena, double, x->paths), more;
  clx_cost_band band;
  if (without == NULL) return clx_fail_plain(x->error, CLX_MEMORY, "out of memory");
  CLX_TRY(follow_fresh(x, less, &band, without, NULL));
  CLX_TRY(compare_paths(x, with, without, &more, &out->worth_error[option]));
  out->worth[option] = fmax(0, more);
  return CLX_OK;
}

static clx_status check(const clx_real *r, int32_t paths, clx_error *error) {
  if (paths < 200 || r->process == NULL || r->dates < 2 || r->step < 1 || r->dates * r->step > CLX_MONTHS_MAX)
    return clx_fail_plain(
        error, CLX_INPUT, "%d paths, %d dates every %d months; expected at least 200, at least 2, within %d months%s",
        paths, r->dates, r->step, CLX_MONTHS_MAX, r->process == NULL ? ", and a process of the market" : "");
  if (!(r->discount >= 0))
    return clx_fail_plain(error, CLX_INPUT, "options discounted at %g a year; expected 0 or more", r->discount);
  if (!(r->hardware > 0) || !(r->use >= 0 && r->use <= 1) || !(r->next_price > 0))
    return clx_fail_plain(error, CLX_INPUT,
                          "hardware at %g USD, use %g, next_price %g; expected above 0, 0 to 1, above 0", r->hardware,
                          r->use, r->next_price);
  return clx_rent_covers(r->process, r->year, error);
}

clx_status clx_real_run(const clx_real *r, uint64_t seed, int32_t paths, clx_arena *arena, clx_real_out *out,
                        clx_error *error) {
  field set[3];  // of the fit, of the choice between policies, of their worth
  choice none, best, less[CLX_OPTIONS];
  const bool nothing[CLX_OPTIONS] = {false};
  CLX_TRY(check(r, paths, error));
  for (int32_t i = 0; i < CLX_COUNT(set); i++) CLX_TRY(make_field(r, paths, arena, &set[i], error));
  fill_field(&set[0], seed, 0);
  fill_field(&set[1], seed, 2 * (uint64_t)paths);
  fill_field(&set[2], seed, (uint64_t)paths);
  const search x = {&set[0], &set[1], &set[2], paths, arena, error};
  double *with = CLX_NEW_ARRAY(arena, double, paths);
  int32_t *mode = CLX_NEW_ARRAY(arena, int32_t, (size_t)r->dates * (size_t)paths);
  if (with == NULL || mode == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *out = (clx_real_out){0};
  CLX_TRY(try_set(&x, nothing, -1, &none));
  CLX_TRY(follow_fresh(&x, &none, &out->committed, NULL, NULL));
  CLX_TRY(give_up(&x, &best, less, out));
  CLX_TRY(follow_fresh(&x, &best, &out->flexible, with, mode));
  out->in_sample = best.in_sample;
  for (size_t i = 0; i < (size_t)r->dates * (size_t)paths; i++) out->share[mode[i]] += 1.0 / r->dates / paths;
  for (int32_t o = 0; o < CLX_OPTIONS; o++)
    if (!out->given_up[o]) CLX_TRY(worth_of(&x, &less[o], with, o, out));
  return CLX_OK;
}
