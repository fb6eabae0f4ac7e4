// Protobuf's wire format, as https://protobuf.dev/programming-guides/encoding describes it: numbers of seven bits a byte, fields of a key
// and a value. Nothing past the end of a message is ever looked at.
#include <string.h>

#include "import/import_chakra_internal.h"

bool clx_wire_number(clx_wire *wire, uint64_t *value) {
  uint64_t out = 0;
  for (uint32_t shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
    const uint8_t byte = wire->data[wire->at++];
    if (shift == 63 && byte > 1) return false;
    out |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) {
      *value = out;
      return true;
    }
  }
  return false;
}

static bool read_fixed(clx_wire *wire, size_t size, uint64_t *value) {
  if (wire->end - wire->at < size) return false;
  *value = 0;
  for (size_t i = size; i > 0; i--) *value = *value << 8 | wire->data[wire->at + i - 1];
  wire->at += size;
  return true;
}

static bool read_bytes(clx_wire *wire, clx_wire *bytes) {
  uint64_t length = 0;
  if (!clx_wire_number(wire, &length) || length > wire->end - wire->at) return false;
  *bytes = (clx_wire){wire->data, wire->at, wire->at + (size_t)length};
  wire->at += (size_t)length;
  return true;
}

int clx_wire_next(clx_wire *wire, clx_wire_field *field, const char **why) {
  uint64_t key = 0;
  if (wire->at == wire->end) return 0;
  *field = (clx_wire_field){0};
  *why = "the key of a field is cut off";
  if (!clx_wire_number(wire, &key)) return -1;
  field->type = (uint32_t)(key & 7);
  field->number = (uint32_t)(key >> 3);
  *why = "a field has no valid number";
  if (key >> 3 == 0 || key >> 3 > 536870911) return -1;
  *why = "a field is longer than its message";
  switch (field->type) {
    case 0:
      return clx_wire_number(wire, &field->value) ? 1 : -1;
    case 1:
      return read_fixed(wire, 8, &field->value) ? 1 : -1;
    case 2:
      return read_bytes(wire, &field->bytes) ? 1 : -1;
    case 5:
      return read_fixed(wire, 4, &field->value) ? 1 : -1;
    default:
      *why = "a field has a wire type that proto3 does not have";
      return -1;
  }
}
