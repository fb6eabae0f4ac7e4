// A device with the parameters of its kernels.
#include "catalog/catalog.h"
#include "device/device.h"

// Which catalogue/kernels entry a device uses, or NULL.
static const char *kernels_of(const clx_catalog *catalog, const clx_device *device) {
  if (device->kernels_name != NULL) return device->kernels_name;
  if (clx_catalog_canonical(catalog, "kernels", device->name) != NULL) return device->name;
  return clx_catalog_canonical(catalog, "kernels", device->family);
}

clx_status clx_catalog_read_device(const clx_catalog *catalog, const char *name, clx_place place, clx_arena *arena,
                                   clx_device *device, clx_error *error) {
  CLX_TRY(clx_catalog_read(catalog, "device", name, place, &clx_device_schema, arena, device, error));
  clx_kernels *kernels = CLX_NEW(arena, clx_kernels);
  if (kernels == NULL) return clx_fail(error, CLX_MEMORY, place, "out of memory");
  const char *entry = kernels_of(catalog, device);
  if (entry == NULL) {
    clx_schema_default(&clx_kernels_schema, kernels);
  } else {
    CLX_TRY(clx_catalog_read(catalog, "kernels", entry, place, &clx_kernels_schema, arena, kernels, error));
  }
  device->kernels = kernels;
  device->kernels_inherited = !clx_text_equal(kernels->name, device->name);
  return CLX_OK;
}
