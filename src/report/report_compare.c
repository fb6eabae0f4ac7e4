// Two results side by side.
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "unit/unit.h"

typedef struct change {
  const clx_quantity *a, *b;
  double ratio;  // b / a; 0 when a is 0
} change;

static double distance(const change *c) {
  if (c->a->value == c->b->value) return 0;
  return c->ratio > 0 ? fabs(log(c->ratio)) : INFINITY;
}

static int compare_changes(const void *x, const void *y) {
  const double a = distance(x), b = distance(y);
  return (a < b) - (a > b);
}

static int32_t collect(const clx_result *a, const clx_result *b, change *out) {
  int32_t count = 0;
  for (int32_t i = 0; i < clx_result_count(a); i++) {
    const clx_quantity *qa = clx_result_at(a, i), *qb = clx_result_find(b, qa->name);
    if (qb == NULL || strcmp(qa->unit, qb->unit) != 0) continue;
    out[count++] = (change){qa, qb, qa->value != 0 ? qb->value / qa->value : 0};
  }
  return count;
}

static void write_text(const clx_result *a, const clx_result *b, const change *changes, int32_t count,
                       clx_buffer *out) {
  enum { LINES = 26 };
  char left[48], right[48];
  clx_buffer_format(out, "%-38s %22s %22s %8s\n", "quantity", clx_result_fact(a, "scenario.name"),
                    clx_result_fact(b, "scenario.name"), "ratio");
  int32_t shown = 0, equal = 0;
  for (int32_t i = 0; i < count; i++) {
    const change *c = &changes[i];
    if (distance(c) == 0) {
      equal++;
    } else if (shown++ < LINES) {
      clx_buffer_format(out, "%-38s %22s %22s", c->a->name,
                        clx_quantity_format(c->a->value, c->a->unit, 4, left, sizeof left),
                        clx_quantity_format(c->b->value, c->b->unit, 4, right, sizeof right));
      clx_buffer_format(out, c->ratio > 0 ? " %8.3f\n" : "        -\n", c->ratio);
    }
  }
  if (shown > LINES) clx_buffer_format(out, "and %d more: --json\n", shown - LINES);
  clx_buffer_format(out, "%d quantities are equal\n", equal);
}

static void write_json(const change *changes, int32_t count, clx_buffer *out) {
  json_t *root = json_object(), *list = json_object();
  for (int32_t i = 0; i < count; i++) {
    const change *c = &changes[i];
    json_t *one = json_pack("{s:f,s:f,s:s}", "a", c->a->value, "b", c->b->value, "unit", c->a->unit);
    json_object_set_new(one, "ratio", c->a->value != 0 ? json_real(c->ratio) : json_null());
    json_object_set_new(list, c->a->name, one);
  }
  json_object_set_new(root, "quantities", list);
  char *text = json_dumps(root, JSON_INDENT(2));
  json_decref(root);
  out->failed = out->failed || text == NULL;
  if (text != NULL) clx_buffer_format(out, "%s\n", text);
  free(text);
}

clx_status clx_report_compare(const clx_result *a, const clx_result *b, bool json, clx_buffer *out, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  change *changes = arena == NULL ? NULL : CLX_NEW_ARRAY(arena, change, clx_result_count(a) + 1);
  if (changes == NULL) {
    clx_arena_free(arena);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  const int32_t count = collect(a, b, changes);
  qsort(changes, (size_t)count, sizeof *changes, compare_changes);
  if (json) {
    write_json(changes, count, out);
  } else {
    write_text(a, b, changes, count, out);
  }
  clx_arena_free(arena);
  return CLX_OK;
}
