#include "test.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/beneath.h"
#include "tree.h"

/* What openat2 says instead of being asked, and how often; 0: the kernel is asked. */
static int openat2_errno;
static int openat2_failures;

/* The program's own definition wins over the C library's: a kernel without openat2. */
long fake_syscall(long number, ...) __asm__("syscall");

long fake_syscall(long number, ...)
{
    static long (*real)(long number, ...);
    va_list list;
    long a[6];

    va_start(list, number);
    for (size_t i = 0; i < COUNT_OF(a); i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_openat2 && openat2_failures > 0) {
        openat2_failures--;
        errno = openat2_errno;
        return -1;
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

enum { FOR_EVER = 1000000, NOBODY = 65534 };

static struct tree tree;
static int root_fd;

/* root/ is the watched folder; outside lies beside it. */
static int set_up(void **state)
{
    struct err err = {0};
    char path[sizeof tree.path + 8];

    (void)state;
    tree_make(&tree);
    tree_file(&tree, "outside", "secret");
    tree_dir(&tree, "root");
    tree_file(&tree, "root/plain", "plain");
    tree_file(&tree, "root/two\nlines", "plain");
    tree_file(&tree, "root/\xff\xfe.bin", "plain");
    tree_file(&tree, "root/x (deleted)", "plain");
    tree_file(&tree, "root/" TREE_NAME_250 "12345", "plain");
    tree_dir(&tree, "root/dir");
    tree_file(&tree, "root/dir/deep", "plain");
    tree_link(&tree, "dir/deep", "root/good");
    tree_link(&tree, "./good", "root/chain");
    tree_link(&tree, "dir", "root/dirlink");
    tree_link(&tree, "../plain", "root/dir/up");
    tree_link(&tree, "..", "root/dir/parent");
    tree_link(&tree, "../outside", "root/out");
    tree_link(&tree, "dir/../../outside", "root/out_by_turns");
    tree_link(&tree, "../root/plain", "root/out_and_in");
    tree_link(&tree, "..", "root/outdir");
    tree_link(&tree, "/etc/passwd", "root/absolute");
    tree_link(&tree, "/dev/null", "root/null");
    tree_link(&tree, "/proc/self/fd/0", "root/magic");
    tree_link(&tree, "nowhere", "root/dangling");
    tree_link(&tree, "circle2", "root/circle1");
    tree_link(&tree, "circle1", "root/circle2");
    tree_ok(mkfifoat(tree.fd, "root/fifo", 0644), "mkfifo");
    tree_socket(&tree, "root/socket");
    snprintf(path, sizeof path, "%s/root", tree.path);
    return beneath_open_root(path, &root_fd, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    close(root_fd);
    tree_remove(&tree);
    return 0;
}

struct row {
    const char *why;
    const char *relpath;
    enum beneath_links links;
    enum err_kind want;
    const char *words; /* in the message; when it opens, the target or NULL */
};

static const struct row rows[] = {
    {"a plain file", "plain", BENEATH_NO_LINKS, ERR_OK, NULL},
    {"a file in a directory", "dir/deep", BENEATH_NO_LINKS, ERR_OK, NULL},
    {"inside: no link, no target", "dir/deep", BENEATH_LINKS_INSIDE, ERR_OK, NULL},
    {"a name with a newline", "two\nlines", BENEATH_LINKS_INSIDE, ERR_OK, NULL},
    {"a name that is no UTF-8", "\xff\xfe.bin", BENEATH_LINKS_INSIDE, ERR_OK, NULL},
    {"a name of 255 bytes", TREE_NAME_250 "12345", BENEATH_LINKS_INSIDE, ERR_OK, NULL},
    {"256 bytes are too many", TREE_NAME_250 "123456", BENEATH_LINKS_INSIDE, ERR_INPUT, "too long"},
    {"a name as /proc writes deleted ones", "x (deleted)", BENEATH_LINKS_INSIDE, ERR_OK, NULL},
    {"a link inside is its target", "good", BENEATH_LINKS_INSIDE, ERR_OK, "dir/deep"},
    {"so is a link to a link", "chain", BENEATH_LINKS_INSIDE, ERR_OK, "dir/deep"},
    {"a file below a linked directory", "dirlink/deep", BENEATH_LINKS_INSIDE, ERR_OK, "dir/deep"},
    {".. that stays inside", "dir/up", BENEATH_LINKS_INSIDE, ERR_OK, "plain"},
    {".. as a directory, inside", "dir/parent/plain", BENEATH_LINKS_INSIDE, ERR_OK, "plain"},
    {"links ignored: a link", "good", BENEATH_NO_LINKS, ERR_INPUT, "not followed"},
    {"links ignored: a linked directory", "dirlink/deep", BENEATH_NO_LINKS, ERR_INPUT, "link"},
    {"links ignored: a dangling one", "dangling", BENEATH_NO_LINKS, ERR_INPUT, "link"},
    {"a path with ..", "../outside", BENEATH_LINKS_INSIDE, ERR_INPUT, "leads out"},
    {"a path with .. later", "dir/../../outside", BENEATH_NO_LINKS, ERR_INPUT, "leads out"},
    {"an absolute path", "/etc/passwd", BENEATH_LINKS_INSIDE, ERR_INPUT, "leads out"},
    {"a link out", "out", BENEATH_LINKS_INSIDE, ERR_INPUT, "leads out"},
    {"a link out, through a directory", "out_by_turns", BENEATH_LINKS_INSIDE, ERR_INPUT, "out"},
    {"out and in again is out", "out_and_in", BENEATH_LINKS_INSIDE, ERR_INPUT, "leads out"},
    {"a file below a directory link out", "outdir/outside", BENEATH_LINKS_INSIDE, ERR_INPUT, "out"},
    {"an absolute link", "absolute", BENEATH_LINKS_INSIDE, ERR_INPUT, "leads out"},
    {"a planted device link", "null", BENEATH_LINKS_INSIDE, ERR_INPUT, "leads out"},
    {"a link into /proc", "magic", BENEATH_LINKS_INSIDE, ERR_INPUT, "leads out"},
    {"a circle", "circle1", BENEATH_LINKS_INSIDE, ERR_INPUT, "not followed"},
    {"a dangling link", "dangling", BENEATH_LINKS_INSIDE, ERR_GONE, "no such file"},
    {"a missing file", "nothing", BENEATH_NO_LINKS, ERR_GONE, "no such file"},
    {"a missing directory", "nothing/deep", BENEATH_LINKS_INSIDE, ERR_GONE, "no such file"},
    {"a file used as a directory", "plain/deep", BENEATH_LINKS_INSIDE, ERR_GONE, "no such file"},
    {"a directory", "dir", BENEATH_NO_LINKS, ERR_INPUT, "is a directory, not"},
    {"the root itself", "", BENEATH_LINKS_INSIDE, ERR_INPUT, "is a directory, not"},
    {"a FIFO, without hanging", "fifo", BENEATH_NO_LINKS, ERR_INPUT, "is a FIFO, not"},
    {"a socket", "socket", BENEATH_NO_LINKS, ERR_INPUT, "is a socket, not"},
    {"bytes are escaped in messages", "\x1b[2J\n", BENEATH_NO_LINKS, ERR_GONE, "\\x1b[2J\\x0a"},
};

static void check_opened(const struct row *row, const char *kernel, const struct beneath_file *file)
{
    char text[16] = "";

    if (read(file->fd, text, sizeof text - 1) != 5 || strcmp(text, "plain") != 0)
        fail_msg("%s (%s): read \"%s\"", row->why, kernel, text);
    if (file->facts.st_size != 5 || !S_ISREG(file->facts.st_mode))
        fail_msg("%s (%s): wrong facts", row->why, kernel);
    if (!row->words != !file->target || (row->words && strcmp(row->words, file->target) != 0))
        fail_msg("%s (%s): target %s", row->why, kernel, file->target ? file->target : "none");
}

static void try_rows(const char *kernel)
{
    int fds = tree_count_fds();

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
        struct err err = {0};
        bool ok = beneath_open_file(root_fd, rows[i].relpath, rows[i].links, &file, &err);

        if (err.kind != rows[i].want || ok != (rows[i].want == ERR_OK))
            fail_msg("%s (%s): %s %s", rows[i].why, kernel, err_kind_name(err.kind), err.message);
        if (ok)
            check_opened(&rows[i], kernel, &file);
        else if (!strstr(err.message, rows[i].words))
            fail_msg("%s (%s): says \"%s\"", rows[i].why, kernel, err.message);
    }
    assert_int_equal(tree_count_fds(), fds);
}

static void what_lies_beneath_opens_and_nothing_else(void **state)
{
    (void)state;
    try_rows("the kernel as it is");
}

static void the_same_holds_where_the_kernel_has_no_openat2(void **state)
{
    (void)state;
    openat2_errno = ENOSYS;
    openat2_failures = FOR_EVER;
    try_rows("ENOSYS");
    assert_true(openat2_failures < FOR_EVER); // or the fallback was not tried
    openat2_errno = EPERM;
    try_rows("a sandbox's EPERM");
    openat2_failures = 0;
}

static void a_rename_on_the_way_is_tried_again_but_not_for_ever(void **state)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
    struct err err = {0};

    (void)state;
    openat2_errno = EAGAIN;
    openat2_failures = 3;
    assert_true(beneath_open_file(root_fd, "good", BENEATH_LINKS_INSIDE, &file, &err));
    beneath_file_release(&file);
    openat2_failures = FOR_EVER;
    assert_false(beneath_open_file(root_fd, "good", BENEATH_LINKS_INSIDE, &file, &err));
    assert_int_equal(err.kind, ERR_IO);
    openat2_failures = 0;
}

static void a_device_is_recognised_without_being_opened(void **state)
{
    struct beneath_file file;
    struct err err = {0};

    (void)state;
    if (mknodat(tree.fd, "root/device", S_IFCHR | 0666, makedev(1, 3)) < 0)
        skip(); // needs root
    assert_false(beneath_open_file(root_fd, "device", BENEATH_NO_LINKS, &file, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.message, "is a device, not a regular file"));
}

static void a_file_replaced_after_the_look_is_still_the_one_that_was_looked_at(void **state)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
    char text[16] = "";

    (void)state;
    tree_file(&tree, "root/old", "old");
    tree_file(&tree, "root/new", "other");
    assert_int_equal(beneath_look(root_fd, "old", &file), 0);
    tree_move(&tree, "root/new", "root/old");
    assert_int_equal(beneath_reopen(&file), 0);
    assert_int_equal(read(file.fd, text, sizeof text), 3);
    assert_string_equal(text, "old");
}

static void a_look_takes_a_link_as_what_it_is_and_resolving_follows_it(void **state)
{
    static const struct {
        const char *why, *relpath;
        int look, resolve;
        mode_t looked, resolved;
    } cases[] = {
        {"a link inside", "good", 0, 0, S_IFLNK, S_IFREG},
        {"a link to a directory", "dirlink", 0, 0, S_IFLNK, S_IFDIR},
        {"a link to the root", "dir/parent", 0, 0, S_IFLNK, S_IFDIR},
        {"dangling", "dangling", 0, ENOENT, S_IFLNK, 0},
        {"a circle", "circle1", 0, ELOOP, S_IFLNK, 0},
        {"out", "out", 0, EXDEV, S_IFLNK, 0},
        {"a FIFO", "fifo", 0, 0, S_IFIFO, S_IFIFO},
        {"below a linked directory", "dirlink/deep", ELOOP, 0, 0, S_IFREG},
    };

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        size_t row = i / 2;
        auto_beneath struct beneath_file looked = BENEATH_FILE_NONE;
        auto_beneath struct beneath_file resolved = BENEATH_FILE_NONE;

        openat2_errno = ENOSYS; // each row with the kernel's openat2, then without
        openat2_failures = i % 2 ? FOR_EVER : 0;
        int look = beneath_look(root_fd, cases[row].relpath, &looked);
        int resolve = beneath_resolve(root_fd, cases[row].relpath, &resolved);

        openat2_failures = 0;
        if (look != cases[row].look || resolve != cases[row].resolve ||
            (looked.facts.st_mode & S_IFMT) != cases[row].looked ||
            (resolved.facts.st_mode & S_IFMT) != cases[row].resolved)
            fail_msg("%s: look %d %o, resolve %d %o", cases[row].why, look, looked.facts.st_mode,
                     resolve, resolved.facts.st_mode);
    }
}

static void a_root_must_be_a_directory_that_exists(void **state)
{
    static const struct {
        const char *why, *path;
        bool ok;
    } cases[] = {
        {"a directory", "root", true},
        {"through a link: the administrator's choice", "root/dirlink", true},
        {"missing", "nothing", false},
        {"a file", "outside", false},
        {"below a file", "outside/dir", false},
        {"a name that is too long", TREE_NAME_250 "123456", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char path[512];
        struct err err = {0};
        int fd = -1;

        snprintf(path, sizeof path, "%s/%s", tree.path, cases[i].path);
        if (beneath_open_root(path, &fd, &err) != cases[i].ok)
            fail_msg("%s: %s", cases[i].why, err.message);
        if (!cases[i].ok && (err.kind != ERR_INPUT || strncmp(err.message, "open folder", 11) != 0))
            fail_msg("%s: %s %s", cases[i].why, err_kind_name(err.kind), err.message);
        if (fd >= 0)
            close(fd);
    }
}

static void directories_open_without_following_links(void **state)
{
    static const struct {
        const char *why, *relpath;
        enum err_kind want;
    } cases[] = {
        {"the root", "", ERR_OK},
        {"one in it", "dir", ERR_OK},
        {"a link to it", "dirlink", ERR_INPUT},
        {"the one above", "..", ERR_INPUT},
        {"a missing one", "nothing", ERR_GONE},
        {"a file", "plain", ERR_GONE},
    };

    (void)state;
    openat2_errno = ENOSYS;
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        struct err err = {0};
        int fd = -1;

        openat2_failures = i % 2 ? FOR_EVER : 0;
        beneath_open_directory(root_fd, cases[i / 2].relpath, &fd, &err);
        openat2_failures = 0;
        if (err.kind != cases[i / 2].want || (fd >= 0) != (err.kind == ERR_OK))
            fail_msg("%s: %s %s", cases[i / 2].why, err_kind_name(err.kind), err.message);
        if (fd >= 0)
            close(fd);
    }
}

static void a_file_that_may_not_be_read_is_the_administrators_to_change(void **state)
{
    struct beneath_file file;
    struct err err = {0};
    bool is_root = geteuid() == 0;

    (void)state;
    tree_file(&tree, "root/private", "1");
    tree_ok(fchmodat(tree.fd, "root/private", 0, 0), "chmod");
    tree_ok(fchmod(tree.fd, 0755), "chmod");
    if (is_root && seteuid(NOBODY) < 0)
        skip(); // root can read everything
    bool ok = beneath_open_file(root_fd, "private", BENEATH_NO_LINKS, &file, &err);
    if (is_root)
        tree_ok(seteuid(0), "seteuid");
    assert_false(ok);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.message, "permission denied"));
}

static void paths_beyond_any_limit_are_refused(void **state)
{
    char path[9000];

    (void)state;
    openat2_errno = ENOSYS;
    for (int i = 0; i < 4; i++) {
        struct beneath_file file;
        struct err err = {0};

        memset(path, 'x', sizeof path); // one endless name, then many
        for (size_t slash = 200; i > 1 && slash < sizeof path; slash += 200)
            path[slash] = '/';
        path[i > 1 ? 4090 : sizeof path - 1] = '\0';
        openat2_failures = i % 2 ? FOR_EVER : 0;
        bool ok = beneath_open_file(root_fd, path, BENEATH_LINKS_INSIDE, &file, &err);
        openat2_failures = 0;
        assert_false(ok);
        assert_int_equal(err.kind, i > 1 ? ERR_GONE : ERR_INPUT);
    }
}

static void every_kind_of_file_has_words(void **state)
{
    static const struct {
        mode_t mode;
        const char *words;
    } cases[] = {
        {S_IFDIR, "is a directory"}, {S_IFIFO, "is a FIFO"},   {S_IFSOCK, "is a socket"},
        {S_IFCHR, "is a device"},    {S_IFBLK, "is a device"}, {S_IFLNK, "is a symbolic link"},
        {0, "is no regular file"},
    };

    (void)state;
    assert_null(beneath_kind_text(S_IFREG | 0644));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_non_null(strstr(beneath_kind_text(cases[i].mode | 0600), cases[i].words));
}

static void inodes_do_not_count_on_network_file_systems(void **state)
{
    const struct beneath_facts one = {.size = 5, .mtime_ns = 7, .dev = 1, .ino = 9};
    const struct {
        const char *why;
        struct beneath_facts other;
        bool local, network;
    } cases[] = {
        {"the same", one, true, true},
        {"another device number", {.size = 5, .mtime_ns = 7, .dev = 2, .ino = 9}, true, true},
        {"another inode", {.size = 5, .mtime_ns = 7, .dev = 1, .ino = 8}, false, true},
        {"another size", {.size = 6, .mtime_ns = 7, .dev = 1, .ino = 9}, false, false},
        {"a nanosecond later", {.size = 5, .mtime_ns = 8, .dev = 1, .ino = 9}, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (beneath_facts_equal(&one, &cases[i].other, false) != cases[i].local ||
            beneath_facts_equal(&one, &cases[i].other, true) != cases[i].network)
            fail_msg("%s", cases[i].why);
    }
}

static void facts_keep_nanoseconds_before_and_after_1970(void **state)
{
    const struct stat stat = {.st_size = 3, .st_mtim = {.tv_sec = -1, .tv_nsec = 999999999}};

    (void)state;
    assert_int_equal(beneath_facts_of(&stat).mtime_ns, -1);
    assert_int_equal(beneath_facts_of(&stat).size, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_beneath_opens_and_nothing_else),
        cmocka_unit_test(the_same_holds_where_the_kernel_has_no_openat2),
        cmocka_unit_test(a_rename_on_the_way_is_tried_again_but_not_for_ever),
        cmocka_unit_test(a_device_is_recognised_without_being_opened),
        cmocka_unit_test(a_file_replaced_after_the_look_is_still_the_one_that_was_looked_at),
        cmocka_unit_test(a_look_takes_a_link_as_what_it_is_and_resolving_follows_it),
        cmocka_unit_test(a_root_must_be_a_directory_that_exists),
        cmocka_unit_test(directories_open_without_following_links),
        cmocka_unit_test(a_file_that_may_not_be_read_is_the_administrators_to_change),
        cmocka_unit_test(paths_beyond_any_limit_are_refused),
        cmocka_unit_test(every_kind_of_file_has_words),
        cmocka_unit_test(inodes_do_not_count_on_network_file_systems),
        cmocka_unit_test(facts_keep_nanoseconds_before_and_after_1970),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
