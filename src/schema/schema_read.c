// A tree into an object by rows. Mistakes are collected; the first one's status is returned.
#include <math.h>
#include <stdio.h>
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
  if (node->path[0] == '\0') return clx_fail(r->error, CLX_INPUT, node->place, "%s", what);
  return clx_fail(r->error, CLX_INPUT, node->place, "'%.200s': %s", node->path, what);
}

static const char *kind_of(const clx_node *node) {
  if (clx_node_is_null(node)) return "nothing";
  return node->kind == CLX_NODE_MAP ? "a map" : node->kind == CLX_NODE_LIST ? "a list" : "a value";
}

static clx_status wrong_kind(const reading *r, const clx_node *node, const char *expected) {
  char text[200];
  snprintf(text, sizeof text, "expected %s, read %s", expected, kind_of(node));
  return wrong(r, node, text);
}

static bool is_provenance(const char *key) {
  return strcmp(key, "source") == 0 || strcmp(key, "kind") == 0 || strcmp(key, "why") == 0 || strcmp(key, "notes") == 0;
}

// {value: X, source: ..., kind: ..., why: ...} stands for X; any other key in it is a mistake. *value is never NULL.
static clx_status unwrap(const reading *r, const clx_node *node, const clx_node **value) {
  const clx_node *inner = r->sourced ? clx_node_get(node, "value") : NULL;
  clx_status status = CLX_OK;
  *value = inner != NULL ? inner : node;
  for (int32_t i = 0; inner != NULL && i < node->child_count; i++) {
    const clx_node *child = &node->child[i];
    if (child == inner || is_provenance(child->key)) continue;
    status = first_of(status,
                      clx_fail(r->error, CLX_INPUT, child->key_place,
                               "unknown key '%.200s': beside a value stand source, kind, why and notes", child->path));
  }
  return status;
}

static clx_status expect_scalar(const reading *r, const clx_node *node, const char *expected) {
  if (node->kind == CLX_NODE_SCALAR && !clx_node_is_null(node)) return CLX_OK;
  return wrong_kind(r, node, expected);
}

// --- numbers -------------------------------------------------------------------------------------------------------------

static clx_status check_range(const reading *r, const clx_row *row, const clx_node *node, double value) {
  if (!clx_row_is_limited(row) || (value >= row->minimum && value <= row->maximum)) return CLX_OK;
  char low[48], high[48], text[200];
  clx_quantity_format(row->minimum, row->unit, 6, low, sizeof low);
  clx_quantity_format(row->maximum, row->unit, 6, high, sizeof high);
  snprintf(text, sizeof text, "\"%.60s\" is out of range: expected %s to %s", node->text, low, high);
  return wrong(r, node, text);
}

// `why` it is no number, and the words that would do instead.
static clx_status wrong_number(const reading *r, const clx_row *row, const clx_node *node, const char *why) {
  char text[400];
  snprintf(text, sizeof text, "%s", why);
  for (const clx_row_word *w = row->words; w != NULL && w->word != NULL; w++) {
    const size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s%s", w == row->words ? "; or one of " : ", ", w->word);
  }
  return wrong(r, node, text);
}

static clx_status read_real(const reading *r, const clx_row *row, const clx_node *node, double *out) {
  char why[320];
  CLX_TRY(expect_scalar(r, node, row->unit != NULL ? "a number with a unit" : "a number"));
  for (const clx_row_word *w = row->words; w != NULL && w->word != NULL; w++) {
    if (!clx_text_equal_loose(node->text, w->word)) continue;
    *out = w->value;
    return CLX_OK;
  }
  double value = 0;
  if (clx_quantity_read(node->text, row->unit, &value, why, sizeof why) != CLX_OK)
    return wrong_number(r, row, node, why);
  CLX_TRY(check_range(r, row, node, value));
  *out = value;
  return CLX_OK;
}

enum { WHOLE_TEXT = 64 };

// The text with a scale letter at its end turned into an exponent, "1.5T" -> "1.5e12", so that it is rounded once. False when
// it is too long.
static bool expand_scale(const char *text, char *out) {
  static const struct {
    char letter;
    const char *exponent;
  } scales[] = {{'k', "e3"}, {'M', "e6"}, {'G', "e9"}, {'B', "e9"}, {'T', "e12"}};
  size_t length = strlen(text);
  if (length + 4 > WHOLE_TEXT) return false;
  const char *exponent = "";
  for (int32_t i = 0; length > 1 && i < CLX_COUNT(scales); i++) {
    if (text[length - 1] == scales[i].letter) exponent = scales[i].exponent;
  }
  if (exponent[0] != '\0') length--;
  while (exponent[0] != '\0' && length > 0 && text[length - 1] == ' ') length--;
  snprintf(out, WHOLE_TEXT, "%.*s%s", (int)length, text, exponent);
  return true;
}

// A whole number, with a scale letter at its end for counts: "15T".
static clx_status read_whole(const reading *r, const clx_row *row, const clx_node *node, bool scaled, double *out) {
  const double most = scaled ? 9.2e18 : 2147483647.0;
  char why[320], number[WHOLE_TEXT], text[200];
  const char *expected = scaled ? "a whole number such as 100,000 or 15T" : "a whole number such as 100,000";
  CLX_TRY(expect_scalar(r, node, expected));
  double value = 0;
  const bool fits = scaled ? expand_scale(node->text, number) : strlen(node->text) < sizeof number;
  if (fits && !scaled) snprintf(number, sizeof number, "%s", node->text);
  if (!fits || strchr(node->text, '%') != NULL || clx_quantity_read(number, NULL, &value, why, sizeof why) != CLX_OK ||
      value != floor(value)) {
    snprintf(text, sizeof text, "expected %s, read \"%.60s\"", expected, node->text);
    return wrong(r, node, text);
  }
  CLX_TRY(check_range(r, row, node, value));
  if (fabs(value) > most) {
    snprintf(text, sizeof text, "expected a whole number of at most %.0f, read \"%.60s\"", most, node->text);
    return wrong(r, node, text);
  }
  *out = value;
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
  static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};
  CLX_TRY(expect_scalar(r, node, "true or false"));
  for (int32_t i = 0; i < CLX_COUNT(words); i++) {
    if (!clx_text_equal_loose(node->text, words[i])) continue;
    *out = i >= CLX_COUNT(words) / 2;
    return CLX_OK;
  }
  char text[160];
  snprintf(text, sizeof text, "expected true or false, read \"%.60s\"", node->text);
  return wrong(r, node, text);
}

enum { WORDS_SHOWN = 12 };

// "a, b, c" or "a, b, ..., 17 in all"
static void list_words(const char *const *words, int32_t count, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (int32_t i = 0; i < count; i++) {
    if (i == WORDS_SHOWN || used + strlen(words[i]) + 24 > size) {
      snprintf(text + used, size - used, ", ... (%d in all)", count);
      return;
    }
    used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", words[i]);
  }
}

static clx_status read_choice(const reading *r, const clx_row *row, const clx_node *node, int32_t *out) {
  CLX_TRY(expect_scalar(r, node, "a word"));
  int32_t count = 0;
  for (; row->choices[count] != NULL; count++) {
    if (!clx_text_equal_loose(node->text, row->choices[count])) continue;
    *out = count;
    return CLX_OK;
  }
  char list[200], text[400];
  list_words(row->choices, count, list, sizeof list);
  const char *near = clx_nearest(node->text, row->choices, count);
  const bool found = near != NULL;
  snprintf(text, sizeof text, "expected one of %s; read \"%.60s\"%s%s%s", list, node->text,
           found ? "; did you mean '" : "", found ? near : "", found ? "'?" : "");
  return wrong(r, node, text);
}

static clx_status read_text(const reading *r, const clx_node *node, const char **out) {
  CLX_TRY(expect_scalar(r, node, "a text"));
  *out = node->text;
  return CLX_OK;
}

// A text, or a map whose `name` it is.
static clx_status read_name(const reading *r, const clx_row *row, const clx_node *node, void *object) {
  const char **name = clx_schema_member(object, row->offset);
  if (row->map_offset == 0 || node->kind != CLX_NODE_MAP) return read_text(r, node, name);
  const clx_node *text = clx_node_get(node, "name");
  if (text == NULL)
    return clx_fail(r->error, CLX_INPUT, node->place, "'%.200s.name' is missing: what the map changes", node->path);
  *(const clx_node **)clx_schema_member(object, row->map_offset) = node;
  return read_text(r, text, name);
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
  const clx_node *value = node;
  if (row->kind != CLX_ROW_LIST) CLX_TRY(unwrap(r, node, &value));
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
  const bool single = row->single && node->kind == CLX_NODE_SCALAR;
  if (node->kind != CLX_NODE_LIST && !single) return wrong_kind(r, node, row->single ? "a number or a list" : "a list");
  const clx_node *const child = single ? node : node->child;
  const int32_t count = single ? 1 : node->child_count;
  const size_t size = item_size(row);
  char *items = clx_arena_array(r->arena, (size_t)count + 1, size);
  if (items == NULL) return clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < count; i++) {
    status = first_of(status, read_item(r, row, &child[i], items + (size_t)i * size));
  }
  *(void **)clx_schema_member(object, row->offset) = items;
  *(int32_t *)clx_schema_member(object, row->count_offset) = count;
  return status;
}

// --- rows and objects ------------------------------------------------------------------------------------------------------

static bool is_wrappable(const clx_row *row) {
  return row->kind != CLX_ROW_STRUCT && row->kind != CLX_ROW_LIST && row->kind != CLX_ROW_NODE;
}

static clx_status read_row(const reading *r, const clx_row *row, const clx_node *node, void *object) {
  void *member = clx_schema_member(object, row->offset);
  const clx_node *value = node;
  clx_status status = is_wrappable(row) ? unwrap(r, node, &value) : CLX_OK;
  if (row->place_offset != 0) *(clx_place *)clx_schema_member(object, row->place_offset) = value->place;
  switch (row->kind) {
    case CLX_ROW_REAL:
      return first_of(status, read_real(r, row, value, member));
    case CLX_ROW_INT:
      return first_of(status, read_int(r, row, value, member));
    case CLX_ROW_COUNT:
      return first_of(status, read_count(r, row, value, member));
    case CLX_ROW_BOOL:
      return first_of(status, read_bool(r, value, member));
    case CLX_ROW_TEXT:
      return first_of(status, read_name(r, row, value, object));
    case CLX_ROW_CHOICE:
      return first_of(status, read_choice(r, row, value, member));
    case CLX_ROW_STRUCT:
      return read_object(r, row->sub, value, member);
    case CLX_ROW_LIST:
    case CLX_ROW_TEXTS:
    case CLX_ROW_REALS:
    case CLX_ROW_INTS:
      return first_of(status, read_list(r, row, value, object));
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
    return clx_fail(r->error, CLX_INPUT, node->key_place, "unknown key '%.200s'; did you mean '%s'?", node->path, near);
  }
  char list[240];
  list_words(keys, count, list, sizeof list);
  return clx_fail(r->error, CLX_INPUT, node->key_place, "unknown key '%.200s': expected one of %s", node->path, list);
}

static clx_status check_required(const reading *r, const clx_schema *schema, const clx_node *node) {
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    if (!row->required || clx_node_get(node, row->key) != NULL) continue;
    const char *dot = node->path[0] == '\0' ? "" : ".";
    status = first_of(status, clx_fail(r->error, CLX_INPUT, node->place, "'%.200s%s%s' is missing: %s", node->path, dot,
                                       row->key, row->doc));
  }
  return status;
}

static clx_status read_object(const reading *r, const clx_schema *schema, const clx_node *node, void *object) {
  if (node->kind != CLX_NODE_MAP) {
    char expected[120];
    snprintf(expected, sizeof expected, "a map of keys (%s)", schema->doc);
    return wrong_kind(r, node, expected);
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
