#include "watch/walk.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "watch/notify.h"

enum {
    MAX_STEPS = 4096, /* names looked at per batch: a work item that finds nothing ends, too */
    NO_TEXT = 0,      /* text starts with a byte that nothing refers to */
};

struct level {
    DIR *dir;
    size_t path_size;
};

struct walk {
    struct scan_options options; /* its strings point to the three below */
    char *root, *below;
    char **paths;
    size_t next_path;
    bool has_begun;
    bool is_partial; /* trouble that may pass kept a directory from being read */
    int root_fd;
    struct level levels[SCAN_MAX_DEPTH];
    size_t depth;
    char path[PATH_MAX]; /* of what is looked at */
    size_t path_size;
    struct scan_report report;
    struct err err;
};

/* --------------------------------------------------------------------------- batches */

static size_t keep_text(struct walk_batch *batch, const char *text)
{
    size_t size = strlen(text) + 1;
    size_t at = batch->text_size ? batch->text_size : 1;

    if (at + size > batch->text_room) {
        batch->text_room = 2 * (at + size) + PATH_MAX;
        batch->text = xrealloc(batch->text, batch->text_room);
    }
    memcpy(batch->text + at, text, size);
    batch->text_size = at + size;
    return at;
}

static struct scan_entry *add(struct walk *walk, struct walk_batch *batch, enum scan_kind kind)
{
    assert(batch->count < SCAN_BATCH);
    struct scan_entry *entry = &batch->entries[batch->count];

    *entry = (struct scan_entry){.kind = kind};
    batch->paths[batch->count] = keep_text(batch, walk->path);
    batch->targets[batch->count] = NO_TEXT;
    batch->watches[batch->count] = -1;
    batch->count++;
    return entry;
}

static void add_unreadable(struct walk *walk, struct walk_batch *batch, int number)
{
    add(walk, batch, SCAN_UNREADABLE)->number = number;
    walk->report.unreadable++;
}

static void set_pointers(struct walk_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct scan_entry *entry = &batch->entries[i];

        entry->relpath = batch->text + batch->paths[i];
        entry->target = batch->targets[i] == NO_TEXT ? NULL : batch->text + batch->targets[i];
    }
}

/* ------------------------------------------------------------------------------ looking */

static bool has_vanished(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ESTALE;
}

static void add_file(struct walk *walk, struct walk_batch *batch, const struct stat *stat)
{
    struct scan_entry *entry = add(walk, batch, S_ISREG(stat->st_mode) ? SCAN_FILE : SCAN_SPECIAL);

    entry->mode = stat->st_mode;
    entry->facts = beneath_facts_of(stat);
    walk->report.files += S_ISREG(stat->st_mode);
}

static void look_at_link(struct walk *walk, struct walk_batch *batch, mode_t mode)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
    bool is_followed = walk->options.links == BENEATH_LINKS_INSIDE;
    int number = is_followed ? beneath_resolve(walk->root_fd, walk->path, &file) : 0;
    bool is_file = is_followed && number == 0 && S_ISREG(file.facts.st_mode);

    if (is_file && walk->options.open_each)
        number = beneath_reopen(&file);
    if (number == EXDEV) {
        add(walk, batch, SCAN_LINK_OUTSIDE)->mode = mode;
    } else if (number == ELOOP || has_vanished(number)) {
        add(walk, batch, SCAN_LINK_BROKEN)->mode = mode;
    } else if (number != 0) {
        add_unreadable(walk, batch, number);
    } else if (!is_file) {
        add(walk, batch, SCAN_LINK_OTHER)->mode = is_followed ? file.facts.st_mode : mode;
    } else {
        struct scan_entry *entry = add(walk, batch, SCAN_LINK);

        entry->mode = file.facts.st_mode;
        entry->facts = beneath_facts_of(&file.facts);
        batch->targets[batch->count - 1] = keep_text(batch, file.target);
    }
}

static void look_at_file(struct walk *walk, struct walk_batch *batch, const struct stat *stat)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;

    if (S_ISLNK(stat->st_mode)) {
        look_at_link(walk, batch, stat->st_mode);
        return;
    }
    if (!walk->options.open_each || !S_ISREG(stat->st_mode)) {
        add_file(walk, batch, stat);
        return;
    }

    int number = beneath_look(walk->root_fd, walk->path, &file);
    if (number == 0 && S_ISREG(file.facts.st_mode))
        number = beneath_reopen(&file);
    if (number == 0)
        add_file(walk, batch, &file.facts);
    else if (!has_vanished(number))
        add_unreadable(walk, batch, number);
}

static void look_at_path(struct walk *walk, struct walk_batch *batch, const char *relpath)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
    size_t size = strlen(relpath);
    int number = ENAMETOOLONG;

    walk->path[0] = '\0';
    if (size < sizeof walk->path) {
        memcpy(walk->path, relpath, size + 1);
        number = beneath_look(walk->root_fd, relpath, &file);
    }
    if (has_vanished(number))
        add(walk, batch, SCAN_GONE);
    else if (number != 0)
        add_unreadable(walk, batch, number);
    else if (S_ISDIR(file.facts.st_mode))
        add(walk, batch, SCAN_DIRECTORY)->mode = file.facts.st_mode;
    else
        look_at_file(walk, batch, &file.facts);
}

/* ------------------------------------------------------------------------------ walking */

/* Appends a name to the path; false when it would be one that no call can take. */
static bool descend_path(struct walk *walk, const char *name)
{
    size_t base = walk->levels[walk->depth - 1].path_size;
    size_t size = strlen(name);

    walk->path_size = base;
    walk->path[base] = '\0';
    if (base + size + 2 > sizeof walk->path)
        return false;
    if (base > 0)
        walk->path[base++] = '/';
    memcpy(walk->path + base, name, size + 1);
    walk->path_size = base + size;
    return true;
}

/* Watched first, read afterwards: what comes in between is seen twice, never missed. */
static int watch(struct walk *walk, int fd)
{
    struct err err = {0};

    if (!walk->options.notify)
        return -1;

    int number = notify_watch(walk->options.notify, fd, &err);
    if (number < 0 && walk->report.unwatched++ == 0)
        walk->report.unwatched_why = err;
    return number;
}

/* The directory at walk->path, open as take_fd. */
static void push(struct walk *walk, struct walk_batch *batch, int take_fd)
{
    int number = watch(walk, take_fd);
    DIR *dir = fdopendir(take_fd);

    if (!dir)
        abort(); // a directory, open for reading: only out of memory
    walk->levels[walk->depth++] = (struct level){.dir = dir, .path_size = walk->path_size};
    add(walk, batch, SCAN_DIRECTORY)->mode = S_IFDIR;
    batch->watches[batch->count - 1] = number;
}

static void pop(struct walk *walk)
{
    closedir(walk->levels[--walk->depth].dir);
}

static void enter(struct walk *walk, struct walk_batch *batch, int parent_fd, const char *name)
{
    if (walk->depth == SCAN_MAX_DEPTH) {
        add(walk, batch, SCAN_TOO_DEEP)->mode = S_IFDIR;
        walk->report.unreadable++;
        return;
    }

    // one name, no link: it cannot lead out of the directory that is open
    int fd = openat(parent_fd, name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) {
        push(walk, batch, fd);
    } else if (!has_vanished(errno) && errno != ELOOP) {
        walk->is_partial |= errno != EACCES && errno != EPERM;
        add_unreadable(walk, batch, errno);
    }
}

static void consider(struct walk *walk, struct walk_batch *batch, const struct dirent *found)
{
    int parent_fd = dirfd(walk->levels[walk->depth - 1].dir);
    bool is_directory = found->d_type == DT_DIR;
    struct stat stat;

    if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
        return;
    if (!descend_path(walk, found->d_name)) {
        add_unreadable(walk, batch, ENAMETOOLONG);
        return;
    }
    if (found->d_type == DT_UNKNOWN &&
        fstatat(parent_fd, found->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
        is_directory = S_ISDIR(stat.st_mode);
    if (walk->options.skip && walk->options.skip(walk->options.rules, walk->path, is_directory))
        return;
    if (is_directory)
        enter(walk, batch, parent_fd, found->d_name);
    else if (fstatat(parent_fd, found->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
        look_at_file(walk, batch, &stat);
    else if (!has_vanished(errno))
        add_unreadable(walk, batch, errno);
}

static void read_level(struct walk *walk, struct walk_batch *batch)
{
    struct level *level = &walk->levels[walk->depth - 1];

    errno = 0;
    const struct dirent *found = readdir(level->dir);
    if (found) {
        consider(walk, batch, found);
    } else if (errno != 0) {
        walk->is_partial = true;
        walk->path[level->path_size] = '\0';
        add_unreadable(walk, batch, errno);
        pop(walk);
    } else {
        walk->report.directories++;
        pop(walk);
    }
}

static bool begin(struct walk *walk, struct walk_batch *batch)
{
    size_t size = strlen(walk->below);
    struct stat stat;
    int fd;

    if (!beneath_open_root(walk->options.root, &walk->root_fd, &walk->err))
        return false;
    if (fstat(walk->root_fd, &stat) < 0)
        return err_sys(&walk->err, errno, "stat the watched folder");
    walk->report.root_dev = stat.st_dev;
    walk->report.root_ino = stat.st_ino;
    if (walk->options.paths)
        return true;
    if (size >= sizeof walk->path)
        return err_set(&walk->err, ERR_INPUT, "scan directory: the path is too long");
    if (!beneath_open_directory(walk->root_fd, walk->below, &fd, &walk->err))
        return false;
    memcpy(walk->path, walk->below, size + 1);
    walk->path_size = size;
    push(walk, batch, fd);
    return true;
}

/* One name; adds one entry at most. False at the end. */
static bool step(struct walk *walk, struct walk_batch *batch)
{
    if (!walk->has_begun) {
        walk->has_begun = true;
        return begin(walk, batch);
    }
    if (walk->options.paths) {
        if (walk->next_path == walk->options.path_count)
            return false;
        look_at_path(walk, batch, walk->paths[walk->next_path++]);
        return true;
    }
    if (walk->depth == 0)
        return false;
    read_level(walk, batch);
    return true;
}

static void close_all(struct walk *walk)
{
    while (walk->depth > 0)
        pop(walk);
    if (walk->root_fd >= 0)
        close(walk->root_fd);
    walk->root_fd = -1;
}

/* ----------------------------------------------------------------------------- public */

void walk_batch_clear(struct walk_batch *batch)
{
    batch->count = 0;
    batch->text_size = 0;
}

void walk_batch_release(struct walk_batch *batch)
{
    free(batch->text);
    *batch = (struct walk_batch){0};
}

struct walk *walk_new(const struct scan_options *options)
{
    struct walk *walk = xcalloc(1, sizeof *walk);

    walk->options = *options;
    walk->root_fd = -1;
    walk->options.root = walk->root = xstrdup(options->root);
    walk->options.below = walk->below = xstrdup(options->below ? options->below : "");
    walk->paths = xcalloc(options->path_count + 1, sizeof *walk->paths);
    for (size_t i = 0; i < options->path_count; i++)
        walk->paths[i] = xstrdup(options->paths[i]);
    return walk;
}

bool walk_fill(struct walk *walk, struct walk_batch *batch, const atomic_bool *cancelled)
{
    bool has_more = true;

    assert(batch->count == 0);
    for (int i = 0; has_more && i < MAX_STEPS && batch->count < SCAN_BATCH; i++)
        has_more = !atomic_load_explicit(cancelled, memory_order_relaxed) && step(walk, batch);
    set_pointers(batch);
    if (!has_more)
        close_all(walk);
    return has_more;
}

const struct scan_report *walk_report(const struct walk *walk)
{
    return &walk->report;
}

const struct err *walk_err(const struct walk *walk)
{
    return &walk->err;
}

bool walk_is_whole(const struct walk *walk)
{
    return walk->err.kind == ERR_OK && !walk->is_partial && !walk->options.paths && !*walk->below;
}

void walk_free(struct walk *walk)
{
    assert(walk->depth == 0);
    for (size_t i = 0; i < walk->options.path_count; i++)
        free(walk->paths[i]);
    free(walk->paths);
    free(walk->root);
    free(walk->below);
    free(walk);
}
