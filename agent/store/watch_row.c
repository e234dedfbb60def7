#include "store/watch_row.h"

#include <string.h>

bool watch_row_is_scanned(struct db *db, const char *name, const char *path, bool *done,
                          struct err *err)
{
    struct row *row = db_query(db, QUERY_WATCH_BY_NAME);
    bool found;

    *done = false;
    row_bind_text(row, name);
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        *done = strcmp(row_text(row, 0), path) == 0 && !row_is_null(row, 1);
        row_done(row);
    }
    return true;
}

bool watch_row_scanned(struct db *db, const char *name, const char *path, int64_t now_ms,
                       struct err *err)
{
    struct row *row = db_query(db, QUERY_WATCH_SCANNED);

    row_bind_text(row, name);
    row_bind_text(row, path);
    row_bind_int(row, now_ms);
    return row_exec_one(row, err);
}
