#include "cost/cost_cluster.h"

#include <math.h>

clx_status clx_cluster_power(const clx_cluster *c, double network, double *power, clx_error *error) {
  double sum = 0;
  for (int32_t i = 0; i < c->chips; i++) {
    const clx_price *s = c->server[i];
    if (s == NULL || !(s->power > 0) || !(s->gpus > 0))
      return clx_fail_plain(error, CLX_INPUT, "price '%.60s' states no rated power or no GPUs; expected both",
                            s != NULL ? s->name : "?");
    sum += c->count[i] * (s->power / s->gpus + network);
  }
  *power = sum * c->pue;
  return CLX_OK;
}

clx_status clx_cluster_price(const clx_cluster *c, double network_share, double *price, clx_error *error) {
  double sum = 0;
  for (int32_t i = 0; i < c->chips; i++) {
    const clx_price *s = c->server[i];
    if (s == NULL || s->point_count == 0) continue;
    if (!(s->gpus > 0)) return clx_fail_plain(error, CLX_INPUT, "price '%.60s' states no GPUs", s->name);
    sum += c->count[i] / s->gpus * clx_price_at(s, c->year).expected;
  }
  if (!(sum > 0) || !(network_share >= 0 && network_share < 1))
    return clx_fail_plain(error, CLX_INPUT,
                          "servers worth %g USD, network %g of the hardware; expected above 0, 0 to below 1", sum,
                          network_share);
  *price = sum / (1 - network_share);
  return CLX_OK;
}

static double absolute(const double *x, const double *y, int32_t count, double level, double slope) {
  double sum = 0;
  for (int32_t k = 0; k < count; k++) sum += fabs(y[k] - level - slope * x[k]);
  return sum;
}

void clx_least_absolute_line(const double *x, const double *y, int32_t count, double *level, double *slope) {
  double best = INFINITY;
  *level = *slope = 0;
  for (int32_t i = 0; i < count; i++) {
    for (int32_t j = i; j < count; j++) {
      const double b = x[i] != x[j] ? (y[j] - y[i]) / (x[j] - x[i]) : 0, a = y[i] - b * x[i];
      const double sum = absolute(x, y, count, a, b);
      if (sum < best) best = sum, *level = a, *slope = b;
    }
  }
}
