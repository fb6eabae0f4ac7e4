// Water of evaporative equipment.
#include <math.h>

#include "cooling/cooling_curve.h"
#include "cooling/cooling_reject.h"

// What evaporates leaves its salts behind: in at 1, out at `cycles` by blowdown and drift. Where drift alone takes them out, nothing is blown down.
clx_water_use clx_water_balance(double evaporation, double drift, double cycles) {
  clx_water_use use = {.evaporation = evaporation, .drift = drift};
  if (cycles > 1) use.blowdown = fmax(evaporation / (cycles - 1) - drift, 0);
  return use;
}

double clx_reject_fan(const double *speed, const double *power, int32_t count, double share) {
  if (!(share > 0)) return 0;
  if (count == 0) return share * share * share;
  if (share <= speed[0]) return speed[0] > 0 ? power[0] * share / speed[0] : power[0];
  if (share >= speed[count - 1]) return power[count - 1];
  return clx_curve_monotone(speed, power, count, share, NULL);
}
