#include "twin/twin_reliability.h"

#include <stdio.h>

#include "twin/twin_reliability_site.h"

typedef struct notes {
  clx_result *result;
  clx_error *error;
  clx_status status;
} notes;

static void note(void *context, const char *key, const char *text) {
  notes *n = context;
  char name[128];
  snprintf(name, sizeof name, "reliability.%s", key);
  if (n->status == CLX_OK && n->result != NULL) n->status = clx_result_assume(n->result, n->error, name, text);
}

clx_status clx_twin_reliability_model(clx_twin_reliability_case *c, clx_arena *arena, clx_result *result,
                                      clx_error *error) {
  const clx_scenario *s = c->scenario;
  const clx_reliability_spec *spec = &s->spec.reliability;
  if (spec->failures == NULL)
    return clx_fail(error, CLX_INPUT, spec->place,
                    "the scenario has no section 'reliability': it names the failures of a fleet (colossus catalogue "
                    "ls failures)");
  clx_reliability_site site;
  notes n = {.result = result, .error = error};
  CLX_TRY(clx_twin_reliability_site(s, &c->job, &c->step, arena, &site, error));
  CLX_TRY(clx_reliability_compile(spec, &s->failures, &site, arena, &c->model, note, &n, error));
  return n.status;
}

clx_status clx_twin_reliability_solve(clx_twin_reliability_case *c, const clx_twin_reliability_options *options,
                                      clx_arena *arena, clx_error *error) {
  static const double WINDOW = 3600;  // s, the sliding window of ByteRobust
  const clx_reliability_spec *spec = &c->scenario->spec.reliability;
  const clx_reliability_options all = {
      .seed = options->seed,
      .replications = options->replications > 0 ? options->replications : spec->replications,
      .threads = options->threads,
      .samples = options->samples,
      .window = WINDOW,
      .confidence = spec->confidence,
      .progress = options->progress,
      .context = options->context};
  c->aggregate = !options->component && clx_reliability_is_renewal(&c->model);
  if (c->aggregate) return clx_reliability_renew(&c->model, &all, arena, &c->outcome, error);
  return clx_reliability_simulate(&c->model, &all, arena, &c->outcome, error);
}
