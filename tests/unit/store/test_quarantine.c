#include "test.h"

#include "store/known_sboms.h"

static bool get(struct db *db, const char *firmware_id, struct quarantine_row *row)
{
    struct err err;
    bool found;

    memset(row, 'x', sizeof *row);
    if (!quarantine_get(db, firmware_id, "default", row, &found, &err))
        fail_msg("%s", err.message);
    return found;
}

static void what_shrank_comes_back_with_its_document(void **state)
{
    struct db *db = known_ledger();
    struct quarantine_row row;

    (void)state;
    assert_false(get(db, "fw-1", &row));
    known_quarantined(db, "fw-1", "3 components, 700 before", 5000, 'a');
    assert_true(get(db, "fw-1", &row));
    assert_string_equal(row.sbom.firmware_id, "fw-1");
    assert_string_equal(row.sbom.format, "default");
    assert_string_equal(row.reason, "3 components, 700 before");
    assert_int_equal(row.since, 5000);
    assert_int_equal(row.sbom.fetched_at, 5000);
    assert_string_equal(row.sbom.kind, "cyclonedx-json");
    assert_string_equal(row.sbom.spec_version, "1.6");
    assert_int_equal(row.sbom.components, 0); /* none, which is not unknown */
    assert_string_equal(row.sbom.content_id, "a");
    assert_string_equal(row.sbom.component_id, "component");
    assert_int_equal(row.sbom.document_id, known_document(db, 'a'));
    assert_int_equal(row.sbom.sha256[0], 'a');
    assert_int_equal(row.sbom.size, 100 + 'a');
    assert_int_equal(row.sbom.revision, 0);
    assert_string_equal(row.sbom.file, "");
    assert_string_equal(row.sbom.accepted_by, "");
    assert_false(row.sbom.is_unplaced);
    assert_false(get(db, "fw-2", &row));
    db_close(db);
}

static void what_is_no_sbom_has_a_reason_only(void **state)
{
    struct db *db = known_ledger();
    struct quarantine_row row;

    (void)state;
    known_quarantined(db, "fw-1", "it is HTML", 5000, 0);
    assert_true(get(db, "fw-1", &row));
    assert_string_equal(row.reason, "it is HTML");
    assert_int_equal(row.sbom.document_id, 0);
    assert_string_equal(row.sbom.sha256, "");
    assert_string_equal(row.sbom.kind, "");
    assert_string_equal(row.sbom.content_id, "");
    assert_int_equal(row.sbom.components, -1);
    assert_int_equal(row.sbom.size, 0);
    db_close(db);
}

static void it_is_there_since_it_came_as_it_is(void **state)
{
    static const struct {
        const char *why;
        const char *reason; /* of the second one; the first is "it shrank", 'a' at 1000 */
        char digit;
        int64_t since; /* fetched at 2000 */
    } rows[] = {
        {"the same came again", "it shrank", 'a', 1000},
        {"another content with the same reason", "it shrank", 'b', 2000},
        {"the same content for another reason", "it has lost all components", 'a', 2000},
        {"no SBOM any more, in the same words", "it shrank", 0, 2000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        struct quarantine_row row;

        known_quarantined(db, "fw-1", "it shrank", 1000, 'a');
        known_quarantined(db, "fw-1", rows[i].reason, 2000, rows[i].digit);
        assert_true(get(db, "fw-1", &row));
        if (row.since != rows[i].since)
            fail_msg("%s: since %jd", rows[i].why, (intmax_t)row.since);
        assert_int_equal(row.sbom.fetched_at, 2000);
        assert_string_equal(row.reason, rows[i].reason);
        /* the document before it is of no use any more */
        assert_int_equal(known_document_is_there(db, 'a'), rows[i].digit == 'a');
        assert_int_equal(known_document_is_there(db, 'b'), rows[i].digit == 'b');
        db_close(db);
    }
}

static void no_sbom_twice_for_the_same_reason_is_one(void **state)
{
    struct db *db = known_ledger();
    struct quarantine_row row;

    (void)state;
    known_quarantined(db, "fw-1", "it is HTML", 1000, 0);
    known_quarantined(db, "fw-1", "it is HTML", 2000, 0);
    assert_true(get(db, "fw-1", &row));
    assert_int_equal(row.since, 1000);
    assert_int_equal(row.sbom.fetched_at, 2000);
    db_close(db);
}

static void what_is_dropped_takes_its_document_along_unless_it_is_needed(void **state)
{
    struct db *db = known_ledger();
    struct quarantine_row row;
    struct err err;
    bool dropped;

    (void)state;
    known_quarantined(db, "fw-1", "it shrank", 1000, 'a');
    known_quarantined(db, "fw-2", "it shrank", 1000, 'b');
    known_quarantined(db, "fw-3", "it is HTML", 1000, 0);
    known_revision(db, "fw-2", "default", 1, 'b'); /* it was accepted */
    assert_true(quarantine_drop(db, "fw-1", "default", &dropped, &err));
    assert_true(dropped);
    assert_false(get(db, "fw-1", &row));
    assert_false(known_document_is_there(db, 'a'));
    assert_true(quarantine_drop(db, "fw-1", "default", &dropped, &err));
    assert_false(dropped);
    assert_true(quarantine_drop(db, "fw-2", "default", NULL, &err));
    assert_false(get(db, "fw-2", &row));
    assert_true(known_document_is_there(db, 'b'));
    assert_true(quarantine_drop(db, "fw-3", "spdx", &dropped, &err));
    assert_false(dropped);
    assert_true(get(db, "fw-3", &row));
    assert_true(quarantine_drop(db, "fw-3", "default", &dropped, &err));
    assert_true(dropped);
    db_close(db);
}

static void all_are_walked_through_by_firmware(void **state)
{
    struct db *db = known_ledger();
    struct sbom_cursor cursor = {0};
    struct quarantine_row row;
    char text[64] = "";
    struct err err;
    bool found;

    (void)state;
    known_quarantined(db, "fw-3", "it is HTML", 1000, 0);
    known_quarantined(db, "fw-1", "it shrank", 1000, 'a');
    known_quarantined(db, "fw-2", "it is cut off", 1000, 0);
    for (;;) {
        assert_true(quarantine_next(db, &cursor, &row, &found, &err));
        if (!found)
            break;
        size_t size = strlen(text);
        snprintf(text + size, sizeof text - size, "%s: %s, ", row.sbom.firmware_id, row.reason);
    }
    assert_string_equal(text, "fw-1: it shrank, fw-2: it is cut off, fw-3: it is HTML, ");
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_shrank_comes_back_with_its_document),
        cmocka_unit_test(what_is_no_sbom_has_a_reason_only),
        cmocka_unit_test(it_is_there_since_it_came_as_it_is),
        cmocka_unit_test(no_sbom_twice_for_the_same_reason_is_one),
        cmocka_unit_test(what_is_dropped_takes_its_document_along_unless_it_is_needed),
        cmocka_unit_test(all_are_walked_through_by_firmware),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
