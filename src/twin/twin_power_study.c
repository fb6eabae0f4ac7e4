// What `colossus power` asks: the wave of a window or of an event, its spectrum, the smallest battery, a year.
#include "twin/twin_power_study.h"

#include <math.h>

#include "twin/twin_power.h"

typedef struct study {
  clx_twin_power_case c;
  const clx_power_options *options;
  clx_result *result;
  clx_error *error;
} study;

static clx_status tell(const study *s, const char *what, double done) {
  const clx_power_options *o = s->options;
  if (o->progress == NULL || o->progress(o->context, what, done)) return CLX_OK;
  return clx_fail_plain(s->error, CLX_EXPECTATION, "stopped");
}

// --- window -----------------------------------------------------------------------------------------------------------------

static clx_status make_window(const study *s, clx_wave *site, clx_wave *rack, clx_wave *gpu) {
  enum { STEPS = 4, LEAST = 8 };
  static const double MOST = 1e8;
  const clx_twin_pass *pass = &s->c.pass[CLX_PASS_STEP];
  const double window = s->options->window > 0 ? s->options->window : STEPS * pass->time;
  const double step = s->options->resolution > 0 ? s->options->resolution : pass->site.step;
  const double count = floor(window / step + 1e-9);
  if (!(count >= LEAST) || count > MOST)
    return clx_fail_plain(s->error, CLX_INPUT, "a window of %g s at %g s has %.0f samples, expected %d to %.0e", window,
                          step, count, LEAST, MOST);
  const struct {
    const float *watt;
    int64_t samples;
    clx_wave *out;
  } waves[] = {{pass->site.watt, pass->site.count, site},
               {pass->node.watt, pass->gpu.samples, rack},
               {pass->busy.watt, pass->busy.count, gpu}};
  for (int32_t i = 0; i < CLX_COUNT(waves); i++) {
    const clx_wave_group one = {
        .name = "site",
        .units = i == 1 ? pass->node_of->cohort.rack.servers : 1,
        .cycle = {.period = pass->time, .samples = (int32_t)waves[i].samples, .watt = waves[i].watt}};
    *waves[i].out = (clx_wave){.step = step, .count = (int64_t)count};
    CLX_TRY(clx_wave_sum(&one, 1, s->options->seed, waves[i].out, s->c.arena, s->error));
  }
  return CLX_OK;
}

// The job starts a quarter into the window, or stops halfway: of a wave that is `idle` W without the job. A sag that
// is not ridden through leaves nothing.
static clx_status add_event(const study *s, double idle, clx_wave *wave) {
  const double length = wave->step * (double)wave->count;
  const bool stop = s->options->event == CLX_POWER_STOP || s->options->event == CLX_POWER_SAG;
  clx_wave_switch change = {.at = stop ? length / 2 : length / 4, .idle = idle, .stop = stop};
  if (s->options->event == CLX_POWER_STEADY) return CLX_OK;
  if (s->options->event == CLX_POWER_START) change.over = s->c.scenario->spec.power.smoothing.stagger;
  if (s->options->event == CLX_POWER_SAG) {
    const clx_grid_limits *l = &s->c.scenario->spec.power.limits;
    const double ride = clx_twin_power_ride(&s->c);
    if (!(l->sag_time > 0))
      return clx_fail_plain(s->error, CLX_INPUT, "a sag needs 'power.limits.sag_time' and 'sag_left'");
    if (ride >= l->sag_time) return CLX_OK;  // ridden through: the load stays
    change.at += ride;
    change.idle = 0;
  }
  return clx_wave_apply_switch(&change, wave, s->error);
}

// One rack and one GPU without a job.
static double idle_rack(const clx_twin_power_case *c) {
  const clx_twin_cohort *node = c->pass[CLX_PASS_STEP].node_of;
  const double gpu = node->cohort.device.idle_power;
  return clx_twin_server_power(node, gpu, gpu, false).in * node->cohort.rack.servers;
}

static clx_status add_events(const study *s, clx_wave *site, clx_wave *rack, clx_wave *gpu) {
  const clx_twin_cohort *node = s->c.pass[CLX_PASS_STEP].node_of;
  CLX_TRY(add_event(s, clx_twin_power_idle(&s->c), site));
  CLX_TRY(add_event(s, idle_rack(&s->c), rack));
  return add_event(s, node->cohort.device.idle_power, gpu);
}

static clx_status put_wave(const study *s, const char *name, const clx_wave *wave) {
  enum { MOST = 20000 };  // points of a series
  const int64_t each = (wave->count + MOST - 1) / MOST, count = wave->count / each;
  double *x = CLX_NEW_ARRAY(s->c.arena, double, count), *y = CLX_NEW_ARRAY(s->c.arena, double, count);
  if (x == NULL || y == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < count; i++) {
    x[i] = wave->start + (double)(i * each) * wave->step;
    for (int64_t k = 0; k < each; k++) y[i] += (double)wave->watt[i * each + k] / (double)each;
  }
  return clx_result_add_series(s->result, name, "W", y, "time", "s", x, (int32_t)count, s->error);
}

static clx_status put_spectrum(const study *s, const clx_wave *wave) {
  enum { LINES = 4000 };
  clx_spectrum spectrum;
  CLX_TRY(clx_wave_spectrum(wave, true, s->c.arena, &spectrum, s->error));
  const int32_t count = spectrum.count < LINES ? spectrum.count : LINES;
  double *x = CLX_NEW_ARRAY(s->c.arena, double, count);
  if (x == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < count; i++) x[i] = i * spectrum.resolution;
  if (count < 2) return CLX_OK;
  return clx_result_add_series(s->result, "power.spectrum", "W", spectrum.amplitude + 1, "frequency", "1/s", x + 1,
                               count - 1, s->error);
}

static clx_status put_window(const study *s) {
  clx_wave site, rack, gpu;
  clx_smoothed smoothed;
  CLX_TRY(make_window(s, &site, &rack, &gpu));
  CLX_TRY(add_events(s, &site, &rack, &gpu));
  // Batteries have settled to the steps before the window, or to the site at rest before a start.
  float rest[1] = {(float)clx_twin_power_idle(&s->c)};
  const clx_wave at_rest = {.step = site.step, .count = 1, .watt = rest};
  const bool start = s->options->event == CLX_POWER_START;
  CLX_TRY(clx_twin_power_smooth_after(s->c.scenario, start ? &at_rest : &s->c.pass[CLX_PASS_STEP].site, &site,
                                      s->c.arena, &smoothed, s->error));
  CLX_TRY(put_wave(s, "power.site", &smoothed.wave));
  if (smoothed.battery_power > 0) CLX_TRY(put_wave(s, "power.site_load", &site));
  CLX_TRY(put_wave(s, "power.rack", &rack));
  CLX_TRY(put_wave(s, "power.gpu", &gpu));
  return put_spectrum(s, &smoothed.wave);
}

// --- design -------------------------------------------------------------------------------------------------------------------

// USD a joule that floors burn and batteries lose: the grid's, else that of the cheapest generator. 0 = nothing says.
static double energy_price(const clx_scenario *s) {
  const clx_supply *supply = &s->power.supply;
  const clx_tariff *t = supply->tariff;
  double least = INFINITY;
  if (t != NULL && t->energy > 0) return t->energy;
  for (int32_t i = 0; i < supply->source_count; i++) {
    const clx_generator *g = supply->source[i].generator;
    if (g != NULL) least = fmin(least, g->heat_rate * g->fuel_price + g->upkeep);
  }
  return isfinite(least) ? least : 0;
}

// The battery of the design: the scenario's cheapest for a W that has a price, else its first, else an ideal one. Swings of seconds take power, not
// hours: a unit costs its price for the power it has.
static clx_status choose_battery(const study *s, clx_smoothing *given, clx_design_costs *costs) {
  static const double EFFICIENCY = 0.9;
  const clx_supply *supply = &s->c.scenario->power.supply;
  const clx_battery *best = supply->store_count > 0 ? supply->store[0].battery : NULL;
  given->battery_efficiency = EFFICIENCY;
  for (int32_t i = 0; i < supply->store_count; i++) {
    const clx_battery *b = supply->store[i].battery;
    if (!(b->price > 0) || !(b->power > 0)) continue;
    if (!(best->price > 0) || b->price / b->power < best->price / best->power) best = b;
  }
  if (best == NULL) {
    return clx_result_warn(s->result, s->error,
                           "power design: the scenario has no battery: one that answers at once, with a round trip of "
                           "90 %% and without a price is taken");
  }
  given->battery_efficiency = best->round_trip;
  given->battery_response = best->response;
  CLX_TRY(
      clx_result_add_text(s->result, "power.design.battery", best->title != NULL ? best->title : best->name, s->error));
  if (best->price > 0) {
    costs->battery_power = best->price / best->power;
    return CLX_OK;
  }
  return clx_result_warn(s->result, s->error,
                         "power design: no battery of the scenario has a price: its cost is that of energy alone");
}

// W that each GPU must draw at least for the site not to fall below `watt`; the designer sees the wave of the site alone.
static double gpu_floor(const clx_twin_power_case *c, double watt) {
  enum { TRIES = 50 };
  double low = 0, high = 0;
  for (int32_t i = 0; i < c->fleet_count; i++) high = fmax(high, c->fleet[i].limit);
  for (int32_t k = 0; k < TRIES; k++) {
    const double gpu = (low + high) / 2;
    double it = c->network + c->storage;
    for (int32_t i = 0; i < c->fleet_count; i++) {
      const double own = fmin(gpu, c->fleet[i].limit);
      it += clx_twin_cohort_power(&c->fleet[i], own, own, true).in;
    }
    if (clx_twin_site_power(c, it, c->it_mean) < watt) {
      low = gpu;
    } else {
      high = gpu;
    }
  }
  return high;
}

static clx_status put_design(const study *s) {
  static const double YEARS = 5;
  const clx_scenario *scenario = s->c.scenario;
  const clx_twin_pass *pass = &s->c.pass[CLX_PASS_STEP];
  clx_design_costs costs = {.energy = energy_price(scenario), .years = YEARS};
  if (!(costs.energy > 0))
    CLX_TRY(clx_result_warn(s->result, s->error,
                            "power design: no tariff and no generator: what floors burn costs nothing"));
  clx_smoothing given = {.battery_time = scenario->spec.power.smoothing.battery_time};
  CLX_TRY(choose_battery(s, &given, &costs));
  clx_design d;
  CLX_TRY(clx_design_smoothing(&pass->site, 1, &given, &scenario->spec.power.limits, &costs, s->c.arena, &d, s->error));
  int32_t count = 0;
  double *floors = CLX_NEW_ARRAY(s->c.arena, double, d.count + 1), *y[4];
  for (int32_t k = 0; k < CLX_COUNT(y); k++) y[k] = CLX_NEW_ARRAY(s->c.arena, double, d.count + 1);
  if (floors == NULL || y[0] == NULL || y[1] == NULL || y[2] == NULL || y[3] == NULL)
    return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < d.count; i++) {
    if (!isfinite(d.point[i].battery_power) || !isfinite(d.point[i].battery_energy)) continue;
    floors[count] = d.point[i].floor;
    y[0][count] = d.point[i].battery_power;
    y[1][count] = d.point[i].battery_energy;
    y[2][count] = d.point[i].burnt;
    y[3][count++] = d.point[i].cost;
  }
  static const struct {
    const char *name, *unit;
  } curves[] = {{"power.design.curve.battery_power", "W"},
                {"power.design.curve.battery_energy", "J"},
                {"power.design.curve.burnt", "W"},
                {"power.design.curve.cost", "USD"}};
  for (int32_t k = 0; k < CLX_COUNT(curves) && count > 0; k++)
    CLX_TRY(
        clx_result_add_series(s->result, curves[k].name, curves[k].unit, y[k], "floor", "", floors, count, s->error));
  if (d.best < 0) return clx_result_warn(s->result, s->error, "power: no battery and floor meet the limits");
  const clx_design_point *best = &d.point[d.best];
  CLX_TRY(clx_twin_put(s->result, "power.design.floor", best->floor, "",
                       "power floor of the cheapest, share of the most that the site draws", s->error));
  double most = 0;
  for (int64_t i = 0; i < pass->site.count; i++) most = fmax(most, (double)pass->site.watt[i]);
  if (best->floor > 0)
    CLX_TRY(clx_twin_put(s->result, "power.design.gpu_floor", gpu_floor(&s->c, best->floor * most), "W",
                         "of one GPU, all at once, that holds the site there", s->error));
  CLX_TRY(
      clx_twin_put(s->result, "power.design.battery_power", best->battery_power, "W", "smallest battery", s->error));
  CLX_TRY(
      clx_twin_put(s->result, "power.design.battery_energy", best->battery_energy, "J", "smallest battery", s->error));
  CLX_TRY(clx_twin_put(s->result, "power.design.burnt", best->burnt, "W", "burnt by the floor, mean", s->error));
  return clx_twin_put(s->result, "power.design.cost", best->cost, "USD",
                      "battery, and energy burnt and lost over five years", s->error);
}

// --- all of it ------------------------------------------------------------------------------------------------------------

static bool asks_anything(const clx_grid_limits *l) { return l->ramp > 0 || l->range > 0 || l->band_count > 0; }

static clx_status run_study(study *s) {
  static const double YEAR = 365.25 * 86400;
  const clx_scenario *scenario = s->c.scenario;
  clx_site_outcome outcome;
  if (s->options->design && !asks_anything(&scenario->spec.power.limits))
    return clx_fail_plain(s->error, CLX_INPUT, "a design needs 'power.limits': a ramp, a range or bands");
  CLX_TRY(tell(s, "training", 0));
  CLX_TRY(clx_twin_training(scenario, s->options->seed, s->result, &s->c.job, &s->c.step, s->error));
  CLX_TRY(clx_twin_run_reliability(scenario, s->options->seed, s->options->threads, &s->c.job, &s->c.step, s->result,
                                   s->error));
  CLX_TRY(tell(s, "passes", 0.3));
  s->c.whole = true;
  CLX_TRY(clx_twin_power_make(&s->c, s->result, s->error));
  if (s->options->year && !(scenario->spec.power.horizon > 0)) s->c.horizon = YEAR;
  CLX_TRY(tell(s, "site", 0.6));
  CLX_TRY(clx_twin_power_site(&s->c, &outcome, s->error));
  CLX_TRY(clx_twin_power_put(&s->c, &outcome, CLX_TWIN_POWER_NUMBERS | (s->options->year ? CLX_TWIN_POWER_YEAR : 0),
                             s->result, s->error));
  CLX_TRY(clx_result_add_text(s->result, "power.event", clx_power_event_name((int32_t)s->options->event), s->error));
  CLX_TRY(tell(s, "window", 0.8));
  CLX_TRY(put_window(s));
  if (s->options->design) CLX_TRY(put_design(s));
  return tell(s, "window", 1);
}

clx_status clx_twin_power_study(const clx_scenario *scenario, const clx_power_options *options, clx_result *result,
                                clx_error *error) {
  clx_power_options plain;
  clx_power_options_default(&plain);
  study s = {
      .c = {.scenario = scenario}, .options = options != NULL ? options : &plain, .result = result, .error = error};
  CLX_TRY(clx_twin_scenario(scenario, result, error));
  CLX_TRY(clx_twin_machine(scenario, result, error));
  CLX_TRY(clx_twin_network_summary(scenario, result, error));
  if (!clx_scenario_is_training(scenario)) {
    CLX_TRY(clx_twin_power_jobs_study(scenario, s.options, result, error));
    return clx_twin_assumptions(scenario, result, error);
  }
  // As a run: what a site forces its GPUs to holds for training, too.
  clx_scenario fitted;
  s.c.scenario = &fitted;
  s.c.seed = s.options->seed;
  s.c.arena = clx_arena_new();
  if (s.c.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = clx_twin_power_settle(scenario, s.options->seed, s.c.arena, &fitted, error);
  if (status == CLX_OK) status = run_study(&s);
  if (status == CLX_OK) status = clx_twin_assumptions(scenario, result, error);
  clx_arena_free(s.c.arena);
  return status;
}
