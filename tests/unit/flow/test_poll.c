#include "test.h"

#include "flow/poll_flow.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static void an_analysis_is_asked_for_more_rarely_with_age(void **state)
{
    static const struct {
        const char *why;
        int64_t age_ms, interval_ms, want_ms;
    } rows[] = {
        {"just sent", 0, MINUTE, MINUTE},
        {"ten intervals old", 10 * MINUTE, MINUTE, MINUTE},
        {"older than that", 10 * MINUTE + 1, MINUTE, 2 * MINUTE},
        {"twenty", 20 * MINUTE, MINUTE, 2 * MINUTE},
        {"then it doubles", 20 * MINUTE + 1, MINUTE, 4 * MINUTE},
        {"and again", 40 * MINUTE + 1, MINUTE, 8 * MINUTE},
        {"up to a quarter of an hour", 20 * HOUR, MINUTE, 15 * MINUTE},
        {"a day old: still within the time", DAY, MINUTE, 15 * MINUTE},
        {"overdue: hourly", DAY + 1, MINUTE, HOUR},
        {"much overdue: still hourly", 400 * DAY, MINUTE, HOUR},
        {"an interval above the cap is what was asked for", 3 * HOUR, 30 * MINUTE, 30 * MINUTE},
        {"also when it is overdue", DAY + 1, 2 * HOUR, 2 * HOUR},
        {"the platform's clock is ahead of ours", -HOUR, MINUTE, MINUTE},
        {"short intervals in tests", 100, 10, 10},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t have = poll_wait_ms(rows[i].age_ms, rows[i].interval_ms, DAY);

        if (have != rows[i].want_ms)
            fail_msg("%s: %jd ms, not %jd", rows[i].why, (intmax_t)have, (intmax_t)rows[i].want_ms);
    }
}

static void it_is_never_asked_for_more_often_than_was_configured(void **state)
{
    (void)state;
    for (int64_t interval_ms = 1; interval_ms < 2 * HOUR; interval_ms = interval_ms * 3 + 1) {
        int64_t before = 0;

        for (int64_t age_ms = 0; age_ms < 3 * DAY; age_ms = age_ms * 2 + 7) {
            int64_t wait_ms = poll_wait_ms(age_ms, interval_ms, DAY);

            if (wait_ms < interval_ms || wait_ms < before)
                fail_msg("age %jd, interval %jd: %jd", (intmax_t)age_ms, (intmax_t)interval_ms,
                         (intmax_t)wait_ms);
            before = wait_ms;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_analysis_is_asked_for_more_rarely_with_age),
        cmocka_unit_test(it_is_never_asked_for_more_often_than_was_configured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
