// Parts of a result about power by their names, and waves.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_power.h"
#include "unit/unit.h"

enum { NAME = 192 };

clx_power_parts clx_power_parts_of(const clx_result *result, const char *kind, const char *what) {
  clx_power_parts parts = {.result = result, .kind = kind};
  char prefix[NAME], suffix[NAME];
  snprintf(prefix, sizeof prefix, "power.%s.", kind);
  snprintf(suffix, sizeof suffix, ".%s", what);
  const size_t start = strlen(prefix), tail = strlen(suffix);
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    const char *name = clx_result_at(result, i)->name;
    const size_t length = strlen(name);
    if (length <= start + tail || strncmp(name, prefix, start) != 0) continue;
    const size_t own = length - start - tail;
    if (strcmp(name + length - tail, suffix) != 0) continue;
    if (parts.count == CLX_POWER_PARTS || own >= CLX_POWER_NAME) {
      parts.more++;
      continue;
    }
    snprintf(parts.name[parts.count++], CLX_POWER_NAME, "%.*s", (int)own, name + start);
  }
  return parts;
}

static const char *full_name(const clx_power_parts *parts, int32_t index, const char *what, char name[NAME]) {
  snprintf(name, NAME, "power.%s.%s.%s", parts->kind, parts->name[index], what);
  return name;
}

const clx_quantity *clx_power_part(const clx_power_parts *parts, int32_t index, const char *what) {
  char name[NAME];
  return clx_result_find(parts->result, full_name(parts, index, what, name));
}

double clx_power_part_value(const clx_power_parts *parts, int32_t index, const char *what, double otherwise) {
  const clx_quantity *q = clx_power_part(parts, index, what);
  return q != NULL ? q->value : otherwise;
}

// What clx_result_slug did, in place.
static void unslug(char *text) {
  static const char minus[] = "_minus";
  char *out = text;
  for (const char *c = text; *c != '\0'; c++) {
    const bool is_minus = strncmp(c, minus, sizeof minus - 1) == 0;
    *out++ = is_minus ? '-' : *c == '_' ? ' ' : *c;
    if (is_minus) c += sizeof minus - 2;
  }
  *out = '\0';
}

const char *clx_power_part_title(const clx_power_parts *parts, int32_t index, char *text, size_t size) {
  char name[NAME];
  const char *title = clx_result_fact(parts->result, full_name(parts, index, "title", name));
  snprintf(text, size, "%s", title != NULL ? title : parts->name[index]);
  if (title == NULL) unslug(text);
  clx_text_clean(text, true);
  return text;
}

bool clx_power_servers_alone(const clx_result *result) {
  const char *scope = clx_result_fact(result, "power.scope");
  return scope != NULL && strcmp(scope, "servers") == 0;
}

clx_power_parts clx_power_sources(const clx_result *result) {
  const clx_power_parts by_share = clx_power_parts_of(result, "source", "share");
  return by_share.count > 0 ? by_share : clx_power_parts_of(result, "source", "energy");
}

double clx_power_source_share(const clx_power_parts *sources, int32_t index) {
  double sum = 0;
  const clx_quantity *share = clx_power_part(sources, index, "share");
  if (share != NULL) return share->value;
  for (int32_t i = 0; i < sources->count; i++) sum += clx_power_part_value(sources, i, "energy", 0);
  return sum > 0 ? clx_power_part_value(sources, index, "energy", 0) / sum : 0;
}

const char *clx_power_watts(double watt, int digits, char *text) {
  return clx_quantity_format(watt, "W", digits, text, CLX_POWER_NAME);
}

const char *clx_power_mass(double kg, char *text) {
  char number[CLX_POWER_NAME], rounded[32];
  const bool tonnes = fabs(kg) >= 1000, millions = fabs(kg) >= 1e9;
  snprintf(rounded, sizeof rounded, "%.2e",
           kg / (millions ? 1e9
                 : tonnes ? 1e3
                          : 1));  // three digits, as people read it
  snprintf(text, CLX_POWER_NAME, "%.40s%s %s", clx_quantity_format(strtod(rounded, NULL), "", 3, number, sizeof number),
           millions ? " million" : "", tonnes ? "t" : "kg");
  return text;
}

// --- waves -------------------------------------------------------------------------------------------------------------------

clx_power_wave clx_power_wave_of(const clx_result *result, const char *name) {
  clx_power_wave w = {0};
  const double *x = NULL;
  int32_t count = 0;
  const double *y = clx_result_series(result, name, &x, &count);
  if (y == NULL || count < 2 || !(x[count - 1] > x[0])) return w;
  return (clx_power_wave){.y = y, .x0 = x[0], .step = (x[count - 1] - x[0]) / (count - 1), .count = count};
}

clx_power_wave clx_power_meter(const clx_power_wave *wave, double window, double *out) {
  clx_power_wave reading = {.y = out, .x0 = wave->x0, .step = window};
  if (wave->count < 2 || wave->step > window / 2) return reading;
  const double end = wave->count * wave->step;
  const int32_t readings = (int32_t)floor(end / window + 1e-9);
  if (readings < 2) return reading;
  for (int32_t k = 0; k < readings; k++) {
    const double from = k * window / wave->step, until = (k + 1) * window / wave->step;  // in samples
    double sum = 0;
    for (int32_t i = (int32_t)from; i < wave->count && i < until; i++) {
      sum += wave->y[i] * (fmin(until, i + 1) - fmax(from, i));
    }
    out[k] = sum / (until - from);
  }
  reading.count = readings;
  return reading;
}

bool clx_power_smoothed(const clx_result *result) {
  const char *event = clx_result_fact(result, "power.event");
  const double *x = NULL;
  int32_t count = 0;
  return (event == NULL || strcmp(event, "steady") == 0) && clx_result_find(result, "power.smoothed_swing") != NULL &&
         clx_result_series(result, "power.spectrum", &x, &count) != NULL;
}

double clx_power_band_line(const clx_result *result, double low, double high, double *at) {
  const double *hertz = NULL;
  int32_t count = 0;
  const double *watt = clx_result_series(result, "power.spectrum", &hertz, &count);
  double largest = 0, where = 0;
  for (int32_t i = 0; watt != NULL && i < count; i++) {
    if (!(hertz[i] > 0) || hertz[i] < low || hertz[i] > high || watt[i] <= largest) continue;
    largest = watt[i];
    where = hertz[i];
  }
  if (at != NULL) *at = where;
  return largest;
}
