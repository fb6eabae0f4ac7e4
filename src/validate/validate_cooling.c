// Cases of cooling: figures by name, out of the tables of the files beside this one.
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "validate/validate_cooling_internal.h"

enum { NAMES_MAX = 96 };

typedef clx_cooling_asked asked;

static const clx_cooling_figures *const ALL[] = {&clx_cooling_figures_air, &clx_cooling_figures_parts,
                                                 &clx_cooling_figures_rack, &clx_cooling_figures_plant,
                                                 &clx_cooling_figures_reference};

// --- what figures share -----------------------------------------------------------------------------------------------------------

clx_status clx_cooling_entry(const asked *a, const char *kind, void *object, clx_error *error) {
  return clx_catalog_read(a->run->catalog, kind, a->of, a->place, clx_catalog_schema(kind), a->run->arena, object,
                          error);
}

static bool is_file(const char *name) {
  const size_t length = strlen(name);
  return length > 4 && strcmp(name + length - 4, ".epw") == 0;
}

static clx_status read_file(const asked *a, clx_weather *out, bool *found, clx_error *error) {
  const char *const folder[] = {a->run->of->folder, "../shared/validation/weather"};
  *found = false;
  for (size_t i = 0; i < CLX_COUNT(folder); i++) {
    if (folder[i] == NULL) continue;
    const char *path = clx_arena_format(a->run->arena, "%s/%s", folder[i], a->weather);
    if (path == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    if (access(path, R_OK) != 0) continue;
    *found = true;
    return clx_weather_read(path, a->run->arena, out, error);
  }
  *a->skipped = clx_arena_format(
      a->run->arena, "%.100s is not at hand (neither beside the case nor in ../shared/validation/weather)", a->weather);
  return *a->skipped == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}

clx_status clx_cooling_weather(const asked *a, clx_cooling_kept **out, clx_error *error) {
  clx_cooling_kept *k = a->run->state;
  *out = NULL;
  if (k == NULL) {
    k = a->run->state = CLX_NEW(a->run->arena, clx_cooling_kept);
    if (k == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  if (k->name == NULL || strcmp(k->name, a->weather) != 0) {
    bool found = true;
    *k = (clx_cooling_kept){0};
    if (is_file(a->weather)) {
      CLX_TRY(read_file(a, &k->weather, &found, error));
      if (!found) return CLX_OK;
    } else {
      clx_climate climate;
      CLX_TRY(clx_catalog_read(a->run->catalog, "climate", a->weather, a->weather_place, clx_catalog_schema("climate"),
                               a->run->arena, &climate, error));
      CLX_TRY(clx_weather_typical(&climate, a->run->arena, &k->weather, error));
    }
    k->name = a->weather;
  }
  *out = k;
  return CLX_OK;
}

clx_status clx_cooling_weather_thin(const clx_weather *year, int64_t stride, clx_arena *arena, clx_weather *out,
                                    clx_error *error) {
  *out = *year;
  out->count = year->count / stride;
  out->step = year->step * (double)stride;
  float **to[] = {&out->dry_bulb, &out->wet_bulb, &out->humidity, &out->pressure};
  const float *from[] = {year->dry_bulb, year->wet_bulb, year->humidity, year->pressure};
  for (size_t k = 0; k < CLX_COUNT(to); k++) {
    *to[k] = CLX_NEW_ARRAY(arena, float, out->count);
    if (*to[k] == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    for (int64_t i = 0; i < out->count; i++) (*to[k])[i] = from[k][i * stride];
  }
  return CLX_OK;
}

// --- reading a row -----------------------------------------------------------------------------------------------------------------

static const clx_cooling_figure *find_figure(const char *name) {
  for (size_t t = 0; t < CLX_COUNT(ALL); t++) {
    for (size_t i = 0; i < ALL[t]->count; i++) {
      if (strcmp(ALL[t]->figure[i].name, name) == 0) return &ALL[t]->figure[i];
    }
  }
  return NULL;
}

static clx_status unknown(const char *what, const char *name, const char *const *names, int32_t count, clx_place place,
                          clx_error *error) {
  const char *near = clx_nearest(name, names, count);
  if (near != NULL) return clx_fail(error, CLX_INPUT, place, "no %s '%.100s'; did you mean '%s'?", what, name, near);
  return clx_fail(error, CLX_INPUT, place, "no %s '%.100s' of cooling", what, name);
}

// The maps of the case and of a row hold nothing that the figure does not take (those of the case: that no row takes is not looked for).
static clx_status check_inputs(const clx_cooling_figure *f, const clx_node *inputs, clx_error *error) {
  const char *names[CLX_COOLING_ARGUMENTS + 3];
  int32_t count = 0;
  while (count < CLX_COOLING_ARGUMENTS && f->argument[count] != NULL) {
    names[count] = f->argument[count];
    count++;
  }
  if (f->kind != NULL) names[count++] = "of";
  if (f->system != NULL) names[count++] = "system";
  if (f->weather) names[count++] = "weather";
  for (int32_t i = 0; inputs != NULL && i < inputs->child_count; i++) {
    bool known = false;
    for (int32_t k = 0; k < count; k++) known = known || strcmp(names[k], inputs->child[i].key) == 0;
    if (!known) return unknown("input", inputs->child[i].key, names, count, inputs->child[i].key_place, error);
  }
  return CLX_OK;
}

static const clx_node *find_input(const clx_case_run *run, const clx_case_row *row, const char *key) {
  const clx_node *node = row->inputs != NULL ? clx_node_get(row->inputs, key) : NULL;
  if (node == NULL && run->of->cooling != NULL) node = clx_node_get(run->of->cooling, key);
  return node;
}

static clx_status read_name(clx_case_run *run, const clx_case_row *row, const clx_cooling_figure *f, const char *key,
                            const char *what, const char **name, clx_place *place, clx_error *error) {
  const clx_node *node = find_input(run, row, key);
  if (node == NULL || node->kind != CLX_NODE_SCALAR)
    return clx_fail(error, CLX_INPUT, row->place, "'%s' needs the input '%s': %s", f->name, key,
                    what != NULL ? what : "a name");
  *name = node->text;
  *place = node->place;
  return CLX_OK;
}

static clx_status read_inputs(clx_case_run *run, const clx_case_row *row, const clx_cooling_figure *f, asked *a,
                              clx_error *error) {
  for (int32_t i = 0; i < CLX_COOLING_ARGUMENTS && f->argument[i] != NULL; i++) {
    const clx_node *node = find_input(run, row, f->argument[i]);
    if (node == NULL && strcmp(f->argument[i], "heat") == 0 && strcmp(f->name, "heated") != 0) continue;  // all of it
    if (node == NULL || node->kind != CLX_NODE_SCALAR)
      return clx_fail(error, CLX_INPUT, row->place, "'%s' needs the input '%s'%s%s", f->name, f->argument[i],
                      f->unit[i][0] != '\0' ? " in " : "", f->unit[i]);
    clx_figure read;
    CLX_TRY(clx_figure_read(run->arena, node->text, f->unit[i], node->place, &read, error));
    a->x[i] = read.si;
  }
  if (f->kind != NULL)
    CLX_TRY(read_name(
        run, row, f, "of",
        strcmp(f->kind, "fluid") == 0 ? "a fluid" : clx_arena_format(run->arena, "an entry of catalogue/%s", f->kind),
        &a->of, &a->place, error));
  if (f->system != NULL) CLX_TRY(read_name(run, row, f, "system", f->system, &a->system, &a->system_place, error));
  if (f->weather)
    CLX_TRY(read_name(run, row, f, "weather", "a climate of the catalogue, or an EPW file", &a->weather,
                      &a->weather_place, error));
  return CLX_OK;
}

clx_status clx_case_cooling_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error) {
  const char *name = row->form != NULL ? row->form : "";
  const clx_cooling_figure *f = find_figure(name);
  if (f == NULL) {
    const char *names[NAMES_MAX];
    int32_t count = 0;
    for (size_t t = 0; t < CLX_COUNT(ALL); t++) {
      for (size_t i = 0; i < ALL[t]->count && count < NAMES_MAX; i++) names[count++] = ALL[t]->figure[i].name;
    }
    return unknown("figure", name, names, count, row->place, error);
  }
  asked a = {.run = run, .place = row->place, .skipped = &out->skipped};
  CLX_TRY(check_inputs(f, row->inputs, error));
  CLX_TRY(read_inputs(run, row, f, &a, error));
  clx_error own;
  clx_error_clear(&own);
  const clx_status status = f->value(&a, &out->value, &own);
  if (status != CLX_OK) return clx_fail(error, status, a.place, "%s", own.mistake[0].text);
  if (out->skipped != NULL) return CLX_OK;
  if (!isfinite(out->value)) return clx_fail(error, CLX_INPUT, row->place, "'%s' gives no finite figure", f->name);
  out->unit = f->result;
  return CLX_OK;
}
