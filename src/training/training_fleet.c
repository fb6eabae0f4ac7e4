// Splits a job over GPUs that differ and runs the lanes of one step.
#include "training/training_fleet.h"

#include <math.h>

enum { LANES_AT_ONCE = 1024 };

// --- draws ------------------------------------------------------------------------------------------------------------------

// Quantile of the standard normal distribution, 0 < p < 1: Hastings' rational form (Abramowitz and Stegun 26.2.23, off by less than
// 5e-4), then two Newton steps on the distribution function.
static double normal_quantile(double p) {
  const double tail = fmin(p, 1 - p), t = sqrt(-2 * log(tail));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int32_t i = 0; i < 2; i++) {
    const double off = 0.5 * erfc(x / 1.4142135623730951) - tail;
    x += off * 2.5066282746310002 * exp(0.5 * x * x);
  }
  return p < 0.5 ? -x : x;
}

double clx_expected_maximum(double count) { return count > 1 ? normal_quantile((count - 0.375) / (count + 0.25)) : 0; }

static uint64_t mix(uint64_t x) {  // splitmix64's finaliser (Steele, Lea, Flood 2014)
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

// One of the orders of 0 .. count - 1 for a seed: rounds of a Feistel network on the least even number of bits, walked until inside.
static uint64_t shuffled(uint64_t seed, uint64_t index, uint64_t count) {
  uint32_t half = 1;
  while ((1ull << (2 * half)) < count) half++;
  const uint64_t mask = (1ull << half) - 1;
  uint64_t x = index;
  do {
    uint64_t left = x >> half, right = x & mask;
    for (uint64_t round = 0; round < 4; round++) {
      const uint64_t next = left ^ (mix(seed + 0x9e3779b97f4a7c15u * (round + 1) + right) & mask);
      left = right;
      right = next;
    }
    x = left << half | right;
  } while (x >= count);
  return x;
}

// A standard normal number for (seed, stream, index), by Box and Muller.
static double draw(uint64_t seed, uint64_t stream, uint64_t index) {
  const uint64_t key = mix(seed + 0x9e3779b97f4a7c15u * (stream + 1));
  const uint64_t a = mix(key + 2 * index), b = mix(key + 2 * index + 1);
  const double u = ((double)(a >> 11) + 0.5) * 0x1p-53, v = (double)(b >> 11) * 0x1p-53;
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

// --- the fleet --------------------------------------------------------------------------------------------------------------

// Replicas whose ranks share an expert-parallel or a sharding group.
static int32_t lockstep_of(const clx_layout *l) {
  if (l->sharding == CLX_SHARDING_FSDP) return l->dp;
  if (l->sharding == CLX_SHARDING_HSDP) return l->shard_group > 0 ? l->shard_group : l->dp;
  const int32_t experts = l->ep * l->etp, inner = l->tp * l->cp;
  return experts > inner ? experts / inner : 1;
}

static void add_part(clx_fleet *f, const clx_device *device, int32_t replicas, double micro_batches) {
  if (replicas <= 0 || f->part_count == CLX_PARTS_MAX) return;
  int32_t first = 0;
  for (int32_t i = 0; i < f->part_count; i++) first += f->part[i].replicas;
  f->part[f->part_count++] =
      (clx_part){.device = device, .first = first, .replicas = replicas, .micro_batches = (int32_t)micro_batches};
}

// Whole replicas of every kind of GPU, in groups that wait for each other; the rest runs at the pace of the job's device.
static void split_by_device(clx_fleet *f, int32_t replicas[CLX_PARTS_MAX], const clx_device *device[CLX_PARTS_MAX],
                            int32_t *kinds) {
  const clx_layout *l = &f->job->layout;
  const int64_t ranks = (int64_t)l->tp * l->cp * l->pp * f->lockstep;
  int64_t left = l->dp / f->lockstep;
  *kinds = 0;
  for (int32_t i = 0; i < f->options->part_count && *kinds < CLX_PARTS_MAX / 2 - 1; i++) {
    const clx_fleet_part *p = &f->options->part[i];
    const int64_t own = p->gpus / ranks, taken = own < left ? own : left;
    if (taken <= 0) continue;
    device[*kinds] = p->device;
    replicas[(*kinds)++] = (int32_t)taken * f->lockstep;
    left -= taken;
  }
  if (left <= 0) return;
  device[*kinds] = f->job->device;
  replicas[(*kinds)++] = (int32_t)left * f->lockstep;
}

// Micro-batches of a replica of each kind: equal shares, or in proportion to speed; the remainder one by one.
static void split_batch(clx_fleet *f, const int32_t *replicas, const clx_device *const *device, const double *slot,
                        int32_t kinds) {
  const double all = ceil(f->job->global_batch / f->job->layout.micro_batch);
  double rate = 0;
  for (int32_t i = 0; i < kinds; i++) rate += replicas[i] / slot[i];
  double base[CLX_PARTS_MAX], left = all;
  for (int32_t i = 0; i < kinds; i++) {
    base[i] = fmax(1, floor(all / rate / slot[i] * (1 + 1e-12)));
    left -= base[i] * replicas[i];
  }
  // One more for whoever would still be done first.
  int32_t more[CLX_PARTS_MAX] = {0};
  while (left > 0) {
    int32_t best = 0;
    for (int32_t i = 1; i < kinds; i++) {
      if ((base[i] + 1) * slot[i] < (base[best] + 1) * slot[best]) best = i;
    }
    if (left >= replicas[best]) {
      base[best] += 1;
      left -= replicas[best];
      continue;
    }
    more[best] = (int32_t)(ceil(left / f->lockstep)) * f->lockstep;
    left = 0;
  }
  for (int32_t i = 0; i < kinds; i++) {
    add_part(f, device[i], more[i], base[i] + 1);
    add_part(f, device[i], replicas[i] - more[i], base[i]);
  }
}

static double stage_slot(const clx_training *job, const clx_training_costs *costs, const clx_stage *stage) {
  const clx_stage_parameters held = clx_training_trained(job, clx_training_stage_parameters(job, stage));
  const clx_stage_time t = clx_training_stage_time(job, costs, stage, &held);
  return t.forward + t.backward;
}

// Time of one micro-batch on the slowest stage.
static double slot_of(const clx_training *job, const clx_training_costs *costs) {
  clx_stage stages[CLX_STAGES_MAX];
  clx_training_stages(job, stages);
  double most = 0;
  for (int32_t i = 0; i < job->layout.pp; i++) {
    if (i > 0 && clx_stage_equal(&stages[i], &stages[i - 1])) continue;
    most = fmax(most, stage_slot(job, costs, &stages[i]));
  }
  return most;
}

static clx_status make_parts(clx_fleet *f, clx_error *error) {
  int32_t replicas[CLX_PARTS_MAX], kinds = 0;
  const clx_device *device[CLX_PARTS_MAX];
  double slot[CLX_PARTS_MAX];
  split_by_device(f, replicas, device, &kinds);
  clx_training_costs costs[CLX_PARTS_MAX];
  for (int32_t i = 0; i < kinds; i++) {
    clx_training job = *f->job;
    job.device = device[i];
    costs[i] = clx_training_costs_make(&job);
    slot[i] = f->options->balance ? slot_of(&job, &costs[i]) : 1;
  }
  split_batch(f, replicas, device, slot, kinds);
  for (int32_t i = 0; i < f->part_count; i++) {
    clx_part *p = &f->part[i];
    clx_training job = *f->job;
    job.device = p->device;
    int32_t kind = 0;
    while (device[kind] != p->device) kind++;
    CLX_TRY(clx_graph_make(&job, &costs[kind], p->micro_batches, f->arena, &p->graph, error));
  }
  return CLX_OK;
}

// Time of each stage with NICs of a slow rank, against the others.
static void fill_network(const clx_training *job, double nics, double *ratio) {
  clx_network network = *job->network;
  network.nic *= nics;
  clx_training slow = *job;
  slow.network = &network;
  const clx_training_costs costs = clx_training_costs_make(job), slow_costs = clx_training_costs_make(&slow);
  clx_stage stages[CLX_STAGES_MAX];
  clx_training_stages(job, stages);
  for (int32_t i = 0; i < job->layout.pp; i++) {
    ratio[i] = fmax(1, stage_slot(&slow, &slow_costs, &stages[i]) / stage_slot(job, &costs, &stages[i]));
  }
}

static clx_status fill_part(clx_fleet *f, clx_part *p, clx_error *error) {
  const int32_t stages = p->graph.pipeline.stages;
  const clx_stragglers *s = f->options->stragglers;
  const int32_t slow = s != NULL ? s->slow_count : 0;
  p->share = CLX_NEW_ARRAY(f->arena, double, stages);
  p->network = CLX_NEW_ARRAY(f->arena, double, stages *(slow + 1));
  if (p->share == NULL || p->network == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < stages; i++) p->share[i] = clx_graph_compute_share(&p->graph, i);
  for (int32_t k = 0; k < slow; k++) {
    if (s->slow[k].network < 1) fill_network(&p->graph.job, s->slow[k].network, &p->network[k * stages]);
  }
  return CLX_OK;
}

static clx_status check_slow(const clx_fleet *f, clx_error *error) {
  const clx_stragglers *s = f->options->stragglers;
  const double world = clx_layout_ranks(&f->job->layout);
  for (int32_t i = 0; s != NULL && i < s->slow_count; i++) {
    const clx_slow_ranks *one = &s->slow[i];
    if (one->count >= 1 && one->first >= 0 && (double)one->first + (double)one->count <= world) continue;
    return clx_fail(error, CLX_INPUT, one->place, "slow ranks %lld to %lld: the job has ranks 0 to %.0f",
                    (long long)one->first, (long long)(one->first + one->count - 1), world - 1);
  }
  return CLX_OK;
}

// Ranks of a part lie apart, stage by stage.
static void each_rank(const clx_fleet *f, const clx_part *p, int64_t stage, int64_t *first, int64_t *end) {
  const clx_layout *l = &f->job->layout;
  const int64_t inner = (int64_t)l->tp * l->cp;
  *first = inner * (p->first + l->dp * stage);
  *end = *first + inner * p->replicas;
}

// Speeds are the quantiles of their distribution dealt out at random: the slowest of N ranks is as slow as expected of N, and which
// rank it is depends on the seed.
static void deal_speeds(const clx_fleet *f, const clx_part *p) {
  const clx_stragglers *s = f->options->stragglers;
  const double spread = s == NULL ? 0 : s->spread < 0 ? p->device->speed_spread : s->spread;
  const double world = clx_layout_ranks(&f->job->layout);
  for (int64_t stage = 0; stage < f->job->layout.pp; stage++) {
    int64_t first, end;
    each_rank(f, p, stage, &first, &end);
    for (int64_t rank = first; rank < end; rank++) {
      f->speed[rank] = 1;
      if (spread <= 0) continue;
      const double place = (double)shuffled(f->options->seed, (uint64_t)rank, (uint64_t)world);
      f->speed[rank] = (float)fmax(0.5, 1 + spread * normal_quantile((place + 0.625) / (world + 0.25)));
    }
  }
}

static void slow_down(const clx_fleet *f) {
  const clx_stragglers *s = f->options->stragglers;
  for (int32_t k = 0; s != NULL && k < s->slow_count; k++) {
    const clx_slow_ranks *slow = &s->slow[k];
    for (int64_t rank = slow->first; rank < slow->first + slow->count; rank++) {
      f->speed[rank] = (float)((double)f->speed[rank] / slow->compute);
    }
  }
}

clx_status clx_fleet_make(const clx_training *job, const clx_exact_options *options, clx_arena *arena, clx_fleet *f,
                          clx_error *error) {
  *f = (clx_fleet){
      .job = job, .options = options, .arena = arena, .lockstep = lockstep_of(&job->layout), .slow_nics = 1};
  if (job->layout.dp % f->lockstep != 0) f->lockstep = job->layout.dp;
  CLX_TRY(check_slow(f, error));
  CLX_TRY(make_parts(f, error));
  for (int32_t i = 0; i < f->part_count; i++) CLX_TRY(fill_part(f, &f->part[i], error));
  const clx_stragglers *s = options->stragglers;
  for (int32_t i = 0; s != NULL && i < s->slow_count; i++) f->slow_nics = fmin(f->slow_nics, s->slow[i].network);
  f->time = CLX_NEW_ARRAY(arena, float, clx_layout_ranks(&job->layout));
  f->speed = CLX_NEW_ARRAY(arena, float, clx_layout_ranks(&job->layout));
  if (f->time == NULL || f->speed == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < f->part_count; i++) deal_speeds(f, &f->part[i]);
  slow_down(f);
  return CLX_OK;
}

// --- one step ---------------------------------------------------------------------------------------------------------------

void clx_fleet_draw(const clx_fleet *f, int32_t step) {
  const double jitter = f->options->stragglers == NULL ? 0 : f->options->stragglers->jitter;
  const int64_t world = (int64_t)clx_layout_ranks(&f->job->layout);
  for (int64_t rank = 0; rank < world; rank++) {
    const double noise = jitter > 0 ? jitter * draw(f->options->seed, (uint64_t)step, (uint64_t)rank) : 0;
    f->time[rank] = (float)fmax(0.5, (double)f->speed[rank] * (1 + noise));
  }
}

// A lane moves as its slowest rank: of the kernels' share of its time, and of what slow NICs cost.
void clx_fleet_slowness(const clx_fleet *f, const clx_part *p, int32_t lane, int32_t lanes, float *slowness) {
  const clx_layout *l = &f->job->layout;
  const clx_stragglers *s = f->options->stragglers;
  const int64_t inner = (int64_t)l->tp * l->cp, ranks = inner * f->lockstep;
  for (int32_t stage = 0; stage < l->pp; stage++) {
    for (int32_t i = 0; i < lanes; i++) {
      const int64_t from = inner * (p->first + (int64_t)(lane + i) * f->lockstep + (int64_t)l->dp * stage);
      float most = f->time[from];
      for (int64_t rank = from + 1; rank < from + ranks; rank++) most = f->time[rank] > most ? f->time[rank] : most;
      double x = 1 + p->share[stage] * ((double)most - 1);
      for (int32_t k = 0; s != NULL && k < s->slow_count; k++) {
        const bool mine = s->slow[k].first < from + ranks && s->slow[k].first + s->slow[k].count > from;
        if (mine && s->slow[k].network < 1) x *= p->network[k * l->pp + stage];
      }
      slowness[(size_t)stage * (size_t)lanes + (size_t)i] = (float)x;
    }
  }
}

// The least rate of the NICs of a lane on a stage, against the others.
static double nics_of(const clx_fleet *f, const clx_part *p, int32_t lane, int32_t stage) {
  const clx_layout *l = &f->job->layout;
  const clx_stragglers *s = f->options->stragglers;
  const int64_t inner = (int64_t)l->tp * l->cp, ranks = inner * f->lockstep;
  const int64_t from = inner * (p->first + (int64_t)lane * f->lockstep + (int64_t)l->dp * stage);
  double least = 1;
  for (int32_t k = 0; s != NULL && k < s->slow_count; k++) {
    const bool mine = s->slow[k].first < from + ranks && s->slow[k].first + s->slow[k].count > from;
    if (mine) least = fmin(least, s->slow[k].network);
  }
  return least;
}

bool clx_fleet_lane_times(const clx_fleet *f, const clx_part *p, int32_t lane, double *send,
                          clx_pipeline_times *times) {
  const clx_graph *g = &p->graph;
  *times = g->times;
  if (f->slow_nics >= 1 || g->job.layout.pp < 2) return false;
  bool slower = false;
  for (int32_t i = 0; i < g->positions; i++) send[i] = g->send[i];
  for (int32_t stage = 0; stage < g->pipeline.stages; stage++) {
    const double nics = nics_of(f, p, lane, stage);
    if (nics >= 1) continue;
    slower = true;
    for (int32_t c = 0; c < g->pipeline.chunks; c++) {  // what this stage sends and what it gets
      const int32_t position = clx_graph_position(g, stage, c);
      send[position] = fmax(send[position], g->send[position] / nics);
      if (position > 0) send[position - 1] = fmax(send[position - 1], g->send[position - 1] / nics);
    }
  }
  times->send = send;
  return slower;
}

// Lanes with slow NICs once more, one by one, with stage transfers at their pace.
static clx_status run_slow_lanes(const clx_fleet *f, const clx_part *p, clx_arena *scratch, clx_graph_ends *ends,
                                 clx_error *error) {
  if (f->slow_nics >= 1) return CLX_OK;
  double *send = CLX_NEW_ARRAY(scratch, double, p->graph.positions);
  clx_lane_block b;
  if (send == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_lane_block_make(&p->graph, 1, scratch, &b, error));
  for (int32_t lane = 0; lane < p->replicas / f->lockstep; lane++) {
    clx_pipeline_times times;
    if (!clx_fleet_lane_times(f, p, lane, send, &times)) continue;
    clx_fleet_slowness(f, p, lane, 1, b.slowness);
    const clx_pipeline_lanes one = {.count = 1, .slowness = b.slowness};
    CLX_TRY(clx_pipeline_run(&p->graph.pipeline, &times, &one, &b.result, scratch, error));
    clx_graph_meet(&p->graph, &b, 1, ends);
  }
  return CLX_OK;
}

static clx_status run_blocks(const clx_fleet *f, const clx_part *p, clx_arena *scratch, clx_graph_ends *ends,
                             int64_t *tasks, clx_error *error) {
  const int32_t lanes = p->replicas / f->lockstep, block = lanes < LANES_AT_ONCE ? lanes : LANES_AT_ONCE;
  clx_lane_block b;
  CLX_TRY(clx_lane_block_make(&p->graph, block, scratch, &b, error));
  for (int32_t lane = 0; lane < lanes; lane += block) {
    const int32_t count = lanes - lane < block ? lanes - lane : block;
    clx_fleet_slowness(f, p, lane, count, b.slowness);
    const clx_pipeline_lanes run = {.count = count, .slowness = b.slowness};
    CLX_TRY(clx_pipeline_run(&p->graph.pipeline, &p->graph.times, &run, &b.result, scratch, error));
    clx_graph_meet(&p->graph, &b, count, ends);
    *tasks += (int64_t)count * p->graph.pipeline.first[p->graph.pipeline.stages];
  }
  return CLX_OK;
}

static clx_status run_part(const clx_fleet *f, const clx_part *p, clx_graph_ends *ends, int64_t *tasks,
                           clx_error *error) {
  clx_arena *scratch = clx_arena_new();
  if (scratch == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = run_blocks(f, p, scratch, ends, tasks, error);
  if (status == CLX_OK) status = run_slow_lanes(f, p, scratch, ends, error);
  clx_arena_free(scratch);
  return status;
}

// Gradients meet at the pace of the slowest NICs and on the part with the slowest optimizer.
clx_graph_tail clx_fleet_finish(const clx_fleet *f, const clx_graph_ends *ends) {
  clx_network network = *f->job->network;
  network.nic *= f->slow_nics;
  clx_graph_tail worst = {.step = -1};
  for (int32_t i = 0; i < f->part_count; i++) {
    clx_graph g = f->part[i].graph;
    g.job.network = &network;
    const clx_graph_tail one = clx_graph_finish(&g, ends);
    if (one.step > worst.step) worst = one;
  }
  return worst;
}

clx_status clx_fleet_run(const clx_fleet *f, clx_graph_ends *ends, int64_t *tasks, clx_error *error) {
  *tasks = 0;
  for (int32_t i = 0; i < f->part_count; i++) CLX_TRY(run_part(f, &f->part[i], ends, tasks, error));
  return CLX_OK;
}
