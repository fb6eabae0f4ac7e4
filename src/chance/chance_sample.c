// Samples: sorting, percentiles, sums whose error does not grow.
#include <math.h>

#include "chance/chance.h"

static void sink(double *value, int32_t from, int32_t count) {
  const double held = value[from];
  for (int32_t child; (child = 2 * from + 1) < count; from = child) {
    if (child + 1 < count && value[child] < value[child + 1]) child++;
    if (!(held < value[child])) break;
    value[from] = value[child];
  }
  value[from] = held;
}

static void swap(double *a, double *b) {
  const double held = *a;
  *a = *b;
  *b = held;
}

static void sort_heap(double *value, int32_t count) {
  for (int32_t i = count / 2 - 1; i >= 0; i--) sink(value, i, count);
  for (int32_t left = count - 1; left > 0; left--) {
    swap(&value[0], &value[left]);
    sink(value, 0, left);
  }
}

static void sort_insertion(double *value, int32_t count) {
  for (int32_t i = 1; i < count; i++) {
    const double held = value[i];
    int32_t j = i;
    for (; j > 0 && held < value[j - 1]; j--) value[j] = value[j - 1];
    value[j] = held;
  }
}

// Quicksort around the median of three; a heap where the halves turn out lopsided (Musser 1997), so that no input is quadratic.
static void sort_quick(double *value, int32_t count, int32_t depth) {
  enum { FEW = 24 };
  while (count > FEW) {
    if (depth-- == 0) {
      sort_heap(value, count);
      return;
    }
    double *a = &value[0], *b = &value[count / 2], *c = &value[count - 1];
    if (*b < *a) swap(a, b);
    if (*c < *b) swap(b, c);
    if (*b < *a) swap(a, b);
    const double pivot = *b;
    int32_t low = 0, high = count - 1;
    while (low <= high) {
      while (value[low] < pivot) low++;
      while (pivot < value[high]) high--;
      if (low <= high) swap(&value[low++], &value[high--]);
    }
    sort_quick(value, high + 1, depth);
    value += low;
    count -= low;
  }
  sort_insertion(value, count);
}

void clx_sort(double *value, int32_t count) {
  int32_t depth = 2;
  for (int32_t n = count; n > 1; n /= 2) depth += 2;
  sort_quick(value, count, depth);
}

double clx_percentile(const double *sorted, int32_t count, double p) {
  static const double SLACK = 1 - 0x1p-50;  // 0.07 * 100 is a little more than 7
  const double rank = ceil(p * count * SLACK);
  return sorted[rank < 1 ? 0 : rank > count ? count - 1 : (int32_t)rank - 1];
}

void clx_sum_add(clx_sum *s, double value) {
  const double sum = s->sum + value;
  s->rest += fabs(s->sum) >= fabs(value) ? (s->sum - sum) + value : (value - sum) + s->sum;
  s->sum = sum;
}

double clx_sum_value(const clx_sum *s) { return s->sum + s->rest; }

double clx_mean(const double *value, int32_t count) {
  clx_sum sum = {0};
  for (int32_t i = 0; i < count; i++) clx_sum_add(&sum, value[i]);
  return count > 0 ? clx_sum_value(&sum) / count : 0;
}
