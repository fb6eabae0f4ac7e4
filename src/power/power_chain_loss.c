// What one unit of conversion equipment loses, and the output that belongs to an input.
#include <math.h>

#include "power/power_chain.h"

// The curve as a line of loss over output around a load: loss = at + slope (out - from).
typedef struct line {
  double from, at, slope;
} line;

static double point_out(const clx_conversion *c, int32_t i) { return c->rating * c->load[i]; }

static double point_loss(const clx_conversion *c, int32_t i) { return point_out(c, i) * (1 / c->curve[i] - 1); }

static double point_in(const clx_conversion *c, int32_t i) { return point_out(c, i) / c->curve[i]; }

// The line between point i and the next. A single point: loss in proportion to the output.
static line line_at(const clx_conversion *c, int32_t i) {
  if (c->curve_count == 1) return (line){0, 0, 1 / c->curve[0] - 1};
  const double from = point_out(c, i), at = point_loss(c, i);
  return (line){from, at, (point_loss(c, i + 1) - at) / (point_out(c, i + 1) - from)};
}

// The line of the segment that holds `value`; `of` gives a point's coordinate.
static line line_of(const clx_conversion *c, double value, double (*of)(const clx_conversion *, int32_t)) {
  int32_t i = 0;
  while (i + 2 < c->curve_count && value > of(c, i + 1)) i++;
  return line_at(c, i);
}

double clx_conversion_loss(const clx_conversion *c, double out) {
  if (c->curve_count > 0) {
    const line l = line_of(c, out, point_out);
    return fmax(0, l.at + l.slope * (out - l.from));
  }
  double loss = (out * (1 - c->efficiency) + c->fixed) / c->efficiency;
  if (c->load_loss > 0) loss += c->load_loss * (out / c->rating) * (out / c->rating);
  return loss;
}

static double curve_output(const clx_conversion *c, double in) {
  const line l = line_of(c, in, point_in);
  const double out = l.from + (in - l.from - l.at) / (1 + l.slope);
  return l.at + l.slope * (out - l.from) < 0 ? in : out;
}

double clx_conversion_out(const clx_conversion *c, double in) {
  const double idle = clx_conversion_loss(c, 0);
  if (in < idle) return in - idle;
  if (c->curve_count > 0) return curve_output(c, in);
  if (c->load_loss == 0) return in * c->efficiency - c->fixed;
  // square out^2 + out / efficiency = rest: the root that does not cancel.
  const double square = c->load_loss / (c->rating * c->rating), linear = 1 / c->efficiency;
  const double rest = in - c->fixed / c->efficiency;
  return 2 * rest / (linear + sqrt(linear * linear + 4 * square * rest));
}
