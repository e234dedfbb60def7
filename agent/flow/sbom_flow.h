/* sbom_flow.h - the SBOMs of one analysed firmware, in every configured format. */
#ifndef FLOW_SBOM_FLOW_H
#define FLOW_SBOM_FLOW_H

#include "flow/flow.h"
#include "flow/item_job.h"

extern const struct item_flow sbom_flow;

void sbom_flow_start(struct flow *flow, struct item *take_item);

#endif
