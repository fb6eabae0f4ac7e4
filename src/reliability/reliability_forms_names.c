// The closed forms by name: arguments with units and ranges, and their evaluation.
#include <float.h>
#include <math.h>

#include "chance/chance.h"
#include "reliability/reliability_forms.h"

typedef enum range { POSITIVE, NOT_NEGATIVE, COUNT, COUNT_OR_NONE, SHARE, INSIDE } range;

// Counts end where sums over them would take seconds.
static const struct {
  double low, high;
  bool whole;
  const char *expected;
} range_of[] = {
    [POSITIVE] = {DBL_MIN, DBL_MAX, false, "a number above 0"},
    [NOT_NEGATIVE] = {0, DBL_MAX, false, "a number of at least 0"},
    [COUNT] = {1, 1e9, true, "a whole number from 1 to 1e9"},
    [COUNT_OR_NONE] = {0, 1e9, true, "a whole number from 0 to 1e9"},
    [SHARE] = {0, 1, false, "a number from 0 to 1"},
    [INSIDE] = {DBL_EPSILON / 2, 1 - DBL_EPSILON / 2, false, "a number between 0 and 1"},
};

typedef union form_function {
  double (*f1)(double);
  double (*f2)(double, double);
  double (*f3)(double, double, double);
  double (*f4)(double, double, double, double);
  double (*f5)(double, double, double, double, double);
} form_function;

static double rate_low(double events, double exposure, double confidence) {
  double low, high;
  clx_rate_interval(events, exposure, confidence, &low, &high);
  return low;
}

static double rate_high(double events, double exposure, double confidence) {
  double low, high;
  clx_rate_interval(events, exposure, confidence, &low, &high);
  return high;
}

static const struct {
  clx_form form;
  range range[CLX_FORM_ARGUMENTS_MAX];
  form_function function;
} forms[] = {
    {{"fit_rate", {"fit"}, {""}, "1/s", "failures in 1e9 h as a rate"}, {NOT_NEGATIVE}, {.f1 = clx_fit_rate}},
    {{"mttf_series", {"parts", "rate"}, {"", "1/s"}, "s", "mean time to failure of parts in series: 1 / (parts rate)"},
     {POSITIVE, POSITIVE},
     {.f2 = clx_mttf_series}},
    {{"mttf_shock",
      {"parts", "rate", "groups", "shock"},
      {"", "1/s", "", "1/s"},
      "s",
      "the same with common shocks: 1 / (parts rate + groups shock)"},
     {POSITIVE, POSITIVE, NOT_NEGATIVE, NOT_NEGATIVE},
     {.f4 = clx_mttf_shock}},
    {{"mttf_fresh",
      {"life", "parts", "shape"},
      {"s", "", ""},
      "s",
      "first failure of a fresh fleet of Weibull parts: life parts^(-1/shape)"},
     {POSITIVE, POSITIVE, POSITIVE},
     {.f3 = clx_mttf_fresh}},
    {{"ettr_additive",
      {"rate", "restart", "interval", "write"},
      {"1/s", "s", "s", "s"},
      "",
      "effective training time, additive (Kokolis et al., HPCA 2025)"},
     {NOT_NEGATIVE, NOT_NEGATIVE, POSITIVE, NOT_NEGATIVE},
     {.f4 = clx_ettr_additive}},
    {{"ettr_renewal",
      {"mttf", "down", "restart", "interval", "write"},
      {"s", "s", "s", "s", "s"},
      "",
      "effective training time, exact renewal value"},
     {POSITIVE, NOT_NEGATIVE, NOT_NEGATIVE, POSITIVE, NOT_NEGATIVE},
     {.f5 = clx_ettr_renewal}},
    {{"ettr_stall", {"mttf", "stall"}, {"s", "s"}, "", "(mttf - stall) / mttf: each failure costs one stall"},
     {POSITIVE, NOT_NEGATIVE},
     {.f2 = clx_ettr_stall}},
    {{"daly_stretch",
      {"mttf", "write", "restart", "interval"},
      {"s", "s", "s", "s"},
      "",
      "expected run time over work, restart exposed (Daly, FGCS 2006)"},
     {POSITIVE, NOT_NEGATIVE, NOT_NEGATIVE, POSITIVE},
     {.f4 = clx_daly_stretch}},
    {{"interval_young", {"mttf", "write"}, {"s", "s"}, "s", "sqrt(2 write mttf) (Young, CACM 1974)"},
     {POSITIVE, NOT_NEGATIVE},
     {.f2 = clx_interval_young}},
    {{"interval_daly", {"mttf", "write"}, {"s", "s"}, "s", "higher-order estimate (Daly, FGCS 2006)"},
     {POSITIVE, NOT_NEGATIVE},
     {.f2 = clx_interval_daly}},
    {{"interval_exact", {"mttf", "write"}, {"s", "s"}, "s", "mttf (1 + W0(-exp(-write / mttf - 1)))"},
     {POSITIVE, NOT_NEGATIVE},
     {.f2 = clx_interval_exact}},
    {{"lost_work", {"rate", "span"}, {"1/s", "s"}, "s", "work lost by a failure within a span (Daly, FGCS 2006)"},
     {NOT_NEGATIVE, POSITIVE},
     {.f2 = clx_lost_work}},
    {{"repair_down",
      {"n", "fail", "repair", "crews"},
      {"", "1/s", "1/s", ""},
      "",
      "machine repair M/M/c//n: expected number down"},
     {COUNT, NOT_NEGATIVE, POSITIVE, COUNT},
     {.f4 = clx_repair_down}},
    {{"repair_down_tail",
      {"n", "fail", "repair", "crews", "k"},
      {"", "1/s", "1/s", "", ""},
      "",
      "machine repair M/M/c//n: probability of more than k down"},
     {COUNT, NOT_NEGATIVE, POSITIVE, COUNT, COUNT_OR_NONE},
     {.f5 = clx_repair_down_tail}},
    {{"spares_independent",
      {"n", "fail", "repair", "p"},
      {"", "1/s", "1/s", ""},
      "",
      "fewest spares that suffice with probability p, repair independent"},
     {COUNT, NOT_NEGATIVE, POSITIVE, INSIDE},
     {.f4 = clx_spares_independent}},
    {{"spares_exhaust",
      {"n", "spares", "fail", "repair"},
      {"", "", "1/s", "1/s"},
      "s",
      "mean time until the hot spares are used up"},
     {COUNT, COUNT_OR_NONE, POSITIVE, NOT_NEGATIVE},
     {.f4 = clx_spares_exhaust}},
    {{"standby",
      {"n", "p", "quantile"},
      {"", "", ""},
      "",
      "machines standing by for a day's failures, binomial quantile (ByteRobust, SOSP 2025)"},
     {COUNT, SHARE, SHARE},
     {.f3 = clx_standby}},
    {{"poisson_tail", {"mean", "k"}, {"", ""}, "", "probability of more than k events, Poisson"},
     {NOT_NEGATIVE, COUNT_OR_NONE},
     {.f2 = clx_poisson_tail}},
    {{"masked_failures",
      {"groups", "redundancy"},
      {"", ""},
      "",
      "failures masked before a shard is lost (SPARe, arXiv 2603.00357)"},
     {COUNT, COUNT},
     {.f2 = clx_masked_failures}},
    {{"redundancy_best", {"groups"}, {""}, "", "floor(log2 groups + 0.833) (SPARe, arXiv 2603.00357)"},
     {COUNT},
     {.f1 = clx_redundancy_best}},
    {{"interval_masked",
      {"save", "between", "restart"},
      {"s", "s", "s"},
      "s",
      "save + sqrt(save^2 + 2 save (between + restart)) (SPARe, arXiv 2603.00357)"},
     {NOT_NEGATIVE, NOT_NEGATIVE, NOT_NEGATIVE},
     {.f3 = clx_interval_masked}},
    {{"rate_low",
      {"events", "exposure", "confidence"},
      {"", "s", ""},
      "1/s",
      "exact Poisson interval of a rate, lower end (Garwood 1936)"},
     {NOT_NEGATIVE, POSITIVE, INSIDE},
     {.f3 = rate_low}},
    {{"rate_high",
      {"events", "exposure", "confidence"},
      {"", "s", ""},
      "1/s",
      "exact Poisson interval of a rate, upper end (Garwood 1936)"},
     {NOT_NEGATIVE, POSITIVE, INSIDE},
     {.f3 = rate_high}},
};

const clx_form *clx_form_at(int32_t index) {
  return index >= 0 && index < CLX_COUNT(forms) ? &forms[index].form : NULL;
}

static int32_t arguments_of(const clx_form *form) {
  int32_t count = 0;
  while (form->argument[count] != NULL) count++;
  return count;
}

static clx_status form_find(const char *name, int32_t *index, clx_error *error) {
  const char *names[CLX_COUNT(forms)];
  for (int32_t i = 0; i < CLX_COUNT(forms); i++) {
    names[i] = forms[i].form.name;
    if (clx_text_equal(name, names[i])) {
      *index = i;
      return CLX_OK;
    }
  }
  const char *near = clx_nearest(name, names, CLX_COUNT(forms));
  return clx_fail_plain(error, CLX_INPUT, "there is no closed form '%.100s'%s%s%s", name,
                        near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static double form_call(const form_function *f, int32_t count, const double *a) {
  switch (count) {
    case 1:
      return f->f1(a[0]);
    case 2:
      return f->f2(a[0], a[1]);
    case 3:
      return f->f3(a[0], a[1], a[2]);
    case 4:
      return f->f4(a[0], a[1], a[2], a[3]);
    default:
      return f->f5(a[0], a[1], a[2], a[3], a[4]);
  }
}

clx_status clx_form_evaluate(const char *name, const double *argument, int32_t count, double *value, clx_error *error) {
  int32_t index = 0;
  CLX_TRY(form_find(name, &index, error));
  const clx_form *form = &forms[index].form;
  if (count != arguments_of(form)) {
    return clx_fail_plain(error, CLX_INPUT, "%s: %d arguments, expected %d", form->name, count, arguments_of(form));
  }
  for (int32_t i = 0; i < count; i++) {
    const double a = argument[i];
    const range r = forms[index].range[i];
    if (!(a >= range_of[r].low && a <= range_of[r].high) || (range_of[r].whole && a != floor(a))) {
      return clx_fail_plain(error, CLX_INPUT, "%s: %s is %g%s%s, expected %s", form->name, form->argument[i], a,
                            *form->unit[i] ? " " : "", form->unit[i], range_of[r].expected);
    }
  }
  const double result = form_call(&forms[index].function, count, argument);
  if (!isfinite(result)) {
    return clx_fail_plain(error, CLX_INPUT, "%s: the result exceeds the range of a double", form->name);
  }
  *value = result;
  return CLX_OK;
}
