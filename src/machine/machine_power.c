// What a server and a rack draw, from their parts.
#include <math.h>

#include "machine/machine.h"

static double parts_at(const clx_power_part *part, int32_t count, double busy) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += part[i].count * (part[i].idle + busy * (part[i].load - part[i].idle));
  return sum;
}

static double parts_most(const clx_power_part *part, int32_t count) {
  double sum = 0;
  for (int32_t i = 0; i < count; i++) sum += part[i].count * fmax(part[i].most, fmax(part[i].load, part[i].idle));
  return sum;
}

double clx_server_parts(const clx_server *s, double busy) {
  return s->part_count > 0 ? parts_at(s->part, s->part_count, busy) : s->power_other;
}

double clx_rack_parts(const clx_rack *r, double busy) {
  return r->part_count > 0 ? parts_at(r->part, r->part_count, busy) : r->power_other;
}

double clx_server_parts_most(const clx_server *s) {
  return s->part_count > 0 ? parts_most(s->part, s->part_count) : s->power_other;
}

double clx_rack_parts_most(const clx_rack *r) {
  return r->part_count > 0 ? parts_most(r->part, r->part_count) : r->power_other;
}

static double fans_most(const clx_server *s) { return fmax(s->fans_most, s->power_fans); }

// Affinity laws of fans: flow with speed, power with its cube.
double clx_server_fans(const clx_server *s, const clx_device *device, double heat) {
  const double full = s->gpus * device->tdp + clx_server_parts(s, 1);
  const double flow = full > 0 ? fmax(0, heat) / full : 0;
  return fmin(fans_most(s), fmax(s->fans_idle, s->power_fans * flow * flow * flow));
}

static double loss_of(const clx_conversion *supply, int32_t supplies, double dc) {
  const double units = supplies > 0 ? supplies : 1;
  return supply == NULL ? 0 : units * clx_conversion_loss(supply, dc / units);
}

static clx_machine_draw server_of(const clx_cohort *c, double gpu, double parts, double fans) {
  clx_machine_draw draw = {.gpus = c->server.gpus * gpu, .parts = parts, .fans = fans};
  draw.dc = draw.gpus + parts + fans;
  draw.loss = loss_of(c->server_supply, c->server.supplies, draw.dc);
  draw.in = draw.dc + draw.loss;
  return draw;
}

static clx_machine_draw rack_of(const clx_cohort *c, const clx_machine_draw *server, double parts) {
  const double servers = c->rack.servers;
  clx_machine_draw draw = {.gpus = servers * server->gpus,
                           .parts = servers * server->parts + parts,
                           .fans = servers * server->fans,
                           .servers = servers * server->in};
  draw.dc = draw.gpus + draw.parts + draw.fans;
  const double shelves = loss_of(c->rack_supply, c->rack.supplies, draw.servers + parts);
  draw.loss = servers * server->loss + shelves;
  draw.in = draw.dc + draw.loss;
  return draw;
}

clx_machine_draw clx_server_power(const clx_cohort *c, double gpu, double busy) {
  const double parts = clx_server_parts(&c->server, busy);
  return server_of(c, gpu, parts, clx_server_fans(&c->server, &c->device, c->server.gpus * gpu + parts));
}

clx_machine_draw clx_rack_power(const clx_cohort *c, double gpu, double busy) {
  const clx_machine_draw server = clx_server_power(c, gpu, busy);
  return rack_of(c, &server, clx_rack_parts(&c->rack, busy));
}

clx_machine_draw clx_server_rated(const clx_cohort *c, double peak) {
  return server_of(c, peak * c->device.tdp, clx_server_parts_most(&c->server), fans_most(&c->server));
}

clx_machine_draw clx_rack_rated(const clx_cohort *c, double peak) {
  const clx_machine_draw server = clx_server_rated(c, peak);
  return rack_of(c, &server, clx_rack_parts_most(&c->rack));
}

clx_chain_fleet clx_machine_fleet(const clx_cohort *c) {
  return (clx_chain_fleet){.servers = (double)c->servers,
                           .racks = (double)c->racks,
                           .server_load = clx_server_rated(c, 1).dc,
                           .rack_load = clx_rack_parts_most(&c->rack),
                           .server_supply = c->server_supply,
                           .rack_supply = c->rack_supply,
                           .server_supplies = c->server.supplies,
                           .server_carriers = c->server.supplies_needed,
                           .rack_supplies = c->rack.supplies,
                           .rack_carriers = c->rack.supplies_needed};
}
