// Parts of a trace, faster and slower ones.
#include <math.h>

#include "requests/requests.h"

// The double next to a whole number of nanoseconds, as long as doubles lie closer than these: 104 days.
double clx_request_time(double seconds) {
  const double whole = floor(seconds), rest = floor((seconds - whole) * 1e9 + 0.5);
  if (!(whole >= 0 && whole < 9007199.0)) return seconds;
  return (double)((int64_t)whole * 1000000000 + (int64_t)rest) / 1e9;
}

clx_status clx_requests_slice(clx_requests *requests, double from, double until, int32_t most, clx_place place,
                              clx_error *error) {
  const int32_t count = requests->count, room = most > 0 ? most : count;
  requests->count = 0;
  for (int32_t i = 0; i < count && requests->count < room; i++) {
    clx_request item = requests->item[i];
    if (item.arrival < from || item.arrival >= until) continue;
    item.arrival = clx_request_time(item.arrival - from);
    requests->item[requests->count++] = item;
  }
  if (requests->count > 0) return CLX_OK;
  if (isinf(until)) return clx_fail(error, CLX_INPUT, place, "no request arrives from %.10g s on", from);
  return clx_fail(error, CLX_INPUT, place, "no request arrives from %.10g s to before %.10g s", from, until);
}

clx_status clx_requests_speed(clx_requests *requests, double speed, clx_place place, clx_error *error) {
  const double last = requests->count > 0 ? requests->item[requests->count - 1].arrival / speed : 0;
  if (!(speed > 0) || !(last <= CLX_REQUEST_SECONDS_MAX))
    return clx_fail(error, CLX_INPUT, place, "at %.6g times its speed the trace takes %.6g s, expected at most %d",
                    speed, last, CLX_REQUEST_SECONDS_MAX);
  for (int32_t i = 0; i < requests->count; i++)
    requests->item[i].arrival = clx_request_time(requests->item[i].arrival / speed);
  return CLX_OK;
}
