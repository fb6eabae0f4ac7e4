// Take-offs along headers: the march is the network's solution, balancing, direct and reverse return, which one starves.
#include "check.h"

#include "cooling/cooling_header.h"

// 16 racks of 125 kW: 2 L/s of PG25 at 40 degC and 40 kPa each.
static const clx_header row = {.count = 16,
                               .design = 16 * 2e-3,
                               .pressure = 4e4,
                               .exponent = 1.9,
                               .lead = 10,
                               .spacing = 0.8,
                               .diameter = 0.1,
                               .roughness = 4.5e-5,
                               .minor = 0.3,
                               .density = 1022.5,
                               .viscosity = 1.58e-3};

static clx_header_flow flow_along(const clx_header *header, double flow, clx_arena *arena) {
  clx_header_flow out = {0};
  clx_error error = {0};
  if (clx_header_march(header, flow, arena, &out, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return out;
}

static void check_network(const clx_header *header, double flow) {
  clx_arena *arena = clx_arena_new();
  const clx_header_flow out = flow_along(header, flow, arena);
  clx_hydraulic net = {0};
  clx_hydraulic_state state = {0};
  clx_error error = {0};
  assert_int_equal(clx_header_network(header, flow, arena, &net, &error), CLX_OK);
  if (clx_hydraulic_solve(&net, NULL, arena, &state, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  for (int32_t i = 0; i < header->count; i++)
    CLX_CHECK_NEAR(out.share[i] * flow / header->count, state.flow[i], 1e-9, 0);
  CLX_CHECK_NEAR(state.pressure[0] - state.pressure[net.node_count - 1], out.pressure, 1e-9, 0);
  clx_arena_free(arena);
}

static void test_march_is_the_network(void **state) {
  (void)state;
  static const int32_t counts[] = {1, 2, 3, 16, 61};
  double resistance[61];
  for (int32_t i = 0; i < 61; i++) resistance[i] = 1 + 0.5 * sin(i);
  for (int32_t k = 0; k < 8 * CLX_COUNT(counts); k++) {
    clx_header header = row;
    header.count = counts[k / 8];
    header.design = header.count * 2e-3;
    header.reverse = k & 1;
    header.balanced = k & 2;
    header.resistance = k & 4 ? resistance : NULL;
    header.diameter = 0.1 * sqrt(header.count / 16.0) + 0.01;
    check_network(&header, header.design);
    check_network(&header, 0.4 * header.design);
  }
}

// 14 m/s in the headers: the march alone would not find the flows.
static void test_headers_far_too_narrow(void **state) {
  (void)state;
  clx_header header = row;
  header.count = 91;
  header.design = 91 * 2e-3;
  header.reverse = true;
  header.spacing = 2;
  check_network(&header, header.design);
  clx_arena *arena = clx_arena_new();
  const clx_header_flow out = flow_along(&header, header.design, arena);
  assert_true(out.least < 0.1 && out.most > 2);
  clx_arena_free(arena);
}

static void test_direct_return_starves_the_far_end(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  const clx_header_flow out = flow_along(&row, row.design, arena);
  assert_int_equal(out.starved, 15);
  double sum = 0;
  for (int32_t i = 0; i < row.count; i++) {
    sum += out.share[i];
    if (i > 0) assert_true(out.share[i] < out.share[i - 1]);
  }
  CLX_CHECK_NEAR(sum, row.count, 1e-12, 0);
  assert_true(out.most > 1.05 && out.least < 0.97);
  clx_arena_free(arena);
}

static void test_reverse_return_is_evener_and_symmetric(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_header reverse = row;
  reverse.reverse = true;
  const clx_header_flow direct = flow_along(&row, row.design, arena), out = flow_along(&reverse, row.design, arena);
  assert_true(out.least > direct.least && out.most < direct.most);
  for (int32_t i = 0; i < row.count; i++) CLX_CHECK_NEAR(out.share[i], out.share[row.count - 1 - i], 1e-9, 0);
  assert_true(out.starved == 7 || out.starved == 8);  // the middle
  clx_arena_free(arena);
}

static void test_balancing(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_header balanced = row;
  balanced.balanced = true;
  const clx_header_flow at_design = flow_along(&balanced, row.design, arena);
  CLX_CHECK_NEAR(at_design.least, 1, 1e-9, 0);
  CLX_CHECK_NEAR(at_design.most, 1, 1e-9, 0);
  // At part flow laws of other exponents no longer match; still far nearer than without valves.
  const clx_header_flow part = flow_along(&balanced, 0.3 * row.design, arena),
                        bare = flow_along(&row, 0.3 * row.design, arena);
  assert_true(part.most - part.least < 0.2 * (bare.most - bare.least) && part.most - part.least > 1e-6);
  // Without friction in the headers all take the same.
  clx_header wide = row;
  wide.diameter = 10;
  const clx_header_flow even = flow_along(&wide, row.design, arena);
  CLX_CHECK_NEAR(even.least, 1, 1e-6, 0);
  clx_arena_free(arena);
}

static void test_a_clogged_rack_starves(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_header header = row;
  double resistance[16];
  for (int32_t i = 0; i < 16; i++) resistance[i] = i == 4 ? 3 : 1;
  header.resistance = resistance;
  const clx_header_flow out = flow_along(&header, row.design, arena);
  assert_int_equal(out.starved, 4);
  // Its neighbours' pressure at three times the resistance.
  CLX_CHECK_NEAR(out.share[4], 0.5 * (out.share[3] + out.share[5]) * pow(3, -1 / 1.9), 2e-3, 0);
  clx_arena_free(arena);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    size_t offset;
    double value;
    const char *text;
  } rows[] = {{offsetof(clx_header, diameter), 0, "header: diameter (m) is 0, expected 0.0001 to 100"},
              {offsetof(clx_header, exponent), 0.5, "header: exponent is 0.5"},
              {offsetof(clx_header, pressure), NAN, "header: pressure (Pa) is nan"},
              {offsetof(clx_header, roughness), 0.01, "header: roughness over diameter is 0.1"}};
  clx_arena *arena = clx_arena_new();
  clx_header_flow out = {0};
  clx_hydraulic net = {0};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    clx_header header = row;
    clx_error error = {0}, other = {0};
    *(double *)(void *)((char *)&header + rows[i].offset) = rows[i].value;
    assert_int_equal(clx_header_march(&header, row.design, arena, &out, &error), CLX_INPUT);
    assert_int_equal(clx_header_network(&header, row.design, arena, &net, &other), CLX_INPUT);
    if (!strstr(error.mistake[0].text, rows[i].text)) fail_msg("%s", error.mistake[0].text);
  }
  clx_error error = {0};
  assert_int_equal(clx_header_march(&row, 0, arena, &out, &error), CLX_INPUT);
  clx_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_march_is_the_network),
      cmocka_unit_test(test_headers_far_too_narrow),
      cmocka_unit_test(test_direct_return_starves_the_far_end),
      cmocka_unit_test(test_reverse_return_is_evener_and_symmetric),
      cmocka_unit_test(test_balancing),
      cmocka_unit_test(test_a_clogged_rack_starves),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
