// What a trace is like.
#include <math.h>

#include "chance/chance.h"
#include "requests/requests_internal.h"

enum { MINUTE = 60 };  // s

double clx_requests_rate(const clx_requests *requests) {
  if (requests->count < 2) return 0;
  const double span = requests->item[requests->count - 1].arrival - requests->item[0].arrival;
  return span > 0 ? (requests->count - 1) / span : 0;
}

// sd / mean of the times between arrivals.
static double gap_variation(const clx_requests *r, double rate) {
  clx_sum square = {0};
  if (!(rate > 0)) return 0;
  const double mean = 1 / rate;
  for (int32_t i = 1; i < r->count; i++) {
    const double off = r->item[i].arrival - r->item[i - 1].arrival - mean;
    clx_sum_add(&square, off * off);
  }
  return sqrt(clx_sum_value(&square) / (r->count - 1)) / mean;
}

static void count_minutes(const clx_requests *r, clx_requests_summary *s) {
  const double minutes = floor((s->last - s->first) / MINUTE);
  double minute = 0, now = 0, all = 0;
  if (minutes < 2) return;
  for (int32_t i = 0; i < r->count; i++) {
    const double at = floor((r->item[i].arrival - s->first) / MINUTE);
    if (at >= minutes) break;  // of a minute that is not whole
    now = at > minute ? 1 : now + 1;
    minute = at;
    all++;
    s->busiest = fmax(s->busiest, now);
  }
  s->minute = all / minutes;
}

static void summarise_lengths(double *tokens, int32_t count, clx_length_summary *out) {
  clx_sort(tokens, count);
  out->mean = clx_mean(tokens, count);
  out->p50 = clx_percentile(tokens, count, 0.5);
  out->p90 = clx_percentile(tokens, count, 0.9);
  out->p99 = clx_percentile(tokens, count, 0.99);
  out->most = tokens[count - 1];
  out->sum = out->mean * count;
}

// True if the name was not there before; `slot` has `mask` + 1 numbers of blocks + 1, at most half of them used.
static bool add_name(const clx_requests *r, int32_t block, int32_t *slot, uint64_t mask) {
  uint64_t at = clx_mixed((uint64_t)r->block[block]) & mask;
  for (; slot[at] != 0; at = (at + 1) & mask) {
    if (r->block[slot[at] - 1] == r->block[block]) return false;
  }
  slot[at] = block + 1;
  return true;
}

static clx_status count_names(const clx_requests *r, clx_arena *arena, clx_requests_summary *s, clx_error *error) {
  uint64_t slots = 2;
  for (int32_t i = 0; i < r->count; i++) s->blocks += r->item[i].blocks;
  while (slots < 2 * (uint64_t)s->blocks) slots *= 2;
  int32_t *slot = CLX_NEW_ARRAY(arena, int32_t, slots);
  if (slot == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < r->count; i++) {
    for (int32_t b = 0; b < r->item[i].blocks; b++)
      s->distinct += add_name(r, r->item[i].first_block + b, slot, slots - 1);
  }
  s->hits = s->blocks > 0 ? (double)(s->blocks - s->distinct) / (double)s->blocks : 0;
  return CLX_OK;
}

static clx_status summarise(const clx_requests *r, clx_arena *arena, clx_requests_summary *s, clx_error *error) {
  double *tokens = arena != NULL ? CLX_NEW_ARRAY(arena, double, r->count) : NULL;
  if (tokens == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  s->first = r->item[0].arrival;
  s->last = r->item[r->count - 1].arrival;
  s->rate = clx_requests_rate(r);
  s->gap_variation = gap_variation(r, s->rate);
  count_minutes(r, s);
  for (int32_t i = 0; i < r->count; i++) tokens[i] = r->item[i].prompt;
  summarise_lengths(tokens, r->count, &s->prompt);
  for (int32_t i = 0; i < r->count; i++) tokens[i] = r->item[i].output;
  summarise_lengths(tokens, r->count, &s->output);
  return count_names(r, arena, s, error);
}

clx_status clx_requests_summarise(const clx_requests *requests, clx_requests_summary *out, clx_error *error) {
  *out = (clx_requests_summary){0};
  if (requests->count == 0) return CLX_OK;
  clx_arena *arena = clx_arena_new();
  const clx_status status = summarise(requests, arena, out, error);
  clx_arena_free(arena);
  return status;
}
