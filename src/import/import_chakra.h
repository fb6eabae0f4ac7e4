// Chakra execution traces (MLCommons, schema 0.0.4): <prefix>.<rank>.et, as ASTRA-sim's tools and PyTorch's converter write them.
#pragma once

#include "base/base.h"
#include "replay/replay.h"

enum {
  CLX_CHAKRA_TYPES = 11,          // node types that are known
  CLX_CHAKRA_ATTRIBUTES_MAX = 64  // different names that are counted one by one
};

#define CLX_CHAKRA_SIZE_MAX ((size_t)1 << 30)  // bytes of one rank, unpacked

extern const char *const clx_chakra_type_name[CLX_CHAKRA_TYPES + 1];

// Attributes of nodes by name.
typedef struct clx_chakra_attribute {
  const char *name;
  int64_t count;
  bool used;  // by the replay
} clx_chakra_attribute;

// What was read, and what was read in a simpler way than it was written.
typedef struct clx_chakra_report {
  const char *version;  // of the first rank; "" = not given
  bool pytorch;         // written by PyTorch's converter: its metadata tell the schema of the host trace
  bool gzip;
  bool starts;    // starts are recorded
  int64_t bytes;  // of all files, unpacked
  int64_t type[CLX_CHAKRA_TYPES];
  clx_chakra_attribute attribute[CLX_CHAKRA_ATTRIBUTES_MAX];
  int32_t attribute_count;
  int64_t other_attributes;  // beyond CLX_CHAKRA_ATTRIBUTES_MAX names
  int64_t dependencies;      // read
  int64_t missing_zero;      // of these on node 0, which does not exist: dropped
  int64_t missing_control;  // on other nodes that do not exist, in control dependencies of PyTorch's converter: dropped
  int64_t repeated;         // twice in one node: dropped
  int64_t tensors;          // descriptions of inputs and outputs, which the replay does not use
  int64_t without_place;    // compute nodes that do not say whether the CPU runs them: taken as the device's
  int64_t without_peer;     // sends and receives that do not name the other rank: they take their recorded time
  int64_t approximated[CLX_COLLECTIVES];  // collectives priced as another kind, by that kind
  int64_t storage;         // storage, batch and checkpoint nodes: replayed on the host by their recorded time
  int64_t unknown_fields;  // of messages: passed over
} clx_chakra_report;

// Reads all ranks. `groups` is the path of a comm_group.json, NULL = "comm_group.json" beside the traces where there is one. Plain or
// gzip. Every mistake names the file, the node and the byte (of the unpacked file) where its message starts: truncated or malformed
// files, ids that come twice, dependencies on nodes that do not exist, circles, ranks without a file (all from 0 to the largest that is
// there or that a group names), collectives without kind, size or a known group. CLX_FILE: not readable. Memory for one file at a time
// beside the execution. O(bytes + nodes log nodes).
clx_status clx_chakra_load(clx_arena *arena, const char *prefix, const char *groups, clx_execution *execution,
                           clx_chakra_report *report, clx_error *error);

// A file in memory.
typedef struct clx_chakra_file {
  const char *name;
  const void *data;
  size_t size;
} clx_chakra_file;

// The same from memory: file[r] is that of rank r; groups nullable.
clx_status clx_chakra_read(clx_arena *arena, const clx_chakra_file *file, int32_t count, const clx_chakra_file *groups,
                           clx_execution *execution, clx_chakra_report *report, clx_error *error);

// For people, in three lines, or `full` with attributes and what was dropped, added or taken in a simpler way; all of it as JSON.
void clx_chakra_report_text(const clx_execution *execution, const clx_chakra_report *report, bool full,
                            clx_buffer *out);
void clx_chakra_report_json(const clx_execution *execution, const clx_chakra_report *report, clx_buffer *out);
