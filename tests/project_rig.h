// Small projects for tests, built by hand or by chance.
#pragma once

#include "check.h"

#include "schedule/schedule_file.h"
#include "schedule/schedule_solve.h"

typedef struct project_rig {
  clx_arena *arena;
  clx_project_maker maker;
  clx_project project;
  clx_error error;
} project_rig;

static inline void rig_open(project_rig *r) {
  memset(r, 0, sizeof *r);
  r->arena = clx_arena_new();
  r->maker = (clx_project_maker){.arena = r->arena, .project = {.name = "rig", .unit = 3600}};
  clx_error_clear(&r->error);
}

static inline void rig_close(project_rig *r) { clx_arena_free(r->arena); }

static inline int32_t rig_activity(project_rig *r, const char *name, int32_t duration) {
  const int32_t i = clx_project_add_activity(&r->maker, name);
  clx_project_add_mode(&r->maker, duration);
  return i;
}

static inline void rig_link(project_rig *r, int32_t from, int32_t to, int32_t kind, int32_t least, int32_t most) {
  clx_project_add_link(&r->maker, (clx_project_link){from, to, kind, least, most});
}

static inline int32_t rig_resource(project_rig *r, const char *name, bool consumed, int64_t amount) {
  const int32_t k = clx_project_add_resource(&r->maker, name, consumed);
  clx_project_add_level(&r->maker, 0, amount);
  return k;
}

static inline clx_status rig_check(project_rig *r) {
  assert_int_equal(clx_project_maker_finish(&r->maker, &r->project, &r->error), CLX_OK);
  return clx_project_check(&r->project, &r->error);
}

static inline void rig_says(const project_rig *r, const char *part) {
  if (r->error.count == 0 || strstr(r->error.mistake[0].text, part) == NULL)
    fail_msg("expected '%s' in '%s'", part, r->error.count > 0 ? r->error.mistake[0].text : "no mistake");
}

// splitmix64.
static inline int32_t rig_draw(uint64_t *state, int32_t below) {
  uint64_t x = *state += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return (int32_t)((x ^ (x >> 31)) % (uint64_t)below);
}
