/* wanted.h - what the onekey tests share: one row of a malformed-answer table, and its check. */
#ifndef TESTS_UNIT_ONEKEY_WANTED_H
#define TESTS_UNIT_ONEKEY_WANTED_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* An answer that must fail, the kind it must fail with, and what its message must say. */
struct refused {
    const char *why;
    const char *answer;
    enum err_kind kind;
    const char *says;
};

static inline void want_refused(const struct refused *row, bool ok, const struct err *err)
{
    if (ok)
        fail_msg("%s: taken as good", row->why);
    if (err->kind != row->kind)
        fail_msg("%s: kind %s, want %s (%s)", row->why, err_kind_name(err->kind),
                 err_kind_name(row->kind), err->message);
    if (!strstr(err->message, row->says))
        fail_msg("%s: says \"%s\", want \"%s\"", row->why, err->message, row->says);
}

/* Takes a request apart: gives its variables (NULL for none), and its query's text when asked. */
static inline json_t *parse_request(char *body, char **query)
{
    json_t *request = json_loads(body, JSON_REJECT_DUPLICATES, NULL);

    assert_true(json_is_object(request));
    assert_true(json_is_string(json_object_get(request, "query")));
    if (query)
        *query = strdup(json_string_value(json_object_get(request, "query")));
    json_t *variables = json_incref(json_object_get(request, "variables"));
    assert_int_equal(json_object_size(request), variables ? 2 : 1);
    json_decref(request);
    free(body);
    return variables;
}

static inline void want_json(json_t *got, const char *wanted)
{
    json_t *expected = json_loads(wanted, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

    assert_non_null(expected);
    if (!json_equal(got, expected)) {
        char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);

        fail_msg("got %s, want %s", text, wanted);
    }
    json_decref(expected);
}

#endif
