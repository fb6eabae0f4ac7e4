// Dense layers: attention kernels, casts beside tensor parallelism, what collectives of the backward pass hide behind, recompute,
// activations in the host's memory, separate projections, packed documents, adapters.
#include "check.h"

#include <math.h>
#include <string.h>

#include "training/training_internal.h"
#include "training_rig.h"

static clx_layer_cost cost_of(const bench *b) { return clx_training_layer_cost(&b->job, false, false); }

static double attention(const bench *b) {
  const clx_layer_cost c = cost_of(b);
  return c.attention[0] + c.attention[1];
}

// cuDNN 9.26 on H200, bf16, causal, 64 heads of 128, two sequences: NVIDIA/cudnn-frontend, benchmark/attention_training. The rates of
// the catalogue stand between these and those of cuDNN 9.1 (573 and 464 at 8,192).
static void test_attention_of_training_shapes(void **state) {
  (void)state;
  clx_error error = {0};
  clx_device d;
  assert_int_equal(clx_catalog_read_device(catalog, "h200_sxm", (clx_place){0}, arena, &d, &error), CLX_OK);
  static const double measured[][3] = {{4096, 613, 500}, {8192, 651, 537}, {16384, 626, 533}, {32768, 613, 528}};
  for (int i = 0; i < CLX_COUNT(measured); i++) {
    const double s = measured[i][0];
    const clx_attention_shape shape = {2, 64, 8, s, s, 128, 128, 0.5, 0};
    const double flop = 4 * 2 * 64 * s * s / 2 * 128;
    CLX_CHECK_NEAR(flop / clx_device_attention_time(&d, &shape, false) / 1e12, measured[i][1], 0.15, 0);
    CLX_CHECK_NEAR(2.5 * flop / clx_device_attention_time(&d, &shape, true) / 1e12, measured[i][2], 0.15, 0);
  }
  // Twice the tile loses as much at twice the sequence.
  const clx_attention_shape brief = {8, 64, 8, 2048, 2048, 128, 128, 0.5, 0};
  const clx_attention_shape twice = {4, 64, 8, 4096, 4096, 128, 128, 0.5, 0};
  const double time = clx_device_attention_time(&d, &brief, false) - d.kernel_time;
  d.attention_tile *= 2;
  CLX_CHECK_NEAR(clx_device_attention_time(&d, &twice, false) - d.kernel_time, 2 * time, 0.02, 0);
}

static void test_kernels_of_attention(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 1, .dp = 1});
  const double own = attention(&b);
  b.software.native_attention = 0;  // FlashAttention-2 on Hopper
  const double old = attention(&b);
  assert_true(old > 1.7 * own && old < 1.9 * own);
  b.software.native_attention = 1;
  b.software.narrow_attention = CLX_NARROW_ATTENTION_ALL;
  CLX_CHECK_NEAR(attention(&b), own, 1e-12, 0);  // bf16 training keeps bf16 attention
  b.job.precision = CLX_PRECISION_FP8;
  const clx_layer_cost narrow = cost_of(&b);
  b.software.narrow_attention = CLX_NARROW_ATTENTION_ADAPTERS;
  CLX_CHECK_NEAR(attention(&b), own, 1e-12, 0);
  const clx_layer_cost wide = cost_of(&b);
  assert_true(narrow.attention[0] < wide.attention[0] && narrow.attention[1] > wide.attention[1]);
  b.model.adapter_rank = 16;
  CLX_CHECK_NEAR(attention(&b), narrow.attention[0] + narrow.attention[1], 1e-12, 0);
}

// Documents packed into a sequence see themselves alone: scores fall as their length, projections stay.
static void test_packed_documents(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 1, .pp = 1, .dp = 1});
  clx_op whole[CLX_LAYER_OPS_MAX], packed[CLX_LAYER_OPS_MAX];
  const clx_shard shard = clx_training_shard(&b.job);
  const int32_t count = clx_layer_operations(&b.model, &shard, false, false, whole);
  b.model.document = 512;
  assert_int_equal(clx_layer_operations(&b.model, &shard, false, false, packed), count);
  for (int32_t i = 0; i < count; i++) {
    const double expected = whole[i].kind == CLX_OP_ATTENTION ? whole[i].flop * 512 / 4096 : whole[i].flop;
    CLX_CHECK_NEAR(packed[i].flop, expected, 1e-12, 0);
  }
  b.model.document = 8192;  // longer than the sequence: one document
  clx_layer_operations(&b.model, &shard, false, false, packed);
  for (int32_t i = 0; i < count; i++) CLX_CHECK_NEAR(packed[i].flop, whole[i].flop, 1e-12, 0);
}

// Buffers that pipeline collectives with GEMMs need NVLink: over two servers they hide nothing.
static void test_buffers_need_nvlink(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "nemo", (clx_layout){.tp = 8, .pp = 1, .dp = 2});
  const double near = cost_of(&b).tp[0];
  b.software.tp_overlap = 0;
  assert_true(cost_of(&b).tp[0] > 1.5 * near);
  b.job.layout.tp = 16;
  b.job.layout.dp = 1;
  const double far = cost_of(&b).tp[0];
  b.software.tp_overlap = 1;
  CLX_CHECK_NEAR(cost_of(&b).tp[0], far, 1e-12, 0);
}

// The same chip with faster memory under the same limit is not slower.
static void test_h200_against_h100(void **state) {
  (void)state;
  static const int32_t precisions[] = {CLX_PRECISION_BF16, CLX_PRECISION_FP8};
  bench b;
  clx_error error = {0};
  clx_device h200;
  assert_int_equal(clx_catalog_read_device(catalog, "h200_sxm", (clx_place){0}, arena, &h200, &error), CLX_OK);
  bench_make(&b, "llama-3.1-70b", "nemo", (clx_layout){.tp = 1, .pp = 8, .dp = 1});
  CLX_CHECK_NEAR(h200.tdp, b.device.tdp, 0, 0);
  for (int i = 0; i < CLX_COUNT(precisions); i++) {
    clx_step old, new;
    b.job.precision = precisions[i];
    b.job.device = &b.device;
    assert_int_equal(clx_training_step(&b.job, &old, &error), CLX_OK);
    b.job.device = &h200;
    assert_int_equal(clx_training_step(&b.job, &new, &error), CLX_OK);
    assert_true(new.step_time <= old.step_time &&new.step_time > 0.9 * old.step_time);
    assert_true(new.gemm < 1.01 * old.gemm);
  }
}

// Block scales in hardware came with fp4: Hopper refuses mxfp8 and names its own format.
static void test_mxfp8_needs_its_units(void **state) {
  (void)state;
  bench b;
  clx_error error = {0};
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 1, .dp = 1});
  b.job.precision = CLX_PRECISION_FP8_BLOCK;
  assert_int_equal(clx_training_check(&b.job, 8, &error), CLX_OK);
  b.job.precision = CLX_PRECISION_MXFP8;
  assert_int_equal(clx_training_check(&b.job, 8, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "fp8_block"));
  clx_error none = {0};
  assert_int_equal(clx_catalog_read_device(catalog, "b200_sxm", (clx_place){0}, arena, &b.device, &none), CLX_OK);
  assert_int_equal(clx_training_check(&b.job, 8, &none), CLX_OK);
}

// Names of software and versions as people write them.
static void test_names_of_software(void **state) {
  (void)state;
  static const char *const names[][2] = {{"Megatron-LM", "megatron-core"},
                                         {"megatron-lm-0.12", "megatron-core"},
                                         {"megatron-lm-2021", "megatron-lm-2021"},
                                         {"megatron-lm-2022-05", "megatron-lm-2022"},
                                         {"megatron-lm-3.0", "megatron-lm-2022"},
                                         {"Megatron-DeepSpeed", "megatron-deepspeed-2022"},
                                         {"MegaScale", "megatron-core"},
                                         {"torchtitan-0.2", "torchtitan"},
                                         {"llm-foundry-0.8", "llm-foundry"},
                                         {"automodel", "torchtitan"},
                                         {"nemo-automodel-26.04", "torchtitan"},
                                         {"nemo-25.07", "nemo"},
                                         {"nemo-24.09", "nemo-2024"},
                                         {"MaxText", "jax"},
                                         {"maxtext-2025", "jax"},
                                         {"PaxML", "paxml"},
                                         {"mlperf-nemo-6.0", "mlperf-nemo"},
                                         {"megatron-bridge-26.02.01", "megatron-bridge-26-02"},
                                         {"megatron-bridge-27.01", "megatron-bridge"}};
  for (int i = 0; i < CLX_COUNT(names); i++) {
    const char *found = clx_catalog_canonical(catalog, "software", names[i][0]);
    if (found == NULL) fail_msg("no profile for '%s'", names[i][0]);
    assert_string_equal(found, names[i][1]);
  }
  assert_null(clx_catalog_canonical(catalog, "software", "unheard-of-1.0"));
}

// PaxML and MaxText share their compiler: nothing but its products and its recompute policy differs.
static void test_one_compiler(void **state) {
  (void)state;
  bench b, c;
  bench_make(&b, "gpt3-175b", "paxml", (clx_layout){.tp = 1, .pp = 1, .dp = 1});
  bench_make(&c, "gpt3-175b", "jax", (clx_layout){.tp = 1, .pp = 1, .dp = 1});
  const clx_layer_cost pax = cost_of(&b), max = cost_of(&c);
  CLX_CHECK_NEAR(pax.attention[0] + pax.attention[1], max.attention[0] + max.attention[1], 1e-12, 0);
  CLX_CHECK_NEAR(pax.stream[0] + pax.stream[1], max.stream[0] + max.stream[1], 1e-12, 0);
  CLX_CHECK_NEAR(pax.gemm[0] * b.software.gemm_speed, max.gemm[0], 1e-9, 0);
}

// Who names no software does not get more speed for it.
static void test_default_is_not_faster(void **state) {
  (void)state;
  static const clx_layout layouts[] = {
      {.tp = 8, .pp = 1, .dp = 2}, {.tp = 1, .pp = 1, .dp = 16}, {.tp = 4, .pp = 4, .dp = 1}};
  for (int i = 0; i < CLX_COUNT(layouts); i++) {
    bench b;
    clx_step step[2];
    clx_error error = {0};
    for (int k = 0; k < 2; k++) {
      bench_make(&b, "llama-3.1-70b", k == 0 ? "megatron-core" : "default", layouts[i]);
      b.job.layout.sharding = CLX_SHARDING_ZERO1;
      assert_int_equal(clx_training_step(&b.job, &step[k], &error), CLX_OK);
    }
    assert_true(step[1].step_time >= step[0].step_time);
  }
}

// Devices whose products nobody measured, or whose energy is not known, are said.
static void test_extrapolations_are_said(void **state) {
  (void)state;
  bench b;
  clx_error error = {0};
  const char *text[CLX_EXTRAPOLATIONS_MAX];
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 1, .dp = 1});
  assert_int_equal(clx_training_extrapolations(&b.job, text), 0);
  b.device.multiply_energy[CLX_BF16] = 0;
  assert_int_equal(clx_training_extrapolations(&b.job, text), 1);
  assert_non_null(strstr(text[0], "full clock"));
  b.device.sustained_clock[CLX_BF16] = 0.8;
  assert_int_equal(clx_training_extrapolations(&b.job, text), 0);
  assert_int_equal(clx_catalog_read_device(catalog, "mi300x", (clx_place){0}, arena, &b.device, &error), CLX_OK);
  assert_int_equal(clx_training_extrapolations(&b.job, text), 1);
  assert_non_null(strstr(text[0], "not measured"));
}

static void test_separate_projections(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-8b", "torchtitan", (clx_layout){.tp = 8, .pp = 1, .dp = 1, .micro_batch = 4});
  b.job.precision = CLX_PRECISION_FP8;
  clx_op ops[CLX_LAYER_OPS_MAX];
  const clx_shard shard = clx_training_shard(&b.job);
  const int32_t separate = clx_layer_operations(&b.model, &shard, false, false, ops);
  double flop = 0;
  for (int32_t i = 0; i < separate; i++) flop += ops[i].flop;
  const clx_layer_cost apart = cost_of(&b);
  b.software.separate_projections = 0;
  const clx_shard together = clx_training_shard(&b.job);
  const int32_t count = clx_layer_operations(&b.model, &together, false, false, ops);
  assert_int_equal(separate, count + 5);  // keys, values and up; two sums of gradients
  for (int32_t i = 0; i < count; i++) flop -= ops[i].flop;
  CLX_CHECK_NEAR(flop, 0, 0, 1);
  assert_true(apart.gemm[0] + apart.gemm[1] > cost_of(&b).gemm[0] + cost_of(&b).gemm[1]);  // narrower products
}

// Sequence parallelism casts 1/tp of the gathered inputs; what Hopper must copy to the other layout, Blackwell need not.
static void test_casts_before_gathers(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 1, .dp = 1});
  const double bf16 = cost_of(&b).stream[0] + cost_of(&b).stream[1];
  b.job.precision = CLX_PRECISION_FP8;
  const double hopper = cost_of(&b).stream[0] + cost_of(&b).stream[1] - bf16;
  b.device.family = "blackwell";
  const double blackwell = cost_of(&b).stream[0] + cost_of(&b).stream[1] - bf16;
  assert_true(blackwell > 0 && blackwell < 0.7 * hopper);
  b.job.precision = CLX_PRECISION_MXFP8;  // scales per block need both layouts
  const double blocks = cost_of(&b).stream[0] + cost_of(&b).stream[1] - bf16;
  CLX_CHECK_NEAR(blocks, hopper, 1e-9, 0);
  b.job.precision = CLX_PRECISION_FP8_ROW;  // gathered in bf16, cast whole, gradients scaled in a pass of their own
  b.device.family = "hopper";
  const clx_layer_cost rows = cost_of(&b);
  b.job.precision = CLX_PRECISION_FP8;
  assert_true(rows.stream[0] + rows.stream[1] - bf16 > 2 * hopper && rows.tp[0] > cost_of(&b).tp[0]);
}

// Plain tensor parallelism: forward waits for everything; backward for its first gather, the rest runs beside gradients.
static void test_collectives_of_the_backward_pass(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 1, .dp = 1});
  const clx_layer_cost plain = cost_of(&b);
  b.software.tp_async = 0;
  const clx_layer_cost waits = cost_of(&b);
  CLX_CHECK_NEAR(waits.tp[0], waits.tp[1], 1e-12, 0);
  CLX_CHECK_NEAR(plain.tp[0], waits.tp[0], 1e-12, 0);
  assert_true(plain.tp[1] < waits.tp[1]);
  // Long products hide everything but the gathers that come first, and what overlap costs.
  b.software.tp_async = 1;
  b.model.ffn *= 64;
  b.model.hidden *= 4;
  b.job.sequence = 1024;
  const clx_layer_cost hidden = cost_of(&b);
  const clx_group group = clx_group_make(&b.network, 8, 1);
  const double bytes = clx_training_tp_bytes(&b.job);
  const double gather = clx_collective_time(&b.network, CLX_ALL_GATHER, group, bytes);
  const double reduce = clx_collective_time(&b.network, CLX_REDUCE_SCATTER, group, bytes);
  const double held = clx_training_processors_held(&b.job, CLX_ALL_GATHER, group);  // of a reduce-scatter as well
  assert_true(hidden.tp[1] >= 2 * gather + 2 * held * (gather + reduce) - 1e-12);
  assert_true(hidden.tp[1] < 2 * gather + 0.6 * (gather + reduce));
  // Recipes of Megatron-Bridge turn the buffers off with fp4.
  b.software.tp_overlap = 1;
  b.job.precision = CLX_PRECISION_FP8;
  const double narrow = cost_of(&b).tp[0];
  b.job.precision = CLX_PRECISION_NVFP4;
  b.software.tp_overlap_fp4 = 0;
  assert_true(cost_of(&b).tp[0] > 5 * narrow);
  b.software.tp_overlap_fp4 = 1;
  CLX_CHECK_NEAR(cost_of(&b).tp[0], narrow, 1e-12, 0);
}

// Selective recompute of XLA's save_qkv_proj repeats attention, its output and the first products of the MLP.
static void test_recompute_policies(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-2-70b", "jax", (clx_layout){.tp = 1, .pp = 1, .dp = 1, .recompute = CLX_RECOMPUTE_SELECTIVE});
  const clx_layer_cost c = cost_of(&b);
  assert_true(c.repeat > c.attention[0] + 0.6 * c.gemm[0] && c.repeat < c.attention[0] + 0.7 * c.gemm[0] + c.stream[0]);
  const double share = (8192.0 * 8192 + 2 * 8192.0 * 28672) / (10240.0 * 8192 + 8192.0 * 8192 + 3 * 8192.0 * 28672);
  CLX_CHECK_NEAR(b.software.selective_gemm, share, 0.01, 0);
}

static void test_offload(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-bridge", (clx_layout){.tp = 1, .pp = 1, .dp = 64});
  b.job.layout.sharding = CLX_SHARDING_FSDP;
  clx_error error = {0};
  clx_memory all, half;
  assert_int_equal(clx_training_memory(&b.job, &all, &error), CLX_OK);
  b.job.layout.offload = 0.5;
  assert_int_equal(clx_training_memory(&b.job, &half, &error), CLX_OK);
  assert_true(half.total < all.total);
  b.device.host_link = 1e15;  // hidden
  const clx_layer_cost fast = cost_of(&b);
  b.job.layout.offload = 0;
  CLX_CHECK_NEAR(cost_of(&b).launch[0], fast.launch[0], 1e-12, 0);
  b.job.layout.offload = 0.5;
  b.device.host_link = 1e9;  // shown: the transfer less compute
  const clx_layer_cost slow = cost_of(&b);
  const double transfer = 0.5 * clx_training_kept_make(&b.job).layer[0].bytes / 1e9;
  CLX_CHECK_NEAR(slow.launch[0] - fast.launch[0], transfer - slow.gemm[0] - slow.attention[0] - slow.stream[0], 1e-9,
                 0);
}

// Under a frozen base there are no weight gradients, and one layout of a cast is enough.
static void test_adapters(void **state) {
  (void)state;
  bench b, full;
  bench_make(&b, "llama-2-70b-lora", "mlperf-nemo", (clx_layout){.tp = 1, .pp = 1, .dp = 8});
  bench_make(&full, "llama-2-70b", "mlperf-nemo", (clx_layout){.tp = 1, .pp = 1, .dp = 8});
  const clx_layer_cost adapters = cost_of(&b), trained = cost_of(&full);
  assert_true(adapters.gemm[1] < 0.6 * trained.gemm[1]);
  assert_true(adapters.gemm[0] > trained.gemm[0] && adapters.stream[0] > trained.stream[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_attention_of_training_shapes),
                                     cmocka_unit_test(test_kernels_of_attention),
                                     cmocka_unit_test(test_packed_documents),
                                     cmocka_unit_test(test_buffers_need_nvlink),
                                     cmocka_unit_test(test_h200_against_h100),
                                     cmocka_unit_test(test_extrapolations_are_said),
                                     cmocka_unit_test(test_mxfp8_needs_its_units),
                                     cmocka_unit_test(test_names_of_software),
                                     cmocka_unit_test(test_default_is_not_faster),
                                     cmocka_unit_test(test_one_compiler),
                                     cmocka_unit_test(test_separate_projections),
                                     cmocka_unit_test(test_casts_before_gathers),
                                     cmocka_unit_test(test_collectives_of_the_backward_pass),
                                     cmocka_unit_test(test_recompute_policies),
                                     cmocka_unit_test(test_offload),
                                     cmocka_unit_test(test_adapters)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
