#include "test.h"

#include "base/clock.h"
#include "base/log.h"
#include "run/expiry.h"
#include "run/run_rig.h"

#define DAY_MS (24 * INT64_C(3600000))

static void the_stages_are_30_14_7_3_and_1_days(void **state)
{
    static const struct {
        int64_t days;
        int64_t want;
    } rows[] = {
        {365, 0}, {31, 0}, {30, 30}, {15, 30}, {14, 14}, {8, 14}, {7, 7},
        {4, 7},   {3, 3},  {2, 3},   {1, 1},   {0, 1},   {-5, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(expiry_stage(rows[i].days), rows[i].want);
}

static void never_asked(struct visit *visit)
{
    (void)visit;
}

/* An event that a target waits for is a row until it is sent; nothing sends here. */
static const struct config_alert_target target = {
    .events = 1U << CONFIG_EVENT_TOKEN_EXPIRING,
    .webhook_file = "/nonexistent-folder/webhook",
};

static void rig_start(struct run_rig *rig)
{
    run_rig_start(rig, never_asked, NULL);
    rig->config.targets = &target;
    rig->config.target_count = 1;
}

/* How often it was told when it is looked at twice. */
static unsigned tells(struct run_rig *rig, int64_t expires_ms, const char *token)
{
    for (int i = 0; i < 2; i++)
        expiry_look(&rig->flow, rig->alerts, expires_ms, token);
    return run_rig_take_deliveries(rig, "token_expiring");
}

static void each_stage_is_told_once(void **state)
{
    static const struct {
        const char *why;
        int64_t told; /* before, 0: nothing */
        int64_t days; /* that are left */
        unsigned want;
    } rows[] = {
        {"far away", 0, 40, 0},
        {"in the first stage", 0, 20, 1},
        {"told there already", 30, 20, 0},
        {"the next stage", 30, 14, 1},
        {"some were missed: once", 30, 2, 1},
        {"the last day", 3, 1, 1},
        {"over, and told on the last day", 1, -3, 0},
        {"over, and never told", 0, -3, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct run_rig rig;
        struct err err;
        char known[64];
        int64_t expires_ms = clock_wall_ms() + rows[i].days * DAY_MS - 60000;

        rig_start(&rig);
        snprintf(known, sizeof known, "%jd token-1", (intmax_t)expires_ms);
        assert_true(fact_set(rig.flow.db, "token_of_expiry", known, &err));
        if (rows[i].told)
            assert_true(fact_set_int(rig.flow.db, "token_expiry_told", rows[i].told, &err));
        unsigned have = tells(&rig, expires_ms, "token-1");
        if (have != rows[i].want)
            fail_msg("%s: told %u times", rows[i].why, have);
        run_rig_stop(&rig);
    }
}

static void the_date_holds_for_the_token_it_was_first_seen_with(void **state)
{
    struct run_rig rig;
    int64_t soon = clock_wall_ms() + 2 * DAY_MS;

    (void)state;
    rig_start(&rig);
    assert_int_equal(tells(&rig, soon, "token-1"), 1);
    assert_int_equal(tells(&rig, soon, "token-2"), 0);        /* the old date says nothing of it */
    assert_int_equal(tells(&rig, soon + 1000, "token-2"), 1); /* a new date does */
    assert_int_equal(tells(&rig, soon + 1000, "token-2"), 0);
    run_rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stages_are_30_14_7_3_and_1_days),
        cmocka_unit_test(each_stage_is_told_once),
        cmocka_unit_test(the_date_holds_for_the_token_it_was_first_seen_with),
    };

    log_setup(LOG_LEVEL_ALERT, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
