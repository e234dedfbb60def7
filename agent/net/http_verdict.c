/*
 * http_verdict.c - the one table of what the outside world's answers mean.
 *
 * In doubt an upload is UNSURE rather than failed: asking the platform costs two requests, sending
 * an image twice costs an analysis and leaves a duplicate that only a person can remove.
 */
#include "net/http_verdict.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/printable.h"

enum { TEXT_MAX = 200, RETRY_AFTER_MAX_S = 24 * 60 * 60 };

static enum err_kind kind_without_answer(const struct http_facts *facts)
{
    return facts->is_upload && facts->body_started ? ERR_UNSURE : ERR_NETWORK;
}

static enum err_kind kind_of_success(const struct http_facts *facts)
{
    if (facts->is_html && !facts->any_answer)
        return ERR_PROTOCOL;
    if (facts->is_encoded && !facts->any_answer) /* unreadable, but a "yes" */
        return facts->is_upload ? ERR_UNSURE : ERR_PROTOCOL;
    /* "Yes" to a file of which not everything was sent: to what? */
    if (facts->is_upload && !facts->body_complete)
        return kind_without_answer(facts);
    return ERR_OK;
}

/* These can come from a proxy that gave up waiting, or from a server that failed after its work. */
static bool may_be_executed(const struct http_facts *facts)
{
    if (!facts->is_upload || !facts->body_started)
        return false;
    return facts->status == 408 || facts->status == 500 ||
           (facts->status >= 502 && facts->status <= 504);
}

/* 501 and the like stay SERVER: nothing that answers so has stored a file. */
static enum err_kind kind_of_status(const struct http_facts *facts)
{
    if (may_be_executed(facts))
        return ERR_UNSURE;
    switch (facts->status) {
    case 401:
        return ERR_AUTH;
    case 403:
        return facts->is_json ? ERR_RIGHTS : ERR_PROTOCOL;
    case 407:
        return ERR_NETWORK;
    case 408:
    case 425:
    case 429:
        return ERR_THROTTLED;
    default:
        break;
    }
    if (facts->status >= 500 && facts->status < 600)
        return ERR_SERVER;
    return facts->status >= 400 && facts->status < 500 ? ERR_REJECTED : ERR_PROTOCOL;
}

/* Borrowed from the JSON, or NULL. */
/* Both of the platform's shapes: REST (type, detail) and GraphQL (message). */
static const char *text_of(const json_t *root)
{
    static const char *const keys[] = {"detail", "message", "type"};
    const json_t *first = json_array_get(json_object_get(root, "errors"), 0);

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *text = json_string_value(json_object_get(first, keys[i]));

        if (text && text[0] != '\0')
            return text;
    }
    return NULL;
}

/* Caller frees; NULL when the body says nothing that can be shown. */
static char *platform_text(const char *body, size_t size)
{
    auto_json json_t *root = body ? json_loadb(body, size, 0, NULL) : NULL;
    const char *text = text_of(root);

    if (!text)
        return NULL;
    char *shown = printable_new(text);
    size_t size_shown = strlen(shown);
    size_t cut = 0;
    size_t next;
    while ((next = utf8_length(shown + cut, size_shown - cut)) > 0 && cut + next <= TEXT_MAX)
        cut += next;
    shown[cut] = '\0';
    return shown;
}

static const char *remark(const struct http_facts *facts)
{
    if (facts->status == 407)
        return "the proxy wants other credentials";
    if (facts->status >= 300 && facts->status < 400)
        return "redirect to another place, not followed";
    if (facts->status >= 200 && facts->status < 300) {
        if (facts->is_encoded)
            return "the answer is compressed, which was not asked for";
        return facts->is_html ? "HTML came where data was due" : "not everything was sent";
    }
    if (facts->is_html)
        return "with an HTML page";
    return NULL;
}

static const char *skip_blanks(const char *text, const char *end)
{
    while (text < end && isspace((unsigned char)*text))
        text++;
    return text;
}

static bool starts_with(const char *text, const char *end, const char *start)
{
    size_t size = strlen(start);

    return (size_t)(end - text) >= size && strncasecmp(text, start, size) == 0;
}

enum err_kind http_verdict(const struct http_facts *facts)
{
    /* An error status says enough even when its body was cut off. */
    if (!facts->complete && facts->status < 400)
        return kind_without_answer(facts);
    if (facts->status >= 200 && facts->status < 300)
        return kind_of_success(facts);
    return kind_of_status(facts);
}

void http_verdict_explain(const struct http_facts *facts, enum err_kind kind, const char *body,
                          size_t size, struct err *err)
{
    auto_free char *text = facts->status >= 400 ? platform_text(body, size) : NULL;
    const char *why = text ? text : remark(facts);

    if (facts->status == 413) {
        err_record(err, kind,
                   "HTTP 413: the file is too large for the platform or a proxy before it%s%s",
                   text ? ": " : "", text ? text : "");
    } else if (why) {
        err_record(err, kind, "HTTP %ld: %s", facts->status, why);
    } else {
        err_record(err, kind, "HTTP %ld", facts->status);
    }
}

bool http_looks_json(const char *content_type, const char *body, size_t size)
{
    const char *end = body + size;
    const char *text = skip_blanks(body, end);

    if (text == end)
        return false;
    if (*text == '{' || *text == '[')
        return true;
    return *text != '<' && content_type && strcasestr(content_type, "json");
}

bool http_looks_html(const char *content_type, const char *body, size_t size, bool any_markup)
{
    const char *end = body + size;
    const char *text = skip_blanks(body, end);

    if (any_markup && text < end && *text == '<')
        return true;
    if (starts_with(text, end, "<!doctype html") || starts_with(text, end, "<html"))
        return true;
    return content_type && strncasecmp(content_type, "text/html", 9) == 0;
}

/* A wrong clock or a hostile header must not park an item for a year: hence the cap. */
int64_t http_retry_after(const char *text, int64_t now_wall_s)
{
    long long seconds;
    char *end;

    if (!text)
        return -1;
    text = skip_blanks(text, text + strlen(text));
    errno = 0;
    if (isdigit((unsigned char)text[0])) {
        seconds = strtoll(text, &end, 10);
        if (*skip_blanks(end, end + strlen(end)) != '\0')
            return -1;
    } else {
        time_t date = curl_getdate(text, NULL);

        if (date == (time_t)-1 || (int64_t)date < now_wall_s)
            return -1;
        seconds = (int64_t)date - now_wall_s;
    }
    if (errno == ERANGE || seconds > RETRY_AFTER_MAX_S)
        seconds = RETRY_AFTER_MAX_S;
    return (int64_t)seconds * 1000;
}
