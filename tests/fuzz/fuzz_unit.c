// Any text as a unit and as a quantity: finite SI or a sentence.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[512], why[256];
  if (size >= sizeof text) return 0;
  memcpy(text, data, size);
  text[size] = 0;
  clx_dimension dimension;
  double factor = 0, offset = 0;
  if (clx_unit_read(text, &dimension, &factor, &offset) && !(isfinite(factor) && isfinite(offset) && factor > 0))
    abort();
  static const char *const wants[] = {"", "B/s", "s", "K", "USD/kWh"};
  for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
    double si = 0;
    why[0] = 0;
    const bool read = clx_quantity_read(text, wants[i], &si, why, sizeof why) == CLX_OK;
    if (read ? !isfinite(si) : why[0] == 0) abort();
    char shown[64];
    if (read) clx_quantity_format(si, wants[i], 3, shown, sizeof shown);
  }
  return 0;
}
