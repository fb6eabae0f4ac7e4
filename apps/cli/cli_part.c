// The texts, drawings and tables of a study: one to stdout, all of them into the folder of -o.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

clx_status cli_part_json(const clx_result *result, const char *what, char **text, clx_error *error) {
  (void)what;
  return clx_result_json(result, text, error);
}

int cli_part_put(const clx_result *result, const cli_part *part, const char *path) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  int code = CLI_DONE;
  if (part->make(result, part->what, &text, &error) != CLX_OK) return cli_fail(&error);
  if (path != NULL) {
    code = cli_write_file(path, text);
  } else {
    cli_put(text);
  }
  clx_text_free(text);
  return code;
}

static bool is_there(const cli_call *call, const clx_result *result, const char *needs) {
  if (needs == NULL) return true;
  if (strncmp(needs, "--", 2) == 0) return cli_flag(call, needs + 2);
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    if (strncmp(clx_result_at(result, i)->name, needs, strlen(needs)) == 0) return true;
  }
  return false;
}

int cli_part_folder(const cli_call *call, const clx_result *result, const cli_part *part, int32_t count) {
  const char *folder = cli_text(call, "output");
  if (folder == NULL) return CLI_DONE;
  int code = cli_make_folder(folder);
  const size_t size = strlen(folder) + 32;
  char *path = malloc(size);
  if (path == NULL) return cli_no_memory();
  for (int32_t i = 0; i < count && code == CLI_DONE; i++) {
    if (!is_there(call, result, part[i].needs)) continue;
    snprintf(path, size, "%s/%s", folder, part[i].file);
    code = cli_part_put(result, &part[i], path);
  }
  free(path);
  return code;
}

bool cli_threads(const cli_call *call, int32_t *threads) {
  enum { MOST = 1024 };
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  uint64_t count = online < 1 ? 1 : online > MOST ? MOST : (uint64_t)online;
  if (!cli_number(call, "threads", 1, MOST, &count)) return false;
  *threads = (int32_t)count;
  return true;
}

bool cli_duration(const char *text, double *seconds) {
  static const struct {
    const char *name;
    double factor;
  } units[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"min", 60}, {"h", 3600}};
  char *end = NULL;
  const double number = strtod(text, &end);
  const char *name = end + strspn(end, " ");
  for (int32_t i = 0; end != text && i < CLI_COUNT(units); i++) {
    if (strcmp(name, units[i].name) != 0) continue;
    *seconds = number * units[i].factor;
    return true;
  }
  return false;
}
