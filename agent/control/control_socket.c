/*
 * control_socket.c - making the file without a moment in which it is too open, and
 * removing only what is one's own.
 */
#include "control/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

enum { SOCKET_MODE = 0660, GROUP_ROOM = 16384 };

static struct sockaddr_un address_of(int dir_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" CONTROL_SOCKET_NAME,
             dir_fd);
    return address;
}

/* Hands it on, as auto_take() does with pointers. */
static int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

int control_socket_connect(int dir_fd, int flags, int64_t timeout_ms, int *fd)
{
    const struct sockaddr_un address = address_of(dir_fd);
    const struct timeval limit = {.tv_sec = timeout_ms / 1000,
                                  .tv_usec = (timeout_ms % 1000) * 1000};
    auto_fd int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    /* Connecting waits while the other side's queue is full. */
    if (made < 0 || setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        connect(made, (const struct sockaddr *)&address, sizeof address) != 0)
        return errno;
    *fd = take_fd(&made);
    return 0;
}

static bool give_to_group(int dir_fd, const char *name, struct err *err)
{
    auto_free char *room = xcalloc(1, GROUP_ROOM);
    struct group entry;
    struct group *found;

    if (getgrnam_r(name, &entry, room, GROUP_ROOM, &found) != 0 || !found)
        return err_set(err, ERR_CONFIG, "control.group: there is no group %s", name);
    if (fchownat(dir_fd, CONTROL_SOCKET_NAME, (uid_t)-1, entry.gr_gid, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    err_sys(err, errno, "control.group: give the socket to group %s", name);
    err->kind = ERR_CONFIG; /* trying again would not help */
    return false;
}

/* The caller's lock on the state says that no other agent works here; the runtime
 * directory may be shared by mistake, so it is looked whether somebody answers. */
static bool clear_place(int dir_fd, struct err *err)
{
    struct stat facts;
    auto_fd int fd = -1;

    if (fstatat(dir_fd, CONTROL_SOCKET_NAME, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || err_sys(err, errno, "look at " CONTROL_SOCKET_NAME);
    if (!S_ISSOCK(facts.st_mode))
        return err_set(err, ERR_IO, CONTROL_SOCKET_NAME " is no socket; move it away");
    int number = control_socket_connect(dir_fd, SOCK_NONBLOCK, 0, &fd);
    if (number == 0 || number == EAGAIN)
        return err_set(err, ERR_BUSY, "another agent listens on " CONTROL_SOCKET_NAME);
    if (unlinkat(dir_fd, CONTROL_SOCKET_NAME, 0) != 0 && errno != ENOENT)
        return err_sys(err, errno, "remove the old " CONTROL_SOCKET_NAME);
    return true;
}

static bool hand_over(int dir_fd, const char *group, struct err *err)
{
    if (group && !give_to_group(dir_fd, group, err))
        return false;
    /* The umask may have taken the group's bits away. */
    if (fchmodat(dir_fd, CONTROL_SOCKET_NAME, SOCKET_MODE, 0) != 0)
        return err_sys(err, errno, "chmod " CONTROL_SOCKET_NAME);
    return true;
}

static bool note_file(int dir_fd, struct control_socket *made, struct err *err)
{
    struct stat facts;

    if (fstatat(dir_fd, CONTROL_SOCKET_NAME, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return err_sys(err, errno, "look at " CONTROL_SOCKET_NAME);
    made->device = facts.st_dev;
    made->inode = facts.st_ino;
    return true;
}

bool control_socket_make(int dir_fd, const char *group, struct control_socket *made,
                         struct err *err)
{
    const struct sockaddr_un address = address_of(dir_fd);
    auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return err_sys(err, errno, "make a socket");
    if (!clear_place(dir_fd, err))
        return false;
    /* Linux gives the file the socket's own mode, so there is no moment with a wider one. */
    if (fchmod(fd, SOCKET_MODE) != 0)
        return err_sys(err, errno, "chmod a socket");
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return err_sys(err, errno, "bind " CONTROL_SOCKET_NAME);
    if (!hand_over(dir_fd, group, err) || !note_file(dir_fd, made, err)) {
        unlinkat(dir_fd, CONTROL_SOCKET_NAME, 0);
        return false;
    }
    made->fd = take_fd(&fd);
    return true;
}

/* Somebody may have replaced it meanwhile, as a person who tidies up does. */
void control_socket_remove(int dir_fd, const struct control_socket *made)
{
    struct stat facts;

    if (fstatat(dir_fd, CONTROL_SOCKET_NAME, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
        facts.st_dev == made->device && facts.st_ino == made->inode)
        unlinkat(dir_fd, CONTROL_SOCKET_NAME, 0);
}
