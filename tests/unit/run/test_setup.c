/* From the configuration to what the lower layers take: nothing is lost or mixed up on the way. */
#include "config/loaded.h"

#include <unistd.h>

#include "base/path_name.h"
#include "run/setup.h"
#include "tree.h"

/* What every configuration here begins with; each test adds its own keys. */
#define HEAD                                                                                       \
    "version: 1\n"                                                                                 \
    "state_dir: /tmp/state\n"

static struct loaded load(const char *text)
{
    struct loaded loaded = loaded_text(text);

    if (!loaded.config)
        fail_msg("%s", loaded.problems.error_count ? loaded.problems.errors[0] : "refused");
    return loaded;
}

static void a_watch_becomes_a_source(void **state)
{
    auto_loaded struct loaded loaded = load(HEAD "watch:\n"
                                                 "  - name: release\n"
                                                 "    path: /srv/builds\n"
                                                 "    include: ['**/*.bin']\n"
                                                 "    exclude: ['**/sdk/**']\n"
                                                 "    settle: 7s\n"
                                                 "    marker: '{path}.done'\n"
                                                 "    rescan: 11m\n"
                                                 "    mode: poll\n"
                                                 "    symlinks: ignore\n"
                                                 "    existing: adopt\n"
                                                 "    same_content: per_version\n"
                                                 "    order: oldest\n"
                                                 "    sidecar: '{path}.onekey.yaml'\n"
                                                 "    metadata: {vendor: Acme, product: Router}\n"
                                                 "    attach_sbom: {path: '{dir}/{stem}.cdx.json',"
                                                 " if_missing: fail}\n"
                                                 "    when_done: move\n"
                                                 "    move_to: /srv/sent\n");
    struct err err;
    struct source *source = setup_source(&loaded.config->watches[0], &err);

    (void)state;
    assert_non_null(source);
    assert_string_equal(source->name, "release");
    assert_string_equal(source->path, "/srv/builds");
    assert_string_equal(source->move_to, "/srv/sent");
    assert_int_equal(source->settle.quiet_ms, 7000);
    assert_true(source->settle.needs_marker);
    assert_int_equal(source->rescan_ms, 11 * 60000);
    assert_int_equal(source->mode, SOURCE_POLL);
    assert_int_equal(source->links, BENEATH_NO_LINKS);
    assert_int_equal(source->existing, SOURCE_ADOPT);
    assert_int_equal(source->attach_missing, SOURCE_MISSING_FAIL);
    assert_true(source->per_version && source->oldest_first);
    assert_true(source->has_attachment && source->has_sidecar);
    assert_true(source_skips(source->rules, "a/sdk/b.bin", false));
    assert_false(source_skips(source->rules, "a/b.bin", false));
    source_free(source);
}

static void a_watch_with_nothing_but_its_folder_gets_the_defaults(void **state)
{
    auto_loaded struct loaded loaded = load(HEAD "watch:\n"
                                                 "  - name: release\n"
                                                 "    path: /srv/builds\n"
                                                 "    metadata: {vendor: Acme, product: Router}\n");
    struct err err;
    struct source *source = setup_source(&loaded.config->watches[0], &err);

    (void)state;
    assert_non_null(source);
    assert_null(source->move_to);
    assert_int_equal(source->settle.quiet_ms, 10000);
    assert_false(source->settle.needs_marker);
    assert_int_equal(source->mode, SOURCE_AUTO);
    assert_int_equal(source->links, BENEATH_LINKS_INSIDE);
    assert_int_equal(source->existing, SOURCE_SEND);
    assert_int_equal(source->attach_missing, SOURCE_MISSING_WAIT);
    assert_false(source->per_version || source->oldest_first);
    assert_false(source->has_attachment || source->has_sidecar);
    source_free(source);
}

static void the_flows_get_plain_values(void **state)
{
    auto_loaded struct loaded loaded = load(HEAD "api: {url: 'https://onekey.corp/api'}\n"
                                                 "transfers: {retry: {base: 2s, cap: 3m,"
                                                 " give_up_after: 4d}}\n"
                                                 "analysis: {wait: false, poll_interval: 61s,"
                                                 " alert_after: 25h}\n"
                                                 "sbom:\n"
                                                 "  directory: /srv/sboms\n"
                                                 "  path: '{product}/{firmware_id}.{ext}'\n"
                                                 "  formats:\n"
                                                 "    - name: default\n"
                                                 "    - {name: spdx, query: 'format=spdx'}\n");
    struct flow_settings settings;
    struct setup_sboms sboms;
    struct err err;

    (void)state;
    assert_true(setup_flow(loaded.config, &settings, &sboms, &err));
    assert_string_equal(settings.api_url, "https://onekey.corp/api");
    assert_string_equal(settings.state_dir, "/tmp/state");
    assert_int_equal(settings.retry.base_ms, 2000);
    assert_int_equal(settings.retry.cap_ms, 180000);
    assert_int_equal(settings.give_up_after_ms, 4 * 24 * 3600000);
    assert_false(settings.wait_analysis);
    assert_int_equal(settings.poll_interval_ms, 61000);
    assert_int_equal(settings.alert_after_ms, 25 * 3600000);
    assert_string_equal(settings.sbom_directory, "/srv/sboms");
    assert_string_equal(template_text(settings.sbom_path), "{product}/{firmware_id}.{ext}");
    assert_int_equal(settings.file_mode, 0644);
    assert_int_equal(settings.format_count, 2);
    assert_string_equal(settings.formats[0].name, "default");
    assert_null(settings.formats[0].query);
    assert_string_equal(settings.formats[1].name, "spdx");
    assert_string_equal(settings.formats[1].query, "format=spdx");
    setup_sboms_release(&sboms);
    assert_null(sboms.formats);
}

static void a_path_that_leaves_its_folder_is_a_configuration_error(void **state)
{
    static const char *const paths[] = {"/etc/{firmware_id}", "../{firmware_id}", "{prodcut}.json"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct flow_settings settings;
        struct setup_sboms sboms;
        struct err err = {.kind = ERR_OK};
        char text[256];

        snprintf(text, sizeof text, HEAD "sbom: {directory: /srv/sboms, path: '%s'}\n", paths[i]);
        auto_loaded struct loaded loaded = loaded_text(text);
        if (!loaded.config) /* seen even earlier */
            continue;
        if (setup_flow(loaded.config, &settings, &sboms, &err) || err.kind != ERR_CONFIG ||
            strncmp(err.message, "sbom.path", 9) != 0)
            fail_msg("%s: %s", paths[i], err.message);
    }
}

/* ---- the proxy's password ---- */

static void on_closed(void *owner)
{
    (void)owner;
}

static void a_proxys_password_that_cannot_be_read_is_a_configuration_error(void **state)
{
    static const struct {
        const char *why;
        const char *bytes; /* NULL: no file */
        bool want;
    } rows[] = {
        {"a good one", "user:s3cret\n", true},
        {"an empty one", "", false},
        {"it is not there", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct secret *proxy_auth = NULL;
        struct err err = {.kind = ERR_OK};
        struct tree tree;
        uv_loop_t loop;
        char text[256];

        tree_make(&tree);
        if (rows[i].bytes)
            tree_file(&tree, "proxy", rows[i].bytes);
        snprintf(text, sizeof text,
                 HEAD "api: {proxy: 'http://proxy.corp:3128', proxy_auth_file: %s/proxy}\n",
                 tree.path);
        auto_loaded struct loaded loaded = load(text);
        uv_loop_init(&loop);
        struct http *http = setup_http(&loop, loaded.config, NULL, &proxy_auth, &err);
        if ((http != NULL) != rows[i].want || (!http && err.kind != ERR_CONFIG) ||
            strstr(err.message, "s3cret"))
            fail_msg("%s: %s", rows[i].why, err.message);
        if (http)
            http_free(http, on_closed, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        secret_free(proxy_auth);
        assert_int_equal(uv_loop_close(&loop), 0);
        tree_remove(&tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watch_becomes_a_source),
        cmocka_unit_test(a_watch_with_nothing_but_its_folder_gets_the_defaults),
        cmocka_unit_test(the_flows_get_plain_values),
        cmocka_unit_test(a_path_that_leaves_its_folder_is_a_configuration_error),
        cmocka_unit_test(a_proxys_password_that_cannot_be_read_is_a_configuration_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
