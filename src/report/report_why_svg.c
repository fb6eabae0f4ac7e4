// The step as a waterfall of its parts, and bars for what decides it and what would change it.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_internal.h"
#include "report/report_svg.h"
#include "unit/unit.h"

enum {
  TOP = 96,
  ROW = 24,
  BAR = 14,
  PARTS_MAX = 32,
  TOP_MAX = 64,
  FALL_LEFT = 190,  // bars of the waterfall
  FALL_RIGHT = 560,
  PANEL_LEFT = 900,  // bars of inputs and changes, whose zero is in the middle of their range
  PANEL_RIGHT = 1100
};

static const char STYLE[] =
    "<style>\n"
    "text{fill:#1f2933;font-family:Inter,'Helvetica Neue',Arial,'Liberation Sans',sans-serif;font-size:12px}\n"
    ".title{font-size:19px;font-weight:600}.head{font-size:13px;font-weight:600}\n"
    ".small{font-size:11px;fill:#5b6875}.tiny{font-size:9.5px;fill:#5b6875}.page{fill:#fff}\n"
    ".compute{fill:#4c8fc0}.transfer{fill:#e0ac34}.wait{fill:#9aa5b1}.step{fill:#33475b}\n"
    ".better{fill:#2f7f70}.worse{fill:#b01c2e}.rule{stroke:#d5dde5}.joint{stroke:#9aa5b1;stroke-dasharray:2 2}\n"
    "@media (prefers-color-scheme:dark){text{fill:#e6ebf0}.small,.tiny{fill:#9fb0c0}.page{fill:#12181f}\n"
    ".step{fill:#b8c4d0}.rule{stroke:#2f3d4b}}\n"
    "</style>\n";

// What works in blue, what moves bytes in amber, what waits in grey.
static const char *style_of(const char *part) {
  static const char *const compute[] = {"gemm", "attention", "stream", "recompute", "optimizer"};
  for (int32_t i = 0; i < CLX_COUNT(compute); i++) {
    if (strcmp(compute[i], part) == 0) return "compute";
  }
  return strstr(part, "_exposed") != NULL || strcmp(part, "contention") == 0 ? "transfer" : "wait";
}

static void put_line(clx_picture *p, const char *style, double x0, double y0, double x1, double y1) {
  clx_buffer_format(p->out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", style, x0, y0, x1,
                    y1);
}

// --- the waterfall ---------------------------------------------------------------------------------------------------

// Each part starts where the one above ends; the step is the last row.
static double put_waterfall(clx_picture *p, double y) {
  clx_ranking part[PARTS_MAX];
  int32_t tenths[PARTS_MAX];
  const double step = clx_result_value(p->result, "training.step_time", 0), width = FALL_RIGHT - FALL_LEFT;
  const int32_t count = clx_result_rank(p->result, "why.share.", "", false, part, PARTS_MAX);
  double at = 0;
  char text[32];
  clx_report_tenths(part, count, tenths);
  clx_svg_text(p, 24, y, "head", "start", "Where the time of a step goes");
  y += 14;
  for (int32_t i = 0; i < count && part[i].weight >= 5e-4; i++) {
    const char *key = strrchr(part[i].quantity->name, '.') + 1;
    const double x = FALL_LEFT + width * at, length = width * part[i].weight;
    clx_svg_text(p, FALL_LEFT - 10, y + 12, "text", "end", "%s", clx_report_part(key));
    clx_svg_box(p, x, y, fmax(length, 0.8), BAR, 1.5, style_of(key));
    if (i > 0) put_line(p, "joint", x, y - ROW + BAR, x, y);
    clx_svg_text(p, FALL_RIGHT + 50, y + 12, "small", "end", "%.1f %%", tenths[i] / 10.0);
    clx_svg_text(p, FALL_RIGHT + 110, y + 12, "small", "end", "%s",
                 clx_quantity_format(step * part[i].weight, "s", 3, text, sizeof text));
    at += part[i].weight;
    y += ROW;
  }
  clx_svg_text(p, FALL_LEFT - 10, y + 12, "head", "end", "step");
  clx_svg_box(p, FALL_LEFT, y, width, BAR, 1.5, "step");
  clx_svg_text(p, FALL_RIGHT + 110, y + 12, "head", "end", "%s", clx_quantity_format(step, "s", 4, text, sizeof text));
  y += ROW + 8;
  static const char *const legend[][2] = {
      {"compute", "works"}, {"transfer", "moves bytes that show"}, {"wait", "waits"}};
  double x = FALL_LEFT;
  for (int32_t i = 0; i < CLX_COUNT(legend); i++) {
    clx_svg_box(p, x, y, 12, 12, 2, legend[i][0]);
    clx_svg_text(p, x + 17, y + 10, "small", "start", "%s", legend[i][1]);
    x += 40 + 6.2 * (double)strlen(legend[i][1]);
  }
  return y + ROW;
}

// --- bars around zero ------------------------------------------------------------------------------------------------

typedef struct panel {
  const char *title, *note, *prefix, *suffix;
  bool by_size;
  double good;  // sign of what makes training faster
} panel;

static void put_bar(clx_picture *p, const panel *kind, const clx_quantity *q, double most, double y) {
  const double middle = (PANEL_LEFT + PANEL_RIGHT) / 2.0, half = (PANEL_RIGHT - PANEL_LEFT) / 2.0;
  const double length = half * q->value / most;
  const char *title = clx_result_fact_beside(p->result, q, "title");
  clx_svg_text(p, PANEL_LEFT - 10, y + 11, "small", "end", "%.42s", title != NULL ? title : q->name);
  clx_svg_box(p, fmin(middle, middle + length), y + 1, fmax(fabs(length), 0.8), BAR - 2, 1.5,
              q->value * kind->good > 0 ? "better" : "worse");
  clx_svg_text(p, PANEL_RIGHT + 60, y + 11, "small", "end", "%+.1f %%", 100 * q->value);
}

static double put_panel(clx_picture *p, const panel *kind, int32_t top, double y) {
  clx_ranking bar[TOP_MAX];
  const clx_quantity *shown[TOP_MAX];
  const int32_t count = clx_result_rank(p->result, kind->prefix, kind->suffix, kind->by_size, bar, TOP_MAX);
  const double middle = (PANEL_LEFT + PANEL_RIGHT) / 2.0;
  double most = 0;
  int32_t seen = 0;
  for (int32_t i = 0; i < count && seen < top; i++) {
    if (fabs(bar[i].quantity->value) < 5e-4) continue;
    shown[seen++] = bar[i].quantity;
    most = fmax(most, fabs(bar[i].quantity->value));
  }
  clx_svg_text(p, 680, y, "head", "start", "%s", kind->title);
  clx_svg_text(p, 680, y + 15, "small", "start", "%s", kind->note);
  y += 26;
  put_line(p, "rule", middle, y - 2, middle, y + seen * (ROW - 4));
  for (int32_t i = 0; i < seen; i++) put_bar(p, kind, shown[i], most, y + i * (ROW - 4));
  return y + seen * (ROW - 4) + 26;
}

void clx_report_why_svg(const clx_result *result, int32_t top, clx_buffer *out) {
  static const panel inputs = {"What decides the step",
                               "change of the step by 10 % more (shares: 10 points more)",
                               "why.input.",
                               ".effect",
                               true,
                               -1};
  static const panel moves = {"Single changes that fit", "change of throughput", "why.move.", ".gain", false, 1};
  clx_buffer body = {0};
  clx_picture p = {.out = &body, .result = result};
  const char *title = clx_result_fact(result, "scenario.title"), *layout = clx_result_fact(result, "training.layout");
  clx_svg_text(&p, 24, 40, "title", "start", "%.108s", title != NULL ? title : "Training step");
  if (layout != NULL) clx_svg_text(&p, 24, 62, "small", "start", "%.180s", layout);
  const double left = put_waterfall(&p, TOP), middle = put_panel(&p, &inputs, top, TOP);
  const double right = put_panel(&p, &moves, top, middle);
  const int32_t height = (int32_t)ceil(fmax(left, right));
  clx_buffer_format(out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                    "role=\"img\">\n<title>Training step</title>\n%s"
                    "<rect class=\"page\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
                    CLX_PICTURE_WIDTH, height, CLX_PICTURE_WIDTH, height, STYLE, CLX_PICTURE_WIDTH, height);
  if (body.data != NULL) clx_buffer_add(out, body.data, body.length);
  clx_buffer_format(out, "</svg>\n");
  out->failed = out->failed || body.failed;
  clx_buffer_free(&body);
}
