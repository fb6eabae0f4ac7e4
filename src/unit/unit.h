// unit: "400 Gbit/s", "150 MW", "35 degC", "122 days" -> SI, with the dimension checked.
#pragma once

#include "base/base.h"

enum { CLX_BASE_UNITS = 9 };  // s, m, kg, K, B (bytes), FLOP, USD, token, GPU (a count with a name); J = kg m2/s2

// Exponents of the base units. All zero = a plain number.
typedef struct clx_dimension {
  int8_t power[CLX_BASE_UNITS];
} clx_dimension;

// The unit of differences of temperature: "10 K" (or "10 kelvins"). degC and degF are points of a scale and refused for one.
#define CLX_UNIT_KELVINS "kelvins"

// Reads a unit expression such as "Gbit/s", "W", "USD/kWh", "m3/h", "kg/s", "tokens/s": factors joined by '*' or '/',
// an integer power after '^' or directly ("m3"), and "1/" in front ("1/h"). Prefixes n u m k M G T P E and Ki Mi Gi Ti. "degC" and "degF" carry an
// offset and stand alone. Durations: s, ms, us, ns, min, h, day(s), week(s), month(s) (30.4375 d), quarter(s) (3 months), year(s) (365.25 d).
// Returns false and leaves outputs untouched when it cannot be read.
bool clx_unit_read(const char *unit, clx_dimension *dimension, double *factor, double *offset);

// Reads "<number> <unit>" and demands the dimension of `want` (a unit expression, e.g. "B/s"; "" or NULL = a plain
// number: then no unit may stand there, except '%' which divides by 100). *si = value in SI (bytes, W, s, K, USD ...).
// On failure *si stays untouched, `why` gets one sentence ("expected a rate such as "400 Gbit/s", read "400": the unit is
// missing"), and CLX_INPUT is returned (CLX_INTERNAL when `want` is no unit).
// Numbers: decimal or exponent, digit groups by '_' or in threes by ',' ("100,000"), then perhaps "thousand", "million",
// "billion" or "trillion"; no NaN, no infinity, no hex. A comma that groups nothing ("0,5") is no number. No locale.
clx_status clx_quantity_read(const char *text, const char *want, double *si, char *why, size_t why_size);

// Writes `si` for people: a prefix that gives 1..999 in front, `digits` significant digits but never fewer than stand before
// the point: "2.52 s", "149 MW", "41.3 days", "80 GB", "57 TFLOP/s", "30 million USD", "3 MWh". `unit` is the SI unit
// expression the value is in ("s", "W", "B/s", "J", "K" -> degC, CLX_UNIT_KELVINS -> K, "USD", "" -> plain number with digit groups, "kg/s", "m3" and
// others that take no prefix -> the same with the unit behind). What it writes can be read back, except into K. No locale.
// Returns `buffer`.
const char *clx_quantity_format(double si, const char *unit, int digits, char *buffer, size_t size);
