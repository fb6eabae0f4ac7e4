// Operator tables: rows into lists that a look-up takes O(1) in, and the composition of an iteration (Vidur:
// vidur/execution_time_predictor, vidur/entities/execution_time.py).
#include "engine/engine_operators.h"

#include <math.h>
#include <stdlib.h>

#include "table/table.h"

typedef enum operator_kind {
  PRE_PROJ,
  POST_PROJ,
  UP_PROJ,
  DOWN_PROJ,
  ACT,
  ROPE,
  INPUT_NORM,
  POST_NORM,
  ADD,
  CACHE_SAVE,
  ALL_REDUCE,
  SEND_RECV,
  DECODE,
  PREFILL,
  OPERATORS
} operator_kind;

static const char *const NAME[OPERATORS + 1] = {"attn_pre_proj",
                                                "attn_post_proj",
                                                "mlp_up_proj",
                                                "mlp_down_proj",
                                                "mlp_act",
                                                "attn_rope",
                                                "input_layernorm",
                                                "post_attention_layernorm",
                                                "add",
                                                "attn_kv_cache_save",
                                                "all_reduce",
                                                "send_recv",
                                                "attn_decode",
                                                "attn_prefill",
                                                NULL};

enum { ARGUMENT_MAX = 1 << 20, ROUND = 8, TIME_MAX = 1000000 };  // TIME_MAX: ms of one operator in one layer

typedef struct row {
  int32_t op, a, b, line;
  double time;  // s
} row;

// Rows of attention with equal a: b and time, ascending.
typedef struct group {
  const row *first;
  int32_t count;
} group;

typedef struct grid {
  group *group;
  int32_t *at;  // [last + 1]: the group for an a, rounded up
  int32_t count, last;
  int32_t fine;  // largest b that is no multiple of ROUND
} grid;

struct clx_operators {
  clx_operators *self;  // what the law is given: it counts
  clx_operator_rules rules;
  double *whole;  // [tokens + 1]: s of a layer's operators but attention
  double *send;   // [tokens + 1]: s to the next stage
  int32_t tokens;
  grid decode, prefill;
  clx_operators_outside outside;
};

clx_operator_rules clx_operator_rules_default(void) {
  return (clx_operator_rules){.stages = 1, .launch = 20e-6, .decode_batching = 0.1, .prefill_batching = 0.1};
}

// --- reading ----------------------------------------------------------------------------------------------------------------------

static int by_place(const void *left, const void *right) {
  const row *x = left, *y = right;
  if (x->op != y->op) return x->op < y->op ? -1 : 1;
  if (x->a != y->a) return x->a < y->a ? -1 : 1;
  return x->b != y->b ? (x->b < y->b ? -1 : 1) : 0;
}

static clx_status read_argument(const clx_table *table, int32_t r, int32_t column, int32_t *out, clx_error *error) {
  double value = 0;
  if (!clx_table_number(table, r, column, &value) || value < 0 || value > ARGUMENT_MAX || value != floor(value)) {
    return clx_fail(error, CLX_INPUT, (clx_place){table->file, table->line[r], 0},
                    "column %s: read '%s', expected a whole number from 0 to %d", table->column[column],
                    clx_table_cell(table, r, column), ARGUMENT_MAX);
  }
  *out = (int32_t)value;
  return CLX_OK;
}

static clx_status read_row(const clx_table *table, const int32_t column[4], int32_t r, row *out, clx_error *error) {
  const clx_place place = {table->file, table->line[r], 0};
  const char *name = clx_table_cell(table, r, column[0]);
  out->line = table->line[r];
  out->op = 0;
  while (out->op < OPERATORS && !clx_text_equal(name, NAME[out->op])) out->op++;
  if (out->op == OPERATORS) {
    const char *nearest = clx_nearest(name, NAME, OPERATORS);
    return clx_fail(error, CLX_INPUT, place, "unknown operator '%s'%s%s", name, nearest ? ", did you mean " : "",
                    nearest ? nearest : "");
  }
  CLX_TRY(read_argument(table, r, column[1], &out->a, error));
  if (out->op >= DECODE) CLX_TRY(read_argument(table, r, column[2], &out->b, error));
  if (!clx_table_number(table, r, column[3], &out->time) || !(out->time >= 0 && out->time <= TIME_MAX)) {
    return clx_fail(error, CLX_INPUT, place, "column time_ms: read '%s', expected a time from 0 to %d ms",
                    clx_table_cell(table, r, column[3]), TIME_MAX);
  }
  out->time *= 1e-3;
  return CLX_OK;
}

static clx_status read_rows(clx_arena *arena, const clx_table *table, row **out, clx_error *error) {
  static const char *const COLUMN[] = {"op", "a", "b", "time_ms"};
  int32_t column[4];
  for (int32_t k = 0; k < 4; k++) {
    column[k] = clx_table_column(table, COLUMN[k]);
    if (column[k] < 0) {
      return clx_fail(error, CLX_INPUT, (clx_place){table->file, 1, 0}, "column %s is missing", COLUMN[k]);
    }
  }
  row *rows = CLX_NEW_ARRAY(arena, row, table->row_count + 1);
  if (rows == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t r = 0; r < table->row_count; r++) CLX_TRY(read_row(table, column, r, &rows[r], error));
  qsort(rows, (size_t)table->row_count, sizeof(row), by_place);
  for (int32_t r = 1; r < table->row_count; r++) {
    if (by_place(&rows[r - 1], &rows[r]) != 0) continue;
    return clx_fail(error, CLX_INPUT, (clx_place){table->file, rows[r].line, 0}, "%s of a %d, b %d stands twice",
                    NAME[rows[r].op], rows[r].a, rows[r].b);
  }
  *out = rows;
  return CLX_OK;
}

// --- lists --------------------------------------------------------------------------------------------------------------------------

static group rows_of(const row *rows, int32_t count, int32_t op) {
  group g = {NULL, 0};
  for (int32_t r = 0; r < count; r++) {
    if (rows[r].op != op) continue;
    if (g.count++ == 0) g.first = &rows[r];
  }
  return g;
}

// Adds `times` of an operator to a list over tokens.
static void add_operator(double *list, int32_t tokens, group g, double times, double extra) {
  int32_t k = 0;
  for (int32_t t = 1; t <= tokens; t++) {
    while (k + 1 < g.count && g.first[k].a < t) k++;
    list[t] += times * (g.first[k].time + extra);
  }
}

static bool needed(const clx_operator_rules *rules, int32_t op) {
  if (op == CACHE_SAVE) return false;
  if (op == ALL_REDUCE) return rules->expects_all_reduce;
  return op != SEND_RECV || rules->stages > 1;
}

static clx_status make_lists(clx_arena *arena, clx_operators *o, const clx_table *table, const row *rows,
                             clx_error *error) {
  o->tokens = ARGUMENT_MAX;
  for (int32_t op = 0; op < OPERATORS; op++) {
    const group g = rows_of(rows, table->row_count, op);
    if (g.count == 0 && needed(&o->rules, op)) {
      return clx_fail(error, CLX_INPUT, (clx_place){table->file, 0, 0}, "no rows of operator %s", NAME[op]);
    }
    if (op < DECODE && g.count > 0 && g.first[g.count - 1].a < o->tokens) o->tokens = g.first[g.count - 1].a;
  }
  o->whole = CLX_NEW_ARRAY(arena, double, o->tokens + 1);
  o->send = CLX_NEW_ARRAY(arena, double, o->tokens + 1);
  if (o->whole == NULL || o->send == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t op = 0; op < DECODE; op++) {
    const group g = rows_of(rows, table->row_count, op);
    if (g.count == 0) continue;
    const bool reduce = op == ALL_REDUCE;  // after attention and after the feed-forward block
    add_operator(op == SEND_RECV ? o->send : o->whole, o->tokens, g, reduce ? 2 : 1, reduce ? o->rules.launch : 0);
  }
  return CLX_OK;
}

static clx_status make_grid(clx_arena *arena, grid *out, group all, clx_error *error) {
  int32_t groups = 0;
  for (int32_t k = 0; k < all.count; k++) groups += k == 0 || all.first[k].a != all.first[k - 1].a;
  out->last = all.first[all.count - 1].a;
  out->group = CLX_NEW_ARRAY(arena, group, groups);
  out->at = CLX_NEW_ARRAY(arena, int32_t, out->last + 1);
  if (out->group == NULL || out->at == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int32_t next = 0;
  for (int32_t k = 0; k < all.count; k++) {
    if (k == 0 || all.first[k].a != all.first[k - 1].a) out->group[out->count++].first = &all.first[k];
    out->group[out->count - 1].count++;
    if (all.first[k].b % ROUND != 0 && all.first[k].b > out->fine) out->fine = all.first[k].b;
    while (next <= all.first[k].a) out->at[next++] = out->count - 1;
  }
  return CLX_OK;
}

static clx_status check_layers(const clx_operator_rules *rules, clx_error *error) {
  if (rules->layers < 1 || rules->stages < 1 || rules->layers % rules->stages != 0) {
    return clx_fail_plain(error, CLX_INPUT, "%d layers do not divide into %d stages", rules->layers, rules->stages);
  }
  return CLX_OK;
}

static clx_status make(clx_arena *arena, const clx_table *table, const clx_operator_rules *rules,
                       clx_operators **operators, clx_error *error) {
  row *rows = NULL;
  CLX_TRY(read_rows(arena, table, &rows, error));
  clx_operators *o = CLX_NEW(arena, clx_operators);
  if (o == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  o->self = o;
  o->rules = *rules;
  CLX_TRY(make_lists(arena, o, table, rows, error));
  CLX_TRY(make_grid(arena, &o->decode, rows_of(rows, table->row_count, DECODE), error));
  CLX_TRY(make_grid(arena, &o->prefill, rows_of(rows, table->row_count, PREFILL), error));
  *operators = o;
  return CLX_OK;
}

clx_status clx_operators_load(clx_arena *arena, const char *path, const clx_operator_rules *rules,
                              clx_operators **operators, clx_error *error) {
  clx_table table;
  CLX_TRY(check_layers(rules, error));
  CLX_TRY(clx_table_load(arena, path, &table, error));
  return make(arena, &table, rules, operators, error);
}

clx_status clx_operators_read(clx_arena *arena, const char *file, const char *data, size_t size,
                              const clx_operator_rules *rules, clx_operators **operators, clx_error *error) {
  clx_table table;
  CLX_TRY(check_layers(rules, error));
  CLX_TRY(clx_table_read(arena, file, data, size, &table, error));
  return make(arena, &table, rules, operators, error);
}

// --- the law --------------------------------------------------------------------------------------------------------------------------

static int32_t within(int32_t value, int32_t last, int32_t *beyond, bool *outside) {
  if (value <= last) return value;
  *outside = true;
  if (value > *beyond) *beyond = value;
  return last;
}

// First row with b at or above the value; the last where there is none.
static int32_t at_or_above(group g, int32_t b) {
  int32_t low = 0, high = g.count - 1;
  while (low < high) {
    const int32_t middle = (low + high) / 2;
    if (g.first[middle].b < b) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Attention of decodes at the mean of their lengths, the new token counted (Vidur's num_processed_tokens).
static double decode_time(clx_operators *o, const clx_engine_step *step, bool *outside) {
  if (step->decodes == 0) return 0;
  const int32_t batch = within(step->decodes, o->decode.last, &o->outside.batch, outside);
  const group g = o->decode.group[o->decode.at[batch]];
  int32_t mean = (int32_t)(step->context / step->decodes) + 1;
  mean = within(mean, g.first[g.count - 1].b, &o->outside.context, outside);
  return g.first[at_or_above(g, mean)].time * (step->decodes > 1 ? 1 + o->rules.decode_batching : 1);
}

// New tokens of a prompt in terms of rows: where these stand on multiples of 8 only, it is one of them that was asked.
static int32_t rounded(const grid *prefill, double tokens) {
  const int32_t n = (int32_t)nearbyint(tokens);
  return n <= prefill->fine ? n : (n + ROUND - 1) / ROUND * ROUND;
}

// Attention of prompts as that of one: caches add up, each rounded up to a row; the squares of new tokens add up.
static double prefill_time(clx_operators *o, const clx_engine_step *step, bool *outside) {
  if (step->chunks == 0) return 0;
  int64_t cached = 0;
  double squares = 0;
  for (int32_t k = 0; k < step->chunks; k++) {
    const int32_t one = within(step->chunk[k].cached, o->prefill.last, &o->outside.context, outside);
    cached += o->prefill.group[o->prefill.at[one]].first->a;
    squares += (double)step->chunk[k].tokens * step->chunk[k].tokens;
  }
  const int32_t all = cached > ARGUMENT_MAX ? ARGUMENT_MAX : (int32_t)cached;
  const group g = o->prefill.group[o->prefill.at[within(all, o->prefill.last, &o->outside.context, outside)]];
  const int32_t chunk = within(rounded(&o->prefill, sqrt(squares)), g.first[g.count - 1].b, &o->outside.chunk, outside);
  int32_t k = at_or_above(g, chunk);
  if (k > 0 && g.first[k].b > chunk) k--;
  return g.first[k].time * (step->chunks > 1 ? 1 + o->rules.prefill_batching : 1);
}

static clx_step_cost cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  clx_operators *o = ((const clx_operators *)self)->self;
  double longest = 0;
  bool outside = false;
  for (int32_t r = 0; r < ranks; r++) {
    const int32_t new_tokens = step[r].decodes * step[r].verified + step[r].prompt_tokens;
    const int32_t tokens = within(new_tokens, o->tokens, &o->outside.tokens, &outside);
    const double layer = o->whole[tokens] + decode_time(o, &step[r], &outside) + prefill_time(o, &step[r], &outside);
    double time = layer * (o->rules.layers / o->rules.stages);
    if (stage < o->rules.stages - 1) time += o->send[tokens];
    if (time > longest) longest = time;
  }
  if (outside) o->outside.iterations++;
  return (clx_step_cost){.time = longest};
}

clx_step_law clx_operators_law(clx_operators *operators) {
  operators->outside = (clx_operators_outside){0};
  return (clx_step_law){.cost = cost, .self = operators};
}

clx_operators_outside clx_operators_beyond(const clx_operators *operators) { return operators->outside; }
