// twin: couples the domains. Runs a compiled scenario and names everything it finds.
#pragma once

#include "base/base.h"
#include "result/result.h"
#include "scenario/scenario.h"

// Names of the result (unit). Reports and tests rely on them.
//   facts:  scenario.name, scenario.title, machine.fleet ("100,000 x H100 SXM in supermicro_hgx_h100_liquid"),
//           network.switch, training.model, training.software, training.precision, training.layout ("TP8 PP8 VPP4 ... DP1536"),
//           training.layout_origin ("given" | "searched, N tried"), training.flop_convention, training.bound_by,
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
//   power.it_mean (W), power.it_peak (W), power.gpu_mean (W), power.facility_mean (W), power.facility_peak (W)
clx_status clx_twin_run(const clx_scenario *scenario, const clx_run_options *options, clx_result *result,
                        clx_error *error);

// The training part alone, on a compiled scenario: layout (searched when none is given), recompute settled, memory checked
// against the device, step evaluated. Used by runs and by rows of tables. CLX_INFEASIBLE: does not fit; the message names the
// heaviest stage and tensor class and the closest layout that fits.
clx_status clx_twin_solve_training(const clx_scenario *scenario, clx_training *job, clx_memory *memory, clx_step *step,
                                   clx_error *error);
