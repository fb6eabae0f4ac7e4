// Runs of a site: closed forms, the event-driven sums against a plain loop over every second, a group against the groups it is split into.
#include "check.h"

#include "chance/chance.h"
#include "power/power_site.h"

enum { HOUR = 3600, DAY = 86400 };
static const double MW = 1e6;

static double LOADS[] = {0.1, 0.2, 0.5, 1};
static double CURVE[] = {0.80, 0.90, 0.95, 0.92};
static const clx_conversion BENT = {
    .name = "bent", .rating = 2e5, .load = LOADS, .load_count = 4, .curve = CURVE, .curve_count = 4};
static const clx_conversion TRANSFORMER = {
    .name = "transformer", .rating = 4e6, .efficiency = 0.995, .fixed = 4e3, .load_loss = 3e4};

// Racks of 100 kW in `racks` shelves of bent efficiency, then transformers; cooling and 20 kW of storage beside.
static clx_chain bent_chain(double racks) {
  clx_chain c = {.count = 3, .plug = 1, .cooling = 2};
  c.level[0] = (clx_chain_level){.name = "shelf", .conversion = &BENT, .units = racks};
  c.level[1] = (clx_chain_level){.name = "row", .conversion = &BENT, .units = racks, .static_load = 5e4};
  c.level[2] = (clx_chain_level){.name = "transformer", .conversion = &TRANSFORMER, .units = 3};
  return c;
}

static clx_site_outcome run_site(const clx_site *site, clx_arena *arena) {
  clx_site_outcome out;
  clx_error error;
  clx_error_clear(&error);
  if (clx_site_run(site, arena, &out, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_true(out.residual < 1e-9);
  return out;
}

static clx_site_group one_group(double mean) {
  return (clx_site_group){.name = "racks",
                          .units = 10,
                          .state = {{.name = "train", .mean = mean, .least = 0.8 * mean, .most = 1.1 * mean}},
                          .state_count = 1};
}

static void test_one_state(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group group = one_group(10 * MW);
  clx_site site = {.group = &group, .group_count = 1, .overhead = 0.2, .horizon = 10 * DAY, .resolution = HOUR};
  site.extra[0] = 1 * MW;  // network, at the plug of a chain without levels
  const clx_site_outcome out = run_site(&site, arena);
  CLX_CHECK_NEAR(out.it_mean, 11 * MW, 1e-12, 0);
  CLX_CHECK_NEAR(out.site_mean, 13.2 * MW, 1e-12, 0);
  CLX_CHECK_NEAR(out.site_peak, 14.4 * MW, 1e-12, 0);
  CLX_CHECK_NEAR(out.energy, 13.2 * MW * 10 * DAY, 1e-12, 0);
  CLX_CHECK_NEAR(out.cooling_energy, 2.2 * MW * 10 * DAY, 1e-12, 0);
  CLX_CHECK_NEAR(out.steps, 1, 0, 0);
  assert_int_equal(out.series.count, 240);
  CLX_CHECK_NEAR((double)out.series.watt[239], 13.2 * MW, 1e-7, 0);
  CLX_CHECK_NEAR((double)out.series_most.watt[0], 14.4 * MW, 1e-7, 0);
  clx_arena_free(arena);
}

// Cooling that follows the weather: a day of hours, twice over, against its closed form; checkpoints cut hours into pieces.
static void test_hourly_cooling(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  float share[24];
  double mean = 0;
  for (int32_t i = 0; i < 24; i++) {
    share[i] = (float)(0.1 + 0.01 * i);
    mean += (double)share[i] / 24;
  }
  clx_site_group group = one_group(10 * MW);
  clx_site_event event = {.group = -1, .at = 1000, .duration = 1, .period = 977};
  clx_site site = {.group = &group,
                   .group_count = 1,
                   .event = &event,
                   .event_count = 1,
                   .overhead = mean,
                   .overhead_at = share,
                   .overhead_step = HOUR,
                   .overhead_count = 24,
                   .horizon = 2 * DAY,
                   .resolution = HOUR};
  const clx_site_outcome out = run_site(&site, arena);
  CLX_CHECK_NEAR(out.cooling_energy, mean * 10 * MW * 2 * DAY, 1e-9, 0);
  CLX_CHECK_NEAR(out.it_mean, 10 * MW, 1e-12, 0);
  for (int32_t i = 0; i < 48; i++)
    CLX_CHECK_NEAR((double)out.series.watt[i], (1 + (double)share[i % 24]) * 10 * MW, 1e-6, 0);
  CLX_CHECK_NEAR(out.site_peak, (1 + (double)share[23]) * 11 * MW, 1e-9, 0);
  clx_arena_free(arena);
}

// --- against a plain loop of one second --------------------------------------------------------------------------------------------

enum { SPAN = 3 * HOUR, GROUPS = 4, EVENTS = 9, FEEDS = 3, CUTS = 3 };

typedef struct small {
  clx_site_group group[GROUPS];
  clx_site_event event[EVENTS];
  clx_source feed[FEEDS];
  clx_curtailment cut[CUTS];
  clx_site site;
} small;

static double whole(clx_stream *s, int32_t below) { return (double)clx_stream_below(s, (uint64_t)below); }

static void draw_group(clx_stream *s, clx_site_group *g, int32_t number) {
  *g = (clx_site_group){.name = "group", .units = 5, .from = number < 2 ? 0 : whole(s, SPAN), .state_count = 3};
  for (int32_t i = 0; i < 3; i++) {
    const double mean = 5e4 + 6e5 * clx_stream_uniform(s);
    g->state[i] = (clx_site_state){.name = "state",
                                   .mean = mean,
                                   .least = 0.9 * mean,
                                   .most = 1.2 * mean,
                                   .leave = 4 * whole(s, 4)};  // pieces of whole seconds
  }
}

static void draw_small(uint64_t seed, small *x, bool with_feeds) {
  clx_stream s = clx_stream_make(seed, 78, 0, 0);
  for (int32_t g = 0; g < GROUPS; g++) draw_group(&s, &x->group[g], g);
  for (int32_t e = 0; e < EVENTS; e++) {
    x->event[e] = (clx_site_event){.kind = CLX_SITE_EVENT_STATE,
                                   .state = (int32_t)whole(&s, 3),
                                   .group = (int32_t)whole(&s, GROUPS + 1) - 1,
                                   .at = 1 + whole(&s, SPAN / 2),
                                   .duration = e == 0 ? 0 : 20 + whole(&s, 600),
                                   .period = e == 0 ? 0 : whole(&s, 2) * (300 + whole(&s, 900))};
  }
  x->site = (clx_site){.group = x->group,
                       .group_count = GROUPS,
                       .event = x->event,
                       .event_count = EVENTS,
                       .chain = bent_chain(25),
                       .overhead = 0.13,
                       .horizon = SPAN,
                       .resolution = 10};
  x->site.extra[1] = 2e4;
  if (!with_feeds) return;
  for (int32_t i = 0; i < FEEDS; i++)
    x->feed[i] = (clx_source){.name = "feed",
                              .power = i == 0 ? 1e6 : 2e5 + 1e6 * clx_stream_uniform(&s),
                              .from = i == 0 ? 0 : whole(&s, SPAN / 2),
                              .until = i == 0 ? 0 : SPAN / 2 + 1 + whole(&s, SPAN / 2),
                              .derating = 1,
                              .order = i};
  for (int32_t i = 0; i < CUTS; i++)
    x->cut[i] = (clx_curtailment){.at = whole(&s, SPAN),
                                  .notice = 600,
                                  .duration = 60 + whole(&s, 1000),
                                  .power = 5e5 + 1e6 * clx_stream_uniform(&s)};
  x->site.supply =
      (clx_supply){.source = x->feed, .source_count = FEEDS, .curtailment = x->cut, .curtailment_count = CUTS};
  x->site.shed = 1;
}

// The state of a group at a whole second, from the definition: the last in the list that holds, else the last for good, else state 0.
static int32_t plain_state(const small *x, int32_t group, double time) {
  int32_t base = 0, state = -1;
  double base_at = -1;
  for (int32_t e = 0; e < EVENTS; e++) {
    const clx_site_event *v = &x->event[e];
    if ((v->group >= 0 && v->group != group) || time < v->at) continue;
    if (!(v->duration > 0)) {
      if (v->at >= base_at) base = v->state, base_at = v->at;
      continue;
    }
    const double since = v->period > 0 ? fmod(time - v->at, v->period) : time - v->at;
    // An event longer than its period is begun anew before it ends.
    if (since < v->duration || (v->period > 0 && v->duration >= v->period)) state = v->state;
  }
  return state >= 0 ? state : base;
}

typedef struct plain_group {
  int32_t state;
  double now, most, from, from_most, begun, enter;
} plain_group;

// Its power over the second that begins at `time`; a change of state in four equal steps.
static void plain_power(const small *x, int32_t number, double time, plain_group *p) {
  const clx_site_group *g = &x->group[number];
  if (time < g->from) return;
  const int32_t state = plain_state(x, number, time);
  if (state != p->state) {
    const double part = p->enter > 0 ? fmin(1, (time - p->begun) / p->enter) : 1;
    const clx_site_state *before = p->state >= 0 ? &g->state[p->state] : NULL;
    if (before != NULL) p->from += part * (before->mean - p->from);
    if (before != NULL) p->from_most += part * (before->most - p->from_most);
    p->begun = time;
    p->enter = time > 0 && before != NULL ? before->leave : 0;
    p->state = state;
  }
  const clx_site_state *s = &g->state[p->state];
  double share = 1;
  if (time - p->begun < p->enter) share = (floor((time - p->begun) * 4 / p->enter) + 0.5) / 4;
  p->now = p->from + share * (s->mean - p->from);
  p->most = p->from_most + share * (s->most - p->from_most);
}

static double plain_top(const small *x, double load) {
  const clx_chain *c = &x->site.chain;
  double power = load, it = 0;
  for (int32_t l = 0; l < c->count; l++) {
    if (l == c->plug) it = power + x->site.extra[l];
    const double out =
        power + x->site.extra[l] + c->level[l].static_load + (l == c->cooling ? x->site.overhead * it : 0);
    power = out + c->level[l].units * clx_conversion_loss(c->level[l].conversion, out / c->level[l].units);
  }
  return power;
}

static double plain_feeds(const small *x, double time) {
  double power = 0;
  for (int32_t i = 0; i < FEEDS; i++) {
    const clx_source *f = &x->feed[i];
    if (time >= f->from && (f->until <= 0 || time < f->until)) power += f->power;
  }
  for (int32_t i = 0; i < CUTS; i++) {
    const clx_curtailment *c = &x->cut[i];
    if (time >= c->at && time < c->at + c->duration) power = fmin(power, c->power);
  }
  return power;
}

static void compare_small(uint64_t seed, bool with_feeds) {
  clx_arena *arena = clx_arena_new();
  small x = {0};
  draw_small(seed, &x, with_feeds);
  const clx_site_outcome out = run_site(&x.site, arena);
  plain_group p[GROUPS] = {{0}};
  for (int32_t g = 0; g < GROUPS; g++) p[g].state = -1;
  double energy = 0, shed = 0, shed_time = 0, peak = 0, bin = 0;
  for (int32_t t = 0; t < SPAN; t++) {
    double load = 0, most = 0;
    for (int32_t g = 0; g < GROUPS; g++) {
      plain_power(&x, g, t, &p[g]);
      load += p[g].now;
      most += p[g].most;
    }
    const double wanted = plain_top(&x, load);
    double given = wanted, top = plain_top(&x, most);
    if (with_feeds && plain_feeds(&x, t) < wanted * (1 - 1e-12)) {
      given = plain_feeds(&x, t);
      top *= given / wanted;
      shed += wanted - given;
      shed_time++;
    }
    energy += given;
    peak = fmax(peak, top);
    bin += given / 10;
    if (t % 10 == 9) {
      CLX_CHECK_NEAR((double)out.series.watt[t / 10], bin, 1e-6, 0);
      bin = 0;
    }
  }
  CLX_CHECK_NEAR(out.energy, energy, 1e-9, 0);
  CLX_CHECK_NEAR(out.site_peak, peak, 1e-9, 0);
  CLX_CHECK_NEAR(out.shed_energy, shed, 1e-9, 1e-6 * energy / SPAN);
  CLX_CHECK_NEAR(out.shed_time, shed_time, 1e-9, 1e-6);
  if (with_feeds) {
    double sources = 0;
    for (int32_t i = 0; i < FEEDS; i++) sources += out.supply.energy[i];
    CLX_CHECK_NEAR(sources, energy, 1e-9, 0);
  }
  clx_arena_free(arena);
}

static void test_equals_a_plain_loop(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 25; seed++) {
    compare_small(seed, false);
    compare_small(seed, true);
  }
}

// --- a cohort and its parts --------------------------------------------------------------------------------------------------------

enum { PARTS = 21 };

static clx_site_group cohort(double share) {
  clx_site_group g = {.name = "cohort", .units = 2100 * share, .state_count = 4};
  static const double mean[] = {100e6, 20e6, 60e6, 90e6};
  static const char *const name[] = {"train", "stopped", "checkpoint", "evaluate"};
  for (int32_t i = 0; i < 4; i++)
    g.state[i] = (clx_site_state){.name = name[i],
                                  .mean = share * mean[i],
                                  .least = 0.7 * share * mean[i],
                                  .most = 1.05 * share * mean[i],
                                  .ramp = share * 1e6,
                                  .leave = i == 1 ? 8 : 0};
  return g;
}

// Checkpoints every hour, evaluations, stops at random, for all groups at once.
static const clx_site_event LIFE[] = {
    {.kind = CLX_SITE_EVENT_STATE, .state = 2, .group = -1, .at = HOUR, .duration = 40, .period = HOUR},
    {.kind = CLX_SITE_EVENT_STATE, .state = 3, .group = -1, .at = 1234.5, .duration = 13, .period = 5000.25},
    {.kind = CLX_SITE_EVENT_RANDOM, .state = 1, .group = -1, .duration = 900, .mean_time = 3 * HOUR},
};

static clx_site alive(clx_site_group *group, int32_t count, double days) {
  return (clx_site){.group = group,
                    .group_count = count,
                    .event = (clx_site_event *)LIFE,
                    .event_count = 3,
                    .chain = bent_chain(2100),
                    .overhead = 0.1,
                    .horizon = days * DAY,
                    .resolution = 60,
                    .seed = 7};
}

static void test_cohort_equals_its_parts(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group whole_group = cohort(1), part[PARTS];
  for (int32_t i = 0; i < PARTS; i++) part[i] = cohort(1.0 / PARTS);
  const clx_site one = alive(&whole_group, 1, 30), many = alive(part, PARTS, 30);
  const clx_site_outcome a = run_site(&one, arena), b = run_site(&many, arena);
  CLX_CHECK_NEAR(b.energy, a.energy, 1e-12, 0);
  CLX_CHECK_NEAR(b.loss_energy, a.loss_energy, 1e-11, 0);
  CLX_CHECK_NEAR(b.site_peak, a.site_peak, 1e-12, 0);
  CLX_CHECK_NEAR(b.ramp_most, a.ramp_most, 1e-9, 0);
  CLX_CHECK_NEAR(b.events, a.events, 0, 0);
  for (int32_t i = 0; i < 4; i++) CLX_CHECK_NEAR(b.state_time[i], a.state_time[i], 1e-12, 0);
  for (int64_t i = 0; i < a.series.count; i++)
    CLX_CHECK_NEAR((double)b.series.watt[i], (double)a.series.watt[i], 2e-7, 0);
  // The same again, to the bit.
  const clx_site_outcome c = run_site(&one, arena);
  assert_memory_equal(&c.energy, &a.energy, sizeof c.energy);
  assert_memory_equal(c.series.watt, a.series.watt, (size_t)a.series.count * sizeof *a.series.watt);
  clx_site other = one;
  other.seed = 8;
  assert_true(run_site(&other, arena).energy != a.energy);
  clx_arena_free(arena);
}

// Random stops: their number, and that they go before checkpoints and evaluations.
static void test_random_stops(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group group = cohort(1);
  const clx_site site = alive(&group, 1, 365);
  const clx_site_outcome out = run_site(&site, arena);
  const double cycle = 3 * HOUR + 900, stops = 365.0 * DAY / cycle;
  CLX_CHECK_NEAR(out.state_time[1], 900 * stops, 0, 900 * 4 * sqrt(stops) * (3.0 * HOUR / cycle));
  double sum = 0;
  for (int32_t i = 0; i < 4; i++) sum += out.state_time[i];
  CLX_CHECK_NEAR(sum, 365.0 * DAY, 1e-12, 0);
  const double up = 3 * HOUR / cycle;
  CLX_CHECK_NEAR(out.state_time[2], 40 * up * 8760 * (1 - 13 / 5000.25), 0.02, 0);
  clx_arena_free(arena);
}

// --- ramps, deliveries ---------------------------------------------------------------------------------------------------------------

static void test_ramps(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group group = {.name = "racks",
                          .units = 1,
                          .state = {{.name = "low", .mean = 2 * MW, .least = 2 * MW, .most = 2 * MW, .leave = 8},
                                    {.name = "high", .mean = 10 * MW, .least = 10 * MW, .most = 10 * MW}},
                          .state_count = 2};
  clx_site_event event = {.state = 1, .group = 0, .at = 100, .duration = 50};
  clx_site site = {
      .group = &group, .group_count = 1, .event = &event, .event_count = 1, .horizon = 200, .resolution = 1};
  site.overhead = 0.5;
  const clx_site_outcome out = run_site(&site, arena);
  CLX_CHECK_NEAR(out.ramp_between, 8 * MW, 1e-12, 0);               // the fall at once counts over 1 s, cooling later
  CLX_CHECK_NEAR((double)out.series.watt[100], 4.5 * MW, 1e-7, 0);  // first of four steps of 2 s: an eighth of the way
  CLX_CHECK_NEAR((double)out.series.watt[107], 13.5 * MW, 1e-7, 0);
  CLX_CHECK_NEAR(out.energy, 1.5 * (2 * MW * 150 + 10 * MW * 50 - 8 * MW * 4), 1e-12, 0);
  group.state[1].leave = 16;
  const clx_site_outcome slow = run_site(&site, arena);
  CLX_CHECK_NEAR(slow.ramp_between, 1 * MW, 1e-12, 0);
  group.state[1].least = 9 * MW;
  group.state[1].ramp = 5 * MW;
  const clx_site_outcome within = run_site(&site, arena);
  CLX_CHECK_NEAR(within.ramp_within, 5 * MW, 1e-12, 0);
  CLX_CHECK_NEAR(within.ramp_most, 5 * MW, 1e-12, 0);
  clx_arena_free(arena);
}

// An event of all groups leaves alone what has no such state.
static void test_groups_without_the_state(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group group[3] = {one_group(4 * MW), one_group(30 * MW), one_group(10 * MW)};
  for (int32_t g = 1; g < 3; g++) {
    group[g].state_count = 2;
    group[g].state[1] = (clx_site_state){.name = "stopped", .mean = 1 * MW, .least = 1 * MW, .most = 1 * MW};
  }
  clx_site_event event = {.state = 1, .group = -1, .at = 100, .duration = 100};
  clx_site site = {
      .group = group, .group_count = 3, .event = &event, .event_count = 1, .horizon = 400, .resolution = 100};
  const clx_site_outcome out = run_site(&site, arena);
  CLX_CHECK_NEAR((double)out.series.watt[0], 44 * MW, 1e-7, 0);
  CLX_CHECK_NEAR((double)out.series.watt[1], 6 * MW, 1e-7, 0);
  CLX_CHECK_NEAR((double)out.series.watt[2], 44 * MW, 1e-7, 0);
  event.duration = 0;
  const clx_site_outcome stays = run_site(&site, arena);
  CLX_CHECK_NEAR((double)stays.series.watt[3], 6 * MW, 1e-7, 0);
  clx_arena_free(arena);
}

static void test_delivery(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group group[2] = {one_group(10 * MW), one_group(30 * MW)};
  group[1].from = 5 * DAY;
  const clx_site site = {.group = group, .group_count = 2, .horizon = 10 * DAY, .resolution = DAY};
  const clx_site_outcome out = run_site(&site, arena);
  CLX_CHECK_NEAR(out.site_mean, 25 * MW, 1e-12, 0);
  CLX_CHECK_NEAR((double)out.series.watt[4], 10 * MW, 1e-7, 0);
  CLX_CHECK_NEAR((double)out.series.watt[5], 40 * MW, 1e-7, 0);
  clx_arena_free(arena);
}

// --- supply ----------------------------------------------------------------------------------------------------------------------------

static const clx_battery BATTERY = {
    .name = "box", .power = 20e6, .energy = 10 * 3.6e9, .round_trip = 0.81, .least = 0, .most = 1, .cycles = 0};

static clx_status try_site(const clx_site *site, clx_arena *arena, clx_site_outcome *out, clx_error *error) {
  clx_error_clear(error);
  return clx_site_run(site, arena, out, error);
}

// 100 MW from a feed of 80 MW and 10 MWh behind 90 % each way: without after 27 minutes, to the second.
static void test_battery_runs_empty(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group group = one_group(100 * MW);
  clx_source feed = {.name = "grid", .power = 80 * MW, .derating = 1};
  clx_store store = {.battery = &BATTERY, .count = 1, .roles = CLX_BATTERY_BRIDGE, .charge = 1};
  clx_site site = {.group = &group, .group_count = 1, .horizon = 2 * HOUR, .resolution = 60};
  site.supply = (clx_supply){.source = &feed, .source_count = 1, .store = &store, .store_count = 1};
  clx_site_outcome out;
  clx_error error;
  assert_int_equal(try_site(&site, arena, &out, &error), CLX_INFEASIBLE);
  CLX_CHECK_NEAR(out.missing_at, 0.9 * 1800, 1e-6, 0);
  CLX_CHECK_NEAR(out.missing_most, 20 * MW, 1e-6, 0);
  CLX_CHECK_NEAR(out.missing_time, 2 * HOUR - 1620, 1e-6, 0);
  CLX_CHECK_NEAR(out.supply.short_energy, 20 * MW * (2 * HOUR - 1620), 1e-6, 0);
  assert_true(out.residual < 1e-9);
  if (strstr(error.mistake[0].text, "20 MW missing from hour 0.45 on (day 1, 00:27:00)") == NULL)
    fail_msg("%s", error.mistake[0].text);
  CLX_CHECK_NEAR((double)out.charge.watt[out.charge.count - 1], 0, 0, 1);
  CLX_CHECK_NEAR((double)out.source[0].watt[100], 80 * MW, 1e-6, 0);
  // The same load, shed: half of it may go.
  site.shed = 1;
  site.curtail_floor = 0.5;
  out = run_site(&site, arena);
  CLX_CHECK_NEAR(out.shed_time, 2 * HOUR - 1620, 1e-6, 0);
  CLX_CHECK_NEAR(out.shed_energy, 20 * MW * (2 * HOUR - 1620), 1e-6, 0);
  CLX_CHECK_NEAR(out.shed_share, 0.2, 1e-6, 0);
  CLX_CHECK_NEAR(out.supply.short_energy, 0, 0, 1);
  CLX_CHECK_NEAR(out.missing_at, -1, 0, 0);
  // And with a floor that leaves too much.
  site.curtail_floor = 0.9;
  assert_int_equal(try_site(&site, arena, &out, &error), CLX_INFEASIBLE);
  CLX_CHECK_NEAR(out.missing_most, 10 * MW, 1e-6, 0);
  CLX_CHECK_NEAR(out.missing_first, 10 * MW, 1e-6, 0);
  clx_arena_free(arena);
}

static const clx_generator ENGINE = {.name = "engine",
                                     .kind = CLX_SOURCE_ENGINE,
                                     .power = 10e6,
                                     .minimum = 0.3,
                                     .start_time = 300,
                                     .hot_start_time = 120,
                                     .ramp = 1e6,
                                     .heat_rate = 2.2,
                                     .fuel_carbon = 5.6e-8,
                                     .nox = 1e-11,
                                     .fuel_price = 4e-9};

// The grid goes without notice: engines carry what is left once they are up, a battery bridges until then, and without it the hour is named.
static void test_generators_take_over(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group group = one_group(30 * MW);
  group.state[0].most = 30 * MW;
  clx_source source[2] = {
      {.name = "grid", .power = 40 * MW, .derating = 1},
      {.name = "engines", .kind = CLX_SOURCE_ENGINE, .count = 4, .generator = &ENGINE, .derating = 1, .order = 1}};
  clx_curtailment outage = {.at = 2 * HOUR, .duration = HOUR};
  clx_store store = {.battery = &BATTERY, .count = 2, .roles = CLX_BATTERY_BRIDGE, .charge = 1};
  clx_site site = {.group = &group, .group_count = 1, .horizon = 4 * HOUR, .resolution = 60};
  site.supply = (clx_supply){.source = source,
                             .source_count = 2,
                             .curtailment = &outage,
                             .curtailment_count = 1,
                             .store = &store,
                             .store_count = 1};
  const clx_site_outcome out = run_site(&site, arena);
  assert_true(out.supply.energy[1] > 30 * MW * (HOUR - 320) && out.supply.energy[1] <= 40 * MW * HOUR);
  assert_true(out.supply.out[0] > 30 * MW * 250);
  CLX_CHECK_NEAR(out.energy, 30 * MW * 4 * HOUR, 1e-12, 0);
  site.supply.store_count = 0;
  clx_site_outcome bare;
  clx_error error;
  assert_int_equal(try_site(&site, arena, &bare, &error), CLX_INFEASIBLE);
  CLX_CHECK_NEAR(bare.missing_at, 2 * HOUR, 1e-9, 0);
  CLX_CHECK_NEAR(bare.missing_most, 30 * MW, 1e-6, 0);
  assert_true(bare.missing_time >= 300 && bare.missing_time < 330);
  clx_arena_free(arena);
}

// A battery that smooths passes what the state says, and loses its part of it.
static void test_smoothing_costs_energy(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_site_group group = one_group(100 * MW);
  group.state[0].smoothing = 5 * MW;
  clx_source feed = {.name = "grid", .power = 200 * MW, .derating = 1};
  clx_store store = {.battery = &BATTERY, .count = 1, .roles = CLX_BATTERY_BRIDGE | CLX_BATTERY_SMOOTH, .charge = 1};
  clx_site site = {.group = &group, .group_count = 1, .horizon = DAY, .resolution = HOUR};
  site.supply = (clx_supply){.source = &feed, .source_count = 1, .store = &store, .store_count = 1};
  const clx_site_outcome out = run_site(&site, arena);
  CLX_CHECK_NEAR(out.energy, 100 * MW * DAY, 1e-12, 0);
  CLX_CHECK_NEAR(out.supply.in[0], 5 * MW * DAY, 1e-9, 0);
  CLX_CHECK_NEAR(out.supply.energy[0], (100 + 5 * 0.19) * MW * DAY, 1e-9, 0);
  clx_arena_free(arena);
}

// Memory that runs out anywhere is named, and nothing else happens.
static void test_out_of_memory(void **state) {
  (void)state;
  small x = {0};
  draw_small(3, &x, true);
  int32_t failed = 0;
  for (int64_t after = 1;; after++) {
    clx_arena *arena = clx_arena_new();
    clx_site_outcome out;
    clx_error error;
    clx_memory_fail_after(after);
    const clx_status status = arena != NULL ? try_site(&x.site, arena, &out, &error) : CLX_MEMORY;
    clx_memory_fail_after(0);
    clx_arena_free(arena);
    if (status == CLX_OK) break;
    assert_int_equal(status, CLX_MEMORY);
    failed++;
  }
  assert_true(failed > 0);
}

// Everything at once, at random: the books close.
static void test_books_close(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    clx_arena *arena = clx_arena_new();
    small x = {0};
    draw_small(seed, &x, true);
    clx_stream s = clx_stream_make(seed, 79, 0, 0);
    clx_generator engine = ENGINE;
    engine.power = 2e5;
    engine.ramp = 1e4;
    clx_source source[FEEDS + 1];
    memcpy(source, x.feed, sizeof x.feed);
    source[FEEDS] = (clx_source){
        .name = "engines", .kind = CLX_SOURCE_ENGINE, .count = 3, .generator = &engine, .derating = 1, .order = 9};
    clx_battery battery = BATTERY;
    battery.power = 3e5;
    battery.energy = 3e5 * 1800 * clx_stream_uniform(&s);
    battery.standby = 500;
    clx_store store = {.battery = &battery, .count = 1, .roles = CLX_BATTERY_BRIDGE | CLX_BATTERY_SHAVE, .charge = 0.5};
    x.site.supply.source = source;
    x.site.supply.source_count = FEEDS + 1;
    x.site.supply.store = &store;
    x.site.supply.store_count = 1;
    x.site.curtail_floor = clx_stream_uniform(&s);
    x.site.horizon = SPAN + 0.37;
    clx_site_outcome out;
    clx_error error;
    const clx_status status = try_site(&x.site, arena, &out, &error);
    assert_true(status == CLX_OK || status == CLX_INFEASIBLE);
    assert_true((status == CLX_INFEASIBLE) == (out.missing_at >= 0));
    assert_true(out.residual < 1e-9);
    double levels = 0, series = 0;
    for (int32_t l = 0; l < 3; l++) levels += out.level_loss[l];
    CLX_CHECK_NEAR(levels, out.loss_energy, 1e-12, 0);
    for (int64_t i = 0; i < out.series.count; i++)
      series += (double)out.series.watt[i] * fmin(10, x.site.horizon - 10 * (double)i);
    CLX_CHECK_NEAR(series, out.energy, 1e-6, 0);
    clx_arena_free(arena);
  }
}

// --- windows, mistakes ---------------------------------------------------------------------------------------------------------------

static void test_window(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  static const float square[] = {90e3F, 50e3F, 50e3F, 90e3F};
  clx_site_group group[2] = {one_group(0.7 * MW), one_group(1 * MW)};
  group[0].state[0].cycle = (clx_wave_cycle){.period = 4, .samples = 4, .watt = square};
  group[0].state[1] = (clx_site_state){.name = "stopped", .mean = 0.1 * MW, .least = 0.1 * MW, .most = 0.1 * MW};
  group[0].state_count = 2;
  group[1].from = 500;
  clx_site_event event = {.state = 1, .group = 0, .at = 101, .duration = 50};
  const clx_site site = {.group = group,
                         .group_count = 2,
                         .event = &event,
                         .event_count = 1,
                         .chain = bent_chain(10),
                         .horizon = HOUR,
                         .resolution = 60};
  clx_error error;
  clx_error_clear(&error);
  int32_t at[2];
  double since[2];
  assert_int_equal(clx_site_states(&site, 120, at, since, arena, &error), CLX_OK);
  assert_int_equal(at[0], 1);
  assert_int_equal(at[1], -1);
  CLX_CHECK_NEAR(since[0], 101, 0, 0);
  assert_int_equal(clx_site_states(&site, 151, at, since, arena, &error), CLX_OK);
  assert_int_equal(at[0], 0);
  CLX_CHECK_NEAR(since[0], 151, 0, 0);
  // At 600 s the cycle that began at 151 s stands at 1 s; the other group adds its constant.
  clx_wave wave, top;
  assert_int_equal(clx_site_window(&site, -1, 600, 1, 8, arena, &wave, &top, &error), CLX_OK);
  for (int32_t i = 0; i < 8; i++) {
    const double load = 10.0 * (double)square[(i + 600 - 151) % 4] + 1 * MW;
    CLX_CHECK_NEAR((double)wave.watt[i], load, 1e-6, 0);
    CLX_CHECK_NEAR((double)top.watt[i], clx_site_pass(&site, load).top, 1e-6, 0);
  }
  assert_int_equal(clx_site_window(&site, 1, 120, 1, 8, arena, &wave, NULL, &error), CLX_OK);
  CLX_CHECK_NEAR((double)wave.watt[3], 0, 0, 0);
  assert_int_equal(clx_site_window(&site, 2, 120, 1, 8, arena, &wave, NULL, &error), CLX_INPUT);
  clx_arena_free(arena);
}

static void expect_refused(const clx_site *site, const char *part) {
  clx_arena *arena = clx_arena_new();
  clx_site_outcome out;
  clx_error error;
  assert_int_equal(try_site(site, arena, &out, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, part) == NULL) fail_msg("'%s' lacks '%s'", error.mistake[0].text, part);
  clx_arena_free(arena);
}

static void test_refuses(void **state) {
  (void)state;
  clx_site_group group = one_group(10 * MW);
  clx_site_event event = {.state = 0, .group = 0, .at = 1, .duration = 1};
  clx_site site = {
      .group = &group, .group_count = 1, .event = &event, .event_count = 1, .horizon = 10, .resolution = 1};
  event.state = 1;
  expect_refused(&site, "enters state 1, 'racks' has 1 states");
  event = (clx_site_event){.kind = CLX_SITE_EVENT_RANDOM, .at = 1, .duration = 1};
  expect_refused(&site, "random event 1 comes every 0 s");
  event = (clx_site_event){.at = 1, .period = 1};
  expect_refused(&site, "some duration");
  site.event_count = 0;
  group.state[0].most = 1 * MW;
  expect_refused(&site, "1e+06 W at most");
  group = one_group(10 * MW);
  site.curtail_floor = 1.5;
  expect_refused(&site, "curtail_floor is 1.5");
  site.curtail_floor = 0;
  site.resolution = 0;
  expect_refused(&site, "series every 0 s");
  site.resolution = 1;
  const float cold[] = {0.1f, -0.1f};
  site.overhead_at = cold;
  site.overhead_step = HOUR;
  expect_refused(&site, "0 values of 3600 s");
  site.overhead_count = 2;
  expect_refused(&site, "-0.1 W a W of IT power in sample 1");
  site.overhead_at = NULL;
  site.chain = bent_chain(10);
  site.chain.cooling = 0;
  expect_refused(&site, "cooling at level 1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_state),
      cmocka_unit_test(test_hourly_cooling),
      cmocka_unit_test(test_equals_a_plain_loop),
      cmocka_unit_test(test_cohort_equals_its_parts),
      cmocka_unit_test(test_random_stops),
      cmocka_unit_test(test_ramps),
      cmocka_unit_test(test_delivery),
      cmocka_unit_test(test_groups_without_the_state),
      cmocka_unit_test(test_battery_runs_empty),
      cmocka_unit_test(test_generators_take_over),
      cmocka_unit_test(test_books_close),
      cmocka_unit_test(test_smoothing_costs_energy),
      cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_window),
      cmocka_unit_test(test_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
