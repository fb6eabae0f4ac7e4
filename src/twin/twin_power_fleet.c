// From GPUs to the plugs of servers and racks, cohort by cohort, and the chain of the site above all of them.
#include <math.h>
#include <string.h>

#include "machine/machine_power.h"
#include "twin/twin_power.h"

static double training_gpus(const clx_machine *m) {
  double gpus = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) gpus += m->cohort[i].trains ? (double)m->cohort[i].gpus : 0;
  return gpus;
}

// Load behind the supplies of all servers, W.
static double load_of(const clx_twin_cohort *c, double working, double busy) {
  const clx_cohort *h = c->cohort;
  const double at_work = working > 0 ? clx_server_power(&h->server, &h->device, busy) : 0;
  const double idle = working < 1 ? clx_server_power(&h->server, &h->device, h->device.idle_power) : 0;
  return (double)h->servers * (working * at_work + (1 - working) * idle);
}

double clx_twin_cohort_power(const clx_twin_cohort *c, double working, double busy) {
  return clx_chain_top(&c->own, load_of(c, working, busy), c->extra);
}

double clx_twin_cohort_loss(const clx_twin_cohort *c, double working, double busy) {
  return clx_chain_pass(&c->own, load_of(c, working, busy), c->extra).loss;
}

double clx_twin_cohort_peak(const clx_twin_cohort *c) {
  const clx_cohort *h = c->cohort;
  return clx_chain_top(&c->own, (double)h->servers * clx_server_power_most(&h->server, &h->device, c->limit), c->extra);
}

// Cohort i alone on the chain: its levels up to the plug.
static clx_status make_cohort(clx_twin_power_case *c, int32_t i, clx_error *error) {
  const clx_scenario *s = c->scenario;
  const clx_cohort *h = &s->machine.cohort[i];
  clx_twin_cohort *t = &c->fleet[i];
  const double cap = h->trains ? c->job.power_cap : 0;
  *t = (clx_twin_cohort){.cohort = h, .limit = cap > 0 ? fmin(cap, h->device.tdp) : h->device.tdp};
  t->working = h->trains ? fmin(1, clx_layout_ranks(&c->job.layout) / training_gpus(&s->machine)) : 0;
  const clx_chain_fleet fleet = clx_cohort_chain_fleet(h);
  CLX_TRY(clx_chain_compile(&s->power.chain, &fleet, s->spec.power.place, &t->own, error));
  if (t->own.rack < t->own.plug) {
    t->extra[t->own.rack] = (double)h->racks * clx_rack_power_other(&h->rack);
  } else {  // parts of the rack behind no supply of its own
    t->extra[t->own.plug > 0 ? t->own.plug - 1 : 0] = (double)h->racks * clx_rack_power_other(&h->rack);
  }
  t->own.count = t->own.plug;
  return CLX_OK;
}

// All cohorts on the levels above their plugs.
static clx_status make_site(clx_twin_power_case *c, clx_error *error) {
  const clx_scenario *s = c->scenario;
  clx_chain_fleet all = {0};
  double it = 0;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_cohort *h = c->fleet[i].cohort;
    all.servers += (double)h->servers;
    all.racks += (double)h->racks;
    it += clx_twin_cohort_peak(&c->fleet[i]);
  }
  all.server_load = (it + c->network + c->storage) / all.servers;
  CLX_TRY(clx_chain_compile(&s->power.chain, &all, s->spec.power.place, &c->chain, error));
  const int32_t plug = c->fleet[0].own.plug;
  c->chain.count -= plug;
  memmove(c->chain.level, c->chain.level + plug, (size_t)c->chain.count * sizeof *c->chain.level);
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
  for (int32_t i = 0; i < c->fleet_count; i++) CLX_TRY(make_cohort(c, i, error));
  return make_site(c, error);
}
