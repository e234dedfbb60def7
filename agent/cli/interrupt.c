#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* Both only call what POSIX lists as safe in a signal handler. */
static void on_signal(int number)
{
    _exit(128 + number);
}

static void on_signal_at_terminal(int number)
{
    ssize_t written = write(STDERR_FILENO, "\n", 1);

    (void)written;
    _exit(128 + number);
}

void interrupt_install(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction ends = {
        .sa_handler = isatty(STDERR_FILENO) ? on_signal_at_terminal : on_signal,
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction old;

        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &ends, NULL);
    }
}
