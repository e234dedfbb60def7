/* The token bucket, with a clock of our own. */
#include "test.h"

#include <stdbool.h>

#include "net/http_limit.h"

#define SECOND ((uint64_t)1000000)

static void grants_follow_the_clock(void **state)
{
    static const struct {
        const char *why;
        uint64_t at_us;
        int64_t wanted, least, granted;
    } steps[] = {
        {"it starts full", 0, 60, 1, 60},
        {"what is left of the burst", 0, 60, 1, 40},
        {"nothing more at the same time", 0, 1, 1, 0},
        {"a tenth of a second later", SECOND / 10, 100, 1, 10},
        {"too little is nothing, and is kept", SECOND / 5, 100, 20, 0},
        {"until it is enough", SECOND / 10 * 3, 100, 20, 20},
        {"all that is wanted is enough, however little", SECOND / 10 * 4, 5, 20, 5},
        {"the rest stays", SECOND / 10 * 4, 100, 1, 5},
        {"nobody saves up more than the burst", 100 * SECOND, 1000, 1, 100},
        {"a clock that goes back gives nothing", 50 * SECOND, 1, 1, 0},
    };
    struct http_limit limit;

    (void)state;
    http_limit_init(&limit, 100, 100, 0);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        int64_t granted = http_limit_take(&limit, steps[i].wanted, steps[i].least, steps[i].at_us);

        if (granted != steps[i].granted)
            fail_msg("%s: %jd", steps[i].why, (intmax_t)granted);
    }
}

static void no_rate_is_no_limit(void **state)
{
    struct http_limit limit;

    (void)state;
    http_limit_init(&limit, 0, 1, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(http_limit_take(&limit, INT64_MAX, 1, 0), INT64_MAX);
}

static void parts_of_a_unit_are_not_lost(void **state)
{
    struct http_limit limit;
    int64_t granted = 0;

    (void)state;
    http_limit_init(&limit, 3, 1, 0);
    for (uint64_t at_us = 0; at_us <= 10 * SECOND; at_us += 7)
        granted += http_limit_take(&limit, 1, 1, at_us);
    assert_in_range(granted, 30, 31);
}

static void the_highest_rate_does_not_overflow(void **state)
{
    const int64_t rate = (int64_t)1 << 40;
    struct http_limit limit;

    (void)state;
    http_limit_init(&limit, rate, 1 << 20, 0);
    assert_int_equal(http_limit_take(&limit, 1 << 20, 1, 0), 1 << 20);
    assert_int_equal(http_limit_take(&limit, INT64_MAX, 1, UINT64_MAX / 2), 1 << 20);
}

static void a_change_counts_from_now_on(void **state)
{
    struct http_limit limit;

    (void)state;
    http_limit_init(&limit, 100, 100, 0);
    http_limit_change(&limit, 10, 20, 0);
    assert_int_equal(http_limit_take(&limit, 100, 1, 0), 20);
    assert_int_equal(http_limit_take(&limit, 100, 1, SECOND), 10);
    http_limit_change(&limit, 0, 20, SECOND);
    assert_int_equal(http_limit_take(&limit, 100, 1, SECOND), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grants_follow_the_clock),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(parts_of_a_unit_are_not_lost),
        cmocka_unit_test(the_highest_rate_does_not_overflow),
        cmocka_unit_test(a_change_counts_from_now_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
