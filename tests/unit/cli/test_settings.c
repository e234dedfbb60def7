#include "test.h"

#include <unistd.h>

#include "base/auto.h"
#include "cli/settings.h"
#include "tree.h"

/* What getenv() would say in this test. */
static struct {
    const char *name;
    const char *value;
} variables[4];

static const char *environment(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        if (variables[i].name && strcmp(variables[i].name, name) == 0)
            return variables[i].value;
    }
    return strcmp(name, "HOME") == 0 ? "/nonexistent" : NULL;
}

static void set_variable(size_t at, const char *name, const char *value)
{
    variables[at].name = name;
    variables[at].value = value;
}

struct rig {
    struct tree tree;
    char file[128];
    struct args args;
    struct settings settings;
    struct config_problems problems;
    struct err err;
};

static void write_config(struct rig *rig, const char *text)
{
    tree_file(&rig->tree, "agent.yaml", text);
    snprintf(rig->file, sizeof rig->file, "%s/agent.yaml", rig->tree.path);
}

static int make(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    memset(variables, 0, sizeof variables);
    tree_make(&rig->tree);
    write_config(rig, "version: 1\napi: {url: https://file.example/api, tenant: File}\n"
                      "log: {level: warn}\n");
    rig->args.config = rig->file;
    rig->settings = (struct settings){
        .args = &rig->args, .environment = environment, .system_path = "/nonexistent"};
    *state = rig;
    return 0;
}

static int drop(void **state)
{
    struct rig *rig = *state;

    settings_release(&rig->settings);
    config_problems_release(&rig->problems);
    tree_clear(AT_FDCWD, rig->tree.path);
    close(rig->tree.fd);
    free(rig);
    return 0;
}

static const struct config *read_it(struct rig *rig)
{
    config_free(rig->settings.config);
    rig->settings.config = NULL;
    config_problems_release(&rig->problems);
    rig->problems = (struct config_problems){0};
    if (!settings_read(&rig->settings, &rig->settings.config, &rig->problems, &rig->err))
        return NULL;
    return rig->settings.config;
}

static void an_option_wins_over_the_environment_and_that_over_the_file(void **state)
{
    struct rig *rig = *state;
    const struct config *config = read_it(rig);

    assert_string_equal(config->api.url, "https://file.example/api");
    set_variable(0, "ONEKEY_API_URL", "https://environment.example/api");
    config = read_it(rig);
    assert_string_equal(config->api.url, "https://environment.example/api");
    rig->args.api_url = "https://option.example/api";
    config = read_it(rig);
    assert_string_equal(config->api.url, "https://option.example/api");
    assert_string_equal(config->api.tenant, "File");
    auto_free char *origin = config_origin(config, "api.url");
    assert_string_equal(origin, "option --api-url");
}

static void every_option_of_the_command_line_arrives(void **state)
{
    struct rig *rig = *state;

    rig->args.tenant = "Option";
    rig->args.ca_file = "/etc/ca.pem";
    rig->args.state_dir = "/tmp/state";
    rig->args.log_level = "debug";
    rig->args.log_format = "json";
    rig->args.disable_tls_verify = true;
    const struct config *config = read_it(rig);
    assert_non_null(config);
    assert_string_equal(config->api.tenant, "Option");
    assert_string_equal(config->api.ca_file, "/etc/ca.pem");
    assert_string_equal(config->state_dir, "/tmp/state");
    assert_int_equal(config->log.level, LOG_LEVEL_DEBUG);
    assert_int_equal(config->log.format, LOG_FORMAT_JSON);
    assert_true(config->api.disable_tls_verify);
}

static void no_file_is_needed(void **state)
{
    struct rig *rig = *state;

    rig->args.config = NULL;
    const struct config *config = read_it(rig);
    assert_non_null(config);
    assert_string_equal(config->api.url, "https://app.eu.onekey.com/api");
    assert_null(rig->settings.file);
}

static void a_file_that_was_named_must_be_there(void **state)
{
    struct rig *rig = *state;

    rig->args.config = "/nonexistent/agent.yaml";
    assert_null(read_it(rig));
    assert_int_equal(rig->err.kind, ERR_CONFIG);
}

/* A daemon whose file was moved away must not go on without watches. */
static void a_reload_wants_the_file_that_was_there(void **state)
{
    struct rig *rig = *state;

    rig->args.config = NULL;
    set_variable(0, "ONEKEY_AGENT_CONFIG", rig->file);
    assert_non_null(read_it(rig));
    set_variable(0, NULL, NULL);
    write_config(rig, "version: 1\napi: {tenant: Changed}\n");
    const struct config *config = read_it(rig);
    assert_string_equal(config->api.tenant, "Changed");
    unlinkat(rig->tree.fd, "agent.yaml", 0);
    assert_null(read_it(rig));
    assert_int_equal(rig->err.kind, ERR_CONFIG);
}

static void a_bad_option_is_a_problem_with_its_name(void **state)
{
    struct rig *rig = *state;

    rig->args.api_url = "http://far.example/api";
    assert_null(read_it(rig));
    assert_int_equal(rig->problems.error_count, 1);
    assert_non_null(strstr(rig->problems.errors[0], "--api-url"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_option_wins_over_the_environment_and_that_over_the_file,
                                        make, drop),
        cmocka_unit_test_setup_teardown(every_option_of_the_command_line_arrives, make, drop),
        cmocka_unit_test_setup_teardown(no_file_is_needed, make, drop),
        cmocka_unit_test_setup_teardown(a_file_that_was_named_must_be_there, make, drop),
        cmocka_unit_test_setup_teardown(a_reload_wants_the_file_that_was_there, make, drop),
        cmocka_unit_test_setup_teardown(a_bad_option_is_a_problem_with_its_name, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
