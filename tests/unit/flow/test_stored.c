#include "test.h"

#include <malloc.h>
#include <uv.h>

#include "base/auto.h"
#include "base/mem.h"
#include "flow/stored.h"
#include "known_items.h"
#include "stored_fixture.h"
#include "tree.h"

#define MIB   ((size_t)1 << 20)
#define PIECE ((size_t)DOCUMENT_PIECE_MAX)

/* What the end of stored_start() told. */
struct ending {
    int calls;
    bool is_in_call; /* while stored_start() or cancel() has not returned */
    bool was_in_call;
    struct err err; /* ERR_OK: it went well */
};

static uv_loop_t loop;
static struct db *db;
static int fds;

static int set_up(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    db = known_ledger();
    fds = tree_count_fds();
    return 0;
}

static int tear_down(void **state)
{
    int left = tree_count_fds();

    (void)state;
    assert_int_equal(uv_loop_close(&loop), 0);
    db_close(db);
    return left == fds ? 0 : -1; // a descriptor was left open
}

static void on_done(void *owner, const struct err *err)
{
    struct ending *ending = owner;

    ending->calls++;
    ending->was_in_call |= ending->is_in_call;
    ending->err = err ? *err : (struct err){.kind = ERR_OK};
}

static struct op *start(const char *sha256, int fd, struct ending *ending)
{
    *ending = (struct ending){.is_in_call = true};
    struct op *op = stored_start(&loop, db, sha256, fd, on_done, ending);
    ending->is_in_call = false;
    return op;
}

/* Both ways of reading: the err of each, ERR_OK where it went well. */
enum way { ON_LOOP, AT_ONCE, ONLY_CHECKED, WAY_COUNT };

static struct err read_by(enum way way, const char *sha256, int fd)
{
    struct err err = {.kind = ERR_OK};
    struct ending ending;

    if (way != ON_LOOP) {
        bool ok = stored_read(db, sha256, way == AT_ONCE ? fd : -1, &err);

        assert_int_equal(ok, err.kind == ERR_OK);
        return err;
    }
    start(sha256, fd, &ending);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ending.calls, 1);
    assert_false(ending.was_in_call);
    return ending.err;
}

static off_t size_of(int fd)
{
    struct stat facts;

    assert_int_equal(fstat(fd, &facts), 0);
    return facts.st_size;
}

static void want_bytes(int fd, const unsigned char *bytes, size_t size)
{
    assert_int_equal(size_of(fd), size);
    auto_free unsigned char *back = xcalloc(1, size + 1);
    assert_int_equal(pread(fd, back, size + 1, 0), (ssize_t)size);
    assert_memory_equal(back, bytes, size);
}

static void a_document_comes_back_byte_for_byte(void **state)
{
    static const struct {
        const char *why;
        size_t size;
        bool is_noise; /* else it deflates to next to nothing */
    } rows[] = {
        {"none at all", 0, true},
        {"one byte", 1, true},
        {"one piece", 1000, true},
        {"a piece that is just full", PIECE - 11 - 5 * (PIECE / 16383 + 1), true},
        {"several pieces", 3 * PIECE + 17, true},
        {"one piece that becomes much", 8 * MIB, false},
        {"output that ends with a chunk", 65536, false},
        {"many pieces", 5 * MIB, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows) * WAY_COUNT; i++) {
        size_t size = rows[i / WAY_COUNT].size;
        enum way way = (enum way)(i % WAY_COUNT);
        auto_free unsigned char *bytes = noise_new(size);
        auto_fd int fd = file_of("", 0);
        char sha256[DIGEST_HEX_SIZE];

        if (!rows[i / WAY_COUNT].is_noise)
            memset(bytes, '{', size);
        keep_bytes(db, bytes, size, sha256);
        struct err err = read_by(way, sha256, fd);
        if (err.kind != ERR_OK)
            fail_msg("%s: %s", rows[i / WAY_COUNT].why, err.message);
        want_bytes(fd, bytes, way == ONLY_CHECKED ? 0 : size);
    }
}

static void a_file_position_of_the_caller_does_not_matter(void **state)
{
    auto_free unsigned char *bytes = noise_new(1000);
    auto_fd int fd = file_of("", 0);
    char sha256[DIGEST_HEX_SIZE];

    (void)state;
    keep_bytes(db, bytes, 1000, sha256);
    assert_int_equal(lseek(fd, 77, SEEK_SET), 77);
    assert_int_equal(read_by(ON_LOOP, sha256, fd).kind, ERR_OK);
    want_bytes(fd, bytes, 1000);
}

/* ---- what is not as it was ---- */

/* A good deflated document, before it is kept. */
struct spoilt {
    unsigned char *deflated;
    size_t deflated_size;
    int64_t size; /* what the row says */
};

typedef void spoil_fn(struct spoilt *spoilt);

static void flip_first(struct spoilt *spoilt)
{
    spoilt->deflated[2] ^= 0x06; /* the type of the first block */
}

static void flip_middle(struct spoilt *spoilt)
{
    spoilt->deflated[spoilt->deflated_size / 2] ^= 1;
}

static void flip_checksum(struct spoilt *spoilt)
{
    spoilt->deflated[spoilt->deflated_size - 1] ^= 1;
}

static void cut_end(struct spoilt *spoilt)
{
    spoilt->deflated_size -= 1;
}

static void cut_pieces(struct spoilt *spoilt)
{
    spoilt->deflated_size = PIECE;
}

static void empty(struct spoilt *spoilt)
{
    spoilt->deflated_size = 0;
}

static void append(struct spoilt *spoilt)
{
    spoilt->deflated[spoilt->deflated_size++] = 'x';
}

static void want_dictionary(struct spoilt *spoilt)
{
    spoilt->deflated[1] = 0xbb; /* FDICT, and the check bits that belong to it */
}

static void want_more(struct spoilt *spoilt)
{
    spoilt->size += 1;
}

static void want_less(struct spoilt *spoilt)
{
    spoilt->size -= 1;
}

static void a_damaged_copy_is_told(void **state)
{
    static const struct {
        const char *why;
        spoil_fn *spoil;
        const char *says;
    } rows[] = {
        {"its beginning", flip_first, "does not inflate"},
        {"one bit in the middle", flip_middle, "does not inflate"},
        {"one bit of the checksum", flip_checksum, "does not inflate"},
        {"the last byte is missing", cut_end, "its end is missing"},
        {"all pieces but the first are missing", cut_pieces, "its end is missing"},
        {"no piece is there", empty, "its end is missing"},
        {"a byte too many", append, "more follows its end"},
        {"a stream of another kind", want_dictionary, "does not inflate"},
        {"the row says more", want_more, "shorter than it was"},
        {"the row says less", want_less, "longer than it was"},
    };
    const size_t size = 2 * PIECE + 1000;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows) * WAY_COUNT; i++) {
        auto_free unsigned char *bytes = noise_new(size);
        auto_fd int fd = file_of("", 0);
        struct spoilt spoilt = {.deflated_size = size, .size = (int64_t)size};
        char sha256[DIGEST_HEX_SIZE];

        bytes[0] = (unsigned char)i; /* each one has a digest of its own */
        digest_of(bytes, size, sha256);
        auto_free unsigned char *deflated = deflated_new(bytes, &spoilt.deflated_size);
        spoilt.deflated = deflated;
        rows[i / WAY_COUNT].spoil(&spoilt);
        keep_deflated(db, sha256, spoilt.size, deflated, spoilt.deflated_size);
        struct err err = read_by((enum way)(i % WAY_COUNT), sha256, fd);
        if (err.kind != ERR_DATA || !strstr(err.message, rows[i / WAY_COUNT].says) ||
            !strstr(err.message, "the ledger's copy is damaged"))
            fail_msg("%s: %s (%s)", rows[i / WAY_COUNT].why, err.message, err_kind_name(err.kind));
    }
}

static void another_document_in_its_place_is_told_by_its_digest(void **state)
{
    size_t deflated_size = 4;
    auto_fd int fd = file_of("", 0);
    auto_free unsigned char *other = deflated_new((const unsigned char *)"abcd", &deflated_size);
    char sha256[DIGEST_HEX_SIZE];

    (void)state;
    digest_of("abce", 4, sha256);
    keep_deflated(db, sha256, 4, other, deflated_size);
    for (int way = 0; way < WAY_COUNT; way++) {
        struct err err = read_by((enum way)way, sha256, fd);

        assert_int_equal(err.kind, ERR_DATA);
        assert_non_null(strstr(err.message, "its digest is another"));
        assert_non_null(strstr(err.message, sha256));
    }
}

static void no_more_is_written_than_the_row_says(void **state)
{
    size_t deflated_size = 64 * MIB;
    auto_free unsigned char *bytes = xcalloc(1, deflated_size);
    auto_fd int fd = file_of("", 0);
    char sha256[DIGEST_HEX_SIZE];

    (void)state;
    auto_free unsigned char *deflated = deflated_new(bytes, &deflated_size);
    digest_of("bomb", 4, sha256);
    keep_deflated(db, sha256, 1000, deflated, deflated_size);
    assert_int_equal(read_by(ON_LOOP, sha256, fd).kind, ERR_DATA);
    assert_in_range(size_of(fd), 0, 1000);
}

static void a_document_that_is_not_there_is_an_input_error(void **state)
{
    auto_fd int fd = file_of("", 0);
    char sha256[DIGEST_HEX_SIZE];

    (void)state;
    digest_of("nowhere", 7, sha256);
    for (int way = 0; way < WAY_COUNT; way++) {
        struct err err = read_by((enum way)way, sha256, fd);

        assert_int_equal(err.kind, ERR_INPUT);
        assert_non_null(strstr(err.message, sha256));
    }
    assert_int_equal(read_by(ON_LOOP, "\x1b[2Jno digest", fd).kind, ERR_INPUT);
    assert_true(strchr(read_by(AT_ONCE, "\x1b[2Jno digest", fd).message, '\x1b') == NULL);
}

static void one_that_is_dropped_meanwhile_is_not_called_damaged(void **state)
{
    auto_free unsigned char *bytes = noise_new(8 * PIECE);
    auto_fd int fd = file_of("", 0);
    char sha256[DIGEST_HEX_SIZE];
    struct ending ending;
    struct err err;

    (void)state;
    int64_t id = keep_bytes(db, bytes, 8 * PIECE, sha256);
    start(sha256, fd, &ending);
    while (size_of(fd) == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_true(document_drop_unused(db, id, &err));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ending.calls, 1);
    assert_int_equal(ending.err.kind, ERR_INPUT);
}

static void a_full_disk_is_told(void **state)
{
    auto_free unsigned char *bytes = noise_new(3 * PIECE);
    auto_fd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    char sha256[DIGEST_HEX_SIZE];

    (void)state;
    keep_bytes(db, bytes, 3 * PIECE, sha256);
    assert_int_equal(read_by(ON_LOOP, sha256, full).kind, ERR_DISK_FULL);
    assert_int_equal(read_by(AT_ONCE, sha256, full).kind, ERR_DISK_FULL);
    assert_int_equal(read_by(ONLY_CHECKED, sha256, full).kind, ERR_OK);
}

static void it_can_be_cancelled_in_any_turn(void **state)
{
    auto_free unsigned char *bytes = noise_new(5 * PIECE);
    char sha256[DIGEST_HEX_SIZE];
    int cancelled = 0;

    (void)state;
    keep_bytes(db, bytes, 5 * PIECE, sha256);
    for (int turns = 0;; turns++) {
        auto_fd int fd = file_of("", 0);
        struct ending ending;
        struct op *op = start(sha256, fd, &ending);

        for (int turn = 0; turn < turns && ending.calls == 0; turn++)
            uv_run(&loop, UV_RUN_ONCE);
        if (ending.calls == 1) {
            assert_int_equal(ending.err.kind, ERR_OK);
            want_bytes(fd, bytes, 5 * PIECE);
            break;
        }
        ending.is_in_call = true;
        op->cancel(op);
        op->cancel(op); /* twice is as once */
        ending.is_in_call = false;
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(ending.calls, 1);
        assert_false(ending.was_in_call);
        assert_int_equal(ending.err.kind, ERR_CANCELLED);
        cancelled++;
    }
    assert_true(cancelled >= 6); /* a turn a piece, at least */
}

static size_t memory_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void memory_is_that_of_a_piece(void **state)
{
    auto_free unsigned char *bytes = noise_new(40 * MIB);
    auto_fd int fd = file_of("", 0);
    char sha256[DIGEST_HEX_SIZE];
    struct ending ending;
    size_t most = 0;

    (void)state;
    keep_bytes(db, bytes, 40 * MIB, sha256);
    size_t before = memory_in_use();
    start(sha256, fd, &ending);
    while (ending.calls == 0) {
        uv_run(&loop, UV_RUN_ONCE);
        if (memory_in_use() > most)
            most = memory_in_use();
    }
    assert_int_equal(ending.err.kind, ERR_OK);
    assert_in_range(most, 0, before + MIB);
    uv_run(&loop, UV_RUN_DEFAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_document_comes_back_byte_for_byte),
        TEST(a_file_position_of_the_caller_does_not_matter),
        TEST(a_damaged_copy_is_told),
        TEST(another_document_in_its_place_is_told_by_its_digest),
        TEST(no_more_is_written_than_the_row_says),
        TEST(a_document_that_is_not_there_is_an_input_error),
        TEST(one_that_is_dropped_meanwhile_is_not_called_damaged),
        TEST(a_full_disk_is_told),
        TEST(it_can_be_cancelled_in_any_turn),
        TEST(memory_is_that_of_a_piece),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
