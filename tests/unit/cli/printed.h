/* printed.h - what a command would print on stdout, in memory. */
#ifndef TESTS_CLI_PRINTED_H
#define TESTS_CLI_PRINTED_H

#include "test.h"

#include "base/auto.h"
#include "cli/out.h"

struct printed {
    struct out out;
    FILE *stream;
    char *text;
    size_t size;
};

static inline void printed_begin(struct printed *printed)
{
    printed->text = NULL;
    printed->stream = open_memstream(&printed->text, &printed->size);
    assert_non_null(printed->stream);
    out_init(&printed->out, printed->stream);
}

/* What was printed until now; borrowed. */
static inline const char *printed_text(struct printed *printed)
{
    struct err err;

    assert_true(out_finish(&printed->out, &err));
    return printed->text;
}

static inline void printed_end(struct printed *printed)
{
    fclose(printed->stream);
    free(printed->text);
}

#define auto_printed __attribute__((cleanup(printed_end)))

/* A document that the test wrote itself. */
static inline json_t *printed_json(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

    if (!value)
        fail_msg("%s in %s", error.text, text);
    return value;
}

static inline void printed_wants(const char *why, const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s: \"%s\" is not in:\n%s", why, part, text);
}

static inline void printed_lacks(const char *why, const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s: \"%s\" is in:\n%s", why, part, text);
}

#endif
