// What the power of a scenario is, as named quantities.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_power.h"

typedef struct putter {
  const clx_twin_power_case *c;
  const clx_site_outcome *o;
  clx_result *result;
  clx_error *error;
} putter;

// A name of the catalogue or the user as part of a name: "megapack-2" -> "megapack_2".
static const char *slug_of(const char *text, char *slug, size_t size) {
  snprintf(slug, size, "%s", text);
  for (char *c = slug; *c != '\0'; c++) {
    if (*c == '-' || *c == '.' || *c == ' ') *c = '_';
  }
  return slug;
}

// The same for item `index` of several: a name that an earlier one has gets its number.
static const char *slug_among(const char *(*name_of)(const clx_supply *, int32_t), const clx_supply *supply,
                              int32_t index, char *slug, size_t size) {
  char other[48];
  int32_t same = 1;
  slug_of(name_of(supply, index), slug, size);
  for (int32_t i = 0; i < index; i++) {
    if (clx_text_equal(slug_of(name_of(supply, i), other, sizeof other), slug)) same++;
  }
  const size_t length = strlen(slug);
  if (same > 1) snprintf(slug + length, size - length, "_%d", same);
  return slug;
}

static const char *source_name(const clx_supply *supply, int32_t i) { return supply->source[i].name; }

static const char *store_name(const clx_supply *supply, int32_t i) { return supply->store[i].battery->name; }

static clx_status put(const putter *p, const char *name, double value, const char *unit, const char *doc) {
  char full[128];
  snprintf(full, sizeof full, "power.%s", name);
  return clx_twin_put(p->result, full, value, unit, doc, p->error);
}

static const clx_twin_pass *step_of(const putter *p) { return &p->c->pass[CLX_PASS_STEP]; }

// --- levels ---------------------------------------------------------------------------------------------------------------

static double busy_mean(const putter *p) { return clx_wave_figures_of(&step_of(p)->busy, 0, 0, p->c->arena).mean; }

static clx_status put_means(const putter *p) {
  const clx_twin_power_case *c = p->c;
  const double busy = busy_mean(p);
  double gpus = 0, watt = 0;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_cohort *h = &c->fleet[i];
    gpus += (double)h->cohort.gpus;
    watt += (double)h->cohort.gpus * (h->working * busy + (1 - h->working) * h->cohort.device.idle_power);
  }
  CLX_TRY(put(p, "gpu_mean", watt / gpus, "W", "one GPU, mean over a step and the fleet"));
  CLX_TRY(put(p, "network", c->scenario->machine.fabric.bill.power, "W", "switches and transceivers"));
  CLX_TRY(clx_result_add_text(p->result, "power.scope", clx_power_scope_name[c->scenario->spec.power.scope], p->error));
  CLX_TRY(put(p, "storage", c->storage, "W", "storage and management servers"));
  CLX_TRY(put(p, "it_mean", c->it_mean, "W", "IT at its plugs while the job runs: steps, evaluations and checkpoints"));
  CLX_TRY(put(p, "it_peak", c->it_peak, "W", "all of it at its limit at once"));
  CLX_TRY(put(p, "site_mean", c->site_mean, "W", "point of connection while the job runs: chain and cooling included"));
  CLX_TRY(put(p, "site_peak", c->site_peak, "W", "point of connection with all IT at its limit"));
  const bool plant = c->cooling != NULL;
  if (!plant && c->scenario->spec.power.pue >= 1)
    CLX_TRY(put(p, "pue", c->scenario->spec.power.pue, "", "site power against IT power, as stated in the scenario"));
  if (plant) CLX_TRY(put(p, "pue", c->site_mean / c->it_mean, "", "site power against IT power, mean over the year"));
  CLX_TRY(put(p, "cooling", c->overhead * c->it_mean, "W",
              plant ? "of the plant, mean over the year" : "what the PUE leaves beside the losses of the chain"));
  return put(p, "site_per_gpu", c->site_peak / gpus, "W", "site_peak for each GPU");
}

// A server's meter reads the mean of two seconds, as those of the published logs do.
static clx_status put_node(const putter *p) {
  static const double METER = 2.01;
  const clx_twin_power_case *c = p->c;
  const clx_twin_pass *pass = step_of(p);
  const clx_twin_cohort *node = pass->node_of;
  const clx_cohort *h = &node->cohort;
  const int32_t stages = pass->gpu.stages, samples = pass->gpu.samples;
  double mean = 0, most = 0;
  for (int64_t i = 0; i < pass->node.count; i++) {
    mean += (double)pass->node.watt[i] / (double)pass->node.count;
    most = fmax(most, (double)pass->node.watt[i]);
  }
  // Readings of the servers of every stage over many steps.
  enum { STEPS = 40 };
  const double window = fmax(STEPS * pass->time, 20 * METER);
  double p50 = 0;
  for (int32_t s = 0; s < stages; s++) {
    const clx_wave_group one = {
        .units = 1,
        .cycle = {.period = pass->time, .samples = samples, .watt = &pass->node.watt[(size_t)s * (size_t)samples]}};
    clx_wave wave = {.step = fmin(pass->time / 100, METER / 40)}, reading;
    wave.count = (int64_t)(window / wave.step);
    CLX_TRY(clx_wave_sum(&one, 1, 0, &wave, c->arena, p->error));
    CLX_TRY(clx_wave_meter(&wave, METER, METER, 0, c->arena, &reading, p->error));
    p50 += clx_wave_figures_of(&reading, 0, 0, c->arena).median / stages;
  }
  CLX_TRY(put(p, "node_mean", mean, "W", "a server that trains at its plug, mean over a step"));
  CLX_TRY(put(p, "node_p50", p50, "W", "median of what a meter of 2 s reads there, mean over the stages"));
  CLX_TRY(put(p, "node_peak", most, "W", "most over a step"));
  const double servers = h->rack.servers;
  CLX_TRY(put(p, "rack_mean", mean * servers, "W", "a full rack of the largest cohort that trains"));
  CLX_TRY(put(p, "rack_peak", servers * clx_twin_cohort_peak(node) / (double)h->servers, "W",
              "the same with all of it at its limit"));
  CLX_TRY(put(p, "rack_nominal", clx_rack_rated(h, 1).in, "W", "the same with every part at its rating"));
  return put(p, "rack_momentary", clx_rack_rated(h, fmax(1, h->server.gpu_peak)).in, "W",
             "the same for milliseconds, GPUs above their limit");
}

// --- swings ---------------------------------------------------------------------------------------------------------------

static clx_status put_swing(const putter *p) {
  const clx_twin_power_case *c = p->c;
  const clx_twin_pass *pass = step_of(p);
  const clx_wave_figures f = clx_wave_figures_of(&pass->site, 1, 0, c->arena);
  CLX_TRY(put(p, "step_swing", f.most - f.least, "W", "within a step at the point of connection, before batteries"));
  CLX_TRY(put(p, "step_swing_share", (f.most - f.least) / f.mean, "", "against the mean"));
  // Seconds that a step shorter than the window sees more than once.
  enum { STEPS = 60 };
  static const double METER = 2.01;
  const clx_wave_group servers = {
      .units = 1, .cycle = {.period = pass->time, .samples = (int32_t)pass->servers.count, .watt = pass->servers.watt}};
  clx_wave wave = {.step = fmin(pass->time / 100, METER / 40)}, reading;
  wave.count = (int64_t)(fmax(STEPS * pass->time, 20 * METER) / wave.step);
  CLX_TRY(clx_wave_sum(&servers, 1, 0, &wave, c->arena, p->error));
  CLX_TRY(clx_wave_meter(&wave, METER, METER, 0, c->arena, &reading, p->error));
  const clx_wave_dips dips = clx_wave_find_dips(&reading, 0.93, c->arena);
  const clx_wave_figures r = clx_wave_figures_of(&reading, 0, 0, c->arena);
  CLX_TRY(put(p, "servers_p50", r.median, "W", "all servers, median of a meter of 2 s"));
  CLX_TRY(put(p, "servers_most", r.most, "W", "all servers, most that such a meter reads"));
  CLX_TRY(put(p, "dip_depth", dips.depth, "", "of what such a meter reads below 93 % of its median, median depth"));
  double ramp = fmax(-f.ramp_down, f.ramp_up);
  if (p->o != NULL) ramp = fmax(ramp, p->o->ramp_most);
  return put(p, "ramp_max", ramp, "W/s",
             "steepest over a second at the point of connection, stops and starts included");
}

// After batteries.
static clx_status put_grid(const putter *p) {
  const clx_twin_power_case *c = p->c;
  clx_smoothed smoothed;
  CLX_TRY(clx_twin_power_smooth(c->scenario, &step_of(p)->site, true, c->arena, &smoothed, p->error));
  if (smoothed.battery_power > 0) {
    const clx_wave_figures f = clx_wave_figures_of(&smoothed.wave, 1, 0, c->arena);
    CLX_TRY(
        put(p, "smoothed_swing", f.most - f.least, "W", "within a step at the point of connection, after batteries"));
    CLX_TRY(
        put(p, "smoothing.battery_power", smoothed.battery_power, "W", "most that batteries move to smooth a step"));
    CLX_TRY(put(p, "smoothing.battery_energy", smoothed.battery_energy, "J", "that they swing over a step"));
    if (smoothed.battery_short)
      CLX_TRY(clx_result_warn(p->result, p->error,
                              "power: the batteries of role smooth are too small for the swings of a step"));
  }
  CLX_TRY(clx_twin_power_checks(c, &smoothed.wave, true, p->result, p->error));
  CLX_TRY(clx_twin_power_curtailments(c, p->result, p->error));
  return clx_twin_power_handover(c, p->result, p->error);
}

static clx_status put_spectrum(const putter *p) {
  const clx_twin_pass *pass = step_of(p);
  enum { LINES = 512 };
  const clx_wave_cycle cycle = {.period = pass->time, .samples = (int32_t)pass->site.count, .watt = pass->site.watt};
  clx_spectrum s;
  CLX_TRY(clx_cycle_spectrum(&cycle, LINES, p->c->arena, &s, p->error));
  const clx_grid_limits *limits = &p->c->scenario->spec.power.limits;
  const bool own = limits->band_count > 0;
  const int32_t count = own ? limits->band_count : CLX_COUNT(clx_grid_bands);
  for (int32_t i = 0; i < count; i++) {
    const clx_grid_band *b = own ? &limits->band[i] : &clx_grid_bands[i];
    const clx_band_amplitude a = clx_spectrum_band(&s, b->low, b->high);
    const struct {
      const char *what;
      double value;
      const char *unit, *doc;
    } numbers[] = {{"low", b->low, "1/s", "of the band"},
                   {"high", b->high, "1/s", "of the band"},
                   {"largest", a.largest, "W", "largest line in the band, peak"},
                   {"total", a.total, "W", "root of the sum of squares of its lines, peak"},
                   {"at", a.at, "1/s", "frequency of the largest line"}};
    for (int32_t k = 0; k < CLX_COUNT(numbers); k++) {
      char name[64];
      snprintf(name, sizeof name, "spectrum.band_%d.%s", i + 1, numbers[k].what);
      CLX_TRY(put(p, name, numbers[k].value, numbers[k].unit, numbers[k].doc));
    }
    char name[64];
    snprintf(name, sizeof name, "spectrum.band_%d.limit", i + 1);
    if (b->amplitude > 0) CLX_TRY(put(p, name, b->amplitude, "W", "largest line allowed in the band, peak"));
  }
  return CLX_OK;
}

static clx_status put_parts(const putter *p) {
  const clx_twin_power_case *c = p->c;
  for (int32_t k = 0; k < CLX_PASSES; k++) {
    const clx_twin_pass *pass = &c->pass[k];
    char name[64];
    if (!pass->there) continue;
    const double mean = clx_wave_figures_of(&pass->servers, 0, 0, c->arena).mean;
    snprintf(name, sizeof name, "pass.%s.mean", clx_pass_name[k]);
    CLX_TRY(put(p, name, mean, "W", "all servers at their plugs, mean over such a pass"));
    snprintf(name, sizeof name, "pass.%s.time", clx_pass_name[k]);
    CLX_TRY(put(p, name, pass->time, "s", "of one pass"));
  }
  const clx_pass_power *gpu = &step_of(p)->gpu;
  for (int32_t k = 0; k < CLX_DRAW_KINDS; k++) {
    char name[64];
    snprintf(name, sizeof name, "part.%s", clx_draw_name[k]);
    if (gpu->share[k] > 0) CLX_TRY(put(p, name, gpu->share[k], "", "share of the time of the GPUs at work"));
    snprintf(name, sizeof name, "draw.%s", clx_draw_name[k]);
    if (gpu->share[k] > 0) CLX_TRY(put(p, name, gpu->draw[k], "W", "one GPU meanwhile"));
  }
  return CLX_OK;
}

// --- the site -------------------------------------------------------------------------------------------------------------

// What hangs on a level beside what comes from below.
static clx_status put_ports(const putter *p, const char *level, int32_t index, const clx_chain_flow *flow) {
  const clx_twin_power_case *c = p->c;
  const bool cooled = index == c->chain.cooling, plug = index == 0;
  const struct {
    const char *what;
    double watt;
  } ports[] = {{"cooling", cooled ? c->overhead * c->it_mean : 0},
               {"network", plug ? c->network : 0},
               {"storage", plug ? c->storage : 0},
               {"fixed", flow->fixed}};
  for (int32_t i = 0; i < CLX_COUNT(ports); i++) {
    char name[96];
    if (!(ports[i].watt > 0)) continue;
    snprintf(name, sizeof name, "level.%s.port.%s", level, ports[i].what);
    CLX_TRY(put(p, name, ports[i].watt, "W", "enters here, mean"));
  }
  return CLX_OK;
}

static clx_status put_level(const putter *p, int32_t index, const clx_chain_flow *flow) {
  const char *title = p->c->chain.level[index].name;
  char slug[48];
  const char *level = slug_of(title, slug, sizeof slug);
  const struct {
    const char *what;
    double value;
    const char *unit, *doc;
  } numbers[] = {{"in", flow->in, "W", "into this level at the mean"},
                 {"loss", flow->loss, "W", "lost in it"},
                 {"load_share", flow->load_share, "", "of the rating of what carries it"}};
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    char name[96];
    snprintf(name, sizeof name, "level.%s.%s", level, numbers[i].what);
    CLX_TRY(put(p, name, numbers[i].value, numbers[i].unit, numbers[i].doc));
  }
  CLX_TRY(put_ports(p, level, index, flow));
  if (!flow->over) return CLX_OK;
  return clx_result_warn(p->result, p->error,
                         "power: level '%s' carries %.0f %% of its rating, more than it may for long", title,
                         100 * flow->load_share);
}

static clx_status put_chain(const putter *p) {
  const clx_twin_power_case *c = p->c;
  const double beside = c->network + c->storage;
  double extra[CLX_CHAIN_LEVELS_MAX + 1] = {0};
  extra[0] += beside;
  extra[c->chain.cooling] += c->overhead * c->it_mean;
  const bool levels = c->chain.count > 0;
  const clx_chain_result r =
      clx_chain_pass(&c->chain, levels ? c->it_mean - beside : c->it_mean, levels ? extra : NULL);
  CLX_TRY(clx_result_add_text(p->result, "power.chain", c->scenario->power.chain.name, p->error));
  for (int32_t i = 0; i < c->chain.count; i++) CLX_TRY(put_level(p, i, &r.flow[i]));
  double lost = r.loss;
  double inside = 0;
  for (int32_t i = 0; i < c->fleet_count; i++)
    inside += clx_twin_cohort_power(&c->fleet[i], busy_mean(p), busy_mean(p), true).loss;
  CLX_TRY(
      put(p, "level.server.loss", inside, "W", "power supplies of servers and shelves of racks at the mean of a step"));
  lost += inside;
  return put(p, "loss_fraction", lost / c->site_mean, "",
             "conversion losses, power supplies included, of the site's power");
}

static clx_status put_energy(const putter *p) {
  const clx_site_outcome *o = p->o;
  const clx_supply *supply = &p->c->scenario->power.supply;
  const clx_supply_state *s = &o->supply;
  double battery_power = 0, battery_energy = 0, fuel = 0, delivered = 0;
  for (int32_t i = 0; i < supply->store_count; i++) {
    battery_power += supply->store[i].count * supply->store[i].battery->power;
    battery_energy += supply->store[i].count * supply->store[i].battery->energy;
  }
  for (int32_t i = 0; i < supply->source_count; i++) {
    fuel += s->fuel[i];
    delivered += s->energy[i];
  }
  CLX_TRY(put(p, "horizon", p->c->horizon, "s", "time over which energy, cost and emissions are counted"));
  double drawn = 0;
  for (int32_t i = 0; i < CLX_SOURCES_MAX; i++) drawn += s->energy[i];
  CLX_TRY(put(p, "energy", drawn, "J", "from all sources over that time, stops and losses of batteries included"));
  CLX_TRY(put(p, "site_average", o->site_mean, "W", "point of connection over that time, stops included"));
  CLX_TRY(put(p, "battery_power", battery_power, "W", "of all batteries"));
  CLX_TRY(put(p, "battery_energy", battery_energy, "J", "of all batteries, new"));
  CLX_TRY(put(p, "energy_residual", o->residual, "", "energy that levels and sources do not account for, share"));
  if (supply->tariff != NULL || fuel > 0) {
    const double cost = s->cost_energy + s->cost_demand + s->cost_fuel + s->cost_upkeep;
    CLX_TRY(put(p, "cost", cost, "USD", "of energy, demand, fuel and upkeep of generators"));
    CLX_TRY(put(p, "cost.energy", s->cost_energy, "USD", "of the grid's energy"));
    CLX_TRY(put(p, "cost.demand", s->cost_demand, "USD", "demand charge"));
    CLX_TRY(put(p, "cost.fuel", s->cost_fuel, "USD", "fuel"));
    CLX_TRY(put(p, "cost.upkeep", s->cost_upkeep, "USD", "upkeep of generators"));
    CLX_TRY(put(p, "co2", s->carbon, "kg", "of the grid's mix and of fuel burnt on the site"));
    CLX_TRY(put(p, "nox", s->nox, "kg", "the same of nitrogen oxides"));
  }
  if (fuel > 0) CLX_TRY(put(p, "fuel", fuel, "J", "fuel burnt on the site, lower heating value"));
  if (o->shed_time > 0) {
    CLX_TRY(put(p, "shed.energy", o->shed_energy, "J", "not drawn because of curtailments"));
    CLX_TRY(put(p, "shed.time", o->shed_time, "s", "under curtailments"));
  }
  for (int32_t i = 0; i < supply->source_count; i++) {
    char name[96], slug[48];
    slug_among(source_name, supply, i, slug, sizeof slug);
    snprintf(name, sizeof name, "source.%s.energy", slug);
    CLX_TRY(put(p, name, s->energy[i], "J", "delivered by this source"));
    snprintf(name, sizeof name, "source.%s.share", slug);
    CLX_TRY(put(p, name, delivered > 0 ? s->energy[i] / delivered : 0, "", "of what all sources delivered"));
    snprintf(name, sizeof name, "source.%s.peak", slug);
    CLX_TRY(put(p, name, s->peak[i], "W", "most that it delivered"));
    snprintf(name, sizeof name, "power.source.%s.title", slug);
    CLX_TRY(clx_result_add_text(p->result, name, supply->source[i].name, p->error));
  }
  for (int32_t i = 0; i < supply->store_count; i++) {
    char name[96], slug[48];
    const double full = supply->store[i].count * supply->store[i].battery->energy;
    slug_among(store_name, supply, i, slug, sizeof slug);
    snprintf(name, sizeof name, "battery.%s.cycles", slug);
    CLX_TRY(put(p, name, s->out[i] / full, "", "full cycles"));
    snprintf(name, sizeof name, "battery.%s.lost", slug);
    CLX_TRY(put(p, name, s->lost[i], "J", "lost in it"));
  }
  return CLX_OK;
}

static clx_status put_milestones(const putter *p) {
  const clx_twin_power_case *c = p->c;
  const clx_power_spec *spec = &c->scenario->spec.power;
  const double each = c->site_peak / (double)c->scenario->machine.gpus;  // W at the point of connection
  double feed = spec->facility_limit;
  if (c->scenario->power.supply.source_count > 0) feed = clx_supply_capacity(&c->scenario->power.supply, 0);
  if (feed > 0) CLX_TRY(put(p, "gpus_carried", feed / each, "", "GPUs that the sources carry with all at their limit"));
  for (int32_t i = 0; i < spec->milestone_count; i++) {
    char name[64];
    snprintf(name, sizeof name, "milestone_%d.power", i + 1);
    CLX_TRY(put(p, name, spec->milestone[i].power, "W", "power at the point of connection"));
    snprintf(name, sizeof name, "milestone_%d.gpus", i + 1);
    CLX_TRY(put(p, name, spec->milestone[i].power / each, "", "GPUs that it carries with all at their limit"));
    snprintf(name, sizeof name, "power.milestone_%d.name", i + 1);
    CLX_TRY(clx_result_add_text(p->result, name, spec->milestone[i].name, p->error));
  }
  return CLX_OK;
}

static clx_status put_smoothing(const putter *p) {
  const clx_twin_pass *pass = step_of(p);
  if (pass->burnt > 0)
    CLX_TRY(
        put(p, "floor_energy", pass->burnt / pass->time * p->c->horizon, "J", "burnt by floors, ramps and dummy work"));
  if (pass->stretch > 1) {
    CLX_TRY(put(p, "smoothing.stretch", pass->stretch, "", "step time against that without ramps"));
    CLX_TRY(clx_result_warn(p->result, p->error,
                            "power.smoothing makes a step %.3g times as long: training.* and the run are without",
                            pass->stretch));
  }
  if (!(p->c->job.power_cap > 0)) return CLX_OK;
  CLX_TRY(put(p, "cap", p->c->job.power_cap, "W", "of one GPU"));
  return put(p, "step_time", p->c->step.step_time, "s", "at that cap");
}

// --- warnings --------------------------------------------------------------------------------------------------------------

// Under a deep cap published inference loses less than the clock model says.
static clx_status warn_cap(const clx_training *job, clx_result *result, clx_error *error) {
  static const double CHECKED = 0.6;  // of tdp
  if (job->power_cap <= 0 || job->power_cap >= CHECKED * job->device->tdp) return CLX_OK;
  return clx_result_warn(result, error, "power_cap of %.0f W: the clock model is not checked below %.0f W of %s",
                         job->power_cap, CHECKED * job->device->tdp, job->device->name);
}

static clx_status warn_missing(const clx_twin_power_case *c, clx_result *result, clx_error *error) {
  const clx_scenario *s = c->scenario;
  const clx_power_spec *spec = &s->spec.power;
  if (spec->pue >= 1 && c->cooling != NULL)
    CLX_TRY(
        clx_result_warn(result, error, "power.pue of %.3g is not used: the section 'cooling' has a plant", spec->pue));
  if (spec->pue >= 1 && c->overhead == 0)
    CLX_TRY(clx_result_warn(result, error, "power: the chain alone loses what 'power.pue' allows: no cooling is left"));
  if (!(spec->pue >= 1) && c->cooling == NULL && s->power.stated)
    CLX_TRY(clx_result_warn(result, error, "power.pue is not stated: no cooling is counted"));
  return CLX_OK;
}

// --- series ---------------------------------------------------------------------------------------------------------------

static clx_status put_wave(const putter *p, const char *name, const char *unit, const clx_wave *wave, double factor) {
  double *x = CLX_NEW_ARRAY(p->c->arena, double, wave->count), *y = CLX_NEW_ARRAY(p->c->arena, double, wave->count);
  if (x == NULL || y == NULL) return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < wave->count; i++) {
    x[i] = wave->start + (double)i * wave->step;
    y[i] = factor * (double)wave->watt[i];
  }
  return clx_result_add_series(p->result, name, unit, y, "time", "s", x, (int32_t)wave->count, p->error);
}

static clx_status put_waves(const putter *p) {
  const clx_twin_pass *pass = step_of(p);
  CLX_TRY(put_wave(p, "power.site", "W", &pass->site, 1));
  clx_wave rack = pass->node;
  rack.count = pass->gpu.samples;  // of the first stage
  rack.step = pass->time / (double)rack.count;
  CLX_TRY(put_wave(p, "power.rack", "W", &rack, pass->node_of->cohort.rack.servers));
  return put_wave(p, "power.gpu", "W", &pass->busy, 1);
}

static clx_status put_year(const putter *p) {
  const clx_supply *supply = &p->c->scenario->power.supply;
  CLX_TRY(put_wave(p, "power.year.mean", "W", &p->o->series, 1));
  CLX_TRY(put_wave(p, "power.year.most", "W", &p->o->series_most, 1));
  for (int32_t i = 0; i < supply->source_count; i++) {
    char name[96], slug[48];
    snprintf(name, sizeof name, "power.source.%s", slug_among(source_name, supply, i, slug, sizeof slug));
    CLX_TRY(put_wave(p, name, "W", &p->o->source[i], 1));
  }
  return p->o->charge.count > 0 ? put_wave(p, "power.charge", "J", &p->o->charge, 1) : CLX_OK;
}

clx_status clx_twin_power_put(const clx_twin_power_case *c, const clx_site_outcome *outcome, int32_t series,
                              clx_result *result, clx_error *error) {
  const putter p = {c, outcome, result, error};
  CLX_TRY(put_means(&p));
  CLX_TRY(put_node(&p));
  CLX_TRY(put_swing(&p));
  CLX_TRY(put_spectrum(&p));
  CLX_TRY(put_parts(&p));
  CLX_TRY(put_chain(&p));
  CLX_TRY(put_smoothing(&p));
  CLX_TRY(put_grid(&p));
  CLX_TRY(put_milestones(&p));
  if (outcome != NULL) CLX_TRY(put_energy(&p));
  CLX_TRY(warn_cap(&c->job, result, error));
  CLX_TRY(warn_missing(c, result, error));
  if (series & CLX_TWIN_POWER_WAVES) CLX_TRY(put_waves(&p));
  return series & CLX_TWIN_POWER_YEAR ? put_year(&p) : CLX_OK;
}
