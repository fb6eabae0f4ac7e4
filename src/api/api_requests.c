// The public functions on traces of requests.
#include <stdio.h>
#include <string.h>

#include "api/api_internal.h"
#include "report/report_requests.h"
#include "requests/requests_spec.h"
#include "result/result.h"
#include "twin/twin_serving.h"

enum { TENANTS_MAX = 32 };  // that a result names

struct clx_request_trace {
  clx_arena *arena;
  clx_result *result;
  clx_requests requests;
};

// --- results ----------------------------------------------------------------------------------------------------------------------

static clx_status put(clx_result *result, const char *name, double value, const char *unit, const char *doc,
                      clx_error *error) {
  char full[128];
  snprintf(full, sizeof full, "requests.%s", name);
  return clx_result_add(result, full, value, unit, value, value, doc, error);
}

static clx_status put_lengths(clx_result *result, const char *of, const clx_length_summary *s, clx_error *error) {
  const struct {
    const char *name, *doc;
    double value;
  } row[] = {{"mean", "tokens, mean", s->mean},
             {"p50", "tokens: half of the requests have no more", s->p50},
             {"p90", "tokens: nine requests in ten have no more", s->p90},
             {"p99", "tokens: 99 requests in 100 have no more", s->p99},
             {"most", "tokens of the longest", s->most},
             {"tokens", "of all requests", s->sum}};
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    char name[48];
    snprintf(name, sizeof name, "%s.%s", of, row[i].name);
    CLX_TRY(put(result, name, row[i].value, "", row[i].doc, error));
  }
  return CLX_OK;
}

static clx_status put_tenant(clx_result *result, const clx_requests *requests, int32_t tenant, clx_error *error) {
  double count = 0, prompt = 0, output = 0;
  char slug[64], name[96];
  for (int32_t i = 0; i < requests->count; i++) {
    if (requests->item[i].tenant != tenant) continue;
    count++;
    prompt += requests->item[i].prompt;
    output += requests->item[i].output;
  }
  clx_result_slug(requests->tenant_name[tenant], slug, sizeof slug);
  snprintf(name, sizeof name, "tenant.%d_%s.count", tenant + 1, slug);
  CLX_TRY(put(result, name, count, "", "requests of this tenant", error));
  snprintf(name, sizeof name, "tenant.%d_%s.prompt", tenant + 1, slug);
  CLX_TRY(put(result, name, count > 0 ? prompt / count : 0, "", "tokens of its prompts, mean", error));
  snprintf(name, sizeof name, "tenant.%d_%s.output", tenant + 1, slug);
  CLX_TRY(put(result, name, count > 0 ? output / count : 0, "", "tokens of its outputs, mean", error));
  snprintf(name, sizeof name, "requests.tenant.%d_%s.name", tenant + 1, slug);
  return clx_result_add_text(result, name, requests->tenant_name[tenant], error);
}

static clx_status put_tenants(clx_result *result, const clx_requests *r, clx_error *error) {
  if (r->tenant_name == NULL) return CLX_OK;
  CLX_TRY(put(result, "tenants", r->tenants, "", "whose requests these are", error));
  for (int32_t t = 0; t < r->tenants && t < TENANTS_MAX; t++) CLX_TRY(put_tenant(result, r, t, error));
  if (r->tenants <= TENANTS_MAX) return CLX_OK;
  return clx_result_warn(result, error, "only the first %d of %d tenants are listed", TENANTS_MAX, r->tenants);
}

static clx_status put_arrivals(clx_result *result, const clx_requests *r, const clx_requests_summary *s,
                               clx_error *error) {
  CLX_TRY(put(result, "count", r->count, "", "requests", error));
  CLX_TRY(put(result, "first", s->first, "s", "arrival of the first", error));
  CLX_TRY(put(result, "last", s->last, "s", "arrival of the last", error));
  if (!(s->rate > 0)) return CLX_OK;
  CLX_TRY(put(result, "rate", s->rate, "1/s", "requests, mean from the first to the last", error));
  CLX_TRY(put(result, "gap_variation", s->gap_variation, "",
              "coefficient of variation of the times between arrivals; 1 = Poisson", error));
  CLX_TRY(put(result, "prompt_rate", s->rate * s->prompt.mean, "token/s", "of prompts, mean", error));
  CLX_TRY(put(result, "output_rate", s->rate * s->output.mean, "token/s", "of outputs, mean", error));
  if (s->minute <= 0) return CLX_OK;
  return put(result, "busiest", s->busiest / s->minute, "", "requests of the busiest minute over those of the mean one",
             error);
}

static clx_status put_blocks(clx_result *result, const clx_requests *r, const clx_requests_summary *s,
                             clx_error *error) {
  if (s->blocks == 0) return CLX_OK;
  CLX_TRY(put(result, "blocks.tokens", r->block_tokens, "", "tokens of a block with a name", error));
  CLX_TRY(put(result, "blocks.count", (double)s->blocks, "", "names of blocks in all prompts", error));
  CLX_TRY(put(result, "blocks.distinct", (double)s->distinct, "", "different ones", error));
  return put(result, "blocks.hits", s->hits, "", "share that stood in a prompt before: what an endless cache finds",
             error);
}

static clx_status put_result(clx_request_trace *trace, const char *path, const clx_requests_found *found,
                             clx_error *error) {
  clx_requests_summary s;
  clx_result *result = trace->result;
  CLX_TRY(clx_requests_summarise(&trace->requests, &s, error));
  CLX_TRY(clx_result_add_text(result, "requests.file", path, error));
  CLX_TRY(clx_result_add_text(result, "requests.format",
                              found->format == CLX_REQUESTS_AUTO ? "drawn" : clx_requests_format_name[found->format],
                              error));
  CLX_TRY(put_arrivals(result, &trace->requests, &s, error));
  CLX_TRY(put_lengths(result, "prompt", &s.prompt, error));
  CLX_TRY(put_lengths(result, "output", &s.output, error));
  CLX_TRY(put_blocks(result, &trace->requests, &s, error));
  CLX_TRY(put_tenants(result, &trace->requests, error));
  if (found->dropped > 0) {
    CLX_TRY(put(result, "dropped", found->dropped, "", "requests without prompt or output, left out", error));
    CLX_TRY(clx_result_warn(result, error, "%d request%s without prompt or output left out", found->dropped,
                            found->dropped == 1 ? "" : "s"));
  }
  CLX_TRY(clx_twin_serving_warn_requests(&trace->requests, result, error));
  if (found->timed || s.last > 0) return CLX_OK;
  return clx_result_warn(result, error, "no times of arrival: all requests come at once");
}

// --- a trace ----------------------------------------------------------------------------------------------------------------------

bool clx_api_is_yaml(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

// The section itself, of a scenario or alone.
static const clx_node *section_of(const clx_node *root) {
  const clx_node *serving = clx_node_get(root, "serving");
  const clx_node *requests = serving != NULL ? clx_node_get(serving, "requests") : NULL;
  return requests != NULL ? requests : root;
}

static clx_status read_spec(clx_arena *arena, const char *path, const clx_setting *settings, int32_t setting_count,
                            clx_requests_spec *spec, clx_error *error) {
  clx_node *root = NULL;
  CLX_TRY(clx_api_is_yaml(path) ? clx_document_load(arena, path, &root, error)
                                : clx_document_read(arena, path, "", 0, &root, error));
  clx_node *section = (clx_node *)section_of(root);
  for (int32_t i = 0; i < setting_count; i++)
    CLX_TRY(clx_node_set(arena, section, settings[i].path, settings[i].value, error));
  CLX_TRY(clx_schema_read(&clx_requests_schema, section, false, arena, spec, error));
  if (!clx_api_is_yaml(path)) spec->trace = path;
  return CLX_OK;
}

// The folder of a spec, where its relative paths start; NULL = here.
static clx_status folder_of(clx_arena *arena, const char *path, const char **folder, clx_error *error) {
  const char *slash = strrchr(path, '/');
  *folder = NULL;
  if (!clx_api_is_yaml(path) || slash == NULL) return CLX_OK;
  *folder = clx_arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
  return *folder != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

clx_status clx_api_requests_make(clx_arena *arena, const char *path, const clx_setting *settings, int32_t setting_count,
                                 clx_requests *out, clx_requests_found *found, clx_error *error) {
  clx_requests_spec spec;
  const char *folder = NULL;
  CLX_TRY(read_spec(arena, path, settings, setting_count, &spec, error));
  CLX_TRY(folder_of(arena, path, &folder, error));
  return clx_requests_make(&spec, folder, arena, out, found, error);
}

static clx_status open_trace(clx_request_trace *trace, const char *path, const clx_setting *settings,
                             int32_t setting_count, clx_error *error) {
  clx_requests_found found = {0};
  CLX_TRY(clx_api_requests_make(trace->arena, path, settings, setting_count, &trace->requests, &found, error));
  return put_result(trace, path, &found, error);
}

clx_status clx_request_trace_open(const char *path, const clx_setting *settings, int32_t setting_count,
                                  clx_request_trace **out, clx_error *error) {
  *out = NULL;
  clx_arena *arena = clx_arena_new();
  clx_request_trace *trace = arena != NULL ? CLX_NEW(arena, clx_request_trace) : NULL;
  clx_result *result = clx_result_new();
  clx_status status = CLX_MEMORY;
  if (trace != NULL && result != NULL) {
    *trace = (clx_request_trace){.arena = arena, .result = result};
    status = open_trace(trace, path, settings, setting_count, error);
  } else {
    clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  if (status == CLX_OK) {
    *out = trace;
    return CLX_OK;
  }
  clx_result_free(result);
  clx_arena_free(arena);
  return status;
}

void clx_request_trace_free(clx_request_trace *trace) {
  if (trace == NULL) return;
  clx_result_free(trace->result);
  clx_arena_free(trace->arena);
}

const clx_result *clx_request_trace_result(const clx_request_trace *trace) { return trace->result; }

clx_status clx_request_trace_text(const clx_request_trace *trace, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_requests(trace->result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_request_trace_write(const clx_request_trace *trace, const char *format, char **data, size_t *size,
                                   clx_error *error) {
  clx_requests_format f = CLX_REQUESTS_AUTO;
  clx_buffer out = {0};
  while (f < CLX_REQUESTS_FORMATS && !clx_text_equal(format, clx_requests_format_name[f])) f++;
  *data = NULL;
  *size = 0;
  if (f == CLX_REQUESTS_FORMATS)
    return clx_fail_plain(error, CLX_INPUT, "no format '%.60s': there are mooncake and csv", format);
  const clx_status written = clx_requests_write(&trace->requests, f, &out, error);
  const size_t length = out.length;
  const clx_status status = clx_api_hand_over(written, &out, data, error);
  if (status == CLX_OK) *size = length;
  return status;
}
