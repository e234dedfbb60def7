/*
 * http.c - the agent's one struct http: its limits, its two timers, its list of requests.
 *
 * `look` runs exactly while there are requests, so the loop stays alive for them and an idle agent
 * costs nothing. `pace` runs only while one of them waits for its turn or for bandwidth. What ended
 * is reported from the multi's kick, one round of the loop later: that one place calls done(), and
 * neither a start nor a cancel ever does.
 */
#include "net/http.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/http_request.h"

enum { PACE_MS = 20, LOOK_MIN_MS = 50, LOOK_MAX_MS = 1000, BURST_PER_S = 10, BURST_MIN = 16 << 10 };

static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

/* A tenth of a second's worth at once. */
static int64_t burst_of(int64_t upload_rate)
{
    int64_t burst = upload_rate / BURST_PER_S;

    return burst > BURST_MIN ? burst : BURST_MIN;
}

static struct http_request *pop(struct http_request **queue)
{
    struct http_request *first = *queue;

    *queue = first->next_turn;
    first->next_turn = NULL;
    return first;
}

static void give_turns(struct http *http)
{
    /* A turn that fails to start was taken all the same: a broken setup is no licence to spin. */
    while (http->waiting && http_limit_take(&http->turns, 1, 1, now_us()) > 0)
        http_request_take_turn(pop(&http->waiting));
}

/* Those that still find no bandwidth queue up again, in the same order. */
static void give_bandwidth(struct http *http)
{
    struct http_request *queue = http->throttled;

    http->throttled = NULL;
    while (queue) {
        struct http_request *request = pop(&queue);

        request->kind->resume(request);
    }
}

static void on_pace(uv_timer_t *timer)
{
    struct http *http = timer->data;

    give_turns(http);
    give_bandwidth(http);
    if (!http->waiting && !http->throttled)
        uv_timer_stop(timer);
}

static void start_pace(struct http *http)
{
    if (!uv_is_active((uv_handle_t *)&http->pace))
        uv_timer_start(&http->pace, on_pace, PACE_MS, PACE_MS);
}

/* Ending one only marks it (its report comes from the kick), so the list holds still meanwhile. */
static void on_look(uv_timer_t *timer)
{
    struct http *http = timer->data;

    for (struct http_request *request = http->all; request; request = request->next)
        http_request_look(request);
}

/* Inside libcurl: only noted. While two address families race, the winner is named last. */
static void on_socket(void *private, curl_socket_t fd, bool gone)
{
    struct http_request *request = private;

    if (!gone)
        request->socket = fd;
    else if (request->socket == fd)
        request->socket = -1;
}

static void on_ended(void *owner, void *private, CURLcode code)
{
    struct http_request *request = private;

    (void)owner;
    request->code = code;
    request->stage = STAGE_ENDED; /* and out of libcurl's hands already */
    if (code == CURLE_OK && request->failure.kind == ERR_OK && request->kind->complete)
        request->kind->complete(request);
    http_request_end(request, NULL);
}

/* A worker that still reads or writes for a request holds its memory and the caller's descriptor:
 * done() waits for it, so that the caller may close the file then. */
static struct http_request *find_reportable(const struct http *http)
{
    struct http_request *request = http->all;

    while (request && (request->stage != STAGE_ENDED ||
                       (request->kind->is_busy && request->kind->is_busy(request))))
        request = request->next;
    return request;
}

/* From the start each time: done() may have changed the list. */
static void on_kicked(void *owner)
{
    struct http *http = owner;
    struct http_request *request;

    while ((request = find_reportable(http)))
        http_request_report(request);
    if (http->waiting)
        give_turns(http);
}

static void on_part_closed(struct http *http)
{
    if (--http->open_handles > 0)
        return;
    void (*closed)(void *) = http->closed;
    void *owner = http->closed_owner;

    http_setup_free(http->setup);
    free(http);
    closed(owner);
}

static void on_multi_closed(void *owner)
{
    on_part_closed(owner);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

static void init_timers(struct http *http, const struct http_options *options)
{
    int64_t shortest = options->stall_timeout_ms < options->answer_timeout_ms
                           ? options->stall_timeout_ms
                           : options->answer_timeout_ms;
    int64_t look_ms = shortest / 4;

    if (look_ms < LOOK_MIN_MS)
        look_ms = LOOK_MIN_MS;
    http->look_ms = look_ms > LOOK_MAX_MS ? LOOK_MAX_MS : (uint64_t)look_ms;
    uv_timer_init(http->loop, &http->look);
    uv_timer_init(http->loop, &http->pace);
    http->look.data = http;
    http->pace.data = http;
    http->open_handles = 3; /* and the multi */
}

static void init_limits(struct http *http, const struct http_options *options)
{
    int64_t rate = options->requests_per_second;

    /* A quarter of a second's worth at once: a command's few requests are not held up. */
    http_limit_init(&http->turns, rate, rate >= 4 ? rate / 4 : 1, now_us());
    http_limit_init(&http->upload_bytes, options->upload_rate, burst_of(options->upload_rate),
                    now_us());
}

struct http *http_new(uv_loop_t *loop, const struct http_options *options, struct err *err)
{
    struct http *http = xcalloc(1, sizeof *http);
    const struct http_multi_hooks hooks = {on_ended, on_socket, on_kicked, on_multi_closed, http};

    assert(options->connect_timeout_ms > 0 && options->stall_timeout_ms > 0);
    assert(options->answer_timeout_ms > 0);
    (void)signal(SIGPIPE, SIG_IGN);
    /* Never undone: a detached resolver thread may outlive every request (CURLOPT_QUICK_EXIT). */
    unsetenv("SSLKEYLOGFILE"); /* libcurl would write the session keys there */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        err_set(err, ERR_INTERNAL, "start libcurl");
    else if ((http->setup = http_setup_new(options, err)))
        http->multi = http_multi_new(loop, &hooks, err);
    if (!http->multi) {
        http_setup_free(http->setup);
        free(http);
        return NULL;
    }
    http->loop = loop;
    http->stall_timeout_ms = options->stall_timeout_ms;
    http->answer_timeout_ms = options->answer_timeout_ms;
    init_timers(http, options);
    init_limits(http, options);
    return http;
}

void http_free(struct http *http, void (*closed)(void *owner), void *owner)
{
    assert(!http->all);
    http->closed = closed;
    http->closed_owner = owner;
    uv_close((uv_handle_t *)&http->look, on_timer_closed);
    uv_close((uv_handle_t *)&http->pace, on_timer_closed);
    http_multi_free(http->multi);
}

void http_set_token(struct http *http, const struct secret *token)
{
    http->token = token;
    http->token_epoch++;
}

void http_redact(const struct http *http, struct err *err)
{
    http_setup_redact(http->token, err);
}

void http_set_upload_rate(struct http *http, int64_t bytes_per_second)
{
    http_limit_change(&http->upload_bytes, bytes_per_second, burst_of(bytes_per_second), now_us());
}

void http_link(struct http_request *request)
{
    struct http *http = request->http;

    if (!http->all)
        uv_timer_start(&http->look, on_look, http->look_ms, http->look_ms);
    request->next = http->all;
    http->all = request;
    http->uploads += request->kind->is_upload;
}

void http_unlink(struct http_request *request)
{
    struct http *http = request->http;
    struct http_request **slot = &http->all;

    while (*slot != request)
        slot = &(*slot)->next;
    *slot = request->next;
    http->uploads -= request->kind->is_upload;
    if (!http->all)
        uv_timer_stop(&http->look);
}

void http_throttle(struct http_request *request)
{
    http_queue_add(&request->http->throttled, request);
}

void http_queue_add(struct http_request **queue, struct http_request *request)
{
    struct http *http = request->http;

    assert(!request->next_turn);
    while (*queue)
        queue = &(*queue)->next_turn;
    *queue = request;
    if (queue == &http->waiting) /* nobody is before it: perhaps at once, but never in here */
        http_multi_kick(http->multi);
    start_pace(http);
}

void http_queue_drop(struct http_request **queue, const struct http_request *request)
{
    while (*queue && *queue != request)
        queue = &(*queue)->next_turn;
    if (*queue)
        pop(queue);
}
