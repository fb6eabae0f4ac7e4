// What cases came to, for people and as JSON.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate/validate_cases.h"

enum { LABEL_MAX = 96, CELL_MAX = 48, WIDTH_LEAST = 20 };

// --- cells ------------------------------------------------------------------------------------------------------------------

// Cuts at a whole character.
static void cut(char *text, size_t size) {
  size_t length = strlen(text);
  if (length < size) return;
  length = size - 1;
  while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
  text[length] = '\0';
}

static void add_text(char *label, size_t size, const char *text) {
  const size_t used = strlen(label);
  snprintf(label + used, size - used, "%s", text);
}

// "parts 128, rate 6.50e-3 1/day"
static void label_inputs(const clx_node *inputs, char *label, size_t size) {
  for (int32_t i = 0; inputs != NULL && i < inputs->child_count; i++) {
    const clx_node *node = &inputs->child[i];
    if (node->kind != CLX_NODE_SCALAR) continue;
    if (label[0] != '\0') add_text(label, size, ", ");
    add_text(label, size, node->key);
    add_text(label, size, " ");
    add_text(label, size, node->text);
  }
}

static void label_of(const clx_case *of, const clx_case_row *row, char *label) {
  char text[4 * LABEL_MAX] = "";
  if (row->name != NULL) {
    add_text(text, sizeof text, row->name);
  } else if (row->quantity != NULL) {
    add_text(text, sizeof text, row->quantity);
    if (row->take != CLX_TAKE_VALUE) add_text(text, sizeof text, row->take == CLX_TAKE_LOW ? ", low" : ", high");
  } else {
    label_inputs(row->inputs, text, sizeof text);
    if (text[0] == '\0') label_inputs(of->inputs, text, sizeof text);
    if (text[0] == '\0') add_text(text, sizeof text, row->form != NULL ? row->form : of->form);
  }
  clx_text_clean(text, true);
  cut(text, LABEL_MAX);
  snprintf(label, LABEL_MAX, "%s", text);
}

// A figure in the unit in which another one was written; the arena is the caller's scratch.
static void write_like(clx_arena *arena, double si, const char *like, const char *unit, char *cell) {
  clx_figure figure;
  if (clx_figure_read(arena, like, unit, (clx_place){0}, &figure, NULL) != CLX_OK) {
    snprintf(cell, CELL_MAX, "%.6g %s", si, unit);
    return;
  }
  const int digits = figure.digits + 2 < 6 ? 6 : figure.digits + 2 > 15 ? 15 : figure.digits + 2;
  snprintf(cell, CELL_MAX, "%.*g%.24s", digits, (si - figure.offset) / figure.factor, figure.suffix);
}

static const char *written(const clx_case_row *row) {
  return row->value != NULL ? row->value : row->at_least != NULL ? row->at_least : row->at_most;
}

static void expected_cell(const clx_case_row *row, char *cell) {
  if (row->value != NULL) {
    snprintf(cell, CELL_MAX, "%s", row->value);
  } else if (row->at_least != NULL && row->at_most != NULL) {
    snprintf(cell, CELL_MAX, "%.20s to %.20s", row->at_least, row->at_most);
  } else {
    snprintf(cell, CELL_MAX, "%s %.40s", row->at_least != NULL ? ">=" : "<=", written(row));
  }
  clx_text_clean(cell, true);
}

static void error_cell(const clx_case_outcome *o, char *cell) {
  cell[0] = '\0';
  if (!o->has_value || o->expected == 0) return;
  snprintf(cell, CELL_MAX, "%+.2g %%", 100 * (o->value / o->expected - 1));
}

static void tolerance_cell(clx_arena *arena, const clx_case_row *row, const clx_case_outcome *o, char *cell) {
  cell[0] = '\0';
  if (!o->has_value) return;
  if (row->relative >= 0) {
    snprintf(cell, CELL_MAX, "%.4g %%", 100 * row->relative);
  } else if (row->absolute != NULL) {
    snprintf(cell, CELL_MAX, "%s", row->absolute);
  } else if (row->standard_errors >= 0) {
    snprintf(cell, CELL_MAX, "%.3g s.e. = %.3g", row->standard_errors, o->tolerance);
  } else {
    clx_figure figure;
    if (clx_figure_read(arena, row->value, o->unit, (clx_place){0}, &figure, NULL) != CLX_OK) return;
    snprintf(cell, CELL_MAX, "%.4g%.24s", o->tolerance / fabs(figure.factor), figure.suffix);
  }
}

static const char *verdict(const clx_case_row *row, const clx_case_outcome *o) {
  static const char *const words[] = {[CLX_CASE_PASSED] = "ok",
                                      [CLX_CASE_FIT] = "fit",
                                      [CLX_CASE_MISSED] = "missed",
                                      [CLX_CASE_SKIPPED] = "skipped",
                                      [CLX_CASE_FAILED] = "FAILED"};
  const clx_case_verdict got = clx_case_judge(row, o);
  return got == CLX_CASE_FAILED && row->miss ? "FAILED: lies inside, 'miss' is wrong" : words[got];
}

// --- text -------------------------------------------------------------------------------------------------------------------

static void write_note(const char *note, const char *indent, clx_buffer *out) {
  if (note == NULL) return;
  clx_buffer_format(out, "%s", indent);
  size_t length = strlen(note);
  while (length > 0 && (note[length - 1] == '\n' || note[length - 1] == ' ')) length--;
  for (size_t i = 0; i < length; i++) clx_buffer_add(out, note[i] == '\n' ? " " : note + i, 1);
  clx_buffer_add(out, "\n", 1);
}

static void write_row(clx_arena *arena, const clx_case *of, const clx_case_row *row, const clx_case_outcome *o,
                      int width, clx_buffer *out) {
  char label[LABEL_MAX], expected[CELL_MAX], got[CELL_MAX], error[CELL_MAX], allowed[CELL_MAX];
  label_of(of, row, label);
  expected_cell(row, expected);
  if (o->skipped != NULL) {
    clx_buffer_format(out, "  %-*s %20s  skipped: %s\n", width, label, expected, o->skipped);
  } else if (o->reason != NULL) {
    clx_buffer_format(out, "  %-*s %20s  FAILED: %s\n", width, label, expected, o->reason);
  } else {
    write_like(arena, o->value, written(row), o->unit, got);
    error_cell(o, error);
    tolerance_cell(arena, row, o, allowed);
    clx_buffer_format(out, "  %-*s %20s %20s %12s %16s  %s\n", width, label, expected, got, error, allowed,
                      verdict(row, o));
  }
  write_note(row->note, "      ", out);
}

static void write_case(clx_arena *arena, const clx_case *of, const clx_case_outcome *outcome, clx_buffer *out) {
  char label[LABEL_MAX];
  int width = WIDTH_LEAST;
  for (int32_t i = 0; i < of->row_count; i++) {
    label_of(of, &of->rows[i], label);
    if ((int)strlen(label) > width) width = (int)strlen(label);
  }
  clx_buffer_format(out, "%s%s%s: %s [%s]\n", of->subject, of->subject[0] != '\0' ? "/" : "", of->name, of->title,
                    of->source);
  write_note(of->notes, "  ", out);
  clx_buffer_format(out, "  %-*s %20s %20s %12s %16s\n", width, "", "expected", "got", "error", "tolerance");
  for (int32_t i = 0; i < of->row_count; i++) write_row(arena, of, &of->rows[i], &outcome[i], width, out);
  clx_buffer_add(out, "\n", 1);
}

void clx_cases_text(const clx_case_list *list, clx_case_outcome *const *outcome, clx_buffer *out) {
  const clx_case_counts c = clx_cases_count(list, outcome);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) {
    out->failed = true;
    return;
  }
  for (int32_t i = 0; i < list->count; i++) write_case(arena, &list->item[i], outcome[i], out);
  clx_buffer_format(out, "%d cases, %d figures: %d passed, %d failed; %d more stand on a fit to them and prove nothing",
                    c.cases, c.rows, c.passed, c.failed, c.fit);
  if (c.missed > 0) clx_buffer_format(out, "; %d are missed, with the reason", c.missed);
  if (c.skipped > 0) clx_buffer_format(out, "; %d skipped", c.skipped);
  clx_buffer_add(out, "\n", 1);
  clx_arena_free(arena);
}

// --- JSON -------------------------------------------------------------------------------------------------------------------

static void set_text(json_t *object, const char *key, const char *text) {
  if (text != NULL) json_object_set_new(object, key, json_string(text));
}

static json_t *row_json(const clx_case *of, const clx_case_row *row, const clx_case_outcome *o) {
  json_t *object = json_object();
  char label[LABEL_MAX];
  label_of(of, row, label);
  set_text(object, "name", label);
  set_text(object, "quantity", row->quantity);
  set_text(object, "form", row->form != NULL ? row->form : of->form);
  set_text(object, "unit", o->unit);
  set_text(object, "written", row->value);
  if (o->has_value) json_object_set_new(object, "expected", json_real(o->expected));
  if (o->has_least) json_object_set_new(object, "at_least", json_real(o->least));
  if (o->has_most) json_object_set_new(object, "at_most", json_real(o->most));
  const bool known = o->reason == NULL && o->skipped == NULL;
  if (known) json_object_set_new(object, "value", json_real(o->value));
  if (o->has_value) {
    json_object_set_new(object, "error", json_real(o->value - o->expected));
    json_object_set_new(object, "tolerance", json_real(o->tolerance));
  }
  json_object_set_new(object, "passed", json_boolean(o->passed));
  json_object_set_new(object, "fit", json_boolean(row->fit));
  json_object_set_new(object, "miss", json_boolean(row->miss));
  set_text(object, "reason", o->reason);
  set_text(object, "skipped", o->skipped);
  set_text(object, "source", row->source != NULL ? row->source : of->source);
  set_text(object, "note", row->note);
  json_t *points = json_array();
  for (int32_t i = 0; i < row->point_count; i++) json_array_append_new(points, json_string(row->points[i]));
  json_object_set_new(object, "points", points);
  return object;
}

static json_t *case_json(const clx_case *of, const clx_case_outcome *outcome) {
  json_t *object = json_object(), *rows = json_array();
  bool passed = true;
  for (int32_t i = 0; i < of->row_count; i++) {
    passed = passed && clx_case_judge(&of->rows[i], &outcome[i]) != CLX_CASE_FAILED;
    json_array_append_new(rows, row_json(of, &of->rows[i], &outcome[i]));
  }
  set_text(object, "name", of->name);
  set_text(object, "folder", of->subject);
  set_text(object, "title", of->title);
  set_text(object, "source", of->source);
  set_text(object, "notes", of->notes);
  set_text(object, "asks", of->kind->key);
  json_object_set_new(object, "passed", json_boolean(passed));
  json_object_set_new(object, "figures", rows);
  return object;
}

void clx_cases_json(const clx_case_list *list, clx_case_outcome *const *outcome, clx_buffer *out) {
  const clx_case_counts c = clx_cases_count(list, outcome);
  json_t *root = json_object(), *cases = json_array();
  json_object_set_new(root, "kind", json_string("cases"));
  json_object_set_new(root, "cases", json_integer(c.cases));
  json_object_set_new(root, "cases_failed", json_integer(c.cases_failed));
  json_object_set_new(root, "figures", json_integer(c.rows));
  json_object_set_new(root, "passed", json_integer(c.passed));
  json_object_set_new(root, "failed", json_integer(c.failed));
  json_object_set_new(root, "fit", json_integer(c.fit));
  json_object_set_new(root, "missed", json_integer(c.missed));
  json_object_set_new(root, "skipped", json_integer(c.skipped));
  for (int32_t i = 0; i < list->count; i++) json_array_append_new(cases, case_json(&list->item[i], outcome[i]));
  json_object_set_new(root, "results", cases);
  char *text = json_dumps(root, JSON_INDENT(2));
  json_decref(root);
  out->failed = out->failed || text == NULL;
  if (text != NULL) clx_buffer_format(out, "%s\n", text);
  free(text);
}
