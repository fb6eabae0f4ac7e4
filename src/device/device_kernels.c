// The kernel families there are, and the rows of a catalogue/kernels entry. A new family is a member of clx_kernels, its
// sets below, and a line in FAMILIES.
#include "device/device_kernels.h"

#define SET(type, index, set_name, set_schema)                                                        \
  {                                                                                                   \
    .key = (set_name), .kind = CLX_ROW_STRUCT, .offset = (index) * sizeof(type), .sub = (set_schema), \
    .doc = "parameters of this number format"                                                         \
  }

#define FAMILY_SCHEMA(variable, family_name, set_rows, set_size)            \
  static const clx_schema variable = {.name = (family_name),                \
                                      .doc = "parameters by number format", \
                                      .rows = (set_rows),                   \
                                      .count = CLX_COUNT(set_rows),         \
                                      .size = (set_size)}

static const clx_row memory_sets[] = {SET(clx_memory_parameters, 0, "any", &clx_memory_schema)};
FAMILY_SCHEMA(memory_schema, "memory", memory_sets, sizeof(clx_memory_parameters));

#define FAMILY(member, sub_schema, text)                                                                   \
  {                                                                                                        \
    .key = #member, .kind = CLX_ROW_STRUCT, .offset = offsetof(clx_kernels, member), .sub = &(sub_schema), \
    .doc = (text)                                                                                          \
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
    FAMILY(memory, memory_schema, "kernels that move bytes"),
};

const clx_schema clx_kernels_schema = {.name = "kernels",
                                       .doc = "fitted parameters of the kernels of a device",
                                       .rows = rows,
                                       .count = CLX_COUNT(rows),
                                       .size = sizeof(clx_kernels)};

static const struct {
  const clx_kernel_family *family;
  size_t offset;
} FAMILIES[] = {
    {&clx_kernel_memory, offsetof(clx_kernels, memory)},
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
