/*
 * alert_send.c - one alert to one target.
 *
 * A command is started without a shell, in an environment without secrets; it gets the
 * JSON on stdin and a minute, then it is killed. Its output is thrown away: a target
 * that floods must not fill our log. A webhook is a POST without the platform's token.
 *
 * Both end in finish(); what is still open then (process, pipe, timer) is closed, and
 * done() is called when the last handle has closed.
 */
#include "run/alert_send.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"

enum {
    COMMAND_MS = 60 * 1000,
    WEBHOOK_ANSWER_MAX = 64 * 1024,
    URL_MAX = 4096,
    ENV_MAX = 512,
    FACTS_MAX = 16
};

struct alert_send {
    struct flow *flow;
    uv_process_t process;
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    struct op *op; /* a webhook's request */
    char *payload;
    bool finished;
    bool killed;
    struct err err;
    unsigned open_handles;
    void (*done)(void *owner, const struct err *err);
    void *owner;
};

void alert_target_key(const struct config_alert_target *target, char key[ALERT_TARGET_KEY_SIZE])
{
    struct digest *digest = digest_new();
    char hex[DIGEST_HEX_SIZE];
    const char *kind = target->command.count ? "command" : "webhook";

    for (size_t i = 0; i < target->command.count; i++)
        digest_add(digest, target->command.items[i], strlen(target->command.items[i]) + 1);
    if (target->webhook)
        digest_add(digest, target->webhook, strlen(target->webhook));
    if (target->webhook_file)
        digest_add(digest, target->webhook_file, strlen(target->webhook_file));
    digest_hex(digest, hex);
    digest_free(digest);
    snprintf(key, ALERT_TARGET_KEY_SIZE, "%s:%.16s", kind, hex);
}

/* ---- the end ---- */

static void drop_handle(struct alert_send *send)
{
    if (--send->open_handles > 0)
        return;
    struct alert_send copy = *send;
    free(send->payload);
    free(send);
    copy.done(copy.owner, copy.err.kind == ERR_OK ? NULL : &copy.err);
}

static void on_closed(uv_handle_t *handle)
{
    drop_handle(handle->data);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void finish(struct alert_send *send)
{
    if (send->finished)
        return;
    send->finished = true;
    close_handle((uv_handle_t *)&send->timer);
    if (send->pipe.data)
        close_handle((uv_handle_t *)&send->pipe);
    if (send->process.data)
        close_handle((uv_handle_t *)&send->process);
}

/* ---- commands ---- */

static bool is_secret(const char *entry)
{
    static const char *const names[] = {
        "ONEKEY_TOKEN=", "ONEKEY_TOKEN_FILE=", "CREDENTIALS_DIRECTORY=", "NOTIFY_SOCKET=",
        "SSLKEYLOGFILE="};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* Each text of the payload as ONEKEY_AGENT_<ITS NAME>. */
static size_t add_facts(char **list, size_t count, const char *payload)
{
    auto_json json_t *facts = json_loads(payload, 0, NULL);
    const char *key;
    json_t *value;

    json_object_foreach(facts, key, value)
    {
        if (!json_is_string(value))
            continue;
        char *entry = xasprintf("ONEKEY_AGENT_%s=%s", key, json_string_value(value));
        for (char *c = entry + strlen("ONEKEY_AGENT_"); *c != '='; c++)
            *c = (char)toupper((unsigned char)*c);
        list[count++] = entry;
    }
    return count;
}

static char **environment_new(const char *payload)
{
    char **list = xcalloc(ENV_MAX + FACTS_MAX + 1, sizeof(char *));
    size_t count = 0;

    for (char **entry = environ; *entry && count < ENV_MAX; entry++) {
        if (!is_secret(*entry))
            list[count++] = xstrdup(*entry);
    }
    add_facts(list, count, payload);
    return list;
}

static void list_free(char **list)
{
    for (char **entry = list; *entry; entry++)
        free(*entry);
    free(list);
}

static void on_exit_of_command(uv_process_t *process, int64_t status, int signal)
{
    struct alert_send *send = process->data;

    if (send->err.kind == ERR_CANCELLED)
        finish(send); /* that is why it ended */
    else if (send->killed)
        err_set(&send->err, ERR_NETWORK, "the command did not end within a minute");
    else if (signal != 0)
        err_set(&send->err, ERR_NETWORK, "the command was ended by signal %d", signal);
    else if (status != 0)
        err_set(&send->err, ERR_NETWORK, "the command ended with %jd", (intmax_t)status);
    finish(send);
}

static void on_written(uv_write_t *write, int status)
{
    struct alert_send *send = write->data;

    (void)status; /* a command that does not read is judged by its exit code */
    if (!send->finished)
        close_handle((uv_handle_t *)&send->pipe);
}

/* A command that could not be started has a handle, but no process: its number would be 0. */
static bool is_running(const struct alert_send *send)
{
    return send->process.data && !uv_is_closing((const uv_handle_t *)&send->process);
}

static void on_deadline(uv_timer_t *timer)
{
    struct alert_send *send = timer->data;

    if (is_running(send)) {
        send->killed = true;
        uv_process_kill(&send->process, SIGKILL);
        return;
    }
    finish(send); /* it never started: err says why */
}

static bool spawn(struct alert_send *send, const struct config_alert_target *target)
{
    char **environment = environment_new(send->payload);
    char **argv = xcalloc(target->command.count + 1, sizeof *argv);
    uv_stdio_container_t streams[3] = {
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_READABLE_PIPE),
         .data.stream = (uv_stream_t *)&send->pipe},
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
    };

    for (size_t i = 0; i < target->command.count; i++)
        argv[i] = xstrdup(target->command.items[i]);
    const uv_process_options_t options = {
        .file = argv[0],
        .args = argv,
        .env = environment,
        .stdio = streams,
        .stdio_count = 3,
        .exit_cb = on_exit_of_command,
    };
    int code = uv_spawn(send->flow->loop, &send->process, &options);
    send->process.data = send; /* uv_close() is due also after a failure */
    send->open_handles++;
    if (code < 0)
        err_set(&send->err, ERR_NETWORK, "start %s: %s", argv[0], uv_strerror(code));
    list_free(argv);
    list_free(environment);
    return code == 0;
}

static void start_command(struct alert_send *send, const struct config_alert_target *target)
{
    uv_buf_t bytes = uv_buf_init(send->payload, (unsigned)strlen(send->payload));

    uv_pipe_init(send->flow->loop, &send->pipe, 0);
    send->pipe.data = send;
    send->open_handles++;
    if (!spawn(send, target)) {
        close_handle((uv_handle_t *)&send->process);
        uv_timer_start(&send->timer, on_deadline, 1, 0);
        return;
    }
    send->write.data = send;
    if (uv_write(&send->write, (uv_stream_t *)&send->pipe, &bytes, 1, on_written) < 0)
        close_handle((uv_handle_t *)&send->pipe);
    uv_timer_start(&send->timer, on_deadline, COMMAND_MS, 0);
}

/* ---- webhooks ---- */

static void on_answer(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct alert_send *send = owner;

    send->op = NULL;
    if (err)
        send->err = *err;
    if (err && reply->status != 0 && err->kind != ERR_CANCELLED)
        err_set(&send->err, ERR_NETWORK, "the webhook answered HTTP %ld", reply->status);
    finish(send);
}

static char *read_url(const struct config_alert_target *target, struct err *err)
{
    struct buf url = {.max = URL_MAX};

    if (target->webhook)
        return xstrdup(target->webhook);
    auto_fd int fd = open(target->webhook_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || !buf_read_fd(&url, fd, err)) {
        err_sys(err, errno, "read webhook_file %s", target->webhook_file);
        buf_release(&url);
        return NULL;
    }
    if (url.bytes)
        url.bytes[strcspn(url.bytes, "\r\n")] = '\0';
    return url.bytes ? url.bytes : xstrdup("");
}

static void start_webhook(struct alert_send *send, const struct config_alert_target *target)
{
    auto_free char *url = read_url(target, &send->err);
    const struct http_call call = {
        .url = url,
        .body = send->payload,
        .size = strlen(send->payload),
        .max_answer = WEBHOOK_ANSWER_MAX,
        .any_answer = true,
        .allow_http = true,
    };

    if (url)
        send->op = http_send(send->flow->http, &call, on_answer, send, &send->err);
    if (!send->op)
        uv_timer_start(&send->timer, on_deadline, 1, 0);
}

struct alert_send *alert_send_start(struct flow *flow, const struct config_alert_target *target,
                                    const char *payload,
                                    void (*done)(void *owner, const struct err *err), void *owner)
{
    struct alert_send *send = xcalloc(1, sizeof *send);

    send->flow = flow;
    send->payload = xstrdup(payload);
    send->done = done;
    send->owner = owner;
    uv_timer_init(flow->loop, &send->timer);
    send->timer.data = send;
    send->open_handles = 1;
    if (target->command.count)
        start_command(send, target);
    else
        start_webhook(send, target);
    return send;
}

void alert_send_cancel(struct alert_send *send)
{
    if (send->finished)
        return;
    err_set(&send->err, ERR_CANCELLED, "cancelled");
    if (send->op) {
        send->op->cancel(send->op);
        return;
    }
    if (is_running(send))
        uv_process_kill(&send->process, SIGKILL); /* its end is awaited: else nobody reaps it */
    else
        finish(send);
}
