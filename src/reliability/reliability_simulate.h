// Component-level simulation: the const plan of a model, and the state of one thread. Units are int32 ids through all cohorts.
//
// Every GPU-second is counted when the state that it stands in ends: jobs (their phase), free units, units in repair.
#pragma once

#include "reliability/reliability_internal.h"

// Where a unit is.
enum { CLX_UNIT_ABSENT, CLX_UNIT_FREE, CLX_UNIT_JOB, CLX_UNIT_REPAIR };

// What a job does.
typedef enum clx_phase {
  CLX_PHASE_DONE,
  CLX_PHASE_START,    // first start; exposed
  CLX_PHASE_RUN,      // working or in the stall of a checkpoint; exposed
  CLX_PHASE_SAVE,     // checkpoint before a stop that was asked for; exposed
  CLX_PHASE_DETECT,   // detection, diagnosis: further failures only add lost units
  CLX_PHASE_SWAP,     // the same
  CLX_PHASE_WAIT,     // for units; the same
  CLX_PHASE_STARTUP,  // exposed
  CLX_PHASE_RESTORE,  // exposed
  CLX_PHASE_LOCATE,   // replicas stand still: detection of a lost one
  CLX_PHASE_STALL,    // replicas stand still for one that left or came back
  CLX_PHASE_RELOAD,   // replicas read the last checkpoint back
  CLX_PHASES
} clx_phase;

enum { CLX_REPLICA_OUT, CLX_REPLICA_JOINING, CLX_REPLICA_ALIVE };

// Kinds of entries in the heap.
enum {
  CLX_DUE_ARRIVAL,   // id: cohort
  CLX_DUE_REPAIR,    // id: ticket
  CLX_DUE_OWN,       // own clock of a renewed part: id unit, extra slot, born, stamp: serial number of its draws
  CLX_DUE_OFFENDER,  // id unit, stamp: visits to repair, extra: serial number
  CLX_DUE_SLOW,      // slow unit found: id unit, stamp: its ticket's serial number
  CLX_DUE_DATA,  // corruption found: id job, stamp: epoch, extra: unit, failure, born: whether the copy in memory outlives it
  CLX_DUE_JOIN  // id job, extra: replica, stamp: of the replica
};

typedef struct clx_due {
  double time, born;
  int32_t id, extra;
  uint32_t stamp;
  int16_t kind, failure;
} clx_due;

typedef struct clx_due_heap {
  clx_due *item;
  int32_t count, capacity;
} clx_due_heap;

// Where events come from.
typedef struct clx_process {
  int32_t cohort;   // -1: the whole machine
  int32_t failure;  // -1: all constant hazards of the cohort
  double weight;    // parts times factors of heat and position
  int32_t slot;     // of renewed parts, -1 = none
} clx_process;

typedef struct clx_plan {
  const clx_reliability_model *model;
  uint64_t seed;
  int32_t units;
  int32_t *first;   // [cohorts + 1] unit
  int16_t *cohort;  // [units]
  int32_t process_count, slots;
  clx_process *process;
  int32_t *slot_of;  // [cohort * failures + failure], -1 = none
  double *constant;  // [cohort * failures + failure] weight of constant hazards in the cohort's process, 0 = not in it
  double *place;     // [cohort * CLX_POSITIONS_MAX] cumulative weight of positions, last = 1
  int32_t *job_units;    // [jobs] most units of any stage
  int32_t *job_replica;  // [jobs] most replicas
  double slack;          // s after which a replication is given up
} clx_plan;

// Work of a job and the GPU-seconds that went into it.
typedef struct clx_mark {
  double work, gpu;
} clx_mark;

typedef struct clx_slow_unit {
  int32_t unit;
  double factor;
} clx_slow_unit;

typedef struct clx_job_state {
  int32_t index, stage_index;
  const clx_reliability_job *job;
  const clx_job_stage *stage;
  clx_phase phase;
  int32_t bucket;  // of the ledger, where the phase has one
  double since;    // s, up to which everything is counted
  double until;    // s, end of the phase; INFINITY = when something else happens
  double growth;   // s, start of the next stage
  bool planned;    // the stop under way was asked for
  bool cold;       // all replicas start again
  bool started;    // the first start has succeeded
  bool grow;       // the stop under way ends in the next stage
  bool struck;     // by the event under way
  bool whole;      // one replica, or the policy restart: whatever fails, all start again

  // Progress since `anchor`, in segments of interval + stall (locate(), reliability_ledger.c).
  double anchor, paused, worked;
  int64_t taken, stored;
  clx_mark now, copy, copy_before, remote, remote_before;
  double rate, share;
  double interval, stall, remote_stall, lag, remote_lag;
  int64_t every, behind;  // every so-many-th copy goes to storage; copies since the last one there when the run began
  bool memory;
  double load;  // s, of the restart under way

  // Units.
  int32_t slots, held;
  int32_t *slot;    // [job_units] unit, -1 = none
  int32_t *vacant;  // ring of empty slots, oldest first
  int32_t vacant_first, vacancies;
  int32_t replicas, alive;
  int64_t per_replica;  // slots
  int32_t *missing;     // [replicas]
  uint8_t *replica;     // [replicas]
  uint32_t *stamp;      // [replicas]
  double *replica_gpus;
  double gpus, gpus_down, gpus_joining;  // active; healthy units of replicas that are out; of those coming back
  double asking;                         // s, since when it waits for units; INFINITY = it does not
  int32_t *later;                        // units to be swapped at the next stop
  int32_t later_count;
  clx_slow_unit *slow;  // [job_units + 1]
  int32_t slow_count;
  int32_t depth;                         // redundant: shards a group computes
  double locating, stalling, reloading;  // s left of standing still
  bool reload;                           // work went back to a checkpoint while replicas stood still

  // Corruption not found yet.
  bool corrupt;
  clx_mark clean, clean_copy;  // last checkpoint before it: in storage, in memory
  uint32_t epoch;

  double lost, done;     // s of work thrown away; when it ended
  double high;           // most work that ever counted
  int64_t stops_in_row;  // stops since `high` rose
} clx_job_state;

// A repair: units first .. first + count - 1 that carry its number.
typedef struct clx_ticket {
  int32_t first, count;
  int32_t failure, slot;
  double duration;
  bool fixed, old, pending;
  int32_t next;  // free list
} clx_ticket;

// What an event is, drawn when it happens, the same for every policy.
typedef struct clx_event {
  int32_t failure, slot;  // slot >= 0: the part becomes new by repair
  bool old;               // the part belongs to the cohort's clock
  bool stops, transient, warned, fixed;
  double delay;  // s until it is found
  int32_t more;  // further units hit
  double survive;
  clx_stream *repair;
} clx_event;

typedef struct clx_simulator {
  const clx_plan *plan;
  clx_series_store *series;
  clx_arena *arena;
  int32_t replication;
  double now;

  // Units.
  uint8_t *where;
  int32_t *place;   // FREE: index in `free`; JOB: slot
  int16_t *owner;   // job
  int32_t *ticket;  // -1 = none
  uint32_t *visits;
  int32_t *free;
  int32_t free_count, in_repair;
  double free_gpus, repair_gpus, free_since, repair_since, free_units_time;
  clx_ticket *tickets;
  int32_t ticket_free;
  int32_t *queue;
  int32_t queue_first, queue_count, busy;
  uint16_t *renewed;  // [slot * units + unit]

  // Events.
  clx_hazard *hazard;  // [failures], rates of this replication
  double *choice;      // [cohort * failures] cumulative share of each class in the cohort's process
  double *total;       // [cohorts] 1/s
  double *next;        // [processes] s
  double *born;        // [processes] s: age 0
  clx_stream *times, *victims, *fates, *repairs;  // [processes]
  clx_due_heap heap;
  int32_t arrivals;  // cohorts still to come

  clx_job_state *job;
  int32_t running;

  // Counts.
  double ledger[CLX_LEDGERS];
  double interruptions, planned, failures, waited;
  double stops;  // interruptions of a job that was up or coming up
  int32_t least_free, most_repair;
  bool counting;
  int64_t *class_stops, *class_events;  // [failures], all replications of this thread
  int64_t events;                       // all replications of this thread
  int32_t probe;
  bool failed;  // out of memory
} clx_simulator;

// --- reliability_simulate_plan.c ----------------------------------------------------------------------------------------------
clx_status clx_plan_make(const clx_reliability_model *model, const clx_reliability_options *options, clx_arena *arena,
                         clx_plan *plan, clx_error *error);
clx_status clx_simulator_make(const clx_plan *plan, clx_arena *arena, clx_simulator *s, clx_error *error);
void clx_simulator_reset(clx_simulator *s, int32_t replication);

// --- reliability_simulate_run.c -----------------------------------------------------------------------------------------------
clx_status clx_simulator_run(clx_simulator *s, int32_t replication, clx_reliability_run *run, clx_error *error);

// --- reliability_simulate_event.c ---------------------------------------------------------------------------------------------
void clx_events_start(clx_simulator *s);  // rates, first event of every process
void clx_process_fire(clx_simulator *s, int32_t process);
void clx_own_fire(clx_simulator *s, const clx_due *due);
void clx_offender_fire(clx_simulator *s, const clx_due *due);
void clx_offender_schedule(clx_simulator *s, int32_t unit, int32_t serial);
void clx_own_schedule(clx_simulator *s, int32_t unit, int32_t slot, double born, uint32_t serial);

clx_stream clx_unit_stream(const clx_simulator *s, uint64_t domain, int32_t unit, uint32_t kind, uint32_t serial);

// --- reliability_simulate_heap.c ----------------------------------------------------------------------------------------------
void clx_due_push(clx_simulator *s, const clx_due *due);
clx_due clx_due_pop(clx_due_heap *heap);

// --- reliability_simulate_unit.c ----------------------------------------------------------------------------------------------
double clx_unit_gpus(const clx_simulator *s, int32_t unit);
void clx_unit_free(clx_simulator *s, int32_t unit);  // adds it to the free units
int32_t clx_unit_take(clx_simulator *s);             // takes one off them, -1 = none
void clx_unit_remove(clx_simulator *s, int32_t unit);
int32_t clx_ticket_open(clx_simulator *s, int32_t first, int32_t count, const clx_event *event);
void clx_ticket_start(clx_simulator *s, int32_t ticket);
void clx_ticket_close(clx_simulator *s, int32_t ticket);
void clx_free_flush(clx_simulator *s);
void clx_repair_flush(clx_simulator *s);
void clx_repair_end(clx_simulator *s, int32_t ticket);
void clx_unit_to_repair(clx_simulator *s, int32_t unit, int32_t ticket);  // of a unit that nobody holds

// --- reliability_simulate_strike.c --------------------------------------------------------------------------------------------
void clx_event_strike(clx_simulator *s, const clx_event *event, int32_t first, int32_t count);
void clx_event_everybody(clx_simulator *s, const clx_event *event);
void clx_slow_found(clx_simulator *s, const clx_due *due);
void clx_data_found(clx_simulator *s, const clx_due *due);

// --- reliability_ledger.c -----------------------------------------------------------------------------------------------------
void clx_job_advance(clx_simulator *s, clx_job_state *j);  // counts up to s->now
double clx_job_work_at(const clx_job_state *j, double time);
double clx_job_finish(const clx_job_state *j);  // s, when the work is done if nothing happens
clx_mark clx_job_durable(const clx_job_state *j, double time, clx_mark *remote);
void clx_job_rollback(clx_simulator *s, clx_job_state *j, bool survives);
void clx_job_rollback_to(clx_simulator *s, clx_job_state *j, clx_mark mark);
void clx_job_saved(clx_job_state *j);  // a checkpoint of now counts
void clx_job_anchor(clx_simulator *s, clx_job_state *j);

// --- reliability_policy.c: phases of a job ------------------------------------------------------------------------------------
void clx_job_start(clx_simulator *s, clx_job_state *j);  // first start
void clx_job_timer(clx_simulator *s, clx_job_state *j);  // the end of a phase
void clx_job_growth(clx_simulator *s, clx_job_state *j);
void clx_job_phase(clx_simulator *s, clx_job_state *j, clx_phase phase, double duration);
bool clx_job_runs(const clx_job_state *j);
bool clx_job_stands(const clx_job_state *j);             // replicas stand still
void clx_job_speed(clx_simulator *s, clx_job_state *j);  // rate of the work from now on
void clx_job_begin(clx_simulator *s, clx_job_state *j);  // runs from the work that stands
// All replicas stop and start again from the last checkpoint.
void clx_job_stop(clx_simulator *s, clx_job_state *j, const clx_failure_class *f, bool survives);
void clx_job_count(clx_simulator *s, clx_job_state *j, int32_t failure, bool planned);  // one stop
void clx_job_note(clx_simulator *s, int32_t failure, bool planned);  // one event in the counts that stops nothing
// Answers to an event: the units that it took have left. `units`: how many, of all jobs.
void clx_job_crash(clx_simulator *s, clx_job_state *j, const clx_event *event, bool everybody, int32_t units);
void clx_job_ask(clx_simulator *s, clx_job_state *j, const clx_event *event, bool planned, bool everybody);
bool clx_job_enough(const clx_job_state *j, const clx_plan *plan);  // units to run

// --- reliability_policy_unit.c: units of a job --------------------------------------------------------------------------------
void clx_job_lose(clx_simulator *s, clx_job_state *j, int32_t unit);  // takes a unit out of its slot
void clx_job_fill(clx_simulator *s, clx_job_state *j, double delay);  // free units into empty slots
// Replicas that are out complete each other, so that at most one of them stays incomplete and not empty.
void clx_job_lend(clx_simulator *s, clx_job_state *j, double delay);
void clx_job_regroup(clx_simulator *s, clx_job_state *j);              // whole replicas from all units held
void clx_job_size(clx_simulator *s, clx_job_state *j, int32_t stage);  // slots and replicas of a stage
void clx_job_dissolve(clx_simulator *s, clx_job_state *j);             // gives all units back
void clx_job_mark_later(clx_job_state *j, int32_t unit);               // to be swapped at the next stop
void clx_job_release_later(clx_simulator *s, clx_job_state *j);
void clx_job_note_slow(clx_job_state *j, int32_t unit, double factor);
void clx_job_forget_slow(clx_job_state *j, int32_t unit);
void clx_jobs_serve(clx_simulator *s);  // free units to jobs that wait for them
double clx_swap_time(const clx_simulator *s, int32_t units, int32_t available);  // s

// --- reliability_policy_replica.c: replicas that leave and come back ----------------------------------------------------------
void clx_replica_down(clx_job_state *j, int32_t replica);
void clx_replica_crash(clx_simulator *s, clx_job_state *j, int32_t failure, bool asked, bool planned);
void clx_replica_ask(clx_simulator *s, clx_job_state *j, int32_t failure, bool planned);
void clx_replica_rise(clx_simulator *s, clx_job_state *j, int32_t replica, double delay);
void clx_replica_join(clx_simulator *s, const clx_due *due);
void clx_replica_stand(clx_simulator *s, clx_job_state *j, double locating, double stalling);
void clx_replica_next(clx_simulator *s, clx_job_state *j);  // the next of what is left of standing still, or work

// --- reliability_policy_redundant.c -------------------------------------------------------------------------------------------
// Shards that a group must compute so that all are covered, at least `depth`; 0 = a shard has no group left. O(groups).
int32_t clx_shard_depth(const uint8_t *replica, int32_t groups, int32_t redundancy, int32_t depth);
