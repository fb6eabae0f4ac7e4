// The plant as a diagram: loops and units from the racks on the left to the outside air on the right, pipes between them.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_cooling_layout.h"
#include "unit/unit.h"

enum { WIDE = 1200, EDGE = 24, TOP = 100, FOOT = 56, INSIDE = 8, LINE = 14 };

static const double PORT = 24, PAIR = 3.5;  // pixels between pairs of pipes on a box, from a pair's middle to its pipes

static const char WHAT[] = "Cooling plant";

// --- pipes -------------------------------------------------------------------------------------------------------------------

// y where an edge meets a box: its place among the edges on that side, in the order of what is at their other ends.
static double port_of(const clx_cooling_layout *l, int32_t edge, bool right) {
  const clx_cooling_edge *e = &l->edge[edge];
  const int32_t node = right ? e->from : e->to, other = right ? e->to : e->from;
  const clx_cooling_node *n = &l->node[node];
  int32_t before = 0, count = 0;
  if (n->kind == CLX_COOLING_NODE_LANE) return n->y;
  for (int32_t k = 0; k < l->edge_count; k++) {
    const clx_cooling_edge *f = &l->edge[k];
    if ((right ? f->from : f->to) != node) continue;
    const double y = l->node[right ? f->to : f->from].y;
    count++;
    before += k != edge && (y < l->node[other].y || (!(y > l->node[other].y) && k < edge)) ? 1 : 0;
  }
  return n->y + (before - (count - 1) / 2.0) * fmin(PORT, (n->high - 16) / count);
}

static void put_head(clx_plot *p, const char *style, double x, double y, double along) {
  clx_buffer_format(p->picture.out, "<path class=\"%s\" d=\"M%.1f %.1fl%.1f -4v8z\"/>\n", style, x, y, -7 * along);
}

// late: pixels by which it bends behind the middle, so that the pipes of a pair stay apart where they are steep.
static void put_pipe(clx_plot *p, const char *style, clx_point a, clx_point b, double late) {
  const double bend = (a.x + b.x) / 2 + late;
  clx_buffer_format(p->picture.out, "<path class=\"%s\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>\n", style, a.x,
                    a.y, bend, a.y, bend, b.y, b.x, b.y);
}

// A pair of pipes, or one arrow of heat; a lane's part of it lies in its layer.
static void put_edge(clx_plot *p, const clx_cooling_layout *l, int32_t edge) {
  const clx_cooling_edge *e = &l->edge[edge];
  const clx_cooling_node *from = &l->node[e->from], *to = &l->node[e->to];
  const bool starts = from->kind != CLX_COOLING_NODE_LANE, ends = to->kind != CLX_COOLING_NODE_LANE;
  const bool sky = e->loop < 0;
  const double out = port_of(l, edge, true), in = to->kind == CLX_COOLING_NODE_SKY ? out : port_of(l, edge, false);
  const clx_point a = {from->x + from->wide, out}, b = {to->x, in};
  const double apart = sky ? 0 : PAIR, late = 2 * apart * fmin(fmax((in - out) / 40, -1), 1);
  put_pipe(p, "hot", (clx_point){a.x, a.y - apart}, (clx_point){b.x - (ends ? 6 : 0), b.y - apart}, late);
  if (ends) put_head(p, "headhot", b.x, b.y - apart, 1);
  if (!sky) {
    put_pipe(p, "cold", (clx_point){a.x + (starts ? 6 : 0), a.y + apart}, (clx_point){b.x, b.y + apart}, -late);
    if (starts) put_head(p, "headcold", a.x, a.y + apart, -1);
  }
  if (ends) return;
  clx_plot_rule(p, "hot", (clx_point){to->x, to->y - apart}, (clx_point){to->x + to->wide, to->y - apart});
  if (!sky) clx_plot_rule(p, "cold", (clx_point){to->x, to->y + apart}, (clx_point){to->x + to->wide, to->y + apart});
}

// --- boxes -------------------------------------------------------------------------------------------------------------------

typedef struct card {
  clx_plot *plot;
  const clx_cooling_node *node;
  double y;  // of the last line
} card;

static card put_box(clx_plot *p, const clx_cooling_node *n, const char *style, const char *title) {
  clx_svg_box(&p->picture, n->x, n->y - n->high / 2, n->wide, n->high, 6, style);
  double y = n->y - n->high / 2 + 17;
  const double room = n->wide - 2 * INSIDE;
  const int32_t first = clx_cooling_title_break(title, n->wide);
  char line[CLX_COOLING_TEXT], cut[CLX_COOLING_TEXT];
  if (first > 0) {
    snprintf(line, sizeof line, "%.*s", (int)first, title);
    clx_svg_text(&p->picture, n->x + INSIDE, y, "head", "start", "%s", line);
    y += LINE;
    title += first + 1;
  }
  clx_svg_text(&p->picture, n->x + INSIDE, y, "head", "start", "%s",
               clx_goodput_cut(title, room, CLX_COOLING_TITLE, cut, sizeof cut));
  return (card){p, n, y};
}

static void put_line(card *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put_line(card *c, const char *format, ...) {
  char text[2 * CLX_COOLING_TEXT], cut[2 * CLX_COOLING_TEXT];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  c->y += LINE;
  clx_svg_text(&c->plot->picture, c->node->x + INSIDE, c->y, "small", "start", "%s",
               clx_goodput_cut(text, c->node->wide - 2 * INSIDE, 11, cut, sizeof cut));
}

static const char *number(double value, const char *unit, int digits, char text[CLX_COOLING_NAME]) {
  return clx_quantity_format(value, unit, digits, text, CLX_COOLING_NAME);
}

static void put_heat(clx_plot *p, const clx_cooling_view *v, const clx_cooling_node *n) {
  const bool air = n->index == 1;
  const clx_cooling_loop_view *l = &v->loop[air ? v->air : v->liquid];
  const double watt =
      clx_result_value(v->result, air ? "cooling.moment.air" : "cooling.moment.liquid", fmax(l->heat, 0));
  char text[CLX_COOLING_NAME];
  card c = put_box(p, n, "heat", air ? "hall air" : "racks");
  put_line(&c, "%s", air ? "heat into air" : "heat into liquid");
  put_line(&c, "%s", number(watt, "W", 4, text));
}

static void put_loop(clx_plot *p, const clx_cooling_view *v, const clx_cooling_node *n) {
  const clx_cooling_loop_view *l = &v->loop[n->index];
  char a[CLX_COOLING_NAME], b[CLX_COOLING_NAME];
  card c = put_box(p, n, "loop", l->title);
  if (l->warm) clx_svg_box(&p->picture, n->x - 3, n->y - n->high / 2 - 3, n->wide + 6, n->high + 6, 8, "warm");
  if (l->fluid != NULL || l->count > 1.5)
    put_line(&c, "%s%s%s", l->count > 1.5 ? number(l->count, "", 6, a) : "", l->count > 1.5 ? " loops of " : "",
             l->fluid != NULL ? l->fluid : "liquid");
  if (l->supply > 0 && l->back > 0)
    put_line(&c, "%.1f \u2192 %.1f \u00b0C", l->supply - 273.15, l->back - 273.15);
  else if (l->supply > 0)
    put_line(&c, "%s", clx_cooling_celsius(l->supply, a));
  if (l->heat >= 0) put_line(&c, "heat %s", number(l->heat, "W", 4, a));
  if (l->flow > 0)
    put_line(&c, "%s%s%s", clx_cooling_flow(l->flow, a), l->pressure > 0 ? ", " : "",
             l->pressure > 0 ? clx_cooling_bar(l->pressure, b) : "");
  if (l->pump > 0) {
    char pumps[CLX_COOLING_NAME] = "";
    if (l->pumps > 0) snprintf(pumps, sizeof pumps, ", %.0f + %.0f", l->pumps, fmax(l->spare, 0));
    put_line(&c, "pumps %s%s", number(l->pump, "W", 3, a), pumps);
  }
}

static void put_unit(clx_plot *p, const clx_cooling_view *v, const clx_cooling_node *n) {
  const clx_cooling_unit_view *u = &v->unit[n->index];
  char a[CLX_COOLING_NAME], b[CLX_COOLING_NAME], spare[CLX_COOLING_NAME];
  const bool rests = u->running >= 0 && u->running < 1e-9 && !(u->heat > 0);
  card c = put_box(p, n, rests ? "rest" : "unit", u->title);
  if (u->limit) clx_svg_box(&p->picture, n->x - 3, n->y - n->high / 2 - 3, n->wide + 6, n->high + 6, 8, "warm");
  spare[0] = '\0';
  if (u->spare > 0) snprintf(spare, sizeof spare, " + %.40s", number(ceil(u->spare), "", 6, a));
  if (u->count > 0 && u->running >= 0)
    put_line(&c, "%s of %s%s run", rests ? "none" : number(ceil(u->running - 1e-9), "", 6, a),
             number(ceil(u->count - 1e-9), "", 6, b), spare);
  else if (u->count > 0)
    put_line(&c, "%s%s", number(ceil(u->count - 1e-9), "", 6, b), spare);
  if (!rests && u->heat >= 0) {
    char share[CLX_COOLING_NAME] = "";
    if (u->share >= 0) snprintf(share, sizeof share, " (%.0f %%)", 100 * u->share);
    put_line(&c, "heat %s%s", number(u->heat, "W", 4, a), share);
  }
  if (u->electric > 0) put_line(&c, "electric %s", number(u->electric, "W", 3, a));
  if (u->water > 0) put_line(&c, "water %s", clx_cooling_flow(u->water, a));
  if (u->share < 0) return;
  const double width = n->wide - 2 * INSIDE, y = n->y + n->high / 2 - 10;
  clx_svg_box(&p->picture, n->x + INSIDE, y, width, 4, 2, "track");
  if (u->share > 0) clx_svg_box(&p->picture, n->x + INSIDE, y, width * fmin(u->share, 1), 4, 2, "full");
}

// W that leave: heat of racks and hall, and what the plant draws, all of which ends as heat. 0: not known.
static double outside(const clx_result *result) {
  if (clx_result_find(result, "cooling.moment.power") == NULL) return 0;
  return clx_result_value(result, "cooling.moment.liquid", 0) + clx_result_value(result, "cooling.moment.air", 0) +
         clx_result_value(result, "cooling.moment.power", 0);
}

static void put_sky(clx_plot *p, const clx_cooling_view *v, const clx_cooling_node *n) {
  static const char *const rows[][2] = {{"dry_bulb", "dry"}, {"wet_bulb", "wet bulb"}};
  char text[CLX_COOLING_NAME], name[CLX_COOLING_TEXT];
  card c = put_box(p, n, "sky", "outside");
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    snprintf(name, sizeof name, "cooling.moment.%s", rows[i][0]);
    const clx_quantity *q = clx_result_find(v->result, name);
    snprintf(name, sizeof name, "cooling.design.%s", rows[i][0]);
    if (q == NULL) q = clx_result_find(v->result, name);
    if (q != NULL) put_line(&c, "%s %s", clx_cooling_celsius(q->value, text), rows[i][1]);
  }
  const double all = outside(v->result);
  if (all > 0) put_line(&c, "takes %s", number(all, "W", 4, text));
}

// --- the page ----------------------------------------------------------------------------------------------------------------

static void put_legend(clx_plot *p, double y) {
  static const struct {
    const char *style, *head, *text;
  } rows[] = {{"hot", "headhot", "hot: away from the racks"},
              {"cold", "headcold", "cold: towards the racks"},
              {"full", NULL, "share of the capacity"},
              {"rest", NULL, "none runs"},
              {"warm", NULL, "loop above its set point, or unit outside its curves' range"}};
  double x = EDGE;
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    if (rows[i].head != NULL) {
      clx_plot_rule(p, rows[i].style, (clx_point){x, y - 4}, (clx_point){x + 24, y - 4});
      put_head(p, rows[i].head, i == 0 ? x + 30 : x - 2, y - 4, i == 0 ? 1 : -1);
    } else if (i == 2) {
      clx_svg_box(&p->picture, x, y - 6, 26, 4, 2, rows[i].style);
    } else {
      clx_svg_box(&p->picture, x, y - 11, 26, 13, 3, rows[i].style);
    }
    clx_svg_text(&p->picture, x + 36, y, "small", "start", "%s", rows[i].text);
    x += 36 + clx_goodput_width(rows[i].text, 11) + 30;
  }
}

static void put_nodes(clx_plot *p, const clx_cooling_view *v, const clx_cooling_layout *l) {
  static void (*const put[])(clx_plot *, const clx_cooling_view *, const clx_cooling_node *) = {
      [CLX_COOLING_NODE_HEAT] = put_heat,
      [CLX_COOLING_NODE_LOOP] = put_loop,
      [CLX_COOLING_NODE_UNIT] = put_unit,
      [CLX_COOLING_NODE_LANE] = NULL,
      [CLX_COOLING_NODE_SKY] = put_sky};
  for (int32_t k = 0; k < l->edge_count; k++) put_edge(p, l, k);
  for (int32_t i = 0; i < l->node_count; i++) {
    if (put[l->node[i].kind] != NULL) put[l->node[i].kind](p, v, &l->node[i]);
  }
}

void clx_report_cooling_plant(const clx_result *result, clx_buffer *out) {
  clx_cooling_view v;
  clx_cooling_layout l;
  clx_cooling_view_of(result, &v);
  if (v.loop_count == 0 || v.unit_count == 0) {
    clx_cooling_empty(result, WHAT, "no plant in this result: the scenario has no section `cooling`", out);
    return;
  }
  clx_cooling_layout_of(&v, EDGE, TOP, &l);
  const double width = fmax(WIDE, l.width + 2 * EDGE), height = TOP + l.height + FOOT;
  const double shift = (width - 2 * EDGE - l.width) / 2;
  for (int32_t i = 0; i < l.node_count; i++) l.node[i].x += shift;
  const char *plant = clx_result_fact(result, "cooling.plant"), *moment = clx_result_fact(result, "cooling.moment");
  char head[CLX_POWER_TEXT], cut[CLX_POWER_TEXT], note[CLX_POWER_TEXT], power[CLX_COOLING_NAME];
  snprintf(head, sizeof head, "%s%s%s", WHAT, plant != NULL ? ": " : "", plant != NULL ? plant : "");
  const clx_quantity *drawn = clx_result_find(result, "cooling.moment.power");
  snprintf(note, sizeof note, "%s%s%s%s", moment != NULL ? moment : "one moment",
           drawn != NULL ? "; the plant draws " : "", drawn != NULL ? number(drawn->value, "W", 3, power) : "",
           drawn != NULL ? ", which leaves with the heat" : "");
  clx_plot p = clx_cooling_page(result, width, height, WHAT, out);
  clx_power_head(&p, clx_goodput_cut(head, width - 2 * EDGE, 13, cut, sizeof cut), note);
  put_nodes(&p, &v, &l);
  put_legend(&p, TOP + l.height + 36);
  clx_buffer_format(out, "</svg>\n");
}
