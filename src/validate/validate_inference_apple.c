// Rows of processors with unified memory: which chip, engine, format and nodes a row speaks of.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/fabric.h"
#include "serving/serving_unified.h"
#include "validate/validate_inference.h"

typedef struct apple_row {
  clx_table_row *r;
  clx_device device;
  clx_transformer model;
  clx_unified_engine engine;
  clx_unified unified;
  int32_t sequences, prompt, output;
} apple_row;

// The number right before a word ("64" before "GB"), 0 = none.
static double number_before(const char *text, const char *word) {
  for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
    const char *end = at;
    while (end > text && (end[-1] == ' ' || end[-1] == '-')) end--;
    const char *start = end;
    while (start > text && isdigit((unsigned char)start[-1])) start--;
    if (start < end) return strtod(start, NULL);
  }
  return 0;
}

// --- the chip -------------------------------------------------------------------------------------------------------------

enum { CORES_MAX = 256 };

// The name of a chip without the count of its cores: "m1_max" of "m1_max_24".
static const char *base_of(const apple_row *a, const char *name) {
  const char *tail = strrchr(name, '_');
  if (tail == NULL || !isdigit((unsigned char)tail[1])) return name;
  return clx_arena_copy(a->r->job->arena, name, (size_t)(tail - name));
}

static bool read_chip(apple_row *a, const char *name, clx_device *device) {
  clx_error error = {0};
  if (clx_catalog_read_device(a->r->job->catalog, name, (clx_place){0}, a->r->job->arena, device, &error) == CLX_OK)
    return true;
  return clx_table_row_refuse_error(a->r, &error);
}

static bool sold_with(const clx_device *d, double memory) {
  for (int32_t i = 0; i < d->unified.memory_count; i++) {
    if (d->unified.memories[i] == memory) return true;
  }
  return false;
}

// The entry of the same chip with `cores` GPU cores, NULL = there is none.
static const char *sibling(const apple_row *a, const char *base, int32_t cores) {
  const char *name = clx_arena_format(a->r->job->arena, "%s_%d", base, cores);
  return name != NULL ? clx_catalog_canonical(a->r->job->catalog, "device", name) : NULL;
}

// Another count of cores that the chip is sold with, beside `memory` where that is given; 0 = none. *cores: valid when true.
static bool other_cores(apple_row *a, const char *base, double memory, int32_t *cores) {
  *cores = 0;
  for (int32_t n = 1; n <= CORES_MAX && *cores == 0; n++) {
    const char *name = n != a->device.processors ? sibling(a, base, n) : NULL;
    clx_device other;
    if (name == NULL) continue;
    if (!read_chip(a, name, &other)) return false;
    if (memory == 0 || sold_with(&other, memory)) *cores = n;
  }
  return true;
}

// Fewer cores come with other memories: the chip that is sold with `memory`.
static bool choose_by_memory(apple_row *a, const char *base, double memory) {
  if (memory == 0 || sold_with(&a->device, memory)) return true;
  for (int32_t cores = 1; cores <= CORES_MAX; cores++) {
    const char *name = sibling(a, base, cores);
    clx_device other;
    if (name == NULL) continue;
    if (!read_chip(a, name, &other)) return false;
    if (!sold_with(&other, memory)) continue;
    a->device = other;
    return true;
  }
  return clx_table_row_refuse(a->r, "column 'hardware': %s is not sold with %.9g GB", a->device.title, memory / 1e9);
}

static bool read_device(apple_row *a, const char *found) {
  const char *hardware = clx_table_row_text(a->r, "hardware"), *notes = clx_inference_notes(a->r);
  const char *base = base_of(a, found);
  if (base == NULL) return clx_table_row_refuse(a->r, "out of memory");
  if (!read_chip(a, found, &a->device)) return false;
  const double memory = 1e9 * number_before(hardware, "GB");
  const bool said = number_before(hardware, "Core") > 0 || number_before(hardware, "core") > 0;
  double cores = number_before(notes, "GPU cores");
  if (!said && cores > 0 && cores != a->device.processors) {
    const char *name = cores <= CORES_MAX ? sibling(a, base, (int32_t)cores) : NULL;
    if (name == NULL)
      return clx_table_row_refuse(a->r, "column 'notes': no %s of %.9g GPU cores in the catalogue", base, cores);
    if (!read_chip(a, name, &a->device)) return false;
  }
  if (!said && cores == 0) {
    const int32_t before = a->device.processors;
    if (!choose_by_memory(a, base, memory)) return false;
    int32_t other;
    if (!other_cores(a, base, memory, &other)) return false;
    if (other > 0 && a->device.processors == before)
      clx_table_row_remark(a->r, true, "%d GPU cores taken, %d are sold, too", a->device.processors, other);
  }
  if (memory > 0) a->unified.memory = memory;
  if (a->device.unified.rows == 0)
    clx_table_row_remark(a->r, true, "%s was not measured: constants of its generation", a->device.name);
  return true;
}

// --- engine and weights -----------------------------------------------------------------------------------------------------

static bool contains(const char *text, const char *word) {
  const size_t length = strlen(word);
  for (; *text != '\0'; text++) {
    size_t i = 0;
    while (i < length && tolower((unsigned char)text[i]) == tolower((unsigned char)word[i])) i++;
    if (i == length) return true;
  }
  return false;
}

// Words of the column, the first that it contains, and the profile that it stands for.
static bool read_engine(apple_row *a) {
  static const struct {
    const char *word, *profile;
  } known[] = {{"exo", "exo"},
               {"RPC", "llama.cpp-rpc"},
               {"mlx", "mlx"},
               {"ollama", "llama.cpp-2025"},
               {"llama.cpp", "llama.cpp"}};
  const char *text = clx_table_row_text(a->r, "engine"), *notes = clx_inference_notes(a->r), *profile = NULL;
  for (int32_t i = 0; i < CLX_COUNT(known) && profile == NULL; i++) {
    if (contains(text, known[i].word)) profile = known[i].profile;
  }
  if (profile == NULL)
    return clx_table_row_refuse(a->r, "engine '%.60s' on %s is not modelled: llama.cpp, ollama, mlx and exo are", text,
                                a->device.name);
  const bool plain = clx_text_equal(profile, "llama.cpp");
  if (plain && (contains(notes, "flash attention on") || contains(notes, "-fa 1"))) profile = "llama.cpp-2025";
  a->engine = *clx_unified_engine_find(profile);
  const char *piece = strstr(notes, "-ub ");
  const double tokens = piece != NULL ? strtod(piece + 4, NULL) : 0;
  if (tokens >= 1 && tokens <= 65536) a->engine.chunk = (int32_t)tokens;
  return true;
}

static bool starts(const char *text, const char *word) {
  for (; *word != '\0'; text++, word++) {
    if (tolower((unsigned char)*text) != tolower((unsigned char)*word)) return false;
  }
  return true;
}

static bool read_format(apple_row *a) {
  static const char *const bits[] = {"16-bit", "8-bit", "4-bit"};
  static const char *const gguf[] = {"F16", "Q8_0", "Q4_0"}, *const mlx[] = {"MLX 16-bit", "MLX 8-bit", "MLX 4-bit"};
  static const char *const plain[] = {"bf16", "fp16", "bfloat16", "float16"};
  static const char *const joined[] = {"16bit", "8bit", "4bit"}, *const shorts[] = {"q16", "q8", "q4"};
  const char *text = clx_table_row_text(a->r, "precision"), *name = NULL;
  const bool on_mlx = contains(a->engine.name, "mlx") || contains(a->engine.name, "exo");
  for (int32_t i = 0; i < CLX_COUNT(bits); i++) {
    if (starts(text, bits[i]) || starts(text, joined[i]) || clx_text_equal_loose(text, shorts[i]))
      name = on_mlx ? mlx[i] : gguf[i];
  }
  for (int32_t i = 0; i < CLX_COUNT(plain); i++) {
    if (clx_text_equal_loose(text, plain[i])) name = on_mlx ? mlx[0] : gguf[0];
  }
  if (name == NULL && starts(text, "GGUF Q4")) {
    const bool gpt = contains(a->model.name, "gpt-oss");
    name = gpt ? "MXFP4" : "Q4_K_M";
    clx_table_row_remark(a->r, false, "'%.20s' taken as %s, the default of its packager", text, name);
  }
  for (int32_t i = 0; clx_quant_name(i) != NULL && name == NULL; i++) {
    if (clx_text_equal_loose(text, clx_quant_name(i))) name = clx_quant_name(i);
  }
  if (name == NULL) return clx_table_row_refuse(a->r, "precision '%.60s' is not known for %s", text, a->engine.name);
  a->unified.quant = clx_quant_find(name);
  return true;
}

// --- nodes and load ---------------------------------------------------------------------------------------------------------

static bool read_nodes(apple_row *a) {
  int32_t nodes, tp, pp;
  if (!clx_inference_count(a->r, "devices", 1, &nodes) || !clx_inference_count(a->r, "tp", 1, &tp) ||
      !clx_inference_count(a->r, "pp", 1, &pp))
    return false;
  if (nodes < 1 || tp < 1 || pp < 1 || tp > 4096 || pp > 4096 || tp * pp != nodes)
    return clx_table_row_refuse(a->r, "tp %d x pp %d is not %d devices", tp, pp, nodes);
  a->unified.tp = tp;
  a->unified.pp = pp;
  if (nodes == 1) return true;
  clx_link link;
  clx_error error = {0};
  if (clx_catalog_read(a->r->job->catalog, "link", "thunderbolt5", (clx_place){0}, &clx_link_schema, a->r->job->arena,
                       &link, &error) != CLX_OK)
    return clx_table_row_refuse_error(a->r, &error);
  a->unified.link = (clx_unified_link){.latency = link.latency, .bandwidth = link.rate};
  return true;
}

// llama-bench and llama-batched-bench, where a row has no lengths.
enum { PROMPT = 512, OUTPUT = 128 };

static bool read_load(apple_row *a) {
  clx_table_row *r = a->r;
  int32_t sequences, prompt, output;
  if (!clx_inference_count(r, "batch_or_concurrency", 1, &sequences) ||
      !clx_inference_count(r, "input_len", PROMPT, &prompt) || !clx_inference_count(r, "output_len", OUTPUT, &output))
    return false;
  if (sequences < 1 || (double)sequences * prompt > 1e8)
    return clx_table_row_refuse(r, "%d sequences of %d tokens", sequences, prompt);
  if (clx_table_row_text(r, "input_len")[0] == '\0' && clx_table_row_text(r, "output_len")[0] == '\0')
    clx_table_row_remark(r, false, "lengths not said: %d in, %d out", PROMPT, OUTPUT);
  a->sequences = sequences;
  a->prompt = prompt;
  a->output = output;
  return true;
}

static bool has_unit(clx_table_row *r, const char *unit) {
  const char *text = clx_table_row_text(r, "unit");
  return starts(text, unit) ? true : clx_table_row_refuse(r, "column 'unit': expected %s, read '%.20s'", unit, text);
}

static bool set_metric(apple_row *a) {
  clx_table_row *r = a->r;
  const clx_unified *u = &a->unified;
  const char *metric = clx_table_row_text(r, "metric");
  const double power = (double)u->tp * u->pp * a->device.unified.wall_busy;
  if (clx_text_equal(metric, "decode_throughput")) {
    if (!has_unit(r, "tok/s")) return false;
    if (a->output < 1) return clx_table_row_refuse(r, "column 'output_len': decode needs at least 1 token");
    r->out->value[0] = clx_unified_decode_rate(u, a->sequences, a->prompt, a->output);
  } else if (clx_text_equal(metric, "prefill_throughput")) {
    if (!has_unit(r, "tok/s")) return false;
    if (a->prompt < 1) return clx_table_row_refuse(r, "column 'input_len': prefill needs at least 1 token");
    r->out->value[0] = clx_unified_prefill_rate(u, a->sequences, a->prompt);
  } else if (clx_text_equal(metric, "peak_wall_power")) {
    if (!has_unit(r, "W")) return false;
    r->out->value[0] = power;
  } else if (clx_text_equal(metric, "energy_per_output_token")) {
    if (!has_unit(r, "J")) return false;
    r->out->value[0] = power / clx_unified_decode_rate(u, a->sequences, a->prompt, a->output < 1 ? OUTPUT : a->output);
  } else {
    return clx_table_row_refuse(r, "metric '%.60s' is not modelled for %s", metric, a->device.name);
  }
  return true;
}

bool clx_inference_apple(clx_table_row *r, const char *device) {
  apple_row a = {.r = r};
  if (!read_device(&a, device) || !clx_inference_model(r, clx_table_row_text(r, "model"), &a.model) ||
      !read_engine(&a) || !read_format(&a) || !read_nodes(&a) || !read_load(&a))
    return false;
  a.unified.model = &a.model;
  a.unified.device = &a.device;
  a.unified.engine = &a.engine;
  clx_error refusal = {0};
  if (clx_unified_check(&a.unified, &refusal) != CLX_OK) return clx_table_row_refuse_error(r, &refusal);
  return set_metric(&a);
}
