/*
 * http_download.c - a request whose answer goes into a file.
 *
 * Nobody may take an error page for a document: only a 2xx reaches the file, and done() hears of
 * success only when all of it is there, was written and was digested. What a failed download left
 * in the file is the caller's to throw away.
 */
#include <string.h>

#include "base/mem.h"
#include "net/http_request.h"
#include "net/http_writer.h"

enum { ANSWER_MAX_MS = 5 * 60 * 1000, RECEIVE_BUFFER = 64 << 10 };

struct http_download {
    struct http_request request; /* first: cast from it */
    struct http_writer *writer;
    int64_t max_size;
};

static struct http_download *download_of(struct http_request *request)
{
    return (struct http_download *)request;
}

/* libcurl's write callback. Only a success goes into the file; what an error says stays in memory.
 */
static size_t on_received(char *data, size_t size, size_t count, void *userdata)
{
    struct http_request *request = userdata;
    struct http_download *download = download_of(request);

    if (http_request_status(request) >= 300)
        return http_request_keep(data, size, count, userdata);
    size *= count;
    if ((int64_t)size > download->max_size - request->received) {
        err_set(&request->failure, ERR_PROTOCOL, "read the answer: it is over %jd bytes",
                (intmax_t)download->max_size);
        return 0;
    }
    if (!http_writer_put(download->writer, data, size)) {
        request->is_paused = true; /* until on_change(); the same bytes come again then */
        return CURL_WRITEFUNC_PAUSE;
    }
    http_request_note(request, data, size);
    return size;
}

static void resume(struct http_request *request)
{
    struct err err;

    request->is_paused = false;
    CURLcode code = curl_easy_pause(request->easy.curl, CURLPAUSE_CONT);
    if (code == CURLE_OK)
        return;
    /* on_received() said no in there, or memory is gone; libcurl does not end the transfer itself.
     */
    err_set(&err, ERR_NETWORK, "%s", curl_easy_strerror(code));
    http_request_end(request, request->failure.kind == ERR_OK ? &err : NULL);
}

static void on_change(void *owner)
{
    struct http_download *download = owner;
    struct http_request *request = &download->request;
    const struct err *failure = http_writer_failure(download->writer);

    if (failure && request->failure.kind == ERR_OK)
        http_request_end(request, failure);
    else if (request->stage == STAGE_ENDED)
        http_request_settle(request);
    else if (request->is_paused)
        resume(request);
}

static bool is_busy(const struct http_request *request)
{
    return http_writer_is_busy(((const struct http_download *)request)->writer);
}

static void complete(struct http_request *request)
{
    http_writer_finish(download_of(request)->writer);
}

static void fill_reply(const struct http_request *request, struct http_reply *reply)
{
    const struct http_download *download = (const struct http_download *)request;

    if (reply->status < 300)
        reply->received = request->received;
    reply->sha256 = http_writer_sha256(download->writer);
}

static void release(struct http_request *request)
{
    http_writer_free(download_of(request)->writer);
}

static const struct http_request_kind download_kind = {
    .has_turn = true,
    .is_busy = is_busy,
    .complete = complete,
    .reply = fill_reply,
    .release = release,
};

/* A question whose answer is too large for memory. */
static void set_body(struct http_request *request, const char *body)
{
    http_request_header(request, "Content-Type: application/json");
    http_request_header(request, "Expect:");
    http_easy_set(&request->easy, CURLOPT_COPYPOSTFIELDS, body);
}

struct op *http_download(struct http *http, const struct http_fetch *fetch, http_done_fn *done,
                         void *owner, struct err *err)
{
    if (!http_request_check(http, fetch->url, fetch->authenticated, false, err))
        return NULL;
    struct http_download *download = xcalloc(1, sizeof *download);
    struct http_request *request = &download->request;
    int64_t answer_ms = http->answer_timeout_ms;

    http_request_init(request, http, &download_kind, fetch->url, fetch->headers);
    request->authenticated = fetch->authenticated;
    download->max_size = fetch->max_size;
    download->writer = http_writer_new(http->loop, fetch->fd, on_change, download);
    request->patience = (struct http_patience){
        .stall_ms = http->stall_timeout_ms,
        .answer_ms = answer_ms < ANSWER_MAX_MS ? answer_ms : ANSWER_MAX_MS,
    };
    http_easy_set(&request->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
    http_easy_set(&request->easy, CURLOPT_WRITEFUNCTION, on_received);
    http_easy_set(&request->easy, CURLOPT_WRITEDATA, request);
    if (fetch->body)
        set_body(request, fetch->body);
    http_request_begin(request, done, owner);
    http_request_start(request);
    return &request->op;
}
