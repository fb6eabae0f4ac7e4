// What binds, in sentences: read off the shares, the elasticities and the changes that were tried.
#include <stdio.h>
#include <string.h>

#include "twin/twin_why.h"
#include "unit/unit.h"

enum { SENTENCE = 400, NAMED = 3, INPUTS_MAX = 64 };

static const double NOTABLE = 0.03;      // share of the step: a part that gets a sentence of its own
static const double NOTICEABLE = 0.002;  // relative change worth a word

// Groups of parts for people, and what makes a part smaller.
static const struct {
  const char *part, *advice;
} ADVICE[] = {
    {"stream", "more fusion, faster memory, or norms split by sequence parallelism"},
    {"recompute", "a layout that leaves memory for more activations"},
    {"tp_exposed", "a smaller tp, more of it behind GEMMs (tp_overlap) or faster NVLink"},
    {"cp_exposed", "a smaller cp, or more attention to hide behind"},
    {"ep_exposed",
     "a smaller ep, expert groups inside the NVLink domain, or more of it behind compute (expert_overlap)"},
    {"pp_exposed", "transfers behind compute (pp_overlap), fewer chunks (vpp) or stages"},
    {"dp_exposed", "more micro-batches to hide it behind, or faster NICs"},
    {"contention",
     "transfers that share NICs with gradients: a layout that keeps one of them inside the NVLink domain"},
    {"bubble", "more micro-batches in a step, more chunks (vpp), fewer stages (pp) or a zero-bubble schedule"},
    {"optimizer", "a sharded optimizer over more ranks, or a larger batch for each step"},
    {"launch", "CUDA graphs, larger micro-batches or more fusion: the host cannot start kernels fast enough"},
    {"jitter", "GPUs of equal speed: find and replace the slowest"},
};

static const char *title_of(const clx_result *r, const clx_quantity *q) {
  const char *title = clx_result_fact_beside(r, q, "title");
  return title != NULL ? title : q->name;
}

typedef struct answers {
  clx_result *result;
  int32_t count;
} answers;

static clx_status say(answers *a, clx_error *error, const char *format, ...) __attribute__((format(printf, 3, 4)));

static clx_status say(answers *a, clx_error *error, const char *format, ...) {
  char text[SENTENCE], name[32];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  snprintf(name, sizeof name, "why.answer_%d", ++a->count);
  return clx_result_add_text(a->result, name, text, error);
}

static clx_status say_groups(answers *a, clx_error *error) {
  clx_ranking group[8];
  char text[SENTENCE] = "", step[32];
  size_t n = 0;
  const int32_t count = clx_result_rank(a->result, "why.group.", "", false, group, CLX_COUNT(group));
  for (int32_t i = 0; i < count; i++) {
    if (group[i].weight < 0.0005 || n >= sizeof text) continue;
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%.1f %% %s", n == 0 ? "" : ", ", 100 * group[i].weight,
                          group[i].quantity->doc);
  }
  const double time = clx_result_value(a->result, "training.step_time", 0);
  return say(a, error, "Of the step of %s: %s.", clx_quantity_format(time, "s", 4, step, sizeof step), text);
}

// Which numbers decide, the strongest first; those of one side, "hardware" or "software".
static clx_status say_inputs(answers *a, const char *side, const char *words, clx_error *error) {
  clx_ranking input[INPUTS_MAX];
  char text[SENTENCE] = "";
  size_t n = 0;
  int32_t named = 0;
  const int32_t count = clx_result_rank(a->result, "why.input.", ".effect", true, input, INPUTS_MAX);
  for (int32_t i = 0; i < count && named < NAMED && n < sizeof text; i++) {
    const clx_quantity *q = input[i].quantity;
    if (input[i].weight < NOTICEABLE) break;
    if (!clx_text_equal(clx_result_fact_beside(a->result, q, "side"), side)) continue;
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%s (%+.1f %%)", named++ == 0 ? "" : ", ",
                          title_of(a->result, q), 100 * q->value);
  }
  return named == 0 ? CLX_OK : say(a, error, "%s %s.", words, text);
}

static clx_status say_part(answers *a, const clx_quantity *q, clx_error *error) {
  const char *key = strrchr(q->name, '.') + 1;
  for (int32_t i = 0; i < CLX_COUNT(ADVICE); i++) {
    if (strcmp(ADVICE[i].part, key) != 0) continue;
    return say(a, error, "%.1f %% is %s; what shortens it: %s.", 100 * q->value, q->doc, ADVICE[i].advice);
  }
  return CLX_OK;
}

static clx_status say_parts(answers *a, clx_error *error) {
  clx_ranking part[4];
  const int32_t count = clx_result_rank(a->result, "why.share.", "", false, part, CLX_COUNT(part));
  for (int32_t i = 0; i < count; i++) {
    if (part[i].weight >= NOTABLE) CLX_TRY(say_part(a, part[i].quantity, error));
  }
  return CLX_OK;
}

static clx_status say_moves(answers *a, clx_error *error) {
  clx_ranking move[1];
  if (clx_result_rank(a->result, "why.move.", ".gain", false, move, 1) == 0) return CLX_OK;
  if (move[0].weight < NOTICEABLE) {
    return say(a, error, "No single change of layout or software that was tried and fits is faster.");
  }
  return say(a, error, "The best single change that was tried and fits: %s, %+.1f %% throughput.",
             title_of(a->result, move[0].quantity), 100 * move[0].weight);
}

clx_status clx_why_answers(clx_result *result, clx_error *error) {
  answers a = {.result = result};
  CLX_TRY(say_groups(&a, error));
  CLX_TRY(say_inputs(&a, "hardware", "Of the hardware it answers most, for 10 % more, to:", error));
  CLX_TRY(say_inputs(&a, "software", "Of software and routing, for 10 % or 10 points more, to:", error));
  CLX_TRY(say_parts(&a, error));
  return say_moves(&a, error);
}
