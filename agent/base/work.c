#include "base/work.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

struct work {
    struct op op; /* first: cancel() gets it back by a cast */
    uv_work_t request;
    work_run_fn *run;
    work_done_fn *done;
    void *data;
    bool cancelled;
};

static void on_run(uv_work_t *request)
{
    struct work *work = request->data;

    work->run(work->data);
}

static void on_done(uv_work_t *request, int status)
{
    struct work *work = request->data;
    work_done_fn *done = work->done;
    void *data = work->data;
    bool cancelled = work->cancelled || status == UV_ECANCELED;

    free(work);
    done(data, cancelled);
}

static void cancel(struct op *op)
{
    struct work *work = (struct work *)op;

    work->cancelled = true;
    uv_cancel((uv_req_t *)&work->request); /* refused once it runs: then it ends by itself */
}

struct op *work_start(uv_loop_t *loop, work_run_fn *run, work_done_fn *done, void *data)
{
    struct work *work = xcalloc(1, sizeof *work);

    work->op.cancel = cancel;
    work->request.data = work;
    work->run = run;
    work->done = done;
    work->data = data;
    int code = uv_queue_work(loop, &work->request, on_run, on_done);
    assert(code == 0); /* it only fails without a function */
    (void)code;
    return &work->op;
}
