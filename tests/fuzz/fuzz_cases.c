// Any text as a case: closed forms, figures of cost and of buildout answered and judged, or a mistake with a sentence; never a crash. Runs of
// scenarios are only read: fuzz_scenario runs them.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "validate/validate_cases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const clx_catalog *the_catalog(void) {
  static clx_catalog *catalog;
  clx_error error;
  clx_error_clear(&error);
  if (catalog == NULL && clx_catalog_open(NULL, &catalog, &error) != CLX_OK) abort();
  return catalog;
}

static void show(clx_case *of, clx_case_outcome *outcome) {
  const clx_case_list list = {of, 1};
  clx_buffer text = {0}, json = {0};
  clx_cases_text(&list, &outcome, &text);
  clx_cases_json(&list, &outcome, &json);
  if (text.failed || json.failed) abort();
  clx_buffer_free(&text);
  clx_buffer_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_error error;
  clx_error_clear(&error);
  clx_node *root = NULL;
  clx_case of;
  clx_status status = clx_document_read(arena, "c.yaml", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_case_read(arena, the_catalog(), root, &of, &error);
  if (status == CLX_OK && (strcmp(of.kind->key, "form") == 0 || strcmp(of.kind->key, "cost") == 0 ||
                           strcmp(of.kind->key, "buildout") == 0)) {
    clx_case_outcome *outcome = CLX_NEW_ARRAY(arena, clx_case_outcome, of.row_count);
    status = clx_case_evaluate(arena, the_catalog(), &of, 1, outcome, &error);
    for (int32_t i = 0; status == CLX_OK && i < of.row_count; i++) {
      if (!isfinite(outcome[i].value) || !isfinite(outcome[i].tolerance)) abort();
    }
    if (status == CLX_OK) show(&of, outcome);
  }
  if (status == CLX_INTERNAL || (status != CLX_OK && error.mistake[0].text[0] == 0)) abort();
  clx_arena_free(arena);
  return 0;
}
