// Who asks a service, and what: models and tenants of the section `serving`.
#include <math.h>

#include "scenario/scenario.h"
#include "scenario/scenario_serving.h"

static clx_status no_memory(const clx_scenario *s, clx_error *error) {
  return clx_fail(error, CLX_MEMORY, s->spec.serving.place, "out of memory");
}

// --- models ---------------------------------------------------------------------------------------------------------------

int32_t clx_scenario_served_model(const clx_scenario *s, const char *key) {
  for (int32_t m = 0; key != NULL && m < s->serving.models; m++) {
    if (clx_text_equal(key, s->serving.model[m].key)) return m;
  }
  return 0;
}

// Reads a model unless it is known already.
static clx_status add_model(clx_scenario *s, const char *key, clx_place place, clx_error *error) {
  clx_serving_entries *e = &s->serving;
  for (int32_t m = 0; m < e->models; m++) {
    if (key == NULL || clx_text_equal(key, e->model[m].key)) return CLX_OK;
  }
  e->model[e->models].key = key;
  CLX_TRY(clx_scenario_read_model(s->catalog, key, s->folder, place, s->arena, &e->model[e->models].model, error));
  clx_error own;
  clx_error_clear(&own);
  if (clx_serving_check_model(&e->model[e->models].model, &own) != CLX_OK)
    return clx_fail(error, CLX_INPUT, place, "'serving.model': %s", own.mistake[0].text);
  e->models++;
  return CLX_OK;
}

clx_status clx_scenario_read_served_models(clx_scenario *s, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  s->serving.models = 0;
  s->serving.model = CLX_NEW_ARRAY(s->arena, clx_served_model, spec->pool_count + spec->tenant_count + 2);
  if (s->serving.model == NULL) return no_memory(s, error);
  CLX_TRY(add_model(s, spec->model, spec->place, error));
  for (int32_t i = 0; i < spec->pool_count; i++) CLX_TRY(add_model(s, spec->pool[i].model, spec->pool[i].place, error));
  for (int32_t i = 0; i < spec->tenant_count; i++)
    CLX_TRY(add_model(s, spec->tenant[i].model, spec->tenant[i].place, error));
  return add_model(s, spec->plan.model, spec->plan.place, error);
}

// --- requests -------------------------------------------------------------------------------------------------------------

static bool brings_requests(const clx_serve_spec *spec) {
  bool brought = false;
  for (int32_t i = 0; i < spec->tenant_count; i++) brought = brought || clx_is_stated(spec->tenant[i].requests.place);
  return brought;
}

// Requests that tenants bring have no others beside them where the section's own state nothing that asks.
static bool section_asks(const clx_serve_spec *spec) {
  const clx_requests_spec *r = &spec->requests;
  return !brings_requests(spec) || r->trace != NULL || clx_is_stated(r->arrivals.place) ||
         clx_is_stated(r->lengths.place) || clx_is_stated(r->prefix.place) || r->tenant_count > 0 || r->count > 0;
}

// How many a specification draws, in the mean; 0 of a trace.
static double drawn_by(const clx_requests_spec *r) {
  const bool timed = r->duration > 0 && r->arrivals.rate > 0 && r->arrivals.kind != CLX_ARRIVAL_AT_ONCE;
  if (r->trace != NULL) return 0;
  return fmin(timed ? r->arrivals.rate * r->duration : INFINITY, r->count > 0 ? (double)r->count : INFINITY);
}

static double span_of(const clx_requests_spec *r) {
  return r->trace == NULL && r->arrivals.rate > 0 && r->arrivals.kind != CLX_ARRIVAL_AT_ONCE
             ? drawn_by(r) / r->arrivals.rate
             : 0;
}

// What a tenant states, or the section with NULL; without an end of its own the section's.
static clx_requests_spec stated_by(const clx_scenario *s, const clx_serve_tenant_spec *t) {
  clx_requests_spec spec = t != NULL ? t->requests : s->spec.serving.requests;
  if (spec.count == 0 && !(spec.duration > 0)) spec.duration = s->spec.serving.requests.duration;
  return spec;
}

// Sums or the most of a figure over all who bring requests.
static void over_parts(const clx_scenario *s, double (*figure)(const clx_requests_spec *), double *sum, double *most) {
  const clx_serve_spec *spec = &s->spec.serving;
  *sum = *most = section_asks(spec) ? figure(&spec->requests) : 0;
  for (int32_t i = 0; i < spec->tenant_count; i++) {
    if (!clx_is_stated(spec->tenant[i].requests.place)) continue;
    const clx_requests_spec own = stated_by(s, &spec->tenant[i]);
    *sum += figure(&own);
    *most = fmax(*most, figure(&own));
  }
}

double clx_scenario_serving_count(const clx_scenario *s) {
  double sum, most;
  over_parts(s, drawn_by, &sum, &most);
  return sum;
}

double clx_scenario_serving_span(const clx_scenario *s) {
  double sum, most;
  over_parts(s, span_of, &sum, &most);
  return most;
}

static void set_pace(clx_requests_spec *r, const clx_serving_pace *pace) {
  if (r->trace == NULL || clx_is_stated(r->arrivals.place)) {
    r->arrivals.rate *= pace->speed;
  } else if (r->rate > 0) {
    r->rate *= pace->speed;
  } else {
    r->speed *= pace->speed;
  }
  r->count = 0;
  r->duration = pace->duration;
}

// Another stream of chance for each name: a tenant's requests stay as they are when others come or go. FNV-1a.
static int64_t seed_of(const char *name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char *c = name; *c != '\0'; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
  return (int64_t)(hash >> 24);
}

typedef struct making {
  const clx_scenario *s;
  int64_t seed;  // that is added
  const clx_serving_pace *pace;
  double part;  // of those that are drawn; 1 = all
  clx_arena *arena;
  clx_requests *trace;
  const char **name;
  int32_t count;
} making;

static clx_status make_part(making *m, const clx_serve_tenant_spec *tenant, clx_error *error) {
  const char *name = tenant != NULL ? tenant->name : NULL;
  clx_requests_spec spec = stated_by(m->s, tenant);
  spec.seed += m->seed + (name != NULL ? seed_of(name) : 0);
  if (m->pace != NULL) set_pace(&spec, m->pace);
  if (m->part < 1 && spec.trace == NULL) spec.count = (int64_t)ceil(drawn_by(&spec) * m->part);
  m->name[m->count] = name != NULL ? name : "others";
  return clx_requests_make(&spec, m->s->folder, m->arena, &m->trace[m->count++], NULL, error);
}

static clx_status make_all(making *m, clx_requests *out, clx_error *error) {
  const clx_serve_spec *spec = &m->s->spec.serving;
  m->trace = CLX_NEW_ARRAY(m->arena, clx_requests, spec->tenant_count + 1);
  m->name = CLX_NEW_ARRAY(m->arena, const char *, spec->tenant_count + 1);
  if (m->trace == NULL || m->name == NULL) return no_memory(m->s, error);
  if (section_asks(spec) && !clx_is_stated(spec->requests.place))
    return clx_fail(error, CLX_INPUT, spec->place,
                    "'serving.requests' is missing: what users ask, and when (colossus schema requests)");
  if (section_asks(spec)) CLX_TRY(make_part(m, NULL, error));
  for (int32_t i = 0; i < spec->tenant_count; i++) {
    if (clx_is_stated(spec->tenant[i].requests.place)) CLX_TRY(make_part(m, &spec->tenant[i], error));
  }
  *out = m->trace[0];
  if (m->count == 1 && section_asks(spec)) return CLX_OK;
  clx_error own;
  clx_error_clear(&own);
  const clx_status status = clx_requests_merge(m->trace, m->name, m->count, m->arena, out, &own);
  if (status == CLX_OK) return CLX_OK;
  return clx_fail(error, status, spec->place, "'serving.tenants': %s", own.mistake[0].text);
}

clx_status clx_scenario_serving_paced(const clx_scenario *s, uint64_t seed, const clx_serving_pace *pace,
                                      clx_arena *arena, clx_requests *out, clx_error *error) {
  making m = {.s = s, .seed = (int64_t)(seed - 1), .pace = pace, .part = 1, .arena = arena};
  return make_all(&m, out, error);
}

clx_status clx_scenario_serving_requests(const clx_scenario *s, uint64_t seed, int64_t most, clx_arena *arena,
                                         clx_requests *out, clx_error *error) {
  const double count = clx_scenario_serving_count(s);
  const double part = most > 0 && isfinite(count) && count > (double)most ? (double)most / count : 1;
  making m = {.s = s, .seed = (int64_t)(seed - 1), .part = part, .arena = arena};
  return make_all(&m, out, error);
}

// --- tenants --------------------------------------------------------------------------------------------------------------

static const clx_serve_tenant_spec *find_spec(const clx_serve_spec *spec, const char *name) {
  for (int32_t i = 0; i < spec->tenant_count; i++) {
    if (clx_text_equal(spec->tenant[i].name, name)) return &spec->tenant[i];
  }
  return NULL;
}

static clx_status unknown_tenant(const clx_serve_tenant_spec *t, const clx_requests *requests, clx_error *error) {
  const char *near =
      requests->tenant_name != NULL ? clx_nearest(t->name, requests->tenant_name, requests->tenants) : NULL;
  return clx_fail(error, CLX_INPUT, t->place,
                  "tenant '%.60s' states no requests and is none of 'serving.requests'%s%.60s%s", t->name,
                  near != NULL ? "; did you mean '" : ": expected requests of its own, or its name there",
                  near != NULL ? near : "", near != NULL ? "'?" : "");
}

// Each name once: among those stated, and between those that bring requests and those of the section.
static clx_status check_names(const clx_serve_spec *spec, const clx_requests *requests, clx_error *error) {
  for (int32_t i = 0; i < spec->tenant_count; i++) {
    const clx_serve_tenant_spec *t = &spec->tenant[i];
    int32_t count = 0;
    for (int32_t k = 0; requests->tenant_name != NULL && k < requests->tenants; k++)
      count += clx_text_equal(requests->tenant_name[k], t->name);
    if (count == 0) return unknown_tenant(t, requests, error);
    if (count > 1 || find_spec(spec, t->name) != t)
      return clx_fail(error, CLX_INPUT, t->place, "two tenants are named '%.60s': expected a name for each", t->name);
  }
  return CLX_OK;
}

// Every model that is asked for has replicas, or is planned for; every pool is asked.
static clx_status check_models(const clx_scenario *s, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  const clx_serving_entries *e = &s->serving;
  for (int32_t m = 0; m < e->models; m++) {
    const clx_serve_pool_spec *pool = NULL;
    const clx_served_tenant *asks = NULL;
    for (int32_t i = 0; i < spec->pool_count; i++)
      if (clx_scenario_served_model(s, spec->pool[i].model) == m) pool = &spec->pool[i];
    for (int32_t i = 0; i < e->tenants; i++)
      if (e->tenant[i].model == m) asks = &e->tenant[i];
    const bool asked = asks != NULL || (e->tenants == 0 && m == 0);
    if (asked && pool == NULL && spec->pool_count > 0)
      return clx_fail(error, CLX_INPUT, spec->place, "tenant '%.60s' asks for %.60s, which no pool serves",
                      asks != NULL ? asks->name : "of all requests", e->model[m].key);
    if (!asked && pool != NULL)
      return clx_fail(error, CLX_INPUT, pool->place, "pool '%.60s' serves %.60s, which no tenant asks for", pool->name,
                      e->model[m].key);
    if (!asked && spec->plan.candidate_count > 0 && clx_scenario_served_model(s, spec->plan.model) == m)
      return clx_fail(error, CLX_INPUT, spec->plan.place, "the plan is for %.60s, which no tenant asks for",
                      e->model[m].key);
  }
  return CLX_OK;
}

clx_status clx_scenario_read_tenants(clx_scenario *s, const clx_requests *requests, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  clx_serving_entries *e = &s->serving;
  CLX_TRY(check_names(spec, requests, error));
  if (spec->clients > 0 && brings_requests(spec))
    return clx_fail(
        error, CLX_INPUT, spec->place,
        "'serving.clients' ask the requests of 'serving.requests' in turn: expected tenants there, not with "
        "requests of their own");
  e->tenants = requests->tenant_name != NULL ? requests->tenants : 0;
  e->tenant = CLX_NEW_ARRAY(s->arena, clx_served_tenant, e->tenants + 1);
  if (e->tenant == NULL) return no_memory(s, error);
  for (int32_t i = 0; i < e->tenants; i++) {
    const clx_serve_tenant_spec *t = find_spec(spec, requests->tenant_name[i]);
    e->tenant[i] = (clx_served_tenant){.name = clx_arena_text(s->arena, requests->tenant_name[i]), .slo = spec->slo};
    if (e->tenant[i].name == NULL) return no_memory(s, error);
    if (t == NULL) continue;
    e->tenant[i].model = clx_scenario_served_model(s, t->model);
    e->tenant[i].priority = t->priority;
    if (clx_is_stated(t->slo.place)) e->tenant[i].slo = t->slo;
  }
  return check_models(s, error);
}
