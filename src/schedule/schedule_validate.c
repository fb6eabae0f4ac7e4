// Judges a plan by the definition of its project, unit by unit: none of the code that makes plans is used.
#include "schedule/schedule.h"

typedef struct judge {
  const clx_project *p;
  const clx_project_plan *plan;
  clx_error *error;
  clx_status status;
} judge;

#define VIOLATED(j, ...)                                                                  \
  do {                                                                                    \
    const clx_status violated_ = clx_fail_plain((j)->error, CLX_INFEASIBLE, __VA_ARGS__); \
    if ((j)->status == CLX_OK) (j)->status = violated_;                                   \
  } while (0)

// The unit of work number `work` (from 1 on) of an activity that starts at `start`; its end is one later.
static int32_t end_of_work(const clx_project *p, int32_t calendar, int32_t start, int32_t work) {
  int32_t t = start;
  for (int32_t done = 0; done < work; t++) {
    if (t >= 2 * CLX_PROJECT_TIME_MAX) return -1;
    done += clx_project_works(p, calendar, t);
  }
  return t;
}

static bool judge_activity(judge *j, int32_t i) {
  const clx_project_activity *a = &j->p->activity[i];
  const int32_t mode = j->plan->mode[i], start = j->plan->start[i], finish = j->plan->finish[i];
  if (mode < 0 || mode >= a->mode_count) {
    VIOLATED(j, "'%s' has mode %d, expected 0 to %d", a->name, mode, a->mode_count - 1);
    return false;
  }
  if (start < 0 || start < a->release || start > 2 * CLX_PROJECT_TIME_MAX) {
    VIOLATED(j, "'%s' starts in unit %d, before its release in unit %d", a->name, start, a->release);
    return false;
  }
  const int32_t expected = end_of_work(j->p, a->calendar, start, a->mode[mode].duration);
  if (finish != expected) {
    VIOLATED(j, "'%s' starts in unit %d and is finished in unit %d, expected %d", a->name, start, finish, expected);
    return false;
  }
  if (a->mode[mode].duration > 0 && !clx_project_works(j->p, a->calendar, start))
    VIOLATED(j, "'%s' starts in unit %d, in which its calendar does not work", a->name, start);
  if (a->deadline != CLX_PROJECT_NONE && finish > a->deadline)
    VIOLATED(j, "'%s' is finished in unit %d, %d after its deadline", a->name, finish, finish - a->deadline);
  return true;
}

static void judge_link(judge *j, const clx_project_link *l) {
  const clx_project_plan *plan = j->plan;
  const int32_t from =
      l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF ? plan->finish[l->from] : plan->start[l->from];
  const int32_t to = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF ? plan->finish[l->to] : plan->start[l->to];
  const int64_t is = (int64_t)to - from;
  if (is >= l->least && (l->most == CLX_PROJECT_NONE || is <= l->most)) return;
  VIOLATED(j, "the lag %s from '%s' to '%s' is %lld, expected %s %d", clx_project_link_name[l->kind],
           j->p->activity[l->from].name, j->p->activity[l->to].name, (long long)is,
           is < l->least ? "at least" : "at most", is < l->least ? l->least : l->most);
}

static int64_t amount_of(const judge *j, int32_t i, int32_t r) {
  const clx_project_mode *m = &j->p->activity[i].mode[j->plan->mode[i]];
  for (int32_t k = 0; k < m->use_count; k++)
    if (m->use[k].resource == r) return m->use[k].amount;
  return 0;
}

static void judge_capacity(judge *j, int32_t r, int64_t *use, int32_t end) {
  const clx_project *p = j->p;
  for (int32_t t = 0; t < end; t++) use[t] = 0;
  for (int32_t i = 0; i < p->activity_count; i++) {
    const int64_t amount = amount_of(j, i, r);
    for (int32_t t = j->plan->start[i]; amount > 0 && t < j->plan->finish[i]; t++)
      if (clx_project_works(p, p->activity[i].calendar, t)) use[t] += amount;
  }
  for (int32_t t = 0; t < end; t++) {
    const int64_t capacity = clx_project_capacity(p, r, t);
    if (use[t] <= capacity) continue;
    VIOLATED(j, "'%s': %lld are used in unit %d, %lld are there", p->resource[r].name, (long long)use[t], t,
             (long long)capacity);
    return;
  }
}

// What has been used up by the starts up to a unit is never more than what has arrived by then.
static void judge_stock(judge *j, int32_t r, int64_t *use, int32_t end) {
  const clx_project *p = j->p;
  for (int32_t t = 0; t <= end; t++) use[t] = 0;
  for (int32_t i = 0; i < p->activity_count; i++) use[j->plan->start[i]] += amount_of(j, i, r);
  int64_t stock = 0;
  int32_t next = 0;
  for (int32_t t = 0; t <= end; t++) {
    for (; next < p->resource[r].level_count && p->resource[r].level[next].at <= t; next++)
      stock += p->resource[r].level[next].amount;
    stock -= use[t];
    if (stock >= 0) continue;
    VIOLATED(j, "'%s': what starts in unit %d lacks %lld that have not arrived", p->resource[r].name, t,
             (long long)-stock);
    return;
  }
}

clx_status clx_project_validate(const clx_project *p, const clx_project_plan *plan, clx_error *error) {
  judge j = {.p = p, .plan = plan, .error = error, .status = CLX_OK};
  int32_t end = 0;
  bool sound = true;
  for (int32_t i = 0; i < p->activity_count; i++) {
    if (!judge_activity(&j, i))
      sound = false;
    else
      end = plan->finish[i] > end ? plan->finish[i] : end;
  }
  if (!sound) return j.status;
  if (plan->makespan != end)
    VIOLATED(&j, "the plan is said to end in unit %d and ends in unit %d", plan->makespan, end);
  for (int32_t k = 0; k < p->link_count; k++) judge_link(&j, &p->link[k]);
  clx_arena *arena = clx_arena_new();
  int64_t *use = arena != NULL ? CLX_NEW_ARRAY(arena, int64_t, (size_t)end + 1) : NULL;
  if (use == NULL) j.status = clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for %d units", end);
  for (int32_t r = 0; r < p->resource_count && use != NULL; r++) {
    if (p->resource[r].consumed)
      judge_stock(&j, r, use, end);
    else
      judge_capacity(&j, r, use, end);
  }
  clx_arena_free(arena);
  return j.status;
}
