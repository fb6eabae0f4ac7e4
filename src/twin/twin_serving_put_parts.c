// What each model and each tenant of a service had of its runs, as quantities.
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "chance/chance.h"
#include "twin/twin_serving.h"

enum { NAME = 200, SLUG = 64, SEEDS_MAX = 100 };

#define AT(member) offsetof(clx_serving_outcome, member)
static const struct {
  const char *name, *unit;
  size_t offset;
  const char *doc;
} MEASURES[] = {
    {"requests", "1/s", AT(requests), "that end"},
    {"arrival", "1/s", AT(arrival), "requests that come after the warm-up"},
    {"output", "token/s", AT(output), "made"},
    {"input", "token/s", AT(input), "prompts that start to be answered, with tokens found in the cache"},
    {"within", "", AT(within), "share of the requests within the promise (slo)"},
    {"goodput", "1/s", AT(goodput), "requests within the promise"},
    {"prefix_hits", "", AT(prefix), "share of prompt tokens found in the cache"},
    {"preemptions", "", AT(preemptions), "of a request, mean"},
    {"share", "", AT(share),
     "of all GPUs: of the iterations of each pool, by new tokens; adds up to 1 in each run, not as medians over seeds"},
    {"power", "W", AT(power),
     "of its iterations, and of all else in proportion to them; adds up in each run, not as medians over seeds"},
};
static const struct {
  const char *name;
  size_t offset;
  const char *doc;
} LATENCIES[] = {{"ttft", AT(ttft), "from the request to its first token"},
                 {"tpot", AT(tpot), "per token of a request after the first"},
                 {"e2e", AT(e2e), "from the request to its last token"}},
  PARTS[] = {{"mean", offsetof(clx_serving_latency, mean), "mean"},
             {"p50", offsetof(clx_serving_latency, p50), "median"},
             {"p90", offsetof(clx_serving_latency, p90), "90th percentile"},
             {"p95", offsetof(clx_serving_latency, p95), "95th percentile"},
             {"p99", offsetof(clx_serving_latency, p99), "99th percentile"}};

// One model or tenant over the seeds: outcome[k * stride].
typedef struct part {
  const char *prefix;  // "serving.tenant.chat"
  const clx_serving_outcome *outcome;
  int32_t stride, seeds;
  clx_result *result;
  clx_error *error;
} part;

static double read_at(const part *p, int32_t seed, size_t offset) {
  return *(const double *)((const char *)&p->outcome[seed * p->stride] + offset);
}

static clx_status put_values(const part *p, const char *name, double *value, const char *unit, const char *doc) {
  char full[NAME];
  clx_sort(value, p->seeds);
  snprintf(full, sizeof full, "%s.%s", p->prefix, name);
  return clx_result_add(p->result, full, clx_percentile(value, p->seeds, 0.5), unit, value[0], value[p->seeds - 1], doc,
                        p->error);
}

static clx_status put_member(const part *p, const char *name, size_t offset, const char *unit, const char *doc) {
  double value[SEEDS_MAX];
  for (int32_t k = 0; k < p->seeds; k++) value[k] = read_at(p, k, offset);
  return put_values(p, name, value, unit, doc);
}

// Times that nothing was measured of are left out.
static bool is_known(const part *p, size_t offset) {
  for (int32_t k = 0; k < p->seeds; k++) {
    const clx_serving_outcome *o = &p->outcome[k * p->stride];
    if (((const clx_serving_latency *)((const char *)o + offset))->count == 0) return false;
  }
  return true;
}

static clx_status put_latencies(const part *p) {
  char name[NAME], doc[NAME];
  for (int32_t i = 0; i < CLX_COUNT(LATENCIES); i++) {
    if (!is_known(p, LATENCIES[i].offset)) continue;
    for (int32_t k = 0; k < CLX_COUNT(PARTS); k++) {
      snprintf(name, sizeof name, "%s.%s", LATENCIES[i].name, PARTS[k].name);
      snprintf(doc, sizeof doc, "%s: %s", LATENCIES[i].doc, PARTS[k].doc);
      CLX_TRY(put_member(p, name, LATENCIES[i].offset + PARTS[k].offset, "s", doc));
    }
  }
  if (!is_known(p, AT(tpot))) return CLX_OK;
  return put_member(p, "user", AT(user), "token/s", "that a user sees after the first, median");
}

// Energy and money of an output token, where there are any; money where prices are stated.
static clx_status put_worth(const part *p) {
  double energy[SEEDS_MAX], cost[SEEDS_MAX];
  bool made = true, priced = true;
  for (int32_t k = 0; k < p->seeds; k++) {
    const double output = read_at(p, k, AT(output)), price = read_at(p, k, AT(price));
    made = made && output > 0;
    priced = priced && price > 0;
    energy[k] = read_at(p, k, AT(energy));
    cost[k] = made ? price / output : 0;
  }
  if (!made) return CLX_OK;
  CLX_TRY(put_values(p, "energy", energy, "J/token", "of an output token"));
  if (!priced) return CLX_OK;
  return put_values(p, "cost", cost, "USD/token", "of an output token, at the stated prices of its share of GPUs");
}

static clx_status put_part(const part *p) {
  CLX_TRY(put_latencies(p));
  for (int32_t i = 0; i < CLX_COUNT(MEASURES); i++)
    CLX_TRY(put_member(p, MEASURES[i].name, MEASURES[i].offset, MEASURES[i].unit, MEASURES[i].doc));
  return put_worth(p);
}

static const char *tenant_name(const clx_scenario *s, int32_t i) { return s->serving.tenant[i].name; }
static const char *model_name(const clx_scenario *s, int32_t i) { return s->serving.model[i].model.name; }

// "serving.tenant.chat": the second of a slug gets its number behind it.
static void prefix_of(const clx_scenario *s, const char *kind, const char *(*name)(const clx_scenario *, int32_t),
                      int32_t i, char *prefix, size_t size) {
  char slug[SLUG], other[SLUG];
  bool taken = false;
  clx_result_slug(name(s, i), slug, sizeof slug);
  for (int32_t k = 0; k < i; k++)
    taken = taken || clx_text_equal(clx_result_slug(name(s, k), other, sizeof other), slug);
  if (taken)
    snprintf(prefix, size, "serving.%s.%s_%d", kind, slug, i + 1);
  else
    snprintf(prefix, size, "serving.%s.%s", kind, slug);
}

static clx_status put_kind(const clx_scenario *s, const char *kind, const char *(*name)(const clx_scenario *, int32_t),
                           int32_t count, part p) {
  char prefix[NAME / 2], title[NAME];
  for (int32_t i = 0; i < count; i++) {
    prefix_of(s, kind, name, i, prefix, sizeof prefix);
    p.prefix = prefix;
    snprintf(title, sizeof title, "%s.title", prefix);
    CLX_TRY(clx_result_add_text(p.result, title, name(s, i), p.error));
    if (clx_text_equal(kind, "tenant")) {
      snprintf(title, sizeof title, "%s.model", prefix);
      CLX_TRY(clx_result_add_text(p.result, title, model_name(s, s->serving.tenant[i].model), p.error));
    }
    CLX_TRY(put_part(&p));
    p.outcome++;
  }
  return CLX_OK;
}

clx_status clx_twin_serving_put_parts(const clx_scenario *s, const clx_serving_outcome *outcome, int32_t seeds,
                                      clx_result *result, clx_error *error) {
  const int32_t parts = clx_twin_serving_parts(s), models = s->serving.models > 1 ? s->serving.models : 0;
  part p = {.outcome = outcome, .stride = parts, .seeds = seeds, .result = result, .error = error};
  if (s->serving.tenants > CLX_TWIN_TENANTS_MOST)
    CLX_TRY(clx_result_warn(result, error, "%d tenants: results of each are given for up to %d", s->serving.tenants,
                            CLX_TWIN_TENANTS_MOST));
  if (parts == 0) return CLX_OK;
  CLX_TRY(put_kind(s, "model", model_name, models, p));
  p.outcome += models;
  return put_kind(s, "tenant", tenant_name, parts - models, p);
}
