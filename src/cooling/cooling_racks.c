// Flow and pressure of the racks on a loop.
#include "cooling/cooling_racks.h"

#include <math.h>

clx_status clx_racks_ask(const clx_fluid *fluid, double supply, clx_racks_row *row, int32_t count, clx_racks_need *need,
                         clx_error *error) {
  enum { ROUNDS = 4 };  // of the heat capacity at the mean temperature: a millionth after two
  *need = (clx_racks_need){0};
  for (int32_t i = 0; i < count; i++) {
    double volume;
    CLX_TRY(clx_rack_coolant_flow_in(row[i].coolant, fluid, supply, row[i].power, &volume, error));
    row[i].flow = volume * clx_fluid_density(fluid, supply);
    need->heat += row[i].racks * row[i].coolant->liquid * row[i].power;
    need->flow += row[i].racks * row[i].flow;
    need->pressure = fmax(need->pressure, clx_rack_coolant_pressure(row[i].coolant, volume));
  }
  if (!(need->heat > 0 && need->flow > 0))
    return clx_fail_plain(error, CLX_INPUT, "racks on a loop of liquid give it %g W; expected more than 0", need->heat);
  need->range = 10;
  for (int32_t i = 0; i < ROUNDS; i++)
    need->range = need->heat / (need->flow * clx_fluid_heat_capacity(fluid, supply + 0.5 * need->range));
  return CLX_OK;
}

static clx_loop_spec *loop_named(clx_plant_spec *spec, const char *name) {
  for (int32_t i = 0; name != NULL && i < spec->loop_count; i++)
    if (clx_text_equal(spec->loop[i].name, name)) return &spec->loop[i];
  return NULL;
}

void clx_plant_fit_racks(clx_plant_spec *spec, const clx_racks_need *need) {
  clx_loop_spec *racks = loop_named(spec, spec->liquid);
  if (racks == NULL) return;
  racks->range = need->range;
  if (racks->pressure > 0 && racks->racks_pressure > 0 && need->pressure > 0)
    racks->pressure += need->pressure - racks->racks_pressure;
}

clx_status clx_plant_header(const clx_loop *loop, double racks, double pressure, clx_arena *arena, clx_header_flow *out,
                            clx_error *error) {
  // m: width of racks (IEC 60297, OCP ORv3); from the CDU to the first. Steel of 15 um (Moody); straight runs of tees lose 0.1
  // of the velocity head (Idelchik: below 0.2 where a twentieth leaves).
  static const double SPACING = 0.6, LEAD = 3, ROUGHNESS = 15e-6, MINOR = 0.1, PI = 3.14159265358979323846;
  const double mean = loop->spec.supply + 0.5 * loop->spec.range, flow = loop->flow / loop->density;
  if (!(loop->spec.header_velocity > 0))
    return clx_fail(error, CLX_INPUT, loop->spec.place, "loop \"%s\" states no header_velocity", loop->spec.name);
  clx_fluid_state fluid;
  CLX_TRY(clx_fluid_at(&loop->fluid, mean, &fluid, error));
  const clx_header header = {.count = (int32_t)fmin(fmax(1, ceil(racks / loop->spec.count)), 1e5),
                             .reverse = loop->spec.header_return == CLX_HEADER_REVERSE,
                             .balanced = loop->spec.header_return == CLX_HEADER_BALANCED,
                             .design = flow,
                             .pressure = pressure,
                             .exponent = 1.75,  // smooth channels of plates, turbulent
                             .lead = LEAD,
                             .spacing = SPACING,
                             .diameter = sqrt(4 * flow / (PI * loop->spec.header_velocity)),
                             .roughness = ROUGHNESS,
                             .minor = MINOR,
                             .density = fluid.density,
                             .viscosity = fluid.viscosity};
  return clx_header_march(&header, flow, arena, out, error);
}
