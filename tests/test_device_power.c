// Power of kernels: bounds, growth, clock under a limit, the meter; and published power and throughput (section 5 of
// docs/model/device/power.md says what they informed).
#include "check.h"

#include "device/device.h"
#include "device/device_power.h"
#include "device/device_power_internal.h"

static clx_power_parameters parameters(double rest) {
  clx_power_parameters p;
  clx_schema_default(&clx_power_schema, &p);
  p.rest = rest;
  return p;
}

// Data sheets; 0.18 of the tdp at rest for Hopper, what remains of the lowest power of published inference runs.
static const double HOPPER_REST = 0.18, BLACKWELL_REST = 0.246;

static clx_device hopper(double bandwidth) {
  clx_device d = {
      .name = "hopper", .memory_bandwidth = bandwidth, .l2 = 50e6, .processors = 132, .clock = 1.98e9, .tdp = 700};
  d.peak[CLX_BF16] = 989.4e12;
  d.peak[CLX_FP8] = 1979e12;
  return d;
}

static clx_device b200(void) {
  clx_device d = {
      .name = "b200", .memory_bandwidth = 7.7e12, .l2 = 126e6, .processors = 148, .clock = 1.965e9, .tdp = 1000};
  d.peak[CLX_TF32] = 1125e12;
  d.peak[CLX_BF16] = 2250e12;
  d.peak[CLX_FP8] = 4500e12;
  d.peak[CLX_FP4] = 9000e12;
  return d;
}

static clx_kernel_cost rates(double flop, double bytes) { return (clx_kernel_cost){1, flop, bytes, 0}; }

static void test_power_stays_between_rest_and_limit(void **state) {
  (void)state;
  const clx_device d = b200();
  const clx_power_parameters p = parameters(BLACKWELL_REST);
  static const double flop[] = {0, 1, 1e12, 1e15, 9e15}, bytes[] = {0, 1, 1e9, 1e12, 7.7e12, 1e15};
  static const double time[] = {1e-7, 1e-3, 1, 1e6};
  for (int kind = 0; kind < CLX_POWER_KINDS; kind++) {
    for (int format = 0; format < CLX_KERNEL_FORMATS; format++) {
      for (int i = 0; i < 5 * 6 * 4; i++) {
        const clx_kernel_cost cost = {time[i % 4], flop[i / 4 % 5], bytes[i / 20], 1e6};
        const double power = clx_power_of_kernel(&d, &p, (clx_power_kind)kind, (clx_kernel_format)format, &cost);
        assert_true(isfinite(power) && power >= p.rest * d.tdp && power <= p.limit * d.tdp * (1 + 1e-9));
      }
    }
  }
}

static void test_power_grows_with_rates(void **state) {
  (void)state;
  const clx_device d = b200();
  const clx_power_parameters p = parameters(BLACKWELL_REST);
  double before = 0;
  for (double share = 0; share < 1; share += 0.1) {
    const clx_kernel_cost matrix = rates(share * 2.25e15, 1e11), memory = rates(1e12, share * 7.7e12);
    const double power = clx_power_of_kernel(&d, &p, CLX_POWER_GEMM, CLX_KERNEL_BF16, &matrix) +
                         clx_power_of_kernel(&d, &p, CLX_POWER_GEMM, CLX_KERNEL_BF16, &memory);
    assert_true(power > before);
    before = power;
  }
  const clx_kernel_cost cost = rates(5e14, 1e12);
  const double bf16 = clx_power_of_kernel(&d, &p, CLX_POWER_GEMM, CLX_KERNEL_BF16, &cost);
  const double fp8 = clx_power_of_kernel(&d, &p, CLX_POWER_GEMM, CLX_KERNEL_FP8, &cost);
  const double nvfp4 = clx_power_of_kernel(&d, &p, CLX_POWER_GEMM, CLX_KERNEL_NVFP4, &cost);
  assert_true(bf16 > fp8 && fp8 > nvfp4);
}

static void test_limit(void **state) {
  (void)state;
  const clx_device d = b200();
  const clx_power_parameters p = parameters(BLACKWELL_REST);
  for (double compute = 0; compute <= 1; compute += 0.25) {
    const clx_power_load load = {CLX_POWER_GEMM, CLX_KERNEL_BF16, rates(1.2e15, 2e12), compute, 0};
    clx_power_state before = clx_power_cap(&d, &p, &load, 2000);
    CLX_CHECK_NEAR(before.clock, 1, 0, 0);
    for (double limit = 1000; limit >= 600; limit -= 50) {
      const clx_power_state now = clx_power_cap(&d, &p, &load, limit);
      assert_true(now.clock <= before.clock && now.time >= before.time && now.power <= limit * (1 + 1e-9));
      before = now;
    }
  }
  // A kernel bound by memory keeps its time at a lower clock.
  const clx_power_load stream = {CLX_POWER_GEMM, CLX_KERNEL_BF16, rates(1e12, 7e12), 0, 0};
  CLX_CHECK_NEAR(clx_power_cap(&d, &p, &stream, 800).time, 1, 1e-12, 0);
  assert_true(clx_power_cap(&d, &p, &stream, 800).clock < 0.95);
}

// A time measured under a limit stays what it is under the same limit.
static void test_measured_under_limit(void **state) {
  (void)state;
  const clx_device d = b200();
  const clx_power_parameters p = parameters(BLACKWELL_REST);
  const clx_power_load load = {CLX_POWER_GEMM, CLX_KERNEL_BF16, rates(1.42e15, 3e11), 1, 1000};
  const clx_power_state same = clx_power_cap(&d, &p, &load, 1000);
  CLX_CHECK_NEAR(same.time, 1, 1e-9, 0);
  assert_true(same.clock < 0.85);
  assert_true(clx_power_cap(&d, &p, &load, 700).time > 1.2);
}

static void test_sustained_clock(void **state) {
  (void)state;
  const clx_device d = hopper(3.35e12);
  const clx_power_parameters p = parameters(HOPPER_REST);
  double before = 1;
  for (double share = 0.1; share < 1; share += 0.1) {
    const double clock = clx_power_sustained_clock(&d, &p, CLX_KERNEL_BF16, share, 0.03);
    assert_true(clock <= before && clock >= clx_power_sustained_clock(&d, &p, CLX_KERNEL_FP8, share, 0.03));
    before = clock;
  }
  // Training on H100 runs its bf16 products at about 0.89 of what they reach alone (catalogue, from published runs).
  CLX_CHECK_NEAR(clx_power_sustained_clock(&d, &p, CLX_KERNEL_BF16, 0.75, 0.03), 0.89, 0.05, 0);
}

// MLPerf Inference v4.1, 8 x H200: throughput under a power limit against none (power_points.csv, P223-P247). How busy each
// benchmark keeps the device is not published: all are taken as 8-bit products at half of peak.
static void test_h200_under_limits(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double limit, published, tolerance;
  } rows[] = {
      {"gptj offline", 350, 0.652, 0.1},
      {"gptj server", 350, 0.608, 0.1},
      {"3d-unet", 350, 0.762, 0.22},
      {"resnet50", 350, 0.735, 0.22},
      {"retinanet", 350, 0.748, 0.22},
      {"bert-99 offline", 400, 0.737, 0.1},
      {"bert-99 server", 400, 0.722, 0.1},
      {"bert-99.9", 450, 0.728, 0.1},
      {"sdxl", 450, 0.758, 0.1},
      {"llama2-70b offline", 500, 0.807, 0.1},
      {"llama2-70b server", 500, 0.791, 0.1},
      {"mixtral offline", 500, 0.830, 0.1},
      {"mixtral server", 500, 0.796, 0.1},
      {"dlrm-v2", 500, 0.790, 0.1},
  };
  const clx_device d = hopper(4.8e12);
  const clx_power_parameters p = parameters(HOPPER_REST);
  const clx_power_load load = {CLX_POWER_GEMM, CLX_KERNEL_FP8, rates(0.5 * 1979e12, 0.15 * 4.8e12), 0.85, 0};
  const double free_time = clx_power_cap(&d, &p, &load, 700).time;
  double sum = 0;
  enum { ROWS = sizeof rows / sizeof rows[0] };
  for (int i = 0; i < ROWS; i++) {
    const double throughput = free_time / clx_power_cap(&d, &p, &load, rows[i].limit).time;
    CLX_CHECK_NEAR(throughput, rows[i].published, rows[i].tolerance, 0);
    sum += fabs(throughput / rows[i].published - 1);
  }
  assert_true(sum / ROWS < 0.07);
}

// ML.ENERGY leaderboard v3 (power_points.csv, P258-P268): power of one GPU while serving. FLOP and bytes follow from the
// published tokens/s: weights once a step, 1000 cached tokens a request. Power is concave in the rates, so work spread evenly
// over the time draws the most, work packed at full rates with rests between the least; the truth lies between.
static double spread_power(const clx_device *d, const clx_power_parameters *p, double flop, double bytes) {
  const clx_kernel_cost cost = rates(flop, bytes);
  return clx_power_of_kernel(d, p, CLX_POWER_GEMM, CLX_KERNEL_BF16, &cost);
}

static double packed_power(const clx_device *d, const clx_power_parameters *p, double flop, double bytes) {
  const double busy = fmin(1, flop / (0.7 * d->peak[CLX_BF16]) + bytes / (0.9 * d->memory_bandwidth));
  return busy * spread_power(d, p, flop / busy, bytes / busy) + (1 - busy) * p->rest * d->tdp;
}

static void test_power_of_inference(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool blackwell;
    double gpus, parameters, cache, batch, tokens, published;
  } rows[] = {
      {"Llama-3.1-70B, 4 x H100", false, 4, 70.6e9, 328e3, 8, 470, 441},
      {"Llama-3.1-70B, 4 x H100", false, 4, 70.6e9, 328e3, 128, 3876, 546},
      {"Llama-3.1-70B, 4 x H100", false, 4, 70.6e9, 328e3, 1024, 6827, 637},
      {"Llama-3.1-70B, 2 x B200", true, 2, 70.6e9, 328e3, 8, 476, 849},
      {"Llama-3.1-70B, 2 x B200", true, 2, 70.6e9, 328e3, 256, 5372, 971},
      {"Llama-3.1-70B, 2 x B200", true, 2, 70.6e9, 328e3, 2048, 10108, 954},
      {"Qwen3-8B, H100", false, 1, 8.2e9, 147e3, 8, 962, 427},
      {"Qwen3-8B, H100", false, 1, 8.2e9, 147e3, 64, 4315, 514},
      {"Qwen3-8B, H100", false, 1, 8.2e9, 147e3, 256, 7719, 633},
      {"Qwen3-8B, B200", true, 1, 8.2e9, 147e3, 8, 1502, 646},
      {"Qwen3-8B, B200", true, 1, 8.2e9, 147e3, 256, 11463, 831},
  };
  const clx_device h = hopper(3.35e12), b = b200();
  const clx_power_parameters hp = parameters(HOPPER_REST), bp = parameters(BLACKWELL_REST);
  double sum = 0;
  enum { ROWS = sizeof rows / sizeof rows[0] };
  for (int i = 0; i < ROWS; i++) {
    const clx_device *d = rows[i].blackwell ? &b : &h;
    const clx_power_parameters *p = rows[i].blackwell ? &bp : &hp;
    const double steps = rows[i].tokens / rows[i].batch;
    const double bytes = steps * (2 * rows[i].parameters + rows[i].batch * 1000 * rows[i].cache) / rows[i].gpus;
    const double flop = 2 * rows[i].parameters * rows[i].tokens / rows[i].gpus;
    const double low = packed_power(d, p, flop, bytes), high = spread_power(d, p, flop, bytes);
    assert_true(low < high);
    assert_true(rows[i].published > 0.9 * low && rows[i].published < 1.15 * high);
    sum += fabs((low + high) / 2 / rows[i].published - 1);
  }
  assert_true(sum / ROWS < 0.12);
}

// --- the meter -------------------------------------------------------------------------------------------------------

static clx_kernel_cost product_cost(const clx_device *device, clx_kernel_format format, const void *unused,
                                    const void *shape) {
  (void)unused;
  const double *s = shape;
  const double flop = 2 * s[0] * s[1] * s[2];
  const double bytes = (s[0] * s[2] + s[1] * s[2]) * clx_kernel_format_bytes(format) + s[0] * s[1] * 2;
  return (clx_kernel_cost){fmax(flop / (0.6 * device->peak[CLX_BF16]), bytes / device->memory_bandwidth) + 3e-6, flop,
                           bytes, 0};
}

static const clx_kernel_column product_columns[] = {{.name = "m"}, {.name = "n"}, {.name = "k"}};
static const clx_kernel_family product = {
    .name = "gemm", .columns = product_columns, .column_count = 3, .cost = product_cost};

static double reading(double m, double n, double k) {
  const clx_device d = b200();
  const clx_power_parameters p = parameters(BLACKWELL_REST);
  clx_power_meter meter;
  clx_schema_default(&clx_power_meter_schema, &meter);
  const double shape[] = {m, n, k};
  return clx_power_reading(&d, &p, &meter, &product, CLX_KERNEL_BF16, NULL, shape, 0);
}

static void test_meter(void **state) {
  (void)state;
  const double hot = reading(2048, 8192, 8192), first = reading(16384, 8192, 8192), tiny = reading(4096, 64, 64);
  assert_true(hot > 900 && hot <= 1000);    // what ran before was as hot
  assert_true(first > 550 && first < 800);  // the meter's second began at rest
  assert_true(tiny > 240 && tiny < 350);    // over before the meter notices
  static const clx_kernel_family unknown = {.name = "sort", .columns = product_columns, .column_count = 3};
  const clx_device d = b200();
  const clx_power_parameters p = parameters(BLACKWELL_REST);
  clx_power_meter meter;
  clx_schema_default(&clx_power_meter_schema, &meter);
  const double shape[] = {1, 1, 1};
  CLX_CHECK_NEAR(clx_power_reading(&d, &p, &meter, &unknown, CLX_KERNEL_BF16, NULL, shape, 0), 0, 0, 0);
}

static void test_sweeps_end(void **state) {
  (void)state;
  static const double starts[CLX_SWEEPS][8] = {{1, 4096, 4096},
                                               {16384, 4096, 1024, 8, 64, 1, 1, 0},
                                               {1, 1, 0, 32, 8, 128, 0, 0},
                                               {16, 1, 1, 32, 1, 64, 0, 0},
                                               {1, 16384, 0, 128, 0},
                                               {1024, 1, 16383, 16, 0}};
  for (int s = 0; s < CLX_SWEEPS; s++) {
    double shape[8];
    memcpy(shape, starts[s], sizeof shape);
    int places = 0;
    while (clx_power_sweep_back((clx_power_sweep)s, shape) && places < 1000) places++;
    assert_true(places > 5 && places < 1000);
    for (int i = 0; i < 8; i++) assert_true(shape[i] >= 0 && isfinite(shape[i]));
  }
  double shape[8] = {3840, 4096, 4096};
  assert_true(clx_power_sweep_back(CLX_SWEEP_GEMM, shape));
  CLX_CHECK_NEAR(shape[0], 3841, 0, 0);
  assert_false(clx_power_sweep_back(CLX_SWEEP_GEMM, shape));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_power_stays_between_rest_and_limit),
      cmocka_unit_test(test_power_grows_with_rates),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_measured_under_limit),
      cmocka_unit_test(test_sustained_clock),
      cmocka_unit_test(test_h200_under_limits),
      cmocka_unit_test(test_power_of_inference),
      cmocka_unit_test(test_meter),
      cmocka_unit_test(test_sweeps_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
