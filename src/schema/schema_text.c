// The reference of keys for people.
#include <stdio.h>
#include <string.h>

#include "schema/schema_internal.h"
#include "unit/unit.h"

static const char *kind_text(const clx_row *row) {
  switch (row->kind) {
    case CLX_ROW_REAL:
      return row->unit != NULL ? "number with unit" : "number";
    case CLX_ROW_INT:
    case CLX_ROW_COUNT:
      return "whole number";
    case CLX_ROW_BOOL:
      return "true or false";
    case CLX_ROW_TEXT:
      return row->map_offset != 0 ? "text or map" : "text";
    case CLX_ROW_CHOICE:
      return "one of";
    case CLX_ROW_STRUCT:
      return "map";
    case CLX_ROW_LIST:
      return "list of maps";
    case CLX_ROW_TEXTS:
      return "list of texts";
    case CLX_ROW_REALS:
      if (row->single) return row->unit != NULL ? "number with unit, or list" : "number, or list";
      return row->unit != NULL ? "list of numbers with unit" : "list of numbers";
    case CLX_ROW_INTS:
      return row->single ? "whole number, or list" : "list of whole numbers";
    case CLX_ROW_NODE:
      return "map";
  }
  return "";
}

// A default outside of the range means: not stated.
static bool in_range(const clx_row *row) {
  const bool bounded = row->minimum != 0 || row->maximum != 0;
  return !bounded || (row->initial >= row->minimum && row->initial <= row->maximum);
}

static void write_limits(const clx_row *row, clx_buffer *out) {
  char low[48], high[48];
  if (row->kind == CLX_ROW_CHOICE) {
    for (int32_t i = 0; row->choices[i] != NULL; i++)
      clx_buffer_format(out, "%s%s", i > 0 ? "|" : " ", row->choices[i]);
  }
  for (const clx_row_word *w = row->words; w != NULL && w->word != NULL; w++)
    clx_buffer_format(out, "%s%s", w == row->words ? " or one of " : "|", w->word);
  if (clx_row_is_limited(row)) {
    clx_buffer_format(out, ", %s to %s", clx_quantity_format(row->minimum, row->unit, 6, low, sizeof low),
                      clx_quantity_format(row->maximum, row->unit, 6, high, sizeof high));
  }
  if (row->required) {
    clx_buffer_format(out, ", required");
  } else if (row->kind == CLX_ROW_CHOICE && row->initial >= 0) {
    clx_buffer_format(out, ", default %s", row->choices[(int32_t)row->initial]);
  } else if (row->kind == CLX_ROW_BOOL && row->initial < 0) {
    return;  // neither: the documentation says where it comes from
  } else if (row->kind == CLX_ROW_BOOL) {
    clx_buffer_format(out, ", default %s", row->initial != 0 ? "true" : "false");
  } else if (row->kind == CLX_ROW_TEXT && row->text_initial != NULL) {
    clx_buffer_format(out, ", default %s", row->text_initial);
  } else if ((row->kind == CLX_ROW_REAL || row->kind == CLX_ROW_INT || row->kind == CLX_ROW_COUNT) && in_range(row)) {
    clx_buffer_format(out, ", default %s", clx_quantity_format(row->initial, row->unit, 6, low, sizeof low));
  }
}

static void write_rows(const clx_schema *schema, int32_t indent, clx_buffer *out) {
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    clx_buffer_format(out, "%*s%-*s %s\n", indent, "", 24 - indent > 1 ? 24 - indent : 1, row->key, row->doc);
    clx_buffer_format(out, "%26s(%s", "", kind_text(row));
    write_limits(row, out);
    clx_buffer_format(out, ")\n");
    if (row->sub != NULL) write_rows(row->sub, indent + 2, out);
  }
}

void clx_schema_text(const clx_schema *schema, clx_buffer *out) {
  clx_buffer_format(out, "%s: %s\n", schema->name, schema->doc);
  write_rows(schema, 2, out);
}
