// A trace as a file.
#include <stdio.h>
#include <string.h>

#include "requests/requests.h"
#include "table/table.h"

// A time in units of 10^-shift s, exact to the ns, without zeros at its end.
static void put_time(clx_buffer *out, double seconds, int32_t shift) {
  char text[48];
  int32_t length = snprintf(text, sizeof text, "%.9f", seconds);
  const int32_t point = length - 10;
  memmove(text + point, text + point + 1, (size_t)shift);  // the point goes `shift` digits to the right
  text[point + shift] = '.';
  while (text[length - 1] == '0') length--;
  if (text[length - 1] == '.') length--;
  int32_t first = 0;
  while (text[first] == '0' && text[first + 1] >= '0' && text[first + 1] <= '9' && first + 1 < length) first++;
  clx_buffer_add(out, text + first, (size_t)(length - first));
}

static void put_names(clx_buffer *out, const clx_requests *requests, const clx_request *item, const char *between) {
  for (int32_t b = 0; b < item->blocks; b++)
    clx_buffer_format(out, "%s%lld", b > 0 ? between : "", (long long)requests->block[item->first_block + b]);
}

static void put_json_text(clx_buffer *out, const char *text) {
  clx_buffer_add(out, "\"", 1);
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\') clx_buffer_add(out, "\\", 1);
    clx_buffer_add(out, c, 1);
  }
  clx_buffer_add(out, "\"", 1);
}

static void put_mooncake(clx_buffer *out, const clx_requests *requests) {
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_request *item = &requests->item[i];
    clx_buffer_format(out, "{\"timestamp\": ");
    put_time(out, item->arrival, 3);
    clx_buffer_format(out, ", \"input_length\": %d, \"output_length\": %d", item->prompt, item->output);
    if (item->blocks > 0) {
      clx_buffer_format(out, ", \"hash_ids\": [");
      put_names(out, requests, item, ", ");
      clx_buffer_add(out, "]", 1);
    }
    if (requests->tenant_name != NULL) {
      clx_buffer_format(out, ", \"tenant\": ");
      put_json_text(out, requests->tenant_name[item->tenant]);
    }
    clx_buffer_add(out, "}\n", 2);
  }
}

static void put_csv(clx_buffer *out, const clx_requests *requests) {
  clx_buffer_format(out, "arrival_s,prompt_tokens,output_tokens%s", requests->tenant_name != NULL ? ",tenant" : "");
  if (requests->block_tokens > 0) clx_buffer_format(out, ",blocks_of_%d", requests->block_tokens);
  clx_buffer_add(out, "\n", 1);
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_request *item = &requests->item[i];
    put_time(out, item->arrival, 0);
    clx_buffer_format(out, ",%d,%d", item->prompt, item->output);
    if (requests->tenant_name != NULL) {
      clx_buffer_add(out, ",", 1);
      clx_table_write_cell(out, requests->tenant_name[item->tenant]);
    }
    if (requests->block_tokens > 0) {
      clx_buffer_add(out, ",", 1);
      put_names(out, requests, item, " ");
    }
    clx_buffer_add(out, "\n", 1);
  }
}

clx_status clx_requests_write(const clx_requests *requests, clx_requests_format format, clx_buffer *out,
                              clx_error *error) {
  if (format != CLX_REQUESTS_MOONCAKE && format != CLX_REQUESTS_CSV)
    return clx_fail_plain(error, CLX_INPUT, "traces are written as mooncake or csv, not as %s",
                          clx_requests_format_name[format]);
  (format == CLX_REQUESTS_CSV ? put_csv : put_mooncake)(out, requests);
  return out->failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}
