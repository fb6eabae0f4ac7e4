// What was read from Chakra traces, and what was left aside.
#include <stdio.h>

#include "import/import_chakra_internal.h"

// A count that is shown where it is not 0.
typedef struct line {
  const char *key, *text;
  int64_t count;
} line;

enum { LINES = 11 };

static void find_lines(const clx_execution *x, const clx_chakra_report *r, line lines[LINES]) {
  const line all[LINES] = {
      {"missing_zero", "dependencies on node 0, which does not exist: dropped", r->missing_zero},
      {"missing_control", "control dependencies on nodes that the converter removed: dropped", r->missing_control},
      {"repeated", "dependencies that a node names twice: dropped", r->repeated},
      {"stream_edges", "dependencies added: operations of one stream keep their order", x->stream_edges},
      {"tensors", "descriptions of inputs and outputs: not used", r->tensors},
      {"without_place", "compute nodes without is_cpu_op: taken as the device's", r->without_place},
      {"without_peer", "sends and receives that name no other rank: as long as recorded, matched with nothing",
       r->without_peer},
      {"as_broadcast", "reductions to one rank: priced as a broadcast", r->approximated[CLX_BROADCAST]},
      {"as_message", "gathers and scatters: priced as one message of what the root exchanges",
       r->approximated[CLX_SEND_RECEIVE]},
      {"as_all_reduce", "barriers: priced as an all-reduce of 4 B", r->approximated[CLX_ALL_REDUCE]},
      {"storage", "storage, batch and checkpoint nodes: on the host, as long as recorded", r->storage},
  };
  for (int32_t i = 0; i < LINES; i++) lines[i] = all[i];
}

// Attributes that the replay uses, or those that it does not.
static void put_attributes(const clx_chakra_report *r, bool used, clx_buffer *out) {
  const char *label = used ? "attributes  " : "not used    ";
  int32_t count = 0;
  for (int32_t i = 0; i < r->attribute_count; i++) {
    const clx_chakra_attribute *a = &r->attribute[i];
    if (a->used == used)
      clx_buffer_format(out, "%s%.40s %lld", count++ > 0 ? ", " : label, a->name, (long long)a->count);
  }
  if (!used && r->other_attributes > 0)
    clx_buffer_format(out, "%sothers %lld", count++ > 0 ? ", " : label, (long long)r->other_attributes);
  if (count > 0) clx_buffer_format(out, "\n");
}

void clx_chakra_report_text(const clx_execution *x, const clx_chakra_report *r, bool full, clx_buffer *out) {
  clx_buffer_format(out, "%d rank%s, %lld nodes, %lld different operations, %lld dependencies, %d group%s\n",
                    x->rank_count, x->rank_count == 1 ? "" : "s", (long long)x->node_count,
                    (long long)x->operation_count, (long long)x->dependency_count, x->group_count,
                    x->group_count == 1 ? "" : "s");
  clx_buffer_format(out, "schema      %s, %s, %lld B%s; starts are %srecorded\n",
                    r->version[0] != '\0' ? r->version : "not given",
                    r->pytorch ? "by PyTorch's converter" : "not by PyTorch's converter", (long long)r->bytes,
                    r->gzip ? " (gzip)" : "", r->starts ? "" : "not ");
  clx_buffer_format(out, "nodes      ");
  for (int32_t i = 0; i < CLX_CHAKRA_TYPES; i++) {
    if (r->type[i] > 0) clx_buffer_format(out, " %s %lld", clx_chakra_type_name[i], (long long)r->type[i]);
  }
  clx_buffer_format(out, "\n");
  if (!full) return;
  line lines[LINES];
  find_lines(x, r, lines);
  put_attributes(r, true, out);
  put_attributes(r, false, out);
  for (int32_t i = 0; i < LINES; i++) {
    if (lines[i].count > 0) clx_buffer_format(out, "%-11lld %s\n", (long long)lines[i].count, lines[i].text);
  }
}

static void add_text(clx_buffer *out, const char *text) {
  clx_buffer_format(out, "\"");
  for (; *text != '\0'; text++) clx_buffer_format(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
  clx_buffer_format(out, "\"");
}

void clx_chakra_report_json(const clx_execution *x, const clx_chakra_report *r, clx_buffer *out) {
  line lines[LINES];
  find_lines(x, r, lines);
  clx_buffer_format(out, "{\n  \"schema_version\": 1,\n  \"version\": ");
  add_text(out, r->version);
  clx_buffer_format(out,
                    ",\n  \"pytorch\": %s,\n  \"gzip\": %s,\n  \"starts\": %s,\n  \"bytes\": %lld,\n  \"ranks\": %d,\n"
                    "  \"nodes\": %lld,\n  \"operations\": %d,\n  \"dependencies\": %lld,\n  \"groups\": %d,\n"
                    "  \"types\": {",
                    r->pytorch ? "true" : "false", r->gzip ? "true" : "false", r->starts ? "true" : "false",
                    (long long)r->bytes, x->rank_count, (long long)x->node_count, x->operation_count,
                    (long long)x->dependency_count, x->group_count);
  for (int32_t i = 0, count = 0; i < CLX_CHAKRA_TYPES; i++) {
    if (r->type[i] > 0)
      clx_buffer_format(out, "%s\"%s\": %lld", count++ > 0 ? ", " : "", clx_chakra_type_name[i], (long long)r->type[i]);
  }
  clx_buffer_format(out, "},\n  \"attributes\": [");
  for (int32_t i = 0; i < r->attribute_count; i++) {
    clx_buffer_format(out, "%s\n    {\"name\": ", i > 0 ? "," : "");
    add_text(out, r->attribute[i].name);
    clx_buffer_format(out, ", \"count\": %lld, \"used\": %s}", (long long)r->attribute[i].count,
                      r->attribute[i].used ? "true" : "false");
  }
  clx_buffer_format(out, "\n  ],\n  \"other_attributes\": %lld,\n  \"unknown_fields\": %lld",
                    (long long)r->other_attributes, (long long)r->unknown_fields);
  for (int32_t i = 0; i < LINES; i++)
    clx_buffer_format(out, ",\n  \"%s\": %lld", lines[i].key, (long long)lines[i].count);
  clx_buffer_format(out, "\n}\n");
}
