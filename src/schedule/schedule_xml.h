// XML as a tree of elements: names without prefixes, texts of leaves, lines. Attributes, comments and instructions are left out.
#pragma once

#include "base/base.h"

typedef struct clx_xml_element {
  const char *name;
  const char *text;  // of an element without elements in it: trimmed, at most CLX_XML_TEXT_MAX bytes; else ""
  int32_t line;
  struct clx_xml_element *first, *last, *next;  // children; the next one of the parent's
} clx_xml_element;

enum { CLX_XML_TEXT_MAX = 4096, CLX_XML_DEPTH_MAX = 64 };

// UTF-8 only. Document types (entities, what is outside the file) are refused. O(size).
clx_status clx_xml_read(clx_arena *arena, const char *file, const char *data, size_t size, clx_xml_element **root,
                        clx_error *error);
// The first child of that name; NULL where there is none, or no parent.
const clx_xml_element *clx_xml_child(const clx_xml_element *parent, const char *name);
const char *clx_xml_text(const clx_xml_element *parent, const char *name);  // of that child; NULL where absent or empty
// The first of `element` (nullable) and those after it that has this name.
const clx_xml_element *clx_xml_named(const clx_xml_element *element, const char *name);
