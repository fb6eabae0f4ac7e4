// Messages of a trace: metadata, nodes, their attributes.
#include <stdio.h>
#include <string.h>

#include "import/import_chakra_internal.h"

const char *const clx_chakra_type_name[CLX_CHAKRA_TYPES + 1] = {"invalid", "metadata", "memory load", "memory store",
                                                                "compute", "send",     "receive",     "collective",
                                                                "storage", "batch",    "checkpoint",  NULL};

const char *const clx_chakra_key_name[CLX_CHAKRA_KEYS + 1] = {
    "is_cpu_op", "num_ops", "tensor_size", "comm_type", "comm_size",    "comm_src", "comm_dst",
    "comm_tag",  "stream",  "tid",         "pg_name",   "involved_dim", NULL};

clx_status clx_chakra_fail(const clx_chakra_rank *r, const clx_chakra_node *node, const char *format, ...) {
  char text[360];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return clx_fail(r->error, CLX_INPUT, (clx_place){.file = r->file}, "node %llu at byte %zu: %s",
                  (unsigned long long)node->id, node->offset, text);
}

static clx_wire_text text_of(const clx_wire *bytes) {
  if (bytes->data == NULL) return (clx_wire_text){"", 0};
  return (clx_wire_text){(const char *)bytes->data + bytes->at, bytes->end - bytes->at};
}

static bool is_text(const clx_wire_text *text, const char *word) {
  return text->size == strlen(word) && memcmp(text->data, word, text->size) == 0;
}

// --- attributes -------------------------------------------------------------------------------------------------------------

// A value of an attribute as a number. Writers choose different integer fields for one attribute: all are taken. False: it is no number.
static bool number_of(const clx_wire_field *f, double *value) {
  const uint64_t v = f->value;
  const uint32_t low = (uint32_t)v;
  float single;
  switch (f->number) {
    case 3:  // double
      memcpy(value, &v, sizeof v);
      break;
    case 5:  // float
      memcpy(&single, &low, sizeof low);
      *value = (double)single;
      break;
    case 7:   // int32
    case 9:   // int64
    case 25:  // sfixed64
      *value = (double)(int64_t)v;
      break;
    case 15:  // sint32
    case 17:  // sint64
      *value = (double)((int64_t)(v >> 1) ^ -(int64_t)(v & 1));
      break;
    case 23:  // sfixed32
      *value = (double)(int32_t)low;
      break;
    case 11:  // uint32
    case 13:  // uint64
    case 19:  // fixed32
    case 21:  // fixed64
    case 27:  // bool
      *value = (double)v;
      break;
    default:
      return false;
  }
  return true;
}

// Whether a list of bools (packed or one by one) has one that is false.
static bool leaves_out(clx_wire list, const char **why) {
  clx_wire_field f;
  for (int state; (state = clx_wire_next(&list, &f, why)) != 0;) {
    if (state < 0) return false;
    if (f.number != 1) continue;
    if (f.type == 0 && f.value == 0) return true;
    for (uint64_t value; f.type == 2 && f.bytes.at < f.bytes.end;) {
      if (!clx_wire_number(&f.bytes, &value)) return false;
      if (value == 0) return true;
    }
  }
  return false;
}

static void count_attribute(clx_chakra_rank *r, const clx_wire_text *name, bool used) {
  clx_chakra_report *report = r->report;
  for (int32_t i = 0; i < report->attribute_count; i++) {
    if (!is_text(name, report->attribute[i].name)) continue;
    report->attribute[i].count++;
    return;
  }
  if (report->attribute_count == CLX_CHAKRA_ATTRIBUTES_MAX) {
    report->other_attributes++;
    return;
  }
  char *copy = clx_arena_copy(r->kept, name->data, name->size);
  if (copy == NULL) return;
  clx_text_clean(copy, true);
  report->attribute[report->attribute_count++] = (clx_chakra_attribute){copy, 1, used};
}

static int32_t key_of(const clx_wire_text *name) {
  for (int32_t i = 0; i < CLX_CHAKRA_KEYS; i++) {
    if (is_text(name, clx_chakra_key_name[i])) return i;
  }
  return -1;
}

// False: malformed.
static bool read_attribute(clx_chakra_rank *r, clx_wire message, clx_chakra_node *node, const char **why) {
  clx_wire_field f, value = {0};
  clx_wire_text name = {"", 0};
  for (int state; (state = clx_wire_next(&message, &f, why)) != 0;) {
    if (state < 0) return false;
    if (f.number == 1 && f.type == 2) name = text_of(&f.bytes);
    if (f.number > 2) value = f;
  }
  const int32_t key = key_of(&name);
  count_attribute(r, &name, key >= 0);
  if (key < 0) return true;
  bool known = true;
  if (key < CLX_CHAKRA_NUMBERS) {
    known = value.type != 2 && number_of(&value, &node->number[key]);
  } else if (key == CLX_CHAKRA_PG_NAME) {
    known = value.number == 29 && value.type == 2;
    node->group = text_of(&value.bytes);
  } else {
    known = value.number == 28 && value.type == 2;
    node->partly = known && leaves_out(value.bytes, why);
  }
  *why = "an attribute that the replay uses has a value of another kind";
  if (known) node->has |= 1u << key;
  return known;
}

// --- nodes ------------------------------------------------------------------------------------------------------------------

static void add_dependency(clx_chakra_rank *r, uint64_t id, bool control) {
  const clx_chakra_dependency d = {id, control};
  clx_buffer_add(&r->dependencies, (const char *)&d, sizeof d);
  r->dependency_count++;
}

static bool read_dependencies(clx_chakra_rank *r, clx_wire_field *f) {
  const bool control = f->number == 4;
  uint64_t id = 0;
  if (f->type == 0) add_dependency(r, f->value, control);
  while (f->type == 2 && f->bytes.at < f->bytes.end) {
    if (!clx_wire_number(&f->bytes, &id)) return false;
    add_dependency(r, id, control);
  }
  return f->type == 0 || f->type == 2;
}

// values of IOInfo
static bool read_values(clx_wire message, clx_wire_text *values, const char **why) {
  clx_wire_field f;
  for (int state; (state = clx_wire_next(&message, &f, why)) != 0;) {
    if (state < 0) return false;
    if (f.number == 1 && f.type == 2) *values = text_of(&f.bytes);
  }
  return true;
}

// One field of a node. False: malformed.
static bool read_field(clx_chakra_rank *r, clx_wire_field *f, clx_chakra_node *node, const char **why) {
  *why = "a field of the node has the wrong wire type";
  uint64_t *const number[] = {[1] = &node->id, [3] = &node->type, [6] = &node->start, [7] = &node->duration};
  clx_wire_text unused;
  switch (f->number) {
    case 1:
    case 3:
    case 6:
    case 7:
      *number[f->number] = f->value;
      return f->type == 0;
    case 2:
      node->name = text_of(&f->bytes);
      return f->type == 2;
    case 4:
    case 5:
      if (read_dependencies(r, f)) return true;
      *why = "a list of dependencies is malformed";
      return false;
    case 8:
      r->report->tensors++;
      return f->type == 2 && read_values(f->bytes, &node->values, why);
    case 9:
      r->report->tensors++;
      return f->type == 2 && read_values(f->bytes, &unused, why);
    case 10:
      return f->type == 2 && read_attribute(r, f->bytes, node, why);
    default:
      r->report->unknown_fields++;
      return true;
  }
}

static clx_status read_node(clx_chakra_rank *r, clx_wire message, size_t offset) {
  clx_chakra_node node = {.offset = offset, .first = r->dependency_count};
  clx_wire_field f;
  const char *why = "";
  for (int state; (state = clx_wire_next(&message, &f, &why)) != 0;) {
    if (state < 0 || !read_field(r, &f, &node, &why))
      return clx_chakra_fail(r, &node, "%s (byte %zu)", why, message.at);
  }
  if (node.type >= CLX_CHAKRA_TYPES)
    return clx_chakra_fail(r, &node, "type %llu is not known (0 to %d are)", (unsigned long long)node.type,
                           CLX_CHAKRA_TYPES - 1);
  node.count = r->dependency_count - node.first;
  if (r->node_count == INT32_MAX / 4 || r->dependency_count >= INT32_MAX / 4)
    return clx_chakra_fail(r, &node, "the rank has too many nodes or dependencies");
  clx_buffer_add(&r->nodes, (const char *)&node, sizeof node);
  r->node_count++;
  r->report->type[node.type]++;
  r->report->starts = r->report->starts || node.start > 0;
  return CLX_OK;
}

// --- metadata ---------------------------------------------------------------------------------------------------------------

static clx_status read_metadata(clx_chakra_rank *r, clx_wire message) {
  clx_wire_field f, part;
  const char *why = "";
  for (int state; (state = clx_wire_next(&message, &f, &why)) != 0;) {
    if (state < 0 || (f.number <= 2 && f.type != 2))
      return clx_fail(r->error, CLX_INPUT, (clx_place){.file = r->file},
                      "starts with no GlobalMetadata of a Chakra trace (byte %zu: %s)", message.at,
                      state < 0 ? why : "a field has another kind");
    const clx_wire_text text = text_of(&f.bytes);
    if (f.number == 1 && r->report->version[0] == '\0') {
      char *copy = clx_arena_copy(r->kept, text.data, text.size < 32 ? text.size : 32);
      if (copy == NULL) return clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
      clx_text_clean(copy, true);
      r->report->version = copy;
    }
    while (f.number == 2 && clx_wire_next(&f.bytes, &part, &why) > 0) {
      const clx_wire_text name = text_of(&part.bytes);
      r->pytorch = r->pytorch || (part.number == 1 && part.type == 2 && is_text(&name, "schema"));
    }
  }
  r->report->pytorch = r->report->pytorch || r->pytorch;
  return CLX_OK;
}

clx_status clx_chakra_scan(clx_chakra_rank *r, const uint8_t *data, size_t size) {
  const clx_place place = {.file = r->file};
  clx_wire file = {data, 0, size};
  const clx_chakra_node *last = NULL;
  if (size == 0) return clx_fail(r->error, CLX_INPUT, place, "is empty");
  for (bool first = true; file.at < file.end; first = false) {
    const size_t offset = file.at;
    uint64_t length = 0;
    const bool told = clx_wire_number(&file, &length);
    if (!told || length > file.end - file.at) {
      char after[64] = "";
      if (r->node_count > 0) {
        last = (const clx_chakra_node *)(const void *)r->nodes.data + r->node_count - 1;
        snprintf(after, sizeof after, ", after node %llu", (unsigned long long)last->id);
      }
      return clx_fail(r->error, CLX_INPUT, place,
                      "is truncated: the message at byte %zu has %llu bytes, %zu are left%s", offset,
                      (unsigned long long)length, file.end - file.at, after);
    }
    const clx_wire message = {data, file.at, file.at + (size_t)length};
    file.at += (size_t)length;
    CLX_TRY(first ? read_metadata(r, message) : read_node(r, message, offset));
    if (r->nodes.failed || r->dependencies.failed) return clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
  }
  return r->node_count > 0 ? CLX_OK : clx_fail(r->error, CLX_INPUT, place, "has no nodes");
}
