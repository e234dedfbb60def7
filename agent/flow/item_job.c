#include "flow/item_job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"
#include "flow/batch_job.h"
#include "flow/fetch.h"
#include "flow/item_move.h"
#include "flow/room.h"
#include "flow/source.h"
#include "store/pause.h"

enum {
    LOCAL_RETRY_MS = 5000,
    HELD_LIMIT = 3, /* this many in one product group: the right is missing, not one item's luck */
};

static struct item_job *of(struct job *job)
{
    return (struct item_job *)job;
}

static struct item_job *of_save(struct save *save)
{
    return (struct item_job *)((char *)save - offsetof(struct item_job, save));
}

/* What was told to be the same content is no longer there: its other paths start over. */
static bool free_aliases(const struct item *item, struct db *db, struct err *err)
{
    if (item->state != ITEM_SETTLING && item->state != ITEM_GONE)
        return true;
    return item_free_aliases(db, item->id, clock_wall_ms(), err);
}

static bool write_item(struct save *save, struct db *db, struct err *err)
{
    struct item_job *job = of_save(save);

    if (job->kind->write && !job->kind->write(job, db, err))
        return false;
    if (!job->needs_write)
        return true;
    return item_save(db, &job->item, err) && free_aliases(&job->item, db, err);
}

static void unlink_job(struct item_job *job)
{
    struct item_job **at = &job->flow->jobs;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
}

static void on_end_saved(struct save *save)
{
    struct item_job *job = of_save(save);
    struct flow *flow = job->flow;

    unlink_job(job);
    if (!handed_needs_files(&job->item))
        handed_drop(flow, job->item.id);
    if (job->kind->release)
        job->kind->release(job);
    item_release(&job->item);
    free(job);
    flow->hooks->ended(flow->owner);
}

static void save_and_end(struct item_job *job)
{
    job->needs_write = true;
    job->save.saved = on_end_saved;
    turn_save(job->flow->turn, &job->save);
}

/* ---- what the kinds of trouble make of the item ---- */

static void alert_about_item(struct item_job *job, const char *event, const char *action)
{
    auto_free char *shown = printable_new(job->item.path);
    auto_free char *text = xasprintf("%s: %s", shown, job->end.message);

    job->flow->hooks->alert(job->flow->owner, event, job->item.path, text, action);
}

static void rest(struct item_job *job, int64_t due_at)
{
    item_move(&job->item, job->kind->rest, clock_wall_ms());
    job->item.due_at = due_at;
}

static void give_up(struct item_job *job)
{
    item_note_error(&job->item, &job->end);
    item_move(&job->item, ITEM_FAILED, clock_wall_ms());
    alert_about_item(job, "upload_failed",
                     "read the reason, mend it, then: onekey-agent retry PATH");
}

static void try_again(struct item_job *job)
{
    struct item *item = &job->item;
    const struct flow_settings *settings = &job->flow->settings;
    int64_t wait_ms =
        backoff_ms(&settings->retry, item->attempts, backoff_random(), job->job.retry_after_ms);

    item->attempts++;
    item->trouble_ms += wait_ms;
    if (item->trouble_ms > settings->give_up_after_ms) {
        err_wrap(&job->end, "gave up after %jd attempt%s", (intmax_t)item->attempts,
                 item->attempts == 1 ? "" : "s");
        give_up(job);
        return;
    }
    item_note_error(item, &job->end);
    rest(job, clock_wall_ms() + wait_ms);
    log_warn("item_retry", F_TEXT("path", item->path), F_TEXT("flow", job->kind->name),
             F_INT("attempts", item->attempts), F_INT("wait_ms", wait_ms),
             F_TEXT("reason", job->end.message));
}

static void hold(struct item_job *job)
{
    err_wrap(&job->end,
             "missing right to %s in product group %s, which takes a new token, since a token's "
             "rights cannot be changed",
             job->kind->right, job->item.product_group ? job->item.product_group : "Default");
    item_job_note_held(job->flow, &job->item, job->kind->right, job->end.message);
    item_note_error(&job->item, &job->end);
    item_move(&job->item, ITEM_HELD, clock_wall_ms());
}

static void recheck(struct item_job *job)
{
    item_note_error(&job->item, &job->end);
    job->item.misses = 0;
    item_move(&job->item, ITEM_UNCONFIRMED, clock_wall_ms());
}

static void vanish(struct item_job *job)
{
    item_note_error(&job->item, &job->end);
    item_move(&job->item, ITEM_GONE, clock_wall_ms());
}

static void settle_again(struct item_job *job)
{
    log_info("item_changed", F_TEXT("path", job->item.path), F_TEXT("reason", job->end.message));
    if (job->item.current && job->source)
        item_restart(&job->item, clock_wall_ms());
    else /* its path has a newer row, or no folder: nobody would ever look at this one again */
        vanish(job);
}

static void wait_a_little(struct item_job *job)
{
    struct flow *flow = job->flow;

    item_note_error(&job->item, &job->end);
    rest(job, clock_wall_ms() + LOCAL_RETRY_MS);
    if (job->end.kind == ERR_DISK_FULL) {
        room_lacks(flow, &job->end);
    } else {
        log_warn("item_waits", F_TEXT("path", job->item.path), F_TEXT("reason", job->end.message));
    }
}

/* An upload that was cut off may have been taken; anything else is just left for later. */
static void leave(struct item_job *job)
{
    if (job->end.kind == ERR_CANCELLED && job->item.state != ITEM_DONE)
        rest(job, clock_wall_ms());
}

static void to_limbo(struct item_job *job)
{
    job->next_limbo = job->flow->limbo;
    job->flow->limbo = job;
    job->flow->hooks->doubt(job->flow->owner, &job->end);
}

static void end_in_trouble(struct item_job *job)
{
    switch (err_kind_action(job->end.kind)) {
    case ACTION_NONE:
        leave(job);
        return;
    case ACTION_RETRY:
        try_again(job);
        return;
    case ACTION_HOLD:
        hold(job);
        return;
    case ACTION_RECHECK:
        recheck(job);
        return;
    case ACTION_SETTLE:
        settle_again(job);
        return;
    case ACTION_VANISH:
        vanish(job);
        return;
    case ACTION_WAIT:
        wait_a_little(job);
        return;
    case ACTION_GIVE_UP:
    case ACTION_STOP:
        give_up(job);
        return;
    case ACTION_DOUBT:
    case ACTION_PARK:
        abort(); /* on_finished() sent it to limbo */
    }
}

static void on_finished(struct job *base, const struct err *err)
{
    struct item_job *job = of(base);
    enum err_action action = err_kind_action(err->kind);

    job->end = *err;
    if (job->flow->http)
        http_redact(job->flow->http, &job->end);
    if (action == ACTION_DOUBT || action == ACTION_PARK) {
        to_limbo(job);
        return;
    }
    end_in_trouble(job);
    save_and_end(job);
}

static void decide(struct item_job *job, bool own)
{
    if (own) {
        try_again(job);
    } else {
        item_note_error(&job->item, &job->end);
        rest(job, clock_wall_ms());
    }
    save_and_end(job);
}

void flow_decide(struct flow *flow, bool own)
{
    struct item_job *job = flow->limbo;

    flow->limbo = NULL;
    while (job) {
        struct item_job *next = job->next_limbo;

        decide(job, own);
        job = next;
    }
}

/* ---- while it runs ---- */

static void on_checkpoint_saved(struct save *save)
{
    job_go(&of_save(save)->job);
}

static void on_checkpoint(struct job *base)
{
    struct item_job *job = of(base);
    enum item_state stage = (enum item_state)base->step->stage;

    /* A step within the same state that leaves nothing to be kept costs no commit. */
    job->needs_write = job->item.state != stage || job->kind->saves_steps;
    item_move(&job->item, stage, clock_wall_ms());
    job->stage_began_ms = clock_steady_ms();
    job->save.saved = on_checkpoint_saved;
    turn_save(job->flow->turn, &job->save);
}

static const struct job_hooks hooks = {on_checkpoint, on_finished};

void item_job_start(struct item_job *job, struct flow *flow, const struct item_flow *kind,
                    struct item *take_item)
{
    assert(take_item->id && !flow->stopping);
    job->flow = flow;
    job->kind = kind;
    job->item = *take_item;
    *take_item = (struct item){0};
    job->source = flow_source(flow, job->item.watch);
    job->save.write = write_item;
    job->next = flow->jobs;
    flow->jobs = job;
    job_start(&job->job, kind->steps, &hooks);
}

void item_job_note_held(struct flow *flow, const struct item *item, const char *right,
                        const char *reason)
{
    const char *group = item->product_group ? item->product_group : "Default";
    struct err err = {.kind = ERR_OK};
    int64_t held = 0;

    if (!group_held(flow->db, item->product_group, &held, &err) || held + 1 < HELD_LIMIT)
        return;
    if (!group_block(flow->db, group, reason, clock_wall_ms(), &err)) {
        log_error("store_trouble", F_TEXT("reason", err.message));
        return;
    }
    auto_free char *text = xasprintf("the token lacks the right to %s in product group %s (%s); "
                                     "nothing more is sent for this group",
                                     right, group, reason);
    flow->hooks->alert(flow->owner, "rights_missing", group, text,
                       "a token's permissions cannot be changed: make a new token with this "
                       "right and put it in place of the old one");
}

struct op *item_job_open_handed(struct item_job *job, struct opened *opened,
                                void (*done)(void *owner, const struct err *err), struct err *err)
{
    const struct handed *handed = handed_find(job->flow, job->item.id);

    if (!handed) {
        err_set(err, ERR_GONE, "the command that handed it over has ended: run it again");
        return NULL;
    }
    return opened_start_handed(job->flow->loop, opened, handed, &job->item, done, &job->job);
}

const struct op *item_job_transfer(const struct item_job *job)
{
    const char *name = job->job.step->name;

    /* The steps whose operation is a transfer of net/: http_progress() can be asked. */
    return strcmp(name, "send") == 0 || strcmp(name, FETCH_DOWNLOAD) == 0 ? job->job.op : NULL;
}

/* ---- flow.h ---- */

struct source *flow_source(const struct flow *flow, const char *name)
{
    for (size_t i = 0; i < flow->source_count; i++) {
        if (strcmp(flow->sources[i]->name, name) == 0)
            return flow->sources[i];
    }
    return NULL;
}

bool flow_is_active(const struct flow *flow, int64_t item_id)
{
    for (const struct item_job *job = flow->jobs; job; job = job->next) {
        if (job->item.id == item_id)
            return true;
    }
    return false;
}

bool flow_is_idle(const struct flow *flow)
{
    return !flow->jobs && !flow->batches;
}

int64_t flow_count_batches(const struct flow *flow, const char *name)
{
    int64_t count = 0;

    for (const struct batch_job *job = flow->batches; job; job = job->next)
        count += strcmp(job->name, name) == 0;
    return count;
}

bool flow_has_batch(const struct flow *flow, const char *name)
{
    return flow_count_batches(flow, name) > 0;
}

bool flow_has_firmware(const struct flow *flow, const char *firmware_id)
{
    for (const struct item_job *job = flow->jobs; job; job = job->next) {
        if (job->kind->rest == ITEM_FETCHING && job->item.firmware_id &&
            strcmp(job->item.firmware_id, firmware_id) == 0)
            return true;
    }
    for (const struct batch_job *job = flow->batches; job; job = job->next) {
        if (job->firmware_id && strcmp(job->firmware_id, firmware_id) == 0)
            return true;
    }
    return false;
}

void flow_cancel_all(struct flow *flow)
{
    flow->stopping = true;
    for (struct item_job *job = flow->jobs; job; job = job->next)
        job_cancel(&job->job);
    for (struct batch_job *job = flow->batches; job; job = job->next)
        job_cancel(&job->job);
    flow_decide(flow, false);
}

bool flow_may_request(const struct flow *flow, struct err *err)
{
    return !flow->hooks->may_request || flow->hooks->may_request(flow->owner) ||
           err_set(err, ERR_CANCELLED, "no request is made until the token works");
}

char *flow_graphql_url(const struct flow *flow)
{
    return xasprintf("%s/graphql", flow->settings.api_url);
}
