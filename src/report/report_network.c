// What `network` prints: the fabric, its bill, rates of patterns and collectives, failures, load of links.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_internal.h"
#include "unit/unit.h"

enum { SHORT = 64, SUBJECT = 96, NAME = 256, LINE = 320 };

typedef struct writer {
  const clx_result *result;
  clx_page page;
} writer;

static const clx_quantity *find(const writer *w, const char *subject, const char *what) {
  char name[NAME];
  snprintf(name, sizeof name, "network.%s%s%s", subject, what[0] != '\0' ? "." : "", what);
  return clx_result_find(w->result, name);
}

static double value(const writer *w, const char *subject, const char *what, double otherwise) {
  const clx_quantity *q = find(w, subject, what);
  return q == NULL ? otherwise : q->value;
}

static const char *fact(const writer *w, const char *subject, const char *what) {
  char name[NAME];
  snprintf(name, sizeof name, "network.%s.%s", subject, what);
  return clx_result_fact(w->result, name);
}

// The quantity for people; "-" when it was not found.
static const char *shown(const writer *w, const char *subject, const char *what, int digits, char text[SHORT]) {
  const clx_quantity *q = find(w, subject, what);
  if (q == NULL) return "-";
  return clx_quantity_format(q->value, q->unit, digits, text, SHORT);
}

// Without switches a server sends over several links, and is what counts.
static bool has_switches(const writer *w) { return value(w, "switches", "", 1) > 0; }

static const char *percent(double share, char text[SHORT]) {
  snprintf(text, SHORT, "%.1f %%", 100 * share);
  return text;
}

// A paragraph of at most `most` lines; 0: one line of a table.
static void put(writer *w, const char *label, int32_t most, clx_report_style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void put(writer *w, const char *label, int32_t most, clx_report_style style, const char *format, ...) {
  char text[2 * LINE];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (most == 0) {
    clx_page_row(&w->page, label, text, style);
  } else {
    clx_page_put(&w->page, label, text, most, style);
  }
}

// --- what it is ------------------------------------------------------------------------------------------------------

static void write_bill(writer *w) {
  clx_buffer text = {0};
  char number[SHORT];
  const struct {
    const char *subject, *what, *after;
  } rows[] = {{"cables", "copper", " copper cables"},
              {"cables", "optical", " optical cables"},
              {"transceivers", "", " transceivers"},
              {"nics", "", " NICs"}};
  if (value(w, "switches", "", 0) > 0) {
    clx_buffer_format(&text, "%s switches", shown(w, "switches", "", 12, number));
    for (int32_t tier = 1; tier <= 9; tier++) {
      char name[SHORT];
      snprintf(name, sizeof name, "switches_tier_%d", tier);
      if (find(w, name, "") == NULL) break;
      clx_buffer_format(&text, "%s%s", tier == 1 ? " (" : " + ", shown(w, name, "", 12, number));
    }
    clx_buffer_format(&text, ")");
  }
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    if (value(w, rows[i].subject, rows[i].what, 0) <= 0) continue;
    clx_buffer_format(&text, "%s%s%s", text.length > 0 ? ", " : "", shown(w, rows[i].subject, rows[i].what, 12, number),
                      rows[i].after);
  }
  if (value(w, "power", "", 0) > 0) clx_buffer_format(&text, "; %s", shown(w, "power", "", 3, number));
  if (text.data != NULL) clx_page_put(&w->page, "to buy", text.data, 3, CLX_REPORT_PLAIN);
  w->page.out->failed = w->page.out->failed || text.failed;
  clx_buffer_free(&text);
}

// Blocks from the inside out: how much thinner it gets, how much later, on the way out.
static void write_blocks(writer *w) {
  clx_buffer text = {0};
  char number[SHORT];
  for (int32_t i = 1; i <= 9; i++) {
    char name[SHORT];
    snprintf(name, sizeof name, "level_%d", i);
    if (find(w, name, "gpus") == NULL) break;
    const double thinning = value(w, name, "thinning", 0), latency = value(w, name, "latency", 0);
    clx_buffer_format(&text, "%s%s GPUs", i > 1 ? ", " : "", shown(w, name, "gpus", 12, number));
    if (latency > 0) clx_buffer_format(&text, " (+%s", shown(w, name, "latency", 3, number));
    if (thinning > 0) clx_buffer_format(&text, "%s%.3g:1 out", latency > 0 ? ", " : " (", thinning);
    if (thinning > 0 || latency > 0) clx_buffer_format(&text, ")");
  }
  if (text.data != NULL) clx_page_put(&w->page, "blocks", text.data, 2, CLX_REPORT_PLAIN);
  w->page.out->failed = w->page.out->failed || text.failed;
  clx_buffer_free(&text);
}

static void write_fabric(writer *w) {
  char text[2][SHORT];
  const char *title = clx_result_fact(w->result, "scenario.title");
  const char *topology = clx_result_fact(w->result, "network.fabric");
  if (title != NULL) clx_page_title(&w->page, title);
  if (topology != NULL) clx_page_put(&w->page, "fabric", topology, 3, CLX_REPORT_PLAIN);
  write_bill(w);
  if (find(w, "bisection", "") == NULL) return;
  put(w, "bisection", 2, CLX_REPORT_PLAIN, "%s one way between the worst halves, %s of what half of the NICs can send",
      shown(w, "bisection", "", 4, text[0]), percent(value(w, "bisection_share", "", 0), text[1]));
  write_blocks(w);
}

// --- patterns --------------------------------------------------------------------------------------------------------

static void write_patterns(writer *w) {
  static const struct {
    const char *name, *title;
  } rows[] = {{"permutation", "random permutation"}, {"ring", "ring of all servers"}, {"all_to_all", "all-to-all"}};
  if (find(w, "ring", "mean") == NULL) return;
  put(w, "patterns", 0, CLX_REPORT_DIM, "%-32s%14s%14s%16s", has_switches(w) ? "rate of one NIC" : "rate of one server",
      "mean", "slowest", "of line rate");
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    char text[3][SHORT], title[NAME];
    if (find(w, rows[i].name, "mean") == NULL) continue;
    const char *placement = i == 1 ? fact(w, "ring", "placement") : NULL;
    snprintf(title, sizeof title, "%s%s%s", rows[i].title, placement != NULL ? ", " : "",
             placement != NULL ? placement : "");
    if (fact(w, rows[i].name, "remark") != NULL) {
      put(w, "", 0, CLX_REPORT_PLAIN, "%-32s%44s", title, fact(w, rows[i].name, "remark"));
      continue;
    }
    put(w, "", 0, CLX_REPORT_PLAIN, "%-32s%14s%14s%16s", title, shown(w, rows[i].name, "mean", 3, text[0]),
        shown(w, rows[i].name, "worst", 3, text[1]), percent(value(w, rows[i].name, "share", 0), text[2]));
    const double mean = value(w, rows[i].name, "mean", 0), split = value(w, rows[i].name, "split_mean", mean);
    if (fabs(split - mean) <= 1e-3 * mean) continue;
    put(w, "", 0, CLX_REPORT_DIM, "%-32s%14s%14s%16s", "  if the slowest flow decides",
        shown(w, rows[i].name, "split_mean", 3, text[0]), shown(w, rows[i].name, "split_worst", 3, text[1]),
        percent(value(w, rows[i].name, "split_share", 0), text[2]));
  }
}

// Jobs side by side: what each gets, and what it would get alone.
static void write_jobs(writer *w) {
  enum { SHOWN = 8 };
  for (int32_t i = 0; i <= SHOWN; i++) {
    char subject[SHORT] = "job", text[5][SHORT], title[NAME];
    if (i > 0) snprintf(subject, sizeof subject, "job_%d", i);
    const char *name = fact(w, subject, "name"), *pattern = fact(w, subject, "pattern");
    if (name == NULL) return;
    if (i == SHOWN) {
      put(w, "", 0, CLX_REPORT_DIM, "more jobs: --json");
      return;
    }
    if (i == 0) {
      put(w, "jobs", 0, CLX_REPORT_DIM, "%-32s%14s%14s%16s%12s", "all at once", "mean", "slowest", "of line rate",
          "alone");
    }
    snprintf(title, sizeof title, "%s: %s of %s", name, pattern != NULL ? pattern : "",
             shown(w, subject, "servers", 12, text[0]));
    if (fact(w, subject, "remark") != NULL) {
      put(w, "", 0, CLX_REPORT_PLAIN, "%-32.31s%44s", title, fact(w, subject, "remark"));
      continue;
    }
    put(w, "", 0, CLX_REPORT_PLAIN, "%-32.31s%14s%14s%16s%12s", title, shown(w, subject, "mean", 3, text[1]),
        shown(w, subject, "worst", 3, text[2]), percent(value(w, subject, "share", 0), text[3]),
        shown(w, subject, "alone", 3, text[4]));
  }
}

// --- collectives -----------------------------------------------------------------------------------------------------

static const char *const SIZES[][2] = {{"1MiB", "1 MiB"}, {"64MiB", "64 MiB"}, {"1GiB", "1 GiB"}};

// "  8 GPUs, EP" where a collective is not one of all GPUs of the job, else empty.
static const char *group_of(const writer *w, const char *name, char text[SHORT]) {
  const double ranks = value(w, name, "ranks", 0);
  char number[SHORT];
  text[0] = '\0';
  if (ranks == value(w, "all_reduce", "ranks", ranks)) return text;
  snprintf(text, SHORT, "  %s GPUs%s", shown(w, name, "ranks", 12, number),
           strncmp(name, "moe_", 4) == 0 ? ", EP" : "");
  return text;
}

// Time and bus bandwidth at every size, and below who takes part, if not all, and what does it.
static void write_collective(writer *w, const char *name, const char *title) {
  char times[LINE], algorithms[LINE], group[SHORT];
  size_t n = 0, m = 0;
  for (int32_t i = 0; i < CLX_COUNT(SIZES); i++) {
    char what[3][SHORT], text[2][SHORT], cell[LINE];
    snprintf(what[0], SHORT, "time_%s", SIZES[i][0]);
    snprintf(what[1], SHORT, "bus_bandwidth_%s", SIZES[i][0]);
    snprintf(what[2], SHORT, "algorithm_%s", SIZES[i][0]);
    const char *algorithm = fact(w, name, what[2]);
    snprintf(cell, sizeof cell, "%s %10s", shown(w, name, what[0], 3, text[0]), shown(w, name, what[1], 3, text[1]));
    n += (size_t)snprintf(times + n, sizeof times - n, "%24.23s", cell);
    m += (size_t)snprintf(algorithms + m, sizeof algorithms - m, "%24.23s", algorithm != NULL ? algorithm : "-");
  }
  put(w, "", 0, CLX_REPORT_PLAIN, "%-16s%s", title, times);
  put(w, "", 0, CLX_REPORT_DIM, "%-16s%s", group_of(w, name, group), algorithms);
}

static void write_collectives(writer *w) {
  static const struct {
    const char *name, *title;
  } rows[] = {{"all_reduce", "all-reduce"},     {"reduce_scatter", "reduce-scatter"}, {"all_gather", "all-gather"},
              {"all_to_all", "all-to-all"},     {"broadcast", "broadcast"},           {"send_recv", "send/receive"},
              {"moe_dispatch", "MoE dispatch"}, {"moe_combine", "MoE combine"}};
  char text[SHORT], header[LINE], ranks[SHORT];
  if (find(w, "all_reduce", "ranks") == NULL) return;
  snprintf(ranks, sizeof ranks, "%s GPUs", shown(w, "all_reduce", "ranks", 12, text));
  size_t n = (size_t)snprintf(header, sizeof header, "%-16s", ranks);
  for (int32_t i = 0; i < CLX_COUNT(SIZES); i++) {
    n += (size_t)snprintf(header + n, sizeof header - n, "%24s", SIZES[i][1]);
  }
  put(w, "collectives", 0, CLX_REPORT_DIM, "%s", header);
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    if (find(w, rows[i].name, "time_1GiB") != NULL) write_collective(w, rows[i].name, rows[i].title);
  }
}

// --- failures --------------------------------------------------------------------------------------------------------

// The subject of quantity i when it is network.PREFIX.subject.WHAT: "failure.leaf_link". Returns false otherwise.
static bool subject_of(const writer *w, int32_t i, const char *prefix, const char *what, char subject[SUBJECT]) {
  const char *name = clx_result_at(w->result, i)->name;
  const size_t front = strlen("network."), length = strlen(name), end = strlen(what);
  if (strncmp(name, "network.", front) != 0 || strncmp(name + front, prefix, strlen(prefix)) != 0) return false;
  if (length < front + end + 1 || strcmp(name + length - end, what) != 0) return false;
  snprintf(subject, SUBJECT, "%.*s", (int)(length - front - end - 1), name + front);
  return true;
}

static void write_failures(writer *w) {
  bool first = true;
  char subject[SUBJECT];
  for (int32_t i = 0; i < clx_result_count(w->result); i++) {
    char text[4][SHORT];
    if (!subject_of(w, i, "failure.", "mean", subject)) continue;
    if (first) {
      const char *traffic = fact(w, "failure", "traffic");
      snprintf(text[0], SHORT, "of one part, in a %s", traffic != NULL ? traffic : "permutation");
      put(w, "one failure", 0, CLX_REPORT_DIM, "%-40s%11s%11s%26s", text[0], "mean", "slowest",
          has_switches(w) ? "NICs slowed, to; cut off" : "slowed servers, to; cut");
      first = false;
    }
    const char *part = fact(w, subject, "part");
    char slowed[NAME];
    const double cut = value(w, subject, "cut", 0);
    if (value(w, subject, "slowed", 0) > 0) {
      snprintf(slowed, sizeof slowed, "%s to %s; %.0f", shown(w, subject, "slowed", 12, text[2]),
               percent(value(w, subject, "slowed_share", 1), text[3]), cut);
    } else {
      snprintf(slowed, sizeof slowed, "none; %.0f", cut);
    }
    put(w, "", 0, CLX_REPORT_PLAIN, "%-40.39s%11s%11s%26s", part != NULL ? part : subject,
        shown(w, subject, "mean", 3, text[0]), shown(w, subject, "worst", 3, text[1]), slowed);
  }
}

// --- load of links ---------------------------------------------------------------------------------------------------

static void write_heat(writer *w) {
  bool first = true;
  char subject[SUBJECT];
  for (int32_t i = 0; i < clx_result_count(w->result); i++) {
    char text[5][SHORT], kind[NAME];
    if (!subject_of(w, i, "heat.", "links", subject)) continue;
    const char *name = fact(w, subject, "class"), *fullest = fact(w, subject, "fullest");
    const char *traffic = fact(w, "heat", "traffic");
    if (first) {
      clx_page_put(&w->page, "links", traffic != NULL ? traffic : "load", 1, CLX_REPORT_DIM);
      put(w, "", 0, CLX_REPORT_DIM, "%-32s%8s%8s%8s   %s", "class, links", "min", "mean", "max", "fullest");
      first = false;
    }
    snprintf(kind, sizeof kind, "%s, %s of %s", name != NULL ? name : subject, shown(w, subject, "links", 12, text[0]),
             shown(w, subject, "rate", 3, text[1]));
    put(w, "", 0, CLX_REPORT_PLAIN, "%-32.31s%8s%8s%8s   %.28s", kind, percent(value(w, subject, "min", 0), text[2]),
        percent(value(w, subject, "mean", 0), text[3]), percent(value(w, subject, "max", 0), text[4]),
        fullest != NULL ? fullest : "-");
  }
}

// The step on the links: what waits, what travels behind it, a checkpoint.
static void write_step(writer *w) {
  char text[7][SHORT];
  const char *path = fact(w, "checkpoint", "path");
  if (find(w, "timeline", "step") == NULL || path == NULL) return;
  clx_buffer words = {0};
  clx_buffer_format(&words, "step of %s, of it %s on shared links;", shown(w, "timeline", "step", 4, text[0]),
                    shown(w, "timeline", "contention", 3, text[1]));
  if (find(w, "timeline.backward", "dp") != NULL) {
    clx_buffer_format(&words, " gradients of a stage travel %s beside a backward pass of %s;",
                      shown(w, "timeline.backward", "dp", 3, text[2]),
                      shown(w, "timeline.backward", "layers_end", 3, text[3]));
  }
  clx_buffer_format(&words, " a checkpoint of %s a GPU leaves by %s in %s and adds %s to a step",
                    shown(w, "checkpoint", "bytes", 3, text[4]), path, shown(w, "checkpoint", "time", 3, text[5]),
                    shown(w, "checkpoint", "added", 3, text[6]));
  if (!words.failed) clx_page_put(&w->page, "training", words.data, 3, CLX_REPORT_PLAIN);
  w->page.out->failed = w->page.out->failed || words.failed;
  clx_buffer_free(&words);
}

void clx_report_links(const clx_result *result, clx_buffer *out) {
  const writer w = {.result = result};
  char subject[SUBJECT];
  clx_buffer_format(out, "class,links,rate,min,mean,max,fullest\n");
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    if (!subject_of(&w, i, "heat.", "links", subject)) continue;
    const char *name = fact(&w, subject, "class"), *fullest = fact(&w, subject, "fullest");
    clx_buffer_format(out, "%s,%.0f,%.17g,%.17g,%.17g,%.17g,\"%s\"\n", name != NULL ? name : subject,
                      value(&w, subject, "links", 0), value(&w, subject, "rate", 0), value(&w, subject, "min", 0),
                      value(&w, subject, "mean", 0), value(&w, subject, "max", 0), fullest != NULL ? fullest : "");
  }
}

void clx_report_network(const clx_result *result, bool colour, clx_buffer *out) {
  writer w = {.result = result, .page = {.out = out, .colour = colour}};
  write_fabric(&w);
  write_patterns(&w);
  write_jobs(&w);
  write_collectives(&w);
  write_failures(&w);
  write_heat(&w);
  write_step(&w);
  const char *text;
  for (int32_t i = 0; i < 4 && (text = clx_result_warning(result, i)) != NULL; i++) {
    clx_page_put(&w.page, "warning", text, 2, CLX_REPORT_PLAIN);
  }
  const int32_t assumptions = clx_result_assumption_count(result);
  if (assumptions == 0) return;
  put(&w, "assumed", 1, CLX_REPORT_DIM, "%d assumption%s: colossus check SCENARIO --assumptions", assumptions,
      assumptions == 1 ? "" : "s");
}
