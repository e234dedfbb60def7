/* The budget of a day: which day it is, when it ends, and what still fits into it. */
#include "test.h"

#include "run/budget.h"

#define GIB (INT64_C(1) << 30)

/* A moment in UTC, in milliseconds. */
static int64_t at(int64_t year, int month, int day, int hour, int minute)
{
    const struct civil civil = {
        .year = year, .month = month, .day = day, .hour = hour, .minute = minute};

    return civil_seconds(&civil) * 1000;
}

static struct zone *zone_of(const char *name)
{
    struct err err;
    struct zone *zone = zone_new(name, &err);

    if (!zone)
        fail_msg("%s", err.message);
    return zone;
}

static void a_day_ends_at_the_next_local_midnight(void **state)
{
    const struct {
        const char *why;
        const char *zone;
        int64_t now_ms;
        int64_t want_ms;
    } rows[] = {
        {"UTC", "UTC", at(2026, 3, 5, 13, 30), at(2026, 3, 6, 0, 0)},
        {"midnight itself is the new day's", "UTC", at(2026, 3, 5, 0, 0), at(2026, 3, 6, 0, 0)},
        {"an hour ahead", "Europe/Vienna", at(2026, 1, 5, 22, 59), at(2026, 1, 5, 23, 0)},
        {"it is tomorrow there already", "Europe/Vienna", at(2026, 1, 5, 23, 0),
         at(2026, 1, 6, 23, 0)},
        {"a day of 23 hours", "Europe/Vienna", at(2026, 3, 28, 23, 0), at(2026, 3, 29, 22, 0)},
        {"a day of 25 hours", "Europe/Vienna", at(2026, 10, 24, 22, 0), at(2026, 10, 25, 23, 0)},
        {"half an hour of summer time", "Australia/Lord_Howe", at(2026, 4, 4, 20, 0),
         at(2026, 4, 5, 13, 30)},
        {"behind UTC", "America/New_York", at(2026, 11, 1, 12, 0), at(2026, 11, 2, 5, 0)},
        {"midnight is left out: the day begins at one", "Africa/Cairo", at(2026, 4, 23, 12, 0),
         at(2026, 4, 23, 22, 0)},
        {"midnight comes again an hour later", "Africa/Cairo", at(2026, 10, 29, 12, 0),
         at(2026, 10, 29, 22, 0)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_zone struct zone *zone = zone_of(rows[i].zone);
        int64_t day = budget_day(zone, rows[i].now_ms);
        int64_t end_ms = budget_day_end_ms(zone, rows[i].now_ms, day);

        if (end_ms != rows[i].want_ms)
            fail_msg("%s: %jd s, not %jd s", rows[i].why, (intmax_t)(end_ms / 1000),
                     (intmax_t)(rows[i].want_ms / 1000));
        if (budget_day(zone, end_ms) != day + 1 || budget_day(zone, end_ms - 1) != day)
            fail_msg("%s: the day does not end there", rows[i].why);
    }
}

/* Every change of the clock in ten years: no moment at which a day would never end. */
static void every_end_of_a_day_lies_ahead_and_within_two_days(void **state)
{
    static const char *const names[] = {"Europe/Vienna",
                                        "America/New_York",
                                        "Australia/Lord_Howe",
                                        "Africa/Cairo",
                                        "Pacific/Apia",
                                        "America/Havana",
                                        "UTC"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        auto_zone struct zone *zone = zone_of(names[i]);
        int64_t day_ms = INT64_C(86400000);

        for (int64_t ms = at(2008, 1, 1, 0, 7); ms < at(2030, 1, 1, 0, 0); ms += 5 * 3600 * 1000) {
            int64_t day = budget_day(zone, ms);
            int64_t end_ms = budget_day_end_ms(zone, ms, day);

            if (end_ms <= ms || end_ms - ms > 2 * day_ms || budget_day(zone, end_ms) <= day)
                fail_msg("%s, %jd: ends at %jd", names[i], (intmax_t)(ms / 1000),
                         (intmax_t)(end_ms / 1000));
        }
    }
}

static void a_count_of_tomorrow_ends_with_tomorrow(void **state)
{
    auto_zone struct zone *zone = zone_of("UTC");
    int64_t now_ms = at(2026, 3, 5, 23, 50);

    (void)state;
    assert_int_equal(budget_day_end_ms(zone, now_ms, budget_day(zone, now_ms) + 1),
                     at(2026, 3, 7, 0, 0));
    /* of yesterday: at once */
    assert_int_equal(budget_day_end_ms(zone, now_ms, budget_day(zone, now_ms) - 1), now_ms + 1);
}

static void a_day_has_one_budget_whatever_the_clock_does(void **state)
{
    static const struct {
        const char *why;
        struct upload_day kept;
        int64_t today;
        struct upload_day want;
    } rows[] = {
        {"a new ledger", {0, 0}, 20000, {20000, 0}},
        {"a restart on the same day", {20000, 700}, 20000, {20000, 700}},
        {"the next day", {20000, 700}, 20001, {20001, 0}},
        {"after a week of standing still", {20000, 700}, 20007, {20007, 0}},
        {"the clock was set back over midnight", {20001, 700}, 20000, {20001, 700}},
        {"and it is that day again", {20001, 700}, 20001, {20001, 700}},
        {"the clock was years ahead: what was sent counts today",
         {27000, 700},
         20000,
         {20000, 700}},
        {"it was two days ahead", {20002, 700}, 20000, {20000, 700}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct upload_day have = budget_today(rows[i].kept, rows[i].today);

        if (have.day != rows[i].want.day || have.bytes != rows[i].want.bytes)
            fail_msg("%s: day %jd, %jd bytes", rows[i].why, (intmax_t)have.day,
                     (intmax_t)have.bytes);
    }
}

static void an_image_is_sent_while_it_fits(void **state)
{
    static const struct {
        const char *why;
        int64_t budget, used, size;
        bool want;
    } rows[] = {
        {"no budget", 0, 9 * GIB, 9 * GIB, true},
        {"the first of the day", 50 * GIB, 0, GIB, true},
        {"it fits to the byte", 50 * GIB, 49 * GIB, GIB, true},
        {"a byte too much", 50 * GIB, 49 * GIB + 1, GIB, false},
        {"used up", 50 * GIB, 50 * GIB, 1, false},
        {"builds went beyond it", 50 * GIB, 70 * GIB, 1, false},
        {"larger than any day, and the day's first", GIB, 0, 9 * GIB, true},
        {"larger than any day, behind another", GIB, 1, 9 * GIB, false},
        {"no sum overflows", INT64_MAX, INT64_MAX - 1, INT64_MAX, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (budget_allows(rows[i].budget, rows[i].used, rows[i].size) != rows[i].want)
            fail_msg("%s", rows[i].why);
    }
}

static void a_budget_bounds_the_time_that_is_left(void **state)
{
    const int64_t hour_ms = 3600000;
    const struct {
        const char *why;
        int64_t budget, used, bytes;
        int64_t want_ms;
    } rows[] = {
        {"no budget", 0, 5, 9 * GIB, 0},
        {"it fits into today", 50 * GIB, 20 * GIB, 30 * GIB, 0},
        {"some is for tomorrow", 50 * GIB, 20 * GIB, 31 * GIB, hour_ms},
        {"all of tomorrow's", 50 * GIB, 20 * GIB, 80 * GIB, hour_ms},
        {"a day more", 50 * GIB, 20 * GIB, 81 * GIB, 25 * hour_ms},
        {"today's is used up by builds", 50 * GIB, 70 * GIB, GIB, hour_ms},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = budget_least_ms(rows[i].budget, rows[i].used, rows[i].bytes, hour_ms);

        if (ms != rows[i].want_ms)
            fail_msg("%s: %jd ms", rows[i].why, (intmax_t)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_ends_at_the_next_local_midnight),
        cmocka_unit_test(every_end_of_a_day_lies_ahead_and_within_two_days),
        cmocka_unit_test(a_count_of_tomorrow_ends_with_tomorrow),
        cmocka_unit_test(a_day_has_one_budget_whatever_the_clock_does),
        cmocka_unit_test(an_image_is_sent_while_it_fits),
        cmocka_unit_test(a_budget_bounds_the_time_that_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
