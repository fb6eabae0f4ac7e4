// Outages that are drawn: shares of time against the closed form, servers that take several replicas with them, joining.
#include "check.h"

#include <math.h>

#include "serving/serving_changes.h"

static clx_arena *arena;

static clx_outage_list drawn(const clx_outage_law *law, double until, uint64_t seed) {
  clx_outage_list list = {0};
  clx_error error = {0};
  assert_int_equal(clx_outages_draw(law, until, seed, arena, &list, &error), CLX_OK);
  return list;
}

// Share of the replicas' time until `end` that they are down.
static double down_share(const clx_outage_list *list, double end, int32_t replicas) {
  double down = 0;
  for (int32_t i = 0; i < list->count; i++) down += fmax(0, fmin(list->item[i].until, end) - list->item[i].from);
  return down / (end * replicas);
}

// MTTR / (MTBF + MTTR): of the 40 x 5,000 h / 12.5 h = 16,000 cycles the share is known to 1 %.
static void test_share_of_time_is_that_of_renewal(void **state) {
  (void)state;
  const double hour = 3600, end = 5000 * hour;
  const clx_outage_cause cause = {1 / (10 * hour), 0.5 * hour, 2 * hour};
  const clx_outage_law law = {.replicas = 40, .together = 1, .own = &cause, .own_count = 1};
  const clx_outage_list list = drawn(&law, end, 1);
  const clx_availability a = clx_outage_availability(&law);
  CLX_CHECK_NEAR(a.available, 10 / 12.5, 1e-12, 0);
  CLX_CHECK_NEAR(a.mttr, 2.5 * hour, 1e-12, 0);
  CLX_CHECK_NEAR(a.mtbf, 10 * hour, 1e-12, 0);
  CLX_CHECK_NEAR(down_share(&list, end, 40), 0.2, 0.03, 0);
  CLX_CHECK_NEAR(list.count, 16000, 0.03, 0);
}

// Two causes of a server and one of a process: shares multiply, as they are independent.
static void test_servers_take_all_replicas_with_them(void **state) {
  (void)state;
  const double hour = 3600, end = 20000 * hour;
  const clx_outage_cause server[] = {{1 / (100 * hour), hour, 0}, {1 / (50 * hour), 0, 4 * hour}},
                         own = {1 / (30 * hour), 0.5 * hour, 0};
  const clx_outage_law law = {
      .first = 3, .replicas = 10, .together = 4, .server = server, .server_count = 2, .own = &own, .own_count = 1};
  clx_outage_list list = drawn(&law, end, 2);
  const clx_availability a = clx_outage_availability(&law);
  CLX_CHECK_NEAR(a.available, 1 / 1.09 / (1 + 0.5 / 30), 1e-12, 0);
  CLX_CHECK_NEAR(a.mtbf, hour / (1.0 / 100 + 1.0 / 50 + 1.0 / 30), 1e-12, 0);
  int32_t with_next = 0, all = 0;
  clx_outages_join(&list);
  CLX_CHECK_NEAR(down_share(&list, end, 10), 1 - a.available, 0.05, 0);
  for (int32_t i = 0; i < list.count; i++) {
    assert_true(list.item[i].replica >= 3 && list.item[i].replica < 13);
    if (i > 0 && list.item[i].replica == list.item[i - 1].replica)
      assert_true(list.item[i].from > list.item[i - 1].until);  // joined
    if (list.item[i].replica != 3) continue;
    all++;
    for (int32_t k = 0; k < list.count; k++)
      with_next += list.item[k].replica == 6 && list.item[k].from == list.item[i].from;
  }
  // 0.03 of 0.0633 failures an hour are the server's, less those that come while the process is down.
  CLX_CHECK_NEAR((double)with_next / all, 0.03 / (0.03 + 1.0 / 30), 0.12, 0);
}

static void test_same_seed_same_outages(void **state) {
  (void)state;
  const clx_outage_cause cause = {1e-3, 100, 50};
  const clx_outage_law law = {.replicas = 3, .together = 1, .own = &cause, .own_count = 1};
  const clx_outage_list a = drawn(&law, 1e5, 7), b = drawn(&law, 1e5, 7), c = drawn(&law, 1e5, 8);
  assert_int_equal(a.count, b.count);
  assert_memory_equal(a.item, b.item, (size_t)a.count * sizeof *a.item);
  assert_true(a.item[0].from != c.item[0].from);
}

static void test_joining(void **state) {
  (void)state;
  clx_outage item[] = {{1, 5, 7}, {0, 4, 6}, {1, 1, 2}, {0, 5, 9}, {0, 9, 10}, {1, 6, 6.5}};
  clx_outage_list list = {item, CLX_COUNT(item), CLX_COUNT(item)};
  clx_outages_join(&list);
  assert_int_equal(list.count, 3);
  assert_true(item[0].replica == 0 && item[0].from == 4 && item[0].until == 10);
  assert_true(item[1].replica == 1 && item[1].from == 1 && item[1].until == 2);
  assert_true(item[2].replica == 1 && item[2].from == 5 && item[2].until == 7);
}

static void test_too_many_are_refused(void **state) {
  (void)state;
  const clx_outage_cause cause = {1, 0, 1e-3};
  const clx_outage_law law = {.replicas = 100, .together = 1, .own = &cause, .own_count = 1};
  clx_outage_list list = {0};
  clx_error error = {0};
  assert_int_equal(clx_outages_draw(&law, 1e6, 1, arena, &list, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "more than a million"));
}

static int open_arena(void **state) {
  (void)state;
  arena = clx_arena_new();
  return arena == NULL;
}

static int close_arena(void **state) {
  (void)state;
  clx_arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_share_of_time_is_that_of_renewal),
      cmocka_unit_test(test_servers_take_all_replicas_with_them),
      cmocka_unit_test(test_same_seed_same_outages),
      cmocka_unit_test(test_joining),
      cmocka_unit_test(test_too_many_are_refused),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
