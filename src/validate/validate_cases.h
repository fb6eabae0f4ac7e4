// Cases: published or exact figures one by one, beside what our models say of them, each with a tolerance. A case is a YAML file of
// validation/FOLDER/, built into the library, or the user's own. The format stands in docs/tables.md.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "document/document.h"
#include "schema/schema.h"

typedef enum clx_case_take { CLX_TAKE_VALUE, CLX_TAKE_LOW, CLX_TAKE_HIGH } clx_case_take;

// One expectation. Figures stand as they were written: their unit is known once the quantity is, and their digits are the
// tolerance where no other is stated.
typedef struct clx_case_row {
  const char *name;        // for people; NULL: the quantity, or the inputs
  const char *form;        // of the row alone; NULL: that of the case
  const clx_node *inputs;  // beside those of the case, and before them
  const char *quantity;    // of the result of a scenario
  int32_t take;            // clx_case_take
  const char *value, *at_least, *at_most;
  const char *absolute;    // tolerance with a unit
  double relative;         // tolerance as a share of the value; -1 = not stated
  double standard_errors;  // tolerance in standard errors of a simulated mean; -1 = not stated
  const char *deviation;   // standard deviation of one replication; NULL: from the band of the quantity
  int32_t fit;             // something in the prediction was fitted to this figure: no proof
  int32_t miss;            // known to lie outside, and `note` says why: no proof, and no failure
  const char *source;      // NULL: that of the case
  const char *note;
  const char **points;  // ids of rows of published.csv beside it
  int32_t point_count;
  clx_place place, form_place, inputs_place, quantity_place, value_place, least_place, most_place, absolute_place,
      deviation_place, miss_place, source_place;
} clx_case_row;

struct clx_case_kind;

typedef struct clx_case {
  const char *subject;  // folder: "reliability"; "" for a file of the user's own
  const char *name, *title, *source, *notes;
  const char *form;
  const clx_node *inputs, *scenario, *cooling, *cost, *buildout, *set, *against;
  clx_case_row *rows;
  int32_t row_count;
  const struct clx_case_kind *kind;
  const char *folder;  // nullable: where relative paths of the user's file start
  clx_place place, name_place, source_place, form_place, inputs_place, scenario_place, cooling_place, cost_place,
      buildout_place, set_place, against_place, rows_place;
} clx_case;

// What one expectation came to. Values in SI.
typedef struct clx_case_outcome {
  bool passed;         // the figure lies inside, whatever is known of it
  const char *reason;  // why nothing was computed; NULL = it was
  const char *
      skipped;  // what is not at hand (a weather file that is not ours to ship), so that nothing was computed: no failure; NULL = it was
  double value;
  const char *unit;
  bool has_value, has_least, has_most;
  double expected, least, most;
  double tolerance;  // SI, of has_value
} clx_case_outcome;

// A case being evaluated.
typedef struct clx_case_run {
  clx_arena *arena;
  const clx_catalog *catalog;
  const clx_case *of;
  int32_t threads;
  void *state;         // the kind's own
  const char *reason;  // nothing can be computed: why
} clx_case_run;

// What a row came to before it is judged.
typedef struct clx_case_value {
  double value;
  const char *unit;
  double deviation;     // standard deviation of one replication, from the band; 0 = not known
  double replications;  // 0 = not simulated
  const char *skipped;  // nullable: what is not at hand; there is no value
} clx_case_value;

// What a case asks: the key that says so, and how it is answered. A new kind is one of these in validate_case_kinds.c, and a row of
// the schema in validate_case_read.c.
typedef struct clx_case_kind {
  const char *key;
  bool quantities;  // rows name quantities; else they have inputs
  // Nullable: what the rows have in common. Mistakes in the case are CLX_INPUT; run->reason where there is no answer.
  clx_status (*open)(clx_case_run *run, clx_error *error);
  clx_status (*value)(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error);
  // Nullable: frees what is not in the arena; mistakes that only all rows together show. After a failed open, too.
  clx_status (*close)(clx_case_run *run, clx_error *error);
} clx_case_kind;

// Runs of scenarios (validate_case_scenario.c).
clx_status clx_case_scenario_open(clx_case_run *run, clx_error *error);
clx_status clx_case_scenario_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error);
clx_status clx_case_scenario_close(clx_case_run *run, clx_error *error);

extern const clx_case_kind clx_case_kinds[];
extern const int32_t clx_case_kind_count;

extern const clx_schema clx_case_schema;

// Reads and checks a case; texts point into the tree or `arena`. All mistakes are reported, with their places.
clx_status clx_case_read(clx_arena *arena, const clx_catalog *catalog, const clx_node *root, clx_case *out,
                         clx_error *error);
// Answers every expectation: outcome[row_count]. A mistake in the case is an error; an answer that is wrong is none.
clx_status clx_case_evaluate(clx_arena *arena, const clx_catalog *catalog, const clx_case *of, int32_t threads,
                             clx_case_outcome *outcome, clx_error *error);

typedef struct clx_case_list {
  clx_case *item;
  int32_t count;
} clx_case_list;

// The cases that `names` name (count 0 = all shipped): a folder, a case, "folder/case", or the path of a file or folder of the
// user's. Each stands once, in the order of the names. CLX_INPUT: an unknown name, with the nearest.
clx_status clx_cases_find(clx_arena *arena, const clx_catalog *catalog, const char *const *names, int32_t count,
                          clx_case_list *out, clx_error *error);

// A figure as it was written ("28.846 h"), taken apart.
typedef struct clx_figure {
  double si;
  double half;         // SI: half a unit of its last digit
  double factor;       // SI of one of its unit
  double offset;       // SI of zero of its unit
  int32_t digits;      // significant
  const char *suffix;  // " h", "" ...
} clx_figure;

// Demands the dimension of `unit`. CLX_INPUT at `place`.
clx_status clx_figure_read(clx_arena *arena, const char *text, const char *unit, clx_place place, clx_figure *out,
                           clx_error *error);

void clx_cases_text(const clx_case_list *list, clx_case_outcome *const *outcome, clx_buffer *out);
void clx_cases_json(const clx_case_list *list, clx_case_outcome *const *outcome, clx_buffer *out);

typedef enum clx_case_verdict {
  CLX_CASE_PASSED,
  CLX_CASE_FIT,
  CLX_CASE_MISSED,
  CLX_CASE_SKIPPED,
  CLX_CASE_FAILED
} clx_case_verdict;

// A figure that is marked as a miss and lies inside has failed: the mark is wrong. So has one that could not be computed.
clx_case_verdict clx_case_judge(const clx_case_row *row, const clx_case_outcome *outcome);

// How many expectations there are, and of each verdict: every one has exactly one.
typedef struct clx_case_counts {
  int32_t cases, cases_failed, rows, passed, failed, fit, missed, skipped;
} clx_case_counts;

clx_case_counts clx_cases_count(const clx_case_list *list, clx_case_outcome *const *outcome);
