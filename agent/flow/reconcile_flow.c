/*
 * reconcile_flow.c - uploads whose answer was not seen: the platform is asked first.
 *
 * ask        by the registered IDs, all in one question
 * inventory  the list of firmwares as it is now
 * read
 *
 * Exactly one firmware with the name and version as sent, that no other item has and
 * that was not there before the upload was registered, is ours: the item goes on with
 * its ID. None at two looks a poll_interval apart: it is registered and sent again.
 * Several, or no list to compare with: it stays, alert upload_unconfirmed, and
 * `retry PATH --assume ...` decides.
 *
 * A look is written when it was made; a crash means that it is made again.
 */
#include "flow/reconcile_flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"
#include "flow/batch_job.h"
#include "flow/handed.h"
#include "flow/inventory_step.h"
#include "flow/item_move.h"
#include "onekey/analysis.h"
#include "store/item_due.h"

enum { PERSON_LOOK_MS = 60 * 60 * 1000, BATCH_MAX = 20 };

struct reconcile_job {
    struct batch_job base; /* first */
    struct buf reply;
    struct inventory inventory;
    struct item items[BATCH_MAX];
    bool by_id[BATCH_MAX];
    size_t count;
};

static struct reconcile_job *of(struct job *job)
{
    return (struct reconcile_job *)job;
}

enum reconcile_verdict reconcile_judge(const struct reconcile_facts *facts)
{
    if (facts->by_id)
        return RECONCILE_OURS;
    if (!facts->has_before)
        return RECONCILE_PERSON;
    if (facts->candidates == 0)
        return facts->misses >= 1 ? RECONCILE_ABSENT : RECONCILE_LOOK_MORE;
    if (facts->rivals.sending > 0)
        return RECONCILE_WAIT; /* what appeared may be that one's */
    if (facts->candidates == 1 && facts->rivals.unconfirmed == 0)
        return RECONCILE_OURS;
    return RECONCILE_PERSON;
}

/* ---- by the registered ID ---- */

static size_t list_ids(struct reconcile_job *reconcile, const char *ids[BATCH_MAX],
                       size_t places[BATCH_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < reconcile->count; i++) {
        if (!reconcile->items[i].upload_id)
            continue;
        places[count] = i;
        ids[count++] = reconcile->items[i].upload_id;
    }
    return count;
}

static enum started ask_start(struct job *job, struct err *err)
{
    struct reconcile_job *reconcile = of(job);
    const char *ids[BATCH_MAX];
    size_t places[BATCH_MAX];
    size_t count = list_ids(reconcile, ids, places);

    if (count == 0)
        return STEP_READY;
    return batch_job_ask(&reconcile->base, analysis_request(ids, count), &reconcile->reply, err)
               ? STEP_WAITS
               : STEP_BROKEN;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : (!a || !*a) && (!b || !*b);
}

static enum verdict ask_outcome(struct job *job, struct err *err)
{
    struct reconcile_job *reconcile = of(job);
    struct analysis analyses[BATCH_MAX] = {0};
    const char *ids[BATCH_MAX];
    size_t places[BATCH_MAX];
    size_t count = list_ids(reconcile, ids, places);

    if (count == 0)
        return NEXT_STEP;
    if (!analysis_reply(reconcile->reply.bytes, reconcile->reply.size, ids, count, analyses, err))
        return STEP_FAILED;
    for (size_t i = 0; i < count; i++) {
        const struct item *item = &reconcile->items[places[i]];

        reconcile->by_id[places[i]] = analyses[i].name && same_text(analyses[i].name, item->name) &&
                                      same_text(analyses[i].version, item->version);
    }
    analysis_release(analyses, count);
    return NEXT_STEP;
}

/* ---- by name, in the list ---- */

static enum started inventory_start(struct job *job, struct err *err)
{
    return inventory_download(&of(job)->inventory, err) ? STEP_WAITS : STEP_BROKEN;
}

static enum verdict inventory_outcome(struct job *job, struct err *err)
{
    (void)job;
    (void)err;
    return NEXT_STEP;
}

static enum started read_start(struct job *job, struct err *err)
{
    return inventory_read(&of(job)->inventory, err) ? STEP_WAITS : STEP_BROKEN;
}

/* ---- what follows from it ---- */

static void take(struct flow *flow, struct item *item, const char *firmware_id)
{
    log_info("upload_found_again", F_TEXT("path", item->path), F_TEXT("firmware_id", firmware_id));
    text_replace(&item->firmware_id, firmware_id);
    item_clear_error(item);
    item->misses = 0;
    item->uploaded_at = clock_wall_ms();
    item_move(item, flow->settings.wait_analysis ? ITEM_ANALYSING : ITEM_DONE, clock_wall_ms());
    handed_drop(flow, item->id);
    flow->hooks->alert_over(flow->owner, "upload_unconfirmed", item->path);
}

static void give_up(struct flow *flow, struct item *item)
{
    auto_free char *shown = printable_new(item->path);
    auto_free char *why = xasprintf("gave up after %jd attempt%s: %s", (intmax_t)item->attempts,
                                    item->attempts == 1 ? "" : "s",
                                    item->error ? item->error : "the platform did not take it");
    auto_free char *text = xasprintf("%s: %s", shown, why);

    text_replace(&item->error, why);
    item_move(item, ITEM_FAILED, clock_wall_ms());
    flow->hooks->alert(flow->owner, "upload_failed", item->path, text,
                       "read the reason, mend it, then: onekey-agent retry PATH");
}

/* The platform answers, so it was the upload's own failure: uncounted, it would go on for ever. */
static void send_again(struct flow *flow, struct item *item)
{
    int64_t wait_ms = backoff_ms(&flow->settings.retry, item->attempts, backoff_random(), -1);

    log_info("upload_absent", F_TEXT("path", item->path), F_TEXT("upload_id", item->upload_id),
             F_INT("wait_ms", wait_ms));
    text_replace(&item->upload_id, NULL);
    item->misses = 0;
    item->attempts++;
    item->trouble_ms += wait_ms;
    if (item->trouble_ms > flow->settings.give_up_after_ms)
        give_up(flow, item);
    else
        item_move(item, ITEM_PENDING, clock_wall_ms());
    item->due_at = clock_wall_ms() + wait_ms;
    flow->hooks->alert_over(flow->owner, "upload_unconfirmed", item->path);
}

static void ask_a_person(struct flow *flow, struct item *item, const char *reason)
{
    auto_free char *shown = printable_new(item->path);
    auto_free char *text = xasprintf("%s: %s", shown, reason);

    struct err err;

    err_set(
        &err, ERR_UNSURE,
        "%s: look there, then: onekey-agent retry PATH --assume FIRMWARE_ID, or --assume missing",
        reason);
    item_note_error(item, &err);
    item->misses = ITEM_NEEDS_PERSON;
    item->due_at = clock_wall_ms() + PERSON_LOOK_MS;
    flow->hooks->alert(flow->owner, "upload_unconfirmed", item->path, text,
                       "look on the platform whether the firmware is there, then: onekey-agent "
                       "retry PATH --assume FIRMWARE_ID, or --assume missing");
}

static void apply(struct flow *flow, struct item *item, const struct reconcile_facts *facts,
                  const char *candidate)
{
    switch (reconcile_judge(facts)) {
    case RECONCILE_OURS:
        take(flow, item, facts->by_id ? item->upload_id : candidate);
        return;
    case RECONCILE_LOOK_MORE:
        item->misses = facts->misses + 1;
        item->due_at = clock_wall_ms() + flow->settings.poll_interval_ms;
        return;
    case RECONCILE_WAIT:
        item->due_at = clock_wall_ms() + flow->settings.poll_interval_ms;
        return;
    case RECONCILE_ABSENT:
        send_again(flow, item);
        return;
    case RECONCILE_PERSON:
        ask_a_person(flow, item,
                     facts->has_before
                         ? "several firmwares on the platform may be this upload"
                         : "the platform's list was not readable before this upload, so nothing "
                           "tells whether it was taken");
        return;
    }
}

static bool judge(struct reconcile_job *reconcile, size_t at, struct err *err)
{
    struct flow *flow = reconcile->base.flow;
    struct item *item = &reconcile->items[at];
    struct remote_match match;
    struct reconcile_facts facts = {
        .by_id = reconcile->by_id[at],
        .has_before = item->inventory_at != 0,
        .misses = item->misses > 0 ? item->misses : 0,
    };
    bool held = false;

    if (!remote_ours(flow->db, item->name, item->version, item->inventory_at, &match, err) ||
        !remote_rivals(flow->db, item->name, item->version, item->id, &facts.rivals, err) ||
        (facts.by_id && !remote_is_held(flow->db, item->upload_id, &held, err)))
        return false;
    facts.by_id = facts.by_id && !held;
    facts.candidates = match.count;
    apply(flow, item, &facts, match.id);
    return item_save(flow->db, item, err);
}

static enum verdict read_outcome(struct job *job, struct err *err)
{
    struct reconcile_job *reconcile = of(job);

    if (!inventory_finish(&reconcile->inventory, err))
        return STEP_FAILED;
    for (size_t i = 0; i < reconcile->count; i++) {
        bool same;

        if (!batch_job_renew(reconcile->base.flow, &reconcile->items[i], &same, err) ||
            (same && !judge(reconcile, i, err)))
            return STEP_FAILED;
    }
    return NEXT_STEP;
}

static const struct step steps[] = {
    {"ask by ID", 0, ask_start, ask_outcome},
    {"inventory", 0, inventory_start, inventory_outcome},
    {"inventory", 0, read_start, read_outcome},
    {NULL, 0, NULL, NULL},
};

static void put_off(struct reconcile_job *reconcile, const struct err *why)
{
    enum err_action action = err_kind_action(why->kind);
    bool refused = action == ACTION_HOLD || action == ACTION_GIVE_UP;
    struct flow *flow = reconcile->base.flow;
    struct err err = {.kind = ERR_OK};

    for (size_t i = 0; i < reconcile->count; i++) {
        struct item *item = &reconcile->items[i];
        bool same;

        if (item->state != ITEM_UNCONFIRMED || !batch_job_renew(flow, item, &same, &err) || !same)
            continue;
        item->due_at = clock_wall_ms() + flow->settings.poll_interval_ms;
        if (refused)
            ask_a_person(flow, item, "the platform's list of firmwares cannot be read");
        if (!item_save(flow->db, item, &err))
            break;
    }
}

static void ending(struct batch_job *job, const struct err *err)
{
    struct reconcile_job *reconcile = (struct reconcile_job *)job;

    if (err->kind != ERR_OK) {
        put_off(reconcile, err);
        batch_job_report(job, err);
    }
    for (size_t i = 0; i < reconcile->count; i++)
        item_release(&reconcile->items[i]);
    inventory_release(&reconcile->inventory);
    buf_release(&reconcile->reply);
}

static bool load(struct reconcile_job *reconcile, struct flow *flow, int64_t now_ms,
                 struct err *err)
{
    int64_t ids[BATCH_MAX];
    struct item_ids due = {.ids = ids, .max = BATCH_MAX};

    if (!item_due(flow->db, ITEM_UNCONFIRMED, now_ms, &due, err))
        return false;
    for (size_t i = 0; i < due.count; i++) {
        bool found;

        /* Its own job may still be writing the row that says so. */
        if (flow_is_active(flow, ids[i]))
            continue;
        if (!item_by_id(flow->db, ids[i], &reconcile->items[reconcile->count], &found, err))
            return false;
        reconcile->count += found;
    }
    return true;
}

bool reconcile_flow_start(struct flow *flow, int64_t now_ms, bool *started, struct err *err)
{
    struct reconcile_job *reconcile;

    *started = false;
    if (flow_has_batch(flow, "reconcile"))
        return true;
    reconcile = xcalloc(1, sizeof *reconcile);
    inventory_init(&reconcile->inventory, &reconcile->base);
    bool ok = load(reconcile, flow, now_ms, err);
    *started = ok && reconcile->count > 0;
    if (*started) {
        batch_job_start(&reconcile->base, flow, "reconcile", steps, ending);
        return true;
    }
    for (size_t i = 0; i < reconcile->count; i++)
        item_release(&reconcile->items[i]);
    free(reconcile);
    return ok;
}
