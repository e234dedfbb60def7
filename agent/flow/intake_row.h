/*
 * intake_row.h - what a scan saw of one path, and what that makes of its row.
 */
#ifndef FLOW_INTAKE_ROW_H
#define FLOW_INTAKE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"
#include "flow/source.h"
#include "watch/scan.h"

struct intake_sight {
    const struct scan_entry *entry;
    bool is_look;    /* a look at this path, not a walk: it counts for settling */
    bool has_marker; /* of a look */
    bool is_backlog; /* seen by the first walk of a folder: it was there before the agent was */
    bool is_old;     /* the same, where old files are ignored */
};

/* Pure: what a row in this state becomes when its file is seen with other facts. */
enum intake_change { INTAKE_LEAVE, INTAKE_RESTART, INTAKE_SUPERSEDE };
enum intake_change intake_judge(enum item_state state);

/* Writes at most one row. */
bool intake_row_apply(struct flow *flow, const struct source *source,
                      const struct intake_sight *sight, struct err *err);

/*
 * The path is not to be looked at any more: a row that is not sent yet is gone, with that
 * reason, and starts over when the path is seen again.
 */
bool intake_row_drop(struct flow *flow, const struct source *source, const char *path,
                     const char *reason, struct err *err);

/* A look saw what a rule leaves out; it was not so when its row began to settle. */
bool intake_row_skip(struct flow *flow, const struct source *source, const char *relpath,
                     struct err *err);

#endif
