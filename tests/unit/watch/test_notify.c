#include "test.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "tree.h"
#include "watch/event_bytes.h"
#include "watch/notify.h"

/* What inotify_add_watch says instead of watching; 0: the kernel is asked. */
static int add_watch_errno;

/* The program's own definition wins over the C library's: limits cannot be set by a test. */
int fake_add_watch(int fd, const char *path, uint32_t mask) __asm__("inotify_add_watch");

int fake_add_watch(int fd, const char *path, uint32_t mask)
{
    if (add_watch_errno == 0)
        return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
    errno = add_watch_errno;
    return -1;
}

/* What the hooks told, as text: "name:dir/file overflow ..." in order. */
struct heard {
    char text[8192];
    unsigned names, overflows;
    struct notify *free_now; /* freed by the first hook that is called */
    bool closed;
};

static struct tree tree;
static uv_loop_t loop;

static void on_closed(void *owner)
{
    struct heard *heard = owner;

    heard->closed = true;
}

static void hear(struct heard *heard, const char *what, const char *directory, const char *name)
{
    size_t used = strlen(heard->text);

    snprintf(heard->text + used, sizeof heard->text - used, "%s%s%s%s ", what, directory,
             *directory ? "/" : "", name);
    if (heard->free_now)
        notify_free(heard->free_now, on_closed, heard);
    heard->free_now = NULL;
}

static void on_name(void *owner, const char *directory, const char *name, bool is_directory)
{
    struct heard *heard = owner;

    heard->names++;
    hear(heard, is_directory ? "dir:" : "name:", directory, name);
}

static void on_directory(void *owner, const char *directory)
{
    hear(owner, "look:", directory, "");
}

static void on_directory_gone(void *owner, const char *directory)
{
    hear(owner, "gone:", directory, "");
}

static void on_overflow(void *owner)
{
    struct heard *heard = owner;

    heard->overflows++;
    hear(owner, "overflow", "", "");
}

static void on_root_lost(void *owner)
{
    hear(owner, "lost", "", "");
}

static const struct notify_hooks hooks = {
    .on_name = on_name,
    .on_directory = on_directory,
    .on_directory_gone = on_directory_gone,
    .on_overflow = on_overflow,
    .on_root_lost = on_root_lost,
};

static struct notify *notify_make(struct heard *heard)
{
    struct err err = {0};
    struct notify *notify = notify_new(&loop, &hooks, heard, &err);

    if (!notify)
        fail_msg("%s", err.message);
    return notify;
}

static int watch(const struct notify *notify, const char *relpath)
{
    struct err err = {0};
    auto_fd int fd = tree_ok(openat(tree.fd, relpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC), relpath);
    int number = notify_watch(notify, fd, &err);

    if (number < 0)
        fail_msg("%s: %s", relpath, err.message);
    return number;
}

/* As a scan does that meets this directory only: "." is the root. */
static int watch_and_learn(struct notify *notify, const char *relpath)
{
    notify_scan_begin(notify);
    int number = watch(notify, relpath);

    notify_learn(notify, number, strcmp(relpath, ".") == 0 ? "" : relpath);
    notify_scan_end(notify, false);
    return number;
}

static void settle_down(struct heard *heard, const char *why, const char *want)
{
    uv_run(&loop, UV_RUN_NOWAIT);
    if (strcmp(heard->text, want) != 0)
        fail_msg("%s: heard \"%s\", want \"%s\"", why, heard->text, want);
    heard->text[0] = '\0';
}

static void free_and_close(struct notify *notify, struct heard *heard)
{
    notify_free(notify, on_closed, heard);
    assert_false(heard->closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(heard->closed);
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

static void what_may_be_a_new_file_is_told_and_nothing_else(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    int fd;

    (void)state;
    watch_and_learn(notify, ".");
    assert_int_equal(notify_count(notify), 1);
    tree_file(&tree, "file", "12");
    settle_down(&heard, "made, then closed after writing", "name:file name:file ");
    tree_move(&tree, "file", "two\nlines\xff");
    settle_down(&heard, "renamed into place", "name:two\nlines\xff ");
    tree_ok(linkat(tree.fd, "two\nlines\xff", tree.fd, "hard", 0), "link");
    settle_down(&heard, "a hard link", "name:hard ");
    tree_link(&tree, "hard", "soft");
    settle_down(&heard, "a symbolic link", "name:soft ");
    tree_dir(&tree, "sub");
    settle_down(&heard, "a directory", "dir:sub ");
    fd = tree_ok(openat(tree.fd, "hard", O_RDWR | O_CLOEXEC), "open");
    assert_int_equal(write(fd, "34", 2), 2);
    settle_down(&heard, "a write is not the end of writing", "");
    close(fd);
    settle_down(&heard, "a close is", "name:hard ");
    close(tree_ok(openat(tree.fd, "hard", O_RDONLY | O_CLOEXEC), "open"));
    tree_ok(unlinkat(tree.fd, "hard", 0), "unlink");
    settle_down(&heard, "reading and deleting", "");
    free_and_close(notify, &heard);
}

static void an_event_before_its_path_is_known_asks_for_a_look(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    int early;
    int quiet;

    (void)state;
    tree_dir(&tree, "early");
    tree_dir(&tree, "quiet");
    notify_scan_begin(notify);
    early = watch(notify, "early");
    quiet = watch(notify, "quiet");
    tree_file(&tree, "early/file", "1");
    settle_down(&heard, "nobody knows where that was", "");
    notify_learn(notify, quiet, "quiet");
    settle_down(&heard, "nothing was missed there", "");
    notify_learn(notify, early, "early");
    settle_down(&heard, "there it was", "look:early/ ");
    notify_learn(notify, early, "early");
    settle_down(&heard, "once", "");
    notify_scan_end(notify, false);
    free_and_close(notify, &heard);
}

static void a_moved_directory_is_looked_at_again_with_what_lies_below(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);

    (void)state;
    tree_dir(&tree, "old");
    tree_dir(&tree, "old/sub");
    watch_and_learn(notify, ".");
    watch_and_learn(notify, "old");
    watch_and_learn(notify, "old/sub");
    tree_move(&tree, "old", "new");
    settle_down(&heard, "moved", "dir:new gone:old/ ");
    tree_file(&tree, "new/sub/file", "1");
    settle_down(&heard, "under its old path until scanned", "name:old/sub/file name:old/sub/file ");
    watch_and_learn(notify, "new");
    watch_and_learn(notify, "new/sub");
    settle_down(&heard, "scanned", "look:new/ look:new/sub/ ");
    assert_int_equal(notify_count(notify), 3);
    tree_file(&tree, "new/sub/file", "1");
    settle_down(&heard, "and under its new path then", "name:new/sub/file ");
    free_and_close(notify, &heard);
}

static void a_move_during_a_scan_is_not_taken_for_a_known_one(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    int number;

    (void)state;
    tree_dir(&tree, "a");
    watch_and_learn(notify, ".");
    notify_scan_begin(notify);
    number = watch(notify, "a");
    tree_move(&tree, "a", "b");
    settle_down(&heard, "moved before its path was told", "dir:b ");
    notify_learn(notify, number, "a"); // the old path, told late
    notify_scan_end(notify, false);
    settle_down(&heard, "told", "look:a/ ");
    tree_file(&tree, "b/file", "1");
    settle_down(&heard, "astray", "name:a/file name:a/file ");
    watch_and_learn(notify, "b");
    settle_down(&heard, "asked for by the new path", "look:b/ ");
    free_and_close(notify, &heard);
}

static void one_directory_under_two_paths_does_not_ask_for_scans_for_ever(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    int number;

    (void)state;
    tree_dir(&tree, "bound");
    number = watch_and_learn(notify, "bound");
    for (int i = 0; i < 10; i++) { // as bind mounts have it: each scan meets both
        notify_learn(notify, number, "here");
        notify_learn(notify, number, "there");
    }
    settle_down(&heard, "nothing happened", "");
    free_and_close(notify, &heard);
}

static void a_deleted_directory_is_told_and_forgotten(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);

    (void)state;
    tree_dir(&tree, "brief");
    watch_and_learn(notify, ".");
    watch_and_learn(notify, "brief");
    tree_ok(unlinkat(tree.fd, "brief", AT_REMOVEDIR), "rmdir");
    tree_dir(&tree, "brief");
    settle_down(&heard, "deleted and made again", "gone:brief/ dir:brief ");
    assert_int_equal(notify_count(notify), 1);
    free_and_close(notify, &heard);
}

static void a_root_that_is_moved_or_deleted_is_lost(void **state)
{
    (void)state;
    for (int is_moved = 0; is_moved < 2; is_moved++) {
        struct heard heard = {0};
        struct notify *notify = notify_make(&heard);

        tree_dir(&tree, "root");
        notify_learn(notify, watch(notify, "root"), "");
        if (is_moved)
            tree_move(&tree, "root", "elsewhere");
        else
            tree_ok(unlinkat(tree.fd, "root", AT_REMOVEDIR), "rmdir");
        settle_down(&heard, is_moved ? "moved" : "deleted", "lost ");
        assert_int_equal(notify_count(notify), is_moved);
        free_and_close(notify, &heard);
    }
}

static void a_whole_scan_drops_watches_of_directories_that_left(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);

    (void)state;
    tree_dir(&tree, "stays");
    tree_dir(&tree, "leaves");
    watch_and_learn(notify, "stays");
    watch_and_learn(notify, "leaves");
    notify_scan_begin(notify);
    notify_learn(notify, watch(notify, "stays"), "stays");
    notify_scan_end(notify, false);
    assert_int_equal(notify_count(notify), 2); // a part of the root says nothing of the rest
    notify_scan_begin(notify);
    notify_learn(notify, watch(notify, "stays"), "stays");
    notify_scan_end(notify, true);
    assert_int_equal(notify_count(notify), 1);
    tree_file(&tree, "leaves/file", "1");
    tree_file(&tree, "stays/file", "1");
    settle_down(&heard, "watched no more", "name:stays/file name:stays/file ");
    free_and_close(notify, &heard);
}

static size_t max_queued(void)
{
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
    char text[32] = "0";

    if (file) {
        assert_non_null(fgets(text, sizeof text, file));
        fclose(file);
    }
    return strtoul(text, NULL, 10);
}

static void a_full_queue_is_told_and_a_fast_writer_has_no_more_than_its_turn(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    size_t limit = max_queued();
    unsigned first;

    (void)state;
    if (limit == 0 || limit > 100000) {
        free_and_close(notify, &heard);
        skip(); // unknown, or too many files for a test
    }
    tree_dir(&tree, "busy");
    notify_learn(notify, watch(notify, "busy"), "");
    for (size_t i = 0; i <= limit; i++) {
        char name[32];

        snprintf(name, sizeof name, "busy/%zu", i % 8192);
        if (i < 8192)
            tree_file(&tree, name, "");
        else
            close(tree_ok(openat(tree.fd, name, O_WRONLY | O_CLOEXEC), name));
    }
    uv_run(&loop, UV_RUN_NOWAIT);
    first = heard.names;
    assert_in_range(first, 1, 1024);
    assert_int_equal(heard.overflows, 0);
    for (int i = 0; i < 10000 && heard.overflows == 0; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(heard.overflows, 1);
    assert_int_equal(heard.names, limit);
    free_and_close(notify, &heard);
}

static void events_that_a_test_cannot_cause_are_understood(void **state)
{
    static const struct {
        const char *why;
        int number;
        uint32_t mask;
        const char *name;
        const char *want;
    } rows[] = {
        {"a full queue", -1, IN_Q_OVERFLOW, NULL, "overflow "},
        {"a file system was unmounted", 2, IN_UNMOUNT, NULL, "gone:dir/ "},
        {"the root's was", 1, IN_UNMOUNT, NULL, "lost "},
        {"a name in a directory", 2, IN_MOVED_TO, "file", "name:dir/file "},
        {"a directory in the root", 1, IN_CREATE | IN_ISDIR, "sub", "dir:sub "},
        {"a watch that was removed long ago", 77, IN_CREATE, "file", ""},
        {"its last word", 77, IN_IGNORED, NULL, ""},
    };
    char bytes[64];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct heard heard = {0};
        struct notify *notify = notify_make(&heard);
        size_t size = put_event(bytes, rows[i].number, rows[i].mask, rows[i].name);

        notify_learn(notify, 1, "");
        notify_learn(notify, 2, "dir");
        notify_take(notify, bytes, size);
        settle_down(&heard, rows[i].why, rows[i].want);
        free_and_close(notify, &heard);
    }
}

static void damaged_events_are_left_alone(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    char bytes[64];
    size_t size = put_event(bytes, 1, IN_CREATE, "file");

    (void)state;
    notify_learn(notify, 1, "");
    for (size_t cut = 0; cut < size; cut++)
        notify_take(notify, bytes, cut);
    memset(bytes + sizeof(struct inotify_event), 'x', 16);
    notify_take(notify, bytes, size);
    settle_down(&heard, "cut off, and without an end", "");
    free_and_close(notify, &heard);
}

static void too_many_unknown_directories_are_an_overflow(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    char bytes[64];

    (void)state;
    notify_scan_begin(notify);
    for (int number = 1; number <= 200; number++) {
        notify_take(notify, bytes, put_event(bytes, number, IN_CREATE, "file"));
        notify_take(notify, bytes, put_event(bytes, number, IN_CREATE, "file"));
    }
    assert_true(heard.overflows > 0);
    heard.text[0] = '\0';
    notify_learn(notify, 1, "one");
    settle_down(&heard, "the first ones are kept", "look:one/ ");
    notify_take(notify, bytes, put_event(bytes, 2, IN_IGNORED, NULL));
    notify_learn(notify, 2, "two");
    settle_down(&heard, "one that died meanwhile", "");
    notify_scan_end(notify, false);
    free_and_close(notify, &heard);
}

static void limits_are_named_as_what_they_are(void **state)
{
    static const struct {
        const char *why;
        int number;
        const char *words;
    } rows[] = {
        {"not a full disk", ENOSPC, "fs.inotify.max_user_watches"},
        {"anything else", ENOMEM, "watch directory"},
    };
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    struct rlimit limit;
    struct rlimit none;
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        add_watch_errno = rows[i].number;
        assert_int_equal(notify_watch(notify, tree.fd, &err), -1);
        add_watch_errno = 0;
        if (err.kind != ERR_IO || !strstr(err.message, rows[i].words))
            fail_msg("%s: %s: %s", rows[i].why, err_kind_name(err.kind), err.message);
    }
    tree_file(&tree, "plain", "1");
    auto_fd int fd = tree_ok(openat(tree.fd, "plain", O_RDONLY | O_CLOEXEC), "open");
    assert_int_equal(notify_watch(notify, fd, &err), -1); // only directories are watched
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct notify *refused = notify_new(&loop, &hooks, &heard, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_null(refused);
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.message, "fs.inotify.max_user_instances"));
    free_and_close(notify, &heard);
}

static void a_hook_may_free_what_calls_it(void **state)
{
    struct heard heard = {0};
    struct notify *notify = notify_make(&heard);
    char bytes[128];
    size_t size = put_event(bytes, 1, IN_CREATE, "one");

    (void)state;
    size += put_event(bytes + size, 1, IN_CREATE, "two");
    notify_learn(notify, 1, "");
    heard.free_now = notify;
    notify_take(notify, bytes, size);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(heard.closed);
    assert_string_equal(heard.text, "name:one ");
}

static void file_systems_that_others_change_are_known(void **state)
{
    static const struct {
        const char *why;
        uint64_t magic;
        bool want;
    } rows[] = {
        {"nfs", 0x6969, true},
        {"smb", 0x517b, true},
        {"cifs", 0xff534d42, true},
        {"cifs, as a signed field of 32 bits", 0xffffffffff534d42, true},
        {"smb3", 0xfe534d42, true},
        {"fuse: sshfs, GlusterFS", 0x65735546, true},
        {"9p", 0x01021997, true},
        {"ceph", 0x00c36400, true},
        {"afs", 0x5346414f, true},
        {"kafs", 0x6b414653, true},
        {"ext4", 0xef53, false},
        {"xfs", 0x58465342, false},
        {"btrfs", 0x9123683e, false},
        {"tmpfs", 0x01021994, false},
        {"overlayfs", 0x794c7630, false},
        {"zfs", 0x2fc12fc1, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (notify_magic_is_remote(rows[i].magic) != rows[i].want)
            fail_msg("%s", rows[i].why);
    }
    assert_false(notify_fs_is_remote("/proc"));
    assert_false(notify_fs_is_remote("/nonexistent"));
}

#define NOTIFY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NOTIFY_TEST(what_may_be_a_new_file_is_told_and_nothing_else),
        NOTIFY_TEST(an_event_before_its_path_is_known_asks_for_a_look),
        NOTIFY_TEST(a_moved_directory_is_looked_at_again_with_what_lies_below),
        NOTIFY_TEST(a_move_during_a_scan_is_not_taken_for_a_known_one),
        NOTIFY_TEST(one_directory_under_two_paths_does_not_ask_for_scans_for_ever),
        NOTIFY_TEST(a_deleted_directory_is_told_and_forgotten),
        NOTIFY_TEST(a_root_that_is_moved_or_deleted_is_lost),
        NOTIFY_TEST(a_whole_scan_drops_watches_of_directories_that_left),
        NOTIFY_TEST(a_full_queue_is_told_and_a_fast_writer_has_no_more_than_its_turn),
        NOTIFY_TEST(events_that_a_test_cannot_cause_are_understood),
        NOTIFY_TEST(damaged_events_are_left_alone),
        NOTIFY_TEST(too_many_unknown_directories_are_an_overflow),
        NOTIFY_TEST(limits_are_named_as_what_they_are),
        NOTIFY_TEST(a_hook_may_free_what_calls_it),
        cmocka_unit_test(file_systems_that_others_change_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
