#include "watch/notify.h"

#include <assert.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    READ_SIZE = 16 * 1024, /* per wake-up: some 500 events, then others have their turn */
    MAX_EARLY = 64,        /* watches heard of before they were learnt */
    MAX_SWEEP = 512,       /* stale watches removed after one scan */
    FIRST_SLOTS = 64,      /* a power of two */
};

/*
 * Few events, as the queue is finite: a close or a move ends the writing of a file; a
 * creation alone announces directories, hard links and symbolic links. MODIFY would
 * fill the queue with one event per write and says nothing; ATTRIB, DELETE and
 * MOVED_FROM tell of nothing new. Links are not followed since the path that is
 * watched is a descriptor's.
 */
static const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF |
                             IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

/* One watched directory. The kernel's number stays with the inode when it is moved. */
struct slot {
    char *path; /* NULL: the slot is free */
    int watch;
    uint32_t round; /* the scan that met it last */
    uint32_t moves; /* of directories, known when the scan began that told its path */
};

struct notify {
    uv_poll_t poll;
    int fd;
    struct notify_hooks hooks;
    void *owner;
    void (*closed)(void *owner); /* set: being freed */
    void *closed_owner;

    struct slot *slots; /* open addressing by watch number, at most half full */
    size_t slot_count;
    size_t count;

    bool is_scanning;
    uint32_t round; /* counts scans */
    uint32_t moves; /* counts moves of directories */
    uint32_t moves_at_scan;
    int early[MAX_EARLY];
    size_t early_count;
};

/* --------------------------------------------------------------- the table of watches */

static size_t slot_home(const struct notify *notify, int watch)
{
    return (size_t)watch & (notify->slot_count - 1); // numbers are given out in sequence
}

/* The slot of that watch, or the free one where it belongs. */
static struct slot *slot_of(const struct notify *notify, int watch)
{
    size_t i = slot_home(notify, watch);

    while (notify->slots[i].path && notify->slots[i].watch != watch)
        i = (i + 1) & (notify->slot_count - 1);
    return &notify->slots[i];
}

static void grow(struct notify *notify)
{
    struct slot *old = notify->slots;
    size_t old_count = notify->slot_count;

    notify->slot_count = old_count ? 2 * old_count : FIRST_SLOTS;
    notify->slots = xcalloc(notify->slot_count, sizeof *notify->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].path)
            *slot_of(notify, old[i].watch) = old[i];
    }
    free(old);
}

/* Closes the gap, so that no later slot of the same run becomes unreachable. */
static void slot_remove(struct notify *notify, struct slot *slot)
{
    size_t wrap = notify->slot_count - 1;
    size_t gap = (size_t)(slot - notify->slots);

    free(slot->path);
    slot->path = NULL;
    notify->count--;
    for (size_t i = (gap + 1) & wrap; notify->slots[i].path; i = (i + 1) & wrap) {
        size_t home = slot_home(notify, notify->slots[i].watch);

        if (((i - home) & wrap) < ((i - gap) & wrap))
            continue;
        notify->slots[gap] = notify->slots[i];
        notify->slots[i].path = NULL;
        gap = i;
    }
}

/* -------------------------------------------------------------------------- the events */

/*
 * An event of a watch whose path is still on its way from the worker. What it told is
 * not lost: learning the path asks for another look at that directory.
 */
static void note_early(struct notify *notify, int watch)
{
    if (!notify->is_scanning)
        return; // a removed watch's last words
    for (size_t i = 0; i < notify->early_count; i++) {
        if (notify->early[i] == watch)
            return;
    }
    if (notify->early_count == MAX_EARLY)
        notify->hooks.on_overflow(notify->owner);
    else
        notify->early[notify->early_count++] = watch;
}

static bool forget_early(struct notify *notify, int watch)
{
    for (size_t i = 0; i < notify->early_count; i++) {
        if (notify->early[i] != watch)
            continue;
        notify->early[i] = notify->early[--notify->early_count];
        return true;
    }
    return false;
}

static void tell_gone(struct notify *notify, const struct slot *slot)
{
    if (*slot->path)
        notify->hooks.on_directory_gone(notify->owner, slot->path);
    else
        notify->hooks.on_root_lost(notify->owner);
}

static void take_event(struct notify *notify, const struct inotify_event *event, const char *name)
{
    if (event->mask & IN_Q_OVERFLOW) {
        notify->hooks.on_overflow(notify->owner);
        return;
    }

    struct slot *slot = slot_of(notify, event->wd);
    if (event->mask & IN_IGNORED) { // the kernel dropped the watch; why was said before
        forget_early(notify, event->wd);
        if (slot->path)
            slot_remove(notify, slot);
        return;
    }
    if (event->mask & IN_MOVE_SELF)
        notify->moves++;
    if (!slot->path)
        note_early(notify, event->wd);
    else if (event->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT))
        tell_gone(notify, slot);
    else if (event->len > 0)
        notify->hooks.on_name(notify->owner, slot->path, name, event->mask & IN_ISDIR);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct notify *notify = poll->data;
    char bytes[READ_SIZE];

    (void)events;
    if (status < 0) { // libuv stopped the handle
        notify->hooks.on_root_lost(notify->owner);
        return;
    }

    // one read, not until EAGAIN: what is left makes the descriptor readable again
    ssize_t size = read(notify->fd, bytes, sizeof bytes);
    if (size > 0)
        notify_take(notify, bytes, (size_t)size);
}

static void on_closed(uv_handle_t *handle)
{
    struct notify *notify = handle->data;
    void (*closed)(void *owner) = notify->closed;
    void *owner = notify->closed_owner;

    close(notify->fd);
    for (size_t i = 0; i < notify->slot_count; i++)
        free(notify->slots[i].path);
    free(notify->slots);
    free(notify);
    closed(owner);
}

/* Removes watches that a whole scan did not meet: directories moved out of the root. */
static void sweep(struct notify *notify)
{
    int stale[MAX_SWEEP];
    size_t count = 0;

    for (size_t i = 0; i < notify->slot_count && count < MAX_SWEEP; i++) {
        if (notify->slots[i].path && notify->slots[i].round != notify->round)
            stale[count++] = notify->slots[i].watch;
    }
    for (size_t i = 0; i < count; i++) {
        inotify_rm_watch(notify->fd, stale[i]); // fails when the directory is gone: as well
        slot_remove(notify, slot_of(notify, stale[i]));
    }
}

/* ----------------------------------------------------------------------------- public */

struct notify *notify_new(uv_loop_t *loop, const struct notify_hooks *hooks, void *owner,
                          struct err *err)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd < 0 && errno == EMFILE) {
        err_set(err, ERR_IO,
                "watch folder: too many inotify instances (fs.inotify.max_user_instances) or open "
                "files");
        return NULL;
    }
    if (fd < 0) {
        err_sys(err, errno, "start inotify");
        return NULL;
    }

    struct notify *notify = xcalloc(1, sizeof *notify);

    notify->fd = fd;
    notify->hooks = *hooks;
    notify->owner = owner;
    grow(notify);
    // a new descriptor of a kind that epoll takes: neither call has a way to fail
    int failed = uv_poll_init(loop, &notify->poll, fd);
    assert(failed == 0);
    notify->poll.data = notify;
    failed = uv_poll_start(&notify->poll, UV_READABLE, on_readable);
    assert(failed == 0);
    return notify;
}

void notify_free(struct notify *notify, void (*closed)(void *owner), void *owner)
{
    assert(!notify->is_scanning);
    assert(!notify->closed);
    notify->closed = closed;
    notify->closed_owner = owner;
    uv_close((uv_handle_t *)&notify->poll, on_closed);
}

size_t notify_count(const struct notify *notify)
{
    return notify->count;
}

int notify_watch(const struct notify *notify, int directory_fd, struct err *err)
{
    char path[sizeof "/proc/self/fd/-2147483648"];

    // by descriptor: what is watched is what will be read, whoever renames meanwhile
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory_fd);
    int watch = inotify_add_watch(notify->fd, path, mask);
    if (watch < 0 && errno == ENOSPC)
        err_set(err, ERR_IO, "watch directory: the limit fs.inotify.max_user_watches is reached");
    else if (watch < 0)
        err_sys(err, errno, "watch directory");
    return watch;
}

void notify_learn(struct notify *notify, int watch, const char *directory)
{
    struct slot *slot = slot_of(notify, watch);
    bool is_late = forget_early(notify, watch);

    if (!slot->path) {
        if (2 * (notify->count + 1) > notify->slot_count) {
            grow(notify);
            slot = slot_of(notify, watch);
        }
        notify->count++;
        slot->watch = watch;
        slot->path = xstrdup(directory);
    } else if (strcmp(slot->path, directory) != 0) {
        // since it was moved, or what it lies in, its events went under the old path. If
        // nothing was moved it is one directory mounted at two places, which must not ask
        // for scans for ever
        is_late = is_late || slot->moves != notify->moves;
        text_replace(&slot->path, directory);
    }
    slot->round = notify->round;
    slot->moves = notify->moves_at_scan;
    if (is_late && !notify->closed)
        notify->hooks.on_directory(notify->owner, directory);
}

void notify_scan_begin(struct notify *notify)
{
    assert(!notify->is_scanning);
    notify->is_scanning = true;
    notify->round++;
    notify->moves_at_scan = notify->moves;
}

void notify_scan_end(struct notify *notify, bool whole)
{
    assert(notify->is_scanning);
    notify->is_scanning = false;
    notify->early_count = 0;
    if (whole)
        sweep(notify);
}

void notify_take(struct notify *notify, const void *bytes, size_t size)
{
    const char *at = bytes;
    struct inotify_event event;

    // a hook may free the notify, which then hears no more
    while (size >= sizeof event && !notify->closed) {
        memcpy(&event, at, sizeof event);
        if (event.len > size - sizeof event)
            return;
        if (event.len > 0 && at[sizeof event + event.len - 1] != '\0')
            return;
        take_event(notify, &event, at + sizeof event);
        at += sizeof event + event.len;
        size -= sizeof event + event.len;
    }
}

bool notify_magic_is_remote(uint64_t magic)
{
    static const uint32_t remote[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,
        0xff534d42,       // cifs
        0xfe534d42,       // smb3
        FUSE_SUPER_MAGIC, // sshfs, GlusterFS, rclone, virtual machines' shares
        V9FS_MAGIC,       CEPH_SUPER_MAGIC, AFS_SUPER_MAGIC,
        AFS_FS_MAGIC,     CODA_SUPER_MAGIC, OCFS2_SUPER_MAGIC,
        0x01161970, // gfs2
        0x0bd00bd0, // Lustre
        0x47504653, // GPFS
        0x19830326, // BeeGFS
        0x20030528, // OrangeFS
        0xaad7aaea, // PanFS
        0x0000564c, // NetWare
        0x786f4256, // VirtualBox shared folders
        0xbacbacbc, // VMware shared folders
        0x7c7c6673, // Parallels shared folders
    };

    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++) {
        if (remote[i] == (uint32_t)magic) // the field is signed where long has 32 bits
            return true;
    }
    return false;
}

bool notify_fs_is_remote(const char *path)
{
    struct statfs facts;
    int result;

    do {
        result = statfs(path, &facts);
    } while (result < 0 && errno == EINTR);
    return result == 0 && notify_magic_is_remote((uint64_t)facts.f_type);
}
