// A tree into an object by rows. Mistakes are collected; the first one's status is returned.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/schema_internal.h"
#include "unit/unit.h"

typedef struct reading {
  bool sourced;
  clx_arena *arena;
  clx_error *error;
} reading;

static clx_status first_of(clx_status a, clx_status b) { return a != CLX_OK ? a : b; }

static clx_status wrong(const reading *r, const clx_node *node, const char *what) {
  return clx_fail(r->error, CLX_INPUT, node->place, "'%s': %s", node->path, what);
}

static bool is_provenance(const char *key) {
  return strcmp(key, "source") == 0 || strcmp(key, "kind") == 0 || strcmp(key, "why") == 0 || strcmp(key, "notes") == 0;
}

// {value: X, source: ..., kind: ..., why: ...} stands for X.
static const clx_node *unwrap(const reading *r, const clx_node *node) {
  const clx_node *value = r->sourced ? clx_node_get(node, "value") : NULL;
  return value != NULL ? value : node;
}

static clx_status expect_scalar(const reading *r, const clx_node *node, const char *expected) {
  if (node->kind == CLX_NODE_SCALAR && !clx_node_is_null(node)) return CLX_OK;
  char text[160];
  snprintf(text, sizeof text, "expected %s, read %s", expected,
           node->kind == CLX_NODE_MAP    ? "a map"
           : node->kind == CLX_NODE_LIST ? "a list"
                                         : "nothing");
  return wrong(r, node, text);
}

// --- numbers -------------------------------------------------------------------------------------------------------------

static clx_status check_range(const reading *r, const clx_row *row, const clx_node *node, double value) {
  if ((row->minimum == 0 && row->maximum == 0) || (value >= row->minimum && value <= row->maximum)) return CLX_OK;
  char low[48], high[48], text[200];
  clx_quantity_format(row->minimum, row->unit, 6, low, sizeof low);
  clx_quantity_format(row->maximum, row->unit, 6, high, sizeof high);
  snprintf(text, sizeof text, "%s is out of range: expected %s to %s", node->text, low, high);
  return wrong(r, node, text);
}

static clx_status read_real(const reading *r, const clx_row *row, const clx_node *node, double *out) {
  char why[240];
  CLX_TRY(expect_scalar(r, node, row->unit != NULL ? "a number with unit" : "a number"));
  double value = 0;
  if (clx_quantity_read(node->text, row->unit, &value, why, sizeof why) != CLX_OK) return wrong(r, node, why);
  CLX_TRY(check_range(r, row, node, value));
  *out = value;
  return CLX_OK;
}

// A whole number, with a scale letter at its end for counts: "15T".
static clx_status read_whole(const reading *r, const clx_row *row, const clx_node *node, bool scaled, double *out) {
  static const struct {
    char letter;
    double factor;
  } scales[] = {{'k', 1e3}, {'M', 1e6}, {'G', 1e9}, {'B', 1e9}, {'T', 1e12}};
  char why[240], digits[64], text[300];
  CLX_TRY(expect_scalar(r, node, "a whole number"));
  snprintf(digits, sizeof digits, "%s", node->text);
  size_t length = strlen(digits);
  double factor = 1;
  for (int32_t i = 0; scaled && length > 1 && i < CLX_COUNT(scales); i++) {
    if (digits[length - 1] != scales[i].letter) continue;
    factor = scales[i].factor;
    digits[length - 1] = '\0';
    break;
  }
  double value = 0;
  if (clx_quantity_read(digits, NULL, &value, why, sizeof why) != CLX_OK) {
    snprintf(text, sizeof text, "expected a whole number%s, read '%s'", scaled ? " such as 100,000 or 15T" : "",
             node->text);
    return wrong(r, node, text);
  }
  value *= factor;
  if (fabs(value - nearbyint(value)) > 1e-9 * fabs(value) || fabs(value) > 9e15) {
    snprintf(text, sizeof text, "expected a whole number, read '%s'", node->text);
    return wrong(r, node, text);
  }
  CLX_TRY(check_range(r, row, node, value));
  if (!scaled && fabs(value) > 2147483647.0) return wrong(r, node, "is too large");
  *out = nearbyint(value);
  return CLX_OK;
}

static clx_status read_int(const reading *r, const clx_row *row, const clx_node *node, int32_t *out) {
  double value = 0;
  CLX_TRY(read_whole(r, row, node, false, &value));
  *out = (int32_t)value;
  return CLX_OK;
}

static clx_status read_count(const reading *r, const clx_row *row, const clx_node *node, int64_t *out) {
  double value = 0;
  CLX_TRY(read_whole(r, row, node, true, &value));
  *out = (int64_t)value;
  return CLX_OK;
}

// --- words ---------------------------------------------------------------------------------------------------------------

static clx_status read_bool(const reading *r, const clx_node *node, int32_t *out) {
  CLX_TRY(expect_scalar(r, node, "true or false"));
  static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};
  for (int32_t i = 0; i < CLX_COUNT(words); i++) {
    if (!clx_text_equal_loose(node->text, words[i])) continue;
    *out = i >= 3;
    return CLX_OK;
  }
  char text[160];
  snprintf(text, sizeof text, "expected true or false, read '%.60s'", node->text);
  return wrong(r, node, text);
}

static clx_status read_choice(const reading *r, const clx_row *row, const clx_node *node, int32_t *out) {
  CLX_TRY(expect_scalar(r, node, "a word"));
  int32_t count = 0;
  char list[200] = "", text[400];
  for (; row->choices[count] != NULL; count++) {
    if (clx_text_equal_loose(node->text, row->choices[count])) {
      *out = count;
      return CLX_OK;
    }
    const size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", count > 0 ? ", " : "", row->choices[count]);
  }
  const char *near = clx_nearest(node->text, row->choices, count);
  if (near != NULL) {
    snprintf(text, sizeof text, "'%.60s' is not known; did you mean '%s'? (%s)", node->text, near, list);
  } else {
    snprintf(text, sizeof text, "'%.60s' is not known: expected one of %s", node->text, list);
  }
  return wrong(r, node, text);
}

static clx_status read_text(const reading *r, const clx_node *node, const char **out) {
  CLX_TRY(expect_scalar(r, node, "a text"));
  *out = node->text;
  return CLX_OK;
}

// --- lists ---------------------------------------------------------------------------------------------------------------

static clx_status read_object(const reading *r, const clx_schema *schema, const clx_node *node, void *object);

static size_t item_size(const clx_row *row) {
  switch (row->kind) {
    case CLX_ROW_LIST:
      return row->sub->size;
    case CLX_ROW_TEXTS:
      return sizeof(const char *);
    case CLX_ROW_REALS:
      return sizeof(double);
    default:
      return sizeof(int32_t);
  }
}

static clx_status read_item(const reading *r, const clx_row *row, const clx_node *node, void *item) {
  const clx_node *value = row->kind == CLX_ROW_LIST ? node : unwrap(r, node);
  switch (row->kind) {
    case CLX_ROW_LIST:
      clx_schema_default(row->sub, item);
      return read_object(r, row->sub, value, item);
    case CLX_ROW_TEXTS:
      return read_text(r, value, item);
    case CLX_ROW_REALS:
      return read_real(r, row, value, item);
    default:
      return read_int(r, row, value, item);
  }
}

static clx_status read_list(const reading *r, const clx_row *row, const clx_node *node, void *object) {
  if (node->kind != CLX_NODE_LIST) return wrong(r, node, "expected a list");
  const size_t size = item_size(row);
  char *items = clx_arena_array(r->arena, (size_t)node->child_count + 1, size);
  if (items == NULL) return clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < node->child_count; i++) {
    status = first_of(status, read_item(r, row, &node->child[i], items + (size_t)i * size));
  }
  *(void **)clx_schema_member(object, row->offset) = items;
  *(int32_t *)clx_schema_member(object, row->count_offset) = node->child_count;
  return status;
}

// --- rows and objects ------------------------------------------------------------------------------------------------------

static clx_status read_row(const reading *r, const clx_row *row, const clx_node *node, void *object) {
  void *member = clx_schema_member(object, row->offset);
  const clx_node *value = unwrap(r, node);
  if (row->place_offset != 0) *(clx_place *)clx_schema_member(object, row->place_offset) = value->place;
  switch (row->kind) {
    case CLX_ROW_REAL:
      return read_real(r, row, value, member);
    case CLX_ROW_INT:
      return read_int(r, row, value, member);
    case CLX_ROW_COUNT:
      return read_count(r, row, value, member);
    case CLX_ROW_BOOL:
      return read_bool(r, value, member);
    case CLX_ROW_TEXT:
      return read_text(r, value, member);
    case CLX_ROW_CHOICE:
      return read_choice(r, row, value, member);
    case CLX_ROW_STRUCT:
      return read_object(r, row->sub, node, member);
    case CLX_ROW_LIST:
    case CLX_ROW_TEXTS:
    case CLX_ROW_REALS:
    case CLX_ROW_INTS:
      return read_list(r, row, value, object);
    case CLX_ROW_NODE:
      *(const clx_node **)member = node;
      return CLX_OK;
  }
  return CLX_OK;
}

static const clx_row *row_of(const clx_schema *schema, const char *key) {
  for (int32_t i = 0; i < schema->count; i++) {
    if (strcmp(schema->rows[i].key, key) == 0) return &schema->rows[i];
  }
  return NULL;
}

enum { KEYS_MAX = 128 };

static clx_status unknown_key(const reading *r, const clx_schema *schema, const clx_node *node) {
  const char *keys[KEYS_MAX];
  const int32_t count = schema->count < KEYS_MAX ? schema->count : KEYS_MAX;
  for (int32_t i = 0; i < count; i++) keys[i] = schema->rows[i].key;
  const char *near = clx_nearest(node->key, keys, count);
  if (near != NULL) {
    return clx_fail(r->error, CLX_INPUT, node->key_place, "unknown key '%s'; did you mean '%s'?", node->path, near);
  }
  char list[240] = "";
  for (int32_t i = 0; i < count; i++) {
    const size_t used = strlen(list);
    if (used + strlen(keys[i]) + 8 > sizeof list) {
      snprintf(list + used, sizeof list - used, ", ...");
      break;
    }
    snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", keys[i]);
  }
  return clx_fail(r->error, CLX_INPUT, node->key_place, "unknown key '%s': '%s' has %s", node->path, schema->name,
                  list);
}

static clx_status check_required(const reading *r, const clx_schema *schema, const clx_node *node) {
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    if (!row->required || clx_node_get(node, row->key) != NULL) continue;
    const char *dot = node->path[0] == '\0' ? "" : ".";
    status = first_of(status, clx_fail(r->error, CLX_INPUT, node->place, "'%s%s%s' is missing: %s", node->path, dot,
                                       row->key, row->doc));
  }
  return status;
}

static clx_status read_object(const reading *r, const clx_schema *schema, const clx_node *node, void *object) {
  if (node->kind != CLX_NODE_MAP) {
    char text[160];
    snprintf(text, sizeof text, "expected a map (%s)", schema->doc);
    return wrong(r, node, text);
  }
  if (schema->place_offset != 0) *(clx_place *)clx_schema_member(object, schema->place_offset) = node->place;
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < node->child_count; i++) {
    const clx_node *child = &node->child[i];
    const clx_row *row = row_of(schema, child->key);
    if (row != NULL) {
      status = first_of(status, read_row(r, row, child, object));
    } else if (!r->sourced || !is_provenance(child->key)) {
      status = first_of(status, unknown_key(r, schema, child));
    }
  }
  return first_of(status, check_required(r, schema, node));
}

clx_status clx_schema_read(const clx_schema *schema, const clx_node *node, bool sourced, clx_arena *arena, void *object,
                           clx_error *error) {
  const reading r = {sourced, arena, error};
  clx_schema_default(schema, object);
  return read_object(&r, schema, node, object);
}
