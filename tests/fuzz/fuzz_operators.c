// Any bytes as a table of operator times: times that are finite for any iteration, or a mistake; never a crash.
#include <math.h>
#include <stdlib.h>

#include "engine/engine_operators.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(clx_operators *operators) {
  static const int32_t some[] = {1, 7, 64, 65, 4000, 1 << 20};
  const clx_step_law law = clx_operators_law(operators);
  for (int32_t k = 0; k < CLX_COUNT(some); k++) {
    for (int32_t n = 0; n < CLX_COUNT(some); n++) {
      const clx_chunk chunk[2] = {{some[k], some[n]}, {some[n], 0}};
      const clx_engine_step step = {.decodes = some[n],
                                    .verified = 1,
                                    .context = (double)some[k] * some[n],
                                    .chunks = k % 3,
                                    .chunk = chunk,
                                    .prompt_tokens = some[k] + some[n]};
      for (int32_t stage = 0; stage < 2; stage++) {
        const double time = law.cost(law.self, &step, 1, stage).time;
        if (!isfinite(time) || time < 0) abort();
      }
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_operator_rules rules = clx_operator_rules_default();
  rules.layers = 4;
  rules.stages = 2;
  rules.expects_all_reduce = true;
  clx_operators *operators = NULL;
  clx_error error = {0};
  if (clx_operators_read(arena, "fuzz", (const char *)data, size, &rules, &operators, &error) == CLX_OK) {
    ask(operators);
  } else if (error.count == 0) {
    abort();
  }
  clx_arena_free(arena);
  return 0;
}
