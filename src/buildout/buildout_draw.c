// What chance decides in one history.
#include <math.h>

#include "buildout/buildout_internal.h"

enum { STREAM_INPUT = 0x6275696c, STREAM_ROUNDS = 0x726f756e };

clx_status clx_draw_new(const clx_buildout *b, clx_arena *arena, clx_draw *out, clx_error *error) {
  const int32_t events = b->spec->event_count;
  *out = (clx_draw){.replica = -1,
                    .x = CLX_NEW_ARRAY(arena, double, b->driver_count + 1),
                    .happens = CLX_NEW_ARRAY(arena, bool, events + 1),
                    .delay = CLX_NEW_ARRAY(arena, double, events + 1)};
  if (out->x == NULL || out->happens == NULL || out->delay == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "buildout: out of memory for draws");
  return CLX_OK;
}

double clx_driver_value(const clx_driver_plan *d, double z) {
  const double by = z < 0 ? z * d->below : z * d->above;
  return d->multiple ? exp(by) : by;
}

void clx_draw_plain(const clx_buildout *b, clx_draw *draw) {
  draw->replica = -1;
  draw->series = NULL;
  draw->rounds = 0.5;
  for (int32_t d = 0; d < b->driver_count; d++) draw->x[d] = b->driver[d].multiple ? 1 : 0;
  for (int32_t e = 0; e < b->spec->event_count; e++) {
    draw->happens[e] = b->spec->event[e].probability > 0.5;
    draw->delay[e] = b->event[e].delay.middle;
  }
}

static double draw_normal(clx_stream *stream) { return fmin(fmax(clx_stream_normal(stream), -CLX_Z_MOST), CLX_Z_MOST); }

void clx_draw_replica(const clx_buildout *b, uint64_t seed, int32_t replica, clx_draw *draw) {
  clx_stream rounds = clx_stream_make(seed, STREAM_ROUNDS, (uint64_t)replica, 0);
  draw->replica = replica;
  draw->rounds = clx_stream_uniform(&rounds);
  for (int32_t d = 0; d < b->driver_count; d++) {
    const clx_driver_plan *p = &b->driver[d];
    if (!p->chance && p->kind != CLX_BUILDOUT_EVENT) continue;  // as without chance
    clx_stream stream = clx_stream_make(seed, STREAM_INPUT, (uint64_t)replica, p->entity);
    if (p->kind == CLX_BUILDOUT_EVENT) {
      const clx_three *delay = &b->event[p->index].delay;
      draw->happens[p->index] = clx_stream_uniform(&stream) < b->spec->event[p->index].probability;
      const double z = draw_normal(&stream);
      const double span = delay->low > 0 ? log(z < 0 ? delay->middle / delay->low : delay->high / delay->middle) : 0;
      draw->delay[p->index] = delay->middle * exp(span * z / CLX_Z90);
    }
    draw->x[d] = clx_driver_value(p, draw_normal(&stream));
  }
}
