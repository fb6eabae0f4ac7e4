// Paragraphs of a page made of quantities of a result.
#include "report/report_words.h"

#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

enum { SHORT = 96 };

void clx_words_add(clx_words *w, const char *format, ...) {
  const size_t length = strlen(w->text);
  va_list args;
  va_start(args, format);
  vsnprintf(w->text + length, CLX_WORDS - length, format, args);
  va_end(args);
}

void clx_words_end(clx_words *w, const char *label, int32_t most, clx_report_style style) {
  clx_text_clean(w->text, true);
  if (w->text[0] != '\0' && most == 0) clx_page_row(w->page, label, w->text, style);
  if (w->text[0] != '\0' && most > 0) clx_page_put(w->page, label, w->text, most, style);
  w->text[0] = '\0';
}

const char *clx_words_between(const clx_words *w, const char *separator) { return w->text[0] != '\0' ? separator : ""; }

bool clx_words_put(clx_words *w, const char *separator, const char *before, const char *name, int digits,
                   const char *after) {
  char text[SHORT];
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL) return false;
  clx_words_add(w, "%s%s%s%s", clx_words_between(w, separator), before,
                clx_quantity_format(q->value, q->unit, digits, text, sizeof text), after);
  return true;
}

bool clx_words_some(clx_words *w, const char *separator, const char *before, const char *name, int digits,
                    const char *after) {
  return clx_result_value(w->result, name, 0) > 0 && clx_words_put(w, separator, before, name, digits, after);
}

bool clx_words_percent(clx_words *w, const char *separator, const char *before, const char *name, const char *after) {
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL) return false;
  clx_words_add(w, "%s%s%.1f %%%s", clx_words_between(w, separator), before, 100 * q->value, after);
  return true;
}

// Cuts the unit off a low end where the high end has the same: "4.6 billion USD" beside "6.1 billion USD" -> "4.6".
static bool cut_unit(char *low, const char *high) {
  char *own = strchr(low, ' ');
  const char *other = strchr(high, ' ');
  if (own == NULL || other == NULL || strcmp(own, other) != 0) return false;
  *own = '\0';
  return true;
}

const char *clx_words_range(const clx_quantity *q, int digits, char *text, size_t size) {
  char low[SHORT], high[SHORT], own[SHORT];
  text[0] = '\0';
  if (!(q->low < q->value || q->high > q->value)) return text;
  clx_quantity_format(q->low, q->unit, digits, low, sizeof low);
  clx_quantity_format(q->high, q->unit, digits, high, sizeof high);
  clx_quantity_format(q->value, q->unit, digits, own, sizeof own);
  if (strcmp(low, own) == 0 && strcmp(high, own) == 0) return text;  // the same to so many digits
  if (cut_unit(low, high)) cut_unit(high, own);
  snprintf(text, size, " (%s to %s)", low, high);
  return text;
}

bool clx_words_band(clx_words *w, const char *separator, const char *before, const char *name, int digits,
                    const char *after) {
  char range[3 * SHORT];
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL) return false;
  clx_words_put(w, separator, before, name, digits, "");
  clx_words_add(w, "%s%s", clx_words_range(q, digits, range, sizeof range), after);
  return true;
}

void clx_words_machine(clx_words *w, bool servers) {
  const char *title = clx_result_fact(w->result, "scenario.title"),
             *fleet = clx_result_fact(w->result, "machine.fleet");
  if (title == NULL) title = clx_result_fact(w->result, "scenario.name");
  if (title != NULL) clx_page_title(w->page, title);
  if (fleet != NULL) clx_words_add(w, "%s", fleet);
  clx_words_put(w, ": ", "", "machine.gpus", 12, " GPUs");
  if (servers) clx_words_put(w, ", ", "", "machine.servers", 12, " servers");
  clx_words_put(w, ", ", "", "machine.racks", 12, " racks");
  clx_words_end(w, "machine", 2, CLX_REPORT_PLAIN);
}
