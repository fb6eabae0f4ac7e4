// The rows of `serving.requests` of a scenario.
#include "requests/requests_spec.h"

const char *const clx_arrival_kind_name[CLX_ARRIVALS + 1] = {"poisson",  "gamma",   "bursts", "diurnal",
                                                             "constant", "at_once", NULL};

// A default outside of the range means: not stated.
#define REAL(name, member, unit_text, start, low, high, text)                                                \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                         \
  }
#define WHOLE(name, member, type, start, low, high, text)                                                              \
  {                                                                                                                    \
    .key = name, .kind = type, .offset = offsetof(F, member), .initial = (start), .minimum = (low), .maximum = (high), \
    .doc = text                                                                                                        \
  }
#define TEXT(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .doc = text }
#define PART(name, member, schema, text) \
  { .key = name, .kind = CLX_ROW_STRUCT, .offset = offsetof(F, member), .sub = &(schema), .doc = text }
#define PLACED(schema, title, text, table)              \
  const clx_schema schema = {.name = title,             \
                             .doc = text,               \
                             .rows = table,             \
                             .count = CLX_COUNT(table), \
                             .size = sizeof(F),         \
                             .place_offset = offsetof(F, place)}

#define TOKENS_MAX CLX_REQUEST_TOKENS_MAX
#define SECONDS_MAX CLX_REQUEST_SECONDS_MAX
#define RATE_MAX 1e6  // requests/s

#define F clx_arrival_spec
static const clx_row arrival_rows[] = {
    {.key = "kind",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_arrival_kind_name,
     .doc = "gamma: bursts by the variation of the gaps; bursts: two rates that take turns; constant: equal gaps"},
    REAL("rate", rate, "1/s", -1, 1e-6, RATE_MAX, "requests, mean, of all tenants and turns; needed but for at_once"),
    REAL("variation", variation, NULL, 1, 0.01, 100, "gamma: sd / mean of the gaps; 1 = Poisson"),
    REAL("burst", burst, NULL, 2, 1, 1000, "bursts: rate in a burst over the mean one"),
    REAL("burst_time", burst_time, "s", 10, 1e-3, SECONDS_MAX, "bursts: how long one lasts, mean"),
    REAL("calm_time", calm_time, "s", 30, 1e-3, SECONDS_MAX, "bursts: from the end of one to the next, mean"),
    REAL("swing", swing, NULL, 0.5, 0, 1, "diurnal: amplitude of the sinusoid of a day over its mean"),
    REAL("peak", peak, NULL, 14, 0, 24, "diurnal: hour of the day with the highest rate"),
    REAL("hour", hour, NULL, 0, 0, 24, "diurnal: hour of the day at which the requests start"),
    WHOLE("day", day, CLX_ROW_INT, 0, 0, 6, "diurnal: weekday at which they start, 0 = Monday"),
    {.key = "weekdays",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, weekday),
     .count_offset = offsetof(F, weekday_count),
     .minimum = 0,
     .maximum = 1000,
     .doc = "diurnal: 7 factors from Monday on; their mean counts as 1"},
};
static PLACED(arrival_schema, "arrivals", "when requests come", arrival_rows);
#undef F

#define F clx_length_spec
static const clx_row length_rows[] = {
    REAL("tokens", tokens, NULL, -1, 1, TOKENS_MAX, "mean; fixed unless a distribution is stated"),
    REAL("low", low, NULL, -1, 0, 1, "uniform between low and high times `tokens`: low; 0.8 with high 1 as InferenceX"),
    REAL("high", high, NULL, -1, 1, 100, "uniform: high; default 1"),
    REAL("variation", variation, NULL, -1, 0, 100, "log-normal: sd / mean"),
    REAL("p90", p90, NULL, -1, 1, TOKENS_MAX, "log-normal: 90th percentile, 1 to 2.27 times `tokens`"),
    REAL("least", least, NULL, 1, 1, TOKENS_MAX, "draws below end here"),
    REAL("most", most, NULL, TOKENS_MAX, 1, TOKENS_MAX, "draws above end here"),
};
static PLACED(length_schema, "length", "tokens of a prompt or an output", length_rows);
#undef F

#define F clx_lengths_spec
static const clx_row lengths_rows[] = {
    PART("prompt", prompt, length_schema, "what the user adds to system prompt and session"),
    PART("output", output, length_schema, "what is answered"),
    TEXT("trace", trace, "a trace whose requests lend both lengths, drawn at random, instead"),
};
static PLACED(lengths_schema, "lengths", "how long prompts and outputs are", lengths_rows);
#undef F

#define F clx_prefix_spec
static const clx_row prefix_rows[] = {
    REAL("system", system, NULL, 0, 0, TOKENS_MAX, "tokens of the system prompt that all prompts begin with"),
    WHOLE("systems", systems, CLX_ROW_INT, 1, 1, 1000000, "different system prompts, equally likely"),
    REAL("turns", turns, NULL, 1, 1, 10000, "requests of a session, mean (geometric); each prompt holds all before it"),
    REAL("think", think, "s", 60, 1e-3, SECONDS_MAX, "from one request of a session to its next, mean (exponential)"),
    REAL("context", context, NULL, TOKENS_MAX, 3, TOKENS_MAX,
         "tokens that prompt and output may take: longer ones are cut, sessions end before"),
};
static PLACED(prefix_schema, "prefix", "what prompts share", prefix_rows);
#undef F

#define F clx_tenant_spec
static const clx_row tenant_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "of the tenant"},
    REAL("share", share, NULL, 1, 0, 1e9, "of the requests; only the ratios of shares matter"),
    PART("lengths", lengths, lengths_schema, "default: those of all"),
    PART("prefix", prefix, prefix_schema, "default: that of all, with a system prompt of its own"),
};
static PLACED(tenant_schema, "tenant", "whose requests", tenant_rows);
#undef F

#define F clx_requests_spec
static const clx_row rows[] = {
    TEXT("trace", trace, "a file of requests; without one, they are drawn"),
    {.key = "format",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, format),
     .choices = clx_requests_format_name,
     .doc = "of the trace; auto = by its content"},
    {.key = "drop_empty",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(F, drop_empty),
     .doc = "leave out requests of the trace without prompt or output, as failed ones have none"},
    REAL("from", from, "s", 0, 0, SECONDS_MAX, "of the trace: where it starts"),
    REAL("until", until, "s", 0, 0, SECONDS_MAX, "of the trace: where it ends; 0 = with the file"),
    REAL("speed", speed, NULL, 1, 1e-6, 1e6, "of the trace: 2 = requests come twice as fast"),
    REAL("rate", rate, "1/s", 0, 0, RATE_MAX, "of the trace: requests, instead of `speed`; 0 = its own"),
    WHOLE("count", count, CLX_ROW_COUNT, 0, 0, 1e9, "most requests; 0 = no bound"),
    REAL("duration", duration, "s", 0, 0, SECONDS_MAX, "arrivals before this time; 0 = no bound"),
    WHOLE("block", block_tokens, CLX_ROW_INT, 0, 0, 1000000,
          "tokens of a block with a name; 0 = as the trace says; drawn: 16 with a shared beginning, else no names"),
    WHOLE("seed", seed, CLX_ROW_COUNT, 1, 0, 1e15, "another seed, other requests"),
    PART("arrivals", arrivals, arrival_schema, "when requests come; with a trace, instead of its times"),
    PART("lengths", lengths, lengths_schema, "how long prompts and outputs are"),
    PART("prefix", prefix, prefix_schema, "what prompts share"),
    {.key = "tenants",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, tenant),
     .count_offset = offsetof(F, tenant_count),
     .sub = &tenant_schema,
     .doc = "several, each with its share of the requests"},
};
PLACED(clx_requests_schema, "requests", "what users ask of the service, and when", rows);
#undef F
