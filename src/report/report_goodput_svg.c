// Pages of figures: title, figures, where the numbers come from.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_goodput.h"
#include "report/report_goodput_paint.h"
#include "unit/unit.h"

enum { WIDE = 1200, NARROW = 900, EDGE = 24, SHORT = 64, LINE = 512 };

static const char STYLE[] =
    "<style>\n"
    "text{fill:#1f2933;font-family:Inter,'Helvetica Neue',Arial,'Liberation Sans',sans-serif;font-size:12px}\n"
    ".title{font-size:19px;font-weight:600}.head{font-size:13px;font-weight:600}\n"
    ".small{font-size:11px;fill:#46525e}.tiny{font-size:9.5px;fill:#5b6875}\n"
    ".light{font-size:9.5px;fill:#fff}.dark{font-size:9.5px;fill:#1f2933;paint-order:stroke;stroke:#fff;stroke-opacity:"
    ".75;stroke-width:2.4px}\n"
    ".page{fill:#fff}\n"
    ".rule{stroke:#e1e7ed}.axis{stroke:#5b6875}.aim{stroke:#5b6875;stroke-dasharray:3 3}\n"
    ".line{fill:none;stroke-width:1.8;stroke-linejoin:round}.band{fill-opacity:.15}\n"
    ".mark{stroke:#fff;stroke-width:.8}.piece{stroke:#fff;stroke-width:.7}\n"
    ".curve{fill:none;stroke:#33475b;stroke-width:1.8;stroke-linejoin:round}\n"
    ".ring{fill:none;stroke:#1f2933;stroke-width:1.8}.whisker{stroke:#1f2933;stroke-width:1.4}\n"
    "@media "
    "(prefers-color-scheme:dark){text{fill:#e6ebf0}.small,.tiny{fill:#9fb0c0}.dark{fill:#1f2933}.light{fill:#fff}\n"
    ".page{fill:#12181f}.rule{stroke:#2b3743}.axis,.aim{stroke:#9fb0c0}.mark,.piece{stroke:#12181f}\n"
    ".band{fill-opacity:.25}.ring,.whisker{stroke:#e6ebf0}.curve{stroke:#b8c4d0}}\n";

// Policies and rates: colour on light and on dark pages, and dashes.
static const struct {
  const char *colour, *dark, *dashes;
} LINES[CLX_GOODPUT_POLICIES] = {
    {"#2f6fa3", "#5fa3d6", "none"},    {"#d95f28", "#e8814f", "8 3"},      {"#2f8f6f", "#4fb592", "2.5 2.5"},
    {"#7a62a3", "#a58bd0", "9 3 2 3"}, {"#c48a12", "#dca83a", "14 4"},     {"#b01c2e", "#ea6a7a", "5 2 1 2 1 2"},
    {"#4f9d9d", "#72c0c0", "1 2.5"},   {"#7d5a44", "#b08a70", "16 3 4 3"},
};

const clx_paint clx_ledger_paint[CLX_LEDGERS + 1] = {
    [CLX_LEDGER_PRODUCTIVE] = {"#dfe7ee", NULL, true},      [CLX_LEDGER_WASTED] = {"#a01a2c", NULL, false},
    [CLX_LEDGER_RECOVERY] = {"#f0a070", "rising", true},    [CLX_LEDGER_STARTUP] = {"#55677a", NULL, false},
    [CLX_LEDGER_RESTORE] = {"#b5d3e8", "falling", true},    [CLX_LEDGER_REINITIALIZATION] = {"#3f8585", "level", false},
    [CLX_LEDGER_SLICE_DOWN] = {"#a8d8b9", NULL, true},      [CLX_LEDGER_SCALE_UP] = {"#2f7f50", "rising", false},
    [CLX_LEDGER_SAVE] = {"#3d7fb3", NULL, false},           [CLX_LEDGER_STRAGGLING] = {"#e8c15a", NULL, true},
    [CLX_LEDGER_WAITING] = {"#a0562a", "upright", false},   [CLX_LEDGER_MAINTENANCE] = {"#cbbfe0", "falling", true},
    [CLX_LEDGER_INITIALIZATION] = {"#6a5296", NULL, false}, [CLX_LEDGER_REPAIR] = {"#c3ccd5", "crossed", true},
    [CLX_LEDGER_SPARE] = {"#eef2f6", NULL, true},           [CLX_PAINT_OTHER] = {"#8794a1", "dotted", true},
};

// Hatches of 6 pixels.
static const struct {
  const char *id, *path;
} HATCHES[] = {
    {"rising", "M-1 7L7 -1M-1 1L1 -1M5 7L7 5"},
    {"falling", "M-1 -1L7 7M5 -1L7 1M-1 5L1 7"},
    {"level", "M0 1.5h6M0 4.5h6"},
    {"upright", "M1.5 0v6M4.5 0v6"},
    {"crossed", "M-1 7L7 -1M-1 -1L7 7"},
    {"dotted", "M1 1.5h1.4M4 4.5h1.4"},
};

static void put_style(clx_picture *p) {
  clx_buffer *out = p->out;
  clx_buffer_format(out, "%s", STYLE);
  for (int32_t i = 0; i < CLX_GOODPUT_POLICIES; i++) {
    clx_buffer_format(out, ".s%d{stroke:%s;stroke-dasharray:%s}.f%d{fill:%s}\n", i, LINES[i].colour, LINES[i].dashes, i,
                      LINES[i].colour);
  }
  clx_buffer_format(out, "@media (prefers-color-scheme:dark){");
  for (int32_t i = 0; i < CLX_GOODPUT_POLICIES; i++) {
    clx_buffer_format(out, ".s%d{stroke:%s}.f%d{fill:%s}", i, LINES[i].dark, i, LINES[i].dark);
  }
  clx_buffer_format(out, "}\n");
  for (int32_t i = 0; i <= CLX_LEDGERS; i++) clx_buffer_format(out, ".g%d{fill:%s}", i, clx_ledger_paint[i].colour);
  clx_buffer_format(out, "\n.g%d{stroke:#b8c4d0}\n</style>\n<defs>", CLX_LEDGER_SPARE);
  for (int32_t i = 0; i < CLX_COUNT(HATCHES); i++) {
    clx_buffer_format(out,
                      "<pattern id=\"%s\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"%s\" "
                      "stroke=\"#1f2933\" stroke-opacity=\".4\" stroke-width=\".9\"/></pattern>",
                      HATCHES[i].id, HATCHES[i].path);
  }
  clx_buffer_format(out, "</defs>\n");
}

// --- what stands around the figures ----------------------------------------------------------------------------------

static void add(char text[LINE], const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(char text[LINE], const char *format, ...) {
  const size_t length = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + length, LINE - length, format, args);
  va_end(args);
}

// Rates and their source, how it was simulated.
static void put_sources(clx_plot *p, bool curves, double width, double y) {
  const char *entry = p->view.count > 0 ? clx_goodput_fact(&p->view, p->view.baseline, "failures_entry") : NULL;
  char text[LINE] = "", number[SHORT], cut[LINE];
  if (p->view.count == 0) return;
  const char *source = clx_goodput_fact(&p->view, p->view.baseline, "failures_source"),
             *path = clx_goodput_fact(&p->view, p->view.baseline, "path");
  const double count = clx_goodput_value(&p->view, p->view.baseline, "replications", 0);
  if (entry != NULL)
    add(text, "Failure rates: catalogue entry %s%s%s%s. ", entry, source != NULL ? " (" : "",
        source != NULL ? source : "", source != NULL ? ")" : "");
  if (count > 0) {
    add(text, "Simulated: %s replications%s%s%s; bands: %g %% of them. ",
        clx_quantity_format(count, "", 12, number, SHORT), path != NULL ? ", " : "", path != NULL ? path : "",
        path != NULL ? " path" : "", 100 * clx_goodput_value(&p->view, p->view.baseline, "confidence", 0.9));
  }
  if (curves) add(text, "Curves: renewal form of the mean time to failure.");
  clx_svg_text(&p->picture, EDGE, y, "tiny", "start", "%s", clx_goodput_cut(text, width, 9.5, cut, sizeof cut));
}

void clx_plot_open(clx_buffer *out, double width, double height, const char *what) {
  clx_buffer_format(out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
                    "height=\"%.0f\" role=\"img\">\n<title>%s</title>\n",
                    width, height, width, height, what);
  put_style(&(clx_picture){.out = out});
  clx_buffer_format(out, "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n", width, height);
}

typedef struct figure {
  const char *title, *note;  // note NULL: which percentiles are shaded
  clx_figure *draw;
} figure;

static const figure FIGURES[] = {
    {"Progress of the run", NULL, clx_figure_progress},
    {"Goodput against size", "renewal form at three rates: stops per 1,000 days of eight GPUs", clx_figure_size},
    {"Goodput over the checkpoint interval",
     "line: renewal form of a restart of all, ring: its best, shaded: best within the rates' band; marks: simulated",
     clx_figure_interval},
    {"Where the rest of the GPU-time goes", "every GPU-second in exactly one part: productive + spare + bar = 100 %",
     clx_figure_ledger},
};

static void put_figure(clx_plot *p, int32_t index, char letter, clx_area area) {
  char head[SHORT] = "";
  if (letter != '\0') snprintf(head, sizeof head, "(%c) ", letter);
  clx_svg_text(&p->picture, area.x, area.y + 10, "head", "start", "%s%s", head, FIGURES[index].title);
  const double beyond = p->view.count > 0 ? 50 * (1 - clx_goodput_value(&p->view, p->view.baseline, "confidence", 0.9))
                                          : 5;  // percent on each side
  char note[LINE];
  snprintf(note, sizeof note, "mean of all replications; shaded: percentiles %g to %g of them", beyond, 100 - beyond);
  clx_svg_text(&p->picture, area.x, area.y + 27, "small", "start", "%s",
               FIGURES[index].note != NULL ? FIGURES[index].note : note);
  FIGURES[index].draw(p, (clx_area){area.x, area.y + 44, area.width, area.height - 44});
}

static void put_title(clx_plot *p, double width) {
  const char *title = clx_result_fact(p->view.result, "scenario.title");
  char cut[LINE];
  if (title == NULL) title = clx_result_fact(p->view.result, "scenario.name");
  clx_svg_text(&p->picture, EDGE, 38, "title", "start", "%s",
               clx_goodput_cut(title != NULL ? title : "Reliability of the run", width, 20, cut, sizeof cut));
}

static void put_more(clx_plot *p, double x, double y) {
  if (p->view.more > 0) clx_svg_text(&p->picture, x, y, "tiny", "end", "%d more policies: --json", p->view.more);
}

static void put_single(const clx_result *result, int32_t index, clx_buffer *out) {
  clx_plot p = {.picture = {.out = out, .result = result}, .view = clx_goodput_view_of(result)};
  const bool ledger = FIGURES[index].draw == clx_figure_ledger;
  const double body = ledger ? 44 + clx_ledger_height(&p.view, NARROW - 2 * EDGE) : 420, height = 62 + body + 34;
  clx_plot_open(out, NARROW, height, FIGURES[index].title);
  put_title(&p, NARROW - 2 * EDGE);
  put_figure(&p, index, '\0', (clx_area){EDGE, 62, NARROW - 2 * EDGE, body});
  put_sources(&p, index == 1 || index == 2, NARROW - 2 * EDGE - 90, height - 12);
  put_more(&p, NARROW - EDGE, height - 12);
  clx_buffer_format(out, "</svg>\n");
}

void clx_report_goodput_progress(const clx_result *result, clx_buffer *out) { put_single(result, 0, out); }
void clx_report_goodput_size(const clx_result *result, clx_buffer *out) { put_single(result, 1, out); }
void clx_report_goodput_interval(const clx_result *result, clx_buffer *out) { put_single(result, 2, out); }
void clx_report_goodput_ledger(const clx_result *result, clx_buffer *out) { put_single(result, 3, out); }

void clx_report_goodput_svg(const clx_result *result, clx_buffer *out) {
  clx_plot p = {.picture = {.out = out, .result = result}, .view = clx_goodput_view_of(result)};
  const double width = (WIDE - 3 * EDGE) / 2.0, upper = 380;
  const double lower = fmax(upper, 44 + clx_ledger_height(&p.view, width)), height = 66 + upper + 28 + lower + 36;
  clx_plot_open(out, WIDE, height, "Reliability of the run");
  put_title(&p, WIDE - 2 * EDGE);
  for (int32_t i = 0; i < CLX_COUNT(FIGURES); i++) {
    const double x = i % 2 == 0 ? EDGE : 2 * EDGE + width, y = i < 2 ? 66 : 66 + upper + 28;
    put_figure(&p, i, (char)('a' + i), (clx_area){x, y, width, i < 3 ? upper : lower});
  }
  put_sources(&p, true, WIDE - 2 * EDGE - 90, height - 12);
  put_more(&p, WIDE - EDGE, height - 12);
  clx_buffer_format(out, "</svg>\n");
}
