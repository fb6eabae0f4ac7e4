// A closed loop in its steady state, from two kinds of iteration: with and without prompts.
#include <math.h>

#include "serving/serving_internal.h"

// An iteration has room for `chunk` tokens; where prompts need more, requests queue for it and fewer of them decode.
static double decoding(const clx_serving_load *load, double fresh, double output) {
  const double sequences = fmax(1, load->sequences);
  return load->chunk > 0 ? fmax(1, fmin(sequences, load->chunk / (1 + fresh / output))) : sequences;
}

clx_serving_state clx_serving_steady(const clx_serving *s, const clx_serving_load *load) {
  const double output = fmax(1, load->output), prompt = fmax(1, load->prompt);
  const double cached = fmin(fmax(0, load->cached), prompt - 1), fresh = prompt - cached;
  const double sequences = decoding(load, fresh, output), arrivals = sequences / output;
  // Tokens that a running request has made so far: half of its answer, longer ones being met more often.
  const double made = output / 2 * (1 + fmax(0, load->spread));
  clx_serving_batch batch = {.sequences = sequences, .context = prompt + made};
  // One prompt a request, arriving as others end: Poisson, so that exp(-arrivals) of the iterations carry none.
  clx_serving_state state = {.prefill = -expm1(-arrivals)};
  state.decode = clx_serving_iteration(s, &batch);
  batch.prompts = arrivals / state.prefill;
  batch.prompt = fresh;
  batch.cached = cached;
  state.mixed = clx_serving_iteration(s, &batch);
  const double mean = (1 - state.prefill) * state.decode.time + state.prefill * state.mixed.time;
  const double energy = (1 - state.prefill) * state.decode.energy + state.prefill * state.mixed.energy;
  state.token_time = state.prefill < 0.5 ? state.decode.time : state.mixed.time;
  state.throughput = sequences / mean;
  state.power = (double)s->tp * s->dp * energy / mean;
  state.energy = state.power / state.throughput;
  return state;
}
