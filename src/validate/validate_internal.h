// Between the files of validate.
#pragma once

#include "validate/validate.h"

struct json_t;

// --- what people write into cells (validate_collective_text.c) -------------------------------------------------------------

// The device that a description of a system names ("AWS p5.48xlarge (H100)"): the longest run of its words that is a name or
// an alias. NULL: *problem says why (none, two of equal length, out of memory).
const char *clx_system_device(clx_arena *arena, const clx_catalog *catalog, const char *system, const char **problem);

// GPUs of an NVLink domain that a text names (72 of "NVL72"), 0 = none.
int32_t clx_text_domain(const char *text);

// B/s of all NICs of a server that a text names ("8x200Gb RDMA"), 0 = none.
double clx_text_nics(const char *text);

// How the links of a text lead ("NVSwitch", "XGMI", "pairwise"), as clx_device_links, -1 = it does not say.
int32_t clx_text_links(const char *text);

// The algorithm of a cell ("NVLSTree", "ring"), -1 = unknown.
int32_t clx_text_algorithm(const char *text);
// The algorithm that notes say was run or forced, -1 = none.
int32_t clx_notes_algorithm(const char *notes);

// An exchange of tokens between experts.
typedef struct clx_token_shape {
  double tokens, hidden, top_k, experts;
  double groups;     // nodes that a token may go to, 0 = any
  bool low_latency;  // every copy is a message of its own
} clx_token_shape;

// Fills what notes say ("4096 tokens, hidden 7168, top-8 (top-4 groups)"); the rest stays.
void clx_notes_tokens(const char *notes, clx_token_shape *shape);

// Tables of requests by case (validate_replay.c); what a table of the kind `requests` with a column `case` is.
extern const clx_table_kind clx_table_replay;

// --- errors of means (validate_means.c) -------------------------------------------------------------------------------------

typedef struct clx_means {
  int32_t rows;  // measured and predicted
  double measured, predicted;
  double error, peer;  // of the mean, a fraction; peer: NAN where it has no answer
} clx_means;

clx_means clx_means_make(const clx_table_job *job, int32_t metric, const bool *selected);
void clx_means_head(const clx_table_job *job, int width, clx_buffer *out);
void clx_means_line(const char *name, int width, const clx_means *means, clx_buffer *out);
void clx_means_json(const clx_means *means, struct json_t *object);

// --- other programs on the same rows (validate_peers.c) ---------------------------------------------------------------------

typedef struct clx_peer_figures {
  const char *peer, *what;      // what: the case
  int32_t rows, rejected;       // that it was given; that it did not answer
  double mean, median;          // |error| of its answers
  int32_t both;                 // rows that both answered
  double own_mean, own_median;  // ours on them
} clx_peer_figures;

typedef struct clx_peers {
  clx_peer_figures *figures;
  int32_t count;
} clx_peers;

// Reads options->peers (NULL: none). Errors: columns that are missing, no row in common.
clx_status clx_peers_make(const clx_table_job *job, const bool *chosen, clx_peers *peers, clx_error *error);
// Adds what the columns of the kind's peer say, by metric and group: `of` names the group of each row, `name` all of them.
clx_status clx_peers_add_columns(const clx_table_job *job, const bool *chosen, const char *const *of,
                                 const char *const *name, int32_t names, clx_peers *peers, clx_error *error);
void clx_peers_text(const clx_peers *peers, clx_buffer *out);
struct json_t *clx_peers_json(const clx_peers *peers);
