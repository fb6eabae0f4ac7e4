// Numbers, dates and durations of MSPDI, and what is said of them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_mspdi.h"

void clx_mspdi_wrong(clx_mspdi *x, const clx_xml_element *at, const char *format, ...) {
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const clx_status status =
      clx_fail(x->error, CLX_INPUT, (clx_place){x->file, at != NULL ? at->line : 0, 0}, "%s", text);
  if (x->status == CLX_OK) x->status = status;
}

void clx_mspdi_note(clx_mspdi *x, const clx_xml_element *at, const char *format, ...) {
  if (x->note_count > CLX_MSPDI_NOTES) return;
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  clx_text_clean(text, true);
  const char *note = x->note_count == CLX_MSPDI_NOTES ? "and more of this kind"
                     : at == NULL                     ? clx_arena_text(x->m.arena, text)
                                                      : clx_arena_format(x->m.arena, "line %d: %s", at->line, text);
  if (note == NULL)
    clx_mspdi_no_memory(x);
  else
    x->note[x->note_count++] = note;
}

void clx_mspdi_no_memory(clx_mspdi *x) {
  if (x->status == CLX_OK) x->status = clx_fail_plain(x->error, CLX_MEMORY, "schedule: out of memory for a project");
}

int64_t clx_mspdi_whole(clx_mspdi *x, const clx_xml_element *parent, const char *name, int64_t otherwise) {
  static const long long MOST = 1000000000000;
  const char *text = clx_xml_text(parent, name);
  if (text == NULL) return otherwise;
  char *end;
  const long long value = strtoll(text, &end, 10);
  if (end != text && *end == '\0' && value >= -MOST && value <= MOST) return value;
  clx_mspdi_wrong(x, clx_xml_child(parent, name), "%s: read '%.40s', expected a whole number", name, text);
  return otherwise;
}

double clx_mspdi_real(clx_mspdi *x, const clx_xml_element *parent, const char *name, double otherwise) {
  const char *text = clx_xml_text(parent, name);
  if (text == NULL) return otherwise;
  char *end;
  const double value = strtod(text, &end);
  if (end != text && *end == '\0' && value >= 0 && value <= CLX_PROJECT_AMOUNT_MAX) return value;
  clx_mspdi_wrong(x, clx_xml_child(parent, name), "%s: read '%.40s', expected a number from 0 to %d", name, text,
                  CLX_PROJECT_AMOUNT_MAX);
  return otherwise;
}

bool clx_mspdi_flag(clx_mspdi *x, const clx_xml_element *parent, const char *name) {
  const char *text = clx_xml_text(parent, name);
  if (text == NULL || strcmp(text, "0") == 0 || strcmp(text, "false") == 0) return false;
  if (strcmp(text, "1") == 0 || strcmp(text, "true") == 0) return true;
  clx_mspdi_wrong(x, clx_xml_child(parent, name), "%s: read '%.40s', expected 0 or 1", name, text);
  return false;
}

bool clx_mspdi_date(clx_mspdi *x, const clx_xml_element *parent, const char *name, int64_t *time) {
  const char *text = clx_xml_text(parent, name);
  double value;
  if (text == NULL || strcmp(text, "NA") == 0) return false;
  if (strlen(text) >= 10 && text[4] == '-' && clx_time_read(text, &value)) {
    *time = (int64_t)floor(value);
    return true;
  }
  clx_mspdi_wrong(x, clx_xml_child(parent, name), "%s: read '%.40s', expected a date such as 2024-04-24T08:00:00", name,
                  text);
  return false;
}

bool clx_mspdi_duration(clx_mspdi *x, const clx_xml_element *parent, const char *name, int64_t *seconds) {
  static const struct {
    char letter;
    bool time;  // behind the T
    double seconds;
  } parts[] = {{'D', false, 86400}, {'H', true, 3600}, {'M', true, 60}, {'S', true, 1}};
  static const double MOST = 1e11;
  const char *text = clx_xml_text(parent, name), *at = text;
  if (text == NULL) return false;
  bool time = false, good = *at == 'P' && at[1] != '\0';
  double sum = 0;
  int32_t next = 0;
  for (at += good; good && *at != '\0';) {
    if (*at == 'T' && !time) {
      time = true;
      at++;
      continue;
    }
    char *end;
    const double value = *at >= '0' && *at <= '9' ? strtod(at, &end) : -1;
    good = false;
    for (; value >= 0 && next < CLX_COUNT(parts) && !good; next++) {
      good = *end == parts[next].letter && time == parts[next].time;
      if (good) sum += value * parts[next].seconds;
    }
    if (good) at = end + 1;
  }
  if (good && sum <= MOST) {
    *seconds = llround(sum);
    return true;
  }
  clx_mspdi_wrong(x, clx_xml_child(parent, name), "%s: read '%.40s', expected a duration such as PT16H30M0S", name,
                  text);
  return false;
}

void clx_mspdi_common(clx_mspdi *x, int64_t seconds) {
  int64_t a = x->common, b = seconds < 0 ? -seconds : seconds;
  while (b != 0) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  x->common = a;
}

int64_t clx_mspdi_down(const clx_mspdi *x, int64_t seconds) {
  return seconds >= 0 ? seconds / x->unit : -((-seconds + x->unit - 1) / x->unit);
}

int64_t clx_mspdi_up(const clx_mspdi *x, int64_t seconds) { return -clx_mspdi_down(x, -seconds); }
