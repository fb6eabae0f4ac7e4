// Outages and scaling of a service for one seed, and what its replicas did.
#include "twin/twin_serving.h"

#include "serving/serving_outcome.h"

// Outages are drawn beyond the last request that comes, for those that are late; of clients, who ask as long as there are requests, so long.
static const double BEYOND = 86400, CLIENTS = 30 * 86400.0;

bool clx_twin_serving_has_changes(const clx_scenario *s) {
  return s->spec.serving.outages.place.file != NULL || s->spec.serving.autoscale_count > 0;
}

// --- before the run -------------------------------------------------------------------------------------------------------

static int32_t first_of(const clx_scenario *s, int32_t pool) {
  int32_t first = 0;
  for (int32_t i = 0; i < pool; i++) first += s->serving.pool[i].replica.replicas;
  return first;
}

static clx_status make_outages(const clx_scenario *s, double until, uint64_t seed, clx_arena *arena,
                               clx_outage_list *list, clx_error *error) {
  const clx_serve_outages_spec *spec = &s->spec.serving.outages;
  if (spec->place.file == NULL) return CLX_OK;
  for (int32_t i = 0; i < spec->stated_count; i++) {
    const clx_serve_outage_spec *o = &spec->stated[i];
    const int32_t replica = first_of(s, clx_scenario_serving_pool_at(s, o->pool)) + o->replica;
    CLX_TRY(clx_outages_add(list, (clx_outage){replica, o->at, o->at + o->time}, arena, error));
  }
  for (int32_t i = 0; i < s->serving.pools; i++) {
    clx_outage_law law;
    CLX_TRY(clx_scenario_outage_law(s, i, arena, &law, error));
    CLX_TRY(clx_outages_draw(&law, until, seed, arena, list, error));
  }
  clx_outages_join(list);
  return CLX_OK;
}

static clx_scaling scaling_of(const clx_scenario *s, const clx_serve_autoscale_spec *a, int32_t pool) {
  return (clx_scaling){.least = a->least,
                       .initial = a->initial,
                       .interval = a->interval,
                       .start = clx_scenario_serving_start(s, pool),
                       .metric = (clx_scaling_metric)a->metric,
                       .target = a->target,
                       .tolerance = a->tolerance,
                       .calm = a->calm};
}

clx_status clx_twin_serving_changes(const clx_scenario *s, const clx_requests *requests, uint64_t seed,
                                    clx_arena *arena, clx_twin_changes *out, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  const double last = requests->count > 0 ? requests->item[requests->count - 1].arrival : 0;
  const double end = spec->clients > 0 ? CLIENTS : last + BEYOND;
  *out = (clx_twin_changes){.scaling = CLX_NEW_ARRAY(arena, clx_scaling, s->serving.pools + 1),
                            .notice = spec->outages.notice,
                            .loses = spec->outages.requests == CLX_OUTAGE_LOST,
                            .arena = arena};
  if (out->scaling == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < spec->autoscale_count; i++) {
    const int32_t pool = clx_scenario_serving_pool_at(s, spec->autoscale[i].pool);
    out->scaling[pool] = scaling_of(s, &spec->autoscale[i], pool);
  }
  return make_outages(s, end, seed, arena, &out->outages, error);
}

// --- during the run -------------------------------------------------------------------------------------------------------

static clx_pool_state *more_room(clx_twin_changes *c) {
  clx_twin_staff *staff = &c->staff;
  const int32_t room = staff->room > 0 ? 2 * staff->room : 256;
  clx_pool_state *state = CLX_NEW_ARRAY(c->arena, clx_pool_state, room);
  for (int32_t i = 0; state != NULL && i < staff->count; i++) state[i] = staff->state[i];
  staff->room = room;
  return state;
}

void clx_twin_serving_note(void *self, const clx_pool_state *state) {
  clx_twin_changes *c = self;
  clx_twin_staff *staff = &c->staff;
  if (staff->failed) return;
  if (staff->count == staff->room) staff->state = more_room(c);
  staff->failed = staff->state == NULL;
  if (!staff->failed) staff->state[staff->count++] = *state;
}

// --- after it -------------------------------------------------------------------------------------------------------------

// The requests in the order in which they were asked meet the states in the order in which they were noted: who was down, who was starting.
typedef struct watching {
  const clx_twin_staff *staff;
  int32_t next;
  clx_pool_state *last;    // [pools]
  int32_t down, starting;  // replicas of all pools
} watching;

static void go_to(watching *w, double time) {
  const clx_twin_staff *staff = w->staff;
  for (; w->next < staff->count && staff->state[w->next].time <= time; w->next++) {
    const clx_pool_state *s = &staff->state[w->next];
    w->down += s->failed - w->last[s->pool].failed;
    w->starting += s->starting - w->last[s->pool].starting;
    w->last[s->pool] = *s;
  }
}

static clx_status count_missed(const clx_scenario *s, const clx_twin_changes *changes, const clx_requests *requests,
                               const clx_engine_result *run, double front, clx_twin_staffing *out, clx_error *error) {
  const clx_serve_spec *spec = &s->spec.serving;
  const clx_serving_promise *promise = NULL;  // of each tenant, where there are several
  CLX_TRY(clx_twin_serving_promises(s, changes->arena, &promise, error));
  watching w = {.staff = &changes->staff, .last = CLX_NEW_ARRAY(changes->arena, clx_pool_state, s->serving.pools)};
  if (w.last == NULL || changes->staff.failed) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_served *served = &run->served[i];
    if (served->asked < spec->warmup || served->asked < 0) continue;
    go_to(&w, served->asked);
    const clx_serving_promise own =
        promise != NULL ? promise[requests->item[i].tenant] : (clx_serving_promise){&spec->slo, front};
    if (clx_slo_kept(own.slo, &requests->item[i], served, own.front)) continue;
    out->missed_down += w.down > 0;
    out->missed_starting += w.starting > 0;
  }
  return CLX_OK;
}

clx_status clx_twin_serving_staffing(const clx_scenario *s, const clx_twin_changes *changes,
                                     const clx_requests *requests, const clx_engine_result *run, double front,
                                     clx_twin_staffing *out, clx_error *error) {
  double up = 0, held = 0;
  *out = (clx_twin_staffing){.moved = run->moved, .lost = run->lost, .available = 1};
  for (int32_t i = 0; i < s->serving.pools; i++) {
    const clx_serving_replica *r = &s->serving.pool[i].replica;
    const double mean = run->watched > 0 ? run->pool[i].held / run->watched : r->replicas;
    up += run->pool[i].up;
    held += run->pool[i].held;
    out->held += mean;
    out->gpus += mean * r->gpus;
    out->gpu_time += run->pool[i].held * r->gpus;
    out->price += mean * r->price;
    out->starts += run->pool[i].starts;
  }
  if (held > 0) out->available = up / held;
  for (int32_t i = 0; i < changes->outages.count; i++) out->outages += changes->outages.item[i].from < run->watched;
  return count_missed(s, changes, requests, run, front, out, error);
}
