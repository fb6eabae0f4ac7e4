// The texts, drawings and tables of a study: one to stdout, all of them into the folder of -o.
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static clx_status make(const clx_result *result, const cli_texts *texts, const char *ending, const char *what,
                       bool colour, char **text, clx_error *error) {
  if (strcmp(ending, "json") == 0) return clx_result_json(result, text, error);
  if (strcmp(ending, "html") == 0) return texts->page(result, text, error);
  if (strcmp(ending, "csv") == 0) return texts->table(result, what, text, error);
  if (strcmp(ending, "svg") == 0) return texts->drawing(result, what, text, error);
  return texts->report(result, colour, text, error);
}

int cli_texts_put(const cli_call *call, const clx_result *result, const cli_texts *texts, const char *ending,
                  const char *what, const char *path) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  int code = CLI_DONE;
  if (make(result, texts, ending, what, path == NULL && cli_colour(call), &text, &error) != CLX_OK)
    return cli_fail(&error);
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

int cli_texts_folder(const cli_call *call, const clx_result *result, const cli_texts *texts) {
  enum { NAME = 32 };
  const char *folder = cli_text(call, "output");
  if (folder == NULL) return CLI_DONE;
  int code = cli_make_folder(folder);
  const size_t size = strlen(folder) + NAME;
  char *path = malloc(size), what[NAME];
  if (path == NULL) return cli_no_memory();
  for (int32_t i = 0; i < texts->part_count && code == CLI_DONE; i++) {
    const cli_part *part = &texts->part[i];
    const char *dot = strchr(part->file, '.');
    if (!is_there(call, result, part->needs)) continue;
    snprintf(what, sizeof what, "%.*s", (int)(dot - part->file), part->file);
    snprintf(path, size, "%s/%s", folder, part->file);
    code = cli_texts_put(call, result, texts, dot + 1, what, path);
  }
  free(path);
  return code;
}

int cli_texts_stdout(const cli_call *call, const clx_result *result, const cli_texts *texts) {
  const char *table = cli_text(call, "csv"), *drawing = cli_text(call, "svg");
  if (cli_flag(call, "json")) return cli_texts_put(call, result, texts, "json", NULL, NULL);
  if (cli_flag(call, "html")) return cli_texts_put(call, result, texts, "html", NULL, NULL);
  if (table != NULL) return cli_texts_put(call, result, texts, "csv", table, NULL);
  if (drawing != NULL) return cli_texts_put(call, result, texts, "svg", drawing, NULL);
  return cli_texts_put(call, result, texts, "txt", NULL, NULL);
}
