// Rates of change of one loop: volumes, units, pumps, controls, chips. docs/model/cooling/transient.md.
#include <math.h>

#include "cooling/cooling_plant_internal.h"
#include "cooling/cooling_transient_internal.h"

// Controls. Any tuning ends at the same steady state; these settle within a minute or two without ringing.
static const double VALVE_GAIN = 0.03;    // effort per K of supply
static const double VALVE_RESET = 25;     // s of its integral
static const double FLOW_FIXED_LAG = 2;   // s, flow to a fixed value
static const double FLOW_RANGE_LAG = 30;  // s, flow to the range
static const double STOP_LAG = 1;         // s with which an actuator comes to its stop
static const double CLOCK_GAIN = 0.3;     // clock per K above the throttle: the least within 3 K, well below the stop
static const double CLOCK_INTEGRAL = 0.005;  // and second
static const double SENSOR_LAG = 0.3;        // s
static const double AUTHORITY = 5;           // K below the set point that fans at full effort may go
static const double AUTHORITY_HUMID = 0.1;   // the same of outside air that may not go so far
static const double HEAD_MARGIN =
    5;  // K past its curves' warmest condenser that a chiller works, and over which it unloads (assumed)
static const double PROTECT = 3;  // K below its set point at which a chiller unloads for want of flow

static double between(double value, double least, double most) { return fmin(fmax(value, least), most); }

// --- units ---------------------------------------------------------------------------------------------------------------

// Effort of one unit when those of the loop work one after another; units that are out take no part.
double clx_transient_effort(const clx_transient_loop *loop, int32_t unit, double effort) {
  double before = 0;
  for (int32_t k = 0; k < unit; k++) before += loop->on[k].to > 0 || loop->lost[k] <= 0 ? 1 : 0;
  return fmin(fmax(effort - before, 0), 1);
}

double clx_transient_demand(const clx_transient_model *model, const clx_transient_loop *loop, int32_t unit, double time,
                            double effort) {
  const clx_transient_unit *u = &model->row[loop->row].unit[unit];
  if (u->into < 0 || u->count <= 0) return 0;
  const double on = clx_ramp_at(&loop->on[unit], time) / u->count;
  const double e = clx_transient_effort(loop, unit, effort);
  // An exchanger's valve is its effort; a condenser has its flow as soon as the machine works.
  return u->wide * on * (u->unit->spec.kind == CLX_PLANT_EXCHANGER ? e : fmin(5 * e, 1));
}

typedef struct stream {
  double in, flow, capacity;  // K, kg/s, J/(kg K) of the hot side
  double leaving;             // K of the units' volume
} stream;

// W that units which blow outside air take from one loop at full effort, as clx_plant_solve takes them.
static double outside_full(const clx_transient_model *model, const clx_transient_row *row, const clx_transient_unit *u,
                           const stream *hot, double on) {
  const double whole = fmin(u->count, 1 / row->count);  // less than one works as its share of one
  const double working = fmax(on, whole);
  const bool mixes = u->unit->spec.kind == CLX_PLANT_AIR_ECONOMISER;
  clx_unit_meet meet = {.flow = hot->flow * row->count,
                        .in = hot->in,
                        .want = row->set - (mixes ? AUTHORITY_HUMID : AUTHORITY),
                        .leaving = hot->leaving,
                        .cold_in = model->input->outside->dry_bulb,
                        .working = working * row->count,
                        .outside = model->input->outside};
  double out = clx_plant_unit_reach(model->plant, u->unit, &meet).out;
  if (mixes && out < hot->in) {
    // Whether outside air may be let in is asked at the set point: further down it would be too humid, or too dry.
    meet.want = row->set - AUTHORITY;
    const double colder = clx_plant_unit_reach(model->plant, u->unit, &meet).out;
    out = colder < hot->in ? colder : out;
  }
  return on / working * hot->flow * hot->capacity * fmax(hot->in - out, 0);
}

// W of one machine. Some curves say that it carries less from a warmer loop (York YS in condenser water of 13 degC): one that carries the heat at
// its set point does so above it, or a loop that was warm once would stay so. Beyond the warmest condenser of its curves it unloads on high head.
double clx_transient_chiller_most(const clx_transient_row *row, const clx_transient_unit *u, double leaving,
                                  double entering) {
  const clx_chiller *chiller = u->unit->chiller;
  const double here = clx_chiller_run(chiller, 0, leaving, entering).capacity;
  const double most = leaving > row->set ? fmax(here, clx_chiller_run(chiller, 0, row->set, entering).capacity) : here;
  if (!(chiller->condenser_most > 0)) return most;
  return most * between(1 - (entering - chiller->condenser_most - HEAD_MARGIN) / HEAD_MARGIN, 0, 1);
}

// Heat that unit `k` takes; compressors and what goes to the cold side.
static double unit_heat(const clx_transient_model *model, const clx_transient_loop *loop, int32_t k,
                        const clx_transient_inputs *in, const stream *hot, double effort, double pass, double *reject,
                        double *electric) {
  const clx_transient_row *row = &model->row[loop->row];
  const clx_transient_unit *u = &row->unit[k];
  const clx_plant_unit *unit = u->unit;
  const double on = clx_ramp_at(&loop->on[k], in->time);
  *electric = *reject = 0;
  const double power = clx_ramp_at(&loop->power[k], in->time);
  if (on <= 0 || power <= 0 || hot->flow <= 0) return 0;
  if (unit->spec.kind == CLX_PLANT_EXCHANGER) {
    const double capacity = model->row[u->into].loop->capacity;
    const clx_exchange x =
        clx_exchanger_run(&unit->exchanger, hot->in, hot->flow / on, hot->capacity, in->supply[k], pass / on, capacity);
    return *reject = on * x.heat;
  }
  if (unit->spec.kind != CLX_PLANT_CHILLER && unit->spec.kind != CLX_PLANT_DX) {
    return effort * power * outside_full(model, row, u, hot, on);
  }
  const double entering = u->into < 0 ? model->input->outside->dry_bulb : in->supply[k];
  // A condenser that gets less than a tenth of the water that it asks for unloads its machine.
  const double asked = u->into < 0 ? 0 : u->wide * on / u->count * fmin(5 * effort, 1);
  const double most =
      clx_transient_chiller_most(row, u, hot->leaving, entering) * (asked > 0 ? between(10 * pass / asked, 0, 1) : 1);
  const double spare = hot->flow * hot->capacity * fmax(hot->in - (row->set - PROTECT), 0);
  const double heat = fmin(effort * power * on * most, spare), machines = fmax(fmin(loop->staged[k], ceil(on)), 1);
  const clx_chiller_point point = clx_chiller_run(unit->chiller, heat / machines, hot->leaving, entering);
  *electric = machines * point.electric;
  *reject = heat + machines * (point.condenser - point.heat);
  return heat;
}

static void units_rates(const clx_transient_model *model, const clx_transient_loop *loop,
                        const clx_transient_inputs *in, double flow, const double *y, double *rate,
                        clx_transient_outputs *out) {
  const clx_transient_row *row = &model->row[loop->row];
  stream hot = {y[CLX_AT_RETURN], flow, row->loop->capacity, y[CLX_AT_UNITS]};
  double taken = 0;
  for (int32_t k = 0; k < row->unit_count; k++) {
    const clx_transient_unit *u = &row->unit[k];
    const double effort = clx_transient_effort(loop, k, y[CLX_AT_EFFORT]);
    const double pass = clx_transient_demand(model, loop, k, in->time, y[CLX_AT_EFFORT]) * in->header[k];
    double reject = 0;
    out->hot[k] = hot.in;
    out->taken[k] = unit_heat(model, loop, k, in, &hot, effort, pass, &reject, &out->electric[k]);
    taken += out->taken[k];
    if (flow > 1e-9 * row->loop->flow) hot.in -= out->taken[k] / (flow * hot.capacity);
    if (u->into < 0) {
      out->out += out->taken[k];
      rate[CLX_AT_COLD + k] = 0;
      continue;
    }
    const double capacity = model->row[u->into].loop->capacity, cold = y[CLX_AT_COLD + k];
    rate[CLX_AT_COLD + k] = (pass * capacity * (in->supply[k] - cold) + reject) / u->cold_heat;
    out->in += reject - out->taken[k];
    out->pass[k] = pass;
    out->pass_heat[k] = pass * cold;
  }
  rate[CLX_AT_UNITS] =
      (flow * row->loop->capacity * (y[CLX_AT_RETURN] - y[CLX_AT_UNITS]) - taken) / row->heat[CLX_AT_UNITS];
}

// --- chips ---------------------------------------------------------------------------------------------------------------

// W of a chip above its leakage at the reference. Beyond 100 K above that the law is not measured: it goes on as at its end.
static double leakage(const clx_transient_chipset *set, double junction) {
  const clx_chip_thermal *chip = set->from->thermal;
  return clx_chip_leak(chip, &set->load, fmin(junction, chip->reference + 100));
}

// Power of one chip whose case is at `at` K: leakage is that of the junction, which the power lifts above the case.
static double chip_power(const clx_transient_chipset *set, double at, double clock, double share, double *junction) {
  const double rest = fmax(set->from->thermal->junction_case, 0), plain = share * clx_chip_work(&set->load, clock);
  double power = plain;
  for (int32_t i = 0; i < 5; i++) power = plain + leakage(set, at + rest * power);
  *junction = at + rest * power;
  return power;
}

// W from one chip into the coolant per K of its case above it: a surface of one temperature, conductance UA ~ flow^n.
static double plate(const clx_transient_chipset *set, double flow, double capacity_rate) {
  if (capacity_rate <= 0) return 0;
  const double n = set->from->plate_exponent;
  const double conductance = set->conductance * (n == 0 ? 1 : pow(fmax(flow, 1e-6), n));
  return -capacity_rate * expm1(-conductance / capacity_rate);
}

double clx_transient_clock(const clx_transient_row *row, const double *y) {
  const double throttle = row->chips.from->thermal->throttle;
  const double over = throttle > 0 ? fmax(y[CLX_AT_SENSOR] - throttle, 0) : 0;
  return between(y[CLX_AT_CLOCK] - CLOCK_GAIN * over, CLX_CHIP_CLOCK_LEAST, 1);
}

static double chips_rates(const clx_transient_model *model, const clx_transient_loop *loop, double passes,
                          const double *y, double *rate, clx_transient_outputs *out) {
  const clx_transient_row *row = &model->row[loop->row];
  const clx_transient_chipset *set = &row->chips;
  const clx_chip_thermal *chip = set->from->thermal;
  const double above = chip->throttle > 0 ? chip->throttle - y[CLX_AT_SENSOR] : 1e3;
  const double base = y[CLX_AT_CLOCK], share = loop->share * loop->load;
  const double clock = clx_transient_clock(row, y);
  out->clock = loop->shut ? 0 : clock;
  out->power = loop->shut ? 0 : chip_power(set, y[CLX_AT_CASE], clock, share, &out->junction);
  if (loop->shut) out->junction = y[CLX_AT_CASE];
  const double limit = set->load.limit;
  double miss = above;
  if (limit > 0) miss = fmin(miss, 100 * (limit - out->power) / limit);  // the board's power limit as kelvins
  rate[CLX_AT_SENSOR] = (out->junction - y[CLX_AT_SENSOR]) / SENSOR_LAG;
  rate[CLX_AT_CLOCK] = between(CLOCK_INTEGRAL * miss, (CLX_CHIP_CLOCK_LEAST - base) / STOP_LAG, (1 - base) / STOP_LAG);
  const double rate_one = passes * row->loop->capacity / set->count;
  const double into = plate(set, passes / row->loop->flow, rate_one) * (y[CLX_AT_CASE] - y[CLX_AT_SUPPLY]);
  rate[CLX_AT_CASE] = (out->power - into) / chip->capacity;
  out->in += set->count * out->power;
  return set->count * into;
}

// --- a loop --------------------------------------------------------------------------------------------------------------

// `warm`: K by which the pumps warm the fluid; `asked`: share of the flow that valves ask for.
static void pump_rates(const clx_transient_model *model, const clx_transient_loop *loop, double flow, double warm,
                       double asked, const double *y, double time, double *rate) {
  const clx_transient_row *row = &model->row[loop->row];
  const double ramp = 1 / model->input->pump_ramp;
  double want = 1;
  if (row->range) {
    // In a hall the supply at the servers may hold their own exhaust: the plant's fans go by what the units give.
    const double given = y[row->servers > 0 ? CLX_AT_UNITS : CLX_AT_SUPPLY];
    const double share = (y[CLX_AT_RETURN] - given - warm) / row->loop->spec.range;
    // The second term brings a loop that starts hot up to flow and vanishes at the range.
    want = between(fmax(flow * share + fmax(share - 1.2, 0), asked), row->least, 1);
  }
  if (row->demand) want = between(asked, row->least, 1);
  const double lag = row->range || row->demand ? FLOW_RANGE_LAG : FLOW_FIXED_LAG;
  const bool on = clx_ramp_at(&loop->running, time) > 0;
  const double speed = y[CLX_AT_SPEED];
  rate[CLX_AT_SPEED] = on ? fmin(between((want - flow) / lag, -ramp, ramp), (1 - speed) / STOP_LAG) : 0;
  // Torque ~ speed^2: speed = 1 / (1 + t / inertia).
  rate[CLX_AT_COAST] = -y[CLX_AT_COAST] * fabs(y[CLX_AT_COAST]) / model->input->pump_inertia;
}

static double pump_power(const clx_transient_model *model, const clx_transient_loop *loop, clx_transient_flow flow,
                         double time, const double *y) {
  const clx_transient_row *row = &model->row[loop->row];
  const clx_mover_size *size = &row->loop->pump;
  const double on = clx_ramp_at(&loop->running, time);
  if (!row->loop->moved || on <= 0 || flow.each <= 0) return 0;
  if (row->loop->spec.control == CLX_FLOW_PRESSURE) {
    return row->loop->beside * on * clx_mover_at(size, flow.each * size->flow, size->head).electric;
  }
  return row->loop->beside * on * clx_mover_running(size, flow.each * size->flow, y[CLX_AT_SPEED]).electric;
}

// Valves and machines: proportional and integral action on the supply, as speed of the actuator: what stands at its stop winds nothing up.
static double effort_rate(const clx_transient_model *model, const clx_transient_loop *loop, const double *y,
                          double warming) {
  const clx_transient_row *row = &model->row[loop->row];
  double stroke = 0, top = 0;
  for (int32_t k = 0; k < row->unit_count; k++) {
    if (loop->on[k].to <= 0 && loop->lost[k] > 0) continue;
    top += 1;
    if (stroke == 0 || y[CLX_AT_EFFORT] > top - 1) stroke = row->unit[k].stroke;
  }
  if (top == 0) return 0;
  const double pace = VALVE_GAIN * (warming + (y[CLX_AT_UNITS] - row->set) / VALVE_RESET);
  return between(between(pace, -1 / stroke, 1 / stroke), -y[CLX_AT_EFFORT] / STOP_LAG,
                 (top - y[CLX_AT_EFFORT]) / STOP_LAG);
}

void clx_transient_loop_rates(const clx_transient_model *model, const clx_transient_loop *loop,
                              const clx_transient_inputs *in, const double *y, double *rate,
                              clx_transient_outputs *out) {
  const clx_transient_row *row = &model->row[loop->row];
  const double capacity = row->loop->capacity;
  *out = (clx_transient_outputs){0};
  for (int32_t i = 0; i < row->size; i++) rate[i] = 0;
  const clx_transient_flow moved = clx_transient_flow_at(model, loop, in->time, y);
  const double flow = moved.flow * row->loop->flow;
  // What servers' fans, which follow their load, move beyond the plant's they draw from their own exhaust.
  const double again = fmax(row->servers * loop->load - flow, 0), passes = flow - in->gain + again;
  out->flow = flow;
  out->pump = pump_power(model, loop, moved, in->time, y);
  units_rates(model, loop, in, flow, y, rate, out);
  double direct = row->chips.other * loop->share * loop->load;
  out->in += direct;
  if (row->chips.count > 0) direct += chips_rates(model, loop, passes, y, rate, out);
  const double warm = row->loop->spec.pump_heat * out->pump;
  out->in += warm;
  if (row->metal > 0) {
    const int32_t metal = clx_transient_metal(row);
    rate[metal] = (y[CLX_AT_LOAD] - y[metal]) / model->input->hall.metal_time;
    direct -= row->metal * rate[metal];
  }
  // What passes the racks, other rows' units and by-passes meets in CLX_AT_LOAD.
  const double meets = in->gain_heat + passes * y[CLX_AT_SUPPLY] - (flow + again) * y[CLX_AT_LOAD];
  rate[CLX_AT_LOAD] = (capacity * meets + direct) / row->heat[CLX_AT_LOAD];
  rate[CLX_AT_RETURN] = (capacity * flow * (y[CLX_AT_LOAD] - y[CLX_AT_RETURN]) + warm) / row->heat[CLX_AT_RETURN];
  double before = y[CLX_AT_UNITS];
  const int32_t cells = row->cell > 0 ? CLX_TANK_CELLS : 0;
  for (int32_t i = CLX_AT_COLD + row->unit_count, end = i + cells; i < end; i++) {
    rate[i] = flow * capacity * (before - y[i]) / row->cell;
    before = y[i];
  }
  const double mixes = flow * (before - y[CLX_AT_SUPPLY]) + again * (y[CLX_AT_LOAD] - y[CLX_AT_SUPPLY]);
  rate[CLX_AT_SUPPLY] = capacity * mixes / row->heat[CLX_AT_SUPPLY];
  const double rise = flow > 1e-9 * row->loop->flow ? warm / (flow * capacity) : 0;
  pump_rates(model, loop, moved.flow, rise, in->asked / row->loop->flow, y, in->time, rate);
  rate[CLX_AT_EFFORT] = effort_rate(model, loop, y, rate[CLX_AT_UNITS]);
}
