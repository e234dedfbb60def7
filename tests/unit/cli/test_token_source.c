#include "test.h"

#include <unistd.h>

#include "base/mem.h"
#include "cli/token_source.h"

static int pipe_with(const char *bytes, size_t size)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, size), (ssize_t)size);
    close(ends[1]);
    return ends[0];
}

static struct session quiet_session(const char *token)
{
    struct session session = {.args.quiet = true};

    session.args.token = token ? xstrdup(token) : NULL;
    return session;
}

static void a_minus_reads_stdin(void **state)
{
    struct session session = quiet_session("-");
    int fd = pipe_with("tenant/5ecret\n", 14);
    struct err err;

    (void)state;
    assert_true(token_source_prepare(&session, fd, &err));
    assert_string_equal(token_source(&session).value_option, "tenant/5ecret\n");
    close(fd);
    args_release(&session.args);
}

static void a_value_is_kept_and_stdin_is_not_read(void **state)
{
    struct session session = quiet_session("tenant/5ecret");
    struct err err;

    (void)state;
    assert_true(token_source_prepare(&session, -1, &err));
    assert_string_equal(token_source(&session).value_option, "tenant/5ecret");
    args_release(&session.args);
}

static void stdin_that_is_no_token_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t size;
    } rows[] = {
        {"a NUL would hide the rest", "tenant\0/5ecret", 14},
        {"nothing", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct session session = quiet_session("-");
        int fd = pipe_with(rows[i].bytes, rows[i].size);
        char origin[TOKEN_ORIGIN_SIZE];
        struct secret *token = NULL;
        struct err err = {0};
        bool ok = token_source_prepare(&session, fd, &err);
        const struct token_options options = token_source(&session);

        ok = ok && token_read(&options, &token, origin, &err);
        if (ok || err.kind != ERR_AUTH)
            fail_msg("%s: %s", rows[i].why, err.message);
        close(fd);
        args_release(&session.args);
    }
}

static void more_than_any_token_is_not_read_forever(void **state)
{
    struct session session = quiet_session("-");
    char bytes[2 * TOKEN_SOURCE_STDIN_MAX];
    struct err err;

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    int fd = pipe_with(bytes, sizeof bytes);
    assert_true(token_source_prepare(&session, fd, &err));
    assert_int_equal(strlen(session.args.token), TOKEN_SOURCE_STDIN_MAX);
    close(fd);
    args_release(&session.args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minus_reads_stdin),
        cmocka_unit_test(a_value_is_kept_and_stdin_is_not_read),
        cmocka_unit_test(stdin_that_is_no_token_is_refused),
        cmocka_unit_test(more_than_any_token_is_not_read_forever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
