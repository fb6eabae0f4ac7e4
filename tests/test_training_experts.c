// Layers with experts: what the host must do, fused and biased experts, exchanges of tokens, layouts with MTP modules; hybrids.
#include "check.h"

#include <math.h>
#include <string.h>

#include "catalog/catalog.h"
#include "training/training.h"

static clx_catalog *catalog;
static clx_arena *arena;
static const clx_place NOWHERE = {0};

typedef struct bench {
  clx_transformer model;
  clx_device device;
  clx_software software;
  clx_network network;
  clx_training job;
} bench;

static void bench_make(bench *b, const char *model, const char *software, const char *device, int32_t domain,
                       clx_layout layout) {
  clx_error error = {0};
  assert_int_equal(clx_catalog_read(catalog, "model", model, NOWHERE, &clx_model_schema, arena, &b->model, &error),
                   CLX_OK);
  assert_int_equal(clx_transformer_complete(&b->model, NOWHERE, &error), CLX_OK);
  assert_int_equal(clx_catalog_read_device(catalog, device, NOWHERE, arena, &b->device, &error), CLX_OK);
  assert_int_equal(
      clx_catalog_read(catalog, "software", software, NOWHERE, &clx_software_schema, arena, &b->software, &error),
      CLX_OK);
  b->network = (clx_network){
      .domain = domain, .nvlink = b->device.nvlink, .nic = 50e9, .nic_efficiency = 1, .device = &b->device};
  assert_int_equal(clx_catalog_read_library(catalog, "nccl", NOWHERE, arena, &b->network.library, &error), CLX_OK);
  assert_int_equal(clx_catalog_read_transport(catalog, "infiniband", NOWHERE, arena, &b->network.transport, &error),
                   CLX_OK);
  layout.recompute_share = layout.cp = layout.etp = layout.micro_batch = 1;
  if (layout.vpp == 0) layout.vpp = 1;
  layout.schedule = CLX_SCHEDULE_AUTO;
  layout.sequence_parallel = layout.tp > 1;
  layout.sharding = layout.sharding != 0 ? layout.sharding : CLX_SHARDING_ZERO1;
  b->job = (clx_training){.model = &b->model,
                          .device = &b->device,
                          .network = &b->network,
                          .software = &b->software,
                          .layout = layout,
                          .precision = CLX_PRECISION_BF16,
                          .sequence = 4096,
                          .global_batch = 2048};
}

static const clx_layout EP8 = {.tp = 1, .pp = 1, .ep = 8, .dp = 8};

static const clx_op *op_of(const clx_op *ops, int32_t count, const char *name) {
  for (int32_t i = 0; i < count; i++) {
    if (strcmp(ops[i].name, name) == 0) return &ops[i];
  }
  fail_msg("no operation '%s'", name);
  return NULL;
}

// Megatron-Bridge's pp_layout of DeepSeek-V3 on 32 chunks, "Et|(tt|)*30mL": one layer beside the embedding, then two each, the MTP
// module and the loss alone on the last.
static void test_mtp_takes_the_place_of_a_layer(void **state) {
  (void)state;
  bench b;
  clx_stage chunk[CLX_CHUNKS_MAX];
  bench_make(&b, "deepseek-v3", "megatron-bridge-26.02", "gb200", 72,
             (clx_layout){.tp = 1, .pp = 8, .vpp = 4, .ep = 32, .dp = 32});
  clx_training_chunks(&b.job, chunk);
  for (int32_t i = 0; i < 32; i++) {
    const int32_t layers = chunk[i].layers[0][0] + chunk[i].layers[1][0];
    assert_int_equal(layers, i == 0 ? 1 : i == 31 ? 0 : 2);
    assert_int_equal(chunk[i].mtp, i == 31 ? 1 : 0);
  }
  b.software.mtp = 0;
  clx_training_chunks(&b.job, chunk);
  int32_t sum = 0;
  for (int32_t i = 0; i < 32; i++) sum += chunk[i].layers[0][0] + chunk[i].layers[1][0] + 100 * chunk[i].mtp;
  assert_int_equal(sum, 61);
}

// A host slower than the device takes its time, whatever the device does; Grace takes longer by its factor. Forward the host's
// work for the experts starts when their tokens are counted, after the mixer has run.
static void test_slow_hosts_decide(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "qwen3-235b-a22b", "megatron-core-2025", "h100_sxm", 8, EP8);
  b.software.launch_interval = b.software.linear_host = b.software.expert_host_each = 0;
  b.software.expert_host = 0;
  clx_layer_cost cost = clx_training_layer_cost(&b.job, true, false);
  CLX_CHECK_NEAR(cost.launch[0], 0, 0, 1e-12);
  CLX_CHECK_NEAR(cost.launch[1], 0, 0, 1e-12);
  const double forward = clx_layer_cost_forward(&cost);
  b.software.expert_host = 1;
  cost = clx_training_layer_cost(&b.job, true, false);
  CLX_CHECK_NEAR(clx_layer_cost_backward(&cost), 0.6, 1e-9, 0);
  assert_true(clx_layer_cost_forward(&cost) > 0.4);
  assert_true(clx_layer_cost_forward(&cost) < 0.4 + forward);
  b.device.host_time = 1.5;
  cost = clx_training_layer_cost(&b.job, true, false);
  CLX_CHECK_NEAR(clx_layer_cost_backward(&cost), 0.9, 1e-9, 0);
  // Graphs replay their share of it, on servers and on racks as the profile says.
  b.software.expert_graphs = 1;
  cost = clx_training_layer_cost(&b.job, true, false);
  CLX_CHECK_NEAR(cost.launch[1], 0, 0, 1e-12);
  b.network.domain = 72;
  b.software.expert_graphs_rack = 0.5;
  cost = clx_training_layer_cost(&b.job, true, false);
  CLX_CHECK_NEAR(clx_layer_cost_backward(&cost), 0.45, 1e-9, 0);
}

// Each local expert with casts of its own costs the host its share; with biases three more.
static void test_host_work_of_each_expert(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "gpt-oss-120b", "megatron-core-2025", "h100_sxm", 8, EP8);
  b.software.launch_interval = b.software.linear_host = b.software.expert_host = 0;
  b.software.expert_host_each = 0.1;
  clx_layer_cost cost = clx_training_layer_cost(&b.job, true, false);
  CLX_CHECK_NEAR(clx_layer_cost_backward(&cost), 0.6 * 0.1 * 16 * 3, 1e-9, 0);
  b.job.precision = CLX_PRECISION_FP8;
  cost = clx_training_layer_cost(&b.job, true, false);
  CLX_CHECK_NEAR(clx_layer_cost_backward(&cost), 0.6 * 0.1 * 16 * 4, 1e-9, 0);
}

// Full recompute launches the forward pass once more; beyond the experts of a rank that runs were measured with, this is said.
static void test_host_work_again(void **state) {
  (void)state;
  bench b;
  const char *text[CLX_EXTRAPOLATIONS_MAX];
  bench_make(&b, "qwen3-235b-a22b", "megatron-core-2025", "h100_sxm", 8, EP8);
  b.software.launch_interval = b.software.linear_host = b.software.expert_host_each = 0;
  b.software.expert_host = 1;
  b.job.layout.recompute = CLX_RECOMPUTE_FULL;
  b.job.layout.recompute_share = 0.5;
  const clx_layer_cost cost = clx_training_layer_cost(&b.job, true, false);
  CLX_CHECK_NEAR(clx_layer_cost_backward(&cost), 0.6 + 0.5 * 0.4, 1e-9, 0);
  b.software.expert_host_each = 1e-4;
  b.job.precision = CLX_PRECISION_FP8;
  assert_int_equal(clx_training_extrapolations(&b.job, text), 0);  // 16 a rank
  b.job.layout.ep = 1;
  assert_int_equal(clx_training_extrapolations(&b.job, text), 1);
  assert_non_null(strstr(text[0], "16 experts a rank"));
  b.job.precision = CLX_PRECISION_BF16;
  assert_int_equal(clx_training_extrapolations(&b.job, text), 0);
}

// Fused experts: only with block scales and one sequence at a time; then no activation pass, no host, part of the exchange hidden.
static void test_fused_experts(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "qwen3-235b-a22b", "megatron-bridge-26.06", "gb200", 72,
             (clx_layout){.tp = 1, .pp = 1, .ep = 32, .dp = 32});
  static const int32_t formats[] = {CLX_PRECISION_BF16, CLX_PRECISION_FP8, CLX_PRECISION_MXFP8};
  for (int i = 0; i < 6; i++) {
    b.job.precision = formats[i % 3];
    b.job.layout.micro_batch = i < 3 ? 1 : 2;
    b.software.fused_experts = 1;
    b.software.expert_overlap = 0.8;
    const clx_layer_cost fused = clx_training_layer_cost(&b.job, true, false);
    b.software.fused_experts = 0;
    b.software.expert_overlap = 0;
    const clx_layer_cost plain = clx_training_layer_cost(&b.job, true, false);
    const bool applies = b.job.precision == CLX_PRECISION_MXFP8 && b.job.layout.micro_batch == 1;
    if (!applies) {
      assert_memory_equal(&fused, &plain, sizeof fused);
      continue;
    }
    CLX_CHECK_NEAR(fused.ep[0], 0.2 * plain.ep[0], 1e-9, 0);
    assert_true(fused.stream[0] < plain.stream[0] && fused.stream[1] < plain.stream[1]);
    CLX_CHECK_NEAR(fused.launch[0] + fused.launch[1], 0, 0, 1e-12);
    assert_true(fused.attention[0] == plain.attention[0]);
  }
}

// Passes of Megatron-Core over the rows of biased experts: 14 of the output width, 8 of the inner width, forward.
static void test_biased_experts(void **state) {
  (void)state;
  bench b;
  clx_op ops[CLX_LAYER_OPS_MAX];
  bench_make(&b, "gpt-oss-120b", "megatron-core-2025", "h100_sxm", 8, EP8);
  const clx_shard shard = clx_training_shard(&b.job);
  const int32_t count = clx_layer_operations(&b.model, &shard, true, false, ops);
  const double rows = 4096.0 * 4;
  CLX_CHECK_NEAR(op_of(ops, count, "expert bias")->bytes_forward, 14 * rows * 2880 * 2, 1e-12, 0);
  CLX_CHECK_NEAR(op_of(ops, count, "expert clamp")->bytes_forward, 8 * rows * 2880 * 2, 1e-12, 0);
  b.model.mlp_bias = 0;
  assert_int_equal(clx_layer_operations(&b.model, &shard, true, false, ops), count - 2);
}

// In a server tokens go by all-to-all and are sorted again; across servers one copy goes to each rank and each node that needs it.
static void test_exchanges(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "qwen3-235b-a22b", "megatron-core-2025", "h100_sxm", 8, EP8);
  const double bytes = 4096.0 * 4096 * 2;
  clx_layer_cost cost = clx_training_layer_cost(&b.job, true, false);
  const double plain = clx_collective_time(&b.network, CLX_ALL_TO_ALL, clx_group_make(&b.network, 8, 1), 8 * bytes);
  CLX_CHECK_NEAR(cost.ep[0], 2 * plain, 1e-9, 0);
  const double stream = cost.stream[0];
  b.job.layout.ep = b.job.layout.dp = 32;
  cost = clx_training_layer_cost(&b.job, true, false);
  const clx_group group = clx_group_make(&b.network, 32, 1);
  const double ranks = 32 * (1 - pow(31.0 / 32, 8)), nodes = 4 * (1 - pow(3.0 / 4, 8));
  CLX_CHECK_NEAR(cost.ep[0], 2 * clx_expert_exchange_cost(&b.network, group, bytes * ranks, bytes * nodes).time, 1e-9,
                 0);
  CLX_CHECK_NEAR(stream - cost.stream[0], 2 * clx_device_stream_time(&b.device, 2 * 8 * bytes), 1e-9, 0);
}

// Adam, averages, norm, clipping and zeroes: passes over what a rank owns and over what it holds.
static void test_passes_of_the_optimizer(void **state) {
  (void)state;
  bench b;
  clx_step step;
  clx_error error = {0};
  bench_make(&b, "llama-3.1-8b", "megatron-core-2025", "h100_sxm", 8, (clx_layout){.tp = 1, .pp = 1, .ep = 1, .dp = 8});
  assert_int_equal(clx_training_step(&b.job, &step, &error), CLX_OK);
  const double all = clx_parameter_count(&b.model).total;
  const double bytes = all / 8 * (2 * 12 + 4 * 4 + 2) + all * 3 * 4;
  CLX_CHECK_NEAR(step.optimizer, clx_device_stream_time(&b.device, bytes) + b.software.step_overhead, 1e-3, 0);
}

// Gradients that fully sharded training reduces in bf16 are half as many bytes.
static void test_fsdp_reduces_narrow(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "qwen3-235b-a22b", "megatron-core-2025", "h100_sxm", 8,
             (clx_layout){.tp = 1, .pp = 1, .ep = 8, .dp = 128, .sharding = CLX_SHARDING_FSDP});
  b.software.fsdp_reduce_bytes = 0;
  const double wide = clx_training_layer_cost(&b.job, true, false).fsdp[1];
  b.software.fsdp_reduce_bytes = b.software.gradient_bytes;
  CLX_CHECK_NEAR(clx_training_layer_cost(&b.job, true, false).fsdp[1], wide, 1e-12, 0);
  b.software.fsdp_reduce_bytes = b.software.gradient_bytes / 2;
  assert_true(clx_training_layer_cost(&b.job, true, false).fsdp[1] < 0.8 * wide);
}

// Hybrids: parameters of the model cards, and a mean layer in which each block counts with its share.
static void test_hybrids(void **state) {
  (void)state;
  static const struct {
    const char *model;
    double total, active;  // billions
  } cards[] = {{"nemotronh-56b", 56.3, 56.3},
               {"nemotronh-8b", 8.1, 8.1},
               {"nemotron-3-nano", 31.6, 3.6},
               {"nemotron-3-super", 120.6, 12.7},
               {"qwen3-next-80b-a3b", 80, 3.9}};
  bench b;
  clx_op ops[CLX_LAYER_OPS_MAX];
  for (int i = 0; i < CLX_COUNT(cards); i++) {
    bench_make(&b, cards[i].model, "megatron-core-2025", "h100_sxm", 8,
               (clx_layout){.tp = 1, .pp = 1, .ep = 1, .dp = 8});
    const clx_parameters count = clx_parameter_count(&b.model);
    CLX_CHECK_NEAR(count.total, cards[i].total * 1e9, 0.02, 0);
    CLX_CHECK_NEAR(count.active, cards[i].active * 1e9, 0.06, 0);
    const clx_shard shard = clx_training_shard(&b.job);
    const bool moe = b.model.experts > 0;
    const int32_t length = clx_layer_operations(&b.model, &shard, moe, false, ops);
    const double layers = b.model.layers;
    CLX_CHECK_NEAR(op_of(ops, length, "mamba scan")->times, b.model.mamba_layers / layers, 1e-12, 0);
    CLX_CHECK_NEAR(op_of(ops, length, "attention")->times, b.model.attention_layers / layers, 1e-12, 0);
    CLX_CHECK_NEAR(op_of(ops, length, moe ? "experts up" : "mlp up")->times, b.model.ffn_layers / layers, 1e-12, 0);
    const clx_layer_parameters held = clx_layer_parameter_shard(&b.model, &shard, moe);
    const double ends = count.embedding + count.head + b.model.hidden;
    CLX_CHECK_NEAR(layers * (held.shared + held.expert) + ends, count.total, 1e-3, 0);
  }
}

// Experts cut over all eight ranks of a server: the rows of 8 ranks, two copies of each token, are gathered and their sums
// scattered, which moves more than the exchange of whole experts; both together cost both. Nothing of it hides in expert_overlap.
static void test_expert_tensor_parallel(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "mixtral-8x7b", "megatron-core-2025", "h100_sxm", 8, (clx_layout){.tp = 8, .pp = 1, .ep = 8, .dp = 8});
  b.software.expert_dedup = 0;
  const double whole = clx_training_layer_cost(&b.job, true, false).ep[0];
  b.job.layout.ep = 1;
  b.job.layout.etp = 8;
  const clx_layer_cost cut = clx_training_layer_cost(&b.job, true, false);
  const clx_group group = clx_group_make(&b.network, 8, 1);
  const double bytes = 4096.0 / 8 * 4096 * 2 * 2 * 8;  // tokens of a rank, width, copies, B, ranks
  const double both = clx_collective_time(&b.network, CLX_ALL_GATHER, group, bytes) +
                      clx_collective_time(&b.network, CLX_REDUCE_SCATTER, group, bytes);
  CLX_CHECK_NEAR(cut.ep[0], both, 1e-9, 0);
  CLX_CHECK_NEAR(cut.ep[1], both, 1e-9, 0);
  assert_true(cut.ep[0] > 1.5 * whole);
  b.software.expert_overlap = 1;
  CLX_CHECK_NEAR(clx_training_layer_cost(&b.job, true, false).ep[0], both, 1e-9, 0);
  b.software.expert_overlap = 0;
  b.job.layout.ep = 4;
  b.job.layout.etp = 1;
  const double four = clx_training_layer_cost(&b.job, true, false).ep[0];
  b.job.layout.etp = 2;
  assert_true(clx_training_layer_cost(&b.job, true, false).ep[0] > four);
}

// Twice as many mixers of one kind cost twice as much of it: the mean layer is linear in the shares.
static void test_mean_layer_is_linear(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "nemotronh-8b", "megatron-core-2025", "h100_sxm", 8, (clx_layout){.tp = 1, .pp = 1, .ep = 1, .dp = 8});
  double gemm[3];
  for (int i = 0; i < 3; i++) {
    b.model.mamba_layers = 8 * (i + 1);
    gemm[i] = clx_training_layer_cost(&b.job, false, false).gemm[0];
  }
  CLX_CHECK_NEAR(gemm[2] - gemm[1], gemm[1] - gemm[0], 1e-9, 0);
  assert_true(gemm[1] > gemm[0]);
}

// 256 GB200, MXFP8, TP1 PP8 VPP4 EP32, 2,048 sequences: 943.6 to 970 TFLOP/s with graphs and HybridEP (Megatron-LM, Optimizing
// DeepSeek-V3 on GB200 NVL72, table of section 3; without MTP).
static void test_published_deepseek_step(void **state) {
  (void)state;
  bench b;
  clx_step step;
  clx_error error = {0};
  bench_make(&b, "deepseek-v3", "megatron-bridge-25.11", "gb200", 72,
             (clx_layout){.tp = 1, .pp = 8, .vpp = 4, .ep = 32, .dp = 32});
  b.job.precision = CLX_PRECISION_MXFP8;
  assert_int_equal(clx_training_step(&b.job, &step, &error), CLX_OK);
  b.model.mtp_layers = 0;
  const double flop = 2048 * 4096.0 * clx_flop_per_token(&b.model, 4096, CLX_FLOP_MEGATRON);
  CLX_CHECK_NEAR(step.step_time, flop / 256 / 956e12, 0.095, 0);  // 7.4 % too fast
}

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  arena = clx_arena_new();
  return arena != NULL && clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mtp_takes_the_place_of_a_layer),
      cmocka_unit_test(test_slow_hosts_decide),
      cmocka_unit_test(test_host_work_of_each_expert),
      cmocka_unit_test(test_host_work_again),
      cmocka_unit_test(test_fused_experts),
      cmocka_unit_test(test_biased_experts),
      cmocka_unit_test(test_exchanges),
      cmocka_unit_test(test_expert_tensor_parallel),
      cmocka_unit_test(test_passes_of_the_optimizer),
      cmocka_unit_test(test_fsdp_reduces_narrow),
      cmocka_unit_test(test_hybrids),
      cmocka_unit_test(test_mean_layer_is_linear),
      cmocka_unit_test(test_published_deepseek_step),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
