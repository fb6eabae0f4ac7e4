// Waveform and spectrum.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_power.h"
#include "unit/unit.h"

enum { WIDE = CLX_POWER_WIDE, EDGE = CLX_POWER_EDGE, MARGIN = CLX_POWER_MARGIN, SHORT = 96 };

// --- waveform ----------------------------------------------------------------------------------------------------------------

static const double METER = 2;   // s: what the published logs of node power average over
enum { STEPS = 5 };              // shown of a longer window
static const double HIGH = 200;  // pixels of a panel, title of its axis included

static const struct {
  const char *series, *name;
} PANELS[] = {{"power.site", "site"}, {"power.rack", "one rack"}, {"power.gpu", "one GPU"}};

// Seconds that are drawn: a few steps, or all where something happens.
static double shown_of(const clx_result *result, const clx_power_wave *w) {
  const char *event = clx_result_fact(result, "power.event");
  const double all = w->count * w->step;
  const double step = clx_result_value(result, "power.step_time", clx_result_value(result, "training.step_time", 0));
  const bool steady = event == NULL || strcmp(event, "steady") == 0;
  return steady && step > 0 ? fmin(all, STEPS * step) : all;
}

// load: the wave before batteries, where there are any. scratch: of the meter; NULL = none.
static void put_panel(clx_plot *p, clx_power_wave w, clx_power_wave load, const char *name, double seconds, double y,
                      double *scratch) {
  double least = INFINITY, most = 0, sum = 0;
  char a[CLX_POWER_NAME], b[CLX_POWER_NAME];
  w.x0 = 0;
  const int32_t count = (int32_t)fmin(w.count, ceil(seconds / w.step - 1e-9));
  for (int32_t i = 0; i < count; i++) {
    least = fmin(least, w.y[i]);
    most = fmax(most, w.y[i]);
    sum += w.y[i];
  }
  load.x0 = 0;
  double low = least, high = most;
  for (int32_t i = 0; i < load.count && i * load.step < seconds; i++) {
    low = fmin(low, load.y[i]);
    high = fmax(high, load.y[i]);
  }
  clx_power_axes(p, (clx_area){EDGE, y, WIDE - 2 * EDGE, HIGH}, MARGIN);
  p->x0 = 0;
  p->x1 = seconds;
  clx_power_range(p, low, high);
  clx_power_upright(p, name, "W");
  clx_plot_time_axis(p, "time");
  const clx_power_wave reading = scratch != NULL ? clx_power_meter(&w, METER, scratch) : (clx_power_wave){0};
  if (load.count > 0) clx_power_steps(p, &load, 3, "thin");
  clx_power_steps(p, &w, 0, "thin");
  if (reading.count > 0) clx_power_steps(p, &reading, 1, "");
  clx_plot_key(p, CLX_SAMPLE_PLAIN, 0, name, "mean %s", clx_power_watts(sum / count, 4, a));
  char range[2 * CLX_POWER_NAME];
  snprintf(range, sizeof range, "%s to %s", clx_power_watts(least, 4, a), clx_power_watts(most, 4, b));
  clx_plot_key(p, CLX_SAMPLE_NONE, 0, range, "swing %s, %.1f %%", clx_power_watts(most - least, 3, a),
               most > 0 ? 100 * (most - least) / most : 0);
  if (reading.count > 0) clx_plot_key(p, CLX_SAMPLE_PLAIN, 1, "a meter's reading", "means over 2 s");
  if (load.count > 0) clx_plot_key(p, CLX_SAMPLE_PLAIN, 3, "before batteries", "%s", "");
}

void clx_report_power_waveform(const clx_result *result, clx_buffer *out) {
  static const char what[] = "Power over time";
  clx_power_wave wave[CLX_COUNT(PANELS)];
  int32_t panels = 0, first = -1;
  for (int32_t i = 0; i < CLX_COUNT(PANELS); i++) {
    wave[i] = clx_power_wave_of(result, PANELS[i].series);
    panels += wave[i].count > 0;
    if (wave[i].count > 0 && first < 0) first = i;
  }
  if (first < 0) {
    clx_power_empty(result, what, "no power over time in this result", out);
    return;
  }
  clx_arena *arena = clx_arena_new();
  double *scratch = arena != NULL ? CLX_NEW_ARRAY(arena, double, wave[first].count) : NULL;
  const double seconds = shown_of(result, &wave[first]), all = wave[first].count * wave[first].step;
  clx_plot p = clx_power_page(result, WIDE, 90 + panels * (HIGH + 8) + 8, what, out);
  const char *event = clx_result_fact(result, "power.event");
  char note[CLX_POWER_TEXT], head[CLX_POWER_TEXT], a[SHORT], b[SHORT], c[SHORT];
  snprintf(head, sizeof head, "%s%s", what,
           event == NULL || strcmp(event, "steady") == 0 ? ""
           : strcmp(event, "start") == 0                 ? ": start of the job"
           : strcmp(event, "stop") == 0                  ? ": sudden stop of the job"
                                                         : ": sag of the grid's voltage");
  snprintf(note, sizeof note,
           "site: at the point of connection; %s of %s, samples of %s; upright axes need not begin at 0",
           clx_quantity_format(seconds, "s", 3, a, sizeof a), clx_quantity_format(all, "s", 3, b, sizeof b),
           clx_quantity_format(wave[first].step, "s", 3, c, sizeof c));
  clx_power_head(&p, head, note);
  double y = 88;
  for (int32_t i = 0; i < CLX_COUNT(PANELS); i++) {
    if (wave[i].count == 0) continue;
    const clx_power_wave load = i == 0 ? clx_power_wave_of(result, "power.site_load") : (clx_power_wave){0};
    put_panel(&p, wave[i], load, PANELS[i].name, fmin(seconds, wave[i].count * wave[i].step), y,
              i == 0 ? scratch : NULL);
    y += HIGH + 8;
  }
  out->failed = out->failed || scratch == NULL;
  clx_arena_free(arena);
  clx_buffer_format(out, "</svg>\n");
}

// --- spectrum ----------------------------------------------------------------------------------------------------------------

static const double DECADES = 5;    // shown below the largest line
static const double HIGHEST = 100;  // Hz shown: above, grids and shafts answer no more

typedef struct lines {
  const double *hertz, *watt;
  int32_t count;
} lines;

// Lines of the spectrum from the bottom up, the largest of each pixel.
static void put_lines(clx_plot *p, const lines *s) {
  double pixel = -INFINITY, most = 0;
  clx_buffer_format(p->picture.out, "<path class=\"line s0 thin\" d=\"");
  for (int32_t i = 0; i <= s->count; i++) {
    const double at = i < s->count ? floor(clx_plot_at(p, s->hertz[i], p->y0).x) : INFINITY;
    if (at > pixel) {
      if (most > p->y0)
        clx_buffer_format(p->picture.out, "M%.1f %.1fV%.1f", pixel + 0.5, p->area.y + p->area.height,
                          clx_plot_at(p, p->x0, most).y);
      most = 0;
    }
    pixel = at;
    if (i < s->count) most = fmax(most, s->watt[i]);
  }
  clx_buffer_format(p->picture.out, "\"/>\n");
}

// The largest line that a band had before batteries.
static void put_before(clx_plot *p, double at, double watt) {
  if (watt <= p->y0 || at <= p->x0 || at >= p->x1) return;
  clx_plot_rule(p, "before", clx_plot_at(p, at, p->y0), clx_plot_at(p, at, watt));
  clx_plot_mark(p, clx_plot_at(p, at, watt), 3);
}

static void put_band(clx_plot *p, const clx_power_parts *bands, int32_t index) {
  const double low = clx_power_part_value(bands, index, "low", 0), high = clx_power_part_value(bands, index, "high", 0);
  const double limit = clx_power_part_value(bands, index, "limit", 0);
  double at = 0;
  const double largest =
      clx_power_band_line(bands->result, fmax(low, p->x0), fmin(high, p->x1), &at);  // of what is drawn
  const double bottom = p->area.y + p->area.height;
  char watts[CLX_POWER_NAME], name[SHORT], most[CLX_POWER_NAME];
  if (!(high > p->x0) || !(low < p->x1)) return;
  const double x0 = clx_plot_at(p, fmax(low, p->x0), p->y0).x, x1 = clx_plot_at(p, fmin(high, p->x1), p->y0).x;
  if (index % 2 == 0) clx_svg_box(&p->picture, x0, p->area.y, fmax(x1 - x0, 0.5), p->area.height, 0, "zone");
  clx_plot_rule(p, "zones", (clx_point){x0, p->area.y}, (clx_point){x0, bottom});
  clx_plot_rule(p, "zones", (clx_point){x1, p->area.y}, (clx_point){x1, bottom});
  if (limit > 0) {
    const double y = clx_plot_at(p, p->x0, limit).y;
    clx_svg_box(&p->picture, x0, p->area.y, fmax(x1 - x0, 0.5), y - p->area.y, 0, "over");
    clx_plot_rule(p, "limit", (clx_point){x0, y}, (clx_point){x1, y});
  }
  snprintf(name, sizeof name, "%g to %g Hz", low, high);
  if (clx_power_smoothed(bands->result)) {
    put_before(p, clx_power_part_value(bands, index, "at", 0), clx_power_part_value(bands, index, "largest", 0));
  }
  if (largest <= p->y0) {  // rounding
    clx_plot_key(p, CLX_SAMPLE_NONE, 0, name, "no line above %s", clx_power_watts(p->y0, 1, watts));
    return;
  }
  clx_svg_disc(&p->picture, clx_plot_at(p, at, largest), 4.5, "ring");
  if (limit > 0) {
    clx_plot_key(p, CLX_SAMPLE_RING, 0, name, "%s; limit %s%s", clx_power_watts(largest, 3, watts),
                 clx_power_watts(limit, 3, most), largest > limit ? ": over" : "");
  } else {
    clx_plot_key(p, CLX_SAMPLE_RING, 0, name, "%s at %.3g Hz", clx_power_watts(largest, 3, watts), at);
  }
}

void clx_report_power_spectrum(const clx_result *result, clx_buffer *out) {
  static const char what[] = "Spectrum of the site's power";
  lines s = {0};
  s.watt = clx_result_series(result, "power.spectrum", &s.hertz, &s.count);
  while (s.watt != NULL && s.count > 0 && !(s.hertz[0] > 0)) {  // the mean
    s.watt++;
    s.hertz++;
    s.count--;
  }
  while (s.watt != NULL && s.count > 2 && s.hertz[s.count - 1] > HIGHEST) s.count--;
  double most = 0;
  for (int32_t i = 0; s.watt != NULL && i < s.count; i++) most = fmax(most, s.watt[i]);
  if (s.watt == NULL || s.count < 2 || !(most > 0)) {
    clx_power_empty(result, what, "no spectrum in this result, or a power that does not change", out);
    return;
  }
  const clx_power_parts bands = clx_power_parts_of(result, "spectrum", "largest");
  double limit = 0;
  for (int32_t i = 0; i < bands.count; i++) {
    limit = fmax(limit, clx_power_part_value(&bands, i, "limit", 0));
    if (clx_power_smoothed(result)) limit = fmax(limit, clx_power_part_value(&bands, i, "largest", 0));
  }
  clx_plot p = clx_power_page(result, WIDE, 500, what, out);
  clx_power_head(
      &p, what,
      clx_power_smoothed(result)
          ? "amplitude (peak) of each sine at the point of connection, after batteries; red: above a band's limit; "
            "ring: "
            "its largest line"
          : "amplitude (peak) of the sine at each frequency, at the point of connection; red: above a band's limit; "
            "ring: its largest line");
  clx_power_axes(&p, (clx_area){EDGE, 88, WIDE - 2 * EDGE, 400}, MARGIN);
  p.log_x = p.log_y = true;
  p.x0 = s.hertz[0] / 1.2;
  p.x1 = s.hertz[s.count - 1];
  p.y1 = pow(10, ceil(log10(1.05 * fmax(most, limit))));
  p.y0 = pow(10, ceil(log10(1.05 * most)) - DECADES);
  clx_power_upright_log(&p, "amplitude", "W");
  clx_plot_log_axis(&p, false, "frequency (Hz)");
  for (int32_t i = 0; i < bands.count; i++) put_band(&p, &bands, i);
  put_lines(&p, &s);
  if (clx_power_smoothed(result)) clx_plot_key(&p, CLX_SAMPLE_MARK, 3, "before batteries", "largest line of the band");
  clx_buffer_format(out, "</svg>\n");
}
