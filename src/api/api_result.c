// The public functions on results, schemas and texts.
#include <stdlib.h>
#include <string.h>

#include "api/api_internal.h"
#include "catalog/catalog.h"
#include "engine/engine_spec.h"
#include "network/network_schedule.h"
#include "report/report.h"
#include "requests/requests_spec.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

const char *clx_version(void) { return "0.1.0"; }

void clx_text_free(char *text) { free(text); }

void clx_run_options_default(clx_run_options *options) {
  *options = (clx_run_options){.seed = CLX_DEFAULT_SEED, .threads = 1};
}

clx_status clx_scenario_run(const clx_scenario *scenario, const clx_run_options *options, clx_result **out,
                            clx_error *error) {
  *out = NULL;
  clx_result *result = clx_result_new();
  if (result == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = clx_twin_run(scenario, options, result, error);
  if (status != CLX_OK) {
    clx_result_free(result);
    return status;
  }
  *out = result;
  return CLX_OK;
}

clx_status clx_api_hand_over(clx_status status, clx_buffer *buffer, char **text, clx_error *error) {
  *text = NULL;
  if (status == CLX_OK && (buffer->failed || buffer->data == NULL))
    status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK) {
    *text = buffer->data;
  } else {
    clx_buffer_free(buffer);
  }
  return status;
}

clx_status clx_api_make(const clx_result *result, const clx_api_maker *makers, int32_t count, const char *kind,
                        const char *name, char **text, clx_error *error) {
  clx_buffer out = {0}, list = {0};
  *text = NULL;
  for (int32_t i = 0; i < count; i++) {
    if (!clx_text_equal(makers[i].name, name)) continue;
    makers[i].write(result, &out);
    return clx_api_hand_over(CLX_OK, &out, text, error);
  }
  for (int32_t i = 0; i < count; i++) clx_buffer_format(&list, "%s%s", i > 0 ? ", " : "", makers[i].name);
  const clx_status status =
      clx_fail_plain(error, CLX_INPUT, "no %s '%s': there are %s", kind, name, list.data != NULL ? list.data : "");
  clx_buffer_free(&list);
  return status;
}

clx_status clx_result_text(const clx_result *result, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_text(result, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_result_json(const clx_result *result, char **text, clx_error *error) {
  clx_buffer out = {0};
  return clx_api_hand_over(clx_result_write_json(result, &out, error), &out, text, error);
}

clx_status clx_result_compare(const clx_result *a, const clx_result *b, bool json, char **text, clx_error *error) {
  clx_buffer out = {0};
  return clx_api_hand_over(clx_report_compare(a, b, json, &out, error), &out, text, error);
}

// Sections with a page of their own; what else there is are the kinds of the catalogue.
static const struct {
  const char *name;
  const clx_schema *schema;
} PARTS[] = {{"scenario", &clx_scenario_schema},
             {"serving", &clx_serve_schema},
             {"requests", &clx_requests_schema},
             {"simulate-requests", &clx_engine_spec_schema},
             {"schedule", &clx_schedule_schema}};

static const clx_schema *schema_of(const char *part) {
  if (part == NULL) return &clx_scenario_schema;
  for (int32_t i = 0; i < CLX_COUNT(PARTS); i++)
    if (clx_text_equal(part, PARTS[i].name)) return PARTS[i].schema;
  return clx_catalog_schema(part);
}

static clx_status no_schema(const char *part, clx_error *error) {
  const char *names[48];
  int32_t count = 0;
  for (; count < CLX_COUNT(PARTS); count++) names[count] = PARTS[count].name;
  for (int32_t i = 0; count < CLX_COUNT(names) && clx_catalog_kind(i) != NULL; i++)
    names[count++] = clx_catalog_kind(i);
  const char *near = clx_nearest(part, names, count);
  return clx_fail_plain(error, CLX_INPUT, "no schema '%s'%s%s%s", part,
                        near != NULL ? "; did you mean '"
                                     : ": there are scenario, serving, requests, simulate-requests, schedule and the "
                                       "catalogue kinds",
                        near != NULL ? near : "", near != NULL ? "'?" : "");
}

clx_status clx_schema_show(const char *part, bool json, char **text, clx_error *error) {
  clx_buffer out = {0};
  *text = NULL;
  const clx_schema *schema = schema_of(part);
  if (schema == NULL) return no_schema(part, error);
  if (json) {
    clx_schema_json(schema, &out);
  } else {
    clx_schema_text(schema, &out);
  }
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
