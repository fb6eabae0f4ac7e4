// The events of libfyaml become a tree; what a scenario must not contain is refused on the way.
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "document/document_internal.h"

typedef struct item {
  clx_node node;
  struct item *next;
} item;

typedef struct builder {
  clx_arena *arena;
  const char *name;
  const char *data;  // the whole text
  size_t size;
  struct fy_parser *parser;
  struct fy_diag *diag;
  int32_t depth;
  int32_t nodes;   // so far
  char said[160];  // what the parser would have printed first
  clx_error *error;
} builder;

// What a tree may cost, however small the text that asks for it: a long key in front of many values is copied into all of
// their paths.
enum { NODES_MAX = 200000, PATHS_MAX = 64 << 20 };

static clx_status no_memory(builder *b) { return clx_fail_plain(b->error, CLX_MEMORY, "out of memory"); }

static clx_place place_of(const builder *b, struct fy_event *event) {
  const struct fy_mark *mark = fy_event_start_mark(event);
  return mark == NULL ? (clx_place){b->name, 0, 0} : (clx_place){b->name, mark->line + 1, mark->column + 1};
}

// Some complaints of libfyaml 0.7.12 pass its collector by and would stand on stderr; they end here.
static void catch_output(struct fy_diag *diag, void *user, const char *text, size_t length) {
  (void)diag;
  builder *b = user;
  while (length > 0 && text[length - 1] == '\n') length--;
  if (length >= sizeof b->said) length = sizeof b->said - 1;
  if (b->said[0] == '\0') memcpy(b->said, text, length);
}

// True if the line's indentation holds a tab.
static bool tab_indents(const builder *b, int32_t line) {
  size_t at = 0;
  for (int32_t i = 1; i < line && at < b->size; at++) i += b->data[at] == '\n' ? 1 : 0;
  while (at < b->size && b->data[at] == ' ') at++;
  return at < b->size && b->data[at] == '\t';
}

// The parser's first complaint, in one line.
static clx_status syntax_error(builder *b) {
  void *previous = NULL;
  const struct fy_diag_error *first = fy_diag_errors_iterate(b->diag, &previous);
  if ((first == NULL || first->msg == NULL) && b->said[0] != '\0') {
    return clx_fail(b->error, CLX_INPUT, (clx_place){b->name, 0, 0}, "YAML: %s", b->said);
  }
  if (first == NULL || first->msg == NULL) {
    return clx_fail(b->error, CLX_INPUT, (clx_place){b->name, 0, 0}, "is no YAML or JSON text");
  }
  const clx_place place = {b->name, first->line > 0 ? first->line : 0, first->column > 0 ? first->column : 0};
  const int length = (int)strcspn(first->msg, "\n");
  const char *hint = tab_indents(b, place.line) ? " (the line is indented by a tab; YAML wants blanks)" : "";
  return clx_fail(b->error, CLX_INPUT, place, "YAML: %.*s%s", length, first->msg, hint);
}

static clx_status next_event(builder *b, struct fy_event **event) {
  *event = fy_parser_parse(b->parser);
  return *event == NULL ? syntax_error(b) : CLX_OK;
}

static clx_status build(builder *b, struct fy_event *event, clx_node *node);

// Anchors, aliases and tags would make a file a program.
static clx_status refuse_extras(builder *b, struct fy_event *event) {
  const clx_place place = place_of(b, event);
  if (event->type == FYET_ALIAS) return clx_fail(b->error, CLX_INPUT, place, "aliases ('*name') are not supported");
  if (fy_event_get_anchor_token(event) != NULL)
    return clx_fail(b->error, CLX_INPUT, place, "anchors ('&name') are not supported");
  if (fy_event_get_tag_token(event) != NULL)
    return clx_fail(b->error, CLX_INPUT, place, "tags ('!name') are not supported");
  return CLX_OK;
}

static clx_status build_scalar(builder *b, struct fy_event *event, clx_node *node) {
  size_t length = 0;
  struct fy_token *token = fy_event_get_token(event);
  const char *text = token == NULL ? NULL : fy_token_get_text(token, &length);
  if (text == NULL) length = 0;  // a value of no characters
  // Escapes can name what UTF-8 and C texts cannot hold.
  if (length > 0 && clx_utf8_check(text, length) >= 0) {
    return clx_fail(b->error, CLX_INPUT, node->place, "an escape stands for a character that no text may hold");
  }
  node->kind = CLX_NODE_SCALAR;
  node->quoted = token != NULL && fy_scalar_token_get_style(token) != FYSS_PLAIN;
  node->text = clx_arena_copy(b->arena, text, length);
  return node->text == NULL ? no_memory(b) : CLX_OK;
}

static int by_key(const void *a, const void *b) {
  const clx_node *const *x = a, *const *y = b;
  const int order = strcmp((*x)->key, (*y)->key);
  return order != 0 ? order : (*x < *y ? -1 : *x > *y);
}

static clx_status refuse_duplicates(builder *b, const clx_node *map) {
  const clx_node **sorted = CLX_NEW_ARRAY(b->arena, const clx_node *, map->child_count);
  if (sorted == NULL) return no_memory(b);
  for (int32_t i = 0; i < map->child_count; i++) sorted[i] = &map->child[i];
  qsort(sorted, (size_t)map->child_count, sizeof *sorted, by_key);
  clx_status status = CLX_OK;
  for (int32_t i = 1, first = 0; i < map->child_count; i++) {
    if (strcmp(sorted[i]->key, sorted[first]->key) != 0) {
      first = i;
      continue;
    }
    status = clx_fail(b->error, CLX_INPUT, sorted[i]->key_place, "key '%.80s' stands twice, first in line %d",
                      sorted[i]->key, sorted[first]->key_place.line);
  }
  return status;
}

static clx_status finish_collection(builder *b, clx_node *node, const item *first, int32_t count) {
  node->child_count = count;
  if (count == 0) return CLX_OK;
  node->child = CLX_NEW_ARRAY(b->arena, clx_node, count);
  if (node->child == NULL) return no_memory(b);
  for (int32_t i = 0; i < count; i++, first = first->next) node->child[i] = first->node;
  return node->kind == CLX_NODE_MAP ? refuse_duplicates(b, node) : CLX_OK;
}

static clx_status check_key(builder *b, const clx_node *key) {
  if (key->kind != CLX_NODE_SCALAR)
    return clx_fail(b->error, CLX_INPUT, key->place, "a key must be a word, not a list or map");
  if (key->text[0] == '\0') return clx_fail(b->error, CLX_INPUT, key->place, "a key is empty");
  return CLX_OK;
}

// The value behind a key.
static clx_status build_value(builder *b, clx_node *child) {
  const clx_node key = *child;
  struct fy_event *event = NULL;
  CLX_TRY(check_key(b, &key));
  CLX_TRY(next_event(b, &event));
  *child = (clx_node){.key = key.text, .key_place = key.place};
  const clx_status status = build(b, event, child);
  fy_parser_event_free(b->parser, event);
  if (child->place.line == 0) child->place = key.place;  // nothing was written
  return status;
}

// One child of `node`: a list item, or a key with its value. *child is NULL when the collection ended instead.
static clx_status build_child(builder *b, const clx_node *node, item **child) {
  struct fy_event *event = NULL;
  CLX_TRY(next_event(b, &event));
  const bool done = event->type == FYET_SEQUENCE_END || event->type == FYET_MAPPING_END;
  clx_status status = CLX_OK;
  *child = done ? NULL : CLX_NEW(b->arena, item);
  if (!done) status = *child == NULL ? no_memory(b) : build(b, event, &(*child)->node);
  fy_parser_event_free(b->parser, event);
  if (status != CLX_OK || *child == NULL) return status;
  if ((*child)->node.place.line == 0) (*child)->node.place = node->place;
  return node->kind == CLX_NODE_MAP ? build_value(b, &(*child)->node) : CLX_OK;
}

static clx_status build_collection(builder *b, bool map, clx_node *node) {
  item *first = NULL, *last = NULL;
  int32_t count = 0;
  node->kind = map ? CLX_NODE_MAP : CLX_NODE_LIST;
  if (++b->depth > CLX_NESTING_MAX)
    return clx_fail(b->error, CLX_INPUT, node->place, "nested deeper than %d levels", CLX_NESTING_MAX);
  for (;;) {
    item *child = NULL;
    CLX_TRY(build_child(b, node, &child));
    if (child == NULL) break;
    if (last == NULL) {
      first = child;
    } else {
      last->next = child;
    }
    last = child;
    count++;
  }
  b->depth--;
  return finish_collection(b, node, first, count);
}

static clx_status build(builder *b, struct fy_event *event, clx_node *node) {
  CLX_TRY(refuse_extras(b, event));
  node->place = place_of(b, event);
  if (++b->nodes > NODES_MAX)
    return clx_fail(b->error, CLX_INPUT, node->place, "more than %d values in one file", NODES_MAX);
  switch (event->type) {
    case FYET_SCALAR:
      return build_scalar(b, event, node);
    case FYET_MAPPING_START:
      return build_collection(b, true, node);
    case FYET_SEQUENCE_START:
      return build_collection(b, false, node);
    default:
      return clx_fail(b->error, CLX_INPUT, node->place, "expected a value");
  }
}

static clx_status add_paths(clx_arena *arena, clx_node *node, size_t *room, clx_error *error) {
  for (int32_t i = 0; i < node->child_count; i++) {
    clx_node *child = &node->child[i];
    const char *dot = node->path[0] == '\0' ? "" : ".";
    child->path = child->key != NULL ? clx_arena_format(arena, "%s%s%s", node->path, dot, child->key)
                                     : clx_arena_format(arena, "%s%s%d", node->path, dot, i);
    if (child->path == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    const size_t length = strlen(child->path);
    if (length > *room) return clx_fail(error, CLX_INPUT, child->place, "the keys are too long for so many values");
    *room -= length;
    CLX_TRY(add_paths(arena, child, room, error));
  }
  return CLX_OK;
}

clx_status clx_document_paths(clx_arena *arena, clx_node *node, clx_error *error) {
  size_t room = PATHS_MAX;
  return add_paths(arena, node, &room, error);
}

static bool is_content(enum fy_event_type type) {
  return type == FYET_SCALAR || type == FYET_MAPPING_START || type == FYET_SEQUENCE_START || type == FYET_ALIAS;
}

// Stream start, one document, stream end.
static clx_status build_stream(builder *b, clx_node *root) {
  bool seen = false;
  root->kind = CLX_NODE_MAP;
  root->place = (clx_place){b->name, 1, 1};
  for (;;) {
    struct fy_event *event = fy_parser_parse(b->parser);
    if (event == NULL) return fy_diag_got_error(b->diag) || b->said[0] != '\0' ? syntax_error(b) : CLX_OK;
    const enum fy_event_type type = event->type;
    const clx_place place = place_of(b, event);
    clx_status status = CLX_OK;
    // A document that begins without "---" has no place but that of its content.
    if (seen && (is_content(type) || (type == FYET_DOCUMENT_START && place.line > 0))) {
      status = clx_fail(b->error, CLX_INPUT, place, "a second document starts here: one file is one document");
    } else if (is_content(type)) {
      status = build(b, event, root);
      seen = true;
    }
    fy_parser_event_free(b->parser, event);
    if (status != CLX_OK || type == FYET_STREAM_END) return status;
  }
}

static clx_status parse(builder *b, clx_node *root) {
  struct fy_diag_cfg diag_cfg;
  fy_diag_cfg_default(&diag_cfg);
  diag_cfg.fp = NULL;
  diag_cfg.output_fn = catch_output;
  diag_cfg.user = b;
  diag_cfg.colorize = diag_cfg.show_source = diag_cfg.show_position = diag_cfg.show_type = diag_cfg.show_module = false;
  b->diag = fy_diag_create(&diag_cfg);
  if (b->diag == NULL) return no_memory(b);
  fy_diag_set_collect_errors(b->diag, true);
  const struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE, .diag = b->diag};
  b->parser = fy_parser_create(&cfg);
  clx_status status = CLX_OK;
  if (b->parser == NULL || fy_parser_set_string(b->parser, b->data, b->size) != 0) status = no_memory(b);
  if (status == CLX_OK) status = build_stream(b, root);
  if (b->parser != NULL) fy_parser_destroy(b->parser);
  fy_diag_destroy(b->diag);
  return status;
}

clx_status clx_document_read(clx_arena *arena, const char *name, const char *data, size_t size, clx_node **root,
                             clx_error *error) {
  builder b = {.arena = arena, .name = clx_arena_text(arena, name == NULL ? "" : name), .error = error};
  *root = NULL;
  if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
    data += 3;
    size -= 3;
  }
  if (b.name == NULL) return no_memory(&b);
  b.data = data;
  b.size = size;
  CLX_TRY(clx_document_scan(b.name, data, size, error));
  clx_node *node = CLX_NEW(arena, clx_node);
  if (node == NULL) return no_memory(&b);
  CLX_TRY(parse(&b, node));
  if (clx_node_is_null(node)) *node = (clx_node){.kind = CLX_NODE_MAP, .place = node->place};
  node->path = "";
  CLX_TRY(clx_document_paths(arena, node, error));
  *root = node;
  return CLX_OK;
}

clx_status clx_document_load(clx_arena *arena, const char *path, clx_node **root, clx_error *error) {
  const char *data = NULL;
  size_t size = 0;
  CLX_TRY(clx_file_read(arena, path, CLX_FILE_SIZE_MAX, &data, &size, error));
  return clx_document_read(arena, path, data, size, root, error);
}

const clx_node *clx_node_get(const clx_node *map, const char *key) {
  for (int32_t i = 0; map != NULL && map->kind == CLX_NODE_MAP && i < map->child_count; i++) {
    if (strcmp(map->child[i].key, key) == 0) return &map->child[i];
  }
  return NULL;
}

bool clx_node_is_null(const clx_node *node) {
  if (node == NULL) return true;
  if (node->kind != CLX_NODE_SCALAR || node->quoted) return false;
  return node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0;
}
