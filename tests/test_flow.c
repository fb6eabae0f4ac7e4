// Max-min fair rates: brute-force progressive filling, invariants, chains, changes, folding, bad instances, lack of memory.
#include "check.h"

#include "flow/flow.h"

enum { LINKS_MAX = 40000, FLOWS_MAX = 40000, PATH_MAX = 6 };

// An instance that can be changed.
typedef struct instance {
  clx_flows flows;
  double capacity[LINKS_MAX], load[FLOWS_MAX * PATH_MAX], limit[FLOWS_MAX];
  int32_t first[FLOWS_MAX + 1], link[FLOWS_MAX * PATH_MAX];
} instance;

static instance made;
static double rates[FLOWS_MAX], others[FLOWS_MAX], folded[FLOWS_MAX];

// splitmix64.
static uint64_t draw(uint64_t *state) {
  uint64_t x = *state += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

static int32_t draw_below(uint64_t *state, int32_t n) { return (int32_t)(draw(state) % (uint64_t)n); }

static double draw_share(uint64_t *state) { return (double)(draw(state) >> 11) * 0x1p-53; }

static void start(instance *in, int32_t links) {
  in->flows = (clx_flows){.link_count = links, .capacity = in->capacity, .first = in->first, .link = in->link};
  in->first[0] = 0;
}

static void add_flow(instance *in, int32_t count, const int32_t *link) {
  const int32_t at = in->first[in->flows.flow_count++];
  for (int32_t k = 0; k < count; k++) in->link[at + k] = link[k];
  in->first[in->flows.flow_count] = at + count;
}

static void add_random_flow(instance *in, uint64_t *state, int32_t longest) {
  int32_t link[PATH_MAX], count = 0;
  const int32_t length = draw_below(state, longest + 1);
  while (count < length) {
    const int32_t l = draw_below(state, in->flows.link_count);
    bool new = true;
    for (int32_t k = 0; k < count; k++) new = new &&link[k] != l;
    if (new) link[count++] = l;
  }
  add_flow(in, count, link);
}

static double load_of(const clx_flows *f, int32_t e) { return f->load != NULL ? f->load[e] : 1; }

static void must_solve(clx_flow_solver *solver, const clx_flows *flows, double *rate, clx_flow_effort *effort) {
  clx_error error;
  clx_error_clear(&error);
  if (clx_flow_solve(solver, flows, rate, effort, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

static void solve_once(const clx_flows *flows, double *rate, clx_flow_effort *effort) {
  clx_flow_solver *solver = clx_flow_solver_new();
  assert_non_null(solver);
  must_solve(solver, flows, rate, effort);
  clx_flow_solver_free(solver);
}

// All flows rise together; whoever meets a full link or its limit stays there.
static void fill_progressively(const clx_flows *f, double *rate) {
  for (int32_t i = 0; i < f->flow_count; i++) rate[i] = -1;
  for (int32_t left = f->flow_count; left > 0;) {
    static long double share[LINKS_MAX], weight[LINKS_MAX];
    for (int32_t l = 0; l < f->link_count; l++) {
      share[l] = f->capacity[l];
      weight[l] = 0;
    }
    for (int32_t i = 0; i < f->flow_count; i++) {
      for (int32_t e = f->first[i]; e < f->first[i + 1]; e++) {
        if (rate[i] < 0) weight[f->link[e]] += load_of(f, e);
        if (rate[i] >= 0) share[f->link[e]] -= (long double)load_of(f, e) * rate[i];
      }
    }
    long double level = INFINITY;
    for (int32_t l = 0; l < f->link_count; l++) {
      share[l] = weight[l] > 0 ? fmaxl(share[l], 0) / weight[l] : INFINITY;
      level = fminl(level, share[l]);
    }
    for (int32_t i = 0; i < f->flow_count && f->limit != NULL; i++) {
      if (rate[i] < 0) level = fminl(level, f->limit[i]);
    }
    for (int32_t i = 0; i < f->flow_count; i++) {
      if (rate[i] >= 0) continue;
      bool full = f->limit != NULL && f->limit[i] <= level;
      for (int32_t e = f->first[i]; e < f->first[i + 1]; e++) full = full || share[f->link[e]] <= level;
      if (!full) continue;
      rate[i] = (double)level;
      left--;
    }
  }
}

static void check_equal(const double *got, const double *want, int32_t count, const char *what, int32_t number) {
  for (int32_t i = 0; i < count; i++) {
    if (fabs(got[i] - want[i]) <= 1e-9 * want[i]) continue;
    fail_msg("%s %d: flow %d gets %.17g, expected %.17g", what, number, i, got[i], want[i]);
  }
}

// No link is above its capacity, and every flow runs at its limit or has a full link on which none is faster.
static void check_invariants(const clx_flows *f, const double *rate) {
  static double used[LINKS_MAX], fastest[LINKS_MAX];
  for (int32_t l = 0; l < f->link_count; l++) used[l] = fastest[l] = 0;
  for (int32_t i = 0; i < f->flow_count; i++) {
    for (int32_t e = f->first[i]; e < f->first[i + 1]; e++) {
      used[f->link[e]] += load_of(f, e) * rate[i];
      fastest[f->link[e]] = fmax(fastest[f->link[e]], rate[i]);
    }
  }
  for (int32_t l = 0; l < f->link_count; l++) assert_true(used[l] <= f->capacity[l] * (1 + 1e-9));
  for (int32_t i = 0; i < f->flow_count; i++) {
    bool held = f->limit != NULL && rate[i] >= f->limit[i] * (1 - 1e-12);
    if (f->limit != NULL) assert_true(rate[i] <= f->limit[i]);
    for (int32_t e = f->first[i]; e < f->first[i + 1] && !held; e++) {
      const int32_t l = f->link[e];
      held = used[l] >= f->capacity[l] * (1 - 1e-9) && rate[i] >= fastest[l] * (1 - 1e-9);
    }
    if (!held) fail_msg("flow %d at %g could be faster", i, rate[i]);
  }
}

enum { ZEROS = 1, TIES = 2, WIDE = 4, LIMITS = 8, LOADS = 16, WHOLE_LOADS = 32, SHAPES = 64 };

static double draw_capacity(uint64_t *state, int32_t shape) {
  if ((shape & ZEROS) && draw_below(state, 8) == 0) return 0;
  if (shape & TIES) return 1 + draw_below(state, 4);
  return shape & WIDE ? exp(12 * draw_share(state)) : 1 + draw_share(state);
}

static void make_random(instance *in, uint64_t *state, int32_t links, int32_t flow_count, int32_t longest,
                        int32_t shape) {
  start(in, links);
  for (int32_t l = 0; l < links; l++) in->capacity[l] = draw_capacity(state, shape);
  for (int32_t i = 0; i < flow_count; i++) add_random_flow(in, state, longest < links ? longest : links);
  bool limited = (shape & LIMITS) != 0;
  for (int32_t i = 0; i < flow_count; i++) {
    const bool free = in->first[i] < in->first[i + 1] && draw_below(state, 3) > 0;
    in->limit[i] = free ? INFINITY : shape & TIES ? (double)(1 + draw_below(state, 3)) / 4 : draw_share(state);
    limited = limited || in->first[i] == in->first[i + 1];
  }
  if (limited) in->flows.limit = in->limit;
  for (int32_t e = 0; e < in->first[flow_count]; e++) {
    in->load[e] = shape & WHOLE_LOADS ? 1 + draw_below(state, 3) : 0.1 + 5 * draw_share(state);
  }
  if (shape & (LOADS | WHOLE_LOADS)) in->flows.load = in->load;
}

static void test_equals_progressive_filling(void **unused) {
  (void)unused;
  uint64_t state = 1;
  clx_flow_solver *solver = clx_flow_solver_new();
  for (int32_t n = 0; n < 12800; n++) {
    const int32_t links = 1 + draw_below(&state, 14), count = draw_below(&state, 40);
    make_random(&made, &state, links, count, 1 + draw_below(&state, 5), n % SHAPES);
    must_solve(solver, &made.flows, rates, NULL);
    fill_progressively(&made.flows, others);
    check_equal(rates, others, count, "instance", n);
    check_invariants(&made.flows, rates);
  }
  clx_flow_solver_free(solver);
}

// Flows over two or three neighbours of a line of links, each much faster than the one before: a chain of bottlenecks, which
// ends on the heap.
static void make_line(instance *in, uint64_t *state, int32_t links, int32_t shape) {
  make_random(in, state, links, 0, 1, shape & (ZEROS | TIES));
  for (int32_t l = 0; l < links; l++) in->capacity[l] *= pow(12, l);
  for (int32_t l = 0; l + 2 < links; l++) {
    for (int32_t k = draw_below(state, 2); k >= 0; k--) {
      add_flow(in, 2 + draw_below(state, 2), (const int32_t[]){l, l + 1, l + 2});
    }
  }
  for (int32_t i = 0; i < in->flows.flow_count; i++) {
    in->limit[i] = draw_below(state, 4) > 0 ? INFINITY : in->capacity[in->link[in->first[i]]] * draw_share(state);
  }
  for (int32_t e = 0; e < in->first[in->flows.flow_count]; e++) in->load[e] = 0.5 + draw_share(state);
  if (shape & LIMITS) in->flows.limit = in->limit;
  if (shape & LOADS) in->flows.load = in->load;
}

static void test_equals_progressive_filling_on_the_heap(void **unused) {
  (void)unused;
  uint64_t state = 2;
  clx_flow_solver *solver = clx_flow_solver_new();
  int32_t heaped = 0;
  for (int32_t n = 0; n < 8 * SHAPES; n++) {
    if (n % 2 == 0) make_line(&made, &state, 60 + draw_below(&state, 60), n / 2);
    if (n % 2 == 1) make_random(&made, &state, 30, 200 + draw_below(&state, 200), 4, n / 2 % SHAPES);
    clx_flow_effort effort = {0};
    must_solve(solver, &made.flows, rates, &effort);
    heaped += effort.heaped > 5;
    fill_progressively(&made.flows, others);
    check_equal(rates, others, made.flows.flow_count, "instance", n);
    check_invariants(&made.flows, rates);
  }
  assert_true(heaped > 100);
  clx_flow_solver_free(solver);
}

// Many flows over few links: those over the same links are joined.
static void test_equals_progressive_filling_with_many_alike(void **unused) {
  (void)unused;
  uint64_t state = 3;
  clx_flow_solver *solver = clx_flow_solver_new();
  for (int32_t n = 0; n < 8 * SHAPES; n++) {
    const int32_t links = 1 + draw_below(&state, 8), count = 64 + draw_below(&state, 400);
    make_random(&made, &state, links, count, 2, n % SHAPES);
    must_solve(solver, &made.flows, rates, NULL);
    fill_progressively(&made.flows, others);
    check_equal(rates, others, count, "instance", n);
  }
  clx_flow_solver_free(solver);
}

static void test_large_instances_keep_the_invariants(void **unused) {
  (void)unused;
  uint64_t state = 4;
  static const int32_t links[] = {20000, 2000, 100};
  for (int32_t n = 0; n < 3 * SHAPES; n++) {
    make_random(&made, &state, links[n % 3], n % 5 == 0 ? 20000 : 2000, 6, n / 3);
    solve_once(&made.flows, rates, NULL);
    check_invariants(&made.flows, rates);
  }
}

// Link l > 0 holds flows l and l + 1, which is settled only when flow l is.
static void make_chain(instance *in, int32_t links) {
  start(in, links);
  for (int32_t l = 0; l < links; l++) in->capacity[l] = l == 0 ? 1.1 : l + 1;
  add_flow(in, 1, (const int32_t[]){0});
  for (int32_t l = 0; l + 1 < links; l++) add_flow(in, 2, (const int32_t[]){l, l + 1});
}

static void test_chains(void **unused) {
  (void)unused;
  clx_flow_effort effort = {0};
  make_chain(&made, 10);
  solve_once(&made.flows, rates, &effort);
  assert_int_equal(effort.rounds, 9);
  assert_int_equal(effort.heaped, 0);
  make_chain(&made, 2000);
  solve_once(&made.flows, rates, &effort);
  assert_int_equal(effort.rounds, 1);
  assert_true(effort.heaped > 1900);
  CLX_CHECK_NEAR(rates[0], 0.55, 1e-15, 0);
  for (int32_t l = 1; l < 1999; l++) CLX_CHECK_NEAR(rates[l] + rates[l + 1], made.capacity[l], 1e-12, 0);
}

static void test_known_rates(void **unused) {
  (void)unused;
  // Three flows share a link; one of them goes on over a second link, with a fourth flow that takes what is left there. A
  // fifth has only a limit.
  start(&made, 3);
  made.capacity[0] = 1;
  made.capacity[1] = 2;
  made.capacity[2] = 8;
  add_flow(&made, 2, (const int32_t[]){0, 1});
  add_flow(&made, 1, (const int32_t[]){0});
  add_flow(&made, 1, (const int32_t[]){0});
  add_flow(&made, 2, (const int32_t[]){1, 2});
  add_flow(&made, 0, NULL);
  for (int32_t i = 0; i < 5; i++) made.limit[i] = INFINITY;
  made.limit[4] = 7;
  made.flows.limit = made.limit;
  solve_once(&made.flows, rates, NULL);
  static const double want[] = {1.0 / 3, 1.0 / 3, 1.0 / 3, 5.0 / 3, 7};
  check_equal(rates, want, 5, "example", 0);
  // A class of three flows on one link of its class, beside a single one.
  start(&made, 1);
  made.capacity[0] = 8;
  add_flow(&made, 1, (const int32_t[]){0});
  add_flow(&made, 1, (const int32_t[]){0});
  made.load[0] = 3;
  made.load[1] = 1;
  made.flows.load = made.load;
  solve_once(&made.flows, rates, NULL);
  assert_true(rates[0] == 2 && rates[1] == 2);
  // No flow, no link.
  start(&made, 0);
  solve_once(&made.flows, rates, NULL);
}

static void test_same_bits_whatever_was_solved_before(void **unused) {
  (void)unused;
  uint64_t state = 5;
  make_random(&made, &state, 3000, 5000, 6, WIDE | LIMITS);
  solve_once(&made.flows, others, NULL);
  clx_flow_solver *solver = clx_flow_solver_new();
  static instance small;
  make_random(&small, &state, 100, 2000, 3, TIES);
  must_solve(solver, &small.flows, folded, NULL);
  for (int n = 0; n < 2; n++) {
    must_solve(solver, &made.flows, rates, NULL);
    assert_memory_equal(rates, others, 5000 * sizeof *rates);
  }
  assert_true(clx_flow_solver_bytes(solver) > 5000 * sizeof *rates);
  clx_flow_solver_free(solver);
}

// --- changes ------------------------------------------------------------------------------------------------------------

static void change_randomly(uint64_t *state, int32_t shape, clx_flow_solver *solver, int32_t number) {
  int32_t changed[3];
  const int32_t count = draw_below(state, 4);
  for (int32_t c = 0; c < count; c++) {
    const int32_t l = changed[c] = draw_below(state, made.flows.link_count);
    const int32_t kind = draw_below(state, 4);
    made.capacity[l] = kind == 0   ? 0
                       : kind == 1 ? draw_capacity(state, shape)
                                   : made.capacity[l] * 2 * draw_share(state);
  }
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_flow_change(solver, &made.flows, changed, count, rates, NULL, &error), CLX_OK);
  solve_once(&made.flows, others, NULL);
  check_equal(rates, others, made.flows.flow_count, "change", number);
}

static void test_changes_equal_solving_from_scratch(void **unused) {
  (void)unused;
  uint64_t state = 6;
  clx_flow_solver *solver = clx_flow_solver_new();
  static const int32_t size[][3] = {{10, 20, 3}, {400, 300, 3}, {2000, 1000, 4}, {60, 400, 4}, {5, 300, 2}};
  for (int32_t n = 0; n < 5 * SHAPES; n++) {
    make_random(&made, &state, size[n % 5][0], size[n % 5][1], size[n % 5][2], n / 5);
    must_solve(solver, &made.flows, rates, NULL);
    for (int32_t k = 0; k < 12; k++) change_randomly(&state, n / 5, solver, n);
  }
  make_chain(&made, 500);
  must_solve(solver, &made.flows, rates, NULL);
  for (int32_t k = 0; k < 50; k++) change_randomly(&state, 0, solver, k);
  clx_flow_solver_free(solver);
}

// A change stays where it is: of many separate pairs of links only one is solved again.
static void test_changes_stay_local(void **unused) {
  (void)unused;
  start(&made, 2000);
  for (int32_t l = 0; l < 2000; l++) made.capacity[l] = 1 + l % 7;
  for (int32_t i = 0; i < 3000; i++) {
    const int32_t l = i / 3 * 2;
    add_flow(&made, 2 - i % 2, (const int32_t[]){l, l + 1});
  }
  clx_flow_solver *solver = clx_flow_solver_new();
  must_solve(solver, &made.flows, rates, NULL);
  memcpy(others, rates, sizeof others);
  clx_error error;
  clx_error_clear(&error);
  made.capacity[40] = 0.5;
  made.capacity[1998] = made.capacity[1999] = 100;
  clx_flow_effort effort = {0};
  assert_int_equal(clx_flow_change(solver, &made.flows, (const int32_t[]){40, 1998, 1999}, 3, rates, &effort, &error),
                   CLX_OK);
  assert_true(effort.rounds > 0);
  for (int32_t i = 0; i < 3000; i++) assert_true((rates[i] == others[i]) == (i / 3 != 20 && i / 3 != 999));
  CLX_CHECK_NEAR(rates[60] + rates[61] + rates[62], 0.5, 1e-12, 0);
  clx_flow_solver_free(solver);
}

// --- folding ------------------------------------------------------------------------------------------------------------

// A Clos of leaves under spines, one link from each leaf to each spine: every endpoint sends to every other, flow
// (from, to) over spine (from + to) mod spines.
static void make_all_to_all(instance *in, int32_t leaves, int32_t per_leaf, int32_t spines) {
  const int32_t n = leaves * per_leaf;
  start(in, 2 * n + 2 * leaves * spines);
  for (int32_t l = 0; l < in->flows.link_count; l++) in->capacity[l] = l < 2 * n ? 4 : 1.5;
  for (int32_t from = 0; from < n; from++) {
    for (int32_t to = 0; to < n; to++) {
      const int32_t spine = (from + to) % spines, up = 2 * n + from / per_leaf * spines + spine;
      const int32_t down = 2 * n + leaves * spines + to / per_leaf * spines + spine;
      if (from == to) continue;
      if (from / per_leaf == to / per_leaf) add_flow(in, 2, (const int32_t[]){from, n + to});
      if (from / per_leaf != to / per_leaf) add_flow(in, 4, (const int32_t[]){from, up, down, n + to});
    }
  }
}

static void must_fold(clx_arena *arena, const clx_flows *flows, clx_flow_fold *fold) {
  clx_error error;
  clx_error_clear(&error);
  if (clx_flow_fold_make(arena, flows, fold, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

// Rates of the flat instance by way of its classes equal those of a flat solve.
static clx_flow_fold check_fold(const instance *in, clx_arena *arena, int32_t number) {
  clx_flow_fold fold;
  must_fold(arena, &in->flows, &fold);
  solve_once(&in->flows, rates, NULL);
  solve_once(&fold.flows, others, NULL);
  for (int32_t i = 0; i < in->flows.flow_count; i++) folded[i] = others[fold.flow_class[i]];
  check_equal(folded, rates, in->flows.flow_count, "fold", number);
  int64_t flows = 0, links = 0;
  for (int32_t c = 0; c < fold.flows.flow_count; c++) flows += fold.flow_multiple[c];
  for (int32_t c = 0; c < fold.flows.link_count; c++) links += fold.link_multiple[c];
  assert_int_equal(flows, in->flows.flow_count);
  assert_int_equal(links, in->flows.link_count);
  return fold;
}

static void test_folds_a_symmetric_fabric(void **unused) {
  (void)unused;
  clx_arena *arena = clx_arena_new();
  make_all_to_all(&made, 8, 4, 4);
  clx_flow_fold fold = check_fold(&made, arena, 0);
  // Flows inside a leaf and between leaves; NICs and links of leaves, out and in alike.
  assert_int_equal(fold.flows.flow_count, 2);
  assert_int_equal(fold.flows.link_count, 2);
  make_all_to_all(&made, 8, 4, 4);
  made.capacity[2 * 32 + 5] = 0.7;
  fold = check_fold(&made, arena, 1);
  assert_true(fold.flows.flow_count > 2 && fold.flows.flow_count < made.flows.flow_count / 4);
  made.capacity[2 * 32 + 5] = 0;
  made.capacity[3] = 2;
  fold = check_fold(&made, arena, 2);
  assert_true(fold.flows.flow_count < made.flows.flow_count / 2);
  // The same by loads: two flows of different load over one link are two classes, equal limits keep flows together.
  make_all_to_all(&made, 4, 4, 2);
  for (int32_t e = 0; e < made.first[made.flows.flow_count]; e++) made.load[e] = 1.1;
  for (int32_t i = 0; i < made.flows.flow_count; i++) made.limit[i] = 0.2;
  made.flows.load = made.load;
  made.flows.limit = made.limit;
  fold = check_fold(&made, arena, 3);
  assert_int_equal(fold.flows.flow_count, 2);
  made.limit[0] = 0.1;
  made.load[made.first[made.flows.flow_count - 1]] = 2.2;
  fold = check_fold(&made, arena, 4);
  assert_true(fold.flows.flow_count > 4);
  clx_arena_free(arena);
}

// Refinement by comparing every pair: colours of vertices (links, then flows) until nothing changes. Returns their number.
static int32_t refine_slowly(const clx_flows *f, int32_t *colour) {
  enum { MOST = 64 };
  static double sum[MOST][MOST];
  static int32_t next[MOST];
  const int32_t n = f->link_count + f->flow_count;
  int32_t count = 0;
  for (int32_t v = 0; v < n; v++) colour[v] = 0;
  for (int32_t before = -1; before != count;) {
    before = count;
    memset(sum, 0, sizeof sum);
    for (int32_t i = 0; i < f->flow_count; i++) {
      for (int32_t e = f->first[i]; e < f->first[i + 1]; e++) {
        sum[f->link_count + i][colour[f->link[e]]] += load_of(f, e);
        sum[f->link[e]][colour[f->link_count + i]] += load_of(f, e);
      }
    }
    count = 0;
    for (int32_t v = 0; v < n; v++) {
      next[v] = -1;
      for (int32_t w = 0; w < v && next[v] < 0; w++) {
        bool same = colour[v] == colour[w] && (v < f->link_count) == (w < f->link_count);
        if (same && v < f->link_count) same = f->capacity[v] == f->capacity[w];
        if (same && v >= f->link_count && f->limit != NULL) {
          same = f->limit[v - f->link_count] == f->limit[w - f->link_count];
        }
        for (int32_t c = 0; c < MOST && same; c++) same = fabs(sum[v][c] - sum[w][c]) < 1e-9;
        if (same) next[v] = next[w];
      }
      if (next[v] < 0) next[v] = count++;
    }
    memcpy(colour, next, (size_t)n * sizeof *colour);
  }
  return count;
}

static void test_folds_as_coarse_as_can_be(void **unused) {
  (void)unused;
  uint64_t state = 7;
  int32_t alike = 0;
  for (int32_t n = 0; n < 4000; n++) {
    clx_arena *arena = clx_arena_new();
    const int32_t links = 1 + draw_below(&state, 20), count = draw_below(&state, 30);
    make_random(&made, &state, links, count, 1 + draw_below(&state, 3), (n % SHAPES) | TIES);
    const clx_flow_fold fold = check_fold(&made, arena, n);
    int32_t colour[64];
    const int32_t classes = refine_slowly(&made.flows, colour);
    assert_int_equal(fold.flows.flow_count + fold.flows.link_count, classes);
    alike += classes < links + count;
    for (int32_t v = 1; v < links; v++) {
      assert_true((fold.link_class[v] == fold.link_class[0]) == (colour[v] == colour[0]));
    }
    clx_arena_free(arena);
  }
  assert_true(alike > 1000);
}

// --- what goes wrong ----------------------------------------------------------------------------------------------------

static void expect(clx_status want, const char *text) {
  clx_error error;
  clx_error_clear(&error);
  clx_flow_solver *solver = clx_flow_solver_new();
  assert_int_equal(clx_flow_solve(solver, &made.flows, rates, NULL, &error), want);
  assert_non_null(strstr(error.mistake[0].text, text));
  clx_flow_solver_free(solver);
  clx_arena *arena = clx_arena_new();
  clx_flow_fold fold;
  assert_int_equal(clx_flow_fold_make(arena, &made.flows, &fold, NULL), want);
  clx_arena_free(arena);
}

static void make_good(void) {
  uint64_t state = 8;
  make_random(&made, &state, 10, 20, 4, LIMITS | LOADS);
  add_flow(&made, 3, (const int32_t[]){3, 4, 5});
  made.limit[20] = INFINITY;
  for (int k = 1; k <= 3; k++) made.load[made.first[21] - k] = 1;
}

static void test_names_what_breaks_the_rules(void **unused) {
  (void)unused;
  make_good();
  made.link[made.first[20]] = 10;
  expect(CLX_INTERNAL, "flow 20 crosses link 10 of 10");
  make_good();
  made.link[made.first[20]] = -1;
  expect(CLX_INTERNAL, "flow 20 crosses link -1 of 10");
  make_good();
  made.capacity[7] = -1;
  expect(CLX_INTERNAL, "link 7 has a capacity of -1 B/s");
  made.capacity[7] = INFINITY;
  expect(CLX_INTERNAL, "link 7 has a capacity of inf B/s");
  made.capacity[7] = NAN;
  expect(CLX_INTERNAL, "link 7 has a capacity of");
  make_good();
  made.limit[3] = -2;
  expect(CLX_INTERNAL, "flow 3 has a limit of -2 B/s");
  make_good();
  made.load[made.first[20] + 1] = 0;
  expect(CLX_INTERNAL, "flow 20 loads link 4 with 0");
  make_good();
  made.first[20]++;
  made.first[21] = made.first[20] - 1;
  expect(CLX_INTERNAL, "the links of flow 20 end before they begin");
  make_good();
  add_flow(&made, 0, NULL);
  made.limit[21] = INFINITY;
  expect(CLX_INTERNAL, "flow 21 has neither a link nor a limit");
  make_good();
  made.flows.link_count = -1;
  expect(CLX_INTERNAL, "counts or the first row are wrong");
}

static void expect_change(clx_flow_solver *solver, int32_t link, const char *text) {
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_flow_change(solver, &made.flows, &link, 1, rates, NULL, &error), CLX_INTERNAL);
  assert_non_null(strstr(error.mistake[0].text, text));
}

static void test_names_what_is_wrong_with_a_change(void **unused) {
  (void)unused;
  clx_flow_solver *solver = clx_flow_solver_new();
  make_good();
  expect_change(solver, 1, "not solved before");
  must_solve(solver, &made.flows, rates, NULL);
  expect_change(solver, 10, "the changed link 10 is not one of 10");
  expect_change(solver, -1, "the changed link -1 is not one of 10");
  made.capacity[2] = NAN;
  expect_change(solver, 2, "link 2 has a capacity of");
  made.capacity[2] = 1;
  made.flows.flow_count--;
  expect_change(solver, 2, "not solved before");
  clx_flow_solver_free(solver);
}

// Solve, change and fold with the n-th allocation failing, for every n until all succeed.
static void test_lack_of_memory(void **unused) {
  (void)unused;
  uint64_t state = 9;
  int32_t failures = 0;
  for (int32_t n = 1, good = 0; !good; n++) {
    make_random(&made, &state, 40, 500, 3, n % 2 ? WIDE : TIES);
    clx_arena *arena = clx_arena_new();
    clx_error error;
    clx_error_clear(&error);
    clx_memory_fail_after(n);
    clx_flow_solver *solver = clx_flow_solver_new();
    clx_status status = solver == NULL ? CLX_MEMORY : clx_flow_solve(solver, &made.flows, rates, NULL, &error);
    const int32_t changed = 3;
    made.capacity[3] *= 0.5;
    if (status == CLX_OK) status = clx_flow_change(solver, &made.flows, &changed, 1, rates, NULL, &error);
    clx_flow_fold fold;
    if (status == CLX_OK) status = clx_flow_fold_make(arena, &made.flows, &fold, &error);
    clx_memory_fail_after(0);
    good = status == CLX_OK;
    failures += !good;
    if (!good) assert_int_equal(status, CLX_MEMORY);
    if (!good && solver != NULL) assert_int_equal(error.status, CLX_MEMORY);
    // The solver is still good for a solve.
    if (solver != NULL) must_solve(solver, &made.flows, rates, NULL);
    if (solver != NULL) check_invariants(&made.flows, rates);
    clx_flow_solver_free(solver);
    clx_arena_free(arena);
  }
  assert_true(failures >= 15);
  clx_flow_solver_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_rates),
      cmocka_unit_test(test_equals_progressive_filling),
      cmocka_unit_test(test_equals_progressive_filling_on_the_heap),
      cmocka_unit_test(test_equals_progressive_filling_with_many_alike),
      cmocka_unit_test(test_large_instances_keep_the_invariants),
      cmocka_unit_test(test_chains),
      cmocka_unit_test(test_same_bits_whatever_was_solved_before),
      cmocka_unit_test(test_changes_equal_solving_from_scratch),
      cmocka_unit_test(test_changes_stay_local),
      cmocka_unit_test(test_folds_a_symmetric_fabric),
      cmocka_unit_test(test_folds_as_coarse_as_can_be),
      cmocka_unit_test(test_names_what_breaks_the_rules),
      cmocka_unit_test(test_names_what_is_wrong_with_a_change),
      cmocka_unit_test(test_lack_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
