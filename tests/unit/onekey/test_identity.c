#include "test.h"

#include "onekey/identity.h"
#include "wanted.h"

static bool reply(const char *answer, struct identity *identity, struct err *err)
{
    return identity_reply(answer, strlen(answer), identity, err);
}

static void the_question_has_no_variables(void **state)
{
    char *query = NULL;

    (void)state;
    assert_null(parse_request(identity_request(), &query));
    assert_non_null(strstr(query, "tenant {\n    name"));
    assert_non_null(strstr(query, "user {\n    email"));
    free(query);
}

static void tenant_and_email_are_taken(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        const char *tenant;
        const char *email;
    } rows[] = {
        {"both", "{\"data\":{\"tenant\":{\"name\":\"Acme\"},\"user\":{\"email\":\"a@b\"}}}", "Acme",
         "a@b"},
        {"no user", "{\"data\":{\"tenant\":{\"name\":\"Acme\"},\"user\":null}}", "Acme", ""},
        {"no email", "{\"data\":{\"tenant\":{\"name\":\"\xc3\x84\"},\"user\":{\"email\":null}}}",
         "\xc3\x84", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct identity identity = {0};
        struct err err = {0};

        if (!reply(rows[i].answer, &identity, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        assert_string_equal(identity.tenant, rows[i].tenant);
        assert_string_equal(identity.email, rows[i].email);
        identity_release(&identity);
        assert_null(identity.tenant);
    }
}

static void anything_else_fails_with_its_field(void **state)
{
    static const struct refused rows[] = {
        {"no tenant", "{\"data\":{\"user\":null}}", ERR_PROTOCOL, "read tenant: want an object"},
        {"tenant null", "{\"data\":{\"tenant\":null}}", ERR_RIGHTS, "read tenant: it is null"},
        {"no name", "{\"data\":{\"tenant\":{}}}", ERR_PROTOCOL, "read tenant: read name"},
        {"name a number", "{\"data\":{\"tenant\":{\"name\":1}}}", ERR_PROTOCOL,
         "read tenant: read name: want a text, got a number"},
        {"name empty", "{\"data\":{\"tenant\":{\"name\":\"\"}}}", ERR_PROTOCOL, "name is empty"},
        {"email a number", "{\"data\":{\"tenant\":{\"name\":\"A\"},\"user\":{\"email\":1}}}",
         ERR_PROTOCOL, "read user: read email"},
        {"user a text", "{\"data\":{\"tenant\":{\"name\":\"A\"},\"user\":\"u\"}}", ERR_PROTOCOL,
         "read user: want an object"},
        {"token expired under 200", "{\"errors\":[{\"message\":\"Token expired\"}]}", ERR_AUTH,
         "Token expired"},
        {"a sign-in page under 200", "<html>", ERR_PROTOCOL, "HTML page"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct identity identity = {0};
        struct err err = {0};

        want_refused(&rows[i], reply(rows[i].answer, &identity, &err), &err);
        assert_null(identity.tenant);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_question_has_no_variables),
        cmocka_unit_test(tenant_and_email_are_taken),
        cmocka_unit_test(anything_else_fails_with_its_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
