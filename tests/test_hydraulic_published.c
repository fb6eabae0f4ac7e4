// Pipe networks against an independent solver (Hardy Cross's method, written here) and against published ones: OpenModelica's results in
// pandapipes' test networks, EPANET's example 1.
#include "check.h"

#include "cooling/cooling_hydraulic.h"

#define PI 3.14159265358979323846
#define GRAVITY 9.80665

// Any number within [0, 1), the same in each run.
static double draw(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(*seed >> 11) * 0x1p-53;
}

// --- Hardy Cross ----------------------------------------------------------------------------------------------------------------
// A grid of pipes and power-law resistances with a pump across one side. Flows that balance at every node are laid along a tree; then loop
// after loop is corrected by its own misclosure until all close. Nothing is shared with the library but the network.

enum { SIDE = 4, NODES = SIDE * SIDE, EDGES = 2 * SIDE * (SIDE - 1) + 1 };

typedef struct cross {
  clx_hydraulic net;
  clx_branch branch[EDGES];
  double inflow[NODES], flow[EDGES], level[NODES];
  int32_t parent[NODES], by[NODES], order[NODES];  // of the tree
  bool in_tree[EDGES];
} cross;

// Friction by fixed-point iteration on Colebrook's equation.
static double factor_of(double re, double rough) {
  if (re < 2000) return 64 / re;
  double x = 5;
  for (int32_t i = 0; i < 200; i++) x = -2 * log10(rough / 3.7 + 2.51 * x / re);
  return 1 / (x * x);
}

static double loss_of(const cross *c, int32_t i, double flow) {
  const clx_branch *b = &c->branch[i];
  const double size = fabs(flow), sign = flow < 0 ? -1 : 1;
  if (b->kind == CLX_BRANCH_RESISTANCE) return sign * b->pressure * pow(size / b->design, b->exponent);
  if (b->kind == CLX_BRANCH_PUMP) return -b->speed * b->speed * b->pump.head * (2 - flow / (b->pump.flow * b->speed));
  const double speed = size / (PI / 4 * b->diameter * b->diameter),
               re = c->net.density * speed * b->diameter / c->net.viscosity;
  if (size == 0) return 0;
  const double factor = factor_of(re, b->roughness / b->diameter);
  return sign * (factor * b->length / b->diameter + b->minor) * c->net.density * speed * speed / 2;
}

static void grow_tree(cross *c) {
  bool met[NODES] = {true};
  int32_t count = 1;
  c->order[0] = 0;
  for (int32_t k = 0; k < count; k++) {
    for (int32_t i = 0; i < EDGES; i++) {
      const clx_branch *b = &c->branch[i];
      if (b->from != c->order[k] && b->to != c->order[k]) continue;
      const int32_t other = b->from + b->to - c->order[k];
      if (met[other]) continue;
      met[other] = c->in_tree[i] = true;
      c->parent[other] = c->order[k];
      c->by[other] = i;
      c->order[count++] = other;
    }
  }
}

// The loop that a branch outside of the tree closes: its branches and whether they are run forwards.
static int32_t loop_of(const cross *c, int32_t chord, int32_t *edge, double *sign) {
  int32_t count = 0, depth[NODES] = {0};
  for (int32_t k = 1; k < NODES; k++) depth[c->order[k]] = depth[c->parent[c->order[k]]] + 1;
  edge[count] = chord;
  sign[count++] = 1;
  int32_t up = c->branch[chord].to, down = c->branch[chord].from;
  while (up != down) {  // on from the chord's end, and back to its start
    const bool rising = depth[up] >= depth[down];
    const int32_t node = rising ? up : down;
    const bool forwards = c->branch[c->by[node]].from == node;
    edge[count] = c->by[node];
    sign[count++] = forwards == rising ? 1 : -1;
    if (rising) {
      up = c->parent[up];
    } else {
      down = c->parent[down];
    }
  }
  return count;
}

static void lay_flows(cross *c) {
  double need[NODES];
  memcpy(need, c->inflow, sizeof(need));
  for (int32_t i = 0; i < EDGES; i++) c->flow[i] = 0;
  for (int32_t k = NODES - 1; k > 0; k--) {
    const int32_t node = c->order[k], edge = c->by[node];
    c->flow[edge] = c->branch[edge].from == node ? need[node] : -need[node];
    need[c->parent[node]] += need[node];
  }
}

static void correct_loops(cross *c) {
  for (int32_t sweep = 0; sweep < 20000; sweep++) {
    double worst = 0;
    for (int32_t i = 0; i < EDGES; i++) {
      if (c->in_tree[i]) continue;
      int32_t edge[EDGES];
      double sign[EDGES], miss = 0, slope = 0;
      const int32_t count = loop_of(c, i, edge, sign);
      for (int32_t k = 0; k < count; k++) {
        const double flow = c->flow[edge[k]], step = 1e-6 * fabs(flow) + 1e-12;
        miss += sign[k] * loss_of(c, edge[k], flow);
        slope += (loss_of(c, edge[k], flow + step) - loss_of(c, edge[k], flow - step)) / (2 * step);
      }
      for (int32_t k = 0; k < count; k++) c->flow[edge[k]] -= sign[k] * miss / slope;
      worst = fmax(worst, fabs(miss));
    }
    if (worst < 1e-6) return;
  }
  fail_msg("Hardy Cross did not close");
}

static double cross_shares[] = {0, 2}, cross_heads[] = {2, 0};
static const clx_mover straight = {
    .flow = cross_shares, .flow_count = 2, .head = cross_heads, .head_count = 2, .efficiency = 1};

static void cross_make(cross *c, uint64_t *seed) {
  memset(c, 0, sizeof(*c));
  int32_t count = 0;
  for (int32_t i = 0; i < NODES; i++) {
    const int32_t ways[2] = {i % SIDE + 1 < SIDE ? i + 1 : -1, i + SIDE < NODES ? i + SIDE : -1};
    for (int32_t k = 0; k < 2; k++) {
      if (ways[k] < 0) continue;
      c->branch[count++] = (clx_branch){.name = "pipe",
                                        .kind = draw(seed) < 0.33,
                                        .from = i,
                                        .to = ways[k],
                                        .length = 20 + 200 * draw(seed),
                                        .diameter = 0.05 + 0.1 * draw(seed),
                                        .roughness = 2e-4 * draw(seed),
                                        .minor = 5 * draw(seed),
                                        .pressure = 3e4 * (0.2 + draw(seed)),
                                        .design = 0.01,
                                        .exponent = 1.7 + 0.3 * draw(seed)};
    }
  }
  c->branch[count++] = (clx_branch){.name = "pump",
                                    .kind = CLX_BRANCH_PUMP,
                                    .from = 0,
                                    .to = NODES - 1,
                                    .speed = 0.9,
                                    .pump = {.mover = &straight, .flow = 0.03, .head = 2e5}};
  double sum = 0;
  for (int32_t i = 1; i < NODES; i++) {
    c->inflow[i] = 0.01 * (draw(seed) - 0.5);
    sum += c->inflow[i];
  }
  c->inflow[0] = -sum;
  c->net = (clx_hydraulic){.node_count = NODES,
                           .inflow = c->inflow,
                           .branch = c->branch,
                           .branch_count = count,
                           .density = 1000,
                           .viscosity = 1e-3};
}

// Whether some pipe's flow is neither laminar nor turbulent: there laws differ by choice.
static bool in_transition(const cross *c) {
  for (int32_t i = 0; i < EDGES; i++) {
    const clx_branch *b = &c->branch[i];
    const double re = fabs(c->flow[i]) / (PI / 4 * b->diameter) * c->net.density / c->net.viscosity;
    if (b->kind == CLX_BRANCH_PIPE && re > 1900 && re < 4100) return true;
  }
  return false;
}

static void test_hardy_cross(void **state) {
  (void)state;
  uint64_t seed = 21;
  int32_t compared = 0;
  for (int32_t k = 0; k < 30; k++) {
    cross c;
    cross_make(&c, &seed);
    grow_tree(&c);
    lay_flows(&c);
    correct_loops(&c);
    if (in_transition(&c)) continue;
    for (int32_t n = 1; n < NODES; n++) {
      const int32_t node = c.order[n], edge = c.by[node];
      const double loss = loss_of(&c, edge, c.flow[edge]);
      c.level[node] = c.level[c.parent[node]] + (c.branch[edge].from == node ? loss : -loss);
    }
    clx_arena *arena = clx_arena_new();
    clx_hydraulic_state out = {0};
    clx_error error = {0};
    if (clx_hydraulic_solve(&c.net, NULL, arena, &out, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
    for (int32_t n = 1; n < NODES; n++)
      CLX_CHECK_NEAR(out.pressure[n], c.level[n], 1e-6, 1e-2);  // 1e-7 of the pump's head
    for (int32_t i = 0; i < EDGES; i++) CLX_CHECK_NEAR(out.flow[i], c.flow[i], 1e-6, 1e-9);
    clx_arena_free(arena);
    compared++;
  }
  assert_true(compared >= 15);
}

// --- OpenModelica's results in pandapipes ------------------------------------------------------------------------------------------
// e2nIEE/pandapipes, pandapipes/networks/network_files/openmodelica_test_networks/water_cases_colebrook (delta, heights, two_pumps) and
// simple_test_networks/openmodelica_test_networks/water_cases (versatility): columns p_om of the junctions, v_om of the pipes. Its own tests
// take 1 % of pressure and 0.05 m/s. The pumps' polynomials are fits: OpenModelica's heads are 2 to 3 % below them.

typedef struct om_node {
  double height, pressure, sink, bar;  // m; bar where fixed, else 0; kg/s; what OpenModelica gives
} om_node;
typedef struct om_pipe {
  int32_t from, to;
  double length, diameter, roughness, speed;  // m, m, m; m/s of OpenModelica
} om_pipe;
typedef struct om_pump {
  int32_t from, to;
  double c2, c1, c0;  // bar at a flow in m3/h
} om_pump;
typedef struct om_case {
  const char *name;
  om_node node[10];
  int32_t nodes;
  om_pipe pipe[10];
  int32_t pipes;
  om_pump pump[2];
  int32_t pumps;
} om_case;

static const om_case om_cases[] = {
    {.name = "delta",
     .node = {{0, 3.5, 0, 3.5}, {0, 0, 0.2778, 3.499762598556268}, {0, 0, -0.2778, 3.500022897516034}},
     .nodes = 3,
     .pipe = {{1, 0, 1000, 0.075, 1e-3, -0.004169151732968},
              {2, 0, 200, 0.09, 1e-3, 0.002895244239904},
              {1, 2, 100, 0.1, 1e-3, -0.033085143305878}},
     .pipes = 3},
    {.name = "heights",
     .node = {{350, 6, 0, 6},
              {250, 0, 1, 14.397785844715875},
              {50, 0, 0.5, 34.013525179514652},
              {0, 0, 0, 39.214136203582903}},
     .nodes = 4,
     .pipe = {{0, 3, 5000, 0.075, 1e-4, 0.339808609359215},
              {1, 3, 5000, 0.075, 1e-4, -0.170485113743671},
              {3, 2, 5000, 0.075, 1e-4, 0.169185322411036},
              {2, 1, 1000, 0.075, 1e-4, 0.056019012943854}},
     .pipes = 4},
    {.name = "two_pumps",
     .node = {{0, 7, 0, 7},
              {0, 0, 10, 27.366389151935998},
              {0, 0, 2, 26.947630449554069},
              {0, 0, 4, 24.378916672211538},
              {0, 0, -22, 19.27855224502283},
              {0, 0, -3, 18.614525417454711}},
     .nodes = 6,
     .pipe = {{2, 1, 1300, 0.075, 2e-5, -0.452984426625827},
              {0, 4, 6000, 0.09, 2e-5, -1.416473543436075},
              {4, 5, 7000, 0.075, 3e-5, 0.226575592203336}},
     .pipes = 3,
     .pump = {{4, 1, -0.0008271444974254786, -0.002455604916910783, 9.97129100473773},
              {5, 3, -0.0001486298608891042, -0.012957671887048236, 6.1}},
     .pumps = 2},
    // Its valves are open ones of loss coefficient 0.002. Left out: a pump through which a source of 5.56 kg/s presses backwards, off any
    // curve; that flow enters at the pump's foot.
    {.name = "versatility",
     .node = {{0, 30, 0, 30},
              {0, 30, 0, 30},
              {0, 0, 0.833, 30.033206334626634},
              {0, 0, 0.02778, 30.027902939077716},
              {0, 0, 0.1389, 30.021376403073489},
              {0, 0, 1.389, 29.91480063359251},
              {0, 0, 1.389, 29.365461822925262},
              {0, 0, 0.778, 29.914762240805778},
              {0, 0, -9.171, 30.124201987393096}},
     .nodes = 9,
     .pipe = {{8, 2, 7000, 0.26, 1e-4, 0.172815112758691},
              {0, 2, 10000, 0.26, 1e-4, -0.080857968842958},
              {2, 3, 500, 0.2, 1e-4, 0.128880443932394},
              {4, 0, 7000, 0.075, 1e-4, 0.037320041734291},
              {3, 7, 10000, 0.075, 1e-4, 0.066005316028678},
              {4, 5, 500, 0.1, 1e-4, 0.415848644773505},
              {5, 6, 3000, 0.075, 1e-4, 0.314558487643408},
              {1, 3, 10000, 0.075, 1e-4, -0.036127074236638},
              {3, 4, 0, 0.075, 0, 0.808057169518685},
              {5, 7, 0, 0.1, 0, 0.06197646075417}},
     .pipes = 10},
};

enum { CURVE = 41 };  // points of a pump's polynomial; a cubic between them is it to 1e-6
typedef struct om_net {
  clx_hydraulic net;
  clx_branch branch[12];
  double height[10], inflow[10], pressure[10];
  clx_mover mover[2];
  double share[2][CURVE], head[2][CURVE];
} om_net;

static void om_make(const om_case *from, om_net *n) {
  const double density = 998.2060924679472;
  n->net = (clx_hydraulic){.node_count = from->nodes,
                           .height = n->height,
                           .inflow = n->inflow,
                           .pressure = n->pressure,
                           .branch = n->branch,
                           .branch_count = from->pipes + from->pumps,
                           .density = density,
                           .viscosity = 0.001001605325647912};
  for (int32_t i = 0; i < from->nodes; i++) {
    n->height[i] = from->node[i].height;
    n->inflow[i] = from->node[i].pressure > 0 ? 0 : -from->node[i].sink / density;
    n->pressure[i] = from->node[i].pressure > 0 ? from->node[i].pressure * 1e5 : NAN;
  }
  for (int32_t i = 0; i < from->pipes; i++) {
    const om_pipe *p = &from->pipe[i];
    n->branch[i] = (clx_branch){.name = "pipe",
                                .from = p->from,
                                .to = p->to,
                                .length = p->length,
                                .diameter = p->diameter,
                                .roughness = p->roughness,
                                .minor = p->length > 0 ? 0 : 0.002};
  }
  for (int32_t i = 0; i < from->pumps; i++) {
    const om_pump *p = &from->pump[i];
    const double end = 0.99 * (-p->c1 - sqrt(p->c1 * p->c1 - 4 * p->c2 * p->c0)) / (2 * p->c2);
    for (int32_t k = 0; k < CURVE; k++) {
      const double flow = end * k / (CURVE - 1);
      n->share[i][k] = flow;
      n->head[i][k] = (p->c2 * flow + p->c1) * flow + p->c0;
    }
    n->mover[i] =
        (clx_mover){.flow = n->share[i], .flow_count = CURVE, .head = n->head[i], .head_count = CURVE, .efficiency = 1};
    n->branch[from->pipes + i] = (clx_branch){.name = "pump",
                                              .kind = CLX_BRANCH_PUMP,
                                              .from = p->from,
                                              .to = p->to,
                                              .speed = 1,
                                              .pump = {.mover = &n->mover[i], .flow = 1 / 3600.0, .head = 1e5}};
  }
}

static void test_openmodelica(void **state) {
  (void)state;
  for (int32_t k = 0; k < CLX_COUNT(om_cases); k++) {
    const om_case *given = &om_cases[k];
    for (int32_t friction = 0; friction < CLX_FRICTIONS; friction++) {
      om_net n = {0};
      om_make(given, &n);
      n.net.friction = friction;
      clx_arena *arena = clx_arena_new();
      clx_hydraulic_state out = {0};
      clx_error error = {0};
      if (clx_hydraulic_solve(&n.net, NULL, arena, &out, &error) != CLX_OK)
        fail_msg("%s: %s", given->name, error.mistake[0].text);
      double pressure = 0, speed = 0;
      for (int32_t i = 0; i < given->nodes; i++) {
        pressure = fmax(pressure, fabs(out.pressure[i] / 1e5 / given->node[i].bar - 1));
      }
      for (int32_t i = 0; i < given->pipes; i++) {
        const double area = PI / 4 * given->pipe[i].diameter * given->pipe[i].diameter;
        speed = fmax(speed, fabs(out.flow[i] / area - given->pipe[i].speed));
      }
      print_message("%s, %s: pressure %.5f %%, speed %.6f m/s\n", given->name, clx_friction_name[friction],
                    100 * pressure, speed);
      CLX_CHECK_NEAR(pressure, 0, 0, 0.01);
      CLX_CHECK_NEAR(speed, 0, 0, 0.05);
      clx_arena_free(arena);
    }
  }
}

// --- EPANET's example 1 ---------------------------------------------------------------------------------------------------------
// OpenWaterAnalytics/EPANET, tests/epanet-nrtestsuite: examples/example1.inp and benchmark/epanet-2012/Example_1/example1.rpt (version
// 2.00.12), hour 0. Hazen and Williams: head = 4.727 length / (C^1.852 d^4.871) flow^1.852 in ft and ft3/s (EPANET 2 users' manual, table 3.1),
// with C = 100; the pump from one point (1,500 gpm, 250 ft): 4/3 of its head at no flow, none at twice its flow (there, section 3.1).

#define FOOT 0.3048
#define GPM (231 * 0.0254 * 0.0254 * 0.0254 / 60)  // m3/s: 231 cubic inches a minute

static const struct {
  int32_t name;
  double elevation, demand, head;  // ft, gpm, ft of EPANET
} net1_node[] = {{10, 710, 0, 1004.35},  {11, 710, 150, 985.23}, {12, 700, 150, 970.07}, {13, 695, 100, 968.87},
                 {21, 700, 150, 971.55}, {22, 695, 200, 969.08}, {23, 690, 150, 968.65}, {31, 700, 100, 967.39},
                 {32, 710, 100, 965.69}, {9, 800, 0, 800},       {2, 850, 0, 970}};
static const struct {
  int32_t from, to;
  double length, diameter, flow;  // ft, in, gpm of EPANET
} net1_pipe[] = {{0, 1, 10530, 18, 1866.18}, {1, 2, 5280, 14, 1234.21}, {2, 3, 5280, 10, 129.34},
                 {4, 5, 5280, 10, 191.16},   {5, 6, 5280, 12, 120.66},  {7, 8, 5280, 6, 40.81},
                 {10, 2, 200, 18, -766.18},  {1, 4, 5280, 10, 481.97},  {2, 5, 5280, 12, 188.70},
                 {3, 6, 5280, 8, 29.34},     {4, 7, 5280, 8, 140.81},   {5, 8, 5280, 6, 59.19}};

static void test_epanet_example_1(void **state) {
  (void)state;
  enum { PIPES = CLX_COUNT(net1_pipe), N = CLX_COUNT(net1_node) };
  const double density = 1000, foot = density * GRAVITY * FOOT;  // Pa of a foot of water
  double height[N], inflow[N], pressure[N], share[CURVE], head[CURVE];
  clx_branch branch[PIPES + 1] = {0};
  for (int32_t i = 0; i < N; i++) {
    height[i] = net1_node[i].elevation * FOOT;
    inflow[i] = -net1_node[i].demand * GPM;
    pressure[i] = i == 9 ? 0 : i == 10 ? (970 - 850) * foot : NAN;
  }
  for (int32_t i = 0; i < PIPES; i++) {
    const double d = net1_pipe[i].diameter / 12, design = 1000 * GPM, flow = design / (FOOT * FOOT * FOOT);
    const double lost = 4.727 * net1_pipe[i].length / (pow(100, 1.852) * pow(d, 4.871)) * pow(flow, 1.852);
    branch[i] = (clx_branch){.name = "pipe",
                             .kind = CLX_BRANCH_RESISTANCE,
                             .from = net1_pipe[i].from,
                             .to = net1_pipe[i].to,
                             .pressure = lost * foot,
                             .design = design,
                             .exponent = 1.852};
  }
  for (int32_t k = 0; k < CURVE; k++) {
    share[k] = 2.0 * k / (CURVE - 1);
    head[k] = (4 - share[k] * share[k]) / 3;
  }
  const clx_mover mover = {.flow = share, .flow_count = CURVE, .head = head, .head_count = CURVE, .efficiency = 1};
  branch[PIPES] = (clx_branch){.name = "9",
                               .kind = CLX_BRANCH_PUMP,
                               .from = 9,
                               .to = 0,
                               .speed = 1,
                               .check = true,
                               .pump = {.mover = &mover, .flow = 1500 * GPM, .head = 250 * foot}};
  const clx_hydraulic net = {.node_count = N,
                             .height = height,
                             .inflow = inflow,
                             .pressure = pressure,
                             .branch = branch,
                             .branch_count = PIPES + 1,
                             .density = density,
                             .viscosity = 1e-3};
  clx_arena *arena = clx_arena_new();
  clx_hydraulic_state out = {0};
  clx_error error = {0};
  if (clx_hydraulic_solve(&net, NULL, arena, &out, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  // The report has two decimals.
  for (int32_t i = 0; i < N; i++)
    CLX_CHECK_NEAR(out.pressure[i] / foot + net1_node[i].elevation, net1_node[i].head, 0, 0.02);
  for (int32_t i = 0; i < PIPES; i++) CLX_CHECK_NEAR(out.flow[i] / GPM, net1_pipe[i].flow, 1e-4, 0.05);
  CLX_CHECK_NEAR(out.flow[PIPES] / GPM, 1866.18, 1e-4, 0);
  clx_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hardy_cross),
      cmocka_unit_test(test_openmodelica),
      cmocka_unit_test(test_epanet_example_1),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
