// Quantile tables and sampled networks.
#pragma once

#include "chance/chance.h"
#include "schedule/schedule_lean.h"
#include "schedule/schedule_rich.h"
#include "schedule/schedule_risk.h"

enum { CLX_RISK_CELLS = 256, CLX_RISK_LANES = 8, CLX_RISK_BLOCK = 4096 };

// Quantiles at k / CELLS, linear in between; of a lognormal the outer cells, in which lines would be poor, are computed.
typedef struct clx_risk_table {
  double node[CLX_RISK_CELLS + 1];
  bool tails;  // exact outside
  double mean, sigma;
} clx_risk_table;

clx_status clx_risk_table_make(const clx_risk_spread *spread, clx_risk_table *table, clx_error *error,
                               const char *name);
double clx_risk_quantile(const clx_risk_table *table, double u);  // exact formula of lognormals; the table's for others

// A link as the forward pass takes it: time of `from`'s start or finish + lag <= that of `to`.
typedef struct clx_risk_link {
  int32_t from, lag;
  bool ends, finishes;
} clx_risk_link;

typedef struct clx_risk_model {
  const clx_risk_spec *spec;
  int32_t n;
  int32_t *activity;  // [n] in topological order
  int32_t *place;     // [n] of an activity in it
  int32_t *first;     // [n + 1] links into
  clx_risk_link *link;
  double *base;           // [n] planned durations
  double *release;        // [n]
  int32_t *table_of;      // [n] -1 = fixed
  int32_t *factor;        // [n] -1 = none
  clx_risk_table *table;  // distinct ones
  int32_t table_count;
  clx_risk_table *delay;  // [event_count]
  bool policy;
  clx_lean lean;  // where the policy is lean
  bool is_lean;
  clx_project copy;  // where it is not: durations are written into it
  int32_t *key;
} clx_risk_model;

// Sums over one block of samples.
typedef struct clx_risk_sums {
  double *critical, *duration, *square, *product;  // [n] by place
  double end, end_square;
} clx_risk_sums;

// Work space of one thread.
typedef struct clx_risk_space {
  double *duration, *start, *finish;  // [n][LANES]
  double *factor;                     // [factor_count][LANES]
  int32_t *whole, *order, *begin;     // [n] of the policy
  uint64_t *room;
  clx_lean lean;
  clx_rich *rich;
  clx_project copy;
  clx_project_mode *mode;
  clx_project_plan plan;
} clx_risk_space;

clx_status clx_risk_model_make(const clx_risk_spec *spec, clx_arena *arena, clx_risk_model *model, clx_error *error);
clx_status clx_risk_space_make(const clx_risk_model *model, clx_arena *arena, clx_risk_space *space, clx_error *error);
void clx_risk_draw(const clx_risk_model *model, clx_risk_space *space, int64_t first, int32_t count);
void clx_risk_pass(const clx_risk_model *model, clx_risk_space *space, double *end);
// The ends of `count` <= LANES samples under the policy; false: the horizon did not suffice.
bool clx_risk_policy(const clx_risk_model *model, clx_risk_space *space, int32_t count, double *end);
