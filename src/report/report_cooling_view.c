// The plant of a result about cooling by names, and its numbers for people.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_cooling.h"
#include "unit/unit.h"

enum { NAME = 192 };

static const double KG_PER_M3 = 1000, ZERO = 273.15;

// --- names -------------------------------------------------------------------------------------------------------------------

double clx_cooling_value(const clx_result *result, const char *kind, const char *name, const char *what,
                         double otherwise) {
  char full[NAME];
  snprintf(full, sizeof full, "cooling.%s.%s.%s", kind, name, what);
  return clx_result_value(result, full, otherwise);
}

const char *clx_cooling_fact(const clx_result *result, const char *kind, const char *name, const char *what) {
  char full[NAME];
  snprintf(full, sizeof full, "cooling.%s.%s.%s", kind, name, what);
  return clx_result_fact(result, full);
}

// NAME of cooling.KIND.NAME.WHAT, if the quantity is one of these.
static bool name_of(const char *quantity, const char *kind, const char *what, char name[CLX_COOLING_NAME]) {
  char prefix[NAME], suffix[NAME];
  snprintf(prefix, sizeof prefix, "cooling.%s.", kind);
  snprintf(suffix, sizeof suffix, ".%s", what);
  const size_t start = strlen(prefix), tail = strlen(suffix), length = strlen(quantity);
  if (length <= start + tail || length - start - tail >= CLX_COOLING_NAME) return false;
  if (strncmp(quantity, prefix, start) != 0 || strcmp(quantity + length - tail, suffix) != 0) return false;
  snprintf(name, CLX_COOLING_NAME, "%.*s", (int)(length - start - tail), quantity + start);
  return strchr(name, '.') == NULL;
}

static void title_of(const clx_result *result, const char *kind, const char *name, char title[CLX_COOLING_TEXT]) {
  const char *given = clx_cooling_fact(result, kind, name, "title");
  snprintf(title, CLX_COOLING_TEXT, "%.*s", CLX_COOLING_TEXT - 1, given != NULL ? given : name);
  for (char *c = title; given == NULL && *c != '\0'; c++) *c = *c == '_' ? ' ' : *c;
  clx_text_clean(title, true);
}

int32_t clx_cooling_supplies(const clx_result *result, char name[CLX_COOLING_SUPPLIES][CLX_COOLING_NAME]) {
  int32_t count = 0;
  for (int32_t i = 0; i < clx_result_count(result) && count < CLX_COOLING_SUPPLIES; i++) {
    const char *quantity = clx_result_at(result, i)->name;
    if (name_of(quantity, "compare", "pue", name[count]) || name_of(quantity, "compare", "infeasible", name[count]))
      count++;
  }
  return count;
}

// --- the plant ---------------------------------------------------------------------------------------------------------------

static int32_t loop_named(const clx_cooling_view *v, const char *name) {
  for (int32_t i = 0; name != NULL && i < v->loop_count; i++) {
    if (strcmp(v->loop[i].name, name) == 0) return i;
  }
  return -1;
}

static void add_loop(clx_cooling_view *v, const char *name) {
  if (v->loop_count == CLX_COOLING_LOOPS) {
    v->more++;
    return;
  }
  const clx_result *r = v->result;
  clx_cooling_loop_view *l = &v->loop[v->loop_count++];
  const struct {
    const char *what;
    double *value;
  } rows[] = {{"count", &l->count},       {"supply", &l->supply}, {"back", &l->back},
              {"flow", &l->flow},         {"pump", &l->pump},     {"heat", &l->heat},
              {"pressure", &l->pressure}, {"pumps", &l->pumps},   {"spare", &l->spare}};
  snprintf(l->name, sizeof l->name, "%s", name);
  title_of(r, "loop", name, l->title);
  l->fluid = clx_cooling_fact(r, "loop", name, "fluid");
  l->warm = clx_cooling_value(r, "loop", name, "warm", 0) > 0.5;
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) *rows[i].value = clx_cooling_value(r, "loop", name, rows[i].what, -1);
}

static void add_unit(clx_cooling_view *v, const char *name) {
  if (v->unit_count == CLX_COOLING_UNITS) {
    v->more++;
    return;
  }
  const clx_result *r = v->result;
  clx_cooling_unit_view *u = &v->unit[v->unit_count++];
  const struct {
    const char *what;
    double *value;
  } rows[] = {{"count", &u->count},       {"spare", &u->spare}, {"running", &u->running}, {"heat", &u->heat},
              {"electric", &u->electric}, {"share", &u->share}, {"water", &u->water}};
  snprintf(u->name, sizeof u->name, "%s", name);
  title_of(r, "unit", name, u->title);
  u->kind = clx_cooling_fact(r, "unit", name, "kind");
  u->limit = clx_cooling_value(r, "unit", name, "limit", 0) > 0.5;
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) *rows[i].value = clx_cooling_value(r, "unit", name, rows[i].what, -1);
}

void clx_cooling_view_of(const clx_result *result, clx_cooling_view *v) {
  *v = (clx_cooling_view){.result = result};
  char name[CLX_COOLING_NAME];
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    const char *quantity = clx_result_at(result, i)->name;
    if (name_of(quantity, "loop", "supply", name)) add_loop(v, name);
    if (name_of(quantity, "unit", "count", name)) add_unit(v, name);
  }
  for (int32_t i = 0; i < v->unit_count; i++) {
    clx_cooling_unit_view *u = &v->unit[i];
    u->from = loop_named(v, clx_cooling_fact(result, "unit", u->name, "from"));
    u->into = loop_named(v, clx_cooling_fact(result, "unit", u->name, "into"));
  }
  v->liquid = loop_named(v, clx_result_fact(result, "cooling.liquid"));
  v->air = loop_named(v, clx_result_fact(result, "cooling.air"));
}

// --- numbers -----------------------------------------------------------------------------------------------------------------

// Three digits, as people read them: "1,230", "12.3".
static const char *three(double value, char *text) {
  char rounded[32];
  snprintf(rounded, sizeof rounded, "%.2e", value);
  return clx_quantity_format(strtod(rounded, NULL), "", 3, text, CLX_COOLING_NAME);
}

const char *clx_cooling_celsius(double kelvin, char *text) {
  snprintf(text, CLX_COOLING_NAME, "%.1f \u00b0C", kelvin - ZERO);
  return text;
}

const char *clx_cooling_volume(double kg, char *text) {
  char number[CLX_COOLING_NAME];
  const double volume = kg / KG_PER_M3;
  const bool millions = fabs(volume) >= 1e6;
  snprintf(text, CLX_COOLING_NAME, "%.40s%s m3", three(millions ? volume / 1e6 : volume, number),
           millions ? " million" : "");
  return text;
}

const char *clx_cooling_per_kwh(double wue, char *text) {
  snprintf(text, CLX_COOLING_NAME, "%.3g", wue * 1e3 * 3.6e6);
  return text;
}

const char *clx_cooling_bar(double pascal, char *text) {
  snprintf(text, CLX_COOLING_NAME, "%.3g bar", pascal / 1e5);
  return text;
}

const char *clx_cooling_flow(double flow, char *text) {
  char number[CLX_COOLING_NAME];
  snprintf(text, CLX_COOLING_NAME, "%.40s kg/s", three(flow, number));
  return text;
}

// --- pages -------------------------------------------------------------------------------------------------------------------

// Beside the styles of power: pipes, what holds, what stands by, what is too warm.
static const char STYLE[] =
    "<style>\n.hot{stroke:#c2571a;fill:none;stroke-width:2}.cold{stroke:#2f6fa3;fill:none;stroke-width:2}\n"
    ".headhot{fill:#c2571a}.headcold{fill:#2f6fa3}\n"
    ".loop{fill:#eaf1f7;stroke:#2f6fa3;stroke-width:1.2}.unit{fill:#fff;stroke:#5b6875;stroke-width:1.2}\n"
    ".rest{fill:#f3f5f7;stroke:#9aa5b1;stroke-width:1.2;stroke-dasharray:4 3}.heat{fill:#f7ebe2;stroke:#c2571a}\n"
    ".sky{fill:#eef2e8;stroke:#6f8a4c}.warm{fill:none;stroke:#b01c2e;stroke-width:2.4}.full{fill:#5b6f84}\n"
    ".track{fill:#dfe6ec}.late{stroke:#7a62a3;stroke-dasharray:2 2;stroke-width:1.4}.bar{fill:#2f6fa3}\n"
    ".above{stroke:#d1104a}.outline{fill:none;stroke:#5b6875;stroke-width:.8}\n"
    "@media (prefers-color-scheme:dark){.hot{stroke:#e8814f}.cold{stroke:#5fa3d6}.headhot{fill:#e8814f}"
    ".headcold{fill:#5fa3d6}\n.loop{fill:#1a2a38;stroke:#5fa3d6}.unit{fill:#18212a;stroke:#9fb0c0}"
    ".rest{fill:#151c23;stroke:#5b6875}\n.heat{fill:#33251c;stroke:#e8814f}.sky{fill:#212a1b;stroke:#9dbb76}"
    ".warm{stroke:#ff7a8a}.full{fill:#8da2b6}\n.track{fill:#2b3743}.late{stroke:#a58bd0}.bar{fill:#5fa3d6}"
    ".outline{stroke:#9fb0c0}}\n</style>\n";

clx_plot clx_cooling_page(const clx_result *result, double width, double height, const char *what, clx_buffer *out) {
  clx_plot p = clx_power_page(result, width, height, what, out);
  clx_buffer_format(out, "%s", STYLE);
  return p;
}

void clx_cooling_empty(const clx_result *result, const char *what, const char *why, clx_buffer *out) {
  clx_plot p = clx_cooling_page(result, CLX_POWER_WIDE, 160, what, out);
  p.area = (clx_area){0, 60, CLX_POWER_WIDE, 60};
  clx_plot_nothing(&p, why);
  clx_buffer_format(out, "</svg>\n");
}

void clx_cooling_upright(clx_plot *p, const char *title) { clx_plot_upright_axis(p, 1, title); }

// Eleven points of viridis (S. van der Walt, N. Smith: matplotlib, CC0): even to the eye, also to colour-blind ones and in grey.
const char *clx_cooling_colour(double share, char *text) {
  static const uint8_t points[][3] = {{68, 1, 84},    {72, 36, 117},  {65, 68, 135},  {53, 95, 141},
                                      {42, 120, 142}, {33, 145, 140}, {34, 168, 132}, {68, 191, 112},
                                      {122, 209, 81}, {189, 223, 38}, {253, 231, 37}};
  const double s = fmin(fmax(share, 0), 1) * (CLX_COUNT(points) - 1);
  const int32_t i = (int32_t)fmin(floor(s), CLX_COUNT(points) - 2);
  uint8_t part[3];
  for (int32_t k = 0; k < 3; k++) part[k] = (uint8_t)lround(points[i][k] + (s - i) * (points[i + 1][k] - points[i][k]));
  snprintf(text, 8, "#%02x%02x%02x", part[0], part[1], part[2]);
  return text;
}
