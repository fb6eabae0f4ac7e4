// The drawing of a fabric: the topology by cohorts on the left, the load of its links, what failed and what to buy on the right.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_svg.h"
#include "unit/unit.h"

enum { PANEL_LEFT = 870, PANEL_RIGHT = 1176, ROW = 36, ROW_TIGHT = 29, MANY_ROWS = 8, FAULTS_SHOWN = 6 };

static const char STYLE[] =
    "<style>\n"
    "text{fill:#1f2933;font-family:Inter,'Helvetica Neue',Arial,'Liberation Sans',sans-serif;font-size:12px}\n"
    ".title{font-size:19px;font-weight:600}.head{font-size:13px;font-weight:600}\n"
    ".small{font-size:11px;fill:#5b6875}.tiny{font-size:9.5px;fill:#5b6875}.light{font-size:9.5px;fill:#fff}\n"
    ".page{fill:#fff}.pod{fill:#f2f5f8;stroke:#d5dde5}.unit{fill:none;stroke:#b8c4d0;stroke-dasharray:3 3}\n"
    ".switch{fill:#33475b}.server{fill:#e4eaf0;stroke:#9fb0c0}.node{fill:#33475b}.track{fill:#e4eaf0}\n"
    ".failed{stroke:#b01c2e;stroke-width:2}.cross{stroke:#b01c2e;stroke-width:2.2;fill:none}\n"
    ".dead{stroke:#b01c2e;stroke-width:1.4;stroke-dasharray:4 3}.tick{stroke:#1f2933;stroke-width:1.5}\n"
    ".rule{stroke:#d5dde5}.joint{fill:none;stroke:#5b6875;stroke-width:1.4}\n"
    "@media (prefers-color-scheme:dark){text{fill:#e6ebf0}.small,.tiny{fill:#9fb0c0}.light{fill:#fff}\n"
    ".page{fill:#12181f}.pod{fill:#1b242e;stroke:#2f3d4b}.unit{stroke:#46586a}.switch,.node{fill:#51677d}\n"
    ".server{fill:#27333f;stroke:#5b7085}.track{fill:#27333f}.cross,.dead,.failed{stroke:#ff7070}.tick{stroke:#e6ebf0}."
    "rule{stroke:#2f3d4b}}\n"
    "</style>\n";

// --- what is known of the links --------------------------------------------------------------------------------------

static double heat_value(const clx_result *result, const char *slug, const char *what) {
  char name[96];
  snprintf(name, sizeof name, "network.heat.%s.%s", slug, what);
  return clx_result_value(result, name, -1);
}

static void find_heat(clx_picture *p) {
  for (int32_t i = 0; i < p->fabric->link_class_count; i++) {
    const clx_fabric_link_class *c = &p->fabric->link_class[i];
    char slug[64];
    clx_result_slug(c->name, slug, sizeof slug);
    p->heat[p->heat_count++] = (clx_picture_heat){.name = c->name,
                                                  .tier = c->tier,
                                                  .links = c->count,
                                                  .rate = c->rate,
                                                  .mean = heat_value(p->result, slug, "mean"),
                                                  .most = heat_value(p->result, slug, "max")};
  }
}

// --- the panel on the right ------------------------------------------------------------------------------------------

static void put_bar(clx_picture *p, double y, const clx_picture_heat *heat) {
  const double width = PANEL_RIGHT - PANEL_LEFT, height = 6;
  clx_svg_box(p, PANEL_LEFT, y, width, height, 3, "track");
  if (heat->mean < 0) return;
  char colour[8];
  const double most = PANEL_LEFT + width * fmin(heat->most, 1);
  clx_buffer_format(p->out, "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\" fill=\"%s\"/>\n",
                    PANEL_LEFT, y, width * fmin(heat->mean, 1), height, clx_svg_colour(heat->mean, colour));
  clx_buffer_format(p->out, "<line class=\"tick\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", most, y - 2,
                    most, y + height + 2);
}

static double put_links(clx_picture *p, double y) {
  const double row = p->heat_count > MANY_ROWS ? ROW_TIGHT : ROW;
  const char *pattern = clx_result_fact(p->result, "network.heat.traffic");
  clx_svg_text(p, PANEL_LEFT, y, "head", "start", "Utilisation of links");
  y += 16;
  clx_svg_text(p, PANEL_LEFT, y, "small", "start", "%s", pattern != NULL ? pattern : "no traffic was studied");
  y += 22;
  for (int32_t i = 0; i < p->heat_count; i++) {
    const clx_picture_heat *heat = &p->heat[i];
    clx_svg_text(p, PANEL_LEFT, y, "text", "start", "%s", heat->name);
    if (heat->mean >= 0) {
      clx_svg_text(p, PANEL_RIGHT, y, "small", "end", "mean %.0f %%, fullest %.0f %%", 100 * heat->mean,
                   100 * heat->most);
    }
    put_bar(p, y + 5, heat);
    y += row;
  }
  return y + 10;
}

// The lower end of a cable, a switch or a NIC.
static const char *part_name(int32_t topology, int32_t tier) {
  static const char *const clos[CLX_TIERS_MAX + 1] = {"NIC", "leaf", "spine", "core", "tier-4 switch"};
  if (topology >= CLX_TOPOLOGY_TORUS) return "server";
  return topology == CLX_TOPOLOGY_DRAGONFLY && tier > 0 ? "router" : clos[tier];
}

static void name_cable(int32_t topology, const clx_fault_spec *fault, int32_t tier, char *text, size_t size) {
  const long long index = fault->index;
  const int32_t port = fault->port;
  const bool grouped = topology == CLX_TOPOLOGY_DRAGONFLY || topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  if (topology == CLX_TOPOLOGY_DIRECT) {
    snprintf(text, size, "server %lld to server %lld", index, port < index ? (long long)port : port + 1LL);
  } else if (topology >= CLX_TOPOLOGY_TORUS && port >= 0 && port < 2 * CLX_DIMENSIONS_MAX) {
    snprintf(text, size, "server %lld %c%c", index, "xyzuvw"[port / 2], port % 2 == 0 ? '+' : '-');
  } else {
    snprintf(text, size, "%s %lld %sport %d", part_name(topology, tier), index, grouped && tier == 2 ? "global " : "",
             port);
  }
}

void clx_report_fault(int32_t topology, const clx_fault_spec *fault, char *text, size_t size) {
  static const char *const kinds[CLX_FAULTS] = {"links", "switches", "NICs"};
  const int32_t tier = fault->tier < 0 ? 0 : fault->tier > CLX_TIERS_MAX ? CLX_TIERS_MAX : fault->tier;
  if (fault->random > 0) {
    snprintf(text, size, "%.3g %% of the %s of tier %d", 100 * fault->random, kinds[fault->kind], fault->tier);
  } else if (fault->kind == CLX_FAULT_LINK) {
    name_cable(topology, fault, tier, text, size);
  } else {
    snprintf(text, size, "%s %lld", fault->kind == CLX_FAULT_NIC ? "NIC" : part_name(topology, tier),
             (long long)fault->index);
  }
  const size_t n = strlen(text);
  if (fault->rate > 0) snprintf(text + n, size - n, " at %.3g %%", 100 * fault->rate);
}

static double put_faults(clx_picture *p, double y) {
  const clx_fabric_spec *spec = &p->fabric->spec;
  if (spec->fault_count == 0) return y;
  clx_svg_text(p, PANEL_LEFT, y, "head", "start", "Failed or degraded");
  for (int32_t i = 0; i < spec->fault_count && i < FAULTS_SHOWN; i++) {
    char text[96];
    clx_report_fault(spec->topology, &spec->faults[i], text, sizeof text);
    y += 18;
    clx_svg_cross(p, (clx_point){PANEL_LEFT + 6, y - 4});
    clx_svg_text(p, PANEL_LEFT + 20, y, "text", "start", "%s", text);
  }
  if (spec->fault_count > FAULTS_SHOWN) {
    y += 18;
    clx_svg_text(p, PANEL_LEFT + 20, y, "small", "start", "and %d more", spec->fault_count - FAULTS_SHOWN);
  }
  return y + 32;
}

static double put_bill(clx_picture *p, double y) {
  const clx_fabric_bill *b = &p->fabric->bill;
  const struct {
    const char *name, *unit;
    double value;
  } rows[] = {{"switches", "", (double)b->switches},
              {"copper cables", "", (double)b->copper},
              {"optical cables", "", (double)b->optical},
              {"transceivers", "", (double)b->optics},
              {"power", "W", b->power}};
  if (b->switches + b->copper + b->optical == 0) return y;
  clx_svg_text(p, PANEL_LEFT, y, "head", "start", "To buy");
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    if (rows[i].value <= 0) continue;
    char text[32];
    y += 18;
    clx_svg_text(p, PANEL_LEFT, y, "text", "start", "%s", rows[i].name);
    clx_svg_text(p, PANEL_RIGHT, y, "text", "end", "%s",
                 clx_quantity_format(rows[i].value, rows[i].unit, rows[i].unit[0] == '\0' ? 12 : 3, text, sizeof text));
  }
  return y + 10;
}

// --- frame -----------------------------------------------------------------------------------------------------------

static void put_legend(clx_picture *p, double y) {
  const double left = 24, width = 200;
  clx_svg_scale(p);
  clx_svg_text(p, left, y, "small", "start", "colour: mean utilisation of the links of a class");
  clx_buffer_format(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"8\" rx=\"2\" fill=\"url(#scale)\"/>\n",
                    left, y + 8, width);
  clx_svg_text(p, left, y + 28, "tiny", "start", "0 %%");
  clx_svg_text(p, left + width / 2, y + 28, "tiny", "middle", "50 %%");
  clx_svg_text(p, left + width, y + 28, "tiny", "end", "100 %%");
  const double x = 330;
  static const double shares[] = {0.1, 0.5, 1};
  clx_svg_text(p, x, y, "small", "start", "width: the fullest link of the class");
  for (int32_t i = 0; i < CLX_COUNT(shares); i++) {
    const clx_picture_heat heat = {.mean = 0.35, .most = shares[i]};
    const double at = x + 66.0 * i;
    clx_svg_link(p, (clx_point){at, y + 12}, (clx_point){at + 48, y + 12}, &heat);
    clx_svg_text(p, at + 24, y + 28, "tiny", "middle", "%.0f %%", 100 * shares[i]);
  }
  const double failed = 610;
  clx_svg_text(p, failed, y, "small", "start", "failed part");
  clx_svg_dead(p, (clx_point){failed, y + 14}, (clx_point){failed + 56, y + 14});
}

static double put_topology(clx_picture *p) {
  switch (p->fabric->spec.topology) {
    case CLX_TOPOLOGY_DRAGONFLY:
    case CLX_TOPOLOGY_DRAGONFLY_PLUS:
      return clx_picture_groups(p);
    case CLX_TOPOLOGY_TORUS:
    case CLX_TOPOLOGY_MESH:
      return clx_picture_grid(p);
    case CLX_TOPOLOGY_DIRECT:
      return clx_picture_full(p);
    default:
      return clx_picture_clos(p);
  }
}

static const char *fact_or(const clx_result *result, const char *name, const char *otherwise) {
  const char *text = clx_result_fact(result, name);
  return text != NULL ? text : otherwise;
}

// A text of at most `columns` characters, cut with "...".
static const char *cut(const char *text, int32_t columns, char *buffer, size_t size) {
  size_t n = 0;
  int32_t width = 0;
  for (; text[n] != '\0' && n + 4 < size; n++) {
    if (((unsigned char)text[n] & 0xC0) != 0x80 && width++ == columns) break;
  }
  snprintf(buffer, size, "%.*s%s", (int)n, text, text[n] != '\0' ? "..." : "");
  return buffer;
}

void clx_report_fabric(const clx_fabric *fabric, const clx_result *result, clx_buffer *out) {
  clx_buffer body = {0};
  clx_picture p = {.out = &body, .fabric = fabric, .result = result};
  char text[512];
  find_heat(&p);
  clx_svg_text(&p, 24, 40, "title", "start", "%s",
               cut(fact_or(result, "scenario.title", "Fabric"), 108, text, sizeof text));
  clx_svg_text(
      &p, 24, 62, "small", "start", "%s",
      cut(fact_or(result, "network.fabric", clx_topology_name[fabric->spec.topology]), 190, text, sizeof text));
  const double left = put_topology(&p);
  const double right = put_bill(&p, put_faults(&p, put_links(&p, CLX_PICTURE_TOP + 8)));
  const double bottom = fmax(left + 34, right - 30);
  clx_buffer_format(&body, "<line class=\"rule\" x1=\"24\" y1=\"%.1f\" x2=\"830\" y2=\"%.1f\"/>\n", bottom, bottom);
  put_legend(&p, bottom + 24);
  const int32_t height = (int32_t)ceil(bottom + 70);
  clx_buffer_format(out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                    "role=\"img\">\n<title>Fabric</title>\n%s"
                    "<rect class=\"page\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
                    CLX_PICTURE_WIDTH, height, CLX_PICTURE_WIDTH, height, STYLE, CLX_PICTURE_WIDTH, height);
  if (body.data != NULL) clx_buffer_add(out, body.data, body.length);
  clx_buffer_format(out, "</svg>\n");
  out->failed = out->failed || body.failed;
  clx_buffer_free(&body);
}
