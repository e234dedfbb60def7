#include "store/upload_day.h"

bool upload_day_load(struct db *db, struct upload_day *day, struct err *err)
{
    struct row *row = db_query(db, QUERY_UPLOAD_DAY_GET);
    bool found;

    *day = (struct upload_day){0};
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        day->day = row_int(row, 0);
        day->bytes = row_int(row, 1);
        row_done(row);
    }
    return true;
}

bool upload_day_save(struct db *db, const struct upload_day *day, struct err *err)
{
    struct row *row = db_query(db, QUERY_UPLOAD_DAY_SET);

    row_bind_int(row, day->day);
    row_bind_int(row, day->bytes);
    return row_exec_one(row, err);
}
