#include "test.h"

#include <fcntl.h>

#include "base/digest.h"
#include "base/mem.h"
#include "tree.h"
#include "watch/fingerprint.h"

static const off_t mib = 1 << 20;

/*
 * The pool has one thread and takes work in order: a gate queued after the first piece
 * runs before the second one, so that a test has the file to itself in between.
 */
struct gate {
    uv_work_t work;
    uv_sem_t reached, open;
};

struct result {
    int calls;
    enum err_kind kind;
    char hex[DIGEST_HEX_SIZE];
};

static struct tree tree;
static uv_loop_t loop;

static void on_gate(uv_work_t *work)
{
    struct gate *gate = work->data;

    uv_sem_post(&gate->reached);
    uv_sem_wait(&gate->open);
}

static void on_gate_passed(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
}

static void gate_queue(struct gate *gate)
{
    gate->work.data = gate;
    assert_int_equal(uv_sem_init(&gate->reached, 0), 0);
    assert_int_equal(uv_sem_init(&gate->open, 0), 0);
    assert_int_equal(uv_queue_work(&loop, &gate->work, on_gate, on_gate_passed), 0);
}

static void gate_release(struct gate *gate)
{
    uv_sem_destroy(&gate->reached);
    uv_sem_destroy(&gate->open);
}

static void on_done(void *owner, const char *hex, const struct err *err)
{
    struct result *result = owner;

    result->calls++;
    result->kind = err ? err->kind : ERR_OK;
    assert_true(!hex == !!err);
    if (hex)
        memcpy(result->hex, hex, sizeof result->hex);
}

static char *make_bytes(size_t size)
{
    char *bytes = xcalloc(1, size + 1);

    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 31 + i / 4093);
    return bytes;
}

static int make_file(const char *name, off_t file_size)
{
    size_t size = (size_t)file_size;
    char *bytes = make_bytes(size);
    int fd = tree_ok(openat(tree.fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), name);

    assert_int_equal(pwrite(fd, bytes, size, 0), size);
    free(bytes);
    return fd;
}

static struct fingerprint_options options_of(int fd)
{
    struct stat stat;

    tree_ok(fstat(fd, &stat), "fstat");
    return (struct fingerprint_options){.fd = fd, .facts = beneath_facts_of(&stat)};
}

static int set_up(void **state)
{
    (void)state;
    setenv("UV_THREADPOOL_SIZE", "1", 1);
    tree_make(&tree);
    return uv_loop_init(&loop);
}

static int tear_down(void **state)
{
    (void)state;
    tree_remove(&tree);
    return uv_loop_close(&loop);
}

static void the_digest_is_that_of_the_bytes(void **state)
{
    static const struct {
        const char *why;
        off_t size;
    } rows[] = {
        {"an empty file", 0},
        {"one byte", 1},
        {"one piece, exactly", 1 << 20},
        {"a byte more than a piece", (1 << 20) + 1},
        {"several pieces and a rest", (3 << 20) + 12345},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int fd = make_file("file", rows[i].size);
        size_t size = (size_t)rows[i].size;
        char *bytes = make_bytes(size);
        struct fingerprint_options options = options_of(fd);
        struct result result = {0};
        char want[DIGEST_HEX_SIZE];

        digest_of(bytes, size, want);
        fingerprint_start(&loop, &options, on_done, &result);
        assert_int_equal(result.calls, 0);
        uv_run(&loop, UV_RUN_DEFAULT);
        if (result.calls != 1 || strcmp(result.hex, want) != 0)
            fail_msg("%s: %d calls, kind %d, %s", rows[i].why, result.calls, (int)result.kind,
                     result.hex);
        free(bytes);
        close(fd);
    }
}

static void several_files_share_the_pool(void **state)
{
    struct result results[4] = {0};
    int fds[COUNT_OF(results)];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        char name[16];

        snprintf(name, sizeof name, "share%zu", i);
        fds[i] = make_file(name, 2 * mib);
        struct fingerprint_options options = options_of(fds[i]);
        fingerprint_start(&loop, &options, on_done, &results[i]);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        assert_int_equal(results[i].calls, 1);
        assert_string_equal(results[i].hex, results[0].hex);
        close(fds[i]);
    }
}

static void append_byte(int fd)
{
    assert_int_equal(pwrite(fd, "x", 1, 3 * mib), 1);
}

static void cut_short(int fd)
{
    tree_ok(ftruncate(fd, mib + 5), "ftruncate");
}

static void rewrite_in_place(int fd)
{
    const struct timespec times[2] = {{.tv_sec = 12345}, {.tv_sec = 12345}};

    assert_int_equal(pwrite(fd, "other", 5, 2 * mib), 5);
    tree_ok(futimens(fd, times), "futimens"); // a coarse clock must not hide the write
}

static void replace_by_rename(int fd)
{
    (void)fd;
    close(make_file("other", 3 * mib));
    tree_move(&tree, "other", "file");
}

static void unlink_other_name(int fd)
{
    (void)fd;
    tree_ok(linkat(tree.fd, "file", tree.fd, "second", 0), "link");
    tree_ok(unlinkat(tree.fd, "second", 0), "unlink");
}

static void a_file_that_changes_while_it_is_hashed_has_no_digest(void **state)
{
    static const struct {
        const char *why;
        void (*change)(int fd);
        enum err_kind want;
    } rows[] = {
        {"it grew", append_byte, ERR_CHANGED},
        {"it became shorter", cut_short, ERR_CHANGED},
        {"other bytes, same size", rewrite_in_place, ERR_CHANGED},
        {"another file took its name: ours is whole", replace_by_rename, ERR_OK},
        {"a cleaned build tree changes ctime and link count only", unlink_other_name, ERR_OK},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int fd = make_file("file", 3 * mib);
        struct fingerprint_options options = options_of(fd);
        struct result result = {0};
        struct gate gate;

        fingerprint_start(&loop, &options, on_done, &result);
        gate_queue(&gate);
        uv_sem_wait(&gate.reached); // the first piece is read, the second is not begun
        rows[i].change(fd);
        uv_sem_post(&gate.open);
        uv_run(&loop, UV_RUN_DEFAULT);
        gate_release(&gate);
        if (result.calls != 1 || result.kind != rows[i].want)
            fail_msg("%s: %d calls, %s", rows[i].why, result.calls, err_kind_name(result.kind));
        close(fd);
    }
}

static void a_file_that_is_not_what_was_settled_is_not_even_read(void **state)
{
    int fd = make_file("file", mib);
    static const struct {
        const char *why;
        int64_t size, mtime;
        uint64_t ino;
        bool network;
        enum err_kind want;
    } rows[] = {
        {"as it was", 0, 0, 0, false, ERR_OK},
        {"another size", 1, 0, 0, false, ERR_CHANGED},
        {"another mtime", 0, 1, 0, false, ERR_CHANGED},
        {"another inode", 0, 0, 1, false, ERR_CHANGED},
        {"another inode on a network file system", 0, 0, 1, true, ERR_OK},
        {"another size on a network file system", 1, 0, 0, true, ERR_CHANGED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fingerprint_options options = options_of(fd);
        struct result result = {0};

        options.facts.size += rows[i].size;
        options.facts.mtime_ns += rows[i].mtime;
        options.facts.ino += rows[i].ino;
        options.network = rows[i].network;
        fingerprint_start(&loop, &options, on_done, &result);
        uv_run(&loop, UV_RUN_DEFAULT);
        if (result.calls != 1 || result.kind != rows[i].want)
            fail_msg("%s: %s", rows[i].why, err_kind_name(result.kind));
    }
    close(fd);
}

static void cancelling_ends_it_once_and_later(void **state)
{
    int fd = make_file("file", 3 * mib);
    struct fingerprint_options options = options_of(fd);

    (void)state;
    for (int is_running = 0; is_running < 2; is_running++) {
        struct result result = {0};
        struct gate gate;
        struct op *op = is_running ? fingerprint_start(&loop, &options, on_done, &result) : NULL;

        gate_queue(&gate);
        if (!is_running) // waits in the queue
            op = fingerprint_start(&loop, &options, on_done, &result);
        uv_sem_wait(&gate.reached);
        op->cancel(op);
        op->cancel(op);
        assert_int_equal(result.calls, 0);
        uv_sem_post(&gate.open);
        uv_run(&loop, UV_RUN_DEFAULT);
        gate_release(&gate);
        assert_int_equal(result.calls, 1);
        assert_int_equal(result.kind, ERR_CANCELLED);
    }
    close(fd);
}

static void a_read_error_is_local_trouble(void **state)
{
    struct result result = {0};
    int fd;

    (void)state;
    close(make_file("file", 5));
    fd = tree_ok(openat(tree.fd, "file", O_WRONLY | O_CLOEXEC), "open");
    struct fingerprint_options options = options_of(fd);
    fingerprint_start(&loop, &options, on_done, &result);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(result.kind, ERR_IO);
    options.facts.size++; // what is known to have changed is not read
    fingerprint_start(&loop, &options, on_done, &result);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(result.kind, ERR_CHANGED);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_is_that_of_the_bytes),
        cmocka_unit_test(several_files_share_the_pool),
        cmocka_unit_test(a_file_that_changes_while_it_is_hashed_has_no_digest),
        cmocka_unit_test(a_file_that_is_not_what_was_settled_is_not_even_read),
        cmocka_unit_test(cancelling_ends_it_once_and_later),
        cmocka_unit_test(a_read_error_is_local_trouble),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
