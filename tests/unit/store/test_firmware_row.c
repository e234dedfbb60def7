#include "test.h"

#include "store/firmware_row.h"
#include "store/known_sboms.h"

struct listed { /* as a listing says it */
    const char *id, *name, *version, *vendor, *product, *product_group;
    int64_t seen_at;
};

static void see(struct db *db, struct listed listed)
{
    auto_firmware_row struct firmware_row row = {.seen_at = listed.seen_at};
    struct err err;

    text_replace(&row.id, listed.id);
    text_replace(&row.name, listed.name);
    text_replace(&row.version, listed.version);
    text_replace(&row.vendor, listed.vendor);
    text_replace(&row.product, listed.product);
    text_replace(&row.product_group, listed.product_group);
    if (!firmware_row_see(db, &row, &err))
        fail_msg("%s", err.message);
}

static void seen(struct db *db, const char *id, int64_t seen_at)
{
    see(db, (struct listed){.id = id, .name = "cam", .seen_at = seen_at});
}

/* "name version vendor product group", "-" for what is not known; "none" */
static void known_as(struct db *db, const char *id, char text[128])
{
    auto_firmware_row struct firmware_row row = {0};
    struct err err;
    bool found;

    snprintf(text, 128, "none");
    assert_true(firmware_row_get(db, id, &row, &found, &err));
    if (!found) {
        assert_null(row.id);
        return;
    }
    assert_string_equal(row.id, id);
    snprintf(text, 128, "%s %s %s %s %s", row.name ? row.name : "-",
             row.version ? row.version : "-", row.vendor ? row.vendor : "-",
             row.product ? row.product : "-", row.product_group ? row.product_group : "-");
}

static void assert_known(struct db *db, const char *id, const char *want)
{
    char text[128];

    known_as(db, id, text);
    assert_string_equal(text, want);
}

static void assert_times(struct db *db, const char *id, int64_t seen_at, int64_t vanished_at)
{
    auto_firmware_row struct firmware_row row = {0};
    struct err err;
    bool found;

    assert_true(firmware_row_get(db, id, &row, &found, &err));
    assert_true(found);
    assert_int_equal(row.seen_at, seen_at);
    assert_int_equal(row.vanished_at, vanished_at);
}

static void what_a_listing_does_not_say_stays_as_it_was(void **state)
{
    struct db *db = known_ledger();

    (void)state;
    assert_known(db, "fw-1", "none");
    see(db, (struct listed){.id = "fw-1", .name = "cam", .version = "1", .seen_at = 100});
    assert_known(db, "fw-1", "cam 1 - - -");
    see(db,
        (struct listed){.id = "fw-1", .vendor = "Acme", .product = "r1", .product_group = "Lab"});
    assert_known(db, "fw-1", "cam 1 Acme r1 Lab");
    assert_times(db, "fw-1", 100, 0);
    see(db, (struct listed){
                .id = "fw-1", .name = "cam-2", .version = "2", .product = "r2", .seen_at = 200});
    assert_known(db, "fw-1", "cam-2 2 Acme r2 Lab");
    assert_times(db, "fw-1", 200, 0);
    assert_known(db, "fw-2", "none");
    db_close(db);
}

static void add_item(struct db *db, const char *firmware_id, const char *name)
{
    struct item item = known_item(ITEM_DONE, "/srv/a.bin");

    item.forgotten = 1;
    text_replace(&item.path, firmware_id);
    text_replace(&item.firmware_id, firmware_id);
    text_replace(&item.name, name);
    text_replace(&item.version, "i1");
    text_replace(&item.vendor, "ivendor");
    text_replace(&item.product, "iproduct");
    text_replace(&item.product_group, "igroup");
    known_save(db, &item);
}

static void an_upload_says_what_the_platform_does_not(void **state)
{
    static const struct {
        const char *why;
        struct listed row; /* id NULL: the platform's list never showed it */
        const char *want;
    } rows[] = {
        {"it was never listed", {0}, "upload i1 ivendor iproduct igroup"},
        {"the platform calls it so",
         {.id = "fw-1", .name = "renamed", .version = "2"},
         "renamed 2 ivendor iproduct igroup"},
        {"the platform has no version",
         {.id = "fw-1", .name = "renamed"},
         "renamed - ivendor iproduct igroup"},
        {"the platform says it all",
         {.id = "fw-1",
          .name = "n",
          .version = "2",
          .vendor = "v",
          .product = "p",
          .product_group = "g"},
         "n 2 v p g"},
        {"and a part",
         {.id = "fw-1", .name = "n", .version = "2", .product = "p"},
         "n 2 ivendor p igroup"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        char text[128];

        add_item(db, "fw-1", "upload");
        if (rows[i].row.id)
            see(db, rows[i].row);
        known_as(db, "fw-1", text);
        if (strcmp(text, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, text, rows[i].want);
        assert_known(db, "fw-2", "none");
        db_close(db);
    }
}

static void a_row_that_is_filled_is_released_first(void **state)
{
    struct db *db = known_ledger();
    auto_firmware_row struct firmware_row row = {.name = xstrdup("of the one before")};
    struct err err;
    bool found;

    (void)state;
    assert_true(firmware_row_get(db, "fw-1", &row, &found, &err));
    assert_false(found);
    assert_null(row.name);
    db_close(db);
}

/* ---- vanished ---- */

static void assert_missing(struct db *db, int64_t listed_at, int64_t want_kept,
                           int64_t want_missing)
{
    int64_t kept = -1;
    int64_t missing = -1;
    struct err err;

    assert_true(firmware_row_missing(db, listed_at, &kept, &missing, &err));
    assert_int_equal(kept, want_kept);
    assert_int_equal(missing, want_missing);
}

static void the_missing_are_those_with_sboms_that_a_listing_showed_before(void **state)
{
    struct db *db = known_ledger();
    struct err err;

    (void)state;
    assert_missing(db, 100, 0, 0);
    seen(db, "fw-1", 100);
    seen(db, "fw-2", 100);
    seen(db, "fw-3", 100); /* no SBOM of it is kept */
    seen(db, "fw-4", 0);   /* an upload of ours that no listing has shown yet */
    for (const char *digit = "1245"; *digit; digit++)
        known_revision(db, (const char[]){'f', 'w', '-', *digit, 0}, "default", 1, *digit);
    known_revision(db, "fw-1", "default", 2, 'a'); /* counted once, however many it has */
    assert_missing(db, 100, 2, 0);
    seen(db, "fw-2", 200);
    assert_missing(db, 200, 2, 1);
    assert_true(firmware_row_mark_missing(db, 200, 250, &err));
    assert_missing(db, 200, 1, 0); /* told once */
    assert_times(db, "fw-1", 100, 250);
    assert_times(db, "fw-2", 200, 0);
    assert_times(db, "fw-4", 0, 0);
    assert_known(db, "fw-3", "none");
    assert_true(firmware_row_mark_missing(db, 200, 300, &err));
    assert_times(db, "fw-1", 100, 250); /* since then, not since the last look */
    seen(db, "fw-1", 400);              /* it is back */
    assert_times(db, "fw-1", 400, 0);
    assert_missing(db, 400, 2, 1);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_listing_does_not_say_stays_as_it_was),
        cmocka_unit_test(an_upload_says_what_the_platform_does_not),
        cmocka_unit_test(a_row_that_is_filled_is_released_first),
        cmocka_unit_test(the_missing_are_those_with_sboms_that_a_listing_showed_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
