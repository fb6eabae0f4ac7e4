// Orders as users state them -> purchases by index.
#include <math.h>
#include <string.h>

#include "supply/supply_order_internal.h"
#include "unit/unit.h"

static clx_status unknown(const clx_procurement_build *b, const char *key, const char *name, clx_place place,
                          const char *const *known, int32_t count) {
  const char *nearest = clx_nearest(name, known, count);
  if (nearest != NULL)
    return clx_fail(b->error, CLX_INPUT, place, "%s: unknown \"%s\"; did you mean \"%s\"?", key, name, nearest);
  return clx_fail(b->error, CLX_INPUT, place, "%s: unknown \"%s\"", key, name);
}

static const void *find(const clx_procurement_build *b, const char *kind, const char *name, clx_place place) {
  const void *entry = b->finder->find(b->finder->of, kind, name);
  if (entry == NULL) clx_fail(b->error, CLX_INPUT, place, "%s: unknown \"%s\"", kind, name);
  return entry;
}

clx_status clx_build_product(clx_procurement_build *b, const char *name, clx_place place, int32_t *index) {
  const clx_product *entry = find(b, "product", name, place);
  if (entry == NULL) return CLX_INPUT;
  for (*index = 0; *index < b->out->product_count; (*index)++)
    if (clx_text_equal(b->out->product[*index]->name, entry->name)) return CLX_OK;
  if (*index == CLX_ORDERS_MAX) return clx_fail(b->error, CLX_INPUT, place, "product: more than %d", CLX_ORDERS_MAX);
  CLX_TRY(clx_product_check(entry, place, b->error));
  b->out->product[b->out->product_count++] = entry;
  return CLX_OK;
}

clx_status clx_build_maker(clx_procurement_build *b, const char *name, clx_place place, int32_t *index) {
  const clx_maker *entry = find(b, "maker", name, place);
  if (entry == NULL) return CLX_INPUT;
  for (*index = 0; *index < b->out->maker_count; (*index)++)
    if (clx_text_equal(b->out->maker[*index]->name, entry->name)) return CLX_OK;
  if (*index == CLX_ORDERS_MAX) return clx_fail(b->error, CLX_INPUT, place, "maker: more than %d", CLX_ORDERS_MAX);
  CLX_TRY(clx_maker_check(entry, place, b->error));
  b->out->maker[b->out->maker_count++] = entry;
  return CLX_OK;
}

clx_status clx_build_buyer(const clx_procurement_build *b, const char *name, const char *key, clx_place place,
                           int32_t *index) {
  const clx_procurement_spec *spec = b->spec;
  for (*index = 0; *index < spec->buyer_count; (*index)++)
    if (clx_text_equal(spec->buyer[*index].name, name)) return CLX_OK;
  const char **known = CLX_NEW_ARRAY(b->arena, const char *, spec->buyer_count + 1);
  if (known == NULL) return clx_fail(b->error, CLX_MEMORY, place, "out of memory");
  for (int32_t i = 0; i < spec->buyer_count; i++) known[i] = spec->buyer[i].name;
  return unknown(b, key, name, place, known, spec->buyer_count);
}

clx_status clx_build_order(const clx_procurement_build *b, const char *name, const char *key, clx_place place,
                           int32_t *index) {
  const clx_procurement_spec *spec = b->spec;
  for (*index = 0; *index < spec->order_count; (*index)++)
    if (clx_text_equal(spec->order[*index].name, name)) return CLX_OK;
  const char **known = CLX_NEW_ARRAY(b->arena, const char *, spec->order_count + 1);
  if (known == NULL) return clx_fail(b->error, CLX_MEMORY, place, "out of memory");
  for (int32_t i = 0; i < spec->order_count; i++) known[i] = spec->order[i].name;
  return unknown(b, key, name, place, known, spec->order_count);
}

clx_status clx_build_week(const clx_procurement_build *b, const char *date, const char *key, clx_place place,
                          int32_t *week) {
  double time = 0;
  CLX_TRY(clx_date_read(date, key, place, &time, b->error));
  if (time < b->out->start) {
    return clx_fail(b->error, CLX_INPUT, place, "%s: %s is before the start, %s", key, date, b->spec->start);
  }
  const double at = floor((time - b->out->start) / CLX_WEEK);
  if (at >= b->out->weeks) {
    return clx_fail(b->error, CLX_INPUT, place, "%s: %s is behind the end, %d week%s after %s", key, date,
                    b->out->weeks, b->out->weeks == 1 ? "" : "s", b->spec->start);
  }
  *week = (int32_t)at;
  return CLX_OK;
}

// --- money -------------------------------------------------------------------------------------------------------------------------------

clx_status clx_build_currency(const clx_procurement_build *b, const char *code, clx_place place, double *usd) {
  const clx_procurement_spec *spec = b->spec;
  *usd = 1;
  if (clx_text_equal(code, "USD")) return CLX_OK;
  const char **known = CLX_NEW_ARRAY(b->arena, const char *, spec->exchange_count + 1);
  if (known == NULL) return clx_fail(b->error, CLX_MEMORY, place, "out of memory");
  known[spec->exchange_count] = "USD";
  for (int32_t i = 0; i < spec->exchange_count; i++) {
    known[i] = spec->exchange[i].currency;
    *usd = spec->exchange[i].usd;
    if (clx_text_equal(spec->exchange[i].currency, code)) return CLX_OK;
  }
  const char *nearest = clx_nearest(code, known, spec->exchange_count + 1);
  return clx_fail(b->error, CLX_INPUT, place, "unknown currency \"%.20s\"; expected USD or one of exchange%s%s%s", code,
                  nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
                  nearest == NULL ? "" : "\"?");
}

#define PRICE_MAX 1e9  // USD of one GPU

// "30,000 USD" -> USD.
static clx_status read_price(const clx_procurement_build *b, const clx_order_spec *o, double *usd) {
  char why[256], number[64];
  const char *blank = strrchr(o->price, ' ');
  const size_t length = blank == NULL ? 0 : (size_t)(blank - o->price);
  if (length == 0 || length >= sizeof number) {
    return clx_fail(b->error, CLX_INPUT, o->place,
                    "price: expected an amount of money such as \"30,000 USD\", read \"%.80s\"", o->price);
  }
  memcpy(number, o->price, length);
  number[length] = 0;
  double rate = 1, amount = 0;
  CLX_TRY(clx_build_currency(b, blank + 1, o->place, &rate));
  if (clx_quantity_read(number, "", &amount, why, sizeof why) != CLX_OK || amount < 0)
    return clx_fail(b->error, CLX_INPUT, o->place, "price: expected an amount of money, read \"%.80s\"", o->price);
  if (!(amount * rate <= PRICE_MAX))
    return clx_fail(b->error, CLX_INPUT, o->place, "price: \"%.40s\" for one GPU; expected at most %g USD", o->price,
                    PRICE_MAX);
  *usd = amount * rate;
  return CLX_OK;
}

static clx_status set_price(const clx_procurement_build *b, const clx_order_spec *o, clx_purchase *p) {
  const clx_product *product = b->out->product[p->product];
  double time = 0;
  CLX_TRY(clx_date_read(o->at, "at", o->place, &time, b->error));
  if (o->price != NULL) {
    CLX_TRY(read_price(b, o, &p->price));
  } else {
    p->price = clx_dated_at(product->price, product->price_count, time);
    if (p->price <= 0) {
      return clx_fail(b->error, CLX_INPUT, o->place,
                      "price: product \"%s\" has no price on %s; state one with order \"%s\"", product->name, o->at,
                      o->name);
    }
    if (p->maker >= 0) p->price *= b->out->maker[p->maker]->price_ratio;
  }
  p->price /= b->usd;
  return CLX_OK;
}

// --- orders ------------------------------------------------------------------------------------------------------------------------------

// By canonical names: "qualified" may use aliases.
static bool is_qualified(const clx_procurement_build *b, const clx_maker *maker) {
  for (int32_t i = 0; i < b->spec->qualified_count; i++) {
    const clx_maker *named = b->finder->find(b->finder->of, "maker", b->spec->qualified[i]);
    if (named != NULL && clx_text_equal(named->name, maker->name)) return true;
  }
  return false;
}

// What the maker asks for.
static void set_terms(const clx_procurement_build *b, clx_purchase *p) {
  if (p->maker < 0) return;
  const clx_maker *maker = b->out->maker[p->maker];
  p->deposit = maker->deposit;
  const double weeks = is_qualified(b, maker) ? 0 : ceil(maker->qualification / CLX_WEEK);
  p->qualified = (int32_t)fmin(weeks, CLX_WEEKS_MAX);
  // Paid once for each buyer and maker: with the first of their orders.
  p->qualification = weeks > 0 ? maker->qualification_cost / b->usd : 0;
  for (const clx_purchase *q = b->out->purchase; q < p; q++)
    if (q->buyer == p->buyer && q->maker == p->maker) p->qualification = 0;
}

static clx_status check_lot(const clx_procurement_build *b, const clx_order_spec *o, const clx_purchase *p) {
  if (o->quantity <= 0) return clx_fail(b->error, CLX_INPUT, o->place, "quantity: order \"%s\" is of nothing", o->name);
  if (p->maker < 0 || o->quantity >= b->out->maker[p->maker]->minimum_lot) return CLX_OK;
  return clx_fail(b->error, CLX_INPUT, o->place,
                  "quantity: %g GPUs of order \"%s\" are below the minimum lot of %s, %g", o->quantity, o->name,
                  b->out->maker[p->maker]->name, b->out->maker[p->maker]->minimum_lot);
}

// The date wanted: not before the order.
static clx_status build_by(const clx_procurement_build *b, const clx_order_spec *o, int32_t *week) {
  double at = 0, by = 0;
  CLX_TRY(clx_date_read(o->at, "at", o->place, &at, b->error));
  CLX_TRY(clx_date_read(o->by, "by", o->place, &by, b->error));
  if (by < at)
    return clx_fail(b->error, CLX_INPUT, o->place, "by: order \"%s\" is wanted by %s, before it is placed: at: %s",
                    o->name, o->by, o->at);
  return clx_build_week(b, o->by, "by", o->place, week);
}

static clx_status build_order(clx_procurement_build *b, int32_t index) {
  const clx_order_spec *o = &b->spec->order[index];
  clx_purchase *p = &b->out->purchase[index];
  *p = (clx_purchase){.name = o->name, .maker = -1, .origin = index, .fallback = -1, .quantity = o->quantity, .by = -1};
  for (int32_t i = 0; i < index; i++) {
    if (clx_text_equal(b->spec->order[i].name, o->name))
      return clx_fail(b->error, CLX_INPUT, o->place, "name: two orders are called \"%s\"", o->name);
  }
  CLX_TRY(clx_build_buyer(b, o->buyer, "buyer", o->place, &p->buyer));
  CLX_TRY(clx_build_product(b, o->product, o->place, &p->product));
  if (o->maker != NULL) CLX_TRY(clx_build_maker(b, o->maker, o->place, &p->maker));
  CLX_TRY(clx_build_week(b, o->at, "at", o->place, &p->placed_first));
  p->placed_last = p->placed_first;
  if (o->until != NULL) CLX_TRY(clx_build_week(b, o->until, "until", o->place, &p->placed_last));
  if (p->placed_last < p->placed_first)
    return clx_fail(b->error, CLX_INPUT, o->place, "until: %s is before at, %s", o->until, o->at);
  if (o->by != NULL) CLX_TRY(build_by(b, o, &p->by));
  set_terms(b, p);
  p->qualified += p->placed_first;
  CLX_TRY(check_lot(b, o, p));
  return set_price(b, o, p);
}

clx_status clx_build_moved(clx_procurement_build *b, int32_t from, int32_t maker, clx_place place, int32_t *index) {
  clx_procurement *out = b->out;
  if (out->purchase_count >= CLX_ORDERS_MAX)
    return clx_fail(b->error, CLX_INPUT, place, "orders: more than %d with what may be moved", CLX_ORDERS_MAX);
  *index = out->purchase_count++;
  clx_purchase *p = &out->purchase[*index];
  *p = out->purchase[from];
  p->price *= out->maker[maker]->price_ratio / (p->maker < 0 ? 1 : out->maker[p->maker]->price_ratio);
  p->maker = maker;
  p->quantity = 0;
  p->fallback = -1;
  set_terms(b, p);
  return CLX_OK;
}

static clx_status build_fallbacks(clx_procurement_build *b) {
  for (int32_t i = 0; i < b->spec->order_count; i++) {
    const clx_order_spec *o = &b->spec->order[i];
    int32_t maker = -1;
    if (o->fallback == NULL) continue;
    if (o->maker == NULL)
      return clx_fail(b->error, CLX_INPUT, o->place, "fallback: order \"%s\" has no maker", o->name);
    CLX_TRY(clx_build_maker(b, o->fallback, o->place, &maker));
    if (maker == b->out->purchase[i].maker)
      return clx_fail(b->error, CLX_INPUT, o->place, "fallback: \"%s\" is the maker itself", o->fallback);
    CLX_TRY(clx_build_moved(b, i, maker, o->place, &b->out->purchase[i].fallback));
  }
  return CLX_OK;
}

static clx_status build_buyers(clx_procurement_build *b) {
  clx_procurement *out = b->out;
  out->buyer = b->spec->buyer;
  out->buyer_count = b->spec->buyer_count;
  out->ready = CLX_NEW_ARRAY(b->arena, double, (size_t)(out->buyer_count + 1) * (size_t)out->weeks);
  if (out->ready == NULL) return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < out->buyer_count; i++) {
    const clx_buyer_spec *buyer = &b->spec->buyer[i];
    for (int32_t k = 0; k < i; k++) {
      if (clx_text_equal(b->spec->buyer[k].name, buyer->name))
        return clx_fail(b->error, CLX_INPUT, buyer->place, "name: two buyers are called \"%s\"", buyer->name);
    }
    double before = -INFINITY, time = 0;
    for (int32_t k = 0; k < buyer->ready_count; k++) {
      CLX_TRY(clx_date_read(buyer->ready[k].from, "ready", buyer->ready[k].place, &time, b->error));
      if (time <= before)
        return clx_fail(b->error, CLX_INPUT, buyer->ready[k].place, "ready: dates of buyer \"%s\" must ascend",
                        buyer->name);
      before = time;
    }
    for (int32_t w = 0; w < out->weeks; w++) {
      out->ready[(size_t)i * (size_t)out->weeks + (size_t)w] =
          buyer->ready_count == 0 ? INFINITY
                                  : clx_dated_at(buyer->ready, buyer->ready_count, out->start + (w + 1) * CLX_WEEK);
    }
  }
  return CLX_OK;
}

static void set_windows(clx_procurement *out) {
  for (int32_t i = 0; i < out->product_count; i++) {
    const clx_product *product = out->product[i];
    double available = out->start, until = INFINITY;
    if (product->available != NULL) clx_time_read(product->available, &available);
    if (product->until != NULL) clx_time_read(product->until, &until);
    const double first = floor((available - out->start) / CLX_WEEK), last = ceil((until - out->start) / CLX_WEEK) - 1;
    out->window_first[i] = (int32_t)fmin(fmax(first, 0), out->weeks);
    out->window_last[i] = (int32_t)fmin(fmax(last, -1), out->weeks);
  }
}

static clx_status set_leads(clx_procurement_build *b) {
  clx_procurement *out = b->out;
  out->lead_low = CLX_NEW_ARRAY(b->arena, double, (size_t)(out->maker_count + 1) * (size_t)out->weeks);
  out->lead_high = CLX_NEW_ARRAY(b->arena, double, (size_t)(out->maker_count + 1) * (size_t)out->weeks);
  if (out->lead_low == NULL || out->lead_high == NULL) return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
  for (int32_t m = 0; m < out->maker_count; m++) {
    const clx_maker *maker = out->maker[m];
    for (int32_t w = 0; w < out->weeks; w++) {
      const clx_lead *lead = clx_lead_at(maker->lead, maker->lead_count, out->start + w * CLX_WEEK);
      const size_t at = (size_t)m * (size_t)out->weeks + (size_t)w;
      out->lead_low[at] = lead == NULL ? 0 : lead->low;
      out->lead_high[at] = lead == NULL ? 0 : lead->high;
    }
  }
  return CLX_OK;
}

static clx_status allocate(clx_procurement_build *b) {
  clx_procurement *out = b->out;
  const int32_t most = CLX_ORDERS_MAX + 1;
  out->purchase = CLX_NEW_ARRAY(b->arena, clx_purchase, most);
  out->product = CLX_NEW_ARRAY(b->arena, const clx_product *, most);
  out->maker = CLX_NEW_ARRAY(b->arena, const clx_maker *, most);
  out->window_first = CLX_NEW_ARRAY(b->arena, int32_t, most);
  out->window_last = CLX_NEW_ARRAY(b->arena, int32_t, most);
  if (out->purchase == NULL || out->product == NULL || out->maker == NULL || out->window_first == NULL ||
      out->window_last == NULL)
    return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

clx_status clx_procurement_compile(const clx_procurement_spec *spec, const clx_supply_finder *finder, clx_arena *arena,
                                   clx_procurement *out, clx_error *error) {
  clx_procurement_build build = {.spec = spec, .finder = finder, .arena = arena, .out = out, .error = error};
  clx_procurement_build *b = &build;
  *out = (clx_procurement){.weeks = spec->weeks, .sharing = spec->sharing, .currency = spec->currency};
  CLX_TRY(clx_date_read(spec->start, "start", spec->place, &out->start, error));
  if (spec->weeks < 1 || spec->weeks > CLX_WEEKS_MAX)
    return clx_fail(error, CLX_INPUT, spec->place, "weeks: expected 1..%d, read %d", CLX_WEEKS_MAX, spec->weeks);
  if (spec->order_count < 1 || spec->order_count > CLX_ORDERS_MAX)
    return clx_fail(error, CLX_INPUT, spec->place, "orders: expected 1 to %d of them, read %d", CLX_ORDERS_MAX,
                    spec->order_count);
  if (spec->buyer_count > CLX_ORDERS_MAX)
    return clx_fail(error, CLX_INPUT, spec->place, "buyers: expected at most %d of them, read %d", CLX_ORDERS_MAX,
                    spec->buyer_count);
  CLX_TRY(clx_build_currency(b, spec->currency, spec->place, &b->usd));
  CLX_TRY(allocate(b));
  CLX_TRY(build_buyers(b));
  if (spec->self != NULL) CLX_TRY(clx_build_buyer(b, spec->self, "self", spec->place, &out->self));
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < spec->order_count; i++) {
    const clx_status status = build_order(b, i);
    if (first == CLX_OK) first = status;
  }
  CLX_TRY(first);
  out->purchase_count = out->order_count = spec->order_count;
  for (int32_t i = 0; i < spec->qualified_count; i++) {
    if (b->finder->find(b->finder->of, "maker", spec->qualified[i]) == NULL)
      return clx_fail(error, CLX_INPUT, spec->place, "qualified: unknown maker \"%s\"", spec->qualified[i]);
  }
  CLX_TRY(build_fallbacks(b));
  CLX_TRY(clx_build_incidents(b));
  CLX_TRY(clx_build_limits(b));
  CLX_TRY(clx_build_swaps(b));
  set_windows(out);
  return set_leads(b);
}
