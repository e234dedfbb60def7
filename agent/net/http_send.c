/* http_send.c - requests whose body and answer fit in memory: GraphQL, REST, webhooks. */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "net/http_request.h"

enum { WAIT_MAX_MS = 60 * 1000, TOTAL_MAX_MS = 5 * 60 * 1000 };

static const struct http_request_kind send_kind = {.has_turn = true, .any_markup = true};

/* The platform answers a query in seconds: fifteen minutes of patience are for files. */
static int64_t at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

static void set_body(struct http_request *request, const struct http_call *call)
{
    struct http_easy *easy = &request->easy;
    const char *type = call->content_type ? call->content_type : "application/json";
    auto_free char *line = xasprintf("Content-Type: %s", type);

    http_request_header(request, line);
    http_request_header(request, "Expect:"); /* a round trip more than it could save */
    http_easy_set(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->size);
    http_easy_set(easy, CURLOPT_COPYPOSTFIELDS, call->body);
    if (call->idempotent)
        return;
    /* libcurl repeats a POST silently when a kept connection turns out to be dead. */
    http_easy_set(easy, CURLOPT_FRESH_CONNECT, 1L);
    http_easy_set(easy, CURLOPT_FORBID_REUSE, 1L);
}

struct op *http_send(struct http *http, const struct http_call *call, http_done_fn *done,
                     void *owner, struct err *err)
{
    if (!http_request_check(http, call->url, call->authenticated, call->allow_http, err))
        return NULL;
    struct http_request *request = xcalloc(1, sizeof *request);

    http_request_init(request, http, &send_kind, call->url, call->headers);
    request->authenticated = call->authenticated;
    request->any_answer = call->any_answer;
    request->max_answer = call->max_answer;
    request->patience = (struct http_patience){
        .stall_ms = at_most(http->stall_timeout_ms, WAIT_MAX_MS),
        .answer_ms = at_most(http->answer_timeout_ms, WAIT_MAX_MS),
        .total_ms = TOTAL_MAX_MS,
    };
    http_easy_set(&request->easy, CURLOPT_WRITEFUNCTION, http_request_keep);
    http_easy_set(&request->easy, CURLOPT_WRITEDATA, request);
    if (call->body)
        set_body(request, call);
    http_request_begin(request, done, owner);
    http_request_start(request);
    return &request->op;
}
