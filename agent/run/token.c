#include "run/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"

static const char credential_name[] = "onekey-token";

static const char *environment(const struct token_options *options, const char *name)
{
    const char *value = options->environment ? options->environment(name) : NULL;

    return value && *value ? value : NULL;
}

static char *credential_path(const struct token_options *options)
{
    const char *folder = environment(options, "CREDENTIALS_DIRECTORY");
    char *path = folder ? xasprintf("%s/%s", folder, credential_name) : NULL;

    if (path && access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

char *token_path(const struct token_options *options)
{
    if (options->file_option)
        return xstrdup(options->file_option);
    if (options->value_option)
        return NULL;
    if (environment(options, "ONEKEY_TOKEN_FILE"))
        return xstrdup(environment(options, "ONEKEY_TOKEN_FILE"));
    if (environment(options, "ONEKEY_TOKEN"))
        return NULL;
    if (options->config_file)
        return xstrdup(options->config_file);
    return credential_path(options);
}

static void warn_if_open(int fd, const char *path)
{
    struct stat facts;

    if (fstat(fd, &facts) == 0 && (facts.st_mode & S_IROTH))
        log_warn("token_file_open", F_TEXT("file", path),
                 F_TEXT("reason", "everybody on this machine can read it; chmod 0640"));
}

static bool read_file(const char *path, struct secret **token, struct err *err)
{
    char bytes[SECRET_MAX + 16];
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        err_sys(err, errno, "open token file %s", path);
        err->kind = ERR_AUTH;
        return false;
    }
    warn_if_open(fd, path);
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0) {
        err_sys(err, errno, "read token file %s", path);
        err->kind = ERR_AUTH;
        return false;
    }
    *token = secret_new(bytes, (size_t)got, err);
    explicit_bzero(bytes, sizeof bytes);
    return *token || err_wrap(err, "token file %s", path);
}

static bool read_value(const char *value, const char *origin, struct secret **token,
                       struct err *err)
{
    *token = secret_new(value, strlen(value), err);
    return *token || err_wrap(err, "%s", origin);
}

bool token_read(const struct token_options *options, struct secret **token,
                char origin[TOKEN_ORIGIN_SIZE], struct err *err)
{
    auto_free char *path = token_path(options);
    const char *value =
        options->value_option ? options->value_option : environment(options, "ONEKEY_TOKEN");

    *token = NULL;
    if (path) {
        snprintf(origin, TOKEN_ORIGIN_SIZE, "file %s", path);
        return read_file(path, token, err);
    }
    if (value) {
        snprintf(origin, TOKEN_ORIGIN_SIZE, "%s",
                 options->value_option ? "option --token" : "ONEKEY_TOKEN");
        return read_value(value, origin, token, err);
    }
    snprintf(origin, TOKEN_ORIGIN_SIZE, "nowhere");
    return err_set(err, ERR_AUTH,
                   "there is no token: write one into a file and name it with --token-file or "
                   "api.token_file, or set ONEKEY_TOKEN");
}
