/* poll_flow.h - how far the platform's analyses are, up to 50 items a question. */
#ifndef FLOW_POLL_FLOW_H
#define FLOW_POLL_FLOW_H

#include "flow/flow.h"

/* Starts when something is due and no poll is alive; *started says whether. */
bool poll_flow_start(struct flow *flow, int64_t now_ms, bool *started, struct err *err);

/* When an item of that age is asked for again. Pure. */
int64_t poll_wait_ms(int64_t age_ms, int64_t poll_interval_ms, int64_t alert_after_ms);

#endif
