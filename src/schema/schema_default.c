// Objects filled with the defaults of their rows.
#include <string.h>

#include "schema/schema_internal.h"

void *clx_schema_member(void *object, size_t offset) { return (char *)object + offset; }

void clx_schema_default(const clx_schema *schema, void *object) {
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    void *member = clx_schema_member(object, row->offset);
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
