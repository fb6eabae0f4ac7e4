// Philox4x64-10 (Random123) as streams of uniform bits, and the distributions drawn from them.
#include <Random123/philox.h>
#include <math.h>
#include <string.h>

#include "chance/chance.h"

__extension__ typedef unsigned __int128 wide;

static const double UNIT = 0x1p-52;

clx_stream clx_stream_make(uint64_t seed, uint64_t domain, uint64_t replica, uint64_t entity) {
  return (clx_stream){.key = {seed, domain}, .counter = {0, 0, entity, replica}};
}

static void refill(clx_stream *s) {
  const philox4x64_ctr_t counter = {{s->counter[0], s->counter[1], s->counter[2], s->counter[3]}};
  const philox4x64_key_t key = {{s->key[0], s->key[1]}};
  const philox4x64_ctr_t block = philox4x64(counter, key);
  for (int i = 0; i < 4; i++) s->word[i] = block.v[i];
  s->counter[0]++;
  s->left = 4;
}

uint64_t clx_stream_bits(clx_stream *s) {
  if (s->left == 0) refill(s);
  return s->word[4 - s->left--];
}

// The middle of one of 2^52 equal cells: never 0, never 1, and exact in a double.
static double unit_of(uint64_t bits) { return ((double)(bits >> 12) + 0.5) * UNIT; }

double clx_stream_uniform(clx_stream *s) { return unit_of(clx_stream_bits(s)); }

// Natural logarithm of a normal x > 0, error below 1 ulp: x = 2^k m with m in sqrt(1/2) .. sqrt(2), log m by its series in s = f / (2 + f),
// f = m - 1 (the minimax polynomial of fdlibm's e_log.c, Sun Microsystems 1993). Not the C library's: that takes other instructions on
// other processors. No branch and no table, so that compilers make vectors of it; plain sums and products, so that these give the same bits.
static inline double log_of(double x) {
  static const uint64_t ROOT = 0x3fe6a09e667f3bcd, EXPONENT = (uint64_t)0xfff << 52, WHOLE = 0x4330000000000000;
  static const double LN2_HIGH = 6.93147180369123816490e-01, LN2_LOW = 1.90821492927058770002e-10;
  static const double L1 = 6.666666666666735130e-01, L2 = 3.999999999940941908e-01, L3 = 2.857142874366239149e-01,
                      L4 = 2.222219843214978396e-01, L5 = 1.818357216161805012e-01, L6 = 1.531383769920937332e-01,
                      L7 = 1.479819860511658591e-01;
  uint64_t bits, exponent;
  memcpy(&bits, &x, sizeof bits);
  const uint64_t shifted = bits - ROOT + ((uint64_t)1023 << 52);  // its exponent field: k + 1023
  bits -= (shifted & EXPONENT) - ((uint64_t)1023 << 52);
  exponent = WHOLE | shifted >> 52;  // as a double: 2^52 + k + 1023
  double m, k;
  memcpy(&m, &bits, sizeof m);
  memcpy(&k, &exponent, sizeof k);
  k -= 0x1p52 + 1023;
  const double f = m - 1, s = f / (2 + f), z = s * s, w = z * z, half = 0.5 * f * f;
  const double even = w * (L2 + w * (L4 + w * L6)), odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
  return k * LN2_HIGH - ((half - (s * (half + (even + odd)) + k * LN2_LOW)) - f);
}

double clx_stream_exponential(clx_stream *s) { return -log_of(clx_stream_uniform(s)); }

void clx_stream_exponentials(clx_stream *s, double *out, int32_t count) {
  enum { CHUNK = 64, GROUP = 8 };
  while (count > 0) {
    double unit[CHUNK];
    const int32_t now = count < CHUNK ? count : CHUNK;
    int32_t i = 0;
    while (i < now && s->left > 0) unit[i++] = unit_of(clx_stream_bits(s));
    for (; i + 4 <= now; i += 4) {
      refill(s);
      for (int32_t j = 0; j < 4; j++) unit[i + j] = unit_of(s->word[j]);
      s->left = 0;
    }
    while (i < now) unit[i++] = unit_of(clx_stream_bits(s));
    for (; i % GROUP != 0; i++) unit[i] = 1;
    for (int32_t g = 0; g < now; g += GROUP) {  // of fixed length: a vector loop without a rest
      for (i = 0; i < GROUP; i++) unit[g + i] = -log_of(unit[g + i]);
    }
    memcpy(out, unit, (size_t)now * sizeof *out);
    out += now;
    count -= now;
  }
}

// Polar method of Marsaglia; the second number is not kept, so that a stream has no more state than its counter.
double clx_stream_normal(clx_stream *s) {
  for (;;) {
    const double x = 2 * clx_stream_uniform(s) - 1, y = 2 * clx_stream_uniform(s) - 1;
    const double r = x * x + y * y;
    if (r > 0 && r < 1) return x * sqrt(-2 * log_of(r) / r);
  }
}

// Lemire 2019: the high half of a product, redrawn where the low half would favour some values.
uint64_t clx_stream_below(clx_stream *s, uint64_t count) {
  for (;;) {
    const wide product = (wide)clx_stream_bits(s) * count;
    const uint64_t low = (uint64_t)product;
    if (low >= count || low >= (0 - count) % count) return (uint64_t)(product >> 64);
  }
}

double clx_stream_gamma(clx_stream *s, double shape) {
  if (shape < 1) return clx_stream_gamma(s, shape + 1) * pow(clx_stream_uniform(s), 1 / shape);
  const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
  for (;;) {
    const double z = clx_stream_normal(s), root = 1 + c * z;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (log_of(clx_stream_uniform(s)) < 0.5 * z * z + d * (1 - v + log_of(v))) return d * v;
  }
}

// Small means by products of uniforms in logarithms; large ones by splitting at a gamma order statistic (Ahrens and Dieter 1974):
// the time of event m is gamma(m), and what is left is Poisson or binomial by thinning that time.
static int64_t poisson_small(clx_stream *s, double mean) {
  int64_t count = 0;
  double time = clx_stream_exponential(s);
  while (time < mean) {
    count++;
    time += clx_stream_exponential(s);
  }
  return count;
}

static int64_t binomial(clx_stream *s, int64_t n, double p) {
  enum { FEW = 16 };
  int64_t count = 0;
  while (n > FEW) {  // the median order statistic of n uniforms is a ratio of gammas
    const int64_t half = (n + 1) / 2;
    const double a = clx_stream_gamma(s, (double)half), b = clx_stream_gamma(s, (double)(n + 1 - half));
    const double middle = a / (a + b);
    if (middle <= p) {
      count += half;
      n -= half;
      p = (p - middle) / (1 - middle);
    } else {
      n = half - 1;
      p /= middle;
    }
  }
  for (; n > 0; n--) count += clx_stream_uniform(s) < p;
  return count;
}

int64_t clx_stream_poisson(clx_stream *s, double mean) {
  static const double FEW = 16;
  int64_t count = 0;
  while (mean > FEW) {
    const int64_t m = (int64_t)(7 * mean / 8);
    const double time = clx_stream_gamma(s, (double)m);
    if (time >= mean) return count + binomial(s, m - 1, mean / time);
    count += m;
    mean -= time;
  }
  return count + poisson_small(s, mean);
}
