#include "run/signal_guard.h"

#include <signal.h>
#include <stddef.h>

static void on_guarded(uv_signal_t *handle, int signal)
{
    struct signal_guard *guard = handle->data;

    guard->ends = guard->ends || signal == SIGTERM || signal == SIGINT;
}

void signal_guard_start(struct signal_guard *guard)
{
    static const int numbers[SIGNAL_GUARD_COUNT] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

    *guard = (struct signal_guard){0};
    uv_loop_init(&guard->loop);
    for (size_t i = 0; i < SIGNAL_GUARD_COUNT; i++) {
        uv_signal_init(&guard->loop, &guard->signals[i]);
        guard->signals[i].data = guard;
        uv_signal_start(&guard->signals[i], on_guarded, numbers[i]);
    }
}

bool signal_guard_ends(struct signal_guard *guard)
{
    uv_run(&guard->loop, UV_RUN_NOWAIT);
    return guard->ends;
}

void signal_guard_stop(struct signal_guard *guard)
{
    for (size_t i = 0; i < SIGNAL_GUARD_COUNT; i++)
        uv_close((uv_handle_t *)&guard->signals[i], NULL);
    uv_run(&guard->loop, UV_RUN_DEFAULT);
    uv_loop_close(&guard->loop);
}
