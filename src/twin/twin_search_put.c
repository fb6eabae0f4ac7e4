// What a search found, by name.
#include <stdio.h>

#include "twin/twin_search.h"

enum { NAME = 64 };

static const char *const VALUE_UNIT[] = {"s", "USD", "J"};

static double gpus_of(const clx_layout *l) { return (double)l->tp * l->cp * l->pp * l->dp; }

static double tokens_of(const clx_twin_hunt *h) { return h->scenario->job.global_batch * h->scenario->job.sequence; }

static double mfu_of(const clx_twin_hunt *h, const clx_twin_find *f) {
  const clx_training *job = &h->part[f->part].scenario->job;
  const clx_flop_convention convention = (clx_flop_convention)h->scenario->spec.training.convention;
  const double flop = clx_flop_per_token(job->model, job->sequence, convention);
  const double peak = job->device->peak[clx_precision_format(job->precision)];
  return tokens_of(h) * flop / (f->found.step.step_time * gpus_of(&f->found.layout) * peak);
}

static double energy_of(const clx_twin_hunt *h, const clx_twin_find *f) {
  const clx_search_worth w = h->part[f->part].energy;
  const clx_step *step = &f->found.step;
  clx_training job = h->part[f->part].scenario->job;
  job.layout = f->found.layout;
  return step->step_time * (w.base + gpus_of(&f->found.layout) * (w.rank + w.busy * w.share(&job, step)));
}

// For tables: "TP4 PP6 VPP11 CP2 EP8 DP2048 MB1 zero1/64 full 50%".
static void short_text(const clx_layout *l, char *text, size_t size) {
  const struct {
    const char *name;
    int32_t value, least;
  } degrees[] = {{"TP", l->tp, 1},  {" PP", l->pp, 1},   {" VPP", l->vpp, 2}, {" CP", l->cp, 2},
                 {" EP", l->ep, 2}, {" ETP", l->etp, 2}, {" DP", l->dp, 1},   {" MB", l->micro_batch, 1}};
  size_t n = 0;
  for (int32_t i = 0; i < CLX_COUNT(degrees); i++) {
    if (degrees[i].value >= degrees[i].least)
      n += (size_t)snprintf(text + n, size - n, "%s%d", degrees[i].name, degrees[i].value);
  }
  if (l->sharding != CLX_SHARDING_NONE)
    n += (size_t)snprintf(text + n, size - n, " %s", clx_sharding_name[l->sharding]);
  if (l->shard_group > 0) n += (size_t)snprintf(text + n, size - n, "/%d", l->shard_group);
  static const char *const recompute[] = {"", " sel", " full", ""};
  n += (size_t)snprintf(text + n, size - n, "%s", recompute[l->recompute]);
  if (l->recompute == CLX_RECOMPUTE_FULL && l->recompute_share < 1)
    n += (size_t)snprintf(text + n, size - n, " %.0f%%", 100 * l->recompute_share);
  if (l->tp > 1 && !l->sequence_parallel) n += (size_t)snprintf(text + n, size - n, " no SP");
  if (l->schedule != CLX_SCHEDULE_AUTO) snprintf(text + n, size - n, " %s", clx_schedule_name[l->schedule]);
}

// --- what was asked and counted ---------------------------------------------------------------------------------------------

static clx_status put_question(const clx_twin_hunt *h, clx_result *result, clx_error *error) {
  const clx_scenario *s = h->scenario;
  const clx_search_options *o = h->options;
  CLX_TRY(clx_twin_scenario(s, result, error));
  CLX_TRY(clx_result_add_text(result, "search.model", s->model.name, error));
  CLX_TRY(clx_result_add_text(result, "search.software", s->software.name, error));
  CLX_TRY(clx_result_add_text(result, "search.precision", clx_precision_name[s->job.precision], error));
  CLX_TRY(clx_result_add_text(result, "search.objective", clx_twin_objective_name[h->objective], error));
  CLX_TRY(clx_result_add_text(result, "search.fleet", h->part[0].fleet, error));
  clx_buffer text = {0};
  for (int32_t i = 0; i < o->fixed_count; i++) {
    clx_buffer_format(&text, "%s%s %s", i > 0 ? ", " : "", o->fixed[i].path, o->fixed[i].value);
  }
  clx_status status = text.failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
  if (status == CLX_OK && text.data != NULL) status = clx_result_add_text(result, "search.fixed", text.data, error);
  clx_buffer_free(&text);
  CLX_TRY(status);
  const int64_t gpus = o->gpus_count > 0 ? o->gpus[o->gpus_count - 1] : s->job_gpus;
  const double limit = o->memory_limit > 0 ? o->memory_limit : s->device_memory;
  CLX_TRY(clx_twin_put(result, "search.gpus", (double)gpus, "", "most GPUs a layout may use", error));
  if (o->price > 0) CLX_TRY(clx_twin_put(result, "search.price", o->price, "USD", "of one GPU for an hour", error));
  if (o->time_limit > 0)
    CLX_TRY(clx_twin_put(result, "search.time_limit", o->time_limit, "s", "slower steps are no results", error));
  CLX_TRY(clx_twin_put(result, "search.global_batch", s->job.global_batch, "", "sequences per step", error));
  CLX_TRY(clx_twin_put(result, "search.sequence", s->job.sequence, "", "tokens per sequence", error));
  return clx_twin_put(result, "search.memory_limit", limit, "B", "of one GPU of the whole fleet", error);
}

static clx_status put_counts(const clx_twin_hunt *h, clx_result *result, clx_error *error) {
  const clx_search_outcome *t = &h->total;
  const struct {
    const char *name;
    double value;
    const char *doc;
  } counts[] = {{"search.members", t->members, "layouts of the space, all searches"},
                {"search.evaluated", t->evaluated, "layouts whose step was simulated"},
                {"search.pruned", t->pruned, "layouts that fit, ruled out by a lower bound of their step"},
                {"search.steps", t->worked, "steps simulated, first looks for good bounds included"},
                {"search.confirmed", t->confirmed, "layouts simulated rank by rank"},
                {"search.proven", t->proven, "1: no layout that was not simulated rank by rank can be better"}};
  for (int32_t i = 0; i < CLX_COUNT(counts); i++) {
    CLX_TRY(clx_twin_put(result, counts[i].name, counts[i].value, "", counts[i].doc, error));
  }
  for (int32_t i = 0; i < CLX_SEARCH_REASONS; i++) {
    char name[NAME];
    snprintf(name, sizeof name, "search.rejected.%s", clx_search_reason_name[i]);
    CLX_TRY(clx_twin_put(result, name, t->rejected[i], "", clx_search_reason_text[i], error));
  }
  return CLX_OK;
}

// --- the best ---------------------------------------------------------------------------------------------------------------

static clx_status put_best(const clx_twin_hunt *h, clx_result *result, clx_error *error) {
  const clx_twin_find *f = &h->top[0];
  const clx_layout *l = &f->found.layout;
  const double time = f->found.step.step_time, run = (double)h->scenario->spec.training.tokens;
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"search.best.value", f->found.value, VALUE_UNIT[h->objective], "of the objective, one step"},
                 {"search.best.step_time", time, "s", "one optimizer step"},
                 {"search.best.memory", f->found.memory, "B", "of the heaviest rank"},
                 {"search.best.gpus", gpus_of(l), "", "of the layout"},
                 {"search.best.mfu", mfu_of(h, f), "", "model FLOP utilisation, as training.mfu of a run"},
                 {"search.best.energy", energy_of(h, f), "J", "IT energy of one step, the whole machine"},
                 {"search.best.tokens_per_second", tokens_of(h) / time, "tokens/s", "of the job"},
                 {"search.best.micro_batches", f->found.step.micro_batches, "", "per step and rank"},
                 {"search.best.tp", l->tp, "", "tensor parallel"},
                 {"search.best.pp", l->pp, "", "pipeline stages"},
                 {"search.best.vpp", l->vpp, "", "chunks per stage"},
                 {"search.best.cp", l->cp, "", "context parallel"},
                 {"search.best.ep", l->ep, "", "expert parallel"},
                 {"search.best.etp", l->etp, "", "expert tensor parallel"},
                 {"search.best.dp", l->dp, "", "data parallel"},
                 {"search.best.micro_batch", l->micro_batch, "", "sequences per micro-batch"},
                 {"search.best.shard_group", l->shard_group, "", "data-parallel ranks of one copy; 0 = all"},
                 {"search.best.sequence_parallel", l->sequence_parallel, "", "1: sequence parallelism"},
                 {"search.best.recompute_share", l->recompute == CLX_RECOMPUTE_FULL ? l->recompute_share : 0, "",
                  "share of the layers recomputed in full"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    CLX_TRY(clx_twin_put(result, numbers[i].name, numbers[i].value, numbers[i].unit, numbers[i].doc, error));
  }
  if (h->options->price > 0) {
    const double cost = h->options->price / 3600 * gpus_of(l) * time;
    CLX_TRY(clx_twin_put(result, "search.best.cost", cost, "USD", "one step, GPUs of the layout", error));
  }
  if (run > 0) {
    CLX_TRY(clx_twin_put(result, "search.best.duration", run / tokens_of(h) * time, "s",
                         "of the scenario's tokens, without failures", error));
  }
  CLX_TRY(clx_result_add_text(result, "search.best.sharding", clx_sharding_name[l->sharding], error));
  CLX_TRY(clx_result_add_text(result, "search.best.recompute", clx_recompute_name[l->recompute], error));
  CLX_TRY(clx_result_add_text(result, "search.best.schedule", clx_schedule_name[l->schedule], error));
  CLX_TRY(clx_result_add_text(result, "search.best.fleet", h->part[f->part].fleet, error));
  char text[200];
  clx_twin_layout_text(l, text, sizeof text);
  return clx_result_add_text(result, "search.best.layout", text, error);
}

static clx_status put_given(const clx_twin_hunt *h, clx_result *result, clx_error *error) {
  const clx_search_found *f = &h->given.found;
  if (h->given_wrong != NULL) return clx_result_add_text(result, "search.given.wrong", h->given_wrong, error);
  if (f->layout.tp == 0) return CLX_OK;
  CLX_TRY(clx_twin_put(result, "search.given.value", f->value, VALUE_UNIT[h->objective],
                       "of the objective, as the scenario lays it out", error));
  CLX_TRY(clx_twin_put(result, "search.given.step_time", f->step.step_time, "s", "as the scenario lays it out", error));
  CLX_TRY(
      clx_twin_put(result, "search.given.expected", f->expected, "s", "with the slowest rank that is expected", error));
  CLX_TRY(clx_twin_put(result, "search.given.memory", f->memory, "B", "as the scenario lays it out", error));
  char text[200];
  clx_twin_layout_text(&f->layout, text, sizeof text);
  return clx_result_add_text(result, "search.given.layout", text, error);
}

// --- lists ------------------------------------------------------------------------------------------------------------------

typedef struct column {
  const char *name, *unit;
  double (*of)(const clx_twin_hunt *h, const clx_twin_find *f);
} column;

static double value_of(const clx_twin_hunt *h, const clx_twin_find *f) {
  (void)h;
  return f->found.value;
}

static double time_of(const clx_twin_hunt *h, const clx_twin_find *f) {
  (void)h;
  return f->found.step.step_time;
}

static double expected_of(const clx_twin_hunt *h, const clx_twin_find *f) {
  (void)h;
  return f->found.expected;
}

static double memory_of(const clx_twin_hunt *h, const clx_twin_find *f) {
  (void)h;
  return f->found.memory;
}

static double used_of(const clx_twin_hunt *h, const clx_twin_find *f) {
  (void)h;
  return gpus_of(&f->found.layout);
}

// Series search.LIST.COLUMN over x, and the layouts as facts. `room` holds count numbers.
static clx_status put_list(const clx_twin_hunt *h, const char *list, const clx_twin_find *item, int32_t count,
                           const column *columns, int32_t column_count, const char *x_name, const char *x_unit,
                           const double *x, double *room, clx_result *result, clx_error *error) {
  for (int32_t c = 0; c < column_count; c++) {
    char name[NAME];
    snprintf(name, sizeof name, "search.%s.%s", list, columns[c].name);
    const char *unit = columns[c].of == value_of ? VALUE_UNIT[h->objective] : columns[c].unit;
    for (int32_t i = 0; i < count; i++) room[i] = columns[c].of(h, &item[i]);
    CLX_TRY(clx_result_add_series(result, name, unit, room, x_name, x_unit, x, count, error));
  }
  for (int32_t i = 0; i < count; i++) {
    char name[NAME], text[160];
    snprintf(name, sizeof name, "search.%s_%d.layout", list, i + 1);
    short_text(&item[i].found.layout, text, sizeof text);
    CLX_TRY(clx_result_add_text(result, name, text, error));
    if (h->part_count == 1) continue;
    snprintf(name, sizeof name, "search.%s_%d.fleet", list, i + 1);
    CLX_TRY(clx_result_add_text(result, name, h->part[item[i].part].fleet, error));
  }
  return CLX_OK;
}

static clx_status put_lists(const clx_twin_hunt *h, clx_result *result, clx_error *error) {
  static const column TOP[] = {{"value", NULL, value_of},  {"step_time", "s", time_of}, {"expected", "s", expected_of},
                               {"memory", "B", memory_of}, {"gpus", "", used_of},       {"mfu", "", mfu_of}};
  static const column FRONT[] = {{"step_time", "s", time_of}, {"gpus", "", used_of}};
  static const column COUNT[] = {
      {"value", NULL, value_of}, {"step_time", "s", time_of}, {"used", "", used_of}, {"mfu", "", mfu_of}};
  const int32_t counts = h->options->gpus_count;
  int32_t most = h->top_count > h->front_count ? h->top_count : h->front_count;
  if (counts > most) most = counts;
  double *x = CLX_NEW_ARRAY(h->arena, double, most + 1), *room = CLX_NEW_ARRAY(h->arena, double, most + 1);
  clx_twin_find *some = CLX_NEW_ARRAY(h->arena, clx_twin_find, counts + 1);
  if (x == NULL || room == NULL || some == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < h->top_count; i++) x[i] = i + 1;
  CLX_TRY(put_list(h, "top", h->top, h->top_count, TOP, CLX_COUNT(TOP), "rank", "", x, room, result, error));
  for (int32_t i = 0; i < h->front_count; i++) x[i] = h->front[i].found.memory;
  CLX_TRY(
      put_list(h, "front", h->front, h->front_count, FRONT, CLX_COUNT(FRONT), "memory", "B", x, room, result, error));
  int32_t fitting = 0;
  for (int32_t i = 0; i < counts; i++) {
    if (h->count[i].found.layout.tp == 0) continue;
    x[fitting] = (double)h->options->gpus[i];
    some[fitting++] = h->count[i];
  }
  if (counts < 2) return CLX_OK;
  return put_list(h, "count", some, fitting, COUNT, CLX_COUNT(COUNT), "gpus", "", x, room, result, error);
}

// The warnings that a run of the best layout has.
static clx_status put_warnings(const clx_twin_hunt *h, clx_result *result, clx_error *error) {
  const clx_twin_find *best = &h->top[0];
  const clx_scenario *s = h->part[best->part].scenario;
  clx_training job = s->job;
  clx_step step = best->found.step;
  job.layout = best->found.layout;
  CLX_TRY(clx_twin_accuracy(&s->accuracy, &job, result, error));
  clx_result *notes = clx_result_new();
  if (notes == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = clx_twin_ranks(s, h->options->seed, &job, &step, notes, error);
  const char *text;
  for (int32_t i = 0; status == CLX_OK && (text = clx_result_warning(notes, i)) != NULL; i++) {
    status = clx_result_warn(result, error, "%s", text);
  }
  clx_result_free(notes);
  return status;
}

clx_status clx_twin_put_search(const clx_twin_hunt *h, clx_result *result, clx_error *error) {
  CLX_TRY(put_question(h, result, error));
  CLX_TRY(put_counts(h, result, error));
  CLX_TRY(put_best(h, result, error));
  CLX_TRY(put_given(h, result, error));
  CLX_TRY(put_lists(h, result, error));
  CLX_TRY(put_warnings(h, result, error));
  if (!h->total.proven) {
    CLX_TRY(clx_result_warn(result, error,
                            "slow ranks add more to the best layouts than these differ: others that were not simulated "
                            "rank by rank may be better"));
  }
  return clx_twin_assumptions(h->scenario, result, error);
}
