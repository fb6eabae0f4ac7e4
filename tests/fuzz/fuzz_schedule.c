// Any text as a schedule, played on a small network: a finite time, or a mistake.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "document/document.h"
#include "network/network_schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const clx_plain_dimension dimensions[] = {{4, 0, 4e9, 1e-6}, {4, 1, 1e9, 2e-6}};
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_error error;
  clx_error_clear(&error);
  clx_node *root = NULL;
  clx_schedule schedule;
  clx_wires wires;
  clx_schedule_outcome out;
  clx_status status = clx_wires_plain(arena, dimensions, 2, true, &wires, &error);
  if (status == CLX_OK) status = clx_document_read(arena, "s.yaml", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_schedule_read(arena, root, &schedule, &error);
  // Rounds that share links are followed one by one: a million of them are no fault.
  bool long_one = false;
  for (int32_t i = 0; status == CLX_OK && i < schedule.round_count; i++)
    long_one = long_one || schedule.round[i].repeat > 100;
  if (status == CLX_OK && !long_one) {
    status = clx_schedule_play(arena, &schedule, &wires, &out, &error);
    if (status == CLX_OK && !(isfinite(out.time) && out.time >= 0 && isfinite(out.bytes))) abort();
    if (status == CLX_INTERNAL) abort();
  }
  if (status != CLX_OK && (error.count == 0 || error.mistake[0].text[0] == 0)) abort();
  clx_arena_free(arena);
  return 0;
}
