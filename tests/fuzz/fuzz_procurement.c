// Any text as orders of several buyers: finite bands and books that balance, or a mistake that says what.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "catalog/catalog.h"
#include "supply/supply_order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const clx_procurement *p, const clx_delivery *d) {
  double ordered = 1;
  for (int32_t i = 0; i < p->order_count; i++) ordered += p->purchase[i].quantity;
  if (!(d->unbalanced <= 1e-6 * ordered)) abort();
  for (int32_t b = 0; b < p->buyer_count; b++) {
    for (int32_t w = 0; w < p->weeks; w++)
      if (!isfinite(d->buyer[b].received[w].high)) abort();
    if (!isfinite(d->buyer[b].paid.mean) || !isfinite(d->buyer[b].stored_cost.mean)) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static clx_catalog *catalog;
  clx_error error;
  clx_error_clear(&error);
  if (catalog == NULL && clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 0;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_node *root = NULL;
  clx_procurement p;
  clx_delivery d;
  clx_status status = clx_document_read(arena, "o.yaml", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_procurement_read(catalog, root, arena, &p, &error);
  if (status == CLX_OK)
    status = clx_procurement_run(&p, &(clx_delivery_settings){.seed = 1, .replicas = 2}, arena, &d, &error);
  if (status == CLX_OK) check(&p, &d);
  if (status != CLX_OK && (error.count == 0 || error.mistake[0].text[0] == 0)) abort();
  clx_arena_free(arena);
  return 0;
}
