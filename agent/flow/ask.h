/*
 * ask.h - one GraphQL question of a job, its answer kept for the outcome function.
 */
#ifndef FLOW_ASK_H
#define FLOW_ASK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/op.h"
#include "flow/flow.h"
#include "job/job.h"

/*
 * POSTs body (taken, freed) to the GraphQL endpoint as a query that may be repeated;
 * reply is emptied, then filled, before the job hears of it. NULL with *err.
 */
struct op *ask_start(struct flow *flow, char *take_body, struct buf *reply, struct job *job,
                     struct err *err);

/* The same for a mutation: sent once, over a connection of its own. */
struct op *ask_start_once(struct flow *flow, char *take_body, struct buf *reply, struct job *job,
                          struct err *err);

#endif
