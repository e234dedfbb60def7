#include "test.h"

#include "base/mem.h"
#include "config/config_option.h"
#include "config/loaded.h"

static const char full[] =
    "version: 1\n"
    "api: {tenant: 'A: b', no_proxy: [.corp, \"a b\"], token_expires: 2027-03-01}\n"
    "state_dir: /s\n"
    "watch:\n"
    "- name: release\n"
    "  path: /srv/builds\n"
    "  match: '^(?<product>[^/]+)/\"'\n"
    "  metadata: {vendor: 'null', product: \"{product}\"}\n"
    "  attach_sbom: {path: '{dir}/x'}\n"
    "- {name: other, path: /o, sidecar: '{path}.y'}\n"
    "sbom: {formats: [{name: default}, {name: s, query: 'format=spdx'}], keep: 10y}\n"
    "export:\n"
    "- {name: nightly, schedule: '0 3 * * *', filter: {product: 'R/*', version: '[0-9]*'}}\n"
    "- {name: own, schedule: every 6h, scope: ledger, on_vanished: mark, catch_up: false,\n"
    "   spread: 0s}\n"
    "alerts:\n"
    "  heartbeat: https://hc.corp/ping/s3cret\n"
    "  targets:\n"
    "  - {webhook: 'https://chat.corp/s3cret', on: [disk_low]}\n"
    "  - {command: [/n, --x]}\n"
    "transfers:\n"
    "  budget: 50GiB/day\n"
    "  bandwidth:\n"
    "  - {from: 22:00, to: 06:00, rate: 10MiB}\n"
    "  - {from: 08:00, to: '18:00', rate: 2MiB}\n";

/* How `config show` begins for it. */
static const char full_begins[] = "version: 1  # c.yaml:1:10\n"
                                  "api:\n"
                                  "  url: https://app.eu.onekey.com/api  # default\n"
                                  "  tenant: \"A: b\"  # c.yaml:2:15\n"
                                  "  # token_file: not set\n"
                                  "  token_expires: 2027-03-01  # c.yaml:2:64\n"
                                  "  # ca_file: not set\n"
                                  "  # proxy: not set\n"
                                  "  # proxy_auth_file: not set\n"
                                  "  no_proxy: [\".corp\", \"a b\"]  # c.yaml:2:33\n"
                                  "  connect_timeout: 15s  # default\n"
                                  "  stall_timeout: 1m  # default\n"
                                  "  answer_timeout: 15m  # default\n"
                                  "  requests_per_second: 20  # default\n"
                                  "  # disable_tls_verify: false  # default\n"
                                  "state_dir: /s  # c.yaml:3:12\n"
                                  "transfers:\n"
                                  "  uploads: 4  # default\n"
                                  "  downloads: 8  # default\n"
                                  "  bandwidth:  # c.yaml:24:3\n"
                                  "    - from: \"22:00\"  # c.yaml:24:12\n"
                                  "      to: \"06:00\"  # c.yaml:24:23\n"
                                  "      rate: 10MiB  # c.yaml:24:36\n"
                                  "    - from: \"08:00\"  # c.yaml:25:12\n"
                                  "      to: \"18:00\"  # c.yaml:25:23\n"
                                  "      rate: 2MiB  # c.yaml:25:38\n"
                                  "  budget: 50GiB/day  # c.yaml:22:11\n"
                                  "  timezone: UTC  # default\n"
                                  "  limit_unanalysed: none  # default\n"
                                  "  retry:\n"
                                  "    base: 1s  # default\n"
                                  "    cap: 15m  # default\n"
                                  "    give_up_after: 3d  # default\n"
                                  "analysis:\n"
                                  "  wait: true  # default\n"
                                  "  poll_interval: 1m  # default\n"
                                  "  alert_after: 1d  # default\n"
                                  "watch:  # c.yaml:5:1\n"
                                  "  - name: release  # c.yaml:5:9\n"
                                  "    path: /srv/builds  # c.yaml:6:9\n"
                                  "    include: [\"**/*\"]  # default\n"
                                  "    exclude: []  # default\n"
                                  "    settle: 10s  # default\n"
                                  "    # marker: not set\n"
                                  "    rescan: 10m  # default\n"
                                  "    mode: auto  # default\n"
                                  "    symlinks: inside  # default\n"
                                  "    existing: send  # default\n"
                                  "    same_content: once  # default\n"
                                  "    order: newest  # default\n"
                                  "    match: \"^(?<product>[^/]+)/\\\"\"  # c.yaml:7:10\n"
                                  "    # sidecar: not set\n"
                                  "    metadata:\n"
                                  "      vendor: \"null\"  # c.yaml:8:22\n"
                                  "      product: \"{product}\"  # c.yaml:8:39\n";

static void the_text_has_every_value_and_its_origin(void **state)
{
    auto_loaded struct loaded loaded = loaded_text(full);
    auto_buf struct buf out = {0};

    (void)state;
    assert_non_null(loaded.config);
    config_show_text(loaded.config, &out);
    out.bytes[sizeof full_begins - 1] = '\0';
    assert_string_equal(out.bytes, full_begins);
}

static void the_exports_are_shown_with_what_is_not_set(void **state)
{
    static const char want[] = "  keep: 10y  # c.yaml:11:75\n"
                               "  min_components_ratio: 0.5  # default\n"
                               "export:  # c.yaml:13:1\n"
                               "  - name: nightly  # c.yaml:13:10\n"
                               "    schedule: \"0 3 * * *\"  # c.yaml:13:29\n"
                               "    timezone: UTC  # default\n"
                               "    scope: tenant  # default\n"
                               "    filter:\n"
                               "      # vendor: not set\n"
                               "      product: \"R/*\"  # c.yaml:13:60\n"
                               "      # product_group: not set\n"
                               "      # name: not set\n"
                               "      version: \"[0-9]*\"  # c.yaml:13:76\n"
                               "    on_vanished: keep  # default\n"
                               "    catch_up: true  # default\n"
                               "    spread: 5m  # default\n"
                               "  - name: own  # c.yaml:14:10\n"
                               "    schedule: \"every 6h\"  # c.yaml:14:25\n"
                               "    timezone: UTC  # default\n"
                               "    scope: ledger  # c.yaml:14:42\n"
                               "    filter:\n"
                               "      # vendor: not set\n"
                               "      # product: not set\n"
                               "      # product_group: not set\n"
                               "      # name: not set\n"
                               "      # version: not set\n"
                               "    on_vanished: mark  # c.yaml:14:63\n"
                               "    catch_up: false  # c.yaml:14:79\n"
                               "    spread: 0s  # c.yaml:15:12\n"
                               "alerts:\n";
    auto_loaded struct loaded loaded = loaded_text(full);
    auto_buf struct buf out = {0};

    (void)state;
    assert_non_null(loaded.config);
    config_show_text(loaded.config, &out);
    char *at = strstr(out.bytes, "  keep: ");
    assert_non_null(at);
    at[sizeof want - 1] = '\0';
    assert_string_equal(at, want);
}

static void secrets_are_not_shown(void **state)
{
    auto_loaded struct loaded loaded = loaded_text(full);
    auto_buf struct buf out = {0};
    auto_json json_t *all = config_show_json(loaded.config);
    auto_free char *json = json_dumps(all, 0);

    (void)state;
    config_show_text(loaded.config, &out);
    assert_null(strstr(out.bytes, "s3cret"));
    assert_null(strstr(json, "s3cret"));
    assert_non_null(strstr(out.bytes, "heartbeat: https://hc.corp/...  # c.yaml:17:14\n"));
    assert_non_null(strstr(json, "https://chat.corp/..."));
}

/* The JSON without origins. */
static json_t *values_of(const struct config *config)
{
    json_t *all = config_show_json(config);
    const char *path;
    json_t *entry;

    json_object_foreach(all, path, entry) json_object_del(entry, "origin");
    return all;
}

static void the_text_is_a_configuration_with_the_same_values(void **state)
{
    auto_loaded struct loaded loaded = loaded_text(full);
    auto_buf struct buf out = {0};

    (void)state;
    config_show_text(loaded.config, &out);
    auto_loaded struct loaded again = loaded_text(out.bytes);
    if (!again.config)
        fail_msg("%s", again.err.message);
    auto_json json_t *values = values_of(loaded.config);
    auto_json json_t *values_again = values_of(again.config);
    assert_true(json_equal(values, values_again));
}

static void the_json_has_value_and_origin_at_each_path(void **state)
{
    auto_loaded struct loaded loaded = loaded_text(full);
    auto_json json_t *all = config_show_json(loaded.config);
    const char *value = NULL;
    const char *origin = NULL;

    (void)state;
    assert_int_equal(
        json_unpack(all, "{s:{s:s, s:s}}", "watch[1].sidecar", "value", &value, "origin", &origin),
        0);
    assert_string_equal(value, "{path}.y");
    assert_string_equal(origin, "c.yaml:10:36");
    assert_true(json_is_null(json_object_get(json_object_get(all, "api.proxy"), "value")));
    assert_null(json_object_get(all, "watch"));
    assert_null(json_object_get(all, "export"));
}

/* The rate and the timetable share a path: there is one of them, and never a null. */
static void the_json_has_the_form_that_is_used(void **state)
{
    static const struct {
        const char *why;
        const char *text; /* behind "version: 1\n" */
        const char *path;
        const char *want; /* NULL: there is no such path */
    } rows[] = {
        {"a rate", "transfers: {bandwidth: 2MiB}", "transfers.bandwidth", "\"2MiB\""},
        {"no rate", "", "transfers.bandwidth", "\"none\""},
        {"a timetable of nothing is no limit", "transfers: {bandwidth: []}", "transfers.bandwidth",
         "\"none\""},
        {"a timetable", "transfers: {bandwidth: [{from: 08:00, to: 24:00, rate: 2MiB}]}",
         "transfers.bandwidth[0].to", "\"24:00\""},
        {"beside a timetable no rate",
         "transfers: {bandwidth: [{from: 08:00, to: 24:00, rate: 2MiB}]}", "transfers.bandwidth",
         NULL},
        {"no export", "", "export", "[]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\n%s\n", rows[i].text);
        auto_loaded struct loaded loaded = loaded_text(text);

        if (rows[i].want) {
            loaded_expect_value(rows[i].why, &loaded, rows[i].path, rows[i].want);
            continue;
        }
        assert_non_null(loaded.config);
        auto_json json_t *all = config_show_json(loaded.config);
        if (json_object_get(all, rows[i].path))
            fail_msg("%s: %s is there", rows[i].why, rows[i].path);
    }
}

static void the_help_tells_every_option(void **state)
{
    auto_buf struct buf out = {0};
    size_t count;
    const struct config_option *rows = config_option_rows(&count);

    (void)state;
    config_help(&out);
    assert_true(count > 60);
    for (size_t i = 0; i < count; i++) {
        auto_free char *line = xasprintf("%s\n    ", rows[i].path);

        if (!strstr(out.bytes, line) || !strstr(out.bytes, rows[i].help))
            fail_msg("no help for %s", rows[i].path);
    }
    assert_non_null(strstr(out.bytes, "api.stall_timeout\n    duration, 100ms to 1h; default 60s\n"
                                      "    no byte moved for this long"));
    assert_non_null(strstr(out.bytes, "transfers.bandwidth\n    size per second, 1KiB to 1TiB; "
                                      "default none\n"));
    assert_non_null(strstr(out.bytes, "transfers.bandwidth[].to\n    time of day, 00:01 to 24:00; "
                                      "required\n"));
    assert_non_null(strstr(out.bytes, "transfers.budget\n    size per day, 1KiB/day to "
                                      "1024TiB/day; default none\n"));
    assert_non_null(strstr(out.bytes, "sbom.min_components_ratio\n    decimal, 0 to 1; default "
                                      "0.5\n"));
    assert_non_null(strstr(out.bytes, "sbom.keep\n    all, a number, days or years; default "
                                      "all\n"));
    assert_non_null(strstr(out.bytes, "watch[].mode\n    one of auto, events or poll; default "
                                      "auto\n"));
    assert_non_null(strstr(out.bytes, "watch[].name\n    name; required\n"));
    assert_non_null(strstr(out.bytes, "state_dir\n    absolute path; a change needs a restart\n"));
}

static void only_some_changes_need_a_restart(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"", NULL},
        {"api: {connect_timeout: 1s}", NULL},
        {"watch: [{name: a, path: /a}]", NULL},
        {"api: {url: 'https://app.eu.onekey.com/api/'}", NULL},
        {"api: {url: 'https://o.corp/api'}", "api.url"},
        {"state_dir: /elsewhere", "state_dir"},
        {"control: {group: staff}", "control.group"},
    };
    auto_loaded struct loaded running = loaded_text("version: 1\n");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\n%s\n", rows[i].text);
        auto_loaded struct loaded fresh = loaded_text(text);
        assert_non_null(fresh.config);
        const char *got = config_restart_reason(running.config, fresh.config);

        if ((got == NULL) != (rows[i].want == NULL) || (got && strcmp(got, rows[i].want) != 0))
            fail_msg("%s: %s", rows[i].text, got ? got : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_has_every_value_and_its_origin),
        cmocka_unit_test(the_exports_are_shown_with_what_is_not_set),
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(the_text_is_a_configuration_with_the_same_values),
        cmocka_unit_test(the_json_has_value_and_origin_at_each_path),
        cmocka_unit_test(the_json_has_the_form_that_is_used),
        cmocka_unit_test(the_help_tells_every_option),
        cmocka_unit_test(only_some_changes_need_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
