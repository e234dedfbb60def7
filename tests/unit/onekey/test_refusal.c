#include "test.h"

#include "onekey/refusal.h"
#include "wanted.h"

static json_t *parsed(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(value);
    return value;
}

static void words_and_codes_have_their_kinds(void **state)
{
    static const struct {
        const char *why;
        const char *code;
        const char *message;
        enum err_kind kind;
    } rows[] = {
        {"nothing said", NULL, NULL, ERR_REJECTED},
        {"an ordinary no", NULL, "Name is already taken", ERR_REJECTED},
        {"code alone", "FORBIDDEN", NULL, ERR_RIGHTS},
        {"code with underscores", "PERMISSION_DENIED", "", ERR_RIGHTS},
        {"a right, in words", NULL, "You do not have permission to upload", ERR_RIGHTS},
        {"British", NULL, "Not authorised", ERR_RIGHTS},
        {"American", NULL, "User is not authorized to view this", ERR_RIGHTS},
        {"access denied", NULL, "Access denied!", ERR_RIGHTS},
        {"a token without a right is no bad token", NULL, "Authentication token lacks permission",
         ERR_RIGHTS},
        {"the code of Apollo", "UNAUTHENTICATED", "nope", ERR_AUTH},
        {"the code of ONEKEY's login", "auth.failed", NULL, ERR_AUTH},
        {"no credentials", NULL, "Authentication required", ERR_AUTH},
        {"HTTP's word", NULL, "401: Unauthorized", ERR_AUTH},
        {"expired", NULL, "Token has expired", ERR_AUTH},
        {"invalid", "INVALID_TOKEN", NULL, ERR_AUTH},
        {"slow down", "THROTTLED", NULL, ERR_THROTTLED},
        {"slow down, in words", NULL, "Too many requests", ERR_THROTTLED},
        {"their trouble, not the file's", "INTERNAL_SERVER_ERROR", "boom", ERR_SERVER},
        {"their trouble, in words", NULL, "Request timed out", ERR_SERVER},
        {"ONEKEY's 502", "auth.unavailable", NULL, ERR_SERVER},
        {"the schema moved", NULL, "Cannot query field \"x\" on type \"Firmware\".", ERR_PROTOCOL},
        {"the schema moved, as code", "GRAPHQL_VALIDATION_FAILED", NULL, ERR_PROTOCOL},
        {"a known code outranks the message", "FORBIDDEN", "internal error", ERR_RIGHTS},
        {"an unknown code does not", "E1234", "permission denied", ERR_RIGHTS},
        {"our own text, echoed, decides nothing", NULL,
         "\"forbidden-planet 1.0\" exists already in `permission`", ERR_REJECTED},
        {"an apostrophe is no quote", NULL, "You don't have permission, that's it", ERR_RIGHTS},
        {"an input code outranks all words", "BAD_USER_INPUT", "name: forbidden letter",
         ERR_REJECTED},
        {"letters of any case", "Forbidden", NULL, ERR_RIGHTS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum err_kind kind = refusal_kind(rows[i].code, rows[i].message);

        if (kind != rows[i].kind)
            fail_msg("%s: %s, want %s", rows[i].why, err_kind_name(kind),
                     err_kind_name(rows[i].kind));
    }
}

static void an_error_list_becomes_one_error(void **state)
{
    static const struct refused rows[] = {
        {"one", "[{\"message\": \"No\"}]", ERR_REJECTED, "platform says: No"},
        {"the others are counted", "[{\"message\": \"No\"}, {\"message\": \"b\"}, 3]", ERR_REJECTED,
         "platform says: No (and 2 more)"},
        {"the gravest decides and speaks",
         "[{\"message\": \"No\"}, {\"message\": \"b\", \"extensions\": {\"code\": \"FORBIDDEN\"}}]",
         ERR_RIGHTS, "platform says: b (and 1 more)"},
        {"a bare text", "[\"token expired\"]", ERR_AUTH, "platform says: token expired"},
        {"without a message", "[{}]", ERR_REJECTED, "no reason given"},
        {"an empty message", "[{\"message\": \"\"}]", ERR_REJECTED, "no reason given"},
        {"a message of the wrong type", "[{\"message\": 7}]", ERR_REJECTED, "no reason given"},
        {"extensions of the wrong type", "[{\"message\": \"m\", \"extensions\": []}]", ERR_REJECTED,
         "m"},
        {"terminal codes are shown, not obeyed", "[{\"message\": \"a\\u001b[31mb\\nc\"}]",
         ERR_REJECTED, "platform says: a\\x1b[31mb\\x0ac"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *errors = parsed(rows[i].answer);
        struct err err = {0};

        want_refused(&rows[i], refusal_of_errors(errors, &err), &err);
        json_decref(errors);
    }
}

static void only_the_first_errors_of_very_many_are_looked_at(void **state)
{
    json_t *errors = json_array();
    struct err err = {0};

    (void)state;
    for (int i = 0; i < 5000; i++)
        json_array_append_new(errors, json_pack("{s:s}", "message", i == 100 ? "forbidden" : "x"));
    assert_false(refusal_of_errors(errors, &err));
    assert_int_equal(err.kind, ERR_REJECTED);
    assert_string_equal(err.message, "platform says: x (and 4999 more)");
    json_decref(errors);
}

static void an_excerpt_keeps_whole_characters(void **state)
{
    static const struct {
        const char *why;
        const char *raw;
        const char *want;
    } rows[] = {
        {"short", "abc", "abc"},
        {"empty", "", ""},
        {"fits exactly", "123456789", "123456789"},
        {"one too long", "1234567890", "123456..."},
        {"very long", "1234567890123456789012345678901234567890", "123456..."},
        {"no half umlaut", "12345\xc3\xa4\xc3\xa4\xc3\xa4", "12345..."},
        {"umlauts that fit", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"},
        {"an escape grows", "1234567\n", "123456..."},
        {"no UTF-8", "a\xff", "a\\xff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[10];

        if (strcmp(refusal_excerpt(rows[i].raw, text, sizeof text), rows[i].want) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", rows[i].why, text, rows[i].want);
    }
}

static void a_message_is_never_longer_than_two_hundred_bytes(void **state)
{
    char text[REFUSAL_TEXT_SIZE];
    char *raw = calloc(1, 100001);
    json_t *entry = json_object();

    (void)state;
    memset(raw, 'x', 100000);
    json_object_set_new(entry, "message", json_string(raw));
    refusal_entry_text(entry, text);
    assert_int_equal(strlen(text), 200);
    assert_string_equal(text + 197, "...");
    json_decref(entry);
    free(raw);
}

static void entries_are_joined_with_field_and_code(void **state)
{
    static const struct {
        const char *why;
        const char *errors;
        const char *want;
    } rows[] = {
        {"all there",
         "[{\"message\": \"too long\", \"code\": \"MAX\", \"fieldPath\": [\"firmware\", "
         "\"name\"]}]",
         "firmware.name: too long (MAX)"},
        {"a path as text, as it once was", "[{\"message\": \"m\", \"fieldPath\": \"a.b\"}]",
         "a.b: m"},
        {"a path with numbers", "[{\"message\": \"m\", \"fieldPath\": [\"a\", 3, \"b\"]}]",
         "a.3.b: m"},
        {"a path that is cut",
         "[{\"message\": \"m\", \"fieldPath\": "
         "[\"12345678901234567890123456789012345678901234567890"
         "12345678901234567890123456789\", \"b\", \"c\"]}]",
         "12345678901234567890123456789012345678901234567890123456789012345678901234567...: m"},
        {"a path of other things", "[{\"message\": \"m\", \"fieldPath\": [{}, null]}]", "m"},
        {"two", "[{\"message\": \"m\"}, {\"message\": \"n\", \"code\": \"C\"}]", "m; n (C)"},
        {"nothing in it", "[{}]", "no reason given"},
        {"none", "[]", "no reason given"},
        {"not even objects", "[1, \"words\"]", "no reason given; words"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[REFUSAL_JOINED_SIZE];
        json_t *errors = parsed(rows[i].errors);

        if (strcmp(refusal_join(errors, text, sizeof text), rows[i].want) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", rows[i].why, text, rows[i].want);
        json_decref(errors);
    }
}

static void many_entries_are_joined_as_far_as_they_fit(void **state)
{
    char text[REFUSAL_JOINED_SIZE];
    char long_name[5000];
    json_t *errors = json_array();

    (void)state;
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    for (int i = 0; i < 1000; i++) {
        json_array_append_new(errors, json_pack("{s:s, s:s, s:[ssss]}", "message", long_name,
                                                "code", long_name, "fieldPath", long_name,
                                                long_name, long_name, long_name));
    }
    refusal_join(errors, text, sizeof text);
    assert_true(strlen(text) < sizeof text);
    assert_non_null(strstr(text, " (and 999 more)"));
    json_decref(errors);
}

static void not_found_is_told_from_not_allowed(void **state)
{
    static const struct {
        const char *why;
        const char *entry;
        bool want;
    } rows[] = {
        {"code", "{\"extensions\": {\"code\": \"NOT_FOUND\"}}", true},
        {"words", "{\"message\": \"Firmware does not exist\"}", true},
        {"not found, or a right is missing", "{\"message\": \"not found or no permission\"}",
         false},
        {"something else", "{\"message\": \"no\"}", false},
        {"nothing", "{}", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *entry = parsed(rows[i].entry);

        if (refusal_entry_is_not_found(entry) != rows[i].want)
            fail_msg("%s", rows[i].why);
        json_decref(entry);
    }
}

static void a_field_that_does_not_exist_is_told_apart(void **state)
{
    static const struct {
        const char *why;
        const char *entry;
        bool want;
    } rows[] = {
        {"the reference server",
         "{\"message\": \"Cannot query field 'vendor' on type 'Product'.\"}", true},
        {"with other quotes", "{\"message\": \"Cannot query field \\\"a\\\" on type \\\"B\\\".\"}",
         true},
        {"its code alone",
         "{\"message\": \"m\", \"extensions\": {\"code\": \"GRAPHQL_VALIDATION_FAILED\"}}", true},
        {"Java", "{\"message\": \"Validation error (FieldUndefined@[allFirmwares/product])\"}",
         true},
        {"Ruby", "{\"message\": \"Field 'vendor' doesn't exist on type 'Product'\"}", true},
        {".NET", "{\"message\": \"The field `a` does not exist on the type `B`.\"}", true},
        {"Rust", "{\"message\": \"Unknown field \\\"a\\\" on type \\\"B\\\"\"}", true},
        {"an object where a text was thought",
         "{\"message\": \"Field 'vendor' of type 'Vendor' must have a selection of subfields.\"}",
         true},
        {"a text where an object was thought",
         "{\"message\": \"Field 'product' must not have a selection since type 'String' has no "
         "subfields.\"}",
         true},
        {"a bare text", "\"Cannot query field 'a' on type 'B'.\"", true},
        {"what we sent, in quotes", "{\"message\": \"bad name \\\"unknown field\\\"\"}", false},
        {"a missing right", "{\"message\": \"Forbidden\"}", false},
        {"a broken query", "{\"message\": \"Syntax Error: Expected Name, found '}'.\"}", false},
        {"a thing that is not there", "{\"message\": \"firmware does not exist\"}", false},
        {"nothing", "{}", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *entry = parsed(rows[i].entry);

        if (refusal_entry_is_about_field(entry) != rows[i].want)
            fail_msg("%s", rows[i].why);
        json_decref(entry);
    }
}

static void a_rest_body_gives_its_reason(void **state)
{
    static const struct {
        const char *why;
        const char *body;
        const char *want; /* NULL: no JSON */
    } rows[] = {
        {"ONEKEY's form", "{\"errors\": [{\"type\": \"t\", \"detail\": \"d\"}]}", "d"},
        {"type alone", "{\"errors\": [{\"type\": \"auth.failed\"}]}", "auth.failed"},
        {"detail empty", "{\"errors\": [{\"type\": \"t\", \"detail\": \"\"}]}", "t"},
        {"a validator's", "{\"detail\": \"bad\"}", "bad"},
        {"a gateway's", "{\"message\": \"bad\"}", "bad"},
        {"another shape", "{\"errors\": \"x\"}", ""},
        {"a list", "[1]", ""},
        {"wrong types", "{\"errors\": [{\"detail\": 5}], \"message\": []}", ""},
        {"a page", "<html>hunter2</html>", NULL},
        {"nothing", "", NULL},
        {"words", "Forbidden", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[REFUSAL_TEXT_SIZE] = "unset";
        bool is_json = refusal_of_rest(rows[i].body, strlen(rows[i].body), text);

        if (is_json != (rows[i].want != NULL))
            fail_msg("%s: JSON or not?", rows[i].why);
        if (is_json && strcmp(text, rows[i].want) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", rows[i].why, text, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_codes_have_their_kinds),
        cmocka_unit_test(an_error_list_becomes_one_error),
        cmocka_unit_test(only_the_first_errors_of_very_many_are_looked_at),
        cmocka_unit_test(an_excerpt_keeps_whole_characters),
        cmocka_unit_test(a_message_is_never_longer_than_two_hundred_bytes),
        cmocka_unit_test(entries_are_joined_with_field_and_code),
        cmocka_unit_test(many_entries_are_joined_as_far_as_they_fit),
        cmocka_unit_test(not_found_is_told_from_not_allowed),
        cmocka_unit_test(a_field_that_does_not_exist_is_told_apart),
        cmocka_unit_test(a_rest_body_gives_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
