/*
 * job.h - a sequence of asynchronous steps that survives a restart.
 *
 * A job is a table of steps. Each step starts one asynchronous operation; when that
 * reports back, the step's outcome function reads the result and says what comes
 * next. Before a step starts, the job's checkpoint hook makes it durable that it
 * does; after a crash the ledger's state says which step that was.
 *
 *   checkpoint -> start -> (operation) -> outcome -> checkpoint of the next ... finished
 *
 * Waiting is no step: a job that has to wait (retry, pause, poll) ends, its row says
 * when it is due, and the schedule makes a new job then. So a job holds no timer and
 * is never parked, and memory does not grow with what waits.
 *
 * Rules that callers can rely on:
 *  - outcome functions, checkpoint and finished never run inside job_start(),
 *    job_go() or job_cancel() of an operation in flight;
 *  - at most one operation is pending while a job is alive;
 *  - finished is called exactly once; it may free the memory that holds the job.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/op.h"

struct job;

enum started {
    STEP_WAITS,  /* job->op is set; its callback calls job_finish_op() */
    STEP_READY,  /* nothing to wait for: the outcome is asked for at once */
    STEP_BROKEN, /* *err is filled */
};

enum verdict {
    NEXT_STEP, /* checkpoint, then the following step; behind the last one: done */
    SAME_STEP, /* checkpoint, then this one again (another page, another format) */
    FIRST_STEP,
    JOB_DONE,
    STEP_FAILED, /* *err is filled */
};

struct step {
    const char *name; /* for messages */
    int stage;        /* the owner's: what the checkpoint writes */
    enum started (*start)(struct job *job, struct err *err);
    enum verdict (*outcome)(struct job *job, struct err *err);
};

struct job_hooks {
    /* Makes it durable that job->step begins, then calls job_go(), later. */
    void (*checkpoint)(struct job *job);
    /* err->kind is ERR_OK when the job is done. */
    void (*finished)(struct job *job, const struct err *err);
};

struct job {
    const struct step *step; /* the current one; the table ends with a step without a name */
    const struct step *steps;
    const struct job_hooks *hooks;
    struct op *op;          /* in flight, or NULL */
    int64_t retry_after_ms; /* what the last answer asked for; -1: nothing */
    void *shared;           /* the owner's: what steps work on that several kinds of jobs have */
    bool cancelled;
    bool finished;
};

/* Calls the first checkpoint at once. Of *job only `shared` is kept. */
void job_start(struct job *job, const struct step *steps, const struct job_hooks *hooks);

/* The step is durable: it starts. */
void job_go(struct job *job);

/* The operation's completion callback calls this. result is NULL on success. */
void job_finish_op(struct job *job, const struct err *result);

/* Ends with ERR_CANCELLED, as soon as the operation in flight has ended. */
void job_cancel(struct job *job);

#endif
