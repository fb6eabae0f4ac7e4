// A cluster from its chips alone: power of its site, price of its hardware. docs/model/cost.md.
#pragma once

#include "cost/cost_price.h"

enum { CLX_CLUSTER_CHIPS_MAX = 4 };

typedef struct clx_cluster {
  int32_t chips;                                   // kinds
  const clx_price *server[CLX_CLUSTER_CHIPS_MAX];  // what each comes in
  double count[CLX_CLUSTER_CHIPS_MAX];             // GPUs
  double year;                                     // of operation
  double pue;
} clx_cluster;

// W: rated power of the servers, `network` W a GPU beside it, and the PUE. CLX_INPUT: a server whose rated power or GPUs are not stated.
clx_status clx_cluster_power(const clx_cluster *cluster, double network, double *power, clx_error *error);
// USD: servers at the price of the year of operation, over what the network's share (of all hardware) leaves. Kinds without a server are not counted.
clx_status clx_cluster_price(const clx_cluster *cluster, double network_share, double *price, clx_error *error);

// The straight line of least absolute deviations through count points (exact: one passes through two of them). count >= 2; where all x are
// equal: slope 0 through the median. O(count^3).
void clx_least_absolute_line(const double *x, const double *y, int32_t count, double *level, double *slope);
