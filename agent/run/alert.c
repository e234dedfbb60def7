#include "run/alert.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"
#include "control/answer_arguments.h"
#include "job/backoff.h"
#include "run/alert_send.h"
#include "store/alert_row.h"
#include "store/item_count.h"

enum { LOOK_MS = 60 * 1000 };

static const int64_t give_up_ms = 7LL * 24 * 60 * 60 * 1000; /* a target that is dead for a week */

/* A telling, or a clearing, until it is written. */
struct pending {
    struct save save;
    struct alerts *alerts;
    struct alert_row row;
    bool clears;
    bool happens_once;
    bool changed; /* the row was not so before */
    struct pending *next;
};

struct alerts {
    struct flow *flow;
    const struct config_alerts *config;
    uv_timer_t timer;
    struct pending *pending;
    struct alert_send *send; /* under way */
    struct delivery_row delivery;
    unsigned direct; /* told without the ledger, under way */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static const struct backoff delivery_backoff = {.base_ms = 5000, .cap_ms = 3600000};

static const struct {
    const char *event;
    const char *severity;
    bool happens_once;
} events[] = {
    {"auth_paused", "critical", false},          {"auth_resumed", "info", true},
    {"token_expiring", "warning", true},         {"rights_missing", "critical", false},
    {"platform_unreachable", "critical", false}, {"upload_failed", "warning", true},
    {"upload_unconfirmed", "warning", false},    {"analysis_failed", "warning", true},
    {"analysis_overdue", "warning", false},      {"sbom_changed", "info", true},
    {"sbom_quarantined", "warning", false},      {"sbom_empty", "info", true},
    {"export_failed", "warning", false},         {"watch_degraded", "warning", false},
    {"backlog_old", "warning", false},           {"disk_low", "critical", false},
    {"config_rejected", "warning", true},
};

const char *alert_severity(const char *event)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (strcmp(events[i].event, event) == 0)
            return events[i].severity;
    }
    return "warning";
}

bool alert_happens_once(const char *event)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (strcmp(events[i].event, event) == 0)
            return events[i].happens_once;
    }
    return true;
}

static void close_when_idle(struct alerts *alerts);

/* ---- what is told ---- */

static json_t *count_items(struct db *db)
{
    json_t *counts = json_object();
    int64_t items[ITEM_STATE_COUNT];
    struct err err;

    if (!item_counts(db, items, &err))
        return counts;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        if (items[i] > 0)
            json_object_set_new(counts, item_state_name((enum item_state)i),
                                json_integer(items[i]));
    }
    return counts;
}

/* JSON takes UTF-8 only: a path's bytes, or a text that was cut off, must not cost the alert. */
static char *json_text_new(const char *text)
{
    return arguments_is_utf8(text) ? xstrdup(text) : printable_new(text);
}

static char *payload_of(struct db *db, const struct alert_row *row)
{
    char host[256] = "";
    char since[CLOCK_TEXT_SIZE];

    gethostname(host, sizeof host - 1);
    auto_free char *subject = json_text_new(row->subject);
    auto_free char *text = json_text_new(row->text);
    auto_json json_t *payload =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:s}", "event", row->event, "subject", subject,
                  "since", clock_text(row->since, since), "severity", row->severity, "text", text,
                  "action", row->action, "counts", count_items(db), "host", host);
    return payload ? json_dumps(payload, JSON_COMPACT) : NULL;
}

/* For a command, whose message and exit code tell. */
static const struct config_alerts nobody = {.reminder_ms = INT64_MAX / 2};

static bool wants(const struct config_alert_target *target, const char *event)
{
    for (size_t i = 0; i < CONFIG_EVENT_COUNT; i++) {
        if (strcmp(config_event_name((enum config_event)i), event) == 0)
            return (target->events & 1U << i) != 0;
    }
    return false;
}

static bool add_deliveries(struct alerts *alerts, struct db *db, const struct alert_row *row,
                           struct err *err)
{
    auto_free char *payload = payload_of(db, row);

    if (!payload)
        return true;
    for (size_t i = 0; i < alerts->config->target_count; i++) {
        const struct config_alert_target *target = &alerts->config->targets[i];
        char key[ALERT_TARGET_KEY_SIZE];

        if (!wants(target, row->event))
            continue;
        alert_target_key(target, key);
        if (!delivery_add(db, key, row->event, payload, clock_wall_ms(), err))
            return false;
    }
    return true;
}

/* ---- raising and clearing ---- */

static struct pending *of(struct save *save)
{
    return (struct pending *)((char *)save - offsetof(struct pending, save));
}

static bool write_pending(struct save *save, struct db *db, struct err *err)
{
    struct pending *pending = of(save);
    struct alert_row *row = &pending->row;

    if (pending->clears)
        return alert_row_clear(db, row->event, row->subject, clock_wall_ms(), &pending->changed,
                               err);
    pending->changed = true;
    if (!pending->happens_once && !alert_row_raise(db, row, &pending->changed, err))
        return false;
    return !pending->changed || add_deliveries(pending->alerts, db, row, err);
}

static void log_row(const struct alert_row *row)
{
    if (strcmp(row->severity, "info") == 0) {
        log_info("alert", F_TEXT("alert", row->event), F_TEXT("text", row->text),
                 F_TEXT("action", row->action));
    } else {
        log_alert("alert", F_TEXT("alert", row->event), F_TEXT("text", row->text),
                  F_TEXT("action", row->action));
    }
}

static void on_pending_saved(struct save *save)
{
    struct pending *pending = of(save);
    struct alerts *alerts = pending->alerts;
    struct pending **at = &alerts->pending;

    while (*at != pending)
        at = &(*at)->next;
    *at = pending->next;
    if (pending->changed && pending->clears) {
        log_info("alert_over", F_TEXT("alert", pending->row.event),
                 F_TEXT("subject", pending->row.subject));
    } else if (pending->changed) {
        log_row(&pending->row);
    }
    free(pending);
    if (alerts->closing)
        close_when_idle(alerts);
    else
        alerts_wake(alerts);
}

static struct pending *pending_new(struct alerts *alerts, const char *event, const char *subject)
{
    struct pending *pending = xcalloc(1, sizeof *pending);

    pending->alerts = alerts;
    pending->save.write = write_pending;
    pending->save.saved = on_pending_saved;
    snprintf(pending->row.event, sizeof pending->row.event, "%s", event);
    snprintf(pending->row.subject, sizeof pending->row.subject, "%s", subject);
    pending->next = alerts->pending;
    alerts->pending = pending;
    return pending;
}

void alerts_raise(struct alerts *alerts, const struct alert_notice *notice)
{
    if (alerts->config == &nobody)
        return;
    struct pending *pending = pending_new(alerts, notice->event, notice->subject);
    snprintf(pending->row.severity, sizeof pending->row.severity, "%s", notice->severity);
    snprintf(pending->row.text, sizeof pending->row.text, "%s", notice->text);
    snprintf(pending->row.action, sizeof pending->row.action, "%s", notice->action);
    pending->row.since = clock_wall_ms();
    pending->happens_once = notice->happens_once;
    turn_save(alerts->flow->turn, &pending->save);
}

void alerts_clear(struct alerts *alerts, const char *event, const char *subject)
{
    struct pending *pending = pending_new(alerts, event, subject);

    pending->clears = true;
    turn_save(alerts->flow->turn, &pending->save);
}

/* ---- delivering ---- */

static void on_timer(uv_timer_t *timer);

static void arm(struct alerts *alerts)
{
    struct err err = {.kind = ERR_OK};
    int64_t due_at = INT64_MAX;

    if (alerts->closing || !delivery_next(alerts->flow->db, &due_at, &err))
        return;
    int64_t wait_ms = due_at == INT64_MAX ? LOOK_MS : due_at - clock_wall_ms();
    if (wait_ms > LOOK_MS)
        wait_ms = LOOK_MS;
    uv_timer_start(&alerts->timer, on_timer, (uint64_t)(wait_ms < 1 ? 1 : wait_ms), 0);
}

static void end_delivery(struct alerts *alerts, const struct err *failure)
{
    const struct delivery_row *row = &alerts->delivery;
    struct err err = {.kind = ERR_OK};
    int64_t now_ms = clock_wall_ms();
    bool ok;

    if (!failure) {
        ok = delivery_remove(alerts->flow->db, row->id, &err);
    } else if (now_ms - row->created_at > give_up_ms) {
        log_error("alert_undeliverable", F_TEXT("target", row->target), F_TEXT("alert", row->event),
                  F_TEXT("reason", failure->message));
        ok = delivery_remove(alerts->flow->db, row->id, &err);
    } else {
        int64_t wait_ms = backoff_ms(&delivery_backoff, row->attempts, backoff_random(), -1);
        log_warn("alert_not_delivered", F_TEXT("target", row->target), F_TEXT("alert", row->event),
                 F_TEXT("reason", failure->message), F_INT("again_in_ms", wait_ms));
        ok = delivery_retry(alerts->flow->db, row->id, now_ms + wait_ms, failure->message, &err);
    }
    if (!ok)
        log_error("store_trouble", F_TEXT("reason", err.message));
    delivery_release(&alerts->delivery);
}

static void on_sent(void *owner, const struct err *err)
{
    struct alerts *alerts = owner;

    alerts->send = NULL;
    if (!err || err->kind != ERR_CANCELLED)
        end_delivery(alerts, err);
    else
        delivery_release(&alerts->delivery);
    if (alerts->closing)
        close_when_idle(alerts);
    else
        arm(alerts);
}

static const struct config_alert_target *find_target(const struct alerts *alerts, const char *key)
{
    for (size_t i = 0; i < alerts->config->target_count; i++) {
        char known[ALERT_TARGET_KEY_SIZE];

        alert_target_key(&alerts->config->targets[i], known);
        if (strcmp(known, key) == 0)
            return &alerts->config->targets[i];
    }
    return NULL;
}

static void deliver_next(struct alerts *alerts)
{
    struct err err = {.kind = ERR_OK};
    bool found = false;

    if (!delivery_due(alerts->flow->db, clock_wall_ms(), &alerts->delivery, &found, &err)) {
        log_error("store_trouble", F_TEXT("reason", err.message));
        return;
    }
    if (!found)
        return;
    const struct config_alert_target *target = find_target(alerts, alerts->delivery.target);
    if (!target) {
        end_delivery(alerts, NULL); /* the configuration no longer has it */
        return;
    }
    alerts->send =
        alert_send_start(alerts->flow, target, alerts->delivery.payload, on_sent, alerts);
}

static void remind(struct alerts *alerts)
{
    struct err err = {.kind = ERR_OK};
    struct alert_row row;
    int64_t now_ms = clock_wall_ms();
    bool found = true;

    while (found && alert_row_remind(alerts->flow->db, now_ms - alerts->config->reminder_ms, now_ms,
                                     &row, &found, &err)) {
        if (!found)
            return;
        log_row(&row);
        if (!add_deliveries(alerts, alerts->flow->db, &row, &err))
            return;
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct alerts *alerts = timer->data;

    if (turn_is_stalled(alerts->flow->turn)) {
        uv_timer_start(timer, on_timer, LOOK_MS / 10, 0);
        return;
    }
    remind(alerts);
    if (!alerts->send)
        deliver_next(alerts);
    if (!alerts->send)
        arm(alerts);
}

void alerts_wake(struct alerts *alerts)
{
    if (!alerts->closing && !alerts->send)
        uv_timer_start(&alerts->timer, on_timer, 1, 0);
}

bool alerts_are_busy(const struct alerts *alerts)
{
    return alerts->send || alerts->pending ||
           (uv_is_active((const uv_handle_t *)&alerts->timer) &&
            uv_timer_get_due_in(&alerts->timer) < 10);
}

struct alerts *alerts_new(struct flow *flow, const struct config_alerts *config)
{
    struct alerts *alerts = xcalloc(1, sizeof *alerts);

    alerts->flow = flow;
    alerts->config = config ? config : &nobody;
    uv_timer_init(flow->loop, &alerts->timer);
    alerts->timer.data = alerts;
    alerts_wake(alerts);
    return alerts;
}

static void on_closed(uv_handle_t *handle)
{
    struct alerts *alerts = handle->data;
    void (*closed)(void *) = alerts->closed;
    void *owner = alerts->closed_owner;

    free(alerts);
    closed(owner);
}

static void close_when_idle(struct alerts *alerts)
{
    if (!alerts->send && !alerts->pending && alerts->direct == 0 &&
        !uv_is_closing((uv_handle_t *)&alerts->timer))
        uv_close((uv_handle_t *)&alerts->timer, on_closed);
}

static void on_told_now(void *owner, const struct err *err)
{
    struct alerts *alerts = owner;

    alerts->direct--;
    if (err)
        log_warn("alert_not_delivered", F_TEXT("reason", err->message));
    if (alerts->closing)
        close_when_idle(alerts);
}

void alerts_tell_now(struct alerts *alerts, const char *event, const char *text, const char *action)
{
    struct alert_row row = {.since = clock_wall_ms()};

    snprintf(row.event, sizeof row.event, "%s", event);
    snprintf(row.severity, sizeof row.severity, "%s", alert_severity(event));
    snprintf(row.text, sizeof row.text, "%s", text);
    snprintf(row.action, sizeof row.action, "%s", action);
    auto_free char *payload = payload_of(alerts->flow->db, &row);
    for (size_t i = 0; payload && !alerts->closing && i < alerts->config->target_count; i++) {
        const struct config_alert_target *target = &alerts->config->targets[i];

        if (!wants(target, event))
            continue;
        alerts->direct++;
        alert_send_start(alerts->flow, target, payload, on_told_now, alerts);
    }
}

void alerts_free(struct alerts *alerts, void (*closed)(void *owner), void *owner)
{
    alerts->closing = true;
    alerts->closed = closed;
    alerts->closed_owner = owner;
    uv_timer_stop(&alerts->timer);
    if (alerts->send)
        alert_send_cancel(alerts->send);
    close_when_idle(alerts);
}
