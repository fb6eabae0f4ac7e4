// What `network --schedule` prints.
#include <stdio.h>

#include "report/report.h"
#include "unit/unit.h"

void clx_report_schedule(const clx_result *result, clx_buffer *out) {
  char text[4][64];
  const double time = clx_result_value(result, "schedule.time", 0),
               busiest = clx_result_value(result, "schedule.busiest", 0);
  const char *name = clx_result_fact(result, "schedule.name"), *link = clx_result_fact(result, "schedule.busiest_link");
  if (name != NULL) clx_buffer_format(out, "schedule    %.80s\n", name);
  clx_quantity_format(time, "s", 4, text[0], sizeof text[0]);
  clx_quantity_format(clx_result_value(result, "schedule.rounds", 0), "", 12, text[1], sizeof text[1]);
  clx_quantity_format(clx_result_value(result, "schedule.ranks", 0), "", 12, text[2], sizeof text[2]);
  clx_buffer_format(out, "time        %s for %s round%s of %s GPUs\n", text[0], text[1],
                    clx_result_value(result, "schedule.rounds", 0) == 1 ? "" : "s", text[2]);
  clx_quantity_format(clx_result_value(result, "schedule.bytes", 0), "B", 4, text[0], sizeof text[0]);
  clx_quantity_format(clx_result_value(result, "schedule.rate", 0), "B/s", 4, text[1], sizeof text[1]);
  clx_buffer_format(out, "sent        %s in all, %s by one GPU, mean over the time\n", text[0], text[1]);
  if (link != NULL && time > 0) {
    clx_quantity_format(busiest, "s", 4, text[0], sizeof text[0]);
    clx_buffer_format(out, "fullest     %.60s: its bytes need %s, %.1f %% of the time\n", link, text[0],
                      100 * busiest / time);
  }
}
