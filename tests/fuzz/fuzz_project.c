// Any bytes as a project in each of the formats: a project whose plan the validator accepts, or a mistake; never a crash.
#include <stdint.h>
#include <stdlib.h>

#include "schedule/schedule_file.h"
#include "schedule/schedule_solve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t size_of(const clx_project *p) {
  int64_t sum = p->activity_count;
  for (int32_t i = 0; i < p->activity_count; i++) sum += p->activity[i].mode[0].duration + p->activity[i].release;
  for (int32_t k = 0; k < p->link_count; k++) sum += p->link[k].least > 0 ? p->link[k].least : 0;
  for (int32_t r = 0; r < p->resource_count; r++)
    for (int32_t k = 0; k < p->resource[r].level_count; k++) sum += p->resource[r].level[k].at;
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static clx_project_reader *const readers[] = {clx_project_read_rcp, clx_project_read_sm, clx_project_read_csv};
  for (int32_t k = 0; k < CLX_COUNT(readers); k++) {
    clx_error error;
    clx_error_clear(&error);
    clx_arena *arena = clx_arena_new();
    char *text = malloc(size + 1);
    clx_project project;
    clx_project_outcome out;
    if (arena != NULL && text != NULL) {
      for (size_t i = 0; i < size; i++) text[i] = (char)data[i];
      text[size] = '\0';
      clx_status status = readers[k]("fuzz", text, size, arena, &project, &error);
      if (status != CLX_OK && error.count == 0) abort();
      if (status == CLX_OK && size_of(&project) < 2000) {
        clx_project_options options;
        clx_project_options_default(&options);
        options.schedules = 20;
        options.conflicts = 50;
        status = clx_project_solve(&project, &options, arena, &out, &error);
        if (status != CLX_OK && error.count == 0) abort();
        if (status == CLX_OK &&
            (out.bound > out.plan.makespan || clx_project_validate(&project, &out.plan, &error) != CLX_OK))
          abort();
      }
    }
    free(text);
    clx_arena_free(arena);
  }
  return 0;
}
