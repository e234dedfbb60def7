#include "test.h"

#include "base/auto.h"
#include "cli/request_view.h"
#include "cli/row.h"
#include "printed.h"

static const struct request_view whole = {
    .api_url = "https://one.example/api",
    .vendor = "Acme",
    .product = "Router \"X\"",
    .name = "Acme-Router-1.2",
    .version = "1.2",
    .category = "Router",
    .release_date = "2027-03-01",
    .notes = "nightly",
    .product_group = "Europe",
    .analysis_configuration = "Deep",
    .monitoring = true,
    .firmware = {.file_name = "fw.bin", .size = 4096},
    .sbom = {.file_name = "fw.cdx.json", .size = 17, .content_type = "application/json"},
};

static json_t *view_of(const struct request_view *view)
{
    struct err err;
    json_t *request = request_view_new(view, &err);

    if (!request)
        fail_msg("%s", err.message);
    return request;
}

static void equals(const char *why, const json_t *value, const char *want)
{
    auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    if (!text || strcmp(text, want) != 0)
        fail_msg("%s: %s", why, text ? text : "none");
}

static void the_variables_are_those_that_would_be_sent(void **state)
{
    (void)state;
    auto_json json_t *request = view_of(&whole);

    equals("all said", json_object_get(request, "variables"),
           "{\"firmware\":{\"name\":\"Acme-Router-1.2\",\"version\":\"1.2\","
           "\"releaseDate\":\"2027-03-01\",\"notes\":\"nightly\",\"enableMonitoring\":true,"
           "\"analysisConfigurationId\":\"<ID of analysis configuration Deep>\"},"
           "\"vendorName\":\"Acme\",\"productName\":\"Router \\\"X\\\"\","
           "\"productCategory\":\"Router\",\"productGroupID\":\"<ID of product group Europe>\"}");
    assert_non_null(strstr(row_string(request, "query"), "createFirmwareUpload("));
}

static void what_is_unset_is_sent_as_null_and_groups_have_their_default(void **state)
{
    const struct request_view bare = {
        .api_url = "https://one.example/api",
        .vendor = "Acme",
        .product = "Router",
        .name = "Acme-Router",
        .firmware = {.file_name = "fw.bin", .size = -1},
    };

    (void)state;
    auto_json json_t *request = view_of(&bare);
    equals("nothing said", json_object_get(request, "variables"),
           "{\"firmware\":{\"name\":\"Acme-Router\",\"version\":null,\"releaseDate\":null,"
           "\"notes\":null,\"enableMonitoring\":false,"
           "\"analysisConfigurationId\":\"<ID of analysis configuration Default>\"},"
           "\"vendorName\":\"Acme\",\"productName\":\"Router\",\"productCategory\":null,"
           "\"productGroupID\":\"<ID of product group Default>\"}");
    equals("size not known", json_object_get(json_object_get(request, "send"), "parts"),
           "[{\"field\":\"firmware\",\"file_name\":\"fw.bin\",\"size\":null,"
           "\"content_type\":\"application/octet-stream\"}]");
}

static void what_only_the_platform_knows_is_marked(void **state)
{
    (void)state;
    auto_json json_t *request = view_of(&whole);

    equals("two IDs", json_object_get(request, "placeholders"),
           "[{\"variable\":\"productGroupID\",\"kind\":\"product group\",\"name\":\"Europe\","
           "\"value\":\"<ID of product group Europe>\"},"
           "{\"variable\":\"firmware.analysisConfigurationId\",\"kind\":\"analysis configuration\","
           "\"name\":\"Deep\",\"value\":\"<ID of analysis configuration Deep>\"}]");
}

static void the_parts_are_in_the_order_of_the_wire(void **state)
{
    (void)state;
    auto_json json_t *request = view_of(&whole);

    equals("both", json_object_get(request, "send"),
           "{\"method\":\"POST\",\"url\":\"<uploadUrl of the answer>\","
           "\"authorization\":\"Bearer <token>\",\"parts\":["
           "{\"field\":\"firmware\",\"file_name\":\"fw.bin\",\"size\":4096,"
           "\"content_type\":\"application/octet-stream\"},"
           "{\"field\":\"sbom\",\"file_name\":\"fw.cdx.json\",\"size\":17,"
           "\"content_type\":\"application/json\"}]}");
}

static void a_lone_sbom_goes_beside_an_empty_part(void **state)
{
    struct request_view lone = whole;

    (void)state;
    lone.firmware = (struct request_view_part){.size = 0};
    auto_json json_t *request = view_of(&lone);
    assert_string_equal(row_string(request, "file"), "upload");
    equals("empty part",
           json_array_get(json_object_get(json_object_get(request, "send"), "parts"), 0),
           "{\"field\":\"firmware\",\"file_name\":\"upload\",\"size\":0,"
           "\"content_type\":\"application/octet-stream\"}");
}

static void a_text_that_cannot_be_sent_is_refused_as_the_upload_refuses_it(void **state)
{
    struct request_view bad = whole;
    struct err err = {.kind = ERR_OK};

    (void)state;
    bad.notes = "\xff";
    assert_null(request_view_new(&bad, &err));
    assert_int_equal(err.kind, ERR_DATA);
    printed_wants("which", err.message, "notes");
}

static void people_get_lines_that_no_name_can_break(void **state)
{
    struct request_view evil = whole;
    auto_printed struct printed printed;

    (void)state;
    evil.firmware.file_name = "fw\n\x1b[2J.bin";
    evil.product = "a\nb";
    auto_json json_t *request = view_of(&evil);
    printed_begin(&printed);
    request_view_write(&printed.out, request);
    assert_string_equal(
        printed_text(&printed),
        "  request     POST https://one.example/api/graphql, createFirmwareUpload, JSON with\n"
        "    firmware.name                       \"Acme-Router-1.2\"\n"
        "    firmware.version                    \"1.2\"\n"
        "    firmware.releaseDate                \"2027-03-01\"\n"
        "    firmware.notes                      \"nightly\"\n"
        "    firmware.enableMonitoring           true\n"
        "    firmware.analysisConfigurationId    \"<ID of analysis configuration Deep>\"\n"
        "    vendorName                          \"Acme\"\n"
        "    productName                         \"a\\nb\"\n"
        "    productCategory                     \"Router\"\n"
        "    productGroupID                      \"<ID of product group Europe>\"\n"
        "  then        POST <uploadUrl of the answer>, multipart/form-data with\n"
        "    firmware    fw\\x0a\\x1b[2J.bin, 4.0 KiB, application/octet-stream\n"
        "    sbom        fw.cdx.json, 17 B, application/json\n"
        "  both with   Authorization: Bearer <token>\n");
}

static void a_document_of_another_version_is_printed_as_far_as_it_goes(void **state)
{
    auto_printed struct printed printed;
    auto_json json_t *request = printed_json("{\"send\":{\"parts\":[{\"size\":null}]}}");

    (void)state;
    printed_begin(&printed);
    request_view_write(&printed.out, request);
    printed_wants("gaps", printed_text(&printed), "  request     - -, -, JSON with\n");
    printed_wants("size", printed_text(&printed), "-, its size is not known yet, -\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_variables_are_those_that_would_be_sent),
        cmocka_unit_test(what_is_unset_is_sent_as_null_and_groups_have_their_default),
        cmocka_unit_test(what_only_the_platform_knows_is_marked),
        cmocka_unit_test(the_parts_are_in_the_order_of_the_wire),
        cmocka_unit_test(a_lone_sbom_goes_beside_an_empty_part),
        cmocka_unit_test(a_text_that_cannot_be_sent_is_refused_as_the_upload_refuses_it),
        cmocka_unit_test(people_get_lines_that_no_name_can_break),
        cmocka_unit_test(a_document_of_another_version_is_printed_as_far_as_it_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
