// The plant for the heat of a machine, and the point at which plant, chips and power agree.
#include "twin/twin_cooling.h"

#include <math.h>

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

// Of the design day: the dry bulb that the stated share of hours exceeds with its wet bulb, and at least the wet bulb that they exceed where
// towers stand: the harder one of the two for evaporation.
static clx_air design_air(const clx_scenario *s) {
  const clx_weather *w = &s->cooling.weather;
  const double share = s->spec.cooling.exceeded;
  const double dry = clx_weather_exceeded(w, CLX_WEATHER_DRY_BULB, share);
  const double wet = fmin(dry, clx_weather_exceeded(w, CLX_WEATHER_WET_BULB, share));
  double pressure = 0;
  for (int64_t i = 0; i < w->count; i++) pressure += (double)w->pressure[i];
  return clx_air_from_wet_bulb(dry, wet, pressure / (double)w->count);
}

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

// K/W of the plates at the flow that the rack's table asks for at `supply`.
static clx_status set_plate(const clx_twin_power_case *c, int32_t i, double supply, clx_error *error) {
  clx_twin_chips *chips = &c->cooling->chips[i];
  const clx_cohort *h = &c->fleet[i].cohort;
  const clx_plant_finder finder = clx_scenario_plant_finder(c->scenario);
  const double rack = clx_twin_cohort_peak(&c->fleet[i]) / (double)h->racks;
  const clx_cold_plate *plate =
      chips->coolant->plate != NULL ? finder.find(finder.of, "cold_plate", chips->coolant->plate) : NULL;
  CLX_TRY(clx_rack_coolant_flow(chips->coolant, supply, rack, &chips->flow, error));
  if (plate == NULL) return CLX_OK;
  return clx_cold_plate_resistance(plate, chips->flow / chips->coolant->plates, &chips->resistance, error);
}

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

// Chips at the mean heat in usual air: their leakage against that at which their power was measured, and the inlet at which they throttle.
static clx_status settle_chips(clx_twin_power_case *c, clx_error *error) {
  clx_twin_cooling *k = c->cooling;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    clx_twin_chips *chips = &k->chips[i];
    const double inlet = inlet_of(c, i, &k->usual);
    if (chips->coolant != NULL) CLX_TRY(set_plate(c, i, k->plant.loop[k->plant.liquid].spec.supply, error));
    CLX_TRY(chip_at(c, i, inlet, mean_draw(c, i), &chips->usual, error));
    if (chips->thermal == NULL || !(chips->resistance > 0)) continue;
    const clx_chip_load load = load_of(&c->fleet[i], c->fleet[i].limit);
    chips->inlet_limit = clx_chip_inlet_limit(chips->thermal, chips->resistance, &load);
    c->fleet[i].leak = c->fleet[i].cohort.trains ? chips->usual.leak : 0;
    if (!clx_twin_is_mixed(c->scenario)) c->fleet[i].board = c->fleet[i].limit + fmax(0, c->fleet[i].leak);
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

static clx_status build(clx_twin_power_case *c, clx_error *error) {
  const clx_scenario *s = c->scenario;
  const clx_plant_finder finder = clx_scenario_plant_finder(s);
  clx_twin_cooling *k = c->cooling;
  const clx_air design = design_air(s);
  CLX_TRY(need_loops(c, error));
  CLX_TRY(
      clx_plant_build(&s->cooling.plant, &finder, k->peak.liquid, k->peak.air, &design, c->arena, &k->plant, error));
  return clx_plant_solve(&k->plant, k->peak.liquid, k->peak.air, &design, NULL, &k->design, error);
}

// The year of the mean heat; its means replace those of the usual hour.
static clx_status worst_chips(clx_twin_power_case *c, clx_error *error) {
  clx_twin_cooling *k = c->cooling;
  const clx_plant *plant = &k->plant;
  const clx_air air = clx_weather_air(&c->scenario->cooling.weather, k->year.supply_most_at);
  CLX_TRY(clx_plant_solve(plant, k->mean.liquid, k->mean.air, &air, NULL, &k->hottest, error));
  for (int32_t i = 0; i < c->fleet_count; i++)
    CLX_TRY(clx_twin_cooling_chip(c, i, inlet_of(c, i, &k->hottest), &k->chips[i].worst, error));
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
                                        .step = c->scenario->spec.cooling.step,
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

// The hottest hour: the least of what its boards leave for work once leakage and heat are off.
clx_status clx_twin_cooling_step(const clx_twin_power_case *c, double *clock, double *time, clx_error *error) {
  const clx_twin_cooling *k = c->cooling;
  double cap = INFINITY, most = 0;
  *clock = 1;
  *time = c->step.step_time;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_chips *chips = &k->chips[i];
    const clx_twin_cohort *t = &c->fleet[i];
    if (!t->cohort.trains || chips->thermal == NULL) continue;
    const clx_chip_point *p = &chips->worst;
    most = fmax(most, t->board);
    cap = fmin(cap, p->throttled ? p->power - fmax(0, p->leak) : t->board - fmax(0, p->leak));
    *clock = fmin(*clock, p->clock);
  }
  if (!isfinite(cap) || cap >= most || clx_twin_is_mixed(c->scenario)) return CLX_OK;
  clx_training job = c->job;
  clx_step step;
  job.power_cap = cap;
  CLX_TRY(clx_twin_ranks(c->scenario, c->seed, &job, &step, NULL, error));
  *time = step.step_time;
  return CLX_OK;
}
