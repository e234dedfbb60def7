#include "test.h"

#include <sys/mman.h>
#include <zlib.h>

#include "base/mem.h"
#include "sbom/sbom_file.h"
#include "sbom_fixture.h"

struct outcome {
    size_t calls;
    bool may_come; /* set once the starting and cancelling calls have returned */
    struct sbom_file_result result;
    struct err err;
};

static void on_done(void *owner, const struct sbom_file_result *result, const struct err *err)
{
    struct outcome *outcome = owner;

    assert_true(outcome->may_come);
    assert_true((result == NULL) != (err == NULL));
    outcome->calls++;
    if (result)
        outcome->result = *result;
    if (err)
        outcome->err = *err;
}

static int file_with(const char *bytes, size_t size)
{
    int fd = memfd_create("sbom", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    return fd;
}

static void inspect(int fd, int compressed_fd, bool cancels, struct outcome *outcome)
{
    uv_loop_t loop;

    *outcome = (struct outcome){0};
    assert_int_equal(uv_loop_init(&loop), 0);
    struct op *op = sbom_file_start(&loop, fd, compressed_fd, on_done, outcome);
    if (cancels)
        op->cancel(op);
    outcome->may_come = true;
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(outcome->calls, 1);
}

static void expect_same(const struct buf *buf, int fd, const struct sbom_file_result *result)
{
    char hex[DIGEST_HEX_SIZE];
    auto_free char *packed = xcalloc(1, (size_t)result->compressed_size);
    auto_free char *plain = xcalloc(1, buf->size);
    uLongf size = buf->size;

    digest_of(buf->bytes, buf->size, hex);
    assert_string_equal(result->sha256, hex);
    assert_int_equal(result->size, buf->size);
    assert_int_equal(lseek(fd, 0, SEEK_END), result->compressed_size);
    assert_int_equal(pread(fd, packed, (size_t)result->compressed_size, 0),
                     result->compressed_size);
    assert_int_equal(
        uncompress((Bytef *)plain, &size, (const Bytef *)packed, (uLong)result->compressed_size),
        Z_OK);
    assert_int_equal(size, buf->size);
    assert_memory_equal(plain, buf->bytes, buf->size);
}

static void a_file_gives_digest_facts_and_a_compressed_copy(void **state)
{
    auto_buf struct buf buf = fixture_load("cdx-1.6.json");
    auto_fd int fd = file_with(buf.bytes, buf.size);
    auto_fd int packed = memfd_create("packed", MFD_CLOEXEC);
    struct sbom_facts facts = fixture_facts("cdx-1.6.json");
    struct outcome outcome;

    (void)state;
    inspect(fd, packed, false, &outcome);
    assert_int_equal(outcome.err.kind, ERR_OK);
    expect_same(&buf, packed, &outcome.result);
    assert_int_equal(outcome.result.facts.components, 5);
    assert_string_equal(outcome.result.facts.content_id, facts.content_id);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), buf.size); /* where the writing left it */
}

/* A document of several chunks that hardly compresses. */
static void many_chunks_come_through_whole(void **state)
{
    auto_buf struct buf buf = {.max = 4 << 20};
    auto_fd int packed = memfd_create("packed", MFD_CLOEXEC);
    struct outcome outcome;
    uint32_t noise = 1;

    (void)state;
    buf_print(&buf, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"x\":[0");
    while (buf.size < 1 << 20) {
        noise = noise * 1664525 + 1013904223;
        buf_print(&buf, ",%u", noise);
    }
    buf_print(&buf, "]}");
    auto_fd int fd = file_with(buf.bytes, buf.size);
    inspect(fd, packed, false, &outcome);
    assert_int_equal(outcome.err.kind, ERR_OK);
    expect_same(&buf, packed, &outcome.result);
}

static void without_a_target_nothing_is_compressed(void **state)
{
    auto_buf struct buf buf = fixture_load("spdx-2.3.spdx");
    auto_fd int fd = file_with(buf.bytes, buf.size);
    struct outcome outcome;

    (void)state;
    inspect(fd, -1, false, &outcome);
    assert_int_equal(outcome.err.kind, ERR_OK);
    assert_int_equal(outcome.result.compressed_size, 0);
    assert_int_equal(outcome.result.facts.kind, SBOM_SPDX_TAG_VALUE);
}

static void what_is_no_sbom_ends_with_the_readers_words(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"", "is empty"},
        {"<!DOCTYPE html><html></html>", "is an HTML page, not an SBOM"},
        {"{\"bomFormat\":\"CycloneDX\"", "ends in the middle of the JSON document"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_fd int fd = file_with(rows[i].text, strlen(rows[i].text));
        struct outcome outcome;

        inspect(fd, -1, false, &outcome);
        assert_int_equal(outcome.err.kind, ERR_DATA);
        assert_string_equal(outcome.err.message, rows[i].want);
    }
}

static void trouble_with_a_file_is_not_the_documents(void **state)
{
    auto_buf struct buf buf = fixture_load("cdx-1.6.json");
    auto_fd int fd = file_with(buf.bytes, buf.size);
    auto_fd int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    auto_fd int reading = open("/dev/null", O_RDONLY | O_CLOEXEC);
    auto_fd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct outcome outcome;

    (void)state;
    inspect(folder, -1, false, &outcome);
    assert_int_equal(outcome.err.kind, ERR_IO);
    inspect(fd, reading, false, &outcome);
    assert_int_equal(outcome.err.kind, ERR_IO);
    inspect(fd, full, false, &outcome);
    assert_int_equal(outcome.err.kind, ERR_DISK_FULL);
}

static void a_cancelled_inspection_ends_once_and_later(void **state)
{
    auto_buf struct buf buf = fixture_load("cdx-1.6.json");
    auto_fd int fd = file_with(buf.bytes, buf.size);

    (void)state;
    for (size_t i = 0; i < 50; i++) { /* before the worker has it, or while it works */
        struct outcome outcome;

        inspect(fd, -1, true, &outcome);
        assert_int_equal(outcome.err.kind, ERR_CANCELLED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_digest_facts_and_a_compressed_copy),
        cmocka_unit_test(many_chunks_come_through_whole),
        cmocka_unit_test(without_a_target_nothing_is_compressed),
        cmocka_unit_test(what_is_no_sbom_ends_with_the_readers_words),
        cmocka_unit_test(trouble_with_a_file_is_not_the_documents),
        cmocka_unit_test(a_cancelled_inspection_ends_once_and_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
