// What the words of failure logs mean: which group of causes, and whether the word is a cause at all.
#include <string.h>

#include "calibrate/calibrate_reliability.h"

const char *const clx_log_role_name[CLX_LOG_ROLES + 1] = {"cause", "symptom", "outcome", NULL};

typedef struct meaning {
  const char *pattern;  // of the word between two blanks; the first that matches counts
  int32_t cause;        // clx_failure_cause
  int32_t role;         // clx_log_role
} meaning;

// Groups as in Table 5 of The Llama 3 Herd of Models (2024). Outcomes are what schedulers write about jobs, symptoms what one part
// shows when another fails: NCCL waits for a rank whatever stopped that rank.
static const meaning meanings[] = {
    {" node fail* ", CLX_CAUSE_UNKNOWN, CLX_LOG_CAUSE},
    {" failed ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" job fail* ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" boot fail ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" launch failed ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" timeout ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" cancelled* ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" preempted ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" requeued ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" deadline ", CLX_CAUSE_UNKNOWN, CLX_LOG_OUTCOME},
    {" out of memory ", CLX_CAUSE_SOFTWARE, CLX_LOG_OUTCOME},
    {"* nccl *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* watchdog *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* timeout *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* timeouts *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* hang *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* hung *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* nan *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* loss spike *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* mfu *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* straggler* ", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* slow *", CLX_CAUSE_UNKNOWN, CLX_LOG_SYMPTOM},
    {"* maintenance *", CLX_CAUSE_MAINTENANCE, CLX_LOG_CAUSE},
    {"* sdc *", CLX_CAUSE_DATA, CLX_LOG_CAUSE},
    {"* silent *", CLX_CAUSE_DATA, CLX_LOG_CAUSE},
    {"* hbm* ", CLX_CAUSE_MEMORY, CLX_LOG_CAUSE},
    {"* sram *", CLX_CAUSE_MEMORY, CLX_LOG_CAUSE},
    {"* gpu memory *", CLX_CAUSE_MEMORY, CLX_LOG_CAUSE},
    {"* ecc *", CLX_CAUSE_MEMORY, CLX_LOG_CAUSE},
    {"* dbe *", CLX_CAUSE_MEMORY, CLX_LOG_CAUSE},
    {"* row remap* ", CLX_CAUSE_MEMORY, CLX_LOG_CAUSE},
    {"* thermal *", CLX_CAUSE_COOLING, CLX_LOG_CAUSE},
    {"* cooling *", CLX_CAUSE_COOLING, CLX_LOG_CAUSE},
    {"* coolant *", CLX_CAUSE_COOLING, CLX_LOG_CAUSE},
    {"* leak *", CLX_CAUSE_COOLING, CLX_LOG_CAUSE},
    {"* fan *", CLX_CAUSE_COOLING, CLX_LOG_CAUSE},
    {"* pump *", CLX_CAUSE_COOLING, CLX_LOG_CAUSE},
    {"* power supply *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* psu *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* power *", CLX_CAUSE_POWER, CLX_LOG_CAUSE},
    {"* breaker *", CLX_CAUSE_POWER, CLX_LOG_CAUSE},
    {"* ups *", CLX_CAUSE_POWER, CLX_LOG_CAUSE},
    {"* software *", CLX_CAUSE_SOFTWARE, CLX_LOG_CAUSE},
    {"* bug *", CLX_CAUSE_SOFTWARE, CLX_LOG_CAUSE},
    {"* kernel *", CLX_CAUSE_SOFTWARE, CLX_LOG_CAUSE},
    {"* driver *", CLX_CAUSE_SOFTWARE, CLX_LOG_CAUSE},
    {"* dependency *", CLX_CAUSE_SOFTWARE, CLX_LOG_CAUSE},
    {"* container *", CLX_CAUSE_SOFTWARE, CLX_LOG_CAUSE},
    {"* gpu *", CLX_CAUSE_GPU, CLX_LOG_CAUSE},
    {"* gsp *", CLX_CAUSE_GPU, CLX_LOG_CAUSE},
    {"* nvlink *", CLX_CAUSE_GPU, CLX_LOG_CAUSE},
    {"* xid* ", CLX_CAUSE_GPU, CLX_LOG_CAUSE},
    {"* otb *", CLX_CAUSE_GPU, CLX_LOG_CAUSE},
    {"* off the bus *", CLX_CAUSE_GPU, CLX_LOG_CAUSE},
    {"* switch* ", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* cable* ", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* nic *", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* link *", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* ib *", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* infiniband *", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* ethernet *", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* optic* ", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* transceiver *", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* network *", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* port *", CLX_CAUSE_NETWORK, CLX_LOG_CAUSE},
    {"* ssd *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* storage *", CLX_CAUSE_STORAGE, CLX_LOG_CAUSE},
    {"* filesystem *", CLX_CAUSE_STORAGE, CLX_LOG_CAUSE},
    {"* file system *", CLX_CAUSE_STORAGE, CLX_LOG_CAUSE},
    {"* lustre *", CLX_CAUSE_STORAGE, CLX_LOG_CAUSE},
    {"* nfs *", CLX_CAUSE_STORAGE, CLX_LOG_CAUSE},
    {"* hdfs *", CLX_CAUSE_STORAGE, CLX_LOG_CAUSE},
    {"* mount *", CLX_CAUSE_STORAGE, CLX_LOG_CAUSE},
    {"* cpu *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* dimm *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* dram *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* pcie *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* chassis *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* board *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* host *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* server *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
    {"* bmc *", CLX_CAUSE_HOST, CLX_LOG_CAUSE},
};

void clx_log_word(const char *word, int32_t *cause, int32_t *role) {
  char padded[128] = " ";
  size_t length = 1;
  for (const char *c = word; *c != '\0' && length + 2 < sizeof padded; c++) {
    const bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
    if (letter || padded[length - 1] != ' ') padded[length++] = letter ? *c : ' ';
  }
  if (padded[length - 1] != ' ') padded[length++] = ' ';
  padded[length] = '\0';
  *cause = CLX_CAUSE_UNKNOWN;
  *role = CLX_LOG_CAUSE;
  for (int32_t i = 0; i < CLX_COUNT(meanings); i++) {
    if (!clx_text_match(meanings[i].pattern, padded)) continue;
    *cause = meanings[i].cause;
    *role = meanings[i].role;
    return;
  }
}
