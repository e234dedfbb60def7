#include "onekey/graphql.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "onekey/refusal.h"

/* Blanks, and the byte order mark that some servers put first. */
static size_t skip_blanks(const char *bytes, size_t size)
{
    static const char bom[] = {'\xef', '\xbb', '\xbf'};
    size_t at = size >= sizeof bom && memcmp(bytes, bom, sizeof bom) == 0 ? sizeof bom : 0;

    while (at < size && bytes[at] && strchr(" \t\r\n", bytes[at]))
        at++;
    return at;
}

/* A proxy's or login page comes as HTML whatever the status and the content type say. */
static bool check_is_no_page(const char *bytes, size_t size, struct err *err)
{
    size_t at = skip_blanks(bytes, size);

    if (at == size)
        return err_set(err, ERR_PROTOCOL, "answer is empty, not JSON");
    if (bytes[at] != '<')
        return true;
    if (size - at > 5 && strncasecmp(bytes + at, "<?xml", 5) == 0)
        return err_set(err, ERR_PROTOCOL, "answer is an XML document, not JSON");
    return err_set(err, ERR_PROTOCOL, "answer is an HTML page, not JSON");
}

/*
 * Counts brackets outside of strings before anything is parsed: jansson recurses for each, and its
 * own limit of 2048 is more stack and more memory than an answer may cost.
 */
static bool check_depth(const char *bytes, size_t size, struct err *err)
{
    bool in_text = false;
    int depth = 0;

    for (size_t i = 0; i < size; i++) {
        if (in_text && bytes[i] == '\\')
            i++;
        else if (bytes[i] == '"')
            in_text = !in_text;
        else if (!in_text && (bytes[i] == '{' || bytes[i] == '['))
            depth++;
        else if (!in_text && (bytes[i] == '}' || bytes[i] == ']'))
            depth--;
        if (depth > GRAPHQL_DEPTH_MAX)
            return err_set(err, ERR_PROTOCOL, "answer is nested deeper than %d", GRAPHQL_DEPTH_MAX);
    }
    return true;
}

/* Only where it went wrong: jansson's own text quotes the body. */
static bool refuse_json(const json_error_t *trouble, struct err *err)
{
    enum json_error_code code = json_error_code(trouble);

    if (code == json_error_premature_end_of_input)
        return err_set(err, ERR_PROTOCOL, "answer ends in the middle, after %d bytes",
                       trouble->position);
    if (code == json_error_duplicate_key)
        return err_set(err, ERR_PROTOCOL, "answer has a key twice, before byte %d",
                       trouble->position);
    if (code == json_error_invalid_utf8)
        return err_set(err, ERR_PROTOCOL, "answer is not UTF-8 at byte %d", trouble->position);
    return err_set(err, ERR_PROTOCOL, "answer is not JSON from byte %d", trouble->position);
}

/* "errors": null and [] are what some servers send when there are none. */
static bool settle_errors(json_t *envelope, struct err *err)
{
    const json_t *errors = json_object_get(envelope, "errors");

    if (errors && !json_is_null(errors) && !json_is_array(errors))
        return err_set(err, ERR_PROTOCOL, "answer is JSON of another shape: errors is no list");
    if (json_array_size(errors) == 0)
        json_object_del(envelope, "errors");
    return true;
}

char *graphql_request(const char *query, json_t *variables)
{
    auto_json json_t *body = json_pack("{s:s}", "query", query);

    assert(body);
    if (variables)
        json_object_set_new(body, "variables", variables);
    char *text = json_dumps(body, JSON_COMPACT);
    assert(text);
    return text;
}

bool graphql_json(const char *bytes, size_t size, size_t max, json_t **value, struct err *err)
{
    json_error_t trouble;

    if (size > max)
        return err_set(err, ERR_PROTOCOL, "answer is larger than %zu bytes", max);
    if (!check_is_no_page(bytes, size, err) || !check_depth(bytes, size, err))
        return false;
    size_t at = skip_blanks(bytes, size);
    json_t *parsed =
        json_loadb(bytes + at, size - at, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &trouble);
    if (!parsed)
        return refuse_json(&trouble, err);
    *value = parsed;
    return true;
}

bool graphql_envelope(const char *bytes, size_t size, size_t max, json_t **envelope,
                      struct err *err)
{
    auto_json json_t *parsed = NULL;

    if (!graphql_json(bytes, size, max, &parsed, err))
        return false;
    if (!json_is_object(parsed))
        return err_set(err, ERR_PROTOCOL, "answer is JSON of another shape: no object");
    if (!settle_errors(parsed, err))
        return false;
    *envelope = auto_take(parsed);
    return true;
}

bool graphql_data(const json_t *envelope, const json_t **data, struct err *err)
{
    const json_t *found = json_object_get(envelope, "data");

    if (!found)
        return err_set(err, ERR_PROTOCOL, "answer is JSON of another shape: no data, no errors");
    if (!json_is_object(found))
        return err_set(err, ERR_PROTOCOL, "answer is JSON of another shape: data is no object");
    *data = found;
    return true;
}

bool graphql_reply_up_to(const char *bytes, size_t size, size_t max, json_t **data, struct err *err)
{
    auto_json json_t *envelope = NULL;
    const json_t *found = NULL;

    if (!graphql_envelope(bytes, size, max, &envelope, err))
        return false;
    const json_t *errors = json_object_get(envelope, "errors");
    if (errors)
        return refusal_of_errors(errors, err);
    if (!graphql_data(envelope, &found, err))
        return false;
    *data = json_incref(json_object_get(envelope, "data"));
    return true;
}

bool graphql_reply(const char *bytes, size_t size, json_t **data, struct err *err)
{
    return graphql_reply_up_to(bytes, size, GRAPHQL_BYTES_MAX, data, err);
}
