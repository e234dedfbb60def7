/*
 * work.h - a blocking function in the thread pool, as an operation.
 *
 * run() gets what it needs through data and touches nothing else; done() comes on the
 * loop, exactly once. Cancelling cannot stop a function that runs: done() then comes
 * when it has ended, with cancelled set, and what it made is released there.
 */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include <stdbool.h>
#include <uv.h>

#include "base/op.h"

typedef void work_run_fn(void *data);
typedef void work_done_fn(void *data, bool cancelled);

struct op *work_start(uv_loop_t *loop, work_run_fn *run, work_done_fn *done, void *data);

#endif
