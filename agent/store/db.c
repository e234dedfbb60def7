#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "store/db_setup.h"
#include "store/item_fields.h"

struct row {
    sqlite3_stmt *stmt;
    int bound;
    bool writes;
    struct db *db;
};

struct db {
    sqlite3 *handle;
    bool is_held; /* nothing is committed any more */
    struct row rows[QUERY_COUNT];
};

static const char *const query_sql[] = {
#define QUERY(name, sql) [QUERY_##name] = (sql),
#include "store/queries.def"
#undef QUERY
};

static bool prepare_all(struct db *db, struct err *err)
{
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        struct row *row = &db->rows[i];

        if (sqlite3_prepare_v3(db->handle, query_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &row->stmt,
                               NULL) != SQLITE_OK)
            return db_setup_fail(db->handle, err, query_sql[i]);
        row->writes = !sqlite3_stmt_readonly(row->stmt);
        row->db = db;
    }
    return true;
}

static struct db *open_by(const char *path, const struct db_setup *setup, struct err *err)
{
    struct db *db = xcalloc(1, sizeof *db);

    db->handle = db_setup_open(path, setup, err);
    if (db->handle && prepare_all(db, err))
        return db;
    err_wrap(err, "%s", path);
    db_close(db);
    return NULL;
}

struct db *db_open(const char *path, const struct migration *list, size_t count, struct err *err)
{
    const struct db_setup setup = {.list = list, .count = count, .check = true};

    return open_by(path, &setup, err);
}

struct db *db_open_brief(const char *path, const struct migration *list, size_t count,
                         struct err *err)
{
    const struct db_setup setup = {.list = list, .count = count};

    return open_by(path, &setup, err);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < QUERY_COUNT; i++)
        sqlite3_finalize(db->rows[i].stmt);
    db_rollback(db);
    sqlite3_close(db->handle);
    free(db);
}

bool db_in_transaction(const struct db *db)
{
    return db->handle && !db->is_held && !sqlite3_get_autocommit(db->handle);
}

bool db_hold(struct db *db, struct err *err)
{
    if (!db_commit(db, err) || !db_begin(db, err))
        return false;
    db->is_held = true;
    return true;
}

bool db_begin(struct db *db, struct err *err)
{
    return db->is_held || db_in_transaction(db) || db_setup_run(db->handle, "BEGIN IMMEDIATE", err);
}

bool db_commit(struct db *db, struct err *err)
{
    return !db_in_transaction(db) || db_setup_run(db->handle, "COMMIT", err);
}

void db_rollback(struct db *db)
{
    if (db_in_transaction(db))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int64_t db_last_id(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

bool db_copy(struct db *db, const char *to_path, struct err *err)
{
    return db_setup_copy(db->handle, to_path, err);
}

bool db_check(struct db *db, struct err *err)
{
    return db_setup_check(db->handle, "PRAGMA integrity_check(1)", err);
}

struct row *db_query(struct db *db, enum query query)
{
    struct row *row = &db->rows[query];

    assert(!sqlite3_stmt_busy(row->stmt)); /* one use at a time: the loop thread, no recursion */
    row->bound = 0;
    return row;
}

void row_bind_int(struct row *row, int64_t value)
{
    int code = sqlite3_bind_int64(row->stmt, ++row->bound, value);

    assert(code == SQLITE_OK);
    (void)code;
}

void row_bind_text(struct row *row, const char *value)
{
    int code = sqlite3_bind_text(row->stmt, ++row->bound, value, -1, SQLITE_TRANSIENT);

    assert(code == SQLITE_OK);
    (void)code;
}

void row_bind_blob(struct row *row, const void *bytes, size_t size)
{
    int code = sqlite3_bind_blob64(row->stmt, ++row->bound, bytes, size, SQLITE_TRANSIENT);

    assert(code == SQLITE_OK);
    (void)code;
}

void row_bind_time(struct row *row, int64_t wall_ms)
{
    if (wall_ms != 0)
        row_bind_int(row, wall_ms);
    else
        row_bind_text(row, NULL);
}

void row_done(struct row *row)
{
    sqlite3_reset(row->stmt);
    sqlite3_clear_bindings(row->stmt);
}

static bool row_fail(struct row *row, struct err *err)
{
    db_setup_fail(row->db->handle, err, sqlite3_sql(row->stmt));
    row_done(row);
    return false;
}

bool row_next(struct row *row, bool *found, struct err *err)
{
    assert(row->bound == sqlite3_bind_parameter_count(row->stmt));
    if (row->writes && !sqlite3_stmt_busy(row->stmt) && !db_begin(row->db, err)) {
        row_done(row);
        return false;
    }
    int code = sqlite3_step(row->stmt);

    *found = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        return row_fail(row, err);
    row_done(row);
    return true;
}

bool row_exec(struct row *row, struct err *err)
{
    bool found;

    if (!row_next(row, &found, err))
        return false;
    assert(!found);
    return true;
}

bool row_exec_one(struct row *row, struct err *err)
{
    if (!row_exec(row, err))
        return false;
    int64_t changed = row_changed(row->db);
    if (changed != 1)
        return err_set(err, ERR_INTERNAL, "%s: changed %jd rows", sqlite3_sql(row->stmt),
                       (intmax_t)changed);
    return true;
}

int64_t row_changed(const struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t row_int(struct row *row, int column)
{
    return sqlite3_column_int64(row->stmt, column);
}

bool row_is_null(struct row *row, int column)
{
    return sqlite3_column_type(row->stmt, column) == SQLITE_NULL;
}

const char *row_text(struct row *row, int column)
{
    return (const char *)sqlite3_column_text(row->stmt, column);
}

char *row_text_new(struct row *row, int column)
{
    const char *text = row_text(row, column);

    return text ? xstrdup(text) : NULL;
}

const void *row_blob(struct row *row, int column, size_t *size)
{
    const void *bytes = sqlite3_column_blob(row->stmt, column);

    *size = (size_t)sqlite3_column_bytes(row->stmt, column);
    return bytes;
}
