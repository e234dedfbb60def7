/*
 * batch_job.h - jobs that hold no item's row: poll, reconcile, survey, exports.
 *
 * What they learn is written when they learn it, in the turn's transaction, and learnt
 * again after a crash. At most one of each name is alive, but for those about one firmware
 * each.
 */
#ifndef FLOW_BATCH_JOB_H
#define FLOW_BATCH_JOB_H

#include "flow/flow.h"
#include "job/job.h"
#include "store/turn.h"

struct batch_job {
    struct job job; /* first: hooks get it back by a cast */
    struct save save;
    struct flow *flow;
    const char *name;
    const char *firmware_id; /* whose documents it brings, set before the start; NULL: none */
    /* Or NULL, set before the start: written with each step. Again when the commit failed. */
    bool (*write)(struct batch_job *job, struct db *db, struct err *err);
    void (*ending)(struct batch_job *job, const struct err *err); /* act on the end; release */
    void (*release)(struct batch_job *job); /* or NULL: of what write() needed, once it is kept */
    struct batch_job *next;
};

/* The first member of the flow's own struct, from xcalloc(); freed at its end. */
void batch_job_start(struct batch_job *job, struct flow *flow, const char *name,
                     const struct step *steps,
                     void (*ending)(struct batch_job *job, const struct err *err));

/* One GraphQL question: body is taken; the answer is kept in *reply until it is released. */
bool batch_job_ask(struct batch_job *job, char *take_body, struct buf *reply, struct err *err);

/*
 * While a question was out, others may have changed the row: a person, a scan. It is read again;
 * *same: it is still about that state of that upload, and may be judged and saved.
 */
bool batch_job_renew(const struct flow *flow, struct item *item, bool *same, struct err *err);

/* Trouble that is not one item's: the gate hears of it. */
void batch_job_report(struct batch_job *job, const struct err *err);

#endif
