// workload: a transformer as counts of parameters, FLOP and bytes, and as the list of operations one rank carries out.
// Knows nothing of devices: shapes in, shapes out. Equations and check values: README.md beside this file.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

typedef enum clx_activation { CLX_SWIGLU, CLX_GEGLU, CLX_GELU, CLX_SQUARED_RELU } clx_activation;
typedef enum clx_norm { CLX_RMSNORM, CLX_LAYERNORM } clx_norm;

// What the user or the catalogue says of a model. Widths in elements. 0 = absent.
typedef struct clx_transformer {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t family_only;  // bool: dimensions come from elsewhere (a table row); only kinds and habits stand here
  int32_t layers, hidden, heads, kv_heads, head_dim, ffn, vocab, context;
  int32_t activation, norm, norms_per_layer;
  int32_t tied, learned_positions, alibi, qk_norm, attention_bias, mlp_bias, attention_sinks;  // bools
  int32_t sliding_window, window_period;  // every window_period-th layer attends fully, the others in a window
  int32_t
      attention_chunk;  // or within chunks of so many tokens; serving alone knows of it, training takes them as full
  int32_t mla, q_lora_rank, kv_lora_rank, qk_nope_dim, qk_rope_dim,
      v_dim;                                   // multi-head latent attention; mla is a bool
  int32_t index_topk, index_heads, index_dim;  // a sparse one: queries attend to the topk tokens that an indexer picks
  int32_t experts, experts_per_token, expert_ffn, shared_expert_ffn, first_dense_layers, moe_period;
  int32_t router_bias, dense_residual;  // bools
  int32_t expert_hidden;                // width in which routed experts work (latent experts); 0 = hidden
  // Hybrids: of `layers`, those with attention, with a state-space or linear-attention mixer, with a feed-forward block or
  // experts. All 0 = each layer has attention and a feed-forward block.
  int32_t attention_layers, mamba_layers, ffn_layers;
  int32_t mamba_heads, mamba_head_dim, mamba_state, mamba_groups;
  int32_t mtp_layers;  // multi-token prediction modules, each one more layer and one more head pass
  int32_t encoder;     // bool: attends in both directions and makes no tokens one after another
  int32_t document;    // tokens of the documents packed into a sequence, which do not see each other; 0 = one document
  int32_t adapter_rank;  // > 0: LoRA fine-tuning, the base frozen (no weight gradients)
} clx_transformer;

extern const clx_schema clx_model_schema;

// Fills derived defaults (head_dim, kv_heads, expert_ffn ...) and refuses what makes no transformer, naming the keys.
clx_status clx_transformer_complete(clx_transformer *model, clx_place place, clx_error *error);

// How many of each block a layer has: 1, 0, 1; in hybrids the mean over the layers.
typedef struct clx_layer_blocks {
  double attention, mamba, ffn;
} clx_layer_blocks;

clx_layer_blocks clx_layer_blocks_of(const clx_transformer *model);

// Mean layers of hybrids with experts count as layers with experts.
bool clx_layer_is_moe(const clx_transformer *model, int32_t layer);  // layer from 0
int32_t clx_moe_layers(const clx_transformer *model);

// --- counts (formats.md 1.3; exact integers held in doubles) ---------------------------------------------------------
typedef struct clx_parameters {
  double attention;  // mixers of any kind
  double dense_ffn, routed_experts, shared_experts, router, norms, embedding, head, positions, adapters;
  double total;   // without MTP modules, as model cards count
  double active;  // experts_per_token of the routed experts
  double mtp;     // parameters of the MTP modules beyond the shared embedding and head
} clx_parameters;

clx_parameters clx_parameter_count(const clx_transformer *model);

// How FLOP per token are counted. All exclude recompute.
typedef enum clx_flop_convention {
  CLX_FLOP_MEGATRON,  // matmuls, causal attention halved, head counted, embedding not (Megatron-Bridge prints this)
  CLX_FLOP_FULL_ATTENTION,  // the same with the whole score matrix (NeMo 24.07, dgxc, Megatron 2024)
  CLX_FLOP_PALM,            // 6 N + 12 L h s: all parameters, whole score matrix (PaLM, llm-foundry)
  CLX_FLOP_CONVENTIONS
} clx_flop_convention;

extern const char *const clx_flop_convention_name[CLX_FLOP_CONVENTIONS + 1];  // NULL-terminated

// FLOP per token of one training step (forward and backward) at sequence length `sequence`.
double clx_flop_per_token(const clx_transformer *model, double sequence, clx_flop_convention convention);

// --- operations of one rank --------------------------------------------------------------------------------------------
// How one rank sees the model: degrees of parallelism and one micro-batch.
typedef struct clx_shard {
  int32_t tp, cp, ep, etp;  // tensor, context, expert, expert-tensor parallel degrees
  bool sequence_parallel;   // norms and residuals on 1/tp of the tokens
  bool separate;            // queries, keys, values, gate and up are products of their own
  double sequences;         // micro-batch: sequences per data-parallel rank
  double sequence;          // tokens per sequence
  double expert_imbalance;  // >= 1: tokens of the fullest rank against the mean
} clx_shard;

typedef enum clx_op_kind {
  CLX_OP_GEMM,       // out[m,n] = a[m,k] b[k,n], weight b
  CLX_OP_GROUPED,    // `groups` GEMMs of m rows each (m = tokens per local expert)
  CLX_OP_ATTENTION,  // softmax(q k^T) v, causal
  CLX_OP_STREAM,     // elementwise, norm, permute: bandwidth only
  CLX_OP_SCAN,       // state-space scan in chunks: small products (flop) and traffic
} clx_op_kind;

typedef enum clx_op_part {
  CLX_PART_ATTENTION,
  CLX_PART_MLP,
  CLX_PART_EXPERT,
  CLX_PART_HEAD,
  CLX_PART_EMBEDDING
} clx_op_part;

typedef struct clx_op {
  const char *name;
  clx_op_kind kind;
  clx_op_part part;
  double m, n, k, groups;                 // GEMM and GROUPED
  double heads, kv_heads, qk_dim, v_dim;  // ATTENTION, on this rank
  double query, key, window, batch;       // ATTENTION: query rows and key columns per sequence, window 0 = none
  double causal_share;                    // ATTENTION: share of the query x key rectangle that is computed
  double flop;                            // forward, as executed
  double bytes_forward, bytes_backward;   // STREAM and SCAN: traffic when neighbours are fused
  double unfused;                         // STREAM: traffic of separate kernels against the fused one, >= 1
  double kernels;                         // launches in forward when unfused
  double fused_kernels;                   // launches when neighbours are fused
  double saved;                           // bytes kept for backward (bf16 activations)
  double saved_selective;                 // the part of `saved` that selective recompute drops
  double saved_input;                     // the part of `saved` kept only as the input of a weighted GEMM
  bool weighted;                          // has a weight gradient
  bool same_input;                        // multiplies what the operation before it multiplied
  bool gathered;                          // its input is spread over the tensor-parallel ranks and gathered
  bool scattered;                         // its output is reduced and spread over them
  bool low_precision;                     // runs in the training precision's GEMM format (else bf16)
  bool
      absorbed;  // STREAM: a fused grouped product of the experts does it in its epilogue; GROUPED: so with its input cast
  double times;  // how often a layer has it: 1; in hybrids the share of the layers that do
} clx_op;

enum { CLX_LAYER_OPS_MAX = 40 };

// Forward operations of one layer (dense or MoE) of one rank. Returns the number written to ops[CLX_LAYER_OPS_MAX]. O(1).
int32_t clx_layer_operations(const clx_transformer *model, const clx_shard *shard, bool moe, bool windowed,
                             clx_op *ops);
// Embedding lookup (first stage) and final norm, logits, cross-entropy (last stage).
int32_t clx_embedding_operations(const clx_transformer *model, const clx_shard *shard, clx_op *ops);
int32_t clx_head_operations(const clx_transformer *model, const clx_shard *shard, clx_op *ops);

// Parameters that one rank of a stage holds for one layer, or for the embedding or head. `expert` = the part owned by the
// expert group (divided by etp and ep), the rest by tp.
typedef struct clx_layer_parameters {
  double shared, expert;
} clx_layer_parameters;

clx_layer_parameters clx_layer_parameter_shard(const clx_transformer *model, const clx_shard *shard, bool moe);
