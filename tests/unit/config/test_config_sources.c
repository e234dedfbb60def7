#include "test.h"

#include <unistd.h>

#include "base/mem.h"
#include "config/loaded.h"

/* One environment at a time; the loader asks for names only. */
static const char *const (*variables)[2];
static size_t variable_count;

static const char *from_variables(const char *name)
{
    for (size_t i = 0; i < variable_count; i++) {
        if (strcmp(variables[i][0], name) == 0)
            return variables[i][1];
    }
    return NULL;
}

static struct config_sources sources_with(const char *const (*pairs)[2], size_t count)
{
    variables = pairs;
    variable_count = count;
    return (struct config_sources){.environment = from_variables};
}

static void add_file(struct config_sources *sources, const char *text)
{
    sources->file_name = "c.yaml";
    sources->file_bytes = text;
    sources->file_size = strlen(text);
}

static void expect_origin(const struct loaded *loaded, const char *path, const char *want)
{
    auto_free char *got = config_origin(loaded->config, path);

    if (strcmp(got, want) != 0)
        fail_msg("%s comes from %s, want %s", path, got, want);
}

static void without_a_file_the_defaults_hold(void **state)
{
    static const char *const home[][2] = {{"HOME", "/home/ci"}};
    const struct config_sources sources = sources_with(home, 1);
    auto_loaded struct loaded loaded = loaded_from(&sources);
    const struct config *config = loaded.config;

    (void)state;
    assert_non_null(config);
    assert_null(config->file_name);
    assert_string_equal(config->api.url, "https://app.eu.onekey.com/api");
    assert_null(config->api.token_file);
    assert_int_equal(config->api.stall_timeout_ms, 60000);
    assert_int_equal(config->transfers.uploads, 4);
    assert_true(config->analysis.wait);
    assert_int_equal(config->watch_count, 0);
    assert_int_equal(config->sbom.format_count, 1);
    assert_string_equal(config->sbom.formats[0].name, "default");
    assert_null(config->sbom.formats[0].query);
    assert_string_equal(config->sbom.directory, "/home/ci/.local/state/onekey-agent/sboms");
    assert_int_equal(config->sbom.file_mode, 0644);
    assert_int_equal(loaded.problems.warning_count, 0);
    expect_origin(&loaded, "api.url", "default");
}

static void an_option_wins_over_the_environment_over_the_file_over_the_default(void **state)
{
    static const char *const both[][2] = {
        {"HOME", "/h"}, {"ONEKEY_API_URL", "https://env/api"}, {"ONEKEY_TENANT_NAME", "Env"}};
    static const struct config_setting settings[] = {{"api.url", "https://opt/api", "--api-url"}};
    struct config_sources sources = sources_with(both, 3);

    (void)state;
    add_file(&sources, "version: 1\napi:\n  url: https://file/api\n  tenant: File\n"
                       "  connect_timeout: 1s\n");
    sources.settings = settings;
    sources.setting_count = 1;
    auto_loaded struct loaded loaded = loaded_from(&sources);
    loaded_expect_value("option", &loaded, "api.url", "\"https://opt/api\"");
    loaded_expect_value("environment", &loaded, "api.tenant", "\"Env\"");
    loaded_expect_value("file", &loaded, "api.connect_timeout", "\"1s\"");
    loaded_expect_value("default", &loaded, "api.stall_timeout", "\"1m\"");
    expect_origin(&loaded, "api.url", "option --api-url");
    expect_origin(&loaded, "api.tenant", "environment ONEKEY_TENANT_NAME");
    expect_origin(&loaded, "api.connect_timeout", "c.yaml:5:20");
    expect_origin(&loaded, "api.stall_timeout", "default");
}

static void the_place_of_an_item_is_known(void **state)
{
    auto_loaded struct loaded loaded =
        loaded_text("version: 1\nwatch:\n- name: a\n  path: /a\n  include: [x,\n    y]\n"
                    "  metadata:\n    vendor: V\n");

    (void)state;
    expect_origin(&loaded, "watch[0].include[1]", "c.yaml:6:5");
    expect_origin(&loaded, "watch[0].metadata.vendor", "c.yaml:8:13");
    expect_origin(&loaded, "watch[0].metadata.product", "default");
    expect_origin(&loaded, "watch[0]", "c.yaml:3:3");
}

static void each_variable_has_its_option(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        const char *path;
        const char *want;
    } rows[] = {
        {"ONEKEY_API_URL", "https://e/api", "api.url", "\"https://e/api\""},
        {"ONEKEY_TENANT_NAME", "T", "api.tenant", "\"T\""},
        {"ONEKEY_AGENT_STATE_DIR", "/s", "state_dir", "\"/s\""},
        {"ONEKEY_AGENT_LOG_LEVEL", "debug", "log.level", "\"debug\""},
        {"ONEKEY_DISABLE_TLS_VERIFY", "1", "api.disable_tls_verify", "true"},
        {"ONEKEY_DISABLE_TLS_VERIFY", "TRUE", "api.disable_tls_verify", "true"},
        {"ONEKEY_DISABLE_TLS_VERIFY", "yes", "api.disable_tls_verify", "true"},
        {"ONEKEY_DISABLE_TLS_VERIFY", "0", "api.disable_tls_verify", "false"},
        {"ONEKEY_DISABLE_TLS_VERIFY", "off", "api.disable_tls_verify", "false"},
        {"ONEKEY_API_URL", "", "api.url", "\"https://app.eu.onekey.com/api\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const pairs[][2] = {{"HOME", "/h"}, {rows[i].name, rows[i].value}};
        const struct config_sources sources = sources_with(pairs, 2);
        auto_loaded struct loaded loaded = loaded_from(&sources);

        loaded_expect_value(rows[i].name, &loaded, rows[i].path, rows[i].want);
    }
}

static void a_bad_variable_or_option_is_named(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        const char *want;
    } rows[] = {
        {"ONEKEY_DISABLE_TLS_VERIFY", "maybe",
         "environment ONEKEY_DISABLE_TLS_VERIFY: \"maybe\" is not accepted; write true or false"},
        {"ONEKEY_AGENT_LOG_LEVEL", "loud",
         "environment ONEKEY_AGENT_LOG_LEVEL: \"loud\" is not accepted; write alert, error, warn, "
         "info or debug"},
        {"ONEKEY_API_URL", "app.eu.onekey.com",
         "environment ONEKEY_API_URL: a URL that does not start with https or http; write "
         "scheme://host"},
        {"ONEKEY_API_URL", "http://o.corp/api",
         "environment ONEKEY_API_URL: api.url: over http everybody on the way reads the token; "
         "write https:// (http:// is for 127.0.0.0/8, ::1 and localhost only)"},
        {"ONEKEY_TENANT_NAME", "\xff",
         "environment ONEKEY_TENANT_NAME: the text has a control character or is no UTF-8; remove "
         "it"},
    };
    static const struct config_setting setting = {"log.format", "xml", "--log-format"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const pairs[][2] = {{"HOME", "/h"}, {rows[i].name, rows[i].value}};
        const struct config_sources sources = sources_with(pairs, 2);
        auto_loaded struct loaded loaded = loaded_from(&sources);

        loaded_expect_error(rows[i].name, &loaded, rows[i].want);
    }
    struct config_sources sources = {
        .environment = loaded_home_only, .settings = &setting, .setting_count = 1};
    auto_loaded struct loaded loaded = loaded_from(&sources);
    loaded_expect_error("option", &loaded,
                        "option --log-format: \"xml\" is not accepted; write text or json");
}

static void the_state_directory_is_found_in_this_order(void **state)
{
    static const struct {
        const char *why;
        const char *const pairs[4][2];
        const char *file;
        bool as_root;
        const char *want;
    } rows[] = {
        {"ours before the service manager's",
         {{"ONEKEY_AGENT_STATE_DIR", "/e"}, {"STATE_DIRECTORY", "/s"}, {"HOME", "/h"}},
         "version: 1\nstate_dir: /f",
         false,
         "/e"},
        {"the service manager's before the file's",
         {{"STATE_DIRECTORY", "/s"}, {"HOME", "/h"}},
         "version: 1\nstate_dir: /f",
         false,
         "/s"},
        {"the first of the service manager's",
         {{"STATE_DIRECTORY", "/s:/t"}, {"HOME", "/h"}},
         NULL,
         false,
         "/s"},
        {"the file's",
         {{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}},
         "version: 1\nstate_dir: /f",
         false,
         "/f"},
        {"the user's", {{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}}, NULL, false, "/x/onekey-agent"},
        {"a relative one does not count",
         {{"XDG_STATE_HOME", "x"}, {"HOME", "/h"}},
         NULL,
         false,
         "/h/.local/state/onekey-agent"},
        {"from home", {{"HOME", "/h"}}, NULL, false, "/h/.local/state/onekey-agent"},
        {"root's", {{"HOME", "/root"}}, NULL, true, "/var/lib/onekey-agent/state"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t count = 0;
        while (rows[i].pairs[count][0])
            count++;
        struct config_sources sources = sources_with(rows[i].pairs, count);
        if (rows[i].file)
            add_file(&sources, rows[i].file);
        sources.as_root = rows[i].as_root;
        auto_loaded struct loaded loaded = loaded_from(&sources);

        if (!loaded.config)
            fail_msg("%s: %s", rows[i].why, loaded.err.message);
        if (strcmp(loaded.config->state_dir, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, loaded.config->state_dir, rows[i].want);
        auto_free char *sboms = xasprintf("%s/sboms", rows[i].want);
        assert_string_equal(loaded.config->sbom.directory, sboms);
    }
}

static void without_any_place_for_the_state_it_says_so(void **state)
{
    const struct config_sources sources = sources_with(NULL, 0);
    const struct config_sources no_environment = {0};
    auto_loaded struct loaded loaded = loaded_from(&sources);
    auto_loaded struct loaded bare = loaded_from(&no_environment);

    (void)state;
    loaded_expect_error("no home", &loaded,
                        "state_dir: no place for it without $HOME; set state_dir");
    assert_int_equal(bare.problems.error_count, 1);
}

static void a_relative_path_on_the_command_line_is_from_here(void **state)
{
    static const struct config_setting settings[] = {{"state_dir", "./state/", "--state-dir"},
                                                     {"api.ca_file", "../ca.pem", "--ca-file"}};
    const struct config_sources sources = {
        .environment = loaded_home_only, .settings = settings, .setting_count = 2};
    auto_free char *here = getcwd(NULL, 0);
    auto_free char *want = xasprintf("%s/state", here);
    auto_free char *want_ca = xasprintf("%s/../ca.pem", here);
    auto_loaded struct loaded loaded = loaded_from(&sources);

    (void)state;
    assert_non_null(loaded.config);
    assert_string_equal(loaded.config->state_dir, want);
    assert_string_equal(loaded.config->api.ca_file, want_ca);
}

static void nothing_is_kept_of_the_sources(void **state)
{
    char text[] = "version: 1\napi: {tenant: Acme}\nwatch: [{name: a, path: /a}]\n";
    char value[] = "https://o.corp/api";
    char option[] = "--api-url";
    char name[] = "c.yaml";
    const struct config_setting setting = {"api.url", value, option};
    struct config_sources sources = {
        .environment = loaded_home_only, .settings = &setting, .setting_count = 1};

    (void)state;
    add_file(&sources, text);
    sources.file_name = name;
    auto_loaded struct loaded loaded = loaded_from(&sources);
    memset(text, 'x', sizeof text - 1);
    memset(value, 'x', sizeof value - 1);
    memset(option, 'x', sizeof option - 1);
    memset(name, 'x', sizeof name - 1);
    loaded_expect_value("file", &loaded, "api.tenant", "\"Acme\"");
    loaded_expect_value("file", &loaded, "watch[0].path", "\"/a\"");
    loaded_expect_value("option", &loaded, "api.url", "\"https://o.corp/api\"");
    expect_origin(&loaded, "api.url", "option --api-url");
    expect_origin(&loaded, "api.tenant", "c.yaml:2:15");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_the_defaults_hold),
        cmocka_unit_test(an_option_wins_over_the_environment_over_the_file_over_the_default),
        cmocka_unit_test(the_place_of_an_item_is_known),
        cmocka_unit_test(each_variable_has_its_option),
        cmocka_unit_test(a_bad_variable_or_option_is_named),
        cmocka_unit_test(the_state_directory_is_found_in_this_order),
        cmocka_unit_test(without_any_place_for_the_state_it_says_so),
        cmocka_unit_test(a_relative_path_on_the_command_line_is_from_here),
        cmocka_unit_test(nothing_is_kept_of_the_sources),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
