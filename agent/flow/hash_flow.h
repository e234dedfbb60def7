/* hash_flow.h - a settled file's digest, its identity, and what it is to be called. */
#ifndef FLOW_HASH_FLOW_H
#define FLOW_HASH_FLOW_H

#include "flow/flow.h"
#include "flow/item_job.h"

extern const struct item_flow hash_flow;

void hash_flow_start(struct flow *flow, struct item *take_item);

#endif
