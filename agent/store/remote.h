/*
 * remote.h - table remote_firmware: the platform's list as it was last seen.
 *
 * first_seen_at tells an upload of ours from a firmware of the same name that was
 * there before: two rebuilds share a name, so a name alone proves nothing.
 */
#ifndef STORE_REMOTE_H
#define STORE_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* One line of a listing that began at listed_at. */
bool remote_seen(struct db *db, const char *id, const char *name, const char *version,
                 int64_t listed_at, struct err *err);

/* The listing that began then was complete: what it did not show is no longer there. */
bool remote_listed(struct db *db, int64_t listed_at, struct err *err);

/* When the last complete listing began; 0 for never. */
bool remote_listed_at(struct db *db, int64_t *listed_at, struct err *err);

struct remote_match {
    int64_t count; /* 0, 1, or 2 for several */
    char id[72];   /* of the first */
};

/*
 * Firmwares of that name and version that no item holds and that first appeared in
 * a listing after `after` (0: in any).
 */
bool remote_ours(struct db *db, const char *name, const char *version, int64_t after,
                 struct remote_match *match, struct err *err);

struct remote_rivals {
    int64_t sending;     /* other items of that name and version that are on their way */
    int64_t unconfirmed; /* ... that are looked for themselves */
};

bool remote_rivals(struct db *db, const char *name, const char *version, int64_t item_id,
                   struct remote_rivals *rivals, struct err *err);

/* True through *held when an item has this firmware ID. */
bool remote_is_held(struct db *db, const char *id, bool *held, struct err *err);

/*
 * What one ledger saw of that name and version, told to another: who was there first stays
 * so, and an ID that an item of the first holds is nobody's upload to find in the second.
 */
bool remote_copy(struct db *from, struct db *to, const char *name, const char *version,
                 struct err *err);

/* That firmware was there before everything else: it is not taken for an upload of ours. */
bool remote_keep_old(struct db *db, const char *id, const char *name, const char *version,
                     struct err *err);

#endif
