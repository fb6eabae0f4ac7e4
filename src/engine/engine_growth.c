// Whether requests come faster than they are served: the queue over the second half of the arrivals, cut into pieces whose growths also
// tell how much of it is chance; and what is served of a queue beyond its bound. docs/model/serving/engines.md, "Overload".
#include "engine/engine_internal.h"

#include <math.h>

// One in 1,000 of growths that are chance is above (Student's t of 15 degrees of freedom). Pieces in which the queue of a stable fleet
// rises and falls are more equal than chance would have it, so that it is fewer.
static const double STUDENT = 3.73;
enum { GROWTH_LEAST = 16 };  // requests: less is no queue

// Number of the arrival at which piece k begins.
static int32_t begin_of(const clx_run *run, int32_t k) {
  const int64_t count = run->requests->count, half = count / 2;
  return (int32_t)(half + (count - half) * k / CLX_GROWTH_PIECES);
}

int32_t clx_growth_queue(const clx_run *run) { return run->waiting + run->transfers; }

// Places that wait for keys and values on their way to them, against those that decode: of replicas that are bound by what comes to them most wait.
static bool is_bound_by_transfers(const clx_run *run) {
  int32_t decoding = -run->transfers;
  for (int32_t r = 0; r < run->ranks && run->transfers > 0; r++) {
    if (run->rank[r].pool->role == CLX_ROLE_DECODE) decoding += run->rank[r].running.count;
  }
  return run->transfers > decoding;
}

void clx_growth_note(clx_run *run) {
  clx_growth *g = &run->growth;
  if (g->pieces > 0 && clx_growth_queue(run) == 0) g->emptied = true;
}

void clx_growth_arrived(clx_run *run) {
  clx_growth *g = &run->growth;
  while (g->pieces <= CLX_GROWTH_PIECES && run->next >= begin_of(run, g->pieces)) {
    if (g->pieces == 0) {
      g->from = run->now;
      g->ended = run->result->ended;
    }
    g->queue[g->pieces++] = clx_growth_queue(run);
    g->until = run->now;
    g->by_transfers = is_bound_by_transfers(run);
  }
  g->ended_until = run->result->ended;
}

bool clx_growth_lasts(const clx_run *run) {
  const clx_growth *g = &run->growth;
  const double growth = (double)g->queue[CLX_GROWTH_PIECES] - g->queue[0], mean = growth / CLX_GROWTH_PIECES;
  double squares = 0;
  if (g->pieces <= CLX_GROWTH_PIECES || g->emptied || !(g->until > g->from) || growth <= GROWTH_LEAST) return false;
  for (int32_t k = 0; k < CLX_GROWTH_PIECES; k++) {
    const double off = (double)g->queue[k + 1] - g->queue[k] - mean;
    squares += off * off;
  }
  const double error = sqrt(squares / (CLX_GROWTH_PIECES - 1) * CLX_GROWTH_PIECES);  // of the growth
  const double end =
      g->queue[CLX_GROWTH_PIECES];  // grown over all arrivals, twice as many, where that half made a part of it
  return growth > STUDENT * error || (4 * growth > end && end > STUDENT * sqrt(2) * error);
}

// --- a queue beyond its bound ---------------------------------------------------------------------------------------------------

enum { TURN_LEAST = 16 };  // requests

void clx_flood_begin(clx_run *run) {
  const int32_t running = run->next - run->result->ended - run->result->refused - clx_growth_queue(run);
  run->growth.by_transfers = is_bound_by_transfers(run);
  run->flood = (clx_flood){.is = true,
                           .at = run->now,
                           .from = run->now,
                           .turn = running > TURN_LEAST ? running : TURN_LEAST,
                           .ended_at = run->result->ended};
}

// Batches fill while the first of them end: counted are as many again.
bool clx_flood_measured(clx_run *run) {
  clx_flood *f = &run->flood;
  const int32_t ended = run->result->ended;
  if (clx_growth_queue(run) == 0) return true;
  if (ended - f->ended_at < f->turn) return false;
  if (f->ended_from == 0) {
    f->from = run->now;
    f->ended_from = ended;
  }
  return ended - f->ended_from >= f->turn && run->now > f->from;
}
