/*
 * item_job.h - what all jobs on one item share: its row, its checkpoint, its end.
 *
 * A step's stage is the item's state while it runs (enum item_state). The checkpoint
 * saves the row with the rest of this turn's changes and lets the step start once
 * that is on the disk.
 *
 * How a job ends follows from the error's kind alone (err.h's table):
 *
 *   none       the state that the flow set
 *   RETRY      back to where it waited, attempt counted, due after a backoff;
 *              failed once the waits add up to give_up_after
 *   DOUBT      limbo: flow_decide() says whose trouble it was, then RETRY or untouched
 *   PARK       limbo too: the token decides
 *   HOLD       held; after three in one product group nothing more is sent for it
 *   RECHECK    unconfirmed: the platform is asked before anything is sent again
 *   SETTLE     settling, from the start: the file changed
 *   VANISH     gone
 *   GIVE_UP    failed
 *   WAIT       back to where it waited, nothing counted, due in a few seconds
 */
#ifndef FLOW_ITEM_JOB_H
#define FLOW_ITEM_JOB_H

#include "flow/flow.h"
#include "flow/opened.h"
#include "job/job.h"
#include "store/turn.h"

struct item_job;

struct item_flow {        /* what differs between the flows */
    const char *name;     /* "hash", "upload", "fetch" */
    enum item_state rest; /* where an item waits for this flow */
    const char *right;    /* what the token lacks when it is refused */
    const struct step *steps;
    bool saves_steps; /* the row changes within one state, too */
    /* Or NULL: written with each step. Called again when the commit failed. */
    bool (*write)(struct item_job *job, struct db *db, struct err *err);
    void (*release)(struct item_job *job); /* what the flow added to the job */
};

struct item_job {
    struct job job; /* first: hooks get it back by a cast */
    struct save save;
    struct flow *flow;
    const struct item_flow *kind;
    struct source *source; /* NULL: the configuration no longer has it */
    struct item item;
    struct err end;
    bool needs_write;            /* by the save that is queued */
    int64_t stage_began_ms;      /* steady: for rates */
    struct item_job *next;       /* in flow->jobs */
    struct item_job *next_limbo; /* in flow->limbo */
};

/* The first member of the flow's own struct, zeroed; item is taken over. */
void item_job_start(struct item_job *job, struct flow *flow, const struct item_flow *kind,
                    struct item *take_item);

/*
 * An item is about to be held for a missing right. The third of a product group blocks the
 * group, with one alert: it is not one item's luck.
 */
void item_job_note_held(struct flow *flow, const struct item *item, const char *right,
                        const char *reason);

/* The files of an item that was handed over; NULL with ERR_GONE when they are no longer here. */
struct op *item_job_open_handed(struct item_job *job, struct opened *opened,
                                void (*done)(void *owner, const struct err *err), struct err *err);

/* What is on its way now; NULL when no transfer is. */
const struct op *item_job_transfer(const struct item_job *job);

#endif
