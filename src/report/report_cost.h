// The courses of a result about cost (twin/twin_cost.h), for the files report_cost*.c.
#pragma once

#include "report/report_internal.h"

enum { CLX_COST_COURSES = 8, CLX_COST_NAME = 64 };

// Courses in the order of the section.
typedef struct clx_cost_courses {
  const clx_result *result;
  char name[CLX_COST_COURSES][CLX_COST_NAME];  // as in the names of quantities
  int32_t count;
} clx_cost_courses;

clx_cost_courses clx_cost_courses_of(const clx_result *result);
// cost.course.NAME.WHAT of course `index`; NULL when it is absent. And as a fact.
const clx_quantity *clx_cost_course(const clx_cost_courses *courses, int32_t index, const char *what);
const char *clx_cost_course_fact(const clx_cost_courses *courses, int32_t index, const char *what);
const char *clx_cost_course_title(const clx_cost_courses *courses, int32_t index);
