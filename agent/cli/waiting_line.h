/*
 * waiting_line.h - one line on stderr that says how a wait goes.
 *
 * On a terminal it is drawn again in place, at most once a second; elsewhere it is said at most
 * once a minute, and not at all with --no-progress or -q. Before anything else is written,
 * waiting_line_clear().
 */
#ifndef CLI_WAITING_LINE_H
#define CLI_WAITING_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/session.h"

enum { WAITING_LINE_REDRAW_MS = 1000, WAITING_LINE_SAY_MS = 60 * 1000 };

struct waiting_line {
    const struct session *session;
    bool is_silent;
    bool draws;      /* on a terminal */
    bool is_drawn;   /* now */
    int64_t next_ms; /* when it may be shown again */
};

void waiting_line_init(struct waiting_line *line, const struct session *session, int64_t now_ms);
void waiting_line_show(struct waiting_line *line, int64_t now_ms, const char *text);

/* As log_set_before() wants it: owner is a struct waiting_line. */
void waiting_line_clear(void *owner);

/*
 * Pure: "still analysing (RUNNING), 12 min, up to 38 min left". deadline_ms 0: no end is set.
 * Caller frees.
 */
char *waiting_line_text(const char *what, int64_t start_ms, int64_t now_ms, int64_t deadline_ms);

#endif
