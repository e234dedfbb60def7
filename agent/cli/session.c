/*
 * session.c - what is said on stderr, and how loud the log is, for one call.
 */
#include "cli/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/command.h"

enum { LINE_SIZE = 4096 };

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args)
{
    char line[LINE_SIZE];

    vsnprintf(line, sizeof line, format, args);
    fprintf(stderr, "onekey-agent: %s\n", line);
}

void session_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
}

void session_notice(const struct session *session, const char *format, ...)
{
    va_list args;

    if (session->args.quiet)
        return;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

/* As systemd.exec(5) says: "device:inode" of the stream that the journal reads. */
static bool is_journal(const char *stream)
{
    struct stat stat;

    if (!stream || fstat(STDERR_FILENO, &stat) != 0)
        return false;
    auto_free char *own = xasprintf("%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
    return strcmp(stream, own) == 0;
}

/* A command that only asks has nothing to tell but what is wrong. */
static enum log_level level_of(const struct session *session, const struct config *config)
{
    const struct args *args = &session->args;
    enum log_level most = LOG_LEVEL_DEBUG;

    if (args->quiet)
        most = LOG_LEVEL_ERROR;
    else if (!args->command->runs_agent || args->dry_run)
        most = LOG_LEVEL_WARN;
    return args->log_level || config->log.level < most ? config->log.level : most;
}

/* The lines begin with their place, as editors and CI logs look for it. */
static void print_problems(const struct session *session, const struct config_problems *problems)
{
    for (size_t i = 0; i < problems->warning_count && !session->args.quiet; i++)
        fprintf(stderr, "warning: %s\n", problems->warnings[i]);
    for (size_t i = 0; i < problems->error_count; i++)
        fprintf(stderr, "%s\n", problems->errors[i]);
}

static bool load(struct session *session, struct err *err)
{
    struct settings *settings = &session->settings;
    struct config_problems problems = {0};
    bool ok = settings_read(settings, &settings->config, &problems, err);
    size_t errors = problems.error_count + problems.errors_more;

    print_problems(session, &problems);
    if (errors > 0)
        err_set(err, ERR_CONFIG, "the configuration has %zu error%s", errors,
                errors == 1 ? "" : "s");
    config_problems_release(&problems);
    return ok;
}

const struct config *session_config(struct session *session, struct err *err)
{
    if (!load(session, err))
        return NULL;
    const struct config *config = session->settings.config;

    log_setup(level_of(session, config), config->log.format,
              is_journal(session->environment("JOURNAL_STREAM")));
    if (config->api.disable_tls_verify)
        session_say("WARNING: certificates are not checked (--disable-tls-verify): everybody on "
                    "the way can read the token and the firmware");
    return config;
}
