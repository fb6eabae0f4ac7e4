/* run, check, compare, scenarios. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

/* --- expectations: NAME OP NUMBER ------------------------------------------------------------------------------------ */

static int check_expectation(const clx_result *result, const char *text) {
  static const char *const operators[] = {">=", "<=", "==", ">", "<"};
  for (int i = 0; i < 5; i++) {
    const char *at = strstr(text, operators[i]);
    if (at == NULL) continue;
    char name[128], *end = NULL;
    size_t length = (size_t)(at - text);
    while (length > 0 && text[length - 1] == ' ') length--;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    const double wanted = strtod(at + strlen(operators[i]), &end);
    const clx_quantity *q = clx_result_find(result, name);
    if (*end != '\0' || end == at + strlen(operators[i])) break;
    if (q == NULL) {
      fprintf(stderr, "colossus: --expect '%s': there is no result '%s' (--json lists them)\n", text, name);
      return EXIT_INPUT;
    }
    const bool met[] = {q->value >= wanted, q->value <= wanted, q->value == wanted, q->value > wanted, q->value < wanted};
    if (met[i]) return EXIT_DONE;
    fprintf(stderr, "colossus: expectation not met: %s is %.6g %s, expected %s %.6g\n", name, q->value, q->unit, operators[i], wanted);
    return EXIT_EXPECT;
  }
  fprintf(stderr, "colossus: --expect '%s': expected NAME>=NUMBER in SI units, such as training.mfu>=0.38\n", text);
  return EXIT_INPUT;
}

static int check_expectations(const clx_result *result, const cli_arguments *a) {
  int worst = EXIT_DONE;
  for (int i = 0; i < a->expect_count; i++) {
    const int code = check_expectation(result, a->expect[i]);
    if (code == EXIT_INPUT) return code;
    if (code != EXIT_DONE) worst = code;
  }
  return worst;
}

/* --- loading ------------------------------------------------------------------------------------------------------------ */

static clx_status open_scenario(const cli_arguments *a, const char *name, clx_catalog **catalog, clx_scenario **scenario, clx_error *error) {
  *scenario = NULL;
  const clx_status status = clx_catalog_open(a->catalogue, catalog, error);
  if (status != CLX_OK) return status;
  return clx_scenario_load(*catalog, name, a->setting, a->setting_count, scenario, error);
}

static clx_status run_scenario(const cli_arguments *a, const char *name, clx_result **result, clx_error *error) {
  clx_catalog *catalog = NULL;
  clx_scenario *scenario = NULL;
  *result = NULL;
  clx_status status = open_scenario(a, name, &catalog, &scenario, error);
  if (status == CLX_OK) status = clx_scenario_run(scenario, &a->run, result, error);
  clx_scenario_free(scenario);
  clx_catalog_close(catalog);
  return status;
}

/* --- run ---------------------------------------------------------------------------------------------------------------- */

static int write_one(const char *folder, const char *name, char *text) {
  char path[4096];
  const int length = snprintf(path, sizeof path, "%s/%s", folder, name);
  int code = EXIT_INPUT;
  if (length < (int)sizeof path) {
    code = cli_write_file(path, text);
  } else {
    fprintf(stderr, "colossus: -o: the path is too long\n");
  }
  clx_text_free(text);
  return code;
}

static int write_folder(const cli_arguments *a, const clx_result *result) {
  clx_error error;
  clx_error_clear(&error);
  char *json = NULL, *text = NULL;
  if (mkdir(a->output, 0777) != 0 && errno != EEXIST) {
    fprintf(stderr, "colossus: cannot make the folder %s: %s\n", a->output, strerror(errno));
    return EXIT_INPUT;
  }
  if (clx_result_json(result, &json, &error) != CLX_OK) return cli_report_error(&error);
  const int code = write_one(a->output, "result.json", json);
  if (code != EXIT_DONE) return code;
  if (clx_result_text(result, false, &text, &error) != CLX_OK) return cli_report_error(&error);
  return write_one(a->output, "report.txt", text);
}

static int show(const cli_arguments *a, const clx_result *result) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  const clx_status status = a->json ? clx_result_json(result, &text, &error) : clx_result_text(result, cli_colour(a), &text, &error);
  return status == CLX_OK ? cli_print(text) : cli_report_error(&error);
}

int cli_run(const cli_arguments *a) {
  clx_error error;
  clx_error_clear(&error);
  clx_result *result = NULL;
  if (run_scenario(a, a->operand[0], &result, &error) != CLX_OK) return cli_report_error(&error);
  int code = check_expectations(result, a);
  if (code != EXIT_INPUT && a->output != NULL) {
    const int written = write_folder(a, result);
    if (written != EXIT_DONE) code = written;
  }
  if (code == EXIT_DONE || code == EXIT_EXPECT) {
    const int shown = show(a, result);
    if (shown != EXIT_DONE) code = shown;
  }
  clx_result_free(result);
  return code;
}

/* --- check, compare, scenarios --------------------------------------------------------------------------------------------- */

int cli_check(const cli_arguments *a) {
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  clx_scenario *scenario = NULL;
  const clx_status status = open_scenario(a, a->operand[0], &catalog, &scenario, &error);
  int code = EXIT_DONE;
  if (status != CLX_OK) {
    code = cli_report_error(&error);
  } else {
    printf("%s: ok\n", a->operand[0]);
    const char *key, *why;
    for (int i = 0; clx_scenario_assumption(scenario, i, &key, &why); i++) printf("  assumed %s: %s\n", key, why);
  }
  clx_scenario_free(scenario);
  clx_catalog_close(catalog);
  return code;
}

int cli_compare(const cli_arguments *a) {
  clx_error error;
  clx_error_clear(&error);
  clx_result *one = NULL, *two = NULL;
  char *text = NULL;
  clx_status status = run_scenario(a, a->operand[0], &one, &error);
  if (status == CLX_OK) status = run_scenario(a, a->operand[1], &two, &error);
  if (status == CLX_OK) status = clx_result_compare(one, two, a->json, &text, &error);
  clx_result_free(one);
  clx_result_free(two);
  return status == CLX_OK ? cli_print(text) : cli_report_error(&error);
}

int cli_scenarios(const cli_arguments *a) {
  (void)a;
  const char *name, *title;
  for (int i = 0; (name = clx_scenario_name(i, &title)) != NULL; i++) printf("%-18s %s\n", name, title);
  return EXIT_DONE;
}
