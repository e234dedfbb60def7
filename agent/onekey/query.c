#include "onekey/query.h"

#include "base/auto.h"
#include "base/printable.h"
#include "onekey/graphql.h"
#include "onekey/refusal.h"

#include <string.h>

static bool is_utf8(const char *text)
{
    size_t size = strlen(text);

    for (size_t at = 0; at < size;) {
        size_t length = utf8_length(text + at, size - at);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

/* All that the platform complained about, not only the gravest: it is the operator's own text. */
static bool refuse_query(const json_t *errors, struct err *err)
{
    char text[REFUSAL_JOINED_SIZE];

    refusal_of_errors(errors, err);
    // Here a field that does not exist is the asker's mistake, not a platform that moved.
    enum err_kind kind = err->kind == ERR_PROTOCOL ? ERR_REJECTED : err->kind;
    return err_set(err, kind, "platform says: %s", refusal_join(errors, text, sizeof text));
}

bool query_request(const char *text, const char *variables, char **body, struct err *err)
{
    auto_json json_t *parsed = NULL;
    json_error_t trouble;

    if (!text[strspn(text, " \t\r\n")])
        return err_set(err, ERR_USAGE, "read query: it is empty");
    if (!is_utf8(text))
        return err_set(err, ERR_USAGE, "read query: not UTF-8");
    if (variables) {
        parsed = json_loads(variables, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &trouble);
        if (!parsed)
            return err_set(err, ERR_USAGE, "read variables: not JSON at line %d, column %d",
                           trouble.line, trouble.column);
        if (!json_is_object(parsed))
            return err_set(err, ERR_USAGE, "read variables: want a JSON object");
    }
    *body = graphql_request(text, auto_take(parsed));
    return true;
}

bool query_reply(const char *bytes, size_t size, json_t **data, struct err *err)
{
    auto_json json_t *envelope = NULL;
    const json_t *found = NULL;

    if (!graphql_envelope(bytes, size, QUERY_BYTES_MAX, &envelope, err))
        return false;
    const json_t *errors = json_object_get(envelope, "errors");
    if (errors)
        return refuse_query(errors, err);
    if (!graphql_data(envelope, &found, err))
        return false;
    *data = json_incref(json_object_get(envelope, "data"));
    return true;
}
