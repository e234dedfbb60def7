/*
 * Which index a query takes: what is asked at every plan must not look at a backlog of a
 * million rows. SQLite tells it beforehand, so that no such backlog has to be made here.
 */
#include "test.h"

#include <sqlite3.h>

#include "base/buf.h"
#include "store/db.h"
#include "store/item_fields.h"

static sqlite3 *schema(void)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(":memory:", &handle), SQLITE_OK);
    for (size_t i = 0; i < migration_count; i++) {
        char *message = NULL;

        if (sqlite3_exec(handle, migrations[i].sql, NULL, NULL, &message) != SQLITE_OK)
            fail_msg("migration %zu: %s", i + 1, message);
    }
    return handle;
}

static void explain(sqlite3 *handle, const char *sql, struct buf *plan)
{
    struct buf text = {.max = 65536};
    sqlite3_stmt *statement = NULL;

    buf_print(&text, "EXPLAIN QUERY PLAN %s", sql);
    if (sqlite3_prepare_v2(handle, text.bytes, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
    while (sqlite3_step(statement) == SQLITE_ROW)
        buf_print(plan, "%s; ", (const char *)sqlite3_column_text(statement, 3));
    sqlite3_finalize(statement);
    buf_release(&text);
}

#define QUERY(name, sql) static const char sql_##name[] = sql;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "store/queries.def"
#pragma GCC diagnostic pop
#undef QUERY

static void what_is_asked_at_every_plan_takes_an_index(void **state)
{
    static const struct {
        const char *why;
        const char *sql;
        const char *want;
        bool may_sort;
    } rows[] = {
        {"the first of many, in the order of the index", sql_ITEM_DUE_BY_RANK,
         "SEARCH item USING INDEX item_lane (state=? AND backlog<?)", false},
        {"few that are due are sorted", sql_ITEM_DUE_BY_TIME,
         "SEARCH item USING INDEX item_due (state=? AND due_at<?)", true},
        {"are there few?", sql_ITEM_DUE_FEW,
         "SEARCH item USING COVERING INDEX item_due (state=? AND due_at<?)", false},
        {"when the next one is due", sql_ITEM_NEXT_DUE,
         "SEARCH item USING COVERING INDEX item_due (state=? AND due_at>?)", false},
        {"settling ones to be looked at", sql_ITEM_SETTLING_DUE,
         "SEARCH item USING INDEX item_settling (watch=? AND backlog=? AND due_at<?)", false},
        {"when the next look is due", sql_ITEM_SETTLING_NEXT,
         "SEARCH item USING INDEX item_settling (watch=? AND backlog=?)", false},
        {"is a build to be sent, or the backlog too", sql_ITEM_WORK_LEFT,
         "SEARCH item USING INDEX item_lane (state=? AND backlog<?)", false},
        {"what may be on the platform", sql_ITEM_UNCERTAIN, "(state=?)", false},
    };
    sqlite3 *handle = schema();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf plan = {.max = 65536};

        explain(handle, rows[i].sql, &plan);
        if (!strstr(plan.bytes, rows[i].want) || strstr(plan.bytes, "SCAN item") ||
            (!rows[i].may_sort && strstr(plan.bytes, "TEMP B-TREE")))
            fail_msg("%s: %s", rows[i].why, plan.bytes);
        buf_release(&plan);
    }
    sqlite3_close(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_at_every_plan_takes_an_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
