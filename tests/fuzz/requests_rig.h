// What the fuzz targets of traces hold any trace to that was read.
#pragma once

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "requests/requests.h"

static inline void requests_check(const clx_requests *r) {
  double last = 0;
  if (r->count < 1 || r->tenants < 1) abort();
  for (int32_t i = 0; i < r->count; i++) {
    const clx_request *item = &r->item[i];
    if (!(item->arrival >= last && item->arrival <= CLX_REQUEST_SECONDS_MAX)) abort();
    if (item->prompt < 1 || item->prompt > CLX_REQUEST_TOKENS_MAX) abort();
    if (item->output < 1 || item->output > CLX_REQUEST_TOKENS_MAX) abort();
    if (item->tenant < 0 || item->tenant >= r->tenants) abort();
    if (item->first_block < 0 || item->blocks < 0 || item->first_block > r->block_count - item->blocks) abort();
    if (item->blocks > 0 && (r->block_tokens < 1 || item->blocks - 1 > item->prompt / r->block_tokens)) abort();
    last = item->arrival;
  }
}

static inline void requests_compare(const clx_requests *a, const clx_requests *b) {
  if (a->count != b->count || a->tenants < b->tenants) abort();
  for (int32_t i = 0; i < a->count; i++) {
    const clx_request *x = &a->item[i], *y = &b->item[i];
    if (x->arrival != y->arrival || x->prompt != y->prompt || x->output != y->output || x->blocks != y->blocks) abort();
    for (int32_t k = 0; k < x->blocks; k++) {
      if (a->block[x->first_block + k] != b->block[y->first_block + k]) abort();
    }
    if (a->tenant_name != NULL && strcmp(a->tenant_name[x->tenant], b->tenant_name[y->tenant]) != 0) abort();
  }
}

// Every line of what is written as JSONL is JSON to another reader, too.
static inline void requests_check_json(const clx_buffer *text) {
  const char *end = text->data + text->length;
  for (const char *line = text->data; line < end;) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    if (stop == NULL) abort();
    json_t *json = json_loadb(line, (size_t)(stop - line), 0, NULL);
    if (json == NULL) abort();
    json_decref(json);
    line = stop + 1;
  }
}

// What was read comes back the same from what is written.
static inline void requests_return(const clx_requests *r, clx_requests_format format) {
  clx_error error;
  clx_error_clear(&error);
  clx_buffer out = {0};
  clx_requests again;
  clx_arena *arena = clx_arena_new();
  const clx_requests_reading reading = {.format = format, .block_tokens = r->block_tokens};
  if (arena == NULL || clx_requests_write(r, format, &out, &error) != CLX_OK) abort();
  if (format == CLX_REQUESTS_MOONCAKE) requests_check_json(&out);
  if (clx_requests_read(arena, "again", out.data, out.length, &reading, &again, NULL, &error) != CLX_OK) abort();
  requests_compare(r, &again);
  clx_buffer_free(&out);
  clx_arena_free(arena);
}

static inline void requests_fuzz(const char *text, size_t size, const clx_requests_reading *reading) {
  clx_error error;
  clx_error_clear(&error);
  clx_requests requests;
  clx_requests_found found;
  clx_requests_summary summary;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return;
  const clx_status status = clx_requests_read(arena, "fuzz", text, size, reading, &requests, &found, &error);
  if (status != CLX_OK && error.count == 0) abort();
  if (status == CLX_OK) {
    requests_check(&requests);
    if (clx_requests_summarise(&requests, &summary, &error) != CLX_OK) abort();
    if (!isfinite(summary.rate) || !(summary.hits >= 0 && summary.hits < 1)) abort();
    requests_return(&requests, CLX_REQUESTS_CSV);
    requests_return(&requests, CLX_REQUESTS_MOONCAKE);
  }
  clx_arena_free(arena);
}
