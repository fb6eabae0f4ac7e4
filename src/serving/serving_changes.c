// The rows of `serving.start`, `serving.outages` and `serving.autoscale`.
#include "serving/serving_changes.h"

const char *const clx_outage_fate_name[CLX_OUTAGE_FATES + 1] = {"retry", "lost", NULL};

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
#define WHOLE(name, member, start, low, high, text)                                                        \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_INT, .offset = offsetof(F, member), .initial = (start), .minimum = (low), \
    .maximum = (high), .doc = text                                                                         \
  }
#define YES(name, member, start, text) \
  { .key = name, .kind = CLX_ROW_BOOL, .offset = offsetof(F, member), .initial = (start), .doc = text }
#define TEXT(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .doc = text }
#define CHOICE(name, member, names, text) \
  { .key = name, .kind = CLX_ROW_CHOICE, .offset = offsetof(F, member), .choices = (names), .doc = text }
#define SCHEMA(title, text, table)                                                           \
  {                                                                                          \
    .name = title, .doc = text, .rows = table, .count = CLX_COUNT(table), .size = sizeof(F), \
    .place_offset = offsetof(F, place)                                                       \
  }

#define F clx_serve_start_spec
static const clx_row start_rows[] = {
    REAL("boot", boot, "s", 60, 0, 1e6, "container, engine, captured graphs: all but the weights; 60 s are assumed"),
    REAL("bandwidth", bandwidth, "B/s", 0, 0, 1e15, "at which weights come into one server from where they are stored"),
};
const clx_schema clx_serve_start_schema = SCHEMA("start", "how long a replica takes to start", start_rows);
#undef F

#define F clx_serve_outage_spec
static const clx_row outage_rows[] = {
    TEXT("pool", pool, "its name; not needed for one alone"),
    WHOLE("replica", replica, 0, 0, 1000000, "which of the pool, from 0"),
    NEEDED("at", at, "s", 0, 1e9, "goes down"),
    NEEDED("for", time, "s", 1e-3, 1e9, "until it serves again, with an empty cache"),
};
static const clx_schema outage_schema = SCHEMA("outage", "a replica that is down for a while", outage_rows);
#undef F

#define F clx_serve_outages_spec
static const clx_row outages_rows[] = {
    {.key = "stated",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, stated),
     .count_offset = offsetof(F, stated_count),
     .sub = &outage_schema,
     .doc = "outages one by one"},
    YES("reliability", reliability, 0, "drawn from the failures of the section `reliability`"),
    REAL("mtbf", mtbf, "s", 0, 0, 1e12, "drawn with this mean time between failures of a replica; 0 = not"),
    REAL("repair", repair, "s", 0, 0, 1e9,
         "drawn, mean: until a server is there for a replica to start on; 0 = a spare stands ready"),
    CHOICE("requests", requests, clx_outage_fate_name,
           "of a replica that goes down: retry, on another with the tokens that they have; or lost"),
    REAL("notice", notice, "s", 0, 0, 1e6, "so long requests still go to a replica that is down, and wait there"),
};
const clx_schema clx_serve_outages_schema = SCHEMA("outages", "replicas that fail", outages_rows);
#undef F

#define F clx_serve_autoscale_spec
static const clx_row autoscale_rows[] = {
    TEXT("pool", pool, "its name; not needed for one alone. Its `replicas` are the most that serve"),
    WHOLE("least", least, 1, 1, 1000000, "replicas that always serve"),
    WHOLE("initial", initial, 0, 0, 1000000, "replicas that serve at first; 0 = least"),
    CHOICE("metric", metric, clx_scaling_metric_name,
           "what `target` is of: requests there, those in queues, share of the time busy, share of the blocks in use"),
    NEEDED("target", target, NULL, 1e-6, 1e6, "of the metric, for one replica: as many serve as metric / target"),
    REAL("tolerance", tolerance, NULL, 0.1, 0, 10, "share of the target within which nothing changes"),
    REAL("interval", interval, "s", 15, 1e-3, 1e6, "between two decisions"),
    REAL("calm", calm, "s", 300, 0, 1e6, "no fewer serve than were wanted at any decision so long before"),
};
const clx_schema clx_serve_autoscale_schema =
    SCHEMA("autoscale", "as many replicas of a pool as there is work for", autoscale_rows);
#undef F
