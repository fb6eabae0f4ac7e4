// Chakra traces built byte by byte, for tests and benchmarks.
#pragma once

#include <string.h>

#include "base/base.h"

// A message in the making.
typedef struct rig_message_bytes {
  uint8_t data[4096];
  size_t size;
} rig_bytes;

static inline void rig_number(rig_bytes *m, uint64_t value) {
  for (; value > 127; value >>= 7) m->data[m->size++] = (uint8_t)(value | 128);
  m->data[m->size++] = (uint8_t)value;
}

static inline void rig_varint(rig_bytes *m, uint32_t field, uint64_t value) {
  rig_number(m, field << 3);
  rig_number(m, value);
}

static inline void rig_text(rig_bytes *m, uint32_t field, const void *text, size_t size) {
  rig_number(m, field << 3 | 2);
  rig_number(m, size);
  memcpy(m->data + m->size, text, size);
  m->size += size;
}

// An attribute whose value is a number in `field` (9 = int64, 13 = uint64, 27 = bool ...).
static inline void rig_attribute(rig_bytes *node, const char *name, uint32_t field, uint64_t value) {
  rig_bytes a = {.size = 0};
  rig_text(&a, 1, name, strlen(name));
  rig_varint(&a, field, value);
  rig_text(node, 10, a.data, a.size);
}

static inline void rig_attribute_text(rig_bytes *node, const char *name, const char *value) {
  rig_bytes a = {.size = 0};
  rig_text(&a, 1, name, strlen(name));
  rig_text(&a, 29, value, strlen(value));
  rig_text(node, 10, a.data, a.size);
}

static inline rig_bytes rig_chakra_node(uint64_t id, const char *name, uint64_t type) {
  rig_bytes m = {.size = 0};
  rig_varint(&m, 1, id);
  rig_text(&m, 2, name, strlen(name));
  rig_varint(&m, 3, type);
  return m;
}

static inline void rig_depends(rig_bytes *node, bool control, uint64_t id) { rig_varint(node, control ? 4 : 5, id); }

// Appends a message with its length in front.
static inline void rig_append(clx_buffer *file, const rig_bytes *message) {
  rig_bytes length = {.size = 0};
  rig_number(&length, message->size);
  clx_buffer_add(file, (const char *)length.data, length.size);
  clx_buffer_add(file, (const char *)message->data, message->size);
}

// GlobalMetadata; with `pytorch` as PyTorch's converter writes it.
static inline void rig_metadata(clx_buffer *file, bool pytorch) {
  rig_bytes m = {.size = 0}, a = {.size = 0};
  if (pytorch) {
    static const char schema[] = "1.1.1-chakra.0.0.4";
    rig_text(&a, 1, "schema", 6);
    rig_text(&a, 29, schema, sizeof schema - 1);
    rig_text(&m, 2, a.data, a.size);
  } else {
    rig_text(&m, 1, "0.0.4", 5);
  }
  rig_append(file, &m);
}

enum { RIG_COMPUTE = 4, RIG_SEND = 5, RIG_RECEIVE = 6, RIG_COLLECTIVE = 7 };
