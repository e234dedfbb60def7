/* What the uploads of a day were: counted by the move of a row, never beside it. */
#include "test.h"

#include "known_items.h"
#include "store/upload_day.h"

static int64_t bytes_of(struct db *db)
{
    struct upload_day day;
    struct err err;

    assert_true(upload_day_load(db, &day, &err));
    return day.bytes;
}

static void move(struct db *db, int64_t id, enum item_state state)
{
    auto_item struct item item = known_load(db, id);
    struct err err;

    item.state = state;
    assert_true(item_save(db, &item, &err));
}

static void a_new_ledger_has_begun_no_day(void **state)
{
    struct db *db = known_ledger();
    struct upload_day day = {5, 5};
    struct err err;

    (void)state;
    assert_true(upload_day_load(db, &day, &err));
    assert_int_equal(day.day, 0);
    assert_int_equal(day.bytes, 0);
    db_close(db);
}

static void each_start_of_an_upload_counts_its_image(void **state)
{
    struct db *db = known_ledger();
    const struct upload_day today = {20781, 100};
    struct upload_day day;
    struct err err;

    (void)state;
    int64_t id = known_add(db, ITEM_REGISTERING, "/srv/a.bin");
    assert_true(upload_day_save(db, &today, &err));
    assert_int_equal(bytes_of(db), 100);
    move(db, id, ITEM_UPLOADING);
    assert_int_equal(bytes_of(db), 100 + 4096);
    move(db, id, ITEM_UPLOADING); /* saved again in the same state */
    assert_int_equal(bytes_of(db), 100 + 4096);
    move(db, id, ITEM_PENDING); /* it failed; what left has left */
    move(db, id, ITEM_REGISTERING);
    assert_int_equal(bytes_of(db), 100 + 4096);
    move(db, id, ITEM_UPLOADING);
    assert_int_equal(bytes_of(db), 100 + 2 * 4096);
    move(db, id, ITEM_ANALYSING);
    assert_true(upload_day_load(db, &day, &err));
    assert_int_equal(day.day, 20781);
    assert_int_equal(day.bytes, 100 + 2 * 4096);
    db_close(db);
}

static void what_is_rolled_back_was_not_counted(void **state)
{
    struct db *db = known_ledger();
    struct err err;

    (void)state;
    int64_t id = known_add(db, ITEM_REGISTERING, "/srv/a.bin");
    assert_true(db_commit(db, &err));
    move(db, id, ITEM_UPLOADING);
    db_rollback(db);
    assert_int_equal(bytes_of(db), 0);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_ledger_has_begun_no_day),
        cmocka_unit_test(each_start_of_an_upload_counts_its_image),
        cmocka_unit_test(what_is_rolled_back_was_not_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
