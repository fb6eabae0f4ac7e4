// What cannot be run, and why.
#include "engine/engine_internal.h"

#include <math.h>

static bool is_vidur(const clx_rules *r) { return r->policy == CLX_ENGINE_SARATHI || r->policy == CLX_ENGINE_VLLM_V0; }

static clx_status check_rules(const char *name, const clx_rules *r, clx_error *error) {
  if (r->policy < 0 || r->policy >= CLX_ENGINE_POLICIES) {
    return clx_fail_plain(error, CLX_INPUT, "%s: unknown policy %d", name, (int)r->policy);
  }
  if (r->sequences < 1 || r->tokens < 1 || r->block < 1 || r->stages < 1 || r->ranks < 1) {
    return clx_fail_plain(error, CLX_INPUT, "%s: sequences, tokens, block, stages and ranks are at least 1", name);
  }
  if (r->blocks < 1 || r->blocks > INT32_MAX) {
    return clx_fail_plain(error, CLX_INPUT, "%s: %lld blocks of keys and values, expected 1 to %d", name,
                          (long long)r->blocks, INT32_MAX);
  }
  if (!(r->watermark >= 0 && r->watermark < 1)) {
    return clx_fail_plain(error, CLX_INPUT, "%s: a watermark of %g, expected 0 to 1", name, r->watermark);
  }
  if (r->drafts < 0 || r->reserve < 0 ||
      (r->drafts > 0 && !(r->accepted >= 1 && r->accepted <= 1 + (double)r->drafts))) {
    return clx_fail_plain(error, CLX_INPUT, "%s: %g tokens of an iteration with %d drafts, expected 1 to drafts + 1",
                          name, r->accepted, r->drafts);
  }
  const bool cuts = r->policy == CLX_ENGINE_TENSORRT || r->policy == CLX_ENGINE_SGLANG;  // to whole blocks
  if (cuts && r->chunked && r->tokens < r->block) {
    return clx_fail_plain(error, CLX_INPUT,
                          "%s: prompts are cut to blocks of %d tokens, more than the %d of an iteration", name,
                          r->block, r->tokens);
  }
  if (is_vidur(r) && r->sequences < r->stages) {
    return clx_fail_plain(error, CLX_INPUT, "%s: %d sequences are too few for %d stages", name, r->sequences,
                          r->stages);
  }
  const int64_t slot = r->policy == CLX_ENGINE_SARATHI ? r->sequences / r->stages : r->sequences;
  const bool apart = r->policy == CLX_ENGINE_VLLM_V0 || r->policy == CLX_ENGINE_SGLANG;  // prompts and decodes
  if (!apart && slot * (1 + r->drafts) > r->tokens) {
    return clx_fail_plain(error, CLX_INPUT, "%s: %d tokens of an iteration do not hold the %d new ones of %d sequences",
                          name, r->tokens, 1 + r->drafts, r->sequences);
  }
  return CLX_OK;
}

static clx_status check_names(const clx_pool *pool, int32_t name_tokens, clx_error *error) {
  const int32_t block = pool->rules.block;
  if (!pool->rules.prefix || name_tokens == 0 || block % name_tokens == 0 || name_tokens % block == 0) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT,
                        "%s: blocks of %d tokens, and names of %d: expected one to be a multiple of the other",
                        pool->name, block, name_tokens);
}

// With nothing else on it, a rank can hold the request to its end, and starts its prompt.
bool clx_engine_fits(const clx_rules *rules, const clx_request *request) {
  const int32_t answer =
      clx_policy_reserves(rules) && rules->reserve > request->output ? rules->reserve : request->output;
  const int64_t most = (int64_t)request->prompt + answer - 1 + (request->output > 1 ? rules->drafts : 0);
  if (rules->policy == CLX_ENGINE_SGLANG) {
    const int32_t longest = rules->reserve > request->output ? rules->reserve : request->output;
    if ((int64_t)request->prompt + (longest < 4096 ? longest : 4096) + rules->block >= rules->blocks * rules->block)
      return false;
  }
  const bool whole = rules->policy == CLX_ENGINE_VLLM_V0 || (!rules->chunked && rules->policy != CLX_ENGINE_SARATHI);
  if (whole && request->prompt + request->output - 1 > rules->tokens) return false;
  const int64_t spare = is_vidur(rules) ? (int64_t)(rules->watermark * (double)rules->blocks) : 0;
  return (most + rules->block - 1) / rules->block + spare <= rules->blocks;
}

bool clx_engine_takes(const clx_engine_fleet *fleet, const clx_pool *pool, const clx_request *request) {
  const int32_t model = clx_fleet_model(fleet, request);
  if (pool->model != model || pool->role == CLX_ROLE_DECODE || !clx_engine_fits(&pool->rules, request)) return false;
  if (pool->role == CLX_ROLE_WHOLE || request->output == 1) return true;
  for (int32_t p = 0; p < fleet->pools; p++) {
    if (fleet->pool[p].role == CLX_ROLE_DECODE && fleet->pool[p].model == model &&
        clx_engine_fits(&fleet->pool[p].rules, request))
      return true;
  }
  return false;
}

static clx_status check_requests(const clx_requests *requests, clx_error *error) {
  double before = 0;
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_request *q = &requests->item[i];
    if (q->prompt < 1 || q->output < 1) {
      return clx_fail_plain(error, CLX_INPUT, "request %d: %d prompt and %d output tokens, expected at least 1", i + 1,
                            q->prompt, q->output);
    }
    if ((int64_t)q->prompt + q->output > INT32_MAX / 2) {
      return clx_fail_plain(error, CLX_INPUT, "request %d: %d tokens are too many", i + 1, q->prompt);
    }
    if (!isfinite(q->arrival) || q->arrival < before) {
      return clx_fail_plain(error, CLX_INPUT, "request %d: arrives at %g s, after one at %g s", i + 1, q->arrival,
                            before);
    }
    before = q->arrival;
  }
  return CLX_OK;
}

static clx_status check_scaling(const clx_pool *pool, clx_error *error) {
  const clx_scaling *s = &pool->scaling;
  if (s->least == 0) return CLX_OK;
  const bool steps = s->high > s->low && s->low >= 0, follows = s->target > 0 && s->tolerance >= 0;
  if (s->metric < 0 || s->metric >= CLX_SCALING_METRICS)
    return clx_fail_plain(error, CLX_INPUT, "%s: unknown metric %d of scaling", pool->name, (int)s->metric);
  if (s->least > 0 && s->least <= pool->replicas && s->interval > 0 && s->start >= 0 && s->calm >= 0 &&
      s->calm <= 1e6 * s->interval && s->initial <= pool->replicas && (s->initial == 0 || s->initial >= s->least) &&
      (follows || (s->target == 0 && steps))) {
    return CLX_OK;
  }
  return clx_fail_plain(error, CLX_INPUT,
                        "%s: scaling: %d of %d replicas at least, %d at first, every %g s, between %g and %g requests "
                        "or at %g, a start of %g s, calm for %g s",
                        pool->name, s->least, pool->replicas, s->initial, s->interval, s->low, s->high, s->target,
                        s->start, s->calm);
}

static clx_status check_changes(const clx_engine_fleet *fleet, bool apart, clx_error *error) {
  int32_t replicas = 0;
  for (int32_t p = 0; p < fleet->pools; p++) {
    replicas += fleet->pool[p].replicas;
    CLX_TRY(check_scaling(&fleet->pool[p], error));
  }
  if (apart && fleet->outages > 0)
    return clx_fail_plain(error, CLX_INPUT, "outages are for fleets in which all replicas do all");
  if (!(fleet->notice >= 0)) return clx_fail_plain(error, CLX_INPUT, "outages are noticed after %g s", fleet->notice);
  for (int32_t k = 0; k < fleet->outages; k++) {
    const clx_outage *o = &fleet->outage[k];
    if (o->replica >= 0 && o->replica < replicas && o->from >= 0 && o->until > o->from) continue;
    return clx_fail_plain(error, CLX_INPUT, "outage %d: replica %d from %g to %g s, expected 0 to %d and an order",
                          k + 1, o->replica, o->from, o->until, replicas - 1);
  }
  return CLX_OK;
}

clx_status clx_engine_check(const clx_engine_fleet *fleet, const clx_offer *offer, clx_error *error) {
  if (fleet->pools < 1 || offer->requests->count < 1) {
    return clx_fail_plain(error, CLX_INPUT, "no %s", fleet->pools < 1 ? "pool of replicas" : "requests");
  }
  if (offer->clients < 0 || fleet->router < 0 || fleet->router >= CLX_ROUTERS) {
    return clx_fail_plain(error, CLX_INPUT, offer->clients < 0 ? "clients below 0" : "unknown router");
  }
  int64_t replicas = 0;
  int32_t roles[CLX_ROLES] = {0};
  for (int32_t p = 0; p < fleet->pools; p++) {
    const clx_pool *pool = &fleet->pool[p];
    if (pool->replicas < 1) return clx_fail_plain(error, CLX_INPUT, "%s: no replicas", pool->name);
    if (pool->role < 0 || pool->role >= CLX_ROLES)
      return clx_fail_plain(error, CLX_INPUT, "%s: unknown role", pool->name);
    if (pool->role == CLX_ROLE_DECODE && pool->rules.prefix) {
      return clx_fail_plain(error, CLX_INPUT, "%s: a pool that decodes only has no prefix cache", pool->name);
    }
    roles[pool->role]++;
    CLX_TRY(check_rules(pool->name, &pool->rules, error));
    CLX_TRY(check_names(pool, offer->requests->block_tokens, error));
    replicas += (int64_t)pool->replicas * pool->rules.ranks;
  }
  if ((roles[CLX_ROLE_PREFILL] > 0) != (roles[CLX_ROLE_DECODE] > 0)) {
    return clx_fail_plain(error, CLX_INPUT, "pools for prompts and pools that decode need each other");
  }
  CLX_TRY(check_changes(fleet, roles[CLX_ROLE_PREFILL] > 0, error));
  if (replicas > 1 << 20) return clx_fail_plain(error, CLX_INPUT, "more than 2^20 replicas");
  CLX_TRY(clx_whose_check(fleet, offer->requests, error));
  return check_requests(offer->requests, error);
}
