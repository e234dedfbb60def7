/*
 * export_follow.h - exports that a running agent does for a command.
 *
 * They are asked for over its control socket, then it is asked how far they are until none of
 * them runs. Blocking. The agent goes on with them whatever becomes of the command: a signal
 * ends the following only.
 */
#ifndef CLI_EXPORT_FOLLOW_H
#define CLI_EXPORT_FOLLOW_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "control/live.h"
#include "run/agent.h"

struct export_follow {
    struct live_export_order what;
    const char *state_dir;                 /* whose agent is meant */
    const struct agent_progress *progress; /* or NULL */
};

enum export_followed {
    EXPORT_NO_AGENT,    /* none runs there: nothing was begun */
    EXPORT_ENDED,       /* *err.kind ERR_OK: they came to their end */
    EXPORT_INTERRUPTED, /* *signal says by what */
};

/* *rows: as "exports" told of those that ran, at last; the caller's. */
enum export_followed export_follow(const struct export_follow *want, json_t **rows, int *signal,
                                   struct err *err);

#endif
