#include "flow/export_sweep.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"
#include "flow/batch_job.h"
#include "flow/sbom_place.h"
#include "sbom/sbom_facts.h"
#include "store/firmware_row.h"

enum { PAGE = 64 };

struct sweep {
    struct batch_job base; /* first */
    const char *directory; /* for the worker */
    struct sbom_cursor cursor;
    struct sbom_row *rows; /* PAGE of them */
    bool is_missing[PAGE];
    size_t count;
    unsigned losses; /* turn_losses() at the beginning */
    int64_t missing;
    export_sweep_done_fn *done;
    void *owner;
};

static struct sweep *of(struct job *job)
{
    return (struct sweep *)job;
}

static bool lies_there(const char *directory, const struct sbom_row *sbom)
{
    struct stat facts;

    return sbom_path_below(directory, sbom->file, NULL) && lstat(sbom->file, &facts) == 0 &&
           S_ISREG(facts.st_mode) && facts.st_size == sbom->size;
}

static void look(void *data)
{
    struct sweep *sweep = data;

    for (size_t i = 0; i < sweep->count; i++)
        sweep->is_missing[i] = !lies_there(sweep->directory, &sweep->rows[i]);
}

static void on_looked(void *data, bool cancelled)
{
    struct sweep *sweep = data;
    struct err err;

    if (cancelled)
        err_set(&err, ERR_CANCELLED, "ended");
    job_finish_op(&sweep->base.job, cancelled ? &err : NULL);
}

static bool read_page(struct sweep *sweep, struct err *err)
{
    bool found = true;

    for (sweep->count = 0; found && sweep->count < PAGE;) {
        struct sbom_row *row = &sweep->rows[sweep->count];

        if (!sbom_next_current(sweep->base.flow->db, &sweep->cursor, row, &found, err))
            return false;
        sweep->count += found && !row->is_unplaced;
    }
    return true;
}

static enum started look_start(struct job *job, struct err *err)
{
    struct sweep *sweep = of(job);

    if (!read_page(sweep, err))
        return STEP_BROKEN;
    if (sweep->count == 0)
        return STEP_READY;
    job->op = work_start(sweep->base.flow->loop, look, on_looked, sweep);
    return STEP_WAITS;
}

/* As the document got its place at first, but from what the ledger knows. */
static char *choose(const struct flow *flow, const struct sbom_row *sbom, struct err *err)
{
    auto_firmware_row struct firmware_row firmware = {0};
    enum sbom_kind kind;
    bool found;

    if (!firmware_row_get(flow->db, sbom->firmware_id, &firmware, &found, err))
        return NULL;
    const struct sbom_subject subject = {
        .firmware_id = sbom->firmware_id,
        .name = firmware.name,
        .vendor = firmware.vendor,
        .product = firmware.product,
        .version = firmware.version,
        .product_group = firmware.product_group,
    };
    const struct sbom_place place = {
        .subject = &subject,
        .format = sbom->format,
        .ext = sbom_kind_of_name(sbom->kind, &kind) ? sbom_kind_ext(kind) : "",
    };
    return sbom_place_choose(flow, &place, sbom->file, err);
}

static bool mark(struct sweep *sweep, const struct sbom_row *sbom, struct err *err)
{
    struct flow *flow = sweep->base.flow;
    auto_free char *relpath = choose(flow, sbom, err);

    if (!relpath)
        return false;
    auto_free char *file = xasprintf("%s/%s", flow->settings.sbom_directory, relpath);
    sweep->missing++;
    return sbom_checked(flow->db, sbom, file, sbom->checked_at, err) &&
           sbom_set_placed(flow->db, sbom, false, err);
}

/* What was marked in a turn whose commit failed is not marked. */
static void begin_again(struct sweep *sweep)
{
    sweep->losses = turn_losses(sweep->base.flow->turn);
    sweep->cursor = (struct sbom_cursor){0};
    sweep->missing = 0;
}

static enum verdict look_outcome(struct job *job, struct err *err)
{
    struct sweep *sweep = of(job);

    for (size_t i = 0; i < sweep->count; i++) {
        if (sweep->is_missing[i] && !mark(sweep, &sweep->rows[i], err))
            return STEP_FAILED;
    }
    if (sweep->count > 0)
        return SAME_STEP;
    if (turn_losses(sweep->base.flow->turn) == sweep->losses)
        return NEXT_STEP;
    begin_again(sweep);
    return SAME_STEP;
}

static const struct step steps[] = {
    {"look at the files", 0, look_start, look_outcome},
    {NULL, 0, NULL, NULL},
};

static void ending(struct batch_job *job, const struct err *err)
{
    struct sweep *sweep = (struct sweep *)job;

    if (sweep->missing > 0)
        log_info("sboms_missing", F_INT("files", sweep->missing),
                 F_TEXT("next", "they are put in their places from the ledger"));
    sweep->done(sweep->owner, sweep->missing, err->kind == ERR_OK ? NULL : err);
}

static void release(struct batch_job *job)
{
    free(((struct sweep *)job)->rows);
}

void export_sweep_start(struct flow *flow, export_sweep_done_fn *done, void *owner)
{
    struct sweep *sweep = xcalloc(1, sizeof *sweep);

    sweep->directory = flow->settings.sbom_directory;
    sweep->rows = xcalloc(PAGE, sizeof *sweep->rows);
    sweep->losses = turn_losses(flow->turn);
    sweep->done = done;
    sweep->owner = owner;
    sweep->base.release = release;
    batch_job_start(&sweep->base, flow, EXPORT_SWEEP_BATCH, steps, ending);
}
