/*
 * http_multi.h - libcurl's multi interface driven by a libuv loop.
 *
 * Knows sockets, one deadline and ended transfers, nothing of requests. The callbacks of
 * struct http_multi_hooks run from the loop and never from inside libcurl, so they may add and
 * remove transfers.
 */
#ifndef NET_HTTP_MULTI_H
#define NET_HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

struct http_multi;

struct http_multi_hooks {
    /* The transfer ended and was removed; private is its CURLOPT_PRIVATE. */
    void (*ended)(void *owner, void *private, CURLcode code);
    /* From inside libcurl, so only to be noted: its socket, or -1 when that one went. */
    void (*socket)(void *private, curl_socket_t fd, bool gone);
    /* http_multi_kick() was called some time ago. */
    void (*kicked)(void *owner);
    void (*closed)(void *owner);
    void *owner;
};

struct http_multi *http_multi_new(uv_loop_t *loop, const struct http_multi_hooks *hooks,
                                  struct err *err);
void http_multi_free(struct http_multi *multi); /* all transfers were removed; ends in closed() */

bool http_multi_add(struct http_multi *multi, CURL *easy, struct err *err);
void http_multi_remove(struct http_multi *multi, CURL *easy);

/* Calls kicked() soon. Does not keep the loop alive: the caller's watchdog timer does. */
void http_multi_kick(struct http_multi *multi);

#endif
