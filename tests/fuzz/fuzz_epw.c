// Any bytes as an EPW file; or, after a first byte 'Y' and an offset, as a patch on a good year, so that short inputs reach the
// interpolation: a year of air that is possible, or a mistake with a sentence; never a crash.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weather/weather.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MOST = 1 << 19 };

static size_t good_year(char *text) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  size_t at = (size_t)sprintf(text, "LOCATION,A,B,C,D,1,35.05,-90.00,-6.0,81.0\nDATA PERIODS,1,1,Data\n");
  for (int month = 1; month <= 12; month++) {
    for (int day = 1; day <= days[month - 1]; day++) {
      for (int hour = 1; hour <= 24; hour++) {
        at += (size_t)sprintf(text + at, "1990,%d,%d,%d,0,?,20.0,10.0,52,100000\n", month, day, hour);
      }
    }
  }
  return at;
}

static void check(const clx_weather *weather) {
  if (weather->count != 8760 && weather->count != 8784) abort();
  if (weather->gaps < weather->longest_gap || weather->longest_gap > 720) abort();
  for (int64_t i = 0; i < weather->count; i++) {
    const clx_air air = clx_weather_air(weather, i);
    if (clx_air_check(&air, NULL) != CLX_OK) abort();
    if (!(weather->wet_bulb[i] <= weather->dry_bulb[i])) abort();
  }
  if (!isfinite(clx_weather_exceeded(weather, CLX_WEATHER_WET_BULB, 0.004))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char text[TEXT_MOST];
  const char *from = size > 0 ? (const char *)data : "";
  size_t length = size;
  if (size >= 4 && data[0] == 'Y') {
    length = good_year(text);
    const size_t at = ((size_t)data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16) % length;
    for (size_t i = 4; i < size && at + i - 4 < length; i++) text[at + i - 4] = (char)data[i];
    from = text;
  }
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_weather weather;
  const clx_status status = clx_weather_parse("fuzz.epw", from, length, arena, &weather, &error);
  if (status != CLX_OK && error.count == 0) abort();
  if (status == CLX_OK) check(&weather);
  clx_arena_free(arena);
  return 0;
}
