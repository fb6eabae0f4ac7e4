// What people write into the cells of tables of collectives: systems, links, algorithms, exchanges of tokens.
#include <stdlib.h>
#include <string.h>

#include "validate/validate_internal.h"

// --- devices --------------------------------------------------------------------------------------------------------------

enum { WORDS_MAX = 40, RUN_MAX = 5, NAMES_MAX = 256 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "8xH100" names an H100.
static const char *without_count(const char *word) {
  const char *at = word;
  while (is_digit(*at)) at++;
  return at > word && (*at == 'x' || *at == 'X') && at[1] != '\0' ? at + 1 : word;
}

static int32_t split(clx_arena *arena, const char *text, const char *word[WORDS_MAX]) {
  static const char BETWEEN[] = " \t,;:()[]/+-_";
  int32_t count = 0;
  while (*text != '\0' && count < WORDS_MAX) {
    text += strspn(text, BETWEEN);
    const size_t length = strcspn(text, BETWEEN);
    if (length == 0) break;
    const char *copy = clx_arena_copy(arena, text, length);
    if (copy == NULL) return -1;
    word[count++] = without_count(copy);
    text += length;
  }
  return count;
}

static const char *join(clx_arena *arena, const char *const *word, int32_t count) {
  const char *text = word[0];
  for (int32_t i = 1; i < count && text != NULL; i++) text = clx_arena_format(arena, "%s-%s", text, word[i]);
  return text;
}

static const char *nearest_device(const clx_catalog *catalog, const char *const *word, int32_t words) {
  const char *known[NAMES_MAX];
  int32_t count = 0;
  while (count < NAMES_MAX && (known[count] = clx_catalog_name(catalog, "device", count)) != NULL) count++;
  for (int32_t i = 0; i < words; i++) {
    const char *near = strlen(word[i]) > 2 ? clx_nearest(word[i], known, count) : NULL;
    if (near != NULL) return near;
  }
  return NULL;
}

const char *clx_system_device(clx_arena *arena, const clx_catalog *catalog, const char *system, const char **problem) {
  const char *word[WORDS_MAX], *best = NULL, *rival = NULL;
  size_t longest = 0;
  const int32_t words = split(arena, system, word);
  *problem = words < 0 ? "out of memory" : "column 'system' is blank";
  if (words <= 0) return NULL;
  for (int32_t first = 0; first < words; first++) {
    for (int32_t count = 1; count <= RUN_MAX && first + count <= words; count++) {
      const char *run = join(arena, &word[first], count);
      const char *device = clx_catalog_canonical(catalog, "device", run);
      if (device == NULL || strlen(run) < longest) continue;
      rival = strlen(run) == longest && !clx_text_equal(best, device) ? device : NULL;
      best = strlen(run) == longest && rival != NULL ? best : device;
      longest = strlen(run);
    }
  }
  if (best != NULL && rival == NULL) return best;
  const char *near = best == NULL ? nearest_device(catalog, word, words) : NULL;
  if (best != NULL) {
    *problem = clx_arena_format(arena, "system '%.80s' names both %s and %s", system, best, rival);
  } else if (near != NULL) {
    *problem =
        clx_arena_format(arena, "system '%.80s' names no device of the catalogue; did you mean '%s'?", system, near);
  } else {
    *problem = clx_arena_format(arena, "system '%.80s' names no device of the catalogue", system);
  }
  if (*problem == NULL) *problem = "out of memory";
  return NULL;
}

// --- numbers in texts --------------------------------------------------------------------------------------------------------

// The number behind the first `mark` that has one.
static double number_behind(const char *text, const char *mark) {
  for (const char *at = strstr(text, mark); at != NULL; at = strstr(at + 1, mark)) {
    const char *number = at + strlen(mark);
    if (is_digit(*number)) return strtod(number, NULL);
  }
  return 0;
}

int32_t clx_text_domain(const char *text) {
  const double gpus = number_behind(text, "NVL");
  return gpus >= 2 && gpus <= 4096 ? (int32_t)gpus : 0;
}

double clx_text_nics(const char *text) {
  for (const char *at = text; *at != '\0'; at++) {
    char *end = NULL;
    if (!is_digit(*at) || (at > text && is_digit(at[-1]))) continue;
    const long count = strtol(at, &end, 10);
    if (*end != 'x' || !is_digit(end[1])) continue;
    const long rate = strtol(end + 1, &end, 10);
    if (strncmp(end, "Gb", 2) == 0 && count > 0 && count <= 64 && rate > 0 && rate <= 100000)
      return (double)count * (double)rate * 1e9 / 8;
  }
  return 0;
}

// --- links and algorithms ------------------------------------------------------------------------------------------------------

typedef struct pattern {
  const char *text;
  int32_t means;
} pattern;

static int32_t first_match(const pattern *list, int32_t count, const char *text) {
  for (int32_t i = 0; i < count; i++) {
    if (clx_text_match(list[i].text, text)) return list[i].means;
  }
  return -1;
}

int32_t clx_text_links(const char *text) {
  static const pattern known[] = {{"*pairwise*", CLX_LINKS_BRIDGE}, {"*bridge*", CLX_LINKS_BRIDGE},
                                  {"*XGMI*", CLX_LINKS_MESH},       {"*infinity fabric*", CLX_LINKS_MESH},
                                  {"*mesh*", CLX_LINKS_MESH},       {"*NVSwitch*", CLX_LINKS_SWITCH},
                                  {"*NVL72*", CLX_LINKS_SWITCH}};
  return first_match(known, CLX_COUNT(known), text);
}

int32_t clx_text_algorithm(const char *text) {
  static const pattern known[] = {{"ring", CLX_ALGORITHM_RING},        {"tree", CLX_ALGORITHM_TREE},
                                  {"nvls", CLX_ALGORITHM_NVLS},        {"nvls*tree", CLX_ALGORITHM_NVLS_TREE},
                                  {"pat", CLX_ALGORITHM_PAT},          {"collnet*", CLX_ALGORITHM_COLLNET},
                                  {"sharp", CLX_ALGORITHM_COLLNET},    {"direct", CLX_ALGORITHM_DIRECT},
                                  {"pxn", CLX_ALGORITHM_HIERARCHICAL}, {"hierarchical", CLX_ALGORITHM_HIERARCHICAL}};
  return first_match(known, CLX_COUNT(known), text);
}

int32_t clx_notes_algorithm(const char *notes) {
  // What was forced stands before what is only mentioned.
  static const pattern known[] = {{"*NVLS_ENABLE=0*", CLX_ALGORITHM_RING},
                                  {"*tree effect*", -1},
                                  {"*ring/tree*", -1},
                                  {"*, no SHARP*", CLX_ALGORITHM_RING},
                                  {"*IB SHARP*", CLX_ALGORITHM_COLLNET},
                                  {"*NVLink SHARP*", CLX_ALGORITHM_NVLS},
                                  {"*NVLSTree*", CLX_ALGORITHM_NVLS_TREE},
                                  {"*algo: NVLS*", CLX_ALGORITHM_NVLS},
                                  {"*algo: Ring*", CLX_ALGORITHM_RING},
                                  {"*= Ring*", CLX_ALGORITHM_RING},
                                  {"*, Ring*", CLX_ALGORITHM_RING},
                                  {"*; Ring*", CLX_ALGORITHM_RING}};
  return first_match(known, CLX_COUNT(known), notes);
}

// --- exchanges of tokens ----------------------------------------------------------------------------------------------------

// The number before " tokens", with K for thousands of 1024 ("8K tokens").
static double tokens_of(const char *notes) {
  const char *mark = strstr(notes, " tokens");
  if (mark == NULL || mark == notes) return 0;
  const char *first = mark;
  const bool kilo = first > notes && (first[-1] == 'K' || first[-1] == 'k');
  if (kilo) first--;
  while (first > notes && is_digit(first[-1])) first--;
  return is_digit(*first) ? strtod(first, NULL) * (kilo ? 1024 : 1) : 0;
}

static void take(double *value, double found) {
  if (found >= 1 && found <= 1e9) *value = found;
}

void clx_notes_tokens(const char *notes, clx_token_shape *shape) {
  take(&shape->tokens, tokens_of(notes));
  take(&shape->hidden, number_behind(notes, "hidden "));
  take(&shape->top_k, number_behind(notes, "top-"));
  take(&shape->experts, number_behind(notes, "experts "));
  const char *groups = strstr(notes, " groups");
  if (groups != NULL && strstr(notes, "(top-") != NULL) take(&shape->groups, number_behind(notes, "(top-"));
  shape->low_latency = shape->low_latency || strstr(notes, "low-latency") != NULL;
}
