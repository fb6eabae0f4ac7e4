// search: the best layouts of a job among all of a documented space, with every member of it accounted for.
#pragma once

#include "base/base.h"
#include "training/training.h"

// What may be searched, in the order in which members of the space are compared when all else is equal.
typedef enum clx_search_key {
  CLX_SEARCH_TP,
  CLX_SEARCH_CP,
  CLX_SEARCH_EP,
  CLX_SEARCH_ETP,
  CLX_SEARCH_DP,
  CLX_SEARCH_MICRO_BATCH,
  CLX_SEARCH_PP,
  CLX_SEARCH_VPP,
  CLX_SEARCH_SCHEDULE,
  CLX_SEARCH_SEQUENCE_PARALLEL,
  CLX_SEARCH_RECOMPUTE,
  CLX_SEARCH_RECOMPUTE_SHARE,
  CLX_SEARCH_SHARDING,
  CLX_SEARCH_SHARD_GROUP,
  CLX_SEARCH_KEYS
} clx_search_key;

extern const char *const clx_search_key_name[CLX_SEARCH_KEYS + 1];

// Why a member cannot run: the first of these that holds.
typedef enum clx_search_reason {
  CLX_SEARCH_HEADS,   // tp does not divide the attention heads
  CLX_SEARCH_DOMAIN,  // tp is larger than an NVLink domain, or groups of tp and ep do not fit whole into the domains
  CLX_SEARCH_SEQUENCE,  // cp or tp (sequence parallelism) do not divide the tokens; all_to_all: cp not the heads of a rank
  CLX_SEARCH_GPUS,      // tp cp pp dp is more GPUs than there are
  CLX_SEARCH_EXPERTS,         // ep does not divide the experts, or ep etp the ranks
  CLX_SEARCH_BATCH,           // smaller than micro_batch dp
  CLX_SEARCH_LAYERS,          // more chunks than layers, or interleaved chunks of unequal size
  CLX_SEARCH_SCHEDULE_SHORT,  // fewer micro-batches than the schedule needs, or an odd number; no such group or merging
  CLX_SEARCH_GROUPS,  // shard_group does not divide dp; zero2 with several micro-batches, which the step does not model
  CLX_SEARCH_MEMORY,  // does not fit
  CLX_SEARCH_REASONS
} clx_search_reason;

extern const char *const clx_search_reason_name[CLX_SEARCH_REASONS + 1];
extern const char *const clx_search_reason_text[CLX_SEARCH_REASONS + 1];

// What is made small: step_time (base + gpus (rank + busy share(job, step))), gpus = those of the layout. Time: base = 1.
typedef struct clx_search_worth {
  double base;                                                     // per s
  double rank;                                                     // per s and GPU
  double busy;                                                     // per s and GPU, times the share; >= 0
  double (*share)(const clx_training *job, const clx_step *step);  // NULL = 1
  double least_share;                                              // it is never below
} clx_search_worth;

typedef struct clx_search_spec {
  const clx_training *job;  // its layout holds the values of fixed keys
  uint32_t fixed;           // bit clx_search_key: the value of the layout is the only one
  int64_t gpus;             // at most
  double memory_limit;      // B of one GPU
  double time_limit;        // s of a step, slower members are no results; 0 = none
  clx_search_worth worth;
  bool schedules;   // also those that most frameworks lack: zero bubble, both ends
  int32_t top;      // layouts to return, 1 .. CLX_SEARCH_TOP_MAX
  bool quick;       // only a first look at the usual members and no front: milliseconds, but not always the best
  bool exhaustive;  // evaluate every member that fits: the same result, slower
  // Nullable: the step of a member of the best list as the winner is to be chosen by, when slow ranks and mixed fleets count.
  clx_status (*confirm)(void *context, const clx_training *job, clx_step *step, clx_error *error);
  void (*progress)(void *context, double done);  // nullable; done from 0 to 1
  void *context;
} clx_search_spec;

enum { CLX_SEARCH_TOP_MAX = 1000 };

typedef struct clx_search_found {
  clx_layout layout;
  double value;     // of the objective
  double memory;    // B of the heaviest rank
  double expected;  // s: the step by which members were ranked
  clx_step step;
} clx_search_found;

typedef struct clx_search_outcome {
  clx_search_found *top;  // best first: one for each way to cut and deal out (tp to schedule), with the best remainder
  int32_t top_count;
  clx_search_found *front;  // no layout needs less memory and less time: ascending memory, descending time
  int32_t front_count;
  clx_layout closest;     // where none fits: the one that needs least memory; tp 0 = none could be tried
  double closest_memory;  // B
  double members;         // of the space; whole numbers in doubles, as all counts
  double rejected[CLX_SEARCH_REASONS];
  double pruned;      // fit, but a bound of their time said that they cannot be among the results
  double evaluated;   // fit and were evaluated; members = rejected + pruned + evaluated
  double looked;      // members whose memory the first look computed; of the counts, all that a quick search has
  double worked;      // steps computed to get there: evaluated members, and those of a first look for good bounds
  int32_t confirmed;  // layouts that `confirm` has seen
  bool proven;        // the step of no member that `confirm` has not seen is below the confirmed one of top[0]
} clx_search_outcome;

// Searches the space (README.md of this room; docs/model/training/search.md) for the smallest objective. Ties go to the member
// that comes first in the order of keys. Errors: CLX_INFEASIBLE when nothing fits (outcome is filled); CLX_INPUT when the device
// lacks the number format. Arrays come from `arena`.
clx_status clx_search_solve(const clx_search_spec *spec, clx_arena *arena, clx_search_outcome *outcome,
                            clx_error *error);

// --- the space ------------------------------------------------------------------------------------------------------------

enum { CLX_SEARCH_SHARES = 16, CLX_SEARCH_DIVISORS_MAX = 2048 };  // no number below 1e12 has more divisors

// Stages, chunks of each, and in which order they work.
typedef struct clx_search_cut {
  int32_t pp, vpp, schedule;
} clx_search_cut;

typedef struct clx_search_repeat {
  int32_t recompute;
  double share;
} clx_search_repeat;

typedef struct clx_search_shards {
  int32_t sharding, group;
} clx_search_shards;

// Values of every axis. A member is one of each; etp must divide tp, sequence_parallel 1 stands only beside tp > 1, and shards as
// clx_search_has_shards says.
typedef struct clx_search_space {
  int32_t tp[16], tp_count;
  int32_t cp[16], cp_count;
  int32_t ep[64], ep_count;
  int32_t etp[16], etp_count;
  int32_t micro_batch[16], micro_batch_count;
  int32_t sequence_parallel[2], sequence_parallel_count;
  clx_search_repeat repeat[2 + CLX_SEARCH_SHARES];
  int32_t repeat_count;
  clx_search_shards shards[24];
  int32_t shards_count;
  clx_search_cut *cut;  // ascending pp
  int32_t cut_count;
  int32_t dp[CLX_SEARCH_DIVISORS_MAX], dp_count;
} clx_search_space;

clx_status clx_search_space_make(const clx_search_spec *spec, clx_arena *arena, clx_search_space *space,
                                 clx_error *error);
// Values of etp and of sequence_parallel beside a tp; they come first in their lists.
int32_t clx_search_etp_count(const clx_search_spec *spec, const clx_search_space *space, int32_t tp);
int32_t clx_search_sequence_parallel_count(const clx_search_spec *spec, const clx_search_space *space, int32_t tp);
// Sharding over one rank is none; groups must be smaller than dp and divide it. Fixed values always stand.
bool clx_search_has_shards(const clx_search_spec *spec, clx_search_shards shards, int32_t dp, int32_t cp);
bool clx_search_is_fixed(const clx_search_spec *spec, clx_search_key key);
