// What the files of the room share: lines of a file, numbers in them, a trace that grows.
#pragma once

#include <stdio.h>

#include "requests/requests.h"

// --- numbers ----------------------------------------------------------------------------------------------------------------------

// mantissa x 10^exponent
typedef struct clx_decimal {
  uint64_t mantissa;
  int32_t exponent;
  bool negative;
} clx_decimal;

// Reads a number as JSON writes it, moves *at behind it; false where there is none.
bool clx_decimal_read(const char **at, const char *end, clx_decimal *number);
// The double next to number x 10^shift.
double clx_decimal_value(const clx_decimal *number, int32_t shift);
// False when it is no whole number or needs more than 64 bits. Up to 2^64 - 1; those from 2^63 on keep their bits.
bool clx_decimal_whole(const clx_decimal *number, int64_t *value);

// splitmix64 (Steele, Lea, Flood 2014): a one-to-one map of 64 bits in which every bit depends on all.
static inline uint64_t clx_mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

// --- lines ------------------------------------------------------------------------------------------------------------------------

enum { CLX_LINE_MAX = 16 << 20 };  // bytes

typedef struct clx_lines {
  FILE *file;  // NULL = from memory
  clx_arena *arena;
  char *buffer;
  size_t capacity;
  const char *next, *stop;  // not yet given out
  bool ended;               // nothing behind `stop`
} clx_lines;

clx_status clx_lines_open(clx_lines *lines, const char *path, clx_error *error);
// *line = NULL at the end; without its line end.
clx_status clx_lines_next(clx_lines *lines, clx_place place, const char **line, const char **line_end,
                          clx_error *error);
void clx_lines_close(clx_lines *lines);

// --- a trace that grows -------------------------------------------------------------------------------------------------------------

// An array in pieces; each is freed as soon as it is copied to its place.
typedef struct clx_pieces {
  struct clx_piece *first, *last;
  int32_t count;  // of all items
} clx_pieces;

typedef struct clx_store {
  clx_pieces items, blocks;
  clx_names tenants;
  int32_t first_block;  // of the request in the making
} clx_store;

bool clx_store_block(clx_store *store, int64_t name);  // of the next request; false: out of memory, or 2^31
// Takes the blocks since the last request. arrival, prompt, output, tenant are the caller's.
bool clx_store_request(clx_store *store, const clx_request *request);
void clx_store_forget(clx_store *store);  // no request takes the blocks since the last one
// Moves everything into `arena`. The store is empty afterwards.
clx_status clx_store_finish(clx_store *store, clx_arena *arena, clx_requests *out, clx_error *error);
void clx_store_free(clx_store *store);

// --- reading --------------------------------------------------------------------------------------------------------------------------

typedef struct clx_reader {
  clx_arena *arena;
  const clx_requests_reading *reading;
  clx_requests_found found;
  clx_store store;
  clx_error *error;
  clx_status status;  // of the first mistake
  const char *file, *line, *line_end;
  int32_t number;                     // of the line
  double last;                        // s: arrival of the request before
  int32_t stated_tokens;              // of a block, by the file or by the caller; 0 = not stated
  double tokens_above, tokens_below;  // of a block: between these, as the lengths say
  int32_t line_above, line_below;     // that say so
  struct clx_columns *columns;        // of a CSV file
  clx_names unread;                   // keys and columns that are not known
  const char *unread_text;            // as a remark; NULL = none
} clx_reader;

// What a line says of a request; places for messages.
typedef struct clx_seen {
  double arrival;
  int64_t prompt, output;
  int32_t tenant;
  int32_t blocks;  // -1 = no names
  const char *arrival_at, *prompt_at, *output_at, *blocks_at;
} clx_seen;

clx_place clx_reader_place(const clx_reader *reader, const char *at);
// Notes a mistake at a place of the line.
clx_status clx_reader_wrong(clx_reader *reader, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Checks the request and keeps it. CLX_OK also where the line had a mistake, which is noted; otherwise out of memory.
clx_status clx_reader_take(clx_reader *reader, const clx_seen *seen);
clx_status clx_reader_tenant(clx_reader *reader, const char *at, size_t length, int32_t *tenant);
clx_status clx_reader_no_memory(clx_reader *reader);
// Notes a key or column that is passed over, once; `near`: a known one that may be meant, nullable. CLX_MEMORY only.
clx_status clx_reader_unread(clx_reader *reader, const char *at, size_t length, const char *near);
// A remark on names of blocks that fit, of which `fits` sizes do; NULL = none.
const char *clx_reader_unsure(const clx_reader *reader, const clx_requests *requests, int32_t fits);

clx_status clx_mooncake_line(clx_reader *reader);
// Finds the columns; the format, too, unless it is given.
clx_status clx_csv_header(clx_reader *reader);
clx_status clx_csv_line(clx_reader *reader);
