// One replication of the aggregate path: from failure to failure, with the checkpoints in between counted in integers.
#include <math.h>
#include <string.h>

#include "reliability/reliability_renew.h"
#include "reliability/reliability_renewal.h"

// Streams of this path, keys beside the seed; the rates are those of the component path (CLX_STREAM_RATES).
enum { STREAM_TIMES = 0x5211, STREAM_MARKS, STREAM_OTHERS };

// Beyond so many stops a replication makes no progress (rates drawn far above their mean).
static const int64_t STOPS_MOST = 1000000000;

// --- drawing ------------------------------------------------------------------------------------------------------------------
// Vose 1991: shares below the mean are filled up by those above it. `scratch` holds n numbers.
static double alias_make(clx_renew_alias *a, const double *weight, int32_t n, double *share, int32_t *queue) {
  static const double FULL = 0x1p32;
  double sum = 0;
  for (int32_t i = 0; i < n; i++) sum += weight[i];
  if (!(sum > 0)) return 0;
  int32_t small = 0, large = n;  // queue[0 .. small - 1] lie below the mean, queue[large .. n - 1] do not
  for (int32_t i = 0; i < n; i++) {
    share[i] = weight[i] / sum * n;
    a[i] = (clx_renew_alias){UINT32_MAX, i};
    queue[share[i] < 1 ? small++ : --large] = i;
  }
  while (small > 0 && large < n) {
    const int32_t low = queue[--small], high = queue[large];
    a[low] = (clx_renew_alias){(uint32_t)(share[low] * FULL), high};
    share[high] -= 1 - share[low];
    if (share[high] < 1) {
      large++;
      queue[small++] = high;
    }
  }
  return sum;
}

// The whole part of n u picks the column, what is left of it decides within: 32 uniform bits are enough, to n 2^-32.
static inline int32_t alias_pick(const clx_renew_alias *a, int32_t n, uint32_t bits) {
  const uint64_t product = (uint64_t)bits * (uint32_t)n;
  const int32_t i = (int32_t)(product >> 32), other = a[i].other;
  return (uint32_t)product < a[i].threshold ? i : other;
}

// Two picks from a word.
static inline uint32_t pick_bits(clx_renew_worker *w) {
  w->halves = !w->halves;
  if (w->halves) w->word = clx_stream_bits(&w->marks);
  return (uint32_t)(w->halves ? w->word : w->word >> 32);
}

// s until the next failure of a job that is exposed.
static inline double next_failure(clx_renew_worker *w) {
  if (w->used == CLX_RENEW_AHEAD) {
    if (!(w->stop_rate > 0)) return INFINITY;
    const double mean = 1 / w->stop_rate;
    clx_stream_exponentials(&w->times, w->ahead, CLX_RENEW_AHEAD);
    for (int32_t i = 0; i < CLX_RENEW_AHEAD; i++) w->ahead[i] *= mean;
    w->used = 0;
  }
  return w->ahead[w->used++];
}

static bool happens(clx_renew_worker *w, double probability) {
  if (probability <= 0) return false;
  return probability >= 1 || clx_stream_uniform(&w->marks) < probability;
}

// --- checkpoints --------------------------------------------------------------------------------------------------------------
typedef struct position {
  int64_t intervals, remotes;  // finished since the job came up, with their stalls
  double work;                 // s done since then
} position;

// Memory plans: where a job stands that came up with `done` intervals behind it and has run for `time`.
static position position_in_rounds(const clx_renew *all, int64_t done, double time) {
  const clx_checkpoint_plan *plan = &all->plan;
  const int64_t every = plan->remote_every, phase = done % every;
  const double rest = time + (double)phase * all->cycle;
  position p = {.remotes = (int64_t)(rest / all->round)};
  const double inside = rest - (double)p.remotes * all->round;
  int64_t intervals = (int64_t)(inside / all->cycle);
  if (intervals > every - 1) intervals = every - 1;  // the last one stalls twice
  const double offset = inside - (double)intervals * all->cycle;
  p.intervals = p.remotes * every + intervals - phase;
  p.work = (double)p.intervals * plan->interval + fmin(fmax(offset, 0), plan->interval);
  return p;
}

static inline position position_at(const clx_renew *all, int64_t done, double time) {
  if (all->memory) return position_in_rounds(all, done, time);
  const int64_t intervals = (int64_t)(time / all->cycle);
  const double rest = time - (double)intervals * all->cycle, interval = all->plan.interval;
  return (position){intervals, 0, (double)intervals * interval + (rest < interval ? rest : interval)};
}

// Intervals whose checkpoint counts by then.
static int64_t intervals_by(const clx_renew *all, int64_t done, double time) {
  return time > 0 ? position_at(all, done, time).intervals : 0;
}

// s of running until `left` s of work are done: the last interval needs no checkpoint.
static double time_to_finish(const clx_renew *all, int64_t done, double left) {
  static const double SLACK = 1e-9;  // of an interval: work that is a multiple of it ends with a whole one
  const double intervals = left / all->plan.interval - SLACK;
  int64_t n = (int64_t)intervals;  // whole ones before the last
  if ((double)n == intervals) n--;
  if (n < 0) n = 0;
  double time = (double)n * all->cycle + (left - (double)n * all->plan.interval);
  if (all->memory) {
    const int64_t every = all->plan.remote_every;
    time += (double)((done + n) / every - done / every) * all->plan.remote_stall;
  }
  return time;
}

static double work_behind(const clx_renew_worker *w) {
  return w->base + (double)w->done * w->all->plan.interval + w->unsaved;
}

// --- time passes --------------------------------------------------------------------------------------------------------------
// Samples that fall into the next `span` s, in which the job runs or stands.
static void sample_span(clx_renew_worker *w, double span, bool running) {
  clx_series_store *store = w->all->store;
  while (w->probe < store->probes && store->probe[w->probe] < w->time + span) {
    double work = work_behind(w);
    if (running) work += position_at(w->all, w->done, store->probe[w->probe] - w->time).work;
    const int32_t at = store->probe_index[w->probe++];
    const size_t row = (size_t)w->index * (size_t)store->samples;
    if (at >= 0) {
      store->progress[row + (size_t)at] = work;
      store->free_units[row + (size_t)at] = (float)w->all->spares;
    } else {
      store->before[row + (size_t)(-1 - at)] = work;
    }
  }
}

static inline void sample(clx_renew_worker *w, double span, bool running) {
  if (w->all->store != NULL && w->index < w->all->store->replications) sample_span(w, span, running);
}

// s of `span` that lie within the horizon.
static inline double within(clx_renew_worker *w, double span) {
  const double left = w->all->horizon - w->time;
  if (span < left) return span;
  if (w->over) return 0;
  w->over = true;
  w->reached = work_behind(w);
  return left;
}

static inline void stand(clx_renew_worker *w, int32_t bucket, double span) {
  if (!(span > 0)) return;
  sample(w, span, false);
  w->ledger[bucket] += within(w, span);
  w->time += span;
}

// Runs for `span`: `work` done in it, of which `kept` outlives its end (negative: older work is lost as well).
static inline void run_for(clx_renew_worker *w, double span, double work, double kept) {
  sample(w, span, true);
  if (w->time + span < w->all->horizon) {
    w->ledger[CLX_LEDGER_WASTED] += work - kept;
    w->ledger[CLX_LEDGER_SAVE] += span - work;
  } else if (!w->over) {  // what is unsaved at the horizon is not lost
    const double counts = within(w, span);
    work = position_at(w->all, w->done, counts).work;
    w->reached += work;
    w->ledger[CLX_LEDGER_SAVE] += counts - work;
  }
  w->time += span;
}

// --- stops --------------------------------------------------------------------------------------------------------------------
// A stop of a class whose stops differ.
static const clx_renew_stop *draw_uncertain(clx_renew_worker *w, const clx_renew_class *c) {
  clx_renew_stop *s = &w->drawn;
  *s = c->stop;
  if (!s->asked && happens(w, c->warned)) {
    s->asked = true;
    s->detect = 0;
  }
  if (!happens(w, c->lost)) s->swap = 0;
  if (w->all->memory) s->near = c->alone && happens(w, w->all->plan.survives);
  return s;
}

__attribute__((always_inline)) static inline const clx_renew_stop *draw_stop(clx_renew_worker *w) {
  const clx_renew *all = w->all;
  const int32_t i = all->classes == 1 ? 0 : alias_pick(w->stop, all->classes, pick_bits(w));
  const clx_renew_class *c = &all->class[i];
  w->class = i;
  w->stops++;
  return c->certain ? &c->stop : draw_uncertain(w, c);
}

static inline void count_stop(clx_renew_worker *w, const clx_renew_stop *s, double time) {
  if (time >= w->all->horizon) return;
  w->counted[s->planned]++;
  w->class_stops[w->class]++;
}

// Back to the last copy that a stop leaves: in memory, or in storage.
static inline void roll_back(clx_renew_worker *w, const clx_renew_stop *s) {
  if (w->all->memory && !s->near) {
    if (!w->over) w->ledger[CLX_LEDGER_WASTED] += (double)(w->done - w->remote) * w->all->plan.interval;
    w->done = w->remote;
  }
  w->load = clx_checkpoint_load(&w->all->plan, s->near);
}

// Stands after a stop until the job runs; returns the time of running until the next failure. `first`: no start has succeeded yet,
// and each begins again in full.
static double come_up(clx_renew_worker *w, const clx_renew_stop *s, bool first) {
  const clx_renew *all = w->all;
  const double restart = first ? all->model->start : all->restart;
  const bool exposed = !all->model->running_clock;
  for (;;) {
    stand(w, CLX_LEDGER_RECOVERY, s->detect);
    if (s->planned) {
      const double before = w->ledger[CLX_LEDGER_MAINTENANCE];
      stand(w, CLX_LEDGER_MAINTENANCE, s->swap);
      w->shield += w->ledger[CLX_LEDGER_MAINTENANCE] - before;
    } else {
      stand(w, CLX_LEDGER_RECOVERY, s->swap);
    }
    const double failure = next_failure(w), load = first ? 0 : w->load;
    const int32_t again = first ? CLX_LEDGER_INITIALIZATION : CLX_LEDGER_STARTUP;
    const int32_t startup = s->planned && !first ? CLX_LEDGER_MAINTENANCE : again;
    const int32_t restore = s->planned ? CLX_LEDGER_MAINTENANCE : CLX_LEDGER_RESTORE;
    if (!exposed || failure >= restart + load) {
      stand(w, startup, restart);
      stand(w, restore, load);
      return exposed ? failure - restart - load : failure;
    }
    stand(w, startup, fmin(failure, restart));
    stand(w, restore, failure - restart);
    s = draw_stop(w);
    count_stop(w, s, w->time);
    if (!s->asked) roll_back(w, s);
  }
}

// The first start, in which there is nothing to lose.
static double start_up(clx_renew_worker *w) {
  const double start = w->all->model->start, failure = next_failure(w);
  if (w->all->model->running_clock || failure >= start) {
    stand(w, CLX_LEDGER_INITIALIZATION, start);
    return w->all->model->running_clock ? failure : failure - start;
  }
  stand(w, CLX_LEDGER_INITIALIZATION, failure);
  const clx_renew_stop *s = draw_stop(w);
  count_stop(w, s, w->time);
  if (!s->asked) roll_back(w, s);
  return come_up(w, s, true);
}

// Intervals that count, and those in storage, `late` s after a run of `span`, when stop `s` rolls it back.
static int64_t counted_by(clx_renew_worker *w, const position *at, double span, double late, const clx_renew_stop *s) {
  const clx_renew *all = w->all;
  const clx_checkpoint_plan *plan = &all->plan;
  int64_t done = at->intervals;
  if (plan->lag > 0) {
    const int64_t by = intervals_by(all, w->done, span + late - plan->lag);
    if (by < done) done = by;
  }
  done += w->done;
  if (!all->memory) return done;
  const double stored = span + late - plan->remote_lag;
  int64_t remotes = stored > 0 ? position_at(all, w->done, stored).remotes : 0;
  if (remotes > at->remotes) remotes = at->remotes;
  if (remotes > 0) w->remote = (w->done / plan->remote_every + remotes) * plan->remote_every;
  return s->near && done > w->remote ? done : w->remote;
}

// A checkpoint before a stop that was asked for: during it the job is exposed, and other wishes are part of the same stop.
static const clx_renew_stop *save_first(clx_renew_worker *w, const clx_renew_stop *asked, double span) {
  const clx_renew *all = w->all;
  const position at = position_at(all, w->done, span);
  const double stall = all->plan.stall + all->plan.lag;  // it stays until the checkpoint counts
  const clx_renew_stop wish = *asked;
  const int32_t bucket = wish.planned ? CLX_LEDGER_MAINTENANCE : CLX_LEDGER_SAVE;
  const double before = w->ledger[bucket];
  run_for(w, span, at.work, at.work);
  w->unsaved = at.work;
  const clx_renew_stop *s = NULL;
  for (double left = stall; s == NULL;) {
    const double failure = next_failure(w);
    if (failure >= left) {
      stand(w, bucket, left);
      break;
    }
    stand(w, bucket, failure);
    left -= failure;
    s = draw_stop(w);
    if (s->asked) {
      count_stop(w, s, w->time);
      s = NULL;
    } else {
      count_stop(w, s, w->time);
      const int64_t done = counted_by(w, &at, span, stall - left, s);
      if (!w->over) w->ledger[CLX_LEDGER_WASTED] += at.work - (double)(done - w->done) * all->plan.interval;
      w->done = done;
      w->unsaved = 0;
      roll_back(w, s);
    }
  }
  if (wish.planned) w->saving += w->ledger[bucket] - before;
  if (s != NULL) return s;
  w->base = work_behind(w);
  w->done = w->remote = 0;
  w->unsaved = 0;
  w->load = clx_checkpoint_load(&all->plan, true);
  w->drawn = wish;
  return &w->drawn;
}

// The job ran for `span` when something stopped it.
static const clx_renew_stop *stop_run(clx_renew_worker *w, double span) {
  const clx_renew *all = w->all;
  const clx_renew_stop *s = draw_stop(w);
  count_stop(w, s, w->time + span);
  if (s->asked && all->saves) return save_first(w, s, span);
  const position at = position_at(all, w->done, span);
  const int64_t done = counted_by(w, &at, span, 0, s);
  run_for(w, span, at.work, (double)(done - w->done) * all->plan.interval);
  w->done = done;
  w->load = clx_checkpoint_load(&all->plan, s->near);
  return s;
}

// --- a replication ------------------------------------------------------------------------------------------------------------
static void draw_rates(clx_renew_worker *w) {
  const clx_renew *all = w->all;
  const int32_t n = all->classes;
  if (!all->model->draw_rates && w->stop_rate >= 0) return;  // as in the replication before
  for (int32_t i = 0; i < n; i++) {
    const clx_renew_class *c = &all->class[i];
    const double rate = c->rate * clx_hazard_draw(all->model, i, all->options->seed, w->index);
    w->weight[i] = rate * c->stops;
    w->weight[n + i] = rate * c->others;
  }
  double *share = w->weight + 2 * n;
  w->stop_rate = alias_make(w->stop, w->weight, n, share, w->queue);
  w->other_rate = alias_make(w->other, w->weight + n, n, share, w->queue);
}

static void begin(clx_renew_worker *w, int32_t index) {
  const uint64_t seed = w->all->options->seed;
  w->index = index;
  w->times = clx_stream_make(seed, STREAM_TIMES, (uint64_t)index, 0);
  w->marks = clx_stream_make(seed, STREAM_MARKS, (uint64_t)index, 0);
  w->used = CLX_RENEW_AHEAD;
  w->probe = 0;
  w->time = w->base = w->unsaved = w->load = w->shield = w->saving = w->reached = 0;
  w->counted[0] = w->counted[1] = w->stops = 0;
  w->done = w->remote = 0;
  w->over = w->halves = false;
  memset(w->ledger, 0, sizeof w->ledger);
  draw_rates(w);
}

// Events that stop nothing: of spares and of what waits for the next stop. And those of all classes while the job stands and is not
// exposed: logs count these as interruptions.
static int64_t count_others(clx_renew_worker *w, double elapsed) {
  const clx_renew *all = w->all;
  const double *ledger = w->ledger;
  const bool clock = all->model->running_clock;
  const double running =
      ledger[CLX_LEDGER_PRODUCTIVE] + ledger[CLX_LEDGER_WASTED] + ledger[CLX_LEDGER_SAVE] + w->saving;
  const double down = ledger[CLX_LEDGER_RECOVERY] + w->shield;
  clx_stream stream = clx_stream_make(all->options->seed, STREAM_OTHERS, (uint64_t)w->index, 0);
  const int64_t standing = clock ? 0 : clx_stream_poisson(&stream, w->stop_rate * down);
  const int64_t others = clx_stream_poisson(&stream, w->other_rate * (clock ? running : elapsed));
  for (int64_t i = 0; i < standing; i++) {
    const int32_t k = alias_pick(w->stop, all->classes, (uint32_t)clx_stream_bits(&stream));
    w->counted[all->class[k].stop.planned]++;
    w->class_stops[k]++;
  }
  for (int64_t i = 0; i < others; i++) {
    w->class_others[alias_pick(w->other, all->classes, (uint32_t)clx_stream_bits(&stream))]++;
  }
  return others;
}

static void finish(clx_renew_worker *w, bool ended, clx_reliability_run *run) {
  const clx_renew *all = w->all;
  if (!w->over) w->reached = all->work;
  w->ledger[CLX_LEDGER_PRODUCTIVE] = w->reached;  // at the full rate a second of work takes a second
  const double elapsed = w->over ? all->horizon : w->time, gpus = all->gpus + all->spare_gpus;
  const double stops = (double)w->counted[0];  // of a job that was up or coming up
  const int64_t others = count_others(w, elapsed), stopping = w->counted[0] + w->counted[1];
  *run = (clx_reliability_run){
      .end = ended ? w->time : INFINITY,
      .elapsed = elapsed,
      .goodput = w->reached / elapsed,
      .interruptions = (double)w->counted[0],
      .planned = (double)w->counted[1],
      .failures = (double)(stopping + others),
      .lost_work = stops > 0 ? w->ledger[CLX_LEDGER_WASTED] / stops : 0,
      .least_spares = all->spares,
      .mean_spares = all->spares,
  };
  double sum = 0;
  for (int32_t i = 0; i < CLX_LEDGERS; i++) {
    run->ledger[i] = w->ledger[i] * all->gpus + (i == CLX_LEDGER_SPARE ? elapsed * all->spare_gpus : 0);
    sum += run->ledger[i];
  }
  run->residual = fabs(sum - gpus * elapsed) / (gpus * elapsed);
  w->events += (double)(w->stops + others);
  // Samples after the end: all the work is done. At the horizon: what is done by then.
  w->base = ended ? all->work : w->reached;
  w->unsaved = 0;
  w->done = 0;
  sample(w, INFINITY, false);
}

clx_status clx_renew_replicate(void *worker, int32_t index, clx_reliability_run *run, clx_error *error) {
  clx_renew_worker *w = worker;
  const clx_renew *all = w->all;
  const bool open = isinf(all->work);  // no end but the horizon
  const double latest = all->model->start + CLX_STRETCH_MOST * (all->model->start + all->work);
  begin(w, index);
  double failure = start_up(w);
  for (;;) {
    if (open) {
      if (w->time + failure >= all->horizon) {
        run_for(w, all->horizon - w->time, 0, 0);
        break;
      }
    } else {
      const double left = all->work - work_behind(w), span = time_to_finish(all, w->done, left);
      if (failure >= span) {
        run_for(w, span, left, left);
        finish(w, true, run);
        return CLX_OK;
      }
    }
    failure = come_up(w, stop_run(w, failure), false);
    if (open && w->over) break;
    if (w->stops > STOPS_MOST || w->time > latest) {
      return clx_fail_plain(
          error, CLX_INFEASIBLE,
          "replication %d makes no progress: after %.3g s and %.3g stops it has done %.3g s of %.3g s of work", index,
          w->time, (double)w->stops, work_behind(w), all->work);
    }
  }
  finish(w, false, run);
  return CLX_OK;
}

clx_status clx_renew_worker_make(clx_renew_worker *worker, const clx_renew *all, clx_arena *arena, clx_error *error) {
  const size_t n = all->classes > 0 ? (size_t)all->classes : 1;
  *worker = (clx_renew_worker){.all = all, .stop_rate = -1};
  worker->weight = CLX_NEW_ARRAY(arena, double, 3 * n);
  worker->queue = CLX_NEW_ARRAY(arena, int32_t, n);
  worker->class_stops = CLX_NEW_ARRAY(arena, uint64_t, n);
  worker->class_others = CLX_NEW_ARRAY(arena, uint64_t, n);
  worker->stop = CLX_NEW_ARRAY(arena, clx_renew_alias, n);
  worker->other = CLX_NEW_ARRAY(arena, clx_renew_alias, n);
  const bool good = worker->weight != NULL && worker->queue != NULL && worker->class_stops != NULL &&
                    worker->class_others != NULL && worker->stop != NULL && worker->other != NULL;
  return good ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}
