// What a reader of a trace is not sure of: keys and columns that nobody knows, names of blocks that do not say how long these are.
#include <stdio.h>
#include <string.h>

#include "requests/requests_internal.h"

enum { NAMED_MOST = 8, SHOWN = 60 };

clx_status clx_reader_unread(clx_reader *r, const char *at, size_t length, const char *near) {
  if (clx_names_find(&r->unread, at, length) >= 0 || r->unread.count == NAMED_MOST) return CLX_OK;
  if (clx_names_add(r->arena, &r->unread, at, length) < 0) return clx_reader_no_memory(r);
  char name[SHOWN + 1];
  snprintf(name, sizeof name, "%.*s", (int)(length < SHOWN ? length : SHOWN), at);
  clx_text_clean(name, true);
  const bool first = r->unread_text == NULL;
  const clx_place place = clx_reader_place(r, at);
  r->unread_text = first
                       ? clx_arena_format(r->arena, "%s:%d:%d: not read: '%s'", r->file, place.line, place.column, name)
                       : clx_arena_format(r->arena, "%s, '%s'", r->unread_text, name);
  if (r->unread_text != NULL && near != NULL)
    r->unread_text = clx_arena_format(r->arena, "%s (did you mean '%s'?)", r->unread_text, near);
  return r->unread_text != NULL ? CLX_OK : clx_reader_no_memory(r);
}

const char *clx_reader_unsure(const clx_reader *r, const clx_requests *requests, int32_t fits) {
  const int64_t tokens = requests->block_tokens;
  int32_t full = -1, begun = -1;
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_request *q = &requests->item[i];
    if (q->blocks > 0 && q->blocks * tokens < q->prompt) full = i;
    if (q->blocks * tokens > q->prompt) begun = i;
  }
  if (full >= 0 && begun >= 0)
    return clx_arena_format(r->arena,
                            "%s: in blocks of %d tokens request %d has no name for the last block that it begins, "
                            "request %d has one: a name is missing or too many",
                            r->file, requests->block_tokens, full + 1, begun + 1);
  if (fits < 2 || r->stated_tokens > 0) return NULL;
  return clx_arena_format(r->arena,
                          "%s:%d: blocks are taken to have %d tokens, any more than %.6g would fit as well; `block` "
                          "states it",
                          r->file, r->line_above, requests->block_tokens, r->tokens_above);
}
