/*
 * control_client.h - asking a running agent, from a command.
 *
 * Blocking, for programs without a loop. The agent is looked for at
 * $RUNTIME_DIRECTORY/control.sock, <state_dir>/control.sock and
 * /run/onekey-agent/control.sock, in this order; an agent that works on another state
 * directory is passed by. Paths may be longer than a socket address holds.
 *
 *     switch (control_client_ask(&request, on_row, owner, &end, &err)) {
 *     case CONTROL_ANSWERED:  end.exit is the command's exit code, end.error says why
 *     case CONTROL_NO_DAEMON: open the database and use the same struct answer
 *     case CONTROL_FAILED:    err: no permission (it names the group), it went away, ...
 *     }
 */
#ifndef CONTROL_CONTROL_CLIENT_H
#define CONTROL_CONTROL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "control/control_files.h"

enum control_outcome {
    CONTROL_ANSWERED,
    CONTROL_NO_DAEMON,
    CONTROL_FAILED,
};

struct control_request {
    const char *command;   /* as in answer.h */
    json_t *arguments;     /* borrowed; an object, or NULL for none */
    const char *state_dir; /* whose agent is meant */
    int64_t timeout_ms;    /* without a byte from the agent; 0: 30 s */

    /* Open files that go with it, at most CONTROL_FILES_MAX; borrowed, they stay open here. */
    const int *files;
    size_t file_count;
};

struct control_end {
    bool broke; /* of CONTROL_FAILED: the agent went away in the middle; it may have done it */
    int exit;
    char error[512]; /* "" for none; print it through printable.h */
};

/* One row of the answer, borrowed. false, with *err filled, ends the asking with it. */
typedef bool control_row_fn(void *owner, json_t *row, struct err *err);

/*
 * Errors: ERR_IO (no permission, the connection broke), ERR_BUSY (it does not answer),
 * ERR_PROTOCOL (what it says is not understood, or a row of over 8 MiB), or on_row's.
 */
enum control_outcome control_client_ask(const struct control_request *request,
                                        control_row_fn *on_row, void *owner,
                                        struct control_end *end, struct err *err);

#endif
