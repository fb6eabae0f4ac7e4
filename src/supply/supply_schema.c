// The rows of catalogue/capacity, product and maker.
#include "supply/supply.h"
#include "supply/supply_rows.h"

const char *const clx_capacity_kind_name[CLX_CAPACITY_KINDS + 1] = {"chip", "packaging", "assembly", "rack", NULL};

#define FROM TEXT_NEEDED("from", from, "date from which the value holds")

#define F clx_dated
static const clx_row price_rows[] = {FROM, NEEDED("price", value, "USD/GPU", 0, MONEY_MAX, "of one GPU in its server")};
PLACED(clx_price_step_schema, "price", "a price from a date on", price_rows);
static const clx_row rate_rows[] = {FROM, NEEDED("rate", value, "GPU/s", 0, RATE_MAX, "as GPU/quarter, GPU/week")};
PLACED(clx_rate_step_schema, "rate", "a rate from a date on", rate_rows);
static const clx_row capacity_step_rows[] = {
    FROM, REAL("rate", value, "GPU/s", -1, 0, RATE_MAX, "GPUs made; or items"),
    REAL("items", items, "1/s", -1, 0, RATE_MAX, "wafers, racks or other items made, as 1/month")};
PLACED(clx_capacity_step_schema, "rate", "a rate from a date on: rate or items", capacity_step_rows);
static const clx_row ready_rows[] = {FROM, NEEDED("gpus", value, "GPU", 0, QUANTITY_MAX, "that can be in use")};
PLACED(clx_ready_step_schema, "ready", "GPUs that a site can use from a date on", ready_rows);
#undef F

#define F clx_lead
static const clx_row lead_rows[] = {
    TEXT_NEEDED("from", from, "date of orders from which it holds"),
    NEEDED("low", low, "s", 0, TIME_MAX, "one order in ten is faster"),
    NEEDED("high", high, "s", 0, TIME_MAX, "one order in ten is slower"),
};
PLACED(clx_lead_schema, "lead", "time from order to delivery where no capacity is short", lead_rows);
#undef F

#define F clx_capacity
static const clx_row capacity_rows[] = {
    ENTRY_ROWS,
    {.key = "type",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_capacity_kind_name,
     .required = true,
     .doc = "what it is"},
    LIST("rate", rate, clx_capacity_step_schema, "made from dates on"),
    REAL("spread", spread, NULL, 0, 0, 2, "sd of ln(made / planned); one factor for a whole run, median 1"),
    REAL("outages", outages, "1/s", 0, 0, 1, "unplanned stops of the whole"),
    REAL("outage_low", outage_low, "s", 0, 0, TIME_MAX, "one stop in ten is shorter"),
    REAL("outage_high", outage_high, "s", 0, 0, TIME_MAX, "one stop in ten is longer"),
};
SCHEMA(clx_capacity_schema, "capacity", "what makers or products share", capacity_rows);
#undef F

#define F clx_need
static const clx_row need_rows[] = {
    TEXT_NEEDED("capacity", capacity, "entry of catalogue/capacity"),
    REAL("amount", amount, NULL, 1, 1e-9, 1e6, "of its units for one GPU"),
};
PLACED(clx_need_schema, "need", "what one GPU takes of a capacity", need_rows);
#undef F

#define F clx_product
static const clx_row product_rows[] = {
    ENTRY_ROWS,
    TEXT("device", device, "entry of catalogue/device"),
    LIST("needs", need, clx_need_schema, "what one GPU takes"),
    LIST("prices", price, clx_price_step_schema, "of one GPU in its server"),
    TEXT("available", available, "date of the first deliveries, as announced; default: always"),
    TEXT("until", until, "date of the last deliveries; default: never ends"),
    REAL("slip_low", slip_low, "s", 0, 0, TIME_MAX, "by which the window opens late: one in ten is less late"),
    REAL("slip_high", slip_high, "s", 0, 0, TIME_MAX, "one in ten is later"),
    REAL("cancelled", cancelled, NULL, 0, 0, 1, "probability that it never comes"),
};
SCHEMA(clx_product_schema, "product", "a generation of servers that makers sell", product_rows);
#undef F

#define F clx_route
static const clx_row route_rows[] = {
    TEXT_NEEDED("capacity", capacity, "entry of catalogue/capacity: the sub-assembler"),
    NEEDED("share", share, NULL, 0, 1, "of the maker's units, as planned; what one cannot build goes to the others"),
};
PLACED(clx_route_schema, "route", "a sub-assembler of a maker", route_rows);
#undef F

#define F clx_maker
static const clx_row maker_rows[] = {
    ENTRY_ROWS,
    LIST("line", line, clx_rate_step_schema, "what it can build by itself; none = not the limit"),
    LIST("routes", route, clx_route_schema, "its sub-assemblers; none = it builds itself"),
    LIST("leads", lead, clx_lead_schema, "time from order to delivery where no capacity is short"),
    REAL("deposit", deposit, NULL, 0, 0, 1, "share of the price paid with the order"),
    REAL("price_ratio", price_ratio, NULL, 1, 0.01, 100, "its price over the product's"),
    REAL("qualification", qualification, "s", 0, 0, TIME_MAX, "until a new maker may deliver"),
    REAL("qualification_cost", qualification_cost, "USD", 0, 0, MONEY_MAX, "of a new maker"),
    REAL("minimum_lot", minimum_lot, "GPU", 0, 0, QUANTITY_MAX, "of one order"),
    REAL("share_most", share_most, NULL, 1, 0, 1, "of all that a buyer orders, by policy"),
    REAL("halts", halts, "1/s", 0, 0, 1, "stops of deliveries"),
    REAL("halt_low", halt_low, "s", 0, 0, TIME_MAX, "one stop in ten is shorter"),
    REAL("halt_high", halt_high, "s", 0, 0, TIME_MAX, "one stop in ten is longer"),
    REAL("failures", failures, "1/s", 0, 0, 1, "it delivers nothing more, for good"),
    REAL("recovered", recovered, NULL, 0, 0, 1, "share of deposits that come back after a failure"),
    REAL("cash", cash, "USD", 0, 0, MONEY_MAX, "at hand; 0 = not known: it cannot pay what falls due"),
    REAL("cash_call", cash_call, "USD", 0, 0, MONEY_MAX, "that falls due when it is delisted"),
};
SCHEMA(clx_maker_schema, "maker", "who sells servers and racks", maker_rows);
#undef F
