/* held_up.h - an agent that is followed may request nothing: for how long is it waited for? */
#ifndef CLI_HELD_UP_H
#define CLI_HELD_UP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct held_up {      /* zeroed at the beginning */
    int64_t since_ms; /* steady; 0: it is not */
};

/*
 * closed and closed_exit as the agent told them at this look (NULL: nothing is closed). True, with
 * *err, when there is nothing to wait for: a pause is somebody's decision; an outage is waited out
 * for a while. what: what becomes of the work ("the agent ... when it can").
 */
bool held_up_look(struct held_up *held, const char *closed, int closed_exit, const char *what,
                  struct err *err);

#endif
