// What the files of schema share.
#pragma once

#include "schema/schema.h"

void *clx_schema_member(void *object, size_t offset);
