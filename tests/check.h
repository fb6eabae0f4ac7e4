// What every cmocka test includes: cmocka itself with what it needs, and a comparison of doubles (cmocka's narrows to float).
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// Fails unless |got - want| <= rel |want| + abs.
#define CLX_CHECK_NEAR(got, want, rel, abs)                                     \
  do {                                                                          \
    const double check_got_ = (got), check_want_ = (want);                      \
    if (!(fabs(check_got_ - check_want_) <= (rel)*fabs(check_want_) + (abs))) { \
      fail_msg("%s is %.12g, expected %.12g", #got, check_got_, check_want_);   \
    }                                                                           \
  } while (0)
