#include "test.h"

#include "run/agent_parts.h"

static void uploads_start_up_to_the_slots_and_the_limit(void **state)
{
    static const struct {
        const char *why;
        struct schedule_facts facts;
        int64_t want;
    } rows[] = {
        {"nothing is under way", {.slots = 4}, 4},
        {"some are", {.slots = 4, .active = 3}, 1},
        {"all are", {.slots = 4, .active = 4}, 0},
        {"after a pause there are fewer slots than are under way", {.slots = 1, .active = 4}, 0},
        {"far from the limit", {.slots = 4, .limit = 200, .analysing = 10}, 4},
        {"near the limit", {.slots = 4, .limit = 200, .analysing = 198}, 2},
        {"what is being sent will be analysed too",
         {.slots = 4, .active = 1, .limit = 200, .analysing = 198},
         1},
        {"at the limit", {.slots = 4, .limit = 200, .analysing = 200}, 0},
        {"beyond it: it was lowered", {.slots = 4, .limit = 10, .analysing = 200}, 0},
        {"no limit is none, however many are analysed", {.slots = 4, .analysing = 9999}, 4},
        {"a limit below the slots", {.slots = 4, .limit = 1}, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t have = schedule_uploads(&rows[i].facts);

        if (have != rows[i].want)
            fail_msg("%s: %jd, not %jd", rows[i].why, (intmax_t)have, (intmax_t)rows[i].want);
    }
}

static void the_backlog_leaves_a_slot_to_builds_while_the_agent_runs_on(void **state)
{
    static const struct {
        const char *why;
        bool once;
        int64_t slots;
        int64_t want;
    } rows[] = {
        {"one of the usual four", false, 4, 1},
        {"one of two", false, 2, 1},
        {"the only one is for both", false, 1, 0},
        {"a single pass waits for no build", true, 4, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (schedule_spare(rows[i].once, rows[i].slots) != rows[i].want)
            fail_msg("%s", rows[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uploads_start_up_to_the_slots_and_the_limit),
        cmocka_unit_test(the_backlog_leaves_a_slot_to_builds_while_the_agent_runs_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
