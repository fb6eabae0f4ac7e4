// A build as tables.
#include <math.h>
#include <stdio.h>

#include "report/report_buildout.h"
#include "report/report_html.h"

void clx_report_buildout_gpus_csv(const clx_result *result, clx_buffer *out) {
  static const char *const columns[][2] = {{"gpus_p10", "gpus_p10"},
                                           {"gpus", "gpus_p50"},
                                           {"gpus_p90", "gpus_p90"},
                                           {"gpus_mean", "gpus_mean"},
                                           {"gpus_plain", "gpus_without_chance"},
                                           {"power", "site_w"},
                                           {"gpu_days", "gpu_s_so_far"},
                                           {"waiting.undelivered", "not_delivered"},
                                           {"waiting.uninstalled", "not_installed"},
                                           {"waiting.unstarted", "not_started"},
                                           {"waiting.starting", "in_bring_up"},
                                           {"waiting.idle", "idle"}};
  clx_csv_series list[CLX_CSV_SERIES];
  int32_t count = 0;
  for (int32_t i = 0; i < CLX_COUNT(columns); i++) {
    char name[64];
    snprintf(name, sizeof name, "buildout.%s", columns[i][0]);
    count = clx_csv_take(result, name, columns[i][1], list, count);
  }
  clx_csv_put_dated(clx_buildout_origin(result), list, count, out);
}

void clx_report_buildout_causes_csv(const clx_result *result, clx_buffer *out) {
  clx_csv_series list[CLX_CSV_SERIES];
  int32_t count = 0;
  for (int32_t i = 0; i <= CLX_BUILDOUT_CAUSES; i++) {
    char name[64];
    snprintf(name, sizeof name, "buildout.cause.%s", clx_buildout_cause_name[i]);
    count = clx_csv_take(result, name, clx_buildout_cause_name[i], list, count);
  }
  clx_csv_put_dated(clx_buildout_origin(result), list, count, out);
}

static void csv_number(clx_buffer *out, const clx_quantity *q, int32_t which) {
  clx_buffer_format(out, ",");
  if (q != NULL) clx_buffer_format(out, "%.17g", which < 0 ? q->low : which > 0 ? q->high : q->value);
}

void clx_report_buildout_works_csv(const clx_result *result, clx_buffer *out) {
  const int32_t count = clx_buildout_items(result, "work");
  clx_buffer_format(out, "work,phase,start,finish,start_s,finish_s,finish_p10_s,finish_p90_s,critical,late\n");
  for (int32_t i = 1; i <= count; i++) {
    const clx_quantity *start = clx_buildout_item(result, "work", i, "start"),
                       *finish = clx_buildout_item(result, "work", i, "finish");
    const char *phase = clx_buildout_item_fact(result, "work", i, "phase");
    char a[CLX_TIME_TEXT], b[CLX_TIME_TEXT];
    clx_csv_text(out, clx_buildout_item_fact(result, "work", i, "name"));
    clx_buffer_format(out, ",");
    clx_csv_text(out, phase != NULL ? phase : "");
    clx_buffer_format(out, ",%s,%s", clx_buildout_date(result, start->value, a),
                      clx_buildout_date(result, finish->value, b));
    csv_number(out, start, 0);
    for (int32_t k = 0; k < 3; k++) csv_number(out, finish, k == 0 ? 0 : k == 1 ? -1 : 1);
    csv_number(out, clx_buildout_item(result, "work", i, "critical"), 0);
    csv_number(out, clx_buildout_item(result, "work", i, "late"), 0);
    clx_buffer_format(out, "\n");
  }
}

void clx_report_buildout_drivers_csv(const clx_result *result, clx_buffer *out) {
  static const char *const columns[] = {"low",       "high",      "critical",   "critical_first", "full_low",
                                        "full_high", "first_low", "first_high", "correlation"};
  const int32_t count = clx_buildout_items(result, "driver");
  clx_buffer_format(out,
                    "driver,kind,p10,p90,critical,critical_first,full_at_p10_s,full_at_p90_s,first_at_p10_s,"
                    "first_at_p90_s,correlation\n");
  for (int32_t i = 1; i <= count; i++) {
    clx_csv_text(out, clx_buildout_item_fact(result, "driver", i, "name"));
    clx_buffer_format(out, ",%s", clx_buildout_item_fact(result, "driver", i, "kind"));
    for (int32_t k = 0; k < CLX_COUNT(columns); k++)
      csv_number(out, clx_buildout_item(result, "driver", i, columns[k]), 0);
    clx_buffer_format(out, "\n");
  }
}
