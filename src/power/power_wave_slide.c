// The extreme of the last samples as a window moves on: a queue of those that may still become it.
#include "power/power_wave_internal.h"

void clx_slider_start(clx_slider *s, const float *watt, int64_t count, float sign, int64_t lag, clx_arena *scratch) {
  *s = (clx_slider){.watt = watt, .count = count, .sign = sign, .lag = lag, .best = INT64_MIN};
  if (scratch != NULL) s->queue = CLX_NEW_ARRAY(scratch, int64_t, lag + 2);
}

static float worth(const clx_slider *s, int64_t i) { return s->sign * s->watt[i < 0 ? i + s->count : i]; }

static int64_t slide_queue(clx_slider *s, int64_t i) {
  const int64_t room = s->lag + 2;
  const float here = worth(s, i);
  while (s->held > 0) {
    const int64_t last = s->head + s->held - 1;
    if (worth(s, s->queue[last < room ? last : last - room]) > here) break;
    s->held--;
  }
  const int64_t end = s->head + s->held++;
  s->queue[end < room ? end : end - room] = i;
  if (s->queue[s->head] < i - s->lag) {
    s->head = s->head + 1 < room ? s->head + 1 : 0;
    s->held--;
  }
  return s->queue[s->head];
}

static int64_t rescan(clx_slider *s, int64_t i) {
  if (s->best == INT64_MIN) {
    s->first = s->best = i;
  } else if (s->best < i - s->lag) {
    s->best = i - s->lag > s->first ? i - s->lag : s->first;
    for (int64_t j = s->best + 1; j < i; j++) {
      if (worth(s, j) >= worth(s, s->best)) s->best = j;
    }
  }
  if (worth(s, i) >= worth(s, s->best)) s->best = i;
  return s->best;
}

double clx_slide(clx_slider *s, int64_t i) {
  const int64_t best = s->queue != NULL ? slide_queue(s, i) : rescan(s, i);
  return s->watt[best < 0 ? best + s->count : best];
}
