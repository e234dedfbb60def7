/*
 * Every call that can fail on a bad disk fails once: each must be reported, none may look
 * like success, and the store must open again with all or nothing of what was written.
 */
#include "test.h"

#include <errno.h>
#include <sys/mman.h>

#include "fault.h"
#include "store/export_job.h"
#include "store/firmware_row.h"
#include "store/quarantine.h"
#include "store/store_file.h"

static const char sha256[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static enum err_kind fault_kind; /* what the last fault must be told as */

static bool strikes(enum err_kind kind)
{
    if (!fault_now())
        return false;
    fault_kind = kind;
    return true;
}

// NOLINTBEGIN(readability-identifier-naming): the names are --wrap's
int __real_sqlite3_step(sqlite3_stmt *stmt);
int __wrap_sqlite3_step(sqlite3_stmt *stmt);
int __real_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *arg, char **message);
int __wrap_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *arg, char **message);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_sqlite3_step(sqlite3_stmt *stmt)
{
    return strikes(ERR_STORE) ? SQLITE_IOERR : __real_sqlite3_step(stmt);
}

int __wrap_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *arg, char **message)
{
    return strikes(ERR_STORE) ? SQLITE_IOERR : __real_sqlite3_exec(handle, sql, each, arg, message);
}

int __wrap_fsync(int fd)
{
    if (!strikes(ERR_IO))
        return __real_fsync(fd);
    errno = EIO;
    return -1;
}

int __wrap_rename(const char *from, const char *to)
{
    if (!strikes(ERR_DISK_FULL))
        return __real_rename(from, to);
    errno = ENOSPC;
    return -1;
}

// NOLINTEND(readability-identifier-naming)

/* ---- what is walked through ---- */

/* Three revisions, of which the one between is forgotten, and a document in quarantine. */
static bool write_sboms(struct db *db, int deflated, struct err *err)
{
    static const struct sbom_keep last = {.revisions = 1};
    const struct document document = {sha256, 9, deflated, 9};
    struct sbom_row sbom = {.format = "default", .revision = 1, .components = 3};
    struct quarantine_row quarantined = {
        .sbom = {.firmware_id = "fw", .format = "default"}, .reason = "it shrank", .since = 1};

    if (!document_keep(db, &document, &quarantined.sbom.document_id, err))
        return false;
    for (; sbom.revision <= 3; sbom.revision++)
        if (!sbom_add(db, "fw", &sbom, quarantined.sbom.document_id, err))
            return false;
    return sbom_prune(db, "fw", "default", &last, 1, err) && quarantine_put(db, &quarantined, err);
}

static bool write_export(struct db *db, struct err *err)
{
    const struct export_job job = {.name = "nightly", .phase = EXPORT_FETCH};
    struct export_page page = {.after = ""};
    auto_firmware_row struct firmware_row firmware = {.id = xstrdup("fw"), .seen_at = 1};

    return export_job_save(db, &job, err) && export_work_add(db, "nightly", "fw", err) &&
           export_work_add_ledger(db, "nightly", &page, err) &&
           firmware_row_see(db, &firmware, err) && firmware_row_mark_missing(db, 1, 2, err);
}

/* What is there is asked for; a failure must not read as "there is none". */
static bool read_sboms(struct db *db, struct err *err)
{
    struct sbom_cursor current = {0};
    struct sbom_cursor next = {0};
    struct quarantine_row quarantined;
    struct sbom_row sbom;
    bool found;

    return sbom_next_current(db, &current, &sbom, &found, err) &&
           sbom_next_revision(db, "fw", &next, &sbom, &found, err) &&
           sbom_find(db, &(struct sbom_key){"fw", "default", 1}, &sbom, &found, err) &&
           sbom_file_owner(db, "/srv/a.json", &sbom, &found, err) &&
           quarantine_get(db, "fw", "default", &quarantined, &found, err) &&
           quarantine_next(db, &next, &quarantined, &found, err);
}

static bool read_export(struct db *db, struct err *err)
{
    auto_firmware_row struct firmware_row firmware = {0};
    struct export_work work;
    struct export_batch batch = {.work = &work, .max = 1};
    struct export_job job;
    int64_t first;
    int64_t second;
    bool found;

    return export_job_get(db, "nightly", &job, err) &&
           export_work_due(db, "nightly", 1, &batch, err) &&
           export_work_left(db, "nightly", &first, err) &&
           export_work_next(db, "nightly", 0, &second, err) && export_work_hasten(db, 9, err) &&
           firmware_row_get(db, "fw", &firmware, &found, err) &&
           firmware_row_missing(db, 1, &first, &second, err);
}

static bool write_rows(struct db *db, int deflated, struct err *err)
{
    struct item item = known_item(ITEM_PENDING, "/srv/a.bin");
    bool ok = item_save(db, &item, err) && write_sboms(db, deflated, err) &&
              write_export(db, err) && read_sboms(db, err) && read_export(db, err) &&
              db_commit(db, err);

    item_release(&item);
    return ok;
}

/* A new store, a row of each kind, a copy of it all. */
static bool start_and_write(const struct store_file *file, struct err *err)
{
    struct db *db = db_open(file->path, migrations, migration_count, err);
    int deflated = memfd_create("deflated", MFD_CLOEXEC);
    char copy[128];

    snprintf(copy, sizeof copy, "%s.copy", file->path);
    assert_int_equal(write(deflated, "deflated!", 9), 9);
    bool ok = db && write_rows(db, deflated, err) && db_copy(db, copy, err) && db_check(db, err);
    db_close(db);
    close(deflated);
    return ok;
}

static const struct migration longer[] = {
    {1, "0001_ledger", NULL}, /* never applied: the store has it */
    {2, "0002_more", "CREATE TABLE more (a INTEGER) STRICT; INSERT INTO more VALUES (1);"},
};

/* A store of an older version, with content. */
static bool migrate(const struct store_file *file, struct err *err)
{
    struct db *db = db_open(file->path, longer, COUNT_OF(longer), err);

    db_close(db);
    return db != NULL;
}

static bool open_again(const struct store_file *file, struct err *err)
{
    struct db *db = db_open(file->path, migrations, migration_count, err);

    db_close(db);
    return db != NULL;
}

/* ---- the walk ---- */

struct walk {
    int items; /* in the store at the start; 0: there is none */
    bool (*run)(const struct store_file *file, struct err *err);
    bool (*again)(const struct store_file *file, struct err *err);
    const char *sql; /* tells nothing from all of what was written, and both from a half */
    int64_t nothing;
    int64_t all;
};

static void judge(int nth, bool ok, const struct err *err)
{
    if (ok || err->kind != fault_kind || err->message[0] == '\0')
        fail_msg("call %d failed unseen: ok=%d, %s \"%s\", want %s", nth, ok,
                 err_kind_name(err->kind), err->message, err_kind_name(fault_kind));
}

static void look_inside(const struct walk *walk, int nth, const struct store_file *file)
{
    if (!store_file_has(file, "ledger.db"))
        return;
    int64_t number = store_file_number(file->path, walk->sql);
    if (number != walk->nothing && number != walk->all)
        fail_msg("after call %d failed the store is half of one: %jd", nth, (intmax_t)number);
}

/* False once the nth call is behind the last one. */
static bool fails_well(const struct walk *walk, int nth)
{
    struct store_file file;
    struct err err = {.kind = ERR_OK};

    store_file_make(&file);
    if (walk->items > 0)
        store_file_fill(&file, walk->items);
    fault_arm(nth);
    bool ok = walk->run(&file, &err);
    bool struck = fault_struck;
    fault_arm(-1);
    if (struck)
        judge(nth, ok, &err);
    else if (!ok)
        fail_msg("failed without a fault: %s", err.message);
    look_inside(walk, nth, &file);
    if (!walk->again(&file, &err))
        fail_msg("after call %d failed the store does not open: %s", nth, err.message);
    look_inside(walk, nth, &file);
    store_file_remove(&file);
    return struck;
}

static void walk_all(const struct walk *walk)
{
    int nth = 0;

    while (nth < 1000 && fails_well(walk, nth))
        nth++;
    print_message("%d faults injected\n", nth);
    assert_in_range(nth, 10, 999);
}

static void every_failing_call_of_a_first_start_is_told(void **state)
{
    static const struct walk walk = {
        .run = start_and_write,
        .again = open_again,
        .sql = "SELECT 100 * (SELECT count(*) FROM item) + 10 * (SELECT count(*) FROM"
               " document_piece) + (SELECT count(*) FROM sbom) +"
               " 1000 * (SELECT count(*) FROM quarantine) +"
               " 10000 * (SELECT count(*) FROM export_work) +"
               " 100000 * (SELECT count(*) FROM firmware) +"
               " 1000000 * (SELECT count(*) FROM export_job)",
        .nothing = 0,
        .all = 1111112,
    };

    (void)state;
    walk_all(&walk);
}

static void every_failing_call_of_a_migration_is_told(void **state)
{
    static const struct walk walk = {
        .items = 3,
        .run = migrate,
        .again = migrate,
        .sql = "SELECT 10 * user_version + (SELECT count(*) FROM sqlite_schema WHERE name = 'more')"
               " FROM pragma_user_version",
        .nothing = 10,
        .all = 21,
    };

    (void)state;
    walk_all(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failing_call_of_a_first_start_is_told),
        cmocka_unit_test(every_failing_call_of_a_migration_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
