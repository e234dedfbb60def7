#include "store/pause.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {[PAUSE_OPERATOR] = "operator", [PAUSE_AUTH] = "auth"};

const char *pause_kind_name(enum pause_kind kind)
{
    assert(kind < PAUSE_KIND_COUNT);
    return kind_names[kind];
}

static void read_pause(struct row *row, struct pause pauses[PAUSE_KIND_COUNT])
{
    enum pause_kind kind =
        strcmp(row_text(row, 0), kind_names[PAUSE_AUTH]) == 0 ? PAUSE_AUTH : PAUSE_OPERATOR;

    pauses[kind].is_set = true;
    pauses[kind].since = row_int(row, 2);
    snprintf(pauses[kind].reason, sizeof pauses[kind].reason, "%s", row_text(row, 1));
    snprintf(pauses[kind].by_whom, sizeof pauses[kind].by_whom, "%s", row_text(row, 3));
}

bool pause_load(struct db *db, struct pause pauses[PAUSE_KIND_COUNT], struct err *err)
{
    struct row *row = db_query(db, QUERY_PAUSE_ALL);
    bool found;

    memset(pauses, 0, PAUSE_KIND_COUNT * sizeof pauses[0]);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        read_pause(row, pauses);
    }
    return false;
}

bool pause_set(struct db *db, enum pause_kind kind, const struct pause *pause, struct err *err)
{
    struct row *row = db_query(db, QUERY_PAUSE_SET);

    row_bind_text(row, pause_kind_name(kind));
    row_bind_text(row, pause->reason);
    row_bind_int(row, pause->since);
    row_bind_text(row, pause->by_whom);
    return row_exec(row, err);
}

bool pause_clear(struct db *db, enum pause_kind kind, struct err *err)
{
    struct row *row = db_query(db, QUERY_PAUSE_CLEAR);

    row_bind_text(row, pause_kind_name(kind));
    return row_exec(row, err);
}

bool group_held(struct db *db, const char *product_group, int64_t *items, struct err *err)
{
    struct row *row = db_query(db, QUERY_HELD_IN_GROUP);
    bool found;

    *items = 0;
    row_bind_text(row, product_group);
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        *items = row_int(row, 0);
        row_done(row);
    }
    return true;
}

bool group_block(struct db *db, const char *product_group, const char *reason, int64_t since,
                 struct err *err)
{
    struct row *row = db_query(db, QUERY_BLOCK_GROUP);

    row_bind_text(row, product_group);
    row_bind_text(row, reason);
    row_bind_int(row, since);
    return row_exec(row, err);
}

bool group_unblock_all(struct db *db, struct err *err)
{
    return row_exec(db_query(db, QUERY_UNBLOCK_GROUPS), err);
}

bool group_each(struct db *db,
                void (*each)(void *owner, const char *product_group, const char *reason,
                             int64_t since),
                void *owner, struct err *err)
{
    struct row *row = db_query(db, QUERY_GROUP_ALL);
    bool found;

    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        each(owner, row_text(row, 0), row_text(row, 1), row_int(row, 2));
    }
    return false;
}
