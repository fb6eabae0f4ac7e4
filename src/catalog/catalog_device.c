// A device with the parameters of its kernels.
#include <string.h>

#include "catalog/catalog.h"
#include "device/device.h"

static void name_device(clx_kernels *kernels) {
  for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) {
    const clx_kernel_family *family = clx_kernel_family_at(f);
    for (int32_t s = 0; family->sets[s] != NULL; s++) {
      ((clx_kernel_fit *)clx_kernels_set(kernels, family, s))->device = kernels->name;
    }
  }
  kernels->power.fit.device = kernels->power_meter.fit.device = kernels->name;
}

static clx_status read_kernels(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                               clx_kernels *kernels, clx_error *error) {
  CLX_TRY(clx_catalog_read(catalog, "kernels", name, place, &clx_kernels_schema, arena, kernels, error));
  name_device(kernels);
  return CLX_OK;
}

// Power that was measured on another device: the rest is the device's own, and energies follow its process.
static void adapt_power(const clx_device *device, clx_kernels *kernels) {
  clx_power_parameters *p = &kernels->power;
  if (p->fit.rows > 0 && clx_text_equal(p->fit.device, device->name)) return;
  if (device->power.rest > 0 && device->tdp > 0) p->rest = device->power.rest / device->tdp;
  p->matrix_bf16 *= device->power.matrix;
  p->matrix_fp8 *= device->power.matrix;
  p->matrix_fp8_block *= device->power.matrix;
  p->matrix_nvfp4 *= device->power.matrix;
}

// What was measured on the device (or on the one it names) comes first, then what was measured on its architecture.
clx_status clx_catalog_read_device(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                   clx_device *device, clx_error *error) {
  CLX_TRY(clx_catalog_read(catalog, "device", name, place, &clx_device_schema, arena, device, error));
  device->thermal.tdp = device->tdp;
  device->leak = 0;  // a scenario's to say
  const char *own = device->kernels_name != NULL ? device->kernels_name : device->name;
  const char *architecture = clx_catalog_canonical(catalog, "kernels", device->family);
  clx_kernels *kernels = CLX_NEW(arena, clx_kernels), *other = CLX_NEW(arena, clx_kernels);
  if (kernels == NULL || other == NULL) return clx_fail(error, CLX_MEMORY, place, "out of memory");
  clx_schema_default(&clx_kernels_schema, kernels);
  if (device->kernels_name != NULL || clx_catalog_canonical(catalog, "kernels", own) != NULL)
    CLX_TRY(read_kernels(catalog, own, place, arena, kernels, error));
  if (device->decode_kernels_name != NULL) {
    CLX_TRY(read_kernels(catalog, device->decode_kernels_name, place, arena, other, error));
    memcpy(kernels->attention_generation, other->attention_generation, sizeof kernels->attention_generation);
  }
  device->engine_decode = NULL;
  if (device->engine_decode_name != NULL) {
    clx_kernels *decode = CLX_NEW(arena, clx_kernels);
    if (decode == NULL) return clx_fail(error, CLX_MEMORY, place, "out of memory");
    CLX_TRY(read_kernels(catalog, device->engine_decode_name, place, arena, decode, error));
    device->engine_decode = decode->attention_generation;
  }
  if (device->power.kernels != NULL) {
    CLX_TRY(read_kernels(catalog, device->power.kernels, place, arena, other, error));
    clx_kernels_complete_power(kernels, other);
  }
  if (architecture != NULL) {
    CLX_TRY(read_kernels(catalog, architecture, place, arena, other, error));
    clx_kernels_complete(kernels, other);
  }
  adapt_power(device, kernels);
  device->kernels = kernels;
  return CLX_OK;
}
