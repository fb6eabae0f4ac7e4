// Everything as JSON, in the order in which it was found.
#include <jansson.h>

#include "result/result_internal.h"

// Takes `value` over. False when out of memory: a key is never left out silently.
static bool put(json_t *object, const char *key, json_t *value) { return json_object_set_new(object, key, value) == 0; }
static bool push(json_t *array, json_t *value) { return json_array_append_new(array, value) == 0; }

// `value` when all of it could be made, else NULL.
static json_t *whole(bool made, json_t *value) {
  if (made) return value;
  json_decref(value);
  return NULL;
}

static json_t *quantity(const clx_quantity *q) {
  json_t *object = json_object();
  const bool made = put(object, "value", json_real(q->value)) && put(object, "unit", json_string(q->unit)) &&
                    put(object, "low", json_real(q->low)) && put(object, "high", json_real(q->high)) &&
                    put(object, "doc", json_string(q->doc));
  return whole(made, object);
}

static json_t *quantities(const clx_result *r) {
  json_t *object = json_object();
  bool made = object != NULL;
  for (int32_t i = 0; made && i < r->quantity_count; i++)
    made = put(object, r->quantity[i].name, quantity(&r->quantity[i]));
  return whole(made, object);
}

static json_t *facts(const clx_result *r) {
  json_t *object = json_object();
  bool made = object != NULL;
  for (int32_t i = 0; made && i < r->fact_count; i++) made = put(object, r->fact[i].key, json_string(r->fact[i].text));
  return whole(made, object);
}

static json_t *numbers(const double *values, int32_t count) {
  json_t *array = json_array();
  bool made = array != NULL;
  for (int32_t i = 0; made && i < count; i++) made = push(array, json_real(values[i]));
  return whole(made, array);
}

static json_t *one_series(const clx_series *s) {
  json_t *object = json_object();
  const bool made = put(object, "unit", json_string(s->unit)) && put(object, "x_name", json_string(s->x_name)) &&
                    put(object, "x_unit", json_string(s->x_unit)) && put(object, "x", numbers(s->x, s->count)) &&
                    put(object, "y", numbers(s->y, s->count));
  return whole(made, object);
}

static json_t *all_series(const clx_result *r) {
  json_t *object = json_object();
  bool made = object != NULL;
  for (int32_t i = 0; made && i < r->series_count; i++)
    made = put(object, r->series[i].name, one_series(&r->series[i]));
  return whole(made, object);
}

static json_t *warnings(const clx_result *r) {
  json_t *array = json_array();
  bool made = array != NULL;
  for (int32_t i = 0; made && i < r->warning_count; i++) made = push(array, json_string(r->warning[i]));
  return whole(made, array);
}

static json_t *assumption(const clx_pair *pair) {
  json_t *object = json_object();
  return whole(put(object, "key", json_string(pair->key)) && put(object, "why", json_string(pair->text)), object);
}

static json_t *assumptions(const clx_result *r) {
  json_t *array = json_array();
  bool made = array != NULL;
  for (int32_t i = 0; made && i < r->assumption_count; i++) made = push(array, assumption(&r->assumption[i]));
  return whole(made, array);
}

static json_t *everything(const clx_result *r) {
  json_t *root = json_object();
  const bool made = put(root, "schema_version", json_integer(1)) && put(root, "quantities", quantities(r)) &&
                    put(root, "facts", facts(r)) && put(root, "series", all_series(r)) &&
                    put(root, "warnings", warnings(r)) && put(root, "assumptions", assumptions(r));
  return whole(made, root);
}

// Not json_dumps: that of jansson 2.14 may lose a key and succeed when memory runs out; `failed` of a buffer is never lost.
static int write_part(const char *text, size_t size, void *out) {
  clx_buffer_add(out, text, size);
  return ((clx_buffer *)out)->failed ? -1 : 0;
}

clx_status clx_result_write_json(const clx_result *r, clx_buffer *out, clx_error *error) {
  json_t *root = everything(r);
  // 17 digits give every double back.
  const bool made =
      root != NULL && json_dump_callback(root, write_part, out, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) == 0;
  json_decref(root);
  clx_buffer_add(out, "\n", 1);
  return made && !out->failed ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}
