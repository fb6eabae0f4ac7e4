// The law of time of a model on processors with unified memory for the event simulation (src/engine).
#pragma once

#include "engine/engine.h"
#include "serving/serving_unified.h"

// One rank, pp stages. `unified` passes clx_unified_check and outlives the law. O(chunks).
clx_step_law clx_unified_law(const clx_unified *unified);
