// Checks task lists, puts them into an order in which every task stands after what it needs, and writes the program of the evaluation.
// Lists that cannot run are found when no stage can go on, and named by following who waits for whom.
#include <stdio.h>
#include <string.h>

#include "pipeline/pipeline_internal.h"

enum { SEEN_FORWARD = 1, SEEN_BACKWARD = 2, SEEN_WEIGHT = 4, UNREAD = -1, NOT_RUN = -2 };

typedef struct orderer {
  clx_pipeline *p;
  clx_pipeline_shape shape;
  clx_place place;
  clx_error *error;
  uint8_t *seen;    // [positions][micro-batches]
  int32_t *row[2];  // [positions][micro-batches] by forward and backward: NOT_RUN, UNREAD, or the row it leaves
  int32_t *next;    // [stages] first task that has not run
  int32_t *queue;   // [stages] ring of stages that may go on
  bool *queued;
  int32_t head, waiting;
  int32_t *free_row, free_rows;  // stack
  int32_t read[2], reads;        // rows that the present task or pair reads for the last time
  int32_t rows;
  clx_pipeline_operation *operation;
  bool *whole;
  int32_t count;
} orderer;

static size_t cell_of(const orderer *o, int32_t position, int32_t micro_batch) {
  return (size_t)position * (size_t)o->shape.micro_batches + (size_t)micro_batch;
}

static int32_t position_of(const orderer *o, int32_t stage, const clx_task *t) {
  return clx_pipeline_place(&o->shape, stage, t->chunk);
}

// --- checks ------------------------------------------------------------------------------------------------------------

static clx_status check_task(const orderer *o, int32_t stage, int32_t index) {
  const clx_pipeline *p = o->p;
  const clx_task *t = &p->task[index];
  const char *wrong = NULL;
  if (t->kind >= CLX_TASK_KINDS || (t->kind == CLX_TASK_WEIGHT && !p->split))
    wrong = "is of no kind that the schedule has";
  if (t->chunk < 0 || t->chunk >= p->chunks) wrong = "belongs to no chunk of the stage";
  if (t->micro_batch < 0 || t->micro_batch >= p->micro_batches) wrong = "belongs to no micro-batch";
  if (wrong == NULL && p->kind == CLX_PIPELINE_DUALPIPE &&
      (t->chunk == 1) != clx_pipeline_runs_back(&o->shape, t->micro_batch)) {
    wrong = "has a micro-batch that enters at the other end";
  }
  if (wrong == NULL && t->with_next) {
    const clx_task *next = index + 1 < p->first[stage + 1] ? t + 1 : NULL;
    if (next == NULL || next->with_next || t->kind + next->kind != CLX_TASK_FORWARD + CLX_TASK_BACKWARD) {
      wrong = "is merged with something else than a forward and a backward";
    }
  }
  if (wrong == NULL) return CLX_OK;
  return clx_fail(o->error, CLX_INPUT, o->place, "pipeline stage %d, task %d (kind %d, chunk %d, micro-batch %d) %s",
                  stage, index - p->first[stage], t->kind, t->chunk, t->micro_batch, wrong);
}

static clx_status mark_seen(const orderer *o) {
  for (int32_t stage = 0; stage < o->p->stages; stage++) {
    for (int32_t i = o->p->first[stage]; i < o->p->first[stage + 1]; i++) {
      CLX_TRY(check_task(o, stage, i));
      const clx_task *t = &o->p->task[i];
      uint8_t *seen = &o->seen[cell_of(o, position_of(o, stage, t), t->micro_batch)];
      const uint8_t bit = (uint8_t)(1U << t->kind);
      if (*seen & bit) {
        return clx_fail(o->error, CLX_INPUT, o->place,
                        "pipeline stage %d lists the %s of micro-batch %d, chunk %d, twice", stage,
                        clx_task_kind_name[t->kind], t->micro_batch, t->chunk);
      }
      *seen |= bit;
    }
  }
  return CLX_OK;
}

static clx_status check_complete(const orderer *o) {
  for (int32_t position = 0; position < o->shape.positions; position++) {
    for (int32_t i = 0; i < o->shape.micro_batches; i++) {
      const uint8_t seen = o->seen[cell_of(o, position, i)];
      if ((seen & SEEN_FORWARD) && (seen & SEEN_BACKWARD)) continue;
      return clx_fail(o->error, CLX_INPUT, o->place,
                      "pipeline stage %d does not list the %s of micro-batch %d, position %d",
                      clx_pipeline_stage(&o->shape, position, i),
                      clx_task_kind_name[seen & SEEN_FORWARD ? CLX_TASK_BACKWARD : CLX_TASK_FORWARD], i, position);
    }
  }
  return CLX_OK;
}

static clx_status check_counts(const orderer *o) {
  const clx_pipeline *p = o->p;
  bool good = p->kind >= 0 && p->kind < CLX_PIPELINE_KINDS && p->stages >= 1 && p->stages <= CLX_PIPELINE_STAGES_MAX &&
              p->chunks >= 1 && p->chunks <= CLX_PIPELINE_CHUNKS_MAX && p->micro_batches >= 1;
  const bool two = p->kind == CLX_PIPELINE_ZB_V || p->kind == CLX_PIPELINE_DUALPIPE;
  good = good && (!two || p->chunks == 2) && (p->kind != CLX_PIPELINE_DUALPIPE || p->stages % 2 == 0);
  good = good && (double)p->stages * p->chunks * p->micro_batches * CLX_TASK_KINDS <= CLX_PIPELINE_TASKS_MAX;
  for (int32_t s = 0; good && s < p->stages; s++) good = p->first[s] <= p->first[s + 1];
  if (good && p->first[0] == 0) return CLX_OK;
  return clx_fail(o->error, CLX_INPUT, o->place,
                  "task lists of %d stages with %d chunks and %d micro-batches (kind %d) do not make a pipeline",
                  p->stages, p->chunks, p->micro_batches, p->kind);
}

// --- order -------------------------------------------------------------------------------------------------------------

// What a task needs from a neighbour. False: nothing.
static bool needed(const orderer *o, int32_t stage, const clx_task *t, clx_task *need, int32_t *at, int32_t *position) {
  const int32_t here = position_of(o, stage, t);
  if (t->kind == CLX_TASK_WEIGHT) return false;
  *position = t->kind == CLX_TASK_FORWARD ? here - 1 : here + 1;
  if (*position < 0 || *position >= o->shape.positions) return false;
  *at = clx_pipeline_stage(&o->shape, *position, t->micro_batch);
  *need = (clx_task){t->kind, 0, t->chunk, t->micro_batch};
  return true;
}

// What stops a task. False: nothing. *at, *need: the stage and the task that it waits for.
static bool is_stopped(const orderer *o, int32_t stage, const clx_task *t, int32_t *at, clx_task *need) {
  const size_t own = cell_of(o, position_of(o, stage, t), t->micro_batch);
  if (t->kind != CLX_TASK_FORWARD && o->row[t->kind - 1][own] == NOT_RUN) {
    *at = stage;
    *need = (clx_task){(uint8_t)(t->kind - 1), 0, t->chunk, t->micro_batch};
    return true;
  }
  int32_t position;
  return needed(o, stage, t, need, at, &position) && o->row[t->kind][cell_of(o, position, t->micro_batch)] == NOT_RUN;
}

static void wake(orderer *o, int32_t stage) {
  if (o->queued[stage] || o->next[stage] == o->p->first[stage + 1]) return;
  o->queued[stage] = true;
  const int32_t tail = o->head + o->waiting++;
  o->queue[tail < o->p->stages ? tail : tail - o->p->stages] = stage;
}

static int32_t take_row(orderer *o) { return o->free_rows > 0 ? o->free_row[--o->free_rows] : o->rows++; }

// Row of what the task waits for; read for the last time.
static int32_t row_before(orderer *o, int32_t stage, const clx_task *t) {
  clx_task need;
  int32_t at, position;
  if (!needed(o, stage, t, &need, &at, &position)) return CLX_ROW_ZERO;
  const int32_t row = o->row[t->kind][cell_of(o, position, t->micro_batch)];
  if (row == UNREAD) return CLX_ROW_ZERO;
  o->read[o->reads++] = row;
  return row;
}

// Fills the operation of a task but for the row it leaves.
static clx_pipeline_operation *begin_operation(orderer *o, int32_t stage, int32_t index) {
  const clx_task *t = &o->p->task[index];
  const int32_t position = position_of(o, stage, t), positions = o->shape.positions;
  o->whole[index] = t->kind == CLX_TASK_BACKWARD && !(o->seen[cell_of(o, position, t->micro_batch)] & SEEN_WEIGHT);
  const int32_t durations = o->whole[index] && o->p->split ? CLX_OPERATION_WHOLE : t->kind;
  clx_pipeline_operation *x = &o->operation[o->count];
  o->p->order[o->count++] = index;
  *x = (clx_pipeline_operation){.task = index,
                                .wait = row_before(o, stage, t),
                                .leave = CLX_ROW_UNREAD,
                                .duration = durations * positions + position,
                                .send = positions,
                                .stage = (uint16_t)stage,
                                .flags = t->with_next ? CLX_OPERATION_PAIR : 0};
  return x;
}

// The row that a task leaves, and its transfer.
static void end_operation(orderer *o, clx_pipeline_operation *x) {
  const clx_task *t = &o->p->task[x->task];
  if (t->kind == CLX_TASK_WEIGHT) return;
  const int32_t here = position_of(o, x->stage, t), to = t->kind == CLX_TASK_FORWARD ? here + 1 : here - 1;
  int32_t *row = &o->row[t->kind][cell_of(o, here, t->micro_batch)];
  *row = UNREAD;
  if (to < 0 || to >= o->shape.positions) return;
  const int32_t reader = clx_pipeline_stage(&o->shape, to, t->micro_batch);
  if (reader == x->stage) return;
  x->leave = *row = take_row(o);
  x->send = to > here ? here : to;
  wake(o, reader);
}

// One task, or a merged pair, of the stage at the head of the queue.
static void go_on(orderer *o) {
  const int32_t stage = o->queue[o->head], index = o->next[stage];
  o->head = o->head + 1 < o->p->stages ? o->head + 1 : 0;
  o->waiting--;
  o->queued[stage] = false;
  const clx_task *t = &o->p->task[index];
  const int32_t tasks = t->with_next ? 2 : 1;
  clx_task need;
  int32_t at;
  for (int32_t i = 0; i < tasks; i++) {
    if (is_stopped(o, stage, t + i, &at, &need)) return;
  }
  clx_pipeline_operation *x[2];
  for (int32_t i = 0; i < tasks; i++) x[i] = begin_operation(o, stage, index + i);
  for (int32_t i = 0; i < tasks; i++) end_operation(o, x[i]);
  while (o->reads > 0) o->free_row[o->free_rows++] = o->read[--o->reads];  // now: no task writes a row that it reads
  o->next[stage] += tasks;
  wake(o, stage);
}

// --- who waits for whom ------------------------------------------------------------------------------------------------

static void print_task(char *text, size_t size, int32_t stage, const clx_task *t) {
  (void)snprintf(text, size, "%s of micro-batch %d, chunk %d, on stage %d", clx_task_kind_name[t->kind], t->micro_batch,
                 t->chunk, stage);
}

// The stage that `stage` waits for, and the tasks in question. A merged pair waits for what either needs.
static int32_t waits_for(const orderer *o, int32_t stage, clx_task *what, clx_task *need) {
  const clx_task *t = &o->p->task[o->next[stage]];
  int32_t at = stage;
  *what = *need = *t;
  if (!is_stopped(o, stage, t, &at, need) && t->with_next) {
    *what = t[1];
    (void)is_stopped(o, stage, t + 1, &at, need);
  }
  return at;
}

static clx_status name_circle(const orderer *o) {
  enum { SHOWN = 3 };
  clx_task what, need;
  int32_t stage = 0, length = 0;
  while (o->next[stage] == o->p->first[stage + 1]) stage++;
  for (int32_t i = 0; i < o->p->stages; i++) stage = waits_for(o, stage, &what, &need);  // now on the circle
  char text[400] = "", one[100], other[100];
  size_t used = 0;
  const int32_t start = stage;
  do {
    const int32_t at = waits_for(o, stage, &what, &need);
    print_task(one, sizeof one, stage, &what);
    (void)snprintf(other, sizeof other, "%s %d on stage %d", clx_task_kind_name[need.kind], need.micro_batch, at);
    if (length++ < SHOWN && used < sizeof text) {
      used += (size_t)snprintf(text + used, sizeof text - used, "%s%s waits for %s", used > 0 ? "; " : "", one, other);
    }
    stage = at;
  } while (stage != start);
  return clx_fail(o->error, CLX_INPUT, o->place, "the pipeline cannot run, %d stage%s wait%s in a circle: %s%s", length,
                  length == 1 ? "" : "s", length == 1 ? "s" : "", text, length > SHOWN ? "; and so on" : "");
}

// --- the whole ---------------------------------------------------------------------------------------------------------

static clx_status allocate(orderer *o, clx_arena *arena) {
  const int32_t tasks = o->p->first[o->p->stages], stages = o->p->stages;
  const size_t cells = (size_t)o->shape.positions * (size_t)o->shape.micro_batches;
  o->seen = CLX_NEW_ARRAY(arena, uint8_t, cells);
  for (int32_t i = 0; i < 2; i++) o->row[i] = CLX_NEW_ARRAY(arena, int32_t, cells);
  o->next = CLX_NEW_ARRAY(arena, int32_t, stages);
  o->queue = CLX_NEW_ARRAY(arena, int32_t, stages);
  o->queued = CLX_NEW_ARRAY(arena, bool, stages);
  o->free_row = CLX_NEW_ARRAY(arena, int32_t, tasks + 1);
  o->operation = CLX_NEW_ARRAY(arena, clx_pipeline_operation, tasks + 1);
  o->whole = CLX_NEW_ARRAY(arena, bool, tasks + 1);
  o->p->order = CLX_NEW_ARRAY(arena, int32_t, tasks + 1);
  o->p->in_flight = CLX_NEW_ARRAY(arena, int32_t, stages);
  if (o->seen == NULL || o->row[0] == NULL || o->row[1] == NULL || o->next == NULL || o->queue == NULL ||
      o->queued == NULL || o->free_row == NULL || o->operation == NULL || o->whole == NULL || o->p->order == NULL ||
      o->p->in_flight == NULL) {
    return clx_fail_plain(o->error, CLX_MEMORY, "out of memory");
  }
  for (size_t i = 0; i < cells; i++) o->row[0][i] = o->row[1][i] = NOT_RUN;
  return CLX_OK;
}

// Activations are held from the start of the forward to the end of the task that needs them last: the backward, or the weight
// gradients where these are put off.
static void count_in_flight(orderer *o) {
  for (int32_t stage = 0; stage < o->p->stages; stage++) {
    int32_t held = 0, most = 0;
    for (int32_t i = o->p->first[stage]; i < o->p->first[stage + 1]; i++) {
      const clx_task *t = &o->p->task[i];
      if (t->with_next && t->kind == CLX_TASK_BACKWARD) {  // the forward beside it comes before it is over
        most = held + 1 > most ? held + 1 : most;
      }
      held += t->kind == CLX_TASK_FORWARD;
      most = held > most ? held : most;
      held -= t->kind == CLX_TASK_WEIGHT || o->whole[i];
    }
    o->p->in_flight[stage] = most;
  }
}

// Marks the first forward of every chunk and the last task that adds to its gradients.
static void mark_ends(orderer *o, int32_t *last) {
  const int32_t chunks = o->p->chunks;
  for (int32_t i = 0; i < o->p->stages * chunks; i++) last[i] = -1;
  for (int32_t i = 0; i < o->count; i++) {
    clx_pipeline_operation *x = &o->operation[i];
    const clx_task *t = &o->p->task[x->task];
    int32_t *of_chunk = &last[x->stage * chunks + t->chunk];
    if (*of_chunk < 0) x->flags |= CLX_OPERATION_FIRST_FORWARD;  // nothing else of a chunk can come first
    if (t->kind == CLX_TASK_WEIGHT || o->whole[x->task] || *of_chunk < 0) *of_chunk = i;
  }
  for (int32_t i = 0; i < o->p->stages * chunks; i++) {
    if (last[i] >= 0) o->operation[last[i]].flags |= CLX_OPERATION_LAST_GRADIENT;
  }
}

clx_status clx_pipeline_order(clx_pipeline *pipeline, clx_place place, clx_arena *arena, clx_error *error) {
  orderer o = {.p = pipeline, .place = place, .error = error, .rows = CLX_ROWS_SPECIAL};
  CLX_TRY(check_counts(&o));
  o.shape = clx_pipeline_shape_of(pipeline);
  CLX_TRY(allocate(&o, arena));
  CLX_TRY(mark_seen(&o));
  CLX_TRY(check_complete(&o));
  for (int32_t stage = 0; stage < pipeline->stages; stage++) {
    o.next[stage] = pipeline->first[stage];
    wake(&o, stage);
  }
  while (o.waiting > 0) go_on(&o);
  if (o.count < pipeline->first[pipeline->stages]) return name_circle(&o);
  int32_t *last = CLX_NEW_ARRAY(arena, int32_t, pipeline->stages * pipeline->chunks);
  clx_pipeline_program *program = CLX_NEW(arena, clx_pipeline_program);
  if (last == NULL || program == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  count_in_flight(&o);
  mark_ends(&o, last);
  *program = (clx_pipeline_program){o.operation, o.count, o.rows, o.whole};
  pipeline->program = program;
  return CLX_OK;
}
