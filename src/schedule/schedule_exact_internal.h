// A start has two bounds, both kept as lower bounds: bound[2 i] of start i, bound[2 i + 1] of -start i. A literal (x, v) says that bound x is
// at least v; its negation is (x ^ 1, 1 - v).
#pragma once

#include "schedule/schedule_exact.h"

typedef struct clx_exact_literal {
  int32_t x, v;
} clx_exact_literal;

typedef enum clx_exact_why {
  CLX_WHY_DECISION,
  CLX_WHY_ARC,     // of: an edge of x's graph
  CLX_WHY_CLAUSE,  // of: a clause
  CLX_WHY_TABLE,   // of: the unit in which others leave no room
  CLX_WHY_PAIR,    // of: an activity that cannot come later and not at the same time
} clx_exact_why;

typedef struct clx_exact_entry {
  int32_t x, value, old;
  int32_t before;  // entry of x before this one, -1
  int32_t level;
  int32_t why, of;
} clx_exact_entry;

// Edges that raise bounds: bound other[k] >= bound tail[k] + lag[k], those of tail x at first[x] .. first[x + 1] - 1.
typedef struct clx_exact_edges {
  int32_t *first, *tail, *other, *lag;
} clx_exact_edges;

enum { CLX_CLAUSE_SIZE, CLX_CLAUSE_LBD, CLX_CLAUSE_USE, CLX_CLAUSE_NEXT, CLX_CLAUSE_HEAD = 5 };  // NEXT: two

struct clx_exact {
  const clx_lean *lean;
  int32_t n;                        // activities; variable n is the makespan
  int32_t *duration;                // [n + 1]
  int32_t *bound, *root, *current;  // [2 n + 2] now; at the root; latest entry, -1
  int32_t *first;  // [2 n + 2] bound at the time of making: literal (x, v) has number at[x] + v - first[x]
  int64_t *at;
  clx_exact_edges edge;
  int32_t *pair_first, *pair;  // activities that never run at the same time

  clx_exact_entry *trail;
  int32_t trail_count, trail_room, read;  // read: entries whose consequences were drawn
  int32_t *level_start;
  int32_t level, level_room;

  // Clauses lie in one pool; watch lists are chains of (offset of clause) * 2 + which.
  int32_t *pool;
  int64_t pool_count, pool_room;
  int32_t *watch;  // by number of the literal that became true
  int64_t learned, learned_most;
  bool failed;  // out of memory
  bool empty;   // nothing is left at all
  bool started;

  // Profile: capacity less compulsory parts.
  uint64_t *profile;
  int32_t *part_from, *part_to;  // [n] included
  int32_t *dirty;
  bool *is_dirty;
  int32_t dirty_count;
  bool *unchecked;               // [n] bounds moved since capacities were last asked about it
  int32_t grown_from, grown_to;  // units in which the profile has grown since all were asked

  // Analysis.
  int32_t *need, *need_entry;  // [2 n + 2] value (INT32_MIN = none), its entry
  int32_t *needed;             // stack of x
  int32_t needed_count, open;  // open: needs of the conflict's level
  int32_t conflict_level;
  clx_exact_literal *learnt;
  int32_t learnt_count;
  int32_t *cover, *cover_entry;  // [n] work space of explanations
  int64_t *level_seen, level_stamp;

  // Order of decisions: literals of starts by activity, in a heap.
  int64_t *atom_at;  // [n + 1] first atom of a start: (2 i, first + 1 + k)
  int32_t *atom_of;  // [atoms]
  double *heat;      // [atoms]
  int32_t *heap, *heap_place;
  int32_t heap_count;
  double heat_step;

  int32_t *guide;  // [n + 1] starts to stay near to
  bool guided;
  bool (*stop)(void *context);
  void *context;
  clx_exact_effort effort;
};

static inline int32_t clx_exact_most(const clx_exact *s, int32_t x) { return -s->bound[x ^ 1]; }
static inline bool clx_exact_true(const clx_exact *s, clx_exact_literal l) { return s->bound[l.x] >= l.v; }
static inline bool clx_exact_false(const clx_exact *s, clx_exact_literal l) { return s->bound[l.x ^ 1] >= 1 - l.v; }
static inline clx_exact_literal clx_exact_not(clx_exact_literal l) { return (clx_exact_literal){l.x ^ 1, 1 - l.v}; }

// Raises a bound. False: it would cross the other one; the conflict is noted then.
bool clx_exact_raise(clx_exact *s, int32_t x, int32_t value, int32_t why, int32_t of);
// A fact that the conflict (or the entry being explained) rests on.
void clx_exact_need(clx_exact *s, int32_t x, int32_t v);
void clx_exact_conflict_begin(clx_exact *s);
// Needs of what raised x to v at entry p (or would, p = trail_count).
void clx_exact_explain(clx_exact *s, int32_t p, int32_t x, int32_t v, int32_t why, int32_t of);
// From the noted conflict: learns a clause, goes back and asserts it. False: there is nothing to go back to.
bool clx_exact_learn(clx_exact *s);
void clx_exact_back(clx_exact *s, int32_t level);
bool clx_exact_level_up(clx_exact *s);
bool clx_exact_start(clx_exact *s);  // what links and pairs say of the first bounds; false: a conflict
// Everything that follows; false with the conflict noted.
bool clx_exact_propagate(clx_exact *s);
void clx_exact_forget(clx_exact *s);  // at the root: the less useful half of the clauses
int32_t clx_exact_bound_before(const clx_exact *s, int32_t x, int32_t p);  // value of bound x before entry p

// Profile.
bool clx_exact_table(clx_exact *s);
void clx_exact_table_explain(clx_exact *s, int32_t p, int32_t i,
                             int32_t t);  // why there is no room for i (-1: at all) in unit t
void clx_exact_soil(clx_exact *s, int32_t i);

// Heap.
void clx_exact_heat(clx_exact *s, int32_t x, int32_t v);
void clx_exact_cool(clx_exact *s);
void clx_exact_heap_return(clx_exact *s, int32_t x, int32_t from, int32_t to);  // literals that are open again
bool clx_exact_decide(clx_exact *s, clx_exact_literal *out);                    // false: all starts are fixed
