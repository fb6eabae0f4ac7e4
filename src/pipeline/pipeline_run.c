// Evaluates a program for many lanes: a block of lanes at a time runs through all operations, its rows of times stay in the cache.
#include <math.h>
#include <string.h>

#include "pipeline/pipeline_internal.h"

// Lanes of a block: loops over them have constant counts, which compilers turn into vector instructions at -O2.
enum { WIDTH = 32, SMALL_SCRATCH = 4096 };

static const double TIME_MAX = 1e20;  // s of one task; sums of 2^26 of them times any slowness stay finite in float

typedef struct runner {
  const clx_pipeline *p;
  const clx_pipeline_times *times;
  const clx_pipeline_lanes *lanes;
  const clx_pipeline_result *result;
  clx_pipeline_span *span;
  int32_t positions;
  double *duration;      // [kinds + 1][positions]
  double *send;          // [positions + 1]
  double *work;          // [stages] time in tasks at full speed
  double *ready;         // [rows][width] when what a task sends is there
  double *now;           // [stages][width] when the stage can go on
  double *slowness;      // [stages][width]
  double *busy;          // [stages][width] with jitter only
  double *pace;          // [width] factor on the present task
  uint32_t *key;         // [2][width] of the lanes
  int32_t first, count;  // lanes of the block
  bool wrong;            // a merged time is not one
} runner;

// --- draws -------------------------------------------------------------------------------------------------------------

// 32 bits of a lane and a task: multiplications and shifts as in Wellons' lowbias32, a round more, the second words put in between.
static inline uint32_t draw_of(uint32_t lane_a, uint32_t lane_b, clx_pipeline_key task) {
  uint32_t x = lane_a ^ task.a;
  x = (x ^ (x >> 16)) * 0x7feb352dU;
  x = (x ^ (x >> 15)) + (lane_b ^ task.b);
  x = (x ^ (x >> 16)) * 0x846ca68bU;
  x = (x ^ (x >> 15)) * 0x7feb352dU;
  return x ^ (x >> 16);
}

// -ln(q) for 0 < q <= 1, within 2e-7 of 1 + the result: exponent and mantissa, the series of the area tangent.
static inline float minus_log(float q) {
  uint32_t bits;
  memcpy(&bits, &q, sizeof bits);
  const int32_t exponent = (int32_t)(bits - 0x3f3504f3U) >> 23;  // of q / sqrt(1/2)
  bits -= (uint32_t)exponent << 23;
  float mantissa;
  memcpy(&mantissa, &bits, sizeof mantissa);
  const float s = (mantissa - 1) / (mantissa + 1), s2 = s * s;
  return -(0.69314718f * (float)exponent + 2 * s * (1 + s2 * (1 / 3.0f + s2 * (1 / 5.0f + s2 * (1 / 7.0f)))));
}

// Absolute value of a standard normal that is exceeded with probability q: v R(v) with v = -ln(q). R is a minimax fit to the inverse of
// erfc(z / sqrt(2)) on 0 < v < 18, relative error below 4e-5.
static inline float half_normal(uint32_t draw) {
  const float q = ((float)(int32_t)(draw >> 8) + 0.5f) * 0x1p-24f;
  const float v = minus_log(q);
  const float above = 1.2532683f + v * (1.1063512f + v * (0.14282743f + v * 0.0013733854f));
  const float below = 1 + v * (1.3814278f + v * (0.38385110f + v * 0.015390871f));
  return v * above / below;
}

static inline __attribute__((always_inline)) void draw_pace(int32_t width, double *restrict pace,
                                                            const double *restrict slowness,
                                                            const uint32_t *restrict lane_a,
                                                            const uint32_t *restrict lane_b, clx_pipeline_key task,
                                                            float jitter) {
  for (int32_t i = 0; i < width; i++) {
    pace[i] = slowness[i] * (double)(1 + jitter * half_normal(draw_of(lane_a[i], lane_b[i], task)));
  }
}

// --- one block ---------------------------------------------------------------------------------------------------------

// A task starts when its stage is free and what it waits for is there. In a merged pair both wait for what either needs.
typedef struct turn {
  const double *wait[2];
  double *leave[2];
  double duration, send[2], hold;  // hold: while the stage itself sends
} turn;

static inline __attribute__((always_inline)) void step(int32_t width, double *restrict now, const double *restrict wait,
                                                       double *restrict leave, const double *restrict pace,
                                                       const turn *t) {
  const double duration = t->duration, send = t->send[0], hold = t->hold;
  for (int32_t i = 0; i < width; i++) {
    const double start = now[i] > wait[i] ? now[i] : wait[i];
    const double end = start + duration * pace[i];
    now[i] = end + hold;
    leave[i] = end + send;
  }
}

static inline __attribute__((always_inline)) void step_pair(int32_t width, double *restrict now,
                                                            const double *restrict wait, const double *restrict other,
                                                            double *restrict leave, double *restrict also,
                                                            const double *restrict pace, const turn *t) {
  const double duration = t->duration, send = t->send[0], send_also = t->send[1], hold = t->hold;
  for (int32_t i = 0; i < width; i++) {
    const double there = wait[i] > other[i] ? wait[i] : other[i];
    const double start = now[i] > there ? now[i] : there;
    const double end = start + duration * pace[i];
    now[i] = end + hold;
    leave[i] = end + send;
    also[i] = end + send_also;
  }
}

// Keeps start and end of an operation that somebody asks for, before its stage goes on.
static void keep(const runner *r, const clx_pipeline_operation *x, const double *now, const double *pace,
                 const turn *t) {
  const clx_task *task = &r->p->task[x->task];
  const size_t at =
      ((size_t)x->stage * (size_t)r->p->chunks + (size_t)task->chunk) * (size_t)r->lanes->count + (size_t)r->first;
  const bool first = x->flags & CLX_OPERATION_FIRST_FORWARD, last = x->flags & CLX_OPERATION_LAST_GRADIENT;
  for (int32_t i = 0; i < r->count; i++) {
    const double there = fmax(t->wait[0][i], t->wait[1][i]), start = fmax(now[i], there);
    const double end = start + t->duration * pace[i];
    if (r->span != NULL) r->span[x->task] = (clx_pipeline_span){start, end};
    if (first && r->result->first_forward != NULL) r->result->first_forward[at + (size_t)i] = (float)start;
    if (last && r->result->last_start != NULL) r->result->last_start[at + (size_t)i] = (float)start;
    if (last && r->result->last_end != NULL) r->result->last_end[at + (size_t)i] = (float)end;
  }
}

static inline bool is_time(double time) { return time >= 0 && time <= TIME_MAX; }

static double pair_duration(runner *r, const clx_pipeline_operation *x) {
  const double *merged = r->times->merged;
  if (merged == NULL) return r->duration[x[0].duration] + r->duration[x[1].duration];
  const int32_t n = r->positions, forward = r->p->task[x->task].kind == CLX_TASK_FORWARD ? 0 : 1;
  const double time = merged[x[forward].duration % n * n + x[1 - forward].duration % n];
  r->wrong = r->wrong || !is_time(time);
  return time;
}

static inline __attribute__((always_inline)) turn turn_of(runner *r, const clx_pipeline_operation *x, int32_t width) {
  const size_t w = (size_t)width;
  turn t = {.wait = {r->ready + (size_t)x->wait * w, r->ready},
            .leave = {r->ready + (size_t)x->leave * w, r->ready + (size_t)CLX_ROW_UNREAD_TOO * w},
            .send = {r->send[x->send], 0}};
  t.hold = r->times->blocking ? t.send[0] : 0;
  if (!(x->flags & CLX_OPERATION_PAIR)) {
    t.duration = r->duration[x->duration];
    return t;
  }
  t.wait[1] = r->ready + (size_t)x[1].wait * w;
  if (x[1].leave != CLX_ROW_UNREAD) t.leave[1] = r->ready + (size_t)x[1].leave * w;
  t.send[1] = r->send[x[1].send];
  t.hold = r->times->blocking && t.send[1] > t.hold ? t.send[1] : t.hold;
  t.duration = pair_duration(r, x);
  return t;
}

static inline __attribute__((always_inline)) void run_operations(runner *r, int32_t width) {
  const clx_pipeline_program *program = r->p->program;
  const size_t w = (size_t)width;
  const bool jitter = r->lanes->jitter > 0, busy = r->result->busy != NULL;
  for (int32_t i = 0; i < program->count; i++) {
    const clx_pipeline_operation *x = &program->operation[i];
    const bool pair = x->flags & CLX_OPERATION_PAIR;
    const turn t = turn_of(r, x, width);
    double *now = r->now + x->stage * w;
    const double *pace = r->slowness + x->stage * w;
    if (jitter) {
      const clx_pipeline_key task = clx_pipeline_key_of(~r->lanes->seed, (uint64_t)x->task);
      draw_pace(width, r->pace, pace, r->key, r->key + w, task, r->lanes->jitter);
      pace = r->pace;
      for (int32_t l = 0; busy && l < width; l++) r->busy[x->stage * w + (size_t)l] += t.duration * pace[l];
    }
    if ((x->flags & ~CLX_OPERATION_PAIR) || r->span != NULL) keep(r, x, now, pace, &t);
    if (pair && (x[1].flags || r->span != NULL)) keep(r, x + 1, now, pace, &t);
    if (pair) step_pair(width, now, t.wait[0], t.wait[1], t.leave[0], t.leave[1], pace, &t);
    if (!pair) step(width, now, t.wait[0], t.leave[0], pace, &t);
    i += pair;
  }
}

static void run_wide(runner *r) { run_operations(r, WIDTH); }
static void run_single(runner *r) { run_operations(r, 1); }

// Lanes beyond the last one of a block repeat it.
static void begin_block(runner *r, int32_t width) {
  const size_t w = (size_t)width, stages = (size_t)r->p->stages, count = (size_t)r->lanes->count;
  memset(r->now, 0, stages * w * sizeof *r->now);
  for (int32_t i = 0; i < width; i++) {
    const int32_t within = i < r->count ? i : r->count - 1;
    const size_t lane = (size_t)r->first + (size_t)within;
    for (size_t s = 0; s < stages; s++) {
      r->slowness[s * w + (size_t)i] = r->lanes->slowness == NULL ? 1 : (double)r->lanes->slowness[s * count + lane];
    }
    if (r->lanes->jitter <= 0) continue;
    const clx_pipeline_key key = clx_pipeline_key_of(r->lanes->seed, (uint64_t)r->lanes->first_lane + lane);
    r->key[i] = key.a;
    r->key[w + (size_t)i] = key.b;
  }
  if (r->lanes->jitter > 0) memset(r->busy, 0, stages * w * sizeof *r->busy);
}

static void end_block(const runner *r, int32_t width) {
  const size_t w = (size_t)width, count = (size_t)r->lanes->count;
  for (size_t s = 0; s < (size_t)r->p->stages; s++) {
    for (size_t i = 0; i < (size_t)r->count; i++) {
      const size_t to = s * count + (size_t)r->first + i, from = s * w + i;
      if (r->result->end != NULL) r->result->end[to] = (float)r->now[from];
      if (r->result->busy == NULL) continue;
      r->result->busy[to] = (float)(r->lanes->jitter > 0 ? r->busy[from] : r->work[s] * r->slowness[from]);
    }
  }
}

static void run_blocks(runner *r, int32_t width) {
  for (r->first = 0; r->first < r->lanes->count; r->first += width) {
    const int32_t left = r->lanes->count - r->first;
    r->count = left < width ? left : width;
    begin_block(r, width);
    if (width > 1) run_wide(r);
    if (width == 1) run_single(r);
    end_block(r, width);
  }
}

// --- the whole ---------------------------------------------------------------------------------------------------------

static clx_status fill_times(runner *r, clx_error *error) {
  const int32_t n = r->positions, kinds = r->p->split ? CLX_TASK_KINDS : CLX_TASK_WEIGHT;
  bool good = true;
  for (int32_t i = 0; i < n; i++) {
    for (int32_t k = 0; k < kinds; k++) {
      r->duration[k * n + i] = r->times->task[k][i];
      good = good && is_time(r->times->task[k][i]);
    }
    r->duration[CLX_OPERATION_WHOLE * n + i] =
        r->duration[CLX_TASK_BACKWARD * n + i] + (r->p->split ? r->duration[CLX_TASK_WEIGHT * n + i] : 0);
    r->send[i] = r->times->send != NULL ? r->times->send[i] : 0;
    good = good && is_time(r->send[i]);
    if (!good) return clx_fail_plain(error, CLX_INTERNAL, "times of pipeline position %d are out of range", i);
  }
  r->send[n] = 0;
  if (r->result->busy == NULL || r->lanes->jitter > 0) return CLX_OK;
  const clx_pipeline_program *program = r->p->program;
  for (int32_t i = 0; i < program->count; i++) {
    const clx_pipeline_operation *x = &program->operation[i];
    const bool pair = x->flags & CLX_OPERATION_PAIR;
    r->work[x->stage] += pair ? pair_duration(r, x) : r->duration[x->duration];
    i += pair;
  }
  return CLX_OK;
}

static clx_status check_lanes(const clx_pipeline *p, const clx_pipeline_lanes *lanes, const clx_pipeline_result *result,
                              clx_error *error) {
  bool good = lanes->count >= 1 && lanes->jitter >= 0 && lanes->jitter <= 1e3F;
  good = good && (result->span == NULL || (result->span_lane >= 0 && result->span_lane < lanes->count));
  if (!good) return clx_fail_plain(error, CLX_INTERNAL, "lanes of a pipeline: count, jitter or span out of range");
  if (lanes->slowness == NULL) return CLX_OK;
  for (int32_t s = 0; s < p->stages; s++) {
    for (int32_t i = 0; i < lanes->count; i++) {
      const float slowness = lanes->slowness[(size_t)s * (size_t)lanes->count + (size_t)i];
      if (slowness > 0 && slowness <= 1e6F) continue;
      return clx_fail_plain(error, CLX_INTERNAL, "slowness %g of pipeline stage %d, lane %d, is out of range",
                            (double)slowness, s, i);
    }
  }
  return CLX_OK;
}

// Lays the arrays of a runner into `memory`; returns the number of doubles that they take.
static size_t lay_out(runner *r, int32_t width, double *memory) {
  const size_t n = (size_t)r->positions, w = (size_t)width, stages = (size_t)r->p->stages;
  const size_t size[] = {(CLX_TASK_KINDS + 1) * n,
                         n + 1,
                         stages,
                         (size_t)r->p->program->rows * w,
                         stages * w,
                         stages * w,
                         stages * w,
                         w,
                         w};
  double **const array[] = {&r->duration, &r->send, &r->work, &r->ready, &r->now, &r->slowness, &r->busy, &r->pace};
  size_t used = 0;
  for (int32_t i = 0; i < CLX_COUNT(size); i++) {
    if (memory != NULL && i < CLX_COUNT(array)) *array[i] = memory + used;
    if (memory != NULL && i == CLX_COUNT(array)) r->key = (uint32_t *)(void *)(memory + used);
    used += size[i];
  }
  return used;
}

static clx_status run_width(runner *r, int32_t width, clx_arena *arena, clx_error *error) {
  double small[SMALL_SCRATCH], *memory = small;
  const size_t size = lay_out(r, width, NULL);
  if (size <= SMALL_SCRATCH) memset(small, 0, size * sizeof *small);
  if (size > SMALL_SCRATCH) memory = CLX_NEW_ARRAY(arena, double, size);
  if (memory == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  (void)lay_out(r, width, memory);
  CLX_TRY(fill_times(r, error));
  run_blocks(r, width);
  return r->wrong ? clx_fail_plain(error, CLX_INTERNAL, "a merged time of the pipeline is out of range") : CLX_OK;
}

// One lane again, for its spans.
static clx_status run_span(const runner *all, clx_arena *arena, clx_error *error) {
  const clx_pipeline_result none = {0};
  const int32_t lane = all->result->span_lane;
  clx_pipeline_lanes lanes = *all->lanes;
  lanes.count = 1;
  lanes.first_lane += lane;
  lanes.slowness = NULL;
  if (all->lanes->slowness != NULL) {
    float *slowness = CLX_NEW_ARRAY(arena, float, all->p->stages);
    if (slowness == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    for (int32_t s = 0; s < all->p->stages; s++) {
      slowness[s] = all->lanes->slowness[(size_t)s * (size_t)all->lanes->count + (size_t)lane];
    }
    lanes.slowness = slowness;
  }
  runner one = *all;
  one.lanes = &lanes;
  one.result = &none;
  one.span = all->result->span;
  return run_width(&one, 1, arena, error);
}

clx_status clx_pipeline_run(const clx_pipeline *pipeline, const clx_pipeline_times *times,
                            const clx_pipeline_lanes *lanes, const clx_pipeline_result *result, clx_arena *arena,
                            clx_error *error) {
  static const clx_pipeline_lanes ONE = {.count = 1};
  runner r = {.p = pipeline, .times = times, .lanes = lanes != NULL ? lanes : &ONE, .result = result};
  r.positions = clx_pipeline_positions(pipeline);
  CLX_TRY(check_lanes(pipeline, r.lanes, result, error));
  CLX_TRY(run_width(&r, r.lanes->count > 1 ? WIDTH : 1, arena, error));
  return result->span != NULL ? run_span(&r, arena, error) : CLX_OK;
}
