#include "onekey/firmware.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"
#include "onekey/graphql.h"
#include "onekey/graphql_texts.h"
#include "onekey/refusal.h"

/* RFC 3986: unreserved characters stay, the rest becomes %XX. */
static char *escape(const char *text)
{
    static const char stays[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
    static const char digits[] = "0123456789ABCDEF";
    char *escaped = xcalloc(strlen(text) + 1, 3);
    char *out = escaped;

    for (const char *at = text; *at; at++) {
        unsigned char byte = (unsigned char)*at;

        if (strchr(stays, byte)) {
            *out++ = *at;
            continue;
        }
        *out++ = '%'; // a dot too: ".." must not climb
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    return escaped;
}

static bool check_query(const char *query, struct err *err)
{
    if (*query == '?')
        return err_set(err, ERR_CONFIG, "use SBOM query: leave out the leading \"?\"");
    for (const char *at = query; *at; at++) {
        if (*at <= ' ' || *at > '~' || *at == '#') {
            return err_set(err, ERR_CONFIG,
                           "use SBOM query: byte %td is a blank, a \"#\" or no printable ASCII",
                           at - query + 1);
        }
    }
    return true;
}

char *firmware_request(const char *id)
{
    assert(firmware_id_is_sane(id));
    return graphql_request(graphql_text_firmware, json_pack("{s:s}", "id", id));
}

bool firmware_reply(const char *bytes, size_t size, const char *id, struct firmware *firmware,
                    struct err *err)
{
    auto_json json_t *envelope = NULL;
    const json_t *data = NULL;
    const json_t *found = NULL;
    const char *name = NULL;
    const char *version = NULL;
    char got_id[FIRMWARE_ID_SIZE];

    if (!graphql_envelope(bytes, size, GRAPHQL_BYTES_MAX, &envelope, err))
        return false;
    const json_t *errors = json_object_get(envelope, "errors");
    if (errors && !refusal_entry_is_not_found(json_array_get(errors, 0)))
        return refusal_of_errors(errors, err);
    if (!errors &&
        (!graphql_data(envelope, &data, err) || !field_maybe_object(data, "firmware", &found, err)))
        return false;
    if (!found) {
        *firmware = (struct firmware){.found = false};
        return true;
    }
    if (!field_firmware_id(found, "id", got_id, err) ||
        !field_maybe_text(found, "name", &name, err) ||
        !field_maybe_text(found, "version", &version, err))
        return err_wrap(err, "read firmware");
    if (strcasecmp(got_id, id) != 0)
        return err_set(err, ERR_PROTOCOL, "read firmware: id is not the one asked for");
    *firmware = (struct firmware){.found = true, .name = xstrdup(name ? name : "")};
    text_replace(&firmware->version, version);
    return true;
}

void firmware_release(struct firmware *firmware)
{
    free(firmware->name);
    free(firmware->version);
    *firmware = (struct firmware){0};
}

bool firmware_sbom_path(const char *id, const char *query, char **path, struct err *err)
{
    auto_free char *escaped = escape(id);

    if (query && !check_query(query, err))
        return false;
    bool has_query = query && *query;
    *path =
        xasprintf("firmwares/%s/sbom%s%s", escaped, has_query ? "?" : "", has_query ? query : "");
    return true;
}

char *firmware_web_link(const char *api_url, const char *id)
{
    const char *scheme_end = strstr(api_url, "://");

    if (!scheme_end)
        return NULL;
    const char *authority = scheme_end + 3;
    size_t length = strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', length);
    if (at) {
        length -= (size_t)(at + 1 - authority);
        authority = at + 1;
    }
    if (length == 0)
        return NULL;
    auto_free char *escaped = escape(id);
    return xasprintf("%.*s%.*s/firmwares?firmwareId=%s", (int)(scheme_end + 3 - api_url), api_url,
                     (int)length, authority, escaped);
}
