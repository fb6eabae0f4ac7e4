// A tree of elements from libxml2's events.
#include "schedule/schedule_xml.h"

#include <libxml/SAX2.h>
#include <stdio.h>
#include <string.h>

typedef struct reader {
  xmlParserCtxtPtr xml;
  clx_arena *arena;
  const char *file;
  clx_error *error;
  clx_status status;
  clx_xml_element *root, *open[CLX_XML_DEPTH_MAX];
  int32_t depth;
  char text[CLX_XML_TEXT_MAX];
  size_t length;
} reader;

static void stop(reader *r, clx_status status) {
  if (r->status == CLX_OK) r->status = status;
  xmlStopParser(r->xml);
}

static clx_place here(const reader *r) { return (clx_place){r->file, xmlSAX2GetLineNumber(r->xml), 0}; }

static void no_memory(reader *r) {
  if (r->status == CLX_OK) stop(r, clx_fail_plain(r->error, CLX_MEMORY, "schedule: out of memory for XML"));
}

static void open_element(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                         int namespace_count, const xmlChar **namespaces, int attribute_count, int defaulted,
                         const xmlChar **attributes) {
  (void)prefix, (void)uri, (void)namespace_count, (void)namespaces, (void)attribute_count, (void)defaulted,
      (void)attributes;
  reader *r = context;
  if (r->status != CLX_OK) return;
  if (r->depth == CLX_XML_DEPTH_MAX) {
    stop(r, clx_fail(r->error, CLX_INPUT, here(r), "elements are nested deeper than %d", CLX_XML_DEPTH_MAX));
    return;
  }
  clx_xml_element *e = CLX_NEW(r->arena, clx_xml_element), *parent = r->depth > 0 ? r->open[r->depth - 1] : NULL;
  char *copy = clx_arena_text(r->arena, (const char *)name);
  if (e == NULL || copy == NULL) {
    no_memory(r);
    return;
  }
  *e = (clx_xml_element){.name = copy, .text = "", .line = xmlSAX2GetLineNumber(r->xml)};
  if (parent == NULL) {
    r->root = e;
  } else if (parent->last == NULL) {
    parent->first = parent->last = e;
  } else {
    parent->last = parent->last->next = e;
  }
  r->open[r->depth++] = e;
  r->length = 0;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void close_element(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
  (void)name, (void)prefix, (void)uri;
  reader *r = context;
  if (r->status != CLX_OK || r->depth == 0) return;
  clx_xml_element *e = r->open[--r->depth];
  if (e->first == NULL) {
    const char *text = r->text;
    size_t length = r->length;
    for (; length > 0 && is_blank(text[0]); length--) text++;
    while (length > 0 && is_blank(text[length - 1])) length--;
    while (length > 0 && length == sizeof r->text && (text[length - 1] & 0xC0) == 0x80) length--;  // no half character
    char *copy = clx_arena_copy(r->arena, text, length);
    if (copy == NULL) {
      no_memory(r);
      return;
    }
    clx_text_clean(copy, true);
    e->text = copy;
  }
  r->length = 0;
}

static void add_text(void *context, const xmlChar *text, int length) {
  reader *r = context;
  size_t n = length > 0 ? (size_t)length : 0;
  if (n > sizeof r->text - r->length) n = sizeof r->text - r->length;
  memcpy(r->text + r->length, text, n);
  r->length += n;
}

static void refuse_document_type(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system) {
  (void)name, (void)external, (void)system;
  reader *r = context;
  if (r->status == CLX_OK)
    stop(r, clx_fail(r->error, CLX_INPUT, here(r), "a document type (DTD, entities) is refused"));
}

// Entities cannot be declared; the five predefined ones and characters by number are libxml2's.
static xmlEntityPtr find_entity(void *context, const xmlChar *name) {
  (void)context;
  return xmlGetPredefinedEntity(name);
}

static void on_error(void *context, xmlErrorPtr e) {
  reader *r = context;
  if (r->status != CLX_OK || e == NULL || e->level < XML_ERR_ERROR) return;
  if (e->code == XML_ERR_NO_MEMORY) {
    no_memory(r);
    return;
  }
  char text[200];
  snprintf(text, sizeof text, "%s", e->message != NULL ? e->message : "no XML");
  text[strcspn(text, "\n")] = '\0';
  stop(r, clx_fail(r->error, CLX_INPUT, (clx_place){r->file, e->line, e->int2 > 0 ? e->int2 : 0}, "no XML: %s", text));
}

static void parse(reader *r, const char *data, size_t size) {
  *r->xml->sax = (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
                                 .startElementNs = open_element,
                                 .endElementNs = close_element,
                                 .characters = add_text,
                                 .cdataBlock = add_text,
                                 .internalSubset = refuse_document_type,
                                 .getEntity = find_entity,
                                 .serror = on_error};
  r->xml->userData = r;
  // UTF-8 whatever the file declares, so that no other encoding hides a document type.
  xmlCtxtReadMemory(r->xml, data, (int)size, r->file, "UTF-8", XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
  if (r->status == CLX_OK && (!r->xml->wellFormed || r->root == NULL))
    r->status = clx_fail(r->error, CLX_INPUT, here(r), "no XML");
  if (r->xml->myDoc != NULL) xmlFreeDoc(r->xml->myDoc);
  r->xml->myDoc = NULL;
}

clx_status clx_xml_read(clx_arena *arena, const char *file, const char *data, size_t size, clx_xml_element **root,
                        clx_error *error) {
  if (size > CLX_FILE_SIZE_MAX)
    return clx_fail(error, CLX_INPUT, (clx_place){file, 0, 0}, "is larger than %d MB, the most that is read",
                    (int)(CLX_FILE_SIZE_MAX >> 20));
  const int64_t bad = clx_utf8_check(data, size);
  if (bad >= 0)
    return clx_fail(error, CLX_INPUT, (clx_place){file, 0, 0}, "byte %lld is not UTF-8", (long long)bad + 1);
  reader *r = CLX_NEW(arena, reader);
  if (r == NULL) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for XML");
  *r = (reader){.arena = arena, .file = file, .error = error, .xml = xmlNewParserCtxt()};
  if (r->xml == NULL) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for XML");
  parse(r, data, size);
  xmlFreeParserCtxt(r->xml);
  *root = r->root;
  return r->status;
}

const clx_xml_element *clx_xml_named(const clx_xml_element *e, const char *name) {
  while (e != NULL && strcmp(e->name, name) != 0) e = e->next;
  return e;
}

const clx_xml_element *clx_xml_child(const clx_xml_element *parent, const char *name) {
  return parent != NULL ? clx_xml_named(parent->first, name) : NULL;
}

const char *clx_xml_text(const clx_xml_element *parent, const char *name) {
  const clx_xml_element *e = clx_xml_child(parent, name);
  return e != NULL && e->text[0] != '\0' ? e->text : NULL;
}
