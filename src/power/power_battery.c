// Batteries: what they take and give, lose and forget. Both ways lose the same share, the square root of the round trip.
// Capacity fades linearly with full cycles and with age, to 70 % when either has run its course.
#include <math.h>

#include "power/power_supply_internal.h"

#define FADED 0.3    // share of the energy lost at the end of `cycles` or of `life`
#define CLOSE 1e-12  // share of the capacity that counts as nothing

// Share of the energy when new that dt s of age and `given` J out of the cells take away. count: batteries.
static double fading(const clx_battery *battery, double count, double given, double dt) {
  const double by_age = battery->life > 0 ? dt / battery->life : 0;
  const double by_use = battery->cycles > 0 ? given / (battery->energy * count * battery->cycles) : 0;
  return FADED * (by_age + by_use);
}

// A smaller capacity; what stood above its highest charge is lost.
static void fade(const clx_battery *battery, double count, double share, double *charge, double *capacity,
                 double *lost) {
  *capacity = fmax(0, *capacity - share * battery->energy * count);
  const double excess = *charge - battery->most * *capacity;
  if (excess <= 0) return;
  *charge -= excess;
  *lost += excess;
}

// --- a battery alone -------------------------------------------------------------------------------------------------------

void clx_battery_start(const clx_battery *battery, double count, double charge, clx_battery_state *state) {
  const double capacity = battery->energy * count;
  *state =
      (clx_battery_state){.charge = fmin(fmax(charge, battery->least), battery->most) * capacity, .capacity = capacity};
}

double clx_battery_step(const clx_battery *battery, double count, clx_battery_state *state, double power, double dt) {
  if (!(dt > 0)) return 0;
  const double way = sqrt(battery->round_trip), most = battery->power * count;
  double energy = fmin(fmax(power, -most), most) * dt, given = 0;
  if (energy >= 0) {
    given = fmin(energy / way, fmax(0, state->charge - battery->least * state->capacity));
    energy = given * way;
    state->charge -= given;
    state->out += energy;
    state->lost += given - energy;
  } else {
    const double taken = fmin(-energy * way, fmax(0, battery->most * state->capacity - state->charge));
    energy = -taken / way;
    state->charge += taken;
    state->in -= energy;
    state->lost += -energy - taken;
  }
  fade(battery, count, fading(battery, count, given, dt), &state->charge, &state->capacity, &state->lost);
  return energy / dt;
}

// --- batteries of a supply ---------------------------------------------------------------------------------------------------

bool clx_store_works(const clx_store *store, double time) {
  return (store->roles & (CLX_BATTERY_BRIDGE | CLX_BATTERY_SHAVE)) != 0 && time >= store->from;
}

double clx_store_room(const clx_store *store, const clx_supply_state *state, int32_t k) {
  const double room = store->battery->most * state->capacity[k] - state->charge[k];
  return room > CLOSE * state->capacity[k] ? room : 0;
}

double clx_store_stock(const clx_store *store, const clx_supply_state *state, int32_t k) {
  const double stock = state->charge[k] - store->battery->least * state->capacity[k];
  return stock > CLOSE * state->capacity[k] ? stock : 0;
}

// W that pass through store k to smooth: shared by power.
static double smoothing_of(const clx_supply *supply, const clx_supply_state *state, int32_t k) {
  if (!(state->smoothing > 0)) return 0;
  double all = 0, own = 0;
  for (int32_t i = 0; i < supply->store_count; i++) {
    const clx_store *s = &supply->store[i];
    if ((s->roles & CLX_BATTERY_SMOOTH) == 0 || state->time < s->from) continue;
    all += s->battery->power * s->count;
    if (i == k) own = s->battery->power * s->count;
  }
  return own > 0 ? own * fmin(1, state->smoothing / all) : 0;
}

double clx_stores_draw(const clx_supply *supply, const clx_supply_state *state) {
  double draw = 0;
  for (int32_t k = 0; k < supply->store_count; k++) {
    const clx_store *s = &supply->store[k];
    if (state->time < s->from) continue;
    draw += s->battery->standby * s->count + smoothing_of(supply, state, k) * (1 - s->battery->round_trip);
  }
  return draw;
}

void clx_stores_idle(const clx_supply *supply, clx_supply_state *state, double dt) {
  for (int32_t k = 0; k < supply->store_count; k++) {
    const clx_store *s = &supply->store[k];
    if (state->time < s->from) continue;
    const double standby = s->battery->standby * s->count * dt, through = smoothing_of(supply, state, k) * dt;
    const double back = through * s->battery->round_trip;
    state->in[k] += standby + through;
    state->out[k] += back;
    state->lost[k] += standby + (through - back);
  }
}

void clx_stores_fade(const clx_supply *supply, clx_supply_state *state, const double *out, double dt) {
  for (int32_t k = 0; k < supply->store_count; k++) {
    const clx_store *s = &supply->store[k];
    const double age = fmin(dt, fmax(0, state->time - s->from)), way = sqrt(s->battery->round_trip);
    fade(s->battery, s->count, fading(s->battery, s->count, (state->out[k] - out[k]) / way, age), &state->charge[k],
         &state->capacity[k], &state->lost[k]);
  }
}

double clx_supply_cycles(const clx_supply *supply, const clx_supply_state *state, int32_t store) {
  const clx_store *s = &supply->store[store];
  return state->out[store] / sqrt(s->battery->round_trip) / (s->battery->energy * s->count);
}
