// colossus search: the best layouts of a scenario's training job.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

// --- progress --------------------------------------------------------------------------------------------------------

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

typedef struct progress {
  double start, last;
  bool shown;
} progress;

// On one line of a terminal, a few times a second, once it takes long enough to be read.
static void show_done(void *context, double done) {
  static const double PATIENCE = 0.3;  // s
  progress *p = context;
  const double time = now();
  if (time - p->start < PATIENCE || time - p->last < PATIENCE) return;
  fprintf(stderr, "\r\033[Ksearching, %.0f %% ...", 100 * done);
  fflush(stderr);
  p->shown = true;
  p->last = time;
}

static void show_rate(const clx_result *result, double seconds) {
  const clx_quantity *members = clx_result_find(result, "search.members");
  const clx_quantity *steps = clx_result_find(result, "search.steps");
  if (members == NULL || steps == NULL || members->value <= 0) return;
  fprintf(stderr, "%.3g layouts in %.2f s, %.2g ns each; %.0f steps simulated\n", members->value, seconds,
          1e9 * seconds / members->value, steps->value);
}

// --- options ---------------------------------------------------------------------------------------------------------

typedef struct request {
  clx_search_options options;
  int64_t gpus[CLX_SEARCH_COUNTS_MAX];
  clx_setting *fixed;
  char **copy;
  int32_t fixed_count;
} request;

static void request_free(request *r) {
  for (int32_t i = 0; i < r->fixed_count; i++) free(r->copy[i]);
  free(r->copy);
  free(r->fixed);
}

// A positive number followed by one of the characters of `ends`, or by the end of the text.
static const char *read_count(const char *text, const char *ends, int64_t *count) {
  char *end = NULL;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (end == text || errno != 0 || value < 1 || (*end != '\0' && strchr(ends, *end) == NULL)) return NULL;
  *count = value;
  return end;
}

static int wrong_counts(const char *text) {
  return cli_wrong(
      "'--gpus' takes a count, ascending counts such as 512,1024, or a range of doublings such as "
      "1024..16384 (at most %d), read '%s'",
      CLX_SEARCH_COUNTS_MAX, text);
}

static int read_gpus(const cli_call *call, request *r) {
  const char *text = cli_text(call, "gpus"), *at = text;
  int32_t count = 0;
  while (at != NULL) {
    int64_t value = 0, last = 0;
    at = read_count(at, ",.", &value);
    if (at == NULL || count == CLX_SEARCH_COUNTS_MAX) return wrong_counts(text);
    r->gpus[count++] = value;
    if (*at == '.') {
      if (at[1] != '.' || (at = read_count(at + 2, ",", &last)) == NULL || last < value) return wrong_counts(text);
      while (value <= last / 2 && count < CLX_SEARCH_COUNTS_MAX) r->gpus[count++] = value *= 2;
      if (value < last && count < CLX_SEARCH_COUNTS_MAX) r->gpus[count++] = last;
    }
    if (*at == '\0') break;
    if (*at != ',') return wrong_counts(text);
    at++;
  }
  for (int32_t i = 1; i < count; i++) {
    if (r->gpus[i] <= r->gpus[i - 1]) return wrong_counts(text);
  }
  r->options.gpus = count > 0 ? r->gpus : NULL;
  r->options.gpus_count = count;
  return CLI_DONE;
}

typedef struct unit {
  const char *name;
  double factor;
} unit;

// A positive number with one of `units` (up to a name NULL) behind it; false when it is none.
static bool read_positive(const char *text, const unit *units, double *value) {
  static const double MOST = 1e15;
  char *end = NULL;
  const double number = strtod(text, &end);
  const char *name = end + strspn(end, " ");
  for (int32_t i = 0; end != text && units[i].name != NULL; i++) {
    const double si = number * units[i].factor;
    if (strcmp(name, units[i].name) != 0 || !(si > 0 && si < MOST)) continue;
    *value = si;
    return true;
  }
  return false;
}

static int read_limits(const cli_call *call, request *r) {
  static const unit bytes[] = {{"B", 1}, {"GB", 1e9}, {"GiB", 1073741824.0}, {NULL, 0}};
  static const unit times[] = {{"s", 1}, {"ms", 1e-3}, {"min", 60}, {NULL, 0}};
  static const unit plain[] = {{"", 1}, {NULL, 0}};
  const char *memory = cli_text(call, "limit-memory"), *step = cli_text(call, "limit-step");
  const char *price = cli_text(call, "price");
  if (memory != NULL && !read_positive(memory, bytes, &r->options.memory_limit))
    return cli_wrong("'--limit-memory' takes the memory of one GPU such as '80 GB' or '74.5 GiB', read '%s'", memory);
  if (step != NULL && !read_positive(step, times, &r->options.time_limit))
    return cli_wrong("'--limit-step' takes the longest step such as '10 s', read '%s'", step);
  if (price != NULL && !read_positive(price, plain, &r->options.price))
    return cli_wrong("'--price' takes USD for an hour of one GPU such as 2.5, read '%s'", price);
  return CLI_DONE;
}

static int read_fixed(const cli_call *call, request *r) {
  r->fixed = calloc((size_t)call->given_count + 1, sizeof *r->fixed);
  r->copy = calloc((size_t)call->given_count + 1, sizeof *r->copy);
  if (r->fixed == NULL || r->copy == NULL) return cli_no_memory();
  for (int32_t i = 0; i < call->given_count; i++) {
    if (strcmp(call->given[i]->name, "fix") != 0) continue;
    const char *equals = strchr(call->text[i], '=');
    if (equals == NULL || equals == call->text[i] || strpbrk(call->text[i], "\r\n") != NULL)
      return cli_wrong("'--fix' takes KEY=VALUE of a layout, such as tp=8 or sharding=fsdp, read '%s'", call->text[i]);
    char *copy = cli_copy(call->text[i]);
    if (copy == NULL) return cli_no_memory();
    copy[equals - call->text[i]] = '\0';
    r->copy[r->fixed_count] = copy;
    r->fixed[r->fixed_count++] = (clx_setting){copy, copy + (equals - call->text[i]) + 1};
  }
  r->options.fixed = r->fixed;
  r->options.fixed_count = r->fixed_count;
  return CLI_DONE;
}

static bool of_goodput(const cli_call *call) {
  const char *objective = cli_text(call, "objective");
  return objective != NULL && strcmp(objective, "goodput") == 0;
}

// Layouts and policies are searched by other means.
static int check_options(const cli_call *call) {
  static const char *const layouts[] = {"price",     "gpus",       "limit-memory", "limit-step",
                                        "schedules", "exhaustive", "svg"};
  static const char *const policies[] = {"replications", "threads"};
  const bool goodput = of_goodput(call);
  const char *const *other = goodput ? layouts : policies;
  const int32_t count = goodput ? CLI_COUNT(layouts) : CLI_COUNT(policies);
  for (int32_t i = 0; i < call->given_count; i++) {
    for (int32_t k = 0; k < count; k++) {
      if (strcmp(call->given[i]->name, other[k]) != 0) continue;
      return cli_wrong("'--%s' says nothing to the objective %s", other[k],
                       goodput ? "goodput, which searches policies" : "of a layout: it is of the objective goodput");
    }
  }
  return CLI_DONE;
}

static int read_policy_options(const cli_call *call, request *r) {
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  uint64_t threads = online < 1 ? 1 : online > 1024 ? 1024 : (uint64_t)online, replications = 0;
  if (!cli_number(call, "threads", 1, 1024, &threads)) return CLI_WRONG;
  if (!cli_number(call, "replications", 2, 10000000, &replications)) return CLI_WRONG;
  r->options.threads = (int32_t)threads;
  r->options.replications = (int32_t)replications;
  return CLI_DONE;
}

static int read_request(const cli_call *call, request *r) {
  uint64_t top = 10;
  if (check_options(call) != CLI_DONE) return CLI_WRONG;
  clx_search_options_default(&r->options);
  r->options.objective = cli_text(call, "objective");
  r->options.schedules = cli_flag(call, "schedules");
  r->options.exhaustive = cli_flag(call, "exhaustive");
  if (!cli_number(call, "top", 1, CLX_SEARCH_LIST_MAX, &top)) return CLI_WRONG;
  if (!cli_seed(call, &r->options.seed)) return CLI_WRONG;
  r->options.top = (int32_t)top;
  int code = read_policy_options(call, r);
  if (code == CLI_DONE) code = read_gpus(call, r);
  if (code == CLI_DONE) code = read_limits(call, r);
  if (code == CLI_DONE) code = read_fixed(call, r);
  return code;
}

// --- output ----------------------------------------------------------------------------------------------------------

typedef struct texts {
  char *report, *plain, *json, *csv, *svg;
} texts;

static int make_texts(const cli_call *call, const clx_result *result, texts *t) {
  clx_error error;
  clx_error_clear(&error);
  const bool folder = cli_text(call, "output") != NULL;
  clx_status status = clx_search_text(result, cli_colour(call), &t->report, &error);
  if (status == CLX_OK) status = clx_result_json(result, &t->json, &error);
  if (status == CLX_OK) status = clx_search_csv(result, &t->csv, &error);
  if (status == CLX_OK && folder) status = clx_search_text(result, false, &t->plain, &error);
  const bool svg = (folder && !of_goodput(call)) || cli_text(call, "svg") != NULL;
  if (status == CLX_OK && svg) status = clx_search_svg(result, &t->svg, &error);
  return status == CLX_OK ? CLI_DONE : cli_fail(&error);
}

static void free_texts(texts *t) {
  clx_text_free(t->report);
  clx_text_free(t->plain);
  clx_text_free(t->json);
  clx_text_free(t->csv);
  clx_text_free(t->svg);
}

static int write_folder(const cli_call *call, const texts *t, const char *folder) {
  const cli_file files[] = {{"report.txt", t->plain},
                            {"search.json", t->json},
                            {"front.svg", t->svg},  // a search for policies draws nothing
                            {of_goodput(call) ? "policies.csv" : "layouts.csv", t->csv}};
  return cli_write_folder(folder, files, CLI_COUNT(files));
}

static int show(const cli_call *call, const clx_scenario *scenario, const clx_result *result, void *asked) {
  (void)scenario, (void)asked;
  texts t = {0};
  const char *folder = cli_text(call, "output"), *svg = cli_text(call, "svg");
  int code = make_texts(call, result, &t);
  if (code == CLI_DONE && folder != NULL) code = write_folder(call, &t, folder);
  if (code == CLI_DONE && svg != NULL) code = cli_write_file(svg, t.svg);
  if (code == CLI_DONE) cli_put(cli_flag(call, "json") ? t.json : cli_flag(call, "csv") ? t.csv : t.report);
  free_texts(&t);
  return code;
}

// --- the command -----------------------------------------------------------------------------------------------------

static int look(const cli_call *call, const clx_scenario *scenario, void *asked, clx_result **result) {
  (void)call;
  request *r = asked;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  progress seen = {.start = now()};
  if (terminal) {
    r->options.progress = show_done;
    r->options.context = &seen;
  }
  clx_error error;
  clx_error_clear(&error);
  const clx_status status = clx_search_run(scenario, &r->options, result, &error);
  if (seen.shown) fputs("\r\033[K", stderr);
  if (status != CLX_OK) return cli_fail(&error);
  if (terminal) show_rate(*result, now() - seen.start);
  return CLI_DONE;
}

static const cli_study STUDY = {.open = true, .solve = look, .show = show};

static int search(const cli_call *call) {
  request r = {0};
  int code = CLI_DONE;
  if (cli_flag(call, "json") && cli_flag(call, "csv"))
    code = cli_wrong("'--json' and '--csv' both ask for stdout: give one of them, or -o for both");
  if (code == CLI_DONE) code = read_request(call, &r);
  if (code == CLI_DONE) code = cli_study_run(call, &STUDY, &r);
  request_free(&r);
  return code;
}

static const cli_option OPTIONS[] = {
    {.name = "objective",
     .value = "NAME",
     .kind = CLI_OBJECTIVE,
     .doc = "made small, of one step: time (default), cost, energy; or goodput, made large"},
    {.name = "price", .value = "USD", .kind = CLI_TEXT, .doc = "of an hour of one GPU, for the objective cost"},
    {.name = "gpus",
     .value = "N",
     .kind = CLI_TEXT,
     .doc = "most GPUs to use: a count, counts 512,1024, or doublings 1024..16384"},
    {.name = "limit-memory", .value = "'80 GB'", .kind = CLI_TEXT, .doc = "of one GPU, instead of what it has"},
    {.name = "limit-step", .value = "'10 s'", .kind = CLI_TEXT, .doc = "slower steps are no results"},
    {.name = "fix",
     .value = "KEY=VALUE",
     .kind = CLI_TEXT,
     .repeated = true,
     .doc = "a key that is not searched, such as tp=8; of goodput: policy.kind, checkpoint.mode"},
    {.name = "schedules", .doc = "also pipeline schedules that few frameworks have: zb_h1, zb_v, dualpipe"},
    {.name = "top", .value = "N", .kind = CLI_TEXT, .doc = "layouts to list (default 10)"},
    {.name = "exhaustive", .doc = "simulate all that fits instead of using bounds: the same result, slower"},
    {.name = "replications", .value = "N", .kind = CLI_TEXT, .doc = "of goodput: runs of each of the best"},
    {.name = "threads", .value = "N", .kind = CLI_TEXT, .doc = "of goodput: default all processors; changes no result"},
    CLI_OPTION_SET,
    CLI_OPTION_EXPECT,
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of slow ranks and failures, as of a run (default 1)"},
    CLI_OPTION_JSON,
    {.name = "csv", .doc = "the list and the front as CSV"},
    {.name = "svg", .value = "FILE", .kind = CLI_FILE_PATH, .doc = "also draw memory against time into FILE"},
    CLI_OPTION_OUTPUT("also write report.txt, search.json, front.svg, layouts.csv (policies.csv)"),
};

const cli_command cli_search_command = {
    .name = "search",
    .summary = "find the best layouts of a scenario's training job",
    .text =
        "Tries every layout of a documented space (tensor, context, expert, pipeline and data parallelism,\n"
        "chunks, micro-batch, sequence parallelism, recompute and its share, sharding and its groups) that the\n"
        "model, the batch, the memory and the NVLink domains allow, rules out by a lower bound what cannot win,\n"
        "and simulates the rest. Lists the best layouts, what no other beats in memory and time, and how many\n"
        "cannot run for which reason. The layout of SCENARIO is no bound; it is compared with the best.\n"
        "Of a mixed fleet the faster parts alone are tried, too. The objective energy takes some fifty times as long\n"
        "as time, because a bound of the step says little about it: --fix keys that are known.\n"
        "The objective goodput keeps the layout and searches what the section reliability says: policy (restart,\n"
        "elastic, masked, redundant), checkpoints (sync, async, memory), intervals, hot spares (none, those that a\n"
        "day takes, twice as many) and replicas held back as spares; by a closed form first, then by simulation on\n"
        "the same failures. It lists the best and what to --set to get the first.",
    .examples = {"colossus search colossus-1",
                 "colossus search my.yaml --objective cost --price 2.5 --limit-step '10 s'",
                 "colossus search my.yaml --fix tp=8 --fix recompute=none --limit-memory '70 GB' --svg front.svg",
                 "colossus search my.yaml --objective goodput -o results"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = search,
};
