/*
 * item_move.h - every change of an item's state goes through here.
 *
 * The move is checked against the table of SPEC 5, stamped, and logged once. The
 * row is written by whoever holds the item (turn_save, item_save).
 */
#ifndef FLOW_ITEM_MOVE_H
#define FLOW_ITEM_MOVE_H

#include <stdint.h>

#include "base/err.h"
#include "store/item.h"

void item_move(struct item *item, enum item_state to, int64_t now_ms);

/* Pure: may an item go from one state to the other? */
bool item_may_move(enum item_state from, enum item_state to);

/* The trouble's kind and text, kept in the row; the first text stays. */
void item_note_error(struct item *item, const struct err *err);
void item_clear_error(struct item *item);

/* Back to the start: what was known of the content is forgotten. */
void item_restart(struct item *item, int64_t now_ms);

#endif
