// Pipe networks in files: rows, and the way from them to a network.
#include <math.h>
#include <string.h>

#include "cooling/cooling_fluid.h"
#include "cooling/cooling_hydraulic.h"

#define REAL(name, member, unit_text, start, low, high, text)                                                \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                         \
  }
#define TEXT(name, member, needed, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .required = needed, .doc = text }
#define SCHEMA(schema, title, text, table)              \
  const clx_schema schema = {.name = title,             \
                             .doc = text,               \
                             .rows = table,             \
                             .count = CLX_COUNT(table), \
                             .size = sizeof(F),         \
                             .place_offset = offsetof(F, place)}

#define F clx_hydraulic_node_spec
static const clx_row node_rows[] = {
    TEXT("name", name, true, "as branches name it"),
    REAL("height", height, "m", 0, -1e4, 1e4, "above any level"),
    REAL("inflow", inflow, "m3/s", 0, -1e4, 1e4, "that enters from outside; negative: that leaves"),
    {.key = "pressure",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(F, pressure),
     .place_offset = offsetof(F, pressure_place),
     .unit = "Pa",
     .minimum = -1e9,
     .maximum = 1e9,
     .doc = "where it is fixed: an expansion tank, the atmosphere"},
};
static SCHEMA(node_schema, "node", "a junction of branches", node_rows);
#undef F

#define F clx_hydraulic_branch_spec
static const clx_row branch_rows[] = {
    TEXT("name", name, true, "short name"),
    {.key = "kind",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, kind),
     .choices = clx_branch_kind_name,
     .required = true,
     .doc = "pipe, resistance (a rack, a heat exchanger), valve, check (a check valve) or pump"},
    TEXT("from", from, true, "node; flow from here to `to` is positive"),
    TEXT("to", to, true, "node"),
    REAL("units", units, NULL, 1, 1, 1e9, "equal branches in parallel; the flow shown is of one"),
    REAL("length", length, "m", -1, 0, 1e6, "of a pipe"),
    REAL("diameter", diameter, "m", -1, 0, 100, "inner, of a pipe"),
    REAL("roughness", roughness, "m", -1, 0, 1, "of a pipe; default: 0.045 mm, commercial steel"),
    REAL("minor", minor, NULL, -1, 0, 1e6, "of a pipe: sum of the loss coefficients of its fittings"),
    REAL("pressure", pressure, "Pa", -1, 0, 1e10,
         "that a resistance or check valve loses at `flow`; of a pump: when it stands"),
    REAL("flow", flow, "m3/s", -1, 0, 1e6, "at which a resistance loses `pressure`; of a pump: its design flow"),
    REAL("exponent", exponent, NULL, -1, 1, 3, "of a resistance or check valve: loss against flow; default: 2"),
    REAL("kv", kv, "m3/s", -1, 0, 1e6, "of a valve: flow of water at 1 bar, fully open"),
    REAL("position", position, NULL, -1, 0, 1, "of a valve; default: 1, open"),
    REAL("rangeability", rangeability, NULL, -1, 0, 1e4, "of an equal-percentage valve; default: 0, linear"),
    REAL("head", head, "Pa", -1, 0, 1e10, "of a pump at its design flow"),
    REAL("speed", speed, NULL, -1, 0, 1.5, "of a pump, share of full speed; default: 1"),
    {.key = "check",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(F, check),
     .doc = "of a pump: with a check valve behind it"},
    TEXT("mover", pump, false, "of a pump: entry of catalogue/mover"),
};
static SCHEMA(branch_schema, "branch", "what joins two nodes", branch_rows);
#undef F

#define F clx_hydraulic_spec
static const clx_row network_rows[] = {
    TEXT("name", name, false, "one line for people"),
    TEXT("fluid", fluid, true, "water, pg25, pg40 or air"),
    REAL("temperature", temperature, "K", 293.15, 200, 400, "of the fluid"),
    {.key = "friction",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, friction),
     .choices = clx_friction_name,
     .doc = "of turbulent pipes: colebrook or its explicit form swamee-jain"},
    {.key = "nodes",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, nodes),
     .count_offset = offsetof(F, node_count),
     .sub = &node_schema,
     .doc = "those with a height, an inflow or a fixed pressure"},
    {.key = "branches",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, branches),
     .count_offset = offsetof(F, branch_count),
     .sub = &branch_schema,
     .required = true,
     .doc = "pipes, resistances, valves, check valves, pumps"},
};
SCHEMA(clx_hydraulic_schema, "network", "flows and pressures of a pipe network", network_rows);
#undef F

// --- which kind takes which key ---------------------------------------------------------------------------------------------------

#define PIPE (1 << CLX_BRANCH_PIPE)
#define RESISTANCE (1 << CLX_BRANCH_RESISTANCE)
#define VALVE (1 << CLX_BRANCH_VALVE)
#define CHECK (1 << CLX_BRANCH_CHECK)
#define PUMP (1 << CLX_BRANCH_PUMP)

static const struct {
  const char *key;
  size_t from, to;  // members of the spec and of the branch
  int32_t taken, needed;
  double missing;  // where it is not stated
  double factor;
} keys[] = {
#define KEY(member, target, taken, needed, missing, factor) \
  { #member, offsetof(clx_hydraulic_branch_spec, member), offsetof(clx_branch, target), taken, needed, missing, factor }
    KEY(length, length, PIPE, PIPE, 0, 1),
    KEY(diameter, diameter, PIPE, PIPE, 0, 1),
    KEY(roughness, roughness, PIPE, 0, 4.5e-5, 1),  // commercial steel: 0.045 mm (Moody 1944; 0.00015 ft)
    KEY(minor, minor, PIPE, 0, 0, 1),
    KEY(pressure, pressure, RESISTANCE | CHECK | PUMP, RESISTANCE | CHECK, 0, 1),
    KEY(flow, design, RESISTANCE | CHECK | PUMP, RESISTANCE | CHECK | PUMP, 0, 1),
    KEY(flow, pump.flow, RESISTANCE | CHECK | PUMP, RESISTANCE | CHECK | PUMP, 0, 1),
    KEY(exponent, exponent, RESISTANCE | CHECK, 0, 2, 1),
    KEY(kv, kv, VALVE, VALVE, 0, 3600),  // m3/h
    KEY(position, position, VALVE, 0, 1, 1),
    KEY(rangeability, rangeability, VALVE, 0, 0, 1),
    KEY(head, pump.head, PUMP, PUMP, 0, 1),
    KEY(speed, speed, PUMP, 0, 1, 1),
#undef KEY
};

static clx_status fill_branch(const clx_hydraulic_branch_spec *spec, clx_branch *branch, clx_error *error) {
  const int32_t kind = 1 << spec->kind;
  const char *title = clx_branch_kind_name[spec->kind];
  *branch = (clx_branch){.name = spec->name, .kind = spec->kind, .units = spec->units, .check = spec->check != 0};
  for (int32_t i = 0; i < CLX_COUNT(keys); i++) {
    const double value = *(const double *)(const void *)((const char *)spec + keys[i].from);
    if (value >= 0 && !(keys[i].taken & kind)) {
      return clx_fail(error, CLX_INPUT, spec->place, "branch '%.60s': '%s' does nothing for a %s", spec->name,
                      keys[i].key, title);
    }
    if (!(value >= 0) && (keys[i].needed & kind)) {
      return clx_fail(error, CLX_INPUT, spec->place, "branch '%.60s': a %s needs '%s', expected a number of at least 0",
                      spec->name, title, keys[i].key);
    }
    *(double *)(void *)((char *)branch + keys[i].to) = value >= 0 ? value * keys[i].factor : keys[i].missing;
  }
  if (spec->kind != CLX_BRANCH_PUMP && (spec->pump != NULL || spec->check)) {
    return clx_fail(error, CLX_INPUT, spec->place, "branch '%.60s': '%s' does nothing for a %s", spec->name,
                    spec->pump != NULL ? "mover" : "check", title);
  }
  if (spec->kind == CLX_BRANCH_PUMP && spec->mover == NULL) {
    return clx_fail(error, CLX_INPUT, spec->place,
                    "branch '%.60s': a pump needs 'mover', expected an entry of catalogue/mover", spec->name);
  }
  branch->pump.mover = spec->mover;
  return CLX_OK;
}

// Checks without a place get that of `place`.
static clx_status at(clx_place place, clx_status status, const clx_error *found, clx_error *error) {
  if (status == CLX_OK) return CLX_OK;
  return clx_fail(error, status, place, "%s", found->count > 0 ? found->mistake[0].text : clx_status_text(status));
}

static int32_t add_node(clx_arena *arena, clx_names *names, const char *name) {
  return clx_names_add(arena, names, name, strlen(name));
}

static clx_status build_branches(const clx_hydraulic_spec *spec, clx_arena *arena, clx_hydraulic *net, clx_names *nodes,
                                 clx_error *error) {
  clx_names names = {0};
  for (int32_t i = 0; i < spec->branch_count; i++) {
    const clx_hydraulic_branch_spec *from = &spec->branches[i];
    const int32_t number = add_node(arena, &names, from->name);
    if (number < 0) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    if (number < i) {
      return clx_fail(error, CLX_INPUT, from->place, "a branch '%.60s' stands in line %d, too; expected another name",
                      from->name, spec->branches[number].place.line);
    }
    CLX_TRY(fill_branch(from, &net->branch[i], error));
    net->branch[i].from = add_node(arena, nodes, from->from);
    net->branch[i].to = add_node(arena, nodes, from->to);
    if (net->branch[i].from < 0 || net->branch[i].to < 0) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    if (net->branch[i].from == net->branch[i].to) {
      return clx_fail(error, CLX_INPUT, from->place, "branch '%.60s': from and to are both '%.60s', expected two nodes",
                      from->name, from->to);
    }
  }
  return CLX_OK;
}

static clx_status build_nodes(const clx_hydraulic_spec *spec, clx_arena *arena, clx_hydraulic *net,
                              const clx_names *nodes, clx_error *error) {
  net->node = nodes->name;
  net->node_count = nodes->count;
  net->height = CLX_NEW_ARRAY(arena, double, nodes->count);
  net->inflow = CLX_NEW_ARRAY(arena, double, nodes->count);
  net->pressure = CLX_NEW_ARRAY(arena, double, nodes->count);
  if (!net->height || !net->inflow || !net->pressure) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < nodes->count; i++) net->pressure[i] = NAN;
  for (int32_t i = 0; i < spec->node_count; i++) {  // they were named first: node i is line i
    net->height[i] = spec->nodes[i].height;
    net->inflow[i] = spec->nodes[i].inflow;
    if (spec->nodes[i].pressure_place.line > 0) net->pressure[i] = spec->nodes[i].pressure;
  }
  return CLX_OK;
}

static clx_status build_fluid(const clx_hydraulic_spec *spec, clx_hydraulic *net, clx_error *error) {
  clx_fluid fluid;
  clx_fluid_state state = {0};
  clx_error found = {0};
  if (!clx_fluid_named(spec->fluid, &fluid)) {
    return clx_fail(error, CLX_INPUT, spec->place, "fluid is '%.60s', expected water, pg25, pg40 or air", spec->fluid);
  }
  CLX_TRY(at(spec->place, clx_fluid_at(&fluid, spec->temperature, &state, &found), &found, error));
  net->density = state.density;
  net->viscosity = state.viscosity;
  return CLX_OK;
}

clx_status clx_hydraulic_build(const clx_hydraulic_spec *spec, clx_arena *arena, clx_hydraulic *net, clx_error *error) {
  *net = (clx_hydraulic){.friction = spec->friction, .branch_count = spec->branch_count};
  if (spec->branch_count < 1 || spec->branch_count > CLX_HYDRAULIC_BRANCHES_MAX) {
    return clx_fail(error, CLX_INPUT, spec->place, "network: %d branches, expected 1 to %d", (int)spec->branch_count,
                    CLX_HYDRAULIC_BRANCHES_MAX);
  }
  CLX_TRY(build_fluid(spec, net, error));
  net->branch = CLX_NEW_ARRAY(arena, clx_branch, spec->branch_count);
  clx_names *nodes = CLX_NEW(arena, clx_names);
  if (!net->branch || !nodes) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < spec->node_count; i++) {
    const int32_t number = add_node(arena, nodes, spec->nodes[i].name);
    if (number < 0) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    if (number == i) continue;
    return clx_fail(error, CLX_INPUT, spec->nodes[i].place,
                    "a node '%.60s' stands in line %d, too; expected another name", spec->nodes[i].name,
                    spec->nodes[number].place.line);
  }
  CLX_TRY(build_branches(spec, arena, net, nodes, error));
  CLX_TRY(build_nodes(spec, arena, net, nodes, error));
  clx_error found = {0};
  return at(spec->place, clx_hydraulic_check(net, &found), &found, error);
}
