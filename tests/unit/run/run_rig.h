/*
 * run_rig.h - what stands below gate, alerts and expiry: a loop, a ledger in memory, a
 * turn, and a flow whose http speaks to a scripted platform on loopback.
 */
#ifndef TESTS_RUN_RUN_RIG_H
#define TESTS_RUN_RUN_RIG_H

#include <assert.h>

#include "flow/flow.h"
#include "known_items.h"
#include "net/peer.h"
#include "run/alert.h"
#include "store/alert_row.h"
#include "store/fact.h"

struct run_rig {
    uv_loop_t loop;
    uv_timer_t guard;
    struct peer peer;
    char api_url[64];
    struct flow flow;
    struct config_alerts config;
    struct alerts *alerts;
    unsigned closed;
};

static void run_rig_too_long(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("what was waited for did not come");
}

static void run_rig_closed(void *owner)
{
    struct run_rig *rig = owner;

    rig->closed++;
}

static void run_rig_stalled(void *owner, const struct err *why)
{
    (void)owner;
    if (why)
        fail_msg("%s", why->message);
}

static inline void run_rig_start(struct run_rig *rig, peer_play_fn *play, const void *owner)
{
    static const struct turn_hooks turn_hooks = {.stalled = run_rig_stalled};
    struct err err;

    *rig = (struct run_rig){.config = {.reminder_ms = 24 * 3600 * 1000}};
    peer_start(&rig->peer, play, owner);
    snprintf(rig->api_url, sizeof rig->api_url, "http://127.0.0.1:%d/api", rig->peer.port);
    const struct http_options options = {
        .api_url = rig->api_url,
        .allow_http = true,
        .verify_tls = true,
        .proxy = "",
        .connect_timeout_ms = 5000,
        .stall_timeout_ms = 10000,
        .answer_timeout_ms = 10000,
    };
    uv_loop_init(&rig->loop);
    uv_timer_init(&rig->loop, &rig->guard);
    uv_timer_start(&rig->guard, run_rig_too_long, 30000, 0);
    rig->flow = (struct flow){.loop = &rig->loop, .db = known_ledger()};
    rig->flow.settings.api_url = rig->api_url;
    rig->flow.settings.retry = (struct backoff){.base_ms = 20, .cap_ms = 40};
    rig->flow.turn = turn_new(&rig->loop, rig->flow.db, &turn_hooks, rig);
    rig->flow.http = http_new(&rig->loop, &options, &err);
    if (!rig->flow.http)
        fail_msg("%s", err.message);
    rig->alerts = alerts_new(&rig->flow, &rig->config);
}

/* One turn of the loop; the guard ends what does not come. */
#define run_rig_until(rig, condition)                                                              \
    while (!(condition))                                                                           \
    uv_run(&(rig)->loop, UV_RUN_ONCE)

/* Everything that was queued is written, and what follows from it is on its way. */
static inline void run_rig_settle(struct run_rig *rig)
{
    do
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    while (!turn_is_clean(rig->flow.turn));
}

/* What uses the rig is closed already. */
static inline void run_rig_stop(struct run_rig *rig)
{
    unsigned before = rig->closed;

    alerts_free(rig->alerts, run_rig_closed, rig);
    run_rig_until(rig, rig->closed == before + 1);
    http_free(rig->flow.http, run_rig_closed, rig);
    run_rig_until(rig, rig->closed == before + 2);
    turn_free(rig->flow.turn, run_rig_closed, rig);
    uv_close((uv_handle_t *)&rig->guard, NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(rig->closed, before + 3);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    db_close(rig->flow.db);
    peer_stop(&rig->peer);
}

static void run_rig_list_alert(void *owner, const struct alert_row *alert)
{
    char *text = owner;
    size_t size = strlen(text);

    snprintf(text + size, 256 - size, "%s ", alert->event);
}

/* The conditions that last, by name. */
static inline void run_rig_assert_alerts(struct run_rig *rig, const char *want)
{
    char text[256] = "";
    struct err err;

    run_rig_settle(rig);
    assert_true(alert_row_each_open(rig->flow.db, run_rig_list_alert, text, &err));
    assert_string_equal(text, want);
}

/* How many tellings of an event wait for a target; they are taken away. */
static inline unsigned run_rig_take_deliveries(struct run_rig *rig, const char *event)
{
    struct delivery_row delivery = {0};
    unsigned count = 0;
    struct err err;
    bool found;

    run_rig_settle(rig);
    while (delivery_due(rig->flow.db, INT64_MAX, &delivery, &found, &err) && found) {
        count += strcmp(delivery.event, event) == 0;
        assert_true(delivery_remove(rig->flow.db, delivery.id, &err));
        delivery_release(&delivery);
    }
    return count;
}

#endif
