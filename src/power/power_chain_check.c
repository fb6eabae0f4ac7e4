// Whether equipment and chains can be: each refusal names the entry or level, the value read and what was expected.
#include <math.h>

#include "power/power_chain.h"

static const char *name_of(const char *name) { return name == NULL ? "(no name)" : name; }

static clx_status check_points(const clx_conversion *c, clx_place place, clx_error *error) {
  const char *name = name_of(c->name);
  for (int32_t i = 0; i < c->curve_count; i++) {
    if (!(c->curve[i] > 0 && c->curve[i] <= 1)) {
      return clx_fail(error, CLX_INPUT, place, "conversion '%s': curve: an efficiency is above 0 and up to 1, read %g",
                      name, c->curve[i]);
    }
    if (!(c->load[i] > (i > 0 ? c->load[i - 1] : 0)) || !isfinite(c->load[i])) {
      return clx_fail(error, CLX_INPUT, place, "conversion '%s': load: shares rise from above 0, read %g after %g",
                      name, c->load[i], i > 0 ? c->load[i - 1] : 0);
    }
    if (i > 0 && !(c->load[i] / c->curve[i] > c->load[i - 1] / c->curve[i - 1])) {
      return clx_fail(error, CLX_INPUT, place,
                      "conversion '%s': curve: at %g of the rating it would take less than at %g; the efficiency may "
                      "not rise that fast",
                      name, c->load[i], c->load[i - 1]);
    }
  }
  return CLX_OK;
}

static clx_status check_curve(const clx_conversion *c, clx_place place, clx_error *error) {
  const char *name = name_of(c->name);
  if (c->load_count != c->curve_count) {
    return clx_fail(error, CLX_INPUT, place, "conversion '%s': %d shares in `load` and %d efficiencies in `curve`",
                    name, c->load_count, c->curve_count);
  }
  if (c->curve_count == 0) return CLX_OK;
  if (c->efficiency != 0 || c->fixed != 0 || c->load_loss != 0) {
    return clx_fail(error, CLX_INPUT, place,
                    "conversion '%s': either a curve or efficiency, fixed and load_loss, not both", name);
  }
  return check_points(c, place, error);
}

clx_status clx_conversion_check(const clx_conversion *c, clx_place place, clx_error *error) {
  const char *name = name_of(c->name);
  const struct {
    const char *key;
    double value;
  } positive[] = {{"rating", c->rating},   {"fixed", c->fixed},      {"load_loss", c->load_loss},
                  {"storage", c->storage}, {"peak", c->peak},        {"peak_time", c->peak_time},
                  {"ride", c->ride},       {"transfer", c->transfer}};
  for (int32_t i = 0; i < CLX_COUNT(positive); i++) {
    if (!(positive[i].value >= 0) || !isfinite(positive[i].value)) {
      return clx_fail(error, CLX_INPUT, place, "conversion '%s': %s is a finite number of at least 0, read %g", name,
                      positive[i].key, positive[i].value);
    }
  }
  CLX_TRY(check_curve(c, place, error));
  if (c->curve_count == 0 && !(c->efficiency > 0 && c->efficiency <= 1)) {
    return clx_fail(error, CLX_INPUT, place, "conversion '%s': efficiency: expected above 0 and up to 1, read %g", name,
                    c->efficiency);
  }
  if (c->rating == 0 && (c->curve_count > 0 || c->load_loss > 0)) {
    return clx_fail(error, CLX_INPUT, place, "conversion '%s': losses by share of the load need a rating above 0 W",
                    name);
  }
  return CLX_OK;
}

static clx_place place_of(const clx_chain_level_spec *level, clx_place place) {
  return level->place.line > 0 ? level->place : place;
}

static clx_status check_numbers(const clx_chain_level_spec *l, clx_place place, clx_error *error) {
  const struct {
    const char *key, *expected;
    double value;
    bool good;
  } rules[] = {
      {"share", "at least 1", l->share, l->share >= 1},
      {"carriers", "at least 0", l->carriers, l->carriers >= 0},
      {"derating", "above 0 and up to 1", l->derating, l->derating > 0 && l->derating <= 1},
      {"oversubscription", "above 0", l->oversubscription, l->oversubscription > 0},
      {"static", "at least 0 W", l->static_load, l->static_load >= 0},
  };
  for (int32_t i = 0; i < CLX_COUNT(rules); i++) {
    if (!rules[i].good || !isfinite(rules[i].value)) {
      return clx_fail(error, CLX_INPUT, place, "chain level '%s': %s: expected a finite number %s, read %g", l->name,
                      rules[i].key, rules[i].expected, rules[i].value);
    }
  }
  return CLX_OK;
}

static clx_status check_equipment(const clx_chain_level_spec *l, clx_place place, clx_error *error) {
  if (l->own && l->conversion != NULL) {
    return clx_fail(error, CLX_INPUT, place, "chain level '%s': either own supplies or conversion '%s', not both",
                    l->name, l->conversion);
  }
  if (l->own && ((l->per != CLX_CHAIN_PER_SERVER && l->per != CLX_CHAIN_PER_RACK) || l->share != 1)) {
    return clx_fail(error, CLX_INPUT, place,
                    "chain level '%s': own supplies are those of one server or one rack (per: server or rack, share 1)",
                    l->name);
  }
  return CLX_OK;
}

clx_status clx_chain_check(const clx_chain_spec *spec, clx_place place, clx_error *error) {
  if (spec->level_count > CLX_CHAIN_LEVELS_MAX) {
    return clx_fail(error, CLX_INPUT, place, "a power chain of %d levels; up to %d are possible", spec->level_count,
                    CLX_CHAIN_LEVELS_MAX);
  }
  for (int32_t i = 0; i < spec->level_count; i++) {
    const clx_chain_level_spec *l = &spec->level[i];
    const clx_place at = place_of(l, place);
    if (l->name == NULL || l->name[0] == 0) return clx_fail(error, CLX_INPUT, at, "chain level %d has no name", i + 1);
    for (int32_t k = 0; k < i; k++) {
      if (clx_text_equal(spec->level[k].name, l->name))
        return clx_fail(error, CLX_INPUT, at, "two chain levels of the name '%s'", l->name);
    }
    if (i == 0 && l->per == CLX_CHAIN_PER_LEVEL) {
      return clx_fail(error, CLX_INPUT, at, "chain level '%s': the lowest level has none before it (per: level)",
                      l->name);
    }
    CLX_TRY(check_numbers(l, at, error));
    CLX_TRY(check_equipment(l, at, error));
  }
  return CLX_OK;
}
