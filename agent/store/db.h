/*
 * db.h - one SQLite connection, its statements and its schema version.
 *
 * All SQL of the agent is in queries.def and is prepared when the database opens,
 * so a query that does not fit the schema stops the start, not a job at night.
 * There is exactly one connection in the whole system (locking_mode=EXCLUSIVE):
 * SQLite before 3.51.3 can corrupt a WAL that two connections write.
 * Loop thread only; no statement stays open across a return to the loop.
 *
 * Errors: ERR_DISK_FULL, ERR_BUSY (somebody else holds the file), ERR_INTERNAL (a row that
 * the schema refuses: our defect), ERR_STORE.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/migrations.h"

enum query {
#define QUERY(name, sql) QUERY_##name,
#include "store/queries.def"
#undef QUERY
    QUERY_COUNT,
};

struct db;
struct row;

/*
 * Opens the file, creating it whole or not at all, checks it (identity,
 * quick_check, version) and migrates it; before the migration of a database that
 * has content a copy "<path>.v<N>" is kept. ":memory:" gives a private one.
 */
struct db *db_open(const char *path, const struct migration *list, size_t count, struct err *err);

/* The same for a transaction or two, without quick_check, whose time grows with the file. */
struct db *db_open_brief(const char *path, const struct migration *list, size_t count,
                         struct err *err);
void db_close(struct db *db); /* NULL is fine */

/* A transaction is open from the first write after a commit; see turn.h for who commits. */
bool db_begin(struct db *db, struct err *err); /* no-op inside a transaction */
bool db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/*
 * From now on nothing is kept: writes are seen by this connection, commits and rollbacks do
 * nothing, and closing forgets all of it. In between the file is locked as in one write.
 */
bool db_hold(struct db *db, struct err *err);
int64_t db_last_id(const struct db *db);

/* A consistent copy, written aside and renamed into place. */
bool db_copy(struct db *db, const char *to_path, struct err *err);
bool db_check(struct db *db, struct err *err);

/* Starts a query: its values are then bound in order, left to right. */
struct row *db_query(struct db *db, enum query query);
void row_bind_int(struct row *row, int64_t value);
void row_bind_text(struct row *row, const char *value); /* NULL binds SQL NULL */
void row_bind_blob(struct row *row, const void *bytes, size_t size);
void row_bind_time(struct row *row, int64_t wall_ms); /* 0 binds SQL NULL */

/* One result row at a time: true with *found set, false on error. */
bool row_next(struct row *row, bool *found, struct err *err);

/* Columns of the result row, in order from 0. */
int64_t row_int(struct row *row, int column); /* 0 for NULL */
bool row_is_null(struct row *row, int column);
const char *row_text(struct row *row, int column); /* NULL for NULL; gone at the next row_next() */
char *row_text_new(struct row *row, int column);   /* the caller's, or NULL */
const void *row_blob(struct row *row, int column, size_t *size);
void row_done(struct row *row);

/* Runs a write; the second form fails unless it changed exactly one row. */
bool row_exec(struct row *row, struct err *err);
bool row_exec_one(struct row *row, struct err *err);
int64_t row_changed(const struct db *db);

#endif
