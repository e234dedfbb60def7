/*
 * http_multi.c - sockets, the deadline and ended transfers.
 *
 * libcurl's callbacks only set handles; whatever calls back into libcurl or out to the agent runs
 * from the loop. A struct watch belongs to the socket that libcurl asked for and is freed in its
 * close callback, nowhere else; the multi is cleaned up after the last handle closed.
 */
#include "net/http_multi.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum { IDLE_CONNECTIONS = 16 };

struct http_multi {
    CURLM *curl;
    uv_loop_t *loop;
    uv_timer_t deadline; /* the one that libcurl asks for */
    uv_async_t kick;     /* work for the next round of the loop */
    bool is_due;         /* libcurl asked for a deadline of 0 */
    unsigned open_handles;
    struct http_multi_hooks hooks;
};

/* A socket that libcurl wants watched. Lives from its first POLL_* to POLL_REMOVE. */
struct watch {
    uv_poll_t poll;
    struct http_multi *multi;
    curl_socket_t fd;
    int wanted; /* UV_READABLE | UV_WRITABLE */
};

static void on_handle_closed(struct http_multi *multi)
{
    assert(multi->open_handles > 0);
    if (--multi->open_handles > 0)
        return;
    struct http_multi_hooks hooks = multi->hooks;

    /* Closing its idle connections would otherwise ask for watches on a loop that is done. */
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, NULL);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, NULL);
    curl_multi_cleanup(multi->curl);
    free(multi);
    hooks.closed(hooks.owner);
}

static void on_own_handle_closed(uv_handle_t *handle)
{
    on_handle_closed(handle->data);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct http_multi *multi = watch->multi;

    free(watch);
    on_handle_closed(multi);
}

/* Always drain, whatever the number of running transfers: the last one to end leaves zero. */
static void reap(struct http_multi *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi->curl, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        void *private = NULL;

        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&private);
        curl_multi_remove_handle(multi->curl, easy); /* frees message */
        multi->hooks.ended(multi->hooks.owner, private, code);
    }
}

/* Every way into libcurl's machine ends in a reap: a transfer can end in any of them. */
static void drive(struct http_multi *multi, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(multi->curl, fd, events, &running);
    reap(multi);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    int flags = 0;

    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    /*
     * A reset may lie behind an answer that is still unread (401, then a hard close): told to
     * read, libcurl finds either the answer or the error; told of the error alone, only that.
     */
    if (status < 0)
        flags |= CURL_CSELECT_ERR | CURL_CSELECT_IN;
    drive(watch->multi, watch->fd, flags);
    /* libuv stopped the handle at the error; libcurl, which still wants it, does not know. */
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
        uv_poll_start(poll, watch->wanted, on_poll);
}

static void on_deadline(uv_timer_t *timer)
{
    drive(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_kick(uv_async_t *async)
{
    struct http_multi *multi = async->data;

    if (multi->is_due) {
        multi->is_due = false;
        drive(multi, CURL_SOCKET_TIMEOUT, 0);
    }
    multi->hooks.kicked(multi->hooks.owner);
}

/* Never calls libcurl (recursion). 0 goes through the async handle: libuv 1.44 runs a timer of 0 ms
 * that is set in a timer's callback again in the same round, without looking at sockets. */
static int set_deadline(CURLM *curl, long timeout_ms, void *userdata)
{
    struct http_multi *multi = userdata;

    (void)curl;
    multi->is_due = timeout_ms == 0;
    if (timeout_ms > 0)
        uv_timer_start(&multi->deadline, on_deadline, (uint64_t)timeout_ms, 0);
    else
        uv_timer_stop(&multi->deadline);
    if (multi->is_due)
        uv_async_send(&multi->kick);
    return 0;
}

static struct watch *watch_new(struct http_multi *multi, curl_socket_t fd)
{
    struct watch *watch = xcalloc(1, sizeof *watch);

    watch->multi = multi;
    watch->fd = fd;
    if (uv_poll_init_socket(multi->loop, &watch->poll, fd) < 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    multi->open_handles++;
    curl_multi_assign(multi->curl, fd, watch);
    return watch;
}

static void unwatch(struct http_multi *multi, curl_socket_t fd, struct watch *watch)
{
    if (!watch)
        return;
    curl_multi_assign(multi->curl, fd, NULL);
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
}

static int uv_events_of(int wanted)
{
    int events = 0;

    if (wanted & CURL_POLL_IN)
        events |= UV_READABLE;
    if (wanted & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    return events;
}

/* Returning -1 would end every transfer; one that cannot be watched ends in its watchdog instead.
 */
static int set_watch(CURL *easy, curl_socket_t fd, int wanted, void *userdata, void *socketdata)
{
    struct http_multi *multi = userdata;
    struct watch *watch = socketdata;
    int events = uv_events_of(wanted);
    void *private = NULL;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&private);
    if (private) /* libcurl's own handle, which closes idle connections, has none */
        multi->hooks.socket(private, fd, wanted == CURL_POLL_REMOVE);
    if (wanted == CURL_POLL_REMOVE) {
        unwatch(multi, fd, watch);
        return 0;
    }
    if (!watch)
        watch = watch_new(multi, fd);
    /* uv_poll_start() costs two system calls even for what it already watches. */
    if (watch && watch->wanted != events) {
        watch->wanted = events;
        uv_poll_start(&watch->poll, events, on_poll);
    }
    return 0;
}

static bool configure(struct http_multi *multi)
{
    CURLM *curl = multi->curl;

    return curl_multi_setopt(curl, CURLMOPT_SOCKETFUNCTION, set_watch) == CURLM_OK &&
           curl_multi_setopt(curl, CURLMOPT_SOCKETDATA, multi) == CURLM_OK &&
           curl_multi_setopt(curl, CURLMOPT_TIMERFUNCTION, set_deadline) == CURLM_OK &&
           curl_multi_setopt(curl, CURLMOPT_TIMERDATA, multi) == CURLM_OK &&
           curl_multi_setopt(curl, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) == CURLM_OK &&
           curl_multi_setopt(curl, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS) == CURLM_OK;
}

struct http_multi *http_multi_new(uv_loop_t *loop, const struct http_multi_hooks *hooks,
                                  struct err *err)
{
    struct http_multi *multi = xcalloc(1, sizeof *multi);

    multi->loop = loop;
    multi->hooks = *hooks;
    multi->curl = curl_multi_init();
    if (!multi->curl || !configure(multi)) {
        curl_multi_cleanup(multi->curl);
        free(multi);
        err_set(err, ERR_INTERNAL, "start libcurl: out of memory or not the expected library");
        return NULL;
    }
    uv_timer_init(loop, &multi->deadline);
    multi->deadline.data = multi;
    if (uv_async_init(loop, &multi->kick, on_kick) < 0)
        abort(); /* no descriptor left at the very start */
    multi->kick.data = multi;
    /* It is always there; only what it announces should keep the loop alive. */
    uv_unref((uv_handle_t *)&multi->kick);
    multi->open_handles = 2;
    return multi;
}

void http_multi_free(struct http_multi *multi)
{
    uv_close((uv_handle_t *)&multi->deadline, on_own_handle_closed);
    uv_close((uv_handle_t *)&multi->kick, on_own_handle_closed);
}

bool http_multi_add(struct http_multi *multi, CURL *easy, struct err *err)
{
    CURLMcode code = curl_multi_add_handle(multi->curl, easy);

    if (code != CURLM_OK)
        return err_set(err, ERR_INTERNAL, "start the transfer: %s", curl_multi_strerror(code));
    return true;
}

void http_multi_remove(struct http_multi *multi, CURL *easy)
{
    curl_multi_remove_handle(multi->curl, easy);
}

void http_multi_kick(struct http_multi *multi)
{
    uv_async_send(&multi->kick);
}
