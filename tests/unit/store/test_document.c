#include "test.h"

#include <zlib.h>

#include "store/known_sboms.h"

enum { KIB = 1024, PIECE = 256 * KIB };

static int64_t piece_count(struct db *db, int64_t id)
{
    int64_t position = 0;
    bool found = true;
    struct err err;

    for (;; position++) {
        struct row *row = db_query(db, QUERY_DOCUMENT_PIECE);

        row_bind_int(row, id);
        row_bind_int(row, position);
        assert_true(row_next(row, &found, &err));
        if (!found)
            return position;
        row_done(row);
    }
}

/* All pieces, one behind the other; caller frees. */
static unsigned char *read_pieces(struct db *db, int64_t id, size_t *size)
{
    unsigned char *bytes = NULL;
    int64_t count = piece_count(db, id);
    struct err err;

    *size = 0;
    for (int64_t position = 0; position < count; position++) {
        struct row *row = db_query(db, QUERY_DOCUMENT_PIECE);
        size_t got;
        bool found;

        row_bind_int(row, id);
        row_bind_int(row, position);
        assert_true(row_next(row, &found, &err));
        const void *piece = row_blob(row, 0, &got);
        assert_in_range(got, 1, PIECE);
        bytes = realloc(bytes, *size + got);
        memcpy(bytes + *size, piece, got);
        *size += got;
        row_done(row);
    }
    return bytes;
}

/* Bytes that do not get smaller: every value a hash of its place. */
static unsigned char *noise_new(size_t size)
{
    unsigned char *bytes = malloc(size);
    uint32_t value = 1;

    for (size_t i = 0; i < size; i++) {
        value = value * 1664525U + 1013904223U;
        bytes[i] = (unsigned char)(value >> 24);
    }
    return bytes;
}

static int deflate_into_memory(const unsigned char *bytes, size_t size, int64_t *stored_size)
{
    uLongf room = compressBound(size);
    unsigned char *deflated = malloc(room);
    int fd = memfd_create("deflated", MFD_CLOEXEC);

    bool ok = compress2(deflated, &room, bytes, size, 9) == Z_OK &&
              write(fd, deflated, room) == (ssize_t)room;
    *stored_size = (int64_t)room;
    free(deflated);
    assert_true(ok);
    return fd;
}

static void a_document_comes_back_byte_for_byte(void **state)
{
    static const size_t sizes[] = {1, 1000, PIECE - 400, PIECE, 700000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        auto_free unsigned char *bytes = noise_new(sizes[i]);
        char hex[DIGEST_HEX_SIZE];
        struct db *db = known_ledger();
        struct document document = {.sha256 = hex, .size = (int64_t)sizes[i]};
        struct err err;
        int64_t id = 0;
        size_t stored;

        digest_of(bytes, sizes[i], hex);
        auto_fd int fd = deflate_into_memory(bytes, sizes[i], &document.stored_size);
        document.deflated_fd = fd; /* its offset is at the end: it is read from its start */
        assert_true(document_keep(db, &document, &id, &err));
        auto_free unsigned char *pieces = read_pieces(db, id, &stored);
        assert_int_equal(stored, document.stored_size);
        assert_int_equal(piece_count(db, id), (stored + PIECE - 1) / PIECE);
        uLongf room = sizes[i];
        auto_free unsigned char *back = malloc(room);
        assert_int_equal(uncompress(back, &room, pieces, stored), Z_OK);
        assert_int_equal(room, sizes[i]);
        assert_memory_equal(back, bytes, sizes[i]);
        db_close(db);
    }
}

static void the_same_digest_is_kept_once(void **state)
{
    char hex[DIGEST_HEX_SIZE];
    struct db *db = known_ledger();
    struct document document = {.sha256 = hex, .size = 3};
    int64_t first = 0;
    int64_t second = 0;
    int64_t third = 0;
    struct err err;

    (void)state;
    digest_of("abc", 3, hex);
    auto_fd int fd = deflate_into_memory((const unsigned char *)"abc", 3, &document.stored_size);
    document.deflated_fd = fd;
    assert_true(document_keep(db, &document, &first, &err));
    assert_true(document_keep(db, &document, &second, &err));
    assert_int_equal(first, second);
    assert_int_equal(piece_count(db, first), 1);
    hex[0] = hex[0] == '0' ? '1' : '0';
    assert_true(document_keep(db, &document, &third, &err));
    assert_int_not_equal(first, third);
    db_close(db);
}

static void a_document_that_cannot_be_read_is_told(void **state)
{
    struct db *db = known_ledger();
    char hex[DIGEST_HEX_SIZE];
    struct document document = {.sha256 = hex, .size = 3, .deflated_fd = -1, .stored_size = 3};
    struct err err;
    int64_t id;

    (void)state;
    digest_of("abc", 3, hex);
    assert_false(document_keep(db, &document, &id, &err));
    assert_int_equal(err.kind, ERR_IO);
    db_close(db);
}

/* ---- one after the other, and away ---- */

static void documents_are_walked_through_in_the_order_of_their_ids(void **state)
{
    struct db *db = known_ledger();
    struct document_facts facts = {0};
    char seen[8] = "";
    size_t count = 0;
    struct err err;
    bool found;

    (void)state;
    known_document(db, 'b');
    known_document(db, 'a');
    known_document(db, 'c');
    for (;;) {
        assert_true(document_next(db, facts.id, &facts, &found, &err));
        if (!found)
            break;
        assert_in_range(count, 0, 2);
        assert_int_equal(facts.size, 100 + facts.sha256[0]);
        assert_int_equal(facts.stored_size, 2);
        assert_int_equal(strlen(facts.sha256), 64);
        seen[count++] = facts.sha256[0];
    }
    assert_string_equal(seen, "bac");
    db_close(db);
}

static void a_document_is_found_by_its_digest_alone(void **state)
{
    struct document_facts facts;
    char hex[DIGEST_HEX_SIZE];
    struct db *db = known_ledger();
    int64_t id = known_document(db, 'a');
    struct err err;
    bool found;

    (void)state;
    memset(hex, 'a', sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    assert_true(document_find(db, hex, &facts, &found, &err));
    assert_true(found);
    assert_int_equal(facts.id, id);
    assert_int_equal(facts.size, 100 + 'a');
    assert_int_equal(facts.stored_size, 2);
    assert_string_equal(facts.sha256, hex);
    hex[63] = 'b';
    assert_true(document_find(db, hex, &facts, &found, &err));
    assert_false(found);
    db_close(db);
}

static void a_piece_behind_the_last_one_is_not_there(void **state)
{
    struct db *db = known_ledger();
    int64_t id = known_document(db, 'a');
    auto_buf struct buf piece = {.max = DOCUMENT_PIECE_MAX};
    struct err err;
    bool found;

    (void)state;
    assert_true(document_piece(db, id, 0, &piece, &found, &err));
    assert_true(found);
    assert_int_equal(piece.size, 2);
    assert_memory_equal(piece.bytes, "xy", 2);
    assert_true(document_piece(db, id, 1, &piece, &found, &err));
    assert_false(found);
    assert_int_equal(piece.size, 0);
    db_close(db);
}

static void a_document_goes_with_the_last_that_needs_it(void **state)
{
    static const struct {
        const char *why;
        bool in_revision;
        bool in_quarantine;
        bool stays;
    } rows[] = {
        {"nobody needs it", false, false, false},
        {"a revision is of these bytes", true, false, true},
        {"it may still be accepted", false, true, true},
        {"both", true, true, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        int64_t id = known_document(db, 'a');
        int64_t other = known_document(db, 'b');
        struct err err;

        if (rows[i].in_revision)
            known_revision(db, "fw-1", "default", 1, 'a');
        if (rows[i].in_quarantine)
            known_quarantined(db, "fw-2", "it shrank", 5000, 'a');
        assert_true(document_drop_unused(db, id, &err));
        if (known_document_is_there(db, 'a') != rows[i].stays ||
            piece_count(db, id) != rows[i].stays)
            fail_msg("%s", rows[i].why);
        assert_int_equal(piece_count(db, other), 1);
        db_close(db);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_comes_back_byte_for_byte),
        cmocka_unit_test(the_same_digest_is_kept_once),
        cmocka_unit_test(a_document_that_cannot_be_read_is_told),
        cmocka_unit_test(documents_are_walked_through_in_the_order_of_their_ids),
        cmocka_unit_test(a_document_is_found_by_its_digest_alone),
        cmocka_unit_test(a_piece_behind_the_last_one_is_not_there),
        cmocka_unit_test(a_document_goes_with_the_last_that_needs_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
