/*
 * control_files.c - the two calls of the socket that can carry descriptors.
 *
 * Every descriptor that the kernel opens for us has an owner before anything else is
 * looked at: kept in the struct, or closed here. There is no way out between.
 */
#include "control/control_files.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One more than are taken: so one too many is told from one that could not be opened. */
enum { ARRIVE_MAX = CONTROL_FILES_MAX + 1 };

/* What does not fit in here the kernel closes by itself, without ever opening it for us. */
union ancillary {
    char bytes[CMSG_SPACE(ARRIVE_MAX * sizeof(int))];
    struct cmsghdr aligned;
};

/* Keeps what may be kept; returns how many there were beyond. */
static size_t keep(struct control_files *files, const struct cmsghdr *header)
{
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    size_t beyond = 0;

    for (size_t i = 0; i < count; i++) {
        int fd;

        /* Only bytes are promised to be there: no alignment. */
        memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
        if (files->count < CONTROL_FILES_MAX) {
            files->fd[files->count++] = fd;
        } else {
            close(fd);
            beyond++;
        }
    }
    return beyond;
}

static bool keep_all(struct control_files *files, struct msghdr *message, struct err *err)
{
    size_t beyond = 0;

    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
            beyond += keep(files, header);
    }
    if (beyond > 0) {
        return err_set(err, ERR_USAGE, "take the request's files: there are more than %d",
                       CONTROL_FILES_MAX);
    }
    if (message->msg_flags & MSG_CTRUNC) {
        return err_set(err, ERR_BUSY,
                       "take the request's files: the agent may open no more (its limit of open "
                       "files, or a security policy)");
    }
    return true;
}

void control_files_release(struct control_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        if (files->fd[i] >= 0)
            close(files->fd[i]);
    }
    files->count = 0;
}

int control_files_take(struct control_files *files, size_t index)
{
    if (index >= files->count)
        return -1;
    int fd = files->fd[index];
    files->fd[index] = -1; /* it keeps its place: the other's index stays */
    return fd;
}

ssize_t control_files_send(int socket_fd, struct iovec bytes, const int *files, size_t count)
{
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    union ancillary room = {{0}};

    assert(count <= CONTROL_FILES_MAX);
    if (count > 0) {
        message.msg_control = room.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof *files);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof *files);
        memcpy(CMSG_DATA(header), files, count * sizeof *files);
    }
    return sendmsg(socket_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool control_files_receive(int socket_fd, struct iovec room, struct control_files *files,
                           ssize_t *size, struct err *err)
{
    union ancillary ancillary;
    struct msghdr message = {
        .msg_iov = &room,
        .msg_iovlen = 1,
        .msg_control = ancillary.bytes,
        .msg_controllen = sizeof ancillary.bytes,
    };

    *size = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (*size >= 0)
        return keep_all(files, &message, err);
    return errno == EAGAIN || errno == EINTR || err_sys(err, errno, "read the request");
}
