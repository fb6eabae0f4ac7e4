// What a row of a table of serving benchmarks says: engine, model, formats, layouts.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "validate/validate_benchmark_row.h"

// A whole number from 1 to 100,000; blank and 0 give `otherwise` (0: refused).
static bool count_of(clx_benchmark_row *r, const char *column, int32_t otherwise, int32_t *value) {
  const int32_t at = clx_table_column(&r->base.job->table, column);
  const char *text = clx_table_cell(&r->base.job->table, r->base.row, at);
  double number = 0;
  *value = otherwise;
  if (text[0] == '\0' && otherwise > 0) return true;
  if (!clx_table_number(&r->base.job->table, r->base.row, at, &number) || number != floor(number) || number > 1e6 ||
      number < 0)
    return clx_table_row_refuse(&r->base, "column '%s': expected a whole number from 1 to 1,000,000, read '%.40s'",
                                column, text);
  if (number == 0 && otherwise > 0) return true;
  if (number < 1)
    return clx_table_row_refuse(&r->base, "column '%s': expected a whole number from 1 on, read '%.40s'", column, text);
  *value = (int32_t)number;
  return true;
}

static bool read_device(clx_benchmark_row *r) {
  clx_error error = {0};
  const char *name = clx_table_row_text(&r->base, "system");
  if (name[0] == '\0') return clx_table_row_refuse(&r->base, "column 'system' is blank");
  if (clx_catalog_read_device(r->base.job->catalog, name, (clx_place){0}, r->arena, &r->device, &error) != CLX_OK)
    return clx_table_row_refuse_error(&r->base, &error);
  return true;
}

static bool read_model(clx_benchmark_row *r) {
  clx_error error = {0};
  const char *name = clx_table_row_text(&r->base, "model_path");
  if (name[0] == '\0') return clx_table_row_refuse(&r->base, "column 'model_path' is blank");
  const char *slash = strrchr(name, '/');
  if (clx_catalog_canonical(r->base.job->catalog, "model", name) == NULL && slash != NULL) name = slash + 1;
  if (clx_catalog_canonical(r->base.job->catalog, "model", name) == NULL)
    return clx_table_row_refuse(&r->base, "model '%.80s' is not in the catalogue: colossus catalogue ls model",
                                clx_table_row_text(&r->base, "model_path"));
  if (clx_catalog_read(r->base.job->catalog, "model", name, (clx_place){0}, &clx_model_schema, r->arena, &r->model,
                       &error) != CLX_OK ||
      clx_transformer_complete(&r->model, (clx_place){0}, &error) != CLX_OK)
    return clx_table_row_refuse_error(&r->base, &error);
  return true;
}

static bool read_engine(clx_benchmark_row *r) {
  clx_error error = {0};
  const char *backend = clx_table_row_text(&r->base, "backend");
  if (clx_catalog_canonical(r->base.job->catalog, "engine", backend) == NULL)
    return clx_table_row_refuse(
        &r->base, "column 'backend': engine '%.40s' is not in the catalogue: colossus catalogue ls engine", backend);
  if (clx_catalog_read(r->base.job->catalog, "engine", backend, (clx_place){0}, &clx_serving_engine_schema, r->arena,
                       &r->engine, &error) != CLX_OK)
    return clx_table_row_refuse_error(&r->base, &error);
  return true;
}

bool clx_benchmark_row_runs(const clx_benchmark_row *r, clx_engine_policy policy) {
  return r->engine.rules.policy == (int32_t)policy;
}

// What a checkpoint in a format stores in it.
static bool read_weights(clx_benchmark_row *r) {
  const char *gemm = clx_table_row_text(&r->base, "gemm_quant_mode"),
             *precision = clx_table_row_text(&r->base, "precision");
  const bool experts = r->model.experts > 0, per_tensor = strncmp(r->model.name, "llama", 5) == 0;
  if (clx_text_equal(r->model.name, "gpt-oss-120b") || clx_text_equal(r->model.name, "gpt-oss-20b")) {
    r->weights = CLX_WEIGHTS_MXFP4_EXPERTS;
  } else if (clx_text_equal(gemm, "nvfp4") || (gemm[0] == '\0' && clx_text_equal(precision, "fp4"))) {
    r->weights = experts ? CLX_WEIGHTS_NVFP4_FFN : CLX_WEIGHTS_NVFP4;
  } else if (clx_text_equal(gemm, "fp8_block")) {
    r->weights = CLX_WEIGHTS_FP8_BLOCK;
  } else if (clx_text_equal(gemm, "fp8") || (gemm[0] == '\0' && clx_text_equal(precision, "fp8"))) {
    r->weights = per_tensor ? CLX_WEIGHTS_FP8 : CLX_WEIGHTS_FP8_BLOCK;
  } else if (clx_text_equal(gemm, "int4_wo")) {
    r->weights = CLX_WEIGHTS_INT4_EXPERTS;
  } else if (gemm[0] == '\0' || clx_text_equal(gemm, "bfloat16") || clx_text_equal(gemm, "bf16")) {
    r->weights = CLX_WEIGHTS_BF16;
  } else {
    return clx_table_row_refuse(
        &r->base, "column 'gemm_quant_mode': expected nvfp4, fp8, fp8_block, int4_wo or blank, read '%.40s'", gemm);
  }
  // On Blackwell launch scripts ask for an 8-bit cache, but not for weights of 4-bit integers, which are made for older units.
  const bool asked = r->device.peak[CLX_FP4] > 0 && r->weights != CLX_WEIGHTS_INT4_EXPERTS;
  r->fp8_cache = r->weights != CLX_WEIGHTS_BF16 && (clx_benchmark_row_runs(r, CLX_ENGINE_TENSORRT) || asked);
  return count_of(r, "isl", 0, &r->prompt) && count_of(r, "osl", 0, &r->output);
}

bool clx_benchmark_row_read(clx_benchmark_row *r) {
  return read_device(r) && read_model(r) && read_engine(r) && read_weights(r);
}

// --- layouts --------------------------------------------------------------------------------------------------------------

static bool read_count(clx_benchmark_row *r, const char *prefix, const char *column, int32_t otherwise,
                       int32_t *value) {
  char name[64];
  snprintf(name, sizeof name, "%s%s", prefix, column);
  return count_of(r, name, otherwise, value);
}

// One group of GPUs. Tables of benchmarks write a group of n GPUs in several ways: experts over n twice (tensor and expert parallel n
// each, and n x n GPUs of attention), attention replicated n times and cut n times. batch_size is that of one of the replicas as written.
bool clx_benchmark_row_layout(clx_benchmark_row *r, const char *prefix, clx_benchmark_layout *out) {
  int32_t tp, pp, dp, etp, ep, batch;
  if (!read_count(r, prefix, "tp_size", 0, &tp) || !read_count(r, prefix, "pp_size", 1, &pp) ||
      !read_count(r, prefix, "attention_dp_size", 1, &dp) || !read_count(r, prefix, "moe_tp_size", 1, &etp) ||
      !read_count(r, prefix, "moe_ep_size", 1, &ep) || !read_count(r, prefix, "num_workers", 1, &out->workers))
    return false;
  const bool prefill = clx_text_equal(prefix, "prefill_");  // their batch follows from the queue
  if (!read_count(r, prefix, "batch_size", prefill ? 1 : 0, &batch)) return false;
  const int32_t all = batch * dp;
  int32_t spelled = 0;
  if (r->model.experts == 0) {
    *out = (clx_benchmark_layout){tp, dp, 1, 1, pp, batch, out->workers, 0};
    return true;
  }
  if (etp > 1 && etp == ep && tp * dp == etp * ep) {
    tp = dp > 1 ? 1 : ep;
    dp = dp > 1 ? ep : 1;
    etp = 1;
  } else if (tp > 1 && tp == dp && ep == tp * dp && etp == 1) {
    ep = dp;
    // vLLM's launch scripts cut attention; the same runs stand in tables with dp 1.
    if (clx_benchmark_row_runs(r, CLX_ENGINE_VLLM)) {
      dp = 1;
    } else {
      tp = 1;
      spelled = dp;
    }
  } else if (dp == 1 && tp < etp * ep && etp * ep % tp == 0) {
    dp = etp * ep / tp;
    *out = (clx_benchmark_layout){tp, dp, ep, etp, pp, batch, out->workers, 0};
    return true;
  } else if (etp * ep < tp * dp && etp * ep > 0 && tp * dp % (etp * ep) == 0) {
    etp = tp * dp / ep;
  }
  // Kernels of experts work on tiles of 128: a narrower slice was not run. Replicas of attention then keep whole experts.
  if (etp > 1 && r->model.expert_ffn / etp < 128) {
    if (dp < 2)
      return clx_table_row_refuse(
          &r->base, "experts of width %d cut over %d GPUs leave less than a tile of 128: no engine runs that",
          r->model.expert_ffn, etp);
    ep *= etp;
    etp = 1;
  }
  // vLLM does not cut the blocks of 128 that share a scale (Fp8MoEMethod.create_weights): such experts stay whole.
  if (clx_benchmark_row_runs(r, CLX_ENGINE_VLLM) && r->weights == CLX_WEIGHTS_FP8_BLOCK &&
      r->model.expert_ffn % (128 * etp) != 0) {
    ep *= etp;
    etp = 1;
  }
  *out = (clx_benchmark_layout){tp, dp, ep, etp, pp, (int32_t)fmax(1, ceil((double)all / dp)), out->workers, spelled};
  return true;
}

// How decode engines stand in rows. SGLang was launched with attention replicated only where experts are parallel too: rows of its early
// versions lost that, and say of small groups that attention was replicated and experts cut. vLLM's groups over several trays replicate
// attention (data-parallel-size), which its rows write as cut.
void clx_benchmark_row_reread(const clx_benchmark_row *r, clx_benchmark_layout *l) {
  const int32_t TRAY = 4, SERVER = 8;
  if (clx_benchmark_row_runs(r, CLX_ENGINE_SGLANG) && l->dp > 1 && l->dp <= TRAY && l->tp == 1 && l->ep == 1 &&
      l->etp == l->dp) {
    *l = (clx_benchmark_layout){
        .tp = l->dp, .dp = 1, .ep = 1, .etp = l->etp, .batch = l->batch * l->dp, .workers = l->workers};
  } else if (clx_benchmark_row_runs(r, CLX_ENGINE_VLLM) && r->model.mla && l->tp > SERVER && l->dp == 1 &&
             l->ep == l->tp) {
    l->batch = (l->batch + l->tp - 1) / l->tp;
    l->dp = l->tp;
    l->tp = 1;
  }
}
