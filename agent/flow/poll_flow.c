/*
 * poll_flow.c - how far the platform's analyses are, up to 50 items a question.
 *
 * ask   one query with an alias per firmware
 *
 * complete          fetching (its SBOMs are due)
 * failed            failed, alert analysis_failed
 * not there yet     asked again; after 30 minutes it is taken for a missing view right
 * right missing     held
 * running           asked again, more rarely with age; after alert_after an alert
 *
 * The rows are written when the answer is read; a crash only means asking again.
 */
#include "flow/poll_flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"
#include "flow/batch_job.h"
#include "flow/item_job.h"
#include "flow/item_move.h"
#include "onekey/analysis.h"
#include "store/item_due.h"

enum {
    UNSEEN_LIMIT_MS = 30 * 60 * 1000,
    UNSEEN_LOOKS = 3,
    WAIT_CAP_MS = 15 * 60 * 1000,
    OVERDUE_WAIT_MS = 60 * 60 * 1000,
    AGE_STEPS = 10, /* the wait doubles after this many intervals, and so on */
};

struct poll_job {
    struct batch_job base; /* first */
    struct buf reply;
    struct item items[ANALYSIS_BATCH_MAX];
    const char *ids[ANALYSIS_BATCH_MAX];
    size_t count;
};

static struct poll_job *of(struct job *job)
{
    return (struct poll_job *)job;
}

int64_t poll_wait_ms(int64_t age_ms, int64_t poll_interval_ms, int64_t alert_after_ms)
{
    int64_t wait_ms = poll_interval_ms;
    int64_t cap_ms = poll_interval_ms > WAIT_CAP_MS ? poll_interval_ms : WAIT_CAP_MS;

    if (age_ms > alert_after_ms)
        return OVERDUE_WAIT_MS > poll_interval_ms ? OVERDUE_WAIT_MS : poll_interval_ms;
    for (int64_t reach_ms = poll_interval_ms * AGE_STEPS; age_ms > reach_ms && wait_ms < cap_ms;
         reach_ms *= 2)
        wait_ms *= 2;
    return wait_ms < cap_ms ? wait_ms : cap_ms;
}

static void tell(struct poll_job *poll, const struct item *item, const char *event,
                 const char *reason, const char *action)
{
    struct flow *flow = poll->base.flow;
    auto_free char *shown = printable_new(item->path);
    auto_free char *text = xasprintf("%s (firmware %s): %s", shown, item->firmware_id, reason);

    flow->hooks->alert(flow->owner, event, item->path, text, action);
}

static void hold(struct poll_job *poll, struct item *item, const char *reason)
{
    struct err err;

    err_set(&err, ERR_RIGHTS, "missing right to view firmware in product group %s: %s",
            item->product_group ? item->product_group : "Default", reason);
    item_job_note_held(poll->base.flow, item, "view firmware", err.message);
    item_note_error(item, &err);
    item_move(item, ITEM_HELD, clock_wall_ms());
}

static void fail_item(struct poll_job *poll, struct item *item, const struct analysis *analysis)
{
    struct err err;

    err_set(&err, ERR_ANALYSIS, "the platform's analysis ended with %s",
            analysis->result_text[0] ? analysis->result_text : "no result");
    item_note_error(item, &err);
    item_move(item, ITEM_FAILED, clock_wall_ms());
    tell(poll, item, "analysis_failed", err.message,
         "look at the firmware's analysis overview on the platform; after a new analysis: "
         "onekey-agent retry PATH");
}

static void tell_if_overdue(struct poll_job *poll, const struct item *item, const char *reason)
{
    if (clock_wall_ms() - item->uploaded_at > poll->base.flow->settings.alert_after_ms)
        tell(poll, item, "analysis_overdue", reason,
             "look at it on the platform; it is asked for hourly and does not fail");
}

static void wait_on(struct poll_job *poll, struct item *item, int64_t now_ms)
{
    const struct flow_settings *settings = &poll->base.flow->settings;
    int64_t age_ms = now_ms - item->uploaded_at;
    int64_t eager_ms = settings->eager_poll_ms;
    int64_t wait_ms = poll_wait_ms(age_ms, eager_ms ? eager_ms : settings->poll_interval_ms,
                                   settings->alert_after_ms);

    if (eager_ms && wait_ms > settings->poll_interval_ms)
        wait_ms = settings->poll_interval_ms;
    item->due_at = now_ms + wait_ms;
    tell_if_overdue(poll, item, "its analysis has not ended");
}

static void not_seen(struct poll_job *poll, struct item *item, int64_t now_ms)
{
    /* By looks as well as by the clock, which may have been set or slept. */
    if (++item->misses >= UNSEEN_LOOKS && now_ms - item->uploaded_at > UNSEEN_LIMIT_MS)
        hold(poll, item, "the platform does not show the firmware 30 minutes after its upload");
    else
        wait_on(poll, item, now_ms);
}

static void complete(struct poll_job *poll, struct item *item)
{
    struct flow *flow = poll->base.flow;

    item_clear_error(item);
    item->attempts = item->trouble_ms = 0;
    item_move(item, ITEM_FETCHING, clock_wall_ms());
    flow->hooks->alert_over(flow->owner, "analysis_overdue", item->path);
}

static void apply(struct poll_job *poll, struct item *item, const struct analysis *analysis)
{
    int64_t now_ms = clock_wall_ms();

    text_replace(&item->analysis_state, analysis->state_text[0] ? analysis->state_text : NULL);
    text_replace(&item->analysis_result, analysis->result_text[0] ? analysis->result_text : NULL);
    switch (analysis->state) {
    case ANALYSIS_COMPLETE:
        complete(poll, item);
        return;
    case ANALYSIS_FAILED:
        fail_item(poll, item, analysis);
        return;
    case ANALYSIS_RIGHTS_MISSING:
        hold(poll, item, analysis->reason);
        return;
    case ANALYSIS_UNKNOWN_FIRMWARE:
        not_seen(poll, item, now_ms);
        return;
    case ANALYSIS_UNREADABLE:
    case ANALYSIS_NOT_STARTED:
    case ANALYSIS_RUNNING:
        wait_on(poll, item, now_ms);
        return;
    }
}

static enum started ask_start(struct job *job, struct err *err)
{
    struct poll_job *poll = of(job);
    char *body = analysis_request(poll->ids, poll->count);

    return batch_job_ask(&poll->base, body, &poll->reply, err) ? STEP_WAITS : STEP_BROKEN;
}

static enum verdict ask_outcome(struct job *job, struct err *err)
{
    struct poll_job *poll = of(job);
    struct analysis analyses[ANALYSIS_BATCH_MAX] = {0};
    bool ok = true;

    if (!analysis_reply(poll->reply.bytes, poll->reply.size, poll->ids, poll->count, analyses, err))
        return STEP_FAILED;
    for (size_t i = 0; i < poll->count && ok; i++) {
        bool same = false;

        ok = batch_job_renew(poll->base.flow, &poll->items[i], &same, err);
        if (!same)
            continue;
        apply(poll, &poll->items[i], &analyses[i]);
        ok = item_save(poll->base.flow->db, &poll->items[i], err);
    }
    analysis_release(analyses, poll->count);
    return ok ? NEXT_STEP : STEP_FAILED;
}

static const struct step steps[] = {
    {"ask for analyses", 0, ask_start, ask_outcome},
    {NULL, 0, NULL, NULL},
};

/*
 * After trouble they are due again once the gate is open, and ever more rarely. A token that
 * may not ask at all lacks the right for each.
 */
static void put_off(struct poll_job *poll, const struct err *why)
{
    struct err err = {.kind = ERR_OK};
    struct flow *flow = poll->base.flow;
    int64_t due_at = clock_wall_ms() + backoff_ms(&flow->settings.retry, flow->poll_failures++,
                                                  backoff_random(), poll->base.job.retry_after_ms);

    for (size_t i = 0; i < poll->count; i++) {
        bool same = false;

        if (poll->items[i].state != ITEM_ANALYSING ||
            !batch_job_renew(flow, &poll->items[i], &same, &err) || !same)
            continue;
        poll->items[i].due_at = due_at;
        tell_if_overdue(poll, &poll->items[i], why->message);
        if (err_kind_action(why->kind) == ACTION_HOLD)
            hold(poll, &poll->items[i], why->message);
        if (!item_save(flow->db, &poll->items[i], &err))
            break;
    }
}

static void ending(struct batch_job *job, const struct err *err)
{
    struct poll_job *poll = (struct poll_job *)job;

    if (err->kind != ERR_OK) {
        put_off(poll, err);
        batch_job_report(job, err);
    } else {
        job->flow->poll_failures = 0;
    }
    for (size_t i = 0; i < poll->count; i++)
        item_release(&poll->items[i]);
    buf_release(&poll->reply);
}

static bool load(struct poll_job *poll, struct flow *flow, int64_t now_ms, struct err *err)
{
    int64_t ids[ANALYSIS_BATCH_MAX];
    struct item_ids due = {.ids = ids, .max = 1};

    if (!item_due(flow->db, ITEM_ANALYSING, now_ms, &due, err))
        return false;
    if (due.count == 0)
        return true;
    /* What is due soon comes along: uploads end one by one, and each would be a question of its
     * own. */
    due = (struct item_ids){.ids = ids, .max = ANALYSIS_BATCH_MAX};
    if (!item_due(flow->db, ITEM_ANALYSING, now_ms + flow->settings.poll_interval_ms / 2, &due,
                  err))
        return false;
    for (size_t i = 0; i < due.count; i++) {
        struct item *item = &poll->items[poll->count];
        bool found;

        if (!item_by_id(flow->db, ids[i], item, &found, err))
            return false;
        if (found && item->firmware_id)
            poll->ids[poll->count++] = item->firmware_id;
    }
    return true;
}

bool poll_flow_start(struct flow *flow, int64_t now_ms, bool *started, struct err *err)
{
    struct poll_job *poll;

    *started = false;
    if (flow_has_batch(flow, "poll"))
        return true;
    poll = xcalloc(1, sizeof *poll);
    bool ok = load(poll, flow, now_ms, err);
    *started = ok && poll->count > 0;
    if (*started) {
        batch_job_start(&poll->base, flow, "poll", steps, ending);
        return true;
    }
    for (size_t i = 0; i < poll->count; i++)
        item_release(&poll->items[i]);
    free(poll);
    return ok;
}
