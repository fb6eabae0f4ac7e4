// Any bytes as Microsoft Project's XML: a mistake, or a project that every format writes, and that comes back from what was written.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const clx_project *project, clx_arena *arena) {
  static const char *const formats[] = {"csv", "json", "xml"};
  for (int32_t k = 0; k < CLX_COUNT(formats); k++) {
    clx_error error;
    clx_error_clear(&error);
    clx_buffer out = {0};
    clx_project back;
    clx_status status = clx_project_writer_of(formats[k])(project, NULL, &out, &error);
    if (status != CLX_OK && error.count == 0) abort();
    if (status == CLX_OK && k == 0) {  // every number comes back
      status = clx_project_read_csv("fuzz", out.data, out.length, arena, &back, &error);
      if (status == CLX_OK &&
          (back.activity_count != project->activity_count || back.link_count != project->link_count))
        abort();
      if (status == CLX_INPUT) abort();
    }
    if (status == CLX_OK && k == 2) {
      status = clx_project_read_xml("fuzz", out.data, out.length, arena, &back, &error);
      if (status == CLX_OK && back.activity_count != project->activity_count) abort();
    }
    clx_buffer_free(&out);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  char *text = malloc(size + 1);
  clx_project project;
  if (arena != NULL && text != NULL) {
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    const clx_status status = clx_project_read_xml("fuzz", text, size, arena, &project, &error);
    if (status != CLX_OK && error.count == 0) abort();
    if (status == CLX_OK) write_all(&project, arena);
  }
  free(text);
  clx_arena_free(arena);
  return 0;
}
