// The numbers of a result about power (twin_power_study.h), its flows and the frame of its drawings, for the files report_power*.c.
#pragma once

#include "report/report_goodput.h"
#include "report/report_internal.h"

enum { CLX_POWER_PARTS = 32, CLX_POWER_NAME = 64, CLX_POWER_TEXT = 512 };

// Parts of one kind, in the order of the result: levels of the chain, sources, checks, bands.
typedef struct clx_power_parts {
  const clx_result *result;
  const char *kind;  // "level"
  char name[CLX_POWER_PARTS][CLX_POWER_NAME];
  int32_t count, more;  // found; found beyond the room
} clx_power_parts;

// All NAME of quantities power.KIND.NAME.WHAT.
clx_power_parts clx_power_parts_of(const clx_result *result, const char *kind, const char *what);
// power.KIND.NAME.WHAT of part i.
const clx_quantity *clx_power_part(const clx_power_parts *parts, int32_t index, const char *what);
double clx_power_part_value(const clx_power_parts *parts, int32_t index, const char *what, double otherwise);
// Its name for people: the fact power.KIND.NAME.title, or NAME with blanks for '_'. Cut to `size`. Returns `text`.
const char *clx_power_part_title(const clx_power_parts *parts, int32_t index, char *text, size_t size);
// Whether IT power is that of the servers alone: network and storage stand beside it, not in it.
bool clx_power_servers_alone(const clx_result *result);
// Sources, and the share of one in the energy of all: as the result has it, else by the energies.
clx_power_parts clx_power_sources(const clx_result *result);
double clx_power_source_share(const clx_power_parts *sources, int32_t index);
// "12.3 MW"; `text` holds CLX_POWER_NAME bytes.
const char *clx_power_watts(double watt, int digits, char *text);
// kg as "1.2 million t", "3.4 kg"; `text` as above.
const char *clx_power_mass(double kg, char *text);

// --- flows from the sources to what uses them (report_power_flow.c) ----------------------------------------------------------

typedef enum clx_power_flow_kind {
  CLX_POWER_FLOW_SOURCE,
  CLX_POWER_FLOW_TRUNK,  // point of connection, levels of the chain
  CLX_POWER_FLOW_GPU,
  CLX_POWER_FLOW_SERVER,  // what servers draw beside their GPUs
  CLX_POWER_FLOW_NETWORK,
  CLX_POWER_FLOW_STORAGE,
  CLX_POWER_FLOW_FIXED,  // static loads of a level
  CLX_POWER_FLOW_OTHER,
  CLX_POWER_FLOW_COOLING,
  CLX_POWER_FLOW_LOSS,
  CLX_POWER_FLOW_BATTERY,  // what goes in and does not come out
  CLX_POWER_FLOW_KINDS
} clx_power_flow_kind;

enum { CLX_POWER_FLOW_NODES = 128, CLX_POWER_FLOW_LINKS = 160 };

typedef struct clx_power_node {
  char name[CLX_POWER_NAME];
  int32_t kind;  // clx_power_flow_kind
  double watt;   // W mean
  double load;   // share of the rating, of levels; < 0 = not known
} clx_power_node;

typedef struct clx_power_link {
  int32_t from, to;  // nodes
  double watt;       // > 0
} clx_power_link;

// Sources first, then the trunk from the point of connection to the load, then what uses power: that of the load first, that of the
// point of connection last, so that links drawn in this order from top to bottom do not cross.
typedef struct clx_power_flows {
  clx_power_node node[CLX_POWER_FLOW_NODES];
  clx_power_link link[CLX_POWER_FLOW_LINKS];
  int32_t node_count, link_count;
  int32_t source_count, trunk_count;
  double total;  // W through the point of connection; 0 = the result has no site power
} clx_power_flows;

// Means over the time of the result. Below the chain stand the plugs of the equipment unless its lowest level is the server. What goes into each node of the trunk comes out of it, to rounding. What a level passes on beside
// what is below it and its named ports stands as "other"; it is named where it equals a known sum (cooling, network, storage).
void clx_power_flows_of(const clx_result *result, clx_power_flows *flows);

// --- waves -------------------------------------------------------------------------------------------------------------------

// Samples of equal length, each the mean over [x0 + i step, x0 + (i + 1) step).
typedef struct clx_power_wave {
  const double *y;
  double x0, step;
  int32_t count;  // 0 = absent
} clx_power_wave;

clx_power_wave clx_power_wave_of(const clx_result *result, const char *name);
// The reading of a meter that averages over `window`, from the start on: writes count / (window / step) samples into `out` (room for
// as many as the wave has). Nothing (count 0) where the wave has fewer than two windows or its samples are longer than half of one.
clx_power_wave clx_power_meter(const clx_power_wave *wave, double window, double *out);

// Whether batteries smooth the steady wave of this result: its spectrum (series power.spectrum) is what they leave.
bool clx_power_smoothed(const clx_result *result);
// W, peak, of the largest line of that spectrum within low .. high Hz, 0 = none; `at` (nullable): its frequency.
double clx_power_band_line(const clx_result *result, double low, double high, double *at);

// --- drawings ----------------------------------------------------------------------------------------------------------------

enum { CLX_POWER_WIDE = 900, CLX_POWER_EDGE = 24, CLX_POWER_TOP = 88, CLX_POWER_MARGIN = 190 };  // of a page, in pixels

// A page of figures: opens it with the styles of power; `what` is its title for screen readers. The title of the scenario on top.
clx_plot clx_power_page(const clx_result *result, double width, double height, const char *what, clx_buffer *out);
// Its heading and a line of small print. And a whole page that says why there is nothing to draw.
void clx_power_head(clx_plot *plot, const char *head, const char *note);
void clx_power_empty(const clx_result *result, const char *what, const char *why, clx_buffer *out);
// Axes' rectangle within an area: texts on the left and below, keys in `margin` on the right.
void clx_power_axes(clx_plot *plot, clx_area area, double margin);
// An upright axis of `unit` (W, J, USD) with round marks and the unit in `title`, "site (MW)"; a logarithmic one with powers of ten.
void clx_power_upright(clx_plot *plot, const char *title, const char *unit);
void clx_power_upright_log(clx_plot *plot, const char *title, const char *unit);
// A level axis of shares from 0 to 1, in percent.
void clx_power_share_across(clx_plot *plot, const char *title);
// Straight lines between points, in a style of its own ("curve", "limit").
void clx_power_curve(clx_plot *plot, const char *style, const double *x, const double *y, int32_t count);
// Edges of the upright axis for values between: from 0 where the swing is most of it, else from below the least; never empty.
void clx_power_range(clx_plot *plot, double least, double most);
// A wave as steps, or, where it is denser than pixels, as the least and the most of each: no peak is lost. Style as of clx_plot_line.
void clx_power_steps(clx_plot *plot, const clx_power_wave *wave, int32_t style, const char *more);
