/*
 * http.h - requests to the platform and to webhooks: libcurl's multi interface on a libuv loop.
 *
 * One struct http per agent. What callers can rely on:
 *  - every request ends in exactly one call of its done function, from the loop, never inside
 *    http_send(), http_upload(), http_download() or cancel(); no caller's code runs in a libcurl
 *    callback, so done() may start and cancel other requests;
 *  - err is NULL only for a complete 2xx answer whose request was sent completely; otherwise its
 *    kind is the verdict of http_verdict.h. reply is never NULL; it and what it points to are
 *    gone when done() returns;
 *  - the token goes to the origin of api_url only; no redirect is ever followed; HTTP/1.1 only;
 *  - a POST is never sent twice behind the caller's back (own connection) unless it is idempotent;
 *  - file descriptors are borrowed until done().
 *
 * Times: connect_timeout_ms bounds name, connection and TLS. After that there is no total limit
 * for bodies; a request fails when nothing moved for stall_timeout_ms while bytes should move, or
 * when no answer came within answer_timeout_ms (plus size / 10 MiB/s) after the last byte left.
 * Phases in which this program itself holds a request back have no limit. For http_send() both
 * are at most 60 s and five minutes bound the whole; http_download() waits at most five minutes
 * for the answer to begin.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/op.h"
#include "base/secret.h"

struct http;

struct http_options {      /* copied, but for proxy_auth */
    const char *api_url;   /* the token's only origin (scheme, host, port) */
    bool allow_http;       /* false: an http:// api_url is ERR_CONFIG */
    const char *ca_file;   /* PEM, added to the system's store; or NULL */
    const char *ca_system; /* PEM in place of the system's store; NULL: libcurl's own path */
    bool verify_tls;       /* false: no certificate is checked */
    const char *proxy;     /* NULL: curl's environment variables; "": none */
    const char *no_proxy;  /* comma-separated; NULL: curl's environment variable */
    const struct secret *proxy_auth; /* user:password (Basic), borrowed; or NULL */
    int64_t connect_timeout_ms, stall_timeout_ms, answer_timeout_ms; /* all > 0 */
    unsigned requests_per_second; /* starts of http_send() and http_download(); 0: no limit */
    int64_t upload_rate;          /* bytes per second of all uploads together; 0: no limit */
};

struct http_reply {
    long status;              /* 0: no answer was seen */
    const char *body;         /* in memory, NUL-terminated, never NULL; of a download: its error */
    size_t size;              /* of body */
    const char *content_type; /* or NULL */
    int64_t retry_after_ms;   /* -1: not given */
    int64_t sent;             /* body bytes handed to the connection, framing included */
    bool all_sent;            /* the whole body was: else nobody can have taken it */
    int64_t received;         /* http_download(): bytes written to fd */
    const char *sha256;       /* http_download(): of them, when err is NULL; else NULL */
    /* http_upload(): one for each part, of the bytes that were read; "" when that were not all. */
    const char (*part_sha256)[DIGEST_HEX_SIZE];
};

typedef void http_done_fn(void *owner, const struct http_reply *reply, const struct err *err);

struct http_call {
    const char *url;
    const char *body; /* POSTed (copied); NULL: GET */
    size_t size;
    const char *content_type;   /* of body; NULL: application/json */
    const char *const *headers; /* more "Name: value" lines, NULL-terminated; or NULL */
    size_t max_answer;          /* a longer 2xx body fails with ERR_PROTOCOL */
    bool authenticated;         /* with the token */
    bool idempotent;            /* a POST that may be repeated: reuses connections */
    bool any_answer;            /* HTML is fine too (webhooks) */
    bool allow_http;            /* http:// although api_url is https:// (webhooks) */
};

struct http_part {
    const char *name;          /* form field */
    const char *file_name;     /* no quotes, no control characters: ERR_DATA */
    const char *content_type;  /* NULL: application/octet-stream */
    int fd;                    /* not looked at when size is 0 */
    int64_t size, mtime_ns;    /* as fstat() gave them: both must still hold after the last byte */
    uint64_t inode;            /* likewise; 0: does not count (network file systems) */
    const char *expect_sha256; /* NULL: not compared */
    /*
     * Or NULL. Called from the loop with the digest of the whole part before its last bytes are
     * handed out; false ends the upload with *err. owner is that of done().
     */
    bool (*verify)(void *owner, const struct http_part *part, const char *sha256, struct err *err);
};

struct http_form { /* an authenticated multipart POST; never idempotent; answered in JSON */
    const char *url;
    const struct http_part *parts; /* copied, texts too */
    size_t count;
    size_t max_answer;
};

struct http_fetch { /* an answer into a file, from offset 0; the caller truncates, syncs, renames */
    const char *url;
    const char *body; /* JSON, POSTed (copied) and fit to be repeated; NULL: GET */
    int fd;
    int64_t max_size;
    const char *const *headers;
    bool authenticated;
};

/* NULL: ERR_CONFIG. Reads certificate files (blocking), ignores SIGPIPE, unsets SSLKEYLOGFILE. */
struct http *http_new(uv_loop_t *loop, const struct http_options *options, struct err *err);

/*
 * The system's hashed folder of certificates: used where no ca_system is given. NULL: there is
 * none, and its file is used.
 */
const char *http_trust_folder(void);

/* Requests must have ended (being in done() of the last one is fine). closed() comes last. */
void http_free(struct http *http, void (*closed)(void *owner), void *owner);

/*
 * Borrowed until replaced, used by requests that start from now on. NULL: they fail, ERR_AUTH, as
 * those do that were started before and are not on their way yet.
 */
void http_set_token(struct http *http, const struct secret *token);

/* Withholds a message that repeats the token: an answer under 200 may, and is read above net/. */
void http_redact(const struct http *http, struct err *err);

void http_set_upload_rate(struct http *http, int64_t bytes_per_second);

/*
 * Each returns the request in flight, for cancel() and http_progress() until done(); NULL when it
 * could not start: ERR_AUTH without a token, ERR_MALFORMED for a bad URL or one that the token
 * may not go to. Nothing was sent then.
 *
 * A cancelled upload with reply->all_sent may have been taken by the platform, as one that ended
 * in ERR_UNSURE. ERR_CHANGED: the file was not what the caller said; no complete request left.
 */
struct op *http_send(struct http *http, const struct http_call *call, http_done_fn *done,
                     void *owner, struct err *err);
struct op *http_upload(struct http *http, const struct http_form *form, http_done_fn *done,
                       void *owner, struct err *err);
struct op *http_download(struct http *http, const struct http_fetch *fetch, http_done_fn *done,
                         void *owner, struct err *err);

/* *total_bytes is 0 while unknown. */
void http_progress(const struct op *op, int64_t *done_bytes, int64_t *total_bytes);

#endif
