// Which servers the training job and the jobs beside it get, and what that costs the collectives of the training job.
#include <math.h>

#include "scenario/scenario.h"

// The cohort of a server.
static const clx_cohort *cohort_of(const clx_machine *machine, int64_t server) {
  int32_t i = 0;
  while (i + 1 < machine->cohort_count && server >= machine->cohort[i].servers) server -= machine->cohort[i++].servers;
  return &machine->cohort[i];
}

typedef struct claim {
  const char *name;
  int64_t gpus;
  const clx_placement *placement;
  bool trains;  // takes servers that train only
  clx_place place;
} claim;

// Free servers in the order of a placement until they hold the GPUs asked for.
static clx_status claim_servers(const clx_scenario *s, const claim *c, uint64_t seed, clx_arena *arena, bool *taken,
                                clx_fabric_traffic *traffic, clx_error *error) {
  const clx_fabric *fabric = &s->machine.fabric;
  const int64_t servers = fabric->servers;
  int32_t *order, *mine = CLX_NEW_ARRAY(arena, int32_t, servers);
  if (mine == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_fabric_place(arena, fabric, c->placement, &servers, 1, seed, &order, error));
  int64_t gpus = 0;
  traffic->server = mine;
  traffic->nodes = 0;
  for (int64_t i = 0; i < servers && gpus < c->gpus; i++) {
    const clx_cohort *cohort = cohort_of(&s->machine, order[i]);
    if (taken[order[i]] || (c->trains && !cohort->trains)) continue;
    taken[order[i]] = true;
    mine[traffic->nodes++] = order[i];
    gpus += cohort->server.gpus;
  }
  if (gpus >= c->gpus) return CLX_OK;
  return clx_fail(error, CLX_INFEASIBLE, c->place, "job '%s' needs %lld GPUs, but the servers that are left hold %lld",
                  c->name, (long long)c->gpus, (long long)gpus);
}

clx_status clx_scenario_jobs(const clx_scenario *s, uint64_t seed, clx_arena *arena, clx_fabric_traffic *traffic,
                             clx_error *error) {
  const clx_network_spec *spec = &s->spec.network;
  const clx_fabric *fabric = &s->machine.fabric;
  bool *taken = CLX_NEW_ARRAY(arena, bool, fabric->servers);
  if (taken == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const claim training = {"training", s->job_gpus, &spec->placement, true, spec->place};
  traffic[0] = (clx_fabric_traffic){.pattern = CLX_PATTERN_RING};
  CLX_TRY(claim_servers(s, &training, seed, arena, taken, &traffic[0], error));
  for (int32_t i = 1; i <= spec->job_count; i++) {
    const clx_job_spec *job = &spec->jobs[i - 1];
    const claim other = {job->name, job->gpus, &job->placement, false, job->place};
    traffic[i] = (clx_fabric_traffic){.pattern = job->pattern};
    traffic[i].load = job->load < 1 ? job->load * fabric->rate * fabric->spec.planes : 0;
    CLX_TRY(claim_servers(s, &other, seed + (uint64_t)i, arena, taken, &traffic[i], error));
  }
  return CLX_OK;
}

// Neighbours of a scattered job do not stand in one block of the fabric: blocks shrink to what is placed together.
static void scatter(const clx_placement *placement, const clx_machine *machine, clx_network *network) {
  if (placement->kind == CLX_PLACEMENT_CONTIGUOUS) return;
  const int64_t servers = placement->kind == CLX_PLACEMENT_RANDOM ? 1 : placement->fragment;
  const double together = fmax(network->domain, (double)servers * machine->fabric.hosts[0].gpus);
  for (int32_t i = 0; i + 1 < network->level_count; i++) {
    if ((double)network->level[i].gpus > together) network->level[i].gpus = (int64_t)together;
  }
}

clx_status clx_scenario_place(clx_scenario *s, clx_error *error) {
  clx_machine *machine = &s->machine;
  clx_network *network = &machine->network;
  const clx_network_spec *spec = &s->spec.network;
  if (machine->endpoints == 0) return CLX_OK;
  const uint64_t seed = (uint64_t)machine->fabric.spec.seed;
  const int32_t jobs = 1 + spec->job_count;
  clx_fabric_traffic *traffic = CLX_NEW_ARRAY(s->arena, clx_fabric_traffic, jobs);
  if (traffic == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (jobs > 1) CLX_TRY(clx_scenario_jobs(s, seed, s->arena, traffic, error));
  CLX_TRY(clx_fabric_collisions(s->arena, &machine->fabric, traffic, jobs, seed, network->level, network->level_count,
                                error));
  scatter(&spec->placement, machine, network);
  return CLX_OK;
}
