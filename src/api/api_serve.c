// The public functions that serve a model and plan services.
#include <stdlib.h>

#include "api/api_internal.h"
#include "engine/engine_summary.h"
#include "report/report_service.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin_serving.h"

struct clx_service {
  clx_arena *arena;
  const clx_scenario *scenario;
  uint64_t seed;
  clx_result *result;
  bool watched;            // what follows is there
  clx_twin_service first;  // the run of the first seed
  clx_trace trace;
};

void clx_serve_options_default(clx_serve_options *options) { *options = (clx_serve_options){.seed = CLX_DEFAULT_SEED}; }

void clx_service_free(clx_service *service) {
  if (service == NULL) return;
  clx_result_free(service->result);
  clx_arena_free(service->arena);
}

clx_status clx_service_run(const clx_scenario *scenario, const clx_serve_options *options, clx_service **out,
                           clx_error *error) {
  clx_serve_options own;
  clx_serve_options_default(&own);
  if (options == NULL) options = &own;
  *out = NULL;
  clx_arena *arena = clx_arena_new();
  clx_service *service = arena != NULL ? CLX_NEW(arena, clx_service) : NULL;
  if (service == NULL) {
    clx_arena_free(arena);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  *service = (clx_service){.arena = arena, .scenario = scenario, .seed = options->seed, .result = clx_result_new()};
  clx_status status = service->result != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK) status = clx_twin_serving_study(scenario, options, service->result, error);
  if (status == CLX_OK)
    *out = service;
  else
    clx_service_free(service);
  return status;
}

const clx_result *clx_service_result(const clx_service *service) { return service->result; }

clx_status clx_service_text(const clx_service *service, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_service(service->result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

// Each request and iteration, where they are asked for.
static clx_status watch(clx_service *s, clx_error *error) {
  if (s->watched) return CLX_OK;
  s->watched = true;
  return clx_twin_serving_trace(s->scenario, s->seed, s->arena, &s->first, &s->trace, error);
}

static clx_status write_requests(const clx_service *s, clx_buffer *out, clx_error *error) {
  const clx_serving_entries *e = &s->scenario->serving;
  const int32_t tenants = s->first.requests.tenants;
  const char **model = CLX_NEW_ARRAY(s->arena, const char *, tenants);
  double *front = CLX_NEW_ARRAY(s->arena, double, tenants);
  clx_serving_replica *replica = NULL;
  if (model == NULL || front == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_twin_serving_pools(s->scenario, s->arena, &replica, error));
  for (int32_t i = 0; i < tenants; i++) {
    const int32_t number = e->tenants > 0 ? e->tenant[i].model : 0;
    model[i] = e->model[number].model.name;
    front[i] = clx_twin_serving_front(replica, e->pools, number);
  }
  clx_engine_write_csv(&s->first.requests, &s->first.run, model, front, out);
  return CLX_OK;
}

static clx_status write_part(clx_service *s, const char *what, clx_buffer *out, clx_error *error) {
  if (clx_text_equal(what, "trace") || clx_text_equal(what, "requests")) CLX_TRY(watch(s, error));
  if (clx_text_equal(what, "trace")) return clx_trace_write(&s->trace, CLX_TRACE_PERFETTO, out, error);
  if (clx_text_equal(what, "requests")) {
    return write_requests(s, out, error);
  } else if (clx_text_equal(what, "pareto")) {
    clx_report_service_pareto(s->result, out);
  } else if (clx_text_equal(what, "points")) {
    clx_report_service_points(s->result, out);
  } else if (clx_text_equal(what, "replicas")) {
    clx_report_service_replicas(s->result, out);
  } else if (clx_text_equal(what, "staff")) {
    clx_report_service_replicas_csv(s->result, out);
  } else {
    return clx_fail_plain(
        error, CLX_INPUT,
        "unknown part '%.40s' of a service; expected requests, trace, pareto, points, replicas or staff", what);
  }
  return CLX_OK;
}

clx_status clx_service_write(clx_service *service, const char *what, char **data, size_t *size, clx_error *error) {
  clx_buffer out = {0};
  *size = 0;
  const clx_status status = write_part(service, what, &out, error);
  const size_t length = out.length;
  CLX_TRY(clx_api_hand_over(status, &out, data, error));
  *size = length;
  return CLX_OK;
}

clx_status clx_serve_plan_run(const clx_scenario *scenario, const clx_serve_options *options, clx_result **out,
                              clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_serve_options plain;
  clx_serve_options_default(&plain);
  const clx_status status = clx_twin_serving_plan(scenario, options != NULL ? options : &plain, result, error);
  if (status == CLX_OK)
    *out = result;
  else
    clx_result_free(result);
  return status;
}

clx_status clx_serve_plan_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_service_plan(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_serve_plan_csv(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_service_options(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_serve_plan_svg(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_service_pareto(result, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
