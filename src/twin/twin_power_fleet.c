// From GPUs to the plugs of servers and racks, cohort by cohort, and the chain of the site above all of them.
#include <math.h>

#include "twin/twin_power.h"

static double training_gpus(const clx_machine *m) {
  double gpus = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) gpus += m->cohort[i].trains ? (double)m->cohort[i].gpus : 0;
  return gpus;
}

// Of one server, its part of the rack included.
static clx_machine_draw per_server(const clx_twin_cohort *c, clx_machine_draw rack) {
  const double servers = c->cohort.rack.servers;
  return (clx_machine_draw){.gpus = rack.gpus / servers,
                            .parts = rack.parts / servers,
                            .fans = rack.fans / servers,
                            .dc = rack.dc / servers,
                            .loss = rack.loss / servers,
                            .in = rack.in / servers};
}

clx_machine_draw clx_twin_server_power(const clx_twin_cohort *c, double gpu, double mean, bool busy) {
  if (!busy) return per_server(c, clx_rack_power_steady(&c->cohort, gpu, mean, 0));  // a chip at rest is cold
  const double hot = fmax(gpu, fmin(gpu + c->leak, c->board)), steady = fmax(mean, fmin(mean + c->leak, c->board));
  return per_server(c, clx_rack_power_steady(&c->cohort, c->leak > 0 ? hot : gpu + c->leak,
                                             c->leak > 0 ? steady : mean + c->leak, 1));
}

clx_machine_draw clx_twin_cohort_power(const clx_twin_cohort *c, double gpu, double mean, bool busy) {
  const double idle = c->cohort.device.idle_power, servers = (double)c->cohort.servers;
  const double share[2] = {c->working, 1 - c->working};
  clx_machine_draw sum = {0};
  for (int32_t i = 0; i < 2; i++) {
    if (share[i] <= 0) continue;
    const clx_machine_draw one =
        i == 0 ? clx_twin_server_power(c, gpu, mean, busy) : clx_twin_server_power(c, idle, idle, false);
    sum.gpus += servers * share[i] * one.gpus;
    sum.parts += servers * share[i] * one.parts;
    sum.fans += servers * share[i] * one.fans;
    sum.dc += servers * share[i] * one.dc;
    sum.loss += servers * share[i] * one.loss;
    sum.in += servers * share[i] * one.in;
  }
  return sum;
}

double clx_twin_cohort_idle(const clx_twin_cohort *c) {
  const double idle = c->cohort.device.idle_power;
  return (double)c->cohort.servers * clx_twin_server_power(c, idle, idle, false).in;
}

double clx_twin_cohort_peak(const clx_twin_cohort *c) {
  return (double)c->cohort.servers * clx_twin_server_power(c, c->limit, c->limit, true).in;
}

// A chain that states supplies of its own replaces those of racks and servers.
static bool replaces_supplies(const clx_chain_spec *chain) {
  for (int32_t i = 0; i < chain->level_count; i++) {
    const clx_conversion *e = chain->level[i].equipment;
    if (e != NULL && (e->kind == CLX_CONVERSION_PSU || e->kind == CLX_CONVERSION_SHELF)) return true;
  }
  return false;
}

static void make_cohort(clx_twin_power_case *c, int32_t i) {
  const clx_scenario *s = c->scenario;
  clx_twin_cohort *t = &c->fleet[i];
  *t = (clx_twin_cohort){.cohort = s->machine.cohort[i], .leak = t->leak};
  const double cap = t->cohort.trains ? c->job.power_cap : 0, tdp = t->cohort.device.tdp;
  t->board = cap > 0 ? fmin(cap, tdp) : tdp;
  t->limit = t->cohort.trains ? t->board - fmax(0, t->cohort.device.leak) : tdp;
  t->working = t->cohort.trains ? fmin(1, clx_layout_ranks(&c->job.layout) / training_gpus(&s->machine)) : 0;
  if (replaces_supplies(&s->power.chain)) t->cohort.server_supply = t->cohort.rack_supply = NULL;
}

// Supplies of servers and racks are counted with these, each cohort with its own.
static void drop_own(clx_chain *chain) {
  int32_t kept = 0, cooling = 0;
  for (int32_t i = 0; i < chain->count; i++) {
    const clx_chain_level *level = &chain->level[i];
    if (i == chain->cooling) cooling = kept;
    if (level->conversion == NULL && !(level->static_load > 0)) continue;
    chain->level[kept++] = *level;
  }
  chain->cooling = chain->cooling < chain->count ? cooling : kept;
  chain->count = kept;
  chain->plug = chain->rack = 0;
}

// All cohorts on one chain, sized by what they draw at most without a cap.
static clx_status make_site(clx_twin_power_case *c, clx_error *error) {
  const clx_scenario *s = c->scenario;
  clx_chain_fleet all = {0};
  double uncapped = c->network + c->storage;
  c->it_peak = uncapped;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_cohort *h = &c->fleet[i].cohort;
    const double tdp = h->device.tdp;
    all.servers += (double)h->servers;
    all.racks += (double)h->racks;
    uncapped += (double)h->servers * clx_twin_server_power(&c->fleet[i], tdp, tdp, true).in;
    c->it_peak += clx_twin_cohort_peak(&c->fleet[i]);
  }
  all.server_load = uncapped / all.servers;
  CLX_TRY(clx_chain_compile(&s->power.chain, &all, s->spec.power.place, &c->chain, error));
  drop_own(&c->chain);
  return CLX_OK;
}

clx_status clx_twin_power_fleet(clx_twin_power_case *c, clx_error *error) {
  const clx_scenario *s = c->scenario;
  const bool all = s->spec.power.scope == CLX_POWER_SCOPE_ALL;
  c->network = all ? s->machine.fabric.bill.power : 0;
  c->storage = all ? s->spec.power.storage : 0;
  c->fleet_count = s->machine.cohort_count;
  if (c->fleet == NULL) c->fleet = CLX_NEW_ARRAY(c->arena, clx_twin_cohort, c->fleet_count);
  if (c->fleet == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < c->fleet_count; i++) make_cohort(c, i);
  return make_site(c, error);
}
