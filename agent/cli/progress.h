/*
 * progress.h - how far the work is, on stderr.
 *
 * On a terminal a block of lines that is drawn again in place: a total, and a line per
 * transfer. Elsewhere one line a minute at most, and none that says the same again. Log
 * lines never mix with the block: progress_clear() is to be called before each.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/agent.h"

enum { PROGRESS_LINE_SIZE = 512, PROGRESS_EVERY_MS = 60 * 1000, PROGRESS_REDRAW_MS = 200 };

struct progress_options {
    int fd;           /* borrowed */
    bool is_terminal; /* that can move its cursor */
    bool only_block;  /* elsewhere nothing at all */
    int64_t (*now_ms)(void);
};

struct progress;

struct progress *progress_new(const struct progress_options *options);
void progress_free(struct progress *progress); /* clears the block; NULL is fine */

/* As struct agent_progress wants it; owner is a struct progress. */
void progress_update(void *owner, const struct agent_totals *totals);

/* As log_set_before() wants it. */
void progress_clear(void *owner);

/* True when stderr is a terminal that can redraw. */
bool progress_can_draw(int fd, const char *term);

/* ---- pure ---- */

/* What is still on its way to be sent. */
int64_t progress_to_send(const struct agent_totals *totals);

/* "3 sent (340.2 MiB), 12.0 MiB/s, 17 to send (4.1 GiB, 5 min left), 3 analysing, 1 failed" */
void progress_total(const struct agent_totals *totals, char line[PROGRESS_LINE_SIZE]);

/* "  up    45%  12.3 MiB of 40.0 MiB  2.1 MiB/s  14 s  ...builds/fw.bin", at most so wide. */
void progress_transfer(const struct live_transfer *transfer, size_t columns,
                       char line[PROGRESS_LINE_SIZE]);

/* Cut to so many columns of a terminal, wide characters counted double. */
void progress_cut(char *line, size_t columns);

#endif
