// Classes of sites: rows of catalogue/site_class, quantiles.
#include "buildout/buildout_site.h"

#include <math.h>

#include "chance/chance.h"

#define REAL(name, member, unit_text, least, most, text)                                                   \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .required = true, \
    .minimum = (least), .maximum = (most), .doc = text                                                     \
  }

#define F clx_site_class
static const clx_row site_rows[] = {
    {.key = "name", .kind = CLX_ROW_TEXT, .offset = offsetof(F, name), .required = true, .doc = "canonical name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(F, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, aliases),
     .count_offset = offsetof(F, alias_count),
     .doc = "other names; * stands for any run of characters"},
    REAL("median", median, "s", 86400, 1e9, "from land clearing, or first works in a building, to first power"),
    REAL("spread", spread, NULL, 0, 2, "error of the logarithm on sites that were left out"),
    REAL("freedom", freedom, NULL, 1, 1e6, "sites behind the spread"),
};
const clx_schema clx_site_class_schema = {.name = "site_class",
                                          .doc = "time from land clearing to first power",
                                          .rows = site_rows,
                                          .count = CLX_COUNT(site_rows),
                                          .size = sizeof(F)};
#undef F

// P(T > t) for t >= 0.
static double student_tail(double freedom, double t) {
  return 0.5 * clx_beta_cdf(0.5 * freedom, 0.5, freedom / (freedom + t * t));
}

double clx_student_quantile(double freedom, double p) {
  const double tail = p < 0.5 ? p : 1 - p;
  if (tail == 0.5) return 0;
  double low = 0, high = 1;
  while (student_tail(freedom, high) > tail) low = high, high *= 2;
  for (int32_t i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (student_tail(freedom, middle) > tail)
      low = middle;
    else
      high = middle;
  }
  return p < 0.5 ? -0.5 * (low + high) : 0.5 * (low + high);
}

double clx_site_quantile(const clx_site_class *site, double p) {
  return site->median * exp(site->spread * clx_student_quantile(site->freedom, p));
}

clx_site_span clx_site_duration(const clx_site_class *site) {
  return (clx_site_span){site->median, clx_site_quantile(site, 0.05), clx_site_quantile(site, 0.95)};
}
