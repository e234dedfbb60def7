#include "test.h"

#include "base/auto.h"
#include "ci/report.h"
#include "found.h"

static char *write_all(const struct found *found)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    report_write(stream, &found->subject, &found->findings, &found->judgement);
    fclose(stream);
    return text;
}

static void the_report_is_this_one(void **state)
{
    static const char want[] =
        "fw-1 (fw-1)\n"
        "compared with firmware fw-0\n"
        "issues: 2 new, 1 dropped\n"
        "CVEs: 1 new, 0 dropped\n"
        "1 new finding counts against the build; 1 ignored, 1 less grave than HIGH\n"
        "\n"
        "new findings:\n"
        "  counts   CRITICAL       CVE-1  d\n"
        "  ignored  HIGH           Type  /a\\x0ab  (issue i1)\n"
        "  below    LOW            Type  /b  (issue i2)\n"
        "\n"
        "firmware: https://one.example:8443/firmwares?firmwareId=fw-1\n"
        "issues:   https://one.example:8443/firmwares/issues?firmwareId=fw-1\n"
        "CVEs:     https://one.example:8443/firmwares/cves?firmwareId=fw-1\n"
        "compare:  https://one.example:8443/firmwares/compare-firmwares?baseFirmwareId=fw-0"
        "&otherFirmwareId=fw-1\n";
    auto_ignore_file struct ignore_file *ignore =
        found_ignore("ignore: [{id: i1, reason: no, expires: 2026-01-01}]");
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    subject_compare(&found.subject, "fw-0", BASIS_PREVIOUS);
    found_add(&found, &found.findings.new_issues, "i1", "HIGH", "/a\nb");
    found_add(&found, &found.findings.new_issues, "i2", "LOW", "/b");
    found_add(&found, &found.findings.dropped_issues, "i3", "LOW", "/c");
    found_add(&found, &found.findings.new_cves, "CVE-1", "CRITICAL", "d");
    found_judge(&found, "HIGH", ignore);
    auto_free char *text = write_all(&found);
    assert_string_equal(text, want);
}

static void a_long_list_is_cut_and_counted(void **state)
{
    auto_found struct found found;
    size_t rows = 0;

    (void)state;
    found_begin(&found);
    for (int i = 0; i < FOUND_MAX; i++)
        found_add(&found, &found.findings.new_cves, "CVE", "LOW", "d");
    found_judge(&found, NULL, NULL);
    auto_free char *text = write_all(&found);
    for (const char *at = text; (at = strstr(at, "\n  counts")); at++)
        rows++;
    assert_int_equal(rows, REPORT_ROWS_MAX);
    assert_non_null(strstr(text, "\n  and 14 more\n"));
}

static void the_verdict_says_what_counts(void **state)
{
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    found_judge(&found, "HIGH", NULL);
    auto_free char *none = report_verdict(&found.judgement);
    assert_string_equal(none, "no new findings");
    assert_null(report_left_out(&found.judgement));
    found_add(&found, &found.findings.new_cves, "CVE-1", "LOW", "d");
    found_judge(&found, "HIGH", NULL);
    auto_free char *below = report_verdict(&found.judgement);
    assert_string_equal(below, "no new finding counts against the build");
    found_judge(&found, NULL, NULL);
    auto_free char *one = report_verdict(&found.judgement);
    assert_string_equal(one, "1 new finding counts against the build");
}

static void what_it_was_compared_with_is_said(void **state)
{
    static const struct {
        enum subject_basis basis;
        const char *says;
    } rows[] = {
        {BASIS_FIRST, "\nfirst firmware of its product: all its findings are new\n"},
        {BASIS_UNKNOWN, "\ncompared with nothing: all its findings count as new\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_found struct found found;

        found_begin(&found);
        subject_compare(&found.subject, NULL, rows[i].basis);
        found_judge(&found, NULL, NULL);
        auto_free char *text = write_all(&found);
        assert_non_null(strstr(text, rows[i].says));
        assert_null(strstr(text, "compare: "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_is_this_one),
        cmocka_unit_test(a_long_list_is_cut_and_counted),
        cmocka_unit_test(the_verdict_says_what_counts),
        cmocka_unit_test(what_it_was_compared_with_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
