#include "flow/batch_job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/log.h"
#include "flow/ask.h"

static struct batch_job *of(struct job *job)
{
    return (struct batch_job *)job;
}

static struct batch_job *of_save(struct save *save)
{
    return (struct batch_job *)((char *)save - offsetof(struct batch_job, save));
}

static bool write_news(struct save *save, struct db *db, struct err *err)
{
    struct batch_job *job = of_save(save);

    return !job->write || job->write(job, db, err);
}

static void on_checkpoint_saved(struct save *save)
{
    job_go(&of_save(save)->job);
}

static void on_checkpoint(struct job *base)
{
    struct batch_job *job = of(base);

    job->save.saved = on_checkpoint_saved;
    turn_save(job->flow->turn, &job->save);
}

static void on_end_saved(struct save *save)
{
    struct batch_job *job = of_save(save);
    struct flow *flow = job->flow;
    struct batch_job **at = &flow->batches;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    if (job->release)
        job->release(job);
    free(job);
    flow->hooks->ended(flow->owner);
}

static void on_finished(struct job *base, const struct err *err)
{
    struct batch_job *job = of(base);
    struct err end = *err;

    if (job->flow->http)
        http_redact(job->flow->http, &end);
    job->ending(job, &end);
    job->save.saved = on_end_saved;
    turn_save(job->flow->turn, &job->save);
}

static const struct job_hooks hooks = {on_checkpoint, on_finished};

void batch_job_start(struct batch_job *job, struct flow *flow, const char *name,
                     const struct step *steps,
                     void (*ending)(struct batch_job *job, const struct err *err))
{
    assert((job->firmware_id || !flow_has_batch(flow, name)) && !flow->stopping);
    job->flow = flow;
    job->name = name;
    job->ending = ending;
    job->save.write = write_news;
    job->next = flow->batches;
    flow->batches = job;
    job_start(&job->job, steps, &hooks);
}

bool batch_job_ask(struct batch_job *job, char *take_body, struct buf *reply, struct err *err)
{
    job->job.op = ask_start(job->flow, take_body, reply, &job->job, err);
    return job->job.op != NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool batch_job_renew(const struct flow *flow, struct item *item, bool *same, struct err *err)
{
    auto_item struct item now = {0};
    bool found;

    *same = false;
    if (!item_by_id(flow->db, item->id, &now, &found, err))
        return false;
    *same = found && !now.forgotten && now.state == item->state &&
            same_text(now.firmware_id, item->firmware_id) &&
            same_text(now.upload_id, item->upload_id);
    if (*same) {
        item_release(item);
        *item = now;
        now = (struct item){0};
    }
    return true;
}

void batch_job_report(struct batch_job *job, const struct err *err)
{
    enum err_action action = err_kind_action(err->kind);

    if (action == ACTION_DOUBT || action == ACTION_PARK)
        job->flow->hooks->doubt(job->flow->owner, err);
    else if (action != ACTION_NONE)
        log_warn("batch_failed", F_TEXT("flow", job->name), F_TEXT("reason", err->message));
}
