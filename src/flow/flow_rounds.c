// Rounds of simultaneous local bottlenecks. A link whose share (capacity left / load of its flows) is the least on the path of
// every flow over it freezes them all at that share, whatever happens elsewhere: shares only grow as others freeze. All such
// links of a round freeze at once; the number of rounds is the length of the longest chain of bottlenecks, 6 or 7 on a fat tree
// under ECMP. The same rates as progressive filling (Bertsekas and Gallager, Data Networks, 2nd ed., 6.5.2).
#include <math.h>

#include "flow/flow_internal.h"

static void start_link(clx_flow_link *link) {
  link->share = link->weight > 0 ? (link->left > 0 ? link->left : 0) / link->weight : INFINITY;
  link->low = INFINITY;
}

// Shares of the links. Late rounds have few flows: then only their links.
static void update_shares(clx_flow_rest *rest) {
  const int32_t entries = rest->first[rest->flow_count];
  if (entries > rest->link_count / 2) {
    for (int32_t l = 0; l < rest->link_count; l++) {
      start_link(&rest->link[l]);
      rest->link[l].weight = 0;
    }
    return;
  }
  for (int32_t e = 0; e < entries; e++) start_link(&rest->link[rest->entry[e]]);
  for (int32_t e = 0; e < entries; e++) rest->link[rest->entry[e]].weight = 0;
}

static double least_share(const clx_flow_rest *rest, int32_t i) {
  double least = rest->limit[rest->id[i]];
  for (int32_t e = rest->first[i]; e < rest->first[i + 1]; e++) {
    const double share = rest->link[rest->entry[e]].share;
    least = share < least ? share : least;
  }
  return least;
}

static void spread_least_shares(clx_flow_rest *rest) {
  for (int32_t i = 0; i < rest->flow_count; i++) {
    const double least = least_share(rest, i);
    for (int32_t e = rest->first[i]; e < rest->first[i + 1]; e++) {
      clx_flow_link *link = &rest->link[rest->entry[e]];
      if (least < link->low) link->low = least;
    }
  }
}

// Whether flow i freezes at the least share on its path; its cause then stands in the rest.
static bool is_bound(const clx_flow_rest *rest, int32_t i, double least) {
  if (least == rest->limit[rest->id[i]]) return true;
  for (int32_t e = rest->first[i]; e < rest->first[i + 1]; e++) {
    const clx_flow_link *link = &rest->link[rest->entry[e]];
    if (link->share != least || link->low != least) continue;
    rest->cause[rest->id[i]] = rest->origin[rest->entry[e]];
    return true;
  }
  return false;
}

int32_t clx_flow_round(clx_flow_rest *rest) {
  update_shares(rest);
  spread_least_shares(rest);
  const int32_t before = rest->flow_count;
  int32_t kept = 0, end = 0;
  for (int32_t i = 0; i < before; i++) {
    const int32_t from = rest->first[i], to = rest->first[i + 1];
    const double least = least_share(rest, i);
    if (is_bound(rest, i, least)) {
      rest->rate[rest->id[i]] = least;
      clx_flow_leave(rest, i, least);
    } else {
      rest->id[kept] = rest->id[i];
      rest->first[kept++] = end;
      for (int32_t e = from; e < to; e++, end++) {
        rest->entry[end] = rest->entry[e];
        if (rest->load != NULL) rest->load[end] = rest->load[e];
        rest->link[rest->entry[end]].weight += rest->load != NULL ? rest->load[end] : 1;
      }
    }
  }
  rest->first[kept] = end;
  rest->flow_count = kept;
  return before - kept;
}
