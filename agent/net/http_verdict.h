/*
 * http_verdict.h - what the end of an exchange means for the agent. Pure.
 *
 * 2xx is ERR_OK unless HTML or an encoding came that nobody asked for (ERR_PROTOCOL);
 * 3xx ERR_PROTOCOL; 401 ERR_AUTH; 403 ERR_RIGHTS with a JSON body, else ERR_PROTOCOL;
 * 407 ERR_NETWORK (the proxy's); 408, 425, 429 ERR_THROTTLED; other 4xx ERR_REJECTED;
 * 5xx ERR_SERVER. An upload of which a body byte had left is ERR_UNSURE where the platform may
 * have taken it: 408, 500, 502, 503, 504, and every end without a complete answer. The same end
 * before the first body byte, or of another request, is ERR_NETWORK.
 */
#ifndef NET_HTTP_VERDICT_H
#define NET_HTTP_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct http_facts {
    bool complete;      /* the answer was received to its end */
    long status;        /* of the final answer; 0: none was seen */
    bool is_upload;     /* a POST of files: executing it twice does harm */
    bool body_started;  /* at least one byte of the request's body left */
    bool body_complete; /* all of it left */
    bool is_json;       /* the answer's body looks like JSON */
    bool is_html;       /* ... like HTML */
    bool is_encoded;    /* it has a Content-Encoding, which was not asked for */
    bool any_answer;    /* HTML is fine */
};

enum err_kind http_verdict(const struct http_facts *facts);

/*
 * "HTTP 422: <the platform's words>": errors[0].detail, .message or .type of a JSON error body,
 * made printable and cut at 200 bytes, never the raw body. body may be NULL.
 */
void http_verdict_explain(const struct http_facts *facts, enum err_kind kind, const char *body,
                          size_t size, struct err *err);

/* By content type and first bytes. any_markup: whatever starts with '<' counts (JSON was due). */
bool http_looks_json(const char *content_type, const char *body, size_t size);
bool http_looks_html(const char *content_type, const char *body, size_t size, bool any_markup);

/* A Retry-After of seconds or an HTTP date, in ms; -1 for none, nonsense or the past; at most a
 * day. */
int64_t http_retry_after(const char *text, int64_t now_wall_s);

#endif
