// Paragraphs of a page made of quantities of a result, for the reports on power and cooling.
#pragma once

#include "report/report_internal.h"

enum { CLX_WORDS = 900 };

typedef struct clx_words {
  const clx_result *result;
  clx_page *page;
  char text[CLX_WORDS];  // of a paragraph in the making
} clx_words;

void clx_words_add(clx_words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Writes the paragraph on at most `most` lines, 0: as a row of a table; and starts a new one. Empty text writes nothing.
void clx_words_end(clx_words *words, const char *label, int32_t most, clx_report_style style);
// `separator`, or "" at the start of a paragraph.
const char *clx_words_between(const clx_words *words, const char *separator);
// "<separator><before><quantity><after>"; the separator is left out at the start. False, and nothing, when it is absent.
bool clx_words_put(clx_words *words, const char *separator, const char *before, const char *name, int digits,
                   const char *after);
// The same where it is more than nothing; and a share in percent.
bool clx_words_some(clx_words *words, const char *separator, const char *before, const char *name, int digits,
                    const char *after);
bool clx_words_percent(clx_words *words, const char *separator, const char *before, const char *name,
                       const char *after);
// The same with its band behind it, "5.3 billion USD (4.6 to 6.1)": a unit that all are read in stands once.
bool clx_words_band(clx_words *words, const char *separator, const char *before, const char *name, int digits,
                    const char *after);
// " (LOW to HIGH)" of a quantity; "" where it has no band. Returns `text`.
const char *clx_words_range(const clx_quantity *q, int digits, char *text, size_t size);
// Title of the scenario, and its machine: "100,000 x h100_sxm in ...: 100,000 GPUs, 1,563 racks"; with its servers where asked.
void clx_words_machine(clx_words *words, bool servers);
