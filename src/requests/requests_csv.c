// Traces as CSV: a header line, then a request on each line.
#include <stdio.h>
#include <string.h>

#include "requests/requests_internal.h"

enum { COLUMNS_MAX = 256, NAME_MAX = 63 };

typedef enum field { FIELD_ARRIVAL, FIELD_PROMPT, FIELD_OUTPUT, FIELD_TENANT, FIELD_BLOCKS, FIELDS } field;

// Names of columns; NULL = the format has none. What must be there is marked by its place: prompt and output, and arrival but in Vidur's.
static const char *const column_name[CLX_REQUESTS_FORMATS][FIELDS] = {
    [CLX_REQUESTS_AZURE] = {"TIMESTAMP", "ContextTokens", "GeneratedTokens", NULL, NULL},
    [CLX_REQUESTS_VIDUR] = {"arrived_at", "num_prefill_tokens", "num_decode_tokens", NULL, NULL},
    [CLX_REQUESTS_BURSTGPT] = {"Timestamp", "Request tokens", "Response tokens", "Model", NULL},
    [CLX_REQUESTS_CSV] = {"arrival_s", "prompt_tokens", "output_tokens", "tenant", "blocks"},
};

typedef struct cell {
  const char *at, *end;
} cell;

typedef struct clx_columns {
  int32_t count, column[FIELDS];  // -1 = not in the file
  cell cells[COLUMNS_MAX];        // of the line
  int64_t origin;                 // s: the first date
  int64_t origin_rest;            // ns beyond it
  bool started;
} clx_columns;

// --- lines into cells -------------------------------------------------------------------------------------------------------------

static cell trimmed(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t')) at++;
  while (end > at && (end[-1] == ' ' || end[-1] == '\t')) end--;
  return (cell){at, end};
}

// The end of the quoted text that starts at `at`, or NULL.
static const char *end_of_quote(const char *at, const char *end) {
  for (at++; at < end; at++) {
    if (*at != '"') continue;
    if (at + 1 >= end || at[1] != '"') return at;
    at++;
  }
  return NULL;
}

// False: a mistake, which is noted.
static bool next_cell(clx_reader *r, const char **at, cell *out) {
  const char *start = *at;
  while (start < r->line_end && (*start == ' ' || *start == '\t')) start++;
  if (start < r->line_end && *start == '"') {
    const char *stop = end_of_quote(start, r->line_end);
    if (stop == NULL) {
      clx_reader_wrong(r, start, "a quote that starts here does not end on this line");
      return false;
    }
    *out = (cell){start + 1, stop};
    for (stop++; stop < r->line_end && (*stop == ' ' || *stop == '\t');) stop++;
    *at = stop;
    if (stop == r->line_end || *stop == ',') return true;
    clx_reader_wrong(r, stop, "read '%.1s' behind a quote, expected a comma", stop);
    return false;
  }
  const char *stop = *at;
  while (stop < r->line_end && *stop != ',') stop++;
  *out = trimmed(*at, stop);
  *at = stop;
  return true;
}

static bool divide(clx_reader *r) {
  clx_columns *c = r->columns;
  int32_t count = 0;
  for (const char *at = r->line;; at++) {
    if (count == COLUMNS_MAX) {
      clx_reader_wrong(r, at, "more than %d columns", COLUMNS_MAX);
      return false;
    }
    if (!next_cell(r, &at, &c->cells[count++])) return false;
    if (at == r->line_end) break;
  }
  if (c->count == 0) c->count = count;
  if (count == c->count) return true;
  clx_reader_wrong(r, r->line, "the line has %d cells, expected the %d of the header%s", count, c->count,
                   count < c->count ? "; is the file cut off?" : "");
  return false;
}

// --- the header -------------------------------------------------------------------------------------------------------------------

static bool is(const cell *c, const char *name) {
  char text[NAME_MAX + 1];
  const size_t length = (size_t)(c->end - c->at);
  if (name == NULL || length > NAME_MAX) return false;
  memcpy(text, c->at, length);
  text[length] = '\0';
  return strlen(text) == length && clx_text_equal_loose(text, name);
}

static int32_t find(const clx_columns *c, const char *name) {
  for (int32_t i = 0; i < c->count; i++) {
    if (is(&c->cells[i], name)) return i;
  }
  return -1;
}

// The first column that the format needs and the file lacks, or NULL.
static const char *missing(const clx_columns *c, clx_requests_format format) {
  for (field f = FIELD_ARRIVAL; f <= FIELD_OUTPUT; f++) {
    const bool needed = f != FIELD_ARRIVAL || format != CLX_REQUESTS_VIDUR;
    if (needed && find(c, column_name[format][f]) < 0) return column_name[format][f];
  }
  return NULL;
}

// "blocks_of_16": the size of blocks is part of the name.
static bool find_sized_blocks(clx_reader *r) {
  static const char prefix[] = "blocks_of_";
  clx_columns *c = r->columns;
  for (int32_t i = 0; i < c->count; i++) {
    const char *at = c->cells[i].at + sizeof prefix - 1, *end = c->cells[i].end;
    clx_decimal number;
    int64_t tokens = 0;
    if (at > end || memcmp(c->cells[i].at, prefix, sizeof prefix - 1) != 0) continue;
    if (!clx_decimal_read(&at, end, &number) || at != end || !clx_decimal_whole(&number, &tokens) || tokens < 1 ||
        tokens > CLX_REQUEST_TOKENS_MAX) {
      clx_reader_wrong(r, c->cells[i].at, "expected blocks_of_N with the tokens of a block for N, 1 to %d",
                       CLX_REQUEST_TOKENS_MAX);
      return false;
    }
    c->column[FIELD_BLOCKS] = i;
    if (r->stated_tokens == 0) r->stated_tokens = (int32_t)tokens;
  }
  return true;
}

static void find_format(clx_reader *r) {
  for (clx_requests_format f = CLX_REQUESTS_AZURE; f < CLX_REQUESTS_FORMATS; f++) {
    if (r->found.format == CLX_REQUESTS_AUTO && missing(r->columns, f) == NULL) r->found.format = f;
  }
}

// Columns that are passed over. Those of other makers' formats are known to have more: of them what is nearly one that is read.
static clx_status note_unread(clx_reader *r) {
  const clx_columns *c = r->columns;
  const bool own = r->found.format == CLX_REQUESTS_CSV;
  const char *absent[FIELDS + 1] = {own ? "blocks_of_16" : NULL};
  for (field f = 0; f < FIELDS; f++) absent[f + 1] = c->column[f] < 0 ? column_name[r->found.format][f] : NULL;
  for (int32_t i = 0; i < c->count; i++) {
    bool known = false;
    char name[NAME_MAX + 1];
    const size_t length = (size_t)(c->cells[i].end - c->cells[i].at);
    for (field f = 0; f < FIELDS; f++) known = known || c->column[f] == i;
    snprintf(name, sizeof name, "%.*s", (int)(length < NAME_MAX ? length : NAME_MAX), c->cells[i].at);
    const char *near = clx_nearest(name, absent, CLX_COUNT(absent));
    if (known || (!own && near == NULL)) continue;
    CLX_TRY(clx_reader_unread(r, c->cells[i].at, length, near));
  }
  return CLX_OK;
}

clx_status clx_csv_header(clx_reader *reader) {
  clx_columns *c = CLX_NEW(reader->arena, clx_columns);
  if (c == NULL) return clx_reader_no_memory(reader);
  reader->columns = c;
  if (!divide(reader)) return CLX_INPUT;
  find_format(reader);
  if (reader->found.format == CLX_REQUESTS_AUTO)
    return clx_reader_wrong(reader, reader->line,
                            "no known trace: expected a JSON object with timestamp, input_length, output_length or a "
                            "header with arrival_s, prompt_tokens, output_tokens or the columns of Azure, Vidur or "
                            "BurstGPT");
  const char *lacks = missing(c, reader->found.format);
  if (lacks != NULL)
    return clx_reader_wrong(reader, reader->line, "the header has no column '%s', which the format %s has", lacks,
                            clx_requests_format_name[reader->found.format]);
  for (field f = 0; f < FIELDS; f++) c->column[f] = find(c, column_name[reader->found.format][f]);
  reader->found.timed = c->column[FIELD_ARRIVAL] >= 0;
  if (reader->found.format == CLX_REQUESTS_CSV && !find_sized_blocks(reader)) return CLX_INPUT;
  return note_unread(reader);
}

// --- a line -----------------------------------------------------------------------------------------------------------------------

static bool read_seconds(clx_reader *r, const cell *c, double *seconds) {
  const char *at = c->at;
  clx_decimal number;
  if (clx_decimal_read(&at, c->end, &number) && at == c->end) {
    *seconds = clx_decimal_value(&number, 0);
    return true;
  }
  clx_reader_wrong(r, c->at, "read '%.*s', expected seconds from the start of the trace", (int)(c->end - c->at), c->at);
  return false;
}

// A date without the fraction of its seconds, and that fraction in ns.
static bool split_date(const cell *c, double *whole, int64_t *rest) {
  char text[48];
  const size_t length = (size_t)(c->end - c->at);
  if (length >= sizeof text) return false;
  const char *point = memchr(c->at, '.', length), *behind = c->end;
  *rest = 0;
  if (point != NULL) {
    int64_t unit = 100000000;
    for (behind = point + 1; behind < c->end && *behind >= '0' && *behind <= '9'; behind++, unit /= 10)
      *rest += unit * (*behind - '0');
    if (behind == point + 1) return false;
  }
  const size_t front = point != NULL ? (size_t)(point - c->at) : length, back = (size_t)(c->end - behind);
  memcpy(text, c->at, front);
  if (point != NULL) memcpy(text + front, behind, back);
  text[front + (point != NULL ? back : 0)] = '\0';
  return front >= 10 && text[4] == '-' && clx_time_read(text, whole);
}

static bool read_date(clx_reader *r, const cell *c, double *seconds) {
  clx_columns *columns = r->columns;
  double whole = 0;
  int64_t rest = 0;
  if (!split_date(c, &whole, &rest)) {
    clx_reader_wrong(r, c->at, "read '%.*s', expected a date such as 2023-11-16 18:15:46.6805900",
                     (int)(c->end - c->at), c->at);
    return false;
  }
  if (!columns->started) {
    columns->started = true;
    columns->origin = (int64_t)whole;
    columns->origin_rest = rest;
  }
  const int64_t apart = (int64_t)whole - columns->origin;
  const bool near = apart > -CLX_REQUEST_SECONDS_MAX && apart < CLX_REQUEST_SECONDS_MAX;
  *seconds = near ? (double)(1000000000 * apart + rest - columns->origin_rest) / 1e9 : (double)apart;
  return true;
}

static bool read_length(clx_reader *r, const cell *c, const char *of, int64_t *tokens) {
  const char *at = c->at;
  clx_decimal number;
  if (clx_decimal_read(&at, c->end, &number) && at == c->end && clx_decimal_whole(&number, tokens)) return true;
  clx_reader_wrong(r, c->at, "read '%.*s', expected a whole number of tokens of %s", (int)(c->end - c->at), c->at, of);
  return false;
}

// CLX_INPUT: a mistake that is noted.
static clx_status read_blocks(clx_reader *r, const cell *c, int32_t *count) {
  const char *at = c->at;
  *count = at < c->end ? 0 : -1;
  while (at < c->end) {
    clx_decimal number;
    int64_t name = 0;
    const char *start = at;
    if (!clx_decimal_read(&at, c->end, &number) || (at < c->end && *at != ' ') || !clx_decimal_whole(&number, &name))
      return clx_reader_wrong(r, start, "expected the names of blocks: whole numbers of 64 bits with blanks between");
    if (!clx_store_block(&r->store, name)) return clx_reader_no_memory(r);
    ++*count;
    while (at < c->end && *at == ' ') at++;
  }
  return CLX_OK;
}

static clx_status read_tenant(clx_reader *r, const cell *c, int32_t *tenant) {
  enum { LONGEST = 512 };
  char text[LONGEST];
  size_t length = 0;
  for (const char *at = c->at; at < c->end && length < LONGEST; at++) {
    text[length++] = *at;
    if (*at == '"') at++;  // written twice
  }
  const bool quoted = c->at > r->line && c->at[-1] == '"';
  return quoted ? clx_reader_tenant(r, text, length, tenant)
                : clx_reader_tenant(r, c->at, (size_t)(c->end - c->at), tenant);
}

static clx_status read_fields(clx_reader *r, clx_seen *seen) {
  const clx_columns *c = r->columns;
  const int32_t *column = c->column;
  const cell *prompt = &c->cells[column[FIELD_PROMPT]], *output = &c->cells[column[FIELD_OUTPUT]];
  bool good = true;
  seen->arrival_at = seen->blocks_at = r->line;
  seen->prompt_at = prompt->at;
  seen->output_at = output->at;
  if (column[FIELD_ARRIVAL] >= 0) {
    const cell *arrival = &c->cells[column[FIELD_ARRIVAL]];
    seen->arrival_at = arrival->at;
    good = r->found.format == CLX_REQUESTS_AZURE ? read_date(r, arrival, &seen->arrival)
                                                 : read_seconds(r, arrival, &seen->arrival);
  }
  good = read_length(r, prompt, "the prompt", &seen->prompt) && good;
  good = read_length(r, output, "the output", &seen->output) && good;
  if (!good) return CLX_INPUT;
  if (column[FIELD_TENANT] >= 0) CLX_TRY(read_tenant(r, &c->cells[column[FIELD_TENANT]], &seen->tenant));
  if (column[FIELD_BLOCKS] < 0) return CLX_OK;
  seen->blocks_at = c->cells[column[FIELD_BLOCKS]].at;
  return read_blocks(r, &c->cells[column[FIELD_BLOCKS]], &seen->blocks);
}

clx_status clx_csv_line(clx_reader *reader) {
  clx_seen seen = {.blocks = -1};
  if (!divide(reader)) return CLX_OK;
  const clx_status status = read_fields(reader, &seen);
  if (status == CLX_OK) return clx_reader_take(reader, &seen);
  clx_store_forget(&reader->store);
  return status == CLX_MEMORY ? status : CLX_OK;
}
