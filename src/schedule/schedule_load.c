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

clx_project_writer *clx_project_writer_of(const char *name) {
  static const struct {
    const char *name;
    clx_project_writer *writer;
  } writers[] = {{"csv", clx_project_write_csv}, {"json", clx_project_write_json}, {"xml", clx_project_write_xml}};
  for (int32_t k = 0; k < CLX_COUNT(writers); k++)
    if (clx_text_equal(name, writers[k].name)) return writers[k].writer;
  return NULL;
}
