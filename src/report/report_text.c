// The summary that `run` prints. A quantity that was not found is left out, never printed as zero.
#include <stdio.h>
#include <string.h>

#include "report/report.h"
#include "unit/unit.h"

typedef struct writer {
  const clx_result *result;
  clx_buffer *out;
  bool colour;
} writer;

enum { TEXT = 48 };

static bool has(const writer *w, const char *name) { return clx_result_find(w->result, name) != NULL; }

static double value(const writer *w, const char *name) { return clx_result_value(w->result, name, 0); }

static const char *shown(const writer *w, const char *name, int digits, char *text) {
  const clx_quantity *q = clx_result_find(w->result, name);
  return q == NULL ? "?" : clx_quantity_format(q->value, q->unit, digits, text, TEXT);
}

static const char *fact(const writer *w, const char *name) {
  const char *text = clx_result_fact(w->result, name);
  return text == NULL ? "?" : text;
}

static void label(const writer *w, const char *name) {
  clx_buffer_format(w->out, w->colour ? "\033[1m%-14s\033[0m" : "%-14s", name);
}

static void write_machine(const writer *w) {
  char a[TEXT], b[TEXT], c[TEXT], d[TEXT];
  label(w, "machine");
  clx_buffer_format(w->out, "%s\n", fact(w, "machine.fleet"));
  label(w, "");
  clx_buffer_format(w->out, "%s GPUs in %s servers and %s racks; %s spare\n", shown(w, "machine.gpus", 12, a),
                    shown(w, "machine.servers", 12, b), shown(w, "machine.racks", 12, c),
                    shown(w, "machine.gpus_spare", 12, d));
  label(w, "network");
  clx_buffer_format(w->out, "%s x %s (", shown(w, "machine.switches", 12, a), fact(w, "network.switch"));
  for (int32_t tier = 1; tier <= (int32_t)value(w, "machine.tiers"); tier++) {
    char name[TEXT];
    snprintf(name, sizeof name, "machine.switches_tier_%d", tier);
    clx_buffer_format(w->out, "%s%s", tier > 1 ? " + " : "", shown(w, name, 12, b));
  }
  clx_buffer_format(w->out, "), %s ports, %s cables, %s optics\n", shown(w, "machine.endpoints", 12, b),
                    shown(w, "machine.cables", 12, c), shown(w, "machine.optics", 12, d));
}

static void write_job(const writer *w) {
  char a[TEXT], b[TEXT], c[TEXT];
  label(w, "model");
  clx_buffer_format(w->out, "%s: %s billion parameters, %s billion active, %s per token\n", fact(w, "training.model"),
                    clx_quantity_format(value(w, "training.parameters") / 1e9, "", 4, a, TEXT),
                    clx_quantity_format(value(w, "training.parameters_active") / 1e9, "", 4, b, TEXT),
                    shown(w, "training.flop_per_token", 4, c));
  label(w, "layout");
  clx_buffer_format(w->out, "%s (%s)\n", fact(w, "training.layout"), fact(w, "training.layout_origin"));
  label(w, "");
  clx_buffer_format(w->out, "%s sequences of %s tokens per step, %s micro-batches, %s, profile %s\n",
                    shown(w, "training.global_batch", 12, a), shown(w, "training.sequence", 12, b),
                    shown(w, "training.micro_batches", 12, c), fact(w, "training.precision"),
                    fact(w, "training.software"));
}

static void write_memory(const writer *w) {
  static const char *const classes[] = {"weights", "gradients", "optimizer", "activations", "overhead"};
  char a[TEXT], b[TEXT], c[TEXT];
  label(w, "memory");
  clx_buffer_format(w->out, "%s of %s per GPU (stage %s):", shown(w, "training.memory.total", 3, a),
                    shown(w, "training.memory.capacity", 3, b), shown(w, "training.memory.stage", 6, c));
  for (int32_t i = 0; i < CLX_COUNT(classes); i++) {
    char name[TEXT];
    snprintf(name, sizeof name, "training.memory.%s", classes[i]);
    clx_buffer_format(w->out, "%s %s %s", i > 0 ? "," : "", classes[i], shown(w, name, 3, a));
  }
  clx_buffer_format(w->out, "\n");
}

typedef struct part {
  const clx_quantity *quantity;
  bool done;
} part;

static int32_t collect_parts(const writer *w, part *parts, int32_t room) {
  int32_t count = 0;
  for (int32_t i = 0; i < clx_result_count(w->result) && count < room; i++) {
    const clx_quantity *q = clx_result_at(w->result, i);
    if (strncmp(q->name, "training.part.", 14) == 0) parts[count++] = (part){q, false};
  }
  return count;
}

// Parts of the step, largest first; what is below half a percent together at the end.
static void write_parts(const writer *w, double step) {
  part parts[24];
  const int32_t count = collect_parts(w, parts, CLX_COUNT(parts));
  double other = 0;
  label(w, "");
  for (int32_t shown_parts = 0;; shown_parts++) {
    part *largest = NULL;
    for (int32_t i = 0; i < count; i++) {
      if (!parts[i].done && (largest == NULL || parts[i].quantity->value > largest->quantity->value))
        largest = &parts[i];
    }
    if (largest == NULL) break;
    largest->done = true;
    if (largest->quantity->value < 0.005 * step) {
      other += largest->quantity->value;
      continue;
    }
    if (shown_parts > 0) clx_buffer_format(w->out, shown_parts % 7 == 0 ? ",\n%14s" : ", ", "");
    clx_buffer_format(w->out, "%s %.1f %%", largest->quantity->name + 14, 100 * largest->quantity->value / step);
  }
  if (other > 0) clx_buffer_format(w->out, ", other %.1f %%", 100 * other / step);
  clx_buffer_format(w->out, "\n");
}

static void write_step(const writer *w) {
  const clx_quantity *step = clx_result_find(w->result, "training.step_time");
  char a[TEXT], b[TEXT], c[TEXT];
  if (step == NULL) return;
  label(w, "step time");
  clx_buffer_format(w->out, "%s (%s to %s)\n", clx_quantity_format(step->value, "s", 4, a, TEXT),
                    clx_quantity_format(step->low, "s", 3, b, TEXT), clx_quantity_format(step->high, "s", 3, c, TEXT));
  write_parts(w, step->value);
  label(w, "MFU");
  clx_buffer_format(w->out, "%.1f %% (FLOP convention %s, dense peak %s per GPU)\n", 100 * value(w, "training.mfu"),
                    fact(w, "training.flop_convention"), shown(w, "training.mfu_peak", 4, a));
  label(w, "throughput");
  clx_buffer_format(w->out, "%s per day; %s per GPU\n", shown(w, "training.tokens_per_day", 4, a),
                    shown(w, "training.tokens_per_second_per_gpu", 4, b));
}

static void write_run(const writer *w) {
  const clx_quantity *run = clx_result_find(w->result, "training.duration");
  char a[TEXT], b[TEXT], c[TEXT], d[TEXT];
  if (run == NULL) return;
  label(w, "run");
  clx_buffer_format(w->out, "%s (%s to %s) without failures for %s; ", clx_quantity_format(run->value, "s", 4, a, TEXT),
                    clx_quantity_format(run->low, "s", 3, b, TEXT), clx_quantity_format(run->high, "s", 3, c, TEXT),
                    shown(w, "training.tokens", 4, d));
  clx_buffer_format(w->out, "%s of IT energy\n", shown(w, "training.energy", 4, a));
}

static void write_power(const writer *w) {
  char a[TEXT], b[TEXT], c[TEXT];
  label(w, "power");
  clx_buffer_format(w->out, "IT %s mean, %s peak; one GPU %s mean\n", shown(w, "power.it_mean", 4, a),
                    shown(w, "power.it_peak", 4, b), shown(w, "power.gpu_mean", 3, c));
  if (!has(w, "power.facility_mean")) return;
  label(w, "");
  clx_buffer_format(w->out, "facility %s mean, %s peak at PUE %.2f\n", shown(w, "power.facility_mean", 4, a),
                    shown(w, "power.facility_peak", 4, b), value(w, "power.pue"));
}

static void write_trust(const writer *w) {
  enum { WARNINGS_SHOWN = 4 };
  label(w, "accuracy");
  clx_buffer_format(w->out, "%s\n", fact(w, "accuracy.statement"));
  const int32_t warnings = clx_result_warning_count(w->result), assumptions = clx_result_assumption_count(w->result);
  for (int32_t i = 0; i < warnings && i < WARNINGS_SHOWN; i++) {
    label(w, "warning");
    clx_buffer_format(w->out, "%s\n", clx_result_warning(w->result, i));
  }
  if (warnings > WARNINGS_SHOWN) {
    label(w, "");
    clx_buffer_format(w->out, "and %d more warnings: --json\n", warnings - WARNINGS_SHOWN);
  }
  if (assumptions == 0) return;
  label(w, "assumed");
  clx_buffer_format(w->out, "%d inputs the public record does not give: colossus check %s\n", assumptions,
                    fact(w, "scenario.name"));
}

void clx_report_text(const clx_result *result, bool colour, clx_buffer *out) {
  const writer w = {result, out, colour};
  clx_buffer_format(out, colour ? "\033[1m%s\033[0m\n" : "%s\n", fact(&w, "scenario.title"));
  write_machine(&w);
  write_job(&w);
  write_memory(&w);
  write_step(&w);
  write_run(&w);
  write_power(&w);
  write_trust(&w);
}
