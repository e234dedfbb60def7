#include "store/firmware_row.h"

#include <stdlib.h>

#include "base/mem.h"

void firmware_row_release(struct firmware_row *firmware)
{
    free(firmware->id);
    free(firmware->name);
    free(firmware->version);
    free(firmware->vendor);
    free(firmware->product);
    free(firmware->product_group);
    *firmware = (struct firmware_row){0};
}

bool firmware_row_see(struct db *db, const struct firmware_row *firmware, struct err *err)
{
    struct row *row = db_query(db, QUERY_FIRMWARE_SEE);

    row_bind_text(row, firmware->id);
    row_bind_text(row, firmware->name);
    row_bind_text(row, firmware->version);
    row_bind_text(row, firmware->vendor);
    row_bind_text(row, firmware->product);
    row_bind_text(row, firmware->product_group);
    row_bind_time(row, firmware->seen_at);
    return row_exec_one(row, err);
}

/* The columns after the ID, which is asked for; *firmware is empty. */
static bool read_one(struct row *row, const char *id, struct firmware_row *firmware, bool *found,
                     struct err *err)
{
    row_bind_text(row, id);
    if (!row_next(row, found, err))
        return false;
    if (!*found)
        return true;
    firmware->id = xstrdup(id);
    firmware->name = row_text_new(row, 0);
    firmware->version = row_text_new(row, 1);
    firmware->vendor = row_text_new(row, 2);
    firmware->product = row_text_new(row, 3);
    firmware->product_group = row_text_new(row, 4);
    firmware->seen_at = row_int(row, 5);
    firmware->vanished_at = row_int(row, 6);
    row_done(row);
    return true;
}

bool firmware_row_get(struct db *db, const char *id, struct firmware_row *firmware, bool *found,
                      struct err *err)
{
    firmware_row_release(firmware);
    if (!read_one(db_query(db, QUERY_FIRMWARE_GET), id, firmware, found, err))
        return false;
    return *found || read_one(db_query(db, QUERY_FIRMWARE_OF_ITEM), id, firmware, found, err);
}

bool firmware_row_missing(struct db *db, int64_t listed_at, int64_t *kept, int64_t *missing,
                          struct err *err)
{
    struct row *row = db_query(db, QUERY_FIRMWARE_MISSING);
    bool found;

    *kept = *missing = 0;
    row_bind_int(row, listed_at);
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        *kept = row_int(row, 0);
        *missing = row_int(row, 1);
        row_done(row);
    }
    return true;
}

/* A firmware without SBOMs names nothing in the index, so nobody misses its row. */
bool firmware_row_mark_missing(struct db *db, int64_t listed_at, int64_t now_ms, struct err *err)
{
    struct row *mark = db_query(db, QUERY_FIRMWARE_MARK_MISSING);

    row_bind_int(mark, listed_at);
    row_bind_int(mark, now_ms);
    if (!row_exec(mark, err))
        return false;
    struct row *forget = db_query(db, QUERY_FIRMWARE_FORGET_MISSING);
    row_bind_int(forget, listed_at);
    return row_exec(forget, err);
}
