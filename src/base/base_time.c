// Points in time as logs write them. No locale, no time zone of the machine.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

// A run of exactly `digits` digits; moves *at behind it.
static bool read_digits(const char **at, int32_t digits, int32_t *value) {
  *value = 0;
  for (int32_t i = 0; i < digits; i++, ++*at) {
    if (**at < '0' || **at > '9') return false;
    *value = 10 * *value + (**at - '0');
  }
  return true;
}

// Days from 1970-01-01 in the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
static int64_t days_from_civil(int64_t year, int32_t month, int32_t day) {
  const int64_t y = year - (month <= 2 ? 1 : 0), era = (y >= 0 ? y : y - 399) / 400, of_era = y - 400 * era;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool read_date(const char **at, double *time) {
  static const int32_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int32_t year = 0, month = 0, day = 0;
  if (!read_digits(at, 4, &year) || *(*at)++ != '-' || !read_digits(at, 2, &month) || *(*at)++ != '-' ||
      !read_digits(at, 2, &day))
    return false;
  if (month < 1 || month > 12) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (day < 1 || day > length[month - 1] + (month == 2 && leap ? 1 : 0)) return false;
  *time = 86400.0 * (double)days_from_civil(year, month, day);
  return true;
}

static bool read_clock(const char **at, double *time) {
  int32_t hour = 0, minute = 0, second = 0;
  double fraction = 0;
  if (!read_digits(at, 2, &hour) || *(*at)++ != ':' || !read_digits(at, 2, &minute)) return false;
  if (**at == ':') {
    ++*at;
    if (!read_digits(at, 2, &second)) return false;
    if (**at == '.') {
      ++*at;
      if (**at < '0' || **at > '9') return false;
      for (double unit = 0.1; **at >= '0' && **at <= '9'; ++*at, unit /= 10) fraction += unit * (**at - '0');
    }
  }
  if (hour > 23 || minute > 59 || second > 60) return false;
  *time += 3600.0 * hour + 60.0 * minute + second + fraction;
  return true;
}

// "Z", "+01:00", "+0100", "+01" or nothing.
static bool read_zone(const char **at, double *time) {
  int32_t hours = 0, minutes = 0;
  if (**at == '\0') return true;
  const char sign = *(*at)++;
  if (sign == 'Z' || sign == 'z') return true;
  if ((sign != '+' && sign != '-') || !read_digits(at, 2, &hours)) return false;
  if (**at == ':') ++*at;
  if (**at != '\0' && !read_digits(at, 2, &minutes)) return false;
  if (hours > 14 || minutes > 59) return false;
  *time += (sign == '+' ? -1 : 1) * (3600.0 * hours + 60.0 * minutes);
  return true;
}

static bool read_seconds(const char *text, double *time) {
  char *end = NULL;
  if (strpbrk(text, "xXnN") != NULL) return false;  // no hexadecimals, no inf, no nan
  const double value = strtod(text, &end);
  if (end == text || *end != '\0' || !isfinite(value)) return false;
  *time = value;
  return true;
}

bool clx_time_read(const char *text, double *time) {
  const char *at = text;
  double value = 0;
  if (strlen(text) < 8 || text[4] != '-') return read_seconds(text, time);
  if (!read_date(&at, &value)) return false;
  if (*at == 'T' || *at == 't' || *at == ' ') {
    at++;
    if (!read_clock(&at, &value) || !read_zone(&at, &value)) return false;
  }
  if (*at != '\0') return false;
  *time = value;
  return true;
}

// Year, month and day of a number of days (Hinnant, as above).
static void civil_from_days(int64_t days, int64_t *year, int32_t *month, int32_t *day) {
  const int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - 146097 * era;
  const int64_t of_cycle = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t of_year = of_era - (365 * of_cycle + of_cycle / 4 - of_cycle / 100), shifted = (5 * of_year + 2) / 153;
  *day = (int32_t)(of_year - (153 * shifted + 2) / 5) + 1;
  *month = (int32_t)(shifted < 10 ? shifted + 3 : shifted - 9);
  *year = of_cycle + 400 * era + (*month <= 2 ? 1 : 0);
}

void clx_time_write(double time, bool clock, char text[CLX_TIME_TEXT]) {
  static const double LEAST = -62135596800.0, MOST = 253402300799.0;  // years 1 to 9999
  const double t = floor(isfinite(time) ? fmin(fmax(time, LEAST), MOST) : LEAST);
  const int64_t days = (int64_t)floor(t / 86400), rest = (int64_t)t - 86400 * days;
  int64_t year;
  int32_t month, day;
  civil_from_days(days, &year, &month, &day);
  const int32_t hour = (int32_t)(rest / 3600), minute = (int32_t)(rest / 60 % 60), second = (int32_t)(rest % 60);
  if (clock)
    snprintf(text, CLX_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year % 10000, month, day, hour, minute, second);
  else
    snprintf(text, CLX_TIME_TEXT, "%04d-%02d-%02d", (int)year % 10000, month, day);
}
