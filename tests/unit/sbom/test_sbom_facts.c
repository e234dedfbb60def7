#include "test.h"

#include "sbom/sbom_facts.h"
#include "sbom/sbom_version.h"

static void every_kind_is_found_by_its_name(void **state)
{
    static const char *const exts[] = {"cdx.json", "cdx.xml", "spdx.json", "spdx", "spdx.json"};

    (void)state;
    for (size_t i = 0; i < SBOM_KIND_COUNT; i++) {
        enum sbom_kind kind;

        assert_true(sbom_kind_of_name(sbom_kind_name((enum sbom_kind)i), &kind));
        assert_int_equal(kind, i);
        assert_string_equal(sbom_kind_ext(kind), exts[i]);
    }
}

static void a_name_of_another_version_is_no_kind(void **state)
{
    enum sbom_kind kind = SBOM_SPDX_JSON;

    (void)state;
    assert_false(sbom_kind_of_name("spdx4-json", &kind));
    assert_false(sbom_kind_of_name("", &kind));
    assert_int_equal(kind, SBOM_SPDX_JSON);
}

static void the_platform_imports_what_it_documents(void **state)
{
    static const struct {
        const char *why;
        const char *version;
        enum sbom_kind kind;
        bool want;
    } rows[] = {
        {"the first JSON version", "1.2", SBOM_CYCLONEDX_JSON, true},
        {"the last JSON version", "1.6", SBOM_CYCLONEDX_JSON, true},
        {"a corrected version", "1.6.1", SBOM_CYCLONEDX_JSON, true},
        {"JSON before JSON was specified", "1.1", SBOM_CYCLONEDX_JSON, false},
        {"JSON that is newer", "1.7", SBOM_CYCLONEDX_JSON, false},
        {"not a decimal fraction", "1.10", SBOM_CYCLONEDX_JSON, false},
        {"another major version", "2.3", SBOM_CYCLONEDX_JSON, false},
        {"the first XML version", "1.1", SBOM_CYCLONEDX_XML, true},
        {"the last XML version", "1.6", SBOM_CYCLONEDX_XML, true},
        {"XML too old", "1.0", SBOM_CYCLONEDX_XML, false},
        {"SPDX JSON", "2.3", SBOM_SPDX_JSON, false},
        {"SPDX whose version would fit", "1.2", SBOM_SPDX_TAG_VALUE, false},
        {"SPDX 3", "3.0.1", SBOM_SPDX3_JSON, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sbom_facts facts = {.kind = rows[i].kind};
        struct err err = {0};

        snprintf(facts.spec_version, sizeof facts.spec_version, "%s", rows[i].version);
        if (sbom_importable(&facts, &err) != rows[i].want)
            fail_msg("%s: %s", rows[i].why, err.message);
        if (!rows[i].want)
            assert_int_equal(err.kind, ERR_DATA);
    }
}

static void a_refused_import_names_both_sides(void **state)
{
    const struct sbom_facts facts = {.kind = SBOM_SPDX_JSON, .spec_version = "2.3"};
    struct err err = {0};

    (void)state;
    assert_false(sbom_importable(&facts, &err));
    assert_string_equal(err.message, "is SPDX JSON 2.3; the platform imports CycloneDX JSON 1.2 to "
                                     "1.6 and CycloneDX XML 1.1 to 1.6 only");
}

static void a_version_is_known_newer_or_refused(void **state)
{
    enum verdict { KNOWN, NEWER, REFUSED };
    static const struct {
        const char *why;
        const char *version;
        enum sbom_kind kind;
        enum verdict want;
    } rows[] = {
        {"the last known", "1.7", SBOM_CYCLONEDX_JSON, KNOWN},
        {"the next one", "1.8", SBOM_CYCLONEDX_JSON, NEWER},
        {"two digits are a number", "1.10", SBOM_CYCLONEDX_JSON, NEWER},
        {"the next major", "2.0", SBOM_CYCLONEDX_XML, NEWER},
        {"before the first", "0.9", SBOM_CYCLONEDX_JSON, REFUSED},
        {"SPDX 1 had no JSON", "1.2", SBOM_SPDX_JSON, REFUSED},
        {"SPDX 1 is not what we read", "1.2", SBOM_SPDX_TAG_VALUE, REFUSED},
        {"a later SPDX 2", "2.4", SBOM_SPDX_JSON, NEWER},
        {"a correction of SPDX 3", "3.0.2", SBOM_SPDX3_JSON, KNOWN},
        {"a later SPDX 3", "3.1", SBOM_SPDX3_JSON, NEWER},
        {"nothing", "", SBOM_CYCLONEDX_JSON, REFUSED},
        {"no minor", "1", SBOM_CYCLONEDX_JSON, REFUSED},
        {"no minor after the point", "1.", SBOM_CYCLONEDX_JSON, REFUSED},
        {"no patch after the point", "1.6.", SBOM_CYCLONEDX_JSON, REFUSED},
        {"words", "1.6-rc1", SBOM_CYCLONEDX_JSON, REFUSED},
        {"a number that would overflow", "1.99999999999", SBOM_CYCLONEDX_JSON, REFUSED},
        {"longer than is kept", "1001.2002.3003.4", SBOM_CYCLONEDX_JSON, REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sbom_facts facts = {0};
        struct err err = {0};
        bool good = sbom_version_set(&facts, rows[i].kind, rows[i].version, &err);
        enum verdict got = !good ? REFUSED : facts.newer ? NEWER : KNOWN;

        if (got != rows[i].want)
            fail_msg("%s: %d, want %d", rows[i].why, (int)got, (int)rows[i].want);
        if (good)
            assert_string_equal(facts.spec_version, rows[i].version);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_found_by_its_name),
        cmocka_unit_test(a_name_of_another_version_is_no_kind),
        cmocka_unit_test(the_platform_imports_what_it_documents),
        cmocka_unit_test(a_refused_import_names_both_sides),
        cmocka_unit_test(a_version_is_known_newer_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
