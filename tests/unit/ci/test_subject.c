#include "test.h"

#include "base/auto.h"
#include "base/mem.h"
#include "found.h"

static void links_have_the_origin_of_the_api_and_no_password(void **state)
{
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    assert_string_equal(found.subject.firmware_link,
                        "https://one.example:8443/firmwares?firmwareId=fw-1");
    assert_string_equal(found.subject.issues_link,
                        "https://one.example:8443/firmwares/issues?firmwareId=fw-1");
    assert_string_equal(found.subject.cves_link,
                        "https://one.example:8443/firmwares/cves?firmwareId=fw-1");
    assert_null(found.subject.compare_link);
    subject_compare(&found.subject, "fw-0", BASIS_PREVIOUS);
    assert_string_equal(found.subject.compare_link,
                        "https://one.example:8443/firmwares/compare-firmwares"
                        "?baseFirmwareId=fw-0&otherFirmwareId=fw-1");
    subject_compare(&found.subject, NULL, BASIS_FIRST);
    assert_null(found.subject.compare_link);
    assert_null(found.subject.previous_id);
}

static void a_title_is_printable_and_never_empty(void **state)
{
    static const struct {
        const char *why;
        const char *name;
        const char *version;
        const char *title;
    } rows[] = {
        {"both", "Acme Router", "1.0", "Acme Router 1.0"},
        {"no version", "Acme", NULL, "Acme"},
        {"no name", NULL, "1.0", "fw-1"},
        {"an empty name", "", "1.0", "fw-1"},
        {"a hostile one", "a\n\x1b[2J", NULL, "a\\x0a\\x1b[2J"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_found struct found found;

        found_begin(&found);
        text_replace(&found.subject.name, rows[i].name);
        text_replace(&found.subject.version, rows[i].version);
        auto_free char *title = subject_title(&found.subject);
        if (strcmp(title, rows[i].title) != 0)
            fail_msg("%s: %s", rows[i].why, title);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_have_the_origin_of_the_api_and_no_password),
        cmocka_unit_test(a_title_is_printable_and_never_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
