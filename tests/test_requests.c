// Traces of requests: every format, what is refused and where, round trips.
#include <unistd.h>

#include "check.h"

#include "requests/requests.h"

typedef struct trace {
  clx_arena *arena;
  clx_requests requests;
  clx_requests_found found;
  clx_error error;
} trace;

static clx_status read_as(trace *t, const char *text, clx_requests_reading reading) {
  *t = (trace){.arena = clx_arena_new()};
  return clx_requests_read(t->arena, "t", text, strlen(text), &reading, &t->requests, &t->found, &t->error);
}

static void check_request(const trace *t, int32_t index, double arrival, int32_t prompt, int32_t output) {
  assert_in_range(index, 0, t->requests.count - 1);
  const clx_request *r = &t->requests.item[index];
  assert_true(r->arrival == arrival);
  assert_int_equal(r->prompt, prompt);
  assert_int_equal(r->output, output);
}

// --- formats ----------------------------------------------------------------------------------------------------------------------

static void test_mooncake(void **state) {
  (void)state;
  trace t;
  const char *text =
      "{\"timestamp\": 27482, \"input_length\": 1025, \"output_length\": 7, \"hash_ids\": [0, 1, "
      "9223372036854775807]}\n"
      "\r\n"
      "{\"other\": {\"a\": [1, \"]\", {}]}, \"hash_ids\": [ 0 , 5 ], \"output_length\": 2e0, \"input_length\": 1000.0, "
      "\"timestamp\": 27482.5}\r\n";
  assert_int_equal(read_as(&t, text, (clx_requests_reading){0}), CLX_OK);
  assert_int_equal(t.found.format, CLX_REQUESTS_MOONCAKE);
  assert_true(t.found.timed);
  assert_int_equal(t.requests.count, 2);
  check_request(&t, 0, 27.482, 1025, 7);
  check_request(&t, 1, 27.4825, 1000, 2);
  assert_int_equal(t.requests.block_tokens, 512);
  assert_int_equal(t.requests.item[1].first_block, 3);
  assert_int_equal(t.requests.item[1].blocks, 2);
  assert_true(t.requests.block[2] == INT64_MAX);
  assert_true(t.requests.block[4] == 5);
  clx_arena_free(t.arena);
}

// Times in ns; names of full blocks of 16 tokens.
static void test_mooncake_nanoseconds(void **state) {
  (void)state;
  trace t;
  const char *text =
      "{\"timestamp_ns\":46926808,\"input_length\":70,\"output_length\":5,\"hash_ids\":[0,1,2,3]}\n"
      "{\"timestamp_ns\":347938951,\"input_length\":48,\"output_length\":5,\"hash_ids\":[4,5,6]}\n";
  assert_int_equal(read_as(&t, text, (clx_requests_reading){0}), CLX_OK);
  check_request(&t, 0, 0.046926808, 70, 5);
  check_request(&t, 1, 0.347938951, 48, 5);
  assert_int_equal(t.requests.block_tokens, 16);
  clx_arena_free(t.arena);
}

static void test_azure(void **state) {
  (void)state;
  trace t;
  const char *text =
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n"
      "2023-11-16 18:15:50.9951690,396,109\n2023-11-17 00:00:00+00:00,1,1\n";
  assert_int_equal(read_as(&t, text, (clx_requests_reading){0}), CLX_OK);
  assert_int_equal(t.found.format, CLX_REQUESTS_AZURE);
  check_request(&t, 0, 0, 374, 44);
  check_request(&t, 1, 4.314579, 396, 109);
  check_request(&t, 2, 20653.31941, 1, 1);
  assert_int_equal(t.requests.block_tokens, 0);
  clx_arena_free(t.arena);
}

static void test_vidur(void **state) {
  (void)state;
  trace t;
  assert_int_equal(
      read_as(&t, "arrived_at,num_prefill_tokens,num_decode_tokens\n0.5,374,44\n", (clx_requests_reading){0}), CLX_OK);
  assert_int_equal(t.found.format, CLX_REQUESTS_VIDUR);
  assert_true(t.found.timed);
  check_request(&t, 0, 0.5, 374, 44);
  clx_arena_free(t.arena);
  const char *lengths =
      ",num_prefill_tokens,num_decode_tokens,total_tokens,pd_ratio\n0,10,20,30,0.5\n1,11,21.0,32,0.52\n";
  assert_int_equal(read_as(&t, lengths, (clx_requests_reading){0}), CLX_OK);
  assert_int_equal(t.found.format, CLX_REQUESTS_VIDUR);
  assert_false(t.found.timed);
  check_request(&t, 1, 0, 11, 21);
  clx_arena_free(t.arena);
}

static void test_burstgpt(void **state) {
  (void)state;
  trace t;
  const char *text =
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n"
      "45,GPT-4,1087,0,1087,API log\n45,GPT-4,1087,230,1317,\"API log\"\n";
  assert_int_equal(read_as(&t, text, (clx_requests_reading){0}), CLX_INPUT);
  assert_int_equal(t.error.mistake[0].line, 3);
  assert_int_equal(t.error.mistake[0].column, 15);
  assert_non_null(strstr(t.error.mistake[0].text, "dropped"));
  clx_arena_free(t.arena);
  assert_int_equal(read_as(&t, text, (clx_requests_reading){.drop_empty = true}), CLX_OK);
  assert_int_equal(t.found.format, CLX_REQUESTS_BURSTGPT);
  assert_int_equal(t.found.dropped, 1);
  assert_int_equal(t.requests.count, 2);
  check_request(&t, 1, 45, 1087, 230);
  assert_int_equal(t.requests.tenants, 2);
  assert_int_equal(t.requests.item[1].tenant, 1);
  assert_string_equal(t.requests.tenant_name[1], "GPT-4");
  clx_arena_free(t.arena);
}

// What nobody reads is told, with its place.
static void test_unread(void **state) {
  (void)state;
  static const struct {
    const char *text, *unread, *unsure;
  } cases[] = {{"arrival_s,prompt_tokens,output_tokens,tennant,x\n0,33,1,a,1\n",
                "t:1:39: not read: 'tennant' (did you mean 'tenant'?), 'x'", NULL},
               {"arrived_at,num_prefill_tokens,num_decode_tokens,num_total_tokens\n0,33,1,34\n", NULL, NULL},
               {"{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 1, \"hash_id\": [1, 2]}\n"
                "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 1, \"hash_id\": [1, 2]}\n",
                "not read: 'hash_id' (did you mean 'hash_ids'?)", NULL},
               {"{\"timestamp\": 0, \"input_length\": 1000, \"output_length\": 1, \"hash_ids\": [1]}\n", NULL,
                "t:1: blocks are taken to have 512 tokens, any more than 500 would fit as well"},
               {"{\"timestamp\": 0, \"input_length\": 1000, \"output_length\": 1, \"hash_ids\": [1]}\n"
                "{\"timestamp\": 0, \"input_length\": 1025, \"output_length\": 1, \"hash_ids\": [1, 2, 3]}\n",
                NULL, "request 1 has no name for the last block that it begins, request 2 has one"}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    trace t;
    assert_int_equal(read_as(&t, cases[i].text, (clx_requests_reading){0}), CLX_OK);
    assert_int_equal(t.requests.unread != NULL, cases[i].unread != NULL);
    assert_int_equal(t.requests.unsure != NULL, cases[i].unsure != NULL);
    if (cases[i].unread != NULL) assert_non_null(strstr(t.requests.unread, cases[i].unread));
    if (cases[i].unsure != NULL) assert_non_null(strstr(t.requests.unsure, cases[i].unsure));
    clx_arena_free(t.arena);
  }
}

static void test_own(void **state) {
  (void)state;
  trace t;
  const char *text =
      "\xEF\xBB\xBF"
      "arrival_s,prompt_tokens,output_tokens,tenant,blocks_of_16\r\n0,33,1,\"a, \"\"b\"\"\",7 -8\r\n1e0,15,2,c,\r\n";
  assert_int_equal(read_as(&t, text, (clx_requests_reading){0}), CLX_OK);
  assert_int_equal(t.found.format, CLX_REQUESTS_CSV);
  check_request(&t, 1, 1, 15, 2);
  assert_int_equal(t.requests.block_tokens, 16);
  assert_int_equal(t.requests.item[0].blocks, 2);
  assert_true(t.requests.block[1] == -8);
  assert_int_equal(t.requests.item[1].blocks, 0);
  assert_string_equal(t.requests.tenant_name[0], "a, \"b\"");
  clx_arena_free(t.arena);
}

// --- the size of blocks -------------------------------------------------------------------------------------------------------------

static void test_block_sizes(void **state) {
  (void)state;
  trace t;
  const char *unclear = "{\"timestamp\":0,\"input_length\":40,\"output_length\":1,\"hash_ids\":[1,2]}\n";
  assert_int_equal(read_as(&t, unclear, (clx_requests_reading){0}), CLX_INPUT);
  assert_non_null(strstr(t.error.mistake[0].text, "not clear"));
  clx_arena_free(t.arena);
  assert_int_equal(read_as(&t, unclear, (clx_requests_reading){.block_tokens = 32}), CLX_OK);
  assert_int_equal(t.requests.block_tokens, 32);
  clx_arena_free(t.arena);
  assert_int_equal(read_as(&t, unclear, (clx_requests_reading){.block_tokens = 64}), CLX_INPUT);
  assert_int_equal(t.error.mistake[0].column, 63);
  clx_arena_free(t.arena);
  const char *apart =
      "{\"timestamp\":0,\"input_length\":4096,\"output_length\":1,\"hash_ids\":[1,2]}\n"
      "{\"timestamp\":0,\"input_length\":48,\"output_length\":1,\"hash_ids\":[1,2,3]}\n";
  assert_int_equal(read_as(&t, apart, (clx_requests_reading){0}), CLX_INPUT);
  assert_non_null(strstr(t.error.mistake[0].text, "line 2"));
  clx_arena_free(t.arena);
}

// --- refusals -----------------------------------------------------------------------------------------------------------------------

#define GOOD "{\"timestamp\": 5, \"input_length\": 10, \"output_length\": 1}\n"
#define OWN "arrival_s,prompt_tokens,output_tokens\n"

static const struct {
  const char *text;
  int32_t line, column;
  const char *says;
} REFUSED[] = {
    {"", 1, 1, "holds no requests"},
    {"\n \n", 1, 1, "holds no requests"},
    {OWN, 1, 1, "holds no requests"},
    {"a,b\n1,2\n", 1, 1, "no known trace"},
    {GOOD "{\"timestamp\": 6, \"input_len", 2, 28, "cut off"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 1", 2, 35, "cut off"},
    {GOOD "{\"timestamp\": 6", 2, 16, "cut off"},
    {GOOD "{", 2, 2, "cut off"},
    {GOOD "{\"timestamp\": 4, \"input_length\": 10, \"output_length\": 1}\n", 2, 15, "before the one above"},
    {GOOD "{\"timestamp\": -1, \"input_length\": 10, \"output_length\": 1}\n", 2, 15, "no time before 0"},
    {GOOD "{\"timestamp\": 1e300, \"input_length\": 10, \"output_length\": 1}\n", 2, 15, "at most 1e9"},
    {GOOD "{\"timestamp\": 1e999, \"input_length\": 10, \"output_length\": 1}\n", 2, 15, "at most 1e9"},
    {GOOD "{\"timestamp\": NaN, \"input_length\": 10, \"output_length\": 1}\n", 2, 15, "expected a number"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 0, \"output_length\": 1}\n", 2, 34, "0 tokens of prompt"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 1, \"output_length\": -3}\n", 2, 54, "-3 tokens of output"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 1.5, \"output_length\": 3}\n", 2, 34, "whole number"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 100000001, \"output_length\": 3}\n", 2, 34, "expected 1 to 100000000"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 1}\n", 2, 1, "'output_length' is missing"},
    {GOOD "{\"input_length\": 1, \"output_length\": 1}\n", 2, 1, "timestamp (ms)"},
    {GOOD "{\"timestamp\": 6, \"timestamp\": 7}\n", 2, 18, "twice"},
    {GOOD "{\"timestamp\": 6 \"input_length\": 1}\n", 2, 17, "',' or '}'"},
    {GOOD "{\"timestamp\": 6,}\n", 2, 17, "behind the comma"},
    {GOOD "{\"timestamp\": 06, \"input_length\": 1}\n", 2, 15, "a number"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 1, \"output_length\": 1} {}\n", 2, 57, "one on each line"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [1.5]}\n", 2, 70, "64 bits"},
    {GOOD "{\"timestamp\": 6, \"input_length\": 1, \"output_length\": 1, \"x\": [1 2]}\n", 2, 65, "',' or ']'"},
    {GOOD "1,2,3\n", 2, 1, "expected '{'"},
    {OWN "0,1,1\n1,1\n", 3, 1, "2 cells, expected the 3"},
    {OWN "0,1,1\n1,1,1,1\n", 3, 1, "4 cells"},
    {OWN "x,1,1\n", 2, 1, "expected seconds"},
    {OWN "0,1,\n", 2, 5, "whole number of tokens of the output"},
    {OWN "0,\"1,1\n", 2, 3, "does not end"},
    {OWN "0,\"1\"1,1\n", 2, 6, "expected a comma"},
    {"arrival_s,prompt_tokens,output_tokens,blocks\n0,20,1,1;2\n", 2, 8, "names of blocks"},
    {"arrival_s,prompt_tokens,output_tokens,blocks_of_x\n0,20,1,1\n", 1, 39, "blocks_of_N"},
    {"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.,374,44\n", 2, 1, "expected a date"},
    {"TIMESTAMP,ContextTokens,GeneratedTokens\n12.5,374,44\n", 2, 1, "expected a date"},
};

static void test_refusals(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(REFUSED); i++) {
    trace t;
    const clx_status status = read_as(&t, REFUSED[i].text, (clx_requests_reading){0});
    const clx_mistake *m = &t.error.mistake[0];
    if (status != CLX_INPUT || t.error.count != 1 || m->line != REFUSED[i].line || m->column != REFUSED[i].column ||
        strstr(m->text, REFUSED[i].says) == NULL)
      fail_msg("%d: status %d, %d mistakes, t:%d:%d: %s", i, status, t.error.count, m->line, m->column, m->text);
    clx_arena_free(t.arena);
  }
}

// As many mistakes as a message holds, then no more lines.
static void test_many_mistakes(void **state) {
  (void)state;
  trace t;
  clx_buffer text = {0};
  for (int32_t i = 0; i < 1000; i++) clx_buffer_format(&text, "{\"timestamp\": %d}\n", i);
  assert_int_equal(read_as(&t, text.data, (clx_requests_reading){0}), CLX_INPUT);
  assert_int_equal(t.error.count, CLX_MISTAKES_MAX);
  assert_int_equal(t.error.dropped, 1);
  clx_buffer_free(&text);
  clx_arena_free(t.arena);
}

static void test_given_format(void **state) {
  (void)state;
  trace t;
  assert_int_equal(read_as(&t, OWN "0,1,1\n", (clx_requests_reading){.format = CLX_REQUESTS_VIDUR}), CLX_INPUT);
  assert_non_null(strstr(t.error.mistake[0].text, "no column 'num_prefill_tokens', which the format vidur has"));
  clx_arena_free(t.arena);
  assert_int_equal(read_as(&t, OWN "0,1,1\n", (clx_requests_reading){.format = CLX_REQUESTS_MOONCAKE}), CLX_INPUT);
  assert_non_null(strstr(t.error.mistake[0].text, "expected '{'"));
  clx_arena_free(t.arena);
}

// --- files --------------------------------------------------------------------------------------------------------------------------

static void test_missing_file(void **state) {
  (void)state;
  clx_error error = {0};
  clx_requests requests;
  clx_arena *arena = clx_arena_new();
  const clx_requests_reading reading = {0};
  assert_int_equal(clx_requests_load(arena, "/no/such", &reading, &requests, NULL, &error), CLX_FILE);
  clx_error_clear(&error);
  assert_int_equal(clx_requests_load(arena, "/tmp", &reading, &requests, NULL, &error), CLX_FILE);
  clx_arena_free(arena);
}

// Lines longer than the buffer, one after the other, from a file and from memory.
static void test_long_lines(void **state) {
  (void)state;
  enum { REQUESTS = 4, BLOCKS = 100000 };
  clx_buffer text = {0};
  for (int32_t i = 0; i < REQUESTS; i++) {
    clx_buffer_format(&text, "{\"timestamp\": %d, \"input_length\": %d, \"output_length\": 1, \"hash_ids\": [", i,
                      16 * BLOCKS);
    for (int32_t b = 0; b < BLOCKS; b++) clx_buffer_format(&text, "%s%d", b > 0 ? "," : "", b + BLOCKS * i);
    clx_buffer_format(&text, "]}%s", i + 1 < REQUESTS ? "\n" : "");
  }
  char path[] = "/tmp/requests_XXXXXX";
  const int handle = mkstemp(path);
  assert_true(handle >= 0 && write(handle, text.data, text.length) == (ssize_t)text.length);
  close(handle);
  clx_error error = {0};
  clx_requests requests;
  clx_arena *arena = clx_arena_new();
  const clx_requests_reading reading = {0};
  assert_int_equal(clx_requests_load(arena, path, &reading, &requests, NULL, &error), CLX_OK);
  unlink(path);
  assert_int_equal(requests.count, REQUESTS);
  assert_int_equal(requests.block_tokens, 16);
  assert_int_equal(requests.block_count, REQUESTS * BLOCKS);
  for (int32_t b = 0; b < requests.block_count; b++) assert_true(requests.block[b] == b);
  clx_buffer_free(&text);
  clx_arena_free(arena);
}

// --- round trips --------------------------------------------------------------------------------------------------------------------

static void check_same(const clx_requests *a, const clx_requests *b) {
  assert_int_equal(a->count, b->count);
  assert_int_equal(a->block_tokens, b->block_tokens);
  assert_int_equal(a->tenants, b->tenants);
  for (int32_t i = 0; i < a->count; i++) {
    const clx_request *x = &a->item[i], *y = &b->item[i];
    assert_true(x->arrival == y->arrival);
    assert_true(x->prompt == y->prompt && x->output == y->output && x->tenant == y->tenant && x->blocks == y->blocks);
    for (int32_t k = 0; k < x->blocks; k++) assert_true(a->block[x->first_block + k] == b->block[y->first_block + k]);
  }
  for (int32_t k = 0; a->tenant_name != NULL && k < a->tenants; k++)
    assert_string_equal(a->tenant_name[k], b->tenant_name[k]);
}

static void test_round_trips(void **state) {
  (void)state;
  trace t, again;
  const char *text =
      "arrival_s,prompt_tokens,output_tokens,tenant,blocks_of_16\n0.000000001,100,3,\"a \"\"quoted\\\"\", one\",1 2 3 "
      "4 5 6\n"
      "0.1,33,1,b,1 9223372036854775807\n7777777.123456789,15,2,b,\n999999999.999999999,16,2,b,-9223372036854775808\n";
  for (clx_requests_format f = CLX_REQUESTS_MOONCAKE; f <= CLX_REQUESTS_CSV;
       f += CLX_REQUESTS_CSV - CLX_REQUESTS_MOONCAKE) {
    assert_int_equal(read_as(&t, text, (clx_requests_reading){0}), CLX_OK);
    clx_buffer out = {0};
    assert_int_equal(clx_requests_write(&t.requests, f, &out, &t.error), CLX_OK);
    assert_int_equal(read_as(&again, out.data, (clx_requests_reading){0}), CLX_OK);
    assert_int_equal(again.found.format, f);
    check_same(&t.requests, &again.requests);
    clx_buffer_free(&out);
    clx_arena_free(again.arena);
    assert_int_equal(clx_requests_write(&t.requests, CLX_REQUESTS_AZURE, &out, &t.error), CLX_INPUT);
    clx_arena_free(t.arena);
  }
}

// Rounding a time again changes nothing, up to and beyond where doubles are as far apart as nanoseconds.
static void test_times(void **state) {
  (void)state;
  for (double t = 1e-9; t < 1e9; t *= 1.0137) {
    const double once = clx_request_time(t);
    char text[48];
    snprintf(text, sizeof text, "%.9f", once);
    assert_true(clx_request_time(once) == once);
    assert_true(strtod(text, NULL) == once);
    CLX_CHECK_NEAR(once, t, 0, 0.5001e-9 + t * 2.3e-16);
  }
}

// The line of Mooncake's own trace comes back byte for byte.
static void test_mooncake_bytes(void **state) {
  (void)state;
  trace t;
  const char *text =
      "{\"timestamp\": 3536999, \"input_length\": 7322, \"output_length\": 490, \"hash_ids\": [0, 14, 15, 16, 17, "
      "18, 19, 20, 21, 22, 23, 24, 25, 26, 27]}\n";
  assert_int_equal(read_as(&t, text, (clx_requests_reading){0}), CLX_OK);
  clx_buffer out = {0};
  assert_int_equal(clx_requests_write(&t.requests, CLX_REQUESTS_MOONCAKE, &out, &t.error), CLX_OK);
  assert_string_equal(out.data, text);
  clx_buffer_free(&out);
  clx_arena_free(t.arena);
}

static void test_out_of_memory(void **state) {
  (void)state;
  const char *text =
      "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 1, \"hash_ids\": [1, 2], \"tenant\": \"a\"}\n";
  int32_t failures = 0;
  for (int64_t n = 1;; n++) {
    trace t = {.arena = clx_arena_new()};
    const clx_requests_reading reading = {0};
    clx_memory_fail_after(n);
    const clx_status status =
        clx_requests_read(t.arena, "t", text, strlen(text), &reading, &t.requests, &t.found, &t.error);
    clx_memory_fail_after(0);
    clx_arena_free(t.arena);
    if (status == CLX_OK) break;
    assert_int_equal(status, CLX_MEMORY);
    failures++;
  }
  assert_in_range(failures, 3, 100);
}

// Two traces with the same names of blocks: in order of arrival, tenants one after another, and no name in both any more.
static void test_merge_and_pick(void **state) {
  (void)state;
  trace a, b, plain;
  const char *first =
      "arrival_s,prompt_tokens,output_tokens,tenant,blocks_of_16\n0,32,1,x,1 2\n2,48,2,y,1 2 3\n4,16,3,x,1\n";
  const char *second = "arrival_s,prompt_tokens,output_tokens,blocks_of_16\n1,32,4,1 2\n2,32,5,1 7\n";
  assert_int_equal(read_as(&a, first, (clx_requests_reading){0}), CLX_OK);
  assert_int_equal(read_as(&b, second, (clx_requests_reading){0}), CLX_OK);
  const clx_requests both[] = {a.requests, b.requests};
  const char *const name[] = {"unused", "z"};
  clx_requests all, some;
  clx_error error = {0};
  assert_int_equal(clx_requests_merge(both, name, 2, a.arena, &all, &error), CLX_OK);
  static const int32_t output[] = {1, 4, 2, 5, 3}, tenant[] = {0, 2, 1, 2, 0};
  assert_int_equal(all.count, 5);
  assert_int_equal(all.tenants, 3);
  assert_string_equal(all.tenant_name[1], "y");
  assert_string_equal(all.tenant_name[2], "z");
  for (int32_t i = 0; i < 5; i++) {
    assert_int_equal(all.item[i].output, output[i]);
    assert_int_equal(all.item[i].tenant, tenant[i]);
  }
  clx_requests_summary s;
  assert_int_equal(clx_requests_summarise(&all, &s, &error), CLX_OK);
  assert_int_equal(s.blocks, 10);
  assert_int_equal(s.distinct, 6);  // 1, 2, 3 of the first, 1, 2, 7 of the second
  const bool keep[] = {false, true, true};
  assert_int_equal(clx_requests_pick(&all, keep, a.arena, &some, &error), CLX_OK);
  assert_int_equal(some.count, 3);
  assert_int_equal(some.item[2].output, 5);
  assert_true(some.block[some.item[2].first_block] == all.block[all.item[3].first_block]);
  assert_int_equal(
      read_as(&plain, "arrival_s,prompt_tokens,output_tokens,blocks_of_8\n1,16,4,1 2\n", (clx_requests_reading){0}),
      CLX_OK);
  const clx_requests odd[] = {a.requests, plain.requests};
  assert_int_equal(clx_requests_merge(odd, name, 2, a.arena, &all, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "blocks of 16 and of 8 tokens"));
  clx_arena_free(a.arena);
  clx_arena_free(b.arena);
  clx_arena_free(plain.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mooncake),      cmocka_unit_test(test_mooncake_nanoseconds),
      cmocka_unit_test(test_azure),         cmocka_unit_test(test_vidur),
      cmocka_unit_test(test_burstgpt),      cmocka_unit_test(test_unread),
      cmocka_unit_test(test_own),           cmocka_unit_test(test_block_sizes),
      cmocka_unit_test(test_refusals),      cmocka_unit_test(test_many_mistakes),
      cmocka_unit_test(test_given_format),  cmocka_unit_test(test_missing_file),
      cmocka_unit_test(test_long_lines),    cmocka_unit_test(test_times),
      cmocka_unit_test(test_round_trips),   cmocka_unit_test(test_mooncake_bytes),
      cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_merge_and_pick),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
