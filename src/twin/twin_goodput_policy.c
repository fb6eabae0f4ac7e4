// Policies as people name them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twin/twin_goodput.h"

// Each states the whole policy, so that it does not depend on that of the scenario; jobs-N alone keeps the scenario's.
#define ALL(kind, restart, checkpoint) "policy.kind=" kind ",recovery.mode=" restart ",checkpoint.mode=" checkpoint
const clx_goodput_preset clx_goodput_presets[] = {
    {"own", "", "the scenario's own policy"},
    {"restart", ALL("restart", "requeue", "sync"),
     "the whole job back into the queue; checkpoints while it stands still"},
    {"standby", ALL("restart", "standby", "async"),
     "restart of the whole job with booted spares; checkpoints written behind its back"},
    {"elastic", ALL("elastic", "standby", "async"),
     "goes on with the replicas that are left, from the last checkpoint"},
    {"masked", ALL("masked", "standby", "async"),
     "leaves the failed replica out of the sum; it comes back with a peer's state"},
    {"redundant", ALL("redundant", "standby", "async"),
     "every shard on several replicas; restart when one has none left"},
    {"memory", ALL("restart", "standby", "memory"), "as standby, with checkpoints in the memory of other servers"},
    {"jobs-N", "jobs=", "N equal jobs that share the machine, each under the scenario's own policy"},
    {NULL, NULL, NULL},
};
#undef ALL

enum { KEYS_MAX = 96, JOBS_MAX = 10000 };
static const char JOBS[] = "jobs-";

// --- keys -------------------------------------------------------------------------------------------------------------------

typedef struct keys {
  const char *name[KEYS_MAX];
  int32_t count;
} keys;

static bool add_keys(const clx_schema *schema, const char *above, clx_arena *arena, keys *k) {
  for (int32_t i = 0; i < schema->count && k->count < KEYS_MAX; i++) {
    const clx_row *row = &schema->rows[i];
    const char *name = clx_arena_format(arena, "%s%s", above, row->key);
    if (name == NULL) return false;
    if (row->kind == CLX_ROW_STRUCT) {
      const char *below = clx_arena_format(arena, "%s.", name);
      if (below == NULL || !add_keys(row->sub, below, arena, k)) return false;
    } else {
      k->name[k->count++] = name;
    }
  }
  return true;
}

static clx_status check_key(const char *key, const char *policy, clx_arena *arena, clx_error *error) {
  static const char *const parts[] = {"policy", "checkpoint", "recovery", "spares", "repair", "jobs"};
  keys all = {.count = 0};
  if (clx_schema_has(&clx_reliability_schema, key)) {
    const size_t stem = strcspn(key, ".");
    for (int32_t i = 0; i < CLX_COUNT(parts); i++) {
      if (strlen(parts[i]) == stem && strncmp(parts[i], key, stem) == 0) return CLX_OK;
    }
    return clx_fail_plain(error, CLX_INPUT,
                          "policy '%s': '%s' is no matter of policy, and policies are compared on the same failures: "
                          "change it for all of them with --set reliability.%s=VALUE",
                          policy, key, key);
  }
  if (!add_keys(&clx_reliability_schema, "", arena, &all)) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const char *near = clx_nearest(key, all.name, all.count);
  if (near != NULL)
    return clx_fail_plain(error, CLX_INPUT, "policy '%s': '%s' is no key of reliability; did you mean '%s'?", policy,
                          key, near);
  return clx_fail_plain(error, CLX_INPUT,
                        "policy '%s': '%s' is no key of reliability, such as checkpoint.interval or spares.hot "
                        "(colossus schema lists them)",
                        policy, key);
}

// --- names ------------------------------------------------------------------------------------------------------------------

static clx_status unknown_policy(const char *name, clx_error *error) {
  const char *names[CLX_COUNT(clx_goodput_presets)];
  int32_t count = 0;
  clx_buffer list = {0};
  for (; clx_goodput_presets[count].name != NULL; count++) {
    names[count] = clx_goodput_presets[count].name;
    clx_buffer_format(&list, "%s%s", count > 0 ? ", " : "", names[count]);
  }
  const char *near = clx_nearest(name, names, count);
  const clx_status status =
      near != NULL ? clx_fail_plain(error, CLX_INPUT, "no policy '%s'; did you mean '%s'?", name, near)
                   : clx_fail_plain(error, CLX_INPUT, "no policy '%s': there are %s, or KEY=VALUE below reliability",
                                    name, list.data != NULL ? list.data : "");
  clx_buffer_free(&list);
  return status;
}

// The settings that a name stands for, as text.
static clx_status find_preset(const char *name, clx_arena *arena, const char **settings, clx_error *error) {
  const size_t stem = sizeof JOBS - 1;
  if (strncmp(name, JOBS, stem) == 0 && name[stem] != 'N') {
    char *end = NULL;
    const long jobs = strtol(name + stem, &end, 10);
    if (end == name + stem || *end != '\0' || jobs < 1 || jobs > JOBS_MAX)
      return clx_fail_plain(error, CLX_INPUT, "policy '%s': expected jobs-N with 1 to %d jobs, such as jobs-4", name,
                            JOBS_MAX);
    *settings = clx_arena_format(arena, "jobs=%ld", jobs);
    return *settings != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  for (const clx_goodput_preset *p = clx_goodput_presets; p->name != NULL; p++) {
    if (!clx_text_equal_loose(p->name, name) || strncmp(p->name, JOBS, stem) == 0) continue;
    *settings = p->settings;
    return CLX_OK;
  }
  return unknown_policy(name, error);
}

// --- texts ------------------------------------------------------------------------------------------------------------------

// Length of `text` up to the next comma that separates.
static size_t piece_length(const char *text) {
  int32_t depth = 0;
  char quote = '\0';
  size_t i = 0;
  for (; text[i] != '\0'; i++) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
      continue;
    }
    if (c == ',' && depth == 0) break;
    if (c == '\'' || c == '"') quote = c;
    if (c == '[' || c == '{') depth++;
    if (c == ']' || c == '}') depth--;
  }
  return i;
}

static int32_t count_pieces(const char *text) {
  int32_t count = 1;
  for (size_t at = piece_length(text); text[at] != '\0'; at += piece_length(text + at)) {
    at++;
    count++;
  }
  return count;
}

// "KEY=VALUE" as a setting of the scenario.
static clx_status add_setting(char *piece, const char *policy, clx_arena *arena, clx_goodput_policy *p,
                              clx_error *error) {
  char *equals = strchr(piece, '=');
  if (equals == NULL || equals == piece)
    return clx_fail_plain(error, CLX_INPUT,
                          "policy '%s': expected NAME, NAME,KEY=VALUE or KEY=VALUE such as spares.hot=8, read '%s'",
                          policy, piece);
  *equals = '\0';
  CLX_TRY(check_key(piece, policy, arena, error));
  const char *path = clx_arena_format(arena, "reliability.%s", piece);
  if (path == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  p->setting[p->count++] = (clx_setting){path, equals + 1};
  return CLX_OK;
}

static clx_status add_settings(const char *text, const char *policy, clx_arena *arena, clx_goodput_policy *p,
                               clx_error *error) {
  for (bool more = true; more;) {
    const char *begin = text + strspn(text, " ");
    const size_t length = piece_length(begin);
    char *piece = clx_arena_copy(arena, begin, length);
    if (piece == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    CLX_TRY(add_setting(piece, policy, arena, p, error));
    more = begin[length] == ',';
    text = begin + length + 1;
  }
  return CLX_OK;
}

clx_status clx_goodput_policy_read(const char *text, clx_arena *arena, clx_goodput_policy *policy, clx_error *error) {
  enum { PRESET_SETTINGS = 4 };
  const char *begin = text + strspn(text, " "), *settings = NULL;
  const size_t length = piece_length(begin);
  char *first = clx_arena_copy(arena, begin, length);
  *policy = (clx_goodput_policy){.setting = CLX_NEW_ARRAY(arena, clx_setting, count_pieces(begin) + PRESET_SETTINGS)};
  if (first == NULL || policy->setting == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (length == 0)
    return clx_fail_plain(error, CLX_INPUT, "policy '%s' is empty: expected a name or KEY=VALUE below reliability",
                          text);
  if (strchr(first, '=') != NULL) return add_settings(begin, text, arena, policy, error);
  for (size_t end = length; end > 0 && first[end - 1] == ' '; end--) first[end - 1] = '\0';
  CLX_TRY(find_preset(first, arena, &settings, error));
  if (settings[0] != '\0') CLX_TRY(add_settings(settings, text, arena, policy, error));
  policy->preset = true;
  policy->stated = policy->count;
  return begin[length] == ',' ? add_settings(begin + length + 1, text, arena, policy, error) : CLX_OK;
}

// --- scenarios --------------------------------------------------------------------------------------------------------------

static bool states(const clx_goodput_policy *p, const char *key) {
  for (int32_t i = p != NULL ? p->stated : 0; p != NULL && i < p->count; i++) {
    if (clx_text_equal(p->setting[i].path + sizeof "reliability." - 1, key)) return true;
  }
  return false;
}

static void forget(const clx_goodput_policy *p, const char *key, double *time) {
  if (!states(p, key)) *time = -1;  // not stated (reliability.h)
}

// What held for another kind of checkpoint or restart only.
void clx_goodput_forget(const clx_reliability_spec *own, const clx_goodput_policy *p, clx_reliability_spec *spec) {
  if (spec->checkpoint.mode != own->checkpoint.mode) {
    forget(p, "checkpoint.stall", &spec->checkpoint.stall);
    forget(p, "checkpoint.lag", &spec->checkpoint.lag);
    forget(p, "checkpoint.load", &spec->checkpoint.load);
  }
  if (spec->recovery.mode != own->recovery.mode) {
    forget(p, "recovery.restart", &spec->recovery.restart);
    forget(p, "spares.swap_hot", &spec->spares.swap_hot);
    forget(p, "spares.swap_cold", &spec->spares.swap_cold);
    if (!states(p, "spares.hot")) spec->spares.hot = -1;
  }
  if (spec->policy.kind != own->policy.kind) {
    forget(p, "policy.stall", &spec->policy.stall);
    forget(p, "policy.join", &spec->policy.join);
    forget(p, "policy.join_time", &spec->policy.join_time);
  }
}

static clx_status load_own(const clx_catalog *catalog, const char *name, const clx_setting *settings, int32_t count,
                           clx_scenario **out, clx_error *error) {
  CLX_TRY(clx_scenario_load(catalog, name, settings, count, out, error));
  if ((*out)->spec.reliability.failures != NULL) return CLX_OK;
  clx_scenario_free(*out);
  *out = NULL;
  return clx_fail_plain(error, CLX_INPUT,
                        "scenario '%s' has no section 'reliability', which says what fails: add one, or "
                        "--set reliability.failures=NAME (colossus catalogue ls failures)",
                        name);
}

// Settings of the scenario, with those of the policy from `from` on.
static clx_status load_with(const clx_catalog *catalog, const char *name, const clx_setting *settings, int32_t count,
                            const clx_goodput_policy *p, int32_t from, clx_arena *arena, clx_scenario **out,
                            clx_error *error) {
  clx_setting *all = CLX_NEW_ARRAY(arena, clx_setting, count + p->count + 1);
  if (all == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (count > 0) memcpy(all, settings, (size_t)count * sizeof *all);
  if (p->count > from) memcpy(all + count, p->setting + from, (size_t)(p->count - from) * sizeof *all);
  return clx_scenario_load(catalog, name, all, count + p->count - from, out, error);
}

static int32_t word_of(const char *value, const char *const *words, int32_t otherwise) {
  for (int32_t i = 0; words[i] != NULL; i++) {
    if (clx_text_equal(words[i], value)) return i;
  }
  return otherwise;
}

// A named policy that the scenario has no inputs for, such as checkpoints without a bandwidth: what else is asked for is checked, and the
// comparison says what is missing when it makes the model.
static clx_status load_lacking(const clx_catalog *catalog, const char *name, const clx_setting *settings, int32_t count,
                               const clx_goodput_policy *p, clx_arena *arena, clx_scenario **out, clx_error *error) {
  CLX_TRY(load_with(catalog, name, settings, count, p, p->stated, arena, out, error));
  clx_reliability_spec *spec = &(*out)->spec.reliability;
  for (int32_t i = 0; i < p->stated; i++) {
    const char *key = p->setting[i].path + sizeof "reliability." - 1, *value = p->setting[i].value;
    if (states(p, key)) continue;
    if (clx_text_equal(key, "policy.kind")) spec->policy.kind = word_of(value, clx_policy_name, spec->policy.kind);
    if (clx_text_equal(key, "recovery.mode"))
      spec->recovery.mode = word_of(value, clx_restart_mode_name, spec->recovery.mode);
    if (clx_text_equal(key, "checkpoint.mode"))
      spec->checkpoint.mode = word_of(value, clx_checkpoint_mode_name, spec->checkpoint.mode);
  }
  return CLX_OK;
}

clx_status clx_twin_goodput_load(const clx_catalog *catalog, const char *name_or_path, const clx_setting *settings,
                                 int32_t setting_count, const char *text, clx_scenario **out, clx_error *error) {
  *out = NULL;
  if (text == NULL) return load_own(catalog, name_or_path, settings, setting_count, out, error);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_goodput_policy policy = {0};
  clx_scenario *own = NULL;
  clx_status status = clx_goodput_policy_read(text, arena, &policy, error);
  if (status == CLX_OK) status = load_own(catalog, name_or_path, settings, setting_count, &own, error);
  if (status == CLX_OK) {
    clx_error full, lacking;
    clx_error_clear(&full);
    clx_error_clear(&lacking);
    status = load_with(catalog, name_or_path, settings, setting_count, &policy, 0, arena, out, &full);
    if (status == CLX_INPUT && policy.preset &&
        load_lacking(catalog, name_or_path, settings, setting_count, &policy, arena, out, &lacking) == CLX_OK)
      status = CLX_OK;
    if (status != CLX_OK) *error = full;
  }
  if (status == CLX_OK && policy.preset) clx_goodput_forget(&own->spec.reliability, &policy, &(*out)->spec.reliability);
  clx_scenario_free(own);
  clx_arena_free(arena);
  return status;
}
