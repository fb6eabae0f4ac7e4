// report: results as text for people. The JSON of a result stands in result.
#pragma once

#include "base/base.h"
#include "fabric/fabric.h"
#include "result/result.h"
#include "trace/trace.h"

enum { CLX_REPORT_LINES = 30, CLX_REPORT_COMPARE_LINES = 30, CLX_REPORT_COLUMNS = 100 };

// At most CLX_REPORT_LINES lines of CLX_REPORT_COLUMNS columns. What was not found is left out, never printed
// as zero; long warnings are cut and further ones counted. `colour` adds terminal escapes: bold headings, dim remarks.
// O(quantities^2). out->failed tells when memory ran out.
void clx_report_text(const clx_result *result, bool colour, clx_buffer *out);

// Two results side by side, largest relative change first. Text: at most CLX_REPORT_COMPARE_LINES lines. JSON: all quantities,
// the facts that differ, and the names that only one of them has.
clx_status clx_report_compare(const clx_result *a, const clx_result *b, bool json, clx_buffer *out, clx_error *error);

// --- the fabric (network.* of a result, twin.h) ----------------------------------------------------------------------------

// A drawing of the fabric as a self-contained SVG, 1200 pixels wide, for light and dark pages: tiers, groups or planes by
// cohorts (equal things are drawn a few times, with their number beside), links by the utilisation that the result holds
// (network.heat.*; grey where it holds none), failed parts crossed, what to buy. O(1) of the size of the fabric.
void clx_report_fabric(const clx_fabric *fabric, const clx_result *result, clx_buffer *out);

// The study of a network for people, about 45 lines of at most CLX_REPORT_COLUMNS columns. What was not found is left out.
void clx_report_network(const clx_result *result, bool colour, clx_buffer *out);

// Its table of links as CSV: class, links, rate (B/s), min, mean, max (shares), fullest link.
void clx_report_links(const clx_result *result, clx_buffer *out);

// A schedule that was played (schedule.* of a result, twin.h), at most CLX_REPORT_LINES lines.
void clx_report_schedule(const clx_result *result, clx_buffer *out);

// --- why a step takes as long as it does (why.* of a result, twin.h) --------------------------------------------------------------

// Parts of the step, what binds, the `top` inputs that decide most and the `top` single changes that gain most, about
// 35 + 2 top lines of at most CLX_REPORT_COLUMNS columns. Percentages of the parts add up to 100.0.
void clx_report_why(const clx_result *result, int32_t top, bool colour, clx_buffer *out);
// The same as a self-contained SVG, 1200 pixels wide: a waterfall of the parts, bars for inputs and changes.
void clx_report_why_svg(const clx_result *result, int32_t top, clx_buffer *out);

// --- timelines -------------------------------------------------------------------------------------------------------------

// A trace as a self-contained SVG, 1200 pixels wide, for light and dark pages: a row for each track, up to 160, spans coloured
// by category, counters below the tracks of their process, arrows when they are at most 240. Spans narrower than a pixel are
// merged: at most one element a pixel of a row, however many spans there are. Errors: those of clx_trace_sort.
clx_status clx_report_timeline_svg(const clx_trace *trace, clx_buffer *out, clx_error *error);

// --- parts -----------------------------------------------------------------------------------------------------------------

// A replay of traces (replay.* of a result, twin.h), about 40 lines of at most CLX_REPORT_COLUMNS columns.
void clx_report_replay(const clx_result *result, bool colour, clx_buffer *out);

// A failed part of a fabric of this topology for people: "leaf 17 port 3", "NIC 204", "server 5 x+", "2 % of the links of tier 1".
void clx_report_fault(int32_t topology, const clx_fault_spec *fault, char *text, size_t size);

// --- a search for layouts (search.* of a result, twin.h) -------------------------------------------------------------------

// For people, about 50 lines of at most CLX_REPORT_COLUMNS columns.
void clx_report_search(const clx_result *result, bool colour, clx_buffer *out);
// The list, the front and the best of every count of GPUs as CSV: list (top, front, count), rank, value, step_time (s), memory
// (B), gpus, mfu, layout, fleet; empty where a list does not have it.
void clx_report_layouts(const clx_result *result, clx_buffer *out);
// A search for policies (objective goodput) for people, and its list as CSV: rank, value, goodput with its band, time_to_train (s), interval
// (s), hot, held, form, replications, policy, checkpoint, recovery, settings.
void clx_report_policies(const clx_result *result, bool colour, clx_buffer *out);
void clx_report_policies_csv(const clx_result *result, clx_buffer *out);
// Memory against time as a self-contained SVG, 900 pixels wide, for light and dark pages: the front, the best layouts, the limit.
void clx_report_front(const clx_result *result, clx_buffer *out);

// --- failures, checkpoints and goodput (reliability.* of a run, goodput.* of a comparison; twin.h) --------------------------

enum { CLX_REPORT_GOODPUT_LINES = 40 };

// Policies side by side for people: at most CLX_REPORT_GOODPUT_LINES lines of CLX_REPORT_COLUMNS columns. Machine, rates, checkpoint
// and restart, a line for each policy, what the rest of the GPU-time went to. What was not found is left out. Also for a run.
void clx_report_goodput(const clx_result *result, bool colour, clx_buffer *out);

// Figures as self-contained SVG, 900 pixels wide, for light and dark pages and for print without colour; up to 8 policies.
// Progress over time with its band; goodput over the GPUs of the job for low, expected and high rates; goodput over the checkpoint
// interval with the best one; the ledger as bars. A figure without numbers says so. O(points of the series).
void clx_report_goodput_progress(const clx_result *result, clx_buffer *out);
void clx_report_goodput_size(const clx_result *result, clx_buffer *out);
void clx_report_goodput_interval(const clx_result *result, clx_buffer *out);
void clx_report_goodput_ledger(const clx_result *result, clx_buffer *out);
// All four on one page, 1200 pixels wide.
void clx_report_goodput_svg(const clx_result *result, clx_buffer *out);

// Tables as CSV. Ledger: policy, name, bucket, badput type of ml-goodput-measurement, share of all GPU-time, doc. Series over time:
// policy, name, time (s), progress and its band, effective training time of the sliding window, free units; empty where a series is
// absent. Curves: curve (interval, size_low, size_mid, size_high), x (s of work or GPUs), goodput.
void clx_report_goodput_ledger_csv(const clx_result *result, clx_buffer *out);
void clx_report_goodput_series_csv(const clx_result *result, clx_buffer *out);
void clx_report_goodput_curves_csv(const clx_result *result, clx_buffer *out);

// --- power (power.* of a run or of a study; twin_power_study.h) ---------------------------------------------------------------------

// The study for people, up to about 70 lines of at most CLX_REPORT_COLUMNS columns. What was not found is left out. Also for a run.
void clx_report_power(const clx_result *result, bool colour, clx_buffer *out);
// The same as a page of tables (HTML) around the drawings waveform.svg, spectrum.svg, chain.svg and, where the result has them, year.svg
// and design.svg, which lie beside it.
void clx_report_power_page(const clx_result *result, clx_buffer *out);

// Figures as self-contained SVG for light and dark pages; one without numbers says so. Site, rack and GPU over time with the reading of a
// meter of 2 s; the spectrum with bands and limits; the chain as flows (Sankey), 1200 pixels wide, the others 900; the site over a long
// run with sources and batteries; battery and cost over the power floor. At most a few elements a pixel: O(points of the series).
void clx_report_power_waveform(const clx_result *result, clx_buffer *out);
void clx_report_power_spectrum(const clx_result *result, clx_buffer *out);
void clx_report_power_chain(const clx_result *result, clx_buffer *out);
void clx_report_power_year(const clx_result *result, clx_buffer *out);
void clx_report_power_design(const clx_result *result, clx_buffer *out);

// Tables as CSV, units in the names of columns: series over their axis; the flows (from, to, kind of the latter, W mean); the checks.
void clx_report_power_waveform_csv(const clx_result *result, clx_buffer *out);
void clx_report_power_spectrum_csv(const clx_result *result, clx_buffer *out);
void clx_report_power_year_csv(const clx_result *result, clx_buffer *out);
void clx_report_power_design_csv(const clx_result *result, clx_buffer *out);
void clx_report_power_chain_csv(const clx_result *result, clx_buffer *out);
void clx_report_power_checks_csv(const clx_result *result, clx_buffer *out);

// --- cooling (cooling.* of a run or of a study; report_cooling.h has the names) ---------------------------------------------------

// The study for people, up to about 70 lines of at most CLX_REPORT_COLUMNS columns. What was not found is left out. Also for a run.
void clx_report_cooling(const clx_result *result, bool colour, clx_buffer *out);
// The same as a page of tables (HTML) around the drawings plant.svg and, where the result has them, year.svg, duration.svg, trip.svg and
// compare.svg, which lie beside it.
void clx_report_cooling_page(const clx_result *result, clx_buffer *out);

// Figures as self-contained SVG for light and dark pages; one without numbers says so. The plant from the racks to the outside, 1200 pixels
// wide; the others 900: hour of day by day of the year of PUE, temperatures and water; the same sorted; supply, chip, flow and clock after a
// trip; supply temperatures side by side. O(points of the series), at most one element for a cell of a carpet.
void clx_report_cooling_plant(const clx_result *result, clx_buffer *out);
void clx_report_cooling_year(const clx_result *result, clx_buffer *out);
void clx_report_cooling_duration(const clx_result *result, clx_buffer *out);
void clx_report_cooling_trip(const clx_result *result, clx_buffer *out);
void clx_report_cooling_compare(const clx_result *result, clx_buffer *out);

// A network of pipes for people (network.flow.BRANCH, .loss, .units; network.pressure.NODE; facts network.kind.BRANCH, .from, .to).
void clx_report_cooling_network(const clx_result *result, bool colour, clx_buffer *out);

// Tables as CSV, units in the names of columns: loops and units of the plant; the hours of the year; the samples after a trip; supply
// temperatures.
void clx_report_cooling_plant_csv(const clx_result *result, clx_buffer *out);
void clx_report_cooling_year_csv(const clx_result *result, clx_buffer *out);
void clx_report_cooling_trip_csv(const clx_result *result, clx_buffer *out);
void clx_report_cooling_compare_csv(const clx_result *result, clx_buffer *out);

// --- orders and deliveries (supply.* of a result, twin_supply.h) ------------------------------------------------------------

// For people: at most CLX_REPORT_LINES lines of CLX_REPORT_COLUMNS columns; as a page of tables (HTML) around the drawings.
void clx_report_supply(const clx_result *result, bool colour, clx_buffer *out);
void clx_report_supply_page(const clx_result *result, clx_buffer *out);
// CSV: GPUs of each buyer by week; orders; events with against without; orders of the plan by period. Times in s after supply.start.
void clx_report_supply_deliveries_csv(const clx_result *result, clx_buffer *out);
void clx_report_supply_orders_csv(const clx_result *result, clx_buffer *out);
void clx_report_supply_events_csv(const clx_result *result, clx_buffer *out);
void clx_report_supply_plan_csv(const clx_result *result, clx_buffer *out);
// SVG, 900 pixels wide, for light and dark pages: GPUs over time against dates wanted and what sites can use; use of capacities.
void clx_report_supply_deliveries(const clx_result *result, clx_buffer *out);
void clx_report_supply_shares(const clx_result *result, clx_buffer *out);

// --- cost (cost.* of a run or of a study; twin/twin_cost.h has the names) ---------------------------------------------------------

// The study for people, at most CLX_REPORT_LINES lines of CLX_REPORT_COLUMNS columns. What was not found is left out. Also for a run.
void clx_report_cost(const clx_result *result, bool colour, clx_buffer *out);
// The same as a page of tables (HTML) around the drawings cash.svg, capital.svg and, where the result has courses, courses.svg.
void clx_report_cost_page(const clx_result *result, clx_buffer *out);

// Figures as self-contained SVG, 900 pixels wide, for light and dark pages; one without numbers says so: cumulated cash with its band over
// the months, with GPUs and milestones; capital by kind as it is delivered; courses side by side with bands. O(months kinds).
void clx_report_cost_cash(const clx_result *result, clx_buffer *out);
void clx_report_cost_capital(const clx_result *result, clx_buffer *out);
void clx_report_cost_courses(const clx_result *result, clx_buffer *out);

// Tables as CSV, units in the names of columns: the months; capital by kind with its band; courses by figure with bands.
void clx_report_cost_months_csv(const clx_result *result, clx_buffer *out);
void clx_report_cost_capital_csv(const clx_result *result, clx_buffer *out);
void clx_report_cost_courses_csv(const clx_result *result, clx_buffer *out);
// --- a build (buildout.* of a run or of a study; twin_buildout.h) --------------------------------------------------------------------

// The study for people: at most CLX_REPORT_LINES lines of CLX_REPORT_COLUMNS columns. What was not found is left out.
void clx_report_buildout(const clx_result *result, bool colour, clx_buffer *out);
// The same as a page of tables (HTML) around the drawings gantt.svg, gpus.svg, curve.svg and tornado.svg, which lie beside it.
void clx_report_buildout_page(const clx_result *result, clx_buffer *out);

// Figures as self-contained SVG for light and dark pages; one without numbers says so. Works over time with GPUs and what binds below;
// GPUs by day with their band and causes by share; how likely the dates are; what moves the date of full capacity.
void clx_report_buildout_gantt(const clx_result *result, clx_buffer *out);
void clx_report_buildout_gpus(const clx_result *result, clx_buffer *out);
void clx_report_buildout_curve(const clx_result *result, clx_buffer *out);
void clx_report_buildout_tornado(const clx_result *result, clx_buffer *out);

// Tables as CSV, units in the names of columns: GPUs, power and what waits by day; works; drivers; shares of causes by day.
void clx_report_buildout_gpus_csv(const clx_result *result, clx_buffer *out);
void clx_report_buildout_works_csv(const clx_result *result, clx_buffer *out);
void clx_report_buildout_drivers_csv(const clx_result *result, clx_buffer *out);
void clx_report_buildout_causes_csv(const clx_result *result, clx_buffer *out);
