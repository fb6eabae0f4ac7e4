// Closed forms of equal stages without transfers. Each is a chain of work that no evaluation of the lists can undercut; where the
// header says so no chain is longer.
#include <math.h>

#include "pipeline/pipeline_internal.h"

typedef struct bound {
  double p, v, m;                    // stages, chunks per stage, micro-batches
  double forward, backward, weight;  // s of one whole stage
  double all;                        // of one micro-batch on one stage
  double merged;
} bound;

// The first task of the last stage waits for p - 1 chunks, what follows its last one passes as many. Its fill runs unmerged.
static double one_f_one_b(const bound *b, bool merges) {
  const double total = b->m * b->v;
  const double alone = merges ? fmin((b->v - 1) * b->p + 1, total) : total;
  return ((b->p - 1 + alone) * b->all + (total - alone) * b->merged) / b->v;
}

// Last stage: (p - 1) F before it begins, and after its last backward (p - 1) B against p - 1 weight gradients less. First stage:
// p F and (p - 1) B before its first backward.
static double zb_h1(const bound *b) {
  const double idle = fmax(fmax(b->forward, b->backward), b->forward + b->backward - b->weight);
  return b->m * b->all + (b->p - 1) * idle;
}

// Last stage as above, chunks being half as long; or one micro-batch alone.
static double zb_v(const bound *b) {
  const double idle = fmax(b->forward, b->forward + b->backward - 2 * b->weight) / 2;
  return fmax(b->m * b->all + (b->p - 1) * idle, b->p * (b->forward + b->backward) + b->weight / 2);
}

// One of the two middle stages, which merges all but p + 1 of its micro-batches.
static double dualpipe(const bound *b) {
  const double idle = fmax(b->forward, b->forward + b->backward - b->weight);
  return (b->m - b->p - 1) * b->merged + (b->p + 1) * b->all + (b->p / 2 - 1) * idle;
}

double clx_pipeline_bound_merged(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches, double forward,
                                 double backward, double weight, double merged) {
  const double all = forward + backward + weight;
  const bound b = {stages, chunks > 1 ? chunks : 1, micro_batches, forward, backward, weight, all, fmin(merged, all)};
  switch (kind) {
    case CLX_PIPELINE_ZB_H1:
      return zb_h1(&b);
    case CLX_PIPELINE_ZB_V:
      return zb_v(&b);
    case CLX_PIPELINE_DUALPIPE:
      return dualpipe(&b);
    default:
      return one_f_one_b(&b, kind != CLX_PIPELINE_GPIPE);
  }
}

double clx_pipeline_bound(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches, double forward,
                          double backward, double weight) {
  return clx_pipeline_bound_merged(kind, stages, chunks, micro_batches, forward, backward, weight, INFINITY);
}
