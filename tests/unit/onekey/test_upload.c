#include "test.h"

#include "onekey/upload.h"
#include "wanted.h"

static const struct upload_metadata bare = {
    .name = "Acme-R1-1.0",
    .vendor = "Acme",
    .product = "R1",
    .product_group_id = "g-1",
};

static bool reply(const char *answer, struct upload_ticket *ticket, struct err *err)
{
    return upload_register_reply(answer, strlen(answer), ticket, err);
}

static void what_is_unset_is_sent_as_the_official_client_does(void **state)
{
    char *body = NULL;
    char *query = NULL;
    struct err err = {0};

    (void)state;
    assert_true(upload_register_request(&bare, &body, &err));
    json_t *variables = parse_request(body, &query);
    want_json(variables,
              "{\"firmware\": {\"name\": \"Acme-R1-1.0\", \"version\": null, \"releaseDate\": null,"
              " \"notes\": null, \"enableMonitoring\": false},"
              " \"vendorName\": \"Acme\", \"productName\": \"R1\", \"productCategory\": null,"
              " \"productGroupID\": \"g-1\"}");
    json_decref(variables);
    free(query);
}

static void what_is_set_is_sent_as_it_is(void **state)
{
    struct upload_metadata metadata = bare;
    char *body = NULL;
    struct err err = {0};

    (void)state;
    metadata.analysis_configuration_id = "c-1";
    metadata.category = "Router";
    metadata.version = "1.0 \"beta\"\n";
    metadata.release_date = "2026-11-23";
    metadata.notes = "\xe2\x9c\x93";
    metadata.monitoring = true;
    assert_true(upload_register_request(&metadata, &body, &err));
    json_t *variables = parse_request(body, NULL);
    want_json(
        variables,
        "{\"firmware\": {\"name\": \"Acme-R1-1.0\", \"version\": \"1.0 \\\"beta\\\"\\n\","
        " \"releaseDate\": \"2026-11-23\", \"notes\": \"\\u2713\", \"enableMonitoring\": true,"
        " \"analysisConfigurationId\": \"c-1\"},"
        " \"vendorName\": \"Acme\", \"productName\": \"R1\", \"productCategory\": \"Router\","
        " \"productGroupID\": \"g-1\"}");
    json_decref(variables);
}

static void the_mutation_declares_the_types_of_the_official_client(void **state)
{
    static const char *const wanted[] = {
        "$firmware: FirmwareUploadMetadataInput!",
        "$vendorName: String!",
        "$productName: String!",
        "$productCategory: String\n",
        "$productGroupID: ID!",
        "product: { name: $productName, category: $productCategory, vendor: $vendorName }",
        "productGroup: { id: $productGroupID }",
        "... on FirmwareUploadMetadata {\n      id\n      uploadUrl",
        "... on MutationError {\n      count\n      errors {\n        message\n        code",
        "... on ValidationError {\n          fieldPath",
    };
    char *body = NULL;
    char *query = NULL;
    struct err err = {0};

    (void)state;
    assert_true(upload_register_request(&bare, &body, &err));
    json_decref(parse_request(body, &query));
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        if (!strstr(query, wanted[i]))
            fail_msg("not in the mutation: %s", wanted[i]);
    }
    free(query);
}

static void bytes_that_are_no_utf8_are_refused_by_field(void **state)
{
    static const char bad[] = "fw-\xe4.bin";
    struct upload_metadata bad_in[9];
    static const char *const says[COUNT_OF(bad_in)] = {
        "encode name: not UTF-8",
        "encode vendorName: not UTF-8",
        "encode productName: not UTF-8",
        "encode productGroupID: not UTF-8",
        "encode version: not UTF-8",
        "encode productCategory: not UTF-8",
        "encode notes: not UTF-8",
        "encode releaseDate: not UTF-8",
        "encode analysisConfigurationId: not UTF-8",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_in); i++)
        bad_in[i] = bare;
    bad_in[0].name = bad;
    bad_in[1].vendor = bad;
    bad_in[2].product = bad;
    bad_in[3].product_group_id = bad;
    bad_in[4].version = bad;
    bad_in[5].category = bad;
    bad_in[6].notes = bad;
    bad_in[7].release_date = bad;
    bad_in[8].analysis_configuration_id = bad;
    for (size_t i = 0; i < COUNT_OF(bad_in); i++) {
        char *body = NULL;
        struct err err = {0};

        assert_false(upload_register_request(&bad_in[i], &body, &err));
        assert_int_equal(err.kind, ERR_DATA);
        assert_string_equal(err.message, says[i]);
        assert_null(body);
    }
}

static void a_ticket_is_an_id_and_a_url(void **state)
{
    static const char *const urls[] = {"/upload-firmware/m-1",
                                       "https://app.eu.onekey.com/api/upload-firmware/m-1?x=1"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct upload_ticket ticket = {0};
        struct err err = {0};
        char answer[256];

        snprintf(answer, sizeof answer,
                 "{\"data\":{\"createFirmwareUpload\":{\"id\":\"m-1\",\"uploadUrl\":\"%s\"}}}",
                 urls[i]);
        if (!reply(answer, &ticket, &err))
            fail_msg("%s", err.message);
        assert_string_equal(ticket.upload_id, "m-1");
        assert_string_equal(ticket.upload_url, urls[i]);
        upload_ticket_release(&ticket);
        assert_null(ticket.upload_url);
    }
}

#define CREATED(result) "{\"data\":{\"createFirmwareUpload\":" result "}}"

static void a_refused_or_broken_registration_says_why(void **state)
{
    static const struct refused rows[] = {
        {"one validation error",
         CREATED("{\"count\":1,\"errors\":[{\"message\":\"too long\",\"code\":\"MAX\","
                 "\"fieldPath\":[\"firmware\",\"name\"]}]}"),
         ERR_REJECTED, "platform says: firmware.name: too long (MAX)"},
        {"two errors",
         CREATED("{\"count\":2,\"errors\":[{\"message\":\"a\",\"code\":\"A\"},{\"message\":\"b\","
                 "\"code\":\"B\"}]}"),
         ERR_REJECTED, "platform says: a (A); b (B)"},
        {"a missing right comes as MutationError too",
         CREATED("{\"count\":1,\"errors\":[{\"message\":\"m\",\"code\":\"PERMISSION_DENIED\"}]}"),
         ERR_RIGHTS, "m (PERMISSION_DENIED)"},
        {"a missing right, second and in words",
         CREATED("{\"errors\":[{\"message\":\"x\"},{\"message\":\"no permission for group\"}]}"),
         ERR_RIGHTS, "x; no permission for group"},
        {"a validation error's words may echo ours",
         CREATED("{\"errors\":[{\"message\":\"forbidden-planet is taken\",\"code\":\"UNIQUE\","
                 "\"fieldPath\":[\"name\"]}]}"),
         ERR_REJECTED, "name: forbidden-planet is taken (UNIQUE)"},
        {"words of a schema are about this upload here",
         CREATED("{\"errors\":[{\"message\":\"m\",\"code\":\"GRAPHQL_VALIDATION_FAILED\"}]}"),
         ERR_REJECTED, "m (GRAPHQL_VALIDATION_FAILED)"},
        {"their own trouble fails no file",
         CREATED("{\"errors\":[{\"message\":\"Internal server error\"}]}"), ERR_SERVER, "Internal"},
        {"no entries", CREATED("{\"count\":0,\"errors\":[]}"), ERR_REJECTED, "no reason given"},
        {"entries that are none", CREATED("{\"errors\":[null,7]}"), ERR_REJECTED,
         "no reason given"},
        {"errors an object", CREATED("{\"errors\":{}}"), ERR_PROTOCOL,
         "read errors: want a list, got an object"},
        {"result null", CREATED("null"), ERR_RIGHTS, "read createFirmwareUpload: it is null"},
        {"result a text", CREATED("\"ok\""), ERR_PROTOCOL, "read createFirmwareUpload: want"},
        {"result absent", "{\"data\":{}}", ERR_PROTOCOL, "read createFirmwareUpload: want"},
        {"empty result", CREATED("{}"), ERR_PROTOCOL,
         "read createFirmwareUpload: read id: want a text, got nothing"},
        {"id a number", CREATED("{\"id\":1,\"uploadUrl\":\"/u\"}"), ERR_PROTOCOL,
         "read id: want a text, got a number"},
        {"id a path", CREATED("{\"id\":\"../x\",\"uploadUrl\":\"/u\"}"), ERR_PROTOCOL,
         "read id: not an ID"},
        {"no URL", CREATED("{\"id\":\"a\"}"), ERR_PROTOCOL, "read uploadUrl: want a text"},
        {"URL null", CREATED("{\"id\":\"a\",\"uploadUrl\":null}"), ERR_PROTOCOL,
         "read uploadUrl: want a text, got null"},
        {"URL empty", CREATED("{\"id\":\"a\",\"uploadUrl\":\"\"}"), ERR_PROTOCOL,
         "read uploadUrl: want 1 to 2048 bytes, got 0"},
        {"a header smuggled into the URL", CREATED("{\"id\":\"a\",\"uploadUrl\":\"/u\\r\\nX: y\"}"),
         ERR_PROTOCOL, "read uploadUrl: byte 3 cannot be in a URL"},
        {"an umlaut in the URL", CREATED("{\"id\":\"a\",\"uploadUrl\":\"/\xc3\xa4\"}"),
         ERR_PROTOCOL, "read uploadUrl: byte 2 cannot"},
        {"not logged in", "{\"errors\":[{\"message\":\"Not authenticated\"}]}", ERR_AUTH,
         "Not authenticated"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct upload_ticket ticket = {0};
        struct err err = {0};

        want_refused(&rows[i], reply(rows[i].answer, &ticket, &err), &err);
        assert_null(ticket.upload_url);
    }
}

static void a_url_has_a_longest_length(void **state)
{
    char answer[3000];
    char url[UPLOAD_URL_MAX + 2];

    (void)state;
    for (int excess = 0; excess < 2; excess++) {
        struct upload_ticket ticket = {0};
        struct err err = {0};

        memset(url, 'u', sizeof url);
        url[UPLOAD_URL_MAX + excess] = '\0';
        snprintf(answer, sizeof answer, CREATED("{\"id\":\"a\",\"uploadUrl\":\"%s\"}"), url);
        assert_int_equal(reply(answer, &ticket, &err), excess == 0);
        upload_ticket_release(&ticket);
    }
}

static void the_answer_to_the_body_is_the_firmware_id(void **state)
{
    static const char *const answers[] = {
        "{\"id\":\"0f4cdd29-6d55-4d7f-a1e8-2bd1b9cf5ab7\"}",
        "{\"name\":\"x\",\"id\":\"0f4cdd29-6d55-4d7f-a1e8-2bd1b9cf5ab7\",\"size\":7}",
        // it is there, whatever else is wrong
        "{\"id\":\"0f4cdd29-6d55-4d7f-a1e8-2bd1b9cf5ab7\",\"errors\":[{\"detail\":\"slow\"}]}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        char id[FIRMWARE_ID_SIZE];
        struct err err = {0};

        if (!upload_sent_reply(answers[i], strlen(answers[i]), id, &err))
            fail_msg("%s: %s", answers[i], err.message);
        assert_string_equal(id, "0f4cdd29-6d55-4d7f-a1e8-2bd1b9cf5ab7");
    }
}

static void an_answer_to_the_body_without_an_id_is_refused(void **state)
{
    static const struct refused rows[] = {
        {"nothing", "", ERR_PROTOCOL, "empty"},
        {"a page", "<html></html>", ERR_PROTOCOL, "HTML page"},
        {"no id", "{}", ERR_PROTOCOL, "read id: want a text, got nothing"},
        {"id null", "{\"id\":null}", ERR_PROTOCOL, "read id: want a text, got null"},
        {"id a number", "{\"id\":42}", ERR_PROTOCOL, "read id: want a text, got a number"},
        {"id empty", "{\"id\":\"\"}", ERR_PROTOCOL, "read id: not an ID"},
        {"id too long",
         "{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         ERR_PROTOCOL, "read id: not an ID"},
        {"id twice", "{\"id\":\"a\",\"id\":\"b\"}", ERR_PROTOCOL, "a key twice"},
        {"a list", "[\"a\"]", ERR_PROTOCOL, "no object"},
        {"refused in words", "{\"errors\":[{\"type\":\"x\",\"detail\":\"too large\"}]}",
         ERR_REJECTED, "platform says: too large"},
        {"no right", "{\"errors\":[{\"type\":\"forbidden\",\"detail\":\"no\"}]}", ERR_RIGHTS, "no"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char id[FIRMWARE_ID_SIZE] = "before";
        struct err err = {0};

        want_refused(&rows[i], upload_sent_reply(rows[i].answer, strlen(rows[i].answer), id, &err),
                     &err);
        assert_string_equal(id, "before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_unset_is_sent_as_the_official_client_does),
        cmocka_unit_test(what_is_set_is_sent_as_it_is),
        cmocka_unit_test(the_mutation_declares_the_types_of_the_official_client),
        cmocka_unit_test(bytes_that_are_no_utf8_are_refused_by_field),
        cmocka_unit_test(a_ticket_is_an_id_and_a_url),
        cmocka_unit_test(a_refused_or_broken_registration_says_why),
        cmocka_unit_test(a_url_has_a_longest_length),
        cmocka_unit_test(the_answer_to_the_body_is_the_firmware_id),
        cmocka_unit_test(an_answer_to_the_body_without_an_id_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
