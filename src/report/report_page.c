// Wrapping and cutting.
#include <stdio.h>
#include <string.h>

#include "report/report_internal.h"

enum { LABEL = 12, TEXT = CLX_REPORT_COLUMNS - LABEL };

int32_t clx_page_width(const char *text, size_t length) {
  int32_t width = 0;
  for (size_t i = 0; i < length; i++) width += ((unsigned char)text[i] & 0xC0) != 0x80;
  return width;
}

// The largest byte count of whole characters within `columns`.
static size_t fitting(const char *text, size_t length, int32_t columns) {
  size_t end = 0;
  for (size_t i = 0; i < length; i++) {
    if (((unsigned char)text[i] & 0xC0) == 0x80) continue;
    if (columns-- == 0) return i;
    end = i + 1;
  }
  return end == 0 ? 0 : length;
}

static bool is_blank(char c) { return (unsigned char)c <= ' ' || c == 0x7f; }

static size_t skip_blanks(const char *text, size_t at) {
  while (text[at] != '\0' && is_blank(text[at])) at++;
  return at;
}

// A number stays with its unit: "17.3 GB", "3.7 %".
static bool is_break(const char *text, size_t at) {
  if (!is_blank(text[at])) return false;
  const char before = text[at - 1], after = text[at + 1];
  const bool unit = (after >= 'A' && after <= 'Z') || (after >= 'a' && after <= 'z') || after == '%';
  return !(before >= '0' && before <= '9' && unit);
}

// Whether the word before `at` counts what stands before it: "4.08 billion" goes with its unit.
static bool counts(const char *text, size_t from, size_t at) {
  static const char *const words[] = {"thousand", "million", "billion", "trillion", "quadrillion"};
  for (int32_t i = 0; i < CLX_COUNT(words); i++) {
    const size_t length = strlen(words[i]);
    if (at >= from + length && strncmp(text + at - length, words[i], length) == 0) return true;
  }
  return false;
}

// Where a text that has no room behind `most` ends: words are cut, not figures, nor what stands in brackets.
static size_t cut_end(const char *text, size_t from, size_t most) {
  size_t best = from;
  int32_t open = 0;
  for (size_t at = from; at <= most && text[at] != '\0'; at++) {
    const bool item = (text[at] == ',' || text[at] == ';') && is_blank(text[at + 1]);
    if (at > from && open == 0 && (item || (is_break(text, at) && !counts(text, from, at)))) best = at;
    open += text[at] == '(' ? 1 : text[at] == ')' && open > 0 ? -1 : 0;
  }
  while (best > from && (is_blank(text[best - 1]) || strchr(",;", text[best - 1]) != NULL)) best--;
  return best > from ? best : most;
}

// The end of the line that starts at `from`: at a blank when there is one within TEXT columns, else inside the word.
static size_t line_end(const char *text, size_t from) {
  const size_t length = strlen(text + from);
  if (clx_page_width(text + from, length) <= TEXT) return from + length;
  const size_t most = from + fitting(text + from, length, TEXT);
  size_t end = most;
  while (end > from && !is_break(text, end)) end--;
  return end > from ? end : most;
}

int32_t clx_page_lines(const char *text) {
  int32_t lines = 0;
  for (size_t at = skip_blanks(text, 0); text[at] != '\0'; at = skip_blanks(text, line_end(text, at))) lines++;
  return lines;
}

static void put_clean(clx_buffer *out, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) clx_buffer_add(out, is_blank(text[i]) ? " " : text + i, 1);
}

void clx_page_title(clx_page *page, const char *text) {
  const size_t length = strlen(text);
  const bool cut = clx_page_width(text, length) > CLX_REPORT_COLUMNS;
  if (page->colour) clx_buffer_format(page->out, "\033[1m");
  put_clean(page->out, text, cut ? fitting(text, length, CLX_REPORT_COLUMNS - 3) : length);
  clx_buffer_format(page->out, "%s%s\n", cut ? "..." : "", page->colour ? "\033[0m" : "");
  page->lines++;
}

static void put_line(clx_page *page, const char *label, const char *text, size_t length, bool cut,
                     clx_report_style style) {
  clx_buffer *out = page->out;
  const bool bold = page->colour && label[0] != '\0';
  const char *const escapes[] = {"", "\033[1m", "\033[2m"};
  const char *escape = page->colour ? escapes[style] : "";
  if (bold) clx_buffer_format(out, "\033[1m");
  clx_buffer_format(out, "%-*s ", LABEL - 1, label);
  if (bold) clx_buffer_format(out, "\033[0m");
  clx_buffer_format(out, "%s", escape);
  put_clean(out, text, length);
  clx_buffer_format(out, "%s%s\n", cut ? "..." : "", escape[0] != '\0' ? "\033[0m" : "");
  page->lines++;
}

void clx_page_put(clx_page *page, const char *label, const char *text, int32_t most, clx_report_style style) {
  size_t at = skip_blanks(text, 0);
  for (int32_t line = 1; text[at] != '\0'; line++) {
    size_t end = line_end(text, at);
    const size_t next = skip_blanks(text, end);
    while (end > at && is_blank(text[end - 1])) end--;
    const bool cut = line == most && text[next] != '\0';
    if (cut) {
      const size_t room = at + fitting(text + at, strlen(text + at), TEXT - 3);
      end = cut_end(text, at, room < end ? room : end);
    }
    put_line(page, line == 1 ? label : "", text + at, end - at, cut, style);
    if (cut) return;
    at = next;
  }
}

void clx_page_row(clx_page *page, const char *label, const char *text, clx_report_style style) {
  size_t length = strlen(text);
  while (length > 0 && is_blank(text[length - 1])) length--;
  const bool cut = clx_page_width(text, length) > TEXT;
  put_line(page, label, text, cut ? cut_end(text, 0, fitting(text, length, TEXT - 3)) : length, cut, style);
}

void clx_page_warnings(clx_page *page, const clx_result *result, int32_t left) {
  enum { SHOWN = 4, EACH = 2 };
  const int32_t count = clx_result_warning_count(result);
  const char *text;
  char more[48];
  int32_t wanted = 0, shown = 0;
  for (int32_t i = 0; (text = clx_result_warning(result, i)) != NULL; i++) {
    const int32_t lines = clx_page_lines(text);
    wanted += lines < EACH ? lines : EACH;
  }
  const bool all = count <= SHOWN && wanted <= left;
  const int32_t most = all ? count : SHOWN - 1, room = all ? left : left - 1;
  for (int32_t used = 0; shown < most && (text = clx_result_warning(result, shown)) != NULL; shown++) {
    const int32_t lines = clx_page_lines(text), take = lines < EACH ? lines : EACH;
    if (used + take > room) break;
    used += take;
    clx_page_put(page, "warning", text, EACH, CLX_REPORT_PLAIN);
  }
  if (shown == count) return;
  snprintf(more, sizeof more, "%s%d more: --json", shown > 0 ? "and " : "", count - shown);
  clx_page_put(page, shown > 0 ? "" : "warnings", more, 1, CLX_REPORT_PLAIN);
}
