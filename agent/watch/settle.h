/*
 * settle.h - is a file complete? Pure.
 *
 * A file is ready when two looks, a quiet time apart by our own clock, saw the same
 * size, mtime and inode; or when its marker exists, then one look is enough. An empty
 * file is never ready: it is somebody's placeholder. Its own times are compared, never
 * trusted: `cp -p` and artifact downloads keep old ones. There is no end to settling,
 * only longer pauses between looks for a file that keeps changing.
 */
#ifndef WATCH_SETTLE_H
#define WATCH_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/beneath.h"

enum {
    SETTLE_NETWORK_QUIET_MS = 60000, /* clients cache attributes for up to a minute */
    SETTLE_MAX_FACTOR = 10,          /* longest pause between looks, in quiet times */
    SETTLE_FLOOR_MS = 1000,          /* shortest pause after a look that saw work going on */
};

struct settle_rule {
    int64_t quiet_ms;  /* 0: two looks may follow each other at once */
    bool needs_marker; /* wait for it, and for nothing else */
    bool network;      /* inodes do not count; at least SETTLE_NETWORK_QUIET_MS */
};

/* What a look saw. */
struct settle_seen {
    struct beneath_facts facts;
    bool has_marker; /* looked for before the facts were taken */
};

/* Kept by the caller, across restarts if it likes: plain numbers. Zeroed: never looked at. */
struct settle_memory {
    struct beneath_facts facts;
    int64_t since_ms; /* these facts hold since */
    int64_t looks;    /* that saw these facts */
    int64_t changes;  /* looks, a quiet time apart, that saw other facts than the one before */
};

enum settle_verdict { SETTLE_WAIT, SETTLE_READY };

/*
 * Judges one look at now_ms (a clock that does not jump ahead: clock_steady_ms(); one
 * that went back, as after a reboot, only starts the quiet time again). For SETTLE_WAIT
 * *again_ms is when to look next; looking earlier does no harm.
 */
enum settle_verdict settle_look(const struct settle_rule *rule, struct settle_memory *memory,
                                const struct settle_seen *seen, int64_t now_ms, int64_t *again_ms);

#endif
