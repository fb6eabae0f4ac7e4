// The law of operator tables: compositions by hand from Vidur's rules, and files with mistakes.
#include "check.h"

#include <unistd.h>

#include "engine/engine_operators.h"

static char folder[] = "/tmp/colossus_operators_XXXXXX";

static const char HEAD[] = "op,a,b,time_ms\n";
static const char *const TOKEN_OPERATORS[] = {
    "attn_pre_proj",   "attn_post_proj",           "mlp_up_proj", "mlp_down_proj", "mlp_act", "attn_rope",
    "input_layernorm", "post_attention_layernorm", "add"};

// Each of the nine takes 1 ms up to 8 tokens and 2 ms up to 16; an all-reduce 3 and 4 ms; a message 5 and 6 ms. Decodes take 10 ms a
// sequence and 1 ms for each 64 cached tokens; prompts 20, 21, ... ms by new tokens from 1, 5, 16, and 100 ms more behind 64.
static void write_table(FILE *f) {
  fputs(HEAD, f);
  for (int32_t k = 0; k < 9; k++) fprintf(f, "%s,8,,1\n%s,16,,2\n", TOKEN_OPERATORS[k], TOKEN_OPERATORS[k]);
  fputs("all_reduce,8,,3\nall_reduce,16,,4\nsend_recv,8,,5\nsend_recv,16,,6\n", f);
  for (int32_t n = 1; n <= 2; n++) {
    for (int32_t kv = 0; kv <= 128; kv += 64) fprintf(f, "attn_decode,%d,%d,%d\n", n, kv, 10 * n + kv / 64);
  }
  fputs("attn_prefill,0,1,20\nattn_prefill,0,5,21\nattn_prefill,0,16,22\n", f);
  fputs("attn_prefill,64,1,120\nattn_prefill,64,5,121\nattn_prefill,64,16,122\n", f);
}

static const char *path_of(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static clx_operators *load(clx_arena *arena, int32_t stages, bool reduces) {
  FILE *f = fopen(path_of("table.csv"), "w");
  assert_non_null(f);
  write_table(f);
  fclose(f);
  clx_operator_rules rules = clx_operator_rules_default();
  rules.layers = 10;
  rules.stages = stages;
  rules.launch = 0.5e-3;
  rules.expects_all_reduce = reduces;
  clx_operators *operators = NULL;
  clx_error error = {0};
  if (clx_operators_load(arena, path_of("table.csv"), &rules, &operators, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return operators;
}

static double time_of(const clx_step_law *law, const clx_engine_step *step, int32_t stage) {
  return 1e3 * law->cost(law->self, step, 1, stage).time;
}

static void test_compositions(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_operators *o = load(arena, 1, true);
  const clx_step_law law = clx_operators_law(o);
  // One decode behind 63 tokens: 64 with its own. 9 + 2 (3 + 0.5) + 11, ten layers.
  clx_engine_step step = {.decodes = 1, .verified = 1, .context = 63};
  CLX_CHECK_NEAR(time_of(&law, &step, 0), 10 * (9 + 7 + 11), 1e-12, 0);
  step.context = 64;  // 65: rounded up to 128
  CLX_CHECK_NEAR(time_of(&law, &step, 0), 10 * (9 + 7 + 12), 1e-12, 0);
  step.decodes = 2;  // mean of 10 and 40 with their own: 26; more than one: 10 % longer
  step.context = 50;
  CLX_CHECK_NEAR(time_of(&law, &step, 0), 10 * (9 + 7 + 1.1 * 21), 1e-12, 0);
  // A prompt of 4: the row from 1 on; with two decodes 6 tokens in one row.
  clx_chunk chunk[2] = {{4, 0}, {3, 10}};
  step.chunk = chunk;
  step.chunks = 1;
  step.prompt_tokens = 4;
  CLX_CHECK_NEAR(time_of(&law, &step, 0), 10 * (9 + 7 + 1.1 * 21 + 20), 1e-12, 0);
  // Prompts of 4 and 3 as one of 5 (the root of 25) behind 0 + 64; 9 tokens are in the second row.
  step.chunks = 2;
  step.prompt_tokens = 7;
  CLX_CHECK_NEAR(time_of(&law, &step, 0), 10 * (18 + 9 + 1.1 * 21 + 1.1 * 121), 1e-12, 0);
  // 12 new tokens: rows beyond 5 stand on multiples of 8, so that it was 16 that was asked.
  step = (clx_engine_step){.verified = 1, .chunk = chunk, .chunks = 1, .prompt_tokens = 12};
  chunk[0] = (clx_chunk){12, 0};
  CLX_CHECK_NEAR(time_of(&law, &step, 0), 10 * (18 + 9 + 22), 1e-12, 0);
  assert_int_equal(clx_operators_beyond(o).iterations, 0);
  chunk[0].tokens = step.prompt_tokens = 17;
  time_of(&law, &step, 0);
  assert_int_equal(clx_operators_beyond(o).iterations, 1);
  assert_int_equal(clx_operators_beyond(o).tokens, 17);
  clx_arena_free(arena);
}

static void test_stages_and_ranks(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  const clx_step_law law = clx_operators_law(load(arena, 2, false));
  clx_engine_step step[2] = {{.decodes = 1, .verified = 1, .context = 10},
                             {.decodes = 2, .verified = 1, .context = 20}};
  CLX_CHECK_NEAR(time_of(&law, step, 0), 5 * (9 + 7 + 11) + 5, 1e-12, 0);
  CLX_CHECK_NEAR(time_of(&law, step, 1), 5 * (9 + 7 + 11), 1e-12, 0);  // the last sends nothing
  CLX_CHECK_NEAR(1e3 * law.cost(law.self, step, 2, 1).time, 5 * (9 + 7 + 1.1 * 21), 1e-12, 0);  // the slowest rank
  clx_arena_free(arena);
}

static void refuse(const char *text, bool whole, const char *message) {
  FILE *f = fopen(path_of("wrong.csv"), "w");
  assert_non_null(f);
  if (whole) write_table(f);
  fputs(text, f);
  fclose(f);
  clx_arena *arena = clx_arena_new();
  clx_operator_rules rules = clx_operator_rules_default();
  rules.layers = 4;
  clx_operators *operators = NULL;
  clx_error error = {0};
  assert_int_equal(clx_operators_load(arena, path_of("wrong.csv"), &rules, &operators, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, message) == NULL) fail_msg("'%s' in '%s'", message, error.mistake[0].text);
  clx_arena_free(arena);
}

static void test_mistakes_are_named(void **state) {
  (void)state;
  refuse("op,a,time_ms\n", false, "column b is missing");
  refuse("mlp_upproj,8,,1\n", true, "unknown operator 'mlp_upproj', did you mean mlp_up_proj");
  refuse("add,-1,,1\n", true, "column a: read '-1'");
  refuse("attn_decode,1,x,1\n", true, "column b: read 'x'");
  refuse("add,24,,-3\n", true, "column time_ms: read '-3'");
  refuse("add,24,,1e303\n", true, "column time_ms: read '1e303', expected a time from 0 to 1000000 ms");
  refuse("add,24,,nan\n", true, "column time_ms: read 'nan'");
  refuse("add,16,,3\n", true, "add of a 16, b 0 stands twice");
  refuse("op,a,b,time_ms\nadd,1,,1\n", false, "no rows of operator attn_pre_proj");
  clx_operator_rules rules = clx_operator_rules_default();
  rules.layers = 5;
  rules.stages = 2;
  clx_operators *operators = NULL;
  clx_error error = {0};
  assert_int_equal(clx_operators_load(NULL, "none.csv", &rules, &operators, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "5 layers do not divide into 2 stages"));
}

static int open_folder(void **state) {
  (void)state;
  return mkdtemp(folder) == NULL;
}

static int close_folder(void **state) {
  (void)state;
  remove(path_of("table.csv"));
  remove(path_of("wrong.csv"));
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_compositions), cmocka_unit_test(test_stages_and_ranks),
                                     cmocka_unit_test(test_mistakes_are_named)};
  return cmocka_run_group_tests(tests, open_folder, close_folder);
}
