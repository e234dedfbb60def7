#include "store/export_job.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const phase_names[] = {
#define X(constant, name) [EXPORT_##constant] = (name),
    EXPORT_PHASES(X)
#undef X
};

enum { PHASE_COUNT = sizeof phase_names / sizeof phase_names[0] };

static void copy_text(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

/* The table's CHECK knows the same names. */
static enum export_phase phase_of(const char *name)
{
    size_t i = 0;

    while (i < PHASE_COUNT && strcmp(phase_names[i], name) != 0)
        i++;
    assert(i < PHASE_COUNT);
    return (enum export_phase)i;
}

/* In the order of EXPORT_JOB_COLUMNS, as bind_counts() has it. */
static void read_counts(struct row *row, int column, struct export_counts *counts)
{
    counts->listed = row_int(row, column++);
    counts->fetched = row_int(row, column++);
    counts->written = row_int(row, column++);
    counts->restored = row_int(row, column++);
    counts->unchanged = row_int(row, column++);
    counts->not_ready = row_int(row, column++);
    counts->quarantined = row_int(row, column++);
    counts->failed = row_int(row, column++);
    counts->vanished = row_int(row, column);
}

static void bind_counts(struct row *row, const struct export_counts *counts)
{
    row_bind_int(row, counts->listed);
    row_bind_int(row, counts->fetched);
    row_bind_int(row, counts->written);
    row_bind_int(row, counts->restored);
    row_bind_int(row, counts->unchanged);
    row_bind_int(row, counts->not_ready);
    row_bind_int(row, counts->quarantined);
    row_bind_int(row, counts->failed);
    row_bind_int(row, counts->vanished);
}

const char *export_phase_name(enum export_phase phase)
{
    return phase_names[phase];
}

bool export_job_get(struct db *db, const char *name, struct export_job *job, struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_JOB_GET);
    bool found;

    *job = (struct export_job){0};
    copy_text(job->name, sizeof job->name, name);
    row_bind_text(row, name);
    if (!row_next(row, &found, err))
        return false;
    if (!found)
        return true;
    job->last_slot = row_int(row, 1);
    job->last_attempt_at = row_int(row, 2);
    job->last_success_at = row_int(row, 3);
    copy_text(job->error, sizeof job->error, row_text(row, 4));
    job->phase = phase_of(row_text(row, 5));
    job->run_slot = row_int(row, 6);
    job->run_started_at = row_int(row, 7);
    job->run_marks_all = row_int(row, 8) != 0;
    read_counts(row, 9, &job->counts);
    row_done(row);
    return true;
}

bool export_job_next(struct db *db, char name[EXPORT_NAME_SIZE], bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_JOB_NEXT);

    row_bind_text(row, name);
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        copy_text(name, EXPORT_NAME_SIZE, row_text(row, 0));
        row_done(row);
    }
    return true;
}

/* Whole, as one row: phase and slot are never of two different moments. */
bool export_job_save(struct db *db, const struct export_job *job, struct err *err)
{
    struct row *row = db_query(db, QUERY_EXPORT_JOB_SAVE);

    row_bind_text(row, job->name);
    row_bind_time(row, job->last_slot);
    row_bind_time(row, job->last_attempt_at);
    row_bind_time(row, job->last_success_at);
    row_bind_text(row, job->error[0] ? job->error : NULL);
    row_bind_text(row, export_phase_name(job->phase));
    row_bind_time(row, job->run_slot);
    row_bind_time(row, job->run_started_at);
    row_bind_int(row, job->run_marks_all);
    bind_counts(row, &job->counts);
    return row_exec(row, err);
}

static bool drop_strays(struct row *row, const char *names, struct err *err)
{
    row_bind_text(row, names);
    return row_exec(row, err);
}

bool export_job_drop_strays(struct db *db, const char *names, int64_t now_ms, struct err *err)
{
    if (!drop_strays(db_query(db, QUERY_EXPORT_JOB_DROP_STRAYS), names, err) ||
        !drop_strays(db_query(db, QUERY_EXPORT_WORK_DROP_STRAYS), names, err))
        return false;
    struct row *row = db_query(db, QUERY_ALERT_CLEAR_STRAY_EXPORTS);
    row_bind_text(row, names);
    row_bind_int(row, now_ms);
    return row_exec(row, err);
}
