// The section `cost` of a scenario, row by row.
#include "cost/cost_plan.h"

const char *const clx_cost_kind_name[CLX_COST_KINDS + 1] = {
    "gpu", "network", "storage", "building", "power", "cooling", "battery", "land", "permit", "other", NULL};
const char *const clx_resale_name[5] = {"none", "decay", "book", "full", NULL};

#define TIME_MAX 3.2e9  // s
#define REAL(name, member, unit_text, start, least, most, text)                                              \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (least), .maximum = (most), .doc = text                                                       \
  }
#define TEXT(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .doc = text }
#define CHOICE(name, member, names, start, text)                                                              \
  {                                                                                                           \
    .key = name, .kind = CLX_ROW_CHOICE, .offset = offsetof(F, member), .choices = names, .initial = (start), \
    .doc = text                                                                                               \
  }
#define REALS(name, member, members, unit_text, least, most, text)                                           \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REALS, .offset = offsetof(F, member), .count_offset = offsetof(F, members), \
    .unit = unit_text, .minimum = (least), .maximum = (most), .single = true, .doc = text                    \
  }
#define SCHEMA(schema, title, text, table)              \
  const clx_schema schema = {.name = title,             \
                             .doc = text,               \
                             .rows = table,             \
                             .count = CLX_COUNT(table), \
                             .size = sizeof(F),         \
                             .place_offset = offsetof(F, place)}

#define F clx_cost_item_spec
static const clx_row item_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "short name"},
    {.key = "kind",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_cost_kind_name,
     .required = true,
     .doc =
         "gpu (servers and racks with them), network, storage, building, power, cooling, battery, land, permit, other"},
    TEXT("price", price, "of one, or of one W: \"270,555 EUR\", \"11.7 million USD/MW\""),
    TEXT("price_low", low, "5th percentile of it"),
    TEXT("price_high", high, "95th percentile of it"),
    TEXT("entry", entry, "instead of a price: of catalogue/price, building or battery"),
    TEXT("date", date, "of the price; default: the start of the plan"),
    REAL("count", count, NULL, -1, 0, 1e9,
         "units; default in a scenario: those of the fleet (gpu), its GPUs (network, storage)"),
    REAL("gpus", gpus, NULL, -1, 0, 1e6, "in one unit; default: of the entry, else 1"),
    TEXT("of", of, "server, rack or device of the fleet whose GPUs it is for; default: all of them"),
    REAL("power", power, "W", -1, 0, 1e12,
         "of what is paid by W; default in a scenario: IT power (building), that of the site (power, cooling)"),
    REAL("factor", factor, NULL, 1, 0, 100, "on the price: a discount, a share of it"),
    REAL("deposit", deposit, NULL, 0, 0, 1, "share paid before delivery"),
    REAL("lead", lead, "s", 0, 0, TIME_MAX, "how long before delivery the deposit is paid"),
    REAL("terms", terms, "s", 0, 0, TIME_MAX, "after delivery, until the rest is paid"),
    REALS("at", at, at_count, "s", 0, TIME_MAX,
          "of the plan: deliveries or milestones; default of gpu, network and storage: as the section buildout brings "
          "the GPUs"),
    REALS("share", share, share_count, NULL, 0, 1, "of the item that each of them brings; default: equal"),
    {.key = "after",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, after),
     .count_offset = offsetof(F, after_count),
     .single = true,
     .doc = "instead of `at`: works of the section buildout, each a milestone on the day on which it ends"},
    REAL("from", from, "s", 0, 0, TIME_MAX, "of the plan: construction begins"),
    REAL("until", until, "s", 0, 0, TIME_MAX, "of the plan: construction ends; spent along an S-curve between"),
    {.key = "during",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, during),
     .count_offset = offsetof(F, during_count),
     .single = true,
     .doc = "instead of `from` and `until`: works of the section buildout, from the first start to the last end"},
    CHOICE("depreciation", depreciation, clx_depreciation_name, -1, "for tax; default: usual of the kind"),
    REAL("life", life, "s", -1, 1, TIME_MAX, "years of use; default: usual of the kind"),
    REAL("bonus", bonus, NULL, 0, 0, 1, "share expensed at once for tax"),
    CHOICE("resale", resale, clx_resale_name, -1, "none, decay (as used GPUs), book (straight over its life), full"),
};
static SCHEMA(item_schema, "item", "a thing that is bought or built", item_rows);
#undef F

#define F clx_operating_spec
static const clx_row operating_rows[] = {
    TEXT("staff", staff, "entry of catalogue/staff"),
    TEXT("tariff", tariff, "entry of catalogue/tariff"),
    CLX_SPREAD_ROWS("energy", energy, "USD/J", -1, 0, 1, "price of energy; default: of the tariff"),
    REAL("demand", demand, "USD/W", -1, 0, 1000, "a month, for its peak; default: of the tariff"),
    CLX_SPREAD_ROWS("gpu_power", gpu_power, "W", 0, 0, 1e6, "of the site per usable GPU, where power is not computed"),
    REAL("peak", peak, NULL, 1.1, 1, 10, "peak over mean power, where power is not computed"),
    CLX_SPREAD_ROWS("repair", repair, NULL, 0.04, 0, 1, "share of the price of GPUs, network, storage a year"),
    CLX_SPREAD_ROWS("water", water, "USD/m^3", 0, 0, 1000, "price of water and sewer"),
    CLX_SPREAD_ROWS("water_use", water_use, "m^3/J", 0, 0, 1, "by energy of the site"),
    CLX_SPREAD_ROWS("licence", licence, "USD/s", 0, 0, 1, "software per usable GPU"),
    CLX_SPREAD_ROWS("insurance", insurance, NULL, 0, 0, 1, "with property tax: share of all capital a year"),
    CLX_SPREAD_ROWS("lease", lease, "USD/s", 0, 0, 1e6, "of land or building"),
    REAL("growth", growth, NULL, 0.025, -0.5, 1, "of wages, repair and leases a year"),
};
static SCHEMA(operating_schema, "operating", "what it costs to run", operating_rows);
#undef F

#define F clx_finance_spec
static const clx_row finance_rows[] = {
    REAL("debt", debt, NULL, 0, 0, 1, "share of the capital that is lent"),
    REAL("rate", rate, NULL, 0, 0, 1, "interest a year"),
    REAL("term", term, "s", 1.577880e8, 1, TIME_MAX, "equal payments over this time"),
    REAL("grace", grace, "s", 0, 0, TIME_MAX, "of interest alone"),
    REAL("fee", fee, NULL, 0, 0, 1, "share of what is lent, paid at once"),
};
static const clx_schema finance_schema = {.name = "finance",
                                          .doc = "what is lent",
                                          .rows = finance_rows,
                                          .count = CLX_COUNT(finance_rows),
                                          .size = sizeof(F)};
#undef F

#define F clx_penalty_spec
static const clx_row penalty_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "short name"},
    REAL("at", at, "s", 0, 0, TIME_MAX, "of the plan"),
    CLX_SPREAD_ROWS("amount", amount, "USD", 0, 0, 1e13, "what falls due"),
    REAL("probability", probability, NULL, 1, 0, 1, "that it does"),
};
static SCHEMA(penalty_schema, "penalty", "a penalty or a loss", penalty_rows);
#undef F

#define F clx_cost_spec
static const clx_row plan_rows[] = {
    {.key = "start",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, start),
     .required = true,
     .doc = "day on which money begins to flow"},
    REAL("horizon", horizon, "s", 1.577880e8, CLX_MONTH, CLX_MONTHS_MAX *CLX_MONTH, "how long the plan runs"),
    REAL("use_from", use_from, "s", -1, 0, TIME_MAX,
         "of the plan: all GPUs are used from then on; default: as they come"),
    REAL("install", install, "s", 0, 0, TIME_MAX,
         "from the delivery of GPUs to their use, where use_from is not stated"),
    REAL("discount", discount, NULL, 0.10, 0, 1, "rate a year at which money is discounted"),
    REAL("inflation", inflation, NULL, 0.025, -0.5, 1, "a year, after the last year of the price levels"),
    REAL("tax", tax, NULL, 0, 0, 1, "share of profit"),
    CLX_SPREAD_ROWS("decay", decay, NULL, -1, 0, 2,
                    "fall of the value of used GPUs, log10 a year; default: of the entry of the first GPUs"),
    REAL("common", common, NULL, 0.5, 0, 1, "share of the variance of prices of capital that all items have in common"),
    CLX_SPREAD_ROWS("use", use, NULL, 0.8, 1e-6, 1, "share of usable GPU time that is used"),
    CLX_SPREAD_ROWS("income", income, "USD/s", 0, 0, 1, "per used GPU: what its time is sold for or worth"),
    REAL("tokens", tokens, "token/s", 0, 0, 1e9, "per used GPU; default in a scenario: of its training"),
    REAL("run", run, "GPU*s", 0, 0, 1e18, "GPU time of a training run; default in a scenario: of its training"),
    {.key = "currencies",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, currencies),
     .count_offset = offsetof(F, currency_count),
     .doc = "entries of catalogue/currency that prices use; usd brings the price levels"},
    {.key = "capital",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, capital),
     .count_offset = offsetof(F, capital_count),
     .sub = &item_schema,
     .required = true,
     .doc = "what is bought or built"},
    {.key = "operating",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(F, operating),
     .sub = &operating_schema,
     .doc = "running it"},
    {.key = "finance", .kind = CLX_ROW_STRUCT, .offset = offsetof(F, finance), .sub = &finance_schema, .doc = "debt"},
    {.key = "penalties",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, penalty),
     .count_offset = offsetof(F, penalty_count),
     .sub = &penalty_schema,
     .doc = "what may fall due"},
    {.key = "leases",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, lease),
     .count_offset = offsetof(F, lease_count),
     .sub = &clx_lease_spec_schema,
     .doc = "what is leased instead of bought"},
};
SCHEMA(clx_cost_spec_schema, "cost", "what a machine costs to build and to run", plan_rows);
#undef F
