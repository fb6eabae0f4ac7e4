// What a service needs and the rest of its scenario does not have.
#include "twin/twin_serving.h"

// GPUs of the machine in servers of that name which do not train.
static double gpus_of(const clx_scenario *s, const char *server) {
  double gpus = 0;
  for (int32_t i = 0; i < s->machine.cohort_count; i++) {
    const clx_cohort *c = &s->machine.cohort[i];
    const bool free = !clx_scenario_is_training(s) || !c->trains;
    if (free && clx_text_equal(c->server.name, server)) gpus += (double)c->gpus;
  }
  return gpus;
}

static double needed_of(const clx_scenario *s, const clx_serving_replica *replica, const char *server) {
  double gpus = 0;
  for (int32_t i = 0; i < s->serving.pools; i++)
    if (clx_text_equal(s->serving.pool[i].server.name, server)) gpus += (double)replica[i].gpus * replica[i].replicas;
  return gpus;
}

// Power, build and cost of the scenario are those of its machine.
static clx_status warn_of_machine(const clx_scenario *s, const clx_serving_replica *replica, clx_result *result,
                                  clx_error *error) {
  for (int32_t i = 0; i < s->serving.pools; i++) {
    const char *server = s->serving.pool[i].server.name;
    bool told = false;
    for (int32_t k = 0; k < i; k++) told = told || clx_text_equal(s->serving.pool[k].server.name, server);
    const double needed = needed_of(s, replica, server), free = gpus_of(s, server);
    if (told || needed <= free) continue;
    CLX_TRY(clx_result_warn(result, error,
                            "serving.pools take %.0f GPUs in %s, the machine has %.0f%s: its power, build and cost are "
                            "not those of the pools",
                            needed, server, free, clx_scenario_is_training(s) ? " that do not train" : ""));
  }
  return CLX_OK;
}

clx_status clx_twin_serving_warn_span(const clx_scenario *s, const char *name, const clx_server *server, int32_t tp,
                                      clx_arena *arena, clx_result *result, clx_error *error) {
  if (tp <= server->gpus) return CLX_OK;
  const int32_t domain = clx_serving_domain(s->catalog, server, arena);
  if (tp <= domain) return CLX_OK;
  return clx_result_warn(result, error,
                         "extrapolated: '%.60s' is tensor parallel over %d GPUs, NVLink joins %d of %s: sums between "
                         "servers are taken to be as fast as within; expected pp, whose stages pass the network",
                         name, tp, domain, server->name);
}

static clx_status warn_of_spans(const clx_scenario *s, const clx_serving_replica *replica, clx_result *result,
                                clx_error *error) {
  clx_arena *arena = clx_arena_new();
  clx_status status = arena != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->serving.pools && status == CLX_OK; i++)
    if (!replica[i].unified)
      status = clx_twin_serving_warn_span(s, replica[i].name, &s->serving.pool[i].server, replica[i].kernels.tp, arena,
                                          result, error);
  clx_arena_free(arena);
  return status;
}

clx_status clx_twin_serving_warn_requests(const clx_requests *requests, clx_result *result, clx_error *error) {
  if (requests->unread != NULL) CLX_TRY(clx_result_warn(result, error, "%s", requests->unread));
  return requests->unsure != NULL ? clx_result_warn(result, error, "%s", requests->unsure) : CLX_OK;
}

clx_status clx_twin_serving_warn(const clx_scenario *s, const clx_serving_replica *replica, clx_result *result,
                                 clx_error *error) {
  CLX_TRY(warn_of_machine(s, replica, result, error));
  CLX_TRY(warn_of_spans(s, replica, result, error));
  for (int32_t m = 0; m < s->serving.models && !(s->spec.serving.context > 0); m++) {
    const clx_transformer *model = &s->serving.model[m].model;
    if (model->context > 0) continue;
    CLX_TRY(clx_result_warn(
        result, error, "the context of %s is not known: requests of any length are served; serving.context bounds them",
        model->name));
  }
  return CLX_OK;
}
