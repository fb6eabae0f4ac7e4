// Throughput of a GPU against the speed that a user sees, as the batch grows: the steady state of each pool that does both.
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

clx_status clx_twin_serving_pareto(const clx_scenario *s, const clx_serving_replica *replica,
                                   const clx_requests *requests, clx_arena *arena, clx_result *result,
                                   clx_error *error) {
  clx_requests own;
  clx_screen_load load;
  double user[POINTS], gpu[POINTS];
  char name[NAME], slug[SLUG];
  for (int32_t i = 0; i < s->serving.pools; i++) {
    if (replica[i].role != CLX_ROLE_WHOLE) continue;
    CLX_TRY(clx_twin_serving_requests_for(s, requests, replica[i].model, arena, &own, error));
    CLX_TRY(clx_screen_load_of(&own, replica[i].rules.prefix, &load, error));
    const int32_t count = clx_twin_serving_curve(&replica[i], &load, arena, user, gpu, POINTS);
    if (count < 2) continue;
    snprintf(name, sizeof name, "serving.pareto.%s", clx_result_slug(replica[i].name, slug, sizeof slug));
    CLX_TRY(clx_result_add_series(result, name, "token/s", gpu, "user", "token/s", user, count, error));
  }
  return CLX_OK;
}
