// Fields of Protocol Buffers.
#include <string.h>

#include "trace/trace_protobuf.h"

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2 };

// Seven bits a byte, low ones first; the top bit says that more follow.
static void put_varint(clx_buffer *out, uint64_t value) {
  char bytes[10];
  size_t n = 0;
  for (; value >= 0x80; value >>= 7) bytes[n++] = (char)(uint8_t)(value | 0x80);
  bytes[n++] = (char)(uint8_t)value;
  clx_buffer_add(out, bytes, n);
}

static void put_key(clx_buffer *out, int32_t field, int32_t wire) {
  put_varint(out, (uint64_t)field << 3 | (uint64_t)wire);
}

void clx_protobuf_varint(clx_buffer *out, int32_t field, uint64_t value) {
  put_key(out, field, WIRE_VARINT);
  put_varint(out, value);
}

void clx_protobuf_fixed64(clx_buffer *out, int32_t field, uint64_t value) {
  char bytes[8];
  for (int32_t i = 0; i < 8; i++) bytes[i] = (char)(uint8_t)(value >> (8 * i));
  put_key(out, field, WIRE_FIXED64);
  clx_buffer_add(out, bytes, sizeof bytes);
}

void clx_protobuf_double(clx_buffer *out, int32_t field, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  clx_protobuf_fixed64(out, field, bits);
}

void clx_protobuf_bytes(clx_buffer *out, int32_t field, const char *data, size_t length) {
  put_key(out, field, WIRE_LENGTH);
  put_varint(out, length);
  clx_buffer_add(out, data, length);
}

void clx_protobuf_text(clx_buffer *out, int32_t field, const char *text) {
  const size_t length = strlen(text);
  if (clx_utf8_check(text, length) < 0) {
    clx_protobuf_bytes(out, field, text, length);
    return;
  }
  clx_buffer copy = {0};
  clx_buffer_add(&copy, text, length);
  if (!copy.failed) clx_text_clean(copy.data, true);
  clx_protobuf_message(out, field, &copy);
  clx_buffer_free(&copy);
}

void clx_protobuf_message(clx_buffer *out, int32_t field, clx_buffer *inner) {
  clx_protobuf_bytes(out, field, inner->data, inner->length);
  out->failed = out->failed || inner->failed;
  inner->length = 0;
}
