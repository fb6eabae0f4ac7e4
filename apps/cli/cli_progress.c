// Progress of long work on a terminal, and Ctrl-C that ends it without output.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
  (void)number;
  interrupted = 1;
  signal(SIGINT, SIG_DFL);  // a second one ends at once
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void cli_progress_start(cli_progress *p) {
  *p = (cli_progress){.start = now(), .terminal = isatty(STDERR_FILENO) == 1};
  signal(SIGINT, interrupt);
}

bool cli_progress_show(void *progress, const char *step, double done) {
  static const double PATIENCE = 0.3;  // s
  cli_progress *p = progress;
  const double time = now();
  if (interrupted != 0) return false;
  if (!p->terminal || time - p->start < PATIENCE || time - p->last < PATIENCE) return true;
  fprintf(stderr, "\r\033[K%s, %.0f %% ...", step, 100 * done);
  fflush(stderr);
  p->shown = true;
  p->last = time;
  return true;
}

void cli_progress_end(cli_progress *p, bool stopped) {
  signal(SIGINT, SIG_DFL);
  if (p->shown) fputs("\r\033[K", stderr);
  if (interrupted == 0 || !stopped) return;
  fflush(stderr);
  raise(SIGINT);
}
