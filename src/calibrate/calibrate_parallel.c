// A handful of independent tasks on a few threads.
#include <pthread.h>

#include "calibrate/calibrate_internal.h"

typedef struct pool {
  void (*work)(void *context, int32_t index);
  void *context;
  int32_t count, next;
  pthread_mutex_t lock;
} pool;

static void *worker(void *argument) {
  pool *p = argument;
  for (;;) {
    pthread_mutex_lock(&p->lock);
    const int32_t mine = p->next++;
    pthread_mutex_unlock(&p->lock);
    if (mine >= p->count) return NULL;
    p->work(p->context, mine);
  }
}

void clx_parallel(int32_t count, int32_t threads, void (*work)(void *context, int32_t index), void *context) {
  enum { THREADS_MAX = 64 };
  pthread_t thread[THREADS_MAX];
  pool p = {.work = work, .context = context, .count = count};
  int32_t started = 0;
  pthread_mutex_init(&p.lock, NULL);
  for (int32_t i = 1; i < threads && i < THREADS_MAX; i++) {
    if (pthread_create(&thread[started], NULL, worker, &p) == 0) started++;
  }
  worker(&p);
  for (int32_t i = 0; i < started; i++) pthread_join(thread[i], NULL);
  pthread_mutex_destroy(&p.lock);
}
