// What to buy: counts of one plane into those of all, transceivers, power.
#include <math.h>

#include "fabric/fabric_internal.h"

// Transceivers of all optical cables: two each; a type of twice the rate serves two ports, one of half the rate comes twice.
static int64_t transceivers(int64_t cables, double rate, const clx_link *optic) {
  if (optic == NULL || !(optic->rate > 0)) return 2 * cables;
  const double ports = floor(optic->rate / rate * (1 + 1e-12));
  if (ports >= 1) return (int64_t)ceil(2 * (double)cables / ports);
  return 2 * cables * (int64_t)ceil(rate / optic->rate * (1 - 1e-12));
}

void clx_fabric_complete_bill(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  clx_fabric_bill *bill = &f->bill;
  const int32_t planes = f->spec.planes;
  bill->switches = 0;
  for (int32_t t = 0; t < CLX_TIERS_MAX; t++) bill->switches += bill->switches_by_tier[t] *= planes;
  bill->copper *= planes;
  bill->optical *= planes;
  bill->optics = transceivers(bill->optical, f->rate, build->optic);
  bill->power = (build->model != NULL ? (double)bill->switches * build->model->power : 0) +
                (build->optic != NULL ? (double)bill->optics * build->optic->power : 0) +
                (build->copper != NULL ? 2 * (double)bill->copper * build->copper->power : 0);
}
