#include "test.h"

#include "run/exports_parts.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* 2026-11-23 00:00 UTC, a Monday. */
static const int64_t MONDAY = 1795392000000;

struct world {
    struct config_export config;
    struct exports exports;
    struct exports_one one;
};

static void make(struct world *world, const char *schedule)
{
    struct err err = {.kind = ERR_OK};

    *world = (struct world){
        .config = {.name = "nightly", .schedule = schedule, .timezone = "UTC", .catch_up = true},
        .exports = {.host = "host"},
    };
    world->one.config = &world->config;
    world->one.plan.name = "nightly";
    world->one.zone = zone_new("UTC", &err);
    world->one.calendar = calendar_new(schedule, &err);
    assert_non_null(world->one.zone);
    assert_non_null(world->one.calendar);
}

static void drop(struct world *world)
{
    calendar_free(world->one.calendar);
    zone_free(world->one.zone);
}

static void a_slot_is_due_once_and_no_sooner_than_it_comes(void **state)
{
    static const struct {
        const char *why;
        int64_t last_slot, now, want;
        bool once, catch_up, runs;
    } rows[] = {
        {"its slot has come", -DAY + 3 * HOUR, 3 * HOUR, 3 * HOUR, false, true, false},
        {"a minute before it", -DAY + 3 * HOUR, 3 * HOUR - MINUTE, 0, false, true, false},
        {"it was taken", 3 * HOUR, 5 * HOUR, 0, false, true, false},
        {"several were missed: the last one stands for all", -9 * DAY + 3 * HOUR, 5 * HOUR,
         3 * HOUR, false, true, false},
        {"missed, and not to be made up for", -9 * DAY + 3 * HOUR, 5 * HOUR, 0, false, false,
         false},
        {"a single pass runs what was missed all the same", -9 * DAY + 3 * HOUR, 5 * HOUR, 3 * HOUR,
         true, false, false},
        {"it runs: never beside itself", -DAY + 3 * HOUR, 5 * HOUR, 0, false, true, true},
        {"a clock that was set back by an hour takes no slot twice", 3 * HOUR, 2 * HOUR, 0, false,
         true, false},
        {"a slot of a wrong year does not end it for ever", 4000 * (int64_t)DAY, 3 * HOUR, 0, false,
         true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world world;

        make(&world, "0 3 * * *");
        world.config.catch_up = rows[i].catch_up;
        world.exports.options.once = rows[i].once;
        world.one.row.last_slot = MONDAY + rows[i].last_slot;
        world.one.row.phase = rows[i].runs ? EXPORT_FETCH : EXPORT_IDLE;
        exports_settle_slot(&world.exports, &world.one, MONDAY + rows[i].now);
        int64_t have = exports_due_slot(&world.exports, &world.one, MONDAY + rows[i].now);
        int64_t want = rows[i].want == 0 ? 0 : MONDAY + rows[i].want;
        if (have != want)
            fail_msg("%s: %jd, not %jd", rows[i].why, (intmax_t)have, (intmax_t)want);
        drop(&world);
    }
}

static void a_job_that_never_ran_is_due_at_once_unless_nothing_is_made_up_for(void **state)
{
    struct world world;

    (void)state;
    make(&world, "0 3 * * *");
    exports_settle_slot(&world.exports, &world.one, MONDAY + HOUR);
    assert_int_equal(exports_due_slot(&world.exports, &world.one, MONDAY + HOUR),
                     MONDAY - DAY + 3 * HOUR);
    world.config.catch_up = false;
    exports_settle_slot(&world.exports, &world.one, MONDAY + HOUR);
    assert_int_equal(exports_due_slot(&world.exports, &world.one, MONDAY + HOUR), 0);
    assert_int_equal(exports_due_at(&world.exports, &world.one, MONDAY + HOUR), MONDAY + 3 * HOUR);
    drop(&world);
}

static void a_daemon_starts_later_by_its_hosts_offset_and_a_single_pass_does_not(void **state)
{
    struct world world;

    (void)state;
    make(&world, "0 3 * * *");
    world.config.spread_ms = HOUR;
    world.one.row.last_slot = MONDAY - DAY + 3 * HOUR;
    int64_t slot = MONDAY + 3 * HOUR;
    int64_t offset =
        calendar_offset_ms(world.one.calendar, world.one.zone, slot, HOUR, "host", "nightly");
    assert_in_range(offset, 1, HOUR - 1);
    assert_int_equal(exports_due_at(&world.exports, &world.one, slot - HOUR), slot + offset);
    assert_int_equal(exports_due_slot(&world.exports, &world.one, slot + offset - 1), 0);
    assert_int_equal(exports_due_slot(&world.exports, &world.one, slot + offset), slot);
    world.exports.options.once = true;
    assert_int_equal(exports_due_slot(&world.exports, &world.one, slot), slot);
    drop(&world);
}

static void what_a_person_asks_for_is_no_matter_of_a_schedule(void **state)
{
    const struct agent_order order = {.what = {.tenant = true}};
    struct world world;

    (void)state;
    make(&world, "0 3 * * *");
    world.exports.options.order = &order;
    assert_int_equal(exports_due_slot(&world.exports, &world.one, MONDAY), 0);
    assert_true(exports_due_at(&world.exports, &world.one, MONDAY) == INT64_MAX);
    drop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_is_due_once_and_no_sooner_than_it_comes),
        cmocka_unit_test(a_job_that_never_ran_is_due_at_once_unless_nothing_is_made_up_for),
        cmocka_unit_test(a_daemon_starts_later_by_its_hosts_offset_and_a_single_pass_does_not),
        cmocka_unit_test(what_a_person_asks_for_is_no_matter_of_a_schedule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
