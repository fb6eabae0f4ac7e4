// Tables of measured kernels as numbers: formats, shapes, folds, size classes.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate.h"

// --- the family of a file ----------------------------------------------------------------------------------------------

static clx_status unknown_family(const char *family, clx_error *error) {
  const char *names[32];
  int32_t count = 0;
  while (count < CLX_COUNT(names) && clx_kernel_family_at(count) != NULL) {
    names[count] = clx_kernel_family_at(count)->name;
    count++;
  }
  const char *near = clx_nearest(family, names, count);
  if (near != NULL) return clx_fail_plain(error, CLX_INPUT, "no kernel family '%s'; did you mean '%s'?", family, near);
  clx_buffer list = {0};
  for (int32_t i = 0; i < count; i++) clx_buffer_format(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
  const clx_status status = clx_fail_plain(error, CLX_INPUT, "no kernel family '%s'; there are %s", family,
                                           list.failed || list.data == NULL ? "others" : list.data);
  clx_buffer_free(&list);
  return status;
}

clx_status clx_kernel_family_of(const char *path, const char *family, const clx_kernel_family **out, clx_error *error) {
  *out = NULL;
  if (family != NULL) {
    *out = clx_kernel_family_find(family);
    return *out != NULL ? CLX_OK : unknown_family(family, error);
  }
  const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
  size_t length = strlen(base), longest = 0;
  if (length > 4 && clx_text_equal_loose(base + length - 4, ".csv")) length -= 4;
  for (int32_t i = 0; clx_kernel_family_at(i) != NULL; i++) {
    const char *name = clx_kernel_family_at(i)->name;
    const size_t size = strlen(name);
    if (size <= longest || size > length || strncmp(base + length - size, name, size) != 0) continue;
    longest = size;
    *out = clx_kernel_family_at(i);
  }
  if (*out != NULL) return CLX_OK;
  return clx_fail_plain(error, CLX_INPUT, "'%s' does not name its kernel family; say --family, such as gemm", path);
}

// --- cells --------------------------------------------------------------------------------------------------------------

static const struct {
  const char *spelling;
  clx_kernel_format format;
} FORMATS[] = {{"bfloat16", CLX_KERNEL_BF16}, {"bf16", CLX_KERNEL_BF16},           {"half", CLX_KERNEL_BF16},
               {"float16", CLX_KERNEL_BF16},  {"fp16", CLX_KERNEL_BF16},           {"fp8", CLX_KERNEL_FP8},
               {"fp8_e4m3", CLX_KERNEL_FP8},  {"fp8_block", CLX_KERNEL_FP8_BLOCK}, {"nvfp4", CLX_KERNEL_NVFP4},
               {"int8", CLX_KERNEL_INT8},     {"float32", CLX_KERNEL_FP32},        {"fp32", CLX_KERNEL_FP32},
               {"float", CLX_KERNEL_FP32}};

static bool read_format(const char *text, clx_kernel_format *format) {
  for (int32_t i = 0; i < CLX_COUNT(FORMATS); i++) {
    if (!clx_text_equal_loose(FORMATS[i].spelling, text)) continue;
    *format = FORMATS[i].format;
    return true;
  }
  return false;
}

// A routing distribution: balanced, or power_law_X with its exponent.
static bool read_exponent(const char *text, double *value) {
  static const char prefix[] = "power_law_";
  if (clx_text_equal_loose(text, "balanced")) {
    *value = 0;
    return true;
  }
  if (strncmp(text, prefix, sizeof prefix - 1) != 0) return false;
  const char *number = text + sizeof prefix - 1;
  char *end = NULL;
  *value = strtod(number, &end);
  return number[0] >= '0' && number[0] <= '9' && *end == '\0' && strpbrk(number, "xX") == NULL && *value > 0;
}

typedef struct reader {
  clx_arena *arena;
  const clx_table *table;
  const clx_kernel_family *family;
  int32_t column[CLX_KERNEL_COLUMNS_MAX];
  int32_t dtype, time, power;
} reader;

static const char *read_cell(const reader *r, int32_t row, int32_t c, double *value) {
  const clx_kernel_column *column = &r->family->columns[c];
  const char *text = clx_table_cell(r->table, row, r->column[c]);
  if (text[0] == '\0') return clx_arena_format(r->arena, "%s is blank", column->name);
  if (column->choices != NULL) {
    for (int32_t i = 0; column->choices[i] != NULL; i++) {
      if (!clx_text_equal_loose(column->choices[i], text)) continue;
      *value = i;
      return NULL;
    }
    return clx_arena_format(r->arena, "%s '%.40s' is not known", column->name, text);
  }
  if (column->exponent && !read_exponent(text, value))
    return clx_arena_format(r->arena, "%s: expected balanced or power_law_X, read '%.40s'", column->name, text);
  if (!column->exponent && !clx_table_number(r->table, row, r->column[c], value))
    return clx_arena_format(r->arena, "%s: expected a number, read '%.40s'", column->name, text);
  if (*value < column->minimum || *value > column->maximum) {
    return clx_arena_format(r->arena, "%s %.9g is out of range (%.9g to %.9g)", column->name, *value, column->minimum,
                            column->maximum);
  }
  if (!column->exponent && *value != floor(*value))
    return clx_arena_format(r->arena, "%s: expected a whole number, read '%.40s'", column->name, text);
  return NULL;
}

// What every model needs to know of a device.
static const char *lacking(const clx_device *device) {
  if (device->processors <= 0) return "processors of the device are not known";
  if (device->clock <= 0) return "clock of the device is not known";
  if (device->memory_bandwidth <= 0) return "memory_bandwidth of the device is not known";
  if (device->l2 <= 0) return "l2 of the device is not known";
  return NULL;
}

// Peak rate of the units that multiply a format; int8 is only ever transported.
static double peak_of(const clx_device *device, clx_kernel_format format) {
  static const int32_t unit[CLX_KERNEL_FORMATS] = {CLX_FP32, CLX_BF16, CLX_FP8, CLX_FP8, CLX_FP4, -1};
  return unit[format] < 0 ? 1 : device->peak[unit[format]];
}

static const char *read_shape(const reader *r, const clx_device *device, int32_t row, clx_kernel_format *format,
                              double *shape) {
  const char *dtype = clx_table_cell(r->table, row, r->dtype), *lack = lacking(device);
  if (lack != NULL) return lack;
  if (dtype[0] == '\0') return "dtype is blank";
  if (!read_format(dtype, format)) return clx_arena_format(r->arena, "dtype '%.40s' is not known", dtype);
  if (r->family->set_of[*format] < 0)
    return clx_arena_format(r->arena, "%s has no kernel of dtype %s", r->family->name, dtype);
  if (peak_of(device, *format) <= 0)
    return clx_arena_format(r->arena, "%s has no arithmetic of dtype %s", device->name, dtype);
  for (int32_t c = 0; c < r->family->column_count; c++) {
    const char *reason = read_cell(r, row, c, &shape[c]);
    if (reason != NULL) return reason;
  }
  return r->family->refuse != NULL ? r->family->refuse(device, *format, shape) : NULL;
}

// Kernels take from a nanosecond to hours; anything else is a slip of the unit or of the pen.
static const double MICROSECONDS_MIN = 1e-3, MICROSECONDS_MAX = 1e10;

// A blank cell is no measurement; one that makes no sense is a reason.
static const char *read_time(const reader *r, int32_t row, double *time) {
  double microseconds = 0;
  const char *text = clx_table_cell(r->table, row, r->time);
  *time = 0;
  if (text[0] == '\0') return NULL;
  if (!clx_table_number(r->table, row, r->time, &microseconds) || microseconds <= 0)
    return clx_arena_format(r->arena, "latency_us: expected a positive number, read '%.40s'", text);
  if (microseconds < MICROSECONDS_MIN || microseconds > MICROSECONDS_MAX)
    return clx_arena_format(r->arena, "latency_us %.9g is out of range (%.9g to %.9g)", microseconds, MICROSECONDS_MIN,
                            MICROSECONDS_MAX);
  *time = microseconds * 1e-6;
  return NULL;
}

// A reading that makes no sense leaves its row without power, not without time.
static void read_power(const reader *r, int32_t row, clx_kernel_rows *rows) {
  double watts = 0;
  if (r->power < 0) return;
  const char *text = clx_table_cell(r->table, row, r->power);
  if (clx_table_number(r->table, row, r->power, &watts) && watts > 0) {
    rows->power[row] = watts;
  } else if (text[0] != '\0' && rows->power_refused++ == 0) {
    rows->power_reason = clx_arena_format(r->arena, "power_w: expected a positive number, read '%.40s'", text);
  }
}

// --- folds ----------------------------------------------------------------------------------------------------------------

static uint64_t mix(uint64_t x) {  // splitmix64's finaliser
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

static int32_t fold_of(const clx_kernel_family *family, const double *shape) {
  uint64_t hash = 0x9e3779b97f4a7c15U;
  bool any = false;
  for (int32_t c = 0; c < family->column_count; c++) {
    if (!family->columns[c].fold) continue;
    any = true;
    hash = mix(hash + (uint64_t)llround(shape[c] * 1024));
  }
  if (!any) hash = mix(hash + (uint64_t)llround(shape[0]));
  return (int32_t)(hash % CLX_FOLDS);
}

// --- tables ---------------------------------------------------------------------------------------------------------------

static clx_status find_columns(reader *r, bool measured, clx_error *error) {
  const clx_place place = {r->table->file, 1, 0};
  clx_status status = CLX_OK;
  for (int32_t c = -2; c < r->family->column_count; c++) {
    const char *name = c == -2 ? "dtype" : c == -1 ? "latency_us" : r->family->columns[c].name;
    const int32_t at = clx_table_column(r->table, name);
    if (c == -2) r->dtype = at;
    if (c == -1) r->time = at;
    if (c >= 0) r->column[c] = at;
    if (at >= 0 || (c == -1 && !measured)) continue;
    const char *near = clx_nearest(name, r->table->column, r->table->column_count);
    status = near != NULL
                 ? clx_fail(error, CLX_INPUT, place, "%s table: column '%s' is missing; is it '%s'?", r->family->name,
                            name, near)
                 : clx_fail(error, CLX_INPUT, place, "%s table: column '%s' is missing", r->family->name, name);
  }
  r->power = clx_table_column(r->table, "power_w");
  return status;
}

clx_status clx_kernel_rows_read(clx_arena *arena, const clx_table *table, const clx_kernel_family *family,
                                const clx_device *device, bool measured, clx_kernel_rows *rows, clx_error *error) {
  reader r = {.arena = arena, .table = table, .family = family};
  CLX_TRY(find_columns(&r, measured, error));
  const size_t count = (size_t)table->row_count, columns = (size_t)family->column_count;
  *rows = (clx_kernel_rows){.family = family,
                            .file = table->file,
                            .count = table->row_count,
                            .shape = CLX_NEW_ARRAY(arena, double, count *columns + 1),
                            .format = CLX_NEW_ARRAY(arena, clx_kernel_format, count + 1),
                            .time = CLX_NEW_ARRAY(arena, double, count + 1),
                            .power = CLX_NEW_ARRAY(arena, double, count + 1),
                            .fold = CLX_NEW_ARRAY(arena, int32_t, count + 1),
                            .class_index = CLX_NEW_ARRAY(arena, int32_t, count + 1),
                            .bad_time = CLX_NEW_ARRAY(arena, const char *, count + 1),
                            .reason = CLX_NEW_ARRAY(arena, const char *, count + 1)};
  if (!rows->shape || !rows->format || !rows->time || !rows->power || !rows->fold || !rows->class_index ||
      !rows->bad_time || !rows->reason) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  for (int32_t i = 0; i < rows->count; i++) {
    double *shape = &rows->shape[(size_t)i * columns];
    rows->reason[i] = read_shape(&r, device, i, &rows->format[i], shape);
    rows->bad_time[i] = read_time(&r, i, &rows->time[i]);
    read_power(&r, i, rows);
    if (measured && rows->reason[i] == NULL && rows->time[i] == 0)
      rows->reason[i] = rows->bad_time[i] != NULL ? rows->bad_time[i] : "latency_us is blank";
    if (rows->reason[i] != NULL) continue;
    rows->fold[i] = fold_of(family, shape);
    rows->class_index[i] = family->class_of(rows->format[i], shape);
  }
  return CLX_OK;
}
