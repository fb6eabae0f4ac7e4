// What a calibration of failure rates says, for people and as JSON.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "calibrate/calibrate_reliability.h"

static const double hour = 3600, day = 86400, year = 365.25 * 86400;
static const double thousand_days = 1000 * 86400.0;  // node-days to node-seconds
static const double fit_hours = 1e9 * 3600;          // failures in time: per 1e9 hours
enum { LEMONS_SHOWN = 10 };

// --- for people -------------------------------------------------------------------------------------------------------------

static void write_share(double part, double whole, clx_buffer *out) {
  if (whole > 0) {
    clx_buffer_format(out, " %7.1f%%", 100 * part / whole);
  } else {
    clx_buffer_format(out, " %8s", "-");
  }
}

static void write_class(const clx_failure_calibration *c, const clx_class_fit *f, const char *name, const char *group,
                        clx_buffer *out) {
  clx_buffer_format(out, "%-26.26s %-12s %8.6g %9.4g %9.4g %9.4g", name, group, f->events, thousand_days * f->node.rate,
                    thousand_days * f->node.low, thousand_days * f->node.high);
  if (f->gpu.exposure > 0) {
    clx_buffer_format(out, " %10.5g", fit_hours * f->gpu.rate);
  } else {
    clx_buffer_format(out, " %10s", "-");
  }
  write_share(f->events, c->all.events, out);
  write_share(f->stopped, f->stop_known, out);
  write_share(f->transient, f->transient_known, out);
  if (f->repair.median > 0) {
    clx_buffer_format(out, " %8.4g %8.4g\n", f->repair.median / hour, f->repair.mean / hour);
  } else {
    clx_buffer_format(out, " %8s %8s\n", "-", "-");
  }
}

static void write_table(const clx_failure_calibration *c, clx_buffer *out) {
  clx_buffer_format(out, "%-26s %-12s %8s %9s %9s %9s %10s %8s %8s %8s %8s %8s\n", "class", "cause", "events",
                    "/1000 n-d", "low", "high", "FIT/GPU", "share", "stopped", "transient", "repair h", "mean h");
  for (int32_t i = 0; i < c->class_count; i++) {
    const clx_class_fit *f = &c->fit[i];
    write_class(c, f, f->kind->name,
                f->kind->role == CLX_LOG_SYMPTOM ? "symptom" : clx_failure_cause_name[f->kind->cause], out);
  }
  write_class(c, &c->all, "all", "", out);
  for (int32_t i = c->class_count; i < c->fit_count; i++) {
    const clx_class_fit *f = &c->fit[i];
    clx_buffer_format(out,
                      "%-26.26s %-12s %8.6g %9.4g %9.4g %9.4g  not counted: what became of a job, not what failed\n",
                      f->kind->name, "outcome", f->events, thousand_days * f->node.rate, thousand_days * f->node.low,
                      thousand_days * f->node.high);
  }
}

static void write_ages(const clx_class_fit *f, const char *name, clx_buffer *out) {
  static const char *const said[] = {"a constant rate will do", "the entry takes the Weibull shape"};
  if (f->steps.count == 0) return;
  clx_buffer_format(out, "%s by age (per year of one %s, from age):", name, f->part == CLX_PART_GPU ? "GPU" : "node");
  for (int32_t s = 0; s < f->steps.count; s++) {
    const clx_rate_fit *r = &f->steps.rate[s];
    clx_buffer_format(out, "%s %.4g d %.3g (%.3g-%.3g)", s > 0 ? "," : "", f->steps.from[s] / day, year * r->rate,
                      year * r->low, year * r->high);
  }
  clx_buffer_format(out, "\n");
  if (!f->weibull.found) return;
  clx_buffer_format(out, "  Weibull shape %.3f (%.3f-%.3f), scale %.4g years, against a constant rate p = %.2g: ",
                    f->weibull.shape, f->weibull.low, f->weibull.high, f->weibull.scale / year, f->weibull.p_constant);
  char p[24];
  snprintf(p, sizeof p, "p = %.2g", f->weibull.p_fit);
  if (f->form == CLX_FORM_STEPS) {
    clx_buffer_format(out, "no Weibull fits the steps (%s), the entry takes these\n", p);
  } else {
    clx_buffer_format(out, "%s\n", said[f->form]);
  }
}

static void write_clusters(const clx_failure_calibration *c, clx_buffer *out) {
  const clx_cluster_fit *k = &c->all.cluster;
  if (k->gaps_tested)
    clx_buffer_format(out,
                      "clusters: %.6g of %.6g gaps between events are a minute or less, chance gives %.3g (p = %.2g)\n",
                      k->close, k->gaps, k->expected, k->p_close);
  if (k->counts_tested)
    clx_buffer_format(
        out, "evenness: variance of counts over mean %.3g in %d windows (p = %.2g)%s\n", k->dispersion, k->windows,
        k->p_dispersion,
        k->p_dispersion < 0.01 ? ": the rate changes or failures come together; the intervals are too narrow" : "");
  for (int32_t i = 0; i < c->class_count; i++) {
    const clx_class_fit *f = &c->fit[i];
    if (f->burst > 0)
      clx_buffer_format(out, "  %s comes in clusters: %.6g moments with %.3g further events on average (burst)\n",
                        f->kind->name, f->cluster.clusters, f->burst);
  }
}

static void write_lemons(const clx_failure_calibration *c, clx_buffer *out) {
  if (c->tested == 0) {
    clx_buffer_format(out, "repeat offenders: not looked for: that needs exposure by node and the node of events\n");
    return;
  }
  clx_buffer_format(out, "repeat offenders: %d of %d nodes (false ones up to %.0f%%)", c->lemons, c->tested,
                    100 * c->lemon_level);
  if (c->lemons > 0 && c->lemon_factor > 0)
    clx_buffer_format(out, ", after the first event failing %.3g times as often as the others", c->lemon_factor);
  clx_buffer_format(out, "\n");
  for (int32_t i = 0; i < c->lemons && i < LEMONS_SHOWN; i++) {
    const clx_lemon *l = &c->lemon[i];
    clx_buffer_format(out, "  %-24s %4.6g events, %.3g expected, p = %.2g, q = %.2g\n", c->log->units.name[l->unit],
                      l->events, l->expected, l->p, l->q);
  }
  if (c->lemons > LEMONS_SHOWN) clx_buffer_format(out, "  and %d more (--json)\n", c->lemons - LEMONS_SHOWN);
}

static void write_positions(const clx_failure_calibration *c, clx_buffer *out) {
  if (c->position.count < 2) return;
  clx_buffer_format(out, "by place in the rack, bottom to top (per year of one node):");
  for (int32_t p = 0; p < c->position.count; p++)
    clx_buffer_format(out, "%s %.4g (%.4g-%.4g)", p > 0 ? "," : "", year * c->position.rate[p].rate,
                      year * c->position.rate[p].low, year * c->position.rate[p].high);
  clx_buffer_format(out, "; all alike: p = %.2g\n", c->position.p);
}

static void write_symptoms(const clx_failure_calibration *c, clx_buffer *out) {
  for (int32_t i = 0; i < c->class_count; i++) {
    if (c->fit[i].kind->role == CLX_LOG_SYMPTOM)
      clx_buffer_format(out,
                        "warning: class '%s' (line %d) is a symptom: some other part failed; find the cause, or its "
                        "failures are counted under the wrong name\n",
                        c->fit[i].kind->title, c->fit[i].kind->line);
  }
}

static void write_mean_time(const clx_rate_fit *rate, clx_buffer *out) {
  clx_buffer_format(out, "\nmean time between failures of one node: ");
  if (rate->events > 0) {
    clx_buffer_format(out, "%.5g days (%.5g-%.5g)\n", 1 / (day * rate->rate), 1 / (day * rate->high),
                      1 / (day * rate->low));
  } else {
    clx_buffer_format(out, "more than %.5g days\n", 1 / (day * rate->high));
  }
}

void clx_failure_calibration_text(const clx_failure_calibration *c, clx_buffer *out) {
  const clx_failure_log *log = c->log;
  clx_buffer_format(out, "%s: %.10g failure%s of %d class%s in %.10g node-hours", log->file, c->all.events,
                    c->all.events == 1 ? "" : "s", c->class_count, c->class_count == 1 ? "" : "es",
                    log->node_time / hour);
  if (log->gpu_time > 0) clx_buffer_format(out, " (%.10g GPU-hours)", log->gpu_time / hour);
  clx_buffer_format(out, "; low and high: exact Poisson, %.4g%%\n\n", 100 * c->confidence);
  write_table(c, out);
  write_mean_time(&c->all.node, out);
  if (c->all.node.events > 0) write_clusters(c, out);
  for (int32_t i = 0; i < c->class_count; i++) write_ages(&c->fit[i], c->fit[i].kind->name, out);
  write_positions(c, out);
  write_lemons(c, out);
  write_symptoms(c, out);
  if (log->note.data != NULL) clx_buffer_add(out, log->note.data, log->note.length);
}

// --- JSON -------------------------------------------------------------------------------------------------------------------

// null for what is not known.
static json_t *real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *rate_json(const clx_rate_fit *r) {
  if (!(r->exposure > 0)) return json_null();
  return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "events", real(r->events), "exposure", real(r->exposure),
                   "rate", real(r->rate), "low", real(r->low), "high", real(r->high), "posterior_mean", real(r->mean),
                   "posterior_low", real(r->lower), "posterior_high", real(r->upper));
}

static json_t *ages_json(const clx_class_fit *f) {
  static const char *const forms[] = {"constant", "weibull", "steps"};
  if (f->steps.count == 0) return json_null();
  json_t *steps = json_array(), *weibull = json_null();
  for (int32_t s = 0; s < f->steps.count; s++)
    json_array_append_new(steps,
                          json_pack("{s:o,s:o}", "from", real(f->steps.from[s]), "rate", rate_json(&f->steps.rate[s])));
  const clx_weibull_fit *w = &f->weibull;
  if (w->found)
    weibull =
        json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "shape", real(w->shape), "low", real(w->low), "high", real(w->high),
                  "scale", real(w->scale), "p_constant", real(w->p_constant), "p_fit", real(w->p_fit));
  return json_pack("{s:s,s:o,s:o}", "form", forms[f->form], "weibull", weibull, "steps", steps);
}

static json_t *cluster_json(const clx_class_fit *f) {
  const clx_cluster_fit *k = &f->cluster;
  json_t *gaps = json_null(), *counts = json_null();
  if (k->gaps_tested)
    gaps = json_pack("{s:o,s:o,s:o,s:o}", "gaps", real(k->gaps), "close", real(k->close), "expected", real(k->expected),
                     "p", real(k->p_close));
  if (k->counts_tested)
    counts = json_pack("{s:i,s:o,s:o}", "windows", k->windows, "dispersion", real(k->dispersion), "p",
                       real(k->p_dispersion));
  return json_pack("{s:o,s:o,s:o}", "gaps", gaps, "counts", counts, "burst", real(f->burst));
}

static json_t *class_json(const clx_class_fit *f) {
  const clx_repair_fit *r = &f->repair;
  const double none = (double)NAN;
  json_t *repair = r->median > 0 ? json_pack("{s:i,s:o,s:o,s:o,s:o,s:o}", "count", r->count, "median", real(r->median),
                                             "mean", real(r->mean), "sigma", real(r->sigma), "sample_mean",
                                             real(r->sample_mean), "most", real(r->most > 0 ? r->most : none))
                                 : json_null();
  json_t *root =
      json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "events", real(f->events), "node", rate_json(&f->node), "gpu",
                rate_json(&f->gpu), "stopped", real(f->stop_known > 0 ? f->stopped / f->stop_known : none), "transient",
                real(f->transient_known > 0 ? f->transient / f->transient_known : none), "repair", repair, "age",
                ages_json(f), "clusters", cluster_json(f));
  if (f->kind != NULL) {
    json_object_set_new(root, "name", json_string(f->kind->name));
    json_object_set_new(root, "title", json_string(f->kind->title));
    json_object_set_new(root, "cause", json_string(clx_failure_cause_name[f->kind->cause]));
    json_object_set_new(root, "role", json_string(clx_log_role_name[f->kind->role]));
  }
  return root;
}

static json_t *lemons_json(const clx_failure_calibration *c) {
  json_t *list = json_array();
  for (int32_t i = 0; i < c->lemons; i++) {
    const clx_lemon *l = &c->lemon[i];
    json_array_append_new(
        list, json_pack("{s:s,s:o,s:o,s:o,s:o}", "node", c->log->units.name[l->unit], "events", real(l->events),
                        "expected", real(l->expected), "p", real(l->p), "q", real(l->q)));
  }
  return json_pack("{s:i,s:o,s:o,s:o}", "tested", c->tested, "level", real(c->lemon_level), "factor",
                   real(c->lemon_factor), "nodes", list);
}

void clx_failure_calibration_json(const clx_failure_calibration *c, clx_buffer *out) {
  json_t *classes = json_array(), *positions = json_array(), *notes = json_array();
  for (int32_t i = 0; i < c->fit_count; i++) json_array_append_new(classes, class_json(&c->fit[i]));
  for (int32_t p = 0; p < c->position.count; p++) json_array_append_new(positions, rate_json(&c->position.rate[p]));
  const char *note = c->log->note.data;
  for (size_t start = 0, i = 0; note != NULL && i < c->log->note.length; i++) {
    if (note[i] != '\n') continue;
    json_array_append_new(notes, json_stringn(note + start, i - start));
    start = i + 1;
  }
  json_t *root = json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "file", c->log->file, "confidence",
                           real(c->confidence), "node_time", real(c->log->node_time), "gpu_time",
                           real(c->log->gpu_time > 0 ? c->log->gpu_time : (double)NAN), "classes", classes, "all",
                           class_json(&c->all), "offenders", lemons_json(c), "positions", positions, "notes", notes);
  char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
  json_decref(root);
  if (text == NULL) {
    out->failed = true;
    return;
  }
  clx_buffer_format(out, "%s\n", text);
  free(text);
}
