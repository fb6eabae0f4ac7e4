// Speed and memory of replays: nodes per second of reading and of playing, bytes per node.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../tests/chakra_rig.h"
#include "../tests/replay_rig.h"
#include "import/import_chakra.h"

// s of the processor: other work on the machine does not count.
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum { TENSOR = 8, STEPS = 400 };

// Layers of a tensor-parallel model: two products and a reduction over eight ranks, gradients over all replicas beside them; five
// nodes a step.
static void write_rank(clx_buffer *file, int32_t rank) {
  char tp[16], dp[16];
  snprintf(tp, sizeof tp, "t%d", rank / TENSOR);
  snprintf(dp, sizeof dp, "d%d", rank % TENSOR);
  rig_metadata(file, false);
  for (uint64_t i = 0; i < STEPS; i++) {
    const uint64_t at = 5 * i + 1;
    for (uint64_t k = 0; k < 5; k++) {
      static const char *const names[] = {"attention", "reduce", "mlp", "reduce", "gradients"};
      const bool computes = k == 0 || k == 2;
      rig_bytes m = rig_chakra_node(at + k, names[k], computes ? RIG_COMPUTE : RIG_COLLECTIVE);
      if (i + k > 0) rig_depends(&m, false, k == 0 ? at - 2 : at + k - 1);
      rig_attribute(&m, "is_cpu_op", 27, 0);
      if (computes) {
        rig_varint(&m, 7, 200 + (i * 7 + (uint64_t)rank) % 5);
      } else {
        rig_attribute(&m, "comm_type", 9, k == 4 ? 7 : 0);
        rig_attribute(&m, "comm_size", 9, k == 4 ? 1 << 24 : 1 << 23);
        rig_attribute_text(&m, "pg_name", k == 4 ? dp : tp);
      }
      rig_append(file, &m);
    }
  }
}

static void write_groups(clx_buffer *out, int32_t ranks) {
  clx_buffer_format(out, "{");
  for (int32_t g = 0; g < ranks / TENSOR; g++) {
    clx_buffer_format(out, "\"t%d\": [", g);
    for (int32_t i = 0; i < TENSOR; i++) clx_buffer_format(out, "%s%d", i > 0 ? "," : "", g * TENSOR + i);
    clx_buffer_format(out, "], ");
  }
  for (int32_t g = 0; g < TENSOR; g++) {
    clx_buffer_format(out, "%s\"d%d\": [", g > 0 ? ", " : "", g);
    for (int32_t i = 0; i < ranks / TENSOR; i++) clx_buffer_format(out, "%s%d", i > 0 ? "," : "", i * TENSOR + g);
    clx_buffer_format(out, "]");
  }
  clx_buffer_format(out, "}");
}

static double megabytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_maxrss / 1024;
}

static int measure(int32_t ranks) {
  rig *r = rig_new(ranks, TENSOR);
  clx_chakra_file *file = calloc((size_t)ranks, sizeof *file);
  clx_buffer *data = calloc((size_t)ranks, sizeof *data), groups = {0};
  if (file == NULL || data == NULL) return 1;
  for (int32_t i = 0; i < ranks; i++) {
    write_rank(&data[i], i);
    file[i] = (clx_chakra_file){"bench.et", data[i].data, data[i].length};
  }
  write_groups(&groups, ranks);
  const clx_chakra_file group_file = {"groups", groups.data, groups.length};
  clx_chakra_report report;
  const double empty = megabytes(), start = now();
  if (clx_chakra_read(r->arena, file, ranks, &group_file, &r->x, &report, &r->error) != CLX_OK) {
    fprintf(stderr, "%s\n", r->error.mistake[0].text);
    return 1;
  }
  const double read = now(), loaded = megabytes();
  if (rig_run(r) != CLX_OK) {
    fprintf(stderr, "%s\n", r->error.mistake[0].text);
    return 1;
  }
  const double played = now(), nodes = (double)r->x.node_count;
  printf(
      "%6d ranks %9.0f nodes  read %5.2f s (%4.2f M nodes/s, %3.0f B a node)  play %5.2f s (%4.2f M nodes/s, %3.0f B a "
      "node)"
      "  step %.3f s, %lld of %lld transfers shared links\n",
      ranks, nodes, read - start, nodes / (read - start) / 1e6, (loaded - empty) * 1048576 / nodes, played - read,
      nodes / (played - read) / 1e6, (megabytes() - loaded) * 1048576 / nodes, r->out.time, (long long)r->out.shared,
      (long long)r->out.transfer_count);
  for (int32_t i = 0; i < ranks; i++) clx_buffer_free(&data[i]);
  clx_buffer_free(&groups);
  free(file);
  free(data);
  rig_free(r);
  return 0;
}

int main(int argc, char **argv) { return measure(argc > 1 ? atoi(argv[1]) : 1024); }
