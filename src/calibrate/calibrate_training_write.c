// What the calibration of training says: constants and how far they are determined, errors by source, profiles against the rule.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate_training_internal.h"

static double percent(double fraction) { return isfinite(fraction) ? 100 * fraction : NAN; }

// Without the sign of what rounds to nothing.
static double points(double fraction) { return fabs(100 * fraction) < 0.005 ? 0 : 100 * fraction; }

// A figure of a table, "-" where there is none.
static void write_figure(double fraction, int32_t width, clx_buffer *out) {
  if (isfinite(fraction)) {
    clx_buffer_format(out, " %*.1f", width, percent(fraction));
  } else {
    clx_buffer_format(out, " %*s", width, "-");
  }
}

static void write_source(const clx_calibrated_source *s, clx_buffer *out) {
  clx_buffer_format(out, "%-8s %5d", s->name, s->rows);
  for (int32_t how = 0; how < CLX_TRAINED; how++) {
    write_figure(s->error[how].mean, 7, out);
    write_figure(s->error[how].median, 5, out);
    write_figure(s->error[how].p90, 5, out);
  }
  clx_buffer_format(out, "\n");
}

static void write_errors(const clx_training_calibration *c, clx_buffer *out) {
  clx_buffer_format(
      out,
      "\n|error| of the step time in %%: mean, median, 90th percentile. Without source: fitted to all others, "
      "what they do not\ntell as another profile has it; own kept: as the catalogue has it. Without half: fitted "
      "to every other run.\n");
  clx_buffer_format(out, "%-8s %5s %19s %19s %19s %19s %19s\n", "source", "runs", "catalogue", "fitted to all",
                    "without source", "the same, own kept", "without half");
  for (int32_t s = 0; s < c->source_count; s++) write_source(&c->source[s], out);
  write_source(&c->all, out);
}

static void write_profiles(const clx_training_calibration *c, clx_buffer *out) {
  clx_buffer_format(out, "\nprofiles and the constants that they have to themselves, at most one for %d runs\n",
                    CLX_ROWS_PER_CONSTANT);
  clx_buffer_format(out, "%-24s %5s %4s %8s\n", "profile", "runs", "own", "allowed");
  for (int32_t i = 0; i < c->profile_count; i++) {
    const clx_calibrated_profile *p = &c->profile[i];
    clx_buffer_format(out, "%-24s %5d %4d %8d%s\n", p->name, p->rows, p->own, p->allowed,
                      p->own > p->allowed ? "  too many" : "");
  }
}

void clx_training_calibration_text(const clx_training_calibration *c, clx_buffer *out) {
  clx_buffer_format(out, "%d runs of %d sources, %d constants (%d shared): %d runs for each\n\n", c->rows,
                    c->source_count, c->constant_count, c->shared_count, c->rows / c->constant_count);
  clx_buffer_format(
      out,
      "range: over fits without one source. -10 %%, +10 %%: by how many points the mean |log error| grows. "
      "runs: that depend on it\n");
  clx_buffer_format(out, "%-22s %10s %10s %10s %10s %6s %6s %5s  %s\n", "constant", "catalogue", "fitted", "least",
                    "most", "-10 %", "+10 %", "runs", "of");
  for (int32_t k = 0; k < c->constant_count; k++) {
    const clx_calibrated_constant *one = &c->constant[k];
    clx_buffer_format(out, "%-22s %10.4g %10.4g %10.4g %10.4g %6.2f %6.2f %5d  %s\n", one->constant->key,
                      one->catalogue, one->fitted, one->low, one->high, points(one->worse[0]), points(one->worse[1]),
                      one->moved, one->label);
  }
  write_errors(c, out);
  write_profiles(c, out);
}

// --- JSON -----------------------------------------------------------------------------------------------------------------

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *source_json(const clx_calibrated_source *s) {
  json_t *object = json_pack("{s:s,s:i}", "name", s->name, "rows", s->rows);
  for (int32_t how = 0; how < CLX_TRAINED; how++) {
    const clx_trained_error *e = &s->error[how];
    json_object_set_new(object, clx_trained_name[how],
                        json_pack("{s:o,s:o,s:o,s:o}", "mean", number(e->mean), "median", number(e->median), "p90",
                                  number(e->p90), "bias", number(e->bias)));
  }
  return object;
}

static json_t *constant_json(const clx_calibrated_constant *c) {
  return json_pack("{s:s,s:s,s:s,s:s,s:b,s:i,s:i,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:s}", "key", c->constant->key, "kind",
                   clx_holder_name[c->constant->holder], "of", c->names, "label", c->label, "shared", c->shared, "rows",
                   c->rows, "moved", c->moved, "catalogue", c->catalogue, "fitted", c->fitted, "least", c->low, "most",
                   c->high, "minimum", c->constant->minimum, "maximum", c->constant->maximum, "worse_less", c->worse[0],
                   "worse_more", c->worse[1], "why", c->constant->why);
}

void clx_training_calibration_json(const clx_training_calibration *c, clx_buffer *out) {
  json_t *constants = json_array(), *sources = json_array(), *profiles = json_array();
  for (int32_t k = 0; k < c->constant_count; k++) json_array_append_new(constants, constant_json(&c->constant[k]));
  for (int32_t s = 0; s < c->source_count; s++) json_array_append_new(sources, source_json(&c->source[s]));
  for (int32_t i = 0; i < c->profile_count; i++) {
    const clx_calibrated_profile *p = &c->profile[i];
    json_array_append_new(profiles, json_pack("{s:s,s:i,s:i,s:i}", "name", p->name, "rows", p->rows, "own", p->own,
                                              "allowed", p->allowed));
  }
  json_t *root = json_pack("{s:i,s:i,s:o,s:o,s:o,s:o}", "rows", c->rows, "shared", c->shared_count, "constants",
                           constants, "sources", sources, "all", source_json(&c->all), "profiles", profiles);
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
  json_decref(root);
  if (text == NULL) {
    out->failed = true;
    return;
  }
  clx_buffer_format(out, "%s\n", text);
  free(text);
}

// --- what would change ------------------------------------------------------------------------------------------------------

void clx_training_calibration_entry(const clx_training_calibration *c, clx_buffer *out) {
  clx_buffer_format(
      out,
      "# Written by `colossus calibrate training`: constants of the training model as fitted to %d published "
      "runs.\n# To be judged, not to be read back: a value that hardly matters, or that another source "
      "does not want, is none.\n",
      c->rows);
  for (int32_t k = 0; k < c->constant_count; k++) {
    const clx_calibrated_constant *one = &c->constant[k];
    const char *unit = one->row->unit != NULL ? one->row->unit : "";
    clx_buffer_format(out, "#\n# %s: %s\n# %s: %.4g%s%s  # catalogue %.4g, without one source %.4g to %.4g\n",
                      clx_holder_name[one->constant->holder], one->names, one->constant->key, one->fitted,
                      unit[0] != '\0' ? " " : "", unit, one->catalogue, one->low, one->high);
  }
}
