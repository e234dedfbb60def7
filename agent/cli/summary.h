/* summary.h - what a pass came to. Pure. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "run/agent.h"

enum { SUMMARY_SIZE = 512 };

/*
 * "42 known: 3 sent (1.2 GiB), 2 duplicates, 38 done, 1 failed, 1 left; 45 s". Sent are
 * those of this pass, the others stand in the ledger; left is what is not at its end.
 */
void summary_text(const struct agent_totals *totals, int64_t ms, char text[SUMMARY_SIZE]);

/*
 * {"known","sent","bytes","duplicates","done","failed","held","unconfirmed","left","sboms",
 * "seconds","mirror","exit"}; caller owns it. mirrors is an array of control/live_mirror.h.
 */
json_t *summary_json(const struct agent_totals *totals, json_t *mirrors, int64_t ms, int exit_code);

/*
 * May this watch's own line follow the summary? What waits is told; what else is left or failed
 * only where the summary is about several watches.
 */
bool summary_tells(json_t *mirrors, json_t *mirror);

#endif
