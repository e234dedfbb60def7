#include "flow/move_file.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/publish.h"
#include "base/work.h"
#include "flow/source.h"

struct move {
    struct job *job;
    char *folder;
    char *relpath;
    char *to_folder;
    uint64_t inode;
    struct err err;
};

static void run(void *data)
{
    struct move *move = data;

    (void)publish_move(move->folder, move->relpath, move->inode, move->to_folder, &move->err);
}

static void on_done(void *data, bool cancelled)
{
    struct move *move = data;
    struct job *job = move->job;

    (void)cancelled; /* it was moved or not; the item is done in either case */
    if (move->err.kind != ERR_OK) {
        log_warn("move_failed", F_TEXT("file", move->relpath), F_TEXT("to", move->to_folder),
                 F_TEXT("reason", move->err.message));
    } else {
        log_info("moved", F_TEXT("file", move->relpath), F_TEXT("to", move->to_folder));
    }
    free(move->folder);
    free(move->relpath);
    free(move->to_folder);
    free(move);
    job_finish_op(job, NULL);
}

enum started move_file_start(struct job *job, struct err *err)
{
    struct item_job *item_job = (struct item_job *)job;
    const struct source *source = item_job->source;
    const char *relpath =
        source && source->move_to ? source_relpath(source, item_job->item.path) : NULL;

    (void)err;
    if (!relpath)
        return STEP_READY;
    struct move *move = xcalloc(1, sizeof *move);
    move->job = job;
    move->folder = xstrdup(source->path);
    move->relpath = xstrdup(relpath);
    move->to_folder = xstrdup(source->move_to);
    move->inode = (uint64_t)item_job->item.inode;
    job->op = work_start(item_job->flow->loop, run, on_done, move);
    return STEP_WAITS;
}
