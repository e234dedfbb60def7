#include "test.h"

#include "onekey/graphql.h"
#include "wanted.h"

static bool reply(const char *answer, json_t **data, struct err *err)
{
    return graphql_reply(answer, strlen(answer), data, err);
}

/* {"data":{"a":{"a": ... {} ... }}}: that many braces, the envelope's own among them. */
static char *nested(int depth)
{
    size_t size = (size_t)depth * 6 + 32;
    char *text = calloc(1, size);
    size_t used = (size_t)snprintf(text, size, "{\"data\":");

    for (int i = 0; i < depth - 2; i++)
        used += (size_t)snprintf(text + used, size - used, "{\"a\":");
    used += (size_t)snprintf(text + used, size - used, "{}");
    memset(text + used, '}', (size_t)depth - 1);
    return text;
}

static void a_request_carries_text_and_variables(void **state)
{
    char *query = NULL;
    json_t *variables =
        parse_request(graphql_request("query { x }\n", json_pack("{s:s}", "id", "a\"b")), &query);

    (void)state;
    assert_string_equal(query, "query { x }\n");
    want_json(variables, "{\"id\": \"a\\\"b\"}");
    json_decref(variables);
    free(query);
}

static void a_request_without_variables_has_no_such_key(void **state)
{
    (void)state;
    assert_null(parse_request(graphql_request("{ x }", NULL), NULL));
}

static void good_answers_give_their_data(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        const char *data;
    } rows[] = {
        {"plain", "{\"data\": {\"a\": 1}}", "{\"a\": 1}"},
        {"errors null", "{\"errors\": null, \"data\": {}}", "{}"},
        {"errors empty", "{\"errors\": [], \"data\": {\"a\": null}}", "{\"a\": null}"},
        {"more keys", "{\"extensions\": {\"cost\": 3}, \"data\": {}}", "{}"},
        {"blanks around", " \r\n\t{\"data\":{}}\n", "{}"},
        {"byte order mark", "\xef\xbb\xbf{\"data\":{}}", "{}"},
        {"brackets in texts are no depth",
         "{\"data\":{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"}}",
         "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *data = NULL;
        struct err err = {0};

        if (!reply(rows[i].answer, &data, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        want_json(data, rows[i].data);
        json_decref(data);
    }
}

static void what_is_no_answer_is_refused_by_its_looks(void **state)
{
    static const struct refused rows[] = {
        {"nothing", "", ERR_PROTOCOL, "answer is empty"},
        {"blanks only", " \n ", ERR_PROTOCOL, "answer is empty"},
        {"a sign-in page", "<!DOCTYPE html><html>", ERR_PROTOCOL,
         "answer is an HTML page, not JSON"},
        {"a page after blanks", "\n\n  <html>", ERR_PROTOCOL, "answer is an HTML page, not JSON"},
        {"SOAP", "<?xml version=\"1.0\"?>", ERR_PROTOCOL, "an XML document"},
        {"a proxy's words", "upstream connect error", ERR_PROTOCOL, "not JSON from byte"},
        {"cut", "{\"data\": {\"a\": \"bc", ERR_PROTOCOL, "ends in the middle"},
        {"cut between values", "{\"data\": {", ERR_PROTOCOL, "ends in the middle"},
        {"bytes after the end", "{\"data\": {}} x", ERR_PROTOCOL, "not JSON from byte"},
        {"a key twice", "{\"data\": {}, \"data\": {}}", ERR_PROTOCOL, "a key twice"},
        {"a key twice below", "{\"data\": {\"a\": 1, \"a\": 2}}", ERR_PROTOCOL, "a key twice"},
        {"Latin-1", "{\"data\": {\"a\": \"\xe4\"}}", ERR_PROTOCOL, "not UTF-8"},
        {"a NUL in a text", "{\"data\": {\"a\": \"\\u0000\"}}", ERR_PROTOCOL, "not JSON"},
        {"a number beyond any", "{\"data\": {\"a\": 1e999}}", ERR_PROTOCOL, "not JSON"},
        {"a list", "[]", ERR_PROTOCOL, "another shape: no object"},
        {"a text", "\"ok\"", ERR_PROTOCOL, "another shape: no object"},
        {"null", "null", ERR_PROTOCOL, "another shape: no object"},
        {"REST's own words", "{\"detail\": \"Not Found\"}", ERR_PROTOCOL, "no data, no errors"},
        {"data null", "{\"data\": null}", ERR_PROTOCOL, "data is no object"},
        {"data a list", "{\"data\": []}", ERR_PROTOCOL, "data is no object"},
        {"errors a text", "{\"errors\": \"no\", \"data\": {}}", ERR_PROTOCOL, "errors is no list"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *data = NULL;
        struct err err = {0};

        want_refused(&rows[i], reply(rows[i].answer, &data, &err), &err);
        assert_null(data);
    }
}

static void errors_leave_no_partial_data(void **state)
{
    static const struct refused rows[] = {
        {"beside data", "{\"data\": {\"a\": 1}, \"errors\": [{\"message\": \"x\"}]}", ERR_REJECTED,
         "platform says: x"},
        {"without data", "{\"errors\": [{\"message\": \"x\"}]}", ERR_REJECTED, "platform says: x"},
        {"of the gateway", "{\"errors\": [{\"type\": \"auth.failed\", \"detail\": \"no\"}]}",
         ERR_AUTH, "platform says: no"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *data = NULL;
        struct err err = {0};

        want_refused(&rows[i], reply(rows[i].answer, &data, &err), &err);
        assert_null(data);
    }
}

static void nesting_is_capped_before_anything_is_parsed(void **state)
{
    static const struct {
        const char *why;
        int depth;
        bool taken;
    } rows[] = {
        {"as deep as allowed", GRAPHQL_DEPTH_MAX, true},
        {"one deeper", GRAPHQL_DEPTH_MAX + 1, false},
        {"deep enough to hurt", 100000, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *answer = nested(rows[i].depth);
        json_t *data = NULL;
        struct err err = {0};

        if (reply(answer, &data, &err) != rows[i].taken)
            fail_msg("%s: %s", rows[i].why, err.message);
        if (!rows[i].taken)
            assert_string_equal(err.message, "answer is nested deeper than 32");
        json_decref(data);
        free(answer);
    }
}

static void size_is_capped_before_anything_is_read(void **state)
{
    json_t *data = NULL;
    struct err err = {0};

    (void)state;
    // No memory of that size stands behind the pointer: looking at it would be seen.
    assert_false(graphql_reply("{", GRAPHQL_BYTES_MAX + 1, &data, &err));
    assert_int_equal(err.kind, ERR_PROTOCOL);
    assert_string_equal(err.message, "answer is larger than 8388608 bytes");
}

static void no_message_quotes_the_body(void **state)
{
    static const char *const answers[] = {
        "hunter2",   "{\"data\": hunter2}",     "{\"hunter2\": 1, \"hunter2\": 2}",
        "<hunter2>", "{\"data\": \"hunter2\"}", "{\"data\": {\"hunter2\": \"hunter2",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        json_t *data = NULL;
        struct err err = {0};

        assert_false(reply(answers[i], &data, &err));
        if (strstr(err.message, "hunter2"))
            fail_msg("%s: quoted in \"%s\"", answers[i], err.message);
    }
}

static void a_length_is_obeyed_to_the_byte(void **state)
{
    static const char answer[] = "{\"data\": {}}}";
    json_t *data = NULL;
    struct err err = {0};

    (void)state;
    assert_true(graphql_reply(answer, sizeof answer - 2, &data, &err));
    json_decref(data);
    assert_false(graphql_reply(answer, sizeof answer - 1, &data, &err));
    assert_false(graphql_reply(answer, sizeof answer - 3, &data, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_carries_text_and_variables),
        cmocka_unit_test(a_request_without_variables_has_no_such_key),
        cmocka_unit_test(good_answers_give_their_data),
        cmocka_unit_test(what_is_no_answer_is_refused_by_its_looks),
        cmocka_unit_test(errors_leave_no_partial_data),
        cmocka_unit_test(nesting_is_capped_before_anything_is_parsed),
        cmocka_unit_test(size_is_capped_before_anything_is_read),
        cmocka_unit_test(no_message_quotes_the_body),
        cmocka_unit_test(a_length_is_obeyed_to_the_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
