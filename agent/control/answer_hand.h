/*
 * answer_hand.h - "hand-save": a command's item, carried into the ledger that an agent holds.
 *
 * Only a row that the same process claimed before can be changed; see store/hand.h.
 */
#ifndef CONTROL_ANSWER_HAND_H
#define CONTROL_ANSWER_HAND_H

#include <jansson.h>
#include <stdbool.h>

#include "store/hand.h"

/* Caller owns it. A row that would be done is told as `fetching`: the documents stay behind. */
json_t *answer_hand_arguments(const struct hand *hand, const struct item *mine, bool over);

/* As control_client.h wants it; owner is an enum hand_saved. */
bool answer_hand_read(void *owner, json_t *row, struct err *err);

#endif
