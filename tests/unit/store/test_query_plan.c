/*
 * What is asked a hundred thousand times in an export must not look through a hundred thousand
 * rows each time: how each query finds its rows, and how many steps SQLite takes for it.
 */
#include "test.h"

#include <ctype.h>
#include <sqlite3.h>

#include "store/db.h"
#include "store/item_fields.h"

static const char *const query_sql[] = {
#define QUERY(name, sql) [QUERY_##name] = (sql),
#include "store/queries.def"
#undef QUERY
};

/* An order of magnitude above what is taken, two below looking through everything. */
enum { STEPS_MAX = 1000, VALUES_MAX = 11 };

/* 100,000 firmwares, one of them with 1,000 revisions that differ. */
static const char fill[] =
    "CREATE TEMP TABLE number AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 100000) SELECT i, printf('fw-%06d', i) AS id FROM n;"
    "INSERT INTO document (id, sha256, size, stored_size)"
    " SELECT i, printf('%064d', i), 1, 1 FROM number;"
    "INSERT INTO sbom (firmware_id, format, revision, kind, content_id, component_id, document_id,"
    " file, fetched_at, checked_at) SELECT id, 'default', 1, 'k', 'c', 'p', i, '/srv/' || id, 1, 1"
    " FROM number;"
    "INSERT INTO sbom (firmware_id, format, revision, kind, content_id, component_id, document_id,"
    " file, fetched_at, checked_at) SELECT 'fw-050000', 'spdx', i, 'k', 'c', 'p', i, '/srv/x', i, i"
    " FROM number WHERE i <= 1000;"
    "UPDATE sbom SET unplaced = 1 WHERE revision = 1 AND firmware_id > 'fw-099990';"
    "INSERT INTO quarantine (firmware_id, format, reason, since, fetched_at, document_id)"
    " SELECT id, 'default', 'r', 1, 1, i FROM number;"
    "INSERT INTO export_work (job, firmware_id, due_at) SELECT 'nightly', id, i FROM number;"
    "INSERT INTO firmware (id, name, seen_at) SELECT id, 'cam', 1 FROM number;"
    "INSERT INTO item (watch, path, state, size, mtime_ns, device, inode, rank, firmware_id,"
    " found_at) SELECT 'w', id, 'done', 1, 1, 1, i, 1, id, 1 FROM number;";

static sqlite3 *full_ledger(void)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(":memory:", &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "PRAGMA foreign_keys = ON", NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < migration_count; i++)
        assert_int_equal(sqlite3_exec(handle, migrations[i].sql, NULL, NULL, NULL), SQLITE_OK);
    if (sqlite3_exec(handle, fill, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(handle));
    return handle;
}

struct asked {
    const char *why;
    enum query query;
    const char *values[VALUES_MAX]; /* digits are numbers */
    const char *scan;               /* the only one that may be looked through; NULL: none */
};

static const struct asked questions[] = {
    {"the latest of one", QUERY_SBOM_LATEST, {"fw-050000", "spdx"}, NULL},
    {"one revision", QUERY_SBOM_BY_REVISION, {"fw-050000", "spdx", "500"}, NULL},
    {"one looked at again",
     QUERY_SBOM_CHECKED,
     {"fw-050000", "spdx", "500", "9", "/srv/moved"},
     NULL},
    {"put in its place", QUERY_SBOM_SET_UNPLACED, {"fw-099999", "default", "1", "0"}, NULL},
    {"the next one not in its place",
     QUERY_SBOM_NEXT_UNPLACED,
     {"fw-099995", "default", "1"},
     NULL},
    {"the walk's next", QUERY_SBOM_NEXT_CURRENT, {"fw-070000", "default"}, "SCAN n"},
    {"the walk's next, of many revisions",
     QUERY_SBOM_NEXT_CURRENT,
     {"fw-050000", "default"},
     "SCAN n"},
    {"the walk's next, behind many revisions",
     QUERY_SBOM_NEXT_CURRENT,
     {"fw-050000", "spdx"},
     "SCAN n"},
    {"the walk's first", QUERY_SBOM_NEXT_CURRENT, {"", ""}, "SCAN n"},
    {"the next revision", QUERY_SBOM_NEXT_REVISION, {"fw-050000", "spdx", "500"}, NULL},
    {"whose file it is", QUERY_SBOM_OF_FILE, {"/srv/fw-050001"}, NULL},
    {"what is not kept of one revision",
     QUERY_SBOM_PRUNABLE,
     {"fw-000001", "default", "3", "1"},
     NULL},
    {"the first not kept of many", QUERY_SBOM_PRUNABLE, {"fw-050000", "spdx", "30", "1"}, NULL},
    {"a document that is needed", QUERY_DOCUMENT_DROP_UNUSED, {"99"}, NULL},
    {"a document's piece", QUERY_DOCUMENT_PIECE, {"99", "0"}, NULL},
    {"the next document", QUERY_DOCUMENT_NEXT, {"50000"}, NULL},
    {"one put in quarantine",
     QUERY_QUARANTINE_PUT,
     {"fw-050000", "default", "r", "2", "2", "k", "1", "1", "c", "p", "7"},
     NULL},
    {"one in quarantine", QUERY_QUARANTINE_GET, {"fw-050000", "default"}, NULL},
    {"its document", QUERY_QUARANTINE_DOCUMENT, {"fw-050000", "default"}, NULL},
    {"the next in quarantine", QUERY_QUARANTINE_NEXT, {"fw-050000", "default"}, NULL},
    {"out of quarantine", QUERY_QUARANTINE_REMOVE, {"fw-050000", "default"}, NULL},
    {"work that is due", QUERY_EXPORT_WORK_DUE, {"nightly", "99999", "10"}, NULL},
    {"when the next is due", QUERY_EXPORT_WORK_NEXT, {"nightly", "5"}, NULL},
    {"a page of the ledger", QUERY_EXPORT_WORK_NEXT_LEDGER, {"fw-050000", "10"}, NULL},
    {"work cleared", QUERY_EXPORT_WORK_CLEAR, {"nightly", "10"}, NULL},
    {"how much is left", QUERY_EXPORT_WORK_COUNT, {"nightly"}, NULL},
    {"more work", QUERY_EXPORT_WORK_ADD, {"nightly", "fw-1"}, NULL},
    {"work again later", QUERY_EXPORT_WORK_RETRY, {"nightly", "fw-050000", "1", "9"}, NULL},
    {"work that is done", QUERY_EXPORT_WORK_DONE, {"nightly", "fw-050000"}, NULL},
    {"a firmware that is listed",
     QUERY_FIRMWARE_SEE,
     {"fw-050000", "n", "1", "v", "p", "g", "2"},
     NULL},
    {"a firmware", QUERY_FIRMWARE_GET, {"fw-050000"}, NULL},
    {"a firmware of an item", QUERY_FIRMWARE_OF_ITEM, {"fw-050000"}, NULL},
};

static void bind(sqlite3_stmt *stmt, const struct asked *asked)
{
    for (int i = 0; i < sqlite3_bind_parameter_count(stmt); i++) {
        const char *value = asked->values[i];

        if (!value) {
            fail_msg("%s: parameter %d has no value", asked->why, i + 1);
            return;
        }
        if (isdigit((unsigned char)*value))
            sqlite3_bind_int64(stmt, i + 1, strtoll(value, NULL, 10));
        else
            sqlite3_bind_text(stmt, i + 1, value, -1, SQLITE_STATIC);
    }
}

static sqlite3_stmt *prepare(sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
    return stmt;
}

static void look_at_plan(sqlite3 *handle, const struct asked *asked)
{
    char sql[4096];

    snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", query_sql[asked->query]);
    sqlite3_stmt *stmt = prepare(handle, sql);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(stmt, 3);
        bool is_scan = strncmp(line, "SCAN ", 5) == 0;

        if ((is_scan && (!asked->scan || strcmp(line, asked->scan) != 0)) ||
            strstr(line, "TEMP B-TREE"))
            fail_msg("%s: %s", asked->why, line);
    }
    sqlite3_finalize(stmt);
}

static void no_question_of_an_export_looks_through_everything(void **state)
{
    sqlite3 *handle = full_ledger();
    int most = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        const struct asked *asked = &questions[i];
        sqlite3_stmt *stmt = prepare(handle, query_sql[asked->query]);
        int code;

        look_at_plan(handle, asked);
        bind(stmt, asked);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
            continue;
        if (code != SQLITE_DONE)
            fail_msg("%s: %s", asked->why, sqlite3_errmsg(handle));
        int steps = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
        if (steps > STEPS_MAX)
            fail_msg("%s: %d steps", asked->why, steps);
        most = steps > most ? steps : most;
        sqlite3_finalize(stmt);
    }
    print_message("%d steps at most\n", most);
    sqlite3_close(handle);
}

/* Once a listing: each firmware is looked at, and its SBOM is found by an index. */
static void what_is_missing_is_found_in_one_pass(void **state)
{
    static const struct asked passes[] = {
        {"work to hasten, at a start",
         QUERY_EXPORT_WORK_HASTEN,
         {NULL},
         "SCAN export_work USING COVERING INDEX export_work_due"},
        {"counted", QUERY_FIRMWARE_MISSING, {NULL}, "SCAN firmware"},
        {"marked", QUERY_FIRMWARE_MARK_MISSING, {NULL}, "SCAN firmware"},
        {"forgotten", QUERY_FIRMWARE_FORGET_MISSING, {NULL}, "SCAN firmware"},
    };
    sqlite3 *handle = full_ledger();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(passes); i++)
        look_at_plan(handle, &passes[i]);
    sqlite3_close(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_question_of_an_export_looks_through_everything),
        cmocka_unit_test(what_is_missing_is_found_in_one_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
