// Cases of buildout: published sites, each left out in turn, or against the classes of the catalogue.
#include "validate/validate_buildout.h"

#include <math.h>
#include <string.h>

#include "buildout/buildout_site.h"
#include "supply/supply.h"

// A published site, as its table has it.
typedef struct known_site {
  const char *name, *of;  // of: entry of catalogue/site_class
  const char *start;      // land clearing, or first works in a building
  const char *powered;    // first power; NULL: not when it was last seen
  const char *seen;       // of an unfinished one
  clx_place place;
} known_site;

#define TEXT(name, member, must, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .required = must, .doc = text }
#define F known_site
static const clx_row site_rows[] = {
    TEXT("name", name, true, "of the table"),
    TEXT("class", of, true, "entry of catalogue/site_class"),
    TEXT("start", start, true, "date of land clearing, or of first works in a building"),
    TEXT("powered", powered, false, "date of first power"),
    TEXT("seen", seen, false, "instead: date when it was last seen without"),
};
static const clx_schema site_schema = {.name = "site",
                                       .doc = "a published site",
                                       .rows = site_rows,
                                       .count = CLX_COUNT(site_rows),
                                       .size = sizeof(F),
                                       .place_offset = offsetof(F, place)};
#undef F

typedef struct buildout_case {
  known_site *site;
  int32_t site_count;
} buildout_case;

#define F buildout_case
static const clx_row case_rows[] = {
    {.key = "sites",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, site),
     .count_offset = offsetof(F, site_count),
     .sub = &site_schema,
     .required = true,
     .doc = "published sites"},
};
static const clx_schema case_schema = {.name = "buildout",
                                       .doc = "what the figures of a case are computed from",
                                       .rows = case_rows,
                                       .count = CLX_COUNT(case_rows),
                                       .size = sizeof(F)};
#undef F

typedef struct asked {
  clx_case_run *run;
  buildout_case of;
  clx_site_row *row;        // site_count
  clx_site_class *classes;  // those named, in the order of their first site
  int32_t class_count;
  clx_site_proof *proof;  // NULL: not asked for yet
} asked;

// --- reading --------------------------------------------------------------------------------------------------------------------

static clx_status read_times(const known_site *k, clx_site_row *row, clx_error *error) {
  double start = 0, end = 0;
  if ((k->powered == NULL) == (k->seen == NULL))
    return clx_fail(error, CLX_INPUT, k->place, "'%.60s': expected either `powered` or `seen`", k->name);
  const char *key = k->powered != NULL ? "powered" : "seen", *text = k->powered != NULL ? k->powered : k->seen;
  CLX_TRY(clx_date_read(k->start, "start", k->place, &start, error));
  CLX_TRY(clx_date_read(text, key, k->place, &end, error));
  if (end <= start)
    return clx_fail(error, CLX_INPUT, k->place, "'%.60s': %s %.40s is not after the start, %.40s", k->name, key, text,
                    k->start);
  row->time = end - start;
  row->open = k->powered == NULL;
  return CLX_OK;
}

static clx_status read_class(asked *a, const known_site *k, int32_t *group, clx_error *error) {
  clx_site_class of;
  CLX_TRY(clx_catalog_read(a->run->catalog, "site_class", k->of, k->place, &clx_site_class_schema, a->run->arena, &of,
                           error));
  for (*group = 0; *group < a->class_count; ++*group) {
    if (strcmp(a->classes[*group].name, of.name) == 0) return CLX_OK;
  }
  if (a->class_count == CLX_SITE_GROUPS_MAX)
    return clx_fail(error, CLX_INPUT, k->place, "more than %d classes of sites", CLX_SITE_GROUPS_MAX);
  a->classes[a->class_count++] = of;
  return CLX_OK;
}

clx_status clx_case_buildout_open(clx_case_run *run, clx_error *error) {
  asked *a = CLX_NEW(run->arena, asked);
  if (a == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *a = (asked){.run = run};
  run->state = a;
  CLX_TRY(clx_schema_read(&case_schema, run->of->buildout, false, run->arena, &a->of, error));
  const int32_t count = a->of.site_count;
  if (count < 1 || count > CLX_SITES_MAX)
    return clx_fail(error, CLX_INPUT, run->of->place, "%d sites; expected 1 to %d", count, CLX_SITES_MAX);
  a->row = CLX_NEW_ARRAY(run->arena, clx_site_row, count);
  a->classes = CLX_NEW_ARRAY(run->arena, clx_site_class, CLX_SITE_GROUPS_MAX);
  if (a->row == NULL || a->classes == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < count; i++) {
    CLX_TRY(read_times(&a->of.site[i], &a->row[i], error));
    CLX_TRY(read_class(a, &a->of.site[i], &a->row[i].group, error));
  }
  return CLX_OK;
}

// --- figures --------------------------------------------------------------------------------------------------------------------

static clx_status left_out(asked *a, clx_site_proof *out, clx_error *error) {
  if (a->proof != NULL) {
    *out = *a->proof;
    return CLX_OK;
  }
  clx_error own;
  clx_error_clear(&own);
  const clx_status status = clx_site_left_out(a->row, a->of.site_count, a->class_count, out, &own);
  if (status != CLX_OK) return clx_fail(error, status, a->run->of->place, "%s", own.mistake[0].text);
  a->proof = CLX_NEW(a->run->arena, clx_site_proof);
  if (a->proof == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *a->proof = *out;
  return CLX_OK;
}

static clx_status sites(asked *a, double *out, clx_error *error) {
  (void)error;
  *out = 0;
  for (int32_t i = 0; i < a->of.site_count; i++) *out += !a->row[i].open;
  return CLX_OK;
}

static clx_status error_left_out(asked *a, double *out, clx_error *error) {
  clx_site_proof proof;
  CLX_TRY(left_out(a, &proof, error));
  *out = proof.error;
  return CLX_OK;
}
static clx_status error_of_median(asked *a, double *out, clx_error *error) {
  clx_site_proof proof;
  CLX_TRY(left_out(a, &proof, error));
  *out = proof.median_error;
  return CLX_OK;
}
static clx_status cover_left_out(asked *a, double *out, clx_error *error) {
  clx_site_proof proof;
  CLX_TRY(left_out(a, &proof, error));
  *out = proof.cover;
  return CLX_OK;
}
static clx_status width_left_out(asked *a, double *out, clx_error *error) {
  clx_site_proof proof;
  CLX_TRY(left_out(a, &proof, error));
  *out = exp(proof.width);
  return CLX_OK;
}
static clx_status width_excess(asked *a, double *out, clx_error *error) {
  clx_site_proof proof;
  CLX_TRY(left_out(a, &proof, error));
  if (!(proof.width_least > 0))
    return clx_fail(error, CLX_INPUT, a->run->of->place,
                    "four of five sites are met exactly: no width to compare with");
  *out = proof.width / proof.width_least;
  return CLX_OK;
}

// How far the catalogue's classes lie from what all rows give: the largest of medians and of the spread.
static clx_status catalogue_off(asked *a, double *out, clx_error *error) {
  clx_site_proof proof;
  clx_site_fit fit;
  CLX_TRY(left_out(a, &proof, error));
  CLX_TRY(clx_site_fit_make(a->row, a->of.site_count, a->class_count, &fit, error));
  *out = 0;
  for (int32_t g = 0; g < a->class_count; g++) {
    *out = fmax(*out, fabs(log(a->classes[g].median) - fit.level[g]));
    *out = fmax(*out, fabs(a->classes[g].spread - proof.spread));
  }
  return CLX_OK;
}

// Against the catalogue's classes as they are: nothing fitted here.
static clx_status error_of_catalogue(asked *a, double *out, clx_error *error) {
  double sum = 0, finished = 0;
  CLX_TRY(sites(a, &finished, error));
  if (finished == 0) return clx_fail(error, CLX_INPUT, a->run->of->place, "no finished site");
  for (int32_t i = 0; i < a->of.site_count; i++) {
    if (!a->row[i].open) sum += fabs(log(a->row[i].time / a->classes[a->row[i].group].median));
  }
  *out = sum / finished;
  return CLX_OK;
}

static clx_status inside_of_catalogue(asked *a, double *out, clx_error *error) {
  double inside = 0, finished = 0;
  CLX_TRY(sites(a, &finished, error));
  if (finished == 0) return clx_fail(error, CLX_INPUT, a->run->of->place, "no finished site");
  for (int32_t i = 0; i < a->of.site_count; i++) {
    const clx_site_span span = clx_site_duration(&a->classes[a->row[i].group]);
    inside += !a->row[i].open && a->row[i].time >= span.low && a->row[i].time <= span.high;
  }
  *out = inside / finished;
  return CLX_OK;
}

static const struct {
  const char *name;
  clx_status (*value)(asked *a, double *out, clx_error *error);
} FIGURES[] = {
    {"sites", sites},
    {"site_error_left_out", error_left_out},
    {"site_error_median", error_of_median},
    {"site_cover", cover_left_out},
    {"site_width", width_left_out},
    {"site_width_excess", width_excess},
    {"site_catalogue", catalogue_off},
    {"site_error", error_of_catalogue},
    {"site_inside", inside_of_catalogue},
};

clx_status clx_case_buildout_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error) {
  const char *names[CLX_COUNT(FIGURES)], *name = row->form != NULL ? row->form : "";
  for (int32_t i = 0; i < CLX_COUNT(FIGURES); i++) {
    names[i] = FIGURES[i].name;
    if (strcmp(FIGURES[i].name, name) != 0) continue;
    out->unit = "";
    return FIGURES[i].value(run->state, &out->value, error);
  }
  const char *near = clx_nearest(name, names, CLX_COUNT(FIGURES));
  if (near != NULL)
    return clx_fail(error, CLX_INPUT, row->place, "no figure '%.100s' of buildout; did you mean '%s'?", name, near);
  return clx_fail(error, CLX_INPUT, row->place, "no figure '%.100s' of buildout", name);
}
