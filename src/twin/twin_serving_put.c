// What runs of a service found, as quantities.
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "chance/chance.h"
#include "twin/twin_serving.h"

enum { NAME = 160, SLUG = 64 };

// --- measures of a run ----------------------------------------------------------------------------------------------------

// A double of an outcome.
typedef struct measure {
  const char *name, *unit;
  size_t offset;
  const char *doc;
} measure;

#define AT(member) offsetof(clx_serving_outcome, member)
static const measure MEASURES[] = {
    {"requests", "1/s", AT(requests), "that end"},
    {"output", "token/s", AT(output), "made"},
    {"input", "token/s", AT(input), "prompts that start to be answered, with tokens found in the cache"},
    {"user", "token/s", AT(user), "that a user sees after the first, median"},
    {"within", "", AT(within), "share of the requests within the promise (slo)"},
    {"goodput", "1/s", AT(goodput), "requests within the promise"},
    {"prefix_hits", "", AT(prefix), "share of prompt tokens found in the cache"},
    {"preemptions", "", AT(preemptions), "of a request, mean"},
    {"queue_mean", "", AT(queue_mean), "requests that wait, mean over time"},
    {"queue_most", "", AT(queue_most), "requests that wait, at most"},
    {"cache_mean", "", AT(cache_mean), "share of the blocks of keys and values in use, mean over time and replicas"},
    {"cache_most", "", AT(cache_most), "the same, most of one rank"},
    {"busy", "", AT(busy), "share of the time in which a replica has work, mean"},
    {"power", "W", AT(power), "of GPUs and servers, mean"},
    {"energy", "J/token", AT(energy), "of an output token, with all servers"},
    {"arrival", "1/s", AT(arrival), "requests that come in the second half"},
    {"service", "1/s", AT(service), "requests that end meanwhile"},
};

static const struct {
  const char *name;
  size_t offset;
  const char *doc;
} LATENCIES[] = {{"ttft", AT(ttft), "from the request to its first token, with queueing, without network"},
                 {"tpot", AT(tpot), "per token of a request after the first"},
                 {"itl", AT(itl), "between two tokens, all requests"},
                 {"e2e", AT(e2e), "from the request to its last token"}};
static const measure PARTS[] = {{"mean", "s", offsetof(clx_serving_latency, mean), "mean"},
                                {"p50", "s", offsetof(clx_serving_latency, p50), "median"},
                                {"p90", "s", offsetof(clx_serving_latency, p90), "90th percentile"},
                                {"p95", "s", offsetof(clx_serving_latency, p95), "95th percentile"},
                                {"p99", "s", offsetof(clx_serving_latency, p99), "99th percentile"}};

typedef struct putting {
  const clx_serving_outcome *outcome;
  const clx_twin_staffing *staffing;  // nullable
  int32_t seeds;
  clx_result *result;
  clx_error *error;
} putting;

// Median and extremes over the seeds.
static clx_status put_values(const putting *p, const char *name, double *value, const char *unit, const char *doc) {
  char full[NAME];
  clx_sort(value, p->seeds);
  snprintf(full, sizeof full, "serving.%s", name);
  return clx_result_add(p->result, full, clx_percentile(value, p->seeds, 0.5), unit, value[0], value[p->seeds - 1], doc,
                        p->error);
}

enum { SEEDS_MAX = 100 };

static clx_status put_member(const putting *p, const char *name, size_t offset, double factor, const char *unit,
                             const char *doc) {
  double value[SEEDS_MAX];
  for (int32_t k = 0; k < p->seeds; k++) value[k] = factor * *(const double *)((const char *)&p->outcome[k] + offset);
  return put_values(p, name, value, unit, doc);
}

// Whether each seed has some: a time that nothing was measured of is left out, not 0.
static bool is_known(const putting *p, size_t offset) {
  for (int32_t k = 0; k < p->seeds; k++) {
    if (((const clx_serving_latency *)((const char *)&p->outcome[k] + offset))->count == 0) return false;
  }
  return true;
}

// Whether each seed has made tokens: what is of one of them is left out, not 0.
static bool is_made(const putting *p) {
  for (int32_t k = 0; k < p->seeds; k++) {
    if (!(p->outcome[k].output > 0)) return false;
  }
  return true;
}

static clx_status put_latencies(const putting *p) {
  char name[NAME], doc[NAME];
  for (int32_t i = 0; i < CLX_COUNT(LATENCIES); i++) {
    if (!is_known(p, LATENCIES[i].offset)) continue;
    for (int32_t k = 0; k < CLX_COUNT(PARTS); k++) {
      snprintf(name, sizeof name, "%s.%s", LATENCIES[i].name, PARTS[k].name);
      snprintf(doc, sizeof doc, "%s: %s", LATENCIES[i].doc, PARTS[k].doc);
      CLX_TRY(put_member(p, name, LATENCIES[i].offset + PARTS[k].offset, 1, "s", doc));
    }
  }
  return CLX_OK;
}

// A member over the GPUs that are paid for.
static clx_status put_share(const putting *p, const char *name, size_t offset, double gpus, const char *unit,
                            const char *doc) {
  double value[SEEDS_MAX];
  for (int32_t k = 0; k < p->seeds; k++)
    value[k] =
        *(const double *)((const char *)&p->outcome[k] + offset) / (p->staffing != NULL ? p->staffing[k].gpus : gpus);
  return put_values(p, name, value, unit, doc);
}

static clx_status put_per_gpu(const putting *p, double gpus, double price) {
  double total[SEEDS_MAX], cost[SEEDS_MAX];
  const bool served = price > 0 && is_made(p);
  CLX_TRY(put_share(p, "output_gpu", AT(output), gpus, "token/s", "output tokens of a GPU"));
  CLX_TRY(put_share(p, "power_gpu", AT(power), gpus, "W", "of a GPU with its share of the servers"));
  for (int32_t k = 0; k < p->seeds; k++) {
    const double paid = p->staffing != NULL ? p->staffing[k].price : price;
    total[k] = (p->outcome[k].output + p->outcome[k].input) / (p->staffing != NULL ? p->staffing[k].gpus : gpus);
    cost[k] = served ? paid / p->outcome[k].output : 0;
  }
  CLX_TRY(put_values(p, "total_gpu", total, "token/s", "prompt and output tokens of a GPU"));
  if (!served) return CLX_OK;
  return put_values(p, "cost", cost, "USD/token", "of an output token, at the stated prices of GPUs");
}

// --- stability ------------------------------------------------------------------------------------------------------------

static clx_status put_stable(const putting *p) {
  double stable[SEEDS_MAX];
  int32_t unstable = -1;
  for (int32_t k = 0; k < p->seeds; k++) {
    stable[k] = !p->outcome[k].unstable;
    if (p->outcome[k].unstable) unstable = k;
  }
  if (unstable >= 0) {
    const clx_serving_outcome *o = &p->outcome[unstable];
    CLX_TRY(clx_result_warn(p->result, p->error,
                            "serving is unstable: %.4g requests/s come and %.4g/s are served%s%s; latencies grow with "
                            "the length of the run",
                            o->arrival, o->service, o->stopped ? "; stopped as the queue grew without end" : "",
                            o->by_transfers ? "; the transfer of keys and values between pools is too slow "
                                              "(serving.transfer, or NICs)"
                                            : ""));
  }
  return put_values(p, "stable", stable, "", "1 = the queue does not grow all along");
}

// --- pools ----------------------------------------------------------------------------------------------------------------

static clx_status put_one(const putting *p, const char *pool, const char *what, double value, const char *unit,
                          const char *doc) {
  char name[NAME];
  snprintf(name, sizeof name, "serving.pool.%s.%s", pool, what);
  return clx_twin_put(p->result, name, value, unit, doc, p->error);
}

static clx_status put_room(const putting *p, const char *slug, const clx_serving_replica *r) {
  const clx_cache_room *m = &r->room;
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } rows[] = {{"gpus", r->gpus, "", "of a replica"},
              {"replicas", r->replicas, "", "of the pool"},
              {"memory", m->memory, "B", "of one GPU, as its driver reports it"},
              {"share", m->share, "", "of it for the engine"},
              {"weights", m->weights, "B", "on one GPU"},
              {"peak", m->peak, "B", "of activations in the largest iteration, on one GPU"},
              {"graphs", m->graphs, "B", "captured graphs, on one GPU"},
              {"context", m->context, "B", "of driver and communicators, on one GPU"},
              {"states", m->states, "B", "of recurrent layers and windows, on one GPU"},
              {"cache", fmax(0, m->left), "B", "left for keys and values, on one GPU"},
              {"token_bytes", m->token_bytes, "B", "keys and values of a token, on one GPU"},
              {"blocks", (double)r->rules.blocks, "", "of keys and values, of one rank"},
              {"tokens", clx_serving_replica_tokens(r), "", "whose keys and values a replica holds"}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++)
    CLX_TRY(put_one(p, slug, rows[i].name, rows[i].value, rows[i].unit, rows[i].doc));
  return CLX_OK;
}

// `model`: its name where there are several, else NULL.
static clx_status put_pool(const putting *p, const clx_serving_replica *r, const char *model) {
  char slug[SLUG], name[NAME], text[NAME];
  clx_result_slug(r->name, slug, sizeof slug);
  CLX_TRY(put_room(p, slug, r));
  snprintf(name, sizeof name, "serving.pool.%s.title", slug);
  snprintf(text, sizeof text, "%d x %d %s, %s, %s%s%s in %s", r->replicas, r->gpus, r->device->name,
           clx_role_name[r->role], r->engine, model != NULL ? ", " : "", model != NULL ? model : "", r->weights);
  CLX_TRY(clx_result_add_text(p->result, name, text, p->error));
  snprintf(name, sizeof name, "serving.pool.%s.layout", slug);
  if (r->unified) {
    snprintf(text, sizeof text, "TP%d PP%d", r->nodes.tp, r->nodes.pp);
  } else {
    char stages[16] = "";
    if (r->kernels.pp > 1) snprintf(stages, sizeof stages, " PP%d", r->kernels.pp);
    snprintf(text, sizeof text, "TP%d%s DP%d EP%d, up to %d sequences and %d tokens", r->kernels.tp, stages,
             r->kernels.dp, r->kernels.ep, r->rules.sequences, r->rules.tokens);
  }
  CLX_TRY(clx_result_add_text(p->result, name, text, p->error));
  if (!r->blocks_stated || r->room.blocks >= r->rules.blocks) return CLX_OK;
  return clx_result_warn(p->result, p->error, "pool %s: %lld blocks are stated, memory holds %lld by this model",
                         r->name, (long long)r->rules.blocks, (long long)r->room.blocks);
}

// Of pools apart: what a GPU of each does.
static clx_status put_rates(const putting *p, const clx_serving_replica *replica, int32_t pools) {
  double gpus[CLX_ROLES] = {0};
  char name[NAME], slug[SLUG];
  for (int32_t i = 0; i < pools; i++) gpus[replica[i].role] += (double)replica[i].gpus * replica[i].replicas;
  for (int32_t i = 0; i < pools; i++) {
    clx_result_slug(replica[i].name, slug, sizeof slug);
    if (replica[i].role == CLX_ROLE_PREFILL) {
      snprintf(name, sizeof name, "pool.%s.input_gpu", slug);
      CLX_TRY(put_member(p, name, AT(input), 1 / gpus[CLX_ROLE_PREFILL], "token/s",
                         "prompt tokens of a GPU that prefills, with those found in the cache"));
    } else if (replica[i].role == CLX_ROLE_DECODE) {
      snprintf(name, sizeof name, "pool.%s.output_gpu", slug);
      CLX_TRY(
          put_member(p, name, AT(output), 1 / gpus[CLX_ROLE_DECODE], "token/s", "output tokens of a GPU that decodes"));
    }
  }
  return CLX_OK;
}

// "grok-2, gpt-oss-120b".
static clx_status put_models(const clx_scenario *s, clx_result *result, clx_error *error) {
  char text[NAME] = "";
  for (int32_t m = 0; m < s->serving.models; m++) {
    const size_t at = strlen(text);
    snprintf(text + at, sizeof text - at, "%s%s", m > 0 ? ", " : "", s->serving.model[m].model.name);
  }
  return clx_result_add_text(result, "serving.model", text, error);
}

clx_status clx_twin_serving_put(const clx_scenario *s, const clx_serving_replica *replica,
                                const clx_serving_outcome *outcome, const clx_twin_staffing *staffing, int32_t seeds,
                                clx_result *result, clx_error *error) {
  const putting p = {outcome, clx_twin_serving_has_changes(s) ? staffing : NULL, seeds, result, error};
  double gpus = 0, price = 0, replicas = 0;
  bool priced = true;
  CLX_TRY(put_models(s, result, error));
  for (int32_t i = 0; i < s->serving.pools; i++) {
    gpus += (double)replica[i].gpus * replica[i].replicas;
    replicas += replica[i].replicas;
    price += replica[i].price * replica[i].replicas;
    priced = priced && replica[i].price > 0;
    CLX_TRY(put_pool(&p, &replica[i], s->serving.models > 1 ? s->serving.model[replica[i].model].model.name : NULL));
  }
  CLX_TRY(clx_twin_put(result, "serving.gpus", gpus, "", "of all pools", error));
  CLX_TRY(clx_twin_put(result, "serving.replicas", replicas, "", "of all pools", error));
  CLX_TRY(clx_twin_put(result, "serving.seeds", seeds, "", "runs with requests drawn anew", error));
  CLX_TRY(put_latencies(&p));
  for (int32_t i = 0; i < CLX_COUNT(MEASURES); i++) {
    if (MEASURES[i].offset == AT(user) && !is_known(&p, AT(tpot))) continue;
    if (MEASURES[i].offset == AT(energy) && !is_made(&p)) continue;
    CLX_TRY(put_member(&p, MEASURES[i].name, MEASURES[i].offset, 1, MEASURES[i].unit, MEASURES[i].doc));
  }
  CLX_TRY(put_per_gpu(&p, gpus, priced ? price : 0));
  CLX_TRY(put_rates(&p, replica, s->serving.pools));
  return put_stable(&p);
}
