// Captured graphs of an engine: which of them an iteration replays, and what it is padded to. docs/model/serving/step_time.md, "Captured graphs".
#include <math.h>

#include "serving/serving_internal.h"

const char *const clx_capture_unit_name[CLX_CAPTURE_UNITS + 1] = {"tokens", "sequences", NULL};

typedef struct sizes {
  const int32_t *size;
  int32_t count;
} sizes;

static sizes sizes_of(const clx_serving *s) {
  if (s->capture_count > 0) return (sizes){s->capture_sizes, s->capture_count};
  return (sizes){s->engine->rules.capture_sizes, s->engine->rules.capture_sizes_count};
}

// The least captured size that holds `amount`; 0: none.
static int32_t size_for(const sizes *list, double amount) {
  int32_t low = 0, high = list->count;
  while (low < high) {
    const int32_t middle = (low + high) / 2;
    if (list->size[middle] < amount) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < list->count ? list->size[low] : 0;
}

static double padded_tokens(const clx_serving *s, const sizes *list, const clx_engine_step *step, double tokens) {
  if (s->engine->rules.captures == CLX_CAPTURE_TOKENS) return size_for(list, tokens);
  return (double)size_for(list, step->decodes) * step->verified;
}

clx_graph_use clx_serving_graph(const clx_serving *s, const clx_engine_step *step, double tokens) {
  const clx_engine_rules *rules = &s->engine->rules;
  const sizes list = sizes_of(s);
  const bool mixed = step->chunks > 0;
  clx_graph_use use = {.tokens = tokens};
  if (s->eager) return use;
  use.replays = !(tokens > 0);  // a rank without work goes along with a dummy of one token
  if (use.replays) return use;
  if (mixed && tokens > rules->mixed_graph_tokens) return use;
  const bool whole = mixed && rules->captures == CLX_CAPTURE_SEQUENCES;  // launches of such prompts are hidden
  if (list.count == 0 || whole) {
    use.replays = mixed || tokens <= rules->graph_tokens;
    return use;
  }
  const double padded = padded_tokens(s, &list, step, tokens);
  if (!(padded >= tokens)) return use;
  return (clx_graph_use){.tokens = padded, .replays = true, .pieces = mixed};
}

double clx_serving_captured(const clx_serving *s, int32_t index) {
  const sizes list = sizes_of(s);
  if (s->eager || index >= list.count) return 0;
  return s->engine->rules.captures == CLX_CAPTURE_TOKENS ? list.size[index] : list.size[index] * (1.0 + s->drafts);
}

// vLLM captures no size beyond twice the sequences that it admits (max_cudagraph_capture_size); the others none beyond these themselves.
int32_t clx_serving_captures(const clx_serving *s, int32_t sequences) {
  const sizes list = sizes_of(s);
  const double most = s->engine->rules.captures == CLX_CAPTURE_TOKENS ? 2.0 * sequences * (1 + s->drafts) : sequences;
  int32_t count = 0;
  if (s->eager) return 0;
  while (count < list.count && list.size[count] <= most) count++;
  return count;
}
