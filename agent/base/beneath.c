#include "base/beneath.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"

enum {
    MAX_TRIES = 64, /* openat2 says EAGAIN while somebody renames on the way */
    MAX_LINKS = 40, /* as the kernel's own limit */
    PROC_PATH_SIZE = sizeof "/proc/self/fd/-2147483648",
};

static const char *proc_path(int fd, char path[PROC_PATH_SIZE])
{
    snprintf(path, PROC_PATH_SIZE, "/proc/self/fd/%d", fd);
    return path;
}

/* Takes a descriptor away from its auto_fd. */
static int keep_open(int *fd)
{
    int kept = *fd;

    *fd = -1;
    return kept;
}

/* ------------------------------------------------------ without openat2: step by step */

/*
 * Opens a path of plain names (O_PATH), refusing a link on the way; the last name may
 * be one, which is then opened itself.
 */
static int open_plain(int root_fd, const char *relpath, struct stat *facts)
{
    auto_fd int fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *name = relpath;

    for (bool is_last = false; fd >= 0 && !is_last;) {
        size_t size = strcspn(name, "/");
        auto_free char *part = xstrndup(name, size);
        int next_fd = openat(fd, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        int number = errno;

        close(fd);
        fd = next_fd;
        errno = number;
        if (fd < 0 || fstat(fd, facts) < 0)
            return -1;
        is_last = name[size] == '\0';
        errno = ELOOP;
        if (!is_last && S_ISLNK(facts->st_mode))
            return -1;
        name += size + 1;
    }

    return keep_open(&fd);
}

static bool read_link(int root_fd, const char *relpath, char text[PATH_MAX])
{
    struct stat facts;
    auto_fd int fd = open_plain(root_fd, relpath, &facts);
    ssize_t size = fd >= 0 && S_ISLNK(facts.st_mode) ? readlinkat(fd, "", text, PATH_MAX - 1) : -1;

    if (size < 0)
        return false;
    text[size] = '\0';
    return true;
}

/* One name: "", "." and ".." are taken textually, which is right where no link is left. */
static bool append_name(char path[PATH_MAX], const char *name, size_t size)
{
    size_t used = strlen(path);

    if (size == 0 || (size == 1 && name[0] == '.'))
        return true;
    if (size == 2 && memcmp(name, "..", 2) == 0) {
        char *slash = strrchr(path, '/');

        errno = EXDEV;
        if (used == 0)
            return false;
        *(slash ? slash : path) = '\0';
        return true;
    }
    errno = ENAMETOOLONG;
    if (used + size + 2 > PATH_MAX)
        return false;
    if (used > 0)
        path[used++] = '/';
    memcpy(path + used, name, size);
    path[used + size] = '\0';
    return true;
}

/* Puts the link's text before what is left of the path. */
static bool splice_link(char rest[PATH_MAX], const char *left, const char *link)
{
    char joined[PATH_MAX];

    errno = EXDEV;
    if (link[0] == '/')
        return false;
    errno = ENAMETOOLONG;
    if ((size_t)snprintf(joined, sizeof joined, "%s/%s", link, left) >= sizeof joined)
        return false;
    memcpy(rest, joined, strlen(joined) + 1);
    return true;
}

/* Rewrites a path until no link is left in it; refuses what would lead out. */
static bool resolve_text(int root_fd, const char *relpath, enum beneath_links links,
                         char out[PATH_MAX])
{
    char rest[PATH_MAX] = "";
    int followed = 0;

    out[0] = '\0';
    if (!splice_link(rest, "", relpath))
        return false;
    for (char *name = rest; *name;) {
        size_t size = strcspn(name, "/");
        size_t kept = strlen(out);
        const char *left = name + size + (name[size] == '/');
        char link[PATH_MAX];

        if (!append_name(out, name, size))
            return false;
        name += left - name;
        if (links == BENEATH_NO_LINKS || !*out || !read_link(root_fd, out, link))
            continue;
        out[kept] = '\0';
        errno = ELOOP;
        if (++followed > MAX_LINKS || !splice_link(rest, left, link))
            return false;
        name = rest;
    }
    return true;
}

static int open_stepwise(int root_fd, const char *relpath, enum beneath_links links, int flags)
{
    char plain[PATH_MAX];

    if (!resolve_text(root_fd, relpath, links, plain))
        return -1;

    struct stat facts;
    auto_fd int fd = open_plain(root_fd, *plain ? plain : ".", &facts);

    if (fd < 0)
        return -1;
    errno = ELOOP;
    if (S_ISLNK(facts.st_mode) && !(flags & O_NOFOLLOW))
        return -1;
    if (flags & O_DIRECTORY)
        return openat(fd, ".", flags | O_CLOEXEC);
    return keep_open(&fd);
}

/* ------------------------------------------------------------------------ with openat2 */

static int open_beneath(int root_fd, const char *relpath, enum beneath_links links, int flags)
{
    const struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
                   (links == BENEATH_NO_LINKS ? RESOLVE_NO_SYMLINKS : 0),
    };
    const char *path = *relpath ? relpath : ".";

    for (int tries = 0; tries < MAX_TRIES; tries++) {
        long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof how);

        if (fd >= 0)
            return (int)fd;
        // old kernels say ENOSYS; sandboxes that do not know the call, EPERM
        if (errno == ENOSYS || errno == EPERM)
            return open_stepwise(root_fd, path, links, flags);
        if (errno != EAGAIN && errno != EINTR)
            break;
    }
    return -1;
}

static bool fail_open(const char *relpath, int number, struct err *err)
{
    auto_free char *name = printable_new(relpath);

    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ESTALE:
        return err_set(err, ERR_GONE, "open %s: no such file", name);
    case EXDEV:
        return err_set(err, ERR_INPUT, "open %s: leads out of the watched folder", name);
    case ELOOP:
        return err_set(err, ERR_INPUT, "open %s: a symbolic link that is not followed", name);
    case EACCES:
    case EPERM:
        return err_set(err, ERR_INPUT, "open %s: permission denied", name);
    case ENAMETOOLONG:
        return err_set(err, ERR_INPUT, "open %s: the path is too long", name);
    case ENOSYS:
        return err_set(err, ERR_IO, "open %s: /proc is not mounted", name);
    default:
        return err_sys(err, number, "open %s", name);
    }
}

static bool read_proc_link(int fd, char text[PATH_MAX])
{
    char path[PROC_PATH_SIZE];
    ssize_t size = readlink(proc_path(fd, path), text, PATH_MAX - 1);

    if (size < 0)
        return false;
    text[size] = '\0';
    return true;
}

/*
 * Fills out->target when the open regular file is not the one that relpath spells. Returns an
 * errno value: ENOENT when it was deleted meanwhile, ESTALE when the folder was moved.
 */
static int find_target(int root_fd, const char *relpath, struct beneath_file *out)
{
    char root[PATH_MAX];
    char path[PATH_MAX];

    if (!read_proc_link(root_fd, root) || !read_proc_link(out->fd, path))
        return errno;
    if (out->facts.st_nlink == 0)
        return ENOENT; // the path says " (deleted)", which a file may also be called

    size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(path, root, size) != 0 || path[size] != '/')
        return ESTALE;
    if (strcmp(path + size + 1, relpath) != 0)
        out->target = xstrdup(path + size + 1);
    return 0;
}

static int locate(int root_fd, const char *relpath, enum beneath_links links, int flags,
                  struct beneath_file *out)
{
    int number = 0;

    *out = BENEATH_FILE_NONE;
    out->fd = open_beneath(root_fd, relpath, links, O_PATH | flags);
    if (out->fd < 0)
        return errno;
    if (fstat(out->fd, &out->facts) < 0)
        number = errno;
    else if (links == BENEATH_LINKS_INSIDE && S_ISREG(out->facts.st_mode))
        number = find_target(root_fd, relpath, out);
    if (number != 0)
        beneath_file_release(out);
    return number;
}

/* ----------------------------------------------------------------------------- public */

struct beneath_facts beneath_facts_of(const struct stat *stat)
{
    return (struct beneath_facts){
        .size = stat->st_size,
        .mtime_ns = (int64_t)stat->st_mtim.tv_sec * 1000000000 + stat->st_mtim.tv_nsec,
        .dev = stat->st_dev,
        .ino = stat->st_ino,
    };
}

bool beneath_facts_equal(const struct beneath_facts *one, const struct beneath_facts *other,
                         bool network)
{
    return one->size == other->size && one->mtime_ns == other->mtime_ns &&
           (network || one->ino == other->ino);
}

void beneath_file_release(struct beneath_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->target);
    *file = BENEATH_FILE_NONE;
}

bool beneath_open_root(const char *path, int *fd, struct err *err)
{
    int root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root_fd < 0) {
        int number = errno;
        auto_free char *name = printable_new(path);

        err_sys(err, number, "open folder %s", name);
        if (number == ENOENT || number == ENOTDIR || number == EACCES || number == ELOOP ||
            number == ENAMETOOLONG)
            err->kind = ERR_INPUT;
        return false;
    }
    *fd = root_fd;
    return true;
}

int beneath_look(int root_fd, const char *relpath, struct beneath_file *out)
{
    return locate(root_fd, relpath, BENEATH_NO_LINKS, O_NOFOLLOW, out);
}

int beneath_resolve(int root_fd, const char *relpath, struct beneath_file *out)
{
    return locate(root_fd, relpath, BENEATH_LINKS_INSIDE, 0, out);
}

int beneath_reopen(struct beneath_file *file)
{
    char path[PROC_PATH_SIZE];

    assert(S_ISREG(file->facts.st_mode)); // opening anything else may have effects
    // through the descriptor, so that it cannot be another file by now
    int fd = open(proc_path(file->fd, path), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ENOSYS : errno; // even a deleted file opens: no /proc
    close(file->fd);
    file->fd = fd;
    // opening is what makes a network file system tell the truth
    return fstat(fd, &file->facts) < 0 ? errno : 0;
}

bool beneath_open_file(int root_fd, const char *relpath, enum beneath_links links,
                       struct beneath_file *out, struct err *err)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
    int number = locate(root_fd, relpath, links, 0, &file);

    if (number != 0)
        return fail_open(relpath, number, err);
    if (!S_ISREG(file.facts.st_mode)) {
        auto_free char *name = printable_new(relpath);

        return err_set(err, ERR_INPUT, "open %s: %s", name, beneath_kind_text(file.facts.st_mode));
    }
    number = beneath_reopen(&file);
    if (number != 0)
        return fail_open(relpath, number, err);
    *out = file;
    file = BENEATH_FILE_NONE;
    return true;
}

bool beneath_open_directory(int root_fd, const char *relpath, int *fd, struct err *err)
{
    int directory_fd = open_beneath(root_fd, relpath, BENEATH_NO_LINKS,
                                    O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOCTTY);

    if (directory_fd < 0)
        return fail_open(relpath, errno, err);
    *fd = directory_fd;
    return true;
}

const char *beneath_kind_text(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return NULL;
    case S_IFDIR:
        return "is a directory, not a regular file";
    case S_IFIFO:
        return "is a FIFO, not a regular file";
    case S_IFSOCK:
        return "is a socket, not a regular file";
    case S_IFCHR:
    case S_IFBLK:
        return "is a device, not a regular file";
    case S_IFLNK:
        return "is a symbolic link, not a regular file";
    default:
        return "is no regular file";
    }
}
