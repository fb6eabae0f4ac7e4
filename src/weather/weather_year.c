// A year of outdoor air: samples, points in time, temperatures exceeded.
#include "weather/weather_internal.h"

#include <math.h>

bool clx_weather_room(clx_weather *weather, int64_t count, double step, clx_arena *arena) {
  weather->count = count;
  weather->step = step;
  float **const row[] = {&weather->dry_bulb, &weather->wet_bulb, &weather->humidity, &weather->pressure};
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    *row[i] = CLX_NEW_ARRAY(arena, float, count);
    if (*row[i] == NULL) return false;
  }
  return true;
}

void clx_weather_put(clx_weather *weather, int64_t sample, const clx_air *air) {
  weather->dry_bulb[sample] = (float)air->dry_bulb;
  weather->humidity[sample] = (float)air->humidity;
  weather->pressure[sample] = (float)air->pressure;
  const clx_air kept = clx_weather_air(weather, sample);
  weather->wet_bulb[sample] = (float)clx_air_wet_bulb(&kept);
}

clx_air clx_weather_air(const clx_weather *weather, int64_t sample) {
  return (clx_air){(double)weather->dry_bulb[sample], (double)weather->humidity[sample],
                   (double)weather->pressure[sample]};
}

clx_air clx_weather_at(const clx_weather *weather, double time) {
  const double count = (double)weather->count;
  double at = isfinite(time) ? fmod(time / weather->step - 0.5, count) : 0;
  if (at < 0) at += count;
  const int64_t left = (int64_t)at % weather->count, right = (left + 1) % weather->count;
  const double share = at - floor(at);
  const clx_air a = clx_weather_air(weather, left), b = clx_weather_air(weather, right);
  clx_air air = {a.dry_bulb + share * (b.dry_bulb - a.dry_bulb), a.humidity + share * (b.humidity - a.humidity),
                 a.pressure + share * (b.pressure - a.pressure)};
  // Saturation is convex in temperature: between two saturated hours a mixture may hold more than it can.
  air.humidity = fmin(air.humidity, clx_air_saturation_humidity(air.dry_bulb, air.pressure));
  return air;
}

double clx_weather_exceeded(const clx_weather *weather, int32_t field, double share) {
  const float *value = field == CLX_WEATHER_WET_BULB ? weather->wet_bulb : weather->dry_bulb;
  const double most = share > 0 ? share * (double)weather->count : 0;
  double low = 0, high = 1000;
  for (int32_t i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    int64_t above = 0;
    for (int64_t k = 0; k < weather->count; k++) above += (double)value[k] > middle;
    if ((double)above <= most)
      high = middle;
    else
      low = middle;
  }
  double found = 0;  // `high` closes in on a sample from above
  for (int64_t k = 0; k < weather->count; k++) {
    if ((double)value[k] <= high && (double)value[k] > found) found = (double)value[k];
  }
  return found > 0 ? found : low;
}

double clx_weather_coincident(const clx_weather *weather, double dry_bulb) {
  double sum = 0, nearest = INFINITY, wet = 0;
  int64_t count = 0;
  for (int64_t k = 0; k < weather->count; k++) {
    const double off = fabs((double)weather->dry_bulb[k] - dry_bulb);
    if (off <= 1) {
      sum += (double)weather->wet_bulb[k];
      count++;
    }
    if (off < nearest) {
      nearest = off;
      wet = (double)weather->wet_bulb[k];
    }
  }
  return count > 0 ? sum / (double)count : wet;
}
