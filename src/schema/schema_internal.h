// What the files of schema share.
#pragma once

#include "schema/schema.h"

void *clx_schema_member(void *object, size_t offset);
bool clx_row_is_number(const clx_row *row);   // or a list of numbers
bool clx_row_is_limited(const clx_row *row);  // has a minimum and a maximum
