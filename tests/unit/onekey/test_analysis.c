#include "test.h"

#include "onekey/analysis.h"
#include "onekey/field.h"
#include "wanted.h"

static const char *const one[] = {"id-0"};
static const char *const three[] = {"id-0", "id-1", "id-2"};

/* An answer about firmware id-0 alone. */
#define ABOUT(firmware) "{\"data\":{\"f0\":" firmware "}}"
#define LATEST(latest)                                                                             \
    ABOUT("{\"id\":\"id-0\",\"name\":\"n\",\"version\":\"v\",\"latestAnalysis\":" latest "}")
#define TROUBLE(value, errors) "{\"data\":{\"f0\":" value "},\"errors\":[" errors "]}"

static void a_batch_asks_with_an_alias_and_a_variable_each(void **state)
{
    char *query = NULL;
    json_t *variables = parse_request(analysis_request(three, 3), &query);

    (void)state;
    want_json(variables, "{\"i0\": \"id-0\", \"i1\": \"id-1\", \"i2\": \"id-2\"}");
    assert_non_null(strstr(query, "query ($i0: ID! $i1: ID! $i2: ID! )"));
    assert_non_null(
        strstr(query, "f2: firmware(id: $i2) { id name version latestAnalysis { state result } }"));
    json_decref(variables);
    free(query);
}

static void the_largest_batch_of_the_longest_ids_fits(void **state)
{
    char id[FIRMWARE_ID_SIZE];
    const char *ids[ANALYSIS_BATCH_MAX];

    (void)state;
    memset(id, 'x', FIRMWARE_ID_MAX);
    id[FIRMWARE_ID_MAX] = '\0';
    for (size_t i = 0; i < ANALYSIS_BATCH_MAX; i++)
        ids[i] = id;
    json_t *variables = parse_request(analysis_request(ids, ANALYSIS_BATCH_MAX), NULL);
    assert_int_equal(json_object_size(variables), ANALYSIS_BATCH_MAX);
    json_decref(variables);
}

static const struct {
    const char *why;
    const char *answer;
    enum analysis_state state;
    const char *state_text;
    const char *result_text;
    const char *reason;
} good_answers[] = {
    {"not there yet", ABOUT("null"), ANALYSIS_UNKNOWN_FIRMWARE, "", "", ""},
    {"not started", LATEST("null"), ANALYSIS_NOT_STARTED, "", "", ""},
    {"not started, the field left out", ABOUT("{\"id\":\"id-0\"}"), ANALYSIS_NOT_STARTED, "", "",
     ""},
    {"queued", LATEST("{\"state\":\"QUEUED\",\"result\":null}"), ANALYSIS_RUNNING, "QUEUED", "",
     ""},
    {"a state nobody knows", LATEST("{\"state\":\"X Y\",\"result\":\"COMPLETE\"}"),
     ANALYSIS_RUNNING, "X Y", "COMPLETE", ""},
    {"complete", LATEST("{\"state\":\"DONE\",\"result\":\"COMPLETE\"}"), ANALYSIS_COMPLETE, "DONE",
     "COMPLETE", ""},
    {"IDs compare without case",
     ABOUT("{\"id\":\"ID-0\",\"latestAnalysis\":{\"state\":\"DONE\",\"result\":\"COMPLETE\"}}"),
     ANALYSIS_COMPLETE, "DONE", "COMPLETE", ""},
    {"failed", LATEST("{\"state\":\"DONE\",\"result\":\"FAILED\"}"), ANALYSIS_FAILED, "DONE",
     "FAILED", ""},
    {"words have their case", LATEST("{\"state\":\"DONE\",\"result\":\"complete\"}"),
     ANALYSIS_FAILED, "DONE", "complete", ""},
    {"done without a result", LATEST("{\"state\":\"DONE\",\"result\":null}"), ANALYSIS_FAILED,
     "DONE", "", ""},
    {"words made printable", LATEST("{\"state\":\"\\u001b[2J\"}"), ANALYSIS_RUNNING, "\\x1b[2J", "",
     ""},
    {"a missing right", TROUBLE("null", "{\"message\":\"Forbidden\",\"path\":[\"f0\"]}"),
     ANALYSIS_RIGHTS_MISSING, "", "", "Forbidden"},
    {"a missing right in other words", TROUBLE("null", "{\"message\":\"Nope\",\"path\":[\"f0\"]}"),
     ANALYSIS_RIGHTS_MISSING, "", "", "Nope"},
    {"not found, said as an error",
     TROUBLE("null", "{\"message\":\"Firmware not found\",\"path\":[\"f0\"]}"),
     ANALYSIS_UNKNOWN_FIRMWARE, "", "", "Firmware not found"},
    {"trouble of the platform's own",
     TROUBLE("null", "{\"message\":\"Internal error\",\"path\":[\"f0\"]}"), ANALYSIS_UNREADABLE, "",
     "", "Internal error"},
    {"no right to the analysis is no analysis not started",
     TROUBLE("{\"id\":\"id-0\",\"latestAnalysis\":null}",
             "{\"message\":\"Forbidden\",\"path\":[\"f0\",\"latestAnalysis\"]}"),
     ANALYSIS_RIGHTS_MISSING, "", "", "Forbidden"},
    {"half an answer is none",
     TROUBLE("{\"id\":\"id-0\",\"latestAnalysis\":null}",
             "{\"message\":\"x\",\"path\":[\"f0\",\"latestAnalysis\"]}"),
     ANALYSIS_UNREADABLE, "", "", "x"},
    {"the first of two errors speaks",
     TROUBLE("null", "{\"message\":\"Forbidden\",\"path\":[\"f0\"]},"
                     "{\"message\":\"timeout\",\"path\":[\"f0\"]}"),
     ANALYSIS_RIGHTS_MISSING, "", "", "Forbidden"},
};

static void each_answer_is_one_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good_answers); i++) {
        struct analysis analysis;
        struct err err = {0};

        if (!analysis_reply(good_answers[i].answer, strlen(good_answers[i].answer), one, 1,
                            &analysis, &err))
            fail_msg("%s: %s", good_answers[i].why, err.message);
        if (analysis.state != good_answers[i].state)
            fail_msg("%s: %s", good_answers[i].why, analysis_state_name(analysis.state));
        if (strcmp(analysis.state_text, good_answers[i].state_text) != 0 ||
            strcmp(analysis.result_text, good_answers[i].result_text) != 0 ||
            strcmp(analysis.reason, good_answers[i].reason) != 0)
            fail_msg("%s: \"%s\" \"%s\" \"%s\"", good_answers[i].why, analysis.state_text,
                     analysis.result_text, analysis.reason);
        analysis_release(&analysis, 1);
    }
}

static void one_forbidden_firmware_does_not_hide_the_others(void **state)
{
    static const char answer[] =
        "{\"errors\":[{\"message\":\"Forbidden\",\"path\":[\"f1\"]}],\"data\":{"
        "\"f0\":{\"id\":\"id-0\",\"name\":\"a\",\"version\":null,\"latestAnalysis\":null},"
        "\"f1\":null,"
        "\"f2\":{\"id\":\"id-2\",\"name\":\"c\",\"version\":\"2\",\"latestAnalysis\":"
        "{\"state\":\"DONE\",\"result\":\"COMPLETE\"}}}}";
    struct analysis analyses[3];
    struct err err = {0};

    (void)state;
    assert_true(analysis_reply(answer, strlen(answer), three, 3, analyses, &err));
    assert_int_equal(analyses[0].state, ANALYSIS_NOT_STARTED);
    assert_string_equal(analyses[0].name, "a");
    assert_null(analyses[0].version);
    assert_int_equal(analyses[1].state, ANALYSIS_RIGHTS_MISSING);
    assert_null(analyses[1].name);
    assert_string_equal(analyses[1].reason, "Forbidden");
    assert_int_equal(analyses[2].state, ANALYSIS_COMPLETE);
    assert_string_equal(analyses[2].version, "2");
    assert_string_equal(analyses[2].reason, "");
    analysis_release(analyses, 3);
}

static void what_fails_the_whole_answer(void **state)
{
    static const struct refused rows[] = {
        {"an error without a path", TROUBLE("null", "{\"message\":\"Forbidden\"}"), ERR_RIGHTS,
         "Forbidden"},
        {"a path to elsewhere", TROUBLE("null", "{\"message\":\"x\",\"path\":[\"f1\"]}"),
         ERR_REJECTED, "x"},
        {"a path that only begins alike", TROUBLE("null", "{\"message\":\"x\",\"path\":[\"f00\"]}"),
         ERR_REJECTED, "x"},
        {"a path of numbers", TROUBLE("null", "{\"message\":\"x\",\"path\":[0]}"), ERR_REJECTED,
         "x"},
        {"the token, seen at one firmware",
         TROUBLE("null", "{\"message\":\"Token expired\",\"path\":[\"f0\"]}"), ERR_AUTH,
         "Token expired"},
        {"too fast, seen at one firmware",
         TROUBLE("null", "{\"message\":\"Rate limit\",\"path\":[\"f0\"]}"), ERR_THROTTLED,
         "Rate limit"},
        {"data taken away as a whole",
         "{\"data\":null,\"errors\":[{\"message\":\"Forbidden\",\"path\":[\"f0\"]}]}", ERR_RIGHTS,
         "Forbidden"},
        {"data null", "{\"data\":null}", ERR_PROTOCOL, "data is no object"},
        {"an alias missing", "{\"data\":{\"f1\":null}}", ERR_PROTOCOL, "read f0: it is missing"},
        {"a firmware that is a text", ABOUT("\"x\""), ERR_PROTOCOL, "read f0: want an object"},
        {"another firmware", ABOUT("{\"id\":\"id-1\"}"), ERR_PROTOCOL,
         "read f0: read id: not the one asked for"},
        {"no id", ABOUT("{}"), ERR_PROTOCOL, "read f0: read id: want a text, got nothing"},
        {"id a number", ABOUT("{\"id\":0}"), ERR_PROTOCOL, "read id: want a text, got a number"},
        {"name a number", ABOUT("{\"id\":\"id-0\",\"name\":5}"), ERR_PROTOCOL,
         "read f0: read name"},
        {"version a number", ABOUT("{\"id\":\"id-0\",\"version\":1.0}"), ERR_PROTOCOL,
         "read f0: read version: want a text, got a number"},
        {"latestAnalysis a list", LATEST("[]"), ERR_PROTOCOL, "read f0: read latestAnalysis: want"},
        {"no state", LATEST("{}"), ERR_PROTOCOL, "read f0: read latestAnalysis: read state: want"},
        {"state null", LATEST("{\"state\":null}"), ERR_PROTOCOL,
         "read state: want a text, got null"},
        {"result an object", LATEST("{\"state\":\"DONE\",\"result\":{}}"), ERR_PROTOCOL,
         "read result: want a text, got an object"},
        {"a page", "<html>", ERR_PROTOCOL, "HTML page"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct analysis analysis;
        struct err err = {0};

        want_refused(
            &rows[i],
            analysis_reply(rows[i].answer, strlen(rows[i].answer), one, 1, &analysis, &err), &err);
        assert_null(analysis.name);
    }
}

static void a_failure_in_the_last_entry_leaves_none_filled(void **state)
{
    static const char answer[] = "{\"data\":{\"f0\":{\"id\":\"id-0\",\"name\":\"a\"},"
                                 "\"f1\":{\"id\":\"id-1\",\"name\":\"b\"},\"f2\":7}}";
    struct analysis analyses[3];
    struct err err = {0};

    (void)state;
    assert_false(analysis_reply(answer, strlen(answer), three, 3, analyses, &err));
    for (size_t i = 0; i < 3; i++)
        assert_null(analyses[i].name);
}

static void states_have_names_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i <= ANALYSIS_FAILED; i++) {
        for (int j = 0; j < i; j++)
            assert_string_not_equal(analysis_state_name((enum analysis_state)i),
                                    analysis_state_name((enum analysis_state)j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_asks_with_an_alias_and_a_variable_each),
        cmocka_unit_test(the_largest_batch_of_the_longest_ids_fits),
        cmocka_unit_test(each_answer_is_one_state),
        cmocka_unit_test(one_forbidden_firmware_does_not_hide_the_others),
        cmocka_unit_test(what_fails_the_whole_answer),
        cmocka_unit_test(a_failure_in_the_last_entry_leaves_none_filled),
        cmocka_unit_test(states_have_names_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
