// Quantities by weight, and what stands beside them.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "result/result.h"

enum { NAME_SIZE = 256 };

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

int32_t clx_result_rank(const clx_result *result, const char *prefix, const char *suffix, bool by_size,
                        clx_ranking *out, int32_t room) {
  int32_t count = 0;
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    const clx_quantity *q = clx_result_at(result, i);
    if (strncmp(q->name, prefix, strlen(prefix)) != 0 || !ends_with(q->name, suffix)) continue;
    const clx_ranking one = {q, by_size ? fabs(q->value) : q->value};
    int32_t at = count;
    while (at > 0 && out[at - 1].weight < one.weight) at--;
    if (at == room) continue;
    count += count < room ? 1 : 0;
    memmove(out + at + 1, out + at, (size_t)(count - 1 - at) * sizeof *out);
    out[at] = one;
  }
  return count;
}

// PREFIX.last -> PREFIX.what
static const char *name_beside(const clx_quantity *quantity, const char *what, char *name) {
  const char *dot = strrchr(quantity->name, '.');
  const int stem = dot != NULL ? (int)(dot - quantity->name) : 0;
  snprintf(name, NAME_SIZE, "%.*s.%s", stem, quantity->name, what);
  return name;
}

const clx_quantity *clx_result_beside(const clx_result *result, const clx_quantity *quantity, const char *what) {
  char name[NAME_SIZE];
  return clx_result_find(result, name_beside(quantity, what, name));
}

const char *clx_result_fact_beside(const clx_result *result, const clx_quantity *quantity, const char *what) {
  char name[NAME_SIZE];
  return clx_result_fact(result, name_beside(quantity, what, name));
}
