// twin: couples the domains. Runs a compiled scenario and names everything it finds.
#pragma once

#include "base/base.h"
#include "result/result.h"
#include "scenario/scenario.h"

// Names of the result (unit). Reports and tests rely on them.
//   facts:  scenario.name, scenario.title, machine.fleet ("100,000 x H100 SXM in supermicro_hgx_h100_liquid"),
//           network.switch, training.model, training.software, training.precision, training.layout ("TP8 PP8 VPP4 ... DP1536"),
//           training.layout_origin ("given" | "searched, N tried; ..."), training.flop_convention, training.bound_by,
//           accuracy.statement ("807 published runs: mean |error| 9.1 %, median 6.4 %, 90th percentile 20 %")
//   machine.gpus, machine.servers, machine.racks, machine.endpoints, machine.switches, machine.switches_tier_1.., machine.tiers,
//   machine.cables, machine.optics, machine.gpus_used, machine.gpus_spare   (plain counts)
//   training.tp, pp, vpp, cp, ep, etp, dp, micro_batch, micro_batches, global_batch, sequence
//   training.parameters, training.parameters_active, training.flop_per_token (FLOP)
//   training.memory.{weights,gradients,optimizer,activations,overhead,total,capacity} (B), training.memory.stage
//   training.step_time (s), training.part.{gemm,attention,stream,recompute,tp_exposed,cp_exposed,ep_exposed,pp_exposed,
//   dp_exposed,contention,bubble,optimizer,launch,jitter} (s), training.mfu, training.mfu_peak (FLOP/s), training.tokens_per_second,
//   training.tokens_per_second_per_gpu, training.tokens_per_day, training.tokens, training.duration (s),
//   training.energy (J), training.steps
//   power.*: twin_power_study.h; serving.*: twin_serving.h
//   network.topology, network.fabric (facts: its name, and one line), network.switches, network.switches_tier_1.., network.cables.{copper,optical},
//   network.transceivers, network.nics, network.endpoints, network.planes (counts), network.power (W), network.bisection (B/s),
//   network.bisection_share, network.level_1.{gpus,thinning,latency (s)} ...
enum { CLX_DEFAULT_SEED = 1 };  // of runs, and of rows of tables
clx_status clx_twin_run(const clx_scenario *scenario, const clx_run_options *options, clx_result *result,
                        clx_error *error);

// The training part alone, on a compiled scenario: layout (searched when none is given), recompute settled, memory checked
// against the device, step evaluated. Used by runs and by rows of tables. CLX_INFEASIBLE: does not fit; the message names the
// heaviest stage and tensor class and the closest layout that fits.
// `ran`: somebody has run it, so that memory is no limit: what would not fit is evaluated all the same.
clx_status clx_twin_solve_training(const clx_scenario *scenario, bool ran, clx_training *job, clx_memory *memory,
                                   clx_step *step, clx_error *error);

// What ranks of the training job do in one step (training_exact.h). `ranks`: a list such as "0,8,512-519"; NULL = the first rank of
// every stage, at most 64. Names and arrays come from `arena`. CLX_INPUT: a list that cannot be read or has more than
// CLX_TRACE_RANKS_MAX ranks, a rank that the job does not have.
enum { CLX_TRACE_RANKS_MAX = 4096 };
clx_status clx_twin_trace(const clx_scenario *scenario, uint64_t seed, const char *ranks, clx_arena *arena,
                          clx_trace *trace, clx_error *error);

// Traffic of which a study keeps the load of links.
typedef enum clx_study_traffic {
  CLX_STUDY_PERMUTATION,  // every NIC to one other, drawn at random
  CLX_STUDY_RING,         // rings over all servers in the order of the placement
  CLX_STUDY_ALL_TO_ALL,
  CLX_STUDY_JOBS,  // the training job, as rings, and the other jobs of the scenario
  CLX_STUDY_TRAFFICS
} clx_study_traffic;

extern const char *const clx_study_traffic_name[CLX_STUDY_TRAFFICS + 1];

// What `colossus network` reports. Names, beside machine.* and network.* of a run:
//   {permutation,ring,all_to_all} as P: network.P.{mean,worst,split_mean,split_worst} (B/s of one NIC), network.P.{share,split_share};
//   network.ring.placement, network.ring.remark where nothing leaves a single server (facts); with other jobs in the scenario the same for network.job (training) and network.job_1 ..., and
//   network.job.servers, network.job.alone (B/s), network.job.{name,pattern} (facts)
//   {all_reduce,reduce_scatter,all_gather,all_to_all,send_recv,broadcast,moe_dispatch,moe_combine} as C, {1MiB,64MiB,1GiB} as S:
//   network.C.ranks, network.C.time_S (s), network.C.bus_bandwidth_S (B/s; both with the band of the library's record), network.C.algorithm_S (fact "nvls_tree, simple"),
//   network.C.time (series over bytes)
//   {leaf,spine,core,nic,leaf_link,spine_link,nic_link ...} as F, what failed: network.failure.F.{mean,worst} (B/s of one NIC in a
//   permutation, of rings in rail-only fabrics), network.failure.F.{slowed,slowed_share,cut}, network.failure.F.part, network.failure.traffic (facts)
//   classes of links as L (nic_up, leaf_down, global, x_plus ...): network.heat.L.{links,min,mean,max}, network.heat.L.rate (B/s),
//   network.heat.L.{class,fullest} (facts), network.heat.traffic (fact)
//   network.timeline.stage, network.timeline.{step,contention} (s); of the passes of one micro-batch beside which parameters (forward)
//   and gradients (backward) travel: network.timeline.{forward,backward}.{compute,tp,cp,ep,dp} (s; series of durations over starts),
//   network.timeline.{forward,backward}.{layers_end,dp_end} (s); network.checkpoint.{bytes (B of a GPU),time (s),added (s a step)},
//   network.checkpoint.path (fact)
// Errors: CLX_INPUT for unknown traffic; CLX_INFEASIBLE when failed parts of the scenario cut servers off.
// Cost: about 1 us a NIC and pattern; a solve for every failure.
clx_status clx_twin_network(const clx_scenario *scenario, const clx_network_options *options, clx_result *result,
                            clx_error *error);

// What `colossus why` reports, beside training.* of a run: why.share.PART and why.group.KIND (of the step; both add up to 1),
// why.step_time (s, what changes are measured against); of every number I that goes into the step why.input.I.value, .elasticity
// (d ln step / d ln input, central; of shares d ln step / d share), .up and .down (one-sided), .jump_up and .jump_down (where the step jumps), .effect (by 10 % or 10 points more),
// .title, .side (facts: "hardware", "software"); of every single change M why.move.M.possible (0, 1), .gain (throughput), .step_time (s), .memory (B), .title
// and, where it is not possible, .impossible (facts); why.answer_1 ... (facts: what binds, in sentences).
// Errors: those of a run. Cost: about 100 steps.
clx_status clx_twin_why(const clx_scenario *scenario, const clx_run_options *options, clx_result *result,
                        clx_error *error);

// Plays the schedule at `path` (network_schedule.h) on the fabric of a scenario: ranks are the GPUs of the training job in the
// order of its placement, NVLink as fast as a ring on NCCL's Simple protocol finds it, NICs at the share of their rate that the
// transport reaches. Names: schedule.time (s), schedule.rounds, schedule.ranks, schedule.bytes (B), schedule.rate (B/s of one rank, mean),
// schedule.busiest (s that the bytes of the fullest link need at least), schedule.solves; series schedule.round_time and
// schedule.round_start (s, over the number of the round in the document); facts schedule.name, schedule.busiest_link.
// seed 0 = the scenario's network.seed.
// Errors: those of clx_schedule_load and clx_schedule_play.
clx_status clx_twin_schedule(const clx_scenario *scenario, const char *path, uint64_t seed, clx_result *result,
                             clx_error *error);

// Searches the layouts of the job on the whole fleet that trains and, of a mixed one, on its faster parts alone; the best are
// simulated rank by rank as `run` does. Names:
//   facts search.{model,objective,fleet}, search.fixed where keys are; search.given.layout where the scenario has one that fits
//   search.gpus, search.{members,evaluated,pruned,steps,confirmed} (counts), search.proven (1: see clx_search_outcome),
//   search.rejected.R for reasons R with the doc of the reason; search.memory_limit (B)
//   search.given.{step_time (s),expected (s),memory (B),value}
//   of the best: search.best.{value,step_time,memory,gpus,mfu,tokens_per_second,duration,energy,cost}, search.best.KEY for
//   numeric keys of the layout; fact search.best.layout
//   series search.top.{value,step_time,expected,memory,gpus,mfu} over the rank (1 ...; expected: before ranks differ), facts search.top_N.{layout,fleet};
//   series search.front.{step_time,gpus} over memory (B; step_time as expected), facts search.front_N.layout;
//   for several counts of GPUs: series search.count.{value,step_time,used} over gpus, facts search.count_N.layout
// Units of value: s, USD or J. Errors: those of clx_search_run of the public header.
clx_status clx_twin_search(const clx_scenario *scenario, const clx_search_options *options, clx_result *result,
                           clx_error *error);

extern const char *const clx_twin_objective_name[];  // NULL at the end

// Plays the Chakra traces <prefix>.<rank>.et (import_chakra.h) on the device and network of a scenario: rank r is GPU r of the job in the
// order of its placement. Names: replay.step_time (s), replay.{ranks,nodes,dependencies,stream_edges,transfers,shared,last_rank};
// replay.rank.{compute,exposed,waiting,host,idle,communication} (s; mean, low and high: the least and the most of one rank; series
// over ranks up to CLX_REPLAY_SERIES_MAX); collectives by falling time as replay.collective_N.{count,ranks,inside,bytes (B),time (s),
// alone (s),waiting (s)} and fact replay.collective_N.kind; replay.critical.{nodes,host,compute,memory,send,receive,collective (s)},
// replay.critical_N.{time (s),count}, facts replay.critical_N.{name,kind}; facts replay.{source,device,compute,transfers}.
// trace nullable: the timeline of options->trace_ranks (NULL = the first eight ranks).
// Errors: those of clx_chakra_load and clx_replay_run; CLX_INFEASIBLE for more ranks than the machine has GPUs.
enum { CLX_REPLAY_SERIES_MAX = 65536, CLX_REPLAY_ROWS_MAX = 20, CLX_REPLAY_STEPS_MAX = 10 };

clx_status clx_twin_replay(const clx_scenario *scenario, const char *prefix, const clx_chakra_options *options,
                           clx_arena *arena, clx_result *result, clx_trace *trace, clx_error *error);
