// Discrete Fourier transforms of any length, for the files of power only.
#pragma once

#include "base/base.h"

typedef struct clx_complex {
  double re, im;
} clx_complex;

// In place: X[k] = sum over j of x[j] exp(-2 pi i j k / n), or with exp(+...) where `inverse` (not divided by n). Any n >= 1: powers of two by
// radix 2, others by Bluestein's chirp (1970) over the next power of two. Relative error about 1e-15 log2(n) of the largest line.
// CLX_MEMORY. O(n log n).
//
// Debian's libkissfft costs O(n p) for a prime factor p of n and is built for float: waves have any length (10.613 s at 1 ms), so the
// chirp would be needed around it; what is left of it are the thirty lines of radix 2.
clx_status clx_fourier(clx_complex *x, int64_t n, bool inverse, clx_error *error);
