/*
 * http_watchdog.c - any change of phase or progress starts the count anew, also a progress that
 * went down: bytes move from ours to the kernel's buffer and from there to the wire.
 */
#include "net/http_watchdog.h"

#include <stddef.h>

static const char *judge(const struct http_watchdog *watchdog, int64_t now_ms,
                         const struct http_patience *patience)
{
    int64_t idle_ms = now_ms - watchdog->moved_ms;
    bool is_stalled = patience->stall_ms > 0 && idle_ms >= patience->stall_ms;

    switch (watchdog->phase) {
    case PHASE_HELD:
    case PHASE_CONNECTING:
        return NULL;
    case PHASE_SENDING:
        return is_stalled ? "no byte could be sent" : NULL;
    case PHASE_AWAITING:
        if (patience->answer_ms > 0 && idle_ms >= patience->answer_ms)
            return "no answer came";
        return NULL;
    case PHASE_RECEIVING:
        return is_stalled ? "no byte was received" : NULL;
    }
    return NULL;
}

const char *http_watchdog_look(struct http_watchdog *watchdog, const struct http_look *look,
                               const struct http_patience *patience)
{
    if (!watchdog->is_awake) {
        watchdog->is_awake = true;
        watchdog->begin_ms = look->now_ms;
        watchdog->moved_ms = look->now_ms;
    }
    if (look->phase != watchdog->phase || look->progress != watchdog->progress)
        watchdog->moved_ms = look->now_ms;
    watchdog->phase = look->phase;
    watchdog->progress = look->progress;
    if (look->phase == PHASE_HELD)
        watchdog->begin_ms = look->now_ms; /* waiting for its turn is not its fault */
    if (patience->total_ms > 0 && look->now_ms - watchdog->begin_ms >= patience->total_ms)
        return "it took too long";
    return judge(watchdog, look->now_ms, patience);
}
