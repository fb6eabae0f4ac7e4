// Chakra traces: the published bytes, both dialects, and every way to be wrong.
#include "check.h"

#include <unistd.h>
#include <zlib.h>

#include "chakra_rig.h"
#include "import/import_chakra.h"

// protoc read these 248 bytes as: metadata; 1 compute "fwd" of 1500 us, 2e12 FLOP, 805306368 B; 2 all-reduce of 64 MiB in group 0 after
// it; 3 send of 32 MiB to rank 8, tag 1, after that.
static const char GOLDEN[] =
    "070a05302e302e344308011203667764180438dc0b520e0a0969735f6370755f6f70d8010052100a076e756d5f6f70734880c0a8ca9a3a5213"
    "0a0b74656e736f725f73697a656880808080034e0802120561722e747018072a0101520e0a0969735f6370755f6f70d80100520d0a09636f6d"
    "6d5f74797065480052100a09636f6d6d5f73697a654880808020520d0a0770675f6e616d65ea0101305c0803120773656e642e707018052a01"
    "02520e0a0969735f6370755f6f70d8010052100a09636f6d6d5f73697a654880808010520c0a08636f6d6d5f7372633800520c0a08636f6d6d"
    "5f6473743808520c0a08636f6d6d5f7461673801";

typedef struct bench {
  clx_arena *arena;
  clx_buffer file[16];
  int32_t count;
  const char *groups;
  clx_execution x;
  clx_chakra_report report;
  clx_error error;
} bench;

static bench *bench_new(int32_t ranks, bool pytorch) {
  bench *b = calloc(1, sizeof *b);
  assert_non_null(b);
  b->arena = clx_arena_new();
  b->count = ranks;
  for (int32_t i = 0; i < ranks; i++) rig_metadata(&b->file[i], pytorch);
  return b;
}

static void bench_free(bench *b) {
  for (int32_t i = 0; i < b->count; i++) clx_buffer_free(&b->file[i]);
  clx_arena_free(b->arena);
  free(b);
}

static clx_status read_all(bench *b) {
  static const char *const names[16] = {"t.0.et", "t.1.et", "t.2.et", "t.3.et", "t.4.et",
                                        "t.5.et", "t.6.et", "t.7.et", "t.8.et"};
  clx_chakra_file file[16];
  const clx_chakra_file groups = {"comm_group.json", b->groups, b->groups != NULL ? strlen(b->groups) : 0};
  for (int32_t i = 0; i < b->count; i++) {
    // A copy of exactly this size, so that a sanitizer sees the first byte read past the end.
    void *exact = malloc(b->file[i].length > 0 ? b->file[i].length : 1);
    assert_non_null(exact);
    if (b->file[i].length > 0) memcpy(exact, b->file[i].data, b->file[i].length);
    file[i] = (clx_chakra_file){names[i], exact, b->file[i].length};
  }
  clx_error_clear(&b->error);
  const clx_status status =
      clx_chakra_read(b->arena, file, b->count, b->groups != NULL ? &groups : NULL, &b->x, &b->report, &b->error);
  for (int32_t i = 0; i < b->count; i++) free((void *)(uintptr_t)file[i].data);
  return status;
}

static void must(bench *b) {
  if (read_all(b) != CLX_OK) fail_msg("%s: %s", b->error.mistake[0].file, b->error.mistake[0].text);
}

static void must_fail(bench *b, const char *file, const char *words) {
  assert_int_equal(read_all(b), CLX_INPUT);
  if (strcmp(b->error.mistake[0].file, file) != 0 || strstr(b->error.mistake[0].text, words) == NULL)
    fail_msg("%s: '%s' does not say '%s'", b->error.mistake[0].file, b->error.mistake[0].text, words);
}

static const clx_operation *operation_of(const bench *b, int32_t rank, int32_t node) {
  return &b->x.operation[b->x.rank[rank].operation[node]];
}

static void add_golden(clx_buffer *file) {
  for (const char *at = GOLDEN; *at != '\0'; at += 2) {
    const char pair[3] = {at[0], at[1], '\0'};
    const char byte = (char)strtoul(pair, NULL, 16);
    clx_buffer_add(file, &byte, 1);
  }
}

static void add_compute(clx_buffer *file, uint64_t id, uint64_t after) {
  rig_bytes m = rig_chakra_node(id, "work", RIG_COMPUTE);
  if (after > 0) rig_depends(&m, false, after);
  rig_varint(&m, 7, 10);
  rig_attribute(&m, "is_cpu_op", 27, 0);
  rig_append(file, &m);
}

// --- what is read -----------------------------------------------------------------------------------------------------------

static void test_published_bytes(void **state) {
  (void)state;
  bench *b = bench_new(9, false);
  b->file[0].length = 0;
  add_golden(&b->file[0]);
  assert_int_equal(b->file[0].length, 248);
  for (int32_t i = 1; i < 9; i++) {
    add_compute(&b->file[i], 1, 0);
  }
  b->groups = "{\"0\": [0, 1, 2, 3], \"1\": [4, 5, 6, 7]}";
  must(b);
  assert_int_equal(b->x.rank_count, 9);
  assert_int_equal(b->x.rank[0].count, 3);
  assert_int_equal(b->x.rank[0].id[2], 3);
  const clx_operation *fwd = operation_of(b, 0, 0), *reduce = operation_of(b, 0, 1), *send = operation_of(b, 0, 2);
  assert_string_equal(fwd->name, "fwd");
  assert_int_equal(fwd->kind, CLX_OPERATION_COMPUTE);
  CLX_CHECK_NEAR(fwd->duration, 1500e-6, 1e-15, 0);
  CLX_CHECK_NEAR(fwd->flop, 2e12, 0, 0);
  CLX_CHECK_NEAR(fwd->bytes, 805306368, 0, 0);
  assert_int_equal(reduce->kind, CLX_OPERATION_COLLECTIVE);
  assert_int_equal(reduce->collective, CLX_ALL_REDUCE);
  CLX_CHECK_NEAR(reduce->bytes, 64 << 20, 0, 0);
  assert_int_equal(b->x.group[reduce->group].size, 4);
  assert_int_equal(send->kind, CLX_OPERATION_SEND);
  assert_int_equal(send->peer, 8);
  assert_int_equal(send->tag, 1);
  CLX_CHECK_NEAR(send->bytes, 32 << 20, 0, 0);
  assert_int_equal(b->x.rank[0].first[3], 2);
  assert_int_equal(b->x.rank[0].dependency[1], 1);
  assert_string_equal(b->report.version, "0.0.4");
  assert_false(b->report.pytorch);
  assert_int_equal(b->report.type[4], 9);
  assert_int_equal(b->report.without_place, 0);
  bench_free(b);
}

// Any integer field for an integer attribute; packed and single dependencies; unknown fields are passed over.
static void test_writers_differ(void **state) {
  (void)state;
  static const uint32_t fields[] = {7, 9, 11, 13, 15, 17};
  bench *b = bench_new(1, false);
  add_compute(&b->file[0], 1, 0);
  add_compute(&b->file[0], 2, 0);
  for (int32_t i = 0; i < 6; i++) {
    rig_bytes m = rig_chakra_node(10 + (uint64_t)i, "reduce", RIG_COLLECTIVE), packed = {.size = 0};
    const bool zigzag = fields[i] >= 15;
    rig_attribute(&m, "comm_type", fields[i], zigzag ? 14 : 7);
    rig_attribute(&m, "comm_size", fields[i], zigzag ? 2000 : 1000);
    rig_attribute(&m, "colour", 9, 3);
    rig_number(&packed, 1);
    rig_number(&packed, 2);
    rig_number(&packed, 1);
    rig_text(&m, 5, packed.data, packed.size);
    rig_text(&m, 11, "storage", 7);
    rig_append(&b->file[0], &m);
  }
  must(b);
  for (int32_t i = 2; i < 8; i++) {
    assert_int_equal(operation_of(b, 0, i)->collective, CLX_REDUCE_SCATTER);
    CLX_CHECK_NEAR(operation_of(b, 0, i)->bytes, 1000, 0, 0);
  }
  assert_int_equal(b->report.repeated, 6);
  assert_int_equal(b->report.dependencies, 18);
  assert_int_equal(b->report.unknown_fields, 6);
  assert_int_equal(b->x.stream_edges, 5);  // of the communicator
  int32_t unused = 0;
  for (int32_t i = 0; i < b->report.attribute_count; i++) {
    const clx_chakra_attribute *a = &b->report.attribute[i];
    if (strcmp(a->name, "colour") != 0) continue;
    unused++;
    assert_false(a->used);
    assert_int_equal(a->count, 6);
  }
  assert_int_equal(unused, 1);
  bench_free(b);
}

// comm_size is what one rank puts in.
static void test_sizes_of_collectives(void **state) {
  (void)state;
  static const struct {
    clx_collective kind;
    double bytes;
  } want[10] = {{CLX_ALL_REDUCE, 1000},     {CLX_BROADCAST, 1000}, {CLX_ALL_GATHER, 4000}, {CLX_SEND_RECEIVE, 3000},
                {CLX_SEND_RECEIVE, 750},    {CLX_BROADCAST, 1000}, {CLX_ALL_TO_ALL, 1000}, {CLX_REDUCE_SCATTER, 1000},
                {CLX_REDUCE_SCATTER, 1000}, {CLX_ALL_REDUCE, 4}};
  bench *b = bench_new(4, false);
  for (int32_t rank = 0; rank < 4; rank++) {
    for (uint64_t i = 0; i < 10; i++) {
      rig_bytes m = rig_chakra_node(i + 1, "c", RIG_COLLECTIVE);
      rig_attribute(&m, "comm_type", 9, i);
      if (i < 9) rig_attribute(&m, "comm_size", 9, 1000);
      rig_append(&b->file[rank], &m);
    }
  }
  must(b);
  for (int32_t i = 0; i < 10; i++) {
    assert_int_equal(operation_of(b, 3, i)->collective, want[i].kind);
    CLX_CHECK_NEAR(operation_of(b, 3, i)->bytes, want[i].bytes, 1e-15, 0);
  }
  assert_int_equal(b->x.operation_count, 8);  // equal ones are one, whatever the rank
  assert_int_equal(b->report.approximated[CLX_BROADCAST], 4);
  assert_int_equal(b->report.approximated[CLX_SEND_RECEIVE], 8);
  bench_free(b);
}

static void add_pytorch(clx_buffer *file, int32_t rank) {
  rig_bytes init = rig_chakra_node(2, "## process_group:init ##", 1), values = {.size = 0};
  static const char text[] = "['[{\"pg_name\": \"0\", \"ranks\": []}, {\"pg_name\": \"7\", \"ranks\": [0, 1]}]']";
  rig_text(&values, 1, text, sizeof text - 1);
  rig_text(&init, 8, values.data, values.size);
  rig_depends(&init, true, 1);  // removed by the converter
  rig_append(file, &init);
  rig_bytes host = rig_chakra_node(3, "aten::mm", RIG_COMPUTE);
  rig_varint(&host, 7, 5);
  rig_attribute(&host, "is_cpu_op", 27, 1);
  rig_attribute(&host, "stream", 9, 0);
  rig_attribute(&host, "tid", 9, 1);
  rig_append(file, &host);
  for (uint64_t id = 4; id <= 6; id++) {
    rig_bytes kernel = rig_chakra_node(id, id == 5 ? "ncclDevKernel_AllReduce" : "gemm", id == 5 ? 7 : 4);
    rig_depends(&kernel, false, 3);
    rig_varint(&kernel, 7, 100);
    rig_attribute(&kernel, "is_cpu_op", 27, 0);
    rig_attribute(&kernel, "stream", 9, id == 5 ? 20 : 7);
    if (id == 5) {
      rig_attribute(&kernel, "comm_type", 9, 0);
      rig_attribute(&kernel, "comm_size", 9, 4096);
      rig_attribute_text(&kernel, "pg_name", "7");
    }
    rig_append(file, &kernel);
  }
  rig_bytes message = rig_chakra_node(9, "ncclDevKernel_SendRecv", rank == 0 ? 5 : 6);
  rig_attribute(&message, "comm_size", 9, 512);
  rig_attribute(&message, "stream", 9, 21);
  rig_attribute_text(&message, "pg_name", "7");
  rig_append(file, &message);
}

// Groups from the process_group:init node, streams put in order, the other rank from a group of two.
static void test_pytorch(void **state) {
  (void)state;
  bench *b = bench_new(2, true);
  for (int32_t rank = 0; rank < 2; rank++) add_pytorch(&b->file[rank], rank);
  must(b);
  assert_true(b->report.pytorch);
  assert_int_equal(b->report.missing_control, 2);
  assert_int_equal(b->report.missing_zero, 0);
  assert_int_equal(b->x.stream_edges, 2);  // the second kernel of stream 7, on each rank
  assert_int_equal(operation_of(b, 0, 1)->kind, CLX_OPERATION_HOST);
  assert_int_equal(operation_of(b, 0, 1)->stream, 1);
  assert_int_equal(operation_of(b, 0, 3)->kind, CLX_OPERATION_COLLECTIVE);
  assert_int_equal(operation_of(b, 0, 3)->stream, 20);
  assert_int_equal(b->x.group[operation_of(b, 0, 3)->group].size, 2);
  assert_int_equal(operation_of(b, 0, 5)->peer, 1);
  assert_int_equal(operation_of(b, 1, 5)->peer, 0);
  // The order of a stream does not hang on the order of the file.
  assert_int_equal(b->x.rank[0].id[4], 6);
  assert_int_equal(b->x.rank[0].dependency[b->x.rank[0].first[4]], 1);
  assert_int_equal(b->x.rank[0].dependency[b->x.rank[0].first[4] + 1], 2);
  bench_free(b);
}

// Recorded starts decide the order of a stream before ids do.
static void test_starts_decide(void **state) {
  (void)state;
  bench *b = bench_new(1, true);
  for (uint64_t id = 1; id <= 3; id++) {
    rig_bytes m = rig_chakra_node(id, "k", RIG_COMPUTE);
    rig_varint(&m, 6, 1000 - 100 * id);
    rig_attribute(&m, "is_cpu_op", 27, 0);
    rig_attribute(&m, "stream", 9, 7);
    rig_append(&b->file[0], &m);
  }
  must(b);
  assert_true(b->report.starts);
  assert_int_equal(b->x.rank[0].id[0], 3);
  assert_int_equal(b->x.rank[0].id[2], 1);
  assert_int_equal(b->x.stream_edges, 2);
  bench_free(b);
}

// Zeros are no trace: what would unpack to 256 MB is refused within the first few.
static void test_gzip_that_swells(void **state) {
  (void)state;
  enum { SIZE = 1 << 28, ROOM = 1 << 19, PIECE = 1 << 16 };
  static const Bytef zeros[PIECE];
  bench *b = bench_new(1, false);
  unsigned char *packed = malloc(ROOM);
  assert_non_null(packed);
  z_stream z = {.next_out = packed, .avail_out = ROOM};
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  for (int32_t i = 0; i < SIZE / PIECE; i++) {
    z.next_in = (Bytef *)zeros;
    z.avail_in = PIECE;
    assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
  }
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  b->file[0].length = 0;
  clx_buffer_add(&b->file[0], (const char *)packed, ROOM - z.avail_out);
  deflateEnd(&z);
  free(packed);
  must_fail(b, "t.0.et", "gzip: unpacks to more than 400 times its size");
  bench_free(b);
}

static void test_gzip_is_the_same(void **state) {
  (void)state;
  bench *b = bench_new(1, false);
  for (uint64_t id = 1; id < 200; id++) add_compute(&b->file[0], id, id - 1);
  must(b);
  const int64_t bytes = b->report.bytes, dependencies = b->x.dependency_count;
  assert_false(b->report.gzip);
  unsigned char packed[1 << 14];
  z_stream z = {.next_in = (Bytef *)b->file[0].data, .avail_in = (uInt)b->file[0].length};
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_out = packed;
  z.avail_out = sizeof packed;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  const size_t size = sizeof packed - z.avail_out;
  deflateEnd(&z);
  b->file[0].length = 0;
  clx_buffer_add(&b->file[0], (const char *)packed, size);
  must(b);
  assert_true(b->report.gzip);
  assert_int_equal(b->report.bytes, bytes);
  assert_int_equal(b->x.dependency_count, dependencies);
  b->file[0].length = size - 9;
  must_fail(b, "t.0.et", "gzip: the file is cut off");
  b->file[0].length = size;
  b->file[0].data[size / 2] ^= 0x55;
  assert_int_equal(read_all(b), CLX_INPUT);
  bench_free(b);
}

// --- what is wrong ----------------------------------------------------------------------------------------------------------

// Cut anywhere, a file is truncated, or it ends between two messages.
static void test_truncated_everywhere(void **state) {
  (void)state;
  bench *b = bench_new(1, false);
  for (uint64_t id = 1; id < 6; id++) add_compute(&b->file[0], id, id - 1);
  const size_t size = b->file[0].length;
  int32_t whole = 0;
  for (size_t cut = 0; cut < size; cut++) {
    b->file[0].length = cut;
    const clx_status status = read_all(b);
    if (status == CLX_OK) {
      whole++;
      continue;
    }
    assert_int_equal(status, CLX_INPUT);
    const char *text = b->error.mistake[0].text;
    const char *want = cut == 0 ? "is empty" : cut == 8 ? "has no nodes" : "is truncated: the message at byte ";
    if (strstr(text, want) == NULL) fail_msg("cut at %zu: %s", cut, text);
  }
  assert_int_equal(whole, 4);
  b->file[0].length = size - 1;
  must_fail(b, "t.0.et", "after node 4");
  bench_free(b);
}

static void test_dependencies_on_nothing(void **state) {
  (void)state;
  for (int32_t way = 0; way < 4; way++) {
    bench *b = bench_new(1, way == 3);
    add_compute(&b->file[0], 4, 0);
    rig_bytes m = rig_chakra_node(5, "late", RIG_COMPUTE);
    rig_depends(&m, way != 1, way == 0 ? 0 : 77);
    rig_append(&b->file[0], &m);
    if (way == 0 || way == 3) {
      must(b);
      assert_int_equal(way == 0 ? b->report.missing_zero : b->report.missing_control, 1);
    } else {
      must_fail(b, "t.0.et", "node 5 at byte 37: it depends on node 77, which does not exist");
    }
    bench_free(b);
  }
}

static void test_circle_names_file_and_nodes(void **state) {
  (void)state;
  bench *b = bench_new(2, false);
  add_compute(&b->file[0], 1, 0);
  add_compute(&b->file[1], 1, 3);
  add_compute(&b->file[1], 2, 1);
  add_compute(&b->file[1], 3, 2);
  must_fail(b, "t.1.et", "rank 1: dependencies in a circle of 3 nodes: ");
  bench_free(b);
}

typedef struct wrong {
  const char *words;
  uint64_t type;
  struct {
    const char *name;
    uint32_t field;
    uint64_t value;
  } attribute[4];
  const char *group;
} wrong;

static void test_wrong_nodes(void **state) {
  (void)state;
  static const wrong cases[] = {
      {"type 42 is not known", 42, {{NULL, 0, 0}}, NULL},
      {"a collective without the attribute comm_type", 7, {{"comm_size", 9, 8}}, NULL},
      {"a collective without the attribute comm_size", 7, {{"comm_type", 9, 0}}, NULL},
      {"comm_type is 10, expected a whole number from 0 to 9", 7, {{"comm_type", 9, 10}, {"comm_size", 9, 8}}, NULL},
      {"comm_size is -5, expected 0 or more", 7, {{"comm_type", 9, 0}, {"comm_size", 9, (uint64_t)-5}}, NULL},
      {"group '3' is not defined", 7, {{"comm_type", 9, 0}, {"comm_size", 9, 8}}, "3"},
      {"a send of rank 1 (comm_src) in the trace of rank 0",
       5,
       {{"comm_src", 7, 1}, {"comm_dst", 7, 0}, {"comm_size", 9, 8}},
       NULL},
      {"comm_dst is rank 5, of which there is no trace (0 to 1 are there)",
       5,
       {{"comm_dst", 7, 5}, {"comm_size", 9, 8}},
       NULL},
      {"a send without the attribute comm_dst", 5, {{"comm_size", 9, 8}}, NULL},
      {"a receive without the attribute comm_size", 6, {{"comm_src", 7, 1}}, NULL},
      {"comm_tag is", 6, {{"comm_src", 7, 1}, {"comm_tag", 9, 1ull << 40}}, NULL},
      {"its id is that of the node at byte 8", 4, {{NULL, 0, 0}}, "twice"},
  };
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    const wrong *w = &cases[i];
    bench *b = bench_new(2, false);
    const bool twice = w->group != NULL && strcmp(w->group, "twice") == 0;
    rig_bytes m = rig_chakra_node(9, "bad", w->type);
    for (int32_t k = 0; k < 4 && w->attribute[k].name != NULL; k++)
      rig_attribute(&m, w->attribute[k].name, w->attribute[k].field, w->attribute[k].value);
    if (w->group != NULL && !twice) rig_attribute_text(&m, "pg_name", w->group);
    rig_append(&b->file[0], &m);
    if (twice) rig_append(&b->file[0], &m);
    add_compute(&b->file[1], 1, 0);
    must_fail(b, "t.0.et", w->words);
    bench_free(b);
  }
}

static void test_wrong_groups(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"[1, 2]", "expected an object such as"},
      {"{\"1\": 3}", "group 1: expected a list of ranks"},
      {"{\"1\": [0, x]}", "group 1: 'x' is no rank"},
      {"{\"1\": [0, 0]}", "group 1 has rank 0 twice"},
      {"{\"1\": [0, 1, 2]}", "group 1 has rank 2, of which there is no trace (0 to 1 are there)"},
  };
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    bench *b = bench_new(2, false);
    for (int32_t rank = 0; rank < 2; rank++) add_compute(&b->file[rank], 1, 0);
    b->groups = cases[i][0];
    must_fail(b, "comm_group.json", cases[i][1]);
    bench_free(b);
  }
}

// involved_dim that leaves a dimension out is a group that the trace does not tell.
static void test_involved_dimensions(void **state) {
  (void)state;
  for (int32_t way = 0; way < 2; way++) {
    bench *b = bench_new(1, false);
    rig_bytes m = rig_chakra_node(1, "c", RIG_COLLECTIVE), a = {.size = 0}, list = {.size = 0};
    rig_attribute(&m, "comm_type", 9, 0);
    rig_attribute(&m, "comm_size", 9, 8);
    const uint8_t packed[2] = {1, way == 0};
    rig_text(&list, 1, packed, 2);
    rig_text(&a, 1, "involved_dim", 12);
    rig_text(&a, 28, list.data, list.size);
    rig_text(&m, 10, a.data, a.size);
    rig_append(&b->file[0], &m);
    if (way == 0) {
      must(b);
    } else {
      must_fail(b, "t.0.et", "involved_dim leaves out dimensions");
    }
    bench_free(b);
  }
}

// Bytes that are no trace at all, and fields cut inside a message.
static void test_malformed_messages(void **state) {
  (void)state;
  static const struct {
    const char *bytes, *words;
    size_t size;
  } cases[] = {
      {"\x02\x08\x01", "starts with no GlobalMetadata", 3},
      {"\x00\x01\x08", "node 0 at byte 1: a field is longer than its message (byte 3)", 3},
      {"\x00\x02\x0b\x00", "wire type that proto3 does not have", 4},
      {"\x00\x02\x00\x00", "a field has no valid number", 4},
      {"\x00\x04\x08\x01\x18\x84", "a field is longer than its message", 6},
      {"\x00\x06\x08\x01\x2a\x02\x81\x82", "a list of dependencies is malformed", 8},
      {"\x00\x02\x0a\x00", "the wrong wire type", 4},
      {"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "is truncated", 11},
      {"{\"schema\": \"1.1.1\"}", "is truncated", 19},
  };
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    bench *b = bench_new(1, false);
    b->file[0].length = 0;
    clx_buffer_add(&b->file[0], cases[i].bytes, cases[i].size);
    must_fail(b, "t.0.et", cases[i].words);
    bench_free(b);
  }
}

// --- files ------------------------------------------------------------------------------------------------------------------

static void write_file(const char *folder, const char *name, const clx_buffer *data) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data->data, 1, data->length, file), data->length);
  fclose(file);
}

static void remove_file(const char *folder, const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(unlink(path), 0);
}

static void test_ranks_without_a_file_are_named(void **state) {
  (void)state;
  char folder[] = "/tmp/chakra_XXXXXX", prefix[64];
  assert_non_null(mkdtemp(folder));
  snprintf(prefix, sizeof prefix, "%s/job", folder);
  bench *b = bench_new(1, false);
  add_compute(&b->file[0], 1, 0);
  assert_int_equal(clx_chakra_load(b->arena, prefix, NULL, &b->x, &b->report, &b->error), CLX_FILE);
  static const char *const names[] = {"job.0.et", "job.1.et", "job.4.et", "job.10.et", "job.x.et", "job.01.et"};
  for (int32_t i = 0; i < 6; i++) write_file(folder, names[i], &b->file[0]);
  clx_error_clear(&b->error);
  assert_int_equal(clx_chakra_load(b->arena, prefix, NULL, &b->x, &b->report, &b->error), CLX_INPUT);
  assert_non_null(strstr(b->error.mistake[0].text, "up to rank 10, but none of ranks 2, 3, 5, 6, 7, 8, 9"));
  remove_file(folder, names[2]);
  remove_file(folder, names[3]);
  clx_error_clear(&b->error);
  assert_int_equal(clx_chakra_load(b->arena, prefix, NULL, &b->x, &b->report, &b->error), CLX_OK);
  assert_int_equal(b->x.rank_count, 2);
  // The group file beside the traces is found.
  const clx_buffer groups = {.data = (char[]){"{\"1\": [0, 9]}"}, .length = 13};
  write_file(folder, "comm_group.json", &groups);
  clx_error_clear(&b->error);
  assert_int_equal(clx_chakra_load(b->arena, prefix, NULL, &b->x, &b->report, &b->error), CLX_INPUT);
  assert_non_null(strstr(b->error.mistake[0].text, "group 1 has rank 9"));
  for (int32_t i = 0; i < 6; i++) {
    if (i != 2 && i != 3) remove_file(folder, names[i]);
  }
  remove_file(folder, "comm_group.json");
  assert_int_equal(rmdir(folder), 0);
  bench_free(b);
}

static void test_reports_are_written(void **state) {
  (void)state;
  bench *b = bench_new(2, true);
  for (int32_t rank = 0; rank < 2; rank++) add_pytorch(&b->file[rank], rank);
  must(b);
  clx_buffer text = {0}, json = {0};
  clx_chakra_report_text(&b->x, &b->report, true, &text);
  clx_chakra_report_json(&b->x, &b->report, &json);
  assert_non_null(strstr(text.data, "metadata 2 compute 6 send 1 receive 1 collective 2"));
  assert_non_null(strstr(text.data, "control dependencies on nodes that the converter removed: dropped"));
  assert_non_null(strstr(json.data, "\"stream_edges\": 2"));
  clx_buffer_free(&text);
  clx_buffer_free(&json);
  bench_free(b);
}

static void test_memory_failures(void **state) {
  (void)state;
  bench *b = bench_new(2, true);
  for (int32_t rank = 0; rank < 2; rank++) add_pytorch(&b->file[rank], rank);
  int32_t failures = 0;
  for (int64_t n = 1; n < 200; n++) {
    clx_memory_fail_after(n);
    const clx_status status = read_all(b);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY || status == CLX_INPUT);
    if (status == CLX_OK) break;
    failures++;
  }
  assert_in_range(failures, 4, 198);
  bench_free(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_published_bytes),
      cmocka_unit_test(test_writers_differ),
      cmocka_unit_test(test_sizes_of_collectives),
      cmocka_unit_test(test_pytorch),
      cmocka_unit_test(test_starts_decide),
      cmocka_unit_test(test_gzip_is_the_same),
      cmocka_unit_test(test_gzip_that_swells),
      cmocka_unit_test(test_truncated_everywhere),
      cmocka_unit_test(test_dependencies_on_nothing),
      cmocka_unit_test(test_circle_names_file_and_nodes),
      cmocka_unit_test(test_wrong_nodes),
      cmocka_unit_test(test_wrong_groups),
      cmocka_unit_test(test_involved_dimensions),
      cmocka_unit_test(test_malformed_messages),
      cmocka_unit_test(test_ranks_without_a_file_are_named),
      cmocka_unit_test(test_reports_are_written),
      cmocka_unit_test(test_memory_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
