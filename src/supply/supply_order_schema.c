// The rows of orders, buyers, incidents, swaps and allotments.
#include "supply/supply_order.h"
#include "supply/supply_rows.h"

const char *const clx_sharing_name[CLX_SHARINGS + 1] = {"pro_rata", "fair", "priority", NULL};
const char *const clx_incident_kind_name[CLX_INCIDENT_KINDS + 1] = {"halt", "failure", "delisting", "rate",
                                                                    "slip", "cancel",  "move",      NULL};

#define F clx_buyer_spec
static const clx_row buyer_rows[] = {
    TEXT_NEEDED("name", name, "short name"),
    {.key = "priority",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, priority),
     .minimum = 0,
     .maximum = 1000,
     .doc = "of sharing by priority: lowest first"},
    REAL("weight", weight, NULL, 1, 1e-6, 1e6, "of fair sharing"),
    LIST("ready", ready, clx_ready_step_schema, "GPUs that its sites can use; what comes above waits in a warehouse"),
    REAL("idle", idle, "1/s", 0, 0, 1,
         "cost of a GPU that waits, share of its price per time, as 30 %/year: 0.3 1/year"),
};
PLACED(clx_buyer_spec_schema, "buyer", "who orders", buyer_rows);
#undef F

#define F clx_order_spec
static const clx_row order_rows[] = {
    TEXT_NEEDED("name", name, "short name"),
    TEXT_NEEDED("buyer", buyer, "one of buyers"),
    TEXT_NEEDED("product", product, "entry of catalogue/product"),
    TEXT("maker", maker, "entry of catalogue/maker; default: chips alone are the limit"),
    TEXT_NEEDED("at", at, "date on which it is placed"),
    TEXT("until", until, "date until which it is placed, evenly; default: all at once"),
    TEXT("by", by, "date by which all of it is wanted"),
    NEEDED("quantity", quantity, "GPU", 0, QUANTITY_MAX, "ordered"),
    TEXT("price", price, "of one GPU, as 30,000 USD; default: the product's at the date, times the maker's ratio"),
    TEXT("fallback", fallback, "entry of catalogue/maker to whom the rest goes when the maker fails"),
};
PLACED(clx_order_spec_schema, "order", "GPUs ordered from one maker", order_rows);
#undef F

#define F clx_incident_spec
static const clx_row incident_rows[] = {
    TEXT_NEEDED("name", name, "short name"),
    {.key = "kind",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_incident_kind_name,
     .required = true,
     .doc = "what happens"},
    TEXT_NEEDED("at", at, "date"),
    TEXT("maker", maker, "of a halt, failure, delisting, move or rate"),
    TEXT("capacity", capacity, "of a rate"),
    TEXT("product", product, "of a slip or cancel"),
    TEXT("to", to, "of a move: the maker who takes over"),
    TEXT("buyer", buyer, "of a move: only the orders of this one"),
    REAL("probability", probability, NULL, 1, 0, 1, "that it happens"),
    REAL("late_low", late_low, "s", 0, 0, TIME_MAX, "by which it comes later than its date: one in ten is less late"),
    REAL("late_high", late_high, "s", 0, 0, TIME_MAX, "one in ten is later"),
    REAL("duration", duration, "s", 0, 0, TIME_MAX, "of a halt, rate or slip; 0 = for good"),
    REAL("factor", factor, NULL, 1, 0, 100, "of a rate: times what was planned"),
    REAL("share", share, NULL, 1, 0, 1, "of a move: of what the maker still owes"),
    REAL("cash", cash, "USD", -1, 0, MONEY_MAX,
         "of a delisting: what the maker has to pay its cash call with; default: as the catalogue says"),
};
PLACED(clx_incident_spec_schema, "event", "something that happens to a maker, capacity or product", incident_rows);
#undef F

#define F clx_swap_spec
static const clx_row swap_rows[] = {
    TEXT("name", name, "short name"),
    TEXT_NEEDED("at", at, "date from which deliveries change hands"),
    TEXT_NEEDED("from", from, "order whose deliveries go to the other's buyer"),
    TEXT_NEEDED("to", to, "order whose buyer gets them"),
    NEEDED("quantity", quantity, "GPU", 0, QUANTITY_MAX, "that change hands"),
    TEXT("back", back, "date from which deliveries on the other order return as many; default: never"),
};
PLACED(clx_swap_spec_schema, "swap", "delivery slots that change hands", swap_rows);
#undef F

#define F clx_allotment_spec
static const clx_row allotment_rows[] = {
    TEXT_NEEDED("buyer", buyer, "one of buyers"),
    TEXT_NEEDED("capacity", capacity, "entry of catalogue/capacity"),
    LIST("rate", rate, clx_capacity_step_schema, "given to the buyer at most"),
};
PLACED(clx_allotment_spec_schema, "allotment", "what a buyer is given of a capacity", allotment_rows);
#undef F

#define F clx_exchange_spec
static const clx_row exchange_rows[] = {
    TEXT_NEEDED("currency", currency, "code, as EUR"),
    NEEDED("usd", usd, "USD", 1e-9, 1e9, "for one of it"),
};
PLACED(clx_exchange_spec_schema, "exchange", "a currency and its rate", exchange_rows);
#undef F

#define F clx_second_spec
static const clx_row second_rows[] = {
    TEXT_NEEDED("maker", maker, "entry of catalogue/maker who would have a share of the owner's orders"),
    TEXT("instead", instead, "only of orders to this maker"),
    {.key = "shares",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, share),
     .count_offset = offsetof(F, share_count),
     .maximum = 1,
     .doc = "of each order, compared side by side; default: 0, 0.5, 1"},
};
PLACED(clx_second_spec_schema, "second", "what a second source is worth", second_rows);
#undef F

#define F clx_planning_spec
static const clx_row planning_rows[] = {
    TEXT("product", product, "entry of catalogue/product; default: of the owner's first order"),
    {.key = "makers",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, maker),
     .count_offset = offsetof(F, maker_count),
     .single = true,
     .doc = "entries of catalogue/maker who are asked; default: those that the section names"},
    {.key = "demand",
     .kind = CLX_ROW_REALS,
     .offset = offsetof(F, demand),
     .count_offset = offsetof(F, demand_count),
     .maximum = QUANTITY_MAX,
     .doc = "GPUs wanted in each period"},
    {.key = "weeks",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, weeks),
     .initial = 4,
     .minimum = 1,
     .maximum = 52,
     .doc = "of a period"},
    REAL("share", share, NULL, 1, 1e-6, 1, "of every capacity that the owner can have"),
    REAL("setup", setup, "USD", 0, 0, MONEY_MAX, "of an order"),
    REAL("hold", hold, "USD/GPU/s", 0, 0, MONEY_MAX, "of a GPU that waits, as USD/GPU/week"),
    REAL("late", late, "USD/GPU/s", 0, 0, MONEY_MAX, "of a GPU that is missing, as USD/GPU/week"),
    REAL("missing", missing, "USD/GPU", -1, 0, MONEY_MAX,
         "of a GPU that is missing at the end; below the price nothing is ordered; default: twice the price"),
    REAL("price", price, "USD/GPU", 0, 0, MONEY_MAX, "of one GPU; 0 = the catalogue's"),
    REAL("lambda", lambda, NULL, 0.5, 0, 1, "weight of the CVaR: 0 = mean cost alone, 1 = the worst cases alone"),
    REAL("alpha", alpha, NULL, 0.9, 0, 0.999, "the CVaR is the mean of the worst 1 - alpha"),
    {.key = "scenarios",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, scenarios),
     .initial = 100,
     .minimum = 1,
     .maximum = 10000,
     .doc = "drawn, of what is delivered"},
    REAL("budget", budget, "USD", 0, 0, MONEY_MAX, "for qualification and orders; 0 = no limit"),
    REAL("gap", gap, NULL, 1e-4, 1e-9, 1, "relative, at which the search stops"),
    REAL("time", time, "s", 60, 0.1, 1e6, "of processor time that the search may take"),
};
PLACED(clx_planning_spec_schema, "plan", "what the owner should order", planning_rows);
#undef F

#define F clx_procurement_spec
static const clx_row procurement_rows[] = {
    TEXT_NEEDED("start", start, "date of the first week"),
    {.key = "weeks",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, weeks),
     .initial = 104,
     .minimum = 1,
     .maximum = CLX_WEEKS_MAX,
     .doc = "horizon"},
    {.key = "sharing",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, sharing),
     .choices = clx_sharing_name,
     .doc = "of what is short"},
    {.key = "currency",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, currency),
     .text_initial = "USD",
     .doc = "of the results: USD, or one of exchange"},
    LIST("exchange", exchange, clx_exchange_spec_schema, "currencies beside USD"),
    LIST("buyers", buyer, clx_buyer_spec_schema, "who orders"),
    LIST("orders", order, clx_order_spec_schema, "what is ordered"),
    LIST("events", incident, clx_incident_spec_schema, "what happens on dates"),
    LIST("swaps", swap, clx_swap_spec_schema, "delivery slots that change hands"),
    LIST("allotments", allotment, clx_allotment_spec_schema, "what buyers are given of capacities"),
    {.key = "qualified",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, qualified),
     .count_offset = offsetof(F, qualified_count),
     .single = true,
     .doc = "makers that may deliver at once"},
    TEXT("self", self, "the buyer whom the answers are about; default: the first"),
    {.key = "replicas",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, replicas),
     .initial = 1000,
     .minimum = 1,
     .maximum = 100000,
     .doc = "runs that chance is drawn for"},
    {.key = "second",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(F, second),
     .sub = &clx_second_spec_schema,
     .doc = "a second source and its share of the owner's orders"},
    {.key = "plan",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(F, plan),
     .sub = &clx_planning_spec_schema,
     .doc = "what the owner should order, before it is known who delivers"},
};
PLACED(clx_procurement_schema, "procurement", "orders of several buyers against shared capacities", procurement_rows);
#undef F
