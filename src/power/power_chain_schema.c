// The rows of catalogue/conversion and catalogue/chain, and of one level of a chain.
#include "power/power_chain.h"

const char *const clx_conversion_kind_name[CLX_CONVERSION_KINDS + 1] = {"psu", "shelf",       "busbar", "pdu",
                                                                        "ups", "transformer", "line",   NULL};
static const char *const PER[] = {"server", "rack", "level", "site", NULL};

#define WATTS_MAX 1e11
#define SECONDS_MAX 1e7

#define REAL(name, type, member, unit_text, start, low, high, text)                                             \
  {                                                                                                             \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(type, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                            \
  }
#define ENTRY(type)                                                                                            \
  {.key = "name",                                                                                              \
   .kind = CLX_ROW_TEXT,                                                                                       \
   .offset = offsetof(type, name),                                                                             \
   .required = true,                                                                                           \
   .doc = "canonical name, equal to the file name"},                                                           \
      {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(type, title), .doc = "one line for people"}, { \
    .key = "aliases", .kind = CLX_ROW_TEXTS, .offset = offsetof(type, aliases),                                \
    .count_offset = offsetof(type, alias_count), .doc = "other names; * stands for any characters"             \
  }

// --- conversion ----------------------------------------------------------------------------------------------------------

#define C clx_conversion
static const clx_row conversion_rows[] = {
    ENTRY(C),
    {.key = "type",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(C, kind),
     .choices = clx_conversion_kind_name,
     .required = true,
     .doc = "what it is"},
    REAL("rating", C, rating, "W", 0, 0, WATTS_MAX, "output of one unit; 0 = not limited"),
    REAL("fixed", C, fixed, "W", 0, 0, WATTS_MAX,
         "in = (out + fixed) / efficiency: loss that does not end without load"),
    REAL("efficiency", C, efficiency, NULL, 0, 0, 1,
         "share of what goes in that comes out, beside fixed and load_loss"),
    REAL("load_loss", C, load_loss, "W", 0, 0, WATTS_MAX, "loss at the rating that grows with the square of the load"),
    {.key = "load",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(C, load),
     .count_offset = offsetof(C, load_count),
     .minimum = 0,
     .maximum = 10,
     .doc = "shares of the rating at which `curve` holds, rising"},
    {.key = "curve",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(C, curve),
     .count_offset = offsetof(C, curve_count),
     .minimum = 0,
     .maximum = 1,
     .doc = "instead of efficiency: efficiency at each share of `load`; between them the loss is linear"},
    REAL("storage", C, storage, "J", 0, 0, 1e12, "energy of one unit that rides through (capacitors)"),
    REAL("peak", C, peak, NULL, 0, 0, 100, "share of the rating that it delivers for peak_time; 0 = not stated"),
    REAL("peak_time", C, peak_time, "s", 0, 0, SECONDS_MAX, "how long"),
    REAL("ride", C, ride, "s", 0, 0, SECONDS_MAX, "time at full load without input (hold-up, battery of a UPS)"),
    REAL("transfer", C, transfer, "s", 0, 0, SECONDS_MAX, "time in which it passes nothing when its input fails"),
};

const clx_schema clx_conversion_schema = {.name = "conversion",
                                          .doc = "a unit of power conversion or distribution",
                                          .rows = conversion_rows,
                                          .count = CLX_COUNT(conversion_rows),
                                          .size = sizeof(C)};
#undef C

// --- chain ---------------------------------------------------------------------------------------------------------------

#define L clx_chain_level_spec
static const clx_row level_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(L, name), .required = true, .doc = "name of the level"},
    {.key = "conversion",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(L, conversion),
     .doc = "equipment of the catalogue; none: it passes everything"},
    {.key = "own",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(L, own),
     .doc = "the supplies that the entry of the server (per: server) or of the rack (per: rack) names"},
    {.key = "per",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(L, per),
     .choices = PER,
     .required = true,
     .doc = "what a group of units serves: servers, racks, groups of the level before, the site"},
    REAL("share", L, share, NULL, 1, 1, 1e9, "how many of those one group serves"),
    REAL("carriers", L, carriers, NULL, 0, 0, 1e9,
         "units that carry the load of a group, without redundancy; 0 = as many as the planned load needs"),
    {.key = "redundancy",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(L, redundancy),
     .choices = clx_redundancy_name,
     .doc = "N, N+1 (one more unit in each group) or 2N; all units share the load"},
    REAL("derating", L, derating, NULL, 1, 0.01, 1, "share of the rating that may be used for long"),
    REAL("oversubscription", L, oversubscription, NULL, 1, 0.01, 100,
         "planned load over what the carriers may deliver: above 1 more is connected than can be carried at once"),
    REAL("static", L, static_load, "W", 0, 0, WATTS_MAX, "constant load beside, of each group, on the output side"),
};

const clx_schema clx_chain_level_schema = {.name = "level",
                                           .doc = "a level of the power chain",
                                           .rows = level_rows,
                                           .count = CLX_COUNT(level_rows),
                                           .size = sizeof(L),
                                           .place_offset = offsetof(L, place)};
#undef L

static const clx_row chain_rows[] = {
    ENTRY(clx_chain_spec),
    {.key = "levels",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(clx_chain_spec, level),
     .count_offset = offsetof(clx_chain_spec, level_count),
     .sub = &clx_chain_level_schema,
     .required = true,
     .doc = "levels from the load upwards"},
};

const clx_schema clx_chain_schema = {.name = "chain",
                                     .doc = "a power chain from the server to the point of connection",
                                     .rows = chain_rows,
                                     .count = CLX_COUNT(chain_rows),
                                     .size = sizeof(clx_chain_spec)};
