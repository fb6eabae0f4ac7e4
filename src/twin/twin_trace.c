// A training step as a timeline of chosen ranks.
#include <errno.h>
#include <stdlib.h>

#include "twin/twin_internal.h"

enum { DEFAULT_RANKS = 64 };

static clx_status wrong_list(const char *text, clx_error *error) {
  return clx_fail_plain(error, CLX_INPUT, "ranks '%.60s': expected a list such as 0,8,512-519 of at most %d ranks",
                        text, CLX_TRACE_RANKS_MAX);
}

static bool read_number(const char **at, int64_t *value) {
  if (**at < '0' || **at > '9') return false;
  char *end = NULL;
  errno = 0;
  *value = strtoll(*at, &end, 10);
  *at = end;
  return errno == 0;
}

clx_status clx_twin_rank_list(const char *text, clx_rank_list *list, clx_error *error) {
  const char *at = text;
  do {
    int64_t first = 0, last = 0;
    if (at > text) at++;  // the comma
    if (!read_number(&at, &first)) return wrong_list(text, error);
    last = first;
    if (*at == '-') {
      at++;
      if (!read_number(&at, &last)) return wrong_list(text, error);
    }
    if (last < first || last - first >= CLX_TRACE_RANKS_MAX - list->count) return wrong_list(text, error);
    for (int64_t rank = first; rank <= last; rank++) list->rank[list->count++] = rank;
  } while (*at == ',');
  return *at == '\0' ? CLX_OK : wrong_list(text, error);
}

static void first_of_stages(const clx_layout *l, clx_rank_list *list) {
  for (int32_t i = 0; i < l->pp && i < DEFAULT_RANKS; i++)
    list->rank[list->count++] = (int64_t)i * l->tp * l->cp * l->dp;
}

clx_status clx_twin_trace(const clx_scenario *s, uint64_t seed, const char *ranks, clx_arena *arena, clx_trace *trace,
                          clx_error *error) {
  CLX_TRY(clx_scenario_need_training(s, error));
  clx_training job;
  clx_memory memory;
  clx_step step;
  CLX_TRY(clx_twin_solve_training(s, false, &job, &memory, &step, error));
  clx_rank_list list = {.rank = CLX_NEW_ARRAY(arena, int64_t, CLX_TRACE_RANKS_MAX)};
  clx_fleet_part *part = CLX_NEW_ARRAY(arena, clx_fleet_part, s->machine.cohort_count);
  if (list.rank == NULL || part == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (ranks == NULL) {
    first_of_stages(&job.layout, &list);
  } else {
    CLX_TRY(clx_twin_rank_list(ranks, &list, error));
  }
  const clx_exact_options options = {.stragglers = &s->spec.training.stragglers,
                                     .part = part,
                                     .part_count = clx_twin_parts(s, part),
                                     .balance = s->spec.training.balance,
                                     .seed = seed,
                                     .steps = 1};
  CLX_TRY(clx_training_trace(&job, &options, list.rank, list.count, arena, trace, error));
  trace->title = s->spec.title != NULL ? s->spec.title : s->spec.name;
  return CLX_OK;
}
