// A model on GPUs as tests of serving need it, with what it points to.
#pragma once

#include "check.h"

#include "catalog/catalog.h"
#include "serving/serving.h"

typedef struct serving_rig {
  clx_arena *arena;
  clx_transformer model;
  clx_device device;
  clx_engine engine;
  clx_serving serving;
} serving_rig;

// How a model is spread. `engine`: of the catalogue; NULL = vLLM of the tables of energy.
typedef struct serving_spread {
  const char *model, *device, *engine;
  clx_weights weights;
  int32_t tp, dp, ep;
} serving_spread;

// Takes an arena of its own, which serving_rig_close frees. Experts are cut over what is left of the GPUs.
static inline void serving_rig_open(serving_rig *f, clx_catalog *catalog, const serving_spread *s) {
  const clx_place none = {0};
  clx_error error = {0};
  *f = (serving_rig){.arena = clx_arena_new()};
  assert_non_null(f->arena);
  if (clx_catalog_read_device(catalog, s->device, none, f->arena, &f->device, &error) != CLX_OK ||
      clx_catalog_read(catalog, "model", s->model, none, &clx_model_schema, f->arena, &f->model, &error) != CLX_OK ||
      (s->engine != NULL && clx_catalog_read(catalog, "engine", s->engine, none, &clx_serving_engine_schema, f->arena,
                                             &f->engine, &error) != CLX_OK) ||
      clx_transformer_complete(&f->model, none, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  f->serving = (clx_serving){.model = &f->model,
                             .device = &f->device,
                             .engine = s->engine != NULL ? &f->engine : clx_engine_find("vllm"),
                             .weights = s->weights,
                             .tp = s->tp,
                             .dp = s->dp,
                             .ep = s->ep,
                             .etp = f->model.experts > 0 ? s->tp * s->dp / s->ep : 1,
                             .sorts = s->engine == NULL,
                             .routing = 1.2};
  if (clx_serving_check(&f->serving, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

static inline void serving_rig_close(serving_rig *f) { clx_arena_free(f->arena); }
