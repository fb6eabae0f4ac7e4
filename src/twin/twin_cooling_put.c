// What the cooling of a scenario is, as named quantities.
#include <math.h>
#include <stdio.h>

#include "scenario/scenario.h"
#include "twin/twin_cooling.h"

typedef struct putter {
  const clx_twin_power_case *c;
  const clx_twin_cooling *k;
  clx_result *result;
  clx_error *error;
} putter;

typedef struct number {
  const char *name;
  double value;
  const char *unit, *doc;
} number;

static clx_status put_all(const putter *p, const char *subject, const number *numbers, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    char name[128];
    snprintf(name, sizeof name, "cooling.%s%s", subject, numbers[i].name);
    CLX_TRY(clx_twin_put(p->result, name, numbers[i].value, numbers[i].unit, numbers[i].doc, p->error));
  }
  return CLX_OK;
}

static clx_status put_text(const putter *p, const char *subject, const char *name, const char *text) {
  char full[128];
  snprintf(full, sizeof full, "cooling.%s%s", subject, name);
  return clx_result_add_text(p->result, full, text, p->error);
}

// --- the year ------------------------------------------------------------------------------------------------------------

// Units whose power is too low because their curves end.
static clx_status warn_ranges(const putter *p) {
  const clx_plant *plant = &p->k->plant;
  for (int32_t u = 0; u < plant->unit_count; u++) {
    const clx_cooling_range *range = &p->k->year.range[u];
    const clx_chiller *chiller = plant->unit[u].chiller;
    if (chiller == NULL || !(range->hard_time > 0)) continue;
    const bool hot = range->entering_most > chiller->condenser_most;
    CLX_TRY(clx_result_warn(
        p->result, p->error,
        "cooling: '%s' (%s) stands beyond its curves for %.0f hours of the year: %.4g degC %s, the curve ends at %.4g "
        "degC; it is computed at its end and draws too little",
        plant->unit[u].spec.name, chiller->name, range->hard_time / 3600,
        (hot ? range->entering_most : range->leaving_least) - 273.15,
        hot ? "enter the condenser" : "leave the evaporator",
        (hot ? chiller->condenser_most : chiller->evaporator_least) - 273.15));
  }
  return CLX_OK;
}

static clx_status put_year(const putter *p) {
  const clx_cooling_year *y = &p->k->year;
  const clx_weather *w = &p->c->scenario->cooling.weather;
  const double time = w->step * (double)w->count;
  const number numbers[] = {
      {"pue", p->c->site_mean / p->c->it_mean, "",
       "power at the point of connection against IT power, mean over the year"},
      {"wue", y->wue, "m3/J", "water taken in against IT energy"},
      {"power", y->electric / time, "W", "of the plant, mean"},
      {"power_peak", y->electric_peak, "W", "of the plant in the hour in which it draws most"},
      {"power_share", y->electric / y->it_energy, "", "of the plant against IT power, mean"},
      {"pumps", y->pumps / time, "W", "mean; fans that move hall air stand with fans"},
      {"fans", y->fans / time, "W", "mean"},
      {"compressors", y->compressors / time, "W", "mean"},
      {"auxiliary", y->auxiliary / time, "W", "mean: controls, treatment of water"},
      {"water", y->water, "kg", "taken in over the year"},
      {"water.evaporation", y->evaporation, "kg", "of it"},
      {"water.drift", y->drift, "kg", "of it"},
      {"water.blowdown", y->blowdown, "kg", "of it"},
      {"water_peak", y->water_peak, "kg/s", "in the hour that takes most"},
      {"supply_temperature", y->supply_most, "K", "liquid at the racks (hall air without liquid) in the hottest hour"},
      {"warm_time", y->warm_time, "s", "a year above the set point"},
      {"throttled_time", y->throttled_time, "s", "a year in which chips at their limit throttle"},
      {"throttled_fraction", y->throttled_time / time, "",
       "of the hours of the year, in which chips at their limit throttle"},
      {"free_time", y->free_time, "s", "a year without compressors"},
      {"compressor_time", y->compressor_time, "s", "a year with compressors"},
      {"liquid_compressor_time", y->liquid_compressor_time, "s", "of it, with those that the racks' liquid needs"},
      {"outside_range", y->outside_range_time, "s",
       "a year in which equipment stands beyond its curves on the hard side: warmer condenser, colder water"},
      {"outside_range_easy", y->easy_range_time, "s", "a year in which it stands beyond them on the easy side only"},
      {"residual", y->residual, "", "energy that the plant does not account for, share"}};
  CLX_TRY(put_all(p, "", numbers, CLX_COUNT(numbers)));
  CLX_TRY(warn_ranges(p));
  if (y->shortfall <= 0) return CLX_OK;
  const number missing[] = {
      {"shortfall", y->shortfall, "W", "heat of the worst hour that the plant does not take with its set points held"}};
  CLX_TRY(put_all(p, "", missing, CLX_COUNT(missing)));
  char hour[64];
  clx_cooling_hour(w, y->shortfall_at, hour, sizeof hour);
  return clx_result_warn(p->result, p->error,
                         "cooling: in %s %.4g MW of heat are more than the plant takes at its set points: it runs warm "
                         "for %.0f hours of the year",
                         hour, y->shortfall / 1e6, y->warm_time / 3600);
}

// --- plant ---------------------------------------------------------------------------------------------------------------

static clx_status put_loops(const putter *p) {
  const clx_plant *plant = &p->k->plant;
  for (int32_t i = 0; i < plant->loop_count; i++) {
    const clx_loop *loop = &plant->loop[i];
    const clx_loop_state *s = &p->k->design.loop[i];
    char subject[96];
    snprintf(subject, sizeof subject, "loop.%s.", loop->spec.name);
    const double count = fmax(1, loop->spec.count);
    const number numbers[] = {{"count", count, "", "equal loops"},
                              {"supply", s->supply, "K", "on the design day"},
                              {"back", s->back, "K", "return, on the design day"},
                              {"flow", s->flow * count, "kg/s", "of all of them"},
                              {"pumps", loop->spec.pumps, "", "that carry the flow of one loop"},
                              {"spare", loop->spec.pumps_spare, "", "pumps of one loop beyond them"},
                              {"warm", s->warm ? 1 : 0, "", "1: the supply is above its set point"},
                              {"pressure", s->pressure, "Pa", "that its pumps or fans overcome"},
                              {"pump", s->pump, "W", "of all its pumps or fans"},
                              {"heat", s->heat, "W", "into all of them"}};
    CLX_TRY(put_all(p, subject, numbers, CLX_COUNT(numbers)));
    CLX_TRY(put_text(p, subject, "title", loop->spec.title != NULL ? loop->spec.title : loop->spec.name));
    CLX_TRY(put_text(p, subject, "fluid", loop->spec.fluid));
  }
  return CLX_OK;
}

static clx_status put_units(const putter *p) {
  const clx_plant *plant = &p->k->plant;
  for (int32_t i = 0; i < plant->unit_count; i++) {
    const clx_plant_unit *u = &plant->unit[i];
    const clx_unit_state *s = &p->k->design.unit[i];
    char subject[96];
    snprintf(subject, sizeof subject, "unit.%s.", u->spec.name);
    const number numbers[] = {
        {"count", u->count, "", "that carry the design day"},
        {"spare", u->spec.spare, "", "beyond them"},
        {"running", s->running, "", "on the design day"},
        {"capacity", u->heat, "W", "that all of them are sized for"},
        {"heat", s->heat, "W", "that they take on the design day"},
        {"electric", s->electric, "W", "that they draw"},
        {"share", s->share, "", "of their capacity"},
        {"limit", s->limit == CLX_CHILLER_OK ? 0 : 1, "", "1: outside the range of their curves"},
        {"water", s->water.evaporation + s->water.drift + s->water.blowdown, "kg/s", "that they take in"}};
    CLX_TRY(put_all(p, subject, numbers, CLX_COUNT(numbers)));
    CLX_TRY(put_text(p, subject, "title", u->spec.title != NULL ? u->spec.title : u->spec.name));
    CLX_TRY(put_text(p, subject, "kind", clx_plant_kind_name[u->spec.kind]));
    CLX_TRY(put_text(p, subject, "from", plant->loop[u->loop].spec.name));
    if (u->into >= 0) CLX_TRY(put_text(p, subject, "into", plant->loop[u->into].spec.name));
    if (s->limit != CLX_CHILLER_ABOVE) continue;
    CLX_TRY(clx_result_warn(p->result, p->error,
                            "cooling: on the design day '%s' stands outside the range of its curves: it is computed at "
                            "their end",
                            u->spec.name));
  }
  return CLX_OK;
}

// A plant that, sized for it, does not hold its set points with all GPUs at their limit on the design day.
static clx_status warn_design(const putter *p) {
  const clx_plant *plant = &p->k->plant;
  const int32_t loops[] = {plant->liquid, plant->air};
  for (int32_t i = 0; i < CLX_COUNT(loops); i++) {
    if (loops[i] < 0 || !p->k->design.loop[loops[i]].warm) continue;
    const clx_loop_spec *spec = &plant->loop[loops[i]].spec;
    CLX_TRY(clx_result_warn(p->result, p->error,
                            "cooling: on the design day (%.3g degC, wet bulb %.3g degC) with all GPUs at their limit "
                            "loop '%s' is supplied at %.4g degC, %.2g K above its set point",
                            plant->design.dry_bulb - 273.15, clx_air_wet_bulb(&plant->design) - 273.15, spec->name,
                            p->k->design.loop[loops[i]].supply - 273.15,
                            p->k->design.loop[loops[i]].supply - spec->supply));
  }
  return CLX_OK;
}

static clx_status put_design(const putter *p) {
  const clx_twin_cooling *k = p->k;
  const clx_plant *plant = &k->plant;
  const number numbers[] = {{"design.dry_bulb", plant->design.dry_bulb, "K", "outside air that the plant is sized for"},
                            {"design.wet_bulb", clx_air_wet_bulb(&plant->design), "K", "of it"},
                            {"design.power", k->design.electric, "W", "of the plant then, all GPUs at their limit"},
                            {"heat.liquid", k->mean.liquid, "W", "that the coolant of the racks takes, mean"},
                            {"heat.air", k->mean.air, "W", "that the air of the hall takes, mean"},
                            {"heat.peak", k->peak.liquid + k->peak.air, "W", "of both with all GPUs at their limit"}};
  CLX_TRY(put_all(p, "", numbers, CLX_COUNT(numbers)));
  if (plant->liquid >= 0) {
    const double flow = k->design.loop[plant->liquid].flow * fmax(1, plant->loop[plant->liquid].spec.count);
    const number flows[] = {{"flow", flow, "kg/s", "coolant through all racks on the design day"}};
    CLX_TRY(put_all(p, "", flows, CLX_COUNT(flows)));
  }
  CLX_TRY(put_text(p, "", "plant", plant->name));
  const number moment[] = {
      {"moment.dry_bulb", plant->design.dry_bulb, "K", "outside air of the states of loops and units"},
      {"moment.wet_bulb", clx_air_wet_bulb(&plant->design), "K", "of it"},
      {"moment.liquid", k->peak.liquid, "W", "that racks give to their coolant then: all GPUs at their limit"},
      {"moment.air", k->peak.air, "W", "that goes into the air of the hall then"},
      {"moment.power", k->design.electric, "W", "that the plant draws then"}};
  CLX_TRY(put_all(p, "", moment, CLX_COUNT(moment)));
  if (plant->liquid >= 0) CLX_TRY(put_text(p, "", "liquid", plant->loop[plant->liquid].spec.name));
  if (plant->air >= 0) CLX_TRY(put_text(p, "", "air", plant->loop[plant->air].spec.name));
  CLX_TRY(put_text(p, "", "moment", "design day, every GPU at its limit"));
  CLX_TRY(put_text(p, "", "weather", p->c->scenario->cooling.weather.name));
  CLX_TRY(put_text(p, "", "weather_origin", p->c->scenario->cooling.weather.origin));
  CLX_TRY(put_loops(p));
  return put_units(p);
}

// --- chips ---------------------------------------------------------------------------------------------------------------

// The flow through racks and the plates that it was looked up in.
static clx_status put_racks(const putter *p) {
  const clx_twin_cooling *k = p->k;
  const clx_plant *plant = &k->plant;
  if (plant->liquid < 0 || !(k->need.flow > 0)) return CLX_OK;
  const clx_fluid *fluid = &plant->loop[plant->liquid].fluid;
  const clx_racks_need *need = &k->need;
  const number numbers[] = {{"racks.flow", need->flow, "kg/s", "that the makers of the racks ask for at their supply"},
                            {"racks.range", need->range, "K", "from supply to return then"}};
  CLX_TRY(put_all(p, "", numbers, CLX_COUNT(numbers)));
  if (need->pressure > 0) {
    const number drop[] = {{"racks.pressure", need->pressure, "Pa", "over the rack that takes most, at its flow"}};
    CLX_TRY(put_all(p, "", drop, CLX_COUNT(drop)));
  }
  if (k->header.share != NULL) {
    const number header[] = {
        {"racks.flow_least", k->header.least, "", "flow of the worst-placed rack on its headers over the mean"},
        {"racks.flow_most", k->header.most, "", "of the best-placed"}};
    CLX_TRY(put_all(p, "", header, CLX_COUNT(header)));
  }
  for (int32_t i = 0; i < p->c->fleet_count; i++) {
    const clx_twin_chips *chips = &k->chips[i];
    const char *device = p->c->fleet[i].cohort.device.name;
    const clx_cold_plate *plate = clx_twin_plate(p->c, i);
    clx_fluid measured;
    if (plate == NULL) continue;
    if (chips->beyond)
      CLX_TRY(clx_result_warn(p->result, p->error,
                              "cooling: plates of %s get flows that theirs ('%s') was not measured at: the resistance "
                              "at the nearest one stands",
                              device, plate->name));
    if (clx_fluid_named(plate->fluid, &measured) && measured.kind != fluid->kind)
      CLX_TRY(clx_result_warn(p->result, p->error,
                              "cooling: plates of %s were measured with %s ('%s'), the loop carries %s", device,
                              plate->fluid, plate->name, plant->loop[plant->liquid].spec.fluid));
  }
  return CLX_OK;
}

static clx_status put_chips(const putter *p) {
  const clx_twin_power_case *c = p->c;
  double most = 0, memory = 0, leak = 0, limit = INFINITY, clock, time;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_chips *chips = &p->k->chips[i];
    if (chips->thermal == NULL || !(chips->resistance > 0)) {
      CLX_TRY(clx_result_warn(p->result, p->error, "cooling: chip temperatures of %s are not known: %s",
                              c->fleet[i].cohort.device.name,
                              chips->thermal == NULL ? "the catalogue has no 'thermal' of it"
                                                     : "the resistance of its plates or heat sinks is not published"));
      continue;
    }
    most = fmax(most, chips->worst.junction);
    memory = fmax(memory, chips->worst.memory);
    limit = fmin(limit, chips->inlet_limit);
    leak += c->fleet[i].leak * (double)c->fleet[i].cohort.gpus * c->fleet[i].working;
  }
  if (!(most > 0)) return CLX_OK;
  CLX_TRY(clx_twin_cooling_step(c, &clock, &time, p->error));
  const number numbers[] = {
      {"chip_temperature_max", most, "K", "hottest junction in the hottest hour, boards at their limit"},
      {"memory_temperature_max", memory, "K", "of the device memory then"},
      {"supply_limit", limit, "K", "inlet above which the first boards at their limit throttle"},
      {"leakage", leak, "W", "of all GPUs at work beyond that at which their power was measured"},
      {"clock", clock, "", "that boards at their limit keep in the hottest hour, share"},
      {"step_time", time, "s", "of the job in the hottest hour"}};
  CLX_TRY(put_all(p, "", numbers, CLX_COUNT(numbers)));
  CLX_TRY(clx_twin_cooling_put_ride(c, p->result, p->error));
  const clx_chip_thermal *chip = p->k->first >= 0 ? p->k->chips[p->k->first].thermal : NULL;
  if (chip != NULL) {
    const number limits[] = {{"chip.throttle", chip->throttle, "K", "junction at which clocks fall"},
                             {"chip.shutdown", chip->shutdown, "K", "junction at which it stops"}};
    CLX_TRY(put_all(p, "", limits, CLX_COUNT(limits)));
  }
  if (p->k->first < 0) return CLX_OK;
  const clx_twin_cohort *first = &c->fleet[p->k->first];
  CLX_TRY(put_text(p, "", "throttles_first", first->cohort.rack.name));
  if (!p->k->chips[p->k->first].worst.throttled) return CLX_OK;
  return clx_result_warn(p->result, p->error, "cooling: in the hottest hour racks %s throttle to %.3g of their clock",
                         first->cohort.rack.name, clock);
}

// --- series --------------------------------------------------------------------------------------------------------------

static clx_status put_series(const putter *p) {
  const clx_weather *w = &p->c->scenario->cooling.weather;
  const clx_cooling_year *y = &p->k->year;
  const struct {
    const char *name, *unit;
    const float *from;
  } series[] = {{"cooling.year.power", "W", y->series_electric}, {"cooling.year.supply", "K", y->series_supply},
                {"cooling.year.water", "kg/s", y->series_water}, {"cooling.year.pue", "", y->series_pue},
                {"cooling.year.dry_bulb", "K", w->dry_bulb},     {"cooling.year.wet_bulb", "K", w->wet_bulb}};
  double *x = CLX_NEW_ARRAY(p->c->arena, double, w->count), *v = CLX_NEW_ARRAY(p->c->arena, double, w->count);
  if (x == NULL || v == NULL) return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < w->count; i++) x[i] = (double)i * w->step;
  for (int32_t k = 0; k < CLX_COUNT(series); k++) {
    for (int64_t i = 0; i < w->count; i++) v[i] = (double)series[k].from[i];
    CLX_TRY(clx_result_add_series(p->result, series[k].name, series[k].unit, v, "time", "s", x, (int32_t)w->count,
                                  p->error));
  }
  return CLX_OK;
}

static clx_status warn_weather(const putter *p) {
  const clx_weather *w = &p->c->scenario->cooling.weather;
  if (w->gaps == 0) return CLX_OK;
  return clx_result_warn(
      p->result, p->error,
      "cooling: %lld hours of %s have a value that is missing or impossible; they are interpolated (%lld "
      "in a row at most)",
      (long long)w->gaps, w->origin, (long long)w->longest_gap);
}

clx_status clx_twin_cooling_put(const clx_twin_power_case *c, bool series, clx_result *result, clx_error *error) {
  if (c->cooling == NULL || !c->cooling->has_year) return CLX_OK;
  const putter p = {.c = c, .k = c->cooling, .result = result, .error = error};
  CLX_TRY(put_year(&p));
  CLX_TRY(put_design(&p));
  CLX_TRY(warn_design(&p));
  CLX_TRY(put_racks(&p));
  CLX_TRY(put_chips(&p));
  CLX_TRY(warn_weather(&p));
  return series ? put_series(&p) : CLX_OK;
}
