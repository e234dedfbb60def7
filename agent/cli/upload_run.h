/*
 * upload_run.h - one upload: by an agent that runs on the same state, else by this process.
 *
 * Both ways go through the same flows; see run/agent.h (struct agent_errand) and
 * cli/upload_follow.h.
 */
#ifndef CLI_UPLOAD_RUN_H
#define CLI_UPLOAD_RUN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "cli/session.h"
#include "cli/upload_files.h"

struct upload_outcome {
    json_t *item;      /* as list-firmwares has it; NULL: nothing is known */
    char *firmware_id; /* NULL: there is none */
    char *other;       /* path of the same bytes that had it before; NULL: it was sent */
    bool handed_over;
};

void upload_outcome_release(struct upload_outcome *outcome);

/*
 * With known() as soon as the firmware's ID is kept. Returns the exit code; *err says why it
 * is not 0. *outcome is filled in either case; release it.
 */
int upload_run(struct session *session, const struct upload_files *files,
               void (*known)(struct session *session, const char *firmware_id),
               struct upload_outcome *outcome, struct err *err);

/* The state directory that is shared: NULL unless an option, the environment or a file names it. */
const char *upload_state_dir(const struct config *config);

#endif
