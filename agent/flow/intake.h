/*
 * intake.h - one watched folder: what lies there becomes rows of the ledger.
 *
 * Truth is the walk of the whole folder, at the start, every `rescan`, and whenever
 * something says that events were missed. Events only make single looks early. A
 * file that is new or changed becomes a settling row; looks at settling rows, a
 * quiet time apart, make it hashing. Nothing is kept per file in memory.
 *
 * Names that events told wait in a list of bounded length; when it is full, a walk
 * is due instead. A folder that cannot be watched or read is degraded: it is walked
 * every minute at least, and says why.
 */
#ifndef FLOW_INTAKE_H
#define FLOW_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"
#include "flow/source.h"

struct intake;

struct intake_hooks {
    void (*progressed)(void *owner); /* rows may have become hashing, or a walk ended */
};

/* events: false for a single pass (`once`): one walk, looks, no rescans. */
struct intake *intake_new(struct flow *flow, struct source *source, bool events,
                          const struct intake_hooks *hooks, void *owner);

/* closed() comes when scans and handles have ended. */
void intake_free(struct intake *intake, void (*closed)(void *owner), void *owner);

void intake_rescan(struct intake *intake);
void intake_wake(struct intake *intake); /* rows became due by somebody else's hand */

/* The first walk has ended and no scan is under way. */
bool intake_is_quiet(const struct intake *intake);

bool intake_uses_events(const struct intake *intake);
int64_t intake_directories(const struct intake *intake);
const char *intake_degraded(const struct intake *intake); /* why, or NULL */

#endif
