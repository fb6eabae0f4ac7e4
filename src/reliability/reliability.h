// reliability: what the user says about failures, checkpoints, spares and repair, and its way into the model of a run
// (reliability_model.h).
#pragma once

#include "base/base.h"
#include "reliability/reliability_model.h"
#include "schema/schema.h"

// Of what a rate is counted.
typedef enum clx_part {
  CLX_PART_GPU,
  CLX_PART_SERVER,
  CLX_PART_NIC,
  CLX_PART_LINK,    // NIC to leaf
  CLX_PART_LEAF,    // leaf switch
  CLX_PART_SWITCH,  // any switch, leaves included
  CLX_PART_OPTIC,
  CLX_PART_RACK,  // NVLink switches, rack power and coolant
  CLX_PART_ROW,   // power row
  CLX_PART_SITE,
  CLX_PARTS
} clx_part;

extern const char *const clx_part_name[CLX_PARTS + 1];

// What an event takes out together.
typedef enum clx_blast {
  CLX_BLAST_JOB,  // nothing: the job starts again on the same units
  CLX_BLAST_SERVER,
  CLX_BLAST_DOMAIN,  // NVLink domain; the server where it is one
  CLX_BLAST_RACK,
  CLX_BLAST_LEAF,  // servers with NICs on one leaf
  CLX_BLAST_ROW,
  CLX_BLAST_SITE,
  CLX_BLASTS
} clx_blast;

extern const char *const clx_blast_name[CLX_BLASTS + 1];

// One class of catalogue/failures, or of reliability.classes (same name: replaces what it states; -1 or NULL = not stated).
typedef struct clx_failure_spec {
  const char *name, *title;
  int32_t cause, part, blast;
  double events, exposure;  // counted, s of parts: the rate is events / exposure, with its uncertainty
  double rate;              // 1/s of one part, instead
  double shape;
  double infant, decay;
  double *ages;  // s
  int32_t age_count;
  double *factors;
  int32_t factor_count;
  double stops, transient, burst, warned;
  double detect, localise, latent, slow;
  double repair_median, repair_mean, repair_most;
  double fixed;
  int32_t planned, renews;
  clx_place place;
} clx_failure_spec;

// catalogue/failures: the failure classes of one fleet.
typedef struct clx_failures {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  clx_failure_spec *classes;
  int32_t class_count;
  double heat_doubling;  // K of coolant or inlet temperature that double the rates of electronics; 0 = unknown
  double *position;      // factors of rates by place in the rack, bottom to top; empty = alike
  int32_t position_count;
  double offender;  // factor of the rates of a server whose repair did not cure it
} clx_failures;

extern const clx_schema clx_failure_schema;   // one class
extern const clx_schema clx_failures_schema;  // the entry

typedef enum clx_interval_rule {
  CLX_INTERVAL_FIXED,
  CLX_INTERVAL_YOUNG,
  CLX_INTERVAL_DALY,
  CLX_INTERVAL_OPTIMAL,
  CLX_INTERVAL_RULES
} clx_interval_rule;
typedef enum clx_restart_mode {
  CLX_RESTART_REQUEUE,
  CLX_RESTART_RESCHEDULE,
  CLX_RESTART_STANDBY,
  CLX_RESTART_MODES
} clx_restart_mode;

extern const char *const clx_interval_rule_name[CLX_INTERVAL_RULES + 1];
extern const char *const clx_restart_mode_name[CLX_RESTART_MODES + 1];

// The section `reliability` of a scenario. Times below 0 = not stated: taken from published measurements by size.
typedef struct clx_reliability_spec {
  const char *failures;     // catalogue entry; NULL = the section is absent
  const char *const *more;  // entries whose classes are added
  int32_t more_count;
  clx_failure_spec *classes;
  int32_t class_count;
  double scale;    // factor of all rates
  int32_t clock;   // 0 wall, 1 running
  int32_t rates;   // 0 posterior, 1 point
  double horizon;  // s; 0 = until the tokens are trained
  int32_t replications;
  double confidence;
  double age;    // s of burn-in before the run
  double heat;   // K above the temperature at which rates were counted
  int32_t jobs;  // equal jobs that share machine, spares and crews; each takes the GPUs of the layout divided by it
  struct {
    int32_t kind;                   // clx_policy_kind
    double stall, join, join_time;  // s
    int32_t rollback;
    double least;        // share of the replicas
    int32_t redundancy;  // 0 = floor(log2 groups + 0.833)
  } policy;
  struct {
    int32_t mode;        // clx_checkpoint_mode
    int32_t rule;        // clx_interval_rule
    double interval;     // s, of rule fixed
    double bytes;        // B of the whole state; 0 = from the model and the optimizer
    double write, read;  // B/s of the storage, all servers together
    double share;        // of the storage's bandwidth that the job gets
    double copy;         // B/s of one GPU into host memory
    int32_t remote_every;
    double survives;
    double stall, lag, load;  // s, instead of what follows from sizes
    clx_place interval_place, write_place;
  } checkpoint;
  struct {
    int32_t mode;             // clx_restart_mode
    double restart;           // s
    double start;             // s of the first start
    double detect, localise;  // s, instead of those of the classes
  } recovery;
  struct {
    int64_t extra;               // servers beside the fleet
    int64_t count;               // servers, -1 = all that the layout leaves over
    int64_t hot;                 // -1 = 99th percentile of a day's losses
    double swap_hot, swap_cold;  // s
    clx_place place;             // of count
  } spares;
  struct {
    int32_t crews;              // 0 = no limit
    double median, mean, most;  // s, instead of those of the classes
  } repair;
  clx_place place;
} clx_reliability_spec;

extern const clx_schema clx_reliability_schema;

// What the machine and the job are, told by the twin.
typedef struct clx_reliability_site_cohort {
  const char *name;
  int64_t servers;
  int32_t gpus;  // of a server
  double parts
      [CLX_PARTS];  // of one server (GPU, server, NIC, link, optic); switches, racks, rows, site: of the whole cohort
  int32_t servers_per_domain, servers_per_rack, servers_per_leaf, servers_per_row;
  double arrival;  // s
} clx_reliability_site_cohort;

typedef struct clx_reliability_site_stage {
  double start;      // s
  int64_t gpus;      // of all jobs' layouts together
  int32_t replicas;  // of one job, data-parallel
  double gpus_per_replica;
  double rate;              // tokens/s of one job
  double *speed;            // [replicas + 1] or NULL
  double checkpoint_bytes;  // whole state of one job
} clx_reliability_site_stage;

typedef struct clx_reliability_site {
  clx_reliability_site_cohort *cohort;
  int32_t cohort_count;
  clx_reliability_site_stage *stage;
  int32_t stage_count;
  double work;  // s of one job at the rate of stage 0; 0 = no end
} clx_reliability_site;

// What needs no machine: whether the classes of entry and section together are complete and consistent, and whether checkpoints have
// what they need. CLX_INPUT with places: rates without exposure, storage bandwidth of zero with checkpoints asked for ...
clx_status clx_reliability_check_spec(const clx_reliability_spec *spec, const clx_failures *failures, clx_arena *arena,
                                      clx_error *error);

// Spec, catalogue entry and site into a model; arrays from `arena`. Text of what was assumed or looked up (restart time by size, hot
// spares ...) goes to `note` (nullable) once per fact. Errors: CLX_INPUT, with places: rates without exposure, spares above the fleet,
// storage bandwidth of zero with checkpoints asked for, an interval shorter than its lag ...; those of clx_reliability_check.
typedef void clx_reliability_note(void *context, const char *key, const char *text);
clx_status clx_reliability_compile(const clx_reliability_spec *spec, const clx_failures *failures,
                                   const clx_reliability_site *site, clx_arena *arena, clx_reliability_model *model,
                                   clx_reliability_note *note, void *context, clx_error *error);
// The failure classes of entry and section alone, for servers without a job: parts and groups are of one `cohort`. Errors as above.
clx_status clx_reliability_compile_failures(const clx_reliability_spec *spec, const clx_failures *failures,
                                            const clx_reliability_site_cohort *cohort, clx_arena *arena,
                                            clx_failure_class **out, int32_t *count, clx_error *error);
