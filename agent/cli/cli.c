/*
 * cli.c - from argv to an exit code: protect the process, read the words, run the command,
 * see that its result arrived.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "cli/token_source.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED 0
#endif

/*
 * The next file that is opened must not become stdout: a result would be written into the
 * ledger. On this descriptor writing fails, as it does on a closed one.
 */
static void open_missing_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) < 0)
            abort();
    }
}

/* The token is in memory: no core dump and no debugger of the same user gets it. */
static void protect_memory(void)
{
    const struct rlimit none = {0};

    (void)setrlimit(RLIMIT_CORE, &none);
    /* A leak checker is such a debugger. */
#if !IS_SANITIZED
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

static void prepare_process(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    open_missing_streams();
    protect_memory();
    /* A closed pipe is an error of the write, told by its exit code. */
    sigaction(SIGPIPE, &ignore, NULL);
    interrupt_install();
}

static void help(struct session *session)
{
    const struct args *args = &session->args;

    if (args->version)
        help_version(&session->out);
    else if (args->command)
        help_command(&session->out, args->command);
    else if (args->group)
        help_group(&session->out, args->group, command_list);
    else
        help_program(&session->out, command_list);
}

static int run_command(struct session *session, struct err *err)
{
    const struct args *args = &session->args;

    if (args->help || args->version) {
        help(session);
        return 0;
    }
    if (!token_source_prepare(session, STDIN_FILENO, err))
        return command_failed(err);
    return args->command->run(session, err);
}

/* A result that did not arrive outranks one that did. */
static int finish(struct session *session, int exit_code, struct err *err)
{
    struct err lost = {.kind = ERR_OK};

    bool arrived = out_finish(&session->out, &lost);
    if (exit_code != 0 && err->message[0] != '\0')
        session_say("%s", err->message);
    if (arrived)
        return exit_code;
    if (lost.message[0] != '\0')
        session_say("%s", lost.message);
    return command_failed(&lost);
}

static const char *environment(const char *name)
{
    return getenv(name);
}

static int refuse(const struct session *session, const struct err *err)
{
    const struct args *args = &session->args;
    const char *name = args->command ? args->command->name : args->group;

    session_say("%s", err->message);
    session_say("try: onekey-agent %s%s--help", name ? name : "", name ? " " : "");
    return command_failed(err);
}

int cli_main(int argc, char **argv)
{
    struct session session = {.environment = environment};
    struct err err = {.kind = ERR_OK};

    prepare_process();
    out_init(&session.out, stdout);
    session.settings = (struct settings){.args = &session.args, .environment = session.environment};
    int exit_code = args_parse(argc, argv, command_list, &session.args, &err)
                        ? finish(&session, run_command(&session, &err), &err)
                        : refuse(&session, &err);
    settings_release(&session.settings);
    args_release(&session.args);
    return exit_code;
}
