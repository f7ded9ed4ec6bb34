/* Who owns restartable sequences, by tcmalloc's rule: whoever registers first. The C library is not
   asked; where somebody else was first, the whole process goes without (internal/percpu.cc). */
#include "rule.h"

__thread struct area __rseq_abi __attribute__((weak, tls_model("initial-exec")));

static int slow;

/* 0, or the errno that has put the process into its slow mode. */
int tcmalloc_rule(void) {
  if (slow != 0) {
    return slow;
  }
  if ((int32_t)__rseq_abi.cpu_id < 0 || __rseq_abi.rest != 1) {
    __rseq_abi.cpu_id = UNINITIALIZED;
    slow = registers(&__rseq_abi);
    __rseq_abi.rest = 1;
    if (slow != 0) {
      __rseq_abi.cpu_id = FAILED;
    }
  }
  return slow;
}
