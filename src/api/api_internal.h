// What the files of this folder share; nobody else includes it.
#pragma once

#include "requests/requests.h"
#include "trace/trace.h"

// A timeline as "chrome", "perfetto" or "svg". CLX_INPUT: another format.
clx_status clx_api_write_trace(const clx_trace *trace, const char *format, clx_buffer *out, clx_error *error);

// Hands the text of a buffer over, or reports `status` or that memory ran out; *text is NULL then.
clx_status clx_api_hand_over(clx_status status, clx_buffer *buffer, char **text, clx_error *error);

// Tables and drawings of a result by name, and what writes them. CLX_INPUT: a name that is none; the message lists them.
typedef struct clx_api_maker {
  const char *name;
  void (*write)(const clx_result *result, clx_buffer *out);
} clx_api_maker;

clx_status clx_api_make(const clx_result *result, const clx_api_maker *makers, int32_t count, const char *kind,
                        const char *name, char **text, clx_error *error);

// The requests of a trace, or of a section serving.requests in a YAML file, with settings of that section.
clx_status clx_api_requests_make(clx_arena *arena, const char *path, const clx_setting *settings, int32_t setting_count,
                                 clx_requests *out, clx_requests_found *found, clx_error *error);
bool clx_api_is_yaml(const char *path);
