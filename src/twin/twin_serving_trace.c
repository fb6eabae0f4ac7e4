// A run of one seed with its requests and its iterations, for tables and timelines.
#include <stdio.h>
#include <string.h>

#include "twin/twin_serving.h"

// Beyond, iterations are left out: timelines of more are of no use to people.
enum { SPANS_MAX = 200000 };

typedef struct watching {
  clx_trace_span *span;
  clx_trace_sample *sample;
  int64_t spans, samples;
  const int32_t *first_track;  // of each replica
} watching;

static const char *kind_of(const clx_iteration *i) {
  int32_t decodes = 0, chunks = 0;
  for (int32_t k = 0; k < i->ranks; k++) {
    decodes += i->step[k].decodes;
    chunks += i->step[k].chunks;
  }
  return chunks == 0 ? "decode" : decodes == 0 ? "prefill" : "mixed";
}

static void see(void *self, const clx_iteration *i) {
  watching *w = self;
  double tokens = 0;
  if (w->spans == SPANS_MAX) return;
  for (int32_t k = 0; k < i->ranks; k++)
    tokens += (double)i->step[k].decodes * i->step[k].verified + i->step[k].prompt_tokens;
  const char *kind = kind_of(i);
  w->span[w->spans++] = (clx_trace_span){.track = w->first_track[i->replica] + i->slot,
                                         .name = kind,
                                         .category = kind,
                                         .start = i->start,
                                         .end = i->end,
                                         .amount_name = "tokens",
                                         .amount = tokens};
  const struct {
    const char *name;
    double value;
  } counter[] = {{"running", i->running}, {"waiting", i->waiting}, {"blocks", (double)i->blocks_used}};
  for (int32_t k = 0; k < CLX_COUNT(counter); k++)
    w->sample[w->samples++] = (clx_trace_sample){
        .process = i->replica, .name = counter[k].name, .unit = "", .time = i->start, .value = counter[k].value};
}

// One process a replica, one track a slot of its pipeline.
static clx_status make_tracks(const clx_serving_replica *replica, int32_t pools, clx_arena *arena, watching *w,
                              clx_trace *trace, clx_error *error) {
  int32_t tracks = 0, replicas = 0;
  for (int32_t i = 0; i < pools; i++) {
    tracks += replica[i].replicas * replica[i].rules.stages;
    replicas += replica[i].replicas;
  }
  int32_t *first = CLX_NEW_ARRAY(arena, int32_t, replicas);
  trace->track = CLX_NEW_ARRAY(arena, clx_track, tracks);
  if (first == NULL || trace->track == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  replicas = 0;
  for (int32_t i = 0; i < pools; i++) {
    for (int32_t k = 0; k < replica[i].replicas; k++) {
      const char *name = clx_arena_format(arena, "%s %d", replica[i].name, k);
      if (name == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
      first[replicas] = trace->track_count;
      for (int32_t slot = 0; slot < replica[i].rules.stages; slot++)
        trace->track[trace->track_count++] =
            (clx_track){.process = replicas, .process_name = name, .name = "iterations"};
      replicas++;
    }
  }
  w->first_track = first;
  return CLX_OK;
}

clx_status clx_twin_serving_trace(const clx_scenario *s, uint64_t seed, clx_arena *arena, clx_twin_service *service,
                                  clx_trace *trace, clx_error *error) {
  clx_serving_replica *replica = NULL;
  watching w = {.span = CLX_NEW_ARRAY(arena, clx_trace_span, SPANS_MAX),
                .sample = CLX_NEW_ARRAY(arena, clx_trace_sample, 3 * SPANS_MAX)};
  const clx_twin_watch watch = {.seen = see, .self = &w};
  *trace = (clx_trace){.title = s->spec.title};
  *service = clx_twin_service_of(s);
  if (w.span == NULL || w.sample == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_twin_serving_pools(s, arena, &replica, error));
  CLX_TRY(make_tracks(replica, s->serving.pools, arena, &w, trace, error));
  CLX_TRY(clx_scenario_serving_requests(s, seed, arena, &service->requests, error));
  clx_twin_changes changes;
  CLX_TRY(clx_twin_serving_changes(s, &service->requests, seed, arena, &changes, error));
  CLX_TRY(clx_twin_serve(&s->spec.serving, replica, s->serving.pools, seed, &watch, &changes, arena, service, error));
  trace->span = w.span;
  trace->span_count = w.spans;
  trace->sample = w.sample;
  trace->sample_count = w.samples;
  return CLX_OK;
}
