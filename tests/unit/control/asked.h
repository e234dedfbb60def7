/* asked.h - an answer to its end, as JSON, or the error that ended it. */
#ifndef TESTS_CONTROL_ASKED_H
#define TESTS_CONTROL_ASKED_H

#include "base/auto.h"
#include "control/answer.h"
#include "known_items.h"

/* The rows as one array, the caller's; NULL with *err when it failed, whatever came before. */
static inline json_t *asked(const struct answer_context *context, const char *command,
                            const char *arguments, struct err *err)
{
    auto_json json_t *object = arguments ? json_loads(arguments, 0, NULL) : NULL;
    auto_answer struct answer *answer = NULL;
    auto_json json_t *rows = json_array();
    json_t *row;

    assert_true(!arguments || object);
    *err = (struct err){.kind = ERR_OK};
    answer = answer_new(command, object, context, err);
    if (!answer)
        return NULL;
    for (;;) {
        if (!answer_next(answer, &row, err))
            return NULL;
        if (!row)
            return json_incref(rows);
        json_array_append_new(rows, row);
    }
}

static inline json_t *asked_well(const struct answer_context *context, const char *command,
                                 const char *arguments)
{
    struct err err;
    json_t *rows = asked(context, command, arguments, &err);

    if (!rows)
        fail_msg("%s: %s", command, err.message);
    return rows;
}

static inline void assert_asked_in_vain(const struct answer_context *context, const char *command,
                                        const char *arguments, enum err_kind kind,
                                        const char *message)
{
    struct err err;
    auto_json json_t *rows = asked(context, command, arguments, &err);

    if (rows)
        fail_msg("%s %s: went well", command, arguments);
    assert_string_equal(err.message, message);
    assert_int_equal(err.kind, kind);
}

/* Both sides without white space, in the order in which they were made. */
static inline void assert_same_json(const json_t *got, const char *want)
{
    auto_json json_t *wanted = json_loads(want, JSON_REJECT_DUPLICATES, NULL);
    auto_free char *got_text = json_dumps(got, JSON_COMPACT);
    auto_free char *want_text = json_dumps(wanted, JSON_COMPACT);

    assert_non_null(want_text);
    assert_string_equal(got_text, want_text);
}

static inline struct answer_context asked_of(struct db *db, const struct live *live)
{
    return (struct answer_context){.db = db, .live = live, .version = "0.1.0", .now_ms = known_now};
}

#endif
