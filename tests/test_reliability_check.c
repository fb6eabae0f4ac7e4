// Every field that the check of a reliability model refuses, by the sentence that names it; and runs that can make no progress.
#include "check.h"

#include "reliability_rig.h"

static void good(rig *r) {
  rig_make(r, 64, 2, 1e-8);
  r->stage.replicas = 4;
  r->stage.units_per_replica = 16;
  r->cohort.units = 70;
  r->model.policy.hot = 2;
}

static void expect(const rig *r, clx_status status, const char *text) {
  clx_error error;
  clx_error_clear(&error);
  const clx_status got = clx_reliability_check(&r->model, &error);
  if (got != status) fail_msg("status %d instead of %d for '%s': %s", got, status, text, error.mistake[0].text);
  if (status != CLX_OK && strstr(error.mistake[0].text, text) == NULL) {
    fail_msg("expected '%s', got '%s'", text, error.mistake[0].text);
  }
}

static void test_good(void **state) {
  (void)state;
  rig r;
  good(&r);
  expect(&r, CLX_OK, "");
  rig_llama(&r, 20, 600);
  expect(&r, CLX_OK, "");
}

typedef struct number {
  size_t offset;  // of a double in the rig
  double value;
  const char *text;
} number;

#define NUMBER(member, value, text) \
  { offsetof(rig, member), value, text }

static void test_numbers(void **state) {
  (void)state;
  static const number ROWS[] = {
      NUMBER(model.horizon, -1, "horizon is -1 s: expected a finite time of at least 0 s"),
      NUMBER(model.horizon, 0, "work has no end and horizon is 0 s"),
      NUMBER(model.start, NAN, "start is nan s: expected a finite time"),
      NUMBER(model.policy.stall, -5, "policy: stall is -5 s"),
      NUMBER(model.policy.join, INFINITY, "policy: join is inf s"),
      NUMBER(model.policy.join_time, -1, "policy: join_time is -1 s"),
      NUMBER(model.policy.swap_hot, -1, "policy: swap_hot is -1 s"),
      NUMBER(model.policy.swap_cold, NAN, "policy: swap_cold is nan s"),
      NUMBER(model.repair.offender, -1, "repair.offender is -1"),
      NUMBER(cohort.gpus, 0, "cohort[0] (all): gpus is 0: expected a finite number above 0"),
      NUMBER(cohort.arrival, -1, "cohort[0] (all): arrival is -1 s"),
      NUMBER(cohort.age, INFINITY, "cohort[0] (all): age is inf s"),
      NUMBER(cohort.heat, 0, "cohort[0] (all): heat is 0"),
      NUMBER(cohort.position[0], 2, "the factors by position have a mean of 2: expected 1"),
      NUMBER(cohort.position[0], -1, "cohort[0] (all): position[0] is -1"),
      NUMBER(failure[1].hazard.rate, -1, "failure[1] (class): hazard.rate is -1"),
      NUMBER(failure[1].hazard.shape, 0, "failure[1] (class): hazard.shape is 0"),
      NUMBER(failure[1].hazard.infant, -0.1, "hazard.infant is -0.1: expected a finite number of at least 0"),
      NUMBER(failure[1].hazard.infant, 0.1, "hazard.infant is 0.1 with hazard.decay 0 s"),
      NUMBER(failure[1].hazard.decay, -1, "hazard.decay is -1 s"),
      NUMBER(failure[1].events, -1, "failure[1] (class): events is -1"),
      NUMBER(failure[1].events, 148, "events is 148 with exposure 0 s: expected the time of parts"),
      NUMBER(failure[1].exposure, INFINITY, "exposure is inf s"),
      NUMBER(failure[1].whole, 1, "whole is 1 without everybody"),
      NUMBER(failure[1].whole, -1, "whole is -1"),
      NUMBER(failure[1].stops, 1.5, "stops is 1.5: expected a share"),
      NUMBER(failure[1].transient, -0.5, "transient is -0.5"),
      NUMBER(failure[1].warned, NAN, "warned is nan"),
      NUMBER(failure[1].fixed, 2, "fixed is 2"),
      NUMBER(failure[1].fixed, 0.5, "fixed is 0.5 with repair.offender 0"),
      NUMBER(failure[1].burst, -1, "burst is -1"),
      NUMBER(failure[1].detect, -3, "failure[1] (class): detect is -3 s"),
      NUMBER(failure[1].localise, INFINITY, "localise is inf s"),
      NUMBER(failure[1].latent, -1, "latent is -1 s"),
      NUMBER(failure[1].slow, 0.5, "slow is 0.5: expected 0 (not slowed)"),
      NUMBER(failure[1].slow, 1.1, "slow is 1.1 with latent 0 s"),
      NUMBER(failure[1].repair.median, 60, "repair.mean is 0 s, below repair.median 60 s"),
      NUMBER(failure[1].repair.mean, -1, "repair.mean is -1 s"),
      NUMBER(failure[1].repair.most, NAN, "repair.most is nan s"),
      NUMBER(parts[0], -1, "parts[0] is -1"),
      NUMBER(stage.start, 5, "stage[0]: start is 5 s: expected 0"),
      NUMBER(stage.rate, 2, "stage[0]: rate is 2: expected 1"),
      NUMBER(stage.rate, 0, "stage[0]: rate is 0"),
      NUMBER(stage.restart, -600, "job[0] (train): stage[0]: restart is -600 s"),
      NUMBER(stage.checkpoint.interval, 0, "checkpoint: interval is 0 s: expected a finite time above 0 s"),
      NUMBER(stage.checkpoint.interval, -5, "interval is -5 s"),
      NUMBER(stage.checkpoint.stall, INFINITY, "stall is inf s"),
      NUMBER(stage.checkpoint.lag, 60, "lag is 60 s: expected 0 of a synchronous checkpoint"),
      NUMBER(stage.checkpoint.load, -1, "checkpoint.load is -1 s"),
      NUMBER(job.work, 0, "work is 0 s: expected a time above 0 s"),
      NUMBER(job.work, NAN, "work is nan s"),
  };
  for (int32_t i = 0; i < CLX_COUNT(ROWS); i++) {
    rig r;
    good(&r);
    memcpy((char *)&r + ROWS[i].offset, &ROWS[i].value, sizeof(double));
    expect(&r, CLX_INPUT, ROWS[i].text);
  }
}

typedef struct whole {
  size_t offset, size;
  int64_t value;
  const char *text;
} whole;

#define WHOLE(member, value, text) \
  { offsetof(rig, member), sizeof(((rig *)0)->member), value, text }

static void test_whole_numbers(void **state) {
  (void)state;
  static const whole ROWS[] = {
      WHOLE(model.cohort_count, 0, "cohort_count is 0"),
      WHOLE(model.failure_count, -1, "failure_count is -1"),
      WHOLE(model.job_count, 0, "job_count is 0"),
      WHOLE(model.policy.kind, 9, "policy.kind is 9"),
      WHOLE(model.policy.hot, 7, "policy.hot is 7 units standing by: expected 0..6, what no job holds"),
      WHOLE(model.policy.hot, -1, "policy.hot is -1"),
      WHOLE(model.repair.crews, -1, "repair.crews is -1"),
      WHOLE(cohort.units, 0, "cohort[0] (all): units is 0"),
      WHOLE(cohort.units, 63, "the jobs hold 64 units and 63 have arrived"),
      WHOLE(cohort.positions, 0, "positions is 0"),
      WHOLE(cohort.positions, 9, "positions is 9"),
      WHOLE(failure[0].cause, -1, "failure[0] (class): cause is -1"),
      WHOLE(failure[0].hazard.steps, 17, "hazard.steps is 17"),
      WHOLE(group[0], 0, "group[0] is 0"),
      WHOLE(stage.replicas, 0, "stage[0]: replicas is 0"),
      WHOLE(stage.units_per_replica, 0, "units_per_replica is 0"),
      WHOLE(stage.checkpoint.mode, 7, "checkpoint.mode is 7"),
      WHOLE(job.stage_count, 0, "job[0] (train): stage_count is 0"),
  };
  for (int32_t i = 0; i < CLX_COUNT(ROWS); i++) {
    rig r;
    good(&r);
    const int32_t narrow = (int32_t)ROWS[i].value;
    memcpy((char *)&r + ROWS[i].offset, ROWS[i].size == 8 ? (const void *)&ROWS[i].value : &narrow, ROWS[i].size);
    expect(&r, CLX_INPUT, ROWS[i].text);
  }
}

static void test_hazards_and_parts(void **state) {
  (void)state;
  rig r;
  good(&r);
  r.failure[0].hazard.steps = 2;
  r.failure[0].hazard.factor[0] = r.failure[0].hazard.factor[1] = 1;
  expect(&r, CLX_INPUT, "hazard.age[1] is 0 s: expected an age above the 0 s before it");
  r.failure[0].hazard.age[1] = 100;
  expect(&r, CLX_OK, "");
  r.failure[0].hazard.factor[1] = -1;
  expect(&r, CLX_INPUT, "hazard.factor[1] is -1");
  r.failure[0].hazard.factor[1] = 1;
  r.failure[0].hazard.age[0] = 1;
  expect(&r, CLX_INPUT, "hazard.age[0] is 1 s: expected 0");
  r.failure[0].hazard.age[0] = 0;
  r.failure[0].hazard.shape = 0.7;
  expect(&r, CLX_INPUT, "hazard.shape is 0.7 with 2 steps");
  good(&r);
  r.failure[0].group = NULL;
  expect(&r, CLX_INPUT, "failure[0] (class): parts or group is missing");
  good(&r);
  r.failure[0].repair = (clx_duration){60, 120, 30};
  expect(&r, CLX_INPUT, "repair.most is 30 s, below repair.median 60 s");
}

static void test_plans_and_policies(void **state) {
  (void)state;
  rig r;
  good(&r);
  clx_checkpoint_plan *plan = &r.stage.checkpoint;
  *plan = (clx_checkpoint_plan){.mode = CLX_CHECKPOINT_ASYNC, .interval = 60, .lag = 90};
  expect(&r, CLX_INPUT, "lag is 90 s, above the interval of 60 s");
  *plan = (clx_checkpoint_plan){.mode = CLX_CHECKPOINT_MEMORY, .interval = 60};
  expect(&r, CLX_INPUT, "remote_every is 0: expected at least 1");
  plan->remote_every = 4;
  expect(&r, CLX_OK, "");
  plan->remote_lag = 241;
  expect(&r, CLX_INPUT, "remote_lag is 241 s, above the 240 s between two in storage");
  plan->remote_lag = 0;
  plan->survives = 1.5;
  expect(&r, CLX_INPUT, "checkpoint: survives is 1.5");
  plan->survives = 1;
  plan->load_memory = -1;
  expect(&r, CLX_INPUT, "checkpoint: load_memory is -1 s");
  good(&r);
  r.model.policy.kind = CLX_POLICY_ELASTIC;
  expect(&r, CLX_INPUT, "policy.least is 0: expected 1..4");
  r.model.policy.kind = CLX_POLICY_REDUNDANT;
  r.model.policy.redundancy = 5;
  expect(&r, CLX_INPUT, "policy.redundancy is 5: expected 1..4");
  double speed[5] = {0, 0.3, 0.2, 0.7, 1};
  good(&r);
  r.stage.speed = speed;
  expect(&r, CLX_INPUT, "speed[2] is 0.2: expected a share within 0..1, rising");
  speed[2] = 0.5;
  expect(&r, CLX_OK, "");
  speed[4] = 0.9;
  expect(&r, CLX_INPUT, "speed[4] is 0.9: expected 1 with all replicas");
}

static void test_stages(void **state) {
  (void)state;
  rig r;
  good(&r);
  clx_job_stage stages[2] = {r.stage, r.stage};
  r.job.stage = stages;
  r.job.stage_count = 2;
  expect(&r, CLX_INPUT, "stage[1]: start is 0 s: expected a time after the 0 s of the stage before");
  stages[1].start = RIG_DAY;
  expect(&r, CLX_OK, "");
  stages[1].units_per_replica = 18;
  expect(&r, CLX_INPUT, "job[0]: stage[1] starts at 86400 s, when the jobs hold 72 units and 70 have arrived");
  // All mistakes at once.
  good(&r);
  r.cohort.gpus = -1;
  r.failure[0].detect = -1;
  r.stage.restart = -1;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_reliability_check(&r.model, &error), CLX_INPUT);
  assert_int_equal(error.count, 3);
  assert_int_equal(clx_reliability_check(&r.model, NULL), CLX_INPUT);
}

// --- no progress --------------------------------------------------------------------------------------------------------------
// 64 units, of which one fails every 12 minutes.
static void hopeless(rig *r) {
  good(r);
  r->failure[0].hazard.rate = 1.0 / 64 / 720;
  r->failure[1].hazard.rate = 0;
  r->stage.checkpoint.interval = 60;
}

static void test_restarts(void **state) {
  (void)state;
  rig r;
  hopeless(&r);
  r.stage.restart = 40 * 60;  // one in 28 succeeds: slow, but it goes on
  expect(&r, CLX_OK, "");
  r.stage.restart = 3 * 3600;
  expect(&r, CLX_INFEASIBLE, "a restart takes 3 h, the job fails every 12 min, one in 3.27e+06 restarts succeeds");
  r.stage.restart = 3600;
  r.stage.checkpoint.load = 2 * 3600;
  expect(&r, CLX_INFEASIBLE, "a restart takes 3 h");
  r.model.running_clock = true;  // nothing happens to a job that does not run
  expect(&r, CLX_OK, "");
  hopeless(&r);
  r.stage.checkpoint.interval = 6 * 3600;
  expect(&r, CLX_INFEASIBLE, "it takes 6 h to the next checkpoint that counts, the job fails every 12 min");
  r.stage.checkpoint.mode = CLX_CHECKPOINT_NONE;
  expect(&r, CLX_OK, "");  // without an end: it ends at the horizon
  r.job.work = RIG_DAY;
  expect(&r, CLX_INFEASIBLE, "it takes 24 h to the next checkpoint that counts");
  hopeless(&r);
  r.failure[0].detect = 100 * RIG_DAY;
  expect(&r, CLX_INFEASIBLE, "each stop takes 100 days for detection, diagnosis and swap, the job stops every 12 min");
  // Replicas that are left out or masked do not roll the job back.
  hopeless(&r);
  r.stage.restart = 3 * 3600;
  r.model.policy.kind = CLX_POLICY_MASKED;
  r.model.policy.least = 1;
  expect(&r, CLX_OK, "");
  r.failure[1] = r.failure[0];
  r.failure[1].everybody = true;
  r.failure[1].whole = 64;
  expect(&r, CLX_INFEASIBLE, "a restart takes 3 h");
}

static void test_supply(void **state) {
  (void)state;
  rig r;
  hopeless(&r);
  r.failure[0].repair.mean = RIG_DAY;  // 120 in repair at a time, of 70
  expect(&r, CLX_INFEASIBLE,
         "it needs 64 of 70 units, a unit is lost every 11 min, and 45.7 are in repair at a time: expected "
         "about 120 spares");
  r.failure[0].keeps_units = true;
  expect(&r, CLX_OK, "");
  r.failure[0].keeps_units = false;
  r.failure[0].repair.mean = 3600;
  expect(&r, CLX_OK, "");
  r.failure[0].repair.mean = 20 * RIG_DAY;
  r.model.running_clock = true;  // one at a time then: slow, but it goes on
  expect(&r, CLX_OK, "");
  r.model.repair.crews = 1;
  r.failure[0].repair.mean = 1000 * RIG_DAY;
  r.model.horizon = 1e9 * RIG_DAY;
  expect(&r, CLX_INFEASIBLE, "more than there are crews for");
  r.model.horizon = RIG_DAY / 48;  // over before the spares are
  expect(&r, CLX_OK, "");
}

// A repair that outlasts the run takes no more units than fail within it.
static void test_supply_of_a_short_run(void **state) {
  (void)state;
  rig r;
  hopeless(&r);
  r.cohort.units = 264;
  r.failure[0].hazard.rate = 1.0 / 264 / 3600;
  r.failure[0].repair.mean = r.failure[0].repair.median = 30 * RIG_DAY;  // 720 at a time in the long run
  r.model.horizon = 9 * RIG_DAY;                                         // 216 in this one
  expect(&r, CLX_OK, "");
}

// What is exposed and longer than the time between failures: the first start, standing still for each other.
static void test_starts_and_stalls(void **state) {
  (void)state;
  rig r;
  hopeless(&r);
  r.model.start = 3600;
  expect(&r, CLX_OK, "");
  r.model.start = 6 * 3600;
  expect(&r, CLX_INFEASIBLE, "its first start takes 6 h, it fails every 12 min");
  r.model.running_clock = true;
  expect(&r, CLX_OK, "");
  hopeless(&r);
  r.model.policy.kind = CLX_POLICY_MASKED;
  r.stage.replicas = 4, r.stage.units_per_replica = 16;
  r.model.policy.least = 1;
  r.model.policy.stall = 600;
  expect(&r, CLX_OK, "");
  r.model.policy.join = 300;
  expect(&r, CLX_INFEASIBLE, "all replicas stand still 15 min for each one that fails");
  r.model.policy.stall = 0;
  expect(&r, CLX_OK, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_whole_numbers),
      cmocka_unit_test(test_hazards_and_parts),
      cmocka_unit_test(test_plans_and_policies),
      cmocka_unit_test(test_stages),
      cmocka_unit_test(test_restarts),
      cmocka_unit_test(test_supply),
      cmocka_unit_test(test_supply_of_a_short_run),
      cmocka_unit_test(test_starts_and_stalls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
