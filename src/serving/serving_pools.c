// Disaggregated serving, from one end of an iteration to the next.
#include "serving/serving_pools.h"

#include <math.h>

#include "chance/chance.h"

typedef struct request {
  int32_t prompt, output;
  double asked, ready, first, made;  // s; tokens
} request;

// A list of requests, in order of arrival.
typedef struct list {
  int32_t *item;
  int32_t count;
} list;

typedef struct worker {
  const clx_pools_side *side;
  bool decodes, busy;
  double until;  // s: end of its iteration
  double pace;   // s: time of its latest iteration
  list *rank;    // [ranks]: what it works on
  double *context;
  list *queue;   // [ranks]: of a prefill engine, prompts that wait
  list done;     // of a prefill engine: prompts that nobody noticed yet
  list waiting;  // of a decode engine: on their way or without a place
  clx_engine_step *step;
  clx_chunk *chunk;  // [ranks][sequences]
} worker;

typedef struct state {
  const clx_pools *pools;
  request *item;
  worker *worker;
  int32_t workers;
  int32_t asked, ended;
  double now, first, token;
} state;

static void drop(list *l, int32_t count) {
  for (int32_t i = count; i < l->count; i++) l->item[i - count] = l->item[i];
  l->count -= count;
}

// A front end deals requests to prefill engines in turn, an engine to its ranks: each waits for its own rank.
static void ask(state *s) {
  if (s->asked >= s->pools->requests) return;
  const clx_pools_side *side = &s->pools->prefill;
  request *q = &s->item[s->asked];
  q->asked = s->now;
  q->ready = s->now + s->pools->front_time;
  worker *w = &s->worker[s->asked % side->workers];
  list *l = &w->queue[s->asked / side->workers % side->ranks];
  l->item[l->count++] = s->asked++;
}

static void begin(const state *s, worker *w) {
  w->pace = w->side->law->cost(w->side->law->self, w->step, w->side->ranks, 0).time;
  w->until = s->now + w->pace;
  w->busy = true;
}

static int32_t load_of(const worker *w) {
  int32_t load = w->waiting.count;
  for (int32_t k = 0; k < w->side->ranks; k++) load += w->rank[k].count;
  return load;
}

// Keys and values of prompts that are done leave for the decode engine with least to do.
static void hand_over(state *s, worker *w) {
  for (int32_t i = 0; i < w->done.count; i++) {
    request *q = &s->item[w->done.item[i]];
    worker *best = NULL;
    for (int32_t v = 0; v < s->workers; v++) {
      worker *o = &s->worker[v];
      if (o->decodes && (best == NULL || load_of(o) < load_of(best))) best = o;
    }
    q->ready = s->now + s->pools->setup + s->pools->token_time * q->prompt + s->pools->rounds * best->pace;
    best->waiting.item[best->waiting.count++] = w->done.item[i];
  }
  w->done.count = 0;
}

static void end_prefill(state *s, worker *w) {
  hand_over(s, w);  // of the iteration before, noticed only now
  for (int32_t k = 0; k < w->side->ranks; k++) {
    for (int32_t i = 0; i < w->rank[k].count; i++) w->done.item[w->done.count++] = w->rank[k].item[i];
    w->rank[k].count = 0;
  }
}

// The prompts at the head of a rank's queue that fit an iteration.
static int32_t fill_rank(state *s, worker *w, int32_t k) {
  clx_engine_step *step = &w->step[k];
  clx_chunk *chunk = &w->chunk[(int64_t)k * w->side->sequences];
  list *queue = &w->queue[k];
  int32_t taken = 0;
  *step = (clx_engine_step){.verified = 1, .chunk = chunk};
  for (w->rank[k].count = 0; taken < queue->count && taken < w->side->sequences; taken++) {
    const int32_t id = queue->item[taken];
    const request *q = &s->item[id];
    if (q->ready > s->now || (taken > 0 && step->prompt_tokens + q->prompt > w->side->tokens)) break;
    chunk[step->chunks++] = (clx_chunk){q->prompt, 0};
    step->prompt_tokens += q->prompt;
    step->ended++;
    w->rank[k].item[w->rank[k].count++] = id;
  }
  drop(queue, taken);
  return taken;
}

static void start_prefill(state *s, worker *w) {
  int32_t taken = 0;
  for (int32_t k = 0; k < w->side->ranks; k++) taken += fill_rank(s, w, k);
  if (taken > 0) begin(s, w);
  if (taken == 0 || !s->pools->late_notice) hand_over(s, w);
}

static void start_decode(state *s, worker *w) {
  int32_t kept = 0;
  for (int32_t i = 0; i < w->waiting.count; i++) {
    const int32_t id = w->waiting.item[i];
    request *q = &s->item[id];
    int32_t least = 0;
    for (int32_t k = 1; k < w->side->ranks; k++) {
      if (w->rank[k].count < w->rank[least].count) least = k;
    }
    if (q->ready > s->now || w->rank[least].count >= w->side->sequences) {
      w->waiting.item[kept++] = id;
      continue;
    }
    q->first = s->now;
    q->made = 1;
    s->first += q->first - q->asked;
    w->rank[least].item[w->rank[least].count++] = id;
    w->context[least] += q->prompt + 1;
  }
  w->waiting.count = kept;
  bool any = false;
  for (int32_t k = 0; k < w->side->ranks; k++) {
    w->step[k] =
        (clx_engine_step){.decodes = w->rank[k].count, .verified = 1 + s->pools->drafts, .context = w->context[k]};
    any |= w->rank[k].count > 0;
  }
  if (!any) return;
  begin(s, w);
}

static void end_decode(state *s, worker *w) {
  for (int32_t k = 0; k < w->side->ranks; k++) {
    list *l = &w->rank[k];
    for (int32_t i = l->count - 1; i >= 0; i--) {
      request *q = &s->item[l->item[i]];
      q->made += s->pools->accepted;
      w->context[k] += s->pools->accepted;
      if (q->made < q->output) continue;
      s->token += q->output > 1 ? (s->now - q->first) / (q->output - 1) : 0;
      w->context[k] -= q->prompt + q->made;
      l->item[i] = l->item[--l->count];
      s->ended++;
      ask(s);
    }
  }
}

// The next moment at which something ends, or becomes ready for an engine that waits.
static double next_of(const state *s) {
  double next = INFINITY;
  for (int32_t v = 0; v < s->workers; v++) {
    const worker *w = &s->worker[v];
    if (w->busy) next = fmin(next, w->until);
    if (w->busy) continue;
    for (int32_t i = 0; i < w->waiting.count; i++) {
      const double ready = s->item[w->waiting.item[i]].ready;
      if (ready > s->now) next = fmin(next, ready);
    }
    for (int32_t k = 0; !w->decodes && k < w->side->ranks; k++) {
      if (w->queue[k].count > 0) next = fmin(next, s->item[w->queue[k].item[0]].ready);
    }
  }
  return next;
}

static bool make_worker(clx_arena *arena, const clx_pools *p, const clx_pools_side *side, bool decodes, worker *w) {
  *w = (worker){.side = side, .decodes = decodes};
  w->rank = CLX_NEW_ARRAY(arena, list, side->ranks);
  w->context = CLX_NEW_ARRAY(arena, double, side->ranks);
  w->step = CLX_NEW_ARRAY(arena, clx_engine_step, side->ranks);
  w->chunk = CLX_NEW_ARRAY(arena, clx_chunk, (int64_t)side->ranks * side->sequences);
  w->queue = CLX_NEW_ARRAY(arena, list, side->ranks);
  w->waiting.item = CLX_NEW_ARRAY(arena, int32_t, decodes ? p->clients : 1);
  w->done.item = CLX_NEW_ARRAY(arena, int32_t, decodes ? 1 : p->clients);
  if (w->queue == NULL || w->rank == NULL || w->context == NULL || w->step == NULL || w->chunk == NULL ||
      w->waiting.item == NULL || w->done.item == NULL)
    return false;
  for (int32_t k = 0; k < side->ranks; k++) {
    w->rank[k] = (list){.item = CLX_NEW_ARRAY(arena, int32_t, side->sequences + 1)};
    w->queue[k] = (list){.item = CLX_NEW_ARRAY(arena, int32_t, decodes ? 1 : p->clients)};
    w->context[k] = 0;
    if (w->rank[k].item == NULL || w->queue[k].item == NULL) return false;
  }
  return true;
}

static bool open_state(clx_arena *arena, const clx_pools *p, state *s) {
  s->workers = p->prefill.workers + p->decode.workers;
  s->item = CLX_NEW_ARRAY(arena, request, p->requests);
  s->worker = CLX_NEW_ARRAY(arena, worker, s->workers);
  if (s->item == NULL || s->worker == NULL) return false;
  for (int32_t v = 0; v < s->workers; v++) {
    const bool decodes = v >= p->prefill.workers;
    if (!make_worker(arena, p, decodes ? &p->decode : &p->prefill, decodes, &s->worker[v])) return false;
  }
  clx_stream lengths = clx_stream_make(1, 77, 0, 0);
  for (int32_t i = 0; i < p->requests; i++) {
    const double a = 1 - p->spread * clx_stream_uniform(&lengths), b = 1 - p->spread * clx_stream_uniform(&lengths);
    s->item[i] =
        (request){.prompt = (int32_t)fmax(1, round(a * p->prompt)), .output = (int32_t)fmax(1, round(b * p->output))};
  }
  return true;
}

clx_status clx_pools_run(clx_arena *arena, const clx_pools *p, clx_pools_means *out, clx_error *error) {
  state s = {.pools = p};
  if (!open_state(arena, p, &s)) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < p->clients; i++) ask(&s);
  while (s.ended < p->requests) {
    for (int32_t v = 0; v < s.workers; v++) {
      worker *w = &s.worker[v];
      if (w->busy) continue;
      if (w->decodes) {
        start_decode(&s, w);
      } else {
        start_prefill(&s, w);
      }
    }
    s.now = next_of(&s);
    for (int32_t v = 0; v < s.workers; v++) {
      worker *w = &s.worker[v];
      if (!w->busy || w->until > s.now) continue;
      w->busy = false;
      if (w->decodes) {
        end_decode(&s, w);
      } else {
        end_prefill(&s, w);
      }
    }
  }
  *out = (clx_pools_means){s.first / p->requests, s.token / p->requests};
  return CLX_OK;
}
