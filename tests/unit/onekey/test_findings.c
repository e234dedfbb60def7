#include "test.h"

#include "base/auto.h"
#include "base/buf.h"
#include "onekey/findings.h"
#include "wanted.h"

#define COMPARED(issues, cves)                                                                     \
    "{\"data\":{\"compareFirmwareAnalyses\":{\"issues\":" issues ",\"cveEntries\":" cves "}}}"
#define LISTS(new, dropped) "{\"new\":[" new "],\"dropped\":[" dropped "]}"
#define OWN(issues, cves)                                                                          \
    "{\"data\":{\"firmware\":{\"latestIssues\":" issues ",\"cveMatches\":" cves "}}}"
#define TIMELINE(entries)                                                                          \
    "{\"data\":{\"firmware\":{\"product\":{\"firmwareTimeline\":[" entries "]}}}}"
#define AT(id) "{\"firmware\":{\"id\":\"" id "\"}}"

static bool compare(const char *answer, struct findings *findings, struct err *err)
{
    return findings_compare_reply(answer, strlen(answer), findings, err);
}

static bool own(const char *answer, struct findings *findings, struct err *err)
{
    return findings_own_reply(answer, strlen(answer), findings, err);
}

static void the_requests_carry_the_ids(void **state)
{
    char *query = NULL;
    json_t *variables = parse_request(findings_compare_request("old", "new"), &query);

    (void)state;
    want_json(variables, "{\"base\": \"old\", \"other\": \"new\"}");
    assert_non_null(strstr(query, "compareFirmwareAnalyses(base: $base, other: $other)"));
    json_decref(variables);
    free(query);
    variables = parse_request(findings_timeline_request("one", 50), NULL);
    want_json(variables, "{\"id\": \"one\", \"count\": 50}");
    json_decref(variables);
    variables = parse_request(findings_own_request("one"), &query);
    want_json(variables, "{\"id\": \"one\"}");
    assert_non_null(strstr(query, "latestIssues(filter: { elf: false })"));
    json_decref(variables);
    free(query);
}

static void a_comparison_is_read_whole(void **state)
{
    struct findings findings = {0};
    struct err err;

    (void)state;
    assert_true(compare(
        COMPARED(LISTS("{\"id\":\"i1\",\"severity\":\"HIGH\",\"type\":\"T\",\"file\":{\"path\":\"/"
                       "p\"}}",
                       "{\"id\":\"i2\"},{\"id\":\"i3\"}"),
                 LISTS("{\"id\":\"CVE-1\",\"severity\":\"LOW\",\"description\":\"d\"}",
                       "{\"id\":\"CVE-2\"}")),
        &findings, &err));
    const struct finding *issue = &findings.new_issues.items[0];
    assert_int_equal(findings.new_issues.count, 1);
    assert_int_equal(issue->kind, FINDING_ISSUE);
    assert_string_equal(issue->id, "i1");
    assert_string_equal(issue->severity, "HIGH");
    assert_string_equal(issue->type, "T");
    assert_string_equal(issue->file, "/p");
    assert_null(issue->description);
    assert_int_equal(findings.dropped_issues.count, 2);
    assert_string_equal(findings.dropped_issues.items[1].id, "i3");
    const struct finding *cve = &findings.new_cves.items[0];
    assert_int_equal(cve->kind, FINDING_CVE);
    assert_string_equal(cve->description, "d");
    assert_string_equal(findings.dropped_cves.items[0].id, "CVE-2");
    findings_release(&findings);
    assert_int_equal(findings.new_cves.count, 0);
}

static void what_the_platform_leaves_out_is_absent(void **state)
{
    struct findings findings = {0};
    struct err err;

    (void)state;
    assert_true(own(OWN("[{\"id\":\"a\",\"severity\":null,\"type\":null,\"file\":null},null,"
                        "{\"id\":\"b\",\"file\":{\"path\":null}}]",
                        "[{\"cve\":null},null,{\"cve\":{\"id\":\"CVE-1\",\"severity\":null}}]"),
                    &findings, &err));
    assert_int_equal(findings.new_issues.count, 2);
    assert_null(findings.new_issues.items[0].severity);
    assert_null(findings.new_issues.items[0].type);
    assert_null(findings.new_issues.items[1].file);
    assert_int_equal(findings.new_cves.count, 1);
    assert_null(findings.new_cves.items[0].severity);
    findings_release(&findings);
}

#define MATCH(id, severity) "{\"cve\":{\"id\":\"" id "\",\"severity\":" severity "}}"

static void a_cve_of_several_components_is_one(void **state)
{
    static const struct {
        const char *why;
        const char *matches;
        size_t count;
        const char *severity; /* of the first; NULL: none */
    } rows[] = {
        {"the same twice", "[" MATCH("C", "\"LOW\"") "," MATCH("C", "\"LOW\"") "]", 1, "LOW"},
        {"case of the word", "[" MATCH("C", "\"LOW\"") "," MATCH("C", "\"low\"") "]", 1, "LOW"},
        {"no severity at all", "[" MATCH("C", "null") "," MATCH("C", "null") "]", 1, NULL},
        {"two severities are both told", "[" MATCH("C", "\"LOW\"") "," MATCH("C", "\"HIGH\"") "]",
         1, "LOW/HIGH"},
        {"and once each",
         "[" MATCH("C", "\"LOW\"") "," MATCH("C", "\"HIGH\"") "," MATCH("C", "\"LOW\"") "]", 1,
         "LOW/HIGH"},
        {"one of them missing", "[" MATCH("C", "null") "," MATCH("C", "\"LOW\"") "]", 1,
         "unknown/LOW"},
        {"IDs have their case", "[" MATCH("C", "\"LOW\"") "," MATCH("c", "\"LOW\"") "]", 2, "LOW"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct findings findings = {0};
        struct err err;
        char answer[1024];

        snprintf(answer, sizeof answer,
                 "{\"data\":{\"firmware\":{\"latestIssues\":[],\"cveMatches\":%s}}}",
                 rows[i].matches);
        if (!own(answer, &findings, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        const char *severity = findings.new_cves.items[0].severity;
        if (findings.new_cves.count != rows[i].count ||
            (rows[i].severity ? !severity || strcmp(severity, rows[i].severity) != 0
                              : severity != NULL))
            fail_msg("%s: %zu, %s", rows[i].why, findings.new_cves.count,
                     severity ? severity : "none");
        findings_release(&findings);
    }
}

/* Each word is joined to all before it: without an end that is time and memory by the square. */
static void a_cve_of_very_many_severities_stays_short(void **state)
{
    enum { WORDS = 2000 };
    auto_buf struct buf answer = {.max = 1 << 20};
    struct findings findings = {0};
    struct err err;

    (void)state;
    buf_print(&answer, "{\"data\":{\"firmware\":{\"latestIssues\":[],\"cveMatches\":[");
    for (int i = 0; i < WORDS; i++)
        buf_print(&answer, "%s{\"cve\":{\"id\":\"C\",\"severity\":\"WORD%d\"}}", i ? "," : "", i);
    buf_print(&answer, "]}}}");
    assert_true(own(answer.bytes, &findings, &err));
    assert_int_equal(findings.new_cves.count, 1);
    assert_ptr_equal(strstr(findings.new_cves.items[0].severity, "WORD0/WORD1/"),
                     findings.new_cves.items[0].severity);
    assert_in_range(strlen(findings.new_cves.items[0].severity), 100, 120);
    findings_release(&findings);
}

static void what_is_no_comparison_is_refused_with_its_kind(void **state)
{
    static const struct refused rows[] = {
        {"withheld", "{\"data\":{\"compareFirmwareAnalyses\":null}}", ERR_RIGHTS,
         "compareFirmwareAnalyses"},
        {"a list withheld", COMPARED("{\"new\":null,\"dropped\":[]}", LISTS("", "")), ERR_RIGHTS,
         "read new"},
        {"not there", "{\"data\":{}}", ERR_PROTOCOL, "compareFirmwareAnalyses"},
        {"an issue without ID", COMPARED(LISTS("{\"type\":\"T\"}", ""), LISTS("", "")),
         ERR_PROTOCOL, "read issue 0: read id"},
        {"an empty ID", COMPARED(LISTS("", ""), LISTS("{\"id\":\"\"}", "")), ERR_PROTOCOL,
         "read CVE 0: read id"},
        {"a number for a text", COMPARED(LISTS("{\"id\":\"a\",\"severity\":1}", ""), LISTS("", "")),
         ERR_PROTOCOL, "severity"},
        {"a text for an entry", COMPARED(LISTS("\"a\"", ""), LISTS("", "")), ERR_PROTOCOL,
         "want an object"},
        {"forbidden", "{\"errors\":[{\"message\":\"Forbidden\"}]}", ERR_RIGHTS, "Forbidden"},
        {"HTML", "<html>", ERR_PROTOCOL, "HTML"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct findings findings = {0};
        struct err err = {.kind = ERR_OK};

        want_refused(&rows[i], compare(rows[i].answer, &findings, &err), &err);
        assert_null(findings.new_issues.items);
    }
}

static void a_firmware_that_is_withheld_has_no_findings(void **state)
{
    struct findings findings = {0};
    struct err err;

    (void)state;
    assert_false(own("{\"data\":{\"firmware\":null}}", &findings, &err));
    assert_int_equal(err.kind, ERR_RIGHTS);
    assert_false(own(OWN("null", "[]"), &findings, &err));
    assert_int_equal(err.kind, ERR_RIGHTS);
}

static void the_firmware_before_is_found_in_the_timeline(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        size_t asked;
        enum findings_place place;
        const char *previous;
    } rows[] = {
        {"the newest of two", TIMELINE(AT("us") "," AT("old")), 2, FINDINGS_AFTER, "old"},
        {"in the middle", TIMELINE(AT("new") "," AT("us") "," AT("old")), 50, FINDINGS_AFTER,
         "old"},
        {"IDs compare without case", TIMELINE(AT("US") "," AT("old")), 2, FINDINGS_AFTER, "old"},
        {"alone", TIMELINE(AT("us")), 2, FINDINGS_FIRST, NULL},
        {"the oldest of all", TIMELINE(AT("new") "," AT("us")), 50, FINDINGS_FIRST, NULL},
        {"the oldest of those asked for", TIMELINE(AT("new") "," AT("us")), 2, FINDINGS_UNKNOWN,
         NULL},
        {"overtaken", TIMELINE(AT("a") "," AT("b")), 2, FINDINGS_UNKNOWN, NULL},
        {"nobody there", TIMELINE(""), 2, FINDINGS_UNKNOWN, NULL},
        {"once an analysis", TIMELINE(AT("us") "," AT("US") "," AT("old")), 50, FINDINGS_AFTER,
         "old"},
        {"twice and alone", TIMELINE(AT("us") "," AT("us")), 50, FINDINGS_FIRST, NULL},
        {"twice, and no more was asked for", TIMELINE(AT("us") "," AT("us")), 2, FINDINGS_UNKNOWN,
         NULL},
        {"one withheld between", TIMELINE(AT("us") ",{\"firmware\":null},null," AT("old")), 50,
         FINDINGS_AFTER, "old"},
        {"the one behind withheld", TIMELINE(AT("us") ",{\"firmware\":null}"), 2, FINDINGS_UNKNOWN,
         NULL},
        {"more than was asked for", TIMELINE(AT("a") "," AT("b") "," AT("us")), 2, FINDINGS_UNKNOWN,
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct findings_timeline timeline;
        const char *previous = NULL;
        struct err err;

        if (!findings_timeline_reply(rows[i].answer, strlen(rows[i].answer), rows[i].asked,
                                     &timeline, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        enum findings_place place = findings_place_of(&timeline, "us", &previous);
        if (place != rows[i].place ||
            (previous ? !rows[i].previous || strcmp(previous, rows[i].previous) != 0
                      : rows[i].previous != NULL))
            fail_msg("%s: place %d, %s", rows[i].why, (int)place, previous ? previous : "none");
    }
}

static void what_is_no_timeline_is_refused(void **state)
{
    static const struct refused rows[] = {
        {"withheld", "{\"data\":{\"firmware\":null}}", ERR_RIGHTS, "firmware"},
        {"product withheld", "{\"data\":{\"firmware\":{\"product\":null}}}", ERR_RIGHTS, "product"},
        {"an ID that is none", TIMELINE(AT("../x")), ERR_PROTOCOL, "firmwareTimeline[0]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct findings_timeline timeline;
        struct err err = {.kind = ERR_OK};
        bool ok =
            findings_timeline_reply(rows[i].answer, strlen(rows[i].answer), 2, &timeline, &err);

        want_refused(&rows[i], ok, &err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_requests_carry_the_ids),
        cmocka_unit_test(a_comparison_is_read_whole),
        cmocka_unit_test(what_the_platform_leaves_out_is_absent),
        cmocka_unit_test(a_cve_of_several_components_is_one),
        cmocka_unit_test(a_cve_of_very_many_severities_stays_short),
        cmocka_unit_test(what_is_no_comparison_is_refused_with_its_kind),
        cmocka_unit_test(a_firmware_that_is_withheld_has_no_findings),
        cmocka_unit_test(the_firmware_before_is_found_in_the_timeline),
        cmocka_unit_test(what_is_no_timeline_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
