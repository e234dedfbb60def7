/*
 * control_peer.c - one client of the control socket: its request, its answer, its end.
 *
 * Rows are made when there is room to write them, never ahead: what waits for a client is
 * bounded, whatever it asks for and however slowly it reads. A client that goes away while
 * it is answered is noticed by the next write; a change that it asked for is finished.
 *
 * Every way out of reading leads through end_reading(), which closes the files that came.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "control/control_parts.h"

enum {
    QUEUE_MAX = 256 * 1024, /* bytes that wait for a client before rows are made again */
    SLICE_BYTES = 64 * 1024,
    SLICE_NS = 2000000,
    WRITE_MAX = 64 << 20, /* never reached: a row is at most 8 MiB */
    EXIT_USAGE = 64,
    EXIT_OTHER_STATE = 69,
    PROTOCOL_VERSION = 1,
};

struct peer_write {
    uv_write_t request;
    struct peer *peer;
    struct buf bytes;
};

static void on_closed(uv_handle_t *handle)
{
    struct peer *peer = handle->data;

    if (--peer->open_handles > 0)
        return;
    control_line_release(&peer->line);
    control_peer_closed(peer);
}

/* Whatever follows is not wanted; what nobody took is closed. */
static void end_reading(struct peer *peer)
{
    control_files_release(&peer->files);
    if (peer->poll_fd < 0)
        return;
    uv_close((uv_handle_t *)&peer->poll, on_closed);
    close(peer->poll_fd); /* from here on libuv allows it */
    peer->poll_fd = -1;
}

void peer_close(struct peer *peer)
{
    if (peer->state == PEER_CLOSING)
        return;
    peer->state = PEER_CLOSING;
    end_reading(peer);
    answer_free(auto_take(peer->answer));
    uv_close((uv_handle_t *)&peer->pipe, on_closed);
}

/* ---- writing ---- */

bool peer_is_hungry(const struct peer *peer)
{
    return peer->state == PEER_ANSWERING &&
           uv_stream_get_write_queue_size((const uv_stream_t *)&peer->pipe) < QUEUE_MAX;
}

static void on_written(uv_write_t *request, int status)
{
    struct peer_write *written = (struct peer_write *)request;
    struct peer *peer = written->peer;

    buf_release(&written->bytes);
    free(written);
    peer->writes--;
    if (status < 0 || (peer->state == PEER_ENDING && peer->writes == 0))
        peer_close(peer);
    else if (peer_is_hungry(peer))
        control_wake(peer->control);
}

static void write_bytes(struct peer *peer, struct buf *take_bytes)
{
    struct peer_write *write = xcalloc(1, sizeof *write);

    write->peer = peer;
    write->bytes = *take_bytes;
    *take_bytes = (struct buf){0};
    /* It may wait for a slow reader: without the room that a buffer grows by. */
    write->bytes.bytes = xrealloc(write->bytes.bytes, write->bytes.size + 1);
    write->bytes.room = write->bytes.size;
    const uv_buf_t piece = uv_buf_init(write->bytes.bytes, (unsigned)write->bytes.size);
    if (peer->writes == 0)
        peer->moved_at = uv_now(peer->control->loop);
    peer->writes++;
    if (uv_write(&write->request, (uv_stream_t *)&peer->pipe, &piece, 1, on_written) != 0) {
        peer->writes--;
        buf_release(&write->bytes);
        free(write);
        peer_close(peer);
    }
}

static void put_end(struct peer *peer, struct buf *out, int exit, const char *error)
{
    control_line_put(out, "end", control_line_end(exit, error));
    peer->state = PEER_ENDING;
    answer_free(auto_take(peer->answer));
}

void peer_refuse(struct peer *peer, int exit, const char *error)
{
    auto_buf struct buf out = {.max = WRITE_MAX};

    end_reading(peer);
    put_end(peer, &out, exit, error);
    write_bytes(peer, &out);
}

/* Rows until the slice is full, its time is over, or the answer is. */
static void fill_slice(struct peer *peer, struct buf *out)
{
    uint64_t until = uv_hrtime() + SLICE_NS;
    bool over = false;
    struct err err;

    do {
        json_t *row;

        if (!answer_work(peer->answer, &row, &over, &err)) {
            put_end(peer, out, err_kind_exit(err.kind), err.message);
            return;
        }
        if (row)
            control_line_put(out, "row", row);
    } while (!over && out->size < SLICE_BYTES && uv_hrtime() < until);
    if (over)
        put_end(peer, out, answer_exit(peer->answer), NULL);
}

void peer_make_slice(struct peer *peer)
{
    auto_buf struct buf out = {.max = WRITE_MAX};

    fill_slice(peer, &out);
    if (out.size > 0)
        write_bytes(peer, &out);
}

/* ---- reading ---- */

static bool is_ours(const struct control *control, const char *state_dir)
{
    return !state_dir || strcmp(state_dir, control->state_dir) == 0 ||
           (control->real_dir && strcmp(state_dir, control->real_dir) == 0);
}

static void refuse_other(struct peer *peer)
{
    auto_buf struct buf out = {.max = WRITE_MAX};
    json_t *end = control_line_end(EXIT_OTHER_STATE, "this agent has another state directory");

    end_reading(peer);
    json_object_set_new(end, "other_state_dir", json_true());
    control_line_put(&out, "end", end);
    peer->state = PEER_ENDING;
    write_bytes(peer, &out);
}

static bool check_request(const json_t *request, struct err *err)
{
    const json_t *version = json_object_get(request, "v");
    const json_t *arguments = json_object_get(request, "arguments");
    const json_t *state_dir = json_object_get(request, "state_dir");

    if (json_integer_value(version) != PROTOCOL_VERSION) {
        return err_set(err, ERR_USAGE,
                       "this agent speaks version %d of the control protocol: after an update, "
                       "restart it",
                       PROTOCOL_VERSION);
    }
    if (!json_is_string(json_object_get(request, "command")))
        return err_set(err, ERR_USAGE, "the request has no command");
    if (arguments && !json_is_object(arguments) && !json_is_null(arguments))
        return err_set(err, ERR_USAGE, "the request's arguments are no object");
    if (state_dir && !json_is_string(state_dir) && !json_is_null(state_dir))
        return err_set(err, ERR_USAGE, "the request's state_dir is no text");
    return true;
}

static void handle_request(struct peer *peer, const json_t *request)
{
    struct control *control = peer->control;
    const json_t *arguments = json_object_get(request, "arguments");
    struct err err;

    if (!check_request(request, &err)) {
        peer_refuse(peer, err_kind_exit(err.kind), err.message);
        return;
    }
    if (!is_ours(control, json_string_value(json_object_get(request, "state_dir")))) {
        refuse_other(peer);
        return;
    }
    const char *command = json_string_value(json_object_get(request, "command"));
    log_debug("control_request", F_TEXT("command", command));
    peer->answer =
        control->options.answer(control->options.owner, command,
                                json_is_null(arguments) ? NULL : arguments, &peer->files, &err);
    if (!peer->answer) {
        peer_refuse(peer, err_kind_exit(err.kind), err.message);
        return;
    }
    end_reading(peer);
    peer->state = PEER_ANSWERING;
    control_wake(control);
}

static void take_bytes(struct peer *peer, const char *bytes, size_t size)
{
    auto_json json_t *request = NULL;
    struct err err;

    if (!control_line_add(&peer->line, bytes, size, &err) ||
        !control_line_take(&peer->line, &request, &err))
        peer_refuse(peer, EXIT_USAGE, err.message);
    else if (request)
        handle_request(peer, request);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct peer *peer = poll->data;
    const struct iovec room = {peer->control->read_room, CONTROL_READ_SIZE};
    ssize_t size = 0;
    struct err err;

    (void)events;
    if (status == 0 && !control_files_receive(peer->poll_fd, room, &peer->files, &size, &err))
        peer_refuse(peer, err_kind_exit(err.kind), err.message);
    else if (size == 0) /* it went away, or the connection broke */
        peer_close(peer);
    else if (size > 0)
        take_bytes(peer, peer->control->read_room, (size_t)size);
}

static int start_polling(struct peer *peer)
{
    uv_os_fd_t fd;
    int code = uv_fileno((const uv_handle_t *)&peer->pipe, &fd);

    if (code != 0)
        return code;
    int poll_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (poll_fd < 0)
        return UV_EMFILE;
    code = uv_poll_init(peer->control->loop, &peer->poll, poll_fd);
    if (code != 0) { /* then there is no handle to close */
        close(poll_fd);
        return code;
    }
    peer->poll_fd = poll_fd;
    peer->poll.data = peer;
    peer->open_handles++;
    return uv_poll_start(&peer->poll, UV_READABLE, on_readable);
}

void peer_check(struct peer *peer, uint64_t now)
{
    const struct control_options *options = &peer->control->options;
    size_t queued = uv_stream_get_write_queue_size((uv_stream_t *)&peer->pipe);

    if (queued < peer->queued_then || peer_is_hungry(peer))
        peer->moved_at = now;
    peer->queued_then = queued;
    uint64_t idle_ms = now - peer->moved_at;
    if (peer->state == PEER_READING && idle_ms >= (uint64_t)options->request_ms)
        peer_refuse(peer, EXIT_USAGE, "no request came in time");
    else if (peer->writes > 0 && idle_ms >= (uint64_t)options->stall_ms)
        peer_close(peer);
}

void peer_start(struct peer *peer)
{
    control_line_init(&peer->line, CONTROL_REQUEST_MAX);
    peer->moved_at = uv_now(peer->control->loop);
    uv_pipe_init(peer->control->loop, &peer->pipe, 0);
    peer->pipe.data = peer;
    peer->open_handles = 1;
    peer->poll_fd = -1;
}

void peer_read(struct peer *peer)
{
    if (start_polling(peer) != 0)
        peer_refuse(peer, err_kind_exit(ERR_BUSY), "the agent may open no more files: try again");
}
