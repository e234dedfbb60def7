/*
 * http_setup.h - what every transfer has in common: trust, proxy, protocol rules, secrets.
 *
 * The one place that decides where the token may go, and the only one that reveals a secret.
 */
#ifndef NET_HTTP_SETUP_H
#define NET_HTTP_SETUP_H

#include <curl/curl.h>

#include "net/http.h"

struct http_setup;

/* A transfer while it is being set up. The first option that libcurl refused is remembered. */
struct http_easy {
    CURL *curl;
    CURLcode code;
};

static inline void http_easy_note(struct http_easy *easy, CURLcode code)
{
    if (easy->code == CURLE_OK)
        easy->code = code;
}

/* A macro, so that libcurl's compile-time type checks see the option. */
#define http_easy_set(easy, option, value)                                                         \
    http_easy_note((easy), curl_easy_setopt((easy)->curl, (option), (value)))

struct http_setup *http_setup_new(const struct http_options *options, struct err *err);
void http_setup_free(struct http_setup *setup); /* NULL is fine */

/* May this URL be asked, and with the token? ERR_MALFORMED says why not. */
bool http_setup_check(const struct http_setup *setup, const char *url, bool authenticated,
                      bool allow_http, struct err *err);

/* Options of any transfer to a checked URL. */
void http_setup_apply(const struct http_setup *setup, struct http_easy *easy, const char *url);

/* token may be NULL. */
void http_setup_authorize(const struct http_setup *setup, struct http_easy *easy,
                          const struct secret *token);

/* An answer may repeat what it was sent; a message never does. */
void http_setup_redact(const struct secret *token, struct err *err);

#endif
