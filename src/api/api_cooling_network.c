// The public functions on networks of pipes.
#include <stdio.h>

#include "api/api_internal.h"
#include "catalog/catalog.h"
#include "cooling/cooling_hydraulic.h"
#include "report/report.h"
#include "result/result.h"

enum { NAME = 192, MOST = 5000 };  // branches or nodes of a result: each is found by name among all before it

static clx_status put(clx_result *result, const char *what, const char *part, double value, const char *unit,
                      const char *doc, clx_error *error) {
  char slug[NAME / 2], name[NAME];
  snprintf(name, sizeof name, "network.%s.%s", what, clx_result_slug(part, slug, sizeof slug));
  return clx_result_add(result, name, value, unit, value, value, doc, error);
}

static clx_status say(clx_result *result, const char *what, const char *part, const char *text, clx_error *error) {
  char slug[NAME / 2], name[NAME];
  snprintf(name, sizeof name, "network.%s.%s", what, clx_result_slug(part, slug, sizeof slug));
  return clx_result_add_text(result, name, text, error);
}

static clx_status put_branches(const clx_hydraulic *net, const clx_hydraulic_state *state, clx_result *result,
                               clx_error *error) {
  for (int32_t i = 0; i < net->branch_count && i < MOST; i++) {
    const clx_branch *b = &net->branch[i];
    const double loss = clx_branch_loss(net, b, state->flow[i], NULL);
    CLX_TRY(put(result, "flow", b->name, state->flow[i], "m3/s", "of one unit, positive from its first node", error));
    CLX_TRY(
        put(result, "loss", b->name, loss, "Pa", "along it in that direction; a pump's head counts negative", error));
    CLX_TRY(put(result, "units", b->name, b->units > 0 ? b->units : 1, "", "equal ones in parallel", error));
    CLX_TRY(say(result, "kind", b->name, clx_branch_kind_name[b->kind], error));
    CLX_TRY(say(result, "from", b->name, net->node[b->from], error));
    CLX_TRY(say(result, "to", b->name, net->node[b->to], error));
  }
  for (int32_t i = 0; i < net->node_count && i < MOST; i++)
    CLX_TRY(put(result, "pressure", net->node[i], state->pressure[i], "Pa",
                "against the surroundings, or the first node", error));
  if (net->branch_count <= MOST && net->node_count <= MOST) return CLX_OK;
  return clx_result_warn(result, error, "the network has %d branches and %d nodes; the first %d of each are listed",
                         net->branch_count, net->node_count, MOST);
}

static clx_status solve(const clx_catalog *catalog, const char *path, clx_arena *arena, clx_result *result,
                        clx_error *error) {
  clx_hydraulic_spec spec = {0};
  clx_hydraulic net = {0};
  clx_hydraulic_state state = {0};
  CLX_TRY(clx_hydraulic_load(catalog, path, arena, &spec, &net, error));
  CLX_TRY(clx_hydraulic_solve(&net, NULL, arena, &state, error));
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } sums[] = {
      {"network.branches", net.branch_count, "", "of the network"},
      {"network.nodes", net.node_count, "", "of the network"},
      {"network.density", net.density, "kg/m3", "of the liquid"},
      {"network.iterations", state.iterations, "", "of Newton's method"},
      {"network.residual", state.energy_residual > state.mass_residual ? state.energy_residual : state.mass_residual,
       "", "of mass or energy, relative: the largest"}};
  CLX_TRY(clx_result_add_text(result, "network.name", spec.name != NULL ? spec.name : path, error));
  if (spec.fluid != NULL) CLX_TRY(clx_result_add_text(result, "network.fluid", spec.fluid, error));
  for (int32_t i = 0; i < CLX_COUNT(sums); i++)
    CLX_TRY(clx_result_add(result, sums[i].name, sums[i].value, sums[i].unit, sums[i].value, sums[i].value, sums[i].doc,
                           error));
  return put_branches(&net, &state, result, error);
}

clx_status clx_cooling_network_run(const clx_catalog *catalog, const char *path, clx_result **out, clx_error *error) {
  *out = NULL;
  clx_arena *arena = clx_arena_new();
  clx_result *result = clx_result_new();
  clx_status status = arena == NULL || result == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                                                      : solve(catalog, path, arena, result, error);
  clx_arena_free(arena);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_cooling_network_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_cooling_network(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
