/*
 * answer_status.c - status: one row that says how the agent is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "control/answer_export.h"
#include "control/answer_json.h"
#include "control/answer_parts.h"
#include "store/alert_row.h"
#include "store/fact.h"
#include "store/item.h"
#include "store/item_count.h"
#include "store/pause.h"
#include "store/quarantine.h"

enum { ALERTS_MAX = 100 };

enum { /* of --check; the first that holds, in this order */
       CHECK_NO_DAEMON = 69,
       CHECK_AUTH = 77,
       CHECK_PAUSED = 75,
       CHECK_ATTENTION = 3,
};

struct status {
    struct answer *answer;
    json_t *row;
    struct pause pauses[PAUSE_KIND_COUNT];
    int64_t counts[ITEM_STATE_COUNT];
    json_t *alerts; /* borrowed from row */
    int64_t overdue;
    int64_t failed_exports;
    int64_t quarantined;
    bool more_alerts;
};

static void put_state(struct status *status)
{
    const struct live *live = status->answer->context.live;

    answer_json_put_text(status->row, "version", status->answer->context.version);
    answer_json_put_text(status->row, "state", live ? live->state(live->owner) : "stopped");
}

static bool put_pauses(struct status *status, struct err *err)
{
    struct db *db = status->answer->context.db;
    json_t *list = json_array();

    answer_json_put(status->row, "pauses", list);
    if (db && !pause_load(db, status->pauses, err))
        return false;
    for (size_t i = 0; i < PAUSE_KIND_COUNT; i++) {
        const struct pause *pause = &status->pauses[i];

        if (!pause->is_set)
            continue;
        json_t *one = json_object();
        answer_json_put_text(one, "kind", pause_kind_name((enum pause_kind)i));
        answer_json_put_text(one, "reason", pause->reason);
        answer_json_put_time(one, "since", pause->since);
        answer_json_put_text(one, "by", pause->by_whom);
        json_array_append_new(list, one);
    }
    return true;
}

static void put_token(struct status *status, const struct live_token *token)
{
    json_t *one = json_object();

    answer_json_put_text(one, "tenant", token->tenant);
    answer_json_put_text(one, "email", token->email);
    answer_json_put_text(one, "fingerprint", token->fingerprint);
    answer_json_put_time(one, "expires", token->expires_ms);
    answer_json_put(status->row, "token", one);
}

/* Without a daemon: what the last one knew of its token. */
static bool put_known_token(struct status *status, struct err *err)
{
    struct db *db = status->answer->context.db;
    auto_free char *tenant = NULL;
    auto_free char *fingerprint = NULL;

    if (db && (!fact_get(db, "tenant", &tenant, err) ||
               !fact_get(db, "token_fingerprint", &fingerprint, err)))
        return false;
    const struct live_token token = {.tenant = tenant, .fingerprint = fingerprint};
    put_token(status, &token);
    return true;
}

static bool put_any_token(struct status *status, struct err *err)
{
    const struct live *live = status->answer->context.live;
    struct live_token token = {0};

    if (!live)
        return put_known_token(status, err);
    live->token(live->owner, &token);
    put_token(status, &token);
    return true;
}

static bool put_items(struct status *status, struct err *err)
{
    struct db *db = status->answer->context.db;
    json_t *items = json_object();
    int64_t oldest = 0;

    answer_json_put(status->row, "items", items);
    if (db && (!item_counts(db, status->counts, err) || !item_oldest_waiting(db, &oldest, err)))
        return false;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++)
        answer_json_put(items, item_state_name((enum item_state)i),
                        json_integer(status->counts[i]));
    int64_t age_ms = oldest ? answer_now(status->answer) - oldest : 0;
    answer_json_put(status->row, "oldest_pending_seconds",
                    oldest ? json_integer(age_ms > 0 ? age_ms / 1000 : 0) : json_null());
    return true;
}

static void on_transfer(void *to, const struct live_transfer *transfer)
{
    json_t *one = json_object();

    answer_json_put_path(one, transfer->path);
    answer_json_put_text(one, "direction", transfer->direction);
    answer_json_put(one, "bytes_done", json_integer(transfer->bytes_done));
    answer_json_put(one, "bytes_total",
                    transfer->bytes_total ? json_integer(transfer->bytes_total) : json_null());
    answer_json_put(one, "rate", json_integer(transfer->rate));
    json_array_append_new(to, one);
}

static void on_watch(void *to, const struct live_watch *watch)
{
    json_t *one = json_object();

    answer_json_put_text(one, "name", watch->name);
    answer_json_put_path(one, watch->path);
    answer_json_put_text(one, "mode", watch->mode);
    answer_json_put(one, "directories", json_integer(watch->directories));
    answer_json_put_text(one, "degraded", watch->degraded);
    json_array_append_new(to, one);
}

static void put_work(struct status *status)
{
    const struct live *live = status->answer->context.live;
    json_t *transfers = json_array();
    json_t *watches = json_array();

    answer_json_put(status->row, "transfers", transfers);
    answer_json_put(status->row, "watches", watches);
    if (!live)
        return;
    live->each_transfer(live->owner, on_transfer, transfers);
    live->each_watch(live->owner, on_watch, watches);
}

static bool put_exports(struct status *status, struct err *err)
{
    const struct answer_context *context = &status->answer->context;
    struct answer_export_list exports = {.list = json_array()};

    answer_json_put(status->row, "exports", exports.list);
    if (!answer_exports_put(context, &exports, err) ||
        (context->db && !quarantine_count(context->db, &status->quarantined, err)))
        return false;
    status->failed_exports = exports.failed;
    answer_json_put(status->row, "quarantined", json_integer(status->quarantined));
    return true;
}

static void on_mirror(void *to, const struct live_mirror *mirror)
{
    json_array_append_new(to, live_mirror_json(mirror));
}

static void on_tally(void *to, const struct item_tally *tally)
{
    const struct live_mirror mirror = live_mirror_of(tally);

    if (mirror.known > 0)
        on_mirror(to, &mirror);
}

static bool put_mirror(struct status *status, struct err *err)
{
    struct db *db = status->answer->context.db;
    const struct live *live = status->answer->context.live;
    json_t *list = json_array();

    answer_json_put(status->row, "mirror", list);
    if (!live)
        return !db || item_tally_each(db, on_tally, list, err);
    live->each_mirror(live->owner, on_mirror, list);
    return true;
}

static void on_group(void *owner, const char *product_group, const char *reason, int64_t since)
{
    json_t *one = json_object();

    answer_json_put_text(one, "product_group", product_group);
    answer_json_put_text(one, "reason", reason);
    answer_json_put_time(one, "since", since);
    json_array_append_new(owner, one);
}

static void on_alert(void *owner, const struct alert_row *alert)
{
    struct status *status = owner;

    status->overdue += strcmp(alert->event, "analysis_overdue") == 0;
    status->more_alerts = json_array_size(status->alerts) == ALERTS_MAX;
    if (status->more_alerts)
        return;
    json_t *one = json_object();
    answer_json_put_text(one, "event", alert->event);
    answer_json_put_text(one, "subject", alert->subject);
    answer_json_put_text(one, "severity", alert->severity);
    answer_json_put_text(one, "text", alert->text);
    answer_json_put_text(one, "action", alert->action);
    answer_json_put_time(one, "since", alert->since);
    json_array_append_new(status->alerts, one);
}

static bool put_trouble(struct status *status, struct err *err)
{
    struct db *db = status->answer->context.db;
    json_t *groups = json_array();

    status->alerts = json_array();
    answer_json_put(status->row, "held_groups", groups);
    answer_json_put(status->row, "alerts", status->alerts);
    if (db &&
        (!group_each(db, on_group, groups, err) || !alert_row_each_open(db, on_alert, status, err)))
        return false;
    answer_json_put(status->row, "alerts_more", json_boolean(status->more_alerts));
    return true;
}

static void put_check(struct status *status)
{
    const int64_t *counts = status->counts;
    json_t *attention = json_object();
    int check = 0;

    answer_json_put(attention, "failed", json_integer(counts[ITEM_FAILED]));
    answer_json_put(attention, "held", json_integer(counts[ITEM_HELD]));
    answer_json_put(attention, "unconfirmed", json_integer(counts[ITEM_UNCONFIRMED]));
    answer_json_put(attention, "overdue", json_integer(status->overdue));
    answer_json_put(attention, "exports", json_integer(status->failed_exports));
    answer_json_put(attention, "quarantined", json_integer(status->quarantined));
    answer_json_put(status->row, "attention", attention);
    if (!status->answer->context.live)
        check = CHECK_NO_DAEMON;
    else if (status->pauses[PAUSE_AUTH].is_set)
        check = CHECK_AUTH;
    else if (status->pauses[PAUSE_OPERATOR].is_set)
        check = CHECK_PAUSED;
    else if (counts[ITEM_FAILED] + counts[ITEM_HELD] + counts[ITEM_UNCONFIRMED] + status->overdue +
             status->failed_exports + status->quarantined)
        check = CHECK_ATTENTION;
    answer_json_put(status->row, "check", json_integer(check));
    if (arguments_flag(status->answer->arguments, "check"))
        status->answer->exit = check;
}

static bool work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    auto_json json_t *object = json_object();
    auto_free struct status *status = xcalloc(1, sizeof *status);

    status->answer = answer;
    status->row = object;
    put_state(status);
    if (!put_pauses(status, err) || !put_any_token(status, err) || !put_items(status, err))
        return err_wrap(err, "status");
    put_work(status);
    if (!put_exports(status, err) || !put_mirror(status, err) || !put_trouble(status, err))
        return err_wrap(err, "status");
    put_check(status);
    *row = auto_take(object);
    *over = true;
    return true;
}

static const struct argument arguments[] = {{"check", ARGUMENT_FLAG}, {NULL, ARGUMENT_TEXT}};

const struct answer_kind answer_status = {
    .command = "status",
    .arguments = arguments,
    .work = work,
};
