// Kernel sums on grids, and iterations interpolated from them.
#include "serving/serving_law.h"

#include <math.h>

#include "serving/serving_internal.h"
#include "serving/serving_pipeline.h"

// Nodes of one axis: whole numbers up to `dense`, then growing by a factor, the last at the end of the reach. Tiles of kernels end at
// powers of two: these and the number after them are nodes.
typedef struct axis {
  double *node;
  int32_t count;
} axis;

// Time and energy of one GPU at each node of one or two axes: value[i * inner.count + j].
typedef struct table {
  axis outer, inner;
  clx_serving_share *value;
} table;

struct clx_serving_law {
  const clx_serving *serving;
  table products;                       // tokens of a rank
  table experts;                        // tokens of all ranks
  table head;                           // rows of a rank
  table decode;                         // sequences, mean context
  table beside;                         // the same in an iteration with prompts
  table prefill;                        // new tokens of a prompt, cached ones
  double launches, attention_launches;  // kernels of an iteration; of them attention's, for one kind
  double rest;                          // W of a waiting GPU
};

// --- sums of kernels ------------------------------------------------------------------------------------------------------

typedef enum part { PRODUCTS, EXPERTS, HEAD, DECODE, PREFILL, BESIDE } part;

static clx_serving_sum sum_of(const clx_serving *s, part which, const clx_serving_tokens *t) {
  const clx_draw_load waiting = {.kind = CLX_DRAW_WAIT};
  clx_serving_sum sum = {.serving = s, .clock = 1, .rest = clx_device_draw(s->device, &waiting, 1, 0)};
  if (which == PRODUCTS) clx_serving_add_products(&sum, t);
  if (which == EXPERTS) clx_serving_add_experts(&sum, t);
  if (which == HEAD) clx_serving_add_head(&sum, t);
  if (which == DECODE || which == PREFILL || which == BESIDE) clx_serving_add_attention(&sum, t);
  for (int32_t i = 0; i < CLX_SERVING_PARTS; i++) {
    sum.cost.time += sum.cost.part[i].time;
    sum.cost.energy += sum.cost.part[i].energy;
  }
  return sum;
}

// The work of one part, from the coordinates of its table.
static clx_serving_tokens tokens_of(const clx_serving *s, part which, double x, double y) {
  clx_serving_tokens t = {.tokens = x, .all = s->dp * x};
  if (which == EXPERTS) t = (clx_serving_tokens){.tokens = x / s->dp, .all = x};
  if (which == HEAD) t = (clx_serving_tokens){.decode = x, .tokens = x, .all = x};
  if (which == DECODE || which == BESIDE) {
    t = (clx_serving_tokens){.decode = x, .context = fmax(1, y), .verified = 1 + s->drafts, .tokens = x, .all = x};
    t.beside = which == BESIDE;
  }
  if (which == PREFILL) t = (clx_serving_tokens){.prompts = 1, .prompt = x, .cached = y, .tokens = x, .all = x};
  return t;
}

static clx_serving_share share_of(const clx_serving *s, part which, double x, double y) {
  const clx_serving_tokens t = tokens_of(s, which, fmax(1, x), y);
  const clx_serving_sum sum = sum_of(s, which, &t);
  return (clx_serving_share){sum.cost.time, sum.cost.energy};
}

// --- grids ----------------------------------------------------------------------------------------------------------------

enum { NODES_MAX = 400 };

static double next_node(double x, double dense, double factor) {
  if (x < 1) return 64;
  double tile = 16;
  while (tile < x) tile *= 2;
  const double next = x < dense ? x + 1 : fmax(x + 1, round(x * factor));
  if (tile == x) return x + 1;
  return x < tile && next > tile ? tile : next;
}

static bool make_axis(clx_arena *arena, double first, double dense, double factor, double last, axis *out) {
  double node[NODES_MAX];
  int32_t count = 0;
  for (double x = first; count < NODES_MAX - 1 && x < last; count++) {
    node[count] = x;
    x = next_node(x, dense, factor);
  }
  node[count++] = fmax(last, first + 1);
  out->node = CLX_NEW_ARRAY(arena, double, count);
  out->count = count;
  if (out->node == NULL) return false;
  for (int32_t i = 0; i < count; i++) out->node[i] = node[i];
  return true;
}

// Captured sizes are what most iterations are padded to: nodes, too, as kernels are faster at round numbers than beside them.
static bool add_captured(clx_arena *arena, const clx_serving *s, axis *a) {
  double node[2 * NODES_MAX];
  int32_t count = 0, captured = 0;
  for (int32_t i = 0; i < a->count; i++) {
    for (double size; (size = clx_serving_captured(s, captured)) > 0 && size <= a->node[i]; captured++)
      if (size > a->node[0] && size < a->node[i] && count < 2 * NODES_MAX - a->count) node[count++] = size;
    node[count++] = a->node[i];
  }
  a->node = CLX_NEW_ARRAY(arena, double, count);
  a->count = count;
  for (int32_t i = 0; a->node != NULL && i < count; i++) a->node[i] = node[i];
  return a->node != NULL;
}

static bool fill(clx_arena *arena, const clx_serving *s, part which, table *out) {
  const int32_t inner = out->inner.count > 0 ? out->inner.count : 1;
  out->value = CLX_NEW_ARRAY(arena, clx_serving_share, (int64_t)out->outer.count * inner);
  if (out->value == NULL) return false;
  for (int32_t i = 0; i < out->outer.count; i++) {
    for (int32_t j = 0; j < inner; j++)
      out->value[i * inner + j] = share_of(s, which, out->outer.node[i], out->inner.count > 0 ? out->inner.node[j] : 0);
  }
  return true;
}

clx_serving_law *clx_serving_law_make(clx_arena *arena, const clx_serving *s, const clx_law_reach *reach) {
  clx_serving_law *law = CLX_NEW(arena, clx_serving_law);
  if (law == NULL) return NULL;
  *law = (clx_serving_law){.serving = s};
  const double tokens = fmax(2, reach->tokens + s->drafts * reach->sequences), sequences = fmax(2, reach->sequences),
               context = fmax(2, reach->context);
  const double cached =
      s->model->index_topk > 0 ? 1.25 : 1.5;  // sparse attention bends where a prompt sees more than is chosen
  if (!make_axis(arena, 1, 32, 1.05, tokens, &law->products.outer) || !add_captured(arena, s, &law->products.outer) ||
      !make_axis(arena, 1, 32, 1.05, s->dp * tokens, &law->experts.outer) ||
      !make_axis(arena, 1, 8, 1.1, sequences * (1 + s->drafts), &law->head.outer) ||
      !make_axis(arena, 1, 16, 1.12, sequences, &law->decode.outer) ||
      !make_axis(arena, 1, 1, 1.3, context, &law->decode.inner) ||
      !make_axis(arena, 1, 1, 1.25, tokens, &law->prefill.outer) ||
      !make_axis(arena, 0, 0, cached, context, &law->prefill.inner))
    return NULL;
  if (!fill(arena, s, PRODUCTS, &law->products) || !fill(arena, s, EXPERTS, &law->experts) ||
      !fill(arena, s, HEAD, &law->head) || !fill(arena, s, DECODE, &law->decode) ||
      !fill(arena, s, PREFILL, &law->prefill))
    return NULL;
  law->beside = law->decode;
  if (s->device->engine_attention.tile > 0 && !fill(arena, s, BESIDE, &law->beside)) return NULL;
  const clx_draw_load waiting = {.kind = CLX_DRAW_WAIT};
  law->rest = clx_device_draw(s->device, &waiting, 1, 0);
  const clx_serving_tokens one = tokens_of(s, PRODUCTS, 1, 0), prompt = tokens_of(s, PREFILL, 64, 0);
  law->attention_launches = sum_of(s, PREFILL, &prompt).launches;
  law->launches =
      sum_of(s, PRODUCTS, &one).launches + sum_of(s, EXPERTS, &one).launches + sum_of(s, HEAD, &one).launches;
  return law;
}

// --- interpolation --------------------------------------------------------------------------------------------------------

// The interval that x lies in (the last one beyond the end) and how far into it. O(log count).
static int32_t locate(const axis *a, double x, double *share) {
  int32_t low = 0, high = a->count - 1;
  while (high - low > 1) {
    const int32_t middle = (low + high) / 2;
    if (a->node[middle] <= x) {
      low = middle;
    } else {
      high = middle;
    }
  }
  *share = fmax(0, (x - a->node[low]) / (a->node[high] - a->node[low]));
  return low;
}

static clx_serving_share mix(clx_serving_share a, clx_serving_share b, double share) {
  return (clx_serving_share){a.time + share * (b.time - a.time), a.energy + share * (b.energy - a.energy)};
}

static clx_serving_share look_up(const table *t, double x, double y) {
  double u, v = 0;
  const int32_t i = locate(&t->outer, x, &u);
  if (t->inner.count == 0) return mix(t->value[i], t->value[i + 1], u);
  const int32_t j = locate(&t->inner, y, &v), row = t->inner.count;
  const clx_serving_share *at = &t->value[i * row + j];
  return mix(mix(at[0], at[1], v), mix(at[row], at[row + 1], v), u);
}

// --- iterations -----------------------------------------------------------------------------------------------------------

// How parts are had: from tables, or from the kernels themselves.
typedef struct reader {
  const clx_serving *serving;
  const clx_serving_law *law;  // NULL = kernels
} reader;

static clx_serving_share read_part(const reader *r, part which, double x, double y) {
  if (r->law == NULL) return share_of(r->serving, which, x, y);
  const table *tables[] = {&r->law->products, &r->law->experts, &r->law->head,
                           &r->law->decode,   &r->law->prefill, &r->law->beside};
  return look_up(tables[which], fmax(1, x), y);
}

static void add(clx_serving_share *sum, clx_serving_share more) {
  sum->time += more.time;
  sum->energy += more.energy;
}

// A stage of the layers; the last one has the head.
typedef struct section {
  int32_t stage;
  double share;  // of the layers
  bool last;
} section;

static section section_of(const clx_serving *s, int32_t stage) {
  return (section){stage, clx_serving_stage_share(s, stage), stage == clx_serving_stages(s) - 1};
}

static clx_serving_share part_of(clx_serving_share whole, double share) {
  return (clx_serving_share){share * whole.time, share * whole.energy};
}

// Drafts come one after another from one more layer each, and the head.
static void add_drafts(const reader *r, const clx_engine_step *step, int32_t ranks, clx_serving_share *sum) {
  const clx_serving *s = r->serving;
  double most = 0, all = 0, context = 0;
  for (int32_t i = 0; i < ranks; i++) {
    all += step[i].decodes;
    if (step[i].decodes <= most) continue;
    most = step[i].decodes;
    context = step[i].context / most;
  }
  if (s->drafts < 1 || !(most > 0)) return;
  clx_serving_share layers = {0};
  add(&layers, read_part(r, PRODUCTS, most, 0));
  add(&layers, read_part(r, EXPERTS, all, 0));
  add(&layers, read_part(r, DECODE, most, context));
  const clx_serving_share head = read_part(r, HEAD, most, 0);
  sum->time += s->drafts * (layers.time / s->model->layers + head.time);
  sum->energy += s->drafts * (layers.energy / s->model->layers + head.energy);
}

static double tokens_in(const clx_engine_step *step) {
  return (double)step->decodes * step->verified + step->prompt_tokens;
}

// Attention and head of one rank.
static clx_serving_share own_work(const reader *r, const clx_engine_step *step, const section *at) {
  clx_serving_share sum = {0};
  if (step->decodes > 0) {
    const double mean = step->context / step->decodes;
    add(&sum, read_part(r, step->chunks > 0 ? BESIDE : DECODE, step->decodes, mean));
    sum.time += clx_serving_straggling_time(r->serving, step->longest - mean);
  }
  double longest = 0;
  for (int32_t i = 0; i < step->chunks; i++) {
    longest = fmax(longest, step->chunk[i].tokens);
    add(&sum, read_part(r, PREFILL, step->chunk[i].tokens, step->chunk[i].cached));
  }
  if (step->chunks > 0) sum.time += clx_serving_skipped_time(r->serving, step->decodes, longest);
  sum = part_of(sum, at->share);
  if (at->last) add(&sum, read_part(r, HEAD, (double)step->decodes * step->verified + step->ended, 0));
  return sum;
}

// Host work of a rank: captured graphs have no launches, pieces of graphs those of attention between them. What is put together for an
// iteration is there before it reaches a later stage.
static double host_time(const clx_serving *s, const clx_engine_step *step, const clx_graph_use *use, double launches,
                        double attention, const section *at) {
  const clx_engine *e = s->engine;
  const double kinds = (step->decodes > 0) + step->chunks;
  double launched = use->pieces ? attention * kinds : 0;
  if (!use->replays) launched = launches + attention * kinds;
  const double made = at->stage == 0 ? e->step_hidden + e->sequence_time * (step->decodes + step->chunks) : 0;
  const double drafting = at->last && !use->replays ? e->draft_time * s->drafts : 0;
  return made + e->launch_time * at->share * launched + drafting;
}

// What the device waits for where the host has to look at each verified token before it can go on.
static double verifying_time(const clx_serving *s, const clx_engine_step *step) {
  const clx_engine *e = s->engine;
  return s->drafts > 0 && e->rules.serial_drafts ? e->sequence_time * step->decodes * step->verified : 0;
}

static clx_step_cost cost_of(const reader *r, const clx_engine_step *step, int32_t ranks, double launches,
                             double attention, double rest, int32_t stage) {
  const clx_serving *s = r->serving;
  const section at = section_of(s, stage);
  clx_serving_share own = {0};
  double busiest = 0, all = 0, host = 0, verifying = 0;
  for (int32_t i = 0; i < ranks; i++) {
    const double tokens = tokens_in(&step[i]);
    const clx_graph_use use = clx_serving_graph(s, &step[i], tokens);
    const clx_serving_share work = own_work(r, &step[i], &at);
    verifying = fmax(verifying, verifying_time(s, &step[i]));
    busiest = fmax(busiest, use.tokens);
    all += tokens;  // padding is masked, or alike: it wakes no more experts than one token
    own.time = fmax(own.time, work.time);
    own.energy += work.energy / ranks;
    host = fmax(host, host_time(s, &step[i], &use, launches, attention, &at));
  }
  add(&own, part_of(read_part(r, PRODUCTS, busiest, 0), at.share));
  add(&own, part_of(read_part(r, EXPERTS, all, 0), at.share));
  if (at.last) add_drafts(r, step, ranks, &own);
  const double ends = at.last ? s->engine->step_exposed + verifying : 0;
  const double time = clx_serving_transfer_time(s, stage, busiest) + fmax(own.time, host) + ends;
  return (clx_step_cost){.time = time, .energy = s->tp * s->dp * (own.energy + rest * (time - own.time))};
}

clx_step_cost clx_serving_law_stage(const clx_serving_law *law, const clx_engine_step *step, int32_t ranks,
                                    int32_t stage) {
  const reader r = {law->serving, law};
  return cost_of(&r, step, ranks, law->launches, law->attention_launches, law->rest, stage);
}

clx_step_cost clx_serving_law_cost(const clx_serving_law *law, const clx_engine_step *step, int32_t ranks) {
  clx_step_cost sum = {0};
  for (int32_t k = 0; k < clx_serving_stages(law->serving); k++) {
    const clx_step_cost c = clx_serving_law_stage(law, step, ranks, k);
    sum.time += c.time;
    sum.energy += c.energy;
  }
  return sum;
}

clx_step_cost clx_serving_law_exact(const clx_serving *s, const clx_engine_step *step, int32_t ranks) {
  const reader r = {s, NULL};
  const clx_draw_load waiting = {.kind = CLX_DRAW_WAIT};
  const clx_serving_tokens one = tokens_of(s, PRODUCTS, 1, 0), prompt = tokens_of(s, PREFILL, 64, 0);
  const double launches =
      sum_of(s, PRODUCTS, &one).launches + sum_of(s, EXPERTS, &one).launches + sum_of(s, HEAD, &one).launches;
  clx_step_cost sum = {0};
  for (int32_t k = 0; k < clx_serving_stages(s); k++) {
    const clx_step_cost c = cost_of(&r, step, ranks, launches, sum_of(s, PREFILL, &prompt).launches,
                                    clx_device_draw(s->device, &waiting, 1, 0), k);
    sum.time += c.time;
    sum.energy += c.energy;
  }
  return sum;
}

static clx_step_cost law_cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  return clx_serving_law_stage(self, step, ranks, stage);
}

clx_step_law clx_serving_law_step(const clx_serving_law *law) {
  const clx_serving *s = law->serving;
  return (clx_step_law){
      .cost = law_cost, .self = law, .idle = s->tp * s->dp * clx_serving_stages(s) * s->device->idle_power};
}
