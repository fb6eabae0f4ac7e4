// What the files of this folder share; nobody else includes it.
#pragma once

#include "trace/trace.h"

// A timeline as "chrome", "perfetto" or "svg". CLX_INPUT: another format.
clx_status clx_api_write_trace(const clx_trace *trace, const char *format, clx_buffer *out, clx_error *error);

// Hands the text of a buffer over, or reports `status` or that memory ran out; *text is NULL then.
clx_status clx_api_hand_over(clx_status status, clx_buffer *buffer, char **text, clx_error *error);
