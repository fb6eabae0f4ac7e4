// EPW: EnergyPlus weather files. EnergyPlus, Auxiliary Programs, "EnergyPlus Weather File (EPW) Data Dictionary". docs/model/cooling/weather.md.
#include "weather/weather_internal.h"

#include <math.h>
#include <string.h>

enum { FIELDS_LEAST = 10, HOURS_MOST = 8784, GAP_MOST = 720, HEADER_LINES_MOST = 64 };
enum { YEAR, MONTH, DAY, HOUR, DRY = 6, DEW, RELATIVE, PRESSURE };

static const double ice_point = 273.15;

// What a field may hold by the dictionary; its own marks of a missing value lie outside.
static const struct {
  int32_t field;
  const char *name;
  double least, most;
} range[] = {{DRY, "dry bulb", -70, 70},
             {DEW, "dew point", -70, 70},
             {RELATIVE, "relative humidity", 0, 110},
             {PRESSURE, "pressure", 31000, 120000}};

typedef struct reader {
  const char *file, *at, *end;
  int32_t line;
  const char *field[FIELDS_LEAST];
  size_t length[FIELDS_LEAST];
  int32_t fields;  // of the line, at most FIELDS_LEAST
  const char *start;
} reader;

static clx_place place_of(const reader *r, int32_t field) {
  const int32_t column = field < r->fields ? (int32_t)(r->field[field] - r->start) + 1 : 1;
  return (clx_place){r->file, r->line, column};
}

// Splits the next line. false at the end of the text.
static bool next_line(reader *r) {
  if (r->at >= r->end) return false;
  const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
  const char *after = stop == NULL ? r->end : stop + 1;
  if (stop == NULL) stop = r->end;
  if (stop > r->at && stop[-1] == '\r') stop--;
  r->start = r->at;
  r->line++;
  r->fields = 0;
  for (const char *from = r->at; r->fields < FIELDS_LEAST;) {
    const char *comma = memchr(from, ',', (size_t)(stop - from));
    const char *to = comma == NULL ? stop : comma;
    r->field[r->fields] = from;
    r->length[r->fields++] = (size_t)(to - from);
    if (comma == NULL) break;
    from = comma + 1;
  }
  r->at = after;
  return true;
}

// A plain decimal number, blanks around it; 18 digits at most.
static bool number(const reader *r, int32_t field, double *value) {
  const char *p = r->field[field], *end = p + r->length[field];
  while (p < end && *p == ' ') p++;
  while (end > p && end[-1] == ' ') end--;
  const bool minus = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  double mantissa = 0, scale = 1;
  int32_t digits = 0;
  bool point = false;
  for (; p < end; p++) {
    if (*p == '.' && !point) {
      point = true;
    } else if (*p >= '0' && *p <= '9' && digits < 18) {
      mantissa = 10 * mantissa + (*p - '0');
      if (point) scale *= 10;
      digits++;
    } else {
      return false;
    }
  }
  *value = (minus ? -mantissa : mantissa) / scale;
  return digits > 0;
}

static clx_status need(const reader *r, int32_t field, const char *name, double least, double most, double *value,
                       clx_error *error) {
  const int32_t shown = (int32_t)(r->length[field] < 40 ? r->length[field] : 40);
  if (!number(r, field, value)) {
    return clx_fail(error, CLX_INPUT, place_of(r, field), "%s: '%.*s', expected a number", name, shown,
                    r->field[field]);
  }
  if (*value < least || *value > most) {
    return clx_fail(error, CLX_INPUT, place_of(r, field), "%s: %g, expected %g to %g", name, *value, least, most);
  }
  return CLX_OK;
}

static bool begins(const reader *r, const char *word) {
  const size_t length = strlen(word);
  return (size_t)(r->end - r->start) >= length && memcmp(r->start, word, length) == 0;
}

// LOCATION first; then whatever stands before and in DATA PERIODS.
static clx_status header(reader *r, clx_arena *arena, clx_weather *weather, clx_error *error) {
  if (!next_line(r) || !begins(r, "LOCATION,") || r->fields < FIELDS_LEAST) {
    return clx_fail(error, CLX_INPUT, (clx_place){r->file, 1, 1},
                    "not an EPW weather file: expected a first line LOCATION with 10 fields");
  }
  char *name = clx_arena_copy(arena, r->field[1], r->length[1] < 200 ? r->length[1] : 200);
  if (name == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_text_clean(name, true);
  weather->name = name;
  CLX_TRY(need(r, 6, "latitude", -90, 90, &weather->latitude, error));
  CLX_TRY(need(r, 7, "longitude", -180, 180, &weather->longitude, error));
  CLX_TRY(need(r, 9, "elevation", -1000, 9999.9, &weather->elevation, error));
  while (!begins(r, "DATA PERIODS,")) {
    if (r->line >= HEADER_LINES_MOST || !next_line(r)) {
      return clx_fail(error, CLX_INPUT, (clx_place){r->file, r->line, 1},
                      "not an EPW weather file: no line DATA PERIODS");
    }
  }
  double periods = 0, per_hour = 0;
  if (r->fields < 3) {
    return clx_fail(error, CLX_INPUT, (clx_place){r->file, r->line, 1}, "DATA PERIODS: expected 3 fields or more");
  }
  CLX_TRY(need(r, 1, "number of data periods", 1, 1, &periods, error));
  return need(r, 2, "records per hour", 1, 1, &per_hour, error);
}

typedef struct hours {
  double *value[4];  // as `range`: K, K, share, Pa; NAN where missing
  bool *missing;
  int64_t count;
} hours;

// The hour after (month, day, hour); 29 February only where the line itself says so.
static bool follows(const double *was, const double *is) {
  static const double days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (was[0] == 0) return is[0] == 1 && is[1] == 1 && is[2] == 1;
  if (was[2] < 24) return is[0] == was[0] && is[1] == was[1] && is[2] == was[2] + 1;
  if (is[2] != 1) return false;
  if (is[0] == was[0]) {
    const double last = was[0] == 2 ? 29 : days[(int32_t)was[0] - 1];
    return is[1] == was[1] + 1 && is[1] <= last;
  }
  return is[0] == was[0] + 1 && is[1] == 1 && was[1] >= days[(int32_t)was[0] - 1];
}

// The hour after (month, day, hour) of a common year; false at its end.
static bool advance(double *when) {
  static const double days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (when[0] == 0) return when[0] = when[1] = when[2] = 1, true;
  if (++when[2] <= 24) return true;
  when[2] = 1;
  if (++when[1] <= days[(int32_t)when[0] - 1]) return true;
  when[1] = 1;
  return ++when[0] <= 12;
}

// Lines that are not there: hours without values, as long as a gap may be. false: `now` does not come after `when` within that.
static bool skip_missing(double *when, const double *now, hours *h) {
  double at[3];
  int32_t count = 0;
  memcpy(at, when, sizeof at);
  while (!follows(at, now)) {
    if (++count > GAP_MOST || h->count + count >= HOURS_MOST || !advance(at)) return false;
  }
  for (int32_t k = 0; k < count; k++, h->count++)
    for (int32_t i = 0; i < CLX_COUNT(h->value); i++) h->value[i][h->count] = NAN;
  return true;
}

static clx_status data_line(reader *r, double *when, hours *h, clx_error *error) {
  if (r->fields < FIELDS_LEAST) {
    return clx_fail(error, CLX_INPUT, place_of(r, 0), "%d fields, expected 10 or more of weather data", r->fields);
  }
  if (h->count == HOURS_MOST) {
    return clx_fail(error, CLX_INPUT, place_of(r, 0), "more than 8784 hours, expected one year");
  }
  double now[3], year;
  if (!number(r, YEAR, &year)) {
    return clx_fail(error, CLX_INPUT, place_of(r, YEAR), "year: expected a number");
  }
  CLX_TRY(need(r, MONTH, "month", 1, 12, &now[0], error));
  CLX_TRY(need(r, DAY, "day", 1, 31, &now[1], error));
  CLX_TRY(need(r, HOUR, "hour", 1, 24, &now[2], error));
  if (!skip_missing(when, now, h)) {
    return clx_fail(error, CLX_INPUT, place_of(r, MONTH),
                    "month %g, day %g, hour %g after month %g, day %g, hour %g: hours out of order", now[0], now[1],
                    now[2], when[0], when[1], when[2]);
  }
  memcpy(when, now, sizeof now);
  for (int32_t i = 0; i < CLX_COUNT(range); i++) {
    double value;
    if (!number(r, range[i].field, &value)) {
      return clx_fail(error, CLX_INPUT, place_of(r, range[i].field), "%s: expected a number", range[i].name);
    }
    const bool there = value >= range[i].least && value <= range[i].most;
    h->value[i][h->count] = there ? value : NAN;
  }
  h->count++;
  return CLX_OK;
}

// To K and shares; the dew point from the relative humidity where it is missing, or more than 1 K above the dry bulb.
static void complete(hours *h) {
  for (int64_t i = 0; i < h->count; i++) {
    double *dry = &h->value[0][i], *dew = &h->value[1][i];
    *dry += ice_point;
    *dew += ice_point;
    if (*dew > *dry + 1) *dew = NAN;
    const double relative = fmin(h->value[2][i] / 100, 1);
    if (isnan(*dew) && !isnan(*dry) && !isnan(h->value[2][i])) {
      const double pressure = isnan(h->value[3][i]) ? 101325 : h->value[3][i];
      const clx_air air = clx_air_from_relative(*dry, relative, pressure);
      *dew = clx_air_dew_point(&air);
    }
    h->missing[i] = isnan(*dry) || isnan(*dew) || isnan(h->value[3][i]);
  }
}

// Linear between the neighbours of each gap; the year is a circle.
static bool fill(double *value, int64_t count) {
  int64_t first = 0;
  while (first < count && isnan(value[first])) first++;
  if (first == count) return false;
  for (int64_t step = 0; step < count;) {
    const int64_t left = (first + step) % count;
    int64_t gap = 1;
    while (isnan(value[(left + gap) % count])) gap++;
    const double a = value[left], b = value[(left + gap) % count];
    for (int64_t k = 1; k < gap; k++) value[(left + k) % count] = a + (b - a) * (double)k / (double)gap;
    step += gap;
  }
  return true;
}

static int64_t longest(const bool *missing, int64_t count) {
  int64_t most = 0, run = 0;
  for (int64_t i = 0; i < 2 * count; i++) {
    run = missing[i % count] ? run + 1 : 0;
    if (run > most) most = run;
  }
  return most < count ? most : count;
}

static clx_status finish(hours *h, const char *file, clx_arena *arena, clx_weather *weather, clx_error *error) {
  const clx_place place = {file, 0, 0};
  if (h->count != 8760 && h->count != HOURS_MOST) {
    return clx_fail(error, CLX_INPUT, place, "%lld hours, expected 8760 or 8784", (long long)h->count);
  }
  complete(h);
  for (int64_t i = 0; i < h->count; i++) weather->gaps += h->missing[i];
  weather->longest_gap = longest(h->missing, h->count);
  static const int32_t kept[] = {0, 1, 3};
  for (int32_t i = 0; i < CLX_COUNT(kept); i++) {
    if (!fill(h->value[kept[i]], h->count)) {
      return clx_fail(error, CLX_INPUT, place, "%s: no value in the whole year", range[kept[i]].name);
    }
  }
  if (weather->longest_gap > GAP_MOST) {
    return clx_fail(error, CLX_INPUT, place, "%lld hours in a row without weather, expected at most %d",
                    (long long)weather->longest_gap, GAP_MOST);
  }
  if (!clx_weather_room(weather, h->count, 3600, arena)) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < h->count; i++) {
    const clx_air air = clx_air_from_dew_point(h->value[0][i], h->value[1][i], h->value[3][i]);
    clx_weather_put(weather, i, &air);
  }
  return CLX_OK;
}

clx_status clx_weather_parse(const char *file, const char *data, size_t size, clx_arena *arena, clx_weather *weather,
                             clx_error *error) {
  memset(weather, 0, sizeof *weather);
  reader r = {.file = file, .at = data, .end = data + size, .start = data};
  if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) r.at += 3;
  CLX_TRY(header(&r, arena, weather, error));
  hours h = {.missing = CLX_NEW_ARRAY(arena, bool, HOURS_MOST)};
  bool room = h.missing != NULL;
  for (int32_t i = 0; i < CLX_COUNT(h.value); i++) {
    h.value[i] = CLX_NEW_ARRAY(arena, double, HOURS_MOST);
    room = room && h.value[i] != NULL;
  }
  weather->origin = clx_arena_text(arena, file == NULL ? "" : file);
  if (!room || weather->origin == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  double when[3] = {0};
  while (next_line(&r)) {
    if (r.fields == 1 && r.length[0] == 0) continue;
    CLX_TRY(data_line(&r, when, &h, error));
  }
  return finish(&h, file, arena, weather, error);
}

clx_status clx_weather_read(const char *path, clx_arena *arena, clx_weather *weather, clx_error *error) {
  const char *data;
  size_t size;
  CLX_TRY(clx_file_read(arena, path, CLX_FILE_SIZE_MAX, &data, &size, error));
  return clx_weather_parse(path, data, size, arena, weather, error);
}
