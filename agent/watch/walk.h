/*
 * walk.h - the blocking half of a scan: directory entries, a batch at a time.
 *
 * Runs in a worker; whoever drives it (scan.c) makes sure that only one thread has it
 * at any time. It holds the open directories from the root down to where it is and
 * nothing else, so that a folder's size costs no memory.
 */
#ifndef WATCH_WALK_H
#define WATCH_WALK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "watch/scan.h"

struct walk;

/* Entries with the memory that their paths live in. Zeroed: empty. */
struct walk_batch {
    struct scan_entry entries[SCAN_BATCH];
    int watches[SCAN_BATCH]; /* of SCAN_DIRECTORY when it is watched, else -1 */
    size_t count;
    char *text;
    size_t text_size, text_room;
    size_t paths[SCAN_BATCH]; /* where in text; pointers are set when it has stopped moving */
    size_t targets[SCAN_BATCH];
};

void walk_batch_clear(struct walk_batch *batch); /* keeps the memory */
void walk_batch_release(struct walk_batch *batch);

/* Copies the strings; opens nothing yet. */
struct walk *walk_new(const struct scan_options *options);

/*
 * Adds to an empty batch; false when nothing will follow, and then no descriptor is
 * open any more. A batch may come back empty although more follows: work is bounded,
 * not results.
 */
bool walk_fill(struct walk *walk, struct walk_batch *batch, const atomic_bool *cancelled);

/* After the end: how it went, and why it stopped (ERR_OK: everything was seen). */
const struct scan_report *walk_report(const struct walk *walk);
const struct err *walk_err(const struct walk *walk);

/* Every directory of the root was met, but for those that may not be read. */
bool walk_is_whole(const struct walk *walk);

void walk_free(struct walk *walk);

#endif
