// Radix 2 with a table of twiddles, and Bluestein's chirp for the other lengths.
#include "power/power_fourier.h"

#include <math.h>

#include "base/base.h"

static const double TWO_PI = 6.28318530717958647692;

static clx_complex multiply(clx_complex a, clx_complex b) {
  return (clx_complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static clx_complex unit_root(double turn, double sign) {
  return (clx_complex){cos(TWO_PI * turn), sign * sin(TWO_PI * turn)};
}

static void reverse_bits(clx_complex *x, int64_t n) {
  for (int64_t i = 1, j = 0; i < n; i++) {
    int64_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const clx_complex t = x[i];
      x[i] = x[j];
      x[j] = t;
    }
  }
}

// root[k] = exp(-2 pi i k / n), k < n / 2. sign -1 conjugates them: the inverse.
static void transform_power_of_two(clx_complex *x, int64_t n, const clx_complex *root, double sign) {
  reverse_bits(x, n);
  for (int64_t half = 1; half < n; half *= 2) {
    const int64_t stride = n / (2 * half);
    for (int64_t start = 0; start < n; start += 2 * half) {
      for (int64_t k = 0; k < half; k++) {
        clx_complex w = root[k * stride];
        w.im *= sign;
        clx_complex *a = &x[start + k], *b = &x[start + k + half];
        const clx_complex t = multiply(w, *b);
        *b = (clx_complex){a->re - t.re, a->im - t.im};
        *a = (clx_complex){a->re + t.re, a->im + t.im};
      }
    }
  }
}

static void fill_roots(clx_complex *root, int64_t n) {
  for (int64_t k = 0; k < n / 2; k++) root[k] = unit_root((double)k / (double)n, -1);
}

// X[k] = c[k] sum of (x[j] c[j]) conj(c[k - j]) with c[j] = exp(-i pi j^2 / n): a convolution. j^2 is taken modulo 2 n, exactly.
static bool transform_by_chirp(clx_complex *x, int64_t n, double sign, clx_arena *scratch) {
  int64_t m = 1;
  while (m < 2 * n - 1) m *= 2;
  clx_complex *root = CLX_NEW_ARRAY(scratch, clx_complex, m / 2), *chirp = CLX_NEW_ARRAY(scratch, clx_complex, n),
              *a = CLX_NEW_ARRAY(scratch, clx_complex, m), *b = CLX_NEW_ARRAY(scratch, clx_complex, m);
  if (root == NULL || chirp == NULL || a == NULL || b == NULL) return false;
  fill_roots(root, m);
  int64_t square = 0;
  for (int64_t j = 0; j < n; j++) {
    chirp[j] = unit_root((double)square / (double)(2 * n), -sign);
    a[j] = multiply(x[j], chirp[j]);
    const clx_complex back = {chirp[j].re, -chirp[j].im};
    b[j] = back;
    if (j > 0) b[m - j] = back;
    square = (square + 2 * j + 1) % (2 * n);
  }
  transform_power_of_two(a, m, root, 1);
  transform_power_of_two(b, m, root, 1);
  for (int64_t k = 0; k < m; k++) a[k] = multiply(a[k], b[k]);
  transform_power_of_two(a, m, root, -1);
  const double scale = 1 / (double)m;
  for (int64_t k = 0; k < n; k++) {
    const clx_complex y = multiply(a[k], chirp[k]);
    x[k] = (clx_complex){scale * y.re, scale * y.im};
  }
  return true;
}

clx_status clx_fourier(clx_complex *x, int64_t n, bool inverse, clx_error *error) {
  if (n <= 1) return CLX_OK;
  const double sign = inverse ? -1 : 1;
  clx_arena *scratch = clx_arena_new();
  bool done = false;
  if (scratch != NULL && (n & (n - 1)) == 0) {
    clx_complex *root = CLX_NEW_ARRAY(scratch, clx_complex, n / 2);
    done = root != NULL;
    if (done) {
      fill_roots(root, n);
      transform_power_of_two(x, n, root, sign);
    }
  } else if (scratch != NULL) {
    done = transform_by_chirp(x, n, sign, scratch);
  }
  clx_arena_free(scratch);
  return done ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}
