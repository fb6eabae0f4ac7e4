// Dates, step functions of time, quantiles.
#include <math.h>
#include <string.h>

#include "chance/chance.h"
#include "supply/supply.h"

clx_status clx_date_read(const char *text, const char *key, clx_place place, double *time, clx_error *error) {
  // A bare number would read as seconds; in these files it is a slip of the pen (a year, say).
  double value = 0;
  const bool iso = text != NULL && strchr(text, '-') != NULL && text[0] != '-' && strchr(text, 'e') == NULL;
  if (!iso || !clx_time_read(text, &value)) {
    return clx_fail(error, CLX_INPUT, place, "%s: expected a date such as 2024-09-02, read \"%.40s\"", key,
                    text == NULL ? "" : text);
  }
  *time = value;
  return CLX_OK;
}

// Time of a step that was checked; one that cannot be read never holds.
static double time_of(const char *from) {
  double time = INFINITY;
  return clx_time_read(from, &time) ? time : INFINITY;
}

static double value_of(const clx_dated *step) { return step->value < 0 ? step->items : step->value; }

void clx_dated_weeks(const clx_dated *step, int32_t count, double start, int32_t weeks, double *out) {
  for (int32_t w = 0; w < weeks; w++) out[w] = 0;
  for (int32_t i = 0; i < count; i++) {
    const double from = fmax(time_of(step[i].from) - start, 0) / CLX_WEEK;
    const double until = i + 1 < count ? (time_of(step[i + 1].from) - start) / CLX_WEEK : weeks;
    for (int32_t w = from < weeks ? (int32_t)from : weeks; w < weeks && w < until; w++) {
      out[w] += value_of(&step[i]) * (fmin(w + 1, until) - fmax(w, from));
    }
  }
}

double clx_dated_at(const clx_dated *step, int32_t count, double time) {
  double value = 0;
  for (int32_t i = 0; i < count && time_of(step[i].from) <= time; i++) value = value_of(&step[i]);
  return value;
}

const clx_lead *clx_lead_at(const clx_lead *lead, int32_t count, double time) {
  const clx_lead *found = count > 0 ? lead : NULL;
  for (int32_t i = 1; i < count && time_of(lead[i].from) <= time; i++) found = &lead[i];
  return found;
}

double clx_span_draw(double low, double high, double z) {
  if (low <= 0 || low >= high) return high;
  const double spread = log(high / low) / (2 * 1.2815515655446004);  // the normal's P90
  return sqrt(low * high) * exp(spread * z);
}
