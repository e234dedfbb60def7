/* http_url.h - what may be asked where: joining and comparing URLs, with libcurl's own parser.
 * Pure. */
#ifndef NET_HTTP_URL_H
#define NET_HTTP_URL_H

#include <stdbool.h>

#include "base/err.h"

/*
 * The URL that a reference in an answer (an uploadUrl) means; the caller frees it. An absolute
 * one must have api_url's origin; a relative one, with or without a leading slash, is appended to
 * api_url ("/upload-firmware/x" -> "{api}/upload-firmware/x"). NULL: ERR_MALFORMED.
 */
char *http_url_join(const char *api_url, const char *reference, struct err *err);

/* Escapes an ID for use as one path segment; the caller frees it. NULL: ERR_MALFORMED for what
 * cannot be one (empty, ".", "..", control characters, over 256 bytes). */
char *http_url_segment(const char *id, struct err *err);

/* An absolute http:// or https:// URL with a host and without user or password; else ERR_MALFORMED.
 */
bool http_url_check(const char *url, struct err *err);

/* Both were checked. Scheme, host and port are equal, default ports filled in. */
bool http_url_same_origin(const char *a, const char *b);

bool http_url_is_plain(const char *url); /* http:// */

/* "host" or "host:port" of a URL, for messages; the caller frees it. "?" when it has none. */
char *http_url_host(const char *url);

#endif
