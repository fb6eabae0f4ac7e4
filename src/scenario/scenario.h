// scenario: what the user wrote, as plain numbers, and the catalogue entries it names, compiled into machine and job.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "fabric/fabric_study.h"
#include "machine/machine.h"
#include "reliability/reliability.h"
#include "scenario/scenario_buildout.h"
#include "scenario/scenario_cooling.h"
#include "scenario/scenario_cost.h"
#include "scenario/scenario_power.h"
#include "scenario/scenario_serving.h"
#include "scenario/scenario_supply.h"
#include "schema/schema.h"
#include "training/training_exact.h"

// One line of the fleet: equal racks of equal servers.
typedef struct clx_fleet_spec {
  const char *server;  // catalogue name
  const char *rack;    // catalogue name
  int64_t gpus;
  int32_t phase;   // order of delivery, 1 = first
  int32_t trains;  // bool: takes part in the training job
  double arrival;  // s after the start of the run
  clx_place place;
} clx_fleet_spec;

// Another job on the same fabric.
typedef struct clx_job_spec {
  const char *name;
  int64_t gpus;
  clx_placement placement;
  int32_t pattern;  // clx_pattern
  double load;      // share of the line rate of its NICs that it offers at most
  clx_place place;
} clx_job_spec;

typedef struct clx_network_spec {
  const char *switch_name;           // catalogue name, NULL = a fabric without switches
  const char *nic, *optic, *copper;  // catalogue names; nic NULL = the server's own
  const char *library, *transport;   // catalogue names
  clx_fabric_spec fabric;
  clx_placement placement;  // of the training job
  clx_job_spec *jobs;       // beside it
  int32_t job_count;
  clx_place place;
} clx_network_spec;

extern const clx_schema clx_network_schema;

// Passes over held-out data between steps.
typedef struct clx_evaluation_spec {
  int32_t every;      // steps; 0 = none
  int64_t sequences;  // of one; 0 = a global batch
} clx_evaluation_spec;

typedef struct clx_training_spec {
  const char *model;     // catalogue name, or path of a Hugging Face config.json
  const char *software;  // catalogue name
  int64_t tokens;        // of the whole run
  int32_t sequence;      // tokens per sequence
  int64_t global_batch;  // sequences
  int64_t gpus;          // of the job; 0 = all that train
  double power_cap;      // W of one GPU; 0 = its tdp
  int32_t precision;     // clx_precision
  int32_t convention;    // clx_flop_convention
  clx_layout layout;     // tp 0 = search
  clx_stragglers stragglers;
  int32_t balance;  // bool: faster parts of a mixed fleet get more micro-batches
  clx_evaluation_spec evaluation;
  clx_place place, model_place;
} clx_training_spec;

typedef struct clx_scenario_spec {
  const char *name, *title, *description;
  clx_fleet_spec *fleet;
  int32_t fleet_count;
  clx_network_spec network;
  clx_training_spec training;
  clx_power_spec power;
  clx_cooling_spec cooling;
  clx_procurement_spec supply;
  clx_buildout_spec buildout;
  clx_reliability_spec reliability;  // failures NULL = the section is absent
  clx_cost_spec cost;
  clx_decide_spec decide;
  clx_serve_spec serving;   // model NULL = the section is absent
  const clx_node *assumed;  // map: dotted key -> why the record is silent and what was taken
} clx_scenario_spec;

extern const clx_schema clx_scenario_schema;

// A loaded and compiled scenario. Immutable.
struct clx_scenario {
  clx_arena *arena;
  const clx_catalog *catalog;
  clx_scenario_spec spec;
  clx_machine machine;
  clx_transformer model;
  clx_software software;
  clx_device device;     // slowest of the cohorts that train
  double device_memory;  // B, smallest of the cohorts that train
  clx_training job;      // points into this object; layout as given (tp 0 = to be searched)
  int64_t job_gpus;
  bool open;                    // a layout that cannot run is no mistake (clx_scenario_load_open)
  const char *layout_wrong;     // why it cannot; NULL = it can, or is to be searched
  clx_accuracy accuracy;        // of the training model, as `colossus validate` measured it
  clx_failures failures;        // of the section `reliability`; name NULL without it
  clx_power_entries power;      // of the section `power`
  clx_cooling_entries cooling;  // of the section `cooling`
  clx_supply_entries supply;    // of the section `supply`
  clx_cost_entries cost;        // of the sections `cost` and `decide`
  clx_serving_entries serving;  // of the section `serving`
  const char *folder;           // of the file; nullable
};

// As clx_scenario_load, from a text in memory; `name` stands in messages.
clx_status clx_scenario_read(const clx_catalog *catalog, const char *name, const char *data, size_t size,
                             clx_scenario **out, clx_error *error);

// The same, from a tree that stands in another document, with settings: they change the tree. It must outlive the scenario;
// relative paths start at `folder` (nullable).
clx_status clx_scenario_read_tree(const clx_catalog *catalog, clx_node *root, const char *folder,
                                  const clx_setting *settings, int32_t setting_count, clx_scenario **out,
                                  clx_error *error);

// Reads all catalogue entries that scenario->spec names and compiles machine and job. `folder` (nullable) is where relative
// paths of the file start.
clx_status clx_scenario_compile(clx_scenario *scenario, const char *folder, clx_error *error);
// Servers of the training job (traffic[0], as rings) and of the jobs beside it (traffic[1 + i] of network.jobs[i]), placed one
// after the other. CLX_INFEASIBLE, named by job: more GPUs than are left.
clx_status clx_scenario_jobs(const clx_scenario *scenario, uint64_t seed, clx_arena *arena, clx_fabric_traffic *traffic,
                             clx_error *error);
// What placement, hashing and other jobs cost the collectives of the training job: fills the levels of machine.network.
clx_status clx_scenario_place(clx_scenario *scenario, clx_error *error);
// The last part of it, for callers that filled machine, model, software and device themselves (rows of tables): the job.
clx_status clx_scenario_compile_training(clx_scenario *scenario, clx_error *error);
// Whether it trains; what a command says that needs it.
bool clx_scenario_is_training(const clx_scenario *scenario);
clx_status clx_scenario_need_training(const clx_scenario *scenario, clx_error *error);
// Catalogue entries of the section `power`, checked.
clx_status clx_scenario_compile_power(clx_scenario *scenario, clx_error *error);
clx_status clx_scenario_compile_cooling(clx_scenario *scenario, clx_error *error);
clx_status clx_scenario_compile_supply(clx_scenario *scenario, clx_error *error);

clx_status clx_scenario_compile_serving(clx_scenario *scenario, clx_error *error);
// Catalogue entries of the sections `cost` and `decide`; after the machine.
clx_status clx_scenario_compile_cost(clx_scenario *scenario, clx_error *error);
clx_status clx_scenario_compile_buildout(clx_scenario *scenario, clx_error *error);  // after machine and supply
// The same scenario when only the items of the fleet with trains[i] train (fleet_count of them): another device, memory and network of
// the job, its layout to be searched. *part points into itself and into `scenario`; arrays come from `arena`.
clx_status clx_scenario_part(const clx_scenario *scenario, const bool *trains, clx_arena *arena, clx_scenario *part,
                             clx_error *error);
// Reads a model by catalogue name or from a config.json beside `base` (nullable folder of the scenario file).
clx_status clx_scenario_read_model(const clx_catalog *catalog, const char *name, const char *base, clx_place place,
                                   clx_arena *arena, clx_transformer *model, clx_error *error);
// Of a layout whose tp is given: degrees that are not stated become 1, dp = 0 becomes the largest that the GPUs and the global batch allow; sequence parallelism from the profile when unset.
void clx_layout_complete(clx_layout *layout, const clx_software *software, int64_t gpus, double global_batch);
