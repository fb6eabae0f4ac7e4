// The search against nested loops over the same space: the same best layouts, the same front, the same counts.
#include "check.h"

#include "catalog/catalog.h"
#include "search/search.h"
#include "training/training_exact.h"

static clx_catalog *catalog;
static clx_arena *arena;

typedef struct bench {
  clx_transformer model;
  clx_device device;
  clx_software software;
  clx_network network;
  clx_training job;
  clx_search_spec spec;
} bench;

// --- random numbers and models ------------------------------------------------------------------------------------------------

static uint64_t random_state;

static uint64_t random_bits(void) {  // splitmix64
  uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static int32_t pick(int32_t low, int32_t high) { return low + (int32_t)(random_bits() % (uint64_t)(high - low + 1)); }

static int32_t one_of(const int32_t *values, int32_t count) { return values[pick(0, count - 1)]; }

#define ONE_OF(...) one_of((const int32_t[]){__VA_ARGS__}, CLX_COUNT(((const int32_t[]){__VA_ARGS__})))

static void read_parts(bench *b, const char *software) {
  clx_error error = {0};
  const clx_place none = {0};
  assert_int_equal(clx_catalog_read_device(catalog, "h100_sxm", none, arena, &b->device, &error), CLX_OK);
  assert_int_equal(
      clx_catalog_read(catalog, "software", software, none, &clx_software_schema, arena, &b->software, &error), CLX_OK);
  b->network = (clx_network){.device = &b->device, .domain = 8, .nvlink = 450e9, .nic = 50e9, .nic_efficiency = 1};
  assert_int_equal(clx_catalog_read_library(catalog, "nccl", none, arena, &b->network.library, &error), CLX_OK);
  assert_int_equal(clx_catalog_read_transport(catalog, "infiniband", none, arena, &b->network.transport, &error),
                   CLX_OK);
}

static void random_model(clx_transformer *m) {
  *m = (clx_transformer){.name = "random",
                         .layers = pick(2, 9),
                         .head_dim = 128,
                         .heads = ONE_OF(6, 8, 16, 24),
                         .ffn = ONE_OF(2816, 8192, 11008),
                         .vocab = ONE_OF(32000, 128256),
                         .tied = pick(0, 1),
                         .adapter_rank = pick(0, 9) == 0 ? 16 : 0};
  m->hidden = m->heads * 128;
  m->kv_heads = pick(0, 1) ? m->heads : 2;
  if (pick(0, 2) == 0) {
    m->sliding_window = 1024;
    m->window_period = pick(2, 4);
  }
  if (pick(0, 2) > 0) return;
  m->experts = ONE_OF(4, 8, 12);
  m->experts_per_token = 2;
  m->expert_ffn = 2048;
  m->shared_expert_ffn = pick(0, 1) * 2048;
  m->first_dense_layers = pick(0, 2);
  m->moe_period = pick(1, 2);
  m->mtp_layers = pick(0, 1);
}

static double share_of(const clx_training *job, const clx_step *step) {
  (void)job;
  return 0.4 + 0.5 * step->gemm / step->step_time;
}

// Fixes a few keys, so that nested loops over the rest take a moment only.
static void random_fixed(bench *b) {
  clx_layout *l = &b->job.layout;
  *l = (clx_layout){.tp = ONE_OF(1, 2, 4),
                    .cp = 1,
                    .ep = b->model.experts > 0 ? ONE_OF(1, 2, 4) : 1,
                    .etp = 1,
                    .dp = ONE_OF(1, 2, 4),
                    .micro_batch = ONE_OF(1, 2, 3),
                    .pp = ONE_OF(1, 2, 3),
                    .vpp = ONE_OF(1, 2),
                    .schedule = CLX_SCHEDULE_AUTO,
                    .sequence_parallel = pick(0, 1),
                    .recompute = pick(0, 2),
                    .recompute_share = 0.5,
                    .sharding = pick(0, 4),
                    .shard_group = ONE_OF(0, 2, 8)};
  if (pick(0, 3) == 0) l->group = pick(2, 9);
  if (pick(0, 3) == 0) l->merge = 1;
  b->spec.fixed = 1u << CLX_SEARCH_RECOMPUTE_SHARE;  // else it alone is sixteen times the space
  if (pick(0, 3) == 0) b->spec.fixed = 1u << CLX_SEARCH_SEQUENCE_PARALLEL | 1u << CLX_SEARCH_SHARDING;
  for (int32_t i = 0; i < 2; i++) b->spec.fixed |= 1u << pick(0, CLX_SEARCH_KEYS - 1);
  if (b->model.experts > 0) b->spec.fixed |= 1u << ONE_OF(CLX_SEARCH_TP, CLX_SEARCH_EP, CLX_SEARCH_ETP);
}

static void random_bench(bench *b, uint64_t seed) {
  clx_error error = {0};
  random_state = seed;
  *b = (bench){0};
  read_parts(b, pick(0, 1) ? "megatron-core-2025" : "default");
  random_model(&b->model);
  assert_int_equal(clx_transformer_complete(&b->model, (clx_place){0}, &error), CLX_OK);
  if (pick(0, 2) == 0) b->network.domain = ONE_OF(4, 6, 12);
  const int64_t gpus = ONE_OF(4, 12, 16, 24);
  b->job = (clx_training){.model = &b->model,
                          .device = &b->device,
                          .network = &b->network,
                          .software = &b->software,
                          .sequence = ONE_OF(512, 2048, 3000, 4096),
                          .global_batch = ONE_OF(4, 12, 16, 24, 36),
                          .machine_gpus = gpus};
  b->spec = (clx_search_spec){.job = &b->job,
                              .gpus = gpus,
                              .memory_limit = 1e9 * ONE_OF(4, 8, 16, 40, 80),
                              .worth = {.base = 1},
                              .schedules = pick(0, 1),
                              .top = pick(1, 12)};
  if (pick(0, 2) == 0) b->spec.worth = (clx_search_worth){.rank = 2.5};
  if (pick(0, 2) == 0) {
    b->spec.worth = (clx_search_worth){.base = 900, .rank = -60, .busy = 700, .share = share_of, .least_share = 0.4};
  }
  if (pick(0, 3) == 0) b->spec.time_limit = 0.5 * pick(1, 20);
  random_fixed(b);
}

// --- the same by nested loops ---------------------------------------------------------------------------------------------------

static bool fixed(const bench *b, clx_search_key key) { return (b->spec.fixed >> key & 1) != 0; }

// The first reason that holds, from the layout alone.
static clx_search_reason reason_of(const bench *b, const clx_layout *l) {
  const clx_transformer *m = &b->model;
  const clx_training job = {.network = &b->network, .layout = *l, .machine_gpus = b->job.machine_gpus};
  const int64_t ranks = (int64_t)l->tp * l->cp * l->dp, world = ranks * l->pp;
  const double wave = (double)l->micro_batch * l->dp, waves = b->job.global_batch / wave;
  const int32_t chunks = l->pp * l->vpp, ends = b->software.split_embedding ? 2 : 0;
  const int32_t units = m->layers + ends + clx_training_mtp(&b->job);
  const bool equal = m->layers % chunks == 0 || (ends > 0 && units % chunks == 0);
  if (m->heads % l->tp != 0) return CLX_SEARCH_HEADS;
  if (l->tp > b->network.domain && !fixed(b, CLX_SEARCH_TP)) return CLX_SEARCH_DOMAIN;
  if (fmod(b->job.sequence, l->cp) != 0) return CLX_SEARCH_SEQUENCE;
  if (world > b->spec.gpus) return CLX_SEARCH_GPUS;
  if (world > clx_training_usable_gpus(&job, b->spec.gpus)) return CLX_SEARCH_DOMAIN;
  if (m->experts > 0 && m->experts % l->ep != 0) return CLX_SEARCH_EXPERTS;
  if (m->experts > 0 ? ranks % ((int64_t)l->ep * l->etp) != 0 : l->ep > 1) return CLX_SEARCH_EXPERTS;
  if (waves < 1) return CLX_SEARCH_BATCH;
  if (chunks > m->layers + ends || (l->vpp > 1 && l->pp == 1)) return CLX_SEARCH_LAYERS;
  if (l->vpp > 1 && !equal && !fixed(b, CLX_SEARCH_VPP)) return CLX_SEARCH_LAYERS;
  if (l->vpp > 1 && l->schedule == CLX_SCHEDULE_AUTO && ceil(waves) < l->pp) return CLX_SEARCH_SCHEDULE_SHORT;
  if (l->schedule == CLX_SCHEDULE_FIRST + CLX_PIPELINE_DUALPIPE &&
      (ceil(waves) < 2 * l->pp || fmod(ceil(waves), 2) != 0))
    return CLX_SEARCH_SCHEDULE_SHORT;
  if (b->job.layout.group > 0) {
    const double rest = fmod(ceil(waves), b->job.layout.group);
    if (l->vpp == 1 || l->schedule != CLX_SCHEDULE_AUTO) return CLX_SEARCH_SCHEDULE_SHORT;
    if (b->job.layout.group < l->pp || b->job.layout.group > ceil(waves)) return CLX_SEARCH_SCHEDULE_SHORT;
    if (rest > 0 && rest < l->pp) return CLX_SEARCH_SCHEDULE_SHORT;
  }
  if (b->job.layout.merge && l->schedule != CLX_SCHEDULE_AUTO &&
      l->schedule != CLX_SCHEDULE_FIRST + CLX_PIPELINE_DUALPIPE)
    return CLX_SEARCH_SCHEDULE_SHORT;
  if (l->sequence_parallel && fmod(b->job.sequence / l->cp * l->micro_batch, l->tp) != 0) return CLX_SEARCH_SEQUENCE;
  if (l->shard_group > 0 && l->dp % l->shard_group != 0) return CLX_SEARCH_GROUPS;
  if (l->sharding == CLX_SHARDING_ZERO2 && waves > 1 && !fixed(b, CLX_SEARCH_SHARDING)) return CLX_SEARCH_GROUPS;
  return CLX_SEARCH_REASONS;
}

typedef struct loops {
  const bench *b;
  clx_search_space space;
  clx_search_found *found;  // all that fit, in the order of keys
  int32_t count, room;
  double slow;  // and those that do, but are too slow
  double members, rejected[CLX_SEARCH_REASONS], least_memory;
} loops;

static void keep(loops *s, const clx_search_found *one) {
  if (s->count == s->room) {
    s->room = s->room > 0 ? 2 * s->room : 1024;
    s->found = realloc(s->found, (size_t)s->room * sizeof *s->found);
    assert_non_null(s->found);
  }
  s->found[s->count++] = *one;
}

static void meet(loops *s, const clx_layout *layout) {
  const bench *b = s->b;
  clx_training job = b->job;
  clx_memory memory;
  clx_error error = {0};
  job.layout = *layout;
  clx_search_reason reason = reason_of(b, layout);
  s->members++;
  if (reason == CLX_SEARCH_REASONS) {
    assert_int_equal(clx_training_check(&job, b->spec.gpus, &error), CLX_OK);
    assert_int_equal(clx_training_memory(&job, &memory, &error), CLX_OK);
    if (memory.total > b->spec.memory_limit) reason = CLX_SEARCH_MEMORY;
    if (reason == CLX_SEARCH_MEMORY) s->least_memory = fmin(s->least_memory, memory.total);
  }
  if (reason < CLX_SEARCH_REASONS) {
    s->rejected[reason]++;
    return;
  }
  clx_search_found one = {.layout = *layout, .memory = memory.total};
  const clx_training_costs costs = clx_training_costs_make(&job);
  clx_arena *scratch = clx_arena_new();
  if (clx_training_expected(&job, &costs, scratch, &one.step, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_arena_free(scratch);
  const clx_search_worth *w = &b->spec.worth;
  const double gpus = (double)layout->tp * layout->cp * layout->pp * layout->dp;
  const double share = w->share != NULL ? w->share(&job, &one.step) : 1;
  one.value = one.step.step_time * (w->base + gpus * (w->rank + w->busy * share));
  if (b->spec.time_limit > 0 && one.step.step_time > b->spec.time_limit) {
    s->slow++;
  } else {
    keep(s, &one);
  }
}

static void loop_remainders(loops *s, clx_layout l) {
  const clx_search_space *p = &s->space;
  for (int32_t i = 0; i < clx_search_sequence_parallel_count(&s->b->spec, p, l.tp); i++) {
    for (int32_t j = 0; j < p->repeat_count; j++) {
      for (int32_t k = 0; k < p->shards_count; k++) {
        if (!clx_search_has_shards(&s->b->spec, p->shards[k], l.dp, l.cp)) continue;
        l.sequence_parallel = p->sequence_parallel[i];
        l.recompute = p->repeat[j].recompute;
        l.recompute_share = p->repeat[j].share;
        l.sharding = p->shards[k].sharding;
        l.shard_group = p->shards[k].group;
        meet(s, &l);
      }
    }
  }
}

static void loop_all(loops *s) {
  const clx_search_space *p = &s->space;
  for (int32_t a = 0; a < p->tp_count; a++) {
    for (int32_t b = 0; b < p->cp_count; b++) {
      for (int32_t c = 0; c < p->ep_count; c++) {
        for (int32_t d = 0; d < clx_search_etp_count(&s->b->spec, p, p->tp[a]); d++) {
          for (int32_t e = 0; e < p->dp_count; e++) {
            for (int32_t f = 0; f < p->micro_batch_count; f++) {
              for (int32_t g = 0; g < p->cut_count; g++) {
                const clx_layout l = {.tp = p->tp[a],
                                      .cp = p->cp[b],
                                      .ep = p->ep[c],
                                      .etp = p->etp[d],
                                      .dp = p->dp[e],
                                      .micro_batch = p->micro_batch[f],
                                      .pp = p->cut[g].pp,
                                      .vpp = p->cut[g].vpp,
                                      .schedule = p->cut[g].schedule,
                                      .group = s->b->job.layout.group,
                                      .merge = s->b->job.layout.merge};
                loop_remainders(s, l);
              }
            }
          }
        }
      }
    }
  }
}

// --- comparisons ----------------------------------------------------------------------------------------------------------------

static bool same_way(const clx_layout *a, const clx_layout *b) {
  return a->tp == b->tp && a->cp == b->cp && a->ep == b->ep && a->etp == b->etp && a->dp == b->dp && a->pp == b->pp &&
         a->vpp == b->vpp && a->schedule == b->schedule && a->micro_batch == b->micro_batch;
}

static void check_same(const clx_search_found *got, const clx_search_found *want) {
  assert_true(same_way(&got->layout, &want->layout));
  assert_int_equal(got->layout.sequence_parallel, want->layout.sequence_parallel);
  assert_int_equal(got->layout.recompute, want->layout.recompute);
  assert_int_equal(got->layout.sharding, want->layout.sharding);
  assert_int_equal(got->layout.shard_group, want->layout.shard_group);
  assert_true(got->layout.recompute_share == want->layout.recompute_share);
  assert_true(got->value == want->value);
  assert_true(got->memory == want->memory);
  assert_true(got->step.step_time == want->step.step_time);
}

// The next best of those found, one for each way; found are in the order of keys, so that the first of equals wins.
static const clx_search_found *next_best(const loops *s, const clx_search_found *const *taken, int32_t count) {
  const clx_search_found *best = NULL;
  for (int32_t i = 0; i < s->count; i++) {
    bool known = best != NULL && s->found[i].value >= best->value;
    for (int32_t k = 0; k < count && !known; k++) known = same_way(&s->found[i].layout, &taken[k]->layout);
    if (!known) best = &s->found[i];
  }
  return best;
}

static void check_top(const loops *s, const clx_search_outcome *o) {
  const clx_search_found *taken[16] = {NULL};
  for (int32_t i = 0; i < s->b->spec.top; i++) {
    taken[i] = next_best(s, taken, i);
    if (taken[i] == NULL) {
      assert_int_equal(o->top_count, i);
      return;
    }
    assert_true(i < o->top_count);
    check_same(&o->top[i], taken[i]);
  }
  assert_int_equal(o->top_count, s->b->spec.top);
}

static bool beaten(const loops *s, int32_t index) {
  const clx_search_found *one = &s->found[index];
  for (int32_t i = 0; i < s->count; i++) {
    const clx_search_found *other = &s->found[i];
    if (other->memory > one->memory || other->step.step_time > one->step.step_time) continue;
    const bool equal = other->memory == one->memory && other->step.step_time == one->step.step_time;
    if (!equal || i < index) return true;
  }
  return false;
}

static void check_front(const loops *s, const clx_search_outcome *o) {
  int32_t count = 0;
  for (int32_t i = 0; i < s->count; i++) {
    bool there = false;
    for (int32_t k = 0; k < o->front_count && !there; k++) {
      there = o->front[k].memory == s->found[i].memory && o->front[k].step.step_time == s->found[i].step.step_time;
      if (!there) continue;
      if (!beaten(s, i)) check_same(&o->front[k], &s->found[i]);
    }
    if (!there) assert_true(beaten(s, i));
    if (!beaten(s, i)) count++;
  }
  assert_int_equal(o->front_count, count);
  for (int32_t k = 1; k < o->front_count; k++) {
    assert_true(o->front[k].memory > o->front[k - 1].memory);
    assert_true(o->front[k].step.step_time < o->front[k - 1].step.step_time);
  }
}

static void check_counts(const loops *s, const clx_search_outcome *o) {
  double rejected = 0;
  for (int32_t i = 0; i < CLX_SEARCH_REASONS; i++) {
    if (o->rejected[i] != s->rejected[i])
      fail_msg("%s: %.0f, expected %.0f", clx_search_reason_name[i], o->rejected[i], s->rejected[i]);
    rejected += o->rejected[i];
  }
  assert_true(o->members == s->members);
  assert_true(o->pruned + o->evaluated == s->count + s->slow);
  assert_true(o->members == rejected + o->pruned + o->evaluated);
}

// A first look alone finds a member that fits, never better than the best of all, and counts only what it saw.
static void test_quick(void **state) {
  (void)state;
  int32_t found = 0, equal = 0;
  for (uint64_t seed = 1; seed <= 200; seed++) {
    bench b;
    clx_error error = {0};
    clx_search_outcome all, quick;
    random_bench(&b, seed);
    b.spec.top = 1;
    const clx_status status = clx_search_solve(&b.spec, arena, &all, &error);
    b.spec.quick = true;
    if (clx_search_solve(&b.spec, arena, &quick, &error) != CLX_OK) {
      assert_int_equal(quick.top_count, 0);
      continue;
    }
    assert_int_equal(status, CLX_OK);
    assert_true(quick.top[0].value >= all.top[0].value && quick.top[0].memory <= b.spec.memory_limit);
    assert_true(quick.looked > 0 && quick.evaluated == 0 && quick.front_count == 0);
    if (fixed(&b, CLX_SEARCH_PP)) assert_int_equal(quick.top[0].layout.pp, b.job.layout.pp);
    found++;
    equal += quick.top[0].value == all.top[0].value;
  }
  assert_true(found > 50 && equal > found / 2);
}

static void test_same_as_exhaustive(void **state) {
  (void)state;
  double pruned = 0, fitting = 0;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    bench b;
    clx_error error = {0};
    clx_search_outcome o;
    random_bench(&b, seed);
    loops s = {.b = &b, .least_memory = INFINITY};
    assert_int_equal(clx_search_space_make(&b.spec, arena, &s.space, &error), CLX_OK);
    loop_all(&s);
    const clx_status status = clx_search_solve(&b.spec, arena, &o, &error);
    assert_int_equal(status, s.count > 0 ? CLX_OK : CLX_INFEASIBLE);
    check_counts(&s, &o);
    check_top(&s, &o);
    check_front(&s, &o);
    if (isfinite(s.least_memory)) assert_true(o.closest_memory == s.least_memory);
    assert_true(s.count == 0 || o.proven);
    pruned += o.pruned;
    fitting += s.count;
    free(s.found);
  }
  assert_true(pruned > 0.2 * fitting);  // bounds do something
  assert_true(fitting > 20000);         // and the models are no trifles
}

int main(void) {
  clx_error error = {0};
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  arena = clx_arena_new();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quick),
      cmocka_unit_test(test_same_as_exhaustive),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_arena_free(arena);
  clx_catalog_close(catalog);
  return failed;
}
