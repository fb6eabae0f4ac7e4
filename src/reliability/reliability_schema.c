// The rows of a catalogue/failures entry and of the section `reliability` of a scenario.
#include "reliability/reliability.h"

const char *const clx_failure_cause_name[CLX_CAUSES + 1] = {
    [CLX_CAUSE_GPU] = "gpu",           [CLX_CAUSE_MEMORY] = "memory",
    [CLX_CAUSE_HOST] = "host",         [CLX_CAUSE_NETWORK] = "network",
    [CLX_CAUSE_SOFTWARE] = "software", [CLX_CAUSE_DATA] = "data",
    [CLX_CAUSE_STORAGE] = "storage",   [CLX_CAUSE_POWER] = "power",
    [CLX_CAUSE_COOLING] = "cooling",   [CLX_CAUSE_MAINTENANCE] = "maintenance",
    [CLX_CAUSE_UNKNOWN] = "unknown",
};
const char *const clx_part_name[CLX_PARTS + 1] = {"gpu",   "server", "nic", "link", "leaf", "switch",
                                                  "optic", "rack",   "row", "site", NULL};
const char *const clx_blast_name[CLX_BLASTS + 1] = {"job", "server", "domain", "rack", "leaf", "row", "site", NULL};
const char *const clx_policy_name[CLX_POLICIES + 1] = {"restart", "elastic", "masked", "redundant", NULL};
const char *const clx_checkpoint_mode_name[CLX_CHECKPOINT_MODES + 1] = {"none", "sync", "async", "memory", NULL};
const char *const clx_interval_rule_name[CLX_INTERVAL_RULES + 1] = {"fixed", "young", "daly", "optimal", NULL};
const char *const clx_restart_mode_name[CLX_RESTART_MODES + 1] = {"requeue", "reschedule", "standby", NULL};

static const char *const CLOCK[] = {"wall", "running", NULL};
static const char *const RATES[] = {"posterior", "point", NULL};

#define TIME_MAX 1e10  // s, 317 years: longer than any part lives
#define RATE_MAX 1.0   // 1/s of one part

// A default outside of the range means: not stated.
#define REAL(name, type, member, unit_text, start, low, high, text)                                             \
  {                                                                                                             \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(type, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                            \
  }
#define CHOICE(name, type, member, words, start, text)                                                           \
  {                                                                                                              \
    .key = name, .kind = CLX_ROW_CHOICE, .offset = offsetof(type, member), .choices = words, .initial = (start), \
    .doc = text                                                                                                  \
  }
#define TRUTH(name, type, member, start, text) \
  { .key = name, .kind = CLX_ROW_BOOL, .offset = offsetof(type, member), .initial = (start), .doc = text }
#define WHOLE(name, kind_, type, member, start, low, high, text)                                        \
  {                                                                                                     \
    .key = name, .kind = kind_, .offset = offsetof(type, member), .initial = (start), .minimum = (low), \
    .maximum = (high), .doc = text                                                                      \
  }

// --- classes ---------------------------------------------------------------------------------------------------------------

#define F clx_failure_spec
static const clx_row class_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, name),
     .required = true,
     .doc = "short name; in a scenario, that of a class of the entry changes this class, another adds one"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "as the source calls it"},
    CHOICE("cause", F, cause, clx_failure_cause_name, -1, "group of root causes"),
    CHOICE("of", F, part, clx_part_name, -1, "part whose failures are counted: the rate is that of one such part"),
    CHOICE("blast", F, blast, clx_blast_name, -1,
           "what an event takes out together; job: nothing, the job starts again where it was"),
    REAL("events", F, events, NULL, -1, 0, 1e9, "events counted; the rate is events / exposure, with its uncertainty"),
    REAL("exposure", F, exposure, "s", -1, 1, 1e18, "service of the parts that were watched, all together"),
    REAL("rate", F, rate, "1/s", -1, 0, RATE_MAX, "instead of events and exposure: rate of one part, taken as exact"),
    REAL("shape", F, shape, NULL, -1, 0.1, 20, "Weibull shape of the life of a part; 1 = constant rate (default)"),
    REAL("infant", F, infant, NULL, -1, 0, 1, "share of new parts that fail early (default 0)"),
    REAL("decay", F, decay, "s", -1, 1, TIME_MAX, "time constant of early failures; needed with infant"),
    {.key = "ages",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, ages),
     .count_offset = offsetof(F, age_count),
     .unit = "s",
     .minimum = 0,
     .maximum = TIME_MAX,
     .doc = "ages from which the factors hold, ascending from 0; up to 16"},
    {.key = "factors",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, factors),
     .count_offset = offsetof(F, factor_count),
     .minimum = 0,
     .maximum = 1e4,
     .doc = "factors of the rate by age, one for each of ages"},
    REAL("stops", F, stops, NULL, -1, 0, 1, "share of events that stop the job (default 1)"),
    REAL("transient", F, transient, NULL, -1, 0, 1, "share of events that a restart cures (default 0)"),
    REAL("burst", F, burst, NULL, -1, 0, 1000,
         "mean number of neighbouring servers that fail in the same moment (default 0)"),
    REAL("warned", F, warned, NULL, -1, 0, 1,
         "share of events announced early enough to save a checkpoint and swap first (default 0)"),
    REAL("detect", F, detect, "s", -1, 0, TIME_MAX, "time until it is noticed (default 60 s)"),
    REAL("localise", F, localise, "s", -1, 0, TIME_MAX, "time until the faulty part is known (default 330 s)"),
    REAL("latent", F, latent, "s", -1, 0, TIME_MAX,
         "mean time until silent corruption or a slow server is found; 0 = seen at once (default)"),
    REAL("slow", F, slow, NULL, -1, 1, 100, "factor by which it slows the job until found; 1 = stops it (default)"),
    REAL("repair_median", F, repair_median, "s", -1, 0, TIME_MAX,
         "median time until the part is back; log-normal with the mean (default 10.5 h)"),
    REAL("repair_mean", F, repair_mean, "s", -1, 0, TIME_MAX,
         "mean time, without the bound; that of the median = fixed time (default 18.8 d)"),
    REAL("repair_most", F, repair_most, "s", -1, 0, TIME_MAX,
         "longest time: then it is replaced; 0 = no bound (default 30 d)"),
    REAL("fixed", F, fixed, NULL, -1, 0, 1, "share of repairs that cure (default 1); the others leave an offender"),
    TRUTH("planned", F, planned, -1, "maintenance: counted apart from interruptions (default false)"),
    TRUTH("renews", F, renews, -1, "a repair makes the part as new (default false)"),
};

const clx_schema clx_failure_schema = {.name = "class",
                                       .doc = "a class of failures",
                                       .rows = class_rows,
                                       .count = CLX_COUNT(class_rows),
                                       .size = sizeof(F),
                                       .place_offset = offsetof(F, place)};
#undef F

#define F clx_failures
static const clx_row failures_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "name of the fleet"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, aliases),
     .count_offset = offsetof(F, alias_count),
     .doc = "other names; * stands for any run of characters"},
    {.key = "classes",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, classes),
     .count_offset = offsetof(F, class_count),
     .sub = &clx_failure_schema,
     .required = true,
     .doc = "classes of failures"},
    REAL("heat_doubling", F, heat_doubling, CLX_UNIT_KELVINS, 0, 0, 1000,
         "rise of coolant or inlet temperature that doubles the rates; 0 = not known"),
    {.key = "position",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, position),
     .count_offset = offsetof(F, position_count),
     .minimum = 0,
     .maximum = 1000,
     .doc = "factors of the rates by place in the rack, bottom to top, scaled to a mean of 1; up to 8"},
    REAL("offender", F, offender, NULL, 1, 1, 1000, "factor of the rates of a server whose repair did not cure it"),
};

const clx_schema clx_failures_schema = {.name = "failures",
                                        .doc = "failure classes of a fleet",
                                        .rows = failures_rows,
                                        .count = CLX_COUNT(failures_rows),
                                        .size = sizeof(F)};
#undef F

// --- the section of a scenario: its maps are parts of one struct, so that all offsets count from its start ------------------

#define S clx_reliability_spec
#define PART(map, text, table) \
  static const clx_schema map = {.name = #map, .doc = text, .rows = table, .count = CLX_COUNT(table), .size = sizeof(S)}

static const clx_row policy_rows[] = {
    CHOICE("kind", S, policy.kind, clx_policy_name, 0,
           "after a failure: restart all, go on with fewer replicas, mask the replica, or shards held by several"),
    REAL("stall", S, policy.stall, "s", -1, 0, TIME_MAX,
         "elastic, masked: all replicas stand still when one is lost, beside detection; default: published, by size"),
    REAL("join", S, policy.join, "s", -1, 0, TIME_MAX,
         "elastic, masked: all replicas stand still when one comes back; default: published, by size"),
    REAL("join_time", S, policy.join_time, "s", -1, 0, TIME_MAX,
         "elastic, masked: what a replica needs to come back once it has servers; default: restart and load"),
    TRUTH("rollback", S, policy.rollback, 1, "elastic: work since the last checkpoint is lost"),
    REAL("least", S, policy.least, NULL, 0.5, 0, 1, "elastic, masked: share of the replicas below which the job waits"),
    WHOLE("redundancy", CLX_ROW_INT, S, policy.redundancy, 0, 0, 10000,
          "redundant: replicas that hold each shard; 0 = floor(log2(replicas) + 0.833)"),
};
PART(policy, "what happens after a failure", policy_rows);

static const clx_row checkpoint_rows[] = {
    CHOICE("mode", S, checkpoint.mode, clx_checkpoint_mode_name, CLX_CHECKPOINT_ASYNC,
           "written while the job stands, behind its back, or kept in the memory of other servers"),
    CHOICE("rule", S, checkpoint.rule, clx_interval_rule_name, CLX_INTERVAL_OPTIMAL, "how the interval is found"),
    {.key = "interval",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(S, checkpoint.interval),
     .unit = "s",
     .initial = 0,
     .minimum = 1e-3,
     .maximum = TIME_MAX,
     .place_offset = offsetof(S, checkpoint.interval_place),
     .doc = "work between two checkpoints, of rule fixed"},
    REAL("bytes", S, checkpoint.bytes, "B", 0, 0, 1e18, "whole state; 0 = from the model and the optimizer"),
    {.key = "write",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(S, checkpoint.write),
     .unit = "B/s",
     .initial = 0,
     .minimum = 0,
     .maximum = 1e18,
     .place_offset = offsetof(S, checkpoint.write_place),
     .doc = "write bandwidth of the storage, all servers together"},
    REAL("read", S, checkpoint.read, "B/s", 0, 0, 1e18, "read bandwidth of the storage; 0 = as it writes"),
    REAL("share", S, checkpoint.share, NULL, 1, 1e-6, 1, "of the storage's bandwidth that the jobs get together"),
    REAL("copy", S, checkpoint.copy, "B/s", 1.07e9, 1e3, 1e15,
         "one GPU into host memory, with all it takes (default: 405B on 8,960 GPUs, ByteCheckpoint table 8)"),
    WHOLE("remote_every", CLX_ROW_INT, S, checkpoint.remote_every, 20, 1, 1000000,
          "memory: every how manyth checkpoint also goes to storage"),
    REAL("survives", S, checkpoint.survives, NULL, 1, 0, 1,
         "memory: chance that the copy outlives the loss of one server"),
    REAL("stall", S, checkpoint.stall, "s", -1, 0, TIME_MAX, "instead of what follows from sizes: the job stands"),
    REAL("lag", S, checkpoint.lag, "s", -1, 0, TIME_MAX, "instead of what follows from sizes: until it counts"),
    REAL("load", S, checkpoint.load, "s", -1, 0, TIME_MAX, "instead of what follows from sizes: reading it back"),
};
PART(checkpoint, "what is saved, where and how often", checkpoint_rows);

static const clx_row recovery_rows[] = {
    CHOICE("mode", S, recovery.mode, clx_restart_mode_name, CLX_RESTART_REQUEUE,
           "a new job in the queue, new servers only where some are lost, or booted servers standing by"),
    REAL("restart", S, recovery.restart, "s", -1, 0, TIME_MAX,
         "placement, processes, communicators, without loading; default: published, by size"),
    REAL("start", S, recovery.start, "s", -1, 0, TIME_MAX, "first start of the job; default: as a requeue"),
    REAL("detect", S, recovery.detect, "s", -1, 0, TIME_MAX, "instead of that of the classes"),
    REAL("localise", S, recovery.localise, "s", -1, 0, TIME_MAX, "instead of that of the classes"),
};
PART(recovery, "from a failure to the next step", recovery_rows);

static const clx_row spares_rows[] = {
    WHOLE("extra", CLX_ROW_COUNT, S, spares.extra, 0, 0, 1e5, "servers beside the fleet, like those of its first item"),
    {.key = "count",
     .kind = CLX_ROW_COUNT,
     .offset = offsetof(S, spares.count),
     .initial = -1,
     .minimum = 0,
     .maximum = 1e7,
     .place_offset = offsetof(S, spares.place),
     .doc = "servers that replace others; default: all that the layout leaves over"},
    WHOLE("hot", CLX_ROW_COUNT, S, spares.hot, -1, 0, 1e7,
          "of them booted and tested; default: 99th percentile of a day's losses with recovery standby, else none"),
    REAL("swap_hot", S, spares.swap_hot, "s", -1, 0, TIME_MAX, "to bring in a booted one; default 0"),
    REAL("swap_cold", S, spares.swap_cold, "s", -1, 0, TIME_MAX,
         "to bring in another; default: what a requeue takes more than the restart"),
};
PART(spares, "servers that stand by", spares_rows);

static const clx_row repair_rows[] = {
    WHOLE("crews", CLX_ROW_INT, S, repair.crews, 0, 0, 1000000, "repairs at a time; 0 = no limit"),
    REAL("median", S, repair.median, "s", -1, 0, TIME_MAX, "instead of that of the classes"),
    REAL("mean", S, repair.mean, "s", -1, 0, TIME_MAX, "instead of that of the classes; that of median = fixed time"),
    REAL("most", S, repair.most, "s", -1, 0, TIME_MAX, "instead of that of the classes; 0 = no bound"),
};
PART(repair, "from a failed server to one that is free", repair_rows);

#define MAP(map, table, text) \
  { .key = map, .kind = CLX_ROW_STRUCT, .offset = 0, .sub = &table, .doc = text }

static const clx_row reliability_rows[] = {
    {.key = "failures",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(S, failures),
     .required = true,
     .doc = "failure classes of the catalogue (colossus catalogue ls failures)"},
    {.key = "more",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(S, more),
     .count_offset = offsetof(S, more_count),
     .doc = "further entries whose classes are added, such as hpn-network or new-batch"},
    {.key = "classes",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(S, classes),
     .count_offset = offsetof(S, class_count),
     .sub = &clx_failure_schema,
     .doc = "classes that differ from those of the entry, by name, and further ones"},
    REAL("scale", S, scale, NULL, 1, 0, 1e6, "factor of all rates"),
    CHOICE("clock", S, clock, CLOCK, 0, "failures happen per time on the wall, or per time that the job runs"),
    CHOICE("rates", S, rates, RATES, 0, "drawn with the uncertainty of their counts, or as counted"),
    REAL("horizon", S, horizon, "s", 0, 0, 1e9, "time looked at; 0 = until the tokens are trained"),
    WHOLE("replications", CLX_ROW_INT, S, replications, 200, 2, 10000000, "runs that are drawn"),
    REAL("confidence", S, confidence, NULL, 0.9, 0.5, 0.9999, "of the bands"),
    REAL("age", S, age, "s", 0, 0, TIME_MAX, "time that parts ran before the job (burn-in)"),
    REAL("heat", S, heat, CLX_UNIT_KELVINS, 0, -60, 60,
         "coolant or inlet temperature above that at which the rates were counted"),
    WHOLE("jobs", CLX_ROW_INT, S, jobs, 1, 1, 10000, "equal jobs that share machine, spares and crews"),
    MAP("policy", policy, "what happens after a failure"),
    MAP("checkpoint", checkpoint, "what is saved, where and how often"),
    MAP("recovery", recovery, "from a failure to the next step"),
    MAP("spares", spares, "servers that stand by"),
    MAP("repair", repair, "from a failed server to one that is free"),
};

const clx_schema clx_reliability_schema = {.name = "reliability",
                                           .doc = "failures, checkpoints, spares and repair of the run",
                                           .rows = reliability_rows,
                                           .count = CLX_COUNT(reliability_rows),
                                           .size = sizeof(S),
                                           .place_offset = offsetof(S, place)};
