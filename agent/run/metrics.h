/*
 * metrics.h - numbers for Prometheus, as a textfile for node_exporter.
 *
 * Written whole every fifteen seconds, in a worker. Base units, and no label that grows
 * with the files: states, and watch names.
 */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "store/item.h"

struct metrics_facts {
    int64_t counts[ITEM_STATE_COUNT];
    int64_t oldest_waiting_s; /* 0: nothing waits */
    int64_t uploads;
    int64_t upload_bytes;
    int64_t sboms;
    bool auth_paused;
    bool operator_paused;
    bool open;
    bool disk_low;
    int64_t token_expires_s; /* 0: not told */
};

/* The text exposition format. The buf is an empty one; its max is set here. Pure. */
void metrics_text(const struct metrics_facts *facts, struct buf *out);

struct metrics;

/* path is borrowed. */
struct metrics *metrics_new(uv_loop_t *loop, const char *path);

/* Starts writing unless the last one is still being written. Trouble is logged once. */
void metrics_write(struct metrics *metrics, const struct metrics_facts *facts);

/* A write under way ends first; closed() comes from the loop or from inside this call. */
void metrics_free(struct metrics *metrics, void (*closed)(void *owner), void *owner);

#endif
