/*
 * upload_flow.c - one pending item to the platform, exactly once.
 *
 * open        the image and the SBOM to attach, in a worker; still what was hashed
 * attachment  the SBOM is one that the platform imports; its digest is kept
 * register    createFirmwareUpload: the metadata for an upload ID and an upload URL
 * send        the files to that URL; the answer is the firmware ID
 * move        only where nothing follows the upload: the image out of the folder
 *
 * The intent is durable before each: `registering` before register, `uploading` with
 * the upload ID before send. Killed while registering, it registers again (a
 * registration without a body makes no firmware). Killed or cut off while uploading,
 * it is `unconfirmed` and reconcile_flow asks the platform before anything is sent
 * again. The bytes that leave are compared with the digest in the ledger before the
 * last of them does.
 *
 * Fails for good when the platform refuses the metadata or the file (MutationError,
 * 413, 422), the upload URL is on another origin, or the attachment is no SBOM that
 * can be imported. A missing right holds the item.
 */
#include "flow/upload_flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/ask.h"
#include "flow/item_move.h"
#include "flow/move_file.h"
#include "flow/opened.h"
#include "flow/source.h"
#include "net/http_url.h"
#include "onekey/graphql.h"
#include "onekey/upload.h"
#include "sbom/sbom_file.h"
#include "store/remote.h"

enum {
    ATTACHMENT_LOOK_MS = 15000,
    SURVEY_AGAIN_MS = 60000, /* a name that is unknown is asked for again, at most this often */
    UPLOAD_ANSWER_MAX = 1 << 20,
};

struct upload_job {
    struct item_job base; /* first */
    struct opened opened;
    struct buf reply;
    struct upload_ticket ticket;
    struct http_part parts[2];
};

static struct upload_job *of(struct job *job)
{
    return (struct upload_job *)job;
}

/* ---- open ---- */

static void on_opened(void *owner, const struct err *err)
{
    job_finish_op(owner, err);
}

static enum started open_start(struct job *job, struct err *err)
{
    struct upload_job *upload = of(job);

    if (handed_is(&upload->base.item)) {
        job->op = item_job_open_handed(&upload->base, &upload->opened, on_opened, err);
        return job->op ? STEP_WAITS : STEP_BROKEN;
    }

    if (!upload->base.source) {
        err_set(err, ERR_GONE, "watch %s is no longer configured", upload->base.item.watch);
        return STEP_BROKEN;
    }
    if (!source_takes(upload->base.source, upload->base.item.path, err))
        return STEP_BROKEN;
    job->op = opened_start(upload->base.flow->loop, &upload->opened, upload->base.source,
                           &upload->base.item, on_opened, job);
    return STEP_WAITS;
}

/* The item goes back to pending and looks for its SBOM again; nothing is counted. */
static enum verdict wait_for_attachment(struct upload_job *upload)
{
    struct item *item = &upload->base.item;
    struct err why;

    err_set(&why, ERR_NOT_YET, "waits for its SBOM %s", upload->opened.sbom_path);
    item_note_error(item, &why);
    item_move(item, ITEM_PENDING, clock_wall_ms());
    item->due_at = clock_wall_ms() + ATTACHMENT_LOOK_MS;
    return JOB_DONE;
}

/* A job that has this firmware's ID, perhaps in memory only; NULL for none. */
static const struct item_job *find_holder(const struct upload_job *upload, const char *firmware_id)
{
    const struct item_job *job = upload->base.flow->jobs;

    while (job && (job == &upload->base || !job->item.firmware_id ||
                   strcmp(job->item.firmware_id, firmware_id) != 0))
        job = job->next;
    return job;
}

/* existing: adopt. On the platform exactly once by name and version: that is this one. */
static bool adopt(struct upload_job *upload, bool *adopted, struct err *err)
{
    struct item *item = &upload->base.item;
    struct remote_match match;

    *adopted = false;
    if (!upload->base.source || upload->base.source->existing != SOURCE_ADOPT)
        return true;
    if (!remote_ours(upload->base.flow->db, item->name, item->version, 0, &match, err))
        return false;
    if (match.count != 1 || find_holder(upload, match.id))
        return true;
    *adopted = true;
    text_replace(&item->firmware_id, match.id);
    item->uploaded_at = clock_wall_ms();
    log_info("item_adopted", F_TEXT("path", item->path), F_TEXT("firmware_id", match.id));
    item_clear_error(item);
    item_move(item, ITEM_ANALYSING, clock_wall_ms());
    return true;
}

static enum verdict open_outcome(struct job *job, struct err *err)
{
    struct upload_job *upload = of(job);
    const struct source *source = upload->base.source;
    bool adopted;

    if (!adopt(upload, &adopted, err))
        return STEP_FAILED;
    if (adopted)
        return JOB_DONE;
    if (!source || !source->has_attachment || upload->opened.sbom.fd >= 0)
        return NEXT_STEP;
    switch (source->attach_missing) {
    case SOURCE_MISSING_WAIT:
        return wait_for_attachment(upload);
    case SOURCE_MISSING_SKIP:
        return NEXT_STEP;
    case SOURCE_MISSING_FAIL:
        break;
    }
    err_set(err, ERR_INPUT, "its SBOM %s is missing", upload->opened.sbom_path);
    return STEP_FAILED;
}

/* ---- attachment ---- */

static void on_inspected(void *owner, const struct sbom_file_result *result, const struct err *err)
{
    struct upload_job *upload = owner;
    struct item *item = &upload->base.item;
    struct err refused = {.kind = ERR_OK};

    if (!err && !sbom_importable(&result->facts, &refused))
        err = &refused;
    if (!err) {
        text_replace(&item->sbom_path, item->sbom_only ? item->path : upload->opened.sbom_path);
        text_replace(&item->sbom_sha256, result->sha256);
    }
    job_finish_op(&upload->base.job, err);
}

/* The SBOM: beside the image, or in its place. -1: there is none. */
static int document_fd(const struct upload_job *upload)
{
    return upload->base.item.sbom_only ? upload->opened.image.fd : upload->opened.sbom.fd;
}

static enum started attachment_start(struct job *job, struct err *err)
{
    struct upload_job *upload = of(job);

    (void)err;
    int fd = document_fd(upload);
    if (fd < 0)
        return STEP_READY;
    job->op = sbom_file_start(upload->base.flow->loop, fd, -1, on_inspected, upload);
    return STEP_WAITS;
}

static enum verdict attachment_outcome(struct job *job, struct err *err)
{
    (void)job;
    (void)err;
    return NEXT_STEP;
}

/* ---- register ---- */

/* A name that the last survey did not show may be new: it is asked for again before it fails. */
static bool find_id(struct flow *flow, const struct named_list *list, const char *name,
                    const char **id, struct err *err)
{
    if (named_id_find(list, name, id, err))
        return true;
    if (clock_wall_ms() - flow->survey.at < SURVEY_AGAIN_MS)
        return false;
    flow->survey.at = 0;
    return err_set(err, ERR_IO, "asking the platform for its names again");
}

static bool find_ids(struct upload_job *upload, struct upload_metadata *metadata, struct err *err)
{
    struct flow *flow = upload->base.flow;
    const struct item *item = &upload->base.item;

    return find_id(flow, &flow->survey.groups,
                   item->product_group ? item->product_group : "Default",
                   &metadata->product_group_id, err) &&
           find_id(flow, &flow->survey.configurations,
                   item->analysis_configuration ? item->analysis_configuration : "Default",
                   &metadata->analysis_configuration_id, err);
}

static char *registration(struct upload_job *upload, struct err *err)
{
    const struct item *item = &upload->base.item;
    struct upload_metadata metadata = {
        .name = item->name,
        .vendor = item->vendor,
        .product = item->product,
        .category = item->product_category,
        .version = item->version,
        .release_date = item->release_date,
        .notes = item->notes,
        .monitoring = item->monitoring,
    };
    char *body = NULL;

    if (!find_ids(upload, &metadata, err) || !upload_register_request(&metadata, &body, err))
        return NULL;
    return body;
}

static enum started register_start(struct job *job, struct err *err)
{
    struct upload_job *upload = of(job);
    char *body = registration(upload, err);

    if (!body)
        return STEP_BROKEN;
    job->op = ask_start_once(upload->base.flow, body, &upload->reply, job, err);
    return job->op ? STEP_WAITS : STEP_BROKEN;
}

static enum verdict register_outcome(struct job *job, struct err *err)
{
    struct upload_job *upload = of(job);
    struct item *item = &upload->base.item;
    const struct survey *survey = &upload->base.flow->survey;

    upload_ticket_release(&upload->ticket);
    if (!upload_register_reply(upload->reply.bytes, upload->reply.size, &upload->ticket, err))
        return STEP_FAILED;
    text_replace(&item->upload_id, upload->ticket.upload_id);
    item->inventory_at = survey->has_inventory ? survey->inventory_at : 0;
    item->misses = 0;
    return NEXT_STEP;
}

/* ---- send ---- */

static struct http_part part_of(const char *name, const char *path, const struct beneath_file *file,
                                const char *sha256, bool network)
{
    const struct beneath_facts facts = beneath_facts_of(&file->facts);
    const char *slash = strrchr(path, '/');

    return (struct http_part){
        .name = name,
        .file_name = slash ? slash + 1 : path,
        .fd = file->fd,
        .size = facts.size,
        .mtime_ns = facts.mtime_ns,
        .inode = network ? 0 : facts.ino,
        .expect_sha256 = sha256,
    };
}

/* The names of fields, and of an empty firmware part, are those of the official client. */
static size_t fill_parts(struct upload_job *upload, bool network)
{
    const struct item *item = &upload->base.item;
    struct opened *opened = &upload->opened;
    size_t count = 0;

    if (item->sbom_only) {
        upload->parts[count++] =
            (struct http_part){.name = "firmware", .file_name = "upload", .fd = -1};
        upload->parts[count++] = part_of("sbom", item->path, &opened->image, item->sha256, network);
        return count;
    }
    upload->parts[count++] = part_of("firmware", item->path, &opened->image, item->sha256, network);
    if (opened->sbom.fd >= 0)
        upload->parts[count++] =
            part_of("sbom", opened->sbom_path, &opened->sbom, item->sbom_sha256, network);
    return count;
}

/* The answer was good or not, but the body was taken: without an ID it has to be looked for. */
static void read_firmware_id(struct upload_job *upload, const struct http_reply *reply,
                             struct err *err)
{
    char id[FIRMWARE_ID_SIZE];

    if (upload_sent_reply(reply->body, reply->size, id, err)) {
        text_replace(&upload->base.item.firmware_id, id);
        return;
    }
    err->kind = ERR_STRANGE;
}

/* Of what was read for sending, where nobody hashed it before. */
static void note_digest(struct upload_job *upload, const struct http_reply *reply)
{
    struct item *item = &upload->base.item;
    size_t part = item->sbom_only ? 1 : 0;

    if (!item->sha256 && reply->part_sha256 && reply->part_sha256[part][0])
        text_replace(&item->sha256, reply->part_sha256[part]);
}

static void on_sent(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct upload_job *upload = owner;
    struct err end = {.kind = ERR_OK};

    upload->base.job.retry_after_ms = reply->retry_after_ms;
    if (err)
        end = *err;
    else
        read_firmware_id(upload, reply, &end);
    /* Answered by somebody in between, or ended by us behind the last byte: it may be taken. */
    if (end.kind == ERR_PROTOCOL && reply->sent > 0)
        end.kind = ERR_STRANGE;
    if (end.kind == ERR_CANCELLED && reply->all_sent)
        end.kind = ERR_UNSURE;
    /* The registration is no longer known there: nothing was taken, a new one is made. */
    if (end.kind == ERR_REJECTED && (reply->status == 404 || reply->status == 410))
        end.kind = ERR_SERVER;
    note_digest(upload, reply);
    if (end.kind == ERR_OK)
        upload->base.flow->hooks->answered(upload->base.flow->owner);
    job_finish_op(&upload->base.job, end.kind == ERR_OK ? NULL : &end);
}

static enum started send_start(struct job *job, struct err *err)
{
    struct upload_job *upload = of(job);
    struct flow *flow = upload->base.flow;
    const struct item *item = &upload->base.item;
    bool network = upload->base.source && upload->base.source->network;
    auto_free char *url = http_url_join(flow->settings.api_url, upload->ticket.upload_url, err);
    struct http_form form = {.url = url, .parts = upload->parts, .max_answer = UPLOAD_ANSWER_MAX};

    if (!url || !flow_may_request(flow, err))
        return STEP_BROKEN;
    form.count = fill_parts(upload, network);
    log_info("upload_started", F_TEXT("path", item->path), F_INT("bytes", item->size),
             F_TEXT("upload_id", item->upload_id));
    job->op = http_upload(flow->http, &form, on_sent, upload, err);
    return job->op ? STEP_WAITS : STEP_BROKEN;
}

/* A platform that knows the bytes may answer with the ID that another item has. */
static bool yield_to_holder(struct upload_job *upload, bool *yielded, struct err *err)
{
    auto_item struct item kept = {0};
    struct item *item = &upload->base.item;
    const struct item_job *job = find_holder(upload, item->firmware_id);
    const struct item *holder = job ? &job->item : &kept;

    *yielded = job != NULL;
    if (!job && !item_by_firmware(upload->base.flow->db, item->firmware_id, &kept, yielded, err))
        return false;
    if (*yielded) {
        log_warn("firmware_id_known", F_TEXT("path", item->path), F_TEXT("of", holder->path),
                 F_TEXT("firmware_id", item->firmware_id));
        text_replace(&item->firmware_id, NULL);
        item->duplicate_of = holder->id;
        item_move(item, ITEM_DUPLICATE, clock_wall_ms());
    }
    return true;
}

static enum verdict send_outcome(struct job *job, struct err *err)
{
    struct upload_job *upload = of(job);
    struct item *item = &upload->base.item;
    const struct flow_settings *settings = &upload->base.flow->settings;
    bool yielded = false;

    if (!yield_to_holder(upload, &yielded, err)) {
        err->kind = ERR_UNSURE; /* the body was taken */
        return STEP_FAILED;
    }
    if (yielded)
        return JOB_DONE;
    item_clear_error(item);
    item->attempts = item->trouble_ms = item->misses = 0;
    item->uploaded_at = clock_wall_ms();
    item_move(item, settings->wait_analysis ? ITEM_ANALYSING : ITEM_DONE, clock_wall_ms());
    /* Asked for at once, each upload would be a question of its own. */
    if (item->state == ITEM_ANALYSING)
        item->due_at = item->uploaded_at + (settings->eager_poll_ms ? settings->eager_poll_ms
                                                                    : settings->poll_interval_ms);
    log_info("upload_done", F_TEXT("path", item->path), F_TEXT("firmware_id", item->firmware_id),
             F_INT("bytes", item->size));
    upload->base.flow->hooks->uploaded(upload->base.flow->owner, item->size);
    return item->state == ITEM_DONE ? NEXT_STEP : JOB_DONE;
}

/* analysis.wait: false. The item is done already. */
static enum verdict move_outcome(struct job *job, struct err *err)
{
    (void)job;
    (void)err;
    return NEXT_STEP;
}

static const struct step steps[] = {
    {"open", ITEM_REGISTERING, open_start, open_outcome},
    {"attachment", ITEM_REGISTERING, attachment_start, attachment_outcome},
    {"register", ITEM_REGISTERING, register_start, register_outcome},
    {"send", ITEM_UPLOADING, send_start, send_outcome},
    {"move the file", ITEM_DONE, move_file_start, move_outcome},
    {NULL, 0, NULL, NULL},
};

static void release(struct item_job *job)
{
    struct upload_job *upload = (struct upload_job *)job;

    opened_release(&upload->opened);
    buf_release(&upload->reply);
    upload_ticket_release(&upload->ticket);
}

const struct item_flow upload_flow = {
    .name = "upload",
    .rest = ITEM_PENDING,
    .saves_steps = true,
    .right = "upload firmware",
    .steps = steps,
    .release = release,
};

void upload_flow_start(struct flow *flow, struct item *take_item)
{
    struct upload_job *upload = xcalloc(1, sizeof *upload);

    opened_init(&upload->opened);
    item_job_start(&upload->base, flow, &upload_flow, take_item);
}
