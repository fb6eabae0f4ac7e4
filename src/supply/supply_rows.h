// Shorthands for the schema rows of this folder. F is the struct.
#pragma once

#include "schema/schema.h"

// A default outside of the range means: not stated.
#define REAL(name, member, unit_text, start, low, high, text)                                                \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                         \
  }
#define NEEDED(name, member, unit_text, low, high, text)                                                   \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .required = true, \
    .minimum = (low), .maximum = (high), .doc = text                                                       \
  }
#define TEXT(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .doc = text }
#define TEXT_NEEDED(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .required = true, .doc = text }
#define LIST(name, member, schema, text)                                                                           \
  {                                                                                                                \
    .key = name, .kind = CLX_ROW_LIST, .offset = offsetof(F, member), .count_offset = offsetof(F, member##_count), \
    .sub = &(schema), .doc = text                                                                                  \
  }
// What every entry of the catalogue starts with.
#define ENTRY_ROWS                                                                                                     \
  TEXT_NEEDED("name", name, "canonical name"), TEXT("title", title, "one line for people"), {                          \
    .key = "aliases", .kind = CLX_ROW_TEXTS, .offset = offsetof(F, aliases), .count_offset = offsetof(F, alias_count), \
    .doc = "other names; * stands for any run of characters"                                                           \
  }
#define SCHEMA(schema, title, text, table) \
  const clx_schema schema = {.name = title, .doc = text, .rows = table, .count = CLX_COUNT(table), .size = sizeof(F)}
#define PLACED(schema, title, text, table)              \
  const clx_schema schema = {.name = title,             \
                             .doc = text,               \
                             .rows = table,             \
                             .count = CLX_COUNT(table), \
                             .size = sizeof(F),         \
                             .place_offset = offsetof(F, place)}

#define TIME_MAX 1e10     // s
#define MONEY_MAX 1e13    // USD
#define QUANTITY_MAX 1e9  // GPUs
#define RATE_MAX 1e4      // GPU/s
