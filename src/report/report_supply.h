// Results about supply by their names (twin/twin_supply.h), for the files report_supply*.c.
#pragma once

#include "report/report_internal.h"
#include "report/report_power.h"

enum { CLX_ORDERS_NAMES = 32, CLX_ORDERS_NAME = 64, CLX_ORDERS_DATE = 16 };

typedef struct clx_orders_names {
  const clx_result *result;
  const char *kind;  // "order"
  char name[CLX_ORDERS_NAMES][CLX_ORDERS_NAME];
  int32_t count, more;
} clx_orders_names;

// All NAME of quantities supply.KIND.NAME.WHAT, in the order of the result.
clx_orders_names clx_orders_names_of(const clx_result *result, const char *kind, const char *what);
// supply.KIND.NAME.WHAT of one of them; its title for people.
const clx_quantity *clx_orders_find(const clx_orders_names *names, int32_t index, const char *what);
double clx_orders_value(const clx_orders_names *names, int32_t index, const char *what, double otherwise);
const char *clx_orders_fact(const clx_orders_names *names, int32_t index, const char *what);
const char *clx_orders_title(const clx_orders_names *names, int32_t index);
// A series supply.KIND.NAME.WHAT.
const double *clx_orders_series(const clx_orders_names *names, int32_t index, const char *what, const double **x,
                                int32_t *count);
// s since 1970 of the start of the section; 0 where it is absent.
double clx_orders_start(const clx_result *result);
// "2024-09-02" of s since 1970.
const char *clx_orders_date(double time, char *text);
// Year and month (1 to 12) of it.
void clx_orders_month(double time, int32_t *year, int32_t *month);
