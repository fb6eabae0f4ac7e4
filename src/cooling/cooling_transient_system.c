// All loops together: what flows between them, rates and their Jacobian. docs/model/cooling/transient.md.
#include <math.h>

#include "cooling/cooling_transient_internal.h"

clx_status clx_transient_work_new(const clx_transient_model *model, clx_arena *arena, clx_transient_work *work,
                                  clx_error *error) {
  const int32_t rows = model->plant->loop_count, loops = model->loop_count, n = model->state_count;
  int32_t largest = 0;
  for (int32_t r = 0; r < rows; r++) largest = model->row[r].size > largest ? model->row[r].size : largest;
  work->outer = model->members * model->row[model->racks].size;
  work->in = CLX_NEW_ARRAY(arena, clx_transient_inputs, loops);
  work->out = CLX_NEW_ARRAY(arena, clx_transient_outputs, loops);
  work->header = CLX_NEW_ARRAY(arena, double, 6 * rows);
  work->column = CLX_NEW_ARRAY(arena, double, (size_t)(n - work->outer + 1) * (size_t)n);
  work->one = CLX_NEW_ARRAY(arena, double, 2 * largest + n);
  if (!work->in || !work->out || !work->header || !work->column || !work->one) {
    return clx_fail_plain(error, CLX_MEMORY, "no memory for a transient of %d states", n);
  }
  work->other = work->one + largest;
  work->demand = work->header + rows;
  work->total = work->demand + rows;
  work->row_gain = work->total + rows;
  work->row_gain_heat = work->row_gain + rows;
  work->asked = work->row_gain_heat + rows;
  return CLX_OK;
}

// Valves ask for flow; where a row's pumps give less than all of them ask, each gets its share.
static void headers(const clx_transient_model *model, clx_transient_work *work, double time, const double *y) {
  const int32_t rows = model->plant->loop_count;
  for (int32_t r = 0; r < rows; r++) work->demand[r] = work->asked[r] = work->row_gain[r] = work->row_gain_heat[r] = 0;
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    const clx_transient_row *row = &model->row[loop->row];
    for (int32_t k = 0; k < row->unit_count; k++) {
      if (row->unit[k].into < 0) continue;
      const double here = loop->weight * clx_transient_demand(model, loop, k, time, y[loop->at + CLX_AT_EFFORT]);
      work->demand[row->unit[k].into] += here;
      if (row->unit[k].unit->spec.kind == CLX_PLANT_EXCHANGER) work->asked[row->unit[k].into] += here;
    }
  }
  for (int32_t r = 0; r < rows; r++) {
    work->header[r] = work->total[r] = 0;
    if (work->demand[r] <= 0) continue;
    const clx_transient_loop *loop = &model->loop[model->first[r]];
    work->total[r] =
        model->row[r].count * model->row[r].loop->flow * clx_transient_flow_at(model, loop, time, y + loop->at).flow;
    work->header[r] = fmin(1, work->total[r] / work->demand[r]);
  }
}

// One loop with what the outer rows give it; adds what it gives them.
static void one_loop(const clx_transient_model *model, clx_transient_work *work, int32_t i, double time,
                     const double *y, double *rate) {
  const clx_transient_loop *loop = &model->loop[i];
  const clx_transient_row *row = &model->row[loop->row];
  clx_transient_inputs *in = &work->in[i];
  *in = (clx_transient_inputs){.time = time};
  in->asked = work->asked[loop->row] / row->count;
  in->gain = work->row_gain[loop->row] / row->count;
  in->gain_heat = work->row_gain_heat[loop->row] / row->count;
  for (int32_t k = 0; k < row->unit_count; k++) {
    const int32_t into = row->unit[k].into;
    if (into < 0) continue;
    in->supply[k] = y[model->loop[model->first[into]].at + CLX_AT_SUPPLY];
    in->header[k] = work->header[into];
  }
  clx_transient_loop_rates(model, loop, in, y + loop->at, rate, &work->out[i]);
  for (int32_t k = 0; k < row->unit_count; k++) {
    const int32_t into = row->unit[k].into;
    if (into < 0) continue;
    work->row_gain[into] += loop->weight * work->out[i].pass[k];
    work->row_gain_heat[into] += loop->weight * work->out[i].pass_heat[k];
  }
}

void clx_transient_rates(const clx_transient_model *model, clx_transient_work *work, double time, const double *y,
                         double *rates) {
  headers(model, work, time, y);
  double in = 0, out = 0;
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    one_loop(model, work, i, time, y, rates + loop->at);
    in += loop->weight * work->out[i].in;
    out += loop->weight * work->out[i].out;
  }
  rates[model->state_count - 2] = in / model->energy;
  rates[model->state_count - 1] = out / model->energy;
}

// --- Jacobian --------------------------------------------------------------------------------------------------------------

// Rows that loop i gives heat to.
static int32_t row_targets(const clx_transient_model *model, int32_t i, int32_t *target) {
  const clx_transient_row *row = &model->row[model->loop[i].row];
  int32_t count = 0;
  for (int32_t k = 0; k < row->unit_count; k++) {
    const int32_t into = row->unit[k].into;
    bool known = into < 0;
    for (int32_t j = 0; j < count; j++) known = known || target[j] == into;
    if (!known) target[count++] = into;
  }
  return count;
}

static int64_t add_row(int64_t *row, int64_t from, int64_t count, int64_t value) {
  for (int64_t i = from; i < count; i++) {
    if (row[i] == value) return count;
  }
  row[count] = value;
  return count + 1;
}

// Rows in which a change of loop i shows: its own, those that it gives heat to, the energy.
static int64_t add_loop(const clx_transient_model *model, int32_t i, bool check, int64_t *row, int64_t from,
                        int64_t count) {
  const clx_transient_loop *loop = &model->loop[i];
  for (int32_t s = 0; s < model->row[loop->row].size; s++) {
    if (check)
      count = add_row(row, from, count, loop->at + s);
    else
      row[count++] = loop->at + s;
  }
  int32_t target[CLX_TRANSIENT_UNITS];
  const int32_t targets = row_targets(model, i, target);
  for (int32_t t = 0; t < targets; t++) {
    count = add_row(row, from, count, model->loop[model->first[target[t]]].at + CLX_AT_LOAD);
  }
  return count;
}

// A column of an outer row may show in all that gives heat to it.
static int64_t column_rows(const clx_transient_model *model, int32_t i, int32_t state, int64_t *row, int64_t from) {
  const int32_t mine = model->loop[i].row;
  const int64_t energy = model->state_count - 2;
  int64_t count = add_loop(model, i, false, row, from, from);
  const bool shared = state == CLX_AT_SUPPLY || state == CLX_AT_SPEED || state == CLX_AT_COAST;
  for (int32_t j = 0; shared && model->first[mine] == i && mine != model->racks && j < model->loop_count; j++) {
    int32_t target[CLX_TRANSIENT_UNITS];
    const int32_t targets = row_targets(model, j, target);
    for (int32_t t = 0; t < targets; t++) {
      if (target[t] == mine) count = add_loop(model, j, j >= model->members, row, from, count);
    }
  }
  row[count++] = energy;
  row[count++] = energy + 1;
  return count;
}

int64_t clx_transient_pattern(const clx_transient_model *model, int64_t *start, int64_t *row) {
  int64_t count = 0;
  for (int32_t i = 0; i < model->loop_count; i++) {
    for (int32_t s = 0; s < model->row[model->loop[i].row].size; s++) {
      start[model->loop[i].at + s] = count;
      count = column_rows(model, i, s, row, count);
    }
  }
  for (int32_t i = model->state_count - 2; i < model->state_count; i++) {
    start[i] = count;
    row[count++] = i;
  }
  start[model->state_count] = count;
  return count;
}

// Adds `factor` times the change of loop i's rates and gifts to a column.
static void add_change(const clx_transient_model *model, const clx_transient_work *work, int32_t i, const double *y,
                       const double *rate, const clx_transient_outputs *out, const double *base, double factor,
                       double *column) {
  const clx_transient_loop *loop = &model->loop[i];
  const clx_transient_row *row = &model->row[loop->row];
  const clx_transient_outputs *was = &work->out[i];
  for (int32_t s = 0; s < row->size; s++) column[loop->at + s] += factor * (rate[s] - base[s]);
  const double part = factor * loop->weight / model->energy;
  column[model->state_count - 2] += part * (out->in - was->in);
  column[model->state_count - 1] += part * (out->out - was->out);
  for (int32_t k = 0; k < row->unit_count; k++) {
    const int32_t into = row->unit[k].into;
    if (into < 0) continue;
    const clx_transient_row *outer = &model->row[into];
    const double *to = y + model->loop[model->first[into]].at;
    double *rates = column + model->loop[model->first[into]].at;
    const double each = factor * loop->weight / outer->count * outer->loop->capacity;
    const double pass = each * (out->pass[k] - was->pass[k]), heat = each * (out->pass_heat[k] - was->pass_heat[k]);
    rates[CLX_AT_LOAD] += (heat - pass * to[CLX_AT_SUPPLY]) / outer->heat[CLX_AT_LOAD];
  }
}

static double nudge_of(int32_t state) {
  return state >= CLX_AT_CLOCK && state <= CLX_AT_COAST ? 1e-6 : 1e-4;  // of shares, of K
}

// Share of the open flow per change of one of the row's speeds.
static double header_slope(const clx_transient_model *model, const clx_transient_work *work, int32_t row, int32_t state,
                           double time, const double *y) {
  if (work->header[row] >= 1 || work->demand[row] <= 0) return 0;
  const clx_transient_loop *loop = &model->loop[model->first[row]];
  double moved[CLX_AT_COLD];
  for (int32_t s = 0; s < CLX_AT_COLD; s++) moved[s] = y[loop->at + s];
  const double h = 1e-6, before = clx_transient_flow_at(model, loop, time, moved).flow;
  moved[state] += h;
  const double after = clx_transient_flow_at(model, loop, time, moved).flow;
  return (after - before) / h * model->row[row].count * model->row[row].loop->flow / work->demand[row];
}

// Columns of the outer rows in which loop i shows by what it takes from them.
static void add_taken(const clx_transient_model *model, clx_transient_work *work, int32_t i, double time,
                      const double *y, const double *base) {
  const clx_transient_loop *loop = &model->loop[i];
  const clx_transient_row *row = &model->row[loop->row];
  const int64_t n = model->state_count;
  int32_t target[CLX_TRANSIENT_UNITS];
  const int32_t targets = row_targets(model, i, target);
  for (int32_t t = 0; t < targets; t++) {
    const int32_t at = model->loop[model->first[target[t]]].at;
    static const int32_t SPEEDS[2] = {CLX_AT_SPEED, CLX_AT_COAST};
    clx_transient_inputs in = work->in[i];
    clx_transient_outputs out;
    for (int32_t k = 0; k < row->unit_count; k++) in.supply[k] += row->unit[k].into == target[t] ? 1e-4 : 0;
    clx_transient_loop_rates(model, loop, &in, y + loop->at, work->other, &out);
    add_change(model, work, i, y, work->other, &out, base, 1e4, work->column + (at - work->outer + CLX_AT_SUPPLY) * n);
    if (work->header[target[t]] >= 1) continue;
    in = work->in[i];
    for (int32_t k = 0; k < row->unit_count; k++) in.header[k] += row->unit[k].into == target[t] ? 1e-6 : 0;
    clx_transient_loop_rates(model, loop, &in, y + loop->at, work->other, &out);
    for (int32_t s = 0; s < 2; s++) {
      const double slope = header_slope(model, work, target[t], SPEEDS[s], time, y);
      add_change(model, work, i, y, work->other, &out, base, 1e6 * slope,
                 work->column + (at - work->outer + SPEEDS[s]) * n);
    }
  }
}

static void gather(double *column, const int64_t *start, const int64_t *row, int64_t at, double *value) {
  for (int64_t p = start[at]; p < start[at + 1]; p++) {
    value[p] = column[row[p]];
    column[row[p]] = 0;
  }
}

// Differences loop by loop: one loop's columns cost one evaluation of that loop each, so all of them about as much as `size` evaluations of the whole.
// What valves of others lose when one opens on a starved header is left out: Newton still ends at the same point, and heat
// stays balanced in every step since what one side of the omitted terms loses the other does not gain.
void clx_transient_jacobian(const clx_transient_model *model, clx_transient_work *work, double time, const double *y,
                            const int64_t *start, const int64_t *row, double *value) {
  const int64_t n = model->state_count, outer = work->outer;
  double *spare = work->column + (n - outer) * n, *state = work->one + 0;
  double *base = work->other + (work->other - work->one);
  clx_transient_rates(model, work, time, y, base);
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    const int32_t size = model->row[loop->row].size;
    for (int32_t s = 0; s < size; s++) state[s] = y[loop->at + s];
    for (int32_t s = 0; s < size; s++) {
      const double h = nudge_of(s), kept = state[s];
      clx_transient_outputs out;
      state[s] = kept + h;
      clx_transient_loop_rates(model, loop, &work->in[i], state, work->other, &out);
      state[s] = kept;
      double *column = loop->at < outer ? spare : work->column + (loop->at + s - outer) * n;
      add_change(model, work, i, y, work->other, &out, base + loop->at, 1 / h, column);
      if (loop->at < outer) gather(column, start, row, loop->at + s, value);
    }
    add_taken(model, work, i, time, y, base + loop->at);
  }
  for (int64_t at = outer; at < n; at++) gather(work->column + (at - outer) * n, start, row, at, value);
}
