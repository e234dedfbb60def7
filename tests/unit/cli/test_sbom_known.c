#include "test.h"

#include "base/auto.h"
#include "base/mem.h"
#include "cli/sbom_known.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64 A63 "a"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void what_was_added_is_found_with_its_content(void **state)
{
    struct sbom_known known = {0};
    struct sbom_known_file *file;

    (void)state;
    assert_null(sbom_known_find(&known, "a/1.json"));
    assert_true(sbom_known_add(&known, "a/1.json", A64, 5));
    assert_true(sbom_known_add(&known, "a/2.json", B64, 6));
    file = sbom_known_find(&known, "a/2.json");
    assert_non_null(file);
    assert_int_equal(file->since_ms, 6);
    assert_true(sbom_known_has_content(file, B64));
    assert_false(sbom_known_has_content(file, A64));
    assert_false(sbom_known_has_content(file, ""));
    assert_null(sbom_known_find(&known, "a/3.json"));
    assert_null(sbom_known_find(&known, "a/1.jso"));
    sbom_known_release(&known);
}

static void what_is_no_digest_is_not_added(void **state)
{
    static const char *const rows[] = {"", "abc", A64 "a", "A" A63, "g" A63};
    struct sbom_known known = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_false(sbom_known_add(&known, "a", rows[i], 0));
    assert_int_equal(known.count, 0);
    sbom_known_release(&known);
}

static void a_hundred_thousand_files_take_six_megabytes_and_are_all_found(void **state)
{
    enum { FILES = 100 * 1000 };
    struct sbom_known known = {0};

    (void)state;
    for (int i = 0; i < FILES; i++) {
        auto_free char *path = xasprintf("product/1.%d/firmware.cdx.json", i);
        assert_true(sbom_known_add(&known, path, A64, i));
    }
    assert_true(known.count * sizeof known.files[0] <= (size_t)6400 * 1000);
    for (int i = 0; i < FILES; i += 997) {
        auto_free char *path = xasprintf("product/1.%d/firmware.cdx.json", i);
        const struct sbom_known_file *file = sbom_known_find(&known, path);

        assert_non_null(file);
        assert_int_equal(file->since_ms, i);
    }
    sbom_known_release(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_with_its_content),
        cmocka_unit_test(what_is_no_digest_is_not_added),
        cmocka_unit_test(a_hundred_thousand_files_take_six_megabytes_and_are_all_found),
    };

    return cmocka_run_group_tests_name("sbom_known", tests, NULL, NULL);
}
