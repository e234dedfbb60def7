/*
 * turn.h - what changes in one turn of the loop is committed together, before its effects.
 *
 * Callers write through db as they go (the first write opens the transaction) or
 * leave a `struct save` here; when the callbacks of this turn are through, the turn
 * writes the saves, commits once, and only then calls each save's saved(), which
 * starts what depends on the rows being durable.
 *
 * When the disk is full or a write fails, the transaction is rolled back, the saves
 * stay queued and are tried again every few seconds; stalled() tells the owner at
 * the first failure and when it works again. Writes made directly in that turn are
 * lost with it: only what can be found again (a scan's rows, a counter) is written so.
 */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"
#include "store/db.h"

struct turn;

struct save { /* embedded in its owner; queued at most once */
    bool (*write)(struct save *save, struct db *db, struct err *err);
    void (*saved)(struct save *save);
    struct save *next;
    bool queued;
};

struct turn_hooks {
    void (*stalled)(void *owner, const struct err *why); /* why NULL: it works again */

    /*
     * Or NULL: called when the turn's rows are written and before they are committed. false:
     * they are not, and all of it is tried again; soon and without stalled() for ERR_BUSY.
     */
    bool (*before_commit)(void *owner, struct err *err);
};

struct turn *turn_new(uv_loop_t *loop, struct db *db, const struct turn_hooks *hooks, void *owner);

/* Commits what is open. closed() is called once the handles are closed. */
void turn_free(struct turn *turn, void (*closed)(void *owner), void *owner);

/* write() and saved() are called later in this turn; a save that is queued already stays so. */
void turn_save(struct turn *turn, struct save *save);

bool turn_is_stalled(const struct turn *turn);

/* From before_commit(), before it fails with ERR_BUSY: not sooner than this. */
void turn_retry_in(struct turn *turn, uint64_t ms);

/* How often direct writes were lost so far. */
unsigned turn_losses(const struct turn *turn);

/* Nothing is queued and no transaction is open. */
bool turn_is_clean(const struct turn *turn);

#endif
