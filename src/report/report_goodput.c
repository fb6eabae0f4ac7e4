// What `goodput` prints, and what `run` says of failures.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_goodput.h"
#include "report/report_internal.h"
#include "report/report_words.h"
#include "unit/unit.h"

enum { SHORT = 64, LINE = 640, NAME = 21 };

static const double SEEN = 5e-4;  // shares that print as 0.1 % or more

typedef struct writer {
  clx_goodput_view view;
  clx_page *page;
  char text[LINE];  // of a paragraph in the making
} writer;

static void add(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(writer *w, const char *format, ...) {
  const size_t length = strlen(w->text);
  va_list args;
  va_start(args, format);
  vsnprintf(w->text + length, LINE - length, format, args);
  va_end(args);
}

// Writes the paragraph on at most `most` lines, 0: as a row of a table; and starts a new one.
static void flush(writer *w, const char *label, int32_t most, clx_report_style style) {
  clx_text_clean(w->text, true);
  if (w->text[0] != '\0' && most == 0) clx_page_row(w->page, label, w->text, style);
  if (w->text[0] != '\0' && most > 0) clx_page_put(w->page, label, w->text, most, style);
  w->text[0] = '\0';
}

static const clx_quantity *find(const writer *w, int32_t policy, const char *what) {
  return clx_goodput_find(&w->view, policy, what);
}

static bool has_band(const clx_quantity *q) { return q->low != q->value || q->high != q->value; }

// "62.4 %", "31.1 min", and behind it " (28 min to 35 min)" where a band is known.
static void add_value(writer *w, const clx_quantity *q, int digits) {
  char text[SHORT];
  add(w, "%s", clx_quantity_format(q->value, q->unit, digits, text, sizeof text));
}

static void add_band(writer *w, const clx_quantity *q, int digits) {
  char low[SHORT], high[SHORT];
  if (!has_band(q)) return;
  add(w, " (%s to %s)", clx_quantity_format(q->low, q->unit, digits, low, sizeof low),
      clx_quantity_format(q->high, q->unit, digits, high, sizeof high));
}

// "<separator><before><value><after>"; nothing when it was not found. Returns whether it was.
static bool add_found(writer *w, int32_t policy, const char *before, const char *what, int digits, const char *after) {
  const clx_quantity *q = find(w, policy, what);
  if (q == NULL) return false;
  add(w, "%s%s", w->text[0] != '\0' ? ", " : "", before);
  add_value(w, q, digits);
  add(w, "%s", after);
  return true;
}

// "179 spare servers"; what rounds to none is "no spare servers".
static void add_servers(writer *w, int32_t policy, const char *before, const char *what, const char *after) {
  const clx_quantity *q = find(w, policy, what);
  if (q != NULL && q->value >= 0.05) {
    add_found(w, policy, before, what, 3, after);
  } else if (q != NULL) {
    add(w, "%s%sno%s", w->text[0] != '\0' ? ", " : "", before, after);
  }
}

// --- machine, rates, checkpoints ---------------------------------------------------------------------------------------------

static void write_machine(writer *w) {
  const clx_result *r = w->view.result;
  static const char *const counts[][2] = {{"machine.gpus", " GPUs"},
                                          {"machine.servers", " servers"},
                                          {"machine.gpus_used", " GPUs in the layout"},
                                          {"machine.gpus_spare", " spare"}};
  const char *title = clx_result_fact(r, "scenario.title"), *fleet = clx_result_fact(r, "machine.fleet");
  if (title == NULL) title = clx_result_fact(r, "scenario.name");
  if (title != NULL) clx_page_title(w->page, title);
  if (fleet != NULL) add(w, "%s", fleet);
  for (int32_t i = 0; i < CLX_COUNT(counts); i++) {
    const clx_quantity *q = clx_result_find(r, counts[i][0]);
    if (q == NULL) continue;
    add(w, "%s", w->text[0] == '\0' ? "" : i == 0 ? ": " : ", ");
    add_value(w, q, 12);
    add(w, "%s", counts[i][1]);
  }
  flush(w, "machine", 2, CLX_REPORT_PLAIN);
}

// A word of a result in the words of the report; itself when it is not among them.
static const char *worded(const char *word, const char *const (*words)[2], int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    if (strcmp(words[i][0], word) == 0) return words[i][1];
  }
  return word;
}

static void write_rates(writer *w) {
  static const char *const clocks[][2] = {{"wall", "per wall-clock time"}, {"running", "per time that the job runs"}};
  static const char *const rates[][2] = {{"posterior", "drawn from their posterior"}, {"point", "taken as certain"}};
  const clx_quantity *mttf = find(w, w->view.baseline, "mttf");
  const char *entry = clx_goodput_fact(&w->view, w->view.baseline, "failures_entry"),
             *source = clx_goodput_fact(&w->view, w->view.baseline, "failures_source"),
             *clock = clx_goodput_fact(&w->view, w->view.baseline, "clock"),
             *drawn = clx_goodput_fact(&w->view, w->view.baseline, "rates");
  if (mttf != NULL) {
    add(w, "an interruption every ");
    add_value(w, mttf, 3);
    add_band(w, mttf, 3);
    add(w, " at full size");
  }
  flush(w, "failures", 1, CLX_REPORT_BOLD);
  if (entry != NULL)
    add(w, "rates of %s%s%s%s", entry, source != NULL ? " (" : "", source != NULL ? source : "",
        source != NULL ? ")" : "");
  if (clock != NULL) add(w, "%s%s", w->text[0] != '\0' ? ", " : "", worded(clock, clocks, CLX_COUNT(clocks)));
  if (drawn != NULL) add(w, "%s%s", w->text[0] != '\0' ? ", " : "", worded(drawn, rates, CLX_COUNT(rates)));
  flush(w, "", 2, CLX_REPORT_PLAIN);
  if (add_found(w, w->view.baseline, "", "replications", 12, " replications")) {
    const char *path = clx_goodput_fact(&w->view, w->view.baseline, "path");
    const clx_quantity *horizon = find(w, w->view.baseline, "horizon");
    if (path != NULL) add(w, " (%s path)", path);
    if (horizon != NULL && horizon->value > 0)
      add_found(w, w->view.baseline, "counts and shares over ", "horizon", 3, "");
    add(w, ", bands of %g %%", 100 * clx_goodput_value(&w->view, w->view.baseline, "confidence", 0.9));
  }
  flush(w, "simulated", 1, CLX_REPORT_DIM);
}

// `all`: with what others than the baseline leave out.
static void write_checkpoint(writer *w, int32_t policy, bool all) {
  const char *mode = clx_goodput_fact(&w->view, policy, "checkpoint");
  const clx_quantity *interval = find(w, policy, "checkpoint_interval"), *load = find(w, policy, "checkpoint_load");
  if (mode != NULL) add(w, "%s", mode);
  if (mode == NULL || strcmp(mode, "none") != 0) {
    if (interval != NULL && interval->value > 0) {
      add(w, "%severy ", w->text[0] != '\0' ? ", " : "");
      add_value(w, interval, 3);
      if (all) add_band(w, interval, 3);
    }
    if (all) add_found(w, policy, "", "checkpoint_bytes", 3, "");
    add_found(w, policy, "stall ", "checkpoint_stall", 3, "");
    if (clx_goodput_value(&w->view, policy, "checkpoint_lag", 0) > 0)
      add_found(w, policy, "counts ", "checkpoint_lag", 3, " later");
    if (all && load != NULL && load->value > 0) add_found(w, policy, "", "checkpoint_load", 3, " to load");
  }
}

// Whether a policy checkpoints as the first one does.
static bool is_alike(const writer *w, int32_t policy) {
  static const char *const what[] = {"checkpoint_interval", "checkpoint_stall", "checkpoint_lag", "restart_time"};
  const char *a = clx_goodput_fact(&w->view, w->view.baseline, "checkpoint"),
             *b = clx_goodput_fact(&w->view, policy, "checkpoint");
  if (a != NULL && b != NULL && strcmp(a, b) != 0) return false;
  for (int32_t i = 0; i < CLX_COUNT(what); i++) {
    const double x = clx_goodput_value(&w->view, w->view.baseline, what[i], 0),
                 y = clx_goodput_value(&w->view, policy, what[i], 0);
    if (fabs(x - y) > 0.02 * fmax(fabs(x), fabs(y))) return false;
  }
  return true;
}

static void write_recovery(writer *w) {
  write_checkpoint(w, w->view.baseline, true);
  flush(w, "checkpoint", 2, CLX_REPORT_PLAIN);
  add_found(w, w->view.baseline, "", "detect_time", 3, " until a failure is found");
  add_found(w, w->view.baseline, "", "restart_time", 3, " to start again");
  add_found(w, w->view.baseline, "", "lost_work", 3, " of work lost at a stop");
  if (clx_goodput_value(&w->view, w->view.baseline, "waited", 0) > 0)
    add_found(w, w->view.baseline, "", "waited", 3, " of waiting for servers");
  flush(w, "recovery", 2, CLX_REPORT_PLAIN);
  for (int32_t i = 0; i < w->view.count; i++) {
    char name[4 * SHORT];
    if (i == w->view.baseline || find(w, i, "goodput") == NULL || is_alike(w, i)) continue;
    write_checkpoint(w, i, false);
    const bool same = w->text[0] == '\0';
    if (add_found(w, i, "", "restart_time", 3, " to start again") || !same) {
      char line[LINE];
      snprintf(line, sizeof line, "%.*s", LINE - 40, w->text);
      w->text[0] = '\0';
      add(w, "%s: %s", clx_goodput_cut(w->view.policy[i].name, NAME - 4, 0, name, sizeof name), line);
      flush(w, "", 1, CLX_REPORT_PLAIN);
    }
  }
}

// --- policies ----------------------------------------------------------------------------------------------------------------

// A mean count: whole from 100 on.
static const char *count_text(double count, char text[SHORT]) {
  return clx_quantity_format(count >= 100 ? round(count) : count, "", count >= 100 ? 15 : 3, text, SHORT);
}

static const char *number_of(const writer *w, int32_t policy, const char *what, int digits, char text[SHORT]) {
  const clx_quantity *q = find(w, policy, what);
  if (q != NULL && q->unit[0] == '\0') return count_text(q->value, text);
  return q == NULL ? "-" : clx_quantity_format(q->value, q->unit, digits, text, SHORT);
}

// A column of a table, padded by what is seen of it: names may hold letters of several bytes.
static void add_name(writer *w, const char *name, int32_t columns) {
  char cut[4 * SHORT];
  clx_goodput_cut(name, columns - 1, 0, cut, sizeof cut);
  const int32_t width = (int32_t)clx_goodput_width(cut, 0);
  add(w, "%s%*s", cut, columns > width ? columns - width : 0, "");
}

static void write_policy(writer *w, int32_t policy) {
  const clx_quantity *goodput = find(w, policy, "goodput"), *gain = find(w, policy, "gain");
  const char *why = clx_goodput_infeasible(&w->view, policy), *best = clx_result_fact(w->view.result, "goodput.best");
  char text[3][SHORT], share[SHORT] = "-", band[SHORT] = "", number[16] = "";
  if (w->view.count > 1) snprintf(number, sizeof number, "%d.", policy + 1);
  add_name(w, w->view.policy[policy].name, NAME);
  if (why != NULL) {
    add(w, "%s, see below", clx_goodput_fact(&w->view, policy, "left_out") != NULL ? "left out" : "makes no progress");
    flush(w, number, 0, CLX_REPORT_PLAIN);
    return;
  }
  if (goodput != NULL) snprintf(share, sizeof share, "%.1f %%", 100 * goodput->value);
  if (goodput != NULL && has_band(goodput))
    snprintf(band, sizeof band, "%.1f - %.1f", 100 * goodput->low, 100 * goodput->high);
  add(w, "%7s%13s%8s%10s%8s", share, band, number_of(w, policy, "interruptions", 4, text[0]),
      number_of(w, policy, "time_to_train", 3, text[1]), number_of(w, policy, "spares_needed", 12, text[2]));
  if (gain != NULL) {
    snprintf(share, sizeof share, "%+.1f", 100 * gain->value);
    band[0] = '\0';
    if (has_band(gain)) snprintf(band, sizeof band, "%+.1f - %+.1f", 100 * gain->low, 100 * gain->high);
    add(w, "%7s%14s", share, band);
  }
  flush(w, number, 0, clx_text_equal(w->view.policy[policy].name, best) ? CLX_REPORT_BOLD : CLX_REPORT_PLAIN);
}

static void write_policies(writer *w) {
  if (w->view.count == 0) return;
  add(w, "%-*s%7s%13s%8s%10s%8s", NAME, "", "goodput", "band", "stops", "to train", "spares");
  if (w->view.count > 1) add(w, "%7s%14s", "gain", "points, band");
  flush(w, "policies", 0, CLX_REPORT_DIM);
  for (int32_t i = 0; i < w->view.count; i++) write_policy(w, i);
  if (w->view.more > 0) add(w, "%d more: --json", w->view.more);
  flush(w, "", 0, CLX_REPORT_DIM);
  for (int32_t i = 0; i < w->view.count; i++) {
    enum { REASON = 4 };  // lines
    const char *why = clx_goodput_infeasible(&w->view, i);
    if (why != NULL) add(w, "%s: %s", w->view.policy[i].name, why);
    flush(w, "", REASON, CLX_REPORT_PLAIN);
  }
  add_servers(w, w->view.baseline, "free servers: ", "spares", " in the mean");
  add_servers(w, w->view.baseline, w->text[0] != '\0' ? "fewest " : "free servers: fewest ", "spares_least", "");
  if (find(w, w->view.baseline, "spares_needed") != NULL)
    add(w, "%sspares: with so many it waits 1 %% of the time", w->text[0] != '\0' ? "; " : "");
  flush(w, "", 1, CLX_REPORT_DIM);
}

static void write_causes(writer *w) {
  clx_ranking cause[CLX_CAUSES];
  char prefix[SHORT];
  if (w->view.count == 0) return;
  snprintf(prefix, sizeof prefix, "%s.cause.", w->view.policy[w->view.baseline].prefix);
  const int32_t count = clx_result_rank(w->view.result, prefix, "", false, cause, CLX_CAUSES);
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += cause[i].weight;
  for (int32_t i = 0; i < count && sum > 0; i++) {
    if (cause[i].weight < 5e-4 * sum) break;
    add(w, "%s%s %.1f %%", i > 0 ? ", " : "", cause[i].quantity->name + strlen(prefix), 100 * cause[i].weight / sum);
  }
  flush(w, "stops by", 2, CLX_REPORT_PLAIN);
}

// --- ledger ------------------------------------------------------------------------------------------------------------------

enum { COLUMNS = 6, BUCKET = 30 };  // policies side by side

static void write_ledger_row(writer *w, const char *title, const double share[COLUMNS], int32_t count,
                             clx_report_style style) {
  add(w, "%-*.*s", BUCKET, BUCKET, title);
  for (int32_t i = 0; i < count; i++) {
    if (share[i] < SEEN) {
      add(w, "%9s", "-");
    } else {
      add(w, "%7.1f %%", 100 * share[i]);
    }
  }
  flush(w, "", 0, style);
}

typedef struct ledger_row {
  int32_t bucket;
  double share[COLUMNS], most;
} ledger_row;

// Buckets by their largest share.
static int32_t rank_buckets(const writer *w, int32_t columns, ledger_row *row) {
  int32_t count = 0;
  for (int32_t k = 0; k < CLX_LEDGERS - 1; k++) {
    ledger_row r = {.bucket = clx_goodput_order[k]};
    for (int32_t i = 0; i < columns; i++) {
      r.share[i] = clx_goodput_share(&w->view, i, r.bucket);
      r.most = fmax(r.most, r.share[i]);
    }
    int32_t at = count++;
    for (; at > 0 && row[at - 1].most < r.most; at--) row[at] = row[at - 1];
    row[at] = r;
  }
  return count;
}

static void write_lost(writer *w, int32_t columns) {
  bool any = false;
  add(w, "%-*s", BUCKET, "GPU-hours lost, with spares");
  for (int32_t i = 0; i < columns; i++) {
    const clx_quantity *q = find(w, i, "gpu_hours_lost");
    const double hours = q != NULL ? q->value : 0;
    any |= q != NULL;
    if (q == NULL) {
      add(w, "%9s", "-");
    } else if (hours >= 1e6) {
      add(w, "%7.3g M", hours / 1e6);
    } else if (hours >= 1e3) {
      add(w, "%7.3g k", hours / 1e3);
    } else {
      add(w, "%9.3g", hours);
    }
  }
  if (!any) w->text[0] = '\0';
  flush(w, "", 0, CLX_REPORT_PLAIN);
}

// What finds no row within `most` lines stands together in the last one.
static void write_ledger(writer *w, int32_t most) {
  const int32_t columns = w->view.count < COLUMNS ? w->view.count : COLUMNS;
  ledger_row row[CLX_LEDGERS];
  double productive[COLUMNS], other[COLUMNS] = {0}, rest = 0;
  bool any = false;
  for (int32_t i = 0; i < columns; i++) {
    productive[i] = clx_goodput_share(&w->view, i, CLX_LEDGER_PRODUCTIVE);
    any |= clx_goodput_has_ledger(&w->view, i);
  }
  if (!any || most < 6) return;
  add(w, "%-*s", BUCKET, "share of all GPU-time");
  for (int32_t i = 0; i < columns; i++) {
    char name[SHORT];
    const char *title = w->view.policy[i].name;
    if (clx_page_width(title, strlen(title)) > 8) {
      snprintf(name, sizeof name, "%d.", i + 1);
    } else {
      snprintf(name, sizeof name, "%s", title);
    }
    const int32_t width = clx_page_width(name, strlen(name));
    add(w, "%*s%s", width < 9 ? 9 - width : 0, "", name);
  }
  flush(w, "GPU-time", 0, CLX_REPORT_DIM);
  write_ledger_row(w, clx_goodput_bucket[CLX_LEDGER_PRODUCTIVE], productive, columns, CLX_REPORT_BOLD);
  const int32_t count = rank_buckets(w, columns, row);
  int32_t shown = 0;
  while (shown < count && shown < most - 4 && row[shown].most >= SEEN) shown++;
  for (int32_t k = 0; k < shown; k++) {
    write_ledger_row(w, clx_goodput_bucket[row[k].bucket], row[k].share, columns, CLX_REPORT_PLAIN);
  }
  for (int32_t k = shown; k < count; k++) {
    for (int32_t i = 0; i < columns; i++) rest = fmax(rest, other[i] += row[k].share[i]);
  }
  if (rest >= SEEN) write_ledger_row(w, "other", other, columns, CLX_REPORT_PLAIN);
  write_lost(w, columns);
  for (int32_t i = columns; i < w->view.count; i++)
    add(w, "%s%s", i > columns ? ", " : "without: ", w->view.policy[i].name);
  flush(w, "", 1, CLX_REPORT_DIM);
}

void clx_report_goodput(const clx_result *result, bool colour, clx_buffer *out) {
  enum { WARNINGS = 3 };
  clx_page page = {.out = out, .colour = colour};
  writer w = {.view = clx_goodput_view_of(result), .page = &page};
  const char *accuracy = clx_result_fact(result, "accuracy.statement");
  write_machine(&w);
  if (w.view.count > 0) {
    write_rates(&w);
    write_recovery(&w);
    write_policies(&w);
    write_causes(&w);
    write_ledger(&w, CLX_REPORT_GOODPUT_LINES - WARNINGS - page.lines - (accuracy != NULL ? 1 : 0));
  }
  if (accuracy != NULL) clx_page_put(&page, "accuracy", accuracy, 1, CLX_REPORT_DIM);
  clx_page_warnings(&page, result, CLX_REPORT_GOODPUT_LINES - page.lines);
}

// --- of a run ----------------------------------------------------------------------------------------------------------------

static void write_stops(writer *w) {
  const clx_quantity *mttf = find(w, 0, "mttf"), *stops = find(w, 0, "interruptions"), *horizon = find(w, 0, "horizon");
  if (mttf != NULL) {
    add(w, "an interruption every ");
    add_value(w, mttf, 3);
    char range[3 * SHORT];
    add(w, "%s", clx_words_range(mttf, 3, range, sizeof range));
  }
  if (stops != NULL) {
    char text[3][SHORT];
    add(w, "%s%s", w->text[0] != '\0' ? "; " : "interruptions: ", count_text(stops->value, text[0]));
    if (has_band(stops)) add(w, " (%s to %s)", count_text(stops->low, text[1]), count_text(stops->high, text[2]));
    if (horizon != NULL && horizon->value > 0) {
      add(w, " in ");
      add_value(w, horizon, 3);
    }
  }
  flush(w, "reliability", 2, CLX_REPORT_PLAIN);
}

// Share of all GPU-time that is the job's at full size: goodput is what is productive of it.
static double job_share(const writer *w, double goodput) {
  const double productive = clx_goodput_share(&w->view, 0, CLX_LEDGER_PRODUCTIVE);
  if (goodput > 0 && productive > 0) return productive / goodput;
  return 1 - clx_goodput_share(&w->view, 0, CLX_LEDGER_SPARE) - clx_goodput_share(&w->view, 0, CLX_LEDGER_REPAIR);
}

// In repair stays what the job is short of: what other losses leave of 1 - goodput. Spares in repair cost it nothing.
static void keep_short(ledger_row *row, int32_t count, double job, double goodput) {
  double rest = (1 - goodput) * job;
  int32_t repair = -1;
  for (int32_t k = 0; k < count; k++) {
    if (row[k].bucket == CLX_LEDGER_REPAIR) repair = k;
    if (row[k].bucket != CLX_LEDGER_REPAIR && row[k].bucket != CLX_LEDGER_SPARE) rest -= row[k].share[0];
  }
  if (repair < 0) return;
  ledger_row r = row[repair];
  r.share[0] = r.most = fmin(r.share[0], fmax(rest, 0));
  for (; repair + 1 < count && row[repair + 1].most > r.most; repair++) row[repair] = row[repair + 1];
  row[repair] = r;
}

// Shares of the time of the GPUs that the job has at full size.
static void write_goodput(writer *w) {
  enum { SHOWN = 4 };
  const clx_quantity *goodput = find(w, 0, "goodput");
  ledger_row row[CLX_LEDGERS];
  int32_t seen = 0;
  if (goodput == NULL) return;
  const double job = job_share(w, goodput->value);
  add(w, "%.1f %%", 100 * goodput->value);
  if (has_band(goodput)) add(w, " (%.1f to %.1f %%)", 100 * goodput->low, 100 * goodput->high);
  const int32_t count = rank_buckets(w, 1, row);
  keep_short(row, count, job, goodput->value);
  for (int32_t k = 0; k < count && seen < SHOWN && job > 0; k++) {
    const double share = row[k].share[0] / job;
    char item[2 * SHORT];
    if (row[k].bucket == CLX_LEDGER_SPARE || share < SEEN) continue;
    snprintf(item, sizeof item, "%s%s %.1f %%", seen == 0 ? "; lost: " : ", ", clx_goodput_bucket[row[k].bucket],
             100 * share);
    if (strlen(w->text) + strlen(item) > CLX_REPORT_COLUMNS - 12) break;  // the line belongs to the largest
    add(w, "%s", item);
    seen++;
  }
  flush(w, "goodput", 1, CLX_REPORT_BOLD);
}

void clx_report_goodput_lines(const clx_result *result, clx_page *page) {
  writer w = {.view = clx_goodput_view_of(result), .page = page};
  if (w.view.count == 0 || strcmp(w.view.policy[0].prefix, "reliability") != 0) return;
  write_stops(&w);
  write_goodput(&w);
  const clx_quantity *interval = find(&w, 0, "checkpoint_interval"), *time = find(&w, 0, "time_to_train");
  if (interval != NULL && interval->value > 0) add_found(&w, 0, "checkpoint every ", "checkpoint_interval", 3, "");
  add_found(&w, 0, "stall ", "checkpoint_stall", 2, "");
  add_found(&w, 0, "restart ", "restart_time", 3, "");
  add_servers(&w, 0, "", "spares", " spare servers");
  add_found(&w, 0, "fewest ", "spares_least", 3, "");
  flush(&w, "", 1, CLX_REPORT_PLAIN);
  if (time == NULL || time->value <= 0) return;
  add_value(&w, time, 3);
  add_band(&w, time, 3);
  add(&w, " to train with failures and restarts");
  flush(&w, "", 1, CLX_REPORT_PLAIN);
}
