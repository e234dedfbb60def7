#include "test.h"

#include "cli/text.h"

static void amounts_are_short(void **state)
{
    static const struct {
        const char *why;
        int64_t bytes;
        const char *want;
    } rows[] = {
        {"nothing", 0, "0 B"},
        {"the last that is exact", 1023, "1023 B"},
        {"the first that is not", 1024, "1.0 KiB"},
        {"one decimal", 12897484, "12.3 MiB"},
        {"no 1024.0 of a unit", 1024 * 1024 - 1, "1.0 MiB"},
        {"images", INT64_C(4) << 30, "4.0 GiB"},
        {"the most there is", INT64_MAX, "8.0 EiB"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[TEXT_SIZE];

        if (strcmp(text_bytes(rows[i].bytes, text), rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, text, rows[i].want);
    }
}

static void rates_have_their_second(void **state)
{
    char text[TEXT_SIZE];

    (void)state;
    assert_string_equal(text_rate(2202010, text), "2.1 MiB/s");
    assert_string_equal(text_rate(0, text), "0 B/s");
}

static void times_are_readable_and_say_that_they_are_utc(void **state)
{
    static const struct {
        const char *why;
        const char *time;
        const char *want;
    } rows[] = {
        {"no milliseconds", "2026-11-23T14:44:00.123Z", "2026-11-23 14:44:00Z"},
        {"without any", "2026-11-23T14:44:00Z", "2026-11-23 14:44:00Z"},
        {"none", NULL, "-"},
        {"a date stays", "2026-11-23", "2026-11-23"},
        {"what is no time stays", "soon", "soon"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[TEXT_SIZE];

        if (strcmp(text_when(rows[i].time, text), rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, text, rows[i].want);
    }
}

static void time_left_is_told_where_it_is_known(void **state)
{
    static const struct {
        const char *why;
        int64_t bytes;
        int64_t rate;
        const char *want;
    } rows[] = {
        {"seconds", 45000, 1000, "45 s"},
        {"minutes", 600000, 1000, "10 min"},
        {"hours", 36000000, 1000, "10 h 0 min"},
        {"nothing left", 0, 1000, "0 s"},
        {"nothing moves", 1000, 0, "-"},
        {"nobody knows how much", -1, 1000, "-"},
        {"longer than anybody waits", INT64_MAX, 1, "over 30 d"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[TEXT_SIZE];

        if (strcmp(text_left(rows[i].bytes, rows[i].rate, text), rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, text, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_short),
        cmocka_unit_test(rates_have_their_second),
        cmocka_unit_test(times_are_readable_and_say_that_they_are_utc),
        cmocka_unit_test(time_left_is_told_where_it_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
