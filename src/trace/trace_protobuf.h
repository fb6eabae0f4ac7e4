// The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), as far as a writer needs it. Fields are
// appended to a buffer of bytes, whose `failed` tells at the end when memory ran out.
#pragma once

#include "base/base.h"

void clx_protobuf_varint(clx_buffer *out, int32_t field, uint64_t value);   // (u)int32, (u)int64, bool, enum
void clx_protobuf_fixed64(clx_buffer *out, int32_t field, uint64_t value);  // fixed64
void clx_protobuf_double(clx_buffer *out, int32_t field, double value);
void clx_protobuf_bytes(clx_buffer *out, int32_t field, const char *data, size_t length);  // string, bytes, message
// Text made valid UTF-8, which a string has to be.
void clx_protobuf_text(clx_buffer *out, int32_t field, const char *text);
// What was collected in `inner` as a message; empties `inner` for the next one and hands its failure on.
void clx_protobuf_message(clx_buffer *out, int32_t field, clx_buffer *inner);
