// What the files of training share.
#pragma once

#include "training/training.h"

// A collective that runs beside compute takes processors and memory bandwidth from it: this share of the time both run.
// NCCL holds 16 to 24 of 132 processors on Hopper.
#define CLX_OVERLAP_COST 0.12
