// Networks played with given durations: the passes and policies of the samples, one at a time.
#include <math.h>

#include "schedule/schedule_risk_internal.h"

enum { LANES = CLX_RISK_LANES };

struct clx_risk_player {
  clx_risk_spec spec;
  clx_risk_model model;
  clx_risk_space space;
};

// The horizon of a policy follows from spreads and disruptions: one of no probability for each that may be longer.
static void add_longest(const clx_project *p, const clx_project_plan *plan, const double *longest, clx_risk_spec *spec,
                        clx_risk_event *event) {
  for (int32_t i = 0; i < p->activity_count; i++) {
    const double more = longest[i] - p->activity[i].mode[plan->mode[i]].duration;
    if (more > 0) event[spec->event_count++] = (clx_risk_event){p->activity[i].name, 0, i, more, more, more};
  }
  spec->event = event;
}

clx_status clx_risk_player_new(const clx_project *project, const clx_project_plan *plan, const double *longest,
                               clx_arena *arena, clx_risk_player **out, clx_error *error) {
  CLX_TRY(clx_project_check(project, error));
  clx_risk_player *player = *out = CLX_NEW(arena, clx_risk_player);
  clx_risk_spread *spread = CLX_NEW_ARRAY(arena, clx_risk_spread, project->activity_count + 1);
  clx_risk_event *event = CLX_NEW_ARRAY(arena, clx_risk_event, project->activity_count + 1);
  if (player == NULL || spread == NULL || event == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for samples");
  for (int32_t i = 0; i < project->activity_count; i++) spread[i].factor = -1;
  player->spec = (clx_risk_spec){.project = project, .plan = plan, .spread = spread, .samples = 1, .threads = 1};
  if (plan != NULL) add_longest(project, plan, longest, &player->spec, event);
  CLX_TRY(clx_risk_model_make(&player->spec, arena, &player->model, error));
  return clx_risk_space_make(&player->model, arena, &player->space, error);
}

static void pass(const clx_risk_model *m, const double *duration, double *start, double *finish) {
  for (int32_t i = 0; i < m->n; i++) {
    const int32_t a = m->activity[i];
    double begin = m->release[i];
    for (int32_t k = m->first[i]; k < m->first[i + 1]; k++) {
      const clx_risk_link *l = &m->link[k];
      const double t = (l->ends ? finish : start)[m->activity[l->from]] + l->lag - (l->finishes ? duration[a] : 0);
      begin = t > begin ? t : begin;
    }
    start[a] = begin;
    finish[a] = begin + duration[a];
  }
}

bool clx_risk_play(clx_risk_player *player, const double *duration, double *start, double *finish) {
  const clx_risk_model *m = &player->model;
  clx_risk_space *w = &player->space;
  if (!m->policy) {
    pass(m, duration, start, finish);
    return true;
  }
  double end[LANES];
  for (int32_t i = 0; i < m->n; i++) w->duration[i * LANES] = duration[m->activity[i]];
  if (!clx_risk_policy(m, w, 1, end)) return false;
  for (int32_t i = 0; i < m->n; i++) {
    start[m->activity[i]] = w->start[i * LANES];
    finish[m->activity[i]] = w->finish[i * LANES];
  }
  return true;
}
