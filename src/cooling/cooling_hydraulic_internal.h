// Between the files of the pipe networks only.
#pragma once

#include "cooling/cooling_hydraulic.h"

// One branch's numbers; CLX_INPUT names it and what was expected.
clx_status clx_branch_check(const clx_hydraulic *net, const clx_branch *branch, clx_error *error);
bool clx_branch_resists(const clx_branch *branch);
double clx_branch_guess(const clx_hydraulic *net,
                        const clx_branch *branch);               // m3/s, > 0: of the order of what it is made for
bool clx_branch_overrun(const clx_branch *branch, double flow);  // a pump beyond its curve, a check valve pressed open
// [node_count] each: whether a node's pressure is known, fixed or (at 0) as the first node of a part without any; and that first node, -1 in
// parts with a fixed pressure.
void clx_hydraulic_references(const clx_hydraulic *net, bool *given, int32_t *part);
