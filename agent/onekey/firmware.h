/*
 * firmware.h - one firmware on the platform: is it there, and where are its SBOM and its page.
 */
#ifndef ONEKEY_FIRMWARE_H
#define ONEKEY_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "onekey/field.h"

struct firmware {
    bool found;
    char *name;    /* NULL when not found */
    char *version; /* NULL when not found, or without one */
};

/* For a sane ID; the caller frees it. */
char *firmware_request(const char *id);

/* *firmware is filled on success only; release it then. */
bool firmware_reply(const char *bytes, size_t size, const char *id, struct firmware *firmware,
                    struct err *err);
void firmware_release(struct firmware *firmware);

/*
 * "firmwares/<id>/sbom[?query]", relative to api.url; *path is the caller's. The ID is escaped. The
 * query (NULL for none) is opaque: its names are not documented, so it is passed on as it is, but
 * ERR_CONFIG refuses what would not stay a query: blanks, "#", a leading "?", all but printable
 * ASCII.
 */
bool firmware_sbom_path(const char *id, const char *query, char **path, struct err *err);

/*
 * The page for people: scheme and host of api.url (user and password left out), then
 * "/firmwares?firmwareId=<id>". The caller frees it; NULL when api_url has no host.
 */
char *firmware_web_link(const char *api_url, const char *id);

#endif
