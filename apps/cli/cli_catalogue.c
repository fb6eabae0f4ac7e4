// colossus catalogue ls, colossus catalogue show, colossus scenarios: what is there by name.
#include <string.h>

#include "cli.h"

// The first line of an entry's page without the "(kind/name)" at its end: its title.
static int put_entry(const clx_catalog *catalog, const char *kind, const char *name, bool with_kind) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  if (clx_catalog_show(catalog, kind, name, false, &text, &error) != CLX_OK) return cli_fail(&error);
  static const char takes[] = "\ntakes: heat of ";  // of a plant's page
  char *heat = strstr(text, takes);
  if (heat != NULL) heat += strlen(takes);
  if (heat != NULL) heat[strcspn(heat, "\n")] = '\0';
  text[strcspn(text, "\n")] = '\0';
  char *end = strrchr(text, '(');
  if (end != NULL && end > text && end[-1] == ' ') end[-1] = '\0';
  if (with_kind) printf("%-10s ", kind);
  if (heat != NULL)
    printf("%-28s %-14s  %s\n", name, heat, text);
  else
    printf("%-28s %s\n", name, text);
  clx_text_free(text);
  return CLI_DONE;
}

static int put_kind(const clx_catalog *catalog, const char *kind, bool with_kind) {
  const char *name;
  int code = CLI_DONE;
  for (int32_t i = 0; code == CLI_DONE && (name = clx_catalog_name(catalog, kind, i)) != NULL; i++) {
    code = put_entry(catalog, kind, name, with_kind);
  }
  return code;
}

static const char *kind_name(const void *context, int32_t index) {
  (void)context;
  return clx_catalog_kind(index);
}

static int check_kind(const char *kind) {
  for (int32_t i = 0; clx_catalog_kind(i) != NULL; i++) {
    if (strcmp(clx_catalog_kind(i), kind) == 0) return CLI_DONE;
  }
  static const struct {
    const char *said, *kind, *what;
  } others[] = {{"pump", "mover", "pumps and fans"},
                {"fan", "mover", "pumps and fans"},
                {"cooler", "dry_cooler", "dry coolers"},
                {"cooling", "plant", "cooling plants"},
                {"weather", "climate", "typical years"}};
  for (size_t i = 0; i < CLI_COUNT(others); i++)
    if (strcmp(others[i].said, kind) == 0)
      return cli_wrong("the catalogue has no kind '%s'; did you mean '%s' (%s)?", kind, others[i].kind, others[i].what);
  const char *near = cli_nearest(kind, kind_name, NULL);
  if (near != NULL) return cli_wrong("the catalogue has no kind '%s'; did you mean '%s'?", kind, near);
  char list[256] = "";
  for (int32_t i = 0; clx_catalog_kind(i) != NULL; i++) {
    const size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", clx_catalog_kind(i));
  }
  return cli_wrong("the catalogue has no kind '%s'; it has %s", kind, list);
}

static int ls(const cli_call *call) {
  const char *kind = call->argument_count > 0 ? call->argument[0] : NULL;
  clx_catalog *catalog = NULL;
  int code = kind == NULL ? CLI_DONE : check_kind(kind);
  if (code == CLI_DONE) code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE && kind != NULL) code = put_kind(catalog, kind, false);
  for (int32_t i = 0; kind == NULL && code == CLI_DONE && clx_catalog_kind(i) != NULL; i++) {
    code = put_kind(catalog, clx_catalog_kind(i), true);
  }
  clx_catalog_close(catalog);
  return code;
}

const cli_command cli_catalogue_ls_command = {
    .name = "catalogue ls",
    .summary = "list devices, servers, racks, switches, links, models ...",
    .text = "Lists what the catalogue knows, by name and title: all kinds, or one.",
    .examples = {"colossus catalogue ls", "colossus catalogue ls device"},
    .argument = {{.name = "KIND", .kind = CLI_KIND, .optional = true}},
    .run = ls,
};

static int show(const cli_call *call) {
  const char *kind = call->argument_count > 1 ? call->argument[0] : NULL;
  const char *name = call->argument[call->argument_count - 1];
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  char *text = NULL;
  int code = cli_open_catalogue(call, &catalog);
  if (code == CLI_DONE && clx_catalog_show(catalog, kind, name, cli_flag(call, "json"), &text, &error) != CLX_OK)
    code = cli_fail(&error);
  if (code == CLI_DONE) cli_put(text);
  clx_text_free(text);
  clx_catalog_close(catalog);
  return code;
}

static const cli_option SHOW_OPTIONS[] = {{.name = "json", .doc = "the entry with its sources, as JSON"}};

const cli_command cli_catalogue_show_command = {
    .name = "catalogue show",
    .summary = "show one entry, every number with its source",
    .text =
        "Shows one entry of the catalogue by its name or an alias: every number, where it is from, and\n"
        "whether it was published, measured, fitted, estimated or assumed.",
    .examples = {"colossus catalogue show h100_sxm", "colossus catalogue show switch sn5600 --json"},
    .argument = {{.name = "KIND", .kind = CLI_KIND, .optional = true}, {.name = "NAME", .kind = CLI_ENTRY}},
    .options = SHOW_OPTIONS,
    .option_count = CLI_COUNT(SHOW_OPTIONS),
    .run = show,
};

static int scenarios(const cli_call *call) {
  (void)call;
  const char *name, *title;
  for (int32_t i = 0; (name = clx_scenario_name(i, &title)) != NULL; i++) printf("%-18s %s\n", name, title);
  return CLI_DONE;
}

const cli_command cli_scenarios_command = {
    .name = "scenarios",
    .summary = "list the shipped scenarios",
    .text = "Lists the scenarios shipped with colossus, each of which can be run by its name.",
    .examples = {"colossus scenarios"},
    .run = scenarios,
};
