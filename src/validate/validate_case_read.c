// A case as a document: what it asks, and figures with their tolerances.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit/unit.h"
#include "validate/validate_cases.h"

static const char *const TAKES[] = {"value", "low", "high", NULL};

#define ROW(member) .offset = offsetof(clx_case_row, member)
#define PLACE(member) .place_offset = offsetof(clx_case_row, member)

static const clx_row row_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, ROW(name), .doc = "for people"},
    {.key = "form", .kind = CLX_ROW_TEXT, ROW(form), PLACE(form_place), .doc = "closed form of this row alone"},
    {.key = "inputs",
     .kind = CLX_ROW_NODE,
     ROW(inputs),
     PLACE(inputs_place),
     .doc = "arguments of the form, before those of the case"},
    {.key = "quantity",
     .kind = CLX_ROW_TEXT,
     ROW(quantity),
     PLACE(quantity_place),
     .doc = "name of a quantity of the result of the scenario"},
    {.key = "take",
     .kind = CLX_ROW_CHOICE,
     ROW(take),
     .choices = TAKES,
     .doc = "which figure of the quantity: itself, or an end of its band"},
    {.key = "value",
     .kind = CLX_ROW_TEXT,
     ROW(value),
     PLACE(value_place),
     .doc = "expected figure with its unit; its last digit is the tolerance where none is stated"},
    {.key = "at_least", .kind = CLX_ROW_TEXT, ROW(at_least), PLACE(least_place), .doc = "instead of value: a bound"},
    {.key = "at_most", .kind = CLX_ROW_TEXT, ROW(at_most), PLACE(most_place), .doc = "instead of value: a bound"},
    {.key = "relative",
     .kind = CLX_ROW_REAL,
     ROW(relative),
     .initial = -1,
     .minimum = 0,
     .maximum = 10,
     .doc = "tolerance as a share of value: 2 %"},
    {.key = "absolute",
     .kind = CLX_ROW_TEXT,
     ROW(absolute),
     PLACE(absolute_place),
     .doc = "tolerance with a unit: 5 min"},
    {.key = "standard_errors",
     .kind = CLX_ROW_REAL,
     ROW(standard_errors),
     .initial = -1,
     .minimum = 0.1,
     .maximum = 10,
     .doc = "tolerance of a simulated mean: so many times deviation / sqrt(replications)"},
    {.key = "deviation",
     .kind = CLX_ROW_TEXT,
     ROW(deviation),
     PLACE(deviation_place),
     .doc = "standard deviation of one replication; default: from the band of the quantity, as of a normal one"},
    {.key = "fit",
     .kind = CLX_ROW_BOOL,
     ROW(fit),
     .doc = "something in the prediction was fitted to this figure: shown, never counted as proof"},
    {.key = "miss",
     .kind = CLX_ROW_BOOL,
     ROW(miss),
     PLACE(miss_place),
     .doc = "our figure lies outside and the note says why: shown, counted apart; fails when it lies inside"},
    {.key = "source",
     .kind = CLX_ROW_TEXT,
     ROW(source),
     PLACE(source_place),
     .doc = "of this figure, where it is another than the case's"},
    {.key = "points",
     .kind = CLX_ROW_TEXTS,
     ROW(points),
     .count_offset = offsetof(clx_case_row, point_count),
     .single = true,
     .doc = "ids of rows of published.csv beside it that it stands for"},
    {.key = "note", .kind = CLX_ROW_TEXT, ROW(note), .doc = "what a reader should know"},
};

static const clx_schema row_schema = {.name = "expectation",
                                      .doc = "a figure and its tolerance",
                                      .rows = row_rows,
                                      .count = CLX_COUNT(row_rows),
                                      .size = sizeof(clx_case_row),
                                      PLACE(place)};

#undef ROW
#undef PLACE
#define ROW(member) .offset = offsetof(clx_case, member)
#define PLACE(member) .place_offset = offsetof(clx_case, member)

static const clx_row case_rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     ROW(name),
     PLACE(name_place),
     .required = true,
     .doc = "name of the file, without .yaml"},
    {.key = "title", .kind = CLX_ROW_TEXT, ROW(title), .required = true, .doc = "one line for people"},
    {.key = "source",
     .kind = CLX_ROW_TEXT,
     ROW(source),
     PLACE(source_place),
     .required = true,
     .doc = "id of catalogue/sources.yaml"},
    {.key = "notes",
     .kind = CLX_ROW_TEXT,
     ROW(notes),
     .doc = "what a reader should know, such as what a table contradicts"},
    {.key = "form",
     .kind = CLX_ROW_TEXT,
     ROW(form),
     PLACE(form_place),
     .doc = "asks a closed form of reliability (docs/model/reliability/closed_forms.md)"},
    {.key = "inputs",
     .kind = CLX_ROW_NODE,
     ROW(inputs),
     PLACE(inputs_place),
     .doc = "map of arguments of forms, of all rows; {form: NAME, inputs: {...}} for what another form gives"},
    {.key = "scenario",
     .kind = CLX_ROW_NODE,
     ROW(scenario),
     PLACE(scenario_place),
     .doc = "asks a run: a shipped scenario by name, a file, or a whole scenario as a map"},
    {.key = "cooling",
     .kind = CLX_ROW_NODE,
     ROW(cooling),
     PLACE(cooling_place),
     .doc = "asks figures of cooling by name (docs/tables.md): map of arguments of all rows"},
    {.key = "cost",
     .kind = CLX_ROW_NODE,
     ROW(cost),
     PLACE(cost_place),
     .doc = "asks figures of cost by name (docs/tables.md): what all rows are computed from"},
    {.key = "buildout",
     .kind = CLX_ROW_NODE,
     ROW(buildout),
     PLACE(buildout_place),
     .doc = "asks figures of buildout by name (docs/tables.md): what all rows are computed from"},
    {.key = "set",
     .kind = CLX_ROW_NODE,
     ROW(set),
     PLACE(set_place),
     .doc = "map of changes of the scenario, as of --set"},
    {.key = "against",
     .kind = CLX_ROW_NODE,
     ROW(against),
     PLACE(against_place),
     .doc = "map of scenario, set and by (ratio or difference): figures are those of the scenario over, or less, those "
            "of this one"},
    {.key = "expect",
     .kind = CLX_ROW_LIST,
     ROW(rows),
     .count_offset = offsetof(clx_case, row_count),
     PLACE(rows_place),
     .sub = &row_schema,
     .required = true,
     .doc = "the figures"},
};

const clx_schema clx_case_schema = {.name = "case",
                                    .doc = "figures that our models must meet",
                                    .rows = case_rows,
                                    .count = CLX_COUNT(case_rows),
                                    .size = sizeof(clx_case),
                                    PLACE(place)};

#undef ROW
#undef PLACE

// --- figures ----------------------------------------------------------------------------------------------------------------

// The length of the number at the front of a text, exponent included; digits before and after the point.
static size_t scan_number(const char *text, int32_t *digits, int32_t *decimals, int32_t *exponent) {
  const char *at = text + strspn(text, "+-");
  bool point = false, leading = true;
  *digits = *decimals = *exponent = 0;
  for (; (*at >= '0' && *at <= '9') || *at == '.' || *at == ',' || *at == '_'; at++) {
    if (*at == '.') point = true;
    if (*at < '0' || *at > '9') continue;
    leading = leading && *at == '0';
    if (!leading && *digits < 100) (*digits)++;
    if (point && *decimals < 400) (*decimals)++;
  }
  if ((*at == 'e' || *at == 'E') && strspn(at + 1, "+-0123456789") > 0) {
    const bool minus = at[1] == '-';
    at += 1 + strspn(at + 1, "+-");
    for (; *at >= '0' && *at <= '9'; at++) *exponent = *exponent < 1000 ? 10 * *exponent + (*at - '0') : 1000;
    if (minus) *exponent = -*exponent;
  }
  return (size_t)(at - text);
}

clx_status clx_figure_read(clx_arena *arena, const char *text, const char *unit, clx_place place, clx_figure *out,
                           clx_error *error) {
  char why[320], number[200];
  int32_t decimals = 0, exponent = 0;
  double one = 0, zero = 0;
  if (clx_quantity_read(text, unit, &out->si, why, sizeof why) != CLX_OK)
    return clx_fail(error, CLX_INPUT, place, "%s", why);
  const size_t length = scan_number(text, &out->digits, &decimals, &exponent);
  out->suffix = clx_arena_text(arena, text + length);
  if (out->suffix == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  snprintf(number, sizeof number, "1%.190s", out->suffix);
  const bool good = clx_quantity_read(number, unit, &one, why, sizeof why) == CLX_OK;
  number[0] = '0';
  if (!good || clx_quantity_read(number, unit, &zero, why, sizeof why) != CLX_OK || !(one != zero))
    return clx_fail(error, CLX_INPUT, place, "expected a number and its unit, read \"%.100s\"", text);
  out->factor = one - zero;
  out->offset = zero;
  out->half = 0.5 * pow(10, exponent - decimals) * fabs(out->factor);
  if (!isfinite(out->si) || !isfinite(out->half))
    return clx_fail(error, CLX_INPUT, place, "\"%.100s\" is out of range", text);
  return CLX_OK;
}

// --- checks -----------------------------------------------------------------------------------------------------------------

typedef struct reader {
  const clx_catalog *catalog;
  const clx_case *of;
  clx_error *error;
  clx_status status;
} reader;

static void keep(reader *r, clx_status status) {
  if (r->status == CLX_OK) r->status = status;
}

static void check_source(reader *r, const char *source, clx_place place) {
  if (source == NULL || clx_catalog_source(r->catalog, source) != NULL) return;
  keep(r, clx_fail(r->error, CLX_INPUT, place, "no source '%.100s': expected an id of sources.yaml of the catalogue",
                   source));
}

static void check_map(reader *r, const clx_node *node, const char *key) {
  if (node == NULL || node->kind == CLX_NODE_MAP) return;
  keep(r, clx_fail(r->error, CLX_INPUT, node->place, "'%s': expected a map", key));
}

static void check_tolerance(reader *r, const clx_case_row *row) {
  const int32_t stated = (row->relative >= 0) + (row->absolute != NULL) + (row->standard_errors >= 0);
  const bool bounds = row->at_least != NULL || row->at_most != NULL;
  if (row->value == NULL && !bounds)
    keep(r, clx_fail(r->error, CLX_INPUT, row->place, "expected a value, at_least or at_most"));
  if (row->value != NULL && bounds)
    keep(r, clx_fail(r->error, CLX_INPUT, row->place, "expected a value, or bounds (at_least, at_most), not both"));
  if (stated > 1)
    keep(r, clx_fail(r->error, CLX_INPUT, row->place,
                     "expected one tolerance: relative, absolute or standard_errors; read %d", stated));
  if (stated > 0 && row->value == NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, row->place, "a tolerance belongs to a value: bounds have none"));
  if (row->deviation != NULL && row->standard_errors < 0)
    keep(r, clx_fail(r->error, CLX_INPUT, row->deviation_place, "'deviation' belongs to standard_errors"));
  if (row->miss && row->note == NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, row->miss_place, "'miss' needs a note that says why the figure is missed"));
  if (row->miss && row->fit)
    keep(r, clx_fail(r->error, CLX_INPUT, row->miss_place, "expected 'fit' or 'miss', not both"));
}

static void check_row(reader *r, const clx_case_row *row) {
  const clx_case_kind *kind = r->of->kind;
  check_source(r, row->source, row->source_place);
  check_tolerance(r, row);
  if (kind == NULL) return;
  if (kind->quantities && row->quantity == NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, row->place, "'quantity' is missing: name of a quantity of the result"));
  if (kind->quantities && row->form != NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, row->form_place, "'form' belongs to cases of forms, not to those with '%s'",
                     kind->key));
  if (kind->quantities && row->inputs != NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, row->inputs_place,
                     "'inputs' belong to cases of forms, not to those with '%s'", kind->key));
  if (!kind->quantities && row->quantity != NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, row->quantity_place,
                     "'quantity' belongs to cases with a scenario, not to those with '%s'", kind->key));
  if (!kind->quantities && row->standard_errors >= 0)
    keep(r, clx_fail(r->error, CLX_INPUT, row->place, "'standard_errors' belongs to simulated figures; '%s' is exact",
                     kind->key));
  check_map(r, row->inputs, "inputs");
}

// Which of the kinds the case has the key of; exactly one.
static void find_kind(reader *r, const clx_node *root, clx_case *out) {
  clx_buffer keys = {0};
  int32_t found = 0;
  for (int32_t i = 0; i < clx_case_kind_count; i++) {
    clx_buffer_format(&keys, "%s'%s'", i == 0 ? "" : ", ", clx_case_kinds[i].key);
    if (clx_node_get(root, clx_case_kinds[i].key) == NULL) continue;
    out->kind = &clx_case_kinds[i];
    found++;
  }
  if (found != 1) {
    keep(r, clx_fail(r->error, CLX_INPUT, root->place, "expected one of %s, read %s",
                     keys.failed || keys.data == NULL ? "the kinds" : keys.data, found == 0 ? "none" : "several"));
    out->kind = NULL;
  }
  clx_buffer_free(&keys);
}

static void check_case(reader *r, const clx_case *of) {
  check_source(r, of->source, of->source_place);
  check_map(r, of->inputs, "inputs");
  check_map(r, of->cooling, "cooling");
  check_map(r, of->cost, "cost");
  check_map(r, of->buildout, "buildout");
  check_map(r, of->set, "set");
  check_map(r, of->against, "against");
  if (of->name[strcspn(of->name, "/ ")] != '\0' || of->name[0] == '\0')
    keep(r, clx_fail(r->error, CLX_INPUT, of->name_place,
                     "'name': expected a word without '/' or blanks, read \"%.60s\"", of->name));
  if (of->row_count == 0)
    keep(r, clx_fail(r->error, CLX_INPUT, of->rows_place, "'expect' is empty: a case has figures"));
  if (of->kind == NULL) return;
  if (of->kind->quantities && of->inputs != NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, of->inputs_place, "'inputs' belong to cases of forms, not to those with '%s'",
                     of->kind->key));
  if (!of->kind->quantities && of->set != NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, of->set_place, "'set' changes a scenario: this case has none"));
  if (!of->kind->quantities && of->against != NULL)
    keep(r, clx_fail(r->error, CLX_INPUT, of->against_place, "'against' compares with a scenario: this case has none"));
}

clx_status clx_case_read(clx_arena *arena, const clx_catalog *catalog, const clx_node *root, clx_case *out,
                         clx_error *error) {
  memset(out, 0, sizeof *out);
  out->subject = "";
  CLX_TRY(clx_schema_read(&clx_case_schema, root, false, arena, out, error));
  reader r = {catalog, out, error, CLX_OK};
  find_kind(&r, root, out);
  check_case(&r, out);
  for (int32_t i = 0; i < out->row_count; i++) check_row(&r, &out->rows[i]);
  return r.status;
}
