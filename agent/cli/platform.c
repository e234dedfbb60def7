/*
 * platform.c - a private loop that runs only while a question is in flight.
 *
 * The waits between two tries run on it as well, so that connections which end meanwhile
 * are closed and not asked again when they are dead.
 */
#include "cli/platform.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cli/scratch.h"
#include "cli/token_source.h"
#include "net/http.h"
#include "onekey/graphql.h"
#include "run/setup.h"

enum {
    FIRST_WAIT_MS = 1000,
    PIECE_MAX = 64 << 10, /* libcurl hands over no more at a time */
};

struct platform {
    uv_loop_t loop;
    struct http *http;
    struct secret *proxy_auth;
    const char *(*environment)(const char *name);
    const char *api_url;  /* borrowed */
    const char *tenant;   /* the guard, borrowed; or NULL */
    struct secret *token; /* its own, of a session; else NULL */
    char token_origin[TOKEN_ORIGIN_SIZE];
    int64_t deadline_ms; /* of questions without one of their own; 0: none */
};

/* One try and its end. */
struct asking {
    struct platform *platform;
    platform_reply_fn *reply; /* NULL: the answer is in a file */
    void *owner;
    struct err err; /* ERR_OK: it was answered and understood */
    struct platform_end end;
    int64_t retry_after_ms;
    int64_t deadline_ms; /* 0: none */
    int64_t max_answer;  /* a longer answer is ERR_MALFORMED; 0: asked for again */
    bool was_sent;       /* the platform may have seen all of it */
    bool is_over;
};

/* net/ keeps what came before it was too much: all but the last piece. */
static bool is_too_long(const struct asking *asking, const struct http_reply *reply,
                        const struct err *err)
{
    return asking->max_answer > 0 && err->kind == ERR_PROTOCOL && reply->status / 100 == 2 &&
           (int64_t)reply->size > asking->max_answer - PIECE_MAX;
}

static void on_answer(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct asking *asking = owner;

    asking->is_over = true;
    asking->was_sent = reply->sent > 0;
    asking->retry_after_ms = reply->retry_after_ms;
    asking->end = (struct platform_end){reply->status, reply->received};
    if (err) {
        asking->err = *err;
        if (is_too_long(asking, reply, err))
            asking->err.kind = ERR_MALFORMED;
    } else if (asking->reply &&
               !asking->reply(asking->owner, reply->body, reply->size, &asking->err)) {
        http_redact(asking->platform->http, &asking->err);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    bool *is_over = handle->data;

    *is_over = true;
}

static void close_timer(struct platform *platform, uv_timer_t *timer)
{
    bool is_closed = false;

    timer->data = &is_closed;
    uv_close((uv_handle_t *)timer, on_timer_closed);
    platform_run_until(platform, &is_closed);
    timer->data = NULL;
}

static void on_time(uv_timer_t *timer)
{
    bool *is_over = timer->data;

    *is_over = true;
}

/* The operation that a deadline ends. */
struct cutting {
    const struct asking *asking;
    struct op *op;
    bool is_done;
};

static void on_deadline(uv_timer_t *timer)
{
    struct cutting *cutting = timer->data;

    /* Where it ended in the same turn of the loop the operation is gone. */
    if (cutting->asking->is_over)
        return;
    cutting->is_done = true;
    cutting->op->cancel(cutting->op);
}

static void await_end(struct asking *asking, struct op *op)
{
    struct platform *platform = asking->platform;
    struct cutting cutting = {.asking = asking, .op = op};
    int64_t left = asking->deadline_ms - clock_steady_ms();
    uv_timer_t timer;

    if (asking->deadline_ms == 0) {
        platform_run_until(platform, &asking->is_over);
        return;
    }
    uv_timer_init(&platform->loop, &timer);
    timer.data = &cutting;
    uv_timer_start(&timer, on_deadline, left > 0 ? (uint64_t)left : 0, 0);
    platform_run_until(platform, &asking->is_over);
    close_timer(platform, &timer);
    if (cutting.is_done && asking->err.kind == ERR_CANCELLED)
        err_set(&asking->err, ERR_NETWORK, "no answer came in time");
}

static void begin_try(struct asking *asking)
{
    asking->err = (struct err){.kind = ERR_OK};
    asking->end = (struct platform_end){0};
    asking->retry_after_ms = -1;
    asking->was_sent = false;
    asking->is_over = false;
}

/* The end of it is in asking->err. */
static void ask_once(struct asking *asking, const struct platform_question *question)
{
    struct platform *platform = asking->platform;
    auto_free char *url = xasprintf("%s/graphql", platform->api_url);
    const struct http_call call = {
        .url = url,
        .body = question->body,
        .size = strlen(question->body),
        .max_answer = question->max_answer,
        .authenticated = true,
        .idempotent = !question->once,
    };

    begin_try(asking);
    struct op *op = http_send(platform->http, &call, on_answer, asking, &asking->err);
    if (op)
        await_end(asking, op);
}

/* The last try gets some time whenever it begins. */
static int64_t deadline_of_try(const struct platform *platform)
{
    int64_t last = clock_steady_ms() + PLATFORM_LAST_MS;

    if (platform->deadline_ms == 0)
        return 0;
    return platform->deadline_ms > last ? platform->deadline_ms : last;
}

/* True after a wait: another try may follow. */
static bool may_go_on(const struct asking *asking, int attempt)
{
    int64_t wait = platform_wait_ms(&asking->err, attempt, asking->retry_after_ms);
    int64_t deadline_ms = asking->platform->deadline_ms;

    if (deadline_ms != 0 && wait >= deadline_ms - clock_steady_ms())
        return false;
    if (wait >= 0)
        platform_wait(asking->platform, wait);
    return wait >= 0;
}

struct platform *platform_new(const struct config *config, const struct secret *token,
                              const char *(*environment)(const char *name), struct err *err)
{
    struct platform *platform = xcalloc(1, sizeof *platform);

    if (uv_loop_init(&platform->loop) != 0)
        abort();
    platform->http = setup_http(&platform->loop, config, environment, &platform->proxy_auth, err);
    platform->environment = environment;
    platform->api_url = config->api.url;
    platform->tenant = config->api.tenant;
    if (!platform->http) {
        platform_free(platform);
        return NULL;
    }
    http_set_token(platform->http, token);
    return platform;
}

/* A token of another tenant is asked about, and then sends nothing. */
static bool keep_guard(struct platform *platform, struct err *err)
{
    struct identity identity;

    if (!platform->tenant)
        return true;
    bool ok = platform_identity(platform, &identity, err);
    identity_release(&identity);
    return ok;
}

static void use_token(struct platform *platform, struct secret *token,
                      const char origin[TOKEN_ORIGIN_SIZE])
{
    http_set_token(platform->http, token);
    platform->token = token;
    memcpy(platform->token_origin, origin, TOKEN_ORIGIN_SIZE);
}

struct platform *platform_open(struct session *session, struct err *err)
{
    return platform_open_until(session, 0, err);
}

struct platform *platform_open_until(struct session *session, int64_t deadline_ms, struct err *err)
{
    const struct config *config = session->settings.config;
    char origin[TOKEN_ORIGIN_SIZE];
    struct secret *token = NULL;

    if (!config)
        config = session_config(session, err);
    if (!config)
        return NULL;
    const struct token_options source = token_source(session);
    if (!token_read(&source, &token, origin, err))
        return NULL;
    struct platform *platform = platform_new(config, token, session->environment, err);
    if (!platform) {
        secret_free(token);
        return NULL;
    }
    platform->deadline_ms = deadline_ms;
    use_token(platform, token, origin);
    if (keep_guard(platform, err))
        return platform;
    platform_free(platform);
    return NULL;
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
        platform_run_until(platform, &is_closed);
    }
    uv_run(&platform->loop, UV_RUN_DEFAULT); /* what still closes */
    int busy = uv_loop_close(&platform->loop);
    assert(busy == 0);
    (void)busy;
    secret_free(platform->proxy_auth);
    secret_free(platform->token);
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

void platform_explain_refusal(const struct secret *token, const char *origin, struct err *err)
{
    if (err->kind == ERR_AUTH) {
        err_wrap(err,
                 "the token from %s (fingerprint %s) is refused: it expired or was deleted, "
                 "make a new one on the platform",
                 origin, secret_fingerprint(token));
    }
}

/* Always false. */
static bool fail(const struct asking *asking, struct err *err)
{
    const struct platform *platform = asking->platform;

    *err = asking->err;
    if (platform->token)
        platform_explain_refusal(platform->token, platform->token_origin, err);
    return false;
}

/* The platform said neither yes nor no to what may not be said twice. */
static bool fail_in_doubt(const struct asking *asking, struct err *err)
{
    const struct err *end = &asking->err;
    bool is_in_doubt = platform_wait_ms(end, 1, -1) >= 0;

    if (!is_in_doubt || !asking->was_sent)
        return fail(asking, err);
    return err_set(err, end->kind,
                   "%.300s; it was sent once and may have been carried out: look on the platform "
                   "before sending it again",
                   end->message);
}

bool platform_ask_for(struct platform *platform, const struct platform_question *question,
                      platform_reply_fn *reply, void *owner, struct err *err)
{
    struct asking asking = {
        .platform = platform,
        .reply = reply,
        .owner = owner,
        .max_answer = (int64_t)question->max_answer, /* it will not be shorter the next time */
    };
    int attempt = 0;

    do {
        asking.deadline_ms = deadline_of_try(platform);
        ask_once(&asking, question);
        if (asking.err.kind == ERR_OK)
            return true;
        if (question->once)
            return fail_in_doubt(&asking, err);
    } while (may_go_on(&asking, ++attempt));
    return fail(&asking, err);
}

bool platform_ask_once(struct platform *platform, const struct platform_question *question,
                       struct platform_try *try, platform_reply_fn *reply, void *owner,
                       struct err *err)
{
    struct asking asking = {.platform = platform,
                            .reply = reply,
                            .owner = owner,
                            .deadline_ms = try->deadline_ms,
                            .max_answer = (int64_t)question->max_answer};

    ask_once(&asking, question);
    try->retry_after_ms = asking.retry_after_ms;
    return asking.err.kind == ERR_OK || fail(&asking, err);
}

void platform_wait(struct platform *platform, int64_t ms)
{
    uv_timer_t timer;
    bool is_over = false;

    uv_timer_init(&platform->loop, &timer);
    timer.data = &is_over;
    uv_timer_start(&timer, on_time, (uint64_t)ms, 0);
    platform_run_until(platform, &is_over);
    close_timer(platform, &timer);
}

bool platform_renew_token(struct platform *platform, struct session *session, struct err *err)
{
    const struct token_options source = token_source(session);
    char origin[TOKEN_ORIGIN_SIZE];
    struct secret *token = NULL;
    struct err unread; /* what was wrong before is the better message */

    if (!platform->token || !token_read(&source, &token, origin, &unread))
        return false;
    if (secret_equal(token, platform->token)) {
        secret_free(token);
        return false;
    }
    struct secret *old = platform->token;
    use_token(platform, token, origin);
    bool ok = keep_guard(platform, err);
    if (!ok) /* nothing else is sent with one that nobody vouches for */
        use_token(platform, old, origin);
    secret_free(ok ? old : token);
    return ok;
}

bool platform_ask(struct platform *platform, const char *request, platform_reply_fn *reply,
                  void *owner, struct err *err)
{
    const struct platform_question question = {.body = request, .max_answer = GRAPHQL_BYTES_MAX};

    return platform_ask_for(platform, &question, reply, owner, err);
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
    auto_free char *theirs = printable_new(identity->tenant);
    auto_free char *wanted = printable_new(platform->tenant);
    return err_set(err, ERR_TENANT,
                   "the token belongs to tenant %.100s, the configuration wants %.100s: nothing "
                   "is sent with it",
                   theirs, wanted);
}

/* ---- into a file ---- */

static void fetch_once(struct asking *asking, const struct platform_download *download)
{
    struct platform *platform = asking->platform;
    auto_free char *url = xasprintf("%s/%s", platform->api_url, download->path);
    const struct http_fetch fetch = {
        .url = url,
        .body = download->body,
        .fd = download->fd,
        .max_size = download->max_size,
        .authenticated = true,
    };

    begin_try(asking);
    /* A longer answer before this one must not show behind its end. */
    if (ftruncate(download->fd, 0) != 0) {
        err_sys(&asking->err, errno, "empty the temporary file");
        return;
    }
    if (http_download(platform->http, &fetch, on_answer, asking, &asking->err))
        platform_run_until(platform, &asking->is_over);
}

bool platform_fetch(struct platform *platform, const struct platform_download *download,
                    struct err *err)
{
    struct asking asking = {.platform = platform};
    int attempt = 0;

    do {
        fetch_once(&asking, download);
        /* Here and not in the answer's callback: the judge may need the loop itself. */
        if (download->judge)
            download->judge(download->owner, &asking.end, &asking.err);
        http_redact(platform->http, &asking.err);
        if (asking.err.kind == ERR_OK)
            return true;
    } while (may_go_on(&asking, ++attempt));
    return fail(&asking, err);
}

int platform_scratch(const struct platform *platform, struct err *err)
{
    return scratch_open(platform->environment, err);
}

uv_loop_t *platform_loop(struct platform *platform)
{
    return &platform->loop;
}

void platform_run_until(struct platform *platform, const bool *is_over)
{
    while (!*is_over)
        uv_run(&platform->loop, UV_RUN_ONCE);
}
