// The policies of a result about reliability, and the frame of its drawings, for the files report_goodput*.c.
#pragma once

#include "reliability/reliability_model.h"
#include "report/report_svg.h"

enum { CLX_GOODPUT_POLICIES = 8 };  // shown; further ones are counted

// What `run` found stands below "reliability.", what `goodput` compares below "goodput.policy_1." and so on.
typedef struct clx_goodput_view {
  const clx_result *result;
  struct {
    char prefix[32];
    const char *name;
  } policy[CLX_GOODPUT_POLICIES];
  int32_t count;
  int32_t more;      // policies that found no room
  int32_t baseline;  // the policy that others are compared with: the first one that makes progress
} clx_goodput_view;

clx_goodput_view clx_goodput_view_of(const clx_result *result);
// What stands under a policy, e.g. "goodput"; NULL, `otherwise`, NULL when it is absent.
const clx_quantity *clx_goodput_find(const clx_goodput_view *view, int32_t policy, const char *what);
double clx_goodput_value(const clx_goodput_view *view, int32_t policy, const char *what, double otherwise);
const char *clx_goodput_fact(const clx_goodput_view *view, int32_t policy, const char *what);
// Curves, which all policies share, stand below "reliability.".
const double *clx_goodput_series(const clx_goodput_view *view, int32_t policy, const char *what, const double **x,
                                 int32_t *count);
// Share of all GPU-time in a bucket of the ledger; 0 when it is absent.
double clx_goodput_share(const clx_goodput_view *view, int32_t policy, int32_t bucket);
bool clx_goodput_has_ledger(const clx_goodput_view *view, int32_t policy);
// Why a policy makes no progress; NULL when it does.
const char *clx_goodput_infeasible(const clx_goodput_view *view, int32_t policy);
// "work done again", "spare servers" ...
extern const char *const clx_goodput_bucket[CLX_LEDGERS];
// All buckets but the productive one, in the order in which people read them: what failures cost, what guards against them, what waits.
extern const int32_t clx_goodput_order[CLX_LEDGERS - 1];
// Width of a text: pixels at a font of so many pixels, 0: columns of a terminal; wide scripts take two.
double clx_goodput_width(const char *text, double font);
// As much of a text as finds room, with "..." when it was cut. Returns `out` (size >= 8 bytes).
const char *clx_goodput_cut(const char *text, double room, double font, char *out, size_t size);

// --- drawings: coordinates are pixels, y downwards -------------------------------------------------------------------------

typedef struct clx_area {
  double x, y, width, height;
} clx_area;

typedef struct clx_plot {
  clx_picture picture;
  clx_goodput_view view;
  clx_area area;  // inside the axes
  double margin;  // right of it, for keys
  double key;     // y of the next key
  double x0, x1;  // values at the left and right edge; x0 < x1
  double y0, y1;  // at the lower and upper edge
  bool log_x;     // then x0 > 0
  bool log_y;     // then y0 > 0
} clx_plot;

clx_point clx_plot_at(const clx_plot *plot, double x,
                      double y);  // inside the axes: values beyond them stand on the edge
// Opens a page of figures: size, styles, background; `what` says what it shows.
void clx_plot_open(clx_buffer *out, double width, double height, const char *what);
// Marks, rules and titles. The upright axis in multiples of `one`. Shares (0..1) in percent; times in one unit for the whole axis, on a logarithmic axis each in its own.
void clx_plot_upright_axis(clx_plot *plot, double one, const char *title);
void clx_plot_share_axis(clx_plot *plot, const char *title);
void clx_plot_work_axis(clx_plot *plot, const char *title);  // s of work, in the unit of the times beside it
void clx_plot_time_axis(clx_plot *plot, const char *title);
void clx_plot_log_axis(clx_plot *plot, bool time, const char *title);
// A curve in the colour and dashes of style 0..CLX_GOODPUT_POLICIES - 1, with marks at a few of its points; and an area between two.
void clx_plot_line(clx_plot *plot, const double *x, const double *y, int32_t count, int32_t style);
void clx_plot_band(clx_plot *plot, const double *x, const double *low, const double *high, int32_t count,
                   int32_t style);
void clx_plot_mark(clx_plot *plot, clx_point at, int32_t style);
void clx_plot_rule(clx_plot *plot, const char *style, clx_point a, clx_point b);
typedef enum clx_sample {
  CLX_SAMPLE_LINE,  // with the mark of its style
  CLX_SAMPLE_MARK,
  CLX_SAMPLE_RING,
  CLX_SAMPLE_PLAIN,  // a line without a mark
  CLX_SAMPLE_CURVE,
  CLX_SAMPLE_NONE
} clx_sample;
// An entry of the key in the margin: sample in a style (curves and limits have one of their own), name, and a second line (may be empty).
void clx_plot_key(clx_plot *plot, clx_sample sample, int32_t style, const char *name, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// A sentence in the middle, where there is nothing to draw.
void clx_plot_nothing(clx_plot *plot, const char *why);

// The figures; each fills the area below its heading, margins and labels included.
typedef void clx_figure(clx_plot *plot, clx_area area);
clx_figure clx_figure_progress, clx_figure_size, clx_figure_interval, clx_figure_ledger;
// What the ledger needs for its bars and their key.
double clx_ledger_height(const clx_goodput_view *view, double width);
