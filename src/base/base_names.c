// Names numbered in the order in which they are first seen: open addressing over FNV-1a.
#include <string.h>

#include "base/base.h"

static uint64_t hash_of(const char *text, size_t length) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
  return hash ^ hash >> 32;
}

// The slot of a name, or the free one where it belongs; the table is never full.
static int32_t *slot_of(const clx_names *names, const char *text, size_t length) {
  const uint64_t mask = (uint64_t)names->slots - 1;
  for (uint64_t s = hash_of(text, length) & mask;; s = (s + 1) & mask) {
    const int32_t index = names->slot[s] - 1;
    if (index < 0 || (strncmp(names->name[index], text, length) == 0 && names->name[index][length] == '\0'))
      return &names->slot[s];
  }
}

static bool grow(clx_arena *arena, clx_names *names) {
  const int32_t slots = names->slots == 0 ? 64 : 2 * names->slots;
  const char **name = CLX_NEW_ARRAY(arena, const char *, slots / 2);
  int32_t *slot = CLX_NEW_ARRAY(arena, int32_t, slots);
  if (name == NULL || slot == NULL) return false;
  if (names->count > 0) memcpy(name, names->name, (size_t)names->count * sizeof *name);
  names->name = name;
  names->slot = slot;
  names->slots = slots;
  for (int32_t i = 0; i < names->count; i++) *slot_of(names, name[i], strlen(name[i])) = i + 1;
  return true;
}

int32_t clx_names_find(const clx_names *names, const char *text, size_t length) {
  return names->slots == 0 ? -1 : *slot_of(names, text, length) - 1;
}

int32_t clx_names_add(clx_arena *arena, clx_names *names, const char *text, size_t length) {
  if (2 * (names->count + 1) > names->slots && !grow(arena, names)) return -1;
  int32_t *slot = slot_of(names, text, length);
  if (*slot > 0) return *slot - 1;
  const char *copy = clx_arena_copy(arena, text, length);
  if (copy == NULL) return -1;
  names->name[names->count] = copy;
  *slot = ++names->count;
  return names->count - 1;
}
