// Traces of requests: lines and bytes a second of the readers, of what is drawn, of the summary. Processor seconds of this process. Asserts
// nothing.
// usage: bench_requests [FILE]   a trace; default: a drawn one of conversations, written as Mooncake's
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "requests/requests_spec.h"

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void refuse(const clx_error *error) {
  fprintf(stderr, "%s\n", error->mistake[0].text);
  exit(1);
}

// About 24 blocks of 512 tokens a request, as Mooncake's trace of conversations has.
static const char DRAWN[] =
    "{count: 100000, block: 512, arrivals: {rate: 3.4 1/s}, lengths: {prompt: {tokens: 5000, variation: 1.5}, output: "
    "{tokens: 340, "
    "variation: 0.7}}, prefix: {turns: 2, think: 60 s, context: 128000}}";

static void draw(clx_arena *arena, clx_requests *requests) {
  clx_error error;
  clx_node *root = NULL;
  clx_requests_spec spec;
  clx_error_clear(&error);
  const double from = seconds();
  if (clx_document_read(arena, "bench", DRAWN, strlen(DRAWN), &root, &error) != CLX_OK ||
      clx_schema_read(&clx_requests_schema, root, false, arena, &spec, &error) != CLX_OK ||
      clx_requests_make(&spec, NULL, arena, requests, NULL, &error) != CLX_OK)
    refuse(&error);
  const double took = seconds() - from;
  printf("drawn      %9.0f requests/s (%d, %.1f named blocks each)\n", requests->count / took, requests->count,
         (double)requests->block_count / requests->count);
}

static void read_back(const char *name, const clx_buffer *text) {
  clx_error error;
  clx_requests requests;
  clx_arena *arena = clx_arena_new();
  const clx_requests_reading reading = {0};
  clx_error_clear(&error);
  const double from = seconds();
  if (clx_requests_read(arena, "bench", text->data, text->length, &reading, &requests, NULL, &error) != CLX_OK)
    refuse(&error);
  const double took = seconds() - from;
  printf("%-10s %9.0f lines/s, %.0f MB/s (%d lines, %.1f MB)\n", name, requests.count / took,
         1e-6 * (double)text->length / took, requests.count, 1e-6 * (double)text->length);
  clx_arena_free(arena);
}

static void write_and_read(const clx_requests *requests, const char *name, clx_requests_format format) {
  clx_error error;
  clx_buffer text = {0};
  clx_error_clear(&error);
  if (clx_requests_write(requests, format, &text, &error) != CLX_OK) refuse(&error);
  read_back(name, &text);
  clx_buffer_free(&text);
}

static void load(const char *path) {
  clx_error error;
  clx_requests requests;
  clx_arena *arena = clx_arena_new();
  const clx_requests_reading reading = {0};
  clx_error_clear(&error);
  const double from = seconds();
  if (clx_requests_load(arena, path, &reading, &requests, NULL, &error) != CLX_OK) refuse(&error);
  printf("%-10s %9.0f lines/s (%d)\n", "file", requests.count / (seconds() - from), requests.count);
  clx_arena_free(arena);
}

int main(int argc, char **argv) {
  if (argc == 2) {
    load(argv[1]);
    return 0;
  }
  clx_error error;
  clx_requests requests;
  clx_requests_summary summary;
  clx_arena *arena = clx_arena_new();
  clx_error_clear(&error);
  draw(arena, &requests);
  write_and_read(&requests, "mooncake", CLX_REQUESTS_MOONCAKE);
  write_and_read(&requests, "csv", CLX_REQUESTS_CSV);
  const double from = seconds();
  if (clx_requests_summarise(&requests, &summary, &error) != CLX_OK) refuse(&error);
  printf("summary    %9.0f requests/s (cache hits %.1f %%)\n", requests.count / (seconds() - from), 100 * summary.hits);
  requests.block_count = requests.block_tokens = 0;
  for (int32_t i = 0; i < requests.count; i++) requests.item[i].blocks = 0;
  write_and_read(&requests, "lengths", CLX_REQUESTS_CSV);
  clx_arena_free(arena);
  return 0;
}
