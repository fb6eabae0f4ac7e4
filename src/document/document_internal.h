// What the files of document share.
#pragma once

#include "document/document.h"

// Gives every node below `node` its dotted path; refuses trees whose paths are very much longer than their text. O(nodes).
clx_status clx_document_paths(clx_arena *arena, clx_node *node, clx_error *error);

// Size, UTF-8 and nesting, before the parser sees the text (libfyaml is quadratic on deep brackets). O(size).
clx_status clx_document_scan(const char *name, const char *data, size_t size, clx_error *error);
