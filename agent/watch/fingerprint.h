/*
 * fingerprint.h - SHA-256 of an open file, computed in the thread pool.
 *
 * One piece of at most 1 MiB per work item and one item in flight, so that several
 * large files share the pool fairly and cancelling takes effect at once. The file must
 * be, before the first and after the last byte, what the caller saw: otherwise it
 * changed under our hands and the digest means nothing (ERR_CHANGED).
 */
#ifndef WATCH_FINGERPRINT_H
#define WATCH_FINGERPRINT_H

#include <stdbool.h>
#include <uv.h>

#include "base/beneath.h"
#include "base/err.h"
#include "base/op.h"

struct fingerprint_options {
    int fd;                     /* a regular file; the caller's, open until done() was called */
    struct beneath_facts facts; /* as they were when the file settled */
    bool network;               /* inodes do not count */
};

/* hex is 64 lower-case digits, borrowed; NULL when err is not (ERR_CHANGED, ERR_IO, ERR_CANCELLED).
 */
typedef void fingerprint_done_fn(void *owner, const char *hex, const struct err *err);

/* done() is called exactly once, from the loop, never from inside this call or cancel(). */
struct op *fingerprint_start(uv_loop_t *loop, const struct fingerprint_options *options,
                             fingerprint_done_fn *done, void *owner);

#endif
