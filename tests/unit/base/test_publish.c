#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/publish.h"
#include "fault.h"
#include "tree.h"

enum { NOBODY = 65534 };

/* The program's own definitions win over the C library's: a disk that is suddenly full. */
int fake_fsync(int fd) __asm__("fsync");
int fake_fchmod(int fd, mode_t mode) __asm__("fchmod");
int fake_renameat(int from_fd, const char *from, int to_fd, const char *to) __asm__("renameat");
ssize_t fake_write(int fd, const void *bytes, size_t size) __asm__("write");

static size_t write_most = SIZE_MAX; /* bytes that one call takes */

static bool is_full(void)
{
    if (!fault_now())
        return false;
    errno = ENOSPC;
    return true;
}

int fake_fsync(int fd)
{
    return is_full() ? -1 : (int)syscall(SYS_fsync, fd);
}

int fake_fchmod(int fd, mode_t mode)
{
    return is_full() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int fake_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return is_full() ? -1 : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

ssize_t fake_write(int fd, const void *bytes, size_t size)
{
    return is_full() ? -1 : syscall(SYS_write, fd, bytes, size < write_most ? size : write_most);
}

/* tree/out is the folder that is written to; nothing beside it may change. */
static struct tree tree;
static char out[sizeof tree.path + 8];
static int fds;

static int set_up(void **state)
{
    (void)state;
    umask(022);
    tree_make(&tree);
    tree_ok(syscall(SYS_fchmod, tree.fd, 0755) < 0 ? -1 : 0, "chmod");
    tree_file(&tree, "outside", "theirs");
    tree_dir(&tree, "out");
    snprintf(out, sizeof out, "%s/out", tree.path);
    fds = tree_count_fds();
    return 0;
}

static int tear_down(void **state)
{
    int left = tree_count_fds();

    (void)state;
    tree_remove(&tree);
    return left == fds ? 0 : -1; // a descriptor was left open
}

static bool put(const char *relpath, const char *text, unsigned mode, struct err *err)
{
    return publish_bytes(out, relpath, text, strlen(text), mode, err);
}

static void expect_put(const char *relpath, const char *text)
{
    struct err err = {0};

    if (!put(relpath, text, 0644, &err))
        fail_msg("%s: %s", relpath, err.message);
}

/* The content of a file of the tree, "-" when there is none, "?" when it is no regular file. */
static void look(const char *relpath, char text[64])
{
    struct stat facts;
    auto_fd int fd = openat(tree.fd, relpath, O_RDONLY | O_CLOEXEC);

    snprintf(text, 64, "-");
    if (fstatat(tree.fd, relpath, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    snprintf(text, 64, "?");
    if (fd < 0 || !S_ISREG(facts.st_mode))
        return;
    ssize_t got = read(fd, text, 63);
    text[got < 0 ? 0 : got] = '\0';
}

static void expect_content(const char *why, const char *relpath, const char *want)
{
    char text[64];

    look(relpath, text);
    if (strcmp(text, want) != 0)
        fail_msg("%s: %s holds \"%s\", want \"%s\"", why, relpath, text, want);
}

static int count_entries(const char *relpath)
{
    int fd = tree_ok(openat(tree.fd, relpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC), relpath);
    DIR *dir = fdopendir(fd);
    int count = 0;

    tree_ok(dir ? 0 : -1, relpath);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count - 2;
}

static struct stat facts_of(const char *relpath)
{
    struct stat facts;

    tree_ok(fstatat(tree.fd, relpath, &facts, AT_SYMLINK_NOFOLLOW), relpath);
    return facts;
}

static void a_file_has_its_mode_whatever_the_umask(void **state)
{
    static const unsigned modes[] = {0644, 0600, 0640, 0664, 0444};
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        umask(i % 2 ? 077 : 0);
        assert_true(put("file", "text", modes[i], &err));
        assert_int_equal(facts_of("out/file").st_mode, S_IFREG | modes[i]);
    }
    assert_int_equal(count_entries("out"), 1);
}

static void folders_on_the_way_are_made(void **state)
{
    struct err err = {0};
    auto_free char *deep = xasprintf("%s/new//folder/", out);

    (void)state;
    assert_true(publish_bytes(deep, "a/b/file", "", 0, 0644, &err));
    expect_content("empty", "out/new/folder/a/b/file", "");
    assert_int_equal(facts_of("out/new").st_mode, S_IFDIR | 0755);
    assert_int_equal(facts_of("out/new/folder/a/b").st_mode, S_IFDIR | 0755);
    assert_int_equal(count_entries("out/new/folder"), 1);
}

static void until_the_commit_only_a_private_temporary_is_there(void **state)
{
    struct publish file;
    struct err err = {0};

    (void)state;
    expect_put("file", "old");
    assert_true(publish_open(out, &file, &err));
    assert_int_equal(write(file.fd, "new", 3), 3);
    expect_content("before the commit", "out/file", "old");
    assert_int_equal(count_entries("out"), 2);
    struct stat facts;
    assert_int_equal(fstatat(file.folder_fd, file.temporary, &facts, 0), 0);
    assert_int_equal(facts.st_mode, S_IFREG | 0600);
    assert_true(publish_commit(&file, "file", 0644, &err));
    assert_int_equal(file.fd, -1);
    assert_int_equal(file.folder_fd, -1);
    publish_discard(&file);
    expect_content("after it", "out/file", "new");
    assert_int_equal(count_entries("out"), 1);
}

static void what_is_discarded_leaves_nothing(void **state)
{
    struct publish files[3];
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) // side by side, each with a name of its own
        assert_true(publish_open(out, &files[i], &err));
    assert_int_equal(count_entries("out"), COUNT_OF(files));
    for (size_t i = 0; i < 2 * COUNT_OF(files); i++)
        publish_discard(&files[i / 2]);
    assert_int_equal(count_entries("out"), 0);
}

static void a_reader_of_the_old_file_keeps_it(void **state)
{
    char text[8] = "";

    (void)state;
    expect_put("file", "old");
    auto_fd int fd = openat(tree.fd, "out/file", O_RDONLY | O_CLOEXEC);
    expect_put("file", "newer");
    assert_int_equal(read(fd, text, sizeof text), 3);
    assert_string_equal(text, "old");
    expect_content("replaced", "out/file", "newer");
}

static void no_name_leads_out_of_the_folder(void **state)
{
    static const struct {
        const char *why;
        const char *relpath;
        enum err_kind want;
    } rows[] = {
        {"the way up", "../outside", ERR_INPUT},
        {"the way up, later", "a/../../outside", ERR_INPUT},
        {"up and down again", "../out/file", ERR_INPUT},
        {"the folder above", "..", ERR_INPUT},
        {"the folder itself", ".", ERR_INPUT},
        {"the folder itself on the way", "./file", ERR_INPUT},
        {"the way up at the end", "a/..", ERR_INPUT},
        {"nothing at the end", "a/", ERR_INPUT},
        {"nothing within", "a//file", ERR_INPUT},
        {"a link out on the way", "up/outside", ERR_IO},
        {"a link inside on the way", "inside/file", ERR_IO},
        {"a dangling link on the way", "dangling/file", ERR_IO},
        {"a file on the way", "file/deep", ERR_IO},
        {"a folder at the end", "kept", ERR_IO},
        {"a name of 256 bytes", TREE_NAME_250 "123456", ERR_IO},
    };

    (void)state;
    tree_dir(&tree, "out/kept");
    tree_file(&tree, "out/kept/file", "kept");
    tree_file(&tree, "out/file", "plain");
    tree_link(&tree, "..", "out/up");
    tree_link(&tree, "kept", "out/inside");
    tree_link(&tree, "nowhere", "out/dangling");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};

        if (put(rows[i].relpath, "mine", 0644, &err) || err.kind != rows[i].want)
            fail_msg("%s: %s %s", rows[i].why, err_kind_name(err.kind), err.message);
        expect_content(rows[i].why, "outside", "theirs");
        expect_content(rows[i].why, "out/file", "plain");
        expect_content(rows[i].why, "out/kept/file", "kept");
        if (count_entries("out") != 5 || count_entries("out/kept") != 1)
            fail_msg("%s: left something behind", rows[i].why);
    }
}

static void dots_that_are_names_are_fine(void **state)
{
    static const char *const names[] = {"...", "..a", ".a", "a..", ".../..a/.a"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        tree_remove(&tree);
        set_up(state);
        expect_put(names[i], "mine");
        assert_int_equal(count_entries("out"), 1);
    }
}

static void a_link_in_the_files_place_is_replaced_not_followed(void **state)
{
    (void)state;
    tree_link(&tree, "../outside", "out/file");
    expect_put("file", "mine");
    expect_content("the link's target", "outside", "theirs");
    expect_content("in its place", "out/file", "mine");
}

static void a_folder_that_can_not_be_one_is_an_error(void **state)
{
    static const struct {
        const char *why;
        const char *folder;
        const char *message;
    } rows[] = {
        {"a file", "outside", "open folder"},
        {"below a file", "outside/deep", "make folder"},
        {"a dangling link", "dangling", "open folder"},
        {"a name that is too long", TREE_NAME_250 "123456", "make folder"},
        {"shown as bytes that harm nobody", "outside/\x1b[2J", "outside/\\x1b[2J: "},
    };

    (void)state;
    tree_link(&tree, "nowhere", "dangling");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *folder = xasprintf("%s/%s", tree.path, rows[i].folder);
        struct publish file;
        struct err err = {0};

        if (publish_open(folder, &file, &err) || err.kind != ERR_IO)
            fail_msg("%s: %s %s", rows[i].why, err_kind_name(err.kind), err.message);
        if (!strstr(err.message, rows[i].message))
            fail_msg("%s: says \"%s\"", rows[i].why, err.message);
        publish_discard(&file); // fine on what was never open
    }
}

static void where_nothing_may_be_written_nothing_changes(void **state)
{
    bool is_root = geteuid() == 0;
    struct err top = {0};
    struct err below = {0};

    (void)state;
    tree_dir(&tree, "out/closed");
    tree_file(&tree, "out/closed/file", "old");
    tree_ok(fchmodat(tree.fd, "out/closed", 0555, 0), "chmod");
    tree_ok(fchmodat(tree.fd, "out", 0777, 0), "chmod");
    if (is_root && seteuid(NOBODY) < 0)
        skip(); // root may write everywhere
    auto_free char *closed = xasprintf("%s/closed", out);
    bool is_top = publish_bytes(closed, "file", "new", 3, 0644, &top);
    bool is_below = put("closed/file", "new", 0644, &below);
    if (is_root)
        tree_ok(seteuid(0), "seteuid");
    tree_ok(fchmodat(tree.fd, "out/closed", 0755, 0), "chmod");
    assert_false(is_top);
    assert_non_null(strstr(top.message, "make a temporary file in"));
    assert_false(is_below);
    assert_string_equal(below.message, "rename to closed/file: Permission denied");
    assert_int_equal(below.kind, ERR_IO);
    expect_content("closed", "out/closed/file", "old");
    assert_int_equal(count_entries("out"), 1);
    assert_int_equal(count_entries("out/closed"), 1);
}

static void a_file_that_does_not_fit_does_not_appear(void **state)
{
    auto_free char *text = xcalloc(5001, 1);
    struct rlimit old;
    struct err err = {0};

    (void)state;
    memset(text, 'x', 5000);
    expect_put("file", "old");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit small = {1000, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool ok = put("file", text, 0644, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_false(ok); // the first thousand bytes were taken
    assert_string_equal(err.message, "write: File too large");
    expect_content("the old one", "out/file", "old");
    assert_int_equal(count_entries("out"), 1);
}

static void a_write_that_takes_less_goes_on_where_it_stopped(void **state)
{
    (void)state;
    write_most = 3;
    expect_put("file", "one piece after the other");
    write_most = SIZE_MAX;
    expect_content("pieces", "out/file", "one piece after the other");
}

static void whichever_call_fails_the_file_is_the_old_or_the_new_one(void **state)
{
    int faults = 0;

    (void)state;
    for (int nth = 0; nth < 100; nth++) {
        struct err err = {0};
        char text[64];

        expect_put("a/file", "old");
        fault_arm(nth);
        bool ok = put("a/file", "new", 0644, &err);
        bool struck = fault_struck;
        fault_arm(-1);
        look("out/a/file", text);
        if (ok == struck || (struck && err.kind != ERR_DISK_FULL))
            fail_msg("call %d failed unseen: %s", nth, err.message);
        // a folder that can not be synced after the rename: new, and said to be unsure
        if (strcmp(text, "old") != 0 && (strcmp(text, "new") != 0 || (struck && nth < 4)))
            fail_msg("after call %d failed there is \"%s\"", nth, text);
        if (count_entries("out") != 1 || count_entries("out/a") != 1)
            fail_msg("call %d left something behind", nth);
        if (!struck)
            break;
        faults++;
    }
    // write, mode, sync, rename, sync of both folders
    assert_int_equal(faults, 6);
    expect_content("none failed", "out/a/file", "new");
}

static void cleaning_takes_what_a_crash_left_and_nothing_else(void **state)
{
    static const struct {
        const char *why;
        const char *name;
        bool is_ours;
    } rows[] = {
        {"a temporary file", ".onekey-agent.0123456789abcdef.tmp", true},
        {"another one", ".onekey-agent.ffffffffffffffff.tmp", true},
        {"a word of somebody's", ".onekey-agent.notes", false},
        {"only the beginning", ".onekey-agent.", false},
        {"a digit less", ".onekey-agent.0123456789abcde.tmp", false},
        {"a digit more", ".onekey-agent.0123456789abcdef0.tmp", false},
        {"other digits", ".onekey-agent.0123456789ABCDEF.tmp", false},
        {"another end", ".onekey-agent.0123456789abcdef.tmp2", false},
        {"another program's", ".onekey.0123456789abcdef.tmp", false},
        {"without the dot", "onekey-agent.0123456789abcdef.tmp", false},
        {"a file", "SHA256SUMS", false},
    };
    auto_free char *missing = xasprintf("%s/missing", out);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *path = xasprintf("out/%s", rows[i].name);

        tree_file(&tree, path, "x");
    }
    tree_dir(&tree, "out/.onekey-agent.0000000000000000.tmp");
    tree_dir(&tree, "out/below");
    tree_file(&tree, "out/below/.onekey-agent.0123456789abcdef.tmp", "x");
    publish_clean(out);
    publish_clean(missing);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *path = xasprintf("out/%s", rows[i].name);

        expect_content(rows[i].why, path, rows[i].is_ours ? "-" : "x");
    }
    expect_content("a folder", "out/.onekey-agent.0000000000000000.tmp", "?");
    assert_int_equal(count_entries("out/below"), 1);
}

static void what_a_killed_writer_left_is_what_cleaning_takes(void **state)
{
    struct publish file;
    struct err err = {0};

    (void)state;
    assert_true(publish_open(out, &file, &err));
    close(file.fd);
    close(file.folder_fd); // as if the process had ended here
    assert_int_equal(count_entries("out"), 1);
    publish_clean(out);
    assert_int_equal(count_entries("out"), 0);
}

static void a_moved_file_is_the_same_file_in_the_same_place(void **state)
{
    auto_free char *sent = xasprintf("%s/deep/sent", tree.path);
    struct err err = {0};

    (void)state;
    tree_dir(&tree, "out/a");
    tree_file(&tree, "out/a/fw.bin", "image");
    tree_file(&tree, "out/top.bin", "image");
    uint64_t inode = facts_of("out/a/fw.bin").st_ino;
    if (!publish_move(out, "a/fw.bin", inode, sent, &err) ||
        !publish_move(out, "top.bin", facts_of("out/top.bin").st_ino, sent, &err))
        fail_msg("%s", err.message);
    expect_content("moved", "deep/sent/a/fw.bin", "image");
    expect_content("moved", "deep/sent/top.bin", "image");
    assert_int_equal(facts_of("deep/sent/a/fw.bin").st_ino, inode);
    expect_content("where it was", "out/a/fw.bin", "-");
    assert_int_equal(count_entries("out"), 1);
}

static void what_is_not_to_be_moved_stays(void **state)
{
    static const struct {
        const char *why;
        const char *relpath;
        const char *of; /* the file whose inode is meant */
        enum err_kind want;
        const char *message;
    } rows[] = {
        {"another file by now", "file", "out/other", ERR_CHANGED, "file is another file by now"},
        {"its name is shown safely", "two\nlines", "out/other", ERR_CHANGED, "two\\x0alines is"},
        {"a link to the file", "link", "out/link", ERR_CHANGED, "another file"},
        {"a folder", "dir", "out/dir", ERR_CHANGED, "another file"},
        {"gone", "gone", "out/file", ERR_IO, "look at gone: No such file or directory"},
        {"with its folder", "gone/fw", "out/file", ERR_IO, "open folder gone: No such file"},
        {"there is one already", "taken", "out/taken", ERR_IO, "move taken: File exists"},
        {"below a link", "dirlink/fw", "out/dir/fw", ERR_IO, "open folder dirlink: "},
        {"the way up", "../outside", "outside", ERR_INPUT, "write ../outside: not a path"},
        {"absolute", "/outside", "outside", ERR_INPUT, "not a path below"},
        {"nothing", "", "outside", ERR_INPUT, "not a path below"},
    };
    auto_free char *sent = xasprintf("%s/sent", tree.path);

    (void)state;
    tree_file(&tree, "out/file", "image");
    tree_file(&tree, "out/other", "other");
    tree_file(&tree, "out/two\nlines", "image");
    tree_file(&tree, "out/taken", "image");
    tree_link(&tree, "file", "out/link");
    tree_dir(&tree, "out/dir");
    tree_file(&tree, "out/dir/fw", "image");
    tree_link(&tree, "dir", "out/dirlink");
    tree_dir(&tree, "sent");
    tree_file(&tree, "sent/taken", "before");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};

        if (publish_move(out, rows[i].relpath, facts_of(rows[i].of).st_ino, sent, &err) ||
            err.kind != rows[i].want || !strstr(err.message, rows[i].message))
            fail_msg("%s: %s %s", rows[i].why, err_kind_name(err.kind), err.message);
        // nothing was taken from the one, made in it, or replaced in the other
        if (count_entries("out") != 7 || count_entries("sent") != 1)
            fail_msg("%s: something was moved or made", rows[i].why);
        expect_content(rows[i].why, "sent/taken", "before");
        expect_content(rows[i].why, "outside", "theirs");
    }
    expect_content("taken", "out/taken", "image");
}

static void another_file_system_is_an_error_and_the_file_stays(void **state)
{
    char other[] = "/tmp/agent-test-XXXXXX";
    struct err err = {0};
    struct stat facts;

    (void)state;
    tree_file(&tree, "out/file", "image");
    assert_non_null(mkdtemp(other));
    tree_ok(stat(other, &facts), other);
    bool is_same = facts.st_dev == facts_of("out/file").st_dev;
    bool ok = !is_same && publish_move(out, "file", facts_of("out/file").st_ino, other, &err);
    tree_ok(rmdir(other), other); // fails when something was left there
    if (is_same)
        skip();
    assert_false(ok);
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.message, "move file: Invalid cross-device link");
    expect_content("stays", "out/file", "image");
}

static void a_scratch_file_has_no_name(void **state)
{
    auto_free char *missing = xasprintf("%s/missing", out);
    char text[8] = "";
    struct err err = {0};
    struct stat facts;

    (void)state;
    auto_fd int fd = publish_scratch(out, &err);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(pread(fd, text, sizeof text, 0), 3);
    assert_string_equal(text, "abc");
    assert_int_equal(fstat(fd, &facts), 0);
    assert_int_equal(facts.st_nlink, 0);
    assert_int_equal(facts.st_mode, S_IFREG | 0600);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(count_entries("out"), 0);
    assert_int_equal(publish_scratch(missing, &err), -1);
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.message, "make a scratch file in"));
}

/* A temporary file that holds the text; it is asked what lies at out/<relpath>. */
static bool is_same(const char *relpath, const char *text, size_t size)
{
    struct publish file;
    struct err err = {0};

    assert_true(publish_open(out, &file, &err));
    assert_true(publish_add(&file, text, size, &err));
    bool same = publish_is_same(&file, relpath);
    publish_discard(&file);
    return same;
}

static void equal_bytes_are_told_from_all_else(void **state)
{
    static const struct {
        const char *why;
        const char *relpath;
        const char *text;
        bool want;
    } rows[] = {
        {"the same", "file", "text", true},
        {"as long", "file", "tExt", false},
        {"longer", "file", "text ", false},
        {"shorter", "file", "tex", false},
        {"both empty", "empty", "", true},
        {"only one is empty", "empty", "x", false},
        {"only the new one is empty", "file", "", false},
        {"below a folder", "a/file", "text", true},
        {"nothing there", "missing", "", false},
        {"no folder there", "b/file", "text", false},
        {"a folder", "a", "text", false},
        {"a link to the same bytes", "link", "text", false},
        {"below a link", "alink/file", "text", false},
        {"a pipe", "pipe", "", false},
        {"outside", "../outside", "theirs", false},
    };

    (void)state;
    expect_put("file", "text");
    expect_put("empty", "");
    expect_put("a/file", "text");
    tree_link(&tree, "file", "out/link");
    tree_link(&tree, "a", "out/alink");
    tree_ok(mkfifoat(tree.fd, "out/pipe", 0600), "mkfifo");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (is_same(rows[i].relpath, rows[i].text, strlen(rows[i].text)) != rows[i].want)
            fail_msg("%s", rows[i].why);
    }
    assert_int_equal(count_entries("out"), 6);
}

static void large_files_are_compared_to_their_last_byte(void **state)
{
    static const size_t places[] = {0, 16383, 16384, 32768, 49999};
    char bytes[50000];
    struct err err = {0};

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    assert_true(publish_bytes(out, "file", bytes, sizeof bytes, 0644, &err));
    assert_true(is_same("file", bytes, sizeof bytes));
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        bytes[places[i]] = 'y';
        if (is_same("file", bytes, sizeof bytes))
            fail_msg("byte %zu", places[i]);
        bytes[places[i]] = 'x';
    }
}

static void what_is_added_and_synced_in_parts_is_committed_whole(void **state)
{
    struct publish file;
    struct err err = {0};

    (void)state;
    assert_true(publish_open(out, &file, &err));
    write_most = 2; // each call takes less than it is given
    assert_true(publish_add(&file, "hello", 5, &err) && publish_add(&file, " world", 6, &err));
    write_most = SIZE_MAX;
    assert_true(publish_sync(&file, &err));
    assert_true(publish_commit(&file, "file", 0644, &err));
    expect_content("both parts", "out/file", "hello world");
    assert_true(publish_open(out, &file, &err));
    fault_arm(0);
    assert_false(publish_sync(&file, &err));
    assert_int_equal(err.kind, ERR_DISK_FULL);
    fault_arm(0);
    assert_false(publish_add(&file, "x", 1, &err));
    assert_int_equal(err.kind, ERR_DISK_FULL);
    fault_arm(-1);
    publish_discard(&file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_has_its_mode_whatever_the_umask),
        TEST(folders_on_the_way_are_made),
        TEST(until_the_commit_only_a_private_temporary_is_there),
        TEST(what_is_discarded_leaves_nothing),
        TEST(a_reader_of_the_old_file_keeps_it),
        TEST(no_name_leads_out_of_the_folder),
        TEST(dots_that_are_names_are_fine),
        TEST(a_link_in_the_files_place_is_replaced_not_followed),
        TEST(a_folder_that_can_not_be_one_is_an_error),
        TEST(where_nothing_may_be_written_nothing_changes),
        TEST(a_file_that_does_not_fit_does_not_appear),
        TEST(a_write_that_takes_less_goes_on_where_it_stopped),
        TEST(whichever_call_fails_the_file_is_the_old_or_the_new_one),
        TEST(cleaning_takes_what_a_crash_left_and_nothing_else),
        TEST(what_a_killed_writer_left_is_what_cleaning_takes),
        TEST(a_moved_file_is_the_same_file_in_the_same_place),
        TEST(what_is_not_to_be_moved_stays),
        TEST(another_file_system_is_an_error_and_the_file_stays),
        TEST(a_scratch_file_has_no_name),
        TEST(equal_bytes_are_told_from_all_else),
        TEST(large_files_are_compared_to_their_last_byte),
        TEST(what_is_added_and_synced_in_parts_is_committed_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
