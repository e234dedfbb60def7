/* Phases and patience, with a clock of our own. */
#include "test.h"

#include "net/http_watchdog.h"

static const struct http_patience patience = {.stall_ms = 100, .answer_ms = 1000};

/* A run of looks; the watchdog is content until the last one, which says whether it still is. */
struct course {
    const char *why;
    struct http_look looks[5];
    const char *words; /* NULL: content to the end */
};

static const struct course courses[] = {
    {"sending that stands still", {{PHASE_SENDING, 7, 0}, {PHASE_SENDING, 7, 100}}, "be sent"},
    {"just not long enough", {{PHASE_SENDING, 7, 0}, {PHASE_SENDING, 7, 99}}, NULL},
    {"every byte counts",
     {{PHASE_SENDING, 7, 0}, {PHASE_SENDING, 8, 99}, {PHASE_SENDING, 8, 198}},
     NULL},
    {"fewer sent than before is a change too (the kernel's buffer)",
     {{PHASE_SENDING, 7, 0}, {PHASE_SENDING, 5, 99}, {PHASE_SENDING, 5, 198}},
     NULL},
    {"held back by ourselves for an hour",
     {{PHASE_SENDING, 7, 0}, {PHASE_HELD, 7, 50}, {PHASE_HELD, 7, 3600000}},
     NULL},
    {"the count starts when we let go",
     {{PHASE_HELD, 7, 0}, {PHASE_HELD, 7, 3600000}, {PHASE_SENDING, 7, 3600050}},
     NULL},
    {"connecting has libcurl's limit",
     {{PHASE_CONNECTING, 0, 0}, {PHASE_CONNECTING, 0, 99999}},
     NULL},
    {"digesting a body takes longer than a stall",
     {{PHASE_AWAITING, 7, 0}, {PHASE_AWAITING, 7, 999}},
     NULL},
    {"but not for ever", {{PHASE_AWAITING, 7, 0}, {PHASE_AWAITING, 7, 1000}}, "no answer"},
    {"the wait starts with the last byte",
     {{PHASE_SENDING, 7, 0}, {PHASE_AWAITING, 7, 90}, {PHASE_AWAITING, 7, 1080}},
     NULL},
    {"an answer that stops", {{PHASE_RECEIVING, 9, 0}, {PHASE_RECEIVING, 9, 100}}, "received"},
};

static void each_phase_has_its_own_patience(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(courses); i++) {
        const struct course *course = &courses[i];
        struct http_watchdog watchdog = {0};
        const char *said = NULL;

        for (size_t n = 0; n < COUNT_OF(course->looks) && !said; n++) {
            if (n == 0 || course->looks[n].now_ms > 0)
                said = http_watchdog_look(&watchdog, &course->looks[n], &patience);
        }
        if (!said != !course->words || (said && !strstr(said, course->words)))
            fail_msg("%s: %s", course->why, said ? said : "content");
    }
}

static void a_total_bounds_what_trickles(void **state)
{
    const struct http_patience total = {.stall_ms = 100, .answer_ms = 100, .total_ms = 1000};
    struct http_watchdog watchdog = {0};
    struct http_look look = {PHASE_HELD, 0, 0};

    (void)state;
    look.now_ms = 5000;
    assert_null(http_watchdog_look(&watchdog, &look, &total));
    look.phase = PHASE_RECEIVING;
    for (int64_t at_ms = 5000; at_ms < 6000; at_ms += 50) {
        look.now_ms = at_ms;
        look.progress++;
        assert_null(http_watchdog_look(&watchdog, &look, &total));
    }
    look.now_ms = 6000;
    look.progress++;
    assert_non_null(http_watchdog_look(&watchdog, &look, &total));
}

static void no_patience_given_is_no_limit(void **state)
{
    const struct http_patience none = {0};
    static const enum http_phase phases[] = {PHASE_SENDING, PHASE_AWAITING, PHASE_RECEIVING};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        struct http_watchdog watchdog = {0};
        struct http_look look = {phases[i], 0, 0};

        assert_null(http_watchdog_look(&watchdog, &look, &none));
        look.now_ms = INT64_MAX / 2;
        assert_null(http_watchdog_look(&watchdog, &look, &none));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_has_its_own_patience),
        cmocka_unit_test(a_total_bounds_what_trickles),
        cmocka_unit_test(no_patience_given_is_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
