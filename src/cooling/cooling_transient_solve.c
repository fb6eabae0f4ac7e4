// SUNDIALS CVODE behind the transient: backward differences of variable order, sparse factors by KLU (Hindmarsh and others, ACM TOMS 31
// (2005) 363; version 6). Without SUNDIALS transients are refused. docs/model/cooling/transient.md.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cooling/cooling_transient_internal.h"

// Chips throttle that are this near to their limit and a thousandth slower than before: a board's power limit slows cooler ones, too, as they leak.
static const double THROTTLE_NEAR = 0.02, SLOWER = 1e-3;  // K; share

int32_t clx_transient_root_count(const clx_transient_model *model) { return model->members + 4; }

// How far chips of a loop are from throttling, and K from their stop.
static void chip_roots(const clx_transient_model *model, const clx_transient_loop *loop, const double *y,
                       double *throttle, double *shutdown) {
  const clx_transient_chipset *set = &model->row[loop->row].chips;
  *shutdown = 1;
  if (set->count <= 0 || loop->shut) return;
  const clx_chip_thermal *chip = set->from->thermal;
  const double sensor = y[loop->at + CLX_AT_SENSOR];
  const double slower = clx_transient_clock(&model->row[loop->row], y + loop->at) - loop->clock_before + SLOWER;
  if (chip->throttle > 0) *throttle = fmin(*throttle, fmax(chip->throttle - THROTTLE_NEAR - sensor, slower));
  if (chip->shutdown > 0) *shutdown = chip->shutdown - sensor;
}

double clx_transient_air(const clx_transient_model *model, const double *y) {
  double most = 0;
  const int32_t end = model->air < model->members ? model->members : model->air + 1;
  for (int32_t i = model->air; i < end; i++) most = fmax(most, y[model->loop[i].at + CLX_AT_SUPPLY]);
  return most;
}

// First throttling; the racks' warmest supply 0.5 K above what it was (and back, a hundredth lower); hall air at its limit; sensor of each member
// less its shutdown, and of chips in hall air. What was seen stands away from its root.
void clx_transient_roots(const clx_transient_model *model, const double *y, double *root) {
  double throttle = 1, most = 0;
  root[3 + model->members] = 1;
  for (int32_t i = 0; i < model->members; i++) {
    most = fmax(most, y[model->loop[i].at + CLX_AT_SUPPLY]);
    chip_roots(model, &model->loop[i], y, &throttle, &root[3 + i]);
  }
  if (model->air >= model->members)
    chip_roots(model, &model->loop[model->air], y, &throttle, &root[3 + model->members]);
  root[0] = model->throttled ? 1 : throttle;
  root[1] = model->start_supply + (model->warm ? 0.49 : 0.5) - most;
  const double limit = model->input->hall.limit;
  const bool watched = limit > 0 && model->air >= 0 && !model->air_seen;
  root[2] = watched ? limit - clx_transient_air(model, y) : 1;
}

#ifdef CLX_HAS_SUNDIALS

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunmatrix/sunmatrix_sparse.h>

// <sunlinsol/sunlinsol_klu.h> wants klu.h in the path, which Debian keeps in a folder of SuiteSparse; this is all that is needed of it.
SUNDIALS_EXPORT SUNLinearSolver SUNLinSol_KLU(N_Vector y, SUNMatrix matrix, SUNContext context);

struct clx_transient_solver {
  const clx_transient_model *model;
  clx_transient_work *work;
  SUNContext context;
  void *cvode;
  N_Vector y, tolerance, rates;
  SUNMatrix matrix;
  SUNLinearSolver linear;
  int64_t *start, *row;
  int *found;
  double time;
  bool roots;
  int64_t steps, evaluations;
  char message[256];
};

static int rates_of(realtype time, N_Vector y, N_Vector rates, void *of) {
  clx_transient_solver *s = of;
  const double *state = N_VGetArrayPointer(y);
  double *out = N_VGetArrayPointer(rates);
  clx_transient_rates(s->model, s->work, time, state, out);
  for (int32_t i = 0; i < s->model->state_count; i++) {
    if (!isfinite(out[i])) return 1;  // a shorter step may do
  }
  return 0;
}

static int jacobian_of(realtype time, N_Vector y, N_Vector rates, SUNMatrix matrix, void *of, N_Vector a, N_Vector b,
                       N_Vector c) {
  (void)rates, (void)a, (void)b, (void)c;
  clx_transient_solver *s = of;
  const int32_t n = s->model->state_count;
  sunindextype *column = SUNSparseMatrix_IndexPointers(matrix), *row = SUNSparseMatrix_IndexValues(matrix);
  for (int32_t i = 0; i <= n; i++) column[i] = (sunindextype)s->start[i];
  for (int64_t i = 0; i < s->start[n]; i++) row[i] = (sunindextype)s->row[i];
  clx_transient_jacobian(s->model, s->work, time, N_VGetArrayPointer(y), s->start, s->row,
                         SUNSparseMatrix_Data(matrix));
  return 0;
}

static int roots_of(realtype time, N_Vector y, realtype *root, void *of) {
  (void)time;
  const clx_transient_solver *s = of;
  clx_transient_roots(s->model, N_VGetArrayPointer(y), root);
  return 0;
}

// CVODE would print.
static void keep_message(int code, const char *module, const char *function, char *message, void *of) {
  (void)code, (void)module, (void)function;
  clx_transient_solver *s = of;
  snprintf(s->message, sizeof s->message, "%s", message);
}

static clx_status failed(clx_transient_solver *s, clx_error *error, const char *what) {
  clx_text_clean(s->message, true);
  return clx_fail_plain(error, CLX_INTERNAL, "transient: %s at %g s: %s", what, s->time, s->message);
}

static bool is_share(int32_t state) { return state >= CLX_AT_CLOCK && state <= CLX_AT_COAST; }

static void set_tolerances(const clx_transient_model *model, double tolerance, double *out) {
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    for (int32_t k = 0; k < model->row[loop->row].size; k++) {
      out[loop->at + k] = is_share(k) ? 0.1 * tolerance : tolerance;
    }
  }
  out[model->state_count - 2] = out[model->state_count - 1] = 1e3;  // follow from the rest
}

static bool open_all(clx_transient_solver *s, double tolerance) {
  const clx_transient_model *model = s->model;
  const int32_t n = model->state_count;
  if (SUNContext_Create(NULL, &s->context)) return false;
  s->y = N_VNew_Serial(n, s->context);
  s->tolerance = N_VNew_Serial(n, s->context);
  s->rates = N_VNew_Serial(n, s->context);
  s->cvode = CVodeCreate(CV_BDF, s->context);
  if (!s->y || !s->tolerance || !s->rates || !s->cvode) return false;
  N_VConst(0, s->y);
  set_tolerances(model, tolerance, N_VGetArrayPointer(s->tolerance));
  s->matrix = SUNSparseMatrix(n, n, (sunindextype)s->start[n], CSC_MAT, s->context);
  if (!s->matrix) return false;
  s->linear = SUNLinSol_KLU(s->y, s->matrix, s->context);
  return s->linear && !CVodeSetErrHandlerFn(s->cvode, keep_message, s) && !CVodeInit(s->cvode, rates_of, 0, s->y) &&
         !CVodeSVtolerances(s->cvode, 0, s->tolerance) && !CVodeSetUserData(s->cvode, s) &&
         !CVodeSetLinearSolver(s->cvode, s->linear, s->matrix) && !CVodeSetJacFn(s->cvode, jacobian_of) &&
         !CVodeSetMaxNumSteps(s->cvode, 200000) && !CVodeSetMaxErrTestFails(s->cvode, 20);
}

clx_status clx_transient_solver_new(const clx_transient_model *model, clx_transient_work *work, double tolerance,
                                    clx_transient_solver **solver, clx_error *error) {
  clx_transient_solver *s = calloc(1, sizeof *s);
  *solver = s;
  const int64_t n = model->state_count;
  // At most: each column shows in all loops (outer rows), or in its own and its targets.
  int64_t most = 0;
  for (int32_t i = 0; i < model->loop_count; i++) {
    const int64_t size = model->row[model->loop[i].row].size;
    most += i < model->members ? size * (size + 2 * CLX_LOOPS_MAX + 2) : size * n;
  }
  if (s) s->start = calloc((size_t)n + 1, sizeof *s->start), s->row = calloc((size_t)most + 1, sizeof *s->row);
  if (s) s->found = calloc((size_t)clx_transient_root_count(model), sizeof *s->found);
  if (!s || !s->start || !s->row || !s->found) return clx_fail_plain(error, CLX_MEMORY, "no memory for a transient");
  s->model = model, s->work = work;
  clx_transient_pattern(model, s->start, s->row);
  if (!open_all(s, tolerance)) return failed(s, error, "CVODE does not open");
  return CLX_OK;
}

void clx_transient_solver_free(clx_transient_solver *s) {
  if (!s) return;
  if (s->cvode) CVodeFree(&s->cvode);
  if (s->linear) SUNLinSolFree(s->linear);
  if (s->matrix) SUNMatDestroy(s->matrix);
  if (s->y) N_VDestroy(s->y);
  if (s->tolerance) N_VDestroy(s->tolerance);
  if (s->rates) N_VDestroy(s->rates);
  if (s->context) SUNContext_Free(&s->context);
  free(s->start), free(s->row), free(s->found), free(s);
}

double *clx_transient_solver_state(clx_transient_solver *s) { return N_VGetArrayPointer(s->y); }

static void add_counts(clx_transient_solver *s) {
  long steps = 0, rates = 0;
  CVodeGetNumSteps(s->cvode, &steps);
  CVodeGetNumRhsEvals(s->cvode, &rates);
  s->steps += steps, s->evaluations += rates;
}

clx_status clx_transient_solver_restart(clx_transient_solver *s, double time, clx_error *error) {
  add_counts(s);
  s->time = time;
  if (CVodeReInit(s->cvode, time, s->y)) return failed(s, error, "CVODE does not restart");
  // The first step after a jump: controls and flows move within a tenth of a second.
  CVodeSetInitStep(s->cvode, 1e-2);
  if (!s->roots && CVodeRootInit(s->cvode, clx_transient_root_count(s->model), roots_of))
    return failed(s, error, "no root functions");
  CVodeSetNoInactiveRootWarn(s->cvode);
  s->roots = true;
  return CLX_OK;
}

clx_status clx_transient_solver_go(clx_transient_solver *s, double until, double stop, double *time, int32_t *found,
                                   clx_error *error) {
  *found = -1;
  CVodeSetStopTime(s->cvode, stop);
  const int code = CVode(s->cvode, fmin(until, stop), s->y, &s->time, CV_NORMAL);
  *time = s->time;
  if (code < 0) return failed(s, error, "integration stops");
  if (code == CV_ROOT_RETURN) {
    CVodeGetRootInfo(s->cvode, s->found);
    for (int32_t i = clx_transient_root_count(s->model) - 1; i >= 0; i--) {
      if (s->found[i] != 0) *found = i;
    }
  }
  return CLX_OK;
}

// The largest rate in K/s, shares as tens of kelvins.
static double unrest(clx_transient_solver *s) {
  const clx_transient_model *model = s->model;
  rates_of(s->time, s->y, s->rates, s);
  const double *rate = N_VGetArrayPointer(s->rates);
  double most = 0;
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    for (int32_t k = 0; k < model->row[loop->row].size; k++) {
      most = fmax(most, (is_share(k) ? 10 : 1) * fabs(rate[loop->at + k]));
    }
  }
  return most;
}

// Between which values the states were in a span of time.
typedef struct span {
  double from;
  int32_t steps;
  double *least, *most;  // [state_count]
} span;

static void span_begin(const clx_transient_solver *s, span *w) {
  const double *y = N_VGetArrayPointer(s->y);
  w->from = s->time, w->steps = 0;
  for (int32_t i = 0; i < s->model->state_count; i++) w->least[i] = w->most[i] = y[i];
}

static void span_add(const clx_transient_solver *s, span *w) {
  const double *y = N_VGetArrayPointer(s->y);
  w->steps++;
  for (int32_t i = 0; i < s->model->state_count; i++) {
    w->least[i] = fmin(w->least[i], y[i]), w->most[i] = fmax(w->most[i], y[i]);
  }
}

// K by which the temperature that moves furthest does so to either side of its middle.
static double span_width(const clx_transient_solver *s, const span *w) {
  const clx_transient_model *model = s->model;
  double most = 0;
  for (int32_t i = 0; i < model->loop_count; i++) {
    const clx_transient_loop *loop = &model->loop[i];
    for (int32_t k = 0; k < model->row[loop->row].size; k++) {
      if (!is_share(k)) most = fmax(most, 0.5 * (w->most[loop->at + k] - w->least[loop->at + k]));
    }
  }
  return most;
}

// Quiet by its rates, or for a whole span by what it moves. Equipment has kinks (a machine more, outside air that changes over), and a control
// that stands at one swings about it: `swing` says how far.
static clx_status settle(clx_transient_solver *s, double most, span *w, double *swing, clx_error *error) {
  static const double QUIET = 1e-5, SPAN = 1000, STILL = 5e-3;  // K/s; s; K
  enum { STEPS = 4 };
  double rest = INFINITY;
  *swing = INFINITY;
  span_begin(s, w);
  for (int32_t i = 0; s->time < most && rest > QUIET && *swing > STILL; i++) {
    if (CVode(s->cvode, most, s->y, &s->time, CV_ONE_STEP) < 0)
      return failed(s, error, "the plant does not come to rest");
    span_add(s, w);
    if (i % 10 == 9 || s->time >= most) rest = unrest(s);
    if (s->time < w->from + SPAN || w->steps < STEPS) continue;
    *swing = span_width(s, w);
    span_begin(s, w);
  }
  if (rest <= QUIET)
    *swing = 0;
  else if (!isfinite(*swing))
    *swing = span_width(s, w);
  return CLX_OK;
}

clx_status clx_transient_solver_settle(clx_transient_solver *s, double most, double *time, double *swing,
                                       clx_error *error) {
  static const double FINER = 0.01;  // of the tolerance
  const int32_t n = s->model->state_count;
  s->time = 0;
  add_counts(s);
  if (CVodeReInit(s->cvode, 0, s->y)) return failed(s, error, "CVODE does not restart");
  if (s->roots) CVodeRootInit(s->cvode, 0, NULL);
  s->roots = false;
  N_VScale(FINER, s->tolerance, s->tolerance);
  CVodeSetStopTime(s->cvode, most);
  span w = {.least = malloc(2 * (size_t)n * sizeof *w.least)};
  if (!w.least) return clx_fail_plain(error, CLX_MEMORY, "no memory for a transient");
  w.most = w.least + n;
  const clx_status status = settle(s, most, &w, swing, error);
  free(w.least);
  N_VScale(1 / FINER, s->tolerance, s->tolerance);
  *time = s->time;
  return status;
}

void clx_transient_solver_count(const clx_transient_solver *s, int64_t *steps, int64_t *evaluations) {
  long more = 0, rates = 0;
  CVodeGetNumSteps(s->cvode, &more);
  CVodeGetNumRhsEvals(s->cvode, &rates);
  *steps = s->steps + more, *evaluations = s->evaluations + rates;
}

#else

struct clx_transient_solver {
  double state;
};

clx_status clx_transient_solver_new(const clx_transient_model *model, clx_transient_work *work, double tolerance,
                                    clx_transient_solver **solver, clx_error *error) {
  (void)model, (void)work, (void)tolerance;
  *solver = NULL;
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "cooling transients need SUNDIALS, and this build of colossus has none: install libsundials-dev and build again");
}
void clx_transient_solver_free(clx_transient_solver *s) { (void)s; }
double *clx_transient_solver_state(clx_transient_solver *s) { return &s->state; }
clx_status clx_transient_solver_restart(clx_transient_solver *s, double time, clx_error *error) {
  (void)s, (void)time;
  return clx_fail_plain(error, CLX_INFEASIBLE, "no SUNDIALS");
}
clx_status clx_transient_solver_go(clx_transient_solver *s, double until, double stop, double *time, int32_t *found,
                                   clx_error *error) {
  (void)s, (void)until, (void)stop, (void)time, (void)found;
  return clx_fail_plain(error, CLX_INFEASIBLE, "no SUNDIALS");
}
clx_status clx_transient_solver_settle(clx_transient_solver *s, double most, double *time, double *swing,
                                       clx_error *error) {
  (void)s, (void)most, (void)time, (void)swing;
  return clx_fail_plain(error, CLX_INFEASIBLE, "no SUNDIALS");
}
void clx_transient_solver_count(const clx_transient_solver *s, int64_t *steps, int64_t *evaluations) {
  (void)s;
  *steps = *evaluations = 0;
}

#endif
