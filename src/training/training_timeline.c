// The passes of one micro-batch in which gradients or parameters travel, layer by layer: what runs when, and how transfers
// that share links stretch. The step itself takes the fluid average of it (training_traffic.c).
#include <string.h>

#include "training/training_internal.h"

enum { STREAM_LAYERS, STREAM_DP, PARTS_PER_LAYER = 6 };

static const char *const WAITING_NAME[CLX_WAITING] = {"tp", "cp", "ep"};

typedef struct builder {
  const clx_training *job;
  clx_training_traffic traffic;
  int32_t pass;
  int32_t dp;  // demand of one layer's gradients or parameters, -1 = none
  clx_activity *activity;
  const char **what;
  int32_t *layer;
  int32_t count;
} builder;

static void put(builder *b, clx_activity activity, const char *what, int32_t layer) {
  b->activity[b->count] = activity;
  b->what[b->count] = what;
  b->layer[b->count++] = layer;
}

static void put_waiting(builder *b, clx_waiting which, double time, int32_t layer) {
  const int32_t demand = b->traffic.waiting[which];
  if (time > 0 && demand >= 0) put(b, (clx_activity){STREAM_LAYERS, demand, time, -1}, WAITING_NAME[which], layer);
}

// Attention first, experts last; the backward pass the other way round. Parameters of a layer are there before it starts,
// gradients leave when it ends.
static void put_layer(builder *b, const clx_layer_cost *cost, int32_t layer, int32_t previous) {
  const int32_t pass = b->pass;
  const bool repeats = pass == 1;
  const double waiting[CLX_WAITING] = {cost->tp[pass] + (repeats ? cost->repeat_tp : 0),
                                       cost->cp[pass] + (repeats ? cost->repeat_cp : 0),
                                       cost->ep[pass] + (repeats ? cost->repeat_ep : 0)};
  const double all = pass == 0 ? clx_layer_cost_forward(cost) : clx_layer_cost_backward(cost);
  const double compute = all - waiting[0] - waiting[1] - waiting[2];
  int32_t ready = -1;
  if (pass == 0 && b->dp >= 0) {
    put(b, (clx_activity){STREAM_DP, b->dp, 0, previous}, "dp", layer);
    ready = b->count - 1;
  }
  const clx_waiting order[2] = {pass == 0 ? CLX_WAITING_CP : CLX_WAITING_EP,
                                pass == 0 ? CLX_WAITING_EP : CLX_WAITING_CP};
  put(b, (clx_activity){STREAM_LAYERS, -1, compute / 2, ready}, "compute", layer);
  put_waiting(b, order[0], waiting[order[0]], layer);
  put_waiting(b, CLX_WAITING_TP, waiting[CLX_WAITING_TP], layer);
  put(b, (clx_activity){STREAM_LAYERS, -1, compute / 2, -1}, "compute", layer);
  put_waiting(b, order[1], waiting[order[1]], layer);
  if (pass == 1 && b->dp >= 0) put(b, (clx_activity){STREAM_DP, b->dp, 0, b->count - 1}, "dp", layer);
}

static int32_t layers_of(const clx_stage *stage) {
  return stage->layers[0][0] + stage->layers[0][1] + stage->layers[1][0] + stage->layers[1][1];
}

static void put_stage(builder *b, const clx_stage *stage) {
  int32_t layer = 0, start = -1, before = -1;
  for (int32_t moe = 0; moe < 2; moe++) {
    for (int32_t windowed = 0; windowed < 2; windowed++) {
      if (stage->layers[moe][windowed] == 0) continue;
      const clx_layer_cost cost = clx_training_layer_cost(b->job, moe, windowed);
      for (int32_t i = 0; i < stage->layers[moe][windowed]; i++) {
        const int32_t first = b->count;
        put_layer(b, &cost, layer++, before);  // parameters are asked for one layer ahead
        before = start;
        start = first;
        while (b->activity[start].stream == STREAM_DP) start++;
      }
    }
  }
}

static clx_status run(builder *b, clx_arena *arena, clx_timeline *timeline, clx_error *error) {
  clx_span *span = CLX_NEW_ARRAY(arena, clx_span, b->count + 1);
  clx_timeline_item *item = CLX_NEW_ARRAY(arena, clx_timeline_item, b->count + 1);
  if (span == NULL || item == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_timeline_run(&b->traffic.traffic, b->activity, b->count, span, error));
  for (int32_t i = 0; i < b->count; i++) {
    item[i] = (clx_timeline_item){b->what[i], b->layer[i], span[i].start, span[i].end};
  }
  *timeline = (clx_timeline){.item = item, .count = b->count};
  return CLX_OK;
}

// Gradients and parameters of one layer of the stage, as one of equal parts.
static void add_dp(builder *b, const clx_stage *stage, int32_t layers) {
  const clx_stage_parameters p = clx_training_stage_parameters(b->job, stage);
  const clx_traffic_demand whole = clx_training_dp_demand(b->job, &b->traffic.traffic, &p, b->pass);
  b->dp = -1;
  if (whole.time <= 0 || layers == 0) return;
  const clx_traffic_demand part = clx_training_part_demand(&whole, 1.0 / layers);
  b->dp = clx_traffic_add(&b->traffic.traffic, &part);
}

clx_status clx_training_timeline(const clx_training *job, int32_t stage, int32_t pass, clx_arena *arena,
                                 clx_timeline *timeline, clx_error *error) {
  clx_stage stages[CLX_STAGES_MAX];
  clx_training_stages(job, stages);
  if (stage < 0 || stage >= job->layout.pp || pass < 0 || pass > 1) {
    return clx_fail_plain(error, CLX_INTERNAL, "stage %d of %d, pass %d: there is no such pass", stage, job->layout.pp,
                          pass);
  }
  builder *b = CLX_NEW(arena, builder);
  const int32_t layers = layers_of(&stages[stage]), room = layers * PARTS_PER_LAYER + 1;
  if (b == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  b->job = job;
  b->pass = pass;
  b->activity = CLX_NEW_ARRAY(arena, clx_activity, room);
  b->what = CLX_NEW_ARRAY(arena, const char *, room);
  b->layer = CLX_NEW_ARRAY(arena, int32_t, room);
  if (b->activity == NULL || b->what == NULL || b->layer == NULL) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  clx_training_traffic_make(job, &b->traffic);
  add_dp(b, &stages[stage], layers);
  put_stage(b, &stages[stage]);
  return run(b, arena, timeline, error);
}
