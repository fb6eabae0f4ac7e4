// Replications dealt to threads: each writes its own slot only, so that the result does not know how many there were.
#include <pthread.h>

#include "reliability/reliability_internal.h"

enum { THREADS_MAX = 256 };

typedef struct replications {
  const clx_reliability_options *options;
  clx_replicate *replicate;
  clx_reliability_run *run;
  pthread_mutex_t lock;
  int32_t next, done;
  int32_t failed;  // lowest replication that failed, or their count
  clx_error error;
  clx_status status;
  bool stopped;
} replications;

typedef struct share {
  replications *all;
  void *worker;
} share;

int32_t clx_replication_threads(const clx_reliability_options *options) {
  int32_t n = options->threads < 1 ? 1 : options->threads;
  if (n > THREADS_MAX) n = THREADS_MAX;
  return n < options->replications ? n : options->replications;
}

// Replications are dealt in ascending order: whatever is below a failed one runs to its end, whatever is above need not start.
static void *work(void *argument) {
  share *s = argument;
  replications *r = s->all;
  clx_error error = {0};  // large: cleared for a thread, not for a replication
  pthread_mutex_lock(&r->lock);
  while (!r->stopped && r->next < r->failed) {
    const int32_t mine = r->next++;
    pthread_mutex_unlock(&r->lock);
    const clx_status status = r->replicate(s->worker, mine, &r->run[mine], &error);
    pthread_mutex_lock(&r->lock);
    if (status != CLX_OK && mine < r->failed) {
      r->failed = mine;
      r->status = status;
      r->error = error;
    }
    if (status != CLX_OK) clx_error_clear(&error);
    r->done++;
    if (r->options->progress != NULL &&
        !r->options->progress(r->options->context, (double)r->done / r->options->replications)) {
      r->stopped = true;
    }
  }
  pthread_mutex_unlock(&r->lock);
  return NULL;
}

clx_status clx_replicate_all(const clx_reliability_options *options, void *const *worker, int32_t workers,
                             clx_replicate *replicate, clx_reliability_run *run, clx_error *error) {
  pthread_t thread[THREADS_MAX];
  share part[THREADS_MAX];
  replications all = {.options = options, .replicate = replicate, .run = run, .failed = options->replications};
  if (pthread_mutex_init(&all.lock, NULL) != 0) return clx_fail_plain(error, CLX_MEMORY, "no room for a lock");
  if (workers > THREADS_MAX) workers = THREADS_MAX;
  int32_t started = 0;
  for (int32_t i = 1; i < workers; i++) {
    part[i] = (share){&all, worker[i]};
    if (pthread_create(&thread[started], NULL, work, &part[i]) == 0) started++;
  }
  part[0] = (share){&all, worker[0]};
  work(&part[0]);
  for (int32_t i = 0; i < started; i++) pthread_join(thread[i], NULL);
  pthread_mutex_destroy(&all.lock);
  if (all.status != CLX_OK) {
    if (error != NULL) *error = all.error;
    return all.status;
  }
  if (all.stopped && all.done < options->replications) {
    return clx_fail_plain(error, CLX_EXPECTATION, "stopped after %d of %d replications", (int)all.done,
                          (int)options->replications);
  }
  return CLX_OK;
}
