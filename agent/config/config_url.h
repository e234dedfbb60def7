/*
 * config_url.h - what can be said about a URL before anything connects. Pure.
 */
#ifndef CONFIG_CONFIG_URL_H
#define CONFIG_CONFIG_URL_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Absolute, one of the schemes ("https|http"), a host, printable ASCII, no user or
 * password, no fragment. The message never repeats the URL: it may hold a secret.
 */
bool config_url_check(const char *url, const char *schemes, struct err *err);

/* Of a checked URL: its host is 127.0.0.0/8, ::1 or localhost. */
bool config_url_is_loopback(const char *url);

/* Of a checked URL: "https://host:port", with "/..." when more follows. Caller frees. */
char *config_url_shown(const char *url);

#endif
