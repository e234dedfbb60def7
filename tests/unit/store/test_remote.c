#include "test.h"

#include "known_items.h"
#include "store/remote.h"

static void see(struct db *db, const char *id, const char *name, const char *version,
                int64_t listed_at)
{
    struct err err;

    assert_true(remote_seen(db, id, name, version, listed_at, &err));
}

/* What a firmware on the platform says about an upload of cam 1.0 that was registered at 100. */
static void ours_is_what_appeared_under_the_name_as_sent_and_is_nobodys(void **state)
{
    static const struct {
        const char *why;
        const char *name;
        const char *version;
        int64_t first_seen;
        bool held;
        int64_t want;
    } rows[] = {
        {"it appeared afterwards", "cam", "1.0", 200, false, 1},
        {"it was there before", "cam", "1.0", 90, false, 0},
        {"it was in the very list the upload was held against", "cam", "1.0", 100, false, 0},
        {"another item has it", "cam", "1.0", 200, true, 0},
        {"another name", "camera", "1.0", 200, false, 0},
        {"another version", "cam", "1.1", 200, false, 0},
        {"no version is not this one", "cam", NULL, 200, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        struct remote_match match;
        struct err err;

        see(db, "fw-1", rows[i].name, rows[i].version, rows[i].first_seen);
        see(db, "fw-1", rows[i].name, rows[i].version, 300); /* seen again: first stays first */
        if (rows[i].held) {
            struct item item = known_item(ITEM_DONE, "/srv/held.bin");

            text_replace(&item.firmware_id, "fw-1");
            known_save(db, &item);
        }
        assert_true(remote_ours(db, "cam", "1.0", 100, &match, &err));
        if (match.count != rows[i].want || (match.count && strcmp(match.id, "fw-1") != 0))
            fail_msg("%s: %jd, %s", rows[i].why, (intmax_t)match.count, match.id);
        db_close(db);
    }
}

static void an_upload_without_a_version_is_held_against_firmwares_without_one(void **state)
{
    struct db *db = known_ledger();
    struct remote_match match;
    struct err err;

    (void)state;
    see(db, "fw-1", "cam", "1.0", 200);
    see(db, "fw-2", "cam", NULL, 200);
    assert_true(remote_ours(db, "cam", NULL, 0, &match, &err));
    assert_int_equal(match.count, 1);
    assert_string_equal(match.id, "fw-2");
    db_close(db);
}

static void several_are_told_as_several(void **state)
{
    struct db *db = known_ledger();
    struct remote_match match;
    struct err err;

    (void)state;
    for (int i = 0; i < 5; i++) {
        char id[16];

        snprintf(id, sizeof id, "fw-%d", i);
        see(db, id, "cam", "1.0", 200);
    }
    assert_true(remote_ours(db, "cam", "1.0", 0, &match, &err));
    assert_true(match.count >= 2);
    db_close(db);
}

static void a_complete_list_forgets_what_it_did_not_show(void **state)
{
    struct db *db = known_ledger();
    struct remote_match match;
    int64_t listed_at = -1;
    struct err err;

    (void)state;
    assert_true(remote_listed_at(db, &listed_at, &err));
    assert_int_equal(listed_at, 0);
    see(db, "fw-1", "cam", "1.0", 100);
    see(db, "fw-2", "cam", "2.0", 100);
    assert_true(remote_listed(db, 100, &err));
    see(db, "fw-2", "cam", "2.0", 200);
    assert_true(remote_ours(db, "cam", "1.0", 0, &match, &err));
    assert_int_equal(match.count, 1); /* the second list is not complete yet */
    assert_true(remote_listed(db, 200, &err));
    assert_true(remote_ours(db, "cam", "1.0", 0, &match, &err));
    assert_int_equal(match.count, 0);
    assert_true(remote_ours(db, "cam", "2.0", 0, &match, &err));
    assert_int_equal(match.count, 1);
    assert_true(remote_listed_at(db, &listed_at, &err));
    assert_int_equal(listed_at, 200);
    /* deleted there and uploaded anew under the same ID: it appeared then */
    see(db, "fw-1", "cam", "1.0", 300);
    assert_true(remote_ours(db, "cam", "1.0", 200, &match, &err));
    assert_int_equal(match.count, 1);
    db_close(db);
}

static int64_t add_named(struct db *db, enum item_state state, const char *path,
                         const char *version)
{
    struct item item = known_item(state, path);

    text_replace(&item.name, "cam");
    text_replace(&item.version, version);
    return known_save(db, &item);
}

static void rivals_are_other_uploads_of_that_name_and_version(void **state)
{
    struct db *db = known_ledger();
    struct remote_rivals rivals;
    struct err err;
    int64_t self = add_named(db, ITEM_UNCONFIRMED, "/srv/self.bin", "1.0");

    (void)state;
    assert_true(remote_rivals(db, "cam", "1.0", self, &rivals, &err));
    assert_int_equal(rivals.sending + rivals.unconfirmed, 0);
    add_named(db, ITEM_UPLOADING, "/srv/sent.bin", "1.0");
    add_named(db, ITEM_UNCONFIRMED, "/srv/asked-1.bin", "1.0");
    add_named(db, ITEM_UNCONFIRMED, "/srv/asked-2.bin", "1.0");
    add_named(db, ITEM_UPLOADING, "/srv/other.bin", "2.0");
    add_named(db, ITEM_UPLOADING, "/srv/none.bin", NULL);
    add_named(db, ITEM_DONE, "/srv/done.bin", "1.0");
    assert_true(remote_rivals(db, "cam", "1.0", self, &rivals, &err));
    assert_int_equal(rivals.sending, 1);
    assert_int_equal(rivals.unconfirmed, 2);
    assert_true(remote_rivals(db, "cam", NULL, self, &rivals, &err));
    assert_int_equal(rivals.sending, 1);
    assert_int_equal(rivals.unconfirmed, 0);
    db_close(db);
}

static void an_id_that_a_row_has_is_held_even_when_it_is_forgotten(void **state)
{
    struct db *db = known_ledger();
    struct item item = known_item(ITEM_DONE, "/srv/a.bin");
    struct err err;
    bool held;

    (void)state;
    item.forgotten = 1;
    item.current = 0;
    text_replace(&item.firmware_id, "fw-1");
    known_save(db, &item);
    assert_true(remote_is_held(db, "fw-1", &held, &err));
    assert_true(held);
    assert_true(remote_is_held(db, "fw-2", &held, &err));
    assert_false(held);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_is_what_appeared_under_the_name_as_sent_and_is_nobodys),
        cmocka_unit_test(an_upload_without_a_version_is_held_against_firmwares_without_one),
        cmocka_unit_test(several_are_told_as_several),
        cmocka_unit_test(a_complete_list_forgets_what_it_did_not_show),
        cmocka_unit_test(rivals_are_other_uploads_of_that_name_and_version),
        cmocka_unit_test(an_id_that_a_row_has_is_held_even_when_it_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
