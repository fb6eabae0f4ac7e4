// The kernel families there are, and the rows of a catalogue/kernels entry. A new family is a member of clx_kernels, a
// FAMILY_SETS line, a row, and a line in FAMILIES.
#include "device/device_kernels.h"

#include <string.h>

#define SET(family, index, set_name)                                                                  \
  {                                                                                                   \
    .key = (set_name), .kind = CLX_ROW_STRUCT, .offset = (index) * sizeof(clx_##family##_parameters), \
    .sub = &clx_##family##_schema, .doc = "parameters of this number format"                          \
  }

// Defines family_sets, the schema of a map from number formats to parameters.
#define FAMILY_SETS(family, ...)                                                 \
  static const clx_row family##_rows[] = {__VA_ARGS__};                          \
  static const clx_schema family##_sets = {.name = #family,                      \
                                           .doc = "parameters by number format", \
                                           .rows = family##_rows,                \
                                           .count = CLX_COUNT(family##_rows),    \
                                           .size = sizeof(((clx_kernels *)0)->family)}

FAMILY_SETS(gemm, SET(gemm, 0, "fp32"), SET(gemm, 1, "bf16"), SET(gemm, 2, "fp8"), SET(gemm, 3, "fp8_block"),
            SET(gemm, 4, "nvfp4"));
FAMILY_SETS(attention_context, SET(attention_context, 0, "bf16"), SET(attention_context, 1, "fp8"));
FAMILY_SETS(attention_generation, SET(attention_generation, 0, "bf16"));
FAMILY_SETS(mla_context, SET(mla_context, 0, "bf16"));
FAMILY_SETS(mla_generation, SET(mla_generation, 0, "bf16"));
FAMILY_SETS(moe, SET(moe, 0, "bf16"), SET(moe, 1, "fp8"), SET(moe, 2, "fp8_block"), SET(moe, 3, "nvfp4"));
FAMILY_SETS(nccl, SET(nccl, 0, "any"));
FAMILY_SETS(custom_allreduce, SET(custom_allreduce, 0, "bf16"));
FAMILY_SETS(alltoall, SET(alltoall, 0, "bf16"), SET(alltoall, 1, "fp8"), SET(alltoall, 2, "nvfp4"));
FAMILY_SETS(memory, SET(memory, 0, "any"));

#define ROW(family, text)                                                                                   \
  {                                                                                                         \
    .key = #family, .kind = CLX_ROW_STRUCT, .offset = offsetof(clx_kernels, family), .sub = &family##_sets, \
    .doc = (text)                                                                                           \
  }

static const clx_row rows[] = {
    {.key = "name",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(clx_kernels, name),
     .required = true,
     .doc = "the device that was measured, equal to the file name"},
    {.key = "title", .kind = CLX_ROW_TEXT, .offset = offsetof(clx_kernels, title), .doc = "one line for people"},
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(clx_kernels, aliases),
     .count_offset = offsetof(clx_kernels, alias_count),
     .doc = "architectures (family of a device) whose devices inherit these parameters"},
    ROW(gemm, "matrix products"),
    ROW(attention_context, "causal attention of new tokens"),
    ROW(attention_generation, "attention of one new token against a cache"),
    ROW(mla_context, "multi-head latent attention, prefill"),
    ROW(mla_generation, "multi-head latent attention, one token against a cache"),
    ROW(moe, "fused expert layers"),
    ROW(nccl, "collectives of NCCL inside one NVLink domain"),
    ROW(custom_allreduce, "all-reduce of a serving engine"),
    ROW(alltoall, "dispatch and combine of experts over NVLink"),
    ROW(memory, "kernels that move bytes"),
};

const clx_schema clx_kernels_schema = {.name = "kernels",
                                       .doc = "fitted parameters of the kernels of a device",
                                       .rows = rows,
                                       .count = CLX_COUNT(rows),
                                       .size = sizeof(clx_kernels)};

#define FAMILY(family) \
  { &clx_kernel_##family, offsetof(clx_kernels, family) }

static const struct {
  const clx_kernel_family *family;
  size_t offset;
} FAMILIES[] = {
    FAMILY(gemm),        FAMILY(attention_context), FAMILY(attention_generation),
    FAMILY(mla_context), FAMILY(mla_generation),    FAMILY(moe),
    FAMILY(nccl),        FAMILY(custom_allreduce),  FAMILY(alltoall),
    FAMILY(memory),
};

const clx_kernel_family *clx_kernel_family_at(int32_t index) {
  return index >= 0 && index < CLX_COUNT(FAMILIES) ? FAMILIES[index].family : NULL;
}

const clx_kernel_family *clx_kernel_family_find(const char *name) {
  for (int32_t i = 0; i < CLX_COUNT(FAMILIES); i++) {
    if (clx_text_equal_loose(FAMILIES[i].family->name, name)) return FAMILIES[i].family;
  }
  return NULL;
}

const void *clx_kernels_set(const clx_kernels *kernels, const clx_kernel_family *family, int32_t set) {
  for (int32_t i = 0; i < CLX_COUNT(FAMILIES); i++) {
    if (FAMILIES[i].family != family) continue;
    return (const char *)kernels + FAMILIES[i].offset + (size_t)set * family->schema->size;
  }
  return NULL;
}

const clx_kernel_fit *clx_kernels_fit(const clx_kernels *kernels, const clx_kernel_family *family, int32_t set) {
  return clx_kernels_set(kernels, family, set);
}

void clx_kernels_complete(clx_kernels *kernels, const clx_kernels *other) {
  for (int32_t i = 0; i < CLX_COUNT(FAMILIES); i++) {
    const clx_kernel_family *family = FAMILIES[i].family;
    for (int32_t s = 0; family->sets[s] != NULL; s++) {
      const size_t at = FAMILIES[i].offset + (size_t)s * family->schema->size;
      const clx_kernel_fit *mine = (const void *)((char *)kernels + at);
      const clx_kernel_fit *theirs = (const void *)((const char *)other + at);
      if (mine->rows == 0 && theirs->rows > 0) memcpy((char *)kernels + at, theirs, family->schema->size);
    }
  }
}
