#include "serving/serving_screen.h"

#include <math.h>

clx_status clx_screen_load_of(const clx_requests *requests, bool prefix, clx_screen_load *out, clx_error *error) {
  clx_requests_summary s;
  double context = 0, longest = 0;
  CLX_TRY(clx_requests_summarise(requests, &s, error));
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_request *q = &requests->item[i];
    context += q->output * (q->prompt + 0.5 * q->output);
    longest = fmax(longest, (double)q->prompt + q->output);
  }
  const double cached = prefix ? fmin(s.hits * s.prompt.mean, s.prompt.mean - 1) : 0;
  *out = (clx_screen_load){.prompt = s.prompt.mean - cached,
                           .cached = cached,
                           .output = s.output.mean,
                           .context = context / s.output.sum,
                           .longest = longest};
  return CLX_OK;
}

static double made(const clx_rules *r) { return r->drafts > 0 ? r->accepted : 1; }

double clx_screen_most(const clx_serving_replica *replica, const clx_screen_load *load) {
  const clx_rules *r = &replica->rules;
  const double room = (double)r->blocks * r->block;
  if (load->longest > room) return 0;
  // Policies that never evict hold blocks for the whole answer from the start.
  const double held = r->policy == CLX_ENGINE_TENSORRT ? load->prompt + load->cached + load->output : load->context;
  double most = fmin(r->sequences, room / held) / r->stages;  // of one of the iterations in flight
  if (replica->role == CLX_ROLE_WHOLE)
    most = fmin(most, r->tokens / (1 + r->drafts + load->prompt * made(r) / load->output));
  return most;
}

// All ranks alike, in step. As many iterations are in flight as there are stages: each takes its turn at the slowest.
static clx_step_cost iteration(const clx_rules *r, const clx_step_law *law, clx_engine_step one, clx_arena *arena) {
  clx_step_cost sum = {0};
  double slowest = 0;
  clx_engine_step *step = CLX_NEW_ARRAY(arena, clx_engine_step, r->ranks);
  if (step == NULL) return sum;
  for (int32_t i = 0; i < r->ranks; i++) step[i] = one;
  for (int32_t i = 0; i < r->stages; i++) {
    const clx_step_cost c = law->cost(law->self, step, r->ranks, i);
    sum.time += c.time;
    sum.energy += c.energy;
    slowest = fmax(slowest, c.time);
  }
  sum.time = fmax(sum.time, r->stages * slowest);
  return sum;
}

static clx_engine_step decodes_of(const clx_rules *r, const clx_screen_load *load, double sequences) {
  return (clx_engine_step){.decodes = (int32_t)lround(fmax(1, sequences)),
                           .verified = 1 + r->drafts,
                           .context = fmax(1, round(sequences)) * load->context,
                           .longest = load->context};
}

enum { CHUNKS_MAX = 256 };

// Adds prompts of `tokens` new tokens in all, in chunks of at most `most`.
static void add_chunks(clx_engine_step *step, clx_chunk *chunk, double tokens, double most, const clx_screen_load *load,
                       bool cut) {
  const int32_t count = (int32_t)fmin(CHUNKS_MAX, fmax(1, round(tokens / most)));
  step->chunk = chunk;
  step->chunks = count;
  for (int32_t i = 0; i < count; i++) {
    // A prompt that is cut finds, in the mean, half of itself in the cache.
    chunk[i] = (clx_chunk){.tokens = (int32_t)fmax(1, round(tokens / count)),
                           .cached = (int32_t)(load->cached + (cut ? load->prompt / 2 : 0))};
    step->prompt_tokens += chunk[i].tokens;
    step->ended += !cut;
  }
}

static clx_screen_state prefill_state(const clx_serving_replica *replica, const clx_step_law *law,
                                      const clx_screen_load *load, clx_arena *arena) {
  const clx_rules *r = &replica->rules;
  const double parts = ceil(load->prompt / r->tokens), piece = load->prompt / parts;
  const double packed = parts > 1 ? 1 : fmax(1, floor(r->tokens / load->prompt));
  clx_chunk chunk[CHUNKS_MAX];
  clx_engine_step step = {.verified = 1};
  add_chunks(&step, chunk, packed * piece, piece, load, parts > 1);
  const clx_step_cost c = iteration(r, law, step, arena);
  if (!(c.time > 0)) return (clx_screen_state){0};
  const double requests = r->ranks * packed / (parts * c.time) * r->stages;
  return (clx_screen_state){.ttft = replica->front + (parts + 0.5) * c.time,
                            .requests = requests,
                            .output = requests * load->output,
                            .power = law->idle + c.energy * r->stages / c.time + replica->rest};
}

clx_screen_state clx_screen_at(const clx_serving_replica *replica, const clx_step_law *law, const clx_screen_load *load,
                               double sequences, clx_arena *arena) {
  const clx_rules *r = &replica->rules;
  if (replica->role == CLX_ROLE_PREFILL) return prefill_state(replica, law, load, arena);
  const clx_engine_step decode = decodes_of(r, load, sequences);
  const clx_step_cost plain = iteration(r, law, decode, arena);
  clx_step_cost mixed = plain;
  double share = 0, parts = 0;
  if (replica->role == CLX_ROLE_WHOLE) {
    // New tokens of prompts that an iteration needs, and how many it takes at once where it has any.
    const double budget = fmax(1, r->tokens - (1.0 + r->drafts) * decode.decodes);
    const double needed = load->prompt * sequences * made(r) / load->output, piece = fmin(load->prompt, budget);
    clx_chunk chunk[CHUNKS_MAX];
    clx_engine_step both = decode;
    add_chunks(&both, chunk, fmin(budget, fmax(needed, piece)), piece, load, load->prompt > budget);
    mixed = iteration(r, law, both, arena);
    share = fmin(1, needed / piece);
    parts = ceil(load->prompt / budget);
  }
  const double time = (1 - share) * plain.time + share * mixed.time;
  if (!(time > 0)) return (clx_screen_state){0};
  const double energy = (1 - share) * plain.energy + share * mixed.energy;
  const double output = r->ranks * sequences * made(r) * r->stages / time;
  return (clx_screen_state){.sequences = sequences,
                            .tpot = time / made(r),
                            .ttft = replica->front + parts * mixed.time + 0.5 * time,
                            .requests = output / load->output,
                            .output = output,
                            .power = law->idle + energy * r->stages / time + replica->rest};
}
