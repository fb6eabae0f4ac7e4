// Everything as JSON, in the order in which it was found.
#include <jansson.h>
#include <stdlib.h>

#include "result/result_internal.h"

static json_t *quantities(const clx_result *r) {
  json_t *object = json_object();
  for (int32_t i = 0; i < r->quantity_count; i++) {
    const clx_quantity *q = &r->quantity[i];
    json_object_set_new(object, q->name,
                        json_pack("{s:f,s:s,s:f,s:f,s:s}", "value", q->value, "unit", q->unit, "low", q->low, "high",
                                  q->high, "doc", q->doc));
  }
  return object;
}

static json_t *pairs(const clx_pair *items, int32_t count) {
  json_t *object = json_object();
  for (int32_t i = 0; i < count; i++) json_object_set_new(object, items[i].key, json_string(items[i].text));
  return object;
}

static json_t *numbers(const double *values, int32_t count) {
  json_t *array = json_array();
  for (int32_t i = 0; i < count; i++) json_array_append_new(array, json_real(values[i]));
  return array;
}

static json_t *all_series(const clx_result *r) {
  json_t *object = json_object();
  for (int32_t i = 0; i < r->series_count; i++) {
    const clx_series *s = &r->series[i];
    json_object_set_new(object, s->name,
                        json_pack("{s:s,s:s,s:s,s:o,s:o}", "unit", s->unit, "x_name", s->x_name, "x_unit", s->x_unit,
                                  "x", numbers(s->x, s->count), "y", numbers(s->y, s->count)));
  }
  return object;
}

static json_t *warnings(const clx_result *r) {
  json_t *array = json_array();
  for (int32_t i = 0; i < r->warning_count; i++) json_array_append_new(array, json_string(r->warning[i]));
  return array;
}

clx_status clx_result_write_json(const clx_result *r, clx_buffer *out, clx_error *error) {
  json_t *root = json_pack("{s:i,s:o,s:o,s:o,s:o,s:o}", "schema_version", 1, "quantities", quantities(r), "facts",
                           pairs(r->fact, r->fact_count), "series", all_series(r), "warnings", warnings(r),
                           "assumptions", pairs(r->assumption, r->assumption_count));
  char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (text != NULL) clx_buffer_format(out, "%s\n", text);
  free(text);
  return text == NULL || out->failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}
