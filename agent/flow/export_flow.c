#include "flow/export_flow.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/batch_job.h"
#include "flow/room.h"

enum { TRIES = 6, LOCAL_RETRY_MS = 5000 };

struct export_fetch {
    struct batch_job base; /* first */
    struct fetch fetch;
    const struct export_plan *plan;
    struct export_work work;
    struct firmware_row firmware;
    bool is_over; /* the end is decided: it is written with the next save */
    struct export_result result;
    export_done_fn *done;
    void *owner;
};

static const struct step steps[] = {
    FETCH_STEPS(0),
    {NULL, 0, NULL, NULL},
};

/* A ledger's firmware that the filter does not let through costs no request. */
static enum started skip_start(struct job *job, struct err *err)
{
    (void)job;
    (void)err;
    return STEP_READY;
}

static const struct step no_steps[] = {
    {"skip the firmware", 0, skip_start, fetch_go_on},
    {NULL, 0, NULL, NULL},
};

static bool record(struct batch_job *job, struct db *db, struct err *err)
{
    struct export_fetch *export = (struct export_fetch *)job;
    const char *name = export->plan->name;

    if (!fetch_write(&export->fetch, db, err))
        return false;
    if (!export->is_over)
        return true;
    return export->result.end == EXPORT_AGAIN
               ? export_work_retry(db, name, &export->work, err)
               : export_work_done(db, name, export->work.firmware_id, err);
}

/* ---- how it ends ---- */

static void put_off(struct export_fetch *export, int64_t wait_ms)
{
    export->result.end = EXPORT_AGAIN;
    export->work.due_at = clock_wall_ms() + wait_ms;
}

static void try_again(struct export_fetch *export, const struct err *why)
{
    const struct flow_settings *settings = &export->base.flow->settings;
    int64_t wait_ms = backoff_ms(&settings->retry, export->work.attempts, backoff_random(),
                                 export->base.job.retry_after_ms);

    if (++export->work.attempts >= TRIES) {
        export->result.end = EXPORT_FAILED;
        return;
    }
    put_off(export, wait_ms);
    log_info("export_retry", F_TEXT("firmware_id", export->work.firmware_id),
             F_INT("attempts", export->work.attempts), F_INT("wait_ms", wait_ms),
             F_TEXT("reason", why->message));
}

static void wait_for_room(struct export_fetch *export, const struct err *why)
{
    put_off(export, LOCAL_RETRY_MS);
    export->result.is_disk_full = true;
    room_lacks(export->base.flow, why);
}

/* "Not there" is an answer; a document that is no SBOM may be one the next time. */
static void judge_rounds(struct export_fetch *export, const struct err *why)
{
    const struct fetch *fetch = &export->fetch;
    bool is_last = fetch->attempts + 1 >= FETCH_REFUSED_TRIES;

    if (fetch->failed > 0)
        export->result.end = EXPORT_FAILED;
    else if (fetch->refused > 0 && !is_last)
        try_again(export, why);
    else /* what was refused so often is in the quarantine */
        export->result.end = fetch->absent > 0 ? EXPORT_NOT_READY : EXPORT_FETCHED;
}

static void judge_trouble(struct export_fetch *export, const struct err *why)
{
    if (export->fetch.worst.kind != ERR_OK && export->fetch.worst.kind == why->kind) {
        if (why->kind == ERR_PROTOCOL) /* a page of HTML: is it a gateway's? */
            batch_job_report(&export->base, why);
        judge_rounds(export, why);
        return;
    }
    switch (err_kind_action(why->kind)) {
    case ACTION_NONE: /* ended by a person: the work stays as it was */
        put_off(export, 0);
        return;
    case ACTION_RETRY:
        try_again(export, why);
        return;
    case ACTION_DOUBT:
    case ACTION_PARK:
        try_again(export, why);
        batch_job_report(&export->base, why);
        return;
    case ACTION_WAIT:
        if (why->kind == ERR_DISK_FULL)
            wait_for_room(export, why);
        else
            try_again(export, why);
        return;
    case ACTION_HOLD:
    case ACTION_RECHECK:
    case ACTION_SETTLE:
    case ACTION_VANISH:
    case ACTION_GIVE_UP:
    case ACTION_STOP:
        export->result.end = EXPORT_FAILED;
        return;
    }
}

static void ending(struct batch_job *job, const struct err *err)
{
    struct export_fetch *export = (struct export_fetch *)job;

    if (err->kind != ERR_OK)
        judge_trouble(export, err);
    export->is_over = true;
    export->result.tally = export->fetch.tally;
    if (export->result.end == EXPORT_FAILED) {
        export->result.error = err->message;
        log_warn("export_firmware_failed", F_TEXT("job", export->plan->name),
                 F_TEXT("firmware_id", export->work.firmware_id), F_TEXT("reason", err->message));
    }
    export->done(export->owner, &export->result);
}

static void release(struct batch_job *job)
{
    struct export_fetch *export = (struct export_fetch *)job;

    fetch_release(&export->fetch);
    firmware_row_release(&export->firmware);
}

bool export_flow_start(struct flow *flow, const struct export_plan *plan,
                       const struct export_work *work, export_done_fn *done, void *owner,
                       struct err *err)
{
    struct export_fetch *export = xcalloc(1, sizeof *export);
    bool found;

    if (!firmware_row_get(flow->db, work->firmware_id, &export->firmware, &found, err)) {
        free(export);
        return false;
    }
    const struct firmware_row *firmware = &export->firmware;
    const struct sbom_subject subject = {
        .firmware_id = export->work.firmware_id,
        .name = firmware->name,
        .vendor = firmware->vendor,
        .product = firmware->product,
        .version = firmware->version,
        .product_group = firmware->product_group,
    };
    bool takes = export_filter_takes(&plan->filter, firmware);
    export->plan = plan;
    export->work = *work;
    export->result = (struct export_result){.firmware_id = export->work.firmware_id,
                                            .end = takes ? EXPORT_FETCHED : EXPORT_SKIPPED};
    export->done = done;
    export->owner = owner;
    export->base.firmware_id = export->work.firmware_id;
    export->base.write = record;
    export->base.release = release;
    fetch_init(&export->fetch, flow, &export->base.job, &subject, work->attempts);
    batch_job_start(&export->base, flow, EXPORT_BATCH, takes ? steps : no_steps, ending);
    return true;
}
