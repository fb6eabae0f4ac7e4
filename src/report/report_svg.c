// Lines, boxes and texts of a drawing.
#include <math.h>
#include <stdio.h>

#include "report/report_svg.h"

enum { TEXT_MAX = 256 };

// --- colours ---------------------------------------------------------------------------------------------------------

// Idle to full: blue, green, amber, red, of falling lightness from the middle on; readable on white and on black.
static const struct {
  double at;
  int32_t red, green, blue;
} SCALE[] = {{0, 157, 184, 210},   {0.3, 76, 143, 192}, {0.55, 62, 160, 140},
             {0.75, 224, 172, 52}, {0.9, 217, 95, 40},  {1, 176, 28, 46}};

// "#rrggbb" of a share. `text` holds 8 bytes.
const char *clx_svg_colour(double share, char *text) {
  const double s = fmin(fmax(share, 0), 1);
  int32_t i = 1;
  while (i < CLX_COUNT(SCALE) - 1 && s > SCALE[i].at) i++;
  const double t = (s - SCALE[i - 1].at) / (SCALE[i].at - SCALE[i - 1].at);
  const int32_t low[] = {SCALE[i - 1].red, SCALE[i - 1].green, SCALE[i - 1].blue};
  const int32_t high[] = {SCALE[i].red, SCALE[i].green, SCALE[i].blue};
  uint8_t part[3];
  for (int32_t k = 0; k < 3; k++) part[k] = (uint8_t)lround(low[k] + t * (high[k] - low[k]));
  snprintf(text, 8, "#%02x%02x%02x", part[0], part[1], part[2]);
  return text;
}

static const char *link_colour(const clx_picture_heat *heat, char *text) {
  if (heat != NULL && heat->mean >= 0) return clx_svg_colour(heat->mean, text);
  snprintf(text, 8, "#9aa5b1");
  return text;
}

static double link_width(const clx_picture_heat *heat) {
  return heat == NULL || heat->mean < 0 ? 1 : 0.6 + 1.8 * fmin(fmax(heat->most, 0), 1);
}

void clx_svg_scale(clx_picture *p) {
  clx_buffer_format(p->out, "<defs><linearGradient id=\"scale\">");
  for (int32_t i = 0; i < CLX_COUNT(SCALE); i++) {
    char colour[8];
    clx_buffer_format(p->out, "<stop offset=\"%.2f\" stop-color=\"%s\"/>", SCALE[i].at,
                      clx_svg_colour(SCALE[i].at, colour));
  }
  clx_buffer_format(p->out, "</linearGradient></defs>\n");
}

// --- primitives ------------------------------------------------------------------------------------------------------

static void put_escaped(clx_buffer *out, const char *text) {
  for (const char *c = text; *c != '\0'; c++) {
    const char *entity = *c == '&' ? "&amp;" : *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : *c == '"' ? "&quot;" : NULL;
    if (entity != NULL) {
      clx_buffer_format(out, "%s", entity);
    } else {
      clx_buffer_add(out, (unsigned char)*c < ' ' || *c == 0x7f ? " " : c, 1);
    }
  }
}

void clx_svg_text(clx_picture *p, double x, double y, const char *style, const char *anchor, const char *format, ...) {
  char text[TEXT_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  clx_text_clean(text, true);
  clx_buffer_format(p->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", style, x, y, anchor);
  put_escaped(p->out, text);
  clx_buffer_format(p->out, "</text>\n");
}

void clx_svg_box(clx_picture *p, double x, double y, double width, double height, double radius, const char *style) {
  clx_buffer_format(p->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.1f\"/>\n",
                    style, x, y, width, height, radius);
}

void clx_svg_disc(clx_picture *p, clx_point at, double radius, const char *style) {
  clx_buffer_format(p->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n", style, at.x, at.y, radius);
}

void clx_svg_link(clx_picture *p, clx_point a, clx_point b, const clx_picture_heat *heat) {
  char colour[8];
  clx_buffer_format(p->out,
                    "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\"/>\n",
                    a.x, a.y, b.x, b.y, link_colour(heat, colour), link_width(heat));
}

void clx_svg_cross(clx_picture *p, clx_point at) {
  const double r = 5;
  clx_buffer_format(p->out, "<path class=\"cross\" d=\"M%.1f %.1fL%.1f %.1fM%.1f %.1fL%.1f %.1f\"/>\n", at.x - r,
                    at.y - r, at.x + r, at.y + r, at.x - r, at.y + r, at.x + r, at.y - r);
}

void clx_svg_dead(clx_picture *p, clx_point a, clx_point b) {
  clx_buffer_format(p->out, "<line class=\"dead\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", a.x, a.y, b.x,
                    b.y);
  clx_svg_cross(p, (clx_point){(a.x + b.x) / 2, (a.y + b.y) / 2});
}

void clx_svg_switch(clx_picture *p, clx_point centre, double width, int64_t number, bool dead) {
  const double height = 18;
  clx_svg_box(p, centre.x - width / 2, centre.y - height / 2, width, height, 3, dead ? "switch failed" : "switch");
  int32_t digits = 1;
  for (int64_t n = number; n >= 10; n /= 10) digits++;
  if (width >= 4 + 5.3 * digits) {
    clx_svg_text(p, centre.x, centre.y + 3.5, "light", "middle", "%lld", (long long)number);
  }
  if (dead) clx_svg_cross(p, (clx_point){centre.x + width / 2, centre.y - height / 2});
}

// --- classes of links ------------------------------------------------------------------------------------------------

int64_t clx_picture_failed(const clx_picture *p, int32_t index) {
  const clx_fabric *f = p->fabric;
  if (index < 0 || index >= f->link_class_count) return -1;
  const clx_fabric_link_class *c = &f->link_class[index];
  for (int32_t i = 0; i < f->fault_count; i++) {
    const int32_t at = f->fault[i].link - c->first;
    if (at >= 0 && at < c->count) return at;
  }
  return -1;
}

const clx_picture_heat *clx_picture_boundary(const clx_picture *p, int32_t tier) {
  const clx_picture_heat *fullest = NULL;
  for (int32_t i = 0; i < p->heat_count; i++) {
    const clx_picture_heat *h = &p->heat[i];
    if (h->tier == tier && (fullest == NULL || h->mean > fullest->mean)) fullest = h;
  }
  return fullest;
}

const clx_picture_heat *clx_picture_class(const clx_picture *p, const char *name) {
  for (int32_t i = 0; i < p->heat_count; i++) {
    if (clx_text_equal(p->heat[i].name, name)) return &p->heat[i];
  }
  return NULL;
}
