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
        {"a link out", "router/1.2/out.bin", "included", "nothing: only regular files"},
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

static void the_deciding_rule_has_its_place_in_the_configuration(void **state)
{
    static const struct {
        const char *why;
        const char *relpath;
        const char *place;
    } rows[] = {
        {"the glob that took it", "router/1.2/fw.bin", "agent.yaml:5:15"},
        {"the list that did not", "router/1.2/notes.txt", "agent.yaml:5:14"},
        {"the glob that left it out", "a/sdk/fw.bin", "agent.yaml:6:15"},
        {"a companion's template", "router/1.2/fw.bin.done", "agent.yaml:7:13"},
        {"a rule that is built in", ".fw.bin", NULL},
        {"a name that cannot be sent", "a/1/qu\"ote.bin", NULL},
    };
    const struct loaded_tree *loaded = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_json json_t *object = explain_it(loaded, rows[i].relpath, NULL);
        const char *place = row_string(object, "rule_place");

        if (!place != !rows[i].place || (place && strcmp(place, rows[i].place) != 0))
            fail_msg("%s: %s", rows[i].why, place ? place : "none");
    }
}

static void settling_is_told_as_the_ledger_has_it(void **state)
{
    static const struct {
        const char *why;
        const char *row;
        const char *want;
    } rows[] = {
        {"no row", NULL, "nobody has looked at it yet"},
        {"being looked at",
         "{\"state\":\"settling\",\"size\":5,\"found_at\":\"2026-11-23T14:44:00Z\","
         "\"retry_at\":\"2026-11-23T14:44:10Z\"}",
         "since 2026-11-23 14:44:00Z, next look at 2026-11-23 14:44:10Z"},
        {"on its way", "{\"state\":\"pending\",\"size\":5}", "settled"},
        {"new content", "{\"state\":\"done\",\"size\":6}",
         "begins anew: its size is not the ledger's"},
    };
    const struct loaded_tree *loaded = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_json json_t *row = rows[i].row ? printed_json(rows[i].row) : NULL;
        auto_json json_t *object = explain_it(loaded, "router/1.2/fw.bin", row);
        const char *text = row_string(object, "settle_state");

        if (!text || strcmp(text, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, text ? text : "none");
    }
}

static void only_a_file_that_would_be_sent_has_a_request(void **state)
{
    static const struct {
        const char *why;
        const char *relpath;
        bool has_request;
    } rows[] = {
        {"an image", "router/1.2/fw.bin", true},
        {"one that is not there yet", "router/1.3/fw.bin", true},
        {"what no include takes", "router/1.2/notes.txt", false},
        {"a folder", "router/1.2/dir.bin", false},
        {"a link out of the folder", "router/1.2/out.bin", false},
    };
    const struct loaded_tree *loaded = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_json json_t *object = explain_it(loaded, rows[i].relpath, NULL);

        if (json_is_object(json_object_get(object, "request")) != rows[i].has_request)
            fail_msg("%s", rows[i].why);
    }
}

/* The parts of a request as "field=file_name:size ...". */
static char *parts_of(const json_t *object)
{
    const json_t *send = json_object_get(json_object_get(object, "request"), "send");
    char *text = xstrdup("");
    size_t index;
    const json_t *part;

    json_array_foreach(json_object_get(send, "parts"), index, part)
    {
        auto_free char *before = text;

        text = xasprintf("%s%s%s=%s:%jd", before, index ? " " : "", row_string(part, "field"),
                         row_string(part, "file_name"),
                         json_is_null(json_object_get(part, "size"))
                             ? (intmax_t)-1
                             : (intmax_t)row_number(part, "size"));
    }
    return text;
}

static void an_attachment_is_a_part_unless_it_is_skipped(void **state)
{
    static const struct {
        const char *why;
        const char *if_missing;
        const char *relpath;
        const char *parts;
        const char *next;
    } rows[] = {
        {"it is there", "skip", "with.bin", "firmware=with.bin:5 sbom=with.cdx.json:2", "the next"},
        {"skipped", "skip", "bare.bin", "firmware=bare.bin:5", "the next scan"},
        {"waited for", "wait", "bare.bin", "firmware=bare.bin:5 sbom=bare.cdx.json:-1",
         "it waits for its SBOM"},
        {"due", "fail", "bare.bin", "firmware=bare.bin:5 sbom=bare.cdx.json:-1",
         "it fails: its SBOM is missing"},
    };
    struct loaded_tree *loaded = *state;

    tree_file(&loaded->tree, "with.bin", "image");
    tree_file(&loaded->tree, "with.cdx.json", "{}");
    tree_file(&loaded->tree, "bare.bin", "image");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *yaml =
            xasprintf("\n    metadata: {vendor: Acme, product: Box}\n"
                      "    attach_sbom: {path: \"{dir}/{stem}.cdx.json\", if_missing: %s}\n",
                      rows[i].if_missing);

        loaded_tree_load(loaded, "version: 1\nwatch:\n  - name: release\n    path: ", yaml);
        auto_json json_t *object = explain_it(loaded, rows[i].relpath, NULL);
        auto_free char *parts = parts_of(object);
        const char *next = row_string(object, "next");

        if (strcmp(parts, rows[i].parts) != 0 ||
            strncmp(next, rows[i].next, strlen(rows[i].next)) != 0)
            fail_msg("%s: %s; %s", rows[i].why, parts, next);
    }
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
    printed_wants("marker", text, "fw.bin.done: is there\n");
    printed_wants("sidecar", text, "fw.bin.yaml: is missing; the templates decide\n");
    printed_wants("attachment", text, "fw.cdx.json: is missing; the file is sent without it\n");
    printed_wants("match", text, "  match       matches, product=router, version=1.2\n");
    printed_wants("metadata", text, "    vendor                  Acme   (template \"Acme\", ");
    printed_wants("place", text, "  rule        taken: included by **/*.bin   (agent.yaml:5:15)\n");
    printed_wants("settle", text, "once its marker is there; nobody has looked at it yet\n");
    printed_wants("request", text, "  request     POST https://app.eu.onekey.com/api/graphql, ");
    printed_wants("part", text, "    firmware    fw.bin, 5 B, application/octet-stream\n");
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
        TEST(the_deciding_rule_has_its_place_in_the_configuration),
        TEST(settling_is_told_as_the_ledger_has_it),
        TEST(only_a_file_that_would_be_sent_has_a_request),
        TEST(an_attachment_is_a_part_unless_it_is_skipped),
        TEST(a_link_out_of_the_folder_is_not_followed),
        TEST(the_ledger_decides_what_comes_next_unless_the_file_changed),
        cmocka_unit_test(every_state_has_its_text),
        TEST(people_get_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
