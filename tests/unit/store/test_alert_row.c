#include "test.h"

#include "known_items.h"
#include "store/alert_row.h"

static struct alert_row alert_of(const char *event, const char *subject, int64_t since)
{
    struct alert_row alert = {.since = since};

    snprintf(alert.event, sizeof alert.event, "%s", event);
    snprintf(alert.subject, sizeof alert.subject, "%s", subject);
    snprintf(alert.severity, sizeof alert.severity, "critical");
    snprintf(alert.text, sizeof alert.text, "text of %s", subject);
    snprintf(alert.action, sizeof alert.action, "action");
    return alert;
}

static bool raise_one(struct db *db, const char *event, const char *subject, int64_t since)
{
    struct alert_row alert = alert_of(event, subject, since);
    struct err err;
    bool raised;

    assert_true(alert_row_raise(db, &alert, &raised, &err));
    return raised;
}

static bool clear(struct db *db, const char *event, const char *subject)
{
    struct err err;
    bool cleared;

    assert_true(alert_row_clear(db, event, subject, 900, &cleared, &err));
    return cleared;
}

static void on_open(void *owner, const struct alert_row *alert)
{
    char *text = owner;
    size_t size = strlen(text);

    snprintf(text + size, 256 - size, "%s/%s@%jd ", alert->event, alert->subject,
             (intmax_t)alert->since);
}

static void assert_open(struct db *db, const char *want)
{
    char text[256] = "";
    struct err err;

    assert_true(alert_row_each_open(db, on_open, text, &err));
    assert_string_equal(text, want);
}

static void a_condition_is_raised_once_until_it_is_cleared(void **state)
{
    struct db *db = known_ledger();

    (void)state;
    assert_true(raise_one(db, "watch_degraded", "release", 100));
    assert_false(raise_one(db, "watch_degraded", "release", 200));
    assert_true(raise_one(db, "watch_degraded", "nightly", 200));
    assert_open(db, "watch_degraded/release@100 watch_degraded/nightly@200 ");
    assert_true(clear(db, "watch_degraded", "release"));
    assert_false(clear(db, "watch_degraded", "release"));
    assert_open(db, "watch_degraded/nightly@200 ");
    assert_true(raise_one(db, "watch_degraded", "release", 300)); /* began again */
    assert_open(db, "watch_degraded/nightly@200 watch_degraded/release@300 ");
    db_close(db);
}

static void a_star_clears_an_event_whatever_it_was_about(void **state)
{
    struct db *db = known_ledger();

    (void)state;
    raise_one(db, "rights_missing", "Default", 100);
    raise_one(db, "rights_missing", "Routers", 200);
    raise_one(db, "auth_paused", "", 300);
    assert_true(clear(db, "rights_missing", "*"));
    assert_false(clear(db, "rights_missing", "*"));
    assert_open(db, "auth_paused/@300 ");
    db_close(db);
}

static void what_lasts_is_reminded_of_once_a_time(void **state)
{
    struct db *db = known_ledger();
    struct alert_row alert;
    struct err err;
    bool found;

    (void)state;
    raise_one(db, "auth_paused", "", 100);
    raise_one(db, "disk_low", "", 100);
    clear(db, "disk_low", "");
    assert_true(alert_row_remind(db, 99, 1099, &alert, &found, &err));
    assert_false(found);
    assert_true(alert_row_remind(db, 100, 1100, &alert, &found, &err));
    assert_true(found);
    assert_string_equal(alert.event, "auth_paused");
    assert_string_equal(alert.severity, "critical");
    assert_string_equal(alert.text, "text of ");
    assert_string_equal(alert.action, "action");
    assert_int_equal(alert.since, 100); /* of the condition, not of the reminder */
    assert_true(alert_row_remind(db, 100, 1100, &alert, &found, &err));
    assert_false(found);
    assert_true(alert_row_remind(db, 1100, 2100, &alert, &found, &err));
    assert_true(found);
    db_close(db);
}

/* ---- on the way to a target ---- */

static void a_delivery_stays_until_it_is_taken(void **state)
{
    struct db *db = known_ledger();
    struct delivery_row delivery = {0};
    struct err err;
    int64_t due_at;
    bool found;

    (void)state;
    assert_true(delivery_next(db, &due_at, &err));
    assert_int_equal(due_at, INT64_MAX);
    assert_true(delivery_add(db, "webhook:1", "auth_paused", "{\"a\":1}", 100, &err));
    assert_true(delivery_add(db, "command:2", "auth_paused", "{\"a\":2}", 100, &err));
    assert_true(delivery_due(db, 99, &delivery, &found, &err));
    assert_false(found);
    assert_true(delivery_due(db, 100, &delivery, &found, &err));
    assert_true(found);
    assert_string_equal(delivery.target, "webhook:1");
    assert_string_equal(delivery.event, "auth_paused");
    assert_string_equal(delivery.payload, "{\"a\":1}");
    assert_int_equal(delivery.created_at, 100);
    assert_int_equal(delivery.attempts, 0);
    /* one that waits lets the others by */
    assert_true(delivery_retry(db, delivery.id, 5000, "connection refused", &err));
    delivery_release(&delivery);
    assert_true(delivery_due(db, 100, &delivery, &found, &err));
    assert_string_equal(delivery.target, "command:2");
    assert_true(delivery_remove(db, delivery.id, &err));
    delivery_release(&delivery);
    assert_true(delivery_next(db, &due_at, &err));
    assert_int_equal(due_at, 5000);
    assert_true(delivery_due(db, 5000, &delivery, &found, &err));
    assert_true(found);
    assert_int_equal(delivery.attempts, 1);
    assert_int_equal(delivery.created_at, 100);
    assert_true(delivery_remove(db, delivery.id, &err));
    assert_false(delivery_remove(db, delivery.id, &err)); /* it is gone */
    delivery_release(&delivery);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_is_raised_once_until_it_is_cleared),
        cmocka_unit_test(a_star_clears_an_event_whatever_it_was_about),
        cmocka_unit_test(what_lasts_is_reminded_of_once_a_time),
        cmocka_unit_test(a_delivery_stays_until_it_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
