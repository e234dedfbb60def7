#include "test.h"

#include "store/store_file.h"

/* ---- what is opened ---- */

static void a_fresh_store_takes_every_query(void **state)
{
    struct store_file file;
    struct stat facts;

    (void)state;
    store_file_make(&file);
    struct db *db = store_file_open(&file); /* prepares them all */
    assert_non_null(db);
    db_close(db);
    assert_int_equal(stat(file.path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_false(store_file_has(&file, "ledger.db.new"));
    assert_int_equal(store_file_number(file.path, "PRAGMA user_version"), migration_count);
    assert_int_equal(store_file_number(file.path, "PRAGMA application_id"), 0x4f4b4147);
    store_file_remove(&file);
}

static void what_was_committed_is_there_at_the_next_opening(void **state)
{
    struct store_file file;
    struct err err;

    (void)state;
    store_file_make(&file);
    struct db *db = store_file_open(&file);
    int64_t kept = known_add(db, ITEM_PENDING, "/srv/kept.bin");
    assert_true(db_in_transaction(db));
    assert_true(db_commit(db, &err));
    assert_false(db_in_transaction(db));
    known_add(db, ITEM_PENDING, "/srv/rolled-back.bin");
    db_rollback(db);
    known_add(db, ITEM_PENDING, "/srv/never-committed.bin");
    db_close(db);
    db = store_file_open(&file);
    auto_item struct item item = known_load(db, kept);
    assert_string_equal(item.path, "/srv/kept.bin");
    db_close(db);
    assert_int_equal(store_file_number(file.path, "SELECT count(*) FROM item"), 1);
    store_file_remove(&file);
}

static void a_second_connection_is_refused(void **state)
{
    struct store_file file;
    struct err err;

    (void)state;
    store_file_make(&file);
    struct db *db = store_file_open(&file);
    assert_null(db_open(file.path, migrations, migration_count, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    /* without shared memory nobody else can join a write-ahead log */
    assert_false(store_file_has(&file, "ledger.db-shm"));
    db_close(db);
    store_file_remove(&file);
}

static void a_link_to_a_database_is_not_followed(void **state)
{
    struct store_file file;
    struct err err;

    (void)state;
    store_file_make(&file);
    store_file_fill(&file, 1);
    tree_move(&file.tree, "ledger.db", "elsewhere.db");
    tree_link(&file.tree, "elsewhere.db", "ledger.db");
    assert_null(db_open(file.path, migrations, migration_count, &err));
    assert_int_equal(err.kind, ERR_STORE);
    store_file_remove(&file);
}

/* ---- what is refused, and left as it is ---- */

static void newer(const struct store_file *file)
{
    store_file_sql(file, "PRAGMA user_version = 99; PRAGMA journal_mode = DELETE");
}

static void of_another_program(const struct store_file *file)
{
    store_file_sql(file, "PRAGMA application_id = 1234; PRAGMA journal_mode = DELETE");
}

static void of_nobody(const struct store_file *file)
{
    unlink(file->path);
    store_file_sql(file, "CREATE TABLE recipe (name TEXT)");
}

static void emptied(const struct store_file *file)
{
    tree_ok(truncate(file->path, 0), "truncate");
}

static void without_header(const struct store_file *file)
{
    store_file_spoil(file, "ledger.db", 0, 100);
}

static void with_a_flipped_page(const struct store_file *file)
{
    store_file_spoil(file, "ledger.db", 8 * 4096L, 512);
}

static void cut_off(const struct store_file *file)
{
    tree_ok(truncate(file->path, 6 * 4096L), "truncate");
}

static void of_text(const struct store_file *file)
{
    tree_file(&file->tree, "ledger.db", "this is a shopping list, and it is a long one\n");
}

/* As a crash leaves it: the last commit is in the log beside it. */
static void crashed(const struct store_file *file)
{
    struct db *db = store_file_open(file);
    struct err err;

    known_add(db, ITEM_DONE, "/srv/last.bin");
    assert_true(db_commit(db, &err));
    store_file_duplicate(file, "ledger.db", "crashed.db");
    store_file_duplicate(file, "ledger.db-wal", "crashed.db-wal");
    db_close(db);
    tree_move(&file->tree, "crashed.db", "ledger.db");
    tree_move(&file->tree, "crashed.db-wal", "ledger.db-wal");
}

static void crashed_and_flipped(const struct store_file *file)
{
    crashed(file);
    store_file_spoil(file, "ledger.db", 8 * 4096L, 512);
}

static void what_is_not_ours_or_not_whole_is_refused_and_left_as_it_is(void **state)
{
    static const struct {
        const char *why;
        void (*spoil)(const struct store_file *file);
        const char *words;
    } rows[] = {
        {"an older program must not write it", newer, "schema version 99 is newer"},
        {"it is somebody else's", of_another_program, "not a database of onekey-agent"},
        {"it is somebody's who set no ID", of_nobody, "not a database of onekey-agent"},
        {"SQLite takes it for a new one", emptied, "the file is empty"},
        {"it is no database any more", without_header, "damaged"},
        {"a page is not what it was", with_a_flipped_page, "damaged"},
        {"its end is missing", cut_off, "damaged"},
        {"it never was one", of_text, "damaged"},
        {"a page is flipped beside a log", crashed_and_flipped, "damaged"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        static const char *const names[] = {"ledger.db", "ledger.db-wal"};
        char before[2][DIGEST_HEX_SIZE];
        char after[2][DIGEST_HEX_SIZE];
        struct store_file file;
        struct err err = {.kind = ERR_OK};

        store_file_make(&file);
        store_file_fill(&file, 400);
        rows[i].spoil(&file);
        for (size_t n = 0; n < COUNT_OF(names); n++)
            store_file_digest(&file, names[n], before[n]);
        struct db *db = db_open(file.path, migrations, migration_count, &err);
        for (size_t n = 0; n < COUNT_OF(names); n++)
            store_file_digest(&file, names[n], after[n]);
        if (db || err.kind != ERR_STORE || !strstr(err.message, rows[i].words))
            fail_msg("%s: %s (%s)", rows[i].why, db ? "opened" : err.message,
                     err_kind_name(err.kind));
        if (strcmp(before[0], after[0]) != 0 || strcmp(before[1], after[1]) != 0)
            fail_msg("%s: the file was changed", rows[i].why);
        if (store_file_has(&file, "ledger.db-shm") || store_file_has(&file, "ledger.db-journal"))
            fail_msg("%s: something was left beside it", rows[i].why);
        store_file_remove(&file);
    }
}

/* Played into a new database, it would bring back pages of the old one. */
static void a_log_without_its_database_is_not_taken_for_the_new_ones(void **state)
{
    struct store_file file;
    struct err err;

    (void)state;
    store_file_make(&file);
    store_file_fill(&file, 400);
    crashed_and_flipped(&file);
    tree_move(&file.tree, "ledger.db", "damaged.db");
    assert_null(db_open(file.path, migrations, migration_count, &err));
    assert_int_equal(err.kind, ERR_STORE);
    assert_non_null(strstr(err.message, "ledger.db-wal lies there without its database"));
    assert_false(store_file_has(&file, "ledger.db"));
    tree_move(&file.tree, "ledger.db-wal", "damaged.db-wal");
    db_close(store_file_open(&file));
    assert_int_equal(store_file_number(file.path, "SELECT count(*) FROM item"), 0);
    store_file_remove(&file);
}

/* The commits that a crash left in the log are no damage. */
static void what_a_crash_left_in_the_log_is_taken(void **state)
{
    struct store_file file;

    (void)state;
    store_file_make(&file);
    store_file_fill(&file, 10);
    crashed(&file);
    db_close(store_file_open(&file));
    assert_false(store_file_has(&file, "ledger.db-wal")); /* closing brought it in */
    assert_int_equal(store_file_number(file.path, "SELECT count(*) FROM item"), 11);
    store_file_remove(&file);
}

/* ---- migrations ---- */

static void a_bad_migration_leaves_everything_as_it_was(void **state)
{
    const struct migration list[] = {
        migrations[0],
        {2, "0002_bad", "CREATE TABLE extra (a INTEGER) STRICT; CREATE TABLE extra (b INTEGER);"},
    };
    struct store_file file;
    struct err err;

    (void)state;
    assert_int_equal(migration_count, 1); /* else this list must grow */
    store_file_make(&file);
    store_file_fill(&file, 3);
    assert_null(db_open(file.path, list, COUNT_OF(list), &err));
    assert_int_equal(err.kind, ERR_STORE);
    assert_non_null(strstr(err.message, "migration 0002_bad"));
    assert_int_equal(store_file_number(file.path, "PRAGMA user_version"), 1);
    assert_int_equal(
        store_file_number(file.path, "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"), 0);
    db_close(store_file_open(&file));
    assert_int_equal(store_file_number(file.path, "SELECT count(*) FROM item"), 3);
    store_file_remove(&file);
}

static void a_copy_is_kept_before_a_migration(void **state)
{
    const struct migration list[] = {
        migrations[0],
        {2, "0002_lossy", "DELETE FROM item; CREATE TABLE extra (a INTEGER) STRICT;"},
    };
    struct store_file file;
    struct err err;
    char copy[128];

    (void)state;
    store_file_make(&file);
    store_file_fill(&file, 3);
    struct db *db = db_open(file.path, list, COUNT_OF(list), &err);
    assert_non_null(db);
    db_close(db);
    assert_int_equal(store_file_number(file.path, "PRAGMA user_version"), 2);
    assert_int_equal(store_file_number(file.path, "SELECT count(*) FROM item"), 0);
    snprintf(copy, sizeof copy, "%s.v1", file.path);
    assert_int_equal(store_file_number(copy, "PRAGMA user_version"), 1);
    assert_int_equal(store_file_number(copy, "SELECT count(*) FROM item"), 3);
    assert_false(store_file_has(&file, "ledger.db.v1.part"));
    store_file_remove(&file);
}

static void a_new_store_keeps_no_copy_of_nothing(void **state)
{
    struct store_file file;

    (void)state;
    store_file_make(&file);
    db_close(store_file_open(&file));
    assert_false(store_file_has(&file, "ledger.db.v0"));
    store_file_remove(&file);
}

/* ---- copies and checks ---- */

static void a_copy_is_whole_and_opens_by_itself(void **state)
{
    struct store_file file;
    struct store_file copy;
    struct err err;

    (void)state;
    store_file_make(&file);
    store_file_fill(&file, 50);
    struct db *db = store_file_open(&file);
    known_add(db, ITEM_DONE, "/srv/in-the-log.bin");
    assert_true(db_commit(db, &err));
    copy = file;
    snprintf(copy.path, sizeof copy.path, "%s/copy.db", file.tree.path);
    tree_file(&file.tree, "copy.db", "an older one"); /* is replaced whole */
    assert_true(db_copy(db, copy.path, &err));
    assert_true(db_check(db, &err));
    db_close(db);
    assert_int_equal(store_file_number(copy.path, "SELECT count(*) FROM item"), 51);
    struct stat facts;
    assert_int_equal(stat(copy.path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    db_close(store_file_open(&copy));
    store_file_remove(&file);
}

static void a_copy_that_fails_leaves_the_older_one(void **state)
{
    struct store_file file;
    struct err err;
    char target[128];

    (void)state;
    store_file_make(&file);
    tree_dir(&file.tree, "copies");
    tree_dir(&file.tree, "copies/ledger.db");
    struct db *db = store_file_open(&file);
    snprintf(target, sizeof target, "%s/copies/ledger.db", file.tree.path);
    assert_false(db_copy(db, target, &err)); /* a folder lies there */
    assert_int_equal(err.kind, ERR_IO);
    assert_false(store_file_has(&file, "copies/ledger.db.part"));
    snprintf(target, sizeof target, "%s/nowhere/ledger.db", file.tree.path);
    assert_false(db_copy(db, target, &err));
    db_close(db);
    store_file_remove(&file);
}

/* ---- statements ---- */

static void a_write_that_changes_no_row_is_an_error_where_one_was_meant(void **state)
{
    struct db *db = known_ledger();
    struct err err;

    (void)state;
    assert_false(item_supersede(db, 12345, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
    db_close(db);
}

static void a_row_that_breaks_the_schema_is_refused(void **state)
{
    struct db *db = known_ledger();
    struct item item = known_item(ITEM_PENDING, "/srv/a.bin");
    struct err err;

    (void)state;
    item.size = -1;
    assert_false(item_save(db, &item, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
    item.size = 1;
    assert_true(item_save(db, &item, &err)); /* the statement is fit for use again */
    item_release(&item);
    db_close(db);
}

static void a_full_disk_is_told_as_such(void **state)
{
    const struct migration list[] = {
        migrations[0],
        {2, "0002_small", "PRAGMA max_page_count = 64"},
    };
    struct err err;
    struct db *db = db_open(":memory:", list, COUNT_OF(list), &err);
    int saved = 0;

    (void)state;
    assert_non_null(db);
    for (bool ok = true; ok && saved < 10000; saved += ok) {
        char path[64];

        snprintf(path, sizeof path, "/srv/builds/image-%05d.bin", saved);
        struct item item = known_item(ITEM_PENDING, path);
        ok = item_save(db, &item, &err);
        item_release(&item);
    }
    assert_in_range(saved, 1, 9999);
    assert_int_equal(err.kind, ERR_DISK_FULL);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_store_takes_every_query),
        cmocka_unit_test(what_was_committed_is_there_at_the_next_opening),
        cmocka_unit_test(a_second_connection_is_refused),
        cmocka_unit_test(a_link_to_a_database_is_not_followed),
        cmocka_unit_test(what_is_not_ours_or_not_whole_is_refused_and_left_as_it_is),
        cmocka_unit_test(a_log_without_its_database_is_not_taken_for_the_new_ones),
        cmocka_unit_test(what_a_crash_left_in_the_log_is_taken),
        cmocka_unit_test(a_bad_migration_leaves_everything_as_it_was),
        cmocka_unit_test(a_copy_is_kept_before_a_migration),
        cmocka_unit_test(a_new_store_keeps_no_copy_of_nothing),
        cmocka_unit_test(a_copy_is_whole_and_opens_by_itself),
        cmocka_unit_test(a_copy_that_fails_leaves_the_older_one),
        cmocka_unit_test(a_write_that_changes_no_row_is_an_error_where_one_was_meant),
        cmocka_unit_test(a_row_that_breaks_the_schema_is_refused),
        cmocka_unit_test(a_full_disk_is_told_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
