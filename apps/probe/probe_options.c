// The command line of colossus-probe. `colossus probe` has parsed it before and hands on what it understood.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

const char *const probe_layout_name[] = {"forward", "data", "weight", NULL};

void probe_help(FILE *out) {
  fputs(
      "colossus-probe: measures this machine into tables that colossus calibrate reads\n"
      "\n"
      "Usage: colossus-probe [gemm|memory|collectives|all] [options]\n"
      "       mpirun -n N colossus-probe collectives [options]\n"
      "\n"
      "  -o DIR           folder of the catalogue to write: DIR/device/NAME.yaml, DIR/sources.yaml, "
      "DIR/NAME.*.csv\n"
      "                   (default: probe)\n"
      "  --name NAME      of the device, [a-z0-9_] (default: the host's name, or the GPU's)\n"
      "  --threads N      threads to use (default: all)\n"
      "  --quick          few shapes and sizes, seconds instead of minutes\n"
      "  --seconds S      budget (default: gemm 120, memory 20, collectives 30; all: memory takes a sixth of it)\n"
      "  --shapes N       at most N shapes in a GEMM table\n"
      "  --layout LAYOUT  of the operands: forward (default), data or weight, the gradients of a linear layer\n"
      "  --cuda           measure the GPU with cuBLASLt and NCCL\n"
      "  --power          with --cuda: run each shape for at least 1 s and add a column power_w\n"
      "  --sustain S      with --cuda: also loop large products for S seconds each\n"
      "  --json           the summary as JSON\n"
      "\n"
      "Exit codes: 0 done, 2 wrong input, 4 a fault\n",
      out);
}

void probe_name_from(const char *text, char *name, size_t size) {
  size_t length = 0;
  for (const char *p = text; *p != '\0' && length + 1 < size; p++) {
    const char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      name[length++] = c;
    } else if (length > 0 && name[length - 1] != '_') {
      name[length++] = '_';
    }
  }
  while (length > 0 && name[length - 1] == '_') length--;
  name[length] = '\0';
}

// --- values ----------------------------------------------------------------------------------------------------------

static int read_number(const char *option, const char *text, double low, double high, bool whole, double *value) {
  errno = 0;
  char *end = NULL;
  const bool digit = (text[0] >= '0' && text[0] <= '9') || text[0] == '.';
  const double number = digit ? strtod(text, &end) : 0;
  const bool fits = digit && *end == '\0' && errno == 0 && number >= low && number <= high &&
                    strpbrk(text, "xXpPnN") == NULL && (!whole || number == (double)(int64_t)number);
  if (!fits) {
    return probe_wrong("'%s' takes a %snumber from %g to %g, read '%s'", option, whole ? "whole " : "", low, high,
                       text);
  }
  *value = number;
  return PROBE_DONE;
}

static int read_name(const char *text, const char **name) {
  const size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
  if (length == 0 || text[length] != '\0' || length > 60) {
    return probe_wrong("'--name' takes up to 60 of a to z, 0 to 9 and _, read '%s'", text);
  }
  *name = text;
  return PROBE_DONE;
}

static int read_layout(const char *text, probe_layout *layout) {
  for (int32_t i = 0; probe_layout_name[i] != NULL; i++) {
    if (strcmp(probe_layout_name[i], text) != 0) continue;
    *layout = (probe_layout)i;
    return PROBE_DONE;
  }
  return probe_wrong("'--layout' takes forward, data or weight, read '%s'", text);
}

static int read_value(const char *option, const char *value, probe_options *options) {
  double number = 0;
  int code = PROBE_DONE;
  if (strcmp(option, "-o") == 0 || strcmp(option, "--output") == 0) {
    options->folder = value;
    return value[0] != '\0' ? PROBE_DONE : probe_wrong("'-o' takes a folder, read ''");
  }
  if (strcmp(option, "--name") == 0) return read_name(value, &options->name);
  if (strcmp(option, "--layout") == 0) return read_layout(value, &options->layout);
  if (strcmp(option, "--threads") == 0) {
    code = read_number(option, value, 1, 1024, true, &number);
    options->threads = (int32_t)number;
  } else if (strcmp(option, "--shapes") == 0) {
    code = read_number(option, value, 1, 100000, true, &number);
    options->shapes = (int32_t)number;
  } else if (strcmp(option, "--seconds") == 0) {
    code = read_number(option, value, 0.1, 86400, false, &options->seconds);
  } else {
    code = read_number(option, value, 0.1, 3600, false, &options->sustain);
  }
  return code;
}

static bool takes_value(const char *word) {
  static const char *const valued[] = {"-o",        "--output", "--name",    "--layout",
                                       "--threads", "--shapes", "--seconds", "--sustain"};
  for (int32_t i = 0; i < PROBE_COUNT(valued); i++) {
    if (strcmp(word, valued[i]) == 0) return true;
  }
  return false;
}

static int read_flag(const char *word, probe_options *options) {
  const struct {
    const char *name;
    bool *flag;
  } flags[] = {{"--quick", &options->quick}, {"--json", &options->json}, {"--cuda", &options->cuda},
               {"--power", &options->power}, {"--help", &options->help}, {"-h", &options->help}};
  for (int32_t i = 0; i < PROBE_COUNT(flags); i++) {
    if (strcmp(word, flags[i].name) != 0) continue;
    *flags[i].flag = true;
    return PROBE_DONE;
  }
  return probe_wrong("no option '%s': 'colossus probe --help' lists them", word);
}

static int read_target(const char *word, probe_options *options) {
  if (options->gemm || options->memory || options->collectives) {
    return probe_wrong("'%s' is one argument too many: one of gemm, memory, collectives, all", word);
  }
  options->all = strcmp(word, "all") == 0;
  options->gemm = options->all || strcmp(word, "gemm") == 0;
  options->memory = options->all || strcmp(word, "memory") == 0;
  options->collectives = options->all || strcmp(word, "collectives") == 0;
  if (options->gemm || options->memory || options->collectives) return PROBE_DONE;
  return probe_wrong("'%s' cannot be measured: one of gemm, memory, collectives, all", word);
}

static int check(const probe_options *options) {
  if (options->help || options->cuda || probe_is_cuda) return PROBE_DONE;
  if (options->power || options->sustain > 0) return probe_wrong("'--power' and '--sustain' go with '--cuda'");
  return PROBE_DONE;
}

int probe_options_read(int count, char **words, probe_options *options) {
  *options = (probe_options){.folder = "probe"};
  int code = PROBE_DONE;
  for (int i = 1; i < count && code == PROBE_DONE; i++) {
    char *word = words[i];
    if (word[0] != '-') {
      code = read_target(word, options);
      continue;
    }
    char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    if (equals != NULL) *equals = '\0';
    if (!takes_value(word)) {
      code = equals == NULL ? read_flag(word, options) : probe_wrong("'%s' takes no value, or is no option", word);
    } else if (equals != NULL) {
      code = read_value(word, equals + 1, options);
      *equals = '=';  // the words may be handed on
    } else if (i + 1 == count) {
      code = probe_wrong("'%s' needs a value", word);
    } else {
      code = read_value(word, words[i + 1], options);
      i++;
    }
  }
  if (code == PROBE_DONE && !options->gemm && !options->memory && !options->collectives) {
    code = read_target("all", options);
  }
  return code == PROBE_DONE ? check(options) : code;
}
