// From a spec to requests.
#include <math.h>
#include <string.h>

#include "requests/requests_draw.h"

static const double REQUESTS_MAX = 1e8;  // drawn at once

// --- a trace ----------------------------------------------------------------------------------------------------------------------

static clx_status refuse(const clx_place place, const char *key, clx_error *error) {
  return clx_fail(error, CLX_INPUT, place, "`%s` beside `trace`, which has its own", key);
}

static clx_status check_trace(const clx_requests_spec *s, clx_error *error) {
  if (clx_is_stated(s->lengths.place)) return refuse(s->lengths.place, "lengths", error);
  if (clx_is_stated(s->prefix.place)) return refuse(s->prefix.place, "prefix", error);
  if (s->tenant_count > 0) return refuse(s->tenant[0].place, "tenants", error);
  if (s->rate > 0 && s->speed != 1)
    return clx_fail(error, CLX_INPUT, s->place, "both `rate` and `speed` of the trace, expected one of them");
  return clx_is_stated(s->arrivals.place) ? clx_arrivals_check(&s->arrivals, error) : CLX_OK;
}

static clx_status set_pace(const clx_requests_spec *s, clx_requests *out, clx_error *error) {
  const double own = clx_requests_rate(out);
  if (s->rate > 0 && !(own > 0))
    return clx_fail(error, CLX_INPUT, s->place,
                    "`rate` of a trace without times between its requests; state `arrivals`");
  return clx_requests_speed(out, s->rate > 0 ? s->rate / own : s->speed, s->place, error);
}

// The lengths of the trace in its order, at other times.
static void replace_times(const clx_requests_spec *s, clx_requests *out) {
  clx_arrivals arrivals;
  clx_arrivals_start(&arrivals, &s->arrivals, s->arrivals.rate, (uint64_t)s->seed);
  for (int32_t i = 0; i < out->count; i++) out->item[i].arrival = clx_request_time(clx_arrivals_next(&arrivals));
}

// A file that is not there is a mistake of the section that names it, unless the file itself is all that was asked for.
static clx_status open_trace(const clx_requests_spec *s, const char *path, const clx_requests_reading *reading,
                             clx_arena *arena, clx_requests *out, clx_requests_found *found, clx_error *error) {
  clx_error own;
  clx_error_clear(&own);
  const bool named = clx_is_stated(s->place) && strcmp(s->place.file, path) != 0;
  const clx_status status = clx_requests_load(arena, path, reading, out, found, named ? &own : error);
  if (!named || status == CLX_OK) return status;
  if (status == CLX_FILE) return clx_fail(error, status, s->place, "the trace %.200s %s", path, own.mistake[0].text);
  for (int32_t i = 0; i < own.count; i++) {
    const clx_mistake *m = &own.mistake[i];
    clx_fail(error, status, (clx_place){m->file, m->line, m->column}, "%s", m->text);
  }
  return status;
}

static clx_status load(const clx_requests_spec *s, const char *folder, clx_arena *arena, clx_requests *out,
                       clx_requests_found *found, clx_error *error) {
  const clx_requests_reading reading = {
      .format = (clx_requests_format)s->format, .block_tokens = s->block_tokens, .drop_empty = s->drop_empty != 0};
  const bool beside = folder != NULL && s->trace[0] != '/';
  const char *path = beside ? clx_arena_format(arena, "%s/%s", folder, s->trace) : s->trace;
  if (path == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(check_trace(s, error));
  CLX_TRY(open_trace(s, path, &reading, arena, out, found, error));
  if (s->from > 0 || s->until > 0)
    CLX_TRY(clx_requests_slice(out, s->from, s->until > 0 ? s->until : INFINITY, 0, s->place, error));
  if (clx_is_stated(s->arrivals.place))
    replace_times(s, out);
  else
    CLX_TRY(set_pace(s, out, error));
  const int32_t most = s->count > 0 && s->count < out->count ? (int32_t)s->count : 0;
  return clx_requests_slice(out, 0, s->duration > 0 ? s->duration : INFINITY, most, s->place, error);
}

// --- drawn ------------------------------------------------------------------------------------------------------------------------

static clx_status check_drawn(const clx_requests_spec *s, clx_error *error) {
  const bool bounded = s->count > 0 || (s->duration > 0 && s->arrivals.kind != CLX_ARRIVAL_AT_ONCE);
  const double expected = s->count > 0 ? (double)s->count : s->arrivals.rate * s->duration;
  if (s->from > 0 || s->until > 0 || s->speed != 1 || s->rate > 0 || s->format != 0)
    return clx_fail(error, CLX_INPUT, s->place,
                    "`format`, `from`, `until`, `speed` and `rate` are of a `trace`, which is "
                    "missing");
  if (!clx_is_stated(s->arrivals.place))
    return clx_fail(error, CLX_INPUT, s->place, "neither `trace` nor `arrivals`, expected one of them");
  CLX_TRY(clx_arrivals_check(&s->arrivals, error));
  if (!bounded)
    return clx_fail(error, CLX_INPUT, s->place, "how many requests? `count`%s is missing",
                    s->arrivals.kind == CLX_ARRIVAL_AT_ONCE ? "" : " or `duration`");
  if (expected <= REQUESTS_MAX) return CLX_OK;
  return clx_fail(error, CLX_INPUT, s->place, "%.6g requests, expected at most %.6g", expected, REQUESTS_MAX);
}

clx_status clx_requests_make(const clx_requests_spec *spec, const char *folder, clx_arena *arena, clx_requests *out,
                             clx_requests_found *found, clx_error *error) {
  if (spec->trace != NULL) return load(spec, folder, arena, out, found, error);
  CLX_TRY(check_drawn(spec, error));
  if (found != NULL) *found = (clx_requests_found){.timed = spec->arrivals.kind != CLX_ARRIVAL_AT_ONCE};
  return clx_requests_draw(spec, folder, arena, out, error);
}
