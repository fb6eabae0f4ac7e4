// Cases of cooling (key `cooling`): figures of one part by name. docs/tables.md lists the figures.
#pragma once

#include "validate/validate_cases.h"

clx_status clx_case_cooling_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error);
