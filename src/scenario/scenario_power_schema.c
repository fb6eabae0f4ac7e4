// The rows of the section `power` of a scenario.
#include "scenario/scenario.h"

const char *const clx_on_limit_name[CLX_ON_LIMITS + 1] = {"refuse", "cap", NULL};

const char *const clx_power_scope_name[CLX_POWER_SCOPES + 1] = {"all", "servers", NULL};

#define SMOOTHING(member, unit_text, most, text)                                                               \
  {                                                                                                            \
    .key = #member, .kind = CLX_ROW_REAL, .offset = offsetof(clx_smoothing_spec, member), .unit = (unit_text), \
    .minimum = 0, .maximum = (most), .doc = (text),                                                            \
  }

static const clx_row smoothing_rows[] = {
    SMOOTHING(floor, NULL, 1, "share of its limit below which a GPU burns power while a job runs (GB200 and later)"),
    SMOOTHING(ramp_up, "W/s", 1e6, "of one GPU; work that wants more waits"),
    SMOOTHING(ramp_down, "W/s", 1e6, "of one GPU; burns after its work has gone"),
    SMOOTHING(hysteresis, "s", 3600, "the floor is held so long after the work has gone"),
    SMOOTHING(dummy, NULL, 1, "share of a gap below the mean that software fills with dummy work"),
    SMOOTHING(dummy_delay, "s", 60, "until dummy work runs"),
    {.key = "rack_energy",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_smoothing_spec, rack_energy),
     .unit = "J",
     .initial = -1,
     .minimum = -1,
     .maximum = 1e6,
     .doc = "capacitors in the rack, of one GPU; below 0 = what the power shelf of the rack has"},
    SMOOTHING(rack_power, "W", 1e5, "that they pass for one GPU; 0 = as much as it draws"),
    {.key = "battery_time",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_smoothing_spec, battery_time),
     .unit = "s",
     .initial = 60,
     .minimum = 0.1,
     .maximum = 86400,
     .doc = "time constant of the mean that batteries of role smooth hold the site to"},
    SMOOTHING(stagger, "s", 86400, "over which the servers of a job come up when it starts; 0 = at once"),
};

static const clx_schema smoothing_schema = {.name = "smoothing",
                                            .doc = "what is done about swings",
                                            .rows = smoothing_rows,
                                            .count = CLX_COUNT(smoothing_rows),
                                            .size = sizeof(clx_smoothing_spec),
                                            .place_offset = offsetof(clx_smoothing_spec, place)};

static const clx_row milestone_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_power_milestone, name),
     .required = true,
     .doc = "what was there"},
    {.key = "power",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_power_milestone, power),
     .unit = "W",
     .minimum = 0,
     .maximum = 1e11,
     .required = true,
     .doc = "power at the point of connection"},
};

static const clx_schema milestone_schema = {.name = "milestone",
                                            .doc = "power of which to ask how many GPUs it carries",
                                            .rows = milestone_rows,
                                            .count = CLX_COUNT(milestone_rows),
                                            .size = sizeof(clx_power_milestone),
                                            .place_offset = offsetof(clx_power_milestone, place)};

#define LIMIT(member, unit_text, start, most, text)                                                         \
  {                                                                                                         \
    .key = #member, .kind = CLX_ROW_REAL, .offset = offsetof(clx_grid_limits, member), .unit = (unit_text), \
    .initial = (start), .minimum = 0, .maximum = (most), .doc = (text),                                     \
  }

static const clx_row band_rows[] = {
    {.key = "low",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_grid_band, low),
     .unit = "Hz",
     .minimum = 0,
     .maximum = 1e4,
     .required = true,
     .doc = "lower end"},
    {.key = "high",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_grid_band, high),
     .unit = "Hz",
     .minimum = 0,
     .maximum = 1e4,
     .required = true,
     .doc = "upper end"},
    {.key = "amplitude",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_grid_band, amplitude),
     .unit = "W",
     .minimum = 0,
     .maximum = 1e11,
     .doc = "largest oscillation allowed at one frequency, peak; 0 = report it only"},
};

static const clx_schema band_schema = {.name = "band",
                                       .doc = "oscillations between two frequencies",
                                       .rows = band_rows,
                                       .count = CLX_COUNT(band_rows),
                                       .size = sizeof(clx_grid_band)};

static const clx_row limits_rows[] = {
    LIMIT(ramp, "W/s", 0, 1e11, "fastest change of the site's power; 0 = none asked"),
    LIMIT(ramp_window, "s", 1, 3600, "over which a ramp counts"),
    LIMIT(range, "W", 0, 1e11, "largest difference of power within range_window; 0 = none asked"),
    LIMIT(range_window, "s", 60, 86400, "over which the range counts"),
    {.key = "bands",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(clx_grid_limits, band),
     .count_offset = offsetof(clx_grid_limits, band_count),
     .sub = &band_schema,
     .doc = "oscillations by frequency; without any 0.1-0.2, 0.2-3, 3-7 and 7-20 Hz are reported"},
    LIMIT(sag_left, NULL, 0, 1, "share of the voltage that is left in a sag to ride through; 0 = none"),
    LIMIT(sag_time, "s", 0, 60, "how long that sag lasts; 0 = none asked"),
    LIMIT(hold_time, "s", 0, 86400, "time without any feed that must be bridged; 0 = none asked"),
};

static const clx_schema limits_schema = {.name = "limits",
                                         .doc = "what the utility asks of the site",
                                         .rows = limits_rows,
                                         .count = CLX_COUNT(limits_rows),
                                         .size = sizeof(clx_grid_limits),
                                         .place_offset = offsetof(clx_grid_limits, place)};

static const clx_row power_rows[] = {
    {.key = "pue",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_power_spec, pue),
     .minimum = 1,
     .maximum = 5,
     .doc =
         "site power against IT power at the mean; what the chain does not lose of it is cooling; leave it out when it "
         "is not known"},
    {.key = "facility_limit",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_power_spec, facility_limit),
     .unit = "W",
     .minimum = 0,
     .maximum = 1e11,
     .doc = "power the site may draw"},
    {.key = "on_limit",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(clx_power_spec, on_limit),
     .choices = clx_on_limit_name,
     .doc = "a machine whose peak is above it is refused, or its GPUs are capped until it fits"},
    {.key = "chain",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_power_spec, chain),
     .doc = "conversion from the rack to the point of connection (colossus catalogue ls chain); leave it out and the "
            "losses above the servers are part of the PUE"},
    {.key = "scope",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(clx_power_spec, scope),
     .choices = clx_power_scope_name,
     .doc = "what counts as IT power: all, or the servers alone (as a published meter did)"},
    {.key = "storage",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_power_spec, storage),
     .unit = "W",
     .minimum = 0,
     .maximum = 1e10,
     .doc = "storage and management servers"},
    {.key = "sources",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(clx_power_spec, supply.source),
     .count_offset = offsetof(clx_power_spec, supply.source_count),
     .sub = &clx_source_spec_schema,
     .doc = "grid feeds and generators; without any the site has one feed of facility_limit"},
    {.key = "batteries",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(clx_power_spec, supply.store),
     .count_offset = offsetof(clx_power_spec, supply.store_count),
     .sub = &clx_store_spec_schema,
     .doc = "batteries of the site"},
    {.key = "curtailments",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(clx_power_spec, supply.curtailment),
     .count_offset = offsetof(clx_power_spec, supply.curtailment_count),
     .sub = &clx_curtailment_schema,
     .doc = "times in which the grid gives less, by contract"},
    {.key = "tariff",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_power_spec, supply.tariff),
     .doc = "what the grid's energy costs and emits (colossus catalogue ls tariff)"},
    {.key = "limits",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(clx_power_spec, limits),
     .sub = &limits_schema,
     .doc = "what the utility asks of the site"},
    {.key = "smoothing",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(clx_power_spec, smoothing),
     .sub = &smoothing_schema,
     .doc = "what is done about swings"},
    {.key = "milestones",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(clx_power_spec, milestone),
     .count_offset = offsetof(clx_power_spec, milestone_count),
     .sub = &milestone_schema,
     .doc = "power of which to ask how many GPUs it carries"},
    {.key = "jobs",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(clx_power_spec, jobs),
     .sub = &clx_jobs_schema,
     .doc = "many jobs instead of one training job"},
    {.key = "horizon",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_power_spec, horizon),
     .unit = "s",
     .minimum = 0,
     .maximum = 1e9,
     .doc = "time over which energy, cost and emissions are counted; 0 = that of the training run, else a day"},
    {.key = "resolution",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_power_spec, resolution),
     .unit = "s",
     .minimum = 0,
     .maximum = 1e7,
     .doc = "of the series over that time; 0 = a 2,000th of it"},
};

const clx_schema clx_power_section_schema = {.name = "power",
                                             .doc = "electric power of the site",
                                             .rows = power_rows,
                                             .count = CLX_COUNT(power_rows),
                                             .size = sizeof(clx_power_spec),
                                             .place_offset = offsetof(clx_power_spec, place)};
