/*
 * item_scan.h - finding items in bounded pieces.
 *
 * A scan walks the ledger from the newest row to the oldest. Each call looks at no more
 * than ITEM_SCAN_ROWS rows, however few of them match, so that a filter that finds one
 * item among a million holds up nobody. Rows that are added while it runs are not seen.
 */
#ifndef STORE_ITEM_SCAN_H
#define STORE_ITEM_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

enum { ITEM_SCAN_ROWS = 2000 };

struct item_scan { /* zeroed, then what to look for; NULL and 0 do not filter */
    const char *state;
    const char *watch;
    const char *product;
    const char *path; /* all four borrowed until the scan is over */
    int64_t since_ms; /* found then or later */
    bool duplicates;  /* those too */
    bool forgotten;   /* those too */

    bool over;    /* true once there will be no more */
    bool started; /* these two are the scan's own */
    int64_t next_id;
};

/* Up to max ids, newest first; *count may be 0 before scan->over. */
bool item_scan_next(struct db *db, struct item_scan *scan, int64_t *ids, size_t max, size_t *count,
                    struct err *err);

/* Up to max ids of what is at that path now, one per watch that covers it. */
bool item_scan_path(struct db *db, const char *path, int64_t *ids, size_t max, size_t *count,
                    struct err *err);

/* Up to max ids whose SHA-256 begins with these lower-case digits, forgotten ones too. */
bool item_scan_digest(struct db *db, const char *digits, int64_t *ids, size_t max, size_t *count,
                      struct err *err);

/* As item_aliases(), but of no more than max rows, in no order, and a path may repeat. */
bool item_scan_aliases(struct db *db, int64_t id, size_t max,
                       void (*each)(void *owner, const char *path), void *owner, struct err *err);

#endif
