// What the calibration of a communication library or a transport says: the table of errors, and the catalogue entry.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "calibrate/calibrate_internal.h"

static double value_of(const void *object, const clx_row *row) {
  return *(const double *)(const void *)((const char *)object + row->offset);
}

static const char *name_of(const clx_collective_calibration *calibration) {
  return calibration->transport.name != NULL ? calibration->transport.name : calibration->library.name;
}

void clx_collective_calibration_text(const clx_collective_calibration *calibration, clx_buffer *out) {
  const clx_kernel_fit *fit = &calibration->fit;
  clx_buffer_format(out,
                    "%s: mean absolute error in %% of the measured value; cross: on systems left out in turn (%d)\n",
                    name_of(calibration), calibration->systems);
  clx_buffer_format(out, "%-26s %6s %8s %8s %8s %8s\n", "generation, span, size", "rows", "before", "fitted", "bias",
                    "cross");
  for (int32_t c = 0; c < fit->class_count; c++) {
    const clx_kernel_class *k = &fit->classes[c];
    if (k->rows == 0) continue;
    char cross[16] = "-";
    if (k->cross_error > 0) snprintf(cross, sizeof cross, "%.1f", 100 * k->cross_error);
    clx_buffer_format(out, "%-26s %6d %8.1f %8.1f %+8.1f %8s\n", k->name, k->rows, 100 * calibration->before[c],
                      100 * k->error, 100 * k->bias, cross);
  }
  clx_buffer_format(out, "fitted to %d of %d measurements\n", fit->used, fit->rows);
}

static json_t *reals(const clx_schema *schema, const void *object) {
  json_t *values = json_object();
  for (int32_t i = 0; i < schema->count; i++) {
    if (schema->rows[i].kind == CLX_ROW_REAL)
      json_object_set_new(values, schema->rows[i].key, json_real(value_of(object, &schema->rows[i])));
  }
  return values;
}

void clx_collective_calibration_json(const clx_collective_calibration *calibration, clx_buffer *out) {
  const clx_kernel_fit *fit = &calibration->fit;
  json_t *classes = json_array(), *parameters = json_object();
  for (int32_t c = 0; c < fit->class_count; c++) {
    const clx_kernel_class *k = &fit->classes[c];
    if (k->rows == 0) continue;
    json_array_append_new(
        classes, json_pack("{s:s,s:i,s:f,s:f,s:f,s:f}", "name", k->name, "rows", k->rows, "before",
                           calibration->before[c], "error", k->error, "bias", k->bias, "cross_error", k->cross_error));
  }
  for (int32_t g = 0; g < CLX_GENERATIONS; g++) {
    if (calibration->fitted[g])
      json_object_set_new(parameters, clx_generation_name[g],
                          reals(&clx_library_generation_schema, &calibration->library.generation[g]));
  }
  if (calibration->fitted[CLX_FITTED_LAUNCH])
    json_object_set_new(parameters, "launch", json_real(calibration->library.launch));
  if (calibration->fitted[CLX_FITTED_TRANSPORT])
    json_object_set_new(parameters, "transport", reals(&clx_transport_schema, &calibration->transport));
  json_t *root = json_pack("{s:s,s:i,s:i,s:i,s:o,s:o}", "name", name_of(calibration), "rows", fit->rows, "used",
                           fit->used, "systems", calibration->systems, "classes", classes, "parameters", parameters);
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
  json_decref(root);
  if (text == NULL) {
    out->failed = true;
    return;
  }
  clx_buffer_format(out, "%s\n", text);
  free(text);
}

// --- the catalogue entry -----------------------------------------------------------------------------------------------------

static void write_reals(const clx_schema *schema, const void *object, const char *indent, clx_buffer *out) {
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    if (row->kind == CLX_ROW_REAL)
      clx_buffer_format(out, "%s%s: %.6g%s%s\n", indent, row->key, value_of(object, row), row->unit != NULL ? " " : "",
                        row->unit != NULL ? row->unit : "");
  }
}

// Those that are not as the schema has them.
static void write_switches(const clx_schema *schema, const void *object, clx_buffer *out) {
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    if (row->kind != CLX_ROW_BOOL) continue;
    const int32_t value = *(const int32_t *)(const void *)((const char *)object + row->offset);
    if (value != (int32_t)row->initial) clx_buffer_format(out, "%s: %s\n", row->key, value ? "yes" : "no");
  }
}

static void write_names(const char *name, const char *title, const char *const *aliases, int32_t count,
                        const clx_kernel_fit *fit, clx_buffer *out) {
  clx_buffer_format(
      out, "# Written by `colossus calibrate collectives`; docs/tables.md has the command line.\nname: %s\n", name);
  clx_buffer_format(out, "title: ");
  clx_write_quoted(title != NULL ? title : name, out);
  clx_buffer_format(out, "\naliases: [");
  for (int32_t i = 0; i < count; i++) {
    clx_buffer_format(out, "%s", i == 0 ? "" : ", ");
    clx_write_quoted(aliases[i], out);
  }
  clx_buffer_format(out, "]\nsource: ");
  clx_write_quoted(fit->origin, out);
  clx_buffer_format(out, "\nkind: fitted\n");
}

void clx_collective_calibration_entry(const clx_collective_calibration *calibration, clx_buffer *out) {
  const clx_library *library = &calibration->library;
  const clx_transport *transport = &calibration->transport;
  const clx_kernel_fit *fit = &calibration->fit;
  if (transport->name != NULL) {
    write_names(transport->name, transport->title, transport->aliases, transport->alias_count, fit, out);
    write_reals(&clx_transport_schema, transport, "", out);
    write_switches(&clx_transport_schema, transport, out);
  } else {
    write_names(library->name, library->title, library->aliases, library->alias_count, fit, out);
    if (library->constants != NULL) clx_buffer_format(out, "constants: %s\n", library->constants);
    clx_buffer_format(out, "launch: %.6g s\nskew: %.6g s\n", library->launch, library->skew);
  }
  for (int32_t g = 0; g < CLX_GENERATIONS; g++) {
    if (!calibration->fitted[g] && calibration->lender < 0) continue;
    clx_buffer_format(out, "%s:\n", clx_generation_name[g]);
    if (!calibration->fitted[g])
      clx_buffer_format(
          out,
          "  kind: estimated\n  why: \"as fitted on %s: cards, proxies and protocols are the same, and too few "
          "measurements between nodes of %s GPUs are at hand\"\n",
          clx_generation_name[calibration->lender], clx_generation_name[g]);
    write_reals(&clx_library_generation_schema, &library->generation[g], "  ", out);
  }
  clx_write_fit(fit, "", out);
}
