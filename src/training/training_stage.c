// Which layers stand on which pipeline stage.
#include <math.h>

#include "training/training.h"

int32_t clx_training_mtp(const clx_training *job) { return job->software->mtp ? job->model->mtp_layers : 0; }

// The remainder of an uneven cut goes to chunks
// after the first, so that the chunks with embedding and loss stay short.
static int32_t chunk_layers(const clx_training *job, int32_t chunk, int32_t chunks) {
  const int32_t layers = job->model->layers;
  const bool ends = chunk == 0 || chunk == chunks - 1;
  if (layers % chunks == 0) return layers / chunks;
  const bool by_units = job->software->split_embedding && chunks > 1;
  // An MTP module is a layer more on the last chunk: DeepSeek-V3 on 32 chunks is E+1, 30 times 2, M+loss (Megatron-Bridge,
  // pp_layout "Et|(tt|)*30mL").
  const int32_t mtp = clx_training_mtp(job), units = layers + 2 + mtp, each = units / chunks;
  if (by_units && units % chunks == 0 && each > mtp) {
    return each - (ends ? 1 : 0) - (chunk == chunks - 1 ? mtp : 0);
  }
  const int32_t base = layers / chunks, rest = layers % chunks;
  if (rest == chunks - 1) return base + (chunk == chunks - 1 ? 0 : 1);
  return base + (chunk >= 1 && chunk <= rest ? 1 : 0);
}

static void add_layers(const clx_training *job, clx_stage *stage, int32_t first, int32_t count) {
  const clx_transformer *model = job->model;
  for (int32_t layer = first; layer < first + count; layer++) {
    const bool full =
        model->sliding_window == 0 || (model->window_period > 0 && (layer + 1) % model->window_period == 0);
    stage->layers[clx_layer_is_moe(model, layer) ? 1 : 0][full ? 0 : 1]++;
  }
}

int32_t clx_training_schedule(const clx_layout *layout) {
  if (layout->schedule != CLX_SCHEDULE_AUTO) return layout->schedule - CLX_SCHEDULE_FIRST;
  return layout->vpp > 1 ? CLX_PIPELINE_INTERLEAVED : CLX_PIPELINE_1F1B;
}

double clx_training_micro_batches(const clx_training *job) {
  return ceil(job->global_batch / ((double)job->layout.micro_batch * job->layout.dp));
}

void clx_training_chunks(const clx_training *job, clx_stage *chunk) {
  const clx_layout *layout = &job->layout;
  const bool listed = layout->stage_layer_count > 0;
  const int32_t chunks = layout->pp * layout->vpp;
  int32_t layer = 0;
  for (int32_t i = 0; i < chunks; i++) {
    const int32_t count = listed ? layout->stage_layers[i] : chunk_layers(job, i, chunks);
    chunk[i] = (clx_stage){0};
    add_layers(job, &chunk[i], layer, count);
    layer += count;
  }
  chunk[0].embedding = true;
  chunk[chunks - 1].head = true;
  chunk[chunks - 1].mtp = clx_training_mtp(job);
}

static void add_stage(clx_stage *sum, const clx_stage *one) {
  for (int32_t moe = 0; moe < 2; moe++) {
    for (int32_t windowed = 0; windowed < 2; windowed++) sum->layers[moe][windowed] += one->layers[moe][windowed];
  }
  sum->embedding |= one->embedding;
  sum->head |= one->head;
  sum->mtp += one->mtp;
}

void clx_training_stages(const clx_training *job, clx_stage *stages) {
  clx_stage chunk[CLX_CHUNKS_MAX];
  const clx_layout *layout = &job->layout;
  const int32_t pp = layout->pp, kind = clx_training_schedule(layout);
  clx_training_chunks(job, chunk);
  for (int32_t i = 0; i < pp; i++) stages[i] = (clx_stage){0};
  for (int32_t i = 0; i < pp * layout->vpp; i++) {
    const bool back = kind == CLX_PIPELINE_ZB_V && i / pp % 2 == 1;
    add_stage(&stages[back ? pp - 1 - i % pp : i % pp], &chunk[i]);
    if (kind == CLX_PIPELINE_DUALPIPE) add_stage(&stages[pp - 1 - i % pp], &chunk[i]);
  }
}

bool clx_stage_equal(const clx_stage *a, const clx_stage *b) {
  for (int32_t moe = 0; moe < 2; moe++) {
    for (int32_t windowed = 0; windowed < 2; windowed++) {
      if (a->layers[moe][windowed] != b->layers[moe][windowed]) return false;
    }
  }
  return a->embedding == b->embedding && a->head == b->head && a->mtp == b->mtp;
}

clx_stage_parameters clx_training_stage_parameters(const clx_training *job, const clx_stage *stage) {
  const clx_shard shard = clx_training_shard(job);
  const clx_parameters count = clx_parameter_count(job->model);
  clx_stage_parameters p = {0};
  for (int32_t moe = 0; moe < 2; moe++) {
    const bool mtp_here = (clx_moe_layers(job->model) > 0) == (moe == 1);
    const double layers = stage->layers[moe][0] + stage->layers[moe][1] + (mtp_here ? stage->mtp : 0);
    if (layers == 0) continue;
    const clx_layer_parameters one = clx_layer_parameter_shard(job->model, &shard, moe);
    p.shared += layers * one.shared;
    p.expert += layers * one.expert;
    p.layer = fmax(p.layer, one.shared + one.expert);
  }
  if (stage->embedding) p.shared += (count.embedding + count.positions) / job->layout.tp;
  // A tied head is a second copy when the embedding stands on another stage.
  if (stage->head && (job->layout.pp > 1 || !job->model->tied)) p.shared += count.embedding / job->layout.tp;
  return p;
}

double clx_training_adapters(const clx_training *job) {
  if (job->model->adapter_rank == 0) return 0;
  return clx_parameter_count(job->model).adapters / job->layout.pp / job->layout.tp;
}

int32_t clx_training_runs(const clx_training *job, clx_stage_run run[CLX_STAGES_MAX]) {
  clx_stage stages[CLX_STAGES_MAX];
  int32_t count = 0;
  clx_training_stages(job, stages);
  for (int32_t i = 0; i < job->layout.pp; i++) {
    if (count > 0 && clx_stage_equal(&stages[i], &run[count - 1].stage)) {
      run[count - 1].count++;
    } else {
      run[count++] = (clx_stage_run){stages[i], i, 1, clx_training_stage_parameters(job, &stages[i])};
    }
  }
  return count;
}
