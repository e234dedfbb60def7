/*
 * item_count.h - how many items stand where, and whether anything is left to do.
 *
 * None of these looks at more than a few rows: status asks on a ledger of a million.
 */
#ifndef STORE_ITEM_COUNT_H
#define STORE_ITEM_COUNT_H

#include "store/item.h"

bool item_counts(struct db *db, int64_t counts[ITEM_STATE_COUNT], struct err *err);

struct item_tally { /* of one watch; by lane: builds, the backlog */
    const char *watch;
    int64_t items[2][ITEM_STATE_COUNT];
    int64_t bytes[2][ITEM_STATE_COUNT];
};

/* Calls each() for every watch that has or had items, in the order of their names. */
bool item_tally_each(struct db *db, void (*each)(void *owner, const struct item_tally *tally),
                     void *owner, struct err *err);

/* Uploads whose answer nobody saw, as far as looking alone decides them. */
bool item_count_uncertain(struct db *db, int64_t *count, struct err *err);

/* Of all files on their way to the platform, those that are being sent too. */
bool item_waiting_bytes(struct db *db, int64_t *bytes, struct err *err);

struct item_work { /* what a single pass does */
    bool analyses; /* it waits for them */
    bool backlog;  /* it goes on with the backlog; else only what is being sent of it counts */
};

/*
 * Is there anything left that a single pass would still do? Not what waits for a
 * person, a right or its SBOM, nor a file that keeps changing.
 */
bool item_is_work_left(struct db *db, const struct item_work *work, bool *left, struct err *err);
bool item_is_listing_left(struct db *db, bool *left, struct err *err); /* settles, is hashed */

/* When the oldest item that is not yet sent was found; 0 for none. */
bool item_oldest_waiting(struct db *db, int64_t *found_at, struct err *err);

#endif
