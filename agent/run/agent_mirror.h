/* agent_mirror.h - how far an agent's watches are on their way to the platform. */
#ifndef RUN_AGENT_MIRROR_H
#define RUN_AGENT_MIRROR_H

#include "control/live_mirror.h"

struct agent;

/* Every watch of the ledger; owner is the agent, as live.h has it. */
void agent_each_mirror(void *owner, void (*each)(void *to, const struct live_mirror *one),
                       void *to);

/* Now and then: how fast they are, and once an hour a line in the log. */
void agent_note_mirrors(struct agent *agent);

#endif
