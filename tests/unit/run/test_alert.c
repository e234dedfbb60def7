/* Conditions are told once, to everybody who asked, until they took it. */
#include "test.h"

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "run/run_rig.h"

/* What the webhook says; the first `refusals` visits are refused. */
struct hook {
    pthread_mutex_t lock;
    unsigned refusals;
};

static void answer(struct visit *visit)
{
    union {
        const void *given;
        struct hook *hook;
    } owner = {.given = visit->peer->owner};

    while (peer_read_head(visit) && peer_read_body(visit)) {
        pthread_mutex_lock(&owner.hook->lock);
        bool refuse = owner.hook->refusals > 0;
        owner.hook->refusals -= refuse;
        pthread_mutex_unlock(&owner.hook->lock);
        peer_answer(visit, refuse ? "503 Service Unavailable" : "200 OK", NULL, "");
    }
}

struct rig {
    struct run_rig run; /* first */
    struct hook hook;
    char url[128];
    struct config_alert_target targets[2];
};

/* Both targets are the same webhook: one for refused tokens only, one for all events. */
static void rig_start(struct rig *rig)
{
    *rig = (struct rig){.hook = {.refusals = 0}};
    pthread_mutex_init(&rig->hook.lock, NULL);
    run_rig_start(&rig->run, answer, &rig->hook);
    snprintf(rig->url, sizeof rig->url, "http://127.0.0.1:%d/hooks/abc", rig->run.peer.port);
    rig->targets[0] = (struct config_alert_target){
        .events = 1U << CONFIG_EVENT_AUTH_PAUSED,
        .webhook = rig->url,
    };
    rig->targets[1] = (struct config_alert_target){.events = UINT32_MAX, .webhook = rig->url};
    rig->run.config.targets = rig->targets;
    rig->run.config.target_count = 2;
}

static void rig_stop(struct rig *rig)
{
    run_rig_stop(&rig->run);
    pthread_mutex_destroy(&rig->hook.lock);
}

static struct alert_notice notice_of(const char *event, const char *subject)
{
    return (struct alert_notice){.event = event,
                                 .subject = subject,
                                 .severity = alert_severity(event),
                                 .text = "what happened",
                                 .action = "what to do",
                                 .happens_once = alert_happens_once(event)};
}

static void raise_one(struct rig *rig, const char *event, const char *subject)
{
    const struct alert_notice notice = notice_of(event, subject);

    alerts_raise(rig->run.alerts, &notice);
}

static unsigned sent(struct rig *rig)
{
    pthread_mutex_lock(&rig->run.peer.lock);
    unsigned complete = rig->run.peer.complete;
    pthread_mutex_unlock(&rig->run.peer.lock);
    return complete;
}

static bool is_delivered(struct rig *rig)
{
    int64_t due_at;
    struct err err;

    run_rig_settle(&rig->run);
    assert_true(delivery_next(rig->run.flow.db, &due_at, &err));
    return due_at == INT64_MAX && !alerts_are_busy(rig->run.alerts);
}

static void until_delivered(struct rig *rig)
{
    run_rig_until(&rig->run, is_delivered(rig));
}

/* ---- the list of events ---- */

static void every_event_of_the_configuration_has_a_severity(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONFIG_EVENT_COUNT; i++) {
        const char *severity = alert_severity(config_event_name((enum config_event)i));

        assert_true(strcmp(severity, "critical") == 0 || strcmp(severity, "warning") == 0 ||
                    strcmp(severity, "info") == 0);
    }
    assert_string_equal(alert_severity("auth_paused"), "critical");
    assert_string_equal(alert_severity("auth_resumed"), "info");
    assert_false(alert_happens_once("auth_paused"));
    assert_true(alert_happens_once("auth_resumed"));
}

/* ---- telling ---- */

static void a_condition_is_told_once_to_each_that_asked(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    for (int i = 0; i < 3; i++)
        raise_one(&rig, "auth_paused", "");
    raise_one(&rig, "disk_low", ""); /* the first target did not ask for it */
    until_delivered(&rig);
    assert_int_equal(sent(&rig), 3);
    raise_one(&rig, "auth_paused", "");
    until_delivered(&rig);
    assert_int_equal(sent(&rig), 3);
    alerts_clear(rig.run.alerts, "auth_paused", "");
    raise_one(&rig, "auth_paused", ""); /* it began anew */
    until_delivered(&rig);
    assert_int_equal(sent(&rig), 5);
    rig_stop(&rig);
}

static void what_happens_is_told_each_time_and_does_not_last(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    raise_one(&rig, "auth_resumed", "");
    raise_one(&rig, "auth_resumed", "");
    until_delivered(&rig);
    assert_int_equal(sent(&rig), 2);
    run_rig_assert_alerts(&rig.run, "");
    rig_stop(&rig);
}

static void an_alert_says_what_how_many_and_what_to_do(void **state)
{
    struct rig rig;
    const char *text;

    (void)state;
    rig_start(&rig);
    known_add(rig.run.flow.db, ITEM_PENDING, "/srv/a.bin");
    known_add(rig.run.flow.db, ITEM_PENDING, "/srv/b.bin");
    raise_one(&rig, "watch_degraded", "release \"1\"\n");
    until_delivered(&rig);
    json_error_t error;
    auto_json json_t *payload = json_loads(rig.run.peer.body, 0, &error);
    assert_non_null(payload);
    static const struct {
        const char *key;
        const char *want;
    } texts[] = {{"event", "watch_degraded"},
                 {"subject", "release \"1\"\n"},
                 {"severity", "warning"},
                 {"text", "what happened"},
                 {"action", "what to do"}};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        text = json_string_value(json_object_get(payload, texts[i].key));
        assert_non_null(text);
        assert_string_equal(text, texts[i].want);
    }
    text = json_string_value(json_object_get(payload, "since"));
    assert_int_equal(text[strlen(text) - 1], 'Z');
    assert_non_null(json_string_value(json_object_get(payload, "host")));
    const json_t *counts = json_object_get(payload, "counts");
    assert_int_equal(json_integer_value(json_object_get(counts, "pending")), 2);
    assert_int_equal(json_object_size(counts), 1);
    rig_stop(&rig);
}

/* ---- until they took it ---- */

static void a_target_that_refuses_is_tried_again_later(void **state)
{
    struct delivery_row delivery = {0};
    struct rig rig;
    struct err err;
    bool found = false;

    (void)state;
    rig_start(&rig);
    rig.hook.refusals = 1;
    raise_one(&rig, "disk_low", "");
    do {
        delivery_release(&delivery);
        uv_run(&rig.run.loop, UV_RUN_NOWAIT);
        assert_true(delivery_due(rig.run.flow.db, INT64_MAX, &delivery, &found, &err));
    } while (!found || delivery.attempts == 0);
    assert_int_equal(sent(&rig), 1);
    assert_false(is_delivered(&rig));
    /* made due by hand: the wait is the backoff's business */
    assert_true(delivery_retry(rig.run.flow.db, delivery.id, 1, "made due", &err));
    delivery_release(&delivery);
    alerts_wake(rig.run.alerts);
    until_delivered(&rig);
    assert_int_equal(sent(&rig), 2);
    rig_stop(&rig);
}

static void a_target_that_is_gone_holds_up_nobody(void **state)
{
    struct rig rig;
    struct err err;

    (void)state;
    rig_start(&rig);
    /* as the last process left it, for a target that is no longer configured */
    assert_true(
        delivery_add(rig.run.flow.db, "webhook:0000000000000000", "disk_low", "{}", 1, &err));
    alerts_free(rig.run.alerts, run_rig_closed, &rig.run);
    run_rig_until(&rig.run, rig.run.closed == 1);
    rig.run.alerts = alerts_new(&rig.run.flow, &rig.run.config);
    raise_one(&rig, "disk_low", "");
    until_delivered(&rig);
    assert_int_equal(sent(&rig), 1); /* nobody is left to take the other */
    rig_stop(&rig);
}

static void what_lasts_is_told_again_after_a_day(void **state)
{
    struct rig rig;
    struct alert_row row = {.since = 1000};
    struct err err;
    bool raised;

    (void)state;
    rig_start(&rig);
    snprintf(row.event, sizeof row.event, "disk_low");
    snprintf(row.severity, sizeof row.severity, "critical");
    assert_true(alert_row_raise(rig.run.flow.db, &row, &raised, &err)); /* told long ago */
    alerts_wake(rig.run.alerts);
    run_rig_until(&rig.run, sent(&rig) == 1);
    until_delivered(&rig);
    alerts_wake(rig.run.alerts); /* not twice a day */
    until_delivered(&rig);
    assert_int_equal(sent(&rig), 1);
    rig_stop(&rig);
}

/* The ledger is what the alert is about: nothing may be written for it. */
static void a_full_disk_is_told_without_the_ledger(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    run_rig_settle(&rig.run);
    alerts_tell_now(rig.run.alerts, "disk_low", "no room", "make room");
    assert_false(db_in_transaction(rig.run.flow.db));
    run_rig_until(&rig.run, sent(&rig) == 1);
    assert_true(is_delivered(&rig));
    run_rig_assert_alerts(&rig.run, "");
    rig_stop(&rig);
}

static void an_end_waits_for_what_is_under_way(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    raise_one(&rig, "disk_low", "");
    alerts_tell_now(rig.run.alerts, "disk_low", "no room", "make room");
    rig_stop(&rig); /* closes once everything has ended */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_of_the_configuration_has_a_severity),
        cmocka_unit_test(a_condition_is_told_once_to_each_that_asked),
        cmocka_unit_test(what_happens_is_told_each_time_and_does_not_last),
        cmocka_unit_test(an_alert_says_what_how_many_and_what_to_do),
        cmocka_unit_test(a_target_that_refuses_is_tried_again_later),
        cmocka_unit_test(a_target_that_is_gone_holds_up_nobody),
        cmocka_unit_test(what_lasts_is_told_again_after_a_day),
        cmocka_unit_test(a_full_disk_is_told_without_the_ledger),
        cmocka_unit_test(an_end_waits_for_what_is_under_way),
    };

    log_setup(LOG_LEVEL_ALERT, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
