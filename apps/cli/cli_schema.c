// colossus schema: the reference of every key.
#include "cli.h"

static int schema(const cli_call *call) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  const char *part = call->argument_count > 0 ? call->argument[0] : NULL;
  if (clx_schema_show(part, cli_flag(call, "json"), &text, &error) != CLX_OK) return cli_fail(&error);
  cli_put(text);
  clx_text_free(text);
  return CLI_DONE;
}

static const cli_option OPTIONS[] = {{.name = "json", .doc = "JSON Schema, for editors that complete and check"}};

const cli_command cli_schema_command = {
    .name = "schema",
    .summary = "explain every key of a scenario or a catalogue entry",
    .text =
        "Prints every key with its unit, range, default and meaning: of a scenario, of a part\n"
        "(serving, requests, simulate-requests, schedule), or of a kind of catalogue entry (device, server, ...).",
    .examples = {"colossus schema", "colossus schema device", "colossus schema --json > scenario.schema.json"},
    .argument = {{.name = "PART", .kind = CLI_KIND, .optional = true}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = schema,
};
