// The plant for the heat of a machine, and the point at which plant, chips and power agree.
#include "twin/twin_cooling.h"

#include <math.h>
#include <string.h>

#include "scenario/scenario.h"

// --- heat ----------------------------------------------------------------------------------------------------------------

// What levels of the chain lose between the plugs and the port of the plant: inside the hall. Supplies of servers and racks are part of these.
static double hall_losses(const clx_twin_power_case *c, double it) {
  double sum = 0;
  if (c->chain.count == 0) return 0;
  const double beside = c->network + c->storage;
  double extra[CLX_CHAIN_LEVELS_MAX + 1] = {0};
  extra[0] = beside;
  const clx_chain_result r = clx_chain_pass(&c->chain, it - beside, extra);
  for (int32_t i = 0; i < c->chain.count && i < c->chain.cooling; i++) sum += r.flow[i].loss + r.flow[i].fixed;
  return sum;
}

// Heat of servers at `watt` W of all of them, split as at their limits: the coolant takes its share.
static clx_twin_heat heat_of(const clx_twin_power_case *c, const double *servers) {
  clx_twin_heat heat = {.air = c->network + c->storage};
  double it = c->network + c->storage;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const double share = c->cooling->chips[i].liquid_share;
    heat.liquid += share * servers[i];
    heat.air += (1 - share) * servers[i];
    it += servers[i];
  }
  heat.air += hall_losses(c, it);
  return heat;
}

static clx_status set_heats(clx_twin_power_case *c, clx_error *error) {
  double *watt = CLX_NEW_ARRAY(c->arena, double, c->fleet_count + 1), share[CLX_PASSES];
  if (watt == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < c->fleet_count; i++) watt[i] = clx_twin_cohort_peak(&c->fleet[i]);
  c->cooling->peak = heat_of(c, watt);
  clx_twin_power_shares(c, share);
  const double running = 1 - share[CLX_PASS_STOPPED];
  double it = c->network + c->storage;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    watt[i] = 0;
    for (int32_t k = 0; k < CLX_PASSES; k++) {
      if (!c->pass[k].there || k == CLX_PASS_STOPPED || running <= 0) continue;
      watt[i] += share[k] / running * c->pass[k].own[i].mean;
    }
    it += watt[i];
  }
  c->cooling->mean = heat_of(c, watt);
  c->cooling->pass_it = it;
  return CLX_OK;
}

// --- the air -------------------------------------------------------------------------------------------------------------

static clx_air mean_air(const clx_weather *w) {
  double dry = 0, humidity = 0, pressure = 0;
  for (int64_t i = 0; i < w->count; i++) {
    dry += (double)w->dry_bulb[i];
    humidity += (double)w->humidity[i];
    pressure += (double)w->pressure[i];
  }
  const double n = (double)w->count;
  const double most = clx_air_saturation_humidity(dry / n, pressure / n);
  return (clx_air){.dry_bulb = dry / n, .humidity = fmin(humidity / n, most), .pressure = pressure / n};
}

// --- chips ---------------------------------------------------------------------------------------------------------------

static void set_chips(clx_twin_power_case *c) {
  for (int32_t i = 0; i < c->fleet_count; i++) {
    clx_twin_chips *chips = &c->cooling->chips[i];
    const clx_cohort *h = &c->fleet[i].cohort;
    const clx_chip_thermal *t = &h->device.thermal;
    *chips = (clx_twin_chips){.coolant = c->scenario->cooling.coolant[i]};
    if (t->throttle > 0) chips->thermal = t;
    chips->resistance = t->air_resistance;
    if (chips->coolant != NULL) {
      chips->liquid_share = chips->coolant->liquid;
      chips->resistance = 0;
    }
    chips->least = 1;
  }
}

// K at the plates or heat sinks: the racks' liquid, or the air of the hall.
static double inlet_of(const clx_twin_power_case *c, int32_t cohort, const clx_plant_state *state) {
  const clx_plant *plant = &c->cooling->plant;
  const int32_t loop = c->cooling->chips[cohort].coolant != NULL ? plant->liquid : plant->air;
  return loop < 0 ? 0 : state->loop[loop].supply;
}

static clx_chip_load load_of(const clx_twin_cohort *t, double watt) {
  return (clx_chip_load){.power_full = watt, .rest = t->cohort.device.idle_power / watt, .limit = t->board};
}

static clx_status chip_at(const clx_twin_power_case *c, int32_t cohort, double inlet, double watt,
                          clx_chip_point *point, clx_error *error) {
  const clx_twin_chips *chips = &c->cooling->chips[cohort];
  const clx_chip_load load = load_of(&c->fleet[cohort], watt);
  const clx_chip_cooling cooling = {.inlet = inlet, .resistance = chips->resistance};
  *point = (clx_chip_point){.power = watt, .clock = 1};
  if (chips->thermal == NULL || !(chips->resistance > 0)) return CLX_OK;
  return clx_chip_solve(chips->thermal, &cooling, &load, point, error);
}

clx_status clx_twin_cooling_chip(const clx_twin_power_case *c, int32_t cohort, double inlet, clx_chip_point *point,
                                 clx_error *error) {
  return chip_at(c, cohort, inlet, c->fleet[cohort].limit, point, error);
}

// W of a GPU at work, mean over a step: a die follows seconds, not kernels.
static double mean_draw(const clx_twin_power_case *c, int32_t cohort) {
  const clx_twin_cohort *t = &c->fleet[cohort];
  const clx_wave *busy = &c->pass[CLX_PASS_STEP].busy;
  double sum = 0;
  if (!t->cohort.trains) return t->cohort.device.idle_power;
  for (int64_t i = 0; i < busy->count; i++) sum += (double)busy->watt[i];
  return fmin(t->limit, sum / (double)busy->count);
}

// Share of the design flow that the racks' loop moves in a state.
static double flow_share(const clx_twin_power_case *c, const clx_plant_state *state) {
  const clx_plant *plant = &c->cooling->plant;
  return plant->liquid < 0 ? 1 : state->loop[plant->liquid].flow / plant->loop[plant->liquid].flow;
}

const clx_cold_plate *clx_twin_plate(const clx_twin_power_case *c, int32_t cohort) {
  const clx_plant_finder finder = clx_scenario_plant_finder(c->scenario);
  const clx_rack_coolant *coolant = c->cooling->chips[cohort].coolant;
  if (coolant == NULL || c->cooling->plant.liquid < 0) return NULL;
  const bool glycol = c->cooling->plant.loop[c->cooling->plant.liquid].fluid.glycol > 0;
  const char *name = glycol && coolant->plate_glycol != NULL ? coolant->plate_glycol : coolant->plate;
  return name != NULL ? finder.find(finder.of, "cold_plate", name) : NULL;
}

// K/W from case to inlet where the rack gets `share` of its design flow; 0 = not known. Beyond the flows that its plate was measured at: that of the
// nearest one, and `beyond` is set.
static clx_status set_resistance(const clx_twin_power_case *c, int32_t cohort, double share, clx_error *error) {
  clx_twin_chips *chips = &c->cooling->chips[cohort];
  if (chips->coolant == NULL) return CLX_OK;  // that of heat sinks in air
  const clx_cold_plate *plate = clx_twin_plate(c, cohort);
  chips->resistance = 0;
  if (plate == NULL) return CLX_OK;
  const double asked = share * chips->flow / chips->coolant->plates, most = plate->flow[plate->flow_count - 1];
  const double flow = fmin(fmax(asked, plate->flow[0]), most);
  chips->beyond = chips->beyond || fabs(flow - asked) > 1e-9 * flow;
  return clx_cold_plate_resistance(plate, flow, &chips->resistance, error);
}

// Chips at the mean heat in usual air: their leakage against that at which their power was measured, and the inlet at which they throttle.
static clx_status settle_chips(clx_twin_power_case *c, clx_error *error) {
  clx_twin_cooling *k = c->cooling;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    clx_twin_chips *chips = &k->chips[i];
    const double inlet = inlet_of(c, i, &k->usual);
    CLX_TRY(set_resistance(c, i, flow_share(c, &k->usual), error));
    CLX_TRY(chip_at(c, i, inlet, mean_draw(c, i), &chips->usual, error));
    c->fleet[i].leak = c->fleet[i].cohort.trains ? chips->usual.leak : 0;
    CLX_TRY(set_resistance(c, i, chips->least, error));  // from here on the worst-placed rack's, at design flow
    if (chips->thermal == NULL || !(chips->resistance > 0)) continue;
    const clx_chip_load load = load_of(&c->fleet[i], c->fleet[i].limit);
    chips->inlet_limit = clx_chip_inlet_limit(chips->thermal, chips->resistance, &load);
  }
  return CLX_OK;
}

// The cohort with the least between its inlet limit and what it gets.
static void find_first(clx_twin_power_case *c) {
  double least = INFINITY;
  c->cooling->first = -1;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_chips *chips = &c->cooling->chips[i];
    const double margin = chips->inlet_limit - inlet_of(c, i, &c->cooling->design);
    if (!(chips->inlet_limit > 0) || margin >= least) continue;
    least = margin;
    c->cooling->first = i;
  }
}

// --- plant ---------------------------------------------------------------------------------------------------------------

static clx_status need_loops(const clx_twin_power_case *c, clx_error *error) {
  const clx_plant_spec *spec = &c->scenario->cooling.plant;
  const clx_twin_heat *peak = &c->cooling->peak;
  const struct {
    const char *loop, *key, *what;
    double heat;
  } needs[] = {{spec->liquid, "liquid", "liquid of the racks", peak->liquid},
               {spec->air, "air", "air of the hall", peak->air}};
  for (int32_t i = 0; i < CLX_COUNT(needs); i++) {
    if (needs[i].loop != NULL || needs[i].heat <= 0) continue;
    return clx_fail(error, CLX_INPUT, c->scenario->spec.cooling.place,
                    "cooling: %.4g MW of heat go into the %s, and the plant names no loop for it ('%s')",
                    needs[i].heat / 1e6, needs[i].what, needs[i].key);
  }
  return CLX_OK;
}

// --- racks ---------------------------------------------------------------------------------------------------------------

static clx_loop_spec *racks_loop(clx_plant_spec *spec) {
  for (int32_t i = 0; i < spec->loop_count; i++)
    if (clx_text_equal(spec->loop[i].name, spec->liquid)) return &spec->loop[i];
  return NULL;
}

// The scenario's plant with loops of its own, for racks to change.
static clx_status copy_plant(clx_twin_power_case *c, clx_error *error) {
  const clx_plant_spec *from = &c->scenario->cooling.plant;
  clx_loop_spec *loop = CLX_NEW_ARRAY(c->arena, clx_loop_spec, from->loop_count + 1);
  if (loop == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  memcpy(loop, from->loop, sizeof *loop * (size_t)from->loop_count);
  c->cooling->spec = *from;
  c->cooling->spec.loop = loop;
  return CLX_OK;
}

// What the makers of the racks ask of the loop of liquid at its supply, with all GPUs at their limit. `row` and `of` [fleet_count].
static int32_t list_racks(const clx_twin_power_case *c, clx_racks_row *row, int32_t *of) {
  int32_t count = 0;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_chips *chips = &c->cooling->chips[i];
    const double racks = (double)c->fleet[i].cohort.racks;
    if (chips->coolant == NULL) continue;
    of[count] = i;
    row[count++] =
        (clx_racks_row){.coolant = chips->coolant, .racks = racks, .power = clx_twin_cohort_peak(&c->fleet[i]) / racks};
  }
  return count;
}

static clx_status fit_racks(clx_twin_power_case *c, clx_error *error) {
  clx_twin_cooling *k = c->cooling;
  clx_loop_spec *loop = racks_loop(&k->spec);
  clx_racks_row *row = CLX_NEW_ARRAY(c->arena, clx_racks_row, c->fleet_count + 1);
  int32_t *of = CLX_NEW_ARRAY(c->arena, int32_t, c->fleet_count + 1);
  if (row == NULL || of == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const int32_t count = list_racks(c, row, of);
  clx_fluid fluid;
  clx_error own;
  if (loop == NULL || count == 0 || !clx_fluid_named(loop->fluid, &fluid)) return CLX_OK;
  clx_error_clear(&own);
  const clx_status status = clx_racks_ask(&fluid, loop->supply, row, count, &k->need, &own);
  if (status != CLX_OK)
    return clx_fail(error, status, c->scenario->spec.cooling.place, "cooling: %s", own.mistake[0].text);
  const bool ours = c->scenario->spec.cooling.rack_flow == CLX_RACK_FLOW_PLANT;
  const double by =
      ours ? k->need.range / loop->range : 1;  // a plant's own range: all racks alike more or less than asked
  for (int32_t i = 0; i < count; i++) k->chips[of[i]].flow = by * row[i].flow / clx_fluid_density(&fluid, loop->supply);
  if (!ours) clx_plant_fit_racks(&k->spec, &k->need);
  return CLX_OK;
}

// The rack of each loop that its headers give the least flow.
static clx_status set_headers(clx_twin_power_case *c, clx_error *error) {
  const clx_twin_cooling *k = c->cooling;
  const int32_t l = k->plant.liquid;
  double racks = 0;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    k->chips[i].least = 1;
    if (k->chips[i].coolant != NULL) racks += (double)c->fleet[i].cohort.racks;
  }
  if (l < 0 || !(k->plant.loop[l].spec.header_velocity > 0) || !(racks > 0) || !(k->need.pressure > 0)) return CLX_OK;
  CLX_TRY(clx_plant_header(&k->plant.loop[l], racks, k->need.pressure, c->arena, &c->cooling->header, error));
  for (int32_t i = 0; i < c->fleet_count; i++)
    if (k->chips[i].coolant != NULL) k->chips[i].least = k->header.least;
  return CLX_OK;
}

static clx_status build(clx_twin_power_case *c, clx_error *error) {
  const clx_scenario *s = c->scenario;
  const clx_plant_finder finder = clx_scenario_plant_finder(s);
  clx_twin_cooling *k = c->cooling;
  const clx_air design = clx_cooling_design_air(&s->cooling.weather, s->spec.cooling.exceeded);
  CLX_TRY(need_loops(c, error));
  CLX_TRY(copy_plant(c, error));
  CLX_TRY(fit_racks(c, error));
  CLX_TRY(clx_plant_build(&k->spec, &finder, k->peak.liquid, k->peak.air, &design, c->arena, &k->plant, error));
  CLX_TRY(set_headers(c, error));
  return clx_plant_solve(&k->plant, k->peak.liquid, k->peak.air, &design, NULL, &k->design, error);
}

// --- the year ------------------------------------------------------------------------------------------------------------

static clx_status state_at(const clx_twin_power_case *c, int64_t sample, clx_plant_state *state, clx_error *error) {
  const clx_twin_cooling *k = c->cooling;
  const clx_air air = clx_weather_air(&c->scenario->cooling.weather, sample);
  return clx_plant_solve(&k->plant, k->mean.liquid, k->mean.air, &air, NULL, state, error);
}

// Chips in the hour that is hottest for what cools them, in the rack that gets least.
static clx_status worst_chips(clx_twin_power_case *c, clx_error *error) {
  clx_twin_cooling *k = c->cooling;
  CLX_TRY(state_at(c, k->year.supply_most_at, &k->hottest, error));
  CLX_TRY(state_at(c, k->year.air_most_at, &k->hottest_air, error));
  for (int32_t i = 0; i < c->fleet_count; i++) {
    clx_twin_chips *chips = &k->chips[i];
    const clx_plant_state *state = chips->coolant != NULL ? &k->hottest : &k->hottest_air;
    CLX_TRY(clx_twin_cooling_chip(c, i, inlet_of(c, i, state), &chips->worst, error));
  }
  return CLX_OK;
}

static clx_status run_year(clx_twin_power_case *c, clx_error *error) {
  clx_twin_cooling *k = c->cooling;
  static const double NEVER = 1000;  // K: nothing that is known to throttle stands in this loop
  double limit = NEVER, air_limit = NEVER;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_chips *chips = &k->chips[i];
    double *which = chips->coolant != NULL ? &limit : &air_limit;
    if (chips->inlet_limit > 0) *which = fmin(*which, chips->inlet_limit);
  }
  const double other = clx_twin_site_power(c, k->pass_it, 0) - k->pass_it;  // losses of the chain
  const clx_cooling_year_input input = {.plant = &k->plant,
                                        .weather = &c->scenario->cooling.weather,
                                        .liquid = k->mean.liquid,
                                        .air = k->mean.air,
                                        .it = k->pass_it,
                                        .other = other,
                                        .supply_limit = limit,
                                        .air_limit = air_limit};
  CLX_TRY(clx_cooling_year_run(&input, c->arena, &k->year, error));
  k->has_year = true;
  c->overhead = k->year.electric / k->year.it_energy;
  k->year.pue = clx_twin_site_power(c, k->pass_it, k->pass_it) /
                k->pass_it;  // with what the plant's own power loses in the chain
  return worst_chips(c, error);
}

clx_status clx_twin_cooling_make(clx_twin_power_case *c, bool year, clx_error *error) {
  enum { ROUNDS = 4 };
  if (!clx_scenario_is_cooled(c->scenario)) return CLX_OK;
  clx_twin_cooling *k = c->cooling = CLX_NEW(c->arena, clx_twin_cooling);
  if (k == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  k->chips = CLX_NEW_ARRAY(c->arena, clx_twin_chips, c->fleet_count + 1);
  if (k->chips == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  set_chips(c);
  const clx_air usual = mean_air(&c->scenario->cooling.weather);
  // Leakage changes heat, heat the supply only where the plant does not hold its set point: two rounds agree to a millionth.
  for (int32_t i = 0; i < ROUNDS; i++) {
    double before = 0, after = 0;
    for (int32_t f = 0; f < c->fleet_count; f++) before += c->fleet[f].leak;
    if (i > 0) CLX_TRY(clx_twin_power_refresh(c, error));
    CLX_TRY(set_heats(c, error));
    CLX_TRY(build(c, error));
    CLX_TRY(clx_plant_solve(&k->plant, k->mean.liquid, k->mean.air, &usual, NULL, &k->usual, error));
    CLX_TRY(settle_chips(c, error));
    for (int32_t f = 0; f < c->fleet_count; f++) after += c->fleet[f].leak;
    if (fabs(after - before) < 1e-3) break;
  }
  find_first(c);
  c->overhead = k->usual.electric / k->pass_it;
  c->overhead_peak = k->design.electric / c->it_peak;
  return year ? run_year(c, error) : CLX_OK;
}

// --- what follows ----------------------------------------------------------------------------------------------------------

// The hottest hour: what leakage and heat leave of each kind's boards for work.
clx_status clx_twin_cooling_step(const clx_twin_power_case *c, double *clock, double *time, clx_error *error) {
  double *leak = CLX_NEW_ARRAY(c->arena, double, c->fleet_count + 1);
  if (leak == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  bool less = false;
  *clock = 1;
  *time = c->step.step_time;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_chips *chips = &c->cooling->chips[i];
    const clx_twin_cohort *t = &c->fleet[i];
    leak[i] = fmax(0, t->cohort.device.leak);
    if (!t->cohort.trains || chips->thermal == NULL || !(chips->resistance > 0)) continue;
    const clx_chip_point *p = &chips->worst;
    const double left = p->throttled ? p->power - fmax(0, p->leak) : t->board - fmax(0, p->leak);
    less = less || left < t->limit;
    leak[i] = fmax(leak[i], t->board - left);
    *clock = fmin(*clock, p->clock);
  }
  if (!less) return CLX_OK;
  clx_scenario hot;
  clx_step step;
  CLX_TRY(clx_twin_with_leaks(c->scenario, leak, c->arena, &hot, error));
  clx_training job = c->job;
  job.device = &hot.device;
  CLX_TRY(clx_twin_ranks(&hot, c->seed, &job, &step, NULL, error));
  *time = step.step_time;
  return CLX_OK;
}
