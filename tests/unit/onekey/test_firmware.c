#include "test.h"

#include "onekey/firmware.h"
#include "wanted.h"

static bool reply(const char *answer, struct firmware *firmware, struct err *err)
{
    return firmware_reply(answer, strlen(answer), "id-0", firmware, err);
}

static void a_lookup_asks_for_one_id(void **state)
{
    char *query = NULL;
    json_t *variables = parse_request(firmware_request("id-0"), &query);

    (void)state;
    want_json(variables, "{\"id\": \"id-0\"}");
    assert_non_null(strstr(query, "query ($id: ID!)"));
    assert_non_null(strstr(query, "firmware(id: $id)"));
    json_decref(variables);
    free(query);
}

static void a_firmware_is_there_or_not(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        const char *name; /* NULL: not there */
        const char *version;
    } rows[] = {
        {"there", "{\"data\":{\"firmware\":{\"id\":\"id-0\",\"name\":\"n\",\"version\":\"1\"}}}",
         "n", "1"},
        {"without a version",
         "{\"data\":{\"firmware\":{\"id\":\"ID-0\",\"name\":\"n\","
         "\"version\":null}}}",
         "n", NULL},
        {"without a name", "{\"data\":{\"firmware\":{\"id\":\"id-0\"}}}", "", NULL},
        {"null", "{\"data\":{\"firmware\":null}}", NULL, NULL},
        {"not found, as an error",
         "{\"data\":{\"firmware\":null},\"errors\":[{\"message\":\"Firmware not found\"}]}", NULL,
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct firmware firmware = {0};
        struct err err = {0};

        if (!reply(rows[i].answer, &firmware, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        if (firmware.found != (rows[i].name != NULL))
            fail_msg("%s: found or not?", rows[i].why);
        if (rows[i].name)
            assert_string_equal(firmware.name, rows[i].name);
        if (rows[i].version)
            assert_string_equal(firmware.version, rows[i].version);
        else
            assert_null(firmware.version);
        firmware_release(&firmware);
        assert_false(firmware.found);
    }
}

static void what_is_no_firmware_is_refused(void **state)
{
    static const struct refused rows[] = {
        {"another one", "{\"data\":{\"firmware\":{\"id\":\"id-1\"}}}", ERR_PROTOCOL,
         "read firmware: id is not the one asked for"},
        {"no id", "{\"data\":{\"firmware\":{}}}", ERR_PROTOCOL, "read firmware: read id"},
        {"name a number", "{\"data\":{\"firmware\":{\"id\":\"id-0\",\"name\":1}}}", ERR_PROTOCOL,
         "read firmware: read name: want a text, got a number"},
        {"a list", "{\"data\":{\"firmware\":[]}}", ERR_PROTOCOL, "read firmware: want an object"},
        {"no right", "{\"data\":null,\"errors\":[{\"message\":\"Forbidden\"}]}", ERR_RIGHTS,
         "Forbidden"},
        {"not found or no right", "{\"errors\":[{\"message\":\"not found or no permission\"}]}",
         ERR_RIGHTS, "no permission"},
        {"data null", "{\"data\":null}", ERR_PROTOCOL, "data is no object"},
        {"a page", "<html>", ERR_PROTOCOL, "HTML page"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct firmware firmware = {0};
        struct err err = {0};

        want_refused(&rows[i], reply(rows[i].answer, &firmware, &err), &err);
    }
}

static void an_sbom_has_its_path(void **state)
{
    static const struct {
        const char *why;
        const char *id;
        const char *query;
        const char *path;
    } rows[] = {
        {"the platform's default", "a-1_b", NULL, "firmwares/a-1_b/sbom"},
        {"an empty query is none", "a", "", "firmwares/a/sbom"},
        {"an opaque query", "a", "format=spdx&vex=1?", "firmwares/a/sbom?format=spdx&vex=1?"},
        {"an ID that would climb", "../x", NULL, "firmwares/%2E%2E%2Fx/sbom"},
        {"an ID that would ask", "a?b#c d", NULL, "firmwares/a%3Fb%23c%20d/sbom"},
        {"an ID of bytes", "\xc3\xa4\xff", NULL, "firmwares/%C3%A4%FF/sbom"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *path = NULL;
        struct err err = {0};

        if (!firmware_sbom_path(rows[i].id, rows[i].query, &path, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        if (strcmp(path, rows[i].path) != 0)
            fail_msg("%s: %s", rows[i].why, path);
        free(path);
    }
}

static void a_query_that_would_not_stay_one_is_refused(void **state)
{
    static const struct refused rows[] = {
        {"the question mark is ours", "?a=b", ERR_CONFIG, "leave out the leading \"?\""},
        {"a blank", "a b", ERR_CONFIG, "byte 2"},
        {"a fragment", "ab#c", ERR_CONFIG, "byte 3"},
        {"a request smuggled in", "a\r\nHost: b", ERR_CONFIG, "byte 2"},
        {"a delete", "a\x7f", ERR_CONFIG, "byte 2"},
        {"an umlaut", "\xc3\xa4", ERR_CONFIG, "byte 1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *path = NULL;
        struct err err = {0};

        want_refused(&rows[i], firmware_sbom_path("a", rows[i].answer, &path, &err), &err);
        assert_null(path);
    }
}

static void a_page_for_people_is_on_the_api_s_host(void **state)
{
    static const struct {
        const char *why;
        const char *api_url;
        const char *link;
    } rows[] = {
        {"the default", "https://app.eu.onekey.com/api",
         "https://app.eu.onekey.com/firmwares?firmwareId=a-1"},
        {"a port", "http://[::1]:8080/api/", "http://[::1]:8080/firmwares?firmwareId=a-1"},
        {"no path", "https://host", "https://host/firmwares?firmwareId=a-1"},
        {"a query without a path", "https://host?x=/y@z", "https://host/firmwares?firmwareId=a-1"},
        {"a password is not shown", "https://me:pa@ss@host/api",
         "https://host/firmwares?firmwareId=a-1"},
        {"an at sign in the path", "https://host/a@b", "https://host/firmwares?firmwareId=a-1"},
        {"no scheme", "app.eu.onekey.com/api", NULL},
        {"no host", "https:///api", NULL},
        {"only a user", "https://me@/api", NULL},
        {"empty", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *link = firmware_web_link(rows[i].api_url, "a-1");

        if (!link != !rows[i].link || (link && strcmp(link, rows[i].link) != 0))
            fail_msg("%s: %s", rows[i].why, link ? link : "(none)");
        free(link);
    }
    char *link = firmware_web_link("https://host/api", "a&b");
    assert_string_equal(link, "https://host/firmwares?firmwareId=a%26b");
    free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lookup_asks_for_one_id),
        cmocka_unit_test(a_firmware_is_there_or_not),
        cmocka_unit_test(what_is_no_firmware_is_refused),
        cmocka_unit_test(an_sbom_has_its_path),
        cmocka_unit_test(a_query_that_would_not_stay_one_is_refused),
        cmocka_unit_test(a_page_for_people_is_on_the_api_s_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
