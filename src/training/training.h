// training: one optimizer step of a transformer on a machine, its memory, and a plain search for a layout.
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "network/network.h"
#include "pipeline/pipeline.h"
#include "schema/schema.h"
#include "workload/workload.h"

typedef enum clx_precision {
  CLX_PRECISION_BF16,
  CLX_PRECISION_FP16,
  CLX_PRECISION_FP8,
  CLX_PRECISION_FP8_ROW,
  CLX_PRECISION_FP8_BLOCK,
  CLX_PRECISION_MXFP8,
  CLX_PRECISION_NVFP4,
  CLX_PRECISIONS
} clx_precision;

extern const char *const clx_precision_name[CLX_PRECISIONS + 1];

typedef enum clx_sharding {
  CLX_SHARDING_NONE,
  CLX_SHARDING_ZERO1,
  CLX_SHARDING_ZERO2,
  CLX_SHARDING_FSDP,
  CLX_SHARDING_HSDP
} clx_sharding;

extern const char *const clx_sharding_name[];

typedef enum clx_recompute {
  CLX_RECOMPUTE_NONE,
  CLX_RECOMPUTE_SELECTIVE,
  CLX_RECOMPUTE_FULL,
  CLX_RECOMPUTE_DEFAULT
} clx_recompute;

extern const char *const clx_recompute_name[];

// How context-parallel ranks exchange what attention needs.
typedef enum clx_context_exchange {
  CLX_CONTEXT_RING,        // keys and values pass by, behind attention on those at hand (ring attention)
  CLX_CONTEXT_ALL_TO_ALL,  // heads against tokens before and after attention (DeepSpeed Ulysses)
  CLX_CONTEXT_EXCHANGES
} clx_context_exchange;

extern const char *const clx_context_exchange_name[CLX_CONTEXT_EXCHANGES + 1];

// Pipeline schedule that a layout asks for: by the number of chunks, or 1 + one of clx_pipeline_kind.
enum { CLX_SCHEDULE_AUTO, CLX_SCHEDULE_FIRST };

extern const char *const clx_schedule_name[CLX_PIPELINE_KINDS + 2];

// How a model is laid over ranks. world = tp cp pp dp; experts: world = etp ep pp edp (Megatron-Core). Ranks stand in the order
// tp, cp, dp, pp, tp fastest.
typedef struct clx_layout {
  int32_t tp, pp, vpp, cp, ep, etp, dp;
  int32_t micro_batch;        // sequences per data-parallel rank
  int32_t sharding;           // clx_sharding
  int32_t shard_group;        // data-parallel ranks of one copy of what is sharded (times cp); 0 = all of dp
  int32_t recompute;          // clx_recompute
  double recompute_share;     // of the layers of each stage that full recompute covers
  int32_t sequence_parallel;  // bool
  int32_t schedule;  // CLX_SCHEDULE_AUTO (1f1b, interleaved with vpp > 1), or CLX_SCHEDULE_FIRST + clx_pipeline_kind
  int32_t group;     // interleaved: micro-batches of one chunk in a row; 0 = pp
  int32_t merge;     // bool: forward of one micro-batch beside the backward of another, expert exchange behind both
  int32_t context_exchange;  // clx_context_exchange
  double offload;            // share of the kept activations that waits in host memory
  int32_t *stage_layers;     // layers of each chunk, nullable; stage_layer_count = pp vpp
  int32_t stage_layer_count;
  clx_place place;
} clx_layout;

extern const clx_schema clx_layout_schema;

// Jobs in narrow formats whose attention kernels multiply in fp8 as well.
typedef enum clx_narrow_attention {
  CLX_NARROW_ATTENTION_NONE,
  CLX_NARROW_ATTENTION_ADAPTERS,  // fine-tuning of adapters beside a frozen base
  CLX_NARROW_ATTENTION_ALL
} clx_narrow_attention;

extern const char *const clx_narrow_attention_name[];

// catalogue/software: what a framework and its version do, as physical parameters.
typedef struct clx_software {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t flash_attention;       // bool: fused attention kernel
  double gemm_speed;             // speed of its matrix products against the measured library of the device
  double attention_speed;        // speed of its attention kernel against the device's reference kernel
  int32_t native_attention;      // bool: attention kernel written for the matrix instructions of Hopper and later
  double fusion;                 // 0 = every elementwise operation is its own kernel, 1 = neighbours fused
  int32_t tp_async;              // bool: without tp_overlap, collectives of the backward pass run beside its GEMMs
  double tp_overlap;             // share of tensor-parallel communication hidden behind GEMMs
  int32_t tp_overlap_fp4;        // bool: with fp4 operands, too
  int32_t sequence_parallel;     // bool: used when tp > 1
  int32_t separate_projections;  // bool: queries, keys, values, gate and up are matrix products of their own
  int32_t dp_overlap;            // bool: gradient reduction behind the backward pass
  int32_t gather_overlap;        // bool: parameter all-gather behind the forward pass
  int32_t pp_overlap;            // bool: stage transfers behind compute in the steady state
  int32_t pp_scatter;            // bool: each tensor-parallel rank sends its slice only; false: all send the whole
  double launch_interval;        // s between kernels that the host can start
  int32_t cuda_graphs;           // bool: no host limit
  double gradient_bytes;         // per parameter, held and reduced
  double fsdp_reduce_bytes;      // per parameter, of gradients that FSDP reduces; 0 = gradient_bytes
  double optimizer_bytes;        // per parameter: master copy and moments
  double parameter_bytes;   // per parameter, held and gathered, when GEMMs are narrow (1 = fp8 weights); bf16 holds 2
  int32_t reduce_scatter;   // bool: sharded optimizers reduce-scatter gradients; false: all-reduce
  double accumulate_bytes;  // B per parameter and micro-batch of a separate gradient accumulation pass
  double update_bytes;      // B per parameter that the optimizer moves, when its passes are not fused into one
  int32_t recompute;        // clx_recompute: when the user says nothing
  int32_t recompute_early_stop;  // bool: full recompute ends with the last tensor that backward needs
  double expert_overlap;  // share of expert dispatch and combine hidden; with fused_experts: in whole-step graphs
  double
      expert_dedup;  // 1: a token goes once to a node however many experts it has there (DeepEP); 0: plain all-to-all
  double expert_imbalance;  // fullest rank against the mean
  double expert_streams;    // experts whose GEMMs run side by side; 0 = all in one grouped kernel
  int32_t
      fused_experts;  // bool: with mxfp8 and nvfp4, one fused grouped kernel, no host count of tokens: whole steps are graphs
  double
      expert_graphs;  // share of the host's work on layers with experts that CUDA graphs replay where there is no pipeline
  double expert_graphs_rack;  // the same where NVLink domains are larger than a server of eight
  double expert_host;  // s of the host for the experts of a layer, forward and backward: router, dispatch, permutation
  double expert_host_each;      // s more per expert of the rank with casts or biases of its own
  double linear_host;           // s of the host for one linear module of such a layer, forward and backward
  int32_t mtp;                  // bool: trains the multi-token prediction modules of models that have them
  int32_t mla_blackwell;        // bool: fused attention kernel for multi-head latent attention on Blackwell
  double aligned_gemm;          // >= 1: slowdown of GEMMs whose local width is no multiple of 64
  int32_t split_embedding;      // bool: embedding and loss each count as a layer when stages are cut
  int32_t activation_offload;   // bool: what does not fit waits in the memory of a host with a coherent link
  int32_t narrow_attention;     // clx_narrow_attention
  int32_t selective_attention;  // bool: selective recompute repeats fused attention too
  double selective_gemm;   // share of GEMMs that selective recompute repeats (torchtitan saves every second matmul)
  double last_bucket;      // share of a data-parallel collective that has nothing left to hide behind
  double step_overhead;    // s per step: data, logging, gradient norm, host synchronisation
  double memory_overhead;  // B: context, communicators, workspace, fragmentation floor
} clx_software;

extern const clx_schema clx_software_schema;

// The job.
typedef struct clx_training {
  const clx_transformer *model;
  const clx_device *device;  // of the slowest cohort used
  const clx_network *network;
  const clx_software *software;
  clx_layout layout;
  int32_t precision;     // clx_precision
  double sequence;       // tokens
  double global_batch;   // sequences
  int64_t machine_gpus;  // GPUs of the machine that can train; 0 = as many as whole NVLink groups need (published runs)
  double power_cap;      // W that one GPU may draw; 0 = its tdp
} clx_training;

typedef enum clx_memory_class {
  CLX_MEMORY_WEIGHTS,
  CLX_MEMORY_GRADIENTS,
  CLX_MEMORY_OPTIMIZER,
  CLX_MEMORY_ACTIVATIONS,
  CLX_MEMORY_OVERHEAD,
  CLX_MEMORY_CLASSES
} clx_memory_class;

extern const char *const clx_memory_class_name[CLX_MEMORY_CLASSES];

typedef struct clx_memory {
  double bytes[CLX_MEMORY_CLASSES];
  double total;
  int32_t stage;  // pipeline stage of the heaviest rank
} clx_memory;

// Where the time of one step goes, on the critical path; the parts add up to step_time.
typedef struct clx_step {
  double step_time;
  double gemm, attention, stream, recompute;  // s, compute of the slowest stage over all micro-batches
  double tp_exposed, cp_exposed, ep_exposed, pp_exposed, dp_exposed;
  double contention;  // s by which transfers take longer that share links with gradients and parameters on their way
  double bubble, optimizer, launch, jitter;
  double micro_batches;                                                       // per data-parallel rank
  double executed_flop;                                                       // per rank, recompute included
  double attention_flop, gemm_bytes, attention_bytes, link_bytes, link_time;  // of it, as of a layer (clx_layer_cost)
  double balance;  // work of a stage, mean over the stages, against that of the slowest; 0 = 1
} clx_step;

// Of one pipeline stage: which layers it holds. Kinds: dense or MoE, windowed or fully attending.
typedef struct clx_stage {
  int32_t layers[2][2];  // [moe][windowed]
  bool embedding, head;
  int32_t mtp;
} clx_stage;

enum { CLX_STAGES_MAX = 256, CLX_CHUNKS_MAX = 1024 };

// Cuts the layers into pp vpp chunks: as given, or evenly with the remainder off the first and last chunk, which also carry
// embedding and loss (and one layer less each when the profile counts these as layers). chunks has pp vpp entries, in the order
// of the model. O(layers).
void clx_training_chunks(const clx_training *job, clx_stage *chunks);
// What each of the pp stages holds of them: in turn, in a V (zb_v), from both ends at once (dualpipe). O(layers).
void clx_training_stages(const clx_training *job, clx_stage *stages);
// The clx_pipeline_kind of a layout.
int32_t clx_training_schedule(const clx_layout *layout);
// Micro-batches of one data-parallel rank; where the batch does not divide, of the ranks that have one more.
double clx_training_micro_batches(const clx_training *job);

// Multi-token prediction modules that the software trains.
int32_t clx_training_mtp(const clx_training *job);
// Whether attention runs as one fused kernel: the profile's habit, and a kernel for this model on this device.
bool clx_training_fused_attention(const clx_training *job);

// Stages that hold the same layers cost the same: most stages of a pipeline are one cohort.
bool clx_stage_equal(const clx_stage *a, const clx_stage *b);

// Parameters that one rank of a stage holds before data-parallel sharding.
typedef struct clx_stage_parameters {
  double shared, expert;
  double layer;  // of its largest layer
} clx_stage_parameters;

clx_stage_parameters clx_training_stage_parameters(const clx_training *job, const clx_stage *stage);

// Neighbouring stages that hold the same layers.
typedef struct clx_stage_run {
  clx_stage stage;
  int32_t first, count;       // stages
  clx_stage_parameters held;  // by one rank of each
} clx_stage_run;

// The stages of clx_training_stages as runs (at most pp of them); returns how many. Depends on pp, vpp, stage_layers and, for what
// is held, on tp, ep and etp.
int32_t clx_training_runs(const clx_training *job, clx_stage_run run[CLX_STAGES_MAX]);
// Adapter parameters of one rank when the base is frozen, else 0.
double clx_training_adapters(const clx_training *job);

// Cost of one layer, of the embedding or of the head for one micro-batch on one rank, in s. Communication is the exposed part.
typedef struct clx_layer_cost {
  double gemm[2], attention[2], stream[2], launch[2];  // [0] forward, [1] backward
  double tp[2], cp[2], ep[2], fsdp[2];
  double contention[2];                    // by which tp, cp and ep take longer beside fsdp
  double weight;                           // weight gradients in gemm[1]: what zero-bubble schedules move
  double repeat;                           // forward work repeated by recompute
  double repeat_tp, repeat_cp, repeat_ep;  // and its communication
  double flop;                             // executed, forward + backward + repeated
  double attention_flop;                   // of them, in attention and scans
  double gemm_bytes, attention_bytes;      // B, operands and results once, forward + backward: traffic of device memory
  double link_bytes[2], link_time[2];      // B out over the scale-up fabric, and s of their collectives, hidden or not
} clx_layer_cost;

clx_layer_cost clx_training_layer_cost(const clx_training *job, bool moe, bool windowed);
clx_layer_cost clx_training_embedding_cost(const clx_training *job);
clx_layer_cost clx_training_head_cost(const clx_training *job);

// All that a step knows of layers. The dear part of a step, and the same for many layouts: it depends on tp, cp, ep, etp,
// micro_batch, sequence_parallel, recompute and its share, on whether the sharding gathers layer by layer (fsdp, hsdp), and only then
// on dp and shard_group.
typedef struct clx_training_costs {
  clx_layer_cost layer[2][2];  // [moe][windowed]
  clx_layer_cost embedding, head;
} clx_training_costs;

clx_training_costs clx_training_costs_make(const clx_training *job);
double clx_layer_cost_forward(const clx_layer_cost *cost);
double clx_layer_cost_backward(const clx_layer_cost *cost);

clx_shard clx_training_shard(const clx_training *job);
clx_format clx_precision_format(int32_t precision);
clx_kernel_format clx_precision_kernel(int32_t precision);
double clx_training_parameter_bytes(const clx_training *job);  // of a weight as it is held and gathered
int32_t clx_training_recompute(const clx_training *job);       // CLX_RECOMPUTE_DEFAULT resolved by the profile
double clx_layout_ranks(const clx_layout *layout);             // tp cp pp dp, exact
int32_t clx_expert_data_parallel(const clx_layout *layout);
int32_t clx_shard_ranks(const clx_layout *layout);  // ranks that share one copy of dense weights or their optimizer
int32_t clx_expert_shard_ranks(const clx_layout *layout);  // ... of one rank's experts

// Of `gpus`, those that the layout can use when no tensor- or expert-parallel group straddles two NVLink domains it could
// fit into: of 72 GPUs expert groups of 64 use 64. All of them where `machine_gpus` is 0.
int64_t clx_training_usable_gpus(const clx_training *job, int64_t gpus);

// Checks identities (world, divisibility) and names every number that does not fit.
clx_status clx_training_check(const clx_training *job, int64_t gpus, clx_error *error);
// What of a prediction for this job goes beyond what was measured, as sentences about its device or model: returns how many.
enum { CLX_EXTRAPOLATIONS_MAX = 4 };
int32_t clx_training_extrapolations(const clx_training *job, const char *text[CLX_EXTRAPOLATIONS_MAX]);
// What one micro-batch leaves in memory from forward to backward, B of one rank. Depends on tp, cp, ep, etp, micro_batch,
// sequence_parallel and recompute (not on its share).
typedef struct clx_saved {
  double bytes;     // of a layer
  double boundary;  // its input, all that full recompute keeps
} clx_saved;

typedef struct clx_training_kept {
  clx_saved layer[2];  // [moe]
  double head;
} clx_training_kept;

clx_training_kept clx_training_kept_make(const clx_training *job);
// Memory of the heaviest rank. O(stages).
clx_status clx_training_memory(const clx_training *job, clx_memory *memory, clx_error *error);
// Its parts, of a rank of the first stage of a run, B: the rest is the profile's memory_overhead. States (weights, gradients,
// optimizer) depend on the run, sharding, dp, cp and shard_group alone.
double clx_training_states(const clx_training *job, const clx_stage_run *run);
double clx_training_activations(const clx_training *job, const clx_stage_run *run, const clx_training_kept *kept);
// The same from what was computed before. O(runs): tens of nanoseconds.
clx_status clx_training_memory_with(const clx_training *job, const clx_training_kept *kept, const clx_stage_run *run,
                                    int32_t run_count, clx_memory *memory, clx_error *error);
// The least share of layers (in sixteenths) whose full recompute fits in `limit` bytes, when that of all layers does; sets
// job->layout.recompute_share and *memory.
clx_status clx_training_least_share(clx_training *job, double limit, clx_memory *memory, clx_error *error);
// Time of one step. No allocation; tens of microseconds. O(stages + operations).
clx_status clx_training_step(const clx_training *job, clx_step *step, clx_error *error);
// The same from what was computed before. O(runs).
clx_status clx_training_step_with(const clx_training *job, const clx_training_costs *costs, const clx_stage_run *run,
                                  int32_t run_count, clx_step *step, clx_error *error);

// s of one micro-batch, forward and backward.
typedef struct clx_training_slot {
  double all;      // everything that clx_training_costs knows
  double kernels;  // compute alone
} clx_training_slot;

typedef struct clx_training_slots {
  clx_training_slot layer[2][2], embedding, head;
} clx_training_slots;

clx_training_slots clx_training_slots_of(const clx_training_costs *costs);
// s from one stage to the next; depends on tp, cp, dp and micro_batch.
double clx_training_transfer_time(const clx_training *job);
// Share that waiting for the slowest rank adds to the kernels of a stage; depends on the ranks of the job.
double clx_training_spread(const clx_training *job);
// A lower bound of the step that clx_training_expected finds, for any sharding: work of a stage, what passes the stages before it
// first and last, the slowest rank; data parallelism, optimizer and the rest of the bubble left out. Grows with every slot, so that
// those of a cheaper layout bound those of a dearer one. `transfer` and `spread` as above. O(runs): a few nanoseconds.
double clx_training_floor(const clx_training *job, const clx_training_slots *slots, double transfer, double spread,
                          const clx_stage_run *run, int32_t run_count);

// One thing that runs in a timeline.
typedef struct clx_timeline_item {
  const char *what;   // "compute", "tp", "cp", "ep", "dp"
  int32_t layer;      // of the stage, in the order of the pass
  double start, end;  // s
} clx_timeline_item;

typedef struct clx_timeline {
  clx_timeline_item *item;
  int32_t count;
} clx_timeline;

// The pass of one micro-batch over the layers of a stage beside which data parallelism works: pass 0 = forward of the first
// micro-batch with the parameters being gathered, pass 1 = backward of the last one with the gradients being reduced. Layers
// sharded by FSDP gather in every pass and stand there as compute. Embedding, head and stage transfers are left out.
// O(layers); arrays come from `arena`.
clx_status clx_training_timeline(const clx_training *job, int32_t stage, int32_t pass, clx_arena *arena,
                                 clx_timeline *timeline, clx_error *error);

// Weights and optimizer state on their way to storage.
typedef struct clx_checkpoint_traffic {
  double bytes;  // B that one GPU writes: every parameter once, spread over the job
  double time;   // s until they have left the server
  double added;  // s by which a step takes longer meanwhile
} clx_checkpoint_traffic;

// Written behind training: over NICs of its own at `storage` B/s of a GPU, or (storage 0) over the NICs of the GPUs, where it
// shares links with what compute waits for. Storage itself is taken to keep up.
clx_checkpoint_traffic clx_training_checkpoint(const clx_training *job, const clx_step *step, double storage);
