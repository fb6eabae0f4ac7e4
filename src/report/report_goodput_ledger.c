// The ledger as bars: productive and spare GPU-time as numbers, what it else goes to as pieces.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_goodput.h"
#include "report/report_goodput_paint.h"

enum { ROW = 30, BAR = 18, LEGEND = 17, SHORT = 64, HEAD = 28, FOOT = 60, VALUES = 3, NUMBERS = 112 };

// Buckets that are pieces: those of clx_goodput_order without the spares, which stand last there.
enum { PIECES = CLX_LEDGERS - 2 };

static const double SEEN = 5e-4;  // buckets below it with every policy stand together

typedef struct bars {
  clx_plot *plot;
  const clx_goodput_view *view;
  double left, width;  // of the bars
  double most;         // share at the right end
  bool shown[CLX_LEDGERS + 1];
} bars;

static const char *name_of(int32_t bucket) { return bucket == CLX_PAINT_OTHER ? "other" : clx_goodput_bucket[bucket]; }

// What has no piece of its own.
static double other_of(const bars *b, int32_t policy) {
  double sum = 0;
  for (int32_t k = 0; k < PIECES; k++) {
    if (!b->shown[clx_goodput_order[k]]) sum += clx_goodput_share(b->view, policy, clx_goodput_order[k]);
  }
  return sum;
}

static double lost_of(const clx_goodput_view *v, int32_t policy) {
  double sum = 0;
  for (int32_t i = 0; i < PIECES; i++) sum += clx_goodput_share(v, policy, clx_goodput_order[i]);
  return sum;
}

static void find_buckets(bars *b) {
  for (int32_t i = 0; i < b->view->count; i++) {
    for (int32_t k = 0; k < PIECES; k++) {
      b->shown[clx_goodput_order[k]] |= clx_goodput_share(b->view, i, clx_goodput_order[k]) >= SEEN;
    }
    b->most = fmax(b->most, lost_of(b->view, i));
  }
  for (int32_t i = 0; i < b->view->count; i++) b->shown[CLX_PAINT_OTHER] |= other_of(b, i) >= SEEN;
}

// A tenth of the range, or so, in round numbers.
static double step_of(double most) {
  static const double steps[] = {0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2};
  for (int32_t i = 0; i < CLX_COUNT(steps); i++) {
    if (most / steps[i] <= 7) return steps[i];
  }
  return 0.2;
}

static void put_axis(bars *b, double top, double bottom) {
  const double step = step_of(b->most);
  b->most = step * ceil(b->most / step - 1e-9);
  for (int32_t i = 0; i * step <= b->most + 1e-9; i++) {
    const double x = b->left + b->width * i * step / b->most;
    clx_plot_rule(b->plot, "rule", (clx_point){x, top}, (clx_point){x, bottom});
    clx_svg_text(&b->plot->picture, x, bottom + 15, "small", "middle", "%g", 100 * i * step);
  }
  clx_plot_rule(b->plot, "axis", (clx_point){b->left, top}, (clx_point){b->left, bottom});
  clx_svg_text(&b->plot->picture, b->left + b->width / 2, bottom + 32, "small", "middle",
               "share of all GPU-time that is neither productive nor spare (%%)");
}

// One piece of a bar; its share stands in it where there is room. Returns its right end.
static double put_piece(bars *b, double x, double y, int32_t bucket, double share) {
  clx_picture *p = &b->plot->picture;
  const double width = b->width * share / b->most;
  char style[SHORT];
  if (width <= 0) return x;
  snprintf(style, sizeof style, "piece g%d", bucket);
  clx_svg_box(p, x, y, width, BAR, 0, style);
  if (clx_ledger_paint[bucket].pattern != NULL) {
    clx_buffer_format(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"url(#%s)\"/>\n", x, y,
                      width, BAR, clx_ledger_paint[bucket].pattern);
  }
  if (width >= (share < 0.0995 ? 22 : 28)) {
    clx_svg_text(p, x + width / 2, y + 12.5, clx_ledger_paint[bucket].light ? "dark" : "light", "middle", "%.1f",
                 100 * share);
  }
  return x + width;
}

static void put_bar(bars *b, int32_t policy, double y) {
  clx_picture *p = &b->plot->picture;
  char name[SHORT];
  double x = b->left;
  clx_svg_text(
      p, b->left - NUMBERS, y + 13, "small", "end", "%s",
      clx_goodput_cut(b->view->policy[policy].name, b->left - NUMBERS - b->plot->area.x, 11, name, sizeof name));
  if (!clx_goodput_has_ledger(b->view, policy)) {
    clx_svg_text(p, b->left + 8, y + 13, "small", "start", "%s",
                 clx_goodput_infeasible(b->view, policy) != NULL ? "makes no progress" : "no ledger");
    return;
  }
  clx_svg_text(p, b->left - 60, y + 13, "head", "end", "%.1f",
               100 * clx_goodput_share(b->view, policy, CLX_LEDGER_PRODUCTIVE));
  clx_svg_text(p, b->left - 12, y + 13, "small", "end", "%.1f",
               100 * clx_goodput_share(b->view, policy, CLX_LEDGER_SPARE));
  for (int32_t i = 0; i < PIECES; i++) {
    const int32_t bucket = clx_goodput_order[i];
    if (b->shown[bucket]) x = put_piece(b, x, y, bucket, clx_goodput_share(b->view, policy, bucket));
  }
  if (b->shown[CLX_PAINT_OTHER]) x = put_piece(b, x, y, CLX_PAINT_OTHER, other_of(b, policy));
  clx_svg_text(p, x + 6, y + 13, "small", "start", "%.1f", 100 * lost_of(b->view, policy));
}

static void put_sample(bars *b, double x, double y, int32_t bucket) {
  clx_picture *p = &b->plot->picture;
  char style[SHORT];
  snprintf(style, sizeof style, "piece g%d", bucket);
  clx_svg_box(p, x, y - 10, 16, 12, 0, style);
  if (clx_ledger_paint[bucket].pattern != NULL) {
    clx_buffer_format(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"16\" height=\"12\" fill=\"url(#%s)\"/>\n", x, y - 10,
                      clx_ledger_paint[bucket].pattern);
  }
  clx_svg_text(p, x + 21, y, "small", "start", "%s", name_of(bucket));
}

// The key as a table: with few policies there is room for their shares.
static void put_table(bars *b, double x, double y) {
  clx_picture *p = &b->plot->picture;
  const double first = 230, step = 84;
  char cut[SHORT];
  for (int32_t i = 0; i < b->view->count && b->view->count > 1; i++) {
    clx_svg_text(p, x + first + step * i, y, "tiny", "end", "%s",
                 clx_goodput_cut(b->view->policy[i].name, step - 8, 9.5, cut, sizeof cut));
  }
  for (int32_t k = 0; k <= PIECES; k++) {
    const int32_t bucket = k < PIECES ? clx_goodput_order[k] : CLX_PAINT_OTHER;
    if (!b->shown[bucket]) continue;
    y += LEGEND;
    put_sample(b, x, y, bucket);
    for (int32_t i = 0; i < b->view->count; i++) {
      const double share = bucket == CLX_PAINT_OTHER ? other_of(b, i) : clx_goodput_share(b->view, i, bucket);
      clx_svg_text(p, x + first + step * i, y, "small", "end", "%.2f %%", 100 * share);
    }
  }
}

// The key in lines, one entry behind the other.
static void put_lines(bars *b, clx_area area, double y) {
  double x = area.x;
  for (int32_t k = 0; k <= PIECES; k++) {
    const int32_t bucket = k < PIECES ? clx_goodput_order[k] : CLX_PAINT_OTHER;
    if (!b->shown[bucket]) continue;
    const double width = 36 + 5.8 * (double)strlen(name_of(bucket));
    if (x > area.x && x + width > area.x + area.width) {
      x = area.x;
      y += LEGEND;
    }
    put_sample(b, x, y, bucket);
    x += width;
  }
}

double clx_ledger_height(const clx_goodput_view *view, double width) {
  bars b = {.view = view};
  int32_t rows = 1;
  find_buckets(&b);
  for (int32_t i = 0; i <= CLX_LEDGERS; i++) rows += b.shown[i];
  if (view->count > VALUES) rows = width > 700 ? 3 : 5;
  return HEAD + ROW * (view->count > 1 ? view->count : 1) + FOOT + LEGEND * rows;
}

void clx_figure_ledger(clx_plot *p, clx_area area) {
  bars b = {.plot = p, .view = &p->view, .left = area.x + (area.width > 700 ? 300 : 236)};
  b.width = area.x + area.width - 40 - b.left;
  p->area = area;
  find_buckets(&b);
  if (!(b.most > 0)) {
    bool any = false;
    for (int32_t i = 0; i < p->view.count; i++) any |= clx_goodput_has_ledger(&p->view, i);
    clx_plot_nothing(p, any ? "no GPU-time was lost" : "no ledger in this result");
    return;
  }
  const double top = area.y + HEAD - 6, bottom = area.y + HEAD + ROW * p->view.count;
  clx_svg_text(&p->picture, b.left - 60, area.y + 10, "small", "end", "productive");
  clx_svg_text(&p->picture, b.left - 12, area.y + 10, "small", "end", "spare");
  put_axis(&b, top, bottom);
  for (int32_t i = 0; i < p->view.count; i++) put_bar(&b, i, area.y + HEAD + i * ROW);
  if (p->view.count > VALUES) {
    put_lines(&b, area, bottom + FOOT);
  } else {
    put_table(&b, area.width > 700 ? b.left - 240 : area.x, bottom + FOOT - 6);
  }
}
