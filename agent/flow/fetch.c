#include "flow/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "flow/fetch_parts.h"
#include "flow/room.h"
#include "onekey/firmware.h"

enum { SBOM_MAX_BYTES = 512 << 20 };

struct fetch *fetch_of(struct job *job)
{
    return job->shared;
}

const struct flow_format *fetch_format(const struct fetch *fetch)
{
    return &fetch->flow->settings.formats[fetch->format];
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_files(struct fetch *fetch)
{
    publish_discard(&fetch->file);
    close_fd(&fetch->scratch_fd);
    close_fd(&fetch->old_fd);
}

static void on_worked(void *data, bool cancelled)
{
    struct fetch *fetch = data;

    if (cancelled)
        err_set(&fetch->work_err, ERR_CANCELLED, "ended");
    job_finish_op(fetch->job, fetch->work_err.kind == ERR_OK ? NULL : &fetch->work_err);
}

enum started fetch_work(struct fetch *fetch, work_run_fn *run)
{
    fetch->work_err = (struct err){.kind = ERR_OK};
    fetch->job->op = work_start(fetch->flow->loop, run, on_worked, fetch);
    return STEP_WAITS;
}

/* ---- prepare ---- */

static void prepare(void *data)
{
    struct fetch *fetch = data;
    const struct flow_settings *settings = &fetch->flow->settings;

    close_files(fetch);
    if (publish_open(settings->sbom_directory, &fetch->file, &fetch->work_err))
        fetch->scratch_fd = publish_scratch(settings->state_dir, &fetch->work_err);
}

enum started fetch_prepare_start(struct job *job, struct err *err)
{
    struct fetch *fetch = fetch_of(job);

    (void)err;
    fetch->unwritten = FETCH_NOTHING; /* the save before this step has written it */
    fetch->judgement = FETCH_NOTHING;
    fetch->is_void = false;
    return fetch_work(fetch, prepare);
}

enum verdict fetch_go_on(struct job *job, struct err *err)
{
    (void)job;
    (void)err;
    return NEXT_STEP;
}

/* ---- download ---- */

static bool is_not_yet(long status)
{
    return status == 202 || status == 204 || status == 404 || status == 409 || status == 425;
}

/* The round ends without a document, the others go on. */
static void end_round(struct fetch *fetch, size_t *count, const struct err *why)
{
    bool is_worse = fetch->worst.kind == ERR_OK || count == &fetch->failed ||
                    (count == &fetch->refused && fetch->failed == 0);

    if (is_worse)
        fetch->worst = *why;
    (*count)++;
    fetch->is_void = true;
    job_finish_op(fetch->job, NULL);
}

/*
 * What came is no SBOM. It may be right the next time: it is asked for again before it counts.
 */
static void end_refused(struct fetch *fetch, const struct err *why)
{
    struct err refused = {.kind = ERR_OK};

    if (fetch->attempts + 1 >= FETCH_REFUSED_TRIES) {
        fetch->judgement = FETCH_NO_SBOM;
        snprintf(fetch->reason, sizeof fetch->reason, "%s", why->message);
    }
    err_set(&refused, why->kind == ERR_DATA ? ERR_NOT_YET : why->kind, "refused the document: %s",
            why->message);
    end_round(fetch, &fetch->refused, &refused);
}

static void on_downloaded(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct fetch *fetch = owner;
    enum err_action action = err ? err_kind_action(err->kind) : ACTION_NONE;
    struct err not_yet;

    fetch->job->retry_after_ms = reply->retry_after_ms;
    if (is_not_yet(reply->status)) {
        err_set(&not_yet, ERR_NOT_YET, "the platform has no SBOM yet (HTTP %ld)", reply->status);
        end_round(fetch, &fetch->absent, &not_yet);
        return;
    }
    if (err && err->kind == ERR_PROTOCOL && reply->status / 100 == 2) { /* a page of HTML */
        end_refused(fetch, err);
        return;
    }
    if (action == ACTION_HOLD || action == ACTION_GIVE_UP) {
        end_round(fetch, &fetch->failed, err);
        return;
    }
    if (!err)
        fetch->flow->hooks->answered(fetch->flow->owner);
    job_finish_op(fetch->job, err);
}

enum started fetch_download_start(struct job *job, struct err *err)
{
    struct fetch *fetch = fetch_of(job);
    const struct flow_settings *settings = &fetch->flow->settings;
    auto_free char *path = NULL;

    if (!flow_may_request(fetch->flow, err) ||
        !firmware_sbom_path(fetch->subject.firmware_id, fetch_format(fetch)->query, &path, err))
        return STEP_BROKEN;
    auto_free char *url = xasprintf("%s/%s", settings->api_url, path);
    const struct http_fetch request = {
        .url = url,
        .fd = fetch->file.fd,
        .max_size = SBOM_MAX_BYTES,
        .authenticated = true,
    };
    job->op = http_download(fetch->flow->http, &request, on_downloaded, fetch, err);
    return job->op ? STEP_WAITS : STEP_BROKEN;
}

/* ---- inspect ---- */

static void on_inspected(void *owner, const struct sbom_file_result *result, const struct err *err)
{
    struct fetch *fetch = owner;

    if (!err)
        fetch->result = *result;
    if (err && err->kind == ERR_DATA)
        end_refused(fetch, err);
    else
        job_finish_op(fetch->job, err);
}

enum started fetch_inspect_start(struct job *job, struct err *err)
{
    struct fetch *fetch = fetch_of(job);

    (void)err;
    if (fetch->is_void)
        return STEP_READY;
    job->op =
        sbom_file_start(fetch->flow->loop, fetch->file.fd, fetch->scratch_fd, on_inspected, fetch);
    return STEP_WAITS;
}

enum verdict fetch_inspect_outcome(struct job *job, struct err *err)
{
    struct fetch *fetch = fetch_of(job);

    if (!sbom_latest(fetch->flow->db, fetch->subject.firmware_id, fetch_format(fetch)->name,
                     &fetch->latest, &fetch->has_latest, err))
        return STEP_FAILED;
    return fetch->is_void || fetch_judge(fetch, err) ? NEXT_STEP : STEP_FAILED;
}

/* ---- publish ---- */

/* A document of another kind has another name: the one before must not look like a current one. */
static void publish(void *data)
{
    struct fetch *fetch = data;
    const struct flow_settings *settings = &fetch->flow->settings;
    struct err ignored;

    if (publish_commit(&fetch->file, fetch->relpath, settings->file_mode, &fetch->work_err) &&
        fetch->old_relpath)
        (void)publish_remove(settings->sbom_directory, fetch->old_relpath, &ignored);
}

enum started fetch_publish_start(struct job *job, struct err *err)
{
    struct fetch *fetch = fetch_of(job);

    (void)err;
    return fetch->judgement == FETCH_NEW ? fetch_work(fetch, publish) : STEP_READY;
}

enum verdict fetch_publish_outcome(struct job *job, struct err *err)
{
    struct fetch *fetch = fetch_of(job);
    size_t count = fetch->flow->settings.format_count;

    if (fetch->judgement == FETCH_NEW)
        room_found(fetch->flow);
    fetch_decide(fetch);
    fetch->format = (fetch->format + 1) % count;
    if (++fetch->rounds < count)
        return FIRST_STEP;
    if (fetch->worst.kind == ERR_OK)
        return NEXT_STEP;
    *err = fetch->worst;
    return STEP_FAILED;
}

/* ---- life ---- */

void fetch_init(struct fetch *fetch, struct flow *flow, struct job *job,
                const struct sbom_subject *subject, int64_t attempts)
{
    *fetch = (struct fetch){
        /* Another one first each time: what ends the whole job must not keep out the others. */
        .format = (size_t)attempts % flow->settings.format_count,
        .attempts = attempts,
        .flow = flow,
        .job = job,
        .subject = *subject,
        .shown = subject->firmware_id,
        .file = {.folder_fd = -1, .fd = -1},
        .scratch_fd = -1,
        .old_fd = -1,
    };
    job->shared = fetch;
}

void fetch_release(struct fetch *fetch)
{
    close_files(fetch);
    free(fetch->relpath);
    free(fetch->old_relpath);
}
