/*
 * platform.c - a private loop that runs only while a question is in flight.
 *
 * The waits between two tries run on it as well, so that connections which end meanwhile
 * are closed and not asked again when they are dead.
 */
#include "cli/platform.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/auto.h"
#include "base/mem.h"
#include "net/http.h"
#include "onekey/graphql.h"
#include "run/setup.h"

enum { FIRST_WAIT_MS = 1000 };

struct platform {
    uv_loop_t loop;
    struct http *http;
    struct secret *proxy_auth;
    char *url;
    const char *tenant; /* the guard, borrowed; or NULL */
};

/* One request and its end. */
struct asking {
    platform_reply_fn *reply;
    void *owner;
    struct err err; /* ERR_OK: it was answered and understood */
    int64_t retry_after_ms;
    bool is_over;
};

static void on_answer(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct asking *asking = owner;

    asking->is_over = true;
    asking->retry_after_ms = reply->retry_after_ms;
    if (err)
        asking->err = *err;
    else
        (void)asking->reply(asking->owner, reply->body, reply->size, &asking->err);
}

static void run_until(struct platform *platform, const bool *is_over)
{
    while (!*is_over)
        uv_run(&platform->loop, UV_RUN_ONCE);
}

/* The end of it is in asking->err. */
static void ask_once(struct platform *platform, const char *request, struct asking *asking)
{
    const struct http_call call = {
        .url = platform->url,
        .body = request,
        .size = strlen(request),
        .max_answer = GRAPHQL_BYTES_MAX,
        .authenticated = true,
        .idempotent = true,
    };

    asking->err = (struct err){.kind = ERR_OK};
    asking->retry_after_ms = -1;
    asking->is_over = false;
    if (http_send(platform->http, &call, on_answer, asking, &asking->err))
        run_until(platform, &asking->is_over);
}

static void on_time(uv_timer_t *timer)
{
    bool *is_over = timer->data;

    *is_over = true;
}

static void on_timer_closed(uv_handle_t *handle)
{
    bool *is_over = handle->data;

    *is_over = true;
}

/* On the loop: what http still has to do with its connections goes on. */
static void wait_ms(struct platform *platform, int64_t ms)
{
    uv_timer_t timer;
    bool is_over = false;
    bool is_closed = false;

    uv_timer_init(&platform->loop, &timer);
    timer.data = &is_over;
    uv_timer_start(&timer, on_time, (uint64_t)ms, 0);
    run_until(platform, &is_over);
    timer.data = &is_closed;
    uv_close((uv_handle_t *)&timer, on_timer_closed);
    run_until(platform, &is_closed);
}

struct platform *platform_new(const struct config *config, const struct secret *token,
                              const char *(*environment)(const char *name), struct err *err)
{
    struct platform *platform = xcalloc(1, sizeof *platform);

    if (uv_loop_init(&platform->loop) != 0)
        abort();
    platform->http = setup_http(&platform->loop, config, environment, &platform->proxy_auth, err);
    platform->url = xasprintf("%s/graphql", config->api.url);
    platform->tenant = config->api.tenant;
    if (!platform->http) {
        platform_free(platform);
        return NULL;
    }
    http_set_token(platform->http, token);
    return platform;
}

static void on_closed(void *owner)
{
    bool *is_closed = owner;

    *is_closed = true;
}

void platform_free(struct platform *platform)
{
    bool is_closed = false;

    if (!platform)
        return;
    if (platform->http) {
        http_free(platform->http, on_closed, &is_closed);
        run_until(platform, &is_closed);
    }
    uv_run(&platform->loop, UV_RUN_DEFAULT); /* what still closes */
    int busy = uv_loop_close(&platform->loop);
    assert(busy == 0);
    (void)busy;
    secret_free(platform->proxy_auth);
    free(platform->url);
    free(platform);
}

int64_t platform_wait_ms(const struct err *err, int attempt, int64_t retry_after_ms)
{
    static const enum err_kind passing[] = {ERR_NETWORK, ERR_SERVER, ERR_THROTTLED, ERR_PROTOCOL};
    bool passes = false;
    int64_t wait = FIRST_WAIT_MS;

    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        passes |= err->kind == passing[i];
    if (!passes || attempt >= PLATFORM_ATTEMPTS || retry_after_ms > PLATFORM_WAIT_LONGEST_MS)
        return -1;
    for (int i = 1; i < attempt; i++)
        wait *= 2;
    return retry_after_ms > wait ? retry_after_ms : wait;
}

bool platform_ask(struct platform *platform, const char *request, platform_reply_fn *reply,
                  void *owner, struct err *err)
{
    struct asking asking = {.reply = reply, .owner = owner};

    for (int attempt = 1;; attempt++) {
        ask_once(platform, request, &asking);
        if (asking.err.kind == ERR_OK)
            return true;
        int64_t wait = platform_wait_ms(&asking.err, attempt, asking.retry_after_ms);
        if (wait < 0)
            break;
        wait_ms(platform, wait);
    }
    *err = asking.err;
    return false;
}

static bool read_identity(void *owner, const char *bytes, size_t size, struct err *err)
{
    struct identity *identity = owner;

    return identity_reply(bytes, size, identity, err);
}

bool platform_identity(struct platform *platform, struct identity *identity, struct err *err)
{
    auto_free char *request = identity_request();

    *identity = (struct identity){0};
    if (!platform_ask(platform, request, read_identity, identity, err))
        return err_wrap(err, "ask whose token it is");
    if (!platform->tenant || strcmp(platform->tenant, identity->tenant) == 0)
        return true;
    return err_set(err, ERR_TENANT,
                   "the token belongs to tenant %.100s, the configuration wants %.100s: nothing "
                   "is sent with it",
                   identity->tenant, platform->tenant);
}
