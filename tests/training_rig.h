// A job of catalogue entries on a plain network, for tests of the step.
#pragma once

#include "check.h"

#include "catalog/catalog.h"
#include "training/training.h"

static clx_catalog *catalog;
static clx_arena *arena;
static const clx_library IDEAL = {.name = "ideal", .ideal = 1};
static const clx_network FABRIC = {.domain = 8, .nvlink = 450e9, .nic = 50e9, .nic_efficiency = 1};

typedef struct bench {
  clx_transformer model;
  clx_device device;
  clx_software software;
  clx_network network;
  clx_training job;
} bench;

static void bench_make(bench *b, const char *model, const char *software, clx_layout layout) {
  clx_error error = {0};
  const clx_place none = {0};
  assert_int_equal(clx_catalog_read(catalog, "model", model, none, &clx_model_schema, arena, &b->model, &error),
                   CLX_OK);
  assert_int_equal(clx_transformer_complete(&b->model, none, &error), CLX_OK);
  assert_int_equal(clx_catalog_read_device(catalog, "h100_sxm", none, arena, &b->device, &error), CLX_OK);
  assert_int_equal(
      clx_catalog_read(catalog, "software", software, none, &clx_software_schema, arena, &b->software, &error), CLX_OK);
  b->network = FABRIC;
  b->network.device = &b->device;
  assert_int_equal(clx_catalog_read_library(catalog, "nccl", none, arena, &b->network.library, &error), CLX_OK);
  assert_int_equal(clx_catalog_read_transport(catalog, "infiniband", none, arena, &b->network.transport, &error),
                   CLX_OK);
  layout.recompute_share = 1;
  if (layout.vpp == 0) layout.vpp = 1;
  if (layout.cp == 0) layout.cp = 1;
  if (layout.ep == 0) layout.ep = 1;
  layout.etp = 1;
  if (layout.micro_batch == 0) layout.micro_batch = 1;
  layout.sequence_parallel = layout.tp > 1;
  b->job = (clx_training){.model = &b->model,
                          .device = &b->device,
                          .network = &b->network,
                          .software = &b->software,
                          .layout = layout,
                          .precision = CLX_PRECISION_BF16,
                          .sequence = 4096,
                          .global_batch = 256};
}

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  arena = clx_arena_new();
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK && arena != NULL ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  clx_arena_free(arena);
  clx_catalog_close(catalog);
  return 0;
}
