#include "serving/serving_unified_law.h"

static clx_step_cost cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  const clx_unified *u = self;
  (void)ranks;
  clx_unified_work work = {.decodes = step->decodes, .verified = step->verified, .context = step->context};
  for (int32_t i = 0; i < step->chunks; i++) {
    clx_unified_add_prompt(u, &work, step->chunk[i].tokens, step->chunk[i].cached, 1, false);
  }
  work.ended = step->ended;
  const clx_unified_cost c = clx_unified_stage(u, &work, stage);
  return (clx_step_cost){.time = c.time, .energy = c.energy};
}

clx_step_law clx_unified_law(const clx_unified *u) {
  return (clx_step_law){.cost = cost, .self = u, .idle = (double)u->tp * u->pp * u->device->unified.wall_idle};
}
