// Properties of water, propylene glycol in water, and air. docs/model/cooling/fluids.md.
#include "cooling/cooling_fluid.h"

#include <math.h>

const char *const clx_fluid_kind_name[CLX_FLUID_KINDS + 1] = {"water", "propylene-glycol", "air", NULL};

static const double ice_point = 273.15;

// Ends of the correlations, K. Glycol begins at its freezing point.
static const double coldest[CLX_FLUID_KINDS] = {273.15, 0, 233.15}, warmest[CLX_FLUID_KINDS] = {373.15, 373.15, 353.15};

// --- water: IAPWS SR6-08 (2011), liquid water at 0.1 MPa, -20 to 110 degC -------------------------------------------------

static double power(double x, int32_t n) {
  double y = 1;
  for (; n > 0; n--) y *= x;
  return y;
}

typedef struct term {
  double factor;
  int32_t exponent;
} term;

static double water_density(double t) {
  static const double beta_part[] = {5.78545292e-3,  -1.53195665e-2, 3.11337859e-2,
                                     -4.23546241e-2, 3.38713507e-2,  -1.19946761e-2};
  const double alpha = 10 / (593 - t), beta = 10 / (t - 232);
  double sum = 0;
  for (int32_t i = CLX_COUNT(beta_part) - 1; i >= 0; i--) sum = (sum + beta_part[i]) * beta;
  const double head = (8.32299658e9 * alpha - 1.63552118e9) * alpha + 1.00231247e8;
  sum += ((head * alpha * alpha - 2.22521604e5) * alpha + 6.74458446e3) * power(alpha, 4);
  return 1e5 / (461.51805 * 10 * (1.93763157e-2 + sum));
}

static double water_heat_capacity(double t) {
  static const term alpha_part[] = {{-1.661470539e5, 4}, {2.708781640e6, 5}, {-1.557191544e8, 7}};
  static const term beta_part[] = {{-8.237426256e-1, 2}, {1.908956353, 3}, {-2.017597384, 4}, {8.546361348e-1, 5}};
  const double alpha = 10 / (593 - t), beta = 10 / (t - 232);
  double sum = 0;
  for (int32_t i = 0; i < CLX_COUNT(alpha_part); i++) {
    const int32_t n = alpha_part[i].exponent;
    sum += n * (n + 1) * alpha_part[i].factor * power(alpha, n + 2);
  }
  for (int32_t i = 0; i < CLX_COUNT(beta_part); i++) {
    const int32_t n = beta_part[i].exponent;
    sum += n * (n + 1) * beta_part[i].factor * power(beta, n + 2);
  }
  return -461.51805 * (-8.983025854 + t / 10 * sum);
}

static double water_conductivity(double t) {
  const double x = t / 300;
  return 1.6630 * pow(x, -1.15) - 1.7781 * pow(x, -3.4) + 1.1567 * pow(x, -6.0) - 0.432115 * pow(x, -7.6);
}

static double water_viscosity(double t) {
  const double x = t / 300;
  return 1e-6 * (280.68 * pow(x, -1.9) + 511.45 * pow(x, -7.7) + 61.131 * pow(x, -19.6) + 0.45903 * pow(x, -40));
}

// --- propylene glycol: Melinder (2010), polynomials in mass share and temperature ------------------------------------------

// Properties of Secondary Working Fluids for Indirect Systems, IIR, as tabled by lbl-srg/modelica-buildings
// (Media/Antifreeze/Functions/PropyleneGlycolWater): sum of c (100 (x - 0.307031))^i (t - 32.7083 degC)^j, j < terms[i], up to
// a mass share of 0.6 and 100 degC.
enum { SHARES = 6, TERMS = 18 };
static const int32_t terms[SHARES] = {4, 4, 4, 3, 2, 1};
static const double share_middle = 0.307031, temperature_middle = 32.7083, share_most = 0.6;

static const double glycol_density[TERMS] = {1.018e3,   -5.406e-1, -2.666e-3, 1.347e-5,  7.604e-1,  -9.450e-3,
                                             5.541e-5,  -1.343e-7, -2.498e-3, 2.700e-5,  -4.018e-7, 3.376e-9,
                                             -1.550e-4, 2.829e-6,  -7.175e-9, -1.131e-6, -2.221e-8, 2.342e-8};
static const double glycol_viscosity[TERMS] = {6.837e-1,  -3.045e-2, 2.525e-4,  -1.399e-6, 3.328e-2,  -3.984e-4,
                                               4.332e-6,  -1.860e-8, 5.453e-5,  -8.600e-8, -1.593e-8, -4.465e-11,
                                               -3.900e-6, 1.054e-7,  -1.589e-9, -1.587e-8, 4.475e-10, 3.564e-9};
static const double glycol_freezing[TERMS] = {-1.325e1,  -3.820e-5,  7.865e-7,  -1.733e-9, -6.631e-1, 6.774e-6,
                                              -6.242e-8, -7.819e-10, -1.094e-2, 5.332e-8,  -4.169e-9, 3.288e-11,
                                              -2.283e-4, -1.131e-8,  1.918e-10, -3.409e-6, 8.035e-11, 1.465e-8};
static const double glycol_heat_capacity[TERMS] = {3.882e3,   2.699e0,  -1.659e-3, -1.032e-5, -1.304e1,  5.070e-2,
                                                   -4.752e-5, 1.522e-6, -1.598e-1, 9.534e-5,  1.167e-5,  -4.870e-8,
                                                   3.539e-4,  3.102e-5, -2.950e-7, 5.000e-5,  -7.135e-7, -4.959e-7};
static const double glycol_conductivity[TERMS] = {4.513e-1,  7.955e-4,  3.482e-8,  -5.966e-9,  -4.795e-3,  -1.678e-5,
                                                  8.941e-8,  1.493e-10, 2.076e-5,  1.563e-7,   -4.615e-9,  9.897e-12,
                                                  -9.083e-8, -2.518e-9, 6.543e-11, -5.952e-10, -3.605e-11, 2.104e-11};

static double polynomial(const double *c, double share, double t) {
  const double x = 100 * (share - share_middle), y = t - ice_point - temperature_middle;
  double sum = 0, weight = 1;
  for (int32_t i = 0; i < SHARES; c += terms[i], i++, weight *= x) {
    double inner = 0;
    for (int32_t j = terms[i] - 1; j >= 0; j--) inner = inner * y + c[j];
    sum += weight * inner;
  }
  return sum;
}

// Mass share of a volume share: volumes of the pure liquids at 20 degC, 1,036.1 and 998.2 kg/m3 (CRC Handbook).
static double mass_share(double volume) { return 1036.1 * volume / (1036.1 * volume + 998.2 * (1 - volume)); }

// --- air: dry, 101,325 Pa ---------------------------------------------------------------------------------------------------

// Ideal gas of 287.042 J/(kg K) and 1,006 J/(kg K) (ASHRAE Fundamentals 2017, ch. 1); Sutherland's law with the constants of
// White, Viscous Fluid Flow (3rd ed., tables 1-2 and 1-3).
static void air_state(double t, clx_fluid_state *state) {
  const double x = t / 273;
  state->density = 101325 / (287.042 * t);
  state->heat_capacity = 1006;
  state->viscosity = 1.716e-5 * x * sqrt(x) * (273 + 111) / (t + 111);
  state->conductivity = 0.0241 * x * sqrt(x) * (273 + 194) / (t + 194);
}

// --- face -------------------------------------------------------------------------------------------------------------------

bool clx_fluid_named(const char *name, clx_fluid *fluid) {
  if (name == NULL) return false;
  if (clx_text_equal_loose(name, "water") || clx_text_equal_loose(name, "air")) {
    *fluid = (clx_fluid){.kind = clx_text_equal_loose(name, "water") ? CLX_FLUID_WATER : CLX_FLUID_AIR};
    return true;
  }
  const bool brief = clx_text_match("pg*", name);
  if (!brief && !clx_text_match("propylene glycol*", name)) return false;
  name += brief ? 2 : 16;
  while (*name == ' ' || *name == '-' || *name == '_') name++;
  double share = 0;
  int32_t digits = 0;
  for (; *name >= '0' && *name <= '9' && digits < 2; name++, digits++) share = 10 * share + (*name - '0');
  while (*name == ' ' || *name == '%') name++;
  if (*name != '\0' || digits == 0 || mass_share(share / 100) > share_most) return false;
  *fluid = (clx_fluid){.kind = CLX_FLUID_GLYCOL, .glycol = share / 100};
  return true;
}

double clx_fluid_freezing(const clx_fluid *fluid) {
  if (fluid->kind == CLX_FLUID_AIR) return coldest[CLX_FLUID_AIR];
  if (fluid->kind == CLX_FLUID_WATER || !(fluid->glycol > 0)) return ice_point;
  const double share = fmin(mass_share(fluid->glycol), share_most);
  // The correlation states one temperature of freezing for each share; its terms in temperature cancel to 0.01 K.
  return ice_point + fmin(0, polynomial(glycol_freezing, share, ice_point + temperature_middle));
}

static double lowest(const clx_fluid *fluid) {
  return fluid->kind == CLX_FLUID_GLYCOL ? clx_fluid_freezing(fluid) : coldest[fluid->kind];
}

static double within(const clx_fluid *fluid, double t) { return fmin(fmax(t, lowest(fluid)), warmest[fluid->kind]); }

clx_status clx_fluid_at(const clx_fluid *fluid, double temperature, clx_fluid_state *state, clx_error *error) {
  const double share = fluid->kind == CLX_FLUID_GLYCOL ? mass_share(fluid->glycol) : 0;
  if (!(share >= 0 && share <= share_most)) {
    return clx_fail_plain(error, CLX_INPUT, "propylene glycol: a volume share of %g, expected 0 to 0.59",
                          fluid->glycol);
  }
  if (!(temperature >= lowest(fluid) && temperature <= warmest[fluid->kind])) {
    return clx_fail_plain(error, CLX_INPUT, "%s at %.2f degC: expected %.1f to %.1f degC",
                          clx_fluid_kind_name[fluid->kind], temperature - ice_point, lowest(fluid) - ice_point,
                          warmest[fluid->kind] - ice_point);
  }
  switch (fluid->kind) {
    case CLX_FLUID_WATER:
      *state = (clx_fluid_state){water_density(temperature), water_heat_capacity(temperature),
                                 water_conductivity(temperature), water_viscosity(temperature)};
      break;
    case CLX_FLUID_GLYCOL:
      *state = (clx_fluid_state){polynomial(glycol_density, share, temperature),
                                 polynomial(glycol_heat_capacity, share, temperature),
                                 polynomial(glycol_conductivity, share, temperature),
                                 1e-3 * exp(polynomial(glycol_viscosity, share, temperature))};
      break;
    default:
      air_state(temperature, state);
  }
  return CLX_OK;
}

double clx_fluid_heat_capacity(const clx_fluid *fluid, double temperature) {
  const double t = within(fluid, temperature);
  if (fluid->kind == CLX_FLUID_AIR) return 1006;
  if (fluid->kind == CLX_FLUID_WATER) return water_heat_capacity(t);
  return polynomial(glycol_heat_capacity, fmin(mass_share(fluid->glycol), share_most), t);
}

double clx_fluid_density(const clx_fluid *fluid, double temperature) {
  const double t = within(fluid, temperature);
  if (fluid->kind == CLX_FLUID_AIR) return 101325 / (287.042 * t);
  if (fluid->kind == CLX_FLUID_WATER) return water_density(t);
  return polynomial(glycol_density, fmin(mass_share(fluid->glycol), share_most), t);
}
