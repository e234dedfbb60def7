/* doctor_route.c - only host and port are taken out of a proxy's URL: it may hold a password. */
#include "cli/doctor_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"

/* Host and port of "[scheme://][user:password@]host[:port][/...]". */
static bool read_place(const char *url, const char *usual_port, struct doctor_route *route)
{
    const char *scheme_end = strstr(url, "://");
    const char *authority = scheme_end ? scheme_end + 3 : url;
    size_t size = strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', size);
    const char *host = at ? at + 1 : authority;
    const char *end = authority + size;
    bool has_brackets = *host == '[';
    const char *host_end = memchr(host, has_brackets ? ']' : ':', (size_t)(end - host));

    if (!host_end)
        host_end = end;
    host += has_brackets;
    if (host_end <= host)
        return false;
    const char *colon = memchr(host_end, ':', (size_t)(end - host_end));
    free(route->host);
    route->host = xstrndup(host, (size_t)(host_end - host));
    if (colon && colon + 1 < end)
        snprintf(route->port, sizeof route->port, "%.*s", (int)(end - colon - 1), colon + 1);
    else
        snprintf(route->port, sizeof route->port, "%s", usual_port);
    return true;
}

static const char *value_of(const char *(*environment)(const char *name), const char *name)
{
    const char *value = environment ? environment(name) : NULL;

    return value && *value ? value : NULL;
}

/* The first of these variables that is set and not empty; *name says which. */
static const char *first_of(const char *(*environment)(const char *name), const char *const *names,
                            const char **name)
{
    for (; *names; names++) {
        const char *value = value_of(environment, *names);

        if (value) {
            *name = *names;
            return value;
        }
    }
    return NULL;
}

/* HTTP_PROXY is not looked at: a web server sets it from a header that anybody can send. */
static const char *find_proxy(const struct config_api *api,
                              const char *(*environment)(const char *name), const char **source)
{
    static const char *const for_https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                            NULL};
    static const char *const for_http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    bool is_https = strncasecmp(api->url, "https:", 6) == 0;

    *source = "api.proxy";
    if (api->proxy)
        return *api->proxy ? api->proxy : NULL;
    return first_of(environment, is_https ? for_https : for_http, source);
}

static const char *find_bypass(const struct config_api *api, const char *host,
                               const char *(*environment)(const char *name))
{
    static const char *const names[] = {"no_proxy", "NO_PROXY", NULL};
    const char *name = NULL;

    /* A configured list takes the variable's place, it is not added to it. */
    for (size_t i = 0; i < api->no_proxy.count; i++) {
        if (doctor_route_is_listed(host, api->no_proxy.items[i]))
            return "api.no_proxy";
    }
    if (api->no_proxy.count > 0)
        return NULL;
    const char *list = first_of(environment, names, &name);
    return list && doctor_route_is_listed(host, list) ? name : NULL;
}

/* libcurl's own choice for a proxy that is written without a port. */
static const char *proxy_port(const char *proxy)
{
    return strncasecmp(proxy, "https:", 6) == 0 ? "443" : "1080";
}

/* A name is listed by itself or by a domain that it is in. */
static bool is_covered(const char *host, size_t host_size, const char *entry, size_t size)
{
    if (size > 0 && *entry == '.') {
        entry++;
        size--;
    }
    if (size > 0 && entry[size - 1] == '.')
        size--;
    if (size == 0 || size > host_size)
        return false;
    if (strncasecmp(host + host_size - size, entry, size) != 0)
        return false;
    return size == host_size || host[host_size - size - 1] == '.';
}

bool doctor_route_is_listed(const char *host, const char *list)
{
    size_t host_size = strlen(host);

    if (strcmp(list, "*") == 0)
        return true;
    if (host_size > 0 && host[host_size - 1] == '.')
        host_size--;
    for (const char *at = list; *at;) {
        size_t size = strcspn(at, ", ");

        if (is_covered(host, host_size, at, size))
            return true;
        at += size;
        at += strspn(at, ", ");
    }
    return false;
}

bool doctor_route_find(const struct config_api *api, const char *(*environment)(const char *name),
                       struct doctor_route *route)
{
    bool is_https = strncasecmp(api->url, "https:", 6) == 0;

    *route = (struct doctor_route){0};
    if (!read_place(api->url, is_https ? "443" : "80", route))
        return false;
    const char *proxy = find_proxy(api, environment, &route->proxy_source);
    route->bypass = proxy ? find_bypass(api, route->host, environment) : NULL;
    if (!proxy || route->bypass) {
        route->proxy_source = NULL;
        return true;
    }
    return read_place(proxy, proxy_port(proxy), route);
}

void doctor_route_release(struct doctor_route *route)
{
    free(route->host);
    *route = (struct doctor_route){0};
}
