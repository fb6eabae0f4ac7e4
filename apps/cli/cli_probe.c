// colossus probe: starts colossus-probe, which is a program of its own so that no measured library is loaded here.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

// Beside this command in a build folder, in libexec once installed.
static const char *const PLACES[] = {"", "../libexec/colossus/"};

// The words for colossus-probe; freed with free, and so is each "--option".
static char **words_of(const cli_call *call) {
  char **words = calloc((size_t)(call->argument_count + 2 * call->given_count) + 2, sizeof *words);
  if (words == NULL) return NULL;
  int32_t count = 0;
  words[count++] = cli_copy("colossus-probe");
  for (int32_t i = 0; i < call->argument_count; i++) words[count++] = cli_copy(call->argument[i]);
  for (int32_t i = 0; i < call->given_count; i++) {
    char option[64];
    if (strcmp(call->given[i]->name, "no-color") == 0 || strcmp(call->given[i]->name, "catalogue") == 0) continue;
    snprintf(option, sizeof option, "--%s", call->given[i]->name);
    words[count++] = cli_copy(option);
    if (call->given[i]->value != NULL) words[count++] = cli_copy(call->text[i]);
  }
  for (int32_t i = 0; i < count; i++) {
    if (words[i] != NULL) continue;
    for (int32_t j = 0; j < count; j++) free(words[j]);
    free(words);
    return NULL;
  }
  return words;
}

static int probe(const cli_call *call) {
  char here[4096];
  const ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
  if (length <= 0) return cli_wrong("the folder of this command is not known: %s", strerror(errno));
  here[length] = '\0';
  *(strrchr(here, '/') + 1) = '\0';
  char **words = words_of(call);
  if (words == NULL) return cli_no_memory();
  int why = ENOENT;
  for (int32_t i = 0; i < CLI_COUNT(PLACES) && why == ENOENT; i++) {
    char path[sizeof here + 64];
    snprintf(path, sizeof path, "%s%scolossus-probe", here, PLACES[i]);
    execv(path, words);
    why = errno;
  }
  for (int32_t i = 0; words[i] != NULL; i++) free(words[i]);
  free(words);
  if (why != ENOENT) return cli_wrong("colossus-probe could not be started: %s", strerror(why));
  return cli_wrong(
      "colossus-probe is not here: it is built where OpenBLAS is found (libopenblas-dev, then build again)");
}

static const cli_option PROBE_OPTIONS[] = {
    CLI_OPTION_OUTPUT("catalogue to write (default: probe)"),
    {.name = "name", .value = "NAME", .doc = "of the device, [a-z0-9_] (default: the host's name, or the GPU's)"},
    {.name = "threads", .value = "N", .doc = "threads to use (default: all)"},
    {.name = "quick", .doc = "few shapes and sizes, seconds instead of minutes"},
    {.name = "seconds", .value = "S", .doc = "budget (default: gemm 120, memory 20, collectives 30)"},
    {.name = "shapes", .value = "N", .doc = "at most N shapes in the GEMM table"},
    {.name = "layout", .value = "LAYOUT", .doc = "forward (default), data or weight: the gradients of a linear layer"},
    {.name = "cuda", .doc = "measure the GPU with cuBLASLt and NCCL"},
    {.name = "power", .doc = "with --cuda: run each shape for 1 s and add a column power_w"},
    {.name = "sustain", .value = "S", .doc = "with --cuda: also loop large products for S seconds each"},
    {.name = "json", .doc = "the summary as JSON"},
};

const cli_command cli_probe_command = {
    .name = "probe",
    .summary = "measure this machine into tables for calibrate",
    .text =
        "Measures matrix products (OpenBLAS; cuBLASLt with --cuda), memory and, started by mpirun, collectives of the\n"
        "machine it runs on. Writes a catalogue: DIR/device/NAME.yaml, DIR/sources.yaml, DIR/NAME.*.csv.\n"
        "WHAT: gemm, memory, collectives or all (default).",
    .examples = {"colossus probe -o mine --name laptop", "mpirun -n 4 colossus probe collectives -o mine --name laptop",
                 "colossus --catalogue mine calibrate device laptop --kernels mine"},
    .argument = {{.name = "WHAT", .kind = CLI_TEXT, .optional = true}},
    .options = PROBE_OPTIONS,
    .option_count = CLI_COUNT(PROBE_OPTIONS),
    .run = probe,
};
