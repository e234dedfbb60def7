/*
 * expiry.h - the date that the operator gave for the token: told 30, 14, 7, 3, 1 days ahead.
 *
 * The platform does not say when a token expires, so api.token_expires does. It holds for
 * the token that it was first seen with: after a new token the old date warns of nothing.
 */
#ifndef RUN_EXPIRY_H
#define RUN_EXPIRY_H

#include <stdint.h>

#include "flow/flow.h"
#include "run/alert.h"

/* Called now and then; each stage is told once. */
void expiry_look(struct flow *flow, struct alerts *alerts, int64_t expires_ms,
                 const char *fingerprint);

/* Pure: the stage (30, 14, 7, 3, 1) that so many days belong to; 0: none yet. */
int64_t expiry_stage(int64_t days);

#endif
