// import_sacct: jobs of a Slurm cluster as `sacct -P` prints them, one run of a job a line.
#pragma once

#include "base/base.h"

// How a run ended (or that it has not); names as Slurm prints them.
typedef enum clx_job_state {
  CLX_JOB_COMPLETED,
  CLX_JOB_FAILED,
  CLX_JOB_NODE_FAIL,
  CLX_JOB_BOOT_FAIL,
  CLX_JOB_LAUNCH_FAILED,
  CLX_JOB_OUT_OF_MEMORY,
  CLX_JOB_TIMEOUT,
  CLX_JOB_DEADLINE,
  CLX_JOB_CANCELLED,
  CLX_JOB_PREEMPTED,
  CLX_JOB_REQUEUED,
  CLX_JOB_REVOKED,
  CLX_JOB_RUNNING,
  CLX_JOB_SUSPENDED,
  CLX_JOB_RESIZING,
  CLX_JOB_COMPLETING,
  CLX_JOB_STOPPED,
  CLX_JOB_PENDING,
  CLX_JOB_STATES
} clx_job_state;

extern const char *const clx_job_state_name[CLX_JOB_STATES + 1];

typedef struct clx_sacct_job {
  const char *id;
  int32_t state;       // clx_job_state
  double start, end;   // s since 1970; of a job that still runs, end = start + elapsed
  int64_t first_node;  // into clx_sacct.node
  int32_t node_count;
  double gpus;  // of all its nodes; -1 = the file does not say
  int32_t line;
} clx_sacct_job;

typedef struct clx_sacct {
  const char *file;
  clx_sacct_job *job;  // job_count runs that had nodes, in the order of the file
  int32_t job_count;
  int32_t *node;                // numbers of names, job after job
  clx_names names;              // of nodes
  int32_t steps;                // lines left out: steps of jobs (123.batch)
  int32_t unstarted, repeated;  // runs left out: without nodes or start; the same run once more
  int32_t restarts;             // runs of a job that had run before (requeued)
} clx_sacct;

// Most bytes of a file, most nodes of one list, most of all lists together.
enum { CLX_SACCT_SIZE_MAX = 256 << 20, CLX_NODE_LIST_MAX = 1 << 20, CLX_SACCT_NODES_MAX = 50 << 20 };

// Whether the first line looks like `sacct -P` (fields divided by '|', JobID among them).
bool clx_sacct_is(const char *data, size_t size);
// Reads the output of `sacct -P` (--parsable2; --parsable's '|' at the end of lines is taken as well). Needs the fields JobID or
// JobIDRaw, State, Start, NodeList, and End or Elapsed or ElapsedRaw; reads AllocTRES (gres/gpu); ignores others. Mistakes
// (CLX_INPUT) stand with line and column, up to CLX_MISTAKES_MAX at once.
clx_status clx_sacct_read(clx_arena *arena, const char *file, const char *data, size_t size, clx_sacct *out,
                          clx_error *error);

// Expands a list of nodes, "node[1-3,07],gpu-a[01-16]": numbers keep the width of the first one. The names' numbers are added to
// (*node)[*count], which grows in `arena`. Errors: CLX_INPUT at `place`, whose column is that of text[0].
typedef struct clx_node_list {
  int32_t *node;
  int64_t count, capacity;
} clx_node_list;

clx_status clx_node_list_read(clx_arena *arena, const char *text, size_t length, clx_place place, clx_names *names,
                              clx_node_list *list, clx_error *error);
