/*
 * http_url.c - what a URL in an answer may mean.
 *
 * The origin check is only as good as the parser behind it, so this uses libcurl's own, strictly:
 * no guessed scheme, no blanks, no login. What it refuses here is not sent anywhere.
 */
#include "net/http_url.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"

enum { SEGMENT_MAX = 256 };

struct parts {
    char *scheme;
    char *host;
    char *port; /* the scheme's own when the URL names none */
    bool has_login;
};

static void parts_release(struct parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
}

#define auto_parts __attribute__((cleanup(parts_release)))

static void url_release(CURLU **url)
{
    curl_url_cleanup(*url);
}

#define auto_url __attribute__((cleanup(url_release)))

static CURLU *parse(const char *text)
{
    CURLU *url = curl_url();

    if (!url)
        abort();
    if (curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK)
        return url;
    curl_url_cleanup(url);
    return NULL;
}

static bool has_part(CURLU *url, CURLUPart what)
{
    char *value = NULL;
    bool has = curl_url_get(url, what, &value, 0) == CURLUE_OK;

    curl_free(value);
    return has;
}

/* The same parser as the one that connects: what is compared here is what is connected to. */
static bool split(const char *text, struct parts *parts)
{
    auto_url CURLU *url = parse(text);

    if (!url)
        return false;
    parts->has_login = has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD);
    return curl_url_get(url, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_PORT, &parts->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
}

static bool is_web(const char *scheme)
{
    return strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0;
}

static bool has_scheme(const char *reference)
{
    size_t size = strcspn(reference, ":/?#");

    return size > 0 && reference[size] == ':';
}

/* Here only to fail early and by name; http_setup_check() decides when the request is made. */
static char *join_absolute(const char *api_url, const char *reference, struct err *err)
{
    if (!http_url_check(reference, err))
        return NULL;
    if (http_url_same_origin(api_url, reference))
        return xstrdup(reference);
    auto_free char *host = http_url_host(reference);
    err_set(err, ERR_MALFORMED, "upload URL is on another origin (%.200s); the token was not sent",
            host);
    return NULL;
}

char *http_url_join(const char *api_url, const char *reference, struct err *err)
{
    size_t base = strlen(api_url);

    if (has_scheme(reference))
        return join_absolute(api_url, reference, err);
    /* "//host/path" names a host, which no two programs would take for the same thing. */
    if (strncmp(reference, "//", 2) == 0 || reference[0] == '\0') {
        err_set(err, ERR_MALFORMED, "upload URL is neither absolute nor a path");
        return NULL;
    }
    /* As httpx does with its base_url: a leading slash does not mean the root of the host. */
    while (base > 0 && api_url[base - 1] == '/')
        base--;
    const char *slash = reference[0] == '/' ? "" : "/";
    auto_free char *joined = xasprintf("%.*s%s%s", (int)base, api_url, slash, reference);
    if (!http_url_check(joined, err))
        return NULL;
    return auto_take(joined);
}

char *http_url_segment(const char *id, struct err *err)
{
    size_t size = strlen(id);
    bool is_fit = size > 0 && size <= SEGMENT_MAX && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;

    for (size_t i = 0; i < size && is_fit; i++)
        is_fit = (unsigned char)id[i] >= 0x20 && id[i] != 0x7f;
    if (!is_fit) {
        err_set(err, ERR_MALFORMED, "the ID cannot be part of a URL");
        return NULL;
    }
    char *escaped = curl_easy_escape(NULL, id, (int)size);
    if (!escaped)
        abort();
    char *copy = xstrdup(escaped);
    curl_free(escaped);
    return copy;
}

bool http_url_check(const char *url, struct err *err)
{
    auto_parts struct parts parts = {0};

    if (!split(url, &parts) || !is_web(parts.scheme))
        return err_set(err, ERR_MALFORMED, "the URL is not a complete http:// or https:// URL");
    if (parts.has_login)
        return err_set(err, ERR_MALFORMED, "the URL carries a user name or password");
    return true;
}

bool http_url_same_origin(const char *a, const char *b)
{
    auto_parts struct parts left = {0};
    auto_parts struct parts right = {0};

    return split(a, &left) && split(b, &right) && strcasecmp(left.scheme, right.scheme) == 0 &&
           strcasecmp(left.host, right.host) == 0 && strcmp(left.port, right.port) == 0;
}

bool http_url_is_plain(const char *url)
{
    auto_parts struct parts parts = {0};

    return split(url, &parts) && strcasecmp(parts.scheme, "http") == 0;
}

char *http_url_host(const char *url)
{
    auto_url CURLU *parsed = parse(url);
    char *host = NULL;
    char *port = NULL;

    if (!parsed || curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return xstrdup("?");
    if (curl_url_get(parsed, CURLUPART_PORT, &port, 0) != CURLUE_OK)
        port = NULL;
    char *text = port ? xasprintf("%s:%s", host, port) : xstrdup(host);
    curl_free(host);
    curl_free(port);
    return text;
}
