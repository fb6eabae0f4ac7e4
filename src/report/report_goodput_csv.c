// The ledger and the series of policies as CSV.
#include <stdio.h>
#include <string.h>

#include "report/report_goodput.h"

// In quotes where the text would break the table.
static void put_text(clx_buffer *out, const char *text) {
  if (strpbrk(text, ",\"\r\n") == NULL) {
    clx_buffer_format(out, "%s", text);
    return;
  }
  clx_buffer_format(out, "\"");
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"') clx_buffer_format(out, "\"");
    clx_buffer_add(out, c, 1);
  }
  clx_buffer_format(out, "\"");
}

static void put_policy(const clx_goodput_view *v, int32_t policy, clx_buffer *out) {
  clx_buffer_format(out, "%d,", policy + 1);
  put_text(out, v->policy[policy].name);
}

void clx_report_goodput_ledger_csv(const clx_result *result, clx_buffer *out) {
  const clx_goodput_view v = clx_goodput_view_of(result);
  clx_buffer_format(out, "policy,name,bucket,badput_type,share,doc\n");
  for (int32_t i = 0; i < v.count; i++) {
    if (!clx_goodput_has_ledger(&v, i)) continue;
    for (int32_t k = 0; k < CLX_LEDGERS; k++) {
      put_policy(&v, i, out);
      clx_buffer_format(out, ",%s,%s,%.17g,", clx_ledger_names[k].name, clx_ledger_names[k].goodput,
                        clx_goodput_share(&v, i, k));
      put_text(out, clx_ledger_names[k].doc);
      clx_buffer_format(out, "\n");
    }
  }
}

void clx_report_goodput_series_csv(const clx_result *result, clx_buffer *out) {
  static const char *const names[] = {"progress", "progress_low", "progress_high", "cumulative",    "cumulative_low",
                                      "window",   "window_low",   "free_units",    "free_units_low"};
  const clx_goodput_view v = clx_goodput_view_of(result);
  clx_buffer_format(out, "policy,name,time");
  for (int32_t k = 0; k < CLX_COUNT(names); k++) clx_buffer_format(out, ",%s", names[k]);
  clx_buffer_format(out, "\n");
  for (int32_t i = 0; i < v.count; i++) {
    const double *y[CLX_COUNT(names)], *time = NULL;
    int32_t count[CLX_COUNT(names)], rows = 0;
    for (int32_t k = 0; k < CLX_COUNT(names); k++) {
      const double *x = NULL;
      y[k] = clx_goodput_series(&v, i, names[k], &x, &count[k]);
      if (y[k] == NULL || count[k] <= rows) continue;
      rows = count[k];
      time = x;
    }
    for (int32_t row = 0; row < rows; row++) {
      put_policy(&v, i, out);
      clx_buffer_format(out, ",%.17g", time[row]);
      for (int32_t k = 0; k < CLX_COUNT(names); k++) {
        clx_buffer_format(out, ",");
        if (y[k] != NULL && row < count[k]) clx_buffer_format(out, "%.17g", y[k][row]);
      }
      clx_buffer_format(out, "\n");
    }
  }
}

void clx_report_goodput_curves_csv(const clx_result *result, clx_buffer *out) {
  static const char *const names[] = {"interval", "size_low", "size_mid", "size_high"};
  const clx_goodput_view v = clx_goodput_view_of(result);
  clx_buffer_format(out, "curve,x,goodput\n");
  for (int32_t k = 0; k < CLX_COUNT(names); k++) {
    char what[32];
    const double *x = NULL;
    int32_t count = 0;
    snprintf(what, sizeof what, "curve.%s", names[k]);
    const double *y = clx_goodput_series(&v, v.baseline, what, &x, &count);
    for (int32_t row = 0; y != NULL && row < count; row++) {
      clx_buffer_format(out, "%s,%.17g,%.17g\n", names[k], x[row], y[row]);
    }
  }
}
