/*
 * scan.h - what is there, now: the truth about a watched folder.
 *
 * One scan walks a root, or what lies below one of its directories, or looks at a few
 * named paths. The walk runs in the thread pool, one batch of entries per work item,
 * and never holds more than two batches and SCAN_MAX_DEPTH open directories, however
 * large the folder is. Promises:
 *  - on_batch and on_end run on the loop, on_end once and last; neither from inside
 *    scan_start() or cancel();
 *  - with a struct notify, a directory is watched before it is read, and its path is
 *    learnt before on_batch sees it. Scans with the same notify come one after the
 *    other (the next one may start in on_end); looks at named paths need not wait;
 *  - the walk never leaves the root: symbolic links are reported, never entered;
 *  - trouble with one entry is an entry; only a root that cannot be opened
 *    (ERR_INPUT: missing, no directory, no permission), a starting directory that is
 *    gone (ERR_GONE), local trouble with either (ERR_IO) and cancelling end it early.
 *    After an error the absence of a path means nothing. The same holds below a
 *    directory that was reported as unreadable or too deep.
 *
 * What vanishes between being listed and being looked at is left out. Mount points are
 * crossed: a build folder on its own disk below the root is normal.
 */
#ifndef WATCH_SCAN_H
#define WATCH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/beneath.h"
#include "base/err.h"
#include "base/op.h"

struct notify;

enum {
    SCAN_BATCH = 256,    /* entries handed over at once, at most */
    SCAN_MAX_DEPTH = 64, /* levels walked; each keeps one descriptor */
};

enum scan_kind {
    SCAN_FILE,         /* regular file */
    SCAN_LINK,         /* leads to a regular file below the root: target and its facts */
    SCAN_LINK_OTHER,   /* leads to a directory or something special; links ignored: any link */
    SCAN_LINK_BROKEN,  /* dangling, or a circle */
    SCAN_LINK_OUTSIDE, /* leads out of the root */
    SCAN_DIRECTORY,    /* is being entered; a named path: exists */
    SCAN_SPECIAL,      /* FIFO, socket, device: mode tells */
    SCAN_UNREADABLE,   /* file or directory; number is the errno value */
    SCAN_TOO_DEEP,     /* directory, not entered */
    SCAN_GONE,         /* a named path that does not exist */
};

/* Borrowed until on_batch returns. */
struct scan_entry {
    const char *relpath; /* bytes as they are: print through printable.h */
    const char *target;  /* SCAN_LINK only, else NULL */
    enum scan_kind kind;
    mode_t mode;
    int number;
    struct beneath_facts facts;
};

/* How a scan went; complete unless on_end got an error. */
struct scan_report {
    uint64_t root_dev, root_ino; /* another pair than last time: the root was replaced */
    uint64_t files;              /* regular ones */
    uint64_t directories;        /* read to their end */
    uint64_t unreadable;         /* entries of that kind, or too deep */
    uint64_t unwatched;          /* directories read that have no watch although notify was given */
    struct err unwatched_why;    /* of the first one */
};

/* Runs in the worker: only what never changes while scans run may be read. */
typedef bool scan_skip_fn(const void *rules, const char *relpath, bool is_directory);

struct scan_options {
    const char *root;         /* absolute path */
    const char *below;        /* walk this directory of it; NULL: all */
    const char *const *paths; /* look at these only, nothing is entered or watched; NULL: walk */
    size_t path_count;
    struct notify *notify; /* NULL: watch nothing. One scan at a time; must outlive it */
    enum beneath_links links;
    bool open_each;     /* open every file, as network file systems tell the truth only then */
    scan_skip_fn *skip; /* true: neither looked at nor entered. Not asked for `paths`; NULL: none */
    const void *rules;  /* for skip; must outlive the scan */
};

struct scan_hooks {
    void (*on_batch)(void *owner, const struct scan_entry *entries, size_t count);
    /* err is NULL when everything was seen. The report is borrowed. */
    void (*on_end)(void *owner, const struct scan_report *report, const struct err *err);
};

/* Copies the strings. Never fails: trouble comes with on_end. */
struct op *scan_start(uv_loop_t *loop, const struct scan_options *options,
                      const struct scan_hooks *hooks, void *owner);

#endif
