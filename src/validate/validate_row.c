// Cells of a row, and what is said of it.
#include "validate/validate_row.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool clx_table_row_refuse(clx_table_row *r, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(r->out->reason, sizeof r->out->reason, format, args);
  va_end(args);
  r->out->status = CLX_ROW_REFUSED;
  return false;
}

bool clx_table_row_refuse_error(clx_table_row *r, const clx_error *error) {
  return clx_table_row_refuse(r, "%s", error->count > 0 ? error->mistake[0].text : clx_status_text(error->status));
}

void clx_table_row_remark(clx_table_row *r, bool extrapolated, const char *format, ...) {
  if (extrapolated) r->out->status = CLX_ROW_EXTRAPOLATED;
  const size_t used = strlen(r->out->reason), room = sizeof r->out->reason - used;
  const int head = snprintf(r->out->reason + used, room, "%s", used > 0 ? "; " : "");
  if (head < 0 || (size_t)head >= room) return;
  va_list args;
  va_start(args, format);
  vsnprintf(r->out->reason + used + head, room - (size_t)head, format, args);
  va_end(args);
}

const char *clx_table_row_text(const clx_table_row *r, const char *column) {
  return clx_table_cell(&r->job->table, r->row, clx_table_column(&r->job->table, column));
}

static bool read_number(const clx_table_row *r, const char *column, double least, double most, double *value) {
  const int32_t at = clx_table_column(&r->job->table, column);
  return clx_table_number(&r->job->table, r->row, at, value) && *value >= least && *value <= most;
}

bool clx_table_row_number(clx_table_row *r, const char *column, double least, double most, double otherwise,
                          double *value) {
  const char *text = clx_table_row_text(r, column);
  *value = otherwise;
  if (text[0] == '\0' || read_number(r, column, least, most, value)) return true;
  return clx_table_row_refuse(r, "column '%s': expected a number from %.9g to %.9g, read '%.40s'", column, least, most,
                              text);
}

bool clx_table_row_count(clx_table_row *r, const char *column, int32_t least, int32_t most, int32_t otherwise,
                         int32_t *value) {
  const char *text = clx_table_row_text(r, column);
  double number = 0;
  *value = otherwise;
  if (text[0] == '\0' && otherwise >= least) return true;
  if (!read_number(r, column, least, most, &number) || number != floor(number))
    return clx_table_row_refuse(r, "column '%s': expected a whole number from %d to %d, read '%.40s'", column, least,
                                most, text);
  *value = (int32_t)number;
  return true;
}

void clx_table_row_measure(const clx_table_job *job, int32_t row, clx_prediction *p) {
  for (int32_t i = 0; job->metric[i] != NULL; i++) {
    double value = 0;
    if (clx_table_number(&job->table, row, clx_table_column(&job->table, job->metric[i]), &value) && value > 0)
      p->measured[i] = value;
  }
}
