/* How far a watch is: every state counts once. */
#include "test.h"

#include "control/live_mirror.h"
#include "known_items.h"

/* As JSON, one behind the other. */
struct told {
    json_t *list;
};

static void on_tally(void *owner, const struct item_tally *tally)
{
    struct told *told = owner;
    const struct live_mirror mirror = live_mirror_of(tally);

    json_array_append_new(told->list, live_mirror_json(&mirror));
}

static void every_state_is_counted_once(void **state)
{
    struct db *db = known_ledger();
    struct told told = {json_array()};
    struct err err;

    (void)state;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        char path[32];

        snprintf(path, sizeof path, "/srv/%zu.bin", i);
        struct item item = known_item((enum item_state)i, path);
        item.backlog = (int64_t)(i % 2);
        known_save(db, &item);
    }
    assert_true(item_tally_each(db, on_tally, &told, &err));
    json_t *want = json_pack("[{s:s,s:i,s:i,s:i,s:i,s:i,s:i,s:n,s:n}]", "watch", "release", "known",
                             13, "sent", 3, "duplicate", 1, "failed", 3, "left", 6, "bytes_left",
                             6 * 4096, "seconds_left", "waits_for");
    if (!json_equal(told.list, want))
        fail_msg("%s", json_dumps(told.list, 0));
    json_decref(want);
    json_decref(told.list);
    db_close(db);
}

static void what_is_known_of_a_running_agent_is_told(void **state)
{
    const struct live_mirror mirror = {
        .watch = "archive", .known = 5, .left = 5, .seconds_left = 0, .waits_for = "token"};
    json_t *one = live_mirror_json(&mirror);

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(one, "seconds_left")), 0);
    assert_true(json_is_integer(json_object_get(one, "seconds_left")));
    assert_string_equal(json_string_value(json_object_get(one, "waits_for")), "token");
    json_decref(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_is_counted_once),
        cmocka_unit_test(what_is_known_of_a_running_agent_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
