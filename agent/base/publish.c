#include "base/publish.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"

static const char temporary_prefix[] = ".onekey-agent.";

enum { TEMPORARY_DIGITS = 16, COMPARED_BYTES = 16384 };

/* Names are other people's: they are shown as printable.h does. */
static bool fail_on(const char *verb, const char *name, int number, struct err *err)
{
    auto_free char *shown = printable_new(name);

    return err_sys(err, number, "%s %s", verb, shown);
}

/* The kernel would follow "..", and no name that path_name.h made has such a component. */
static bool check_relpath(const char *relpath, struct err *err)
{
    size_t size = 0;

    for (const char *name = relpath;; name += size + 1) {
        size = strcspn(name, "/");
        if (size <= 2 && strspn(name, ".") >= size) {
            auto_free char *shown = printable_new(relpath);

            return err_set(err, ERR_INPUT, "write %s: not a path below the folder", shown);
        }
        if (name[size] == '\0')
            return true;
    }
}

/* 0755 whatever the umask: others are to read what is published. */
static int make_one(int parent, const char *name)
{
    if (mkdirat(parent, name, 0755) != 0)
        return errno == EEXIST ? 0 : -1;
    return fchmodat(parent, name, 0755, 0);
}

static bool make_folder(const char *path, struct err *err)
{
    auto_free char *part = xstrdup(path);

    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_one(AT_FDCWD, part) != 0)
            return fail_on("make folder", part, errno, err);
        *slash = '/';
    }
    if (make_one(AT_FDCWD, part) != 0)
        return fail_on("make folder", part, errno, err);
    return true;
}

bool publish_open(const char *folder, struct publish *file, struct err *err)
{
    uint64_t random = 0;

    *file = (struct publish){.folder_fd = -1, .fd = -1};
    if (!make_folder(folder, err))
        return false;
    file->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->folder_fd < 0)
        return fail_on("open folder", folder, errno, err);
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = (uint64_t)getpid(); /* O_EXCL below still keeps two apart */
    snprintf(file->temporary, sizeof file->temporary, "%s%0*jx.tmp", temporary_prefix,
             TEMPORARY_DIGITS, (uintmax_t)random);
    file->fd = openat(file->folder_fd, file->temporary,
                      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        fail_on("make a temporary file in", folder, errno, err);
        publish_discard(file);
        return false;
    }
    return true;
}

/* Opens one level below; links are not followed. */
static int step_into(int parent, const char *name, bool makes_missing, struct err *err)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT && makes_missing) {
        if (make_one(parent, name) != 0) {
            fail_on("make folder", name, errno, err);
            return -1;
        }
        fsync(parent); /* the new folder's name; a failure shows at the next write */
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0)
        fail_on("open folder", name, errno, err);
    return fd;
}

/* The folder that holds the file, or will; *name is the last component, within relpath. */
static int open_parent(int folder_fd, char *relpath, bool makes_missing, const char **name,
                       struct err *err)
{
    int fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
    char *rest = relpath;

    if (fd < 0) {
        err_sys(err, errno, "open the folder again");
        return -1;
    }
    for (char *slash = strchr(rest, '/'); slash; slash = strchr(rest, '/')) {
        *slash = '\0';
        int next = step_into(fd, rest, makes_missing, err);
        close(fd);
        if (next < 0)
            return -1;
        fd = next;
        rest = slash + 1;
    }
    *name = rest;
    return fd;
}

static bool put_in_place(struct publish *file, const char *relpath, struct err *err)
{
    auto_free char *path = xstrdup(relpath);
    const char *name = NULL;
    auto_fd int parent = open_parent(file->folder_fd, path, true, &name, err);

    if (parent < 0)
        return false;
    if (renameat(file->folder_fd, file->temporary, parent, name) != 0)
        return fail_on("rename to", relpath, errno, err);
    file->temporary[0] = '\0';
    if (fsync(parent) != 0 || fsync(file->folder_fd) != 0)
        return fail_on("sync the folder of", relpath, errno, err);
    return true;
}

bool publish_sync(struct publish *file, struct err *err)
{
    return fsync(file->fd) == 0 || err_sys(err, errno, "sync a temporary file");
}

/* The last component of relpath, opened for reading; -1 unless it is a file of that size. */
static int open_sized(const struct publish *file, const char *relpath, off_t size)
{
    auto_free char *path = xstrdup(relpath);
    const char *name = NULL;
    struct stat facts;
    struct err err;
    auto_fd int parent = open_parent(file->folder_fd, path, false, &name, &err);

    if (parent < 0)
        return -1;
    /* O_NONBLOCK: a FIFO with that name must not hold anybody up. */
    int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size == size)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Fills bytes from that place up to the end of the file; -1 for trouble. */
static ssize_t read_at(int fd, char *bytes, size_t size, off_t at)
{
    size_t have = 0;

    while (have < size) {
        ssize_t got = pread(fd, bytes + have, size - have, at + (off_t)have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

bool publish_is_same(const struct publish *file, const char *relpath)
{
    char ours[COMPARED_BYTES];
    char theirs[COMPARED_BYTES];
    struct stat facts;
    struct err err;

    if (!check_relpath(relpath, &err) || fstat(file->fd, &facts) != 0)
        return false;
    auto_fd int fd = open_sized(file, relpath, facts.st_size);
    if (fd < 0)
        return false;
    for (off_t at = 0; at < facts.st_size; at += COMPARED_BYTES) {
        ssize_t got = read_at(file->fd, ours, sizeof ours, at);

        if (got <= 0 || read_at(fd, theirs, sizeof theirs, at) != got ||
            memcmp(ours, theirs, (size_t)got) != 0)
            return false;
    }
    return true;
}

bool publish_commit(struct publish *file, const char *relpath, unsigned mode, struct err *err)
{
    assert(file->fd >= 0 && relpath[0] != '/' && relpath[0] != '\0');
    if (!check_relpath(relpath, err))
        return false;
    if (fchmod(file->fd, (mode_t)mode) != 0)
        return fail_on("set the mode of", relpath, errno, err);
    if (fsync(file->fd) != 0)
        return fail_on("sync", relpath, errno, err);
    if (!put_in_place(file, relpath, err))
        return false;
    publish_discard(file);
    return true;
}

void publish_discard(struct publish *file)
{
    if (file->temporary[0] && file->fd >= 0)
        unlinkat(file->folder_fd, file->temporary, 0);
    if (file->fd >= 0)
        close(file->fd);
    if (file->folder_fd >= 0)
        close(file->folder_fd);
    *file = (struct publish){.folder_fd = -1, .fd = -1};
}

static bool write_all(int fd, const char *bytes, size_t size, struct err *err)
{
    while (size > 0) {
        ssize_t put = write(fd, bytes, size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_sys(err, errno, "write");
        bytes += put;
        size -= (size_t)put;
    }
    return true;
}

bool publish_add(struct publish *file, const void *bytes, size_t size, struct err *err)
{
    return write_all(file->fd, bytes, size, err);
}

bool publish_bytes(const char *folder, const char *relpath, const void *bytes, size_t size,
                   unsigned mode, struct err *err)
{
    struct publish file;

    if (!publish_open(folder, &file, err))
        return false;
    bool ok = write_all(file.fd, bytes, size, err) && publish_commit(&file, relpath, mode, err);
    publish_discard(&file);
    return ok;
}

static bool rename_between(int from, int to, const char *name, uint64_t inode, struct err *err)
{
    struct stat facts;

    if (fstatat(from, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_on("look at", name, errno, err);
    if (!S_ISREG(facts.st_mode) || (uint64_t)facts.st_ino != inode) {
        auto_free char *shown = printable_new(name);

        return err_set(err, ERR_CHANGED, "%s is another file by now; it stays", shown);
    }
    if (renameat2(from, name, to, name, RENAME_NOREPLACE) != 0)
        return fail_on("move", name, errno, err);
    if (fsync(to) != 0 || fsync(from) != 0)
        return fail_on("sync the folders of", name, errno, err);
    return true;
}

bool publish_remove(const char *folder, const char *relpath, struct err *err)
{
    auto_free char *path = xstrdup(relpath);
    const char *name = NULL;

    if (!check_relpath(relpath, err))
        return false;
    auto_fd int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return fail_on("open folder", folder, errno, err);
    auto_fd int parent = open_parent(folder_fd, path, false, &name, err);
    if (parent < 0)
        return false;
    if (unlinkat(parent, name, 0) != 0 && errno != ENOENT)
        return fail_on("remove", relpath, errno, err);
    return fsync(parent) == 0 || fail_on("sync the folder of", relpath, errno, err);
}

bool publish_move(const char *folder, const char *relpath, uint64_t inode, const char *to_folder,
                  struct err *err)
{
    auto_free char *from_path = xstrdup(relpath);
    auto_free char *to_path = xstrdup(relpath);
    const char *name = NULL;

    if (!check_relpath(relpath, err) || !make_folder(to_folder, err))
        return false;
    auto_fd int from = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    auto_fd int to = open(to_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from < 0 || to < 0)
        return fail_on("open", from < 0 ? folder : to_folder, errno, err);
    auto_fd int from_parent = open_parent(from, from_path, false, &name, err);
    auto_fd int to_parent = from_parent < 0 ? -1 : open_parent(to, to_path, true, &name, err);
    return to_parent >= 0 && rename_between(from_parent, to_parent, name, inode, err);
}

static bool is_temporary(const char *name)
{
    const size_t prefix = sizeof temporary_prefix - 1;

    return strncmp(name, temporary_prefix, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == TEMPORARY_DIGITS &&
           strcmp(name + prefix + TEMPORARY_DIGITS, ".tmp") == 0;
}

void publish_clean(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        if (is_temporary(entry->d_name))
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
}

int publish_scratch(const char *folder, struct err *err)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        fail_on("make a scratch file in", folder, errno, err);
    return fd;
}
