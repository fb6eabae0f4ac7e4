// A row of a table of collectives becomes a network, a group and bytes. docs/tables.md has the columns.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "machine/machine.h"
#include "validate/validate_internal.h"

// Bytes at which bandwidth no longer grows: where published curves end.
static const double PLATEAU_BYTES = 17179869184.0;

const char clx_default_library[] = "nccl", clx_default_transport[] = "infiniband";

const char *const clx_size_class_name[CLX_SIZE_CLASSES] = {"below 1 MiB", "1 to 64 MiB", "above 64 MiB"};

// Servers and racks that the catalogue has of a device, for rows that do not say.
typedef struct usual {
  clx_device device;
  int32_t node, domain;
} usual;

enum { KNOWN_MAX = 64 };

struct clx_collective_rows {
  clx_arena *arena;
  const clx_catalog *catalog;
  const clx_table *table;
  const clx_table_options *options;
  int32_t system, gpus, gpus_per_node, scale_up, scale_out, collective, bytes;           // columns, -1 = absent
  int32_t algorithm, library, transport, tokens, hidden, top_k, experts, source, notes;  // the same
  int32_t time, busbw, algbw;
  usual *known[KNOWN_MAX];  // devices met so far
  int32_t known_count;
  const clx_library *library_of[KNOWN_MAX];  // the same
  int32_t library_count;
  const clx_transport *transport_of[KNOWN_MAX];
  int32_t transport_count;
  clx_collective_row *row;
};

typedef struct reader {
  clx_collective_rows *rows;
  int32_t row;
  clx_collective_row *out;
  char remark[CLX_REASON_MAX];
} reader;

static const char *cell(const reader *r, int32_t column) { return clx_table_cell(r->rows->table, r->row, column); }

static bool refuse(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(reader *r, const char *format, ...) {
  char text[CLX_REASON_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const char *copy = clx_arena_text(r->rows->arena, text);
  r->out->reason = copy != NULL ? copy : "out of memory";
  return false;
}

static void remark(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void remark(reader *r, const char *format, ...) {
  const size_t used = strlen(r->remark), room = sizeof r->remark - used;
  if (room < 4) return;
  const int32_t joint = used > 0 ? 2 : 0;
  if (joint > 0) memcpy(r->remark + used, "; ", 3);
  va_list args;
  va_start(args, format);
  vsnprintf(r->remark + used + joint, room - (size_t)joint, format, args);
  va_end(args);
}

// --- cells ------------------------------------------------------------------------------------------------------------------

// A positive number; blank leaves *value as it is.
static bool positive(reader *r, int32_t column, double least, double most, bool whole, double *value) {
  double read = 0;
  const char *text = cell(r, column);
  if (text[0] == '\0') return true;
  const char *name = r->rows->table->column[column];
  if (!clx_table_number(r->rows->table, r->row, column, &read) || (whole && read != floor(read)))
    return refuse(r, "%s: expected a %s number, read '%.40s'", name, whole ? "whole" : "plain", text);
  if (read < least || read > most) return refuse(r, "%s %.9g is out of range (%.9g to %.9g)", name, read, least, most);
  *value = read;
  return true;
}

// --- device and domain --------------------------------------------------------------------------------------------------------

// The largest domain of a rack with this server.
static int32_t rack_domain(const clx_collective_rows *rows, const char *server) {
  int32_t most = 0;
  const char *name;
  for (int32_t i = 0; (name = clx_catalog_name(rows->catalog, "rack", i)) != NULL; i++) {
    clx_rack rack;
    if (clx_catalog_read(rows->catalog, "rack", name, (clx_place){0}, &clx_rack_schema, rows->arena, &rack, NULL) ==
            CLX_OK &&
        clx_text_equal(rack.server, server) && rack.nvlink_domain > most)
      most = rack.nvlink_domain;
  }
  return most;
}

static void find_usual(const clx_collective_rows *rows, usual *u) {
  const char *name;
  for (int32_t i = 0; (name = clx_catalog_name(rows->catalog, "server", i)) != NULL; i++) {
    clx_server server;
    if (clx_catalog_read(rows->catalog, "server", name, (clx_place){0}, &clx_server_schema, rows->arena, &server,
                         NULL) != CLX_OK ||
        !clx_text_equal(server.device, u->device.name))
      continue;
    if (server.gpus > u->node) u->node = server.gpus;
    const int32_t domain = rack_domain(rows, name);
    if (domain > u->domain) u->domain = domain;
  }
}

static const usual *device_of(reader *r, const char *name) {
  clx_collective_rows *rows = r->rows;
  for (int32_t i = 0; i < rows->known_count; i++) {
    if (clx_text_equal(rows->known[i]->device.name, name)) return rows->known[i];
  }
  usual *u = CLX_NEW(rows->arena, usual);
  clx_error error = {0};
  if (u == NULL ||
      clx_catalog_read_device(rows->catalog, name, (clx_place){0}, rows->arena, &u->device, &error) != CLX_OK) {
    refuse(r, "%s", error.count > 0 ? error.mistake[0].text : "out of memory");
    return NULL;
  }
  find_usual(rows, u);
  if (rows->known_count < KNOWN_MAX) rows->known[rows->known_count++] = u;
  return u;
}

// GPUs of a server, and those that share scale-up links.
static bool read_domain(reader *r, const usual *u, int32_t gpus, int32_t *node, int32_t *domain) {
  const char *system = cell(r, r->rows->system), *links = cell(r, r->rows->scale_up);
  double per_node = 0;
  if (!positive(r, r->rows->gpus_per_node, 1, 100000, true, &per_node)) return false;
  *node = (int32_t)per_node;
  if (*node == 0) {
    const bool one = cell(r, r->rows->scale_out)[0] == '\0' && gpus <= (u->node > 0 ? u->node : 8);
    *node = u->node > 0 ? u->node : one && gpus < 8 ? gpus : 8;
    remark(r, "gpus_per_node blank: %d assumed", *node);
  }
  *domain = clx_text_domain(links);
  if (*domain == 0) *domain = clx_text_domain(system);
  // Racks of GB200 and GB300 join more GPUs than a server has.
  if (*domain == 0 && u->domain > u->node) *domain = u->domain;
  if (*domain < *node) *domain = *node;
  return true;
}

// What the links of the row's devices reach in this group. Point-to-point links are divided over the peers of a server; a
// bridge joins two, and others talk over PCIe.
static bool read_links(reader *r, const usual *u, int32_t gpus, int32_t domain) {
  const char *text = cell(r, r->rows->scale_up);
  clx_device *device = CLX_NEW(r->rows->arena, clx_device);
  if (device == NULL) return refuse(r, "out of memory");
  *device = u->device;
  const int32_t said = clx_text_links(text);
  if (said >= 0) device->links = said;
  if (clx_text_match("*PCIe*", text) && said < 0) device->links = CLX_LINKS_BRIDGE;
  if (device->links == CLX_LINKS_MESH && gpus < domain) device->nvlink *= (double)(gpus - 1) / (domain - 1);
  const bool alone = !clx_text_match("*NVLink*", text) && clx_text_match("*PCIe*", text);
  if (device->links == CLX_LINKS_BRIDGE && (gpus > 2 || alone)) {
    if (device->pcie <= 0) return refuse(r, "pcie of %s is not known", device->name);
    device->nvlink = device->pcie;
    remark(r, "ranks beyond a pair talk over PCIe");
  }
  if (device->nvlink <= 0) return refuse(r, "%s has no scale-up links", device->name);
  r->out->device = device;
  return true;
}

// --- network ------------------------------------------------------------------------------------------------------------------

static bool read_nic(reader *r, int32_t gpus, int32_t node, int32_t domain, double *nic) {
  double gbps = 0;
  if (!positive(r, r->rows->scale_out, 0.001, 1e6, false, &gbps)) return false;
  if (gbps == 0) gbps = clx_text_nics(cell(r, r->rows->system)) * 8e-9 / node;
  if (gbps == 0 && gpus > domain)
    return refuse(
        r,
        "%d gpus are more than the %d that share links, and scale_out_gbps_per_gpu is blank: the rate between them "
        "is not known",
        gpus, domain);
  *nic = gbps * 1e9 / 8;
  return true;
}

// The profile of one kind: the cell of its own column, else the first text that is an alias of one, else `otherwise`.
static const char *profile_of(const reader *r, const char *kind, int32_t column, const char *otherwise) {
  const bool notes = r->rows->options->notes;
  const char *texts[] = {cell(r, r->rows->system), notes ? cell(r, r->rows->source) : "",
                         notes ? cell(r, r->rows->notes) : ""};
  const char *name = cell(r, column);
  for (int32_t i = 0; i < CLX_COUNT(texts) && name[0] == '\0'; i++) {
    if (texts[i][0] == '\0') continue;
    const char *found = clx_catalog_canonical(r->rows->catalog, kind, texts[i]);
    if (found != NULL) name = found;
  }
  return name[0] != '\0' ? name : otherwise;
}

// `name` is canonical, or unknown.
static bool read_library(reader *r, const char *name, const clx_library **library) {
  clx_collective_rows *rows = r->rows;
  clx_error error = {0};
  for (int32_t i = 0; i < rows->library_count; i++) {
    *library = rows->library_of[i];
    if (clx_text_equal((*library)->name, name)) return true;
  }
  if (clx_catalog_read_library(rows->catalog, name, (clx_place){0}, rows->arena, library, &error) != CLX_OK)
    return refuse(r, "%s", error.mistake[0].text);
  if (rows->library_count < KNOWN_MAX) rows->library_of[rows->library_count++] = *library;
  return true;
}

static bool read_transport(reader *r, const char *name, const clx_transport **transport) {
  clx_collective_rows *rows = r->rows;
  clx_error error = {0};
  for (int32_t i = 0; i < rows->transport_count; i++) {
    *transport = rows->transport_of[i];
    if (clx_text_equal((*transport)->name, name)) return true;
  }
  if (clx_catalog_read_transport(rows->catalog, name, (clx_place){0}, rows->arena, transport, &error) != CLX_OK)
    return refuse(r, "%s", error.mistake[0].text);
  if (rows->transport_count < KNOWN_MAX) rows->transport_of[rows->transport_count++] = *transport;
  return true;
}

static bool read_profiles(reader *r, clx_network *network) {
  const clx_collective_rows *rows = r->rows;
  const char *usual_library = rows->options->library != NULL ? rows->options->library : clx_default_library;
  if (!read_library(r, profile_of(r, "library", rows->library, usual_library), &network->library) ||
      !read_transport(r, profile_of(r, "transport", rows->transport, clx_default_transport), &network->transport))
    return false;
  if (!clx_text_equal(network->library->name, clx_default_library)) remark(r, "library %s", network->library->name);
  if (!r->out->inside) remark(r, "%s between nodes", network->transport->name);
  return true;
}

static bool read_network(reader *r, int32_t gpus) {
  const clx_collective_rows *rows = r->rows;
  const char *problem = NULL, *system = cell(r, rows->system);
  const char *name = clx_system_device(rows->arena, rows->catalog, system, &problem);
  if (name == NULL) return refuse(r, "%s", problem);
  const usual *u = device_of(r, name);
  int32_t node = 0, domain = 0;
  double nic = 0;
  if (u == NULL || !read_domain(r, u, gpus, &node, &domain) || !read_links(r, u, gpus, domain) ||
      !read_nic(r, gpus, node, domain, &nic))
    return false;
  r->out->inside = gpus <= domain;
  r->out->network = (clx_network){
      .device = r->out->device, .domain = domain, .nvlink = r->out->device->nvlink, .nic = nic, .nic_efficiency = 1};
  return read_profiles(r, &r->out->network);
}

// --- what is done -------------------------------------------------------------------------------------------------------------

static bool read_kind(reader *r) {
  // nccl-tests, RCCL, DeepEP and MPI spell them differently.
  static const struct {
    const char *spelling;
    clx_collective kind;
  } known[] = {
      {"all_reduce", CLX_ALL_REDUCE},        {"allreduce", CLX_ALL_REDUCE},  {"reduce_scatter", CLX_REDUCE_SCATTER},
      {"reducescatter", CLX_REDUCE_SCATTER}, {"all_gather", CLX_ALL_GATHER}, {"allgather", CLX_ALL_GATHER},
      {"all_to_all", CLX_ALL_TO_ALL},        {"alltoall", CLX_ALL_TO_ALL},   {"send_recv", CLX_SEND_RECEIVE},
      {"sendrecv", CLX_SEND_RECEIVE},        {"p2p_copy", CLX_SEND_RECEIVE}, {"p2p", CLX_SEND_RECEIVE},
      {"broadcast", CLX_BROADCAST},          {"moe_dispatch", CLX_DISPATCH}, {"dispatch", CLX_DISPATCH},
      {"moe_combine", CLX_COMBINE},          {"combine", CLX_COMBINE}};
  const char *text = cell(r, r->rows->collective), *names[CLX_COUNT(known)];
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    names[i] = known[i].spelling;
    if (!clx_text_equal_loose(text, names[i])) continue;
    r->out->kind = (int32_t)known[i].kind;
    return true;
  }
  const char *near = clx_nearest(text, names, CLX_COUNT(names));
  if (text[0] == '\0') return refuse(r, "column 'collective' is blank");
  return near != NULL ? refuse(r, "collective '%.40s' is not known; did you mean '%s'?", text, near)
                      : refuse(r, "collective '%.40s' is not known", text);
}

static bool read_algorithm(reader *r) {
  const char *text = cell(r, r->rows->algorithm);
  r->out->algorithm = r->rows->options->notes ? clx_notes_algorithm(cell(r, r->rows->notes)) : -1;
  if (text[0] == '\0') return true;
  r->out->algorithm = clx_text_algorithm(text);
  return r->out->algorithm >= 0 || refuse(r, "algorithm '%.40s' is not known", text);
}

// Of `bins` equal bins, those that hold at least one of `chosen` of `all` things: hypergeometric.
static double bins_hit(double bins, double all, double chosen) {
  const double of_bin = all / bins;
  double none = 1;
  for (int32_t i = 0; i < chosen && i < all; i++) none *= fmax(0, all - of_bin - i) / (all - i);
  return bins * (1 - none);
}

// One copy of a token to each rank that holds one of its experts (DeepEP, normal kernels), or one for each expert (low
// latency). Dispatch sends 8-bit numbers with a scale for 128 of them, combine returns bf16. What DeepEP calls its bandwidth
// counts copies to ranks in one node, and copies to nodes between nodes.
static void count_tokens(clx_collective_row *out, const clx_token_shape *s, int32_t gpus, int32_t node) {
  const double element = out->kind == CLX_DISPATCH ? 1 + 4.0 / 128 : 2, token = s->tokens * s->hidden * element;
  const double nodes = ceil((double)gpus / node);
  const double reach = s->groups > 0 ? fmin(nodes, s->groups) : nodes;
  const double experts = s->experts * reach / nodes, chosen = fmin(s->top_k, experts);
  const double ranks = s->low_latency ? s->top_k : bins_hit(gpus * reach / nodes, experts, chosen);
  const double copies = s->low_latency ? s->top_k : nodes > 1 ? bins_hit(reach, experts, chosen) : ranks;
  out->bytes = token * ranks;
  out->moved = token * copies;
  out->node_bytes = s->low_latency || nodes <= 1 ? out->bytes : out->moved;
}

static bool read_tokens(reader *r, int32_t gpus) {
  const clx_collective_rows *rows = r->rows;
  clx_token_shape shape = {.experts = 256};
  if (rows->options->notes) clx_notes_tokens(cell(r, rows->notes), &shape);
  if (!positive(r, rows->tokens, 1, 1e9, true, &shape.tokens) ||
      !positive(r, rows->hidden, 1, 1e6, true, &shape.hidden) ||
      !positive(r, rows->top_k, 1, 1e4, true, &shape.top_k) ||
      !positive(r, rows->experts, 1, 1e6, true, &shape.experts))
    return false;
  if (shape.tokens == 0 || shape.hidden == 0 || shape.top_k == 0)
    return refuse(r, "bytes is blank, and so are tokens, hidden or top_k");
  if (shape.experts < gpus || shape.top_k > shape.experts)
    return refuse(r, "%.0f experts, top_k %.0f and %d gpus do not go together", shape.experts, shape.top_k, gpus);
  const int32_t node = r->out->network.domain < gpus ? r->out->network.domain : gpus;
  count_tokens(r->out, &shape, gpus, node);
  remark(r, "%.0f tokens, hidden %.0f, top %.0f of %.0f experts", shape.tokens, shape.hidden, shape.top_k,
         shape.experts);
  return true;
}

static bool read_bytes(reader *r, int32_t gpus) {
  clx_collective_row *out = r->out;
  const bool tokens = out->kind == CLX_DISPATCH || out->kind == CLX_COMBINE;
  out->bytes = 0;
  if (!positive(r, r->rows->bytes, 1, 1e15, true, &out->bytes)) return false;
  if (out->bytes == 0 && tokens) return read_tokens(r, gpus);
  out->plateau = out->bytes == 0;
  if (out->plateau) {
    out->bytes = PLATEAU_BYTES;
    remark(r, "bytes blank: the plateau, at 16 GiB");
  }
  const double share = (gpus - 1.0) / gpus;
  const double factor = out->kind == CLX_ALL_REDUCE ? 2 * share
                        : out->kind == CLX_REDUCE_SCATTER || out->kind == CLX_ALL_GATHER || out->kind == CLX_ALL_TO_ALL
                            ? share
                            : 1;
  out->moved = factor * out->bytes;
  return true;
}

static void read_row(clx_collective_rows *rows, int32_t row) {
  clx_collective_row *out = &rows->row[row];
  reader r = {.rows = rows, .row = row, .out = out};
  double gpus = 0;
  *out = (clx_collective_row){.algorithm = -1, .remark = ""};
  if (!positive(&r, rows->gpus, 1, 1e7, true, &gpus)) return;
  if (gpus < 2) {
    refuse(&r, gpus == 0 ? "column 'gpus' is blank" : "gpus is 1: a collective needs two ranks");
    return;
  }
  if (!read_kind(&r) || !read_algorithm(&r) || !read_network(&r, (int32_t)gpus) || !read_bytes(&r, (int32_t)gpus))
    return;
  out->group = clx_group_make(&out->network, (int32_t)gpus, 1);
  out->size_class = clx_collective_size(out->bytes);
  const char *text = clx_arena_text(rows->arena, r.remark);
  if (text != NULL) out->remark = text;
}

// --- tables -------------------------------------------------------------------------------------------------------------------

static clx_status find_columns(clx_collective_rows *rows, clx_error *error) {
  const clx_table *table = rows->table;
  const struct {
    const char *name;
    int32_t *column;
    bool needed;
  } columns[] = {{"system", &rows->system, true},
                 {"gpus", &rows->gpus, true},
                 {"collective", &rows->collective, true},
                 {"bytes", &rows->bytes, true},
                 {"gpus_per_node", &rows->gpus_per_node, false},
                 {"scale_up", &rows->scale_up, false},
                 {"scale_out_gbps_per_gpu", &rows->scale_out, false},
                 {"algorithm", &rows->algorithm, false},
                 {"library", &rows->library, false},
                 {"transport", &rows->transport, false},
                 {"tokens", &rows->tokens, false},
                 {"hidden", &rows->hidden, false},
                 {"top_k", &rows->top_k, false},
                 {"experts", &rows->experts, false},
                 {"source", &rows->source, false},
                 {"notes", &rows->notes, false},
                 {"time_us", &rows->time, false},
                 {"busbw_GBps", &rows->busbw, false},
                 {"algbw_GBps", &rows->algbw, false}};
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < CLX_COUNT(columns); i++) {
    const char *name = columns[i].name;
    *columns[i].column = clx_table_column(table, name);
    if (*columns[i].column >= 0 || !columns[i].needed) continue;
    const clx_place place = {table->file, 1, 0};
    const char *near = clx_nearest(name, table->column, table->column_count);
    status = near == NULL ? clx_fail(error, CLX_INPUT, place, "column '%s' is missing", name)
                          : clx_fail(error, CLX_INPUT, place, "column '%s' is missing; is it '%s'?", name, near);
  }
  return status;
}

clx_status clx_collective_rows_read(clx_arena *arena, const clx_catalog *catalog, const clx_table *table,
                                    const clx_table_options *options, clx_collective_rows **out, clx_error *error) {
  clx_collective_rows *rows = CLX_NEW(arena, clx_collective_rows);
  const clx_library *library = NULL;
  if (rows == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *rows = (clx_collective_rows){.arena = arena, .catalog = catalog, .table = table, .options = options};
  CLX_TRY(find_columns(rows, error));
  if (options->library != NULL)
    CLX_TRY(clx_catalog_read_library(catalog, options->library, (clx_place){0}, arena, &library, error));
  rows->row = CLX_NEW_ARRAY(arena, clx_collective_row, table->row_count + 1);
  if (rows->row == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < table->row_count; i++) read_row(rows, i);
  *out = rows;
  return CLX_OK;
}

const clx_collective_row *clx_collective_rows_at(const clx_collective_rows *rows, int32_t row) {
  return &rows->row[row];
}

// --- measurements ---------------------------------------------------------------------------------------------------------------

// No collective takes less than the start of a kernel, nor hours.
static const double MICROSECONDS_MIN = 1, MICROSECONDS_MAX = 1e10;

double clx_collective_row_measured(clx_arena *arena, const clx_collective_rows *rows, int32_t row,
                                   const char **reason) {
  const clx_table *table = rows->table;
  const clx_collective_row *r = &rows->row[row];
  const int32_t columns[] = {rows->time, rows->busbw, rows->algbw};
  const double moved[] = {0, r->moved, r->bytes};
  *reason = NULL;
  for (int32_t i = 0; i < CLX_COUNT(columns); i++) {
    const char *text = clx_table_cell(table, row, columns[i]);
    double value = 0;
    if (text[0] == '\0') continue;
    if (!clx_table_number(table, row, columns[i], &value) || value <= 0) {
      *reason =
          clx_arena_format(arena, "%s: expected a positive number, read '%.40s'", table->column[columns[i]], text);
      return 0;
    }
    const double microseconds = i == 0 ? value : moved[i] / (value * 1e9) * 1e6;
    if (i > 0 && r->reason != NULL) return 1e-6;  // counted, though its bytes are not known
    if (microseconds >= MICROSECONDS_MIN && microseconds <= MICROSECONDS_MAX) return microseconds * 1e-6;
    *reason = clx_arena_format(arena, "measured %.9g us is out of range (%.9g to %.9g)", microseconds, MICROSECONDS_MIN,
                               MICROSECONDS_MAX);
    return 0;
  }
  return 0;
}
