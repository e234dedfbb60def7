#include "test.h"

#include <jansson.h>

#include "base/auto.h"
#include "base/mem.h"
#include "ci/result_json.h"
#include "found.h"

static void want(const json_t *object, const char *key, const char *wanted)
{
    auto_json json_t *expected = json_loads(wanted, JSON_DECODE_ANY, NULL);
    const json_t *got = json_object_get(object, key);

    assert_non_null(expected);
    if (!json_equal(got, expected)) {
        auto_free char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
        fail_msg("%s: %s", key, text);
    }
}

static void every_documented_field_is_there(void **state)
{
    auto_ignore_file struct ignore_file *ignore =
        found_ignore("ignore: [{id: CVE-1, reason: not built, expires: 2026-01-01}]");
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    subject_compare(&found.subject, "fw-0", BASIS_PREVIOUS);
    text_replace(&found.subject.name, "Acme");
    text_replace(&found.subject.state, "DONE");
    text_replace(&found.subject.result, "COMPLETE");
    found_add(&found, &found.findings.new_issues, "i1", "HIGH", "/a");
    found_add(&found, &found.findings.new_issues, "i2", NULL, NULL);
    found_add(&found, &found.findings.dropped_cves, "CVE-0", NULL, NULL);
    found_add(&found, &found.findings.new_cves, "CVE-1", "LOW", "d");
    found_judge(&found, NULL, ignore);
    auto_json json_t *object = result_json(&found.subject, &found.findings, &found.judgement, 1);
    want(object, "firmware_id", "\"fw-1\"");
    want(object, "name", "\"Acme\"");
    want(object, "version", "null");
    want(object, "previous_firmware_id", "\"fw-0\"");
    want(object, "analysis", "{\"state\":\"DONE\",\"result\":\"COMPLETE\"}");
    want(object, "issues",
         "{\"new\":[{\"id\":\"i1\",\"type\":\"Type\",\"severity\":\"HIGH\",\"file\":\"/a\","
         "\"counts\":true,\"ignored\":false,\"reason\":null},"
         "{\"id\":\"i2\",\"type\":\"Type\",\"severity\":null,\"file\":null,"
         "\"counts\":true,\"ignored\":false,\"reason\":null}],\"dropped\":[]}");
    want(object, "cves",
         "{\"new\":[{\"id\":\"CVE-1\",\"severity\":\"LOW\",\"description\":\"d\",\"counts\":false,"
         "\"ignored\":true,\"reason\":\"ignored until 2026-01-01: not built\"}],"
         "\"dropped\":[{\"id\":\"CVE-0\",\"severity\":null,\"description\":null}]}");
    want(object, "counts",
         "{\"new_issues\":2,\"dropped_issues\":0,\"new_cves\":1,\"dropped_cves\":1,"
         "\"ignored\":1,\"below_severity\":0,\"gating\":2}");
    want(object, "exit", "1");
    assert_int_equal(json_object_size(json_object_get(object, "links")), 4);
    assert_int_equal(json_object_size(object), 10);
}

static void an_analysis_that_is_not_complete_has_no_findings(void **state)
{
    auto_found struct found found;

    (void)state;
    found_begin(&found);
    auto_json json_t *object = result_json(&found.subject, NULL, NULL, 5);
    want(object, "analysis", "{\"state\":null,\"result\":null}");
    want(object, "issues", "null");
    want(object, "cves", "null");
    want(object, "counts", "null");
    want(object, "exit", "5");
    assert_int_equal(json_object_size(object), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_documented_field_is_there),
        cmocka_unit_test(an_analysis_that_is_not_complete_has_no_findings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
