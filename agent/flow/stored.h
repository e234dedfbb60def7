/*
 * stored.h - brings a document back from the ledger, byte for byte.
 *
 * Its pieces are read on the loop thread, one a turn, and inflated, digested and written in the
 * thread pool; memory is one piece and what zlib needs, whatever the document's size. At the end
 * digest and size are held against the row.
 *
 * Promises of stored_start():
 *  - `done` is called exactly once, on the loop, never from inside stored_start() or the
 *    operation's cancel; the struct op is gone when it returns;
 *  - cancelled, it ends after the piece under way with ERR_CANCELLED.
 *
 * Errors: ERR_INPUT: there is no such document; ERR_DATA: the ledger's copy is damaged; ERR_STORE;
 * ERR_IO and ERR_DISK_FULL of the file. What the file then holds is worthless.
 */
#ifndef FLOW_STORED_H
#define FLOW_STORED_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"
#include "base/op.h"
#include "store/db.h"

typedef void stored_done_fn(void *owner, const struct err *err); /* NULL: it is whole */

/* Into fd, an empty file, from offset 0; borrowed until done, as db is. sha256 is copied. */
struct op *stored_start(uv_loop_t *loop, struct db *db, const char *sha256, int fd,
                        stored_done_fn *done, void *owner);

/* The same at once, for commands without a loop. fd -1: it is only checked. */
bool stored_read(struct db *db, const char *sha256, int fd, struct err *err);

#endif
