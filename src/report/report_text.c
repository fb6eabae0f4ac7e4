// The summary that `run` prints. A quantity that was not found is left out, never printed as zero.
#include <stdio.h>
#include <string.h>

#include "report/report_internal.h"
#include "unit/unit.h"

enum { SHORT = 64 };

// One paragraph in the making, its items separated by commas.
typedef struct writer {
  const clx_result *result;
  clx_page page;
  clx_buffer text;
} writer;

static const char *fact(const writer *w, const char *name) { return clx_result_fact(w->result, name); }

static const clx_quantity *find(const writer *w, const char *name) { return clx_result_find(w->result, name); }

// The quantity for people, or NULL when it was not found. `text` holds SHORT bytes.
static const char *shown(const writer *w, const char *name, int digits, char *text) {
  const clx_quantity *q = find(w, name);
  return q == NULL ? NULL : clx_quantity_format(q->value, q->unit, digits, text, SHORT);
}

// Adds "<before><quantity><after>" behind `separator`, which is left out at the start. Nothing when it was not found.
static void add(writer *w, const char *separator, const char *before, const char *name, int digits, const char *after) {
  char text[SHORT];
  if (shown(w, name, digits, text) == NULL) return;
  clx_buffer_format(&w->text, "%s%s%s%s", w->text.length > 0 ? separator : "", before, text, after);
}

static void add_fact(writer *w, const char *separator, const char *before, const char *name, const char *after) {
  const char *text = fact(w, name);
  if (text != NULL) clx_buffer_format(&w->text, "%s%s%s%s", w->text.length > 0 ? separator : "", before, text, after);
}

// Adds " (1.1 s to 2.5 s)" where a band is known.
static void add_band(writer *w, const clx_quantity *q, int digits) {
  char low[SHORT], high[SHORT];
  if (q->low == q->value && q->high == q->value) return;
  clx_buffer_format(&w->text, " (%s to %s)", clx_quantity_format(q->low, q->unit, digits, low, sizeof low),
                    clx_quantity_format(q->high, q->unit, digits, high, sizeof high));
}

// Writes the paragraph and starts a new one.
static void flush(writer *w, const char *label, int32_t most, clx_report_style style) {
  if (w->text.length > 0) clx_page_put(&w->page, label, w->text.data, most, style);
  w->page.out->failed = w->page.out->failed || w->text.failed;
  w->text.length = 0;
  if (w->text.data != NULL) w->text.data[0] = '\0';
}

// --- what the machine is ---------------------------------------------------------------------------------------------

static void write_title(writer *w) {
  const char *title = fact(w, "scenario.title");
  if (title == NULL) title = fact(w, "scenario.name");
  if (title != NULL) clx_page_title(&w->page, title);
}

static void write_machine(writer *w) {
  add_fact(w, "", "", "machine.fleet", "");
  flush(w, "machine", 2, CLX_REPORT_PLAIN);
  add(w, ", ", "", "machine.gpus", 12, " GPUs");
  add(w, ", ", "", "machine.servers", 12, " servers");
  add(w, ", ", "", "machine.racks", 12, " racks");
  add(w, "; ", "", "machine.gpus_used", 12, " GPUs in the layout");
  add(w, ", ", "", "machine.gpus_spare", 12, " spare");
  flush(w, "", 2, CLX_REPORT_PLAIN);
}

static void write_network(writer *w) {
  const bool jobs = find(w, "power.jobs.count") != NULL;  // a machine that is there for its power alone
  if (jobs && !(clx_result_value(w->result, "machine.cables", 0) > 0)) return;
  if (clx_result_value(w->result, "machine.switches", 0) > 0) {
    add(w, "", "", "machine.switches", 12, " switches");
    add_fact(w, "", " ", "network.switch", "");
  } else {
    add_fact(w, "", "", "network.topology", "");
  }
  const double tiers = clx_result_value(w->result, "machine.tiers", 0);
  for (int32_t tier = 1; tier <= (int32_t)tiers; tier++) {
    char name[SHORT];
    snprintf(name, sizeof name, "machine.switches_tier_%d", tier);
    add(w, tier == 1 ? " (" : " + ", "", name, 12, "");
    if (tier == (int32_t)tiers) clx_buffer_format(&w->text, tier == 1 ? " in 1 tier)" : " in %d tiers)", tier);
  }
  add(w, ", ", "", "machine.cables", 12, " cables");
  add(w, ", ", "", "machine.optics", 12, " optics");
  flush(w, "network", 2, CLX_REPORT_PLAIN);
}

// --- the job ---------------------------------------------------------------------------------------------------------

static void add_billions(writer *w, const char *name, const char *what) {
  char text[SHORT];
  const clx_quantity *q = find(w, name);
  if (q == NULL) return;
  clx_buffer_format(&w->text, ", %s billion %s", clx_quantity_format(q->value / 1e9, "", 4, text, sizeof text), what);
}

static void write_job(writer *w) {
  if (fact(w, "training.model") == NULL) return;
  add_fact(w, "", "", "training.model", "");
  add_billions(w, "training.parameters", "parameters");
  add_billions(w, "training.parameters_active", "active");
  add(w, ", ", "", "training.flop_per_token", 4, " per token");
  flush(w, "model", 1, CLX_REPORT_PLAIN);
  add(w, "; ", "", "training.global_batch", 12, " sequences");
  add(w, " ", "of ", "training.sequence", 12, " tokens a step");
  add(w, ", ", "", "training.micro_batches", 12, " micro-batches");
  add_fact(w, "; ", "", "training.precision", "");
  add_fact(w, ", ", "profile ", "training.software", "");
  flush(w, "batch", 2, CLX_REPORT_PLAIN);
  add_fact(w, "", "", "training.layout", "");
  add_fact(w, "", " (", "training.layout_origin", ")");
  flush(w, "layout", 2, CLX_REPORT_PLAIN);
}

// Quantities named `prefix` and more, largest first. Returns how many there are in `parts`, at most `room`.
static int32_t collect(const writer *w, const char *prefix, const clx_quantity **parts, int32_t room) {
  static const char *const sums[] = {"training.memory.total", "training.memory.capacity", "training.memory.stage"};
  int32_t count = 0;
  for (int32_t i = 0; i < clx_result_count(w->result) && count < room; i++) {
    const clx_quantity *q = clx_result_at(w->result, i);
    bool part = strncmp(q->name, prefix, strlen(prefix)) == 0;
    for (int32_t k = 0; k < CLX_COUNT(sums); k++) part = part && strcmp(q->name, sums[k]) != 0;
    if (!part) continue;
    int32_t at = count++;
    for (; at > 0 && parts[at - 1]->value < q->value; at--) parts[at] = parts[at - 1];
    parts[at] = q;
  }
  return count;
}

enum { PARTS = 32 };

static void write_memory(writer *w) {
  static const char prefix[] = "training.memory.";
  const clx_quantity *parts[PARTS];
  if (find(w, "training.memory.total") == NULL) return;
  add(w, "", "", "training.memory.total", 3, "");
  add(w, "", " of ", "training.memory.capacity", 3, " per GPU");
  add(w, "", ", stage ", "training.memory.stage", 6, "");
  add(w, "", " of ", "training.pp", 6, " is heaviest");
  const int32_t count = collect(w, prefix, parts, PARTS);
  for (int32_t i = 0; i < count; i++) {
    char text[SHORT];
    if (parts[i]->value <= 0) continue;
    clx_buffer_format(&w->text, "%s%s %s", i == 0 ? ": " : ", ", parts[i]->name + strlen(prefix),
                      clx_quantity_format(parts[i]->value, parts[i]->unit, 3, text, sizeof text));
  }
  flush(w, "memory", 2, CLX_REPORT_PLAIN);
}

const char *clx_report_part(const char *key) {
  static const char *const names[][2] = {
      {"gemm", "matrix products"},    {"attention", "attention"},           {"stream", "elementwise"},
      {"recompute", "recompute"},     {"tp_exposed", "TP transfers"},       {"cp_exposed", "CP transfers"},
      {"ep_exposed", "EP transfers"}, {"pp_exposed", "PP transfers"},       {"dp_exposed", "DP transfers"},
      {"bubble", "pipeline bubble"},  {"optimizer", "optimizer"},           {"launch", "waiting for the host"},
      {"contention", "shared links"}, {"jitter", "waiting for the slowest"}};
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    if (strcmp(names[i][0], key) == 0) return names[i][1];
  }
  return key;
}

// Parts of the step, largest first; what is below one percent stands together at the end.
static void write_parts(writer *w, double step) {
  static const char prefix[] = "training.part.";
  const clx_quantity *parts[PARTS];
  const int32_t count = collect(w, prefix, parts, PARTS);
  double other = 0;
  for (int32_t i = 0; i < count; i++) {
    if (parts[i]->value < 0.01 * step) {
      other += parts[i]->value;
      continue;
    }
    clx_buffer_format(&w->text, "%s%s %.1f %%", w->text.length > 0 ? ", " : "",
                      clx_report_part(parts[i]->name + strlen(prefix)), 100 * parts[i]->value / step);
  }
  if (other >= 0.0005 * step) clx_buffer_format(&w->text, ", other %.1f %%", 100 * other / step);
  flush(w, "", find(w, "reliability.goodput") != NULL ? 2 : 3, CLX_REPORT_PLAIN);
}

static void write_step(writer *w) {
  const clx_quantity *step = find(w, "training.step_time"), *mfu = find(w, "training.mfu");
  if (step != NULL && step->value > 0) {
    add(w, "", "", "training.step_time", 4, "");
    add_band(w, step, 3);
    flush(w, "step time", 1, CLX_REPORT_BOLD);
    write_parts(w, step->value);
  }
  if (mfu != NULL) {
    clx_buffer_format(&w->text, "%.1f %%", 100 * mfu->value);
    if (mfu->low != mfu->value || mfu->high != mfu->value) {
      clx_buffer_format(&w->text, " (%.1f to %.1f %%)", 100 * mfu->low, 100 * mfu->high);
    }
    add_fact(w, ", ", "", "training.flop_convention", " FLOP count");
    add(w, ", ", "dense peak ", "training.mfu_peak", 4, " per GPU");
    flush(w, "MFU", 1, CLX_REPORT_BOLD);
  }
  add(w, ", ", "", "training.tokens_per_day", 4, " a day");
  add(w, ", ", "", "training.tokens_per_second_per_gpu", 4, " per GPU");
  flush(w, "throughput", 1, CLX_REPORT_PLAIN);
}

static void write_run(writer *w) {
  const clx_quantity *run = find(w, "training.duration");
  if (run == NULL) return;
  add(w, "", "", "training.duration", 3, "");
  add_band(w, run, 3);
  add(w, " ", "for ", "training.tokens", 4, "");
  add(w, ", ", "", "training.steps", 12, " steps");
  clx_buffer_format(&w->text, ", no failures");
  if (find(w, "power.energy") == NULL)
    add(w, ", ", "", "training.energy", 3, " of IT energy");  // else beside that of the site
  flush(w, "run", 2, CLX_REPORT_PLAIN);
}

// --- how far to trust it ---------------------------------------------------------------------------------------------

// Where there is room for no more: warnings and assumptions counted on one line.
static void write_counts(writer *w, int32_t warnings, int32_t assumptions) {
  clx_buffer_format(&w->text, "%d: --json; %d assumption%s: colossus check SCENARIO --assumptions", warnings,
                    assumptions, assumptions == 1 ? "" : "s");
  flush(w, "warnings", 1, CLX_REPORT_DIM);
}

static void write_trust(writer *w) {
  const int32_t assumptions = clx_result_assumption_count(w->result), warnings = clx_result_warning_count(w->result);
  const bool joined = assumptions > 0 && warnings > 0 && CLX_REPORT_LINES - w->page.lines < 3;
  // A line each for warnings and assumptions.
  const int32_t left = CLX_REPORT_LINES - w->page.lines - (joined ? 1 : 2);
  if (left > 0) add_fact(w, "", "", "accuracy.statement", "");
  flush(w, "accuracy", left < 2 ? left : 2, CLX_REPORT_DIM);
  if (joined) {
    write_counts(w, warnings, assumptions);
    return;
  }
  clx_page_warnings(&w->page, w->result, CLX_REPORT_LINES - w->page.lines - (assumptions > 0 ? 1 : 0));
  if (assumptions == 0) return;
  clx_buffer_format(&w->text, "%d assumption%s: colossus check SCENARIO --assumptions", assumptions,
                    assumptions == 1 ? "" : "s");
  flush(w, "assumed", 1, CLX_REPORT_DIM);
}

void clx_report_text(const clx_result *result, bool colour, clx_buffer *out) {
  writer w = {.result = result, .page = {.out = out, .colour = colour}};
  write_title(&w);
  write_machine(&w);
  write_network(&w);
  write_job(&w);
  write_memory(&w);
  write_step(&w);
  write_run(&w);
  clx_report_goodput_lines(result, &w.page);
  clx_report_power_lines(result, &w.page);
  clx_report_cooling_lines(result, &w.page);
  clx_report_serving_lines(result, &w.page);
  clx_report_supply_lines(result, &w.page);
  clx_report_buildout_lines(result, &w.page);
  clx_report_cost_lines(result, &w.page);
  write_trust(&w);
  clx_buffer_free(&w.text);
}
