// Steps of clx_twin_run, one file each.
#pragma once

#include "search/search.h"
#include "twin/twin.h"

// Adds a quantity without a band.
clx_status clx_twin_put(clx_result *result, const char *name, double value, const char *unit, const char *doc,
                        clx_error *error);
// Keys of the scenario that were assumed, and why.
clx_status clx_twin_assumptions(const clx_scenario *scenario, clx_result *result, clx_error *error);
// scenario.name, scenario.title.
clx_status clx_twin_scenario(const clx_scenario *scenario, clx_result *result, clx_error *error);
struct clx_twin_kept;
// A run but its cost: what the section `cost` takes its facts from. kept nullable: gets the build.
clx_status clx_twin_run_machine(const clx_scenario *scenario, const clx_run_options *options,
                                struct clx_twin_kept *kept, clx_result *result, clx_error *error);
clx_status clx_twin_machine(const clx_scenario *scenario, clx_result *result, clx_error *error);
// network.SUBJECT.WHAT
clx_status clx_twin_put_network(clx_result *result, const char *subject, const char *what, double value,
                                const char *unit, const char *doc, clx_error *error);
// What needs no study: topology, bill, bisection, blocks.
clx_status clx_twin_network_summary(const clx_scenario *scenario, clx_result *result, clx_error *error);
// The training step on the links, for a study of the network. Arrays of `arena` are scratch.
clx_status clx_twin_timeline(const clx_scenario *scenario, clx_arena *arena, clx_result *result, clx_error *error);
// Finds or takes the layout, checks memory, evaluates the step. *job is the final job.
clx_status clx_twin_training(const clx_scenario *scenario, uint64_t seed, clx_result *result, clx_training *job,
                             clx_step *step, clx_error *error);
// Makes the profile's habit of recompute explicit; where the job leaves it open (CLX_RECOMPUTE_DEFAULT) and the habit does not fit
// into `capacity` bytes, the least that does, and the offload that goes with it.
clx_status clx_twin_settle(clx_training *job, double capacity, clx_memory *memory, clx_error *error);
// The step of every rank, drawn with `seed`; *result (nullable) gets what it found of the ranks.
clx_status clx_twin_ranks(const clx_scenario *scenario, uint64_t seed, const clx_training *job, clx_step *step,
                          clx_result *result, clx_error *error);
// What the record says of the error of such a step, with warnings beyond it.
clx_status clx_twin_accuracy(const clx_accuracy *accuracy, const clx_training *job, clx_result *result,
                             clx_error *error);
// Parts of the fleet that train; part has room for machine.cohort_count. Returns how many.
int32_t clx_twin_parts(const clx_scenario *scenario, clx_fleet_part *part);
// Power of a run, after training and reliability: power.* (twin.h, twin_power_study.h).
clx_status clx_twin_power(const clx_scenario *scenario, const clx_training *job, const clx_step *step, uint64_t seed,
                          clx_result *result, clx_error *error);
// The same of a machine of many jobs.
clx_status clx_twin_power_jobs(const clx_scenario *scenario, clx_result *result, clx_error *error);
// Failures of the job, where the scenario has the section: reliability.*.
clx_status clx_twin_run_reliability(const clx_scenario *scenario, uint64_t seed, int32_t threads,
                                    const clx_training *job, const clx_step *step, clx_result *result,
                                    clx_error *error);
// What a search for little IT energy weighs: J of a step of the whole machine.
clx_status clx_twin_energy(const clx_scenario *scenario, clx_search_worth *worth, clx_error *error);
// "TP8 PP8 VPP4 DP1536, micro-batch 1, zero1, recompute none".
void clx_twin_layout_text(const clx_layout *layout, char *text, size_t size);

// Ranks for a timeline; room for CLX_TRACE_RANKS_MAX.
typedef struct clx_rank_list {
  int64_t *rank;
  int32_t count;
} clx_rank_list;

// "0,8,512-519"
clx_status clx_twin_rank_list(const char *text, clx_rank_list *list, clx_error *error);
