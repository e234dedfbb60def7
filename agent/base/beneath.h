/*
 * beneath.h - files below a folder in which strangers may write.
 *
 * The one place that opens watched files. A path is taken relative to an open root
 * and can never lead out of it, whatever somebody puts there between two calls:
 * "..", absolute paths and links that point outside are refused by the kernel
 * (openat2), or component by component where the kernel or a sandbox has no openat2.
 * Only regular files are opened; a FIFO, a device or a socket is recognised first,
 * since opening alone may wake a writer or start a watchdog.
 *
 * All calls block: on the loop they belong into a worker (uv_queue_work). They keep
 * no state and may run in any thread. They need /proc/self/fd.
 *
 * Failures: ERR_GONE (no such file), ERR_INPUT (it will never do: leads out, is a
 * FIFO, no permission), ERR_IO (local trouble, try again).
 */
#ifndef BASE_BENEATH_H
#define BASE_BENEATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

/* What tells one state of a file from another. Names and link counts are no part of it. */
struct beneath_facts {
    int64_t size;
    int64_t mtime_ns; /* since 1970 */
    uint64_t dev;     /* for finding hard links; minor numbers of network mounts change */
    uint64_t ino;
};

struct beneath_facts beneath_facts_of(const struct stat *stat);

/* Size, mtime and inode are equal; on network file systems inodes do not count. */
bool beneath_facts_equal(const struct beneath_facts *one, const struct beneath_facts *other,
                         bool network);

enum beneath_links {
    BENEATH_NO_LINKS,     /* a symbolic link anywhere in the path is refused */
    BENEATH_LINKS_INSIDE, /* links are followed as long as they stay below the root */
};

struct beneath_file {
    int fd;            /* -1: none */
    struct stat facts; /* of what is open */
    char *target;      /* a regular file's path below the root when a link led there, else NULL */
};

void beneath_file_release(struct beneath_file *file);

#define BENEATH_FILE_NONE ((struct beneath_file){.fd = -1})
#define auto_beneath      __attribute__((cleanup(beneath_file_release)))

/*
 * Opens a watched folder itself (O_PATH): the path may contain links, it is the
 * administrator's. Missing, not a directory or not permitted is ERR_INPUT.
 */
bool beneath_open_root(const char *path, int *fd, struct err *err);

/* Opens a regular file for reading. On success the caller releases *out. */
bool beneath_open_file(int root_fd, const char *relpath, enum beneath_links links,
                       struct beneath_file *out, struct err *err);

/* Opens a directory for reading, no links followed; "" is the root itself. */
bool beneath_open_directory(int root_fd, const char *relpath, int *fd, struct err *err);

/*
 * What is there, without opening it: out->fd is an O_PATH descriptor of any kind of
 * file. beneath_look() takes a link as what it is, beneath_resolve() follows it.
 * Both return an errno value, 0 for found: ENOENT (missing, a dangling link), ELOOP (a
 * circle; a link on the way for beneath_look()), EXDEV (leads out).
 */
int beneath_look(int root_fd, const char *relpath, struct beneath_file *out);
int beneath_resolve(int root_fd, const char *relpath, struct beneath_file *out);

/* Opens the regular file that either found for reading, in its place. An errno value. */
int beneath_reopen(struct beneath_file *file);

/* "is a FIFO, not a regular file"; NULL for a regular file. */
const char *beneath_kind_text(mode_t mode);

#endif
