#include "test.h"

#include "base/mem.h"
#include "config/loaded.h"

#define HTTP_REMEDY                                                                                \
    "over http everybody on the way reads the token; write https:// (http:// is for 127.0.0.0/8, " \
    "::1 and localhost only)"

static void values_that_do_not_fit_together_are_refused(void **state)
{
    static const struct {
        const char *why;
        const char *text; /* behind "version: 1\n" */
        const char *want; /* behind "c.yaml:" */
    } rows[] = {
        {"the token would travel in the clear", "api: {url: 'http://o.corp/api'}",
         "2:12: api.url: " HTTP_REMEDY},
        {"a name that begins like loopback", "api: {url: 'http://127.0.0.1.evil.example/api'}",
         "2:12: api.url: " HTTP_REMEDY},
        {"a name that contains localhost", "api: {url: 'http://localhost.evil.example/api'}",
         "2:12: api.url: " HTTP_REMEDY},
        {"a query where paths are appended", "api: {url: 'https://o.corp/api?x=1'}",
         "2:12: api.url: a URL with a ? part; write the base, as in https://app.eu.onekey.com/api"},
        {"waits that shrink", "transfers: {retry: {base: 1h, cap: 1m}}",
         "2:27: transfers.retry.base: longer than transfers.retry.cap; write less"},
        {"two watches of one name", "watch: [{name: a, path: /a}, {name: a, path: /b}]",
         "2:37: watch[1].name: another watch has that name; choose a different one"},
        {"two watches of one folder", "watch: [{name: a, path: /a}, {name: b, path: /a}]",
         "2:46: watch[1].path: another watch has that path; join the two"},
        {"the same folder, spelled differently",
         "watch: [{name: a, path: /a/b}, {name: b, path: //a/./b/}]",
         "2:48: watch[1].path: another watch has that path; join the two"},
        {"moved where", "watch: [{name: a, path: /a, when_done: move}]",
         "2:40: watch[0].when_done: move needs a place; write move_to"},
        {"moved into the watch itself",
         "watch: [{name: a, path: /a, when_done: move, move_to: /a/sent}]",
         "2:55: watch[0].move_to: it lies in the watched folder of a; choose one outside of every "
         "watch"},
        {"moved into another watch",
         "watch: [{name: a, path: /a, when_done: move, move_to: /b}, {name: b, path: /b}]",
         "2:55: watch[0].move_to: it lies in the watched folder of b; choose one outside of every "
         "watch"},
        {"everything is inside of the root",
         "watch: [{name: a, path: /, when_done: move, move_to: /b}]\nstate_dir: /s", NULL},
        {"missing: of what", "watch: [{name: a, path: /a, attach_sbom: {if_missing: fail}}]",
         "2:55: watch[0].attach_sbom.if_missing: nothing is attached; write attach_sbom.path too"},
        {"the ledger would be uploaded", "watch: [{name: a, path: /a}]\nstate_dir: /a/state",
         "3:12: state_dir: it lies in the watched folder of a; choose one outside of every watch"},
        {"the SBOMs would be uploaded", "watch: [{name: a, path: /a}]\nsbom: {directory: /a}",
         "3:19: sbom.directory: it lies in the watched folder of a; choose one outside of every "
         "watch"},
        {"an absolute path below a folder", "sbom: {path: '/{firmware_id}'}",
         "2:14: sbom.path: an absolute path; write one below sbom.directory"},
        {"two firmwares in one file", "sbom: {path: '{product}.{ext}'}",
         "2:14: sbom.path: documents would overwrite each other; {firmware_id} has to be in it"},
        {"braces that are no name", "sbom: {path: '{{firmware_id}}.{ext}'}",
         "2:14: sbom.path: documents would overwrite each other; {firmware_id} has to be in it"},
        {"two formats in one file",
         "sbom: {path: '{firmware_id}', formats: [{name: a}, {name: b, query: x}]}",
         "2:14: sbom.path: formats would overwrite each other; {ext} or {format} has to be in it"},
        {"two formats of one name", "sbom: {formats: [{name: a}, {name: a, query: x}]}",
         "2:36: sbom.formats[1].name: another format has that name; choose a different one"},
        {"the same document twice", "sbom: {formats: [{name: a}, {name: b}]}",
         "2:36: sbom.formats[1].name: another format has the same query; keep one of them"},
        {"the same query twice", "sbom: {formats: [{name: a, query: x}, {name: b, query: x}]}",
         "2:46: sbom.formats[1].name: another format has the same query; keep one of them"},
        {"a query with its question mark", "sbom: {formats: [{name: a, query: '?x'}]}",
         "2:35: sbom.formats[0].query: it holds a blank, ? or #; write it as it follows the ?, "
         "encoded"},
        {"nobody is told", "alerts: {targets: [{on: [disk_low]}]}",
         "2:20: alerts.targets[0]: nobody is told; write one of command, webhook, webhook_file"},
        {"two ways to tell", "alerts: {targets: [{command: [/n], webhook: 'https://x/y'}]}",
         "2:20: alerts.targets[0]: several ways to tell; keep one of command, webhook, "
         "webhook_file"},
        {"a program that a search path would choose", "alerts: {targets: [{command: [notify]}]}",
         "2:30: alerts.targets[0].command: the program is no absolute path; start it with /"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\n%s\n", rows[i].text);
        auto_free char *want = rows[i].want ? xasprintf("c.yaml:%s", rows[i].want) : NULL;
        auto_loaded struct loaded loaded = loaded_text(text);

        if (want)
            loaded_expect_error(rows[i].why, &loaded, want);
        else if (loaded.problems.error_count != 2) // move_to, state_dir
            fail_msg("%s: %zu errors", rows[i].why, loaded.problems.error_count);
    }
}

static void what_only_looks_alike_is_accepted(void **state)
{
    static const struct {
        const char *why;
        const char *text;
    } rows[] = {
        {"http on loopback", "api: {url: 'http://127.0.0.1:8080/api'}"},
        {"another loopback address", "api: {url: 'http://127.9.9.9/api'}"},
        {"loopback's name", "api: {url: 'http://LocalHost:8080/api'}"},
        {"loopback in IPv6", "api: {url: 'http://[::1]:8080/api'}"},
        {"a folder whose name begins like a watched one",
         "watch: [{name: a, path: /a}]\nstate_dir: /ab"},
        {"move_to kept for later", "watch: [{name: a, path: /a, move_to: /b}]"},
        {"moved beside", "watch: [{name: a, path: /a, when_done: move, move_to: /sent}]"},
        {"a watch below another", "watch: [{name: a, path: /a}, {name: b, path: /a/b}]"},
        {"several formats, told apart by name",
         "sbom: {path: '{firmware_id}.{format}', formats: [{name: a}, {name: b, query: x}]}"},
        {"equal waits", "transfers: {retry: {base: 1m, cap: 1m}}"},
        {"a webhook in a file", "alerts: {targets: [{webhook_file: /w}]}"},
        {"a webhook over http in the house", "alerts: {targets: [{webhook: 'http://chat/x?y'}]}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\n%s\n", rows[i].text);
        auto_loaded struct loaded loaded = loaded_text(text);

        if (!loaded.config)
            fail_msg("%s: %s", rows[i].why, loaded.err.message);
    }
}

static void a_value_that_could_not_be_read_is_not_also_missing(void **state)
{
    static const char *const texts[] = {
        "version: 1\nalerts: {targets: [{webhook: 'no URL'}]}",
        "version: 1\nalerts: {targets: [{command: notify}]}",
        "version: 1\nwatch: [{name: a, path: /a, when_done: move, move_to: relative}]",
        "version: 1\nwatch: [{name: a, path: relative}, {name: b, path: relative2: }]",
        "version: 1\nsbom: {formats: [5]}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        auto_loaded struct loaded loaded = loaded_text(texts[i]);

        assert_null(loaded.config);
        if (loaded.problems.error_count != 1)
            fail_msg("%s: %s; %s", texts[i], loaded.problems.errors[0], loaded.problems.errors[1]);
    }
}

static void a_watch_whose_files_can_only_fail_is_a_warning(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"{name: a, path: /a}",
         "c.yaml:2:9: watch[0]: no metadata.vendor: every file will fail; write it or sidecar"},
        {"{name: a, path: /a, metadata: {vendor: V}}",
         "c.yaml:2:9: watch[0]: no metadata.product: every file will fail; write it or sidecar"},
        {"{name: a, path: /a, metadata: {vendor: V, product: P}}", NULL},
        {"{name: a, path: /a, sidecar: '{path}.yaml'}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\nwatch: [%s]\n", rows[i].text);
        auto_loaded struct loaded loaded = loaded_text(text);

        assert_non_null(loaded.config);
        assert_int_equal(loaded.problems.warning_count, rows[i].want != NULL);
        if (rows[i].want)
            assert_string_equal(loaded.problems.warnings[0], rows[i].want);
    }
}

static void a_webhook_that_everybody_can_read_is_a_warning(void **state)
{
    static const char text[] = "version: 1\nalerts: {targets: [{webhook: 'https://chat/s3cret'}]}";
    static const unsigned modes[] = {0644, 0640, 0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        const struct config_sources sources = {.file_name = "c.yaml",
                                               .file_bytes = text,
                                               .file_size = sizeof text - 1,
                                               .file_mode = modes[i],
                                               .environment = loaded_home_only};
        auto_loaded struct loaded loaded = loaded_from(&sources);

        assert_int_equal(loaded.problems.warning_count, modes[i] == 0644);
        if (modes[i] != 0644)
            continue;
        assert_string_equal(loaded.problems.warnings[0],
                            "c.yaml:2:30: alerts.targets[0].webhook: everybody can read this "
                            "file; use webhook_file, or chmod o-r it");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_do_not_fit_together_are_refused),
        cmocka_unit_test(what_only_looks_alike_is_accepted),
        cmocka_unit_test(a_value_that_could_not_be_read_is_not_also_missing),
        cmocka_unit_test(a_watch_whose_files_can_only_fail_is_a_warning),
        cmocka_unit_test(a_webhook_that_everybody_can_read_is_a_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
