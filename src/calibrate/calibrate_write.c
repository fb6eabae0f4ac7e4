// What a calibration says: the table of errors, and the catalogue entry.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "calibrate/calibrate_internal.h"

// --- for people -------------------------------------------------------------------------------------------------------------

void clx_calibration_text(const clx_calibration *calibration, const clx_device *device, clx_buffer *out) {
  clx_buffer_format(out, "%s: mean absolute error in %% of the measured value; cross: on shape families left out\n",
                    device->name);
  clx_buffer_format(out, "%-22s %-10s %-20s %7s %8s %8s %8s %8s %8s\n", "family", "format", "size", "rows", "before",
                    "fitted", "bias", "cross", "noise");
  for (int32_t i = 0; i < calibration->count; i++) {
    const clx_calibrated_set *set = &calibration->set[i];
    const clx_kernel_fit *fit = set->parameters;
    for (int32_t c = 0; c < fit->class_count; c++) {
      const clx_kernel_class *k = &fit->classes[c];
      if (k->rows == 0) continue;
      char cross[16] = "-";
      if (!set->uncrossed) snprintf(cross, sizeof cross, "%.1f", 100 * k->cross_error);
      clx_buffer_format(out, "%-22s %-10s %-20s %7d %8.1f %8.1f %+8.1f %8s %8.1f\n", set->name, set->format, k->name,
                        k->rows, 100 * set->before[c].error, 100 * k->error, 100 * k->bias, cross, 100 * k->noise);
    }
    if (set->skipped > 0)
      clx_buffer_format(out, "  %d rows of %s were not used; the first: %s\n", set->skipped, set->data,
                        set->skip_reason);
  }
  if (calibration->note != NULL) clx_buffer_format(out, "%s", calibration->note);
}

void clx_calibration_json(const clx_calibration *calibration, const clx_device *device, clx_buffer *out) {
  json_t *sets = json_array();
  for (int32_t i = 0; i < calibration->count; i++) {
    const clx_calibrated_set *set = &calibration->set[i];
    const clx_kernel_fit *fit = set->parameters;
    json_t *classes = json_array(), *parameters = json_object();
    for (int32_t c = 0; c < fit->class_count; c++) {
      const clx_kernel_class *k = &fit->classes[c];
      if (k->rows == 0) continue;
      json_array_append_new(classes, json_pack("{s:s,s:i,s:f,s:f,s:f,s:f,s:f}", "name", k->name, "rows", k->rows,
                                               "before", set->before[c].error, "error", k->error, "bias", k->bias,
                                               "cross_error", k->cross_error, "noise", k->noise));
    }
    for (int32_t p = 0; p < set->schema->count; p++) {
      const clx_row *row = &set->schema->rows[p];
      if (row->kind != CLX_ROW_REAL) continue;
      json_object_set_new(parameters, row->key,
                          json_real(*(const double *)((const char *)set->parameters + row->offset)));
    }
    json_array_append_new(sets, json_pack("{s:s,s:s,s:s,s:i,s:i,s:i,s:o,s:o}", "family", set->name, "format",
                                          set->format, "data", set->data, "rows", fit->rows, "used", fit->used,
                                          "skipped", set->skipped, "classes", classes, "parameters", parameters));
  }
  json_t *root = json_pack("{s:s,s:o}", "device", device->name, "sets", sets);
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

static void write_numbers(const char *key, const double *value, int32_t count, clx_buffer *out) {
  clx_buffer_format(out, "%s: [", key);
  for (int32_t i = 0; i < count; i++) clx_buffer_format(out, "%s%.9g", i == 0 ? "" : ", ", value[i]);
  clx_buffer_format(out, "]");
}

static void write_escaped(const char *text, clx_buffer *out) {
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\') clx_buffer_add(out, "\\", 1);
    clx_buffer_add(out, c, 1);
  }
}

void clx_write_quoted(const char *text, clx_buffer *out) {
  clx_buffer_add(out, "\"", 1);
  write_escaped(text, out);
  clx_buffer_add(out, "\"", 1);
}

void clx_write_fit(const clx_kernel_fit *fit, const char *indent, clx_buffer *out) {
  clx_buffer_format(out, "%sfit:\n%s  data: ", indent, indent);
  clx_write_quoted(fit->data, out);
  clx_buffer_format(out, "\n%s  origin: ", indent);
  clx_write_quoted(fit->origin, out);
  clx_buffer_format(out, "\n%s  rows: %d\n%s  used: %d\n", indent, fit->rows, indent, fit->used);
  if (fit->low_count > 0) {
    clx_buffer_format(out, "%s  ", indent);
    write_numbers("low", fit->low, fit->low_count, out);
    clx_buffer_format(out, "\n%s  ", indent);
    write_numbers("high", fit->high, fit->high_count, out);
    clx_buffer_format(out, "\n");
  }
  if (fit->class_count > 0) clx_buffer_format(out, "%s  classes:\n", indent);
  for (int32_t c = 0; c < fit->class_count; c++) {
    const clx_kernel_class *k = &fit->classes[c];
    if (k->rows == 0) continue;
    clx_buffer_format(out, "%s    - {name: %s, rows: %d, error: %.4f, bias: %.4f, cross_error: %.4f", indent, k->name,
                      k->rows, k->error, k->bias, k->cross_error);
    clx_buffer_format(out, k->noise > 0 ? ", noise: %.4f}\n" : "}\n", k->noise);
  }
}

// A map of parameters with their provenance, its keys behind `indent`.
static void write_set(const clx_schema *schema, const void *parameters, const char *indent, clx_buffer *out) {
  const clx_kernel_fit *fit = parameters;
  clx_buffer_format(out, "%ssource: ", indent);
  clx_write_quoted(fit->origin, out);
  clx_buffer_format(out, "\n%skind: fitted\n", indent);
  clx_write_fit(fit, indent, out);
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    if (row->kind != CLX_ROW_REAL) continue;
    const double value = *(const double *)((const char *)parameters + row->offset);
    clx_buffer_format(out, "%s%s: %.6g%s%s\n", indent, row->key, value, row->unit != NULL ? " " : "",
                      row->unit != NULL ? row->unit : "");
  }
}

// The set that the entry gets: fitted now, else the one that this device has already, else none.
static const void *set_to_write(const clx_calibration *calibration, const clx_device *device, const char *name,
                                int32_t set, const clx_kernel_fit *old) {
  for (int32_t i = 0; i < calibration->count; i++) {
    if (clx_text_equal(calibration->set[i].name, name) && calibration->set[i].set == set)
      return calibration->set[i].parameters;
  }
  return old->rows > 0 && old->origin != NULL && clx_text_equal(old->device, device->name) ? old : NULL;
}

static void write_power(const clx_calibration *calibration, const clx_device *device, const clx_schema *schema,
                        const clx_kernel_fit *old, clx_buffer *out) {
  const void *parameters = set_to_write(calibration, device, schema->name, 0, old);
  if (parameters == NULL) return;
  clx_buffer_format(out, "%s:\n", schema->name);
  write_set(schema, parameters, "  ", out);
}

static void write_aliases(const clx_device *device, const clx_kernels *start, clx_buffer *out) {
  if (start->alias_count == 0 || !clx_text_equal(start->name, device->name)) return;
  clx_buffer_format(out, "aliases: [");
  for (int32_t i = 0; i < start->alias_count; i++) {
    clx_buffer_format(out, "%s", i == 0 ? "" : ", ");
    clx_write_quoted(start->aliases[i], out);
  }
  clx_buffer_format(out, "]\n");
}

void clx_calibration_entry(const clx_calibration *calibration, const clx_device *device, const clx_kernels *start,
                           clx_buffer *out) {
  clx_buffer_format(out, "# Written by `colossus calibrate device %s`; docs/model/device.md has the command line.\n",
                    device->name);
  clx_buffer_format(out, "name: %s\ntitle: \"kernels of ", device->name);
  write_escaped(device->title != NULL ? device->title : device->name, out);
  clx_buffer_format(out, ", fitted to measurements\"\n");
  write_aliases(device, start, out);
  for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) {
    const clx_kernel_family *family = clx_kernel_family_at(f);
    bool opened = false;
    for (int32_t s = 0; family->sets[s] != NULL; s++) {
      const void *parameters = set_to_write(calibration, device, family->name, s, clx_kernels_fit(start, family, s));
      if (parameters == NULL) continue;
      if (!opened) clx_buffer_format(out, "%s:\n", family->name);
      opened = true;
      clx_buffer_format(out, "  %s:\n", family->sets[s]);
      write_set(family->schema, parameters, "    ", out);
    }
  }
  write_power(calibration, device, &clx_power_schema, &start->power.fit, out);
  write_power(calibration, device, &clx_power_meter_schema, &start->power_meter.fit, out);
}
