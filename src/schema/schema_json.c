// JSON Schema (draft 2020-12), for editors that complete and check YAML.
#include <jansson.h>
#include <stdlib.h>

#include "schema/schema_internal.h"
#include "unit/unit.h"

static json_t *object_schema(const clx_schema *schema);

static json_t *typed(const char *type) { return json_pack("{s:s}", "type", type); }

// Numbers may be written with digit groups or a unit, so as text.
static json_t *number_schema(const clx_row *row) {
  if (row->unit != NULL) return typed("string");
  return json_pack("{s:[s,s]}", "type", row->kind == CLX_ROW_REAL ? "number" : "integer", "string");
}

static json_t *array_of(json_t *items) { return json_pack("{s:s,s:o}", "type", "array", "items", items); }

static json_t *row_schema(const clx_row *row) {
  switch (row->kind) {
    case CLX_ROW_REAL:
    case CLX_ROW_INT:
    case CLX_ROW_COUNT:
      return number_schema(row);
    case CLX_ROW_BOOL:
      return typed("boolean");
    case CLX_ROW_TEXT:
      return typed("string");
    case CLX_ROW_CHOICE: {
      json_t *words = json_array();
      for (int32_t i = 0; row->choices[i] != NULL; i++) json_array_append_new(words, json_string(row->choices[i]));
      return json_pack("{s:o}", "enum", words);
    }
    case CLX_ROW_STRUCT:
      return object_schema(row->sub);
    case CLX_ROW_LIST:
      return array_of(object_schema(row->sub));
    case CLX_ROW_TEXTS:
      return array_of(typed("string"));
    case CLX_ROW_REALS:
      return array_of(number_schema(row));
    case CLX_ROW_INTS:
      return array_of(typed("integer"));
    case CLX_ROW_NODE:
      return typed("object");
  }
  return json_object();
}

static json_t *object_schema(const clx_schema *schema) {
  json_t *properties = json_object(), *required = json_array();
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    json_t *property = row_schema(row);
    json_object_set_new(property, "description", json_string(row->doc));
    if (row->unit != NULL) json_object_set_new(property, "x-unit", json_string(row->unit));
    json_object_set_new(properties, row->key, property);
    if (row->required) json_array_append_new(required, json_string(row->key));
  }
  return json_pack("{s:s,s:s,s:o,s:o,s:b}", "type", "object", "description", schema->doc, "properties", properties,
                   "required", required, "additionalProperties", 0);
}

void clx_schema_json(const clx_schema *schema, clx_buffer *out) {
  json_t *root = object_schema(schema);
  json_object_set_new(root, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
  json_object_set_new(root, "title", json_string(schema->name));
  char *text = json_dumps(root, JSON_INDENT(2));
  json_decref(root);
  out->failed = out->failed || text == NULL;
  if (text != NULL) clx_buffer_format(out, "%s\n", text);
  free(text);
}
