// Microsoft Project's XML in the making, for schedule_write_xml*.c.
#pragma once

#include "schedule/schedule_file.h"

typedef struct clx_xml_writer {
  const clx_project *p;
  const clx_project_plan *plan;  // nullable
  clx_buffer *out;
  clx_error *error;
  int64_t start, unit;  // s since 1970, s
} clx_xml_writer;

enum { CLX_XML_ALWAYS = 1 };  // UID of the calendar that always works; that of calendar k is k + 2

void clx_xml_put(clx_buffer *out, const char *name, const char *text);  // an element with a text in it
void clx_xml_put_date(const clx_xml_writer *writer, const char *name, int64_t unit);
clx_status clx_xml_write_calendars(const clx_xml_writer *writer);
