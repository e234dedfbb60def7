/* Small tables that say what holds: pauses, blocked groups, scanned watches, single facts. */
#include "test.h"

#include "known_items.h"
#include "store/fact.h"
#include "store/pause.h"
#include "store/watch_row.h"

static void set(struct db *db, enum pause_kind kind, const char *reason, int64_t since)
{
    struct pause pause = {.is_set = true, .since = since};
    struct err err;

    snprintf(pause.reason, sizeof pause.reason, "%s", reason);
    snprintf(pause.by_whom, sizeof pause.by_whom, "uid 1000");
    assert_true(pause_set(db, kind, &pause, &err));
}

static void the_two_pauses_are_lifted_one_by_one(void **state)
{
    struct pause pauses[PAUSE_KIND_COUNT];
    struct db *db = known_ledger();
    struct err err;

    (void)state;
    assert_true(pause_load(db, pauses, &err));
    assert_false(pauses[PAUSE_OPERATOR].is_set || pauses[PAUSE_AUTH].is_set);
    set(db, PAUSE_OPERATOR, "moving house", 100);
    set(db, PAUSE_AUTH, "HTTP 401", 200);
    assert_true(pause_load(db, pauses, &err));
    assert_true(pauses[PAUSE_OPERATOR].is_set && pauses[PAUSE_AUTH].is_set);
    assert_string_equal(pauses[PAUSE_OPERATOR].reason, "moving house");
    assert_string_equal(pauses[PAUSE_OPERATOR].by_whom, "uid 1000");
    assert_string_equal(pauses[PAUSE_AUTH].reason, "HTTP 401");
    assert_int_equal(pauses[PAUSE_AUTH].since, 200);
    assert_true(pause_clear(db, PAUSE_AUTH, &err));
    assert_true(pause_load(db, pauses, &err));
    assert_true(pauses[PAUSE_OPERATOR].is_set);
    assert_false(pauses[PAUSE_AUTH].is_set);
    assert_string_equal(pauses[PAUSE_AUTH].reason, "");
    assert_true(pause_clear(db, PAUSE_AUTH, &err)); /* none is fine */
    db_close(db);
}

static void a_pause_that_is_set_again_keeps_its_beginning(void **state)
{
    struct pause pauses[PAUSE_KIND_COUNT];
    struct db *db = known_ledger();
    struct err err;

    (void)state;
    set(db, PAUSE_OPERATOR, "first", 100);
    set(db, PAUSE_OPERATOR, "second", 200);
    assert_true(pause_load(db, pauses, &err));
    assert_int_equal(pauses[PAUSE_OPERATOR].since, 100);
    assert_string_equal(pauses[PAUSE_OPERATOR].reason, "second");
    db_close(db);
}

static void on_group(void *owner, const char *group, const char *reason, int64_t since)
{
    char *text = owner;
    size_t size = strlen(text);

    snprintf(text + size, 128 - size, "%s: %s since %jd. ", group, reason, (intmax_t)since);
}

static void groups_are_blocked_until_all_are_freed(void **state)
{
    struct db *db = known_ledger();
    char text[128] = "";
    struct err err;

    (void)state;
    assert_true(group_block(db, "Routers", "no upload", 200, &err));
    assert_true(group_block(db, "Default", "no view", 100, &err));
    assert_true(group_block(db, "Routers", "again", 300, &err)); /* stays as it is */
    assert_true(group_each(db, on_group, text, &err));
    assert_string_equal(text, "Default: no view since 100. Routers: no upload since 200. ");
    assert_true(group_unblock_all(db, &err));
    text[0] = '\0';
    assert_true(group_each(db, on_group, text, &err));
    assert_string_equal(text, "");
    db_close(db);
}

static void held_items_are_counted_in_their_group(void **state)
{
    struct db *db = known_ledger();
    struct err err;
    int64_t held;

    (void)state;
    for (int i = 0; i < 4; i++) {
        char path[32];

        snprintf(path, sizeof path, "/srv/%d.bin", i);
        struct item item = known_item(i == 3 ? ITEM_FAILED : ITEM_HELD, path);
        text_replace(&item.product_group, i == 0 ? NULL : "Routers");
        known_save(db, &item);
    }
    assert_true(group_held(db, "Routers", &held, &err));
    assert_int_equal(held, 2);
    assert_true(group_held(db, NULL, &held, &err));
    assert_int_equal(held, 1);
    assert_true(group_held(db, "Cameras", &held, &err));
    assert_int_equal(held, 0);
    db_close(db);
}

static void a_watch_was_scanned_only_at_the_path_it_has_now(void **state)
{
    struct db *db = known_ledger();
    struct err err;
    bool done = true;

    (void)state;
    assert_true(watch_row_is_scanned(db, "release", "/srv/a", &done, &err));
    assert_false(done);
    assert_true(watch_row_scanned(db, "release", "/srv/a", 100, &err));
    assert_true(watch_row_scanned(db, "release", "/srv/a", 200, &err));
    assert_true(watch_row_is_scanned(db, "release", "/srv/a", &done, &err));
    assert_true(done);
    assert_true(watch_row_is_scanned(db, "release", "/srv/b", &done, &err));
    assert_false(done); /* another folder under the same name: what lies there is new */
    assert_true(watch_row_scanned(db, "release", "/srv/b", 300, &err));
    assert_true(watch_row_is_scanned(db, "release", "/srv/b", &done, &err));
    assert_true(done);
    assert_true(watch_row_is_scanned(db, "nightly", "/srv/b", &done, &err));
    assert_false(done);
    db_close(db);
}

static void facts_are_kept_replaced_and_cleared(void **state)
{
    struct db *db = known_ledger();
    int64_t number = -1;
    char *value = NULL;
    struct err err;

    (void)state;
    assert_true(fact_get(db, "tenant", &value, &err));
    assert_null(value);
    assert_true(fact_set(db, "tenant", "Acme", &err));
    assert_true(fact_set(db, "tenant", "Acme Ltd", &err));
    assert_true(fact_get(db, "tenant", &value, &err));
    assert_string_equal(value, "Acme Ltd");
    free(value);
    assert_true(fact_set(db, "tenant", NULL, &err));
    assert_true(fact_get(db, "tenant", &value, &err));
    assert_null(value);
    assert_true(fact_get_int(db, "at", &number, &err));
    assert_int_equal(number, 0);
    assert_true(fact_set_int(db, "at", INT64_MIN, &err));
    assert_true(fact_get_int(db, "at", &number, &err));
    assert_true(number == INT64_MIN);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_pauses_are_lifted_one_by_one),
        cmocka_unit_test(a_pause_that_is_set_again_keeps_its_beginning),
        cmocka_unit_test(groups_are_blocked_until_all_are_freed),
        cmocka_unit_test(held_items_are_counted_in_their_group),
        cmocka_unit_test(a_watch_was_scanned_only_at_the_path_it_has_now),
        cmocka_unit_test(facts_are_kept_replaced_and_cleared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
