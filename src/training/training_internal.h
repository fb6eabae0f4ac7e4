// What the files of training share.
#pragma once

#include "network/network_traffic.h"
#include "training/training.h"

// Share of the time that a collective and compute run side by side by which compute takes longer.
// Products and attention beside one: the share of the processors that hold its channels.
double clx_training_processors_held(const clx_training *job, clx_collective kind, clx_group group);
// The same of buffers that pipeline a tensor-parallel collective with its product.
double clx_training_buffers_held(const clx_training *job);
// A pass with streaming work in it: that loses the bandwidth which the collective's copies take. `d`: its bytes and time.
double clx_training_drag(const clx_training *job, clx_collective kind, clx_group group, const clx_traffic_demand *d,
                         const clx_layer_cost *beside, int32_t pass);
// The same of a data-parallel collective, parameters gathered in pass 0 or gradients reduced in pass 1.
double clx_training_dp_drag(const clx_training *job, const clx_traffic_demand *d, const clx_layer_cost *beside,
                            int32_t pass);
// Of transfers between stages.
double clx_training_transfer_drag(const clx_training *job);

// One micro-batch on a stage or a chunk, s.
typedef struct clx_stage_time {
  double forward, backward;
  clx_layer_cost sum;
} clx_stage_time;

clx_stage_time clx_training_stage_time(const clx_training *job, const clx_training_costs *costs, const clx_stage *stage,
                                       const clx_stage_parameters *trained);
// Trained parameters of one rank: of those held, or the adapters alone when the base is frozen.
clx_stage_parameters clx_training_trained(const clx_training *job, clx_stage_parameters held);
double clx_training_optimizer_time(const clx_training *job, const clx_stage_parameters *trained);
void clx_layer_cost_add(clx_layer_cost *sum, const clx_layer_cost *one, double times);
// The parts of a step that are so many micro-batches on one stage.
void clx_training_fill(clx_step *step, const clx_layer_cost *sum, double micro_batches);

// Bytes of one collective of a layer, one micro-batch, one rank (conventions of clx_collective_cost_of).
double clx_training_tp_bytes(const clx_training *job);
// Ring: keys and values that pass by in one step. All-to-all: queries, keys and values; and what comes back.
double clx_training_cp_bytes(const clx_training *job);
double clx_training_cp_output_bytes(const clx_training *job);
double clx_training_ep_bytes(const clx_training *job);
// Rows of the experts of a rank, all copies, gathered over the etp ranks that share them.
double clx_training_etp_bytes(const clx_training *job);
double clx_training_token_bytes(const clx_training *job);  // of the tokens that one rank routes, one copy of each
double clx_training_pp_bytes(const clx_training *job);

// Transfers that compute waits for.
typedef enum clx_waiting { CLX_WAITING_TP, CLX_WAITING_CP, CLX_WAITING_EP, CLX_WAITING } clx_waiting;

typedef struct clx_training_traffic {
  clx_traffic traffic;
  int32_t waiting[CLX_WAITING];  // their demands, -1 = none
} clx_training_traffic;

void clx_training_traffic_make(const clx_training *job, clx_training_traffic *traffic);

// Two collectives of a background stream, one after the other, as one demand.
clx_traffic_demand clx_training_sum_demand(const clx_traffic_demand *a, const clx_traffic_demand *b);

// A share of a demand: as often, smaller.
clx_traffic_demand clx_training_part_demand(const clx_traffic_demand *demand, double share);

// Parameters of a stage gathered before (pass 0) or gradients reduced after (pass 1) the micro-batches of a step; time 0 where
// the sharding has none.
clx_traffic_demand clx_training_dp_demand(const clx_training *job, const clx_traffic *traffic,
                                          const clx_stage_parameters *p, int32_t pass);

typedef struct clx_beside {
  double hidden;  // s of the background that the window hides
  double added;   // s by which transfers of the window take longer
} clx_beside;

// A background demand (its time: of all of it, alone) in a window of `compute` s and `waiting` s of transfers, both without it.
clx_beside clx_training_beside(clx_training_traffic *traffic, const clx_traffic_demand *background, double compute,
                               const double waiting[CLX_WAITING]);
