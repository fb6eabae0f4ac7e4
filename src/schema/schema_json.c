// JSON Schema (draft 2020-12), for editors that complete and check YAML.
#include <jansson.h>
#include <stdio.h>

#include "schema/schema_internal.h"
#include "unit/unit.h"

static json_t *object_schema(const clx_schema *schema);

// Takes `value` over. False when out of memory, also that of the value.
static bool put(json_t *object, const char *key, json_t *value) { return json_object_set_new(object, key, value) == 0; }

static json_t *whole(bool made, json_t *value) {
  if (made) return value;
  json_decref(value);
  return NULL;
}

static json_t *typed(const char *type) {
  json_t *object = json_object();
  return whole(put(object, "type", json_string(type)), object);
}

// Plain numbers may be written with digit groups or a percent sign, so as text too; those with a unit are text.
static json_t *number_schema(const clx_row *row) {
  if (row->unit != NULL) return typed("string");
  json_t *object = json_object(), *types = json_array();
  const char *number = row->kind == CLX_ROW_REAL || row->kind == CLX_ROW_REALS ? "number" : "integer";
  bool made = json_array_append_new(types, json_string(number)) == 0 &&
              json_array_append_new(types, json_string("string")) == 0;
  made = put(object, "type", types) && made;
  if (clx_row_is_limited(row)) {
    made = made && put(object, "minimum", json_real(row->minimum)) && put(object, "maximum", json_real(row->maximum));
  }
  return whole(made, object);
}

static json_t *array_of(json_t *items) {
  json_t *object = json_object();
  const bool made = put(object, "items", items) && put(object, "type", json_string("array"));
  return whole(made, object);
}

static json_t *one_or_many(const clx_row *row) {
  json_t *object = json_object(), *ways = json_array();
  bool made = json_array_append_new(ways, number_schema(row)) == 0 &&
              json_array_append_new(ways, array_of(number_schema(row))) == 0;
  made = put(object, "anyOf", ways) && made;
  return whole(made, object);
}

static json_t *choice_schema(const clx_row *row) {
  json_t *object = json_object(), *words = json_array();
  bool made = words != NULL;
  for (int32_t i = 0; row->choices[i] != NULL; i++) {
    made = made && json_array_append_new(words, json_string(row->choices[i])) == 0;
  }
  made = put(object, "enum", words) && made;
  return whole(made, object);
}

static json_t *row_schema(const clx_row *row) {
  switch (row->kind) {
    case CLX_ROW_REAL:
    case CLX_ROW_INT:
    case CLX_ROW_COUNT:
      return number_schema(row);
    case CLX_ROW_BOOL:
      return typed("boolean");
    case CLX_ROW_TEXT:
      return row->map_offset != 0 ? json_pack("{s:[s,s]}", "type", "string", "object") : typed("string");
    case CLX_ROW_CHOICE:
      return choice_schema(row);
    case CLX_ROW_STRUCT:
      return object_schema(row->sub);
    case CLX_ROW_LIST:
      return array_of(object_schema(row->sub));
    case CLX_ROW_TEXTS:
      return array_of(typed("string"));
    case CLX_ROW_REALS:
    case CLX_ROW_INTS:
      return row->single ? one_or_many(row) : array_of(number_schema(row));
    case CLX_ROW_NODE:
      return typed("object");
  }
  return NULL;
}

static json_t *description(const clx_row *row) {
  char low[48], high[48];
  if (row->unit == NULL || !clx_row_is_limited(row)) return json_string(row->doc == NULL ? "" : row->doc);
  return json_sprintf("%s (%s to %s)", row->doc == NULL ? "" : row->doc,
                      clx_quantity_format(row->minimum, row->unit, 6, low, sizeof low),
                      clx_quantity_format(row->maximum, row->unit, 6, high, sizeof high));
}

static json_t *object_schema(const clx_schema *schema) {
  json_t *object = json_object(), *properties = json_object(), *required = json_array();
  bool made = properties != NULL && required != NULL;
  for (int32_t i = 0; made && i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    json_t *property = row_schema(row);
    made = put(property, "description", description(row));
    if (row->unit != NULL) made = made && put(property, "x-unit", json_string(row->unit));
    if (row->required) made = made && json_array_append_new(required, json_string(row->key)) == 0;
    made = put(properties, row->key, property) && made;
  }
  made = put(object, "properties", properties) && made;
  made = put(object, "required", required) && made;
  made = made && put(object, "type", json_string("object")) &&
         put(object, "description", json_string(schema->doc == NULL ? "" : schema->doc)) &&
         put(object, "additionalProperties", json_false());
  return whole(made, object);
}

// Not json_dumps: that of jansson 2.14 may lose a key and succeed when memory runs out; `failed` of a buffer is never lost.
static int write_part(const char *text, size_t size, void *out) {
  clx_buffer_add(out, text, size);
  return ((clx_buffer *)out)->failed ? -1 : 0;
}

void clx_schema_json(const clx_schema *schema, clx_buffer *out) {
  json_t *root = object_schema(schema);
  const bool made = root != NULL && put(root, "$schema", json_string("https://json-schema.org/draft/2020-12/schema")) &&
                    put(root, "title", json_string(schema->name)) &&
                    json_dump_callback(root, write_part, out, JSON_INDENT(2)) == 0;
  json_decref(root);
  clx_buffer_add(out, "\n", 1);
  if (!made) out->failed = true;
}
