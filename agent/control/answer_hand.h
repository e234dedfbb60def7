/*
 * answer_hand.h - "hand-save": a command's item, carried into the ledger that an agent holds.
 *
 * Only a row in hand can be changed, by who names its holder's process and boot ID (store/hand.h).
 * Both are believed, as all else that a member of the socket's group says: it could steer the
 * agent to the same end.
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
