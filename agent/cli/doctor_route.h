/*
 * doctor_route.h - whom a connection to the platform goes to first: itself, or a proxy.
 *
 * Pure but for the environment that is handed in. Follows what libcurl does with its
 * variables; networks in no_proxy ("10.0.0.0/8") are left to it.
 */
#ifndef CLI_DOCTOR_ROUTE_H
#define CLI_DOCTOR_ROUTE_H

#include <stdbool.h>

#include "config/config.h"

struct doctor_route {
    char *host; /* without brackets; of the proxy, if there is one */
    char port[6];
    const char *proxy_source; /* "api.proxy" or the variable's name; NULL: no proxy */
    const char *bypass;       /* why a configured proxy is passed by: "no_proxy"; else NULL */
};

/* Release *route. False: there is no host in what was configured. */
bool doctor_route_find(const struct config_api *api, const char *(*environment)(const char *name),
                       struct doctor_route *route);
void doctor_route_release(struct doctor_route *route);

/* Does a list as in no_proxy name this host? */
bool doctor_route_is_listed(const char *host, const char *list);

#endif
