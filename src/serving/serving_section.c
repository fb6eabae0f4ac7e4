// The rows of the section `serving`.
#include "serving/serving_section.h"

const char *const clx_role_name[CLX_ROLES + 1] = {"whole", "prefill", "decode", NULL};
const char *const clx_serve_goal_name[CLX_SERVE_GOALS + 1] = {"cost", "energy", "gpus", NULL};
static const char *const cache_name[] = {"bf16", "fp8", NULL};
static const char *const own_cache_name[] = {"section", "bf16", "fp8", NULL};

// A default outside of the range means: not stated.
#define REAL(name, member, unit_text, start, low, high, text)                                                \
  {                                                                                                          \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .unit = unit_text, .initial = (start), \
    .minimum = (low), .maximum = (high), .doc = text                                                         \
  }
#define WHOLE(name, member, type, start, low, high, text)                                                              \
  {                                                                                                                    \
    .key = name, .kind = type, .offset = offsetof(F, member), .initial = (start), .minimum = (low), .maximum = (high), \
    .doc = text                                                                                                        \
  }
#define YES(name, member, start, text) \
  { .key = name, .kind = CLX_ROW_BOOL, .offset = offsetof(F, member), .initial = (start), .doc = text }
#define TEXT(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .doc = text }
#define ENGINE(text)                                                                                             \
  {                                                                                                              \
    .key = "engine", .kind = CLX_ROW_TEXT, .offset = offsetof(F, engine), .map_offset = offsetof(F, engine_map), \
    .doc = text                                                                                                  \
  }
#define NEEDED(name, member, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .required = true, .doc = text }
#define CHOICE(name, member, names, start, text)                                                                \
  {                                                                                                             \
    .key = name, .kind = CLX_ROW_CHOICE, .offset = offsetof(F, member), .choices = (names), .initial = (start), \
    .doc = text                                                                                                 \
  }
#define INTS(name, member, text)                                                                                   \
  {                                                                                                                \
    .key = name, .kind = CLX_ROW_INTS, .offset = offsetof(F, member), .count_offset = offsetof(F, member##_count), \
    .minimum = 1, .maximum = 1e6, .single = true, .doc = text                                                      \
  }
#define LIST(name, member, schema, text)                                                                           \
  {                                                                                                                \
    .key = name, .kind = CLX_ROW_LIST, .offset = offsetof(F, member), .count_offset = offsetof(F, member##_count), \
    .sub = &(schema), .doc = text                                                                                  \
  }
#define PART(name, member, schema, text) \
  { .key = name, .kind = CLX_ROW_STRUCT, .offset = offsetof(F, member), .sub = &(schema), .doc = text }
#define PLACED(schema, title, text, table)              \
  const clx_schema schema = {.name = title,             \
                             .doc = text,               \
                             .rows = table,             \
                             .count = CLX_COUNT(table), \
                             .size = sizeof(F),         \
                             .place_offset = offsetof(F, place)}

#define F clx_serve_pool_spec
static const clx_row pool_rows[] = {
    NEEDED("name", name, "of the pool"),
    CHOICE("role", role, clx_role_name, CLX_ROLE_WHOLE, "whole: prompts and answers; or one of them, with a transfer"),
    NEEDED("server", server, "catalogue/server; its device runs the model"),
    TEXT("model", model, "that its replicas serve; default: serving.model"),
    TEXT("weights", weights, "how weights are stored; default: serving.weights"),
    ENGINE("default: serving.engine; a name, or a map as there"),
    CHOICE("cache", cache, own_cache_name, 0, "format of keys and values; section: serving.cache"),
    REAL("routing", routing, NULL, -1, 0, 2, "exponent of the popularity of experts; default: serving.routing"),
    WHOLE("replicas", replicas, CLX_ROW_INT, 1, 1, 100000, "that are alike"),
    WHOLE("tp", tp, CLX_ROW_INT, 1, 1, 1024, "tensor parallel"),
    WHOLE("pp", pp, CLX_ROW_INT, 1, 1, 1024, "pipeline stages, each of tp x dp GPUs"),
    WHOLE("dp", dp, CLX_ROW_INT, 1, 1, 1024, "ranks of attention that step together; their experts are shared"),
    WHOLE("ep", ep, CLX_ROW_INT, 0, 0, 1024, "expert parallel; 0 = dp where that is above 1"),
    WHOLE("etp", etp, CLX_ROW_INT, 0, 0, 1024, "tensor parallel of experts; 0 = tp x dp / ep"),
    WHOLE("redundant_experts", redundant_experts, CLX_ROW_INT, 0, 0, 4096,
          "copies of the most popular experts, placed to even the ranks' loads out (EPLB); experts + copies divide "
          "over ep"),
    WHOLE("sequences", sequences, CLX_ROW_INT, -1, 1, 65536,
          "most at once on a rank (max_num_seqs); default: the engine's"),
    WHOLE("tokens", tokens, CLX_ROW_INT, -1, 1, 1048576,
          "most new tokens of an iteration of a rank (max_num_batched_tokens); default: the engine's"),
    WHOLE("block", block, CLX_ROW_INT, 16, 1, 4096, "tokens of a block of keys and values"),
    WHOLE("blocks", blocks, CLX_ROW_COUNT, -1, 1, 2e9,
          "of a rank, from an engine's log; default: computed from memory"),
    REAL("memory", memory, NULL, -1, 0.001, 1,
         "share of a GPU's memory for the engine (gpu_memory_utilization); default: its own"),
    YES("prefix", prefix, 1, "equal beginnings of prompts are kept and found again"),
    WHOLE("drafts", drafts, CLX_ROW_INT, 0, 0, 16, "tokens that speculation proposes; 0 = none"),
    REAL("accepted", accepted, NULL, 1, 1, 17, "tokens of an iteration and sequence with speculation, mean"),
    YES("eager", eager, 0, "no captured graphs: the host launches each kernel (enforce_eager)"),
    INTS("capture_sizes", capture_sizes, "of captured graphs, ascending; none = the engine's"),
    REAL("price", price, "USD/s", 0, 0, 1, "of one GPU, as 2.5 USD/h; 0 = not stated"),
    REAL("link_latency", link_latency, "s", 10e-6, 0, 1, "of one message between nodes with unified memory"),
    REAL("link_bandwidth", link_bandwidth, "B/s", 5e9, 1e6, 1e13, "between nodes with unified memory"),
};
static PLACED(pool_schema, "pool", "replicas that are alike", pool_rows);
#undef F

#define F clx_slo_spec
static const clx_row slo_rows[] = {
    REAL("ttft", ttft, "s", 0, 0, 1e6, "time to the first token, with queueing; 0 = no bound"),
    REAL("tpot", tpot, "s", 0, 0, 1e6, "mean time per token after the first; 0 = no bound"),
    REAL("e2e", e2e, "s", 0, 0, 1e6, "time to the last token; 0 = no bound"),
    REAL("share", share, NULL, 0.9, 0, 1, "of the requests that keep all bounds"),
};
static PLACED(slo_schema, "slo", "what users are promised", slo_rows);
#undef F

#define F clx_serve_tenant_spec
static const clx_row tenant_rows[] = {
    NEEDED("name", name, "of the tenant; without requests of its own: one of serving.requests"),
    TEXT("model", model, "that it asks; pools serve it; default: serving.model"),
    PART("requests", requests, clx_requests_schema,
         "its own, with their own arrivals; duration: default of the section"),
    WHOLE("priority", priority, CLX_ROW_INT, 0, -1000, 1000,
          "lower numbers go first in queues, as vLLM counts; its rules preempt the highest first"),
    PART("slo", slo, slo_schema, "what it is promised; default: serving.slo"),
};
static PLACED(tenant_schema, "tenant", "who asks", tenant_rows);
#undef F

#define F clx_serve_candidate_spec
static const clx_row candidate_rows[] = {
    TEXT("name", name, "default: the server"),
    NEEDED("server", server, "catalogue/server"),
    TEXT("weights", weights, "default: serving.weights"),
    ENGINE("default: serving.engine; a name, or a map as there"),
    REAL("price", price, "USD/s", 0, 0, 1, "of one GPU, as 2.5 USD/h"),
    WHOLE("gpus_most", gpus_most, CLX_ROW_COUNT, -1, 1, 1e9, "that can be had; default: no bound"),
    INTS("tp", tp, "degrees to try; none = powers of 2 up to a server"),
    INTS("pp", pp, "pipeline stages to try with each of them; none = 1"),
    INTS("sequences", sequences, "limits of a batch to try; none = 8 to 512"),
    INTS("tokens", tokens, "limits of an iteration to try; none = the engine's"),
    REAL("memory", memory, NULL, -1, 0.001, 1, "share of a GPU's memory for the engine; default: its own"),
    REAL("link_latency", link_latency, "s", 10e-6, 0, 1, "of one message between nodes with unified memory"),
    REAL("link_bandwidth", link_bandwidth, "B/s", 5e9, 1e6, 1e13, "between nodes with unified memory"),
};
static PLACED(candidate_schema, "candidate", "hardware that a plan may take", candidate_rows);
#undef F

#define F clx_serve_plan_spec
static const clx_row plan_rows[] = {
    TEXT("model", model, "that is planned for, with the tenants who ask it; default: serving.model"),
    LIST("candidates", candidate, candidate_schema, "hardware to choose from"),
    REAL("rate", rate, "1/s", 0, 0, 1e9, "requests to serve; 0 = those of serving.requests"),
    CHOICE("goal", goal, clx_serve_goal_name, CLX_SERVE_COST, "what is least"),
    YES("split", split, 0, "also pools of prefill and decode apart"),
    WHOLE("finalists", finalists, CLX_ROW_INT, 4, 1, 100, "of each candidate, simulated event by event"),
    REAL("power_most", power_most, "W", 0, 0, 1e12, "of all servers, at work; 0 = no bound"),
    REAL("headroom", headroom, NULL, 0.85, 0.1, 1, "share of the steady rate that a replica is planned to carry"),
};
static PLACED(plan_schema, "plan", "what `colossus serve-plan` searches over", plan_rows);
#undef F

typedef struct transfer {
  double bandwidth, setup;
} transfer;
#define F transfer
static const clx_row transfer_rows[] = {
    REAL("bandwidth", bandwidth, "B/s", 0, 0, 1e13, "into one rank that decodes; 0 = that of its NICs"),
    REAL("setup", setup, "s", 0, 0, 10, "of one transfer"),
};
#undef F
static const clx_schema transfer_schema = {.name = "transfer",
                                           .doc = "keys and values from prefill to decode replicas",
                                           .rows = transfer_rows,
                                           .count = CLX_COUNT(transfer_rows),
                                           .size = sizeof(transfer)};
_Static_assert(offsetof(clx_serve_spec, transfer_setup) - offsetof(clx_serve_spec, transfer_bandwidth) ==
                   offsetof(transfer, setup),
               "transfer mirrors two members of clx_serve_spec");

#define F clx_serve_spec
static const clx_row rows[] = {
    NEEDED("model", model, "catalogue/model, or a Hugging Face config.json"),
    {.key = "weights",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, weights),
     .text_initial = "fp8",
     .doc = "how weights are stored: bf16, fp8, fp8_block, fp8_feed_forward, fp8_experts, mxfp4_experts, nvfp4, "
            "nvfp4_feed_forward, nvfp4_experts, int4_experts; with unified memory F16, Q8_0, Q4_0, Q4_K_M, MXFP4, MLX "
            "16-bit, "
            "MLX 8-bit, MLX 4-bit"},
    {.key = "engine",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, engine),
     .map_offset = offsetof(F, engine_map),
     .text_initial = "vllm",
     .doc = "whose rules and host times hold: vllm, tensorrt-llm, sglang, or {name: vllm, ...} with keys of `colossus "
            "schema engine` that differ; with unified memory llama.cpp, mlx, ..."},
    CHOICE("cache", cache, cache_name, 0, "format of keys and values on GPUs"),
    YES("sorts", sorts, 0, "sampling with top-p or top-k"),
    REAL("routing", routing, NULL, 1.2, 0, 2,
         "exponent of the popularity of experts, as the step times were measured and checked; 0 = balanced"),
    WHOLE("context", context, CLX_ROW_INT, -1, 1, 100000000,
          "most tokens of a request, prompt and answer (max_model_len); default: the model's"),
    PART("requests", requests, clx_requests_schema, "what users ask, and when"),
    LIST("tenants", tenant, tenant_schema,
         "who asks, where there are several: with requests, model, promise of their own"),
    WHOLE("clients", clients, CLX_ROW_INT, 0, 0, 1000000,
          "that each ask the next when theirs has ended; 0 = by arrival"),
    REAL("warmup", warmup, "s", 0, 0, 1e9, "requests before are served but not counted"),
    WHOLE("seeds", seeds, CLX_ROW_INT, 3, 1, 100,
          "runs with requests drawn anew: results are the median, bands the extremes"),
    CHOICE("router", router, clx_router_name, CLX_ROUTER_LEAST, "which replica gets a request"),
    LIST("pools", pool, pool_schema, "replicas"),
    PART("transfer", transfer_bandwidth, transfer_schema, "from prefill to decode replicas"),
    PART("slo", slo, slo_schema, "what users are promised"),
    PART("start", start, clx_serve_start_schema, "how long a replica takes to start, after an outage or by scaling"),
    PART("outages", outages, clx_serve_outages_schema, "replicas that fail"),
    LIST("autoscale", autoscale, clx_serve_autoscale_schema, "as many replicas as there is work for"),
    PART("plan", plan, plan_schema, "what `colossus serve-plan` searches over"),
};
PLACED(clx_serve_schema, "serving", "a model served to users", rows);
#undef F
