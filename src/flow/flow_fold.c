// The coarsest equitable partition of flows and links, and the instance of its classes. Two flows are of one class when they
// cross links of the same classes with the same loads, two links when flows of the same classes load them alike; what is alike
// so gets the same rate. Colour refinement with a worklist of splitters and Hopcroft's rule, to queue all parts of a split
// class but the largest: O(entries log entries) for loads of 1 (Cardon and Crochemore, Theoretical Computer Science 19, 1982;
// Berkholz, Bonsma and Grohe, Theory of Computing Systems 60, 2017).
#include <math.h>
#include <string.h>

#include "flow/flow_internal.h"

// Vertices: links, then flows. Those of one class stand together in `order`.
typedef struct partition {
  const clx_flows *flat;
  int32_t links, vertices;
  int32_t *flow_first, *flow_of;  // flows of every link
  int32_t *order, *position;      // vertex at a position, position of a vertex
  int32_t *class_of;              // by vertex
  int32_t *start, *end;           // by class, in `order`
  int32_t *met;                   // by class: vertices that the splitter met, at its start
  int32_t class_count;
  double *degree;      // by vertex: load shared with the splitter, 0 between splitters
  int32_t *met_class;  // classes that the splitter met
  int32_t *queue;      // splitters
  bool *queued;        // by class
  int32_t queue_count;
  double tolerance;  // degrees that differ by less, relative, are one
} partition;

// Sums of loads that are not integers differ in their last bits with the order of their terms.
static const double SAME_LOAD = 1e-12;

static void swap(partition *p, int32_t a, int32_t b) {
  const int32_t x = p->order[a], y = p->order[b];
  p->order[a] = y;
  p->order[b] = x;
  p->position[y] = a;
  p->position[x] = b;
}

static void enqueue(partition *p, int32_t class) {
  if (p->queued[class]) return;
  p->queued[class] = true;
  p->queue[p->queue_count++] = class;
}

// Sorts positions from ... to - 1 by degree: quicksort in three parts, O(n log(different degrees)), the smaller side first so
// that the stack stays short.
static void sort_by_degree(partition *p, int32_t from, int32_t to) {
  while (to - from > 1) {
    const double pivot = p->degree[p->order[from + (to - from) / 2]];
    int32_t less = from, more = to;
    for (int32_t at = from; at < more;) {
      const double degree = p->degree[p->order[at]];
      if (degree < pivot) {
        swap(p, at++, less++);
      } else if (degree > pivot) {
        swap(p, at, --more);
      } else {
        at++;
      }
    }
    if (less - from < to - more) {
      sort_by_degree(p, from, less);
      from = more;
    } else {
      sort_by_degree(p, more, to);
      to = less;
    }
  }
}

// Makes a class of positions from ... to - 1 of another one.
static int32_t add_class(partition *p, int32_t from, int32_t to) {
  const int32_t class = p->class_count++;
  p->start[class] = from;
  p->end[class] = to;
  p->met[class] = 0;
  p->queued[class] = false;
  for (int32_t at = from; at < to; at++) p->class_of[p->order[at]] = class;
  return class;
}

static bool is_same(const partition *p, double a, double b) { return a == b || fabs(a - b) <= p->tolerance * a; }

// The end of the run of equal degrees that begins at a position.
static int32_t run_end(const partition *p, int32_t from, int32_t to) {
  const double degree = p->degree[p->order[from]];
  int32_t at = from + 1;
  while (at < to && is_same(p, degree, p->degree[p->order[at]])) at++;
  return at;
}

// Splits a class whose vertices up to `middle` were met, sorted by degree. The largest part keeps the name of the class and
// its place in the queue, if any; all others are queued.
static void split(partition *p, int32_t class, int32_t middle) {
  const int32_t start = p->start[class], end = p->end[class];
  int32_t best_from = middle, best_to = end;
  for (int32_t from = start; from < middle;) {
    const int32_t to = run_end(p, from, middle);
    if (to - from > best_to - best_from) {
      best_from = from;
      best_to = to;
    }
    from = to;
  }
  for (int32_t from = start; from < middle;) {
    const int32_t to = run_end(p, from, middle);
    if (from != best_from) enqueue(p, add_class(p, from, to));
    from = to;
  }
  if (best_from != middle && middle < end) enqueue(p, add_class(p, middle, end));
  p->start[class] = best_from;
  p->end[class] = best_to;
}

static void meet(partition *p, int32_t vertex, double load, int32_t *classes) {
  const int32_t class = p->class_of[vertex];
  if (p->degree[vertex] == 0) {
    if (p->met[class] == 0) p->met_class[(*classes)++] = class;
    swap(p, p->position[vertex], p->start[class] + p->met[class]++);
  }
  p->degree[vertex] += load;
}

static double load_of(const clx_flows *flat, int32_t e) { return flat->load != NULL ? flat->load[e] : 1; }

static double load_on(const clx_flows *flat, int32_t i, int32_t l) {
  if (flat->load == NULL) return 1;
  for (int32_t e = flat->first[i]; e < flat->first[i + 1]; e++) {
    if (flat->link[e] == l) return flat->load[e];
  }
  return 0;
}

// Neighbours of the vertices of a class, with their loads. A class holds links only or flows only, so that it stays as it is.
static int32_t meet_neighbours(partition *p, int32_t class) {
  int32_t classes = 0;
  for (int32_t at = p->start[class]; at < p->end[class]; at++) {
    const int32_t v = p->order[at];
    if (v < p->links) {
      for (int32_t k = p->flow_first[v]; k < p->flow_first[v + 1]; k++) {
        meet(p, p->links + p->flow_of[k], load_on(p->flat, p->flow_of[k], v), &classes);
      }
    } else {
      const int32_t i = v - p->links;
      for (int32_t e = p->flat->first[i]; e < p->flat->first[i + 1]; e++) {
        meet(p, p->flat->link[e], load_of(p->flat, e), &classes);
      }
    }
  }
  return classes;
}

static void refine(partition *p) {
  while (p->queue_count > 0) {
    const int32_t splitter = p->queue[--p->queue_count];
    p->queued[splitter] = false;
    const int32_t classes = meet_neighbours(p, splitter);
    for (int32_t c = 0; c < classes; c++) {
      const int32_t class = p->met_class[c], start = p->start[class], middle = start + p->met[class];
      p->met[class] = 0;
      if (run_end(p, start, middle) < middle) sort_by_degree(p, start, middle);
      split(p, class, middle);
      for (int32_t at = start; at < middle; at++) p->degree[p->order[at]] = 0;
    }
  }
}

// Classes of equal keys (in `degree`) of vertices from ... to - 1.
static void start_classes(partition *p, int32_t from, int32_t to) {
  sort_by_degree(p, from, to);
  for (int32_t at = from; at < to;) {
    const int32_t next = run_end(p, at, to);
    enqueue(p, add_class(p, at, next));
    at = next;
  }
}

static bool partition_take(partition *p, clx_arena *scratch, const clx_flows *flat) {
  const int32_t links = flat->link_count, count = links + flat->flow_count;
  p->flat = flat;
  p->links = links;
  p->vertices = count;
  p->flow_first = CLX_NEW_ARRAY(scratch, int32_t, links + 1);
  p->flow_of = CLX_NEW_ARRAY(scratch, int32_t, flat->first[flat->flow_count]);
  p->order = CLX_NEW_ARRAY(scratch, int32_t, count);
  p->position = CLX_NEW_ARRAY(scratch, int32_t, count);
  p->class_of = CLX_NEW_ARRAY(scratch, int32_t, count);
  p->start = CLX_NEW_ARRAY(scratch, int32_t, count);
  p->end = CLX_NEW_ARRAY(scratch, int32_t, count);
  p->met = CLX_NEW_ARRAY(scratch, int32_t, count);
  p->degree = CLX_NEW_ARRAY(scratch, double, count);
  p->met_class = CLX_NEW_ARRAY(scratch, int32_t, count);
  p->queue = CLX_NEW_ARRAY(scratch, int32_t, count);
  p->queued = CLX_NEW_ARRAY(scratch, bool, count);
  return p->flow_first != NULL && p->flow_of != NULL && p->order != NULL && p->position != NULL &&
         p->class_of != NULL && p->start != NULL && p->end != NULL && p->met != NULL && p->degree != NULL &&
         p->met_class != NULL && p->queue != NULL && p->queued != NULL;
}

static void partition_start(partition *p) {
  const clx_flows *flat = p->flat;
  clx_flow_transpose(flat->link_count, flat->flow_count, flat->first, flat->link, p->flow_first, p->flow_of);
  for (int32_t v = 0; v < p->vertices; v++) {
    p->order[v] = p->position[v] = v;
    p->degree[v] = v < p->links ? flat->capacity[v] : flat->limit != NULL ? flat->limit[v - p->links] : INFINITY;
  }
  start_classes(p, 0, p->links);
  start_classes(p, p->links, p->vertices);
  memset(p->degree, 0, (size_t)p->vertices * sizeof *p->degree);
  p->tolerance = SAME_LOAD;
}

// Names of classes, of vertices from ... to - 1, in the order of their first members, which represent them.
static void name_classes(partition *p, int32_t from, int32_t to, int32_t *class, int32_t *multiple,
                         int32_t *representative) {
  int32_t *name = p->met, count = 0;
  for (int32_t v = from; v < to; v++) {
    const int32_t c = p->class_of[v];
    if (name[c] == 0) {
      representative[count] = v - from;
      multiple[count] = p->end[c] - p->start[c];
      name[c] = ++count;
    }
    class[v - from] = name[c] - 1;
  }
}

// Flow classes over one link of a class, in the order of their first flows there; p->degree holds their loads.
static int32_t list_loads(partition *p, int32_t l, const int32_t *flow_class, int32_t *list) {
  int32_t count = 0;
  for (int32_t k = p->flow_first[l]; k < p->flow_first[l + 1]; k++) {
    const int32_t class = flow_class[p->flow_of[k]];
    if (p->degree[class] == 0) list[count++] = class;
    p->degree[class] += load_on(p->flat, p->flow_of[k], l);
  }
  return count;
}

// Entries of the folded instance: with link == NULL only their number in first[class + 1], then also where they stand, row by
// row; first[class + 1] ends as the end of the row.
static void list_entries(partition *p, const clx_flow_fold *fold, const int32_t *link_representative, int32_t *first,
                         int32_t *link, double *load) {
  int32_t *list = p->position;
  for (int32_t b = 0; b < fold->flows.link_count; b++) {
    const int32_t count = list_loads(p, link_representative[b], fold->flow_class, list);
    for (int32_t k = 0; k < count; k++) {
      const int32_t at = first[list[k] + 1]++;
      if (link != NULL) {
        link[at] = b;
        load[at] = p->degree[list[k]];
      }
      p->degree[list[k]] = 0;
    }
  }
}

static bool fold_classes(clx_arena *arena, partition *p, clx_flow_fold *fold) {
  int32_t links = 0;
  for (int32_t c = 0; c < p->class_count; c++) {
    links += p->order[p->start[c]] < p->links;
    p->met[c] = 0;
  }
  const int32_t flows = p->class_count - links;
  int32_t *flow_class = CLX_NEW_ARRAY(arena, int32_t, p->flat->flow_count);
  int32_t *link_class = CLX_NEW_ARRAY(arena, int32_t, p->links);
  int32_t *flow_multiple = CLX_NEW_ARRAY(arena, int32_t, flows);
  int32_t *link_multiple = CLX_NEW_ARRAY(arena, int32_t, links);
  if (flow_class == NULL || link_class == NULL || flow_multiple == NULL || link_multiple == NULL) return false;
  name_classes(p, 0, p->links, link_class, link_multiple, p->queue);
  name_classes(p, p->links, p->vertices, flow_class, flow_multiple, p->met_class);
  *fold = (clx_flow_fold){.flows = {.link_count = links, .flow_count = flows},
                          .flow_class = flow_class,
                          .link_class = link_class,
                          .flow_multiple = flow_multiple,
                          .link_multiple = link_multiple};
  return true;
}

// What one flow of each class crosses. Representatives: links in p->queue, flows in p->met_class.
static bool fold_instance(clx_arena *arena, partition *p, clx_flow_fold *fold) {
  clx_flows *out = &fold->flows;
  double *capacity = CLX_NEW_ARRAY(arena, double, out->link_count);
  double *limit = CLX_NEW_ARRAY(arena, double, out->flow_count);
  int32_t *first = CLX_NEW_ARRAY(arena, int32_t, out->flow_count + 2);
  if (capacity == NULL || limit == NULL || first == NULL) return false;
  for (int32_t b = 0; b < out->link_count; b++) capacity[b] = p->flat->capacity[p->queue[b]];
  for (int32_t a = 0; a < out->flow_count; a++) {
    limit[a] = p->flat->limit != NULL ? p->flat->limit[p->met_class[a]] : INFINITY;
  }
  // Numbers of entries one place further up than their ends will stand, so that filling moves starts to ends.
  list_entries(p, fold, p->queue, first + 1, NULL, NULL);
  for (int32_t a = 0; a < out->flow_count; a++) first[a + 2] += first[a + 1];
  const int32_t entries = first[out->flow_count + 1];
  int32_t *link = CLX_NEW_ARRAY(arena, int32_t, entries);
  double *load = CLX_NEW_ARRAY(arena, double, entries);
  if (link == NULL || load == NULL) return false;
  list_entries(p, fold, p->queue, first, link, load);
  out->capacity = capacity;
  out->first = first;
  out->link = link;
  out->load = load;
  out->limit = p->flat->limit != NULL ? limit : NULL;
  return true;
}

clx_status clx_flow_fold_make(clx_arena *arena, const clx_flows *flat, clx_flow_fold *fold, clx_error *error) {
  CLX_TRY(clx_flow_check(flat, error));
  partition p = {0};
  clx_arena *scratch = clx_arena_new();
  bool good = scratch != NULL && partition_take(&p, scratch, flat);
  if (good) {
    partition_start(&p);
    refine(&p);
    memset(p.degree, 0, (size_t)p.vertices * sizeof *p.degree);
    good = fold_classes(arena, &p, fold) && fold_instance(arena, &p, fold);
  }
  clx_arena_free(scratch);
  if (good) return CLX_OK;
  return clx_fail_plain(error, CLX_MEMORY, "out of memory for the classes of %d flows over %d links", flat->flow_count,
                        flat->link_count);
}
