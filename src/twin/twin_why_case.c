// Copies of a job, and their step.
#include "twin/twin_why.h"

void clx_why_copy(const clx_training *job, clx_why_case *copy) {
  const clx_network *network = job->network;
  const clx_device *links = network->device != NULL ? network->device : job->device;
  const clx_device *const device[] = {job->device, links};
  *copy = (clx_why_case){.job = *job, .network = *network, .software = *job->software};
  for (int32_t i = 0; i < 2; i++) {
    copy->device[i] = *device[i];
    copy->kernels[i] = *device[i]->kernels;
    copy->device[i].kernels = &copy->kernels[i];
  }
  copy->job.device = &copy->device[0];
  copy->network.device = &copy->device[1];
  copy->job.network = &copy->network;
  copy->job.software = &copy->software;
  if (network->library != NULL) {
    copy->library = *network->library;
    copy->network.library = &copy->library;
  }
  if (network->transport != NULL) {
    copy->transport = *network->transport;
    copy->network.transport = &copy->transport;
  }
}

void *clx_why_object(clx_why_case *c, clx_why_part part, int32_t index) {
  const bool library = c->network.library != NULL, transport = c->network.transport != NULL;
  void *const first[CLX_WHY_PARTS] = {[CLX_WHY_DEVICE] = &c->device[0],
                                      [CLX_WHY_KERNELS] = &c->kernels[0],
                                      [CLX_WHY_NETWORK] = &c->network,
                                      [CLX_WHY_LIBRARY] = library ? &c->library : NULL,
                                      [CLX_WHY_TRANSPORT] = transport ? &c->transport : NULL,
                                      [CLX_WHY_SOFTWARE] = &c->software,
                                      [CLX_WHY_JOB] = &c->job};
  void *const second[CLX_WHY_PARTS] = {[CLX_WHY_DEVICE] = &c->device[1], [CLX_WHY_KERNELS] = &c->kernels[1]};
  return index == 0 ? first[part] : index == 1 ? second[part] : NULL;
}

clx_status clx_why_step(const clx_why_case *c, clx_step *step, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_training_costs costs = clx_training_costs_make(&c->job);
  const clx_status status = clx_training_expected(&c->job, &costs, arena, step, error);
  clx_arena_free(arena);
  return status;
}
