// Rows of catalogue/library and catalogue/transport entries; names of collectives, algorithms and protocols.
#include "network/network.h"

const char *const clx_collective_name[CLX_COLLECTIVES + 1] = {"all_reduce",   "reduce_scatter", "all_gather",
                                                              "all_to_all",   "send_recv",      "broadcast",
                                                              "moe_dispatch", "moe_combine",    NULL};
const char *const clx_algorithm_name[CLX_ALGORITHMS + 1] = {"ring",    "tree",   "nvls",         "nvls_tree", "pat",
                                                            "collnet", "direct", "hierarchical", NULL};
const char *const clx_protocol_name[CLX_PROTOCOLS + 1] = {"ll", "ll128", "simple", NULL};
const char *const clx_generation_name[CLX_GENERATIONS + 1] = {"ampere", "hopper", "blackwell", NULL};

clx_generation clx_generation_of(const clx_device *device) {
  for (int32_t i = 0; i < CLX_GENERATIONS; i++) {
    if (device != NULL && clx_text_equal(device->family, clx_generation_name[i])) return (clx_generation)i;
  }
  return (clx_generation)(CLX_GENERATIONS - 1);
}

// --- library ----------------------------------------------------------------------------------------------------------------

// Initial values are those of NCCL's own model (src/tuning): hops of rings and trees on the network, half of it for Simple,
// which that model counts until the data are acknowledged.
#define ROW(member, unit, start, low, high, text) \
  CLX_PARAMETER(clx_library_generation, member, unit, start, low, high, text)
static const clx_row generation_rows[] = {
    ROW(start, "s", 5e-6, 2e-6, 2e-5, "launch and end beyond those in a node: network proxies"),
    ROW(ll_hop, "s", 5e-6, 3e-6, 8e-6, "one hop between nodes on LL"),
    ROW(ll128_hop, "s", 8.5e-6, 5e-6, 1.3e-5, "one hop between nodes on LL128"),
    ROW(simple_hop, "s", 1.4e-5, 5e-6, 4.5e-5, "one hop of a ring between nodes on Simple"),
    ROW(tree_hop, "s", 2.1e-5, 5e-6, 6e-5, "one level of a tree between nodes on Simple"),
    ROW(fill, NULL, 1, 0.1, 4, "transfers of one chunk that a level of a tree waits for"),
    ROW(overlap, NULL, 4, 2, 12, "how NVLink switches and NICs join: 1 = sum, large = maximum"),
    ROW(peer_time, "s", 3e-7, 1e-7, 1e-6, "one message of an all-to-all between nodes"),
};
#undef ROW

const clx_schema clx_library_generation_schema = {.name = "library generation",
                                                  .doc = "what a library costs between nodes on one generation of GPUs",
                                                  .rows = generation_rows,
                                                  .count = CLX_COUNT(generation_rows),
                                                  .size = sizeof(clx_library_generation)};

#define GENERATION(index, text)                                                                           \
  {                                                                                                       \
    .key = (text), .kind = CLX_ROW_STRUCT, .sub = &clx_library_generation_schema,                         \
    .offset = offsetof(clx_library, generation) + (index) * sizeof(clx_library_generation), .doc = (text) \
  }

static const clx_row library_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_library, name),
     .required = true,
     .doc = "canonical name, equal to the file name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_library, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(clx_library, aliases),
     .count_offset = offsetof(clx_library, alias_count),
     .doc = "other names; * stands for any characters"},
    {.key = "constants",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_library, constants),
     .doc = "entry whose generations hold here, too"},
    {.key = "ideal",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(clx_library, ideal),
     .doc = "plain alpha-beta rings and trees at line rate, no protocols"},
    {.key = "launch",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_library, launch),
     .unit = "s",
     .minimum = 0,
     .maximum = 1e-3,
     .doc = "added to every collective by the way it is launched"},
    {.key = "skew",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_library, skew),
     .unit = "s",
     .minimum = 0,
     .maximum = 1e-3,
     .doc = "added for every doubling of ranks beyond two: waiting for the last one"},
    {.key = "split_ranks",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_library, split_ranks),
     .minimum = 0,
     .maximum = 2147483647,
     .doc = "from so many ranks on reduce-scatter and all-gather may run in the nodes and over rails, one after the "
            "other; 0 = never, as in NCCL itself"},
    {.key = "hop",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_library, hop),
     .unit = "s",
     .minimum = 0,
     .maximum = 1,
     .doc = "one hop of an ideal network"},
    {.key = "chunks",
     .kind = CLX_ROW_INT,
     .offset = offsetof(clx_library, chunks),
     .initial = 1,
     .minimum = 1,
     .maximum = 1024,
     .doc = "into which an ideal network cuts a collective, one after the other"},
    GENERATION(CLX_AMPERE, "ampere"),
    GENERATION(CLX_HOPPER, "hopper"),
    GENERATION(CLX_BLACKWELL, "blackwell"),
    {.key = "fit",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(clx_library, fit),
     .sub = &clx_kernel_fit_schema,
     .doc = "the measurements it was fitted to"},
};

const clx_schema clx_library_schema = {.name = "library",
                                       .doc = "a communication library as it is launched",
                                       .rows = library_rows,
                                       .count = CLX_COUNT(library_rows),
                                       .size = sizeof(clx_library)};

// --- transport --------------------------------------------------------------------------------------------------------------

static const clx_row transport_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_transport, name),
     .required = true,
     .doc = "canonical name, equal to the file name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_transport, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(clx_transport, aliases),
     .count_offset = offsetof(clx_transport, alias_count),
     .doc = "other names; * stands for any characters"},
    {.key = "share",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_transport, share),
     .initial = 0.97,
     .minimum = 0.01,
     .maximum = 0.98,
     .doc = "share of the line rate that large transfers reach"},
    {.key = "ll_share",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_transport, ll_share),
     .initial = 0.35,
     .minimum = 0.01,
     .maximum = 0.5,
     .doc = "share of that rate for data on LL; half of the bytes are flags"},
    {.key = "latency",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_transport, latency),
     .unit = "s",
     .minimum = 0,
     .maximum = 1e-3,
     .doc = "of one hop, more than InfiniBand through one switch"},
    {.key = "simple_latency",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(clx_transport, simple_latency),
     .unit = "s",
     .minimum = 0,
     .maximum = 1e-3,
     .doc = "of one hop on Simple, more than that"},
    {.key = "ll128",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(clx_transport, ll128),
     .initial = 1,
     .doc = "LL128 runs over it"},
    {.key = "nvls_tree",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(clx_transport, nvls_tree),
     .initial = 1,
     .doc = "NVLSTree runs over it"},
    {.key = "sharp",
     .kind = CLX_ROW_BOOL,
     .offset = offsetof(clx_transport, sharp),
     .doc = "switches reduce (SHARP), and collectives use it"},
    {.key = "fit",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(clx_transport, fit),
     .sub = &clx_kernel_fit_schema,
     .doc = "the measurements it was fitted to"},
};

const clx_schema clx_transport_schema = {.name = "transport",
                                         .doc = "how network cards move data",
                                         .rows = transport_rows,
                                         .count = CLX_COUNT(transport_rows),
                                         .size = sizeof(clx_transport)};
