/*
 * exports.h - when an export runs, and how far it is.
 *
 * Each job of the configuration has a row (store/export_job.h) with its last due slot and the
 * phase of the run under way; one run works at a time, the others wait for it.
 *
 *   IDLE --due--> LIST --> FETCH --> PLACE --> INDEX --> IDLE
 *
 * The row is committed before a phase begins, so that a run goes on where it was. Which slots are
 * due, base/calendar.h says; here is what becomes of them:
 *
 *  - `run` starts a job at its slot plus this host's offset; one that it missed while it was not
 *    there once, with catch_up, else not at all; a job that never ran is as one that was missed
 *  - `once` starts what has had a slot since its last run, at once
 *  - slots that pass while the job runs are passed over
 *
 * A run that cannot list the firmwares, or fails with some of them, ends with that as its error:
 * alert export_failed, until a run of the job succeeds.
 */
#ifndef RUN_EXPORTS_H
#define RUN_EXPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "control/live.h"
#include "flow/flow.h"
#include "run/agent.h"
#include "store/export_job.h"

struct exports;

struct exports_options {
    struct flow *flow;
    const struct config *config;
    bool once;
    const struct agent_order *order; /* NULL: what is due */
    void (*changed)(void *owner);    /* plan again */
    void *owner;
};

/* The name of the run that `sbom export --all` asks for; no configured job can have it. */
#define EXPORTS_TENANT "@all"

/* flow->db is open. Borrows what options point to. NULL with *err. */
struct exports *exports_new(const struct exports_options *options, struct err *err);

/* No job of the flow is alive any more, and the turn is closed. */
void exports_free(struct exports *exports); /* NULL is fine */

/* Starts what is due, with up to that many downloads. Only while requests may be made. */
void exports_plan(struct exports *exports, int64_t slots);

/* Documents that wait for their place get it; no request is made for that. */
void exports_place(struct exports *exports);

/* When there is something to plan next (a wall time); INT64_MAX: not by itself. */
int64_t exports_next_ms(const struct exports *exports);

/* The disk has been full for a minute: a single pass ends, the next one goes on. */
bool exports_lack_room(const struct exports *exports);

/* What is due is kept in wall time: when that is set back, it must not wait for it again. */
void exports_clock_set_back(struct exports *exports);

/* No run is under way, and none is due: a single pass may end. */
bool exports_are_idle(const struct exports *exports);

/* As live.h has it; not committed yet. */
bool exports_start_now(struct exports *exports, const struct live_export_order *order,
                       struct err *err);

void exports_each(const struct exports *exports,
                  void (*each)(void *to, const struct live_export *one), void *to);

/* Of the run under way; false: none is. */
bool exports_current(const struct exports *exports, struct export_job *job, int64_t *left);

/* The runs of this order, or of this pass, that ended. */
void exports_each_ran(const struct exports *exports,
                      void (*each)(void *to, const struct export_job *job), void *to);

#endif
