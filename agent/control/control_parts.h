/*
 * control_parts.h - what control.c and control_peer.c share; nobody else's.
 *
 *   READING --request--> ANSWERING --last row--> ENDING --all written--> closed
 */
#ifndef CONTROL_CONTROL_PARTS_H
#define CONTROL_CONTROL_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "control/answer.h"
#include "control/control.h"
#include "control/control_files.h"
#include "control/control_line.h"
#include "control/control_socket.h"

enum {
    CONTROL_REQUEST_MAX = 64 * 1024,
    CONTROL_READ_SIZE = 16 * 1024,
};

enum peer_state { PEER_READING, PEER_ANSWERING, PEER_ENDING, PEER_CLOSING };

/*
 * One client. Its control frees it when its handles are closed.
 *
 * libuv's streams cannot read descriptors of files, so the request is read by recvmsg()
 * under uv_poll. A handle of libuv's must have its socket for itself: uv_poll gets a
 * duplicate, and is closed before anything is written.
 */
struct peer {
    uv_pipe_t pipe;
    uv_poll_t poll;
    int poll_fd; /* -1 unless the request is being read */
    unsigned open_handles;
    struct control *control;
    struct peer *next;
    enum peer_state state;
    struct control_line line;
    struct control_files files; /* that came so far */
    struct answer *answer;
    unsigned writes;   /* under way */
    uint64_t moved_at; /* loop time of the last progress */
    size_t queued_then;
};

struct control {
    uv_loop_t *loop;
    struct control_options options;
    char *state_dir; /* both as printable.h has them: JSON carries no other bytes */
    char *real_dir;  /* without links; NULL when that could not be told */
    int dir_fd;
    struct control_socket socket;
    uv_pipe_t listener;
    uv_idle_t idle;
    uv_timer_t timer;
    struct peer *peers; /* the one that waits longest for its turn is first */
    unsigned peer_count;
    unsigned open_handles;
    void (*closed)(void *owner);
    void *closed_owner;
    char read_room[CONTROL_READ_SIZE];
};

/* Handle and memory first; then uv_accept(); then reading or a refusal. */
void peer_start(struct peer *peer);
void peer_read(struct peer *peer);
void peer_refuse(struct peer *peer, int exit, const char *error);
void peer_close(struct peer *peer);

/* It is answered, and not much waits to be written to it: peer_make_slice() is wanted. */
bool peer_is_hungry(const struct peer *peer);
void peer_make_slice(struct peer *peer);

/* Every now and then: drops who neither asks nor reads. */
void peer_check(struct peer *peer, uint64_t now);

/* control.c's: a peer became hungry; a peer's handles are closed. */
void control_wake(struct control *control);
void control_peer_closed(struct peer *peer);

#endif
