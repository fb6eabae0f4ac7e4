// A year of hourly steps of a gigawatt site: 600 loops of coolant distribution units in cohorts, hall air, chilled water, towers and chillers (the catalogue's
// liquid-tower), through the typical year of Memphis. CPU time of the best of three rounds; asserts nothing. Wanted: below 2 s on one core.
// --count HOURS: that many hours, once, for counts of instructions.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog/catalog.h"
#include "cooling/cooling_plant.h"

enum { ROUNDS = 3, LOOPS = 600 };

static const double LIQUID = 800e6, AIR = 200e6, IT = 980e6;

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(clx_status status, const clx_error *error) {
  if (status == CLX_OK) return;
  fprintf(stderr, "bench_cooling_year: %s\n", error->mistake[0].text);
  exit(1);
}

static void open_site(const clx_catalog *catalog, clx_arena *arena, clx_plant *plant, clx_weather *weather,
                      clx_error *error) {
  const clx_place place = {0};
  clx_plant_spec spec;
  clx_climate climate;
  const clx_equipment *equipment = NULL;
  must(clx_catalog_read_plant(catalog, "liquid-tower", place, arena, &spec, error), error);
  must(clx_catalog_read_equipment(catalog, &spec, arena, &equipment, error), error);
  must(clx_catalog_read(catalog, "climate", "memphis", place, clx_catalog_schema("climate"), arena, &climate, error),
       error);
  must(clx_weather_typical(&climate, arena, weather, error), error);
  for (int32_t l = 0; l < spec.loop_count; l++) {
    if (strcmp(spec.loop[l].name, spec.liquid) == 0) spec.loop[l].count = LOOPS;
  }
  for (int32_t u = 0; u < spec.unit_count; u++) {
    if (strcmp(spec.unit[u].loop, spec.liquid) == 0) spec.unit[u].count = LOOPS;
  }
  const double dry = clx_weather_exceeded(weather, CLX_WEATHER_DRY_BULB, 0.004);
  const clx_air design = clx_air_from_wet_bulb(dry, clx_weather_exceeded(weather, CLX_WEATHER_WET_BULB, 0.004), 101325);
  const clx_plant_finder finder = clx_equipment_finder(equipment);
  must(clx_plant_build(&spec, &finder, LIQUID, AIR, &design, arena, plant, error), error);
}

static double run(const clx_plant *plant, const clx_weather *weather, clx_cooling_year *year, clx_error *error) {
  const clx_cooling_year_input input = {.plant = plant, .weather = weather, .liquid = LIQUID, .air = AIR, .it = IT};
  clx_arena *arena = clx_arena_new();
  const double from = seconds();
  must(clx_cooling_year_run(&input, arena, year, error), error);
  const double took = seconds() - from;
  clx_arena_free(arena);
  return took;
}

int main(int argc, char **argv) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  clx_arena *arena = clx_arena_new();
  static clx_plant plant;
  clx_weather weather;
  clx_cooling_year year;
  must(clx_catalog_open(NULL, &catalog, &error), &error);
  open_site(catalog, arena, &plant, &weather, &error);
  const bool count = argc == 3 && strcmp(argv[1], "--count") == 0;
  if (count) weather.count = atoi(argv[2]);
  double best = INFINITY;
  for (int32_t i = 0; i < (count ? 1 : ROUNDS); i++) best = fmin(best, run(&plant, &weather, &year, &error));
  if (!count)
    printf(
        "a year of %.0f MW, %d loops of distribution units in cohorts: %.3f s, %.1f us an hour; PUE %.4f, balance "
        "%.1e\n",
        1e-6 * IT, LOOPS, best, 1e6 * best / (double)weather.count, year.pue, year.residual);
  clx_arena_free(arena);
  clx_catalog_close(catalog);
  return 0;
}
