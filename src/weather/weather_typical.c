// A typical year from monthly normals and design points. docs/model/cooling/weather.md.
//
// Dry bulb: a season through the months' means, anomalies of days (lag-one), a daily course, both tails stretched to the design points.
// Humidity: the moisture of a month and of its days, which hardly changes within a day; relative humidity is moisture over that of
// saturation at the hour's temperature, held below 1. Every constant of a month is found by repeating: synthesise, compare, correct.
#include "weather/weather_internal.h"

#include <math.h>
#include <string.h>

enum { DAYS = 365, HOURS = 8760, MONTHS = 12, ROUNDS = 60, WET_ROUNDS = 90 };

static const int32_t month_days[MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

// Share of the daily range below the day's highest temperature, by hour (ASHRAE Fundamentals 2009, ch. 14, table 6).
static const double course[24] = {0.88, 0.92, 0.95, 0.98, 1.00, 0.98, 0.91, 0.74, 0.55, 0.38, 0.23, 0.13,
                                  0.05, 0.00, 0.00, 0.06, 0.14, 0.24, 0.39, 0.50, 0.59, 0.68, 0.75, 0.82};

static const double course_mean = 12.87 / 24;

// What normals do not say, from the typical year (TMY3) of Fayetteville, Arkansas, alone; Chicago, Houston and Phoenix check it:
static const double temperature_lag = 0.68;  // autocorrelation of daily means, one day apart
static const double moisture_lag = 0.36;     // the same of the log of moisture over saturation, at noon
static const double spread_cold = 0.41,
                    spread_warm = 0.37;    // of the log of moisture from day to day: months of 5, of 25 degC
static const double swing_spread = 0.3;    // of a day's range, as a share of the month's
static const double follow_cold = 0.012;   // log per K of a warm day, in a month of 5 degC
static const double follow_warm = -0.048;  // and of 25 degC
static const double follow_hour = -0.068;  // log per K of an hour warmer than its day
static const double hot_tail = 5, cold_tail = 6,
                    humid_tail = 4;  // K: how far the stretched tails reach inwards of the design points
static const double stretch_least = 0.2, stretch_most = 4, humid_most = 2;

static const double ice_point = 273.15;

typedef struct synthesis {
  const clx_climate *of;
  double pressure;
  double heat[DAYS], damp[DAYS], range[DAYS];            // anomalies, of unit spread
  double node[MONTHS], gain[MONTHS], amplitude[MONTHS];  // K at mid-month; K of `heat`; K of the course
  double level[MONTHS], slope[MONTHS];                   // log of moisture over saturation = level + slope x course
  double hot, cold;                                      // stretch of the tails
  double dry_tail;                                       // log per K within the hot tail
  double humid;                                          // stretch of the humid tail
  double raw[HOURS], dry[HOURS], relative[HOURS], wet[HOURS];  // wet: before the stretch; 0 below its tail
  int32_t month[DAYS], first[MONTHS];
} synthesis;

// --- noise -----------------------------------------------------------------------------------------------------------------

// Nearly normal: twelve uniform numbers less six. Arithmetic alone, so the same everywhere.
static double draw(uint64_t *state) {
  double sum = -6;
  for (int32_t i = 0; i < 12; i++) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    sum += (double)(*state >> 11) * 0x1p-53;
  }
  return sum;
}

// A circle of days with the given lag, in each month of mean 0 and spread 1.
static void noise(synthesis *s, double *day, double lag, uint64_t seed) {
  const double fresh = sqrt(1 - lag * lag);
  double now = 0;
  for (int32_t d = -60; d < DAYS; d++) {
    now = lag * now + fresh * draw(&seed);
    if (d >= 0) day[d] = now;
  }
  for (int32_t m = 0; m < MONTHS; m++) {
    double *of = day + s->first[m], mean = 0, square = 0;
    for (int32_t d = 0; d < month_days[m]; d++) mean += of[d] / month_days[m];
    for (int32_t d = 0; d < month_days[m]; d++) square += (of[d] - mean) * (of[d] - mean) / month_days[m];
    for (int32_t d = 0; d < month_days[m]; d++) of[d] = (of[d] - mean) / sqrt(square);
  }
}

// Linear between the noons of days; the year is a circle.
static double between_days(const double *day, int32_t hour) {
  const double at = (hour + 0.5) / 24 - 0.5;
  const int32_t left = (int32_t)floor(at);
  const double share = at - left;
  return (1 - share) * day[(left + DAYS) % DAYS] + share * day[(left + 1) % DAYS];
}

// Linear between the middles of months.
static double season(const synthesis *s, int32_t hour) {
  const double day = (hour + 0.5) / 24;
  const int32_t m = s->month[hour / 24];
  const double middle = s->first[m] + 0.5 * month_days[m];
  const int32_t other = day < middle ? (m + MONTHS - 1) % MONTHS : (m + 1) % MONTHS;
  const double apart = 0.5 * (month_days[m] + month_days[other]), share = fabs(day - middle) / apart;
  return (1 - share) * s->node[m] + share * s->node[other];
}

// --- dry bulb --------------------------------------------------------------------------------------------------------------

static void make_raw(synthesis *s) {
  double gains[DAYS];
  for (int32_t d = 0; d < DAYS; d++) gains[d] = s->gain[s->month[d]] * s->heat[d];
  for (int32_t h = 0; h < HOURS; h++) {
    const int32_t d = h / 24;
    const double swing = s->amplitude[s->month[d]] * fmax(0.2, 1 + swing_spread * s->range[d]);
    s->raw[h] = season(s, h) + between_days(gains, h) + swing * (course_mean - course[h % 24]);
  }
}

static double exceeded(const double *value, int32_t rank) {  // the value that `rank` of them exceed
  double low = 0, high = 400;
  for (int32_t i = 0; i < 50; i++) {
    const double middle = 0.5 * (low + high);
    int32_t above = 0;
    for (int32_t h = 0; h < HOURS; h++) above += value[h] > middle;
    if (above <= rank)
      high = middle;
    else
      low = middle;
  }
  return high;
}

// Stretches what lies beyond the ends of the tails so that 0.4 % and 99 % of the hours exceed the design points.
static void stretch(synthesis *s) {
  const double hot_from = s->of->design_hot - hot_tail, cold_from = s->of->design_cold + cold_tail;
  const double hottest = exceeded(s->raw, 35) - hot_from, coldest = cold_from - exceeded(s->raw, 8672);
  s->hot = hottest > 0 ? hot_tail / hottest : INFINITY;
  s->cold = coldest > 0 ? cold_tail / coldest : INFINITY;
  const double up = fmin(fmax(s->hot, stretch_least), stretch_most);
  const double down = fmin(fmax(s->cold, stretch_least), stretch_most);
  for (int32_t h = 0; h < HOURS; h++) {
    const double t = s->raw[h];
    s->dry[h] = t > hot_from ? hot_from + up * (t - hot_from) : t < cold_from ? cold_from - down * (cold_from - t) : t;
  }
}

typedef struct measured {
  double mean, spread, swing;
} measured;

static measured measure(const synthesis *s, int32_t m) {
  measured got = {0};
  double square = 0;
  for (int32_t d = s->first[m]; d < s->first[m] + month_days[m]; d++) {
    const double *hour = s->dry + 24 * d;
    double most = hour[0], least = hour[0], mean = 0;
    for (int32_t h = 0; h < 24; h++) {
      most = fmax(most, hour[h]);
      least = fmin(least, hour[h]);
      mean += hour[h] / 24;
    }
    got.mean += mean / month_days[m];
    square += (mean - ice_point) * (mean - ice_point) / month_days[m];
    got.swing += (most - least) / month_days[m];
  }
  got.spread = sqrt(fmax(square - (got.mean - ice_point) * (got.mean - ice_point), 0));
  return got;
}

static void make_dry(synthesis *s) {
  for (int32_t m = 0; m < MONTHS; m++) {
    s->node[m] = s->of->mean[m];
    s->gain[m] = s->of->spread[m];
    s->amplitude[m] = 0.8 * s->of->swing[m];
  }
  for (int32_t round = 0; round < ROUNDS; round++) {
    make_raw(s);
    stretch(s);
    for (int32_t m = 0; m < MONTHS; m++) {
      const measured got = measure(s, m);
      s->node[m] += s->of->mean[m] - got.mean;
      if (round >= ROUNDS - 15) continue;  // the last rounds are for the means
      if (got.spread > 0) s->gain[m] *= sqrt(fmin(fmax(s->of->spread[m] / got.spread, 0.5), 2));
      if (got.swing > 0) s->amplitude[m] *= sqrt(fmin(fmax(s->of->swing[m] / got.swing, 0.5), 2));
    }
  }
}

// --- humidity --------------------------------------------------------------------------------------------------------------

// Relative humidity of moisture e^u times that of saturation, and back: e^u where the air is dry, towards 1 where there is more than it
// holds. With the cube a usual month's daily course takes 0.07 to 0.13 a K in the four files, little more than the 0.06 to 0.07 by which
// saturation rises over constant moisture. The logistic (u = log-odds) needs 0.20 a K for the same months and would take that into dry
// days, whose afternoons it dries threefold: 3 % at 35 degC.
static double share_of(double u) { return 1 / cbrt(1 + exp(-3 * u)); }
static double moisture_of(double share) { return -log(1 / (share * share * share) - 1) / 3; }

// How far the months are on the way from 5 to 25 degC.
static double warmth(const synthesis *s, int32_t m) { return fmin(fmax((s->of->mean[m] - ice_point - 5) / 20, 0), 1); }

// What does not depend on the months' constants: anomalies, and the temperature's part.
static void make_wander(const synthesis *s, double *wander) {
  double usual[MONTHS][24] = {{0}};
  for (int32_t h = 0; h < HOURS; h++) usual[s->month[h / 24]][h % 24] += s->dry[h] / month_days[s->month[h / 24]];
  for (int32_t h = 0; h < HOURS; h++) {
    const int32_t m = s->month[h / 24];
    const double warm = warmth(s, m);
    const double day = between_days(s->heat, h) * s->of->spread[m], hour = s->dry[h] - usual[m][h % 24] - day;
    wander[h] = (spread_cold + warm * (spread_warm - spread_cold)) * between_days(s->damp, h) +
                (follow_cold + warm * (follow_warm - follow_cold)) * day + follow_hour * hour;
  }
}

// Relative humidity `hours` after midnight: between the middles of the samples before and after.
static double relative_at(const synthesis *s, int32_t day, int32_t hours) {
  const int32_t h = 24 * day + hours;
  return 0.5 * (s->relative[h - 1] + s->relative[h]);
}

static clx_air air_of(const synthesis *s, int32_t h) {
  return clx_air_from_relative(s->dry[h], s->relative[h], s->pressure);
}

// The months' humidity, then the humid tail: wet bulbs beyond its end are drawn together (or apart) by `s->humid`.
static void make_relative(synthesis *s, const double *wander) {
  const double from = s->of->design_evaporation - humid_tail;
  for (int32_t h = 0; h < HOURS; h++) {
    const int32_t m = s->month[h / 24];
    const double tail = fmax(s->dry[h] - (s->of->design_hot - hot_tail), 0);
    s->relative[h] = share_of(s->level[m] + s->slope[m] * course[h % 24] + wander[h] + s->dry_tail * tail);
    s->wet[h] = 0;
    if (s->dry[h] <= from) continue;
    clx_air air = air_of(s, h);
    s->wet[h] = clx_air_wet_bulb(&air);
    if (s->wet[h] <= from) continue;
    air = clx_air_from_wet_bulb(s->dry[h], from + s->humid * (s->wet[h] - from), s->pressure);
    s->relative[h] = clx_air_relative(&air);
  }
}

static void correct_months(synthesis *s) {
  const double morning = 0.5 * (course[6] + course[7]), noon = 0.5 * (course[12] + course[13]);
  for (int32_t m = 0; m < MONTHS; m++) {
    double early = 0, late = 0;
    for (int32_t d = s->first[m]; d < s->first[m] + month_days[m]; d++) {
      early += relative_at(s, d, 7) / month_days[m];
      late += relative_at(s, d, 13) / month_days[m];
    }
    const double up = moisture_of(s->of->humidity_morning[m]) - moisture_of(fmin(fmax(early, 1e-6), 1 - 1e-6));
    const double down = moisture_of(s->of->humidity_noon[m]) - moisture_of(fmin(fmax(late, 1e-6), 1 - 1e-6));
    const double turn = (up - down) / (morning - noon);
    s->slope[m] += 0.5 * turn;
    s->level[m] += 0.5 * (up - turn * morning);
  }
}

// Mean wet bulb of the hours within 1 K of design_hot.
static double design_wet(const synthesis *s) {
  double sum = 0;
  int32_t count = 0;
  for (int32_t h = 0; h < HOURS; h++) {
    if (fabs(s->dry[h] - s->of->design_hot) > 1) continue;
    const clx_air air = air_of(s, h);
    sum += clx_air_wet_bulb(&air);
    count++;
  }
  return count > 0 ? sum / count : 0;
}

// Finds the months' moisture, the dryness of the hot tail that gives design_wet, and the humid tail of design_evaporation.
static clx_status make_humidity(synthesis *s, clx_error *error) {
  double wander[HOURS];
  make_wander(s, wander);
  const double wet_by_tail = 15;  // K of wet bulb for each unit of dry_tail, about; less is only slower
  double wet = 0, evaporation = 0;
  s->humid = 1;
  for (int32_t round = 0; round < WET_ROUNDS; round++) {
    make_relative(s, wander);
    wet = design_wet(s);
    const double raw = exceeded(s->wet, 35), from = s->of->design_evaporation - humid_tail;
    evaporation = from + s->humid * (raw - from);
    if (round == WET_ROUNDS - 1) break;
    const double humid = raw > from ? fmin(fmax(humid_tail / (raw - from), stretch_least), humid_most) : humid_most;
    s->humid += 0.2 * (humid - s->humid);
    s->dry_tail = fmin(fmax(s->dry_tail + 0.25 * (s->of->design_wet - wet) / wet_by_tail, -1.5), 1.5);
    correct_months(s);
  }
  const struct {
    const char *key;
    double got, want;
  } end[] = {{"design_wet", wet, s->of->design_wet}, {"design_evaporation", evaporation, s->of->design_evaporation}};
  for (int32_t i = 0; i < CLX_COUNT(end); i++) {
    if (fabs(end[i].got - end[i].want) > 0.1) {
      return clx_fail_plain(error, CLX_INPUT, "climate '%s': %s %.2f degC: the months' humidity comes to %.2f degC",
                            s->of->name, end[i].key, end[i].want - ice_point, end[i].got - ice_point);
    }
  }
  return CLX_OK;
}

// --- face ------------------------------------------------------------------------------------------------------------------

static clx_status check(const clx_climate *of, clx_error *error) {
  const struct {
    const char *key;
    const double *value;
    int32_t count;
    double least, most;
  } row[] = {{"mean", of->mean, of->mean_count, 213.15, 323.15},
             {"humidity_morning", of->humidity_morning, of->humidity_morning_count, 0.01, 0.99},
             {"humidity_noon", of->humidity_noon, of->humidity_noon_count, 0.01, 0.99},
             {"swing", of->swing, of->swing_count, 0.1, 40},
             {"spread", of->spread, of->spread_count, 0.1, 20}};
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    if (row[i].count != MONTHS) {
      return clx_fail_plain(error, CLX_INPUT, "climate '%s': %s has %d values, expected 12", of->name, row[i].key,
                            row[i].count);
    }
    for (int32_t m = 0; m < MONTHS; m++) {
      if (!(row[i].value[m] >= row[i].least && row[i].value[m] <= row[i].most)) {
        return clx_fail_plain(error, CLX_INPUT, "climate '%s': %s of month %d is %g, expected %g to %g", of->name,
                              row[i].key, m + 1, row[i].value[m], row[i].least, row[i].most);
      }
    }
  }
  if (!(of->design_cold < of->design_hot && of->design_cold >= 193.15 && of->design_hot <= 333.15 &&
        of->design_wet <= of->design_hot && of->design_wet >= 233.15)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "climate '%s': design_cold %.1f, design_hot %.1f, design_wet %.1f degC: expected cold below hot, "
        "wet at most hot, -80 to 60 degC",
        of->name, of->design_cold - ice_point, of->design_hot - ice_point, of->design_wet - ice_point);
  }
  if (!(of->design_evaporation >= of->design_wet && of->design_evaporation <= of->design_hot)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "climate '%s': design_evaporation %.1f degC: expected design_wet, %.1f, to design_hot, %.1f degC", of->name,
        of->design_evaporation - ice_point, of->design_wet - ice_point, of->design_hot - ice_point);
  }
  return CLX_OK;
}

static clx_status met(const synthesis *s, clx_error *error) {
  const struct {
    const char *key;
    double stretch, at;
  } end[] = {{"design_hot", s->hot, s->of->design_hot}, {"design_cold", s->cold, s->of->design_cold}};
  for (int32_t i = 0; i < CLX_COUNT(end); i++) {
    if (!(end[i].stretch >= stretch_least && end[i].stretch <= stretch_most)) {
      return clx_fail_plain(error, CLX_INPUT,
                            "climate '%s': %s %.1f degC: the months' mean, swing and spread do not come near it",
                            s->of->name, end[i].key, end[i].at - ice_point);
    }
  }
  for (int32_t m = 0; m < MONTHS; m++) {
    const measured got = measure(s, m);
    if (fabs(got.mean - s->of->mean[m]) > 0.05) {
      return clx_fail_plain(error, CLX_INPUT,
                            "climate '%s': mean of month %d is %.2f degC; with the design points it becomes %.2f degC",
                            s->of->name, m + 1, s->of->mean[m] - ice_point, got.mean - ice_point);
    }
  }
  return CLX_OK;
}

clx_status clx_weather_typical(const clx_climate *climate, clx_arena *arena, clx_weather *weather, clx_error *error) {
  memset(weather, 0, sizeof *weather);
  CLX_TRY(check(climate, error));
  synthesis *s = CLX_NEW(arena, synthesis);
  if (s == NULL || !clx_weather_room(weather, HOURS, 3600, arena)) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  s->of = climate;
  s->pressure = clx_air_standard_pressure(climate->elevation);
  for (int32_t m = 0, d = 0; m < MONTHS; m++) {
    s->first[m] = d;
    for (int32_t i = 0; i < month_days[m]; i++) s->month[d++] = m;
  }
  noise(s, s->heat, temperature_lag, 1);
  noise(s, s->damp, moisture_lag, 2);
  noise(s, s->range, 0, 3);
  make_dry(s);
  CLX_TRY(met(s, error));
  CLX_TRY(make_humidity(s, error));
  weather->name = climate->title == NULL ? climate->name : climate->title;
  weather->origin = "synthesised from monthly normals";
  weather->latitude = climate->latitude;
  weather->longitude = climate->longitude;
  weather->elevation = climate->elevation;
  for (int32_t h = 0; h < HOURS; h++) {
    const clx_air air = air_of(s, h);
    clx_weather_put(weather, h, &air);
  }
  return CLX_OK;
}
