// Several traces in one, and a part of one.
#include "requests/requests_internal.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static clx_status add_up(const clx_requests *trace, int32_t count, clx_requests *out, clx_error *error) {
  int64_t items = 0, blocks = 0;
  for (int32_t k = 0; k < count; k++) {
    const clx_requests *t = &trace[k];
    items += t->count;
    blocks += t->block_count;
    out->tenants += t->tenants;
    if (t->block_tokens == 0) continue;
    if (out->block_tokens > 0 && out->block_tokens != t->block_tokens)
      return clx_fail_plain(error, CLX_INPUT,
                            "requests name blocks of %d and of %d tokens: expected one size (`block` of requests that "
                            "are drawn)",
                            out->block_tokens, t->block_tokens);
    out->block_tokens = t->block_tokens;
  }
  if (items > INT32_MAX || blocks > INT32_MAX) return clx_fail_plain(error, CLX_INPUT, "too many requests together");
  out->count = (int32_t)items;
  out->block_count = (int32_t)blocks;
  return CLX_OK;
}

static void name_tenants(const clx_requests *trace, const char *const *name, int32_t count, clx_requests *out) {
  int32_t at = 0;
  for (int32_t k = 0; k < count; k++) {
    for (int32_t i = 0; i < trace[k].tenants; i++)
      out->tenant_name[at++] = trace[k].tenant_name != NULL ? trace[k].tenant_name[i] : name[k];
  }
}

// Where each trace starts in the arrays of all, and how far it has been taken.
typedef struct cursor {
  int32_t next, first_block, first_tenant;
} cursor;

static void take(const clx_requests *trace, int32_t k, cursor *c, clx_requests *out, int32_t at) {
  clx_request item = trace[k].item[c[k].next++];
  item.tenant += c[k].first_tenant;
  item.first_block += c[k].first_block;
  out->item[at] = item;
}

static void mix_in(const clx_requests *trace, int32_t count, cursor *c, clx_requests *out) {
  for (int32_t k = 0; k < count; k++) {
    c[k] = k > 0 ? c[k - 1] : (cursor){0};
    if (k > 0) {
      c[k].first_block += trace[k - 1].block_count;
      c[k].first_tenant += trace[k - 1].tenants;
    }
    for (int32_t b = 0; b < trace[k].block_count; b++)
      out->block[c[k].first_block + b] =
          (int64_t)(clx_mixed((uint64_t)trace[k].block[b] ^ clx_mixed((uint64_t)k + 1)) >> 11);
  }
  for (int32_t at = 0; at < out->count; at++) {
    int32_t best = -1;
    for (int32_t k = 0; k < count; k++) {
      if (c[k].next == trace[k].count) continue;
      if (best < 0 || trace[k].item[c[k].next].arrival < trace[best].item[c[best].next].arrival) best = k;
    }
    take(trace, best, c, out, at);
  }
}

clx_status clx_requests_merge(const clx_requests *trace, const char *const *name, int32_t count, clx_arena *arena,
                              clx_requests *out, clx_error *error) {
  *out = (clx_requests){0};
  CLX_TRY(add_up(trace, count, out, error));
  cursor *c = CLX_NEW_ARRAY(arena, cursor, count);
  out->item = CLX_NEW_ARRAY(arena, clx_request, out->count + 1);
  out->block = CLX_NEW_ARRAY(arena, int64_t, out->block_count + 1);
  out->tenant_name = CLX_NEW_ARRAY(arena, const char *, out->tenants);
  if (c == NULL || out->item == NULL || out->block == NULL || out->tenant_name == NULL) return no_memory(error);
  name_tenants(trace, name, count, out);
  mix_in(trace, count, c, out);
  for (int32_t k = count - 1; k >= 0; k--) {
    if (trace[k].unread != NULL) out->unread = trace[k].unread;
    if (trace[k].unsure != NULL) out->unsure = trace[k].unsure;
  }
  return CLX_OK;
}

clx_status clx_requests_pick(const clx_requests *all, const bool *keep, clx_arena *arena, clx_requests *out,
                             clx_error *error) {
  *out = *all;
  out->count = 0;
  out->item = CLX_NEW_ARRAY(arena, clx_request, all->count + 1);
  if (out->item == NULL) return no_memory(error);
  for (int32_t i = 0; i < all->count; i++) {
    if (keep[all->item[i].tenant]) out->item[out->count++] = all->item[i];
  }
  return CLX_OK;
}
