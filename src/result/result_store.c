// Quantities, facts, series, warnings and assumptions in the order in which they were found.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "result/result_internal.h"

clx_result *clx_result_new(void) {
  clx_arena *arena = clx_arena_new();
  clx_result *result = arena == NULL ? NULL : CLX_NEW(arena, clx_result);
  if (result == NULL) {
    clx_arena_free(arena);
    return NULL;
  }
  result->arena = arena;
  return result;
}

void clx_result_free(clx_result *result) {
  if (result != NULL) clx_arena_free(result->arena);
}

clx_arena *clx_result_arena(clx_result *result) { return result->arena; }

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// A copy in valid UTF-8, so that JSON can hold it; NULL counts as "".
static const char *keep(clx_arena *arena, const char *text) {
  char *copy = clx_arena_text(arena, text == NULL ? "" : text);
  if (copy != NULL) clx_text_clean(copy, false);
  return copy;
}

// Room for one more item of `size` bytes: arrays double in the arena.
static void *grown(clx_arena *arena, void *items, int32_t count, size_t size) {
  const bool full = count == 0 || (count & (count - 1)) == 0;
  if (!full) return items;
  void *larger = clx_arena_array(arena, count == 0 ? 1 : 2 * (size_t)count, size);
  if (larger != NULL && count > 0) memcpy(larger, items, (size_t)count * size);
  return larger;
}

clx_status clx_result_add(clx_result *r, const char *name, double value, const char *unit, double low, double high,
                          const char *doc, clx_error *error) {
  if (!isfinite(value) || !isfinite(low) || !isfinite(high)) {
    return clx_fail_plain(error, CLX_INTERNAL, "the result '%s' is not finite (%g, %g to %g)", name, value, low, high);
  }
  if (clx_result_find(r, name) != NULL)
    return clx_fail_plain(error, CLX_INTERNAL, "the result '%s' was found twice", name);
  clx_quantity *items = grown(r->arena, r->quantity, r->quantity_count, sizeof *items);
  const char *own = keep(r->arena, name), *own_unit = keep(r->arena, unit), *own_doc = keep(r->arena, doc);
  if (items == NULL || own == NULL || own_unit == NULL || own_doc == NULL) return no_memory(error);
  r->quantity = items;
  items[r->quantity_count++] = (clx_quantity){own, value, own_unit, low, high, own_doc};
  return CLX_OK;
}

const char *clx_result_slug(const char *text, char *slug, size_t size) {
  static const size_t longest = sizeof "_minus" - 1;
  size_t n = 0;
  for (const char *c = text; *c != '\0' && n + longest < size; c++) {
    const char *word = *c == '+' ? "_plus" : *c == '-' ? "_minus" : *c == ' ' ? "_" : NULL;
    if (word == NULL) {
      slug[n++] = *c;
    } else {
      memcpy(slug + n, word, strlen(word));
      n += strlen(word);
    }
  }
  slug[n] = '\0';
  return slug;
}

clx_status clx_result_add_text(clx_result *r, const char *name, const char *text, clx_error *error) {
  if (clx_result_fact(r, name) != NULL)
    return clx_fail_plain(error, CLX_INTERNAL, "the fact '%s' was found twice", name);
  clx_pair *items = grown(r->arena, r->fact, r->fact_count, sizeof *items);
  const char *own = keep(r->arena, name), *copy = keep(r->arena, text);
  if (items == NULL || own == NULL || copy == NULL) return no_memory(error);
  r->fact = items;
  items[r->fact_count++] = (clx_pair){own, copy};
  return CLX_OK;
}

clx_status clx_result_warn(clx_result *r, clx_error *error, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const char **items = grown(r->arena, r->warning, r->warning_count, sizeof *items);
  const char *copy = keep(r->arena, text);
  if (items == NULL || copy == NULL) return no_memory(error);
  r->warning = items;
  items[r->warning_count++] = copy;
  return CLX_OK;
}

clx_status clx_result_assume(clx_result *r, clx_error *error, const char *key, const char *why) {
  for (int32_t i = 0; i < r->assumption_count; i++) {
    if (strcmp(r->assumption[i].key, key) == 0)
      return clx_fail_plain(error, CLX_INTERNAL, "the assumption '%s' was made twice", key);
  }
  clx_pair *items = grown(r->arena, r->assumption, r->assumption_count, sizeof *items);
  const char *own = keep(r->arena, key), *copy = keep(r->arena, why);
  if (items == NULL || own == NULL || copy == NULL) return no_memory(error);
  r->assumption = items;
  items[r->assumption_count++] = (clx_pair){own, copy};
  return CLX_OK;
}

static double *copied(clx_arena *arena, const double *values, int32_t count) {
  double *copy = CLX_NEW_ARRAY(arena, double, count + 1);
  if (copy != NULL && count > 0) memcpy(copy, values, (size_t)count * sizeof *values);
  return copy;
}

clx_status clx_result_add_series(clx_result *r, const char *name, const char *unit, const double *y, const char *x_name,
                                 const char *x_unit, const double *x, int32_t count, clx_error *error) {
  if (count < 0) return clx_fail_plain(error, CLX_INTERNAL, "the series '%s' has %d points", name, count);
  for (int32_t i = 0; i < r->series_count; i++) {
    if (strcmp(r->series[i].name, name) == 0)
      return clx_fail_plain(error, CLX_INTERNAL, "the series '%s' was found twice", name);
  }
  for (int32_t i = 0; i < count; i++) {
    if (!isfinite(x[i]) || !isfinite(y[i])) {
      return clx_fail_plain(error, CLX_INTERNAL, "the series '%s' is not finite at point %d", name, i);
    }
  }
  clx_series *items = grown(r->arena, r->series, r->series_count, sizeof *items);
  const clx_series one = {keep(r->arena, name),
                          keep(r->arena, unit),
                          keep(r->arena, x_name),
                          keep(r->arena, x_unit),
                          copied(r->arena, x, count),
                          copied(r->arena, y, count),
                          count};
  if (items == NULL || !one.name || !one.unit || !one.x_name || !one.x_unit || !one.x || !one.y)
    return no_memory(error);
  r->series = items;
  items[r->series_count++] = one;
  return CLX_OK;
}

int32_t clx_result_count(const clx_result *r) { return r->quantity_count; }

const clx_quantity *clx_result_at(const clx_result *r, int32_t index) {
  return index >= 0 && index < r->quantity_count ? &r->quantity[index] : NULL;
}

const clx_quantity *clx_result_find(const clx_result *r, const char *name) {
  for (int32_t i = 0; i < r->quantity_count; i++) {
    if (strcmp(r->quantity[i].name, name) == 0) return &r->quantity[i];
  }
  return NULL;
}

double clx_result_value(const clx_result *r, const char *name, double otherwise) {
  const clx_quantity *q = clx_result_find(r, name);
  return q == NULL ? otherwise : q->value;
}

const char *clx_result_fact(const clx_result *r, const char *name) {
  for (int32_t i = 0; i < r->fact_count; i++) {
    if (strcmp(r->fact[i].key, name) == 0) return r->fact[i].text;
  }
  return NULL;
}

int32_t clx_result_warning_count(const clx_result *r) { return r->warning_count; }
const char *clx_result_warning(const clx_result *r, int32_t index) {
  return index >= 0 && index < r->warning_count ? r->warning[index] : NULL;
}
int32_t clx_result_assumption_count(const clx_result *r) { return r->assumption_count; }

bool clx_result_assumption(const clx_result *r, int32_t index, const char **key, const char **why) {
  if (index < 0 || index >= r->assumption_count) return false;
  *key = r->assumption[index].key;
  *why = r->assumption[index].text;
  return true;
}

const double *clx_result_series(const clx_result *r, const char *name, const double **x, int32_t *count) {
  for (int32_t i = 0; i < r->series_count; i++) {
    if (strcmp(r->series[i].name, name) != 0) continue;
    *x = r->series[i].x;
    *count = r->series[i].count;
    return r->series[i].y;
  }
  return NULL;
}

const char *clx_result_series_name(const clx_result *r, int32_t index) {
  return index >= 0 && index < r->series_count ? r->series[index].name : NULL;
}
