// A service for people.
#include "report/report_internal.h"

void clx_report_serving_lines(const clx_result *result, clx_page *page) {
  (void)result;
  (void)page;
}
