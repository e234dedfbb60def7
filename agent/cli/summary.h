/* summary.h - what a pass came to. Pure. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include <jansson.h>
#include <stdint.h>

#include "run/agent.h"

enum { SUMMARY_SIZE = 512 };

/*
 * "42 known: 3 sent (1.2 GiB), 2 duplicates, 38 done, 1 failed, 1 left; 45 s". Sent are
 * those of this pass, the others stand in the ledger; left is what is not at its end.
 */
void summary_text(const struct agent_totals *totals, int64_t ms, char text[SUMMARY_SIZE]);

/* {"known","sent","bytes","duplicates","done","failed","held","unconfirmed","left","sboms",
 * "seconds","exit"}; caller owns it. */
json_t *summary_json(const struct agent_totals *totals, int64_t ms, int exit_code);

#endif
