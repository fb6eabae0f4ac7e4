// From what the user asks for to checked and ordered task lists; where positions stand.
#include "pipeline/pipeline_internal.h"

const char *const clx_pipeline_kind_name[CLX_PIPELINE_KINDS + 1] = {"gpipe", "1f1b",     "interleaved", "zb_h1",
                                                                    "zb_v",  "dualpipe", NULL};
const char *const clx_task_kind_name[CLX_TASK_KINDS + 1] = {"forward", "backward", "weight gradient", NULL};

typedef struct schedule {
  const char *name;  // in messages
  void (*list)(clx_pipeline_builder *builder, int32_t stage);
  int32_t least_chunks, most_chunks;  // per stage
  int32_t stage_multiple;
  int32_t micro_batch_multiple;
  int32_t micro_batches_per_stage;  // least
  bool split, mergeable;
} schedule;

static const schedule SCHEDULES[CLX_PIPELINE_KINDS] = {
    {"GPipe", clx_pipeline_list_gpipe, 1, 1, 1, 1, 0, false, true},
    {"1F1B", clx_pipeline_list_interleaved, 1, 1, 1, 1, 0, false, true},
    {"interleaved 1F1B", clx_pipeline_list_interleaved, 1, CLX_PIPELINE_CHUNKS_MAX, 1, 1, 1, false, true},
    {"ZB-H1", clx_pipeline_list_zb_h1, 1, 1, 1, 1, 0, true, false},
    {"ZB-V", clx_pipeline_list_zb_v, 2, 2, 1, 1, 0, true, false},
    {"DualPipe", clx_pipeline_list_dualpipe, 2, 2, 2, 2, 2, true, true},
};

clx_pipeline_shape clx_pipeline_shape_of(const clx_pipeline *p) {
  return (clx_pipeline_shape){p->kind, p->stages, p->chunks, p->micro_batches, clx_pipeline_positions(p)};
}

int32_t clx_pipeline_positions(const clx_pipeline *pipeline) {
  return pipeline->kind == CLX_PIPELINE_DUALPIPE ? pipeline->stages : pipeline->stages * pipeline->chunks;
}

int32_t clx_pipeline_position(const clx_pipeline *pipeline, int32_t stage, const clx_task *task) {
  const clx_pipeline_shape shape = clx_pipeline_shape_of(pipeline);
  return clx_pipeline_place(&shape, stage, task->chunk);
}

bool clx_pipeline_is_whole(const clx_pipeline *pipeline, int32_t task) {
  return pipeline->task[task].kind == CLX_TASK_BACKWARD && pipeline->program->whole[task];
}

// Counts that any schedule needs.
static clx_status check_ranges(const clx_pipeline_spec *spec, int32_t chunks, clx_error *error) {
  if (spec->stages < 1 || spec->stages > CLX_PIPELINE_STAGES_MAX) {
    return clx_fail(error, CLX_INPUT, spec->place, "a pipeline of %d stages: expected 1 to %d", spec->stages,
                    CLX_PIPELINE_STAGES_MAX);
  }
  if (spec->micro_batches < 1) {
    return clx_fail(error, CLX_INPUT, spec->place, "a pipeline needs at least one micro-batch, not %d",
                    spec->micro_batches);
  }
  const double tasks = (double)CLX_TASK_KINDS * spec->stages * chunks * spec->micro_batches;
  if (tasks > CLX_PIPELINE_TASKS_MAX) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "%d stages x %d chunks x %d micro-batches are too many tasks (at most %d)", spec->stages, chunks,
                    spec->micro_batches, CLX_PIPELINE_TASKS_MAX / CLX_TASK_KINDS);
  }
  return CLX_OK;
}

// What the schedule itself asks for.
static clx_status check_schedule(const clx_pipeline_spec *spec, const schedule *s, int32_t chunks, clx_error *error) {
  if (chunks < s->least_chunks || chunks > s->most_chunks) {
    return clx_fail(error, CLX_INPUT, spec->place, "%s has %d%s chunk%s of layers per stage, not %d", s->name,
                    s->least_chunks, s->most_chunks > s->least_chunks ? " or more" : "",
                    s->least_chunks > 1 || s->most_chunks > 1 ? "s" : "", chunks);
  }
  if (spec->stages % s->stage_multiple != 0) {
    return clx_fail(error, CLX_INPUT, spec->place, "%s needs an even number of stages, not %d", s->name, spec->stages);
  }
  const int32_t least = chunks == 1 ? 1 : s->micro_batches_per_stage * spec->stages;
  if (spec->micro_batches < least) {
    return clx_fail(error, CLX_INPUT, spec->place, "%s over %d stages needs at least %d micro-batches, not %d", s->name,
                    spec->stages, least, spec->micro_batches);
  }
  if (spec->micro_batches % s->micro_batch_multiple != 0) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "%s feeds micro-batches from both ends and needs an even number of them, not %d", s->name,
                    spec->micro_batches);
  }
  if (spec->merge && !s->mergeable) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "%s splits weight gradients off and cannot merge forward and backward passes", s->name);
  }
  return CLX_OK;
}

// True if the last group is full or holds at least `stages` micro-batches, as Megatron-Core asks. With fewer stages can end up waiting
// for each other in a circle (4 stages of 3 chunks, 9 micro-batches in groups of 4).
static bool group_fits(int32_t stages, int32_t micro_batches, int32_t group) {
  const int32_t rest = micro_batches % group;
  return rest == 0 || rest >= stages;
}

int32_t clx_pipeline_group(int32_t stages, int32_t micro_batches) {
  int32_t group = stages;
  while (group < micro_batches && !group_fits(stages, micro_batches, group)) group++;  // one group of all of them fits
  return group;
}

static clx_status find_group(const clx_pipeline_spec *spec, int32_t chunks, int32_t *group, clx_error *error) {
  *group = spec->group > 0 ? spec->group : spec->stages;
  if (spec->kind != CLX_PIPELINE_INTERLEAVED || chunks == 1) return CLX_OK;
  if (spec->group == 0) {
    *group = clx_pipeline_group(spec->stages, spec->micro_batches);
    return CLX_OK;
  }
  if (spec->group < spec->stages) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "interleaved 1F1B over %d stages needs groups of at least %d micro-batches, not %d", spec->stages,
                    spec->stages, spec->group);
  }
  if (!group_fits(spec->stages, spec->micro_batches, spec->group)) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "%d micro-batches in groups of %d leave a last group of %d, fewer than the %d stages",
                    spec->micro_batches, spec->group, spec->micro_batches % spec->group, spec->stages);
  }
  return CLX_OK;
}

static clx_status out_of_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

clx_status clx_pipeline_make(const clx_pipeline_spec *spec, clx_arena *arena, clx_pipeline *pipeline,
                             clx_error *error) {
  if (spec->kind < 0 || spec->kind >= CLX_PIPELINE_KINDS) {
    return clx_fail(error, CLX_INTERNAL, spec->place, "%d is no pipeline schedule", spec->kind);
  }
  const schedule *s = &SCHEDULES[spec->kind];
  const int32_t chunks = spec->chunks == 0 ? s->least_chunks : spec->chunks;
  CLX_TRY(check_ranges(spec, chunks, error));
  CLX_TRY(check_schedule(spec, s, chunks, error));
  *pipeline = (clx_pipeline){.kind = spec->kind,
                             .stages = spec->stages,
                             .chunks = chunks,
                             .micro_batches = spec->micro_batches,
                             .split = s->split};
  CLX_TRY(find_group(spec, chunks, &pipeline->group, error));
  const int32_t kinds = s->split ? CLX_TASK_KINDS : CLX_TASK_WEIGHT;
  const int32_t most = kinds * clx_pipeline_positions(pipeline) * spec->micro_batches;
  pipeline->task = CLX_NEW_ARRAY(arena, clx_task, most);
  pipeline->first = CLX_NEW_ARRAY(arena, int32_t, spec->stages + 1);
  if (pipeline->task == NULL || pipeline->first == NULL) return out_of_memory(error);
  clx_pipeline_builder builder = {pipeline, 0, spec->merge};
  for (int32_t stage = 0; stage < spec->stages; stage++) {
    pipeline->first[stage] = builder.count;
    s->list(&builder, stage);
  }
  pipeline->first[spec->stages] = builder.count;
  return clx_pipeline_order(pipeline, spec->place, arena, error);
}
