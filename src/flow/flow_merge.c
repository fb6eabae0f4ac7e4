// Flows over the same links with the same limit get the same rate: one of greater load stands for all of them. Under packet
// spraying a million flows over bundles between pods are a few thousand such.
#include <string.h>

#include "flow/flow_internal.h"

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 29);
}

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static uint64_t hash_of(const clx_flow_rest *rest, int32_t i) {
  uint64_t hash = mix(0, bits_of(rest->limit[rest->id[i]]));
  for (int32_t e = rest->first[i]; e < rest->first[i + 1]; e++) {
    hash = mix(hash, (uint64_t)rest->entry[e]);
    if (rest->load != NULL) hash = mix(hash, bits_of(rest->load[e]));
  }
  return hash ^ (hash >> 32);
}

static bool is_alike(const clx_flow_rest *rest, int32_t i, int32_t j) {
  const int32_t a = rest->first[i], b = rest->first[j];
  const size_t length = (size_t)(rest->first[i + 1] - a);
  if (rest->first[j + 1] - b != (int32_t)length) return false;
  if (bits_of(rest->limit[rest->id[i]]) != bits_of(rest->limit[rest->id[j]])) return false;
  if (memcmp(rest->entry + a, rest->entry + b, length * sizeof *rest->entry) != 0) return false;
  return rest->load == NULL || memcmp(rest->load + a, rest->load + b, length * sizeof *rest->load) == 0;
}

// The first flow like flow i, which may be i itself. table: flow + 1, 0 = free; its size is a power of two.
static int32_t first_alike(const clx_flow_rest *rest, int32_t i, int32_t *table, int32_t table_size) {
  const uint32_t mask = (uint32_t)table_size - 1;
  uint32_t at = (uint32_t)hash_of(rest, i) & mask;
  while (table[at] != 0 && !is_alike(rest, i, table[at] - 1)) at = (at + 1) & mask;
  if (table[at] == 0) table[at] = i + 1;
  return table[at] - 1;
}

// Keeps the first of each kind, with the load of all.
static void keep_first(clx_flow_rest *rest, const int32_t *count, double *load) {
  int32_t kept = 0, end = 0;
  for (int32_t i = 0; i < rest->flow_count; i++) {
    if (count[i] == 0) continue;
    const int32_t from = rest->first[i], to = rest->first[i + 1];
    rest->id[kept] = rest->id[i];
    rest->first[kept++] = end;
    for (int32_t e = from; e < to; e++, end++) {
      rest->entry[end] = rest->entry[e];
      load[end] = count[i] * (rest->load != NULL ? rest->load[e] : 1);
    }
  }
  rest->first[kept] = end;
  rest->flow_count = kept;
  rest->load = load;
}

bool clx_flow_merge(clx_flow_rest *rest, int32_t *merged, int32_t *table, int32_t table_size, double *load) {
  enum { LEAST_SAMPLE = 1024 };
  memset(table, 0, (size_t)table_size * sizeof *table);
  const int32_t count = rest->flow_count, sixteenth = count / 16;
  const int32_t sample = sixteenth > LEAST_SAMPLE ? sixteenth : LEAST_SAMPLE;
  int32_t kinds = 0;
  for (int32_t i = 0; i < count; i++) {
    if (i == sample && kinds > sample / 2) return false;
    merged[rest->id[i]] = first_alike(rest, i, table, table_size);
    kinds += merged[rest->id[i]] == i;
  }
  memset(table, 0, (size_t)table_size * sizeof *table);
  for (int32_t i = 0; i < count; i++) {
    table[merged[rest->id[i]]]++;
    merged[rest->id[i]] = rest->id[merged[rest->id[i]]];
  }
  keep_first(rest, table, load);
  return true;
}
