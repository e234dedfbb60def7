/*
 * export_work.c - the part of export_job.h that is table export_work.
 *
 * No write here minds a row that is gone: a configuration without the job, or an export that
 * begins anew, takes the work away while a firmware of it is still being fetched.
 */
#include <stdio.h>

#include "store/export_job.h"

bool export_work_add(struct db *db, const char *job, const char *firmware_id, struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_WORK_ADD);

    row_bind_text(row, job);
    row_bind_text(row, firmware_id);
    return row_exec(row, err);
}

/* Two statements, since SQLite must not read what it writes; forgotten items count as well. */
bool export_work_add_ledger(struct db *db, const char *job, struct export_page *page,
                            struct err *err)
{
    struct export_work works[EXPORT_PAGE] = {0};
    struct row *row = db_query(db, QUERY_EXPORT_WORK_NEXT_LEDGER);
    size_t count = 0;
    bool found = true;

    row_bind_text(row, page->after);
    row_bind_int(row, EXPORT_PAGE);
    while (found) {
        if (!row_next(row, &found, err))
            return false;
        if (found)
            snprintf(works[count].firmware_id, sizeof works[count].firmware_id, "%s",
                     row_text(row, 0));
        count += found;
    }
    for (size_t i = 0; i < count; i++) {
        if (!export_work_add(db, job, works[i].firmware_id, err))
            return false;
    }
    if (count > 0)
        snprintf(page->after, sizeof page->after, "%s", works[count - 1].firmware_id);
    page->is_last = count < EXPORT_PAGE;
    return true;
}

bool export_work_due(struct db *db, const char *job, int64_t now_ms, struct export_batch *batch,
                     struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_WORK_DUE);
    bool found;

    batch->count = 0;
    row_bind_text(row, job);
    row_bind_int(row, now_ms);
    row_bind_int(row, (int64_t)batch->max);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        struct export_work *next = &batch->work[batch->count++];
        snprintf(next->firmware_id, sizeof next->firmware_id, "%s", row_text(row, 0));
        next->attempts = row_int(row, 1);
        next->due_at = row_int(row, 2);
    }
    return false;
}

/* The number is kept by triggers: an export asks for it after every firmware. */
bool export_work_left(struct db *db, const char *job, int64_t *left, struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_WORK_COUNT);
    bool found;

    row_bind_text(row, job);
    if (!row_next(row, &found, err))
        return false;
    *left = found ? row_int(row, 0) : 0;
    if (found)
        row_done(row);
    return true;
}

bool export_work_next(struct db *db, const char *job, int64_t after_ms, int64_t *due_at,
                      struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_WORK_NEXT);
    bool found;

    row_bind_text(row, job);
    row_bind_int(row, after_ms);
    if (!row_next(row, &found, err))
        return false;
    *due_at = found && !row_is_null(row, 0) ? row_int(row, 0) : INT64_MAX;
    if (found)
        row_done(row);
    return true;
}

bool export_work_hasten(struct db *db, int64_t later_than_ms, struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_WORK_HASTEN);

    row_bind_int(row, later_than_ms);
    return row_exec(row, err);
}

bool export_work_retry(struct db *db, const char *job, const struct export_work *work,
                       struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_WORK_RETRY);

    row_bind_text(row, job);
    row_bind_text(row, work->firmware_id);
    row_bind_int(row, work->attempts);
    row_bind_int(row, work->due_at);
    return row_exec(row, err);
}

bool export_work_done(struct db *db, const char *job, const char *firmware_id, struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_WORK_DONE);

    row_bind_text(row, job);
    row_bind_text(row, firmware_id);
    return row_exec(row, err);
}

bool export_work_clear(struct db *db, const char *job, bool *over, struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_WORK_CLEAR);

    row_bind_text(row, job);
    row_bind_int(row, EXPORT_PAGE);
    if (!row_exec(row, err))
        return false;
    *over = row_changed(db) < EXPORT_PAGE;
    return true;
}
