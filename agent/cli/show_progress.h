/* show_progress.h - the progress of one call: where it goes, and that log lines go around it. */
#ifndef CLI_SHOW_PROGRESS_H
#define CLI_SHOW_PROGRESS_H

#include <stdbool.h>

#include "cli/progress.h"
#include "cli/session.h"

/* only_block: nothing where stderr is no terminal. NULL: none is wanted (-q, --no-progress). */
struct progress *show_progress_start(const struct session *session, bool only_block);

/* Before anything else is said; NULL is fine. */
void show_progress_end(struct progress *progress);

#endif
