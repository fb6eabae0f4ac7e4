// A closed loop on one engine. The event simulation (src/engine) has preemption and prefix caches; here are rules of three engines for
// laws of any kind, with what benchmarks add: front ends, engines that look at their queue now and then, ranks that wait for each other.
#include "serving/serving_loop.h"

#include <math.h>

#include "chance/chance.h"

typedef struct request {
  int32_t prompt, output;
  int32_t done;         // prompt tokens in the cache
  double made;          // tokens of the answer
  double asked, first;  // s
} request;

typedef struct rank {
  int32_t *waiting;  // ring of requests in order of arrival
  int32_t head, count;
  int32_t *prefilling;  // in order of admission
  int32_t prefills;
  int32_t *running;  // past their prompt, in any order
  int32_t runs;
  double context;  // cached tokens of the running
  double held;     // cache that admission counts
} rank;

typedef struct loop {
  const clx_rules *rules;
  const clx_loop *spec;
  request *item;
  rank *rank;
  clx_engine_step *step;
  clx_chunk *chunk;  // [ranks][sequences]
  int32_t asked, ended;
  double now, first, token;  // s: the clock; sums over requests
  double looked;             // s: what had been asked by then, the engine has taken in
  double front;              // s: when the front end has streamed all that was made so far
  double before;             // s: when the iteration before started
  int32_t unlooked;          // iterations of decode since the engine looked
  bool open;                 // prompts may start in this iteration
  int32_t waited;            // iterations that prompts have been held for their peers, or for company
} loop;

// The next request goes to the rank with the fewest, or to the next one.
static void ask(loop *l, double when) {
  const int32_t i = l->asked;
  if (i >= l->spec->requests) return;
  l->asked++;
  rank *r = &l->rank[l->spec->rotates ? i % l->rules->ranks : 0];
  for (int32_t k = 1; k < l->rules->ranks && !l->spec->rotates; k++) {
    rank *o = &l->rank[k];
    if (o->count + o->prefills + o->runs < r->count + r->prefills + r->runs) r = o;
  }
  l->item[i].asked = when;
  r->waiting[(r->head + r->count++) % l->spec->clients] = i;
}

// Cache that admission counts for a request.
static double size_of(const loop *l, const request *q) { return q->prompt + l->spec->answers * q->output; }

// Whether the engine knows of a request.
static bool is_ready(const loop *l, const request *q) { return q->asked + l->spec->front_time <= l->looked; }

// Takes what fits of the waiting into prefilling.
static int32_t admit(loop *l, rank *r, clx_engine_step *s, clx_chunk *chunk, int32_t budget) {
  const clx_rules *rules = l->rules;
  for (int32_t i = 0; i < r->prefills && budget > 0; i++) {
    request *q = &l->item[r->prefilling[i]];
    int32_t n = q->prompt - q->done;
    if (n > budget) n = budget;
    s->ended += q->done + n == q->prompt;
    chunk[s->chunks++] = (clx_chunk){n, q->done};
    s->prompt_tokens += n;
    budget -= n;
  }
  while (budget > 0 && r->count > 0 && r->runs + r->prefills < rules->sequences) {
    request *q = &l->item[r->waiting[r->head]];
    if (!l->open || !is_ready(l, q)) break;
    if (l->spec->reserve > 0 && r->held + size_of(l, q) > l->spec->reserve && r->runs + r->prefills > 0) break;
    int32_t n = q->prompt - q->done;
    if (n > budget && !rules->chunked && s->prompt_tokens > 0) break;
    if (n > budget) n = rules->chunked ? budget : n;
    r->held += size_of(l, q);
    r->prefilling[r->prefills++] = r->waiting[r->head];
    r->head = (r->head + 1) % l->spec->clients;
    r->count--;
    s->ended += q->done + n == q->prompt;
    chunk[s->chunks++] = (clx_chunk){n, q->done};
    s->prompt_tokens += n;
    budget -= n;
  }
  return budget;
}

// What a rank does in the next iteration. SGLang's prompts go first and alone, others beside what decodes.
static void plan(loop *l, int32_t k) {
  rank *r = &l->rank[k];
  clx_engine_step *s = &l->step[k];
  clx_chunk *chunk = &l->chunk[(int64_t)k * l->rules->sequences];
  *s = (clx_engine_step){.verified = 1 + l->rules->drafts, .chunk = chunk};
  const bool first = l->rules->policy == CLX_ENGINE_SGLANG;
  admit(l, r, s, chunk, l->rules->tokens - (first ? 0 : r->runs * s->verified));
  if (first && s->chunks > 0) return;
  s->decodes = r->runs;
  s->context = r->context;
}

static void finish(loop *l, rank *r, int32_t at, double when) {
  request *q = &l->item[r->running[at]];
  l->token += q->output > 1 ? (when - q->first) / (q->output - 1) : 0;
  r->context -= q->prompt + q->made;
  r->held -= size_of(l, q);
  r->running[at] = r->running[--r->runs];
  l->ended++;
  ask(l, when);
}

// When clients have what the iteration that ends now made: first tokens at once, others in pieces; a front end that is slower than the engine
// has a queue of them.
static double stream(loop *l) {
  double pieces = 0;
  for (int32_t k = 0; k < l->rules->ranks; k++)
    pieces += l->step[k].ended + l->step[k].decodes / fmax(1, l->spec->stream);
  l->front = fmax(l->front, l->now) + pieces * l->spec->piece_time;
  return l->front;
}

// What an iteration that has ended made, which clients have at `when`.
static void apply(loop *l, int32_t k, double when) {
  rank *r = &l->rank[k];
  const clx_engine_step *s = &l->step[k];
  if (s->decodes > 0) {
    r->context += r->runs * l->rules->accepted;
    for (int32_t i = 0; i < r->runs; i++) l->item[r->running[i]].made += l->rules->accepted;
    for (int32_t i = r->runs - 1; i >= 0; i--) {
      if (l->item[r->running[i]].made >= l->item[r->running[i]].output) finish(l, r, i, when);
    }
  }
  int32_t kept = 0;
  for (int32_t i = 0; i < r->prefills; i++) {
    const int32_t id = r->prefilling[i];
    request *q = &l->item[id];
    if (i < s->chunks) q->done += s->chunk[i].tokens;
    if (q->done < q->prompt) {
      r->prefilling[kept++] = id;
      continue;
    }
    q->first = when;
    q->made = 1;
    l->first += when - q->asked;
    r->context += q->prompt + 1;
    r->running[r->runs++] = id;
    if (q->output <= 1) finish(l, r, r->runs - 1, when);
  }
  r->prefills = kept;
}

// Prompts start when every rank has one, when a rank has nothing to decode, and every `balance` iterations, whether one came in the
// meantime or not (TensorRT-LLM, _balance_adp_requests).
static bool balanced(loop *l) {
  bool all = true, decoding = true;
  for (int32_t k = 0; k < l->rules->ranks; k++) {
    const rank *r = &l->rank[k];
    all &= r->count > 0 && is_ready(l, &l->item[r->waiting[r->head]]);
    decoding &= r->runs > 0;
  }
  l->waited = all ? 0 : l->waited + 1;
  if (!all && decoding && l->waited < l->spec->balance) return false;
  l->waited = 0;
  return true;
}

// Prompts beside what decodes start when they fill their share of an iteration, or the first has waited `batch_wait` iterations
// (TensorRT-LLM, _waiting_requests).
static bool gathered(loop *l) {
  const rank *r = &l->rank[0];
  if (l->spec->batch_wait < 1 || r->runs < 1) return true;
  const int32_t most = l->rules->tokens, decodes = r->runs * (1 + l->rules->drafts);
  int32_t tokens = decodes;
  for (int32_t i = 0; i < r->count && r->runs + i < l->rules->sequences; i++) {
    const request *q = &l->item[r->waiting[(r->head + i) % l->spec->clients]];
    if (!is_ready(l, q) || (i > 0 && tokens + q->prompt > most)) break;
    tokens += q->prompt;
  }
  if (tokens == decodes) return true;
  if (l->waited < l->spec->batch_wait && tokens < l->spec->batch_wait_share * most) {
    l->waited++;
    return false;
  }
  l->waited = 0;
  return true;
}

// Whether prompts may start in this iteration.
static bool opens(loop *l) {
  if (l->rules->ranks < 2) return gathered(l);
  return l->spec->balance < 1 || balanced(l);
}

// Takes in what clients have asked: every `poll` iterations of decode and after each with prompts (SGLang's scheduler_recv_skipper). An engine
// that works ahead has put this iteration together when the one before it started.
static void look(loop *l) {
  bool prompts = false;
  for (int32_t k = 0; k < l->rules->ranks; k++) prompts |= l->step[k].chunks > 0;
  l->unlooked++;
  if (prompts || l->unlooked >= l->spec->poll) {
    l->looked = l->spec->ahead ? l->before : l->now;
    l->unlooked = 0;
  }
  l->before = l->now;
}

clx_status clx_loop_run(clx_arena *arena, const clx_rules *rules, const clx_step_law *law, const clx_loop *spec,
                        clx_loop_means *out, clx_error *error) {
  loop l = {.rules = rules, .spec = spec};
  l.item = CLX_NEW_ARRAY(arena, request, spec->requests);
  l.rank = CLX_NEW_ARRAY(arena, rank, rules->ranks);
  l.step = CLX_NEW_ARRAY(arena, clx_engine_step, rules->ranks);
  l.chunk = CLX_NEW_ARRAY(arena, clx_chunk, (int64_t)rules->ranks * rules->sequences);
  if (l.item == NULL || l.rank == NULL || l.step == NULL || l.chunk == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < rules->ranks; k++) {
    l.rank[k] = (rank){.waiting = CLX_NEW_ARRAY(arena, int32_t, spec->clients),
                       .prefilling = CLX_NEW_ARRAY(arena, int32_t, rules->sequences),
                       .running = CLX_NEW_ARRAY(arena, int32_t, rules->sequences + 1)};
    if (l.rank[k].waiting == NULL || l.rank[k].prefilling == NULL || l.rank[k].running == NULL)
      return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  clx_stream lengths = clx_stream_make(1, 77, 0, 0);
  for (int32_t i = 0; i < spec->requests; i++) {
    const double a = 1 - spec->spread * clx_stream_uniform(&lengths),
                 b = 1 - spec->spread * clx_stream_uniform(&lengths);
    l.item[i] = (request){.prompt = (int32_t)fmax(1, round(a * spec->prompt)),
                          .output = (int32_t)fmax(1, round(b * spec->output))};
    if (i >= spec->cold) l.item[i].done = (int32_t)fmin(spec->found, l.item[i].prompt - 1);
  }
  for (int32_t i = 0; i < spec->clients; i++) ask(&l, 0);
  double batch = 0, steps = 0;
  while (l.ended < spec->requests) {
    bool any = false;
    look(&l);
    l.open = opens(&l);
    for (int32_t k = 0; k < rules->ranks; k++) {
      plan(&l, k);
      any |= l.step[k].decodes > 0 || l.step[k].chunks > 0;
    }
    if (!any) {
      double next = INFINITY;
      for (int32_t k = 0; k < rules->ranks; k++) {
        const rank *r = &l.rank[k];
        if (r->count > 0) next = fmin(next, l.item[r->waiting[r->head]].asked + spec->front_time);
      }
      l.now = l.looked = l.before = fmax(l.now + 1e-9, next);
      continue;
    }
    l.now += law->cost(law->self, l.step, rules->ranks, 0).time;
    batch += l.step[0].decodes;
    steps++;
    const double when = stream(&l);
    for (int32_t k = 0; k < rules->ranks; k++) apply(&l, k, when);
  }
  *out = (clx_loop_means){.first = l.first / spec->requests,
                          .token = l.token / spec->requests,
                          .time = fmax(l.now, l.front),
                          .batch = batch / fmax(1, steps),
                          .steps = steps};
  return CLX_OK;
}
