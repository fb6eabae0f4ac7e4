// Statuses and mistakes.
#include <stdio.h>
#include <string.h>

#include "base/base.h"

const char *clx_status_text(clx_status status) {
  switch (status) {
#define CLX_STATUS_CASE(code, text) \
  case code:                        \
    return text;
    CLX_STATUS_LIST(CLX_STATUS_CASE)
#undef CLX_STATUS_CASE
  }
  return "unknown status";
}

void clx_error_clear(clx_error *error) { memset(error, 0, sizeof *error); }

__attribute__((format(printf, 4, 0))) static void add_mistake(clx_error *error, clx_status status, clx_place place,
                                                              const char *format, va_list args) {
  if (error->count == 0) error->status = status;
  if (error->count == CLX_MISTAKES_MAX) {
    error->dropped++;
    return;
  }
  clx_mistake *mistake = &error->mistake[error->count++];
  snprintf(mistake->file, sizeof mistake->file, "%s", place.file != NULL ? place.file : "");
  clx_text_clean(mistake->file, true);
  mistake->line = place.line;
  mistake->column = place.column;
  vsnprintf(mistake->text, sizeof mistake->text, format, args);
  clx_text_clean(mistake->text, true);
}

clx_status clx_fail(clx_error *error, clx_status status, clx_place place, const char *format, ...) {
  if (error == NULL) return status;
  va_list args;
  va_start(args, format);
  add_mistake(error, status, place, format, args);
  va_end(args);
  return status;
}

clx_status clx_fail_plain(clx_error *error, clx_status status, const char *format, ...) {
  if (error == NULL) return status;
  va_list args;
  va_start(args, format);
  add_mistake(error, status, (clx_place){0}, format, args);
  va_end(args);
  return status;
}
