// A benchmark from a serving: its law, its rules, the room of its cache.
#include "serving/serving_benchmark.h"

#include <math.h>
#include <string.h>

#include "serving/serving_law.h"
#include "serving/serving_loop.h"
#include "serving/serving_memory.h"
#include "serving/serving_pipeline.h"
#include "serving/serving_pools.h"

static double cache_bytes_of_token(const clx_serving *s) {
  const clx_transformer *m = s->model;
  const double element = s->fp8_cache ? 1 : 2, layers = m->attention_layers > 0 ? m->attention_layers : m->layers;
  if (m->mla) return layers * (m->kv_lora_rank + m->qk_rope_dim) * element;
  return layers * 2 * fmax(1, (double)m->kv_heads / s->tp) * m->head_dim * element;
}

// vLLM measures what is left beside a run of all tokens and sequences that it admits: 512 as launch scripts have it, or all clients.
static double measured_room(const clx_serving *s, const clx_rules *rules) {
  enum { SEQUENCES = 512 };
  clx_rules admitted = *rules;
  admitted.sequences = rules->sequences > SEQUENCES ? rules->sequences : SEQUENCES;
  const clx_cache_room room = clx_serving_room(s, &admitted, 0);
  return fmax(0, room.left) / room.token_bytes;
}

// Datasheets give GB where stacks of memory have GiB: an H200 of 141 GB reports 143,771 MiB, a B200 of 180 GB 183,359 MiB.
static double memory_of(const clx_serving *s) {
  const double GIBI = 1073741824.0 / 1e9;
  return GIBI * s->device->memory;
}

// New tokens of an iteration and rank, as launched or by the engine's defaults.
static int32_t tokens_of(const clx_serving *s, const clx_benchmark *b) {
  const clx_engine_rules *e = &s->engine->rules;
  const bool small = e->tokens_small > 0 && s->device->memory < e->memory_of_tokens;
  const int32_t tokens = b->tokens > 0 ? b->tokens : small ? e->tokens_small : e->tokens;
  return e->ranks_share_tokens && tokens > s->dp ? tokens / s->dp : tokens;
}

static double share_of(const clx_serving *s, const clx_benchmark *b) {
  const clx_engine_rules *e = &s->engine->rules;
  if (b->memory_share > 0) return b->memory_share;
  if (!(e->reserve_of_token > 0)) return e->memory_share;
  return 1 - (e->reserve + e->reserve_of_token * tokens_of(s, b)) / memory_of(s);
}

// Tokens that fit beside the weights on one rank, room aside for graphs, activations and buffers.
static double room_of(const clx_serving *s, const clx_benchmark *b) {
  const double aside = s->engine->rules.aside, memory = memory_of(s), weights = clx_serving_weight_bytes(s),
               share = share_of(s, b);
  const double cache =
      s->engine->rules.share_of_free ? share * (memory - weights - aside) : share * memory - weights - aside;
  return cache / cache_bytes_of_token(s);
}

static clx_rules rules_of(const clx_serving *s, const clx_benchmark *b) {
  const clx_engine_rules *e = &s->engine->rules;
  const int32_t whole = b->prompt + b->clients, tokens = tokens_of(s, b);
  return (clx_rules){.policy = (clx_engine_policy)e->policy,
                     .sequences = b->clients,
                     .tokens = e->chunked || tokens > whole ? tokens : whole,
                     .chunked = e->chunked,
                     .block = 16,
                     .stages = 1,
                     .ranks = s->dp,
                     .drafts = s->drafts,
                     .accepted = fmax(1, b->accepted)};
}

static bool blank_or_equal(const char *asked, const char *found) {
  return asked == NULL || asked[0] == '\0' || clx_text_equal(asked, found);
}

// 2026-01-31. Days so written compare as their texts do.
static bool is_day(const char *text) {
  static const char form[] = "dddd-dd-dd";
  for (int32_t i = 0; i < CLX_COUNT(form); i++) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == 'd' ? !digit : text[i] != form[i]) return false;
  }
  return true;
}

// A run of an unknown day is none of those that began or ended at a known one.
static bool within_days(const clx_engine_launch *l, const char *day) {
  const bool begins = !blank_or_equal(l->from, ""), ends = !blank_or_equal(l->before, "");
  if (!begins && !ends) return true;
  return is_day(day) && (!begins || strcmp(day, l->from) >= 0) && (!ends || strcmp(day, l->before) < 0);
}

static bool within(int32_t value, int32_t least, int32_t most) {
  return value >= least && (most == 0 || value <= most);
}

static bool any_or_equal(int32_t asked, int32_t found) { return asked == 0 || asked == found; }

const clx_engine_launch *clx_engine_launch_find(const clx_serving *s, const clx_launch_run *run) {
  for (int32_t i = 0; i < s->engine->launches_count; i++) {
    const clx_engine_launch *l = &s->engine->launches[i];
    if (blank_or_equal(l->model, s->model->name) && blank_or_equal(l->family, s->device->family) &&
        blank_or_equal(l->weights, clx_weights_name[s->weights]) &&
        (l->version == NULL || strncmp(l->version, run->version, strlen(l->version)) == 0) &&
        within_days(l, run->day) && any_or_equal(l->prompt, run->prompt) && any_or_equal(l->output, run->output) &&
        any_or_equal(l->tp, s->tp) && any_or_equal(l->ep, s->ep) && within(s->tp, 0, l->tp_most) &&
        within(run->clients, l->clients, l->clients_most))
      return l;
  }
  return NULL;
}

static double front_time_of(const clx_engine *e, int32_t workers) {
  return workers > 0 && e->worker_front_time > 0 ? e->worker_front_time : e->front_time;
}

// Tokens of a prompt in the prefix cache: whole blocks of all but the last token where all prompts and the answers in the making stay in
// the cache; prompts that come in turn and do not fit are gone when they come again (least recently used first).
static int32_t found_of(const clx_benchmark *b, double room) {
  enum { BLOCK = 16 };
  const double kept = (double)b->distinct * b->prompt + (double)b->clients * b->output;
  return b->distinct > 0 && kept <= room ? (b->prompt - 1) / BLOCK * BLOCK : 0;
}

clx_status clx_benchmark_run(clx_arena *arena, const clx_serving *s, const clx_benchmark *b, clx_benchmark_means *means,
                             clx_error *error) {
  if (clx_serving_stages(s) > 1) return clx_benchmark_run_stages(arena, s, b, means, error);
  const clx_rules rules = rules_of(s, b);
  const clx_law_reach reach = {rules.tokens + b->clients, b->clients + 1, b->prompt + b->output};
  const clx_serving_law *law = clx_serving_law_make(arena, s, &reach);
  if (law == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_step_law steps = clx_serving_law_step(law);
  const double room = rules.policy == CLX_ENGINE_VLLM ? measured_room(s, &rules) : room_of(s, b);
  if (room < b->prompt + b->output)
    return clx_fail_plain(error, CLX_INPUT, "the cache of one rank holds %.0f tokens, a request has %d", fmax(0, room),
                          b->prompt + b->output);
  const clx_loop loop = {.clients = b->clients * s->dp,
                         .requests = b->rounds * b->clients * s->dp,
                         .prompt = b->prompt,
                         .output = b->output,
                         .spread = b->spread,
                         .front_time = front_time_of(s->engine, b->workers) + b->front_token * b->prompt,
                         .answers = s->engine->rules.answers,
                         .poll = b->poll,
                         .found = found_of(b, room),
                         .cold = b->distinct - b->warm_ups * b->clients * s->dp,
                         .rotates = b->rotates,
                         .piece_time = s->engine->piece_time,
                         .stream = b->stream,
                         .ahead = s->engine->rules.ahead && !(s->drafts > 0 && s->engine->rules.serial_drafts),
                         .balance = s->engine->rules.rank_wait,
                         .batch_wait = b->batch_wait,
                         .batch_wait_share = b->batch_wait_share,
                         .reserve = room};
  clx_loop_means out;
  CLX_TRY(clx_loop_run(arena, &rules, &steps, &loop, &out, error));
  *means = (clx_benchmark_means){out.first, out.token, room};
  return CLX_OK;
}

static clx_status side_of(clx_arena *arena, const clx_serving *s, const clx_benchmark *b, int32_t sequences,
                          int32_t workers, clx_step_law *steps, clx_pools_side *side, clx_error *error) {
  const double room = room_of(s, b), whole = b->prompt + b->output;
  if (room < whole)
    return clx_fail_plain(error, CLX_INPUT, "the cache of one rank holds %.0f tokens, a request has %.0f",
                          fmax(0, room), whole);
  const int32_t fits = (int32_t)fmax(1, fmin(sequences, room / (b->prompt + b->output / 2.0)));
  *side = (clx_pools_side){.workers = workers,
                           .ranks = s->dp,
                           .tokens = (int32_t)fmax(s->engine->rules.tokens, b->prompt),
                           .sequences = fits,
                           .law = steps};
  const clx_law_reach reach = {side->tokens, fits + 1, whole};
  const clx_serving_law *law = clx_serving_law_make(arena, s, &reach);
  if (law == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *steps = clx_serving_law_step(law);
  return CLX_OK;
}

clx_status clx_benchmark_split(clx_arena *arena, const clx_split *split, const clx_benchmark *b,
                               clx_benchmark_means *means, clx_error *error) {
  // One NIC of 400 Gbit/s per GPU, and the handshake of a transfer.
  const double NIC = 50e9, SETUP = 5e-3;
  const clx_serving *p = split->prefill, *d = split->decode;
  if (clx_serving_stages(p) > 1 || clx_serving_stages(d) > 1)
    return clx_benchmark_split_stages(arena, split, b, NIC, SETUP + d->engine->handoff_time, means, error);
  clx_step_law prefill, decode;
  clx_pools pools = {.clients = b->clients * d->dp * split->decodes,
                     .prompt = b->prompt,
                     .output = b->output,
                     .spread = b->spread,
                     .late_notice = p->engine->rules.late_notice,
                     .front_time = d->engine->front_time,
                     .setup = SETUP + d->engine->handoff_time,
                     .rounds = d->engine->handoff_iterations,
                     .token_time = cache_bytes_of_token(p) / NIC,
                     .accepted = fmax(1, b->accepted),
                     .drafts = d->drafts};
  pools.requests = b->rounds * pools.clients;
  CLX_TRY(side_of(arena, p, b, 64, split->prefills, &prefill, &pools.prefill, error));
  CLX_TRY(side_of(arena, d, b, b->clients, split->decodes, &decode, &pools.decode, error));
  clx_pools_means out;
  CLX_TRY(clx_pools_run(arena, &pools, &out, error));
  *means = (clx_benchmark_means){out.first, out.token, room_of(d, b)};
  return CLX_OK;
}
