/*
 * signal_guard.h - signals that come while nobody listens.
 *
 * Between two lives of the agent (a new configuration) a signal would have its default
 * effect. A loop of its own keeps them caught; TERM and INT are remembered.
 */
#ifndef RUN_SIGNAL_GUARD_H
#define RUN_SIGNAL_GUARD_H

#include <stdbool.h>
#include <uv.h>

enum { SIGNAL_GUARD_COUNT = 4 };

struct signal_guard {
    uv_loop_t loop;
    uv_signal_t signals[SIGNAL_GUARD_COUNT];
    bool ends;
};

void signal_guard_start(struct signal_guard *guard);
bool signal_guard_ends(struct signal_guard *guard); /* somebody wanted the end by now */
void signal_guard_stop(struct signal_guard *guard);

#endif
