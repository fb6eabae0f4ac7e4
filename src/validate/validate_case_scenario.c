// What cases ask: runs of scenarios.
#include <stdio.h>
#include <string.h>

#include "chance/chance.h"
#include "result/result.h"
#include "scenario/scenario.h"
#include "validate/validate_cases.h"

typedef struct change {
  clx_setting setting;
  clx_place place;
} change;

typedef struct changes {
  change *item;
  clx_setting *setting;
  int32_t count, capacity;
} changes;

// A scenario with changes, and what it came to.
typedef struct side {
  const clx_node *scenario;
  clx_place place;
  changes changes;
  clx_result *result;
} side;

typedef struct comparison {
  side own, other;
  bool compares, difference;
} comparison;

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- changes ----------------------------------------------------------------------------------------------------------------

static void write_scalar(const clx_node *node, bool inside, clx_buffer *out) {
  static const char special[] = ",[]{}:#&*!|>'\"%@`\\\n\t";
  const char *text = node->text;
  const bool plain = !node->quoted && (!inside || text[strcspn(text, special)] == '\0') && strchr(text, '\n') == NULL;
  if (clx_node_is_null(node)) {
    clx_buffer_add(out, "null", 4);
  } else if (plain) {
    clx_buffer_format(out, "%s", text);
  } else {
    clx_buffer_add(out, "\"", 1);
    for (; *text != '\0'; text++) {
      const unsigned char byte = (unsigned char)*text;
      if (byte < 0x20) {
        clx_buffer_format(out, "\\x%02x", byte);
      } else {
        clx_buffer_format(out, "%s%c", byte == '"' || byte == '\\' ? "\\" : "", byte);
      }
    }
    clx_buffer_add(out, "\"", 1);
  }
}

// A value in the flow style that --set takes.
static void write_flow(const clx_node *node, bool inside, clx_buffer *out) {
  if (node->kind == CLX_NODE_SCALAR) {
    write_scalar(node, inside, out);
    return;
  }
  const bool map = node->kind == CLX_NODE_MAP;
  clx_buffer_add(out, map ? "{" : "[", 1);
  for (int32_t i = 0; i < node->child_count; i++) {
    const clx_node *child = &node->child[i], key = {.kind = CLX_NODE_SCALAR, .quoted = true, .text = child->key};
    if (i > 0) clx_buffer_add(out, ", ", 2);
    if (map) {
      write_scalar(&key, true, out);
      clx_buffer_add(out, ": ", 2);
    }
    write_flow(child, true, out);
  }
  clx_buffer_add(out, map ? "}" : "]", 1);
}

static int32_t count_leaves(const clx_node *node) {
  int32_t count = 0;
  if (node->kind != CLX_NODE_MAP || node->child_count == 0) return 1;
  for (int32_t i = 0; i < node->child_count; i++) count += count_leaves(&node->child[i]);
  return count;
}

// A map as settings: {reliability: {policy: {kind: masked}}} or {reliability.policy.kind: masked}.
static clx_status add_changes(clx_arena *arena, const clx_node *map, const char *prefix, changes *to,
                              clx_error *error) {
  for (int32_t i = 0; map != NULL && i < map->child_count; i++) {
    const clx_node *node = &map->child[i];
    const char *path = clx_arena_format(arena, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", node->key);
    if (path == NULL) return no_memory(error);
    if (node->kind == CLX_NODE_MAP && node->child_count > 0) {
      CLX_TRY(add_changes(arena, node, path, to, error));
      continue;
    }
    clx_buffer text = {0};
    write_flow(node, false, &text);
    const char *copy = text.failed ? NULL : clx_arena_copy(arena, text.data, text.length);
    clx_buffer_free(&text);
    if (copy == NULL) return no_memory(error);
    to->item[to->count] = (change){{path, copy}, node->place};
    to->setting[to->count++] = (clx_setting){path, copy};
  }
  return CLX_OK;
}

static clx_status read_changes(clx_arena *arena, const clx_node *map, changes *to, clx_error *error) {
  const int32_t room = map == NULL ? 1 : count_leaves(map) + 1;
  to->item = CLX_NEW_ARRAY(arena, change, room);
  to->setting = CLX_NEW_ARRAY(arena, clx_setting, room);
  if (to->item == NULL || to->setting == NULL) return no_memory(error);
  return add_changes(arena, map, "", to, error);
}

// --- one run ----------------------------------------------------------------------------------------------------------------

// Hands mistakes on: those in a change get the place of the change in the case, those without a place that of the scenario.
static clx_status hand_on(const side *s, const clx_error *own, clx_error *error) {
  static const char label[] = "--set ";
  for (int32_t i = 0; i < own->count; i++) {
    const clx_mistake *m = &own->mistake[i];
    clx_place place = {m->file, m->line, m->column};
    if (m->file[0] == '\0') place = s->place;
    for (int32_t k = 0; strncmp(m->file, label, sizeof label - 1) == 0 && k < s->changes.count; k++) {
      if (strcmp(m->file + sizeof label - 1, s->changes.item[k].setting.path) == 0) place = s->changes.item[k].place;
    }
    clx_fail(error, own->status, place, "%s", m->text);
  }
  return own->status;
}

static clx_status copy_tree(clx_arena *arena, const clx_node *from, clx_node *to) {
  *to = *from;
  if (from->child_count == 0) return CLX_OK;
  to->child = CLX_NEW_ARRAY(arena, clx_node, from->child_count);
  if (to->child == NULL) return CLX_MEMORY;
  for (int32_t i = 0; i < from->child_count; i++) CLX_TRY(copy_tree(arena, &from->child[i], &to->child[i]));
  return CLX_OK;
}

static clx_status load(clx_case_run *run, const side *s, clx_scenario **scenario, clx_error *error) {
  const clx_node *node = s->scenario;
  if (node->kind == CLX_NODE_MAP) {
    clx_node *copy = CLX_NEW(run->arena, clx_node);  // changes go into it
    if (copy == NULL || copy_tree(run->arena, node, copy) != CLX_OK) return no_memory(error);
    return clx_scenario_read_tree(run->catalog, copy, run->of->folder, s->changes.setting, s->changes.count, scenario,
                                  error);
  }
  const char *name = node->text;
  const bool beside = run->of->folder != NULL && name[0] != '/' && strstr(name, ".yaml") != NULL;
  if (beside) name = clx_arena_format(run->arena, "%s/%s", run->of->folder, name);
  if (name == NULL) return no_memory(error);
  return clx_scenario_load(run->catalog, name, s->changes.setting, s->changes.count, scenario, error);
}

// Runs one side. A scenario that cannot be carried out is an answer, not a mistake: run->reason says it.
static clx_status run_side(clx_case_run *run, side *s, clx_error *error) {
  clx_scenario *scenario = NULL;
  clx_run_options options;
  clx_error own;
  clx_error_clear(&own);
  clx_run_options_default(&options);
  options.threads = run->threads;
  clx_status status = load(run, s, &scenario, &own);
  if (status == CLX_OK) status = clx_scenario_run(scenario, &options, &s->result, &own);
  clx_scenario_free(scenario);
  if (status == CLX_OK) return CLX_OK;
  if (status != CLX_INFEASIBLE) return hand_on(s, &own, error);
  run->reason = clx_arena_text(run->arena, own.mistake[0].text);
  return run->reason == NULL ? no_memory(error) : CLX_OK;
}

// --- a case -----------------------------------------------------------------------------------------------------------------

static clx_status check_scenario(const clx_node *node, clx_place place, clx_error *error) {
  if (node->kind == CLX_NODE_LIST || clx_node_is_null(node))
    return clx_fail(error, CLX_INPUT, place, "'scenario': expected a name, a path or a whole scenario as a map");
  return CLX_OK;
}

static clx_status read_against(clx_case_run *run, comparison *c, clx_error *error) {
  const clx_node *against = run->of->against;
  if (against == NULL) return CLX_OK;
  static const char *const keys[] = {"scenario", "set", "by"};
  const clx_node *scenario = clx_node_get(against, keys[0]), *set = clx_node_get(against, keys[1]),
                 *by = clx_node_get(against, keys[2]);
  for (int32_t i = 0; i < against->child_count; i++) {
    const clx_node *child = &against->child[i];
    if (child == scenario || child == set || child == by) continue;
    const char *near = clx_nearest(child->key, keys, CLX_COUNT(keys));
    return clx_fail(error, CLX_INPUT, child->key_place, "unknown key '%.200s'%s%s%s", child->path,
                    near != NULL ? "; did you mean '" : ": expected scenario, set and by", near != NULL ? near : "",
                    near != NULL ? "'?" : "");
  }
  if (set != NULL && set->kind != CLX_NODE_MAP)
    return clx_fail(error, CLX_INPUT, set->place, "'against.set': expected a map");
  if (by != NULL &&
      (by->kind != CLX_NODE_SCALAR || (strcmp(by->text, "ratio") != 0 && strcmp(by->text, "difference") != 0)))
    return clx_fail(error, CLX_INPUT, by->place, "'against.by': expected ratio or difference");
  c->compares = true;
  c->difference = by != NULL && strcmp(by->text, "difference") == 0;
  c->other.scenario = scenario != NULL ? scenario : c->own.scenario;
  c->other.place = scenario != NULL ? scenario->place : against->place;
  CLX_TRY(check_scenario(c->other.scenario, c->other.place, error));
  return read_changes(run->arena, set, &c->other.changes, error);
}

clx_status clx_case_scenario_open(clx_case_run *run, clx_error *error) {
  comparison *c = CLX_NEW(run->arena, comparison);
  if (c == NULL) return no_memory(error);
  run->state = c;
  c->own.scenario = run->of->scenario;
  c->own.place = run->of->scenario_place;
  CLX_TRY(check_scenario(c->own.scenario, c->own.place, error));
  CLX_TRY(read_changes(run->arena, run->of->set, &c->own.changes, error));
  CLX_TRY(read_against(run, c, error));
  CLX_TRY(run_side(run, &c->own, error));
  if (run->reason == NULL && c->compares) CLX_TRY(run_side(run, &c->other, error));
  return CLX_OK;
}

static clx_status find_quantity(clx_arena *arena, const clx_result *result, const clx_case_row *row,
                                const clx_quantity **out, clx_error *error) {
  const int32_t count = clx_result_count(result);
  *out = clx_result_find(result, row->quantity);
  if (*out != NULL) return CLX_OK;
  const char **names = CLX_NEW_ARRAY(arena, const char *, count + 1);
  if (names == NULL) return no_memory(error);
  for (int32_t i = 0; i < count; i++) names[i] = clx_result_at(result, i)->name;
  const char *near = clx_nearest(row->quantity, names, count);
  if (near != NULL)
    return clx_fail(error, CLX_INPUT, row->quantity_place, "the result has no '%.100s'; did you mean '%s'?",
                    row->quantity, near);
  return clx_fail(error, CLX_INPUT, row->quantity_place,
                  "the result has no '%.100s': 'colossus run ... --json' shows all names", row->quantity);
}

static double taken(const clx_quantity *q, int32_t take) {
  return take == CLX_TAKE_LOW ? q->low : take == CLX_TAKE_HIGH ? q->high : q->value;
}

// Replications behind "reliability.goodput": those of "reliability.replications"; 0 = none.
static double replications_of(const clx_result *result, const char *quantity) {
  char name[96];
  snprintf(name, sizeof name, "%.*s.replications", (int)strcspn(quantity, "."), quantity);
  return clx_result_value(result, name, 0);
}

clx_status clx_case_scenario_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error) {
  const comparison *c = run->state;
  const clx_quantity *own = NULL, *other = NULL;
  CLX_TRY(find_quantity(run->arena, c->own.result, row, &own, error));
  out->value = taken(own, row->take);
  out->unit = own->unit;
  // A band is the 5th to the 95th percentile of replications unless the scenario says otherwise.
  out->deviation = (own->high - own->low) / (2 * clx_normal_quantile(0.95));
  out->replications = replications_of(c->own.result, row->quantity);
  if (!c->compares) return CLX_OK;
  CLX_TRY(find_quantity(run->arena, c->other.result, row, &other, error));
  const double base = taken(other, row->take);
  out->deviation = 0;
  if (!c->difference && base == 0)
    return clx_fail(error, CLX_INPUT, row->quantity_place, "'%.100s' is 0 in 'against': there is no ratio",
                    row->quantity);
  out->value = c->difference ? out->value - base : out->value / base;
  if (!c->difference) out->unit = "";
  return CLX_OK;
}

clx_status clx_case_scenario_close(clx_case_run *run, clx_error *error) {
  (void)error;
  comparison *c = run->state;
  if (c == NULL) return CLX_OK;
  clx_result_free(c->own.result);
  clx_result_free(c->other.result);
  return CLX_OK;
}
