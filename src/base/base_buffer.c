// A growing text.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_internal.h"

static bool reserve(clx_buffer *buffer, size_t more) {
  if (more > SIZE_MAX / 4) buffer->failed = true;
  if (buffer->failed) return false;
  const size_t need = buffer->length + more + 1;
  if (need <= buffer->capacity) return true;
  size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
  while (capacity < need) capacity *= 2;
  char *data = clx_memory_grow(buffer->data, capacity);
  if (data == NULL) {
    buffer->failed = true;
    return false;
  }
  buffer->data = data;
  buffer->capacity = capacity;
  return true;
}

void clx_buffer_add(clx_buffer *buffer, const char *text, size_t length) {
  if (!reserve(buffer, length)) return;
  if (length > 0) memcpy(buffer->data + buffer->length, text, length);
  buffer->length += length;
  buffer->data[buffer->length] = '\0';
}

void clx_buffer_format(clx_buffer *buffer, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  const int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0) buffer->failed = true;
  if (length >= 0 && reserve(buffer, (size_t)length)) {
    vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
    buffer->length += (size_t)length;
  }
  va_end(again);
}

void clx_buffer_free(clx_buffer *buffer) {
  free(buffer->data);
  *buffer = (clx_buffer){0};
}
