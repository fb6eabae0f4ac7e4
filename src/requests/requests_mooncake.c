// Lines of Mooncake's traces: a JSON object each. Keys that mean nothing here are passed over.
#include <stdio.h>
#include <string.h>

#include "requests/requests_internal.h"

typedef struct parser {
  clx_reader *reader;
  const char *at, *end;
  clx_seen seen;
  uint32_t given;  // keys, as bits
} parser;

typedef enum key { KEY_MILLISECONDS, KEY_NANOSECONDS, KEY_PROMPT, KEY_OUTPUT, KEY_BLOCKS, KEY_TENANT, KEYS } key;
static const char *const key_name[KEYS] = {"timestamp",     "timestamp_ns", "input_length",
                                           "output_length", "hash_ids",     "tenant"};

static void skip_blanks(parser *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t')) p->at++;
}

// A mistake where the parser stands; a line that just stops was cut.
static clx_status expected(parser *p, const char *what) {
  if (p->at >= p->end)
    return clx_reader_wrong(p->reader, p->at, "the line ends here, expected %s; is the file cut off?", what);
  return clx_reader_wrong(p->reader, p->at, "read '%.1s', expected %s", p->at, what);
}

static clx_status take(parser *p, char sign, const char *what) {
  skip_blanks(p);
  if (p->at >= p->end || *p->at != sign) return expected(p, what);
  p->at++;
  skip_blanks(p);
  return CLX_OK;
}

static bool at_sign(const parser *p, char sign) { return p->at < p->end && *p->at == sign; }

// A text in quotes, as it is written.
static clx_status read_text(parser *p, const char **start, size_t *length) {
  if (!at_sign(p, '"')) return expected(p, "a text in quotes");
  *start = ++p->at;
  for (; p->at < p->end && *p->at != '"'; p->at++) {
    if ((unsigned char)*p->at < 0x20) return expected(p, "no control character in a text");
    if (*p->at == '\\' && p->at + 1 < p->end) p->at++;
  }
  if (p->at >= p->end) return expected(p, "the quote that ends a text");
  *length = (size_t)(p->at++ - *start);
  return CLX_OK;
}

static clx_status read_number(parser *p, clx_decimal *number) {
  return clx_decimal_read(&p->at, p->end, number) ? CLX_OK : expected(p, "a number");
}

static clx_status skip_word(parser *p) {
  static const char *const words[] = {"true", "false", "null"};
  for (int32_t i = 0; i < CLX_COUNT(words); i++) {
    const size_t length = strlen(words[i]);
    if ((size_t)(p->end - p->at) < length || memcmp(p->at, words[i], length) != 0) continue;
    p->at += length;
    return CLX_OK;
  }
  return expected(p, "a value");
}

static clx_status skip_value(parser *p, int32_t depth);

static clx_status skip_items(parser *p, char close, int32_t depth) {
  p->at++;
  skip_blanks(p);
  if (at_sign(p, close)) {
    p->at++;
    return CLX_OK;
  }
  for (;;) {
    const char *text;
    size_t length;
    if (close == '}') {
      CLX_TRY(read_text(p, &text, &length));
      CLX_TRY(take(p, ':', "':'"));
    }
    CLX_TRY(skip_value(p, depth + 1));
    skip_blanks(p);
    if (at_sign(p, close)) break;
    CLX_TRY(take(p, ',', close == '}' ? "',' or '}'" : "',' or ']'"));
  }
  p->at++;
  return CLX_OK;
}

static clx_status skip_value(parser *p, int32_t depth) {
  const char *text;
  size_t length;
  clx_decimal number;
  if (depth > CLX_NESTING_MAX) return expected(p, "fewer brackets inside each other");
  if (at_sign(p, '{')) return skip_items(p, '}', depth);
  if (at_sign(p, '[')) return skip_items(p, ']', depth);
  if (at_sign(p, '"')) return read_text(p, &text, &length);
  if (at_sign(p, '-') || (p->at < p->end && *p->at >= '0' && *p->at <= '9')) return read_number(p, &number);
  return skip_word(p);
}

static clx_status read_length(parser *p, int64_t *value) {
  const char *start = p->at;
  clx_decimal number;
  CLX_TRY(read_number(p, &number));
  if (clx_decimal_whole(&number, value)) return CLX_OK;
  return clx_reader_wrong(p->reader, start, "read '%.*s', expected a whole number of tokens", (int)(p->at - start),
                          start);
}

static clx_status read_name(parser *p) {
  const char *start = p->at;
  clx_decimal number;
  int64_t name = 0;
  CLX_TRY(read_number(p, &number));
  if (!clx_decimal_whole(&number, &name))
    return clx_reader_wrong(p->reader, start, "read '%.*s', expected a whole number of 64 bits", (int)(p->at - start),
                            start);
  return clx_store_block(&p->reader->store, name) ? CLX_OK : clx_reader_no_memory(p->reader);
}

static clx_status read_names(parser *p) {
  p->seen.blocks = 0;
  CLX_TRY(take(p, '[', "'[' and the names of blocks"));
  if (at_sign(p, ']')) {
    p->at++;
    return CLX_OK;
  }
  for (;; p->at++) {
    skip_blanks(p);
    CLX_TRY(read_name(p));
    p->seen.blocks++;
    skip_blanks(p);
    if (!at_sign(p, ',')) break;
  }
  return take(p, ']', "',' or ']'");
}

static clx_status read_tenant(parser *p) {
  enum { LONGEST = 512 };
  const char *text;
  char name[LONGEST];
  size_t length, used = 0;
  CLX_TRY(read_text(p, &text, &length));
  for (size_t i = 0; i < length && used < LONGEST; i++) {
    if (text[i] == '\\' && strchr("\\\"/", text[++i]) == NULL)
      return clx_reader_wrong(p->reader, text + i,
                              "expected no escape in the name of a tenant but of quotes and slashes");
    name[used++] = text[i];
  }
  return clx_reader_tenant(p->reader, name, used, &p->seen.tenant);
}

static clx_status read_value(parser *p, key k) {
  clx_decimal number;
  const char *start = p->at;
  switch (k) {
    case KEY_MILLISECONDS:
    case KEY_NANOSECONDS:
      p->seen.arrival_at = start;
      CLX_TRY(read_number(p, &number));
      p->seen.arrival = clx_decimal_value(&number, k == KEY_NANOSECONDS ? -9 : -3);
      return CLX_OK;
    case KEY_PROMPT:
      p->seen.prompt_at = start;
      return read_length(p, &p->seen.prompt);
    case KEY_OUTPUT:
      p->seen.output_at = start;
      return read_length(p, &p->seen.output);
    case KEY_BLOCKS:
      p->seen.blocks_at = start;
      return read_names(p);
    case KEY_TENANT:
      return read_tenant(p);
    case KEYS:
      break;
  }
  return skip_value(p, 0);
}

// Passed over, but told: it may be a known one misspelt.
static clx_status note_unread(parser *p, const char *at, size_t length) {
  enum { LONGEST = 63 };
  char name[LONGEST + 1];
  snprintf(name, sizeof name, "%.*s", (int)(length < LONGEST ? length : LONGEST), at);
  return clx_reader_unread(p->reader, at, length, clx_nearest(name, key_name, KEYS));
}

static clx_status read_pair(parser *p) {
  const char *start, *place = p->at;
  size_t length;
  CLX_TRY(read_text(p, &start, &length));
  key k = 0;
  while (k < KEYS && (strlen(key_name[k]) != length || memcmp(key_name[k], start, length) != 0)) k++;
  if (k < KEYS && (p->given & (uint32_t)1 << k) != 0)
    return clx_reader_wrong(p->reader, place, "the key '%s' stands twice", key_name[k]);
  if (k < KEYS) p->given |= (uint32_t)1 << k;
  if (k == KEYS) CLX_TRY(note_unread(p, start, length));
  CLX_TRY(take(p, ':', "':'"));
  return read_value(p, k);
}

static bool has(const parser *p, key k) { return (p->given & (uint32_t)1 << k) != 0; }

static clx_status check_keys(parser *p) {
  const char *start = p->reader->line;
  if (has(p, KEY_MILLISECONDS) == has(p, KEY_NANOSECONDS))
    return clx_reader_wrong(p->reader, start, "expected one of the keys timestamp (ms) and timestamp_ns");
  for (key k = KEY_PROMPT; k <= KEY_OUTPUT; k++) {
    if (!has(p, k)) return clx_reader_wrong(p->reader, start, "the key '%s' is missing", key_name[k]);
  }
  return CLX_OK;
}

static clx_status read_object(parser *p) {
  CLX_TRY(take(p, '{', "'{'"));
  while (!at_sign(p, '}')) {
    CLX_TRY(read_pair(p));
    skip_blanks(p);
    if (at_sign(p, '}')) break;
    CLX_TRY(take(p, ',', "',' or '}'"));
    if (at_sign(p, '}')) return expected(p, "a key behind the comma");
  }
  p->at++;
  skip_blanks(p);
  return p->at == p->end ? check_keys(p) : expected(p, "nothing behind the object: one on each line");
}

clx_status clx_mooncake_line(clx_reader *reader) {
  parser p = {.reader = reader, .at = reader->line, .end = reader->line_end, .seen = {.blocks = -1}};
  reader->found.timed = true;
  const clx_status status = read_object(&p);
  if (status == CLX_OK) return clx_reader_take(reader, &p.seen);
  clx_store_forget(&reader->store);
  return status == CLX_MEMORY ? status : CLX_OK;
}
