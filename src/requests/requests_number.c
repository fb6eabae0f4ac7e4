// Decimal numbers of traces, to the last bit.
#include <stdlib.h>

#include "requests/requests_internal.h"

static bool is_digit(const char *at, const char *end) { return at < end && *at >= '0' && *at <= '9'; }

// Behind the point; digits that the mantissa has no room for are nothing that a double could tell.
static void read_fraction(const char **at, const char *end, clx_decimal *number) {
  bool full = number->exponent > 0;
  for (; is_digit(*at, end); ++*at) {
    const uint64_t digit = (uint64_t)(**at - '0');
    full = full || number->mantissa > (UINT64_MAX - digit) / 10;
    if (full) continue;
    number->mantissa = 10 * number->mantissa + digit;
    number->exponent--;
  }
}

// Digits that the mantissa has no room for count as zeros.
static void read_whole(const char **at, const char *end, clx_decimal *number) {
  for (; is_digit(*at, end); ++*at) {
    const uint64_t digit = (uint64_t)(**at - '0');
    if (number->exponent == 0 && number->mantissa <= (UINT64_MAX - digit) / 10)
      number->mantissa = 10 * number->mantissa + digit;
    else if (number->exponent < 100000)
      number->exponent++;
  }
}

static bool read_exponent(const char **at, const char *end, int32_t *exponent) {
  const bool negative = *at < end && **at == '-';
  int32_t value = 0;
  if (*at < end && (**at == '-' || **at == '+')) ++*at;
  if (!is_digit(*at, end)) return false;
  for (; is_digit(*at, end); ++*at) value = value < 100000 ? 10 * value + (**at - '0') : value;
  *exponent += negative ? -value : value;
  return true;
}

bool clx_decimal_read(const char **at, const char *end, clx_decimal *number) {
  const char *p = *at;
  *number = (clx_decimal){.negative = p < end && *p == '-'};
  if (number->negative) p++;
  if (!is_digit(p, end) || (*p == '0' && is_digit(p + 1, end))) return false;
  read_whole(&p, end, number);
  if (p < end && *p == '.') {
    if (!is_digit(++p, end)) return false;
    read_fraction(&p, end, number);
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (!read_exponent(&p, end, &number->exponent)) return false;
  }
  *at = p;
  return true;
}

double clx_decimal_value(const clx_decimal *number, int32_t shift) {
  static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const int32_t exponent = number->exponent + shift;
  const double sign = number->negative ? -1 : 1;
  if (number->mantissa <= (uint64_t)1 << 53 && exponent >= -22 && exponent <= 22) {
    const double mantissa = (double)number->mantissa;  // exact, and so is the power: one rounding
    return sign * (exponent < 0 ? mantissa / power[-exponent] : mantissa * power[exponent]);
  }
  char text[64];
  snprintf(text, sizeof text, "%llue%d", (unsigned long long)number->mantissa, (int)exponent);
  return sign * strtod(text, NULL);
}

bool clx_decimal_whole(const clx_decimal *number, int64_t *value) {
  clx_decimal n = *number;
  for (; n.exponent < 0 && n.mantissa % 10 == 0 && n.mantissa > 0; n.exponent++) n.mantissa /= 10;
  if (n.mantissa == 0) n.exponent = 0;
  for (; n.exponent > 0 && n.mantissa <= UINT64_MAX / 10; n.exponent--) n.mantissa *= 10;
  if (n.exponent != 0 || (n.negative && n.mantissa > (uint64_t)1 << 63)) return false;
  const uint64_t bits = n.negative ? ~n.mantissa + 1 : n.mantissa;
  *value = bits <= INT64_MAX ? (int64_t)bits : (int64_t)(bits - ((uint64_t)1 << 63)) + INT64_MIN;
  return true;
}
