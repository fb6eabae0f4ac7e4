// One file for each format.
#pragma once

#include "trace/trace.h"

void clx_trace_write_chrome(const clx_trace *trace, const clx_trace_order *order, clx_buffer *out);
void clx_trace_write_perfetto(const clx_trace *trace, const clx_trace_order *order, clx_buffer *out);
