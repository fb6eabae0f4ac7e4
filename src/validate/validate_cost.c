// Cases of cost: a plan with its capacity, clusters whose power or price was published, a day of serving.
#include <math.h>
#include <string.h>

#include "cost/cost_cluster.h"
#include "cost/cost_plan.h"
#include "machine/machine.h"
#include "validate/validate_cost.h"

#define ROW(member) .offset = offsetof(F, member)
#define REAL(name, member, unit_text, start, least, most, text)                                              \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (least), .maximum = (most), .doc = text                                                       \
  }

// A published cluster, as its table has it.
typedef struct known_cluster {
  const char *name, *chip, *second;  // chips: entries of catalogue/price
  const char *date;
  const char *server;  // entry of catalogue/server; NULL: rated power of the price's product
  double count, second_count;
  double pue;           // of the year
  double network;       // W of switches by GPU
  double power, price;  // reported: W, USD; < 0 = not
  clx_place place;
} known_cluster;

#define F known_cluster
static const clx_row cluster_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, ROW(name), .required = true, .doc = "of the table"},
    {.key = "chip",
     .kind = CLX_ROW_TEXT,
     ROW(chip),
     .required = true,
     .doc = "entry of catalogue/price that its chips come in"},
    {.key = "second", .kind = CLX_ROW_TEXT, ROW(second), .doc = "the same of its second kind of chips"},
    {.key = "server",
     .kind = CLX_ROW_TEXT,
     ROW(server),
     .doc = "entry of catalogue/server: its power is that of its parts"},
    {.key = "date", .kind = CLX_ROW_TEXT, ROW(date), .required = true, .doc = "of operation"},
    REAL("count", count, NULL, 0, 1, 1e9, "chips"),
    REAL("second_count", second_count, NULL, 0, 0, 1e9, "chips of the second kind"),
    REAL("pue", pue, NULL, 1, 1, 3, "mean of the year for such sites"),
    REAL("network", network, "W", 0, 0, 1e4, "switches by GPU"),
    REAL("power", power, "W", -1, 0, 1e12, "reported"),
    REAL("price", price, "USD", -1, 0, 1e13, "reported, of the hardware"),
};
static const clx_schema cluster_schema = {.name = "cluster",
                                          .doc = "a published cluster",
                                          .rows = cluster_rows,
                                          .count = CLX_COUNT(cluster_rows),
                                          .size = sizeof(F),
                                          .place_offset = offsetof(F, place)};
#undef F

typedef struct cost_case {
  const clx_node *plan;
  double gpus, from;  // of the plan: usable from this s on
  known_cluster *cluster;
  int32_t cluster_count;
  double supply, network_share;
  double rented, rent, time, output, input;  // a day of serving: GPUs, USD/s, s, tokens out and in
} cost_case;

#define F cost_case
static const clx_row case_rows[] = {
    {.key = "plan", .kind = CLX_ROW_NODE, ROW(plan), .doc = "the section cost of a scenario"},
    REAL("gpus", gpus, NULL, 0, 0, 1e9, "usable GPUs of the plan"),
    REAL("from", from, "s", 0, 0, 3.2e9, "of the plan: when they are"),
    {.key = "clusters",
     .kind = CLX_ROW_LIST,
     ROW(cluster),
     .count_offset = offsetof(F, cluster_count),
     .sub = &cluster_schema,
     .doc = "published clusters"},
    REAL("supply", supply, NULL, 0.95, 0.5, 1, "efficiency of the supplies of servers"),
    REAL("network_share", network_share, NULL, 0, 0, 0.9, "network by price of all hardware"),
    REAL("rented", rented, NULL, 0, 0, 1e9, "GPUs of a day of serving"),
    REAL("rent", rent, "USD/s", 0, 0, 1, "of one"),
    REAL("time", time, "s", 0, 0, 1e10, "over which tokens are counted"),
    REAL("output", output, "token", 0, 0, 1e20, "tokens written"),
    REAL("input", input, "token", 0, 0, 1e20, "tokens read"),
};
static const clx_schema case_schema = {.name = "cost",
                                       .doc = "what the figures of a case are computed from",
                                       .rows = case_rows,
                                       .count = CLX_COUNT(case_rows),
                                       .size = sizeof(F)};
#undef F

typedef struct asked {
  clx_case_run *run;
  const cost_case *of;
  clx_cost_out *plan;  // NULL: no plan
} asked;

// --- the plan -------------------------------------------------------------------------------------------------------------------

static clx_status run_plan(clx_case_run *run, const cost_case *of, clx_cost_out *out, clx_error *error) {
  clx_cost_spec spec;
  clx_cost_found found;
  clx_cost_plan plan;
  clx_cost_draw draw;
  double gpus[CLX_MONTHS_MAX];
  CLX_TRY(clx_schema_read(&clx_cost_spec_schema, of->plan, false, run->arena, &spec, error));
  CLX_TRY(clx_catalog_read_cost(run->catalog, &spec, run->arena, &found, error));
  CLX_TRY(clx_cost_compile(&spec, &found, run->arena, &plan, error));
  for (int32_t m = 0; m < plan.months; m++)
    gpus[m] = of->gpus * fmin(1, fmax(0, ((m + 1) * CLX_MONTH - of->from) / CLX_MONTH));
  const clx_cost_input input = {.months = plan.months, .gpus = gpus};
  clx_cost_expected(&plan, &draw);
  CLX_TRY(clx_cost_out_make(&plan, run->arena, out, error));
  return clx_cost_plan_run(&plan, &input, &draw, false, out, error);
}

static clx_status plan_figure(const asked *a, int32_t figure, double *out, clx_error *error) {
  if (a->plan == NULL)
    return clx_fail(error, CLX_INPUT, a->run->of->place, "the figure needs `plan` and `gpus` in the map `cost`");
  *out = a->plan->figure[figure];
  return CLX_OK;
}

// --- clusters -------------------------------------------------------------------------------------------------------------------

static clx_status read_server(const asked *a, const char *name, const known_cluster *k, const clx_price **out,
                              clx_error *error) {
  clx_price *price = CLX_NEW(a->run->arena, clx_price);
  if (price == NULL) return clx_fail(error, CLX_MEMORY, k->place, "out of memory");
  CLX_TRY(clx_catalog_read(a->run->catalog, "price", name, k->place, &clx_price_schema, a->run->arena, price, error));
  *out = price;
  return clx_price_check(price, k->place, error);
}

static clx_status read_cluster(const asked *a, const known_cluster *k, clx_cluster *out, clx_error *error) {
  *out = (clx_cluster){.chips = 1, .count = {k->count, k->second_count}, .pue = k->pue};
  if (!clx_year_read(k->date, &out->year))
    return clx_fail(error, CLX_INPUT, k->place, "'%.60s': date '%.40s'", k->name, k->date);
  CLX_TRY(read_server(a, k->chip, k, &out->server[0], error));
  if (k->second == NULL) return CLX_OK;
  out->chips = 2;
  return read_server(a, k->second, k, &out->server[1], error);
}

// W that a server takes in a hall: GPUs at their limit, parts at their ratings, fans as usual inlet air asks (makers rate them at full speed, for
// 35 degC), supplies.
static clx_status server_power(const asked *a, const known_cluster *k, clx_price *into, clx_error *error) {
  clx_server server;
  clx_device device;
  CLX_TRY(clx_catalog_read(a->run->catalog, "server", k->server, k->place, &clx_server_schema, a->run->arena, &server,
                           error));
  CLX_TRY(clx_catalog_read_device(a->run->catalog, server.device, k->place, a->run->arena, &device, error));
  const double heat = server.gpus * device.tdp + clx_server_parts_most(&server);
  into->power = (heat + clx_server_fans(&server, &device, heat)) / a->of->supply;
  into->gpus = server.gpus;
  return CLX_OK;
}

// Mean |ln(predicted / reported)| of power.
static clx_status power_error(const asked *a, double *out, clx_error *error) {
  double sum = 0;
  int32_t rows = 0;
  for (int32_t i = 0; i < a->of->cluster_count; i++) {
    const known_cluster *k = &a->of->cluster[i];
    clx_cluster cluster;
    double power = 0;
    if (k->power < 0) continue;
    CLX_TRY(read_cluster(a, k, &cluster, error));
    if (k->server != NULL) {
      clx_price parts = *cluster.server[0];
      CLX_TRY(server_power(a, k, &parts, error));
      cluster.server[0] = &parts;
      CLX_TRY(clx_cluster_power(&cluster, k->network, &power, error));
    } else {
      CLX_TRY(clx_cluster_power(&cluster, k->network, &power, error));
    }
    sum += fabs(log(power / k->power));
    rows++;
  }
  if (rows == 0) return clx_fail(error, CLX_INPUT, a->run->of->place, "no cluster with a reported power");
  *out = sum / rows;
  return CLX_OK;
}

// Logarithms of the size of each cluster and of reported over predicted price; the caller's room is that of all clusters.
static clx_status price_rows(const asked *a, double *size, double *ratio, int32_t *rows, clx_error *error) {
  *rows = 0;
  for (int32_t i = 0; i < a->of->cluster_count; i++) {
    const known_cluster *k = &a->of->cluster[i];
    clx_cluster cluster;
    double price = 0;
    if (k->price < 0) continue;
    CLX_TRY(read_cluster(a, k, &cluster, error));
    CLX_TRY(clx_cluster_price(&cluster, a->of->network_share, &price, error));
    size[*rows] = log(k->count + k->second_count);
    ratio[(*rows)++] = log(k->price / price);
  }
  return CLX_OK;
}

static clx_status price_room(const asked *a, double **size, double **ratio, clx_error *error) {
  *size = CLX_NEW_ARRAY(a->run->arena, double, 2 * a->of->cluster_count + 1);
  *ratio = CLX_NEW_ARRAY(a->run->arena, double, 2 * a->of->cluster_count + 1);
  return *size == NULL || *ratio == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}

// Catalogue prices as they are: nothing fitted.
static clx_status price_error(const asked *a, double *out, clx_error *error) {
  double *size, *ratio, sum = 0;
  int32_t rows = 0;
  CLX_TRY(price_room(a, &size, &ratio, error));
  CLX_TRY(price_rows(a, size, ratio, &rows, error));
  if (rows == 0) return clx_fail(error, CLX_INPUT, a->run->of->place, "no cluster with a reported price");
  for (int32_t i = 0; i < rows; i++) sum += fabs(ratio[i]);
  *out = sum / rows;
  return CLX_OK;
}

// With a level and an exponent of size, fitted by least absolute deviations to all other clusters: each row is predicted unseen.
static clx_status price_error_left_out(const asked *a, double *out, clx_error *error) {
  double *size, *ratio, sum = 0;
  int32_t rows = 0;
  CLX_TRY(price_room(a, &size, &ratio, error));
  CLX_TRY(price_rows(a, size, ratio, &rows, error));
  if (rows < 4)
    return clx_fail(error, CLX_INPUT, a->run->of->place, "%d clusters with a reported price; expected at least 4",
                    rows);
  for (int32_t i = 0; i < rows; i++) {
    double *x = size + a->of->cluster_count, *y = ratio + a->of->cluster_count, level, slope;
    int32_t n = 0;
    for (int32_t j = 0; j < rows; j++) {
      if (j != i) x[n] = size[j], y[n++] = ratio[j];
    }
    clx_least_absolute_line(x, y, n, &level, &slope);
    sum += fabs(ratio[i] - level - slope * size[i]);
  }
  *out = sum / rows;
  return CLX_OK;
}

static clx_status cluster_rows_of(const asked *a, double *out, clx_error *error) {
  (void)error;
  *out = a->of->cluster_count;
  return CLX_OK;
}

// --- a day of serving -------------------------------------------------------------------------------------------------------------

static clx_status serving_cost(const asked *a, double *out, clx_error *error) {
  (void)error;
  *out = a->of->rented * a->of->rent * a->of->time;
  return CLX_OK;
}

static clx_status by_tokens(const asked *a, double tokens, double *out, clx_error *error) {
  if (!(tokens > 0)) return clx_fail(error, CLX_INPUT, a->run->of->place, "no tokens; expected `output`");
  *out = a->of->rented * a->of->rent * a->of->time / tokens;
  return CLX_OK;
}

static clx_status output_token(const asked *a, double *out, clx_error *error) {
  return by_tokens(a, a->of->output, out, error);
}
static clx_status any_token(const asked *a, double *out, clx_error *error) {
  return by_tokens(a, a->of->output + a->of->input, out, error);
}

// --- the table --------------------------------------------------------------------------------------------------------------------

static const struct {
  const char *name, *unit;
  clx_status (*value)(const asked *a, double *out, clx_error *error);
} FIGURES[] = {
    {"clusters", "", cluster_rows_of},        {"cluster_power_error", "", power_error},
    {"cluster_price_error", "", price_error}, {"cluster_price_error_left_out", "", price_error_left_out},
    {"serving_cost", "USD", serving_cost},    {"output_token", "USD/token", output_token},
    {"any_token", "USD/token", any_token},
};

static clx_status unknown_figure(const clx_case_row *row, const char *name, clx_error *error) {
  const char *names[CLX_COUNT(FIGURES) + CLX_COST_FIGURES];
  int32_t count = 0;
  for (int32_t i = 0; i < CLX_COUNT(FIGURES); i++) names[count++] = FIGURES[i].name;
  for (int32_t i = 0; i < CLX_COST_FIGURES; i++) names[count++] = clx_cost_figure_name[i];
  const char *near = clx_nearest(name, names, count);
  if (near != NULL)
    return clx_fail(error, CLX_INPUT, row->place, "no figure '%.100s' of cost; did you mean '%s'?", name, near);
  return clx_fail(error, CLX_INPUT, row->place, "no figure '%.100s' of cost", name);
}

clx_status clx_case_cost_open(clx_case_run *run, clx_error *error) {
  asked *a = CLX_NEW(run->arena, asked);
  cost_case *of = CLX_NEW(run->arena, cost_case);
  if (a == NULL || of == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *a = (asked){.run = run, .of = of};
  run->state = a;
  CLX_TRY(clx_schema_read(&case_schema, run->of->cost, false, run->arena, of, error));
  if (of->plan == NULL) return CLX_OK;
  a->plan = CLX_NEW(run->arena, clx_cost_out);
  if (a->plan == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return run_plan(run, of, a->plan, error);
}

clx_status clx_case_cost_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error) {
  const asked *a = run->state;
  const char *name = row->form != NULL ? row->form : "";
  for (int32_t i = 0; i < CLX_COUNT(FIGURES); i++) {
    if (strcmp(FIGURES[i].name, name) != 0) continue;
    out->unit = FIGURES[i].unit;
    return FIGURES[i].value(a, &out->value, error);
  }
  for (int32_t i = 0; i < CLX_COST_FIGURES; i++) {
    if (strcmp(clx_cost_figure_name[i], name) != 0) continue;
    out->unit = i == CLX_COST_TOKEN ? "USD/token" : clx_cost_figure_unit[i];
    return plan_figure(a, i, &out->value, error);
  }
  return unknown_figure(row, name, error);
}
