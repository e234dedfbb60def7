/*
 * db_setup.h - how a connection is opened, checked, migrated and copied.
 *
 * Used by db.c only; apart from it so that each file has one subject.
 */
#ifndef STORE_DB_SETUP_H
#define STORE_DB_SETUP_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/migrations.h"

struct db_setup {
    const struct migration *list;
    size_t count;
    bool check; /* look through the whole file for damage */
};

/* NULL on failure. */
sqlite3 *db_setup_open(const char *path, const struct db_setup *setup, struct err *err);

bool db_setup_run(sqlite3 *handle, const char *sql, struct err *err);
bool db_setup_check(sqlite3 *handle, const char *pragma, struct err *err);
bool db_setup_copy(sqlite3 *handle, const char *to_path, struct err *err);

/* Fills err from the handle's last error, with what was being done; always false. */
bool db_setup_fail(sqlite3 *handle, struct err *err, const char *doing);

#endif
