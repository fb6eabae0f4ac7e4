// One replication of the aggregate path: from failure to failure, with the checkpoints in between counted in integers.
#include <math.h>
#include <string.h>

#include "reliability/reliability_renew.h"

// Streams of this path: keys beside the seed.
enum { STREAM_TIMES = 0x72656e31, STREAM_MARKS, STREAM_RATES, STREAM_OTHERS };

// Beyond this many times its work, or this many stops, a replication makes no progress (rates drawn far above their mean).
static const double STRETCH_MOST = 1e6, STOPS_MOST = 1e9;

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
    a->threshold[i] = (uint64_t)FULL;
    a->other[i] = i;
    queue[share[i] < 1 ? small++ : --large] = i;
  }
  while (small > 0 && large < n) {
    const int32_t low = queue[--small], high = queue[large];
    a->threshold[low] = (uint64_t)(share[low] * FULL);
    a->other[low] = high;
    share[high] -= 1 - share[low];
    if (share[high] < 1) {
      large++;
      queue[small++] = high;
    }
  }
  return sum;
}

static int32_t alias_pick(const clx_renew_alias *a, int32_t n, uint64_t bits) {
  const int32_t i = (int32_t)(((bits >> 32) * (uint64_t)n) >> 32);
  return (bits & UINT32_MAX) < a->threshold[i] ? i : a->other[i];
}

// s until the next failure of a job that is exposed.
static double next_failure(clx_renew_worker *w) {
  if (!(w->stop_rate > 0)) return INFINITY;
  if (w->used == CLX_RENEW_AHEAD) {
    clx_stream_exponentials(&w->times, w->ahead, CLX_RENEW_AHEAD);
    w->used = 0;
  }
  return w->ahead[w->used++] / w->stop_rate;
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

// Where a job stands that came up with `done` intervals behind it and has run for `time`.
static position position_at(const clx_renew *all, int64_t done, double time) {
  const clx_checkpoint_plan *plan = &all->plan;
  position p = {0, 0, 0};
  if (time < 0) return p;
  double rest = time;
  if (all->memory) {
    const int64_t every = plan->remote_every, phase = done % every;
    rest += (double)phase * all->cycle;
    const double rounds = floor(rest / all->round);
    rest -= rounds * all->round;
    p.remotes = (int64_t)rounds;
    const double inside = fmin(floor(rest / all->cycle), (double)every);
    rest = inside < (double)every ? rest - inside * all->cycle : 0;
    p.intervals = p.remotes * every + (int64_t)inside - phase;
  } else {
    p.intervals = (int64_t)(rest / all->cycle);
    rest -= (double)p.intervals * all->cycle;
  }
  p.work = (double)p.intervals * plan->interval + fmin(fmax(rest, 0), plan->interval);
  return p;
}

// s of running until `left` s of work are done: the last interval needs no checkpoint.
static double time_to_finish(const clx_renew *all, int64_t done, double left) {
  static const double SLACK = 1e-9;  // of an interval: work that is a multiple of it ends with a whole one
  if (isinf(left)) return INFINITY;
  const double n = fmax(ceil(left / all->plan.interval - SLACK) - 1, 0);
  double time = n * all->cycle + (left - n * all->plan.interval);
  if (all->memory) {
    const int64_t every = all->plan.remote_every;
    time += (double)((done + (int64_t)n) / every - done / every) * all->plan.remote_stall;
  }
  return time;
}

static double work_behind(const clx_renew_worker *w) { return w->base + (double)w->done * w->all->plan.interval; }

// --- time passes --------------------------------------------------------------------------------------------------------------
// Samples that fall into the next `span` s, in which the job runs or stands.
static void sample(clx_renew_worker *w, double span, bool running) {
  clx_series_store *store = w->all->store;
  if (store == NULL) return;
  while (w->probe < store->probes && store->probe[w->probe] <= w->time + span) {
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

// s of `span` that lie within the horizon.
static double within(clx_renew_worker *w, double span) {
  const double left = w->all->horizon - w->time;
  if (w->over || span < left) return w->over ? 0 : span;
  w->over = true;
  w->reached = work_behind(w);
  return left;
}

static double stand(clx_renew_worker *w, int32_t bucket, double span) {
  if (!(span > 0)) return 0;
  sample(w, span, false);
  const double counts = within(w, span);
  w->ledger[bucket] += counts;
  w->time += span;
  return counts;
}

// Runs for `span`: `work` done in it, of which `kept` outlives its end (negative: older work is lost as well).
static void run_for(clx_renew_worker *w, double span, double work, double kept) {
  sample(w, span, true);
  if (!w->over) {
    const double counts = within(w, span);
    if (w->over) {  // what is unsaved at the horizon is not lost
      work = kept = position_at(w->all, w->done, counts).work;
      w->reached += work;
    }
    w->ledger[CLX_LEDGER_PRODUCTIVE] += kept;
    w->ledger[CLX_LEDGER_WASTED] += work - kept;
    w->ledger[CLX_LEDGER_SAVE] += counts - work;
    w->running += counts;
    w->lost += work - kept;
  }
  w->time += span;
}

// --- stops --------------------------------------------------------------------------------------------------------------------
typedef struct stop {
  double detect, swap, load;
  bool saved, planned, near;  // near: a copy in memory outlives it
} stop;

// `counts`: within the horizon.
static stop draw_stop(clx_renew_worker *w, bool counts) {
  const clx_renew *all = w->all;
  const int32_t i = all->classes == 1 ? 0 : alias_pick(&w->stop, all->classes, clx_stream_bits(&w->marks));
  const clx_renew_class *c = &all->class[i];
  stop s = {.planned = c->planned};
  s.saved = all->saves && (c->planned || happens(w, c->warned));
  if (!s.saved) s.detect = c->detect;
  if (happens(w, c->lost)) s.swap = c->swap;
  if (all->memory) s.near = s.saved || (c->alone && happens(w, all->plan.survives));
  s.load = s.near ? all->plan.load_memory : all->plan.load;
  w->stops++;
  if (counts) {
    *(c->planned ? &w->planned : &w->interruptions) += 1;
    w->class_stops[i]++;
    w->class_events[i]++;
  }
  return s;
}

// Stands after a stop until the job runs; returns the time of running until the next failure.
static double come_up(clx_renew_worker *w, stop s) {
  const clx_renew *all = w->all;
  const double restart = all->model->job[0].stage[0].restart;
  const bool exposed = !all->model->running_clock;
  for (;;) {
    w->down += stand(w, CLX_LEDGER_RECOVERY, s.detect);
    w->down += stand(w, s.planned ? CLX_LEDGER_MAINTENANCE : CLX_LEDGER_RECOVERY, s.swap);
    const double failure = exposed ? next_failure(w) : INFINITY, up = restart + s.load;
    if (failure >= up) {
      stand(w, CLX_LEDGER_STARTUP, restart);
      stand(w, CLX_LEDGER_RESTORE, s.load);
      return exposed ? failure - up : next_failure(w);
    }
    stand(w, CLX_LEDGER_STARTUP, fmin(failure, restart));
    stand(w, CLX_LEDGER_RESTORE, failure - restart);
    const bool near = s.near;
    s = draw_stop(w, !w->over);
    if (all->memory && near && !s.near) w->done = w->remote;
    s.near = s.near && near;
    if (all->memory) s.load = s.near ? all->plan.load_memory : all->plan.load;
  }
}

// The job ran for `span` when something stopped it.
static stop stop_run(clx_renew_worker *w, double span) {
  const clx_renew *all = w->all;
  const clx_checkpoint_plan *plan = &all->plan;
  const double before = work_behind(w);
  const position at = position_at(all, w->done, span);
  const stop s = draw_stop(w, !w->over && w->time + span < all->horizon);
  if (s.saved) {
    run_for(w, span, at.work, at.work);
    w->base = before + at.work;
    w->done = w->remote = 0;
    w->down += stand(w, CLX_LEDGER_SAVE, plan->stall);
    return s;
  }
  int64_t done = w->done + position_at(all, w->done, span - plan->lag).intervals, remote = w->remote;
  if (all->memory) {
    const int64_t remotes = position_at(all, w->done, span - plan->remote_lag).remotes;
    if (remotes > 0) remote = (w->done / plan->remote_every + remotes) * plan->remote_every;
    if (!s.near || done < remote) done = remote;
  }
  run_for(w, span, at.work, (double)(done - w->done) * plan->interval);
  w->done = done;
  w->remote = remote;
  return s;
}

// --- a replication ------------------------------------------------------------------------------------------------------------
static void draw_rates(clx_renew_worker *w) {
  const clx_renew *all = w->all;
  const int32_t n = all->classes;
  if (!all->model->draw_rates && w->stop_rate >= 0) return;  // as in the replication before
  clx_stream rates = clx_stream_make(all->options->seed, STREAM_RATES, (uint64_t)w->index, 0);
  for (int32_t i = 0; i < n; i++) {
    const clx_renew_class *c = &all->class[i];
    double rate = c->rate;
    if (all->model->draw_rates && c->exposure > 0) rate = clx_stream_gamma(&rates, c->events + 0.5) / c->exposure;
    w->weight[i] = rate * c->stops;
    w->weight[n + i] = rate * c->others;
  }
  double *share = w->weight + 2 * n;
  w->stop_rate = alias_make(&w->stop, w->weight, n, share, w->queue);
  w->other_rate = alias_make(&w->other, w->weight + n, n, share, w->queue);
}

static void begin(clx_renew_worker *w, int32_t index) {
  const uint64_t seed = w->all->options->seed;
  w->index = index;
  w->times = clx_stream_make(seed, STREAM_TIMES, (uint64_t)index, 0);
  w->marks = clx_stream_make(seed, STREAM_MARKS, (uint64_t)index, 0);
  w->used = CLX_RENEW_AHEAD;
  w->probe = 0;
  w->time = w->base = w->lost = w->down = w->running = w->reached = 0;
  w->interruptions = w->planned = w->stops = 0;
  w->done = w->remote = 0;
  w->over = false;
  memset(w->ledger, 0, sizeof w->ledger);
  draw_rates(w);
}

// Events that stop nothing: of spares and of what waits for the next stop, and of all while the job stands and is not exposed.
static double count_others(clx_renew_worker *w, double elapsed) {
  const clx_renew *all = w->all;
  const bool running = all->model->running_clock;
  clx_stream stream = clx_stream_make(all->options->seed, STREAM_OTHERS, (uint64_t)w->index, 0);
  const int64_t standing = running ? 0 : clx_stream_poisson(&stream, w->stop_rate * w->down);
  const int64_t others = clx_stream_poisson(&stream, w->other_rate * (running ? w->running : elapsed));
  for (int64_t i = 0; i < standing; i++) {
    w->class_events[alias_pick(&w->stop, all->classes, clx_stream_bits(&stream))]++;
  }
  for (int64_t i = 0; i < others; i++) {
    w->class_events[alias_pick(&w->other, all->classes, clx_stream_bits(&stream))]++;
  }
  return (double)(standing + others);
}

static void finish(clx_renew_worker *w, bool ended, clx_reliability_run *run) {
  const clx_renew *all = w->all;
  if (!w->over) w->reached = all->work;
  const double elapsed = w->over ? all->horizon : w->time;
  const double others = count_others(w, elapsed), gpus = all->gpus + all->spare_gpus;
  *run = (clx_reliability_run){
      .end = ended ? w->time : INFINITY,
      .elapsed = elapsed,
      .goodput = w->reached / elapsed,
      .interruptions = w->interruptions,
      .planned = w->planned,
      .failures = w->interruptions + w->planned + others,
      .lost_work = w->interruptions > 0 ? w->lost / w->interruptions : 0,
      .least_spares = all->spares,
      .mean_spares = all->spares,
  };
  double sum = 0;
  for (int32_t i = 0; i < CLX_LEDGERS; i++) {
    run->ledger[i] = w->ledger[i] * all->gpus + (i == CLX_LEDGER_SPARE ? elapsed * all->spare_gpus : 0);
    sum += run->ledger[i];
  }
  run->residual = fabs(sum - gpus * elapsed) / (gpus * elapsed);
  w->events += w->stops + others;
  // Samples after the end: all the work is done.
  clx_series_store *store = all->store;
  if (store == NULL || !ended) return;
  w->base = all->work;
  w->done = 0;
  sample(w, INFINITY, false);
}

clx_status clx_renew_replicate(void *worker, int32_t index, clx_reliability_run *run, clx_error *error) {
  clx_renew_worker *w = worker;
  const clx_renew *all = w->all;
  begin(w, index);
  stand(w, CLX_LEDGER_INITIALIZATION, all->model->start);
  double failure = next_failure(w);
  for (;;) {
    const double left = all->work - work_behind(w), span = time_to_finish(all, w->done, left);
    if (isinf(all->work) && w->time + failure >= all->horizon) {
      run_for(w, all->horizon - w->time, 0, 0);
      break;
    }
    if (failure >= span) {
      run_for(w, span, left, left);
      finish(w, true, run);
      return CLX_OK;
    }
    failure = come_up(w, stop_run(w, failure));
    if (isinf(all->work) && w->over) break;
    if (w->stops > STOPS_MOST || w->time > STRETCH_MOST * all->work) {
      return clx_fail_plain(
          error, CLX_INFEASIBLE,
          "replication %d makes no progress: after %.3g s and %.3g stops it has done %.3g s of %.3g s of work", index,
          w->time, w->stops, work_behind(w), all->work);
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
  worker->class_events = CLX_NEW_ARRAY(arena, uint64_t, n);
  bool good =
      worker->weight != NULL && worker->queue != NULL && worker->class_stops != NULL && worker->class_events != NULL;
  clx_renew_alias *alias[] = {&worker->stop, &worker->other};
  for (int32_t i = 0; i < CLX_COUNT(alias); i++) {
    alias[i]->threshold = CLX_NEW_ARRAY(arena, uint64_t, n);
    alias[i]->other = CLX_NEW_ARRAY(arena, int32_t, n);
    good = good && alias[i]->threshold != NULL && alias[i]->other != NULL;
  }
  return good ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}
