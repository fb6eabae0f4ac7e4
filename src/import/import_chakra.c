// Traces of all ranks into one execution.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "import/import_chakra_internal.h"

typedef struct reader {
  clx_execution *execution;
  clx_chakra_report *report;
  clx_chakra_groups common;
  clx_arena *arena;  // of the execution
  clx_error *error;
} reader;

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- ids --------------------------------------------------------------------------------------------------------------------

typedef struct ids {
  int32_t *slot;  // node + 1, 0 = free
  uint32_t size;  // a power of two
} ids;

static uint32_t slot_of(const ids *t, uint64_t id) {
  const uint64_t h = (id ^ id >> 32) * 0x9e3779b97f4a7c15u;
  return (uint32_t)(h >> 32) & (t->size - 1);
}

static int32_t find_id(const ids *t, const clx_chakra_node *node, uint64_t id) {
  for (uint32_t at = slot_of(t, id); t->slot[at] != 0; at = (at + 1) & (t->size - 1)) {
    if (node[t->slot[at] - 1].id == id) return t->slot[at] - 1;
  }
  return -1;
}

static clx_status index_ids(const clx_chakra_rank *r, const clx_chakra_node *node, ids *t) {
  for (t->size = 16; t->size < 2 * (uint32_t)r->node_count;) t->size *= 2;
  t->slot = CLX_NEW_ARRAY(r->scratch, int32_t, t->size);
  if (t->slot == NULL) return no_memory(r->error);
  for (int32_t i = 0; i < r->node_count; i++) {
    const int32_t other = find_id(t, node, node[i].id);
    if (other >= 0) return clx_chakra_fail(r, &node[i], "its id is that of the node at byte %zu", node[other].offset);
    uint32_t at = slot_of(t, node[i].id);
    while (t->slot[at] != 0) at = (at + 1) & (t->size - 1);
    t->slot[at] = i + 1;
  }
  return CLX_OK;
}

// --- dependencies -----------------------------------------------------------------------------------------------------------

// Dependencies of a node as indices into `out`, which has room. `seen` marks those that it has already.
static clx_status resolve(const clx_chakra_rank *r, const clx_chakra_node *nodes, int32_t index, const ids *table,
                          int32_t *seen, int32_t *out, int32_t *used) {
  const clx_chakra_node *n = &nodes[index];
  const clx_chakra_dependency *d = (const clx_chakra_dependency *)(const void *)r->dependencies.data;
  clx_chakra_report *report = r->report;
  for (int32_t i = n->first; i < n->first + n->count; i++) {
    const int32_t at = find_id(table, nodes, d[i].id);
    report->dependencies++;
    if (at >= 0) {
      if (seen[at] == index + 1) {
        report->repeated++;
      } else {
        seen[at] = index + 1;
        out[(*used)++] = at;
      }
    } else if (d[i].id == 0) {
      report->missing_zero++;  // astra-sim issue 338
    } else if (d[i].control && r->pytorch) {
      report->missing_control++;  // PyTorchConverter.remove_dangling_nodes leaves references to what it removes
    } else {
      return clx_chakra_fail(r, n, "it depends on node %llu, which does not exist", (unsigned long long)d[i].id);
    }
  }
  return CLX_OK;
}

static clx_status place_circle(const clx_chakra_rank *r, clx_status status) {
  if (status != CLX_INPUT || r->error == NULL || r->error->count == 0) return status;
  clx_mistake *m = &r->error->mistake[r->error->count - 1];
  if (m->file[0] == '\0') snprintf(m->file, sizeof m->file, "%s", r->file);
  return status;
}

static clx_status add_nodes(reader *c, clx_chakra_rank *r) {
  const clx_chakra_node *node = (const clx_chakra_node *)(const void *)r->nodes.data;
  clx_chakra_groups own = {.execution = c->execution};
  ids table = {0};
  int32_t used = 0;
  CLX_TRY(index_ids(r, node, &table));
  for (int32_t i = 0; i < r->node_count; i++) {
    if (node[i].type == 1 && node[i].values.size > 0) CLX_TRY(clx_chakra_groups_init(&own, r, &node[i]));
  }
  clx_recorded_node *recorded = CLX_NEW_ARRAY(r->scratch, clx_recorded_node, r->node_count);
  int32_t *seen = CLX_NEW_ARRAY(r->scratch, int32_t, r->node_count);
  int32_t *dependency = CLX_NEW_ARRAY(r->scratch, int32_t, r->dependency_count + 1);
  if (recorded == NULL || seen == NULL || dependency == NULL) return no_memory(r->error);
  for (int32_t i = 0; i < r->node_count; i++) {
    recorded[i] = (clx_recorded_node){.id = node[i].id, .start = 1e-6 * (double)node[i].start, .first = used};
    CLX_TRY(resolve(r, node, i, &table, seen, dependency, &used));
    recorded[i].count = used - recorded[i].first;
    CLX_TRY(clx_chakra_operation(r, &own, &c->common, &node[i], &recorded[i].operation));
  }
  return place_circle(r, clx_execution_set_rank(c->execution, r->rank, recorded, r->node_count, dependency, r->error));
}

static clx_status read_rank(reader *c, int32_t rank, const clx_chakra_file *file, clx_arena *scratch) {
  clx_chakra_rank r = {
      .file = file->name, .rank = rank, .scratch = scratch, .kept = c->arena, .report = c->report, .error = c->error};
  const uint8_t *data = NULL;
  size_t size = 0;
  bool gzip = false;
  CLX_TRY(clx_chakra_unpack(scratch, file->name, file->data, file->size, &data, &size, &gzip, c->error));
  c->report->gzip = c->report->gzip || gzip;
  c->report->bytes += (int64_t)size;
  clx_status status = clx_chakra_scan(&r, data, size);
  if (status == CLX_OK) status = add_nodes(c, &r);
  clx_buffer_free(&r.nodes);
  clx_buffer_free(&r.dependencies);
  return status;
}

// --- entry points -----------------------------------------------------------------------------------------------------------

static clx_status begin(reader *c, clx_arena *arena, int32_t ranks, clx_execution *execution, clx_chakra_report *report,
                        clx_error *error) {
  *report = (clx_chakra_report){.version = ""};
  *c = (reader){
      .execution = execution, .report = report, .arena = arena, .common = {.execution = execution}, .error = error};
  return clx_execution_new(arena, ranks, execution, error);
}

clx_status clx_chakra_read(clx_arena *arena, const clx_chakra_file *file, int32_t count, const clx_chakra_file *groups,
                           clx_execution *execution, clx_chakra_report *report, clx_error *error) {
  reader c;
  clx_node *root = NULL;
  CLX_TRY(begin(&c, arena, count, execution, report, error));
  if (groups != NULL) {
    CLX_TRY(clx_document_read(arena, groups->name, groups->data, groups->size, &root, error));
    CLX_TRY(clx_chakra_groups_read(&c.common, arena, root, error));
  }
  for (int32_t rank = 0; rank < count; rank++) {
    clx_arena *scratch = clx_arena_new();
    if (scratch == NULL) return no_memory(error);
    const clx_status status = read_rank(&c, rank, &file[rank], scratch);
    clx_arena_free(scratch);
    CLX_TRY(status);
  }
  return CLX_OK;
}

static clx_status load_groups(reader *c, const char *prefix, const char *groups) {
  clx_node *root = NULL;
  const char *path = groups;
  if (path == NULL) {
    const char *slash = strrchr(prefix, '/');
    path = clx_arena_format(c->arena, "%.*scomm_group.json", slash != NULL ? (int)(slash + 1 - prefix) : 0, prefix);
    if (path == NULL) return no_memory(c->error);
    if (access(path, F_OK) != 0) return CLX_OK;
  }
  CLX_TRY(clx_document_load(c->arena, path, &root, c->error));
  return clx_chakra_groups_read(&c->common, c->arena, root, c->error);
}

static clx_status load_rank(reader *c, const char *prefix, int32_t rank, clx_arena *scratch) {
  clx_chakra_file file = {.name = clx_arena_format(scratch, "%s.%d.et", prefix, rank)};
  const char *data = NULL;
  if (file.name == NULL) return no_memory(c->error);
  CLX_TRY(clx_file_read(scratch, file.name, CLX_CHAKRA_SIZE_MAX, &data, &file.size, c->error));
  file.data = data;
  return read_rank(c, rank, &file, scratch);
}

clx_status clx_chakra_load(clx_arena *arena, const char *prefix, const char *groups, clx_execution *execution,
                           clx_chakra_report *report, clx_error *error) {
  reader c;
  int32_t ranks = 0;
  CLX_TRY(clx_chakra_find_ranks(arena, prefix, &ranks, error));
  CLX_TRY(begin(&c, arena, ranks, execution, report, error));
  CLX_TRY(load_groups(&c, prefix, groups));
  for (int32_t rank = 0; rank < ranks; rank++) {
    clx_arena *scratch = clx_arena_new();
    if (scratch == NULL) return no_memory(error);
    const clx_status status = load_rank(&c, prefix, rank, scratch);
    clx_arena_free(scratch);
    CLX_TRY(status);
  }
  return CLX_OK;
}
