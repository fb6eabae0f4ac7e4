// Failure classes: those of the catalogue entry, changed by name, counted by cohort.
#include <math.h>
#include <string.h>

#include "reliability/reliability_compile_internal.h"

// Where neither entry nor scenario say more. ByteRobust (SOSP 2025): explicit failures are detected within 60 s and localised within
// 120 to 900 s (their geometric mean is taken). SuperBench (ATC 2024): 38.1 % of incidents take more than a day, 10.3 % more than two
// weeks: the log-normal through both has a median of 10.45 h and sigma 2.744, which is a mean of 18.8 days; longer than 30 days the
// part is replaced instead (assumed).
static const double DETECT = 60, LOCALISE = 330;
static const double REPAIR_MEDIAN = 10.45 * 3600, REPAIR_MEAN = 18.8 * 86400, REPAIR_MOST = 30 * 86400.0;

// --- changes by name -----------------------------------------------------------------------------------------------------------

static void *member(void *object, size_t offset) { return (char *)object + offset; }
static const void *read_member(const void *object, size_t offset) { return (const char *)object + offset; }

static bool is_stated(const clx_row *row, const clx_failure_spec *from) {
  const void *value = read_member(from, row->offset);
  switch (row->kind) {
    case CLX_ROW_REAL:
      return *(const double *)value >= row->minimum;
    case CLX_ROW_TEXT:
      return *(const char *const *)value != NULL;
    case CLX_ROW_REALS:
      return *(const int32_t *)read_member(from, row->count_offset) > 0;
    default:
      return *(const int32_t *)value >= 0;
  }
}

static size_t size_of(const clx_row *row) {
  return row->kind == CLX_ROW_REAL                                 ? sizeof(double)
         : row->kind == CLX_ROW_TEXT || row->kind == CLX_ROW_REALS ? sizeof(void *)
                                                                   : sizeof(int32_t);
}

// What `from` states replaces what `into` has: a rate stands instead of a count, a count instead of a rate.
static void change(clx_failure_spec *into, const clx_failure_spec *from) {
  if (from->rate >= 0) into->events = into->exposure = -1;
  if (from->events >= 0) into->rate = -1;
  for (int32_t i = 0; i < clx_failure_schema.count; i++) {
    const clx_row *row = &clx_failure_schema.rows[i];
    if (!is_stated(row, from)) continue;
    memcpy(member(into, row->offset), read_member(from, row->offset), size_of(row));
    if (row->kind == CLX_ROW_REALS)
      memcpy(member(into, row->count_offset), read_member(from, row->count_offset), sizeof(int32_t));
  }
  into->place = from->place;
}

static double stated(double value, double otherwise) { return value >= 0 ? value : otherwise; }

static clx_duration repair_of(const clx_reliability_build *b, const clx_failure_spec *c) {
  const double own_median = b->spec->repair.median, own_mean = b->spec->repair.mean;
  clx_duration repair = {stated(c->repair_median, -1), stated(c->repair_mean, -1), stated(c->repair_most, -1)};
  if (own_median >= 0) repair.median = own_median;
  if (own_mean >= 0) repair.mean = own_mean;
  if (b->spec->repair.most >= 0) repair.most = b->spec->repair.most;
  const bool silent = repair.median < 0 && repair.mean < 0;
  if (silent) repair.median = REPAIR_MEDIAN, repair.mean = REPAIR_MEAN;
  if (silent && repair.most < 0) repair.most = REPAIR_MOST;
  if (repair.mean < 0) repair.mean = repair.median;  // one number alone: a fixed time
  if (repair.median < 0) repair.median = repair.mean;
  if (repair.most < 0) repair.most = 0;
  return repair;
}

// --- what a class must say -----------------------------------------------------------------------------------------------------

static clx_status wrong(const clx_reliability_build *b, const clx_failure_spec *c, const char *what) {
  return clx_fail(b->error, CLX_INPUT, c->place, "class '%s' of 'reliability': %s", c->name, what);
}

static clx_status check_missing(const clx_reliability_build *b, const clx_failure_spec *c) {
  const char *missing = c->part < 0                      ? "of"
                        : c->blast < 0                   ? "blast"
                        : c->rate < 0 && c->events < 0   ? "events"
                        : c->infant > 0 && c->decay <= 0 ? "decay"
                                                         : NULL;
  if (missing == NULL) return CLX_OK;
  const char *names[64];
  int32_t count = 0;
  for (; count < b->failures->class_count && count < CLX_COUNT(names); count++)
    names[count] = b->failures->classes[count].name;
  const char *near = clx_nearest(c->name, names, count);
  if (near != NULL && !clx_text_equal(near, c->name)) {
    return clx_fail(b->error, CLX_INPUT, c->place,
                    "'reliability.classes': '%s' has no class '%s'; did you mean '%s'? A new class needs '%s', too",
                    b->failures->name, c->name, near, missing);
  }
  return clx_fail(b->error, CLX_INPUT, c->place, "class '%s' of 'reliability': '%s' is missing%s", c->name, missing,
                  missing[0] == 'e' ? ": events with their exposure, or a rate" : "");
}

static clx_status check_steps(const clx_reliability_build *b, const clx_failure_spec *c) {
  if (c->age_count == 0 && c->factor_count == 0) return CLX_OK;
  if (c->age_count != c->factor_count) return wrong(b, c, "'ages' and 'factors' have different lengths");
  if (c->age_count > CLX_HAZARD_STEPS_MAX) return wrong(b, c, "'ages' has more than 16 steps");
  if (c->ages[0] != 0) return wrong(b, c, "'ages' begin at 0 s");
  for (int32_t i = 1; i < c->age_count; i++) {
    if (!(c->ages[i] > c->ages[i - 1])) return wrong(b, c, "'ages' ascend");
  }
  if (stated(c->shape, 1) != 1) return wrong(b, c, "'shape' and 'ages' exclude each other");
  return CLX_OK;
}

static clx_status check_class(const clx_reliability_build *b, const clx_failure_spec *c) {
  CLX_TRY(check_missing(b, c));
  if (c->rate >= 0 && c->events >= 0) return wrong(b, c, "'rate' and 'events' exclude each other");
  if (c->events >= 0 && c->exposure <= 0) {
    return clx_fail(b->error, CLX_INPUT, c->place,
                    "class '%s' of 'reliability': %g events without 'exposure', the time that the parts were watched: "
                    "no rate follows",
                    c->name, c->events);
  }
  if (c->exposure > 0 && c->events < 0) return wrong(b, c, "'exposure' without 'events'");
  const clx_duration repair = repair_of(b, c);
  if (repair.mean < repair.median && repair.median > 0 && repair.mean > 0) {
    return clx_fail(
        b->error, CLX_INPUT, c->place,
        "class '%s' of 'reliability': the mean time of repair, %g s, is below its median, %g s: a log-normal "
        "time has its mean above",
        c->name, repair.mean, repair.median);
  }
  if (repair.most > 0 && repair.most < repair.median) {
    return clx_fail(b->error, CLX_INPUT, c->place,
                    "class '%s' of 'reliability': the longest time of repair, %g s, is below its median, %g s", c->name,
                    repair.most, repair.median);
  }
  if (c->slow > 1 && c->latent <= 0) return wrong(b, c, "'slow' needs 'latent', the time until it is found");
  return check_steps(b, c);
}

// --- populations -----------------------------------------------------------------------------------------------------------------

static int32_t group_of(const clx_reliability_site_cohort *c, int32_t blast) {
  const int32_t group = blast == CLX_BLAST_DOMAIN ? c->servers_per_domain
                        : blast == CLX_BLAST_RACK ? c->servers_per_rack
                        : blast == CLX_BLAST_LEAF ? c->servers_per_leaf
                        : blast == CLX_BLAST_ROW  ? c->servers_per_row
                                                  : 1;
  return group < 1 ? 1 : group;
}

// Parts of the whole cohort: those of a server are told by server, the others together; a site is one, spread over its servers.
static double parts_of_cohort(const clx_reliability_build *b, const clx_reliability_site_cohort *c, int32_t part) {
  switch (part) {
    case CLX_PART_GPU:
    case CLX_PART_SERVER:
    case CLX_PART_NIC:
    case CLX_PART_LINK:
    case CLX_PART_OPTIC:
      return c->parts[part] * (double)c->servers;
    case CLX_PART_SITE: {
      double servers = 0;
      for (int32_t i = 0; i < b->cohort_count; i++) servers += (double)b->cohort[i].servers;
      return (double)c->servers / servers;
    }
    default:
      return c->parts[part];
  }
}

static clx_status populate(const clx_reliability_build *b, const clx_failure_spec *spec, clx_failure_class *f) {
  f->parts = CLX_NEW_ARRAY(b->arena, double, b->cohort_count);
  f->group = CLX_NEW_ARRAY(b->arena, int32_t, b->cohort_count);
  if (f->parts == NULL || f->group == NULL) return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
  f->keeps_units = spec->blast == CLX_BLAST_JOB;
  f->everybody = spec->blast == CLX_BLAST_SITE || (spec->blast == CLX_BLAST_JOB && spec->part == CLX_PART_SITE);
  for (int32_t i = 0; i < b->cohort_count; i++) {
    const clx_reliability_site_cohort *c = &b->cohort[i];
    const double all = parts_of_cohort(b, c, spec->part);
    f->group[i] = group_of(c, spec->blast);
    const double groups = ceil((double)c->servers / f->group[i]);
    f->parts[i] = f->everybody || groups <= 0 ? 0 : all / groups;
    if (f->everybody) f->whole += all;
  }
  return CLX_OK;
}

// --- one class -------------------------------------------------------------------------------------------------------------------

static void fill_hazard(const clx_reliability_build *b, const clx_failure_spec *c, clx_failure_class *f) {
  const double scale = b->spec->scale, rate = c->rate >= 0 ? c->rate : c->events / c->exposure;
  f->hazard = (clx_hazard){.rate = rate,
                           .shape = stated(c->shape, 1),
                           .infant = stated(c->infant, 0),
                           .decay = stated(c->decay, 0),
                           .steps = c->age_count};
  for (int32_t i = 0; i < c->age_count; i++) {
    f->hazard.age[i] = c->ages[i];
    f->hazard.factor[i] = c->factors[i];
  }
  clx_hazard_scale(&f->hazard, scale);
  if (c->rate >= 0 || scale <= 0) return;
  f->events = c->events;
  f->exposure = c->exposure / scale;
}

static clx_status fill(const clx_reliability_build *b, const clx_failure_spec *c, clx_failure_class *f) {
  *f = (clx_failure_class){.name = c->name,
                           .title = c->title != NULL ? c->title : c->name,
                           .cause = c->cause >= 0 ? c->cause : CLX_CAUSE_UNKNOWN,
                           .renews = c->renews > 0,
                           .planned = c->planned > 0,
                           .stops = stated(c->stops, 1),
                           .transient = stated(c->transient, 0),
                           .burst = stated(c->burst, 0),
                           .warned = stated(c->warned, 0),
                           .detect = stated(b->spec->recovery.detect, stated(c->detect, DETECT)),
                           .localise = stated(b->spec->recovery.localise, stated(c->localise, LOCALISE)),
                           .latent = stated(c->latent, 0),
                           .slow = stated(c->slow, 1),
                           .repair = repair_of(b, c),
                           .fixed = stated(c->fixed, 1)};
  fill_hazard(b, c, f);
  return populate(b, c, f);
}

static int32_t find(const clx_failure_spec *classes, int32_t count, const char *name) {
  for (int32_t i = 0; i < count; i++) {
    if (clx_text_equal_loose(classes[i].name, name)) return i;
  }
  return -1;
}

// Classes of the entry, changed and joined by those of the section; all are checked.
static clx_status gather(const clx_reliability_build *b, clx_failure_spec **out, int32_t *out_count) {
  const clx_reliability_spec *spec = b->spec;
  int32_t count = b->failures->class_count;
  clx_failure_spec *classes = CLX_NEW_ARRAY(b->arena, clx_failure_spec, count + spec->class_count + 1);
  if (classes == NULL) return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
  if (count > 0) memcpy(classes, b->failures->classes, (size_t)count * sizeof *classes);
  for (int32_t i = 0; i < spec->class_count; i++) {
    const clx_failure_spec *own = &spec->classes[i];
    if (find(spec->classes, i, own->name) >= 0) {
      return clx_fail(b->error, CLX_INPUT, own->place, "'reliability.classes' has two items of the name '%s'",
                      own->name);
    }
    const int32_t at = find(classes, count, own->name);
    if (at >= 0) {
      change(&classes[at], own);
    } else {
      classes[count++] = *own;
    }
  }
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < count; i++) {
    const clx_status one = check_class(b, &classes[i]);
    if (status == CLX_OK) status = one;
  }
  *out = classes;
  *out_count = count;
  return status;
}

clx_status clx_reliability_check_classes(const clx_reliability_build *b) {
  clx_failure_spec *classes = NULL;
  int32_t count = 0;
  return gather(b, &classes, &count);
}

clx_status clx_reliability_compile_classes(clx_reliability_build *b) {
  clx_failure_spec *classes = NULL;
  int32_t count = 0;
  CLX_TRY(gather(b, &classes, &count));
  clx_failure_class *out = CLX_NEW_ARRAY(b->arena, clx_failure_class, count + 1);
  if (out == NULL) return clx_fail_plain(b->error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < count; i++) CLX_TRY(fill(b, &classes[i], &out[i]));
  b->model->failure = out;
  b->model->failure_count = count;
  return CLX_OK;
}
