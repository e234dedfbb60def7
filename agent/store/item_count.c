#include "store/item_count.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static bool read_left(struct row *row, bool *left, struct err *err)
{
    if (!row_next(row, left, err))
        return false;
    *left = *left && row_int(row, 0) != 0;
    row_done(row);
    return true;
}

/* What a query for one number says; 0 where it has no row. */
static bool read_number(struct row *row, int64_t *number, struct err *err)
{
    bool found;

    *number = 0;
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        *number = row_int(row, 0);
        row_done(row);
    }
    return true;
}

bool item_counts(struct db *db, int64_t counts[ITEM_STATE_COUNT], struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_COUNTS);
    enum item_state state;
    bool found;

    memset(counts, 0, ITEM_STATE_COUNT * sizeof counts[0]);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        if (item_state_of_name(row_text(row, 0), &state))
            counts[state] = row_int(row, 1);
    }
    return false;
}

/* Its values belong to the row that is looked at, which is in the next watch by then. */
static void tell_tally(struct item_tally *tally, char **watch,
                       void (*each)(void *owner, const struct item_tally *tally), void *owner)
{
    tally->watch = *watch;
    if (*watch)
        each(owner, tally);
    *tally = (struct item_tally){0};
    free(*watch);
    *watch = NULL;
}

bool item_tally_each(struct db *db, void (*each)(void *owner, const struct item_tally *tally),
                     void *owner, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_TALLIES);
    auto_free char *watch = NULL;
    struct item_tally tally = {0};
    enum item_state state;
    bool found;

    while (row_next(row, &found, err)) {
        if (!found || !watch || strcmp(watch, row_text(row, 0)) != 0)
            tell_tally(&tally, &watch, each, owner);
        if (!found)
            return true;
        if (!watch)
            watch = row_text_new(row, 0);
        int lane = row_int(row, 1) != 0;
        if (!item_state_of_name(row_text(row, 2), &state))
            continue;
        tally.items[lane][state] = row_int(row, 3);
        tally.bytes[lane][state] = row_int(row, 4);
    }
    return false;
}

bool item_count_uncertain(struct db *db, int64_t *count, struct err *err)
{
    return read_number(db_query(db, QUERY_ITEM_UNCERTAIN), count, err);
}

bool item_waiting_bytes(struct db *db, int64_t *bytes, struct err *err)
{
    return read_number(db_query(db, QUERY_ITEM_BYTES), bytes, err);
}

bool item_is_work_left(struct db *db, const struct item_work *work, bool *left, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_WORK_LEFT);

    row_bind_int(row, work->analyses);
    row_bind_int(row, work->backlog);
    return read_left(row, left, err);
}

bool item_is_listing_left(struct db *db, bool *left, struct err *err)
{
    return read_left(db_query(db, QUERY_ITEM_LISTING_LEFT), left, err);
}

bool item_oldest_waiting(struct db *db, int64_t *found_at, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_OLDEST_WAITING);
    bool found;

    *found_at = 0;
    if (!row_next(row, &found, err))
        return false;
    if (found)
        *found_at = row_int(row, 0);
    row_done(row);
    return true;
}
