// The public functions on requests through engines.
#include <stdio.h>
#include <string.h>

#include "api/api_internal.h"
#include "document/document.h"
#include "engine/engine_spec.h"
#include "engine/engine_summary.h"
#include "report/report_serving.h"
#include "result/result.h"
#include "twin/twin_serving.h"

struct clx_request_simulation {
  clx_arena *arena;
  clx_result *result;
  clx_requests requests;
  clx_engine_spec spec;
  clx_engine_result run;
};

// --- results ----------------------------------------------------------------------------------------------------------------------

typedef struct quantity {
  const char *name;
  double value;
  const char *unit, *doc;
} quantity;

static clx_status put_all(clx_result *result, const quantity *q, int32_t count, clx_error *error) {
  for (int32_t k = 0; k < count; k++) {
    CLX_TRY(clx_result_add(result, q[k].name, q[k].value, q[k].unit, q[k].value, q[k].value, q[k].doc, error));
  }
  return CLX_OK;
}

static clx_status put_latency(clx_result *result, const char *name, const char *doc, const clx_latency *l,
                              clx_error *error) {
  const struct {
    const char *name;
    double value;
  } part[] = {{"mean", l->mean}, {"p50", l->p50}, {"p90", l->p90}, {"p95", l->p95}, {"p99", l->p99}, {"most", l->most}};
  for (int32_t k = 0; k < CLX_COUNT(part); k++) {
    char full[64], text[160];
    snprintf(full, sizeof full, "serving.%s.%s", name, part[k].name);
    snprintf(text, sizeof text, "%s: %s", doc, part[k].name);
    CLX_TRY(clx_result_add(result, full, part[k].value, "s", part[k].value, part[k].value, text, error));
  }
  return CLX_OK;
}

static clx_status put_latencies(clx_result *result, const clx_engine_summary *s, clx_error *error) {
  CLX_TRY(put_latency(result, "ttft", "time to first token, with the wait in the queue", &s->first, error));
  CLX_TRY(put_latency(result, "tpot", "time per output token of a request, after the first", &s->token, error));
  CLX_TRY(put_latency(result, "itl", "time between two tokens of a request", &s->gap, error));
  CLX_TRY(put_latency(result, "e2e", "from asking to the last token", &s->whole, error));
  return put_latency(result, "wait", "from asking to the first iteration", &s->wait, error);
}

static clx_status put_counts(clx_result *result, const clx_request_simulation *sim, const clx_engine_summary *s,
                             clx_error *error) {
  const clx_engine_result *r = &sim->run;
  const quantity q[] = {
      {"serving.requests", sim->requests.count, "", "requests of the trace"},
      {"serving.ended", r->ended, "", "requests that ended"},
      {"serving.refused", r->refused, "", "requests that fit no replica"},
      {"serving.moved", r->moved, "", "requests that an outage sent to another replica"},
      {"serving.lost", r->lost, "", "requests that ended with a replica that went down"},
      {"serving.up", r->served_time, "s", "time that replicas were up, sum"},
      {"serving.span", r->span, "s", "from the first request to the last token"},
      {"serving.request_rate", s->request_rate, "1/s", "requests that ended, over the span"},
      {"serving.prompt_rate", s->prompt_rate, "1/s", "prompt tokens, found ones with them, over the span"},
      {"serving.output_rate", s->output_rate, "1/s", "output tokens over the span"},
      {"serving.output_tokens", (double)r->output_tokens, "", "tokens that were made"},
      {"serving.iterations", (double)r->iterations, "", "of all replicas"},
      {"serving.busy", sim->run.span > 0 ? r->busy / (r->span * (sim->spec.replicas + sim->spec.prefill_replicas)) : 0,
       "", "share of the span in which a replica has an iteration in flight, mean"},
      {"serving.preemptions", (double)r->preemptions, "", "requests that lost their blocks and began again"},
      {"serving.prefix_hits", s->found, "", "share of the prompt tokens that a cache had"},
      {"serving.kv_use.mean", r->blocks_mean, "", "share of the blocks in use, mean over time and ranks"},
      {"serving.kv_use.most", r->blocks_most, "", "of one rank"},
      {"serving.queue.mean", r->queue_mean, "", "requests that wait for their first iteration, mean over the span"},
      {"serving.queue.most", r->queue_most, "", "requests that wait"},
  };
  return put_all(result, q, CLX_COUNT(q), error);
}

static clx_status put_stability(clx_result *result, const clx_request_simulation *sim, clx_error *error) {
  const clx_engine_result *r = &sim->run;
  if (sim->spec.max_concurrency > 0) return CLX_OK;
  const quantity q[] = {
      {"serving.arrival_rate", r->arrival_rate, "1/s", "requests that came in the second half"},
      {"serving.service_rate", r->service_rate, "1/s", "requests that ended meanwhile"},
      {"serving.unstable", r->unstable, "", "1 = more came than could be served: the queue grew all along"},
  };
  CLX_TRY(put_all(result, q, CLX_COUNT(q), error));
  if (!r->unstable) return CLX_OK;
  return clx_result_warn(result, error,
                         "unstable: %.4g requests/s came and %.4g ended%s; waits tell how long the trace is",
                         r->arrival_rate, r->service_rate,
                         r->by_transfers ? "; the transfer of keys and values between pools is too slow" : "");
}

// --- a run ------------------------------------------------------------------------------------------------------------------------

static const char REQUESTS[] = "requests.";

static bool of_requests(const clx_setting *setting) {
  return strncmp(setting->path, REQUESTS, sizeof REQUESTS - 1) == 0;
}

static clx_status read_engine(clx_request_simulation *sim, const clx_request_simulation_options *options,
                              clx_error *error) {
  clx_node *root = NULL;
  CLX_TRY(options->scenario != NULL ? clx_document_load(sim->arena, options->scenario, &root, error)
                                    : clx_document_read(sim->arena, "settings", "", 0, &root, error));
  const clx_node *serving = clx_node_get(root, "serving");
  const clx_node *engine = serving != NULL ? clx_node_get(serving, "engine") : clx_node_get(root, "engine");
  clx_node *section = engine != NULL ? (clx_node *)engine : root;
  if (engine != NULL && engine->kind == CLX_NODE_SCALAR) {
    // By its name, as in a scenario: the rest is as --set says.
    CLX_TRY(clx_document_read(sim->arena, options->scenario, "", 0, &section, error));
    CLX_TRY(clx_node_set(sim->arena, section, "scheduler", engine->text, error));
  }
  for (int32_t k = 0; k < options->setting_count; k++) {
    const clx_setting *s = &options->settings[k];
    if (!of_requests(s)) CLX_TRY(clx_node_set(sim->arena, section, s->path, s->value, error));
  }
  return clx_schema_read(&clx_engine_spec_schema, section, false, sim->arena, &sim->spec, error);
}

static clx_status read_requests(clx_request_simulation *sim, const char *trace,
                                const clx_request_simulation_options *options, clx_error *error) {
  clx_setting *own = CLX_NEW_ARRAY(sim->arena, clx_setting, options->setting_count + 1);
  if (own == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int32_t count = 0;
  for (int32_t k = 0; k < options->setting_count; k++) {
    if (!of_requests(&options->settings[k])) continue;
    own[count] = options->settings[k];
    own[count++].path += sizeof REQUESTS - 1;
  }
  clx_requests_found found = {0};
  CLX_TRY(clx_api_requests_make(sim->arena, trace, own, count, &sim->requests, &found, error));
  CLX_TRY(clx_twin_serving_warn_requests(&sim->requests, sim->result, error));
  if (found.dropped == 0) return CLX_OK;
  return clx_result_warn(sim->result, error, "%d requests without prompt or output left out", found.dropped);
}

// A time that the table does not have would be a guess.
static clx_status check_reach(const char *file, const clx_operators *operators, clx_error *error) {
  const clx_operators_outside out = clx_operators_beyond(operators);
  if (out.iterations == 0) return CLX_OK;
  return clx_fail(
      error, CLX_INPUT, (clx_place){file, 0, 0},
      "%lld iterations lie outside of the table; largest: %d new tokens, %d decodes, %d cached tokens, prompts of "
      "%d tokens (0 = inside)",
      (long long)out.iterations, out.tokens, out.batch, out.context, out.chunk);
}

// What does not go together stands in the section of the engine, where a file states it.
static clx_status run_engine(clx_request_simulation *sim, const clx_engine_fleet *fleet, const clx_offer *offer,
                             const clx_engine_options *bounds, bool stated, clx_error *error) {
  clx_error own;
  clx_error_clear(&own);
  const clx_status status = clx_engine_run(fleet, offer, bounds, sim->arena, &sim->run, stated ? &own : error);
  if (!stated || status == CLX_OK) return status;
  return clx_fail(error, status, sim->spec.place, "%s", own.mistake[0].text);
}

static clx_status simulate(clx_request_simulation *sim, const char *trace,
                           const clx_request_simulation_options *options, clx_error *error) {
  if (options->operators == NULL) return clx_fail_plain(error, CLX_INPUT, "no table of operator times");
  CLX_TRY(read_engine(sim, options, error));
  CLX_TRY(read_requests(sim, trace, options, error));
  const clx_operator_rules rules = clx_engine_spec_operators(&sim->spec);
  clx_operators *operators = NULL;
  CLX_TRY(clx_operators_load(sim->arena, options->operators, &rules, &operators, error));
  clx_pool pool[CLX_ENGINE_SPEC_POOLS];
  const clx_engine_fleet fleet = clx_engine_spec_fleet(&sim->spec, clx_operators_law(operators), pool);
  const clx_offer offer = {&sim->requests, sim->spec.max_concurrency};
  const clx_engine_options bounds = {.seed = (uint64_t)sim->spec.seed,
                                     .queue_most = sim->spec.max_queue,
                                     .time_most = sim->spec.time_limit,
                                     .refuse = sim->spec.refuse != 0};
  CLX_TRY(run_engine(sim, &fleet, &offer, &bounds, options->scenario != NULL, error));
  CLX_TRY(check_reach(options->operators, operators, error));
  clx_engine_summary summary;
  CLX_TRY(clx_engine_summarise(&sim->requests, &sim->run, sim->arena, &summary, error));
  CLX_TRY(clx_result_add_text(sim->result, "serving.trace", trace, error));
  CLX_TRY(clx_result_add_text(sim->result, "serving.scheduler", clx_engine_policy_name[sim->spec.policy], error));
  CLX_TRY(put_counts(sim->result, sim, &summary, error));
  CLX_TRY(put_latencies(sim->result, &summary, error));
  return put_stability(sim->result, sim, error);
}

clx_status clx_request_simulation_open(const char *trace, const clx_request_simulation_options *options,
                                       clx_request_simulation **out, clx_error *error) {
  *out = NULL;
  clx_arena *arena = clx_arena_new();
  clx_request_simulation *sim = arena != NULL ? CLX_NEW(arena, clx_request_simulation) : NULL;
  clx_result *result = clx_result_new();
  clx_status status = CLX_MEMORY;
  if (sim != NULL && result != NULL) {
    *sim = (clx_request_simulation){.arena = arena, .result = result};
    status = simulate(sim, trace, options, error);
  } else {
    clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  if (status == CLX_OK) {
    *out = sim;
    return CLX_OK;
  }
  clx_result_free(result);
  clx_arena_free(arena);
  return status;
}

void clx_request_simulation_free(clx_request_simulation *simulation) {
  if (simulation == NULL) return;
  clx_result_free(simulation->result);
  clx_arena_free(simulation->arena);
}

const clx_result *clx_request_simulation_result(const clx_request_simulation *simulation) { return simulation->result; }

clx_status clx_request_simulation_text(const clx_request_simulation *simulation, bool colour, char **text,
                                       clx_error *error) {
  clx_buffer out = {0};
  clx_report_serving(simulation->result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_request_simulation_csv(const clx_request_simulation *simulation, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_engine_write_csv(&simulation->requests, &simulation->run, NULL, NULL, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
