// Searches against brute force, proofs, repeatability.
#include "project_rig.h"

#include "schedule/schedule_coarse.h"
#include "schedule/schedule_genetic.h"
#include "schedule/schedule_large.h"

enum { SMALL = 6, UNITS = 40 };

// Random activities with links of all kinds forwards, two resources, one of which changes.
static void make_random(project_rig *r, uint64_t *chance, int32_t n, bool maximum) {
  static const char *const name[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"};
  rig_open(r);
  const int32_t x = rig_resource(r, "x", false, 3 + rig_draw(chance, 2)), y = rig_resource(r, "y", false, 2);
  clx_project_add_level(&r->maker, 2 + rig_draw(chance, 6), 1 + rig_draw(chance, 2));
  clx_project_add_level(&r->maker, 9, 3);
  for (int32_t i = 0; i < n; i++) {
    const int32_t a = rig_activity(r, name[i], rig_draw(chance, 5));
    clx_project_add_use(&r->maker, x, rig_draw(chance, 4));
    clx_project_add_use(&r->maker, y, rig_draw(chance, 3));
    if (rig_draw(chance, 4) == 0) clx_project_maker_activity(&r->maker, a)->release = rig_draw(chance, 4);
  }
  for (int32_t i = 0; i < n; i++) {
    for (int32_t j = i + 1; j < n; j++) {
      if (rig_draw(chance, 4) != 0) continue;
      const int32_t least = rig_draw(chance, 4) - 1;
      rig_link(r, i, j, rig_draw(chance, 4), least,
               maximum && rig_draw(chance, 2) == 0 ? least + rig_draw(chance, 4) : CLX_PROJECT_NONE);
    }
  }
}

// The shortest plan of all: every start of every activity, with the validator as the judge of whole plans. Bounded by UNITS.
typedef struct brute {
  const clx_project *p;
  clx_project_plan plan;
  int32_t best;
} brute;

static bool fits(const brute *b, int32_t count) {
  const clx_project *p = b->p;
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    if (l->from >= count || l->to >= count) continue;
    const int32_t from =
        l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF ? b->plan.finish[l->from] : b->plan.start[l->from];
    const int32_t to =
        l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF ? b->plan.finish[l->to] : b->plan.start[l->to];
    if (to - from < l->least || (l->most != CLX_PROJECT_NONE && to - from > l->most)) return false;
  }
  for (int32_t r = 0; r < p->resource_count; r++) {
    for (int32_t t = b->plan.start[count - 1]; t < b->plan.finish[count - 1]; t++) {
      int64_t use = 0;
      for (int32_t i = 0; i < count; i++)
        for (int32_t k = 0; k < p->activity[i].mode[0].use_count; k++)
          if (p->activity[i].mode[0].use[k].resource == r && b->plan.start[i] <= t && t < b->plan.finish[i])
            use += p->activity[i].mode[0].use[k].amount;
      if (use > clx_project_capacity(p, r, t)) return false;
    }
  }
  return true;
}

static void try_all(brute *b, int32_t i) {
  if (i == b->p->activity_count) {
    int32_t end = 0;
    for (int32_t k = 0; k < i; k++) end = b->plan.finish[k] > end ? b->plan.finish[k] : end;
    b->best = end < b->best ? end : b->best;
    return;
  }
  const int32_t d = b->p->activity[i].mode[0].duration;
  for (int32_t t = b->p->activity[i].release; t + d < b->best; t++) {
    b->plan.start[i] = t;
    b->plan.finish[i] = t + d;
    if (fits(b, i + 1)) try_all(b, i + 1);
  }
}

static void check_random(uint64_t seed, int32_t n, bool maximum, int32_t *infeasible) {
  project_rig r;
  uint64_t chance = seed;
  make_random(&r, &chance, n, maximum);
  const clx_status checked = rig_check(&r);
  if (checked == CLX_OK) {
    brute b = {.p = &r.project, .best = UNITS};
    assert_int_equal(clx_project_plan_new(&r.project, r.arena, &b.plan, &r.error), CLX_OK);
    try_all(&b, 0);
    clx_project_options options;
    clx_project_outcome out;
    clx_project_options_default(&options);
    options.schedules = seed % 2 == 0 ? 2000 : 1;  // exact search alone must do it, too
    const clx_status status = clx_project_solve(&r.project, &options, r.arena, &out, &r.error);
    if (b.best == UNITS) {
      (*infeasible)++;
      assert_int_equal(status, CLX_INFEASIBLE);
      rig_says(&r, "it is proved");
    } else {
      if (status != CLX_OK) fail_msg("seed %llu: %s", (unsigned long long)seed, r.error.mistake[0].text);
      if (out.plan.makespan != b.best || !out.proved || out.bound != b.best)
        fail_msg("seed %llu: makespan %d, bound %d, expected %d", (unsigned long long)seed, out.plan.makespan,
                 out.bound, b.best);
    }
  } else {
    assert_int_equal(checked, CLX_INFEASIBLE);
    assert_true(r.error.count > 0);
  }
  rig_close(&r);
}

static void small_projects_are_solved_as_brute_force_does(void **state) {
  (void)state;
  int32_t infeasible = 0;
  for (uint64_t seed = 1; seed <= 120; seed++) check_random(seed, 5, false, &infeasible);
  assert_int_equal(infeasible, 0);
}

static void maximum_lags_are_kept_or_proved_impossible(void **state) {
  (void)state;
  int32_t infeasible = 0;
  for (uint64_t seed = 1000; seed < 1120; seed++) check_random(seed, 5, true, &infeasible);
  assert_true(infeasible > 0);
}

// Modes, a consumable that arrives in two lots, and an activity that pauses; deadlines at times.
static void make_rich(project_rig *r, uint64_t *chance) {
  static const char *const name[] = {"a", "b", "c"};
  static const bool week[] = {true, true, false};
  rig_open(r);
  const int32_t x = rig_resource(r, "x", false, 2), y = rig_resource(r, "y", true, 2 + rig_draw(chance, 3));
  clx_project_add_level(&r->maker, 3 + rig_draw(chance, 3), 7);
  const int32_t calendar = clx_project_add_calendar(&r->maker, "week", week, 3);
  for (int32_t i = 0; i < 3; i++) {
    clx_project_add_activity(&r->maker, name[i]);
    for (int32_t m = rig_draw(chance, 2); m >= 0; m--) {
      clx_project_add_mode(&r->maker, rig_draw(chance, 4));
      clx_project_add_use(&r->maker, x, rig_draw(chance, 3));
      clx_project_add_use(&r->maker, y, rig_draw(chance, 3));
    }
    clx_project_activity *a = clx_project_maker_activity(&r->maker, i);
    if (rig_draw(chance, 2) == 0) a->calendar = calendar;
    if (rig_draw(chance, 6) == 0) a->deadline = 3 + rig_draw(chance, 5);
  }
  for (int32_t i = 0; i < 3; i++)
    for (int32_t j = i + 1; j < 3; j++)
      if (rig_draw(chance, 2) == 0) rig_link(r, i, j, rig_draw(chance, 4), rig_draw(chance, 6) - 1, CLX_PROJECT_NONE);
}

// The shortest makespan below `best` of every choice of modes and starts.
static void try_rich(brute *b, int32_t i) {
  clx_error error;
  clx_error_clear(&error);
  if (i == b->p->activity_count) {
    b->plan.makespan = 0;
    for (int32_t k = 0; k < i; k++)
      if (b->plan.finish[k] > b->plan.makespan) b->plan.makespan = b->plan.finish[k];
    if (b->plan.makespan < b->best && clx_project_validate(b->p, &b->plan, &error) == CLX_OK)
      b->best = b->plan.makespan;
    return;
  }
  const clx_project_activity *a = &b->p->activity[i];
  for (int32_t m = 0; m < a->mode_count; m++) {
    for (int32_t t = a->release; t < b->best; t++) {
      b->plan.mode[i] = m;
      b->plan.start[i] = t;
      b->plan.finish[i] = clx_project_finish(b->p, a->calendar, t, a->mode[m].duration);
      if (b->plan.finish[i] < b->best) try_rich(b, i + 1);
    }
  }
}

static void bounds_of_rich_projects_hold(void **state) {
  (void)state;
  int32_t checked = 0, raised = 0, proved = 0;
  for (uint64_t seed = 1; seed <= 150; seed++) {
    project_rig r;
    uint64_t chance = seed;
    make_rich(&r, &chance);
    if (rig_check(&r) == CLX_OK) {
      clx_project_options options;
      clx_project_outcome out;
      brute b = {.p = &r.project, .best = 18};
      clx_project_options_default(&options);
      options.schedules = 300;
      assert_int_equal(clx_project_plan_new(&r.project, r.arena, &b.plan, &r.error), CLX_OK);
      try_rich(&b, 0);
      if (clx_project_solve(&r.project, &options, r.arena, &out, &r.error) == CLX_OK) {
        if (out.bound > b.best || out.plan.makespan < b.best)
          fail_msg("seed %d: makespan %d, bound %d, best %d", (int)seed, out.plan.makespan, out.bound, b.best);
        checked++;
        raised += out.bound > out.path;
        proved += out.proved;
      } else if (strstr(r.error.mistake[0].text, "it is proved") != NULL) {
        if (b.best < 18) fail_msg("seed %d: said to be impossible, %d is not", (int)seed, b.best);
      }
    }
    rig_close(&r);
  }
  if (checked < 100 || raised < 5 || proved < 80) fail_msg("%d checked, %d raised, %d proved", checked, raised, proved);
}

// What pauses leaves its crew to others: j runs while i pauses, and a bound may not forget that.
static void a_pause_makes_room(void **state) {
  (void)state;
  static const bool week[] = {true, true, false};
  project_rig r;
  rig_open(&r);
  const int32_t x = rig_resource(&r, "x", false, 1), calendar = clx_project_add_calendar(&r.maker, "week", week, 3);
  const int32_t i = rig_activity(&r, "i", 3);
  clx_project_add_use(&r.maker, x, 1);
  clx_project_maker_activity(&r.maker, i)->calendar = calendar;
  const int32_t j = rig_activity(&r, "j", 1);
  clx_project_add_use(&r.maker, x, 1);
  const int32_t k = rig_activity(&r, "k", 5);
  rig_link(&r, i, j, CLX_PROJECT_SS, 1, CLX_PROJECT_NONE);
  rig_link(&r, j, k, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
  assert_int_equal(rig_check(&r), CLX_OK);
  clx_project_options options;
  clx_project_outcome out;
  clx_project_options_default(&options);
  options.schedules = 300;
  assert_int_equal(clx_project_solve(&r.project, &options, r.arena, &out, &r.error), CLX_OK);
  assert_int_equal(out.plan.makespan, 8);
  assert_true(out.bound <= 8);
  rig_close(&r);
}

// Three after each other by one crew, each in one of two modes: nine units, and eight until the deadline.
static void deadlines_of_rich_projects_are_proved_impossible(void **state) {
  (void)state;
  for (int32_t deadline = 8; deadline <= 9; deadline++) {
    project_rig r;
    rig_open(&r);
    const int32_t crew = rig_resource(&r, "crew", false, 1);
    static const char *const name[] = {"a", "b", "c"};
    for (int32_t i = 0; i < 3; i++) {
      clx_project_maker_activity(&r.maker, rig_activity(&r, name[i], 3))->deadline = deadline;
      clx_project_add_use(&r.maker, crew, 1);
      clx_project_add_mode(&r.maker, 4);
      clx_project_add_use(&r.maker, crew, 1);
    }
    assert_int_equal(rig_check(&r), CLX_OK);
    clx_project_options options;
    clx_project_outcome out;
    clx_project_options_default(&options);
    options.schedules = 300;
    const clx_status status = clx_project_solve(&r.project, &options, r.arena, &out, &r.error);
    assert_int_equal(status, deadline == 9 ? CLX_OK : CLX_INFEASIBLE);
    if (deadline == 8) rig_says(&r, "it is proved that no plan keeps all deadlines");
    if (deadline == 9) assert_true(out.proved);
    rig_close(&r);
  }
}

// A larger one, for what brute force cannot do.
static void make_large(project_rig *r, uint64_t seed) {
  uint64_t chance = seed;
  make_random(r, &chance, 16, false);
  assert_int_equal(rig_check(r), CLX_OK);
}

static void equal_budgets_give_equal_plans(void **state) {
  (void)state;
  project_rig r;
  make_large(&r, 7);
  clx_project_options options;
  clx_project_options_default(&options);
  clx_project_outcome a, b;
  assert_int_equal(clx_project_solve(&r.project, &options, r.arena, &a, &r.error), CLX_OK);
  assert_int_equal(clx_project_solve(&r.project, &options, r.arena, &b, &r.error), CLX_OK);
  assert_memory_equal(a.plan.start, b.plan.start, (size_t)r.project.activity_count * sizeof *a.plan.start);
  assert_int_equal(a.conflicts, b.conflicts);
  rig_close(&r);
}

static void check_plan(project_rig *r, const clx_lean *lean, const int32_t *start, int32_t makespan) {
  clx_project_plan plan;
  assert_int_equal(clx_project_plan_new(&r->project, r->arena, &plan, &r->error), CLX_OK);
  for (int32_t i = 0; i < lean->n; i++) {
    plan.start[lean->activity[i]] = start[i];
    plan.finish[lean->activity[i]] = start[i] + lean->duration[i];
  }
  plan.makespan = makespan;
  if (clx_project_validate(&r->project, &plan, &r->error) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
}

// Neighbourhoods only ever hand back plans that hold, and shorter ones when they say so.
static void neighbourhoods_keep_plans_sound(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    project_rig r;
    make_large(&r, seed);
    clx_lean forward, backward;
    clx_genetic *genetic;
    clx_large *large;
    int64_t late;
    assert_int_equal(clx_lean_make(&r.project, NULL, r.arena, &forward, &r.error), CLX_OK);
    assert_int_equal(clx_lean_mirror(&forward, r.arena, &backward, &r.error), CLX_OK);
    assert_int_equal(clx_genetic_make(&forward, &backward, seed, 8, 0, r.arena, &genetic, &r.error), CLX_OK);
    clx_genetic_run(genetic, 2, 0, NULL, NULL);
    int32_t *start = CLX_NEW_ARRAY(r.arena, int32_t, forward.n);
    int32_t length = clx_genetic_best(genetic, start, &late);
    assert_int_equal(clx_large_make(&forward, NULL, 0, seed, r.arena, &large, &r.error), CLX_OK);
    clx_large_start(large, start);
    // Others of the population join it, each with the makespan that the population says, so that plans are merged, too.
    int32_t *other = CLX_NEW_ARRAY(r.arena, int32_t, forward.n);
    for (int32_t k = 0; k < clx_genetic_size(genetic); k++) {
      const int32_t said = clx_genetic_plan(genetic, k, other);
      int32_t end = 0;
      for (int32_t i = 0; i < forward.n; i++)
        end = other[i] + forward.duration[i] > end ? other[i] + forward.duration[i] : end;
      assert_int_equal(end, said);
      assert_true(said >= length);
      check_plan(&r, &forward, other, said);
      clx_large_start(large, other);
    }
    for (int32_t k = 0; k < 24; k++) {
      bool shorter;
      assert_int_equal(clx_large_step(large, 100, NULL, NULL, &shorter, &r.error), CLX_OK);
      const int32_t now = clx_large_best(large, start);
      assert_true(shorter ? now < length : now == length);
      length = now;
      check_plan(&r, &forward, start, now);
    }
    rig_close(&r);
  }
}

// Times that are multiples of a day are planned in days: the same shortest length, and plans that keep all rules, in hours.
static void larger_units_give_the_same_lengths(void **state) {
  (void)state;
  uint64_t chance = 77;
  for (int32_t round = 0; round < 60; round++) {
    enum { HOURS = 24 };
    project_rig r;
    clx_project_outcome fine, coarse;
    clx_project_options options;
    make_random(&r, &chance, 8, round % 2 == 1);
    if (rig_check(&r) != CLX_OK) {  // lags that contradict each other
      rig_close(&r);
      continue;
    }
    const clx_project *p = &r.project;
    clx_project large = *p;
    clx_project_activity *activity = CLX_NEW_ARRAY(r.arena, clx_project_activity, p->activity_count);
    clx_project_link *link = CLX_NEW_ARRAY(r.arena, clx_project_link, p->link_count + 1);
    clx_project_resource *resource = CLX_NEW_ARRAY(r.arena, clx_project_resource, p->resource_count);
    for (int32_t i = 0; i < p->activity_count; i++) {
      clx_project_mode *mode = CLX_NEW(r.arena, clx_project_mode);
      *mode = p->activity[i].mode[0];
      mode->duration *= HOURS;
      activity[i] = p->activity[i];
      activity[i].mode = mode;
      activity[i].release *= HOURS;
    }
    for (int32_t k = 0; k < p->link_count; k++) {
      link[k] = p->link[k];
      link[k].least *= HOURS;
      if (link[k].most != CLX_PROJECT_NONE) link[k].most *= HOURS;
    }
    for (int32_t k = 0; k < p->resource_count; k++) {
      clx_project_level *level = CLX_NEW_ARRAY(r.arena, clx_project_level, p->resource[k].level_count);
      for (int32_t q = 0; q < p->resource[k].level_count; q++)
        level[q] = (clx_project_level){p->resource[k].level[q].at * HOURS, p->resource[k].level[q].amount};
      resource[k] = p->resource[k];
      resource[k].level = level;
    }
    large.activity = activity;
    large.link = link;
    large.resource = resource;
    clx_project_options_default(&options);
    const clx_status status = clx_project_solve(p, &options, r.arena, &fine, &r.error);
    assert_int_equal(clx_project_solve(&large, &options, r.arena, &coarse, &r.error), status);
    assert_int_equal(clx_coarse_units(&large) % HOURS, 0);
    if (status == CLX_OK) {
      assert_true(fine.proved && coarse.proved);
      assert_int_equal(coarse.plan.makespan, HOURS * fine.plan.makespan);
      assert_int_equal(coarse.bound, HOURS * fine.bound);
      assert_int_equal(clx_project_validate(&large, &coarse.plan, &r.error), CLX_OK);
    }
    rig_close(&r);
  }
}

// Budgets fall with the size of a project, never rise, and are none under a limit in seconds.
static void budgets_suit_the_size(void **state) {
  (void)state;
  project_rig r;
  clx_project_options small, limited;
  uint64_t chance = 5;
  make_random(&r, &chance, 8, false);
  assert_int_equal(rig_check(&r), CLX_OK);
  clx_project p = r.project;
  clx_project_options_default(&small);
  const clx_project_options usual = small;
  clx_project_options_suit(&p, &small);
  assert_int_equal(small.conflicts, usual.conflicts);
  assert_int_equal(small.schedules, usual.schedules);
  clx_project_activity *many = CLX_NEW_ARRAY(r.arena, clx_project_activity, 3000);
  for (int32_t i = 0; i < 3000; i++) many[i] = p.activity[i % p.activity_count];
  p.activity = many;
  p.activity_count = 3000;
  clx_project_options_suit(&p, &small);
  assert_true(small.conflicts < usual.conflicts / 10 && small.conflicts >= 1000);
  assert_true(small.schedules < usual.schedules / 10 && small.schedules >= 500);
  limited = usual;
  limited.seconds = 1;
  clx_project_options_suit(&p, &limited);
  assert_true(limited.conflicts > INT32_MAX && limited.schedules > INT32_MAX);
  rig_close(&r);
}

// A limit that ends a search is told, unless the plan is proved; without one nothing is.
static void a_limit_that_was_hit_is_told(void **state) {
  (void)state;
  enum { ROUNDS = 8, MANY = 40 };
  uint64_t chance = 11;
  int32_t cut = 0;
  for (int32_t round = 0; round < ROUNDS; round++) {
    project_rig r;
    clx_project_options options;
    clx_project_outcome out;
    char name[16];
    rig_open(&r);
    const int32_t x = rig_resource(&r, "x", false, 4), y = rig_resource(&r, "y", false, 5);
    for (int32_t i = 0; i < MANY; i++) {
      snprintf(name, sizeof name, "t%d", i);
      rig_activity(&r, clx_arena_text(r.arena, name), 1 + rig_draw(&chance, 10));
      clx_project_add_use(&r.maker, x, 1 + rig_draw(&chance, 3));
      clx_project_add_use(&r.maker, y, 1 + rig_draw(&chance, 4));
      if (i > 3) rig_link(&r, rig_draw(&chance, i - 2), i, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
    }
    assert_int_equal(rig_check(&r), CLX_OK);
    clx_project_options_default(&options);
    options.seconds = 1e-6;
    assert_int_equal(clx_project_solve(&r.project, &options, r.arena, &out, &r.error), CLX_OK);
    assert_int_equal(out.cut, !out.proved);
    cut += out.cut;
    options.seconds = 0;
    options.schedules = options.conflicts = 200;
    assert_int_equal(clx_project_solve(&r.project, &options, r.arena, &out, &r.error), CLX_OK);
    assert_false(out.cut);
    rig_close(&r);
  }
  assert_true(cut > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_projects_are_solved_as_brute_force_does),
      cmocka_unit_test(maximum_lags_are_kept_or_proved_impossible),
      cmocka_unit_test(bounds_of_rich_projects_hold),
      cmocka_unit_test(a_pause_makes_room),
      cmocka_unit_test(deadlines_of_rich_projects_are_proved_impossible),
      cmocka_unit_test(equal_budgets_give_equal_plans),
      cmocka_unit_test(neighbourhoods_keep_plans_sound),
      cmocka_unit_test(larger_units_give_the_same_lengths),
      cmocka_unit_test(budgets_suit_the_size),
      cmocka_unit_test(a_limit_that_was_hit_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
