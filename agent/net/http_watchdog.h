/*
 * http_watchdog.h - is a request still alive? Phases in place of one timeout. Pure.
 *
 * libcurl's low-speed limit fires while we hold a transfer back and while the server digests the
 * body; a total limit fits no file size. Here each look tells the phase and a progress figure that
 * changes whenever a byte moved; a phase that has a limit is over it when nothing moved so long.
 */
#ifndef NET_HTTP_WATCHDOG_H
#define NET_HTTP_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

enum http_phase {
    PHASE_HELD,       /* by us: queued, reading the disk, over the rate; no limit */
    PHASE_CONNECTING, /* libcurl's connect timeout is the limit */
    PHASE_SENDING,
    PHASE_AWAITING, /* everything left, nothing came yet */
    PHASE_RECEIVING,
};

struct http_patience { /* ms; 0: no limit */
    int64_t stall_ms;  /* sending, receiving */
    int64_t answer_ms; /* awaiting */
    int64_t total_ms;  /* from the first look to the end, whatever happens */
};

struct http_look {
    enum http_phase phase;
    int64_t progress;
    int64_t now_ms;
};

struct http_watchdog {
    enum http_phase phase;
    int64_t progress;
    int64_t begin_ms; /* the first look */
    int64_t moved_ms; /* since when phase and progress are the same */
    bool is_awake;    /* begin_ms holds */
};

/* NULL while all is well; else what took too long, for a message. */
const char *http_watchdog_look(struct http_watchdog *watchdog, const struct http_look *look,
                               const struct http_patience *patience);

#endif
