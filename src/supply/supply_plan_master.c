// The master program: columns, rows that are always there, rows made on demand.
#include "supply/supply_plan_master.h"

#include <math.h>
#include <string.h>

enum { CELLS_MAX = 2048, KEPT = 150, AGE = 20, ROOM = 1200 };

// Setup that the relaxation counts for a unit of an open order: z = q / most.
static double setup_of_unit(const clx_sourcing *p, int32_t i) { return p->most[i] > 0 ? p->setup[i] / p->most[i] : 0; }

static void set_held(clx_master *m);

static void set_costs(clx_master *m) {
  const clx_sourcing *p = m->p;
  clx_simplex *s = &m->simplex;
  for (int32_t k = 0; k < p->suppliers; k++) s->cost[k] = p->qualify[k];
  for (int32_t i = 0; i < m->cells; i++) {
    s->cost[m->first_order + i] = p->price[i] + setup_of_unit(p, i);
  }
  for (int32_t k = 0; k <= p->periods; k++) {
    s->cost[m->first_estimate + k] = 1;
    s->most[m->first_estimate + k] = INFINITY;
  }
  s->cost[m->fixed_money] = 1;
  s->stays[m->fixed_money] = true;
}

static void clear_row(clx_master *m) { memset(m->row, 0, (size_t)m->simplex.columns * sizeof(double)); }

static void set_order(clx_master *m, int32_t i, double value) { m->row[m->first_order + i] = value; }

static void add_fixed_rows(clx_master *m) {
  const clx_sourcing *p = m->p;
  for (int32_t s = 0; s < p->suppliers; s++) {
    clear_row(m);
    for (int32_t t = 0; t < p->periods; t++) set_order(m, s * p->periods + t, -1);
    m->row[s] = p->total[s];  // nothing of a supplier that is not qualified
    clx_simplex_add(&m->simplex, m->row, 0);
  }
  for (int32_t t = 0; p->required != NULL && t < p->periods; t++) {
    if (p->required[t] <= 0) continue;
    clear_row(m);
    for (int32_t s = 0; s < p->suppliers; s++)
      for (int32_t k = 0; k + p->nominal[s] <= t; k++) set_order(m, s * p->periods + k, 1);
    clx_simplex_add(&m->simplex, m->row, p->required[t]);
  }
  if (p->budget > 0) {
    // Setups of open orders are left out: the row holds for every node, and is exact where all orders are decided.
    clear_row(m);
    for (int32_t s = 0; s < p->suppliers; s++) m->row[s] = -p->qualify[s];
    for (int32_t i = 0; i < m->cells; i++) set_order(m, i, -p->price[i]);
    m->row[m->fixed_money] = -1;
    clx_simplex_add(&m->simplex, m->row, -p->budget);
  }
  m->fixed_rows = m->simplex.rows;
}

clx_status clx_master_new(const clx_sourcing *p, clx_arena *arena, clx_master *m, clx_error *error) {
  const int32_t S = p->suppliers, T = p->periods, cells = S * T;
  if (cells > CELLS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "order planning: %d suppliers times %d periods; at most %d together", S, T,
                          CELLS_MAX);
  *m = (clx_master){.p = p,
                    .cells = cells,
                    .decisions = S + cells,
                    .first_order = S,
                    .first_estimate = S + cells,
                    .fixed_money = S + cells + T + 1};
  const int32_t columns = m->fixed_money + 1;
  m->quantity = CLX_NEW_ARRAY(arena, double, cells);
  m->part = CLX_NEW_ARRAY(arena, double, m->decisions);
  m->in = CLX_NEW_ARRAY(arena, bool, cells);
  m->cut = CLX_NEW_ARRAY(arena, double, (size_t)cells *(size_t)(T + 1));
  m->held = CLX_NEW_ARRAY(arena, double, (size_t)cells *(size_t)(T + 1));
  m->constant = CLX_NEW_ARRAY(arena, double, T + 1);
  m->row = CLX_NEW_ARRAY(arena, double, columns);
  if (m->quantity == NULL || m->part == NULL || m->in == NULL || m->cut == NULL || m->held == NULL ||
      m->constant == NULL || m->row == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the master program");
  CLX_TRY(clx_second_new(p, arena, &m->second, error));
  CLX_TRY(clx_simplex_new(columns, S + T + 1 + cells + ROOM, arena, &m->simplex, error));
  set_held(m);
  set_costs(m);
  clx_simplex_begin(&m->simplex);
  add_fixed_rows(m);
  return CLX_OK;
}

void clx_master_state(clx_master *m, const unsigned char *state) {
  const clx_sourcing *p = m->p;
  clx_simplex *s = &m->simplex;
  double money = 0;
  for (int32_t k = 0; k < p->suppliers; k++) {
    s->least[k] = state[k] == CLX_IN ? 1 : 0;
    s->most[k] = state[k] == CLX_OUT ? 0 : 1;
  }
  for (int32_t i = 0; i < m->cells; i++) {
    const unsigned char is = p->most[i] <= 0 ? CLX_OUT : state[p->suppliers + i];
    s->least[m->first_order + i] = is == CLX_IN ? p->lot[i] : 0;
    s->most[m->first_order + i] = is == CLX_OUT ? 0 : p->most[i];
    if (is == CLX_IN) money += p->setup[i];
    m->in[i] = is == CLX_IN;
    m->part[p->suppliers + i] = is == CLX_IN ? 1 : 0;
    // The cost of an order that is out does not matter: it stays what it was.
    if (is != CLX_OUT) clx_simplex_cost(s, m->first_order + i, p->price[i] + (is == CLX_IN ? 0 : setup_of_unit(p, i)));
  }
  s->least[m->fixed_money] = s->most[m->fixed_money] = money;
}

clx_simplex_end clx_master_solve(clx_master *m, double cutoff, int64_t pivots, double *bound) {
  const clx_sourcing *p = m->p;
  const clx_simplex *s = &m->simplex;
  const clx_simplex_end end = clx_simplex_solve(&m->simplex, cutoff, pivots, bound);
  for (int32_t k = 0; k < p->suppliers; k++) m->part[k] = fmin(fmax(s->x[k], 0), 1);
  for (int32_t i = 0; i < m->cells; i++) {
    m->quantity[i] = fmin(fmax(0, s->x[m->first_order + i]), p->most[i]);
    if (!m->in[i]) m->part[p->suppliers + i] = p->most[i] > 0 ? m->quantity[i] / p->most[i] : 0;
  }
  return end;
}

double clx_master_gain(const clx_master *m, int32_t decision, bool in) {
  const clx_sourcing *p = m->p;
  const clx_simplex *s = &m->simplex;
  if (decision < p->suppliers) return in ? fmax(0, s->reduced[decision]) : fmax(0, -s->reduced[decision]);
  const int32_t i = decision - p->suppliers, u = i / p->periods;
  const double open = s->reduced[m->first_order + i], order = open - setup_of_unit(p, i);
  const double now = open < 0 ? open * p->most[i] : 0;  // what the bound assumes of it
  if (!in) return -now;
  const double supplier = s->least[u] < s->most[u] ? fmax(0, s->reduced[u]) : 0;
  return p->setup[i] + order * (order < 0 ? p->most[i] : p->lot[i]) - now + supplier;
}

// --- cuts ----------------------------------------------------------------------------------------------------------------------------------

// Mean share of each order that has arrived by each period, times what holding costs: the slopes of the cuts where nothing is late.
static void set_held(clx_master *m) {
  const clx_sourcing *p = m->p;
  const int32_t T = p->periods;
  for (int32_t w = 0; w < p->scenarios; w++) {
    const size_t row = (size_t)w * (size_t)m->cells;
    for (int32_t i = 0; i < m->cells; i++) {
      const double part = (1 - p->lambda) * p->probability[w] * p->yield[row + (size_t)i];
      for (int32_t t = p->arrival[row + (size_t)i]; t < T; t++)
        m->held[(size_t)i * (size_t)(T + 1) + (size_t)t] += part * p->hold[t];
    }
  }
}

// The part of scenario w in the cuts of periods: sum_w p_w slope_wt (X_wt - D_wt). What arrives in period a counts in all periods from a on. Slopes differ
// from the holding cost where the scenario is late, in few periods.
static void add_periods(clx_master *m, int32_t w, const double *target, const double *slope) {
  const clx_sourcing *p = m->p;
  const int32_t T = p->periods;
  const double *yield = p->yield + (size_t)w * (size_t)m->cells, mean = (1 - p->lambda) * p->probability[w];
  const int32_t *arrival = p->arrival + (size_t)w * (size_t)m->cells;
  double weight[CLX_PERIODS_MAX];
  int32_t late[CLX_PERIODS_MAX], count = 0;
  for (int32_t t = 0; t < T; t++) {
    m->constant[t] -= mean * slope[t] * target[t];
    if (slope[t] >= p->hold[t]) continue;
    weight[count] = mean * (p->hold[t] - slope[t]);
    late[count++] = t;
  }
  for (int32_t i = 0; count > 0 && i < m->cells; i++) {
    double *cut = m->cut + (size_t)i * (size_t)(T + 1);
    for (int32_t k = count - 1; k >= 0 && late[k] >= arrival[i]; k--) cut[late[k]] -= yield[i] * weight[k];
  }
}

// The part of scenario w in the cut of the CVaR.
static void add_tail(clx_master *m, int32_t w, const double *target, const double *slope) {
  const clx_sourcing *p = m->p;
  const int32_t T = p->periods;
  const double *yield = p->yield + (size_t)w * (size_t)m->cells, tail = p->lambda * m->second.weight[w];
  const int32_t *arrival = p->arrival + (size_t)w * (size_t)m->cells;
  double rest[CLX_PERIODS_MAX + 1];
  rest[T] = 0;
  for (int32_t t = T - 1; t >= 0; t--) {
    rest[t] = rest[t + 1] + tail * slope[t];
    m->constant[T] -= tail * slope[t] * target[t];
  }
  for (int32_t i = 0; i < m->cells; i++)
    if (arrival[i] < T) m->cut[(size_t)i * (size_t)(T + 1) + (size_t)T] += yield[i] * rest[arrival[i]];
}

// Slopes and constants of the T + 1 cuts at the last evaluation.
static void make_cuts(clx_master *m) {
  const clx_sourcing *p = m->p;
  const clx_second *second = &m->second;
  const int32_t T = p->periods;
  memcpy(m->cut, m->held, (size_t)(T + 1) * (size_t)m->cells * sizeof(double));
  memset(m->constant, 0, (size_t)(T + 1) * sizeof(double));
  for (int32_t w = 0; w < p->scenarios; w++) {
    const double *target = second->target + (second->target_rows == 1 ? 0 : (size_t)w * (size_t)T);
    const double *slope = second->slope + (size_t)w * (size_t)T;
    const double constant = second->constant[second->target_rows == 1 ? 0 : w];
    m->constant[0] += (1 - p->lambda) * p->probability[w] * constant;
    m->constant[T] += p->lambda * second->weight[w] * constant;
    if (p->lambda < 1) add_periods(m, w, target, slope);
    if (p->lambda * second->weight[w] > 0) add_tail(m, w, target, slope);
  }
}

// Cut k of the last evaluation, where the estimate is below it.
static int32_t add_cut(clx_master *m, int32_t k, double tolerance) {
  const int32_t width = m->p->periods + 1;
  double value = m->constant[k];
  for (int32_t i = 0; i < m->cells; i++) value += m->cut[(size_t)i * (size_t)width + (size_t)k] * m->quantity[i];
  if (value - m->simplex.x[m->first_estimate + k] <= tolerance) return 0;
  clear_row(m);
  for (int32_t i = 0; i < m->cells; i++) set_order(m, i, -m->cut[(size_t)i * (size_t)width + (size_t)k]);
  m->row[m->first_estimate + k] = 1;
  const bool added = clx_simplex_add(&m->simplex, m->row, m->constant[k]);
  m->cuts += added;
  return added;
}

// q <= most u where the last solution breaks it.
static int32_t add_links(clx_master *m) {
  const clx_sourcing *p = m->p;
  int32_t added = 0;
  for (int32_t i = 0; i < m->cells; i++) {
    const int32_t u = i / p->periods;
    if (m->simplex.least[u] >= 1 || m->quantity[i] <= p->most[i] * (m->part[u] + 1e-7) + 1e-9) continue;
    clear_row(m);
    set_order(m, i, -1);
    m->row[u] = p->most[i];
    added += clx_simplex_add(&m->simplex, m->row, 0);
  }
  return added;
}

int32_t clx_master_cut(clx_master *m, double tolerance, double *missed) {
  const clx_sourcing *p = m->p;
  double mean = 0, cvar = 0, estimate = 0;
  if (m->simplex.rows > m->fixed_rows + KEPT + m->simplex.columns / 4)
    clx_simplex_drop(&m->simplex, m->fixed_rows, AGE);
  if (m->simplex.idle_count < m->cells + p->periods + 1) clx_simplex_drop(&m->simplex, m->fixed_rows, 0);
  clx_second_value(&m->second, m->quantity, &mean, &cvar);
  for (int32_t k = 0; k <= p->periods; k++) estimate += m->simplex.x[m->first_estimate + k];
  *missed = (1 - p->lambda) * mean + p->lambda * cvar - estimate;
  int32_t added = add_links(m);
  if (*missed <= tolerance) return added;
  make_cuts(m);
  for (int32_t k = 0; k <= p->periods; k++) added += add_cut(m, k, tolerance / (p->periods + 1));
  return added;
}
