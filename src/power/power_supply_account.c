// The books of a supply: energy, fuel, money, emissions, shortage.
// Fuel follows a straight line in the load (Willans' line) through the heat rates at minimum and at full load. The demand charge takes the highest mean
// over windows that follow each other from the start of the month. docs/model/power/supply.md.
#include <math.h>

#include "power/power_supply_internal.h"

#define NOTICED 1e-9  // share of the load below which a shortage is rounding

// W of fuel of `units` that run and give `output` W together.
static double fuel_of(const clx_source *source, double units, double output) {
  const clx_generator *g = source->generator;
  const double unit = clx_source_unit(source), least = g->minimum;
  const double at_least = g->heat_rate_minimum > 0 ? g->heat_rate_minimum : g->heat_rate;
  if (!(least > 0 && least < 1)) return g->heat_rate * output;
  const double idle = least * (at_least - g->heat_rate) / (1 - least);  // of the unit's power, without load
  return units * unit * idle + (g->heat_rate - idle) * output;
}

static void book_generator(const clx_source *source, clx_supply_state *state, int32_t i, double energy, double dt) {
  const clx_generator *g = source->generator;
  const double units = state->running[i], mean = energy / dt;
  const double fuel = fuel_of(source, units, mean) * dt;
  state->fuel[i] += fuel;
  state->carbon += fuel * g->fuel_carbon;
  state->nox += fuel * g->nox;
  state->cost_fuel += fuel * g->fuel_price;
  state->cost_upkeep += energy * g->upkeep;
  if (mean < g->minimum * units * clx_source_unit(source) * (1 - NOTICED)) state->below_time += units * dt;
}

static void window_end(clx_supply_state *state, double end) {
  const double length = end - state->window_start;
  if (length > 0) {
    state->month_peak = fmax(state->month_peak, state->window_energy / length);
    state->peak_window = fmax(state->peak_window, state->month_peak);
  }
  state->window_energy = 0;
  state->window_start = end;
}

// Power of all feeds, from `start` to `end` W over dt, into the windows of the demand charge.
static void book_windows(const clx_tariff *tariff, clx_supply_state *state, double start, double end, double dt) {
  const double slope = (end - start) / dt;
  double done = 0;
  while (done < dt) {
    const double edge = state->window_start + tariff->demand_window;
    const double left = edge - (state->time + done), rest = dt - done;
    if (left > rest) {
      state->window_energy += (start + slope * (done + rest / 2)) * rest;
      return;
    }
    if (left > 0) {
      state->window_energy += (start + slope * (done + left / 2)) * left;
      done += left;
    }
    window_end(state, edge);
  }
}

static void book_grid(const clx_tariff *tariff, clx_supply_state *state, double energy) {
  if (tariff->energy > 0) state->cost_energy += energy * tariff->energy;
  if (tariff->carbon > 0) state->carbon += energy * tariff->carbon;
  if (tariff->nox > 0) state->nox += energy * tariff->nox;
}

static void book_shortage(clx_supply_state *state, const clx_supply_segment *segment) {
  const double *w = segment->shortage;
  state->short_energy += (w[0] + w[1]) / 2 * segment->time;
  const double most = fmax(w[0], w[1]);
  if (!(most > NOTICED * segment->load)) return;
  state->short_time += segment->time;
  state->short_most = fmax(state->short_most, most);
  if (state->short_at < 0) state->short_at = state->time;
}

void clx_supply_book(const clx_supply *supply, clx_supply_state *state, const clx_supply_segment *segment) {
  const double dt = segment->time;
  if (!(dt > 0)) return;
  double start = 0, end = 0;
  for (int32_t i = 0; i < supply->source_count; i++) {
    const double *w = segment->output[i], energy = (w[0] + w[1]) / 2 * dt;
    state->energy[i] += energy;
    state->peak[i] = fmax(state->peak[i], fmax(w[0], w[1]));
    if (supply->source[i].generator != NULL) {
      book_generator(&supply->source[i], state, i, energy, dt);
    } else {
      start += w[0];
      end += w[1];
    }
  }
  if (supply->tariff != NULL) {
    book_grid(supply->tariff, state, (start + end) / 2 * dt);
    book_windows(supply->tariff, state, start, end, dt);
  }
  book_shortage(state, segment);
}

static void month_cost(const clx_tariff *tariff, clx_supply_state *state, double share) {
  state->cost_demand += (tariff->demand * state->month_peak + tariff->fixed) * share;
  state->month_peak = 0;
}

void clx_supply_month(const clx_supply *supply, clx_supply_state *state) {
  const double end = state->month_start + CLX_MONTH;
  if (state->time < end) return;
  if (supply->tariff != NULL) {
    window_end(state, state->time);
    month_cost(supply->tariff, state, 1);
  }
  state->month_start = end;
  state->window_start = state->time;
}

void clx_supply_finish(const clx_supply *supply, clx_supply_state *state) {
  if (supply->tariff == NULL) return;
  window_end(state, state->time);
  month_cost(supply->tariff, state, (state->time - state->month_start) / CLX_MONTH);
  state->month_start = state->time;
}
