// Incidents, places for what they move, and swaps without circles.
#include <math.h>
#include <string.h>

#include "supply/supply_order_internal.h"

static clx_status missing(const clx_procurement_build *b, const clx_incident_spec *s, const char *key) {
  return clx_fail(b->error, CLX_INPUT, s->place, "%s: event \"%s\" of kind %s needs it", key, s->name,
                  clx_incident_kind_name[s->kind]);
}

// What each kind must name.
static clx_status check_named(const clx_procurement_build *b, const clx_incident_spec *s) {
  switch (s->kind) {
    case CLX_INCIDENT_HALT:
    case CLX_INCIDENT_FAILURE:
    case CLX_INCIDENT_DELISTING:
      return s->maker == NULL ? missing(b, s, "maker") : CLX_OK;
    case CLX_INCIDENT_RATE:
      return (s->maker == NULL) == (s->capacity == NULL) ? missing(b, s, "maker or capacity") : CLX_OK;
    case CLX_INCIDENT_SLIP:
      if (s->duration <= 0) return missing(b, s, "duration");
      return s->product == NULL ? missing(b, s, "product") : CLX_OK;
    case CLX_INCIDENT_CANCEL:
      return s->product == NULL ? missing(b, s, "product") : CLX_OK;
    default:
      if (s->maker == NULL) return missing(b, s, "maker");
      return s->to == NULL ? missing(b, s, "to") : CLX_OK;
  }
}

static clx_status build_incident(clx_procurement_build *b, int32_t index) {
  const clx_incident_spec *s = &b->spec->incident[index];
  clx_incident *e = &b->out->incident[index];
  *e = (clx_incident){
      .name = s->name,
      .kind = s->kind,
      .maker = -1,
      .capacity = -1,
      .product = -1,
      .buyer = -1,
      .to = -1,
      .weeks = s->duration <= 0 ? 0 : (int32_t)fmin(fmax(1, round(s->duration / CLX_WEEK)), CLX_WEEKS_MAX),
      .probability = s->probability,
      .late_low = s->late_low,
      .late_high = s->late_high,
      .factor = s->factor,
      .share = s->share,
      .cash = s->cash};
  CLX_TRY(check_named(b, s));
  CLX_TRY(clx_build_week(b, s->at, "at", s->place, &e->week));
  if (s->late_low > s->late_high || (s->late_low <= 0 && s->late_high > 0)) {
    return clx_fail(b->error, CLX_INPUT, s->place, "late_low: expected 0 < late_low <= late_high, read %g and %g s",
                    s->late_low, s->late_high);
  }
  if (s->maker != NULL) CLX_TRY(clx_build_maker(b, s->maker, s->place, &e->maker));
  if (e->maker >= 0 && !(e->cash >= 0)) e->cash = b->out->maker[e->maker]->cash;
  if (s->to != NULL) CLX_TRY(clx_build_maker(b, s->to, s->place, &e->to));
  if (s->capacity != NULL) CLX_TRY(clx_build_capacity(b, s->capacity, s->place, &e->capacity));
  if (s->product != NULL) CLX_TRY(clx_build_product(b, s->product, s->place, &e->product));
  if (s->buyer != NULL) CLX_TRY(clx_build_buyer(b, s->buyer, "buyer", s->place, &e->buyer));
  if (e->kind == CLX_INCIDENT_MOVE && e->to == e->maker)
    return clx_fail(b->error, CLX_INPUT, s->place, "to: event \"%s\" moves orders to the maker that has them", s->name);
  return CLX_OK;
}

// Whether `purchase` stands where incident `index` put it, or what came from there.
static bool descends(const clx_procurement *out, int32_t index, int32_t purchase) {
  for (int32_t q = 0; q < out->purchase_count; q++) {
    if (out->moved[(size_t)index * CLX_ORDERS_MAX + (size_t)q] == purchase) return true;
  }
  return false;
}

// Places for what each move takes from each purchase, the ones made here included; nothing moves twice by the same event.
static clx_status build_moves(clx_procurement_build *b) {
  clx_procurement *out = b->out;
  for (int32_t p = 0; p < out->purchase_count; p++) {  // the count grows on the way
    for (int32_t i = 0; i < out->incident_count; i++) {
      const clx_incident *e = &out->incident[i];
      const bool theirs = e->buyer < 0 || e->buyer == out->purchase[p].buyer;
      if (e->kind != CLX_INCIDENT_MOVE || e->maker != out->purchase[p].maker || !theirs || descends(out, i, p))
        continue;
      CLX_TRY(clx_build_moved(b, p, e->to, b->spec->incident[i].place,
                              &out->moved[(size_t)i * CLX_ORDERS_MAX + (size_t)p]));
    }
  }
  return CLX_OK;
}

clx_status clx_build_incidents(clx_procurement_build *b) {
  clx_procurement *out = b->out;
  out->incident = CLX_NEW_ARRAY(b->arena, clx_incident, b->spec->incident_count + 1);
  out->moved = CLX_NEW_ARRAY(b->arena, int32_t, (size_t)(b->spec->incident_count + 1) * CLX_ORDERS_MAX);
  if (out->incident == NULL || out->moved == NULL) return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < b->spec->incident_count * CLX_ORDERS_MAX; i++) out->moved[i] = -1;
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < b->spec->incident_count; i++) {
    const clx_status status = build_incident(b, i);
    if (first == CLX_OK) first = status;
  }
  CLX_TRY(first);
  out->incident_count = b->spec->incident_count;
  return build_moves(b);
}

// --- swaps -------------------------------------------------------------------------------------------------------------------------------

// Follows swaps from order `at`; true when the walk comes back to `start`, with the orders on the way in `path`.
static bool comes_back(const clx_procurement *out, int32_t start, int32_t at, bool *seen, clx_buffer *path) {
  for (int32_t i = 0; i < out->swap_count; i++) {
    if (out->swap[i].from != at) continue;
    const int32_t next = out->swap[i].to;
    const size_t length = path->length;
    clx_buffer_format(path, " -> %s", out->purchase[next].name);
    if (next == start) return true;
    if (!seen[next]) {
      seen[next] = true;
      if (comes_back(out, start, next, seen, path)) return true;
    }
    path->length = length;
  }
  return false;
}

static clx_status check_circle(const clx_procurement_build *b, int32_t order, clx_place place) {
  bool *seen = CLX_NEW_ARRAY(b->arena, bool, CLX_ORDERS_MAX);
  if (seen == NULL) return clx_fail(b->error, CLX_MEMORY, place, "out of memory");
  clx_buffer path = {0};
  clx_buffer_format(&path, "%s", b->out->purchase[order].name);
  clx_status status = CLX_OK;
  if (comes_back(b->out, order, order, seen, &path)) {
    if (path.data != NULL) path.data[path.length] = 0;
    status = clx_fail(b->error, CLX_INPUT, place, "swaps: orders swap in a circle: %s",
                      path.failed ? "(too long)" : path.data);
  }
  clx_buffer_free(&path);
  return status;
}

clx_status clx_build_swaps(clx_procurement_build *b) {
  clx_procurement *out = b->out;
  out->swap = CLX_NEW_ARRAY(b->arena, clx_swap, b->spec->swap_count + 1);
  if (out->swap == NULL) return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < b->spec->swap_count; i++) {
    const clx_swap_spec *s = &b->spec->swap[i];
    clx_swap *swap = &out->swap[i];
    *swap = (clx_swap){.name = s->name, .quantity = s->quantity, .back = out->weeks};
    CLX_TRY(clx_build_order(b, s->from, "from", s->place, &swap->from));
    CLX_TRY(clx_build_order(b, s->to, "to", s->place, &swap->to));
    CLX_TRY(clx_build_week(b, s->at, "at", s->place, &swap->week));
    if (s->back != NULL) CLX_TRY(clx_build_week(b, s->back, "back", s->place, &swap->back));
    if (s->back != NULL && swap->back < swap->week)
      return clx_fail(b->error, CLX_INPUT, s->place, "back: %s is before at, %s", s->back, s->at);
    const double most = out->purchase[swap->from].quantity;
    if (s->quantity > most)
      return clx_fail(b->error, CLX_INPUT, s->place, "quantity: %.0f GPUs change hands, but order \"%s\" is of %.0f",
                      s->quantity, s->from, most);
    if (out->purchase[swap->from].buyer == out->purchase[swap->to].buyer && swap->from != swap->to) {
      return clx_fail(b->error, CLX_INPUT, s->place, "swaps: orders \"%s\" and \"%s\" are of the same buyer", s->from,
                      s->to);
    }
    out->swap_count = i + 1;
    CLX_TRY(check_circle(b, swap->from, s->place));
  }
  return CLX_OK;
}
