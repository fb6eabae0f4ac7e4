// Throughput of a GPU against the speed that a user sees, as the batch grows: the steady state of each pool that makes answers.
#include <math.h>
#include <stdio.h>

#include "serving/serving_screen.h"
#include "twin/twin_serving.h"

enum { POINTS = 64, NAME = 160, SLUG = 64 };

// Adds a point where it belongs by falling speed, and drops those that it is better than in both. Returns how many there are.
static int32_t add_point(double *user, double *gpu, int32_t count, double speed, double output) {
  int32_t kept = 0, at = 0;
  for (int32_t i = 0; i < count; i++) {
    if (user[i] >= speed && gpu[i] >= output) return count;
  }
  for (int32_t i = 0; i < count; i++) {
    if (speed >= user[i] && output >= gpu[i]) continue;
    user[kept] = user[i];
    gpu[kept++] = gpu[i];
  }
  for (at = kept; at > 0 && user[at - 1] < speed; at--) {
    user[at] = user[at - 1];
    gpu[at] = gpu[at - 1];
  }
  user[at] = speed;
  gpu[at] = output;
  return kept + 1;
}

int32_t clx_twin_serving_curve(const clx_serving_replica *r, const clx_screen_load *load, clx_arena *arena,
                               double *user, double *gpu, int32_t room) {
  const clx_step_law law = clx_serving_replica_law(r, load->longest, arena);
  const double most = clx_screen_most(r, load);
  int32_t count = 0;
  if (law.self == NULL) return 0;
  for (double b = 1; b <= most && count < room; b = b < 4 ? b + 1 : b * 1.25) {
    const clx_screen_state s = clx_screen_at(r, &law, load, b, arena);
    if (s.tpot > 0) count = add_point(user, gpu, count, 1 / s.tpot, s.output / r->gpus);
  }
  return count;
}

// tokens/s of a GPU of a pool that prefills for a model, of the answers that it starts; 0 where there is none.
static double prefill_output(const clx_scenario *s, const clx_serving_replica *replica, int32_t model,
                             const clx_requests *requests, clx_arena *arena, clx_error *error) {
  clx_screen_load load;
  double best = 0;
  for (int32_t i = 0; i < s->serving.pools; i++) {
    const clx_serving_replica *r = &replica[i];
    if (r->role != CLX_ROLE_PREFILL || r->model != model) continue;
    if (clx_screen_load_of(requests, r->rules.prefix, &load, error) != CLX_OK) return 0;
    const clx_step_law law = clx_serving_replica_law(r, load.longest, arena);
    if (law.self != NULL) best = fmax(best, clx_screen_at(r, &law, &load, 0, arena).output / r->gpus);
  }
  return best;
}

clx_status clx_twin_serving_pareto(const clx_scenario *s, const clx_serving_replica *replica,
                                   const clx_requests *requests, clx_arena *arena, clx_result *result,
                                   clx_error *error) {
  clx_requests own;
  clx_screen_load load;
  double user[POINTS], gpu[POINTS];
  char name[NAME], slug[SLUG];
  for (int32_t i = 0; i < s->serving.pools; i++) {
    const bool apart = replica[i].role == CLX_ROLE_DECODE;
    if (replica[i].role == CLX_ROLE_PREFILL) continue;
    CLX_TRY(clx_twin_serving_requests_for(s, requests, replica[i].model, arena, &own, error));
    const double prefill = apart ? prefill_output(s, replica, replica[i].model, &own, arena, error) : 0;
    if (apart && !(prefill > 0)) continue;
    CLX_TRY(clx_screen_load_of(&own, replica[i].rules.prefix, &load, error));
    const int32_t count = clx_twin_serving_curve(&replica[i], &load, arena, user, gpu, POINTS);
    // A GPU that decodes has as many that prefill beside it as it needs.
    for (int32_t k = 0; k < count && apart; k++) gpu[k] = 1 / (1 / gpu[k] + 1 / prefill);
    if (count < 2) continue;
    snprintf(name, sizeof name, "serving.pareto.%s", clx_result_slug(replica[i].name, slug, sizeof slug));
    CLX_TRY(clx_result_add_series(result, name, "token/s", gpu, "user", "token/s", user, count, error));
  }
  return CLX_OK;
}
