/* How fast a watch's bytes go, over the last ten minutes. */
#include "test.h"

#include "run/pace.h"

enum { SECOND = 1000, MINUTE = 60000 };

static void nothing_is_known_before_something_moved(void **state)
{
    struct pace *pace = pace_new();

    (void)state;
    assert_int_equal(pace_ms_for(pace, "archive", 100, 50, 10 * SECOND), -1);
    pace_note(pace, "archive", 100, 10 * SECOND);
    assert_int_equal(pace_ms_for(pace, "archive", 100, 50, 20 * SECOND), -1); /* it stood still */
    assert_int_equal(pace_ms_for(pace, "archive", 150, 50, 10 * SECOND), -1); /* no time went by */
    assert_int_equal(pace_ms_for(pace, "archive", 90, 50, 20 * SECOND),
                     -1); /* some was forgotten */
    assert_int_equal(pace_ms_for(pace, "archive", 150, 50, 20 * SECOND), 10 * SECOND);
    assert_int_equal(pace_ms_for(pace, "release", 150, 50, 20 * SECOND), -1);
    pace_free(pace);
}

static void the_last_ten_minutes_count(void **state)
{
    struct pace *pace = pace_new();
    int64_t bytes = 0;
    int64_t ms = 0;

    (void)state;
    /* an hour of a megabyte a second, looked at every five seconds */
    for (; ms <= 60 * MINUTE; ms += 5 * SECOND, bytes += 5000000)
        pace_note(pace, "archive", bytes, ms);
    assert_in_range(pace_ms_for(pace, "archive", bytes, 60000000, ms), 59 * SECOND, 61 * SECOND);
    /* then it is ten times slower: ten minutes later nothing is left of the past */
    for (; ms <= 72 * MINUTE; ms += 5 * SECOND, bytes += 500000)
        pace_note(pace, "archive", bytes, ms);
    assert_in_range(pace_ms_for(pace, "archive", bytes, 60000000, ms), 590 * SECOND, 610 * SECOND);
    pace_free(pace);
}

static void watches_have_a_pace_of_their_own(void **state)
{
    struct pace *pace = pace_new();

    (void)state;
    pace_note(pace, "fast", 0, 0);
    pace_note(pace, "slow", 0, 0);
    assert_int_equal(pace_ms_for(pace, "fast", 1000, 1000, 10 * SECOND), 10 * SECOND);
    assert_int_equal(pace_ms_for(pace, "slow", 10, 1000, 10 * SECOND), 1000 * SECOND);
    pace_free(pace);
}

static void terabytes_do_not_overflow(void **state)
{
    struct pace *pace = pace_new();
    int64_t tib = INT64_C(1) << 40;

    (void)state;
    pace_note(pace, "archive", 0, 0);
    assert_int_equal(pace_ms_for(pace, "archive", 1 << 20, 900 * tib, 10 * MINUTE),
                     900 * (tib >> 20) * 10 * MINUTE);
    assert_int_equal(pace_ms_for(pace, "archive", 1, INT64_MAX, 10 * MINUTE), -1);
    pace_free(pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_something_moved),
        cmocka_unit_test(the_last_ten_minutes_count),
        cmocka_unit_test(watches_have_a_pace_of_their_own),
        cmocka_unit_test(terabytes_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
