/*
 * survey_flow.h - what the platform says of itself before anything is sent.
 */
#ifndef FLOW_SURVEY_FLOW_H
#define FLOW_SURVEY_FLOW_H

#include "flow/flow.h"

enum { SURVEY_MAX_AGE_MS = 10 * 60 * 1000 };

bool survey_is_fresh(const struct flow *flow, int64_t now_ms);
void survey_flow_start(struct flow *flow);
void survey_release(struct survey *survey);

#endif
