// The chain as flows: sources on the left, levels along the top, what uses power on the right.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_power.h"
#include "unit/unit.h"

enum { WIDE = 1200, EDGE = 24, BAR = 12, PITCH = 18, ROW = 30 };

static const double FULL = 330;                                          // pixels of the whole flow
static const double SOURCES = 250, FIRST = 312, LAST = 800, USES = 890;  // x of the bars
static const double THIN = 1;                                            // pixels of the least flow shown

static const char WHAT[] = "Power from its sources to what uses it";

typedef struct place {
  double x, y, height;
  double in, out;  // y where the next link ends and begins
} place;

typedef struct layout {
  const clx_power_flows *flows;
  place at[CLX_POWER_FLOW_NODES];
  double scale;  // pixels of a W
  double apart;  // x from one level to the next
  int32_t rows;  // of names above the levels
  double top, bottom;
} layout;

static double height_of(const layout *l, double watt) { return fmax(watt * l->scale, THIN); }

// Bars from the top down, far enough apart for their names. Returns where the last one ends.
static double stack(layout *l, int32_t from, int32_t until, double x) {
  double y = l->top;
  for (int32_t i = from; i < until; i++) {
    const double height = height_of(l, l->flows->node[i].watt), slot = fmax(height + 4, PITCH);
    const double top =
        height < PITCH - 4 ? y + (PITCH - 4 - height) / 2 : y;  // names of thin bars as far apart as others
    l->at[i] = (place){x, top, height, top, top};
    y += slot;
  }
  return y;
}

static layout arrange(const clx_power_flows *f) {
  layout l = {.flows = f, .scale = FULL / f->node[f->source_count].watt};
  const int32_t trunk = f->source_count, uses = trunk + f->trunk_count;
  l.apart = f->trunk_count > 1 ? (LAST - FIRST) / (f->trunk_count - 1.0) : LAST - FIRST;
  l.rows = l.apart >= 110 ? 1 : l.apart >= 55 ? 2 : 3;
  l.top = CLX_POWER_TOP + 4 + ROW * l.rows;
  const double left = stack(&l, 0, trunk, SOURCES), right = stack(&l, uses, f->node_count, USES);
  for (int32_t i = trunk; i < uses; i++) {
    const double x = FIRST + l.apart * (i - trunk);
    l.at[i] = (place){x, l.top, height_of(&l, f->node[i].watt), l.top, l.top};
  }
  l.bottom = fmax(fmax(left, right), l.top + FULL);
  return l;
}

// --- drawing -----------------------------------------------------------------------------------------------------------------

static void put_link(clx_plot *p, layout *l, const clx_power_link *link) {
  place *a = &l->at[link->from], *b = &l->at[link->to];
  const int32_t from = l->flows->node[link->from].kind, to = l->flows->node[link->to].kind;
  const double width = link->watt * l->scale, shown = fmax(width, THIN);
  const double x0 = a->x + BAR, x1 = b->x, bend = fmin((x1 - x0) / 2, 120);
  clx_buffer_format(p->picture.out,
                    "<path class=\"flow k%d\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fV%.1fC%.1f %.1f %.1f %.1f "
                    "%.1f %.1fz\"/>\n",
                    from == CLX_POWER_FLOW_SOURCE ? from : to, x0, a->out, x0 + bend, a->out, x1 - bend, b->in, x1,
                    b->in, b->in + shown, x1 - bend, b->in + shown, x0 + bend, a->out + shown, x0, a->out + shown);
  a->out += width;
  b->in += width;
}

static void put_bar(clx_plot *p, const place *at, int32_t kind) {
  char style[16];
  snprintf(style, sizeof style, "k%d", kind);
  clx_svg_box(&p->picture, at->x, at->y, BAR, at->height, 0, style);
}

static void share_of(double share, char text[32]) {
  const double percent = 100 * share;
  const int digits = percent >= 9.95 ? 0 : percent >= 0.095 ? 1 : 2;
  if (percent < 0.005) {
    snprintf(text, 32, "< 0.01 %%");
  } else {
    snprintf(text, 32, "%.*f %%", digits, percent);
  }
}

static void put_source(clx_plot *p, const layout *l, int32_t index) {
  const clx_power_node *n = &l->flows->node[index];
  const place *at = &l->at[index];
  char watts[CLX_POWER_NAME], share[32], text[CLX_POWER_TEXT], cut[CLX_POWER_TEXT];
  share_of(n->watt / l->flows->total, share);
  snprintf(text, sizeof text, "%s, %s", clx_power_watts(n->watt, 3, watts), share);
  const double y = at->y + fmin(at->height / 2, 12) + 4, room = SOURCES - EDGE - 10 - clx_goodput_width(text, 11) - 10;
  put_bar(p, at, n->kind);
  clx_svg_text(&p->picture, SOURCES - 8, y, "small", "end", "%s", text);
  clx_svg_text(&p->picture, EDGE, y, "small", "start", "%s", clx_goodput_cut(n->name, room, 11, cut, sizeof cut));
}

static void put_use(clx_plot *p, const layout *l, int32_t index) {
  const clx_power_node *n = &l->flows->node[index];
  const place *at = &l->at[index];
  char watts[CLX_POWER_NAME], share[32], cut[CLX_POWER_TEXT];
  share_of(n->watt / l->flows->total, share);
  const double y = at->y + fmin(at->height / 2, 12) + 4, x = USES + BAR + 8, right = WIDE - EDGE;
  put_bar(p, at, n->kind);
  clx_svg_text(&p->picture, x, y, "small", "start", "%s",
               clx_goodput_cut(n->name, right - x - 120, 11, cut, sizeof cut));
  clx_svg_text(&p->picture, right - 56, y, "small", "end", "%s", clx_power_watts(n->watt, 3, watts));
  clx_svg_text(&p->picture, right, y, "small", "end", "%s", share);
}

// Names of levels above their bars, in turn on one of so many rows that they find room.
static void put_level(clx_plot *p, const layout *l, int32_t index) {
  const clx_power_node *n = &l->flows->node[index];
  const place *at = &l->at[index];
  const int32_t row = (index - l->flows->source_count) % l->rows;
  const double y = l->top - 10 - ROW * row, room = l->apart * l->rows - 8;
  char watts[CLX_POWER_NAME], load[48] = "", cut[CLX_POWER_TEXT];
  if (n->load >= 0) snprintf(load, sizeof load, ", %.0f %% load", 100 * n->load);
  put_bar(p, at, n->kind);
  if (row > 0) clx_plot_rule(p, "lead", (clx_point){at->x + BAR / 2.0, y + 4}, (clx_point){at->x + BAR / 2.0, l->top});
  clx_svg_text(&p->picture, at->x + BAR / 2.0, y - 12, "small", "middle", "%s",
               clx_goodput_cut(n->name, room, 11, cut, sizeof cut));
  clx_power_watts(n->watt, 3, watts);
  char text[CLX_POWER_TEXT];
  snprintf(text, sizeof text, "%s%s", watts, load);
  if (clx_goodput_width(text, 9.5) > room) snprintf(text, sizeof text, "%s", watts);
  clx_svg_text(&p->picture, at->x + BAR / 2.0, y, "tiny", "middle", "%s", text);
}

// Above what: "the mean of a step", the shares of losses and of GPUs.
static void put_note(clx_plot *p, const clx_power_flows *f) {
  double loss = 0, gpus = 0;
  char text[CLX_POWER_TEXT], watts[CLX_POWER_NAME], a[32], b[32];
  for (int32_t i = 0; i < f->node_count; i++) {
    if (f->node[i].kind == CLX_POWER_FLOW_LOSS) loss += f->node[i].watt;
    if (f->node[i].kind == CLX_POWER_FLOW_GPU) gpus += f->node[i].watt;
  }
  share_of(loss / f->total, a);
  share_of(gpus / f->total, b);
  snprintf(text, sizeof text, "mean power at each level: %s at the point of connection%s%s%s%s%s",
           clx_power_watts(f->total, 4, watts), loss > 0 ? ", " : "", loss > 0 ? a : "",
           loss > 0 ? " lost in conversion" : "", gpus > 0 ? ", " : "", gpus > 0 ? b : "");
  if (gpus > 0) snprintf(text + strlen(text), sizeof text - strlen(text), " in GPUs");
  clx_power_head(p, WHAT, text);
}

void clx_report_power_chain(const clx_result *result, clx_buffer *out) {
  clx_power_flows flows;
  clx_power_flows_of(result, &flows);
  if (!(flows.total > 0)) {
    clx_power_empty(result, WHAT, "no power of the site in this result", out);
    return;
  }
  layout l = arrange(&flows);
  clx_plot p = clx_power_page(result, WIDE, l.bottom + EDGE, WHAT, out);
  put_note(&p, &flows);
  for (int32_t i = 0; i < flows.link_count; i++) put_link(&p, &l, &flows.link[i]);
  const int32_t trunk = flows.source_count, uses = trunk + flows.trunk_count;
  for (int32_t i = 0; i < trunk; i++) put_source(&p, &l, i);
  for (int32_t i = trunk; i < uses; i++) put_level(&p, &l, i);
  for (int32_t i = uses; i < flows.node_count; i++) put_use(&p, &l, i);
  clx_buffer_format(out, "</svg>\n");
}
