// Showing: an entry for people (a line per number, with its source) or as JSON.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog_internal.h"

static clx_status out_of_memory(clx_error *error) {
  return clx_fail_plain(error, CLX_MEMORY, "out of memory while showing a catalogue entry");
}

static const char *text_of(const clx_node *node) {
  return node != NULL && node->kind == CLX_NODE_SCALAR ? node->text : NULL;
}

// {value: X, source: ...} is X with a provenance of its own.
static const clx_node *value_of(const clx_node *node) {
  const clx_node *value = node->kind == CLX_NODE_MAP ? clx_node_get(node, "value") : NULL;
  return value != NULL && value->kind == CLX_NODE_SCALAR ? value : NULL;
}

// --- text ---------------------------------------------------------------------------------------------------------------
typedef struct page {
  const clx_catalog *catalog;
  clx_buffer *out;
  int key_width, value_width;  // of the widest, up to a bound
  bool measuring;              // first pass: only the widths
} page;

static void widen(int *width, const char *text, int most) {
  const size_t length = strlen(text);
  if (length <= (size_t)most && (int)length > *width) *width = (int)length;
}

static void show_line(page *p, const char *path, const clx_node *value, clx_provenance from) {
  if (p->measuring) {
    widen(&p->key_width, path, 40);
    widen(&p->value_width, value->text, 24);
    return;
  }
  if (!clx_provenance_needed(value)) {
    clx_buffer_format(p->out, "  %-*s  %s\n", p->key_width, path, value->text);
    return;
  }
  const char *kind = text_of(from.kind), *source = text_of(from.source), *why = text_of(from.why);
  const char *title = source == NULL ? NULL : clx_catalog_source(p->catalog, source);
  clx_buffer_format(p->out, "  %-*s  %-*s  %-9s  %s%s%s\n", p->key_width, path, p->value_width, value->text,
                    kind != NULL ? kind : "-", title != NULL ? title : "no source", why != NULL ? "; " : "",
                    why != NULL ? why : "");
}

static void show_node(page *p, const clx_node *node, const char *path, clx_provenance from) {
  if (node->kind == CLX_NODE_SCALAR) {
    show_line(p, path, node, from);
    return;
  }
  if (node->kind == CLX_NODE_MAP) from = clx_provenance_inside(from, node);
  const clx_node *value = value_of(node);
  if (value != NULL) {
    show_line(p, path, value, from);
    return;
  }
  for (int32_t i = 0; i < node->child_count; i++) {
    const clx_node *child = &node->child[i];
    if (child->key == NULL || !clx_provenance_key(child->key)) show_node(p, child, child->path, from);
  }
}

// Keys of the root that have their place in the heading.
static bool is_heading(const char *key) {
  return clx_text_equal(key, "name") || clx_text_equal(key, "title") || clx_text_equal(key, "aliases") ||
         clx_text_equal(key, "notes") || clx_provenance_key(key);
}

static void show_body(page *p, const clx_node *tree) {
  const clx_provenance from = clx_provenance_inside((clx_provenance){0}, tree);
  for (int32_t i = 0; i < tree->child_count; i++) {
    const clx_node *child = &tree->child[i];
    if (!is_heading(child->key)) show_node(p, child, child->path, from);
  }
}

static void show_heading(page *p, const clx_entry *entry, const clx_node *tree) {
  const char *title = text_of(clx_node_get(tree, "title"));
  clx_buffer_format(p->out, "%s (%s/%s)\n", title != NULL ? title : entry->name, clx_catalog_kind(entry->kind),
                    entry->name);
  const clx_node *aliases = clx_node_get(tree, "aliases");
  if (aliases != NULL && aliases->kind == CLX_NODE_LIST && aliases->child_count > 0) {
    for (int32_t i = 0; i < aliases->child_count; i++) {
      const char *alias = text_of(&aliases->child[i]);
      clx_buffer_format(p->out, "%s%s", i == 0 ? "also: " : ", ", alias != NULL ? alias : "?");
    }
    clx_buffer_format(p->out, "\n");
  }
  if (clx_text_equal(clx_catalog_kind(entry->kind), "plant"))
    clx_buffer_format(p->out, "takes: heat of %s\n", clx_catalog_plant_takes(tree));
}

static clx_status show_text(const clx_catalog *catalog, const clx_entry *entry, const clx_node *tree, char **text,
                            clx_error *error) {
  clx_buffer out = {0};
  page p = {.catalog = catalog, .out = &out, .measuring = true};
  show_body(&p, tree);
  p.measuring = false;
  show_heading(&p, entry, tree);
  show_body(&p, tree);
  const char *notes = text_of(clx_node_get(tree, "notes"));
  if (notes != NULL && notes[0] != 0)
    clx_buffer_format(&out, "notes: %s%s", notes, notes[strlen(notes) - 1] == '\n' ? "" : "\n");
  if (out.failed) {
    clx_buffer_free(&out);
    return out_of_memory(error);
  }
  *text = out.data;
  return CLX_OK;
}

// --- JSON ---------------------------------------------------------------------------------------------------------------
// Every function returns NULL when out of memory; json_*_set_new and json_array_append_new take NULL as a failure.

static json_t *json_plain(const clx_node *scalar) {
  if (scalar->quoted) return json_string(scalar->text);
  if (clx_node_is_null(scalar)) return json_null();
  if (clx_text_equal(scalar->text, "true")) return json_true();
  if (clx_text_equal(scalar->text, "false")) return json_false();
  // A JSON number as it stands, or else text: "700 W", "100,000".
  json_t *number = json_loads(scalar->text, JSON_DECODE_ANY, NULL);
  if (number != NULL && json_is_number(number)) return number;
  json_decref(number);
  return json_string(scalar->text);
}

static bool set_text(json_t *object, const char *key, const char *text) {
  return text == NULL || json_object_set_new(object, key, json_string(text)) == 0;
}

static json_t *json_scalar(const clx_catalog *catalog, const clx_node *scalar, clx_provenance from) {
  if (!clx_provenance_needed(scalar)) return json_plain(scalar);
  const char *source = text_of(from.source);
  json_t *object = json_object();
  const bool done = json_object_set_new(object, "value", json_plain(scalar)) == 0 &&
                    set_text(object, "source", source) &&
                    set_text(object, "source_title", source == NULL ? NULL : clx_catalog_source(catalog, source)) &&
                    set_text(object, "kind", text_of(from.kind)) && set_text(object, "why", text_of(from.why));
  if (done) return object;
  json_decref(object);
  return NULL;
}

// Recursion is bounded: the document reader refuses nesting deeper than CLX_NESTING_MAX.
static json_t *json_node(const clx_catalog *catalog, const clx_node *node, clx_provenance from) {
  if (node->kind == CLX_NODE_SCALAR) return json_scalar(catalog, node, from);
  const bool is_map = node->kind == CLX_NODE_MAP;
  if (is_map) from = clx_provenance_inside(from, node);
  const clx_node *value = value_of(node);
  if (value != NULL) return json_scalar(catalog, value, from);
  json_t *whole = is_map ? json_object() : json_array();
  for (int32_t i = 0; i < node->child_count; i++) {
    const clx_node *child = &node->child[i];
    if (is_map && clx_provenance_key(child->key)) continue;
    json_t *item = json_node(catalog, child, from);
    const int failed = is_map ? json_object_set_new(whole, child->key, item) : json_array_append_new(whole, item);
    if (failed != 0) {
      json_decref(whole);
      return NULL;
    }
  }
  return whole;
}

static clx_status show_json(const clx_catalog *catalog, const clx_entry *entry, const clx_node *tree, char **text,
                            clx_error *error) {
  json_t *root = json_object();
  const bool done = set_text(root, "kind", clx_catalog_kind(entry->kind)) && set_text(root, "name", entry->name) &&
                    set_text(root, "file", entry->file) &&
                    json_object_set_new(root, "entry", json_node(catalog, tree, (clx_provenance){0})) == 0;
  *text = done ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
  json_decref(root);
  return *text != NULL ? CLX_OK : out_of_memory(error);
}

clx_status clx_catalog_show(const clx_catalog *catalog, const char *kind, const char *name, bool json, char **text,
                            clx_error *error) {
  *text = NULL;
  const clx_place nowhere = {0};
  const int32_t index = kind == NULL ? -1 : clx_catalog_kind_index(kind);
  if (kind != NULL && index < 0) return clx_catalog_unknown_kind(kind, nowhere, error);
  clx_entry *entry = NULL;
  const clx_node *tree = NULL;
  CLX_TRY(clx_catalog_demand(catalog, index, name, nowhere, &entry, error));
  CLX_TRY(clx_catalog_tree(catalog, entry, &tree, error));
  CLX_TRY(clx_catalog_load_sources(catalog, error));
  if (tree->kind != CLX_NODE_MAP) return clx_fail(error, CLX_INPUT, tree->place, "a catalogue entry is a map of keys");
  return json ? show_json(catalog, entry, tree, text, error) : show_text(catalog, entry, tree, text, error);
}
