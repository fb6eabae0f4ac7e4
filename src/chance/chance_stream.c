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
  memcpy(s->word, block.v, sizeof s->word);
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

double clx_stream_exponential(clx_stream *s) { return -log(clx_stream_uniform(s)); }

void clx_stream_exponentials(clx_stream *s, double *out, int32_t count) {
  for (int32_t i = 0; i < count; i++) out[i] = unit_of(clx_stream_bits(s));
  for (int32_t i = 0; i < count; i++) out[i] = -log(out[i]);
}

// Polar method of Marsaglia; the second number is not kept, so that a stream has no more state than its counter.
double clx_stream_normal(clx_stream *s) {
  for (;;) {
    const double x = 2 * clx_stream_uniform(s) - 1, y = 2 * clx_stream_uniform(s) - 1;
    const double r = x * x + y * y;
    if (r > 0 && r < 1) return x * sqrt(-2 * log(r) / r);
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
    if (log(clx_stream_uniform(s)) < 0.5 * z * z + d * (1 - v + log(v))) return d * v;
  }
}

// Small means by products of uniforms in logarithms; large ones by splitting at a gamma order statistic (Ahrens and Dieter 1974):
// the time of event m is gamma(m), and what is left is Poisson or binomial by thinning that time.
static int64_t poisson_small(clx_stream *s, double mean) {
  int64_t count = 0;
  for (double time = clx_stream_exponential(s); time < mean; time += clx_stream_exponential(s)) count++;
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
