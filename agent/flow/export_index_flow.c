#include "flow/export_index_flow.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/batch_job.h"
#include "flow/export_index.h"

struct index_job {
    struct batch_job base; /* first */
    void (*done)(void *owner, const struct err *err);
    void *owner;
};

static void on_written(void *owner, const struct export_index_result *result, const struct err *err)
{
    struct index_job *index = owner;

    if (result)
        log_debug("export_index", F_INT("documents", result->rows),
                  F_INT("files_written", result->written));
    job_finish_op(&index->base.job, err);
}

static enum started write_start(struct job *job, struct err *err)
{
    const struct flow *flow = ((struct index_job *)job)->base.flow;
    const struct export_index_options options = {
        .loop = flow->loop,
        .db = flow->db,
        .directory = flow->settings.sbom_directory,
        .file_mode = flow->settings.file_mode,
    };

    (void)err;
    job->op = export_index_start(&options, on_written, job);
    return STEP_WAITS;
}

static enum verdict write_outcome(struct job *job, struct err *err)
{
    (void)job;
    (void)err;
    return NEXT_STEP;
}

static const struct step steps[] = {
    {"write the index", 0, write_start, write_outcome},
    {NULL, 0, NULL, NULL},
};

static void ending(struct batch_job *job, const struct err *err)
{
    struct index_job *index = (struct index_job *)job;

    index->done(index->owner, err->kind == ERR_OK ? NULL : err);
}

void export_index_flow_start(struct flow *flow, void (*done)(void *owner, const struct err *err),
                             void *owner)
{
    struct index_job *index = xcalloc(1, sizeof *index);

    index->done = done;
    index->owner = owner;
    batch_job_start(&index->base, flow, EXPORT_INDEX_BATCH, steps, ending);
}
