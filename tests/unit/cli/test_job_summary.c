#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../ci/found.h"
#include "base/auto.h"
#include "base/mem.h"
#include "cli/job_summary.h"
#include "printed.h"

static void the_page_is_this_one(void **state)
{
    static const char want[] =
        "### ONEKEY: 1 new finding counts against the build in fw-1\n\n"
        "[Firmware](<https://one.example:8443/firmwares?firmwareId=fw-1>) | "
        "[Issues](<https://one.example:8443/firmwares/issues?firmwareId=fw-1>) | "
        "[CVEs](<https://one.example:8443/firmwares/cves?firmwareId=fw-1>)\n\n"
        "| | new | dropped |\n|---|---:|---:|\n| Issues | 1 | 0 |\n| CVEs | 1 | 0 |\n\n"
        "Does not count: 1 less grave than HIGH\n\n"
        "| Severity | New finding | Where | Counts |\n|---|---|---|---|\n"
        "| HIGH | Type i1 | /etc/key | yes |\n"
        "| LOW | CVE-1 | d | less grave than HIGH |\n\n";
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    found_add(&found, &found.findings.new_issues, "i1", "HIGH", "/etc/key");
    found_add(&found, &found.findings.new_cves, "CVE-1", "LOW", "d");
    found_judge(&found, "HIGH", NULL);
    auto_free char *text = job_summary_text(&found.subject, &found.findings, &found.judgement);
    assert_string_equal(text, want);
}

static void no_name_is_more_than_text(void **state)
{
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    text_replace(&found.subject.name, "# <script>|");
    found_add(&found, &found.findings.new_cves, "a|b\n|c|", "<b>", "[x](http://e.v) @me `c` \\|");
    found_judge(&found, NULL, NULL);
    auto_free char *text = job_summary_text(&found.subject, &found.findings, &found.judgement);
    printed_wants("title", text, "in &#35; &#60;script&#62;&#124;\n");
    printed_wants("row", text,
                  "| &#60;b&#62; | a&#124;b&#92;x0a&#124;c&#124; | "
                  "&#91;x&#93;&#40;http&#58;//e&#46;v&#41; &#64;me &#96;c&#96; &#92;&#124; |");
}

static void a_long_list_is_cut_and_counted(void **state)
{
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    for (int i = 0; i < FOUND_MAX; i++)
        found_add(&found, &found.findings.new_cves, "CVE", "LOW", "d");
    found_judge(&found, NULL, NULL);
    auto_free char *text = job_summary_text(&found.subject, &found.findings, &found.judgement);
    printed_wants("the rest", text, "\nand 14 more\n");
}

/* GitHub drops what is over 1 MiB, and a punctuation mark becomes five bytes. */
static void a_long_name_costs_nobody_the_page(void **state)
{
    enum { LONG = 1 << 20 };
    auto_free char *name = xcalloc(LONG + 1, 1);
    auto_found struct found found;

    (void)state;
    memset(name, '<', LONG);
    found_begin(&found);
    text_replace(&found.subject.name, name);
    found_add(&found, &found.findings.new_issues, name, name, name);
    found_add(&found, &found.findings.new_cves, "CVE-1", "LOW", "d");
    found_judge(&found, NULL, NULL);
    auto_free char *text = job_summary_text(&found.subject, &found.findings, &found.judgement);
    assert_in_range(strlen(text), 1, 8192);
    printed_wants("the one behind it", text, "| LOW | CVE-1 | d | yes |\n");
}

static void a_failure_says_its_reason(void **state)
{
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    auto_free char *text = job_summary_failure(&found.subject, "it <failed>");
    printed_wants("head", text, "### ONEKEY: no result in fw-1\n");
    printed_wants("reason", text, "\nit &#60;failed&#62;\n");
}

static void it_is_appended_to_what_is_there(void **state)
{
    char path[] = "/tmp/test_job_summary.XXXXXX";
    auto_fd int fd = mkstemp(path);
    char text[32] = "";
    struct err err;

    (void)state;
    assert_true(fd >= 0);
    assert_true(job_summary_append(path, "one\n", &err));
    assert_true(job_summary_append(path, "two\n", &err));
    assert_int_equal(read(fd, text, sizeof text - 1), 8);
    assert_string_equal(text, "one\ntwo\n");
    assert_int_equal(unlink(path), 0);
    assert_false(job_summary_append("/nowhere/at/all", "x", &err));
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    /* A pipe that nobody reads is not waited for. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(job_summary_append(path, "x", &err));
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_this_one),
        cmocka_unit_test(no_name_is_more_than_text),
        cmocka_unit_test(a_long_list_is_cut_and_counted),
        cmocka_unit_test(a_long_name_costs_nobody_the_page),
        cmocka_unit_test(a_failure_says_its_reason),
        cmocka_unit_test(it_is_appended_to_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
