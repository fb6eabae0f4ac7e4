// How long a new site takes from land clearing (of an existing building: from its first works) to the first power at its computers, by class of
// site, and what that is worth on published sites. docs/model/buildout/sites.md.
#pragma once

#include "schema/schema.h"

// catalogue/site_class: the duration is log-normal about a median that was estimated from few sites, so its quantiles are Student's.
typedef struct clx_site_class {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  double median;   // s
  double spread;   // error of ln duration on sites that were left out
  double freedom;  // sites behind the spread
} clx_site_class;
extern const clx_schema clx_site_class_schema;

typedef struct clx_site_span {
  double median, low, high;  // s; P5 and P95
} clx_site_span;

// Valid for sites of 40 to 500 MW at first power, of one owner who pays for speed, in the years of the class; no term for power, area or country,
// as none survived leaving sites out. It knows nothing of the site's own plan: a network of works (clx_buildout) is better where there is one.
// Cost: about 20 us.
clx_site_span clx_site_duration(const clx_site_class *site);
// s that a site takes with probability `p` at most; 0 < p < 1.
double clx_site_quantile(const clx_site_class *site, double p);

// Quantile of Student's distribution: 0 < p < 1, freedom >= 1. Relative error about 1e-12.
double clx_student_quantile(double freedom, double p);

// --- estimation -----------------------------------------------------------------------------------------------------------------

enum { CLX_SITE_GROUPS_MAX = 8, CLX_SITES_MAX = 256, CLX_SITES_LEFT_OUT_MAX = 64 };

// A published site: what it took, or how long it was under way when it was last seen unfinished.
typedef struct clx_site_row {
  double time;    // s; > 0
  int32_t group;  // its class
  bool open;      // not finished: it took longer than `time`
} clx_site_row;

typedef struct clx_site_fit {
  double level[CLX_SITE_GROUPS_MAX];  // mean of ln(s)
  double sigma;                       // of all groups together
} clx_site_fit;

// Maximum likelihood of a log-normal with a median by group and one sigma, unfinished sites as censored (they are why quick sites are seen first);
// by expectation-maximisation. CLX_INPUT: a group without a finished site, fewer finished sites than groups + 1, a time that is not
// positive. CLX_INFEASIBLE: so many unfinished sites that the estimate does not settle.
clx_status clx_site_fit_make(const clx_site_row *row, int32_t count, int32_t groups, clx_site_fit *out,
                             clx_error *error);

// Each finished site predicted from all others, its band (P5 to P95) from the errors of those on one another: nothing that is predicted, nor its
// own error, has been seen. A cover moves by 1 / finished.
typedef struct clx_site_proof {
  int32_t finished;
  double error;         // mean |ln(taken / predicted)|
  double median_error;  // the same of the median of the others
  double cover;         // share of sites in their bands
  double width;         // mean ln(P95 / P5)
  double width_least;   // of the narrowest common band about the same predictions that holds four of five
  double spread;        // root mean square of the errors: clx_site_class.spread
} clx_site_proof;

// As clx_site_fit_make; groups need three finished sites, at most CLX_SITES_LEFT_OUT_MAX sites. Cost: about finished^2 fits.
clx_status clx_site_left_out(const clx_site_row *row, int32_t count, int32_t groups, clx_site_proof *out,
                             clx_error *error);
