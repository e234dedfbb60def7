/*
 * control_socket.h - the file control.sock in a directory: made, found, removed.
 *
 * Addressed through the open directory (/proc/self/fd/N/control.sock): a socket address
 * holds 108 bytes, a state directory's path may be longer.
 */
#ifndef CONTROL_CONTROL_SOCKET_H
#define CONTROL_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define CONTROL_SOCKET_NAME "control.sock"

/* What was made, so that only that is removed. */
struct control_socket {
    int fd; /* bound, not listening yet; non-blocking */
    dev_t device;
    ino_t inode;
};

/*
 * Replaces a socket on which nobody listens. The file never has a wider mode than 0660.
 * ERR_CONFIG (no such group, not a member), ERR_BUSY (somebody listens), ERR_IO.
 */
bool control_socket_make(int dir_fd, const char *group, struct control_socket *made,
                         struct err *err);
void control_socket_remove(int dir_fd, const struct control_socket *made);

/* flags: SOCK_NONBLOCK or 0, then it waits up to timeout_ms. An errno value, 0 for connected. */
int control_socket_connect(int dir_fd, int flags, int64_t timeout_ms, int *fd);

#endif
