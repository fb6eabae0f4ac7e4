// The list of all that is uncertain or dated, and whether what is given in the end suffices.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "buildout/buildout_internal.h"
#include "unit/unit.h"

// --- drivers -----------------------------------------------------------------------------------------------------------------------------

// FNV-1a, so that the random numbers of an input depend on what it is, not on what else there is.
static uint64_t hash_of(const clx_driver_plan *d) {
  uint64_t h = 0xcbf29ce484222325;
  const unsigned char head[] = {(unsigned char)d->kind, (unsigned char)(d->need + 1)};
  for (size_t k = 0; k < sizeof head; k++) h = (h ^ head[k]) * 0x100000001b3;
  const bool numbered = d->kind == CLX_BUILDOUT_STEP || d->kind == CLX_BUILDOUT_LOT;
  for (uint32_t n = numbered ? (uint32_t)d->index + 1 : 0; n > 0; n >>= 8) h = (h ^ (n & 255)) * 0x100000001b3;
  for (const char *c = numbered ? "" : d->name; *c != '\0'; c++) h = (h ^ (unsigned char)*c) * 0x100000001b3;
  return h;
}

static clx_driver_plan *add(clx_builder *b, const char *name, int32_t kind, int32_t need, int32_t index) {
  clx_driver_plan *d = &b->out->driver[b->out->driver_count++];
  *d = (clx_driver_plan){.name = name != NULL ? name : "", .kind = kind, .need = need, .index = index};
  d->entity = hash_of(d);
  return d;
}

static void set_multiple(clx_driver_plan *d, clx_three t) {
  d->multiple = true;
  if (!(t.low > 0)) return;
  d->below = log(t.middle / t.low) / CLX_Z90;
  d->above = log(t.high / t.middle) / CLX_Z90;
  d->chance = d->below > 0 || d->above > 0;
}

static void set_shift(clx_driver_plan *d, double early, double late) {
  d->below = early / CLX_Z90;
  d->above = late / CLX_Z90;
  d->chance = early > 0 || late > 0;
}

void clx_drivers_of_plan(clx_buildout *b, const clx_project_plan *plan) {
  for (int32_t i = 0; i < b->spec->work_count; i++)
    set_multiple(&b->driver[i], b->way[i][plan != NULL && plan->mode != NULL ? plan->mode[i] : 0]);
}

static const char *step_name(clx_builder *b, int32_t need, double value) {
  char text[64];
  const bool watts = need == CLX_BUILDOUT_POWER || need == CLX_BUILDOUT_COOLING;
  clx_quantity_format(value, watts ? "W" : "", 3, text, sizeof text);
  return clx_arena_format(b->arena, "%s %s%s", clx_buildout_cause_name[need], text, watts ? "" : " GPUs");
}

static void add_need_drivers(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_spec *s = o->spec;
  const clx_buildout_step *const list[] = {s->room, s->power, s->cooling, s->network};
  const int32_t counts[] = {s->room_count, s->power_count, s->cooling_count, s->network_count};
  int32_t *first = o->step_at, *outside = o->outside_at;
  for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS; n++) {
    first[n] = o->driver_count;
    for (int32_t k = 0; k < counts[n]; k++)
      set_shift(add(b, step_name(b, n, list[n][k].value), CLX_BUILDOUT_STEP, n, k), list[n][k].early, list[n][k].late);
    outside[n] = o->driver_count;
    if (o->input->point_count[n] > 0) add(b, clx_buildout_cause_name[n], CLX_BUILDOUT_OUTSIDE, n, 0);
  }
  for (int32_t g = 0; g < o->giving_count; g++) {
    clx_giving *of = &o->giving[g];
    of->driver = of->kind == CLX_BUILDOUT_WORK      ? of->index
                 : of->kind == CLX_BUILDOUT_EVENT   ? o->event_at + of->index
                 : of->kind == CLX_BUILDOUT_OUTSIDE ? outside[of->need]
                                                    : first[of->need] + of->index;
  }
}

static void add_delivery_drivers(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_spec *s = o->spec;
  o->lot_at = o->driver_count;
  for (int32_t k = 0; k < s->lot_count; k++) {
    char text[64];
    clx_quantity_format(s->lot[k].gpus, "", 3, text, sizeof text);
    set_shift(add(b, clx_arena_format(b->arena, "delivery of %s GPU%s", text, strcmp(text, "1") == 0 ? "" : "s"),
                  CLX_BUILDOUT_LOT, -1, k),
              s->lot[k].early, s->lot[k].late);
  }
  o->source_at = o->driver_count;
  if (o->input->source.periods > 0) add(b, "deliveries", CLX_BUILDOUT_SOURCE, -1, 0);
}

void clx_build_drivers(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_spec *s = o->spec;
  int32_t arrivals = 0;
  for (int32_t k = 0; k < s->stock_count; k++) arrivals += s->stock[k].arrival_count;
  const int32_t steps = s->room_count + s->power_count + s->cooling_count + s->network_count;
  o->driver = clx_build_room(
      b, s->work_count + s->factor_count + s->event_count + steps + s->lot_count + arrivals + CLX_BUILDOUT_NEEDS + 8,
      sizeof *o->driver);
  if (o->driver == NULL) return;
  for (int32_t i = 0; i < s->work_count; i++) add(b, s->work[i].name, CLX_BUILDOUT_WORK, -1, i);
  clx_drivers_of_plan(o, NULL);
  o->factor_at = o->driver_count;
  for (int32_t k = 0; k < s->factor_count; k++)
    set_multiple(add(b, s->factor[k].name, CLX_BUILDOUT_FACTOR, -1, k),
                 (clx_three){s->factor[k].low, 1, s->factor[k].high});
  o->event_at = o->driver_count;
  for (int32_t k = 0; k < s->event_count; k++)
    set_shift(add(b, s->event[k].name, CLX_BUILDOUT_EVENT, -1, k), s->event[k].early, s->event[k].late);
  add_need_drivers(b);
  add_delivery_drivers(b);
  o->install_at = o->driver_count;
  if (o->limited) set_multiple(add(b, "installation", CLX_BUILDOUT_CREW_RATE, -1, 0), o->install);
  o->burn_in_at = o->driver_count;
  set_multiple(add(b, "bring-up", CLX_BUILDOUT_BURN_IN, -1, 0), o->burn_in);
  o->repair_at = o->driver_count;
  if (s->bring_up.failed > 0) set_multiple(add(b, "repair", CLX_BUILDOUT_REPAIR, -1, 0), o->repair);
  o->arrival_at = o->driver_count;
  for (int32_t k = 0; k < s->stock_count; k++)
    for (int32_t j = 0; j < s->stock[k].arrival_count; j++)
      add(b, clx_arena_format(b->arena, "arrival of %s", s->stock[k].name), CLX_BUILDOUT_ARRIVAL, -1, k);
}

// --- enough ------------------------------------------------------------------------------------------------------------------------------

// Earliest finish of each work by links and releases alone, s; NULL without works.
static double *earliest(clx_builder *b) {
  clx_buildout *o = b->out;
  const int32_t n = o->project.activity_count;
  if (n == 0) return NULL;
  clx_project p = o->project;
  clx_project_activity *activity = clx_build_room(b, n, sizeof *activity);
  clx_project_link *link = clx_build_room(b, p.link_count, sizeof *link);
  double *time = clx_build_room(b, 3 * n, sizeof *time);
  if (activity == NULL || link == NULL || time == NULL) return NULL;
  for (int32_t i = 0; i < n; i++) {
    activity[i] = p.activity[i];
    activity[i].calendar = activity[i].deadline = CLX_PROJECT_NONE;
    time[n + i] = o->way[i][0].middle;
  }
  for (int32_t k = 0; k < p.link_count; k++) {
    link[k] = p.link[k];
    link[k].most = CLX_PROJECT_NONE;
  }
  p.activity = activity;
  p.link = link;
  clx_risk_player *player;
  const clx_status status = clx_risk_player_new(&p, NULL, NULL, b->arena, &player, b->error);
  if (status != CLX_OK) {
    b->status = status;
    return NULL;
  }
  clx_risk_play(player, time + n, time + 2 * n, time);
  for (int32_t i = 0; i < n; i++) time[i] *= p.unit;
  return time;
}

static bool lasts(const clx_buildout_spec *s, const clx_giving *g) {
  return g->kind != CLX_BUILDOUT_EVENT || s->event[g->index].probability > 0.5;
}

static const char *amount_text(int32_t need, double value, char *text, size_t size) {
  const bool watts = need == CLX_BUILDOUT_POWER || need == CLX_BUILDOUT_COOLING;
  char number[64];
  clx_quantity_format(watts ? value : round(value), watts ? "W" : "", 4, number, sizeof number);
  snprintf(text, size, "%s%s", number, watts ? "" : " GPUs");
  return text;
}

// Who gives of a need: "works and dated steps", "'power.sources' (grid)".
static const char *givers_text(clx_builder *b, int32_t need) {
  const clx_buildout *o = b->out;
  const char *outside = o->input->point_count[need] > 0 ? o->input->point_of[need] : NULL;
  bool own = false;
  for (int32_t g = 0; g < o->giving_count; g++)
    own = own || (o->giving[g].need == need &&
                  (o->giving[g].kind == CLX_BUILDOUT_WORK || o->giving[g].kind == CLX_BUILDOUT_STEP));
  if (outside == NULL) return "works and dated steps";
  const char *text = own ? clx_arena_format(b->arena, "works, dated steps and %s", outside) : outside;
  return text != NULL ? text : "";
}

// " after event 'fire' (probability 0.6) has taken 200 kW for good": the events that happen without chance and give nothing back.
static void say_taken(const clx_buildout *o, int32_t need, clx_buffer *text) {
  char amount[96];
  for (int32_t g = 0; g < o->giving_count; g++) {
    const clx_giving *of = &o->giving[g];
    if (of->need != need || of->kind != CLX_BUILDOUT_EVENT || of->back || !lasts(o->spec, of)) continue;
    const clx_buildout_event *e = &o->spec->event[of->index];
    if (e->lasts > 0) continue;
    clx_buffer_format(text, "%s '%s' (probability %g) has taken %s", text->length > 0 ? " and" : " after event",
                      e->name, e->probability, amount_text(need, -of->amount, amount, sizeof amount));
  }
  if (text->length > 0) clx_buffer_format(text, " for good");
}

static void check_need(clx_builder *b, int32_t need, const double *finish) {
  clx_buildout *o = b->out;
  double sum = 0, from = 0;
  for (int32_t g = 0; g < o->giving_count; g++) {
    const clx_giving *of = &o->giving[g];
    if (of->need != need || !lasts(o->spec, of)) continue;
    sum += of->amount;
    const double at = of->kind == CLX_BUILDOUT_WORK    ? (finish != NULL ? finish[of->index] : 0)
                      : of->kind == CLX_BUILDOUT_EVENT ? o->event[of->index].at + of->time
                                                       : of->time;
    from = fmax(from, at);
  }
  const double carries = floor(clx_buildout_carries(o, need, sum)), asks = clx_buildout_asks(o, need, o->total);
  if (clx_buildout_carries(o, need, sum) >= o->total - 1e-6 * fmax(1, o->total)) return;
  char have[96], want[96], missing[96];
  clx_buffer taken = {0}, rest = {0};
  const char *date = clx_buildout_date_text(b->arena, o, from);
  amount_text(need, asks - sum, missing, sizeof missing);
  say_taken(o, need, &taken);
  if (carries > 0)
    clx_buffer_format(
        &rest,
        "From %s on at the earliest it suffices for %.0f GPUs; give %s more, or build for a fleet of that "
        "size",
        date != NULL ? date : "", carries, missing);
  else
    clx_buffer_format(&rest, "It suffices for no GPU; give %s more", missing);
  CLX_WRONG(b, CLX_INFEASIBLE, o->spec->place, "%s: %s give %s in the end%s, but %.0f GPUs need %s: %s are missing. %s",
            clx_buildout_cause_name[need], givers_text(b, need), amount_text(need, sum, have, sizeof have),
            taken.data != NULL ? taken.data : "", o->total, amount_text(need, asks, want, sizeof want), missing,
            rest.data != NULL ? rest.data : "");
  clx_buffer_free(&taken);
  clx_buffer_free(&rest);
}

static void check_deliveries(clx_builder *b) {
  clx_buildout *o = b->out;
  const clx_buildout_source *from = &o->input->source;
  double sum = 0;
  for (int32_t k = 0; k < o->spec->lot_count; k++) sum += o->lot[k].gpus;
  if (from->periods > 0) {
    double *gpus = clx_build_room(b, from->periods, sizeof *gpus);
    if (gpus == NULL) return;
    from->fill(from->of, -1, gpus);
    sum += gpus[from->periods - 1];
  }
  const double come = floor(sum + 1e-3);  // sums of fractions of GPUs
  const char *end = clx_buildout_date_text(b->arena, o, from->start + from->periods * from->length);
  const char *longer = from->periods > 0 ? " or sooner, let supply.weeks reach further" : "";
  if (o->delivers && sum < o->total - 1e-6 * o->total)
    CLX_WRONG(b, CLX_INFEASIBLE, o->spec->place,
              "deliveries: %.0f GPUs come in all%s, the fleet has %.0f: %.0f are missing; %s", come,
              from->periods == 0 ? ""
              : end != NULL      ? clx_arena_format(b->arena,
                                                    " by %s, where section 'supply' ends, without chance (events above a "
                                                         "probability of 0.5 happen)",
                                                    end)
                                 : "",
              o->total, ceil(o->total - come),
              come > 0 ? clx_arena_format(b->arena, "order more%s, or build for a fleet of %.0f", longer, come)
                       : clx_arena_format(b->arena, "order more%s", longer));
}

void clx_build_check(clx_builder *b) {
  const double *finish = earliest(b);
  for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS && b->status != CLX_MEMORY; n++)
    if (b->out->limits[n]) check_need(b, n, finish);
  check_deliveries(b);
}
