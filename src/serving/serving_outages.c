// Outages of replicas, drawn.
#include <math.h>
#include <stdlib.h>

#include "chance/chance.h"
#include "serving/serving_changes.h"

enum { DOMAIN = 0x6f757461, OUTAGES_MOST = 1000000 };

// --- the long run ---------------------------------------------------------------------------------------------------------

// Failures of one thing: how often, and how long it is down each time.
typedef struct failing {
  double rate, down;  // 1/s, s
} failing;

static failing sum_of(const clx_outage_cause *cause, int32_t count) {
  failing f = {0};
  for (int32_t i = 0; i < count; i++) {
    f.rate += cause[i].rate;
    f.down += cause[i].rate * (cause[i].down + cause[i].repair);
  }
  if (f.rate > 0) f.down /= f.rate;
  return f;
}

clx_availability clx_outage_availability(const clx_outage_law *law) {
  const failing server = sum_of(law->server, law->server_count), own = sum_of(law->own, law->own_count);
  const double rate = server.rate + own.rate;
  clx_availability a = {.mtbf = rate > 0 ? 1 / rate : 0, .available = 1};
  a.available = 1 / (1 + server.rate * server.down) / (1 + own.rate * own.down);
  if (rate > 0) a.mttr = a.mtbf * (1 - a.available) / a.available;
  return a;
}

// --- lists ----------------------------------------------------------------------------------------------------------------

clx_status clx_outages_add(clx_outage_list *list, clx_outage outage, clx_arena *arena, clx_error *error) {
  if (list->count == list->room) {
    const int32_t room = list->room > 0 ? 2 * list->room : 64;
    clx_outage *item = CLX_NEW_ARRAY(arena, clx_outage, room);
    if (item == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    for (int32_t i = 0; i < list->count; i++) item[i] = list->item[i];
    list->item = item;
    list->room = room;
  }
  list->item[list->count++] = outage;
  return CLX_OK;
}

static int by_replica_and_time(const void *a, const void *b) {
  const clx_outage *x = a, *y = b;
  if (x->replica != y->replica) return x->replica < y->replica ? -1 : 1;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return x->until < y->until ? -1 : x->until > y->until;
}

void clx_outages_join(clx_outage_list *list) {
  int32_t kept = 0;
  if (list->count == 0) return;
  qsort(list->item, (size_t)list->count, sizeof *list->item, by_replica_and_time);
  for (int32_t i = 1; i < list->count; i++) {
    clx_outage *last = &list->item[kept];
    const clx_outage next = list->item[i];
    if (next.replica == last->replica && next.from <= last->until) {
      last->until = fmax(last->until, next.until);
    } else {
      list->item[++kept] = next;
    }
  }
  list->count = kept + 1;
}

// --- drawing --------------------------------------------------------------------------------------------------------------

typedef struct drawing {
  clx_stream stream;
  double until;  // s
  clx_arena *arena;
  clx_outage_list *list;
  clx_error *error;
} drawing;

static const clx_outage_cause *draw_cause(clx_stream *stream, const clx_outage_cause *cause, int32_t count,
                                          double rate) {
  double at = rate * clx_stream_uniform(stream);
  for (int32_t i = 0; i + 1 < count; i++) {
    if (at < cause[i].rate) return &cause[i];
    at -= cause[i].rate;
  }
  return &cause[count - 1];
}

// What happens to one thing, and with it to replicas `first` and on.
static clx_status draw_thing(drawing *d, const clx_outage_cause *cause, int32_t count, int32_t first,
                             int32_t replicas) {
  const double rate = sum_of(cause, count).rate;
  if (!(rate > 0)) return CLX_OK;
  double time = clx_stream_exponential(&d->stream) / rate;
  while (time < d->until) {
    const clx_outage_cause *c = draw_cause(&d->stream, cause, count, rate);
    const double end = time + c->down + c->repair * clx_stream_exponential(&d->stream);
    for (int32_t k = 0; k < replicas && end > time; k++)
      CLX_TRY(clx_outages_add(d->list, (clx_outage){first + k, time, end}, d->arena, d->error));
    time = end + clx_stream_exponential(&d->stream) / rate;
  }
  return CLX_OK;
}

clx_status clx_outages_draw(const clx_outage_law *law, double until, uint64_t seed, clx_arena *arena,
                            clx_outage_list *list, clx_error *error) {
  const double rate = sum_of(law->server, law->server_count).rate + sum_of(law->own, law->own_count).rate;
  if (rate * until * law->replicas > OUTAGES_MOST)
    return clx_fail_plain(error, CLX_INPUT, "%.3g outages of %d replicas are to be expected, more than a million",
                          rate * until * law->replicas, law->replicas);
  drawing d = {.until = until, .arena = arena, .list = list, .error = error};
  for (int32_t k = 0; k < law->replicas; k++) {
    d.stream = clx_stream_make(seed, DOMAIN, 0, (uint64_t)(law->first + k));
    CLX_TRY(draw_thing(&d, law->own, law->own_count, law->first + k, 1));
  }
  for (int32_t k = 0; k < law->replicas; k += law->together) {
    const int32_t left = law->replicas - k, many = law->together < left ? law->together : left;
    d.stream = clx_stream_make(seed, DOMAIN, 1, (uint64_t)(law->first + k));
    CLX_TRY(draw_thing(&d, law->server, law->server_count, law->first + k, many));
  }
  return CLX_OK;
}
