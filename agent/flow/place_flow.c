#include "flow/place_flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/publish.h"
#include "base/work.h"
#include "flow/batch_job.h"
#include "flow/sbom_path.h"
#include "flow/stored.h"

struct place_job {
    struct batch_job base; /* first */
    struct publish file;
    struct sbom_row sbom;
    const char *directory;
    const char *relpath; /* in sbom.file */
    struct sbom_cursor *failed;
    unsigned mode;
    bool is_placed;
    struct err work_err;
};

static struct place_job *of(struct job *job)
{
    return (struct place_job *)job;
}

/* A folder that is no longer configured is not ours to write to. */
static const char *relpath_of(const struct flow_settings *settings, const struct sbom_row *sbom,
                              struct err *err)
{
    const char *relpath = sbom_path_below(settings->sbom_directory, sbom->file, NULL);

    if (!relpath)
        err_set(err, ERR_CONFIG, "the file of firmware %s is not below sbom.directory",
                sbom->firmware_id);
    return relpath;
}

static void on_worked(void *data, bool cancelled)
{
    struct place_job *place = data;

    if (cancelled)
        err_set(&place->work_err, ERR_CANCELLED, "ended");
    job_finish_op(&place->base.job, place->work_err.kind == ERR_OK ? NULL : &place->work_err);
}

static void prepare(void *data)
{
    struct place_job *place = data;

    (void)publish_open(place->directory, &place->file, &place->work_err);
}

static void publish(void *data)
{
    struct place_job *place = data;

    (void)publish_commit(&place->file, place->relpath, place->mode, &place->work_err);
}

static enum started work(struct place_job *place, work_run_fn *run)
{
    place->base.job.op = work_start(place->base.flow->loop, run, on_worked, place);
    return STEP_WAITS;
}

static enum started prepare_start(struct job *job, struct err *err)
{
    (void)err;
    return work(of(job), prepare);
}

static void on_recalled(void *owner, const struct err *err)
{
    struct place_job *place = owner;

    job_finish_op(&place->base.job, err);
}

static enum started recall_start(struct job *job, struct err *err)
{
    struct place_job *place = of(job);
    const struct flow *flow = place->base.flow;

    (void)err;
    job->op =
        stored_start(flow->loop, flow->db, place->sbom.sha256, place->file.fd, on_recalled, place);
    return STEP_WAITS;
}

static enum started publish_start(struct job *job, struct err *err)
{
    (void)err;
    return work(of(job), publish);
}

static enum verdict go_on(struct job *job, struct err *err)
{
    (void)job;
    (void)err;
    return NEXT_STEP;
}

static enum verdict publish_outcome(struct job *job, struct err *err)
{
    (void)err;
    of(job)->is_placed = true;
    return NEXT_STEP;
}

static const struct step steps[] = {
    {"prepare the SBOM file", 0, prepare_start, go_on},
    {"recall the SBOM", 0, recall_start, go_on},
    {"publish the SBOM", 0, publish_start, publish_outcome},
    {NULL, 0, NULL, NULL},
};

static bool record(struct batch_job *job, struct db *db, struct err *err)
{
    struct place_job *place = (struct place_job *)job;

    return !place->is_placed || sbom_set_placed(db, &place->sbom, true, err);
}

static void pass(struct sbom_cursor *cursor, const struct sbom_row *sbom, const struct err *why)
{
    memcpy(cursor->firmware_id, sbom->firmware_id, sizeof cursor->firmware_id);
    memcpy(cursor->format, sbom->format, sizeof cursor->format);
    cursor->revision = sbom->revision;
    log_warn("sbom_not_placed", F_TEXT("firmware_id", sbom->firmware_id),
             F_TEXT("file", sbom->file), F_TEXT("reason", why->message));
}

static void ending(struct batch_job *job, const struct err *err)
{
    struct place_job *place = (struct place_job *)job;

    publish_discard(&place->file);
    if (err->kind == ERR_OK) {
        log_info("sbom_placed", F_TEXT("firmware_id", place->sbom.firmware_id),
                 F_INT("revision", place->sbom.revision), F_TEXT("file", place->relpath));
    } else if (err->kind != ERR_CANCELLED) {
        pass(place->failed, &place->sbom, err);
    }
}

static void start(struct place_job *place, struct flow *flow)
{
    place->directory = flow->settings.sbom_directory;
    place->mode = flow->settings.file_mode;
    place->file = (struct publish){.folder_fd = -1, .fd = -1};
    place->base.firmware_id = place->sbom.firmware_id;
    place->base.write = record;
    batch_job_start(&place->base, flow, "place", steps, ending);
}

bool place_flow_start(struct flow *flow, struct sbom_cursor *failed, bool *started, struct err *err)
{
    auto_free struct place_job *place = xcalloc(1, sizeof *place);
    bool found = true;

    *started = flow_has_batch(flow, "place");
    if (*started)
        return true;
    while (found && !place->relpath) {
        struct err why = {.kind = ERR_OK};

        if (!sbom_next_unplaced(flow->db, failed, &place->sbom, &found, err))
            return false;
        if (found)
            place->relpath = relpath_of(&flow->settings, &place->sbom, &why);
        if (found && !place->relpath)
            pass(failed, &place->sbom, &why);
    }
    *started = found; /* or left for the next look: the job that has it wakes that */
    place->failed = failed;
    if (found && !flow_has_firmware(flow, place->sbom.firmware_id))
        start(auto_take(place), flow);
    return true;
}

bool place_now(struct db *db, const struct flow_settings *settings, const struct sbom_row *sbom,
               struct err *err)
{
    const char *relpath = relpath_of(settings, sbom, err);
    struct publish file;

    if (!relpath || !publish_open(settings->sbom_directory, &file, err))
        return false;
    bool ok = stored_read(db, sbom->sha256, file.fd, err) &&
              publish_commit(&file, relpath, settings->file_mode, err) &&
              sbom_set_placed(db, sbom, true, err);
    publish_discard(&file);
    return ok;
}
