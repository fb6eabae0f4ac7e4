// What cases ask: closed forms.
#include <string.h>

#include "reliability/reliability_forms.h"
#include "validate/validate_buildout.h"
#include "validate/validate_cases.h"
#include "validate/validate_cooling.h"
#include "validate/validate_cost.h"

enum { NESTED_MAX = 8, FORM_ARGUMENTS = CLX_COUNT(((clx_form *)0)->argument), FORMS_MAX = 32 };

// Maps in which the arguments of a form are looked for, the innermost first.
typedef struct scope {
  const clx_node *map;  // nullable
  const struct scope *outer;
} scope;

typedef struct forms {
  clx_case_run *run;
  const clx_form *used[FORMS_MAX];  // of all rows, nested ones included: whose arguments the inputs may name
  int32_t used_count;
} forms;

static const clx_form *find_form(const char *name) {
  const clx_form *form = NULL;
  for (int32_t i = 0; (form = clx_form_at(i)) != NULL; i++) {
    if (strcmp(form->name, name) == 0) return form;
  }
  return NULL;
}

static clx_status unknown_form(const char *name, clx_place place, clx_error *error) {
  enum { NAMES_MAX = 128 };
  const char *names[NAMES_MAX];
  int32_t count = 0;
  for (; count < NAMES_MAX && clx_form_at(count) != NULL; count++) names[count] = clx_form_at(count)->name;
  const char *near = clx_nearest(name, names, count);
  if (near != NULL) return clx_fail(error, CLX_INPUT, place, "no closed form '%.100s'; did you mean '%s'?", name, near);
  return clx_fail(error, CLX_INPUT, place, "no closed form '%.100s': docs/model/reliability/closed_forms.md lists them",
                  name);
}

static void remember(forms *f, const clx_form *form) {
  for (int32_t i = 0; i < f->used_count; i++) {
    if (f->used[i] == form) return;
  }
  if (f->used_count < FORMS_MAX) f->used[f->used_count++] = form;
}

static clx_status evaluate(forms *f, const char *name, clx_place place, const scope *around, int32_t depth,
                           double *value, const clx_form **out, clx_error *error);

// {form: NAME, inputs: {...}}: what another form gives.
static clx_status nested(forms *f, const clx_node *node, const char *unit, const scope *around, int32_t depth,
                         double *value, clx_error *error) {
  const clx_node *form = clx_node_get(node, "form"), *inputs = clx_node_get(node, "inputs");
  for (int32_t i = 0; i < node->child_count; i++) {
    const clx_node *child = &node->child[i];
    if (child != form && child != inputs)
      return clx_fail(error, CLX_INPUT, child->key_place, "unknown key '%.200s': expected form and inputs",
                      child->path);
  }
  if (form == NULL || form->kind != CLX_NODE_SCALAR || clx_node_is_null(form))
    return clx_fail(error, CLX_INPUT, node->place, "'%.200s.form' is missing: the form whose result is the argument",
                    node->path);
  if (inputs != NULL && inputs->kind != CLX_NODE_MAP)
    return clx_fail(error, CLX_INPUT, inputs->place, "'%.200s': expected a map", inputs->path);
  if (depth == NESTED_MAX)
    return clx_fail(error, CLX_INPUT, node->place, "forms stand in one another more than %d deep", NESTED_MAX);
  const scope inner = {inputs, around};
  const clx_form *used = NULL;
  CLX_TRY(evaluate(f, form->text, form->place, &inner, depth + 1, value, &used, error));
  if (strcmp(used->result_unit, unit) != 0)
    return clx_fail(error, CLX_INPUT, form->place, "'%s' gives a figure in %s, expected one in %s", used->name,
                    used->result_unit[0] != '\0' ? used->result_unit : "plain numbers",
                    unit[0] != '\0' ? unit : "plain numbers");
  return CLX_OK;
}

static clx_status argument(forms *f, const clx_form *form, int32_t index, clx_place place, const scope *around,
                           int32_t depth, double *value, clx_error *error) {
  const char *key = form->argument[index], *unit = form->unit[index];
  const clx_node *node = NULL;
  for (const scope *s = around; s != NULL && node == NULL; s = s->outer)
    node = s->map == NULL ? NULL : clx_node_get(s->map, key);
  if (node == NULL)
    return clx_fail(error, CLX_INPUT, place, "'%s' needs the input '%s'%s%s: %s", form->name, key,
                    unit[0] != '\0' ? " in " : "", unit, form->doc);
  if (node->kind == CLX_NODE_MAP) return nested(f, node, unit, around, depth, value, error);
  if (node->kind != CLX_NODE_SCALAR || clx_node_is_null(node))
    return clx_fail(error, CLX_INPUT, node->place, "'%.200s': expected a figure or {form: NAME}", node->path);
  clx_figure figure;
  CLX_TRY(clx_figure_read(f->run->arena, node->text, unit, node->place, &figure, error));
  *value = figure.si;
  return CLX_OK;
}

static clx_status evaluate(forms *f, const char *name, clx_place place, const scope *around, int32_t depth,
                           double *value, const clx_form **out, clx_error *error) {
  double arguments[FORM_ARGUMENTS];
  int32_t count = 0;
  const clx_form *form = find_form(name);
  if (form == NULL) return unknown_form(name, place, error);
  remember(f, form);
  for (; count < FORM_ARGUMENTS && form->argument[count] != NULL; count++)
    CLX_TRY(argument(f, form, count, place, around, depth, &arguments[count], error));
  clx_error own;
  clx_error_clear(&own);
  const clx_status status = clx_form_evaluate(name, arguments, count, value, &own);
  if (status != CLX_OK) return clx_fail(error, status, place, "%s", own.mistake[0].text);
  *out = form;
  return CLX_OK;
}

static clx_status forms_open(clx_case_run *run, clx_error *error) {
  forms *f = CLX_NEW(run->arena, forms);
  if (f == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  f->run = run;
  run->state = f;
  return CLX_OK;
}

static clx_status forms_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error) {
  const scope common = {run->of->inputs, NULL}, own = {row->inputs, &common};
  const clx_form *form = NULL;
  CLX_TRY(evaluate(run->state, row->form != NULL ? row->form : run->of->form,
                   row->form != NULL ? row->form_place : run->of->form_place, &own, 0, &out->value, &form, error));
  out->unit = form->result_unit;
  return CLX_OK;
}

// Inputs that no form of the case takes are misspelt ones.
static clx_status check_inputs(const forms *f, const clx_node *inputs, clx_error *error) {
  const char *names[FORMS_MAX * FORM_ARGUMENTS];
  int32_t count = 0;
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < f->used_count; i++) {
    for (int32_t k = 0; k < FORM_ARGUMENTS && f->used[i]->argument[k] != NULL; k++)
      names[count++] = f->used[i]->argument[k];
  }
  for (int32_t i = 0; inputs != NULL && i < inputs->child_count; i++) {
    const clx_node *node = &inputs->child[i];
    bool known = false;
    for (int32_t k = 0; k < count; k++) known = known || strcmp(names[k], node->key) == 0;
    if (known && node->kind == CLX_NODE_MAP) {
      const clx_status inner = check_inputs(f, clx_node_get(node, "inputs"), error);
      if (status == CLX_OK) status = inner;
    }
    if (known) continue;
    const char *near = clx_nearest(node->key, names, count);
    const clx_status unknown =
        near != NULL
            ? clx_fail(error, CLX_INPUT, node->key_place, "unknown input '%.100s'; did you mean '%s'?", node->key, near)
            : clx_fail(error, CLX_INPUT, node->key_place, "unknown input '%.100s': no form of the case takes it",
                       node->key);
    if (status == CLX_OK) status = unknown;
  }
  return status;
}

static clx_status forms_close(clx_case_run *run, clx_error *error) {
  const forms *f = run->state;
  if (f == NULL) return CLX_OK;
  clx_status status = check_inputs(f, run->of->inputs, error);
  for (int32_t i = 0; i < run->of->row_count; i++) {
    const clx_status one = check_inputs(f, run->of->rows[i].inputs, error);
    if (status == CLX_OK) status = one;
  }
  return status;
}

const clx_case_kind clx_case_kinds[] = {
    {.key = "form", .open = forms_open, .value = forms_value, .close = forms_close},
    {.key = "scenario",
     .quantities = true,
     .open = clx_case_scenario_open,
     .value = clx_case_scenario_value,
     .close = clx_case_scenario_close},
    {.key = "cooling", .value = clx_case_cooling_value},
    {.key = "cost", .open = clx_case_cost_open, .value = clx_case_cost_value},
    {.key = "buildout", .open = clx_case_buildout_open, .value = clx_case_buildout_value},
};
const int32_t clx_case_kind_count = CLX_COUNT(clx_case_kinds);
