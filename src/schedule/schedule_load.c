// Projects from files by their ending.
#include <string.h>

#include "schedule/schedule_file.h"

typedef struct format {
  const char *ending;
  clx_project_reader *reader;
} format;

static const format FORMATS[] = {
    {".rcp", clx_project_read_rcp}, {".txt", clx_project_read_rcp}, {".sm", clx_project_read_sm},
    {".mm", clx_project_read_sm},   {".csv", clx_project_read_csv}, {".xml", clx_project_read_xml},
};

clx_status clx_project_load(const char *path, clx_arena *arena, clx_project *project, clx_error *error) {
  const char *data, *ending = strrchr(path, '.');
  size_t size;
  for (int32_t k = 0; ending != NULL && k < CLX_COUNT(FORMATS); k++) {
    if (!clx_text_equal_loose(ending, FORMATS[k].ending)) continue;
    CLX_TRY(clx_file_read(arena, path, CLX_FILE_SIZE_MAX, &data, &size, error));
    return FORMATS[k].reader(path, data, size, arena, project, error);
  }
  return clx_fail_plain(error, CLX_INPUT,
                        "'%s': expected a project in a file that ends in .rcp, .txt (Patterson), .sm, .mm "
                        "(PSPLIB), .csv or .xml (Microsoft Project)",
                        path);
}
