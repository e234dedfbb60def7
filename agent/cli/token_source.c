/*
 * token_source.c - stdin is read once, here: run/ reads its sources again whenever the
 * token is refused, and a pipe has nothing the second time.
 */
#include "cli/token_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static bool read_all(int fd, char bytes[TOKEN_SOURCE_STDIN_MAX], size_t *size, struct err *err)
{
    *size = 0;
    while (*size < TOKEN_SOURCE_STDIN_MAX) {
        ssize_t got = read(fd, bytes + *size, TOKEN_SOURCE_STDIN_MAX - *size);

        if (got == 0)
            return true;
        if (got > 0)
            *size += (size_t)got;
        else if (errno != EINTR)
            return err_sys(err, errno, "read the token from stdin");
    }
    return true; /* secret_new() says that it is too long */
}

static bool read_stdin(struct args *args, int fd, struct err *err)
{
    char bytes[TOKEN_SOURCE_STDIN_MAX];
    size_t size;
    bool ok = read_all(fd, bytes, &size, err);

    if (ok && memchr(bytes, '\0', size))
        ok = err_set(err, ERR_AUTH, "stdin: the token contains control characters");
    if (ok) {
        char *value = xstrndup(bytes, size);
        free(args->token); /* was "-" */
        args->token = value;
    }
    explicit_bzero(bytes, sizeof bytes);
    return ok;
}

bool token_source_prepare(struct session *session, int stdin_fd, struct err *err)
{
    struct args *args = &session->args;

    if (!args->token)
        return true;
    if (strcmp(args->token, "-") == 0)
        return read_stdin(args, stdin_fd, err);
    session_notice(session, "--token was seen by everybody who looked at this machine's processes; "
                            "ONEKEY_TOKEN or --token-file is safer");
    return true;
}

struct token_options token_source(const struct session *session)
{
    const struct config *config = session->settings.config;

    return (struct token_options){
        .file_option = session->args.token_file,
        .value_option = session->args.token,
        .environment = session->environment,
        .config_file = config ? config->api.token_file : NULL,
    };
}
