#include "test.h"

#include "cli/ci_wait.h"

static void each_state_means_one_thing(void **state)
{
    static const struct {
        const char *why;
        struct analysis analysis;
        enum ci_wait_end end;
        int exit_code; /* 0: none is said */
        const char *says;
    } rows[] = {
        {"not there yet", {.state = ANALYSIS_UNKNOWN_FIRMWARE}, CI_WAIT_MORE, 0, ""},
        {"not started", {.state = ANALYSIS_NOT_STARTED}, CI_WAIT_MORE, 0, ""},
        {"running", {.state = ANALYSIS_RUNNING, .state_text = "X"}, CI_WAIT_MORE, 0, ""},
        {"complete", {.state = ANALYSIS_COMPLETE}, CI_WAIT_COMPLETE, 0, ""},
        {"failed",
         {.state = ANALYSIS_FAILED, .state_text = "DONE", .result_text = "BROKEN"},
         CI_WAIT_FAILED,
         2,
         "(DONE BROKEN): see https://one.example/firmwares?firmwareId=fw-1"},
        {"done without a result",
         {.state = ANALYSIS_FAILED, .state_text = "DONE"},
         CI_WAIT_FAILED,
         2,
         "(DONE without a result)"},
        {"no right",
         {.state = ANALYSIS_RIGHTS_MISSING, .reason = "Forbidden"},
         CI_WAIT_FAILED,
         77,
         "(Forbidden)"},
    };
    struct subject subject;

    (void)state;
    subject_init(&subject, "https://one.example/api", "fw-1");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {.kind = ERR_OK};
        int64_t since_ms = 0;
        enum ci_wait_end end = ci_wait_judge(&rows[i].analysis, &subject, 1000, &since_ms, &err);

        if (end != rows[i].end || err_kind_exit(err.kind) != rows[i].exit_code ||
            !strstr(err.message, rows[i].says))
            fail_msg("%s: %d, %s", rows[i].why, (int)end, err.message);
    }
    subject_release(&subject);
}

static void null_for_half_an_hour_is_a_missing_right(void **state)
{
    const struct analysis absent = {.state = ANALYSIS_UNKNOWN_FIRMWARE};
    const struct analysis there = {.state = ANALYSIS_NOT_STARTED};
    struct err err = {.kind = ERR_OK};
    struct subject subject;
    int64_t since_ms = 0;

    (void)state;
    subject_init(&subject, "https://one.example/api", "fw-1");
    assert_int_equal(ci_wait_judge(&absent, &subject, 1, &since_ms, &err), CI_WAIT_MORE);
    assert_int_equal(ci_wait_judge(&absent, &subject, CI_WAIT_NULL_MS, &since_ms, &err),
                     CI_WAIT_MORE);
    /* It was seen in between: the time starts over. */
    assert_int_equal(ci_wait_judge(&there, &subject, CI_WAIT_NULL_MS, &since_ms, &err),
                     CI_WAIT_MORE);
    assert_int_equal(ci_wait_judge(&absent, &subject, CI_WAIT_NULL_MS + 1, &since_ms, &err),
                     CI_WAIT_MORE);
    assert_int_equal(ci_wait_judge(&absent, &subject, 2 * CI_WAIT_NULL_MS + 1, &since_ms, &err),
                     CI_WAIT_FAILED);
    assert_int_equal(err_kind_exit(err.kind), 77);
    assert_non_null(strstr(err.message, "30 min"));
    subject_release(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_means_one_thing),
        cmocka_unit_test(null_for_half_an_hour_is_a_missing_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
