// Ten types of air-cooled data centres (Lei and Masanet 2022): PUE and WUE of plants whose parameters are drawn from the published ranges.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chance/chance.h"
#include "cooling/cooling_plant.h"
#include "validate/validate_cooling_internal.h"
#include "weather/weather.h"

enum { TYPES = CLX_COOLING_TYPES, STRIDE = 97 };  // every 97th hour: all hours of the day, all weeks

typedef enum parameter {
  UPS,
  DISTRIBUTION,
  LIGHTS,
  SUPPLY_LEAST,
  SUPPLY_MOST,
  DEW_LEAST,
  DEW_MOST,
  HUMIDITY_LEAST,
  HUMIDITY_MOST,
  SENSIBLE,
  AIR_RISE,
  WATER_RISE,
  TOWER_RISE,
  FAN_PRESSURE,
  FAN_EFFICIENCY,
  TOWER_FAN_PRESSURE,
  TOWER_FAN_EFFICIENCY,
  CHILLED_PRESSURE,
  CHILLED_EFFICIENCY,
  TOWER_PRESSURE,
  TOWER_EFFICIENCY,
  TOWER_APPROACH,
  EXCHANGER_APPROACH,
  COP_ERROR,
  COIL,
  DRIFT,
  CYCLES,
  PARAMETERS
} parameter;

// The published ranges (case 1 to 10); zero where a type has no such part. Units: shares, K, Pa; supplies and dew points in degC.
static const double RANGE[PARAMETERS][3][2] = {
    // hyperscale, midsize, small
    [UPS] = {{0.90, 0.99}, {0.80, 0.94}, {0.77, 0.85}},
    [DISTRIBUTION] = {{0, 0.02}, {0.02, 0.05}, {0.02, 0.04}},
    [LIGHTS] = {{0, 0.002}, {0.02, 0.05}, {0.02, 0.04}},
    [SUPPLY_LEAST] = {{10, 18}, {15, 18}, {18, 22.5}},
    [SUPPLY_MOST] = {{27, 35}, {27, 32}, {22.5, 27}},
    [DEW_LEAST] = {{-12, -9}, {-12, -9}, {-9.9, -8.1}},
    [DEW_MOST] = {{15, 27}, {15, 27}, {13.5, 16.5}},
    [HUMIDITY_LEAST] = {{0.08, 0.20}, {0.10, 0.30}, {0.20, 0.30}},
    [HUMIDITY_MOST] = {{0.60, 0.95}, {0.60, 0.80}, {0.54, 0.66}},
    [SENSIBLE] = {{0.95, 0.99}, {0.95, 0.99}, {0.95, 0.99}},
    [AIR_RISE] = {{13.9, 19.4}, {5, 10}, {5, 8}},
    [WATER_RISE] = {{5, 10}, {5, 10}, {5, 10}},
    [TOWER_RISE] = {{4, 6}, {4, 6}, {4, 6}},
    [FAN_PRESSURE] = {{300, 700}, {400, 900}, {400, 900}},
    [FAN_EFFICIENCY] = {{0.65, 0.90}, {0.60, 0.80}, {0.60, 0.75}},
    [TOWER_FAN_PRESSURE] = {{100, 400}, {200, 400}, {200, 400}},
    [TOWER_FAN_EFFICIENCY] = {{0.65, 0.90}, {0.60, 0.80}, {0.60, 0.75}},
    [CHILLED_PRESSURE] = {{114.9e3, 172.4e3}, {114.9e3, 172.4e3}, {114.9e3, 172.4e3}},
    [CHILLED_EFFICIENCY] = {{0.60, 0.80}, {0.60, 0.80}, {0.60, 0.70}},
    [TOWER_PRESSURE] = {{166.9e3, 250.4e3}, {166.9e3, 250.4e3}, {166.9e3, 250.4e3}},
    [TOWER_EFFICIENCY] = {{0.60, 0.80}, {0.60, 0.80}, {0.60, 0.70}},
    [TOWER_APPROACH] = {{2.8, 6.7}, {2.8, 6.7}, {2.8, 6.7}},
    [EXCHANGER_APPROACH] = {{1.7, 2.8}, {1.7, 2.8}, {1.7, 2.8}},
    [COP_ERROR] = {{-0.11, 0.11}, {-0.40, 0}, {-0.60, 0.20}},
    [COIL] = {{0.70, 0.90}, {0.65, 0.90}, {0.65, 0.80}},
    [DRIFT] = {{0.00005, 0.005}, {0.00005, 0.005}, {0.0005, 0.005}},
    [CYCLES] = {{3, 15}, {3, 12}, {3, 12}},
};

typedef enum economiser { NO_ECONOMISER, AIR_SIDE, WATER_SIDE } economiser;

typedef struct system_type {
  const char *name;
  int32_t size;  // column of RANGE
  int32_t economiser;
  bool adiabatic;
  int32_t machine;         // clx_plant_kind; DX, or a chiller
  bool tower;              // water-cooled
  double fan_pressure[2];  // where it differs from its size's; 0, 0 = does not
  double cop_error[2];
} system_type;

static const system_type TYPE[TYPES] = {
    {"hyperscale-airside-adiabatic", 0, AIR_SIDE, true, CLX_PLANT_CHILLER, true, {300, 1000}, {-0.11, 0.11}},
    {"hyperscale-waterside", 0, WATER_SIDE, false, CLX_PLANT_CHILLER, true, {0, 0}, {-0.11, 0.11}},
    {"midsize-airside", 1, AIR_SIDE, false, CLX_PLANT_CHILLER, true, {400, 1000}, {-0.40, 0}},
    {"midsize-waterside", 1, WATER_SIDE, false, CLX_PLANT_CHILLER, true, {0, 0}, {-0.40, 0}},
    {"midsize-water-cooled", 1, NO_ECONOMISER, false, CLX_PLANT_CHILLER, true, {0, 0}, {-0.40, 0}},
    {"midsize-airside-air-cooled", 1, AIR_SIDE, false, CLX_PLANT_CHILLER, false, {400, 1000}, {-0.40, 0.25}},
    {"midsize-air-cooled", 1, NO_ECONOMISER, false, CLX_PLANT_CHILLER, false, {0, 0}, {-0.40, 0.25}},
    {"small-water-cooled", 2, NO_ECONOMISER, false, CLX_PLANT_CHILLER, true, {0, 0}, {-0.60, 0.20}},
    {"small-air-cooled", 2, NO_ECONOMISER, false, CLX_PLANT_CHILLER, false, {0, 0}, {-0.45, 0.30}},
    {"small-dx", 2, NO_ECONOMISER, false, CLX_PLANT_DX, false, {400, 600}, {-0.45, 0.20}},
};

// Middles of the published 5th to 95th percentiles of PUE, climate zone 3A: their order is what `system_order` counts against.
static const double PUBLISHED[TYPES] = {1.1915, 1.1509, 1.5303, 1.4032, 1.6241, 1.6268, 1.8431, 1.8534, 2.0248, 2.1522};

// Vapour of water, J/kg at 20 degC; electric chillers of ASHRAE 90.1 (2016), full load at AHRI 550/590 conditions.
static const double VAPORISATION = 2.454e6, COP_WATER = 5.6, COP_AIR = 2.985, COP_DX = 3.0;

// One plant drawn, with all equipment of its own.
typedef struct drawn {
  double x[PARAMETERS];
  const system_type *type;
  clx_loop_spec loop[3];
  clx_plant_unit_spec unit[6];
  clx_plant_spec spec;
  clx_mover hall_fan, chilled_pump, tower_pump;
  clx_tower tower;
  clx_chiller chiller;
  double flow[2], head[2], speed[2], power[2];
  double heat, other, latent;  // W that the hall gives; W of losses and lights; W of it that dries the air
} drawn;

static double pick(const drawn *d, clx_stream *stream, int32_t p) {
  const double *range = RANGE[p][d->type->size];
  if (p == FAN_PRESSURE && d->type->fan_pressure[1] > 0) range = d->type->fan_pressure;
  if (p == COP_ERROR) range = d->type->cop_error;
  return range[0] + (range[1] - range[0]) * clx_stream_uniform(stream);
}

static clx_mover mover(const char *name, int32_t kind, double efficiency, drawn *d) {
  d->flow[0] = 0;
  d->flow[1] = 2;
  d->head[0] = 2;
  d->head[1] = 0;
  return (clx_mover){.name = name,
                     .kind = kind,
                     .flow = d->flow,
                     .flow_count = 2,
                     .head = d->head,
                     .head_count = 2,
                     .efficiency = efficiency,
                     .motor_margin = 1};
}

static const void *find_equipment(const void *of, const char *kind, const char *name) {
  const drawn *d = of;
  (void)kind;
  if (strcmp(name, "hall-fan") == 0) return &d->hall_fan;
  if (strcmp(name, "chilled-pump") == 0) return &d->chilled_pump;
  if (strcmp(name, "tower-pump") == 0) return &d->tower_pump;
  if (strcmp(name, "tower") == 0) return &d->tower;
  return strcmp(name, "chiller") == 0 ? &d->chiller : NULL;
}

// K of the air that leaves coils; direct expansion holds the middle of its limits.
static double hall_supply(const drawn *d) {
  const double most = 273.15 + d->x[SUPPLY_MOST];
  return d->type->machine == CLX_PLANT_DX ? 0.5 * (most + 273.15 + d->x[SUPPLY_LEAST]) : most;
}

// K of chilled water: with an economiser in it by the coil's effectiveness on the air, as warm as that allows. The others' chillers have, in the
// study, the efficiency of conventional chilled water whatever the air: 7 degC, an estimate of ours.
static double chilled_supply(const drawn *d) {
  if (d->type->economiser != WATER_SIDE) return 280.15;
  return hall_supply(d) + d->x[AIR_RISE] * (1 - 1 / d->x[COIL]);
}

// K of rise of the chilled water: as drawn, but a coil's water leaves a kelvin below its air at most.
static double chilled_rise(const drawn *d) {
  return fmin(d->x[WATER_RISE], hall_supply(d) + d->x[AIR_RISE] - chilled_supply(d) - 1);
}

// Relative humidity at the hall's supply of what limits are stated for other temperatures.
static double humidity_at_supply(const drawn *d, double dew, double relative, double at) {
  const double full = clx_air_saturation_pressure(hall_supply(d));
  return fmin(1, relative > 0 ? relative * clx_air_saturation_pressure(273.15 + at) / full
                              : clx_air_saturation_pressure(273.15 + dew) / full);
}

static void draw_equipment(drawn *d, const clx_weather *weather) {
  const double *x = d->x;
  const bool tower = d->type->tower;
  d->hall_fan = mover("hall-fan", CLX_MOVER_FAN, x[FAN_EFFICIENCY], d);
  d->chilled_pump = mover("chilled-pump", CLX_MOVER_PUMP, x[CHILLED_EFFICIENCY], d);
  d->tower_pump = mover("tower-pump", CLX_MOVER_PUMP, x[TOWER_EFFICIENCY], d);
  d->speed[0] = 0.1;
  d->speed[1] = 1;
  d->power[0] = 0.001;
  d->power[1] = 1;
  // Air of 1.15 kg/m3 at a kilogram per kilogram of water: W of fan per W of heat.
  const double fan = x[TOWER_FAN_PRESSURE] / (1.15 * x[TOWER_FAN_EFFICIENCY] * 4186 * x[TOWER_RISE]);
  d->tower = (clx_tower){.name = "tower",
                         .wet_bulb = clx_weather_exceeded(weather, CLX_WEATHER_WET_BULB, 0.004),
                         .range = x[TOWER_RISE],
                         .approach = x[TOWER_APPROACH],
                         .air_ratio = 1,
                         .water_exponent = 0.6,
                         .air_exponent = 0.6,
                         .fan_power = fan,
                         .speed = d->speed,
                         .speed_count = 2,
                         .power = d->power,
                         .power_count = 2,
                         .free_share = 0.05,
                         .air_least = 0.1,
                         .drift = x[DRIFT],
                         .cycles = x[CYCLES]};
  const double cop = (d->type->machine == CLX_PLANT_DX ? COP_DX : tower ? COP_WATER : COP_AIR) * (1 + x[COP_ERROR]);
  d->chiller = (clx_chiller){.name = "chiller",
                             .kind = tower ? CLX_CHILLER_WATER : CLX_CHILLER_AIR,
                             .capacity = 0.3e6,
                             .cop = cop,
                             .evaporator = d->type->machine == CLX_PLANT_DX ? 299.85 : 279.82,
                             .condenser = tower ? 302.59 : 308.15,
                             .evaporator_least = 273.15,
                             .evaporator_most = 323.15,
                             .condenser_least = 243.15,
                             .condenser_most = 328.15,
                             .load_least = 0.1,
                             .load_most = 1,
                             .lift_least = tower ? 18 : 30,  // K: head pressure is held in the cold
                             .approach_evaporator = 3,
                             .approach_condenser = tower ? 3 : 12,
                             .motor_share = 1};
}

// Air that is drier is not taken in where nothing can wet it: limits at the lowest supply.
static double driest(const drawn *d) {
  return fmax(humidity_at_supply(d, 0, d->x[HUMIDITY_LEAST], d->x[SUPPLY_LEAST]),
              humidity_at_supply(d, d->x[DEW_LEAST], 0, 0));
}

static void draw_units(drawn *d) {
  const double *x = d->x;
  const system_type *t = d->type;
  int32_t u = 0;
  const bool dx = t->machine == CLX_PLANT_DX;
  if (t->economiser == AIR_SIDE)
    d->unit[u++] =
        (clx_plant_unit_spec){.name = "outside air",
                              .kind = CLX_PLANT_AIR_ECONOMISER,
                              .loop = "hall",
                              .share = 1,
                              .pads = t->adiabatic ? 0.9 : 0,
                              .outside_most = hall_supply(d),  // the study's control: changed over, not mixed
                              .humidity_most = fmin(x[HUMIDITY_MOST], humidity_at_supply(d, x[DEW_MOST], 0, 0)),
                              .humidity_least = t->adiabatic ? 0 : driest(d)};
  if (dx) {
    d->unit[u++] =
        (clx_plant_unit_spec){.name = "dx", .kind = CLX_PLANT_DX, .loop = "hall", .equipment = "chiller", .share = 1};
  } else {
    d->unit[u++] = (clx_plant_unit_spec){
        .name = "coils", .kind = CLX_PLANT_EXCHANGER, .loop = "hall", .into = "chilled", .share = 1};
    if (t->economiser == WATER_SIDE)
      d->unit[u++] = (clx_plant_unit_spec){.name = "economiser",
                                           .kind = CLX_PLANT_EXCHANGER,
                                           .loop = "chilled",
                                           .into = "tower",
                                           .share = 1,
                                           .approach = x[EXCHANGER_APPROACH]};
    d->unit[u++] = (clx_plant_unit_spec){.name = "chiller",
                                         .kind = CLX_PLANT_CHILLER,
                                         .loop = "chilled",
                                         .into = t->tower ? "tower" : NULL,
                                         .equipment = "chiller",
                                         .share = 1};
    if (t->tower)
      d->unit[u++] = (clx_plant_unit_spec){
          .name = "tower", .kind = CLX_PLANT_TOWER, .loop = "tower", .equipment = "tower", .share = 1};
  }
  d->spec.unit = d->unit;
  d->spec.unit_count = u;
}

static void draw_loops(drawn *d) {
  const double *x = d->x;
  d->loop[0] = (clx_loop_spec){.name = "hall",
                               .fluid = "air",
                               .count = 1,
                               .supply = hall_supply(d),
                               .range = x[AIR_RISE],
                               .control = CLX_FLOW_FIXED,
                               .pressure = x[FAN_PRESSURE],
                               .exponent = 2,
                               .pump = "hall-fan",
                               .pumps = 1,
                               .pump_heat = 1};
  d->loop[1] = (clx_loop_spec){.name = "chilled",
                               .fluid = "water",
                               .count = 1,
                               .supply = chilled_supply(d),
                               .range = chilled_rise(d),
                               .control = CLX_FLOW_RANGE,
                               .pressure = x[CHILLED_PRESSURE],
                               .exponent = 2,
                               .pump = "chilled-pump",
                               .pumps = 1,
                               .flow_least = 0.2,
                               .pump_heat = 1};
  d->loop[2] = (clx_loop_spec){.name = "tower",
                               .fluid = "water",
                               .count = 1,
                               .supply = d->tower.wet_bulb + x[TOWER_APPROACH],
                               .range = x[TOWER_RISE],
                               .set_point = CLX_SET_WET_BULB,
                               .reset_offset = x[TOWER_APPROACH],
                               .reset_least = 283.15,
                               .control = d->type->economiser == WATER_SIDE ? CLX_FLOW_FIXED : CLX_FLOW_RANGE,
                               .pressure = x[TOWER_PRESSURE],
                               .exponent = 2,
                               .pump = "tower-pump",
                               .pumps = 1,
                               .flow_least = 0.3,
                               .pump_heat = 1};
  d->spec.loop = d->loop;
  d->spec.loop_count = d->type->machine == CLX_PLANT_DX ? 1 : d->type->tower ? 3 : 2;
}

// What a hall of 1 MW of IT gives: losses and lights stay in it, and what the coils dry is wetted again.
static void load_hall(drawn *d) {
  const double losses = 1e6 * (1 / (d->x[UPS] * (1 - d->x[DISTRIBUTION])) - 1), lights = 1e6 * d->x[LIGHTS];
  d->other = losses + lights;
  const double dry = 1e6 + d->other;
  d->heat = dry / d->x[SENSIBLE];
  d->latent = d->heat - dry;
  if (d->type->machine == CLX_PLANT_DX) d->other += d->latent;  // steam humidifiers
}

static void draw(drawn *d, const system_type *type, const clx_weather *weather, uint64_t replica) {
  memset(d, 0, sizeof *d);
  d->type = type;
  for (int32_t p = 0; p < PARAMETERS; p++) {
    clx_stream stream =
        clx_stream_make(8, 0x636f6f6cu, replica, (uint64_t)p);  // common to all types: their order is of the same draws
    d->x[p] = pick(d, &stream, p);
  }
  load_hall(d);
  draw_equipment(d, weather);
  draw_loops(d);
  draw_units(d);
  d->spec.name = type->name;
  d->spec.air = "hall";
}

// m3 of water per J of IT that humidifiers evaporate, in the share of the heat that coils carry; carried: W of them.
static double humidifiers(const drawn *d, double carried) {
  const double coils = d->type->economiser == AIR_SIDE ? fmin(carried / d->heat, 1) : 1;
  return coils * d->latent / VAPORISATION / 1000 / 1e6;
}

// PUE and WUE (m3/J) of one draw; water that goes into dried air by humidifiers, in the share of the heat that coils carry.
static clx_status run_drawn(const drawn *d, const clx_weather *weather, clx_arena *arena, double *pue, double *wue,
                            clx_error *error) {
  const clx_plant_finder finder = {find_equipment, d};
  const double hot = clx_weather_exceeded(weather, CLX_WEATHER_DRY_BULB, 0.004);
  const clx_air design = clx_air_from_wet_bulb(hot, clx_weather_coincident(weather, hot), clx_air_standard_pressure(0));
  clx_plant *plant = CLX_NEW(arena, clx_plant);
  if (plant == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_plant_build(&d->spec, &finder, 0, d->heat, &design, arena, plant, error));
  const clx_cooling_year_input input = {
      .plant = plant, .weather = weather, .air = d->heat, .it = 1e6, .other = d->other};
  clx_cooling_year year;
  CLX_TRY(clx_cooling_year_run(&input, arena, &year, error));
  *pue = year.pue;
  *wue = year.wue + humidifiers(d, year.compressors * d->chiller.cop / ((double)weather->count * weather->step));
  return CLX_OK;
}

// --- figures -----------------------------------------------------------------------------------------------------------------------

enum { DRAWS = 51 };

struct clx_cooling_types {
  bool done[TYPES];
  double pue[TYPES][DRAWS], wue[TYPES][DRAWS];  // sorted
};

static int rising(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static clx_status sample_type(struct clx_cooling_types *all, int32_t k, const clx_weather *weather, clx_error *error) {
  if (all->done[k]) return CLX_OK;
  for (int32_t i = 0; i < DRAWS; i++) {
    clx_arena *scratch = clx_arena_new();
    if (scratch == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    drawn d;
    draw(&d, &TYPE[k], weather, (uint64_t)i);
    const clx_status status = run_drawn(&d, weather, scratch, &all->pue[k][i], &all->wue[k][i], error);
    clx_arena_free(scratch);
    CLX_TRY(status);
  }
  qsort(all->pue[k], DRAWS, sizeof(double), rising);
  qsort(all->wue[k], DRAWS, sizeof(double), rising);
  all->done[k] = true;
  return CLX_OK;
}

clx_status clx_cooling_types_open(const clx_weather *year, clx_arena *arena, clx_cooling_types **types,
                                  clx_weather *thinned, clx_error *error) {
  *types = CLX_NEW(arena, struct clx_cooling_types);
  if (*types == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return clx_cooling_weather_thin(year, STRIDE, arena, thinned, error);
}

clx_cooling_hall clx_cooling_type_hall(int32_t type) {
  drawn d = {.type = &TYPE[type]};
  for (int32_t p = 0; p < PARAMETERS; p++) d.x[p] = 0.5 * (RANGE[p][d.type->size][0] + RANGE[p][d.type->size][1]);
  load_hall(&d);
  return (clx_cooling_hall){.heat = d.heat / 1e6, .other = d.other / 1e6};
}

double clx_cooling_type_humidifiers(int32_t type, double carried) {
  drawn d = {.type = &TYPE[type]};
  for (int32_t p = 0; p < PARAMETERS; p++) d.x[p] = 0.5 * (RANGE[p][d.type->size][0] + RANGE[p][d.type->size][1]);
  load_hall(&d);
  return humidifiers(&d, carried * 1e6);
}

int32_t clx_cooling_type_named(const char *name) {
  for (int32_t k = 0; k < TYPES; k++) {
    if (strcmp(TYPE[k].name, name) == 0) return k;
  }
  return -1;
}

const char *clx_cooling_type_name(int32_t type) { return TYPE[type].name; }

int32_t clx_cooling_types_wrong(const double *pue) {
  int32_t wrong = 0;
  for (int32_t a = 0; a < TYPES; a++) {
    for (int32_t b = 0; b < TYPES; b++) wrong += PUBLISHED[a] < PUBLISHED[b] && pue[a] > pue[b] ? 1 : 0;
  }
  return wrong;
}

clx_status clx_cooling_type_quantile(clx_cooling_types *types, int32_t type, const clx_weather *weather,
                                     double quantile, double *pue, double *wue, clx_error *error) {
  CLX_TRY(sample_type(types, type, weather, error));
  const int32_t at = (int32_t)floor(quantile * (DRAWS - 1) + 0.5);
  *pue = types->pue[type][at];
  *wue = types->wue[type][at];
  return CLX_OK;
}

clx_status clx_cooling_types_order(clx_cooling_types *types, const clx_weather *weather, double *wrong,
                                   clx_error *error) {
  for (int32_t k = 0; k < TYPES; k++) CLX_TRY(sample_type(types, k, weather, error));
  double median[TYPES];
  for (int32_t k = 0; k < TYPES; k++) median[k] = types->pue[k][DRAWS / 2];
  *wrong = clx_cooling_types_wrong(median);
  return CLX_OK;
}
