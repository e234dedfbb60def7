#include "store/db_setup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

enum {
    APPLICATION_ID = 0x4f4b4147, /* "OKAG" */
    BUSY_TIMEOUT_MS = 2000,      /* a backup tool or an administrator may look at the file */
};

/* What holds while it is not yet known whose file this is: nothing that writes to it. */
static const char look_sql[] = "PRAGMA locking_mode = EXCLUSIVE;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;";

/* EXCLUSIVE comes before WAL: then there is no shared-memory file and no second writer. */
static const char setup_sql[] = "PRAGMA journal_mode = WAL;"
                                "PRAGMA synchronous = FULL;"
                                "PRAGMA foreign_keys = ON;"
                                "PRAGMA journal_size_limit = 16777216;"
                                "PRAGMA wal_autocheckpoint = 1000;"
                                "PRAGMA cache_size = -4096;"
                                "PRAGMA temp_store = MEMORY;";

/* A log that stayed behind would be played into whatever is put in the database's place. */
#define DAMAGE_ADVICE                                                                              \
    "it was left as it is: move it away together with its -wal file, then put a copy in its "      \
    "place or start with an empty ledger"

static enum err_kind kind_of_code(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ERR_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_CONSTRAINT:
        return ERR_INTERNAL;
    default:
        return ERR_STORE;
    }
}

bool db_setup_fail(sqlite3 *handle, struct err *err, const char *doing)
{
    int code = handle ? sqlite3_extended_errcode(handle) : SQLITE_NOMEM;
    int first = code & 0xff;

    err_record(err, kind_of_code(code), "%.160s: %s", doing,
               handle ? sqlite3_errmsg(handle) : "out of memory");
    if (first == SQLITE_CORRUPT || first == SQLITE_NOTADB)
        err_set(err, ERR_STORE, "the database is damaged (%s); " DAMAGE_ADVICE,
                sqlite3_errmsg(handle));
    return false;
}

bool db_setup_run(sqlite3 *handle, const char *sql, struct err *err)
{
    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           db_setup_fail(handle, err, sql);
}

static bool read_text(sqlite3 *handle, const char *sql, char *out, size_t size, struct err *err)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) != SQLITE_OK)
        return db_setup_fail(handle, err, sql);
    bool ok = sqlite3_step(stmt) == SQLITE_ROW;
    const char *text = ok ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    snprintf(out, size, "%s", text ? text : "");
    if (!ok)
        db_setup_fail(handle, err, sql);
    sqlite3_finalize(stmt);
    return ok;
}

static bool read_number(sqlite3 *handle, const char *sql, int64_t *out, struct err *err)
{
    char text[32];

    if (!read_text(handle, sql, text, sizeof text, err))
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

bool db_setup_check(sqlite3 *handle, const char *pragma, struct err *err)
{
    char verdict[256];

    if (!read_text(handle, pragma, verdict, sizeof verdict, err))
        return false;
    if (strcmp(verdict, "ok") != 0)
        return err_set(err, ERR_STORE, "the database is damaged (%s); " DAMAGE_ADVICE, verdict);
    return true;
}

static bool fsync_path(const char *path, int flags, struct err *err)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

    if (fd < 0)
        return err_sys(err, errno, "open %s", path);
    if (fsync(fd) != 0)
        return err_sys(err, errno, "sync %s", path);
    return true;
}

static bool fsync_folder_of(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    auto_free char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");

    return fsync_path(folder, O_DIRECTORY, err);
}

/* The copy appears under its name only when it is whole and on the disk. */
bool db_setup_copy(sqlite3 *handle, const char *to_path, struct err *err)
{
    auto_free char *aside = xasprintf("%s.part", to_path);
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", aside);

    if (!sql)
        abort();
    unlink(aside);
    bool ok = db_setup_run(handle, sql, err);
    sqlite3_free(sql);
    if (ok && chmod(aside, 0600) != 0)
        ok = err_sys(err, errno, "chmod %s", aside);
    ok = ok && fsync_path(aside, 0, err);
    if (ok && rename(aside, to_path) != 0)
        ok = err_sys(err, errno, "rename %s", aside);
    if (!ok)
        unlink(aside);
    return ok && fsync_folder_of(to_path, err);
}

static bool apply(sqlite3 *handle, const struct migration *migration, struct err *err)
{
    char bump[96];

    sqlite3_snprintf(sizeof bump, bump, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                     (int)APPLICATION_ID, migration->version);
    if (db_setup_run(handle, "BEGIN IMMEDIATE", err) && db_setup_run(handle, migration->sql, err) &&
        db_setup_run(handle, bump, err) && db_setup_run(handle, "COMMIT", err))
        return true;
    if (!sqlite3_get_autocommit(handle))
        sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    return err_wrap(err, "migration %s", migration->name);
}

static bool keep_copy(sqlite3 *handle, const char *path, int64_t version, struct err *err)
{
    auto_free char *copy = xasprintf("%s.v%jd", path, (intmax_t)version);

    if (strcmp(path, ":memory:") == 0)
        return true;
    return db_setup_copy(handle, copy, err) || err_wrap(err, "keep a copy before migrating");
}

static bool read_version(sqlite3 *handle, size_t count, int64_t *version, struct err *err)
{
    if (!read_number(handle, "PRAGMA user_version", version, err))
        return false;
    if (*version < 0 || *version > (int64_t)count) {
        return err_set(err, ERR_STORE,
                       "schema version %jd is newer than this program's %zu: install the newer "
                       "onekey-agent again, or use another state directory",
                       (intmax_t)*version, count);
    }
    return true;
}

static bool migrate(sqlite3 *handle, const char *path, const struct migration *list, size_t count,
                    struct err *err)
{
    int64_t version;

    if (!read_version(handle, count, &version, err))
        return false;
    if (version > 0 && version < (int64_t)count && !keep_copy(handle, path, version, err))
        return false;
    for (size_t i = (size_t)version; i < count; i++) {
        assert(list[i].version == (int)i + 1);
        if (!apply(handle, &list[i], err))
            return false;
    }
    return true;
}

static bool set_up(sqlite3 *handle, bool in_memory, struct err *err)
{
    char mode[16];

    if (!db_setup_run(handle, setup_sql, err) ||
        !read_text(handle, "PRAGMA journal_mode", mode, sizeof mode, err))
        return false;
    if (!in_memory && strcmp(mode, "wal") != 0)
        return err_set(err, ERR_STORE, "this file system does not carry a write-ahead log");
    /* From here on it is ours and whole: closing may bring the log into it. */
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return true;
}

static bool has_log(const char *path)
{
    auto_free char *log = xasprintf("%s-wal", path);
    struct stat facts;

    return stat(log, &facts) == 0 && facts.st_size > 0;
}

/* Nothing is written until set_up(): the file may be damaged or somebody else's. */
static sqlite3 *open_handle(const char *path, bool create, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                (create ? SQLITE_OPEN_CREATE : 0);
    sqlite3 *handle = NULL;

    if (sqlite3_open_v2(path, &handle, flags, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
        sqlite3_extended_result_codes(handle, 1);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log(path), NULL);
        if (db_setup_run(handle, look_sql, err))
            return handle;
    } else {
        db_setup_fail(handle, err, "open");
    }
    sqlite3_close(handle);
    return NULL;
}

static bool identify(sqlite3 *handle, size_t count, bool check, struct err *err)
{
    int64_t id;
    int64_t version;

    if (!read_number(handle, "PRAGMA application_id", &id, err))
        return false;
    if (id != APPLICATION_ID)
        return err_set(err, ERR_STORE, "this is not a database of onekey-agent; it was left alone");
    return read_version(handle, count, &version, err) &&
           (!check || db_setup_check(handle, "PRAGMA quick_check(1)", err));
}

/* SQLite would play it into the new database, whose log it is not. */
static bool refuse_stray_log(const char *path, struct err *err)
{
    return !has_log(path) ||
           err_set(err, ERR_STORE,
                   "%s-wal lies there without its database: move it to where the database is now",
                   path);
}

/* Made aside and renamed, so that a database under its name is never half of one. */
static bool create(const char *path, const struct migration *list, size_t count, struct err *err)
{
    auto_free char *aside = xasprintf("%s.new", path);
    auto_free char *log = xasprintf("%s.new-wal", path);

    if (!refuse_stray_log(path, err))
        return false;
    unlink(aside);
    unlink(log);
    sqlite3 *handle = open_handle(aside, true, err);
    if (!handle)
        return false;
    bool ok = set_up(handle, false, err) && migrate(handle, aside, list, count, err);
    if (sqlite3_close(handle) != SQLITE_OK && ok)
        ok = err_set(err, ERR_STORE, "close the new database");
    if (ok && chmod(aside, 0600) != 0)
        ok = err_sys(err, errno, "chmod %s", aside);
    ok = ok && fsync_path(aside, 0, err);
    if (ok && rename(aside, path) != 0)
        ok = err_sys(err, errno, "rename %s", aside);
    if (!ok)
        unlink(aside);
    return ok && fsync_folder_of(path, err);
}

static bool is_there(const char *path, bool *there, struct err *err)
{
    struct stat facts;

    *there = stat(path, &facts) == 0;
    if (!*there && errno != ENOENT)
        return err_sys(err, errno, "look at it");
    /* SQLite takes an empty file for a new database: everything known would be forgotten. */
    if (*there && facts.st_size == 0)
        return err_set(err, ERR_STORE,
                       "the database is damaged (the file is empty); " DAMAGE_ADVICE);
    return true;
}

sqlite3 *db_setup_open(const char *path, const struct db_setup *setup, struct err *err)
{
    const struct migration *list = setup->list;
    size_t count = setup->count;
    bool in_memory = strcmp(path, ":memory:") == 0;
    bool there = false;

    if (!in_memory && !is_there(path, &there, err))
        return NULL;
    if (!in_memory && !there && !create(path, list, count, err))
        return NULL;
    sqlite3 *handle = open_handle(path, false, err);
    if (handle && (in_memory || identify(handle, count, setup->check, err)) &&
        set_up(handle, in_memory, err) && migrate(handle, path, list, count, err))
        return handle;
    sqlite3_close(handle);
    return NULL;
}
