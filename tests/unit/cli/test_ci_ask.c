#include "test.h"

#include "cli/ci_ask.h"

static void waits_grow_and_end(void **state)
{
    static const struct {
        const char *why;
        enum err_kind kind;
        int64_t failures;
        int64_t retry_after_ms;
        int64_t left_ms;
        int64_t want_ms;
    } rows[] = {
        {"the first", ERR_NETWORK, 1, -1, -1, 60000},
        {"longer each time, as the official client", ERR_SERVER, 3, -1, -1, 180000},
        {"the last", ERR_PROTOCOL, 10, -1, -1, 600000},
        {"one too many", ERR_NETWORK, 11, -1, -1, -1},
        {"as long as the platform says", ERR_THROTTLED, 1, 90000, -1, 90000},
        {"not sooner than we would", ERR_THROTTLED, 2, 90000, -1, 120000},
        {"never beyond the deadline", ERR_THROTTLED, 1, 3600000, 5000, 5000},
        {"at the deadline no more", ERR_NETWORK, 1, -1, 0, -1},
        {"a refused token", ERR_AUTH, 1, -1, -1, -1},
        {"a missing right", ERR_RIGHTS, 1, -1, -1, -1},
        {"a refused question", ERR_REJECTED, 1, -1, -1, -1},
        {"an answer that will not get shorter", ERR_MALFORMED, 1, -1, -1, -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct ci_ask ask = {
            .retry_count = 10, .retry_wait_ms = 60000, .failures = rows[i].failures};
        const struct err err = {.kind = rows[i].kind};
        int64_t got_ms = ci_ask_wait_ms(&ask, &err, rows[i].retry_after_ms, rows[i].left_ms);

        if (got_ms != rows[i].want_ms)
            fail_msg("%s: %jd", rows[i].why, (intmax_t)got_ms);
    }
}

static void a_wait_of_ages_does_not_overflow(void **state)
{
    const struct ci_ask ask = {
        .retry_count = INT64_MAX, .retry_wait_ms = INT64_MAX / 2, .failures = 1000};
    const struct err err = {.kind = ERR_NETWORK};

    (void)state;
    assert_true(ci_ask_wait_ms(&ask, &err, -1, -1) == INT64_MAX);
    assert_true(ci_ask_wait_ms(&ask, &err, -1, 7) == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow_and_end),
        cmocka_unit_test(a_wait_of_ages_does_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
