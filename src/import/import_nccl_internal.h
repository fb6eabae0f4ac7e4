// A topology of NCCL while it is read, for the files of this folder.
#pragma once

#include <libxml/parser.h>

#include "import/import_nccl_topology.h"

typedef struct clx_nccl_reader {
  xmlParserCtxtPtr xml;
  clx_arena *arena;
  clx_node_topology *t;
  const char *file;
  clx_error *error;
  clx_status status;
  bool stopped;
  int32_t depth;                     // open elements
  int32_t skipped;                   // depth of an unknown or ignored element whose inside is not read; 0 = none
  int32_t open[CLX_NCCL_DEPTH_MAX];  // kind of each open element
  int32_t cpu, pci;                  // innermost open ones; -1 = none
  bool any_root;
  const xmlChar **attribute;  // of the element at hand: five pointers each
  int32_t attribute_count;
  const char *tag;
  const char **host;  // [t->host_count] host_hash
  int32_t host_capacity, cpu_capacity, pci_capacity, gpu_capacity, nic_capacity, warning_capacity;
  int32_t link_capacity, link_count;
  struct clx_nccl_link {
    int32_t gpu;
    uint64_t target;
    const char *text;
    clx_place place;
  } * link;  // NVLinks to GPUs, whose targets are looked up at the end
  char *rails, *planes;
} clx_nccl_reader;

void clx_nccl_keep(clx_nccl_reader *r, clx_status status);  // the first mistake's
void clx_nccl_no_memory(clx_nccl_reader *r);
void clx_nccl_warn(clx_nccl_reader *r, clx_place place, const char *format, ...) __attribute__((format(printf, 3, 4)));
// "0000:18:00.0", also with 8 digits of domain, as one number.
bool clx_nccl_busid(const char *text, uint64_t *id);
// After the last event (import_nccl_check.c).
void clx_nccl_check(clx_nccl_reader *r);
