// Power and clock by NVML, loaded when it is there: it comes with the driver, not with CUDA.
#include <dlfcn.h>
#include <string.h>

#include "probe_cuda.h"

typedef struct nvml_device *nvml_handle;

// The functions that are used, as NVIDIA's nvml.h declares them; all return 0 when they succeed.
static struct {
  void *library;
  nvml_handle device;
  int (*init)(void);
  int (*shutdown)(void);
  int (*by_bus_id)(const char *bus_id, nvml_handle *device);
  int (*power_usage)(nvml_handle device, unsigned int *milliwatts);
  int (*total_energy)(nvml_handle device, unsigned long long *millijoules);
  int (*clock_info)(nvml_handle device, int kind, unsigned int *megahertz);
  int (*enforced_limit)(nvml_handle device, unsigned int *milliwatts);
  unsigned long long energy;  // at the last reading, 0 = none
  double time;
} nvml;

enum { NVML_CLOCK_SM = 1 };

static bool find(const char *name, void *function, size_t size) {
  void *symbol = dlsym(nvml.library, name);
  memcpy(function, &symbol, size);
  return symbol != NULL;
}

#define FIND(name, member) find(name, &nvml.member, sizeof nvml.member)

bool probe_power_open(void) {
  if (nvml.device != NULL) return true;
  if (nvml.library == NULL) nvml.library = dlopen("libnvidia-ml.so.1", RTLD_NOW);
  char bus_id[32] = "";
  const bool there =
      nvml.library != NULL && FIND("nvmlInit_v2", init) && FIND("nvmlShutdown", shutdown) &&
      FIND("nvmlDeviceGetHandleByPciBusId_v2", by_bus_id) && FIND("nvmlDeviceGetPowerUsage", power_usage) &&
      FIND("nvmlDeviceGetTotalEnergyConsumption", total_energy) && FIND("nvmlDeviceGetClockInfo", clock_info) &&
      FIND("nvmlDeviceGetEnforcedPowerLimit", enforced_limit);
  if (!there || nvml.init() != 0) return false;
  if (cudaDeviceGetPCIBusId(bus_id, sizeof bus_id, 0) != cudaSuccess || nvml.by_bus_id(bus_id, &nvml.device) != 0) {
    nvml.device = NULL;
  }
  return nvml.device != NULL;
}

bool probe_power_read(probe_power_sample *sample) {
  unsigned int milliwatts = 0, megahertz = 0;
  unsigned long long energy = 0;
  if (!probe_power_open()) return false;
  const double now = probe_now();
  const bool counted = nvml.total_energy(nvml.device, &energy) == 0;
  if (counted && nvml.energy > 0 && energy > nvml.energy) {
    sample->power = 1e-3 * (double)(energy - nvml.energy) / (now - nvml.time);
  } else if (nvml.power_usage(nvml.device, &milliwatts) == 0) {
    sample->power = 1e-3 * milliwatts;
  }
  nvml.energy = counted ? energy : 0;
  nvml.time = now;
  if (nvml.clock_info(nvml.device, NVML_CLOCK_SM, &megahertz) == 0) sample->clock = 1e6 * megahertz;
  return true;
}

double probe_power_limit(void) {
  unsigned int milliwatts = 0;
  return probe_power_open() && nvml.enforced_limit(nvml.device, &milliwatts) == 0 ? 1e-3 * milliwatts : 0;
}

void probe_power_close(void) {
  if (nvml.device != NULL) nvml.shutdown();
  nvml.device = NULL;
}
