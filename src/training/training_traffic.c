// What the communicators of a layer send, and what those that run behind compute (gradients, parameters) cost those that
// everybody waits for (tensor, context and expert parallel) where both use the same links.
#include <math.h>

#include "training/training_internal.h"

// Tokens of one micro-batch on one rank.
static double tokens_of(const clx_training *job) { return job->layout.micro_batch * job->sequence / job->layout.cp; }

double clx_training_tp_bytes(const clx_training *job) { return tokens_of(job) * job->model->hidden * 2; }

double clx_training_cp_bytes(const clx_training *job) {
  const clx_transformer *m = job->model;
  const double heads = (double)m->heads / job->layout.tp, qk = m->mla ? m->qk_nope_dim + m->qk_rope_dim : m->head_dim;
  const double v = m->mla ? m->v_dim : m->head_dim,
               kv_heads = m->mla ? heads : fmax(1, (double)m->kv_heads / job->layout.tp);
  if (job->layout.context_exchange == CLX_CONTEXT_RING) return tokens_of(job) * kv_heads * (qk + v) * 2;
  return tokens_of(job) * (heads * qk + fmax(kv_heads, job->layout.cp) * (qk + v)) * 2;
}

double clx_training_cp_output_bytes(const clx_training *job) {
  const clx_transformer *m = job->model;
  return tokens_of(job) * m->heads / job->layout.tp * (m->mla ? m->v_dim : m->head_dim) * 2;
}

// Share of the plain all-to-all bytes that leave the domain when a token goes to each remote domain once.
static double dedup_share(int32_t domains, int32_t picks) {
  if (domains <= 1) return 1;
  const double remote = domains - 1.0, plain = picks * remote / domains;
  const double distinct = remote * (1 - pow(1 - 1.0 / domains, picks));
  return distinct / plain;
}

double clx_training_token_bytes(const clx_training *job) {
  const clx_transformer *m = job->model;
  const double width = m->expert_hidden > 0 ? m->expert_hidden : m->hidden;
  return tokens_of(job) / job->layout.tp * width * 2 * job->software->expert_imbalance;
}

double clx_training_ep_bytes(const clx_training *job) {
  const clx_transformer *m = job->model;
  const clx_layout *l = &job->layout;
  const clx_group group = clx_group_make(job->network, l->ep, l->etp);
  const int32_t domains = (l->ep + group.inside - 1) / group.inside;
  const double dedup = 1 - job->software->expert_dedup * (1 - dedup_share(domains, m->experts_per_token));
  return clx_training_token_bytes(job) * m->experts_per_token * dedup;
}

double clx_training_etp_bytes(const clx_training *job) {
  return clx_training_token_bytes(job) * job->model->experts_per_token * job->layout.etp;
}

double clx_training_pp_bytes(const clx_training *job) {
  return clx_training_tp_bytes(job) / (job->software->pp_scatter ? job->layout.tp : 1);
}

static void add(clx_training_traffic *t, const clx_training *job, clx_waiting which, clx_collective kind,
                clx_group group, double bytes, const char *name) {
  t->waiting[which] = -1;
  if (group.size <= 1) return;
  const clx_traffic_demand d = clx_network_demand(job->network, &t->traffic, name, kind, group, bytes);
  t->waiting[which] = clx_traffic_add(&t->traffic, &d);
}

// Exchange over ep and, of experts cut over etp ranks, the gather of their rows: one demand, as they follow each other.
static void add_experts(clx_training_traffic *t, const clx_training *job) {
  const clx_layout *l = &job->layout;
  const clx_network *n = job->network;
  t->waiting[CLX_WAITING_EP] = -1;
  if (l->ep <= 1 && l->etp <= 1) return;
  const clx_traffic_demand exchange =
      clx_network_demand(n, &t->traffic, "ep", CLX_ALL_TO_ALL, clx_group_make(n, l->ep, l->etp),
                         l->ep > 1 ? clx_training_ep_bytes(job) : 0);
  const clx_traffic_demand gather = clx_network_demand(
      n, &t->traffic, "ep", CLX_ALL_GATHER, clx_group_make(n, l->etp, 1), l->etp > 1 ? clx_training_etp_bytes(job) : 0);
  const clx_traffic_demand both = l->ep <= 1    ? gather
                                  : l->etp <= 1 ? exchange
                                                : clx_training_sum_demand(&exchange, &gather);
  t->waiting[CLX_WAITING_EP] = clx_traffic_add(&t->traffic, &both);
}

void clx_training_traffic_make(const clx_training *job, clx_training_traffic *t) {
  const clx_layout *l = &job->layout;
  const clx_network *n = job->network;
  clx_network_traffic(n, &t->traffic);
  add(t, job, CLX_WAITING_TP, CLX_ALL_GATHER, clx_group_make(n, l->tp, 1), clx_training_tp_bytes(job), "tp");
  const bool ring = l->context_exchange == CLX_CONTEXT_RING;
  add(t, job, CLX_WAITING_CP, ring ? CLX_SEND_RECEIVE : CLX_ALL_TO_ALL, clx_group_make(n, l->cp, l->tp),
      clx_training_cp_bytes(job), "cp");
  add_experts(t, job);
}

clx_traffic_demand clx_training_sum_demand(const clx_traffic_demand *a, const clx_traffic_demand *b) {
  clx_traffic_demand sum = *a;
  sum.time += b->time;
  sum.latency += b->latency;
  for (int32_t i = 0; i < CLX_TRAFFIC_LINKS_MAX; i++) sum.bytes[i] += b->bytes[i];
  return sum;
}

clx_traffic_demand clx_training_part_demand(const clx_traffic_demand *d, double share) {
  clx_traffic_demand part = *d;
  part.time *= share;
  part.latency *= share;
  for (int32_t i = 0; i < CLX_TRAFFIC_LINKS_MAX; i++) part.bytes[i] *= share;
  return part;
}

// One collective over the data-parallel ranks of dense weights and one over those of expert weights.
static clx_traffic_demand ranks_demand(const clx_training *job, const clx_traffic *traffic, clx_collective kind,
                                       const clx_stage_parameters *p, double bytes) {
  const clx_layout *l = &job->layout;
  const bool whole = kind == CLX_ALL_REDUCE;  // not sharded, or gradients reduced as if it were not
  const int32_t ranks = whole ? l->dp * l->cp : clx_shard_ranks(l);
  const int32_t expert_ranks = whole ? clx_expert_data_parallel(l) : clx_expert_shard_ranks(l);
  const clx_group dense = clx_group_make(job->network, ranks, l->tp);
  const clx_group expert = clx_group_make(job->network, expert_ranks, l->etp * l->ep);
  const clx_traffic_demand a = clx_network_demand(job->network, traffic, "dp", kind, dense, p->shared * bytes);
  const clx_traffic_demand b = clx_network_demand(job->network, traffic, "dp", kind, expert, p->expert * bytes);
  return clx_training_sum_demand(&a, &b);
}

// Several copies (HSDP, several optimizers): each shard of the gradients is summed over the shard groups.
static clx_traffic_demand replicas_demand(const clx_training *job, const clx_traffic *traffic,
                                          const clx_stage_parameters *p) {
  const clx_layout *l = &job->layout;
  const int32_t ranks = clx_shard_ranks(l), expert_ranks = clx_expert_shard_ranks(l), experts = l->etp * l->ep;
  const clx_group dense = clx_group_make(job->network, l->dp * l->cp / ranks, l->tp * ranks);
  const clx_group expert =
      clx_group_make(job->network, clx_expert_data_parallel(l) / expert_ranks, experts * expert_ranks);
  const double bytes = job->software->gradient_bytes;
  const clx_traffic_demand a =
      clx_network_demand(job->network, traffic, "dp", CLX_ALL_REDUCE, dense, p->shared / ranks * bytes);
  const clx_traffic_demand b =
      clx_network_demand(job->network, traffic, "dp", CLX_ALL_REDUCE, expert, p->expert / expert_ranks * bytes);
  return clx_training_sum_demand(&a, &b);
}

clx_traffic_demand clx_training_dp_demand(const clx_training *job, const clx_traffic *traffic,
                                          const clx_stage_parameters *p, int32_t pass) {
  const clx_traffic_demand none = {.name = "dp"};
  const int32_t sharding = job->layout.sharding;
  if (sharding == CLX_SHARDING_FSDP) return none;  // counted layer by layer
  if (sharding == CLX_SHARDING_HSDP) return pass == 0 ? none : replicas_demand(job, traffic, p);
  if (pass == 0) {
    if (sharding == CLX_SHARDING_NONE) return none;
    return ranks_demand(job, traffic, CLX_ALL_GATHER, p, clx_training_parameter_bytes(job));
  }
  const bool scatter = sharding != CLX_SHARDING_NONE && job->software->reduce_scatter;
  const clx_traffic_demand reduce =
      ranks_demand(job, traffic, scatter ? CLX_REDUCE_SCATTER : CLX_ALL_REDUCE, p, job->software->gradient_bytes);
  if (!scatter || clx_shard_ranks(&job->layout) >= job->layout.dp * job->layout.cp) return reduce;
  const clx_traffic_demand replicas = replicas_demand(job, traffic, p);
  return clx_training_sum_demand(&reduce, &replicas);
}

// In each window the background moves at full speed beside compute, and at its share beside a transfer that is waited for,
// which itself takes longer then. Only as much of the window counts as the background needs.
clx_beside clx_training_beside(clx_training_traffic *t, const clx_traffic_demand *background, double compute,
                               const double waiting[CLX_WAITING]) {
  const int32_t count = t->traffic.demand_count;
  const int32_t back = clx_traffic_add(&t->traffic, background);
  double progress = compute, added = 0;
  for (int32_t k = 0; k < CLX_WAITING; k++) {
    if (waiting[k] <= 0) continue;
    const int32_t i = t->waiting[k];
    if (i < 0 || back < 0) {
      progress += waiting[k];
      continue;
    }
    const double *speed = clx_traffic_speeds(&t->traffic, 1u << i | 1u << back);
    const clx_traffic_demand *d = &t->traffic.demand[i];
    const double moving = d->time > 0 ? waiting[k] * (1 - d->latency / d->time) : 0;
    const double stretched = moving / speed[i];
    progress += waiting[k] - moving + stretched * speed[back];
    added += stretched - moving;
  }
  t->traffic.demand_count = count;
  t->traffic.state_count = 0;
  const double share = progress > 0 ? fmin(1, background->time / progress) : 0;
  return (clx_beside){fmin(background->time, progress), share * added};
}

clx_checkpoint_traffic clx_training_checkpoint(const clx_training *job, const clx_step *step, double storage) {
  const clx_layout *l = &job->layout;
  clx_training_traffic t;
  clx_training_traffic_make(job, &t);
  const double gpus = clx_layout_ranks(l);
  const double all = clx_parameter_count(job->model).total * (job->software->optimizer_bytes + 2);
  const double rate = storage > 0 ? storage : t.traffic.capacity[1];
  clx_traffic_demand d = {.name = "checkpoint", .time = all / gpus / rate};
  if (storage <= 0) d.bytes[1] = all / gpus;
  for (int32_t i = 2; i < t.traffic.link_count; i++) d.bytes[i] = all / gpus;
  const double waiting[CLX_WAITING] = {step->tp_exposed, step->cp_exposed, step->ep_exposed};
  double compute = step->step_time;
  for (int32_t i = 0; i < CLX_WAITING; i++) compute -= waiting[i];
  const clx_beside beside = clx_training_beside(&t, &d, compute, waiting);
  return (clx_checkpoint_traffic){all / gpus, d.time, beside.added};
}
