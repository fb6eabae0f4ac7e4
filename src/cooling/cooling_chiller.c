// Chillers: curves in the form of EnergyPlus Chiller:Electric:EIR, or a constant share of Carnot.
#include <math.h>

#include "cooling/cooling_reject.h"

const char *const clx_chiller_kind_name[CLX_CHILLER_KINDS + 1] = {"water-cooled", "air-cooled", NULL};

static double hold(double x, double low, double high) { return x > low ? (x < high ? x : high) : low; }

// a + b x + c x^2 + d y + e y^2 + f x y of leaving chilled and entering condenser fluid in degC.
static double biquadratic(const double *c, double leaving, double entering) {
  const double x = leaving - 273.15, y = entering - 273.15;
  return c[0] + x * (c[1] + c[2] * x) + y * (c[3] + c[4] * y) + c[5] * x * y;
}

// Carnot's efficiency with the temperatures of the refrigerant.
static double carnot(const clx_chiller *c, double leaving, double entering) {
  const double cold = leaving - c->approach_evaporator, hot = entering + c->approach_condenser;
  return cold / fmax(hot - cold, c->lift_least);
}

// W of one unit at full load and W of electric input there.
static double full_load(const clx_chiller *c, double leaving, double entering, double *electric) {
  const double capacity =
      c->capacity * (c->capacity_curve_count > 0 ? biquadratic(c->capacity_curve, leaving, entering) : 1);
  const double input = c->input_curve_count > 0 ? biquadratic(c->input_curve, leaving, entering)
                                                : carnot(c, c->evaporator, c->condenser) / carnot(c, leaving, entering);
  *electric = capacity / c->cop * input;
  return capacity;
}

static double part_load(const clx_chiller *c, double share) {
  if (c->part_curve_count == 0) return share;
  double sum = 0;
  for (int32_t i = c->part_curve_count - 1; i >= 0; i--) sum = sum * share + c->part_curve[i];
  return sum;
}

clx_chiller_point clx_chiller_run(const clx_chiller *chiller, double heat, double leaving, double entering) {
  const clx_chiller *c = chiller;
  clx_chiller_point point = {0};
  const double cold = hold(leaving, c->evaporator_least, c->evaporator_most);
  const double hot = hold(entering, c->condenser_least, c->condenser_most);
  const double slack = 1e-6;  // K, of rounding
  if (entering > hot + slack || leaving < cold - slack)
    point.limit = CLX_CHILLER_ABOVE;
  else if (entering < hot - slack || leaving > cold + slack)
    point.limit = CLX_CHILLER_BELOW;
  double full;
  point.capacity = full_load(c, cold, hot, &full) * c->load_most;
  if (!(heat > 0)) return point;
  point.over = heat > point.capacity * (1 + 1e-12);
  point.heat = fmin(heat, point.capacity);
  point.share = point.heat / point.capacity;
  // Below its least load it runs for a part of the time.
  const double load = point.share * c->load_most, runs = load < c->load_least ? load / c->load_least : 1;
  point.electric = full * part_load(c, fmax(load, c->load_least)) * runs;
  point.condenser = point.heat + point.electric * (c->kind == CLX_CHILLER_AIR ? 1 : c->motor_share);
  return point;
}

clx_status clx_chiller_check(const clx_chiller *chiller, clx_place place, clx_error *error) {
  const clx_chiller *c = chiller;
  if ((c->capacity_curve_count != 0 && c->capacity_curve_count != 6) ||
      (c->input_curve_count != 0 && c->input_curve_count != 6)) {
    return clx_fail(
        error, CLX_INPUT, place,
        "chiller \"%s\": capacity_curve (%d coefficients) and input_curve (%d) must have six each, or be left out",
        c->name, c->capacity_curve_count, c->input_curve_count);
  }
  if (c->part_curve_count == 1 || c->part_curve_count > 4) {
    return clx_fail(error, CLX_INPUT, place, "chiller \"%s\": part_curve must have two to four coefficients, not %d",
                    c->name, c->part_curve_count);
  }
  if (!(c->evaporator_least <= c->evaporator && c->evaporator <= c->evaporator_most) ||
      !(c->condenser_least <= c->condenser && c->condenser <= c->condenser_most)) {
    return clx_fail(error, CLX_INPUT, place,
                    "chiller \"%s\": its reference (%g degC leaving, %g degC entering the condenser) must lie within "
                    "its range (%g to %g, "
                    "%g to %g degC)",
                    c->name, c->evaporator - 273.15, c->condenser - 273.15, c->evaporator_least - 273.15,
                    c->evaporator_most - 273.15, c->condenser_least - 273.15, c->condenser_most - 273.15);
  }
  if (c->input_curve_count == 0 && !(c->evaporator - c->approach_evaporator < c->condenser + c->approach_condenser)) {
    return clx_fail(error, CLX_INPUT, place, "chiller \"%s\": no lift at its reference; a share of Carnot needs one",
                    c->name);
  }
  if (c->load_least > c->load_most) {
    return clx_fail(error, CLX_INPUT, place, "chiller \"%s\": load_least %g is above load_most %g", c->name,
                    c->load_least, c->load_most);
  }
  for (int32_t i = 0; i < 4; i++) {
    const double cold = i % 2 == 0 ? c->evaporator_least : c->evaporator_most;
    const double hot = i < 2 ? c->condenser_least : c->condenser_most;
    double electric;
    const double capacity = full_load(c, cold, hot, &electric);
    if (!(capacity > 0 && electric > 0)) {
      return clx_fail(error, CLX_INPUT, place,
                      "chiller \"%s\": its curves give %g W of cooling for %g W at %g degC leaving, %g degC entering; "
                      "narrow the range",
                      c->name, capacity, electric, cold - 273.15, hot - 273.15);
    }
  }
  for (int32_t i = 0; i <= 10; i++) {
    const double load = c->load_least + (c->load_most - c->load_least) * i / 10;
    if (part_load(c, load) < 0) {
      return clx_fail(error, CLX_INPUT, place, "chiller \"%s\": part_curve gives a negative input at a load of %g",
                      c->name, load);
    }
  }
  return CLX_OK;
}
