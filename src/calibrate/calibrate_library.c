// What the calibration of a communication library says: the table of errors, and the catalogue entry.
#include <jansson.h>
#include <stdlib.h>

#include "calibrate/calibrate_internal.h"

static double value_of(const void *object, const clx_row *row) {
  return *(const double *)(const void *)((const char *)object + row->offset);
}

void clx_library_calibration_text(const clx_library_calibration *calibration, clx_buffer *out) {
  const clx_library *library = &calibration->library;
  clx_buffer_format(out,
                    "%s: mean absolute error in %% of the measured value; cross: on systems left out in turn (%d)\n",
                    library->name, calibration->systems);
  clx_buffer_format(out, "%-26s %6s %8s %8s %8s %8s\n", "generation, span, size", "rows", "before", "fitted", "bias",
                    "cross");
  for (int32_t c = 0; c < library->fit.class_count; c++) {
    const clx_kernel_class *k = &library->fit.classes[c];
    if (k->rows == 0) continue;
    clx_buffer_format(out, "%-26s %6d %8.1f %8.1f %+8.1f %8.1f\n", k->name, k->rows, 100 * calibration->before[c],
                      100 * k->error, 100 * k->bias, 100 * k->cross_error);
  }
  if (calibration->launch) {
    clx_buffer_format(out, "launch %.3g us, fitted to %d measurements\n", 1e6 * library->launch, library->fit.used);
    return;
  }
  clx_buffer_format(out,
                    "fitted to %d of %d measurements: those between nodes; in a node the kernels of the device say\n",
                    library->fit.used, library->fit.rows);
}

void clx_library_calibration_json(const clx_library_calibration *calibration, clx_buffer *out) {
  const clx_library *library = &calibration->library;
  const clx_schema *schema = &clx_library_generation_schema;
  json_t *classes = json_array(), *generations = json_object();
  for (int32_t c = 0; c < library->fit.class_count; c++) {
    const clx_kernel_class *k = &library->fit.classes[c];
    if (k->rows == 0) continue;
    json_array_append_new(
        classes, json_pack("{s:s,s:i,s:f,s:f,s:f,s:f}", "name", k->name, "rows", k->rows, "before",
                           calibration->before[c], "error", k->error, "bias", k->bias, "cross_error", k->cross_error));
  }
  for (int32_t g = 0; g < CLX_GENERATIONS; g++) {
    if (!calibration->fitted[g]) continue;
    json_t *parameters = json_object();
    for (int32_t i = 0; i < schema->count; i++) {
      if (schema->rows[i].kind == CLX_ROW_REAL)
        json_object_set_new(parameters, schema->rows[i].key,
                            json_real(value_of(&library->generation[g], &schema->rows[i])));
    }
    json_object_set_new(generations, clx_generation_name[g], parameters);
  }
  json_t *root = json_pack("{s:s,s:i,s:i,s:i,s:f,s:o,s:o}", "library", library->name, "rows", library->fit.rows, "used",
                           library->fit.used, "systems", calibration->systems, "launch", library->launch, "classes",
                           classes, "generations", generations);
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
  json_decref(root);
  if (text == NULL) {
    out->failed = true;
    return;
  }
  clx_buffer_format(out, "%s\n", text);
  free(text);
}

static void write_reals(const clx_schema *schema, const void *object, const char *indent, clx_buffer *out) {
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    if (row->kind == CLX_ROW_REAL)
      clx_buffer_format(out, "%s%s: %.6g%s%s\n", indent, row->key, value_of(object, row), row->unit != NULL ? " " : "",
                        row->unit != NULL ? row->unit : "");
  }
}

void clx_library_calibration_entry(const clx_library_calibration *calibration, clx_buffer *out) {
  const clx_library *library = &calibration->library;
  clx_buffer_format(out,
                    "# Written by `colossus calibrate collectives`; docs/tables.md has the command line.\nname: %s\n",
                    library->name);
  clx_buffer_format(out, "title: ");
  clx_write_quoted(library->title != NULL ? library->title : library->name, out);
  clx_buffer_format(out, "\naliases: [");
  for (int32_t i = 0; i < library->alias_count; i++) {
    clx_buffer_format(out, "%s", i == 0 ? "" : ", ");
    clx_write_quoted(library->aliases[i], out);
  }
  clx_buffer_format(out, "]\nsource: ");
  clx_write_quoted(library->fit.origin, out);
  clx_buffer_format(out, "\nkind: fitted\n");
  if (library->constants != NULL) clx_buffer_format(out, "constants: %s\n", library->constants);
  clx_buffer_format(out, "launch: %.6g s\n", library->launch);
  for (int32_t g = 0; g < CLX_GENERATIONS; g++) {
    if (!calibration->fitted[g]) continue;
    clx_buffer_format(out, "%s:\n", clx_generation_name[g]);
    write_reals(&clx_library_generation_schema, &library->generation[g], "  ", out);
  }
  clx_write_fit(&library->fit, "", out);
}
