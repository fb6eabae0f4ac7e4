// Requests that are drawn: sessions start, their turns follow, all in order of arrival.
#include <math.h>
#include <string.h>

#include "requests/requests_draw.h"
#include "requests/requests_internal.h"

enum { DOMAIN = 0x72657173, BLOCK = 16, HEAP = 256 };

typedef struct session {
  double arrival;  // s: of its next request
  int64_t number;
  clx_stream stream;
  int32_t tenant, system;
  int64_t history;  // tokens that its next prompt begins with
} session;

typedef struct maker {
  const clx_requests_spec *spec;
  clx_arena *scratch;
  clx_tenant_law *tenant;
  int32_t tenants;
  int32_t block;  // tokens; 0 = no names
  clx_store store;
  session *heap;  // with requests to come, the next one first
  int32_t waiting, room;
  int64_t sessions;
  clx_error *error;
} maker;

static clx_status no_memory(const maker *m) {
  if (m->store.blocks.count < INT32_MAX) return clx_fail_plain(m->error, CLX_MEMORY, "out of memory");
  return clx_fail(m->error, CLX_INPUT, m->spec->place,
                  "more than %d blocks with names, the most there is; larger blocks?", INT32_MAX);
}

// --- sessions that wait -----------------------------------------------------------------------------------------------------------

static bool before(const session *a, const session *b) {
  return a->arrival < b->arrival || (a->arrival == b->arrival && a->number < b->number);
}

static void swap(session *a, session *b) {
  const session other = *a;
  *a = *b;
  *b = other;
}

static clx_status push(maker *m, const session *s) {
  if (m->waiting == m->room) {
    m->room = m->room > 0 ? 2 * m->room : HEAP;
    session *larger = CLX_NEW_ARRAY(m->scratch, session, m->room);
    if (larger == NULL) return no_memory(m);
    if (m->waiting > 0) memcpy(larger, m->heap, (size_t)m->waiting * sizeof *larger);
    m->heap = larger;
  }
  int32_t at = m->waiting++;
  m->heap[at] = *s;
  for (; at > 0 && before(&m->heap[at], &m->heap[(at - 1) / 2]); at = (at - 1) / 2)
    swap(&m->heap[at], &m->heap[(at - 1) / 2]);
  return CLX_OK;
}

static session pop(maker *m) {
  const session first = m->heap[0];
  m->heap[0] = m->heap[--m->waiting];
  for (int32_t at = 0;;) {
    int32_t least = 2 * at + 1;
    if (least >= m->waiting) return first;
    if (least + 1 < m->waiting && before(&m->heap[least + 1], &m->heap[least])) least++;
    if (!before(&m->heap[least], &m->heap[at])) return first;
    swap(&m->heap[least], &m->heap[at]);
    at = least;
  }
}

// --- names of blocks --------------------------------------------------------------------------------------------------------------

// What follows what is fixed for a system prompt, and for a session, which only grows: so the owner of a block's last token and the number
// of the block say all before it. 53 bits, which every reader of JSON keeps.
static bool name_blocks(maker *m, const session *s, int64_t prompt) {
  const uint64_t seed = clx_mixed((uint64_t)m->spec->seed);
  const uint64_t system = clx_mixed(seed ^ clx_mixed(2 * (((uint64_t)s->tenant << 32) + (uint64_t)s->system)));
  const uint64_t own = clx_mixed(seed ^ clx_mixed(2 * (uint64_t)s->number + 1));
  const int64_t shared = (int64_t)m->tenant[s->tenant].prefix->system;
  for (int64_t b = 0; m->block > 0 && (b + 1) * m->block <= prompt; b++) {
    const uint64_t name = clx_mixed(((b + 1) * m->block <= shared ? system : own) ^ clx_mixed((uint64_t)b));
    if (!clx_store_block(&m->store, (int64_t)(name >> 11))) return false;
  }
  return true;
}

// --- a request --------------------------------------------------------------------------------------------------------------------

static session begin(maker *m, double arrival) {
  session s = {.arrival = arrival, .number = m->sessions++};
  s.stream = clx_stream_make((uint64_t)m->spec->seed, DOMAIN, 0, (uint64_t)s.number);
  const double pick = clx_stream_uniform(&s.stream) * m->tenant[m->tenants - 1].weight;
  while (s.tenant < m->tenants - 1 && pick >= m->tenant[s.tenant].weight) s.tenant++;
  const clx_prefix_spec *prefix = m->tenant[s.tenant].prefix;
  s.system = (int32_t)clx_stream_below(&s.stream, (uint64_t)prefix->systems);
  s.history = (int64_t)prefix->system;
  return s;
}

static void draw_lengths(const clx_tenant_law *t, clx_stream *stream, int64_t *added, int64_t *output) {
  if (t->lent.count == 0) {
    *added = clx_length_draw(&t->prompt, stream);
    *output = clx_length_draw(&t->output, stream);
    return;
  }
  const clx_request *lender = &t->lent.item[clx_stream_below(stream, (uint64_t)t->lent.count)];
  *added = lender->prompt;
  *output = lender->output;
}

// Makes the next request of a session; the session waits for the one after it unless it ends.
static clx_status make_request(maker *m, session *s) {
  const clx_tenant_law *t = &m->tenant[s->tenant];
  const int64_t room = (int64_t)t->prefix->context - s->history;
  int64_t added = 0, output = 0;
  draw_lengths(t, &s->stream, &added, &output);
  if (added + output > room && s->history > (int64_t)t->prefix->system) return CLX_OK;  // ends
  if (output > room - 1) output = room - 1;
  if (added > room - output) added = room - output;
  const clx_request request = {.arrival = clx_request_time(s->arrival),
                               .prompt = (int32_t)(s->history + added),
                               .output = (int32_t)output,
                               .tenant = s->tenant};
  if (!name_blocks(m, s, request.prompt) || !clx_store_request(&m->store, &request)) return no_memory(m);
  s->history += added + output;
  if (t->prefix->turns <= 1 || clx_stream_uniform(&s->stream) * t->prefix->turns < 1) return CLX_OK;
  s->arrival += clx_stream_exponential(&s->stream) * t->prefix->think;
  return push(m, s);
}

static clx_status make_all(maker *m, double rate) {
  const clx_requests_spec *spec = m->spec;
  const double end = spec->duration > 0 ? spec->duration : INFINITY;
  clx_arrivals arrivals;
  clx_arrivals_start(&arrivals, &spec->arrivals, rate, (uint64_t)spec->seed);
  for (double start = clx_arrivals_next(&arrivals); spec->count == 0 || m->store.items.count < spec->count;) {
    const bool opens = m->waiting == 0 || start <= m->heap[0].arrival;
    const double now = opens ? start : m->heap[0].arrival;
    if (now >= end) return CLX_OK;
    if (now > CLX_REQUEST_SECONDS_MAX)
      return clx_fail(m->error, CLX_INPUT, spec->arrivals.place,
                      "requests come so slowly that the last ones are beyond %d s, the most there is",
                      CLX_REQUEST_SECONDS_MAX);
    session next = opens ? begin(m, start) : pop(m);
    if (opens) start = clx_arrivals_next(&arrivals);
    CLX_TRY(make_request(m, &next));
  }
  return CLX_OK;
}

// --- laws -------------------------------------------------------------------------------------------------------------------------

static clx_status make_tenant(maker *m, const char *folder, const clx_lengths_spec *lengths,
                              const clx_prefix_spec *prefix, clx_tenant_law *law) {
  law->prefix = prefix;
  if (prefix->system + 2 > prefix->context)
    return clx_fail(m->error, CLX_INPUT, prefix->place,
                    "prefix.context of %.10g tokens has no room for a prompt behind the system prompt of %.10g",
                    prefix->context, prefix->system);
  if (prefix->turns > 1 && m->spec->arrivals.kind == CLX_ARRIVAL_AT_ONCE)
    return clx_fail(m->error, CLX_INPUT, prefix->place, "prefix.turns: sessions do not go with arrivals at once");
  if (lengths->trace == NULL) {
    CLX_TRY(clx_length_law_make(&lengths->prompt, "prompt", &law->prompt, m->error));
    return clx_length_law_make(&lengths->output, "output", &law->output, m->error);
  }
  const clx_requests_spec from = {.trace = lengths->trace, .speed = 1, .drop_empty = true, .place = lengths->place};
  return clx_requests_make(&from, folder, m->scratch, &law->lent, NULL, m->error);
}

// Fills the laws and the rate at which sessions start, so that all their requests come at the rate stated.
static clx_status make_laws(maker *m, const char *folder, double *rate) {
  const clx_requests_spec *spec = m->spec;
  double shares = 0, sessions = 0;
  m->tenants = spec->tenant_count > 0 ? spec->tenant_count : 1;
  m->tenant = CLX_NEW_ARRAY(m->scratch, clx_tenant_law, m->tenants);
  if (m->tenant == NULL) return no_memory(m);
  m->block = spec->block_tokens;
  for (int32_t i = 0; i < m->tenants; i++) {
    const clx_tenant_spec *t = spec->tenant_count > 0 ? &spec->tenant[i] : NULL;
    const clx_lengths_spec *lengths = t != NULL && clx_is_stated(t->lengths.place) ? &t->lengths : &spec->lengths;
    const clx_prefix_spec *prefix = t != NULL && clx_is_stated(t->prefix.place) ? &t->prefix : &spec->prefix;
    CLX_TRY(make_tenant(m, folder, lengths, prefix, &m->tenant[i]));
    shares += t != NULL ? t->share : 1;
    sessions += (t != NULL ? t->share : 1) / prefix->turns;
    m->tenant[i].weight = sessions;
    if (spec->block_tokens == 0 && (prefix->system > 0 || prefix->turns > 1)) m->block = BLOCK;
  }
  *rate = spec->arrivals.rate * sessions / shares;
  if (shares > 0) return CLX_OK;
  return clx_fail(m->error, CLX_INPUT, spec->tenant[0].place, "tenants: all shares are 0");
}

static clx_status name_tenants(const maker *m, clx_arena *arena, clx_requests *out) {
  out->tenants = m->tenants;
  out->block_tokens = out->block_count > 0 ? m->block : 0;
  if (m->spec->tenant_count == 0) return CLX_OK;
  out->tenant_name = CLX_NEW_ARRAY(arena, const char *, m->tenants);
  for (int32_t i = 0; out->tenant_name != NULL && i < m->tenants; i++) {
    out->tenant_name[i] = clx_arena_text(arena, m->spec->tenant[i].name);
    if (out->tenant_name[i] == NULL) out->tenant_name = NULL;
  }
  return out->tenant_name != NULL ? CLX_OK : no_memory(m);
}

static clx_status draw(maker *m, const char *folder, clx_arena *arena, clx_requests *out) {
  double rate = 0;
  CLX_TRY(make_laws(m, folder, &rate));
  CLX_TRY(make_all(m, rate));
  if (m->store.items.count == 0)
    return clx_fail(m->error, CLX_INPUT, m->spec->place, "no request arrives before `duration`, %.10g s",
                    m->spec->duration);
  CLX_TRY(clx_store_finish(&m->store, arena, out, m->error));
  return name_tenants(m, arena, out);
}

clx_status clx_requests_draw(const clx_requests_spec *spec, const char *folder, clx_arena *arena, clx_requests *out,
                             clx_error *error) {
  maker m = {.spec = spec, .scratch = clx_arena_new(), .error = error};
  if (m.scratch == NULL) return no_memory(&m);
  const clx_status status = draw(&m, folder, arena, out);
  clx_store_free(&m.store);
  clx_arena_free(m.scratch);
  return status;
}
