// What `replay` prints.
#include <math.h>
#include <stdio.h>

#include "report/report_internal.h"
#include "unit/unit.h"

enum { SHORT = 64 };

typedef struct writer {
  const clx_result *result;
  clx_page page;
} writer;

static double value(const writer *w, const char *name) { return clx_result_value(w->result, name, 0); }

static void put(writer *w, const char *label, clx_report_style style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void put(writer *w, const char *label, clx_report_style style, const char *format, ...) {
  char text[640];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  clx_page_row(&w->page, label, text, style);
}

static const char *shown(double si, const char *unit, char text[SHORT]) {
  return clx_quantity_format(si, unit, unit[0] == '\0' ? 12 : 4, text, SHORT);
}

static double share_of(const writer *w, double time) {
  const double step = value(w, "replay.step_time");
  return step > 0 ? 100 * time / step : 0;
}

static void put_head(writer *w) {
  char a[SHORT], b[SHORT], c[SHORT];
  const char *recorded = clx_result_fact(w->result, "replay.recorded");
  clx_page_title(&w->page, clx_result_fact(w->result, "replay.source"));
  put(w, "traces", CLX_REPORT_PLAIN, "%s ranks, %s nodes, %s transfers", shown(value(w, "replay.ranks"), "", a),
      shown(value(w, "replay.nodes"), "", b), shown(value(w, "replay.transfers"), "", c));
  put(w, "played on", CLX_REPORT_PLAIN, "%s%s%s", clx_result_fact(w->result, "replay.device"),
      recorded != NULL ? ", recorded on " : "", recorded != NULL ? recorded : "");
  put(w, "", CLX_REPORT_PLAIN, "compute: %s; transfers: %s", clx_result_fact(w->result, "replay.compute"),
      clx_result_fact(w->result, "replay.transfers"));
  put(w, "step time", CLX_REPORT_BOLD, "%s; rank %.0f ends last", shown(value(w, "replay.step_time"), "s", a),
      value(w, "replay.last_rank"));
}

static void put_ranks(writer *w) {
  static const char *const parts[][2] = {{"compute", "compute"}, {"exposed", "transfers exposed"},
                                         {"waiting", "waiting"}, {"host", "host only"},
                                         {"idle", "idle"},       {"communication", "transfers in all"}};
  char mean[SHORT], least[SHORT], most[SHORT];
  for (int32_t i = 0; i < CLX_COUNT(parts); i++) {
    char name[SHORT];
    snprintf(name, sizeof name, "replay.rank.%s", parts[i][0]);
    const clx_quantity *q = clx_result_find(w->result, name);
    if (q == NULL || q->high <= 0) continue;
    put(w, i == 0 ? "each rank" : "", CLX_REPORT_PLAIN, "%-18s %10s %6.1f %%   (%s to %s)", parts[i][1],
        shown(q->value, "s", mean), share_of(w, q->value), shown(q->low, "s", least), shown(q->high, "s", most));
  }
}

static double row_value(const writer *w, const char *table, int32_t row, const char *what) {
  char name[SHORT];
  snprintf(name, sizeof name, "replay.%s_%d.%s", table, row, what);
  return value(w, name);
}

static const char *row_fact(const writer *w, const char *table, int32_t row, const char *what) {
  char name[SHORT];
  snprintf(name, sizeof name, "replay.%s_%d.%s", table, row, what);
  return clx_result_fact(w->result, name);
}

static void put_collectives(writer *w) {
  enum { SHOWN = 12 };
  char bytes[SHORT], time[SHORT], alone[SHORT], waiting[SHORT];
  for (int32_t i = 1; i <= SHOWN && row_fact(w, "collective", i, "kind") != NULL; i++) {
    if (i == 1)
      put(w, "transfers", CLX_REPORT_DIM, "%-14s %6s %7s %10s %10s %10s %10s", "", "count", "ranks", "bytes", "time",
          "alone", "waiting");
    put(w, "", CLX_REPORT_PLAIN, "%-14s %6.0f %7.0f %10s %10s %10s %10s", row_fact(w, "collective", i, "kind"),
        row_value(w, "collective", i, "count"), row_value(w, "collective", i, "ranks"),
        shown(row_value(w, "collective", i, "bytes"), "B", bytes),
        shown(row_value(w, "collective", i, "time"), "s", time),
        shown(row_value(w, "collective", i, "alone"), "s", alone),
        shown(row_value(w, "collective", i, "waiting"), "s", waiting));
  }
  if (value(w, "replay.collectives") > SHOWN)
    put(w, "", CLX_REPORT_DIM, "and %.0f more (--json)", value(w, "replay.collectives") - SHOWN);
}

static void put_critical(writer *w) {
  char time[SHORT];
  for (int32_t i = 1; row_fact(w, "critical", i, "name") != NULL; i++) {
    const double seconds = row_value(w, "critical", i, "time");
    put(w, i == 1 ? "critical" : "", CLX_REPORT_PLAIN, "%10s %6.1f %%  %6.0f x %-10s %s", shown(seconds, "s", time),
        share_of(w, seconds), row_value(w, "critical", i, "count"), row_fact(w, "critical", i, "kind"),
        row_fact(w, "critical", i, "name"));
  }
}

void clx_report_replay(const clx_result *result, bool colour, clx_buffer *out) {
  writer w = {.result = result, .page = {.out = out, .colour = colour}};
  put_head(&w);
  put_ranks(&w);
  put_collectives(&w);
  put_critical(&w);
  for (int32_t i = 0; i < clx_result_warning_count(result); i++)
    clx_page_put(&w.page, "warning", clx_result_warning(result, i), 2, CLX_REPORT_PLAIN);
}
