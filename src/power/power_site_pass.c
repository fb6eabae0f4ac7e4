// From the load of all groups to the point of connection.
#include <math.h>
#include <string.h>

#include "power/power_site_internal.h"

clx_site_flow clx_site_pass(const clx_site *site, double load) {
  const clx_chain *chain = &site->chain;
  const int32_t plug = chain->plug, cooling = chain->cooling, top = chain->count;
  clx_chain below;
  below.count = plug;
  memcpy(below.level, chain->level, (size_t)plug * sizeof *below.level);
  clx_site_flow flow;
  flow.it = clx_chain_top(&below, load, site->extra) + site->extra[plug];
  flow.overhead = site->overhead * flow.it;
  double extra[CLX_CHAIN_LEVELS_MAX + 1];
  memcpy(extra, site->extra, sizeof extra);
  extra[cooling] += flow.overhead;
  flow.chain = clx_chain_pass(chain, load, extra);
  flow.top = flow.chain.in + extra[top];
  return flow;
}

// Regula falsi after Illinois: the top rises with the load, nearly in a line.
double clx_site_invert(const clx_site *site, double limit, double most) {
  double low = 0, high = most;
  double below = clx_site_pass(site, low).top - limit, above = clx_site_pass(site, high).top - limit;
  if (!(below < 0)) return low;
  if (!(above > 0)) return high;
  int32_t side = 0;
  for (int32_t i = 0; i < 100; i++) {
    const double load = low + (high - low) * (below / (below - above));
    const double off = clx_site_pass(site, load).top - limit;
    if (fabs(off) <= 1e-13 * fabs(limit) || !(load > low && load < high)) return load;
    if (off < 0) {
      low = load;
      below = off;
      if (side < 0) above /= 2;
      side = -1;
    } else {
      high = load;
      above = off;
      if (side > 0) below /= 2;
      side = 1;
    }
  }
  return low;
}
