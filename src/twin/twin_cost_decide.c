// Courses side by side and the worth of deciding later, as named quantities.
#include <math.h>
#include <stdio.h>

#include "twin/twin_cost.h"
#include "twin/twin_internal.h"

typedef struct putter {
  const clx_twin_cost *c;
  clx_decision decision;
  clx_course course[CLX_COURSES_MAX];
  clx_result *result;
  clx_error *error;
} putter;

static clx_status put(const putter *p, const char *subject, const char *name, const clx_cost_band *band,
                      const char *unit, const char *doc) {
  char full[128];
  double seconds;
  unit = clx_twin_cost_rate(name, unit, &seconds);
  snprintf(full, sizeof full, "cost.%s.%s", subject, name);
  return clx_result_add(p->result, full, band->expected * seconds, unit, fmin(band->low, band->expected) * seconds,
                        fmax(band->high, band->expected) * seconds, doc, p->error);
}

static clx_cost_band exactly(double value) { return (clx_cost_band){value, value, value, value, 0}; }

// --- courses -----------------------------------------------------------------------------------------------------------------

static const char *const DOC[CLX_COURSE_FIGURES] = {
    [CLX_COURSE_COST] = "present cost over the time compared, less resale",
    [CLX_COURSE_VALUE] = "present worth of the work, and of earlier training",
    [CLX_COURSE_NPV] = "that worth less the cost",
    [CLX_COURSE_FIRST] = "until training can begin, at most the time compared",
    [CLX_COURSE_TOKENS] = "trained by the date of the decision",
    [CLX_COURSE_HOUR] = "present cost over present used GPU time",
    [CLX_COURSE_TOKEN] = "present cost over present tokens"};

static clx_status put_course(const putter *p, const clx_decision_bands *b, int32_t c) {
  char slug[48], subject[64], fact[112], day[CLX_TIME_TEXT];
  clx_result_slug(p->course[c].name, slug, sizeof slug);
  snprintf(subject, sizeof subject, "course.%s", slug);
  const double first = b->figure[c][CLX_COURSE_FIRST].expected;
  const bool begins = first < p->decision.months * CLX_MONTH;
  for (int32_t f = 0; f < CLX_COURSE_FIGURES; f++) {
    const clx_cost_band *band = &b->figure[c][f];
    if (f == CLX_COURSE_FIRST && !begins) continue;
    if (f == CLX_COURSE_TOKEN && !(b->figure[c][f].expected > 0)) continue;  // no tokens are stated
    CLX_TRY(put(p, subject, clx_course_figure_name[f], band, clx_course_figure_unit[f], DOC[f]));
  }
  CLX_TRY(put(p, subject, "gain", &b->gain[c], "USD", "its present value less that of the first course, draw by draw"));
  const clx_cost_band best = exactly(b->best[c]);
  CLX_TRY(put(p, subject, "best", &best, "", "share of draws in which no course is worth more"));
  if (b->has_breakeven[c] && p->course[c].contract->term > 0 && b->breakeven[c].expected > 0)
    CLX_TRY(put(p, subject, "rent_breakeven", &b->breakeven[c], "USD/s",
                "contract price at which it is worth as much as owning"));
  if (b->use_breakeven[c].expected > 0)
    CLX_TRY(put(p, subject, "use_breakeven", &b->use_breakeven[c], "",
                "share of use from which owning costs less than renting at will; above 1: never"));
  snprintf(fact, sizeof fact, "cost.%s.title", subject);
  CLX_TRY(clx_result_add_text(p->result, fact, p->course[c].name, p->error));
  snprintf(fact, sizeof fact, "cost.%s.first_date", subject);
  double start = 0;
  if (!begins || !clx_time_read(p->c->scenario->cost.spec.start, &start)) return CLX_OK;
  clx_time_write(start + first, false, day);
  return clx_result_add_text(p->result, fact, day, p->error);
}

// --- options -----------------------------------------------------------------------------------------------------------------

static const double TWO = 1.96;  // standard errors: 95 %

// The fitted policy is the worse for the option, by more than its error.
static bool misfits(const clx_real_out *out, int32_t option) {
  return out->given_up[option] && out->misfit[option] > TWO * out->worth_error[option];
}

static clx_status put_options(const putter *p, const clx_real_out *out) {
  for (int32_t o = 0; o < CLX_OPTIONS; o++) {
    const double w = out->worth[o], e = misfits(out, o) ? 0 : TWO * out->worth_error[o];
    const clx_cost_band band = {.low = fmax(0, w - e), .expected = w, .high = w + e};
    CLX_TRY(put(p, "option", clx_real_option_name[o], &band, "USD", "of a GPU: lost without this option alone"));
  }
  const clx_cost_band committed = exactly(out->committed.mean), flexible = exactly(out->flexible.mean),
                      sample = exactly(out->in_sample);
  CLX_TRY(put(p, "option", "committed", &committed, "USD", "of a GPU: decided once, mean"));
  CLX_TRY(put(p, "option", "flexible", &flexible, "USD", "of a GPU: with all options, mean; leans low"));
  CLX_TRY(put(p, "option", "in_sample", &sample, "USD", "the same on the paths of its policy; leans high"));
  for (int32_t m = 0; m < CLX_REAL_MODES; m++) {
    const clx_cost_band share = exactly(out->share[m]);
    CLX_TRY(put(p, "option.share", clx_real_mode_name[m], &share, "", "of the time, under the best policy"));
  }
  return CLX_OK;
}

// Options that the regression cannot use.
static clx_status warn_options(const putter *p, const clx_real_out *out) {
  for (int32_t o = 0; o < CLX_OPTIONS; o++) {
    char fact[64];
    if (!misfits(out, o)) continue;
    snprintf(fact, sizeof fact, "cost.option.%s.note", clx_real_option_name[o]);
    CLX_TRY(clx_result_add_text(p->result, fact, "at least: the fitted policy cannot use it", p->error));
    CLX_TRY(
        clx_result_warn(p->result, p->error,
                        "cost: the policy fitted for the option '%s' loses %.3g USD of a GPU (± %.2g) against doing "
                        "without it: it is not used; the option is worth at least 0, how much is not known",
                        clx_real_option_name[o], out->misfit[o], TWO * out->worth_error[o]));
  }
  return CLX_OK;
}

static clx_status run_options(const putter *p, const clx_twin_cost_how *how) {
  enum { LEAST = 400, MOST = 16000 };  // paths: of the regression
  const clx_decide_spec *spec = &p->c->scenario->spec.decide;
  clx_real real;
  clx_real_out out;
  if (spec->option_count == 0) return CLX_OK;
  clx_decide_options(spec, &p->decision, &p->c->out, p->c->input.gpus[p->c->plan.months - 1], &real);
  if (real.process == NULL)
    return clx_fail(p->error, CLX_INPUT, spec->place,
                    "'decide.options' needs a market of rents; expected `market` (colossus catalogue ls rent)");
  const int32_t paths = how->replicas < LEAST ? LEAST : how->replicas > MOST ? MOST : how->replicas;
  CLX_TRY(clx_real_run(&real, how->seed, paths, p->c->arena, &out, p->error));
  CLX_TRY(warn_options(p, &out));
  return put_options(p, &out);
}

// The courses by every replica of the build or of the orders.
static clx_status courses_by_path(const putter *p, clx_course **out) {
  const clx_twin_cost *c = p->c;
  const clx_scenario *s = c->scenario;
  const int32_t count = s->spec.decide.course_count;
  clx_decision decision;
  *out = CLX_NEW_ARRAY(c->arena, clx_course, (size_t)c->paths * (size_t)count);
  if (*out == NULL) return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < c->paths; k++)
    CLX_TRY(clx_decide_compile(&s->spec.decide, &s->cost.asked, c->path[k].plan, c->path[k].input, c->plan.start,
                               c->arena, &decision, *out + (size_t)k * (size_t)count, p->error));
  return CLX_OK;
}

clx_status clx_twin_cost_decide(const clx_twin_cost *c, const clx_twin_cost_how *how, clx_result *result,
                                clx_error *error) {
  const clx_scenario *s = c->scenario;
  clx_decision_bands bands;
  clx_course *course;
  putter p = {.c = c, .result = result, .error = error};
  CLX_TRY(clx_decide_compile(&s->spec.decide, &s->cost.asked, &c->plan, &c->input, c->plan.start, c->arena, &p.decision,
                             p.course, error));
  CLX_TRY(courses_by_path(&p, &course));
  CLX_TRY(clx_decision_bands_run(&p.decision, course, c->paths, s->spec.decide.course_count, how->seed, how->replicas,
                                 c->arena, &bands, error));
  if (s->spec.decide.by > 0) {
    const clx_cost_band by = exactly(s->spec.decide.by);
    CLX_TRY(put(&p, "courses", "by", &by, "s", "of the plan: tokens of courses are those trained until then"));
  }
  for (int32_t i = 0; i < s->spec.decide.course_count; i++) CLX_TRY(put_course(&p, &bands, i));
  return run_options(&p, how);
}
