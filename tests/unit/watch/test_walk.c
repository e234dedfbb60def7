#include "test.h"

#include <dlfcn.h>
#include <errno.h>

#include "base/mem.h"
#include "tree.h"
#include "watch/walk.h"

enum { MAX_SEEN = 160, NOBODY = 65534 };

/* What is wrong with reading directories. */
static enum { READS_WELL, KNOWS_NO_TYPES, FAILS } readdir_mood;

/* The program's own definition wins over the C library's: a file system with moods. */
struct dirent *fake_readdir(DIR *dir) __asm__("readdir64");

struct dirent *fake_readdir(DIR *dir)
{
    static struct dirent *(*real)(DIR * dir);
    struct dirent *found = NULL;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "readdir64");
    if (readdir_mood == FAILS)
        errno = EIO;
    else
        found = real(dir);
    if (found && readdir_mood == KNOWS_NO_TYPES)
        found->d_type = DT_UNKNOWN;
    return found;
}

/* One walk from its start to its end. */
struct seen {
    size_t count;
    size_t files;
    size_t fills;
    struct scan_entry entries[MAX_SEEN];
    char *paths[MAX_SEEN], *targets[MAX_SEEN];
    struct scan_report report;
    struct err err;
    bool is_whole;
};

static struct tree tree;
static const atomic_bool not_cancelled;

static struct scan_options options_here(void)
{
    return (struct scan_options){.root = tree.path, .links = BENEATH_LINKS_INSIDE};
}

static void seen_release(struct seen *seen)
{
    for (size_t i = 0; i < MAX_SEEN; i++) {
        free(seen->paths[i]);
        free(seen->targets[i]);
    }
    *seen = (struct seen){0};
}

static void seen_add(struct seen *seen, const struct scan_entry *entry)
{
    assert_in_range(seen->count, 0, MAX_SEEN - 1);
    seen->files += entry->kind == SCAN_FILE;
    seen->entries[seen->count] = *entry;
    text_replace(&seen->paths[seen->count], entry->relpath);
    text_replace(&seen->targets[seen->count], entry->target);
    seen->count++;
}

/* Walks to the end; what was seen before is dropped. */
static void walk_all(struct seen *seen, const struct scan_options *options)
{
    struct walk *walk = walk_new(options);
    struct walk_batch batch = {.count = 0};
    bool has_more = true;

    seen_release(seen);
    while (has_more) {
        has_more = walk_fill(walk, &batch, &not_cancelled);
        seen->fills++;
        for (size_t i = 0; i < batch.count; i++)
            seen_add(seen, &batch.entries[i]);
        walk_batch_clear(&batch);
    }
    seen->report = *walk_report(walk);
    seen->err = *walk_err(walk);
    seen->is_whole = walk_is_whole(walk);
    walk_batch_release(&batch);
    walk_free(walk);
}

/* Fails the test when it was not seen. */
static const struct scan_entry *seen_find(const struct seen *seen, const char *relpath,
                                          const char **target)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->paths[i], relpath) != 0)
            continue;
        if (target)
            *target = seen->targets[i];
        return &seen->entries[i];
    }
    fail_msg("not seen: %s", relpath);
    return &seen->entries[0];
}

static int set_up(void **state)
{
    (void)state;
    tree_make(&tree);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tree_remove(&tree);
    return 0;
}

/* Everything that may lie in a folder; root is watched, outside lies beside it. */
static void plant_everything(void)
{
    tree_file(&tree, "outside", "secret");
    tree_dir(&tree, "root");
    tree_file(&tree, "root/plain", "12345");
    tree_file(&tree, "root/empty", "");
    tree_file(&tree, "root/two\nlines", "1");
    tree_file(&tree, "root/\xff\xfe", "1");
    tree_file(&tree, "root/" TREE_NAME_250 "12345", "1");
    tree_dir(&tree, "root/dir");
    tree_file(&tree, "root/dir/deep", "123");
    tree_ok(linkat(tree.fd, "root/dir/deep", tree.fd, "root/hard", 0), "link");
    tree_link(&tree, "dir/deep", "root/good");
    tree_link(&tree, "../good", "root/dir/chain");
    tree_link(&tree, "dir", "root/dirlink");
    tree_link(&tree, ".", "root/self");
    tree_link(&tree, "..", "root/dir/parent");
    tree_link(&tree, "../outside", "root/out");
    tree_link(&tree, "/dev/null", "root/null");
    tree_link(&tree, "nowhere", "root/dangling");
    tree_link(&tree, "plain/nowhere", "root/below_file");
    tree_link(&tree, "circle2", "root/circle1");
    tree_link(&tree, "circle1", "root/circle2");
    tree_link(&tree, "fifo", "root/fifolink");
    tree_ok(mkfifoat(tree.fd, "root/fifo", 0644), "mkfifo");
    tree_socket(&tree, "root/socket");
}

static const struct {
    const char *why, *relpath;
    enum scan_kind kind;
    mode_t mode; /* its type, where it is told */
    const char *target;
    int64_t size;
} zoo[] = {
    {"the root itself", "", SCAN_DIRECTORY, S_IFDIR, NULL, 0},
    {"a file", "plain", SCAN_FILE, S_IFREG, NULL, 5},
    {"an empty one", "empty", SCAN_FILE, S_IFREG, NULL, 0},
    {"a newline in its name", "two\nlines", SCAN_FILE, S_IFREG, NULL, 1},
    {"a name that is no UTF-8", "\xff\xfe", SCAN_FILE, S_IFREG, NULL, 1},
    {"a name of 255 bytes", TREE_NAME_250 "12345", SCAN_FILE, S_IFREG, NULL, 1},
    {"a directory", "dir", SCAN_DIRECTORY, S_IFDIR, NULL, 0},
    {"a file in it", "dir/deep", SCAN_FILE, S_IFREG, NULL, 3},
    {"a hard link", "hard", SCAN_FILE, S_IFREG, NULL, 3},
    {"a link inside", "good", SCAN_LINK, S_IFREG, "dir/deep", 3},
    {"a link to a link", "dir/chain", SCAN_LINK, S_IFREG, "dir/deep", 3},
    {"a link to a directory is not entered", "dirlink", SCAN_LINK_OTHER, S_IFDIR, NULL, 0},
    {"a link to where it is", "self", SCAN_LINK_OTHER, S_IFDIR, NULL, 0},
    {"a link up", "dir/parent", SCAN_LINK_OTHER, S_IFDIR, NULL, 0},
    {"a link out", "out", SCAN_LINK_OUTSIDE, S_IFLNK, NULL, 0},
    {"a link to a device", "null", SCAN_LINK_OUTSIDE, S_IFLNK, NULL, 0},
    {"a dangling link", "dangling", SCAN_LINK_BROKEN, S_IFLNK, NULL, 0},
    {"a link that uses a file as a directory", "below_file", SCAN_LINK_BROKEN, S_IFLNK, NULL, 0},
    {"a circle", "circle1", SCAN_LINK_BROKEN, S_IFLNK, NULL, 0},
    {"its other end", "circle2", SCAN_LINK_BROKEN, S_IFLNK, NULL, 0},
    {"a link to a FIFO", "fifolink", SCAN_LINK_OTHER, S_IFIFO, NULL, 0},
    {"a FIFO", "fifo", SCAN_SPECIAL, S_IFIFO, NULL, 0},
    {"a socket", "socket", SCAN_SPECIAL, S_IFSOCK, NULL, 0},
};

static struct scan_options options_in_zoo(void)
{
    static char root[sizeof tree.path + 8];
    struct scan_options options = options_here();

    plant_everything();
    snprintf(root, sizeof root, "%s/root", tree.path);
    options.root = root;
    return options;
}

static void check_zoo(const struct seen *seen, const char *how)
{
    for (size_t i = 0; i < COUNT_OF(zoo); i++) {
        const char *target = NULL;
        const struct scan_entry *entry = seen_find(seen, zoo[i].relpath, &target);

        if (entry->kind != zoo[i].kind || (entry->mode & S_IFMT) != zoo[i].mode)
            fail_msg("%s (%s): kind %d, mode %o", zoo[i].why, how, (int)entry->kind, entry->mode);
        if (!target != !zoo[i].target || (target && strcmp(target, zoo[i].target) != 0))
            fail_msg("%s (%s): target %s", zoo[i].why, how, target ? target : "none");
        if ((entry->kind == SCAN_FILE || entry->kind == SCAN_LINK) &&
            entry->facts.size != zoo[i].size)
            fail_msg("%s (%s): size %jd", zoo[i].why, how, (intmax_t)entry->facts.size);
    }
    assert_int_equal(seen->count, COUNT_OF(zoo));
}

static void a_walk_sees_everything_once_and_says_what_it_is(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_in_zoo();
    struct stat stat;
    int fds = tree_count_fds();

    (void)state;
    for (int open_each = 0; open_each < 2; open_each++) {
        options.open_each = open_each;
        walk_all(&seen, &options);
        assert_int_equal(seen.err.kind, ERR_OK);
        check_zoo(&seen, open_each ? "each file opened" : "stat only");
        assert_int_equal(seen.report.files, 7);
        assert_int_equal(seen.report.directories, 2);
    }
    tree_ok(fstatat(tree.fd, "root", &stat, 0), "stat");
    assert_int_equal(seen.report.root_ino, stat.st_ino);
    assert_int_equal(seen.report.root_dev, stat.st_dev);
    tree_ok(fstatat(tree.fd, "root/plain", &stat, 0), "stat");
    assert_int_equal(seen_find(&seen, "plain", NULL)->facts.mtime_ns,
                     beneath_facts_of(&stat).mtime_ns);
    assert_int_equal(seen_find(&seen, "hard", NULL)->facts.ino,
                     seen_find(&seen, "good", NULL)->facts.ino);
    seen_release(&seen);
    assert_int_equal(tree_count_fds(), fds);
}

static void some_file_systems_do_not_tell_types_while_listing(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_in_zoo();

    (void)state;
    readdir_mood = KNOWS_NO_TYPES;
    walk_all(&seen, &options);
    readdir_mood = READS_WELL;
    check_zoo(&seen, "without types");
    seen_release(&seen);
}

static void a_directory_that_breaks_off_was_not_seen_whole(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    tree_file(&tree, "file", "1");
    readdir_mood = FAILS;
    walk_all(&seen, &options);
    readdir_mood = READS_WELL;
    assert_int_equal(seen.err.kind, ERR_OK);
    assert_false(seen.is_whole);
    assert_int_equal(seen.report.unreadable, 1);
    assert_int_equal(seen.entries[seen.count - 1].kind, SCAN_UNREADABLE);
    assert_int_equal(seen.entries[seen.count - 1].number, EIO);
    assert_string_equal(seen.paths[seen.count - 1], "");
    seen_release(&seen);
}

static void named_paths_are_looked_at_and_nothing_is_entered(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_in_zoo();
    const char *paths[COUNT_OF(zoo)];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(zoo); i++)
        paths[i] = zoo[i].relpath;
    options.paths = paths;
    options.path_count = COUNT_OF(zoo);
    walk_all(&seen, &options);
    assert_int_equal(seen.err.kind, ERR_OK);
    check_zoo(&seen, "named");
    options.path_count = 0;
    walk_all(&seen, &options);
    assert_int_equal(seen.count, 0);
    seen_release(&seen);
}

static void named_paths_that_are_no_more_say_so(void **state)
{
    static const struct {
        const char *why, *relpath;
        enum scan_kind want;
        int number;
    } rows[] = {
        {"it is gone", "nothing", SCAN_GONE, 0},
        {"its directory is gone", "nothing/file", SCAN_GONE, 0},
        {"its directory is a file now", "file/file", SCAN_GONE, 0},
        {"its directory is a link now", "link/file", SCAN_UNREADABLE, ELOOP},
        {"a path out", "../outside", SCAN_UNREADABLE, EXDEV},
        {"a path that no call takes", NULL, SCAN_UNREADABLE, ENAMETOOLONG},
    };
    struct seen seen = {0};
    struct scan_options options = options_here();
    const char *paths[COUNT_OF(rows)];
    char endless[5000];

    (void)state;
    tree_file(&tree, "file", "1");
    tree_link(&tree, ".", "link");
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        paths[i] = rows[i].relpath ? rows[i].relpath : endless;
    options.paths = paths;
    options.path_count = COUNT_OF(rows);
    walk_all(&seen, &options);
    assert_int_equal(seen.count, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (seen.entries[i].kind != rows[i].want || seen.entries[i].number != rows[i].number)
            fail_msg("%s: kind %d, number %d", rows[i].why, (int)seen.entries[i].kind,
                     seen.entries[i].number);
    }
    seen_release(&seen);
}

static void ignored_links_are_not_even_resolved(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    tree_file(&tree, "file", "1");
    tree_link(&tree, "file", "link");
    tree_link(&tree, "/etc/passwd", "out");
    options.links = BENEATH_NO_LINKS;
    walk_all(&seen, &options);
    assert_int_equal(seen_find(&seen, "link", NULL)->kind, SCAN_LINK_OTHER);
    assert_int_equal(seen_find(&seen, "out", NULL)->kind, SCAN_LINK_OTHER);
    assert_int_equal(seen.files, 1);
    seen_release(&seen);
}

static void only_a_root_that_cannot_be_opened_ends_a_walk(void **state)
{
    static const struct {
        const char *why, *root, *below;
        enum err_kind want;
    } rows[] = {
        {"all of it", "dir", NULL, ERR_OK},
        {"all of it, spelt as nothing", "dir", "", ERR_OK},
        {"a part of it", "", "dir", ERR_OK},
        {"no root", "nothing", NULL, ERR_INPUT},
        {"a file as root", "file", NULL, ERR_INPUT},
        {"a part that is gone", "", "nothing", ERR_GONE},
        {"a part that is a file now", "", "file", ERR_GONE},
        {"a part that leads out", "dir", "../dir", ERR_INPUT},
        {"a part behind a link", "", "link", ERR_INPUT},
    };

    (void)state;
    tree_file(&tree, "file", "1");
    tree_dir(&tree, "dir");
    tree_link(&tree, "dir", "link");
    tree_file(&tree, "dir/inner", "1");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct seen seen = {0};
        struct scan_options options = options_here();
        char root[sizeof tree.path + 16];

        snprintf(root, sizeof root, "%s/%s", tree.path, rows[i].root);
        options.root = root;
        options.below = rows[i].below;
        walk_all(&seen, &options);
        if (seen.err.kind != rows[i].want || seen.files != (rows[i].want == ERR_OK))
            fail_msg("%s: %s %s, %zu files", rows[i].why, err_kind_name(seen.err.kind),
                     seen.err.message, seen.files);
        seen_release(&seen);
    }
}

static void paths_of_a_part_are_relative_to_the_root(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    tree_dir(&tree, "a");
    tree_dir(&tree, "a/b");
    tree_dir(&tree, "a/b/c");
    tree_file(&tree, "a/b/c/file", "1");
    tree_file(&tree, "a/not_below", "1");
    options.below = "a/b";
    walk_all(&seen, &options);
    assert_false(seen.is_whole);
    seen_find(&seen, "a/b", NULL);
    seen_find(&seen, "a/b/c/file", NULL);
    assert_int_equal(seen.count, 3);
    seen_release(&seen);
}

static bool skips(const void *rules, const char *relpath, bool is_directory)
{
    const char *name = strrchr(relpath, '/');

    if (strcmp(rules, "rules") != 0)
        return true;
    if (is_directory)
        return *(name ? name + 1 : relpath) == '.';
    return strstr(relpath, ".tmp") != NULL;
}

static void what_is_skipped_is_neither_seen_nor_entered(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    tree_dir(&tree, ".git");
    tree_file(&tree, ".git/file", "1");
    tree_dir(&tree, "dir");
    tree_dir(&tree, "dir/.cache");
    tree_file(&tree, "dir/.cache/file", "1");
    tree_dir(&tree, "dir/x.tmp");
    tree_file(&tree, "dir/y.tmp", "1");
    tree_file(&tree, "dir/y", "1");
    options.skip = skips;
    options.rules = "rules";
    walk_all(&seen, &options);
    assert_int_equal(seen.files, 1);
    seen_find(&seen, "dir/y", NULL);
    seen_find(&seen, "dir/x.tmp", NULL);
    assert_int_equal(seen.report.directories, 3);
    seen_release(&seen);
}

static bool skips_files(const void *rules, const char *relpath, bool is_directory)
{
    (void)rules;
    (void)relpath;
    return !is_directory;
}

static void a_work_item_ends_even_where_there_is_nothing_to_find(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    for (int i = 0; i < 5000; i++) {
        char name[16];

        snprintf(name, sizeof name, "%d", i);
        tree_file(&tree, name, "");
    }
    options.skip = skips_files;
    walk_all(&seen, &options);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.fills, 2);
    seen_release(&seen);
}

/* The moment between listing a directory and opening it. */
static bool swaps_for_link(const void *rules, const char *relpath, bool is_directory)
{
    (void)rules;
    if (is_directory) {
        tree_ok(unlinkat(tree.fd, relpath, AT_REMOVEDIR), relpath);
        tree_link(&tree, "/etc", relpath);
    }
    return false;
}

static void a_directory_that_becomes_a_link_is_not_entered(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();

    (void)state;
    tree_dir(&tree, "dir");
    options.skip = swaps_for_link;
    walk_all(&seen, &options);
    assert_int_equal(seen.err.kind, ERR_OK);
    assert_int_equal(seen.count, 1);
    seen_release(&seen);
}

static void a_directory_that_may_not_be_read_is_an_entry_and_the_walk_goes_on(void **state)
{
    struct seen seen = {0};
    struct scan_options options = options_here();
    bool is_root = geteuid() == 0;

    (void)state;
    tree_dir(&tree, "closed");
    tree_file(&tree, "closed/file", "1");
    tree_file(&tree, "secret", "1");
    tree_file(&tree, "zz", "1");
    tree_ok(fchmodat(tree.fd, "closed", 0, 0), "chmod");
    tree_ok(fchmodat(tree.fd, "secret", 0, 0), "chmod");
    tree_ok(fchmod(tree.fd, 0755), "chmod");
    if (is_root && seteuid(NOBODY) < 0)
        skip(); // root can read everything
    options.open_each = true;
    walk_all(&seen, &options);
    if (is_root)
        tree_ok(seteuid(0), "seteuid");
    tree_ok(fchmodat(tree.fd, "closed", 0700, 0), "chmod");
    assert_int_equal(seen.err.kind, ERR_OK);
    assert_int_equal(seen_find(&seen, "closed", NULL)->kind, SCAN_UNREADABLE);
    assert_int_equal(seen_find(&seen, "closed", NULL)->number, EACCES);
    assert_int_equal(seen_find(&seen, "secret", NULL)->kind, SCAN_UNREADABLE);
    assert_int_equal(seen_find(&seen, "secret", NULL)->number, EACCES);
    assert_int_equal(seen_find(&seen, "zz", NULL)->kind, SCAN_FILE);
    assert_int_equal(seen.report.unreadable, 2);
    assert_true(seen.is_whole); // lost+found must not keep it from being so for ever
    seen_release(&seen);
}

/* Makes directories of that name in each other, `levels` of them, with a file in each. */
static void plant_tower(const char *name, int levels)
{
    int fd = tree_ok(dup(tree.fd), "dup");

    for (int i = 0; i < levels; i++) {
        tree_ok(mkdirat(fd, name, 0755), name);
        int next = tree_ok(openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), name);

        close(fd);
        fd = next;
        close(tree_ok(openat(fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "file"));
    }
    close(fd);
}

static void depth_and_length_have_bounds_that_are_told(void **state)
{
    static const struct {
        const char *why, *name;
        int levels;
        size_t files;
        enum scan_kind last;
        int number;
    } rows[] = {
        {"as deep as it goes", "d", SCAN_MAX_DEPTH - 1, SCAN_MAX_DEPTH - 1, SCAN_FILE, 0},
        {"a level more", "d", SCAN_MAX_DEPTH, SCAN_MAX_DEPTH - 1, SCAN_TOO_DEEP, 0},
        {"much deeper", "d", 100, SCAN_MAX_DEPTH - 1, SCAN_TOO_DEEP, 0},
        // 16 levels are 4,015 bytes, "/file" still fits; one level more is beyond PATH_MAX
        {"longer than a path can be", TREE_NAME_250, 20, 16, SCAN_UNREADABLE, ENAMETOOLONG},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct seen seen = {0};
        struct scan_options options = options_here();
        enum scan_kind last = SCAN_FILE;
        int number = 0;

        plant_tower(rows[i].name, rows[i].levels);
        walk_all(&seen, &options);
        for (size_t j = 0; j < seen.count; j++) {
            last = seen.entries[j].kind > SCAN_DIRECTORY ? seen.entries[j].kind : last;
            number += seen.entries[j].number;
        }
        if (seen.files != rows[i].files || number != rows[i].number || last != rows[i].last ||
            seen.report.unreadable != (last != SCAN_FILE))
            fail_msg("%s: %zu files, kind %d, number %d", rows[i].why, seen.files, (int)last,
                     number);
        assert_int_equal(seen.err.kind, ERR_OK);
        seen_release(&seen);
        tree_clear(tree.fd, rows[i].name);
    }
}

#define WALK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(a_walk_sees_everything_once_and_says_what_it_is),
        WALK_TEST(some_file_systems_do_not_tell_types_while_listing),
        WALK_TEST(a_directory_that_breaks_off_was_not_seen_whole),
        WALK_TEST(named_paths_are_looked_at_and_nothing_is_entered),
        WALK_TEST(named_paths_that_are_no_more_say_so),
        WALK_TEST(ignored_links_are_not_even_resolved),
        WALK_TEST(only_a_root_that_cannot_be_opened_ends_a_walk),
        WALK_TEST(paths_of_a_part_are_relative_to_the_root),
        WALK_TEST(what_is_skipped_is_neither_seen_nor_entered),
        WALK_TEST(a_work_item_ends_even_where_there_is_nothing_to_find),
        WALK_TEST(a_directory_that_becomes_a_link_is_not_entered),
        WALK_TEST(a_directory_that_may_not_be_read_is_an_entry_and_the_walk_goes_on),
        WALK_TEST(depth_and_length_have_bounds_that_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
