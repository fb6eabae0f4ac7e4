// schema: one row per parameter. From the rows come parsing, checking, defaults, `colossus schema`, the JSON Schema and
// the reference page. A new parameter is a struct member, a row, the line of physics that uses it, and its test.
#pragma once

#include "base/base.h"
#include "document/document.h"
#include "unit/unit.h"

typedef enum clx_row_kind {
  CLX_ROW_REAL,    // double; `unit` says the dimension ("B/s"), NULL = plain number or percent
  CLX_ROW_INT,     // int32_t; digit groups allowed ("100,000")
  CLX_ROW_COUNT,   // int64_t; also "15e12", "15T", "300G" (k M G T = powers of 1000)
  CLX_ROW_BOOL,    // int32_t 0 or 1: true, false, yes, no
  CLX_ROW_TEXT,    // const char *
  CLX_ROW_CHOICE,  // int32_t index into choices
  CLX_ROW_STRUCT,  // a nested struct described by `sub`, inline at `offset`
  CLX_ROW_LIST,    // a list of `sub` structs: pointer at `offset`, int32_t count at `count_offset`
  CLX_ROW_TEXTS,   // a list of texts: const char ** at `offset`, int32_t count at `count_offset`
  CLX_ROW_REALS,   // a list of doubles: double * at `offset`, int32_t count at `count_offset`
  CLX_ROW_INTS,    // a list of int32_t at `offset`, count at `count_offset`
  CLX_ROW_NODE,    // const clx_node *: kept as a tree for somebody else to read (a map of reasons, say)
} clx_row_kind;

struct clx_schema;

// A word that may stand for a number.
typedef struct clx_row_word {
  const char *word;  // letters' case does not matter
  double value;      // may lie outside of the row's range
} clx_row_word;

typedef struct clx_row {
  const char *key;
  clx_row_kind kind;
  size_t offset;
  const char *doc;   // one line: what it is, validity
  const char *unit;  // SI unit expression for REAL and REALS; NULL = plain number; CLX_UNIT_KELVINS for differences
  double initial;    // default of numbers, bools and choices (in SI); lists start empty
  double minimum, maximum;   // inclusive, for numbers; both 0 = unbounded
  const char *text_initial;  // default of TEXT, NULL = none
  bool required;
  bool single;                   // of a list of scalars: one scalar may stand for a list of one
  const char *const *choices;    // NULL-terminated, for CHOICE
  const clx_row_word *words;     // of REAL without unit, ended by a word NULL; NULL = numbers only
  const struct clx_schema *sub;  // for STRUCT and LIST
  size_t count_offset;           // for LIST, TEXTS, REALS, INTS
  size_t
      map_offset;  // of TEXT: a map whose `name` is the text may stand for it, kept here (const clx_node *); 0 = none
  size_t place_offset;  // optional: a clx_place filled with where the value stood; 0 = none
} clx_row;

typedef struct clx_schema {
  const char *name;  // "scenario", "device", ...
  const char *doc;
  const clx_row *rows;
  int32_t count;
  size_t size;          // of the struct
  size_t place_offset;  // optional clx_place member of the struct: where it stood; 0 = none
} clx_schema;

// Fills `object` (size schema->size) with the defaults of all rows, nested structs included, and clears the places. Members
// that no row names stay untouched.
void clx_schema_default(const clx_schema *schema, void *object);

// Reads a map into `object` (defaults first). Reports every mistake (unknown key with the nearest known one, missing required
// key, wrong unit, value out of range, wrong kind) up to CLX_MISTAKES_MAX, then returns the first one's status.
// When `sourced` is true (catalogue entries; see catalog.h), a scalar or a list of scalars may also be written as a map
// {value: X, source: ..., kind: ..., why: ..., notes: ...}, and these keys are skipped at any level of a map.
// Numbers may stand in quotes (inside {} a comma needs them). Nothing behind a key ("tokens:") is a mistake, not a default.
// Texts, lists and kept nodes point into the document's arena or into `arena`, which must live as long as `object`.
clx_status clx_schema_read(const clx_schema *schema, const clx_node *node, bool sourced, clx_arena *arena, void *object,
                           clx_error *error);

// Whether a dotted path ("training.layout.tp", "machine.fleet.0.gpus") names a row.
bool clx_schema_has(const clx_schema *schema, const char *path);

// The reference for people: one line per key with unit, default, range and doc, nested by indentation.
void clx_schema_text(const clx_schema *schema, clx_buffer *out);
// JSON Schema (draft 2020-12) for editors; ranges of values with a unit stand in the description.
void clx_schema_json(const clx_schema *schema, clx_buffer *out);
