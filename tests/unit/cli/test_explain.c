#include "test.h"

#include "base/auto.h"
#include "cli/explain.h"
#include "cli/explain_text.h"
#include "cli/row.h"
#include "loaded_tree.h"
#include "printed.h"
#include "store/item.h"
#include "watch/metadata.h"

static const char options[] =
    "\n    include: [\"**/*.bin\"]\n"
    "    exclude: [\"**/sdk/**\"]\n"
    "    marker: \"{path}.done\"\n"
    "    sidecar: \"{path}.yaml\"\n"
    "    attach_sbom: {path: \"{dir}/{stem}.cdx.json\", if_missing: skip}\n"
    "    match: '^(?<product>[^/]+)/(?<version>[^/]+)/'\n"
    "    metadata: {vendor: Acme, product: \"{product}\", "
    "version: \"{version}\"}\n";

static int make(void **state)
{
    loaded_tree_make(state);
    struct loaded_tree *loaded = *state;

    tree_dir(&loaded->tree, "router");
    tree_dir(&loaded->tree, "router/1.2");
    tree_file(&loaded->tree, "router/1.2/fw.bin", "image");
    tree_file(&loaded->tree, "router/1.2/fw.bin.done", "");
    tree_file(&loaded->tree, "router/1.2/new.bin", "image");
    tree_file(&loaded->tree, "router/1.2/empty.bin", "");
    tree_file(&loaded->tree, "router/1.2/empty.bin.done", "");
    tree_file(&loaded->tree, "router/1.2/named.bin", "image");
    tree_file(&loaded->tree, "router/1.2/named.bin.done", "");
    tree_file(&loaded->tree, "router/1.2/named.bin.yaml", "version: 9.9\n");
    tree_file(&loaded->tree, "router/1.2/broken.bin.yaml", "nope: 1\n");
    tree_file(&loaded->tree, "top.bin", "image");
    tree_file(&loaded->tree, "top.bin.done", "");
    tree_dir(&loaded->tree, "router/1.2/dir.bin");
    tree_link(&loaded->tree, "/etc/passwd", "router/1.2/out.bin");
    tree_link(&loaded->tree, "fw.bin", "router/1.2/latest.bin");
    loaded_tree_load(loaded, "version: 1\nwatch:\n  - name: release\n    path: ", options);
    return 0;
}

static json_t *explain_it(const struct loaded_tree *loaded, const char *relpath, const json_t *row)
{
    auto_free char *path = xasprintf("%s/%s", loaded->tree.path, relpath);
    const struct explain explain = {.config = loaded->config, .path = path, .row = row};
    struct err err;
    json_t *object = explain_watch(&explain, &err);

    if (!object)
        fail_msg("%s", err.message);
    return object;
}

static void each_path_has_its_reason_and_what_comes_next(void **state)
{
    static const struct {
        const char *why;
        const char *relpath;
        const char *rule;
        const char *next;
    } rows[] = {
        {"an image", "router/1.2/fw.bin", "included by **/*.bin", "the next scan finds it"},
        {"one that is not there yet", "router/1.3/fw.bin", "included by **/*.bin",
         "it waits for its"},
        {"one without its marker", "router/1.2/new.bin", "included", "it waits for its marker"},
        {"an empty one", "router/1.2/empty.bin", "included", "it waits: an empty file"},
        {"a folder", "router/1.2/dir.bin", "included", "nothing: only regular files"},
        {"a link to another", "router/1.2/latest.bin", "included", "it waits for its marker"},
        {"what matches no include", "router/1.2/notes.txt", "not matched", "nothing: it is not"},
        {"what is excluded", "a/sdk/fw.bin", "excluded by **/sdk/**", "nothing: it is not taken"},
        {"a dotfile", ".fw.bin", "dotfile", "nothing: it is not taken"},
        {"a marker", "router/1.2/fw.bin.done", "is a marker", "nothing: it is not taken"},
        {"a sidecar", "router/1.2/fw.bin.yaml", "is a sidecar", "nothing: it is not taken"},
        {"a name that cannot be sent", "a/1/qu\"ote.bin", "its name has a quote", "nothing: it is"},
        {"no product in its path", "top.bin", "included by **/*.bin", "it fails: see its metadata"},
    };
    const struct loaded_tree *loaded = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_json json_t *object = explain_it(loaded, rows[i].relpath, NULL);
        const char *rule = row_string(object, "rule");
        const char *next = row_string(object, "next");

        if (strncmp(rule, rows[i].rule, strlen(rows[i].rule)) != 0 ||
            strncmp(next, rows[i].next, strlen(rows[i].next)) != 0)
            fail_msg("%s: %s; %s", rows[i].why, rule, next);
    }
}

static const json_t *field_of(const json_t *object, const char *name)
{
    size_t index;
    const json_t *field;

    json_array_foreach(json_object_get(object, "metadata"), index, field)
    {
        if (strcmp(row_string(field, "field"), name) == 0)
            return field;
    }
    fail_msg("no field %s", name);
    return NULL;
}

static void every_field_tells_its_value_and_where_it_comes_from(void **state)
{
    const struct loaded_tree *loaded = *state;
    auto_json json_t *object = explain_it(loaded, "router/1.2/named.bin", NULL);

    assert_int_equal(json_array_size(json_object_get(object, "metadata")), METADATA_FIELD_COUNT);
    assert_string_equal(row_string(field_of(object, "vendor"), "value"), "Acme");
    assert_string_equal(row_string(field_of(object, "vendor"), "origin"), "template \"Acme\"");
    assert_string_equal(row_string(field_of(object, "vendor"), "place"), "agent.yaml:11:24");
    assert_string_equal(row_string(field_of(object, "product"), "value"), "router");
    assert_string_equal(row_string(field_of(object, "version"), "value"), "9.9");
    assert_non_null(strstr(row_string(field_of(object, "version"), "origin"), "sidecar"));
    assert_string_equal(row_string(field_of(object, "name"), "value"), "Acme-router-9.9");
    assert_string_equal(row_string(field_of(object, "product_group"), "origin"), "default");
    assert_null(row_string(field_of(object, "notes"), "value"));
}

static void a_broken_sidecar_is_told_with_its_place(void **state)
{
    const struct loaded_tree *loaded = *state;
    auto_json json_t *object = explain_it(loaded, "router/1.2/broken.bin", NULL);

    assert_non_null(strstr(row_string(object, "metadata_error"), "broken.bin.yaml:1:1"));
    assert_true(json_is_null(json_object_get(object, "request")));
}

static void the_request_is_named_but_never_a_token(void **state)
{
    const struct loaded_tree *loaded = *state;
    auto_json json_t *object = explain_it(loaded, "router/1.2/fw.bin", NULL);
    const json_t *request = json_object_get(object, "request");

    assert_string_equal(row_string(request, "operation"), "createFirmwareUpload");
    assert_string_equal(row_string(request, "url"), "https://app.eu.onekey.com/api/graphql");
    assert_string_equal(row_string(request, "file"), "fw.bin");
}

static void a_link_out_of_the_folder_is_not_followed(void **state)
{
    const struct loaded_tree *loaded = *state;
    auto_json json_t *object = explain_it(loaded, "router/1.2/out.bin", NULL);

    assert_non_null(strstr(row_string(object, "kind"), "leads out"));
    assert_true(json_is_null(json_object_get(object, "size")));
}

static void the_ledger_decides_what_comes_next_unless_the_file_changed(void **state)
{
    static const struct {
        const char *why;
        const char *row;
        const char *next;
    } rows[] = {
        {"done", "{\"state\":\"done\",\"size\":5}", "nothing: it is done"},
        {"failed", "{\"state\":\"failed\",\"size\":5}", "nothing until retry"},
        {"new content", "{\"state\":\"done\",\"size\":6}", "the next scan finds it"},
        {"a state of a newer version", "{\"state\":\"dreaming\",\"size\":5}", "a newer version"},
    };
    const struct loaded_tree *loaded = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_json json_t *row = printed_json(rows[i].row);
        auto_json json_t *object = explain_it(loaded, "router/1.2/fw.bin", row);
        const char *next = row_string(object, "next");

        if (strncmp(next, rows[i].next, strlen(rows[i].next)) != 0)
            fail_msg("%s: %s", rows[i].why, next);
    }
}

static void every_state_has_its_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++)
        assert_non_null(explain_state(item_state_name((enum item_state)i)));
}

static void people_get_lines(void **state)
{
    const struct loaded_tree *loaded = *state;
    auto_json json_t *object = explain_it(loaded, "router/1.2/fw.bin", NULL);
    auto_printed struct printed printed;

    printed_begin(&printed);
    explain_text(&printed.out, object);
    const char *text = printed_text(&printed);
    printed_wants("watch", text, "  watch       release, router/1.2/fw.bin in ");
    printed_wants("file", text, "  file        regular file, 5 B, modified ");
    printed_wants("rule", text, "  rule        taken: included by **/*.bin\n");
    printed_wants("marker", text, "fw.bin.done: is there\n");
    printed_wants("sidecar", text, "fw.bin.yaml: is missing; the templates decide\n");
    printed_wants("attachment", text, "fw.cdx.json: is missing; the file is sent without it\n");
    printed_wants("match", text, "  match       matches, product=router, version=1.2\n");
    printed_wants("metadata", text, "    vendor                  Acme   (template \"Acme\", ");
    printed_wants("request", text, "  request     createFirmwareUpload with the metadata above");
    printed_wants("next", text, "  next        the next scan finds it");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, loaded_tree_drop)
    const struct CMUnitTest tests[] = {
        TEST(each_path_has_its_reason_and_what_comes_next),
        TEST(every_field_tells_its_value_and_where_it_comes_from),
        TEST(a_broken_sidecar_is_told_with_its_place),
        TEST(the_request_is_named_but_never_a_token),
        TEST(a_link_out_of_the_folder_is_not_followed),
        TEST(the_ledger_decides_what_comes_next_unless_the_file_changed),
        cmocka_unit_test(every_state_has_its_text),
        TEST(people_get_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
