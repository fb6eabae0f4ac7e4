// The section `decide` of a scenario, row by row.
#include "cost/cost_decide.h"

#define TIME_MAX 3.2e9  // s
#define REAL(name, member, unit_text, start, least, most, text)                                              \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (least), .maximum = (most), .doc = text                                                       \
  }

#define F clx_course_spec
static const clx_row course_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "short name"},
    {.key = "own", .kind = CLX_ROW_BOOL, .offset = offsetof(F, own), .doc = "builds by the plan of the section cost"},
    REAL("wait", wait, "s", 0, 0, TIME_MAX, "before it begins to build"),
    REAL("wait_price", wait_price, NULL, 1, 0, 10, "of GPUs, network, storage then, as a share of now"),
    REAL("wait_gpus", wait_gpus, NULL, 1, 0, 100, "GPUs then for one of now: as many as the same site carries"),
    REAL("wait_site", wait_site, NULL, 1, 0, 100, "buildings, power, cooling, energy and people then for one of now"),
    REAL("later", later, NULL, 1, 0, 1, "share of the plan that waits; the rest is built now: a mixed fleet"),
    REAL("tokens", tokens, "token/s", 0, 0, 1e9,
         "per used GPU that is owned, of those that waited; default: as in decide"),
    {.key = "rent",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, rent),
     .count_offset = offsetof(F, rent_count),
     .sub = &clx_rent_contract_schema,
     .doc = "a contract, at most one"},
};
static const clx_schema course_schema = {.name = "course",
                                         .doc = "one way to get the GPUs",
                                         .rows = course_rows,
                                         .count = CLX_COUNT(course_rows),
                                         .size = sizeof(F),
                                         .place_offset = offsetof(F, place)};
#undef F

#define F clx_real
static const clx_row real_rows[] = {
    {.key = "dates",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, dates),
     .initial = 20,
     .minimum = 2,
     .maximum = 400,
     .doc = "on which may be decided"},
    {.key = "step",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, step),
     .initial = 3,
     .minimum = 1,
     .maximum = 60,
     .doc = "months between them"},
    REAL("discount", discount, NULL, -1, 0, 1, "a year; default: that of decide"),
    REAL("hardware", hardware, "USD", -1, 0, 1e9,
         "price of one GPU today with its share of network and building; default: capital of the plan over its GPUs"),
    REAL("decay", decay, NULL, 0.14, -1, 2, "fall of that price, log10 a year"),
    REAL("volatility", volatility, NULL, 0.15, 0, 3, "of that price, a year^0.5"),
    REAL("operation", operation, "USD/s", -1, 0, 1, "of an owned one; default: operation of the plan over its GPUs"),
    REAL("value", value, "USD/s", -1, 0, 1, "of a used one: what its work is worth; default: that of decide"),
    REAL("expansion", expansion, NULL, 1, 0, 1, "share of that value which a second one brings"),
    REAL("use", use, NULL, -1, 0, 1, "share of time used; default: that of decide"),
    REAL("build", build, "s", 0, 0, TIME_MAX, "from order to use"),
    REAL("rent_off", rent_off, NULL, 0, 0, 1, "share off the market for what is rented"),
    REAL("sublet_off", sublet_off, NULL, 0.35, 0, 1, "share off the market that a tenant pays less"),
    REAL("resale_off", resale_off, NULL, 0.3, 0, 1, "share off the price of new ones when sold"),
    REAL("next", next, "s", 0, 0, TIME_MAX, "until a next product, median; 0 = none"),
    REAL("next_high", next_high, "s", 0, 0, TIME_MAX, "95th percentile of it; default: known exactly"),
    REAL("next_price", next_price, NULL, 1, 1e-3, 10, "price of the same performance after it, as a share"),
};
static const clx_schema real_schema = {.name = "options",
                                       .doc = "what deciding later is worth, per GPU",
                                       .rows = real_rows,
                                       .count = CLX_COUNT(real_rows),
                                       .size = sizeof(F)};
#undef F

#define F clx_decide_spec
static const clx_row decide_rows[] = {
    REAL("horizon", horizon, "s", -1, CLX_MONTH, CLX_MONTHS_MAX *CLX_MONTH,
         "over which courses are compared; default: that of cost"),
    REAL("discount", discount, NULL, -1, 0, 1, "a year; default: that of cost"),
    REAL("use", use, NULL, -1, 1e-6, 1, "share of GPU time at hand that is used; default: that of cost"),
    REAL("tokens", tokens, "token/s", 0, 0, 1e9, "per used GPU; default: that of cost"),
    REAL("least", least, NULL, 1, 0, 1e9, "GPUs with which training can begin: partial capacity counts"),
    REAL("value_gpu", value_gpu, "USD/s", 0, 0, 1,
         "worth of the work of a used GPU that does `tokens`; 0 = cost alone is compared"),
    REAL("value_time", value_time, "USD/s", 0, 0, 1e9, "worth of an earlier first training"),
    REAL("reference", reference, "s", 0, 0, TIME_MAX, "first training that is worth nothing more or less"),
    REAL("by", by, "s", 0, 0, TIME_MAX, "date by which tokens are counted"),
    {.key = "market",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, market),
     .doc = "entry of catalogue/rent; default: of the first contract"},
    {.key = "courses",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, course),
     .count_offset = offsetof(F, course_count),
     .sub = &course_schema,
     .required = true,
     .doc = "what is compared"},
    {.key = "options",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, option),
     .count_offset = offsetof(F, option_count),
     .sub = &real_schema,
     .doc = "what deciding later is worth, at most one"},
};
const clx_schema clx_decide_spec_schema = {.name = "decide",
                                           .doc = "build, rent, both or wait",
                                           .rows = decide_rows,
                                           .count = CLX_COUNT(decide_rows),
                                           .size = sizeof(F),
                                           .place_offset = offsetof(F, place)};
#undef F
