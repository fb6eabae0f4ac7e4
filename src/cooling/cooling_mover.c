// Pumps and fans: head by the curve and the affinity laws, efficiency by the Euler number, losses of motor and drive.
#include "cooling/cooling_mover.h"

#include <math.h>

#include "cooling/cooling_curve.h"

const char *const clx_mover_kind_name[CLX_MOVER_KINDS + 1] = {"pump", "fan", NULL};

// Below this share of the best flow the power at the shaft stays what it is there (churning).
#define CHURNING 0.05

// --- the curve --------------------------------------------------------------------------------------------------------------

// Head over design head at full speed, x of the design flow.
static double curve(const clx_mover *mover, double x, double *slope) {
  return clx_curve_monotone(mover->flow, mover->head, mover->flow_count, x, slope);
}

double clx_mover_head(const clx_mover_size *size, double flow, double speed, double *slope) {
  double unused, *out = slope != NULL ? slope : &unused;
  if (!(speed > 0)) {
    *out = 0;
    return 0;
  }
  const double head = curve(size->mover, flow / (size->flow * speed), out);
  *out *= speed * size->head / size->flow;
  return speed * speed * size->head * head;
}

double clx_mover_end(const clx_mover_size *size, double speed) {
  return size->flow * speed * size->mover->flow[size->mover->flow_count - 1];
}

// --- power ------------------------------------------------------------------------------------------------------------------

// Efficiency over its best against the common logarithm of the Euler number over that of the best point: EnergyPlus, Engineering Reference 9.6,
// equations 16.209 to 16.218, in the cubics that Buildings.Fluid.Movers.BaseClasses.Euler.correlation fits to it.
static double euler(double x) {
  static const double below[] = {0.056873227, 0.493231336746, 1.433531254001, 1.407887300933};
  static const double near[] = {0.378246, -0.759885, -0.0606145, 1.01427};
  static const double above[] = {-0.0085494313567, 0.12957001502, -0.65997315029, 1.1399300301};
  const double *c = x < -0.5 ? below : x > 0.5 ? above : near;
  return fmax(((c[0] * x + c[1]) * x + c[2]) * x + c[3], 0.02) / 1.01545;
}

// Efficiency at x of the design flow at full speed (affinity: at any speed where flow over speed is the same).
static double efficiency(const clx_mover *mover, double x) {
  if (!(mover->best_flow > 0)) return mover->efficiency;
  double slope;
  const double head = fmax(curve(mover, x, &slope), 1e-6), best = curve(mover, mover->best_flow, &slope);
  const double ratio = mover->best_flow / x;
  return mover->efficiency * euler(log10(head / best * ratio * ratio));
}

// W at the shaft.
static double shaft_power(const clx_mover_size *size, double flow, double head, double speed) {
  const clx_mover *mover = size->mover;
  const double x = flow / (size->flow * speed), least = CHURNING * mover->best_flow;
  if (mover->best_flow > 0 && x < least) {
    double slope;
    const double churned = curve(mover, least, &slope) * least / efficiency(mover, least);
    return churned * size->flow * size->head * speed * speed * speed;
  }
  return flow * fmax(head, 0) / efficiency(mover, x);
}

// Efficiency over the best one by load (rows) and rated input power (columns): Determining Electric Motor Load and Efficiency, US DOE 2014, as
// Buildings.Fluid.Movers.BaseClasses.Characteristics.motorEfficiencyCurve reads it.
enum { TABLE_LOADS = 7, TABLE_POWERS = 6 };
static const double table_load[TABLE_LOADS] = {0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1};
static const double table_power[TABLE_POWERS] = {700, 2500, 7500, 15000, 35000, 70000};  // W
static const double table[TABLE_LOADS][TABLE_POWERS] = {
    {0.319836509737628, 0.329886760993909, 0.458027464511497, 0.576112127457564, 0.643957112752703, 0.724359122802955},
    {0.551721742352314, 0.613279531297038, 0.752726767477942, 0.843179028784475, 0.903480536322164, 0.962525762452817},
    {0.716480140443274, 0.804199438688888, 0.886622050343885, 0.936873306625292, 0.956973809137855, 0.987124562906699},
    {0.816999745270129, 0.922527383461084, 0.950165574415858, 0.980316328184702, 1, 1},
    {0.906409929833499, 1, 1, 1, 1, 1},
    {0.956863812148299, 1, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, 1},
};

// Linear between points, held at the ends.
static double between(const double *x, const double *y, int32_t count, double at) {
  if (at <= x[0]) return y[0];
  if (at >= x[count - 1]) return y[count - 1];
  int32_t i = 0;
  while (at > x[i + 1]) i++;
  return y[i] + (y[i + 1] - y[i]) * (at - x[i]) / (x[i + 1] - x[i]);
}

// W at the terminals. Below the first point of the motor's curve its losses stay what they are there.
static double electric_power(const clx_mover_size *size, double shaft) {
  const clx_mover *mover = size->mover;
  if (mover->load_count == 0 && !(mover->motor_best > 0)) return shaft;
  double rating = size->motor_rating;
  if (!(rating > 0)) {
    double slope;
    const double design = curve(mover, 1, &slope) * size->head * size->flow / efficiency(mover, 1);
    rating = design * (mover->motor_margin > 0 ? mover->motor_margin : 1);
  }
  if (!(rating > 0)) return 0;
  const double *load = mover->load, *motor = mover->motor;
  int32_t count = mover->load_count;
  double drawn[TABLE_LOADS];
  if (count == 0) {
    for (int32_t i = 0; i < TABLE_LOADS; i++) {
      drawn[i] = mover->motor_best * between(table_power, table[i], TABLE_POWERS, rating / mover->motor_best);
    }
    load = table_load, motor = drawn, count = TABLE_LOADS;
  }
  const double share = shaft / rating;
  if (share <= load[0]) return shaft + rating * load[0] * (1 / motor[0] - 1);
  return shaft / between(load, motor, count, share);
}

clx_mover_point clx_mover_running(const clx_mover_size *size, double flow, double speed) {
  clx_mover_point point = {.flow = flow};
  if (!(speed > 0)) {
    point.over = flow > 0;
    point.flow = 0;
    return point;
  }
  point.speed = speed;
  point.head = clx_mover_head(size, flow, speed, NULL);
  point.over = flow > clx_mover_end(size, speed) * (1 + 1e-9) || speed > 1 + 1e-9;
  if (point.head < 0) {
    point.head = 0;
    point.over = true;
  }
  point.shaft = shaft_power(size, fmax(flow, 0), point.head, speed);
  point.electric = electric_power(size, point.shaft);
  return point;
}

// The flow at full speed against `head`: the end of the curve where even that gives more.
static double full_flow(const clx_mover_size *size, double head) {
  double low = 0, high = clx_mover_end(size, 1);
  if (clx_mover_head(size, high, 1, NULL) >= head) return high;
  if (clx_mover_head(size, 0, 1, NULL) <= head) return 0;
  for (int32_t i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (clx_mover_head(size, middle, 1, NULL) >= head)
      low = middle;
    else
      high = middle;
  }
  return low;
}

// Newton, kept between its bounds: head rises with speed for any falling curve, d head / d speed = (2 head - flow slope) / speed.
static double speed_for(const clx_mover_size *size, double flow, double head, double low) {
  double high = 1, speed = fmin(fmax(sqrt(head / size->head), low), high);
  for (int32_t i = 0; i < 60; i++) {
    double slope;
    const double gives = clx_mover_head(size, flow, speed, &slope), wrong = gives - head;
    if (fabs(wrong) <= 1e-13 * size->head || high - low < 1e-15) break;
    if (wrong > 0)
      high = speed;
    else
      low = speed;
    const double rise = (2 * gives - flow * slope) / speed;
    const double next = rise > 0 ? speed - wrong / rise : high;
    speed = next > low && next < high ? next : 0.5 * (low + high);
  }
  return speed;
}

clx_mover_point clx_mover_at(const clx_mover_size *size, double flow, double head) {
  if (!(flow > 0) && !(head > 0)) return (clx_mover_point){0};
  const double wanted = fmax(flow, 0), need = fmax(head, 0);
  const double end = clx_mover_end(size, 1);
  const double least = fmax(size->mover->speed_least, wanted / end);
  if (least > 1 + 1e-12 || clx_mover_head(size, wanted, 1, NULL) < need * (1 - 1e-12)) {
    clx_mover_point point = clx_mover_running(size, fmin(wanted, full_flow(size, need)), 1);
    point.over = true;
    return point;
  }
  const double low = fmin(least, 1);
  if (low > 0 && clx_mover_head(size, wanted, low, NULL) >= need) return clx_mover_running(size, wanted, low);
  return clx_mover_running(size, wanted, speed_for(size, wanted, need, low));
}

// --- catalogue ----------------------------------------------------------------------------------------------------------------

static clx_status rising(const clx_mover *mover, const char *key, const double *list, int32_t count, clx_place place,
                         clx_error *error) {
  for (int32_t i = 1; i < count; i++) {
    if (list[i] <= list[i - 1]) {
      return clx_fail(error, CLX_INPUT, place, "mover \"%s\": %s must rise, but %g follows %g", mover->name, key,
                      list[i], list[i - 1]);
    }
  }
  return CLX_OK;
}

clx_status clx_mover_check(const clx_mover *mover, clx_place place, clx_error *error) {
  if (mover->flow_count < 2 || mover->flow_count != mover->head_count) {
    return clx_fail(error, CLX_INPUT, place,
                    "mover \"%s\": flow (%d values) and head (%d) must have the same number, two at least", mover->name,
                    mover->flow_count, mover->head_count);
  }
  CLX_TRY(rising(mover, "flow", mover->flow, mover->flow_count, place, error));
  if (mover->flow[0] != 0 || mover->flow[mover->flow_count - 1] < 1) {
    return clx_fail(error, CLX_INPUT, place,
                    "mover \"%s\": flow must start at 0 and reach the design flow (1); it goes from %g to %g",
                    mover->name, mover->flow[0], mover->flow[mover->flow_count - 1]);
  }
  for (int32_t i = 1; i < mover->head_count; i++) {
    if (mover->head[i] >= mover->head[i - 1]) {
      return clx_fail(error, CLX_INPUT, place,
                      "mover \"%s\": head must fall with flow, but %g follows %g; leave out the part that rises",
                      mover->name, mover->head[i], mover->head[i - 1]);
    }
  }
  double slope;
  const double design = curve(mover, 1, &slope);
  if (fabs(design - 1) > 0.01) {
    return clx_fail(error, CLX_INPUT, place, "mover \"%s\": head at the design flow must be 1; the curve gives %g",
                    mover->name, design);
  }
  if (mover->best_flow > mover->flow[mover->flow_count - 1]) {
    return clx_fail(error, CLX_INPUT, place, "mover \"%s\": best_flow %g lies beyond the curve's end at %g",
                    mover->name, mover->best_flow, mover->flow[mover->flow_count - 1]);
  }
  if (mover->load_count != mover->motor_count) {
    return clx_fail(error, CLX_INPUT, place, "mover \"%s\": load (%d values) and motor (%d) must have the same number",
                    mover->name, mover->load_count, mover->motor_count);
  }
  if (mover->load_count > 0 && mover->motor_best > 0) {
    return clx_fail(error, CLX_INPUT, place, "mover \"%s\": give load and motor, or motor_best, not both", mover->name);
  }
  CLX_TRY(rising(mover, "load", mover->load, mover->load_count, place, error));
  for (int32_t i = 0; i < mover->load_count; i++) {
    if (!(mover->load[i] > 0 && mover->motor[i] > 0 && mover->motor[i] <= 1)) {
      return clx_fail(
          error, CLX_INPUT, place,
          "mover \"%s\": a motor of efficiency %g at load %g; expected more than 0, at most 1, at loads above 0",
          mover->name, mover->motor[i], mover->load[i]);
    }
  }
  return CLX_OK;
}
