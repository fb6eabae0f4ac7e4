// colossus cooling: the plant of a site, its year, the minutes after a trip.
#include <stdlib.h>
#include <string.h>

#include "cli.h"

// --- what is asked -------------------------------------------------------------------------------------------------------

// degC that a supply may have, and outside air.
typedef struct range {
  double least, most;
} range;
static const range SUPPLY = {-50, 100}, OUTSIDE = {-60, 60};

// What points of the options refer to.
typedef struct request {
  clx_cooling_options options;
  clx_cooling_trip trip[CLX_COOLING_TRIPS_MAX];
  char *text[CLX_COOLING_TRIPS_MAX];  // the --trip of each, cut at its ':' and '@'
  double compare[CLX_COOLING_SUPPLIES_MAX];
} request;

// "36", "36 degC", "96.8 degF", "309.15 K": K of a temperature within the range; false when it is none.
static bool read_temperature(const char *text, range allowed, double *kelvin) {
  static const double ZERO = 273.15;
  static const struct {
    const char *name;
    double factor, offset;
  } units[] = {{"", 1, 273.15},
               {"degC", 1, 273.15},
               {"C", 1, 273.15},
               {"K", 1, 0},
               {"degF", 5.0 / 9.0, 459.67 * 5.0 / 9.0},
               {"F", 5.0 / 9.0, 459.67 * 5.0 / 9.0}};
  char *end = NULL;
  const double number = strtod(text, &end);
  const char *name = end + strspn(end, " ");
  for (int32_t i = 0; end != text && i < CLI_COUNT(units); i++) {
    const double value = number * units[i].factor + units[i].offset;
    if (strcmp(name, units[i].name) != 0) continue;
    if (!(value >= ZERO + allowed.least && value <= ZERO + allowed.most)) continue;
    *kelvin = value;
    return true;
  }
  return false;
}

// "60", "60s", "2 min": s from 0 to a day; false when it is none.
static bool read_time(const char *text, double *seconds) {
  static const double MOST = 86400;
  char *end = NULL;
  double value = strtod(text, &end);
  if ((end == text || *end != '\0') && !cli_duration(text, &value)) return false;
  if (!(value >= 0 && value <= MOST)) return false;
  *seconds = value;
  return true;
}

static bool is_kind(const char *text) {
  for (int32_t i = 0; clx_cooling_trip_name(i) != NULL; i++) {
    if (strcmp(clx_cooling_trip_name(i), text) == 0) return true;
  }
  return false;
}

static int wrong_kind(const char *given) {
  char names[128] = "";
  for (int32_t i = 0; clx_cooling_trip_name(i) != NULL; i++) {
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "", clx_cooling_trip_name(i));
  }
  return cli_wrong("'--trip %s' is none of: %s", given, names);
}

// What follows "load:": the share that the racks draw.
static int read_load(const char *text, const char *given, clx_cooling_trip *trip) {
  char *end = NULL;
  trip->count = text != NULL ? strtod(text, &end) : -1;
  if (text != NULL && end != text && *end == '%') trip->count /= 100, end++;
  if (text == NULL || end == text || *end != '\0' || !(trip->count >= 0 && trip->count <= 1))
    return cli_wrong("'--trip %s': expected the share of their load that the racks draw, 0 to 1, as in 'load:0.5@60s'",
                     given);
  return CLI_DONE;
}

// KIND[:NAME[:COUNT]][@TIME] into *trip, which then points into `text`; given: the same, uncut, for messages.
static int read_trip(char *text, const char *given, clx_cooling_trip *trip) {
  static const double MOST = 1e6;
  char *at = strrchr(text, '@'), *name = NULL, *count = NULL, *end = NULL;
  *trip = (clx_cooling_trip){.kind = text};
  if (at != NULL) *at++ = '\0';
  name = strchr(text, ':');
  if (name != NULL) *name++ = '\0';
  if (!is_kind(text)) return wrong_kind(given);
  if (at != NULL && !read_time(at, &trip->at))
    return cli_wrong("'--trip %s': '%s' is no time up to a day, such as '60s' or '2 min'", given, at);
  if (strcmp(text, "load") == 0) return read_load(name, given, trip);
  count = name != NULL ? strchr(name, ':') : NULL;
  if (count != NULL) *count++ = '\0';
  if (name != NULL && name[0] == '\0')
    return cli_wrong(
        "'--trip %s': the name of a loop or unit is missing behind ':' (without ':' it is the racks' loop "
        "or the first such unit)",
        given);
  trip->of = name;
  if (count == NULL) return CLI_DONE;
  trip->count = strtod(count, &end);
  if (end == count || *end != '\0' || !(trip->count >= 1 && trip->count <= MOST) ||
      trip->count > (double)(int64_t)trip->count)
    return cli_wrong("'--trip %s': '%s' is no number of pumps or units from 1 up", given, count);
  if (strcmp(text, "power") == 0 || strcmp(text, "restore") == 0)
    return cli_wrong("'--trip %s': %s takes no number: all of it stops or comes back", given, text);
  return CLI_DONE;
}

static int read_trips(const cli_call *call, request *r) {
  for (int32_t i = 0; i < call->given_count; i++) {
    if (strcmp(call->given[i]->name, "trip") != 0) continue;
    const int32_t at = r->options.trip_count;
    if (at == CLX_COOLING_TRIPS_MAX) return cli_wrong("more than %d times '--trip'", CLX_COOLING_TRIPS_MAX);
    r->text[at] = cli_copy(call->text[i]);
    if (r->text[at] == NULL) return cli_no_memory();
    r->options.trip_count++;
    const int code = read_trip(r->text[at], call->text[i], &r->trip[at]);
    if (code != CLI_DONE) return code;
  }
  if (r->options.trip_count > 0) r->options.trip = r->trip;
  return CLI_DONE;
}

// "W32,W40,W45", "32,40", as ASHRAE names classes of facility water.
static int read_compare(const char *text, request *r) {
  while (text != NULL && *text != '\0') {
    char one[32];
    const size_t length = strcspn(text, ",");
    snprintf(one, sizeof one, "%.*s", (int)length, text);
    if (r->options.compare_count == CLX_COOLING_SUPPLIES_MAX)
      return cli_wrong("'--compare' takes at most %d supply temperatures", CLX_COOLING_SUPPLIES_MAX);
    double *kelvin = &r->compare[r->options.compare_count];
    if (length >= sizeof one || !read_temperature(one + (one[0] == 'W' || one[0] == 'w' ? 1 : 0), SUPPLY, kelvin))
      return cli_wrong("'--compare' takes supply temperatures, such as W32,W40,W45, read '%s'", one);
    for (int32_t i = 0; i < r->options.compare_count; i++) {
      if (!(r->compare[i] < *kelvin || r->compare[i] > *kelvin)) return cli_wrong("'--compare' names %s twice", one);
    }
    r->options.compare_count++;
    text += length + (text[length] == ',' ? 1 : 0);
  }
  if (r->options.compare_count > 0) r->options.compare = r->compare;
  return CLI_DONE;
}

static int read_request(const cli_call *call, request *r) {
  clx_cooling_options_default(&r->options);
  if (!cli_seed(call, &r->options.seed)) return CLI_WRONG;
  if (!cli_threads(call, &r->options.threads)) return CLI_WRONG;
  r->options.year = cli_flag(call, "year");
  r->options.design = cli_flag(call, "design");
  const char *outside = cli_text(call, "outside");
  if (outside != NULL && !read_temperature(outside, OUTSIDE, &r->options.outside))
    return cli_wrong(
        "'--outside' takes a temperature from -60 to 60 degC, such as 36, '36 degC' or '97 degF', read '%s'", outside);
  const int code = read_trips(call, r);
  return code == CLI_DONE ? read_compare(cli_text(call, "compare"), r) : code;
}

static void free_request(request *r) {
  for (int32_t i = 0; i < CLX_COOLING_TRIPS_MAX; i++) free(r->text[i]);
}

static clx_status run(const clx_scenario *scenario, void *asked, cli_progress *seen, clx_result **result,
                      clx_error *error) {
  clx_cooling_options *options = asked;
  options->progress = cli_progress_show;
  options->context = seen;
  return clx_cooling_run(scenario, options, result, error);
}

// --- output ----------------------------------------------------------------------------------------------------------------

static const cli_part FILES[] = {{"report.txt", NULL},
                                 {"result.json", NULL},
                                 {"index.html", NULL},
                                 {"plant.svg", NULL},
                                 {"plant.csv", NULL},
                                 {"year.svg", "--year"},
                                 {"duration.svg", "--year"},
                                 {"year.csv", "--year"},
                                 {"trip.svg", "cooling.trip."},
                                 {"trip.csv", "cooling.trip."},
                                 {"compare.svg", "cooling.compare."},
                                 {"compare.csv", "cooling.compare."}};

static const cli_texts TEXTS = {.report = clx_cooling_text,
                                .page = clx_cooling_html,
                                .table = clx_cooling_csv,
                                .drawing = clx_cooling_svg,
                                .part = FILES,
                                .part_count = CLI_COUNT(FILES)};

// --- the command -------------------------------------------------------------------------------------------------------------

static const cli_study STUDY = {.run = run, .texts = &TEXTS};

static int cooling(const cli_call *call) {
  request asked = {0};
  int code = read_request(call, &asked);
  if (code == CLI_DONE) code = cli_study_run(call, &STUDY, &asked.options);
  free_request(&asked);
  return code;
}

static const cli_option OPTIONS[] = {
    CLI_OPTION_SET,
    {.name = "year", .doc = "also the hours of the year: carpets, duration curves, table"},
    {.name = "trip",
     .value = "KIND[:NAME[:COUNT]][@TIME]",
     .kind = CLI_TRIP,
     .repeated = true,
     .doc = "also the minutes after pump, cdu, chiller, unit or power stop, restore, or load:SHARE"},
    {.name = "outside",
     .value = "T",
     .kind = CLI_TEXT,
     .doc = "dry bulb at the trip, degC where no unit stands (default: the design day)"},
    {.name = "compare",
     .value = "W32,W40,W45",
     .kind = CLI_TEXT,
     .doc = "also the whole scenario at these supply temperatures"},
    {.name = "design", .doc = "also the smallest plant that holds the supply through the design day"},
    {.name = "seed", .value = "N", .kind = CLI_TEXT, .doc = "of failures (default 1)"},
    CLI_OPTION_THREADS,
    CLI_OPTION_EXPECT,
    CLI_OPTION_JSON,
    CLI_OPTION_OUTPUT("also write index.html, report.txt, result.json, drawings (.svg), tables (.csv)"),
};

const cli_command cli_cooling_command = {
    .name = "cooling",
    .summary = "study the cooling of a site: plant, year of weather, trips",
    .text =
        "Takes the heat of a scenario's racks through its plant (section `cooling`) to the outside air: the plant at\n"
        "the design day with temperatures, flows, units that run and what they draw; a year of weather with PUE,\n"
        "water, hours without compressors and hours above limits; chip temperatures, leakage, throttling and what\n"
        "they do to the clock and the step in the hottest hour.\n"
        "--trip shows the minutes after something stops: pump (of a loop), cdu, chiller, unit (of the plant, by\n"
        "name) or power (all that has no backup); restore brings it back, load:SHARE changes what the racks draw.\n"
        "Without NAME it is the racks' loop or the first such unit, without COUNT all of them, without @TIME at\n"
        "once; all boards are at their limit before. --compare runs the whole scenario at each supply temperature,\n"
        "from the plant, sized for it, to chips and the step of the job; --design finds the smallest plant for its\n"
        "own. A plant that cannot reject its heat is exit code 1 with the missing power and the hour. SCENARIO is a\n"
        "YAML file or a shipped name. Ctrl-C stops without output.",
    .examples = {"colossus cooling colossus-2", "colossus cooling colossus-2 --year -o results",
                 "colossus cooling colossus-2 --trip power@60s --trip restore@150s --outside 38 -o results",
                 "colossus cooling my.yaml --trip pump:racks:1    # one pump of each loop of racks",
                 "colossus cooling my.yaml --compare W32,W40,W45 -o results",
                 "colossus cooling my.yaml --design --expect 'cooling.pue<=1.1'"},
    .argument = {{.name = "SCENARIO", .kind = CLI_SCENARIO}},
    .options = OPTIONS,
    .option_count = CLI_COUNT(OPTIONS),
    .run = cooling,
};
