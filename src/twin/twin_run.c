#include "twin/twin_buildout.h"
#include "twin/twin_cost.h"
#include "twin/twin_internal.h"
#include "twin/twin_power.h"
#include "twin/twin_reliability.h"
#include "twin/twin_serving.h"
#include "twin/twin_supply.h"

clx_status clx_twin_put(clx_result *result, const char *name, double value, const char *unit, const char *doc,
                        clx_error *error) {
  return clx_result_add(result, name, value, unit, value, value, doc, error);
}

static bool is_assumed(const clx_result *result, const char *wanted) {
  const char *key, *why;
  for (int32_t i = 0; clx_result_assumption(result, i, &key, &why); i++) {
    if (clx_text_equal(key, wanted)) return true;
  }
  return false;
}

// What the model said of a key stands: it is of the policy that ran, which need not be that of the scenario.
clx_status clx_twin_assumptions(const clx_scenario *scenario, clx_result *result, clx_error *error) {
  const clx_node *assumed = scenario->spec.assumed;
  if (assumed == NULL || assumed->kind != CLX_NODE_MAP) return CLX_OK;
  for (int32_t i = 0; i < assumed->child_count; i++) {
    if (is_assumed(result, assumed->child[i].key)) continue;
    CLX_TRY(clx_result_assume(result, error, assumed->child[i].key, assumed->child[i].text));
  }
  return CLX_OK;
}

clx_status clx_twin_run_reliability(const clx_scenario *scenario, uint64_t seed, int32_t threads,
                                    const clx_training *job, const clx_step *step, clx_result *result,
                                    clx_error *error) {
  enum { SAMPLES = 241 };
  if (scenario->spec.reliability.failures == NULL) return CLX_OK;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_twin_reliability_options how = {.seed = seed, .threads = threads, .samples = SAMPLES};
  clx_twin_reliability_case c = {.scenario = scenario, .job = *job, .step = *step};
  clx_status status = clx_twin_reliability_model(&c, arena, result, error);
  if (status == CLX_OK) status = clx_twin_reliability_solve(&c, &how, arena, error);
  if (status == CLX_OK) status = clx_twin_reliability_put(&c, "reliability", true, result, error);
  clx_arena_free(arena);
  return status;
}

static clx_status run_training(const clx_scenario *scenario, const clx_run_options *options, clx_result *result,
                               clx_error *error) {
  clx_training job;
  clx_step step;
  CLX_TRY(clx_twin_training(scenario, options->seed, result, &job, &step, error));
  CLX_TRY(clx_twin_run_reliability(scenario, options->seed, options->threads, &job, &step, result, error));
  CLX_TRY(clx_twin_power(scenario, &job, &step, options->seed, result, error));
  CLX_TRY(clx_twin_supply_run(scenario, options->seed, result, error));
  return clx_twin_assumptions(scenario, result, error);
}

clx_status clx_twin_run_machine(const clx_scenario *scenario, const clx_run_options *options, clx_twin_kept *kept,
                                clx_result *result, clx_error *error) {
  CLX_TRY(clx_twin_scenario(scenario, result, error));
  CLX_TRY(clx_twin_machine(scenario, result, error));
  CLX_TRY(clx_twin_network_summary(scenario, result, error));
  CLX_TRY(clx_twin_serving_run(scenario, &(clx_serve_options){.seed = options->seed}, result, error));
  if (!clx_scenario_is_training(scenario)) {
    // A fleet whose work is not computed may be there for its build or its cost alone.
    if (scenario->spec.power.jobs.place.file != NULL ||
        !(clx_scenario_is_built(scenario) || clx_scenario_has_cost(scenario) || clx_scenario_is_serving(scenario)))
      CLX_TRY(clx_twin_power_jobs(scenario, result, error));
    CLX_TRY(clx_twin_supply_run(scenario, options->seed, result, error));
    CLX_TRY(clx_twin_run_buildout(scenario, options->seed, options->threads, kept, result, error));
    return clx_twin_assumptions(scenario, result, error);
  }
  // What a site forces its GPUs to holds for training and all that follows from it.
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_scenario fitted;
  clx_status status = clx_twin_power_settle(scenario, options->seed, arena, &fitted, error);
  if (status == CLX_OK) status = run_training(&fitted, options, result, error);
  if (status == CLX_OK) status = clx_twin_run_buildout(scenario, options->seed, options->threads, kept, result, error);
  clx_arena_free(arena);
  return status;
}

clx_status clx_twin_run(const clx_scenario *scenario, const clx_run_options *options, clx_result *result,
                        clx_error *error) {
  const clx_twin_cost_how how = {
      .seed = options->seed, .replicas = CLX_TWIN_COST_REPLICAS, .threads = options->threads};
  if (!clx_scenario_has_cost(scenario)) return clx_twin_run_machine(scenario, options, NULL, result, error);
  clx_twin_kept kept = {.arena = clx_arena_new()};
  if (kept.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = clx_twin_run_machine(scenario, options, &kept, result, error);
  if (status == CLX_OK) status = clx_twin_cost_run(scenario, &how, kept.build, result, error);
  clx_arena_free(kept.arena);
  return status;
}
