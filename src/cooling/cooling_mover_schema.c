// The rows of catalogue/mover.
#include "cooling/cooling_mover.h"

#define F clx_mover
#define REAL(name, member, start, low, high, text)                                                          \
  {                                                                                                         \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .initial = (start), .minimum = (low), \
    .maximum = (high), .doc = text                                                                          \
  }
#define LIST(name, member, high, text)                                                                              \
  {                                                                                                                 \
    .key = name, .kind = CLX_ROW_REALS, .offset = offsetof(F, member), .count_offset = offsetof(F, member##_count), \
    .minimum = 0, .maximum = (high), .doc = text                                                                    \
  }
static const clx_row mover_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, aliases),
     .count_offset = offsetof(F, alias_count),
     .doc = "other names; * stands for any run of characters"},
    {.key = "type",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_mover_kind_name,
     .required = true,
     .doc = "pump or fan"},
    LIST("flow", flow, 100, "shares of the design flow, rising from 0 to its end at or beyond 1"),
    LIST("head", head, 1000, "head at full speed over the design head at each, falling; 1 at the design flow"),
    REAL("efficiency", efficiency, 0.7, 0.01, 1,
         "hydraulic, at its best point (of the whole set where no motor is given)"),
    REAL(
        "best_flow", best_flow, 0, 0, 100,
        "share of the design flow of that point at full speed; elsewhere by the Euler number. 0 = the same everywhere"),
    LIST("load", load, 10, "shares of the motor's rating, rising, above 0"),
    LIST("motor", motor, 1, "efficiency of motor and drive at each; linear between them"),
    REAL("motor_best", motor_best, 0, 0, 1,
         "instead of load and motor: best efficiency; part load by the table of US DOE (2014) for its rating"),
    REAL("motor_margin", motor_margin, 1, 0.5, 10, "rating of the motor over what the design point takes at the shaft"),
    REAL("speed_least", speed_least, 0, 0, 1, "share of full speed"),
};
const clx_schema clx_mover_schema = {.name = "mover",
                                     .doc = "shape of a pump or fan, relative to its design point",
                                     .rows = mover_rows,
                                     .count = CLX_COUNT(mover_rows),
                                     .size = sizeof(F)};
