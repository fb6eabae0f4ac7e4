// Between the files of the calibration of training.
#pragma once

#include "calibrate/calibrate_internal.h"
#include "calibrate/calibrate_training.h"

enum { CLX_ENTRIES_MAX = 64 };

// Entries of one kind that the samples name.
typedef struct clx_holders {
  const void *entry[CLX_ENTRIES_MAX];  // clx_software or clx_device
  const char *name[CLX_ENTRIES_MAX];
  int32_t rows[CLX_ENTRIES_MAX];
  int32_t count;
  int32_t *of;  // of each sample
} clx_holders;

clx_status clx_holders_find(clx_arena *arena, const clx_training_sample *samples, int32_t count, clx_holder holder,
                            clx_holders *out, clx_error *error);

// The constants that the entries have, by key and value, without those that are neutral or at the end of what the schema allows (a feature
// that is absent, or whole). `room` of them at most.
clx_status clx_training_constants_find(clx_arena *arena, const clx_holders holders[CLX_HOLDERS],
                                       const clx_software *reference, const char *keys,
                                       clx_calibrated_constant *constant, int32_t room, int32_t *count,
                                       clx_error *error);
