// unit: "400 Gbit/s", "150 MW", "35 degC", "122 days" -> SI, with the dimension checked.
#pragma once

#include "base/base.h"

enum { CLX_BASE_UNITS = 9 };  // s, m, kg, K, B (bytes), FLOP, USD, token, GPU (a count with a name); J = kg m2/s2

// Exponents of the base units. All zero = a plain number.
typedef struct clx_dimension {
  int8_t power[CLX_BASE_UNITS];
} clx_dimension;

// Reads a unit expression such as "Gbit/s", "W", "USD/kWh", "m3/h", "kg/s", "tokens/s": factors joined by '*' or '/',
// an integer power after '^' or directly ("m3"). Prefixes n u m k M G T P E and Ki Mi Gi Ti. "degC" and "degF" carry an
// offset and stand alone. Durations: s, ms, us, ns, min, h, day(s), week(s), month(s) (30.4375 d), year(s) (365.25 d).
// Returns false and leaves outputs untouched when it cannot be read.
bool clx_unit_read(const char *unit, clx_dimension *dimension, double *factor, double *offset);

// Reads "<number> <unit>" and demands the dimension of `want` (a unit expression, e.g. "B/s"; "" or NULL = a plain
// number: then no unit may stand there, except '%' which divides by 100). *si = value in SI (bytes, W, s, K, USD ...).
// On failure writes one sentence to `why` ("expected a rate such as '400 Gbit/s', read '400': the unit is missing").
// Numbers: decimal or exponent, digit groups by '_' or ',' allowed ("100,000"); no NaN, no infinity, no hex.
clx_status clx_quantity_read(const char *text, const char *want, double *si, char *why, size_t why_size);

// Writes `si` for people: a prefix that gives 1..999 in front, `digits` significant digits: "2.52 s", "149 MW", "41.3 days",
// "80 GB", "57 TFLOP/s". `unit` is the SI unit expression the value is in ("s", "W", "B", "B/s", "FLOP/s", "J", "K" -> degC,
// "USD", "" -> plain number with digit groups). Returns `buffer`.
const char *clx_quantity_format(double si, const char *unit, int digits, char *buffer, size_t size);
