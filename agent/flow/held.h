/*
 * held.h - files that were seen while a job held their row.
 *
 * What a look saw of such a file is not written: the job compares the file itself, but
 * perhaps did so before it changed. Kept here, it is looked at again a little later.
 */
#ifndef FLOW_HELD_H
#define FLOW_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"
#include "flow/names.h"
#include "flow/source.h"

struct held { /* zeroed: empty */
    struct names names;
    int64_t due_at; /* steady */
};

/* Notes the file if a job holds its row. False: it had to, and there is no room. */
bool held_note(struct held *held, const struct flow *flow, const struct source *source,
               const char *relpath);

/* Hands what is due over to names. False: there was no room for all. */
bool held_hand_over(struct held *held, struct names *names);

/* Milliseconds until something is due; -1: nothing is held. */
int64_t held_due_in(const struct held *held);

void held_release(struct held *held);

#endif
