// A trace from a file: which format, line by line, what a line may say.
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "requests/requests_internal.h"

const char *const clx_requests_format_name[CLX_REQUESTS_FORMATS + 1] = {"auto",     "mooncake", "azure", "vidur",
                                                                        "burstgpt", "csv",      NULL};

// --- mistakes ---------------------------------------------------------------------------------------------------------------------

clx_place clx_reader_place(const clx_reader *reader, const char *at) {
  return (clx_place){reader->file, reader->number, (int32_t)(at - reader->line) + 1};
}

clx_status clx_reader_wrong(clx_reader *reader, const char *at, const char *format, ...) {
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (reader->status == CLX_OK) reader->status = CLX_INPUT;
  return clx_fail(reader->error, CLX_INPUT, clx_reader_place(reader, at), "%s", text);
}

clx_status clx_reader_no_memory(clx_reader *reader) {
  if (reader->store.items.count == INT32_MAX || reader->store.blocks.count == INT32_MAX)
    return clx_fail(reader->error, CLX_MEMORY, clx_reader_place(reader, reader->line),
                    "more than %d requests or blocks, the most that is read", INT32_MAX);
  return clx_fail_plain(reader->error, CLX_MEMORY, "out of memory");
}

// --- a request ----------------------------------------------------------------------------------------------------------------------

static bool check_arrival(clx_reader *r, const clx_seen *s) {
  if (!(s->arrival >= 0)) {
    clx_reader_wrong(r, s->arrival_at, "the request arrives at %.10g s, expected no time before 0", s->arrival);
  } else if (s->arrival > CLX_REQUEST_SECONDS_MAX) {
    clx_reader_wrong(r, s->arrival_at,
                     "the request arrives at %.10g s, expected seconds from the start of the trace, at most 1e9",
                     s->arrival);
  } else if (clx_request_time(s->arrival) < r->last) {
    clx_reader_wrong(r, s->arrival_at, "the request arrives at %.10g s, before the one above it at %.10g s", s->arrival,
                     r->last);
  } else {
    return true;
  }
  return false;
}

static bool check_length(clx_reader *r, const char *at, int64_t tokens, const char *of) {
  if (tokens >= 1 && tokens <= CLX_REQUEST_TOKENS_MAX) return true;
  clx_reader_wrong(r, at, "%lld tokens of %s, expected 1 to %d%s", (long long)tokens, of, CLX_REQUEST_TOKENS_MAX,
                   tokens == 0 ? "; requests without tokens can be dropped" : "");
  return false;
}

// Blocks of b tokens have names down to the last full one or to the last one begun: prompt / (names + 1) < b < prompt / (names - 1).
static bool check_blocks(clx_reader *r, const clx_seen *s) {
  if (s->blocks < 0) return true;
  const double above = (double)s->prompt / ((double)s->blocks + 1);
  const double below = s->blocks > 1 ? (double)s->prompt / ((double)s->blocks - 1) : INFINITY;
  if (r->stated_tokens > 0 && !(above < r->stated_tokens && r->stated_tokens < below)) {
    clx_reader_wrong(r, s->blocks_at, "%d names of blocks of %d tokens for a prompt of %lld, expected %lld", s->blocks,
                     r->stated_tokens, (long long)s->prompt, (long long)(s->prompt / r->stated_tokens));
    return false;
  }
  if (above > r->tokens_above) {
    r->tokens_above = above;
    r->line_above = r->number;
  }
  if (below < r->tokens_below) {
    r->tokens_below = below;
    r->line_below = r->number;
  }
  return true;
}

clx_status clx_reader_take(clx_reader *reader, const clx_seen *seen) {
  const bool empty = seen->prompt == 0 || seen->output == 0;
  if (empty && reader->reading->drop_empty) {
    reader->found.dropped++;
    clx_store_forget(&reader->store);
    return CLX_OK;
  }
  const bool arrival = check_arrival(reader, seen),
             prompt = check_length(reader, seen->prompt_at, seen->prompt, "prompt"),
             output = check_length(reader, seen->output_at, seen->output, "output");
  if (!arrival || !prompt || !output || !check_blocks(reader, seen)) {
    clx_store_forget(&reader->store);
    return CLX_OK;
  }
  const clx_request request = {.arrival = clx_request_time(seen->arrival),
                               .prompt = (int32_t)seen->prompt,
                               .output = (int32_t)seen->output,
                               .tenant = seen->tenant};
  reader->last = request.arrival;
  return clx_store_request(&reader->store, &request) ? CLX_OK : clx_reader_no_memory(reader);
}

clx_status clx_reader_tenant(clx_reader *reader, const char *at, size_t length, int32_t *tenant) {
  enum { LONGEST = 200 };
  bool good = length <= LONGEST && clx_utf8_check(at, length) < 0;
  for (size_t i = 0; i < length; i++) good = good && (unsigned char)at[i] >= 0x20 && at[i] != 0x7f;
  if (!good)
    return clx_reader_wrong(reader, reader->line,
                            "expected the name of a tenant in UTF-8, at most %d bytes, no control "
                            "characters",
                            LONGEST);
  for (; length > 0 && at[length - 1] == ' '; length--) continue;
  for (; length > 0 && *at == ' '; length--) at++;
  *tenant = clx_names_add(reader->arena, &reader->store.tenants, at, length);
  return *tenant >= 0 ? CLX_OK : clx_reader_no_memory(reader);
}

// --- blocks ---------------------------------------------------------------------------------------------------------------------------

static clx_status block_tokens(clx_reader *r, clx_requests *out) {
  enum { USUAL = 512 };
  const bool usual = r->tokens_above < USUAL && USUAL < r->tokens_below;
  int32_t fits = 0, power = 0;
  if (out->block_count == 0) return CLX_OK;
  for (int32_t b = 1; b <= 1 << 20; b *= 2) {
    if (!(r->tokens_above < b && b < r->tokens_below)) continue;
    fits++;
    power = b;
  }
  out->block_tokens = r->stated_tokens > 0 ? r->stated_tokens : usual ? USUAL : power;
  out->unsure = r->stated_tokens > 0 || usual || fits == 1 ? clx_reader_unsure(r, out, fits) : NULL;
  if (r->stated_tokens > 0 || usual || fits == 1) return CLX_OK;
  r->number = r->line_above;
  if (fits > 1)
    return clx_reader_wrong(r, r->line, "the size of blocks is not clear: any from %.6g to %.6g tokens fits; state it",
                            r->tokens_above, r->tokens_below);
  return clx_reader_wrong(r, r->line,
                          "no size of blocks that is a power of 2 fits: this line needs more than %.6g tokens, line %d "
                          "less than %.6g; state it",
                          r->tokens_above, r->line_below, r->tokens_below);
}

// --- the file -------------------------------------------------------------------------------------------------------------------------

static void skip_mark(clx_reader *r) {
  if (r->number == 1 && r->line_end - r->line >= 3 && memcmp(r->line, "\xEF\xBB\xBF", 3) == 0) r->line += 3;
}

// The first character of the line that is no blank; 0 = there is none. Lines have no end of a string.
static char first_of(const clx_reader *r) {
  for (const char *c = r->line; c < r->line_end; c++) {
    if (*c != ' ' && *c != '\t') return *c;
  }
  return 0;
}

static clx_status read_line(clx_reader *r, bool *begun) {
  const bool first = !*begun;
  *begun = true;
  if (first && r->found.format == CLX_REQUESTS_AUTO && first_of(r) == '{') r->found.format = CLX_REQUESTS_MOONCAKE;
  if (r->found.format == CLX_REQUESTS_MOONCAKE) return clx_mooncake_line(r);
  return first ? clx_csv_header(r) : clx_csv_line(r);
}

static clx_status read_lines(clx_reader *r, clx_lines *lines) {
  for (bool begun = false;;) {
    const clx_place place = {r->file, ++r->number, 1};
    CLX_TRY(clx_lines_next(lines, place, &r->line, &r->line_end, r->error));
    if (r->line == NULL) return CLX_OK;
    skip_mark(r);
    if (first_of(r) != 0) CLX_TRY(read_line(r, &begun));
    if (r->error != NULL && r->error->dropped > 0) return CLX_INPUT;  // nobody reads more mistakes than that
  }
}

static clx_status finish(clx_reader *r, clx_requests *out) {
  if (r->status != CLX_OK) return r->status;
  r->line = r->line_end = "";
  if (r->store.items.count == 0) {
    r->number = 1;
    return clx_reader_wrong(
        r, r->line, r->found.dropped > 0 ? "no request has a prompt and an output" : "the file holds no requests");
  }
  CLX_TRY(clx_store_finish(&r->store, r->arena, out, r->error));
  out->unread = r->unread_text;
  return block_tokens(r, out);
}

static clx_status read_all(clx_reader *r, clx_lines *lines, clx_requests *out, clx_requests_found *found) {
  const clx_requests_reading *reading = r->reading;
  r->found.format = reading->format;
  r->stated_tokens = reading->block_tokens;
  r->tokens_below = INFINITY;
  clx_status status = read_lines(r, lines);
  if (status == CLX_OK) status = finish(r, out);
  clx_store_free(&r->store);
  if (status == CLX_OK && found != NULL) *found = r->found;
  return status;
}

clx_status clx_requests_load(clx_arena *arena, const char *path, const clx_requests_reading *reading, clx_requests *out,
                             clx_requests_found *found, clx_error *error) {
  clx_reader r = {.arena = arena, .file = path, .reading = reading, .error = error};
  clx_lines lines;
  clx_status status = clx_lines_open(&lines, path, error);
  if (status == CLX_OK) status = read_all(&r, &lines, out, found);
  clx_lines_close(&lines);
  return status;
}

clx_status clx_requests_read(clx_arena *arena, const char *file, const char *data, size_t size,
                             const clx_requests_reading *reading, clx_requests *out, clx_requests_found *found,
                             clx_error *error) {
  clx_reader r = {.arena = arena, .file = file, .reading = reading, .error = error};
  clx_lines lines = {.next = data, .stop = data + size, .ended = true};
  return read_all(&r, &lines, out, found);
}
