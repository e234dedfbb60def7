/*
 * room.h - the disk of the SBOM folder is full, or has room again: told once for each.
 *
 * Around the edge a small document fits while a larger one does not: that there is room again is
 * believed after some calm, or when a whole run went through.
 */
#ifndef FLOW_ROOM_H
#define FLOW_ROOM_H

#include "flow/flow.h"

/* disk_low, which says which folder. */
void room_lacks(struct flow *flow, const struct err *why);

/* A document was written. */
void room_found(struct flow *flow);

/* Now and then: ends the alert when it was calm since. */
void room_look(struct flow *flow);

/* Nothing waits for room any more. */
void room_settled(struct flow *flow);

#endif
