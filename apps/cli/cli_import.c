// colossus import: files of others.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// The name of an entry from that of a file: its last part without ending, in small letters, others as '_'.
static char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  char *name = cli_copy(slash != NULL ? slash + 1 : path);
  if (name == NULL) return NULL;
  char *dot = strrchr(name, '.');
  if (dot != NULL && dot != name) *dot = '\0';
  for (char *c = name; *c != '\0'; c++)
    *c = isalnum((unsigned char)*c) && (unsigned char)*c < 128 ? (char)tolower((unsigned char)*c) : '_';
  return name;
}

static int import_topology(const cli_call *call) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL, *entry = NULL;
  const char *given = cli_text(call, "name"), *path = cli_text(call, "output");
  if (given != NULL && path == NULL)
    return cli_wrong("'--name' names the entry that '--output' writes: give a file, too");
  char *name = name_of(given != NULL ? given : path != NULL ? path : call->argument[0]);
  if (name == NULL) return cli_no_memory();
  int code = CLI_DONE;
  if (clx_nccl_topology_import(call->argument[0], name, cli_flag(call, "json"), &text, &entry, &error) != CLX_OK) {
    code = cli_fail(&error);
  } else {
    if (path != NULL) code = cli_write_file(path, entry);
    if (code == CLI_DONE) cli_put(text);
  }
  clx_text_free(text);
  clx_text_free(entry);
  free(name);
  return code;
}

static const cli_option OPTIONS[] = {
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "write a catalogue entry there (DIR/server/NAME.yaml of a catalogue)"},
    {.name = "name", .value = "NAME", .kind = CLI_TEXT, .doc = "name of the entry (default: from the file's name)"},
    {.name = "json", .doc = "every number as JSON, in SI units"},
};

const cli_command cli_import_topology_command = {
    .name = "import nccl-topology",
    .summary = "read a server's topology from NCCL's XML",
    .text =
        "Reads the XML that NCCL writes with NCCL_TOPO_DUMP_FILE=topo.xml and describes the server: GPUs with\n"
        "NVLink and PCIe rates as NCCL counts them, NICs with the nearest GPU, rails and planes. --output writes\n"
        "an entry of catalogue/server; lines that the file cannot fill (power, cooling) stay open in it, and\n"
        "colossus asks for them until you fill them in.",
    .examples = {"colossus import nccl-topology topo.xml",
                 "colossus import nccl-topology topo.xml -o mine/server/my_server.yaml"},
    .argument = {{.name = "FILE", .kind = CLI_FILE_PATH}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = import_topology,
};

// --- Chakra -----------------------------------------------------------------------------------------------------------------

static int import_chakra(const cli_call *call) {
  clx_error error;
  clx_error_clear(&error);
  char *text = NULL;
  if (clx_chakra_import(call->argument[0], cli_text(call, "groups"), cli_flag(call, "report"), cli_flag(call, "json"),
                        &text, &error) != CLX_OK)
    return cli_fail(&error);
  cli_put(text);
  clx_text_free(text);
  return CLI_DONE;
}

static const cli_option CHAKRA_OPTIONS[] = {
    {.name = "report", .doc = "also attributes, and what is not used, dropped or added"},
    {.name = "groups",
     .value = "FILE",
     .kind = CLI_FILE_PATH,
     .doc = "groups of ranks (default: comm_group.json beside the traces)"},
    {.name = "json", .doc = "everything as JSON"},
};

const cli_command cli_import_chakra_command = {
    .name = "import chakra",
    .summary = "read Chakra execution traces and say what is in them",
    .text =
        "Reads the execution traces PREFIX.0.et, PREFIX.1.et ... of all ranks (MLCommons Chakra 0.0.4, plain or\n"
        "gzip, as ASTRA-sim's tools and PyTorch's converter write them), checks them, and counts nodes by type;\n"
        "--report adds attributes and what a replay does not use, drops or adds. colossus replay plays them.",
    .examples = {"colossus import chakra traces/gpt --report", "colossus import chakra traces/gpt --json"},
    .argument = {{.name = "PREFIX", .kind = CLI_FILE_PATH}},
    .options = CHAKRA_OPTIONS,
    .option_count = CLI_COUNT(CHAKRA_OPTIONS),
    .run = import_chakra,
};
