/*
 * firmware_row.h - table firmware: what the platform calls the firmwares that are exported.
 *
 * Unlike remote_firmware, which forgets what is no longer there, a row stays as long as SBOMs of
 * that firmware are kept: the index names them.
 */
#ifndef STORE_FIRMWARE_ROW_H
#define STORE_FIRMWARE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct firmware_row { /* NULL: the platform has none, or does not say */
    char *id;
    char *name;
    char *version;
    char *vendor;
    char *product;
    char *product_group;
    int64_t seen_at;     /* when the last listing that showed it began */
    int64_t vanished_at; /* marked then; 0: not */
};

void firmware_row_release(struct firmware_row *firmware);

/* Adds it or brings it up to date; what is NULL stays as it was. It is not vanished. */
bool firmware_row_see(struct db *db, const struct firmware_row *firmware, struct err *err);

/*
 * The row, its product, vendor and group from an item of the ledger with that ID where the
 * platform did not say; else what that item was uploaded as. *firmware is released or zero before.
 */
bool firmware_row_get(struct db *db, const char *id, struct firmware_row *firmware, bool *found,
                      struct err *err);

/*
 * Of the firmwares whose SBOMs are kept and that a listing has shown before: how many there are,
 * and how many of them the listing that began at listed_at does not show and are not marked yet.
 */
bool firmware_row_missing(struct db *db, int64_t listed_at, int64_t *kept, int64_t *missing,
                          struct err *err);

/* Marks these; and forgets those without any SBOM. */
bool firmware_row_mark_missing(struct db *db, int64_t listed_at, int64_t now_ms, struct err *err);

static inline void auto_firmware_row_fn(struct firmware_row *firmware)
{
    firmware_row_release(firmware);
}

#define auto_firmware_row __attribute__((cleanup(auto_firmware_row_fn)))

#endif
