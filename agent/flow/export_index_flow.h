/* export_index_flow.h - export_index.h as a job of the flow, so that it ends with the others. */
#ifndef FLOW_EXPORT_INDEX_FLOW_H
#define FLOW_EXPORT_INDEX_FLOW_H

#include "flow/flow.h"

#define EXPORT_INDEX_BATCH "export index"

/* done is called once, on the loop; err NULL: the three files are as they should be. */
void export_index_flow_start(struct flow *flow, void (*done)(void *owner, const struct err *err),
                             void *owner);

#endif
