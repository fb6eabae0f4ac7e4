// The section `reliability` and the failure classes of the catalogue into the model of a run: totals, populations, changes by name,
// checkpoint plans, spares, and every mistake by name.
#include "check.h"

#include "catalog/catalog.h"
#include "reliability/reliability.h"
#include "reliability/reliability_forms.h"

enum { SERVER_GPUS = 8 };
static const double DAY = 86400;

static clx_catalog *catalog;

// What one compilation stands on: a section, an entry and 2,048 servers of Llama 3, of 9 NICs each.
typedef struct rig {
  clx_arena *arena;
  clx_reliability_spec spec;
  clx_failures failures;
  clx_reliability_site_cohort cohort[3];
  clx_reliability_site_stage stage[3];
  clx_reliability_site site;
  clx_reliability_model model;
  clx_error error;
  char notes[2000];
} rig;

static void note(void *context, const char *key, const char *text) {
  rig *r = context;
  const size_t used = strlen(r->notes);
  snprintf(r->notes + used, sizeof r->notes - used, "%s: %s\n", key, text);
}

static clx_reliability_site_cohort servers(const char *name, int64_t count, int32_t gpus) {
  return (clx_reliability_site_cohort){.name = name,
                                       .servers = count,
                                       .gpus = gpus,
                                       .parts = {[CLX_PART_GPU] = gpus,
                                                 [CLX_PART_SERVER] = 1,
                                                 [CLX_PART_NIC] = gpus + 1,
                                                 [CLX_PART_LINK] = gpus + 1,
                                                 [CLX_PART_LEAF] = (double)count / 32,
                                                 [CLX_PART_SWITCH] = (double)count / 16,
                                                 [CLX_PART_OPTIC] = 2,
                                                 [CLX_PART_RACK] = (double)count / 2,
                                                 [CLX_PART_ROW] = (double)count / 16,
                                                 [CLX_PART_SITE] = 1},
                                       .servers_per_domain = 1,
                                       .servers_per_rack = 2,
                                       .servers_per_leaf = 32,
                                       .servers_per_row = 16};
}

static void read_spec(rig *r, const char *text) {
  clx_node *root = NULL;
  if (clx_document_read(r->arena, "test.yaml", text, strlen(text), &root, &r->error) != CLX_OK ||
      clx_schema_read(&clx_reliability_schema, root, false, r->arena, &r->spec, &r->error) != CLX_OK)
    return;
  if (clx_catalog_read(catalog, "failures", r->spec.failures, r->spec.place, &clx_failures_schema, r->arena,
                       &r->failures, &r->error) != CLX_OK)
    fail_msg("%s", r->error.mistake[0].text);
}

static rig *rig_new(const char *text) {
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  r->arena = clx_arena_new();
  assert_non_null(r->arena);
  clx_error_clear(&r->error);
  r->cohort[0] = servers("grand_teton_h100", 2048, SERVER_GPUS);
  // 405B parameters of 12 bytes; 400 TFLOP/s a GPU are 2.9 million tokens a second.
  r->stage[0] = (clx_reliability_site_stage){
      .gpus = 16384, .replicas = 128, .gpus_per_replica = 128, .rate = 2.9e6, .checkpoint_bytes = 405.85e9 * 12};
  r->site = (clx_reliability_site){.cohort = r->cohort, .cohort_count = 1, .stage = r->stage, .stage_count = 1};
  read_spec(r, text);
  return r;
}

static void rig_free(rig *r) {
  clx_arena_free(r->arena);
  free(r);
}

static clx_status compile(rig *r) {
  if (r->error.status != CLX_OK) return r->error.status;  // of the reading
  return clx_reliability_compile(&r->spec, &r->failures, &r->site, r->arena, &r->model, note, r, &r->error);
}

static rig *compiled(const char *text) {
  rig *r = rig_new(text);
  if (compile(r) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  return r;
}

static const clx_failure_class *class_of(const rig *r, const char *name) {
  for (int32_t i = 0; i < r->model.failure_count; i++) {
    if (strcmp(r->model.failure[i].name, name) == 0) return &r->model.failure[i];
  }
  fail_msg("there is no class '%s'", name);
  return NULL;
}

// Repaired at once, as the job leaves no server over.
#define QUICK "repair: {median: 1 min, mean: 1 min}\n"
#define PAPER "failures: llama3-h100\nhorizon: 54 d\nrates: point\ncheckpoint: {write: 2 TB/s}\n"
#define LLAMA PAPER QUICK

// --- what is published ------------------------------------------------------------------------------------------------------

static void test_llama3_totals(void **state) {
  (void)state;
  rig *r = compiled(LLAMA);
  double planned = 0;
  const double rate = clx_reliability_stop_rate(&r->model, 0, 0, &planned);
  CLX_CHECK_NEAR(rate * 54 * DAY, 419, 1e-9, 0);
  CLX_CHECK_NEAR(1 / rate / 3600, 3.09308, 2e-6, 0);
  CLX_CHECK_NEAR(rate * DAY / 2048 * 1000, 3.7887, 2e-5, 0);
  CLX_CHECK_NEAR(planned * 54 * DAY, 47, 1e-9, 0);
  assert_false(r->model.draw_rates);
  assert_false(r->model.running_clock);
  rig_free(r);
}

// Table 5 by count: the rate of each class is its count over 54 days of this machine.
static void test_llama3_mix(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double count;
  } table[] = {{"faulty_gpu", 148}, {"hbm", 72}, {"software", 54}, {"network", 35},      {"host_maintenance", 32},
               {"sram", 19},        {"gsp", 17}, {"nic", 7},       {"nccl_watchdog", 7}, {"sdc", 6},
               {"thermal", 6},      {"ssd", 3},  {"psu", 3},       {"chassis", 2},       {"io_board", 2},
               {"dependency", 2},   {"cpu", 2},  {"dram", 2}};
  rig *r = compiled(LLAMA);
  double sum = 0;
  for (int32_t i = 0; i < CLX_COUNT(table); i++) {
    const clx_failure_class *f = class_of(r, table[i].name);
    const double machine = f->parts[0] * 2048 + f->whole;
    CLX_CHECK_NEAR(f->hazard.rate * machine * 54 * DAY, table[i].count, 1e-9, 0);
    assert_true(f->events == table[i].count && f->exposure > 0);
    sum += table[i].count;
  }
  assert_true(sum == 419);
  assert_int_equal(r->model.failure_count, CLX_COUNT(table) + 1);
  rig_free(r);
}

static double rate_of_entry(const char *entry) {
  char text[200];
  snprintf(text, sizeof text, QUICK "failures: %s\nhorizon: 30 d\ncheckpoint: {mode: none}\n", entry);
  rig *r = compiled(text);
  const double rate = clx_reliability_stop_rate(&r->model, 0, 0, NULL) * DAY / 2048 * 1000;
  rig_free(r);
  return rate;
}

// Per 1,000 days of a server of eight GPUs.
static void test_rates_of_entries(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double rate, tolerance;
  } table[] = {{"llama3-h100", 3.7887, 2e-5}, {"rsc-1", 6.50, 1e-12},     {"rsc-2", 2.34, 1e-12},
               {"rsc-1-all", 22.3, 1e-12},    {"ft-hsdp", 2.3, 1e-5},     {"byterobust-dense", 1.4352, 1e-4},
               {"opt-2022", 12.961, 1e-4},    {"bloom-2022", 2.976, 1e-3}};
  for (int32_t i = 0; i < CLX_COUNT(table); i++) {
    CLX_CHECK_NEAR(rate_of_entry(table[i].name), table[i].rate, table[i].tolerance, 0);
  }
  // Mean times to failure of 8 and 1,024 GPUs from all causes: 47.7 days and 7.9 hours.
  CLX_CHECK_NEAR(1000 / rate_of_entry("rsc-1-all"), 47.7, 0.12, 0);
  CLX_CHECK_NEAR(1000 / rate_of_entry("rsc-1-all") / 128 * 24, 7.9, 0.12, 0);
}

// Every entry of the catalogue makes a model of a machine that has all parts.
static void test_every_entry(void **state) {
  (void)state;
  int32_t count = 0;
  for (const char *name; (name = clx_catalog_name(catalog, "failures", count)) != NULL; count++) {
    assert_true(rate_of_entry(name) > 0);
  }
  assert_true(count >= 10);
}

// SuperBench: 38.1 % of repairs take more than a day, 10.3 % more than two weeks.
static void test_default_repair(void **state) {
  (void)state;
  rig *r = compiled(PAPER "spares: {extra: 1024}\n");
  clx_duration repair = class_of(r, "faulty_gpu")->repair;
  CLX_CHECK_NEAR(clx_duration_beyond(&repair, DAY), 0.381, 2e-3, 0);
  CLX_CHECK_NEAR(clx_duration_beyond(&repair, 14 * DAY), 0.103, 5e-3, 0);
  assert_true(clx_duration_beyond(&repair, 30.001 * DAY) == 0);
  rig_free(r);
}

// ByteRobust table 7, and doublings between and beyond.
static void test_restart_by_size(void **state) {
  (void)state;
  static const struct {
    const char *mode;
    double restart, swap;
  } table[] = {{"requeue", 768, 0}, {"reschedule", 65, 703}, {"standby", 768 / 10.87, 768 - 768 / 10.87}};
  for (int32_t i = 0; i < CLX_COUNT(table); i++) {
    char text[300];
    snprintf(text, sizeof text, "%srecovery: {mode: %s}\n", LLAMA, table[i].mode);
    rig *r = compiled(text);
    CLX_CHECK_NEAR(r->model.job[0].stage[0].restart, table[i].restart, 1e-12, 0);
    CLX_CHECK_NEAR(r->model.policy.swap_cold, table[i].swap, 1e-12, 1e-12);
    assert_true(r->model.policy.swap_hot == 0 && r->model.start == 768);
    assert_non_null(strstr(r->notes, "recovery.restart: "));
    assert_null(strstr(r->notes, "drawn out"));
    rig_free(r);
  }
  static const struct {
    double gpus, restart;
  } size[] = {{2048, 454}, {4096, 545}, {8192, 635},        {5792.6187514801984, 590},
              {1024, 454}, {8, 454},    {8192 * 2 * 2, 901}};
  for (int32_t i = 0; i < CLX_COUNT(size); i++) {
    rig *r = rig_new(LLAMA);
    const int64_t gpus = (int64_t)size[i].gpus;
    r->cohort[0] = servers("h100", (gpus + 7) / 8, SERVER_GPUS);
    r->stage[0].gpus = gpus;
    r->stage[0].replicas = 1;
    r->stage[0].gpus_per_replica = (double)gpus;
    assert_int_equal(compile(r), CLX_OK);
    CLX_CHECK_NEAR(r->model.job[0].stage[0].restart, size[i].restart, 1e-4, 0);
    const bool inside = gpus >= 2048 && gpus <= 16384;
    assert_true((strstr(r->notes, "drawn out") == NULL) == inside);
    rig_free(r);
  }
}

// ByteRobust table 5: machines standing by for 128, 256, 512, 1,024 machines at the rate of its explicit failures.
static void test_hot_spares(void **state) {
  (void)state;
  static const int64_t servers_of[] = {128, 256, 512, 1024}, hot[] = {2, 2, 3, 4};
  for (int32_t i = 0; i < CLX_COUNT(servers_of); i++) {
    rig *r = rig_new(
        "failures: byterobust-dense\nhorizon: 30 d\ncheckpoint: {write: 1 TB/s}\n"
        "recovery: {mode: standby}\nspares: {extra: 64}\nclasses: [{name: implicit, transient: 1}]\n");
    r->cohort[0] = servers("hopper", servers_of[i], SERVER_GPUS);
    r->stage[0] = (clx_reliability_site_stage){.gpus = servers_of[i] * 8,
                                               .replicas = 16,
                                               .gpus_per_replica = (double)servers_of[i] / 2,
                                               .rate = 1e6,
                                               .checkpoint_bytes = 1e12};
    assert_int_equal(compile(r), CLX_OK);
    assert_int_equal(r->model.policy.hot, hot[i]);
    rig_free(r);
  }
}

// --- populations ---------------------------------------------------------------------------------------------------------------

static double machine_parts(const rig *r, const clx_failure_class *f) {
  double parts = f->whole;
  for (int32_t i = 0; i < r->model.cohort_count; i++)
    parts += f->parts[i] * ceil((double)r->model.cohort[i].units / f->group[i]);
  return parts;
}

// Each part counted once, whatever an event takes out with it.
static void test_populations_of_servers(void **state) {
  (void)state;
  static const double all[CLX_PARTS] = {
      [CLX_PART_GPU] = 16384, [CLX_PART_SERVER] = 2048, [CLX_PART_NIC] = 18432,  [CLX_PART_LINK] = 18432,
      [CLX_PART_LEAF] = 64,   [CLX_PART_SWITCH] = 128,  [CLX_PART_OPTIC] = 4096, [CLX_PART_RACK] = 1024,
      [CLX_PART_ROW] = 128,   [CLX_PART_SITE] = 1};
  static const int32_t group[CLX_BLASTS] = {1, 1, 1, 2, 32, 16, 1};
  for (int32_t part = 0; part < CLX_PARTS; part++) {
    for (int32_t blast = 0; blast < CLX_BLASTS; blast++) {
      char text[300];
      snprintf(text, sizeof text,
               QUICK
               "failures: rsc-1\nhorizon: 1 d\ncheckpoint: {mode: none}\n"
               "classes: [{name: own, of: %s, blast: %s, rate: 1e-9 1/d}]\n",
               clx_part_name[part], clx_blast_name[blast]);
      rig *r = compiled(text);
      const clx_failure_class *f = class_of(r, "own");
      CLX_CHECK_NEAR(machine_parts(r, f), all[part], 1e-12, 0);
      assert_int_equal(f->group[0], group[blast]);
      assert_true(f->keeps_units == (blast == CLX_BLAST_JOB));
      assert_true(f->everybody == (blast == CLX_BLAST_SITE || (blast == CLX_BLAST_JOB && part == CLX_PART_SITE)));
      rig_free(r);
    }
  }
}

// 18 trays of four GPUs on one NVLink domain: what takes a domain takes 18 neighbours; those of a tray only it.
static void test_populations_of_nvl72(void **state) {
  (void)state;
  rig *r = rig_new("failures: gb200-estimated\nhorizon: 1 d\ncheckpoint: {mode: none}\nspares: {extra: 36}\n");
  r->cohort[0] = servers("gb200_tray", 1800, 4);
  r->cohort[0].servers_per_domain = r->cohort[0].servers_per_rack = 18;
  r->cohort[0].parts[CLX_PART_RACK] = 100;
  r->stage[0].gpus = 7168;
  r->stage[0].gpus_per_replica = 56;
  assert_int_equal(compile(r), CLX_OK);
  const clx_failure_class *tray = class_of(r, "nvlink_switch"), *gpu = class_of(r, "faulty_gpu");
  assert_int_equal(r->model.cohort_count, 2);
  assert_int_equal(r->model.cohort[1].units, 36);
  assert_string_equal(r->model.cohort[1].name, "reserve");
  assert_int_equal(tray->group[0], 18);
  assert_int_equal(tray->group[1], 18);
  CLX_CHECK_NEAR(tray->parts[0], 1, 1e-12, 0);  // a rack of each group
  CLX_CHECK_NEAR(tray->parts[1], 1, 1e-12, 0);
  assert_int_equal(gpu->group[0], 1);
  assert_true(gpu->parts[0] == 4);
  assert_int_equal(r->model.job[0].stage[0].units_per_replica, 14);
  // Memory by gigabyte: 186 against 80 GB.
  CLX_CHECK_NEAR(class_of(r, "hbm")->hazard.rate, 72 / (21233664.0 * 3600) * 186 / 80, 1e-6, 0);
  // Between the 1,000 and 3,000 GPU-days that are told of this machine.
  const double days = 7168 / (clx_reliability_stop_rate(&r->model, 0, 0, NULL) * DAY);
  assert_true(days > 1000 && days < 3000);
  rig_free(r);
}

// --- changes ---------------------------------------------------------------------------------------------------------------------

// `scale` multiplies the failures, not the rate of a Weibull life: with shape 2 the rate grows by its root, early failures as they are.
static void test_scale_of_hazards_by_age(void **state) {
  (void)state;
  static const char *const base =
      LLAMA "spares: {extra: 1024}\nclasses:\n  - {name: hbm, shape: 2, infant: 3 %, decay: 10 d}\n";
  char text[1024];
  rig *r = compiled(base);
  const clx_hazard once = class_of(r, "hbm")->hazard;
  rig_free(r);
  snprintf(text, sizeof text, "%sscale: 2\n", base);
  r = compiled(text);
  const clx_hazard twice = class_of(r, "hbm")->hazard;
  rig_free(r);
  for (double age = DAY; age < 1e4 * DAY; age *= 2) {
    CLX_CHECK_NEAR(clx_hazard_cumulative(&twice, age), 2 * clx_hazard_cumulative(&once, age), 1e-12, 0);
  }
  CLX_CHECK_NEAR(twice.infant, 0.06, 1e-12, 0);
}

static void test_changes_by_name(void **state) {
  (void)state;
  rig *r = compiled(PAPER
                    "classes:\n"
                    "  - {name: hbm, events: 144, localise: 5 min}\n"
                    "  - {name: software, rate: 1e-3 1/d, of: server}\n"
                    "  - {name: cooling_loop, cause: cooling, of: row, blast: row, rate: 1 1/year, repair_median: 2 h, "
                    "repair_mean: 2 h}\n"
                    "scale: 2\nspares: {extra: 1024}\n");
  const clx_failure_class *hbm = class_of(r, "hbm"), *software = class_of(r, "software"),
                          *row = class_of(r, "cooling_loop"), *gpu = class_of(r, "faulty_gpu");
  CLX_CHECK_NEAR(hbm->hazard.rate * 16384 * 54 * DAY, 288, 1e-9, 0);
  CLX_CHECK_NEAR(hbm->events / hbm->exposure, hbm->hazard.rate, 1e-12, 0);  // the posterior has the same mean
  assert_true(hbm->localise == 300 && hbm->detect == 10);                   // what is not stated stays
  CLX_CHECK_NEAR(software->hazard.rate * DAY, 2e-3, 1e-12, 0);
  assert_true(software->exposure == 0 && software->events == 0 && software->keeps_units);
  assert_true(software->parts[0] == 1);
  assert_int_equal(row->group[0], 16);
  assert_true(row->repair.median == 7200 && row->repair.mean == 7200 && row->repair.most == 0);
  assert_int_equal(row->cause, CLX_CAUSE_COOLING);
  assert_true(gpu->localise == 93 && gpu->events == 148);
  rig_free(r);
}

static void test_times_of_the_section(void **state) {
  (void)state;
  rig *r = compiled(PAPER
                    "clock: running\n"
                    "recovery: {detect: 3 min, localise: 4 min, restart: 5 min, start: 6 min}\n"
                    "repair: {crews: 7, median: 1 h, mean: 2 h, most: 3 h}\n"
                    "spares: {extra: 10, hot: 4, swap_hot: 8 s, swap_cold: 9 s}\n");
  const clx_failure_class *f = class_of(r, "faulty_gpu");
  assert_true(f->detect == 180 && f->localise == 240);
  assert_true(r->model.job[0].stage[0].restart == 300 && r->model.start == 360);
  assert_true(f->repair.median == 3600 && f->repair.mean == 7200 && f->repair.most == 10800);
  assert_int_equal(r->model.repair.crews, 7);
  assert_true(r->model.policy.hot == 4 && r->model.policy.swap_hot == 8 && r->model.policy.swap_cold == 9);
  assert_true(r->model.running_clock);
  rig_free(r);
}

// --- checkpoints -----------------------------------------------------------------------------------------------------------------

static void test_checkpoint_plans(void **state) {
  (void)state;
  const double bytes = 405.85e9 * 12;
  rig *sync = compiled(QUICK
                       "failures: llama3-h100\nhorizon: 54 d\n"
                       "checkpoint: {mode: sync, write: 2 TB/s, share: 50 %, read: 4 TB/s, rule: young}\n");
  const clx_checkpoint_plan *s = &sync->model.job[0].stage[0].checkpoint;
  CLX_CHECK_NEAR(s->stall, bytes / 1e12, 1e-12, 0);
  CLX_CHECK_NEAR(s->load, bytes / 2e12, 1e-12, 0);
  assert_true(s->lag == 0);
  const double mttf = 1 / clx_reliability_stop_rate(&sync->model, 0, 0, NULL);
  CLX_CHECK_NEAR(s->interval, sqrt(2 * s->stall * mttf), 1e-12, 0);
  rig_free(sync);

  rig *async = compiled(
      QUICK
      "failures: llama3-h100\nhorizon: 54 d\ncheckpoint: {mode: async, write: 20 GB/s, copy: 1 GB/s, rule: daly}\n");
  const clx_checkpoint_plan *a = &async->model.job[0].stage[0].checkpoint;
  CLX_CHECK_NEAR(a->stall, bytes / 16384 / 1e9, 1e-12, 0);
  CLX_CHECK_NEAR(a->lag, bytes / 20e9, 1e-12, 0);
  // The rule asks for less than the 243 s until a checkpoint counts.
  assert_true(a->interval == a->lag);
  assert_non_null(strstr(async->notes, "checkpoint.interval: "));
  rig_free(async);

  rig *memory = compiled(QUICK
                         "failures: llama3-h100\nhorizon: 54 d\n"
                         "checkpoint: {mode: memory, write: 20 GB/s, copy: 1 GB/s, remote_every: 10}\n");
  const clx_checkpoint_plan *m = &memory->model.job[0].stage[0].checkpoint;
  CLX_CHECK_NEAR(m->stall, bytes / 16384 / 1e9, 1e-12, 0);
  CLX_CHECK_NEAR(m->remote_lag, bytes / 20e9, 1e-12, 0);
  assert_true(m->remote_every == 10 && m->survives == 1 && m->load_memory < m->load);
  assert_true(m->interval * 10 >= m->remote_lag && m->interval >= m->lag);
  rig_free(memory);
}

// No interval near the best one is better, by the renewal form of the model itself.
static void test_best_interval_is_used(void **state) {
  (void)state;
  rig *r = compiled(LLAMA "recovery: {mode: standby}\n");
  const clx_checkpoint_plan *plan = &r->model.job[0].stage[0].checkpoint;
  double best = 0;
  CLX_CHECK_NEAR(plan->interval, clx_reliability_best_interval(&r->model, 0, 0, &best), 1e-12, 0);
  assert_true(best > 0.9 && best < 1);
  rig_free(r);
}

// --- jobs and spares ---------------------------------------------------------------------------------------------------------------

static void test_replicas_on_servers(void **state) {
  (void)state;
  // Two replicas of four GPUs share a server: they count as one, and so do their speeds.
  double speed[129];
  for (int32_t i = 0; i <= 128; i++) speed[i] = i / 128.0 * (2 - i / 128.0);
  rig *r = rig_new(LLAMA "policy: {kind: elastic, least: 75 %}\n");
  r->stage[0].gpus = 512;
  r->stage[0].gpus_per_replica = 4;
  r->stage[0].speed = speed;
  assert_int_equal(compile(r), CLX_OK);
  const clx_job_stage *stage = &r->model.job[0].stage[0];
  assert_int_equal(stage->replicas, 64);
  assert_int_equal(stage->units_per_replica, 1);
  for (int32_t i = 0; i <= 64; i++) assert_true(stage->speed[i] == speed[2 * i]);
  assert_int_equal(r->model.policy.least, 48);
  rig_free(r);

  // Twelve GPUs are a server and a half: two replicas on three servers.
  r = rig_new(LLAMA);
  r->stage[0].gpus = 128 * 12;
  r->stage[0].gpus_per_replica = 12;
  assert_int_equal(compile(r), CLX_OK);
  assert_int_equal(r->model.job[0].stage[0].replicas, 64);
  assert_int_equal(r->model.job[0].stage[0].units_per_replica, 3);
  rig_free(r);

  // An odd number of them: servers cannot be told apart, which only a policy by replicas minds.
  r = rig_new(LLAMA);
  r->stage[0].replicas = 127;
  r->stage[0].gpus = 127 * 12;
  r->stage[0].gpus_per_replica = 12;
  assert_int_equal(compile(r), CLX_OK);
  assert_int_equal(r->model.job[0].stage[0].replicas, 1);
  assert_int_equal(r->model.job[0].stage[0].units_per_replica, 191);
  r->spec.policy.kind = CLX_POLICY_MASKED;
  assert_int_equal(compile(r), CLX_INPUT);
  assert_non_null(strstr(r->error.mistake[0].text, "reliability.policy.kind"));
  rig_free(r);
}

static int64_t units_of(const rig *r) {
  int64_t units = 0;
  for (int32_t i = 0; i < r->model.cohort_count; i++) units += r->model.cohort[i].units;
  return units;
}

static void test_spares(void **state) {
  (void)state;
  static const struct {
    const char *spares;
    int64_t units;
  } table[] = {{"{}", 2048}, {"{extra: 1024}", 3072}, {"{extra: 1024, count: 100}", 2100}, {"{count: 0}", 2000}};
  for (int32_t i = 0; i < CLX_COUNT(table); i++) {
    char text[300];
    snprintf(text, sizeof text, "%sspares: %s\n", LLAMA, table[i].spares);
    rig *r = rig_new(text);
    r->stage[0].replicas = 125;  // of 16 servers: 2,000
    r->stage[0].gpus = 16000;
    assert_int_equal(compile(r), CLX_OK);
    assert_int_equal(units_of(r), table[i].units);
    CLX_CHECK_NEAR(machine_parts(r, class_of(r, "faulty_gpu")), 8.0 * (double)table[i].units, 1e-12, 0);
    rig_free(r);
  }
}

static void test_growth(void **state) {
  (void)state;
  rig *r = rig_new(LLAMA "age: 3 d\n");
  r->cohort[1] = servers("h200", 1024, SERVER_GPUS);
  r->cohort[1].arrival = 92 * DAY;
  r->site.cohort_count = 2;
  r->stage[1] = r->stage[0];
  r->stage[1].start = 92 * DAY;
  r->stage[1].replicas = 192;
  r->stage[1].gpus = 24576;
  r->stage[1].rate = 4.35e6;
  r->site.stage_count = 2;
  r->site.work = 200 * DAY;
  assert_int_equal(compile(r), CLX_OK);
  CLX_CHECK_NEAR(r->model.job[0].stage[1].rate, 1.5, 1e-12, 0);
  assert_true(r->model.cohort[1].arrival == 92 * DAY && r->model.cohort[1].age == 3 * DAY);
  assert_true(r->model.job[0].work == 200 * DAY);
  CLX_CHECK_NEAR(clx_reliability_stop_rate(&r->model, 0, 1, NULL) * 54 * DAY, 417 * 1.5 + 2, 1e-9, 0);
  rig_free(r);
}

static void test_several_jobs(void **state) {
  (void)state;
  rig *r = rig_new(LLAMA "jobs: 4\n");
  r->stage[0].replicas = 32;
  assert_int_equal(compile(r), CLX_OK);
  assert_int_equal(r->model.job_count, 4);
  const clx_job_stage *stage = &r->model.job[3].stage[0];
  assert_int_equal(stage->replicas * stage->units_per_replica, 512);
  CLX_CHECK_NEAR(stage->restart, 545, 1e-12, 0);                                     // of 4,096 GPUs
  CLX_CHECK_NEAR(stage->checkpoint.lag, 4 * 405.85e9 * 12 / 2e12, 1e-12, 0);         // a quarter of the storage
  CLX_CHECK_NEAR(stage->checkpoint.stall, 405.85e9 * 12 / 4096 / 1.07e9, 1e-12, 0);  // and of the GPUs
  rig_free(r);
}

// --- mistakes ----------------------------------------------------------------------------------------------------------------------

// What is written after "failures: llama3-h100, horizon", and two pieces of what is said of it.
static const struct {
  const char *text, *says, *also;
} MISTAKES[] = {
    // rates
    {"classes: [{name: fire, of: site, blast: site, events: 3}]", "exposure", "'fire'"},
    {"classes: [{name: fire, of: site, blast: site, exposure: 3 d}]", "'events' is missing", "'fire'"},
    {"classes: [{name: fire, of: site, blast: site, events: 3, exposure: 0 s}]", "exposure", "out of range"},
    {"classes: [{name: fire, of: site, blast: site, events: 3, exposure: 1 d, rate: 1 1/d}]", "exclude", "'fire'"},
    {"classes: [{name: hbn, localise: 1 s}]", "did you mean 'hbm'", "hbn"},
    {"classes: [{name: fire, blast: site, rate: 1 1/d}]", "'of' is missing", "'fire'"},
    {"classes: [{name: fire, of: site, rate: 1 1/d}]", "'blast' is missing", "'fire'"},
    {"classes: [{name: hbm, rate: -1 1/d}]", "rate", "out of range"},
    {"classes: [{name: hbm, rate: 3}]", "rate", "unit is missing"},
    {"classes: [{name: hbm}, {name: HBM}]", "two items", "HBM"},
    {"classes: [{name: hbm, infant: 3 %}]", "'decay' is missing", "'hbm'"},
    {"classes: [{name: hbm, ages: [0 d, 1 d], factors: [1]}]", "different lengths", "'hbm'"},
    {"classes: [{name: hbm, ages: [1 d], factors: [1]}]", "begin at 0", "'hbm'"},
    {"classes: [{name: hbm, ages: [0 d, 2 d, 1 d], factors: [1, 2, 3]}]", "ascend", "'hbm'"},
    {"classes: [{name: hbm, ages: [0 d], factors: [1], shape: 2}]", "exclude", "'hbm'"},
    {"classes: [{name: hbm, slow: 1.1}]", "latent", "'hbm'"},
    {"classes: [{name: hbm, stops: 2}]", "stops", "out of range"},
    {"classes: [{name: hbm, caus: gpu}]", "did you mean 'cause'", "caus"},
    {"classes: [{name: hbm, blast: serve}]", "did you mean 'server'", "blast"},
    // times
    {"classes: [{name: hbm, detect: -5 s}]", "detect", "out of range"},
    {"classes: [{name: hbm, detect: inf s}]", "detect", "read"},
    {"classes: [{name: hbm, detect: 1e300 s}]", "detect", "out of range"},
    {"classes: [{name: hbm, repair_median: 2 h, repair_mean: 1 h}]", "below its median", "'hbm'"},
    {"classes: [{name: hbm, repair_median: 2 h, repair_mean: 3 h, repair_most: 1 h}]", "longest", "'hbm'"},
    {"repair: {median: 10 h, mean: 2 h}", "below its median", "reliability"},
    {"recovery: {restart: -1 s}", "recovery.restart", "out of range"},
    {"age: -3 d", "age", "out of range"},
    {"confidence: 1", "confidence", "out of range"},
    {"replications: 1", "replications", "out of range"},
    {"heat: 5 K", "reliability.heat", "heat_doubling"},
    // spares
    {"spares: {count: 1}", "reliability.spares.count", "leaves over 0 of 2048"},
    {"spares: {extra: 5, count: 6}", "reliability.spares.count", "leaves over 5 of 2053"},
    {"spares: {count: -2}", "spares.count", "out of range"},
    // checkpoints
    {"checkpoint: {mode: sync}", "reliability.checkpoint.write", "0 B/s"},
    {"checkpoint: {mode: async, write: 0 B/s}", "reliability.checkpoint.write", "0 B/s"},
    {"checkpoint: {mode: memory, write: 0 B/s}", "reliability.checkpoint.write", "0 B/s"},
    {"checkpoint: {mode: sync, write: 2 TB/s, lag: 3 s}", "reliability.checkpoint.lag", "sync"},
    {"checkpoint: {write: 2 TB/s, rule: fixed}", "reliability.checkpoint.interval", "missing"},
    {"checkpoint: {write: 2 TB/s, interval: 10 min}", "reliability.checkpoint.interval", "rule"},
    {"checkpoint: {write: 20 GB/s, rule: fixed, interval: 1 min}", "reliability.checkpoint.interval", "shorter"},
    {"checkpoint: {write: 2 TB/s, share: 0}", "share", "out of range"},
    {"checkpoint: {mode: asink, write: 2 TB/s}", "did you mean 'async'", "mode"},
    {"checkpoint: {write: 2 TB/s}\npolicy: {kind: redundant, redundancy: 129}", "reliability.policy.redundancy", "128"},
    {"checkpoint: {write: 2 TB/s}\npolicy: {kind: restrt}", "did you mean 'restart'", "kind"},
    {"checkpiont: {write: 2 TB/s}", "did you mean 'checkpoint'", "checkpiont"},
};

static void test_mistakes(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(MISTAKES); i++) {
    char text[500];
    const char *storage = strstr(MISTAKES[i].text, "checkp") == NULL ? "checkpoint: {write: 2 TB/s}\n" : "";
    snprintf(text, sizeof text, "failures: llama3-h100\nhorizon: 54 d\n%s%s\n", storage, MISTAKES[i].text);
    rig *r = rig_new(text);
    const clx_status status = compile(r);
    const char *said = r->error.mistake[0].text;
    if (status != CLX_INPUT || strstr(said, MISTAKES[i].says) == NULL || strstr(said, MISTAKES[i].also) == NULL)
      fail_msg("\"%s\" gives %d: %s", MISTAKES[i].text, status, said);
    rig_free(r);
  }
}

// Found without a machine as well, with the place.
static void test_found_when_read(void **state) {
  (void)state;
  static const char *const early[] = {
      "checkpoint: {mode: async, write: 0 B/s}\n",
      "checkpoint: {write: 1 TB/s}\nclasses:\n  - {name: fire, of: site, blast: site, events: 3}\n"};
  for (int32_t i = 0; i < CLX_COUNT(early); i++) {
    char text[300];
    snprintf(text, sizeof text, "failures: llama3-h100\n%s", early[i]);
    rig *r = rig_new(text);
    assert_int_equal(clx_reliability_check_spec(&r->spec, &r->failures, r->arena, &r->error), CLX_INPUT);
    assert_int_equal(r->error.mistake[0].line, i == 0 ? 2 : 4);
    rig_free(r);
  }
  rig *r = rig_new(LLAMA);
  assert_int_equal(clx_reliability_check_spec(&r->spec, &r->failures, r->arena, &r->error), CLX_OK);
  rig_free(r);
}

static void test_machine_mistakes(void **state) {
  (void)state;
  rig *r = rig_new(LLAMA);
  r->stage[0].replicas = 129;
  r->stage[0].gpus = 129 * 128;
  assert_int_equal(compile(r), CLX_INPUT);
  assert_non_null(strstr(r->error.mistake[0].text, "takes 2064 servers"));
  rig_free(r);

  r = rig_new(LLAMA);
  r->cohort[1] = servers("gb200_tray", 16, 4);
  r->site.cohort_count = 2;
  assert_int_equal(compile(r), CLX_INPUT);
  assert_non_null(strstr(r->error.mistake[0].text, "servers of 8 and of 4 GPUs"));
  rig_free(r);

  r = rig_new("failures: llama3-h100\ncheckpoint: {write: 2 TB/s}\n");  // no tokens, no horizon
  assert_int_equal(compile(r), CLX_INPUT);
  assert_non_null(strstr(r->error.mistake[0].text, "reliability.horizon"));
  rig_free(r);

  r = rig_new(LLAMA);
  r->stage[0].checkpoint_bytes = 0;
  assert_int_equal(compile(r), CLX_INPUT);
  assert_non_null(strstr(r->error.mistake[0].text, "reliability.checkpoint.bytes"));
  rig_free(r);
}

// A restart of ten times the mean time between failures: said, not simulated.
static void test_no_progress_is_infeasible(void **state) {
  (void)state;
  rig *r = rig_new(LLAMA "recovery: {restart: 3 d}\n");
  assert_int_equal(compile(r), CLX_INFEASIBLE);
  assert_non_null(strstr(r->error.mistake[0].text, "restart"));
  rig_free(r);
}

static void test_survives_failing_memory(void **state) {
  (void)state;
  bool passed = false;
  for (int64_t n = 1; n < 40 && !passed; n++) {
    rig *r = rig_new(LLAMA "spares: {extra: 10}\n");
    clx_memory_fail_after(n);
    const clx_status status = compile(r);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    passed = status == CLX_OK;
    rig_free(r);
  }
  assert_true(passed);
}

int main(void) {
  clx_error error = {0};
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_llama3_totals),
      cmocka_unit_test(test_llama3_mix),
      cmocka_unit_test(test_rates_of_entries),
      cmocka_unit_test(test_every_entry),
      cmocka_unit_test(test_default_repair),
      cmocka_unit_test(test_restart_by_size),
      cmocka_unit_test(test_hot_spares),
      cmocka_unit_test(test_populations_of_servers),
      cmocka_unit_test(test_populations_of_nvl72),
      cmocka_unit_test(test_scale_of_hazards_by_age),
      cmocka_unit_test(test_changes_by_name),
      cmocka_unit_test(test_times_of_the_section),
      cmocka_unit_test(test_checkpoint_plans),
      cmocka_unit_test(test_best_interval_is_used),
      cmocka_unit_test(test_replicas_on_servers),
      cmocka_unit_test(test_spares),
      cmocka_unit_test(test_growth),
      cmocka_unit_test(test_several_jobs),
      cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_found_when_read),
      cmocka_unit_test(test_machine_mistakes),
      cmocka_unit_test(test_no_progress_is_infeasible),
      cmocka_unit_test(test_survives_failing_memory),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_catalog_close(catalog);
  return failed;
}
