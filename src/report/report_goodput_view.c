// Where the numbers of a policy stand in a result.
#include <stdio.h>
#include <string.h>

#include "report/report_goodput.h"

enum { NAME = 128 };

const char *const clx_goodput_bucket[CLX_LEDGERS] = {
    [CLX_LEDGER_PRODUCTIVE] = "productive",
    [CLX_LEDGER_STRAGGLING] = "slow servers, uneven replicas",
    [CLX_LEDGER_INITIALIZATION] = "first start",
    [CLX_LEDGER_STARTUP] = "restart",
    [CLX_LEDGER_SAVE] = "saving checkpoints",
    [CLX_LEDGER_RESTORE] = "loading checkpoints",
    [CLX_LEDGER_WASTED] = "work done again",
    [CLX_LEDGER_RECOVERY] = "finding and swapping",
    [CLX_LEDGER_WAITING] = "waiting for units",
    [CLX_LEDGER_MAINTENANCE] = "maintenance",
    [CLX_LEDGER_SLICE_DOWN] = "replicas that are out",
    [CLX_LEDGER_SCALE_UP] = "replicas coming back",
    [CLX_LEDGER_REINITIALIZATION] = "stalls of the other replicas",
    [CLX_LEDGER_SPARE] = "spares",
    [CLX_LEDGER_REPAIR] = "in repair",
};

const int32_t clx_goodput_order[CLX_LEDGERS - 1] = {
    CLX_LEDGER_WASTED,           CLX_LEDGER_RECOVERY,   CLX_LEDGER_STARTUP,     CLX_LEDGER_RESTORE,
    CLX_LEDGER_REINITIALIZATION, CLX_LEDGER_SLICE_DOWN, CLX_LEDGER_SCALE_UP,    CLX_LEDGER_SAVE,
    CLX_LEDGER_STRAGGLING,       CLX_LEDGER_WAITING,    CLX_LEDGER_MAINTENANCE, CLX_LEDGER_INITIALIZATION,
    CLX_LEDGER_REPAIR,           CLX_LEDGER_SPARE,
};

clx_goodput_view clx_goodput_view_of(const clx_result *result) {
  clx_goodput_view v = {.result = result};
  char name[NAME];
  for (int32_t i = 0;; i++) {
    snprintf(name, sizeof name, "goodput.policy_%d.name", i + 1);
    const char *title = clx_result_fact(result, name);
    if (title == NULL) break;
    if (v.count == CLX_GOODPUT_POLICIES) {
      v.more++;
      continue;
    }
    snprintf(v.policy[v.count].prefix, sizeof v.policy[0].prefix, "goodput.policy_%d", i + 1);
    v.policy[v.count++].name = title;
  }
  while (v.baseline < v.count && clx_goodput_find(&v, v.baseline, "goodput") == NULL) v.baseline++;
  if (v.baseline == v.count) v.baseline = 0;
  if (v.count > 0 || clx_result_find(result, "reliability.goodput") == NULL) return v;
  const char *policy = clx_result_fact(result, "reliability.policy");
  snprintf(v.policy[0].prefix, sizeof v.policy[0].prefix, "reliability");
  v.policy[0].name = policy != NULL ? policy : "run";
  v.count = 1;
  return v;
}

static const char *full_name(const clx_goodput_view *view, int32_t policy, const char *what, char name[NAME]) {
  snprintf(name, NAME, "%s.%s", view->policy[policy].prefix, what);
  return name;
}

const clx_quantity *clx_goodput_find(const clx_goodput_view *view, int32_t policy, const char *what) {
  char name[NAME];
  return clx_result_find(view->result, full_name(view, policy, what, name));
}

double clx_goodput_value(const clx_goodput_view *view, int32_t policy, const char *what, double otherwise) {
  char name[NAME];
  return clx_result_value(view->result, full_name(view, policy, what, name), otherwise);
}

const char *clx_goodput_fact(const clx_goodput_view *view, int32_t policy, const char *what) {
  char name[NAME];
  return clx_result_fact(view->result, full_name(view, policy, what, name));
}

const double *clx_goodput_series(const clx_goodput_view *view, int32_t policy, const char *what, const double **x,
                                 int32_t *count) {
  char name[NAME];
  *count = 0;
  if (strncmp(what, "curve.", 6) != 0) {
    return clx_result_series(view->result, full_name(view, policy, what, name), x, count);
  }
  snprintf(name, sizeof name, "reliability.%s", what);
  return clx_result_series(view->result, name, x, count);
}

double clx_goodput_share(const clx_goodput_view *view, int32_t policy, int32_t bucket) {
  char what[NAME];
  snprintf(what, sizeof what, "ledger.%s", clx_ledger_names[bucket].name);
  return clx_goodput_value(view, policy, what, 0);
}

bool clx_goodput_has_ledger(const clx_goodput_view *view, int32_t policy) {
  for (int32_t i = 0; i < CLX_LEDGERS; i++) {
    if (clx_goodput_share(view, policy, i) > 0) return true;
  }
  return false;
}

// Width of a character by its first byte: columns of a terminal, or parts of the size of common sans-serif fonts, rather too wide.
static double width_of(unsigned char first, double font) {
  if (first >= 0xE1) return font > 0 ? 1.02 : 2;
  if (font <= 0) return 1;
  if (strchr("mwMW@%", first) != NULL) return 0.95;
  if (strchr("ijlt.,:;'|()/ ", first) != NULL) return 0.31;
  return first >= 'A' && first <= 'Z' ? 0.73 : 0.56;
}

double clx_goodput_width(const char *text, double font) {
  double width = 0;
  for (const char *c = text; *c != '\0'; c++) {
    if (((unsigned char)*c & 0xC0) != 0x80) width += width_of((unsigned char)*c, font);
  }
  return font > 0 ? font * width : width;
}

const char *clx_goodput_infeasible(const clx_goodput_view *view, int32_t policy) {
  return clx_goodput_fact(view, policy, "infeasible");
}

const char *clx_goodput_cut(const char *text, double room, double font, char *out, size_t size) {
  const double scale = font > 0 ? font : 1, dots = 3 * scale * width_of('.', font);
  size_t at = 0, kept = 0;  // bytes read, and those that leave room for "..."
  for (double used = 0; text[at] != '\0';) {
    size_t next = at + 1;
    while (((unsigned char)text[next] & 0xC0) == 0x80) next++;
    used += scale * width_of((unsigned char)text[at], font);
    if (used > room || next >= size) {
      snprintf(out, size, "%.*s...", (int)kept, text);
      return out;
    }
    if (used + dots <= room && next + 4 <= size) kept = next;
    at = next;
  }
  snprintf(out, size, "%s", text);
  return out;
}
