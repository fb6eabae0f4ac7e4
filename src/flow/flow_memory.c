// Working memory of the solver.
#include "flow/flow_internal.h"

enum { LINE = 64 };  // bytes of a cache line

size_t clx_flow_bytes(int64_t count, size_t size) { return (size_t)count * size + LINE; }

bool clx_flow_slab_reserve(clx_flow_slab *slab, size_t size) {
  slab->used = 0;
  if (size <= slab->size) return true;
  clx_flow_slab_free(slab);
  slab->arena = clx_arena_new();
  if (slab->arena == NULL) return false;
  slab->data = clx_arena_alloc(slab->arena, size);
  if (slab->data == NULL) {
    clx_flow_slab_free(slab);
    return false;
  }
  slab->size = size;
  return true;
}

void *clx_flow_slab_take(clx_flow_slab *slab, int64_t count, size_t size) {
  const size_t out = (uintptr_t)(slab->data + slab->used) % LINE;
  char *const at = slab->data + slab->used + (out > 0 ? LINE - out : 0);
  slab->used = (size_t)(at - slab->data) + (size_t)count * size;
  return at;
}

void clx_flow_slab_free(clx_flow_slab *slab) {
  clx_arena_free(slab->arena);
  *slab = (clx_flow_slab){0};
}

clx_flow_solver *clx_flow_solver_new(void) {
  clx_arena *home = clx_arena_new();
  if (home == NULL) return NULL;
  clx_flow_solver *solver = CLX_NEW(home, clx_flow_solver);
  if (solver == NULL) {
    clx_arena_free(home);
    return NULL;
  }
  solver->home = home;
  return solver;
}

void clx_flow_solver_free(clx_flow_solver *solver) {
  if (solver == NULL) return;
  clx_flow_slab_free(&solver->bounds);
  clx_flow_slab_free(&solver->rest);
  clx_flow_slab_free(&solver->alike);
  clx_flow_slab_free(&solver->order);
  clx_flow_slab_free(&solver->state);
  clx_flow_slab_free(&solver->incidence);
  clx_flow_slab_free(&solver->part);
  clx_arena_free(solver->home);
}

size_t clx_flow_solver_bytes(const clx_flow_solver *solver) {
  return solver->bounds.size + solver->rest.size + solver->alike.size + solver->order.size + solver->state.size +
         solver->incidence.size + solver->part.size;
}

void clx_flow_transpose(int32_t link_count, int32_t flow_count, const int32_t *flow_first, const int32_t *link,
                        int32_t *first, int32_t *flow) {
  for (int32_t l = 0; l <= link_count; l++) first[l] = 0;
  const int32_t entries = flow_first[flow_count];
  for (int32_t e = 0; e < entries; e++) first[link[e]]++;
  // Ends of rows; writing backwards from the last flow moves them to the starts.
  for (int32_t l = 1; l < link_count; l++) first[l] += first[l - 1];
  first[link_count] = entries;
  for (int32_t i = flow_count - 1; i >= 0; i--) {
    for (int32_t e = flow_first[i + 1] - 1; e >= flow_first[i]; e--) flow[--first[link[e]]] = i;
  }
}
