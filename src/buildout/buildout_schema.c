// The rows of a buildout.
#include "buildout/buildout.h"

const char *const clx_buildout_cause_name[CLX_BUILDOUT_CAUSES + 2] = {
    "room", "power", "cooling", "network", "delivery", "install", "bring_up", "done", NULL};
const char *const clx_buildout_event_kind_name[CLX_BUILDOUT_EVENT_KINDS + 1] = {"work", "deliveries", "capacity",
                                                                                "install", NULL};
const char *const clx_buildout_kind_name[CLX_BUILDOUT_KINDS + 1] = {
    "work",       "factor",          "event",   "step",   "other_section", "lot",
    "deliveries", "installers_rate", "burn_in", "repair", "arrival",       NULL};

#define YEARS(n) ((n)*365.25 * 86400)
#define GPUS_MAX 1e8
#define WATTS_MAX 1e12
#define TIME_MAX YEARS(20)

// A default outside of the range means: not stated.
#define REAL(name, member, unit_text, start, low, high, text)                                                \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                         \
  }
#define NEEDED(name, member, unit_text, low, high, text)                                                   \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .required = true, \
    .minimum = (low), .maximum = (high), .doc = text                                                       \
  }
#define TEXT(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .doc = text }
#define TEXT_NEEDED(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .required = true, .doc = text }
#define TEXTS(name, member, text)                                                                                   \
  {                                                                                                                 \
    .key = name, .kind = CLX_ROW_TEXTS, .offset = offsetof(F, member), .count_offset = offsetof(F, member##_count), \
    .single = true, .doc = text                                                                                     \
  }
#define LIST(name, member, schema, text)                                                                           \
  {                                                                                                                \
    .key = name, .kind = CLX_ROW_LIST, .offset = offsetof(F, member), .count_offset = offsetof(F, member##_count), \
    .sub = &(schema), .doc = text                                                                                  \
  }
#define STRUCT(name, member, schema, text) \
  { .key = name, .kind = CLX_ROW_STRUCT, .offset = offsetof(F, member), .sub = &(schema), .doc = text }
#define PLACED(schema, title, text, table)                     \
  static const clx_schema schema = {.name = title,             \
                                    .doc = text,               \
                                    .rows = table,             \
                                    .count = CLX_COUNT(table), \
                                    .size = sizeof(F),         \
                                    .place_offset = offsetof(F, place)}

#define F clx_buildout_gives
static const clx_row gives_rows[] = {
    REAL("room", room, "GPU", 0, 0, GPUS_MAX, "positions in halls"),
    REAL("power", power, "W", 0, 0, WATTS_MAX, "at the site"),
    REAL("cooling", cooling, "W", 0, 0, WATTS_MAX, "of heat"),
    REAL("network", network, "GPU", 0, 0, GPUS_MAX, "connected"),
};
static const clx_schema gives_schema = {.name = "gives",
                                        .doc = "what a machine needs",
                                        .rows = gives_rows,
                                        .count = CLX_COUNT(gives_rows),
                                        .size = sizeof(F)};
#undef F

#define F clx_buildout_use
static const clx_row use_rows[] = {
    TEXT_NEEDED("of", of, "one of crews (held while the work runs) or of stocks (used up at its start)"),
    NEEDED("count", count, NULL, 1, 1e6, "how many, whole"),
};
PLACED(use_schema, "use", "what a work needs of a crew or stock", use_rows);
#undef F

#define DURATION_ROWS                                                            \
  REAL("duration", duration, "s", -1, 0, TIME_MAX,                               \
       "working time, a day is 24 hours of it: half of such works take longer"), \
      REAL("low", low, "s", -1, 0, TIME_MAX, "one in ten is shorter"),           \
      REAL("high", high, "s", -1, 0, TIME_MAX, "one in ten is longer")

#define F clx_buildout_way
static const clx_row way_rows[] = {
    DURATION_ROWS,
    LIST("uses", use, use_schema, "crews and stocks"),
};
PLACED(way_schema, "mode", "one way to do a work", way_rows);
#undef F

#define F clx_buildout_work
static const clx_row work_rows[] = {
    TEXT_NEEDED("name", name, "short name"),
    DURATION_ROWS,
    LIST("uses", use, use_schema, "crews and stocks"),
    LIST("modes", mode, way_schema, "ways to do it, instead of duration and uses: the plan chooses"),
    TEXTS("after", after,
          "works before it: NAME, or NAME with FS, SS, FF or SF (finish or start of it to start or finish of this) and "
          "a lag, "
          "as \"permit SS+2 days\"; \", at most 5 days\" bounds it"),
    TEXT("from", from, "date before which it does not start"),
    TEXT("by", by, "date by which it must be done"),
    TEXT("phase", phase, "of the build, for the report"),
    TEXT("calendar", calendar, "one of calendars: when it is worked on"),
    TEXT("factor", factor, "one of factors: what it has in common with others"),
    STRUCT("gives", gives, gives_schema, "what there is when it is done"),
};
PLACED(work_schema, "work", "a work of the build", work_rows);
#undef F

#define F clx_buildout_level
static const clx_row level_rows[] = {
    TEXT_NEEDED("from", from, "date"),
    NEEDED("count", count, NULL, 0, 1e6, "from then on, whole"),
};
PLACED(level_schema, "step", "size of a crew from a date on", level_rows);
static const clx_row arrival_rows[] = {
    TEXT_NEEDED("at", from, "date"),
    NEEDED("count", count, NULL, 1, 1e6, "that arrive, whole"),
};
PLACED(arrival_schema, "arrival", "what comes on a date", arrival_rows);
#undef F

#define F clx_buildout_crew
static const clx_row crew_rows[] = {
    TEXT_NEEDED("name", name, "short name"),
    REAL("count", count, NULL, 0, 0, 1e6, "size, all the time; whole"),
    LIST("steps", step, level_schema, "size by date, instead"),
    TEXT("calendar", calendar, "one of calendars: when it is there"),
};
PLACED(crew_schema, "crew", "people or machines that works share", crew_rows);
#undef F

#define F clx_buildout_stock
static const clx_row stock_rows[] = {
    TEXT_NEEDED("name", name, "short name"),
    LIST("arrivals", arrival, arrival_schema, "what comes when"),
};
PLACED(stock_schema, "stock", "what is used up: transformers, chillers", stock_rows);
#undef F

#define F clx_buildout_span
static const clx_row span_rows[] = {
    TEXT_NEEDED("from", from, "first day"),
    TEXT_NEEDED("until", until, "day after the last"),
};
PLACED(span_schema, "span", "days", span_rows);
#undef F

#define F clx_buildout_calendar
static const clx_row calendar_rows[] = {
    TEXT_NEEDED("name", name, "short name"),
    {.key = "days",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, days),
     .initial = 7,
     .minimum = 1,
     .maximum = 7,
     .doc = "of a week that are worked, from Monday on"},
    REAL("opens", opens, "s", 0, 0, 86400, "hour of the day, as 7 h"),
    REAL("closes", closes, "s", 86400, 0, 86400, "hour of the day"),
    LIST("off", off, span_schema, "no work then"),
    LIST("on", on, span_schema, "work around the clock then"),
};
PLACED(calendar_schema, "calendar", "when work is done", calendar_rows);
#undef F

#define F clx_buildout_factor
static const clx_row factor_rows[] = {
    TEXT_NEEDED("name", name, "short name: weather, permits"),
    NEEDED("low", low, NULL, 0.05, 1, "times the durations of its works: one in ten is below"),
    NEEDED("high", high, NULL, 1, 20, "one in ten is above; the middle is 1"),
};
PLACED(factor_schema, "factor", "what makes several works longer or shorter together", factor_rows);
#undef F

#define EARLY_LATE                                                                                       \
  REAL("early", early, "s", 0, 0, TIME_MAX, "by which it comes before its date: one in ten is earlier"), \
      REAL("late", late, "s", 0, 0, TIME_MAX, "by which it comes after its date: one in ten is later")

#define F clx_buildout_event
static const clx_row event_rows[] = {
    TEXT_NEEDED("name", name, "short name"),
    {.key = "on",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_buildout_event_kind_name,
     .doc = "what it hits: a work or all deliveries (delay), capacity (loses), installers (share)"},
    REAL("probability", probability, NULL, 1, 0, 1, "that it happens; without chance it does above 0.5"),
    TEXT("work", work, "on a work: which"),
    REAL("delay", delay, "s", 0, 0, TIME_MAX, "of a work or deliveries: the middle"),
    REAL("low", low, "s", -1, 0, TIME_MAX, "of the delay: one in ten is shorter"),
    REAL("high", high, "s", -1, 0, TIME_MAX, "one in ten is longer"),
    TEXT("at", at, "date, but for works"),
    EARLY_LATE,
    REAL("lasts", lasts, "s", 0, 0, TIME_MAX, "of capacity and installers; 0 = for good"),
    REAL("share", share, NULL, 0, 0, 10, "on installers: of their rate"),
    STRUCT("loses", loses, gives_schema, "on capacity: what is lost"),
};
PLACED(event_schema, "event", "something that happens or not", event_rows);
#undef F

#define F clx_buildout_step
static const clx_row gpu_step_rows[] = {
    TEXT_NEEDED("from", from, "date"),
    NEEDED("gpus", value, "GPU", 0, GPUS_MAX, "for how many there is enough from then on"),
    EARLY_LATE,
};
PLACED(gpu_step_schema, "step", "what there is from a date on", gpu_step_rows);
static const clx_row power_step_rows[] = {
    TEXT_NEEDED("from", from, "date"),
    NEEDED("power", value, "W", 0, WATTS_MAX, "at the site from then on"),
    EARLY_LATE,
};
PLACED(power_step_schema, "step", "what there is from a date on", power_step_rows);
static const clx_row heat_step_rows[] = {
    TEXT_NEEDED("from", from, "date"),
    NEEDED("heat", value, "W", 0, WATTS_MAX, "that can be cooled from then on"),
    EARLY_LATE,
};
PLACED(heat_step_schema, "step", "what there is from a date on", heat_step_rows);
#undef F

#define F clx_buildout_lot
static const clx_row lot_rows[] = {
    TEXT_NEEDED("from", from, "date"),
    TEXT("until", until, "evenly until then; default: all at once"),
    NEEDED("gpus", gpus, "GPU", 1, GPUS_MAX, "that come, beside all others"),
    EARLY_LATE,
};
PLACED(lot_schema, "lot", "GPUs that are delivered", lot_rows);
#undef F

#define F clx_buildout_shift
static const clx_row shift_rows[] = {
    TEXT_NEEDED("from", from, "date"),
    NEEDED("share", share, NULL, 0, 10, "of the rate from then on"),
};
PLACED(shift_schema, "step", "how many installers there are from a date on", shift_rows);
#undef F

#define F clx_buildout_installers
static const clx_row installers_rows[] = {
    REAL("rate", rate, "rack/s", 0, 0, 1, "racks put on the floor, as 53 racks/day; 0 = no limit"),
    REAL("low", low, "rack/s", -1, 0, 1, "one in ten is slower"),
    REAL("high", high, "rack/s", -1, 0, 1, "one in ten is faster"),
    TEXT("from", from, "first day; default: as soon as there is room"),
    TEXT("calendar", calendar, "one of calendars; the rate is that of working time"),
    LIST("steps", shift, shift_schema, "shares of the rate by date"),
};
PLACED(installers_schema, "install", "how fast racks are put on the floor", installers_rows);
#undef F

#define F clx_buildout_burn_in
static const clx_row burn_in_rows[] = {
    REAL("time", time, "s", 0, 0, TIME_MAX, "from power on to use: burn-in and bring-up"),
    REAL("low", low, "s", -1, 0, TIME_MAX, "one in ten is shorter"),
    REAL("high", high, "s", -1, 0, TIME_MAX, "one in ten is longer"),
    REAL("failed", failed, NULL, 0, 0, 0.5, "share of racks that fail in it, every time"),
    REAL("repair", repair, "s", 0, 0, TIME_MAX, "until a rack that failed starts again"),
    REAL("repair_low", repair_low, "s", -1, 0, TIME_MAX, "one in ten is shorter"),
    REAL("repair_high", repair_high, "s", -1, 0, TIME_MAX, "one in ten is longer"),
};
PLACED(burn_in_schema, "bring_up", "from power on to use", burn_in_rows);
#undef F

#define F clx_buildout_milestone
static const clx_row milestone_rows[] = {
    TEXT_NEEDED("name", name, "letters, digits, - and _"),
    REAL("supplied", supplied, "W", 0, 0, WATTS_MAX, "when there is so much power at the site"),
    REAL("drawn", drawn, "W", 0, 0, WATTS_MAX, "or: when the GPUs that can be used draw so much at full load"),
    REAL("gpus", gpus, "GPU", 0, 0, GPUS_MAX, "or: when so many can be used"),
};
PLACED(milestone_schema, "milestone", "something whose date is asked for", milestone_rows);
#undef F

#define F clx_buildout_spec
static const clx_row buildout_rows[] = {
    TEXT_NEEDED("start", start, "date of day 0"),
    REAL("horizon", horizon, "s", 730 * 86400.0, 86400, (CLX_BUILDOUT_DAYS_MAX - 1) * 86400.0, "of the series by day"),
    REAL("resolution", resolution, "s", 3600, 60, 7 * 86400.0, "of plans of the works under crews and calendars"),
    LIST("works", work, work_schema, "what must be done"),
    LIST("crews", crew, crew_schema, "who does it"),
    LIST("stocks", stock, stock_schema, "what is used up"),
    LIST("calendars", calendar, calendar_schema, "when"),
    LIST("factors", factor, factor_schema, "what several works have in common"),
    LIST("events", event, event_schema, "what may happen"),
    LIST("room", room, gpu_step_schema, "GPUs that halls hold, beside what works give"),
    LIST("power", power, power_step_schema, "at the site, beside what works give"),
    LIST("cooling", cooling, heat_step_schema, "heat that can be cooled, beside what works give"),
    LIST("network", network, gpu_step_schema, "GPUs connected, beside what works give"),
    LIST("deliveries", lot, lot_schema, "GPUs that come; none at all: deliveries are no limit"),
    STRUCT("install", install, installers_schema, "how fast racks are put on the floor"),
    STRUCT("bring_up", bring_up, burn_in_schema, "from power on to use"),
    REAL("wave", wave, "GPU", 0, 0, GPUS_MAX, "turned over in wholes of so many; 0 = each as it comes"),
    REAL("first", first, "GPU", 0, 0, GPUS_MAX, "with which training starts; 0 = all"),
    REAL("full", full, NULL, 1, 0.01, 1, "share of the fleet that is called full capacity"),
    LIST("milestones", milestone, milestone_schema, "of power or GPUs, whose dates are reported"),
    TEXTS("by", by, "dates for which GPUs and GPU-days are reported"),
};
const clx_schema clx_buildout_schema = {
    .name = "buildout",
    .doc = "when how many GPUs can be used: works, deliveries, installation, bring-up",
    .rows = buildout_rows,
    .count = CLX_COUNT(buildout_rows),
    .size = sizeof(F),
    .place_offset = offsetof(F, place)};
#undef F
