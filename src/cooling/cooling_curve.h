// A smooth curve through measured points.
#pragma once

#include "base/base.h"

// Monotone between the points wherever they are, with a continuous slope: cubics with the harmonic mean of the slopes beside each point (Fritsch and
// Butland 1984). Beyond its ends it goes on with the slope there. x rising, count >= 2. slope nullable. About 20 ns.
double clx_curve_monotone(const double *x, const double *y, int32_t count, double at, double *slope);
