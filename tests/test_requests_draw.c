// Drawn requests against closed forms; sessions, tenants, what a trace can be turned into, what a spec may not say.
#include <unistd.h>

#include "check.h"

#include "requests/requests_draw.h"

typedef struct drawn {
  clx_arena *arena;
  clx_requests requests;
  clx_requests_found found;
  clx_requests_summary summary;
  clx_error error;
} drawn;

static clx_status make_in(drawn *d, const char *folder, const char *yaml) {
  clx_node *root = NULL;
  clx_requests_spec spec;
  *d = (drawn){.arena = clx_arena_new()};
  clx_status status = clx_document_read(d->arena, "spec", yaml, strlen(yaml), &root, &d->error);
  if (status == CLX_OK) status = clx_schema_read(&clx_requests_schema, root, false, d->arena, &spec, &d->error);
  if (status == CLX_OK) status = clx_requests_make(&spec, folder, d->arena, &d->requests, &d->found, &d->error);
  if (status == CLX_OK) status = clx_requests_summarise(&d->requests, &d->summary, &d->error);
  return status;
}

static drawn make(const char *yaml) {
  drawn d;
  if (make_in(&d, NULL, yaml) != CLX_OK) fail_msg("%s", d.error.mistake[0].text);
  return d;
}

#define LENGTHS "lengths: {prompt: {tokens: 100}, output: {tokens: 10}}"

static void check_order(const clx_requests *r) {
  for (int32_t i = 1; i < r->count; i++) assert_true(r->item[i].arrival >= r->item[i - 1].arrival);
}

// Variance over mean of the requests in windows of `window` s.
static double dispersion(const clx_requests *r, double window, int32_t windows) {
  double square = 0;
  const double mean = (double)r->count / windows;
  int32_t at = 0;
  for (int32_t w = 0; w < windows; w++) {
    double count = 0;
    for (; at < r->count && r->item[at].arrival < (w + 1) * window; at++) count++;
    square += (count - mean) * (count - mean);
  }
  return square / windows / mean;
}

// --- arrivals ---------------------------------------------------------------------------------------------------------------------

// 200,000 requests: the rate is within 4 sd of 1 / sqrt(n), the dispersion of 2,000 windows within 4 sd of sqrt(2 / windows).
static void test_poisson(void **state) {
  (void)state;
  drawn d = make("{duration: 20000 s, arrivals: {rate: 10 1/s}, " LENGTHS "}");
  check_order(&d.requests);
  CLX_CHECK_NEAR(d.requests.count, 200000, 4 / sqrt(200000), 0);
  CLX_CHECK_NEAR(d.summary.gap_variation, 1, 0, 4 / sqrt(200000));
  CLX_CHECK_NEAR(dispersion(&d.requests, 10, 2000), 1, 4 * sqrt(2.0 / 2000), 0);
  clx_arena_free(d.arena);
}

static void test_gamma(void **state) {
  (void)state;
  static const double variation[] = {0.3, 1, 3};
  for (int32_t i = 0; i < 3; i++) {
    char yaml[256];
    const double cv = variation[i], n = 200000;
    snprintf(yaml, sizeof yaml, "{count: 200000, arrivals: {kind: gamma, rate: 10 1/s, variation: %g}, " LENGTHS "}",
             cv);
    drawn d = make(yaml);
    // sd of the mean: cv / sqrt(n); of the sample cv by its delta method, kurtosis of gamma 6 cv^2: cv sqrt((1 + 2 cv^2) / 2 n) about.
    CLX_CHECK_NEAR(d.summary.rate, 10, 4 * cv / sqrt(n), 0);
    CLX_CHECK_NEAR(d.summary.gap_variation, cv, 4 * sqrt((1 + 2 * cv * cv) / (2 * n)), 0);
    clx_arena_free(d.arena);
  }
}

// MMPP2: mean rate, and the limit of the dispersion of long windows, 1 + 2 (r1 - r0)^2 p1 p0 tau / rate with 1/tau = 1/burst + 1/calm.
static void test_bursts(void **state) {
  (void)state;
  drawn d = make(
      "{duration: 400000 s, arrivals: {kind: bursts, rate: 1 1/s, burst: 3, burst_time: 10 s, calm_time: 30 "
      "s}, " LENGTHS "}");
  const double high = 3, low = (40 - 30) / 30.0, share = 0.25, tau = 1 / (1 / 10.0 + 1 / 30.0);
  const double limit = 1 + 2 * (high - low) * (high - low) * share * (1 - share) * tau / 1;
  CLX_CHECK_NEAR(d.requests.count, 400000, 4 * sqrt(limit / 400000), 0);
  // Windows of 1,000 s: the limit is reached but for tau / window = 0.75 %.
  CLX_CHECK_NEAR(dispersion(&d.requests, 1000, 400), limit, 4 * sqrt(2.0 / 400), 0);
  clx_arena_free(d.arena);
}

// Four weeks: a day's course by its integral over each of 8 parts of 3 h, weekends by their factor.
static void test_diurnal(void **state) {
  (void)state;
  drawn d = make(
      "{duration: 28 days, arrivals: {kind: diurnal, rate: 0.1 1/s, swing: 0.8, peak: 15, hour: 6, day: 4, "
      "weekdays: [1, 1, 1, 1, 1, 0.5, 0.25]}, " LENGTHS "}");
  double part[8] = {0}, day[7] = {0};
  const double pi = acos(-1), all = 0.1 * 28 * 86400, scale = 7 / 5.75;
  for (int32_t i = 0; i < d.requests.count; i++) {
    const double clock = d.requests.item[i].arrival / 3600 + 6 + 4 * 24;
    part[(int32_t)(fmod(clock, 24) / 3)]++;
    day[(int32_t)fmod(clock / 24, 7)]++;
  }
  CLX_CHECK_NEAR(d.requests.count, all, 4 / sqrt(all), 0);
  for (int32_t p = 0; p < 8; p++) {
    const double from = 2 * pi * (3 * p - 15) / 24, to = from + 2 * pi / 8;
    const double want = all * (1 / 8.0 + 0.8 * (sin(to) - sin(from)) / (2 * pi));
    CLX_CHECK_NEAR(part[p], want, 0, 4 * sqrt(want));
  }
  const double factor[7] = {1, 1, 1, 1, 1, 0.5, 0.25};
  for (int32_t w = 0; w < 7; w++)
    CLX_CHECK_NEAR(day[w], all / 7 * factor[w] * scale, 0, 4 * sqrt(all / 7 * factor[w] * scale));
  clx_arena_free(d.arena);
}

static void test_constant_and_at_once(void **state) {
  (void)state;
  drawn d = make("{count: 5, arrivals: {kind: constant, rate: 4 1/s}, " LENGTHS "}");
  for (int32_t i = 0; i < 5; i++) assert_true(d.requests.item[i].arrival == 0.25 * i);
  clx_arena_free(d.arena);
  d = make("{count: 5, arrivals: {kind: at_once}, " LENGTHS "}");
  for (int32_t i = 0; i < 5; i++) assert_true(d.requests.item[i].arrival == 0);
  assert_false(d.found.timed);
  clx_arena_free(d.arena);
}

// --- lengths ----------------------------------------------------------------------------------------------------------------------

static void test_uniform(void **state) {
  (void)state;
  drawn d = make(
      "{count: 100000, arrivals: {rate: 10 1/s}, lengths: {prompt: {tokens: 1000, low: 0.8}, output: {tokens: 10, "
      "low: 0.5, high: 1.5}}}");
  int32_t least = INT32_MAX, seen[21] = {0};
  for (int32_t i = 0; i < d.requests.count; i++) {
    const clx_request *r = &d.requests.item[i];
    least = r->prompt < least ? r->prompt : least;
    assert_in_range(r->output, 5, 15);
    seen[r->output]++;
  }
  assert_int_equal(least, 800);
  CLX_CHECK_NEAR(d.summary.prompt.most, 1000, 0, 0);
  CLX_CHECK_NEAR(d.summary.prompt.mean, 900, 0, 4 * 58.0 / sqrt(100000));
  for (int32_t k = 5; k <= 15; k++) CLX_CHECK_NEAR(seen[k], 100000 / 11.0, 0, 4 * sqrt(100000 / 11.0));
  clx_arena_free(d.arena);
}

// The mean and the 90th percentile that were asked for; the variation by its moments.
static void test_lognormal(void **state) {
  (void)state;
  drawn d = make(
      "{count: 200000, arrivals: {rate: 10 1/s}, lengths: {prompt: {tokens: 2000, p90: 4500}, output: {tokens: 300, "
      "variation: 0.5}}}");
  const double n = 200000, z = clx_normal_quantile(0.9), sigma = z - sqrt(z * z - 2 * log(4500 / 2000.0));
  CLX_CHECK_NEAR(d.summary.prompt.mean, 2000, 4 * sqrt(expm1(sigma * sigma) / n), 0);
  // sd of a quantile: sqrt(p (1 - p) / n) / density, density = normal density / (sigma x).
  const double density = exp(-z * z / 2) / sqrt(2 * acos(-1)) / (sigma * 4500);
  CLX_CHECK_NEAR(d.summary.prompt.p90, 4500, 0, 4 * sqrt(0.09 / n) / density + 1);
  double square = 0;
  for (int32_t i = 0; i < d.requests.count; i++) square += pow(d.requests.item[i].output - 300, 2);
  CLX_CHECK_NEAR(d.summary.output.mean, 300, 4 * 0.5 / sqrt(n), 0);
  CLX_CHECK_NEAR(sqrt(square / n) / 300, 0.5, 0.015, 0);
  clx_arena_free(d.arena);
}

static void write_file(char *path, const char *text) {
  const int handle = mkstemp(path);
  assert_true(handle >= 0 && write(handle, text, strlen(text)) == (ssize_t)strlen(text));
  close(handle);
}

// Lengths that a trace lends come in pairs, each as often as it stands there.
static void test_lent_lengths(void **state) {
  (void)state;
  char path[] = "/tmp/requests_XXXXXX", yaml[256];
  write_file(path, "num_prefill_tokens,num_decode_tokens\n100,1\n200,2\n200,2\n400,4\n");
  snprintf(yaml, sizeof yaml, "{count: 40000, arrivals: {rate: 1 1/s}, lengths: {trace: %s}}", path + 5);
  drawn d;
  assert_int_equal(make_in(&d, "/tmp", yaml), CLX_OK);
  unlink(path);
  int32_t seen[5] = {0};
  for (int32_t i = 0; i < d.requests.count; i++) {
    const clx_request *r = &d.requests.item[i];
    assert_in_range(r->output, 1, 4);
    assert_int_equal(r->prompt, 100 * r->output);
    seen[r->output]++;
  }
  CLX_CHECK_NEAR(seen[1], 10000, 0, 4 * 87);
  CLX_CHECK_NEAR(seen[2], 20000, 0, 4 * 100);
  CLX_CHECK_NEAR(seen[4], 10000, 0, 4 * 87);
  clx_arena_free(d.arena);
}

// --- what prompts share -----------------------------------------------------------------------------------------------------------

static int64_t name_of(const clx_requests *r, int32_t request, int32_t block) {
  assert_in_range(block, 0, r->item[request].blocks - 1);
  return r->block[r->item[request].first_block + block];
}

// Full blocks of the system prompt have one name, the first one beyond it another in each prompt.
static void test_system_prompt(void **state) {
  (void)state;
  drawn d = make(
      "{count: 50, block: 16, arrivals: {rate: 1 1/s}, lengths: {prompt: {tokens: 60}, output: {tokens: 9}}, "
      "prefix: {system: 40}}");
  for (int32_t i = 0; i < d.requests.count; i++) {
    assert_int_equal(d.requests.item[i].prompt, 100);
    assert_int_equal(d.requests.item[i].blocks, 6);
    for (int32_t b = 0; b < 6; b++) {
      for (int32_t other = 0; other < i; other++)
        assert_int_equal(name_of(&d.requests, i, b) == name_of(&d.requests, other, b), b < 2);
    }
  }
  // 50 x 6 names, of them 2 + 50 x 4 different.
  CLX_CHECK_NEAR(d.summary.hits, 1 - 202.0 / 300, 1e-12, 0);
  clx_arena_free(d.arena);
}

// Sessions of one tenant with one request open at a time: each prompt begins with all blocks of the one before.
static void test_sessions(void **state) {
  (void)state;
  drawn d = make(
      "{count: 20000, arrivals: {rate: 1 1/s}, lengths: {prompt: {tokens: 32}, output: {tokens: 16}}, prefix: {turns: "
      "4, think: 30 s}}");
  check_order(&d.requests);
  assert_int_equal(d.requests.block_tokens, 16);
  double first = 0;
  for (int32_t i = 0; i < d.requests.count; i++) {
    const clx_request *r = &d.requests.item[i];
    assert_int_equal(r->prompt % 48, 32);  // 32, 80, 128 ...
    first += r->prompt == 32;
    assert_int_equal(r->blocks, r->prompt / 16);
  }
  // Mean turns 4; sessions at the end are cut short: in a steady state a request in four is a first one.
  CLX_CHECK_NEAR(first / d.requests.count, 0.25, 0, 4 * sqrt(0.75 * 0.25 / 20000));
  CLX_CHECK_NEAR(d.summary.rate, 1, 0.05, 0);
  // A prompt of the turn k has 3 k - 1 blocks, 3 (k - 1) - 1 of which stood in the prompt before: only new ones miss, 2 or 3 a turn.
  CLX_CHECK_NEAR((double)d.summary.distinct, 2 * first + 3 * (d.requests.count - first), 0, 0);
  clx_arena_free(d.arena);
}

// Nothing exceeds the context, sessions end before.
static void test_context(void **state) {
  (void)state;
  drawn d = make(
      "{count: 5000, arrivals: {rate: 1 1/s}, lengths: {prompt: {tokens: 300, variation: 2}, output: {tokens: 100}}, "
      "prefix: {system: 200, turns: 20, think: 5 s, context: 2000}}");
  double most = 0;
  for (int32_t i = 0; i < d.requests.count; i++) {
    assert_true(d.requests.item[i].prompt > 200);
    most = fmax(most, d.requests.item[i].prompt + d.requests.item[i].output);
  }
  assert_true(most <= 2000 && most > 1900);
  clx_arena_free(d.arena);
}

// Shares count requests, whatever the sessions; names of tenants, lengths and system prompts of their own.
static void test_tenants(void **state) {
  (void)state;
  drawn d = make(
      "{count: 40000, arrivals: {rate: 50 1/s}, " LENGTHS
      ", tenants: [{name: a, share: 3, prefix: {system: 32, "
      "turns: 5, think: 1 s}}, {name: b, lengths: {prompt: {tokens: 7}, output: {tokens: 3}}, prefix: {system: 32}}]}");
  double a = 0;
  int64_t first[2] = {0};
  for (int32_t i = 0; i < d.requests.count; i++) {
    const clx_request *r = &d.requests.item[i];
    a += r->tenant == 0;
    assert_int_equal(r->output, r->tenant == 0 ? 10 : 3);
    first[r->tenant] = name_of(&d.requests, i, 0);
  }
  assert_int_equal(d.requests.tenants, 2);
  assert_string_equal(d.requests.tenant_name[1], "b");
  assert_true(first[0] != first[1]);
  // A session of geometric length with mean 5 makes counts more uneven than single requests: dispersion at most 2 x 5 - 1.
  CLX_CHECK_NEAR(a / d.requests.count, 0.75, 0, 4 * sqrt(0.75 * 0.25 / 40000 * 9));
  clx_arena_free(d.arena);
}

// --- chance -----------------------------------------------------------------------------------------------------------------------

static uint64_t hash(const clx_requests *r) {
  clx_buffer out = {0};
  clx_error error = {0};
  uint64_t h = 1469598103934665603u;
  assert_int_equal(clx_requests_write(r, CLX_REQUESTS_CSV, &out, &error), CLX_OK);
  for (size_t i = 0; i < out.length; i++) h = (h ^ (uint8_t)out.data[i]) * 1099511628211u;
  clx_buffer_free(&out);
  return h;
}

// The same seed gives the same requests; other lengths leave the times alone; a longer list begins with the shorter one.
static void test_reproducible(void **state) {
  (void)state;
  const char *spec =
      "{count: 500, arrivals: {kind: bursts, rate: 5 1/s}, lengths: {prompt: {tokens: 50, variation: 1}, output: "
      "{tokens: 5}}, prefix: {turns: 3}}";
  drawn a = make(spec), b = make(spec);
  assert_true(hash(&a.requests) == hash(&b.requests));
  clx_arena_free(b.arena);
  b = make(
      "{count: 500, seed: 2, arrivals: {kind: bursts, rate: 5 1/s}, lengths: {prompt: {tokens: 50, variation: 1}, "
      "output: "
      "{tokens: 5}}, prefix: {turns: 3}}");
  assert_true(hash(&a.requests) != hash(&b.requests));
  clx_arena_free(b.arena);
  b = make(
      "{count: 900, arrivals: {kind: bursts, rate: 5 1/s}, lengths: {prompt: {tokens: 50, variation: 1}, output: "
      "{tokens: 5}}, prefix: {turns: 3}}");
  for (int32_t i = 0; i < 500; i++) {
    assert_true(a.requests.item[i].arrival == b.requests.item[i].arrival);
    assert_int_equal(a.requests.item[i].prompt, b.requests.item[i].prompt);
  }
  clx_arena_free(a.arena);
  clx_arena_free(b.arena);
  a = make("{count: 500, arrivals: {rate: 5 1/s}, lengths: {prompt: {tokens: 50, variation: 1}, output: {tokens: 5}}}");
  b = make("{count: 500, arrivals: {rate: 5 1/s}, lengths: {prompt: {tokens: 70}, output: {tokens: 5, low: 0.5}}}");
  for (int32_t i = 0; i < 500; i++) assert_true(a.requests.item[i].arrival == b.requests.item[i].arrival);
  clx_arena_free(a.arena);
  clx_arena_free(b.arena);
}

// What is drawn comes back from a file the same.
static void test_drawn_round_trip(void **state) {
  (void)state;
  drawn d = make(
      "{count: 2000, arrivals: {rate: 0.01 1/s}, lengths: {prompt: {tokens: 90, variation: 2}, output: {tokens: 5}}, "
      "prefix: {system: 33, turns: 3, think: 1 h}}");
  clx_buffer out = {0};
  clx_requests again;
  const clx_requests_reading reading = {0};
  assert_int_equal(clx_requests_write(&d.requests, CLX_REQUESTS_CSV, &out, &d.error), CLX_OK);
  assert_int_equal(clx_requests_read(d.arena, "t", out.data, out.length, &reading, &again, NULL, &d.error), CLX_OK);
  assert_true(hash(&d.requests) == hash(&again));
  for (int32_t i = 0; i < again.count; i++) assert_true(again.item[i].arrival == d.requests.item[i].arrival);
  clx_buffer_free(&out);
  clx_arena_free(d.arena);
}

// --- a trace, changed -------------------------------------------------------------------------------------------------------------

static void test_changes(void **state) {
  (void)state;
  char path[] = "/tmp/requests_XXXXXX", yaml[256];
  write_file(path, "arrival_s,prompt_tokens,output_tokens\n1,1,1\n2,2,1\n4,3,1\n8,4,1\n");
  snprintf(yaml, sizeof yaml, "{trace: %s, from: 2 s, until: 8 s, speed: 4}", path);
  drawn d = make(yaml);
  assert_int_equal(d.requests.count, 2);
  assert_true(d.requests.item[0].arrival == 0 && d.requests.item[1].arrival == 0.5);
  assert_int_equal(d.requests.item[1].prompt, 3);
  clx_arena_free(d.arena);
  snprintf(yaml, sizeof yaml, "{trace: %s, rate: 3 1/s, count: 3}", path);  // of its own: 3 / 7 s
  d = make(yaml);
  assert_int_equal(d.requests.count, 3);
  CLX_CHECK_NEAR(d.requests.item[2].arrival, 4 / 7.0, 1e-8, 0);
  clx_arena_free(d.arena);
  snprintf(yaml, sizeof yaml, "{trace: %s, arrivals: {kind: constant, rate: 2 1/s}, duration: 1.2 s}", path);
  d = make(yaml);
  assert_int_equal(d.requests.count, 3);
  assert_true(d.requests.item[2].arrival == 1 && d.requests.item[2].prompt == 3);
  clx_arena_free(d.arena);
  snprintf(yaml, sizeof yaml, "{trace: %s, from: 9 s}", path);
  assert_int_equal(make_in(&d, NULL, yaml), CLX_INPUT);
  clx_arena_free(d.arena);
  unlink(path);
}

// Busiest minute, whole minutes alone; gaps.
static void test_summary(void **state) {
  (void)state;
  clx_request item[] = {{.arrival = 5, .prompt = 10, .output = 1},
                        {.arrival = 6, .prompt = 20, .output = 2},
                        {.arrival = 64, .prompt = 30, .output = 3},
                        {.arrival = 70, .prompt = 40, .output = 4},
                        {.arrival = 130, .prompt = 50, .output = 5}};
  const clx_requests requests = {.item = item, .count = 5, .tenants = 1};
  clx_requests_summary s;
  clx_error error = {0};
  assert_int_equal(clx_requests_summarise(&requests, &s, &error), CLX_OK);
  CLX_CHECK_NEAR(s.rate, 4 / 125.0, 1e-12, 0);
  CLX_CHECK_NEAR(s.busiest, 3, 0, 0);  // 5, 6, 64 s; then 70 s; 130 s begins a minute that is not whole
  CLX_CHECK_NEAR(s.minute, 2, 0, 0);
  CLX_CHECK_NEAR(s.prompt.mean, 30, 1e-12, 0);
  CLX_CHECK_NEAR(s.prompt.p50, 30, 0, 0);
  CLX_CHECK_NEAR(s.output.p99, 5, 0, 0);
  const double mean = 31.25, gaps[4] = {1, 58, 6, 60};
  double square = 0;
  for (int32_t i = 0; i < 4; i++) square += (gaps[i] - mean) * (gaps[i] - mean);
  CLX_CHECK_NEAR(s.gap_variation, sqrt(square / 4) / mean, 1e-12, 0);
}

// --- what does not go together ----------------------------------------------------------------------------------------------------

#define ARRIVALS "arrivals: {rate: 1 1/s}"

static const struct {
  const char *yaml, *says;
} REFUSED[] = {
    {"{}", "neither `trace` nor `arrivals`"},
    {"{count: 1, arrivals: {kind: poisson}, " LENGTHS "}", "arrivals.rate is missing"},
    {"{" ARRIVALS ", " LENGTHS "}", "`count` or `duration` is missing"},
    {"{duration: 5 s, arrivals: {kind: at_once}, " LENGTHS "}", "`count` is missing"},
    {"{count: 1, " ARRIVALS "}", "lengths.prompt.tokens is missing"},
    {"{count: 1, " ARRIVALS ", lengths: {prompt: {tokens: 5}}}", "lengths.output.tokens is missing"},
    {"{count: 1, " ARRIVALS ", lengths: {prompt: {tokens: 5, low: 0.5, p90: 6}, output: {tokens: 5}}}",
     "one distribution"},
    {"{count: 1, " ARRIVALS ", lengths: {prompt: {tokens: 5, variation: 1, p90: 6}, output: {tokens: 5}}}",
     "expected one"},
    {"{count: 1, " ARRIVALS ", lengths: {prompt: {tokens: 5, p90: 60}, output: {tokens: 5}}}", "1 to 2.27"},
    {"{count: 1, " ARRIVALS ", lengths: {prompt: {tokens: 5.5, low: 0.99}, output: {tokens: 5}}}", "no whole number"},
    {"{count: 1, " ARRIVALS ", lengths: {prompt: {tokens: 5, least: 9, most: 8}, output: {tokens: 5}}}",
     "least 9 is above"},
    {"{count: 1, arrivals: {kind: bursts, rate: 1 1/s, burst: 5}, " LENGTHS "}", "expected at most 4"},
    {"{count: 1, arrivals: {kind: diurnal, rate: 1 1/s, weekdays: [1, 2]}, " LENGTHS "}", "expected 7"},
    {"{count: 1, " ARRIVALS ", " LENGTHS ", speed: 2}", "are of a `trace`"},
    {"{count: 1, " ARRIVALS ", " LENGTHS ", prefix: {system: 99, context: 100}}", "no room"},
    {"{count: 1, arrivals: {kind: at_once}, " LENGTHS ", prefix: {turns: 2}}", "sessions do not go"},
    {"{count: 1, " ARRIVALS ", " LENGTHS ", tenants: [{name: a, share: 0}]}", "all shares are 0"},
    {"{duration: 1 s, arrivals: {rate: 0.000001 1/s}, " LENGTHS "}", "no request arrives"},
    {"{count: 10000, arrivals: {rate: 0.000001 1/s}, " LENGTHS "}", "so slowly"},
    {"{count: 900000000, " ARRIVALS ", " LENGTHS "}", "at most 1e+08"},
    {"{trace: x, " LENGTHS "}", "`lengths` beside `trace`"},
    {"{trace: x, rate: 1 1/s, speed: 2}", "both `rate` and `speed`"},
    {"{trace: /no/such}", "cannot be opened"},
    {"{tace: x}", "did you mean"},
};

static void test_refusals(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(REFUSED); i++) {
    drawn d;
    const clx_status status = make_in(&d, NULL, REFUSED[i].yaml);
    if (status == CLX_OK || d.error.count == 0 || strstr(d.error.mistake[0].text, REFUSED[i].says) == NULL)
      fail_msg("%s: status %d: %s", REFUSED[i].yaml, status, d.error.mistake[0].text);
    clx_arena_free(d.arena);
  }
}

static void test_out_of_memory(void **state) {
  (void)state;
  const clx_requests_spec spec = {
      .count = 20,
      .speed = 1,
      .seed = 1,
      .arrivals = {.rate = 1, .variation = 1, .place = {.file = "t"}},
      .lengths = {.prompt = {.tokens = 40, .low = -1, .high = -1, .variation = -1, .p90 = -1, .least = 1, .most = 100},
                  .output = {.tokens = 4, .low = -1, .high = -1, .variation = -1, .p90 = -1, .least = 1, .most = 100}},
      .prefix = {.systems = 1, .turns = 3, .think = 1, .context = 1000}};
  int32_t failures = 0;
  for (int64_t n = 1;; n++) {
    clx_arena *arena = clx_arena_new();
    clx_requests requests;
    clx_error error = {0};
    clx_memory_fail_after(n);
    const clx_status status = clx_requests_make(&spec, NULL, arena, &requests, NULL, &error);
    clx_memory_fail_after(0);
    clx_arena_free(arena);
    if (status == CLX_OK) break;
    assert_int_equal(status, CLX_MEMORY);
    failures++;
  }
  assert_in_range(failures, 5, 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_poisson),
      cmocka_unit_test(test_gamma),
      cmocka_unit_test(test_bursts),
      cmocka_unit_test(test_diurnal),
      cmocka_unit_test(test_constant_and_at_once),
      cmocka_unit_test(test_uniform),
      cmocka_unit_test(test_lognormal),
      cmocka_unit_test(test_lent_lengths),
      cmocka_unit_test(test_system_prompt),
      cmocka_unit_test(test_sessions),
      cmocka_unit_test(test_context),
      cmocka_unit_test(test_tenants),
      cmocka_unit_test(test_reproducible),
      cmocka_unit_test(test_drawn_round_trip),
      cmocka_unit_test(test_changes),
      cmocka_unit_test(test_summary),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
