/*
 * control.c - the socket, who is connected, and whose turn it is.
 *
 * One idle handle makes rows, for one client in each turn of the loop. It runs only
 * while a client is hungry: a longer listing then costs the loop two milliseconds a turn.
 */
#include "control/control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"
#include "control/control_parts.h"

enum {
    CLIENTS_MAX = 64,
    REQUEST_MS = 10000,
    STALL_MS = 30000,
    LOOK_MS = 1000,
    EXIT_BUSY = 75,
};

static void release(struct control *control)
{
    close(control->dir_fd);
    free(control->state_dir);
    free(control->real_dir);
    free(control);
}

static void handle_closed(struct control *control)
{
    if (--control->open_handles > 0)
        return;
    void (*closed)(void *) = control->closed;
    void *owner = control->closed_owner;
    release(control);
    if (closed)
        closed(owner);
}

static void on_handle_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void unlink_peer(struct peer *peer)
{
    struct peer **link = &peer->control->peers;

    while (*link != peer)
        link = &(*link)->next;
    *link = peer->next;
}

void control_peer_closed(struct peer *peer)
{
    struct control *control = peer->control;

    unlink_peer(peer);
    free(peer);
    if (--control->peer_count == 0 && !uv_is_closing((uv_handle_t *)&control->timer))
        uv_timer_stop(&control->timer);
    handle_closed(control);
}

/* Behind all others: each client has its turn. */
static void requeue(struct peer *peer)
{
    struct peer **link = &peer->control->peers;

    unlink_peer(peer);
    while (*link)
        link = &(*link)->next;
    peer->next = NULL;
    *link = peer;
}

static void on_idle(uv_idle_t *idle)
{
    struct control *control = idle->data;
    struct peer *peer = control->peers;

    while (peer && !peer_is_hungry(peer))
        peer = peer->next;
    if (!peer) {
        uv_idle_stop(idle);
        return;
    }
    requeue(peer);
    peer_make_slice(peer);
}

void control_wake(struct control *control)
{
    uv_idle_start(&control->idle, on_idle);
}

static void on_timer(uv_timer_t *timer)
{
    struct control *control = timer->data;

    for (struct peer *peer = control->peers; peer; peer = peer->next) {
        if (peer->state != PEER_CLOSING)
            peer_check(peer, uv_now(control->loop));
    }
}

static uint64_t look_ms(const struct control_options *options)
{
    int64_t least =
        options->request_ms < options->stall_ms ? options->request_ms : options->stall_ms;

    return (uint64_t)(least / 4 < LOOK_MS ? least / 4 + 1 : LOOK_MS);
}

static struct peer *add_peer(struct control *control)
{
    struct peer *peer = xcalloc(1, sizeof *peer);
    uint64_t every_ms = look_ms(&control->options);

    peer->control = control;
    peer_start(peer);
    peer->next = control->peers;
    control->peers = peer;
    control->open_handles++;
    if (control->peer_count++ == 0)
        uv_timer_start(&control->timer, on_timer, every_ms, every_ms);
    return peer;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *control = listener->data;

    if (status < 0) { /* out of descriptors, most likely: libuv goes on accepting */
        log_warn("control_accept_failed", F_TEXT("error", uv_strerror(status)));
        return;
    }
    struct peer *peer = add_peer(control);
    if (uv_accept(listener, (uv_stream_t *)&peer->pipe) != 0)
        peer_close(peer);
    else if (control->peer_count > CLIENTS_MAX)
        peer_refuse(peer, EXIT_BUSY, "too many clients: try again");
    else
        peer_read(peer);
}

/* ---- the whole ---- */

static void ignore_sigpipe(void)
{
    const struct sigaction action = {.sa_handler = SIG_IGN};

    sigaction(SIGPIPE, &action, NULL);
}

static void close_handles(struct control *control)
{
    for (struct peer *peer = control->peers; peer; peer = peer->next)
        peer_close(peer);
    uv_close((uv_handle_t *)&control->listener, on_handle_closed);
    uv_close((uv_handle_t *)&control->idle, on_handle_closed);
    uv_close((uv_handle_t *)&control->timer, on_handle_closed);
}

static int start_listening(struct control *control, uv_loop_t *loop)
{
    uv_pipe_init(loop, &control->listener, 0);
    uv_idle_init(loop, &control->idle);
    uv_timer_init(loop, &control->timer);
    control->listener.data = control->idle.data = control->timer.data = control;
    control->open_handles = 3;
    int code = uv_pipe_open(&control->listener, control->socket.fd);
    if (code != 0) {
        close(control->socket.fd);
        return code;
    }
    return uv_listen((uv_stream_t *)&control->listener, CLIENTS_MAX, on_connection);
}

static struct control *prepare(uv_loop_t *loop, const struct control_options *options)
{
    struct control *control = xcalloc(1, sizeof *control);

    control->loop = loop;
    control->options = *options;
    control->options.request_ms = options->request_ms ? options->request_ms : REQUEST_MS;
    control->options.stall_ms = options->stall_ms ? options->stall_ms : STALL_MS;
    auto_free char *real_dir = realpath(options->state_dir, NULL);
    control->state_dir = printable_new(options->state_dir);
    control->real_dir = real_dir ? printable_new(real_dir) : NULL;
    control->dir_fd = fcntl(options->dir_fd, F_DUPFD_CLOEXEC, 0);
    return control;
}

struct control *control_new(uv_loop_t *loop, const struct control_options *options, struct err *err)
{
    assert(options->state_dir && options->answer);
    struct control *control = prepare(loop, options);

    if (!control_socket_make(options->dir_fd, options->group, &control->socket, err)) {
        err_wrap(err, "control socket");
        release(control);
        return NULL;
    }
    ignore_sigpipe();
    int code = start_listening(control, loop);
    if (code == 0)
        return control;
    err_set(err, ERR_IO, "control socket: listen: %s", uv_strerror(code));
    control_socket_remove(options->dir_fd, &control->socket);
    close_handles(control); /* its memory goes with them, in the loop's next turn */
    return NULL;
}

void control_free(struct control *control, void (*closed)(void *owner), void *owner)
{
    control->closed = closed;
    control->closed_owner = owner;
    control_socket_remove(control->dir_fd, &control->socket);
    close_handles(control);
}
