// A user's schedule of rounds on the fabric of a scenario.
#include <math.h>

#include "network/network_schedule.h"
#include "twin/twin_internal.h"

// Ranks of the job on the machine's NICs.
static clx_status make_wires(const clx_scenario *scenario, clx_arena *arena, int32_t ranks, uint64_t seed,
                             clx_wires *wires, clx_error *error) {
  const clx_machine *m = &scenario->machine;
  const clx_network *network = &m->network;
  const clx_nccl_parameters *nccl = &network->device->kernels->nccl[0];
  const clx_placement *placement = &scenario->spec.network.placement;
  const int64_t servers = m->fabric.servers;
  int32_t *server = NULL;
  double nic_latency = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) {
    if (m->cohort[i].trains) nic_latency = fmax(nic_latency, m->cohort[i].nic.latency);
  }
  if (m->fabric.endpoints > 0 && placement->kind != CLX_PLACEMENT_CONTIGUOUS)
    CLX_TRY(clx_fabric_place(arena, &m->fabric, placement, &servers, 1, seed, &server, error));
  const clx_wires_options options = {
      .ranks = ranks,
      .server = server,
      .domain = network->domain,
      .nvlink = nccl->simple_rate * network->nvlink,
      .nvlink_latency = nccl->simple_hop,
      .share = network->transport != NULL ? network->transport->share : 1,
      .nic_latency = nic_latency + (network->transport != NULL ? network->transport->latency : 0),
      .switch_latency = m->switch_model.latency,
      .seed = seed};
  return clx_wires_fabric(arena, &m->fabric, &options, wires, error);
}

static clx_status add_series(const clx_schedule *s, const clx_schedule_outcome *out, clx_arena *arena,
                             clx_result *result, clx_error *error) {
  double *index = CLX_NEW_ARRAY(arena, double, s->round_count), *length = CLX_NEW_ARRAY(arena, double, s->round_count);
  if (index == NULL || length == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->round_count; i++) {
    index[i] = i + 1;
    length[i] = out->end[i] - out->start[i];
  }
  CLX_TRY(clx_result_add_series(result, "schedule.round_time", "s", length, "round", "", index, s->round_count, error));
  return clx_result_add_series(result, "schedule.round_start", "s", out->start, "round", "", index, s->round_count,
                               error);
}

static clx_status add_outcome(const clx_schedule *s, const clx_wires *wires, const clx_schedule_outcome *out,
                              clx_arena *arena, clx_result *result, clx_error *error) {
  const double ranks = s->ranks > 0 ? s->ranks : wires->ranks;
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } rows[] = {
      {"schedule.time", out->time, "s", "from the start to the end of the last round"},
      {"schedule.rounds", (double)out->rounds, "", "barriers passed, repetitions counted"},
      {"schedule.ranks", ranks, "", "GPUs that take part"},
      {"schedule.bytes", out->bytes, "B", "sent by all ranks"},
      {"schedule.rate", out->time > 0 ? out->bytes / ranks / out->time : 0, "B/s",
       "sent by one rank, mean over the time"},
      {"schedule.busiest", out->worst_busy, "s", "that the bytes of the fullest link take at its full rate"},
      {"schedule.solves", (double)out->solves, "", "sets of flows whose rates were solved"},
  };
  if (s->name != NULL) CLX_TRY(clx_result_add_text(result, "schedule.name", s->name, error));
  for (int32_t i = 0; i < CLX_COUNT(rows); i++)
    CLX_TRY(clx_twin_put(result, rows[i].name, rows[i].value, rows[i].unit, rows[i].doc, error));
  if (out->worst_link >= 0) {
    char text[120];
    wires->name(wires->context, out->worst_link, text, sizeof text);
    CLX_TRY(clx_result_add_text(result, "schedule.busiest_link", text, error));
  }
  return add_series(s, out, arena, result, error);
}

static clx_status play(const clx_scenario *scenario, const char *path, uint64_t seed, clx_arena *arena,
                       clx_result *result, clx_error *error) {
  clx_schedule schedule;
  clx_wires wires;
  clx_schedule_outcome out;
  const int64_t most = scenario->machine.gpus < INT32_MAX ? scenario->machine.gpus : INT32_MAX;
  const int64_t job = scenario->job_gpus < most ? scenario->job_gpus : most;
  CLX_TRY(clx_schedule_load(arena, path, &schedule, error));
  CLX_TRY(clx_schedule_check(&schedule, (int32_t)(schedule.ranks > 0 ? most : job), error));
  CLX_TRY(make_wires(scenario, arena, schedule.ranks > 0 ? schedule.ranks : (int32_t)job, seed, &wires, error));
  CLX_TRY(clx_schedule_play(arena, &schedule, &wires, &out, error));
  return add_outcome(&schedule, &wires, &out, arena, result, error);
}

clx_status clx_twin_schedule(const clx_scenario *scenario, const char *path, uint64_t seed, clx_result *result,
                             clx_error *error) {
  CLX_TRY(clx_scenario_need_training(scenario, error));
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (seed == 0) seed = (uint64_t)scenario->spec.network.fabric.seed;
  clx_status status = play(scenario, path, seed, arena, result, error);
  if (status == CLX_OK) status = clx_twin_assumptions(scenario, result, error);
  clx_arena_free(arena);
  return status;
}
