#include "test.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "base/mem.h"
#include "tree.h"
#include "watch/notify.h"
#include "watch/scan.h"

/* What inotify_add_watch says instead of watching; 0: the kernel is asked. */
static atomic_int add_watch_errno;

/* The program's own definition wins over the C library's: limits cannot be set by a test. */
int fake_add_watch(int fd, const char *path, uint32_t mask) __asm__("inotify_add_watch");

int fake_add_watch(int fd, const char *path, uint32_t mask)
{
    if (atomic_load(&add_watch_errno) == 0)
        return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
    errno = atomic_load(&add_watch_errno);
    return -1;
}

/* One scan as its owner saw it. */
struct seen {
    struct op *op;
    size_t cancel_at; /* entries after which it is cancelled; 0: never */
    size_t count;
    size_t files;
    size_t largest_batch;
    struct scan_report report;
    struct err err;
    int ends;
};

static struct tree tree;
static uv_loop_t loop;

static void on_batch(void *owner, const struct scan_entry *entries, size_t count)
{
    struct seen *seen = owner;

    assert_int_equal(seen->ends, 0);
    seen->largest_batch = count > seen->largest_batch ? count : seen->largest_batch;
    seen->count += count;
    for (size_t i = 0; i < count; i++)
        seen->files += entries[i].kind == SCAN_FILE;
    if (seen->cancel_at > 0 && seen->count >= seen->cancel_at)
        seen->op->cancel(seen->op);
}

static void on_end(void *owner, const struct scan_report *report, const struct err *err)
{
    struct seen *seen = owner;

    seen->ends++;
    seen->report = *report;
    if (err)
        seen->err = *err;
}

static const struct scan_hooks scan_hooks = {.on_batch = on_batch, .on_end = on_end};

static struct scan_options options_here(void)
{
    return (struct scan_options){.root = tree.path, .links = BENEATH_LINKS_INSIDE};
}

/* Runs a scan to its end; what it saw before is dropped. */
static void scan_all(struct seen *seen, const struct scan_options *options)
{
    *seen = (struct seen){0};
    seen->op = scan_start(&loop, options, &scan_hooks, seen);
    assert_int_equal(seen->ends, 0);
    while (seen->ends == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(seen->ends, 1);
}

static int set_up(void **state)
{
    (void)state;
    tree_make(&tree);
    return uv_loop_init(&loop);
}

static int tear_down(void **state)
{
    (void)state;
    tree_remove(&tree);
    return uv_loop_close(&loop);
}

static void plant_many(const char *directory, int count)
{
    char path[64];

    tree_dir(&tree, directory);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%05d", directory, i);
        close(tree_ok(openat(tree.fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), path));
    }
}

static void twenty_thousand_files_come_in_small_batches(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    plant_many("one", 15000);
    plant_many("two", 5000);
    scan_all(&seen, &options);
    assert_int_equal(seen.err.kind, ERR_OK);
    assert_int_equal(seen.files, 20000);
    assert_int_equal(seen.report.files, 20000);
    assert_int_equal(seen.report.directories, 3);
    assert_in_range(seen.largest_batch, 1, SCAN_BATCH);
}

static void a_scan_without_a_root_says_so_once(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    options.root = "/nonexistent/folder";
    scan_all(&seen, &options);
    assert_int_equal(seen.err.kind, ERR_INPUT);
    assert_int_equal(seen.count, 0);
}

static void named_paths_come_as_entries(void **state)
{
    static const char *const paths[] = {"here", "gone", "."};
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    tree_file(&tree, "here", "1");
    tree_file(&tree, "not_asked_for", "1");
    options.paths = paths;
    options.path_count = COUNT_OF(paths);
    scan_all(&seen, &options);
    assert_int_equal(seen.err.kind, ERR_OK);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.files, 1);
}

static void a_cancelled_scan_ends_once_and_leaves_nothing_open(void **state)
{
    static const size_t cancel_at[] = {1, 300, 900};
    int fds = tree_count_fds();

    (void)state;
    plant_many("one", 1200);
    for (size_t i = 0; i < COUNT_OF(cancel_at); i++) {
        struct seen seen = {.cancel_at = cancel_at[i]};
        struct scan_options options = options_here();

        seen.op = scan_start(&loop, &options, &scan_hooks, &seen);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(seen.ends, 1);
        assert_int_equal(seen.err.kind, ERR_CANCELLED);
        assert_in_range(seen.count, cancel_at[i], cancel_at[i] + SCAN_BATCH);
    }

    struct seen seen = {0};
    struct scan_options options = options_here();
    seen.op = scan_start(&loop, &options, &scan_hooks, &seen);
    seen.op->cancel(seen.op);
    assert_int_equal(seen.ends, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.ends, 1);
    assert_int_equal(seen.count, 0);
    assert_int_equal(seen.err.kind, ERR_CANCELLED);
    assert_in_range(tree_count_fds() - fds, 0, 1); // the loop's own
}

/* ------------------------------------------------------------------ together with notify */

enum { MAX_PENDING = 64 };

/*
 * What an owner of both does: every hint becomes a scan, one at a time, and every file
 * that a scan or a look finds is ticked off.
 */
struct owner {
    struct notify *notify;
    uint8_t *found; /* by the number in a file's name */
    size_t found_count;
    char *pending[MAX_PENDING]; /* directories to scan; the first is being scanned */
    size_t pending_count;
    bool is_root_due;
    bool closed;
};

static void owner_next(struct owner *owner);

static void on_found(void *data, const struct scan_entry *entries, size_t count)
{
    struct owner *owner = data;

    for (size_t i = 0; i < count; i++) {
        const char *name = strrchr(entries[i].relpath, '/');

        if (entries[i].kind != SCAN_FILE)
            continue;
        size_t number = strtoul(name ? name + 1 : entries[i].relpath, NULL, 10);
        owner->found_count += !owner->found[number];
        owner->found[number] = 1;
    }
}

static void on_scanned(void *data, const struct scan_report *report, const struct err *err)
{
    struct owner *owner = data;

    (void)report;
    assert_true(!err || err->kind == ERR_GONE);
    free(owner->pending[0]);
    owner->pending_count--;
    memmove(owner->pending, owner->pending + 1, owner->pending_count * sizeof owner->pending[0]);
    owner_next(owner);
}

/* The directory, or "" for the root; unless a scan that has not begun will meet it. */
static void owner_scan(struct owner *owner, const char *below)
{
    if (owner->is_root_due)
        return;
    for (size_t i = 1; i < owner->pending_count; i++) {
        size_t size = strlen(owner->pending[i]);

        if (strncmp(owner->pending[i], below, size) == 0 &&
            (size == 0 || below[size] == '\0' || below[size] == '/'))
            return;
    }
    if (owner->pending_count == MAX_PENDING) {
        owner->is_root_due = true;
        return;
    }
    owner->pending[owner->pending_count++] = xstrdup(below);
    if (owner->pending_count == 1)
        owner_next(owner);
}

static void on_name(void *data, const char *directory, const char *name, bool is_directory)
{
    struct owner *owner = data;
    auto_free char *relpath = xasprintf("%s%s%s", directory, *directory ? "/" : "", name);

    if (is_directory) {
        owner_scan(owner, relpath);
        return;
    }
    // a hint is worth what a look at it says: the path may be an old one
    const struct scan_entry entry = {.relpath = relpath, .kind = SCAN_FILE};
    if (faccessat(tree.fd, relpath, F_OK, 0) == 0)
        on_found(owner, &entry, 1);
}

static void on_directory(void *data, const char *directory)
{
    owner_scan(data, directory);
}

static void on_directory_gone(void *data, const char *directory)
{
    (void)data;
    (void)directory;
}

static void on_overflow(void *data)
{
    owner_scan(data, "");
}

static void on_root_lost(void *data)
{
    (void)data;
    fail_msg("the root was not touched");
}

static void on_notify_closed(void *data)
{
    struct owner *owner = data;

    owner->closed = true;
}

static const struct notify_hooks notify_hooks = {
    .on_name = on_name,
    .on_directory = on_directory,
    .on_directory_gone = on_directory_gone,
    .on_overflow = on_overflow,
    .on_root_lost = on_root_lost,
};

static void owner_next(struct owner *owner)
{
    static const struct scan_hooks hooks = {.on_batch = on_found, .on_end = on_scanned};
    struct scan_options options = options_here();

    if (owner->pending_count == 0 && owner->is_root_due)
        owner->pending[owner->pending_count++] = xstrdup("");
    if (owner->pending_count == 0)
        return;
    if (!*owner->pending[0])
        owner->is_root_due = false;
    options.below = owner->pending[0];
    options.notify = owner->notify;
    scan_start(&loop, &options, &hooks, owner);
}

static void owner_open(struct owner *owner, size_t numbers)
{
    struct err err = {0};

    *owner = (struct owner){.found = xcalloc(numbers, 1)};
    owner->notify = notify_new(&loop, &notify_hooks, owner, &err);
    assert_non_null(owner->notify);
    owner_scan(owner, "");
}

static void owner_close(struct owner *owner)
{
    notify_free(owner->notify, on_notify_closed, owner);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(owner->closed);
    free(owner->found);
}

static void on_deadline(uv_timer_t *timer)
{
    bool *has_passed = timer->data;

    *has_passed = true;
}

/* Runs the loop until so many files were found and no scan runs. */
static void run_until_found(struct owner *owner, size_t count)
{
    bool has_passed = false;
    uv_timer_t deadline = {.data = &has_passed};

    uv_timer_init(&loop, &deadline);
    uv_timer_start(&deadline, on_deadline, 30000, 0);
    while (!has_passed && (owner->found_count < count || owner->pending_count > 0))
        uv_run(&loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&deadline, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    if (has_passed)
        fail_msg("%zu of %zu files found", owner->found_count, count);
}

static void a_new_directory_is_found_with_the_files_that_are_in_it_already(void **state)
{
    struct owner owner;

    (void)state;
    owner_open(&owner, 10);
    run_until_found(&owner, 0);
    assert_int_equal(notify_count(owner.notify), 1);
    tree_dir(&tree, "new");
    tree_file(&tree, "new/1", "");
    tree_dir(&tree, "new/sub");
    tree_file(&tree, "new/sub/2", "");
    run_until_found(&owner, 2);
    assert_int_equal(notify_count(owner.notify), 3);
    tree_file(&tree, "new/sub/3", "");
    run_until_found(&owner, 3);
    tree_move(&tree, "new", "moved");
    tree_file(&tree, "moved/sub/4", "");
    run_until_found(&owner, 4);
    tree_clear(tree.fd, "moved");
    tree_dir(&tree, "moved");
    tree_file(&tree, "moved/5", "");
    run_until_found(&owner, 5);
    owner_scan(&owner, "");
    run_until_found(&owner, 5);
    assert_int_equal(notify_count(owner.notify), 2);
    owner_close(&owner);
}

enum { WRITTEN = 4000 };

/* Directories come, are filled and renamed while the scans run. */
static void write_files(void *data)
{
    char directory[32];
    char path[64];

    (void)data;
    for (int i = 0; i < WRITTEN; i++) {
        if (i % 10 == 0) {
            snprintf(directory, sizeof directory, "d%d", i);
            tree_dir(&tree, directory);
        }
        snprintf(path, sizeof path, "%s/%d", directory, i);
        tree_file(&tree, path, "");
        if (i % 20 == 5) {
            char moved[32];

            snprintf(moved, sizeof moved, "m%d", i);
            tree_move(&tree, directory, moved);
            memcpy(directory, moved, sizeof directory);
        }
    }
}

static void whatever_a_writer_does_meanwhile_no_file_is_missed(void **state)
{
    struct owner owner;
    uv_thread_t writer;

    (void)state;
    owner_open(&owner, WRITTEN);
    assert_int_equal(uv_thread_create(&writer, write_files, NULL), 0);
    run_until_found(&owner, WRITTEN);
    uv_thread_join(&writer);
    owner_close(&owner);
}

static void directories_without_a_watch_are_counted_and_read_all_the_same(void **state)
{
    struct owner owner;
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    tree_dir(&tree, "dir");
    tree_file(&tree, "dir/1", "");
    owner_open(&owner, 10);
    run_until_found(&owner, 1);
    options.notify = owner.notify;
    atomic_store(&add_watch_errno, ENOSPC);
    scan_all(&seen, &options);
    atomic_store(&add_watch_errno, 0);
    assert_int_equal(seen.err.kind, ERR_OK);
    assert_int_equal(seen.files, 1);
    assert_int_equal(seen.report.unwatched, 2);
    assert_non_null(strstr(seen.report.unwatched_why.message, "max_user_watches"));
    scan_all(&seen, &options);
    assert_int_equal(seen.report.unwatched, 0);
    owner_close(&owner);
}

#define SCAN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCAN_TEST(twenty_thousand_files_come_in_small_batches),
        SCAN_TEST(a_scan_without_a_root_says_so_once),
        SCAN_TEST(named_paths_come_as_entries),
        SCAN_TEST(a_cancelled_scan_ends_once_and_leaves_nothing_open),
        SCAN_TEST(a_new_directory_is_found_with_the_files_that_are_in_it_already),
        SCAN_TEST(whatever_a_writer_does_meanwhile_no_file_is_missed),
        SCAN_TEST(directories_without_a_watch_are_counted_and_read_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
