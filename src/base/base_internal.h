// What the files of base share.
#pragma once

#include "base/base.h"

// malloc and realloc with fault injection.
void *clx_memory_new(size_t size);
void *clx_memory_grow(void *old, size_t size);
