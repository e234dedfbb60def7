/*
 * store_file.h - databases in a throw-away folder, and what is on the disk there.
 *
 * What looks into a file goes around agent/store: it must not believe what it tests.
 */
#ifndef TESTS_STORE_STORE_FILE_H
#define TESTS_STORE_STORE_FILE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/digest.h"
#include "known_items.h"
#include "store/db.h"
#include "tree.h"

struct store_file {
    struct tree tree;
    char path[96];
};

static inline void store_file_make(struct store_file *file)
{
    tree_make(&file->tree);
    snprintf(file->path, sizeof file->path, "%s/ledger.db", file->tree.path);
}

static inline void store_file_remove(struct store_file *file)
{
    tree_remove(&file->tree);
}

/* The database as it is; the test ends when it does not open. */
static inline struct db *store_file_open(const struct store_file *file)
{
    struct err err;
    struct db *db = db_open(file->path, migrations, migration_count, &err);

    if (!db)
        fail_msg("%s", err.message);
    return db;
}

/* A closed one that holds so many items. */
static inline void store_file_fill(const struct store_file *file, int items)
{
    struct db *db = store_file_open(file);
    struct err err;

    for (int i = 0; i < items; i++) {
        char path[64];

        snprintf(path, sizeof path, "/srv/builds/image-%05d.bin", i);
        known_add(db, ITEM_PENDING, path);
    }
    assert_true(db_commit(db, &err));
    db_close(db);
}

static inline void store_file_sql(const struct store_file *file, const char *sql)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(file->path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

/* The first column of the first row; -1 when the file is no such database. */
static inline int64_t store_file_number(const char *path, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number = -1;
    sqlite3 *handle;

    if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(handle);
    return number;
}

static inline bool store_file_has(const struct store_file *file, const char *name)
{
    return faccessat(file->tree.fd, name, F_OK, 0) == 0;
}

/* What a file of the folder holds, in hex; "" when it is not there. */
static inline void store_file_digest(const struct store_file *file, const char *name,
                                     char hex[DIGEST_HEX_SIZE])
{
    int fd = openat(file->tree.fd, name, O_RDONLY | O_CLOEXEC);
    struct digest *digest = digest_new();
    char bytes[65536];
    ssize_t got;

    while (fd >= 0 && (got = read(fd, bytes, sizeof bytes)) > 0)
        digest_add(digest, bytes, (size_t)got);
    digest_hex(digest, hex);
    digest_free(digest);
    if (fd < 0)
        hex[0] = '\0';
    else
        close(fd);
}

/* Overwrites bytes of a file of the folder where they are. */
static inline void store_file_spoil(const struct store_file *file, const char *name, off_t at,
                                    size_t size)
{
    int fd = tree_ok(openat(file->tree.fd, name, O_WRONLY | O_CLOEXEC), name);
    char rubbish[4096];

    memset(rubbish, 0x5a, sizeof rubbish);
    assert_in_range(size, 1, sizeof rubbish);
    assert_int_equal(pwrite(fd, rubbish, size, at), (ssize_t)size);
    close(fd);
}

static inline void store_file_duplicate(const struct store_file *file, const char *from,
                                        const char *to)
{
    int in = tree_ok(openat(file->tree.fd, from, O_RDONLY | O_CLOEXEC), from);
    int out =
        tree_ok(openat(file->tree.fd, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), to);
    char bytes[65536];
    ssize_t got;

    while ((got = read(in, bytes, sizeof bytes)) > 0)
        assert_int_equal(write(out, bytes, (size_t)got), got);
    close(in);
    close(out);
}

#endif
