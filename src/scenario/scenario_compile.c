// Catalogue entries into machine and job; every mistake that can be found without running is reported here.
#include <stdio.h>
#include <string.h>

#include "import/import_hf.h"
#include "power/power_chain.h"
#include "scenario/scenario.h"

static bool is_config_file(const char *name) { return strstr(name, ".json") != NULL; }

clx_status clx_scenario_read_model(const clx_catalog *catalog, const char *name, const char *base, clx_place place,
                                   clx_arena *arena, clx_transformer *model, clx_error *error) {
  if (!is_config_file(name)) {
    CLX_TRY(clx_catalog_read(catalog, "model", name, place, &clx_model_schema, arena, model, error));
  } else {
    const char *path = base != NULL && name[0] != '/' ? clx_arena_format(arena, "%s/%s", base, name) : name;
    clx_node *root = NULL;
    if (path == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    CLX_TRY(clx_document_load(arena, path, &root, error));
    CLX_TRY(clx_import_hf_config(root, name, arena, model, error));
  }
  if (model->family_only) {
    return clx_fail(error, CLX_INPUT, place, "'%s' is a family of models without dimensions: name one model of it",
                    name);
  }
  return clx_transformer_complete(model, place, error);
}

// A link of the catalogue that must be of one type; `key` says who names it.
static clx_status read_link(const clx_scenario *s, const char *key, const char *name, int32_t type, clx_link *link,
                            clx_error *error) {
  static const char *const types[] = {[CLX_LINK_NIC] = "nic", [CLX_LINK_COPPER] = "copper", [CLX_LINK_OPTIC] = "optic"};
  const clx_place place = s->spec.network.place;
  CLX_TRY(clx_catalog_read(s->catalog, "link", name, place, &clx_link_schema, s->arena, link, error));
  if (link->type == type) return CLX_OK;
  return clx_fail(error, CLX_INPUT, place,
                  "'%s': '%s' is of type %s, expected one of type %s (colossus catalogue ls link)", key, link->name,
                  types[link->type], types[type]);
}

// The supplies that a server or rack names; NULL where it names none.
static clx_status read_supply(const clx_scenario *s, const char *name, clx_place place, const clx_conversion **out,
                              clx_error *error) {
  *out = NULL;
  if (name == NULL) return CLX_OK;
  clx_conversion *supply = CLX_NEW(s->arena, clx_conversion);
  if (supply == NULL) return clx_fail(error, CLX_MEMORY, place, "out of memory");
  *out = supply;
  return clx_catalog_read_conversion(s->catalog, name, place, s->arena, supply, error);
}

static clx_status read_cohort(clx_scenario *s, const clx_fleet_spec *fleet, clx_cohort *cohort, clx_error *error) {
  const clx_catalog *catalog = s->catalog;
  const clx_status server = clx_catalog_read(catalog, "server", fleet->server, fleet->place, &clx_server_schema,
                                             s->arena, &cohort->server, error);
  const clx_status rack =
      clx_catalog_read(catalog, "rack", fleet->rack, fleet->place, &clx_rack_schema, s->arena, &cohort->rack, error);
  CLX_TRY(server);
  CLX_TRY(rack);
  const char *carried = clx_catalog_canonical(catalog, "server", cohort->rack.server);
  if (!clx_text_equal(carried, cohort->server.name)) {
    return clx_fail(error, CLX_INPUT, fleet->place,
                    "rack '%s' carries servers '%s', not '%s' (colossus catalogue ls rack)", cohort->rack.name,
                    cohort->rack.server, cohort->server.name);
  }
  const char *nic = s->spec.network.nic != NULL ? s->spec.network.nic : cohort->server.nic;
  CLX_TRY(clx_catalog_read_device(catalog, cohort->server.device, fleet->place, s->arena, &cohort->device, error));
  CLX_TRY(read_link(s, s->spec.network.nic != NULL ? "network.nic" : "nic of the server", nic, CLX_LINK_NIC,
                    &cohort->nic, error));
  CLX_TRY(read_supply(s, cohort->server.supply, fleet->place, &cohort->server_supply, error));
  CLX_TRY(read_supply(s, cohort->rack.supply, fleet->place, &cohort->rack_supply, error));
  cohort->gpus = fleet->gpus;
  cohort->trains = fleet->trains;
  cohort->arrival = fleet->arrival;
  return CLX_OK;
}

static clx_status compile_machine(clx_scenario *s, clx_error *error) {
  const clx_scenario_spec *spec = &s->spec;
  const clx_network_spec *net = &spec->network;
  clx_machine *machine = &s->machine;
  if (spec->fleet_count == 0)
    return clx_fail_plain(error, CLX_INPUT, "'machine.fleet' is empty: a machine needs at least one item");
  machine->cohort = CLX_NEW_ARRAY(s->arena, clx_cohort, spec->fleet_count);
  if (machine->cohort == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  machine->cohort_count = spec->fleet_count;
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < spec->fleet_count; i++) {
    const clx_status one = read_cohort(s, &spec->fleet[i], &machine->cohort[i], error);
    if (status == CLX_OK) status = one;
  }
  const clx_status more[] = {
      net->switch_name == NULL ? CLX_OK
                               : clx_catalog_read(s->catalog, "switch", net->switch_name, net->place,
                                                  &clx_switch_schema, s->arena, &machine->switch_model, error),
      read_link(s, "network.optic", net->optic, CLX_LINK_OPTIC, &machine->optic, error),
      clx_catalog_read_library(s->catalog, net->library, net->place, s->arena, &machine->library, error),
      clx_catalog_read_transport(s->catalog, net->transport, net->place, s->arena, &machine->transport, error),
      read_link(s, "network.copper", net->copper, CLX_LINK_COPPER, &machine->copper, error)};
  for (int32_t i = 0; i < CLX_COUNT(more); i++) {
    if (status == CLX_OK) status = more[i];
  }
  CLX_TRY(status);
  machine->wiring = net->fabric;
  machine->wiring.place = net->place;
  return clx_machine_compile(s->arena, machine, net->place, error);
}

static double sustained_rate(const clx_device *device) {
  return device->peak[CLX_BF16] * clx_device_sustained_clock(device, CLX_BF16, 0);
}

// A synchronous job runs at the pace of its slowest device and with the smallest memory.
static clx_status pick_device(clx_scenario *s, clx_error *error) {
  const clx_scenario_spec *spec = &s->spec;
  int64_t training = 0;
  const clx_cohort *slowest = NULL;
  for (int32_t i = 0; i < spec->fleet_count; i++) {
    if (!spec->fleet[i].trains) continue;
    const clx_cohort *cohort = &s->machine.cohort[i];
    training += cohort->gpus;
    if (slowest == NULL || cohort->device.memory < s->device_memory) s->device_memory = cohort->device.memory;
    const double rate = sustained_rate(&cohort->device), best = slowest == NULL ? 0 : sustained_rate(&slowest->device);
    const bool slower = slowest == NULL || rate < best ||
                        (rate == best && cohort->device.memory_bandwidth < slowest->device.memory_bandwidth);
    if (slower) slowest = cohort;
  }
  if (slowest == NULL)
    return clx_fail_plain(error, CLX_INPUT, "no item of 'machine.fleet' trains: set 'trains: true' on one");
  s->device = slowest->device;
  s->job_gpus = s->job.machine_gpus = training;
  if (spec->training.gpus > training) {
    return clx_fail(error, CLX_INPUT, spec->training.place,
                    "'training.gpus' asks for %lld GPUs, the machine has %lld that train",
                    (long long)spec->training.gpus, (long long)training);
  }
  if (spec->training.gpus > 0) s->job_gpus = spec->training.gpus;
  return CLX_OK;
}

// O(sqrt(batch)).
static int32_t divisor_at_most(int64_t limit, int64_t batch) {
  int64_t best = 1;
  for (int64_t i = 1; i * i <= batch; i++) {
    if (batch % i != 0) continue;
    if (i <= limit && i > best) best = i;
    if (batch / i <= limit && batch / i > best) best = batch / i;
  }
  return (int32_t)best;
}

void clx_layout_complete(clx_layout *l, const clx_software *software, int64_t gpus, double global_batch) {
  int32_t *degrees[] = {&l->pp, &l->vpp, &l->cp, &l->ep, &l->micro_batch};
  for (int32_t i = 0; i < CLX_COUNT(degrees); i++) {
    if (*degrees[i] == 0) *degrees[i] = 1;
  }
  if (l->sequence_parallel < 0) l->sequence_parallel = software->sequence_parallel;
  if (l->dp > 0 || l->tp <= 0) return;
  const int64_t most = gpus / ((int64_t)l->tp * l->pp * l->cp);
  l->dp = most < 1 ? 1 : divisor_at_most(most, (int64_t)(global_batch / l->micro_batch));
}

// An open scenario keeps the first reason why its layout cannot run, and has none then.
static clx_status check_layout(clx_scenario *s, clx_error *error) {
  if (!s->open) return clx_training_check(&s->job, s->job_gpus, error);
  clx_error own;
  clx_error_clear(&own);
  s->layout_wrong = NULL;
  if (clx_training_check(&s->job, s->job_gpus, &own) == CLX_OK) return CLX_OK;
  s->layout_wrong = clx_arena_text(s->arena, own.mistake[0].text);
  s->job.layout.tp = s->job.layout.dp = 0;
  return s->layout_wrong != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

clx_status clx_scenario_compile_training(clx_scenario *s, clx_error *error) {
  const clx_training_spec *spec = &s->spec.training;
  s->job.model = &s->model;
  s->job.device = &s->device;
  s->job.network = &s->machine.network;
  s->job.software = &s->software;
  s->job.layout = spec->layout;
  if (s->job.layout.place.line == 0) s->job.layout.place = spec->place;
  s->job.precision = spec->precision;
  s->job.power_cap = spec->power_cap;
  s->job.sequence = spec->sequence;
  s->job.global_batch = (double)spec->global_batch;
  if (spec->layout.tp == 0) return CLX_OK;  // to be searched
  clx_layout_complete(&s->job.layout, &s->software, s->job_gpus, s->job.global_batch);
  return check_layout(s, error);
}

// Names of jobs stand in reports and messages: plain text, and one job each.
static clx_status check_jobs(const clx_network_spec *spec, clx_error *error) {
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < spec->job_count; i++) {
    const clx_job_spec *job = &spec->jobs[i];
    const char *wrong = job->name[strspn(job->name, " ")] == '\0' ? "is empty" : NULL;
    for (const char *c = job->name; *c != '\0' && wrong == NULL; c++) {
      const unsigned char byte = (unsigned char)c[0], next = (unsigned char)c[1];
      if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0)) wrong = "has control characters";
    }
    for (int32_t k = 0; k < i && wrong == NULL; k++) {
      if (clx_text_equal(job->name, spec->jobs[k].name)) wrong = "is that of an earlier job, too";
    }
    if (wrong != NULL)
      status = clx_fail(error, CLX_INPUT, job->place, "'network.jobs': the name of job %d %s", i + 1, wrong);
  }
  return status;
}

// Keys under 'assumed' must exist, so that an assumption cannot outlive what it was about.
static clx_status check_assumed(const clx_scenario_spec *spec, clx_error *error) {
  if (spec->assumed == NULL || clx_node_is_null(spec->assumed)) return CLX_OK;
  if (spec->assumed->kind != CLX_NODE_MAP) {
    return clx_fail(error, CLX_INPUT, spec->assumed->place, "'assumed' is a map from keys to reasons");
  }
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < spec->assumed->child_count; i++) {
    const clx_node *reason = &spec->assumed->child[i];
    if (!clx_schema_has(&clx_scenario_schema, reason->key)) {
      status = clx_fail(error, CLX_INPUT, reason->key_place, "'assumed.%s': a scenario has no key '%s'", reason->key,
                        reason->key);
    } else if (reason->kind != CLX_NODE_SCALAR || reason->text[0] == '\0') {
      status =
          clx_fail(error, CLX_INPUT, reason->key_place, "'assumed.%s': expected a sentence that says why", reason->key);
    }
  }
  return status;
}

static bool has_class(const clx_failures *failures, const char *name) {
  for (int32_t i = 0; i < failures->class_count; i++) {
    if (clx_text_equal_loose(failures->classes[i].name, name)) return true;
  }
  return false;
}

bool clx_scenario_is_training(const clx_scenario *s) { return s->spec.training.model != NULL; }

// The classes of another entry, behind those that are there.
static clx_status add_failures(clx_scenario *s, const char *name, clx_error *error) {
  const clx_place place = s->spec.reliability.place;
  clx_failures *all = &s->failures, more;
  CLX_TRY(clx_catalog_read(s->catalog, "failures", name, place, &clx_failures_schema, s->arena, &more, error));
  clx_failure_spec *classes = CLX_NEW_ARRAY(s->arena, clx_failure_spec, all->class_count + more.class_count);
  if (classes == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < all->class_count; i++) classes[i] = all->classes[i];
  for (int32_t i = 0; i < more.class_count; i++) {
    if (has_class(all, more.classes[i].name)) {
      return clx_fail(error, CLX_INPUT, place, "'reliability.more': '%s' and '%s' both have a class '%s'", all->name,
                      more.name, more.classes[i].name);
    }
    classes[all->class_count + i] = more.classes[i];
  }
  all->classes = classes;
  all->class_count += more.class_count;
  return CLX_OK;
}

static clx_status read_failures(clx_scenario *s, clx_error *error) {
  const clx_reliability_spec *spec = &s->spec.reliability;
  s->failures.name = NULL;
  if (spec->failures == NULL) return CLX_OK;
  CLX_TRY(clx_catalog_read(s->catalog, "failures", spec->failures, spec->place, &clx_failures_schema, s->arena,
                           &s->failures, error));
  for (int32_t i = 0; i < spec->more_count; i++) CLX_TRY(add_failures(s, spec->more[i], error));
  clx_reliability_spec own = *spec;
  if (!clx_scenario_is_training(s)) own.checkpoint.mode = CLX_CHECKPOINT_NONE;  // replicas of a service keep none
  return clx_reliability_check_spec(&own, &s->failures, s->arena, error);
}

clx_status clx_scenario_need_training(const clx_scenario *s, clx_error *error) {
  if (clx_scenario_is_training(s)) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT, "scenario '%s' has no section 'training': this command needs a training job",
                        s->spec.name);
}

// A machine without a training job is there for its power alone.
static clx_status compile_idle(clx_scenario *s, clx_error *error) {
  s->machine.apart = s->spec.network.place.file == NULL;
  const clx_status machine = compile_machine(s, error);
  const clx_status assumed = check_assumed(&s->spec, error), power = clx_scenario_compile_power(s, error);
  const clx_status cooling = clx_scenario_compile_cooling(s, error), supply = clx_scenario_compile_supply(s, error);
  const clx_status serving = clx_scenario_compile_serving(s, error);
  CLX_TRY(machine);
  CLX_TRY(assumed);
  CLX_TRY(serving);
  CLX_TRY(power);
  CLX_TRY(cooling);
  CLX_TRY(supply);
  CLX_TRY(clx_scenario_compile_cost(s, error));
  CLX_TRY(clx_scenario_compile_buildout(s, error));
  if (s->spec.reliability.failures == NULL) return CLX_OK;
  if (s->spec.serving.outages.reliability) return read_failures(s, error);
  return clx_fail(
      error, CLX_INPUT, s->spec.reliability.place,
      "'reliability' needs a section 'training', which it is about, or 'serving' with outages: {reliability: "
      "yes}");
}

clx_status clx_scenario_compile(clx_scenario *s, const char *folder, clx_error *error) {
  const clx_training_spec *training = &s->spec.training;
  s->folder = folder;
  if (!clx_scenario_is_training(s)) return compile_idle(s, error);
  const clx_status machine = compile_machine(s, error);
  const clx_status model =
      clx_scenario_read_model(s->catalog, training->model, folder, training->model_place, s->arena, &s->model, error);
  const clx_status software = clx_catalog_read(s->catalog, "software", training->software, training->place,
                                               &clx_software_schema, s->arena, &s->software, error);
  const clx_status failures = read_failures(s, error), power = clx_scenario_compile_power(s, error);
  const clx_status cooling = clx_scenario_compile_cooling(s, error), supply = clx_scenario_compile_supply(s, error);
  const clx_status assumed = check_assumed(&s->spec, error), jobs = check_jobs(&s->spec.network, error);
  CLX_TRY(clx_catalog_read(s->catalog, "accuracy", "training", training->place, &clx_accuracy_schema, s->arena,
                           &s->accuracy, error));
  const clx_status serving = clx_scenario_compile_serving(s, error);
  const clx_status cost = machine == CLX_OK ? clx_scenario_compile_cost(s, error) : CLX_OK;
  CLX_TRY(machine);
  CLX_TRY(model);
  CLX_TRY(software);
  CLX_TRY(failures);
  CLX_TRY(power);
  CLX_TRY(cooling);
  CLX_TRY(supply);
  CLX_TRY(serving);
  CLX_TRY(cost);
  CLX_TRY(clx_scenario_compile_buildout(s, error));
  CLX_TRY(assumed);
  CLX_TRY(jobs);
  CLX_TRY(pick_device(s, error));
  CLX_TRY(clx_scenario_place(s, error));
  return clx_scenario_compile_training(s, error);
}

clx_status clx_scenario_part(const clx_scenario *s, const bool *trains, clx_arena *arena, clx_scenario *part,
                             clx_error *error) {
  clx_training_spec *training = &part->spec.training;
  *part = *s;
  part->arena = arena;
  part->machine = (clx_machine){0};
  part->spec.fleet = CLX_NEW_ARRAY(arena, clx_fleet_spec, s->spec.fleet_count);
  if (part->spec.fleet == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->spec.fleet_count; i++) {
    part->spec.fleet[i] = s->spec.fleet[i];
    part->spec.fleet[i].trains = trains[i];
  }
  training->gpus = 0;
  training->layout.tp = 0;
  CLX_TRY(compile_machine(part, error));
  CLX_TRY(pick_device(part, error));
  CLX_TRY(clx_scenario_place(part, error));
  return clx_scenario_compile_training(part, error);
}
