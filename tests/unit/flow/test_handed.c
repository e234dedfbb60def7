/* Files that a command hands over: what is believed of them, and how long they stay open. */
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "flow/handed.h"
#include "known_items.h"
#include "tree.h"

struct desk {
    struct tree tree;
    struct flow flow;
};

static int begin(void **state)
{
    struct desk *desk = xcalloc(1, sizeof *desk);

    tree_make(&desk->tree);
    desk->flow.db = known_ledger();
    tree_file(&desk->tree, "fw.bin", "firmware");
    tree_file(&desk->tree, "fw.cdx.json", "{}");
    tree_file(&desk->tree, "empty", "");
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct desk *desk = *state;

    handed_drop_all(&desk->flow);
    db_close(desk->flow.db);
    tree_remove(&desk->tree);
    free(desk);
    return 0;
}

static int open_at(const struct desk *desk, const char *name, int flags)
{
    return tree_ok(openat(desk->tree.fd, name, flags | O_CLOEXEC), name);
}

/* What a command says, around descriptors that it still owns. */
static struct handed_file file_of(int fd, int sbom_fd)
{
    return (struct handed_file){
        .path = "/job/fw.bin",
        .fd = fd,
        .sbom_path = sbom_fd < 0 ? NULL : "/job/fw.cdx.json",
        .sbom_fd = sbom_fd,
        .vendor = "Acme",
        .product = "Router",
        .name = "Acme-Router-1.0",
    };
}

static int64_t add(struct desk *desk, const struct handed_file *file)
{
    int64_t id = 0;
    struct err err;

    if (!handed_add(&desk->flow, file, &id, &err))
        fail_msg("%s", err.message);
    return id;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void a_file_becomes_a_row_without_a_watch(void **state)
{
    struct desk *desk = *state;
    int fd = open_at(desk, "fw.bin", O_RDONLY);
    struct handed_file file = file_of(fd, -1);
    struct stat facts;

    file.version = "1.0";
    file.group = "Routers";
    file.configuration = "Fast";
    file.category = "Gateway";
    file.release_date = "2026-02-03";
    file.notes = "n";
    file.monitoring = true;
    int64_t id = add(desk, &file);
    auto_item struct item row = known_load(desk->flow.db, id);
    assert_int_equal(fstat(fd, &facts), 0);
    assert_true(handed_is(&row));
    assert_int_equal(row.state, ITEM_HASHING);
    assert_int_equal(row.current, 1);
    assert_string_equal(row.path, "/job/fw.bin");
    assert_int_equal(row.size, 8);
    assert_int_equal(row.inode, facts.st_ino);
    assert_string_equal(row.vendor, "Acme");
    assert_string_equal(row.product, "Router");
    assert_string_equal(row.name, "Acme-Router-1.0");
    assert_string_equal(row.version, "1.0");
    assert_string_equal(row.product_group, "Routers");
    assert_string_equal(row.analysis_configuration, "Fast");
    assert_string_equal(row.product_category, "Gateway");
    assert_string_equal(row.release_date, "2026-02-03");
    assert_string_equal(row.notes, "n");
    assert_int_equal(row.monitoring, 1);
    assert_int_equal(row.sbom_only, 0);
    close(fd);
}

static void what_was_not_said_stays_unset(void **state)
{
    struct desk *desk = *state;
    int fd = open_at(desk, "fw.bin", O_RDONLY);
    struct handed_file file = file_of(fd, -1);
    auto_item struct item row = known_load(desk->flow.db, add(desk, &file));

    assert_null(row.version);
    assert_null(row.product_group);
    assert_null(row.analysis_configuration);
    assert_null(row.product_category);
    assert_null(row.release_date);
    assert_null(row.notes);
    assert_int_equal(row.monitoring, 0);
    close(fd);
}

static void its_descriptors_are_its_own(void **state)
{
    struct desk *desk = *state;
    int fd = open_at(desk, "fw.bin", O_RDONLY);
    int sbom_fd = open_at(desk, "fw.cdx.json", O_RDONLY);
    struct handed_file file = file_of(fd, sbom_fd);
    char byte;

    file.force = true;
    int64_t id = add(desk, &file);
    close(fd);
    close(sbom_fd);
    const struct handed *handed = handed_find(&desk->flow, id);
    assert_non_null(handed);
    assert_int_equal(pread(handed->fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 'f');
    assert_int_equal(pread(handed->sbom_fd, &byte, 1, 0), 1);
    assert_int_equal(byte, '{');
    assert_string_equal(handed->sbom_path, "/job/fw.cdx.json");
    assert_true(handed->force);
    assert_true((fcntl(handed->fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(handed->sbom_fd, F_GETFD) & FD_CLOEXEC) != 0);
}

static void what_is_dropped_is_closed(void **state)
{
    struct desk *desk = *state;
    int fd = open_at(desk, "fw.bin", O_RDONLY);
    struct handed_file file = file_of(fd, -1);
    int64_t ids[3];
    int fds[3];

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        ids[i] = add(desk, &file);
        fds[i] = handed_find(&desk->flow, ids[i])->fd;
    }
    close(fd);
    handed_drop(&desk->flow, ids[1]);
    assert_null(handed_find(&desk->flow, ids[1]));
    assert_false(is_open(fds[1]));
    assert_true(is_open(fds[0]) && is_open(fds[2]));
    handed_drop(&desk->flow, ids[1]); /* again, and one that never was, is fine */
    handed_drop(&desk->flow, 4711);
    handed_drop_all(&desk->flow);
    assert_false(is_open(fds[0]) || is_open(fds[2]));
    assert_null(desk->flow.handed);
}

/* It came over a socket, perhaps: nothing that is said about a descriptor is believed. */
static void what_is_no_readable_file_is_refused(void **state)
{
    struct desk *desk = *state;
    int pipes[2];

    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    const struct {
        const char *why;
        int fd;
        const char *says;
    } rows[] = {
        {"none", -1, "no open file"},
        {"closed", 999, "no open file"},
        {"only its place", open_at(desk, "fw.bin", O_PATH), "not open for reading"},
        {"for writing", open_at(desk, "fw.bin", O_WRONLY), "not open for reading"},
        {"empty", open_at(desk, "empty", O_RDONLY), "empty"},
        {"a folder", open_at(desk, ".", O_RDONLY | O_DIRECTORY), "directory"},
        {"a pipe", pipes[0], "FIFO"},
        {"a device", tree_ok(open("/dev/zero", O_RDONLY | O_CLOEXEC), "/dev/zero"), "device"},
    };
    int good = open_at(desk, "fw.bin", O_RDONLY);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        /* As the image, as the SBOM beside one, and as the SBOM alone. */
        struct handed_file files[] = {file_of(rows[i].fd, -1), file_of(good, rows[i].fd),
                                      file_of(rows[i].fd, -1)};

        files[2].sbom_only = true;
        for (size_t j = 0; j < COUNT_OF(files); j++) {
            struct err err = {.kind = ERR_OK};
            int64_t id = 0;

            if (j == 1 && rows[i].fd < 0)
                continue; /* -1 says that there is none */
            if (handed_add(&desk->flow, &files[j], &id, &err))
                fail_msg("%s: taken", rows[i].why);
            if (err.kind != ERR_INPUT || !strstr(err.message, rows[i].says) ||
                !strstr(err.message, j == 0 ? "image" : "SBOM"))
                fail_msg("%s: %s", rows[i].why, err.message);
        }
    }
    assert_null(desk->flow.handed);
    for (size_t i = 2; i < COUNT_OF(rows); i++)
        close(rows[i].fd);
    close(pipes[1]);
    close(good);
}

static void more_than_it_may_hold_open_are_told_to_come_again(void **state)
{
    struct desk *desk = *state;
    int fd = open_at(desk, "fw.bin", O_RDONLY);
    struct handed_file file = file_of(fd, -1);
    struct err err;
    int64_t id = 0;
    int64_t first = 0;

    for (int i = 0; i < HANDED_MAX; i++) {
        id = add(desk, &file);
        if (i == 0)
            first = id;
    }
    assert_false(handed_add(&desk->flow, &file, &id, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    handed_drop(&desk->flow, first);
    assert_true(handed_add(&desk->flow, &file, &id, &err));
    close(fd);
}

static void the_newest_row_of_a_path_is_the_one(void **state)
{
    struct desk *desk = *state;
    int fd = open_at(desk, "fw.bin", O_RDONLY);
    struct handed_file file = file_of(fd, -1);
    int64_t first = add(desk, &file);
    int64_t second = add(desk, &file);
    auto_item struct item old = known_load(desk->flow.db, first);
    auto_item struct item row = known_load(desk->flow.db, second);

    assert_int_equal(old.current, 0);
    assert_int_equal(row.current, 1);
    assert_non_null(handed_find(&desk->flow, first)); /* it is sent all the same */
    close(fd);
}

/* A watched file of the same path is another matter: its row is the watch's. */
static void a_watchs_row_of_that_path_is_not_touched(void **state)
{
    struct desk *desk = *state;
    int64_t watched = known_add(desk->flow.db, ITEM_DONE, "/job/fw.bin");
    int fd = open_at(desk, "fw.bin", O_RDONLY);
    struct handed_file file = file_of(fd, -1);

    add(desk, &file);
    auto_item struct item row = known_load(desk->flow.db, watched);
    assert_int_equal(row.current, 1);
    assert_false(handed_is(&row));
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_file_becomes_a_row_without_a_watch),
        TEST(what_was_not_said_stays_unset),
        TEST(its_descriptors_are_its_own),
        TEST(what_is_dropped_is_closed),
        TEST(what_is_no_readable_file_is_refused),
        TEST(more_than_it_may_hold_open_are_told_to_come_again),
        TEST(the_newest_row_of_a_path_is_the_one),
        TEST(a_watchs_row_of_that_path_is_not_touched),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
