/*
 * tree.h - a throw-away folder for tests of what looks at files.
 *
 * Paths are relative to it. Every call that fails ends the test program: a test that
 * could not set its stage must not pass.
 */
#ifndef TESTS_TREE_H
#define TESTS_TREE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Five bytes short of the longest file name. */
#define TREE_NAME_250                                                                              \
    "01234567890123456789012345678901234567890123456789"                                           \
    "01234567890123456789012345678901234567890123456789"                                           \
    "01234567890123456789012345678901234567890123456789"                                           \
    "01234567890123456789012345678901234567890123456789"                                           \
    "01234567890123456789012345678901234567890123456789"

struct tree {
    char path[64];
    int fd;
};

static inline int tree_ok(int result, const char *what)
{
    if (result >= 0)
        return result;
    perror(what);
    exit(99);
}

/* In memory if possible: ext4 is slow at making thousands of files where as many were just deleted.
 */
static inline void tree_make(struct tree *tree)
{
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    snprintf(tree->path, sizeof tree->path, "%s/agent-test-XXXXXX", parent);
    tree_ok(mkdtemp(tree->path) ? 0 : -1, "mkdtemp");
    tree->fd = tree_ok(open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), tree->path);
}

static inline void tree_dir(const struct tree *tree, const char *relpath)
{
    tree_ok(mkdirat(tree->fd, relpath, 0755), relpath);
}

static inline void tree_file(const struct tree *tree, const char *relpath, const char *text)
{
    int fd =
        tree_ok(openat(tree->fd, relpath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), relpath);

    tree_ok((int)write(fd, text, strlen(text)), relpath);
    close(fd);
}

static inline void tree_link(const struct tree *tree, const char *target, const char *relpath)
{
    tree_ok(symlinkat(target, tree->fd, relpath), relpath);
}

static inline void tree_socket(const struct tree *tree, const char *relpath)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = tree_ok(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", tree->path, relpath);
    tree_ok(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
    close(fd);
}

static inline void tree_move(const struct tree *tree, const char *from, const char *to)
{
    tree_ok(renameat(tree->fd, from, tree->fd, to), from);
}

static inline void tree_clear(int parent_fd, const char *name)
{
    int fd = tree_ok(openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), name);
    DIR *dir = fdopendir(fd);

    tree_ok(dir ? 0 : -1, name);
    for (struct dirent *found; dir && (found = readdir(dir));) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, found->d_name, 0) < 0)
            tree_clear(fd, found->d_name);
    }
    if (dir)
        closedir(dir);
    tree_ok(unlinkat(parent_fd, name, AT_REMOVEDIR), name);
}

static inline void tree_remove(struct tree *tree)
{
    close(tree->fd);
    tree_clear(AT_FDCWD, tree->path);
}

/* For leak checks: how many descriptors are open. */
static inline int tree_count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    if (!dir)
        return -1;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

#endif
