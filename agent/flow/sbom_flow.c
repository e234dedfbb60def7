/*
 * sbom_flow.c - the SBOMs of one analysed firmware, in every configured format.
 *
 * prepare   a temporary file in the SBOM folder, a scratch file in the state directory
 * download  GET the document into the temporary file
 * inspect   what is it? its digest, its content, deflated into the scratch file
 * publish   fsync, rename into place, fsync; then the revision is recorded
 *
 * and from the start for the next format; then
 *
 * move      the image out of the watched folder, where that is configured
 *
 * The document is checked before the last good file is touched: HTML, JSON of another
 * kind, a cut or empty body never gets a name. Killed anywhere, the item is still `fetching` and
 * everything is fetched again; what was recorded already is recognised by its content and adds no
 * revision.
 *
 * "Not yet" (404, 409, 425, 202, 204, an empty body) is tried again with backoff;
 * a document that is none fails after give_up_after.
 */
#include "flow/sbom_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/publish.h"
#include "base/work.h"
#include "flow/item_move.h"
#include "flow/move_file.h"
#include "flow/sbom_path.h"
#include "onekey/firmware.h"
#include "sbom/sbom_file.h"
#include "store/document.h"

enum { SBOM_MAX_BYTES = 512 << 20 };

struct sbom_job {
    struct item_job base; /* first */
    size_t format;        /* which of the configured ones */
    struct publish file;
    int scratch_fd;
    const char *directory, *state_dir; /* for the worker */
    unsigned mode;
    struct sbom_file_result result;
    struct sbom_row row;    /* of the revision that is published */
    struct sbom_row latest; /* the revision before this one */
    bool has_latest;
    bool is_same;    /* as the latest: nothing to publish */
    bool unrecorded; /* published; its revision is written with the next save */
    char *relpath;
    struct err work_err;
};

static struct sbom_job *of(struct job *job)
{
    return (struct sbom_job *)job;
}

static const struct flow_format *format_of(const struct sbom_job *sbom)
{
    return &sbom->base.flow->settings.formats[sbom->format];
}

static void close_files(struct sbom_job *sbom)
{
    publish_discard(&sbom->file);
    if (sbom->scratch_fd >= 0)
        close(sbom->scratch_fd);
    sbom->scratch_fd = -1;
}

static void on_worked(void *data, bool cancelled)
{
    struct sbom_job *sbom = data;

    if (cancelled)
        err_set(&sbom->work_err, ERR_CANCELLED, "ended");
    job_finish_op(&sbom->base.job, sbom->work_err.kind == ERR_OK ? NULL : &sbom->work_err);
}

static enum started work(struct sbom_job *sbom, work_run_fn *run)
{
    sbom->work_err = (struct err){.kind = ERR_OK};
    sbom->base.job.op = work_start(sbom->base.flow->loop, run, on_worked, sbom);
    return STEP_WAITS;
}

/* ---- prepare ---- */

static void prepare(void *data)
{
    struct sbom_job *sbom = data;

    close_files(sbom);
    if (publish_open(sbom->directory, &sbom->file, &sbom->work_err))
        sbom->scratch_fd = publish_scratch(sbom->state_dir, &sbom->work_err);
}

static enum started prepare_start(struct job *job, struct err *err)
{
    struct sbom_job *sbom = of(job);

    (void)err;
    sbom->unrecorded = false; /* the save before this step has written it */
    return work(sbom, prepare);
}

static enum verdict go_on(struct job *job, struct err *err)
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

static void on_downloaded(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct sbom_job *sbom = owner;
    struct err not_yet;

    sbom->base.job.retry_after_ms = reply->retry_after_ms;
    if (is_not_yet(reply->status) || (!err && reply->received == 0)) {
        err_set(&not_yet, ERR_NOT_YET, "the platform has no SBOM yet (HTTP %ld)", reply->status);
        err = &not_yet;
    }
    if (!err)
        sbom->base.flow->hooks->answered(sbom->base.flow->owner);
    job_finish_op(&sbom->base.job, err);
}

static enum started download_start(struct job *job, struct err *err)
{
    struct sbom_job *sbom = of(job);
    const struct flow_settings *settings = &sbom->base.flow->settings;
    auto_free char *path = NULL;

    if (!flow_may_request(sbom->base.flow, err) ||
        !firmware_sbom_path(sbom->base.item.firmware_id, format_of(sbom)->query, &path, err))
        return STEP_BROKEN;
    auto_free char *url = xasprintf("%s/%s", settings->api_url, path);
    const struct http_fetch fetch = {
        .url = url,
        .fd = sbom->file.fd,
        .max_size = SBOM_MAX_BYTES,
        .authenticated = true,
    };
    job->op = http_download(sbom->base.flow->http, &fetch, on_downloaded, sbom, err);
    return job->op ? STEP_WAITS : STEP_BROKEN;
}

/* ---- inspect ---- */

static void on_inspected(void *owner, const struct sbom_file_result *result, const struct err *err)
{
    struct sbom_job *sbom = owner;
    struct err refused = {.kind = ERR_OK};

    if (!err)
        sbom->result = *result;
    if (err && err->kind == ERR_DATA) {
        /* A wrong document may be right the next time: it is asked for again before it fails. */
        err_set(&refused, ERR_NOT_YET, "refused the document: %s", err->message);
        err = &refused;
    }
    job_finish_op(&sbom->base.job, err);
}

static enum started inspect_start(struct job *job, struct err *err)
{
    struct sbom_job *sbom = of(job);

    (void)err;
    job->op =
        sbom_file_start(sbom->base.flow->loop, sbom->file.fd, sbom->scratch_fd, on_inspected, sbom);
    return STEP_WAITS;
}

static void note_collision(void *owner, const struct sbom_row *row)
{
    struct sbom_job *sbom = owner;
    const struct flow_settings *settings = &sbom->base.flow->settings;
    const struct sbom_place place = {
        .item = &sbom->base.item,
        .format = format_of(sbom)->name,
        .ext = sbom_kind_ext(sbom->result.facts.kind),
    };
    auto_free char *mine = xasprintf("%s/%s", settings->sbom_directory, sbom->relpath);

    if (strcmp(row->format, format_of(sbom)->name) == 0 || strcmp(row->file, mine) != 0)
        return;
    char *apart = sbom_path_apart(sbom->relpath, &place);
    free(sbom->relpath);
    sbom->relpath = apart;
}

static bool choose_path(struct sbom_job *sbom, struct err *err)
{
    struct flow *flow = sbom->base.flow;
    const struct sbom_place place = {
        .item = &sbom->base.item,
        .format = format_of(sbom)->name,
        .ext = sbom_kind_ext(sbom->result.facts.kind),
    };

    free(sbom->relpath);
    sbom->relpath = sbom_path_new(flow->settings.sbom_path, &place, err);
    return sbom->relpath &&
           sbom_each(flow->db, sbom->base.item.firmware_id, note_collision, sbom, err);
}

static enum verdict inspect_outcome(struct job *job, struct err *err)
{
    struct sbom_job *sbom = of(job);

    if (!sbom_latest(sbom->base.flow->db, sbom->base.item.firmware_id, format_of(sbom)->name,
                     &sbom->latest, &sbom->has_latest, err) ||
        !choose_path(sbom, err))
        return STEP_FAILED;
    /* Serial numbers and times do not count: an unchanged document touches no file. */
    sbom->is_same = sbom->has_latest &&
                    strcmp(sbom->latest.content_id, sbom->result.facts.content_id) == 0 &&
                    access(sbom->latest.file, R_OK) == 0;
    return NEXT_STEP;
}

/* ---- publish ---- */

static void publish(void *data)
{
    struct sbom_job *sbom = data;

    (void)publish_commit(&sbom->file, sbom->relpath, sbom->mode, &sbom->work_err);
}

static enum started publish_start(struct job *job, struct err *err)
{
    struct sbom_job *sbom = of(job);

    (void)err;
    return sbom->is_same ? STEP_READY : work(sbom, publish);
}

static void fill_row(const struct sbom_job *sbom, struct sbom_row *row)
{
    const struct sbom_facts *facts = &sbom->result.facts;

    *row = (struct sbom_row){0};
    snprintf(row->format, sizeof row->format, "%s", format_of(sbom)->name);
    snprintf(row->kind, sizeof row->kind, "%s", sbom_kind_name(facts->kind));
    snprintf(row->spec_version, sizeof row->spec_version, "%s", facts->spec_version);
    snprintf(row->content_id, sizeof row->content_id, "%s", facts->content_id);
    snprintf(row->component_id, sizeof row->component_id, "%s", facts->component_id);
    snprintf(row->file, sizeof row->file, "%s/%s", sbom->base.flow->settings.sbom_directory,
             sbom->relpath);
    row->components = facts->components;
    row->revision = sbom->has_latest ? sbom->latest.revision + 1 : 1;
    row->fetched_at = clock_wall_ms();
}

static bool record(struct item_job *job, struct db *db, struct err *err)
{
    struct sbom_job *sbom = (struct sbom_job *)job;
    const struct document document = {
        .sha256 = sbom->result.sha256,
        .size = sbom->result.size,
        .deflated_fd = sbom->scratch_fd,
        .stored_size = sbom->result.compressed_size,
    };
    struct sbom_row known;
    int64_t document_id;
    bool found;

    if (!sbom->unrecorded)
        return true;
    if (!sbom_latest(db, job->item.firmware_id, sbom->row.format, &known, &found, err))
        return false;
    if (found && known.revision >= sbom->row.revision)
        return true; /* the save before this one wrote it */
    return document_keep(db, &document, &document_id, err) &&
           sbom_add(db, job->item.firmware_id, &sbom->row, document_id, err);
}

static void tell(struct sbom_job *sbom)
{
    const struct item *item = &sbom->base.item;
    struct flow *flow = sbom->base.flow;

    flow->hooks->sbom_stored(flow->owner);
    log_info("sbom_stored", F_TEXT("firmware_id", item->firmware_id),
             F_TEXT("format", format_of(sbom)->name),
             F_TEXT("kind", sbom_kind_name(sbom->result.facts.kind)),
             F_INT("components", sbom->result.facts.components), F_TEXT("file", sbom->relpath));
    if (sbom->result.facts.components == 0 && !sbom->has_latest) {
        auto_free char *shown = printable_new(item->path);
        auto_free char *text =
            xasprintf("the SBOM of %s (firmware %s) has no components", shown, item->firmware_id);
        flow->hooks->alert(flow->owner, "sbom_empty", item->path, text,
                           "encrypted and RTOS images have none; otherwise look at the analysis");
    }
    if (sbom->has_latest &&
        strcmp(sbom->latest.component_id, sbom->result.facts.component_id) != 0) {
        auto_free char *text =
            xasprintf("the components of firmware %s (%s) changed: %jd before, %jd now",
                      item->firmware_id, item->name ? item->name : "no name",
                      (intmax_t)sbom->latest.components, (intmax_t)sbom->result.facts.components);
        flow->hooks->alert(flow->owner, "sbom_changed", item->firmware_id, text,
                           "compare the two revisions");
    }
}

static enum verdict publish_outcome(struct job *job, struct err *err)
{
    struct sbom_job *sbom = of(job);
    struct flow *flow = sbom->base.flow;

    (void)err;
    if (!flow->sboms_fit)
        flow->hooks->alert_over(flow->owner, "disk_low", flow->settings.sbom_directory);
    flow->sboms_fit = true;
    sbom->unrecorded = !sbom->is_same;
    if (sbom->unrecorded) {
        fill_row(sbom, &sbom->row);
        tell(sbom);
    }
    if (++sbom->format < flow->settings.format_count)
        return FIRST_STEP;
    return NEXT_STEP;
}

static enum verdict move_outcome(struct job *job, struct err *err)
{
    struct item *item = &of(job)->base.item;

    (void)err;
    item_clear_error(item);
    item->attempts = 0;
    item_move(item, ITEM_DONE, clock_wall_ms());
    return NEXT_STEP;
}

static const struct step steps[] = {
    {"prepare the SBOM file", ITEM_FETCHING, prepare_start, go_on},
    {"download the SBOM", ITEM_FETCHING, download_start, go_on},
    {"inspect the SBOM", ITEM_FETCHING, inspect_start, inspect_outcome},
    {"publish the SBOM", ITEM_FETCHING, publish_start, publish_outcome},
    {"move the file", ITEM_FETCHING, move_file_start, move_outcome},
    {NULL, 0, NULL, NULL},
};

static void release(struct item_job *job)
{
    struct sbom_job *sbom = (struct sbom_job *)job;

    close_files(sbom);
    free(sbom->relpath);
}

const struct item_flow sbom_flow = {
    .name = "fetch",
    .rest = ITEM_FETCHING,
    .right = "view firmware",
    .steps = steps,
    .write = record,
    .release = release,
};

void sbom_flow_start(struct flow *flow, struct item *take_item)
{
    struct sbom_job *sbom = xcalloc(1, sizeof *sbom);

    sbom->file = (struct publish){.folder_fd = -1, .fd = -1};
    sbom->scratch_fd = -1;
    sbom->directory = flow->settings.sbom_directory;
    sbom->state_dir = flow->settings.state_dir;
    sbom->mode = flow->settings.file_mode;
    item_job_start(&sbom->base, flow, &sbom_flow, take_item);
}
