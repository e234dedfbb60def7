#include "cli/show_progress.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

struct progress *show_progress_start(const struct session *session, bool only_block)
{
    const struct args *args = &session->args;
    const struct progress_options options = {
        .fd = STDERR_FILENO,
        .is_terminal = progress_can_draw(STDERR_FILENO, session->environment("TERM")),
        .only_block = only_block,
        .now_ms = clock_steady_ms,
    };

    if (args->quiet || args->no_progress || args->dry_run)
        return NULL;
    struct progress *progress = progress_new(&options);
    log_set_before(progress_clear, progress);
    return progress;
}

void show_progress_end(struct progress *progress)
{
    log_set_before(NULL, NULL);
    progress_free(progress);
}
