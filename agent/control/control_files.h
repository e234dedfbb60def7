/*
 * control_files.h - open files that travel with a request over the control socket.
 *
 * The daemon may not see the caller's folder (namespaces of its own, another user), so a
 * caller opens its files and passes the descriptors (SCM_RIGHTS, unix(7)). They arrive in
 * the order in which they were given, close-on-exec, and sharing the caller's offset.
 *
 * Nothing is promised of what arrives: a descriptor may be a directory, a socket, or open
 * for writing only. Who takes one looks at it.
 *
 * recvmsg() here and not libuv's handle passing: uv_accept() is made for streams (a file
 * is UV_FILE, which it does not take), and libuv 1.44 queues descriptors without a limit.
 */
#ifndef CONTROL_CONTROL_FILES_H
#define CONTROL_CONTROL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/err.h"

enum { CONTROL_FILES_MAX = 2 };

/* All zero: none. */
struct control_files {
    int fd[CONTROL_FILES_MAX]; /* owned; -1 where it was taken */
    size_t count;
};

/* Closes what was not taken; none are left. */
void control_files_release(struct control_files *files);

/* The caller's from now on. -1: there is none, or it was taken before. */
int control_files_take(struct control_files *files, size_t index);

/*
 * As send() that does not wait: -1 and errno, EAGAIN for later. The files, borrowed, go
 * with the first of the bytes: once anything was sent, count is 0 for the rest.
 */
ssize_t control_files_send(int socket_fd, struct iovec bytes, const int *files, size_t count);

/*
 * As recv() that does not wait. *size is 0 at the end of the stream and -1 while nothing
 * is there. What came with the bytes is added to files. ERR_USAGE: they are more than
 * CONTROL_FILES_MAX in all, those beyond are closed; ERR_BUSY: this process may open no
 * more; ERR_IO: the connection broke.
 */
bool control_files_receive(int socket_fd, struct iovec room, struct control_files *files,
                           ssize_t *size, struct err *err);

#define auto_control_files __attribute__((cleanup(control_files_release)))

#endif
