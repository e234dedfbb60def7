#include "test.h"

#include <time.h>

#include "base/clock.h"

static void wall_time_is_written_as_rfc_3339(void **state)
{
    static const struct {
        const char *why;
        int64_t wall_ms;
        const char *want;
    } rows[] = {
        {"the beginning", 0, "1970-01-01T00:00:00.000Z"},
        {"a millisecond", 1, "1970-01-01T00:00:00.001Z"},
        {"the header's example", 1795445040123, "2026-11-23T14:44:00.123Z"},
        {"the last of a second", 999, "1970-01-01T00:00:00.999Z"},
        {"a leap day", 1709164800000, "2024-02-29T00:00:00.000Z"},
        {"2000 was a leap year", 951782400000, "2000-02-29T00:00:00.000Z"},
        {"the last of 32 bits", 2147483647999, "2038-01-19T03:14:07.999Z"},
        {"the first beyond them", 2147483648000, "2038-01-19T03:14:08.000Z"},
        {"2100 is no leap year", 4107542400000, "2100-03-01T00:00:00.000Z"},
        {"the last year of four digits", 253402300799999, "9999-12-31T23:59:59.999Z"},
        {"a millisecond before 1970", -1, "1969-12-31T23:59:59.999Z"},
        {"a whole second before", -1000, "1969-12-31T23:59:59.000Z"},
        {"a bit more than a second before", -1001, "1969-12-31T23:59:58.999Z"},
        {"the first of 32 bits", -2147483648000, "1901-12-13T20:45:52.000Z"},
        {"the last that 64 bits hold", INT64_MAX, "292278994-08-17T07:12:55.807Z"},
        {"the first that they hold", INT64_MIN, "-292275055-05-16T16:47:04.192Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[CLOCK_TEXT_SIZE];

        assert_ptr_equal(clock_text(rows[i].wall_ms, text), text);
        if (strcmp(text, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, text, rows[i].want);
    }
}

static void the_time_zone_of_the_machine_does_not_count(void **state)
{
    char text[CLOCK_TEXT_SIZE];

    (void)state;
    assert_int_equal(setenv("TZ", "Pacific/Kiritimati", 1), 0);
    tzset();
    clock_text(0, text);
    unsetenv("TZ");
    tzset();
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
}

static void a_span_has_the_units_that_people_would_use(void **state)
{
    static const struct {
        const char *why;
        int64_t ms;
        const char *want;
    } rows[] = {
        {"nothing", 0, "0 s"},
        {"less than a second", 999, "0 s"},
        {"the header's example", 45000, "45 s"},
        {"just under two minutes", 119999, "119 s"},
        {"two minutes", 120000, "2 min"},
        {"just under two hours", 7199999, "119 min"},
        {"two hours", 7200000, "2 h 0 min"},
        {"the header's other example", 51600000, "14 h 20 min"},
        {"just under two days", 172799999, "47 h 59 min"},
        {"two days", 172800000, "2 d 0 h"},
        {"a year and three hours", 31546800000, "365 d 3 h"},
        {"a clock that was set back", -5000, "0 s"},
        {"the longest", INT64_MAX, "106751991167 d 7 h"},
        {"the most negative", INT64_MIN, "0 s"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[CLOCK_TEXT_SIZE];

        assert_ptr_equal(clock_span_text(rows[i].ms, text), text);
        if (strcmp(text, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, text, rows[i].want);
    }
}

static void wall_time_is_the_systems(void **state)
{
    int64_t before_s = (int64_t)time(NULL);
    int64_t wall_ms = clock_wall_ms();

    (void)state;
    // time() takes the last tick's second, which may be one behind
    assert_in_range(wall_ms / 1000 - before_s + 1, 0, 60);
}

static void steady_time_moves_on_and_never_back(void **state)
{
    int64_t start_ms = clock_steady_ms();
    int64_t last_ms = start_ms;

    (void)state;
    assert_true(start_ms > 0);
    while (last_ms < start_ms + 3) {
        int64_t now_ms = clock_steady_ms();

        assert_true(now_ms >= last_ms);
        last_ms = now_ms;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_time_is_written_as_rfc_3339),
        cmocka_unit_test(the_time_zone_of_the_machine_does_not_count),
        cmocka_unit_test(a_span_has_the_units_that_people_would_use),
        cmocka_unit_test(wall_time_is_the_systems),
        cmocka_unit_test(steady_time_moves_on_and_never_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
