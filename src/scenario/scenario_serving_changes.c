// What happens to the replicas of a service: whether the section says it whole, and how often replicas fail by their servers.
#include <math.h>

#include "scenario/scenario.h"

// --- mistakes -------------------------------------------------------------------------------------------------------------

// A pool by its name; the only one where none is said. -1: a mistake, told.
static int32_t find_pool(const clx_serve_spec *spec, const char *name, const char *key, clx_place place,
                         clx_error *error) {
  const char *names[64];
  int32_t count = 0;
  if (name == NULL && spec->pool_count == 1) return 0;
  for (int32_t i = 0; i < spec->pool_count; i++) {
    if (name != NULL && clx_text_equal(name, spec->pool[i].name)) return i;
    if (count < CLX_COUNT(names)) names[count++] = spec->pool[i].name;
  }
  const char *near = name != NULL ? clx_nearest(name, names, count) : NULL;
  if (name == NULL)
    clx_fail(error, CLX_INPUT, place, "'%s': 'pool' is missing: expected which of the %d pools", key, spec->pool_count);
  else if (near != NULL)
    clx_fail(error, CLX_INPUT, place, "'%s': no pool is named '%.60s'; did you mean '%s'?", key, name, near);
  else
    clx_fail(error, CLX_INPUT, place, "'%s': no pool is named '%.60s'", key, name);
  return -1;
}

static clx_status check_stated(const clx_serve_spec *spec, clx_error *error) {
  for (int32_t i = 0; i < spec->outages.stated_count; i++) {
    const clx_serve_outage_spec *o = &spec->outages.stated[i];
    const int32_t pool = find_pool(spec, o->pool, "serving.outages.stated", o->place, error);
    if (pool < 0) return CLX_INPUT;
    if (o->replica >= spec->pool[pool].replicas)
      return clx_fail(error, CLX_INPUT, o->place,
                      "'serving.outages.stated': pool '%.40s' has no replica %d: expected 0 to %d",
                      spec->pool[pool].name, o->replica, spec->pool[pool].replicas - 1);
  }
  return CLX_OK;
}

static clx_status check_outages(const clx_scenario *s, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  const clx_serve_outages_spec *o = &spec->outages;
  if (o->place.file == NULL) return CLX_OK;
  for (int32_t i = 0; i < spec->pool_count; i++) {
    if (spec->pool[i].role != CLX_ROLE_WHOLE)
      return clx_fail(
          error, CLX_INPUT, o->place,
          "'serving.outages': pool '%.40s' has prompts or answers alone, and what becomes of keys and values "
          "on their way is not modelled; expected pools of role whole",
          spec->pool[i].name);
  }
  if (o->reliability && o->mtbf > 0)
    return clx_fail(error, CLX_INPUT, o->place,
                    "'serving.outages' states both 'mtbf' and 'reliability': expected one of them");
  if (o->reliability && s->spec.reliability.failures == NULL)
    return clx_fail(error, CLX_INPUT, o->place,
                    "'serving.outages.reliability' needs a section 'reliability', such as reliability: {failures: "
                    "llama3-h100}");
  return check_stated(spec, error);
}

static clx_status check_autoscale(const clx_serve_spec *spec, clx_error *error) {
  int32_t pool[64];
  for (int32_t i = 0; i < spec->autoscale_count; i++) {
    const clx_serve_autoscale_spec *a = &spec->autoscale[i];
    const int32_t at = find_pool(spec, a->pool, "serving.autoscale", a->place, error);
    if (at < 0) return CLX_INPUT;
    for (int32_t k = 0; k < i && k < CLX_COUNT(pool); k++) {
      if (pool[k] == at)
        return clx_fail(error, CLX_INPUT, a->place, "'serving.autoscale' has two items for pool '%.40s'",
                        spec->pool[at].name);
    }
    if (i < CLX_COUNT(pool)) pool[i] = at;
    const int32_t initial = a->initial > 0 ? a->initial : a->least;
    if (a->least > spec->pool[at].replicas || initial < a->least || initial > spec->pool[at].replicas)
      return clx_fail(
          error, CLX_INPUT, a->place,
          "'serving.autoscale': %d replicas at least and %d at first of pool '%.40s', which has %d: expected "
          "least <= initial <= replicas",
          a->least, initial, spec->pool[at].name, spec->pool[at].replicas);
  }
  return CLX_OK;
}

clx_status clx_scenario_check_serving_changes(const clx_scenario *s, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  const bool starts = spec->autoscale_count > 0 || spec->outages.reliability || spec->outages.mtbf > 0;
  CLX_TRY(check_outages(s, error));
  CLX_TRY(check_autoscale(spec, error));
  if (!starts || spec->start.bandwidth > 0) return CLX_OK;
  return clx_fail(
      error, CLX_INPUT, spec->start.place.file != NULL ? spec->start.place : spec->place,
      "'serving.start.bandwidth' is missing: replicas that start load their weights; expected the rate into "
      "one server, as start: {bandwidth: 10 GB/s}");
}

// --- starts and failures --------------------------------------------------------------------------------------------------

int32_t clx_scenario_serving_pool_at(const clx_scenario *s, const char *name) {
  const clx_serve_spec *spec = &s->spec.serving;
  for (int32_t i = 0; name != NULL && i < spec->pool_count; i++)
    if (clx_text_equal(name, spec->pool[i].name)) return i;
  return 0;
}

double clx_scenario_serving_start(const clx_scenario *s, int32_t pool) {
  const clx_served_pool *p = &s->serving.pool[pool];
  const clx_serve_start_spec *start = &s->spec.serving.start;
  const double gpus = fmin(p->replica.gpus, p->server.gpus);  // the servers of a replica load side by side
  const double bytes = gpus * p->replica.room.weights;
  return start->boot + (start->bandwidth > 0 ? bytes / start->bandwidth : 0);
}

// Servers of the pool as the reliability domain wants them told. Switches, racks, rows and the site belong to the machine: none of them.
static clx_reliability_site_cohort servers_of(const clx_served_pool *pool) {
  const clx_server *server = &pool->server;
  clx_reliability_site_cohort site = {.name = server->name, .servers = 1, .gpus = server->gpus};
  site.servers_per_domain = site.servers_per_rack = site.servers_per_leaf = site.servers_per_row = 1;
  site.parts[CLX_PART_GPU] = server->gpus;
  site.parts[CLX_PART_SERVER] = 1;
  site.parts[CLX_PART_NIC] = site.parts[CLX_PART_LINK] = site.parts[CLX_PART_OPTIC] = server->nics + server->extra_nics;
  return site;
}

// Failures of one server: of hardware, which take all replicas on it with them, or of processes, each of which is one replica's.
static clx_status add_classes(const clx_scenario *s, int32_t pool, clx_arena *arena, clx_outage_law *law,
                              clx_error *error) {
  const clx_served_pool *p = &s->serving.pool[pool];
  const clx_reliability_site_cohort site = servers_of(p);
  const double start = clx_scenario_serving_start(s, pool), repair = s->spec.serving.outages.repair;
  const double servers = fmax(1, ceil((double)p->replica.gpus / p->server.gpus));  // of a replica
  clx_failure_class *f = NULL;
  int32_t count = 0;
  CLX_TRY(clx_reliability_compile_failures(&s->spec.reliability, &s->failures, &site, arena, &f, &count, error));
  clx_outage_cause *server = CLX_NEW_ARRAY(arena, clx_outage_cause, 2 * count + 1),
                   *own = CLX_NEW_ARRAY(arena, clx_outage_cause, count + 1);
  if (server == NULL || own == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < count; i++) {
    const double rate = f[i].slow > 1 ? 0 : f[i].hazard.rate * f[i].stops * f[i].parts[0];
    const double down = f[i].detect + f[i].localise + start;
    if (f[i].keeps_units) {
      own[law->own_count++] = (clx_outage_cause){rate * p->replica.gpus / p->server.gpus, down, 0};
    } else {
      server[law->server_count++] = (clx_outage_cause){servers * rate * f[i].transient, down, 0};
      server[law->server_count++] = (clx_outage_cause){servers * rate * (1 - f[i].transient), down, repair};
    }
  }
  law->server = server;
  law->own = own;
  return CLX_OK;
}

clx_status clx_scenario_outage_law(const clx_scenario *s, int32_t pool, clx_arena *arena, clx_outage_law *out,
                                   clx_error *error) {
  const clx_served_pool *p = &s->serving.pool[pool];
  const clx_serve_outages_spec *spec = &s->spec.serving.outages;
  const int32_t together = p->server.gpus / p->replica.gpus;
  *out = (clx_outage_law){.replicas = p->replica.replicas, .together = together > 1 ? together : 1};
  for (int32_t i = 0; i < pool; i++) out->first += s->serving.pool[i].replica.replicas;
  if (spec->reliability) return add_classes(s, pool, arena, out, error);
  if (!(spec->mtbf > 0)) return CLX_OK;
  clx_outage_cause *cause = CLX_NEW(arena, clx_outage_cause);
  if (cause == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *cause = (clx_outage_cause){1 / spec->mtbf, clx_scenario_serving_start(s, pool), spec->repair};
  out->own = cause;
  out->own_count = 1;
  return CLX_OK;
}
