#include "test.h"

#include "base/auto.h"
#include "ci/junit.h"
#include "found.h"

static char *write_all(const struct found *found)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    junit_write(stream, &found->subject, &found->findings, &found->judgement);
    fclose(stream);
    return text;
}

static void the_document_is_this_one(void **state)
{
    static const char want[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites tests=\"4\" failures=\"1\" errors=\"0\" time=\"0\">\n"
        "  <testsuite name=\"ONEKEY identified issues\" tests=\"2\" failures=\"1\" errors=\"0\" "
        "skipped=\"0\" time=\"0\">\n"
        "    <testcase name=\"i&quot;1\" classname=\"Issue: Type\" status=\"NEW\" "
        "file=\"/a&amp;b\" "
        "url=\"https://one.example:8443/firmwares/issues?firmwareId=fw-1\">\n"
        "      <failure type=\"failure\" message=\"New issue\">New issue detected\n"
        "    URL: https://one.example:8443/firmwares/issues?firmwareId=fw-1\n"
        "    Type: Type\n"
        "    Severity: HIGH\n"
        "    File: /a&amp;b\n"
        "</failure>\n"
        "    </testcase>\n"
        "    <testcase name=\"gone\" classname=\"Issue: Type\" status=\"DROPPED\" file=\"/g\" "
        "url=\"https://one.example:8443/firmwares/issues?firmwareId=fw-1\"/>\n"
        "  </testsuite>\n"
        "  <testsuite name=\"ONEKEY identified CVE entries\" tests=\"2\" failures=\"0\" "
        "errors=\"0\" skipped=\"1\" time=\"0\">\n"
        "    <testcase name=\"CVE-1\" classname=\"CVE\" status=\"NEW\" "
        "url=\"https://one.example:8443/firmwares/cves?firmwareId=fw-1\">\n"
        "      <skipped type=\"skipped\" message=\"less grave than HIGH\">New CVE detected\n"
        "    URL: https://one.example:8443/firmwares/cves?firmwareId=fw-1\n"
        "    CVE ID: CVE-1\n"
        "    Severity: LOW\n"
        "    Description: d\n"
        "</skipped>\n"
        "    </testcase>\n"
        "    <testcase name=\"CVE-0\" classname=\"CVE\" status=\"DROPPED\" "
        "url=\"https://one.example:8443/firmwares/cves?firmwareId=fw-1\"/>\n"
        "  </testsuite>\n"
        "</testsuites>\n";
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    found_add(&found, &found.findings.new_issues, "i\"1", "HIGH", "/a&b");
    found_add(&found, &found.findings.dropped_issues, "gone", NULL, "/g");
    found_add(&found, &found.findings.new_cves, "CVE-1", "LOW", "d");
    found_add(&found, &found.findings.dropped_cves, "CVE-0", NULL, NULL);
    found_judge(&found, "high", NULL);
    auto_free char *text = write_all(&found);
    assert_string_equal(text, want);
}

static void what_is_absent_leaves_an_empty_word(void **state)
{
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    found_add(&found, &found.findings.new_issues, "a", NULL, NULL);
    found.findings.new_issues.items[0].type = NULL;
    found_judge(&found, NULL, NULL);
    auto_free char *text = write_all(&found);
    assert_non_null(strstr(text, "classname=\"Issue: \" status=\"NEW\" url="));
    assert_non_null(strstr(text, "    Severity: \n    File: \n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_is_this_one),
        cmocka_unit_test(what_is_absent_leaves_an_empty_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
