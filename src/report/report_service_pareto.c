// tokens/s of a GPU against tokens/s of a user, as the batch grows: a curve for each pool or kind of hardware, on two logarithmic axes.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_power.h"
#include "report/report_service.h"

enum { WIDE = 900, HIGH = 520, EDGE = 24, MARGIN = 190, CURVES = 8, SHORT = 96, NAME = 160 };

typedef struct curve {
  char name[SHORT];
  const double *user, *gpu;
  int32_t count;
} curve;

static const char *const PREFIXES[] = {"serving.pareto.", "serve_plan.pareto."};

// Series by what names them: pools of a run, hardware of a plan.
static int32_t find_curves(const clx_result *result, curve *out) {
  int32_t count = 0;
  for (int32_t i = 0; count < CURVES; i++) {
    const char *name = clx_result_series_name(result, i);
    if (name == NULL) break;
    for (int32_t k = 0; k < CLX_COUNT(PREFIXES); k++) {
      const size_t length = strlen(PREFIXES[k]);
      if (strncmp(name, PREFIXES[k], length) != 0) continue;
      snprintf(out[count].name, SHORT, "%s", name + length);
      out[count].gpu = clx_result_series(result, name, &out[count].user, &out[count].count);
      count++;
      break;
    }
  }
  return count;
}

static void widen(const double *value, int32_t count, double *low, double *high) {
  for (int32_t i = 0; i < count; i++) {
    *low = fmin(*low, value[i]);
    *high = fmax(*high, value[i]);
  }
}

// Where the run itself stands; false where it has no such place. Several models share no speed and no GPUs: each curve is of one of them.
static bool find_run(const clx_result *result, double *user, double *gpu) {
  if (clx_report_service_has_models(result)) return false;
  *user = clx_result_value(result, "serving.user", 0);
  *gpu = clx_result_value(result, "serving.output_gpu", 0);
  return *user > 0 && *gpu > 0;
}

void clx_report_service_pareto(const clx_result *result, clx_buffer *out) {
  curve list[CURVES];
  const int32_t count = find_curves(result, list);
  clx_plot p = {.picture = {.out = out}, .margin = MARGIN, .log_x = true, .log_y = true};
  const char *title = clx_result_fact(result, "scenario.title");
  char cut[SHORT * 4];
  double low_x = INFINITY, high_x = 0, low_y = INFINITY, high_y = 0;
  clx_plot_open(out, WIDE, HIGH, "Tokens per second of a GPU against tokens per second of a user");
  clx_svg_text(&p.picture, EDGE, 38, "title", "start", "%s",
               clx_goodput_cut(title != NULL ? title : "A service", WIDE - 2 * EDGE, 20, cut, sizeof cut));
  clx_svg_text(&p.picture, EDGE, 60, "small", "start",
               "steady state as the batch grows, from right to left; output tokens");
  p.area = (clx_area){EDGE + 72, 92, WIDE - 2 * EDGE - 72 - MARGIN, HIGH - 92 - 56};
  p.key = p.area.y + 8;
  for (int32_t i = 0; i < count; i++) {
    widen(list[i].user, list[i].count, &low_x, &high_x);
    widen(list[i].gpu, list[i].count, &low_y, &high_y);
  }
  double user = 0, gpu = 0;
  const bool ran = find_run(result, &user, &gpu);
  if (ran) {
    widen(&user, 1, &low_x, &high_x);
    widen(&gpu, 1, &low_y, &high_y);
  }
  if (count == 0) {
    clx_plot_nothing(&p, "nothing to show: fewer than two batches fit into any pool");
    clx_buffer_format(out, "</svg>\n");
    return;
  }
  p.x0 = low_x / 1.1;
  p.x1 = high_x * 1.1;
  p.y0 = low_y / 1.2;
  p.y1 = high_y * 1.2;
  clx_power_upright_log(&p, "output of a GPU", "token/s");
  clx_plot_log_axis(&p, false, "tokens/s of a user");
  for (int32_t i = 0; i < count; i++) {
    clx_plot_line(&p, list[i].user, list[i].gpu, list[i].count, i);
    double most = 0, least = INFINITY;
    widen(list[i].gpu, list[i].count, &least, &most);
    clx_plot_key(&p, CLX_SAMPLE_LINE, i, list[i].name, "up to %.4g tokens/s", most);
  }
  if (ran) {
    clx_svg_disc(&p.picture, clx_plot_at(&p, user, gpu), 5, "ring");
    clx_plot_key(&p, CLX_SAMPLE_RING, 0, "this run", "%.4g at %.3g tokens/s", gpu, user);
  }
  clx_buffer_format(out, "</svg>\n");
}

void clx_report_service_points(const clx_result *result, clx_buffer *out) {
  curve list[CURVES];
  const int32_t count = find_curves(result, list);
  clx_buffer_format(out, "name,user_tokens_per_s,gpu_tokens_per_s\n");
  for (int32_t i = 0; i < count; i++)
    for (int32_t k = 0; k < list[i].count; k++)
      clx_buffer_format(out, "%s,%.9g,%.9g\n", list[i].name, list[i].user[k], list[i].gpu[k]);
}
