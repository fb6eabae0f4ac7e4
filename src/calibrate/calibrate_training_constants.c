// Which constants of the training model published runs may decide, and which entries share one.
#include <math.h>
#include <string.h>

#include "calibrate/calibrate_training_internal.h"

const char *const clx_holder_name[CLX_HOLDERS] = {"software", "device"};

#define SOFTWARE(name, least, most, from, without, text)                                                  \
  {                                                                                                       \
    .key = (name), .holder = CLX_HOLDER_SOFTWARE, .minimum = (least), .maximum = (most), .start = (from), \
    .neutral = (without), .why = (text)                                                                   \
  }
#define DEVICE(name, least, most, from, without, text)                                                  \
  {                                                                                                     \
    .key = (name), .holder = CLX_HOLDER_DEVICE, .minimum = (least), .maximum = (most), .start = (from), \
    .neutral = (without), .why = (text)                                                                 \
  }

const clx_training_constant clx_training_constants[CLX_TRAINING_CONSTANTS] = {
    SOFTWARE("gemm_speed", 0.5, 1.2, 1, 1, "another library than the one measured: half as fast to a fifth faster"),
    SOFTWARE("attention_speed", 0.3, 1.2, 1, 1, "as gemm_speed; Triton kernels reach a third to two thirds"),
    SOFTWARE("fusion", 0, 1, 0.7, NAN, "from separate kernels to all fused; frameworks list most of their fusions"),
    SOFTWARE("tp_overlap", 0.05, 1, 0.5, 0, "four of eight collectives of a layer can run in pieces beside a product"),
    SOFTWARE("last_bucket", 0.01, 0.5, 0.1, NAN, "buckets of 40 M parameters, some ten of them on a rank"),
    SOFTWARE("launch_interval", 1e-6, 200e-6, 6e-6, NAN, "a kernel launch takes 2 us, eager PyTorch 5 to 10 us"),
    SOFTWARE("step_overhead", 0.5e-3, 0.2, 5e-3, NAN, "a few synchronisations of the host"),
    SOFTWARE("accumulate_bytes", 4, 32, 12, 0,
             "reads a gradient, reads and writes the sum: 2 + 4 + 4 B and more passes"),
    SOFTWARE("update_bytes", 18, 120, 40, 0, "one fused pass needs 18 to 30 B"),
    SOFTWARE("aligned_gemm", 1.01, 3, 1.3, 1, "tiles that are partly empty"),
    SOFTWARE("expert_host", 0.3e-3, 30e-3, 5e-3, 0, "tens to hundreds of operations of eager PyTorch at 20 to 50 us"),
    SOFTWARE("expert_host_each", 5e-6, 2e-3, 0.1e-3, 0, "a few operations"),
    SOFTWARE("linear_host", 0.05e-3, 5e-3, 0.5e-3, 0, "module of Transformer Engine forward and backward"),
    SOFTWARE("expert_overlap", 0.05, 1, 0.5, 0, "share of an exchange"),
    SOFTWARE("expert_graphs", 0.05, 1, 0.5, 0, "share of the host's work"),
    SOFTWARE("expert_graphs_rack", 0.05, 1, 0.5, 0, "share of the host's work"),
    DEVICE("power_reserve", 0.05, 0.4, 0.15, NAN, "GPUs in training draw about 0.85 of their limit (MLPerf)"),
    DEVICE("voltage_minimum", 0.5, 0.95, 0.7, NAN, "least voltage of processors of this kind"),
    DEVICE("speed_spread", 0.001, 0.05, 0.01, NAN, "clocks of GPUs of one kind under power, a few per cent"),
    DEVICE("kernel_time", 1e-6, 8e-6, 3e-6, NAN, "the smallest products take 1.6 to 2.6 us alone"),
    DEVICE("host_time", 0.5, 4, 1.3, 1, "Arm servers against x86"),
};

// --- schemas ------------------------------------------------------------------------------------------------------------------

static const clx_row *row_of(const clx_schema *schema, const char *key) {
  for (int32_t i = 0; i < schema->count; i++) {
    if (schema->rows[i].kind == CLX_ROW_REAL && strcmp(schema->rows[i].key, key) == 0) return &schema->rows[i];
  }
  return NULL;
}

static double value_of(const void *object, size_t offset) {
  return *(const double *)(const void *)((const char *)object + offset);
}

// --- entries ------------------------------------------------------------------------------------------------------------------

clx_status clx_holders_find(clx_arena *arena, const clx_training_sample *samples, int32_t count, clx_holder holder,
                            clx_holders *out, clx_error *error) {
  *out = (clx_holders){.of = CLX_NEW_ARRAY(arena, int32_t, count + 1)};
  if (out->of == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < count; i++) {
    const clx_training *job = &samples[i].job;
    const bool software = holder == CLX_HOLDER_SOFTWARE;
    const char *name = software ? job->software->name : job->device->name;
    int32_t e = 0;
    while (e < out->count && strcmp(out->name[e], name) != 0) e++;
    if (e == CLX_ENTRIES_MAX)
      return clx_fail_plain(error, CLX_INPUT, "the table names more than %d entries of the kind '%s'", CLX_ENTRIES_MAX,
                            clx_holder_name[holder]);
    if (e == out->count) {
      out->name[e] = name;
      out->entry[e] = software ? (const void *)job->software : (const void *)job->device;
      out->count++;
    }
    out->of[i] = e;
    out->rows[e]++;
  }
  return CLX_OK;
}

// --- keys ---------------------------------------------------------------------------------------------------------------------

static bool among(const char *keys, const char *key) {
  const size_t length = strlen(key);
  for (const char *at = keys; at != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL) {
    if (strncmp(at, key, length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
  }
  return false;
}

static clx_status check_keys(clx_arena *arena, const char *keys, clx_error *error) {
  const char *known[CLX_TRAINING_CONSTANTS];
  for (int32_t i = 0; i < CLX_TRAINING_CONSTANTS; i++) known[i] = clx_training_constants[i].key;
  for (const char *at = keys; at != NULL;) {
    const size_t length = strcspn(at, ",");
    const char *key = clx_arena_copy(arena, at, length);
    if (key == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    bool found = false;
    for (int32_t i = 0; i < CLX_TRAINING_CONSTANTS; i++) found = found || strcmp(known[i], key) == 0;
    if (!found) {
      const char *near = clx_nearest(key, known, CLX_TRAINING_CONSTANTS);
      return near != NULL ? clx_fail_plain(error, CLX_INPUT, "'%s' is no free constant; did you mean '%s'?", key, near)
                          : clx_fail_plain(error, CLX_INPUT, "'%s' is no free constant of the training model", key);
    }
    at = at[length] == ',' ? at + length + 1 : NULL;
  }
  return CLX_OK;
}

// --- groups -------------------------------------------------------------------------------------------------------------------

static bool is_free(const clx_training_constant *c, const clx_row *row, double value) {
  return value != c->neutral && value > row->minimum && value < row->maximum;
}

// Short enough for a table: all, up to two names, or one and how many more.
static const char *label_of(clx_arena *arena, const clx_holders *h, const clx_calibrated_constant *c) {
  const char *kind = c->constant->holder == CLX_HOLDER_DEVICE ? "devices" : "profiles";
  if (c->entry_count == h->count && h->count > 1) return clx_arena_format(arena, "all %d %s", h->count, kind);
  const int32_t length = (int32_t)strcspn(c->names, ",");
  return c->entry_count > 2 ? clx_arena_format(arena, "%.*s and %d more", length, c->names, c->entry_count - 1)
                            : c->names;
}

static clx_status name_entries(clx_arena *arena, const clx_holders *h, clx_calibrated_constant *c, clx_error *error) {
  c->names = "";
  for (int32_t e = 0; e < h->count; e++) {
    if ((c->entries >> e & 1U) == 0) continue;
    c->entry_count++;
    c->rows += h->rows[e];
    c->names = clx_arena_format(arena, "%s%s%s", c->names, c->names[0] != '\0' ? ", " : "", h->name[e]);
    if (c->names == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  c->label = label_of(arena, h, c);
  return c->label != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

static clx_status add_groups(clx_arena *arena, const clx_training_constant *constant, const clx_holders *h,
                             const void *reference, clx_calibrated_constant *out, int32_t room, int32_t *count,
                             clx_error *error) {
  const clx_schema *schema = constant->holder == CLX_HOLDER_SOFTWARE ? &clx_software_schema : &clx_device_schema;
  const clx_row *row = row_of(schema, constant->key);
  if (row == NULL) return clx_fail_plain(error, CLX_INTERNAL, "%s has no number '%s'", schema->name, constant->key);
  uint64_t done = 0;
  for (int32_t e = 0; e < h->count; e++) {
    const double value = value_of(h->entry[e], row->offset);
    if ((done >> e & 1U) != 0 || !is_free(constant, row, value)) continue;
    if (*count == room)
      return clx_fail_plain(error, CLX_INPUT, "more than %d constants to fit: choose some with --free", room);
    clx_calibrated_constant *c = &out[(*count)++];
    *c = (clx_calibrated_constant){.constant = constant, .row = row, .offset = row->offset, .catalogue = value};
    for (int32_t k = e; k < h->count; k++) {
      if (value_of(h->entry[k], row->offset) == value) c->entries |= 1ULL << k;
    }
    done |= c->entries;
    CLX_TRY(name_entries(arena, h, c, error));
    c->shared = c->entry_count > 1 || value_of(reference, row->offset) == value;
  }
  return CLX_OK;
}

clx_status clx_training_constants_find(clx_arena *arena, const clx_holders holders[CLX_HOLDERS],
                                       const clx_software *reference, const char *keys,
                                       clx_calibrated_constant *constant, int32_t room, int32_t *count,
                                       clx_error *error) {
  CLX_TRY(check_keys(arena, keys, error));
  clx_device plain = {0};
  clx_schema_default(&clx_device_schema, &plain);
  const void *references[CLX_HOLDERS] = {reference, &plain};
  *count = 0;
  for (int32_t i = 0; i < CLX_TRAINING_CONSTANTS; i++) {
    const clx_training_constant *c = &clx_training_constants[i];
    if (keys != NULL && !among(keys, c->key)) continue;
    CLX_TRY(add_groups(arena, c, &holders[c->holder], references[c->holder], constant, room, count, error));
  }
  return CLX_OK;
}
