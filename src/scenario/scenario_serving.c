#include "scenario/scenario_serving.h"

#include <math.h>

#include "scenario/scenario.h"

enum { DRAWN_TO_CHECK = 4096 };  // requests

bool clx_scenario_is_serving(const clx_scenario *s) { return s->serving.stated; }

clx_status clx_scenario_need_serving(const clx_scenario *s, clx_error *error) {
  if (s->serving.stated) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT,
                        "scenario '%s' has no section 'serving': it serves no model; add one (colossus schema, "
                        "docs/model/serving.md)",
                        s->spec.name);
}

// W of one GPU's share of its server beside the GPUs: parts at work, fans.
static double rest_power(const clx_server *server) {
  double power = server->power_fans + (server->part_count == 0 ? server->power_other : 0);
  for (int32_t i = 0; i < server->part_count; i++) power += server->part[i].count * server->part[i].load;
  return power / server->gpus;
}

int32_t clx_serving_domain(const clx_catalog *catalog, const clx_server *server, clx_arena *arena) {
  int32_t most = server->gpus;
  const char *name;
  for (int32_t i = 0; (name = clx_catalog_name(catalog, "rack", i)) != NULL; i++) {
    clx_rack rack;
    if (clx_catalog_read(catalog, "rack", name, (clx_place){0}, &clx_rack_schema, arena, &rack, NULL) == CLX_OK &&
        clx_text_equal(rack.server, server->name) && rack.nvlink_domain > most)
      most = rack.nvlink_domain;
  }
  return most;
}

clx_status clx_serving_network(const clx_catalog *catalog, const clx_server *server, const clx_device *device,
                               double nic, const char *library, const char *transport, clx_place place,
                               clx_arena *arena, clx_network *out, clx_error *error) {
  *out = (clx_network){.device = device,
                       .domain = clx_serving_domain(catalog, server, arena),
                       .nvlink = device->nvlink,
                       .nic = nic,
                       .nic_efficiency = 1};
  CLX_TRY(clx_catalog_read_library(catalog, library, place, arena, &out->library, error));
  return clx_catalog_read_transport(catalog, transport, place, arena, &out->transport, error);
}

// The engine of a pool: its own or the section's, an entry of the catalogue and what a map says instead.
static clx_status read_engine(const clx_scenario *s, const clx_serve_pool_spec *pool, bool unified, clx_arena *arena,
                              clx_engine *out, clx_error *error) {
  const bool own = pool->engine != NULL;
  const char *name = own ? pool->engine : s->spec.serving.engine;
  const clx_node *changes = own ? pool->engine_map : s->spec.serving.engine_map;
  const clx_place place = changes != NULL ? changes->place : pool->place;
  if (!unified)
    return clx_catalog_read_changed(s->catalog, "engine", name, changes, place, &clx_serving_engine_schema, arena, out,
                                    error);
  if (changes == NULL) return CLX_OK;
  return clx_fail(error, CLX_INPUT, place,
                  "'%.200s': engines on unified memory have no settings that could differ, expected a name",
                  changes->path);
}

clx_status clx_scenario_serving_pool(const clx_scenario *s, const clx_serve_pool_spec *pool, clx_arena *arena,
                                     clx_served_pool *out, clx_error *error) {
  CLX_TRY(clx_catalog_read(s->catalog, "server", pool->server, pool->place, &clx_server_schema, arena, &out->server,
                           error));
  CLX_TRY(clx_catalog_read_device(s->catalog, out->server.device, pool->place, arena, &out->device, error));
  const bool unified = clx_device_is_unified(&out->device);
  CLX_TRY(read_engine(s, pool, unified, arena, &out->engine, error));
  const int32_t model = clx_scenario_served_model(s, pool->model);
  CLX_TRY(clx_serving_replica_make(&s->spec.serving, pool, &s->serving.model[model].model, &out->device,
                                   unified ? NULL : &out->engine, &out->replica, error));
  out->replica.model = model;
  const clx_server *server = &out->server;
  CLX_TRY(clx_catalog_read(s->catalog, "link", server->nic, pool->place, &clx_link_schema, arena, &out->nic, error));
  const double nic = out->nic.rate * server->nics / server->gpus;
  out->replica.network = pool->tp * nic;
  if (!unified && pool->pp > 1) {
    out->replica.network *= pool->pp;
    out->replica.kernels.network = &out->network;
    CLX_TRY(clx_serving_network(s->catalog, server, &out->device, nic, s->spec.network.library,
                                s->spec.network.transport, pool->place, arena, &out->network, error));
  }
  // Laws of unified memory are of the wall.
  if (!out->replica.unified) out->replica.rest = out->replica.gpus * rest_power(&out->server);
  return CLX_OK;
}

// Prompts and answers apart need pools of both, of each model.
static clx_status check_roles(const clx_scenario *s, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  for (int32_t m = 0; m < s->serving.models; m++) {
    int32_t count[CLX_ROLES] = {0};
    for (int32_t i = 0; i < spec->pool_count; i++)
      count[spec->pool[i].role] += clx_scenario_served_model(s, spec->pool[i].model) == m;
    if ((count[CLX_ROLE_PREFILL] > 0) == (count[CLX_ROLE_DECODE] > 0)) continue;
    return clx_fail(error, CLX_INPUT, spec->place,
                    "'serving.pools' has %s replicas and none for %s%s%s: expected both, or pools of role whole",
                    count[CLX_ROLE_PREFILL] > 0 ? "prefill" : "decode",
                    count[CLX_ROLE_PREFILL] > 0 ? "decode" : "prefill", s->serving.models > 1 ? " of " : "",
                    s->serving.models > 1 ? s->serving.model[m].key : "");
  }
  return CLX_OK;
}

// s at which the last request comes, where these are not all of those that will be drawn: as far as it is known beforehand.
static double last_arrival(const clx_scenario *s, const clx_requests *requests) {
  const double own = requests->count > 0 ? requests->item[requests->count - 1].arrival : 0;
  return clx_scenario_serving_count(s) > DRAWN_TO_CHECK ? fmax(own, clx_scenario_serving_span(s)) : own;
}

static clx_status check_warmup(const clx_scenario *s, const clx_requests *requests, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  const double last = last_arrival(s, requests);
  if (spec->clients > 0 || spec->warmup <= last) return CLX_OK;
  return clx_fail(error, CLX_INPUT, spec->place,
                  "'serving.warmup' is %.4g s and the last request comes at %.4g s: none is counted; expected a "
                  "shorter warm-up or a longer 'serving.requests'",
                  spec->warmup, last);
}

clx_status clx_scenario_check_context(const clx_serve_spec *spec, const clx_served_tenant *tenant, int32_t number,
                                      const clx_transformer *model, const clx_requests *requests, clx_error *error) {
  const int64_t most = spec->context > 0 ? spec->context : model->context;
  for (int32_t i = 0; i < requests->count && most > 0; i++) {
    const clx_request *q = &requests->item[i];
    if ((tenant != NULL && tenant[q->tenant].model != number) || (int64_t)q->prompt + q->output <= most) continue;
    return clx_fail(error, CLX_INPUT, clx_scenario_requests_place(spec),
                    "request %d of %d prompt and %d output tokens is longer than the context of %s, %lld tokens%s; "
                    "expected shorter ones (lengths.prompt.most, prefix.context), or 'serving.context'",
                    i + 1, q->prompt, q->output, model->name, (long long)most,
                    spec->context > 0 ? " by 'serving.context'" : "");
  }
  return CLX_OK;
}

clx_place clx_scenario_requests_place(const clx_serve_spec *spec) {
  return spec->requests.place.file != NULL ? spec->requests.place : spec->place;
}

static clx_status check_names(const clx_scenario *s, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  for (int32_t i = 0; i < spec->pool_count; i++) {
    for (int32_t k = 0; k < i; k++) {
      if (clx_text_equal(spec->pool[i].name, spec->pool[k].name))
        return clx_fail(error, CLX_INPUT, spec->pool[i].place, "two pools are named '%.60s': expected a name for each",
                        spec->pool[i].name);
    }
  }
  return CLX_OK;
}

// Made once for their mistakes, the first of them where they are drawn.
static clx_status check_requests(clx_scenario *s, clx_error *error) {
  clx_requests requests;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail(error, CLX_MEMORY, s->spec.serving.place, "out of memory");
  clx_status status = clx_scenario_serving_requests(s, 1, DRAWN_TO_CHECK, arena, &requests, error);
  if (status == CLX_OK) status = check_warmup(s, &requests, error);
  if (status == CLX_OK) status = clx_scenario_read_tenants(s, &requests, error);
  const clx_serving_entries *e = &s->serving;
  for (int32_t m = 0; status == CLX_OK && m < e->models; m++)
    status = clx_scenario_check_context(&s->spec.serving, e->tenants > 0 ? e->tenant : NULL, m, &e->model[m].model,
                                        &requests, error);
  clx_arena_free(arena);
  return status;
}

static clx_status compile_pools(clx_scenario *s, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  clx_serving_entries *e = &s->serving;
  clx_status first = CLX_OK;
  CLX_TRY(check_roles(s, error));
  CLX_TRY(check_names(s, error));
  CLX_TRY(clx_scenario_check_serving_changes(s, error));
  e->pools = spec->pool_count;
  e->pool = CLX_NEW_ARRAY(s->arena, clx_served_pool, spec->pool_count + 1);
  if (e->pool == NULL) return clx_fail(error, CLX_MEMORY, spec->place, "out of memory");
  for (int32_t i = 0; i < e->pools; i++) {
    const clx_status one = clx_scenario_serving_pool(s, &spec->pool[i], s->arena, &e->pool[i], error);
    if (first == CLX_OK) first = one;
  }
  return first;
}

clx_status clx_scenario_compile_serving(clx_scenario *s, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  clx_serving_entries *e = &s->serving;
  e->stated = spec->place.file != NULL;
  if (!e->stated) return CLX_OK;
  CLX_TRY(clx_scenario_read_served_models(s, error));
  if (spec->pool_count == 0 && spec->plan.candidate_count == 0)
    return clx_fail(error, CLX_INPUT, spec->place,
                    "'serving' has neither pools nor plan.candidates: expected replicas, as pools: [{name: a, server: "
                    "dgx_h100, tp: 8}]");
  const clx_status pools = compile_pools(s, s->open ? NULL : error), requests = check_requests(s, error);
  if (pools == CLX_OK || pools == CLX_MEMORY) return pools == CLX_OK ? requests : pools;
  e->pools = 0;
  return s->open ? requests : pools;
}
