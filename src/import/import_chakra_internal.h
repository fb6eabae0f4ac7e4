// What the files that read Chakra traces share; nobody else includes it.
#pragma once

#include "document/document.h"
#include "import/import_chakra.h"

// --- protobuf's wire format (import_chakra_wire.c) ---------------------------------------------------------------------------

// A message: bytes that are read from the front.
typedef struct clx_wire {
  const uint8_t *data;
  size_t at, end;
} clx_wire;

typedef struct clx_wire_field {
  uint32_t number;
  uint32_t type;   // 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes
  uint64_t value;  // of types 0, 1 and 5
  clx_wire bytes;  // of type 2: a part of the same data
} clx_wire_field;

// A base-128 number of at most 64 bits. False: cut off or too long.
bool clx_wire_number(clx_wire *wire, uint64_t *value);
// 1: the next field; 0: the end; -1: malformed, *why says how.
int clx_wire_next(clx_wire *wire, clx_wire_field *field, const char **why);

// --- files (import_chakra_file.c) -------------------------------------------------------------------------------------------

// Unpacks `data` when it is gzip, else hands it back. CLX_INPUT: not gzip as it should be, cut off, larger than the limit.
clx_status clx_chakra_unpack(clx_arena *arena, const char *name, const uint8_t *data, size_t size, const uint8_t **out,
                             size_t *out_size, bool *gzip, clx_error *error);
// The number of ranks of which files <prefix>.<rank>.et lie in its folder. CLX_INPUT: none; gaps, which are named.
clx_status clx_chakra_find_ranks(clx_arena *arena, const char *prefix, int32_t *ranks, clx_error *error);

// --- nodes (import_chakra_node.c) -------------------------------------------------------------------------------------------

typedef struct clx_wire_text {
  const char *data;  // NULL = absent
  size_t size;
} clx_wire_text;

// Attributes that the replay uses.
typedef enum clx_chakra_key {
  CLX_CHAKRA_IS_CPU,
  CLX_CHAKRA_NUM_OPS,
  CLX_CHAKRA_TENSOR_SIZE,
  CLX_CHAKRA_COMM_TYPE,
  CLX_CHAKRA_COMM_SIZE,
  CLX_CHAKRA_COMM_SRC,
  CLX_CHAKRA_COMM_DST,
  CLX_CHAKRA_COMM_TAG,
  CLX_CHAKRA_STREAM,
  CLX_CHAKRA_TID,
  CLX_CHAKRA_NUMBERS,  // those above are numbers
  CLX_CHAKRA_PG_NAME = CLX_CHAKRA_NUMBERS,
  CLX_CHAKRA_INVOLVED_DIM,
  CLX_CHAKRA_KEYS
} clx_chakra_key;

extern const char *const clx_chakra_key_name[CLX_CHAKRA_KEYS + 1];

// A node as it stands in the file.
typedef struct clx_chakra_node {
  uint64_t id, type, start, duration;  // the last two in us
  size_t offset;                       // of its message
  clx_wire_text name, values, group;
  double number[CLX_CHAKRA_NUMBERS];
  uint32_t has;          // bit of each key that is there
  bool partly;           // involved_dim leaves dimensions out
  int32_t first, count;  // its dependencies
} clx_chakra_node;

typedef struct clx_chakra_dependency {
  uint64_t id;
  bool control;
} clx_chakra_dependency;

// One file being read.
typedef struct clx_chakra_rank {
  const char *file;
  int32_t rank;
  clx_arena *scratch, *kept;  // of this file; of the execution
  clx_chakra_report *report;
  clx_buffer nodes, dependencies;  // of the structs above
  int32_t node_count, dependency_count;
  bool pytorch;
  clx_error *error;
} clx_chakra_rank;

clx_status clx_chakra_fail(const clx_chakra_rank *r, const clx_chakra_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// All messages of a file into nodes and dependencies.
clx_status clx_chakra_scan(clx_chakra_rank *r, const uint8_t *data, size_t size);

// --- groups (import_chakra_groups.c) ----------------------------------------------------------------------------------------

typedef struct clx_chakra_groups {
  clx_execution *execution;
  const char **name;  // sorted
  int32_t *group;
  int32_t count, room;
} clx_chakra_groups;

// comm_group.json.
clx_status clx_chakra_groups_read(clx_chakra_groups *groups, clx_arena *arena, const clx_node *root, clx_error *error);
// Groups that the process_group:init node of a PyTorch trace lists.
clx_status clx_chakra_groups_init(clx_chakra_groups *groups, const clx_chakra_rank *r, const clx_chakra_node *node);
// -1 = not there.
int32_t clx_chakra_groups_find(const clx_chakra_groups *groups, const char *name);

// --- operations (import_chakra_operation.c) ---------------------------------------------------------------------------------

// What a node does; `own` are the groups that the rank's own metadata list, `common` those of comm_group.json.
clx_status clx_chakra_operation(const clx_chakra_rank *r, const clx_chakra_groups *own, const clx_chakra_groups *common,
                                const clx_chakra_node *node, int32_t *operation);
