// A machine that runs a job list: who has which nodes when, and what that draws. Moments at which nothing changes cost nothing.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "power/power_jobs_internal.h"

enum { DUE_STOP, DUE_START, DUE_TRACE };

typedef struct placed {  // one job while it runs
  clx_node_range *range;
  int32_t ranges;
  int32_t at;          // value of its trace
  double begun, end;   // s
  double watt, since;  // of one node, s
} placed;

typedef struct machine {
  const clx_job_run *run;
  clx_arena *arena;
  clx_calendar calendar;
  clx_nodes nodes;
  clx_unit_loads loads;
  placed *job;
  int32_t *waiting, waiting_count;  // in the order of their starts
  clx_job_outcome *out;
  clx_sum nodes_energy, energy;  // J before any conversion; at the top
  double idle;                   // W of a node
  double busy;                   // node-seconds
  bool failed;
} machine;

static double node_watt(const clx_node_power *n, double cpu, double gpu) {
  return n->cpu_idle + cpu * (n->cpu_most - n->cpu_idle) + n->gpu_idle + gpu * (n->gpu_most - n->gpu_idle) + n->fixed;
}

static double watt_at(const machine *m, const clx_node_job *j, int32_t at) {
  const double cpu = j->cpu_trace != NULL ? (double)j->cpu_trace[at] : j->cpu;
  const double gpu = j->gpu_trace != NULL ? (double)j->gpu_trace[at] : j->gpu;
  return node_watt(&m->run->node, cpu, gpu);
}

static void push(machine *m, double time, int32_t kind, int32_t job) {
  if (!(time < m->run->horizon)) return;
  if (!clx_calendar_push(&m->calendar, m->arena, (clx_due_power){time, kind, job, 0})) m->failed = true;
}

// When the trace next says something else than now.
static void push_change(machine *m, int32_t number) {
  const clx_node_job *j = &m->run->job[number];
  const placed *p = &m->job[number];
  for (int32_t at = p->at + 1; at < j->trace_count; at++) {
    const double time = p->begun + (double)at * m->run->quantum;
    if (time >= p->end) return;
    if (watt_at(m, j, at) == p->watt) continue;
    push(m, time, DUE_TRACE, number);
    return;
  }
}

static void set_watt(machine *m, int32_t number, double watt, double time) {
  placed *p = &m->job[number];
  clx_sum_add(&m->nodes_energy, (double)m->run->job[number].nodes * (p->watt - m->idle) * (time - p->since));
  p->watt = watt;
  p->since = time;
  clx_unit_loads_set(&m->loads, p->range, p->ranges, watt);
}

static bool try_start(machine *m, int32_t number, double time) {
  const clx_node_job *j = &m->run->job[number];
  bool fits;
  const int32_t ranges = clx_nodes_take(&m->nodes, j->nodes, j->first, &fits);
  if (!fits) return false;
  placed *p = &m->job[number];
  p->range = CLX_NEW_ARRAY(m->arena, clx_node_range, ranges);
  if (p->range == NULL) {
    m->failed = true;
    return true;
  }
  memcpy(p->range, m->nodes.range, (size_t)ranges * sizeof *p->range);
  p->ranges = ranges;
  p->begun = p->since = time;
  p->end = time + (j->end - j->start);
  p->at = 0;
  p->watt = m->idle;
  set_watt(m, number, watt_at(m, j, 0), time);
  m->out->started++;
  if (time > j->start) m->out->waited++;
  push(m, p->end, DUE_STOP, number);
  push_change(m, number);
  return true;
}

static void stop(machine *m, int32_t number, double time) {
  placed *p = &m->job[number];
  set_watt(m, number, m->idle, time);
  clx_nodes_give_back(&m->nodes, p->range, p->ranges);
  m->busy += (double)m->run->job[number].nodes * (time - p->begun);
  m->out->completed++;
  p->ranges = 0;
}

static void next_value(machine *m, int32_t number, double time) {
  const clx_node_job *j = &m->run->job[number];
  placed *p = &m->job[number];
  // The time was made of this number, and a later one is a whole quantum away.
  p->at = (int32_t)rint((time - p->begun) / m->run->quantum);
  set_watt(m, number, watt_at(m, j, p->at), time);
  push_change(m, number);
}

static void serve_waiting(machine *m, double time) {
  int32_t kept = 0;
  for (int32_t i = 0; i < m->waiting_count; i++) {
    if (m->nodes.free == 0 || !try_start(m, m->waiting[i], time)) m->waiting[kept++] = m->waiting[i];
  }
  m->waiting_count = kept;
}

static void handle(machine *m, double time) {
  bool some = false;
  while (m->calendar.count > 0 && m->calendar.item[0].time <= time && !m->failed) {
    const clx_due_power due = clx_calendar_pop(&m->calendar);
    if (due.kind == DUE_TRACE) {
      if (m->job[due.who].ranges > 0) next_value(m, due.who, time);
      continue;
    }
    some = true;
    if (due.kind == DUE_STOP) {
      stop(m, due.who, time);
    } else {
      m->waiting[m->waiting_count++] = due.who;
    }
  }
  if (some) serve_waiting(m, time);
  clx_unit_loads_carry(&m->loads);
  m->out->events++;
}

static void run_until_end(machine *m, clx_power_bins *bins) {
  const double horizon = m->run->horizon;
  clx_job_outcome *o = m->out;
  o->least = (double)INFINITY;
  double time = 0;
  while (time < horizon) {
    handle(m, time);
    // What begins and ends at one moment (a job of no length) is over before time goes on.
    while (m->calendar.count > 0 && m->calendar.item[0].time <= time && !m->failed) handle(m, time);
    if (m->failed) return;
    const double next = m->calendar.count > 0 ? fmin(horizon, m->calendar.item[0].time) : horizon;
    const double top = m->loads.top;
    o->least = fmin(o->least, top);
    o->most = fmax(o->most, top);
    clx_sum_add(&m->energy, top * (next - time));
    clx_power_bins_add(bins, time, next, top, top);
    time = next;
  }
}

static void finish(machine *m, clx_power_bins *bins) {
  const clx_job_run *run = m->run;
  clx_job_outcome *o = m->out;
  for (int64_t i = 0; i < run->job_count; i++) {
    placed *p = &m->job[i];
    if (p->ranges == 0) continue;
    clx_sum_add(&m->nodes_energy, (double)run->job[i].nodes * (p->watt - m->idle) * (run->horizon - p->since));
    m->busy += (double)run->job[i].nodes * (run->horizon - p->begun);
  }
  clx_sum_add(&m->nodes_energy, (double)run->nodes * m->idle * run->horizon);
  double beside = 0;
  for (int32_t l = 0; l < run->chain.count; l++) beside += run->chain.level[l].static_load;
  clx_power_bins_end(bins);
  o->series = bins->wave;
  o->energy = clx_sum_value(&m->energy);
  o->loss = o->energy - clx_sum_value(&m->nodes_energy) - beside * run->horizon;
  o->mean = o->energy / run->horizon;
  o->loss_mean = o->loss / run->horizon;
  o->utilisation = m->busy / ((double)run->nodes * run->horizon);
}

// --- start -----------------------------------------------------------------------------------------------------------------------------

static bool is_share(double x) { return x >= 0 && x <= 1; }

static clx_status check_job(const clx_job_run *run, int64_t number, clx_error *error) {
  const clx_node_job *j = &run->job[number];
  const long long row = (long long)number + 1;
  if (!(j->start >= 0 && isfinite(j->start) && j->end >= j->start && isfinite(j->end)))
    return clx_fail_plain(error, CLX_INPUT, "job %lld runs from %g to %g s, expected times from 0 on that rise", row,
                          j->start, j->end);
  if (j->nodes < 1 || j->nodes > run->nodes || (j->first >= 0 && j->first > run->nodes - j->nodes))
    return clx_fail_plain(error, CLX_INPUT, "job %lld takes %lld nodes from node %lld on, the machine has %lld", row,
                          (long long)j->nodes, (long long)(j->first < 0 ? 0 : j->first), (long long)run->nodes);
  bool good = is_share(j->cpu) && is_share(j->gpu) && j->trace_count >= 0;
  for (int32_t i = 0; good && i < j->trace_count; i++)
    good = is_share(j->cpu_trace != NULL ? (double)j->cpu_trace[i] : 0) &&
           is_share(j->gpu_trace != NULL ? (double)j->gpu_trace[i] : 0);
  if (!good || ((j->cpu_trace != NULL || j->gpu_trace != NULL) && j->trace_count < 1))
    return clx_fail_plain(error, CLX_INPUT, "job %lld has a utilisation outside of 0 to 1, or an empty trace", row);
  return CLX_OK;
}

static clx_status check(const clx_job_run *run, clx_error *error) {
  const clx_node_power *n = &run->node;
  if (run->nodes < 1 || run->nodes > 10000000 || run->job_count < 0 || run->job_count > 100000000)
    return clx_fail_plain(error, CLX_INPUT, "jobs: %lld nodes and %lld jobs, expected 1 to 1e7 and 0 to 1e8",
                          (long long)run->nodes, (long long)run->job_count);
  if (!(n->cpu_idle >= 0 && n->cpu_idle <= n->cpu_most && n->gpu_idle >= 0 && n->gpu_idle <= n->gpu_most &&
        n->fixed >= 0 && isfinite(n->cpu_most + n->gpu_most + n->fixed)))
    return clx_fail_plain(error, CLX_INPUT,
                          "jobs: a node draws %g to %g W in CPUs, %g to %g W in GPUs and %g W beside; expected them "
                          "rising, from 0 on",
                          n->cpu_idle, n->cpu_most, n->gpu_idle, n->gpu_most, n->fixed);
  // A millisecond: below it a trace is a wave.
  if (!(run->quantum >= 1e-3 && isfinite(run->quantum)))
    return clx_fail_plain(error, CLX_INPUT, "jobs: a trace with a value every %g s, expected at least 1 ms",
                          run->quantum);
  for (int64_t i = 0; i < run->job_count; i++) CLX_TRY(check_job(run, i, error));
  return CLX_OK;
}

clx_status clx_job_run_all(const clx_job_run *run, clx_arena *arena, clx_job_outcome *outcome, clx_error *error) {
  *outcome = (clx_job_outcome){0};
  CLX_TRY(check(run, error));
  clx_power_bins bins;
  CLX_TRY(clx_power_bins_make(&bins, run->horizon, run->step, false, arena, error));
  machine m = {.run = run, .arena = arena, .out = outcome, .idle = node_watt(&run->node, 0, 0)};
  m.job = CLX_NEW_ARRAY(arena, placed, run->job_count + 1);
  m.waiting = CLX_NEW_ARRAY(arena, int32_t, run->job_count + 1);
  m.failed = m.job == NULL || m.waiting == NULL || !clx_nodes_make(&m.nodes, run->nodes, arena) ||
             !clx_unit_loads_make(&m.loads, &run->chain, run->nodes, m.idle, arena);
  for (int64_t i = 0; i < run->job_count && !m.failed; i++) push(&m, run->job[i].start, DUE_START, (int32_t)i);
  if (!m.failed) run_until_end(&m, &bins);
  if (m.failed)
    return clx_fail_plain(error, CLX_MEMORY, "jobs: out of memory for %lld jobs on %lld nodes",
                          (long long)run->job_count, (long long)run->nodes);
  finish(&m, &bins);
  return CLX_OK;
}
