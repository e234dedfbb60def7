#include "test.h"

#include <sys/mman.h>
#include <zlib.h>

#include "base/auto.h"
#include "base/digest.h"
#include "known_items.h"
#include "store/document.h"

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

/* ---- revisions ---- */

static int64_t add_document(struct db *db, char digit)
{
    char hex[DIGEST_HEX_SIZE];
    struct document document = {.sha256 = hex, .size = 100 + digit, .stored_size = 0};
    auto_fd int fd = memfd_create("nothing", MFD_CLOEXEC);
    struct err err;
    int64_t id;

    memset(hex, digit, DIGEST_HEX_SIZE - 1);
    hex[DIGEST_HEX_SIZE - 1] = '\0';
    document.deflated_fd = fd;
    assert_true(document_keep(db, &document, &id, &err));
    return id;
}

static void add_revision(struct db *db, const char *format, int64_t revision, char digit)
{
    struct sbom_row sbom = {.revision = revision,
                            .kind = "CycloneDX JSON",
                            .components = revision == 1 ? -1 : revision,
                            .content_id = "content",
                            .component_id = "component",
                            .fetched_at = 1000 + revision};
    struct err err;

    snprintf(sbom.format, sizeof sbom.format, "%s", format);
    snprintf(sbom.spec_version, sizeof sbom.spec_version, "%s", revision == 1 ? "" : "1.6");
    snprintf(sbom.file, sizeof sbom.file, "/srv/sboms/%s-%jd.json", format, (intmax_t)revision);
    assert_true(sbom_add(db, "fw-1", &sbom, add_document(db, digit), &err));
}

static void the_latest_revision_of_a_format_is_found(void **state)
{
    struct db *db = known_ledger();
    struct sbom_row sbom;
    struct err err;
    bool found;

    (void)state;
    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_false(found);
    add_revision(db, "default", 1, 'a');
    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_true(found);
    assert_int_equal(sbom.components, -1); /* unknown, not none */
    assert_string_equal(sbom.spec_version, "");
    add_revision(db, "default", 2, 'b');
    add_revision(db, "spdx", 1, 'c');
    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_int_equal(sbom.revision, 2);
    assert_int_equal(sbom.components, 2);
    assert_int_equal(sbom.fetched_at, 1002);
    assert_int_equal(sbom.size, 100 + 'b');
    assert_int_equal(sbom.sha256[0], 'b');
    assert_string_equal(sbom.kind, "CycloneDX JSON");
    assert_string_equal(sbom.spec_version, "1.6");
    assert_string_equal(sbom.content_id, "content");
    assert_string_equal(sbom.component_id, "component");
    assert_string_equal(sbom.file, "/srv/sboms/default-2.json");
    assert_string_equal(sbom.format, "default");
    assert_true(sbom_latest(db, "fw-2", "default", &sbom, &found, &err));
    assert_false(found);
    db_close(db);
}

static void on_sbom(void *owner, const struct sbom_row *sbom)
{
    char *text = owner;
    size_t size = strlen(text);

    snprintf(text + size, 128 - size, "%s %jd, ", sbom->format, (intmax_t)sbom->revision);
}

static void each_format_tells_its_latest_revision(void **state)
{
    struct db *db = known_ledger();
    char text[128] = "";
    struct err err;

    (void)state;
    add_revision(db, "spdx", 1, 'a');
    add_revision(db, "default", 1, 'b');
    add_revision(db, "default", 2, 'c');
    add_revision(db, "default", 3, 'c'); /* the same bytes may come back later */
    assert_true(sbom_each(db, "fw-1", on_sbom, text, &err));
    assert_string_equal(text, "default 3, spdx 1, ");
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_comes_back_byte_for_byte),
        cmocka_unit_test(the_same_digest_is_kept_once),
        cmocka_unit_test(a_document_that_cannot_be_read_is_told),
        cmocka_unit_test(the_latest_revision_of_a_format_is_found),
        cmocka_unit_test(each_format_tells_its_latest_revision),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
