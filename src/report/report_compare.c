// Two results side by side.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_internal.h"
#include "unit/unit.h"

typedef struct change {
  const clx_quantity *a, *b;
  double distance;  // |log(b / a)|; infinite where a ratio means nothing; 0 = equal
  int32_t head;     // place in HEAD where it stands there and differs, else HEADS
  int32_t order;    // of appearance: keeps the sort stable
} change;

typedef struct comparison {
  const clx_result *a, *b;
  change *change;
  int32_t count, changed;
} comparison;

// Facts that a reader would look for where numbers differ.
static const char *const FACTS[] = {
    "machine.fleet",      "network.switch",  "training.model",           "training.software",
    "training.precision", "training.layout", "training.flop_convention", "training.bound_by"};

// What is asked of any two machines: it stands first, however little it differs.
static const char *const HEAD[] = {"training.step_time",      "reliability.goodput",    "reliability.time_to_train",
                                   "power.site_mean",         "power.site_peak",        "power.pue",
                                   "buildout.first_training", "buildout.full_capacity", "cost.capex",
                                   "cost.opex_per_year",      "cost.per_gpu_hour",      "cost.per_training_run"};
enum { HEADS = sizeof HEAD / sizeof HEAD[0] };

static int32_t head_of(const char *name, double distance) {
  for (int32_t i = 0; i < HEADS && distance > 0; i++) {
    if (strcmp(HEAD[i], name) == 0) return i;
  }
  return HEADS;
}

static bool has_ratio(const change *c) { return c->a->value != 0; }

static double distance(double a, double b) {
  if (a == b) return 0;
  const double ratio = a != 0 ? b / a : 0;
  return ratio > 0 ? fabs(log(ratio)) : INFINITY;
}

static int compare_changes(const void *x, const void *y) {
  const change *a = x, *b = y;
  if (a->head != b->head) return a->head < b->head ? -1 : 1;
  if (a->distance != b->distance) return a->distance < b->distance ? 1 : -1;
  return (a->order > b->order) - (a->order < b->order);
}

// What is left of a balance is rounding: its ratio says nothing.
static bool is_rounding(const char *name) {
  static const char END[] = "residual";
  const size_t length = strlen(name), own = sizeof END - 1;
  return length >= own && strcmp(name + length - own, END) == 0;
}

static void collect(comparison *c) {
  for (int32_t i = 0; i < clx_result_count(c->a); i++) {
    const clx_quantity *a = clx_result_at(c->a, i), *b = clx_result_find(c->b, a->name);
    if (b == NULL || strcmp(a->unit, b->unit) != 0) continue;
    const double d = is_rounding(a->name) ? 0 : distance(a->value, b->value);
    c->change[c->count] = (change){a, b, d, head_of(a->name, d), c->count};
    c->count++;
    c->changed += d > 0;
  }
  qsort(c->change, (size_t)c->count, sizeof *c->change, compare_changes);
}

static const char *fact_difference(const comparison *c, int32_t index, const char **a, const char **b) {
  *a = clx_result_fact(c->a, FACTS[index]);
  *b = clx_result_fact(c->b, FACTS[index]);
  return *a != NULL && *b != NULL && strcmp(*a, *b) != 0 ? FACTS[index] : NULL;
}

// How many quantities of `from` the other result does not have.
static int32_t count_alone(const clx_result *from, const clx_result *other) {
  int32_t count = 0;
  for (int32_t i = 0; i < clx_result_count(from); i++) {
    const clx_quantity *q = clx_result_at(from, i), *same = clx_result_find(other, q->name);
    count += same == NULL || strcmp(same->unit, q->unit) != 0;
  }
  return count;
}

// --- text ------------------------------------------------------------------------------------------------------------

static const char *name_of(const clx_result *result) {
  const char *name = clx_result_fact(result, "scenario.name");
  return name != NULL ? name : "-";
}

static void write_change(const change *c, clx_buffer *out) {
  char a[64], b[64];
  clx_buffer_format(out, "%-38.38s %22.22s %22.22s", c->a->name,
                    clx_quantity_format(c->a->value, c->a->unit, 4, a, sizeof a),
                    clx_quantity_format(c->b->value, c->b->unit, 4, b, sizeof b));
  if (has_ratio(c)) {
    clx_buffer_format(out, " %9.4g\n", c->b->value / c->a->value);
  } else {
    clx_buffer_format(out, " %9s\n", "-");
  }
}

// Texts that differ, as "machine   100,000 x h100_sxm -> 200,000 x h100_sxm", at most `most` of two lines each.
static void write_facts(const comparison *c, int32_t most, clx_page *page) {
  const char *a, *b;
  for (int32_t i = 0; i < CLX_COUNT(FACTS) && most > 0; i++) {
    const char *name = fact_difference(c, i, &a, &b);
    if (name == NULL) continue;
    clx_buffer text = {0};
    clx_buffer_format(&text, "%s -> %s", a, b);
    page->out->failed = page->out->failed || text.failed;
    if (!text.failed) clx_page_put(page, strchr(name, '.') + 1, text.data, 2, CLX_REPORT_PLAIN);
    clx_buffer_free(&text);
    most--;
  }
}

static void write_text(const comparison *c, clx_buffer *out) {
  enum { FACT_COUNT = 4 };
  const bool courses = clx_result_fact(c->a, "cost.courses") != NULL || clx_result_fact(c->b, "cost.courses") != NULL;
  clx_page page = {.out = out};
  clx_buffer_format(out, "%-38s %22.22s %22.22s %9s\n", "quantity", name_of(c->a), name_of(c->b), "ratio");
  page.lines++;
  clx_buffer facts = {0};
  clx_page below = {.out = &facts};
  write_facts(c, FACT_COUNT, &below);
  const int32_t room = CLX_REPORT_COMPARE_LINES - page.lines - below.lines - (courses ? 2 : 1);
  const int32_t shown = c->changed <= room ? c->changed : room;
  for (int32_t i = 0; i < shown; i++) write_change(&c->change[i], out);
  if (facts.length > 0) clx_buffer_add(out, facts.data, facts.length);
  out->failed = out->failed || facts.failed;
  clx_buffer_free(&facts);
  clx_buffer_format(out, "%d equal", c->count - c->changed);
  if (shown < c->changed) clx_buffer_format(out, ", %d more that differ: --json", c->changed - shown);
  const int32_t only_a = count_alone(c->a, c->b), only_b = count_alone(c->b, c->a);
  if (only_a > 0) clx_buffer_format(out, ", %d only in the first", only_a);
  if (only_b > 0) clx_buffer_format(out, ", %d only in the second", only_b);
  clx_buffer_format(out, "\n");
  if (courses) clx_buffer_format(out, "courses (section decide) are not compared here: colossus cost SCENARIO\n");
}

// --- JSON ------------------------------------------------------------------------------------------------------------
// json_object_set_new takes a NULL value as a failure, so memory that ran out shows in `done`.

static json_t *change_json(const change *c) {
  json_t *ratio = has_ratio(c) ? json_real(c->b->value / c->a->value) : json_null();
  return json_pack("{s:f,s:f,s:o,s:s}", "a", c->a->value, "b", c->b->value, "ratio", ratio, "unit", c->a->unit);
}

static bool set_alone(json_t *root, const char *key, const clx_result *from, const clx_result *other) {
  json_t *list = json_array();
  bool done = list != NULL;
  for (int32_t i = 0; i < clx_result_count(from) && done; i++) {
    const clx_quantity *q = clx_result_at(from, i), *same = clx_result_find(other, q->name);
    if (same == NULL || strcmp(same->unit, q->unit) != 0) done = json_array_append_new(list, json_string(q->name)) == 0;
  }
  return json_object_set_new(root, key, list) == 0 && done;
}

static bool fill(json_t *root, const comparison *c) {
  json_t *quantities = json_object(), *facts = json_object();
  const char *a, *b;
  bool done = json_object_set_new(root, "schema_version", json_integer(1)) == 0 &&
              json_object_set_new(root, "a", json_string(name_of(c->a))) == 0 &&
              json_object_set_new(root, "b", json_string(name_of(c->b))) == 0;
  for (int32_t i = 0; i < c->count && done; i++) {
    done = json_object_set_new(quantities, c->change[i].a->name, change_json(&c->change[i])) == 0;
  }
  for (int32_t i = 0; i < CLX_COUNT(FACTS) && done; i++) {
    const char *name = fact_difference(c, i, &a, &b);
    if (name != NULL) done = json_object_set_new(facts, name, json_pack("{s:s,s:s}", "a", a, "b", b)) == 0;
  }
  done = json_object_set_new(root, "quantities", quantities) == 0 && done;
  done = json_object_set_new(root, "facts", facts) == 0 && done;
  return set_alone(root, "only_a", c->a, c->b) && set_alone(root, "only_b", c->b, c->a) && done;
}

static void write_json(const comparison *c, clx_buffer *out) {
  json_t *root = json_object();
  char *text = root != NULL && fill(root, c) ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(root);
  out->failed = out->failed || text == NULL;
  if (text != NULL) clx_buffer_format(out, "%s\n", text);
  free(text);
}

clx_status clx_report_compare(const clx_result *a, const clx_result *b, bool json, clx_buffer *out, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  comparison c = {.a = a, .b = b};
  c.change = arena == NULL ? NULL : CLX_NEW_ARRAY(arena, change, clx_result_count(a) + 1);
  if (c.change == NULL) {
    clx_arena_free(arena);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  collect(&c);
  if (json) {
    write_json(&c, out);
  } else {
    write_text(&c, out);
  }
  clx_arena_free(arena);
  return out->failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}
