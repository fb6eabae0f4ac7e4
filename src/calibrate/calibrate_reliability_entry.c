// The entry of catalogue/failures that a log becomes.
#include <math.h>
#include <string.h>

#include "calibrate/calibrate_internal.h"
#include "calibrate/calibrate_reliability.h"

static const double day = 86400;

// What failures of a group take out, where a log does not say.
static const char *blast_of(const clx_log_class *kind) { return kind->cause == CLX_CAUSE_SOFTWARE ? "job" : "server"; }

static void write_title(const char *key, const char *text, const char *indent, clx_buffer *out) {
  clx_buffer_format(out, "%s%s: ", indent, key);
  clx_write_quoted(text, out);
  clx_buffer_format(out, "\n");
}

// Events and exposure. With a Weibull shape the rate of the model is one over the mean life: the events stand over so many mean lives,
// which keeps both the rate and its uncertainty. Events of a cluster are one.
static void write_rate(const clx_class_fit *f, clx_buffer *out) {
  const clx_rate_fit *counted = f->part == CLX_PART_GPU ? &f->gpu : &f->node;
  const clx_weibull_fit *w = &f->weibull;
  if (f->form == CLX_FORM_WEIBULL) {
    const double life = w->scale * clx_gamma_function(1 + 1 / w->shape);
    clx_buffer_format(out,
                      "    events: %.10g\n    exposure: {value: %.9g d, kind: fitted, why: \"%.10g events at one in a "
                      "mean life of %.6g d, scale %.6g d; the log covers %.9g d\"}\n",
                      w->events, w->events * life / day, w->events, life / day, w->scale / day,
                      counted->exposure / day);
    clx_buffer_format(out,
                      "    shape: {value: %.4f, kind: fitted, why: \"maximum likelihood, 1 would have p = %.2g; "
                      "between %.4f and %.4f\"}\n",
                      w->shape, w->p_constant, w->low, w->high);
    return;
  }
  const double events = f->burst > 0 ? f->events / (1 + f->burst) : f->events;
  clx_buffer_format(out, "    events: %.10g\n    exposure: %.9g d\n", events, counted->exposure / day);
  if (f->burst > 0)
    clx_buffer_format(out,
                      "    burst: {value: %.4g, kind: fitted, why: \"%.6g of %.6g events within a minute of another, "
                      "chance gives %.3g; counted as one\"}\n",
                      f->burst, f->cluster.close, f->events, f->cluster.expected);
}

// The factor of a step nobody lived through is that of the step before.
static void write_steps(const clx_class_fit *f, clx_buffer *out) {
  double events = 0, exposure = 0, factor = 1;
  if (f->form != CLX_FORM_STEPS) return;
  for (int32_t s = 0; s < f->steps.count; s++) {
    events += f->steps.rate[s].events;
    exposure += f->steps.rate[s].exposure;
  }
  clx_buffer_format(out, "    ages: [");
  for (int32_t s = 0; s < f->steps.count; s++)
    clx_buffer_format(out, "%s%.9g d", s > 0 ? ", " : "", f->steps.from[s] / day);
  clx_buffer_format(out, "]\n    factors: {value: [");
  for (int32_t s = 0; s < f->steps.count; s++) {
    if (f->steps.rate[s].exposure > 0) factor = f->steps.rate[s].rate / (events / exposure);
    clx_buffer_format(out, "%s%.4g", s > 0 ? ", " : "", factor);
  }
  clx_buffer_format(out, "], kind: fitted, why: \"counted by age; a Weibull hazard has p = %.2g\"}\n",
                    f->weibull.p_fit);
}

static void write_repair(const clx_repair_fit *r, clx_buffer *out) {
  if (!(r->median > 0)) return;
  clx_buffer_format(out,
                    "    repair_median: {value: %.6g h, kind: fitted, why: \"log-normal, %d repairs, sigma %.3f\"}\n",
                    r->median / 3600, r->count, r->sigma);
  clx_buffer_format(out,
                    "    repair_mean: {value: %.6g h, kind: fitted, why: \"of that log-normal; the repairs themselves "
                    "have a mean of %.6g h\"}\n",
                    r->mean / 3600, r->sample_mean / 3600);
  if (r->most > 0) clx_buffer_format(out, "    repair_most: %.6g h\n", r->most / 3600);
}

static void write_class(const clx_class_fit *f, clx_buffer *out) {
  const clx_log_class *kind = f->kind;
  if (kind->role == CLX_LOG_SYMPTOM) clx_buffer_format(out, "  # A symptom, not a cause: some other part failed.\n");
  write_title("name", kind->name, "  - ", out);
  write_title("title", kind->title, "    ", out);
  clx_buffer_format(out, "    cause: %s\n    of: %s\n    blast: %s\n", clx_failure_cause_name[kind->cause],
                    clx_part_name[f->part], blast_of(kind));
  // Only where the log says so: unplanned maintenance of hosts is an interruption like any other.
  if (clx_text_match("planned*", kind->name) || clx_text_match("*_planned*", kind->name))
    clx_buffer_format(out, "    planned: true\n");
  write_rate(f, out);
  write_steps(f, out);
  if (f->form != CLX_FORM_CONSTANT && 2 * f->ended > f->events) clx_buffer_format(out, "    renews: true\n");
  if (f->stop_known > 0) clx_buffer_format(out, "    stops: %.6g\n", f->stopped / f->stop_known);
  if (f->transient_known > 0) clx_buffer_format(out, "    transient: %.6g\n", f->transient / f->transient_known);
  write_repair(&f->repair, out);
}

// Factors by place, where it is no chance that they differ.
static void write_position(const clx_position_fit *p, clx_buffer *out) {
  double events = 0, exposure = 0;
  if (p->count < 2 || !(p->p < 0.01)) return;
  for (int32_t i = 0; i < p->count; i++) {
    events += p->rate[i].events;
    exposure += p->rate[i].exposure;
  }
  clx_buffer_format(out, "position: [");
  for (int32_t i = 0; i < p->count; i++) {
    const double factor = p->rate[i].exposure > 0 ? p->rate[i].rate / (events / exposure) : 1;
    clx_buffer_format(out, "%s%.4g", i > 0 ? ", " : "", factor);
  }
  clx_buffer_format(out, "]\n");
}

void clx_failure_calibration_entry(const clx_failure_calibration *c, const char *name, const char *source,
                                   clx_buffer *out) {
  const clx_failure_log *log = c->log;
  const char *slash = strrchr(log->file, '/');
  clx_buffer_format(
      out,
      "# Written by `colossus calibrate reliability`: what was counted, and what follows from it. Blast and "
      "part follow from the\n# group of causes: correct them where you know better. Detection and "
      "diagnosis take the defaults of the model.\n");
  write_title("name", name, "", out);
  clx_buffer_format(out, "title: ");
  clx_buffer title = {0};
  clx_buffer_format(&title, "%.10g failure%s of %d class%s in %.10g node-hours, from %s", c->all.events,
                    c->all.events == 1 ? "" : "s", c->class_count, c->class_count == 1 ? "" : "es",
                    log->node_time / 3600, slash != NULL ? slash + 1 : log->file);
  out->failed |= title.failed;
  clx_write_quoted(title.data != NULL ? title.data : "", out);
  clx_buffer_free(&title);
  clx_buffer_format(out, "\naliases: []\nsource: %s\nkind: measured\n", source);
  if (c->lemons > 0)
    clx_buffer_format(out,
                      "# %d nodes fail more often than chance allows; their failures are in the rates, so no factor "
                      "of offenders stands here.\n",
                      c->lemons);
  write_position(&c->position, out);
  clx_buffer_format(out, "classes:\n");
  for (int32_t i = 0; i < c->class_count; i++) write_class(&c->fit[i], out);
}
