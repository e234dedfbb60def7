#include "test.h"

#include "onekey/graphql.h"
#include "onekey/query.h"
#include "wanted.h"

static bool reply(const char *answer, json_t **data, struct err *err)
{
    return query_reply(answer, strlen(answer), data, err);
}

static void text_and_variables_are_passed_on(void **state)
{
    static const struct {
        const char *why;
        const char *variables;
        const char *sent;
    } rows[] = {
        {"none", NULL, NULL},
        {"empty", "{}", "{}"},
        {"of all types", " {\"a\": [1, 2.5, null, true], \"b\": {\"c\": \"\\u00e4\"}}\n",
         "{\"a\": [1, 2.5, null, true], \"b\": {\"c\": \"\xc3\xa4\"}}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *body = NULL;
        char *query = NULL;
        struct err err = {0};

        if (!query_request("query { \xc3\xa4 }", rows[i].variables, &body, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        json_t *variables = parse_request(body, &query);
        assert_string_equal(query, "query { \xc3\xa4 }");
        if (rows[i].sent)
            want_json(variables, rows[i].sent);
        else
            assert_null(variables);
        json_decref(variables);
        free(query);
    }
}

static void what_cannot_be_sent_is_a_usage_error(void **state)
{
    static const struct {
        struct refused refused;
        const char *variables;
    } rows[] = {
        {{"no query", "", ERR_USAGE, "read query: it is empty"}, NULL},
        {{"blanks", " \n\t", ERR_USAGE, "read query: it is empty"}, NULL},
        {{"Latin-1", "{ \xe4 }", ERR_USAGE, "read query: not UTF-8"}, NULL},
        {{"cut", "{ x }", ERR_USAGE, "read variables: not JSON at line 1, column"}, "{\"a\":"},
        {{"empty", "{ x }", ERR_USAGE, "read variables: not JSON"}, ""},
        {{"a key twice", "{ x }", ERR_USAGE, "read variables: not JSON"}, "{\"a\":1,\"a\":2}"},
        {{"a list", "{ x }", ERR_USAGE, "read variables: want a JSON object"}, "[1]"},
        {{"a text", "{ x }", ERR_USAGE, "read variables: want a JSON object"}, "\"a\""},
        {{"bytes", "{ x }", ERR_USAGE, "read variables: not JSON"}, "{\"a\":\"\xff\"}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *body = NULL;
        struct err err = {0};

        want_refused(&rows[i].refused,
                     query_request(rows[i].refused.answer, rows[i].variables, &body, &err), &err);
        assert_null(body);
    }
}

static void data_comes_back_as_it_is(void **state)
{
    json_t *data = NULL;
    struct err err = {0};

    (void)state;
    assert_true(reply("{\"data\":{\"b\":1,\"a\":[null]}}", &data, &err));
    char *text = json_dumps(data, JSON_COMPACT);
    assert_string_equal(text, "{\"b\":1,\"a\":[null]}");
    free(text);
    json_decref(data);
}

static void the_asker_s_mistakes_are_told_all(void **state)
{
    static const struct refused rows[] = {
        {"a field that does not exist",
         "{\"errors\":[{\"message\":\"Cannot query field \\\"x\\\" on type \\\"Query\\\".\"}]}",
         ERR_REJECTED, "platform says: Cannot query field \"x\" on type \"Query\"."},
        {"several", "{\"errors\":[{\"message\":\"a\"},{\"message\":\"b\"}],\"data\":{\"c\":1}}",
         ERR_REJECTED, "platform says: a; b"},
        {"a missing right stays one",
         "{\"errors\":[{\"message\":\"a\"},{\"message\":\"Forbidden\"}]}", ERR_RIGHTS,
         "platform says: a; Forbidden"},
        {"the token", "{\"errors\":[{\"message\":\"Token expired\"}]}", ERR_AUTH, "Token expired"},
        {"a page", "<html>", ERR_PROTOCOL, "HTML page"},
        {"no data", "{}", ERR_PROTOCOL, "no data, no errors"},
        {"data null", "{\"data\":null}", ERR_PROTOCOL, "data is no object"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *data = NULL;
        struct err err = {0};

        want_refused(&rows[i], reply(rows[i].answer, &data, &err), &err);
        assert_null(data);
    }
}

static void an_operator_s_answer_may_be_larger_than_our_own(void **state)
{
    size_t size = GRAPHQL_BYTES_MAX + 1000;
    char *filler = malloc(size + 1);
    json_t *data = NULL;
    struct err err = {0};

    (void)state;
    memset(filler, 'x', size);
    filler[size] = '\0';
    json_t *whole = json_pack("{s:{s:s}}", "data", "a", filler);
    char *answer = json_dumps(whole, 0);
    assert_true(reply(answer, &data, &err));
    assert_true(json_equal(data, json_object_get(whole, "data")));
    json_decref(data);
    // Nothing of that size stands behind the pointer: looking at it would be seen.
    assert_false(query_reply("{", (size_t)QUERY_BYTES_MAX + 1, &data, &err));
    assert_string_equal(err.message, "answer is larger than 67108864 bytes");
    json_decref(whole);
    free(answer);
    free(filler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_variables_are_passed_on),
        cmocka_unit_test(what_cannot_be_sent_is_a_usage_error),
        cmocka_unit_test(data_comes_back_as_it_is),
        cmocka_unit_test(the_asker_s_mistakes_are_told_all),
        cmocka_unit_test(an_operator_s_answer_may_be_larger_than_our_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
