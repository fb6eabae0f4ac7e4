/* catalogue, schema, predict, validate. */
#include <string.h>

#include "cli.h"

static int list_kind(const clx_catalog *catalog, const char *kind, bool named) {
  const char *name;
  for (int i = 0; (name = clx_catalog_name(catalog, kind, i)) != NULL; i++) printf(named ? "%-10s %s\n" : "%s%s\n", named ? kind : "", name);
  return EXIT_DONE;
}

static int list(const clx_catalog *catalog, const char *wanted) {
  const char *names[32], *kind;
  int count = 0;
  for (int i = 0; (kind = clx_catalog_kind(i)) != NULL && count < 32; i++) {
    if (wanted != NULL && strcmp(kind, wanted) == 0) return list_kind(catalog, kind, false);
    names[count++] = kind;
  }
  if (wanted == NULL) {
    for (int i = 0; i < count; i++) list_kind(catalog, names[i], true);
    return EXIT_DONE;
  }
  const char *near = cli_nearest(wanted, names, count);
  fprintf(stderr, "colossus catalogue: no kind '%s'%s%s%s\n", wanted, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
          near != NULL ? "'?" : "");
  return EXIT_INPUT;
}

static int show_entry(const cli_arguments *a, const clx_catalog *catalog) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  const char *kind = a->operand_count == 3 ? a->operand[1] : NULL, *name = a->operand[a->operand_count - 1];
  if (clx_catalog_show(catalog, kind, name, a->json, &text, &error) != CLX_OK) return cli_report_error(&error);
  return cli_print(text);
}

int cli_catalogue(const cli_arguments *a) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  if (clx_catalog_open(a->catalogue, &catalog, &error) != CLX_OK) {
    clx_catalog_close(catalog);
    return cli_report_error(&error);
  }
  int code = EXIT_INPUT;
  if (strcmp(a->operand[0], "ls") == 0 && a->operand_count <= 2) {
    code = list(catalog, a->operand_count == 2 ? a->operand[1] : NULL);
  } else if (strcmp(a->operand[0], "show") == 0 && a->operand_count >= 2) {
    code = show_entry(a, catalog);
  } else {
    fprintf(stderr, "colossus catalogue: expected 'ls [KIND]' or 'show [KIND] NAME'\n");
  }
  clx_catalog_close(catalog);
  return code;
}

int cli_schema(const cli_arguments *a) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  if (clx_schema_show(a->operand_count > 0 ? a->operand[0] : NULL, a->json, &text, &error) != CLX_OK) return cli_report_error(&error);
  return cli_print(text);
}

int cli_predict(const cli_arguments *a) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  char *text = NULL;
  clx_status status = clx_catalog_open(a->catalogue, &catalog, &error);
  if (status == CLX_OK) status = clx_table_predict(catalog, a->operand[0], a->operand[1], &text, &error);
  clx_catalog_close(catalog);
  if (status != CLX_OK) return cli_report_error(&error);
  if (a->output == NULL) return cli_print(text);
  const int code = cli_write_file(a->output, text);
  clx_text_free(text);
  return code;
}

/* --only COLUMN=A,B */
static int split_only(const cli_arguments *a, char *column, size_t size, clx_table_options *options) {
  if (a->only == NULL) return EXIT_DONE;
  const char *equals = strchr(a->only, '=');
  if (equals == NULL || equals == a->only || (size_t)(equals - a->only) >= size) {
    fprintf(stderr, "colossus validate: --only %s: expected COLUMN=A,B\n", a->only);
    return EXIT_INPUT;
  }
  snprintf(column, size, "%.*s", (int)(equals - a->only), a->only);
  options->only_column = column;
  options->only_values = equals + 1;
  return EXIT_DONE;
}

int cli_validate(const cli_arguments *a) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  char *text = NULL, column[128];
  clx_table_options options = {.by = a->by};
  const int wrong = split_only(a, column, sizeof column, &options);
  if (wrong != EXIT_DONE) return wrong;
  clx_status status = clx_catalog_open(a->catalogue, &catalog, &error);
  if (status == CLX_OK) status = clx_table_validate(catalog, a->operand[0], a->operand[1], &options, a->json, &text, &error);
  clx_catalog_close(catalog);
  return status == CLX_OK ? cli_print(text) : cli_report_error(&error);
}
