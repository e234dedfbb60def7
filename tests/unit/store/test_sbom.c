#include "test.h"

#include "store/known_sboms.h"

static void the_latest_revision_of_a_format_is_found(void **state)
{
    struct db *db = known_ledger();
    struct sbom_row sbom;
    struct err err;
    bool found;

    (void)state;
    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_false(found);
    known_revision(db, "fw-1", "default", 1, 'a');
    known_revision(db, "fw-1", "default", 2, 'b');
    known_revision(db, "fw-1", "spdx", 1, 'c');
    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_true(found);
    assert_string_equal(sbom.firmware_id, "fw-1");
    assert_string_equal(sbom.format, "default");
    assert_int_equal(sbom.revision, 2);
    assert_string_equal(sbom.kind, "cyclonedx-json");
    assert_string_equal(sbom.spec_version, "1.6");
    assert_int_equal(sbom.components, 2);
    assert_string_equal(sbom.content_id, "b");
    assert_string_equal(sbom.component_id, "component");
    assert_string_equal(sbom.file, "/srv/sboms/default.json");
    assert_int_equal(sbom.fetched_at, 2000);
    assert_int_equal(sbom.document_id, known_document(db, 'b'));
    assert_int_equal(sbom.sha256[0], 'b');
    assert_int_equal(sbom.size, 100 + 'b');
    assert_true(sbom_latest(db, "fw-2", "default", &sbom, &found, &err));
    assert_false(found);
    db_close(db);
}

static void what_is_not_said_comes_back_unsaid(void **state)
{
    struct db *db = known_ledger();
    struct sbom_row sbom = known_sbom("default", 1, 'a');
    struct err err;
    bool found;

    (void)state;
    sbom.components = -1; /* unknown, not none */
    sbom.spec_version[0] = '\0';
    assert_true(sbom_add(db, "fw-1", &sbom, known_document(db, 'a'), &err));
    memset(&sbom, 'x', sizeof sbom);
    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_true(found);
    assert_int_equal(sbom.components, -1);
    assert_string_equal(sbom.spec_version, "");
    assert_string_equal(sbom.accepted_by, "");
    assert_string_equal(sbom.accepted_why, "");
    assert_false(sbom.is_unplaced);
    assert_int_equal(sbom.checked_at, sbom.fetched_at); /* a fetched one was looked at then */
    db_close(db);
}

static void an_accepted_one_says_who_and_why(void **state)
{
    struct db *db = known_ledger();
    struct sbom_row sbom = known_sbom("default", 1, 'a');
    struct err err;
    bool found;

    (void)state;
    sbom.checked_at = 7777;
    sbom.is_unplaced = true;
    snprintf(sbom.accepted_by, sizeof sbom.accepted_by, "mia");
    snprintf(sbom.accepted_why, sizeof sbom.accepted_why, "the kernel went");
    assert_true(sbom_add(db, "fw-1", &sbom, known_document(db, 'a'), &err));
    memset(&sbom, 0, sizeof sbom);
    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_string_equal(sbom.accepted_by, "mia");
    assert_string_equal(sbom.accepted_why, "the kernel went");
    assert_int_equal(sbom.fetched_at, 1000);
    assert_int_equal(sbom.checked_at, 7777);
    assert_true(sbom.is_unplaced);
    db_close(db);
}

static void a_revision_is_found_by_its_number(void **state)
{
    static const struct {
        const char *why;
        int64_t revision;
        int64_t want; /* 0: none */
    } rows[] = {
        {"the first", 1, 1},
        {"one between", 2, 2},
        {"one that is not there yet", 4, 0},
        {"there is no such number", -1, 0},
    };
    struct db *db = known_ledger();

    (void)state;
    known_revision(db, "fw-1", "default", 1, 'a');
    known_revision(db, "fw-1", "default", 2, 'b');
    known_revision(db, "fw-1", "default", 3, 'c');
    known_revision(db, "fw-1", "spdx", 4, 'd');
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sbom_row sbom = {0};
        struct err err;
        bool found;

        assert_true(sbom_find(db, &(struct sbom_key){"fw-1", "default", rows[i].revision}, &sbom,
                              &found, &err));
        if (found != (rows[i].want != 0) || sbom.revision != rows[i].want)
            fail_msg("%s: %jd", rows[i].why, (intmax_t)sbom.revision);
    }
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
    known_revision(db, "fw-1", "spdx", 1, 'a');
    known_revision(db, "fw-1", "default", 1, 'b');
    known_revision(db, "fw-1", "default", 2, 'c');
    known_revision(db, "fw-1", "default", 3, 'c'); /* the same bytes may come back later */
    known_revision(db, "fw-2", "default", 9, 'd');
    assert_true(sbom_each(db, "fw-1", on_sbom, text, &err));
    assert_string_equal(text, "default 3, spdx 1, ");
    db_close(db);
}

/* ---- looked at again ---- */

static void a_look_notes_when_and_where_and_of_that_revision_only(void **state)
{
    struct db *db = known_ledger();
    struct sbom_row sbom;
    struct err err;
    bool found;

    (void)state;
    known_revision(db, "fw-1", "default", 1, 'a');
    known_revision(db, "fw-1", "default", 2, 'b');
    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_true(sbom_checked(db, &sbom, "/srv/elsewhere.json", 9000, &err));
    assert_true(sbom_find(db, &(struct sbom_key){"fw-1", "default", 2}, &sbom, &found, &err));
    assert_int_equal(sbom.checked_at, 9000);
    assert_int_equal(sbom.fetched_at, 2000);
    assert_string_equal(sbom.file, "/srv/elsewhere.json");
    assert_true(sbom_find(db, &(struct sbom_key){"fw-1", "default", 1}, &sbom, &found, &err));
    assert_int_equal(sbom.checked_at, 1000);
    assert_string_equal(sbom.file, "/srv/sboms/default.json");
    sbom.revision = 7; /* forgotten between the look and its note */
    assert_true(sbom_checked(db, &sbom, "/srv/elsewhere.json", 9000, &err));
    assert_true(sbom_set_placed(db, &sbom, true, &err));
    db_close(db);
}

static void add_unplaced(struct db *db, const char *firmware_id, int64_t revision)
{
    struct sbom_row sbom = known_sbom("default", revision, 'a');
    struct err err;

    sbom.is_unplaced = true;
    assert_true(sbom_add(db, firmware_id, &sbom, known_document(db, 'a'), &err));
}

static void what_is_not_in_its_place_is_found_until_it_is(void **state)
{
    struct db *db = known_ledger();
    struct sbom_cursor cursor = {0};
    struct sbom_row sbom;
    struct err err;
    bool found;

    (void)state;
    add_unplaced(db, "fw-1", 1);
    known_revision(db, "fw-1", "default", 2, 'b'); /* its bytes lie there by now */
    known_revision(db, "fw-2", "default", 1, 'c');
    add_unplaced(db, "fw-2", 2);
    known_revision(db, "fw-3", "default", 1, 'd');
    add_unplaced(db, "fw-4", 1);
    assert_true(sbom_next_unplaced(db, &cursor, &sbom, &found, &err));
    assert_true(found);
    assert_string_equal(sbom.firmware_id, "fw-2");
    assert_int_equal(sbom.revision, 2);
    assert_string_equal(cursor.firmware_id, ""); /* the caller's to move */
    snprintf(cursor.firmware_id, sizeof cursor.firmware_id, "fw-2");
    snprintf(cursor.format, sizeof cursor.format, "default");
    cursor.revision = 2;
    assert_true(sbom_set_placed(db, &sbom, true, &err));
    assert_true(sbom_next_unplaced(db, &cursor, &sbom, &found, &err));
    assert_string_equal(sbom.firmware_id, "fw-4");
    assert_true(sbom_set_placed(db, &sbom, true, &err));
    cursor = (struct sbom_cursor){0};
    assert_true(sbom_next_unplaced(db, &cursor, &sbom, &found, &err));
    assert_false(found);
    assert_true(sbom_set_placed(db, &sbom, false, &err));
    assert_true(sbom_next_unplaced(db, &cursor, &sbom, &found, &err));
    assert_true(found);
    db_close(db);
}

static void a_file_belongs_to_the_current_sbom_that_lies_there(void **state)
{
    struct db *db = known_ledger();
    struct sbom_row sbom;
    struct err err;
    bool found;

    (void)state;
    known_revision(db, "fw-1", "default", 1, 'a');
    known_revision(db, "fw-1", "default", 2, 'b'); /* of the same file */
    assert_true(sbom_file_owner(db, "/srv/sboms/default.json", &sbom, &found, &err));
    assert_true(found);
    assert_int_equal(sbom.revision, 2);
    assert_true(sbom_checked(db, &sbom, "/srv/sboms/moved.json", 9000, &err));
    assert_true(sbom_file_owner(db, "/srv/sboms/default.json", &sbom, &found, &err));
    assert_false(found); /* the first revision's file was that, but it is not current */
    assert_true(sbom_file_owner(db, "/srv/sboms/moved.json", &sbom, &found, &err));
    assert_true(found);
    assert_true(sbom_file_owner(db, "/srv/sboms/moved", &sbom, &found, &err));
    assert_false(found);
    db_close(db);
}

/* ---- walks ---- */

static void add_some(struct db *db)
{
    known_revision(db, "fw-2", "spdx", 1, 'a');
    known_revision(db, "fw-1", "default", 1, 'b');
    known_revision(db, "fw-1", "default", 2, 'c');
    known_revision(db, "fw-1", "default", 10, 'd'); /* in the order of numbers, not of texts */
    known_revision(db, "fw-1", "spdx", 1, 'e');
    known_revision(db, "fw-2", "default", 1, 'f');
}

static void a_walk_shows_each_firmware_and_format_once(void **state)
{
    struct db *db = known_ledger();
    struct sbom_cursor cursor = {0};
    struct sbom_row sbom;
    char text[256] = "";
    struct err err;
    bool found;

    (void)state;
    add_some(db);
    for (;;) {
        assert_true(sbom_next_current(db, &cursor, &sbom, &found, &err));
        if (!found)
            break;
        size_t size = strlen(text);
        snprintf(text + size, sizeof text - size, "%s ", sbom.firmware_id);
        on_sbom(text, &sbom);
        if (strcmp(sbom.firmware_id, "fw-2") == 0 && strcmp(sbom.format, "default") == 0) {
            known_revision(db, "fw-1", "ahead", 1, '1'); /* before the cursor: not in this walk */
            known_revision(db, "fw-3", "default", 1, '2');
        }
    }
    assert_string_equal(
        text, "fw-1 default 10, fw-1 spdx 1, fw-2 default 1, fw-2 spdx 1, fw-3 default 1, ");
    db_close(db);
}

static void the_revisions_of_a_firmware_come_by_format_and_number(void **state)
{
    struct db *db = known_ledger();
    struct sbom_cursor cursor = {0};
    struct sbom_row sbom;
    char text[128] = "";
    struct err err;
    bool found;

    (void)state;
    add_some(db);
    for (;;) {
        assert_true(sbom_next_revision(db, "fw-1", &cursor, &sbom, &found, &err));
        if (!found)
            break;
        assert_string_equal(sbom.firmware_id, "fw-1");
        assert_string_equal(cursor.firmware_id, "fw-1");
        on_sbom(text, &sbom);
    }
    assert_string_equal(text, "default 1, default 2, default 10, spdx 1, ");
    db_close(db);
}

/* ---- what is not kept ---- */

/* The numbers that are left, a digit each. */
static void revisions_left(struct db *db, char text[16])
{
    struct sbom_cursor cursor = {0};
    struct sbom_row sbom;
    size_t count = 0;
    struct err err;
    bool found;

    for (;;) {
        assert_true(sbom_next_revision(db, "fw-1", &cursor, &sbom, &found, &err));
        if (!found || strcmp(sbom.format, "default") != 0)
            break;
        assert_in_range(count, 0, 14);
        text[count++] = (char)('0' + sbom.revision);
    }
    text[count] = '\0';
}

/* Six revisions, fetched at 1000, 2000 ... 6000; it is 10000. */
static void a_revision_goes_when_it_is_beyond_the_limit(void **state)
{
    static const struct {
        const char *why;
        struct sbom_keep keep;
        const char *want;
    } rows[] = {
        {"all are kept", {0, 0}, "123456"},
        {"the first is kept beside so many of the newest", {3, 0}, "1456"},
        {"one is the last, and the first stays", {1, 0}, "16"},
        {"as many as there are", {6, 0}, "123456"},
        {"more than there are", {30, 0}, "123456"},
        {"all but the first are so many anyway", {5, 0}, "123456"},
        {"no age is reached", {0, 9000}, "123456"},
        {"the fourth was replaced 5000 ago, not longer", {0, 5000}, "1456"},
        {"with a millisecond less it goes", {0, 4999}, "156"},
        {"the last and the first are for ever", {0, 1}, "16"},
        {"an age before all times", {0, INT64_MAX}, "123456"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        struct err err;
        char left[16];

        for (int revision = 1; revision <= 6; revision++) {
            known_revision(db, "fw-1", "default", revision, (char)('0' + revision));
            known_revision(db, "fw-1", "spdx", revision, 'a');
            known_revision(db, "fw-2", "default", revision, 'b');
        }
        assert_true(sbom_prune(db, "fw-1", "default", &rows[i].keep, 10000, &err));
        revisions_left(db, left);
        if (strcmp(left, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, left, rows[i].want);
        for (const char *digit = "123456"; *digit; digit++)
            if (known_document_is_there(db, *digit) != (strchr(left, *digit) != NULL))
                fail_msg("%s: document %c", rows[i].why, *digit);
        assert_true(known_document_is_there(db, 'a') && known_document_is_there(db, 'b'));
        db_close(db);
    }
}

static void a_forgotten_revisions_bytes_stay_for_another_one(void **state)
{
    static const struct sbom_keep last = {.revisions = 1};
    struct db *db = known_ledger();
    struct err err;

    (void)state;
    known_revision(db, "fw-1", "default", 1, 'a');
    known_revision(db, "fw-1", "default", 2, 'b');
    known_revision(db, "fw-1", "default", 3, 'c');
    known_revision(db, "fw-1", "default", 4, 'b'); /* as it was before */
    assert_true(sbom_prune(db, "fw-1", "default", &last, 10000, &err));
    assert_true(known_document_is_there(db, 'a'));
    assert_true(known_document_is_there(db, 'b'));
    assert_false(known_document_is_there(db, 'c'));
    db_close(db);
}

static void pruning_where_there_is_little_or_nothing_does_nothing(void **state)
{
    static const struct sbom_keep least = {.revisions = 1, .ms = 1};
    struct db *db = known_ledger();
    struct err err;
    static const char *const want[] = {"", "1", "12"};
    char left[16];

    (void)state;
    for (size_t count = 0; count < COUNT_OF(want); count++) {
        assert_true(sbom_prune(db, "fw-1", "default", &least, 10000, &err));
        revisions_left(db, left);
        assert_string_equal(left, want[count]);
        known_revision(db, "fw-1", "default", (int64_t)count + 1, 'a');
    }
    db_close(db);
}

/* ---- from one ledger to another ---- */

static void another_ledger_gets_what_it_has_not(void **state)
{
    struct db *from = known_ledger();
    struct db *to = known_ledger();
    struct sbom_row sbom;
    struct err err;
    bool found;

    (void)state;
    known_revision(from, "fw-1", "default", 1, 'b');
    known_revision(from, "fw-1", "spdx", 1, 'c');
    known_revision(from, "fw-2", "default", 1, 'd');
    known_revision(to, "fw-1", "default", 1, 'a');
    assert_true(sbom_copy(from, to, "fw-1", &err));
    assert_true(sbom_copy(from, to, "fw-1", &err)); /* it has it by now */
    assert_true(sbom_latest(to, "fw-1", "default", &sbom, &found, &err));
    assert_int_equal(sbom.revision, 2);
    assert_string_equal(sbom.content_id, "b");
    assert_true(sbom_latest(to, "fw-1", "spdx", &sbom, &found, &err));
    assert_int_equal(sbom.revision, 1);
    assert_int_equal(sbom.checked_at, 1000);
    assert_true(known_document_is_there(to, 'b') && known_document_is_there(to, 'c'));
    assert_false(known_document_is_there(to, 'd'));
    auto_buf struct buf piece = {.max = DOCUMENT_PIECE_MAX};
    assert_true(document_piece(to, sbom.document_id, 0, &piece, &found, &err));
    assert_true(found);
    assert_memory_equal(piece.bytes, "xy", 2);
    db_close(from);
    db_close(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_revision_of_a_format_is_found),
        cmocka_unit_test(what_is_not_said_comes_back_unsaid),
        cmocka_unit_test(an_accepted_one_says_who_and_why),
        cmocka_unit_test(a_revision_is_found_by_its_number),
        cmocka_unit_test(each_format_tells_its_latest_revision),
        cmocka_unit_test(a_look_notes_when_and_where_and_of_that_revision_only),
        cmocka_unit_test(what_is_not_in_its_place_is_found_until_it_is),
        cmocka_unit_test(a_file_belongs_to_the_current_sbom_that_lies_there),
        cmocka_unit_test(a_walk_shows_each_firmware_and_format_once),
        cmocka_unit_test(the_revisions_of_a_firmware_come_by_format_and_number),
        cmocka_unit_test(a_revision_goes_when_it_is_beyond_the_limit),
        cmocka_unit_test(a_forgotten_revisions_bytes_stay_for_another_one),
        cmocka_unit_test(pruning_where_there_is_little_or_nothing_does_nothing),
        cmocka_unit_test(another_ledger_gets_what_it_has_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
