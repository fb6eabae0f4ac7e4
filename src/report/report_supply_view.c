// Names and dates of results about supply.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_supply.h"

enum { FULL = 192 };

static void full_name(const clx_orders_names *n, int32_t index, const char *what, char *full) {
  snprintf(full, FULL, "supply.%s.%s.%s", n->kind, n->name[index], what);
}

// NAME of supply.KIND.NAME.WHAT into `name`, if the quantity is one of these.
static bool name_of(const char *quantity, const char *kind, const char *what, char *name) {
  char prefix[FULL], suffix[FULL];
  snprintf(prefix, sizeof prefix, "supply.%s.", kind);
  snprintf(suffix, sizeof suffix, ".%s", what);
  const size_t start = strlen(prefix), tail = strlen(suffix), length = strlen(quantity);
  if (length <= start + tail || length - start - tail >= CLX_ORDERS_NAME) return false;
  if (strncmp(quantity, prefix, start) != 0 || strcmp(quantity + length - tail, suffix) != 0) return false;
  snprintf(name, CLX_ORDERS_NAME, "%.*s", (int)(length - start - tail), quantity + start);
  return strchr(name, '.') == NULL;
}

clx_orders_names clx_orders_names_of(const clx_result *result, const char *kind, const char *what) {
  clx_orders_names n = {.result = result, .kind = kind};
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    char name[CLX_ORDERS_NAME];
    if (!name_of(clx_result_at(result, i)->name, kind, what, name)) continue;
    if (n.count == CLX_ORDERS_NAMES)
      n.more++;
    else
      memcpy(n.name[n.count++], name, sizeof name);
  }
  return n;
}

const clx_quantity *clx_orders_find(const clx_orders_names *n, int32_t index, const char *what) {
  char full[FULL];
  full_name(n, index, what, full);
  return clx_result_find(n->result, full);
}

double clx_orders_value(const clx_orders_names *n, int32_t index, const char *what, double otherwise) {
  const clx_quantity *q = clx_orders_find(n, index, what);
  return q != NULL ? q->value : otherwise;
}

const char *clx_orders_fact(const clx_orders_names *n, int32_t index, const char *what) {
  char full[FULL];
  full_name(n, index, what, full);
  return clx_result_fact(n->result, full);
}

const char *clx_orders_title(const clx_orders_names *n, int32_t index) {
  const char *title = clx_orders_fact(n, index, "title");
  return title != NULL ? title : n->name[index];
}

const double *clx_orders_series(const clx_orders_names *n, int32_t index, const char *what, const double **x,
                                int32_t *count) {
  char full[FULL];
  full_name(n, index, what, full);
  return clx_result_series(n->result, full, x, count);
}

// --- dates -----------------------------------------------------------------------------------------------------------------

double clx_orders_start(const clx_result *result) {
  const char *text = clx_result_fact(result, "supply.start");
  double time = 0;
  if (text == NULL || !clx_time_read(text, &time)) return 0;
  return time;
}

// Hinnant's days of the civil calendar: eras of 400 years that begin in March.
static void civil(double time, int64_t *year, int64_t *month, int64_t *day) {
  const int64_t z = (int64_t)floor(time / 86400) + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t of_era = z - era * 146097;
  const int64_t of_400 = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t of_year = of_era - (365 * of_400 + of_400 / 4 - of_400 / 100), march = (5 * of_year + 2) / 153;
  *day = of_year - (153 * march + 2) / 5 + 1;
  *month = march < 10 ? march + 3 : march - 9;
  *year = of_400 + era * 400 + (*month <= 2);
}

const char *clx_orders_date(double time, char *text) {
  int64_t year, month, day;
  civil(time, &year, &month, &day);
  snprintf(text, CLX_ORDERS_DATE, "%04d-%02d-%02d", (int)(year % 10000), (int)month, (int)day);
  return text;
}

void clx_orders_month(double time, int32_t *year, int32_t *month) {
  int64_t y, m, day;
  civil(time, &y, &m, &day);
  *year = (int32_t)y;
  *month = (int32_t)m;
}
