#include "test.h"

#include "base/log.h"
#include "run/token.h"
#include "tree.h"

#define GOOD "7c2f4f3e-0000-4000-8000-000000000001/s3cret-Value"

/* A folder with a token file per source; what the environment says is chosen by each test. */
static struct {
    struct tree tree;
    char paths[4][128]; /* option, environment, config, credential */
} stage;

static const struct {
    const char *name;
    const char *value;
} * environment_now;

static const char *environment(const char *name)
{
    for (size_t i = 0; environment_now && environment_now[i].name; i++) {
        if (strcmp(environment_now[i].name, name) == 0)
            return environment_now[i].value;
    }
    return NULL;
}

static int set_stage(void **state)
{
    static const char *const names[] = {"option", "environment", "config", "onekey-token"};

    (void)state;
    tree_make(&stage.tree);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char text[64];

        snprintf(text, sizeof text, "file-%s\n", names[i]);
        tree_file(&stage.tree, names[i], text);
        tree_ok(fchmodat(stage.tree.fd, names[i], 0640, 0), names[i]);
        snprintf(stage.paths[i], sizeof stage.paths[i], "%s/%s", stage.tree.path, names[i]);
    }
    return 0;
}

static int clear_stage(void **state)
{
    (void)state;
    tree_remove(&stage.tree);
    return 0;
}

static struct secret *secret_of(const char *text)
{
    struct err err;

    return secret_new(text, strlen(text), &err);
}

static void the_first_source_that_is_set_is_taken(void **state)
{
    enum { FILE_OPTION = 1, OPTION = 2, ENV_FILE = 4, ENV = 8, CONFIG = 16, CREDENTIAL = 32 };
    static const struct {
        const char *token;
        const char *origin;
        unsigned from; /* this source and all below it are set */
        int path;      /* of stage.paths, -1: none */
    } rows[] = {
        {"file-option", "file ", FILE_OPTION, 0},   {"value-option", "option --token", OPTION, -1},
        {"file-environment", "file ", ENV_FILE, 1}, {"value-environment", "ONEKEY_TOKEN", ENV, -1},
        {"file-config", "file ", CONFIG, 2},        {"file-onekey-token", "file ", CREDENTIAL, 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned set = ~(rows[i].from - 1);
        __typeof__(*environment_now) given[] = {
            {"ONEKEY_TOKEN_FILE", set & ENV_FILE ? stage.paths[1] : ""}, /* empty is not set */
            {"ONEKEY_TOKEN", set & ENV ? "value-environment" : NULL},
            {"CREDENTIALS_DIRECTORY", stage.tree.path},
            {NULL, NULL},
        };
        const struct token_options options = {
            .file_option = set & FILE_OPTION ? stage.paths[0] : NULL,
            .value_option = set & OPTION ? "value-option" : NULL,
            .environment = environment,
            .config_file = set & CONFIG ? stage.paths[2] : NULL,
        };
        char origin[TOKEN_ORIGIN_SIZE];
        struct secret *token = NULL;
        struct err err = {.kind = ERR_OK};

        environment_now = given;
        if (!token_read(&options, &token, origin, &err))
            fail_msg("%s: %s", rows[i].token, err.message);
        struct secret *want = secret_of(rows[i].token);
        char *path = token_path(&options);
        if (!secret_equal(token, want) ||
            strncmp(origin, rows[i].origin, strlen(rows[i].origin)) != 0)
            fail_msg("not %s but one from %s", rows[i].token, origin);
        if (rows[i].path < 0 ? path != NULL : !path || strcmp(path, stage.paths[rows[i].path]) != 0)
            fail_msg("%s: watches %s", rows[i].token, path ? path : "nothing");
        environment_now = NULL;
        free(path);
        secret_free(want);
        secret_free(token);
    }
}

static void a_bad_token_is_refused_with_the_reason_and_never_shown(void **state)
{
    static char too_long[SECRET_MAX + 100];
    static const struct {
        const char *text;
        const char *words; /* NULL: taken */
    } rows[] = {
        {GOOD, NULL},
        {GOOD "\n", NULL},
        {GOOD "\r\n", NULL},
        {GOOD "\n\n", "white space"},
        {GOOD " ", "white space"},
        {"\n" GOOD, "white space"},
        {"", "is empty"},
        {"\n", "is empty"},
        {"${ONEKEY_s3cret}", "placeholder"},
        {"your-api-token", "placeholder"},
        {"s3cret\x01", "control characters"},
        {"s3cret\xc3\xa9", "non-ASCII"},
        {too_long, "longer than 4 KiB"},
    };

    (void)state;
    memset(too_long, 's', sizeof too_long - 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct token_options from_file = {.config_file = stage.paths[2]};
        const struct token_options from_value = {.value_option = rows[i].text};
        const struct token_options *const options[] = {&from_file, &from_value};

        tree_file(&stage.tree, "config", rows[i].text);
        for (size_t from = 0; from < COUNT_OF(options); from++) {
            char origin[TOKEN_ORIGIN_SIZE];
            struct secret *token = NULL;
            struct err err = {.kind = ERR_OK};
            bool ok = token_read(options[from], &token, origin, &err);

            if (ok != (rows[i].words == NULL) || (token != NULL) != ok)
                fail_msg("row %zu, %s: ok=%d", i, origin, ok);
            const char *words = rows[i].words ? rows[i].words : "";
            if (!ok && (err.kind != ERR_AUTH || !strstr(err.message, words) ||
                        strstr(err.message, "s3cret") || strlen(err.message) > 300))
                fail_msg("row %zu: %s", i, err.message);
            secret_free(token);
        }
    }
}

static void a_file_that_cannot_be_read_is_no_reason_to_try_another(void **state)
{
    static const struct {
        const char *path;
        const char *words;
    } rows[] = {
        {"missing", "No such file"},
        {"folder", "Is a directory"},
        {"fifo", "is empty"}, /* nobody writes: it must not hang */
    };

    (void)state;
    tree_dir(&stage.tree, "folder");
    tree_ok(mkfifoat(stage.tree.fd, "fifo", 0600), "fifo");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char path[128];
        char origin[TOKEN_ORIGIN_SIZE];
        const struct token_options options = {.file_option = path, .config_file = stage.paths[2]};
        struct secret *token = NULL;
        struct err err = {.kind = ERR_OK};

        snprintf(path, sizeof path, "%s/%s", stage.tree.path, rows[i].path);
        if (token_read(&options, &token, origin, &err) || err.kind != ERR_AUTH ||
            !strstr(err.message, rows[i].words) || !strstr(err.message, path))
            fail_msg("%s: %s (%s)", rows[i].path, err.message, err_kind_name(err.kind));
        assert_null(token);
        assert_non_null(strstr(origin, path));
    }
}

static void no_token_at_all_says_where_to_put_one(void **state)
{
    const struct token_options options = {.environment = environment};
    char origin[TOKEN_ORIGIN_SIZE];
    struct secret *token;
    struct err err;

    (void)state;
    assert_false(token_read(&options, &token, origin, &err));
    assert_int_equal(err.kind, ERR_AUTH);
    assert_non_null(strstr(err.message, "ONEKEY_TOKEN"));
    assert_null(token_path(&options));
}

/* One line on stderr, which this test takes for itself. */
static size_t warnings_of(mode_t mode)
{
    const struct token_options options = {.config_file = stage.paths[2]};
    char origin[TOKEN_ORIGIN_SIZE];
    char text[1024] = "";
    struct secret *token;
    struct err err;
    int fds[2];
    int kept = dup(STDERR_FILENO);

    tree_ok(fchmodat(stage.tree.fd, "config", mode, 0), "config");
    tree_ok(pipe2(fds, O_NONBLOCK), "pipe");
    dup2(fds[1], STDERR_FILENO);
    bool ok = token_read(&options, &token, origin, &err);
    dup2(kept, STDERR_FILENO);
    ssize_t size = read(fds[0], text, sizeof text - 1);
    close(kept);
    close(fds[0]);
    close(fds[1]);
    assert_true(ok);
    secret_free(token);
    assert_null(strstr(text, "file-config"));
    return size > 0 && strstr(text, "token_file_open") ? 1 : 0;
}

static void a_file_that_everybody_reads_is_warned_of(void **state)
{
    (void)state;
    tree_file(&stage.tree, "config", "file-config\n");
    assert_int_equal(warnings_of(0644), 1);
    assert_int_equal(warnings_of(0604), 1);
    assert_int_equal(warnings_of(0640), 0);
    assert_int_equal(warnings_of(0600), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_source_that_is_set_is_taken),
        cmocka_unit_test(a_bad_token_is_refused_with_the_reason_and_never_shown),
        cmocka_unit_test(a_file_that_cannot_be_read_is_no_reason_to_try_another),
        cmocka_unit_test(no_token_at_all_says_where_to_put_one),
        cmocka_unit_test(a_file_that_everybody_reads_is_warned_of),
    };

    log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, set_stage, clear_stage);
}
