#include "test.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"

static void an_empty_buffer_needs_no_memory_until_something_is_added(void **state)
{
    auto_buf struct buf buf = {.max = 10};
    struct err err = {0};

    (void)state;
    buf_clear(&buf);
    assert_null(buf.bytes);
    assert_true(buf_add(&buf, NULL, 0, &err));
    assert_int_equal(buf.size, 0);
    assert_string_equal(buf.bytes, "");
}

static void the_maximum_is_never_passed_and_what_was_there_stays(void **state)
{
    static const struct {
        const char *why;
        size_t max;
        size_t first;
        size_t second;
        bool want;
    } rows[] = {
        {"far below", 1000, 10, 10, true},
        {"exactly the maximum", 1000, 400, 600, true},
        {"one byte over", 1000, 400, 601, false},
        {"nothing more fits into a full one", 1000, 1000, 1, false},
        {"but nothing itself does", 1000, 1000, 0, true},
        {"a maximum of nothing", 0, 0, 1, false},
        {"a size that wraps around", 1000, 400, SIZE_MAX - 100, false},
        {"the largest size", 1000, 1, SIZE_MAX, false},
        {"over the first allocation", 100000, 240, 99760, true},
    };
    auto_free char *bytes = xcalloc(100001, 1);

    (void)state;
    memset(bytes, 'x', 100000);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_buf struct buf buf = {.max = rows[i].max};
        struct err err = {0};

        assert_true(buf_add(&buf, bytes, rows[i].first, &err));
        bool ok = buf_add(&buf, bytes, rows[i].second, &err);
        size_t want_size = rows[i].first + (ok ? rows[i].second : 0);
        if (ok != rows[i].want || buf.size != want_size || buf.size > buf.max)
            fail_msg("%s: %d, %zu bytes", rows[i].why, ok, buf.size);
        if (err.kind != (ok ? ERR_OK : ERR_PROTOCOL) || strlen(buf.bytes) != buf.size)
            fail_msg("%s: %s, ends after %zu", rows[i].why, err_kind_name(err.kind),
                     strlen(buf.bytes));
    }
}

static void a_refusal_names_the_maximum(void **state)
{
    auto_buf struct buf buf = {.max = 3};
    struct err err = {0};

    (void)state;
    assert_false(buf_add_text(&buf, "four", &err));
    assert_string_equal(err.message, "over 3 bytes");
    assert_true(buf_add_text(&buf, "six", &err));
    assert_string_equal(buf.bytes, "six");
}

static void it_grows_byte_by_byte_without_losing_one(void **state)
{
    enum { COUNT = 20000 };
    auto_buf struct buf buf = {.max = COUNT};
    struct err err = {0};
    size_t moves = 0;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        size_t room = buf.room;
        char c = (char)(i % 251);

        assert_true(buf_add(&buf, &c, 1, &err));
        moves += buf.room != room;
        assert_true(buf.room >= buf.size && buf.bytes[buf.size] == '\0');
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal((unsigned char)buf.bytes[i], i % 251);
    assert_true(moves < 10); // doubling: a byte at a time does not cost a copy each
}

static void bytes_may_be_anything(void **state)
{
    auto_buf struct buf buf = {.max = 10};
    struct err err = {0};

    (void)state;
    assert_true(buf_add(&buf, "a\0b\xff", 4, &err));
    assert_int_equal(buf.size, 4);
    assert_memory_equal(buf.bytes, "a\0b\xff", 5);
}

static void a_cleared_buffer_keeps_its_memory_and_a_released_one_its_maximum(void **state)
{
    auto_buf struct buf buf = {.max = 1000};
    struct err err = {0};

    (void)state;
    assert_true(buf_add_text(&buf, "some text", &err));
    const char *bytes = buf.bytes;
    buf_clear(&buf);
    assert_ptr_equal(buf.bytes, bytes);
    assert_string_equal(buf.bytes, "");
    assert_int_equal(buf.size, 0);
    buf_release(&buf);
    assert_null(buf.bytes);
    assert_int_equal(buf.room, 0);
    assert_int_equal(buf.max, 1000);
    assert_true(buf_add_text(&buf, "again", &err));
    assert_string_equal(buf.bytes, "again");
}

static void printing_appends(void **state)
{
    auto_buf struct buf buf = {.max = 2000};

    (void)state;
    buf_print(&buf, "%d of %s", 3, "4");
    buf_print(&buf, "%s", "");
    buf_print(&buf, ", %1000s", "x");
    assert_int_equal(buf.size, 6 + 2 + 1000);
    assert_memory_equal(buf.bytes, "3 of 4,    ", 11);
}

/* A file in memory, to be read from its start. */
static int make_file(size_t size)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    auto_free char *bytes = xcalloc(size + 1, 1);

    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('a' + i % 26);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void a_file_is_read_to_its_end_or_refused_when_it_passes_the_maximum(void **state)
{
    static const struct {
        const char *why;
        size_t size;
        size_t max;
        bool want;
    } rows[] = {
        {"an empty file", 0, 10, true},
        {"a small one", 5, 10, true},
        {"as large as the maximum", 10, 10, true},
        {"a byte larger", 11, 10, false},
        {"several reads", 50000, 50000, true},
        {"several reads, a byte too many", 50001, 50000, false},
        {"much larger than may be kept", 1000000, 20000, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_buf struct buf buf = {.max = rows[i].max};
        auto_fd int fd = make_file(rows[i].size);
        struct err err = {0};
        bool ok = buf_read_fd(&buf, fd, &err);

        if (ok != rows[i].want || buf.size > rows[i].max || (ok && buf.size != rows[i].size))
            fail_msg("%s: %d, %zu bytes", rows[i].why, ok, buf.size);
        if (err.kind != (ok ? ERR_OK : ERR_PROTOCOL))
            fail_msg("%s: %s", rows[i].why, err_kind_name(err.kind));
        for (size_t at = 0; at < buf.size; at++)
            assert_int_equal(buf.bytes[at], 'a' + at % 26);
    }
}

static void what_was_in_the_buffer_counts_for_a_file_as_well(void **state)
{
    auto_buf struct buf buf = {.max = 10};
    auto_fd int fd = make_file(5);
    auto_fd int again_fd = make_file(5);
    struct err err = {0};

    (void)state;
    assert_true(buf_add_text(&buf, "12345", &err));
    assert_true(buf_read_fd(&buf, fd, &err));
    assert_string_equal(buf.bytes, "12345abcde");
    assert_false(buf_read_fd(&buf, again_fd, &err));
    assert_string_equal(buf.bytes, "12345abcde");
}

static void what_can_not_be_read_says_how_far_it_came(void **state)
{
    auto_buf struct buf buf = {.max = 10};
    auto_fd int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct err err = {0};

    (void)state;
    assert_true(buf_add_text(&buf, "123", &err));
    assert_false(buf_read_fd(&buf, fd, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.message, "after 3 bytes: Is a directory");
    assert_string_equal(buf.bytes, "123");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_needs_no_memory_until_something_is_added),
        cmocka_unit_test(the_maximum_is_never_passed_and_what_was_there_stays),
        cmocka_unit_test(a_refusal_names_the_maximum),
        cmocka_unit_test(it_grows_byte_by_byte_without_losing_one),
        cmocka_unit_test(bytes_may_be_anything),
        cmocka_unit_test(a_cleared_buffer_keeps_its_memory_and_a_released_one_its_maximum),
        cmocka_unit_test(printing_appends),
        cmocka_unit_test(a_file_is_read_to_its_end_or_refused_when_it_passes_the_maximum),
        cmocka_unit_test(what_was_in_the_buffer_counts_for_a_file_as_well),
        cmocka_unit_test(what_can_not_be_read_says_how_far_it_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
