// What a calibration says: the table of errors, and the catalogue entry.
#include <jansson.h>
#include <stdlib.h>

#include "calibrate/calibrate.h"

// --- for people -------------------------------------------------------------------------------------------------------------

static const char *set_name(const clx_calibrated_set *set) { return set->family->sets[set->set]; }

void clx_calibration_text(const clx_calibration *calibration, const clx_device *device, clx_buffer *out) {
  clx_buffer_format(out, "%s: mean absolute error in %% of the measured time; cross: on shape families left out\n",
                    device->name);
  clx_buffer_format(out, "%-22s %-10s %-8s %7s %8s %8s %8s %8s %8s\n", "family", "format", "size", "rows", "before",
                    "fitted", "bias", "cross", "noise");
  for (int32_t i = 0; i < calibration->count; i++) {
    const clx_calibrated_set *set = &calibration->set[i];
    const clx_kernel_fit *fit = set->parameters;
    for (int32_t c = 0; c < fit->class_count; c++) {
      const clx_kernel_class *k = &fit->classes[c];
      if (k->rows == 0) continue;
      clx_buffer_format(out, "%-22s %-10s %-8s %7d %8.1f %8.1f %+8.1f %8.1f %8.1f\n", set->family->name, set_name(set),
                        k->name, k->rows, 100 * set->before[c].error, 100 * k->error, 100 * k->bias,
                        100 * k->cross_error, 100 * k->noise);
    }
    if (set->skipped > 0)
      clx_buffer_format(out, "  %d rows of %s were not used; the first: %s\n", set->skipped, set->data,
                        set->skip_reason);
  }
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
    for (int32_t p = 0; p < set->family->schema->count; p++) {
      const clx_row *row = &set->family->schema->rows[p];
      if (row->kind != CLX_ROW_REAL) continue;
      json_object_set_new(parameters, row->key,
                          json_real(*(const double *)((const char *)set->parameters + row->offset)));
    }
    json_array_append_new(sets, json_pack("{s:s,s:s,s:s,s:i,s:i,s:i,s:o,s:o}", "family", set->family->name, "format",
                                          set_name(set), "data", set->data, "rows", fit->rows, "used", fit->used,
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

static void write_fit(const clx_kernel_fit *fit, clx_buffer *out) {
  clx_buffer_format(out, "    fit:\n      data: \"%s\"\n      origin: %s\n      rows: %d\n      used: %d\n", fit->data,
                    fit->origin, fit->rows, fit->used);
  write_numbers("      low", fit->low, fit->low_count, out);
  write_numbers("\n      high", fit->high, fit->high_count, out);
  clx_buffer_format(out, "\n      classes:\n");
  for (int32_t c = 0; c < fit->class_count; c++) {
    const clx_kernel_class *k = &fit->classes[c];
    if (k->rows == 0) continue;
    clx_buffer_format(out, "        - {name: %s, rows: %d, error: %.4f, bias: %.4f, cross_error: %.4f, noise: %.4f}\n",
                      k->name, k->rows, k->error, k->bias, k->cross_error, k->noise);
  }
}

static void write_set(const clx_kernel_family *family, int32_t set, const void *parameters, clx_buffer *out) {
  const clx_kernel_fit *fit = parameters;
  clx_buffer_format(out, "  %s:\n    source: %s\n    kind: fitted\n", family->sets[set], fit->origin);
  write_fit(fit, out);
  for (int32_t i = 0; i < family->schema->count; i++) {
    const clx_row *row = &family->schema->rows[i];
    if (row->kind != CLX_ROW_REAL) continue;
    const double value = *(const double *)((const char *)parameters + row->offset);
    clx_buffer_format(out, "    %s: %.6g%s%s\n", row->key, value, row->unit != NULL ? " " : "",
                      row->unit != NULL ? row->unit : "");
  }
}

// The set that the entry gets: fitted now, else the one that this device has already, else none.
static const void *set_to_write(const clx_calibration *calibration, const clx_device *device, const clx_kernels *start,
                                const clx_kernel_family *family, int32_t set) {
  for (int32_t i = 0; i < calibration->count; i++) {
    if (calibration->set[i].family == family && calibration->set[i].set == set) return calibration->set[i].parameters;
  }
  const clx_kernel_fit *old = clx_kernels_fit(start, family, set);
  return old->rows > 0 && old->origin != NULL && clx_text_equal(old->device, device->name) ? old : NULL;
}

static void write_aliases(const clx_device *device, const clx_kernels *start, clx_buffer *out) {
  if (start->alias_count == 0 || !clx_text_equal(start->name, device->name)) return;
  clx_buffer_format(out, "aliases: [");
  for (int32_t i = 0; i < start->alias_count; i++)
    clx_buffer_format(out, "%s%s", i == 0 ? "" : ", ", start->aliases[i]);
  clx_buffer_format(out, "]\n");
}

void clx_calibration_entry(const clx_calibration *calibration, const clx_device *device, const clx_kernels *start,
                           clx_buffer *out) {
  clx_buffer_format(out, "# Written by `colossus calibrate device %s`; docs/model/device.md has the command line.\n",
                    device->name);
  clx_buffer_format(out, "name: %s\ntitle: \"kernels of %s, fitted to measurements\"\n", device->name,
                    device->title != NULL ? device->title : device->name);
  write_aliases(device, start, out);
  for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) {
    const clx_kernel_family *family = clx_kernel_family_at(f);
    bool opened = false;
    for (int32_t s = 0; family->sets[s] != NULL; s++) {
      const void *parameters = set_to_write(calibration, device, start, family, s);
      if (parameters == NULL) continue;
      if (!opened) clx_buffer_format(out, "%s:\n", family->name);
      opened = true;
      write_set(family, s, parameters, out);
    }
  }
}
