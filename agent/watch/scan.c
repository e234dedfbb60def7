#include "watch/scan.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "watch/notify.h"
#include "watch/walk.h"

/*
 * Two batches take turns: while the loop looks at one, a worker fills the other. The
 * worker owns the walk and its batch while the work item is in flight.
 */
struct scan {
    struct op op; /* first */
    uv_work_t work;
    struct scan_hooks hooks;
    void *owner;
    struct notify *notify;
    struct walk *walk;
    struct walk_batch batches[2];
    int filling;
    bool has_more;
    atomic_bool cancelled;
};

static void on_work(uv_work_t *work)
{
    struct scan *scan = work->data;

    scan->has_more = walk_fill(scan->walk, &scan->batches[scan->filling], &scan->cancelled);
}

/* Watches are learnt even when nobody wants the entries any more: they exist in the kernel. */
static void hand_over(struct scan *scan, struct walk_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->watches[i] >= 0)
            notify_learn(scan->notify, batch->watches[i], batch->entries[i].relpath);
    }
    if (batch->count > 0 && !atomic_load(&scan->cancelled))
        scan->hooks.on_batch(scan->owner, batch->entries, batch->count);
    walk_batch_clear(batch);
}

static void finish(struct scan *scan)
{
    bool is_cancelled = atomic_load(&scan->cancelled);
    struct err err = *walk_err(scan->walk);

    if (scan->notify)
        notify_scan_end(scan->notify, !is_cancelled && walk_is_whole(scan->walk));
    if (is_cancelled)
        err_set(&err, ERR_CANCELLED, "scan folder: cancelled");
    scan->hooks.on_end(scan->owner, walk_report(scan->walk), err.kind == ERR_OK ? NULL : &err);
    walk_batch_release(&scan->batches[0]);
    walk_batch_release(&scan->batches[1]);
    walk_free(scan->walk);
    free(scan);
}

static void on_worked(uv_work_t *work, int status)
{
    struct scan *scan = work->data;
    struct walk_batch *ready = &scan->batches[scan->filling];
    bool has_more = scan->has_more;

    (void)status; // never cancelled in the queue: the worker closes what is open
    if (has_more) {
        scan->filling = !scan->filling;
        uv_queue_work(work->loop, work, on_work, on_worked);
    }
    hand_over(scan, ready);
    if (!has_more)
        finish(scan);
}

static void cancel(struct op *op)
{
    struct scan *scan = (struct scan *)op;

    atomic_store(&scan->cancelled, true);
}

struct op *scan_start(uv_loop_t *loop, const struct scan_options *options,
                      const struct scan_hooks *hooks, void *owner)
{
    struct scan *scan = xcalloc(1, sizeof *scan);

    scan->op.cancel = cancel;
    scan->work.data = scan;
    scan->hooks = *hooks;
    scan->owner = owner;
    scan->notify = options->paths ? NULL : options->notify;
    scan->walk = walk_new(options);
    atomic_init(&scan->cancelled, false);
    if (scan->notify)
        notify_scan_begin(scan->notify);
    uv_queue_work(loop, &scan->work, on_work, on_worked);
    return &scan->op;
}
