/*
 * control.h - the daemon's control socket: commands read and steer the running agent.
 *
 * A Unix socket "control.sock" in the runtime or the state directory, mode 0660. The
 * file's mode and group are the access check: under PrivateUsers= peer credentials show
 * other users as 65534.
 *
 * Protocol, JSON lines in UTF-8, one request per connection, with it up to two open files
 * (SCM_RIGHTS, control_files.h):
 *
 *   -> {"v":1,"command":"status","arguments":{...},"state_dir":"/abs/path" or null}
 *   <- {"row":{...}}                       any number
 *   <- {"end":{"exit":0,"error":null}}     exactly one, then the connection is closed
 *
 * answer.h lists commands and arguments. exit is the command's exit code; error says what
 * went wrong (64: not understood, 69: this agent is not meant, 75: too many clients). An
 * agent with another state directory adds "other_state_dir":true to the end.
 *
 * Promises:
 *  - at most 64 clients, more are told so and closed; a request is at most 64 KiB and
 *    must be there within 10 s; who does not read for 30 s is dropped;
 *  - rows are made only while less than 256 KiB wait for that client, in slices of a
 *    millisecond or two, in turn: neither a slow client nor a long listing harms anybody;
 *  - a file that the answer did not take is closed, however the request ends; a request
 *    that brings more than two is refused (64);
 *  - nothing runs from inside control_new() or control_free();
 *  - SIGPIPE is ignored from control_new() on, since libuv's writes would raise it.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "control/answer.h"
#include "control/control_files.h"

struct control;

struct control_options {
    int dir_fd;            /* borrowed: the folder for control.sock */
    const char *state_dir; /* absolute; which requests are meant for this agent */
    const char *group;     /* that may connect; NULL: the process's own */

    /*
     * Makes the answer to a request, as answer_new(). arguments may be NULL, files are not:
     * what is taken of them is the answer's, the others are closed right afterwards.
     */
    struct answer *(*answer)(void *owner, const char *command, const json_t *arguments,
                             struct control_files *files, struct err *err);
    void *owner;

    int64_t request_ms; /* 0: 10 s */
    int64_t stall_ms;   /* 0: 30 s */
};

/*
 * The caller holds the lock of the state directory, so a socket that nobody listens on is
 * left over and is replaced. NULL: ERR_CONFIG (no such group, not a member of it),
 * ERR_BUSY (another agent listens there), ERR_IO.
 */
struct control *control_new(uv_loop_t *loop, const struct control_options *options,
                            struct err *err);

/* Drops all clients and removes the socket; closed() is called once handles are closed. */
void control_free(struct control *control, void (*closed)(void *owner), void *owner);

#endif
