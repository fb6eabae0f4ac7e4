// What a plan found, as quantities.
#include <math.h>
#include <stdio.h>

#include "twin/twin_serving_plan.h"

enum { NAME = 160, TEXT = 512, SLUG = 64 };

typedef struct putting {
  const clx_serve_search *search;
  clx_result *result;
  clx_error *error;
} putting;

static clx_status put(const putting *p, const char *name, double value, const char *unit, const char *doc) {
  char full[NAME + 16];
  snprintf(full, sizeof full, "serve_plan.%s", name);
  return clx_twin_put(p->result, full, value, unit, doc, p->error);
}

static clx_status put_fact(const putting *p, const char *name, const char *text) {
  char full[NAME + 16];
  snprintf(full, sizeof full, "serve_plan.%s", name);
  return clx_result_add_text(p->result, full, text, p->error);
}

static const clx_serve_candidate_spec *candidate_of(const putting *p, int32_t index) {
  return &p->search->scenario->spec.serving.plan.candidate[index];
}

static const char *title_of(const putting *p, int32_t index) {
  const clx_serve_candidate_spec *c = candidate_of(p, index);
  return c->name != NULL ? c->name : c->server;
}

// --- options --------------------------------------------------------------------------------------------------------------

// "9 x TP8, 64 seqs", "64 to 256 seqs" where these limits do the same; "33P TP4 + 8D TP4, 256 seqs" of prefill and decode apart.
static void layout_text(const clx_serve_option *o, char *text, size_t size) {
  static const char *const between[] = {"P ", "D "};
  size_t length = 0;
  for (int32_t k = 0; k < o->pools && length < size; k++) {
    const clx_serving_replica *r = &o->pool[k]->replica;
    const int32_t tp = r->unified ? r->nodes.tp : r->kernels.tp, dp = r->unified ? 1 : r->kernels.dp;
    length +=
        (size_t)snprintf(text + length, size - length, "%s%lld%s%s%d", k > 0 ? " + " : "", (long long)o->replicas[k],
                         o->pools > 1 ? between[k] : " x ", dp > 1 ? "DP" : "TP", dp > 1 ? dp : tp);
    if (r->rules.stages > 1 && length < size)
      length += (size_t)snprintf(text + length, size - length, " PP%d", r->rules.stages);
  }
  const int32_t sequences = o->pool[o->pools - 1]->replica.rules.sequences;
  if (length >= size) return;
  if (o->sequences_most > sequences) {
    snprintf(text + length, size - length, ", %d to %d seqs", sequences, o->sequences_most);
  } else {
    snprintf(text + length, size - length, ", %d seqs", sequences);
  }
}

static clx_status put_option(const putting *p, int32_t number, const clx_serve_option *o) {
  const clx_serving_outcome *s = &o->outcome;
  const clx_serving_replica *last = &o->pool[o->pools - 1]->replica;
  const double tokens = p->search->demand * clx_serve_output_mean(&p->search->requests);
  const struct {
    const char *name;
    double value;
    const char *unit, *doc;
  } rows[] = {{"candidate", o->candidate + 1, "", "number of the hardware"},
              {"replicas", (double)(o->replicas[0] + (o->pools > 1 ? o->replicas[1] : 0)), "", "of all pools"},
              {"gpus", o->gpus, "", "that serve the demand"},
              {"sequences", last->rules.sequences, "", "most at once on a rank"},
              {"tokens", o->pool[0]->replica.rules.tokens, "", "most new ones of an iteration of a rank"},
              {"alike", o->alike, "", "limits of a batch that do the same, this one among them"},
              {"cost_hour", 3600 * o->price, "USD/h", "of all GPUs"},
              {"cost", o->price / tokens, "USD/token", "of an output token at the demand"},
              {"energy", s->energy, "J/token", "of an output token, with all servers"},
              {"power", s->energy * tokens, "W", "of all at the demand"},
              {"output_gpu", tokens / o->gpus, "token/s", "output of a GPU at the demand"},
              {"user", s->user, "token/s", "that a user sees, median"},
              {"ttft_p95", s->ttft.p95, "s", "time to first token"},
              {"tpot_p95", s->tpot.p95, "s", "time per token"},
              {"e2e_p95", s->e2e.p95, "s", "to the last token"},
              {"within", s->within, "", "share of the requests within the promise"},
              {"busy", s->busy, "", "share of the time in which a replica has work"}};
  char name[NAME], text[TEXT];
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    snprintf(name, sizeof name, "option.%d.%s", number, rows[i].name);
    CLX_TRY(put(p, name, rows[i].value, rows[i].unit, rows[i].doc));
  }
  snprintf(name, sizeof name, "option.%d.title", number);
  CLX_TRY(put_fact(p, name, title_of(p, o->candidate)));
  layout_text(o, text, sizeof text);
  snprintf(name, sizeof name, "option.%d.layout", number);
  return put_fact(p, name, text);
}

// --- candidates -----------------------------------------------------------------------------------------------------------

// Why none of a candidate's layouts is left, or what limits those that are.
static void why_text(const putting *p, int32_t index, char *text, size_t size) {
  const clx_serve_refusals *r = &p->search->refused[index];
  const clx_slo_spec *slo = &p->search->slo;
  if (r->broken > 0) {
    snprintf(text, size, "promise: at most %.1f %% of the requests keep it when simulated, %.1f %% should",
             100 * r->best_within, 100 * slo->share);
  } else if (r->beyond > 0) {
    snprintf(text, size, "supply: needs %.0f GPUs or more, %lld can be had", r->least_gpus,
             (long long)candidate_of(p, index)->gpus_most);
  } else if (r->hungry > 0) {
    snprintf(text, size, "power: needs %.4g MW or more, %.4g MW can be had", r->least_power / 1e6,
             p->search->scenario->spec.serving.plan.power_most / 1e6);
  } else if (r->slow > 0 && r->late > 0 && r->least_tpot <= slo->tpot && r->least_ttft <= slo->ttft) {
    snprintf(text, size, "promise: no batch keeps both %.3g s to the first token and %.3g ms a token", slo->ttft,
             1e3 * slo->tpot);
  } else if (r->slow > 0 && r->least_tpot > slo->tpot) {
    snprintf(text, size, "promise: a token takes %.3g ms at least, with %.0f at once, %.3g ms are promised",
             1e3 * r->least_tpot, r->least_sequences, 1e3 * slo->tpot);
  } else if (r->slow + r->late > 0) {
    snprintf(text, size, "promise: the first token takes %.3g s at least, %.3g s are promised", r->least_ttft,
             slo->ttft);
  } else if (r->memory > 0) {
    snprintf(text, size, "memory: %.300s", r->memory_text != NULL ? r->memory_text : "does not fit");
  } else {
    snprintf(text, size, "nothing was tried");
  }
}

static clx_status put_candidate(const putting *p, int32_t index, int32_t fits) {
  const clx_serve_refusals *r = &p->search->refused[index];
  const struct {
    const char *name;
    double value;
    const char *doc;
  } rows[] = {{"tried", r->tried, "layouts and limits of a batch"},
              {"fits", fits, "simulated and within the promise"},
              {"no_memory", r->memory, "that cannot hold the model or a request, or have no such layout"},
              {"slow", r->slow + r->late, "too slow even without queueing"},
              {"short", r->beyond, "that need more GPUs than can be had"},
              {"hungry", r->hungry, "that need more power than can be had"},
              {"broken", r->broken, "simulated and outside of the promise"}};
  char name[NAME], text[TEXT];
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    snprintf(name, sizeof name, "candidate.%d.%s", index + 1, rows[i].name);
    CLX_TRY(put(p, name, rows[i].value, "", rows[i].doc));
  }
  snprintf(name, sizeof name, "candidate.%d.title", index + 1);
  CLX_TRY(put_fact(p, name, title_of(p, index)));
  if (fits > 0) return CLX_OK;
  why_text(p, index, text, sizeof text);
  snprintf(name, sizeof name, "candidate.%d.why", index + 1);
  return put_fact(p, name, text);
}

static clx_status put_curve(const putting *p, int32_t index) {
  double speed[CLX_SERVE_CURVE], gpu[CLX_SERVE_CURVE];
  char name[NAME], slug[SLUG];
  int32_t count = 0;
  for (int32_t k = 0; k < CLX_SERVE_CURVE; k++) {
    const double best = p->search->curve[index * CLX_SERVE_CURVE + k];
    const double next = k + 1 < CLX_SERVE_CURVE ? p->search->curve[index * CLX_SERVE_CURVE + k + 1] : 0;
    if (!(best > 0) || next >= best) continue;  // nothing is slower than the largest batch
    speed[count] = clx_serve_curve_speed(k);
    gpu[count++] = best;
  }
  if (count < 2) return CLX_OK;
  snprintf(name, sizeof name, "serve_plan.pareto.%s", clx_result_slug(title_of(p, index), slug, sizeof slug));
  return clx_result_add_series(p->result, name, "token/s", gpu, "user", "token/s", speed, count, p->error);
}

// Layouts that NVLink does not join are tried where they are asked for.
static clx_status warn_of_spans(const putting *p, int32_t index) {
  const clx_serve_search *x = p->search;
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[index];
  clx_server server;
  clx_device device;
  CLX_TRY(clx_catalog_read(x->scenario->catalog, "server", c->server, c->place, &clx_server_schema, x->arena, &server,
                           p->error));
  CLX_TRY(clx_catalog_read_device(x->scenario->catalog, server.device, c->place, x->arena, &device, p->error));
  int32_t most = 0;
  for (int32_t i = 0; i < c->tp_count; i++) most = c->tp[i] > most ? c->tp[i] : most;
  if (clx_device_is_unified(&device)) return CLX_OK;
  return clx_twin_serving_warn_span(x->scenario, title_of(p, index), &server, most, x->arena, p->result, p->error);
}

// --- all of it ------------------------------------------------------------------------------------------------------------

// Number of the option with the least of something; 0 = none.
static int32_t least(clx_serve_option *const *fit, int32_t fits, double (*of)(const clx_serve_option *)) {
  int32_t best = 0;
  for (int32_t i = 0; i < fits; i++)
    if (best == 0 || of(fit[i]) < of(fit[best - 1])) best = i + 1;
  return best;
}

static double price_of(const clx_serve_option *o) { return o->price; }
static double energy_of(const clx_serve_option *o) { return o->outcome.energy; }
static double gpus_of(const clx_serve_option *o) { return o->gpus; }

static clx_status put_bests(const putting *p, clx_serve_option *const *fit, int32_t fits) {
  const bool priced = fits > 0 && fit[0]->price > 0;
  CLX_TRY(put(p, "best", fits > 0, "", "number of the option that the goal makes best; 0 = none"));
  if (priced) CLX_TRY(put(p, "cheapest", least(fit, fits, price_of), "", "number of the option"));
  CLX_TRY(put(p, "least_energy", least(fit, fits, energy_of), "", "number of the option"));
  return put(p, "fewest_gpus", least(fit, fits, gpus_of), "", "number of the option");
}

clx_status clx_twin_serving_plan_put(const clx_serve_search *x, clx_serve_option *const *fit, int32_t fits,
                                     clx_result *result, clx_error *error) {
  const putting p = {x, result, error};
  const clx_serve_plan_spec *plan = &x->scenario->spec.serving.plan;
  double tried = 0;
  if (x->early != NULL)
    CLX_TRY(clx_result_warn(result, error,
                            "requests of tenant '%.60s' end before a simulated service has been counted: options carry "
                            "less of them; expected a longer trace",
                            x->early));
  CLX_TRY(clx_twin_serving_warn_requests(&x->requests, result, error));
  for (int32_t i = 0; i < plan->candidate_count; i++) tried += x->refused[i].tried;
  CLX_TRY(put_fact(&p, "model", x->scenario->serving.model[x->model].model.name));
  CLX_TRY(put_fact(&p, "goal", clx_serve_goal_name[plan->goal]));
  CLX_TRY(put(&p, "demand", x->demand, "1/s", "requests"));
  CLX_TRY(put(&p, "output", x->demand * clx_serve_output_mean(&x->requests), "token/s", "that they ask for"));
  CLX_TRY(put(&p, "tried", tried, "", "layouts and limits of a batch, screened by their steady state"));
  CLX_TRY(put(&p, "simulated", x->simulated, "", "runs event by event"));
  CLX_TRY(put(&p, "fits", fits, "", "options within the promise"));
  CLX_TRY(put_bests(&p, fit, fits));
  for (int32_t i = 0; i < fits; i++) CLX_TRY(put_option(&p, i + 1, fit[i]));
  for (int32_t i = 0; i < plan->candidate_count; i++) {
    int32_t own = 0;
    for (int32_t k = 0; k < fits; k++) own += fit[k]->candidate == i;
    CLX_TRY(put_candidate(&p, i, own));
    CLX_TRY(put_curve(&p, i));
    CLX_TRY(warn_of_spans(&p, i));
  }
  return CLX_OK;
}
