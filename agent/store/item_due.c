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
    row_bind_int(row, !due->builds_only);
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

struct listener {
    void (*each)(void *owner, const char *path);
    void *owner;
    size_t count; /* told so far */
};

/* Of one lane: over both, the index would not give them in the order of their times. */
static bool settling_of_lane(struct db *db, const struct item_settling *wanted, bool backlog,
                             struct listener *listener, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_SETTLING_DUE);
    bool found;

    row_bind_int(row, wanted->until_ms);
    row_bind_text(row, wanted->watch);
    row_bind_int(row, backlog);
    row_bind_int(row, (int64_t)(wanted->max - listener->count));
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        listener->each(listener->owner, row_text(row, 0));
        listener->count++;
    }
    return false;
}

static bool settling_next_of_lane(struct db *db, const char *watch, bool backlog, int64_t *when_ms,
                                  struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_SETTLING_NEXT);
    bool found;

    row_bind_text(row, watch);
    row_bind_int(row, backlog);
    if (!row_next(row, &found, err))
        return false;
    if (found && !row_is_null(row, 0) && row_int(row, 0) < *when_ms)
        *when_ms = row_int(row, 0);
    row_done(row);
    return true;
}

bool item_settling_due(struct db *db, const struct item_settling *wanted,
                       void (*each)(void *owner, const char *path), void *owner, struct err *err)
{
    struct listener listener = {each, owner, 0};

    return settling_of_lane(db, wanted, false, &listener, err) &&
           settling_of_lane(db, wanted, true, &listener, err);
}

bool item_settling_next(struct db *db, const char *watch, int64_t *when_ms, struct err *err)
{
    *when_ms = INT64_MAX;
    return settling_next_of_lane(db, watch, false, when_ms, err) &&
           settling_next_of_lane(db, watch, true, when_ms, err);
}

bool item_shift_due(struct db *db, int64_t now_ms, int64_t back_ms, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_SHIFT_DUE);

    row_bind_int(row, now_ms);
    row_bind_int(row, back_ms);
    return row_exec(row, err);
}
