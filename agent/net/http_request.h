/*
 * http_request.h - one request in flight: what sends, uploads and downloads share. Private to net/.
 *
 *   PREPARING -> WAITING -> RUNNING -> ENDED -> done()
 *   (its own     (for its   (libcurl   (a worker may still use its memory)
 *    reader)      turn)      has it)
 *
 * Every step may jump to ENDED. Only http_request_report(), from the loop, calls done().
 */
#ifndef NET_HTTP_REQUEST_H
#define NET_HTTP_REQUEST_H

#include "base/buf.h"
#include "net/http.h"
#include "net/http_limit.h"
#include "net/http_multi.h"
#include "net/http_setup.h"
#include "net/http_verdict.h"
#include "net/http_watchdog.h"

enum http_stage { STAGE_PREPARING, STAGE_WAITING, STAGE_RUNNING, STAGE_ENDED };

struct http_request;

struct http_request_kind {
    bool is_upload;
    bool has_turn;   /* counts as one of requests_per_second */
    bool any_markup; /* JSON is due: whatever starts with '<' is HTML */
    /* All are optional. */
    void (*stop)(struct http_request *request);          /* its workers begin nothing new */
    bool (*is_busy)(const struct http_request *request); /* a worker still uses its memory */
    void (*complete)(struct http_request *request);      /* the transfer succeeded: what remains? */
    void (*resume)(struct http_request *request);        /* there is bandwidth again */
    void (*reply)(const struct http_request *request, struct http_reply *reply);
    void (*release)(struct http_request *request); /* its own members */
};

struct http_request {
    struct op op; /* first: see struct op */
    struct http *http;
    const struct http_request_kind *kind;
    struct http_request *next;      /* in http->all */
    struct http_request *next_turn; /* in http->waiting or http->throttled */
    enum http_stage stage;
    struct http_easy easy;
    struct curl_slist *headers;
    char *url;
    bool authenticated;
    unsigned token_epoch; /* of http, when it began */
    bool any_answer;
    bool is_paused;       /* by us; a watchdog must not count it */
    bool is_cut;          /* an error's body, longer than anybody wants to know */
    curl_socket_t socket; /* for how much of what was sent is still in the kernel; -1: unknown */
    size_t max_answer;
    struct buf answer;
    char head[64]; /* of the body, wherever that goes */
    size_t head_size;
    int64_t expected; /* bytes, for http_progress() before libcurl knows; or 0 */
    int64_t received; /* body bytes */
    long late_status; /* of an answer found behind a failed send; or 0 */
    struct http_patience patience;
    struct http_watchdog watchdog;
    struct err failure; /* found by ourselves; ERR_OK: none */
    CURLcode code;
    char detail[CURL_ERROR_SIZE];
    http_done_fn *done;
    void *owner;
};

struct http {
    uv_loop_t *loop;
    struct http_setup *setup;
    struct http_multi *multi;
    const struct secret *token;
    unsigned token_epoch; /* counts replacements */
    struct http_request *all;
    struct http_request *waiting;   /* first come, first served */
    struct http_request *throttled; /* uploads that wait for bandwidth, likewise */
    struct http_limit turns;
    struct http_limit upload_bytes;
    unsigned uploads; /* in flight */
    int64_t stall_timeout_ms, answer_timeout_ms;
    uint64_t look_ms;
    uv_timer_t look; /* runs exactly while there are requests */
    uv_timer_t pace; /* runs while one waits for its turn or for bandwidth */
    unsigned open_handles;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* Sets up what all share. url was checked; NULL-terminated headers or NULL. */
void http_request_init(struct http_request *request, struct http *http,
                       const struct http_request_kind *kind, const char *url,
                       const char *const *headers);
void http_request_header(struct http_request *request, const char *line);

/* Puts it under the watch of http; from now on it ends in done(). */
void http_request_begin(struct http_request *request, http_done_fn *done, void *owner);

/* Hands it to libcurl, now or when its turn comes. */
void http_request_start(struct http_request *request);
void http_request_take_turn(struct http_request *request); /* it is its turn */

/* Ends it with failure (copied; NULL: as libcurl's code says). */
void http_request_end(struct http_request *request, const struct err *failure);

/* After a worker's end: may it be reported now? Does so later, from the loop. */
void http_request_settle(struct http_request *request);
void http_request_report(struct http_request *request);

void http_request_look(struct http_request *request); /* the watchdog's */
int64_t http_request_sent(const struct http_request *request);
long http_request_status(const struct http_request *request); /* 0 before the final one */

/* Keeps the first bytes of a body, for telling HTML. */
void http_request_note(struct http_request *request, const char *data, size_t size);

/* libcurl's write callback for bodies that stay in memory. */
size_t http_request_keep(char *data, size_t size, size_t count, void *userdata);

/* Before init: may url be asked at all? */
bool http_request_check(const struct http *http, const char *url, bool authenticated,
                        bool allow_http, struct err *err);

/* Frees a request that was never begun, or that was reported. */
void http_request_free(struct http_request *request);

/* The request waits for bandwidth: kind->resume() is called when there is some. */
void http_throttle(struct http_request *request);

/* Appends to, and takes from, one of http's two queues. */
void http_queue_add(struct http_request **queue, struct http_request *request);
void http_queue_drop(struct http_request **queue, const struct http_request *request);

void http_link(struct http_request *request);
void http_unlink(struct http_request *request);

#endif
