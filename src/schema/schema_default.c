// Objects filled with the defaults of their rows.
#include <string.h>

#include "schema/schema_internal.h"

void *clx_schema_member(void *object, size_t offset) { return (char *)object + offset; }

bool clx_row_is_number(const clx_row *row) {
  return row->kind == CLX_ROW_REAL || row->kind == CLX_ROW_INT || row->kind == CLX_ROW_COUNT ||
         row->kind == CLX_ROW_REALS || row->kind == CLX_ROW_INTS;
}

bool clx_row_is_limited(const clx_row *row) {
  return clx_row_is_number(row) && (row->minimum != 0 || row->maximum != 0);
}

static void clear_place(void *object, size_t offset) {
  if (offset != 0) *(clx_place *)clx_schema_member(object, offset) = (clx_place){0};
}

void clx_schema_default(const clx_schema *schema, void *object) {
  clear_place(object, schema->place_offset);
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    void *member = clx_schema_member(object, row->offset);
    clear_place(object, row->place_offset);
    switch (row->kind) {
      case CLX_ROW_REAL:
        *(double *)member = row->initial;
        break;
      case CLX_ROW_INT:
      case CLX_ROW_BOOL:
      case CLX_ROW_CHOICE:
        *(int32_t *)member = (int32_t)row->initial;
        break;
      case CLX_ROW_COUNT:
        *(int64_t *)member = (int64_t)row->initial;
        break;
      case CLX_ROW_TEXT:
        *(const char **)member = row->text_initial;
        if (row->map_offset != 0) *(const clx_node **)clx_schema_member(object, row->map_offset) = NULL;
        break;
      case CLX_ROW_STRUCT:
        clx_schema_default(row->sub, member);
        break;
      case CLX_ROW_LIST:
      case CLX_ROW_TEXTS:
      case CLX_ROW_REALS:
      case CLX_ROW_INTS:
        *(void **)member = NULL;
        *(int32_t *)clx_schema_member(object, row->count_offset) = 0;
        break;
      case CLX_ROW_NODE:
        *(const clx_node **)member = NULL;
        break;
    }
  }
}

bool clx_schema_has(const clx_schema *schema, const char *path) {
  const size_t length = strcspn(path, ".");
  for (int32_t i = 0; schema != NULL && i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    if (strlen(row->key) != length || strncmp(row->key, path, length) != 0) continue;
    if (path[length] == '\0') return true;
    const char *rest = path + length + 1;
    if (row->kind == CLX_ROW_LIST) {  // a number of an item, and what is below it
      const size_t digits = strspn(rest, "0123456789");
      if (digits == 0 || (rest[digits] != '.' && rest[digits] != '\0')) return false;
      if (rest[digits] == '\0') return true;
      rest += digits + 1;
    }
    return row->sub != NULL && clx_schema_has(row->sub, rest);
  }
  return false;
}
