#include "store/item_due.h"

#include <assert.h>

enum { DUE_FEW = 256 };

static bool count_due(struct db *db, enum item_state state, int64_t now_ms, int64_t *count,
                      struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_DUE_FEW);
    bool found;

    row_bind_text(row, item_state_name(state));
    row_bind_int(row, now_ms);
    if (!row_next(row, &found, err))
        return false;
    *count = found ? row_int(row, 0) : 0;
    row_done(row);
    return true;
}

bool item_due(struct db *db, enum item_state state, int64_t now_ms, struct item_ids *due,
              struct err *err)
{
    int64_t count = 0;
    bool found;

    due->count = 0;
    if (!count_due(db, state, now_ms, &count, err))
        return false;
    if (count == 0)
        return true;
    struct row *row =
        db_query(db, count > DUE_FEW ? QUERY_ITEM_DUE_BY_RANK : QUERY_ITEM_DUE_BY_TIME);
    row_bind_text(row, item_state_name(state));
    row_bind_int(row, now_ms);
    row_bind_int(row, (int64_t)due->max);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        assert(due->count < due->max);
        due->ids[due->count++] = row_int(row, 0);
    }
    return false;
}

bool item_next_due(struct db *db, enum item_state state, int64_t after_ms, int64_t *when_ms,
                   struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_NEXT_DUE);
    bool found;

    *when_ms = INT64_MAX;
    row_bind_text(row, item_state_name(state));
    row_bind_int(row, after_ms);
    if (!row_next(row, &found, err))
        return false;
    if (found && !row_is_null(row, 0))
        *when_ms = row_int(row, 0);
    row_done(row);
    return true;
}

bool item_settling_due(struct db *db, const struct item_settling *wanted,
                       void (*each)(void *owner, const char *path), void *owner, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_SETTLING_DUE);
    bool found;

    row_bind_int(row, wanted->until_ms);
    row_bind_text(row, wanted->watch);
    row_bind_int(row, (int64_t)wanted->max);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        each(owner, row_text(row, 0));
    }
    return false;
}

bool item_settling_next(struct db *db, const char *watch, int64_t *when_ms, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_SETTLING_NEXT);
    bool found;

    *when_ms = INT64_MAX;
    row_bind_text(row, watch);
    if (!row_next(row, &found, err))
        return false;
    if (found && !row_is_null(row, 0))
        *when_ms = row_int(row, 0);
    row_done(row);
    return true;
}

bool item_shift_due(struct db *db, int64_t now_ms, int64_t back_ms, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_SHIFT_DUE);

    row_bind_int(row, now_ms);
    row_bind_int(row, back_ms);
    return row_exec(row, err);
}
