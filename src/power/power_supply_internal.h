// For the files of the supply: merit order, what feeds give when, units of generators, one segment of a step, and its books.
#pragma once

#include "power/power_supply.h"

#define CLX_MONTH (30.4375 * 86400)  // s, as unit/ has it
#define CLX_SHAVE_REVIEW 0.125       // share of a lead after which a battery that shaves is looked at again

// Sources in the order of their use: by `order`, then as listed.
void clx_supply_rank(const clx_supply *supply, int32_t rank[CLX_SOURCES_MAX]);
bool clx_source_there(const clx_source *source, double time);
double clx_source_unit(const clx_source *source);  // W of one unit, derated
double clx_source_lead(const clx_source *source);  // s from the order to full load

// W left of all feeds together at `time` by the curtailments known at `known`; INFINITY = all.
double clx_feeds_limit(const clx_supply *supply, double time, double known);
// Least W, over the lead of generator `index`, of the feeds that are used before it, as far as it is known at `time`.
double clx_feeds_ahead(const clx_supply *supply, int32_t index, double time);
// Next time after the state's at which anything is stated or has been started to change; INFINITY.
double clx_supply_boundary(const clx_supply *supply, const clx_supply_state *state);

// Units of generators at the state's time: ready ones join, needed ones start, spare ones stop. `load` W incl. what batteries draw for themselves.
void clx_units_commit(const clx_supply *supply, const int32_t *rank, clx_supply_state *state, double load);

// Stores that take part in the dispatch at `time`.
bool clx_store_works(const clx_store *store, double time);
double clx_store_room(const clx_store *store, const clx_supply_state *state,
                      int32_t k);  // J it can still take, at the cells
double clx_store_stock(const clx_store *store, const clx_supply_state *state,
                       int32_t k);  // J it can still give, at the cells
// Standby and loss of smoothing, W: what stores draw beside the demand.
double clx_stores_draw(const clx_supply *supply, const clx_supply_state *state);
// Books of dt s of standby and smoothing.
void clx_stores_idle(const clx_supply *supply, clx_supply_state *state, double dt);
// Fading of all stores by dt s of age and by what they gave since `out` (J at the terminals of each, at the last call).
void clx_stores_fade(const clx_supply *supply, clx_supply_state *state, const double *out, double dt);

// What happened in a segment of a step: powers go linearly from [0] to [1].
typedef struct clx_supply_segment {
  double time;                        // s
  double output[CLX_SOURCES_MAX][2];  // W
  double load;                        // W asked, with what the stores draw
  double shortage[2];                 // W
} clx_supply_segment;

// Energy, fuel, money, emissions and shortage of a segment that starts at the state's time; it ends no later than the month.
void clx_supply_book(const clx_supply *supply, clx_supply_state *state, const clx_supply_segment *segment);
// Ends the window; at the end of a month ends the month.
void clx_supply_month(const clx_supply *supply, clx_supply_state *state);
