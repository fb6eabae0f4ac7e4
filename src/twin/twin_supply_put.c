// What a study of deliveries found, as results: the owner, buyers, orders, limits, chips.
#include "twin/twin_supply.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chance/chance.h"

enum { NAME = 192, SLIP_DAYS = 30 };

static size_t cell(int32_t row, int32_t columns, int32_t column) {
  return (size_t)row * (size_t)columns + (size_t)column;
}

static clx_status no_memory(const clx_twin_supply *c) { return clx_fail_plain(c->error, CLX_MEMORY, "out of memory"); }

// --- single results ---------------------------------------------------------------------------------------------------------------

clx_status clx_twin_supply_one(const clx_twin_supply *c, const char *name, double value, const char *unit,
                               const char *doc) {
  char full[NAME + 16];
  snprintf(full, sizeof full, "supply.%s", name);
  return clx_twin_put(c->result, full, value, unit, doc, c->error);
}

clx_status clx_twin_supply_fact(const clx_twin_supply *c, const char *name, const char *text) {
  char full[NAME + 16];
  snprintf(full, sizeof full, "supply.%s", name);
  return clx_result_add_text(c->result, full, text, c->error);
}

static clx_status put_band(const clx_twin_supply *c, const char *name, clx_supply_band band, double factor,
                           const char *unit, const char *doc) {
  char full[NAME + 16];
  snprintf(full, sizeof full, "supply.%s", name);
  return clx_result_add(c->result, full, factor * band.median, unit, factor * band.low, factor * band.high, doc,
                        c->error);
}

const char *clx_twin_supply_slug(const char *text, char *slug, size_t size) {
  char plain[128];
  size_t length = 0;
  for (const char *at = text; *at != '\0' && length + 1 < sizeof plain; at++) {
    const bool gap = strchr(" -,.;:/'\"()", *at) != NULL;  // a hyphen is no minus
    if (!gap || (length > 0 && plain[length - 1] != ' ')) plain[length++] = gap ? ' ' : *at;
  }
  if (length > 0 && plain[length - 1] == ' ') length--;
  plain[length] = '\0';
  return clx_result_slug(plain, slug, size);
}

// Sorted copy; NULL when out of memory.
static double *sorted(const clx_twin_supply *c, const double *sample) {
  double *copy = CLX_NEW_ARRAY(c->arena, double, c->replicas);
  if (copy == NULL) return NULL;
  memcpy(copy, sample, (size_t)c->replicas * sizeof *copy);
  clx_sort(copy, c->replicas);
  return copy;
}

clx_status clx_twin_supply_put(const clx_twin_supply *c, const char *name, const double *sample, double factor,
                               const char *unit, const char *doc) {
  const double *s = sorted(c, sample);
  if (s == NULL) return no_memory(c);
  const clx_supply_band band = {.low = clx_percentile(s, c->replicas, 0.1),
                                .median = clx_percentile(s, c->replicas, 0.5),
                                .high = clx_percentile(s, c->replicas, 0.9)};
  return put_band(c, name, band, factor, unit, doc);
}

double clx_twin_supply_quantile(const clx_twin_supply *c, const double *sample, double p) {
  const double *s = sorted(c, sample);
  return s == NULL ? NAN : clx_percentile(s, c->replicas, p);
}

double clx_twin_supply_worst(const clx_twin_supply *c, const double *sample, double alpha) {
  const double *s = sorted(c, sample);
  double left = (1 - alpha) * c->replicas, sum = 0;
  if (s == NULL) return NAN;
  const double whole = left;
  for (int32_t i = c->replicas - 1; i >= 0 && left > 0; i--) {
    const double part = fmin(1, left);
    sum += part * s[i];
    left -= part;
  }
  return sum / whole;
}

double clx_twin_supply_slips(const clx_twin_supply *c, const clx_twin_fate *fate) {
  int32_t late = 0;
  for (int32_t k = 0; k < c->replicas; k++) late += fate->slip[k] * 7 > SLIP_DAYS;
  return (double)late / c->replicas;
}

// When something is whole: nothing is said where half of the runs or more do not see it (`unfinished` says so); a band whose upper end lies behind
// the horizon ends there.
static clx_status put_complete(const clx_twin_supply *c, const char *name, clx_supply_band weeks, const char *doc) {
  if (weeks.median > c->p->weeks - 1) return CLX_OK;
  const clx_supply_band times = {.low = clx_twin_supply_time(c, weeks.low),
                                 .median = clx_twin_supply_time(c, weeks.median),
                                 .high = clx_twin_supply_time(c, weeks.high)};
  return put_band(c, name, times, 1, "s", doc);
}

double clx_twin_supply_time(const clx_twin_supply *c, double week) { return fmin(week + 1, c->p->weeks) * CLX_WEEK; }

// --- the owner, buyers, orders ---------------------------------------------------------------------------------------------

static clx_status put_series(const clx_twin_supply *c, const char *name, const char *unit, const double *y) {
  char full[NAME + 16];
  double *x = CLX_NEW_ARRAY(c->arena, double, c->p->weeks);
  if (x == NULL) return no_memory(c);
  for (int32_t w = 0; w < c->p->weeks; w++) x[w] = (w + 1) * CLX_WEEK;
  snprintf(full, sizeof full, "supply.%s", name);
  return clx_result_add_series(c->result, full, unit, y, "time", "s", x, c->p->weeks, c->error);
}

static clx_status put_owner(const clx_twin_supply *c, const clx_twin_fate *f) {
  double ordered = 0, unfinished = 0;
  for (int32_t i = 0; i < c->p->order_count; i++)
    if (c->p->purchase[i].buyer == c->p->self) ordered += c->p->purchase[i].quantity;
  const double *weeks = sorted(c, f->finished);
  if (weeks == NULL) return no_memory(c);
  for (int32_t k = 0; k < c->replicas; k++) unfinished += f->finished[k] >= c->p->weeks;
  unfinished /= c->replicas;
  const clx_supply_band complete = {.low = clx_percentile(weeks, c->replicas, 0.1),
                                    .median = clx_percentile(weeks, c->replicas, 0.5),
                                    .high = clx_percentile(weeks, c->replicas, 0.9)};
  CLX_TRY(clx_twin_supply_one(c, "replicas", c->replicas, "", "runs that chance was drawn for"));
  CLX_TRY(clx_twin_supply_one(c, "weeks", c->p->weeks, "", "horizon"));
  CLX_TRY(clx_twin_supply_one(c, "ordered", ordered, "", "GPUs of the owner's orders"));
  CLX_TRY(
      put_complete(c, "complete", complete,
                   "after the start: all orders of the owner are whole; a band that ends at the horizon may go on"));
  CLX_TRY(clx_twin_supply_one(c, "unfinished", unfinished, "", "share of runs in which they are not"));
  CLX_TRY(clx_twin_supply_one(c, "slip_probability", clx_twin_supply_slips(c, f), "",
                              "that an order is more than 30 days behind its date, or behind the run without chance"));
  CLX_TRY(clx_twin_supply_one(c, "reference", clx_twin_supply_time(c, c->reference), "s",
                              "after the start: when GPUs are compared: the last date wanted, or the end of the run "
                              "without chance"));
  CLX_TRY(clx_twin_supply_put(c, "at_reference", f->gpus, 1, "", "GPUs of the owner then"));
  CLX_TRY(clx_twin_supply_put(c, "missing", f->missing, 1, "", "GPUs of his orders that have not come at the end"));
  CLX_TRY(clx_twin_supply_put(c, "late", f->late, CLX_WEEK, "GPU*s", "GPU-time for which GPUs are due and missing"));
  CLX_TRY(clx_twin_supply_put(c, "paid", f->paid, 1, c->money, "deposits, balances and qualification of the owner"));
  CLX_TRY(clx_twin_supply_put(c, "lost", f->lost, 1, c->money, "deposits that failed makers kept"));
  CLX_TRY(clx_twin_supply_put(c, "at_risk", f->risk, 1, c->money, "deposits on what is owed, in the week of most"));
  CLX_TRY(clx_twin_supply_put(c, "stored", f->stored, CLX_WEEK, "GPU*s", "GPU-time in warehouses without power"));
  return clx_twin_supply_put(c, "stored_cost", f->stored_cost, 1, c->money, "of it: interest and age");
}

// GPUs that the owner wants by the end of each week.
static clx_status put_wanted(const clx_twin_supply *c) {
  bool any = false;
  double *wanted = CLX_NEW_ARRAY(c->arena, double, c->p->weeks);
  if (wanted == NULL) return no_memory(c);
  for (int32_t i = 0; i < c->p->order_count; i++) {
    const clx_purchase *order = &c->p->purchase[i];
    if (order->buyer != c->p->self || order->by < 0) continue;
    any = true;
    for (int32_t w = order->by; w < c->p->weeks; w++) wanted[w] += order->quantity;
  }
  return any ? put_series(c, "wanted", "", wanted) : CLX_OK;
}

static clx_status put_buyer(const clx_twin_supply *c, const clx_buyer_result *found, int32_t buyer) {
  static const char *const names[] = {"low", "median", "high"};
  char slug[64], name[NAME];
  const int32_t weeks = c->p->weeks;
  double *y = CLX_NEW_ARRAY(c->arena, double, weeks);
  if (y == NULL) return no_memory(c);
  clx_twin_supply_slug(c->p->buyer[buyer].name, slug, sizeof slug);
  snprintf(name, sizeof name, "buyer.%s.received", slug);
  CLX_TRY(put_band(c, name, found->received[weeks - 1], 1, "", "GPUs at the end"));
  snprintf(name, sizeof name, "buyer.%s.title", slug);
  CLX_TRY(clx_twin_supply_fact(c, name, c->p->buyer[buyer].name));
  for (int32_t n = 0; n < CLX_COUNT(names); n++) {
    for (int32_t w = 0; w < weeks; w++) {
      const clx_supply_band *band = &found->received[w];
      y[w] = n == 0 ? band->low : n == 1 ? band->median : band->high;
    }
    snprintf(name, sizeof name, "buyer.%s.%s", slug, names[n]);
    CLX_TRY(put_series(c, name, "", y));
  }
  if (c->p->buyer[buyer].ready_count == 0) return CLX_OK;
  snprintf(name, sizeof name, "buyer.%s.ready", slug);
  return put_series(c, name, "", c->p->ready + cell(buyer, weeks, 0));
}

// What cost most GPU-weeks beside the lead time.
static int32_t beside_lead(const clx_twin_supply *c, const clx_purchase_result *found) {
  int32_t best = CLX_WAIT_LEAD;
  for (int32_t i = CLX_WAIT_LEAD + 1; i < CLX_WAIT_LIMIT + c->p->limit_count; i++)
    if (found->waited[i] > (best == CLX_WAIT_LEAD ? 0 : found->waited[best])) best = i;
  return best;
}

static clx_status put_order_facts(const clx_twin_supply *c, const clx_purchase_result *found, int32_t index,
                                  const char *slug) {
  const clx_purchase *order = &c->p->purchase[index];
  const int32_t held_up = found->late_cause >= 0 ? found->late_cause : beside_lead(c, found);
  const struct {
    const char *name, *text;
  } facts[] = {{"title", order->name},
               {"buyer", c->p->buyer[order->buyer].name},
               {"product", c->p->product[order->product]->name},
               {"maker", order->maker < 0 ? "none: chips alone" : c->p->maker[order->maker]->name},
               {"cause", clx_wait_text(c->p, found->cause, c->arena)},
               {"held_up", clx_wait_text(c->p, held_up, c->arena)},
               {"missing_cause", found->short_cause < 0 ? NULL : clx_wait_text(c->p, found->short_cause, c->arena)}};
  for (int32_t i = 0; i < CLX_COUNT(facts); i++) {
    char name[NAME];
    if (facts[i].text == NULL) continue;
    snprintf(name, sizeof name, "order.%s.%s", slug, facts[i].name);
    CLX_TRY(clx_twin_supply_fact(c, name, facts[i].text));
  }
  return CLX_OK;
}

static clx_status put_order(const clx_twin_supply *c, const clx_purchase_result *found, int32_t index) {
  const clx_purchase *order = &c->p->purchase[index];
  const clx_supply_band plain = {.low = order->quantity, .median = order->quantity, .high = order->quantity};
  const double by = clx_twin_supply_time(c, order->by);
  const struct {
    const char *name;
    clx_supply_band band;
    const char *unit, *doc;
    bool shown;
  } rows[] = {
      {"gpus", plain, "", "ordered", true},
      {"by", {.low = by, .median = by, .high = by}, "s", "end of the week in which they are wanted", order->by >= 0},
      {"missing", found->short_by, "", "GPUs that have not come at the end", true},
      {"late", found->late_by, "", "GPUs missing when they are wanted", order->by >= 0}};
  char slug[64], name[NAME];
  clx_twin_supply_slug(order->name, slug, sizeof slug);
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    snprintf(name, sizeof name, "order.%s.%s", slug, rows[i].name);
    if (rows[i].shown) CLX_TRY(put_band(c, name, rows[i].band, 1, rows[i].unit, rows[i].doc));
  }
  snprintf(name, sizeof name, "order.%s.complete", slug);
  CLX_TRY(put_complete(c, name, found->finished, "all have come; a band that ends at the horizon may go on"));
  snprintf(name, sizeof name, "order.%s.unfinished", slug);
  CLX_TRY(clx_twin_supply_one(c, name, found->short_share, "", "share of runs in which some never come"));
  snprintf(name, sizeof name, "order.%s.late_share", slug);
  if (order->by >= 0)
    CLX_TRY(clx_twin_supply_one(c, name, found->late_share, "", "share of runs in which some are late"));
  return put_order_facts(c, found, index, slug);
}

// --- limits and chips ------------------------------------------------------------------------------------------------------

static clx_status put_limit(const clx_twin_supply *c, const double *used, const double *full, int32_t index) {
  const char *title = c->p->limit[index].name;
  char slug[64], name[NAME];
  double most = 0, share = 0;
  int32_t first = -1, count = 0;
  for (int32_t w = 0; w < c->p->weeks; w++) {
    most = fmax(most, used[w]);
    share = fmax(share, full[w]);
    if (full[w] < 0.5) continue;
    if (first < 0) first = w;
    count++;
  }
  if (!(most > 0)) return CLX_OK;
  clx_twin_supply_slug(strncmp(title, "capacity ", 9) == 0 ? title + 9 : title, slug, sizeof slug);
  snprintf(name, sizeof name, "limit.%s.use_most", slug);
  CLX_TRY(clx_twin_supply_one(c, name, most, "", "of what was planned, mean, in the week of most"));
  snprintf(name, sizeof name, "limit.%s.full_most", slug);
  CLX_TRY(clx_twin_supply_one(c, name, share, "", "share of runs in which nothing is left, in the week of most"));
  snprintf(name, sizeof name, "limit.%s.full_time", slug);
  CLX_TRY(clx_twin_supply_one(c, name, count * CLX_WEEK, "s", "weeks in which nothing is left in half of the runs"));
  snprintf(name, sizeof name, "limit.%s.full_from", slug);
  if (first >= 0)
    CLX_TRY(clx_twin_supply_one(c, name, first * CLX_WEEK, "s", "after the start: the first of these weeks"));
  snprintf(name, sizeof name, "limit.%s.title", slug);
  CLX_TRY(clx_twin_supply_fact(c, name, title));
  snprintf(name, sizeof name, "limit.%s.use", slug);
  CLX_TRY(put_series(c, name, "", used));
  snprintf(name, sizeof name, "limit.%s.full", slug);
  return put_series(c, name, "", full);
}

// Quarter of the calendar at a time, since the year 0; and its start.
static int32_t quarter_at(double time) {
  // Days of the civil calendar (Hinnant): eras of 400 years.
  const int64_t z = (int64_t)floor(time / 86400) + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t day = z - era * 146097, year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  const int64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
  const int64_t calendar = month < 10 ? month + 3 : month - 9;
  return (int32_t)(4 * (year + era * 400 + (calendar <= 2)) + (calendar - 1) / 3);
}

static double quarter_start(int32_t quarter) {
  char text[16];
  double time = 0;
  snprintf(text, sizeof text, "%04d-%02d-01", quarter / 4, quarter % 4 * 3 + 1);
  clx_time_read(text, &time);
  return time;
}

// Units of a capacity that one GPU of a product needs.
static double need_of(const clx_twin_supply *c, const clx_product *product, const clx_limit *limit) {
  const clx_supply_finder finder = clx_scenario_supply_finder(c->scenario);
  for (int32_t k = 0; k < product->need_count; k++) {
    const clx_capacity *entry = finder.find(finder.of, "capacity", product->need[k].capacity);
    if (entry != NULL && clx_text_equal(entry->name, limit->name + strlen("capacity "))) return product->need[k].amount;
  }
  return 0;
}

static clx_status put_chips(const clx_twin_supply *c, const double *received, int32_t index) {
  enum { WEEKS = 13 };
  const clx_procurement *p = c->p;
  const clx_limit *limit = &p->limit[index];
  const clx_supply_finder finder = clx_scenario_supply_finder(c->scenario);
  const clx_capacity *entry = finder.find(finder.of, "capacity", limit->name + strlen("capacity "));
  double best = 0, made = 0, ordered = 0, sum = 0, week[WEEKS];
  int32_t which = -1;
  for (int32_t w = 0; entry != NULL && w < p->weeks; w++) {
    const int32_t quarter = quarter_at(p->start + (w + 0.5) * CLX_WEEK);
    if (w == 0 || quarter != quarter_at(p->start + (w - 0.5) * CLX_WEEK)) sum = 0;
    for (int32_t i = 0; i < p->product_count; i++) {
      const double *had = received + cell(i, p->weeks, 0);
      sum += need_of(c, p->product[i], limit) * (had[w] - (w > 0 ? had[w - 1] : 0));
    }
    if (sum > best) best = sum, which = quarter;
  }
  if (which < 0) return CLX_OK;
  const double start = quarter_start(which), length = quarter_start(which + 1) - start;
  clx_dated_weeks(entry->rate, entry->rate_count, start, WEEKS, week);
  for (int32_t w = 0; w < WEEKS; w++) made += week[w] * length / WEEKS;
  for (int32_t i = 0; i < p->order_count; i++)
    if (p->purchase[i].buyer == p->self)
      ordered += p->purchase[i].quantity * need_of(c, p->product[p->purchase[i].product], limit);
  if (!(made > 0)) return CLX_OK;
  char slug[64], name[NAME], text[16];
  clx_twin_supply_slug(entry->name, slug, sizeof slug);
  snprintf(name, sizeof name, "chips.%s.share", slug);
  CLX_TRY(clx_twin_supply_one(c, name, best / made, "", "of what is made in the quarter in which the owner gets most"));
  snprintf(name, sizeof name, "chips.%s.order_share", slug);
  CLX_TRY(clx_twin_supply_one(c, name, ordered / made, "", "all that the owner orders, of that quarter"));
  snprintf(name, sizeof name, "chips.%s.quarter", slug);
  snprintf(text, sizeof text, "%d Q%d", which / 4, which % 4 + 1);
  CLX_TRY(clx_twin_supply_fact(c, name, text));
  snprintf(name, sizeof name, "chips.%s.title", slug);
  return clx_twin_supply_fact(c, name, entry->name);
}

// --- all of it -------------------------------------------------------------------------------------------------------------

static clx_status put_facts(const clx_twin_supply *c) {
  CLX_TRY(clx_twin_supply_fact(c, "self", c->p->buyer[c->p->self].name));
  CLX_TRY(clx_twin_supply_fact(c, "start", c->scenario->spec.supply.start));
  return clx_twin_supply_fact(c, "currency", c->p->currency);
}

clx_status clx_twin_supply_report(const clx_twin_supply *c, const clx_delivery *found, const clx_twin_fate *fate,
                                  const double *received, const double *full) {
  const clx_procurement *p = c->p;
  CLX_TRY(put_facts(c));
  CLX_TRY(put_owner(c, fate));
  CLX_TRY(put_wanted(c));
  for (int32_t i = 0; i < p->buyer_count; i++) CLX_TRY(put_buyer(c, &found->buyer[i], i));
  for (int32_t i = 0; i < p->order_count; i++) CLX_TRY(put_order(c, &found->order[i], i));
  for (int32_t i = 0; i < p->limit_count; i++)
    CLX_TRY(put_limit(c, found->used + cell(i, p->weeks, 0), full + cell(i, p->weeks, 0), i));
  for (int32_t i = 0; i < p->limit_count; i++)
    if (p->limit[i].kind == CLX_CAPACITY_CHIP) CLX_TRY(put_chips(c, received, i));
  return CLX_OK;
}
