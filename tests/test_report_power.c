// Power for people: lines of a run, the study, drawings, page and tables, fed with results made by hand.
#include "power_rig.h"
#include "svg_check.h"

#include "report/report.h"
#include "report/report_power.h"

typedef void drawing(const clx_result *result, clx_buffer *out);

static const struct {
  const char *name;
  drawing *draw;
} FIGURES[] = {{"waveform", clx_report_power_waveform},
               {"spectrum", clx_report_power_spectrum},
               {"chain", clx_report_power_chain},
               {"year", clx_report_power_year},
               {"design", clx_report_power_design}};

static const power_case CASES[] = {
    {"Colossus, Memphis", 100000, 610, 1, 5, 0.02, false, true, false, true, true, true, 30000, 10.6, 60},
    {"A gigawatt & more: 7,000 racks <of> GB300 NVL72 with a title that goes on and on until it has to be cut "
     "somewhere",
     504000, 1100, 12, 8, 1e-5, false, true, true, true, true, true, 200000, 4.2, 60},
    {NULL, 8, 700, 1, 0, 0, false, false, false, false, false, false, 40, 1.3, 1.3},
    {"Small", 512, 640, 3, 4, 0.04, true, false, false, false, false, true, 500, 10.6, 10.6},
    {"No waves", 512, 640, 0, 1, 0.5, false, true, false, false, true, false, 0, 10.6, 10.6},
};

// Writes the drawings into a folder to be looked at, where CLX_POWER_DRAWINGS names one.
static void keep(const char *name, int32_t number, const char *end, const char *text) {
  const char *folder = getenv("CLX_POWER_DRAWINGS");
  char path[512];
  if (folder == NULL) return;
  snprintf(path, sizeof path, "%s/%d_%s.%s", folder, number, name, end);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void test_drawings(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    clx_result *r = power_study(&CASES[i]);
    for (int32_t k = 0; k < CLX_COUNT(FIGURES); k++) {
      clx_buffer out = {0};
      FIGURES[k].draw(r, &out);
      assert_false(out.failed);
      keep(FIGURES[k].name, i, "svg", out.data);
      check_drawing(out.data);
      clx_buffer_free(&out);
    }
    clx_result_free(r);
  }
}

// Limits, rings and bands of the spectrum; the reading of the meter; levels and losses by name.
static void test_drawn_parts(void **state) {
  (void)state;
  clx_result *r = power_study(&CASES[0]);
  clx_buffer out = {0};
  clx_report_power_spectrum(r, &out);
  assert_int_equal(count_of(out.data, "class=\"limit\""), 3);
  assert_int_equal(count_of(out.data, "class=\"over\""), 3);
  assert_int_equal(count_of(out.data, "class=\"ring\""), 8);  // in the plot and in the key
  assert_int_equal(count_of(out.data, ": over<"), 2);
  clx_buffer_free(&out);
  clx_report_power_waveform(r, &out);
  assert_int_equal(count_of(out.data, ">a meter's reading<"), 1);
  assert_int_equal(count_of(out.data, "class=\"line s0 thin\""), 3);
  assert_non_null(strstr(out.data, "53 s of 60 s, samples of 2 ms"));
  clx_buffer_free(&out);
  clx_report_power_chain(r, &out);
  for (int32_t i = 0; i < 5; i++) {
    char name[64];
    snprintf(name, sizeof name, ">%s: losses<", POWER_LEVELS[i]);
    assert_int_equal(count_of(out.data, name), 1);
  }
  assert_int_equal(count_of(out.data, ">cooling<"), 1);
  assert_null(strstr(out.data, "other loads"));
  clx_buffer_free(&out);
  clx_result_free(r);
}

// Nothing to draw is said, and is no empty page.
static void test_empty(void **state) {
  (void)state;
  clx_result *r = clx_result_new();
  for (int32_t k = 0; k < CLX_COUNT(FIGURES); k++) {
    clx_buffer out = {0};
    FIGURES[k].draw(r, &out);
    assert_non_null(strstr(out.data, "in this result"));
    check_drawing(out.data);
    clx_buffer_free(&out);
  }
  clx_power_flows flows;
  clx_power_flows_of(r, &flows);
  CLX_CHECK_NEAR(flows.total, 0, 0, 0);
  clx_result_free(r);
}

// --- flows -------------------------------------------------------------------------------------------------------------------

// What goes into each node comes out of it; what the sources give is what is used; every flow is positive and belongs to two nodes.
static void check_balance(const clx_power_flows *f) {
  double in[CLX_POWER_FLOW_NODES] = {0}, out[CLX_POWER_FLOW_NODES] = {0}, given = 0, used = 0;
  for (int32_t i = 0; i < f->link_count; i++) {
    const clx_power_link *l = &f->link[i];
    assert_true(l->watt > 0 && isfinite(l->watt));
    assert_true(l->from >= 0 && l->from < f->source_count + f->trunk_count);
    assert_true(l->to >= f->source_count && l->to < f->node_count && l->to != l->from);
    out[l->from] += l->watt;
    in[l->to] += l->watt;
  }
  for (int32_t i = 0; i < f->node_count; i++) {
    const bool source = i < f->source_count, trunk = !source && i < f->source_count + f->trunk_count;
    if (source || trunk) CLX_CHECK_NEAR(out[i], f->node[i].watt, 1e-9, 0);
    if (!source) CLX_CHECK_NEAR(in[i], f->node[i].watt, 1e-9, 0);
    if (source) given += f->node[i].watt;
    if (!source && !trunk) used += f->node[i].watt;
  }
  CLX_CHECK_NEAR(used, given, 1e-9, 0);
}

static double used_by(const clx_power_flows *f, int32_t kind) {
  double watt = 0;
  for (int32_t i = 0; i < f->node_count; i++) watt += f->node[i].kind == kind ? f->node[i].watt : 0;
  return watt;
}

static void test_flows_balance(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    clx_result *r = power_study(&CASES[i]);
    clx_power_flows f;
    clx_power_flows_of(r, &f);
    assert_int_equal(f.source_count, CASES[i].sources > 0 ? CASES[i].sources : 1);
    assert_int_equal(f.trunk_count, CASES[i].levels > 0 ? CASES[i].levels : 2);
    check_balance(&f);
    CLX_CHECK_NEAR(used_by(&f, CLX_POWER_FLOW_GPU), CASES[i].gpus * CASES[i].gpu, 1e-9, 0);
    if (CASES[i].plugs) {
      CLX_CHECK_NEAR(used_by(&f, CLX_POWER_FLOW_NETWORK), clx_result_value(r, "power.network", -1), 1e-9, 0);
      assert_string_equal(f.node[f.source_count + f.trunk_count - 1].name, "IT equipment");
    }
    if (CASES[i].levels > 0)
      CLX_CHECK_NEAR(used_by(&f, CLX_POWER_FLOW_COOLING), clx_result_value(r, "power.cooling", -1), 1e-9, 0);
    clx_result_free(r);
  }
}

// Where the servers alone count, the network is no part of what they draw.
static void test_servers_alone(void **state) {
  (void)state;
  clx_result *r = power_study(&CASES[3]);
  power_say(r, "power.scope", "servers");
  clx_power_flows f;
  clx_power_flows_of(r, &f);
  check_balance(&f);
  CLX_CHECK_NEAR(used_by(&f, CLX_POWER_FLOW_NETWORK), 0, 0, 0);
  assert_string_equal(f.node[f.source_count + f.trunk_count - 1].name, "all servers");
  clx_buffer out = {0};
  clx_report_power(r, false, &out);
  assert_non_null(strstr(out.data, "\npower       servers 410 kW mean, "));
  assert_non_null(strstr(out.data, "; not counted: "));
  clx_buffer_free(&out);
  clx_result_free(r);
}

static double draw_number(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(*seed >> 11) / 9007199254740992.0;
}

// Results that contradict themselves (levels that lose more than they get, shares that do not add up, ports larger than their level)
// still give a picture that balances.
static void test_flows_balance_random(void **state) {
  (void)state;
  uint64_t seed = 7;
  for (int32_t round = 0; round < 500; round++) {
    clx_result *r = clx_result_new();
    clx_error error = {0};
    const int32_t levels = (int32_t)(9 * draw_number(&seed)), sources = (int32_t)(40 * draw_number(&seed));
    const double gpus = 1000 * draw_number(&seed);
    assert_int_equal(clx_result_add(r, "machine.gpus", gpus, "", gpus, gpus, "", &error), CLX_OK);
    power_put(r, "gpu_mean", 1000 * draw_number(&seed), "W");
    if (round % 3 > 0) power_put(r, "site_mean", 1e6 * draw_number(&seed), "W");
    power_put(r, "it_mean", 8e5 * draw_number(&seed) + 1, "W");
    if (round % 2 > 0) power_put(r, "cooling", 1e5 * draw_number(&seed), "W");
    char name[96];
    for (int32_t i = 0; i < levels && i < 8; i++) {
      snprintf(name, sizeof name, "level.%s.in", POWER_LEVELS[i]);
      power_put(r, name, 1e6 * draw_number(&seed) - 1e4, "W");
      snprintf(name, sizeof name, "level.%s.loss", POWER_LEVELS[i]);
      power_put(r, name, 3e5 * draw_number(&seed) - 1e4, "W");
      snprintf(name, sizeof name, "level.%s.port.%s", POWER_LEVELS[i], i % 2 == 0 ? "cooling" : "fixed");
      if (round % 5 > 0) power_put(r, name, 2e5 * draw_number(&seed), "W");
    }
    for (int32_t i = 0; i < sources; i++) {
      snprintf(name, sizeof name, "source.s%d.share", i);
      power_put(r, name, 2 * draw_number(&seed) / (sources + 1), "");
    }
    clx_power_flows f;
    clx_power_flows_of(r, &f);
    assert_true(f.total > 0);
    check_balance(&f);
    clx_buffer out = {0};
    clx_report_power_chain(r, &out);
    check_drawing(out.data);
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

// --- waves -------------------------------------------------------------------------------------------------------------------

// The meter keeps the energy, also where samples straddle its windows, and sees of a dip of 1 s in 2 s half.
static void test_meter(void **state) {
  (void)state;
  enum { SAMPLES = 1000 };
  double x[SAMPLES], y[SAMPLES], out[SAMPLES], sum = 0, read = 0;
  for (int32_t i = 0; i < SAMPLES; i++) {
    x[i] = 0.03 * i;
    y[i] = x[i] >= 4 && x[i] < 5 ? 50 : 100;
    sum += y[i];
  }
  clx_result *r = clx_result_new();
  power_draw(r, "site", "W", x, y, SAMPLES, "s");
  const clx_power_wave wave = clx_power_wave_of(r, "power.site");
  CLX_CHECK_NEAR(wave.step, 0.03, 1e-12, 0);
  const clx_power_wave reading = clx_power_meter(&wave, 2, out);
  assert_int_equal(reading.count, 15);
  for (int32_t i = 0; i < reading.count; i++) read += reading.y[i] * reading.step;
  CLX_CHECK_NEAR(read, sum * 0.03, 1e-9, 0);
  CLX_CHECK_NEAR(reading.y[2], 75, 0.01, 0);
  CLX_CHECK_NEAR(reading.y[9], 100, 1e-12, 0);
  assert_int_equal(clx_power_meter(&wave, 0.05, out).count, 0);  // shorter than two samples
  assert_int_equal(clx_power_meter(&wave, 20, out).count, 0);    // longer than half of the wave
  clx_result_free(r);
}

// --- texts -------------------------------------------------------------------------------------------------------------------

static void check_lines(const char *text, int32_t most) {
  int32_t lines = 0, column = 0;
  for (const char *p = text; *p != '\0'; p++) {
    assert_true((unsigned char)*p >= ' ' || *p == '\n');
    if (*p == '\n') {
      lines++;
      column = 0;
    } else if (((unsigned char)*p & 0xC0) != 0x80) {
      assert_true(++column <= CLX_REPORT_COLUMNS);
    }
  }
  assert_int_equal(column, 0);
  if (lines > most) fail_msg("%d lines:\n%s", lines, text);
  check_numbers(text);
}

static void test_bounds(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    clx_result *r = power_study(&CASES[i]);
    clx_buffer out = {0};
    clx_report_power(r, false, &out);
    keep("report", i, "txt", out.data);
    check_lines(out.data, 75);
    clx_buffer_free(&out);
    clx_report_text(r, false, &out);
    check_lines(out.data, 8);  // title and power
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

static void check_has(const char *text, const char *const *parts, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    if (strstr(text, parts[i]) == NULL) fail_msg("'%s' is missing in\n%s", parts[i], text);
  }
}

static void test_report(void **state) {
  (void)state;
  static const char *const study[] = {
      "\npower       IT 76.2 MW mean, 85.4 MW peak; site 96.7 MW mean, 108 MW peak (PUE 1.27)\n",
      "\n            pdu                          84.65 MW      1.69 MW  2.00 %   55 %\n",
      "\n            0.1 to 0.2 Hz         4.84 MW    0.141 Hz      5.8 MW     1.93 MW over\n",
      "\n            7 to 20 Hz             691 kW     11.8 Hz      829 kW  none asked\n",
      "\n            band 0.1-20 Hz                  4.84 MW        1.93 MW  NOT MET\n",
      "\n            sag                              400 ms         150 ms  met\n",
      "\n            the sources carry 123,456 GPUs at their limit\n",
      "\nmilestones  gas engines: 43 MW carries 30,673 GPUs\n",
      "\ndesign      battery of 3.87 MW and 32.2 kWh, power floor 60.0 %, 1.36 million USD\n",
      "\n            grid 1                    100.0 %      848 GWh       116 MW\n",
      "\nenergy      848 GWh, 50.9 million USD (energy 83 %, demand 17 %), 322,000 t of CO2, 42.4 t of NOx\n"};
  static const char *const run[] = {
      "\n            GPU 610 W mean; server 6.222 kW; rack 54.9 kW mean, 60.39 kW peak\n",
      "\nswings      19.3 MW within a step (20.0 %); ramps up to 29 MW/s\n",
      "\nenergy      848 GWh, 50.9 million USD, 322,000 t of CO2\n",
      "\nnot met     of the utility's limits: ramp 29 MW/s (limit 9.67 MW/s), band 0.1-20 Hz 4.84 MW"};
  clx_result *r = power_study(&CASES[0]);
  power_put(r, "gpus_carried", 123456.7, "");
  power_put(r, "milestone_1.power", 43e6, "W");
  power_put(r, "milestone_1.gpus", 30673.9, "");
  power_say(r, "power.milestone_1.name", "gas engines");
  clx_buffer out = {0};
  clx_report_power(r, false, &out);
  check_has(out.data, study, CLX_COUNT(study));
  clx_buffer_free(&out);
  clx_report_text(r, false, &out);
  check_has(out.data, run, CLX_COUNT(run));
  clx_buffer_free(&out);
  clx_result_free(r);
}

// A run without the section says nothing of power; the study says that all limits are met.
static void test_report_without(void **state) {
  (void)state;
  clx_result *r = clx_result_new();
  power_say(r, "scenario.title", "bare");
  clx_buffer out = {0};
  clx_report_text(r, false, &out);
  assert_string_equal(out.data, "bare\n");
  clx_buffer_free(&out);
  power_put(r, "check.ramp.found", 1, "W/s");
  power_put(r, "check.ramp.limit", 2, "W/s");
  power_put(r, "check.ramp.met", 1, "");
  clx_report_text(r, false, &out);
  assert_string_equal(out.data, "bare\n");
  clx_buffer_free(&out);
  clx_report_power(r, false, &out);
  assert_non_null(strstr(out.data, "\nlimits      all 1 of the utility's limits are met\n"));
  clx_buffer_free(&out);
  clx_result_free(r);
}

// --- page and tables -----------------------------------------------------------------------------------------------------------

static void test_page(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    clx_result *r = power_study(&CASES[i]);
    clx_buffer out = {0};
    clx_report_power_page(r, &out);
    keep("index", i, "html", out.data);
    check_numbers(out.data);
    check_tags(strchr(out.data, '\n'));
    assert_int_equal(count_of(out.data, "<img "), 3 + CASES[i].year + CASES[i].design);
    assert_int_equal(count_of(out.data, ">not met<"), CASES[i].limits ? 2 : 0);
    assert_null(strstr(out.data, "http"));
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

static int32_t lines_of(const char *text) { return count_of(text, "\n"); }

static void test_csv(void **state) {
  (void)state;
  static const struct {
    drawing *write;
    const char *head;
    int32_t lines;
  } tables[] = {
      {clx_report_power_waveform_csv, "time_s,site_w,rack_w,gpu_w\n0,", 30001},
      {clx_report_power_spectrum_csv, "frequency_hz,amplitude_w\n0,", 4001},
      {clx_report_power_year_csv, "time_s,mean_w,most_w,charge_j,grid_1_w\n0,", POWER_HOURS + 1},
      {clx_report_power_design_csv, "floor,battery_power_w,battery_energy_j,burnt_w,cost_usd\n0,", 10},
      {clx_report_power_chain_csv, "from,to,kind,mean_w\n", 1 + 15},
      {clx_report_power_checks_csv, "check,found,limit,unit,met\nramp,", 4},
  };
  clx_result *r = power_study(&CASES[0]);
  for (int32_t i = 0; i < CLX_COUNT(tables); i++) {
    clx_buffer out = {0};
    tables[i].write(r, &out);
    assert_int_equal(strncmp(out.data, tables[i].head, strlen(tables[i].head)), 0);
    assert_int_equal(lines_of(out.data), tables[i].lines);
    check_numbers(out.data);
    clx_buffer_free(&out);
  }
  clx_result_free(r);
}

// Memory that runs out is seen in `failed`, not in a crash.
static void test_memory_runs_out(void **state) {
  (void)state;
  static drawing *const all[] = {clx_report_power_waveform,    clx_report_power_spectrum, clx_report_power_chain,
                                 clx_report_power_year,        clx_report_power_design,   clx_report_power_page,
                                 clx_report_power_waveform_csv};
  clx_result *r = power_study(&CASES[3]);
  for (int32_t k = 0; k < CLX_COUNT(all); k++) {
    for (int64_t n = 1; n < 4; n++) {
      clx_buffer out = {0};
      clx_memory_fail_after(n);
      all[k](r, &out);
      clx_memory_fail_after(0);
      if (n == 1) assert_true(out.failed);
      clx_buffer_free(&out);
    }
  }
  clx_result_free(r);
}

// A limit is asked of what batteries leave: 600 kW of a line of 10 MW are within 1 MW. The load's line is shown beside it.
static void test_bands_after_batteries(void **state) {
  (void)state;
  static const double x[] = {0, 0.5, 1, 1.5}, y[] = {1e8, 4e5, 6e5, 1e5};
  for (int32_t smoothed = 0; smoothed < 2; smoothed++) {
    clx_result *r = clx_result_new();
    clx_buffer out = {0};
    power_put(r, "site_mean", 1e8, "W");
    power_put(r, "spectrum.band_1.low", 0.2, "Hz");
    power_put(r, "spectrum.band_1.high", 3, "Hz");
    power_put(r, "spectrum.band_1.largest", 1e7, "W");
    power_put(r, "spectrum.band_1.total", 1.2e7, "W");
    power_put(r, "spectrum.band_1.at", 1, "Hz");
    power_put(r, "spectrum.band_1.limit", 1e6, "W");
    power_draw(r, "spectrum", "W", x, y, CLX_COUNT(x), "Hz");
    if (smoothed > 0) power_put(r, "smoothed_swing", 1e6, "W");
    clx_report_power(r, false, &out);
    assert_int_equal(count_of(out.data, " 600 kW        1 MW\n"), smoothed);
    assert_int_equal(count_of(out.data, " 1 MW over\n"), 1 - smoothed);
    clx_buffer_free(&out);
    clx_report_power_page(r, &out);
    assert_int_equal(count_of(out.data, "<td>600 kW</td><td>1 MW</td>"), smoothed);
    assert_int_equal(count_of(out.data, "<tr class=\"bad\">"), 1 - smoothed);
    clx_buffer_free(&out);
    clx_report_power_spectrum(r, &out);
    check_drawing(out.data);
    assert_int_equal(count_of(out.data, ">before batteries<"), smoothed);
    assert_int_equal(count_of(out.data, "class=\"before\""), smoothed);
    clx_buffer_free(&out);
    clx_result_free(r);
  }
}

// A machine of many jobs: what it draws over the replay, through its chain; there is no step of one job to show.
static void test_jobs(void **state) {
  (void)state;
  clx_catalog *catalog = NULL;
  clx_scenario *scenario = NULL;
  clx_result *r = NULL;
  clx_power_options options;
  clx_error error = {0};
  assert_int_equal(clx_catalog_open(NULL, &catalog, &error), CLX_OK);
  assert_int_equal(clx_scenario_load(catalog, "frontier", NULL, 0, &scenario, &error), CLX_OK);
  clx_power_options_default(&options);
  options.event = CLX_POWER_STOP;
  assert_int_equal(clx_power_run(scenario, &options, &r, &error), CLX_INPUT);
  clx_error_clear(&error);
  options.event = CLX_POWER_STEADY;
  if (clx_power_run(scenario, &options, &r, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  const double mean = clx_result_value(r, "power.site_mean", 0);
  // RAPS, config/frontier.yaml: 7.3065 MW idle, 28.2279 MW with all nodes at their limit.
  CLX_CHECK_NEAR(clx_result_value(r, "power.it_idle", 0), 7.3065e6, 1e-4, 0);
  CLX_CHECK_NEAR(clx_result_value(r, "power.site_peak", 0), 28.2279e6, 1e-4, 0);
  assert_true(mean > clx_result_value(r, "power.it_least", 0) && mean < clx_result_value(r, "power.it_most", 0));
  CLX_CHECK_NEAR(clx_result_value(r, "power.energy", 0), mean * 86400, 1e-9, 0);
  CLX_CHECK_NEAR(clx_result_value(r, "power.level.coolant.in", 0), mean, 1e-9, 0);
  // Racks carry all but the 25 coolant units of 8,473.47 W.
  CLX_CHECK_NEAR(74 * clx_result_value(r, "power.rack_mean", 0), mean - 25 * 8473.47, 1e-9, 0);
  clx_power_flows f;
  clx_power_flows_of(r, &f);
  check_balance(&f);
  CLX_CHECK_NEAR(used_by(&f, CLX_POWER_FLOW_FIXED), 592 * 1000 + 25 * 8473.47, 1e-9, 0);
  const clx_power_wave wave = clx_power_wave_of(r, "power.site");
  double sum = 0;
  for (int32_t i = 0; i < wave.count; i++) sum += wave.y[i] / wave.count;
  CLX_CHECK_NEAR(sum, mean, 1e-5, 0);  // the last sample may be cut
  static const char *const parts[] = {"\npower       IT ", "\njobs        ", " of the nodes held\n", "idle 7.31 MW\n"};
  clx_buffer out = {0};
  clx_report_power(r, false, &out);
  check_has(out.data, parts, CLX_COUNT(parts));
  clx_buffer_free(&out);
  clx_report_text(r, false, &out);
  check_has(out.data, parts, CLX_COUNT(parts));
  assert_null(strstr(out.data, "\nnetwork "));
  clx_buffer_free(&out);
  clx_report_power_page(r, &out);
  assert_int_equal(count_of(out.data, "<img "), 2);  // no spectrum
  clx_buffer_free(&out);
  clx_result_free(r);
  clx_scenario_free(scenario);
  clx_catalog_close(catalog);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_drawings),
                                     cmocka_unit_test(test_drawn_parts),
                                     cmocka_unit_test(test_empty),
                                     cmocka_unit_test(test_flows_balance),
                                     cmocka_unit_test(test_servers_alone),
                                     cmocka_unit_test(test_flows_balance_random),
                                     cmocka_unit_test(test_meter),
                                     cmocka_unit_test(test_bounds),
                                     cmocka_unit_test(test_report),
                                     cmocka_unit_test(test_report_without),
                                     cmocka_unit_test(test_page),
                                     cmocka_unit_test(test_csv),
                                     cmocka_unit_test(test_bands_after_batteries),
                                     cmocka_unit_test(test_jobs),
                                     cmocka_unit_test(test_memory_runs_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
