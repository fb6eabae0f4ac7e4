// Between the files of calibrate that fit failure logs.
#pragma once

#include "calibrate/calibrate_reliability.h"

// Events of one kind, or of all causes and symptoms (kind -1).
bool clx_log_counts(const clx_failure_log *log, const clx_log_event *event, int32_t kind);

void clx_cluster_fit_make(const clx_failure_log *log, int32_t kind, clx_cluster_fit *fit);
// Units with more events than chance allows, at a share of `level` false ones. Needs exposure by unit.
clx_status clx_lemons_find(clx_arena *arena, double level, clx_failure_calibration *calibration, clx_error *error);
void clx_position_fit_make(const clx_failure_log *log, double confidence, clx_position_fit *fit);
