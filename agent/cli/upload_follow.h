/*
 * upload_follow.h - an upload that a running agent does for a command.
 *
 * The open files go over its control socket: it may see neither the folder nor the caller.
 * Then it is asked how far it is until the end. Blocking. The agent goes on with the item
 * whatever becomes of the command.
 */
#ifndef CLI_UPLOAD_FOLLOW_H
#define CLI_UPLOAD_FOLLOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "flow/handed.h"
#include "run/agent.h"

struct upload_follow {
    const struct handed_file *file;
    const char *state_dir; /* whose agent is meant */
    const char *tenant;    /* the guard; NULL: none */
    const char *api_url;   /* the platform that is meant; NULL: the agent's */
    bool wait;
    int64_t wait_timeout_ms;               /* for its turn, then for the analysis; 0: none */
    const struct agent_progress *progress; /* or NULL */

    /* Once, as soon as it is known; other: the path of the same bytes that had it before. */
    void (*known)(void *owner, const char *firmware_id, const char *other);
    void *owner;
};

enum upload_followed {
    UPLOAD_NO_AGENT, /* none runs there: nothing was handed over */
    UPLOAD_AGAIN,    /* it went away with the files: start over */
    UPLOAD_ENDED,    /* *err.kind ERR_OK: well; else it says why not */
};

/* *item is the item as list-firmwares has it, the caller's; NULL before anything was heard. */
enum upload_followed upload_follow(const struct upload_follow *want, json_t **item,
                                   struct err *err);

#endif
