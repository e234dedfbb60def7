#include "job/job.h"

#include <assert.h>
#include <stddef.h>

static void finish(struct job *job, const struct err *err)
{
    assert(!job->op && !job->finished);
    job->finished = true;
    job->hooks->finished(job, err);
}

static void go_to(struct job *job, const struct step *step)
{
    static const struct err none = {.kind = ERR_OK};

    if (!step->name) {
        finish(job, &none);
        return;
    }
    job->step = step;
    job->hooks->checkpoint(job);
}

static void fail(struct job *job, struct err *err)
{
    assert(err->kind != ERR_OK);
    err_wrap(err, "%s", job->step->name);
    finish(job, err);
}

static void ask_outcome(struct job *job)
{
    struct err err = {.kind = ERR_OK};

    switch (job->step->outcome(job, &err)) {
    case NEXT_STEP:
        go_to(job, job->step + 1);
        return;
    case SAME_STEP:
        go_to(job, job->step);
        return;
    case FIRST_STEP:
        go_to(job, job->steps);
        return;
    case JOB_DONE:
        finish(job, &err);
        return;
    case STEP_FAILED:
        fail(job, &err);
        return;
    }
}

void job_start(struct job *job, const struct step *steps, const struct job_hooks *hooks)
{
    *job = (struct job){
        .step = steps, .steps = steps, .hooks = hooks, .retry_after_ms = -1, .shared = job->shared};
    go_to(job, steps);
}

void job_go(struct job *job)
{
    struct err err = {.kind = ERR_OK};

    assert(!job->op && !job->finished);
    if (job->cancelled) {
        err_set(&err, ERR_CANCELLED, "ended before it began");
        fail(job, &err);
        return;
    }
    switch (job->step->start(job, &err)) {
    case STEP_WAITS:
        assert(job->op);
        return;
    case STEP_READY:
        ask_outcome(job);
        return;
    case STEP_BROKEN:
        fail(job, &err);
        return;
    }
}

void job_finish_op(struct job *job, const struct err *result)
{
    assert(job->op);
    job->op = NULL;
    if (result) {
        struct err err = *result;

        fail(job, &err);
        return;
    }
    ask_outcome(job);
}

void job_cancel(struct job *job)
{
    if (job->cancelled || job->finished)
        return;
    job->cancelled = true;
    if (job->op)
        job->op->cancel(job->op);
}
