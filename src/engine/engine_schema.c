// The rows of `serving.engine`.
#include "engine/engine_spec.h"

#define WHOLE(name, member, start, low, high, text)                                                        \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_INT, .offset = offsetof(F, member), .initial = (start), .minimum = (low), \
    .maximum = (high), .doc = text                                                                         \
  }
#define COUNT(name, member, start, low, high, text)                                                          \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_COUNT, .offset = offsetof(F, member), .initial = (start), .minimum = (low), \
    .maximum = (high), .doc = text                                                                           \
  }
#define FLAG(name, member, start, text) \
  { .key = name, .kind = CLX_ROW_BOOL, .offset = offsetof(F, member), .initial = (start), .doc = text }
#define REAL(name, member, unit_text, start, low, high, text)                                                \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                         \
  }
#define CHOICE(name, member, list, text) \
  { .key = name, .kind = CLX_ROW_CHOICE, .offset = offsetof(F, member), .choices = list, .doc = text }

#define F clx_outage
static const clx_row outage_rows[] = {
    WHOLE("replica", replica, 0, 0, 1000000, "which, from 0"),
    {.key = "from",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(F, from),
     .unit = "s",
     .maximum = 1e12,
     .doc = "goes down"},
    {.key = "until",
     .kind = CLX_ROW_REAL,
     .offset = offsetof(F, until),
     .unit = "s",
     .maximum = 1e12,
     .required = true,
     .doc = "is up again, with an empty cache"},
};
static const clx_schema outage_schema = {.name = "outage",
                                         .doc = "a replica that is down; its requests go to others",
                                         .rows = outage_rows,
                                         .count = CLX_COUNT(outage_rows),
                                         .size = sizeof(F)};
#undef F

#define F clx_scaling
static const clx_row scaling_rows[] = {
    WHOLE("least", least, 0, 0, 1000000, "replicas that always serve; 0 = all serve all the time"),
    REAL("interval", interval, "s", 10, 1e-3, 1e6, "between decisions"),
    REAL("high", high, NULL, 32, 0, 1e6, "one more starts when there are more unfinished requests for each"),
    REAL("low", low, NULL, 8, 0, 1e6, "one takes no more below"),
    REAL("start", start, "s", 60, 0, 1e6, "until a replica that starts takes requests"),
    CHOICE("metric", metric, clx_scaling_metric_name, "what `target` is of"),
    REAL("target", target, NULL, 0, 0, 1e6,
         "of a replica: as many serve as metric / target; 0 = one more above `high`, one less below `low`"),
    REAL("tolerance", tolerance, NULL, 0.1, 0, 10, "share of the target within which nothing changes"),
    REAL("calm", calm, "s", 0, 0, 1e6, "no fewer serve than were wanted at any decision so long before"),
    WHOLE("initial", initial, 0, 0, 1000000, "replicas that serve at first; 0 = least"),
};
static const clx_schema scaling_schema = {.name = "scaling",
                                          .doc = "as many replicas as there is work for",
                                          .rows = scaling_rows,
                                          .count = CLX_COUNT(scaling_rows),
                                          .size = sizeof(F)};
#undef F

#define F clx_engine_spec
static const clx_row rows[] = {
    CHOICE("scheduler", policy, clx_engine_policy_name, "sarathi and vllm-v0 are those of the simulator Vidur"),
    WHOLE("max_num_seqs", max_num_seqs, 256, 1, 1 << 20, "most sequences at once, of one rank (batch_size_cap)"),
    WHOLE("max_num_batched_tokens", max_num_batched_tokens, 2048, 1, 1 << 24,
          "most new tokens of an iteration, of one rank (chunk_size, max_tokens_in_batch)"),
    FLAG("enable_chunked_prefill", enable_chunked_prefill, 1, "prompts may be cut to fit"),
    FLAG("enable_prefix_caching", enable_prefix_caching, 0, "blocks of equal beginnings are found again"),
    WHOLE("block_size", block_size, 16, 1, 1 << 20, "tokens of a block of keys and values"),
    {.key = "num_blocks",
     .kind = CLX_ROW_COUNT,
     .offset = offsetof(F, num_blocks),
     .minimum = 1,
     .maximum = INT32_MAX,
     .required = true,
     .doc = "blocks of one rank, as in the engine's log (num_gpu_blocks)"},
    FLAG("scheduler_reserve_full_isl", reserve_full_isl, 0, "vllm: admits a prompt when all of it finds blocks"),
    FLAG("async_scheduling", async_scheduling, 0, "vllm: an iteration is put together when the one before it starts"),
    REAL("watermark", watermark, NULL, 0, 0, 0.99, "share of the blocks that admission leaves free"),
    WHOLE("max_tokens", max_tokens, 0, 0, 1 << 24,
          "tokens set aside for an answer by tensorrt-llm and sglang; 0 = as many as it has"),
    WHOLE("num_speculative_tokens", num_speculative_tokens, 0, 0, 64, "drafts of an iteration and sequence; 0 = none"),
    REAL("acceptance_length", acceptance_length, NULL, 1, 1, 65,
         "tokens of an iteration and sequence with drafts, mean"),
    WHOLE("tensor_parallel_size", tensor_parallel_size, 1, 1, 1024, "GPUs that share a layer: needs all_reduce"),
    WHOLE("pipeline_parallel_size", pipeline_parallel_size, 1, 1, 256, "stages; as many iterations are in flight"),
    WHOLE("data_parallel_size", data_parallel_size, 1, 1, 1024, "ranks of a replica that step together"),
    WHOLE("replicas", replicas, 1, 1, 100000, "engines behind the router; with prefill_replicas those that decode"),
    WHOLE("prefill_replicas", prefill_replicas, 0, 0, 100000, "engines for prompts only; 0 = all do both"),
    CHOICE("router", router, clx_router_name, "least: fewest unfinished requests; prefix: cached beginning and load"),
    REAL("kv_bytes_per_token", kv_bytes_per_token, "B", 0, 0, 1e9, "keys and values that are sent to decode"),
    REAL("transfer_bandwidth", transfer_bandwidth, "B/s", 0, 0, 1e15, "into a replica that decodes; 0 = no time"),
    REAL("transfer_setup", transfer_setup, "s", 0, 0, 1e3, "of each transfer"),
    {.key = "outages",
     .kind = CLX_ROW_LIST,
     .offset = offsetof(F, outage),
     .count_offset = offsetof(F, outages),
     .sub = &outage_schema,
     .doc = "replicas that are down for a while"},
    REAL("outage_notice", outage_notice, "s", 0, 0, 1e6,
         "requests go to a replica that is down, and wait there, so long"),
    FLAG("outages_lose", outages_lose, 0, "requests of a replica that goes down are lost, instead of going to others"),
    {.key = "scaling",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(F, scaling),
     .sub = &scaling_schema,
     .doc = "replicas start and stop by the work there is; with prefill_replicas those that decode"},
    {.key = "prefill_scaling",
     .kind = CLX_ROW_STRUCT,
     .offset = offsetof(F, prefill_scaling),
     .sub = &scaling_schema,
     .doc = "the same of prefill_replicas"},
    WHOLE("max_concurrency", max_concurrency, 0, 0, 1 << 24,
          "clients that each ask when their last request has ended; 0 = requests come at their time"),
    WHOLE("max_queue", max_queue, 0, 0, 1 << 30, "stops as unstable when so many wait; 0 = no bound"),
    REAL("time_limit", time_limit, "s", 0, 0, 1e12, "stops then; 0 = no bound"),
    FLAG("refuse", refuse, 0, "requests that fit no replica are refused and counted, instead of a mistake"),
    COUNT("seed", seed, 1, 0, 9e18, "of the random router"),
    {.key = "num_layers",
     .kind = CLX_ROW_INT,
     .offset = offsetof(F, num_layers),
     .minimum = 1,
     .maximum = 10000,
     .required = true,
     .doc = "of the model that the operator table is of"},
    REAL("nccl_launch_overhead", nccl_launch_overhead, "s", 20e-6, 0, 1, "host time that an all-reduce adds"),
};

const clx_schema clx_engine_spec_schema = {.name = "engine",
                                           .doc = "how engines batch, and the fleet of them",
                                           .rows = rows,
                                           .count = CLX_COUNT(rows),
                                           .size = sizeof(F),
                                           .place_offset = offsetof(F, place)};
#undef F

clx_rules clx_engine_spec_rules(const clx_engine_spec *spec) {
  return (clx_rules){.policy = (clx_engine_policy)spec->policy,
                     .sequences = spec->max_num_seqs,
                     .tokens = spec->max_num_batched_tokens,
                     .chunked = spec->enable_chunked_prefill != 0,
                     .prefix = spec->enable_prefix_caching != 0,
                     .block = spec->block_size,
                     .blocks = spec->num_blocks,
                     .watermark = spec->watermark,
                     .whole = spec->reserve_full_isl != 0,
                     .ahead = spec->async_scheduling != 0,
                     .reserve = spec->max_tokens,
                     .stages = spec->pipeline_parallel_size,
                     .ranks = spec->data_parallel_size,
                     .drafts = spec->num_speculative_tokens,
                     .accepted = spec->acceptance_length};
}

clx_engine_fleet clx_engine_spec_fleet(const clx_engine_spec *spec, clx_step_law law, clx_pool *pool) {
  const bool apart = spec->prefill_replicas > 0;
  pool[0] = (clx_pool){.name = "engine",
                       .replicas = spec->replicas,
                       .rules = clx_engine_spec_rules(spec),
                       .law = law,
                       .scaling = spec->scaling};
  if (apart) {
    pool[1] = pool[0];
    pool[0].name = "prefill";
    pool[0].role = CLX_ROLE_PREFILL;
    pool[0].replicas = spec->prefill_replicas;
    pool[0].scaling = spec->prefill_scaling;
    pool[1].name = "decode";
    pool[1].role = CLX_ROLE_DECODE;
    pool[1].rules.prefix = false;
  }
  return (clx_engine_fleet){.pool = pool,
                            .pools = apart ? 2 : 1,
                            .router = (clx_router)spec->router,
                            .outage = spec->outage,
                            .outages = spec->outages,
                            .notice = spec->outage_notice,
                            .loses = spec->outages_lose != 0,
                            .transfer = {.token_bytes = spec->kv_bytes_per_token,
                                         .bandwidth = spec->transfer_bandwidth,
                                         .setup = spec->transfer_setup}};
}

clx_operator_rules clx_engine_spec_operators(const clx_engine_spec *spec) {
  clx_operator_rules rules = clx_operator_rules_default();
  rules.layers = spec->num_layers;
  rules.stages = spec->pipeline_parallel_size;
  rules.launch = spec->nccl_launch_overhead;
  rules.expects_all_reduce = spec->tensor_parallel_size > 1;
  return rules;
}
