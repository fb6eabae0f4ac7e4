// What a scenario costs, as named quantities and series.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_cost.h"
#include "twin/twin_internal.h"
#include "unit/unit.h"

typedef struct putter {
  const clx_twin_cost *c;
  clx_result *result;
  clx_error *error;
} putter;

// USD/s in the time that the figure is known by: what it takes to run in years, a GPU in hours. Other units stay.
const char *clx_twin_cost_rate(const char *name, const char *unit, double *seconds) {
  const bool yearly = strstr(name, "per_year") != NULL || strstr(name, "operation.") != NULL;
  *seconds = 1;
  if (strcmp(unit, "USD/s") != 0) return unit;
  *seconds = yearly ? 12 * CLX_MONTH : 3600;
  return yearly ? "USD/year" : "USD/h";
}

static clx_status put(const putter *p, const char *name, double value, const char *unit, const clx_cost_band *band,
                      const char *doc) {
  char full[96];
  double seconds;
  unit = clx_twin_cost_rate(name, unit, &seconds);
  snprintf(full, sizeof full, "cost.%s", name);
  const double low = band != NULL ? fmin(band->low, value) : value,
               high = band != NULL ? fmax(band->high, value) : value;
  return clx_result_add(p->result, full, value * seconds, unit, low * seconds, high * seconds, doc, p->error);
}

// --- figures -----------------------------------------------------------------------------------------------------------------

static const char *const FIGURE_DOC[CLX_COST_FIGURES] = {
    [CLX_COST_CAPEX] = "all that is bought and built, undiscounted",
    [CLX_COST_OPEX_YEAR] = "to run it, at the capacity of the last month",
    [CLX_COST_YEAR] = "capital recovered over the life of each item, and operation",
    [CLX_COST_NPV] = "present value of the plan before debt; without income, of its cost alone",
    [CLX_COST_NPV_EQUITY] = "the same with the loan",
    [CLX_COST_GPU_HOUR] = "present cost less resale over present used GPU time",
    [CLX_COST_RUN] = "the GPU time of the training run at that cost",
    [CLX_COST_TOKEN] = "of a token at that cost",
    [CLX_COST_PEAK_CASH] = "most that is tied up",
    [CLX_COST_RENT] = "rent of a GPU at hand at which renting as many over the same time costs the same",
    [CLX_COST_ADVANCE] = "most that has been paid for what has not come"};

static bool is_said(const clx_cost_out *out, int32_t figure) {
  const uint32_t gaps = out->unstated;
  if (figure == CLX_COST_RUN) return (gaps & 1u << CLX_COST_GAP_RUN) == 0;
  if (figure == CLX_COST_TOKEN) return (gaps & 1u << CLX_COST_GAP_TOKENS) == 0;
  if (figure == CLX_COST_PEAK_CASH) return (gaps & 1u << CLX_COST_GAP_INCOME) == 0;  // else all that is ever paid
  return figure != CLX_COST_ADVANCE || out->figure[figure] > 0;
}

static clx_status put_figures(const putter *p) {
  const clx_cost_out *out = &p->c->out;
  const clx_cost_bands *b = &p->c->bands;
  for (int32_t f = 0; f < CLX_COST_FIGURES; f++) {
    if (!is_said(out, f) || (f == CLX_COST_NPV_EQUITY && p->c->plan.debt == 0)) continue;
    CLX_TRY(put(p, clx_cost_figure_name[f], out->figure[f], f == CLX_COST_TOKEN ? "USD/token" : clx_cost_figure_unit[f],
                &b->figure[f], FIGURE_DOC[f]));
  }
  if ((out->unstated & 1u << CLX_COST_GAP_INCOME) != 0) return CLX_OK;  // cost alone has neither
  if (out->has_irr && b->irr_share > 0) {
    CLX_TRY(put(p, "irr", out->irr, "", &b->irr, "rate of return of the plan before debt, a year"));
    CLX_TRY(put(p, "irr_share", b->irr_share, "", NULL, "of the draws that have a rate of return"));
  }
  if (out->payback >= 0 && b->payback_share > 0) {
    const clx_cost_band band = {.low = b->payback.low * CLX_MONTH, .high = b->payback.high * CLX_MONTH};
    CLX_TRY(put(p, "payback", out->payback * CLX_MONTH, "s", &band, "until what was paid has come back"));
    CLX_TRY(put(p, "payback_share", b->payback_share, "", NULL, "of the draws that pay back within the plan"));
  }
  return CLX_OK;
}

static clx_status put_capital(const putter *p) {
  for (int32_t k = 0; k < CLX_COST_KINDS; k++) {
    char name[48];
    if (!(p->c->out.by_kind[k] > 0)) continue;
    snprintf(name, sizeof name, "capital.%s", clx_cost_kind_name[k]);
    CLX_TRY(put(p, name, p->c->out.by_kind[k], "USD", &p->c->bands.by_kind[k], "capital of this kind"));
  }
  return CLX_OK;
}

static clx_status put_operation(const putter *p) {
  const clx_cost_month *last = &p->c->out.month[p->c->plan.months - 1];
  const struct {
    const char *name;
    double value;
  } parts[] = {{"energy", last->energy}, {"staff", last->staff},     {"repair", last->repair},
               {"water", last->water},   {"licence", last->licence}, {"insurance", last->insurance},
               {"lease", last->lease}};
  for (int32_t i = 0; i < CLX_COUNT(parts); i++) {
    char name[48];
    if (!(parts[i].value > 0)) continue;
    snprintf(name, sizeof name, "operation.%s", parts[i].name);
    CLX_TRY(put(p, name, parts[i].value / CLX_MONTH, "USD/s", NULL, "of running it, in the last month"));
  }
  return CLX_OK;
}

// P10 and P90 of the first and the last usable GPUs over the replicas; false where one in ten or more has none.
static bool replica_dates(const clx_twin_cost *c, clx_cost_band *first, clx_cost_band *last) {
  const int32_t n = c->replicas;
  double *sample = CLX_NEW_ARRAY(c->arena, double, n + 1);
  if (sample == NULL) return false;
  for (int32_t side = 0; side < 2; side++) {
    for (int32_t k = 0; k < n; k++) {
      const clx_capacity_series *u = &c->replica[k].usable;
      sample[k] = u->count > 0 ? u->at[side == 0 ? 0 : u->count - 1] : INFINITY;
    }
    clx_sort(sample, n);
    *(side == 0 ? first : last) =
        (clx_cost_band){.low = clx_percentile(sample, n, 0.1), .high = clx_percentile(sample, n, 0.9)};
  }
  return isfinite(first->high);
}

// What the plan rests on.
static clx_status put_plan(const putter *p) {
  const clx_twin_cost *c = p->c;
  const clx_capacity_series *s = &c->capacity;
  const int32_t last = c->plan.months - 1;
  CLX_TRY(clx_result_add_text(p->result, "cost.start", c->scenario->cost.spec.start, p->error));
  CLX_TRY(put(p, "horizon", c->plan.months * CLX_MONTH, "s", NULL, "of the plan"));
  CLX_TRY(put(p, "discount", c->plan.discount, "", NULL, "rate a year at which money is discounted"));
  CLX_TRY(put(p, "use", c->plan.use.expected, "", NULL, "share of usable GPU time that is used"));
  CLX_TRY(put(p, "gpus", c->input.gpus[last], "", NULL, "usable at the end of the plan"));
  clx_cost_band from, until;
  const bool ordered = !c->builds && c->supplied && c->scenario->cost.spec.use_from < 0;
  const bool known = ordered && replica_dates(c, &from, &until);
  CLX_TRY(put(p, "first_use", s->at[0], "s", known ? &from : NULL, "of the plan, until the first GPUs are usable"));
  const bool builds = c->builds && c->scenario->cost.spec.use_from < 0;
  const clx_cost_band *first = &c->build.first_training, *full = &c->build.full;
  if (builds && isfinite(first->expected)) {
    CLX_TRY(
        put(p, "first_training", first->expected, "s", first, "of the plan, until the build has what training needs"));
    CLX_TRY(put(p, "first_gpus", c->build.first, "", NULL, "with which training starts"));
  }
  if (builds && isfinite(full->expected)) {
    CLX_TRY(put(p, "full_use", full->expected, "s", full, "of the plan, until all of them are"));
  } else {
    CLX_TRY(put(p, "full_use", s->at[s->count - 1], "s", known ? &until : NULL, "of the plan, until all of them are"));
  }
  if (c->input.power != NULL)
    CLX_TRY(put(p, "power", c->input.power[last], "W", NULL, "of the site at the end of the plan, mean"));
  return CLX_OK;
}

// --- warnings ----------------------------------------------------------------------------------------------------------------

// What is used longer than it lasts: nothing is bought again.
static clx_status warn_life(const putter *p, const clx_cost_item *item) {
  const double month = 1.0 / 12;
  if (item->life <= 0 || item->depreciation == CLX_DEPRECIATE_NONE || item->age <= item->life + month) return CLX_OK;
  return clx_result_warn(
      p->result, p->error,
      "cost: '%s' is used for %.3g years of the plan but lasts %.3g (`life`): it is not bought again, "
      "so what comes after costs too little; end the plan before, or add its replacement as an item",
      item->name, item->age, item->life);
}

// GPUs that the plan brings must be those of the machine: its power and tokens are of them.
static clx_status warn_counts(const putter *p) {
  const clx_twin_cost *c = p->c;
  const double bought = c->capacity.gpus[c->capacity.count - 1];
  const clx_cost_spec *spec = &c->scenario->cost.spec;
  double paid = 0;
  if (fabs(bought - c->fleet) > 1e-6 * c->fleet)
    CLX_TRY(clx_result_warn(p->result, p->error,
                            "cost: %.0f GPUs become usable, the machine has %.0f; power and energy are taken in "
                            "proportion",
                            bought, c->fleet));
  for (int32_t i = 0; i < spec->capital_count; i++) paid += clx_scenario_cost_gpus(c->scenario, i);
  if (paid > c->fleet * (1 + 1e-6) && fabs(paid - bought) > 1e-6 * paid)
    CLX_TRY(clx_result_warn(p->result, p->error, "cost: capital buys %.0f GPUs, the machine has %.0f", paid, c->fleet));
  for (int32_t i = 0; i < c->plan.item_count; i++) {
    CLX_TRY(warn_life(p, &c->plan.item[i]));
    if (!(c->plan.item[i].beyond > 1)) continue;
    CLX_TRY(clx_result_warn(p->result, p->error,
                            "cost: '%s' has no price within %.1f years of %s: the nearest one is taken",
                            c->plan.item[i].name, c->plan.item[i].beyond, spec->start));
  }
  return CLX_OK;
}

// Power that no run computed.
static clx_status warn_ratings(const putter *p) {
  const clx_twin_cost *c = p->c;
  char mean[48];
  if (!c->rated || c->input.power == NULL) return CLX_OK;
  clx_quantity_format(c->site_mean, "W", 3, mean, sizeof mean);
  return clx_result_warn(
      p->result, p->error,
      "cost: no work of the machine is stated: it is taken to draw its ratings while it is used and to idle for the "
      "rest%s, %s with all GPUs; state `training`, `power.jobs` or `cost.operating.gpu_power`",
      c->scenario->spec.power.pue >= 1 ? ", times `power.pue`" : ", without cooling (`power.pue` is not stated)", mean);
}

static clx_status warn_gaps(const putter *p, bool study) {
  static const bool BRIEF[CLX_COST_GAPS] = {[CLX_COST_GAP_POWER] = true, [CLX_COST_GAP_ENERGY] = true};
  for (int32_t i = 0; i < CLX_COST_GAPS; i++) {
    if ((p->c->out.unstated & 1u << i) == 0 || (!study && !BRIEF[i])) continue;
    CLX_TRY(clx_result_warn(p->result, p->error, "cost: %s", clx_cost_gap_text[i]));
  }
  return CLX_OK;
}

// --- months ------------------------------------------------------------------------------------------------------------------

typedef struct column {
  const char *name, *unit;
  double *y;
} column;

enum { CAPITAL, OPERATION, INCOME, RESALE, CUMULATED, LOW, HIGH, OWED, ADVANCE, GPUS, POWER, COLUMNS };

static void fill_month(const clx_twin_cost *c, int32_t m, double *cash, column *y) {
  const clx_cost_month *x = &c->out.month[m];
  *cash += x->project;
  y[CAPITAL].y[m] = x->capital;
  y[OPERATION].y[m] = x->energy + x->staff + x->repair + x->water + x->licence + x->insurance + x->lease + x->penalty;
  y[INCOME].y[m] = x->income;
  y[RESALE].y[m] = x->resale;
  y[CUMULATED].y[m] = *cash;
  y[LOW].y[m] = fmin(c->bands.cumulated[m].low, *cash);
  y[HIGH].y[m] = fmax(c->bands.cumulated[m].high, *cash);
  y[OWED].y[m] = x->owed;
  y[ADVANCE].y[m] = x->advance;
  y[GPUS].y[m] = c->input.gpus[m];
  y[POWER].y[m] = c->input.power != NULL ? c->input.power[m] : c->input.gpus[m] * c->plan.gpu_power.expected;
}

// Capital of each kind, cumulated by the months in which it is delivered.
static clx_status put_kinds(const putter *p, const double *x, double *y) {
  const clx_twin_cost *c = p->c;
  clx_cost_draw expected;
  clx_cost_expected(&c->plan, &expected);
  for (int32_t k = 0; k < CLX_COST_KINDS; k++) {
    char name[64];
    if (!(c->out.by_kind[k] > 0)) continue;
    for (int32_t m = 0; m < c->plan.months; m++) {
      y[m] = m > 0 ? y[m - 1] : 0;
      for (int32_t i = 0; i < c->plan.item_count; i++)
        if (c->plan.item[i].kind == k) y[m] += c->plan.item[i].delivered[m] * expected.item[i];
    }
    snprintf(name, sizeof name, "cost.month.kind.%s", clx_cost_kind_name[k]);
    CLX_TRY(clx_result_add_series(p->result, name, "USD", y, "time", "s", x, c->plan.months, p->error));
  }
  return CLX_OK;
}

static clx_status put_months(const putter *p) {
  column columns[COLUMNS] = {[CAPITAL] = {"capital", "USD", NULL},
                             [OPERATION] = {"operation", "USD", NULL},
                             [INCOME] = {"income", "USD", NULL},
                             [RESALE] = {"resale", "USD", NULL},
                             [CUMULATED] = {"cumulated", "USD", NULL},
                             [LOW] = {"cumulated_low", "USD", NULL},
                             [HIGH] = {"cumulated_high", "USD", NULL},
                             [OWED] = {"owed", "USD", NULL},
                             [ADVANCE] = {"advance", "USD", NULL},
                             [GPUS] = {"gpus", "", NULL},
                             [POWER] = {"power", "W", NULL}};
  const int32_t months = p->c->plan.months;
  double *x = CLX_NEW_ARRAY(p->c->arena, double, months), *y = CLX_NEW_ARRAY(p->c->arena, double, months), cash = 0;
  bool failed = x == NULL || y == NULL;
  for (int32_t k = 0; k < COLUMNS; k++) {
    columns[k].y = CLX_NEW_ARRAY(p->c->arena, double, months);
    failed = failed || columns[k].y == NULL;
  }
  if (failed) return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  for (int32_t m = 0; m < months; m++) {
    x[m] = (m + 1) * CLX_MONTH;
    fill_month(p->c, m, &cash, columns);
  }
  for (int32_t k = 0; k < COLUMNS; k++) {
    char name[64];
    snprintf(name, sizeof name, "cost.month.%s", columns[k].name);
    CLX_TRY(clx_result_add_series(p->result, name, columns[k].unit, columns[k].y, "time", "s", x, months, p->error));
  }
  return put_kinds(p, x, y);
}

clx_status clx_twin_cost_put(const clx_twin_cost *c, bool study, clx_result *result, clx_error *error) {
  const putter p = {c, result, error};
  CLX_TRY(put_plan(&p));
  CLX_TRY(put_figures(&p));
  CLX_TRY(put_capital(&p));
  CLX_TRY(put_operation(&p));
  CLX_TRY(warn_counts(&p));
  CLX_TRY(clx_twin_cost_warn_build(c, result, error));
  CLX_TRY(warn_ratings(&p));
  CLX_TRY(warn_gaps(&p, study));
  return study ? put_months(&p) : CLX_OK;
}
