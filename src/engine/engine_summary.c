// Percentiles of a run, and its requests as a table.
#include "engine/engine_summary.h"

#include "chance/chance.h"
#include "table/table.h"

static clx_latency latency_of(double *value, int32_t count) {
  if (count == 0) return (clx_latency){0};
  const double mean = clx_mean(value, count);
  clx_sort(value, count);
  return (clx_latency){.mean = mean,
                       .p50 = clx_percentile(value, count, 0.5),
                       .p90 = clx_percentile(value, count, 0.9),
                       .p95 = clx_percentile(value, count, 0.95),
                       .p99 = clx_percentile(value, count, 0.99),
                       .most = value[count - 1]};
}

typedef enum quantity { FIRST, TOKEN, WHOLE, WAIT } quantity;

static bool value_of(const clx_request *q, const clx_served *s, quantity kind, double *out) {
  if (!clx_served_ended(s)) return false;
  switch (kind) {
    case FIRST:
      *out = s->first - s->asked;
      break;
    case WHOLE:
      *out = s->last - s->asked;
      break;
    case WAIT:
      *out = s->started - s->asked;
      break;
    default:
      *out = q->output > 1 ? (s->last - s->first) / (q->output - 1) : 0;
      return q->output > 1;
  }
  return true;
}

clx_status clx_engine_summarise(const clx_requests *requests, const clx_engine_result *result, clx_arena *arena,
                                clx_engine_summary *out, clx_error *error) {
  *out = (clx_engine_summary){.ended = result->ended};
  double *value = CLX_NEW_ARRAY(arena, double, requests->count);
  if (value == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_latency *const target[] = {&out->first, &out->token, &out->whole, &out->wait};
  for (int32_t k = 0; k < CLX_COUNT(target); k++) {
    int32_t count = 0;
    for (int32_t i = 0; i < requests->count; i++) {
      count += value_of(&requests->item[i], &result->served[i], (quantity)k, &value[count]);
    }
    *target[k] = latency_of(value, count);
  }
  const clx_sketch *gaps = &result->gaps;
  out->gap = (clx_latency){.mean = clx_sketch_mean(gaps),
                           .p50 = clx_sketch_quantile(gaps, 0.5),
                           .p90 = clx_sketch_quantile(gaps, 0.9),
                           .p95 = clx_sketch_quantile(gaps, 0.95),
                           .p99 = clx_sketch_quantile(gaps, 0.99),
                           .most = gaps->most};
  double prompt = 0;
  for (int32_t i = 0; i < requests->count; i++) {
    if (result->served[i].started >= 0) prompt += requests->item[i].prompt;
  }
  if (prompt > 0) out->found = (double)result->cached_tokens / prompt;
  if (!(result->span > 0)) return CLX_OK;
  out->request_rate = result->ended / result->span;
  out->prompt_rate = prompt / result->span;
  out->output_rate = (double)result->output_tokens / result->span;
  return CLX_OK;
}

static void put_cell(clx_buffer *out, const char *text) {
  clx_buffer_add(out, ",", 1);
  clx_table_write_cell(out, text);
}

// s from asking, which answers take on their way as well.
static double way_of(quantity kind, const clx_request *q, const double *front) {
  return front != NULL && (kind == FIRST || kind == WHOLE) ? front[q->tenant] : 0;
}

void clx_engine_write_csv(const clx_requests *requests, const clx_engine_result *result, const char *const *model,
                          const double *front, clx_buffer *out) {
  const bool named = requests->tenant_name != NULL;
  clx_buffer_format(out,
                    "request,arrival_s,prompt_tokens,output_tokens,ttft_s,tpot_s,e2e_s,wait_s,cached_tokens,"
                    "preemptions,replica%s%s\n",
                    named ? ",tenant" : "", model != NULL ? ",model" : "");
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_request *q = &requests->item[i];
    const clx_served *s = &result->served[i];
    clx_buffer_format(out, "%d,%.9g,%d,%d", i, s->asked >= 0 ? s->asked : q->arrival, q->prompt, q->output);
    for (int32_t k = FIRST; k <= WAIT; k++) {
      double value = 0;
      clx_buffer_format(out, ",");
      if (value_of(q, s, (quantity)k, &value)) clx_buffer_format(out, "%.9g", value + way_of((quantity)k, q, front));
    }
    if (s->started >= 0) clx_buffer_format(out, ",%d,%d,", s->cached, s->preemptions);
    if (s->started < 0) clx_buffer_format(out, ",,,");
    if (s->replica >= 0) clx_buffer_format(out, "%d", s->replica);
    if (named) put_cell(out, requests->tenant_name[q->tenant]);
    if (model != NULL) put_cell(out, model[q->tenant]);
    clx_buffer_format(out, "\n");
  }
}
