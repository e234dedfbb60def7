/*
 * book.h - one item's place in a ledger that many commands share.
 *
 * A command works on its item in a private ledger, by the same flows as the agent. The book
 * carries each step into the ledger of the state directory before the step's effect: it
 * opens that ledger for one transaction and closes it again. When an agent took it over in
 * the meantime, the step goes there through its socket.
 *
 * Called from the turn, before it commits. Failures leave everything as it was: ERR_BUSY (the
 * ledger, or these bytes, are in another's hands; again soon), ERR_PAUSED (an operator's
 * pause), ERR_TENANT (the ledger is another tenant's), what ledger_open() says.
 */
#ifndef RUN_BOOK_H
#define RUN_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/item.h"

struct book;

enum book_state {
    BOOK_OPEN,  /* not claimed yet */
    BOOK_OURS,  /* the item is ours to send */
    BOOK_KNOWN, /* these bytes have a firmware ID already: book_known() */
    BOOK_LOST,  /* somebody else decides about the row now */
};

struct book_options {
    const char *state_dir; /* borrowed */
    bool force;            /* claimed even when its bytes are known */
};

/* NULL: ERR_IO, or ERR_CONFIG for a network file system. Makes the directory. */
struct book *book_new(const struct book_options *options, struct err *err);
void book_free(struct book *book); /* NULL is fine; lets go of the item */

/*
 * The item's row in the private ledger has changed: claims it once its digest is known, or
 * saves it. May change that row: as a claimed upload was left, or back to unconfirmed when
 * the firmware that was found may be another's.
 */
bool book_keep(struct book *book, struct db *own, int64_t item_id, struct err *err);

/* The last one: documents too, and the row is nobody's. An unsent item is gone. */
bool book_end(struct book *book, struct db *own, int64_t item_id, struct err *err);

/* An agent answers for that state directory: the item can be handed over to it. Blocking. */
bool book_has_agent(const struct book *book);

enum book_state book_state(const struct book *book);

/*
 * Who has the ledger now, or had it last. As long as that changes, others are getting through:
 * the turn of who waits comes too.
 */
int64_t book_holder(const struct book *book);

/* How long to wait before the next try; not the same for all. */
unsigned book_retry_ms(void);

/* After ERR_BUSY: for another's upload of these bytes, not for the ledger. */
bool book_waits(const struct book *book);

/* Who has the bytes (path, firmware_id, state, ...); with BOOK_KNOWN, or while it waits. */
const struct item *book_other(const struct book *book);

#endif
