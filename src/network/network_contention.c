// What a collective asks of the links of one GPU, as a demand that others can contend with.
#include <math.h>

#include "network/network_traffic.h"

void clx_network_traffic(const clx_network *network, clx_traffic *traffic) {
  const double nic = network->nic * network->nic_efficiency * network->transport->share;
  *traffic = (clx_traffic){.link_count = 2, .link_name = {"NVLink", "NIC"}, .capacity = {network->nvlink, nic}};
  for (int32_t i = 0; i < network->level_count && traffic->link_count < CLX_TRAFFIC_LINKS_MAX; i++) {
    if (network->level[i].thinning <= 0) continue;  // nothing leads out
    traffic->link_name[traffic->link_count] = "uplinks";
    traffic->level[traffic->link_count] = i;
    traffic->capacity[traffic->link_count++] = nic / clx_block_slowing(&network->level[i], 1);
  }
}

// Share of what leaves the NICs of a group that leaves a block of level `level`, too. A ring or tree enters and leaves a block
// once however many domains it has there; an all-to-all sends to each rank the same.
static double leaving(clx_collective kind, const clx_group *group, int32_t level) {
  const double inside = group->inside, members = group->members[level], size = group->size;
  if (members >= size) return 0;
  const bool spreads = kind == CLX_ALL_TO_ALL || kind == CLX_DISPATCH || kind == CLX_COMBINE;
  if (spreads) return size > inside ? (size - members) / (size - inside) : 0;
  return fmin(1, inside / members);
}

clx_traffic_demand clx_network_demand(const clx_network *network, const clx_traffic *traffic, const char *name,
                                      clx_collective kind, clx_group group, double bytes) {
  const clx_collective_cost cost = clx_collective_cost_of(network, kind, group, bytes);
  clx_traffic_demand d = {.name = name, .time = cost.time, .latency = fmin(cost.latency, cost.time)};
  d.bytes[0] = cost.link_bytes;
  d.bytes[1] = cost.nic_bytes;
  for (int32_t l = 2; l < traffic->link_count; l++) {
    d.bytes[l] = cost.nic_bytes * leaving(kind, &group, traffic->level[l]);
  }
  return d;
}
