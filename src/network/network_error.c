// How far the costs of collectives are from measurements, as the record of their library says.
#include <stdio.h>

#include "network/network.h"

const char *const clx_collective_sizes[CLX_COLLECTIVE_SIZES + 1] = {"small", "medium", "large", NULL};
const char *const clx_collective_spans[CLX_COLLECTIVE_SPANS + 1] = {"node", "nodes", NULL};

int32_t clx_collective_size(double bytes) {
  static const double MEBIBYTE = 1048576;
  return bytes < MEBIBYTE ? 0 : bytes <= 64 * MEBIBYTE ? 1 : 2;
}

double clx_library_error(const clx_network *network, clx_group group, double bytes) {
  const clx_kernel_fit *fit = &network->library->fit;
  const char *generation = clx_generation_name[clx_generation_of(network->device)];
  char name[64];
  if (network->device == NULL || !clx_text_equal(network->device->family, generation)) return 0;
  snprintf(name, sizeof name, "%s %s %s", generation, clx_collective_spans[group.inside >= group.size ? 0 : 1],
           clx_collective_sizes[clx_collective_size(bytes)]);
  for (int32_t c = 0; c < fit->class_count; c++) {
    const clx_kernel_class *k = &fit->classes[c];
    if (clx_text_equal(k->name, name)) return k->cross_error > 0 ? k->cross_error : k->error;
  }
  return 0;
}
