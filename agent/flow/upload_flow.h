/* upload_flow.h - one pending item to the platform, exactly once. */
#ifndef FLOW_UPLOAD_FLOW_H
#define FLOW_UPLOAD_FLOW_H

#include "flow/flow.h"
#include "flow/item_job.h"

extern const struct item_flow upload_flow;

void upload_flow_start(struct flow *flow, struct item *take_item);

#endif
