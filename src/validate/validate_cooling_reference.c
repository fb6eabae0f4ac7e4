#include "validate/validate_cooling_internal.h"
const clx_cooling_figures clx_cooling_figures_reference = {NULL, 0};
