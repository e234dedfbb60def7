#include "config/config_url.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"
#include "config/config_words.h"

enum { HOST_MAX = 253, PORT_MAX = 65535 };

/* The part between "://" and the path, borrowed from the URL. */
struct authority {
    const char *text;
    size_t size;
};

static bool find_authority(const char *url, struct authority *authority)
{
    const char *mark = strstr(url, "://");

    if (!mark)
        return false;
    authority->text = mark + 3;
    authority->size = strcspn(authority->text, "/?#");
    return true;
}

/* The host without brackets and port, into room; false when it is none. */
static bool copy_host(const struct authority *authority, char room[HOST_MAX + 1],
                      const char **after)
{
    const char *text = authority->text;
    bool is_bracketed = authority->size > 0 && text[0] == '[';
    size_t size = strcspn(text + is_bracketed, is_bracketed ? "]/?#" : ":/?#");

    *after = text + is_bracketed + size;
    if (size == 0 || size > HOST_MAX || (is_bracketed && **after != ']'))
        return false;
    *after += is_bracketed;
    memcpy(room, text + is_bracketed, size);
    room[size] = '\0';
    return true;
}

/* Names as they are used, with the underscores that some networks have. */
static bool is_host(const char *host, bool is_bracketed)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    struct in6_addr address;

    if (is_bracketed)
        return inet_pton(AF_INET6, host, &address) == 1;
    return host[strspn(host, letters)] == '\0';
}

/* ":443" or nothing, up to the end of the authority. */
static bool is_port(const char *text, size_t size)
{
    unsigned long port = 0;

    if (size == 0)
        return true;
    if (text[0] != ':' || size == 1 || size > sizeof ":65535" - 1)
        return false;
    for (size_t i = 1; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    return port > 0 && port <= PORT_MAX;
}

/* Browsers read a backslash as a slash, curl does not: whose host is it then? */
static bool is_plain_ascii(const char *url)
{
    for (; *url; url++) {
        if (*url <= ' ' || *url > '~' || *url == '\\')
            return false;
    }
    return true;
}

static bool check_authority(const struct authority *authority, struct err *err)
{
    char host[HOST_MAX + 1];
    const char *after;

    if (memchr(authority->text, '@', authority->size))
        return err_set(err, ERR_CONFIG,
                       "a URL with user or password; this file holds no secrets, take them out");
    if (!copy_host(authority, host, &after) || !is_host(host, authority->text[0] == '['))
        return err_set(err, ERR_CONFIG, "a URL without a valid host; write scheme://host/path");
    if (!is_port(after, authority->size - (size_t)(after - authority->text)))
        return err_set(err, ERR_CONFIG, "a URL with a port that is none; write 1 to 65535");
    return true;
}

bool config_url_check(const char *url, const char *schemes, struct err *err)
{
    struct authority authority;
    unsigned index;

    if (!is_plain_ascii(url))
        return err_set(err, ERR_CONFIG,
                       "a URL with a blank or other character that URLs do not have; encode it");
    if (!find_authority(url, &authority) ||
        !config_words_index(schemes, url, (size_t)(authority.text - 3 - url), &index)) {
        auto_free char *listed = config_words_listed(schemes);
        return err_set(err, ERR_CONFIG, "a URL that does not start with %s; write scheme://host",
                       listed);
    }
    if (strchr(url, '#'))
        return err_set(err, ERR_CONFIG, "a URL with a # part, which is never sent; remove it");
    return check_authority(&authority, err);
}

bool config_url_is_loopback(const char *url)
{
    struct authority authority;
    char host[HOST_MAX + 1];
    const char *after;
    struct in_addr address;
    struct in6_addr address6;

    if (!find_authority(url, &authority) || !copy_host(&authority, host, &after))
        return false;
    if (strcasecmp(host, "localhost") == 0)
        return true;
    // not "starts with 127.": that is also a name somebody can register
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &address6) == 1 && IN6_IS_ADDR_LOOPBACK(&address6);
}

char *config_url_shown(const char *url)
{
    struct authority authority;

    if (!find_authority(url, &authority))
        return xstrdup("...");
    const char *end = authority.text + authority.size;
    bool has_more = *end && strcmp(end, "/") != 0;
    return xasprintf("%.*s%s", (int)(end - url), url, has_more ? "/..." : "");
}
