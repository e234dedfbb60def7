/*
 * ci_ask.h - asking the platform again and again within one deadline.
 *
 * A build server's step must outlive a platform that hiccups and must not outlive its own
 * deadline. So: trouble that may pass (network, 5xx, throttled, an answer that is not understood)
 * is waited out, retry_count times IN A ROW, each wait retry_wait_ms longer than the one before or
 * as long as Retry-After says, but never beyond the deadline; any good answer starts the count
 * anew. At the deadline one last question is asked, and it may take CI_ASK_LAST_MS. A refused token
 * is read again from where it came; when another one is there, it goes on with that.
 */
#ifndef CLI_CI_ASK_H
#define CLI_CI_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/platform.h"
#include "cli/waiting_line.h"

enum { CI_ASK_LAST_MS = 10 * 1000 };

struct ci_ask {
    struct session *session;
    struct platform *platform;
    int64_t start_ms;    /* clock_steady_ms() */
    int64_t deadline_ms; /* likewise; 0: none */
    int64_t retry_count;
    int64_t retry_wait_ms;
    int64_t failures; /* in a row */
    struct waiting_line line;
};

/* reply as platform_ask() wants it. */
bool ci_ask(struct ci_ask *ask, const char *request, platform_reply_fn *reply, void *owner,
            struct err *err);

/* Waits that long, or until the deadline; what says what for, on the waiting line. */
void ci_ask_pause(struct ci_ask *ask, int64_t ms, const char *what);

bool ci_ask_is_late(const struct ci_ask *ask);

/*
 * Pure: how long to wait after so many failures in a row, or -1: no more. left_ms is the time to
 * the deadline; -1: there is none.
 */
int64_t ci_ask_wait_ms(const struct ci_ask *ask, const struct err *err, int64_t retry_after_ms,
                       int64_t left_ms);

#endif
