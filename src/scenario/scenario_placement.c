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

// Servers of a scattered job in an order in which neighbours are of different runs.
static const int32_t *apart(clx_arena *arena, const clx_fabric_traffic *job, int64_t run) {
  int32_t *order = CLX_NEW_ARRAY(arena, int32_t, job->nodes);
  const int64_t runs = (job->nodes + run - 1) / run;
  int32_t count = 0;
  if (order == NULL) return NULL;
  for (int64_t within = 0; within < run; within++) {
    for (int64_t i = 0; i < runs; i++) {
      if (i * run + within < job->nodes) order[count++] = job->server[i * run + within];
    }
  }
  return order;
}

// Neighbours of a scattered job do not stand in one block of the fabric: its blocks are what is placed together, and what
// leads out of them is what the rings of the job get beside the other jobs when every server sends to one of another run.
static clx_status scatter(clx_scenario *s, clx_fabric_traffic *traffic, int32_t jobs, uint64_t seed, clx_error *error) {
  const clx_machine *machine = &s->machine;
  const clx_fabric *fabric = &machine->fabric;
  const clx_placement *placement = &s->spec.network.placement;
  clx_network *network = &s->machine.network;
  const int64_t run = placement->kind == CLX_PLACEMENT_RANDOM ? 1 : placement->fragment;
  clx_fabric_pattern_result *result = CLX_NEW_ARRAY(s->arena, clx_fabric_pattern_result, jobs);
  traffic[0].server = apart(s->arena, &traffic[0], run);
  if (result == NULL || traffic[0].server == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_fabric_study_traffic(fabric, traffic, jobs, seed, result, NULL, error));
  if (result[0].nics == 0) return CLX_OK;  // one server
  const double full = fabric->spec.routing == CLX_ROUTING_SPRAY ? fabric->spec.spray_efficiency : 1;
  clx_fabric_level *level = network->level;
  double latency = 0, thinning = 1;
  for (int32_t i = 0; i + 1 < network->level_count; i++) {
    latency += level[i + 1].latency;
    thinning = fmax(thinning, level[i].thinning);
  }
  // What the wires thin, as far as the rings feel it; the rest of what they lack is lost to collisions (clx_block_slowing).
  const double share = fmax(fmin(1, result[0].split_share / full), 1 - CLX_COLLISION_LOSS_MAX);
  thinning = fmin(thinning, 1 / share);
  const double collisions = 1 / share - thinning;
  const double together = fmax(network->domain, (double)run * fabric->hosts[0].gpus);
  const int64_t all = level[network->level_count - 1].gpus;
  if (together >= (double)all) return CLX_OK;
  level[0] = (clx_fabric_level){.gpus = (int64_t)together, .thinning = thinning, .loss = collisions / (1 + collisions)};
  level[1] = (clx_fabric_level){.gpus = all, .latency = latency};
  network->level_count = 2;
  return CLX_OK;
}

// Share of their rate that is left to the NICs of a job, of the one that is worst off; names one that is dead.
static clx_status nics_left(const clx_scenario *s, const clx_fabric_traffic *job, double *left, clx_error *error) {
  const clx_fabric *f = &s->machine.fabric;
  double *lost = CLX_NEW_ARRAY(s->arena, double, 2 * f->endpoints);
  *left = 1;
  if (f->radix <= 0) return CLX_OK;  // wired without NICs on switches: links, not NICs, fail
  if (lost == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < f->all_fault_count; i++) {
    const clx_fabric_fault *fault = &f->all_fault[i];
    for (int32_t way = 0; way < 2; way++) {
      const clx_fabric_link_class *c = &f->link_class[way];
      if (fault->link < c->first || fault->link >= c->first + c->count) continue;
      lost[way * f->endpoints + (fault->link - c->first) / f->nic_up] += 1 - fault->rate;
    }
  }
  for (int32_t i = 0; i < job->nodes; i++) {
    const int64_t first = clx_fabric_endpoint(f, job->server[i], 0);
    const int32_t nics = cohort_of(&s->machine, job->server[i])->server.nics;
    for (int32_t nic = 0; nic < nics; nic++) {
      const double most = fmax(lost[first + nic], lost[f->endpoints + first + nic]);
      *left = fmin(*left, 1 - most / ((double)f->nic_up * f->spec.planes));
      if (*left > 1e-9) continue;
      return clx_fail(error, CLX_INFEASIBLE, s->spec.network.fabric.faults[0].place,
                      "'network.faults': nic %d of server %d of the training job has no link left", nic,
                      job->server[i]);
    }
  }
  return CLX_OK;
}

// Failed parts: the rings of the job must still close. What they cost is in the thinning of the levels, in the NIC that is worst
// off, and where levels know no failures (wiring without tiers) in what the rings lose.
static clx_status mind_faults(clx_scenario *s, const clx_fabric_traffic *job, uint64_t seed, clx_error *error) {
  const clx_fabric *f = &s->machine.fabric;
  clx_fabric_pattern_result broken, whole;
  clx_error why = {0};
  double left;
  if (f->all_fault_count == 0) return CLX_OK;
  CLX_TRY(nics_left(s, job, &left, error));
  const clx_status status = clx_fabric_study_traffic(f, job, 1, seed, &broken, NULL, &why);
  if (status != CLX_OK) {
    return clx_fail(error, status, s->spec.network.fabric.faults[0].place, "'network.faults': %s", why.mistake[0].text);
  }
  s->machine.network.nic_efficiency *= left;
  if (f->spec.topology == CLX_TOPOLOGY_CLOS || broken.nics == 0) return CLX_OK;
  clx_fabric healthy = *f;
  healthy.fault_count = healthy.all_fault_count = 0;
  CLX_TRY(clx_fabric_study_traffic(&healthy, job, 1, seed, &whole, NULL, error));
  if (left == 1 && whole.split_mean > 0)
    s->machine.network.nic_efficiency *= fmin(1, broken.split_mean / whole.split_mean);
  return CLX_OK;
}

clx_status clx_scenario_place(clx_scenario *s, clx_error *error) {
  clx_machine *machine = &s->machine;
  clx_network *network = &machine->network;
  const clx_network_spec *spec = &s->spec.network;
  if (machine->endpoints == 0) return CLX_OK;
  const bool scattered = spec->placement.kind != CLX_PLACEMENT_CONTIGUOUS && machine->fabric.radix > 0;
  const uint64_t seed = (uint64_t)machine->fabric.spec.seed;
  const int32_t jobs = 1 + spec->job_count;
  clx_fabric_traffic *traffic = CLX_NEW_ARRAY(s->arena, clx_fabric_traffic, jobs);
  if (traffic == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (jobs > 1 || scattered || machine->fabric.all_fault_count > 0) {
    CLX_TRY(clx_scenario_jobs(s, seed, s->arena, traffic, error));
    CLX_TRY(mind_faults(s, &traffic[0], seed, error));
  }
  if (scattered) return scatter(s, traffic, jobs, seed, error);
  return clx_fabric_collisions(s->arena, &machine->fabric, seed, network->level, network->level_count, error);
}
