// The public face of calibration from failure logs: a CSV of the user's, or what Slurm's sacct prints.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_internal.h"
#include "calibrate/calibrate_reliability.h"
#include "catalog/catalog.h"
#include "import/import_sacct.h"

// --- sacct ------------------------------------------------------------------------------------------------------------------

// A node while a job held it.
typedef struct holding {
  int32_t node;
  double from, to;
  double gpus;  // of the job on this node
  bool alone;
  int32_t line;
} holding;

static int by_node(const void *a, const void *b) {
  const holding *x = a, *y = b;
  if (x->node != y->node) return x->node < y->node ? -1 : 1;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return x->line < y->line ? -1 : x->line > y->line;
}

// The time in which anybody held the node: jobs that share one count it once, and its GPUs are those of all that overlap, at least.
static clx_status add_spans(clx_arena *arena, holding *held, int64_t count, double gpus_per_node, clx_failure_log *log,
                            clx_error *error) {
  for (int64_t i = 0; i < count;) {
    holding all = held[i++];
    for (; i < count && held[i].node == all.node && held[i].from < all.to; i++) {
      all.to = fmax(all.to, held[i].to);
      all.gpus = all.gpus < 0 || held[i].gpus < 0 ? -1 : fmax(all.gpus, held[i].gpus);
      all.alone &= held[i].alone;
    }
    const clx_log_span span = {.unit = all.node,
                               .from = all.from,
                               .to = all.to,
                               .count = 1,
                               .gpus = gpus_per_node > 0 ? gpus_per_node : all.gpus,
                               .in_service = (double)NAN,
                               .position = -1,
                               .alone = all.alone,
                               .line = all.line};
    CLX_TRY(clx_failure_log_span(arena, log, &span, error));
  }
  return CLX_OK;
}

static clx_status add_exposure(clx_arena *arena, const clx_sacct *jobs, double gpus_per_node, clx_failure_log *log,
                               clx_error *error) {
  int64_t count = 0, all = 0;
  for (int32_t i = 0; i < jobs->job_count; i++) all += jobs->job[i].node_count;
  holding *held = CLX_NEW_ARRAY(arena, holding, all + 1);
  if (held == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < jobs->job_count; i++) {
    const clx_sacct_job *j = &jobs->job[i];
    for (int32_t n = 0; n < j->node_count; n++)
      held[count++] = (holding){.node = jobs->node[j->first_node + n],
                                .from = j->start,
                                .to = j->end,
                                .gpus = j->gpus < 0 ? -1 : j->gpus / j->node_count,
                                .alone = j->node_count == 1,
                                .line = j->line};
  }
  qsort(held, (size_t)count, sizeof *held, by_node);
  return add_spans(arena, held, count, gpus_per_node, log, error);
}

// Ends of runs as events. NODE_FAIL is a failure of the machine; how else a job ended is an outcome: code of users and machine in one.
static clx_status add_ends(clx_arena *arena, const clx_sacct *jobs, clx_failure_log *log, clx_error *error) {
  static const int32_t told[] = {CLX_JOB_NODE_FAIL,     CLX_JOB_FAILED,        CLX_JOB_BOOT_FAIL,
                                 CLX_JOB_LAUNCH_FAILED, CLX_JOB_OUT_OF_MEMORY, CLX_JOB_TIMEOUT};
  double *last = CLX_NEW_ARRAY(arena, double, jobs->names.count + 1);  // end of the last NODE_FAIL of a node, by itself
  if (last == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t n = 0; n < jobs->names.count; n++) last[n] = -INFINITY;
  for (int32_t i = 0; i < jobs->job_count; i++) {
    const clx_sacct_job *j = &jobs->job[i];
    for (int32_t t = 0; t < CLX_COUNT(told); t++) {
      if (j->state != told[t]) continue;
      const bool alone = j->node_count == 1;
      double *before = &last[alone ? jobs->node[j->first_node] : jobs->names.count];
      const bool same = told[t] == CLX_JOB_NODE_FAIL && alone && fabs(j->end - *before) <= 60;
      if (told[t] == CLX_JOB_NODE_FAIL && alone) *before = j->end;
      if (same) continue;  // several jobs on a node that failed: one failure
      const char *word = told[t] == CLX_JOB_FAILED ? "JOB_FAILED" : clx_job_state_name[told[t]];
      const clx_log_event event = {
          .kind = clx_failure_log_kind(arena, log, word, -1, (clx_place){jobs->file, j->line, 0}, error),
          .unit = alone ? jobs->node[j->first_node] : -1,
          .time = j->end,
          .count = 1,
          .age = (double)NAN,
          .repair = (double)NAN,
          .stopped = told[t] == CLX_JOB_NODE_FAIL ? 1 : -1,
          .transient = -1,
          .position = -1,
          .line = j->line};
      if (event.kind < 0) return CLX_MEMORY;
      CLX_TRY(clx_failure_log_event(arena, log, &event, error));
    }
  }
  return CLX_OK;
}

static clx_status read_sacct(clx_arena *arena, const char *path, const char *data, size_t size,
                             const clx_log_exposure *exposure, clx_failure_log *log, clx_error *error) {
  clx_sacct jobs;
  CLX_TRY(clx_sacct_read(arena, path, data, size, &jobs, error));
  log->file = log->span_file = path;
  if (exposure->path != NULL || exposure->node_time > 0)
    return clx_fail_plain(error, CLX_INPUT,
                          "exposure of sacct is the time in which jobs held nodes: give no other one beside it");
  // Classes that a log without failures has, too: no events in so much time is a rate.
  if (clx_failure_log_kind(arena, log, "NODE_FAIL", -1, (clx_place){path, 1, 0}, error) < 0) return CLX_MEMORY;
  log->units = jobs.names;
  CLX_TRY(add_exposure(arena, &jobs, exposure->gpus_per_node, log, error));
  CLX_TRY(add_ends(arena, &jobs, log, error));
  clx_buffer_format(
      &log->note,
      "Slurm: %d runs of jobs on %d nodes (%d of them after a requeue); left out: %d steps, %d runs without "
      "nodes, %d repeated lines\n",
      jobs.job_count, jobs.names.count, jobs.restarts, jobs.steps, jobs.unstarted, jobs.repeated);
  if (jobs.restarts == 0)
    clx_buffer_format(&log->note,
                      "Slurm: no job ran twice; without sacct -D (--duplicates) runs before a requeue are missing, and "
                      "node failures with them\n");
  return clx_failure_log_finish(arena, log, error);
}

// --- calibration -------------------------------------------------------------------------------------------------------------

static clx_status find_source(const clx_catalog *catalog, const char *given, const char **source, clx_error *error) {
  *source = given != NULL ? given : "own-failure-log";
  if (clx_catalog_source(catalog, *source) != NULL) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT, "source '%s' is not in sources.yaml", *source);
}

static clx_status calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                            clx_arena *arena, clx_failure_log *log, clx_buffer texts[2], clx_error *error) {
  const clx_log_exposure exposure = {options->exposure, 3600 * options->node_hours, options->gpus_per_node};
  const double confidence = options->confidence == 0 ? 0.9 : options->confidence;
  const char *source = NULL, *data = NULL;
  size_t size = 0;
  clx_failure_calibration calibration;
  if (!(options->node_hours >= 0 && options->node_hours <= 1e13) ||
      !(options->gpus_per_node >= 0 && options->gpus_per_node <= 1e6))
    return clx_fail_plain(error, CLX_INPUT, "node-hours are %g and GPUs of a node %g, expected numbers from 0 on",
                          options->node_hours, options->gpus_per_node);
  if (!(confidence > 0 && confidence < 1))
    return clx_fail_plain(error, CLX_INPUT, "confidence is %g, expected a number between 0 and 1", confidence);
  CLX_TRY(find_source(catalog, options->source, &source, error));
  CLX_TRY(clx_file_read(arena, path, CLX_SACCT_SIZE_MAX, &data, &size, error));
  if (clx_sacct_is(data, size)) {
    CLX_TRY(read_sacct(arena, path, data, size, &exposure, log, error));
  } else {
    CLX_TRY(clx_failure_log_read(arena, path, data, size, &exposure, log, error));
  }
  CLX_TRY(clx_calibrate_reliability(arena, log, confidence, &calibration, error));
  (options->json ? clx_failure_calibration_json : clx_failure_calibration_text)(&calibration, &texts[0]);
  clx_failure_calibration_entry(&calibration, options->name != NULL ? options->name : "own_failures", source,
                                &texts[1]);
  if (texts[0].failed || texts[1].failed) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

clx_status clx_reliability_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                     char **report, char **entry, clx_error *error) {
  clx_buffer texts[2] = {0};
  *report = *entry = NULL;
  clx_arena *arena = clx_arena_new();
  clx_failure_log *log = arena != NULL ? CLX_NEW(arena, clx_failure_log) : NULL;
  clx_status status = log == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                                  : calibrate(catalog, path, options, arena, log, texts, error);
  if (log != NULL) clx_buffer_free(&log->note);
  clx_arena_free(arena);
  if (status == CLX_OK) {
    *report = texts[0].data;
    *entry = texts[1].data;
    return status;
  }
  clx_buffer_free(&texts[0]);
  clx_buffer_free(&texts[1]);
  return status;
}
