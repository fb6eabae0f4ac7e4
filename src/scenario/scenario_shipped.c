// Names and titles of the scenarios built into the library.
#include <string.h>

#include "scenario/scenario.h"

static const char *const NAMES[][2] = {
    {"colossus-1", "100,000 H100 in Memphis, training a Grok-2-class model"},
    {"colossus-200k", "the doubling: 150,000 H100 and 50,000 H200 in one job"},
    {"colossus-2", "one gigawatt: 110,000 GB200, then GB300 NVL72 in liquid-cooled racks"},
    {"oracle-or-own", "10 billion USD of rent against building 100,000 H100, and both while building"},
    {"wait-for-blackwell", "Hopper now, or GB200 or B200A later and perhaps late, or some of each"},
    {"chip-allocation", "100,000 H100, then 100,000 more, under a weekly allocation of chips"},
    {"switch-to-dell", "orders for the second 100,000 GPUs of Memphis leave Supermicro for Dell"},
    {"supermicro-delisted", "100,000 GPUs on order at Supermicro while its listing is at risk"},
    {"tesla-swap", "12,000 H100 of Tesla go to X, whose later slots go to Tesla"},
    {"grok-serving", "Grok-2 for its users, on H100 and on GB300"},
    {"grok-tenants", "who shares such a fleet: chats, an interface with long prompts, a small model"},
    {"grok-day", "the same through 24 hours: replicas by the hour, one fails at noon"},
    {"deepseek-day", "a published day of DeepSeek-V3 on H800, prompts and answers apart"},
    {"apple-inference", "inference on 80,000 M2 Ultra from Taiwan, against GB300"},
    {"gpt3-mlperf-512", "GPT-3 175B on 512 H100, the MLPerf Training v4.0 run with measured power"},
    {"frontier", "Frontier's 9,472 nodes and their power, a day of many jobs"},
    {"llama3-405b-16k", "Llama 3.1 405B on 16,384 H100, the published pre-training run"},
};

const char *clx_scenario_name(int32_t index, const char **title) {
  if (index < 0 || index >= CLX_COUNT(NAMES)) return NULL;
  if (title != NULL) *title = NAMES[index][1];
  return NAMES[index][0];
}
