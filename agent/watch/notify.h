/*
 * notify.h - inotify as a hint: something may have happened there, go and look.
 *
 * The truth is the scan (scan.h). One struct notify per watched root, with its own
 * descriptor under uv_poll, so that one noisy folder cannot drown another. libuv's
 * watcher is not used: it drops queue overflows and has no close-write event.
 *
 * A directory is watched first and read afterwards, both by the scan in its worker;
 * the path of the new watch is learnt on the loop, a moment later. Promises:
 *  - whatever is written into a directory after notify_watch() is reported: by
 *    on_name, or, when its path was not known yet or had just changed, by
 *    on_directory once it is;
 *  - hooks run on the loop, from the poll callback or notify_learn(); each wake-up
 *    reads a bounded number of bytes, so a fast writer cannot starve the loop;
 *  - a watch is removed only while no scan runs, as a worker may just have got it.
 *
 * One scan at a time may use a notify: of two, the one that read an older path could be
 * the last to tell it, and the directory's events would go astray for ever.
 *
 * Deletions and moves away of files are not reported: they are seen when looked at.
 */
#ifndef WATCH_NOTIFY_H
#define WATCH_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"

struct notify;

/*
 * Paths are relative to the root ("" is the root itself) and borrowed. All hooks are
 * needed, must be short (set a bit, arm a timer) and may call notify_free().
 */
struct notify_hooks {
    /* Made here, moved here, or closed after writing. A new directory is not watched yet: scan it
     */
    void (*on_name)(void *owner, const char *directory, const char *name, bool is_directory);
    /*
     * Events may have been missed: scan this directory and what lies below it. After a
     * move this comes for the directory and then for those below it: one scan answers all.
     */
    void (*on_directory)(void *owner, const char *directory);
    /* It was deleted, moved away or unmounted: what was found below has another path or none. */
    void (*on_directory_gone)(void *owner, const char *directory);
    /* Events were lost anywhere: scan the whole root. May come often: coalesce. */
    void (*on_overflow)(void *owner);
    /* The root was moved, deleted or unmounted: this notify is blind. Free it, open the root anew.
     */
    void (*on_root_lost)(void *owner);
};

/* NULL when there are too many instances or descriptors; the message names the sysctl. */
struct notify *notify_new(uv_loop_t *loop, const struct notify_hooks *hooks, void *owner,
                          struct err *err);

/* No scan may be running. closed() comes from the loop, later; no hook does any more. */
void notify_free(struct notify *notify, void (*closed)(void *owner), void *owner);

size_t notify_count(const struct notify *notify); /* directories watched */

/*
 * Watches an open directory and returns the watch's number, or -1: the limit is
 * reached (the message names the sysctl) or the file system cannot: that directory
 * has to be polled. Blocking; may be called from any thread.
 */
int notify_watch(const struct notify *notify, int directory_fd, struct err *err);

/* During a scan: the path of a watch; one that is known already is replaced. Loop thread. */
void notify_learn(struct notify *notify, int watch, const char *directory);

/*
 * Around a scan that calls notify_watch(); on the loop thread. whole: every directory
 * of the root was met, so that watches of others are removed.
 */
void notify_scan_begin(struct notify *notify);
void notify_scan_end(struct notify *notify, bool whole);

/* Takes what was read from the descriptor; for tests, which cannot ask the kernel for it all. */
void notify_take(struct notify *notify, const void *bytes, size_t size);

/*
 * True where changes by other hosts or by a user-space daemon raise no event here
 * (NFS, SMB, FUSE, 9p, Ceph, ...): poll. notify_fs_is_remote() blocks on a dead
 * server; false when the path cannot be asked.
 */
bool notify_fs_is_remote(const char *path);
bool notify_magic_is_remote(uint64_t magic);

#endif
