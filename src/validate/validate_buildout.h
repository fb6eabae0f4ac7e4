// Cases of buildout (key `buildout`): how well durations of published sites are met, by name. docs/tables.md lists the figures.
#pragma once

#include "validate/validate_cases.h"

clx_status clx_case_buildout_open(clx_case_run *run, clx_error *error);
clx_status clx_case_buildout_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error);
