#include "test.h"

#include "base/auto.h"
#include "found.h"

static void fill(struct found *found)
{
    found_begin(found);
    found_add(found, &found->findings.new_issues, "low", "LOW", "/l");
    found_add(found, &found->findings.new_issues, "high", "HIGH", "/h");
    found_add(found, &found->findings.new_cves, "CVE-1", "CRITICAL", "d");
    found_add(found, &found->findings.new_cves, "CVE-2", NULL, "d");
    found_add(found, &found->findings.dropped_issues, "gone", "CRITICAL", "/g");
}

static void all_new_findings_count_unless_a_rule_says_otherwise(void **state)
{
    auto_found struct found found;

    (void)state;
    fill(&found);
    found_judge(&found, NULL, NULL);
    assert_int_equal(found.judgement.counting, 4);
    assert_int_equal(found.judgement.issue_count, 2);
    assert_int_equal(found.judgement.count, 4);
    assert_null(judgement_reason(&found.judgement, &found.judgement.items[0]));
}

static void the_threshold_takes_out_what_is_less_grave(void **state)
{
    static const struct {
        const char *why;
        const char *least;
        size_t counting;
    } rows[] = {
        {"the least", "INFORMATIONAL", 4},           {"low", "low", 4},
        {"medium: not the low one", "MEDIUM", 3},    {"high", "HIGH", 3},
        {"critical and the unknown", "CRITICAL", 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_found struct found found;

        fill(&found);
        found_judge(&found, rows[i].least, NULL);
        if (found.judgement.counting != rows[i].counting ||
            found.judgement.below != 4 - rows[i].counting)
            fail_msg("%s: %zu count", rows[i].why, found.judgement.counting);
    }
}

static void ignored_ones_do_not_count_until_their_day(void **state)
{
    auto_ignore_file struct ignore_file *ignore =
        found_ignore("ignore:\n  - {id: HIGH, reason: no, expires: 2026-01-01}\n"
                     "  - {id: CVE-1, reason: no, expires: 2025-12-31}\n"
                     "  - {id: low, reason: no, expires: 2026-01-01}\n");
    auto_found struct found found;

    (void)state;
    fill(&found);
    found_judge(&found, "MEDIUM", ignore);
    assert_int_equal(found.judgement.ignored, 2);
    assert_int_equal(found.judgement.below, 0); // it is ignored already
    assert_int_equal(found.judgement.counting, 2);
    auto_free char *reason = judgement_reason(&found.judgement, &found.judgement.items[1]);
    assert_string_equal(reason, "ignored until 2026-01-01: no");
}

static void the_gravest_that_count_come_first(void **state)
{
    static const char *const order[] = {"CVE-2", "CVE-1", "high", "low"};
    auto_ignore_file struct ignore_file *ignore =
        found_ignore("ignore:\n  - {id: CVE-2, reason: no, expires: 2026-01-01}\n");
    auto_found struct found found;

    (void)state;
    fill(&found);
    found_judge(&found, NULL, NULL);
    struct judged *sorted = judgement_sorted(&found.judgement);
    for (size_t i = 0; i < COUNT_OF(order); i++)
        assert_string_equal(sorted[i].finding->id, order[i]);
    free(sorted);
    found_judge(&found, NULL, ignore);
    sorted = judgement_sorted(&found.judgement);
    assert_string_equal(sorted[0].finding->id, "CVE-1");
    assert_string_equal(sorted[3].finding->id, "CVE-2");
    free(sorted);
}

static void nothing_found_is_nothing_judged(void **state)
{
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    found_judge(&found, "LOW", NULL);
    assert_int_equal(found.judgement.count, 0);
    struct judged *sorted = judgement_sorted(&found.judgement);
    assert_null(sorted[0].finding);
    free(sorted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_new_findings_count_unless_a_rule_says_otherwise),
        cmocka_unit_test(the_threshold_takes_out_what_is_less_grave),
        cmocka_unit_test(ignored_ones_do_not_count_until_their_day),
        cmocka_unit_test(the_gravest_that_count_come_first),
        cmocka_unit_test(nothing_found_is_nothing_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
