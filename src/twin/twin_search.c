// The search for layouts on a scenario: parts of the fleet, counts of GPUs, the objective, confirmation rank by rank.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twin/twin_search.h"
#include "unit/unit.h"

const char *const clx_twin_objective_name[] = {"time", "cost", "energy", NULL};

// --- what is asked ----------------------------------------------------------------------------------------------------------

static clx_status read_objective(clx_twin_hunt *h, clx_error *error) {
  const char *name = h->options->objective != NULL ? h->options->objective : clx_twin_objective_name[0];
  h->objective = -1;
  for (int32_t i = 0; clx_twin_objective_name[i] != NULL; i++) {
    if (clx_text_equal(name, clx_twin_objective_name[i])) h->objective = i;
  }
  if (h->objective < 0)
    return clx_fail_plain(error, CLX_INPUT, "objective '%s' is not known: expected time, cost, energy or goodput",
                          name);
  if (h->objective == CLX_OBJECTIVE_COST && !(h->options->price > 0 && isfinite(h->options->price))) {
    return clx_fail_plain(error, CLX_INPUT,
                          "the objective cost needs a price of a GPU-hour above zero (--price 2.5): no scenario or "
                          "catalogue entry has one");
  }
  return CLX_OK;
}

static clx_search_worth worth_of(const clx_twin_hunt *h, const clx_twin_part *part) {
  static const double HOUR = 3600;
  if (h->objective == CLX_OBJECTIVE_COST) return (clx_search_worth){.rank = h->options->price / HOUR};
  if (h->objective == CLX_OBJECTIVE_ENERGY) return part->energy;
  return (clx_search_worth){.base = 1};
}

// "tp" "8" ... as the layout of a scenario file is read.
static clx_status read_fixed(clx_twin_hunt *h, clx_error *error) {
  clx_node *root = NULL;
  clx_buffer text = {0};
  h->fixed_layout = (clx_layout){.etp = 1, .recompute_share = 1};
  if (h->options->fixed_count == 0) return CLX_OK;
  for (int32_t i = 0; i < h->options->fixed_count; i++) {
    clx_buffer_format(&text, "%s: %s\n", h->options->fixed[i].path, h->options->fixed[i].value);
  }
  clx_status status = text.failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                                  : clx_document_read(h->arena, "--fix", text.data, text.length, &root, error);
  clx_buffer_free(&text);
  CLX_TRY(status);
  CLX_TRY(clx_schema_read(&clx_layout_schema, root, false, h->arena, &h->fixed_layout, error));
  if (h->fixed_layout.stage_layer_count > 0)
    return clx_fail(error, CLX_INPUT, h->fixed_layout.place, "'stage_layers' cannot be fixed: the search cuts evenly");
  for (int32_t i = 0; root != NULL && i < root->child_count; i++) {
    for (int32_t key = 0; key < CLX_SEARCH_KEYS; key++) {
      if (clx_text_equal(root->child[i].key, clx_search_key_name[key])) h->fixed |= 1u << key;
    }
  }
  if (h->fixed_layout.tp == 0) h->fixed &= ~(1u << CLX_SEARCH_TP);  // 0 is as if left out
  if (h->fixed_layout.dp == 0) h->fixed &= ~(1u << CLX_SEARCH_DP);
  if (h->fixed_layout.sequence_parallel < 0)
    h->fixed_layout.sequence_parallel = h->scenario->software.sequence_parallel;
  return CLX_OK;
}

static clx_status check_counts(const clx_twin_hunt *h, clx_error *error) {
  const clx_search_options *o = h->options;
  if (o->top < 1 || o->top > CLX_SEARCH_LIST_MAX)
    return clx_fail_plain(error, CLX_INPUT, "a list of %d layouts: expected 1 to %d", o->top, CLX_SEARCH_LIST_MAX);
  if (o->gpus_count > CLX_SEARCH_COUNTS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "%d counts of GPUs: expected at most %d", o->gpus_count,
                          CLX_SEARCH_COUNTS_MAX);
  if (!(o->time_limit >= 0)) return clx_fail_plain(error, CLX_INPUT, "the limit of a step is %g s", o->time_limit);
  if (!(o->memory_limit >= 0)) return clx_fail_plain(error, CLX_INPUT, "the memory limit is %g B", o->memory_limit);
  for (int32_t i = 0; i < o->gpus_count; i++) {
    if (o->gpus[i] < 1 || (i > 0 && o->gpus[i] <= o->gpus[i - 1]))
      return clx_fail_plain(error, CLX_INPUT, "counts of GPUs: expected 1 or more in ascending order, read %lld",
                            (long long)o->gpus[i]);
    if (o->gpus[i] > h->scenario->job_gpus)
      return clx_fail_plain(error, CLX_INPUT, "%lld GPUs: the job of %s may use %lld", (long long)o->gpus[i],
                            h->scenario->spec.name, (long long)h->scenario->job_gpus);
  }
  return CLX_OK;
}

// --- parts of the fleet -----------------------------------------------------------------------------------------------------

// In the order in which a synchronous job minds them: pace, bandwidth, memory.
static bool slower(const clx_device *a, const clx_device *b) {
  const double pairs[][2] = {
      {a->peak[CLX_BF16] * a->sustained_clock[CLX_BF16], b->peak[CLX_BF16] * b->sustained_clock[CLX_BF16]},
      {a->memory_bandwidth, b->memory_bandwidth},
      {a->memory, b->memory}};
  for (int32_t i = 0; i < CLX_COUNT(pairs); i++) {
    if (pairs[i][0] != pairs[i][1]) return pairs[i][0] < pairs[i][1];
  }
  return false;
}

static clx_status name_fleet(const clx_scenario *s, clx_arena *arena, const char **name, clx_error *error) {
  clx_buffer text = {0};
  for (int32_t i = 0; i < s->machine.cohort_count; i++) {
    const clx_cohort *c = &s->machine.cohort[i];
    char gpus[32];
    if (!c->trains) continue;
    clx_quantity_format((double)c->gpus, "", 12, gpus, sizeof gpus);
    clx_buffer_format(&text, "%s%s x %s", text.length > 0 ? " + " : "", gpus, c->device.name);
  }
  *name = text.failed || text.data == NULL ? NULL : clx_arena_text(arena, text.data);
  clx_buffer_free(&text);
  return *name != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

// The items that train and are not slower than item `slowest`; false when these are all that train, or those of an earlier item.
static bool choose_part(const clx_scenario *s, int32_t slowest, bool *trains) {
  const clx_machine *m = &s->machine;
  bool fewer = false;
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const bool equal = !slower(&m->cohort[i].device, &m->cohort[slowest].device) &&
                       !slower(&m->cohort[slowest].device, &m->cohort[i].device);
    if (i < slowest && m->cohort[i].trains && equal) return false;
    trains[i] = m->cohort[i].trains && !slower(&m->cohort[i].device, &m->cohort[slowest].device);
    fewer = fewer || (m->cohort[i].trains && !trains[i]);
  }
  return fewer && m->cohort[slowest].trains;
}

// All that trains, and of a mixed fleet every part that leaves the slowest out.
static clx_status make_parts(clx_twin_hunt *h, clx_error *error) {
  const clx_scenario *s = h->scenario;
  const int32_t count = s->machine.cohort_count;
  bool *trains = CLX_NEW_ARRAY(h->arena, bool, count);
  h->part = CLX_NEW_ARRAY(h->arena, clx_twin_part, count + 1);
  if (trains == NULL || h->part == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  h->part[h->part_count++].scenario = s;
  for (int32_t i = 0; i < count; i++) {
    if (!choose_part(s, i, trains)) continue;
    clx_scenario *part = CLX_NEW(h->arena, clx_scenario);
    if (part == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    CLX_TRY(clx_scenario_part(s, trains, h->arena, part, error));
    if (part->job_gpus > s->job_gpus) part->job_gpus = s->job_gpus;
    h->part[h->part_count++].scenario = part;
  }
  for (int32_t i = 0; i < h->part_count; i++) {
    CLX_TRY(name_fleet(h->part[i].scenario, h->arena, &h->part[i].fleet, error));
    CLX_TRY(clx_twin_energy(h->part[i].scenario, &h->part[i].energy, error));
  }
  return CLX_OK;
}

// --- one search -------------------------------------------------------------------------------------------------------------

typedef struct caller {
  const clx_twin_hunt *hunt;
  const clx_scenario *scenario;
  double done, share;  // of all searches: before this one, and its own
} caller;

static void show_progress(void *context, double done) {
  const caller *c = context;
  c->hunt->options->progress(c->hunt->options->context, c->done + done * c->share);
}

// The step as `run` finds it: every rank, slow ones and mixed fleets included.
static clx_status confirm(void *context, const clx_training *job, clx_step *step, clx_error *error) {
  const caller *c = context;
  clx_result *notes = clx_result_new();
  if (notes == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_ranks(c->scenario, c->hunt->options->seed, job, step, notes, error);
  clx_result_free(notes);
  return status;
}

static void add_counts(clx_search_outcome *sum, const clx_search_outcome *one) {
  sum->members += one->members;
  sum->pruned += one->pruned;
  sum->evaluated += one->evaluated;
  sum->worked += one->worked;
  sum->confirmed += one->confirmed;
  sum->proven = sum->proven && one->proven;
  for (int32_t i = 0; i < CLX_SEARCH_REASONS; i++) sum->rejected[i] += one->rejected[i];
  const bool closer = sum->closest.tp == 0 || one->closest_memory < sum->closest_memory;
  if (one->closest.tp > 0 && closer) {
    sum->closest = one->closest;
    sum->closest_memory = one->closest_memory;
  }
}

static clx_status search_part(clx_twin_hunt *h, int32_t part, int64_t gpus, double done, double share,
                              clx_search_outcome *outcome, clx_error *error) {
  const clx_scenario *s = h->part[part].scenario;
  caller context = {h, s, done, share};
  clx_training job = s->job;
  job.layout = h->fixed_layout;
  const clx_search_spec spec = {
      .job = &job,
      .fixed = h->fixed,
      .gpus = gpus < s->job_gpus ? gpus : s->job_gpus,
      .memory_limit = h->options->memory_limit > 0 ? h->options->memory_limit : s->device_memory,
      .time_limit = h->options->time_limit,
      .worth = worth_of(h, &h->part[part]),
      .schedules = h->options->schedules,
      .top = h->options->top,
      .exhaustive = h->options->exhaustive,
      .confirm = confirm,
      .progress = h->options->progress != NULL ? show_progress : NULL,
      .context = &context};
  return clx_search_solve(&spec, h->arena, outcome, error);
}

// --- all of them ------------------------------------------------------------------------------------------------------------

static int compare_values(const void *a, const void *b) {
  const clx_twin_find *x = a, *y = b;
  if (x->found.value != y->found.value) return x->found.value < y->found.value ? -1 : 1;
  return (x->part > y->part) - (x->part < y->part);
}

static int compare_memory(const void *a, const void *b) {
  const clx_twin_find *x = a, *y = b;
  if (x->found.memory != y->found.memory) return x->found.memory < y->found.memory ? -1 : 1;
  const double s = x->found.step.step_time, t = y->found.step.step_time;
  return s != t ? (s < t ? -1 : 1) : (x->part > y->part) - (x->part < y->part);
}

static clx_twin_find *joined(const clx_twin_find *old, int32_t old_count, const clx_search_found *found, int32_t count,
                             int32_t part, clx_arena *arena) {
  clx_twin_find *all = CLX_NEW_ARRAY(arena, clx_twin_find, old_count + count + 1);
  if (all == NULL) return NULL;
  if (old_count > 0) memcpy(all, old, (size_t)old_count * sizeof *all);
  for (int32_t i = 0; i < count; i++) all[old_count + i] = (clx_twin_find){found[i], part};
  return all;
}

static clx_status join(clx_twin_hunt *h, const clx_search_outcome *o, int32_t part, clx_error *error) {
  h->top = joined(h->top, h->top_count, o->top, o->top_count, part, h->arena);
  h->front = joined(h->front, h->front_count, o->front, o->front_count, part, h->arena);
  if (h->top == NULL || h->front == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  h->top_count += o->top_count;
  h->front_count += o->front_count;
  return CLX_OK;
}

// The best of all parts, and what none of them beats in memory and time.
static void settle(clx_twin_hunt *h) {
  qsort(h->top, (size_t)h->top_count, sizeof *h->top, compare_values);
  if (h->top_count > h->options->top) h->top_count = h->options->top;
  qsort(h->front, (size_t)h->front_count, sizeof *h->front, compare_memory);
  int32_t kept = 0;
  for (int32_t i = 0; i < h->front_count; i++) {
    if (kept == 0 || h->front[i].found.step.step_time < h->front[kept - 1].found.step.step_time)
      h->front[kept++] = h->front[i];
  }
  h->front_count = kept;
}

static clx_status nothing_fits(const clx_twin_hunt *h, const clx_error *first, clx_error *error) {
  char text[200], need[32], have[32];
  const clx_scenario *s = h->scenario;
  if (h->total.closest.tp == 0 && h->total.evaluated + h->total.pruned == 0) {
    if (first->status == CLX_INPUT) return clx_fail_plain(error, CLX_INPUT, "%s", first->mistake[0].text);
    int32_t most = 0;
    for (int32_t i = 1; i < CLX_SEARCH_REASONS; i++) {
      if (h->total.rejected[i] > h->total.rejected[most]) most = i;
    }
    return clx_fail(error, CLX_INFEASIBLE, s->spec.training.place,
                    "none of %.0f layouts divides this model, batch and machine; of %.0f of them %s", h->total.members,
                    h->total.rejected[most], clx_search_reason_text[most]);
  }
  if (h->total.evaluated + h->total.pruned > 0)
    return clx_fail(error, CLX_INFEASIBLE, s->spec.training.place,
                    "%.0f layouts fit in memory, but none has a step of at most %g s",
                    h->total.evaluated + h->total.pruned, h->options->time_limit);
  clx_twin_layout_text(&h->total.closest, text, sizeof text);
  clx_quantity_format(h->total.closest_memory, "B", 4, need, sizeof need);
  clx_quantity_format(h->options->memory_limit > 0 ? h->options->memory_limit : s->device_memory, "B", 4, have,
                      sizeof have);
  return clx_fail(error, CLX_INFEASIBLE, s->spec.training.place,
                  "none of %.0f layouts fits in %s per GPU; the closest needs %s: %s", h->total.members, have, need,
                  text);
}

// Every count on every part; lists and front are those of the largest count.
static clx_status search_all(clx_twin_hunt *h, clx_error *error) {
  const int32_t counts = h->options->gpus_count > 0 ? h->options->gpus_count : 1;
  const double share = 1.0 / (counts * h->part_count);
  clx_error ignored;
  clx_error_clear(&ignored);
  h->total.proven = true;
  h->count = CLX_NEW_ARRAY(h->arena, clx_twin_find, counts);
  if (h->count == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < counts; i++) {
    const int64_t gpus = h->options->gpus_count > 0 ? h->options->gpus[i] : h->scenario->job_gpus;
    for (int32_t part = 0; part < h->part_count; part++) {
      clx_search_outcome outcome;
      const double done = share * (i * h->part_count + part);
      const clx_status status = search_part(h, part, gpus, done, share, &outcome, &ignored);
      if (status != CLX_OK && status != CLX_INFEASIBLE && status != CLX_INPUT) {
        *error = ignored;
        return status;
      }
      add_counts(&h->total, &outcome);
      if (i == counts - 1) CLX_TRY(join(h, &outcome, part, error));
      const clx_twin_find best = outcome.top_count > 0 ? (clx_twin_find){outcome.top[0], part} : (clx_twin_find){0};
      if (outcome.top_count > 0 && (h->count[i].found.layout.tp == 0 || best.found.value < h->count[i].found.value))
        h->count[i] = best;
    }
  }
  if (h->top_count == 0) return nothing_fits(h, &ignored, error);
  settle(h);
  return CLX_OK;
}

// The scenario's own layout, where it has one that fits; else why it does not.
static clx_status find_given(clx_twin_hunt *h, clx_error *error) {
  clx_training job;
  clx_memory memory;
  clx_error ignored;
  clx_error_clear(&ignored);
  const clx_scenario *s = h->scenario;
  h->given_wrong = s->layout_wrong;
  if (s->job.layout.tp == 0) return CLX_OK;
  clx_search_found *f = &h->given.found;
  if (clx_twin_solve_training(s, false, &job, &memory, &f->step, &ignored) != CLX_OK) {
    h->given_wrong = clx_arena_text(h->arena, ignored.mistake[0].text);
    return h->given_wrong != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  caller context = {h, s, 0, 0};
  f->expected = f->step.step_time;
  CLX_TRY(confirm(&context, &job, &f->step, error));
  const clx_search_worth worth = worth_of(h, &h->part[0]);
  const double gpus = (double)job.layout.tp * job.layout.cp * job.layout.pp * job.layout.dp;
  const double share = worth.share != NULL ? worth.share(&job, &f->step) : 1;
  f->layout = job.layout;
  f->memory = memory.total;
  f->value = f->step.step_time * (worth.base + gpus * (worth.rank + worth.busy * share));
  return CLX_OK;
}

static clx_status hunt(clx_twin_hunt *h, clx_result *result, clx_error *error) {
  CLX_TRY(read_objective(h, error));
  CLX_TRY(check_counts(h, error));
  CLX_TRY(read_fixed(h, error));
  CLX_TRY(make_parts(h, error));
  CLX_TRY(search_all(h, error));
  CLX_TRY(find_given(h, error));
  return clx_twin_put_search(h, result, error);
}

clx_status clx_twin_search(const clx_scenario *scenario, const clx_search_options *options, clx_result *result,
                           clx_error *error) {
  CLX_TRY(clx_scenario_need_training(scenario, error));
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_twin_hunt h = {.scenario = scenario, .options = options, .arena = arena};
  const clx_status status = hunt(&h, result, error);
  clx_arena_free(arena);
  return status;
}
