/* A timetable of upload rates: which one holds, and until when. */
#include "test.h"

#include "run/bandwidth.h"

enum { MIB = 1 << 20, HOUR = 60, MINUTE_MS = 60000 };

static const struct config_window office[] = {{8 * HOUR, 18 * HOUR, 2 * MIB}};
static const struct config_window night[] = {{22 * HOUR, 6 * HOUR, 50 * MIB},
                                             {6 * HOUR, 22 * HOUR, 5 * MIB}};
static const struct config_window evening[] = {{20 * HOUR, 1440, 7 * MIB}};

static void the_minute_of_the_day_decides(void **state)
{
    static const struct {
        const char *why;
        const struct config_window *windows;
        size_t count;
        int64_t minute;
        int64_t want;
    } rows[] = {
        {"before the window there is no limit", office, 1, 8 * HOUR - 1, 0},
        {"its first minute", office, 1, 8 * HOUR, 2 * MIB},
        {"its last", office, 1, 18 * HOUR - 1, 2 * MIB},
        {"its end is not in it", office, 1, 18 * HOUR, 0},
        {"before midnight", night, 2, 23 * HOUR, 50 * MIB},
        {"over midnight", night, 2, 0, 50 * MIB},
        {"until the morning", night, 2, 6 * HOUR - 1, 50 * MIB},
        {"then the other one", night, 2, 6 * HOUR, 5 * MIB},
        {"until 24:00", evening, 1, 1439, 7 * MIB},
        {"and not behind it", evening, 1, 0, 0},
        {"no window", NULL, 0, 600, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t rate = bandwidth_rate(rows[i].windows, rows[i].count, rows[i].minute);

        if (rate != rows[i].want)
            fail_msg("%s: %jd", rows[i].why, (intmax_t)rate);
    }
}

static int64_t at(int month, int day, int hour, int minute, int second)
{
    const struct civil civil = {
        .year = 2026, .month = month, .day = day, .hour = hour, .minute = minute, .second = second};

    return civil_seconds(&civil) * 1000;
}

static void it_is_local_time_and_holds_until_the_next_border(void **state)
{
    const struct {
        const char *why;
        const char *zone;
        const struct config_window *windows;
        size_t count;
        int64_t now_ms;
        int64_t rate;
        int64_t holds_ms;
    } rows[] = {
        {"UTC, in the window", "UTC", office, 1, at(1, 5, 17, 30, 0), 2 * MIB, 30 * MINUTE_MS},
        {"UTC, behind it", "UTC", office, 1, at(1, 5, 18, 0, 0), 0, 14 * HOUR * MINUTE_MS},
        {"seconds and what is less count", "UTC", office, 1, at(1, 5, 17, 59, 59) + 250, 2 * MIB,
         750},
        {"an hour ahead of UTC", "Europe/Vienna", office, 1, at(1, 5, 7, 0, 0), 2 * MIB,
         10 * HOUR * MINUTE_MS},
        {"two in summer", "Europe/Vienna", office, 1, at(7, 6, 6, 0, 0), 2 * MIB,
         10 * HOUR * MINUTE_MS},
        {"over midnight", "UTC", night, 2, at(1, 5, 23, 0, 0), 50 * MIB, 7 * HOUR * MINUTE_MS},
        {"24:00 is midnight", "UTC", evening, 1, at(1, 5, 23, 0, 0), 7 * MIB, HOUR * MINUTE_MS},
        {"it is looked at again when the clock changes", "Europe/Vienna", office, 1,
         at(3, 29, 0, 30, 0), 0, 30 * MINUTE_MS},
        {"and then goes on", "Europe/Vienna", office, 1, at(3, 29, 1, 0, 0), 0,
         5 * HOUR * MINUTE_MS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct config_transfers transfers = {.windows = rows[i].windows,
                                                   .window_count = rows[i].count};
        struct err err;
        auto_zone struct zone *zone = zone_new(rows[i].zone, &err);

        assert_non_null(zone);
        int64_t rate = bandwidth_rate_at(&transfers, zone, rows[i].now_ms);
        int64_t holds_ms = bandwidth_holds_ms(&transfers, zone, rows[i].now_ms);
        if (rate != rows[i].rate || holds_ms != rows[i].holds_ms)
            fail_msg("%s: %jd for %jd ms", rows[i].why, (intmax_t)rate, (intmax_t)holds_ms);
    }
}

static void one_rate_holds_for_ever(void **state)
{
    const struct config_transfers transfers = {.bandwidth = 3 * MIB};
    struct err err;
    auto_zone struct zone *zone = zone_new("UTC", &err);

    (void)state;
    assert_int_equal(bandwidth_rate_at(&transfers, zone, at(1, 5, 3, 0, 0)), 3 * MIB);
    assert_int_equal(bandwidth_holds_ms(&transfers, zone, at(1, 5, 3, 0, 0)), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_minute_of_the_day_decides),
        cmocka_unit_test(it_is_local_time_and_holds_until_the_next_border),
        cmocka_unit_test(one_rate_holds_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
