/*
 * http_request.c - the life of a request, and what is made of its end.
 *
 * Everything that is told at the end (status, bytes sent, headers) stays readable in the easy
 * handle after it was removed, so nothing is copied along the way; judge() and compose() ask for
 * it once. The verdict itself is pure and lives in http_verdict.c.
 */
#include "net/http_request.h"

#include <assert.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "net/http_url.h"

enum { ERROR_BODY_MAX = 64 << 10, DETAIL_MAX = 200 };

static int64_t figure(const struct http_request *request, CURLINFO what)
{
    curl_off_t value = 0;

    if (curl_easy_getinfo(request->easy.curl, what, &value) != CURLE_OK)
        return 0;
    return (int64_t)value;
}

static long number(const struct http_request *request, CURLINFO what)
{
    long value = 0;

    if (curl_easy_getinfo(request->easy.curl, what, &value) != CURLE_OK)
        return 0;
    return value;
}

static const char *content_type(const struct http_request *request)
{
    char *value = NULL;

    curl_easy_getinfo(request->easy.curl, CURLINFO_CONTENT_TYPE, &value);
    return value;
}

/* Of the final answer; NULL when it has none. */
static const char *header(const struct http_request *request, const char *name)
{
    struct curl_header *found;

    if (curl_easy_header(request->easy.curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
        return NULL;
    return found->value;
}

/* Name, connection, proxy and TLS are done: from here on the request may have been seen. */
static bool is_connected(const struct http_request *request)
{
    return figure(request, CURLINFO_PRETRANSFER_TIME_T) > 0;
}

/* A request without a body has -1 to send. */
static bool is_all_sent(const struct http_request *request)
{
    return http_request_sent(request) >= figure(request, CURLINFO_CONTENT_LENGTH_UPLOAD_T);
}

static bool is_encoded(const struct http_request *request)
{
    const char *encoding = header(request, "Content-Encoding");

    return encoding && strcasecmp(encoding, "identity") != 0;
}

static void gather(const struct http_request *request, struct http_facts *facts)
{
    const char *type = content_type(request);

    *facts = (struct http_facts){
        .complete =
            (request->code == CURLE_OK && request->failure.kind == ERR_OK) || request->is_cut,
        .status = http_request_status(request),
        .is_upload = request->kind->is_upload,
        .body_started = http_request_sent(request) > 0,
        .body_complete = is_all_sent(request),
        .is_json = http_looks_json(type, request->head, request->head_size),
        .is_html =
            http_looks_html(type, request->head, request->head_size, request->kind->any_markup),
        .is_encoded = is_encoded(request),
        .any_answer = request->any_answer,
    };
}

static const char *deed(const struct http_request *request)
{
    if (!is_connected(request))
        return "connect to";
    if (!is_all_sent(request))
        return "send to";
    return "receive from";
}

/* No complete answer: says with whom, and what libcurl or the watchdog found. */
static void explain_loss(const struct http_request *request, enum err_kind kind, struct err *err)
{
    auto_free char *host = http_url_host(request->url);
    long proxy_status = number(request, CURLINFO_HTTP_CONNECTCODE);
    const char *cause = request->detail[0] ? request->detail : curl_easy_strerror(request->code);

    if (request->failure.kind != ERR_OK)
        cause = request->failure.message;
    else if (proxy_status == 407)
        cause = "HTTP 407: the proxy wants other credentials";
    auto_free char *shown = printable_new(cause);
    err_record(err, kind, "%s %.200s: %.*s", deed(request), host, DETAIL_MAX, shown);
}

/*
 * A failure that we found ourselves stands, but for the two that only mean "no answer": of those
 * (and of what libcurl says) the verdict depends on what had left and what had come by then.
 */
static void judge(struct http_request *request, struct err *err)
{
    enum err_kind own = request->failure.kind;
    struct http_facts facts;

    *err = request->failure;
    if (own != ERR_OK && own != ERR_NETWORK)
        return;
    gather(request, &facts);
    enum err_kind kind = http_verdict(&facts);
    if (kind == ERR_OK)
        return;
    if (facts.complete || facts.status >= 400)
        http_verdict_explain(&facts, kind, request->answer.bytes, request->answer.size, err);
    else
        explain_loss(request, kind, err);
    http_setup_redact(request->authenticated ? request->http->token : NULL, err);
}

/* Also for what failed: a caller that was cancelled wants to know how much had left. */
static void compose(const struct http_request *request, struct http_reply *reply)
{
    *reply = (struct http_reply){
        .status = http_request_status(request),
        .body = request->answer.bytes ? request->answer.bytes : "",
        .size = request->answer.size,
        .content_type = content_type(request),
        .retry_after_ms = http_retry_after(header(request, "Retry-After"), clock_wall_ms() / 1000),
        .sent = http_request_sent(request),
        .all_sent = is_all_sent(request),
    };
    if (request->kind->reply)
        request->kind->reply(request, reply);
}

/* What the kernel has not yet sent. A slow line drains megabytes of it without a call of ours. */
static int64_t backlog(const struct http_request *request)
{
    int bytes = 0;

    if (request->socket < 0 || ioctl(request->socket, SIOCOUTQ, &bytes) < 0)
        return 0;
    return bytes;
}

static enum http_phase phase_of(const struct http_request *request)
{
    if (request->stage != STAGE_RUNNING || request->is_paused)
        return PHASE_HELD;
    if (!is_connected(request))
        return PHASE_CONNECTING;
    if (http_request_status(request) > 0)
        return PHASE_RECEIVING;
    return is_all_sent(request) ? PHASE_AWAITING : PHASE_SENDING;
}

static void on_cancel(struct op *op)
{
    struct err err;

    err_set(&err, ERR_CANCELLED, "cancelled");
    http_request_end((struct http_request *)op, &err);
}

static void configure(struct http_request *request)
{
    struct http_easy *easy = &request->easy;

    http_easy_set(easy, CURLOPT_PRIVATE, request);
    http_easy_set(easy, CURLOPT_ERRORBUFFER, request->detail);
    http_easy_set(easy, CURLOPT_HTTPHEADER, request->headers);
    http_setup_apply(request->http->setup, easy, request->url);
}

/*
 * With the token that it began with. It may have waited for long, and nobody has looked at
 * whose token the new one is.
 */
static bool launch(struct http_request *request, struct err *err)
{
    const struct secret *token = request->authenticated ? request->http->token : NULL;

    if (request->authenticated && !token)
        return err_set(err, ERR_AUTH, "no token is there to send");
    if (request->authenticated && request->token_epoch != request->http->token_epoch)
        return err_set(err, ERR_AUTH, "the token was replaced before this was sent");
    configure(request);
    http_setup_authorize(request->http->setup, &request->easy, token);
    if (request->easy.code != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "prepare the request: %s",
                       curl_easy_strerror(request->easy.code));
    return http_multi_add(request->http->multi, request->easy.curl, err);
}

void http_request_init(struct http_request *request, struct http *http,
                       const struct http_request_kind *kind, const char *url,
                       const char *const *headers)
{
    request->op.cancel = on_cancel;
    request->http = http;
    request->kind = kind;
    request->url = xstrdup(url);
    request->socket = -1;
    request->easy.curl = curl_easy_init();
    if (!request->easy.curl)
        abort();
    for (; headers && *headers; headers++)
        http_request_header(request, *headers);
}

/* libcurl copies the line but not the list: that one lives as long as the request. */
void http_request_header(struct http_request *request, const char *line)
{
    request->headers = curl_slist_append(request->headers, line);
    if (!request->headers)
        abort();
}

bool http_request_check(const struct http *http, const char *url, bool authenticated,
                        bool allow_http, struct err *err)
{
    if (authenticated && !http->token)
        return err_set(err, ERR_AUTH, "no token is there to send");
    return http_setup_check(http->setup, url, authenticated, allow_http, err);
}

void http_request_begin(struct http_request *request, http_done_fn *done, void *owner)
{
    size_t max = request->max_answer > ERROR_BODY_MAX ? request->max_answer : ERROR_BODY_MAX;

    request->answer.max = max;
    request->done = done;
    request->owner = owner;
    request->stage = STAGE_PREPARING;
    request->token_epoch = request->http->token_epoch;
    http_link(request);
}

void http_request_start(struct http_request *request)
{
    struct http *http = request->http;

    assert(request->stage == STAGE_PREPARING);
    request->stage = STAGE_WAITING;
    if (request->kind->has_turn)
        http_queue_add(&http->waiting, request);
    else
        http_request_take_turn(request);
}

void http_request_take_turn(struct http_request *request)
{
    struct err err;

    assert(request->stage == STAGE_WAITING);
    if (!launch(request, &err)) {
        http_request_end(request, &err);
        return;
    }
    request->stage = STAGE_RUNNING;
}

void http_request_end(struct http_request *request, const struct err *failure)
{
    struct http *http = request->http;

    /* A cancel also overrules what was about to be reported. */
    if (failure)
        request->failure = *failure;
    if (request->stage == STAGE_RUNNING)
        http_multi_remove(http->multi, request->easy.curl);
    if (request->kind->stop)
        request->kind->stop(request);
    http_queue_drop(&http->waiting, request);
    http_queue_drop(&http->throttled, request);
    request->stage = STAGE_ENDED;
    http_request_settle(request);
}

void http_request_settle(struct http_request *request)
{
    if (request->stage == STAGE_ENDED)
        http_multi_kick(request->http->multi);
}

void http_request_report(struct http_request *request)
{
    struct http_reply reply;
    struct err err;

    assert(request->stage == STAGE_ENDED);
    http_unlink(request);
    judge(request, &err);
    compose(request, &reply);
    if (err.kind != ERR_OK)
        reply.sha256 = NULL; /* a digest vouches for a whole answer, wherever it was kept */
    request->done(request->owner, &reply, err.kind == ERR_OK ? NULL : &err);
    http_request_free(request);
}

void http_request_look(struct http_request *request)
{
    const struct http_look look = {
        .phase = phase_of(request),
        .progress = http_request_sent(request) - backlog(request) + request->received +
                    number(request, CURLINFO_HEADER_SIZE),
        .now_ms = (int64_t)uv_now(request->http->loop),
    };
    const char *late = NULL;
    struct err err;

    if (request->stage != STAGE_ENDED)
        late = http_watchdog_look(&request->watchdog, &look, &request->patience);
    if (!late)
        return;
    err_set(&err, ERR_NETWORK, "%s", late);
    http_request_end(request, &err);
}

int64_t http_request_sent(const struct http_request *request)
{
    return figure(request, CURLINFO_SIZE_UPLOAD_T);
}

long http_request_status(const struct http_request *request)
{
    long status = number(request, CURLINFO_RESPONSE_CODE);

    return status >= 200 ? status : request->late_status;
}

void http_request_note(struct http_request *request, const char *data, size_t size)
{
    size_t room = sizeof request->head - request->head_size;
    size_t kept = size < room ? size : room;

    memcpy(request->head + request->head_size, data, kept);
    request->head_size += kept;
    request->received += (int64_t)size;
}

size_t http_request_keep(char *data, size_t size, size_t count, void *userdata)
{
    struct http_request *request = userdata;
    bool is_error = http_request_status(request) >= 300;
    size_t max = is_error ? ERROR_BODY_MAX : request->max_answer;
    struct err err;

    size *= count;
    http_request_note(request, data, size);
    if (size <= max - request->answer.size && buf_add(&request->answer, data, size, &err))
        return size;
    request->is_cut = is_error;
    if (!is_error) /* a "yes" of any length to an upload may be one */
        err_set(&request->failure, request->kind->is_upload ? ERR_UNSURE : ERR_PROTOCOL,
                "read the answer: it is over %zu bytes", max);
    return 0;
}

void http_request_free(struct http_request *request)
{
    if (request->kind->release)
        request->kind->release(request);
    curl_easy_cleanup(request->easy.curl);
    curl_slist_free_all(request->headers);
    buf_release(&request->answer);
    free(request->url);
    free(request);
}

void http_progress(const struct op *op, int64_t *done_bytes, int64_t *total_bytes)
{
    const struct http_request *request = (const struct http_request *)op;

    if (request->kind->is_upload) {
        int64_t sent = http_request_sent(request);

        /* What frames the files is sent too, and is nobody's concern. */
        *total_bytes = request->expected;
        *done_bytes = sent < request->expected ? sent : request->expected;
        return;
    }
    int64_t announced = figure(request, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
    *total_bytes = announced > 0 ? announced : 0;
    *done_bytes = request->received;
}
