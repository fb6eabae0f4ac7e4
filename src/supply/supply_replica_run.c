// The weeks of one replica: place, wait, share, deliver, keep the books.
#include <math.h>
#include <string.h>

#include "supply/supply_order_internal.h"

static double *row(double *table, int32_t index, int32_t weeks) { return table + (size_t)index * (size_t)weeks; }

static void clear(double *table, int32_t rows, int32_t columns) {
  memset(table, 0, (size_t)rows * (size_t)columns * sizeof *table);
}

static void begin(clx_replica *r) {
  const clx_procurement *p = r->p;
  clear(r->fresh, p->purchase_count, p->weeks);
  clear(r->coming, p->purchase_count, p->weeks);
  clear(r->received, p->buyer_count, p->weeks);
  clear(r->received_of, p->buyer_count * p->product_count, p->weeks);
  clear(r->delivered, p->order_count, p->weeks);
  clear(r->waited, p->order_count, CLX_WAIT_LIMIT + p->limit_count);
  clear(r->behind, p->order_count, CLX_WAIT_LIMIT + p->limit_count);
  clear(r->used, p->limit_count, p->weeks);
  clear(r->at_risk, p->buyer_count, p->weeks);
  clear(r->sunk, p->buyer_count, p->weeks);
  clear(r->paid, p->buyer_count, 5);
  clear(r->swapped, p->swap_count, 1);
  clear(r->returned, p->swap_count, 1);
  r->ordered = r->moved_in = 0;
  for (int32_t i = 0; i < p->purchase_count; i++) {
    const clx_purchase *purchase = &p->purchase[i];
    const int32_t span = purchase->placed_last - purchase->placed_first + 1;
    r->waiting[i] = r->early[i] = r->owed_for[i] = r->dead[i] = 0;
    r->cause[i] = CLX_WAIT_LEAD;
    // Where something is moved to, the maker is qualified from the move on.
    r->ready_week[i] = i < p->order_count ? purchase->qualified : p->weeks;
    if (i < p->order_count) {
      r->paid[purchase->buyer] += purchase->qualification;
      r->qualified[purchase->buyer] += purchase->qualification;
    }
    for (int32_t w = 0; i < p->order_count && w < span; w++)
      row(r->fresh, i, p->weeks)[purchase->placed_first + w] = purchase->quantity / span;
  }
}

// Orders of the week, and what becomes eligible.
static void place(clx_replica *r, int32_t week) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; i < p->purchase_count; i++) {
    const clx_purchase *purchase = &p->purchase[i];
    const double fresh = row(r->fresh, i, p->weeks)[week];
    double *coming = row(r->coming, i, p->weeks);
    if (fresh > 0) {
      r->early[i] += fresh;
      r->owed_for[i] += fresh;
      r->ordered += fresh;
      r->paid[purchase->buyer] += fresh * purchase->price * purchase->deposit;
      const int32_t due = r->due[(size_t)i * (size_t)p->weeks + (size_t)week];
      if (due < p->weeks) coming[due] += fresh;
      if (r->ready_week[i] >= p->weeks && i >= p->order_count) clx_replica_qualify(r, i, week);
    }
    r->waiting[i] += coming[week];
    r->early[i] = fmax(0, r->early[i] - coming[week]);
  }
}

// What keeps everything of a purchase back this week, or -1.
static int32_t gate(const clx_replica *r, int32_t i, int32_t week) {
  const clx_purchase *purchase = &r->p->purchase[i];
  if (week < r->first[purchase->product] || week > r->last[purchase->product]) return CLX_WAIT_WINDOW;
  if (purchase->maker < 0) return -1;
  if (r->halted[(size_t)purchase->maker * (size_t)r->p->weeks + (size_t)week]) return CLX_WAIT_MAKER;
  if (week < r->ready_week[i]) return CLX_WAIT_QUALIFICATION;
  return -1;
}

static void add_limit(clx_portion *portion, int32_t limit, double amount) {
  portion->limit[portion->limit_count] = limit;
  portion->amount[portion->limit_count++] = amount;
}

static int32_t limit_named(const clx_procurement *p, const char *capacity) {
  for (int32_t i = 0; i < p->limit_count; i++)
    if (p->limit[i].capacity == i && clx_text_equal(p->limit[i].name + strlen("capacity "), capacity)) return i;
  return -1;
}

// Which limits one GPU of a purchase by a route takes from; the same every week.
static void set_limits(const clx_procurement *p, clx_portion *portion, const clx_purchase *purchase, int32_t route) {
  const clx_product *product = p->product[purchase->product];
  for (int32_t k = 0; k < product->need_count; k++) {
    const int32_t capacity = limit_named(p, product->need[k].capacity);
    add_limit(portion, capacity, product->need[k].amount);
    for (int32_t i = 0; i < p->limit_count; i++) {
      if (p->limit[i].buyer == purchase->buyer && p->limit[i].capacity == capacity)
        add_limit(portion, i, product->need[k].amount);
    }
  }
  if (purchase->maker < 0) return;
  const clx_maker *maker = p->maker[purchase->maker];
  if (route < maker->route_count) add_limit(portion, limit_named(p, maker->route[route].capacity), 1);
  for (int32_t i = 0; i < p->limit_count; i++)
    if (p->limit[i].maker == purchase->maker) add_limit(portion, i, 1);
}

void clx_replica_portions(clx_replica *r) {
  const clx_procurement *p = r->p;
  r->portion_count = 0;
  for (int32_t i = 0; i < p->purchase_count; i++) {
    const clx_purchase *purchase = &p->purchase[i];
    const clx_maker *maker = purchase->maker < 0 ? NULL : p->maker[purchase->maker];
    const int32_t routes = maker == NULL || maker->route_count == 0 ? 1 : maker->route_count;
    double whole = 0;
    for (int32_t k = 0; k < routes; k++) whole += maker == NULL || maker->route_count == 0 ? 1 : maker->route[k].share;
    for (int32_t k = 0; k < routes; k++) {
      clx_portion *portion = &r->portion[r->portion_count++];
      const double share = maker == NULL || maker->route_count == 0 ? 1 : maker->route[k].share;
      *portion = (clx_portion){.purchase = i, .buyer = purchase->buyer, .share = share / whole};
      set_limits(p, portion, purchase, k);
    }
  }
}

// --- sharing -------------------------------------------------------------------------------------------------------------------------------

static void weigh(clx_replica *r, int32_t priority) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; i < r->portion_count; i++) {
    clx_portion *portion = &r->portion[i];
    const clx_buyer_spec *buyer = &p->buyer[portion->buyer];
    const double wanted = portion->demand - portion->given;
    portion->weight = wanted;
    if (p->sharing == CLX_SHARING_PRIORITY && buyer->priority != priority) portion->weight = 0;
    if (p->sharing != CLX_SHARING_FAIR || wanted <= 0) continue;
    double all = 0;
    for (int32_t j = 0; j < r->portion_count; j++)
      if (r->portion[j].buyer == portion->buyer) all += r->portion[j].demand - r->portion[j].given;
    portion->weight = buyer->weight * wanted / all;
  }
}

// Fills by priority, lowest number first; one round for the other rules.
static void fill(clx_replica *r, const double *whole) {
  const clx_procurement *p = r->p;
  if (p->sharing != CLX_SHARING_PRIORITY) {
    weigh(r, 0);
    clx_share_fill(r->portion, r->portion_count, r->left, whole);
    return;
  }
  for (int32_t priority = -1;;) {
    int32_t next = INT32_MAX;
    for (int32_t i = 0; i < p->buyer_count; i++)
      if (p->buyer[i].priority > priority && p->buyer[i].priority < next) next = p->buyer[i].priority;
    if (next == INT32_MAX) return;
    priority = next;
    weigh(r, priority);
    clx_share_fill(r->portion, r->portion_count, r->left, whole);
  }
}

// What a sub-assembler cannot build is asked of the maker's others. Returns whether anything was asked anew.
static bool ask_others(clx_replica *r) {
  bool asked = false;
  for (int32_t i = 0; i < r->portion_count;) {
    int32_t end = i;
    double missing = 0, open = 0;
    for (; end < r->portion_count && r->portion[end].purchase == r->portion[i].purchase; end++) {
      missing += r->portion[end].demand - r->portion[end].given;
      if (r->portion[end].stopped_by < 0) open += r->portion[end].share;
    }
    for (; i < end; i++) {
      clx_portion *portion = &r->portion[i];
      if (missing <= 0 || open <= 0) continue;
      portion->demand = portion->given + (portion->stopped_by < 0 ? missing * portion->share / open : 0);
      asked = true;
    }
  }
  return asked;
}

static void wait_for(clx_replica *r, int32_t purchase, int32_t cause, double gpus) {
  const clx_procurement *p = r->p;
  if (gpus <= 0) return;
  r->waited[(size_t)p->purchase[purchase].origin * (size_t)(CLX_WAIT_LIMIT + p->limit_count) + (size_t)cause] += gpus;
}

static void share(clx_replica *r, int32_t week) {
  const clx_procurement *p = r->p;
  double *whole = r->left + p->limit_count;
  for (int32_t i = 0; i < p->limit_count; i++) r->left[i] = whole[i] = row(r->limit, i, p->weeks)[week];
  for (int32_t i = 0; i < r->portion_count; i++) {
    clx_portion *portion = &r->portion[i];
    const int32_t closed = gate(r, portion->purchase, week);
    portion->demand = closed >= 0 ? 0 : r->waiting[portion->purchase] * portion->share;
    portion->given = 0;
    portion->stopped_by = -1;
    if (closed < 0) continue;
    r->cause[portion->purchase] = closed;
    wait_for(r, portion->purchase, closed, r->waiting[portion->purchase] * portion->share);
  }
  fill(r, whole);
  for (int32_t pass = 0; pass < CLX_ROUTES_MAX && ask_others(r); pass++) fill(r, whole);
  for (int32_t i = 0; i < p->limit_count; i++) row(r->used, i, p->weeks)[week] = whole[i] - r->left[i];
}

// --- deliveries ------------------------------------------------------------------------------------------------------------------------------

static void deliver(clx_replica *r, int32_t week) {
  const clx_procurement *p = r->p;
  double worst = 0;
  for (int32_t i = 0; i < r->portion_count; i++) {
    const clx_portion *portion = &r->portion[i];
    const clx_purchase *purchase = &p->purchase[portion->purchase];
    // Of several routes, the one that most waits for stands for all.
    const bool more =
        i == 0 || r->portion[i - 1].purchase != portion->purchase || portion->demand - portion->given > worst;
    if (more) worst = portion->demand - portion->given;
    if (more && portion->stopped_by >= 0) r->cause[portion->purchase] = CLX_WAIT_LIMIT + portion->stopped_by;
    if (portion->given <= 0) continue;
    const double gpus = fmin(portion->given, r->waiting[portion->purchase]);
    r->waiting[portion->purchase] -= gpus;
    r->owed_for[portion->purchase] -= gpus;
    row(r->delivered, purchase->origin, p->weeks)[week] += gpus;
    r->paid[purchase->buyer] += gpus * purchase->price * (1 - purchase->deposit);
    clx_replica_hand_over(r, purchase->origin, week, gpus);
  }
  for (int32_t i = 0; i < p->purchase_count; i++) {
    if (gate(r, i, week) < 0 && r->cause[i] >= CLX_WAIT_LIMIT) wait_for(r, i, r->cause[i], r->waiting[i]);
    if (r->waiting[i] <= 0) r->cause[i] = CLX_WAIT_LEAD;
    wait_for(r, i, CLX_WAIT_LEAD, r->early[i]);
    wait_for(r, i, CLX_WAIT_MAKER, r->dead[i]);
  }
}

// Whether a purchase stands in for one whose maker failed.
static bool stands_in(const clx_procurement *p, int32_t purchase) {
  for (int32_t i = 0; i < p->purchase_count; i++)
    if (p->purchase[i].fallback == purchase) return true;
  return false;
}

// What has cost an order most GPU-weeks beside its lead time until now; `now` where nothing has.
static int32_t held_by(const clx_replica *r, int32_t order, int32_t now) {
  const int32_t causes = CLX_WAIT_LIMIT + r->p->limit_count;
  const double *waited = r->waited + (size_t)order * (size_t)causes;
  int32_t best = now;
  double most = 0;
  for (int32_t i = CLX_WAIT_LEAD + 1; i < causes; i++)
    if (waited[i] > most) most = waited[best = i];
  return best;
}

// At the date on which an order is wanted: what holds up the GPUs that are missing, lead time where they are still in it. The lead time of a second
// maker is the first one's stop.
static void keep_behind(clx_replica *r, int32_t week) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; i < p->purchase_count; i++) {
    const int32_t order = p->purchase[i].origin;
    double *behind = r->behind + (size_t)order * (size_t)(CLX_WAIT_LIMIT + p->limit_count);
    if (p->purchase[order].by != week) continue;
    if (r->early[i] > 0) behind[stands_in(p, i) ? CLX_WAIT_MAKER : CLX_WAIT_LEAD] += r->early[i];
    behind[held_by(r, order, r->cause[i])] += r->waiting[i];
    behind[CLX_WAIT_MAKER] += r->dead[i];
  }
}

// Cumulative counts, and what waits in warehouses at the end of the week. A GPU in store is valued at the mean price of the buyer's orders.
static void close_week(clx_replica *r, int32_t week) {
  const clx_procurement *p = r->p;
  for (int32_t i = 0; week > 0 && i < p->order_count; i++) {
    double *delivered = row(r->delivered, i, p->weeks);
    delivered[week] += delivered[week - 1];
  }
  for (int32_t i = 0; week > 0 && i < p->buyer_count * p->product_count; i++) {
    double *received = row(r->received_of, i, p->weeks);
    received[week] += received[week - 1];
  }
  for (int32_t i = 0; i < p->purchase_count; i++) {
    const clx_purchase *purchase = &p->purchase[i];
    row(r->at_risk, purchase->buyer, p->weeks)[week] += r->owed_for[i] * purchase->price * purchase->deposit;
  }
  for (int32_t b = 0; b < p->buyer_count; b++) {
    double *received = row(r->received, b, p->weeks), price = 0, quantity = 0;
    row(r->sunk, b, p->weeks)[week] = r->lost[b] + r->qualified[b];
    if (week > 0) received[week] += received[week - 1];
    const double stored = received[week] - p->ready[(size_t)b * (size_t)p->weeks + (size_t)week];
    if (!(stored > 0)) continue;
    for (int32_t i = 0; i < p->order_count; i++) {
      if (p->purchase[i].buyer != b) continue;
      price += p->purchase[i].quantity * p->purchase[i].price;
      quantity += p->purchase[i].quantity;
    }
    r->stored[b] += stored;
    if (quantity > 0) r->stored_cost[b] += stored * price / quantity * p->buyer[b].idle * CLX_WEEK;
  }
}

double clx_replica_run(clx_replica *r) {
  const clx_procurement *p = r->p;
  begin(r);
  clx_replica_portions(r);
  for (int32_t week = 0; week < p->weeks; week++) {
    clx_replica_turn(r, week);
    place(r, week);
    share(r, week);
    deliver(r, week);
    keep_behind(r, week);
    close_week(r, week);
  }
  double balance = r->ordered - r->moved_in;  // asked for once
  for (int32_t i = 0; i < p->order_count; i++) balance -= row(r->delivered, i, p->weeks)[p->weeks - 1];
  for (int32_t i = 0; i < p->purchase_count; i++) balance -= r->owed_for[i] + r->dead[i];
  return fabs(balance);
}
