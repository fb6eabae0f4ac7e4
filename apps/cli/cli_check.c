// colossus check: is a scenario right, what is it, and what was assumed in it.
#include <string.h>

#include "cli.h"

enum { WIDTH = 100 };

// Words within WIDTH columns, every line indented. Long words stand alone.
static void put_wrapped(const char *text, int32_t indent) {
  int32_t column = 0;
  for (const char *p = text + strspn(text, " \n"); *p != '\0'; p += strspn(p, " \n")) {
    const size_t length = strcspn(p, " \n");
    int32_t width = 0;
    for (size_t i = 0; i < length; i++) width += ((unsigned char)p[i] & 0xC0) != 0x80;
    if (column > 0 && column + 1 + width > WIDTH) {
      fputc('\n', stdout);
      column = 0;
    }
    printf("%*s", column > 0 ? 1 : indent, "");
    column += column > 0 ? 1 : indent;
    fwrite(p, 1, length, stdout);
    column += width;
    p += length;
  }
  fputc('\n', stdout);
}

// "12,500 servers"; nothing when the result does not say.
static void put_count(const clx_result *result, const char *name, const char *before, const char *what) {
  const clx_quantity *quantity = clx_result_find(result, name);
  if (quantity == NULL) return;
  char digits[64];
  const int length = snprintf(digits, sizeof digits, "%.0f", quantity->value);
  fputs(before, stdout);
  for (int i = 0; i < length; i++) printf(i > 0 && (length - i) % 3 == 0 ? ",%c" : "%c", digits[i]);
  printf(" %s", what);
}

static void put_assumptions(const cli_call *call, const clx_scenario *scenario) {
  const char *key, *why;
  int32_t count = 0;
  while (clx_scenario_assumption(scenario, count, &key, &why)) count++;
  if (count == 0) return;
  const bool all = cli_flag(call, "assumptions");
  printf("  %d assumption%s%s\n", count, count == 1 ? "" : "s", all ? ":" : " (--assumptions lists them)");
  for (int32_t i = 0; all && clx_scenario_assumption(scenario, i, &key, &why); i++) {
    printf("  %s\n", key);
    put_wrapped(why, 6);
  }
}

// Orders that nobody can fill by their dates: no mistake of the file, but worth knowing before anything is built on it.
static void put_orders(const clx_scenario *scenario) {
  clx_error error;
  clx_error_clear(&error);
  if (clx_order_check(scenario, &error) != CLX_INFEASIBLE) return;
  for (int32_t i = 0; i < error.count; i++) {
    char text[1024];
    snprintf(text, sizeof text, "even without chance, %s", error.mistake[i].text);
    put_wrapped(text, 2);
  }
}

static int describe(const cli_call *call, const clx_scenario *scenario, const clx_result *result) {
  clx_error error;
  clx_error_clear(&error);
  char *report = NULL;
  if (clx_result_text(result, false, &report, &error) != CLX_OK) return cli_fail(&error);
  report[strcspn(report, "\n")] = '\0';  // the title
  printf("%s: ok\n", call->argument[0]);
  put_wrapped(report, 2);
  clx_text_free(report);
  put_count(result, "machine.gpus", "  ", "GPUs");
  put_count(result, "machine.servers", ", ", "servers");
  put_count(result, "machine.racks", ", ", "racks");
  put_count(result, "machine.switches", ", ", "switches");
  put_count(result, "machine.gpus_used", "; the job uses ", "GPUs");
  fputc('\n', stdout);
  put_orders(scenario);
  put_assumptions(call, scenario);
  return CLI_DONE;
}

static int check(const cli_call *call) {
  cli_settings settings = {0};
  clx_catalog *catalog = NULL;
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  int code = cli_settings_read(call, &settings);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE) code = cli_load(catalog, call->argument[0], &settings, &scenario);
  if (code == CLI_DONE) code = cli_solve(call, scenario, &result);
  if (code == CLI_DONE) code = describe(call, scenario, result);
  clx_result_free(result);
  clx_scenario_free(scenario);
  clx_catalog_close(catalog);
  cli_settings_free(&settings);
  return code;
}

static const cli_option OPTIONS[] = {
    {.name = "assumptions", .doc = "list every assumed key and why it was assumed"},
    CLI_OPTION_SET,
};

const cli_command cli_check_command = {
    .name = "check",
    .summary = "check a scenario and list what it assumes",
    .text =
        "Checks every key, unit and name of a scenario and whether its job fits its machine, and says in a\n"
        "few lines what it is. All mistakes of a file are reported at once, as FILE:LINE:COLUMN: MESSAGE.",
    .examples = {"colossus check my.yaml", "colossus check colossus-1 --assumptions"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = check,
};
