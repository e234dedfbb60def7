#include "test.h"

#include "job/backoff.h"

static void a_delay_stays_between_base_and_its_ceiling(void **state)
{
    static const struct backoff backoff = {.base_ms = 1000, .cap_ms = 900000};
    static const struct {
        const char *why;
        int64_t failures;
        uint32_t random;
        int64_t retry_after_ms;
        int64_t want_ms;
    } rows[] = {
        {"the first failure waits the base", 0, 77777, -1, 1000},
        {"the second may wait up to twice that", 1, 1000, -1, 2000},
        {"lowest draw is the base", 5, 0, -1, 1000},
        {"highest draw after three failures", 3, 7000, -1, 8000},
        {"the cap ends the doubling", 30, 899000, -1, 900000},
        {"a shift past the word size is not undefined", 4000000000, 899000, -1, 900000},
        {"a negative count is none", -3, 5, -1, 1000},
        {"Retry-After wins when it is longer", 0, 0, 30000, 30000},
        {"and not when it is shorter", 0, 0, 5, 1000},
        {"and never past a day", 0, 0, INT64_MAX, 86400000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t got_ms =
            backoff_ms(&backoff, rows[i].failures, rows[i].random, rows[i].retry_after_ms);

        if (got_ms != rows[i].want_ms)
            fail_msg("%s: %jd ms, want %jd", rows[i].why, (intmax_t)got_ms,
                     (intmax_t)rows[i].want_ms);
    }
}

static void a_cap_below_the_base_is_the_base(void **state)
{
    static const struct backoff backoff = {.base_ms = 5000, .cap_ms = 1000};

    (void)state;
    assert_int_equal(backoff_ms(&backoff, 3, 12345, -1), 5000);
}

static void a_refused_token_is_probed_after_1_5_15_60_minutes_then_hourly(void **state)
{
    static const int64_t minutes[] = {1, 5, 15, 60, 60, 60};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(minutes); i++) {
        assert_int_equal(backoff_probe_ms((int64_t)i, 0), minutes[i] * 60000);
        assert_in_range(backoff_probe_ms((int64_t)i, UINT32_MAX), minutes[i] * 60000,
                        minutes[i] * 66000);
    }
    assert_int_equal(backoff_probe_ms(-1, 0), 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delay_stays_between_base_and_its_ceiling),
        cmocka_unit_test(a_cap_below_the_base_is_the_base),
        cmocka_unit_test(a_refused_token_is_probed_after_1_5_15_60_minutes_then_hourly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
