#include "store/remote.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/fact.h"

enum { BEFORE_ALL = 1 }; /* a first sight older than any upload */

struct remote_line {
    const char *id;
    const char *name;
    const char *version;
};

static const char listed_fact[] = "inventory_at";

bool remote_seen(struct db *db, const char *id, const char *name, const char *version,
                 int64_t listed_at, struct err *err)
{
    struct row *row = db_query(db, QUERY_REMOTE_SEEN);

    row_bind_text(row, id);
    row_bind_text(row, name);
    row_bind_text(row, version);
    row_bind_int(row, listed_at);
    return row_exec(row, err);
}

bool remote_listed(struct db *db, int64_t listed_at, struct err *err)
{
    struct row *row = db_query(db, QUERY_REMOTE_FORGET);

    row_bind_int(row, listed_at);
    return row_exec(row, err) && fact_set_int(db, listed_fact, listed_at, err);
}

bool remote_listed_at(struct db *db, int64_t *listed_at, struct err *err)
{
    return fact_get_int(db, listed_fact, listed_at, err);
}

bool remote_ours(struct db *db, const char *name, const char *version, int64_t after,
                 struct remote_match *match, struct err *err)
{
    struct row *row = db_query(db, QUERY_REMOTE_OURS);
    bool found;

    *match = (struct remote_match){0};
    row_bind_text(row, name);
    row_bind_text(row, version);
    row_bind_int(row, after);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        if (match->count++ == 0)
            snprintf(match->id, sizeof match->id, "%s", row_text(row, 0));
    }
    return false;
}

bool remote_rivals(struct db *db, const char *name, const char *version, int64_t item_id,
                   struct remote_rivals *rivals, struct err *err)
{
    struct row *row = db_query(db, QUERY_REMOTE_RIVALS);
    bool found;

    *rivals = (struct remote_rivals){0};
    row_bind_text(row, name);
    row_bind_text(row, version);
    row_bind_int(row, item_id);
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        rivals->sending = row_int(row, 0);
        rivals->unconfirmed = row_int(row, 1) - rivals->sending;
    }
    row_done(row);
    return true;
}

bool remote_is_held(struct db *db, const char *id, bool *held, struct err *err)
{
    struct row *row = db_query(db, QUERY_REMOTE_HELD);
    bool found;

    row_bind_text(row, id);
    if (!row_next(row, &found, err))
        return false;
    *held = found && row_int(row, 0) > 0;
    row_done(row);
    return true;
}

static bool keep(struct db *db, const struct remote_line *line, int64_t first_ms, int64_t last_ms,
                 struct err *err)
{
    struct row *row = db_query(db, QUERY_REMOTE_KEEP);

    row_bind_text(row, line->id);
    row_bind_text(row, line->name);
    row_bind_text(row, line->version);
    row_bind_int(row, first_ms);
    row_bind_int(row, last_ms);
    return row_exec(row, err);
}

bool remote_keep_old(struct db *db, const char *id, const char *name, const char *version,
                     struct err *err)
{
    const struct remote_line line = {id, name, version};

    return keep(db, &line, BEFORE_ALL, clock_wall_ms(), err);
}

static bool copy_listed(struct db *from, struct db *to, const char *name, const char *version,
                        struct err *err)
{
    struct row *row = db_query(from, QUERY_REMOTE_OF_NAME);
    bool found;

    row_bind_text(row, name);
    row_bind_text(row, version);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        const struct remote_line line = {row_text(row, 0), name, version};
        if (!keep(to, &line, row_int(row, 1), row_int(row, 2), err))
            return false;
    }
    return false;
}

static bool copy_held(struct db *from, struct db *to, const char *name, const char *version,
                      struct err *err)
{
    struct row *row = db_query(from, QUERY_REMOTE_HELD_OF_NAME);
    bool found;

    row_bind_text(row, name);
    row_bind_text(row, version);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        if (!remote_keep_old(to, row_text(row, 0), name, version, err))
            return false;
    }
    return false;
}

bool remote_copy(struct db *from, struct db *to, const char *name, const char *version,
                 struct err *err)
{
    return copy_listed(from, to, name, version, err) && copy_held(from, to, name, version, err);
}
