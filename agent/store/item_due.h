/*
 * item_due.h - which items are due, and when the next one is.
 *
 * Times are wall times in milliseconds, as in column due_at.
 */
#ifndef STORE_ITEM_DUE_H
#define STORE_ITEM_DUE_H

#include "store/item.h"

struct item_ids { /* the caller's array, of max; count are filled */
    int64_t *ids;
    size_t max;
    size_t count;
    bool builds_only; /* without the backlog */
};

/*
 * The ids of the state that are due: builds before the backlog, best rank first in each; groups
 * that are blocked are left out.
 */
bool item_due(struct db *db, enum item_state state, int64_t now_ms, struct item_ids *due,
              struct err *err);

/* When the next one of the state is due (a wall time); INT64_MAX for none. */
bool item_next_due(struct db *db, enum item_state state, int64_t after_ms, int64_t *when_ms,
                   struct err *err);

struct item_settling { /* which settling items: of a watch, due by then, so many */
    const char *watch;
    int64_t until_ms;
    size_t max;
};

/* Calls each() with the path of those that are due for a look, builds before the backlog. */
bool item_settling_due(struct db *db, const struct item_settling *wanted,
                       void (*each)(void *owner, const char *path), void *owner, struct err *err);

/* When the next one is (a wall time, perhaps past); INT64_MAX for none. */
bool item_settling_next(struct db *db, const char *watch, int64_t *when_ms, struct err *err);

/* The wall clock was set back by so much: what is due later than now is due that much earlier. */
bool item_shift_due(struct db *db, int64_t now_ms, int64_t back_ms, struct err *err);

#endif
