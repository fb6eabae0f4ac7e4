// For the files of this folder.
#pragma once

#include "weather/weather.h"

// Room for `count` samples of `step` s. false: out of memory.
bool clx_weather_room(clx_weather *weather, int64_t count, double step, clx_arena *arena);
// Writes a sample; the wet bulb follows.
void clx_weather_put(clx_weather *weather, int64_t sample, const clx_air *air);
